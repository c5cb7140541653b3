/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run from its settings to its end. The order of a beginning: all checks, the folder, run.ini,
 * start.extxyz, the catalog with the run's identity, the strained and relaxed state 0 as row 0. A kill
 * between any two of these leaves a folder that
 * --resume takes up where it stands. */
#include "run_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

double run_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const char *sg_run_end_text(sg_run_end end)
{
    static const char *const text[] = {"max_steps", "max_time",    "max_wall",
                                       "no_events", "interrupted", "below_eis"};
    return text[end];
}

/* --- progress --- */

static int wall_is_up(const void *arg)
{
    const sg_run *run = arg;
    const double limit = run->cfg->kmc.max_wall_s;
    return limit > 0 && run->begin_s > 0 && run_now_s() - run->begin_s >= limit;
}

static int is_below(const sg_run *run, const sg_cat_step *row)
{
    const double limit = run->cfg->kmc.stop_below_eis_eV;
    return limit < 0 && row->energy <= limit;
}

static void take_progress(void *self, const char *what, double done, double total, const char *note)
{
    sg_run *run = self;
    char text[SG_RUN_NOTE];

    (void)what;
    (void)note;
    run->tasks_now = total;
    if (!run->walk || !pace_is_due(&run->pace, run_now_s())) return;
    const sg_cat_step row = sg_kmc_row(run->walk);
    pace_note(run, &row, text);
    sg_log_progress(run->log, "searches", run->tasks_before + done, run->tasks_before + total, text);
    picture_look(run);
}

static void take_line(void *self, sg_log_level level, const char *text)
{
    const sg_run *run = self;
    sg_log_line(run->log, level, "%s", text);
}

/* --- beginning --- */

static sg_status write_start(const sg_run *run)
{
    char *path = run_path(run->folder, "start.extxyz");
    const sg_status st = path ? sg_io_write_extxyz(path, run->sys, NULL) : sg_fail(SG_ENOMEM, "start.extxyz");
    sg_free(path);
    return st;
}

static sg_status open_catalog(sg_run *run, int resume)
{
    char *path = run_path(run->folder, "catalog");
    sg_status st = path ? SG_ENOTFOUND : sg_fail(SG_ENOMEM, "catalog");

    if (path && resume) st = sg_catalog_open(path, 1, run->log, &run->cat);
    if (st == SG_ENOTFOUND) { /* a new run, or one that was killed before it had a catalog */
        st = sg_catalog_create(path, &run->setup.header, &run->cat);
        if (st == SG_OK) sg_catalog_set_log(run->cat, run->log);
    }
    if (st == SG_OK)
        st = sg_catalog_header_match(sg_catalog_get_header(run->cat), path, &run->setup.header, "this run");
    for (int k = 0; k < run->cfg->catalog.base.n && st == SG_OK; k++)
        st = sg_catalog_add_base(run->cat, run->cfg->catalog.base.value[k]);
    sg_free(path);
    return st;
}

/* Bring the structure to its strain; relaxed, when it is to become state 0. */
static sg_status strain_start(sg_run *run)
{
    uint64_t n_steps = 0;
    const sg_status st = sg_catalog_count(run->cat, SG_DB_STEPS, &n_steps);

    if (st != SG_OK) return st;
    if (n_steps > 0)
        return sg_system_set_strain(run->sys, run->cfg->strain.xy); /* positions come with the states */
    if (run->sys->cell.gamma != run->cfg->strain.xy)
        sg_log_line(run->log, SG_LOG_INFO, "shearing from strain %g to %g", run->sys->cell.gamma,
                    run->cfg->strain.xy);
    return sg_run_strain(run->pot, run->sys, run->cfg->strain.xy, run->cfg->search.force_minimum_eV_per_A,
                         run->log);
}

static sg_status start_walk(sg_run *run)
{
    uint64_t id = 0;
    sg_status st = strain_start(run);

    run->inner = (sg_log){take_line, take_progress, run};
    if (st == SG_OK)
        st = sg_explorer_create(run->pot, run->sys, &run->setup.topology, run->cat, &run->setup.explore,
                                &run->inner, &run->ex);
    if (st == SG_OK && sg_explorer_n_states(run->ex) == 0)
        st = sg_explorer_add_state(run->ex, (const double(*)[3])run->sys->x, &id);
    if (st == SG_OK) st = sg_kmc_create(run->ex, run->cat, 0, &run->setup.kmc, &run->walk);
    if (st == SG_OK) run->e_start = sg_explorer_state(run->ex, 0)->energy;
    return st == SG_OK ? projections_open(run) : st;
}

sg_status sg_run_open(sg_config *cfg, sg_system *sys, const sg_potential *pot, const char *folder, int resume,
                      int threads, sg_link *link, const sg_log *log, sg_run **out)
{
    sg_run *run = sg_calloc(1, sizeof *run);
    char *identity = NULL;
    sg_cat_run record;
    sg_status st;

    *out = NULL;
    if (!run) return sg_fail(SG_ENOMEM, "run");
    *run = (sg_run){.cfg = cfg, .sys = sys, .pot = pot, .log = log};
    if (!(run->folder = sg_strdup(folder))) {
        st = sg_fail(SG_ENOMEM, "run");
        goto done;
    }
    if ((st = sg_config_validate(cfg)) != SG_OK || (st = sg_run_window(cfg)) != SG_OK) goto done;
    if ((st = sg_run_setup_make(cfg, sys, pot, threads, log, &run->setup)) != SG_OK) goto done;
    run->setup.explore.link = link;
    run->setup.explore.stop = wall_is_up;
    run->setup.explore.stop_arg = run;
    run->setup.kmc.log = log;
    if ((st = run_identity(cfg, sg_system_hash(sys), pot->fingerprint, &identity)) != SG_OK) goto done;
    record = run_describe(cfg, &run->setup.explore, identity, "age", cfg->system.structure);
    run->setup.explore.run = record.id;
    if (!resume) {
        if ((st = sg_run_check_folder(folder)) != SG_OK || (st = run_make_folder(folder)) != SG_OK) goto done;
        if ((st = run_write_settings(folder, cfg)) != SG_OK || (st = write_start(run)) != SG_OK) goto done;
    }
    if ((st = open_catalog(run, resume)) != SG_OK) goto done;
    if ((st = run_check_identity(run->cat, identity, &record, folder)) != SG_OK) goto done;
    if (resume && (st = run_write_settings(folder, cfg)) != SG_OK) goto done; /* with the new stop criteria */
    if ((st = start_walk(run)) != SG_OK) goto done;
    *out = run;
    run = NULL;
done:
    sg_free(identity);
    sg_run_close(run);
    return st;
}

void sg_run_close(sg_run *run)
{
    if (!run) return;
    picture_end(run);
    (void)projections_close(run);
    sg_kmc_free(run->walk);
    sg_explorer_free(run->ex);
    sg_catalog_close(run->cat);
    sg_free(run->folder);
    sg_free(run);
}

/* --- walking --- */

static sg_status walk(sg_run *run, sg_run_end *why)
{
    sg_cat_step row = sg_kmc_row(run->walk);
    sg_kmc_end end = SG_KMC_MOVED;

    while (row.step < (uint64_t)run->cfg->kmc.max_steps) {
        if (sg_interrupt_requested()) return *why = SG_RUN_INTERRUPTED, SG_OK;
        if (wall_is_up(run)) return *why = SG_RUN_MAX_WALL, SG_OK;
        if (is_below(run, &row)) return *why = SG_RUN_BELOW_EIS, SG_OK;
        run->tasks_now = 0;
        sg_status st = sg_kmc_step(run->walk, &row, &end);
        if (st == SG_EINTERRUPTED)
            return *why = sg_interrupt_requested() ? SG_RUN_INTERRUPTED : SG_RUN_MAX_WALL, SG_OK;
        if (st != SG_OK) return st;
        run->tasks_before += run->tasks_now;
        if (end == SG_KMC_TIME_UP) return *why = SG_RUN_MAX_TIME, SG_OK;
        if (end == SG_KMC_NO_EVENTS) return *why = SG_RUN_NO_EVENTS, SG_OK;
        if ((st = projections_step(run, &row)) != SG_OK) return st;
        take_progress(run, NULL, 0, 0, NULL);
    }
    return *why = is_below(run, &row) ? SG_RUN_BELOW_EIS : SG_RUN_MAX_STEPS, SG_OK;
}

/* From the last step to max_time: a row of the tables alone. */
static sg_status go_to_end(sg_run *run, run_last *last)
{
    const sg_status st = sg_kmc_at_end(run->walk, &last->row, &last->stay);

    last->is_cut = 1;
    if (st == SG_OK && !(last->row.rate_total > 0))
        sg_log_line(run->log, SG_LOG_WARNING,
                    "no way out of these %u states is known: the walk stays in them until kmc.max_time_s",
                    last->row.basin_size);
    return st == SG_OK ? projections_last(run, last) : st;
}

sg_status sg_run_walk(sg_run *run, sg_run_summary *sum)
{
    const sg_cat_step begin = sg_kmc_row(run->walk);
    sg_run_end why = SG_RUN_MAX_STEPS;

    run->begin_s = run_now_s();
    run->begin_step = begin.step;
    run->begin_time = begin.time;
    pace_begin(&run->pace, run->begin_s, begin.time);
    sg_status st = walk(run, &why);
    picture_end(run);
    if (st == SG_OK) st = sg_kmc_commit(run->walk);
    const sg_cat_step row = sg_kmc_row(run->walk);
    run_last last = {.row = row};
    if (st == SG_OK) st = projections_end(run, &row);
    if (st == SG_OK && why == SG_RUN_MAX_TIME) st = go_to_end(run, &last);
    if (st != SG_OK) return st;
    if ((st = run_summarise(run, why, &last, sum)) != SG_OK) return st;
    if ((st = projections_final(run, &last.row)) != SG_OK) return st;
    if ((st = run_write_summary(run, sum)) != SG_OK) return st;
    if (run->cfg->output.picture && row.step > 0 && run_draw(run, sum) != SG_OK)
        sg_log_line(run->log, SG_LOG_WARNING, "no picture: %s", sg_error_text());
    if (why != SG_RUN_INTERRUPTED) return SG_OK;
    return sg_fail(SG_EINTERRUPTED,
                   "interrupted after step %llu; everything is saved, go on with: slowglass age --resume %s",
                   (unsigned long long)row.step, run->folder);
}
