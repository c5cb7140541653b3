/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which atoms an event concerns most: nested sets to let vibrate. */
#include <math.h>
#include <stdlib.h>

#include "vibration_internal.h"

typedef const double (*positions)[3];

static const double HANDICAP = 2.0; /* Å, for a mover that goes 1/e of the way that the farthest one goes */

typedef struct place {
    double distance;
    int atom;
} place;

static int compare_places(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->distance != y->distance) return x->distance < y->distance ? -1 : 1;
    return (x->atom > y->atom) - (x->atom < y->atom);
}

/* Largest of each atom's three displacements into `moved`; returns the farthest mover. */
static int largest_moves(const sg_system *sys, positions x_start, positions x_saddle, positions x_final,
                         double (*d)[3], double *moved)
{
    const positions from[3] = {x_start, x_saddle, x_final}, to[3] = {x_saddle, x_final, x_start};
    int farthest = 0;

    for (int i = 0; i < sys->n; i++)
        moved[i] = 0.0;
    for (int k = 0; k < 3; k++) {
        sg_system_displacement(sys, from[k], to[k], d, NULL);
        for (int i = 0; i < sys->n; i++)
            moved[i] = fmax(moved[i], sqrt(d[i][0] * d[i][0] + d[i][1] * d[i][1] + d[i][2] * d[i][2]));
    }
    for (int i = 1; i < sys->n; i++)
        if (moved[i] > moved[farthest]) farthest = i;
    return farthest;
}

static double distance_of(const sg_system *sys, const double a[3], const double b[3])
{
    double d[3] = {b[0] - a[0], b[1] - a[1], b[2] - a[2]};
    sg_cell_minimum_image(&sys->cell, d);
    return sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}

sg_status sg_vibration_order(const sg_system *sys, positions x_start, positions x_saddle, positions x_final,
                             int *order, double *distance, int *n_movable)
{
    const size_t n = (size_t)sys->n;
    double(*const d)[3] = sg_calloc(n, sizeof *d);
    place *const at = sg_calloc(n, sizeof *at);
    int n_movers = 0;

    *n_movable = 0;
    if (!d || !at) {
        sg_free(d);
        sg_free(at);
        return sg_fail(SG_ENOMEM, "order of %d atoms", sys->n);
    }
    const int farthest = largest_moves(sys, x_start, x_saddle, x_final, d, distance);
    for (int i = 0; i < sys->n; i++)
        if (i == farthest || distance[i] >= SG_VIBRATION_MOVER) order[n_movers++] = i;
    for (int i = 0; i < sys->n; i++) {
        at[i] = (place){HUGE_VAL, i};
        for (int k = 0; k < n_movers && !sys->fixed[i]; k++) {
            const double behind = HANDICAP * log(distance[farthest] / distance[order[k]]);
            at[i].distance = fmin(at[i].distance, behind + distance_of(sys, x_saddle[order[k]], x_saddle[i]));
        }
    }
    qsort(at, n, sizeof *at, compare_places);
    for (int i = 0; i < sys->n; i++) {
        order[i] = at[i].atom;
        distance[i] = at[i].distance;
    }
    *n_movable = sys->n - sys->n_fixed;
    sg_free(d);
    sg_free(at);
    return SG_OK;
}
