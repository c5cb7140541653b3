/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Working off a plan: prepare a batch (one thread), run its tasks (all threads, registry frozen), merge in
 * task order, commit. */
#include "explore_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static sg_status prepare_inherited(sg_explorer *ex, const task *t, slot *s)
{
    const sg_cat_entry entry = {t->ref, t->reverse, 1, 0, 0};
    const likeness same_guess = {CONVERGED, 0.15, -1};
    const int n = ex->frame->n;

    entry_saddle(ex, ex->plan.state, &entry, s->x_guess);
    const edge_here e = edge_to_frame(ex, t->ref);
    sg_system_displacement(ex->frame, e.from, e.to, s->mode_guess, NULL);
    for (int i = 0; i < n && t->reverse; i++)
        for (int a = 0; a < 3; a++)
            s->mode_guess[i][a] = -s->mode_guess[i][a];
    s->barrier = t->reverse ? e.edge.barrier_back : e.edge.barrier;
    prefactors_of(&e.edge, t->reverse, &s->nu, &s->nu_back);
    s->active = find_alike(ex, ex->plan.state, &same_guess, s->barrier, (positions)s->x_guess) < 0;
    return SG_OK;
}

/* What is to be done, for task `index` of the plan. */
static order order_of(const sg_explorer *ex, const task *t, size_t index, sg_sampler sampler)
{
    const int is_search = t->kind == TASK_SEARCH;

    return (order){.kind = is_search ? ORDER_SEARCH : ORDER_TRY,
                   .atom = t->atom,
                   .number = is_search ? t->attempt : index,
                   .sampler = sampler,
                   .radius = ex->opt.push_radius[t->attempt % (uint32_t)ex->opt.n_push_radii]};
}

static sg_status prepare(sg_explorer *ex, size_t index, int k)
{
    const task *t = &ex->plan.task[index];
    slot *s = &ex->slot[k];
    sg_status st = SG_OK;

    s->active = s->strained = 0;
    s->nu = s->nu_back = NAN;
    s->status = SG_OK;
    s->barrier = NAN;
    s->sampler = t->kind == TASK_LEND     ? SG_SAMPLER_PLACED
                 : t->kind == TASK_SEARCH ? choose_sampler(ex, t, find_echo(ex, t, s->mode_guess))
                                          : SG_SAMPLER_INHERITED;
    s->order = order_of(ex, t, index, s->sampler);
    if (t->kind == TASK_SEARCH) return s->active = 1, SG_OK;
    st = t->kind == TASK_LEND ? prepare_lent(ex, t, s) : prepare_inherited(ex, t, s);
    if (s->strained) s->order.kind = ORDER_REFINE;
    if (st == SG_OK && s->active) s->active = !guess_is_taken(ex, k);
    return st;
}

/* Tasks of the next batch: of one kind, so that what the better guesses have found is known to the others. */
static int size_of_batch(const sg_explorer *ex)
{
    const plan *p = &ex->plan;
    const size_t left = p->n - p->done, most = left < (size_t)ex->opt.batch ? left : (size_t)ex->opt.batch;
    size_t n = 1;

    while (n < most && p->task[p->done + n].kind == p->task[p->done].kind)
        n++;
    return (int)n;
}

/* An error is one of the machine: those of a configuration are outcomes (task.c). */
static sg_status carry_out(sg_explorer *ex, size_t first, int count)
{
    const sg_status st = crew_run(ex, count);

    for (int k = 0; st == SG_OK && k < count; k++) {
        const slot *s = &ex->slot[k];
        if (!s->active || s->status == SG_OK) continue;
        return sg_fail(s->status, "search from atom %d of state %llu: %s",
                       ex->frame->id[ex->plan.task[first + (size_t)k].atom],
                       (unsigned long long)ex->plan.state, sg_status_text(s->status));
    }
    return st;
}

static int is_draw(const task *t)
{
    return t->kind == TASK_SEARCH && t->ref == SEARCH_IS_DRAW;
}

sg_status log_row(sg_explorer *ex, uint64_t state, const task *t, sg_sampler sampler, const sg_passage *p,
                  uint64_t edge)
{
    const sg_cat_search row = {.id = ex->n_rows++,
                               .state = state,
                               .edge = edge,
                               .atom = t->atom,
                               .attempt = t->attempt | (is_draw(t) ? SG_CAT_SEARCH_DRAW : 0),
                               .sampler = (uint8_t)sampler,
                               .outcome = (uint8_t)p->outcome,
                               .calls = {(uint32_t)p->calls.leave, (uint32_t)p->calls.climb,
                                         (uint32_t)p->calls.refine, (uint32_t)p->calls.relax,
                                         (uint32_t)p->calls.verify},
                               .barrier = p->e_saddle - ex->state[state].energy};
    count_row(ex, &row);
    return sg_catalog_put_search(ex->cat, &row);
}

/* A search that comes upon an event of the table raises its counters. */
static sg_status count_again(sg_explorer *ex, int entry, sg_sampler sampler, uint64_t *edge_id)
{
    sg_cat_edge *e = &ex->edge[table_at(ex, ex->plan.state)->entry[entry].edge - 1];

    *edge_id = e->id;
    e->found++;
    const sg_status st = put_edge(ex, e->id);
    if (st != SG_OK || e->event == 0 || e->from != ex->plan.state) return st;
    return count_generic(ex, e->event, (uint8_t)sampler);
}

static sg_status merge_search(sg_explorer *ex, const task *t, sg_sampler sampler, sg_passage *p,
                              uint64_t *edge_id)
{
    variant_class *c = &ex->class_[ex->class_of[t->atom]];
    const uint32_t n_before = table_at(ex, ex->plan.state)->n_entries;
    int same = -1;
    sg_status st;

    ex->n_searches++;
    ex->stats.searches++;
    table_at(ex, ex->plan.state)->n_searches++;
    if ((st = sg_cat_variant_count(&c->variant, ex->opt.run)) != SG_OK) return st;
    if ((st = sg_catalog_put_variant(ex->cat, &c->variant)) != SG_OK) return st;
    if (p->outcome == SG_FOUND) {
        st = accept_passage(ex, ex->plan.state, p, sampler, SG_SOURCE_SEARCH, 0, 1, 1, edge_id, &same);
        if (st != SG_OK) return st;
        mark_accepted(p, *edge_id, same);
        if (*edge_id != 0) table_at(ex, ex->plan.state)->from_search++;
        if (*edge_id != 0 && has_views(ex) && in_window(ex, p->e_saddle - ex->state[ex->plan.state].energy))
            ex->stats.strain.born++;
    } else if (p->outcome == SG_KNOWN) {
        same = find_converged(ex, ex->plan.state, p->e_saddle, (positions)p->x_saddle, ex->scratch);
    }
    ex->stats.outcome[p->outcome]++;
    if (same >= 0) st = count_again(ex, same, sampler, edge_id);
    if (st != SG_OK) return st;
    return completeness_count(ex, *edge_id, p->e_saddle - ex->state[ex->plan.state].energy, is_draw(t),
                              table_at(ex, ex->plan.state)->n_entries > n_before);
}

/* A guess that has come upon an event by a detour: as new as those of searches, and nobody searched for it.
 */
static sg_status merge_detour(sg_explorer *ex, sg_sampler sampler, sg_passage *p, uint64_t *edge_id)
{
    int same = -1;

    if (p->outcome != SG_FOUND) return SG_OK;
    const sg_status st =
        accept_passage(ex, ex->plan.state, p, sampler, SG_SOURCE_DETOUR, 0, 1, 1, edge_id, &same);
    if (st != SG_OK) return st;
    mark_accepted(p, *edge_id, same);
    if (*edge_id != 0) table_at(ex, ex->plan.state)->from_detour++;
    return SG_OK;
}

/* An inherited event has new surroundings: it is recorded under their keys, for readers who come without this
 * run's history. */
static sg_status merge_refined(sg_explorer *ex, const task *t, const slot *s, sg_passage *p,
                               uint64_t *edge_id)
{
    const int is_lent = t->kind == TASK_LEND;
    uint32_t found = s->found;
    uint64_t event = t->ref;
    int same = -1;
    sg_status st = SG_OK;

    ex->stats.refinements++;
    if (p->outcome != SG_FOUND && p->outcome != SG_KNOWN) ex->stats.failed_refinements++;
    if (is_lent && s->strained) {
        const sg_fate fate = sg_fate_of_outcome(p->outcome);
        ex->stats.strain.fate[fate]++;
        if (!sg_fate_is_alive(fate)) return deaths_add(ex, t->ref, fate);
    }
    if (p->is_detour) return merge_detour(ex, s->sampler, p, edge_id);
    if (p->outcome != SG_FOUND) return SG_OK;
    if (!is_lent) {
        event = t->reverse ? 0 : ex->edge[t->ref - 1].event;
        found = ex->edge[t->ref - 1].found;
    }
    st = accept_passage(ex, ex->plan.state, p, is_lent ? SG_SAMPLER_PLACED : SG_SAMPLER_INHERITED,
                        is_lent ? SG_SOURCE_CATALOG : SG_SOURCE_INHERITED, event, found,
                        !is_lent || s->strained, edge_id, &same);
    if (st != SG_OK) return st;
    mark_accepted(p, *edge_id, same);
    if (*edge_id != 0 && is_lent)
        table_at(ex, ex->plan.state)->from_catalog++;
    else if (*edge_id != 0)
        table_at(ex, ex->plan.state)->from_inherited++;
    return lend_prefactors(ex, *edge_id, SG_NU_LENT, s->nu, s->nu_back, 0);
}

static sg_status merge(sg_explorer *ex, const task *t, const slot *s)
{
    sg_passage *p = s->passage;
    uint64_t edge_id = 0;
    const sg_status st = t->kind == TASK_SEARCH ? merge_search(ex, t, s->sampler, p, &edge_id)
                                                : merge_refined(ex, t, s, p, &edge_id);
    return st == SG_OK ? log_row(ex, ex->plan.state, t, s->sampler, p, edge_id) : st;
}

static sg_status commit_batch(sg_explorer *ex)
{
    unsigned char done[8];
    sg_status st = put_table(ex, ex->plan.state);

    sg_put_u64(done, (uint64_t)ex->plan.done);
    if (st == SG_OK && ex->opt.keep_landscape)
        st = sg_catalog_put_meta(ex->cat, "plan_done", done, sizeof done);
    if (st == SG_OK) st = completeness_store(ex);
    if (st == SG_OK) st = strain_account_store(ex);
    if (st == SG_OK) st = deaths_store(ex);
    if (st == SG_OK) st = sg_catalog_commit(ex->cat);
    if (st == SG_OK) pending_clear(ex);
    return st;
}

static void report(const sg_explorer *ex)
{
    char note[96];
    snprintf(note, sizeof note, "state %llu, %u events", (unsigned long long)ex->plan.state,
             table_at(ex, ex->plan.state)->n_entries);
    sg_log_progress(ex->log, "searches", (double)ex->plan.done, (double)ex->plan.n, note);
}

/* Those made here are counted by kind where they are made. */
static void count_calls(sg_explorer *ex, const slot *s)
{
    ex->stats.force_calls += s->equivalents;
    if (!s->is_away) return;
    ex->stats.full_calls += (double)s->spent.full;
    ex->stats.free_calls += (double)s->spent.free_set;
    ex->stats.products += (double)s->spent.hessian;
}

int is_given_up(const sg_explorer *ex)
{
    return sg_interrupt_requested() || (ex->got_on && ex->opt.stop && ex->opt.stop(ex->opt.stop_arg));
}

/* What the batch in hand has done so far is dropped; batches that left nothing have not been committed yet.
 */
static sg_status end_early(sg_explorer *ex)
{
    const plan *p = &ex->plan;
    const sg_status st = commit_batch(ex);

    return st != SG_OK ? st
                       : sg_fail(SG_EINTERRUPTED, "interrupted after task %zu of %zu of state %llu", p->done,
                                 p->n, (unsigned long long)p->state);
}

sg_status run_batches(sg_explorer *ex)
{
    plan *p = &ex->plan;
    sg_status st = commit_batch(ex);

    while (st == SG_OK && (p->done < p->n || !p->second)) {
        if (p->done == p->n) {
            int n_planned = 0;
            st = plan_round(ex, &n_planned);
            if (st == SG_OK && n_planned == 0) st = plan_second_round(ex);
            if (st == SG_OK) st = commit_batch(ex);
            continue;
        }
        const size_t first = p->done;
        const int count = size_of_batch(ex);

        if (sg_interrupt_requested() || (ex->opt.stop && ex->opt.stop(ex->opt.stop_arg)))
            return end_early(ex);
        near_trim(ex);
        for (int k = 0; k < count && st == SG_OK; k++)
            st = is_given_up(ex) ? SG_EINTERRUPTED : prepare(ex, first + (size_t)k, k);
        if (st == SG_OK) st = carry_out(ex, first, count);
        if (st == SG_EINTERRUPTED) return end_early(ex);
        int n_active = 0; /* a batch of guesses known already leaves nothing to commit; after a kill it is
                             passed by again */
        for (int k = 0; k < count && st == SG_OK; k++) {
            if (!ex->slot[k].active) continue;
            count_calls(ex, &ex->slot[k]);
            st = merge(ex, &p->task[first + (size_t)k], &ex->slot[k]);
            n_active++;
        }
        if (st != SG_OK) break;
        p->done += (size_t)count;
        ex->got_on = 1;
        if (n_active > 0) st = commit_batch(ex);
        report(ex);
    }
    return st;
}
