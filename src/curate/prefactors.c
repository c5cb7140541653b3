/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Harmonic prefactors of the events of a finished run, by any sets of vibrating atoms: computed, handed out,
 * not stored. */
#include <string.h>

#include "curate_internal.h"
#include "slowglass/event.h"

typedef const double (*positions)[3];

typedef struct tour {
    sg_catalog *cat;
    const sg_potential *pot;
    sg_system *like;
    const sg_curate_vibrations *what;
    sg_vibration_work *work;
    double (*x_saddle)[3]; /* [n] */
    sg_status (*take)(void *arg, const sg_cat_edge *edge, int size, const sg_prefactor *value);
    void *arg;
    sg_status status;
} tour;

static sg_status of_edge(tour *r, const sg_cat_edge *e, const sg_cat_state *from, const sg_cat_state *to)
{
    const sg_vibration_event event = {(positions)from->x, (positions)r->x_saddle, (positions)to->x};
    sg_status st = sg_system_set_strain(r->like, from->gamma);

    if (st == SG_OK)
        sg_event_saddle(r->like, e, 0, (positions)from->x, (positions)to->x, (positions)from->x, r->x_saddle);
    for (int k = 0; k < r->what->n_sizes && st == SG_OK; k++) {
        sg_prefactor value;
        st = sg_vibration_prefactor(r->pot, r->work, r->like, &event, r->what->size[k], &value);
        if (st == SG_OK) st = r->take(r->arg, e, r->what->size[k], &value);
    }
    return st;
}

static int see_edge(void *arg, const void *record)
{
    tour *r = arg;
    const sg_cat_edge *e = record;
    sg_cat_state from = {0}, to = {0};

    if (r->what->edge && e->id != r->what->edge) return 0;
    if (r->what->barrier_max > 0 && !(e->barrier < r->what->barrier_max)) return 0;
    if (sg_interrupt_requested()) return r->status = sg_fail(SG_EINTERRUPTED, "interrupted"), 1;
    r->status = sg_catalog_get_state(r->cat, e->from, &from);
    if (r->status == SG_OK) r->status = sg_catalog_get_state(r->cat, e->to, &to);
    if (r->status == SG_OK && (from.n != (uint32_t)r->like->n || to.n != from.n || e->n != from.n))
        r->status =
            sg_fail(SG_EMISMATCH, "states of %u atoms, the run's structure has %d", from.n, r->like->n);
    if (r->status == SG_OK) r->status = of_edge(r, e, &from, &to);
    sg_cat_state_clear(&from);
    sg_cat_state_clear(&to);
    return r->status != SG_OK;
}

sg_status sg_curate_prefactors(
    sg_catalog *cat, const sg_potential *pot, const sg_system *like, const sg_curate_vibrations *what,
    sg_status (*take)(void *arg, const sg_cat_edge *edge, int size, const sg_prefactor *value), void *arg)
{
    tour r = {.cat = cat, .pot = pot, .what = what, .take = take, .arg = arg, .status = SG_OK};
    sg_status st = sg_system_copy(like, &r.like);

    if (st == SG_OK) st = sg_vibration_work_create(pot, like, &r.work);
    if (st == SG_OK && !(r.x_saddle = sg_calloc((size_t)like->n, sizeof *r.x_saddle)))
        st = sg_fail(SG_ENOMEM, "saddle of %d atoms", like->n);
    if (st == SG_OK) st = sg_catalog_each(cat, SG_DB_EDGES, see_edge, &r);
    if (st == SG_OK) st = r.status;
    sg_free(r.x_saddle);
    sg_vibration_work_free(r.work);
    sg_system_free(r.like);
    return st;
}
