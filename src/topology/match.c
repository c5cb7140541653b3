/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Laying a reference cluster on a target cluster.
 *
 * 1. The canonical order followed by an automorphism says which shell atom is which. 2. Two rigid maps fit
 * the shell, one proper and one improper; those whose shell residual is within reach go on. 3. Every further
 * reference atom is carried by the map and paired with the nearest free target atom of its element, the
 * closest pairs of all first. 4. The map is fitted to all pairs; 3 and 4 repeat until the pairing stands. The
 * outer atoms decide between automorphisms of a distorted shell. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "topology_internal.h"

enum { MAX_ROUNDS = 5 };

#define SURE                                                                                                 \
    0.35 /* Å: less than half the distance of any two atoms in matter; a pair this close is the nearest one \
          */

#define ORDER_SLACK 2e-6 /* Å: clusters are ordered by distances rounded to half of this */

typedef struct candidate { /* a possible pair */
    double r2;             /* Å^2 */
    int ref, target;
} candidate;

typedef struct scratch {
    candidate *pair;
    size_t capacity;
    unsigned char taken[SG_TOPOLOGY_MAX_CLUSTER];
    double image[SG_TOPOLOGY_MAX_CLUSTER][3]; /* targets in the order of the reference */
    double length[SG_TOPOLOGY_MAX_CLUSTER]; /* of the targets: no atom is searched among those much nearer or
                                               farther */
    int is_sorted;                          /* the targets beyond the shell stand by ascending length */
    sg_placement trial;
} scratch;

static double norm(const double x[3]);
static sg_status check(const sg_cluster *ref, const sg_cluster *target, const sg_match_options *opt);
static int shell_fits(const sg_cluster *ref, const sg_cluster *target, const int *perm, double reach);
static sg_status try_placement(const sg_cluster *ref, const sg_cluster *target, const sg_match_options *opt,
                               int improper, scratch *s, int *ok);
static sg_status assign(const sg_cluster *ref, const sg_cluster *target, double reach, scratch *s,
                        int *complete);
static int first_within(const sg_cluster *target, const scratch *s, double length);
static int compare_candidates(const void *left, const void *right);
static sg_status fit(const sg_cluster *ref, const sg_cluster *target, int n, int improper, scratch *s);
static int covers(const sg_cluster *target, const sg_placement *p, double radius);
static void insert(const sg_placement *trial, const sg_match_options *opt, int max_out, sg_placement *out,
                   int *n_out);
static int same_map(const sg_placement *a, const sg_placement *b);

sg_match_options sg_match_defaults(void)
{
    return (sg_match_options){
        .tolerance = 0.3, .assign_max = SG_TOPOLOGY_ASSIGN_MAX, .cover = 0.0, .improper = 1};
}

sg_status sg_topology_match(const sg_cluster *ref, const sg_cluster *target, int n_perm,
                            const int (*perm)[SG_TOPOLOGY_MAX_VERTICES], const sg_match_options *opt,
                            int max_out, sg_placement *out, int *n_out)
{
    int identity[SG_TOPOLOGY_MAX_VERTICES];
    scratch *s = NULL;
    sg_status st;

    *n_out = 0;
    if ((st = check(ref, target, opt)) != SG_OK) return st;
    if (ref->n_shell != target->n_shell || ref->n > target->n) return SG_OK;
    for (int k = 0; k < SG_TOPOLOGY_MAX_VERTICES; k++)
        identity[k] = k;
    if (!(s = sg_calloc(1, sizeof *s))) return sg_fail(SG_ENOMEM, "matching of %d atoms", ref->n);
    double longest = 0;
    s->is_sorted = 1;
    for (int m = 0; m < target->n; m++) {
        s->length[m] = norm(target->x[m]);
        if (m < target->n_shell) continue;
        longest = fmax(longest, s->length[m]);
        if (s->length[m] < longest - ORDER_SLACK) s->is_sorted = 0;
    }
    for (int p = 0; p < (perm ? n_perm : 1); p++) {
        const int *order = perm ? perm[p] : identity;
        if (!shell_fits(ref, target, order, opt->assign_max)) continue;
        for (int improper = 0; improper <= (opt->improper != 0); improper++) {
            int ok;
            memcpy(s->trial.map, order, (size_t)ref->n_shell * sizeof *order);
            if ((st = try_placement(ref, target, opt, improper, s, &ok)) != SG_OK) goto done;
            if (ok) insert(&s->trial, opt, max_out, out, n_out);
            if (ok && opt->best_only && s->trial.max <= opt->enough) goto done;
        }
    }
done:
    if (st != SG_OK) *n_out = 0;
    sg_free(s->pair);
    sg_free(s);
    return st;
}

static double norm(const double x[3])
{
    return sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
}

static sg_status check(const sg_cluster *ref, const sg_cluster *target, const sg_match_options *opt)
{
    if (!(opt->tolerance > 0.0 && opt->assign_max > 0.0))
        return sg_fail(SG_EINVAL, "matching tolerance %g Å, reach %g Å, need > 0", opt->tolerance,
                       opt->assign_max);
    if (ref->n > SG_TOPOLOGY_MAX_CLUSTER || target->n > SG_TOPOLOGY_MAX_CLUSTER ||
        ref->n_shell > SG_TOPOLOGY_MAX_VERTICES)
        return sg_fail(SG_EINVAL, "clusters of %d and %d atoms, at most %d", ref->n, target->n,
                       SG_TOPOLOGY_MAX_CLUSTER);
    return SG_OK;
}

/* Elements agree, and distances from the centre to within what a rigid map could still bring into reach. */
static int shell_fits(const sg_cluster *ref, const sg_cluster *target, const int *perm, double reach)
{
    for (int k = 0; k < ref->n_shell; k++) {
        const double miss = norm(ref->x[k]) - norm(target->x[perm[k]]);
        if (ref->number[k] != target->number[perm[k]] || fabs(miss) > 2.0 * reach) return 0;
    }
    return 1;
}

static sg_status try_placement(const sg_cluster *ref, const sg_cluster *target, const sg_match_options *opt,
                               int improper, scratch *s, int *ok)
{
    sg_placement *p = &s->trial;
    int before[SG_TOPOLOGY_MAX_CLUSTER], complete = 1;
    sg_status st;

    *ok = 0;
    p->n = ref->n;
    /* The best rms of the shell alone bounds from below the largest residual of any placement with this
     * pairing. */
    if ((st = fit(ref, target, ref->n_shell, improper, s)) != SG_OK || p->rms > opt->tolerance) return st;
    for (int round = 0; round < MAX_ROUNDS && ref->n > ref->n_shell; round++) {
        memcpy(before, p->map, (size_t)ref->n * sizeof *before);
        if ((st = assign(ref, target, opt->assign_max, s, &complete)) != SG_OK || !complete) return st;
        if (round > 0 && !memcmp(before, p->map, (size_t)ref->n * sizeof *before)) break;
        if ((st = fit(ref, target, ref->n, improper, s)) != SG_OK) return st;
        if (p->max < SURE) break;
    }
    *ok = p->max <= opt->tolerance && (!(opt->cover > 0.0) || covers(target, p, opt->cover));
    return SG_OK;
}

/* Pair the atoms beyond the shell, the closest pairs first; complete = 0 when one stays without a partner. */
static sg_status assign(const sg_cluster *ref, const sg_cluster *target, double reach, scratch *s,
                        int *complete)
{
    sg_placement *p = &s->trial;
    size_t n = 0;
    int left = ref->n - ref->n_shell;

    *complete = 0;
    for (int k = ref->n_shell; k < ref->n; k++) {
        const double *a = ref->x[k];
        const size_t first = n;
        double y[3];
        for (int c = 0; c < 3; c++)
            y[c] = p->R[c][0] * a[0] + p->R[c][1] * a[1] + p->R[c][2] * a[2] + p->t[c];
        const double length = norm(y);
        for (int m = first_within(target, s, length - reach); m < target->n; m++) {
            if (s->is_sorted && s->length[m] >= length + reach + ORDER_SLACK) break;
            if (fabs(s->length[m] - length) >= reach) continue;
            const double d[3] = {target->x[m][0] - y[0], target->x[m][1] - y[1], target->x[m][2] - y[2]};
            const double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            if (!(r2 < reach * reach) || target->number[m] != ref->number[k]) continue;
            if (sg_grow((void **)&s->pair, &s->capacity, n + 1, sizeof *s->pair))
                return sg_fail(SG_ENOMEM, "matching");
            s->pair[n++] = (candidate){r2, k, m};
        }
        if (n == first) return SG_OK;
        p->map[k] = -1;
    }
    if (n > (size_t)left) /* else each has one partner in reach: no choice to be made */
        qsort(s->pair, n, sizeof *s->pair, compare_candidates);
    memset(s->taken, 0, sizeof s->taken);
    for (size_t q = 0; q < n && left; q++) {
        const candidate *c = &s->pair[q];
        if (s->taken[c->target] || p->map[c->ref] >= 0) continue;
        s->taken[c->target] = 1;
        p->map[c->ref] = c->target;
        left--;
    }
    *complete = left == 0;
    return SG_OK;
}

/* Before this target there is none beyond the shell as far from the centre as `length`. */
static int first_within(const sg_cluster *target, const scratch *s, double length)
{
    int low = target->n_shell, high = target->n;

    if (!s->is_sorted) return low;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (s->length[middle] < length - 2 * ORDER_SLACK)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int compare_candidates(const void *left, const void *right)
{
    const candidate *l = left, *r = right;

    if (l->r2 != r->r2) return l->r2 < r->r2 ? -1 : 1;
    if (l->ref != r->ref) return l->ref < r->ref ? -1 : 1;
    return l->target < r->target ? -1 : l->target > r->target;
}

/* Align the first n pairs; improper chooses the sign of det R. */
static sg_status fit(const sg_cluster *ref, const sg_cluster *target, int n, int improper, scratch *s)
{
    sg_placement *p = &s->trial;

    for (int k = 0; k < n; k++)
        memcpy(s->image[k], target->x[p->map[k]], sizeof s->image[k]);
    return sg_align_signed(n, (const double(*)[3])ref->x, (const double(*)[3])s->image, improper ? -1 : 1,
                           p->R, p->t, &p->rms, &p->max);
}

static int covers(const sg_cluster *target, const sg_placement *p, double radius)
{
    unsigned char used[SG_TOPOLOGY_MAX_CLUSTER] = {0};

    for (int k = 0; k < p->n; k++)
        used[p->map[k]] = 1;
    for (int m = 0; m < target->n; m++) {
        const double *x = target->x[m];
        if (!used[m] && x[0] * x[0] + x[1] * x[1] + x[2] * x[2] < radius * radius) return 0;
    }
    return 1;
}

/* Keep `out` sorted by max residual, without two of the same map. */
static void insert(const sg_placement *trial, const sg_match_options *opt, int max_out, sg_placement *out,
                   int *n_out)
{
    const int limit = opt->best_only && max_out > 1 ? 1 : max_out;
    int at, n = *n_out;

    for (int k = 0; k < n; k++)
        if (same_map(&out[k], trial)) {
            if (out[k].max <= trial->max) return;
            memmove(&out[k], &out[k + 1],
                    (size_t)(n - k - 1) * sizeof *out); /* the better map of the same pairs stays */
            n--;
            break;
        }
    for (at = n; at > 0 && out[at - 1].max > trial->max; at--)
        continue;
    if (at < limit) {
        const int moved = (n < limit ? n : limit - 1) - at;
        memmove(&out[at + 1], &out[at], (size_t)moved * sizeof *out);
        out[at] = *trial;
        n = n < limit ? n + 1 : limit;
    }
    *n_out = n;
}

static int same_map(const sg_placement *a, const sg_placement *b)
{
    return !memcmp(a->map, b->map, (size_t)a->n * sizeof *a->map);
}
