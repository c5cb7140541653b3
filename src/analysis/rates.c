/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ageing rate dE/dt of states of like energy: slopes between successive blocks of time, sorted into bins of
 * the energy that they begin at. A bin's rate is a ratio of means (sum of the changes over sum of the times);
 * its error is the scatter of whole runs about it. KMC is averaged over blocks of the same length as MD, so
 * that the noise which decides into which bin a slope falls is treated alike. */
#include "analysis_internal.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_BINS = 10000, MOST_BLOCKS = 2000000 };

typedef struct slope {
    double energy, change, time; /* eV above the start, eV, s */
} slope;

typedef struct slopes { /* of one series */
    slope *at;
    size_t n, capacity;
} slopes;

typedef struct table { /* sums of change, of time and number of slopes, [bin][series] */
    int n_bins, n;
    double *change, *time, *number;
} table;

static int compare_numbers(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Median time between two samples. */
static sg_status find_interval(const sg_series *series, int n, double *interval)
{
    size_t total = 0, at = 0;

    for (int s = 0; s < n; s++)
        if (!series[s].is_kmc) total += (size_t)series[s].n - 1;
    double *step = sg_calloc(total, sizeof *step);
    if (!step) return sg_fail(SG_ENOMEM, "intervals");
    for (int s = 0; s < n; s++)
        for (int64_t k = 1; !series[s].is_kmc && k < series[s].n; k++)
            step[at++] = series[s].time[k] - series[s].time[k - 1];
    qsort(step, total, sizeof *step, compare_numbers);
    *interval = step[total / 2];
    sg_free(step);
    return SG_OK;
}

static sg_status add_slope(slopes *list, double energy, double change, double time)
{
    void *at = list->at;
    const int failed = sg_grow(&at, &list->capacity, list->n + 1, sizeof *list->at);

    list->at = at;
    if (failed) return sg_fail(SG_ENOMEM, "slopes");
    list->at[list->n++] = (slope){energy, change, time};
    return SG_OK;
}

/* Blocks of whole samples; a sample at t = 0 belongs to none. */
static sg_status slopes_of_md(const sg_series *s, int block, double start, slopes *list)
{
    double energy_before = NAN, time_before = 0;

    for (int64_t k = s->time[0] > 0 ? 0 : 1; k + block <= s->n; k += block) {
        double energy = 0, time = 0;
        for (int64_t j = k; j < k + block; j++)
            energy += s->value[0][j] / block, time += s->time[j] / block;
        if (!isnan(energy_before)) {
            const sg_status st =
                add_slope(list, energy_before - start, energy - energy_before, time - time_before);
            if (st != SG_OK) return st;
        }
        energy_before = energy;
        time_before = time;
    }
    return SG_OK;
}

static sg_status slopes_of_kmc(const sg_series *s, int low, double length, double start, slopes *list)
{
    const double end = low ? s->time_low[s->n - 1] : s->time[s->n - 1];
    double before = NAN;

    for (int64_t k = 0; k < MOST_BLOCKS && (double)(k + 1) * length <= end; k++) {
        const double energy = sg_series_mean(s, 0, low, (double)k * length, (double)(k + 1) * length);
        if (!isnan(before)) {
            const sg_status st = add_slope(list, before - start, energy - before, length);
            if (st != SG_OK) return st;
        }
        before = energy;
    }
    return SG_OK;
}

static void count(const slopes *list, int n, double width, int first_bin, table *t)
{
    for (int s = 0; s < n; s++)
        for (size_t k = 0; k < list[s].n; k++) {
            const double bin = floor(list[s].at[k].energy / width) - first_bin;
            if (!(bin >= 0 && bin < t->n_bins)) continue; /* the lower clock may reach beyond */
            const int at = (int)bin * n + s;
            t->change[at] += list[s].at[k].change;
            t->time[at] += list[s].at[k].time;
            t->number[at] += 1;
        }
}

static sg_status make_table(int n_bins, int n, table *t)
{
    const size_t size = (size_t)n_bins * (size_t)n;

    *t = (table){.n_bins = n_bins, .n = n};
    t->change = sg_calloc(size, sizeof *t->change);
    t->time = sg_calloc(size, sizeof *t->time);
    t->number = sg_calloc(size, sizeof *t->number);
    return t->change && t->time && t->number ? SG_OK : sg_fail(SG_ENOMEM, "bins");
}

static void clear_table(table *t)
{
    sg_free(t->change);
    sg_free(t->time);
    sg_free(t->number);
}

/* Rate of one kind in one bin; influence[s], if asked for, gets what series s adds to its deviation. */
static double rate_of(const table *t, const sg_series *series, int bin, int kind, double weight,
                      double *influence, double *number)
{
    double change = 0, time = 0;

    *number = 0;
    for (int s = 0; s < t->n; s++) {
        if (series[s].is_kmc != kind) continue;
        change += t->change[bin * t->n + s];
        time += t->time[bin * t->n + s];
        *number += t->number[bin * t->n + s];
    }
    for (int s = 0; s < t->n && influence; s++)
        if (series[s].is_kmc == kind && time > 0)
            influence[s] +=
                weight * (t->change[bin * t->n + s] - change / time * t->time[bin * t->n + s]) / time;
    return change / time;
}

/* Variance of a sum over runs from their influences, which add up to zero. Of a sum that one run alone brings
 * nothing is known. */
static double variance_of(const sg_series *series, int n, int kind, const double *influence, int *n_kind)
{
    double sum = 0;
    int n_alive = 0;

    *n_kind = 0;
    for (int s = 0; s < n; s++) {
        if (series[s].is_kmc != kind) continue;
        sum += influence[s] * influence[s];
        n_alive += influence[s] != 0;
        ++*n_kind;
    }
    return n_alive > 1 ? sum * *n_kind / (*n_kind - 1) : NAN;
}

static void fill_bins(const table *now, const table *low, const sg_series *series,
                      const sg_compare_options *opt, double *influence, sg_comparison *c)
{
    for (int b = 0; b < c->n_bins; b++) {
        sg_rate_bin *bin = &c->bin[b];
        double number[3];
        int unused;
        for (int s = 0; s < now->n; s++)
            influence[s] = 0;
        bin->md = rate_of(now, series, b, 0, 1, influence, &number[0]);
        bin->kmc = rate_of(now, series, b, 1, 1, influence, &number[1]);
        bin->kmc_low = rate_of(low, series, b, 1, 1, NULL, &number[2]);
        bin->md_error = sqrt(variance_of(series, now->n, 0, influence, &unused));
        bin->kmc_error = sqrt(variance_of(series, now->n, 1, influence, &unused));
        bin->n_md = (int64_t)number[0];
        bin->n_kmc = (int64_t)number[1];
        if (number[0] < opt->min_slopes) bin->md = bin->md_error = NAN;
        if (number[1] < opt->min_slopes) bin->kmc = bin->kmc_error = bin->kmc_low = NAN;
        if (number[2] < opt->min_slopes) bin->kmc_low = NAN;
    }
}

/* Ratio of the sums over the bins that both fill, each bin with the weight that the numbers of its slopes
 * allow. */
static void find_ratio(const table *now, const sg_series *series, const sg_compare_options *opt,
                       double *influence, sg_comparison *c)
{
    double md = 0, kmc = 0, low = 0, md_beside_low = 0, number;
    int n_md, n_kmc;

    for (int s = 0; s < now->n; s++)
        influence[s] = 0;
    for (int b = 0; b < c->n_bins; b++) {
        const sg_rate_bin *bin = &c->bin[b];
        const double weight = (double)bin->n_md * (double)bin->n_kmc / (double)(bin->n_md + bin->n_kmc);
        if (isnan(bin->md) || isnan(bin->kmc)) continue;
        md += weight * rate_of(now, series, b, 0, weight, influence, &number);
        kmc += weight * rate_of(now, series, b, 1, weight, influence, &number);
        if (isnan(bin->kmc_low)) continue;
        low += weight * bin->kmc_low;
        md_beside_low += weight * bin->md;
    }
    double var_md = variance_of(series, now->n, 0, influence, &n_md),
           var_kmc = variance_of(series, now->n, 1, influence, &n_kmc);
    if (n_kmc == 1) var_kmc = var_md * n_md;
    if (n_md == 1) var_md = var_kmc * n_kmc;
    const int least = n_kmc == 1 || n_md == 1 ? (n_kmc > n_md ? n_kmc : n_md) : 0;
    c->rate_ratio = sg_ratio(kmc, var_kmc, (least ? least : n_kmc) - 1, md, var_md,
                             (least ? least : n_md) - 1, opt->confidence);
    c->rate_ratio_low = low / md_beside_low;
}

static sg_status bin_range(const slopes *list, int n, double width, int *first, int *n_bins)
{
    double low = HUGE_VAL, high = -HUGE_VAL;

    for (int s = 0; s < n; s++)
        for (size_t k = 0; k < list[s].n; k++) {
            const double bin = floor(list[s].at[k].energy / width);
            if (bin < low) low = bin;
            if (bin > high) high = bin;
        }
    if (high < low) return *first = *n_bins = 0, SG_OK; /* no slopes at all */
    if (high - low >= MOST_BINS || fabs(low) > 1e9)
        return sg_fail(SG_EINVAL, "E_IS spans %.3g bins of %g eV, need at most %d: wider bins", high - low,
                       width, MOST_BINS);
    *first = (int)low;
    *n_bins = (int)(high - low) + 1;
    return SG_OK;
}

static sg_status collect(const sg_series *series, int n, const sg_compare_options *opt,
                         const sg_comparison *c, int low, slopes *list)
{
    sg_status st = SG_OK;

    for (int s = 0; s < n && st == SG_OK; s++) {
        const double length = opt->block * c->interval_s;
        if (series[s].is_kmc)
            st = slopes_of_kmc(&series[s], low, length, c->start_eV, &list[s]);
        else if (!low)
            st = slopes_of_md(&series[s], opt->block, c->start_eV, &list[s]);
    }
    return st;
}

sg_status compare_rates(const sg_series *series, int n, const sg_compare_options *opt, sg_comparison *c)
{
    const double width = opt->bin * c->n_atoms;
    slopes *list = sg_calloc(2 * (size_t)n, sizeof *list);
    double *influence = sg_calloc((size_t)n, sizeof *influence);
    table now = {0}, low = {0};
    int first = 0;
    sg_status st = list && influence ? SG_OK : sg_fail(SG_ENOMEM, "slopes");

    if (st == SG_OK) st = find_interval(series, n, &c->interval_s);
    if (st == SG_OK) st = collect(series, n, opt, c, 0, list);
    if (st == SG_OK) st = collect(series, n, opt, c, 1, list + n);
    if (st == SG_OK) st = bin_range(list, n, width, &first, &c->n_bins);
    if (st == SG_OK) st = make_table(c->n_bins, n, &now);
    if (st == SG_OK) st = make_table(c->n_bins, n, &low);
    if (st == SG_OK && !(c->bin = sg_calloc((size_t)c->n_bins, sizeof *c->bin)))
        st = sg_fail(SG_ENOMEM, "bins");
    if (st == SG_OK) {
        for (int b = 0; b < c->n_bins; b++) {
            c->bin[b].low = (first + b) * width;
            c->bin[b].high = (first + b + 1) * width;
        }
        count(list, n, width, first, &now);
        count(list + n, n, width, first, &low);
        fill_bins(&now, &low, series, opt, influence, c);
        find_ratio(&now, series, opt, influence, c);
    }
    for (int s = 0; s < 2 * n && list; s++)
        sg_free(list[s].at);
    sg_free(list);
    sg_free(influence);
    clear_table(&now);
    clear_table(&low);
    return st;
}
