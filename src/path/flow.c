/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gradient flow dx/dt = F(x), t in 1/(eV/Å^2): the way downhill, with control of the error. */
#include "path_internal.h"

#include <math.h>
#include <string.h>

enum { MOST_TRIES = 40, RADIUS_LASTS = 25 };
static const double first_step = 0.02; /* 1/(eV/Å^2): a stiff spring's */

static sg_status force_at(void *arg, const double *x, double *f)
{
    path_flow *const w = arg;
    double energy;

    w->calls++;
    return path_force(w->pot, w->work, w->like, x, &energy, f);
}

sg_status path_flow_begin(path_flow *w, const sg_potential *pot, const sg_system *like, const double *x)
{
    const size_t m = 3 * (size_t)like->n;

    *w = (path_flow){.pot = pot, .like = like, .m = m, .step = first_step};
    sg_status st = sg_potential_work_create(pot, &w->work);
    if (st != SG_OK) return st;
    w->memory = sg_calloc(7, m * sizeof *w->memory);
    if (!w->memory) return sg_fail(SG_ENOMEM, "descent of %d atoms", like->n);
    double **const part[7] = {&w->x, &w->f, &w->rkc.y[0], &w->rkc.y[1], &w->rkc.y[2], &w->next, &w->f_next};
    for (size_t k = 0; k < 7; k++)
        *part[k] = w->memory + k * m;
    w->rkc.size = m;
    w->rkc.force = force_at;
    w->rkc.arg = w;
    memcpy(w->x, x, m * sizeof *x);
    w->calls++;
    return path_force(pot, w->work, like, w->x, &w->energy, w->f);
}

void path_flow_end(path_flow *w)
{
    sg_potential_work_free(w->work);
    sg_free(w->memory);
    *w = (path_flow){0};
}

static sg_status measure_radius(path_flow *w)
{
    w->radius_age = 0;
    return path_radius(w->pot, w->work, w->like, w->x, w->rkc.y[0], w->rkc.y[1], &w->radius, &w->calls);
}

sg_status path_flow_step(path_flow *w, double error, double longest)
{
    sg_status st = SG_OK;

    if (w->radius_age++ % RADIUS_LASTS == 0) st = measure_radius(w);
    for (int tries = 0; tries < MOST_TRIES && st == SG_OK; tries++) {
        const double speed = sqrt(path_dot(w->m, w->f, w->f));
        double energy = 0;
        double h = fmin(w->step, 0.95 * longest / speed);
        st = path_rkc_step(&w->rkc, w->radius, &h, w->x, w->f, w->next);
        if (st == SG_OK) st = path_force(w->pot, w->work, w->like, w->next, &energy, w->f_next);
        w->calls++;
        if (st != SG_OK && st != SG_ENUMERIC) return st;
        const double err =
            st == SG_OK ? path_rkc_error(h, w->m, w->x, w->f, w->next, w->f_next) / error : 1e3;
        st = SG_OK;
        const double factor = fmin(5, fmax(0.2, 0.8 / cbrt(err + 1e-12)));
        const double moved = path_distance(w->m, w->x, w->next);
        if (err <= 1 && moved <= longest && energy <= w->energy + 1e-12 * fabs(w->energy)) {
            double *const x = w->x, *const f = w->f;
            w->x = w->next, w->next = x;
            w->f = w->f_next, w->f_next = f;
            w->energy = energy;
            w->step = h * factor;
            return SG_OK;
        }
        w->step = h * fmin(factor, moved > longest ? 0.8 * longest / moved : 0.5);
        if (tries % 8 == 7) st = measure_radius(w);
    }
    if (st != SG_OK) return st;
    return sg_fail(SG_ENUMERIC, "the way downhill cannot be followed: step %.3g Å/(eV/Å)", w->step);
}
