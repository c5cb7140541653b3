/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Alignment against maps that are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "topology_samples.h"

static sg_rng rng;

static double difference(const double A[3][3], const double B[3][3])
{
    double d = 0.0;

    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            d = fmax(d, fabs(A[a][b] - B[a][b]));
    return d;
}

static double orthogonality(const double R[3][3])
{
    double d = 0.0;

    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            d = fmax(d, fabs(R[a][0] * R[b][0] + R[a][1] * R[b][1] + R[a][2] * R[b][2] - (a == b)));
    return d;
}

static void scatter(int n, double (*x)[3])
{
    for (int k = 0; k < n; k++)
        for (int c = 0; c < 3; c++)
            x[k][c] = 3.0 * sg_rng_normal(&rng) + 5.0;
}

static void carry(const double R[3][3], const double t[3], int n, double (*x)[3], double noise,
                  double (*y)[3])
{
    for (int k = 0; k < n; k++) {
        rotate(R, x[k], y[k]);
        for (int c = 0; c < 3; c++)
            y[k][c] += t[c] + noise * sg_rng_normal(&rng);
    }
}

static void a_known_map_is_found(void **state)
{
    const double t[3] = {1.5, -20.0, 0.25};
    double x[20][3], y[20][3], R[3][3], S[3][3], u[3], rms, max;

    (void)state;
    for (int round = 0; round < 40; round++) {
        const int reflect = round % 2, n = 4 + round % 17;
        scatter(n, x);
        random_rotation(&rng, reflect, R);
        carry((const double(*)[3])R, t, n, x, 0.0, y);
        assert_int_equal(sg_align(n, (const double(*)[3])x, (const double(*)[3])y, 1, S, u, &rms, &max),
                         SG_OK);
        assert_true(difference((const double(*)[3])R, (const double(*)[3])S) < 1e-10);
        assert_true(fabs(u[0] - t[0]) + fabs(u[1] - t[1]) + fabs(u[2] - t[2]) < 1e-9);
        assert_true(rms < 1e-10 && max < 1e-10);
        assert_true(fabs(sg_align_determinant((const double(*)[3])S) - (reflect ? -1.0 : 1.0)) < 1e-10);
        assert_int_equal(sg_align(n, (const double(*)[3])x, (const double(*)[3])y, 0, S, u, &rms, &max),
                         SG_OK);
        assert_true(fabs(sg_align_determinant((const double(*)[3])S) - 1.0) < 1e-10);
        assert_true(reflect ? rms > 1e-2 : rms < 1e-10);
    }
}

/* With noise of 0.05 Å on each coordinate the rms is about 0.05 sqrt(3 - 6/n), and no other map near the
 * answer does better. */
static void noise_is_averaged(void **state)
{
    const double t[3] = {0, 0, 1};
    double x[200][3], y[200][3], R[3][3], S[3][3], u[3], rms, max;

    (void)state;
    scatter(200, x);
    random_rotation(&rng, 1, R);
    carry((const double(*)[3])R, t, 200, x, 0.05, y);
    assert_int_equal(sg_align(200, (const double(*)[3])x, (const double(*)[3])y, 1, S, u, &rms, &max), SG_OK);
    assert_true(difference((const double(*)[3])R, (const double(*)[3])S) < 0.01);
    assert_true(fabs(rms - 0.05 * sqrt(2.97)) < 0.01 && max > rms && max < 0.3);
    for (int trial = 0; trial < 20; trial++) {
        const double angle = 1e-3, c = cos(angle), s = sin(angle);
        const double turn[3][3][3] = {{{1, 0, 0}, {0, c, -s}, {0, s, c}},
                                      {{c, 0, s}, {0, 1, 0}, {-s, 0, c}},
                                      {{c, -s, 0}, {s, c, 0}, {0, 0, 1}}};
        double sum = 0.0;
        for (int k = 0; k < 200; k++) {
            double z[3];
            rotate((const double(*)[3])S, x[k], z);
            for (int a = 0; a < 3; a++)
                z[a] += u[a] + (trial > 2) * 1e-3 * sin(trial + a);
            if (trial < 3) rotate(turn[trial], z, z);
            for (int a = 0; a < 3; a++)
                sum += (z[a] - y[k][a]) * (z[a] - y[k][a]);
        }
        assert_true(sqrt(sum / 200) > rms);
    }
}

static void flat_and_straight_sets_align_too(void **state)
{
    const double t[3] = {4, 4, 4};
    double x[8][3], y[8][3], R[3][3], S[3][3], u[3], rms, max;

    (void)state;
    for (int rank = 0; rank < 3; rank++)
        for (int improper = 0; improper < 2; improper++) {
            scatter(8, x);
            for (int k = 0; k < 8; k++)
                for (int c = rank; c < 3; c++)
                    x[k][c] = 1.0;
            random_rotation(&rng, 0, R);
            carry((const double(*)[3])R, t, 8, x, 0.0, y);
            assert_int_equal(
                sg_align(8, (const double(*)[3])x, (const double(*)[3])y, improper, S, u, &rms, &max), SG_OK);
            assert_true(max < 1e-9);
            assert_true(orthogonality((const double(*)[3])S) < 1e-12);
            if (rank < 2) assert_true(fabs(sg_align_determinant((const double(*)[3])S) - 1.0) < 1e-10);
        }
    assert_int_equal(sg_align(1, (const double(*)[3])x, (const double(*)[3])y, 1, S, u, NULL, &max), SG_OK);
    assert_true(max < 1e-12 && orthogonality((const double(*)[3])S) < 1e-12);
}

static void bad_input_is_refused(void **state)
{
    double x[2][3] = {{0}}, y[2][3] = {{NAN}}, S[3][3], u[3];

    (void)state;
    assert_int_equal(sg_align(0, (const double(*)[3])x, (const double(*)[3])y, 1, S, u, NULL, NULL),
                     SG_EINVAL);
    assert_int_equal(sg_align(2, (const double(*)[3])x, (const double(*)[3])y, 1, S, u, NULL, NULL),
                     SG_ENUMERIC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_map_is_found), cmocka_unit_test(noise_is_averaged),
        cmocka_unit_test(flat_and_straight_sets_align_too), cmocka_unit_test(bad_input_is_refused)};

    sg_rng_init(&rng, 13, SG_RNG_TEST, 0, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
