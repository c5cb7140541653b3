/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame of the fast kernels: places brought up to date, densities and forces of copies folded back to
 * their atoms, embedding, and the frozen atoms' base.
 *
 * Free sets: the list holds the pairs with a free member. What the others contribute is the difference of a
 * call for the whole system and one for these pairs alone, both at the positions at which the set is taken
 * up: densities at the frozen atoms, and the energy of pairs. So both kinds of call agree to rounding. */
#include "eam.h"

#include <math.h>
#include <string.h>

enum { LANES_MAX = SG_HALO_PAD };
static const double NOWHERE = 1e10; /* Å, where the place that fills up rows lies */

static sg_status begin(const sg_eam *e, sg_potential_work *work, const sg_system *sys, const sg_atom_set *set,
                       sg_eam_task *task);
static sg_status make_base(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                           const sg_atom_set *set);
static double base_energy(sg_potential_work *work);
static double embed_atoms(const sg_eam *e, const sg_halo *list, sg_eam_task *task);
static void fold_forces(const sg_halo *list, sg_eam_task *task);

/* Densities of all atoms of the list, summed over their copies. */
static void find_densities(const sg_eam *e, const sg_halo *list, sg_eam_task *task)
{
    e->kernel->density(task);
    for (int p = list->n_atoms; p < list->n; p++)
        task->density[list->owner[p]] += task->density[p];
}

sg_status sg_eam_fast_compute(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                              const sg_atom_set *set, sg_forces *out)
{
    sg_eam_task task;
    sg_status st = SG_OK;

    if (set && sg_work_needs_base(work, sys, set)) st = make_base(e, work, sys, set);
    if (st == SG_OK) st = begin(e, work, sys, set, &task);
    if (st != SG_OK) return st;
    const sg_halo *const list = set ? work->fast.part : work->fast.full;
    if (set)
        for (int p = list->n_rows; p < list->n_atoms; p++)
            task.density[p] = work->base.density[list->atom[p]];
    find_densities(e, list, &task);
    double energy = set ? base_energy(work) : 0.0;
    energy += embed_atoms(e, list, &task);
    e->kernel->force(&task);
    out->energy = energy + task.energy;
    memcpy(out->virial, task.virial, sizeof out->virial);
    fold_forces(list, &task);
    if (set) memset(out->f, 0, (size_t)sys->n * sizeof *out->f);
    for (int p = 0; p < list->n_rows; p++)
        memcpy(out->f[list->atom[p]], task.f[p], sizeof *out->f);
    return SG_OK;
}

/* Energy of embedding; F' goes to the fourth number of the places' rows. */
static double embed_atoms(const sg_eam *e, const sg_halo *list, sg_eam_task *task)
{
    double energy = 0.0;

    for (int p = 0; p < list->n_atoms; p++)
        energy += embed(e, list->type[p], task->density[p], &task->x[p][3]);
    for (int p = list->n_atoms; p < list->n; p++)
        task->x[p][3] = task->x[list->owner[p]][3];
    return energy;
}

static void fold_forces(const sg_halo *list, sg_eam_task *task)
{
    for (int p = list->n_atoms; p < list->n; p++)
        for (int a = 0; a < 3; a++)
            task->f[list->owner[p]][a] += task->f[p][a];
}

/* ---- places ---- */

/* Positions into the rows of x. 0 when an atom with a row has moved too far, or is of another type, so that
 * the list must be made anew. */
static int place_atoms(const sg_halo *list, const sg_system *sys, double (*x)[4])
{
    const double limit2 = 0.25 * SG_SKIN * SG_SKIN;
    double farthest = 0.0;
    int same = 1;

    for (int p = 0; p < list->n; p++) {
        const double *const at = sys->x[list->atom[p]], *const shift = list->shift[p];
        const double *const before = list->x_build[p];
        double r2 = 0.0;
        for (int a = 0; a < 3; a++) {
            const double d = at[a] - before[a];
            r2 += d * d;
            x[p][a] = at[a] + shift[a];
        }
        if (!(r2 <= farthest)) farthest = r2 >= 0.0 ? r2 : HUGE_VAL; /* a NaN counts as moved */
        same &= sys->type[list->atom[p]] == list->type[p];
    }
    for (int a = 0; a < 3; a++)
        x[list->n][a] = NOWHERE;
    x[list->n][3] = 0.0;
    return same && farthest <= limit2;
}

static sg_status check_types(const sg_potential_work *work, const sg_system *sys)
{
    for (int i = 0; i < sys->n; i++)
        if (sys->type[i] < 0 || sys->type[i] >= work->n_species)
            return sg_fail(SG_EINVAL, "atom id %d has type %d, the potential was made for %d", sys->id[i],
                           sys->type[i] + 1, work->n_species);
    return SG_OK;
}

/* The base holds for frozen atoms that stay where they are; those within reach are looked at. */
static sg_status check_frozen(const sg_potential_work *work, const sg_system *sys)
{
    const sg_halo *const part = work->fast.part;

    for (int p = part->n_rows; p < part->n_atoms; p++) {
        const int i = part->atom[p];
        const double *const x = sys->x[i], *const before = work->base.x[i];
        if (x[0] == before[0] && x[1] == before[1] && x[2] == before[2]) continue;
        return sg_fail(SG_EINVAL,
                       "frozen atom id %d has moved since the free set was taken up; reset the work first",
                       sys->id[i]);
    }
    return SG_OK;
}

/* Of the scratch for one row. */
static size_t row_length(const sg_halo *list)
{
    int64_t longest = 0;

    for (int i = 0; i < list->n_rows; i++)
        if (list->first[i + 1] - list->first[i] > longest) longest = list->first[i + 1] - list->first[i];
    return (size_t)longest + LANES_MAX;
}

static sg_status room(sg_fast *fast, const sg_halo *list)
{
    const size_t places = (size_t)list->n + 1, entries = (size_t)list->first[list->n_rows] + 2 * LANES_MAX;
    const size_t lines = (places + LANES_MAX - 1) / LANES_MAX * LANES_MAX;
    const size_t doubles = 9 * lines + ROW_ARRAYS * row_length(list);
    if (doubles > fast->capacity_doubles) {
        sg_free(fast->memory);
        fast->capacity_doubles = 0;
        fast->doubles = sg_aligned(&fast->memory, doubles);
        if (!fast->doubles) return sg_fail(SG_ENOMEM, "scratch of %d places", list->n);
        fast->capacity_doubles = doubles;
    }
    if (sg_grow((void **)&fast->near, &fast->capacity_near, entries, sizeof *fast->near) ||
        sg_grow((void **)&fast->near_first, &fast->capacity_first, (size_t)list->n_rows + 1,
                sizeof *fast->near_first) ||
        sg_grow((void **)&fast->near_count, &fast->capacity_count, (size_t)list->n_rows + 1,
                sizeof *fast->near_count))
        return sg_fail(SG_ENOMEM, "scratch of %zu pairs", entries);
    return SG_OK;
}

static void arrange(const sg_eam *e, const sg_halo *list, sg_fast *fast, sg_eam_task *task)
{
    const size_t places = (size_t)list->n + 1;
    const size_t lines = (places + LANES_MAX - 1) / LANES_MAX * LANES_MAX, length = row_length(list);
    double *const row = fast->doubles + 9 * lines;

    *task = (sg_eam_task){.table = &e->table,
                          .n_species = e->base.species.n,
                          .n_rows = list->n_rows,
                          .n_places = list->n,
                          .r2_max = e->r2_max,
                          .type = list->type,
                          .first = list->first,
                          .entry = list->entry,
                          .x = (double(*)[4])fast->doubles,
                          .f = (double(*)[4])(fast->doubles + 4 * lines),
                          .density = fast->doubles + 8 * lines,
                          .row = {.dx = row,
                                  .dy = row + length,
                                  .dz = row + 2 * length,
                                  .s = row + 3 * length,
                                  .p = row + 4 * length,
                                  .slope = row + 5 * length,
                                  .offset = (int64_t *)(void *)(row + 6 * length)},
                          .near = fast->near,
                          .near_first = fast->near_first,
                          .near_count = fast->near_count};
    memset(task->f, 0, places * sizeof *task->f);
    memset(task->density, 0, places * sizeof *task->density);
}

/* List, positions and zeroed sums for a call. */
static sg_status begin(const sg_eam *e, sg_potential_work *work, const sg_system *sys, const sg_atom_set *set,
                       sg_eam_task *task)
{
    sg_halo **const list = set ? &work->fast.part : &work->fast.full;
    sg_status st;

    for (int fresh = 0;; fresh = 1) {
        if (*list &&
            ((*list)->n_system != sys->n || memcmp((*list)->h, sys->cell.h, sizeof(*list)->h) != 0)) {
            sg_halo_free(*list);
            *list = NULL;
        }
        if (!*list) {
            fresh = 1;
            work->base.constant_valid = 0;
            if ((st = check_types(work, sys)) != SG_OK) return st;
            if ((st = sg_halo_create(sys, work->r_list, set ? set->member : NULL, list)) != SG_OK) return st;
        }
        if ((st = room(&work->fast, *list)) != SG_OK) return st;
        arrange(e, *list, &work->fast, task);
        if (place_atoms(*list, sys, task->x) || fresh) break;
        sg_halo_free(*list);
        *list = NULL;
    }
    if (!set) return SG_OK;
    if (work->base.valid && (st = check_frozen(work, sys)) != SG_OK) return st;
    if (work->base.full_pairs > 0)
        work->last_equivalents += (double)(*list)->n_pairs / (double)work->base.full_pairs;
    return SG_OK;
}

/* ---- frozen atoms ---- */

static sg_status make_base(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                           const sg_atom_set *set)
{
    sg_base *const b = &work->base;
    sg_eam_task task;
    sg_status st = sg_work_base_begin(work, sys);

    if (st == SG_OK) st = begin(e, work, sys, NULL, &task);
    if (st != SG_OK) return st;
    const sg_halo *const full = work->fast.full;
    find_densities(e, full, &task);
    for (int p = 0; p < full->n_atoms; p++)
        b->density[full->atom[p]] = task.density[p];
    e->kernel->force(&task);
    b->pair_energy = task.energy;
    b->full_pairs = 0; /* this call for the part is not counted */
    if ((st = begin(e, work, sys, set, &task)) != SG_OK) return st;
    const sg_halo *const part = work->fast.part;
    find_densities(e, part, &task);
    for (int p = 0; p < part->n_atoms; p++)
        b->density[part->atom[p]] -= task.density[p];
    e->kernel->force(&task);
    b->pair_energy -= task.energy;
    for (int i = 0; i < sys->n; i++) {
        double slope;
        if (!set->member[i]) b->embedding[i] = embed(e, sys->type[i], b->density[i], &slope);
    }
    b->full_pairs = full->n_pairs;
    sg_work_base_end(work, sys, set);
    return SG_OK;
}

/* Energy that no free atom can change: frozen pairs, and the embedding of the frozen atoms out of reach. */
static double base_energy(sg_potential_work *work)
{
    sg_base *const b = &work->base;
    const sg_halo *const part = work->fast.part;

    if (b->constant_valid) return b->constant;
    double all = 0.0, within_reach = 0.0;
    for (int i = 0; i < b->n_system; i++)
        all += b->embedding[i];
    for (int p = part->n_rows; p < part->n_atoms; p++)
        within_reach += b->embedding[part->atom[p]];
    b->constant = b->pair_energy + (all - within_reach);
    b->constant_valid = 1;
    return b->constant;
}

void sg_fast_reset(sg_fast *fast)
{
    sg_halo_free(fast->full);
    sg_halo_free(fast->part);
    fast->full = fast->part = NULL;
}

void sg_fast_clear(sg_fast *fast)
{
    sg_fast_reset(fast);
    sg_free(fast->memory);
    sg_free(fast->near);
    sg_free(fast->near_first);
    sg_free(fast->near_count);
    memset(fast, 0, sizeof *fast);
}
