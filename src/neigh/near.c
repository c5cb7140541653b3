/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "near.h"

/* Every candidate is written, and kept if it is one: there is no branch to mispredict. */
uint32_t *near_plain(const double *x, const double *y, const double *z, int from, int end, const double at[3],
                     double r2_max, uint32_t *out)
{
    for (int k = from; k < end; k++) {
        const double dx = x[k] - at[0], dy = y[k] - at[1], dz = z[k] - at[2];
        *out = (uint32_t)k;
        out += dx * dx + dy * dy + dz * dz < r2_max;
    }
    return out;
}

near_filter *near_choose(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) return near_avx512;
    if (__builtin_cpu_supports("avx2")) return near_avx2;
#endif
    return near_plain;
}
