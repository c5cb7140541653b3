/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bonds: full lists of neighbours within a cutoff per pair of elements, and of those just beyond it.
 *
 * The half list of module neigh is gone through twice: once to count, once to fill. Since it is sorted by (i,
 * j, image), every row of the full list comes out sorted by (j, image). */
#include <math.h>
#include <string.h>

#include "topology_internal.h"

typedef struct reach { /* squared radii per pair of types; outer >= inner */
    int by_type;       /* 0: entry [0][0] serves all */
    double inner2[SG_MAX_SPECIES][SG_MAX_SPECIES], outer2[SG_MAX_SPECIES][SG_MAX_SPECIES];
} reach;

static sg_status build(const sg_system *sys, double r_list, const reach *reach_of, sg_bonds **out);
static int classify(const sg_system *sys, const reach *reach_of, int i, int j, const double d[3]);
static void count(const sg_system *sys, const sg_neigh *list, const reach *reach_of, sg_bonds *bonds);
static sg_status allocate(sg_bonds *bonds);
static void fill(const sg_system *sys, const sg_neigh *list, const reach *reach_of, sg_bonds *bonds, int *at,
                 int *near_at);
static int offsets(int *first, int n);

sg_status sg_topology_params_check(const sg_system *sys, const sg_topology_params *params)
{
    if (params->n_species != sys->species.n)
        return sg_fail(SG_EINVAL, "bond cutoffs for %d species, the system has %d", params->n_species,
                       sys->species.n);
    for (int a = 0; a < params->n_species; a++)
        for (int b = 0; b < params->n_species; b++) {
            const double cutoff = params->cutoff[a][b];
            if (!(cutoff > 0.0) || !isfinite(cutoff))
                return sg_fail(SG_EINVAL, "bond cutoff %s-%s is %g Å, need > 0", sys->species.symbol[a],
                               sys->species.symbol[b], cutoff);
            if (cutoff != params->cutoff[b][a])
                return sg_fail(SG_EINVAL, "bond cutoffs %s-%s %g Å and back %g Å differ",
                               sys->species.symbol[a], sys->species.symbol[b], cutoff, params->cutoff[b][a]);
        }
    return SG_OK;
}

sg_status sg_bonds_create(const sg_system *sys, const sg_topology_params *params, sg_bonds **out)
{
    reach r = {.by_type = 1};
    double longest = 0.0;
    sg_status st;

    *out = NULL;
    if ((st = sg_topology_params_check(sys, params)) != SG_OK) return st;
    for (int a = 0; a < params->n_species; a++)
        for (int b = 0; b < params->n_species; b++) {
            const double inner = params->cutoff[a][b], outer = inner + SG_TOPOLOGY_MARGIN;
            r.inner2[a][b] = inner * inner;
            r.outer2[a][b] = outer * outer;
            longest = fmax(longest, outer);
        }
    return build(sys, longest, &r, out);
}

sg_status sg_bonds_create_radius(const sg_system *sys, double radius, sg_bonds **out)
{
    reach r = {.by_type = 0};

    *out = NULL;
    if (!(radius > 0.0) || !isfinite(radius)) return sg_fail(SG_EINVAL, "radius %g Å, need > 0", radius);
    r.inner2[0][0] = r.outer2[0][0] = radius * radius;
    return build(sys, radius, &r, out);
}

void sg_bonds_free(sg_bonds *bonds)
{
    if (!bonds) return;
    sg_free(bonds->first);
    sg_free(bonds->j);
    sg_free(bonds->d);
    sg_free(bonds->near_first);
    sg_free(bonds->near_j);
    sg_free(bonds->near_d);
    sg_free(bonds);
}

static sg_status build(const sg_system *sys, double r_list, const reach *reach_of, sg_bonds **out)
{
    sg_neigh *list = NULL;
    sg_bonds *bonds = NULL;
    int *at = NULL;
    sg_status st;

    if ((st = sg_neigh_create(sys, r_list, NULL, &list)) != SG_OK) goto done;
    bonds = sg_calloc(1, sizeof *bonds);
    at = sg_calloc(2 * (size_t)sys->n + 2, sizeof *at);
    if (!bonds || !at) {
        st = sg_fail(SG_ENOMEM, "bonds of %d atoms", sys->n);
        goto done;
    }
    bonds->n = sys->n;
    bonds->first = sg_calloc((size_t)sys->n + 1, sizeof *bonds->first);
    bonds->near_first = sg_calloc((size_t)sys->n + 1, sizeof *bonds->near_first);
    if (!bonds->first || !bonds->near_first) {
        st = sg_fail(SG_ENOMEM, "bonds of %d atoms", sys->n);
        goto done;
    }
    count(sys, list, reach_of, bonds);
    if ((st = allocate(bonds)) != SG_OK) goto done;
    fill(sys, list, reach_of, bonds, at, at + sys->n + 1);
    *out = bonds;
    bonds = NULL;
done:
    sg_free(at);
    sg_bonds_free(bonds);
    sg_neigh_free(list);
    return st;
}

void sg_bonds_pair_vector(const sg_system *sys, const sg_neigh *list, int i, int64_t k, double d[3])
{
    const int j = list->j[k];
    const int *shift = list->shift[list->image[k]];

    for (int c = 0; c < 3; c++)
        d[c] = sys->x[j][c] - sys->x[i][c];
    for (int a = 0; a < 3; a++) {
        const double m = list->wrap[j][a] - list->wrap[i][a] + shift[a];
        for (int c = 0; c < 3; c++)
            d[c] += m * sys->cell.h[a][c];
    }
}

/* 2: bonded, 1: near, 0: neither. */
static int classify(const sg_system *sys, const reach *reach_of, int i, int j, const double d[3])
{
    const int a = reach_of->by_type ? sys->type[i] : 0, b = reach_of->by_type ? sys->type[j] : 0;
    const double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];

    return r2 < reach_of->inner2[a][b] ? 2 : r2 < reach_of->outer2[a][b];
}

/* Leaves the lengths of the rows in first[i + 1]. */
static void count(const sg_system *sys, const sg_neigh *list, const reach *reach_of, sg_bonds *bonds)
{
    for (int i = 0; i < sys->n; i++)
        for (int64_t k = list->first[i]; k < list->first[i + 1]; k++) {
            const int j = list->j[k];
            double d[3];
            sg_bonds_pair_vector(sys, list, i, k, d);
            const int class = classify(sys, reach_of, i, j, d);
            int *first = class == 2 ? bonds->first : bonds->near_first;
            if (!class) continue;
            first[i + 1]++;
            first[j + 1]++;
        }
}

/* Turn lengths into offsets; the total. */
static int offsets(int *first, int n)
{
    for (int i = 0; i < n; i++)
        first[i + 1] += first[i];
    return first[n];
}

static sg_status allocate(sg_bonds *bonds)
{
    const int n = offsets(bonds->first, bonds->n), n_near = offsets(bonds->near_first, bonds->n);

    bonds->j = sg_calloc((size_t)n, sizeof *bonds->j);
    bonds->d = sg_calloc((size_t)n, sizeof *bonds->d);
    bonds->near_j = sg_calloc((size_t)n_near, sizeof *bonds->near_j);
    bonds->near_d = sg_calloc((size_t)n_near, sizeof *bonds->near_d);
    if (!bonds->j || !bonds->d || !bonds->near_j || !bonds->near_d) return sg_fail(SG_ENOMEM, "%d bonds", n);
    return SG_OK;
}

static void fill(const sg_system *sys, const sg_neigh *list, const reach *reach_of, sg_bonds *bonds, int *at,
                 int *near_at)
{
    memcpy(at, bonds->first, (size_t)sys->n * sizeof *at);
    memcpy(near_at, bonds->near_first, (size_t)sys->n * sizeof *near_at);
    for (int i = 0; i < sys->n; i++)
        for (int64_t k = list->first[i]; k < list->first[i + 1]; k++) {
            const int j = list->j[k];
            double d[3];
            sg_bonds_pair_vector(sys, list, i, k, d);
            const int class = classify(sys, reach_of, i, j, d);
            if (!class) continue;
            int *next = class == 2 ? at : near_at, *to = class == 2 ? bonds->j : bonds->near_j;
            double(*vector)[3] = class == 2 ? bonds->d : bonds->near_d;
            const int p = next[i]++,
                      q = next[j]++; /* for the atom's own image both are in its row, one after the other */
            to[p] = j;
            to[q] = i;
            for (int c = 0; c < 3; c++) {
                vector[p][c] = d[c];
                vector[q][c] = -d[c];
            }
        }
}
