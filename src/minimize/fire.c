/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FIRE: damped dynamics that follows its inertia downhill and stops dead uphill. The second solver, for
 * surfaces where quasi-Newton steps fail. All masses are 1, so that time is counted in sqrt(1 Å^2/eV).
 * Departures from the paper: explicit Euler with the velocity first; a cap on the step of every atom.
 * Source: Bitzek, Koskinen, Gähler, Moseler & Gumbsch, PRL 97, 170201 (2006). */
#include "minimize_internal.h"

#include <math.h>
#include <string.h>

static const double DT_START = 0.05,
                    DT_MAX = 0.3;  /* the stiffest springs, 40 eV/Å^2, allow 2/sqrt(40) = 0.32 */
static const double DT_MIN = 1e-6; /* nothing moves any more */
static const double GROW = 1.1, SHRINK = 0.5, MIX_START = 0.1, MIX_SHRINK = 0.99;
enum { STEPS_BEFORE_GROWING = 5 };

sg_status sg_minimize_fire(sg_descent *p, sg_stop *stop)
{
    sg_status st = SG_OK;
    double dt = DT_START, mix = MIX_START;
    int downhill = 0;
    double *v = sg_calloc((size_t)p->n, sizeof *v);

    *stop = SG_STOP_STALLED;
    if (!v) return sg_fail(SG_ENOMEM, "FIRE with %d coordinates", p->n);
    while (dt > DT_MIN) {
        if (p->calls >= p->opt->max_calls) {
            *stop = SG_STOP_MAX_STEPS;
            break;
        }
        if (sg_descent_dot(p->n, v, p->g) < 0.0) {
            const double speed = sqrt(sg_descent_dot(p->n, v, v) / sg_descent_dot(p->n, p->g, p->g));
            for (int k = 0; k < p->n; k++)
                v[k] = (1.0 - mix) * v[k] - mix * speed * p->g[k];
            if (++downhill > STEPS_BEFORE_GROWING) {
                dt = fmin(dt * GROW, DT_MAX);
                mix *= MIX_SHRINK;
            }
        } else {
            memset(v, 0, (size_t)p->n * sizeof *v);
            if (downhill > 0) dt *= SHRINK; /* not at the very start */
            mix = MIX_START;
            downhill = 0;
        }
        for (int k = 0; k < p->n; k++)
            v[k] -= dt * p->g[k];
        const double t = dt * sg_descent_cap(p, v, p->opt->max_step / dt);
        st = sg_descent_try(p, v, t);
        if (st == SG_ENUMERIC) { /* too far: stop dead and go on with care */
            memset(v, 0, (size_t)p->n * sizeof *v);
            dt *= SHRINK;
            downhill = 0;
            if (dt > DT_MIN) st = SG_OK;
            continue;
        }
        if (st != SG_OK) break;
        sg_descent_accept(p, v, t);
        if (sg_descent_over(p, 1, stop)) break;
    }
    sg_free(v);
    return st;
}
