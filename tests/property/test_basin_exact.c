/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exits from basins of 10 to 200 states, rates over fifteen decades, against Gauss's elimination with pivots
 * in extended precision; and a basin that is used again and again. */
#include "slowglass/kmc/core.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#ifdef __SIZEOF_FLOAT128__
__extension__ typedef __float128 extended;
#else
typedef long double extended; /* as wide where the other is missing */
#endif

enum { MAX_STATES = 200, MAX_EDGES = 2000, N = 2000 };

static const double tolerance = 1e-12; /* of each number, relative */

typedef struct {
    int n, n_edges, start;
    sg_basin_edge edge[MAX_EDGES];
} chain;

static sg_rng stream(uint64_t test, uint64_t number)
{
    sg_rng rng;
    sg_rng_init(&rng, 4712, SG_RNG_TEST, test, number, 0);
    return rng;
}

static double any_rate(sg_rng *rng, double decades)
{
    return pow(10.0, decades * (sg_rng_uniform(rng) - 0.5));
}

static void add(chain *c, int from, int to, double rate)
{
    assert_true(c->n_edges < MAX_EDGES);
    c->edge[c->n_edges++] = (sg_basin_edge){from, to, rate};
}

/* A random tree both ways and chords one way; parallel edges, self loops; ways out of a quarter of the
 * states, to absorbing states that others reach as well. */
static void random_chain(chain *c, int n, double decades, sg_rng *rng)
{
    *c = (chain){.n = n, .start = (int)(n * sg_rng_uniform(rng))};
    for (int i = 0; i < n; i++) {
        const int other = (int)(i * sg_rng_uniform(rng));
        add(c, i, other, any_rate(rng, decades)); /* 0 -> 0: a self loop */
        add(c, other, i, any_rate(rng, decades));
        add(c, other, i, any_rate(rng, decades));
        for (int k = 0; k < 2; k++)
            add(c, i, (int)(n * sg_rng_uniform(rng)), any_rate(rng, decades));
        if (i % 4 > 0) continue;
        for (int k = 0; k < 3; k++)
            add(c, i, n + k % 2, 0.1 * any_rate(rng, decades));
    }
}

/* (D - K)^T r = e_start */
static void residences(const chain *c, extended *r)
{
    static extended a[MAX_STATES][MAX_STATES + 1];
    const int n = c->n;

    for (int i = 0; i < n; i++)
        for (int j = 0; j <= n; j++)
            a[i][j] = j == n && i == c->start;
    for (int e = 0; e < c->n_edges; e++) {
        const sg_basin_edge *edge = &c->edge[e];
        if (edge->from == edge->to) continue;
        a[edge->from][edge->from] += edge->rate;
        if (edge->to < n) a[edge->to][edge->from] -= edge->rate;
    }
    for (int k = 0; k < n; k++) {
        int best = k;
        for (int i = k; i < n; i++)
            if ((a[i][k] < 0 ? -a[i][k] : a[i][k]) > (a[best][k] < 0 ? -a[best][k] : a[best][k])) best = i;
        for (int j = 0; j <= n; j++) {
            const extended keep = a[k][j];
            a[k][j] = a[best][j];
            a[best][j] = keep;
        }
        for (int i = k + 1; i < n; i++) {
            if (a[i][k] == 0) continue;
            const extended f = a[i][k] / a[k][k];
            for (int j = k; j <= n; j++)
                a[i][j] -= f * a[k][j];
        }
    }
    for (int i = n - 1; i >= 0; i--) {
        r[i] = a[i][n];
        for (int j = i + 1; j < n; j++)
            r[i] -= a[i][j] * r[j];
        r[i] /= a[i][i];
    }
}

static void expect(double x, extended exact)
{
    const double off = (double)(x / exact - 1);
    if (!(fabs(off) < tolerance)) fail_msg("%.17g is off by %g of itself", x, off);
}

static void test_chains_over_fifteen_decades(void **state)
{
    static const int sizes[] = {10, 20, 50, 100, 200};
    static chain c;
    static double p[MAX_EDGES], got[MAX_STATES];
    static extended r[MAX_STATES];

    (void)state;
    for (uint64_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        double mean_time;
        extended total = 0;
        sg_rng rng = stream(1, k);
        random_chain(&c, sizes[k], 15, &rng);
        residences(&c, r);
        assert_int_equal(sg_basin_exit_law(c.n, c.n_edges, c.edge, c.start, p, &mean_time, got), SG_OK);
        for (int i = 0; i < c.n; i++) {
            expect(got[i], r[i]);
            total += r[i];
        }
        expect(mean_time, total);
        for (int e = 0; e < c.n_edges; e++)
            if (c.edge[e].to >= c.n)
                expect(p[e], r[c.edge[e].from] * (extended)c.edge[e].rate);
            else
                assert_true(p[e] == 0.0);
    }
}

/* One elimination serves all starts, any number of times. */
static void test_a_basin_is_used_again(void **state)
{
    static chain c;
    static double visits[MAX_STATES], stay[MAX_STATES], first[MAX_STATES], again[MAX_STATES];
    sg_basin *basin;
    sg_rng rng = stream(2, 0);

    (void)state;
    random_chain(&c, 40, 8, &rng);
    assert_int_equal(sg_basin_create(c.n, c.n_edges, c.edge, &basin), SG_OK);
    for (int start = 0; start < c.n; start++) {
        sg_rng one = stream(3, (uint64_t)start), two = one;
        sg_basin_exit a = {.visits = visits, .stay = stay}, b = {0};
        double time = 0, hops = 0;
        assert_int_equal(sg_basin_law(basin, start, NULL, NULL, first), SG_OK);
        assert_int_equal(sg_basin_draw(basin, start, &one, &a), SG_OK);
        assert_int_equal(sg_basin_sample(c.n, c.n_edges, c.edge, start, &two, &b), SG_OK);
        assert_true(a.time == b.time && a.edge == b.edge && a.n_hops == b.n_hops);
        for (int i = 0; i < c.n; i++) {
            time += stay[i];
            hops += visits[i];
            assert_true((visits[i] > 0) == (stay[i] > 0));
        }
        assert_true(fabs(time / a.time - 1) < 1e-12 && hops == a.n_hops && visits[start] > 0);
        assert_int_equal(sg_basin_law(basin, start, NULL, NULL, again), SG_OK);
        for (int i = 0; i < c.n; i++)
            assert_true(first[i] == again[i]);
    }
    sg_basin_free(basin);
}

/* The time drawn for each state has the state's mean residence as its mean. */
static void test_stays_have_their_means(void **state)
{
    static chain c;
    static double stay[MAX_STATES], mean[MAX_STATES], sum[MAX_STATES], square[MAX_STATES];
    sg_basin *basin;
    sg_rng rng = stream(4, 0);
    sg_basin_exit out = {.stay = stay};

    (void)state;
    random_chain(&c, 12, 2, &rng);
    assert_int_equal(sg_basin_create(c.n, c.n_edges, c.edge, &basin), SG_OK);
    assert_int_equal(sg_basin_law(basin, c.start, NULL, NULL, mean), SG_OK);
    for (int k = 0; k < N; k++) {
        assert_int_equal(sg_basin_draw(basin, c.start, &rng, &out), SG_OK);
        for (int i = 0; i < c.n; i++) {
            sum[i] += stay[i] / N;
            square[i] += stay[i] * stay[i] / N;
        }
    }
    for (int i = 0; i < c.n; i++)
        assert_true(fabs(sum[i] - mean[i]) < 4 * sqrt((square[i] - sum[i] * sum[i]) / N));
    sg_basin_free(basin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains_over_fifteen_decades),
        cmocka_unit_test(test_a_basin_is_used_again),
        cmocka_unit_test(test_stays_have_their_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
