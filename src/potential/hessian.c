/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hessian times vector for potentials without a closed form: H v = -(F(x + e v) - F(x)) / e, with e such that
 * the farthest atom moves by STEP. And the Hessian of a set of atoms from products: column by column, the one
 * of a product by differences as half of H v - H(-v), whose error is of second order. */
#include "potential_internal.h"

#include <math.h>
#include <string.h>

/* Å. Rounding of forces (1e-13 eV/Å and more) gives 1e-8 eV/Å^2, the third derivative (1e2 eV/Å^3) 1e-3. */
static const double STEP = 1e-5;

static int stands_at(const sg_difference *d, const sg_system *sys, const sg_atom_set *set)
{
    return d->n == sys->n && d->has_set == (set != NULL) && (!set || d->set_hash == sg_work_set_hash(set)) &&
           memcmp(d->h, sys->cell.h, sizeof d->h) == 0 &&
           memcmp(d->x, sys->x, (size_t)sys->n * sizeof *d->x) == 0;
}

static sg_status force(const sg_potential *pot, sg_potential_work *work, const sg_system *sys,
                       const sg_atom_set *set, double (*f)[3])
{
    sg_forces out = {.f = f};

    if (!set) work->last_equivalents += 1.0;
    return pot->ops->compute(pot, work, sys, set, &out);
}

static sg_status stand_at(const sg_potential *pot, sg_potential_work *work, const sg_system *sys,
                          const sg_atom_set *set)
{
    sg_difference *const d = &work->difference;
    const size_t n = (size_t)sys->n;

    d->n = 0;
    if (sg_grow((void **)&d->x, &d->capacity_x, n, sizeof *d->x) ||
        sg_grow((void **)&d->f, &d->capacity_f, n, sizeof *d->f) ||
        sg_grow((void **)&d->moved, &d->capacity_moved, n, sizeof *d->moved))
        return sg_fail(SG_ENOMEM, "forces of %d atoms", sys->n);
    const sg_status st = force(pot, work, sys, set, d->f);
    if (st != SG_OK) return st;
    memcpy(d->x, sys->x, n * sizeof *d->x);
    memcpy(d->h, sys->cell.h, sizeof d->h);
    d->has_set = set != NULL;
    d->set_hash = set ? sg_work_set_hash(set) : 0;
    d->n = sys->n;
    return SG_OK;
}

sg_status sg_hessian_by_differences(const sg_potential *pot, sg_potential_work *work, const sg_system *sys,
                                    const sg_atom_set *set, const double (*v)[3], double (*out)[3])
{
    sg_difference *const d = &work->difference;
    double longest2 = 0.0;
    sg_status st = SG_OK;

    for (int i = 0; i < sys->n; i++)
        if (!set || set->member[i])
            longest2 = fmax(longest2, v[i][0] * v[i][0] + v[i][1] * v[i][1] + v[i][2] * v[i][2]);
    if (longest2 == 0.0) {
        memset(out, 0, (size_t)sys->n * sizeof *out);
        return SG_OK;
    }
    if (!stands_at(d, sys, set)) st = stand_at(pot, work, sys, set);
    if (st != SG_OK) return st;
    const double e = STEP / sqrt(longest2);
    sg_system moved = *sys;
    moved.x = d->moved;
    for (int i = 0; i < sys->n; i++)
        for (int a = 0; a < 3; a++)
            d->moved[i][a] = sys->x[i][a] + (!set || set->member[i] ? e * v[i][a] : 0.0);
    if ((st = force(pot, work, &moved, set, out)) != SG_OK) return st;
    for (int i = 0; i < sys->n; i++)
        for (int a = 0; a < 3; a++)
            out[i][a] = (d->f[i][a] - out[i][a]) / e;
    return SG_OK;
}

/* Column `c` of the block of the atoms in `atom` (NULL: all) into out[3m]; v is zero before and after. */
static sg_status column(const sg_potential *pot, sg_potential_work *work, const sg_system *sys,
                        const sg_atom_set *set, size_t c, double (*v)[3], double (*hv)[3], double *out)
{
    const size_t m = (size_t)(set ? set->n : sys->n), mover = set ? (size_t)set->atom[c / 3] : c / 3;
    const int n_sides = sg_potential_has_hessian(pot) ? 1 : 2;

    for (int side = 0; side < n_sides; side++) {
        v[mover][c % 3] = side == 0 ? 1.0 : -1.0;
        const sg_status st = sg_potential_hessian_times(pot, work, sys, set, (const double(*)[3])v, hv);
        const double share = v[mover][c % 3] / n_sides;
        v[mover][c % 3] = 0.0;
        if (st != SG_OK) return st;
        for (size_t k = 0; k < m; k++)
            for (int a = 0; a < 3; a++) {
                const double h = share * hv[set ? (size_t)set->atom[k] : k][a];
                out[3 * k + (size_t)a] = side == 0 ? h : out[3 * k + (size_t)a] + h;
            }
    }
    return SG_OK;
}

sg_status sg_hessian_by_products(const sg_potential *pot, sg_potential_work *work, const sg_system *sys,
                                 const sg_atom_set *set, double *h)
{
    const size_t n = (size_t)sys->n, m = 3 * (size_t)(set ? set->n : sys->n);
    double(*const v)[3] = sg_calloc(2 * n, sizeof *v);
    sg_status st = v ? SG_OK : sg_fail(SG_ENOMEM, "Hessian of %zu atoms", m / 3);

    for (size_t c = 0; c < m && st == SG_OK; c++)
        st = column(pot, work, sys, set, c, v, v + n, h + c * m);
    for (size_t i = 0; i < m && st == SG_OK; i++)
        for (size_t j = 0; j < i; j++)
            h[i * m + j] = h[j * m + i] = 0.5 * (h[i * m + j] + h[j * m + i]);
    sg_free(v);
    return st;
}
