/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is one structure the other, turned, mirrored or shifted as a whole, like atoms exchanged?
 *
 * Turns and mirrors that carry a periodic structure onto another one with the same cell carry the lattice of
 * the cell onto itself; there are at most 48, with integer matrices in the basis of the cell vectors. For
 * each of them a shift follows from any pair of atoms that correspond: an atom of the rarest colour, and in
 * turn those of the same colour in the other structure. The few atoms of that colour refuse nearly all wrong
 * shifts; what remains is looked at atom by atom, in linked cells.
 *
 * Invariant: operations and atoms are tried in a fixed order and the first success counts, so that the answer
 * depends on the two structures alone. */
#include <math.h>
#include <string.h>

#include "topology_internal.h"

enum { MAX_COLOURS = 64, COLOURS = MAX_COLOURS * SG_MAX_SPECIES * 2, FEW = 64 };
static const double metric_tolerance = 1e-9; /* relative, of lengths and angles of the cell */
static const double bin_size = 1.6;          /* Å: about one atom each */

/* --- the cell --- */

/* Integer combinations of the cell vectors, coefficients -1, 0, 1, that are as long as vector i. */
static int candidates(const sg_cell *cell, int i, const double metric[3][3], int m[27][3])
{
    int n = 0;

    for (int k = 0; k < 27; k++) {
        const int c[3] = {k % 3 - 1, k / 3 % 3 - 1, k / 9 - 1};
        double r2 = 0;
        int mixes = 0;
        for (int a = 0; a < 3; a++) {
            mixes |= c[a] != 0 && !cell->periodic[a] != !cell->periodic[i];
            for (int b = 0; b < 3; b++)
                r2 += c[a] * c[b] * metric[a][b];
        }
        if (mixes || fabs(r2 - metric[i][i]) > metric_tolerance * metric[i][i]) continue;
        memcpy(m[n++], c, sizeof c);
    }
    return n;
}

static int same_angle(const double metric[3][3], const int a[3], const int b[3], int i, int j)
{
    double dot = 0;
    for (int p = 0; p < 3; p++)
        for (int q = 0; q < 3; q++)
            dot += a[p] * b[q] * metric[p][q];
    return fabs(dot - metric[i][j]) <= metric_tolerance * sqrt(metric[i][i] * metric[j][j]);
}

/* R takes cell vector i to sum_j m[i][j] h[j]: R_ab = sum_i (m h)_ia hinv_bi. */
static void operation(const sg_cell *cell, const int *const m[3], double R[3][3])
{
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            R[a][b] = 0;
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < 3; j++)
                    R[a][b] += m[i][j] * cell->h[j][a] * cell->hinv[b][i];
        }
}

void sg_topology_cell_symmetries(const sg_cell *cell, sg_cell_symmetries *out)
{
    static const int unit[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    double metric[3][3];
    int m[3][27][3], n[3];

    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            metric[i][j] =
                cell->h[i][0] * cell->h[j][0] + cell->h[i][1] * cell->h[j][1] + cell->h[i][2] * cell->h[j][2];
    for (int i = 0; i < 3; i++)
        n[i] = candidates(cell, i, (const double(*)[3])metric, m[i]);
    memset(out, 0, sizeof *out);
    for (int a = 0; a < 3; a++)
        out->R[0][a][a] = 1; /* exactly */
    out->n = 1;
    for (int a = 0; a < n[0]; a++)
        for (int b = 0; b < n[1]; b++) {
            if (!same_angle((const double(*)[3])metric, m[0][a], m[1][b], 0, 1)) continue;
            for (int c = 0; c < n[2] && out->n < SG_MAX_CELL_SYMMETRIES; c++) {
                const int *const rows[3] = {m[0][a], m[1][b], m[2][c]};
                int is_unit = 1;
                if (!same_angle((const double(*)[3])metric, m[0][a], m[2][c], 0, 2) ||
                    !same_angle((const double(*)[3])metric, m[1][b], m[2][c], 1, 2))
                    continue;
                for (int i = 0; i < 3; i++)
                    is_unit = is_unit && memcmp(rows[i], unit[i], sizeof unit[i]) == 0;
                if (!is_unit) operation(cell, rows, out->R[out->n++]);
            }
        }
}

/* --- colours --- */

typedef struct side { /* one of the two structures */
    const double (*x)[3];
    const int *colour;
    int n_rare, *rare; /* [n_rare] atoms of the colour that anchors the search */
} side;

typedef struct search {
    const sg_system *sys;
    side ref, target;
    double tolerance;
    int count[3], *start, *next; /* bins of the target: [bins] first atom, [n] the atom after; -1: none */
    unsigned char *taken;        /* [n] */
    double (*image)[3];          /* [n] by atom of the target */
    int *map;
} search;

static int colour_of(const sg_system *sys, const int *colour, int i)
{
    const int c = colour[i] < 0 ? 0 : colour[i] < MAX_COLOURS ? colour[i] : MAX_COLOURS - 1;
    return (c * SG_MAX_SPECIES + sys->type[i]) * 2 + (sys->fixed[i] != 0);
}

/* The colour that the fewest atoms have, -1 when the two structures differ in how many have which. */
static int rarest(const sg_system *sys, const int *ref, const int *target)
{
    int n_ref[COLOURS] = {0}, n_target[COLOURS] = {0}, best = -1;

    for (int i = 0; i < sys->n; i++) {
        n_ref[colour_of(sys, ref, i)]++;
        n_target[colour_of(sys, target, i)]++;
    }
    if (memcmp(n_ref, n_target, sizeof n_ref) != 0) return -1;
    for (int c = 0; c < COLOURS; c++)
        if (n_ref[c] > 0 && (best < 0 || n_ref[c] < n_ref[best])) best = c;
    return best;
}

static void find_rare(const sg_system *sys, side *s, int colour)
{
    for (int i = 0; i < sys->n; i++)
        if (colour_of(sys, s->colour, i) == colour) s->rare[s->n_rare++] = i;
}

/* --- shifts --- */

static void carry(const double R[3][3], const double t[3], const double x[3], double y[3])
{
    for (int a = 0; a < 3; a++)
        y[a] = R[a][0] * x[0] + R[a][1] * x[1] + R[a][2] * x[2] + t[a];
}

/* Vector from atom j of the target to y, and whether it is short. */
static int meets(const search *s, const double y[3], int j, double d[3])
{
    for (int a = 0; a < 3; a++)
        d[a] = y[a] - s->target.x[j][a];
    sg_cell_minimum_image(&s->sys->cell, d);
    return d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < s->tolerance * s->tolerance;
}

/* All anchors must come upon anchors. Where they are many, to ask them costs more than it saves. */
static int anchors_agree(const search *s, const double R[3][3], const double t[3])
{
    double y[3], d[3];

    if (s->target.n_rare > FEW) return 1;
    for (int k = 0; k < s->ref.n_rare; k++) {
        int q = 0;
        carry(R, t, s->ref.x[s->ref.rare[k]], y);
        while (q < s->target.n_rare && !meets(s, y, s->target.rare[q], d))
            q++;
        if (q == s->target.n_rare) return 0;
    }
    return 1;
}

/* --- atom by atom --- */

static int bin_along(const search *s, double fraction, int a)
{
    const int n = s->count[a];
    if (s->sys->cell.periodic[a]) fraction -= floor(fraction);
    const int b = (int)floor(fraction * n);
    return b < 0 ? 0 : b < n ? b : n - 1;
}

static void fractions(const sg_cell *cell, const double x[3], double f[3])
{
    for (int a = 0; a < 3; a++)
        f[a] = x[0] * cell->hinv[0][a] + x[1] * cell->hinv[1][a] + x[2] * cell->hinv[2][a];
}

static sg_status make_bins(search *s, const double heights[3])
{
    const int n = s->sys->n;
    size_t bins = 1;
    double f[3];

    for (int a = 0; a < 3; a++) {
        const double wanted = heights[a] / bin_size, most = cbrt(8.0 * n) + 1;
        s->count[a] = wanted < 1 ? 1 : wanted < most ? (int)wanted : (int)most;
        bins *= (size_t)s->count[a];
    }
    s->start = sg_calloc(bins, sizeof *s->start);
    s->next = sg_calloc((size_t)n, sizeof *s->next);
    if (!s->start || !s->next) return sg_fail(SG_ENOMEM, "bins of %d atoms", n);
    for (size_t b = 0; b < bins; b++)
        s->start[b] = -1;
    for (int j = n - 1; j >= 0; j--) {
        fractions(&s->sys->cell, s->target.x[j], f);
        int *const first =
            &s->start[(bin_along(s, f[0], 0) * s->count[1] + bin_along(s, f[1], 1)) * s->count[2] +
                      bin_along(s, f[2], 2)];
        s->next[j] = *first;
        *first = j;
    }
    return SG_OK;
}

/* The free atom of the target, with the colour of atom i of the reference, that y comes upon; -1 if none. */
static int find_atom(const search *s, const double y[3], const double reach[3], int i, double d[3])
{
    const int colour = colour_of(s->sys, s->ref.colour, i);
    double f[3];
    int low[3], high[3];

    fractions(&s->sys->cell, y, f);
    for (int a = 0; a < 3; a++) {
        low[a] = bin_along(s, f[a] - reach[a], a);
        high[a] = bin_along(s, f[a] + reach[a], a);
    }
    for (int p = low[0];; p = high[0]) { /* one bin or two along each vector */
        for (int q = low[1];; q = high[1]) {
            for (int r = low[2];; r = high[2]) {
                for (int j = s->start[(p * s->count[1] + q) * s->count[2] + r]; j >= 0; j = s->next[j])
                    if (!s->taken[j] && colour_of(s->sys, s->target.colour, j) == colour && meets(s, y, j, d))
                        return j;
                if (r == high[2]) break;
            }
            if (q == high[1]) break;
        }
        if (p == high[0]) break;
    }
    return -1;
}

static int all_meet(search *s, const double R[3][3], const double t[3], const double heights[3])
{
    const int n = s->sys->n;
    double reach[3], y[3], d[3];

    for (int a = 0; a < 3; a++)
        reach[a] = s->tolerance / heights[a];
    memset(s->taken, 0, (size_t)n);
    for (int i = 0; i < n; i++) {
        carry(R, t, s->ref.x[i], y);
        const int j = find_atom(s, y, reach, i, d);
        if (j < 0) return 0;
        s->taken[j] = 1;
        s->map[i] = j;
        memcpy(s->image[j], d, sizeof d);
    }
    return 1;
}

/* From vectors between target and image to the image's positions; where translations cost nothing the shift
 * is moved to the middle first. Returns the longest vector. */
static double place(search *s)
{
    const int n = s->sys->n;
    double mean[3] = {0}, worst = 0;

    for (int j = 0; j < n && sg_system_translates(s->sys); j++)
        for (int a = 0; a < 3; a++)
            mean[a] += s->image[j][a] / n;
    for (int j = 0; j < n; j++) {
        double r2 = 0;
        for (int a = 0; a < 3; a++) {
            const double d = s->image[j][a] - mean[a];
            r2 += d * d;
            s->image[j][a] = s->target.x[j][a] + d;
        }
        worst = fmax(worst, r2);
    }
    return sqrt(worst);
}

/* The first shift that goes with an operation. */
static int fits(search *s, const double R[3][3], const double heights[3])
{
    const double zero[3] = {0};
    double y[3], t[3];

    carry(R, zero, s->ref.x[s->ref.rare[0]], y);
    for (int q = 0; q < s->target.n_rare; q++) {
        for (int a = 0; a < 3; a++)
            t[a] = s->target.x[s->target.rare[q]][a] - y[a];
        if (anchors_agree(s, R, t) && all_meet(s, R, t, heights)) return 1;
    }
    return 0;
}

sg_status sg_topology_congruence(const sg_system *sys, const sg_cell_symmetries *ops,
                                 const double (*x_ref)[3], const int *colour_ref, const double (*x_target)[3],
                                 const int *colour_target, double tolerance, sg_congruence *out, int *found)
{
    const size_t n = (size_t)sys->n;
    search s = {.sys = sys,
                .ref = {.x = x_ref, .colour = colour_ref},
                .target = {.x = x_target, .colour = colour_target},
                .tolerance = tolerance,
                .image = out->image,
                .map = out->map};
    double heights[3];
    const int colour = rarest(sys, colour_ref, colour_target);
    sg_status st = SG_OK;

    *found = 0;
    if (colour < 0) return SG_OK;
    sg_cell_heights(&sys->cell, heights);
    s.taken = sg_calloc(n, 1);
    s.ref.rare = sg_calloc(2 * n, sizeof *s.ref.rare);
    if (!s.taken || !s.ref.rare) {
        st = sg_fail(SG_ENOMEM, "congruence of %d atoms", sys->n);
    } else {
        s.target.rare = s.ref.rare + n;
        find_rare(sys, &s.ref, colour);
        find_rare(sys, &s.target, colour);
        st = make_bins(&s, heights);
    }
    for (int k = 0; k < ops->n && st == SG_OK && !*found; k++) {
        if (!fits(&s, ops->R[k], heights)) continue;
        *found = 1;
        memcpy(out->R, ops->R[k], sizeof out->R);
        out->worst = place(&s);
    }
    sg_free(s.start);
    sg_free(s.next);
    sg_free(s.taken);
    sg_free(s.ref.rare);
    return st;
}
