/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rate of an entry of a rate table: all who need one ask here. */
#include "explore_internal.h"

#include <math.h>

double sg_rate(double barrier, double temperature, double prefactor)
{
    return prefactor * exp(-barrier / (SG_KB * temperature));
}

/* An inherited entry has the prefactor of its edge, too: that of the same event in other surroundings. */
double sg_explorer_rate(const sg_explorer *ex, uint64_t state, const sg_cat_entry *entry)
{
    const sg_cat_edge *e = &ex->edge[entry->edge - 1];
    const double own = entry->reverse ? e->prefactor_back : e->prefactor;
    const int has_own = ex->opt.harmonic && (e->nu_status == SG_NU_DONE || e->nu_status == SG_NU_LENT);

    (void)state;
    return sg_rate(entry->barrier, ex->opt.temperature, has_own && own > 0 ? own : ex->opt.prefactor);
}
