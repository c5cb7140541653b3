/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the next decade is due: walks whose law is known. */
#include "../src/run/run_internal.h"
#include "catalog_samples.h"

/* Decades take equally long: 100 s each. The answer is exact whatever the moment. */
static void test_a_steady_pace(void **state)
{
    pace p;

    (void)state;
    pace_begin(&p, 1000, 1e-9);
    for (double s = 0.25; s <= 450; s += 0.25)
        pace_add(&p, 1000 + s, 1e-9 * pow(10, s / 100));
    const double left = pace_left(&p, 1450, 1e-9 * pow(10, 4.5), 1e-4);
    assert_true(fabs(left - 50) < 1e-6);
    assert_true(p.n <= PACE_POINTS);
}

/* Simulated time grows with wall time, t = 1e-9 w: the decade that ends at 1000 s takes 700 s more at 300 s
 * by that law; on a logarithmic scale a walk slows down, and what the last third promises is never later than
 * a straight line from now. */
static void test_a_slowing_pace(void **state)
{
    pace p;

    (void)state;
    pace_begin(&p, 0, 0);
    for (double s = 1; s <= 300; s += 0.5)
        pace_add(&p, s, 1e-9 * s);
    const double left = pace_left(&p, 300, 300e-9, 1000e-9), from = 200,
                 slope = log10(300 / from) / (300 - from);
    assert_true(fabs(left / (log10(1000.0 / 300) / slope) - 1) < 0.1);
}

/* Nothing to go by: before the first event, when the clock stands still, when the aim is behind. */
static void test_nobody_knows(void **state)
{
    pace p;

    (void)state;
    pace_begin(&p, 0, 0);
    assert_true(isnan(pace_left(&p, 10, 0, 1e-9)));
    for (double s = 1; s <= 30; s += 1)
        pace_add(&p, s, 1e-9);
    assert_true(isnan(pace_left(&p, 30, 1e-9, 1e-8)));
    assert_true(isnan(pace_left(&p, 30, 1e-7, 1e-8)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_steady_pace),
        cmocka_unit_test(test_a_slowing_pace),
        cmocka_unit_test(test_nobody_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
