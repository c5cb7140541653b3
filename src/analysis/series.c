/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Series in time: a run of KMC from its folder, a series of MD from a table or a log. */
#include "analysis_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void sg_series_clear(sg_series *s)
{
    if (!s) return;
    sg_free(s->name);
    sg_free(s->time);
    sg_free(s->time_low);
    for (int q = 0; q < SG_QUANTITIES; q++)
        sg_free(s->value[q]);
    memset(s, 0, sizeof *s);
}

static sg_status make(sg_series *s, const char *name, int64_t n)
{
    const sg_estimate none = {NAN, NAN, NAN};
    int missing = 0;

    memset(s, 0, sizeof *s);
    s->n = n;
    s->name = sg_strdup(name);
    s->time = sg_calloc((size_t)n, sizeof *s->time);
    s->time_low = sg_calloc((size_t)n, sizeof *s->time_low);
    for (int q = 0; q < SG_QUANTITIES; q++) {
        s->value[q] = sg_calloc((size_t)n, sizeof *s->value[q]);
        missing |= !s->value[q];
    }
    s->start_eV = s->temperature_K = s->gamma = s->n_atoms = s->temperature_error = NAN;
    s->exit_ratio = none;
    return missing || !s->name || !s->time || !s->time_low ? sg_fail(SG_ENOMEM, "%s: series", name) : SG_OK;
}

static sg_status check_times(const sg_columns *table, const double *time)
{
    if (table->n < 2)
        return sg_fail(SG_EPARSE, "%s:%lld: expected two rows or more, got %lld", table->path,
                       table->n ? (long long)table->line[0] : 1LL, (long long)table->n);
    for (int64_t k = 0; k < table->n; k++)
        if (time[k] < 0 || (k > 0 && time[k] <= time[k - 1]))
            return sg_fail(SG_EPARSE, "%s:%lld: expected a time beyond %.9g s, got %.9g s", table->path,
                           (long long)table->line[k], k > 0 ? time[k - 1] : 0.0, time[k]);
    return SG_OK;
}

/* ---- KMC ---- */

static char *join(const char *folder, const char *name)
{
    const size_t n = strlen(folder) + strlen(name) + 2;
    char *path = sg_calloc(n, 1);

    if (path) snprintf(path, n, "%s/%s", folder, name);
    return path;
}

static sg_status read_settings(const char *folder, sg_series *s)
{
    char *path = join(folder, "run.ini"), *start = join(folder, "start.extxyz");
    sg_config cfg = {0};
    sg_system *sys = NULL;
    sg_status st = path && start ? sg_config_read(path, &cfg) : sg_fail(SG_ENOMEM, "%s: run.ini", folder);

    if (st == SG_OK && (cfg.strain.rate_per_s != 0 || cfg.strain.program.n > 1))
        st = sg_fail(SG_EUNSUPPORTED, "%s: the strain of this run changes with time, need a constant one",
                     folder);
    if (st == SG_OK) st = sg_io_read_structure(start, 0, NULL, &sys, NULL);
    if (st == SG_OK) {
        s->temperature_K = cfg.kmc.temperature_K;
        s->gamma = cfg.strain.xy;
        s->n_atoms = sys->n;
    }
    sg_system_free(sys);
    sg_config_clear(&cfg);
    sg_free(path);
    sg_free(start);
    return st;
}

/* Rows of basins.tsv in the places of the states that they begin in. */
static sg_status read_basins(const char *folder, const sg_columns *steps, sg_series *s)
{
    static const char *const name[] = {"step", "eis_mean_eV", "tau_xy_mean_GPa"};
    char *path = join(folder, "basins.tsv");
    sg_columns rows = {0};
    sg_status st = path ? SG_OK : sg_fail(SG_ENOMEM, "%s: basins.tsv", folder);

    if (st == SG_OK && access(path, F_OK) == 0) st = sg_io_read_columns(path, 3, name, 3, &rows);
    for (int64_t k = 0, at = 0; k < rows.n; k++) {
        const double *row = rows.value + 3 * k;
        while (at < steps->n && steps->value[at * steps->n_columns + 1] < row[0])
            at++;
        if (at == steps->n) break; /* a run that goes on: the trajectory was read first */
        if (at == 0 || steps->value[at * steps->n_columns + 1] > row[0]) continue;
        s->value[0][at - 1] = row[1];
        s->value[1][at - 1] = row[2];
    }
    sg_columns_clear(&rows);
    sg_free(path);
    return st;
}

enum { TIME, STEP, EIS, TAU, DT, TOTAL, MISSING, N_STEP_COLUMNS };

static void take_steps(const sg_columns *table, sg_series *s)
{
    double missing = 0; /* s, by how much the clock is behind */

    for (int64_t k = 0; k < table->n; k++) {
        const double *row = table->value + k * N_STEP_COLUMNS;
        if (k > 0 && row[MISSING] > 0) missing += row[DT] * row[MISSING] / (row[TOTAL] + row[MISSING]);
        s->time[k] = row[TIME];
        s->time_low[k] = row[TIME] - missing;
        s->value[0][k] = row[EIS];
        s->value[1][k] = row[TAU];
    }
    s->start_eV = s->value[0][0];
}

/* First exits of MD over those expected of the rate tables, all states at the run's temperature together. */
static sg_status read_audit(const char *folder, sg_series *s)
{
    static const char *const name[] = {"n_exits", "expected_exits", "temperature_K"};
    const double confidence = 0.95;
    char *path = join(folder, "audit/audit.tsv");
    sg_columns rows = {0};
    double n = 0, expected = 0;
    sg_status st = path ? SG_OK : sg_fail(SG_ENOMEM, "%s: audit.tsv", folder);

    if (st == SG_OK && access(path, F_OK) == 0) st = sg_io_read_columns(path, 3, name, 3, &rows);
    for (int64_t k = 0; k < rows.n; k++) {
        if (fabs(rows.value[3 * k + 2] - s->temperature_K) > 1e-6) continue;
        n += rows.value[3 * k];
        expected += rows.value[3 * k + 1];
    }
    const sg_estimate count = sg_poisson_mean(n, confidence);
    if (expected > 0)
        s->exit_ratio = (sg_estimate){count.value / expected, count.low / expected, count.high / expected};
    sg_columns_clear(&rows);
    sg_free(path);
    return st;
}

sg_status sg_series_read_run(const char *folder, sg_series *s)
{
    static const char *const name[N_STEP_COLUMNS] = {
        "time_s", "step", "eis_eV", "tau_xy_GPa", "dt_s", "rate_total_per_s", "rate_missing_per_s"};
    char *path = join(folder, "trajectory.tsv");
    sg_columns table = {0};
    sg_status st = path ? SG_OK : sg_fail(SG_ENOMEM, "%s", folder);

    memset(s, 0, sizeof *s);
    if (st == SG_OK) st = sg_io_read_columns(path, N_STEP_COLUMNS, name, DT + 1, &table);
    /* a step may be shorter than the last digit of the clock */
    for (int64_t k = 1; k < table.n && st == SG_OK; k++)
        if (table.value[k * N_STEP_COLUMNS] < table.value[(k - 1) * N_STEP_COLUMNS])
            st = sg_fail(SG_EPARSE, "%s:%lld: the clock goes back", path, (long long)table.line[k]);
    if (st == SG_OK && table.n < 2)
        st = sg_fail(SG_EINVAL, "%s: this run has made no step yet, nothing to compare", path);
    if (st == SG_OK) st = make(s, folder, table.n);
    if (st == SG_OK) {
        s->is_kmc = 1;
        take_steps(&table, s);
        st = read_basins(folder, &table, s);
    }
    if (st == SG_OK) st = read_settings(folder, s);
    if (st == SG_OK) st = read_audit(folder, s);
    sg_columns_clear(&table);
    sg_free(path);
    if (st != SG_OK) sg_series_clear(s);
    return st;
}

/* ---- MD ---- */

sg_md_format sg_md_format_default(void)
{
    return (sg_md_format){"time_s", "eis_eV", "tau_xy_GPa", "temperature_K", 1, 1};
}

sg_status sg_series_read_md(const char *path, const sg_md_format *format, sg_series *s)
{
    const int turned = format->tau[0] == '-';
    const char *const name[] = {format->time, format->eis, format->tau + turned, format->temperature};
    sg_columns table;
    double *heat = NULL;
    sg_status st = sg_io_read_columns(path, 4, name, 2, &table);

    memset(s, 0, sizeof *s);
    if (st == SG_OK && table.n > INT32_MAX) st = sg_fail(SG_EINVAL, "%s: too many rows", path);
    if (st == SG_OK) st = make(s, path, table.n);
    heat = sg_calloc((size_t)table.n, sizeof *heat);
    if (st == SG_OK && !heat) st = sg_fail(SG_ENOMEM, "%s: temperatures", path);
    for (int64_t k = 0; k < table.n && st == SG_OK; k++) {
        const double *row = table.value + 4 * k;
        s->time[k] = s->time_low[k] = row[0] * format->time_unit;
        s->value[0][k] = row[1];
        s->value[1][k] = row[2] * format->tau_unit * (turned ? -1 : 1);
        heat[k] = s->time[k] > 0 ? row[3] : NAN; /* at the start the velocities may not be drawn yet */
    }
    if (st == SG_OK) st = check_times(&table, s->time);
    if (st == SG_OK) {
        const sg_mean t = sg_mean_of((int)s->n, heat);
        if (s->time[0] == 0) s->start_eV = s->value[0][0];
        s->temperature_K = t.mean;
        s->temperature_error = t.error;
    }
    sg_free(heat);
    sg_columns_clear(&table);
    if (st != SG_OK) sg_series_clear(s);
    return st;
}

/* ---- means over time ---- */

static const double seam = 1e-9; /* relative: times that come from sums of steps or from decades */

/* Last k with time[k] <= t; n >= 2 and time[0] <= t. */
static int64_t before(const double *time, int64_t n, double t)
{
    int64_t low = 0, high = n;

    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (time[middle] <= t)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Integral of the value over that part of [t0, t1] which lies in [a, b]. */
static double piece(const sg_series *s, const double *time, const double *value, int64_t k, double a,
                    double b)
{
    const double t0 = time[k], t1 = time[k + 1];
    const double from = a > t0 ? a : t0, to = b < t1 ? b : t1;

    if (!(to > from)) return 0;
    if (s->is_kmc) return value[k] * (to - from);
    const double slope = (value[k + 1] - value[k]) / (t1 - t0);
    return (to - from) * (value[k] + slope * (0.5 * (from + to) - t0));
}

double sg_series_mean(const sg_series *s, int quantity, int low, double a, double b)
{
    const double *const time = low ? s->time_low : s->time, *const value = s->value[quantity];
    const double end = time[s->n - 1];
    double sum = 0;

    if (a < time[0] * (1 - seam) || b > end * (1 + seam)) return NAN;
    if (a < time[0]) a = time[0];
    if (b > end) b = end;
    if (!(b > a)) return NAN;
    for (int64_t k = before(time, s->n, a); k + 1 < s->n && time[k] < b; k++)
        sum += piece(s, time, value, k, a, b);
    return sum / (b - a);
}
