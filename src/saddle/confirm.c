/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event that is the image of an accepted one under a symmetry of the whole system needs no search for what
 * the symmetry carries along: one negative curvature, and which minima lie on the two sides. What is stored
 * is computed all the same: one call at the saddle, one at the final minimum, each of which must be as well
 * converged and as high as the original. */
#include "saddle_internal.h"

#include <math.h>
#include <string.h>

/* One call at x. */
static sg_status look(const sg_saddle_problem *p, const double (*x)[3], sg_saddle_work *w, sg_forces *out,
                      double *f_max)
{
    memcpy(w->sys->x, x, (size_t)w->sys->n * sizeof *w->sys->x);
    const sg_status st = sg_potential_compute(p->pot, w->forces, w->sys, NULL, out);
    *f_max = st == SG_OK ? sg_force_max(w->sys, NULL, (const double(*)[3])out->f) : NAN;
    return st;
}

static sg_status confirm_saddle(const sg_saddle_problem *p, const sg_saddle_image *like, sg_saddle_work *w,
                                sg_passage *out)
{
    sg_forces point = {.f = w->line_f};
    const sg_status st = look(p, like->x_saddle, w, &point, &out->f_saddle);

    if (st != SG_OK) return st;
    out->calls.refine++;
    out->e_saddle = point.energy;
    memcpy(out->virial_saddle, point.virial, sizeof out->virial_saddle);
    memcpy(out->x_saddle, like->x_saddle, (size_t)out->n * sizeof *out->x_saddle);
    if (!(out->f_saddle <= p->opt->f_saddle) ||
        !(fabs(point.energy - p->e_start - like->barrier) < p->opt->identity_energy) ||
        point.energy - p->e_start < SG_BARRIER_MIN)
        out->outcome = SG_REFINE_FAILED;
    return SG_OK;
}

/* A minimum whose force is just above what is asked for is relaxed. */
static sg_status confirm_final(const sg_saddle_problem *p, const sg_saddle_image *like, sg_saddle_work *w,
                               sg_passage *out)
{
    sg_minimize_options rule = sg_minimize_defaults();
    sg_minimize_result end;

    rule.f_max = p->opt->f_minimum;
    rule.max_step = p->opt->step_max;
    memcpy(w->sys->x, like->x_final, (size_t)out->n * sizeof *out->x_final);
    const sg_status st = sg_minimize(p->pot, w->forces, w->sys, NULL, &rule, &end);
    if (st != SG_OK) return st;
    out->calls.relax += end.force_calls;
    out->e_final = end.energy;
    out->f_final = end.f_max;
    memcpy(out->virial_final, end.virial, sizeof out->virial_final);
    memcpy(out->x_final, w->sys->x, (size_t)out->n * sizeof *out->x_final);
    if (end.stop != SG_STOP_CONVERGED ||
        !(fabs(end.energy - p->e_start - like->difference) < p->opt->identity_energy))
        out->outcome = SG_REFINE_FAILED;
    return SG_OK;
}

sg_status sg_saddle_confirm(const sg_saddle_problem *p, const sg_saddle_image *like, sg_saddle_work *w,
                            sg_passage *out)
{
    saddle_begin(p, w, out);
    out->outcome = SG_FOUND;
    out->curvature = like->curvature;
    out->curvature2 = like->curvature2;
    memset(out->mode, 0, (size_t)out->n * sizeof *out->mode);
    sg_status st = confirm_saddle(p, like, w, out);
    if (st == SG_OK && out->outcome == SG_FOUND) st = confirm_final(p, like, w, out);
    return st;
}
