/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cell: simple shear, inverse, heights, minimum images.
 *
 * With rows as cell vectors a fractional position is s = x . hinv, so column i of hinv is the normal of the
 * faces that vector i crosses, divided by their distance: height_i = 1 / |column i|. Every lattice vector
 * that uses row i is at least height_i long; hence a difference shorter than half of all heights is the
 * shortest of its images, and since its fractional coordinates are below 1/2, rounding finds it. Only longer
 * ones need the search. */
#include "slowglass/system.h"

#include <math.h>
#include <string.h>

static int surely_shortest(const sg_cell *cell, const double d[3]);
static int shorten(const sg_cell *cell, double d[3]);
static sg_status check_vectors(const double h0[3][3], double gamma);
static void invert_lower(double h[3][3], double inverse[3][3]);

static double norm2(const double v[3])
{
    return v[0] * v[0] + v[1] * v[1] + v[2] * v[2];
}

sg_status sg_cell_init(sg_cell *cell, const double h0[3][3], double gamma, const int periodic[3])
{
    sg_cell made = {.gamma = gamma};
    const sg_status st = check_vectors(h0, gamma);

    if (st != SG_OK) return st;
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++)
            made.h[i][k] = made.h0[i][k] = h0[i][k];
        made.h[i][0] += gamma * h0[i][1];
        made.periodic[i] = periodic[i] != 0;
    }
    made.volume = made.h[0][0] * made.h[1][1] * made.h[2][2];
    if (!(made.volume > 0.0) || !isfinite(made.volume))
        return sg_fail(SG_EINVAL, "cell volume %g Å^3, need > 0", made.volume);
    invert_lower(made.h, made.hinv);
    *cell = made;
    return SG_OK;
}

void sg_cell_heights(const sg_cell *cell, double heights[3])
{
    for (int i = 0; i < 3; i++) {
        const double normal[3] = {cell->hinv[0][i], cell->hinv[1][i], cell->hinv[2][i]};
        heights[i] = 1.0 / sqrt(norm2(normal));
    }
}

void sg_cell_minimum_image(const sg_cell *cell, double d[3])
{
    double s[3];

    for (int i = 0; i < 3; i++)
        s[i] = d[0] * cell->hinv[0][i] + d[1] * cell->hinv[1][i] + d[2] * cell->hinv[2][i];
    for (int i = 0; i < 3; i++) {
        const double n = cell->periodic[i] ? rint(s[i]) : 0.0;
        if (n == 0.0) continue;
        for (int k = 0; k < 3; k++)
            d[k] -= n * cell->h[i][k];
    }
    while (!surely_shortest(cell, d) && shorten(cell, d)) {
    }
}

static int surely_shortest(const sg_cell *cell, const double d[3])
{
    const double d2 = norm2(d);

    for (int i = 0; i < 3; i++) {
        const double normal[3] = {cell->hinv[0][i], cell->hinv[1][i], cell->hinv[2][i]};
        if (cell->periodic[i] && !(d2 * norm2(normal) < 0.25)) return 0;
    }
    return 1;
}

/* Replace d by the shortest of its 27 neighbouring images; 0 when it was the shortest already (ties keep it).
 */
static int shorten(const sg_cell *cell, double d[3])
{
    /* a gain below rounding is none: otherwise two equal images could alternate for ever */
    const double must_gain = 1e-12;
    double best2 = norm2(d) * (1.0 - must_gain);
    double best[3];
    int found = 0;

    for (int code = 0; code < 27; code++) {
        const int n[3] = {code / 9 - 1, code / 3 % 3 - 1, code % 3 - 1};
        double e[3] = {d[0], d[1], d[2]};
        int allowed = 1;
        for (int i = 0; i < 3; i++) {
            if (n[i] && !cell->periodic[i]) allowed = 0;
            for (int k = 0; k < 3; k++)
                e[k] += n[i] * cell->h[i][k];
        }
        if (!allowed || !(norm2(e) < best2)) continue;
        best2 = norm2(e);
        memcpy(best, e, sizeof best);
        found = 1;
    }
    if (found) memcpy(d, best, sizeof best);
    return found;
}

static sg_status check_vectors(const double h0[3][3], double gamma)
{
    if (!isfinite(gamma)) return sg_fail(SG_EINVAL, "strain xy is not a number");
    for (int i = 0; i < 3; i++) {
        const char name = "abc"[i];
        for (int k = 0; k < 3; k++) {
            if (!isfinite(h0[i][k])) return sg_fail(SG_EINVAL, "cell vector %c is not finite", name);
            if (k > i && h0[i][k] != 0.0)
                return sg_fail(SG_EINVAL,
                               "cell vector %c has %c component %g Å, expected 0 (a along x, b in xy)", name,
                               "xyz"[k], h0[i][k]);
        }
        if (!(h0[i][i] > 0.0))
            return sg_fail(SG_EINVAL, "cell vector %c has %c component %g Å, need > 0", name, "xyz"[i],
                           h0[i][i]);
    }
    return SG_OK;
}

static void invert_lower(double h[3][3], double inverse[3][3])
{
    memset(inverse, 0, 9 * sizeof(double));
    inverse[0][0] = 1.0 / h[0][0];
    inverse[1][1] = 1.0 / h[1][1];
    inverse[2][2] = 1.0 / h[2][2];
    inverse[1][0] = -h[1][0] * inverse[0][0] * inverse[1][1];
    inverse[2][1] = -h[2][1] * inverse[1][1] * inverse[2][2];
    inverse[2][0] = -(h[2][0] * inverse[0][0] + h[2][1] * inverse[1][0]) * inverse[2][2];
}
