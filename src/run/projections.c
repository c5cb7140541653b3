/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and frames drawn from the catalog. At the beginning of a process they are made anew from what the
 * catalog holds (rows of a torn or edited file never survive a resume), afterwards rows are appended as the
 * walk goes. A row depends on records alone, so the files are the same bytes whether a run was interrupted or
 * not. */
#include "run_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char trajectory_columns[] = "step\ttime_s\teis_eV\ttau_xy_GPa\tstate\tevent\tcentre\tbarrier_"
                                         "eV\tdt_s\trate_total_per_s\trate_missing_per_s\tn_events\t"
                                         "n_searches\tbasin\tn_hops";
static const char event_columns[] = "step\ttime_s\tevent\treverse\tfrom\tto\tbarrier_eV\tbarrier_back_eV\tdE_"
                                    "eV\tcentre\tparticipation\tdist_final_A\t"
                                    "dEb_dgxy_eV\tdE_dgxy_eV\tsaddle_force_eV_per_A\tcurvature_eV_per_"
                                    "A2\tcurvature2_eV_per_A2\tsource\tsampler\tbelow_3kT";
static const char search_columns[] =
    "id\tstate\tatom\tattempt\tsampler\toutcome\tcalls_leave\tcalls_climb\tcalls_refine\tcalls_relax\t"
    "calls_verify\tbarrier_eV\tevent\tdraw";
static const double flush_every = 1.0; /* s of wall time: what a look into the files may lag behind */

static void stress_of(const sg_run *run, const sg_cat_state *s, double stress[6])
{
    for (int k = 0; k < 6; k++)
        stress[k] = s->virial[k] / run->sys->cell.volume;
}

/* --- rows --- */

static sg_status write_step(sg_run *run, const sg_cat_step *r)
{
    const int start = r->step == 0;
    const double unknown = NAN; /* an increment of the strain has them in its record */

    return sg_tsv_row(run->out.trajectory,
                      "%" PRIu64 "\t%.17g\t%.17g\t%.17g\t%" PRIu64 "\t%" PRIu64
                      "\t%d\t%.17g\t%.17g\t%.17g\t%.17g\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu32 "\t%.17g",
                      r->step, r->time, r->energy, r->tau, r->state, r->edge,
                      r->edge == 0 ? 0 : run->sys->id[r->centre], start ? unknown : r->barrier, r->dt,
                      start ? unknown : r->rate_total, start ? unknown : r->rate_missing, r->n_edges,
                      r->n_searches, r->basin_size, r->n_hops);
}

static sg_status write_event(sg_run *run, const sg_cat_step *r)
{
    if (r->edge == 0) return SG_OK; /* the start, an increment of the strain */
    const sg_cat_edge *e = sg_explorer_edge(run->ex, r->edge);
    const int back = r->reverse;
    const double forth = back ? e->barrier_back : e->barrier, home = back ? e->barrier : e->barrier_back;

    return sg_tsv_row(run->out.events,
                      "%" PRIu64 "\t%.17g\t%" PRIu64 "\t%d\t%" PRIu64 "\t%" PRIu64
                      "\t%.17g\t%.17g\t%.17g\t%d\t%.6g\t%.6g\t%.9g\t%.9g\t%.3g\t"
                      "%.6g\t%.6g\t%s\t%s\t%d",
                      r->step, r->time, e->id, back, back ? e->to : e->from, back ? e->from : e->to, forth,
                      home, forth - home, run->sys->id[back ? e->centre_back : e->centre], e->participation,
                      e->dist_final, back ? e->strain_saddle[3] - e->strain_final[3] : e->strain_saddle[3],
                      back ? -e->strain_final[3] : e->strain_final[3], e->saddle_force, e->curvature,
                      e->curvature2, sg_source_text(e->source), sg_sampler_text((sg_sampler)e->sampler),
                      forth < 3 * SG_KB * run->cfg->kmc.temperature_K);
}

typedef struct search_writer {
    sg_run *run;
    sg_status st;
} search_writer;

static int write_search(void *arg, const void *record)
{
    search_writer *w = arg;
    const sg_cat_search *r = record;

    w->st = sg_tsv_row(w->run->out.searches,
                       "%" PRIu64 "\t%" PRIu64 "\t%d\t%" PRIu32 "\t%s\t%s\t%u\t%u\t%u\t%u\t%u\t%.9g\t%" PRIu64
                       "\t%d",
                       r->id, r->state, r->atom < (uint32_t)w->run->sys->n ? w->run->sys->id[r->atom] : 0,
                       r->attempt & ~SG_CAT_SEARCH_DRAW, sg_sampler_text((sg_sampler)r->sampler),
                       sg_outcome_text((sg_outcome)r->outcome), r->calls[0], r->calls[1], r->calls[2],
                       r->calls[3], r->calls[4], r->barrier, r->edge, (r->attempt & SG_CAT_SEARCH_DRAW) != 0);
    w->run->out.next_search = r->id + 1;
    return w->st != SG_OK;
}

sg_status projections_committed(sg_run *run)
{
    search_writer w = {run, SG_OK};
    uint64_t n_steps = 0;
    sg_status st = sg_catalog_each_from(run->cat, SG_DB_SEARCHES, run->out.next_search, write_search, &w);

    if (st == SG_OK) st = w.st;
    if (st == SG_OK) st = sg_catalog_count(run->cat, SG_DB_STEPS, &n_steps);
    if (st == SG_OK && n_steps > 0) st = basins_write(run, n_steps - 1);
    if (st == SG_OK) st = strain_write(run);
    return st == SG_OK && n_steps > 0 ? reuse_write(run, n_steps - 1) : st;
}

/* --- frames --- */

/* Each step, or the first one in every part of a decade of time. Decided by the rows alone: a resumed run has
 * the same frames. */
static int has_frame(const sg_run *run, const sg_cat_step *r, double last_time)
{
    if (run->cfg->output.snapshot == SG_SNAPSHOT_NONE) return 0;
    if (run->cfg->output.snapshot == SG_SNAPSHOT_EVERY || r->step < 2) return 1;
    const double per_decade = run->cfg->output.snapshot_per_decade;
    return floor(per_decade * log10(r->time)) > floor(per_decade * log10(last_time));
}

static sg_status write_frame(sg_run *run, const sg_cat_step *r, const char *path, int append)
{
    const sg_cat_state *s = sg_explorer_state(run->ex, r->state);
    const int64_t step = (int64_t)r->step, state = (int64_t)r->state;
    const double time = r->time * 1e12; /* ps */
    double stress[6];
    const sg_frame_info info = {
        .energy = &s->energy, .stress = stress, .step = &step, .time = &time, .state = &state};

    stress_of(run, s, stress);
    const sg_system *frame = sg_explorer_frame(run->ex, r->state);
    return append ? sg_io_append_extxyz(path, frame, &info) : sg_io_write_extxyz(path, frame, &info);
}

sg_status projections_final(sg_run *run, const sg_cat_step *row)
{
    char *path = run_path(run->folder, "final.extxyz");
    const sg_status st = path ? write_frame(run, row, path, 0) : sg_fail(SG_ENOMEM, "final.extxyz");
    sg_free(path);
    return st;
}

/* --- beginning, going on, ending --- */

static sg_status fresh_table(const sg_run *run, const char *name, const char *columns, sg_tsv **out)
{
    char *path = run_path(run->folder, name);
    sg_status st = path ? SG_OK : sg_fail(SG_ENOMEM, "%s", name);

    if (st == SG_OK && unlink(path) != 0 && errno != ENOENT)
        st = sg_fail(SG_EIO, "%s: %s", path, strerror(errno));
    if (st == SG_OK) st = sg_tsv_open(path, columns, out);
    sg_free(path);
    return st;
}

typedef struct replay {
    sg_run *run;
    int64_t frames, kept; /* frames so far; those that the file holds already */
    sg_status st;
} replay;

static int count_frame(void *arg, const void *record)
{
    replay *p = arg;
    const sg_cat_step *r = record;

    p->frames += has_frame(p->run, r, p->run->out.last_time);
    p->run->out.last_time = r->time;
    return 0;
}

/* The rate out of the step's states lies between R and R + R_missing, so the mean of its time is that much
 * less. */
static void count_missing(projections *out, const sg_cat_step *r)
{
    if (r->step > 0 && r->rate_missing > 0)
        out->time_missing += r->dt * r->rate_missing / (r->rate_total + r->rate_missing);
}

static int replay_step(void *arg, const void *record)
{
    replay *p = arg;
    const sg_cat_step *r = record;

    count_missing(&p->run->out, r);
    p->st = write_step(p->run, r);
    if (p->st == SG_OK) p->st = write_event(p->run, r);
    if (p->st == SG_OK && has_frame(p->run, r, p->run->out.last_time) && p->frames++ >= p->kept)
        p->st = write_frame(p->run, r, p->run->out.frames, 1);
    p->run->out.last_time = r->time;
    return p->st != SG_OK;
}

/* Frames of a file that holds whole ones only: a line with the number of atoms, then that many and one more.
 */
static sg_status count_frames(const char *path, int64_t *n)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;

    *n = 0;
    if (!file) return sg_fail(SG_EIO, "%s: %s", path, strerror(errno));
    while (getline(&line, &size, file) > 0) {
        for (long left = strtol(line, NULL, 10) + 1; left > 0; left--)
            if (getline(&line, &size, file) <= 0) break;
        ++*n;
    }
    free(line);
    const int failed = ferror(file);
    fclose(file);
    return failed ? sg_fail(SG_EIO, "%s: cannot be read", path) : SG_OK;
}

/* Cut the file to at most `most` frames and whatever is whole. */
static sg_status keep_frames(const char *path, int64_t most, int64_t *kept)
{
    const sg_status st = sg_io_truncate_extxyz(path, most);

    *kept = 0;
    if (st == SG_ENOTFOUND) return SG_OK;
    return st == SG_OK ? count_frames(path, kept) : st;
}

sg_status projections_open(sg_run *run)
{
    replay p = {.run = run};
    sg_status st = fresh_table(run, "trajectory.tsv", trajectory_columns, &run->out.trajectory);

    if (st == SG_OK) st = fresh_table(run, "events.tsv", event_columns, &run->out.events);
    if (st == SG_OK) st = fresh_table(run, "searches.tsv", search_columns, &run->out.searches);
    if (st == SG_OK) st = fresh_table(run, "reuse.tsv", reuse_columns, &run->out.reuse);
    if (st == SG_OK) st = fresh_table(run, "basins.tsv", basin_columns, &run->out.basins);
    if (st == SG_OK && strain_changes(run))
        st = fresh_table(run, "strain.tsv", strain_columns, &run->out.strain);
    if (st != SG_OK) return st;
    run->out.frames = run_path(run->folder, "trajectory.extxyz");
    if (!run->out.frames) return sg_fail(SG_ENOMEM, "trajectory.extxyz");
    if ((st = sg_catalog_each(run->cat, SG_DB_STEPS, count_frame, &p)) != SG_OK) return st;
    if ((st = keep_frames(run->out.frames, p.frames, &p.kept)) != SG_OK) return st;
    p.frames = 0;
    run->out.last_time = 0;
    st = sg_catalog_each(run->cat, SG_DB_STEPS, replay_step, &p);
    if (st == SG_OK) st = p.st;
    return st == SG_OK ? projections_flush(run) : st;
}

sg_status projections_step(sg_run *run, const sg_cat_step *row)
{
    sg_status st = write_step(run, row);

    count_missing(&run->out, row);
    if (st == SG_OK) st = write_event(run, row);
    if (st == SG_OK && has_frame(run, row, run->out.last_time))
        st = write_frame(run, row, run->out.frames, 1);
    run->out.last_time = row->time;
    if (st == SG_OK && run_now_s() - run->out.flushed_s > flush_every) st = projections_flush(run);
    return st;
}

sg_status projections_flush(sg_run *run)
{
    sg_status st = projections_committed(run);

    run->out.flushed_s = run_now_s();
    if (st == SG_OK) st = sg_tsv_flush(run->out.trajectory);
    if (st == SG_OK) st = sg_tsv_flush(run->out.events);
    if (st == SG_OK) st = sg_tsv_flush(run->out.reuse);
    if (st == SG_OK) st = sg_tsv_flush(run->out.basins);
    if (st == SG_OK && run->out.strain) st = sg_tsv_flush(run->out.strain);
    return st == SG_OK ? sg_tsv_flush(run->out.searches) : st;
}

sg_status projections_end(sg_run *run, const sg_cat_step *row)
{
    sg_status st = projections_flush(run);
    if (st == SG_OK) st = reuse_write(run, row->step + 1);
    return st == SG_OK ? sg_tsv_flush(run->out.reuse) : st;
}

sg_status projections_last(sg_run *run, const run_last *last)
{
    sg_status st = write_step(run, &last->row);

    count_missing(&run->out, &last->row);
    if (st == SG_OK) st = sg_tsv_flush(run->out.trajectory);
    return st == SG_OK ? basins_last(run, last) : st;
}

sg_status projections_close(sg_run *run)
{
    sg_tsv *table[] = {run->out.trajectory, run->out.events, run->out.searches,
                       run->out.reuse,      run->out.basins, run->out.strain};
    sg_status st = SG_OK;

    for (int k = 0; k < 6; k++) {
        const sg_status end = sg_tsv_close(table[k]);
        if (st == SG_OK) st = end;
    }
    sg_free(run->out.frames);
    memset(&run->out, 0, sizeof run->out);
    return st;
}
