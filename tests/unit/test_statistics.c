/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quantiles against printed tables and closed forms; exact intervals against their defining sums; intervals
 * of ratios by how often they hold the truth. */
#include "slowglass/core/statistics.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "slowglass/core/rng.h"

static void expect(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance)) fail_msg("got %.15g, expected %.15g", got, expected);
}

/* One degree of freedom is Cauchy's, two have a closed form; the others are table values. */
static void test_student(void **state)
{
    (void)state;
    expect(sg_student_quantile(0.975, 1), tan(acos(-1) * 0.475), 1e-9);
    expect(sg_student_quantile(0.975, 2), 0.95 * sqrt(2 / (1 - 0.95 * 0.95)), 1e-10);
    expect(sg_student_quantile(0.975, 4), 2.776, 5e-4);
    expect(sg_student_quantile(0.95, 10), 1.812, 5e-4);
    expect(sg_student_quantile(0.025, 30), -2.042, 5e-4);
    expect(sg_student_quantile(0.975, 1e7), 1.959964, 2e-6);
    assert_true(isnan(sg_student_quantile(0.975, 0)));
}

static double binomial_tail(int from, int to, int n, double p)
{
    double sum = 0;

    for (int k = from; k <= to; k++)
        sum += exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p));
    return sum;
}

static void test_binomial(void **state)
{
    (void)state;
    for (int n = 1; n <= 60; n += 7)
        for (int m = 0; m <= n; m += 3) {
            const sg_estimate e = sg_binomial_share(m, n, 0.95);
            expect(e.value, (double)m / n, 0);
            if (m > 0) expect(binomial_tail(m, n, n, e.low), 0.025, 1e-10);
            if (m < n) expect(binomial_tail(0, m, n, e.high), 0.025, 1e-10);
        }
    expect(sg_binomial_share(0, 10, 0.95).high, 1 - pow(0.025, 0.1), 1e-12);
    expect(sg_binomial_share(0, 10, 0.95).low, 0, 0);
    assert_true(isnan(sg_binomial_share(0, 0, 0.95).value));
}

static double poisson_below(int n, double mean) /* P(N <= n) */
{
    double sum = 0;

    for (int k = 0; k <= n; k++)
        sum += exp(-mean + k * log(mean) - lgamma(k + 1));
    return sum;
}

static void test_poisson(void **state)
{
    (void)state;
    expect(sg_poisson_mean(0, 0.95).high, -log(0.025), 1e-10);
    for (int n = 1; n < 200; n += 11) {
        const sg_estimate e = sg_poisson_mean(n, 0.9);
        expect(1 - poisson_below(n - 1, e.low), 0.05, 1e-9);
        expect(poisson_below(n, e.high), 0.05, 1e-9);
    }
}

static void test_mean(void **state)
{
    (void)state;
    const double v[] = {1, NAN, 2, 3, 6};
    const sg_mean m = sg_mean_of(5, v);
    assert_int_equal(m.n, 4);
    expect(m.mean, 3, 0);
    expect(m.spread, sqrt(14. / 3), 1e-15);
    expect(m.error, sqrt(14. / 12), 1e-15);
    assert_true(isnan(sg_mean_of(1, v).error));
    assert_true(isnan(sg_mean_of(0, v).mean));
}

/* Ratios of two means of five numbers each hold the truth as often as they say; with a precise denominator
 * the interval is Student's. */
static void test_ratio(void **state)
{
    enum { TRIALS = 2000, N = 5 };
    int covered = 0;
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 7, SG_RNG_TEST, 1, 0, 0);
    for (int trial = 0; trial < TRIALS; trial++) {
        double a[N], b[N];
        for (int k = 0; k < N; k++) {
            a[k] = 6 + 2 * sg_rng_normal(&rng);
            b[k] = 4 + sg_rng_normal(&rng);
        }
        const sg_mean ma = sg_mean_of(N, a), mb = sg_mean_of(N, b);
        const sg_estimate e =
            sg_ratio(ma.mean, ma.error * ma.error, N - 1, mb.mean, mb.error * mb.error, N - 1, 0.95);
        covered += e.low <= 1.5 && 1.5 <= e.high;
    }
    expect(covered, 0.95 * TRIALS, 4 * sqrt(0.05 * 0.95 * TRIALS));
    const sg_estimate e = sg_ratio(6, 0.04, 4, 2, 0, 4, 0.95);
    expect(e.low, 3 - sg_student_quantile(0.975, 4) * 0.1, 1e-9);
    expect(e.high, 3 + sg_student_quantile(0.975, 4) * 0.1, 1e-9);
    assert_true(isinf(sg_ratio(6, 0.04, 4, 0.1, 1, 4, 0.95).high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_student), cmocka_unit_test(test_binomial), cmocka_unit_test(test_poisson),
        cmocka_unit_test(test_mean),    cmocka_unit_test(test_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
