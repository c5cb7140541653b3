/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every allocation of module topology fails once: an error, NULL, no leak (the sanitizer preset watches). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "topology_samples.h"

static sg_system *s;
static const sg_topology_params P = {.n_species = 1, .cutoff = {{3.1}}};

/* Call `f` with allocation 0, 1, .. failing until it goes through; the number of allocations. */
static long exhaust(sg_status (*f)(void))
{
    for (long k = 0;; k++) {
        sg_alloc_fail_after(k);
        const sg_status st = f();
        sg_alloc_fail_after(-1);
        if (st == SG_OK) return k;
        assert_int_equal(st, SG_ENOMEM);
    }
}

static sg_status cutoffs(void)
{
    sg_topology_params p;

    return sg_topology_cutoffs(s, &p);
}

static sg_status bonds(void)
{
    sg_bonds *b = NULL;
    const sg_status st = sg_bonds_create(s, &P, &b);

    assert_true((st == SG_OK) == (b != NULL));
    sg_bonds_free(b);
    return st;
}

static sg_status keys(void)
{
    sg_keys *k = NULL;
    const sg_status st = sg_keys_create(s, &P, &k);

    assert_true((st == SG_OK) == (k != NULL));
    sg_keys_free(k);
    return st;
}

static sg_keys *table;

static sg_status update(void)
{
    const uint64_t before = table->key[0];
    const sg_status st = sg_keys_update(table, s, NULL);

    assert_true(table->key[0] == before && table->bonds->n == s->n);
    return st;
}

static sg_environment env;

static sg_status cluster(void)
{
    sg_cluster c;
    const sg_status st = sg_cluster_init(&c, s, &env, 5.0, NULL);

    assert_true(st == SG_OK || !c.atom);
    sg_cluster_clear(&c);
    return st;
}

static sg_status automorphisms(void)
{
    int perm[48][SG_TOPOLOGY_MAX_VERTICES], n;
    const sg_status st = sg_topology_automorphisms(&env, 48, perm, &n);

    assert_int_equal(n, st == SG_OK ? 48 : 0);
    return st;
}

static sg_status marginal(void)
{
    sg_environment out[2];
    sg_bonds *b = NULL;
    sg_status st = sg_bonds_create(s, &P, &b);
    int n;

    if (st == SG_OK) st = sg_topology_marginal(s, &P, b, 0, 0.1, 2, out, &n);
    sg_bonds_free(b);
    return st;
}

static sg_status match(void)
{
    const sg_match_options opt = sg_match_defaults();
    sg_placement out[1];
    sg_cluster c;
    sg_status st = sg_cluster_init(&c, s, &env, 5.0, NULL);
    int n;

    if (st == SG_OK) {
        st = sg_topology_match(&c, &c, 0, NULL, &opt, 1, out, &n);
        assert_int_equal(n, st == SG_OK);
    }
    sg_cluster_clear(&c);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    sg_bonds *b = NULL;

    (void)state;
    s = lattice(3, 3.6, 4, FCC, 1, CU_ZR);
    assert_true(exhaust(cutoffs) >= 1);
    assert_true(exhaust(bonds) >= 8);
    assert_true(exhaust(keys) >= 11);
    assert_int_equal(sg_keys_create(s, &P, &table), SG_OK);
    assert_true(exhaust(update) >= 10);
    sg_keys_free(table);
    assert_int_equal(sg_bonds_create(s, &P, &b), SG_OK);
    assert_int_equal(sg_topology_environment(s, &P, b, 0, &env), SG_OK);
    sg_bonds_free(b);
    assert_true(exhaust(cluster) >= 4);
    assert_true(exhaust(automorphisms) == 1);
    assert_true(exhaust(marginal) >= 9);
    assert_true(exhaust(match) >= 6);
    sg_system_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
