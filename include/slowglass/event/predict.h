/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The barrier of a known event at another strain, without a force call.
 *
 * First order is exact: dE_b/de_a = V (sigma_a,saddle - sigma_a,start) for each of the six strains, since the
 * positions of minimum and saddle are stationary. What the first order leaves out is stated as an error bar.
 */
#ifndef SLOWGLASS_EVENT_PREDICT_H
#define SLOWGLASS_EVENT_PREDICT_H

#include "slowglass/event.h"

#define SG_PREDICT_PER_MOVED                                                                                   \
    0.5 /* eV/Å. Reconverged, barriers of a 500-atom Cu64Zr36 glass had changed by 0.01-0.4 eV/Å where their \
         * support had moved 0.1-0.3 Å */

typedef struct sg_prediction {
    double barrier, error; /* eV; error: nine in ten reconverged barriers lie closer */
} sg_prediction;

/** Predicted barrier and its error bar.
 * @param barrier eV, where it was converged @param derivative V (sigma_saddle - sigma_start), eV
 * @param strain six numbers xx yy zz xy xz yz added since, shears in engineering strain, in the frame of
 * `derivative`
 * @param moved Å: largest distance by which an atom of the support differs from where it was converged,
 * beyond that strain
 *
 * The error bar: second order in the strain, 300 eV d^2 / 2, and SG_PREDICT_PER_MOVED per Å moved; without
 * strain and displacement it is zero. Threads: any. Source of the constants: validation/strain-prediction. */
sg_prediction sg_event_predict(double barrier, const double derivative[6], const double strain[6],
                               double moved);

/** Strain that a record made under simple shear gamma_from feels, in its own frame, when it is laid by the
 * rotation R (det +1 or -1) on a place under simple shear gamma_to. To first order in the shears; with R = 1
 * exact for the shear itself, gamma_to - gamma_from in component xy. */
void sg_event_strain_between(double gamma_from, double gamma_to, const double R[3][3], double strain[6]);

#endif
