/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packing of the moving coordinates, and the few vector operations that the searches need. */
#include "saddle_internal.h"

#include <math.h>
#include <string.h>

static const double difference =
    1e-4; /* Å, norm of the displacement: rounding gives 1e-8 eV/Å^2, anharmonicity a few 1e-3 */

sg_status surface_init(surface *s, const sg_potential *pot, sg_potential_work *work, sg_system *sys,
                       const sg_atom_set *set)
{
    const int n_candidates = set ? set->n : sys->n;

    memset(s, 0, sizeof *s);
    s->pot = pot;
    s->work = work;
    s->sys = sys;
    s->set = set;
    s->atom = sg_calloc((size_t)n_candidates, sizeof *s->atom);
    s->out.f = sg_calloc((size_t)sys->n, sizeof *s->out.f);
    s->has_hessian = sg_potential_has_hessian(pot);
    if (s->has_hessian) s->product = sg_calloc(2 * (size_t)sys->n, sizeof *s->product);
    if (!s->atom || !s->out.f || (s->has_hessian && !s->product)) {
        surface_clear(s);
        return sg_fail(SG_ENOMEM, "surface of %d atoms", n_candidates);
    }
    for (int k = 0; k < n_candidates; k++) {
        const int i = set ? set->atom[k] : k;
        if (!sys->fixed[i]) s->atom[s->n_active++] = i;
    }
    s->m = 3 * (size_t)s->n_active;
    s->n_zero = set ? 0 : sg_system_zero_modes(sys);
    return SG_OK;
}

void surface_clear(surface *s)
{
    sg_free(s->atom);
    sg_free(s->out.f);
    sg_free(s->product);
    memset(s, 0, sizeof *s);
}

void surface_get(const surface *s, double *x)
{
    for (int k = 0; k < s->n_active; k++)
        memcpy(x + 3 * k, s->sys->x[s->atom[k]], 3 * sizeof *x);
}

sg_status surface_force(surface *s, const double *x, double *energy, double *f)
{
    for (int k = 0; k < s->n_active; k++)
        memcpy(s->sys->x[s->atom[k]], x + 3 * k, 3 * sizeof *x);
    const sg_status st = sg_potential_compute(s->pot, s->work, s->sys, s->set, &s->out);
    if (s->calls) ++*s->calls;
    if (st != SG_OK) return st;
    for (int k = 0; k < s->n_active; k++)
        memcpy(f + 3 * k, s->out.f[s->atom[k]], 3 * sizeof *f);
    surface_project(s, f);
    *energy = s->out.energy;
    return SG_OK;
}

/* One-sided difference of two forces. */
static sg_status hessian_by_difference(surface *s, const double *x, const double *f0, const double *u,
                                       double *scratch, double *out)
{
    double energy;

    for (size_t k = 0; k < s->m; k++)
        scratch[k] = x[k] + difference * u[k];
    const sg_status st = surface_force(s, scratch, &energy, out);
    if (st != SG_OK) return st;
    for (size_t k = 0; k < s->m; k++)
        out[k] = (f0[k] - out[k]) / difference;
    return SG_OK;
}

sg_status surface_hessian(surface *s, const double *x, const double *f0, const double *u, double *scratch,
                          double *out)
{
    if (!s->has_hessian) return hessian_by_difference(s, x, f0, u, scratch, out);
    double(*const v)[3] = s->product, (*const hv)[3] = s->product + s->sys->n;
    memset(v, 0, (size_t)s->sys->n * sizeof *v);
    for (int k = 0; k < s->n_active; k++) {
        memcpy(s->sys->x[s->atom[k]], x + 3 * k, 3 * sizeof *x);
        memcpy(v[s->atom[k]], u + 3 * k, 3 * sizeof *u);
    }
    const sg_status st =
        sg_potential_hessian_times(s->pot, s->work, s->sys, s->set, (const double(*)[3])v, hv);
    if (s->calls) ++*s->calls;
    for (int k = 0; k < s->n_active; k++)
        memcpy(out + 3 * k, hv[s->atom[k]], 3 * sizeof *out);
    return st;
}

void surface_project(const surface *s, double *v)
{
    if (s->n_zero > 0) sg_system_project(s->sys, (const double(*)[3])s->sys->x, (double(*)[3])v);
}

double vec_dot(size_t m, const double *a, const double *b)
{
    enum { LANES = 8 }; /* partial sums, so that the order of the additions is fixed and yet wide */
    double part[LANES] = {0}, sum = 0;
    const size_t whole = m - m % LANES;

    for (size_t k = 0; k < whole; k += LANES)
        for (size_t l = 0; l < LANES; l++)
            part[l] += a[k + l] * b[k + l];
    for (size_t k = whole; k < m; k++)
        sum += a[k] * b[k];
    for (size_t l = 0; l < LANES; l++)
        sum += part[l];
    return sum;
}

double vec_norm(size_t m, const double *a)
{
    return sqrt(vec_dot(m, a, a));
}

void vec_axpy(size_t m, double c, const double *a, double *b)
{
    for (size_t k = 0; k < m; k++)
        b[k] += c * a[k];
}

void vec_scale(size_t m, double c, double *a)
{
    for (size_t k = 0; k < m; k++)
        a[k] *= c;
}

double vec_max_atom(size_t m, const double *a)
{
    double worst = 0;
    for (size_t k = 0; k < m; k += 3) {
        const double r2 = a[k] * a[k] + a[k + 1] * a[k + 1] + a[k + 2] * a[k + 2];
        if (r2 > worst) worst = r2;
    }
    return sqrt(worst);
}

double atom_distance(const sg_system *sys, int a, int b)
{
    double d[3];
    for (int k = 0; k < 3; k++)
        d[k] = sys->x[b][k] - sys->x[a][k];
    sg_cell_minimum_image(&sys->cell, d);
    return sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}
