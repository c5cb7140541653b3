/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a search starts to push: one function per sampler, one table.
 *
 * A sampler looks at the inherent structure around the centre and gives a unit vector of the coordinates that
 * move; the search then pushes along it until the basin is left. Force calls that it makes count as those of
 * leaving the basin. Its random numbers come from the search's stream alone. */
#include "saddle_internal.h"

#include <string.h>

/* Random direction of the atoms near the centre. */
static sg_status random_push(push_task *t)
{
    surface *const s = t->surface;

    for (int k = 0; k < s->n_active; k++) {
        if (atom_distance(s->sys, t->centre, s->atom[k]) > t->push->radius) continue;
        for (int a = 0; a < 3; a++)
            t->direction[3 * k + a] = sg_rng_normal(t->rng);
    }
    return SG_OK;
}

sg_status push_direction(push_task *t, int *can_move)
{
    surface *const s = t->surface;

    *can_move = 0;
    memset(t->direction, 0, s->m * sizeof *t->direction);
    if (s->sys->fixed[t->centre]) return SG_OK;
    const sg_status st = random_push(t);
    if (st != SG_OK) return st;
    surface_project(s, t->direction);
    const double norm = vec_norm(s->m, t->direction);
    if (!(norm > 0)) return SG_OK;
    vec_scale(s->m, 1 / norm, t->direction);
    *can_move = 1;
    return SG_OK;
}
