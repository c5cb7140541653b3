/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module kmc: the order in which basin.c eliminates the states of a basin. */
#ifndef BASIN_ORDER_H
#define BASIN_ORDER_H

#include <stddef.h>

#include "slowglass/kmc/core.h"

typedef struct basin_lower { /* the link of an earlier state to this one */
    int state;
    size_t link;
} basin_lower;

/* Positions in the order of elimination: 0 .. n - 1. Two states are linked when a rate leads from one to the
 * other, at the beginning or after some elimination. The links of t to later states are first[t] ..
 * first[t + 1] - 1, those of earlier states to it first_lower[t] .. first_lower[t + 1] - 1 of `lower`. */
typedef struct basin_order {
    int n_transient, n;
    int *place;          /* [n_transient] position, -1: does not take part */
    size_t *first;       /* [n + 1] */
    int *higher;         /* [n_links] ascending for each t */
    size_t *first_lower; /* [n + 1] */
    basin_lower *lower;  /* [n_links] ascending for each state */
} basin_order;

/* Only states take part from which no state can be reached that has no way out. */
sg_status basin_order_make(int n_transient, int n_edges, const sg_basin_edge *edges, basin_order *out);
void basin_order_clear(basin_order *o);

/* Link of i and j, i < j: it must be there. */
size_t basin_order_link(const basin_order *o, int i, int j);

#endif
