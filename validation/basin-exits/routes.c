/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other routes out of a basin, for `run`: plain walks with random numbers of their own, residence times by
 * LAPACK, the exit-time law by powers of a matrix in quadruple precision. Edges are those of kmc/core.h. */
#include <lapacke.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "slowglass/kmc/core.h"

/* ---- slowglass ---- */

int slowglass_samples(int n, int n_edges, const sg_basin_edge *edges, int start, uint64_t seed, int samples,
                      double *time, int *edge, double *hops)
{
    sg_basin *basin;
    sg_rng rng;

    if (sg_basin_create(n, n_edges, edges, &basin) != SG_OK) return 1;
    sg_rng_init(&rng, seed, SG_RNG_TEST, 0, 0, 0);
    for (int k = 0; k < samples; k++) {
        sg_basin_exit out = {0};
        if (sg_basin_draw(basin, start, &rng, &out) != SG_OK) return 1;
        time[k] = out.time;
        edge[k] = out.edge;
        hops[k] = out.n_hops;
    }
    sg_basin_free(basin);
    return 0;
}

/* ---- plain walks ---- */

static double uniform(uint64_t *s) /* in (0, 1); splitmix64, Steele, Lea & Flood, OOPSLA 2014 */
{
    uint64_t z = (*s += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
}

static int by_from(const void *a, const void *b)
{
    const sg_basin_edge *x = *(const sg_basin_edge *const *)a, *y = *(const sg_basin_edge *const *)b;
    if (x->from != y->from) return x->from - y->from;
    return (x->rate < y->rate) - (x->rate > y->rate); /* fastest first */
}

void plain_samples(int n, int n_edges, const sg_basin_edge *edges, int start, uint64_t seed, int samples,
                   double *time, int *edge, double *hops)
{
    const sg_basin_edge **sorted = malloc((size_t)n_edges * sizeof *sorted);
    int *first = calloc((size_t)n + 2, sizeof *first), m = 0;
    double *total = calloc((size_t)n, sizeof *total);

    for (int e = 0; e < n_edges; e++) {
        if (edges[e].to == edges[e].from || edges[e].rate == 0) continue;
        sorted[m++] = &edges[e];
        total[edges[e].from] += edges[e].rate;
        first[edges[e].from + 1]++;
    }
    for (int i = 0; i < n; i++)
        first[i + 1] += first[i];
    qsort(sorted, (size_t)m, sizeof *sorted, by_from);
    for (int k = 0; k < samples; k++) {
        int at = start;
        time[k] = hops[k] = 0;
        while (at < n) {
            double left = uniform(&seed) * total[at];
            int e = first[at];
            time[k] -= log(uniform(&seed)) / total[at];
            hops[k]++;
            while (e < first[at + 1] - 1 && left >= sorted[e]->rate)
                left -= sorted[e++]->rate;
            edge[k] = (int)(sorted[e] - edges);
            at = sorted[e]->to;
        }
    }
    free(sorted);
    free(first);
    free(total);
}

/* ---- linear algebra ---- */

/* (D - K)^T r = e_start; D: rates out, K: rates among the states. */
int lapack_residences(int n, int n_edges, const sg_basin_edge *edges, int start, double *r)
{
    double *a = calloc((size_t)n * (size_t)n, sizeof *a);
    lapack_int *pivot = calloc((size_t)n, sizeof *pivot);

    for (int e = 0; e < n_edges; e++) {
        const int i = edges[e].from, j = edges[e].to;
        if (i == j) continue;
        a[i * n + i] += edges[e].rate;
        if (j < n) a[j * n + i] -= edges[e].rate;
    }
    for (int i = 0; i < n; i++)
        r[i] = i == start;
    const int failed = LAPACKE_dgesv(LAPACK_ROW_MAJOR, n, 1, a, n, pivot, r, 1) != 0;
    free(a);
    free(pivot);
    return failed;
}

/* ---- the law of the exit time ---- */

__extension__ typedef __float128 quad;

static void multiply(int n, const quad *a, const quad *b, quad *c)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            quad sum = 0;
            for (int k = 0; k < n; k++)
                sum += a[i * n + k] * b[k * n + j];
            c[i * n + j] = sum;
        }
}

/* Probability to be inside still at times step, 2 step, 4 step, ..: exp(Q t), Q = K - D, by its series in
 * P = 1 + Q / L, all of whose terms are positive (L: fastest rate out, L step <= 1), then by squaring. */
void survival(int n, int n_edges, const sg_basin_edge *edges, int start, double step, int doublings,
              double *inside)
{
    const size_t size = (size_t)n * (size_t)n;
    quad *p = calloc(size, sizeof *p), *term = calloc(size, sizeof *p), *sum = calloc(size, sizeof *p);
    quad *next = calloc(size, sizeof *p), fastest = 0, factor = 1, e = 1, shrink = 1;

    for (int k = 0; k < n_edges; k++)
        if (edges[k].to != edges[k].from) p[edges[k].from * n + edges[k].from] += edges[k].rate;
    for (int i = 0; i < n; i++)
        if (p[i * n + i] > fastest) fastest = p[i * n + i];
    for (int i = 0; i < n; i++)
        p[i * n + i] = (fastest - p[i * n + i]) / fastest;
    for (int k = 0; k < n_edges; k++)
        if (edges[k].to < n && edges[k].to != edges[k].from)
            p[edges[k].from * n + edges[k].to] += edges[k].rate / fastest;
    for (int k = 1; k < 60; k++) { /* exp(-L step) */
        factor *= -fastest * step / k;
        e += factor;
    }
    for (int i = 0; i < n; i++)
        term[i * n + i] = sum[i * n + i] = e;
    for (int k = 1; k < 40; k++) {
        multiply(n, term, p, next);
        shrink = fastest * step / k;
        for (size_t q = 0; q < size; q++)
            sum[q] += term[q] = next[q] * shrink;
    }
    for (int k = 0; k < doublings; k++) {
        quad left = 0;
        for (int j = 0; j < n; j++)
            left += sum[start * n + j];
        inside[k] = (double)left;
        multiply(n, sum, sum, next);
        for (size_t q = 0; q < size; q++)
            sum[q] = next[q];
    }
    free(p);
    free(term);
    free(sum);
    free(next);
}
