/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Neighbour lists against the definition: all pairs and all images, one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "slowglass/neigh.h"

static const double EDGE = 1e-9; /* Å: pairs this close to the radius may fall on either side */

typedef struct {
    int i, j, q[3];
    double d[3];
} pair;

static int before(const void *a, const void *b)
{
    const pair *p = a, *r = b;
    if (p->i != r->i) return p->i - r->i;
    if (p->j != r->j) return p->j - r->j;
    for (int k = 0; k < 3; k++)
        if (p->q[k] != r->q[k]) return p->q[k] - r->q[k];
    return 0;
}

static sg_system *random_system(int n, const double h0[3][3], double gamma, const int periodic[3],
                                uint64_t seed)
{
    sg_system *s = NULL;
    sg_rng rng;

    sg_rng_init(&rng, seed, SG_RNG_TEST, 1, 0, 0);
    assert_int_equal(sg_system_create(n, &s), SG_OK);
    assert_int_equal(sg_cell_init(&s->cell, h0, gamma, periodic), SG_OK);
    for (int i = 0; i < n; i++) {
        double f[3];
        for (int k = 0; k < 3; k++)
            f[k] = 3.0 * sg_rng_uniform(&rng) - 1.0; /* also outside the cell */
        for (int a = 0; a < 3; a++)
            s->x[i][a] = f[0] * s->cell.h[0][a] + f[1] * s->cell.h[1][a] + f[2] * s->cell.h[2][a];
    }
    return s;
}

static int kept(const unsigned char *keep, int i, int j)
{
    return !keep || keep[i] || keep[j];
}

/* All pairs i <= j by definition; images counted relative to the unwrapped positions. */
static int brute_force(const sg_system *s, double r_list, const unsigned char *keep, pair **out)
{
    int n = 0, room = 1024, q[3], lim[3];
    double height[3];
    pair *p = malloc((size_t)room * sizeof *p);

    sg_cell_heights(&s->cell, height);
    for (int i = 0; i < s->n; i++)
        for (int j = i; j < s->n; j++) {
            if (!kept(keep, i, j)) continue;
            double f[3];
            for (int k = 0; k < 3; k++) {
                f[k] = 0.0;
                for (int a = 0; a < 3; a++)
                    f[k] += (s->x[j][a] - s->x[i][a]) * s->cell.hinv[a][k];
                lim[k] = s->cell.periodic[k] ? (int)ceil(r_list / height[k]) + 5 : 0;
            }
            for (q[0] = -lim[0]; q[0] <= lim[0]; q[0]++)
                for (q[1] = -lim[1]; q[1] <= lim[1]; q[1]++)
                    for (q[2] = -lim[2]; q[2] <= lim[2]; q[2]++) {
                        pair one = {.i = i, .j = j, .q = {q[0], q[1], q[2]}};
                        double r2 = 0.0;
                        if (i == j && (q[0] < 0 || (q[0] == 0 && (q[1] < 0 || (q[1] == 0 && q[2] <= 0)))))
                            continue;
                        for (int a = 0; a < 3; a++) {
                            one.d[a] = s->x[j][a] - s->x[i][a] + q[0] * s->cell.h[0][a] +
                                       q[1] * s->cell.h[1][a] + q[2] * s->cell.h[2][a];
                            r2 += one.d[a] * one.d[a];
                        }
                        if (sqrt(r2) >= r_list - EDGE) continue;
                        if (n == room) p = realloc(p, (size_t)(room *= 2) * sizeof *p);
                        p[n++] = one;
                    }
        }
    *out = p;
    return n;
}

static int from_list(const sg_neigh *nl, const sg_system *s, double r_list, pair **out)
{
    pair *p = malloc((size_t)(nl->first[nl->n] + 1) * sizeof *p);
    double(*shift)[3] = malloc((size_t)nl->n_shift * sizeof *shift);
    int n = 0;

    sg_neigh_shift_vectors(nl, &s->cell, shift);
    for (int i = 0; i < nl->n; i++)
        for (int64_t k = nl->first[i]; k < nl->first[i + 1]; k++) {
            const int j = nl->j[k];
            const int *q = nl->shift[nl->image[k]];
            double xi[3], xj[3], r2 = 0.0;
            pair one = {.i = i, .j = j};
            assert_true(j >= i && j < nl->n);
            if (k > nl->first[i]) /* sorted, no repetition */
                assert_true(nl->j[k - 1] < j || (nl->j[k - 1] == j && nl->image[k - 1] < nl->image[k]));
            sg_neigh_wrapped(nl, s, i, xi);
            sg_neigh_wrapped(nl, s, j, xj);
            for (int a = 0; a < 3; a++) {
                one.q[a] = q[a] + nl->wrap[j][a] - nl->wrap[i][a];
                one.d[a] = xj[a] - xi[a] + shift[nl->image[k]][a];
                r2 += one.d[a] * one.d[a];
            }
            if (sqrt(r2) < r_list - EDGE)
                p[n++] = one;
            else
                assert_true(sqrt(r2) < r_list + EDGE);
        }
    free(shift);
    *out = p;
    return n;
}

static void compare(const sg_system *s, double r_list, const unsigned char *keep)
{
    sg_neigh *nl = NULL;
    pair *a = NULL, *b = NULL;

    assert_int_equal(sg_neigh_create(s, r_list, keep, &nl), SG_OK);
    const int na = brute_force(s, r_list, keep, &a);
    const int nb = from_list(nl, s, r_list, &b);
    assert_int_equal(na, nb);
    qsort(a, (size_t)na, sizeof *a, before);
    qsort(b, (size_t)nb, sizeof *b, before);
    for (int k = 0; k < na; k++) {
        assert_int_equal(before(&a[k], &b[k]), 0);
        for (int c = 0; c < 3; c++)
            assert_true(fabs(a[k].d[c] - b[k].d[c]) < 1e-11);
    }
    free(a);
    free(b);
    sg_neigh_free(nl);
}

static const int all_periodic[3] = {1, 1, 1};

static void test_large_and_small_cells(void **state)
{
    static const double cells[][3][3] = {
        {{20, 0, 0}, {0, 21, 0}, {0, 0, 19}},          /* many bins */
        {{20, 0, 0}, {9.9, 18, 0}, {-9, 8.5, 17}},     /* tilted as far as LAMMPS allows */
        {{8, 0, 0}, {14, 9, 0}, {-11, 17, 10}},        /* tilted far beyond, below the radius */
        {{2.5, 0, 0}, {0.3, 2.7, 0}, {0.1, 1.3, 2.6}}, /* several images of everything */
        {{2.6, 0, 0}, {1, 30, 0}, {0, 2, 8}},          /* thin along one direction */
    };
    static const int n[] = {60, 60, 25, 3, 20};
    static const double gammas[] = {0.0, 0.02, 0.06, -0.06};

    (void)state;
    for (size_t c = 0; c < sizeof cells / sizeof cells[0]; c++)
        for (size_t g = 0; g < sizeof gammas / sizeof gammas[0]; g++) {
            sg_system *s = random_system(n[c], cells[c], gammas[g], all_periodic, 100 * c + g);
            compare(s, 4.7, NULL);
            compare(s, 8.6, NULL);
            sg_system_free(s);
        }
}

static void test_one_atom_sees_its_own_images(void **state)
{
    static const double h0[3][3] = {{3, 0, 0}, {0, 3, 0}, {0, 0, 3}};
    sg_neigh *nl = NULL;
    sg_system *s = random_system(1, h0, 0.0, all_periodic, 7);

    (void)state;
    assert_int_equal(sg_neigh_create(s, 3.1, NULL, &nl), SG_OK);
    assert_int_equal(nl->first[1], 3); /* six neighbours at 3 Å, half of them */
    sg_neigh_free(nl);
    compare(s, 9.5, NULL);
    sg_system_free(s);
}

static void test_open_directions(void **state)
{
    static const double h0[3][3] = {{12, 0, 0}, {3, 11, 0}, {1, -2, 10}};

    (void)state;
    for (int mask = 0; mask < 8; mask++) {
        const int periodic[3] = {mask & 1, mask >> 1 & 1, mask >> 2};
        sg_system *s = random_system(40, h0, 0.03, periodic, (uint64_t)mask);
        compare(s, 6.0, NULL);
        for (int i = 0; i < s->n; i++)
            s->x[i][2] = 1.0; /* a flat cluster has no extent along c */
        compare(s, 6.0, NULL);
        sg_system_free(s);
    }
}

static void test_keep(void **state)
{
    static const double h0[3][3] = {{9, 0, 0}, {2, 8, 0}, {1, -2, 15}};
    unsigned char keep[50] = {0};
    sg_system *s = random_system(50, h0, 0.05, all_periodic, 5);

    (void)state;
    compare(s, 7.0, keep); /* nothing kept: no pair */
    for (int i = 0; i < 50; i += 7)
        keep[i] = 1;
    compare(s, 7.0, keep);
    compare(s, 3.0, keep);
    memset(keep, 1, sizeof keep);
    compare(s, 7.0, keep);
    sg_system_free(s);
}

static void test_stale(void **state)
{
    static const double h0[3][3] = {{9, 0, 0}, {0, 9, 0}, {0, 0, 9}};
    sg_neigh *nl = NULL;
    sg_system *s = random_system(30, h0, 0.0, all_periodic, 5);

    (void)state;
    assert_int_equal(sg_neigh_create(s, 5.0, NULL, &nl), SG_OK);
    assert_false(sg_neigh_stale(nl, s, 1.0));
    s->x[17][1] += 0.499;
    assert_false(sg_neigh_stale(nl, s, 1.0));
    s->x[17][1] += 0.002;
    assert_true(sg_neigh_stale(nl, s, 1.0));
    s->x[17][1] = NAN;
    assert_true(sg_neigh_stale(nl, s, 1.0));
    memcpy(s->x, nl->x_build, 30 * sizeof *s->x);
    assert_false(sg_neigh_stale(nl, s, 1.0));
    assert_int_equal(sg_system_set_strain(s, 1e-6), SG_OK);
    assert_true(sg_neigh_stale(nl, s, 1.0));
    sg_neigh_free(nl);
    sg_system_free(s);
}

static void test_closest(void **state)
{
    static const double h0[3][3] = {{9, 0, 0}, {2, 9, 0}, {0, 3, 9}};
    sg_system *s = random_system(20, h0, 0.06, all_periodic, 11);
    double d, best = HUGE_VAL;
    int a, b, best_a = -1, best_b = -1;
    pair *p = NULL;

    (void)state;
    const int n = brute_force(s, 5.0, NULL, &p);
    for (int k = 0; k < n; k++) {
        const double r = sqrt(p[k].d[0] * p[k].d[0] + p[k].d[1] * p[k].d[1] + p[k].d[2] * p[k].d[2]);
        if (r < best) {
            best = r;
            best_a = p[k].i;
            best_b = p[k].j;
        }
    }
    assert_int_equal(sg_neigh_closest(s, 5.0, &d, &a, &b), SG_OK);
    assert_true(fabs(d - best) < 1e-12);
    assert_int_equal(a, best_a);
    assert_int_equal(b, best_b);
    assert_int_equal(sg_neigh_closest(s, 0.5 * best, &d, &a, &b), SG_OK);
    assert_true(d > 1e100);
    free(p);
    sg_system_free(s);
}

static void test_bad_input_and_memory(void **state)
{
    static const double h0[3][3] = {{9, 0, 0}, {2, 9, 0}, {0, 3, 9}};
    unsigned char keep[20] = {1};
    sg_system *s = random_system(20, h0, 0.0, all_periodic, 11);
    sg_neigh *nl = NULL;
    sg_status st = SG_ENOMEM;

    (void)state;
    assert_int_equal(sg_neigh_create(s, 0.0, NULL, &nl), SG_EINVAL);
    assert_int_equal(sg_neigh_create(s, NAN, NULL, &nl), SG_EINVAL);
    assert_int_equal(sg_neigh_create(s, 1000.0, NULL, &nl), SG_EINVAL);
    for (long k = 0; st == SG_ENOMEM; k++) {
        sg_alloc_fail_after(k);
        st = sg_neigh_create(s, 7.0, keep, &nl);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_ENOMEM ? nl == NULL : k > 8);
    }
    assert_int_equal(st, SG_OK);
    sg_neigh_free(nl);
    s->x[3][0] = NAN;
    assert_int_equal(sg_neigh_create(s, 7.0, NULL, &nl), SG_ENUMERIC);
    assert_null(nl);
    sg_system_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_large_and_small_cells),
        cmocka_unit_test(test_one_atom_sees_its_own_images),
        cmocka_unit_test(test_open_directions),
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_stale),
        cmocka_unit_test(test_closest),
        cmocka_unit_test(test_bad_input_and_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
