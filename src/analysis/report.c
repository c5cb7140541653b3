/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A comparison as JSON, as tables and as a picture. Colours are those of Okabe and Ito, which the
 * colour-blind can tell apart; MD and KMC differ in their marks as well. */
#include "analysis_internal.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void put_estimate(sg_json *json, const char *key, const sg_estimate *e)
{
    sg_json *const out = sg_json_object(json, key);

    sg_json_number(out, "value", e->value);
    sg_json_number(out, "low", e->low);
    sg_json_number(out, "high", e->high);
}

static void put_difference(sg_json *json, const char *key, const sg_difference *d)
{
    sg_json *const out = sg_json_object(json, key);

    sg_json_number(out, "mean", d->mean.value);
    sg_json_number(out, "low", d->mean.low);
    sg_json_number(out, "high", d->mean.high);
    sg_json_number(out, "error", d->error);
    sg_json_number(out, "in_md_errors", d->mean.value / d->md_error);
    sg_json_number(out, "in_md_spreads", d->mean.value / d->md_spread);
    sg_json_number(out, "largest_in_md_errors", d->largest);
    sg_json_number(out, "low_clock", d->low_clock);
    sg_json_number(out, "chance", d->chance);
}

void sg_comparison_json(const sg_comparison *c, sg_json *json)
{
    double begin = NAN, end = NAN;

    for (int w = 0; w < c->n_windows; w++) {
        if (!c->window[w].compared) continue;
        if (isnan(begin)) begin = c->window[w].begin;
        end = c->window[w].end;
    }
    sg_json_integer(json, "n_md", c->n_md);
    sg_json_integer(json, "n_kmc", c->n_kmc);
    sg_json_integer(json, "n_atoms", c->n_atoms);
    sg_json_number(json, "temperature_K", c->temperature_K);
    sg_json_number(json, "gamma", c->gamma);
    sg_json_number(json, "start_eis_eV", c->start_eV);
    sg_json_integer(json, "n_windows", c->n_compared);
    sg_json_number(json, "compared_from_s", begin);
    sg_json_number(json, "compared_to_s", end);
    put_difference(json, "eis_difference_eV", &c->difference[0]);
    put_difference(json, "tau_xy_difference_GPa", &c->difference[1]);
    sg_json_number(json, "fall_md_eV", c->fall_md);
    sg_json_number(json, "fall_kmc_eV", c->fall_kmc);
    put_estimate(json, "fall_ratio", &c->fall_ratio);
    sg_json_number(json, "fall_ratio_low_clock", c->fall_ratio_low);
    put_estimate(json, "ageing_rate_ratio", &c->rate_ratio);
    sg_json_number(json, "ageing_rate_ratio_low_clock", c->rate_ratio_low);
    sg_json_number(json, "clock_low", c->clock_low);
    if (!isnan(c->exit_ratio.value)) put_estimate(json, "exit_rate_ratio", &c->exit_ratio);
}

/* ---- tables ---- */

static const char window_columns[] =
    "begin_s\tend_s\tn_md\tn_kmc\tcompared\t"
    "eis_md_eV\teis_md_error_eV\teis_md_spread_eV\teis_kmc_eV\teis_kmc_error_eV\teis_kmc_spread_eV\t"
    "eis_kmc_low_clock_eV\teis_difference_in_md_errors\t"
    "tau_md_GPa\ttau_md_error_GPa\ttau_md_spread_GPa\ttau_kmc_GPa\ttau_kmc_error_GPa\ttau_kmc_spread_GPa\t"
    "tau_kmc_low_clock_GPa\ttau_difference_in_md_errors";
static const char rate_columns[] =
    "eis_low_eV\teis_high_eV\tn_md\tn_kmc\trate_md_eV_per_s\trate_md_error_eV_per_s\trate_kmc_eV_per_s\t"
    "rate_kmc_error_eV_per_s\trate_kmc_low_clock_eV_per_s";

static sg_status write_window(sg_tsv *out, const sg_window *w)
{
    double v[SG_QUANTITIES][8];

    for (int q = 0; q < SG_QUANTITIES; q++) {
        const double all[8] = {w->md[q].mean,      w->md[q].error,
                               w->md[q].spread,    w->kmc[q].mean,
                               w->kmc[q].error,    w->kmc[q].spread,
                               w->kmc_low[q].mean, (w->kmc[q].mean - w->md[q].mean) / w->md[q].error};
        memcpy(v[q], all, sizeof all);
        /* the lower clock counts where all runs have it */
        if (w->kmc_low[q].n < w->kmc[q].n) v[q][6] = NAN;
    }
    return sg_tsv_row(out,
                      "%.17g\t%.17g\t%d\t%d\t%d\t"
                      "%.17g\t%.6g\t%.6g\t%.17g\t%.6g\t%.6g\t%.17g\t%.6g\t"
                      "%.17g\t%.6g\t%.6g\t%.17g\t%.6g\t%.6g\t%.17g\t%.6g",
                      w->begin, w->end, w->n_md, w->n_kmc, w->compared, v[0][0], v[0][1], v[0][2], v[0][3],
                      v[0][4], v[0][5], v[0][6], v[0][7], v[1][0], v[1][1], v[1][2], v[1][3], v[1][4],
                      v[1][5], v[1][6], v[1][7]);
}

static sg_status write_bin(sg_tsv *out, const sg_comparison *c, const sg_rate_bin *b)
{
    return sg_tsv_row(out, "%.17g\t%.17g\t%lld\t%lld\t%.9g\t%.6g\t%.9g\t%.6g\t%.9g", c->start_eV + b->low,
                      c->start_eV + b->high, (long long)b->n_md, (long long)b->n_kmc, b->md, b->md_error,
                      b->kmc, b->kmc_error, b->kmc_low);
}

static sg_status open_fresh(const char *path, const char *columns, sg_tsv **out)
{
    if (unlink(path) != 0 && errno != ENOENT) return sg_fail(SG_EIO, "%s: %s", path, strerror(errno));
    return sg_tsv_open(path, columns, out);
}

static sg_status write_tables(const sg_comparison *c, const char *windows, const char *rates)
{
    sg_tsv *out = NULL;
    sg_status st = open_fresh(windows, window_columns, &out), closed;

    for (int w = 0; w < c->n_windows && st == SG_OK; w++)
        st = write_window(out, &c->window[w]);
    closed = sg_tsv_close(out);
    if (st == SG_OK) st = closed;
    out = NULL;
    if (st == SG_OK) st = open_fresh(rates, rate_columns, &out);
    for (int b = 0; b < c->n_bins && st == SG_OK; b++)
        st = write_bin(out, c, &c->bin[b]);
    closed = sg_tsv_close(out);
    return st == SG_OK ? closed : st;
}

/* ---- picture ---- */

static const char head[] =
    "set terminal pngcairo size 1000,1500 font 'DejaVu Sans,19' background '#ffffff'\n"
    "set output 'compare.png'\n"
    "set datafile separator tab\nset datafile missing 'nan'\n"
    "set border 3 lc rgb '#666666' lw 1.5\nset tics nomirror out textcolor rgb '#222222'\n"
    "set grid lc rgb '#e2e2e2' lw 1 lt 1\n"
    "md = '#0072B2'\nkmc = '#D55E00'\n"
    "set style fill transparent solid 0.18 noborder\n"
    "mid(x) = sqrt(column(x) * column(x + 1))\n"
    "per_atom(x) = 1e3 * (column(x) - e0) / n\nper_atom_error(x) = 1e3 * column(x) / n\n"
    "or_zero(x) = x == x ? x : 0\n"
    "set lmargin 12\nset rmargin 3\n"
    "set multiplot layout 3,1\n";

/* Each panel: spread of MD's runs, spread between the two clocks of KMC, means with standard errors. */
static const char time_panels[] =
    "set logscale x\nset format x '10^{%T}'\nset xlabel 'time (s)'\n"
    "set key bottom left samplen 2 reverse Left\n"
    "set ylabel 'E_{IS} - E_{start} (meV/atom)'\n"
    "plot 'windows.tsv' using (mid(1)):(per_atom(6)-or_zero(per_atom_error(8))):(per_atom(6)+or_zero(per_"
    "atom_error(8))) every ::1 with filledcurves lc rgb md title 'MD, spread of its runs', \\\n"
    "     '' using (mid(1)):(per_atom(9)):(per_atom(12)) every ::1 with filledcurves lc rgb kmc title 'KMC, "
    "between its two clocks', \\\n"
    "     '' using (mid(1)):(per_atom(6)):(or_zero(per_atom_error(7))) every ::1 with yerrorbars pt 7 ps 1.6 "
    "lw 2.5 lc rgb md title 'MD', \\\n"
    "     '' using (mid(1)):(per_atom(9)):(or_zero(per_atom_error(10))) every ::1 with yerrorlines pt 8 ps "
    "2 lw 2.5 lc rgb kmc title 'KMC'\n"
    "set ylabel '{/Symbol t}_{xy} (GPa)'\nset offsets 0,0,0.02,0.02\n"
    "plot 'windows.tsv' using (mid(1)):($14-or_zero($16)):($14+or_zero($16)) every ::1 with filledcurves lc "
    "rgb md notitle, \\\n"
    "     '' using (mid(1)):17:20 every ::1 with filledcurves lc rgb kmc notitle, \\\n"
    "     '' using (mid(1)):14:(or_zero($15)) every ::1 with yerrorbars pt 7 ps 1.6 lw 2.5 lc rgb md "
    "notitle, \\\n"
    "     '' using (mid(1)):17:(or_zero($18)) every ::1 with yerrorlines pt 8 ps 2 lw 2.5 lc rgb kmc "
    "notitle\n";

static const char rate_panel[] =
    "unset logscale x\nset offsets 0,0,0,0\nset format x '%g'\nset xlabel 'E_{IS} - E_{start} (meV/atom)'\n"
    "set ylabel 'dE_{IS}/dt (meV/atom/ns)'\n"
    "rate(x) = 1e-6 * column(x) / n\n"
    "plot 'rates.tsv' using (0.5e3*($1+$2-2*e0)/n):(rate(5)):(or_zero(rate(6))) every ::1 with yerrorbars pt "
    "7 ps 1.6 lw 2.5 lc rgb md notitle, \\\n"
    "     '' using (0.5e3*($1+$2-2*e0)/n):(rate(7)):(or_zero(rate(8))) every ::1 with yerrorbars pt 8 ps 2 "
    "lw "
    "2.5 lc rgb kmc notitle\n";

/* Panels without a number in them are left out: gnuplot takes that for an error. */
static void write_script(const sg_comparison *c, FILE *out)
{
    int has_tau = 0, has_rates = 0;

    for (int w = 0; w < c->n_windows; w++)
        has_tau |= !isnan(c->window[w].md[1].mean) || !isnan(c->window[w].kmc[1].mean);
    for (int b = 0; b < c->n_bins; b++)
        has_rates |= !isnan(c->bin[b].md) || !isnan(c->bin[b].kmc);
    fprintf(out,
            "# gnuplot compare.gp draws compare.png from windows.tsv and rates.tsv\nn = %d\ne0 = %.17g\n",
            c->n_atoms, c->start_eV);
    fputs(head, out);
    fprintf(out, "set title '%d atoms, %g K, {/Symbol g} = %g: %d runs of MD, %d of KMC'\n", c->n_atoms,
            c->temperature_K, c->gamma, c->n_md, c->n_kmc);
    const char *split = strstr(time_panels, "set ylabel '{/Symbol t}");
    fprintf(out, "%.*sunset title\n", (int)(split - time_panels), time_panels);
    if (has_tau) fputs(split, out);
    if (has_rates) fputs(rate_panel, out);
    fputs("unset multiplot\n", out);
}

static sg_status write_picture(const sg_comparison *c, const char *path)
{
    sg_replace file = {0};
    sg_status st = sg_io_replace_begin(&file, path);

    if (st == SG_OK) {
        write_script(c, file.file);
        st = sg_io_replace_commit(&file);
    }
    sg_io_replace_abort(&file);
    return st;
}

static sg_status write_json(const sg_comparison *c, const char *path)
{
    sg_json *json = sg_json_create();
    sg_replace file = {0};
    sg_status st;

    sg_comparison_json(c, json);
    char *text = sg_json_print(json);
    st = text ? sg_io_replace_begin(&file, path) : sg_fail(SG_ENOMEM, "%s", path);
    if (st == SG_OK) {
        fprintf(file.file, "%s\n", text);
        st = sg_io_replace_commit(&file);
    }
    sg_io_replace_abort(&file);
    sg_free(text);
    sg_json_free(json);
    return st;
}

enum { N_FILES = 4 };

sg_status sg_comparison_write(const sg_comparison *c, const char *folder)
{
    static const char *const name[N_FILES] = {"windows.tsv", "rates.tsv", "compare.json", "compare.gp"};
    char *path[N_FILES] = {NULL};
    const size_t size = strlen(folder) + 32;
    sg_status st = SG_OK;

    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return sg_fail(errno == ENOENT || errno == ENOTDIR ? SG_ENOTFOUND : SG_EIO, "%s: %s", folder,
                       strerror(errno));
    for (int k = 0; k < N_FILES; k++) {
        path[k] = sg_calloc(size, 1);
        if (!path[k]) st = sg_fail(SG_ENOMEM, "%s", folder);
        if (path[k]) snprintf(path[k], size, "%s/%s", folder, name[k]);
    }
    if (st == SG_OK) st = write_tables(c, path[0], path[1]);
    if (st == SG_OK) st = write_json(c, path[2]);
    if (st == SG_OK) st = write_picture(c, path[3]);
    for (int k = 0; k < N_FILES; k++)
        sg_free(path[k]);
    return st;
}
