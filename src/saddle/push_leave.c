/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaving the basin along a soft direction.
 *
 * A random push needs a strong shove: the threshold of curvature is far below zero, and the search stands
 * eVs above its saddle when it begins to climb. A soft direction leads over low ground by itself; here the
 * steps are shorter, the atoms relax better across the push, and the mode is asked for where the force along
 * the way has stopped growing. So the energy at the exit tells something of the barrier (most often 0.3 to 2
 * times), and a search far above the window ends here. */
#include "saddle_internal.h"

#include <math.h>
#include <string.h>

static const double share_of_step = 0.667; /* of the step of a random push */
static const double curvature_out = -0.05; /* eV/Å^2: low saddles are flat, -0.25 is not rare */
static const double flat =
    0.5; /* eV/Å^2: growth of the force along the way, from which on the mode is looked at */
static const int look_anyway = 5; /* pushes between two looks at the mode */
static const int max_pushes = 60;
static const int moves_across = 4;
static const double first_move = 0.03; /* Å^2/eV, half of 2 / stiffest curvature of a metal */
static const double move_max = 0.05;   /* Å per atom and move */
static const lanczos_rule exit_mode = {3, 14, 0.1, 0, 0};

static void force_across(size_t m, const double *way, double *f)
{
    vec_axpy(m, -vec_dot(m, f, way), way, f);
}

/* Descents across the way, of Barzilai and Borwein's length from the second on. f: forces at x, in and out.
 */
static sg_status relax_across(surface *s, const double *way, double *x, double *f, climb_scratch *c,
                              double *energy)
{
    const size_t m = s->m;
    double *const g = c->g, *const move = c->step;
    double length = first_move;
    sg_status st = SG_OK;

    memcpy(g, f, m * sizeof *g);
    force_across(m, way, g);
    for (int k = 0; k < moves_across && st == SG_OK; k++) {
        memcpy(move, g, m * sizeof *g);
        vec_scale(m, length, move);
        const double longest = vec_max_atom(m, move);
        if (longest > move_max) vec_scale(m, move_max / longest, move);
        vec_axpy(m, 1, move, x);
        if ((st = surface_force(s, x, energy, f)) != SG_OK) break;
        memcpy(c->x_old, f, m * sizeof *f);
        force_across(m, way, c->x_old);
        double ss = 0, sy = 0;
        for (size_t i = 0; i < m; i++) {
            ss += move[i] * move[i];
            sy += move[i] * (g[i] - c->x_old[i]);
        }
        if (sy > 0 && ss / sy < 10 * first_move) length = ss / sy;
        memcpy(g, c->x_old, m * sizeof *g);
    }
    return st;
}

sg_status push_leave(push_task *t, const sg_saddle_options *opt, double e_limit, double *x, double *v,
                     double *curvature, sg_outcome *outcome)
{
    surface *const s = t->surface;
    const size_t m = s->m;
    const double step = share_of_step * opt->push_step;
    double *const f = t->scratch->f;
    const double *const way = t->direction;
    double energy, before = 0;
    lanczos_result mode;
    int looked = 0;
    sg_status st = SG_OK;

    *outcome = SG_NO_EXIT;
    memcpy(v, way, m * sizeof *v);
    for (int k = 1; k <= max_pushes; k++) {
        if (*s->calls >= opt->max_calls) return *outcome = SG_STEP_LIMIT, SG_OK;
        vec_axpy(m, step, way, x);
        if ((st = surface_force(s, x, &energy, f)) != SG_OK) return st;
        if ((st = relax_across(s, way, x, f, t->scratch, &energy)) != SG_OK) return st;
        if (energy > e_limit) return *outcome = SG_BLOW_UP, SG_OK;
        const double along = vec_dot(m, f, way), growth = (before - along) / step;
        before = along;
        if (k < 2 || (growth > flat && k - looked < look_anyway)) continue;
        looked = k;
        if ((st = lanczos_softest(s, x, f, &exit_mode, NULL, v, &t->scratch->lanczos, &mode)) != SG_OK)
            return st;
        *curvature = mode.value;
        if (mode.value < curvature_out) {
            if (vec_dot(m, v, way) < 0) vec_scale(m, -1, v);
            return *outcome = SG_FOUND, SG_OK;
        }
    }
    return SG_OK;
}
