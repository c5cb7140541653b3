/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Runge-Kutta-Chebyshev method RKC2 for dx/dt = F(x), where F relaxes stiffly.
 *
 * Along the floor of a valley a path bends slowly, but the walls are stiff: an explicit method of a few
 * stages would have to take steps of 1/50 (eV/Å^2)^-1 whatever the path does. The stages of RKC2 are
 * Chebyshev polynomials of the Hessian, so that s stages damp all curvatures up to 0.65 s^2 / step: ten
 * stages do the work of fifty short steps, without a Hessian and without a linear system. Second order.
 * Source: Sommeijer, Shampine & Verwer, J. Comput. Appl. Math. 88, 315 (1998), formulae (2.1) to (2.5). */
#include "path_internal.h"

#include <math.h>
#include <string.h>

enum { MOST_STAGES = 60, RADIUS_PRODUCTS = 12 };
static const double damping = 2.0 / 13.0;
static const double radius_margin = 1.15; /* the power method comes from below */

typedef struct chebyshev { /* T_j, T_j', T_j'' at w0 */
    double t, d, dd;
} chebyshev;

static chebyshev chebyshev_next(double w0, const chebyshev *one, const chebyshev *two)
{
    return (chebyshev){2 * w0 * one->t - two->t, 2 * one->t + 2 * w0 * one->d - two->d,
                       4 * one->d + 2 * w0 * one->dd - two->dd};
}

static sg_status stages(path_rkc *r, int s, double h, const double *x, const double *f, double *next)
{
    const double w0 = 1 + damping / ((double)s * s);
    chebyshev c[MOST_STAGES + 1] = {{1, 0, 0}, {w0, 1, 0}};
    double b[MOST_STAGES + 1] = {0};
    double *const two = r->y[0], *const one = r->y[1], *const force = r->y[2];
    sg_status st = SG_OK;

    for (int j = 2; j <= s; j++) {
        c[j] = chebyshev_next(w0, &c[j - 1], &c[j - 2]);
        b[j] = c[j].dd / (c[j].d * c[j].d);
    }
    b[0] = b[1] = b[2];
    const double w1 = c[s].d / c[s].dd;
    memcpy(two, x, r->size * sizeof *two);
    for (size_t k = 0; k < r->size; k++)
        one[k] = x[k] + b[1] * w1 * h * f[k];
    for (int j = 2; j <= s && st == SG_OK; j++) {
        const double mu = 2 * b[j] * w0 / b[j - 1], nu = -b[j] / b[j - 2], mu_f = 2 * b[j] * w1 / b[j - 1];
        const double gamma_f = -(1 - b[j - 1] * c[j - 1].t) * mu_f;
        st = r->force(r->arg, one, force);
        for (size_t k = 0; k < r->size && st == SG_OK; k++) {
            const double y =
                (1 - mu - nu) * x[k] + mu * one[k] + nu * two[k] + h * (mu_f * force[k] + gamma_f * f[k]);
            two[k] = one[k];
            one[k] = y;
        }
    }
    memcpy(next, one, r->size * sizeof *one);
    return st;
}

sg_status path_rkc_step(path_rkc *r, double radius, double *h, const double *x, const double *f, double *next)
{
    const double most = ((MOST_STAGES - 1.0) * (MOST_STAGES - 1.0) - 1) / 1.54;

    *h = fmin(*h, most / radius);
    return stages(r, (int)fmax(2, 1 + floor(sqrt(1 + 1.54 * *h * radius))), *h, x, f, next);
}

double path_rkc_error(double h, size_t m, const double *x, const double *f, const double *next,
                      const double *f_next)
{
    double sum = 0;

    for (size_t k = 0; k < m; k++) {
        const double e = 0.8 * (x[k] - next[k]) + 0.4 * h * (f[k] + f_next[k]);
        sum += e * e;
    }
    return sqrt(sum);
}

sg_status path_radius(const sg_potential *pot, sg_potential_work *work, const sg_system *like,
                      const double *x, double *v, double *hv, double *radius, int64_t *calls)
{
    const size_t m = 3 * (size_t)like->n;
    sg_system sys = *like;
    sg_status st = SG_OK;
    sg_rng rng;

    sys.x = (double(*)[3])x; /* read only */
    sg_rng_init(&rng, 0, SG_RNG_USER, 0, 0, 0);
    for (size_t k = 0; k < m; k++)
        v[k] = sys.fixed[k / 3] ? 0 : sg_rng_normal(&rng);
    *radius = 0;
    for (int i = 0; i < RADIUS_PRODUCTS && st == SG_OK; i++) {
        const double norm = sqrt(path_dot(m, v, v));
        for (size_t k = 0; k < m; k++)
            v[k] /= norm;
        st = sg_potential_hessian_times(pot, work, &sys, NULL, (const double(*)[3])v, (double(*)[3])hv);
        ++*calls;
        for (size_t k = 0; k < m; k++)
            v[k] = sys.fixed[k / 3] ? 0 : hv[k];
        *radius = fmax(*radius, radius_margin * sqrt(path_dot(m, v, v)));
    }
    return st;
}
