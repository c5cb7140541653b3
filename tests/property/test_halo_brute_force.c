/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Halo lists against all pairs of all images, tried one after another, in cells of any shape and thickness.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/neigh/near.h"
#include "slowglass/neigh.h"

enum { MAX_ATOMS = 60, TURNS = 6, SIDE = 2 * TURNS + 1 };

typedef struct found { /* how often the vector from a to b through image q was listed, either way round */
    int times[MAX_ATOMS][MAX_ATOMS][SIDE][SIDE][SIDE];
} found;

static sg_system *random_system(sg_rng *rng, const int periodic[3])
{
    const int n = 1 + (int)(sg_rng_uniform(rng) * (MAX_ATOMS - 1));
    double h0[3][3] = {{0}};
    sg_system *s = NULL;

    h0[0][0] = 3.0 + 9.0 * sg_rng_uniform(rng);
    h0[1][1] = 3.0 + 9.0 * sg_rng_uniform(rng);
    h0[2][2] = 3.0 + 9.0 * sg_rng_uniform(rng);
    h0[1][0] = (sg_rng_uniform(rng) - 0.5) * h0[0][0];
    h0[2][0] = (sg_rng_uniform(rng) - 0.5) * h0[0][0];
    h0[2][1] = (sg_rng_uniform(rng) - 0.5) * h0[1][1];
    assert_int_equal(sg_system_create(n, &s), SG_OK);
    assert_int_equal(sg_cell_init(&s->cell, (const double(*)[3])h0, 0.1 * sg_rng_uniform(rng), periodic),
                     SG_OK);
    for (int i = 0; i < n; i++) {
        s->type[i] = (int)(8.0 * sg_rng_uniform(rng));
        for (int a = 0; a < 3; a++)
            s->x[i][a] = 30.0 * (sg_rng_uniform(rng) - 0.5);
    }
    return s;
}

/* Images are counted from the stored, unwrapped positions. */
static void image_of(const sg_system *s, const double d[3], int a, int b, int q[3])
{
    for (int k = 0; k < 3; k++) {
        double f = 0.0;
        for (int c = 0; c < 3; c++)
            f += (d[c] - (s->x[b][c] - s->x[a][c])) * s->cell.hinv[c][k];
        q[k] = (int)lrint(f);
        assert_true(fabs(f - q[k]) < 1e-9);
    }
}

static void read_list(const sg_system *s, const sg_halo *list, const unsigned char *keep, found *all)
{
    const uint32_t mask = (1u << SG_HALO_TYPE_BITS) - 1u;
    int64_t pairs = 0;

    for (int p = 0; p < list->n; p++) {
        assert_int_equal(list->type[p], s->type[list->atom[p]]);
        assert_true(list->owner[p] < list->n_atoms && list->atom[list->owner[p]] == list->atom[p]);
        if (p < list->n_atoms) assert_int_equal(list->owner[p], p);
        if (p < list->n_rows && keep) assert_true(keep[list->atom[p]]);
    }
    for (int i = 0; i < list->n_rows; i++)
        for (int64_t k = list->first[i]; k < list->first[i + 1]; k++) {
            const int p = (int)(list->entry[k] >> SG_HALO_TYPE_BITS);
            double d[3];
            int q[3];
            assert_true(list->first[i] % SG_HALO_PAD == 0 && p <= list->n);
            if (p == list->n) continue;
            pairs++;
            const int a = list->atom[i], b = list->atom[p];
            assert_int_equal(!keep || keep[b], k - list->first[i] < list->n_kept[i]);
            assert_int_equal(list->entry[k] & mask, s->type[b]);
            for (int c = 0; c < 3; c++)
                d[c] = s->x[b][c] + list->shift[p][c] - s->x[a][c] - list->shift[i][c];
            image_of(s, d, a, b, q);
            for (int c = 0; c < 3; c++)
                q[c] += TURNS;
            assert_true(q[0] >= 0 && q[0] < SIDE && q[1] >= 0 && q[1] < SIDE && q[2] >= 0 && q[2] < SIDE);
            all->times[a][b][q[0]][q[1]][q[2]]++;
            all->times[b][a][SIDE - 1 - q[0]][SIDE - 1 - q[1]][SIDE - 1 - q[2]]++;
        }
    assert_int_equal(pairs, list->n_pairs);
}

static void check_all(const sg_system *s, double r, const unsigned char *keep, const found *all)
{
    for (int a = 0; a < s->n; a++)
        for (int b = 0; b < s->n; b++)
            for (int k = 0; k < SIDE * SIDE * SIDE; k++) {
                const int q[3] = {k / SIDE / SIDE - TURNS, k / SIDE % SIDE - TURNS, k % SIDE - TURNS};
                double r2 = 0.0;
                int open = 0;
                for (int c = 0; c < 3; c++) {
                    const double d = s->x[b][c] - s->x[a][c] + q[0] * s->cell.h[0][c] +
                                     q[1] * s->cell.h[1][c] + q[2] * s->cell.h[2][c];
                    r2 += d * d;
                    open |= q[c] != 0 && !s->cell.periodic[c];
                }
                const int self = a == b && q[0] == 0 && q[1] == 0 && q[2] == 0;
                const int wanted = r2 < r * r && !open && !self && (!keep || keep[a] || keep[b]);
                if (fabs(r2 - r * r) < 1e-9) continue;
                if (all->times[a][b][q[0] + TURNS][q[1] + TURNS][q[2] + TURNS] != wanted)
                    fail_msg("atoms %d %d image %d %d %d at %g of %g: listed %d times", a, b, q[0], q[1],
                             q[2], sqrt(r2), r, all->times[a][b][q[0] + TURNS][q[1] + TURNS][q[2] + TURNS]);
            }
}

/* Bring atoms to within a cell of the origin, so that few images need to be tried; the list must not care. */
static void gather(sg_system *s)
{
    for (int i = 0; i < s->n; i++) {
        double f[3] = {0};
        for (int k = 0; k < 3; k++)
            for (int c = 0; c < 3; c++)
                f[k] += s->x[i][c] * s->cell.hinv[c][k];
        for (int k = 0; k < 3; k++)
            for (int c = 0; c < 3; c++)
                if (s->cell.periodic[k]) s->x[i][c] -= (floor(f[k]) + (i % 3 == k)) * s->cell.h[k][c];
    }
}

static void test_all_pairs(void **state)
{
    found *const all = malloc(sizeof *all);
    unsigned char keep[MAX_ATOMS];

    (void)state;
    for (uint64_t seed = 0; seed < 16; seed++) {
        sg_rng rng;
        sg_halo *list = NULL;
        sg_rng_init(&rng, seed, SG_RNG_TEST, 9, 0, 0);
        const int periodic[3] = {seed % 2 == 0, seed % 4 < 2, seed % 8 < 4};
        sg_system *const s = random_system(&rng, periodic);
        const double r = 2.0 + 4.0 * sg_rng_uniform(&rng);
        gather(s);
        for (int i = 0; i < s->n; i++)
            keep[i] = sg_rng_uniform(&rng) < 0.3;
        for (int part = 0; part < 2; part++) {
            memset(all, 0, sizeof *all);
            assert_int_equal(sg_halo_create(s, r, part ? keep : NULL, &list), SG_OK);
            read_list(s, list, part ? keep : NULL, all);
            check_all(s, r, part ? keep : NULL, all);
            sg_halo_free(list);
        }
        sg_system_free(s);
    }
    free(all);
}

/* The inner loop, for each instruction set that is here, against the plain one: the same numbers. */
static void test_filters_agree(void **state)
{
    enum { N = 200 };
    double x[N], y[N], z[N];
    uint32_t plain[N + NEAR_MARGIN], fast[N + NEAR_MARGIN];
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 3, SG_RNG_TEST, 10, 0, 0);
    for (int i = 0; i < N; i++) {
        x[i] = sg_rng_uniform(&rng);
        y[i] = sg_rng_uniform(&rng);
        z[i] = sg_rng_uniform(&rng);
    }
    for (int k = 0; k < 400; k++) {
        const int from = (int)(N * sg_rng_uniform(&rng)),
                  end = from + (int)((N - from) * sg_rng_uniform(&rng));
        const double at[3] = {x[k % N], y[k % N], z[k % N]}, r2 = sg_rng_uniform(&rng);
        const ptrdiff_t n = near_plain(x, y, z, from, end, at, r2, plain) - plain;
        near_filter *const other[] = {
            near_choose(),
#if defined(__x86_64__)
            __builtin_cpu_supports("avx2") ? near_avx2 : near_plain
#endif
        };
        for (size_t m = 0; m < sizeof other / sizeof other[0]; m++) {
            assert_int_equal(other[m](x, y, z, from, end, at, r2, fast) - fast, n);
            assert_memory_equal(fast, plain, (size_t)n * sizeof *fast);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_pairs),
                                       cmocka_unit_test(test_filters_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
