/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A saddle and both ways down from it.
 *
 * The flow is left close to the saddle along the softest mode and followed until the minimum that it runs
 * into is close: the flow reaches it only after an infinite time. */
#include "path_internal.h"

#include <math.h>
#include <string.h>

static const double off_saddle[] = {0.04, 0.08, 0.16}; /* Å, in the 3N coordinates */
static const double f_ask = 0.02; /* eV/Å: below it the minimum is looked for, and at a third each time */
static const double close_enough =
    0.02; /* Å in the 3N coordinates, from the last point to the minimum: the rest is straight */

/* Step off the saddle until the force points away from it. */
static sg_status leave(path_flow *w, const sg_potential *pot, const sg_system *saddle, const double *mode,
                       double sign, double e_saddle)
{
    const double norm = sqrt(path_dot(w->m, mode, mode)), *const from = saddle->x[0];
    const size_t n_tries = sizeof off_saddle / sizeof off_saddle[0];
    double *x = sg_calloc(w->m, sizeof *x);
    sg_status st = x ? SG_OK : sg_fail(SG_ENOMEM, "descent of %d atoms", saddle->n);
    int away = 0;

    for (size_t k = 0; k < n_tries && !away && st == SG_OK; k++) {
        for (size_t q = 0; q < w->m; q++)
            x[q] = from[q] + sign * off_saddle[k] / norm * mode[q];
        const int64_t calls = w->calls;
        path_flow_end(w);
        st = path_flow_begin(w, pot, saddle, x);
        w->calls += calls;
        if (st == SG_OK) away = w->energy < e_saddle && sign * path_dot(w->m, w->f, mode) > 0;
    }
    sg_free(x);
    if (st == SG_OK && !away)
        st = sg_fail(SG_ENUMERIC, "not a saddle: %g Å along its mode the energy does not fall",
                     off_saddle[n_tries - 1]);
    return st;
}

/* The points of one side, the saddle first, its minimum last. */
static sg_status one_side(const sg_potential *pot, const sg_system *saddle, const double *mode, double sign,
                          double e_saddle, const sg_path_options *opt, path_row *side, int64_t *calls)
{
    const size_t m = side->m;
    path_flow w = {.m = m};
    double *minimum = sg_calloc(m, sizeof *minimum), ask = f_ask, energy;
    sg_status st = minimum ? path_row_add(side, saddle->x[0]) : sg_fail(SG_ENOMEM, "descent");
    int arrived = 0;

    if (st == SG_OK) st = leave(&w, pot, saddle, mode, sign, e_saddle);
    if (st == SG_OK) sg_potential_work_set_stop(w.work, opt->stop, opt->stop_arg);
    if (st == SG_OK) st = path_row_add(side, w.x);
    for (int k = 0; k < opt->max_steps && !arrived && st == SG_OK; k++) {
        if (path_largest_atom(m, w.f) < ask) {
            ask /= 3;
            memcpy(minimum, w.x, m * sizeof *minimum);
            st = path_relax(pot, saddle, opt, minimum, &energy, calls);
            if (st != SG_OK) break;
            arrived = path_distance(m, w.x, minimum) < fmin(close_enough, opt->spacing);
            if (arrived) st = path_row_add(side, minimum);
            if (arrived) break;
        }
        st = path_flow_step(&w, opt->step_error, opt->spacing);
        if (st == SG_OK) st = path_row_add(side, w.x);
    }
    if (st == SG_OK && !arrived)
        st = sg_fail(SG_ENUMERIC, "no minimum after %d steps downhill: largest force %.3g eV/Å",
                     opt->max_steps, path_largest_atom(m, w.f));
    *calls += w.calls;
    path_flow_end(&w);
    sg_free(minimum);
    return st;
}

/* Images at equal distances from the saddle down. */
static sg_status even_out(const path_row *side, const sg_path_options *opt, path_row *out)
{
    double length = 0;

    for (int k = 1; k < side->n; k++)
        length += path_distance(side->m, path_image(side, k - 1), path_image(side, k));
    return path_resample(side, 1 + (int)fmax(2, ceil(length / opt->spacing + 1e-6)), out);
}

sg_status sg_path_descend(const sg_potential *pot, const sg_system *saddle, const double (*mode)[3],
                          const sg_path_options *opt, sg_path **out)
{
    const size_t m = 3 * (size_t)saddle->n;
    path_row side[2] = {{.m = m}, {.m = m}}, even[2] = {{.m = m}, {.m = m}}, row = {.m = m};
    path_flow start = {0};
    int64_t calls = 0;
    sg_status st = path_flow_begin(&start, pot, saddle, saddle->x[0]);
    const double e_saddle = start.energy;

    *out = NULL;
    path_flow_end(&start);
    for (int k = 0; k < 2 && st == SG_OK; k++) {
        st = one_side(pot, saddle, mode[0], k == 0 ? -1 : 1, e_saddle, opt, &side[k], &calls);
        if (st == SG_OK) st = even_out(&side[k], opt, &even[k]);
    }
    for (int k = even[0].n - 1; k >= 0 && st == SG_OK; k--)
        st = path_row_add(&row, path_image(&even[0], k));
    for (int k = 1; k < even[1].n && st == SG_OK; k++)
        st = path_row_add(&row, path_image(&even[1], k));
    if (st == SG_OK) st = path_make(pot, saddle, opt, &row, even[0].n - 1, calls + 1, out);
    for (int k = 0; k < 2; k++) {
        path_row_clear(&side[k]);
        path_row_clear(&even[k]);
    }
    path_row_clear(&row);
    return st;
}
