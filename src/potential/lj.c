/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lennard-Jones with energy and force brought to zero at the cutoff by a linear term.
 *
 *     u(r) = phi(r) - phi(r_c) - (r - r_c) phi'(r_c),   phi(r) = 4 eps [(sigma/r)^12 - (sigma/r)^6],   r <
 * r_c */
#include <math.h>

#include "pairwise.h"

static sg_status compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                         const sg_atom_set *free_atoms, sg_forces *out);
static sg_status fill(pairwise_pair *p, const char *a, const char *b);

static const sg_potential_ops ops = {.name = "lj", .compute = compute, .free = pairwise_free};

sg_status sg_potential_create_lj(int n_elements, const char *const elements[], const double (*pair)[3],
                                 sg_potential **out)
{
    return pairwise_create(&ops, n_elements, elements, 3, &pair[0][0], fill, out);
}

static sg_status fill(pairwise_pair *p, const char *a, const char *b)
{
    const double eps = p->number[0], sigma = p->number[1], rc = p->number[2];

    if (!isfinite(eps) || !(sigma > 0.0) || !isfinite(sigma) || !(rc > 0.0) || !isfinite(rc))
        return sg_fail(SG_EINVAL,
                       "lj %s-%s: eps %g eV, sigma %g Å, cutoff %g Å; sigma and cutoff must be above 0", a, b,
                       eps, sigma, rc);
    const double s6 = pow(sigma, 6.0), rc6 = pow(rc, 6.0);
    p->lj.c12 = 4.0 * eps * s6 * s6;
    p->lj.c6 = 4.0 * eps * s6;
    p->lj.slope = (-12.0 * p->lj.c12 / rc6 + 6.0 * p->lj.c6) / (rc6 * rc);
    p->shift = (p->lj.c12 / rc6 - p->lj.c6) / rc6 - rc * p->lj.slope;
    return SG_OK;
}

/* With s = r^-6:  u = c12 s^2 - c6 s - shift - slope r,  u' r = -12 c12 s^2 + 6 c6 s - slope r, where
 * shift = phi(r_c) - r_c slope */
static inline double formula(const pairwise_pair *p, double r2, double *g)
{
    const double per_r2 = 1.0 / r2;
    const double s = per_r2 * per_r2 * per_r2;
    const double r = sqrt(r2);
    *g = ((6.0 * p->lj.c6 - 12.0 * p->lj.c12 * s) * s - p->lj.slope * r) * per_r2;
    return (p->lj.c12 * s - p->lj.c6) * s - p->shift - p->lj.slope * r;
}

static sg_status compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                         const sg_atom_set *free_atoms, sg_forces *out)
{
    return pairwise_compute(self, formula, work, sys, free_atoms, out);
}
