/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Harmonic vibrations of a set of atoms, the others held still: Hessians, their determinants, and the
 * prefactor of a rate,
 *
 *     nu = prod_i f_i(minimum) / prod_j f_j(saddle),   f = sqrt(eigenvalue of M^-1/2 H M^-1/2) / 2 pi,
 *
 * j without the one negative eigenvalue of the saddle, i and j without the rigid motions that cost nothing:
 * translations and rotations where no atom is held, rotations of a cluster about the one that is, or about
 * the line through those that are. The way back has the same saddle and its own minimum, so nu / nu_back =
 * exp(difference of the harmonic entropies / k) for the atoms of the set. Source: Vineyard, J. Phys. Chem.
 * Solids 3, 121 (1957). */
#ifndef SLOWGLASS_VIBRATION_H
#define SLOWGLASS_VIBRATION_H

#include "slowglass/potential.h"

/* How a prefactor ends: ordinary results, not errors. Stored in files: never renumber. */
#define SG_PREFACTOR_LIST(X)                                                                                 \
    X(SG_NU_NONE, 0, "none")               /* not computed */                                                \
    X(SG_NU_DONE, 1, "harmonic")           /* computed */                                                    \
    X(SG_NU_LENT, 2, "lent")               /* that of the same event in other surroundings */                \
    X(SG_NU_NOT_MINIMUM, 3, "not_minimum") /* the start has directions downhill */                           \
    X(SG_NU_NOT_SADDLE, 4, "not_saddle")   /* none, or more than one, of the saddle is */                    \
    X(SG_NU_NOT_FINAL, 5, "not_final")     /* the final minimum has directions downhill */                   \
    X(SG_NU_BLOWN, 6, "blown")             /* a number was not finite, or a mode cost nothing */

typedef enum sg_nu_status {
#define X(code, number, text) code = number,
    SG_PREFACTOR_LIST(X)
#undef X
        SG_NU_STATUS_COUNT
} sg_nu_status;

/** The word for a status; "?" for a number that is none. */
const char *sg_nu_text(int status);

typedef struct sg_prefactor {
    sg_nu_status status;
    double nu, nu_back; /* 1/s; NaN unless done */
    double unstable; /* 1/s, frequency of the saddle's negative eigenvalue, as a positive number; NaN unless
                        it is the only one */
    int n_free;      /* atoms that vibrate */
} sg_prefactor;

typedef struct sg_vibration_work sg_vibration_work; /* scratch of one thread */
sg_status sg_vibration_work_create(const sg_potential *pot, const sg_system *like, sg_vibration_work **out);
void sg_vibration_work_free(sg_vibration_work *work);
const sg_force_calls *sg_vibration_work_calls(const sg_vibration_work *work);

typedef struct sg_spectrum { /* of one configuration and set */
    int n_negative;
    int n_zero;      /* rigid motions left out */
    double log_det;  /* sum of ln |eigenvalue / (eV/Å^2/amu)| */
    double unstable; /* the negative eigenvalue, eV/Å^2/amu; NaN unless there is exactly one */
    int n_free;
} sg_spectrum;

/** Determinant and number of negative eigenvalues of the mass-weighted Hessian at the positions of sys.
 * @param set NULL: all atoms, none of which is fixed; else its members
 * @param along [n][3] where to look for the negative eigenvector first, of any length, not zero; NULL: none
 * is wanted, `unstable` is NaN
 * SG_ENUMERIC: a number is not finite, or an eigenvalue 0. Cost: one Hessian and (3 n_free)^3 / 3
 * multiplications. Threads: distinct work, provided that LAPACK uses one thread. Source of the inertia: Bunch
 * & Kaufman, Math. Comp. 31, 163 (1977). */
sg_status sg_vibration_spectrum(const sg_potential *pot, sg_vibration_work *work, const sg_system *sys,
                                const sg_atom_set *set, const double (*along)[3], sg_spectrum *out);

/** Atoms in the order in which an event concerns them: by their distance, in the saddle, from the closest of
 * the movers (atoms that differ by SG_VIBRATION_MOVER or more between any two of start, saddle and final
 * state; at least the farthest one), to which is added 2 Å times ln(way of the farthest mover / way of this
 * one); then by index. The same seen from either side.
 * @param order [out] [n] indices of the atoms that are not fixed, the others behind them
 * @param distance [out] [n] Å, by place in `order`; fixed atoms: infinite
 * @param n_movable [out] how many are not fixed
 * Threads: any, distinct outputs. Cost: n times the number of movers. */
#define SG_VIBRATION_MOVER 0.1 /* Å */
sg_status sg_vibration_order(const sg_system *sys, const double (*x_start)[3], const double (*x_saddle)[3],
                             const double (*x_final)[3], int *order, double *distance, int *n_movable);

typedef struct sg_vibration_event {                            /* borrowed */
    const double (*x_start)[3], (*x_saddle)[3], (*x_final)[3]; /* [n] Å; up to a common rigid motion */
} sg_vibration_event;

/** Prefactor of an event and of its way back, the first n_free atoms in its order vibrating.
 * @param like cell, types, masses and fixed flags; its positions do not matter
 * @param n_free 0, or more than can move: all that can
 * A pure function of what it is given; SG_OK with out->status, an error only for memory or a backend that
 * fails. Threads: distinct work. Cost: three Hessians and three factorisations. */
sg_status sg_vibration_prefactor(const sg_potential *pot, sg_vibration_work *work, const sg_system *like,
                                 const sg_vibration_event *event, int n_free, sg_prefactor *out);

/** sqrt(eV/(Å^2 amu)) / 2 pi in 1/s: square roots of eigenvalues become frequencies. */
double sg_vibration_unit(void);

#endif
