/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The problem that the two solvers share: moving coordinates, the accepted point and a trial point. */
#ifndef SLOWGLASS_MINIMIZE_INTERNAL_H
#define SLOWGLASS_MINIMIZE_INTERNAL_H

#include "slowglass/minimize.h"

/* Energies closer than this, relative to |E|, are equal: a few hundred roundings of a sum over all pairs. */
#define SG_ENERGY_ROUNDING 1e-13

typedef struct sg_descent {
    const sg_potential *pot;
    sg_potential_work *work;
    sg_system *sys;
    const sg_atom_set *free_atoms;
    const sg_minimize_options *opt;
    int n;                           /* coordinates that move: 3 * atoms */
    int *atom;                       /* [n/3] */
    double *x;                       /* [n] accepted point, Å */
    double *g;                       /* [n] its gradient -F, eV/Å */
    double *trial;                   /* [n] gradient at the trial point */
    double (*f)[3];                  /* [n_atoms] forces at the last evaluated point */
    double energy, f_max, virial[6]; /* at the accepted point */
    double trial_energy, trial_virial[6];
    int steps, calls;
} sg_descent;

/** Put sys->x to x + t * d and evaluate there; SG_ENUMERIC leaves the decision to the caller. */
sg_status sg_descent_try(sg_descent *p, const double *d, double t);

/** Make the trial point x + t * d the accepted one. */
void sg_descent_accept(sg_descent *p, const double *d, double t);

/** Put sys->x back to the accepted point. */
void sg_descent_restore(sg_descent *p);

/** Factor <= 1 that keeps every atom's share of the step d within the cap. */
double sg_descent_cap(const sg_descent *p, const double *d, double cap);

/** 1 when the work is over; tells why. Calls the monitor if `after_step`. */
int sg_descent_over(sg_descent *p, int after_step, sg_stop *stop);

double sg_descent_dot(int n, const double *a, const double *b);

/** Until converged, out of calls, stopped by the monitor or *stop = SG_STOP_STALLED. */
sg_status sg_minimize_lbfgs(sg_descent *p, sg_stop *stop);
sg_status sg_minimize_fire(sg_descent *p, sg_stop *stop);

#endif
