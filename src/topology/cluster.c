/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spheres and clusters: the atoms around a centre as plain arrays. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "topology_internal.h"

#define SAME_PLACE                                                                                           \
    1e-3 /* Å: two images of one atom are never this close; the same image found twice differs by rounding  \
          */
#define DISTANCE_UNIT                                                                                        \
    1e-6 /* Å: distances are sorted in this unit, so that rounding does not change an order */

typedef struct member {
    long distance; /* in DISTANCE_UNIT */
    int atom;
    double d[3];
} member;

static sg_status allocate(sg_cluster *cluster, int n);
static sg_status sphere_members(const sg_system *sys, const sg_environment *env, double r,
                                const sg_bonds *spheres, member **out, int *n);
static int is_vertex(const sg_environment *env, int atom, const double d[3]);
static int compare_members(const void *left, const void *right);
static void image_range(const sg_cell *cell, const double s[3], double r, int low[3], int high[3]);

sg_status sg_topology_sphere(const sg_system *sys, int centre, double r, int max, int *atom, double (*d)[3],
                             int *n)
{
    const sg_cell *cell = &sys->cell;

    *n = 0;
    if (!(r > 0.0) || !isfinite(r)) return sg_fail(SG_EINVAL, "radius %g Å, need > 0", r);
    for (int j = 0; j < sys->n; j++) {
        double x[3], s[3];
        int low[3], high[3], m[3];
        for (int c = 0; c < 3; c++)
            x[c] = sys->x[j][c] - sys->x[centre][c];
        for (int c = 0; c < 3; c++)
            s[c] = x[0] * cell->hinv[0][c] + x[1] * cell->hinv[1][c] + x[2] * cell->hinv[2][c];
        image_range(cell, s, r, low, high);
        for (m[0] = low[0]; m[0] <= high[0]; m[0]++)
            for (m[1] = low[1]; m[1] <= high[1]; m[1]++)
                for (m[2] = low[2]; m[2] <= high[2]; m[2]++) {
                    double v[3];
                    if (j == centre && !m[0] && !m[1] && !m[2]) continue;
                    for (int c = 0; c < 3; c++)
                        v[c] = x[c] + m[0] * cell->h[0][c] + m[1] * cell->h[1][c] + m[2] * cell->h[2][c];
                    if (!(v[0] * v[0] + v[1] * v[1] + v[2] * v[2] < r * r)) continue;
                    if (*n == max)
                        return sg_fail(SG_EINVAL, "more than %d atoms within %g Å of atom %d", max, r,
                                       sys->id[centre]);
                    atom[*n] = j;
                    memcpy(d[(*n)++], v, sizeof v);
                }
    }
    return SG_OK;
}

sg_status sg_cluster_init(sg_cluster *cluster, const sg_system *sys, const sg_environment *env, double r,
                          const sg_bonds *spheres)
{
    member *others = NULL;
    int n_others;
    sg_status st;

    memset(cluster, 0, sizeof *cluster);
    if ((st = sphere_members(sys, env, r, spheres, &others, &n_others)) != SG_OK) goto done;
    if ((st = allocate(cluster, env->n + n_others)) != SG_OK) goto done;
    cluster->n_shell = env->n;
    memcpy(cluster->atom, env->atom, (size_t)env->n * sizeof *cluster->atom);
    memcpy(cluster->number, env->number, (size_t)env->n * sizeof *cluster->number);
    memcpy(cluster->x, env->x, (size_t)env->n * sizeof *cluster->x);
    for (int k = 0; k < n_others; k++) {
        cluster->atom[env->n + k] = others[k].atom;
        cluster->number[env->n + k] = sys->species.number[sys->type[others[k].atom]];
        memcpy(cluster->x[env->n + k], others[k].d, sizeof others[k].d);
    }
done:
    sg_free(others);
    return st;
}

sg_status sg_cluster_init_record(sg_cluster *cluster, int n, int n_shell, const unsigned char *number,
                                 const float (*x)[3])
{
    sg_status st;

    memset(cluster, 0, sizeof *cluster);
    if (n < 1 || n_shell < 1 || n_shell > n)
        return sg_fail(SG_EINVAL, "cluster of %d atoms with a shell of %d", n, n_shell);
    if ((st = allocate(cluster, n)) != SG_OK) return st;
    cluster->n_shell = n_shell;
    for (int k = 0; k < n; k++) {
        cluster->atom[k] = -1;
        cluster->number[k] = number[k];
        for (int c = 0; c < 3; c++)
            cluster->x[k][c] = (double)x[k][c];
    }
    return SG_OK;
}

void sg_cluster_clear(sg_cluster *cluster)
{
    sg_free(cluster->atom);
    sg_free(cluster->number);
    sg_free(cluster->x);
    memset(cluster, 0, sizeof *cluster);
}

static sg_status allocate(sg_cluster *cluster, int n)
{
    if (n > SG_TOPOLOGY_MAX_CLUSTER)
        return sg_fail(SG_EINVAL, "cluster of %d atoms, at most %d", n, SG_TOPOLOGY_MAX_CLUSTER);
    cluster->n = n;
    cluster->atom = sg_calloc((size_t)n, sizeof *cluster->atom);
    cluster->number = sg_calloc((size_t)n, sizeof *cluster->number);
    cluster->x = sg_calloc((size_t)n, sizeof *cluster->x);
    if (cluster->atom && cluster->number && cluster->x) return SG_OK;
    sg_cluster_clear(cluster);
    return sg_fail(SG_ENOMEM, "cluster of %d atoms", n);
}

/* Atoms within r that are not vertices of the environment, nearest first. */
static sg_status sphere_members(const sg_system *sys, const sg_environment *env, double r,
                                const sg_bonds *spheres, member **out, int *n)
{
    int found_atom[SG_TOPOLOGY_MAX_CLUSTER], n_found = 0;
    double found_d[SG_TOPOLOGY_MAX_CLUSTER][3];
    const int *atom = found_atom;
    const double(*d)[3] = (const double(*)[3])found_d;
    const int centre = env->atom[0];
    member *list;
    sg_status st;

    *out = NULL;
    *n = 0;
    if (spheres) {
        atom = spheres->j + spheres->first[centre];
        d = (const double(*)[3])(spheres->d + spheres->first[centre]);
        n_found = spheres->first[centre + 1] - spheres->first[centre];
    } else if ((st = sg_topology_sphere(sys, centre, r, SG_TOPOLOGY_MAX_CLUSTER, found_atom, found_d,
                                        &n_found)) != SG_OK) {
        return st;
    }
    if (!(list = sg_calloc((size_t)n_found, sizeof *list)))
        return sg_fail(SG_ENOMEM, "sphere of %d atoms", n_found);
    for (int k = 0; k < n_found; k++) {
        const double length = sqrt(d[k][0] * d[k][0] + d[k][1] * d[k][1] + d[k][2] * d[k][2]);
        if (!(length < r) || is_vertex(env, atom[k], d[k])) continue;
        list[*n].distance = lround(length / DISTANCE_UNIT);
        list[*n].atom = atom[k];
        memcpy(list[(*n)++].d, d[k], sizeof d[k]);
    }
    qsort(list, (size_t)*n, sizeof *list, compare_members);
    *out = list;
    return SG_OK;
}

static int is_vertex(const sg_environment *env, int atom, const double d[3])
{
    for (int k = 1; k < env->n; k++)
        if (env->atom[k] == atom &&
            fabs(env->x[k][0] - d[0]) + fabs(env->x[k][1] - d[1]) + fabs(env->x[k][2] - d[2]) < SAME_PLACE)
            return 1;
    return 0;
}

static int compare_members(const void *left, const void *right)
{
    const member *l = left, *r = right;

    if (l->distance != r->distance) return l->distance < r->distance ? -1 : 1;
    if (l->atom != r->atom) return l->atom < r->atom ? -1 : 1;
    for (int c = 0; c < 3; c++)
        if (l->d[c] != r->d[c]) return l->d[c] < r->d[c] ? -1 : 1;
    return 0;
}

/* Integer shifts along each cell vector that can bring the fractional vector s within r. */
static void image_range(const sg_cell *cell, const double s[3], double r, int low[3], int high[3])
{
    for (int a = 0; a < 3; a++) {
        /* |column a of hinv| is one over the height along a, so r times it bounds |s_a| */
        const double reach =
            r * sqrt(cell->hinv[0][a] * cell->hinv[0][a] + cell->hinv[1][a] * cell->hinv[1][a] +
                     cell->hinv[2][a] * cell->hinv[2][a]);
        low[a] = cell->periodic[a] ? (int)ceil(-reach - s[a]) : 0;
        high[a] = cell->periodic[a] ? (int)floor(reach - s[a]) : 0;
    }
}
