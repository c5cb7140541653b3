/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows about runs: a vacancy in a crystal from an empty catalog, and a walk among states that are all known.
 */
#include "bench_internal.h"
#include "slowglass/run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { VACANCY_WARM = 30, VACANCY_STEPS = 400, VISITED_WARM = 2000, VISITED_STEPS = 40000 };

typedef struct walk {
    sg_system *sys; /* as the run begins; each stretch gets a copy */
    sg_potential *pot;
    sg_config cfg;
    char *folder;
    bench_cost cost; /* of the last stretch */
    sg_run_summary sum;
} walk;

static void walk_clear(walk *w)
{
    if (w->folder) bench_remove(w->folder);
    sg_free(w->folder);
    sg_config_clear(&w->cfg);
    sg_potential_free(w->pot);
    sg_system_free(w->sys);
}

/* Settings for a run that leaves no pictures and no frames. */
static sg_status walk_init(bench *b, const char *name, const char *const assignment[], walk *w)
{
    char seed[48];
    sg_status st = sg_config_defaults(&w->cfg);

    snprintf(seed, sizeof seed, "kmc.seed=%llu", (unsigned long long)b->opt->seed);
    if (st == SG_OK) st = sg_config_set(&w->cfg, "output.picture=no");
    if (st == SG_OK) st = sg_config_set(&w->cfg, "output.snapshot=none");
    if (st == SG_OK) st = sg_config_set(&w->cfg, "system.structure=made-on-the-spot");
    if (st == SG_OK) st = sg_config_set(&w->cfg, seed);
    for (int k = 0; assignment[k] && st == SG_OK; k++)
        st = sg_config_set(&w->cfg, assignment[k]);
    if (st == SG_OK && !(w->folder = bench_path(b, name))) st = sg_fail(SG_ENOMEM, "run");
    return st;
}

/* Walk up to a number of steps in all; a first call begins the run, later ones go on. Opening is not counted.
 */
static sg_status walk_to(bench *b, walk *w, int steps, int resume)
{
    char text[48];
    sg_run *run = NULL;
    sg_system *sys = NULL;
    bench_meter meter;

    snprintf(text, sizeof text, "kmc.max_steps=%d", steps);
    sg_status st = sg_config_set(&w->cfg, text);
    if (st == SG_OK) st = sg_system_copy(w->sys, &sys);
    if (st == SG_OK) st = sg_run_open(&w->cfg, sys, w->pot, w->folder, resume, 1, NULL, b->opt->log, &run);
    if (st == SG_OK) {
        bench_meter_begin(&meter);
        st = sg_run_walk(run, &w->sum);
        w->cost = bench_meter_end(&meter);
    }
    sg_run_close(run);
    sg_system_free(sys);
    if (st == SG_OK && w->sum.last.step < (uint64_t)steps)
        st = sg_fail(SG_ENUMERIC, "the run ended (%s) after %llu steps of %d", sg_run_end_text(w->sum.end),
                     (unsigned long long)w->sum.last.step, steps);
    return st;
}

typedef struct vacancy_study { /* after its first step */
    char missing[160];
    walk walk;
    bench_cost first;
} vacancy_study;

void bench_free_vacancy(vacancy_study *s)
{
    if (s) walk_clear(&s->walk);
    sg_free(s);
}

/* The vacancy walks in bcc iron: openFLY's example but for its potential, which has hydrogen too. */
static sg_status begin_vacancy(bench *b, sg_bench_result *out, vacancy_study *s)
{
    static const char *const assignment[] = {
        "potential.style=eam/fs", "potential.file=" BENCH_POTENTIALS "Fe_mm.eam.fs",
        "potential.elements=Fe",  "kmc.temperature_K=500",
        "kmc.max_time_s=1e9",     NULL};
    walk *const w = &s->walk;
    sg_status st = sample_crystal("Fe", 0, 6, 2.8553, 0, 1, &w->sys);

    if (st == SG_OK) st = sample_potential("eam/fs:" BENCH_POTENTIALS "Fe_mm.eam.fs", w->sys, out, &w->pot);
    memcpy(s->missing, out->missing, sizeof s->missing);
    if (st != SG_OK || !w->pot) return st;
    if ((st = walk_init(b, "vacancy", assignment, w)) != SG_OK) return st;
    st = walk_to(b, w, 1, 0);
    s->first = w->cost;
    return st;
}

static sg_status shared_vacancy(bench *b, sg_bench_result *out, vacancy_study **s)
{
    sg_status st = SG_OK;

    if (!b->vacancy) {
        if (!(b->vacancy = sg_calloc(1, sizeof *b->vacancy))) return sg_fail(SG_ENOMEM, "vacancy");
        st = begin_vacancy(b, out, b->vacancy);
    }
    memcpy(out->missing, b->vacancy->missing, sizeof out->missing);
    *s = *out->missing ? NULL : b->vacancy;
    return st;
}

sg_status row_vacancy_first(bench *b, sg_bench_result *out)
{
    vacancy_study *s = NULL;
    const sg_status st = shared_vacancy(b, out, &s);

    if (st != SG_OK || !s) return st;
    out->value = s->first.cpu_s;
    bench_detail(out, "barrier_eV", s->walk.sum.last.barrier);
    bench_detail(out, "searches", (double)s->walk.sum.n_searches);
    bench_detail(out, "full_call_equivalents", s->walk.sum.stats.force_calls);
    bench_detail(out, "instructions", s->first.instructions);
    bench_detail(out, "atoms", s->walk.sys->n);
    return SG_OK;
}

/* After some steps all surroundings of the vacancy have been met; what follows is drawn from the catalog. */
sg_status row_vacancy_steps(bench *b, sg_bench_result *out)
{
    vacancy_study *s = NULL;
    sg_status st = shared_vacancy(b, out, &s);

    if (st != SG_OK || !s) return st;
    walk *const w = &s->walk;
    if ((st = walk_to(b, w, VACANCY_WARM, 1)) != SG_OK) return st;
    const uint64_t searches = w->sum.n_searches, states = w->sum.n_states, events = w->sum.n_events;
    if ((st = walk_to(b, w, VACANCY_WARM + VACANCY_STEPS, 1)) != SG_OK) return st;
    out->value = VACANCY_STEPS / w->cost.cpu_s;
    bench_detail(out, "full_call_equivalents_per_step", w->sum.stats.force_calls / VACANCY_STEPS);
    bench_detail(out, "refinements_per_step", (double)w->sum.stats.refinements / VACANCY_STEPS);
    bench_detail(out, "searches_meanwhile", (double)(w->sum.n_searches - searches));
    bench_detail(out, "states_new_per_step", (double)(w->sum.n_states - states) / VACANCY_STEPS);
    bench_detail(out, "events_new_per_step", (double)(w->sum.n_events - events) / VACANCY_STEPS);
    return SG_OK;
}

sg_status row_visited_steps(bench *b, sg_bench_result *out)
{
    static const char *const assignment[] = {"potential.style=lj",    "potential.pair=0.2 2.338 5",
                                             "potential.elements=Cu", "kmc.temperature_K=300",
                                             "kmc.max_time_s=1e9",    "search.curvature_out_eV_per_A2=-0.05",
                                             "basin.enable=no",       NULL};
    static const char *const cu[] = {"Cu"};
    walk w = {.sys = NULL};
    sg_status st = sample_adatom(&w.sys);

    if (st == SG_OK) st = sg_potential_create(adatom_potential, NULL, 1, cu, &w.pot);
    if (st == SG_OK) st = walk_init(b, "adatom", assignment, &w);
    if (st == SG_OK) st = walk_to(b, &w, VISITED_WARM, 0);
    const uint64_t states = w.sum.n_states;
    if (st == SG_OK) st = walk_to(b, &w, VISITED_WARM + VISITED_STEPS, 1);
    if (st == SG_OK) {
        out->value = VISITED_STEPS / w.cost.cpu_s;
        bench_detail(out, "states", (double)w.sum.n_states);
        bench_detail(out, "states_new_meanwhile", (double)(w.sum.n_states - states));
    }
    walk_clear(&w);
    return st;
}
