/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events lent by the catalog: which of them an atom's surroundings can take, planned as one task for each way
 * to lay one on; and the guesses of these tasks. The surroundings and the ways to lay an event on them are
 * kept until another atom or event is asked about: the tasks of one event on one atom follow one another. */
#include "explore_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LENT_PER_ATOM = 96 };
static const double same_guess_distance = 0.25; /* Å: guesses this close find the same saddle */
static const double same_guess_energy = 0.15;   /* eV, between their generic barriers */

struct placer { /* an atom of a state, ready for events to be laid on it */
    int is_ready;
    uint64_t state, event; /* event 0: none laid on yet */
    uint32_t atom;
    sg_environment env;
    sg_cluster cluster;
    int n_perm, n;
    int perm[MAX_AUTOMORPHISMS][SG_TOPOLOGY_MAX_VERTICES];
    sg_placement place[MAX_PLACEMENTS]; /* [n] of the event */
};

void placer_free(placer *p)
{
    if (!p) return;
    sg_cluster_clear(&p->cluster);
    sg_free(p);
}

static sg_status turn_to(sg_explorer *ex, uint32_t atom)
{
    placer *p = ex->placer;

    if (!p && !(p = ex->placer = sg_calloc(1, sizeof *p))) return sg_fail(SG_ENOMEM, "placements");
    if (p->is_ready && p->state == ex->plan.state && p->atom == atom) return SG_OK;
    p->is_ready = 0;
    p->event = 0;
    p->state = ex->plan.state;
    p->atom = atom;
    sg_cluster_clear(&p->cluster);
    sg_status st = sg_topology_environment(ex->frame, &ex->params, ex->keys->bonds, (int)atom, &p->env);
    if (st == SG_OK) st = sg_topology_automorphisms(&p->env, MAX_AUTOMORPHISMS, p->perm, &p->n_perm);
    if (st == SG_OK)
        st = sg_cluster_init(&p->cluster, ex->frame, &p->env, SG_EVENT_REACH + SG_TOPOLOGY_ASSIGN_MAX, NULL);
    p->is_ready = st == SG_OK;
    return st;
}

static sg_status lay_on(sg_explorer *ex, const sg_cat_event *event)
{
    placer *const p = ex->placer;

    if (p->event == event->id) return SG_OK;
    p->event = 0;
    const sg_status st =
        sg_event_place(event, &p->cluster, p->n_perm, (const int(*)[SG_TOPOLOGY_MAX_VERTICES])p->perm,
                       ex->opt.residual_max, MAX_PLACEMENTS, p->place, &p->n);
    if (st == SG_OK) p->event = event->id;
    return st;
}

/* --- planning --- */

typedef struct offer {
    double barrier;
    task task;
} offer;

typedef struct offers {
    offer *list;
    size_t n, capacity;
} offers;

static int compare_offers(const void *a, const void *b)
{
    const offer *x = a, *y = b;
    if (x->barrier != y->barrier) return x->barrier < y->barrier ? -1 : 1;
    if (x->task.atom != y->task.atom) return x->task.atom < y->task.atom ? -1 : 1;
    if (x->task.ref != y->task.ref) return x->task.ref < y->task.ref ? -1 : 1;
    return (x->task.attempt > y->task.attempt) - (x->task.attempt < y->task.attempt);
}

/* Events that this state's own searches have found. */
static int found_here(const sg_explorer *ex, uint64_t event)
{
    const sg_cat_table *t = ex->table[ex->plan.state];
    for (uint32_t k = 0; k < t->n_entries; k++) {
        const sg_cat_edge *e = &ex->edge[t->entry[k].edge - 1];
        if (e->event == event && e->from == ex->plan.state && e->source == SG_SOURCE_SEARCH) return 1;
    }
    return 0;
}

static sg_status offers_for_atom(sg_explorer *ex, uint32_t atom, offers *o)
{
    sg_cat_event *event = NULL;
    int n_events = 0, n_lent = 0;
    sg_status st = sg_catalog_find_events(ex->cat, ex->keys->key[atom], &event, &n_events);

    if (st == SG_OK && n_events > 0) st = turn_to(ex, atom);
    for (int k = 0; k < n_events && n_lent < MAX_LENT_PER_ATOM && st == SG_OK; k++) {
        if (!in_window(ex, event[k].barrier) || (ex->plan.second && !found_here(ex, event[k].id))) continue;
        if ((st = lay_on(ex, &event[k])) != SG_OK) break;
        const int m = ex->placer->n;
        if (sg_grow((void **)&o->list, &o->capacity, o->n + (size_t)m, sizeof *o->list) != 0) {
            st = sg_fail(SG_ENOMEM, "offers of the catalog");
            break;
        }
        for (int q = 0; q < m; q++, n_lent++)
            o->list[o->n++] = (offer){event[k].barrier, {TASK_LEND, 0, atom, (uint32_t)q, event[k].id}};
    }
    for (int k = 0; k < n_events; k++)
        sg_cat_event_clear(&event[k]);
    sg_free(event);
    return st;
}

sg_status plan_lent(sg_explorer *ex, const unsigned char *lend)
{
    offers o = {NULL, 0, 0};
    sg_status st = SG_OK;

    for (int i = 0; st == SG_OK && i < ex->frame->n; i++)
        if (lend[i]) st = offers_for_atom(ex, (uint32_t)i, &o);
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

    if (st == SG_OK) st = turn_to(ex, t->atom);
    if (st == SG_OK) st = lay_on(ex, &event);
    if (st == SG_OK && (int)t->attempt < ex->placer->n) {
        sg_event_guess(ex->frame, &event, &ex->placer->cluster, &ex->placer->place[t->attempt], s->x_guess,
                       s->mode_guess);
        s->active = find_alike(ex, ex->plan.state, &same_guess, event.barrier, (positions)s->x_guess) < 0;
        s->found = event.found;
        s->barrier = event.barrier;
    }
    sg_cat_event_clear(&event);
    return st;
}

int guess_is_taken(sg_explorer *ex, const task *t, int k)
{
    const slot *s = &ex->slot[k];

    for (int q = 0; q < k; q++) {
        const slot *other = &ex->slot[q];
        const task *u = t - (k - q);
        if (!other->active || u->kind != TASK_LEND || u->atom != t->atom ||
            fabs(other->barrier - s->barrier) > same_guess_energy)
            continue;
        if (sg_system_displacement(ex->frame, (positions)other->x_guess, (positions)s->x_guess, NULL, NULL) <
            same_guess_distance)
            return 1;
    }
    return 0;
}
