/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Eight points at a time, for AVX-512 (F, VL). Compiled for those; reached only where they exist. */
#include "near.h"

#include <immintrin.h>

uint32_t *near_avx512(const double *x, const double *y, const double *z, int from, int end,
                      const double at[3], double r2_max, uint32_t *out)
{
    const __m512d ax = _mm512_set1_pd(at[0]), ay = _mm512_set1_pd(at[1]), az = _mm512_set1_pd(at[2]);
    const __m512d limit = _mm512_set1_pd(r2_max);
    __m256i number = _mm256_add_epi32(_mm256_set1_epi32(from), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));

    for (int k = from; k < end; k += 8) {
        const __mmask8 there = (__mmask8)(end - k >= 8 ? 0xffu : (1u << (end - k)) - 1u);
        const __m512d dx = _mm512_sub_pd(_mm512_maskz_loadu_pd(there, x + k), ax);
        const __m512d dy = _mm512_sub_pd(_mm512_maskz_loadu_pd(there, y + k), ay);
        const __m512d dz = _mm512_sub_pd(_mm512_maskz_loadu_pd(there, z + k), az);
        const __m512d xy = _mm512_add_pd(_mm512_mul_pd(dx, dx), _mm512_mul_pd(dy, dy));
        const __m512d r2 = _mm512_add_pd(xy, _mm512_mul_pd(dz, dz));
        const __mmask8 near = _mm512_mask_cmp_pd_mask(there, r2, limit, _CMP_LT_OQ);
        _mm256_storeu_si256((__m256i *)(void *)out, _mm256_maskz_compress_epi32(near, number));
        out += __builtin_popcount(near);
        number = _mm256_add_epi32(number, _mm256_set1_epi32(8));
    }
    return out;
}
