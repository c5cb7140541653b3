/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events lent by the catalog: which of them an atom's surroundings can take, planned as one task for each way
 * to lay one on; and the guesses of these tasks. Looked up are the atom's own key and those it would have if
 * a bond close to the cutoff were there or not. The surroundings and the ways to lay an event on them are
 * kept until another atom or event is asked about: the tasks of one event on one atom follow one another. */
#include "explore_internal.h"
#include "slowglass/event/predict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LENT_PER_ATOM = 96 };
static const double same_guess_distance = 0.25; /* Å: guesses this close find the same saddle */
static const double same_guess_energy = 0.15;   /* eV, between their generic barriers */
static const double own_ways =
    5; /* Å per unit strain: how much worse an event may fit that was converged at another
        * one. Of those that fit within 0.4 + 0.2 Å after 0.04 nine in ten converge */

struct placer { /* an atom of a state, ready for events to be laid on it */
    int is_ready, view;
    uint64_t state, event; /* event 0: none laid on yet */
    uint32_t atom;
    int n_env, shell; /* shell: the environment that cluster and perm belong to, -1 if none */
    sg_environment env[MAX_PROBES];
    sg_cluster cluster;
    int n_perm, n;
    int perm[MAX_AUTOMORPHISMS][SG_TOPOLOGY_MAX_VERTICES];
    sg_placement place[MAX_PLACEMENTS]; /* [n] of the event */
    sg_prediction predicted[MAX_PLACEMENTS];
};

void placer_free(placer *p)
{
    if (!p) return;
    sg_cluster_clear(&p->cluster);
    sg_free(p);
}

static sg_status turn_to(sg_explorer *ex, uint32_t atom, int v)
{
    placer *p = ex->placer;

    if (!p && !(p = ex->placer = sg_calloc(1, sizeof *p))) return sg_fail(SG_ENOMEM, "placements");
    if (p->is_ready && p->state == ex->plan.state && p->atom == atom && p->view == v) return SG_OK;
    p->is_ready = 0;
    p->event = 0;
    p->shell = -1;
    p->state = ex->plan.state;
    p->atom = atom;
    p->view = v;
    const sg_status st = view_environments(ex, v, (int)atom, p->env, &p->n_env);
    p->is_ready = st == SG_OK;
    return st;
}

/* The atom's environment of this key, ready to be matched; shell -1 if it has none. */
static sg_status take_shell(sg_explorer *ex, uint64_t key)
{
    placer *const p = ex->placer;
    sg_status st = SG_OK;
    int k = 0;

    while (k < p->n_env && p->env[k].key != key)
        k++;
    if (k == p->n_env) return p->shell = -1, SG_OK;
    if (p->shell == k) return SG_OK;
    p->shell = -1;
    sg_cluster_clear(&p->cluster);
    st = sg_topology_automorphisms(&p->env[k], MAX_AUTOMORPHISMS, p->perm, &p->n_perm);
    if (st == SG_OK)
        st = sg_cluster_init(&p->cluster, ex->view[p->view].sys, &p->env[k],
                             SG_EVENT_REACH + SG_TOPOLOGY_ASSIGN_MAX, NULL);
    if (st == SG_OK) p->shell = k;
    return st;
}

/* What the record's strain and the present one make of the barrier, and of the displacements: a placement
 * found in the view is sheared back with it. */
static void bring_to_strain(sg_explorer *ex, const sg_cat_event *event, int q)
{
    placer *const p = ex->placer;
    sg_placement *const place = &p->place[q];
    const double gamma = ex->frame->cell.gamma, shear = gamma - ex->view[p->view].gamma;
    const double moved = is_of_this_strain(ex, event->gamma) ? 0 : place->max;
    double strain[6];

    sg_event_strain_between(event->gamma, gamma, (const double(*)[3])place->R, strain);
    p->predicted[q] = sg_event_predict(event->barrier, event->strain_saddle, strain, moved);
    for (int b = 0; b < 3; b++)
        place->R[0][b] += shear * place->R[1][b];
}

static double residual_allowed(const sg_explorer *ex, const sg_cat_event *event)
{
    return ex->opt.residual_max + own_ways * fabs(ex->frame->cell.gamma - event->gamma);
}

static sg_status lay_on(sg_explorer *ex, const sg_cat_event *event)
{
    placer *const p = ex->placer;

    if (p->event == event->id) return SG_OK;
    p->event = 0;
    p->n = 0;
    sg_status st = take_shell(ex, event->key);
    if (st == SG_OK && p->shell >= 0)
        st = sg_event_place(event, &p->cluster, p->n_perm, (const int(*)[SG_TOPOLOGY_MAX_VERTICES])p->perm,
                            residual_allowed(ex, event), MAX_PLACEMENTS, p->place, &p->n);
    for (int q = 0; q < p->n && st == SG_OK; q++)
        bring_to_strain(ex, event, q);
    if (st == SG_OK) p->event = event->id;
    return st;
}

/* --- planning --- */

typedef struct lent_offer {
    double barrier; /* eV, predicted */
    task task;
} lent_offer;

typedef struct offers {
    lent_offer *list;
    size_t n, capacity;
} offers;

static int compare_offers(const void *a, const void *b)
{
    const lent_offer *x = a, *y = b;
    if (x->barrier != y->barrier) return x->barrier < y->barrier ? -1 : 1;
    if (x->task.atom != y->task.atom) return x->task.atom < y->task.atom ? -1 : 1;
    if (x->task.ref != y->task.ref) return x->task.ref < y->task.ref ? -1 : 1;
    return (x->task.attempt > y->task.attempt) - (x->task.attempt < y->task.attempt);
}

/* Events that were new in this state: its own searches have found them, or detours. */
static int found_here(const sg_explorer *ex, uint64_t event)
{
    const sg_cat_table *t = table_at(ex, ex->plan.state);
    for (uint32_t k = 0; k < t->n_entries; k++) {
        const sg_cat_edge *e = &ex->edge[t->entry[k].edge - 1];
        if (e->event == event && e->from == ex->plan.state &&
            (e->source == SG_SOURCE_SEARCH || e->source == SG_SOURCE_DETOUR))
            return 1;
    }
    return 0;
}

/* Can the strain bring this event into the window? */
static int may_come_down(const sg_explorer *ex, const sg_cat_event *event)
{
    const double gamma = ex->frame->cell.gamma, most = fabs(gamma) + fabs(event->gamma);
    double steepest = 0, error = 0;

    for (int a = 0; a < 6; a++)
        steepest += event->strain_saddle[a] * event->strain_saddle[a];
    if (most > 0)
        error = sg_event_predict(0, (double[6]){0}, (double[6]){most}, ex->opt.residual_max + own_ways * most)
                    .error;
    return in_window(ex, event->barrier - sqrt(steepest) * most - error);
}

static sg_status offer(sg_explorer *ex, uint32_t atom, const sg_cat_event *event, offers *o, int *n_lent)
{
    const placer *const p = ex->placer;

    if (sg_grow((void **)&o->list, &o->capacity, o->n + (size_t)p->n, sizeof *o->list) != 0)
        return sg_fail(SG_ENOMEM, "offers of the catalog");
    for (int q = 0; q < p->n; q++) {
        if (!in_window(ex, p->predicted[q].barrier - p->predicted[q].error)) {
            ex->stats.strain.left_out += !is_of_this_strain(ex, event->gamma);
            continue;
        }
        o->list[o->n++] = (lent_offer){p->predicted[q].barrier, {TASK_LEND, 0, atom, (uint32_t)q, event->id}};
        ++*n_lent;
    }
    return SG_OK;
}

static int compare_events(const void *a, const void *b)
{
    const sg_cat_event *x = a, *y = b;
    if (x->barrier != y->barrier) return x->barrier < y->barrier ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Events of one key whose records were made at the strain of the view; the lowest first, as no more than
 * MAX_LENT_PER_ATOM are taken. */
static sg_status offers_for_key(sg_explorer *ex, uint32_t atom, int v, uint64_t key, offers *o, int *n_lent)
{
    sg_cat_event *event = NULL;
    int n_events = 0;
    sg_status st = sg_catalog_find_events(ex->cat, key, &event, &n_events);

    if (n_events > 1) qsort(event, (size_t)n_events, sizeof *event, compare_events);
    for (int k = 0; k < n_events && *n_lent < MAX_LENT_PER_ATOM && st == SG_OK; k++) {
        if (view_of(ex, event[k].gamma) != v || !may_come_down(ex, &event[k]) ||
            (ex->plan.second && !found_here(ex, event[k].id)))
            continue;
        st = lay_on(ex, &event[k]);
        if (st == SG_OK) st = offer(ex, atom, &event[k], o, n_lent);
    }
    for (int k = 0; k < n_events; k++)
        sg_cat_event_clear(&event[k]);
    sg_free(event);
    return st;
}

static sg_status offers_for_atom(sg_explorer *ex, uint32_t atom, offers *o)
{
    const int n_views = ex->plan.second ? 1 : ex->n_views;
    int n_lent = 0;
    sg_status st = SG_OK;

    for (int v = 0; v < n_views && st == SG_OK; v++) {
        if (view_is_idle(ex, v)) continue;
        st = turn_to(ex, atom, v);
        for (int k = 0; st == SG_OK && k < (ex->plan.second ? 1 : ex->placer->n_env); k++)
            st = offers_for_key(ex, atom, v, ex->placer->env[k].key, o, &n_lent);
    }
    return st;
}

sg_status plan_lent(sg_explorer *ex, const unsigned char *lend)
{
    offers o = {NULL, 0, 0};
    sg_status st = SG_OK;

    for (int i = 0; st == SG_OK && i < ex->frame->n; i++) {
        if (lend[i]) st = offers_for_atom(ex, (uint32_t)i, &o);
        if (st == SG_OK) st = plan_goes_on(ex);
    }
    if (st == SG_OK && o.n > 0) qsort(o.list, o.n, sizeof *o.list, compare_offers);
    for (size_t k = 0; st == SG_OK && k < o.n; k++)
        st = plan_add(&ex->plan, o.list[k].task);
    sg_free(o.list);
    return st;
}

/* --- guesses --- */

sg_status prepare_lent(sg_explorer *ex, const task *t, slot *s)
{
    const likeness same_guess = {CONVERGED | KEPT, same_guess_energy, t->atom};
    sg_cat_event event = {0};
    sg_status st = sg_catalog_get_event(ex->cat, t->ref, &event);

    if (st == SG_OK) st = turn_to(ex, t->atom, view_of(ex, event.gamma));
    if (st == SG_OK) st = lay_on(ex, &event);
    if (st == SG_OK && (int)t->attempt < ex->placer->n) {
        s->barrier = ex->placer->predicted[t->attempt].barrier;
        s->strained = !is_of_this_strain(ex, event.gamma);
        sg_event_guess(ex->frame, &event, &ex->placer->cluster, &ex->placer->place[t->attempt], s->x_guess,
                       s->mode_guess);
        s->active = find_alike(ex, ex->plan.state, &same_guess, s->barrier, (positions)s->x_guess) < 0;
        s->found = event.found;
        s->nu = event.prefactor;
        s->nu_back = event.prefactor_back;
    }
    sg_cat_event_clear(&event);
    return st;
}

int guess_is_taken(sg_explorer *ex, int k)
{
    const slot *s = &ex->slot[k];

    for (int q = 0; q < k; q++) {
        const slot *other = &ex->slot[q];
        if (!other->active || !(fabs(other->barrier - s->barrier) <= same_guess_energy)) continue;
        if (sg_system_displacement(ex->frame, (positions)other->x_guess, (positions)s->x_guess, NULL, NULL) <
            same_guess_distance)
            return 1;
    }
    return 0;
}
