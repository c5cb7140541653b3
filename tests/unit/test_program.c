/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Increments of a strain program: their instants and strains against the ramp that they stand for. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "slowglass/kmc/program.h"

static double at(const sg_program *p, double time)
{
    double gamma = p->n > 0 ? p->point[0][1] : p->start;
    for (int s = 0; s + 1 < p->n; s++) {
        const double *a = p->point[s], *b = p->point[s + 1];
        if (time >= b[0])
            gamma = b[1];
        else if (time >= a[0])
            return a[1] + (time - a[0]) / (b[0] - a[0]) * (b[1] - a[1]);
    }
    const double last = p->n > 0 ? p->point[p->n - 1][0] : 0;
    return time > last ? gamma + p->rate * (time - last) : gamma;
}

/* Up, a rest, down by a jump, up again at a rate of its own. */
static void test_increments(void **state)
{
    static const double point[][2] = {{0, 0}, {1e-6, 0.04}, {5e-6, 0.04}, {5e-6, 0.01}, {6e-6, 0.011}};
    const sg_program p = {5, point, 0, 2e3, 0.005};
    double before = 0, time = 0, area = 0;
    sg_increment i;
    int n = 0;

    (void)state;
    for (uint64_t k = 0; k < 8 + 6 + 1 + 4; k++, n++) {
        assert_true(sg_program_increment(&p, k, &i));
        assert_true(fabs(i.gamma - before) <= 0.005 + 1e-15);
        assert_true(i.time >= time);
        if (k < 8) assert_true(fabs(i.time - (0.5 + (double)k) * 1e-6 / 8) < 1e-20);
        if (k < 8) assert_true(i.gamma == round((0.005 * ((double)k + 1)) * 1e4) / 1e4);
        if (k >= 8 && k < 14) assert_true(i.time == 5e-6);
        area += k < 8 ? before * (i.time - time) : k == 8 ? before * (1e-6 - time) : 0;
        before = i.gamma;
        time = i.time;
        /* midway between two increments the strain is that of the ramp, on an incline half an increment off
         * at most */
        assert_true(k >= 8 || fabs(at(&p, i.time) - (i.gamma - 0.0025)) < 1e-12);
    }
    assert_true(fabs(area - 0.02e-6) < 1e-20); /* of the incline: on average its strain */
    assert_true(fabs(i.time - (6e-6 + 3.5 * 0.005 / 2e3)) < 1e-16 && fabs(i.gamma - 0.031) < 1e-12);
}

static void test_ends(void **state)
{
    static const double flat[][2] = {{0, 0.02}, {1, 0.02}};
    const sg_program hold = {2, flat, 0, 0, 0.005}, none = {0, NULL, 0.01, 0, 0.005},
                     down = {0, NULL, 0, -10, 0.004};
    sg_increment i;
    uint64_t n = 0;

    (void)state;
    assert_false(sg_program_increment(&hold, 0, &i));
    assert_false(sg_program_increment(&none, 0, &i));
    while (sg_program_increment(&down, n, &i))
        n++;
    assert_int_equal(n, 249); /* up to a strain of 1, which itself is too much */
    assert_true(sg_program_increment(&down, 0, &i) && i.gamma == -0.004 && fabs(i.time - 2e-4) < 1e-18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_increments), cmocka_unit_test(test_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
