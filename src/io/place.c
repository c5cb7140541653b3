/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what a file says about its cell to the cell of the system.
 *
 * A general cell becomes lower-triangular by the rotation that brings a onto x and b into the xy plane: with
 * e1 = a/|a|, e3 = a x b/|a x b|, e2 = e3 x e1 every vector v becomes (v.e1, v.e2, v.e3). A left-handed set
 * is made right-handed by c -> -c, which describes the same lattice. */
#include "io_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static sg_status check_against_lattice(const sg_frames *frames, const io_box *box);
static int make_lower(double h[3][3]);
static sg_status rotate(const sg_frames *frames, double h[3][3], sg_system *sys);
static sg_status place_in_box(const sg_frames *frames, const io_box *box, sg_system *sys);
static void cross(const double a[3], const double b[3], double out[3]);
static double dot(const double a[3], const double b[3]);
static int compare_entries(const void *a, const void *b);

static const double same_cell = 1e-6;    /* Å, between Lattice and F(gamma) h0: files may carry few digits */
static const double box_margin = 10.0;   /* Å, added to the extent of a cluster that comes without a cell */
static const double no_component = 1e-8; /* Å, an entry above the diagonal that is rounding of zero */

sg_status io_place(sg_frames *frames, const io_box *box, sg_system *sys)
{
    double h0[3][3];
    sg_status st = SG_OK;

    if (!box->has_lattice) return place_in_box(frames, box, sys);
    st = check_against_lattice(frames, box);
    if (st != SG_OK) return st;
    memcpy(h0, box->has_h0 ? box->h0 : box->lattice, sizeof h0);
    if (!make_lower(h0)) {
        if (box->gamma != 0.0)
            return sg_fail(SG_EUNSUPPORTED,
                           "%s:%lld: a cell under strain (gamma %g) needs a along x and b in the xy plane",
                           frames->lines.path, (long long)box->line, box->gamma);
        st = rotate(frames, h0, sys);
        if (st != SG_OK) return st;
        io_text_add(&frames->note,
                    "%s%s: cell and positions rotated so that a lies along x and b in the xy plane",
                    frames->note.n ? "; " : "", frames->lines.path);
    }
    st = sg_cell_init(&sys->cell, (const double(*)[3])h0, box->gamma, box->periodic);
    return st == SG_OK ? st : sg_fail_context(st, "%s:%lld", frames->lines.path, (long long)box->line);
}

void io_unwrap(const sg_cell *cell, const int n[3], double x[3])
{
    if (n[0] == 0 && n[1] == 0 && n[2] == 0) return; /* keeps the sign of a zero */
    for (int k = 0; k < 3; k++)
        x[k] += n[0] * cell->h[0][k] + n[1] * cell->h[1][k] + n[2] * cell->h[2][k];
}

typedef struct entry {
    int id, from;
} entry;

sg_status io_sort_by_id(sg_system *sys)
{
    const size_t n = (size_t)sys->n;
    sg_status st = SG_OK;
    sg_system *was = NULL;
    entry *order = sg_calloc(n, sizeof *order);

    if (!order) return sg_fail(SG_ENOMEM, "order of %d atoms", sys->n);
    st = sg_system_copy(sys, &was);
    if (st != SG_OK) goto done;
    for (int i = 0; i < sys->n; i++)
        order[i] = (entry){sys->id[i], i};
    qsort(order, n, sizeof *order, compare_entries);
    for (int i = 0; i < sys->n; i++) {
        const int from = order[i].from;
        memcpy(sys->x[i], was->x[from], sizeof sys->x[i]);
        sys->type[i] = was->type[from];
        sys->id[i] = was->id[from];
        sys->fixed[i] = was->fixed[from];
    }
done:
    sg_system_free(was);
    sg_free(order);
    return st;
}

static sg_status check_against_lattice(const sg_frames *frames, const io_box *box)
{
    double worst = 0.0;

    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            const double *h0 = box->has_h0 ? box->h0[i] : box->lattice[i];
            const double h = h0[k] + (k == 0 ? box->gamma * h0[1] : 0.0);
            worst = fmax(worst, fabs(h - box->lattice[i][k]));
        }
    }
    if (worst <= same_cell) return SG_OK;
    return sg_fail(SG_EPARSE,
                   "%s:%lld: expected the cell to be F(gamma) h0 with gamma %g to %g Å, %s is off by %g Å",
                   frames->lines.path, (long long)box->line, box->gamma, same_cell,
                   box->has_h0 ? "it" : "h0 is missing and the cell itself", worst);
}

/* Clear entries above the diagonal that are zero but for rounding; 0 when the cell is a general one. */
static int make_lower(double h[3][3])
{
    for (int i = 0; i < 3; i++) {
        if (!(h[i][i] > 0.0)) return 0;
        for (int k = i + 1; k < 3; k++)
            if (!(fabs(h[i][k]) <= no_component)) return 0;
    }
    h[0][1] = h[0][2] = h[1][2] = 0.0;
    return 1;
}

static sg_status rotate(const sg_frames *frames, double h[3][3], sg_system *sys)
{
    const double flat = 1e-9; /* |a x b . c| over the product of lengths */
    double e[3][3], lower[3][3];

    cross(h[0], h[1], e[2]);
    const double volume = dot(e[2], h[2]);
    const double a = sqrt(dot(h[0], h[0])), ab = sqrt(dot(e[2], e[2]));
    if (!(fabs(volume) > flat * a * sqrt(dot(h[1], h[1])) * sqrt(dot(h[2], h[2]))))
        return sg_fail(SG_EINVAL, "%s: cell volume %g Å^3, need three independent cell vectors",
                       frames->lines.path, fabs(volume));
    for (int k = 0; k < 3; k++) {
        e[0][k] = h[0][k] / a;
        e[2][k] /= ab;
        if (volume < 0.0) h[2][k] = -h[2][k];
    }
    cross(e[2], e[0], e[1]);
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            lower[i][k] = k <= i ? dot(h[i], e[k]) : 0.0;
    memcpy(h, lower, sizeof lower);
    for (int i = 0; i < sys->n; i++) {
        const double x[3] = {sys->x[i][0], sys->x[i][1], sys->x[i][2]};
        for (int k = 0; k < 3; k++)
            sys->x[i][k] = dot(x, e[k]);
    }
    return SG_OK;
}

/* A free cluster without a cell: a box that holds it, for its volume only. Positions stay. */
static sg_status place_in_box(const sg_frames *frames, const io_box *box, sg_system *sys)
{
    double h[3][3] = {{0}};

    for (int k = 0; k < 3; k++) {
        double low = INFINITY, high = -INFINITY;
        for (int i = 0; i < sys->n; i++) {
            low = fmin(low, sys->x[i][k]);
            high = fmax(high, sys->x[i][k]);
        }
        h[k][k] = high - low + box_margin;
    }
    const sg_status st = sg_cell_init(&sys->cell, (const double(*)[3])h, 0.0, box->periodic);
    return st == SG_OK ? st : sg_fail_context(st, "%s:%lld", frames->lines.path, (long long)box->line);
}

static void cross(const double a[3], const double b[3], double out[3])
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static int compare_entries(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from; /* repeated ids are reported later, by validation */
}
