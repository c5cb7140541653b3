/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Morse, its energy shifted to zero at the cutoff.
 *
 *     u(r) = phi(r) - phi(r_c),   phi(r) = D [exp(-2 alpha (r - r0)) - 2 exp(-alpha (r - r0))],   r < r_c
 *
 * The force is -phi'(r) as it is and falls from 2 D alpha exp(-alpha (r_c - r0)) to zero at the cutoff, the
 * usual form of the benchmarks (6e-5 eV/Å for platinum at 9.5 Å): a linear term as for Lennard-Jones would
 * change every barrier. Source: Morse, Phys. Rev. 34, 57 (1929). */
#include <math.h>

#include "pairwise.h"

static sg_status compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                         const sg_atom_set *free_atoms, sg_forces *out);
static sg_status fill(pairwise_pair *p, const char *a, const char *b);

static const sg_potential_ops ops = {.name = "morse", .compute = compute, .free = pairwise_free};

sg_status sg_potential_create_morse(int n_elements, const char *const elements[], const double (*pair)[4],
                                    sg_potential **out)
{
    return pairwise_create(&ops, n_elements, elements, 4, &pair[0][0], fill, out);
}

static double phi(double depth, double decay)
{
    return depth * (decay - 2.0) * decay;
}

static sg_status fill(pairwise_pair *p, const char *a, const char *b)
{
    const double depth = p->number[0], alpha = p->number[1], r0 = p->number[2], rc = p->number[3];

    if (!isfinite(depth) || !(alpha > 0.0) || !isfinite(alpha) || !(r0 > 0.0) || !isfinite(r0) ||
        !(rc > 0.0) || !isfinite(rc))
        return sg_fail(
            SG_EINVAL,
            "morse %s-%s: D %g eV, alpha %g 1/Å, r0 %g Å, cutoff %g Å; the last three must be above 0", a, b,
            depth, alpha, r0, rc);
    p->morse.depth = depth;
    p->morse.alpha = alpha;
    p->morse.r0 = r0;
    p->shift = phi(depth, exp(-alpha * (rc - r0)));
    return SG_OK;
}

/* With e = exp(-alpha (r - r0)):  u = D (e - 2) e - shift,  u' = 2 D alpha (1 - e) e */
static inline double formula(const pairwise_pair *p, double r2, double *g)
{
    const double r = sqrt(r2);
    const double e = exp(-p->morse.alpha * (r - p->morse.r0));
    *g = 2.0 * p->morse.depth * p->morse.alpha * (1.0 - e) * e / r;
    return phi(p->morse.depth, e) - p->shift;
}

static sg_status compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                         const sg_atom_set *free_atoms, sg_forces *out)
{
    return pairwise_compute(self, formula, work, sys, free_atoms, out);
}
