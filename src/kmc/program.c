/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slowglass/kmc/program.h"

#include <math.h>

static const double most = 1.0;    /* strain: a cell sheared by more wants other vectors */
static const double digits = 1e12; /* of a strain */
static const double slack = 1e-9;  /* 0.04 by 0.005 is eight increments, not nine */

static double rounded(double gamma)
{
    return rint(gamma * digits) / digits;
}

static uint64_t n_increments(double from, double to, double largest)
{
    return (uint64_t)ceil(fabs(to - from) / largest - slack);
}

static int after_the_last(const sg_program *p, uint64_t k, sg_increment *out)
{
    const double time = p->n > 0 ? p->point[p->n - 1][0] : 0,
                 gamma = p->n > 0 ? p->point[p->n - 1][1] : p->start;

    if (!(fabs(p->rate) > 0)) return 0;
    out->time = time + ((double)k + 0.5) * p->increment / fabs(p->rate);
    out->gamma = rounded(gamma + ((double)k + 1) * copysign(p->increment, p->rate));
    return fabs(out->gamma) < most && isfinite(out->time);
}

int sg_program_increment(const sg_program *p, uint64_t k, sg_increment *out)
{
    for (int s = 0; s + 1 < p->n; s++) {
        const double *a = p->point[s], *b = p->point[s + 1];
        const uint64_t m = n_increments(a[1], b[1], p->increment);
        if (k >= m) {
            k -= m;
            continue;
        }
        const double done = ((double)k + 1) / (double)m;
        out->time = a[0] + ((double)k + 0.5) / (double)m * (b[0] - a[0]);
        out->gamma = k + 1 == m ? b[1] : rounded(a[1] + done * (b[1] - a[1]));
        return 1;
    }
    return after_the_last(p, k, out);
}
