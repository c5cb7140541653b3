/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams against Random123's published vectors; distributions against their analytic laws, fixed seeds. */
#include "slowglass/core/rng.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

enum { N = 20000 };

static const double ks_limit = 1.95; /* sqrt(n) D: probability 1e-3 */
static const double z_limit = 4.0;   /* standard errors */

static sg_rng stream(uint64_t number)
{
    sg_rng rng;
    sg_rng_init(&rng, 20240607, SG_RNG_TEST, number, 0, 0);
    return rng;
}

static void expect_block(uint64_t counter, uint64_t key, const uint64_t expected[4])
{
    sg_rng rng;
    sg_rng_init(&rng, key, SG_RNG_TEST, counter, counter, counter);
    rng.key[1] = key;
    rng.counter[0] = counter;
    for (int i = 0; i < 4; i++)
        assert_true(sg_rng_bits(&rng) == expected[i]);
}

static void test_known_answers(void **state)
{
    (void)state;
    expect_block(
        0, 0,
        (const uint64_t[]){0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b});
    expect_block(
        UINT64_MAX, UINT64_MAX,
        (const uint64_t[]){0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0});

    sg_rng rng; /* digits of pi */
    sg_rng_init(&rng, 0x452821e638d01377, SG_RNG_TEST, 0x13198a2e03707344, 0xa4093822299f31d0,
                0x082efa98ec4e6c89);
    rng.key[1] = 0xbe5466cf34e90c6c;
    rng.counter[0] = 0x243f6a8885a308d3;
    assert_true(sg_rng_bits(&rng) == 0xa528f45403e61d95);
    assert_true(sg_rng_bits(&rng) == 0x38c72dbd566e9788);
    assert_true(sg_rng_bits(&rng) == 0xa5a1610e72fd18b5);
    assert_true(sg_rng_bits(&rng) == 0x57bd43b5e52b7fe6);
}

static void test_streams_differ_in_every_name(void **state)
{
    (void)state;
    sg_rng r[7];
    sg_rng_init(&r[0], 1, SG_RNG_SEARCH, 2, 3, 4);
    sg_rng_init(&r[1], 9, SG_RNG_SEARCH, 2, 3, 4);
    sg_rng_init(&r[2], 1, SG_RNG_VERIFY, 2, 3, 4);
    sg_rng_init(&r[3], 1, SG_RNG_SEARCH, 9, 3, 4);
    sg_rng_init(&r[4], 1, SG_RNG_SEARCH, 2, 9, 4);
    sg_rng_init(&r[5], 1, SG_RNG_SEARCH, 2, 3, 9);
    sg_rng_init(&r[6], 1, SG_RNG_SEARCH, 2, 3, 4);
    uint64_t first[7];
    for (int i = 0; i < 7; i++)
        first[i] = sg_rng_bits(&r[i]);
    assert_true(first[0] == first[6]);
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < i; j++)
            assert_true(first[i] != first[j]);
}

static void test_copy_continues_the_stream(void **state)
{
    (void)state;
    sg_rng rng = stream(1);
    for (int i = 0; i < 7; i++)
        sg_rng_normal(&rng);
    sg_rng copy = rng;
    for (int i = 0; i < 50; i++) {
        const double x = sg_rng_normal(&rng), y = sg_rng_normal(&copy);
        assert_memory_equal(&x, &y, sizeof x);
    }
}

static void test_neighbouring_streams_are_uncorrelated(void **state)
{
    (void)state;
    double sum = 0.0;
    for (uint64_t i = 0; i < N; i++) {
        sg_rng a = stream(i), b = stream(i + 1);
        sum += (sg_rng_uniform(&a) - 0.5) * (sg_rng_uniform(&b) - 0.5) * 12.0;
    }
    assert_true(fabs(sum) < z_limit * sqrt(N));
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double ks(double *x, int n, double (*cdf)(double, double), double parameter)
{
    double worst = 0.0;
    qsort(x, (size_t)n, sizeof *x, ascending);
    for (int i = 0; i < n; i++) {
        const double f = cdf(x[i], parameter);
        worst = fmax(worst, fmax(f - i / (double)n, (i + 1) / (double)n - f));
    }
    return worst * sqrt((double)n);
}

static double cdf_uniform(double x, double unused)
{
    (void)unused;
    return x;
}

static double cdf_normal(double x, double unused)
{
    (void)unused;
    return 0.5 * erfc(-x / sqrt(2.0));
}

/* Regularised lower incomplete gamma function: power series, all terms positive. */
static double cdf_gamma(double x, double shape)
{
    if (x <= 0.0) return 0.0;
    double term = exp(shape * log(x) - x - lgamma(shape + 1.0)), sum = term;
    for (int i = 1; i < 5000 && term > 1e-17 * sum; i++)
        sum += term *= x / (shape + i);
    return sum;
}

static void expect_mean_and_variance(const double *x, int n, double mean, double variance, double kurtosis)
{
    double m = 0.0, v = 0.0;
    for (int i = 0; i < n; i++)
        m += (x[i] - mean) / n;
    for (int i = 0; i < n; i++)
        v += (x[i] - mean) * (x[i] - mean) / n;
    assert_true(fabs(m) < z_limit * sqrt(variance / n));
    assert_true(fabs(v / variance - 1.0) < z_limit * sqrt((kurtosis - 1.0) / n));
}

static void test_uniform(void **state)
{
    (void)state;
    static double x[N];
    sg_rng rng = stream(2);
    for (int i = 0; i < N; i++)
        x[i] = sg_rng_uniform(&rng);
    expect_mean_and_variance(x, N, 0.5, 1.0 / 12.0, 1.8);
    assert_true(ks(x, N, cdf_uniform, 0.0) < ks_limit);
    assert_true(x[0] > 0.0 && x[N - 1] < 1.0);

    rng.used = 0; /* the extreme words stay inside the open interval */
    rng.block[0] = 0;
    rng.block[1] = UINT64_MAX;
    assert_true(sg_rng_uniform(&rng) == 0x1p-53);
    assert_true(sg_rng_uniform(&rng) == 1.0 - 0x1p-53);
}

static void test_normal(void **state)
{
    (void)state;
    static double x[N];
    sg_rng rng = stream(3);
    for (int i = 0; i < N; i++)
        x[i] = sg_rng_normal(&rng);
    expect_mean_and_variance(x, N, 0.0, 1.0, 3.0);
    assert_true(ks(x, N, cdf_normal, 0.0) < ks_limit);
}

static void test_gamma(void **state)
{
    (void)state;
    static const double shapes[] = {0.05, 0.3, 0.999, 1.0, 1.5, 7.0, 120.0};
    static double x[N];
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        const double a = shapes[k];
        sg_rng rng = stream(10 + k);
        for (int i = 0; i < N; i++)
            x[i] = sg_rng_gamma(&rng, a);
        expect_mean_and_variance(x, N, a, a, 3.0 + 6.0 / a);
        assert_true(ks(x, N, cdf_gamma, a) < ks_limit);
    }
    for (double a = 1e6; a < 1e16; a *= 1e3) { /* normal to within 1 / (3 sqrt(a)) */
        sg_rng rng = stream(30);
        for (int i = 0; i < N; i++)
            x[i] = (sg_rng_gamma(&rng, a) - a) / sqrt(a);
        assert_true(ks(x, N, cdf_normal, 0.0) < ks_limit);
    }
}

/* Chi-square of integer samples against probabilities p[0..bins), the tail lumped into the last bin.
 * Returned as a standard normal deviate (Wilson & Hilferty). */
static double chi_square_deviate(const double *x, int n, double (*log_p)(double k, double n, double p),
                                 double trials, double p, double lowest, int bins)
{
    double chi2 = 0.0, expected = 0.0, left = 1.0;
    int freedom = -1, got = 0, seen = 0;
    for (int b = 0; b < bins; b++) {
        const double q = exp(log_p(lowest + b, trials, p));
        expected += n * q;
        left -= q;
        for (int i = 0; i < n; i++)
            got += x[i] == lowest + b;
        if (expected < 20.0 && b + 1 < bins) continue;
        if (n * left < 20.0) break;
        chi2 += (got - expected) * (got - expected) / expected;
        seen += got;
        freedom++;
        got = 0;
        expected = 0.0;
    }
    const double rest = n * left + expected;
    chi2 += (n - seen - rest) * (n - seen - rest) / rest;
    freedom++;
    if (freedom < 1) return 0.0;
    const double f = 2.0 / (9.0 * freedom);
    return (cbrt(chi2 / freedom) - (1.0 - f)) / sqrt(f);
}

static double log_poisson(double k, double unused, double mean)
{
    (void)unused;
    return k * log(mean) - mean - lgamma(k + 1.0);
}

static double log_binomial(double k, double n, double p)
{
    if (k > n) return -INFINITY;
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) + k * log(p) + (n - k) * log1p(-p);
}

static void test_poisson(void **state)
{
    (void)state;
    static const double means[] = {1e-3, 0.7, 4.0, 9.999, 10.0, 25.0, 400.0};
    static double x[N];
    for (size_t k = 0; k < sizeof means / sizeof *means; k++) {
        const double m = means[k];
        sg_rng rng = stream(40 + k);
        for (int i = 0; i < N; i++)
            x[i] = sg_rng_poisson(&rng, m);
        expect_mean_and_variance(x, N, m, m, 3.0 + 1.0 / m);
        assert_true(chi_square_deviate(x, N, log_poisson, 0.0, m, 0.0, (int)(m + 8.0 * sqrt(m)) + 3) <
                    z_limit);
    }
    sg_rng rng = stream(60);
    assert_true(sg_rng_poisson(&rng, 0.0) == 0.0);
    assert_true(sg_rng_poisson(&rng, 1e-300) == 0.0);
    for (double m = 1e7; m < 1e17; m *= 1e2) {
        for (int i = 0; i < N; i++) {
            const double count = sg_rng_poisson(&rng, m);
            assert_true(count == floor(count));
            x[i] = (count - m) / sqrt(m);
        }
        expect_mean_and_variance(x, N, 0.0, 1.0, 3.0);
        assert_true(ks(x, N, cdf_normal, 0.0) < ks_limit);
    }
}

static void test_binomial_small(void **state)
{
    (void)state;
    static const struct {
        double n, p;
    } c[] = {{1, 0.5},    {5, 0.9},     {12, 0.3},     {40, 0.25},  {40, 0.5},     {40, 0.75},  {200, 0.02},
             {1000, 0.4}, {1e4, 0.999}, {1e6, 1.3e-6}, {1e6, 2e-5}, {1e12, 5e-13}, {3e9, 1e-8}, {20, 0.5}};
    static double x[N];
    for (size_t k = 0; k < sizeof c / sizeof *c; k++) {
        const double n = c[k].n, p = c[k].p, mean = n * p, variance = n * p * (1.0 - p);
        sg_rng rng = stream(80 + k);
        for (int i = 0; i < N; i++) {
            x[i] = sg_rng_binomial(&rng, n, p);
            assert_true(x[i] >= 0.0 && x[i] <= n && x[i] == floor(x[i]));
        }
        expect_mean_and_variance(x, N, mean, variance,
                                 3.0 + (1.0 - 6.0 * p * (1.0 - p)) / variance + (n == 1 ? 0.1 : 0.0));
        if (n > 1e8) continue; /* lgamma is no judge there */
        const double lowest = floor(fmax(0.0, mean - 9.0 * sqrt(variance) - 1.0));
        assert_true(chi_square_deviate(x, N, log_binomial, n, p, lowest, (int)(18.0 * sqrt(variance)) + 6) <
                    z_limit);
    }
}

static void test_binomial_huge(void **state)
{
    (void)state;
    static const double ps[] = {1e-6, 0.01, 0.5, 0.99, 1.0 - 1e-6};
    static double x[N];
    for (double n = 1e13; n < 2e15; n *= 10.0)
        for (size_t k = 0; k < sizeof ps / sizeof *ps; k++) {
            const double p = ps[k], deviation = sqrt(n * p * (1.0 - p));
            sg_rng rng = stream(120 + k);
            for (int i = 0; i < N; i++)
                x[i] = (sg_rng_binomial(&rng, n, p) - n * p) / deviation;
            expect_mean_and_variance(x, N, 0.0, 1.0, 3.0);
            assert_true(ks(x, N, cdf_normal, 0.0) < ks_limit);
        }
}

static void test_binomial_rare(void **state)
{
    (void)state;
    static double x[N];
    sg_rng rng = stream(140);
    for (int i = 0; i < N; i++)
        x[i] = sg_rng_binomial(&rng, 1e15, 2e-15); /* Poisson(2) to 1e-15 */
    assert_true(chi_square_deviate(x, N, log_poisson, 0.0, 2.0, 0.0, 14) < z_limit);
    for (int i = 0; i < N; i++)
        x[i] = 1e15 - sg_rng_binomial(&rng, 1e15, 1.0 - 0x1p-50);
    expect_mean_and_variance(x, N, 1e15 * 0x1p-50, 1e15 * 0x1p-50, 3.0 + 0x1p50 / 1e15);

    assert_true(sg_rng_binomial(&rng, 1e15, 0.0) == 0.0);
    assert_true(sg_rng_binomial(&rng, 1e15, 1.0) == 1e15);
    assert_true(sg_rng_binomial(&rng, 0.0, 0.3) == 0.0);
    assert_true(sg_rng_binomial(&rng, 1e15, 1e-310) == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_streams_differ_in_every_name),
        cmocka_unit_test(test_copy_continues_the_stream),
        cmocka_unit_test(test_neighbouring_streams_are_uncorrelated),
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_gamma),
        cmocka_unit_test(test_poisson),
        cmocka_unit_test(test_binomial_small),
        cmocka_unit_test(test_binomial_huge),
        cmocka_unit_test(test_binomial_rare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
