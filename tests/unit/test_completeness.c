/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a table lacks: the closed forms against integrals, the counts by hand, and the estimate against
 * populations whose missing events are known. */
#include "walk_samples.h"

#include "../../src/explore/explore_internal.h"

static const sg_stock none;

static double chance(double barrier)
{
    return exp(-barrier / 0.3);
}

static sg_rating rating(double known)
{
    return (sg_rating){.kt = 0.05, .prefactor = 1e13, .top = 1, .known = known};
}

/* ln of the mean, over the gamma law of this shape, of the chance to be drawn d times (-1: any) and to be
 * missed by all else (if alone), by Simpson's rule in ln g. */
static double mean_chance(double shape, double effort, double other, int d, int alone)
{
    enum { N = 400 };
    const double low = -14, high = 4, h = (high - low) / N;
    double sum = 0;

    for (int k = 0; k <= N; k++) {
        const double g = exp(low + k * h), rule = k == 0 || k == N ? 1 : k % 2 ? 4 : 2;
        const double law = exp(shape * log(shape * g) - shape * g - lgamma(shape)); /* dg = g d ln g */
        const double drawn = d < 0 ? 1 : exp(d * log(effort * g) - effort * g - lgamma(d + 1.0));
        sum += rule * law * drawn * (alone ? exp(-other * g) : 1);
    }
    return sum * h / 3;
}

/* Nine kinds of one barrier: two drawn alone (once, twice), two drawn once and known otherwise, five known
 * otherwise alone. The number missing by integrals, the grid being that of the program. */
static void test_closed_forms(void **state)
{
    static const double shapes[] = {0.7, 1.5, 3}, lefts[] = {1, 0.5};
    const double hits = 5, searches = 16, open = log(30) / sqrt(sqrt(1 + hits)),
                 middle = log((hits + 0.5) / 9 / searches);
    const sg_rating r = rating(1e9);
    sg_stock own = {.tables = 1, .searches = searches};
    double all = 0, number = 0;

    (void)state;
    own.number[4] = 9;
    own.kind[4][0][1] = own.kind[4][0][2] = 1;
    own.kind[4][1][1] = 2;
    own.kind[4][1][0] = 5;
    for (int s = 0; s < 3; s++)
        for (int a = 0; a < 10; a++)
            for (int o = 0; o < 7; o++) {
                const double k = shapes[s], effort = searches * exp(middle + open * (2 * a / 9.0 - 1)),
                             other = 0.03 * pow(1000, o / 6.0), unknown = mean_chance(k, effort, other, 0, 1);
                double any[2], alone[3];
                for (int d = 0; d < 3; d++)
                    alone[d] = mean_chance(k, effort, other, d, 1);
                for (int d = 0; d < 2; d++)
                    any[d] = mean_chance(k, effort, other, d, 0);
                for (int l = 0; l < 2; l++) {
                    const double q = lefts[l],
                                 likely = q * alone[1] * q * alone[2] * pow(any[1] - q * alone[1], 2) *
                                          pow(any[0] - q * alone[0], 5) / pow(1 - q * unknown, 9);
                    all += likely;
                    number += likely * 9 * q * unknown / (1 - q * unknown);
                }
            }
    const sg_missing m = sg_missing_estimate(&own, &none, &r);
    assert_near(m.number, number / all, 1e-3 * number / all);
    assert_near(m.chance_new, 1.5 / 6, 1e-12);
    assert_near(m.rate, 1e9 * m.share / (1 - m.share), 1);
    assert_near(sg_missing_estimate(&none, &none, &r).chance_new, 0.5, 0);
    assert_near(sg_missing_estimate(&none, &none, &r).rate, 0, 0);
}

/* One missing event on average, of nearly one rate k: the mean of R / (R + n k) over n of a Poisson law. */
static void test_share_of_a_single_rate(void **state)
{
    double missing[SG_STOCK_BINS] = {0}, known = 0, square = 0, weight = exp(-1), variance;
    sg_rating r = {.kt = 1e9, .prefactor = 5e6, .top = 1, .known = 2e6}; /* no barrier matters */
    sg_stock own = {.tables = 1, .searches = 8};

    (void)state;
    for (int n = 0; n < 60; n++) {
        const double share = 2e6 / (2e6 + n * 5e6);
        known += weight * share;
        square += weight * share * share;
        weight /= n + 1;
    }
    missing[4] = 1;
    assert_near(share_of_missing(missing, &r, &variance), 1 - known, 5e-3);
    assert_near(variance, square - known * known, 5e-3);
    own.number[4] = own.kind[4][1][0] = 1;
    r.known = 0;
    const sg_missing m = sg_missing_estimate(&own, &none, &r);
    assert_near(m.share, 1, 0);
    assert_near(m.rate, 5e6 * m.number, 1);
}

/* Of many tables a run lends sixteen draws' worth, and the mean numbers. */
static void test_borrowing(void **state)
{
    sg_stock run = {.tables = 98, .searches = 800}, own = {.tables = 1, .searches = 8};
    const sg_rating r = rating(1e9);

    (void)state;
    run.kind[5][0][1] = 80;
    run.kind[5][1][1] = 80;
    run.kind[5][1][0] = 36;
    run.number[5] = 196;
    own.number[5] = own.kind[5][1][0] = 2;
    const sg_missing m = sg_missing_estimate(&own, &run, &r);
    assert_near(m.chance_new, 8.5 / 17, 1e-12);
    sg_stock twice = none;
    sg_stock_add(&twice, &run, 2);
    assert_near(twice.tables, 196, 0);
    assert_near(twice.number[5], 392, 0);
    assert_near(twice.kind[5][0][1], 160, 0);
    const sg_missing n = sg_missing_estimate(&own, &twice, &r);
    assert_near(n.number, m.number, 1e-9 * m.number); /* twice as many tables lend no more */
    assert_near(n.share, m.share, 1e-9);
    own.searches = 800; /* more draws than the others had: less is missing, though they found nothing */
    assert_true(sg_missing_estimate(&own, &run, &r).share < m.share);
}

/* --- known populations --- */

typedef struct population {
    int n_events;
    double low, high; /* eV: barriers are spread evenly */
    double shape;     /* of the gamma distribution of the chances */
    double reused;    /* effort by which the table came about before */
    double left;      /* share that has been found by other means, whatever its chance, is 1 - left */
    double drawn;     /* effort of the draws */
} population;

/* One table of the population. What is missing: number is returned, *rate 1/s. */
static int make_table(const population *p, const sg_rating *r, sg_rng *rng, sg_stock *own, double *known,
                      double *rate)
{
    int missing = 0;

    *own = (sg_stock){.tables = 1, .searches = 16};
    *known = *rate = 0;
    for (int k = 0; k < p->n_events; k++) {
        const double barrier = p->low + (p->high - p->low) * sg_rng_uniform(rng);
        const double c = chance(barrier) * sg_rng_gamma(rng, p->shape) / p->shape;
        const int was_there = sg_rng_uniform(rng) > p->left * exp(-p->reused * c);
        const int drawn = (int)sg_rng_poisson(rng, p->drawn * c);
        const double rate_of = r->prefactor * exp(-barrier / r->kt);
        const int b = (int)(barrier / 0.1);
        own->number[b] += was_there || drawn > 0;
        if (was_there || drawn > 0)
            own->kind[b][was_there][drawn < SG_STOCK_DRAWS ? drawn : SG_STOCK_DRAWS - 1]++;
        missing += !was_there && drawn == 0;
        *(was_there || drawn > 0 ? known : rate) += rate_of;
    }
    return missing;
}

typedef struct verdict { /* over many tables */
    double number;       /* predicted over true */
    double share, truth; /* mean missing share by rate */
    double inside;       /* share of the tables whose true share lies within two of the error bars */
} verdict;

/* borrow: each table with what those before it lend. */
static verdict judge(const population *p, int n_tables, int borrow)
{
    double predicted = 0, truth = 0;
    verdict v = {0, 0, 0, 0};
    sg_stock run = none, own;
    sg_rng rng;

    sg_rng_init(&rng, 5, SG_RNG_SEARCH, (uint64_t)p->n_events, (uint64_t)(10 * p->shape), 0);
    for (int k = 0; k < n_tables; k++) {
        sg_rating r = rating(0);
        double missing;
        truth += make_table(p, &r, &rng, &own, &r.known, &missing);
        const sg_missing m = sg_missing_estimate(&own, &run, &r);
        const double share = missing > 0 ? missing / (missing + r.known) : 0;
        predicted += m.number;
        v.share += m.share / n_tables;
        v.truth += share / n_tables;
        v.inside +=
            (fabs(share - m.share) <= 2 * m.share_error || (share == 1 && m.share == 1)) / (double)n_tables;
        if (borrow) sg_stock_add(&run, &own, 1);
    }
    v.number = predicted / truth;
    return v;
}

/* Chances as the estimate takes them: right, however much of the table was handed down, and however. Numbers
 * are those of events that hardly ever come up: a fifth to a third off for a grid of three shapes, and up to
 * twice too large where more than the half that is thought of was found whatever its chance. */
static void test_chances_as_taken(void **state)
{
    static const double reused[] = {0, 5, 15, 60, 5}, left[] = {1, 1, 1, 1, 0.3};

    (void)state;
    for (int k = 0; k < 5; k++) {
        const population p = {400, 0.4, 1, 1.5, reused[k], left[k], 20};
        const verdict v = judge(&p, 20, 0);
        assert_true(v.number > 0.6 && v.number < (left[k] < 0.5 ? 2.0 : 1.5));
        assert_near(v.share, v.truth, 0.04);
        assert_true(v.inside >= 0.95);
    }
}

/* Chances less or more unequal than any that are thought of: known limits of the estimate, which err to the
 * side one expects. */
static void test_other_chances(void **state)
{
    const population even = {400, 0.4, 1, 10, 15, 1, 20}, uneven = {400, 0.4, 1, 0.4, 15, 1, 20};
    const verdict high = judge(&even, 20, 0), low = judge(&uneven, 20, 0);

    (void)state;
    assert_true(high.number > 1 && high.number < 2.5 && high.share > high.truth);
    assert_true(low.number < 1 && low.number > 0.3 && low.share < low.truth);
}

/* Twenty events, one or two draws a table: the share is right on average with what the run lends. */
static void test_few_draws(void **state)
{
    const population p = {20, 0.4, 1, 1.5, 10, 1, 1};

    (void)state;
    const verdict v = judge(&p, 200, 1);
    assert_true(v.number > 0.4 && v.number < 2);
    assert_near(v.share, v.truth, 0.08);
    assert_true(v.inside >= 0.9);
}

/* --- counts by hand --- */

static void test_lone_draws(void **state)
{
    static const double barrier[] = {0.41, 0.44, 0.45, 0.47, 0.55, 0.2, 1.2};
    enum { N = sizeof barrier / sizeof *barrier };
    sg_cat_edge edge[N];
    sg_cat_entry entry[N];
    sg_cat_table t = {.n_entries = N, .entry = entry};
    sg_explorer ex;

    (void)state;
    memset(&ex, 0, sizeof ex);
    memset(edge, 0, sizeof edge);
    memset(entry, 0, sizeof entry);
    ex.edge = edge;
    ex.opt.temperature = 600;
    ex.opt.prefactor = 1e13;
    ex.opt.barrier_max = 1;
    ex.opt.flicker = 0.3;
    for (int k = 0; k < N; k++) {
        entry[k].edge = (uint64_t)k + 1;
        entry[k].barrier = edge[k].barrier = barrier[k];
        edge[k].barrier_back = k == 5 ? 0.25 : 1;
    }
    completeness_begin(&ex, 0);
    assert_ok(completeness_count(&ex, 1, 0.41, 1, 1)); /* lone */
    assert_ok(completeness_count(&ex, 2, 0.44, 1, 1)); /* drawn twice */
    assert_ok(completeness_count(&ex, 2, 0.44, 1, 0));
    assert_ok(completeness_count(&ex, 3, 0.45, 0, 1)); /* drawn after another search had found it */
    assert_ok(completeness_count(&ex, 3, 0.45, 1, 0));
    assert_ok(completeness_count(&ex, 4, 0.47, 1, 0)); /* handed down, drawn once */
    assert_ok(completeness_count(&ex, 5, 0.55, 0, 1)); /* never drawn */
    assert_ok(completeness_count(&ex, 7, 1.20, 1, 1)); /* outside the window */
    assert_ok(completeness_count(&ex, 0, NAN, 1, 0));  /* a draw that found nothing */
    assert_ok(completeness_count(&ex, 0, NAN, 0, 0));
    completeness_close(&ex, &t, 1);
    const sg_stock *s = &ex.completeness.recent;
    assert_near(s->tables, 1, 0);
    assert_near(s->searches, 7, 0);
    assert_near(s->kind[4][0][1], 1, 0);
    assert_near(s->kind[4][0][2], 1, 0);
    assert_near(s->kind[4][1][1], 2, 0);
    assert_near(s->kind[5][1][0], 1, 0);
    assert_near(s->kind[2][1][0], 0, 0);
    assert_near(s->number[4], 4, 0);
    assert_near(s->number[5], 1, 0);
    assert_near(s->number[2], 0, 0); /* a flicker is no way out */
    assert_near(s->number[12], 0, 0);
    assert_int_equal(t.f1[4], 2);
    assert_int_equal(t.f2[4], 2);
    assert_int_equal(t.f1[5], 1);
    double known = 0;
    for (int k = 0; k < 5; k++)
        known += 1e13 * exp(-barrier[k] / (8.617333262e-5 * 600));
    assert_near(ex.completeness.closed.known, known, 1e-9 * known);
    assert_true(t.rate_missing > 0);
    /* two places of one generic event are one kind */
    edge[0].event = edge[3].event = 9;
    completeness_begin(&ex, 0);
    assert_ok(completeness_count(&ex, 1, 0.41, 1, 1));
    assert_ok(completeness_count(&ex, 4, 0.41, 1, 1));
    assert_int_equal(ex.completeness.n, 1);
    completeness_close(&ex, &t, 0);
    assert_near(s->tables, 1, 0);
    completeness_clear(&ex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed_forms),  cmocka_unit_test(test_share_of_a_single_rate),
        cmocka_unit_test(test_borrowing),     cmocka_unit_test(test_chances_as_taken),
        cmocka_unit_test(test_other_chances), cmocka_unit_test(test_few_draws),
        cmocka_unit_test(test_lone_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
