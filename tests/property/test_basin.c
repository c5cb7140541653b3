/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exits from basins against closed forms, plain kinetic Monte Carlo, linear algebra and other
 * subtraction-free sums. */
#include "slowglass/kmc/core.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>
#include <lapacke.h>

enum { N = 10000, MAX_STATES = 200, MAX_EDGES = 4000 };

static const double ks_limit = 1.95; /* sqrt(n) D: probability 1e-3 */
static const double z_limit = 4.0;   /* standard errors */

typedef struct {
    int n, n_edges, start;
    sg_basin_edge edge[MAX_EDGES];
} chain;

static sg_rng stream(uint64_t test, uint64_t number)
{
    sg_rng rng;
    sg_rng_init(&rng, 4711, SG_RNG_TEST, test, number, 0);
    return rng;
}

static void add(chain *c, int from, int to, double rate)
{
    assert_true(c->n_edges < MAX_EDGES);
    c->edge[c->n_edges++] = (sg_basin_edge){from, to, rate};
}

static sg_basin_exit sample(const chain *c, sg_rng *rng, double *visits)
{
    sg_basin_exit out = {.visits = visits};
    assert_int_equal(sg_basin_sample(c->n, c->n_edges, c->edge, c->start, rng, &out), SG_OK);
    assert_true(isfinite(out.time) && out.time > 0.0 && out.n_hops >= 1.0);
    assert_true(out.edge >= 0 && out.edge < c->n_edges && c->edge[out.edge].rate > 0.0);
    assert_true(out.from == c->edge[out.edge].from && out.to == c->edge[out.edge].to && out.to >= c->n);
    return out;
}

/* Random chain: a ring both ways, chords, parallel edges, self loops, exits from a third of the states to a
 * few absorbing ones. Rates spread log-uniformly over `decades`. */
static void random_chain(chain *c, int n, double decades, sg_rng *rng)
{
    *c = (chain){.n = n, .start = (int)(n * sg_rng_uniform(rng))};
    for (int i = 0; i < n; i++) {
        add(c, i, (i + 1) % n, pow(10.0, decades * (sg_rng_uniform(rng) - 0.5)));
        add(c, (i + 1) % n, i, pow(10.0, decades * (sg_rng_uniform(rng) - 0.5)));
        for (int k = 0; k < 3; k++)
            add(c, i, (int)(n * sg_rng_uniform(rng)), pow(10.0, decades * (sg_rng_uniform(rng) - 0.5)));
        if (i % 3 == 0) {
            add(c, i, n + i % 4, 0.3 * pow(10.0, decades * (sg_rng_uniform(rng) - 0.5)));
            add(c, i, n + i % 2, 0.3 * pow(10.0, decades * (sg_rng_uniform(rng) - 0.5)));
            add(c, i, n + i % 2, 0.1 * pow(10.0, decades * (sg_rng_uniform(rng) - 0.5)));
        }
    }
    add(c, n / 2, n + 7, 0.0);
}

/* Plain kinetic Monte Carlo, written out. */
static sg_basin_exit walk(const chain *c, sg_rng *rng)
{
    sg_basin_exit out = {.from = c->start};
    for (;;) {
        double total = 0.0;
        for (int e = 0; e < c->n_edges; e++)
            if (c->edge[e].from == out.from && c->edge[e].to != out.from) total += c->edge[e].rate;
        double left = total * sg_rng_uniform(rng);
        out.time -= log(sg_rng_uniform(rng)) / total;
        out.n_hops += 1.0;
        for (out.edge = 0; out.edge < c->n_edges; out.edge++) {
            const sg_basin_edge *e = &c->edge[out.edge];
            if (e->from == out.from && e->to != out.from && (left -= e->rate) < 0.0) break;
        }
        out.to = c->edge[out.edge].to;
        if (out.to >= c->n) return out;
        out.from = out.to;
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double ks_two_samples(double *x, int nx, double *y, int ny)
{
    double worst = 0.0;
    qsort(x, (size_t)nx, sizeof *x, ascending);
    qsort(y, (size_t)ny, sizeof *y, ascending);
    for (int i = 0, j = 0; i < nx && j < ny;) {
        const double at = fmin(x[i], y[j]);
        while (i < nx && x[i] <= at)
            i++;
        while (j < ny && y[j] <= at)
            j++;
        worst = fmax(worst, fabs(i / (double)nx - j / (double)ny));
    }
    return worst * sqrt((double)nx * ny / (nx + ny));
}

static double ks_exponential_mixture(double *x, int n, double w1, double r1,
                                     double r2) /* cdf 1 - w1 e^-r1 x - (1 - w1) e^-r2 x */
{
    double worst = 0.0;
    qsort(x, (size_t)n, sizeof *x, ascending);
    for (int i = 0; i < n; i++) {
        const double f = 1.0 - w1 * exp(-r1 * x[i]) - (1.0 - w1) * exp(-r2 * x[i]);
        worst = fmax(worst, fmax(f - i / (double)n, (i + 1) / (double)n - f));
    }
    return worst * sqrt((double)n);
}

/* Standard normal deviate of a chi-square (Wilson & Hilferty). */
static double deviate(double chi2, int freedom)
{
    const double f = 2.0 / (9.0 * freedom);
    return (cbrt(chi2 / freedom) - (1.0 - f)) / sqrt(f);
}

/* ---- two states that flicker */

/* 0 <-> 1 -> out: the exit time is a difference of two exponentials with the eigenvalues of the 2 x 2 rate
 * matrix. */
static void test_two_states_closed_form(void **state)
{
    (void)state;
    static const double cases[][3] = {{1.0, 1.0, 1.0}, {5.0, 3.0, 0.4}, {0.2, 30.0, 2.0}, {1e6, 1e7, 3.0}};
    static double t[N];
    for (size_t k = 0; k < 4; k++) {
        const double a = cases[k][0], b = cases[k][1], e = cases[k][2];
        const chain c = {.n = 2, .n_edges = 3, .start = 0, .edge = {{0, 1, a}, {1, 0, b}, {1, 2, e}}};
        const double half = 0.5 * (a + b + e), fast = half + sqrt(half * half - a * e), slow = a * e / fast;
        sg_rng rng = stream(1, k);
        double hops = 0.0;
        for (int i = 0; i < N; i++) {
            const sg_basin_exit out = sample(&c, &rng, NULL);
            t[i] = out.time;
            hops += out.n_hops;
            assert_true(fmod(out.n_hops, 2.0) == 0.0);
        }
        assert_true(ks_exponential_mixture(t, N, fast / (fast - slow), slow, fast) < ks_limit);
        /* rounds 1 -> 0 -> 1 before the exit are geometric with odds b : e */
        const double mean = 2.0 + 2.0 * b / e, deviation = 2.0 * sqrt(b / e * (1.0 + b / e));
        assert_true(fabs(hops / N - mean) < z_limit * deviation / sqrt(N));

        double mean_time, residence[2], p[3];
        assert_int_equal(sg_basin_exit_law(2, 3, c.edge, 0, p, &mean_time, residence), SG_OK);
        assert_true(p[0] == 0.0 && p[1] == 0.0 && fabs(p[2] - 1.0) < 1e-15);
        assert_true(fabs(residence[1] * e - 1.0) < 1e-15);
        assert_true(fabs(residence[0] / ((b + e) / (a * e)) - 1.0) < 1e-15);
        assert_true(fabs(mean_time / (1.0 / e + (b + e) / (a * e)) - 1.0) < 1e-15);
    }
}

/* 1e15 hops in one draw: visits and time go together, and the time is exponential. */
static void test_two_states_with_1e15_hops(void **state)
{
    (void)state;
    static double t[N];
    const chain c = {
        .n = 2, .n_edges = 4, .start = 1, .edge = {{0, 1, 1e13}, {1, 0, 1e13}, {0, 3, 0.01}, {1, 2, 0.03}}};
    sg_rng rng = stream(2, 0);
    double to_3 = 0.0, visits[2];
    for (int i = 0; i < N; i++) {
        const sg_basin_exit out = sample(&c, &rng, visits);
        t[i] = out.time;
        to_3 += out.to == 3;
        assert_true(out.n_hops == visits[0] + visits[1]);
        assert_true(fabs(visits[0] - visits[1]) <= 1.0); /* it alternates */
        assert_true(fabs(out.time * 1e13 / out.n_hops - 1.0) < 6.0 / sqrt(out.n_hops));
    }
    assert_true(ks_exponential_mixture(t, N, 1.0, 0.02, 1.0) < ks_limit);
    assert_true(fabs(to_3 - 0.25 * N) < z_limit * sqrt(N * 0.25 * 0.75));
}

/* ---- plain kinetic Monte Carlo */

static void compare_with_walk(uint64_t number, int n, double decades)
{
    static double t[2][N], t_of[2][MAX_EDGES][N];
    static int count[2][MAX_EDGES];
    double hops[2] = {0}, square[2] = {0};
    static chain c;
    sg_rng rng = stream(3, number);
    random_chain(&c, n, decades, &rng);
    for (int e = 0; e < c.n_edges; e++)
        count[0][e] = count[1][e] = 0;
    for (int i = 0; i < N; i++)
        for (int way = 0; way < 2; way++) {
            const sg_basin_exit out = way ? walk(&c, &rng) : sample(&c, &rng, NULL);
            t[way][i] = out.time;
            t_of[way][out.edge][count[way][out.edge]++] = out.time;
            hops[way] += out.n_hops / N;
            square[way] += out.n_hops * out.n_hops / N;
        }
    const double error = sqrt((square[0] - hops[0] * hops[0] + square[1] - hops[1] * hops[1]) / N);
    assert_true(fabs(hops[0] - hops[1]) < z_limit * error);
    assert_true(ks_two_samples(t[0], N, t[1], N) < ks_limit);
    double chi2 = 0.0;
    int freedom = -1;
    for (int e = 0; e < c.n_edges; e++) {
        const double difference = count[0][e] - count[1][e], sum = count[0][e] + count[1][e];
        if (sum < 20.0) continue;
        chi2 += difference * difference / sum;
        freedom++;
        /* joint law: the time given the edge, many edges are looked at */
        assert_true(ks_two_samples(t_of[0][e], count[0][e], t_of[1][e], count[1][e]) < ks_limit + 0.3);
    }
    assert_true(freedom >= 1 && deviate(chi2, freedom) < z_limit);
}

static void test_against_plain_walks(void **state)
{
    (void)state;
    compare_with_walk(1, 3, 0.5);
    compare_with_walk(2, 6, 1.0);
    compare_with_walk(3, 12, 1.5);
}

/* A slow way out next to the start and a fast one far away: time and exit are strongly correlated, the mean
 * times given the exit must come out as for plain walks. */
static void test_time_and_exit_go_together(void **state)
{
    (void)state;
    const chain c = {.n = 4,
                     .n_edges = 8,
                     .start = 2,
                     .edge = {{2, 4, 1.0},
                              {2, 1, 2.0},
                              {1, 2, 0.5},
                              {1, 0, 0.1},
                              {0, 1, 0.02},
                              {0, 3, 0.3},
                              {3, 5, 0.05},
                              {3, 4, 0.01}}};
    double sum[2][8] = {{0}}, square[2][8] = {{0}}, count[2][8] = {{0}};
    sg_rng rng = stream(4, 0);
    for (int i = 0; i < 4 * N; i++)
        for (int way = 0; way < 2; way++) {
            const sg_basin_exit out = way ? walk(&c, &rng) : sample(&c, &rng, NULL);
            sum[way][out.edge] += out.time;
            square[way][out.edge] += out.time * out.time;
            count[way][out.edge] += 1.0;
        }
    double mean[2][8];
    for (int e = 0; e < 8; e++) {
        if (e != 0 && e != 6 && e != 7) continue;
        double variance = 0.0;
        for (int way = 0; way < 2; way++) {
            mean[way][e] = sum[way][e] / count[way][e];
            variance += (square[way][e] / count[way][e] - mean[way][e] * mean[way][e]) / count[way][e];
        }
        assert_true(fabs(mean[0][e] - mean[1][e]) < z_limit * sqrt(variance));
    }
    assert_true(mean[0][6] > 3.0 * mean[0][0]);
}

/* ---- linear algebra */

/* Residence times solve (diag(R) - K)^T r = e_start. */
static void system_of(const chain *c, double *a)
{
    for (int i = 0; i < c->n * c->n; i++)
        a[i] = 0.0;
    for (int e = 0; e < c->n_edges; e++) {
        const sg_basin_edge *edge = &c->edge[e];
        if (edge->from == edge->to) continue;
        a[edge->from * c->n + edge->from] += edge->rate;
        if (edge->to < c->n) a[edge->to * c->n + edge->from] -= edge->rate;
    }
}

static void expect_law(const chain *c, const double *residence, double tolerance)
{
    static double p[MAX_EDGES], got[MAX_STATES];
    double mean_time, total = 0.0, sum = 0.0;
    assert_int_equal(sg_basin_exit_law(c->n, c->n_edges, c->edge, c->start, p, &mean_time, got), SG_OK);
    for (int i = 0; i < c->n; i++) {
        assert_true(fabs(got[i] - residence[i]) <= tolerance * residence[i]);
        total += residence[i];
    }
    assert_true(fabs(mean_time - total) <= tolerance * total);
    for (int e = 0; e < c->n_edges; e++) {
        const double expected = c->edge[e].to >= c->n ? residence[c->edge[e].from] * c->edge[e].rate : 0.0;
        assert_true(fabs(p[e] - expected) <= 2.0 * tolerance * expected);
        sum += p[e];
    }
    assert_true(fabs(sum - 1.0) < 1e-13 * c->n);
}

static void test_law_against_lapack(void **state)
{
    (void)state;
    static chain c;
    static double a[50 * 50], r[50];
    lapack_int pivot[50];
    for (int n = 10; n <= 50; n += 5) {
        sg_rng rng = stream(5, (uint64_t)n);
        random_chain(&c, n, 1.0, &rng);
        system_of(&c, a);
        for (int i = 0; i < n; i++)
            r[i] = i == c.start;
        assert_int_equal(LAPACKE_dgesv(LAPACK_ROW_MAJOR, n, 1, a, n, pivot, r, 1), 0);
        expect_law(&c, r, 1e-10);
    }
}

/* Gauss with full rows and partial pivoting in long double. */
static void test_law_against_long_double(void **state)
{
    (void)state;
    static chain c;
    static double a[40 * 40], r[40];
    static long double m[40][41];
    for (int n = 2; n <= 40; n += 6) {
        sg_rng rng = stream(6, (uint64_t)n);
        random_chain(&c, n, 2.0, &rng);
        system_of(&c, a);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++)
                m[i][j] = a[i * n + j];
            m[i][n] = i == c.start;
        }
        for (int k = 0; k < n; k++) {
            int best = k;
            for (int i = k; i < n; i++)
                if (fabsl(m[i][k]) > fabsl(m[best][k])) best = i;
            for (int j = 0; j <= n; j++) {
                const long double keep = m[k][j];
                m[k][j] = m[best][j];
                m[best][j] = keep;
            }
            for (int i = 0; i < n; i++) {
                if (i == k) continue;
                const long double f = m[i][k] / m[k][k];
                for (int j = k; j <= n; j++)
                    m[i][j] -= f * m[k][j];
            }
        }
        for (int i = 0; i < n; i++)
            r[i] = (double)(m[i][n] / m[i][i]);
        expect_law(&c, r, 1e-12);
    }
}

/* ---- rates over fifteen decades */

/* A line 0 .. n-1 with one way out at its end: T(i -> i+1) = 1/up_i + down_i/up_i T(i-1 -> i), all terms
 * positive. */
static void test_line_over_fifteen_decades(void **state)
{
    (void)state;
    static chain c;
    for (uint64_t k = 0; k < 5; k++) {
        const int n = MAX_STATES;
        sg_rng rng = stream(7, k);
        long double step = 0.0L, from_start = 0.0L;
        c = (chain){.n = n, .start = 17};
        for (int i = 0; i < n; i++) {
            const double up = pow(10.0, 15.0 * (sg_rng_uniform(&rng) - 0.5)),
                         down = pow(10.0, 15.0 * (sg_rng_uniform(&rng) - 0.5));
            add(&c, i, i + 1, up);
            if (i > 0) add(&c, i, i - 1, down);
            step = 1.0L / up + (i > 0 ? (long double)down / up * step : 0.0L);
            if (i >= c.start) from_start += step;
        }
        double mean_time;
        assert_int_equal(sg_basin_exit_law(n, c.n_edges, c.edge, c.start, NULL, &mean_time, NULL), SG_OK);
        assert_true(fabsl(mean_time / from_start - 1.0L) < 1e-13L);
    }
}

/* A line with ways out at both ends: the odds of the far end are 1 : sum of products of down/up (gambler's
 * ruin). */
static void test_ruin_over_fifteen_decades(void **state)
{
    (void)state;
    static chain c;
    for (uint64_t k = 0; k < 5; k++) {
        const int n = 60, start = 41;
        sg_rng rng = stream(8, k);
        long double product = 1.0L, below = 1.0L,
                    above = 0.0L; /* sums of products of 0..start and of start+1..n factors */
        c = (chain){.n = n, .start = start};
        for (int i = 0; i < n; i++) {
            const double up = pow(10.0, 15.0 * (sg_rng_uniform(&rng) - 0.5)),
                         down = pow(10.0, 15.0 * (sg_rng_uniform(&rng) - 0.5));
            add(&c, i, i + 1 < n ? i + 1 : n, up);
            add(&c, i, i > 0 ? i - 1 : n + 1, down);
            product *= (long double)down / up;
            if (i < start)
                below += product;
            else
                above += product;
        }
        static double p[MAX_EDGES];
        assert_int_equal(sg_basin_exit_law(n, c.n_edges, c.edge, start, p, NULL, NULL), SG_OK);
        assert_true(fabsl(p[2 * n - 2] / (below / (below + above)) - 1.0L) < 1e-13L);
        assert_true(fabsl(p[1] / (above / (below + above)) - 1.0L) < 1e-13L);
    }
}

/* Dense chains over 15 decades: the same quantities by a recursion in long double, last state first and on
 * the whole matrix of exits (elimination of Grassmann, Taksar & Heyman in another order). */
static void test_wild_chains_against_long_double(void **state)
{
    (void)state;
    static chain c;
    static long double k[50][50], out[50][MAX_EDGES];
    static double p[MAX_EDGES];
    for (uint64_t number = 0; number < 6; number++) {
        const int n = 8 * (int)(number + 1);
        sg_rng rng = stream(9, number);
        random_chain(&c, n, 15.0, &rng);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++)
                k[i][j] = 0.0L;
            for (int e = 0; e < c.n_edges; e++)
                out[i][e] = 0.0L;
        }
        for (int e = 0; e < c.n_edges; e++) {
            const sg_basin_edge *edge = &c.edge[e];
            if (edge->to < n)
                k[edge->from][edge->to] += edge->rate;
            else
                out[edge->from][e] += edge->rate;
        }
        for (int t = n - 1; t >= 0; t--) {
            if (t == c.start) continue;
            long double leaving = 0.0L;
            for (int j = 0; j < n; j++)
                if (j != t && (j < t || j == c.start)) leaving += k[t][j];
            for (int e = 0; e < c.n_edges; e++)
                leaving += out[t][e];
            for (int i = 0; i < n; i++) {
                if (i >= t && i != c.start) continue;
                const long double f = k[i][t] / leaving;
                for (int j = 0; j < n; j++)
                    k[i][j] += f * k[t][j];
                for (int e = 0; e < c.n_edges; e++)
                    out[i][e] += f * out[t][e];
            }
        }
        long double sum = 0.0L;
        for (int e = 0; e < c.n_edges; e++)
            sum += out[c.start][e];
        assert_int_equal(sg_basin_exit_law(n, c.n_edges, c.edge, c.start, p, NULL, NULL), SG_OK);
        for (int e = 0; e < c.n_edges; e++)
            assert_true(fabsl(p[e] - out[c.start][e] / sum) <= 1e-12L * out[c.start][e] / sum);
    }
}

/* Variance of the exit time: E[T^2] = 2 sum_j r_j T_j with r_j the residence times and T_j the mean time from
 * j. */
static double variance_of_time(const chain *c)
{
    static double residence[MAX_STATES];
    double mean_time, second = 0.0;
    assert_int_equal(sg_basin_exit_law(c->n, c->n_edges, c->edge, c->start, NULL, &mean_time, residence),
                     SG_OK);
    for (int j = 0; j < c->n; j++) {
        double from_j = 0.0;
        if (residence[j] > 0.0)
            assert_int_equal(sg_basin_exit_law(c->n, c->n_edges, c->edge, j, NULL, &from_j, NULL), SG_OK);
        second += 2.0 * residence[j] * from_j;
    }
    return second - mean_time * mean_time;
}

static void expect_edges_by_law(const chain *c, const double *count, int samples)
{
    static double p[MAX_EDGES];
    double chi2 = 0.0, rare = 0.0, rare_count = 0.0;
    int freedom = -1;
    assert_int_equal(sg_basin_exit_law(c->n, c->n_edges, c->edge, c->start, p, NULL, NULL), SG_OK);
    for (int e = 0; e < c->n_edges; e++) {
        const double expected = samples * p[e];
        if (expected < 10.0) {
            rare += expected;
            rare_count += count[e];
            continue;
        }
        chi2 += (count[e] - expected) * (count[e] - expected) / expected;
        freedom++;
    }
    if (rare > 5.0) {
        chi2 += (rare_count - rare) * (rare_count - rare) / rare;
        freedom++;
    } else {
        assert_true(rare_count < 18.0);
    }
    assert_true(freedom < 1 || deviate(chi2, freedom) < z_limit);
}

/* Samples of wild and large chains have the law's mean and variance of time and its exits. */
static void test_samples_follow_the_law(void **state)
{
    (void)state;
    static const struct {
        int n, samples;
        double decades;
    } cases[] = {{5, N, 15.0}, {20, 4000, 15.0}, {20, 4000, 8.0}, {50, 1000, 8.0}, {100, 300, 3.0}};
    static chain c;
    static double count[MAX_EDGES];
    int n_times = 0;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const int samples = cases[k].samples;
        double mean_time, sum = 0.0;
        sg_rng rng = stream(10, k);
        random_chain(&c, cases[k].n, cases[k].decades, &rng);
        assert_int_equal(sg_basin_exit_law(c.n, c.n_edges, c.edge, c.start, NULL, &mean_time, NULL), SG_OK);
        for (int e = 0; e < c.n_edges; e++)
            count[e] = 0.0;
        for (int i = 0; i < samples; i++) {
            const sg_basin_exit out = sample(&c, &rng, NULL);
            sum += out.time / mean_time;
            count[out.edge] += 1.0;
        }
        const double relative = sqrt(variance_of_time(&c)) / mean_time;
        if (relative < 0.1 * sqrt(samples)) { /* else the mean hangs on a few rare, long stays */
            assert_true(fabs(sum / samples - 1.0) < z_limit * relative / sqrt(samples));
            n_times++;
        }
        expect_edges_by_law(&c, count, samples);
    }
    assert_true(n_times >= 4);
}

/* ---- graph details */

static void test_names_of_states_do_not_matter(void **state)
{
    (void)state;
    static chain c, d;
    static double p[MAX_EDGES], q[MAX_EDGES];
    double time_c, time_d;
    sg_rng rng = stream(11, 0);
    random_chain(&c, 30, 6.0, &rng);
    d = c;
    for (int e = 0; e < c.n_edges; e++) { /* 7 is prime to 30 */
        d.edge[e].from = c.edge[e].from * 7 % 30;
        if (c.edge[e].to < 30) d.edge[e].to = c.edge[e].to * 7 % 30;
    }
    assert_int_equal(sg_basin_exit_law(30, c.n_edges, c.edge, c.start, p, &time_c, NULL), SG_OK);
    assert_int_equal(sg_basin_exit_law(30, d.n_edges, d.edge, c.start * 7 % 30, q, &time_d, NULL), SG_OK);
    assert_true(fabs(time_c / time_d - 1.0) < 1e-13);
    for (int e = 0; e < c.n_edges; e++)
        assert_true(fabs(p[e] - q[e]) <= 1e-13 * p[e]);
}

static void test_same_stream_same_exit(void **state)
{
    (void)state;
    static chain c;
    sg_rng rng = stream(14, 0);
    random_chain(&c, MAX_STATES, 12.0, &rng);
    sg_rng again = rng;
    for (int i = 0; i < 8; i++) {
        const sg_basin_exit a = sample(&c, &rng, NULL), b = sample(&c, &again, NULL);
        assert_true(a.time == b.time && a.edge == b.edge && a.n_hops == b.n_hops);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_states_closed_form),
        cmocka_unit_test(test_two_states_with_1e15_hops),
        cmocka_unit_test(test_against_plain_walks),
        cmocka_unit_test(test_time_and_exit_go_together),
        cmocka_unit_test(test_law_against_lapack),
        cmocka_unit_test(test_law_against_long_double),
        cmocka_unit_test(test_line_over_fifteen_decades),
        cmocka_unit_test(test_ruin_over_fifteen_decades),
        cmocka_unit_test(test_wild_chains_against_long_double),
        cmocka_unit_test(test_samples_follow_the_law),
        cmocka_unit_test(test_names_of_states_do_not_matter),
        cmocka_unit_test(test_same_stream_same_exit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
