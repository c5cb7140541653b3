/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Energy, forces and virial behind one table of functions.
 *
 * A potential is immutable after creation and shared by threads; all scratch (neighbour list, densities,
 * counters) lives in a work object, one per thread. The work rebuilds its neighbour list when atoms have
 * moved far enough; sg_potential_work_reset() forgets it, so that a task's result depends on the task alone.
 *
 * Free sets: with a set, only its members' forces are computed (others 0), exactly, and the energy is that of
 * the whole system (the pairs among frozen atoms enter as a constant evaluated when the list is built). The
 * frozen atoms must not move between calls without a reset. The virial is not computed with a set (NaN). */
#ifndef SLOWGLASS_POTENTIAL_H
#define SLOWGLASS_POTENTIAL_H

#include <stdint.h>

#include "slowglass/neigh.h"

typedef struct sg_atom_set { /* atoms that move; caller's storage */
    int n;
    const int *atom;             /* [n] ascending indices */
    const unsigned char *member; /* [n_atoms] 1 if in the set */
} sg_atom_set;

typedef struct sg_forces { /* caller's storage */
    double energy;         /* eV, whole system */
    double (*f)[3];   /* [n_atoms], eV/Å; must be set by the caller. Fixed atoms carry their true force. */
    double virial[6]; /* sum over pairs of (dE/dr) r_a r_b / r = V * sigma, eV: xx yy zz xy xz yz */
} sg_forces;

typedef struct sg_force_calls { /* the one place where force calls are counted */
    int64_t full;
    int64_t free_set;
    int64_t hessian;    /* products; the force calls of those made by differences are not counted above */
    double equivalents; /* full-call equivalents of all: pairs touched / pairs of the whole system */
} sg_force_calls;

/* A kernel is a way to compute the same potential. "plain" is the reference, C that runs anywhere, EAM on
 * LAMMPS's own interpolant; "avx2" and "avx512" work on resampled tables, with the error that
 * sg_potential_kernel_error states. Energy and forces of each are exact derivatives of one another. */
#define SG_KERNEL_PLAIN "plain"
#define SG_KERNEL_AUTO "auto"     /* the fastest that this processor has; what a potential starts with */
#define SG_KERNEL_ERROR_R_MIN 1.5 /* Å; closer pairs are not looked at */
#define SG_KERNEL_ERROR_STEEP                                                                                \
    4.0 /* eV/Å; pairs that repel harder do not occur in a solid, nor at its saddles */

typedef struct sg_kernel_error { /* largest, over all pairs of types and all distances, against the reference
                                  */
    double energy; /* eV per pair that is not steep: |d phi| + |F_i'| |d rho_i| + |F_j'| |d rho_j|, F' the
                      largest */
    double force;  /* eV/Å per pair that is not steep: the same of the radial force */
    double steep;  /* of the radial force of steep pairs, relative to |phi'| */
    int bins_per_octave; /* of r^2, in the resampled tables */
} sg_kernel_error;

typedef struct sg_potential sg_potential;
typedef struct sg_potential_work sg_potential_work;

typedef struct sg_potential_ops {
    const char *name; /* "eam/fs", "lj" */
    sg_status (*compute)(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                         const sg_atom_set *free_atoms, sg_forces *out);
    void (*free)(sg_potential *self);
    sg_status (*set_kernel)(sg_potential *self, const char *name); /* NULL: only the plain one */
    sg_kernel_error (*kernel_error)(const sg_potential *self);     /* NULL: the kernel is the reference */
    sg_status (*hessian)(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                         const sg_atom_set *free_atoms, const double (*v)[3],
                         double (*out)[3]); /* NULL: by differences */
    sg_status (*matrix)(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                        const sg_atom_set *free_atoms, double *h); /* NULL: by products */
} sg_potential_ops;

struct sg_potential { /* first member of every backend */
    const sg_potential_ops *ops;
    double cutoff;      /* Å */
    sg_species species; /* type t of a system is species t of the potential */
    uint64_t
        fingerprint; /* hash of the numbers, independent of path, of the order of types and of the kernel */
    const char *kernel; /* in use; NULL: plain */
    char *spec; /* what sg_potential_create was given, a file by its path; NULL: made otherwise. Owned */
};

/** EAM from a LAMMPS file, with LAMMPS's own interpolant of the tables (setfl "eam/alloy" or Finnis-Sinclair
 * "eam/fs"). `elements` name atom types 0.. and must occur in the file. Source: Daw & Baskes, PRB 29, 6443
 * (1984); Finnis & Sinclair, Phil. Mag. A 50, 45 (1984). Errors: SG_ENOTFOUND, SG_EPARSE (file:line),
 * SG_EINVAL (element not in it). */
sg_status sg_potential_create_eam(const char *style, const char *path, int n_elements,
                                  const char *const elements[], sg_potential **out);

/** Lennard-Jones 4 eps [(sigma/r)^12 - (sigma/r)^6], shifted to zero at the cutoff and with the force made
 * continuous there (linear term, LAMMPS `lj/smooth/linear`). `pair` holds eps (eV), sigma (Å), cutoff (Å) for
 * the type pairs 00, 01, .., 11, 12, .. (n(n+1)/2 triples). */
sg_status sg_potential_create_lj(int n_elements, const char *const elements[], const double (*pair)[3],
                                 sg_potential **out);

/** Morse D [exp(-2 alpha (r - r0)) - 2 exp(-alpha (r - r0))], shifted to zero at the cutoff; the force is not
 * changed and jumps there (LAMMPS `morse` with `pair_modify shift yes`). `pair` holds D (eV), alpha (1/Å), r0
 * (Å), cutoff (Å) for the type pairs 00, 01, .., 11, 12, .. (n(n+1)/2 quadruples). */
sg_status sg_potential_create_morse(int n_elements, const char *const elements[], const double (*pair)[4],
                                    sg_potential **out);

/** From a specification as on the command line: "eam/fs:FILE", "eam/alloy:FILE", "lj:eps,sigma,cutoff[,..]",
 * "morse:D,alpha,r0,cutoff[,..]".
 * FILE is searched in `folder` (may be NULL), then as given, then in $LAMMPS_POTENTIALS, then
 * /usr/share/lammps/potentials. */
sg_status sg_potential_create(const char *spec, const char *folder, int n_elements,
                              const char *const elements[], sg_potential **out);
void sg_potential_free(sg_potential *pot);

/** The same potential for another process, perhaps without these files: specification, elements, kernel, and
 * of EAM its tables. Needs one from sg_potential_create (else SG_EUNSUPPORTED).
 * @param bytes [out] sg_free */
sg_status sg_potential_pack(const sg_potential *pot, unsigned char **bytes, size_t *n);

/** Make it again. SG_EMISMATCH: other numbers than were packed; SG_EUNSUPPORTED: this processor lacks what the
 * kernel needs, or this build the KIM-API that a model is evaluated through. */
sg_status sg_potential_unpack(const unsigned char *bytes, size_t n, sg_potential **out);

/** Choose the kernel: "auto", "plain", "avx2", "avx512". Before any work computes with the potential, or
 * followed by sg_potential_work_reset of all that have. SG_EINVAL: no such name, or the potential has only
 * the plain one; SG_EUNSUPPORTED: this processor lacks its instructions. Threads: none may be computing. */
sg_status sg_potential_set_kernel(sg_potential *pot, const char *name);

/** Name of the kernel in use, never "auto". Constant text. */
const char *sg_potential_kernel(const sg_potential *pot);

/** What the kernel in use departs from the reference by; all zero for the reference itself. */
sg_kernel_error sg_potential_kernel_error(const sg_potential *pot);

/** Scratch for one thread. Free with sg_potential_work_free. */
sg_status sg_potential_work_create(const sg_potential *pot, sg_potential_work **out);
void sg_potential_work_free(sg_potential_work *work);

/** Forget the neighbour list and frozen base: the next call starts from the positions it is given. Counters
 * stay. */
void sg_potential_work_reset(sg_potential_work *work);

/** Extra reach of the neighbour list, Å: it is made anew when an atom has moved more than half of this, or
 * the cell has changed, or after a reset. Threads: any. */
double sg_potential_work_skin(const sg_potential_work *work);

/** Let computations end early: every force call and product with this work asks `stop` first, and returns
 * SG_EINTERRUPTED when it is nonzero. NULL: none asks. `arg` is borrowed. */
void sg_potential_work_set_stop(sg_potential_work *work, int (*stop)(const void *arg), const void *arg);

/** Counters since creation. Borrowed, valid for the life of work. */
const sg_force_calls *sg_potential_calls(const sg_potential_work *work);

/** Energy, forces, virial. `free_atoms` NULL: all atoms.
 * @return SG_ENUMERIC when a number is not finite. Threads: distinct `work` may run concurrently. Cost
 * O(pairs). */
sg_status sg_potential_compute(const sg_potential *pot, sg_potential_work *work, const sg_system *sys,
                               const sg_atom_set *free_atoms, sg_forces *out);

/** Hessian times vector, out = (d^2 E / dx dx) v, at the positions of sys. With a set, v of frozen atoms
 * counts as zero and out is zero there; v and out must not overlap.
 * @param v [n_atoms][3] any unit u @param out [n_atoms][3] eV/Å^2 u
 * The fast EAM kernels have it in closed form, as the exact derivative of their own forces up to the eighth
 * digit of each pair's share; where forces have kinks (edges of bins, whose second derivatives differ by
 * about as much as they do from the reference's) it is that of one side. What pairs contribute is kept while
 * positions stay the same: the first product at a point costs about as much as a force call (half, if the
 * last call of this work was there), each further one half to two thirds. Other kernels and potentials take
 * the one-sided difference of two forces, the one at the point being kept; its error is about 1e-5 Å times
 * the third derivative. Threads: distinct `work` may run concurrently. */
sg_status sg_potential_hessian_times(const sg_potential *pot, sg_potential_work *work, const sg_system *sys,
                                     const sg_atom_set *free_atoms, const double (*v)[3], double (*out)[3]);

/** All second derivatives of the energy by the positions of the free atoms at the positions of sys, symmetric
 * to the last bit.
 * @param free_atoms NULL: all @param h [out] [3m][3m], eV/Å^2, the members in ascending order, x y z of each
 * EAM, whatever the kernel: assembled in closed form from differences of the tables' first derivatives over a
 * few bins (at least 0.005 Å, 0.5 % of a density), because the second derivatives of an interpolant jump from
 * bin to bin by enough to show in a determinant. Others: 3m products, those by differences taken to both
 * sides, so that their error is of second order. Threads: distinct `work` may run concurrently. */
sg_status sg_potential_hessian(const sg_potential *pot, sg_potential_work *work, const sg_system *sys,
                               const sg_atom_set *free_atoms, double *h);

/** 1 when products are had in closed form, at less than the cost of a force call each. Threads: any. */
int sg_potential_has_hessian(const sg_potential *pot);

/** Virial (6) -> static stress in eV/Å^3: sigma = virial / V; tau_xy is component 3, positive for positive
 * gamma. */
void sg_potential_stress(const sg_system *sys, const sg_forces *f, double stress[6]);

#endif
