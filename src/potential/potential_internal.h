/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the backends share: scratch, views of the pair list, the base of frozen atoms.
 *
 * A view is what a kernel loops over: atoms numbered 0..n-1 with positions wrapped into the cell, and rows of
 * partners. For a full call it is the whole system; for a free set it holds the free atoms and everything
 * within the list radius of one, renumbered, so that the cost of a call does not depend on the size of the
 * rest. */
#ifndef SLOWGLASS_POTENTIAL_INTERNAL_H
#define SLOWGLASS_POTENTIAL_INTERNAL_H

#include "slowglass/potential.h"

/* Extra reach of the lists, Å. A relaxation or a climb moves atoms by a few tenths of an Å, so that a list of
 * this skin mostly lasts for the whole of it, while the pairs to be passed over stay below half of the list.
 * Searches in a glass take the same time, within what the clock scatters, with 0.7, 1.0 and 1.4. */
#define SG_SKIN 1.0

typedef struct sg_view {
    int n;
    const int64_t *first;        /* [n+1] */
    const int *j;                /* [first[n]] */
    const unsigned short *image; /* [first[n]] index into shift */
    const double (*shift)[3];    /* Å */
    const double (*x)[3];        /* [n] wrapped positions, Å */
    const int *type;             /* [n] */
    const int *global;           /* [n] index in the system; NULL: the same */
} sg_view;

typedef struct sg_pair_record { /* one pair in range, kept between the passes of a kernel */
    double d[3];                /* from i to j, Å */
    double u, v, w;             /* the kernel's; w holds |d|^2 at first */
    int j;
} sg_pair_record;

typedef struct sg_part { /* pairs with a member of the free set */
    sg_neigh *list;
    int n;
    int *global;    /* [n] ascending */
    int64_t *first; /* [n+1] */
    int *j;         /* local numbers */
    double (*shift)[3];
} sg_part;

typedef struct sg_base { /* what the frozen atoms contribute among themselves */
    int valid;
    uint64_t set_hash;
    int n_system;
    double h[3][3];
    double pair_energy; /* eV, frozen-frozen pairs */
    double (*x)[3];     /* [n_system] positions when it was computed, Å */
    double *density;    /* [n_system] from frozen partners; EAM only */
    double *embedding;  /* [n_system] F(density) of frozen atoms, 0 for free ones, eV; EAM only */
    size_t capacity_x, capacity_density, capacity_embedding;
    int64_t full_pairs; /* pairs in the list of the whole system */
    double constant;    /* eV, pair_energy and the embedding of the atoms outside the part */
    int constant_valid;
} sg_base;

typedef struct sg_fast { /* lists and scratch of the fast kernels */
    sg_halo *full, *part;
    void *memory;
    double *doubles; /* in memory, at a cache line */
    uint32_t *near;
    int64_t *near_first;
    int *near_count;
    float *coefficient;
    size_t capacity_doubles, capacity_near, capacity_first, capacity_count, capacity_coefficient;
    const sg_halo *point; /* the list whose densities and F' the scratch holds, NULL: none */
    int point_has_coefficients;
} sg_fast;

typedef struct sg_difference { /* force at the point from which differences are taken */
    int n, has_set;            /* n 0: none */
    uint64_t set_hash;
    double h[3][3];
    double (*x)[3], (*f)[3], (*moved)[3]; /* [n] */
    size_t capacity_x, capacity_f, capacity_moved;
} sg_difference;

struct sg_potential_work {
    double r_list; /* Å */
    int n_species;
    sg_force_calls calls;
    int (*stop)(const void *arg); /* NULL: nobody asks to stop */
    const void *stop_arg;
    double last_equivalents; /* of the call in progress */
    sg_neigh *full;
    double (*full_shift)[3];
    sg_part part;
    sg_base base;
    sg_fast fast;
    sg_difference difference;
    void *own; /* of a backend that needs more, with what forgets and what frees it; NULL: none */
    void (*own_reset)(void *own);
    void (*own_free)(void *own);
    /* buffers that grow and stay */
    double (*x)[3];
    int *type;
    double *density, *slope; /* per atom of the view */
    double (*f)[3];
    int64_t *row_end; /* per atom of the view, into record */
    sg_pair_record *record;
    size_t capacity_x, capacity_type, capacity_density, capacity_slope, capacity_f, capacity_end,
        capacity_record;
};

/** Drop the lists; the buffers stay. */
void sg_fast_reset(sg_fast *fast);
void sg_fast_clear(sg_fast *fast);

/** View of the whole system; builds the list when there is none or it is stale. */
sg_status sg_work_full_view(sg_potential_work *work, const sg_system *sys, sg_view *view);

/** Names a set. */
uint64_t sg_work_set_hash(const sg_atom_set *set);

/** 1 when the frozen atoms' base must be computed anew for this set. */
int sg_work_needs_base(const sg_potential_work *work, const sg_system *sys, const sg_atom_set *set);

/** SG_EINVAL when atom i is not where it was when the base was computed. */
sg_status sg_work_check_frozen(const sg_potential_work *work, const sg_system *sys, int i);

/** Room for the base, emptied; call before filling base.density and base.embedding. */
sg_status sg_work_base_begin(sg_potential_work *work, const sg_system *sys);

/** Mark the base as belonging to this set and system; base.full_pairs must be set. */
void sg_work_base_end(sg_potential_work *work, const sg_system *sys, const sg_atom_set *set);

/** Energy that no free atom can change, eV: frozen pairs, and the embedding of the frozen atoms out of reach.
 */
double sg_work_base_energy(sg_potential_work *work);

/** View of the free atoms and their surroundings; builds it when the free atoms have moved far enough. */
sg_status sg_work_part_view(sg_potential_work *work, const sg_system *sys, const sg_atom_set *set,
                            sg_view *view);

/** Buffers density, slope and f of the view's atoms, zeroed, and records for all its pairs. */
sg_status sg_work_scratch(sg_potential_work *work, const sg_view *view);

/** Bring the view's forces (of the free atoms) to the system's order, zero elsewhere. */
void sg_work_scatter(const sg_potential_work *work, const sg_view *view, const sg_atom_set *set, int n_system,
                     double (*f)[3]);

/** Pairs of row i of the view that are closer than sqrt(r2_max), compacted to out (room for the row and one
 * more).
 * @return how many; out[].w holds the squared distance. */
static inline size_t sg_view_row(const sg_view *view, int i, double r2_max, sg_pair_record *out)
{
    const double x = view->x[i][0], y = view->x[i][1], z = view->x[i][2];
    size_t n = 0;

    for (int64_t k = view->first[i]; k < view->first[i + 1]; k++) {
        const int j = view->j[k];
        const double *const s = view->shift[view->image[k]];
        const double dx = view->x[j][0] - x + s[0];
        const double dy = view->x[j][1] - y + s[1];
        const double dz = view->x[j][2] - z + s[2];
        const double r2 = dx * dx + dy * dy + dz * dz;
        sg_pair_record *const r = &out[n];
        r->d[0] = dx; /* written always and kept only if in range: no branch to mispredict */
        r->d[1] = dy;
        r->d[2] = dz;
        r->w = r2;
        r->j = j;
        n += r2 < r2_max;
    }
    return n;
}

/* Tables of an EAM file (or of a KIM model) for the elements asked for, as they stand in it. */
typedef struct sg_eam_file {
    int n;               /* elements */
    int finnis_sinclair; /* 0: the density of an atom is the same at every host */
    int n_rho, n_r;
    double d_rho, d_r, cutoff;                       /* Å */
    double *embedding[SG_MAX_SPECIES];               /* [n_rho] eV */
    double *density[SG_MAX_SPECIES][SG_MAX_SPECIES]; /* [n_r] of source species a at host species b */
    double *pair[SG_MAX_SPECIES][SG_MAX_SPECIES];    /* [n_r] r*phi, eV Å; filled for a >= b */
} sg_eam_file;

sg_status sg_eam_file_read(sg_eam_file *file, int finnis_sinclair, const char *path,
                           const sg_species *species);
void sg_eam_file_clear(sg_eam_file *file);

/** LAMMPS's cubic interpolant of a table: coefficients c[0..3] of 1, p, p^2, p^3 for bin k = 0..n-2, the k-th
 * at out + k * stride. */
void sg_eam_spline(const double *f, int n, double *out, int stride);

/** Hessian times vector from two force calls, the one at sys->x being kept from product to product. */
sg_status sg_hessian_by_differences(const sg_potential *pot, sg_potential_work *work, const sg_system *sys,
                                    const sg_atom_set *set, const double (*v)[3], double (*out)[3]);

/** Second derivatives [3m][3m] column by column. */
sg_status sg_hessian_by_products(const sg_potential *pot, sg_potential_work *work, const sg_system *sys,
                                 const sg_atom_set *set, double *h);

/** Zeroed array of n doubles that begins at a cache line. @param memory [out] what to sg_free. NULL when
 * memory is out. */
double *sg_aligned(void **memory, size_t n);

/** Path of a potential's file as found by the documented search; free with sg_free. */
sg_status sg_potential_find_file(const char *name, const char *folder, char **path);

#endif
