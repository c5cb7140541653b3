/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States and rate tables of a run, read from its catalog, and trajectories in parallel. */
#include "slowglass/audit.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <omp.h>

#include "slowglass/vibration.h"

typedef struct loader {
    sg_catalog *cat;
    const sg_config *cfg;
    const sg_potential *pot;
    const sg_audit_options *opt;
    sg_potential_work *work;
    int relax;
} loader;

/* ---- the ways out ---- */

static double prefactor_of(const loader *l, const sg_cat_edge *e, int reverse)
{
    const double own = reverse ? e->prefactor_back : e->prefactor;
    const int has_own = (e->nu_status == SG_NU_DONE || e->nu_status == SG_NU_LENT) && own > 0;

    return l->cfg->kmc.prefactor_mode == SG_PREFACTOR_HTST && has_own ? own : l->cfg->kmc.prefactor_per_s;
}

static sg_status copy_target(const loader *l, uint64_t id, const sg_system *like, sg_audit_way *way)
{
    sg_cat_state target = {0};
    sg_status st = sg_catalog_get_state(l->cat, id, &target);

    if (st == SG_OK && target.n != (uint32_t)like->n)
        st = sg_fail(SG_EMISMATCH, "state %" PRIu64 " has %u atoms, the run %d", id, target.n, like->n);
    if (st == SG_OK) {
        way->x = target.x;
        way->energy = target.energy;
        target.x = NULL;
    }
    sg_cat_state_clear(&target);
    return st;
}

/* The displacement of an event between its own states, laid on this one. */
static sg_status lay_on(const loader *l, const sg_cat_edge *e, int reverse, const sg_audit_state *s,
                        sg_audit_way *way)
{
    sg_audit_way from = {0}, to = {0};
    sg_system *guess = NULL;
    sg_minimize_result r;
    sg_status st = copy_target(l, reverse ? e->to : e->from, s->sys, &from);

    if (st == SG_OK) st = copy_target(l, reverse ? e->from : e->to, s->sys, &to);
    if (st == SG_OK) st = sg_system_copy(s->sys, &guess);
    if (st == SG_OK) {
        sg_system_displacement(s->sys, (const double(*)[3])from.x, (const double(*)[3])to.x, to.x, NULL);
        for (int i = 0; i < guess->n; i++)
            for (int a = 0; a < 3; a++)
                guess->x[i][a] += to.x[i][a];
        sg_potential_work_reset(l->work);
        st = sg_minimize(l->pot, l->work, guess, NULL, &l->opt->minimize, &r);
    }
    if (st == SG_OK && r.stop == SG_STOP_CONVERGED) {
        memcpy(to.x, guess->x, (size_t)guess->n * sizeof *to.x);
        way->x = to.x;
        way->energy = r.energy;
        to.x = NULL;
    }
    sg_system_free(guess);
    sg_free(from.x);
    sg_free(to.x);
    return st;
}

static sg_status add_way(const loader *l, const sg_cat_entry *entry, sg_audit_state *s)
{
    const double kT = SG_KB * l->opt->temperature_K;
    sg_cat_edge e = {0};
    sg_audit_way way = {.edge = entry->edge, .barrier = entry->barrier, .energy = NAN};
    sg_status st = sg_catalog_get_edge(l->cat, entry->edge, &e);

    if (st != SG_OK) return sg_fail_context(st, "edge %" PRIu64, entry->edge);
    const uint64_t target = entry->reverse ? e.from : e.to;
    const int is_loop = !entry->kept && target == s->id;
    way.barrier_back = entry->reverse ? e.barrier : e.barrier_back;
    way.rate = prefactor_of(l, &e, entry->reverse) * exp(-entry->barrier / kT);
    way.is_flicker = way.barrier < l->opt->flicker * kT || way.barrier_back < l->opt->flicker * kT;
    if (!is_loop && !entry->kept) st = copy_target(l, target, s->sys, &way);
    if (entry->kept && l->relax) st = lay_on(l, &e, entry->reverse, s, &way);
    sg_cat_edge_clear(&e);
    if (st != SG_OK || is_loop) {
        sg_free(way.x);
        return st;
    }
    s->way[s->n_ways++] = way;
    if (!way.is_flicker) s->rate += way.rate;
    return SG_OK;
}

static sg_status load_ways(const loader *l, const sg_cat_table *table, sg_audit_state *s)
{
    sg_status st = SG_OK;

    s->way = sg_calloc(table->n_entries, sizeof *s->way);
    if (!s->way) return sg_fail(SG_ENOMEM, "rate table");
    for (uint32_t k = 0; k < table->n_entries && st == SG_OK; k++)
        st = add_way(l, &table->entry[k], s);
    const int same_temperature = fabs(l->opt->temperature_K - l->cfg->kmc.temperature_K) < 1e-9;
    s->rate_missing = same_temperature ? table->rate_missing : NAN;
    return st;
}

sg_status sg_audit_load(sg_catalog *cat, const sg_config *cfg, const sg_potential *pot, const sg_system *like,
                        const sg_audit_options *opt, uint64_t id, int relax, sg_audit_state *out)
{
    loader l = {cat, cfg, pot, opt, NULL, relax};
    sg_cat_state state = {0};
    sg_cat_table table = {0};
    sg_status st = sg_catalog_get_state(cat, id, &state), found = SG_OK;

    memset(out, 0, sizeof *out);
    out->id = id;
    if (st == SG_ENOTFOUND) st = sg_fail(SG_ENOTFOUND, "the run has no state %" PRIu64, id);
    if (st == SG_OK && state.n != (uint32_t)like->n)
        st = sg_fail(SG_EMISMATCH, "state %" PRIu64 " has %u atoms, the run %d", id, state.n, like->n);
    if (st == SG_OK) st = found = sg_catalog_get_table(cat, id, &table);
    if (found == SG_ENOTFOUND) st = sg_fail(found, "state %" PRIu64 " has no rate table", id);
    if (st == SG_OK) st = sg_system_copy(like, &out->sys);
    if (st == SG_OK) st = sg_system_set_strain(out->sys, state.gamma);
    if (st == SG_OK) {
        memcpy(out->sys->x, state.x, (size_t)like->n * sizeof *state.x);
        out->energy = state.energy;
        st = sg_potential_work_create(pot, &l.work);
    }
    if (st == SG_OK) st = load_ways(&l, &table, out);
    sg_potential_work_free(l.work);
    sg_cat_state_clear(&state);
    sg_cat_table_clear(&table);
    if (st != SG_OK) sg_audit_state_clear(out);
    return st;
}

/* ---- where a run has been ---- */

typedef struct stay {
    uint64_t state;
    double time;
} stay;

typedef struct stays {
    stay *at;
    size_t n, capacity;
    uint64_t present;
    int failed;
} stays;

/* A step's time belongs to the state that it began in, also of a basin. */
static int take_step(void *arg, const void *record)
{
    stays *all = arg;
    const sg_cat_step *r = record;
    void *at = all->at;
    const uint64_t state = all->present;

    all->present = r->state;
    if (r->step == 0) return 0;
    for (size_t k = 0; k < all->n; k++)
        if (all->at[k].state == state) {
            all->at[k].time += r->dt;
            return 0;
        }
    all->failed = sg_grow(&at, &all->capacity, all->n + 1, sizeof *all->at);
    all->at = at;
    if (!all->failed) all->at[all->n++] = (stay){state, r->dt};
    return all->failed;
}

static int longest_first(const void *left, const void *right)
{
    const stay *a = left, *b = right;
    return a->time != b->time ? (a->time < b->time) - (a->time > b->time)
                              : (a->state > b->state) - (a->state < b->state);
}

sg_status sg_audit_longest_states(sg_catalog *cat, int most, uint64_t **out, int *n)
{
    stays all = {0};
    sg_status st = sg_catalog_each(cat, SG_DB_STEPS, take_step, &all);

    *out = NULL;
    *n = 0;
    if (st == SG_OK && all.failed) st = sg_fail(SG_ENOMEM, "states");
    if (st == SG_OK && all.n == 0) st = sg_fail(SG_EINVAL, "the run has made no step yet, name states");
    if (st == SG_OK && !(*out = sg_calloc((size_t)most, sizeof **out))) st = sg_fail(SG_ENOMEM, "states");
    if (st == SG_OK) {
        qsort(all.at, all.n, sizeof *all.at, longest_first);
        for (; *n < most && (size_t)*n < all.n; ++*n)
            (*out)[*n] = all.at[*n].state;
    }
    sg_free(all.at);
    return st;
}

/* ---- many trajectories ---- */

enum { TEXT_SIZE = 300 };

typedef struct failure {
    sg_status st;
    char text[TEXT_SIZE];
} failure;

sg_status sg_audit_batch(const sg_potential *pot, const sg_audit_state *state, const sg_audit_options *opt,
                         uint64_t first, int n, int threads, sg_audit_trajectory *out)
{
    failure *failed = sg_calloc((size_t)n, sizeof *failed);
    sg_status st = failed ? SG_OK : sg_fail(SG_ENOMEM, "trajectories");

    if (st != SG_OK) return st;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int k = 0; k < n; k++) {
        failed[k].st = sg_audit_run(pot, state, opt, first + (uint64_t)k, &out[k]);
        if (failed[k].st != SG_OK) { /* the text is this thread's */
            strncpy(failed[k].text, sg_error_text(), TEXT_SIZE - 1);
        }
    }
    for (int k = 0; k < n && st == SG_OK; k++)
        if (failed[k].st != SG_OK) st = sg_fail(failed[k].st, "%s", failed[k].text);
    sg_free(failed);
    return st;
}
