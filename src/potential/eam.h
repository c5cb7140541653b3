/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the embedded-atom potentials share: tables, formulas, the table of kernels.
 *
 *     E = sum_i F_i(rho_i) + sum_{i<j} phi_ij(r_ij),      rho_i = sum_j rho_ij(r_ij),
 *
 * rho_ij being the density that j causes at i. eam.c makes and dispatches, eam_plain.c is the reference on
 * LAMMPS's interpolant, eam_table.c resamples its tables for the fast kernels, eam_fast.c is the frame of
 * those, eam_vector.h their loops, eam_avx2.c and eam_avx512.c their instructions, eam_kernel.c chooses. */
#ifndef SLOWGLASS_EAM_H
#define SLOWGLASS_EAM_H

#include "potential_internal.h"

enum { CUBIC = 4, ROW = 3 * CUBIC, Z_PART = 2 * CUBIC };
enum { MAX_TYPE_PAIRS = SG_MAX_SPECIES * (SG_MAX_SPECIES + 1) / 2 };

/* Cubics in s = r^2, one row per (unordered pair of types, bin of s) at a cache line:
 *     [ density at the lower type from the higher | density at the higher from the lower | phi | not used ]
 * or, when the two densities are the same for every pair of types, [ density | phi ]. A bin is named by the
 * top bits of s; those from s_min up to the cutoff are preceded by one for all smaller s, a straight line,
 * and followed by one for all s from s_end on, where everything is zero. A row begins
 *     ((bits(s') >> row_shift) & row_mask) - first_byte,   s' = s within [s_floor, s_end],
 * bytes behind its pair's first. */
typedef struct sg_eam_table {
    int shift; /* bits of s that do not name the bin */
    int row_shift;
    int64_t row_mask, first_byte, edge_mask; /* edge_mask: s & edge_mask is the lower edge of the bin */
    double s_floor, s_min, s_end;
    int same_density; /* short rows */
    int row_doubles;
    int n_bins;        /* all of them */
    const double *row; /* [type pairs][n_bins][row_doubles] */
    void *memory;
    sg_kernel_error error;
} sg_eam_table;

struct sg_eam_kernel;

typedef struct sg_eam {
    sg_potential base;
    sg_eam_file tables; /* as given, for the parcel */
    int n_rho, n_r;
    double d_rho, per_d_rho, rho_max; /* rho_max: where the tables of F end */
    double per_d_r;
    double r2_max;
    double *row[MAX_TYPE_PAIRS];       /* [n_r - 1][ROW], LAMMPS's interpolant in r: as above, but r*phi */
    double *embedding[SG_MAX_SPECIES]; /* [n_rho - 1][CUBIC] */
    sg_eam_table table;
    const struct sg_eam_kernel *kernel; /* NULL: plain */
} sg_eam;

enum { ROW_ARRAYS = 7, N_COEFFICIENTS = 7 };
typedef struct sg_eam_row { /* scratch, each as long as the longest row and one vector more */
    double *dx, *dy, *dz;   /* to the partner, Å */
    double *s, *p;          /* squared distance; how much of it lies within the bin */
    double *slope;          /* F' of the partner */
    int64_t *offset;        /* of the table row, bytes */
} sg_eam_row;

/* What a fast kernel works on: rows of four doubles for the places of a halo list, and one more, far away.
 * All arrays of doubles begin at a cache line. */
typedef struct sg_eam_task {
    const sg_eam_table *table;
    int n_species, n_rows, n_places;
    double r2_max;
    const int *type;       /* [n_places] */
    const int64_t *first;  /* [n_rows + 1] */
    const int *n_kept;     /* [n_rows] entries whose partners want to know their forces */
    const uint32_t *entry; /* see neigh.h */
    double (*x)[4];        /* [n_places + 1] x y z and, for the forces, F' */
    double (*f)[4];        /* [n_places + 1] forces; the fourth stays zero */
    double *density;       /* [n_places + 1] */
    double (*v)[4];        /* [n_places + 1] displacements and, for products, F'' times the response */
    double *response;      /* [n_places + 1] change of density */
    double *curvature;     /* [n_places + 1] F''; of atoms only */
    sg_eam_row row;
    uint32_t *near;      /* entries in range, rows filled up; as long as entry and one vector more */
    int64_t *near_first; /* [n_rows] */
    int *near_count;     /* [n_rows] */
    int *near_kept;      /* [n_rows] of near: from there on no partner wants to know its force */
    int whole;           /* the virial is wanted too */
    float *coefficient;  /* per SG_HALO_PAD of near: PAD of each of the four that a product needs */
    double energy;       /* out: of pairs, eV */
    double virial[6];    /* out */
} sg_eam_task;

typedef struct sg_eam_kernel {
    const char *name;
    int (*available)(void);
    void (*density)(sg_eam_task *task);      /* adds to density, fills near */
    void (*force)(sg_eam_task *task);        /* adds to f; energy and virial */
    void (*coefficients)(sg_eam_task *task); /* after density, with F' in x: fills coefficient */
    void (*respond)(sg_eam_task *task);      /* adds to response, for the displacements v */
    void (*product)(sg_eam_task *task);      /* adds to f: what the displacements do to the forces */
} sg_eam_kernel;

/** Kernel of this name that this processor can run; SG_EINVAL, SG_EUNSUPPORTED. "auto" is the fastest; plain
 * gives NULL. */
sg_status sg_eam_kernel_find(const char *name, const sg_eam_kernel **kernel);

extern const sg_eam_kernel sg_eam_avx512, sg_eam_avx2;

/** From tables, which it takes over on success (they are empty then); the kernel is the fastest. `spec` stays
 * NULL. */
sg_status sg_eam_create(sg_eam_file *tables, const sg_species *species, sg_potential **out);

/** The potential as what it is, NULL when it is no EAM computed here. */
const sg_eam *sg_eam_of(const sg_potential *pot);

/** Hash of the numbers, independent of the order of types. */
uint64_t sg_eam_fingerprint(const sg_eam_file *tables, const sg_species *species);

/** Resample the tables of e. */
sg_status sg_eam_table_make(const sg_eam *e, sg_eam_table *table);
void sg_eam_table_clear(sg_eam_table *table);

sg_status sg_eam_plain_compute(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                               const sg_atom_set *set, sg_forces *out);
sg_status sg_eam_fast_compute(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                              const sg_atom_set *set, sg_forces *out);
sg_status sg_eam_fast_hessian(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                              const sg_atom_set *set, const double (*v)[3], double (*out)[3]);

/** Second derivatives [3m][3m] of the free atoms, averaged over a few bins of the tables; the same whatever
 * the kernel. */
sg_status sg_eam_matrix(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                        const sg_atom_set *set, double *h);

/* Index of an unordered pair of types. */
static inline int sg_eam_type_pair(int a, int b)
{
    return a < b ? b * (b + 1) / 2 + a : a * (a + 1) / 2 + b;
}

/* c0 + c1 p + c2 p^2 + c3 p^3 */
static inline double cubic(const double *c, double p)
{
    return ((c[3] * p + c[2]) * p + c[1]) * p + c[0];
}

/* its derivative, c1 + 2 c2 p + 3 c3 p^2 */
static inline double cubic_slope(const double *c, double p)
{
    return (3.0 * c[3] * p + 2.0 * c[2]) * p + c[1];
}

/* F(rho) and F'(rho). Above the table F goes on as a straight line, below it the first cubic does. */
static inline double embed(const sg_eam *e, int type, double rho, double *slope)
{
    const double at = rho * e->per_d_rho + 1.0;
    const double last = e->n_rho - 1;
    const int m = at >= last ? e->n_rho - 1 : at >= 1.0 ? (int)at : 1;
    double p = at - m;
    if (p > 1.0) p = 1.0;
    const double *const c = e->embedding[type] + (ptrdiff_t)(m - 1) * CUBIC;
    *slope = cubic_slope(c, p) * e->per_d_rho;
    const double f = cubic(c, p);
    return rho > e->rho_max ? f + *slope * (rho - e->rho_max) : f;
}

/* F''(rho): as piecewise as F' is. */
static inline double embed_curvature(const sg_eam *e, int type, double rho)
{
    const double at = rho * e->per_d_rho + 1.0;
    const double last = e->n_rho - 1;
    const int m = at >= last ? e->n_rho - 1 : at >= 1.0 ? (int)at : 1;
    const double *const c = e->embedding[type] + (ptrdiff_t)(m - 1) * CUBIC;
    if (rho > e->rho_max) return 0.0;
    return (6.0 * c[3] * (at - m) + 2.0 * c[2]) * e->per_d_rho * e->per_d_rho;
}

/* Row of the reference table for distance r and where in its bin, 0..1, r lies. */
static inline const double *sg_eam_reference_row(const sg_eam *e, const double *rows, double r, double *p)
{
    const double at = r * e->per_d_r + 1.0;
    int m = at < e->n_r ? (int)at : e->n_r - 1;
    if (m > e->n_r - 1) m = e->n_r - 1;
    *p = at - m > 1.0 ? 1.0 : at - m;
    return rows + (ptrdiff_t)(m - 1) * ROW;
}

#endif
