/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fast kernel with eight lanes, for AVX-512 (F, DQ, VL). Compiled for those; reached only where they
 * exist. */
#include "eam.h"

#include <immintrin.h>

enum { LANES = 8 };
typedef __m512d vd;  /* a number per lane */
typedef __m512i vl;  /* a 64-bit integer per lane */
typedef __mmask8 vm; /* which lanes */
typedef __m256i ve;  /* a list entry per lane */

static inline vd vd_all(double a)
{
    return _mm512_set1_pd(a);
}

static inline vd vd_load(const double *p)
{
    return _mm512_load_pd(p);
}

static inline void vd_store(double *p, vd a)
{
    _mm512_store_pd(p, a);
}

static inline vd vf_load(const float *p)
{
    return _mm512_cvtps_pd(_mm256_loadu_ps(p));
}

static inline void vf_store(float *p, vd a)
{
    _mm256_storeu_ps(p, _mm512_cvtpd_ps(a));
}

static inline vd vd_fma(vd a, vd b, vd c) /* a b + c */
{
    return _mm512_fmadd_pd(a, b, c);
}

static inline vd vd_max(vd a, vd b)
{
    return _mm512_max_pd(a, b);
}

static inline vd vd_min(vd a, vd b)
{
    return _mm512_min_pd(a, b);
}

static inline vm vd_less(vd a, vd b)
{
    return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ);
}

static inline vd vd_choose(vm m, vd yes, vd no)
{
    return _mm512_mask_blend_pd(m, no, yes);
}

static inline double vd_sum(vd a)
{
    return _mm512_reduce_add_pd(a);
}

static inline ve ve_load(const uint32_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* Append the lanes of m to out (and s to s_out), in order; room for all lanes is needed. @return how many. */
static inline int append(vm m, ve entry, vd s, uint32_t *out, double *s_out)
{
    _mm256_storeu_si256((__m256i *)(void *)out, _mm256_maskz_compress_epi32(m, entry));
    _mm512_storeu_pd(s_out, _mm512_maskz_compress_pd(m, s));
    return __builtin_popcount(m);
}

static inline vl ve_types(ve entry)
{
    return _mm512_and_si512(_mm512_cvtepu32_epi64(entry), _mm512_set1_epi64(SG_MAX_SPECIES - 1));
}

static inline vm vl_less_than(vl a, int64_t b)
{
    return _mm512_cmplt_epi64_mask(a, _mm512_set1_epi64(b));
}

static inline vl look_up(const int64_t of[SG_MAX_SPECIES], vl type)
{
    return _mm512_permutexvar_epi64(type, _mm512_loadu_si512(of));
}

/* Where s lies: bytes to its row, to be added to where the pair's tables begin, and its distance from the
 * lower edge of the bin. */
static inline vl locate(const sg_eam_table *t, vd s, vd *p)
{
    const vl bits = _mm512_castpd_si512(vd_min(vd_max(s, vd_all(t->s_floor)), vd_all(t->s_end)));
    const vd edge = _mm512_castsi512_pd(_mm512_and_si512(bits, _mm512_set1_epi64(t->edge_mask)));
    *p = s - vd_max(edge, vd_all(t->s_min));
    return _mm512_and_si512(_mm512_srl_epi64(bits, _mm_cvtsi64_si128(t->row_shift)),
                            _mm512_set1_epi64(t->row_mask));
}

static inline void vl_add_store(vl a, vl b, int64_t *out)
{
    _mm512_store_si512(out, _mm512_add_epi64(a, b));
}

/* Two rows of four, at a and b. */
static inline vd two_rows(const void *a, const void *b)
{
    return _mm512_insertf64x4(_mm512_castpd256_pd512(_mm256_load_pd(a)), _mm256_load_pd(b), 1);
}

/* c[k] = k-th column of eight rows, of which z[k] holds rows k and k + 4. */
static inline void columns(const vd z[4], vd c[4])
{
    const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13),
                  high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    const vd even = _mm512_unpacklo_pd(z[0], z[1]), even2 = _mm512_unpacklo_pd(z[2], z[3]);
    const vd odd = _mm512_unpackhi_pd(z[0], z[1]), odd2 = _mm512_unpackhi_pd(z[2], z[3]);
    c[0] = _mm512_permutex2var_pd(even, low, even2);
    c[1] = _mm512_permutex2var_pd(odd, low, odd2);
    c[2] = _mm512_permutex2var_pd(even, high, even2);
    c[3] = _mm512_permutex2var_pd(odd, high, odd2);
}

/* Columns of the rows of four doubles at base + offset[lane]. */
static inline void load_rows(const char *base, const int64_t *offset, vd c[4])
{
    vd z[4];
    for (int k = 0; k < 4; k++)
        z[k] = two_rows(base + offset[k], base + offset[k + 4]);
    columns(z, c);
}

/* The same for the rows of places. */
static inline void load_places(const double (*x)[4], const uint32_t *entry, vd c[4])
{
    const char *const base = (const char *)x;
    const uint32_t rows = ~((1u << SG_HALO_TYPE_BITS) - 1u);
    vd z[4];
    for (int k = 0; k < 4; k++)
        z[k] = two_rows(base + (entry[k] & rows), base + (entry[k + 4] & rows));
    columns(z, c);
}

/* Only the fourth column. */
static inline vd load_fourth(const double (*x)[4], const uint32_t *entry)
{
    const __m256i place = _mm256_srli_epi32(ve_load(entry), SG_HALO_TYPE_BITS);
    return _mm512_i32gather_pd(_mm256_slli_epi32(place, 2), &x[0][3], 8);
}

static inline void subtract_from(double *row, __m256d a)
{
    _mm256_store_pd(row, _mm256_sub_pd(_mm256_load_pd(row), a));
}

/* f[place] -= (x, y, z, 0), lane after lane. */
static inline void subtract_places(double (*f)[4], const uint32_t *entry, vd x, vd y, vd z)
{
    const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11),
                  high = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    const vd zero = _mm512_setzero_pd();
    const vd xy_even = _mm512_unpacklo_pd(x, y), z_even = _mm512_unpacklo_pd(z, zero);
    const vd xy_odd = _mm512_unpackhi_pd(x, y), z_odd = _mm512_unpackhi_pd(z, zero);
    const vd row02 = _mm512_permutex2var_pd(xy_even, low, z_even),
             row46 = _mm512_permutex2var_pd(xy_even, high, z_even);
    const vd row13 = _mm512_permutex2var_pd(xy_odd, low, z_odd),
             row57 = _mm512_permutex2var_pd(xy_odd, high, z_odd);

    subtract_from(f[entry[0] >> SG_HALO_TYPE_BITS], _mm512_castpd512_pd256(row02));
    subtract_from(f[entry[1] >> SG_HALO_TYPE_BITS], _mm512_castpd512_pd256(row13));
    subtract_from(f[entry[2] >> SG_HALO_TYPE_BITS], _mm512_extractf64x4_pd(row02, 1));
    subtract_from(f[entry[3] >> SG_HALO_TYPE_BITS], _mm512_extractf64x4_pd(row13, 1));
    subtract_from(f[entry[4] >> SG_HALO_TYPE_BITS], _mm512_castpd512_pd256(row46));
    subtract_from(f[entry[5] >> SG_HALO_TYPE_BITS], _mm512_castpd512_pd256(row57));
    subtract_from(f[entry[6] >> SG_HALO_TYPE_BITS], _mm512_extractf64x4_pd(row46, 1));
    subtract_from(f[entry[7] >> SG_HALO_TYPE_BITS], _mm512_extractf64x4_pd(row57, 1));
}

/* to[place] += a; the places of a row's entries differ. */
static inline void add_places(double *to, const uint32_t *entry, vd a)
{
    const __m256i place = _mm256_srli_epi32(ve_load(entry), SG_HALO_TYPE_BITS);
    _mm512_i32scatter_pd(to, place, _mm512_i32gather_pd(place, to, 8) + a, 8);
}

#include "eam_vector.h"

static int available(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}

const sg_eam_kernel sg_eam_avx512 = {.name = "avx512",
                                     .available = available,
                                     .density = density_pass,
                                     .force = force_pass,
                                     .coefficients = coefficient_pass,
                                     .respond = response_pass,
                                     .product = product_pass};
