/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scratch of one thread: neighbour lists, their views, and the frozen atoms' base.
 *
 * Invariants: `full` is valid or NULL, stale lists are replaced when a view is asked for; `part` and `base`
 * belong to the set whose hash the base holds. A view is valid until the next call that builds one. */
#include "potential_internal.h"

#include <math.h>
#include <string.h>

static void drop_full(sg_potential_work *work);
static void drop_part(sg_potential_work *work);
static sg_status build_part(sg_potential_work *work, const sg_system *sys, const sg_atom_set *set);
static sg_status load_atoms(sg_potential_work *work, const sg_system *sys, const sg_neigh *list,
                            sg_view *view);

sg_status sg_potential_work_create(const sg_potential *pot, sg_potential_work **out)
{
    *out = NULL;
    sg_potential_work *const work = sg_calloc(1, sizeof *work);
    if (!work) return sg_fail(SG_ENOMEM, "scratch of potential %s", pot->ops->name);
    work->r_list = pot->cutoff + SG_SKIN;
    work->n_species = pot->species.n;
    *out = work;
    return SG_OK;
}

void sg_potential_work_reset(sg_potential_work *work)
{
    drop_full(work);
    drop_part(work);
    sg_fast_reset(&work->fast);
    work->difference.n = 0;
    work->base.valid = 0;
    if (work->own) work->own_reset(work->own);
}

void sg_potential_work_free(sg_potential_work *work)
{
    if (!work) return;
    sg_potential_work_reset(work);
    if (work->own) work->own_free(work->own);
    sg_fast_clear(&work->fast);
    sg_free(work->difference.x);
    sg_free(work->difference.f);
    sg_free(work->difference.moved);
    sg_free(work->base.x);
    sg_free(work->base.density);
    sg_free(work->base.embedding);
    sg_free(work->x);
    sg_free(work->type);
    sg_free(work->density);
    sg_free(work->slope);
    sg_free(work->f);
    sg_free(work->row_end);
    sg_free(work->record);
    sg_free(work);
}

const sg_force_calls *sg_potential_calls(const sg_potential_work *work)
{
    return &work->calls;
}

double sg_potential_work_skin(const sg_potential_work *work)
{
    (void)work;
    return SG_SKIN;
}

/* ---- whole system ---- */

static void drop_full(sg_potential_work *work)
{
    sg_neigh_free(work->full);
    sg_free(work->full_shift);
    work->full = NULL;
    work->full_shift = NULL;
}

sg_status sg_work_full_view(sg_potential_work *work, const sg_system *sys, sg_view *view)
{
    sg_status st = SG_OK;

    if (work->full && sg_neigh_stale(work->full, sys, SG_SKIN)) drop_full(work);
    if (!work->full) {
        if ((st = sg_neigh_create(sys, work->r_list, NULL, &work->full)) != SG_OK) return st;
        work->full_shift = sg_calloc((size_t)work->full->n_shift, sizeof *work->full_shift);
        if (!work->full_shift) {
            drop_full(work);
            return sg_fail(SG_ENOMEM, "image shifts");
        }
        sg_neigh_shift_vectors(work->full, &sys->cell, work->full_shift);
    }
    *view = (sg_view){.n = sys->n,
                      .first = work->full->first,
                      .j = work->full->j,
                      .image = work->full->image,
                      .shift = (const double(*)[3])work->full_shift};
    return load_atoms(work, sys, work->full, view);
}

/* Positions and types of the view's atoms at this moment. */
static sg_status load_atoms(sg_potential_work *work, const sg_system *sys, const sg_neigh *list,
                            sg_view *view)
{
    const size_t n = (size_t)view->n;

    if (sg_grow((void **)&work->x, &work->capacity_x, n, sizeof *work->x) ||
        sg_grow((void **)&work->type, &work->capacity_type, n, sizeof *work->type))
        return sg_fail(SG_ENOMEM, "positions of %d atoms", view->n);
    for (int i = 0; i < view->n; i++) {
        const int g = view->global ? view->global[i] : i;
        if (sys->type[g] < 0 || sys->type[g] >= work->n_species)
            return sg_fail(SG_EINVAL, "atom id %d has type %d, the potential was made for %d", sys->id[g],
                           sys->type[g] + 1, work->n_species);
        sg_neigh_wrapped(list, sys, g, work->x[i]);
        work->type[i] = sys->type[g];
    }
    view->x = (const double(*)[3])work->x;
    view->type = work->type;
    return SG_OK;
}

/* ---- free sets ---- */

uint64_t sg_work_set_hash(const sg_atom_set *set)
{
    return sg_hash(set->atom, (size_t)set->n * sizeof *set->atom, (uint64_t)set->n);
}

int sg_work_needs_base(const sg_potential_work *work, const sg_system *sys, const sg_atom_set *set)
{
    const sg_base *const b = &work->base;
    return !b->valid || b->n_system != sys->n || b->set_hash != sg_work_set_hash(set) ||
           memcmp(b->h, sys->cell.h, sizeof b->h) != 0;
}

sg_status sg_work_base_begin(sg_potential_work *work, const sg_system *sys)
{
    sg_base *const b = &work->base;
    const size_t n = (size_t)sys->n;

    b->valid = b->constant_valid = 0;
    drop_part(work);
    sg_halo_free(work->fast.part);
    work->fast.part = NULL;
    work->fast.point = NULL;
    if (sg_grow((void **)&b->x, &b->capacity_x, n, sizeof *b->x) ||
        sg_grow((void **)&b->density, &b->capacity_density, n, sizeof *b->density) ||
        sg_grow((void **)&b->embedding, &b->capacity_embedding, n, sizeof *b->embedding))
        return sg_fail(SG_ENOMEM, "base of %d frozen atoms", sys->n);
    memcpy(b->x, sys->x, n * sizeof *b->x);
    memset(b->density, 0, n * sizeof *b->density);
    memset(b->embedding, 0, n * sizeof *b->embedding);
    b->pair_energy = 0.0;
    return SG_OK;
}

void sg_work_base_end(sg_potential_work *work, const sg_system *sys, const sg_atom_set *set)
{
    sg_base *const b = &work->base;

    b->valid = 1;
    b->n_system = sys->n;
    b->set_hash = sg_work_set_hash(set);
    if (work->full) b->full_pairs = work->full->first[sys->n];
    memcpy(b->h, sys->cell.h, sizeof b->h);
    work->last_equivalents += 1.0;
}

double sg_work_base_energy(sg_potential_work *work)
{
    sg_base *const b = &work->base;
    double out_of_reach = 0.0;
    int next = 0;

    if (b->constant_valid) return b->constant;
    for (int i = 0; i < b->n_system; i++) {
        if (next < work->part.n && work->part.global[next] == i)
            next++;
        else
            out_of_reach += b->embedding[i];
    }
    b->constant = b->pair_energy + out_of_reach;
    b->constant_valid = 1;
    return b->constant;
}

static void drop_part(sg_potential_work *work)
{
    sg_part *const p = &work->part;

    sg_neigh_free(p->list);
    sg_free(p->global);
    sg_free(p->first);
    sg_free(p->j);
    sg_free(p->shift);
    memset(p, 0, sizeof *p);
    work->base.constant_valid = 0;
}

static int part_stale(const sg_part *p, const sg_system *sys, const sg_atom_set *set)
{
    for (int k = 0; k < set->n; k++) {
        const int i = set->atom[k];
        double r2 = 0.0;
        for (int a = 0; a < 3; a++) {
            const double d = sys->x[i][a] - p->list->x_build[i][a];
            r2 += d * d;
        }
        if (!(r2 <= 0.25 * SG_SKIN * SG_SKIN)) return 1;
    }
    return 0;
}

sg_status sg_work_check_frozen(const sg_potential_work *work, const sg_system *sys, int i)
{
    const double *const x = sys->x[i], *const before = work->base.x[i];

    if (x[0] == before[0] && x[1] == before[1] && x[2] == before[2]) return SG_OK;
    return sg_fail(SG_EINVAL,
                   "frozen atom id %d has moved since the free set was taken up; reset the work first",
                   sys->id[i]);
}

/* The base holds for frozen atoms that stay where they are; those within reach are looked at. */
static sg_status check_frozen(const sg_potential_work *work, const sg_system *sys, const sg_atom_set *set)
{
    const sg_part *const p = &work->part;

    for (int k = 0; k < p->n; k++) {
        const int i = p->global[k];
        const sg_status st = set->member[i] ? SG_OK : sg_work_check_frozen(work, sys, i);
        if (st != SG_OK) return st;
    }
    return SG_OK;
}

sg_status sg_work_part_view(sg_potential_work *work, const sg_system *sys, const sg_atom_set *set,
                            sg_view *view)
{
    sg_part *const p = &work->part;
    sg_status st;

    if (p->list && part_stale(p, sys, set)) drop_part(work);
    if (!p->list) {
        if ((st = build_part(work, sys, set)) != SG_OK) {
            drop_part(work);
            return st;
        }
    }
    *view = (sg_view){.n = p->n,
                      .first = p->first,
                      .j = p->j,
                      .image = p->list->image,
                      .shift = (const double(*)[3])p->shift,
                      .global = p->global};
    if ((st = check_frozen(work, sys, set)) != SG_OK) return st;
    if (work->base.full_pairs > 0)
        work->last_equivalents += (double)p->first[p->n] / (double)work->base.full_pairs;
    return load_atoms(work, sys, p->list, view);
}

/* Number the atoms that occur in the list, ascending. */
static sg_status build_part(sg_potential_work *work, const sg_system *sys, const sg_atom_set *set)
{
    sg_part *const p = &work->part;
    const int n = sys->n;
    int *local = NULL; /* -1: not in it */
    sg_status st = sg_neigh_create(sys, work->r_list, set->member, &p->list);

    if (st != SG_OK) return st;
    const int64_t *const first = p->list->first;
    local = sg_calloc((size_t)n, sizeof *local);
    p->j = sg_calloc((size_t)first[n], sizeof *p->j);
    p->shift = sg_calloc((size_t)p->list->n_shift, sizeof *p->shift);
    if (!local || !p->j || !p->shift) goto no_memory;
    for (int i = 0; i < n; i++) {
        if (set->member[i] || first[i + 1] > first[i]) local[i] = 1;
        for (int64_t k = first[i]; k < first[i + 1]; k++)
            local[p->list->j[k]] = 1;
    }
    for (int i = 0; i < n; i++)
        local[i] = local[i] ? p->n++ : -1;
    p->global = sg_calloc((size_t)p->n, sizeof *p->global);
    p->first = sg_calloc((size_t)p->n + 1, sizeof *p->first);
    if (!p->global || !p->first) goto no_memory;
    for (int i = 0; i < n; i++) {
        if (local[i] < 0) continue;
        p->global[local[i]] = i;
        p->first[local[i] + 1] = first[i + 1]; /* atoms left out have empty rows */
    }
    for (int64_t k = 0; k < first[n]; k++)
        p->j[k] = local[p->list->j[k]];
    sg_neigh_shift_vectors(p->list, &sys->cell, p->shift);
    goto done;
no_memory:
    st = sg_fail(SG_ENOMEM, "list of %d free atoms", set->n);
done:
    sg_free(local);
    return st;
}

/* ---- buffers ---- */

double *sg_aligned(void **memory, size_t n)
{
    enum { LINE = 64 };

    *memory = sg_calloc(n + LINE / sizeof(double), sizeof(double));
    if (!*memory) return NULL;
    return (double *)(((uintptr_t)*memory + LINE - 1) / LINE * LINE);
}

sg_status sg_work_scratch(sg_potential_work *work, const sg_view *view)
{
    const size_t n = (size_t)view->n;
    const size_t pairs = (size_t)view->first[view->n] + 1;

    if (sg_grow((void **)&work->density, &work->capacity_density, n, sizeof *work->density) ||
        sg_grow((void **)&work->slope, &work->capacity_slope, n, sizeof *work->slope) ||
        sg_grow((void **)&work->f, &work->capacity_f, n, sizeof *work->f) ||
        sg_grow((void **)&work->row_end, &work->capacity_end, n, sizeof *work->row_end) ||
        sg_grow((void **)&work->record, &work->capacity_record, pairs, sizeof *work->record))
        return sg_fail(SG_ENOMEM, "scratch of %d atoms and %zu pairs", view->n, pairs);
    memset(work->density, 0, n * sizeof *work->density);
    memset(work->slope, 0, n * sizeof *work->slope);
    memset(work->f, 0, n * sizeof *work->f);
    return SG_OK;
}

void sg_work_scatter(const sg_potential_work *work, const sg_view *view, const sg_atom_set *set, int n_system,
                     double (*f)[3])
{
    if (!set) {
        memcpy(f, work->f, (size_t)view->n * sizeof *f);
        return;
    }
    memset(f, 0, (size_t)n_system * sizeof *f);
    for (int i = 0; i < view->n; i++) {
        const int g = view->global[i];
        if (set->member[g]) memcpy(f[g], work->f[i], sizeof f[g]);
    }
}
