/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Softest mode of the Hessian without the Hessian.
 *
 * The Krylov space is orthogonalised in full at every step because it stays small. Zero modes are projected
 * out of every vector: left in, the free translations come back as curvature of either sign around zero.
 * Source: Lanczos, J. Res. Natl. Bur. Stand. 45, 255 (1950); Malek & Mousseau, PRE 62, 7723 (2000). */
#include "saddle_internal.h"

#include <lapacke.h>
#include <math.h>
#include <string.h>

static const double space_exhausted = 1e-10; /* eV/Å^2, nothing left to add to the Krylov space */

/* Lowest eigenpair of the tridiagonal matrix of order k. */
static sg_status lowest_pair(int k, const double *alpha, const double *beta, double *value, double *vector)
{
    double d[LANCZOS_MAX], e[LANCZOS_MAX], z[LANCZOS_MAX * LANCZOS_MAX];

    memcpy(d, alpha, (size_t)k * sizeof *d);
    memcpy(e, beta, (size_t)k * sizeof *e);
    const lapack_int info = LAPACKE_dstev(LAPACK_COL_MAJOR, 'V', k, d, e, z, k);
    if (info != 0)
        return sg_fail(SG_ENUMERIC, "eigenvalues of a tridiagonal matrix of order %d: LAPACK code %d", k,
                       (int)info);
    *value = d[0];
    memcpy(vector, z, (size_t)k * sizeof *vector);
    return SG_OK;
}

static void keep_out(const surface *s, const double *deflate, double *v)
{
    surface_project(s, v);
    if (deflate) vec_axpy(s->m, -vec_dot(s->m, deflate, v), deflate, v);
}

sg_status lanczos_softest(surface *s, const double *x, const double *f0, const lanczos_rule *rule,
                          const double *deflate, double *v, lanczos_scratch *scratch, lanczos_result *result)
{
    const size_t m = s->m;
    double alpha[LANCZOS_MAX], beta[LANCZOS_MAX], y[LANCZOS_MAX];
    const size_t dimension = m - (size_t)s->n_zero - (deflate ? 1 : 0);
    double value = 0, previous = INFINITY;
    int k = 0;
    sg_status st = SG_OK;

    memset(result, 0, sizeof *result);
    double *u = scratch->basis;
    memcpy(u, v, m * sizeof *u);
    keep_out(s, deflate, u);
    const double norm = vec_norm(m, u);
    if (!(norm > 0)) return sg_fail(SG_ENUMERIC, "softest mode: start vector has zero length");
    vec_scale(m, 1 / norm, u);
    while (k < rule->max_iterations && k < scratch->capacity && k < LANCZOS_MAX) {
        u = scratch->basis + (size_t)k * m;
        if ((st = surface_hessian(s, x, f0, u, scratch->x, scratch->w)) != SG_OK) return st;
        keep_out(s, deflate, scratch->w);
        alpha[k] = vec_dot(m, u, scratch->w);
        for (int pass = 0; pass < 2; pass++)
            for (int i = k; i >= 0; i--) {
                const double *q = scratch->basis + (size_t)i * m;
                vec_axpy(m, -vec_dot(m, q, scratch->w), q, scratch->w);
            }
        beta[k] = vec_norm(m, scratch->w);
        k++;
        if ((st = lowest_pair(k, alpha, beta, &value, y)) != SG_OK) return st;
        result->residual = fabs(beta[k - 1] * y[k - 1]);
        /* with few atoms free the space is used up, and the value exact; what is left over then is noise, the
         * deflated mode in it */
        const int exhausted = beta[k - 1] < space_exhausted || (size_t)k == dimension;
        result->settled = exhausted || (fabs(value - previous) <= rule->tolerance * fabs(value) &&
                                        (!rule->sign || result->residual < fabs(value)));
        if (exhausted || (result->settled && k >= rule->min_iterations) ||
            (rule->enough < 0 && value < rule->enough))
            break;
        previous = value;
        if (k < scratch->capacity) {
            double *next = scratch->basis + (size_t)k * m;
            for (size_t i = 0; i < m; i++)
                next[i] = scratch->w[i] / beta[k - 1];
        }
    }
    memset(v, 0, m * sizeof *v);
    for (int i = 0; i < k; i++)
        vec_axpy(m, y[i], scratch->basis + (size_t)i * m, v);
    vec_scale(m, 1 / vec_norm(m, v), v);
    result->value = value;
    result->iterations = k;
    return SG_OK;
}
