/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rigid alignment of two point sets by a singular value decomposition.
 *
 * With both sets moved to their centroids and C = sum_k a_k b_k^T = U S V^T (a reference, b target), R = V D
 * U^T makes sum |b - R a|^2 least; D = 1 for the best orthogonal map, D = diag(1, 1, det(V U^T)) for the best
 * rotation. Sources: Kabsch, Acta Cryst. A 32, 922 (1976), A 34, 827 (1978); Umeyama, IEEE TPAMI 13, 376
 * (1991). */
#include <lapacke.h>
#include <math.h>

#include "topology_internal.h"

/* A third singular value this small against the first means a planar set, to rounding: reflecting through the
 * plane changes nothing. */
#define FLAT 1e-12

static void centroid(int n, const double (*x)[3], double c[3]);
static sg_status decompose(double C[3][3], double U[3][3], double s[3], double Vt[3][3]);
static void residuals(int n, const double (*ref)[3], const double (*target)[3], const double R[3][3],
                      const double t[3], double *rms, double *max);

double sg_align_determinant(const double R[3][3])
{
    return R[0][0] * (R[1][1] * R[2][2] - R[1][2] * R[2][1]) -
           R[0][1] * (R[1][0] * R[2][2] - R[1][2] * R[2][0]) +
           R[0][2] * (R[1][0] * R[2][1] - R[1][1] * R[2][0]);
}

sg_status sg_align(int n, const double (*ref)[3], const double (*target)[3], int improper, double R[3][3],
                   double t[3], double *rms, double *max)
{
    return sg_align_signed(n, ref, target, improper ? 0 : 1, R, t, rms, max);
}

sg_status sg_align_signed(int n, const double (*ref)[3], const double (*target)[3], int sign, double R[3][3],
                          double t[3], double *rms, double *max)
{
    double a[3], b[3], C[3][3] = {{0}}, U[3][3], Vt[3][3], s[3], last = 1.0;
    sg_status st;

    if (n < 1) return sg_fail(SG_EINVAL, "alignment of %d points, need at least 1", n);
    centroid(n, ref, a);
    centroid(n, target, b);
    for (int k = 0; k < n; k++)
        for (int p = 0; p < 3; p++)
            for (int q = 0; q < 3; q++)
                C[p][q] += (ref[k][p] - a[p]) * (target[k][q] - b[q]);
    if ((st = decompose(C, U, s, Vt)) != SG_OK) return st;
    if (!sign && s[2] <= FLAT * s[0]) sign = 1;
    if (sign)
        last = sign * sg_align_determinant((const double(*)[3])U) *
                           sg_align_determinant((const double(*)[3])Vt) <
                       0.0
                   ? -1.0
                   : 1.0;
    for (int p = 0; p < 3; p++)
        for (int q = 0; q < 3; q++)
            R[p][q] = Vt[0][p] * U[q][0] + Vt[1][p] * U[q][1] + last * Vt[2][p] * U[q][2];
    for (int p = 0; p < 3; p++)
        t[p] = b[p] - (R[p][0] * a[0] + R[p][1] * a[1] + R[p][2] * a[2]);
    residuals(n, ref, target, (const double(*)[3])R, t, rms, max);
    return SG_OK;
}

static void centroid(int n, const double (*x)[3], double c[3])
{
    c[0] = c[1] = c[2] = 0.0;
    for (int k = 0; k < n; k++)
        for (int p = 0; p < 3; p++)
            c[p] += x[k][p] / n;
}

static sg_status decompose(double C[3][3], double U[3][3], double s[3], double Vt[3][3])
{
    /* Row-major C read by column is C^T = (V) S (U^T): ask for that one and swap the names, so no copy is
     * needed. */
    double work[32], left[9], right[9];
    lapack_int info;

    for (int p = 0; p < 3; p++)
        for (int q = 0; q < 3; q++)
            if (!isfinite(C[p][q])) return sg_fail(SG_ENUMERIC, "alignment of positions that are not finite");
    info = LAPACKE_dgesvd_work(LAPACK_COL_MAJOR, 'A', 'A', 3, 3, &C[0][0], 3, s, left, 3, right, 3, work, 32);
    if (info) return sg_fail(SG_EBACKEND, "LAPACK dgesvd of a 3 x 3 matrix: info %d", (int)info);
    for (int p = 0; p < 3; p++)
        for (int q = 0; q < 3; q++) {
            Vt[p][q] = left[3 * p + q]; /* column p of the left factor, which is V */
            U[p][q] = right[3 * p + q]; /* (U^T) by column: entry (q, p) of U^T */
        }
    return SG_OK;
}

static void residuals(int n, const double (*ref)[3], const double (*target)[3], const double R[3][3],
                      const double t[3], double *rms, double *max)
{
    double sum = 0.0, largest = 0.0;

    for (int k = 0; k < n; k++) {
        double r2 = 0.0;
        for (int p = 0; p < 3; p++) {
            const double d =
                R[p][0] * ref[k][0] + R[p][1] * ref[k][1] + R[p][2] * ref[k][2] + t[p] - target[k][p];
            r2 += d * d;
        }
        sum += r2;
        largest = fmax(largest, r2);
    }
    if (rms) *rms = sqrt(sum / n);
    if (max) *max = sqrt(largest);
}
