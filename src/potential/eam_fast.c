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

enum { LANES_MAX = SG_HALO_PAD, LINES = 15 }; /* LINES: doubles per place in the scratch */
/* Work of the parts of a product in full calls (measured, AVX-512, 250 atoms of 2000 and all of them). */
static const double COST_DENSITIES = 0.4, COST_COEFFICIENTS = 0.45, COST_PRODUCT = 0.55;
static const double NOWHERE = 1e10; /* Å, where the place that fills up rows lies */

static sg_status begin(const sg_eam *e, sg_potential_work *work, const sg_system *sys, const sg_atom_set *set,
                       sg_eam_task *task);
static void arrange(const sg_eam *e, const sg_halo *list, sg_fast *fast, sg_eam_task *task);
static double share(const sg_potential_work *work);
static sg_status make_base(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                           const sg_atom_set *set);
static double base_energy(sg_potential_work *work);
static double embed_atoms(const sg_eam *e, const sg_halo *list, sg_eam_task *task);
static void hand_out(const sg_halo *list, sg_eam_task *task, double sign, int n_system, double (*out)[3]);

/* Numbers of copies go to their atoms. */
static void fold(const sg_halo *list, double *of_place)
{
    for (int p = list->n_atoms; p < list->n; p++)
        of_place[list->owner[p]] += of_place[p];
}

static void find_densities(const sg_eam *e, const sg_halo *list, sg_eam_task *task)
{
    e->kernel->density(task);
    fold(list, task->density);
}

/* List, positions, densities and the embedding of what the work stands at; its energy without that of pairs.
 */
static sg_status embed_all(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                           const sg_atom_set *set, sg_eam_task *task, double *energy)
{
    sg_status st = SG_OK;

    if (set && sg_work_needs_base(work, sys, set)) st = make_base(e, work, sys, set);
    if (st == SG_OK) st = begin(e, work, sys, set, task);
    if (st != SG_OK) return st;
    const sg_halo *const list = set ? work->fast.part : work->fast.full;
    if (set)
        for (int p = list->n_rows; p < list->n_atoms; p++)
            task->density[p] = work->base.density[list->atom[p]];
    find_densities(e, list, task);
    *energy = (set ? base_energy(work) : 0.0) + embed_atoms(e, list, task);
    work->fast.point = list;
    return SG_OK;
}

sg_status sg_eam_fast_compute(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                              const sg_atom_set *set, sg_forces *out)
{
    sg_eam_task task;
    double energy;
    const sg_status st = embed_all(e, work, sys, set, &task, &energy);

    if (st != SG_OK) return st;
    const sg_halo *const list = work->fast.point;
    e->kernel->force(&task);
    if (set) work->last_equivalents += share(work);
    out->energy = energy + task.energy;
    memcpy(out->virial, task.virial, sizeof out->virial);
    hand_out(list, &task, 1.0, sys->n, out->f);
    return SG_OK;
}

/* Sum over copies, and bring to the system's order, times `sign`; zero for atoms without a row. */
static void hand_out(const sg_halo *list, sg_eam_task *task, double sign, int n_system, double (*out)[3])
{
    for (int p = list->n_atoms; p < list->n; p++)
        for (int a = 0; a < 3; a++)
            task->f[list->owner[p]][a] += task->f[p][a];
    if (list->n_rows < n_system) memset(out, 0, (size_t)n_system * sizeof *out);
    for (int p = 0; p < list->n_rows; p++)
        for (int a = 0; a < 3; a++)
            out[list->atom[p]][a] = sign * task->f[p][a];
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

/* ---- Hessian times vector ---- */

/* Of the pairs of the whole system, those that the list in use has. */
static double share(const sg_potential_work *work)
{
    const sg_halo *const list = work->fast.point;

    if (list == work->fast.full) return 1.0;
    return work->base.full_pairs > 0 ? (double)list->n_pairs / (double)work->base.full_pairs : 1.0;
}

/* 1 if the scratch still holds densities and F' at these positions. */
static int stands_at(const sg_potential_work *work, const sg_system *sys, const sg_atom_set *set,
                     const sg_eam_task *task)
{
    const sg_halo *const list = work->fast.point;

    if (memcmp(list->h, sys->cell.h, sizeof list->h) != 0) return 0;
    if (set && sg_work_needs_base(work, sys, set)) return 0;
    for (int p = 0; p < list->n_atoms; p++) {
        const int i = list->atom[p];
        if (sys->type[i] != list->type[p]) return 0;
        for (int a = 0; a < 3; a++)
            if (task->x[p][a] != sys->x[i][a] + list->shift[p][a]) return 0;
    }
    return 1;
}

/* What products at these positions need, unless it is there. */
static sg_status prepare(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                         const sg_atom_set *set, sg_eam_task *task)
{
    sg_fast *const fast = &work->fast;
    sg_halo *const list = set ? fast->part : fast->full;
    double energy;
    sg_status st;

    if (list && fast->point == list && list->n_system == sys->n) arrange(e, list, fast, task);
    if (!list || fast->point != list || list->n_system != sys->n || !stands_at(work, sys, set, task)) {
        if ((st = embed_all(e, work, sys, set, task, &energy)) != SG_OK) return st;
        work->last_equivalents += COST_DENSITIES * share(work);
    }
    if (fast->point_has_coefficients) return SG_OK;
    work->last_equivalents += COST_COEFFICIENTS * share(work);
    const size_t room = ((size_t)task->first[task->n_rows] + 2 * LANES_MAX) * N_COEFFICIENTS;
    if (sg_grow((void **)&fast->coefficient, &fast->capacity_coefficient, room, sizeof *fast->coefficient))
        return sg_fail(SG_ENOMEM, "second derivatives of %d atoms", sys->n);
    task->coefficient = fast->coefficient;
    e->kernel->coefficients(task);
    for (int p = 0; p < fast->point->n_atoms; p++)
        task->curvature[p] = embed_curvature(e, task->type[p], task->density[p]);
    fast->point_has_coefficients = 1;
    return SG_OK;
}

sg_status sg_eam_fast_hessian(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                              const sg_atom_set *set, const double (*v)[3], double (*out)[3])
{
    sg_eam_task task;
    const sg_status st = prepare(e, work, sys, set, &task);

    if (st != SG_OK) return st;
    const sg_halo *const list = work->fast.point;
    const size_t places = (size_t)list->n + 1;
    memset(task.f, 0, places * sizeof *task.f);
    memset(task.v, 0, places * sizeof *task.v);
    memset(task.response, 0, places * sizeof *task.response);
    for (int p = 0; p < list->n; p++)
        if (list->owner[p] < list->n_rows) memcpy(task.v[p], v[list->atom[p]], sizeof *v);
    e->kernel->respond(&task);
    fold(list, task.response);
    for (int p = 0; p < list->n_atoms; p++)
        task.v[p][3] = task.curvature[p] * task.response[p];
    for (int p = list->n_atoms; p < list->n; p++)
        task.v[p][3] = task.v[list->owner[p]][3];
    e->kernel->product(&task);
    work->last_equivalents += COST_PRODUCT * share(work);
    hand_out(list, &task, -1.0, sys->n, out);
    return SG_OK;
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
        const sg_status st = sg_work_check_frozen(work, sys, part->atom[p]);
        if (st != SG_OK) return st;
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
    const size_t doubles = LINES * lines + ROW_ARRAYS * row_length(list);
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
        sg_grow((void **)&fast->near_count, &fast->capacity_count, 2 * (size_t)list->n_rows + 1,
                sizeof *fast->near_count))
        return sg_fail(SG_ENOMEM, "scratch of %zu pairs", entries);
    return SG_OK;
}

static void arrange(const sg_eam *e, const sg_halo *list, sg_fast *fast, sg_eam_task *task)
{
    const sg_halo *const whole = fast->full;
    const size_t places = (size_t)list->n + 1;
    const size_t lines = (places + LANES_MAX - 1) / LANES_MAX * LANES_MAX, length = row_length(list);
    double *const row = fast->doubles + LINES * lines;

    *task = (sg_eam_task){.table = &e->table,
                          .n_species = e->base.species.n,
                          .n_rows = list->n_rows,
                          .n_places = list->n,
                          .r2_max = e->r2_max,
                          .type = list->type,
                          .first = list->first,
                          .n_kept = list->n_kept,
                          .entry = list->entry,
                          .x = (double(*)[4])fast->doubles,
                          .f = (double(*)[4])(fast->doubles + 4 * lines),
                          .v = (double(*)[4])(fast->doubles + 8 * lines),
                          .density = fast->doubles + 12 * lines,
                          .response = fast->doubles + 13 * lines,
                          .curvature = fast->doubles + 14 * lines,
                          .row = {.dx = row,
                                  .dy = row + length,
                                  .dz = row + 2 * length,
                                  .s = row + 3 * length,
                                  .p = row + 4 * length,
                                  .slope = row + 5 * length,
                                  .offset = (int64_t *)(void *)(row + 6 * length)},
                          .near = fast->near,
                          .near_first = fast->near_first,
                          .near_count = fast->near_count,
                          .near_kept = fast->near_count + list->n_rows,
                          .whole = list == whole,
                          .coefficient = fast->coefficient};
}

/* List, positions and zeroed sums for a call. */
static sg_status begin(const sg_eam *e, sg_potential_work *work, const sg_system *sys, const sg_atom_set *set,
                       sg_eam_task *task)
{
    sg_halo **const list = set ? &work->fast.part : &work->fast.full;
    sg_status st;

    work->fast.point = NULL;
    work->fast.point_has_coefficients = 0;

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
        memset(task->f, 0, ((size_t)task->n_places + 1) * sizeof *task->f);
        memset(task->density, 0, ((size_t)task->n_places + 1) * sizeof *task->density);
        if (place_atoms(*list, sys, task->x) || fresh) break;
        sg_halo_free(*list);
        *list = NULL;
    }
    return set && work->base.valid ? check_frozen(work, sys) : SG_OK;
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
    fast->point = NULL;
}

void sg_fast_clear(sg_fast *fast)
{
    sg_fast_reset(fast);
    sg_free(fast->memory);
    sg_free(fast->near);
    sg_free(fast->near_first);
    sg_free(fast->near_count);
    sg_free(fast->coefficient);
    memset(fast, 0, sizeof *fast);
}
