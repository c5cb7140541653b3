/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fast kernel with four lanes, for AVX2 and FMA. Compiled for those; reached only where they exist. */
#include "eam.h"

#include <immintrin.h>

enum { LANES = 4 };
typedef __m256d vd; /* a number per lane */
typedef __m256i vl; /* a 64-bit integer per lane */
typedef __m256d vm; /* which lanes: all bits or none */
typedef __m128i ve; /* a list entry per lane */

static inline vd vd_all(double a)
{
    return _mm256_set1_pd(a);
}

static inline vd vd_load(const double *p)
{
    return _mm256_load_pd(p);
}

static inline void vd_store(double *p, vd a)
{
    _mm256_store_pd(p, a);
}

static inline vd vf_load(const float *p)
{
    return _mm256_cvtps_pd(_mm_loadu_ps(p));
}

static inline void vf_store(float *p, vd a)
{
    _mm_storeu_ps(p, _mm256_cvtpd_ps(a));
}

static inline vd vd_fma(vd a, vd b, vd c) /* a b + c */
{
    return _mm256_fmadd_pd(a, b, c);
}

static inline vd vd_max(vd a, vd b)
{
    return _mm256_max_pd(a, b);
}

static inline vd vd_min(vd a, vd b)
{
    return _mm256_min_pd(a, b);
}

static inline vm vd_less(vd a, vd b)
{
    return _mm256_cmp_pd(a, b, _CMP_LT_OQ);
}

static inline vd vd_choose(vm m, vd yes, vd no)
{
    return _mm256_blendv_pd(no, yes, m);
}

static inline double vd_sum(vd a)
{
    const __m128d half = _mm_add_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
    return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}

static inline ve ve_load(const uint32_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Append the lanes of m to out (and s to s_out), in order; room for all lanes is needed. @return how many. */
static inline int append(vm m, ve entry, vd s, uint32_t *out, double *s_out)
{
    static const uint32_t half[16][8] = {
        /* 32-bit halves of the lanes kept, by mask; the rest does not matter */
        {0},
        {0, 1},
        {2, 3},
        {0, 1, 2, 3},
        {4, 5},
        {0, 1, 4, 5},
        {2, 3, 4, 5},
        {0, 1, 2, 3, 4, 5},
        {6, 7},
        {0, 1, 6, 7},
        {2, 3, 6, 7},
        {0, 1, 2, 3, 6, 7},
        {4, 5, 6, 7},
        {0, 1, 4, 5, 6, 7},
        {2, 3, 4, 5, 6, 7},
        {0, 1, 2, 3, 4, 5, 6, 7}};
    const int mask = _mm256_movemask_pd(m);
    const __m256i order = _mm256_loadu_si256((const __m256i *)(const void *)half[mask]);
    /* entries as the lower halves of 64-bit lanes go the same way as the numbers */
    const __m256i moved = _mm256_permutevar8x32_epi32(_mm256_cvtepu32_epi64(entry), order);
    const __m256i packed = _mm256_permutevar8x32_epi32(moved, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6));

    _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(packed));
    _mm256_storeu_pd(s_out, _mm256_castsi256_pd(_mm256_permutevar8x32_epi32(_mm256_castpd_si256(s), order)));
    return __builtin_popcount((unsigned)mask);
}

static inline vl ve_types(ve entry)
{
    return _mm256_and_si256(_mm256_cvtepu32_epi64(entry), _mm256_set1_epi64x(SG_MAX_SPECIES - 1));
}

static inline vm vl_less_than(vl a, int64_t b)
{
    return _mm256_castsi256_pd(_mm256_cmpgt_epi64(_mm256_set1_epi64x(b), a));
}

static inline vl look_up(const int64_t of[SG_MAX_SPECIES], vl type)
{
    return _mm256_i64gather_epi64((const long long *)of, type, 8);
}

/* Where s lies: bytes to its row, to be added to where the pair's tables begin, and its distance from the
 * lower edge of the bin. */
static inline vl locate(const sg_eam_table *t, vd s, vd *p)
{
    const vl bits = _mm256_castpd_si256(vd_min(vd_max(s, vd_all(t->s_floor)), vd_all(t->s_end)));
    const vd edge = _mm256_castsi256_pd(_mm256_and_si256(bits, _mm256_set1_epi64x(t->edge_mask)));
    *p = s - vd_max(edge, vd_all(t->s_min));
    return _mm256_and_si256(_mm256_srl_epi64(bits, _mm_cvtsi64_si128(t->row_shift)),
                            _mm256_set1_epi64x(t->row_mask));
}

static inline void vl_add_store(vl a, vl b, int64_t *out)
{
    _mm256_store_si256((__m256i *)(void *)out, _mm256_add_epi64(a, b));
}

/* c[k] = k-th column of the four rows z. */
static inline void columns(const vd z[4], vd c[4])
{
    const vd even = _mm256_unpacklo_pd(z[0], z[1]), even2 = _mm256_unpacklo_pd(z[2], z[3]);
    const vd odd = _mm256_unpackhi_pd(z[0], z[1]), odd2 = _mm256_unpackhi_pd(z[2], z[3]);
    c[0] = _mm256_permute2f128_pd(even, even2, 0x20);
    c[1] = _mm256_permute2f128_pd(odd, odd2, 0x20);
    c[2] = _mm256_permute2f128_pd(even, even2, 0x31);
    c[3] = _mm256_permute2f128_pd(odd, odd2, 0x31);
}

/* Columns of the rows of four doubles at base + offset[lane]. */
static inline void load_rows(const char *base, const int64_t *offset, vd c[4])
{
    vd z[4];
    for (int k = 0; k < 4; k++)
        z[k] = _mm256_load_pd((const double *)(const void *)(base + offset[k]));
    columns(z, c);
}

/* The same for the rows of places. */
static inline void load_places(const double (*x)[4], const uint32_t *entry, vd c[4])
{
    vd z[4];
    for (int k = 0; k < 4; k++)
        z[k] = _mm256_load_pd(x[entry[k] >> SG_HALO_TYPE_BITS]);
    columns(z, c);
}

/* Only the fourth column. */
static inline vd load_fourth(const double (*x)[4], const uint32_t *entry)
{
    return _mm256_setr_pd(x[entry[0] >> SG_HALO_TYPE_BITS][3], x[entry[1] >> SG_HALO_TYPE_BITS][3],
                          x[entry[2] >> SG_HALO_TYPE_BITS][3], x[entry[3] >> SG_HALO_TYPE_BITS][3]);
}

/* f[place] -= (x, y, z, 0), lane after lane. */
static inline void subtract_places(double (*f)[4], const uint32_t *entry, vd x, vd y, vd z)
{
    const vd column[4] = {x, y, z, _mm256_setzero_pd()};
    vd row[4];

    columns(column, row);
    for (int k = 0; k < 4; k++) {
        double *const at = f[entry[k] >> SG_HALO_TYPE_BITS];
        _mm256_store_pd(at, _mm256_sub_pd(_mm256_load_pd(at), row[k]));
    }
}

/* to[place] += a, lane after lane. */
static inline void add_places(double *to, const uint32_t *entry, vd a)
{
    _Alignas(32) double lane[LANES];

    _mm256_store_pd(lane, a);
    for (int k = 0; k < LANES; k++)
        to[entry[k] >> SG_HALO_TYPE_BITS] += lane[k];
}

#include "eam_vector.h"

static int available(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const sg_eam_kernel sg_eam_avx2 = {.name = "avx2",
                                   .available = available,
                                   .density = density_pass,
                                   .force = force_pass,
                                   .coefficients = coefficient_pass,
                                   .respond = response_pass,
                                   .product = product_pass};
