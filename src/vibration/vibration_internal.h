/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module vibration: the mass-weighted matrix of the atoms that vibrate, and what becomes of it. */
#ifndef VIBRATION_INTERNAL_H
#define VIBRATION_INTERNAL_H

#include <lapacke.h>

#include "slowglass/vibration.h"

enum { RIGID_MAX = 6, KRYLOV_MAX = 60 };

struct sg_vibration_work {
    sg_system *sys;
    sg_potential_work *forces;
    unsigned char *member; /* [n] */
    int *atom;             /* [n] members, ascending */
    int *order;            /* [n] */
    double *distance;      /* [n] */
    double (*along)[3];    /* [n] from start to final state */
    double *root_mass;     /* [n] of the members, sqrt(amu) */
    double *rigid;         /* [RIGID_MAX][3n] */
    double *vector;        /* [KRYLOV_MAX + 2][3n] */
    void *memory;          /* of h, room for n_room atoms */
    double *h, *scratch;
    lapack_int *pivot, n_scratch;
    int n_room;
};

/* M^-1/2 H M^-1/2 of the members at the positions of sys, into w->h; rigid motions that cost nothing are
 * moved to the eigenvalue `shift`. */
sg_status matrix_make(const sg_potential *pot, sg_vibration_work *w, const sg_system *sys,
                      const sg_atom_set *set, int *n_zero, double *shift);

/* Factorise w->h in place: ln |det| and the number of negative eigenvalues. */
sg_status matrix_factorise(sg_vibration_work *w, int m, double *log_det, int *n_negative);

/* The only negative eigenvalue of the matrix that has been factorised; along: [m] where to begin. */
sg_status matrix_unstable(sg_vibration_work *w, int m, const double *along, double *value);

#endif
