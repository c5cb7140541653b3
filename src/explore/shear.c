/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States of several strains in one run. Each state has its own; the frame takes the strain of the state it
 * holds. A state or an edge of another strain is seen as the shear between the two strains would make it,
 * F(g) F(h) = F(g + h): what is left of its difference to the state in the frame are the atoms' own ways.
 * Edges join states of one strain; a table's converged entries are of its state's strain, its kept ones may
 * be of any.
 */
#include "explore_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const double same_strain = 1e-9; /* strains are given to some 1e-4, and rounded to 1e-12 */

int strains_agree(double a, double b)
{
    return fabs(a - b) < same_strain;
}

int is_of_this_strain(const sg_explorer *ex, double gamma)
{
    return strains_agree(gamma, ex->frame->cell.gamma);
}

void frame_strain(sg_explorer *ex, double gamma)
{
    sg_cell *const cell = &ex->frame->cell;

    if (cell->gamma == gamma) return;
    const sg_status st = sg_cell_init(cell, (const double(*)[3])cell->h0, gamma, cell->periodic);
    assert(st == SG_OK); /* strains are finite: from checked settings or checked records */
    (void)st;
}

void frame_to(sg_explorer *ex, uint64_t state)
{
    frame_strain(ex, ex->state[state].gamma);
    memcpy(ex->frame->x, x_of(ex, state), (size_t)ex->frame->n * sizeof *ex->frame->x);
}

sg_status shear_rooms_create(sg_explorer *ex)
{
    const size_t n = (size_t)ex->frame->n;

    for (int k = 0; k < N_ROOMS; k++)
        if (!(ex->room[k] = sg_calloc(n, sizeof *ex->room[k]))) return sg_fail(SG_ENOMEM, "explorer");
    ex->room_saddle = sg_calloc(n, sizeof *ex->room_saddle);
    return ex->room_saddle ? SG_OK : sg_fail(SG_ENOMEM, "explorer");
}

void shear_rooms_free(sg_explorer *ex)
{
    for (int k = 0; k < N_ROOMS; k++)
        sg_free(ex->room[k]);
    sg_free(ex->room_saddle);
}

static positions seen(const sg_explorer *ex, uint64_t state, int room)
{
    const double gamma = ex->state[state].gamma, shear = ex->frame->cell.gamma - gamma;
    positions x = x_of(ex, state);

    if (is_of_this_strain(ex, gamma)) return x;
    for (int i = 0; i < ex->frame->n; i++) {
        ex->room[room][i][0] = x[i][0] + shear * x[i][1];
        ex->room[room][i][1] = x[i][1];
        ex->room[room][i][2] = x[i][2];
    }
    return (positions)ex->room[room];
}

positions state_here(const sg_explorer *ex, uint64_t state)
{
    return seen(ex, state, ROOM_STATE);
}

edge_here edge_to_frame(const sg_explorer *ex, uint64_t edge)
{
    edge_here e = {edge_at(ex, edge), NULL, NULL};
    const double shear = ex->frame->cell.gamma - ex->state[e.edge.from].gamma;

    e.from = seen(ex, e.edge.from, ROOM_FROM);
    e.to = seen(ex, e.edge.to, ROOM_TO);
    if (is_of_this_strain(ex, ex->state[e.edge.from].gamma)) return e;
    for (int i = 0; i < ex->frame->n; i++) {
        const float *const d = e.edge.d_saddle[i];
        ex->room_saddle[i][0] = (float)((double)d[0] + shear * (double)d[1]);
        ex->room_saddle[i][1] = d[1];
        ex->room_saddle[i][2] = d[2];
    }
    e.edge.d_saddle = ex->room_saddle;
    return e;
}
