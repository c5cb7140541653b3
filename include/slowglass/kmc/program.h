/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A strain that changes with time, as a walk carries it out: by increments at instants fixed beforehand,
 * constant between them. A ramp from (t0, g0) to (t1, g1) is cut into the fewest equal increments that none
 * exceeds the largest allowed; increment k of m is made half an increment early, at t0 + (k - 1/2) (t1 - t0)
 * / m, so that the strain is that of the ramp on average. Strains are rounded to 1e-12: the way back meets
 * those of the way there. */
#ifndef SLOWGLASS_KMC_PROGRAM_H
#define SLOWGLASS_KMC_PROGRAM_H

#include <stdint.h>

typedef struct sg_program {
    int n;
    const double (
        *point)[2];   /* [n] time (s) and strain, borrowed; times ascend from 0, equal ones are a jump */
    double start;     /* strain at time 0 if n is 0 */
    double rate;      /* 1/s, after the last point, up to a strain of 1 */
    double increment; /* largest, > 0 */
} sg_program;

typedef struct sg_increment {
    double time, gamma; /* s; strain afterwards */
} sg_increment;

/** Increment number k = 0, 1, .. in the order of time.
 * @return 0: there are no more. Threads: any. Cost: O(n). */
int sg_program_increment(const sg_program *program, uint64_t k, sg_increment *out);

#endif
