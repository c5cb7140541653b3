/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A step of strain makes a state out of a state. Whether it is elastic is asked by taking the same step back.
 */
#include "explore_internal.h"

sg_status sg_explorer_strain(sg_explorer *ex, uint64_t state, double gamma, sg_strained *out)
{
    sg_carried_start end;
    int is_new;

    *out = (sg_strained){.state = state};
    frame_to(ex, state);
    sg_status st = sg_carry_start(ex->pot, ex->probe, ex->frame, gamma, &ex->opt.saddle, 1, &end);
    if (st != SG_OK) return sg_fail_context(st, "state %llu", (unsigned long long)state);
    out->slipped = end.slipped;
    out->lost = end.lost;
    out->moved =
        sg_system_displacement(ex->frame, state_here(ex, state), (positions)ex->frame->x, NULL, NULL);
    return registry_state(ex, (positions)ex->frame->x, end.energy, end.f_max, end.virial, &out->state,
                          &is_new);
}
