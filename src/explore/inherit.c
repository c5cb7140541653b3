/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a state takes over from the states before it: which known events still hold here, with which barrier,
 * and which of them are reconverged.
 *
 * Candidates are the entries of the parent's table, and the events of all other states whose support has
 * changed since the parent: what has not changed has been judged by the parent's table already. A candidate
 * holds while its support has moved less than `refine` since the state where it was converged; of several
 * that predict the same saddle the one that has moved least.
 *
 * Its barrier is predicted by one force call: the displacement from minimum to saddle, laid on the minimum as
 * it is now. Both ends are stationary, so this is exact to first order in all that has changed. What is left
 * is of second order; the force at the guess, which a saddle would not have, gives the error bar.
 *
 * Reconverged is what has moved, in the order of the expected rates, until the rest together cannot matter.
 * What has moved farther is no longer trusted; up to `retry` its saddle is still the best guess there is
 * (half of them lead to an event, for a tenth of the force calls of searches), tried after all that is known
 * better. */
#include "explore_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double longest_hop = 3.0;    /* Å: whom a mover meets farther away is not looked for */
static const double least_barrier = 1e-3; /* eV, of an event */
static const double dirty_reach =
    8.0; /* Å: from the centre of an event to an atom of its support that counts */

static const likeness own_edge = {CONVERGED, 0.1, -1}; /* the event may stand here by itself already */

/* What converging lowers the energy of a guess by, per squared norm of its force, Å^2/eV: mean and spread. Of
 * 97 events of a 500-atom Cu64Zr36 glass reconverged after their support had moved 0.05-0.3 Å, 9 in 10 lay
 * within the spread, half within a fifth of it; the barrier where they came from is four times farther off.
 * What is softer than that glass is lowered by more: hence a part of the error bar by the way moved, eV/Å. */
static const double lowered_mean = 0.13, lowered_spread = 0.10, error_per_moved = 0.05;

typedef struct candidate {
    uint64_t edge, origin; /* origin: the state where it was converged */
    uint8_t reverse;
    uint8_t is_far;        /* moved more than `refine` */
    uint8_t refine;        /* to be reconverged */
    double moved;          /* Å, its support since then */
    double barrier, error; /* eV, here */
} candidate;

typedef struct heritage {
    sg_explorer *ex;
    uint64_t state, parent;
    sg_bonds *spheres; /* whom the movers of an event may meet */
    double reach;      /* Å */
    double *changed;   /* [n] Å moved since the parent */
    unsigned char
        *near_change;    /* [n] 1: an atom within dirty_reach has moved more than `keep` since the parent */
    double (*saddle)[3]; /* [n] scratch */
    candidate *list;
    size_t n, capacity;
} heritage;

/* --- candidates --- */

/* A strain between counts by what it does to the longest bond. */
static double support_moved(heritage *h, uint64_t edge, int reverse, uint64_t origin)
{
    sg_explorer *ex = h->ex;
    const edge_here e = edge_to_frame(ex, edge);
    const double sheared = fabs(ex->state[origin].gamma - ex->state[h->state].gamma) * h->reach;
    return sheared + sg_event_support_moved(ex->frame, &e.edge, reverse, e.from, e.to, state_here(ex, origin),
                                            x_of(ex, h->state), h->spheres, h->reach, ex->scratch, ex->mark);
}

static sg_status add_candidate(heritage *h, candidate c)
{
    if (sg_grow((void **)&h->list, &h->capacity, h->n + 1, sizeof *h->list) != 0)
        return sg_fail(SG_ENOMEM, "%zu inherited events", h->n + 1);
    h->list[h->n++] = c;
    return SG_OK;
}

/* Those of the parent's table; the centre of a dropped one is lent to again. */
static sg_status from_parent(heritage *h, unsigned char *lend)
{
    const sg_explorer *ex = h->ex;
    const sg_cat_table *old = table_at(ex, h->parent);
    sg_status st = SG_OK;

    for (uint32_t k = 0; k < old->n_entries && st == SG_OK; k++) {
        const sg_cat_entry *entry = &old->entry[k];
        const sg_cat_edge *e = &ex->edge[entry->edge - 1];
        const uint64_t origin = entry->kept ? (entry->reverse ? e->to : e->from) : h->parent;
        if (!entry->kept && (e->from == h->state || e->to == h->state))
            continue; /* joined to this state by itself */
        const double moved = support_moved(h, entry->edge, entry->reverse, origin);
        const int is_far = moved >= ex->opt.refine;
        if (is_far) lend[e->centre] = 1;
        if (is_far && (moved >= ex->opt.retry || !in_window(ex, entry->barrier))) continue;
        st = add_candidate(h, (candidate){.edge = entry->edge,
                                          .origin = origin,
                                          .reverse = entry->reverse,
                                          .is_far = (uint8_t)is_far,
                                          .moved = moved,
                                          .barrier = entry->barrier});
    }
    return st;
}

static int support_changed(const heritage *h)
{
    for (int i = 0; i < h->ex->frame->n; i++)
        if (h->ex->mark[i] && h->changed[i] >= h->ex->opt.keep) return 1;
    return 0;
}

/* Those of the other states: what the parent's table does not say, for its surroundings were different. */
static sg_status from_run(heritage *h)
{
    const sg_explorer *ex = h->ex;
    sg_status st = SG_OK;

    for (size_t k = ex->n_edges; k-- > 0 && st == SG_OK;) {
        near_trim(h->ex);
        const sg_cat_edge *e = &ex->edge[k];
        if (!h->near_change[e->centre]) continue;
        st = plan_goes_on(ex);
        for (int reverse = 0; reverse < 2 && st == SG_OK; reverse++) {
            const uint64_t origin = reverse ? e->to : e->from;
            const double barrier = reverse ? e->barrier_back : e->barrier;
            if (origin == h->state || origin == h->parent || (reverse && e->from == e->to)) continue;
            if (!in_window(ex, barrier)) continue;
            const double moved = support_moved(h, k + 1, reverse, origin);
            if (moved >= ex->opt.refine || !support_changed(h)) continue;
            st = add_candidate(h, (candidate){.edge = k + 1,
                                              .origin = origin,
                                              .reverse = (uint8_t)reverse,
                                              .moved = moved,
                                              .barrier = barrier});
        }
    }
    return st;
}

/* --- one for each saddle --- */

static void candidate_saddle(const heritage *h, const candidate *c, double (*x)[3])
{
    const sg_cat_entry entry = {c->edge, c->reverse, 1, c->barrier, 0};
    entry_saddle(h->ex, h->state, &entry, x);
}

static int compare_moved(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->moved != y->moved) return x->moved < y->moved ? -1 : 1;
    if (x->edge != y->edge) return x->edge > y->edge ? -1 : 1; /* the latest first */
    return (int)x->reverse - (int)y->reverse;
}

/* Is its saddle that of a converged entry, or of one of the first n candidates? */
static int is_taken(heritage *h, const candidate *c, size_t n)
{
    sg_explorer *ex = h->ex;

    candidate_saddle(h, c, h->saddle);
    if (find_alike(ex, h->state, &own_edge, c->barrier, (positions)h->saddle) >= 0) return 1;
    for (size_t k = 0; k < n; k++) {
        if (fabs(h->list[k].barrier - c->barrier) > own_edge.energy) continue;
        candidate_saddle(h, &h->list[k], ex->scratch);
        if (sg_system_displacement(ex->frame, (positions)ex->scratch, (positions)h->saddle, NULL, NULL) <
            alike_distance)
            return 1;
    }
    return 0;
}

static void one_for_each_saddle(heritage *h)
{
    size_t n = 0;

    if (h->n > 0) qsort(h->list, h->n, sizeof *h->list, compare_moved);
    for (size_t k = 0; k < h->n; k++)
        if (!is_taken(h, &h->list[k], n)) h->list[n++] = h->list[k];
    h->n = n;
}

/* --- barriers --- */

static double force_squared(const sg_explorer *ex)
{
    double sum = 0;
    for (int i = 0; i < ex->frame->n; i++) {
        const double *f = ex->scratch[i];
        if (!ex->frame->fixed[i]) sum += f[0] * f[0] + f[1] * f[1] + f[2] * f[2];
    }
    return sum;
}

static sg_status predict(heritage *h, candidate *c)
{
    sg_explorer *ex = h->ex;
    sg_forces at = {.f = ex->scratch};

    candidate_saddle(h, c, ex->frame->x);
    sg_potential_work_reset(ex->probe);
    const sg_status st = sg_potential_compute(ex->pot, ex->probe, ex->frame, NULL, &at);
    if (st == SG_OK) {
        const double f2 = force_squared(ex);
        c->barrier = at.energy - ex->state[h->state].energy - lowered_mean * f2;
        c->error = lowered_spread * f2 + error_per_moved * c->moved;
    } else if (st == SG_ENUMERIC) {
        c->error = INFINITY; /* atoms too close: only converging it will tell */
    }
    frame_to(ex, h->state);
    return st == SG_ENUMERIC ? SG_OK : st;
}

/* --- what is reconverged --- */

static double lowest(const candidate *c)
{
    return c->barrier - c->error;
}

static int compare_lowest(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (lowest(x) != lowest(y)) return lowest(x) < lowest(y) ? -1 : 1;
    return compare_moved(a, b);
}

static double counted_rate(const heritage *h, const sg_cat_entry *entry)
{
    return entry->barrier < h->ex->opt.flicker ? 0 : sg_explorer_rate(h->ex, h->state, entry);
}

static sg_cat_entry entry_of(const candidate *c)
{
    return (sg_cat_entry){c->edge, c->reverse, 1, c->barrier, c->error};
}

/* Rate out of the state as far as it is known or predicted; events that flicker are no way out. */
static double rate_out(const heritage *h)
{
    const sg_explorer *ex = h->ex;
    const sg_cat_table *t = table_at(ex, h->state);
    double sum = 0;

    for (uint32_t k = 0; k < t->n_entries; k++)
        sum += counted_rate(h, &t->entry[k]);
    for (size_t k = 0; k < h->n; k++) {
        const sg_cat_entry entry = entry_of(&h->list[k]);
        if (!h->list[k].is_far && isfinite(entry.error)) sum += counted_rate(h, &entry);
    }
    return sum;
}

/* Fastest first. Left as predicted: what has moved less than `keep` and surely has a barrier; what is surely
 * outside the window; and the slowest, as long as all of them together have less than the share `rest` of the
 * rate out, unless they have come half way to where they would be dropped. */
static void choose(heritage *h)
{
    const sg_explore_options *opt = &h->ex->opt;
    double rest = opt->rest * rate_out(h);

    if (h->n > 0) qsort(h->list, h->n, sizeof *h->list, compare_lowest);
    for (size_t k = h->n; k-- > 0;) {
        candidate *c = &h->list[k];
        sg_cat_entry fastest = entry_of(c);
        fastest.barrier = lowest(c);
        const double most = sg_explorer_rate(h->ex, h->state, &fastest);
        c->refine = c->is_far;
        if (c->is_far || !in_window(h->ex, lowest(c))) continue;
        c->refine = c->moved >= opt->keep || lowest(c) < least_barrier;
        if (!c->refine || c->moved >= opt->refine / 2 || most > rest) continue;
        rest -= most;
        c->refine = 0;
    }
}

static sg_status hand_down(heritage *h, plan *late)
{
    sg_explorer *ex = h->ex;
    sg_cat_table *t = table_at(ex, h->state);
    sg_status st = SG_OK;

    for (size_t k = 0; k < h->n && st == SG_OK; k++) {
        const candidate *c = &h->list[k];
        const task to_do = {c->is_far ? TASK_RETRY : TASK_INHERIT, c->reverse, ex->edge[c->edge - 1].centre,
                            0, c->edge};
        if (c->refine) {
            st = plan_add(c->is_far ? late : &ex->plan, to_do);
            continue;
        }
        ex->stats.kept++;
        t->from_inherited++;
        st = add_entry(t, entry_of(c));
    }
    return st;
}

/* --- */

static sg_status look_around(heritage *h)
{
    sg_explorer *ex = h->ex;
    const int n = ex->frame->n;
    sg_bonds *wide = NULL;

    h->changed = sg_calloc((size_t)n, sizeof *h->changed);
    h->near_change = sg_calloc((size_t)n, 1);
    h->saddle = sg_calloc((size_t)n, sizeof *h->saddle);
    if (!h->changed || !h->near_change || !h->saddle) return sg_fail(SG_ENOMEM, "inheritance");
    for (int a = 0; a < ex->params.n_species; a++)
        for (int b = 0; b < ex->params.n_species; b++)
            h->reach = fmax(h->reach, ex->params.cutoff[a][b]);
    sg_status st = sg_bonds_create_radius(ex->frame, h->reach + longest_hop, &h->spheres);
    if (st == SG_OK) st = sg_bonds_create_radius(ex->frame, dirty_reach, &wide);
    if (st != SG_OK) return st;
    sg_system_displacement(ex->frame, state_here(ex, h->parent), (positions)ex->frame->x, ex->scratch, NULL);
    for (int i = 0; i < n; i++) {
        const double *d = ex->scratch[i];
        h->changed[i] = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        if (h->changed[i] < ex->opt.keep) continue;
        h->near_change[i] = 1;
        for (int k = wide->first[i]; k < wide->first[i + 1]; k++)
            h->near_change[wide->j[k]] = 1;
    }
    sg_bonds_free(wide);
    return SG_OK;
}

sg_status inherit(sg_explorer *ex, uint64_t state, uint64_t parent, unsigned char *lend, plan *late)
{
    heritage h = {.ex = ex, .state = state, .parent = parent};
    sg_status st;

    if (parent == state || !has_table(ex, parent)) return SG_OK;
    st = look_around(&h);
    if (st == SG_OK) st = from_parent(&h, lend);
    if (st == SG_OK) st = from_run(&h);
    if (st == SG_OK) one_for_each_saddle(&h);
    for (size_t k = 0; k < h.n && st == SG_OK; k++)
        if ((st = plan_goes_on(ex)) == SG_OK && !h.list[k].is_far) st = predict(&h, &h.list[k]);
    if (st == SG_OK) choose(&h);
    if (st == SG_OK) st = hand_down(&h, late);
    sg_bonds_free(h.spheres);
    sg_free(h.changed);
    sg_free(h.near_change);
    sg_free(h.saddle);
    sg_free(h.list);
    return st;
}
