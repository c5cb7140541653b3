/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in a basin the walk is at a given time: against the solution of two states, against walks made hop by
 * hop, with rates over fifteen decades against quasi-equilibrium, and bit-like sums. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "slowglass/kmc/core.h"

static void near(double got, double want, double relative)
{
    if (!(fabs(got - want) <= relative * fabs(want)))
        fail_msg("%.17g, expected %.17g to within %g of it", got, want, relative);
}

/* a <-> b with exits from both: two coupled linear equations, eigenvalues by hand. */
static void test_two_states(void **state)
{
    const double ab = 2.0, ba = 0.5, xa = 0.01, xb = 0.3;
    const sg_basin_edge edge[] = {{0, 1, ab / 2}, {0, 1, ab / 2}, {1, 0, ba},
                                  {0, 2, xa},     {1, 3, xb},     {0, 0, 7.0}};
    const double a = -(ab + xa), d = -(ba + xb), mean = (a + d) / 2,
                 root = sqrt((a - d) * (a - d) / 4 + ab * ba);

    (void)state;
    for (double t = 1e-6; t < 50; t *= 3) {
        double p[2];
        const double c = cosh(root * t), s = sinh(root * t) / root;
        const double in_a = exp(mean * t) * (c + (a - mean) * s), in_b = exp(mean * t) * ab * s;
        assert_int_equal(sg_basin_state_at(2, 6, edge, 0, t, p), SG_OK);
        near(p[0], in_a / (in_a + in_b), 1e-10);
        near(p[1], in_b / (in_a + in_b), 1e-10);
    }
}

/* Pairs that flicker 1e15 times faster than the walk passes from one pair to the other: after a time in
 * between each pair is in equilibrium by itself, and the second has what has passed. */
static void test_fifteen_decades(void **state)
{
    const double fast = 1e15, slow = 1.0, out = 1e-3;
    const sg_basin_edge edge[] = {{0, 1, fast}, {1, 0, 3 * fast}, {2, 3, fast}, {3, 2, fast},
                                  {1, 2, slow}, {2, 1, slow},     {3, 4, out}};
    double p[4];

    (void)state;
    assert_int_equal(sg_basin_state_at(4, 7, edge, 0, 1e-3, p), SG_OK);
    near(p[0] / p[1], 3, 1e-12);
    near(p[3] / p[2], 1, 1e-12);
    const double k = slow * 0.25, back = slow * 0.5 + out * 0.5; /* of the pairs */
    near((p[2] + p[3]) / (p[0] + p[1]), k * 1e-3 * (1 - (back - k) * 1e-3 / 2), 1e-6);
    assert_int_equal(sg_basin_state_at(4, 7, edge, 0, 1e3, p),
                     SG_OK); /* the slow mode of the two pairs alone */
    const double b = 0.5 * slow, x = back - k, r = (sqrt(x * x + 4 * b * k) - x) / (2 * b);
    near((p[2] + p[3]) / (p[0] + p[1]), r, 1e-12);
}

static double uniform(sg_rng *rng)
{
    return sg_rng_uniform(rng);
}

/* A walk hop by hop until `time`; -1: it has left. stay [n]: the time spent in each state. */
static int walk(int n, int n_edges, const sg_basin_edge *edge, int at, double time, sg_rng *rng, double *stay)
{
    double t = 0;

    for (int k = 0; k < n; k++)
        stay[k] = 0;

    for (;;) {
        double total = 0;
        for (int e = 0; e < n_edges; e++)
            total += edge[e].from == at ? edge[e].rate : 0;
        const double wait = -log(uniform(rng)) / total;
        stay[at] += fmin(wait, time - t);
        t += wait;
        if (t > time) return at;
        double u = uniform(rng) * total;
        int to = at;
        for (int e = 0; e < n_edges; e++) {
            if (edge[e].from != at) continue;
            to = edge[e].to;
            if ((u -= edge[e].rate) < 0) break;
        }
        if (to >= n) return -1;
        at = to;
    }
}

static void test_against_hops(void **state)
{
    enum { N = 6, EDGES = 30, WALKS = 40000 };
    sg_basin_edge edge[EDGES];
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 7, SG_RNG_BASIN, 1, 2, 3);
    for (int round = 0; round < 4; round++) {
        for (int e = 0; e < EDGES; e++)
            edge[e] =
                (sg_basin_edge){e % N, (int)(uniform(&rng) * (N + 0.5)), pow(10, 3 * uniform(&rng) - 2)};
        const double time = pow(10, 2 * uniform(&rng) - 2);
        double p[N], again[N], inside = 0, chi2 = 0, mean[N], share[N] = {0}, square[N] = {0}, stay[N];
        double one[N][N] = {{0}}, *value[N];
        int count[N] = {0}, freedom = -1;
        for (int j = 0; j < N; j++) {
            one[j][j] = 1; /* its mean is the share of the time spent in j */
            value[j] = one[j];
        }
        assert_int_equal(sg_basin_state_at(N, EDGES, edge, 0, time, p), SG_OK);
        assert_int_equal(
            sg_basin_until(N, EDGES, edge, 0, time, N, (const double *const *)value, again, mean), SG_OK);
        for (int k = 0; k < WALKS; k++) {
            const int at = walk(N, EDGES, edge, 0, time, &rng, stay);
            if (at < 0) continue;
            count[at]++, inside++;
            for (int j = 0; j < N; j++) {
                share[j] += stay[j] / time;
                square[j] += stay[j] / time * stay[j] / time;
            }
        }
        for (int j = 0; j < N; j++) {
            assert_true(again[j] == p[j]);
            const double got = share[j] / inside,
                         error = sqrt(fmax(square[j] / inside - got * got, 0) / inside);
            if (!(fabs(mean[j] - got) <= 4.5 * error + 3 / inside)) /* a few walks that are not there */
                fail_msg("share of the time in %d: %g, by walks %g +- %g", j, mean[j], got, error);
        }
        for (int j = 0; j < N; j++) {
            if (p[j] * inside < 10) continue;
            chi2 += (count[j] - p[j] * inside) * (count[j] - p[j] * inside) / (p[j] * inside);
            freedom++;
        }
        assert_true(chi2 < freedom + 4.5 * sqrt(2.0 * freedom +
                                                1)); /* five times in 1e5 by chance, at these freedoms */
    }
}

/* a <-> b without a way out, by hand: in b at t is k/(k + l) (1 - exp(-(k + l) t)), and the mean of that. And
 * for long the share of each is that of equilibrium, the more digits the longer. */
static void test_means_of_a_closed_pair(void **state)
{
    const double k = 2e12, l = 5e9, sum = k + l, energy[2] = {-3.5, 0.25}, square[2] = {12.25, 0.0625};
    const sg_basin_edge edge[] = {{0, 1, k}, {1, 0, l}};
    const double *const value[] = {energy, square};

    (void)state;
    for (double t = 1e-15; t < 1e3; t *= 30) {
        double p[2], mean[2];
        const double in_b = k / sum * (1 + expm1(-sum * t) / (sum * t));
        assert_int_equal(sg_basin_until(2, 2, edge, 0, t, 2, value, p, mean), SG_OK);
        near(p[1], -k / sum * expm1(-sum * t), 1e-12);
        near(mean[0], -3.5 + 3.75 * in_b, 1e-10);
        near(mean[1], 12.25 + (0.0625 - 12.25) * in_b, 1e-10);
    }
}

static void test_edges_of_the_domain(void **state)
{
    const sg_basin_edge edge[] = {{0, 1, 1e13}, {1, 0, 1e13}, {1, 2, 1e13}};
    double p[2] = {5, 5};

    (void)state;
    assert_int_equal(sg_basin_state_at(2, 3, edge, 1, 0, p), SG_OK);
    assert_true(p[0] == 0 && p[1] == 1);
    assert_int_equal(sg_basin_state_at(1, 0, NULL, 0, 1e9, p), SG_OK);
    assert_true(p[0] == 1);
    p[0] = 5;
    assert_int_equal(sg_basin_state_at(2, 3, edge, 0, 1e9, p), SG_ENUMERIC);
    assert_true(p[0] == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_states),          cmocka_unit_test(test_fifteen_decades),
        cmocka_unit_test(test_against_hops),        cmocka_unit_test(test_means_of_a_closed_pair),
        cmocka_unit_test(test_edges_of_the_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
