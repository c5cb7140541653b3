/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of a run of points lie within a radius: the inner loop of list building, for each instruction set.
 * All give the same answer to the last bit (no fused operations), so that a list does not depend on the
 * processor. */
#ifndef SLOWGLASS_NEAR_H
#define SLOWGLASS_NEAR_H

#include <stdint.h>

/* Append to out those k of from..end-1 for which (x[k] y[k] z[k]) lies closer to `at` than sqrt(r2_max), in
 * order; room for end - from + NEAR_MARGIN is needed. Returns the new end. */
enum { NEAR_MARGIN = 8 };
typedef uint32_t *near_filter(const double *x, const double *y, const double *z, int from, int end,
                              const double at[3], double r2_max, uint32_t *out);

near_filter near_plain, near_avx2, near_avx512;

/** The fastest here. */
near_filter *near_choose(void);

#endif
