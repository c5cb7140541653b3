/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The comparison of KMC with MD on series whose law is known: a glass that falls from level to level, ever
 * more slowly, while it flickers between two energies. KMC is the walk itself, MD the same walk looked at in
 * intervals; a clock that goes wrong and an energy that is off are put in on purpose. The verdict must be
 * right, and the intervals must hold the truth as often as they say. Truths come from the master equation of
 * the levels. */
#include "slowglass/analysis.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

enum { LEVELS = 80, SAMPLES = 200, MOST_STEPS = 8000, MOST_RUNS = 12 };

static const double interval = 5e-11; /* s */
static const double drop = 0.3;       /* eV per level */
static const double slowing = 0.2;    /* rate of leaving level n = exp(-slowing n) / interval */
static const double flicker = 0.2;    /* eV, between two energies with the rate 2 / interval each way */

typedef struct walk {
    int n;
    double time[MOST_STEPS], energy[MOST_STEPS];
} walk;

static void make_walk(sg_rng *rng, double end, walk *w)
{
    double t = 0;
    int level = 0, high = 0;

    for (w->n = 0; w->n < MOST_STEPS; w->n++) {
        w->time[w->n] = t;
        w->energy[w->n] = -drop * level + flicker * high;
        if (t > end) break;
        const double fall = exp(-slowing * level) / interval, flip = 2 / interval;
        t -= log(sg_rng_uniform(rng)) / (fall + flip);
        if (sg_rng_uniform(rng) * (fall + flip) < fall)
            level++;
        else
            high = !high;
    }
    assert_true(w->n < MOST_STEPS);
    w->n++;
}

static void make_series(sg_series *s, int is_kmc, int n)
{
    memset(s, 0, sizeof *s);
    s->is_kmc = is_kmc;
    s->n = n;
    s->name = sg_strdup(is_kmc ? "kmc" : "md");
    s->time = sg_calloc((size_t)n, sizeof *s->time);
    s->time_low = sg_calloc((size_t)n, sizeof *s->time_low);
    for (int q = 0; q < SG_QUANTITIES; q++)
        s->value[q] = sg_calloc((size_t)n, sizeof *s->value[q]);
    s->temperature_K = 600;
    s->gamma = 0;
    s->n_atoms = is_kmc ? 500 : NAN;
    s->temperature_error = NAN;
    s->exit_ratio = (sg_estimate){NAN, NAN, NAN};
}

typedef struct experiment { /* how KMC errs */
    double clock;           /* its times are so much too long */
    double offset;          /* eV on its energies after the start */
    double low;             /* lower clock over clock */
    int n_md, n_kmc;
} experiment;

static void take_kmc(const walk *w, const experiment *x, sg_series *s)
{
    make_series(s, 1, w->n);
    for (int k = 0; k < w->n; k++) {
        s->time[k] = x->clock * w->time[k];
        s->time_low[k] = x->low * s->time[k];
        s->value[0][k] = w->energy[k] + (k > 0 ? x->offset : 0);
        s->value[1][k] = 0.1 * w->energy[k];
    }
}

static void take_md(const walk *w, sg_series *s)
{
    make_series(s, 0, SAMPLES + 1);
    for (int k = 0, at = 0; k <= SAMPLES; k++) {
        s->time[k] = s->time_low[k] = k * interval;
        while (at + 1 < w->n && w->time[at + 1] <= s->time[k])
            at++;
        s->value[0][k] = w->energy[at];
        s->value[1][k] = 0.1 * w->energy[at];
    }
}

static void perform(const experiment *x, uint64_t number, sg_comparison *out)
{
    static walk w; /* large */
    sg_series series[MOST_RUNS];
    sg_compare_options opt = sg_compare_defaults();
    const int n = x->n_md + x->n_kmc;
    const double first = 1 / x->clock, end = SAMPLES * interval * (first > 1 ? first : 1) / x->low;

    opt.max_shuffles = 300;
    for (int k = 0; k < n; k++) {
        sg_rng rng;
        sg_rng_init(&rng, 11, SG_RNG_TEST, number, (uint64_t)k, 0);
        make_walk(&rng, end * 1.01, &w);
        if (k < x->n_kmc)
            take_kmc(&w, x, &series[k]);
        else
            take_md(&w, &series[k]);
    }
    for (int k = 0; k < n; k++)
        series[k].start_eV = 0;
    const sg_status st = sg_compare(series, n, &opt, out);
    if (st != SG_OK) fail_msg("%s", sg_error_text());
    for (int k = 0; k < n; k++)
        sg_series_clear(&series[k]);
}

/* ---- the truth ---- */

/* Mean energy of the law over [a, b], by steps of the master equation that are short beside every rate. */
static double expected_energy(double a, double b)
{
    enum { PER_INTERVAL = 200 };
    double p[LEVELS] = {1}, sum = 0;
    const double h =
        1.0 / PER_INTERVAL; /* in intervals; first-order steps, error of 0.5 % of the first drop */
    int64_t n = 0;

    for (int64_t k = 0; (double)k * h * interval < b; k++) {
        double e = flicker * 0.5;
        for (int i = LEVELS - 1; i >= 0; i--) {
            e -= drop * i * p[i];
            p[i] += h * ((i > 0 ? exp(-slowing * (i - 1)) * p[i - 1] : 0) - exp(-slowing * i) * p[i]);
        }
        if ((double)k * h * interval >= a) sum += e, n++;
    }
    return sum / (double)n;
}

/* KMC - MD over the windows compared, as the law has it. */
static double expected_difference(const sg_comparison *c, const experiment *x)
{
    double sum = 0, weight = 0;

    for (int w = 0; w < c->n_windows; w++) {
        const sg_window *at = &c->window[w];
        if (!at->compared) continue;
        const double width = log(at->end / at->begin);
        const double d =
            expected_energy(at->begin / x->clock, at->end / x->clock) - expected_energy(at->begin, at->end);
        sum += width * (d + x->offset);
        weight += width;
    }
    return sum / weight;
}

/* ---- tests ---- */

static void expect_share(const char *what, int n, int of, double share)
{
    const double limit = 4 * sqrt(share * (1 - share) * of);

    if (fabs(n - share * of) > limit)
        fail_msg("%s: %d of %d, expected %.0f +- %.0f", what, n, of, share * of, limit);
}

enum { TRIALS = 300 };

/* Both follow one law: differences are zero, ratios one, and a small chance comes as rarely as it says. */
static void test_same_law(void **state)
{
    const experiment x = {1, 0, 1, 5, 5};
    int difference = 0, fall = 0, rate = 0, rare = 0;
    double mean_rate = 0;

    (void)state;
    for (uint64_t k = 0; k < TRIALS; k++) {
        sg_comparison c;
        perform(&x, k, &c);
        difference += c.difference[0].mean.low <= 0 && c.difference[0].mean.high >= 0;
        fall += c.fall_ratio.low <= 1 && c.fall_ratio.high >= 1;
        rate += c.rate_ratio.low <= 1 && c.rate_ratio.high >= 1;
        rare += c.difference[0].chance <= 0.1;
        mean_rate += c.rate_ratio.value / TRIALS;
        /* the stress is a tenth of the energy, in every respect */
        assert_true(fabs(c.difference[1].mean.value - 0.1 * c.difference[0].mean.value) < 1e-9);
        sg_comparison_clear(&c);
    }
    expect_share("difference", difference, TRIALS, 0.95);
    expect_share("fall", fall, TRIALS, 0.95);
    expect_share("ageing rate", rate, TRIALS, 0.95);
    expect_share("chance", rare, TRIALS, 0.1);
    assert_true(fabs(mean_rate - 1) < 0.05);
}

/* One run of KMC: its scatter is that of MD's runs. */
static void test_one_run(void **state)
{
    const experiment x = {1, 0, 1, 6, 1};
    int difference = 0, fall = 0;

    (void)state;
    for (uint64_t k = 0; k < TRIALS; k++) {
        sg_comparison c;
        perform(&x, 1000 + k, &c);
        difference += c.difference[0].mean.low <= 0 && c.difference[0].mean.high >= 0;
        fall += c.fall_ratio.low <= 1 && c.fall_ratio.high >= 1;
        sg_comparison_clear(&c);
    }
    expect_share("difference", difference, TRIALS, 0.95);
    expect_share("fall", fall, TRIALS, 0.95);
}

/* A clock three times too slow: the difference is the one of the law, the ageing rate at the same energy a
 * third, and the lower clock brings both into order. */
static void test_wrong_clock(void **state)
{
    const experiment x = {3, 0, 1. / 3, 5, 5};
    double rate = 0, rate_low = 0, low = 0, truth = NAN;
    int covered = 0;

    (void)state;
    for (uint64_t k = 0; k < TRIALS; k++) {
        sg_comparison c;
        perform(&x, 2000 + k, &c);
        if (isnan(truth)) truth = expected_difference(&c, &x);
        covered += c.difference[0].mean.low <= truth && c.difference[0].mean.high >= truth;
        rate += c.rate_ratio.value / TRIALS;
        rate_low += c.rate_ratio_low / TRIALS;
        low += c.difference[0].low_clock / TRIALS;
        sg_comparison_clear(&c);
    }
    assert_true(truth > 0.8 && truth < drop / slowing * log(3)); /* where the law is a logarithm: the latter */
    expect_share("difference", covered, TRIALS, 0.95);
    if (!(rate > 0.28 && rate < 0.42)) fail_msg("ageing rate %g, expected 1/3", rate);
    if (!(rate_low > 0.85 && rate_low < 1.15)) fail_msg("ageing rate by the lower clock %g", rate_low);
    if (!(fabs(low - x.offset) < 0.1)) fail_msg("lower clock %g, expected %g", low, x.offset);
}

/* A difference well beyond the scatter is seen as one: no agreement by wide error bars. */
static void test_sees_differences(void **state)
{
    const experiment x = {1, 1.5, 1, 5, 5};
    int seen = 0;
    double mean = 0;

    (void)state;
    for (uint64_t k = 0; k < 50; k++) {
        sg_comparison c;
        perform(&x, 3000 + k, &c);
        seen += c.difference[0].mean.low > 0 && c.difference[0].chance < 0.05 &&
                c.difference[0].mean.value / c.difference[0].md_error > 2;
        mean += c.difference[0].mean.value / 50;
        sg_comparison_clear(&c);
    }
    assert_true(seen >= 48);
    assert_true(fabs(mean - x.offset) < 0.15); /* 4 standard errors */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_law),
        cmocka_unit_test(test_one_run),
        cmocka_unit_test(test_wrong_clock),
        cmocka_unit_test(test_sees_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
