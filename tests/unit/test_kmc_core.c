/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rate tree against a linear scan, clock against integers, plain steps against the master equation. */
#include "slowglass/kmc/core.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "slowglass/core/memory.h"

static sg_rng stream(uint64_t number)
{
    sg_rng rng;
    sg_rng_init(&rng, 77, SG_RNG_TEST, number, 0, 0);
    return rng;
}

static sg_rate_tree *tree_of(int n, const double *rates)
{
    sg_rate_tree *tree;
    assert_int_equal(sg_rate_tree_create(n, rates, &tree), SG_OK);
    return tree;
}

/* ---- rate tree */

static int scan(int n, const double *rates, double r)
{
    for (int k = 0; k < n; k++)
        if ((r -= rates[k]) < 0.0) return k;
    return -1;
}

static void test_select_equals_a_linear_scan(void **state)
{
    (void)state;
    sg_rng rng = stream(1);
    for (int n = 1; n < 40; n++) {
        double rates[40], total = 0.0;
        for (int k = 0; k < n; k++)
            total += rates[k] = floor(5.0 * sg_rng_uniform(&rng)); /* small integers: exact sums, zeros */
        if (total == 0.0) continue;
        sg_rate_tree *tree = tree_of(n, rates);
        assert_true(sg_rate_tree_total(tree) == total);
        for (int i = 0; i < 300; i++) {
            const double u = sg_rng_uniform(&rng);
            assert_int_equal(sg_rate_tree_select(tree, u), scan(n, rates, u * total));
        }
        sg_rate_tree_free(tree);
    }
}

static void test_select_never_takes_a_zero_rate(void **state)
{
    (void)state;
    static const double rates[] = {0, 0.1, 0, 0, 0.7, 0, 1e-300, 0, 0, 0.3, 0};
    const double extreme[] = {0x1p-53, 0x1p-1074, 1.0 - 0x1p-53, 0.5, 0.1 / 1.1, 0.8 / 1.1};
    sg_rate_tree *tree = tree_of(11, rates);
    for (size_t i = 0; i < sizeof extreme / sizeof *extreme; i++)
        assert_true(rates[sg_rate_tree_select(tree, extreme[i])] > 0.0);
    sg_rate_tree_free(tree);

    for (int only = 0; only < 9;
         only++) { /* one rate left: always that one, also after the sums have rounded */
        double one[9] = {0};
        one[only] = 0.1;
        tree = tree_of(9, one);
        for (int i = 0; i < 9; i++)
            sg_rate_tree_set(tree, i, 0.3);
        for (int i = 0; i < 9; i++)
            if (i != only) sg_rate_tree_set(tree, i, 0.0);
        for (size_t i = 0; i < sizeof extreme / sizeof *extreme; i++)
            assert_int_equal(sg_rate_tree_select(tree, extreme[i]), only);
        assert_true(sg_rate_tree_total(tree) == 0.3);
        sg_rate_tree_free(tree);
    }
}

static void test_an_old_tree_equals_a_new_one(void **state)
{
    (void)state;
    enum { N = 23 };
    double rates[N] = {0};
    sg_rng rng = stream(2);
    sg_rate_tree *old = tree_of(N, rates);
    for (int i = 0; i < 5000; i++) {
        const int k = (int)(N * sg_rng_uniform(&rng));
        rates[k] = exp(60.0 * (sg_rng_uniform(&rng) - 0.5));
        sg_rate_tree_set(old, k, rates[k]);
    }
    sg_rate_tree *fresh = tree_of(N, rates);
    const double a = sg_rate_tree_total(old), b = sg_rate_tree_total(fresh);
    assert_memory_equal(&a, &b, sizeof a);
    for (int k = 0; k < N; k++)
        assert_true(sg_rate_tree_rate(old, k) == rates[k]);
    for (int i = 0; i < 2000; i++) {
        const double u = sg_rng_uniform(&rng);
        assert_int_equal(sg_rate_tree_select(old, u), sg_rate_tree_select(fresh, u));
    }
    sg_rate_tree_free(old);
    sg_rate_tree_free(fresh);
}

static void test_tree_refuses(void **state)
{
    (void)state;
    const double bad[][2] = {{1.0, -1.0}, {1.0, NAN}, {INFINITY, 1.0}, {1.7e308, 1.7e308}};
    sg_rate_tree *tree;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(sg_rate_tree_create(2, bad[i], &tree), SG_EINVAL);
        assert_null(tree);
    }
    assert_int_equal(sg_rate_tree_create(-1, NULL, &tree), SG_EINVAL);
    for (long k = 0; k < 2; k++) {
        sg_alloc_fail_after(k);
        assert_int_equal(sg_rate_tree_create(2, (const double[]){1.0, 2.0}, &tree), SG_ENOMEM);
        assert_null(tree);
    }
    sg_alloc_fail_after(-1);
    tree = tree_of(0, NULL);
    assert_true(sg_rate_tree_total(tree) == 0.0);
    sg_rate_tree_free(tree);
    sg_rate_tree_free(NULL);
}

/* ---- clock */

static void test_clock_loses_nothing(void **state)
{
    (void)state;
    enum { STEPS = 1000000 };
    sg_clock clock = {0};
    double plain = 0.0;
    sg_clock_add(&clock, 0x1p40);
    plain += 0x1p40;
    for (int i = 0; i < STEPS;
         i++) { /* every dt is a multiple of 2^-30: the exact sum is an integer times 2^-30 */
        const double dt = (double)(1 + i % 1023) * 0x1p-30;
        sg_clock_add(&clock, dt);
        plain += dt;
    }
    int64_t ticks = 0;
    for (int i = 0; i < STEPS; i++)
        ticks += 1 + i % 1023;
    const double exact = 0x1p40 + (double)ticks * 0x1p-30;
    assert_true(sg_clock_time(&clock) == exact);
    assert_true(plain != exact);

    sg_clock_add(&clock, 0x1p80); /* a step longer than all the time before */
    sg_clock_add(&clock, -0x1p80);
    assert_true(sg_clock_time(&clock) == exact);
}

static void test_clock_continues_from_its_two_numbers(void **state)
{
    (void)state;
    sg_rng rng = stream(3);
    sg_clock a = {0};
    for (int i = 0; i < 1000; i++)
        sg_clock_add(&a, exp(40.0 * (sg_rng_uniform(&rng) - 0.5)));
    sg_clock b = {.sum = a.sum, .compensation = a.compensation};
    for (int i = 0; i < 1000; i++) {
        const double dt = exp(40.0 * (sg_rng_uniform(&rng) - 0.5));
        sg_clock_add(&a, dt);
        sg_clock_add(&b, dt);
    }
    assert_memory_equal(&a, &b, sizeof a);
}

/* ---- plain steps on five states against the master equation */

enum { S = 5, N_TIMES = 4, WALKS = 20000 };

static const double network[S][S] = {/* rate from row to column; state 4 is left slowly */
                                     {0.0, 3.0, 0.2, 0.0, 0.1},
                                     {2.0, 0.0, 0.7, 0.0, 0.0},
                                     {0.0, 0.5, 0.0, 4.0, 0.3},
                                     {0.1, 0.0, 5.0, 0.0, 0.05},
                                     {0.02, 0.0, 0.0, 0.01, 0.0}};
static const double times[N_TIMES] = {0.1, 0.6, 2.5, 12.0};

/* p(t) by uniformisation: a Poisson number of hops of the chain in which every state is left at the same
 * rate. */
static void master_equation(double t, double p_t[S])
{
    const double uniform_rate = 8.0;
    double p[S] = {1.0}, weight = exp(-uniform_rate * t);
    for (int j = 0; j < S; j++)
        p_t[j] = 0.0;
    for (int hops = 0; hops < 400; hops++) {
        double next[S] = {0};
        for (int i = 0; i < S; i++) {
            double stay = 1.0;
            p_t[i] += weight * p[i];
            for (int j = 0; j < S; j++) {
                next[j] += p[i] * network[i][j] / uniform_rate;
                stay -= network[i][j] / uniform_rate;
            }
            next[i] += p[i] * stay;
        }
        memcpy(p, next, sizeof p);
        weight *= uniform_rate * t / (hops + 1);
    }
}

static void test_plain_steps_follow_the_master_equation(void **state)
{
    (void)state;
    static const double limit = 18.47; /* chi-square, 4 degrees of freedom, probability 1e-3 */
    double seen[N_TIMES][S] = {{0}}, hops[S][S] = {{0}};
    sg_rate_tree *trees[S];
    for (int i = 0; i < S; i++)
        trees[i] = tree_of(S, network[i]);

    for (uint64_t w = 0; w < WALKS; w++) {
        sg_rng rng = stream(1000 + w);
        sg_clock clock = {0};
        for (int at = 0, k = 0; k < N_TIMES;) {
            const sg_kmc_draw draw = sg_kmc_draw_event(trees[at], &rng);
            sg_clock_add(&clock, draw.dt);
            for (; k < N_TIMES && times[k] < sg_clock_time(&clock); k++)
                seen[k][at] += 1.0;
            hops[at][draw.event] += 1.0;
            at = draw.event;
        }
    }
    for (int k = 0; k < N_TIMES; k++) {
        double p[S], chi2 = 0.0, sum = 0.0;
        master_equation(times[k], p);
        for (int i = 0; i < S; i++) {
            sum += p[i];
            chi2 += pow(seen[k][i] - WALKS * p[i], 2) / (WALKS * p[i]);
        }
        assert_true(fabs(sum - 1.0) < 1e-12);
        assert_true(chi2 < limit);
    }
    for (int i = 0; i < S; i++) { /* choices by rate; at most three degrees of freedom */
        double n = 0.0, chi2 = 0.0;
        for (int j = 0; j < S; j++)
            n += hops[i][j];
        for (int j = 0; j < S; j++) {
            const double expected = n * network[i][j] / sg_rate_tree_total(trees[i]);
            if (expected > 0.0)
                chi2 += pow(hops[i][j] - expected, 2) / expected;
            else
                assert_true(hops[i][j] == 0.0);
        }
        assert_true(chi2 < limit);
        sg_rate_tree_free(trees[i]);
    }
}

static void test_a_step_is_two_numbers_of_the_stream(void **state)
{
    (void)state;
    sg_rate_tree *tree = tree_of(3, (const double[]){1.0, 2.0, 5.0});
    sg_rng rng = stream(4), again = rng;
    const sg_kmc_draw draw = sg_kmc_draw_event(tree, &rng);
    const double u1 = sg_rng_uniform(&again), u2 = sg_rng_uniform(&again);
    assert_int_equal(draw.event, sg_rate_tree_select(tree, u1));
    assert_true(draw.dt == -log(u2) / 8.0);
    assert_true(sg_rng_bits(&rng) == sg_rng_bits(&again));
    sg_rate_tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_select_equals_a_linear_scan),
        cmocka_unit_test(test_select_never_takes_a_zero_rate),
        cmocka_unit_test(test_an_old_tree_equals_a_new_one),
        cmocka_unit_test(test_tree_refuses),
        cmocka_unit_test(test_clock_loses_nothing),
        cmocka_unit_test(test_clock_continues_from_its_two_numbers),
        cmocka_unit_test(test_plain_steps_follow_the_master_equation),
        cmocka_unit_test(test_a_step_is_two_numbers_of_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
