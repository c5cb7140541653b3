/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaving a basin: eliminate its states one after another, draw the exit on what remains, then put the states
 * back and draw what the walk did in them.
 *
 * Numbering. Only states that can be reached from the start take part. They are numbered in the order of
 * elimination, 0 .. n-1, the start last; column n is "out", all exits of a row together. Stage t is the walk
 * seen only while it is in states >= t (or out): a Markov chain without self loops whose rates follow from
 * those of the stage before,
 *
 *     K(t+1)_ij = K(t)_ij + K(t)_it K(t)_tj / R_t,   i, j > t,  i != j,     R_t = sum over j > t of K(t)_tj.
 *
 * All terms are positive and R_t is a sum, not one minus something: every result is accurate relative to
 * itself.
 *
 * Storage. rate[i][j] ends as K(m)_ij with m = min(i, j), which the elimination no longer changes. Earlier
 * stages of an element are its prefix sums from direct[i][j] = K(0)_ij on and are added up again when needed:
 * O(n^2) memory.
 *
 * Way back. hops[i][j] counts hops i -> j. At the last stage there is one: start -> out. Going from stage t+1
 * to t,
 *   - each hop i -> j was direct or led through t, with odds K(t)_ij : K(t)_it K(t)_tj / R_t (binomial);
 *   - before each hop out of i the walk returned to i through t a geometric number of times, with odds
 *     K(t)_it K(t)_ti / R_t : sum_j K(t+1)_ij (negative binomial, drawn as Poisson of Gamma).
 * The counts of the first kind for an element are complete once min(i, j) is back, so all its stages are
 * split at once. Visits v_i at stage 0 are an exact sample of the walk's; given them the stays are
 * exponential and independent, hence time = sum_i Gamma(v_i) / R(0)_i. The one hop i -> out names the state
 * left last.
 *
 * With expectations in place of draws the same way back gives the exact means; rng = NULL asks for that. */
#include "slowglass/kmc/core.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "slowglass/core/memory.h"

typedef struct basin {
    int n;           /* states that take part */
    int *place;      /* [n_transient] number in the order of elimination, -1: not reachable */
    double *direct;  /* [n][n + 1] */
    double *rate;    /* [n][n + 1] */
    double *leaving; /* [n] R_t of the stage at which t is eliminated */
    double
        *outflow;   /* [n][n] outflow[t][i] = sum_j K(t+1)_ij, set where the walk can return to i through t */
    double *total;  /* [n] rate out of each state, all states present */
    double *hops;   /* [n][n + 1] */
    double *visits; /* [n] */
    double *prefix; /* [n] */
} basin;

static sg_status check(int n_transient, int n_edges, const sg_basin_edge *edges, int start);
static sg_status solve(int n_transient, int n_edges, const sg_basin_edge *edges, int start, sg_rng *rng,
                       basin *b);
static sg_status number_states(basin *b, int n_transient, int n_edges, const sg_basin_edge *edges, int start);
static sg_status check_ways_out(int n_transient, int n_edges, const sg_basin_edge *edges, const int *place);
static sg_status allocate(basin *b);
static void fill(basin *b, int n_transient, int n_edges, const sg_basin_edge *edges);
static sg_status eliminate(basin *b);
static sg_status put_back(basin *b, sg_rng *rng);
static void return_through(basin *b, int t, sg_rng *rng);
static void split(basin *b, int i, int j, sg_rng *rng);
static double draw_returns(sg_rng *rng, double n, double odds);
static double draw_branch(sg_rng *rng, double n, double weight, double other);
static int draw_edge(const basin *b, int n_transient, int n_edges, const sg_basin_edge *edges, sg_rng *rng);
static int is_way_out(const basin *b, int n_transient, const sg_basin_edge *edge);
static void clear(basin *b);

/* Element (i, j) of a matrix with n + 1 columns. */
static inline size_t at(const basin *b, int i, int j)
{
    return (size_t)i * (size_t)(b->n + 1) + (size_t)j;
}

sg_status sg_basin_sample(int n_transient, int n_edges, const sg_basin_edge *edges, int start, sg_rng *rng,
                          sg_basin_exit *out)
{
    basin b = {0};
    double time = 0.0, n_hops = 0.0;

    const sg_status st = solve(n_transient, n_edges, edges, start, rng, &b);
    if (st != SG_OK) goto done;
    const int edge = draw_edge(&b, n_transient, n_edges, edges, rng);
    for (int i = 0; i < b.n; i++) {
        if (b.visits[i] > 0.0) time += sg_rng_gamma(rng, b.visits[i]) / b.total[i];
        n_hops += b.visits[i];
    }
    if (out->visits)
        for (int s = 0; s < n_transient; s++)
            out->visits[s] = b.place[s] < 0 ? 0.0 : b.visits[b.place[s]];
    out->time = time;
    out->n_hops = n_hops;
    out->edge = edge;
    out->from = edges[edge].from;
    out->to = edges[edge].to;
done:
    clear(&b);
    return st;
}

sg_status sg_basin_exit_law(int n_transient, int n_edges, const sg_basin_edge *edges, int start,
                            double *edge_probability, double *mean_time, double *mean_residence)
{
    basin b = {0};

    const sg_status st = solve(n_transient, n_edges, edges, start, NULL, &b);
    if (st != SG_OK) goto done;
    if (edge_probability)
        for (int e = 0; e < n_edges; e++) {
            edge_probability[e] = 0.0;
            if (!is_way_out(&b, n_transient, &edges[e])) continue;
            const size_t k = at(&b, b.place[edges[e].from], b.n);
            edge_probability[e] = b.hops[k] * (edges[e].rate / b.direct[k]);
        }
    if (mean_time) {
        *mean_time = 0.0;
        for (int i = 0; i < b.n; i++)
            *mean_time += b.visits[i] / b.total[i];
    }
    if (mean_residence)
        for (int s = 0; s < n_transient; s++) {
            const int i = b.place[s];
            mean_residence[s] = i < 0 ? 0.0 : b.visits[i] / b.total[i];
        }
done:
    clear(&b);
    return st;
}

/* Everything up to visits and direct hops; without rng their means. */
static sg_status solve(int n_transient, int n_edges, const sg_basin_edge *edges, int start, sg_rng *rng,
                       basin *b)
{
    sg_status st;

    if ((st = check(n_transient, n_edges, edges, start)) != SG_OK) return st;
    if ((st = number_states(b, n_transient, n_edges, edges, start)) != SG_OK) return st;
    if ((st = check_ways_out(n_transient, n_edges, edges, b->place)) != SG_OK) return st;
    if ((st = allocate(b)) != SG_OK) return st;
    fill(b, n_transient, n_edges, edges);
    if ((st = eliminate(b)) != SG_OK) return st;
    return put_back(b, rng);
}

static sg_status check(int n_transient, int n_edges, const sg_basin_edge *edges, int start)
{
    if (n_transient < 1 || n_edges < 0)
        return sg_fail(SG_EINVAL, "basin of %d states and %d edges", n_transient, n_edges);
    if (start < 0 || start >= n_transient)
        return sg_fail(SG_EINVAL, "start %d, need 0 .. %d", start, n_transient - 1);
    for (int e = 0; e < n_edges; e++) {
        if (edges[e].from < 0 || edges[e].from >= n_transient || edges[e].to < 0)
            return sg_fail(SG_EINVAL, "edge %d: %d -> %d in a basin of %d states", e, edges[e].from,
                           edges[e].to, n_transient);
        if (!(edges[e].rate >= 0.0 && isfinite(edges[e].rate)))
            return sg_fail(SG_EINVAL, "edge %d: rate %g, need finite and >= 0", e, edges[e].rate);
    }
    return SG_OK;
}

/* Sweeps over the edges until nothing new is found: at most n_transient of them, usually two or three. */
static sg_status number_states(basin *b, int n_transient, int n_edges, const sg_basin_edge *edges, int start)
{
    int found = 1, n = 0;

    b->place = sg_calloc((size_t)n_transient, sizeof *b->place);
    if (!b->place) return sg_fail(SG_ENOMEM, "basin of %d states", n_transient);
    for (int s = 0; s < n_transient; s++)
        b->place[s] = -1;
    b->place[start] = 0;
    while (found) {
        found = 0;
        for (int e = 0; e < n_edges; e++) {
            const int to = edges[e].to;
            if (edges[e].rate == 0.0 || to >= n_transient || b->place[edges[e].from] < 0 || b->place[to] >= 0)
                continue;
            b->place[to] = 0;
            found = 1;
        }
    }
    for (int s = 0; s < n_transient; s++)
        if (b->place[s] >= 0 && s != start) b->place[s] = n++;
    b->place[start] = n++;
    b->n = n;
    return SG_OK;
}

static sg_status check_ways_out(int n_transient, int n_edges, const sg_basin_edge *edges, const int *place)
{
    sg_status st = SG_OK;
    int found = 1;
    char *leaves = sg_calloc((size_t)n_transient, 1);

    if (!leaves) return sg_fail(SG_ENOMEM, "basin of %d states", n_transient);
    while (found) {
        found = 0;
        for (int e = 0; e < n_edges; e++) {
            const int from = edges[e].from, to = edges[e].to;
            if (edges[e].rate == 0.0 || leaves[from] || (to < n_transient && !leaves[to])) continue;
            leaves[from] = 1;
            found = 1;
        }
    }
    for (int s = 0; s < n_transient && st == SG_OK; s++)
        if (place[s] >= 0 && !leaves[s]) st = sg_fail(SG_EINVAL, "basin: no way out of state %d", s);
    sg_free(leaves);
    return st;
}

static sg_status allocate(basin *b)
{
    const size_t n = (size_t)b->n, matrix = n * (n + 1);

    b->direct = sg_calloc(matrix, sizeof(double));
    b->rate = sg_calloc(matrix, sizeof(double));
    b->hops = sg_calloc(matrix, sizeof(double));
    b->outflow = sg_calloc(n * n, sizeof(double));
    b->leaving = sg_calloc(n, sizeof(double));
    b->total = sg_calloc(n, sizeof(double));
    b->visits = sg_calloc(n, sizeof(double));
    b->prefix = sg_calloc(n, sizeof(double));
    if (!b->direct || !b->rate || !b->hops || !b->outflow || !b->leaving || !b->total || !b->visits ||
        !b->prefix)
        return sg_fail(SG_ENOMEM, "basin of %d states", b->n);
    return SG_OK;
}

static void fill(basin *b, int n_transient, int n_edges, const sg_basin_edge *edges)
{
    for (int e = 0; e < n_edges; e++) {
        const int i = b->place[edges[e].from];
        if (i < 0 || edges[e].from == edges[e].to || edges[e].rate == 0.0) continue;
        const int j = edges[e].to < n_transient ? b->place[edges[e].to] : b->n;
        b->direct[at(b, i, j)] += edges[e].rate;
        b->total[i] += edges[e].rate;
    }
    for (size_t k = 0; k < at(b, b->n, 0); k++)
        b->rate[k] = b->direct[k];
}

static sg_status eliminate(basin *b)
{
    const int n = b->n;

    for (int t = 0; t < n; t++) {
        const double *pivot = &b->rate[at(b, t, 0)];
        for (int j = t + 1; j <= n; j++)
            b->leaving[t] += pivot[j];
        if (!(b->leaving[t] > 0.0 && isfinite(b->leaving[t])))
            return sg_fail(SG_ENUMERIC, "basin: rate %g out of an eliminated state, need finite and > 0",
                           b->leaving[t]);
        for (int i = t + 1; i < n; i++) {
            double *row = &b->rate[at(b, i, 0)];
            if (row[t] == 0.0) continue;
            const double share = row[t] / b->leaving[t];
            double sum = 0.0;
            row[i] = 0.0;
            for (int j = t + 1; j <= n; j++) {
                if (j == i) continue;
                row[j] += share * pivot[j];
                sum += row[j];
            }
            b->outflow[(size_t)t * (size_t)n + (size_t)i] = sum;
        }
    }
    return SG_OK;
}

static sg_status put_back(basin *b, sg_rng *rng)
{
    const int n = b->n;

    b->hops[at(b, n - 1, n)] = 1.0;
    for (int t = n - 1; t >= 0; t--) {
        return_through(b, t, rng);
        for (int j = t + 1; j <= n; j++)
            b->visits[t] += b->hops[at(b, t, j)];
        for (int i = t; i < n; i++)
            if (!isfinite(b->visits[i]))
                return sg_fail(SG_ENUMERIC, "basin: more visits than a double can count");
        for (int i = t + 1; i < n; i++) {
            split(b, i, t, rng);
            split(b, t, i, rng);
        }
        split(b, t, n, rng);
    }
    return SG_OK;
}

/* The returns i -> t -> i that stage t + 1 does not show. */
static void return_through(basin *b, int t, sg_rng *rng)
{
    for (int i = t + 1; i < b->n; i++) {
        const double to = b->rate[at(b, i, t)], back = b->rate[at(b, t, i)];
        if (to == 0.0 || back == 0.0 || b->visits[i] == 0.0) continue;
        const double odds = to / b->outflow[(size_t)t * (size_t)b->n + (size_t)i] * (back / b->leaving[t]);
        const double returns = draw_returns(rng, b->visits[i], odds);
        b->hops[at(b, i, t)] += returns;
        b->hops[at(b, t, i)] += returns;
        b->visits[i] += returns;
    }
}

/* Hops i -> j of stage min(i, j) into direct ones and those through each state eliminated before. */
static void split(basin *b, int i, int j, sg_rng *rng)
{
    const int stages = i < j ? i : j;
    double *hops = &b->hops[at(b, i, j)];
    double rate = b->direct[at(b, i, j)];

    if (*hops == 0.0) return;
    for (int t = 0; t < stages; t++) {
        b->prefix[t] = rate;
        rate += b->rate[at(b, i, t)] / b->leaving[t] * b->rate[at(b, t, j)];
    }
    for (int t = stages - 1; t >= 0 && *hops > 0.0; t--) {
        const double through = b->rate[at(b, i, t)] / b->leaving[t] * b->rate[at(b, t, j)];
        if (through == 0.0) continue;
        const double direct = draw_branch(rng, *hops, b->prefix[t], through);
        const double led_through = rng ? *hops - direct : draw_branch(rng, *hops, through, b->prefix[t]);
        b->hops[at(b, i, t)] += led_through;
        b->hops[at(b, t, j)] += led_through;
        *hops = direct;
    }
}

/* Failures before the n-th success, odds = failure : success. */
static double draw_returns(sg_rng *rng, double n, double odds)
{
    const double mean = (rng ? sg_rng_gamma(rng, n) : n) * odds;

    return rng && isfinite(mean) ? sg_rng_poisson(rng, mean) : mean;
}

/* How many of n independent choices take the branch of the given weight against the other. The smaller
 * probability is the one that is drawn: it is known relative to itself, one minus it is not. */
static double draw_branch(sg_rng *rng, double n, double weight, double other)
{
    if (!rng) return n * (weight / (weight + other));
    if (weight > other) return n - draw_branch(rng, n, other, weight);
    const double p = weight / (weight + other);
    if (n == 1.0) return sg_rng_uniform(rng) < p ? 1.0 : 0.0;
    return sg_rng_binomial(rng, n, p);
}

static int is_way_out(const basin *b, int n_transient, const sg_basin_edge *edge)
{
    return edge->to >= n_transient && edge->rate > 0.0 && b->place[edge->from] >= 0;
}

/* Among the edges out of the state with the one hop out, by rate. */
static int draw_edge(const basin *b, int n_transient, int n_edges, const sg_basin_edge *edges, sg_rng *rng)
{
    int last = -1, i = 0;

    while (b->hops[at(b, i, b->n)] == 0.0)
        i++;
    assert(i < b->n && b->hops[at(b, i, b->n)] == 1.0);
    double left = sg_rng_uniform(rng) * b->direct[at(b, i, b->n)];
    for (int e = 0; e < n_edges; e++) {
        if (!is_way_out(b, n_transient, &edges[e]) || b->place[edges[e].from] != i) continue;
        last = e; /* rounding may leave a remainder behind the last one */
        if (left < edges[e].rate) break;
        left -= edges[e].rate;
    }
    assert(last >= 0);
    return last;
}

static void clear(basin *b)
{
    double *const arrays[] = {b->direct,  b->rate,  b->hops,   b->outflow,
                              b->leaving, b->total, b->visits, b->prefix};

    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        sg_free(arrays[k]);
    sg_free(b->place);
}
