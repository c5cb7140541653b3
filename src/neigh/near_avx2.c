/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Four points at a time, for AVX2. Compiled for it; reached only where it exists. */
#include "near.h"

#include <immintrin.h>

uint32_t *near_avx2(const double *x, const double *y, const double *z, int from, int end, const double at[3],
                    double r2_max, uint32_t *out)
{
    static const uint32_t kept[16][4] = {{0, 0, 0, 0}, {0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {2, 0, 0, 0},
                                         {0, 2, 0, 0}, {1, 2, 0, 0}, {0, 1, 2, 0}, {3, 0, 0, 0}, {0, 3, 0, 0},
                                         {1, 3, 0, 0}, {0, 1, 3, 0}, {2, 3, 0, 0}, {0, 2, 3, 0}, {1, 2, 3, 0},
                                         {0, 1, 2, 3}}; /* lanes, by mask; the rest does not matter */
    const __m256d ax = _mm256_set1_pd(at[0]), ay = _mm256_set1_pd(at[1]), az = _mm256_set1_pd(at[2]);
    const __m256d limit = _mm256_set1_pd(r2_max);
    int k = from;

    for (; k + 4 <= end; k += 4) {
        const __m256d dx = _mm256_sub_pd(_mm256_loadu_pd(x + k), ax);
        const __m256d dy = _mm256_sub_pd(_mm256_loadu_pd(y + k), ay);
        const __m256d dz = _mm256_sub_pd(_mm256_loadu_pd(z + k), az);
        const __m256d xy = _mm256_add_pd(_mm256_mul_pd(dx, dx), _mm256_mul_pd(dy, dy));
        const __m256d r2 = _mm256_add_pd(xy, _mm256_mul_pd(dz, dz));
        const int near = _mm256_movemask_pd(_mm256_cmp_pd(r2, limit, _CMP_LT_OQ));
        const __m128i lanes = _mm_loadu_si128((const __m128i *)(const void *)kept[near]);
        _mm_storeu_si128((__m128i *)(void *)out, _mm_add_epi32(_mm_set1_epi32(k), lanes));
        out += __builtin_popcount((unsigned)near);
    }
    return near_plain(x, y, z, k, end, at, r2_max, out);
}
