/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mass-weighted Hessian and its factors.
 *
 * Rigid motions: an orthonormal basis u of those that cost nothing is laid at a positive eigenvalue s,
 * D -> P D P + s sum u u^T with P = 1 - sum u u^T; ln s is taken off the determinant again. Without held
 * atoms these are translations and, as far as no period forbids them, rotations; a cluster held in one point,
 * or in several on a line, still turns about that.
 *
 * Determinant and inertia come from one factorisation L D L^T (Bunch and Kaufman): its blocks of order 1 and
 * 2 have the signs of the eigenvalues (Sylvester). The negative eigenvalue, where there is one, is the lowest
 * end of the spectrum of the inverse, far from the rest of it: Lanczos with the factors finds it in a few
 * steps. */
#include "vibration_internal.h"

#include <math.h>
#include <string.h>

static const double settled = 1e-11; /* relative change of the eigenvalue between two steps */

static double dot(size_t m, const double *a, const double *b)
{
    double sum = 0.0;
    for (size_t k = 0; k < m; k++)
        sum += a[k] * b[k];
    return sum;
}

static void add(size_t m, double c, const double *a, double *b)
{
    for (size_t k = 0; k < m; k++)
        b[k] += c * a[k];
}

/* Make v orthogonal to the first n vectors of length m and of unit length. Returns the length it had by then,
 * 0 when nothing of it is left. */
static double append_unit(size_t m, const double *basis, int n, double *v)
{
    static const double nothing = 1e-7; /* of its length */
    const double before = sqrt(dot(m, v, v));

    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < n; k++)
            add(m, -dot(m, basis + (size_t)k * m, v), basis + (size_t)k * m, v);
    const double length = sqrt(dot(m, v, v));
    if (!(length > nothing * before)) return 0.0;
    for (size_t k = 0; k < m; k++)
        v[k] /= length;
    return length;
}

/* ---- rigid motions ---- */

/* Directions about which the members may turn without any cost, through `about`: where nothing is periodic
 * any that leaves the held atoms where they are, in a wire that of the period. @return how many */
static int turning_axes(const sg_system *sys, const sg_atom_set *set, double about[3], double axis[3][3])
{
    static const double on_line = 1e-6; /* Å */
    double line[3] = {0.0, 0.0, 0.0}, length = 0.0;
    int n_periodic = 0, n_held = 0;

    memset(axis, 0, 9 * sizeof(double));
    for (int a = 0; a < 3; a++)
        axis[a][a] = 1.0;
    for (int k = 0; k < 3; k++) {
        if (!sys->cell.periodic[k]) continue;
        memcpy(line, sys->cell.h[k], sizeof line);
        length = sqrt(dot(3, line, line));
        n_periodic++;
    }
    if (n_periodic > 1) return 0;
    memset(about, 0, 3 * sizeof *about);
    for (int i = 0; i < sys->n && !set; i++)
        add(3, 1.0 / sys->n, sys->x[i], about);
    for (int i = 0; i < sys->n && set; i++) {
        if (set->member[i]) continue;
        if (n_held++ == 0) memcpy(about, sys->x[i], sizeof sys->x[i]);
        double d[3] = {sys->x[i][0] - about[0], sys->x[i][1] - about[1], sys->x[i][2] - about[2]};
        if (length > 0.0) add(3, -dot(3, d, line) / (length * length), line, d);
        const double off = sqrt(dot(3, d, d));
        if (off <= on_line) continue;
        if (length > 0.0) return 0; /* held atoms off the line through the first ones */
        memcpy(line, d, sizeof line);
        length = off;
    }
    if (!(length > 0.0)) return 3;
    for (int a = 0; a < 3; a++)
        axis[0][a] = line[a] / length;
    return 1;
}

/* Translation along axis q < 3 of the members, or turning about an axis. */
static void shift_field(const sg_vibration_work *w, int n_free, int q, double *u)
{
    for (int k = 0; k < n_free; k++)
        for (int a = 0; a < 3; a++)
            u[3 * k + a] = a == q ? w->root_mass[k] : 0.0;
}

static void turn_field(const sg_vibration_work *w, const sg_system *sys, const sg_atom_set *set, int n_free,
                       const double about[3], const double axis[3], double *u)
{
    for (int k = 0; k < n_free; k++) {
        const double *x = sys->x[set ? set->atom[k] : k];
        for (int a = 0; a < 3; a++) {
            const int b = (a + 1) % 3, c = (a + 2) % 3;
            u[3 * k + a] = w->root_mass[k] * (axis[b] * (x[c] - about[c]) - axis[c] * (x[b] - about[b]));
        }
    }
}

/* Those motions of the members that cost nothing, the other atoms held: w->rigid, mass-weighted. */
static int rigid_basis(sg_vibration_work *w, const sg_system *sys, const sg_atom_set *set)
{
    static const double nothing = 1e-5; /* Å amu^1/2: all members on the axis */
    const int n_free = set ? set->n : sys->n;
    const size_t m = 3 * (size_t)n_free;
    double about[3], axis[3][3];
    int n = 0;

    for (int q = 0; q < 3 && !set; q++) {
        shift_field(w, n_free, q, w->rigid + (size_t)n * m);
        n += append_unit(m, w->rigid, n, w->rigid + (size_t)n * m) > 0.0;
    }
    for (int k = 0, n_axes = turning_axes(sys, set, about, axis); k < n_axes; k++) {
        double *const u = w->rigid + (size_t)n * m;
        turn_field(w, sys, set, n_free, about, axis[k], u);
        n += dot(m, u, u) > nothing * nothing && append_unit(m, w->rigid, n, u) > 0.0;
    }
    return n;
}

/* D -> (1 - u u^T) D (1 - u u^T) + s u u^T */
static void shift_away(size_t m, double *d, const double *u, double s, double *du)
{
    for (size_t i = 0; i < m; i++)
        du[i] = dot(m, d + i * m, u);
    const double along = dot(m, u, du) + s;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++)
            d[i * m + j] += along * u[i] * u[j] - u[i] * du[j] - du[i] * u[j];
}

/* ---- */

static sg_status make_room(sg_vibration_work *w, int n_free)
{
    const size_t m = 3 * (size_t)n_free,
                 line = 8; /* doubles per cache line: the same bits wherever it lies */
    char *at;

    if (n_free <= w->n_room) return SG_OK;
    sg_free(w->memory);
    sg_free(w->pivot);
    w->n_room = 0;
    w->n_scratch = (lapack_int)(64 * m);
    w->memory = sg_calloc(m * m + 64 * m + line, sizeof(double));
    w->pivot = sg_calloc(m, sizeof *w->pivot);
    if (!w->memory || !w->pivot) return sg_fail(SG_ENOMEM, "Hessian of %d atoms", n_free);
    at = w->memory;
    at += (64 - (uintptr_t)at % 64) % 64;
    w->h = (double *)(void *)at;
    w->scratch = w->h + m * m;
    w->n_room = n_free;
    return SG_OK;
}

sg_status matrix_make(const sg_potential *pot, sg_vibration_work *w, const sg_system *sys,
                      const sg_atom_set *set, int *n_zero, double *shift)
{
    const int n_free = set ? set->n : sys->n;
    const size_t m = 3 * (size_t)n_free;
    sg_status st = make_room(w, n_free);

    *n_zero = 0;
    *shift = 0.0;
    if (st == SG_OK) st = sg_potential_hessian(pot, w->forces, sys, set, w->h);
    if (st != SG_OK) return st;
    for (int k = 0; k < n_free; k++)
        w->root_mass[k] = sqrt(sys->species.mass[sys->type[set ? set->atom[k] : k]]);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++)
            w->h[i * m + j] /= w->root_mass[i / 3] * w->root_mass[j / 3];
    *n_zero = rigid_basis(w, sys, set);
    for (size_t i = 0; i < m; i++)
        *shift += w->h[i * m + i] / (double)m;
    for (int k = 0; k < *n_zero; k++)
        shift_away(m, w->h, w->rigid + (size_t)k * m, *shift, w->vector);
    return SG_OK;
}

sg_status matrix_factorise(sg_vibration_work *w, int m, double *log_det, int *n_negative)
{
    const lapack_int info =
        LAPACKE_dsytrf_work(LAPACK_COL_MAJOR, 'L', m, w->h, m, w->pivot, w->scratch, w->n_scratch);

    *log_det = 0.0;
    *n_negative = 0;
    if (info < 0)
        return sg_fail(SG_ENUMERIC, "factors of a matrix of order %d: LAPACK code %d", m, (int)info);
    for (int k = 0; k < m; k++) {
        const double *const d = w->h + (size_t)k * ((size_t)m + 1);
        if (w->pivot[k] > 0) {
            *log_det += log(fabs(*d));
            *n_negative += *d < 0.0;
            continue;
        }
        const double det = d[0] * d[m + 1] - d[1] * d[1]; /* block of order 2: d[1] stands below d[0] */
        *log_det += log(fabs(det));
        *n_negative += det < 0.0 ? 1 : d[0] < 0.0 ? 2 : 0;
        k++;
    }
    return isfinite(*log_det) ? SG_OK : sg_fail(SG_ENUMERIC, "a mode of %d that costs nothing", m);
}

/* Lowest eigenvalue of the tridiagonal matrix of order k. */
static sg_status lowest(int k, const double *alpha, const double *beta, double *value)
{
    double d[KRYLOV_MAX], e[KRYLOV_MAX];

    memcpy(d, alpha, (size_t)k * sizeof *d);
    memcpy(e, beta, (size_t)k * sizeof *e);
    const lapack_int info = LAPACKE_dsterf_work(k, d, e);
    if (info != 0)
        return sg_fail(SG_ENUMERIC, "a tridiagonal matrix of order %d: LAPACK code %d", k, (int)info);
    *value = d[0];
    return SG_OK;
}

sg_status matrix_unstable(sg_vibration_work *w, int m, const double *along, double *value)
{
    const size_t length = (size_t)m;
    double alpha[KRYLOV_MAX], beta[KRYLOV_MAX], before = NAN, inverse = NAN;
    double *u = w->vector;

    *value = NAN;
    memcpy(u, along, length * sizeof *u);
    if (!(append_unit(length, u, 0, u) > 0.0))
        return sg_fail(SG_EINVAL, "unstable mode: nothing to begin with");
    for (int k = 0; k < KRYLOV_MAX && k < m; k++, u += length) {
        double *const next = u + length;
        memcpy(next, u, length * sizeof *u);
        const lapack_int info = LAPACKE_dsytrs_work(LAPACK_COL_MAJOR, 'L', m, 1, w->h, m, w->pivot, next, m);
        if (info != 0) return sg_fail(SG_ENUMERIC, "solution of order %d: LAPACK code %d", m, (int)info);
        alpha[k] = dot(length, u, next);
        const sg_status st = lowest(k + 1, alpha, beta, &inverse);
        if (st != SG_OK) return st;
        *value = 1.0 / inverse;
        if (*value < 0.0 && fabs(*value - before) <= settled * fabs(*value)) break;
        before = *value;
        if (!((beta[k] = append_unit(length, w->vector, k + 1, next)) > 0.0)) break;
    }
    return SG_OK;
}
