/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Isothermal dynamics with the series E_IS(t), for one or several velocity seeds.
 *
 * Each run is a task of its own with its own files, so that neither its bits nor its files depend on how
 * many threads there are. What is saved comes after the rows that it counts; a resumed run cuts its table to
 * that count. */
#include <math.h>
#include <string.h>

#include <omp.h>

#include "cli_internal.h"
#include "slowglass/anneal.h"
#include "slowglass/io.h"
#include "slowglass/run.h"

static const double SAVE_EVERY_S = 60; /* of wall time; when it is saved has no part in the result */
enum { PIECE = 200 };                  /* steps between two looks at the progress */

static const cli_option options[] = {
    {"temperature", 0, "T", "K (kmc.temperature_K, 600)"},
    {"time", 0, "PS", "length of each run (1000)"},
    {"interval", 0, "PS", "between two inherent structures (50)"},
    {"runs", 0, "N", "runs that differ in their velocities (1)"},
    {"xy", 0, "GAMMA", "shear strain to impose first, in relaxed steps of 0.005"},
    {"ensemble", 0, "WORD", "nvt, nvt-chain (Nose-Hoover), nve, npt, npt-shear (nvt)"},
    {"timestep", 0, "PS", "of the dynamics (0.002)"},
    {"damping", 0, "PS", "time constant of the thermostat (0.1)"},
    {"inherent", 0, "FILE", "the inherent structures, a frame each (.extxyz, unwrapped)"},
    {"resume", 0, NULL, "go on where runs of the same settings were saved; --time may be longer"},
    {NULL, 0, NULL, NULL},
};

static const char columns[] = "time_s\teis_eV\ttau_xy_GPa\ttemperature_K\tpressure_is_GPa\tpotential_eV\t"
                              "pressure_GPa\tshear_GPa\tvolume_A3";
static const char mean_columns[] = "time_s\teis_eV\teis_se_eV\ttau_xy_GPa\ttau_xy_se_GPa\ttemperature_K\t"
                                   "pressure_GPa\tn_runs";

typedef struct md_job md_job;

typedef struct md_run {
    md_job *job;
    int number; /* from 1 */
    char *table, *saved, *frames;
    sg_series *series;
    sg_tsv *tsv;
    double saved_s;
    sg_status status;
    char *error;              /* of this run's thread */
    double begin_ps, done_ps; /* of this process */
} md_run;

struct md_job {
    cli *c;
    cli_model model;
    sg_series_options opt;
    double time_ps, begin_s;
    int64_t n_rows; /* of each run in the end */
    int n;
    md_run *run;
};

/* ---- options ---- */

static sg_status take_ensemble(const cli *c, sg_md_ensemble *ensemble)
{
    static const char *const words[] = {"nve", "nvt-chain", "nvt", "npt", "npt-shear"};
    const char *const text = cli_value(c, "ensemble");

    for (int k = 0; text && k < 5; k++)
        if (strcmp(text, words[k]) == 0) {
            *ensemble = (sg_md_ensemble)k;
            return SG_OK;
        }
    return text ? sg_fail(SG_EINVAL, "--ensemble '%s', need nvt, nvt-chain, nve, npt or npt-shear", text)
                : SG_OK;
}

static sg_status take_options(md_job *j)
{
    cli *const c = j->c;
    sg_md_options *md;
    int64_t n = 1;

    j->opt = sg_series_defaults();
    md = &j->opt.md;
    md->seed = (uint64_t)c->cfg.kmc.seed;
    md->temperature_K = c->cfg.kmc.temperature_K;
    j->opt.minimize.f_max = c->cfg.search.force_minimum_eV_per_A;
    j->time_ps = 1000;
    sg_status st = cli_number(c, "temperature", 0, 1e5, &md->temperature_K);
    if (st == SG_OK) st = cli_number(c, "time", -1e-300, 1e12, &j->time_ps);
    if (st == SG_OK) st = cli_number(c, "interval", 0, 1e9, &j->opt.interval_ps);
    if (st == SG_OK) st = cli_number(c, "timestep", 0, 0.1, &md->timestep_ps);
    if (st == SG_OK) st = cli_number(c, "damping", 0, 1e6, &md->damping_ps);
    if (st == SG_OK) st = cli_whole(c, "runs", 1, 10000, &n);
    if (st == SG_OK) st = take_ensemble(c, &md->ensemble);
    j->n = (int)n;
    j->n_rows = 1 + (int64_t)floor(j->time_ps / j->opt.interval_ps + 1e-9);
    return st;
}

static int ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

static sg_status check_names(const cli *c)
{
    const char *const frames = cli_value(c, "inherent");

    if (!c->out) return sg_fail(SG_EINVAL, "-o OUT missing: where does the series go? (such as md.tsv)");
    if (!ends_in(c->out, ".tsv")) return sg_fail(SG_EINVAL, "-o %s: need a name that ends in .tsv", c->out);
    if (frames && !ends_in(frames, ".extxyz") && !ends_in(frames, ".xyz"))
        return sg_fail(SG_EINVAL, "--inherent %s: need a name that ends in .extxyz or .xyz", frames);
    return cli_check_place(c);
}

/* md.tsv for a single run; md-1.tsv, md-2.tsv .. for several. */
static sg_status name_files(md_job *j)
{
    const char *const frames = cli_value(j->c, "inherent");
    const int resume = cli_value(j->c, "resume") != NULL;
    int n_saved = 0;

    if (!(j->run = sg_calloc((size_t)j->n, sizeof *j->run))) return sg_fail(SG_ENOMEM, "%d runs", j->n);
    for (int k = 0; k < j->n; k++) {
        md_run *const r = &j->run[k];
        char insert[24] = "";
        *r = (md_run){.job = j, .number = k + 1};
        if (j->n > 1) snprintf(insert, sizeof insert, "-%d", k + 1);
        r->table = cli_beside(j->c->out, insert, NULL);
        r->saved = cli_beside(j->c->out, insert, ".restart");
        r->frames = frames ? cli_beside(frames, insert, NULL) : NULL;
        if (!r->table || !r->saved || (frames && !r->frames)) return sg_fail(SG_ENOMEM, "names of files");
        n_saved += cli_is_there(r->saved);
        for (int which = 0; which < 3 && !resume; which++) {
            const char *const path = which == 0 ? r->table : which == 1 ? r->saved : r->frames;
            if (path && cli_is_there(path))
                return sg_fail(SG_EINVAL, "%s: is there already; --resume goes on, or name another OUT",
                               path);
        }
    }
    if (resume && n_saved == 0) return sg_fail(SG_ENOTFOUND, "%s: no saved run to resume", j->run[0].saved);
    return SG_OK;
}

/* ---- one run ---- */

static sg_status save(md_run *r)
{
    unsigned char *bytes = NULL;
    size_t n = 0;

    sg_status st = sg_tsv_flush(r->tsv);
    if (st == SG_OK) st = sg_series_save(r->series, &bytes, &n);
    if (st == SG_OK) st = cli_saved_write(r->saved, bytes, n);
    sg_free(bytes);
    r->saved_s = cli_now_s();
    return st;
}

static sg_status begin(md_run *r)
{
    const cli_model *const model = &r->job->model;
    sg_series_options opt = r->job->opt;
    unsigned char *bytes = NULL;
    size_t n = 0;
    int64_t n_rows;
    sg_status st = SG_OK;

    opt.md.stream = (uint64_t)r->number;
    if (cli_is_there(r->saved)) {
        st = cli_saved_read(r->saved, &bytes, &n);
        if (st == SG_OK) st = sg_series_restore(model->pot, model->sys, &opt, bytes, n, &r->series);
        if (st != SG_OK) sg_fail_context(st, "%s", r->saved);
        sg_free(bytes);
    } else
        st = sg_series_create(model->pot, model->sys, &opt, &r->series);
    if (st != SG_OK) return st;
    sg_series_rows(r->series, &n_rows);
    if (cli_is_there(r->table)) st = sg_tsv_truncate_rows(r->table, n_rows);
    if (st == SG_OK && r->frames && cli_is_there(r->frames)) st = sg_io_truncate_extxyz(r->frames, n_rows);
    if (st == SG_OK) st = sg_tsv_open(r->table, columns, &r->tsv);
    r->saved_s = cli_now_s();
    r->begin_ps = r->done_ps = sg_md_now(sg_series_md(r->series)).time_ps;
    return st;
}

/* What all runs have done in this process, ps; and in all. */
static double done_here(const md_job *j, double *in_all)
{
    double done = 0;

    *in_all = 0;
    for (int k = 0; k < j->n; k++) {
        done += j->run[k].done_ps - j->run[k].begin_ps;
        *in_all += j->run[k].done_ps;
    }
    return done;
}

static double ns_per_day(const md_job *j)
{
    double in_all;
    const double spent = cli_now_s() - j->begin_s;

    return spent > 0 ? done_here(j, &in_all) * 1e-3 / spent * 86400 : 0;
}

static sg_status write_row(md_run *r, const sg_series_row *row)
{
    char text[8][SG_NUMBER_TEXT];
    double stress[6];

    const sg_status st = sg_tsv_row(
        r->tsv, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.12g", sg_text_number(row->time_ps / SG_PS_PER_S, text[0]),
        sg_text_number(row->energy, text[1]), sg_text_number(row->stress_GPa[3], text[2]),
        sg_text_number(row->temperature_K, text[3]), sg_text_number(row->pressure_IS_GPa, text[4]),
        sg_text_number(row->potential, text[5]), sg_text_number(row->pressure_GPa, text[6]),
        sg_text_number(row->shear_GPa, text[7]), row->volume);
    if (st != SG_OK || !r->frames) return st;
    for (int k = 0; k < 6; k++)
        stress[k] = row->stress_GPa[k] / SG_GPA_PER_EV_A3;
    const sg_frame_info info = {.energy = &row->energy, .stress = stress, .time = &row->time_ps};
    return sg_io_append_extxyz(r->frames, sg_series_inherent(r->series), &info);
}

/* What all runs together have done. */
static void show(md_run *r, const sg_series_row *last)
{
    md_job *const j = r->job;
    const sg_md_sample now = sg_md_now(sg_series_md(r->series));
    char note[160];

#pragma omp critical(cmd_md_progress)
    {
        double in_all;
        r->done_ps = now.time_ps;
        done_here(j, &in_all);
        snprintf(note, sizeof note, "run %d: %.0f K, E_IS %.4f eV, %.3g ns/day in all", r->number,
                 now.temperature_K, last ? last->energy : NAN, ns_per_day(j));
        sg_log_progress(&j->c->log, "md (ps)", in_all, j->n * (double)(j->n_rows - 1) * j->opt.interval_ps,
                        note);
    }
}

static sg_status go_on(md_run *r)
{
    int64_t n, before;
    const sg_series_row *rows = sg_series_rows(r->series, &n);
    sg_status st = SG_OK;

    while (st == SG_OK && n < r->job->n_rows) {
        before = n;
        st = sg_series_next(r->series, PIECE);
        rows = sg_series_rows(r->series, &n);
        if (st == SG_OK && n > before) st = write_row(r, &rows[n - 1]);
        if (st == SG_OK) show(r, n > 0 ? &rows[n - 1] : NULL);
        if (st == SG_OK && n > before && cli_now_s() - r->saved_s > SAVE_EVERY_S) st = save(r);
    }
    if (st != SG_OK && st != SG_EINTERRUPTED) return sg_fail_context(st, "run %d", r->number);
    const sg_status saved = save(r);
    return saved == SG_OK ? st : saved;
}

static void take_run(void *arg, int task, int thread)
{
    md_run *const r = &((md_job *)arg)->run[task];

    (void)thread;
    if (sg_interrupt_requested())
        r->status = sg_fail(SG_EINTERRUPTED, "interrupted");
    else {
        r->status = begin(r);
        if (r->status == SG_OK) r->status = go_on(r);
    }
    if (r->status != SG_OK) r->error = sg_strdup(sg_error_text());
    const sg_status closed = sg_tsv_close(r->tsv);
    r->tsv = NULL;
    if (r->status == SG_OK && closed != SG_OK) {
        r->status = closed;
        r->error = sg_strdup(sg_error_text());
    }
}

/* ---- all runs ---- */

/* The first failure by the number of the run; an interruption only if there is no other. */
static sg_status first_failure(const md_job *j)
{
    int interrupted = 0;

    for (int k = 0; k < j->n; k++) {
        const md_run *const r = &j->run[k];
        interrupted |= r->status == SG_EINTERRUPTED;
        if (r->status != SG_OK && r->status != SG_EINTERRUPTED)
            return sg_fail(r->status, "%s", r->error ? r->error : sg_status_text(r->status));
    }
    return interrupted ? sg_fail(SG_EINTERRUPTED, "interrupted; the same command with --resume goes on")
                       : SG_OK;
}

static sg_status run_all(md_job *j)
{
    const int threads = omp_get_max_threads();
    sg_team *team = NULL;
    const sg_batch batch = {.n = j->n, .run = take_run, .arg = j};

    j->begin_s = cli_now_s();
    sg_status st = sg_team_create(threads < j->n ? threads : j->n, NULL, &j->c->log, &team);
    if (st == SG_OK) st = sg_team_run(team, &batch);
    sg_team_free(team);
    return st == SG_OK ? first_failure(j) : st;
}

static sg_status write_means(const md_job *j, const sg_series *const *series)
{
    char text[7][SG_NUMBER_TEXT];
    char *const path = cli_beside(j->c->out, "-mean", NULL);
    sg_tsv *tsv = NULL;
    sg_status st = path ? SG_OK : sg_fail(SG_ENOMEM, "means");

    if (st == SG_OK && cli_is_there(path)) st = sg_tsv_truncate_rows(path, 0);
    if (st == SG_OK) st = sg_tsv_open(path, mean_columns, &tsv);
    for (int64_t row = 0; st == SG_OK && row < j->n_rows; row++) {
        const sg_series_mean m = sg_series_mean_of(j->n, series, row);
        st = sg_tsv_row(tsv, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d",
                        sg_text_number(m.time_ps / SG_PS_PER_S, text[0]), sg_text_number(m.energy, text[1]),
                        sg_text_number(m.energy_se, text[2]), sg_text_number(m.shear_GPa, text[3]),
                        sg_text_number(m.shear_se_GPa, text[4]), sg_text_number(m.temperature_K, text[5]),
                        sg_text_number(m.pressure_GPa, text[6]), m.n);
    }
    const sg_status closed = sg_tsv_close(tsv);
    sg_free(path);
    return st == SG_OK ? closed : st;
}

static sg_status report(md_job *j)
{
    cli *const c = j->c;
    const sg_series **const series = sg_calloc((size_t)j->n, sizeof *series);
    sg_status st = SG_OK;

    if (!series) return sg_fail(SG_ENOMEM, "%d runs", j->n);
    for (int k = 0; k < j->n; k++)
        series[k] = j->run[k].series;
    if (j->n > 1) st = write_means(j, series);
    const sg_series_mean m = sg_series_mean_of(j->n, series, j->n_rows - 1);
    sg_free(series);
    if (st != SG_OK) return st;
    cli_result_integer(c, "n_runs", j->n);
    cli_result_integer(c, "n_rows", j->n_rows);
    cli_result_number(c, "time_s", m.time_ps / SG_PS_PER_S);
    cli_result_number(c, "eis_eV", m.energy);
    if (j->n > 1) cli_result_number(c, "eis_se_eV", m.energy_se);
    cli_result_number(c, "tau_xy_GPa", m.shear_GPa);
    if (j->n > 1) cli_result_number(c, "tau_xy_se_GPa", m.shear_se_GPa);
    cli_result_number(c, "temperature_K", m.temperature_K);
    cli_result_number(c, "pressure_GPa", m.pressure_GPa);
    cli_result_integer(c, "n_atoms", j->model.sys->n);
    sg_log_line(&c->log, SG_LOG_INFO, "%.3g ns/day in all runs, inherent structures included", ns_per_day(j));
    return SG_OK;
}

static sg_status prepare(md_job *j)
{
    cli *const c = j->c;
    double gamma = NAN;

    sg_status st = cli_number(c, "xy", -1, 1, &gamma);
    if (st == SG_OK) st = cli_load(c, c->input[0], &j->model);
    if (st == SG_OK && !isnan(gamma))
        st = sg_run_strain(j->model.pot, j->model.sys, gamma, j->opt.minimize.f_max, &c->log);
    return st;
}

static sg_status run(cli *c)
{
    md_job j = {.c = c};

    sg_status st = cli_configure(c, NULL);
    if (st == SG_OK) st = check_names(c);
    if (st == SG_OK) st = take_options(&j);
    if (st == SG_OK) st = name_files(&j);
    if (st == SG_OK) st = prepare(&j);
    if (st == SG_OK) st = run_all(&j);
    if (st == SG_OK) st = report(&j);
    for (int k = 0; j.run && k < j.n; k++) {
        md_run *const r = &j.run[k];
        sg_series_free(r->series);
        sg_free(r->table);
        sg_free(r->saved);
        sg_free(r->frames);
        sg_free(r->error);
    }
    sg_free(j.run);
    cli_model_free(&j.model);
    return st;
}

const cli_command cmd_md = {
    .name = "md",
    .summary = "isothermal molecular dynamics with the series E_IS(t)",
    .usage = "IN [--xy GAMMA] [--time PS] [--runs N] -o OUT.tsv",
    .details =
        "Every --interval a copy of the atoms is relaxed at fixed cell: a row of time, E_IS, its shear "
        "stress,\n"
        "the mean temperature since the row before, and more. The dynamics never sees the relaxation.\n"
        "With --runs N there are OUT-1.tsv .. OUT-N.tsv and OUT-mean.tsv with standard errors; runs\n"
        "share the threads. Ctrl-C saves; the same command with --resume goes on to the same bits, also\n"
        "of runs that have ended, if --time is longer.",
    .example = "slowglass md validation/samples/Cu64Zr36_500.extxyz --xy 0.04 --temperature 600 --time 2 "
               "--interval 1 --runs 2 --potential eam/fs:CuZr_mm.eam.fs -o md.tsv",
    .min_inputs = 1,
    .max_inputs = 1,
    .options = options,
    .run = run,
};
