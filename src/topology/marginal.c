/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Environments with one marginal pair flipped.
 *
 * The pool holds the centre, its shell and the atoms just beyond. A flip is a pair of the pool: with the
 * centre it takes a vertex out or brings one in, within the shell it cuts or makes a bond. Flips are tried in
 * the order of how little the pair misses the cutoff. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "topology_internal.h"

enum {
    MAX_POOL = 2 * SG_TOPOLOGY_MAX_VERTICES,
    MAX_FLIPS = MAX_POOL + SG_TOPOLOGY_MAX_VERTICES * SG_TOPOLOGY_MAX_VERTICES / 2
};

typedef struct pool {
    int n, n_shell; /* the first n_shell are bonded to the centre, itself at 0 */
    int atom[MAX_POOL];
    double x[MAX_POOL][3];
} pool;

typedef struct flip {
    double gap; /* Å, |r - cutoff| */
    int a, b;   /* a < b, pool indices */
} flip;

static void fill_pool(const sg_bonds *bonds, int atom, const sg_shell *shell, pool *p);
static int find_flips(const sg_system *sys, const sg_topology_params *params, const pool *p, double margin,
                      flip *out);
static double gap_of(const sg_system *sys, const sg_topology_params *params, const pool *p, int a, int b);
static int compare_flips(const void *left, const void *right);
static int apply(const sg_system *sys, const sg_topology_params *params, const pool *p, const flip *f,
                 sg_shell *out);

sg_status sg_topology_marginal(const sg_system *sys, const sg_topology_params *params, const sg_bonds *bonds,
                               int atom, double margin, int max, sg_environment *out, int *n)
{
    sg_shell shell;
    pool p;
    flip *flips = NULL;
    int n_flips;
    sg_status st;

    assert(max >= 1);
    *n = 0;
    if (!(margin >= 0.0 && margin <= SG_TOPOLOGY_MARGIN))
        return sg_fail(SG_EINVAL, "margin %g Å, need 0 to %g Å", margin, SG_TOPOLOGY_MARGIN);
    if ((st = sg_shell_gather(sys, params, bonds, atom, &shell)) != SG_OK) goto done;
    if ((st = sg_shell_environment(sys, params, &shell, &out[0])) != SG_OK) goto done;
    *n = 1;
    if (!(flips = sg_calloc(MAX_FLIPS, sizeof *flips))) {
        st = sg_fail(SG_ENOMEM, "marginal bonds");
        goto done;
    }
    fill_pool(bonds, atom, &shell, &p);
    n_flips = find_flips(sys, params, &p, margin, flips);
    qsort(flips, (size_t)n_flips, sizeof *flips, compare_flips);
    for (int f = 0; f < n_flips && *n < max; f++) {
        int known = 0;
        if (!apply(sys, params, &p, &flips[f], &shell)) continue;
        if ((st = sg_shell_environment(sys, params, &shell, &out[*n])) != SG_OK) goto done;
        for (int k = 0; k < *n && !known; k++)
            known = sg_environment_same(&out[k], &out[*n]);
        if (!known) (*n)++;
    }
done:
    sg_free(flips);
    return st;
}

static void fill_pool(const sg_bonds *bonds, int atom, const sg_shell *shell, pool *p)
{
    p->n = p->n_shell = shell->graph.n;
    memcpy(p->atom, shell->atom, (size_t)p->n * sizeof p->atom[0]);
    memcpy(p->x, shell->x, (size_t)p->n * sizeof p->x[0]);
    for (int k = bonds->near_first[atom]; k < bonds->near_first[atom + 1] && p->n < MAX_POOL; k++, p->n++) {
        p->atom[p->n] = bonds->near_j[k];
        memcpy(p->x[p->n], bonds->near_d[k], sizeof p->x[0]);
    }
}

static int find_flips(const sg_system *sys, const sg_topology_params *params, const pool *p, double margin,
                      flip *out)
{
    int n = 0;

    for (int a = 0; a < p->n_shell; a++)
        for (int b = a + 1; b < (a ? p->n_shell : p->n); b++) {
            const double gap = gap_of(sys, params, p, a, b);
            if (gap < margin) out[n++] = (flip){gap, a, b};
        }
    return n;
}

static double gap_of(const sg_system *sys, const sg_topology_params *params, const pool *p, int a, int b)
{
    const double *x = p->x[a], *y = p->x[b];
    const double r =
        sqrt((y[0] - x[0]) * (y[0] - x[0]) + (y[1] - x[1]) * (y[1] - x[1]) + (y[2] - x[2]) * (y[2] - x[2]));

    return fabs(r - params->cutoff[sys->type[p->atom[a]]][sys->type[p->atom[b]]]);
}

static int compare_flips(const void *left, const void *right)
{
    const flip *l = left, *r = right;

    if (l->gap != r->gap) return l->gap < r->gap ? -1 : 1;
    if (l->a != r->a) return l->a < r->a ? -1 : 1;
    return l->b < r->b ? -1 : l->b > r->b;
}

/* The shell with the pair flipped; 0 when it does not fit. */
static int apply(const sg_system *sys, const sg_topology_params *params, const pool *p, const flip *f,
                 sg_shell *out)
{
    int n = 0;

    for (int v = 0; v < p->n; v++) {
        if (f->a == 0 && v == f->b ? v < p->n_shell : v >= p->n_shell) continue;
        if (n == SG_TOPOLOGY_MAX_VERTICES) return 0;
        out->atom[n] = p->atom[v];
        memcpy(out->x[n++], p->x[v], sizeof out->x[0]);
    }
    out->graph.n = n;
    sg_shell_connect(sys, params, out);
    if (f->a != 0) { /* then the shell is the pool's, in its order */
        out->graph.adjacent[f->a] ^= UINT64_C(1) << f->b;
        out->graph.adjacent[f->b] ^= UINT64_C(1) << f->a;
    }
    return 1;
}
