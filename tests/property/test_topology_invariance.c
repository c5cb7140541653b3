/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys depend on the bond graph alone: not on where the structure lies, how it is turned, numbered, wrapped
 * or typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../../src/topology/topology_internal.h"
#include "topology_samples.h"

static sg_rng rng;

static sg_system *glass(void)
{
    sg_system *s = sample("Cu64Zr36_500.extxyz");

    if (!s) { /* a strongly disturbed alloy does as well */
        s = lattice(5, 3.75, 4, FCC, 2, CU_ZR);
        for (int i = 0; i < s->n; i++) {
            s->type[i] = sg_rng_uniform(&rng) < 0.36;
            for (int c = 0; c < 3; c++)
                s->x[i][c] += 0.35 * sg_rng_normal(&rng);
        }
    }
    return s;
}

static uint64_t *all_keys(const sg_system *s, const sg_topology_params *p)
{
    sg_keys *keys = NULL;
    uint64_t *key = sg_calloc((size_t)s->n, sizeof *key);

    assert_non_null(key);
    assert_int_equal(sg_keys_create(s, p, &keys), SG_OK);
    memcpy(key, keys->key, (size_t)s->n * sizeof *key);
    sg_keys_free(keys);
    return key;
}

static void keys_equal(const sg_system *s, const sg_topology_params *p, const uint64_t *expected,
                       const int *order)
{
    uint64_t *key = all_keys(s, p);

    for (int i = 0; i < s->n; i++)
        assert_true(key[i] == expected[order ? order[i] : i]);
    sg_free(key);
}

static void shifts_and_wraps_change_nothing(void **state)
{
    sg_system *s = glass();
    const sg_topology_params p = two_cutoffs(3.45, 3.75, 4.05);
    uint64_t *key = all_keys(s, &p);
    int distinct = 0;

    (void)state;
    for (int i = 0; i < s->n; i++) {
        int seen = 0;
        for (int j = 0; j < i; j++)
            seen |= key[j] == key[i];
        distinct += !seen;
    }
    assert_true(distinct > s->n / 2); /* otherwise there would be nothing to keep apart */
    for (int i = 0; i < s->n; i++) {
        const double shift[3] = {3.7, -11.9, 0.3};
        for (int c = 0; c < 3; c++)
            s->x[i][c] += shift[c];
        for (int a = 0; a < 3; a++) {
            const int m = (int)(5.0 * sg_rng_uniform(&rng)) - 2;
            for (int c = 0; c < 3; c++)
                s->x[i][c] += m * s->cell.h[a][c];
        }
    }
    keys_equal(s, &p, key, NULL);
    sg_free(key);
    sg_system_free(s);
}

static void numbering_and_types_change_nothing(void **state)
{
    sg_system *s = glass(), *t = NULL;
    const sg_topology_params p = two_cutoffs(3.45, 3.75, 4.05), q = two_cutoffs(4.05, 3.75, 3.45);
    const char *const zr_cu[] = {"Zr", "Cu"};
    uint64_t *key = all_keys(s, &p);
    int *order = sg_calloc((size_t)s->n, sizeof *order);

    (void)state;
    shuffle(&rng, s->n, order);
    assert_int_equal(sg_system_copy(s, &t), SG_OK);
    for (int i = 0; i < s->n; i++) {
        memcpy(t->x[i], s->x[order[i]], sizeof t->x[i]);
        t->type[i] = s->type[order[i]];
    }
    keys_equal(t, &p, key, order);
    for (int i = 0; i < s->n; i++)
        s->type[i] = !s->type[i];
    assert_int_equal(sg_species_init(&s->species, 2, zr_cu), SG_OK);
    keys_equal(s, &q, key, NULL);
    sg_free(order);
    sg_free(key);
    sg_system_free(s);
    sg_system_free(t);
}

/* Position k of one canonical order is bonded to l exactly when it is so in the other, and the elements
 * agree. */
static void same_graph(const sg_topology_params *p, const sg_system *s, const sg_environment *a,
                       const sg_environment *b)
{
    assert_true(sg_environment_same(a, b));
    for (int k = 0; k < a->n; k++) {
        assert_int_equal(a->number[k], b->number[k]);
        for (int l = 0; l < k; l++)
            assert_int_equal(sg_shell_bonded(s, p, a->atom[k], a->x[k], a->atom[l], a->x[l]),
                             sg_shell_bonded(s, p, a->atom[k], b->x[k], a->atom[l], b->x[l]));
    }
}

static void turning_and_mirroring_change_nothing(void **state)
{
    sg_system *s = glass();
    const sg_topology_params p = two_cutoffs(3.45, 3.75, 4.05);

    (void)state;
    for (int centre = 0; centre < s->n; centre += 11) {
        sg_system *piece = cut_out(s, centre, 7.0);
        sg_bonds *bonds = NULL;
        sg_environment before, after;
        double R[3][3];

        assert_int_equal(sg_bonds_create(s, &p, &bonds), SG_OK);
        assert_int_equal(sg_topology_environment(s, &p, bonds, centre, &before), SG_OK);
        sg_bonds_free(bonds);
        random_rotation(&rng, centre % 2, R);
        for (int i = 0; i < piece->n; i++)
            rotate((const double(*)[3])R, piece->x[i], piece->x[i]);
        assert_int_equal(sg_bonds_create(piece, &p, &bonds), SG_OK);
        assert_int_equal(sg_topology_environment(piece, &p, bonds, 0, &after), SG_OK);
        sg_bonds_free(bonds);
        same_graph(&p, piece, &after, &before);
        sg_system_free(piece);
    }
    sg_system_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shifts_and_wraps_change_nothing),
                                       cmocka_unit_test(numbering_and_types_change_nothing),
                                       cmocka_unit_test(turning_and_mirroring_change_nothing)};

    sg_rng_init(&rng, 11, SG_RNG_TEST, 0, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
