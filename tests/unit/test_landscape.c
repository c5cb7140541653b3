/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A landscape small enough to count by hand, with parallel saddles, a self loop and an island. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "slowglass/landscape.h"

/*   10 ==(two saddles)== 20 --- 30(self loop)      40 --- 50      60 */
static const sg_landscape_state STATES[] = {{10, -5.0, SG_LANDSCAPE_VISITED},
                                            {30, -5.5, 0},
                                            {20, -4.8, SG_LANDSCAPE_VISITED},
                                            {40, -5.5, 0},
                                            {50, -5.1, 0},
                                            {60, -4.0, 0}};
static const sg_landscape_edge EDGES[] = {
    {1, 10, 20, -4.5}, {2, 20, 10, -4.3}, {3, 20, 30, -4.7}, {4, 30, 30, -5.2}, {5, 50, 40, -4.9}};

static sg_landscape *example(void)
{
    sg_landscape *ls = NULL;

    assert_int_equal(sg_landscape_create(6, STATES, 5, EDGES, &ls), SG_OK);
    return ls;
}

static void summary_is_what_one_counts(void **state)
{
    sg_landscape *ls = example();
    sg_landscape_summary s;

    (void)state;
    assert_int_equal(sg_landscape_info(ls, &s), SG_OK);
    assert_int_equal(s.n_states, 6);
    assert_int_equal(s.n_visited, 2);
    assert_int_equal(s.n_edges, 5);
    assert_int_equal(s.n_self_loops, 1);
    assert_int_equal(s.n_parallel, 1);
    assert_int_equal(s.n_components, 3);
    assert_int_equal(s.largest, 3);
    assert_int_equal(s.degree_min, 0);
    assert_int_equal(s.degree_max, 3); /* 20: two to 10, one to 30; 30: one and its loop twice */
    assert_true(fabs(s.degree_mean - 10.0 / 6.0) < 1e-12);
    assert_int_equal(s.degree_count[0], 1);
    assert_int_equal(s.degree_count[1], 2);
    assert_int_equal(s.degree_count[2], 1);
    assert_int_equal(s.degree_count[3], 2);
    assert_true(s.energy_min == -5.5 && s.energy_max == -4.0);
    assert_int_equal(s.lowest, 30);
    assert_true(fabs(s.barrier_min - 0.1) < 1e-12 &&
                fabs(s.barrier_max - 0.8) < 1e-12); /* 20 -> 30 and 30 -> 20 */
    sg_landscape_free(ls);
}

static void exits_are_sorted_by_barrier(void **state)
{
    sg_landscape *ls = example();
    sg_landscape_exit *e = NULL;
    int n;

    (void)state;
    assert_int_equal(sg_landscape_state_edges(ls, 20, &e, &n), SG_OK);
    assert_int_equal(n, 3);
    assert_true(e[0].edge == 3 && e[0].neighbour == 30 && e[0].parallel == 0 && e[0].reverse == 0);
    assert_true(fabs(e[0].barrier - 0.1) < 1e-12 && fabs(e[0].barrier_back - 0.8) < 1e-12);
    assert_true(e[1].edge == 1 && e[1].neighbour == 10 && e[1].parallel == 0 && e[1].reverse == 1);
    assert_true(fabs(e[1].barrier - 0.3) < 1e-12 && fabs(e[1].barrier_back - 0.5) < 1e-12);
    assert_true(e[2].edge == 2 && e[2].neighbour == 10 && e[2].parallel == 1 && e[2].reverse == 0);
    sg_free(e);
    assert_int_equal(sg_landscape_state_edges(ls, 30, &e, &n), SG_OK);
    assert_int_equal(n, 2); /* the loop once */
    assert_true(e[0].edge == 4 && e[0].neighbour == 30 && fabs(e[0].barrier - 0.3) < 1e-12);
    sg_free(e);
    assert_int_equal(sg_landscape_state_edges(ls, 60, &e, &n), SG_OK);
    assert_int_equal(n, 0);
    sg_free(e);
    assert_int_equal(sg_landscape_state_edges(ls, 70, &e, &n), SG_ENOTFOUND);
    assert_null(e);
    sg_landscape_free(ls);
}

static void components_follow_the_threshold(void **state)
{
    sg_landscape *ls = example();
    int label[6], n;

    (void)state;
    assert_int_equal(sg_landscape_components(ls, SG_LANDSCAPE_BY_BARRIER, 0.5, label, &n), SG_OK);
    assert_int_equal(n, 5); /* 10-20 by edge 1 (0.5 and 0.3 to rounding); 40-50 needs 0.6 */
    assert_true(label[0] == 0 && label[1] == 1 && label[2] == 0 && label[3] == 2 && label[4] == 3 &&
                label[5] == 4);
    assert_int_equal(sg_landscape_components(ls, SG_LANDSCAPE_BY_BARRIER, 0.29, label, &n), SG_OK);
    assert_int_equal(n, 6);
    assert_int_equal(sg_landscape_components(ls, SG_LANDSCAPE_BY_ENERGY, -4.65, label, &n), SG_OK);
    assert_int_equal(n, 4); /* 20-30 and 40-50 */
    assert_true(label[1] == label[2] && label[3] == label[4] && label[0] == 0);
    sg_landscape_free(ls);
}

static void empty_landscape_has_numbers_too(void **state)
{
    sg_landscape *ls = NULL;
    sg_landscape_summary s;
    int n = -1;

    (void)state;
    assert_int_equal(sg_landscape_create(0, NULL, 0, NULL, &ls), SG_OK);
    assert_int_equal(sg_landscape_info(ls, &s), SG_OK);
    assert_true(s.n_components == 0 && s.largest == 0 && s.degree_max == 0 && s.degree_mean == 0.0 &&
                isnan(s.energy_min));
    assert_int_equal(sg_landscape_components(ls, SG_LANDSCAPE_BY_ENERGY, 0.0, &n, &n), SG_OK);
    assert_int_equal(n, 0);
    sg_landscape_free(ls);
}

static void bad_input_is_refused(void **state)
{
    const sg_landscape_state twice[] = {{1, 0.0, 0}, {1, 0.0, 0}}, nan[] = {{1, NAN, 0}};
    const sg_landscape_edge astray[] = {{1, 10, 99, 0.0}}, infinite[] = {{1, 10, 20, INFINITY}};
    sg_landscape *ls;

    (void)state;
    assert_int_equal(sg_landscape_create(2, twice, 0, NULL, &ls), SG_EINVAL);
    assert_int_equal(sg_landscape_create(1, nan, 0, NULL, &ls), SG_EINVAL);
    assert_int_equal(sg_landscape_create(6, STATES, 1, astray, &ls), SG_EINVAL);
    assert_non_null(strstr(sg_error_text(), "99"));
    assert_int_equal(sg_landscape_create(6, STATES, 1, infinite, &ls), SG_EINVAL);
    assert_null(ls);
    sg_landscape_free(NULL);
}

static int find(int *parent, int v)
{
    while (parent[v] != v)
        v = parent[v];
    return v;
}

/* Components of random multigraphs against union-find written out here. */
static void components_equal_union_find(void **state)
{
    enum { N = 40, M = 70 };
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 5, SG_RNG_TEST, 0, 0, 0);
    for (int round = 0; round < 50; round++) {
        sg_landscape_state v[N];
        sg_landscape_edge e[M];
        sg_landscape *ls;
        const sg_landscape_rule rule = round % 2 ? SG_LANDSCAPE_BY_ENERGY : SG_LANDSCAPE_BY_BARRIER;
        const double threshold = 0.2 + 0.02 * round;
        int label[N], parent[N], n, roots = 0;

        for (int i = 0; i < N; i++) {
            v[i] = (sg_landscape_state){1000 - 7 * (uint64_t)i, sg_rng_uniform(&rng), 0};
            parent[i] = i;
        }
        for (int k = 0; k < M; k++) {
            const int a = (int)(N * sg_rng_uniform(&rng)), b = (int)(N * sg_rng_uniform(&rng));
            const double top = fmax(v[a].energy, v[b].energy) + 0.5 * sg_rng_uniform(&rng);
            const double lid =
                rule == SG_LANDSCAPE_BY_ENERGY ? top : fmax(top - v[a].energy, top - v[b].energy);
            e[k] = (sg_landscape_edge){(uint64_t)k, v[a].id, v[b].id, top};
            if (lid <= threshold) parent[find(parent, a)] = find(parent, b);
        }
        assert_int_equal(sg_landscape_create(N, v, M, e, &ls), SG_OK);
        assert_int_equal(sg_landscape_components(ls, rule, threshold, label, &n), SG_OK);
        for (int i = 0; i < N; i++) {
            roots += find(parent, i) == i;
            for (int j = 0; j < i; j++)
                assert_int_equal(label[i] == label[j], find(parent, i) == find(parent, j));
        }
        assert_int_equal(n, roots);
        sg_landscape_free(ls);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(summary_is_what_one_counts),
                                       cmocka_unit_test(exits_are_sorted_by_barrier),
                                       cmocka_unit_test(components_follow_the_threshold),
                                       cmocka_unit_test(empty_landscape_has_numbers_too),
                                       cmocka_unit_test(bad_input_is_refused),
                                       cmocka_unit_test(components_equal_union_find)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
