/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counter-based random numbers: a stream is a pure function of (seed, purpose, a, b, c), so that results do
 * not depend on threads, on order of execution or on where a run was resumed. Philox4x64-10 of Random123.
 * Source: Salmon, Moraes, Dror & Shaw, SC11 (2011), "Parallel random numbers: as easy as 1, 2, 3".
 * Distributions: Marsaglia & Tsang, ACM TOMS 26, 363 (2000) (gamma); Hörmann, J. Stat. Comput. Simul. 46, 101
 * (1993) and Insur. Math. Econ. 12, 39 (1993) (binomial, Poisson by transformed rejection). */
#ifndef SLOWGLASS_CORE_RNG_H
#define SLOWGLASS_CORE_RNG_H

#include <stdint.h>

typedef enum sg_rng_purpose { /* part of the stream's name: never renumber */
                              SG_RNG_TEST = 0,
                              SG_RNG_SEARCH = 1, /* a = state, b = atom, c = run-local attempt */
                              SG_RNG_STEP = 2,   /* a = step */
                              SG_RNG_BASIN = 3,  /* a = step */
                              SG_RNG_VERIFY = 4, /* a = state, b = atom, c = attempt */
                              SG_RNG_USER = 5,
                              SG_RNG_CHOICE = 6,        /* of a sampler: a = state, b = atom, c = attempt */
                              SG_RNG_MD_VELOCITY = 7,   /* a = stream, b = draw */
                              SG_RNG_MD_THERMOSTAT = 8, /* a = stream, b = step */
                              SG_RNG_MD_BAROSTAT = 9,   /* a = stream, b = step */
                              SG_RNG_SWAP = 10,         /* Monte Carlo exchanges: a = stream, b = sweep */
                              SG_RNG_START = 11         /* random places of a start */
} sg_rng_purpose;

typedef struct sg_rng { /* caller's storage; copy by assignment */
    uint64_t key[2];
    uint64_t counter[4];
    uint64_t block[4];
    int used; /* words of block already given out */
    double spare_normal;
    int has_spare;
} sg_rng;

/** Start of the stream (seed, purpose, a, b, c). */
void sg_rng_init(sg_rng *rng, uint64_t seed, sg_rng_purpose purpose, uint64_t a, uint64_t b, uint64_t c);

uint64_t sg_rng_bits(sg_rng *rng);

/** Uniform in the open interval (0, 1), 53 bits. */
double sg_rng_uniform(sg_rng *rng);

/** Standard normal. */
double sg_rng_normal(sg_rng *rng);

/** Gamma variate of the given shape > 0 and scale 1. */
double sg_rng_gamma(sg_rng *rng, double shape);

/** Poisson variate, mean >= 0; a double because counts may exceed 2^31 (exact integers up to 2^53). */
double sg_rng_poisson(sg_rng *rng, double mean);

/** Binomial variate, n trials (an integer-valued double), success probability p in [0, 1]. */
double sg_rng_binomial(sg_rng *rng, double n, double p);

#endif
