/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counter-based streams and the distributions drawn from them.
 *
 * Layout: key = {seed, purpose}, counter = {block, a, b, c}; counter[0] is the next block to be made, a block
 * holds four words and `used` of them are gone. 2^64 blocks per stream, and no two streams share a block.
 *
 * Counts run to 1e15 and beyond, where lgamma(k + 1) has lost every digit that matters. Probabilities of
 * counts are therefore taken in saddle-point form, log p = -deviance - Stirling remainders, whose terms stay
 * of order one. Source: C. Loader, "Fast and accurate computation of binomial probabilities" (2000); the rest
 * in rng.h. */
#include "slowglass/core/rng.h"

#include <assert.h>
#include <math.h>

#include <Random123/philox.h>

enum { BLOCK_WORDS = 4 };

static const double small_mean = 10.0; /* transformed rejection holds from here on; below, waiting is short */
static const double log_2pi = 1.8378770664093454836;

static double exponential(sg_rng *rng);
static double stirling_remainder(double k);
static double deviance(double k, double mean);
static double poisson_log_probability(double k, double mean);
static double binomial_log_probability(double k, double n, double p);
static double poisson_by_waiting(sg_rng *rng, double mean);
static double poisson_by_rejection(sg_rng *rng, double mean);
static double binomial_by_waiting(sg_rng *rng, double n, double p);
static double binomial_by_rejection(sg_rng *rng, double n, double p);

void sg_rng_init(sg_rng *rng, uint64_t seed, sg_rng_purpose purpose, uint64_t a, uint64_t b, uint64_t c)
{
    *rng = (sg_rng){.key = {seed, (uint64_t)purpose}, .counter = {0, a, b, c}, .used = BLOCK_WORDS};
}

uint64_t sg_rng_bits(sg_rng *rng)
{
    if (rng->used == BLOCK_WORDS) {
        const philox4x64_ctr_t counter = {
            {rng->counter[0], rng->counter[1], rng->counter[2], rng->counter[3]}};
        const philox4x64_key_t key = {{rng->key[0], rng->key[1]}};
        const philox4x64_ctr_t block = philox4x64(counter, key);
        for (int i = 0; i < BLOCK_WORDS; i++)
            rng->block[i] = block.v[i];
        rng->counter[0]++;
        rng->used = 0;
    }
    return rng->block[rng->used++];
}

double sg_rng_uniform(sg_rng *rng)
{
    /* Odd multiples of 2^-53: both ends are out of reach and the largest one does not round to 1. */
    return ((double)(sg_rng_bits(rng) >> 12) + 0.5) * 0x1p-52;
}

double sg_rng_normal(sg_rng *rng)
{
    double x, y, s;

    if (rng->has_spare) {
        rng->has_spare = 0;
        return rng->spare_normal;
    }
    do { /* polar method: a point in the unit disc */
        x = 2.0 * sg_rng_uniform(rng) - 1.0;
        y = 2.0 * sg_rng_uniform(rng) - 1.0;
        s = x * x + y * y;
    } while (s >= 1.0 || s == 0.0);
    const double scale = sqrt(-2.0 * log(s) / s);
    rng->spare_normal = y * scale;
    rng->has_spare = 1;
    return x * scale;
}

double sg_rng_gamma(sg_rng *rng, double shape)
{
    assert(shape > 0.0);
    if (shape < 1.0) { /* Gamma(shape) = Gamma(shape + 1) U^(1/shape) */
        const double g = sg_rng_gamma(rng, shape + 1.0);
        return g * exp(-exponential(rng) / shape);
    }
    const double d = shape - 1.0 / 3.0;
    const double c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        const double x = sg_rng_normal(rng);
        const double t = 1.0 + c * x;
        if (t <= 0.0) continue;
        const double v = t * t * t;
        if (log(sg_rng_uniform(rng)) < 0.5 * x * x + d * (1.0 - v + log(v))) return d * v;
    }
}

double sg_rng_poisson(sg_rng *rng, double mean)
{
    assert(mean >= 0.0 && mean < INFINITY);
    if (mean == 0.0) return 0.0;
    return mean < small_mean ? poisson_by_waiting(rng, mean) : poisson_by_rejection(rng, mean);
}

double sg_rng_binomial(sg_rng *rng, double n, double p)
{
    assert(n >= 0.0 && n < INFINITY && p >= 0.0 && p <= 1.0);
    if (p > 0.5) return n - sg_rng_binomial(rng, n, 1.0 - p); /* 1 - p is exact here */
    if (n == 0.0 || p == 0.0) return 0.0;
    return n * p < small_mean ? binomial_by_waiting(rng, n, p) : binomial_by_rejection(rng, n, p);
}

static double exponential(sg_rng *rng)
{
    return -log(sg_rng_uniform(rng));
}

/* log k! - [k log k - k + log(2 pi k) / 2], k >= 1; the series' first neglected term is below 1e-13 from 16
 * on. */
static double stirling_remainder(double k)
{
    if (k > 15.0) {
        const double k2 = k * k;
        return (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / 1680.0 / k2) / k2) / k2) / k;
    }
    double factorial = 1.0;
    for (double i = 2.0; i <= k; i += 1.0)
        factorial *= i;
    return log(factorial) - (k * log(k) - k + 0.5 * (log_2pi + log(k)));
}

/* k log(k / mean) + mean - k without cancellation; k, mean > 0. With v = (k - mean) / (k + mean) the
 * logarithm is 2 artanh v, which leaves (k - mean) v + 2 k (v^3/3 + v^5/5 + ...). */
static double deviance(double k, double mean)
{
    const double v = (k - mean) / (k + mean);
    double sum = (k - mean) * v;

    if (fabs(v) > 0.1) return k * log(k / mean) + mean - k;
    double power = 2.0 * k * v;
    for (int j = 3; j < 100; j += 2) {
        power *= v * v;
        const double next = sum + power / j;
        if (next == sum) break;
        sum = next;
    }
    return sum;
}

static double poisson_log_probability(double k, double mean)
{
    if (k == 0.0) return -mean;
    return -deviance(k, mean) - stirling_remainder(k) - 0.5 * (log_2pi + log(k));
}

static double binomial_log_probability(double k, double n, double p)
{
    const double rest = n - k;

    if (k == 0.0) return n * log1p(-p);
    if (rest == 0.0) return n * log(p);
    return stirling_remainder(n) - stirling_remainder(k) - stirling_remainder(rest) - deviance(k, n * p) -
           deviance(rest, n * (1.0 - p)) - 0.5 * (log_2pi + log(k) + log(rest / n));
}

/* Arrivals of a unit-rate process before `mean`. */
static double poisson_by_waiting(sg_rng *rng, double mean)
{
    double count = 0.0;

    for (double t = exponential(rng); t < mean; t += exponential(rng))
        count += 1.0;
    return count;
}

/* Hörmann's PTRS. */
static double poisson_by_rejection(sg_rng *rng, double mean)
{
    const double b = 0.931 + 2.53 * sqrt(mean);
    const double a = -0.059 + 0.02483 * b;
    const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    const double v_inside = 0.9277 - 3.6224 / (b - 2.0);

    for (;;) {
        const double u = sg_rng_uniform(rng) - 0.5;
        const double v = sg_rng_uniform(rng);
        const double us = 0.5 - fabs(u);
        const double k = floor((2.0 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= v_inside) return k;
        if (k < 0.0 || (us < 0.013 && v > us)) continue;
        if (log(v * inverse_alpha / (a / (us * us) + b)) <= poisson_log_probability(k, mean)) return k;
    }
}

/* Distances between successes are geometric; p <= 1/2 and about n p of them are drawn. */
static double binomial_by_waiting(sg_rng *rng, double n, double p)
{
    const double decay = -log1p(-p);
    double count = 0.0;

    for (double at = floor(exponential(rng) / decay) + 1.0; at <= n;
         at += floor(exponential(rng) / decay) + 1.0)
        count += 1.0;
    return count;
}

/* Hörmann's BTRS, p <= 1/2. */
static double binomial_by_rejection(sg_rng *rng, double n, double p)
{
    const double deviation = sqrt(n * p * (1.0 - p));
    const double b = 1.15 + 2.53 * deviation;
    const double a = -0.0873 + 0.0248 * b + 0.01 * p;
    const double alpha = (2.83 + 5.1 / b) * deviation;
    const double v_inside = 0.92 - 4.2 / b;
    const double log_peak = binomial_log_probability(floor((n + 1.0) * p), n, p);

    for (;;) {
        const double u = sg_rng_uniform(rng) - 0.5;
        const double v = sg_rng_uniform(rng);
        const double us = 0.5 - fabs(u);
        const double k = floor((2.0 * a / us + b) * u + n * p + 0.5);
        if (k < 0.0 || k > n) continue;
        if (us >= 0.07 && v <= v_inside) return k;
        if (log(v * alpha / (a / (us * us) + b)) <= binomial_log_probability(k, n, p) - log_peak) return k;
    }
}
