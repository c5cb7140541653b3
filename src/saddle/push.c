/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a search starts to push: one function per sampler, one table.
 *
 * A sampler looks at the inherent structure around the centre and gives a unit vector of the coordinates that
 * move; the search then pushes along it until the basin is left. Force calls that it makes count as those of
 * leaving the basin. Its random numbers come from the search's stream alone. */
#include "saddle_internal.h"

#include <string.h>

static const double echo_noise = 0.3; /* of the event's length: so that no two echoes are the same */

static void add_noise(push_task *t, double radius, double size)
{
    const surface *const s = t->surface;

    for (int k = 0; k < s->n_active; k++) {
        if (atom_distance(s->sys, t->centre, s->atom[k]) > radius) continue;
        for (int a = 0; a < 3; a++)
            t->direction[3 * k + a] += size * sg_rng_normal(t->rng);
    }
}

/* Random direction of the atoms near the centre. */
static sg_status push_random(push_task *t)
{
    add_noise(t, t->push->radius, 1.0);
    return SG_OK;
}

/* Along the displacement of an event known to the caller, or against it. */
static sg_status push_echo(push_task *t)
{
    const surface *const s = t->surface;
    const double sign = sg_rng_uniform(t->rng) < 0.5 ? -1 : 1;

    for (int k = 0; t->push->given && k < s->n_active; k++)
        for (int a = 0; a < 3; a++)
            t->direction[3 * k + a] = sign * t->push->given[s->atom[k]][a];
    const double length = vec_norm(s->m, t->direction);
    add_noise(t, t->push->radius, length > 0 ? echo_noise * length : 1.0);
    return SG_OK;
}

sg_status push_direction(push_task *t, int *can_move)
{
    static sg_status (*const sampler[SG_SAMPLER_COUNT])(push_task *) = {
        [SG_SAMPLER_LOCAL] = push_random, [SG_SAMPLER_WIDE] = push_random, [SG_SAMPLER_SOFT] = push_soft,
        [SG_SAMPLER_CUBIC] = push_cubic,  [SG_SAMPLER_KICK] = push_kick,   [SG_SAMPLER_ECHO] = push_echo,
    };
    surface *const s = t->surface;

    *can_move = 0;
    memset(t->direction, 0, s->m * sizeof *t->direction);
    if (s->sys->fixed[t->centre]) return SG_OK;
    if (!sampler[t->push->sampler])
        return sg_fail(SG_EINVAL, "a search cannot start as `%s`", sg_sampler_text(t->push->sampler));
    const sg_status st = sampler[t->push->sampler](t);
    if (st != SG_OK) return st;
    surface_project(s, t->direction);
    const double norm = vec_norm(s->m, t->direction);
    if (!(norm > 0)) return SG_OK;
    vec_scale(s->m, 1 / norm, t->direction);
    *can_move = 1;
    return SG_OK;
}
