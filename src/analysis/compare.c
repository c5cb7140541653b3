/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The comparison as a whole: do the series belong together, and then windows, verdict and ageing rates. */
#include "analysis_internal.h"

#include <math.h>
#include <string.h>

static const double temperature_share =
    0.02;                        /* by which a thermostat's mean may be off, beside its scatter */
static const double scatter = 4; /* standard errors of that mean */
static const double strain_tolerance = 1e-9;

sg_compare_options sg_compare_defaults(void)
{
    return (sg_compare_options){.per_decade = 3,
                                .min_points = 3,
                                .block = 4,
                                .bin = 1.5e-3,
                                .min_slopes = 10,
                                .confidence = 0.95,
                                .energy_tolerance = 1e-3,
                                .max_shuffles = 10000,
                                .seed = 1};
}

static sg_status check_options(const sg_compare_options *o)
{
    if (!(o->per_decade > 0 && o->per_decade <= 100) || o->min_points < 1 || o->block < 1 || !(o->bin > 0) ||
        o->min_slopes < 2 || !(o->confidence > 0 && o->confidence < 1) || !(o->energy_tolerance > 0) ||
        o->max_shuffles < 1)
        return sg_fail(SG_EINVAL, "an option of the comparison is out of range");
    return SG_OK;
}

/* Unknown numbers (NaN) do not disagree. */
static int is_off(double a, double b, double tolerance)
{
    return fabs(a - b) > tolerance;
}

static sg_status check_pair(const sg_series *a, const sg_series *b, const sg_compare_options *opt)
{
    double warm = 1e-9 * a->temperature_K;

    if (!b->is_kmc) {
        warm = temperature_share * a->temperature_K;
        if (b->temperature_error > 0) warm += scatter * b->temperature_error;
    }
    if (is_off(a->n_atoms, b->n_atoms, 0.5))
        return sg_fail(SG_EMISMATCH, "%s has %g atoms, %s has %g: not the same glass", a->name, a->n_atoms,
                       b->name, b->n_atoms);
    if (is_off(a->gamma, b->gamma, strain_tolerance))
        return sg_fail(SG_EMISMATCH, "%s is at strain %g, %s at %g", a->name, a->gamma, b->name, b->gamma);
    if (is_off(a->temperature_K, b->temperature_K, warm))
        return sg_fail(SG_EMISMATCH, "%s is at %g K, %s at %.6g K", a->name, a->temperature_K, b->name,
                       b->temperature_K);
    if (is_off(a->start_eV, b->start_eV, opt->energy_tolerance))
        return sg_fail(SG_EMISMATCH,
                       "%s begins at E_IS = %.6f eV, %s at %.6f eV (tolerance %g eV): not the same start",
                       a->name, a->start_eV, b->name, b->start_eV, opt->energy_tolerance);
    return SG_OK;
}

/* Numbers of both kinds, and that all have what the first run of KMC has. */
static sg_status check_series(const sg_series *series, int n, const sg_compare_options *opt, sg_comparison *c)
{
    const sg_series *first = NULL;
    sg_status st = SG_OK;

    for (int s = 0; s < n; s++) {
        if (series[s].is_kmc && !first) first = &series[s];
        if (series[s].is_kmc)
            c->n_kmc++;
        else
            c->n_md++;
    }
    if (c->n_kmc == 0) return sg_fail(SG_EINVAL, "no run of KMC given, need one folder or more");
    if (c->n_md == 0) return sg_fail(SG_EINVAL, "no series of MD given, need one file or more");
    for (int s = 0; s < n && st == SG_OK; s++)
        st = check_pair(first, &series[s], opt);
    c->temperature_K = first->temperature_K;
    c->gamma = first->gamma;
    c->start_eV = first->start_eV;
    c->n_atoms = (int)first->n_atoms;
    return st;
}

/* What holds of the runs of KMC alone: their clocks, and the audits. */
static void sum_up_runs(const sg_series *series, int n, sg_comparison *c)
{
    const sg_estimate none = {NAN, NAN, NAN};

    c->clock_low = 0;
    c->exit_ratio = none;
    for (int s = 0; s < n; s++) {
        if (!series[s].is_kmc) continue;
        const int64_t last = series[s].n - 1;
        c->clock_low += series[s].time_low[last] / series[s].time[last] / c->n_kmc;
        if (isnan(c->exit_ratio.value)) c->exit_ratio = series[s].exit_ratio;
    }
}

sg_status sg_compare(const sg_series *series, int n, const sg_compare_options *opt, sg_comparison *out)
{
    window_values values = {NULL, NULL};
    sg_status st = check_options(opt);

    memset(out, 0, sizeof *out);
    if (st == SG_OK) st = check_series(series, n, opt, out);
    if (st == SG_OK) st = compare_windows(series, n, opt, out, &values);
    if (st == SG_OK && out->n_compared == 0)
        st = sg_fail(SG_EINVAL,
                     "no window of time is covered by all series with %d samples of MD or more; series too "
                     "short or too coarse",
                     opt->min_points);
    if (st == SG_OK) st = compare_verdict(series, n, opt, &values, out);
    if (st == SG_OK) st = compare_rates(series, n, opt, out);
    if (st == SG_OK) sum_up_runs(series, n, out);
    sg_free(values.now);
    sg_free(values.low);
    if (st != SG_OK) sg_comparison_clear(out);
    return st;
}

void sg_comparison_clear(sg_comparison *c)
{
    if (!c) return;
    sg_free(c->window);
    sg_free(c->bin);
    memset(c, 0, sizeof *c);
}
