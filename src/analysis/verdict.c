/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the windows amount to. Windows of one run go up and down together, so each run is first brought to one
 * number, and only then are the numbers of runs compared. */
#include "analysis_internal.h"

#include <math.h>

static double log_time(const sg_window *w) /* mean of ln t over the window */
{
    return (w->end * log(w->end) - w->begin * log(w->begin)) / (w->end - w->begin) - 1;
}

two_groups compare_groups(const sg_series *series, int n, const double *value)
{
    two_groups g = {.md = {0, NAN, NAN, NAN}};
    double *part = sg_calloc((size_t)n, sizeof *part);

    for (int kind = 0; kind < 2 && part; kind++) {
        for (int s = 0; s < n; s++)
            part[s] = series[s].is_kmc == kind ? value[s] : NAN;
        *(kind ? &g.kmc : &g.md) = sg_mean_of(n, part);
    }
    sg_free(part);
    g.var_md = g.md.error * g.md.error;
    g.var_kmc = g.kmc.error * g.kmc.error;
    g.dof_md = g.md.n - 1;
    g.dof_kmc = g.kmc.n - 1;
    if (g.kmc.n == 1 && g.md.n > 1) g.var_kmc = g.md.spread * g.md.spread, g.dof_kmc = g.dof_md;
    if (g.md.n == 1 && g.kmc.n > 1) g.var_md = g.kmc.spread * g.kmc.spread, g.dof_md = g.dof_kmc;
    return g;
}

/* Welch's interval; with one run of a kind both variances are the same estimate, and so is t. */
static sg_estimate difference_of(const two_groups *g, double confidence, double *error)
{
    const int borrowed = g->md.n == 1 || g->kmc.n == 1;
    const double dof = borrowed ? g->dof_md : sg_welch_dof(g->var_md, g->dof_md, g->var_kmc, g->dof_kmc);
    const double d = g->kmc.mean - g->md.mean, t = sg_student_quantile(0.5 * (1 + confidence), dof);

    *error = sqrt(g->var_md + g->var_kmc);
    return (sg_estimate){d, d - t * *error, d + t * *error};
}

/* ---- the chance of a difference as large, by shuffling which run is of which kind ---- */

typedef struct shuffle {
    int n, n_kmc, n_rows;
    const double *value;  /* [n_rows][n] */
    const double *spread; /* [n_rows], of all runs */
} shuffle;

/* Largest difference over the rows between the runs that are marked and those that are not. */
static double largest_difference(const shuffle *p, const int *marked)
{
    double largest = 0;

    for (int w = 0; w < p->n_rows; w++) {
        double sum[2] = {0, 0};
        for (int s = 0; s < p->n; s++)
            sum[marked[s]] += p->value[w * p->n + s];
        const double d = fabs(sum[1] / p->n_kmc - sum[0] / (p->n - p->n_kmc));
        if (p->spread[w] > 0 && d / p->spread[w] > largest) largest = d / p->spread[w];
    }
    return largest;
}

/* The next choice of as many marks; 0: all have been. */
static int next_choice(int *marked, int n)
{
    int k = n - 2, ones = 0;

    while (k >= 0 && !(marked[k] == 1 && marked[k + 1] == 0)) {
        ones += marked[k + 1];
        k--;
    }
    if (k < 0) return 0;
    ones += marked[k + 1];
    marked[k] = 0;
    marked[k + 1] = 1;
    for (int j = k + 2; j < n; j++)
        marked[j] = j - (k + 2) < ones;
    return 1;
}

static void draw_choice(sg_rng *rng, int *marked, int n)
{
    for (int k = n - 1; k > 0; k--) {
        const int j = (int)(sg_rng_uniform(rng) * (k + 1)), kept = marked[k];
        marked[k] = marked[j];
        marked[j] = kept;
    }
}

static double number_of_choices(int n, int k)
{
    double c = 1;

    for (int j = 1; j <= k; j++)
        c *= (double)(n - k + j) / j;
    return c;
}

static double chance_of(const shuffle *p, const sg_series *series, const sg_compare_options *opt, int *marked)
{
    const double slack = 1 - 1e-9; /* the same sums in another order */
    int64_t n_all = 0, n_as_large = 0;
    sg_rng rng;

    for (int s = 0; s < p->n; s++)
        marked[s] = series[s].is_kmc;
    const double seen = slack * largest_difference(p, marked);
    if (number_of_choices(p->n, p->n_kmc) <= opt->max_shuffles) {
        for (int s = 0; s < p->n; s++)
            marked[s] = s < p->n_kmc;
        do {
            n_all++;
            n_as_large += largest_difference(p, marked) >= seen;
        } while (next_choice(marked, p->n));
        return (double)n_as_large / (double)n_all;
    }
    sg_rng_init(&rng, opt->seed, SG_RNG_USER, 0, 0, 0);
    for (; n_all < opt->max_shuffles; n_all++) {
        draw_choice(&rng, marked, p->n);
        n_as_large += largest_difference(p, marked) >= seen;
    }
    return (double)(n_as_large + 1) / (double)(n_all + 1); /* the labels as they are count as well */
}

static sg_status find_chance(const sg_series *series, int n, const sg_compare_options *opt,
                             const double *values, int q, const sg_comparison *c, double *chance)
{
    shuffle p = {.n = n, .n_kmc = c->n_kmc};
    double *value = sg_calloc((size_t)(c->n_compared * n), sizeof *value),
           *spread = sg_calloc((size_t)c->n_compared, sizeof *spread);
    int *marked = sg_calloc((size_t)n, sizeof *marked);
    sg_status st = value && spread && marked ? SG_OK : sg_fail(SG_ENOMEM, "shuffles");

    for (int w = 0; w < c->n_windows && st == SG_OK; w++) {
        if (!c->window[w].compared) continue;
        for (int s = 0; s < n; s++)
            value[p.n_rows * n + s] = values[(w * n + s) * SG_QUANTITIES + q];
        spread[p.n_rows] = sg_mean_of(n, value + p.n_rows * n).spread;
        p.n_rows++;
    }
    p.value = value;
    p.spread = spread;
    if (st == SG_OK) *chance = n > 2 ? chance_of(&p, series, opt, marked) : NAN;
    sg_free(value);
    sg_free(spread);
    sg_free(marked);
    return st;
}

/* ---- one number per run ---- */

/* Mean over the windows compared, weighted by their widths in log time. */
static void run_means(const sg_comparison *c, int n, const double *values, int q, double *mean)
{
    for (int s = 0; s < n; s++) {
        double sum = 0, weight = 0;
        for (int w = 0; w < c->n_windows; w++) {
            if (!c->window[w].compared) continue;
            const double width = log(c->window[w].end / c->window[w].begin);
            sum += width * values[(w * n + s) * SG_QUANTITIES + q];
            weight += width;
        }
        mean[s] = sum / weight;
    }
}

/* Slope of the energy against ln t by least squares. */
static void run_slopes(const sg_comparison *c, int n, const double *values, double *slope)
{
    double mid = 0, square = 0;

    for (int w = 0; w < c->n_windows; w++)
        if (c->window[w].compared) mid += log_time(&c->window[w]) / c->n_compared;
    for (int s = 0; s < n; s++)
        slope[s] = 0;
    for (int w = 0; w < c->n_windows; w++) {
        if (!c->window[w].compared) continue;
        const double x = log_time(&c->window[w]) - mid;
        square += x * x;
        for (int s = 0; s < n; s++)
            slope[s] += x * values[(w * n + s) * SG_QUANTITIES];
    }
    for (int s = 0; s < n; s++)
        slope[s] /= square; /* one window: NaN */
}

static double largest_in_errors(const sg_comparison *c, int q)
{
    double largest = NAN;

    for (int w = 0; w < c->n_windows; w++) {
        const sg_window *at = &c->window[w];
        const double z = fabs(at->kmc[q].mean - at->md[q].mean) / at->md[q].error;
        if (at->compared && !(z <= largest)) largest = z;
    }
    return largest;
}

static sg_status differ(const sg_series *series, int n, const sg_compare_options *opt,
                        const window_values *values, int q, double *scratch, sg_comparison *c)
{
    sg_difference *d = &c->difference[q];

    run_means(c, n, values->now, q, scratch);
    const two_groups now = compare_groups(series, n, scratch);
    d->mean = difference_of(&now, opt->confidence, &d->error);
    d->md_error = now.md.error;
    d->md_spread = now.md.spread;
    d->largest = largest_in_errors(c, q);
    run_means(c, n, values->low, q, scratch);
    const two_groups low = compare_groups(series, n, scratch);
    d->low_clock = low.kmc.n == now.kmc.n ? low.kmc.mean - low.md.mean : NAN;
    d->chance = NAN;
    return isnan(d->mean.value) ? SG_OK : find_chance(series, n, opt, values->now, q, c, &d->chance);
}

sg_status compare_verdict(const sg_series *series, int n, const sg_compare_options *opt,
                          const window_values *values, sg_comparison *c)
{
    double *scratch = sg_calloc((size_t)n, sizeof *scratch);
    sg_status st = scratch ? SG_OK : sg_fail(SG_ENOMEM, "verdict");

    for (int q = 0; q < SG_QUANTITIES && st == SG_OK; q++)
        st = differ(series, n, opt, values, q, scratch, c);
    if (st == SG_OK) {
        run_slopes(c, n, values->now, scratch);
        const two_groups g = compare_groups(series, n, scratch);
        c->fall_md = g.md.mean;
        c->fall_kmc = g.kmc.mean;
        c->fall_ratio =
            sg_ratio(g.kmc.mean, g.var_kmc, g.dof_kmc, g.md.mean, g.var_md, g.dof_md, opt->confidence);
        run_slopes(c, n, values->low, scratch);
        const two_groups low = compare_groups(series, n, scratch);
        c->fall_ratio_low = low.kmc.n == g.kmc.n ? low.kmc.mean / low.md.mean : NAN;
    }
    sg_free(scratch);
    return st;
}
