/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a basin ignores and what it refuses. */
#include "slowglass/kmc/core.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "slowglass/core/memory.h"

enum { N = 10000, N_ALLOCATIONS = 15 };

static sg_rng stream(uint64_t test)
{
    sg_rng rng;
    sg_rng_init(&rng, 4711, SG_RNG_TEST, test, 0, 0);
    return rng;
}

static void test_unreachable_states_and_self_loops_have_no_effect(void **state)
{
    (void)state;
    const sg_basin_edge edges[] = {{2, 2, 1e9}, {2, 4, 2.0}, {0, 1, 1.0}, {1, 0, 1.0},
                                   {2, 3, 0.0}, {2, 4, 1.0}, {0, 2, 5.0}};
    double p[7], mean_time, residence[4], visits[4];
    assert_int_equal(sg_basin_exit_law(4, 7, edges, 2, p, &mean_time, residence), SG_OK);
    assert_true(fabs(mean_time * 3.0 - 1.0) < 1e-15 && residence[2] == mean_time);
    assert_true(residence[0] == 0.0 && residence[1] == 0.0 && residence[3] == 0.0);
    assert_true(fabs(p[1] * 1.5 - 1.0) < 1e-15 && fabs(p[5] * 3.0 - 1.0) < 1e-15 && p[0] == 0.0 &&
                p[4] == 0.0);

    sg_rng rng = stream(12);
    sg_basin_exit out = {.visits = visits};
    double taken_5 = 0.0;
    for (int i = 0; i < N; i++) {
        assert_int_equal(sg_basin_sample(4, 7, edges, 2, &rng, &out), SG_OK);
        assert_true(out.n_hops == 1.0 && visits[2] == 1.0 && visits[0] == 0.0 && out.to == 4 &&
                    out.from == 2);
        taken_5 += out.edge == 5;
    }
    assert_true(fabs(taken_5 - N / 3.0) < 4.0 * sqrt(N * 2.0 / 9.0));
}

static void expect_status(sg_status expected, int n, int n_edges, const sg_basin_edge *edges, int start)
{
    sg_rng rng = stream(13);
    sg_basin_exit out = {.time = -1.0};
    double mean_time = -1.0;
    assert_int_equal(sg_basin_sample(n, n_edges, edges, start, &rng, &out), expected);
    assert_int_equal(sg_basin_exit_law(n, n_edges, edges, start, NULL, &mean_time, NULL), expected);
    assert_true(out.time == -1.0 && mean_time == -1.0);
}

static void test_basin_refuses(void **state)
{
    (void)state;
    const sg_basin_edge trap[] = {
        {0, 3, 1.0}, {0, 1, 1.0}, {1, 2, 1.0}, {2, 1, 1.0}}; /* 1 and 2 hold the walk */
    const sg_basin_edge closed[] = {{0, 1, 1.0}, {1, 0, 1.0}, {1, 2, 0.0}};
    const sg_basin_edge endless[] = {{0, 1, 1e200}, {1, 0, 1e200}, {0, 2, 1e-200}};
    expect_status(SG_EINVAL, 3, 4, trap, 0);
    expect_status(SG_EINVAL, 2, 3, closed, 0);
    expect_status(SG_EINVAL, 2, 0, NULL, 0);
    expect_status(SG_EINVAL, 0, 0, NULL, 0);
    expect_status(SG_EINVAL, 2, 3, closed, 2);
    expect_status(SG_EINVAL, 2, 3, closed, -1);
    expect_status(SG_EINVAL, 2, 1, (const sg_basin_edge[]){{2, 3, 1.0}}, 0);
    expect_status(SG_EINVAL, 2, 1, (const sg_basin_edge[]){{0, -1, 1.0}}, 0);
    expect_status(SG_EINVAL, 1, 1, (const sg_basin_edge[]){{0, 1, -1.0}}, 0);
    expect_status(SG_EINVAL, 1, 1, (const sg_basin_edge[]){{0, 1, NAN}}, 0);
    expect_status(SG_ENUMERIC, 2, 3, endless, 0);
}

static void test_basin_when_memory_is_out(void **state)
{
    (void)state;
    const sg_basin_edge open[] = {{0, 1, 1.0}, {1, 0, 1.0}, {1, 2, 1.0}};
    sg_rng rng = stream(15);
    sg_basin_exit out = {0};
    double mean_time;
    for (long k = 0; k < N_ALLOCATIONS; k++) {
        sg_alloc_fail_after(k);
        assert_int_equal(sg_basin_sample(2, 3, open, 0, &rng, &out), SG_ENOMEM);
        sg_alloc_fail_after(k);
        assert_int_equal(sg_basin_exit_law(2, 3, open, 0, NULL, &mean_time, NULL), SG_ENOMEM);
    }
    sg_alloc_fail_after(N_ALLOCATIONS);
    assert_int_equal(sg_basin_sample(2, 3, open, 0, &rng, &out), SG_OK);
    sg_alloc_fail_after(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unreachable_states_and_self_loops_have_no_effect),
        cmocka_unit_test(test_basin_refuses),
        cmocka_unit_test(test_basin_when_memory_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
