/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every allocation of module system fails once: an error, NULL, no leak (the sanitizer preset watches). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "slowglass/system.h"

static void every_allocation_may_fail(void **state)
{
    sg_system *sys = NULL, *copy = NULL;
    long k = 0;

    (void)state;
    for (;; k++) {
        sg_alloc_fail_after(k);
        const sg_status st = sg_system_create(7, &sys);
        sg_alloc_fail_after(-1);
        if (st == SG_OK) break;
        assert_int_equal(st, SG_ENOMEM);
        assert_null(sys);
    }
    assert_true(k == 5);
    for (k = 0;; k++) {
        sg_alloc_fail_after(k);
        const sg_status st = sg_system_copy(sys, &copy);
        sg_alloc_fail_after(-1);
        if (st == SG_OK) break;
        assert_int_equal(st, SG_ENOMEM);
        assert_null(copy);
    }
    sg_system_free(copy);

    const char *const symbols[] = {"Cu"};
    const double h0[3][3] = {{5.0, 0.0, 0.0}, {0.0, 5.0, 0.0}, {0.0, 0.0, 5.0}};
    assert_int_equal(sg_species_init(&sys->species, 1, symbols), SG_OK);
    assert_int_equal(sg_cell_init(&sys->cell, h0, 0.0, (const int[3]){1, 1, 1}), SG_OK);
    sg_alloc_fail_after(0);
    assert_int_equal(sg_system_validate(sys), SG_ENOMEM);
    sg_alloc_fail_after(-1);
    assert_int_equal(sg_system_validate(sys), SG_OK);
    sg_system_free(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
