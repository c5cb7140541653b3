/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KMC against MD: which arguments are runs and which are series, how the series are written, and the verdict.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli_internal.h"
#include "slowglass/analysis.h"

static const cli_option options[] = {
    {"columns", 0, "NAMES",
     "of the series: time=NAME,eis=NAME,tau=NAME,temperature=NAME; -NAME turns the sign (as slowglass md)"},
    {"units", 0, "WORD", "of the series: s (time in s, stress in GPa) or metal (ps, pressure in bar) (s)"},
    {"timestep", 0, "PS", "the time column counts steps of this length"},
    {"per-decade", 0, "N", "windows per decade of time (3)"},
    {"min-points", 0, "N", "samples that every series of MD needs in a window (3)"},
    {"block", 0, "N", "samples averaged before a slope is taken (4)"},
    {"bin", 0, "EV", "width of the bins of E_IS for ageing rates, eV per atom (0.0015)"},
    {"min-slopes", 0, "N", "slopes that a bin needs of each kind (10)"},
    {"confidence", 0, "P", "of the intervals (0.95)"},
    {"tolerance", 0, "EV", "of the energies at the start (0.001)"},
    {NULL, 0, NULL, NULL},
};

/* ---- how the series are written ---- */

/* "time=Step,eis=v_eis,..": cuts the text, which the format then points into. */
static sg_status take_columns(char *text, sg_md_format *f)
{
    char *rest = NULL;

    for (char *item = strtok_r(text, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
        char *name = strchr(item, '=');
        if (name) *name++ = '\0';
        const char **field = strcmp(item, "time") == 0          ? &f->time
                             : strcmp(item, "eis") == 0         ? &f->eis
                             : strcmp(item, "tau") == 0         ? &f->tau
                             : strcmp(item, "temperature") == 0 ? &f->temperature
                                                                : NULL;
        if (!field || !name || !*name)
            return sg_fail(SG_EINVAL, "--columns '%s', need time=NAME, eis=NAME, tau=NAME, temperature=NAME",
                           item);
        *field = name;
    }
    return SG_OK;
}

static sg_status take_units(const cli *c, sg_md_format *f)
{
    const char *units = cli_value(c, "units");
    const int metal = units && strcmp(units, "metal") == 0;
    double step = NAN;

    if (units && !metal && strcmp(units, "s") != 0)
        return sg_fail(SG_EINVAL, "--units '%s', need s or metal", units);
    const sg_status st = cli_number(c, "timestep", 0, 1e6, &step);
    if (metal) {
        f->time_unit = 1e-12;
        f->tau_unit = -1e-4; /* bar; the sign of a pressure */
    }
    if (!isnan(step)) f->time_unit = step * 1e-12;
    return st;
}

static sg_status take_numbers(const cli *c, sg_compare_options *o)
{
    int64_t min_points = o->min_points, block = o->block, min_slopes = o->min_slopes;
    sg_status st = cli_number(c, "per-decade", 0, 100, &o->per_decade);

    if (st == SG_OK) st = cli_whole(c, "min-points", 1, 1000000, &min_points);
    if (st == SG_OK) st = cli_whole(c, "block", 1, 1000000, &block);
    if (st == SG_OK) st = cli_whole(c, "min-slopes", 2, 1000000, &min_slopes);
    if (st == SG_OK) st = cli_number(c, "bin", 0, 1e3, &o->bin);
    if (st == SG_OK) st = cli_number(c, "confidence", 0, 0.999999, &o->confidence);
    if (st == SG_OK) st = cli_number(c, "tolerance", 0, 1e3, &o->energy_tolerance);
    o->min_points = (int)min_points;
    o->block = (int)block;
    o->min_slopes = (int)min_slopes;
    o->seed = (uint64_t)c->cfg.kmc.seed;
    return st;
}

/* ---- reading ---- */

static sg_status read_all(cli *c, const sg_md_format *format, sg_series *series)
{
    sg_status st = SG_OK;

    for (int k = 0; k < c->n_inputs && st == SG_OK; k++) {
        struct stat info;
        const int is_folder = stat(c->input[k], &info) == 0 && S_ISDIR(info.st_mode);
        st = is_folder ? sg_series_read_run(c->input[k], &series[k])
                       : sg_series_read_md(c->input[k], format, &series[k]);
        if (st == SG_OK && isnan(series[k].start_eV))
            sg_log_line(&c->log, SG_LOG_WARNING,
                        "%s has no row at t = 0: whether it begins in the same state is not checked",
                        c->input[k]);
    }
    return st;
}

/* ---- the verdict ---- */

static void print_estimate(const char *what, const sg_estimate *e, double low_clock)
{
    printf("%-38s %.3g  (%.3g to %.3g)", what, e->value, e->low, e->high);
    if (!isnan(low_clock)) printf("; by the lower clock %.3g", low_clock);
    putchar('\n');
}

static void print_difference(const char *what, const char *unit, const sg_difference *d)
{
    if (isnan(d->mean.value)) return;
    printf("%s, KMC - MD: %.4g %s (%.4g to %.4g), by the lower clock %.4g\n", what, d->mean.value, unit,
           d->mean.low, d->mean.high, d->low_clock);
    printf("  = %.2f standard errors of MD = %.2f of the spread of its runs; largest of a window %.1f "
           "errors; chance of as much %.3g\n",
           d->mean.value / d->md_error, d->mean.value / d->md_spread, d->largest, d->chance);
}

static void print_verdict(cli *c, const sg_comparison *cmp)
{
    cli_progress_close(&c->progress);
    printf("begin_s\tend_s\tn_md\tn_kmc\teis_md_eV\terror\teis_kmc_eV\terror\tin_md_errors\n");
    for (int w = 0; w < cmp->n_windows; w++) {
        const sg_window *at = &cmp->window[w];
        if (!at->compared) continue;
        printf("%.3g\t%.3g\t%d\t%d\t%.4f\t%.4f\t%.4f\t%.4f\t%.2f\n", at->begin, at->end, at->n_md, at->n_kmc,
               at->md[0].mean, at->md[0].error, at->kmc[0].mean, at->kmc[0].error,
               (at->kmc[0].mean - at->md[0].mean) / at->md[0].error);
    }
    print_difference("E_IS", "eV", &cmp->difference[0]);
    print_difference("tau_xy", "GPa", &cmp->difference[1]);
    print_estimate("fall dE/d ln t, KMC/MD", &cmp->fall_ratio, cmp->fall_ratio_low);
    print_estimate("ageing rate dE/dt at like E, KMC/MD", &cmp->rate_ratio, cmp->rate_ratio_low);
    if (!isnan(cmp->exit_ratio.value)) print_estimate("first exits, MD/table", &cmp->exit_ratio, NAN);
    printf("%-38s %.3g\n", "lower clock / clock at the end", cmp->clock_low);
    sg_comparison_json(cmp, c->result);
}

static sg_status write_out(cli *c, const sg_comparison *cmp)
{
    const size_t size = strlen(c->out) + sizeof "/compare.gp";
    char *script = sg_calloc(size, 1);
    sg_status st = script ? sg_comparison_write(cmp, c->out) : sg_fail(SG_ENOMEM, "-o %s", c->out);

    if (st == SG_OK) {
        snprintf(script, size, "%s/compare.gp", c->out);
        if (sg_io_gnuplot(script) != SG_OK)
            sg_log_line(&c->log, SG_LOG_WARNING, "no picture: %s", sg_error_text());
    }
    sg_free(script);
    return st;
}

static sg_status run(cli *c)
{
    sg_md_format format = sg_md_format_default();
    sg_compare_options opt = sg_compare_defaults();
    sg_comparison cmp = {0};
    sg_series *series = sg_calloc((size_t)c->n_inputs, sizeof *series);
    char *columns = cli_value(c, "columns") ? sg_strdup(cli_value(c, "columns")) : NULL;
    sg_status st = series ? cli_configure(c, NULL) : sg_fail(SG_ENOMEM, "series");

    if (st == SG_OK && columns) st = take_columns(columns, &format);
    if (st == SG_OK) st = take_units(c, &format);
    if (st == SG_OK) st = take_numbers(c, &opt);
    if (st == SG_OK) st = read_all(c, &format, series);
    if (st == SG_OK) st = sg_compare(series, c->n_inputs, &opt, &cmp);
    if (st == SG_OK) print_verdict(c, &cmp);
    if (st == SG_OK && c->out) st = write_out(c, &cmp);
    for (int k = 0; k < c->n_inputs && series; k++)
        sg_series_clear(&series[k]);
    sg_comparison_clear(&cmp);
    sg_free(series);
    sg_free(columns);
    return st;
}

const cli_command cmd_compare = {
    .name = "compare",
    .summary = "runs of KMC against series of molecular dynamics of the same glass",
    .usage = "RUN.. SERIES.. [-o DIR]",
    .details =
        "RUN: the folder of a run (age --out). SERIES: a table time_s eis_eV tau_xy_GPa temperature_K as\n"
        "slowglass md writes it, or a table or log of LAMMPS with --columns, --units metal and perhaps\n"
        "--timestep. All must begin in the same inherent structure, at the same temperature and strain.\n"
        "Time averages over windows of log time are compared, and the rates of ageing; errors come from the\n"
        "scatter of whole runs, so several seeds of each are worth having. -o DIR: windows.tsv, rates.tsv,\n"
        "compare.json, compare.png.",
    .example = "slowglass compare run-1 run-2 md-1.tsv md-2.tsv md-3.tsv -o comparison",
    .min_inputs = 2,
    .max_inputs = -1,
    .options = options,
    .run = run,
};
