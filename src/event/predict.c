/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Barriers at another strain: E_b + P : d, P the tensor V (sigma_saddle - sigma_start), d the added strain.
 */
#include "slowglass/event/predict.h"

static const double curvature = 300; /* eV: second derivatives of nine in ten barriers of a 500-atom Cu64Zr36
                                      * glass are smaller (validation/strain-derivative, strain-prediction) */

sg_prediction sg_event_predict(double barrier, const double derivative[6], const double strain[6],
                               double moved)
{
    sg_prediction p = {barrier, SG_PREDICT_PER_MOVED * moved};
    double d2 = 0;

    for (int a = 0; a < 6; a++) {
        p.barrier += derivative[a] * strain[a];
        d2 += strain[a] * strain[a];
    }
    p.error += 0.5 * curvature * d2;
    return p;
}

/* Simple shear x += gamma y: the symmetric part of the gradient has gamma / 2 off the diagonal. */
void sg_event_strain_between(double gamma_from, double gamma_to, const double R[3][3], double strain[6])
{
    static const int row[6] = {0, 1, 2, 0, 0, 1}, column[6] = {0, 1, 2, 1, 2, 2};

    for (int k = 0; k < 6; k++) {
        const int a = row[k], b = column[k];
        const double turned = 0.5 * gamma_to * (R[0][a] * R[1][b] + R[1][a] * R[0][b]); /* R^T e R */
        strain[k] = (a == b ? 1 : 2) * (turned - (k == 3 ? 0.5 * gamma_from : 0));
    }
}
