/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does the key of an atom outlive strain? The 500-atom glass at 0 and at 0.04: keys as they are, with
 * marginal bonds taken either way, and in the structure as it would stand at 0; the last with both is what a
 * catalog of another strain is looked up by. */
#include "event_samples.h"

#include "slowglass/run.h"

enum { MAX_PROBES = 9 };
static const double margin = 0.15; /* Å, as in src/explore/views.c */

static const char *const cuzr[] = {"Cu", "Zr"};

/* Atoms of b one of whose first n_probes environments has the key that the atom has in a. */
static int found_again(const sg_system *a, const sg_system *b, const sg_topology_params *params, int n_probes)
{
    static sg_environment env[MAX_PROBES];
    sg_keys *before = NULL, *now = NULL;
    int n_found = 0, n;

    assert_ok(sg_keys_create(a, params, &before));
    assert_ok(sg_keys_create(b, params, &now));
    for (int i = 0; i < a->n; i++) {
        int found = 0;
        assert_ok(sg_topology_marginal(b, params, now->bonds, i, margin, n_probes, env, &n));
        for (int k = 0; k < n; k++)
            found |= env[k].key == before->key[i];
        n_found += found;
    }
    sg_keys_free(before);
    sg_keys_free(now);
    return n_found;
}

static void test_keys_of_a_strained_glass(void **state)
{
    const sg_log silent = {0};
    sg_potential *pot = NULL;
    sg_system *flat = NULL, *sheared = NULL, *view = NULL;
    sg_topology_params params;

    (void)state;
    if (sg_potential_create_eam("eam/fs", SG_POTENTIALS "/CuZr_mm.eam.fs", 2, cuzr, &pot) != SG_OK ||
        sg_io_read_structure(SG_SOURCE_DIR "/validation/samples/Cu64Zr36_500.extxyz", 2, cuzr, &flat, NULL) !=
            SG_OK) {
        print_message("skipped: %s\n", sg_error_text());
        sg_potential_free(pot);
        return;
    }
    assert_ok(sg_topology_cutoffs(flat, &params));
    assert_ok(sg_system_copy(flat, &sheared));
    assert_ok(sg_run_strain(pot, sheared, 0.04, 1e-3, &silent));
    assert_ok(sg_system_copy(sheared, &view));
    assert_ok(sg_system_set_strain(view, 0));
    const int plain = found_again(flat, sheared, &params, 1),
              flipped = found_again(flat, sheared, &params, MAX_PROBES),
              undone = found_again(flat, view, &params, 1),
              both = found_again(flat, view, &params, MAX_PROBES);
    print_message(
        "keys of %d atoms found again after 0.04: %d as they are, %d with marginal bonds, %d with the "
        "strain undone, %d with both\n",
        flat->n, plain, flipped, undone, both);
    assert_true(undone > plain && flipped > plain && both > flipped && both > undone);
    assert_true(both > 0.85 * flat->n);
    assert_int_equal(found_again(flat, flat, &params, 1), flat->n);
    sg_system_free(flat);
    sg_system_free(sheared);
    sg_system_free(view);
    sg_potential_free(pot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys_of_a_strained_glass)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
