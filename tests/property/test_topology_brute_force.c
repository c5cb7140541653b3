/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bonds against a double loop, canonical labels and groups against all permutations, updates against starting
 * over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../src/topology/topology_internal.h"
#include "topology_samples.h"

static sg_rng rng;

/* A small tilted cell, so that atoms see several images of one another and of themselves. */
static sg_system *small_cell(int n, double size)
{
    const double h[3][3] = {{size, 0, 0}, {0.3 * size, 0.9 * size, 0}, {-0.2 * size, 0.4 * size, 1.1 * size}};
    sg_system *s = new_system(n, h, 1, 2, CU_ZR);

    for (int i = 0; i < n; i++) {
        s->type[i] = sg_rng_uniform(&rng) < 0.5;
        for (int c = 0; c < 3; c++)
            s->x[i][c] = 3.0 * size * (sg_rng_uniform(&rng) - 0.5);
    }
    return s;
}

/* Entries of a row equal to (j, d); d is compared to rounding. */
static int occurrences(const int *j, const double (*d)[3], int begin, int end, int atom, const double v[3])
{
    int n = 0;

    for (int k = begin; k < end; k++)
        n += j[k] == atom && fabs(d[k][0] - v[0]) + fabs(d[k][1] - v[1]) + fabs(d[k][2] - v[2]) < 1e-9;
    return n;
}

static void bonds_equal_a_double_loop(void **state)
{
    const sg_topology_params p = two_cutoffs(2.6, 2.9, 3.3);
    enum { REACH = 5 };

    (void)state;
    for (int round = 0; round < 6; round++) {
        sg_system *s = small_cell(5, 2.5 + 0.5 * round);
        sg_bonds *b = NULL;
        int atom[2000], n_sphere, n_bonds = 0, n_near = 0;
        static double d[2000][3];

        assert_int_equal(sg_bonds_create(s, &p, &b), SG_OK);
        for (int i = 0; i < s->n; i++) {
            int inside = 0;
            assert_int_equal(sg_topology_sphere(s, i, 3.0, 2000, atom, d, &n_sphere), SG_OK);
            for (int j = 0; j < s->n; j++)
                for (int m = 0; m < (2 * REACH + 1) * (2 * REACH + 1) * (2 * REACH + 1); m++) {
                    const int k[3] = {m % (2 * REACH + 1), m / (2 * REACH + 1) % (2 * REACH + 1),
                                      m / (2 * REACH + 1) / (2 * REACH + 1)};
                    double f[3], v[3], r = 0.0;
                    /* bring the pair near first, so that a few images suffice */
                    for (int c = 0; c < 3; c++)
                        f[c] = (s->x[j][0] - s->x[i][0]) * s->cell.hinv[0][c] +
                               (s->x[j][1] - s->x[i][1]) * s->cell.hinv[1][c] +
                               (s->x[j][2] - s->x[i][2]) * s->cell.hinv[2][c];
                    for (int c = 0; c < 3; c++)
                        f[c] += k[c] - REACH - floor(f[c]);
                    for (int c = 0; c < 3; c++) {
                        v[c] = f[0] * s->cell.h[0][c] + f[1] * s->cell.h[1][c] + f[2] * s->cell.h[2][c];
                        r += v[c] * v[c];
                    }
                    r = sqrt(r);
                    if (i == j && r < 1e-9) continue;
                    const double cut = p.cutoff[s->type[i]][s->type[j]];
                    const int bonded = r < cut, near = !bonded && r < cut + SG_TOPOLOGY_MARGIN;
                    assert_int_equal(
                        occurrences(b->j, (const double(*)[3])b->d, b->first[i], b->first[i + 1], j, v),
                        bonded);
                    assert_int_equal(occurrences(b->near_j, (const double(*)[3])b->near_d, b->near_first[i],
                                                 b->near_first[i + 1], j, v),
                                     near);
                    assert_int_equal(occurrences(atom, (const double(*)[3])d, 0, n_sphere, j, v), r < 3.0);
                    n_bonds += bonded;
                    n_near += near;
                    inside += r < 3.0;
                }
            assert_int_equal(inside, n_sphere);
        }
        assert_int_equal(n_bonds, b->first[s->n]);
        assert_int_equal(n_near, b->near_first[s->n]);
        for (int i = 0; i < s->n; i++)
            for (int k = b->first[i] + 1; k < b->first[i + 1]; k++)
                assert_true(b->j[k - 1] <= b->j[k]);
        sg_bonds_free(b);
        sg_system_free(s);
    }
}

static sg_shell_graph random_graph(int n, double density)
{
    sg_shell_graph g = {.n = n};

    for (int a = 0; a < n; a++)
        g.colour[a] = a == 0 ? 0 : sg_rng_uniform(&rng) < 0.5 ? 29 : 40;
    for (int a = 0; a < n; a++)
        for (int b = a + 1; b < n; b++)
            if (a == 0 || sg_rng_uniform(&rng) < density) {
                g.adjacent[a] |= UINT64_C(1) << b;
                g.adjacent[b] |= UINT64_C(1) << a;
            }
    return g;
}

/* Vertex v of g is vertex order[v] of the result. */
static sg_shell_graph renamed(const sg_shell_graph *g, const int *order)
{
    sg_shell_graph r = {.n = g->n};

    for (int a = 0; a < g->n; a++) {
        r.colour[order[a]] = g->colour[a];
        for (int b = 0; b < g->n; b++)
            if (g->adjacent[a] >> b & 1) r.adjacent[order[a]] |= UINT64_C(1) << order[b];
    }
    return r;
}

static int equal(const sg_shell_graph *a, const sg_shell_graph *b)
{
    return a->n == b->n && !memcmp(a->colour, b->colour, (size_t)a->n * sizeof a->colour[0]) &&
           !memcmp(a->adjacent, b->adjacent, (size_t)a->n * sizeof a->adjacent[0]);
}

/* How many of all permutations turn a into b. */
static int isomorphisms(const sg_shell_graph *a, const sg_shell_graph *b)
{
    int order[8], count = 0;

    for (int v = 0; v < a->n; v++)
        order[v] = v;
    for (;;) { /* next permutation in lexicographic order */
        const sg_shell_graph r = renamed(a, order);
        int i = a->n - 2, j = a->n - 1;
        count += equal(&r, b);
        while (i >= 0 && order[i] > order[i + 1])
            i--;
        if (i < 0) return count;
        while (order[j] < order[i])
            j--;
        const int t = order[i];
        order[i] = order[j];
        order[j] = t;
        for (int l = i + 1, h = a->n - 1; l < h; l++, h--) {
            const int u = order[l];
            order[l] = order[h];
            order[h] = u;
        }
    }
}

static sg_shell_graph canonical(const sg_shell_graph *g)
{
    int label[SG_TOPOLOGY_MAX_VERTICES];

    assert_int_equal(sg_graph_canonical(g, label), SG_OK);
    const sg_shell_graph r = renamed(g, label);
    for (int v = 1; v < r.n; v++)
        assert_true(r.colour[v - 1] <= r.colour[v]);
    return r;
}

static void canonical_graphs_equal_if_and_only_if_isomorphic(void **state)
{
    int n_same = 0, n_different = 0;

    (void)state;
    for (int round = 0; round < 150; round++) {
        const sg_shell_graph a = random_graph(6, 0.5), b = round % 3 ? random_graph(6, 0.5) : a;
        int order[8];
        shuffle(&rng, 6, order);
        const sg_shell_graph c = renamed(&b, order), ca = canonical(&a), cc = canonical(&c);
        const int same = isomorphisms(&a, &c) > 0;
        assert_int_equal(equal(&ca, &cc), same);
        n_same += same;
        n_different += !same;
    }
    assert_true(n_same >= 50 && n_different >= 50);
}

/* An environment that carries only what sg_topology_automorphisms reads. */
static sg_environment dress(const sg_shell_graph *g)
{
    sg_environment e = {.n = g->n, .form_size = (g->n * (g->n - 1) / 2 + 7) / 8};
    int p = 0;

    for (int a = 0; a < g->n; a++)
        e.number[a] = a ? g->colour[a] : 29;
    for (int a = 0; a < g->n; a++)
        for (int b = a + 1; b < g->n; b++, p++)
            if (g->adjacent[a] >> b & 1) e.form[p / 8] = (unsigned char)(e.form[p / 8] | 1 << p % 8);
    return e;
}

static void groups_equal_all_permutations(void **state)
{
    static int perm[1000][SG_TOPOLOGY_MAX_VERTICES];
    int largest = 0;

    (void)state;
    for (int round = 0; round < 60; round++) {
        const sg_shell_graph g = random_graph(6, round % 2 ? 0.15 : 0.5);
        const sg_environment e = dress(&g);
        int n;
        assert_int_equal(sg_topology_automorphisms(&e, 1000, perm, &n), SG_OK);
        assert_int_equal(n, isomorphisms(&g, &g));
        for (int a = 0; a < n; a++) {
            const sg_shell_graph r = renamed(&g, perm[a]);
            assert_true(equal(&r, &g));
            for (int v = 0; v < g.n && a == 0; v++)
                assert_int_equal(perm[0][v], v);
            for (int b = 0; b < a; b++)
                assert_true(memcmp(perm[a], perm[b], (size_t)g.n * sizeof perm[a][0]) != 0);
        }
        largest = n > largest ? n : largest;
    }
    assert_true(largest >= 24);
}

static void updates_equal_starting_over(void **state)
{
    sg_system *s = sample("Cu64Zr36_500.extxyz");
    const sg_topology_params p = two_cutoffs(3.45, 3.75, 4.05);
    sg_keys *keys = NULL, *fresh = NULL;
    int n_rekeyed;

    (void)state;
    if (!s) s = lattice(5, 3.8, 4, FCC, 2, CU_ZR);
    assert_int_equal(sg_keys_create(s, &p, &keys), SG_OK);
    assert_int_equal(sg_keys_update(keys, s, &n_rekeyed), SG_OK);
    assert_int_equal(n_rekeyed, 0);
    for (int round = 0; round < 15; round++) {
        const int centre = (int)(s->n * sg_rng_uniform(&rng));
        int atom[64], n, changed = 0;
        double d[64][3];

        assert_int_equal(sg_topology_sphere(s, centre, 4.0, 64, atom, d, &n), SG_OK);
        for (int k = 0; k < n; k++)
            for (int c = 0; c < 3; c++)
                s->x[atom[k]][c] += 0.3 * sg_rng_normal(&rng);
        for (int c = 0; c < 3; c++)
            s->x[centre][c] += s->cell.h[round % 3][c]; /* leaves the cell, stays where it is */
        uint64_t *old = sg_calloc((size_t)s->n, sizeof *old);
        memcpy(old, keys->key, (size_t)s->n * sizeof *old);
        assert_int_equal(sg_keys_update(keys, s, &n_rekeyed), SG_OK);
        assert_int_equal(sg_keys_create(s, &p, &fresh), SG_OK);
        assert_memory_equal(keys->key, fresh->key, (size_t)s->n * sizeof *old);
        for (int i = 0; i < s->n; i++)
            changed += old[i] != keys->key[i];
        assert_true(changed > 0 && n_rekeyed >= changed && n_rekeyed < s->n);
        sg_free(old);
        sg_keys_free(fresh);
    }
    sg_system_free(s);
    sg_keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bonds_equal_a_double_loop),
                                       cmocka_unit_test(canonical_graphs_equal_if_and_only_if_isomorphic),
                                       cmocka_unit_test(groups_equal_all_permutations),
                                       cmocka_unit_test(updates_equal_starting_over)};

    sg_rng_init(&rng, 12, SG_RNG_TEST, 0, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
