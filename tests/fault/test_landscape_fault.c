/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every allocation of module landscape fails once: an error, no leak. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "slowglass/landscape.h"

static void every_allocation_may_fail(void **state)
{
    const sg_landscape_state states[] = {{1, -1.0, 0}, {2, -2.0, 0}};
    const sg_landscape_edge edges[] = {{1, 1, 2, 0.0}};
    sg_landscape *ls = NULL;
    sg_landscape_exit *exits = NULL;
    int label[2], n;
    long k;

    (void)state;
    for (k = 0;; k++) {
        sg_alloc_fail_after(k);
        const sg_status st = sg_landscape_create(2, states, 1, edges, &ls);
        sg_alloc_fail_after(-1);
        if (st == SG_OK) break;
        assert_int_equal(st, SG_ENOMEM);
        assert_null(ls);
    }
    assert_true(k == 5);
    sg_alloc_fail_after(0);
    assert_int_equal(sg_landscape_state_edges(ls, 1, &exits, &n), SG_ENOMEM);
    assert_null(exits);
    for (k = 0; k < 2; k++) {
        sg_alloc_fail_after(k);
        assert_int_equal(sg_landscape_components(ls, SG_LANDSCAPE_BY_ENERGY, 1.0, label, &n), SG_ENOMEM);
    }
    sg_alloc_fail_after(-1);
    assert_int_equal(sg_landscape_components(ls, SG_LANDSCAPE_BY_ENERGY, 1.0, label, &n), SG_OK);
    assert_int_equal(n, 1);
    sg_landscape_free(ls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
