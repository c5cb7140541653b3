/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generic records of what searches find. An event that the catalog can already place on this centre with the
 * same barrier and the same displacements is the same event, met again elsewhere or from another atom: it is
 * counted, not stored a second time. */
#include "explore_internal.h"

#include <math.h>
#include <string.h>

typedef struct side { /* one direction of a passage */
    sg_environment env;
    sg_cluster cluster;
    int n_perm;
    int perm[MAX_AUTOMORPHISMS][SG_TOPOLOGY_MAX_VERTICES];
} side;

/* --- events put since the last commit: look-ups in the store do not see them yet --- */

void pending_clear(sg_explorer *ex)
{
    for (size_t k = 0; k < ex->n_pending; k++)
        sg_cat_event_clear(&ex->pending[k]);
    ex->n_pending = 0;
}

static sg_cat_event *pending_find(sg_explorer *ex, uint64_t id)
{
    for (size_t k = 0; k < ex->n_pending; k++)
        if (ex->pending[k].id == id) return &ex->pending[k];
    return NULL;
}

/* On success the explorer owns what is in *take. */
static sg_status pending_add(sg_explorer *ex, sg_cat_event *take)
{
    if (sg_grow((void **)&ex->pending, &ex->cap_pending, ex->n_pending + 1, sizeof *ex->pending) != 0)
        return sg_fail(SG_ENOMEM, "%zu new events", ex->n_pending + 1);
    ex->pending[ex->n_pending++] = *take;
    memset(take, 0, sizeof *take);
    return SG_OK;
}

sg_status count_generic(sg_explorer *ex, uint64_t id, uint8_t sampler)
{
    sg_cat_event known = {0}, *ev = pending_find(ex, id);
    sg_status st = SG_OK;

    if (!ev) {
        st = sg_catalog_get_event(ex->cat, id, &known);
        if (st == SG_ENOTFOUND) return SG_OK; /* damaged since: the edge's counter has it */
        if (st == SG_OK) st = pending_add(ex, &known);
        sg_cat_event_clear(&known);
        if (st != SG_OK) return st;
        ev = &ex->pending[ex->n_pending - 1];
        sg_cat_event_keep_run(ev, ex->opt.run);
    }
    st = sg_cat_event_count(ev, ex->opt.run, sampler);
    return st == SG_OK ? sg_catalog_put_event(ex->cat, ev) : st;
}

static sg_status set_prefactors(sg_explorer *ex, uint64_t id, double nu, double nu_back)
{
    sg_cat_event known = {0}, *ev = pending_find(ex, id);
    sg_status st = SG_OK;

    if (!ev) {
        st = sg_catalog_get_event(ex->cat, id, &known);
        if (st == SG_ENOTFOUND) return SG_OK;
        if (st == SG_OK && isnan(known.prefactor)) {
            sg_cat_event_keep_run(&known, ex->opt.run);
            ev = &known;
        }
    }
    if (st == SG_OK && ev && isnan(ev->prefactor) && ev->n_origins > 0) { /* else a base's alone */
        ev->prefactor = nu;
        ev->prefactor_back = nu_back;
        st = sg_catalog_put_event(ex->cat, ev);
        if (st == SG_OK && ev == &known) st = pending_add(ex, &known);
    }
    sg_cat_event_clear(&known);
    return st;
}

sg_status put_generic_prefactors(sg_explorer *ex, const sg_cat_edge *e)
{
    sg_status st = SG_OK;

    if (e->nu_status != SG_NU_DONE) return SG_OK;
    if (e->event) st = set_prefactors(ex, e->event, e->prefactor, e->prefactor_back);
    if (st == SG_OK && e->event_back) st = set_prefactors(ex, e->event_back, e->prefactor_back, e->prefactor);
    return st;
}

/* --- is it known? --- */

static sg_status compare_with(sg_explorer *ex, side *s, const sg_cat_event *ev, double barrier,
                              positions d_saddle, positions d_final, uint64_t *id)
{
    sg_status st = SG_OK;
    int same = 0;

    if (!sg_event_may_be_same(ev, s->env.key, barrier)) return SG_OK;
    if (s->n_perm == 0) {
        st = sg_topology_automorphisms(&s->env, MAX_AUTOMORPHISMS, s->perm, &s->n_perm);
        if (st == SG_OK)
            st = sg_cluster_init(&s->cluster, ex->frame, &s->env, SG_EVENT_REACH + SG_TOPOLOGY_ASSIGN_MAX,
                                 NULL);
    }
    const sg_event_seen seen = {
        s->env.key, barrier, &s->cluster, s->n_perm, (const int(*)[SG_TOPOLOGY_MAX_VERTICES])s->perm,
        d_saddle,   d_final};
    if (st == SG_OK) st = sg_event_same(ev, &seen, &same);
    if (same) *id = ev->id;
    return st;
}

/* The event of the catalog that this direction of the passage repeats, 0 if none. */
static sg_status find_generic(sg_explorer *ex, side *s, double barrier, positions d_saddle, positions d_final,
                              uint64_t *id)
{
    sg_cat_event *event = NULL;
    int n = 0;
    sg_status st = sg_catalog_find_events(ex->cat, s->env.key, &event, &n);

    *id = 0;
    s->n_perm = 0;
    for (int k = 0; k < n && st == SG_OK && *id == 0; k++)
        st = compare_with(ex, s, &event[k], barrier, d_saddle, d_final, id);
    for (size_t k = 0; k < ex->n_pending && st == SG_OK && *id == 0; k++)
        st = compare_with(ex, s, &ex->pending[k], barrier, d_saddle, d_final, id);
    for (int k = 0; k < n; k++)
        sg_cat_event_clear(&event[k]);
    sg_free(event);
    sg_cluster_clear(&s->cluster);
    return st;
}

/* The frame holds the positions of the end that the passage is seen from. */
static sg_status put_one(sg_explorer *ex, side *s, positions d_saddle, positions d_final, positions mode,
                         const sg_cat_edge *edge, int reverse, uint64_t *id)
{
    const double barrier = reverse ? edge->barrier_back : edge->barrier;
    sg_bonds *bonds = NULL;
    sg_cat_event ev = {0};
    sg_status st = sg_bonds_create(ex->frame, &ex->params, &bonds);

    if (st == SG_OK) st = sg_topology_environment(ex->frame, &ex->params, bonds, (int)edge->centre, &s->env);
    if (st == SG_OK) st = find_generic(ex, s, barrier, d_saddle, d_final, id);
    if (st != SG_OK) goto done;
    if (*id != 0) {
        st = count_generic(ex, *id, edge->sampler);
        goto done;
    }
    /* nor is the way back wanted when the way there is too high: nobody will stand at its start */
    if (ex->opt.store_below > 0 && (barrier > ex->opt.store_below || edge->barrier > ex->opt.store_below))
        goto done;
    if ((st = sg_event_generic(ex->frame, &s->env, bonds, d_saddle, d_final, mode, edge, reverse, ex->opt.run,
                               &ev)) != SG_OK)
        goto done;
    *id = ev.id;
    const sg_cat_environment record = {s->env.key, (uint32_t)s->env.n, (uint32_t)s->env.form_size,
                                       s->env.form};
    st = sg_catalog_put_environment(ex->cat, &record);
    if (st == SG_OK) st = sg_catalog_put_event(ex->cat, &ev);
    if (st == SG_OK) st = pending_add(ex, &ev);
    ex->stats.new_events += st == SG_OK;
done:
    sg_cat_event_clear(&ev);
    sg_bonds_free(bonds);
    return st;
}

sg_status put_generics(sg_explorer *ex, const sg_passage *p, sg_cat_edge *edge)
{
    const size_t n = (size_t)ex->frame->n, bytes = n * sizeof *ex->frame->x;
    double(*d)[3] = sg_calloc(2 * n, sizeof *d);
    side *s = sg_calloc(1, sizeof *s);
    sg_status st = d && s ? SG_OK : sg_fail(SG_ENOMEM, "generic event");

    for (int reverse = 0; reverse < 2 && st == SG_OK; reverse++) {
        positions here = reverse ? (positions)p->x_final : x_of(ex, edge->from);
        positions there = reverse ? x_of(ex, edge->from) : (positions)p->x_final;
        uint64_t id = 0;
        memcpy(ex->frame->x, here, bytes);
        sg_system_displacement(ex->frame, here, (positions)p->x_saddle, d, NULL);
        sg_system_displacement(ex->frame, here, there, d + n, NULL);
        st = put_one(ex, s, (positions)d, (positions)(d + n), (positions)p->mode, edge, reverse, &id);
        *(reverse ? &edge->event_back : &edge->event) = id;
    }
    frame_to(ex, edge->from);
    sg_free(s);
    sg_free(d);
    return st;
}
