/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module neigh: what the lists share. */
#ifndef SLOWGLASS_NEIGH_INTERNAL_H
#define SLOWGLASS_NEIGH_INTERNAL_H

/* A lower bound for the squared distance of atoms in bins that lie o apart: each component of their vector is
 * bounded on its own. bin: edges of a bin, Å. */
double sg_bins_least_distance2(const double bin[3][3], const int o[3]);

#endif
