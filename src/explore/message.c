/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenes, orders and outcomes as messages. Whole structs are written where they are flat: all ranks run the
 * same program. */
#include "explore_internal.h"

#include <string.h>

static void put_field(sg_bytes *b, double (*x)[3], int n)
{
    sg_bytes_put(b, x, (size_t)n * sizeof *x);
}

static void get_field(sg_bytes *b, double (*x)[3], int n)
{
    sg_bytes_get(b, x, (size_t)n * sizeof *x);
}

/* --- tasks --- */

/* Positions that go with an order, [n] each. */
static int fields_of(const slot *s, double (*out[3])[3])
{
    int n = 0;

    if (s->order.kind != ORDER_SEARCH) out[n++] = s->x_guess;
    if (s->order.kind != ORDER_SEARCH || s->order.sampler == SG_SAMPLER_ECHO) out[n++] = s->mode_guess;
    if (s->order.kind == ORDER_PREFACTOR) out[n++] = s->passage->x_final;
    return n;
}

void order_put(const slot *s, sg_bytes *b)
{
    double(*field[3])[3];

    sg_bytes_put(b, &s->order, sizeof s->order);
    for (int k = 0, n = fields_of(s, field); k < n; k++)
        put_field(b, field[k], s->passage->n);
}

void order_get(slot *s, sg_bytes *b)
{
    double(*field[3])[3];

    sg_bytes_get(b, &s->order, sizeof s->order);
    if (s->order.kind >= N_ORDERS) b->failed = 1;
    if (s->order.kind == ORDER_SEARCH && s->order.atom >= (uint32_t)s->passage->n) b->failed = 1;
    for (int k = 0, n = fields_of(s, field); k < n; k++)
        get_field(b, field[k], s->passage->n);
}

static int has_positions(const sg_passage *p)
{
    return p->outcome == SG_FOUND || p->outcome == SG_KNOWN;
}

static void passage_put(const sg_passage *p, sg_bytes *b)
{
    sg_bytes_put(b, p, sizeof *p);
    if (!has_positions(p)) return;
    put_field(b, p->x_saddle, p->n);
    put_field(b, p->x_final, p->n);
    put_field(b, p->mode, p->n);
}

static void passage_get(sg_passage *p, sg_bytes *b)
{
    const sg_passage own = *p;

    sg_bytes_get(b, p, sizeof *p);
    p->n = own.n;
    p->x_saddle = own.x_saddle;
    p->x_final = own.x_final;
    p->mode = own.mode;
    if ((uint32_t)p->outcome >= SG_OUTCOME_COUNT) b->failed = 1;
    if (!has_positions(p)) return;
    get_field(b, p->x_saddle, p->n);
    get_field(b, p->x_final, p->n);
    get_field(b, p->mode, p->n);
}

void outcome_put(const slot *s, sg_bytes *b)
{
    sg_bytes_put(b, &s->spent, sizeof s->spent);
    sg_bytes_put(b, &s->processor_s, sizeof s->processor_s);
    if (s->order.kind == ORDER_PREFACTOR)
        sg_bytes_put(b, &s->prefactor, sizeof s->prefactor);
    else
        passage_put(s->passage, b);
}

void outcome_get(slot *s, sg_bytes *b)
{
    sg_bytes_get(b, &s->spent, sizeof s->spent);
    sg_bytes_get(b, &s->processor_s, sizeof s->processor_s);
    s->equivalents = s->spent.equivalents;
    s->status = SG_OK;
    s->is_away = 1;
    if (s->order.kind != ORDER_PREFACTOR) {
        passage_get(s->passage, b);
        return;
    }
    sg_bytes_get(b, &s->prefactor, sizeof s->prefactor);
    if ((uint32_t)s->prefactor.status >= SG_NU_STATUS_COUNT) b->failed = 1;
}

/* --- scenes --- */

sg_status scene_put_model(const scene *sc, sg_bytes *b)
{
    const sg_system *sys = sc->frame;
    const size_t n = (size_t)sys->n;
    unsigned char *parcel = NULL;
    size_t n_parcel = 0;
    const sg_status st = sg_potential_pack(sc->pot, &parcel, &n_parcel);

    if (st != SG_OK) return st;
    sg_bytes_put_u64(b, n_parcel);
    sg_bytes_put(b, parcel, n_parcel);
    sg_free(parcel);
    sg_bytes_put_u64(b, n);
    sg_bytes_put(b, sys->type, n * sizeof *sys->type);
    sg_bytes_put(b, sys->id, n * sizeof *sys->id);
    sg_bytes_put(b, sys->fixed, n);
    sg_bytes_put_u64(b, (uint64_t)sys->n_fixed);
    sg_bytes_put(b, &sys->species, sizeof sys->species);
    sg_bytes_put(b, &sys->cell, sizeof sys->cell);
    sg_bytes_put_u64(b, sc->seed);
    return b->failed ? sg_fail(SG_ENOMEM, "message to other ranks") : SG_OK;
}

sg_status scene_get_model(scene *sc, sg_potential **pot, sg_system **frame, sg_bytes *b)
{
    const size_t n_parcel = (size_t)sg_bytes_get_u64(b);

    *pot = NULL;
    *frame = NULL;
    if (b->failed || n_parcel > b->n - b->at) return sg_fail(SG_ECORRUPT, "message from rank 0");
    sg_status st = sg_potential_unpack(b->p + b->at, n_parcel, pot);
    b->at += n_parcel;
    const size_t n = (size_t)sg_bytes_get_u64(b);
    if (st == SG_OK && n > b->n - b->at) st = sg_fail(SG_ECORRUPT, "message from rank 0");
    if (st == SG_OK) st = sg_system_create((int)n, frame);
    if (st != SG_OK) return st;
    sg_system *sys = *frame;
    sg_bytes_get(b, sys->type, n * sizeof *sys->type);
    sg_bytes_get(b, sys->id, n * sizeof *sys->id);
    sg_bytes_get(b, sys->fixed, n);
    sys->n_fixed = (int)sg_bytes_get_u64(b);
    sg_bytes_get(b, &sys->species, sizeof sys->species);
    sg_bytes_get(b, &sys->cell, sizeof sys->cell);
    sc->seed = sg_bytes_get_u64(b);
    sc->pot = *pot;
    sc->frame = sys;
    for (size_t i = 0; i < n; i++)
        if (sys->type[i] < 0 || sys->type[i] >= sys->species.n) b->failed = 1;
    return b->failed ? sg_fail(SG_ECORRUPT, "message from rank 0") : SG_OK;
}

void scene_put_state(const scene *sc, sg_bytes *b)
{
    sg_bytes_put_u64(b, sc->state);
    sg_bytes_put(b, &sc->energy, sizeof sc->energy);
    sg_bytes_put(b, sc->virial, sizeof sc->virial);
    sg_bytes_put(b, &sc->saddle, sizeof sc->saddle);
    sg_bytes_put(b, &sc->frame->cell, sizeof sc->frame->cell);
    put_field(b, sc->frame->x, sc->frame->n);
}

sg_status scene_get_state(scene *sc, sg_bytes *b)
{
    known_clear(sc->known, sc->n_known);
    sc->n_known = 0;
    sc->state = sg_bytes_get_u64(b);
    sg_bytes_get(b, &sc->energy, sizeof sc->energy);
    sg_bytes_get(b, sc->virial, sizeof sc->virial);
    sg_bytes_get(b, &sc->saddle, sizeof sc->saddle);
    sg_bytes_get(b, &sc->frame->cell, sizeof sc->frame->cell);
    get_field(b, sc->frame->x, sc->frame->n);
    return b->failed ? sg_fail(SG_ECORRUPT, "message from rank 0") : SG_OK;
}

void scene_put_known(scene *sc, sg_bytes *b)
{
    sg_bytes_put_u64(b, sc->n_known);
    for (size_t k = 0; k < sc->n_known; k++) {
        known_event *e = &sc->known[k];
        sg_bytes_put(b, e, sizeof *e);
        if (e->is_told) continue;
        put_field(b, e->x_saddle, 2 * sc->frame->n);
        e->is_told = 1;
    }
}

/* The positions of an event: of the message if it brings them, else of the list so far, which loses them. */
static sg_status take_positions(known_event *e, known_event *old, size_t n_old, int n, sg_bytes *b)
{
    if (!e->is_told) {
        e->x_saddle = sg_calloc(2 * (size_t)n, sizeof *e->x_saddle);
        if (!e->x_saddle) return sg_fail(SG_ENOMEM, "known events");
        get_field(b, e->x_saddle, 2 * n);
        e->x_to = e->x_saddle + n;
        e->is_told = 1;
        return SG_OK;
    }
    for (size_t k = 0; k < n_old; k++) {
        if (old[k].edge != e->edge || old[k].reverse != e->reverse || !old[k].x_saddle) continue;
        e->x_saddle = old[k].x_saddle;
        e->x_to = old[k].x_to;
        old[k].x_saddle = NULL;
        return SG_OK;
    }
    e->x_saddle = NULL;
    return sg_fail(SG_ECORRUPT, "an event that rank 0 should have told");
}

sg_status scene_get_known(scene *sc, sg_bytes *b)
{
    const size_t n = (size_t)sg_bytes_get_u64(b), n_old = sc->n_known;
    known_event *old = sc->known;
    sg_status st = SG_OK;

    if (n > (b->n - b->at) / sizeof *old) return sg_fail(SG_ECORRUPT, "message from rank 0");
    sc->known = sg_calloc(n, sizeof *sc->known);
    sc->n_known = 0;
    if (!sc->known) st = sg_fail(SG_ENOMEM, "%zu known events", n);
    for (size_t k = 0; k < n && st == SG_OK; k++) {
        known_event *e = &sc->known[k];
        sg_bytes_get(b, e, sizeof *e);
        st = take_positions(e, old, n_old, sc->frame->n, b);
        sc->n_known = k + 1;
    }
    known_clear(old, n_old);
    sg_free(old);
    return st == SG_OK && b->failed ? sg_fail(SG_ECORRUPT, "message from rank 0") : st;
}
