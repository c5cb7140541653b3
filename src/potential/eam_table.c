/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of the fast kernels: densities and pair energy as functions of s = r^2, resampled so that they fit
 * the inner caches, need neither a root nor a division, and answer all that a pair asks from one row of one
 * or two cache lines.
 *
 * Each octave of s is cut into 2^m bins, so that the relative resolution is the same everywhere and a bin is
 * named by the top bits of s. In a bin stands the cubic in p = s - s_lo that has the reference's value and
 * slope at both edges (Hermite): the tables are continuously differentiable, and a force got from the same
 * coefficients is the exact derivative of the energy. The last bin ends at the cutoff, where value and slope
 * are the reference's; below s_min a straight line goes on to s = 0, so that nothing becomes infinite. m is
 * the smallest for which the error found by sampling each bin is within TOLERANCE, or the last one that
 * gained much: the digits of a file limit what finer bins can gain, and their second derivatives would only
 * follow its noise. Source of the interpolation error, h^4 f''''/384 in the value: de Boor, A Practical Guide
 * to Splines (1978). */
#include "eam.h"

#include <math.h>
#include <string.h>

enum { N_CURVES = 3, MIN_BITS = 6, MAX_BITS = 9, SAMPLES = 8, MANTISSA_BITS = 52 };

static const double TOLERANCE = 1e-5;   /* eV/Å, of the force of a pair */
static const double WORTH_IT = 1.9;     /* gain in accuracy for which finer tables are taken */
static const double SMALLEST_R2 = 0.25; /* Å^2; where the straight line begins: no solid has atoms at 0.5 Å */
static const double NEIGHBOUR_AT = 0.4; /* of the cutoff: about a bond length, for the weight of densities */

typedef struct curves { /* density at lower type, at higher type, phi; and d/ds */
    double value[N_CURVES], slope[N_CURVES];
} curves;

static void reference(const sg_eam *e, int pair, double s, curves *at);
static sg_status resample(const sg_eam *e, int bits, sg_eam_table *t);
static void fill_cubic(double value_lo, double slope_lo, double value_hi, double slope_hi, double width,
                       double *c);
static void measure(const sg_eam *e, const double weight[SG_MAX_SPECIES], sg_eam_table *t);
static double embedding_weight(const sg_eam *e, int type);

sg_status sg_eam_table_make(const sg_eam *e, sg_eam_table *table)
{
    double weight[SG_MAX_SPECIES];

    for (int t = 0; t < e->base.species.n; t++)
        weight[t] = embedding_weight(e, t);
    for (int bits = MIN_BITS; bits <= MAX_BITS; bits++) {
        sg_eam_table trial = {0};
        const sg_status st = resample(e, bits, &trial);
        if (st != SG_OK) return st;
        measure(e, weight, &trial);
        const double gain = table->memory ? table->error.force / trial.error.force : HUGE_VAL;
        if (gain >= WORTH_IT) {
            sg_eam_table_clear(table);
            *table = trial;
        } else {
            sg_eam_table_clear(&trial);
        }
        if (table->error.force <= TOLERANCE) break;
    }
    return SG_OK;
}

void sg_eam_table_clear(sg_eam_table *table)
{
    sg_free(table->memory);
    memset(table, 0, sizeof *table);
}

/* phi = z/r, d/ds = (1/2r) d/dr */
static void reference(const sg_eam *e, int pair, double s, curves *at)
{
    const double r = sqrt(s), per_r = 1.0 / r;
    double p;
    const double *const c = sg_eam_reference_row(e, e->row[pair], r, &p);

    for (int k = 0; k < N_CURVES; k++) {
        at->value[k] = cubic(c + k * CUBIC, p);
        at->slope[k] = cubic_slope(c + k * CUBIC, p) * e->per_d_r;
    }
    at->value[2] *= per_r;
    at->slope[2] = (at->slope[2] - at->value[2]) * per_r;
    for (int k = 0; k < N_CURVES; k++)
        at->slope[k] *= 0.5 * per_r;
}

static int64_t bits_of(double s)
{
    int64_t bits;
    memcpy(&bits, &s, sizeof bits);
    return bits;
}

static double of_bits(int64_t bits)
{
    double s;
    memcpy(&s, &bits, sizeof s);
    return s;
}

/* Lower edge of a bin; that of bin 1 is s_min. */
static double edge(const sg_eam_table *t, int bin)
{
    return of_bits(((bits_of(t->s_min) >> t->shift) + bin - 1) << t->shift);
}

static double upper_edge(const sg_eam *e, const sg_eam_table *t, int bin)
{
    return fmin(edge(t, bin + 1), e->r2_max);
}

/* Row of a bin of a pair, and where in it curve k stands. */
static double *row_of(const sg_eam_table *t, int pair, int bin)
{
    return (double *)t->row + ((ptrdiff_t)pair * t->n_bins + bin) * t->row_doubles;
}

static int place_of(const sg_eam_table *t, int curve)
{
    return t->same_density && curve > 0 ? (curve - 1) * CUBIC : curve * CUBIC;
}

static int has_same_densities(const sg_eam *e)
{
    const int n = e->base.species.n;

    for (int pair = 0; pair < n * (n + 1) / 2; pair++)
        for (int k = 0; k < e->n_r - 1; k++) {
            const double *const row = e->row[pair] + (ptrdiff_t)k * ROW;
            if (memcmp(row, row + CUBIC, CUBIC * sizeof *row) != 0) return 0;
        }
    return 1;
}

static void lay_out(const sg_eam *e, int bits, sg_eam_table *t)
{
    t->same_density = has_same_densities(e);
    t->row_doubles = t->same_density ? 2 * CUBIC : 4 * CUBIC;
    const int row_bits = t->same_density ? 6 : 7; /* of a row's bytes */
    t->shift = MANTISSA_BITS - bits;
    t->row_shift = t->shift - row_bits;
    t->row_mask = -((int64_t)1 << row_bits);
    t->edge_mask = -((int64_t)1 << t->shift);
    t->s_min = exp2(floor(log2(fmin(SMALLEST_R2, e->r2_max / 16.0))));
    t->s_floor = edge(t, 0);
    t->first_byte = (bits_of(t->s_floor) >> t->row_shift) & t->row_mask;
    t->n_bins = (int)((bits_of(e->r2_max) - bits_of(t->s_floor)) >> t->shift) + 2;
    t->s_end = edge(t, t->n_bins - 1);
}

static sg_status resample(const sg_eam *e, int bits, sg_eam_table *t)
{
    const int n = e->base.species.n, n_pairs = n * (n + 1) / 2;

    lay_out(e, bits, t);
    t->row = sg_aligned(&t->memory, (size_t)n_pairs * (size_t)t->n_bins * (size_t)t->row_doubles);
    if (!t->row) return sg_fail(SG_ENOMEM, "tables of the fast kernels");
    for (int pair = 0; pair < n_pairs; pair++) {
        double *const line = row_of(t, pair, 0);
        curves lo, hi;
        reference(e, pair, t->s_min, &lo);
        for (int k = 0; k < N_CURVES; k++) {
            line[place_of(t, k)] = lo.value[k];
            line[place_of(t, k) + 1] = lo.slope[k];
        }
        for (int bin = 1; bin < t->n_bins - 1; bin++) {
            const double s = upper_edge(e, t, bin);
            reference(e, pair, s, &hi);
            for (int k = 0; k < N_CURVES; k++)
                fill_cubic(lo.value[k], lo.slope[k], hi.value[k], hi.slope[k], s - edge(t, bin),
                           row_of(t, pair, bin) + place_of(t, k));
            lo = hi;
        }
    }
    return SG_OK;
}

/* The cubic in p = 0..width with given value and slope at both ends. */
static void fill_cubic(double value_lo, double slope_lo, double value_hi, double slope_hi, double width,
                       double *c)
{
    const double chord = width > 0.0 ? (value_hi - value_lo) / width : slope_lo;

    c[0] = value_lo;
    c[1] = slope_lo;
    if (!(width > 0.0)) return; /* the cutoff stands on an edge */
    c[2] = (3.0 * chord - 2.0 * slope_lo - slope_hi) / width;
    c[3] = (slope_lo + slope_hi - 2.0 * chord) / (width * width);
}

/* ---- error ---- */

/* Largest |F'| at densities from that of one neighbour (the faintest) at about a bond length to that of
 * COORDINATION (of the densest). */
static double embedding_weight(const sg_eam *e, int type)
{
    enum { STEPS = 1000, COORDINATION = 20 };
    const double r = NEIGHBOUR_AT * e->base.cutoff;
    double least = HUGE_VAL, most = 0.0, largest = 0.0, slope;

    for (int other = 0; other < e->base.species.n; other++) {
        curves one;
        reference(e, sg_eam_type_pair(type, other), r * r, &one);
        const double rho = one.value[type > other];
        least = fmin(least, rho);
        most = fmax(most, COORDINATION * rho);
    }
    for (int k = 0; k <= STEPS; k++) {
        embed(e, type, least + (most - least) * k / STEPS, &slope);
        largest = fmax(largest, fabs(slope));
    }
    return largest;
}

/* Errors at p in a bin, each weighted by what it does to the energy, and of the radial force. */
static void measure_at(const sg_eam_table *t, const double *row, const curves *ref, double p, double r,
                       const double weight[N_CURVES], double *energy, double *force)
{
    double e = 0.0, f = 0.0;

    for (int k = 0; k < N_CURVES; k++) {
        const double *const c = row + place_of(t, k);
        e += weight[k] * fabs(cubic(c, p) - ref->value[k]);
        f += weight[k] * 2.0 * r * fabs(cubic_slope(c, p) - ref->slope[k]);
    }
    *energy = fmax(*energy, e);
    *force = fmax(*force, f);
}

/* From the cutoff inwards: first where the pair is no harder than what occurs in solids, then its steep part.
 */
static void measure_pair(const sg_eam *e, int pair, const double weight[N_CURVES], sg_eam_table *t)
{
    sg_kernel_error *const error = &t->error;
    double steepest = 0.0;

    for (int bin = t->n_bins - 2; bin > 0; bin--) {
        const double s_lo = edge(t, bin), width = upper_edge(e, t, bin) - s_lo;
        const double *const row = row_of(t, pair, bin);
        double energy = 0.0, force = 0.0;
        if (s_lo < SG_KERNEL_ERROR_R_MIN * SG_KERNEL_ERROR_R_MIN) break;
        for (int k = 0; k < SAMPLES; k++) {
            const double p = width * (k + 0.5) / SAMPLES, r = sqrt(s_lo + p);
            curves ref;
            reference(e, pair, s_lo + p, &ref);
            measure_at(t, row, &ref, p, r, weight, &energy, &force);
            steepest = fmax(steepest, -2.0 * r * ref.slope[2]);
        }
        if (steepest <= SG_KERNEL_ERROR_STEEP) {
            error->energy = fmax(error->energy, energy);
            error->force = fmax(error->force, force);
        } else {
            error->steep = fmax(error->steep, force / steepest);
        }
    }
}

static void measure(const sg_eam *e, const double weight[SG_MAX_SPECIES], sg_eam_table *t)
{
    t->error = (sg_kernel_error){.bins_per_octave = 1 << (MANTISSA_BITS - t->shift)};
    for (int hi = 0; hi < e->base.species.n; hi++)
        for (int lo = 0; lo <= hi; lo++) {
            const double w[N_CURVES] = {weight[lo], weight[hi], 1.0};
            measure_pair(e, sg_eam_type_pair(lo, hi), w, t);
        }
}
