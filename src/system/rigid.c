/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rigid motions that cost nothing, and the displacement between two structures without them.
 *
 * When all atoms are free the system may drift; when no direction is periodic it may turn about any axis,
 * when one is, about that one. Two structures are laid on one another by the mean of their displacements and
 * then by the rotation that leaves the least sum of squares: the quaternion belonging to the largest
 * eigenvalue of a symmetric 4 x 4 matrix of correlations (free cluster), or one angle (wire). Rotations only:
 * a cluster and its mirror image differ. Sources: Horn, J. Opt. Soc. Am. A 4, 629 (1987); Jacobi's method as
 * in Golub & Van Loan, Matrix Computations, 4th ed. (2013), section 8.5. */
#include "slowglass/system.h"

#include <math.h>
#include <string.h>

static const double no_moment =
    1e-12; /* a moment of inertia below this share of the largest: atoms on a line */

typedef enum { TURNS_NOT, TURNS_ABOUT_ONE, TURNS_FREELY } turning;

static turning turns(const sg_system *sys, double axis[3]);
static void eigen_jacobi(int n, double a[4][4], double v[4][4]);
static void centroid(const sg_system *sys, const double (*x)[3], double mean[3]);
static int rotation_rank(const sg_system *sys, const double (*x)[3], const double centre[3], turning kind,
                         const double axis[3], double e[3][3], double moment[3]);
static void best_rotation(const sg_system *sys, const double (*a)[3], const double (*b)[3],
                          const double drift[3], const double centre[3], double turn[3][3]);
static void collective_drift(const sg_system *sys, const double (*a)[3], const double (*b)[3],
                             double drift[3]);
static double mean_move(const sg_system *sys, const double (*a)[3], const double (*b)[3],
                        const double about[3], double mean[3]);
static void phase_drift(const sg_system *sys, const double (*a)[3], const double (*b)[3], double drift[3]);
static void image_of_move(const sg_system *sys, const double a[3], const double b[3], const double about[3],
                          double d[3]);

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void cross(const double a[3], const double b[3], double out[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

/* ---- zero modes ---- */

int sg_system_translates(const sg_system *sys)
{
    return sys->n_fixed == 0;
}

/* Rotations that leave cell and fixed atoms as they are; `axis` of a wire. */
static turning turns(const sg_system *sys, double axis[3])
{
    const sg_cell *const cell = &sys->cell;
    int n = 0;

    memset(axis, 0, 3 * sizeof *axis);
    if (sys->n_fixed > 0) return TURNS_NOT;
    for (int k = 0; k < 3; k++) {
        if (!cell->periodic[k]) continue;
        const double length = sqrt(dot(cell->h[k], cell->h[k]));
        for (int a = 0; a < 3; a++)
            axis[a] = cell->h[k][a] / length;
        n++;
    }
    return n == 0 ? TURNS_FREELY : n == 1 ? TURNS_ABOUT_ONE : TURNS_NOT;
}

int sg_system_zero_modes(const sg_system *sys)
{
    double axis[3], centre[3], e[3][3], moment[3];

    if (!sg_system_translates(sys)) return 0;
    const turning kind = turns(sys, axis);
    if (kind == TURNS_NOT) return 3;
    centroid(sys, (const double(*)[3])sys->x, centre);
    return 3 + rotation_rank(sys, (const double(*)[3])sys->x, centre, kind, axis, e, moment);
}

void sg_system_project(const sg_system *sys, const double (*x)[3], double (*v)[3])
{
    double axis[3], centre[3], mean[3], e[3][3], moment[3], momentum[3] = {0.0, 0.0, 0.0};

    if (!sg_system_translates(sys)) return;
    centroid(sys, (const double(*)[3])v, mean);
    for (int i = 0; i < sys->n; i++)
        for (int a = 0; a < 3; a++)
            v[i][a] -= mean[a];
    const turning kind = turns(sys, axis);
    if (kind == TURNS_NOT) return;
    centroid(sys, x, centre);
    const int rank = rotation_rank(sys, x, centre, kind, axis, e, moment);
    for (int i = 0; i < sys->n; i++) {
        double l[3];
        const double r[3] = {x[i][0] - centre[0], x[i][1] - centre[1], x[i][2] - centre[2]};
        cross(r, v[i], l);
        for (int a = 0; a < 3; a++)
            momentum[a] += l[a];
    }
    double omega[3] = {0.0, 0.0, 0.0};
    for (int k = 0; k < rank; k++)
        for (int a = 0; a < 3; a++)
            omega[a] += dot(momentum, e[k]) / moment[k] * e[k][a];
    for (int i = 0; i < sys->n; i++) {
        double move[3];
        const double r[3] = {x[i][0] - centre[0], x[i][1] - centre[1], x[i][2] - centre[2]};
        cross(omega, r, move);
        for (int a = 0; a < 3; a++)
            v[i][a] -= move[a];
    }
}

static void centroid(const sg_system *sys, const double (*x)[3], double mean[3])
{
    memset(mean, 0, 3 * sizeof *mean);
    for (int i = 0; i < sys->n; i++)
        for (int a = 0; a < 3; a++)
            mean[a] += x[i][a];
    for (int a = 0; a < 3; a++)
        mean[a] /= sys->n;
}

/* Axes e about which a rotation moves an atom, and their moments of inertia for unit masses.
 * @return how many: 3, 2 when the atoms lie on a line, 0 for one atom; at most 1 in a wire */
static int rotation_rank(const sg_system *sys, const double (*x)[3], const double centre[3], turning kind,
                         const double axis[3], double e[3][3], double moment[3])
{
    double inertia[4][4] = {{0}}, v[4][4];
    int rank = 0;

    for (int i = 0; i < sys->n; i++) {
        const double r[3] = {x[i][0] - centre[0], x[i][1] - centre[1], x[i][2] - centre[2]};
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++)
                inertia[a][b] += (a == b) * dot(r, r) - r[a] * r[b];
    }
    const double trace = inertia[0][0] + inertia[1][1] + inertia[2][2];
    if (kind == TURNS_ABOUT_ONE) {
        moment[0] = 0.0;
        for (int a = 0; a < 3; a++)
            moment[0] += axis[a] * dot(inertia[a], axis);
        memcpy(e[0], axis, sizeof e[0]);
        return moment[0] > no_moment * trace;
    }
    eigen_jacobi(3, inertia, v);
    for (int k = 0; k < 3; k++) {
        if (!(inertia[k][k] > no_moment * trace)) continue;
        moment[rank] = inertia[k][k];
        for (int a = 0; a < 3; a++)
            e[rank][a] = v[a][k];
        rank++;
    }
    return rank;
}

/* Eigenvalues to the diagonal of the symmetric a (n x n, n <= 4), eigenvectors to the columns of v. */
static void eigen_jacobi(int n, double a[4][4], double v[4][4])
{
    enum { MAX_SWEEPS = 50 }; /* it converges quadratically: 4 to 6 are usual */

    for (int p = 0; p < n; p++)
        for (int q = 0; q < n; q++)
            v[p][q] = p == q;
    for (int sweep = 0; sweep < MAX_SWEEPS; sweep++) {
        double off = 0.0, on = 0.0;
        for (int p = 0; p < n; p++)
            for (int q = 0; q < n; q++)
                *(p == q ? &on : &off) += a[p][q] * a[p][q];
        if (!(off > 1e-32 * on)) return;
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) {
                if (a[p][q] == 0.0) continue;
                const double theta = 0.5 * (a[q][q] - a[p][p]) / a[p][q];
                const double t = copysign(1.0, theta) / (fabs(theta) + sqrt(theta * theta + 1.0));
                const double c = 1.0 / sqrt(t * t + 1.0), s = t * c;
                for (int k = 0; k < n; k++) {
                    const double kp = a[k][p], kq = a[k][q];
                    a[k][p] = c * kp - s * kq;
                    a[k][q] = s * kp + c * kq;
                }
                for (int k = 0; k < n; k++) {
                    const double pk = a[p][k], qk = a[q][k], vp = v[k][p], vq = v[k][q];
                    a[p][k] = c * pk - s * qk;
                    a[q][k] = s * pk + c * qk;
                    v[k][p] = c * vp - s * vq;
                    v[k][q] = s * vp + c * vq;
                }
            }
    }
}

/* ---- displacement ---- */

double sg_system_displacement(const sg_system *sys, const double (*a)[3], const double (*b)[3],
                              double (*d)[3], int *atom)
{
    double drift[3] = {0.0, 0.0, 0.0}, centre[3] = {0.0, 0.0, 0.0}, axis[3], turn[3][3];
    double largest2 = -1.0;
    int farthest = 0;
    const int may_turn = turns(sys, axis) != TURNS_NOT;

    if (sg_system_translates(sys)) collective_drift(sys, a, b, drift);
    if (may_turn) {
        centroid(sys, a, centre);
        best_rotation(sys, a, b, drift, centre, turn);
    }
    for (int i = 0; i < sys->n; i++) {
        double e[3];
        image_of_move(sys, a[i], b[i], drift, e);
        if (may_turn) {
            const double p[3] = {a[i][0] - centre[0], a[i][1] - centre[1], a[i][2] - centre[2]};
            const double q[3] = {p[0] + e[0], p[1] + e[1], p[2] + e[2]};
            for (int k = 0; k < 3; k++)
                e[k] = dot(turn[k], q) - p[k];
        }
        const double e2 = dot(e, e);
        if (e2 > largest2) {
            largest2 = e2;
            farthest = i;
        }
        if (d) memcpy(d[i], e, sizeof e);
    }
    if (atom) *atom = farthest;
    return largest2 > 0.0 ? sqrt(largest2) : 0.0;
}

/* Rotation of unit quaternion q. */
static void rotation_of(const double q[4], double turn[3][3])
{
    const double w = q[0], x = q[1], y = q[2], z = q[3];
    const double r[3][3] = {
        {w * w + x * x - y * y - z * z, 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)},
        {2.0 * (x * y + w * z), w * w - x * x + y * y - z * z, 2.0 * (y * z - w * x)},
        {2.0 * (x * z - w * y), 2.0 * (y * z + w * x), w * w - x * x - y * y + z * z},
    };
    memcpy(turn, r, sizeof r);
}

/* The rotation that brings b, drift removed, closest to a; about an axis it is the quaternion (cos, sin axis)
 * of half the angle whose tangent is (axis . sum q x p) / (sum of q . p across the axis). */
static void best_rotation(const sg_system *sys, const double (*a)[3], const double (*b)[3],
                          const double drift[3], const double centre[3], double turn[3][3])
{
    double s[3][3] = {{0}}, axis[3], v[4][4], q[4];
    const turning kind = turns(sys, axis);
    int best = 0;

    for (int i = 0; i < sys->n; i++) {
        double e[3];
        image_of_move(sys, a[i], b[i], drift, e);
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++)
                s[j][k] += (a[i][j] - centre[j] + e[j]) * (a[i][k] - centre[k]);
    }
    const double t[3] = {s[1][2] - s[2][1], s[2][0] - s[0][2], s[0][1] - s[1][0]}; /* sum of q x p */
    const double trace = s[0][0] + s[1][1] + s[2][2];
    if (kind == TURNS_ABOUT_ONE) {
        double along = 0.0;
        for (int k = 0; k < 3; k++)
            along += axis[k] * dot(s[k], axis);
        const double half = 0.5 * atan2(dot(axis, t), trace - along);
        q[0] = cos(half);
        for (int k = 0; k < 3; k++)
            q[k + 1] = sin(half) * axis[k];
    } else {
        double m[4][4] = {{trace}};
        for (int j = 0; j < 3; j++) {
            m[0][j + 1] = m[j + 1][0] = t[j];
            for (int k = 0; k < 3; k++)
                m[j + 1][k + 1] = s[j][k] + s[k][j] - (j == k) * trace;
        }
        eigen_jacobi(4, m, v);
        for (int k = 1; k < 4; k++)
            if (m[k][k] > m[best][best]) best = k;
        for (int k = 0; k < 4; k++)
            q[k] = v[k][best];
    }
    rotation_of(q, turn);
}

/* Mean displacement. The images are taken about a first estimate, so that a drift of half a cell does not put
 * atoms on different sides. Where all minimum images are short no two differ by half a cell and the estimate
 * is zero. */
static void collective_drift(const sg_system *sys, const double (*a)[3], const double (*b)[3],
                             double drift[3])
{
    double about[3] = {0.0, 0.0, 0.0};

    if (mean_move(sys, a, b, about, drift) < 0.25) return;
    phase_drift(sys, a, b, about);
    mean_move(sys, a, b, about, drift);
}

/* Mean of the moves, each imaged about `about`.
 * @return the largest fractional component along a periodic direction, counted from `about` */
static double mean_move(const sg_system *sys, const double (*a)[3], const double (*b)[3],
                        const double about[3], double mean[3])
{
    const sg_cell *cell = &sys->cell;
    double sum[3] = {0.0, 0.0, 0.0}, longest = 0.0;

    for (int i = 0; i < sys->n; i++) {
        double d[3];
        image_of_move(sys, a[i], b[i], about, d);
        for (int k = 0; k < 3; k++) {
            const double s = d[0] * cell->hinv[0][k] + d[1] * cell->hinv[1][k] + d[2] * cell->hinv[2][k];
            if (cell->periodic[k] && fabs(s) > longest) longest = fabs(s);
            sum[k] += d[k];
        }
    }
    for (int k = 0; k < 3; k++)
        mean[k] = about[k] + sum[k] / sys->n;
    return longest;
}

/* Drift from the mean of exp(2 pi i s) over the atoms along each periodic direction: no choice of images
 * enters. */
static void phase_drift(const sg_system *sys, const double (*a)[3], const double (*b)[3], double drift[3])
{
    const double two_pi = 2.0 * SG_PI;
    const sg_cell *cell = &sys->cell;
    double sine[3] = {0.0, 0.0, 0.0}, cosine[3] = {0.0, 0.0, 0.0};

    for (int i = 0; i < sys->n; i++) {
        for (int k = 0; k < 3; k++) {
            double s = 0.0;
            for (int j = 0; j < 3; j++)
                s += (b[i][j] - a[i][j]) * cell->hinv[j][k];
            sine[k] += sin(two_pi * s);
            cosine[k] += cos(two_pi * s);
        }
    }
    for (int j = 0; j < 3; j++)
        drift[j] = 0.0;
    for (int k = 0; k < 3; k++) {
        const double s = cell->periodic[k] ? atan2(sine[k], cosine[k]) / two_pi : 0.0;
        for (int j = 0; j < 3; j++)
            drift[j] += s * cell->h[k][j];
    }
}

/* Minimum image of b - a - about. */
static void image_of_move(const sg_system *sys, const double a[3], const double b[3], const double about[3],
                          double d[3])
{
    for (int k = 0; k < 3; k++)
        d[k] = b[k] - a[k] - about[k];
    sg_cell_minimum_image(&sys->cell, d);
}
