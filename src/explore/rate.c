/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rate of an entry of a rate table: all who need one ask here. */
#include "explore_internal.h"

#include <math.h>

double sg_rate(double barrier, double temperature, double prefactor)
{
    return prefactor * exp(-barrier / (SG_KB * temperature));
}

double sg_explorer_rate(const sg_explorer *ex, uint64_t state, const sg_cat_entry *entry)
{
    (void)state;
    return sg_rate(entry->barrier, ex->opt.temperature, ex->opt.prefactor);
}
