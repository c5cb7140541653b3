/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Relaxation to a local minimum at fixed cell: L-BFGS with a cap on the step, FIRE when L-BFGS gives up.
 * Sources: Nocedal & Wright, Numerical Optimization, 2nd ed. (2006), algorithm 7.4; Bitzek et al., PRL 97,
 * 170201 (2006). */
#ifndef SLOWGLASS_MINIMIZE_H
#define SLOWGLASS_MINIMIZE_H

#include "slowglass/potential.h"

typedef enum { SG_STOP_CONVERGED, SG_STOP_MAX_STEPS, SG_STOP_MONITOR, SG_STOP_STALLED } sg_stop;

typedef struct sg_minimize_options {
    double f_max;    /* eV/Å, largest |F_i| accepted */
    int max_calls;   /* force calls allowed */
    double max_step; /* Å, largest move of one atom in one step */
    int memory;      /* pairs kept by L-BFGS */
    /* called after every accepted step; nonzero stops with SG_STOP_MONITOR; may be NULL */
    int (*monitor)(void *arg, const sg_system *sys, double energy, double f_max);
    void *monitor_arg;
} sg_minimize_options;

typedef struct sg_minimize_result {
    sg_stop stop;
    double energy;    /* eV */
    double f_max;     /* eV/Å */
    double virial[6]; /* eV, of the last point; NaN with a free set */
    int steps, force_calls;
    int used_fire;
} sg_minimize_result;

/** Defaults: 1e-4 eV/Å, 5000 calls, 0.2 Å, memory 12. */
sg_minimize_options sg_minimize_defaults(void);

/** Relax sys->x in place. Fixed atoms stay; `free_atoms` NULL: all that are not fixed. The energy never rises
 * between accepted points of L-BFGS. On failure x holds the last finite configuration.
 * @return SG_OK also when the budget ends (see result->stop); SG_ENUMERIC on NaN, SG_ENOMEM.
 * Threads: distinct sys and work may run concurrently. Cost: about one force call per step. */
sg_status sg_minimize(const sg_potential *pot, sg_potential_work *work, sg_system *sys,
                      const sg_atom_set *free_atoms, const sg_minimize_options *opt,
                      sg_minimize_result *result);

/** Largest |F_i| over the atoms of the set (NULL: all) that are not fixed, eV/Å. */
double sg_force_max(const sg_system *sys, const sg_atom_set *free_atoms, const double (*f)[3]);

#endif
