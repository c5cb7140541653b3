/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compensated time and the plain step.
 * Source: Neumaier, Z. Angew. Math. Mech. 54, 39 (1974); Bortz, Kalos & Lebowitz, J. Comput. Phys. 17, 10
 * (1975). */
#include "slowglass/kmc/core.h"

#include <math.h>

void sg_clock_add(sg_clock *clock, double dt)
{
    const double sum = clock->sum + dt;

    if (fabs(clock->sum) >= fabs(dt)) /* what the smaller of the two lost */
        clock->compensation += (clock->sum - sum) + dt;
    else
        clock->compensation += (dt - sum) + clock->sum;
    clock->sum = sum;
}

double sg_clock_time(const sg_clock *clock)
{
    return clock->sum + clock->compensation;
}

sg_kmc_draw sg_kmc_draw_event(const sg_rate_tree *tree, sg_rng *rng)
{
    const double u_choice = sg_rng_uniform(rng);
    const double u_time = sg_rng_uniform(rng);

    return (sg_kmc_draw){.event = sg_rate_tree_select(tree, u_choice),
                         .dt = -log(u_time) / sg_rate_tree_total(tree)};
}
