/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bond cutoffs from the partial pair distributions of one structure.
 *
 * Per pair of elements: a histogram of distances, divided by r^2 and smoothed by a Gaussian, is g(r) up to a
 * factor. Its first high peak at r1 is found, then the lowest place of the window 1.1 r1 .. 1.5 r1, which
 * holds the first minimum of a glass (1.3 r1), the gap of fcc and hcp (1 .. 1.41 r1) and of bcc behind its
 * double shell (1.15 .. 1.63 r1). Around the lowest place the valley is taken, and its middle is the cutoff:
 * one bin of noise does not decide, and in a crystal this is the middle of the gap. */
#include <math.h>
#include <string.h>

#include "topology_internal.h"

enum { BINS = 750, MIN_PAIRS = 50 }; /* fewer bonds than this: no statistics */

#define BIN 0.01 /* Å */
#define R_MAX (BINS * BIN)
#define SMOOTHING                                                                                            \
    0.15 /* Å: the width of a first peak; calms the valleys of 500 atoms, where a bin of 0.1 Å holds ten   \
            pairs */
#define HIGH 0.5 /* a peak counts from this share of the highest on */
#define WINDOW_BEGIN 1.1
#define WINDOW_END 1.5
#define EMPTY 0.02 /* g below this share of the peak beside it: a gap */
#define FLAT 0.1   /* g within this share of the peak above its minimum: the valley of a glass */
#define ROUND 0.05 /* Å */

typedef struct spectrum {
    double count[BINS]; /* pairs by distance */
    double g[BINS];     /* over r^2, smoothed, arbitrary scale */
} spectrum;

typedef struct spectra {
    spectrum total, pair[SG_MAX_SPECIES][SG_MAX_SPECIES]; /* pair[a][b], a <= b */
} spectra;

static sg_status collect(const sg_system *sys, spectra *s);
static void smooth(spectrum *s);
static double first_minimum(const spectrum *s, double *n_pairs);
static int highest(const double *g, int begin, int end);
static int lowest(const double *g, int begin, int end);
static double imply(const sg_topology_params *p, int n, int a, int b, double total);
static double rounded(double r);

sg_status sg_topology_cutoffs(const sg_system *sys, sg_topology_params *out)
{
    spectra *s = sg_calloc(1, sizeof *s);
    sg_topology_params found = {0};
    const int n = sys->species.n;
    double total;
    sg_status st;

    memset(out, 0, sizeof *out);
    if (!s) return sg_fail(SG_ENOMEM, "pair distribution");
    if ((st = collect(sys, s)) != SG_OK) goto done;
    if (!((total = first_minimum(&s->total, NULL)) > 0.0)) {
        st = sg_fail(SG_EINVAL, "no first peak of g(r) below %g Å: bond cutoffs must be given",
                     R_MAX / WINDOW_END);
        goto done;
    }
    for (int a = 0; a < n; a++)
        for (int b = a; b < n; b++) {
            double n_pairs, r = first_minimum(&s->pair[a][b], &n_pairs);
            if (n_pairs >= MIN_PAIRS || n == 1) found.cutoff[a][b] = found.cutoff[b][a] = r;
        }
    out->n_species = n;
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++)
            out->cutoff[a][b] = rounded(imply(&found, n, a, b, total));
done:
    sg_free(s);
    return st;
}

static sg_status collect(const sg_system *sys, spectra *s)
{
    sg_neigh *list;
    const int n = sys->species.n;
    sg_status st = sg_neigh_create(sys, R_MAX, NULL, &list);

    if (st != SG_OK) return st;
    for (int i = 0; i < sys->n; i++)
        for (int64_t k = list->first[i]; k < list->first[i + 1]; k++) {
            const int a = sys->type[i], b = sys->type[list->j[k]];
            double d[3];
            sg_bonds_pair_vector(sys, list, i, k, d);
            const int bin = (int)(sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]) / BIN);
            if (bin >= BINS) continue;
            s->pair[a < b ? a : b][a < b ? b : a].count[bin] += 1.0;
            s->total.count[bin] += 1.0;
        }
    sg_neigh_free(list);
    smooth(&s->total);
    for (int a = 0; a < n; a++)
        for (int b = a; b < n; b++)
            smooth(&s->pair[a][b]);
    return SG_OK;
}

static void smooth(spectrum *s)
{
    const int reach = (int)(5.0 * SMOOTHING / BIN);
    double weight[BINS], density[BINS];

    for (int k = 0; k <= reach; k++)
        weight[k] = exp(-0.5 * (k * BIN / SMOOTHING) * (k * BIN / SMOOTHING));
    for (int p = 0; p < BINS; p++)
        density[p] = s->count[p] / ((p + 0.5) * (p + 0.5));
    for (int p = 0; p < BINS; p++) {
        double sum = 0.0;
        for (int q = p > reach ? p - reach : 0; q <= p + reach && q < BINS; q++)
            sum += weight[q > p ? q - p : p - q] * density[q];
        s->g[p] = sum;
    }
}

/* The cutoff of one distribution, 0 if it has no peak, and the number of pairs below it. */
static double first_minimum(const spectrum *s, double *n_pairs)
{
    const double *g = s->g;
    const int last = (int)(BINS / WINDOW_END) - 1, top = highest(g, 0, BINS);
    int peak = 0, begin, end, low, left, right;
    double floor_left, floor_right, cutoff;

    if (n_pairs) *n_pairs = 0.0;
    if (!(g[top] > 0.0)) return 0.0;
    while (peak < last && (g[peak] < HIGH * g[top] || g[peak + 1] > g[peak]))
        peak++;
    if (peak == last) return 0.0;
    begin = (int)(WINDOW_BEGIN * peak);
    end = (int)(WINDOW_END * peak);
    low = lowest(g, begin, end);
    floor_left = floor_right = g[low] + FLAT * g[peak];
    if (g[low] < EMPTY * g[peak]) {
        floor_left = EMPTY * g[peak];
        floor_right = fmax(g[low], EMPTY * g[highest(g, low, end)]);
    }
    for (left = low; left > peak && g[left - 1] <= floor_left; left--)
        continue;
    for (right = low; right < end && g[right + 1] <= floor_right; right++)
        continue;
    cutoff = (0.5 * (left + right) + 0.5) * BIN;
    for (int p = 0; n_pairs && p * BIN < cutoff; p++)
        *n_pairs += s->count[p];
    return cutoff;
}

static int highest(const double *g, int begin, int end)
{
    int best = begin;

    for (int p = begin; p < end; p++)
        if (g[p] > g[best]) best = p;
    return best;
}

static int lowest(const double *g, int begin, int end)
{
    int best = begin;

    for (int p = begin; p < end; p++)
        if (g[p] < g[best]) best = p;
    return best;
}

/* A pair without statistics of its own (0 in p): between the like pairs, or from what a third element
 * implies, or the total. */
static double imply(const sg_topology_params *p, int n, int a, int b, double total)
{
    double sum = 0.0;
    int count = 0;

    if (p->cutoff[a][b] > 0.0) return p->cutoff[a][b];
    if (a != b && p->cutoff[a][a] > 0.0 && p->cutoff[b][b] > 0.0)
        return 0.5 * (p->cutoff[a][a] + p->cutoff[b][b]);
    for (int c = 0; a == b && c < n; c++)
        if (c != a && p->cutoff[a][c] > 0.0 && p->cutoff[c][c] > 0.0) {
            sum += 2.0 * p->cutoff[a][c] - p->cutoff[c][c];
            count++;
        }
    return count ? sum / count : total;
}

static double rounded(double r)
{
    return (double)(5 * lround(r / ROUND)) / 100.0; /* the double nearest to the decimal number */
}
