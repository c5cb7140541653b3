/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Half neighbour lists from linked cells.
 *
 * Idea: atoms are wrapped into the cell and sorted into bins that divide the cell along its own vectors.
 * Around an atom a stencil of bins is visited; where it leaves the cell along a periodic vector it comes back
 * in on the other side and the number of turns becomes the image shift. The stencil may turn round several
 * times, so a cell that is thinner than the list radius, even by far, is no special case. Along an open
 * direction the bins divide the atoms' extent.
 *
 * Layout: bins that follow one another along c hold atoms that follow one another in memory, so the stencil
 * is a set of columns along c. Pairs (lo, hi, image) are found in the order of visits, then brought into rows
 * by stable counting sorts (linear in the number of pairs), which leaves every row sorted by (j, image).
 *
 * Invariant: image numbers are symmetric, number(-q) = n_shift - 1 - number(q).
 * Source: Allen & Tildesley, Computer Simulation of Liquids, 2nd ed. (2017), section 5.3. */
#include "slowglass/neigh.h"

#include "neigh_internal.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* Bins are this fraction of the list radius: finer ones hold too few atoms for the visit to pay (measured).
 */
static const double BIN_FRACTION = 0.5;
static const double MAX_BINS_PER_ATOM = 2.0; /* a sparse system must not cost memory for empty bins */
/* relative: rounding of fractional coordinates must not lose a pair */
static const double STENCIL_MARGIN = 1e-9;

typedef struct column { /* of the stencil: bins (a, b, c) with first <= c <= last, relative to an atom's bin
                         */
    int a, b, first, last;
} column;

typedef struct bins {
    int count[3];       /* bins along a, b, c */
    int reach[3];       /* stencil goes from -reach to +reach */
    int turns[3];       /* largest image number along a, b, c */
    double origin[3];   /* fractional coordinate where the first bin starts */
    double per_unit[3]; /* bins per unit of fractional coordinate */
    int periodic[3];
    int n_columns, centre; /* centre: the column that holds the atom's own bin */
    column *columns;
    int *start;      /* [bins + 1] */
    int *bin_of;     /* [n] */
    double (*x)[3];  /* [n] wrapped positions, Å */
    int *atom;       /* [n] in the order of bins, ascending within one */
    double (*at)[3]; /* [n] their wrapped positions */
} bins;

typedef struct partner { /* of an atom c: the vector from c to it crosses into `image` */
    int atom, image;
} partner;

typedef struct pair {
    int lo, hi, image; /* image of the vector from lo to hi */
} pair;

typedef struct pairs { /* in the order of discovery */
    size_t n, capacity;
    partner *found;
    size_t *end; /* [n atoms] in found */
    pair *pair;  /* [n] sorted by hi */
} pairs;

enum half { BEHIND, HERE, AHEAD }; /* where bins lie, seen from an atom's own */

typedef struct search { /* what does not change while pairs are looked for */
    const bins *b;
    double r2_max;
    const double (*shift)[3];
    const unsigned char *keep;
} search;

static sg_status bins_init(bins *b, const sg_system *sys, double r_list, sg_neigh *nl);
static void bins_clear(bins *b);
static void bins_choose(bins *b, const sg_cell *cell, int n, double r_list, const double lo[3],
                        const double hi[3]);
static sg_status fill_shifts(sg_neigh *nl, const bins *b);
static sg_status fill_columns(bins *b, const sg_cell *cell, double r_list);
static sg_status find_pairs(const bins *b, const sg_neigh *nl, const sg_cell *cell, const unsigned char *keep,
                            pairs *p);
static sg_status visit_atom(const search *s, int c, pairs *p);
static sg_status sort_by_hi(pairs *p, int n, int n_images);
static sg_status fill_rows(sg_neigh *nl, const pairs *p);
static void sort_images(sg_neigh *nl);

sg_status sg_neigh_create(const sg_system *sys, double r_list, const unsigned char *keep, sg_neigh **out)
{
    sg_status st = SG_OK;
    sg_neigh *nl = NULL;
    bins b = {0};
    pairs p = {0};

    *out = NULL;
    if (!(r_list > 0.0) || !isfinite(r_list)) return sg_fail(SG_EINVAL, "list radius %g Å, need > 0", r_list);
    nl = sg_calloc(1, sizeof *nl); /* zeroed: always safe to free */
    if (!nl) {
        st = sg_fail(SG_ENOMEM, "neighbour list");
        goto done;
    }
    nl->n = sys->n;
    nl->r_list = r_list;
    memcpy(nl->h, sys->cell.h, sizeof nl->h);
    if ((st = bins_init(&b, sys, r_list, nl)) != SG_OK) goto done;
    if ((st = fill_shifts(nl, &b)) != SG_OK) goto done;
    if ((st = fill_columns(&b, &sys->cell, r_list)) != SG_OK) goto done;
    if ((st = find_pairs(&b, nl, &sys->cell, keep, &p)) != SG_OK) goto done;
    if ((st = sort_by_hi(&p, sys->n, nl->n_shift)) != SG_OK) goto done;
    if ((st = fill_rows(nl, &p)) != SG_OK) goto done;
    sort_images(nl);
    *out = nl;
    nl = NULL; /* ownership moves to caller */
done:
    sg_free(p.found);
    sg_free(p.end);
    sg_free(p.pair);
    bins_clear(&b);
    sg_neigh_free(nl);
    return st;
}

void sg_neigh_free(sg_neigh *list)
{
    if (!list) return;
    sg_free(list->first);
    sg_free(list->j);
    sg_free(list->image);
    sg_free(list->shift);
    sg_free(list->wrap);
    sg_free(list->x_build);
    sg_free(list);
}

int sg_neigh_stale(const sg_neigh *list, const sg_system *sys, double skin)
{
    const double limit2 = 0.25 * skin * skin;

    if (list->n != sys->n || memcmp(list->h, sys->cell.h, sizeof list->h) != 0) return 1;
    for (int i = 0; i < sys->n; i++) {
        const double dx = sys->x[i][0] - list->x_build[i][0];
        const double dy = sys->x[i][1] - list->x_build[i][1];
        const double dz = sys->x[i][2] - list->x_build[i][2];
        if (!(dx * dx + dy * dy + dz * dz <= limit2)) return 1; /* a NaN counts as moved */
    }
    return 0;
}

void sg_neigh_shift_vectors(const sg_neigh *list, const sg_cell *cell, double (*vector)[3])
{
    for (int s = 0; s < list->n_shift; s++)
        for (int a = 0; a < 3; a++)
            vector[s][a] = list->shift[s][0] * cell->h[0][a] + list->shift[s][1] * cell->h[1][a] +
                           list->shift[s][2] * cell->h[2][a];
}

void sg_neigh_wrapped(const sg_neigh *list, const sg_system *sys, int i, double x[3])
{
    const int *const w = list->wrap[i];
    for (int a = 0; a < 3; a++)
        x[a] =
            sys->x[i][a] + (w[0] * sys->cell.h[0][a] + w[1] * sys->cell.h[1][a] + w[2] * sys->cell.h[2][a]);
}

sg_status sg_neigh_closest(const sg_system *sys, double r_max, double *distance, int *atom_a, int *atom_b)
{
    sg_neigh *nl = NULL;
    double(*shift)[3] = NULL;
    double best2 = HUGE_VAL;

    *distance = HUGE_VAL;
    *atom_a = *atom_b = -1;
    sg_status st = sg_neigh_create(sys, r_max, NULL, &nl);
    if (st != SG_OK) return st;
    shift = sg_calloc((size_t)nl->n_shift, sizeof *shift);
    if (!shift) {
        st = sg_fail(SG_ENOMEM, "image shifts");
        goto done;
    }
    sg_neigh_shift_vectors(nl, &sys->cell, shift);
    for (int i = 0; i < nl->n; i++) {
        double xi[3];
        sg_neigh_wrapped(nl, sys, i, xi);
        for (int64_t k = nl->first[i]; k < nl->first[i + 1]; k++) {
            double xj[3], r2 = 0.0;
            sg_neigh_wrapped(nl, sys, nl->j[k], xj);
            for (int a = 0; a < 3; a++) {
                const double d = xj[a] - xi[a] + shift[nl->image[k]][a];
                r2 += d * d;
            }
            if (r2 < best2) {
                best2 = r2;
                *atom_a = i;
                *atom_b = nl->j[k];
            }
        }
    }
    *distance = sqrt(best2);
done:
    sg_free(shift);
    sg_neigh_free(nl);
    return st;
}

/* ---- bins ---- */

static void fractional(const sg_cell *cell, const double x[3], double s[3])
{
    for (int k = 0; k < 3; k++)
        s[k] = x[0] * cell->hinv[0][k] + x[1] * cell->hinv[1][k] + x[2] * cell->hinv[2][k];
}

/* Wrapping numbers, wrapped positions and the extent of the atoms in fractional coordinates. */
static sg_status wrap_atoms(bins *b, const sg_system *sys, sg_neigh *nl, double lo[3], double hi[3])
{
    const sg_cell *const cell = &sys->cell;

    for (int k = 0; k < 3; k++) {
        lo[k] = cell->periodic[k] ? 0.0 : HUGE_VAL;
        hi[k] = cell->periodic[k] ? 1.0 : -HUGE_VAL;
    }
    for (int i = 0; i < sys->n; i++) {
        double s[3];
        fractional(cell, sys->x[i], s);
        for (int k = 0; k < 3; k++) {
            if (!(fabs(s[k]) < INT_MAX / 4))
                return sg_fail(SG_ENUMERIC, "atom id %d is at (%g, %g, %g) Å, far outside the cell",
                               sys->id[i], sys->x[i][0], sys->x[i][1], sys->x[i][2]);
            nl->wrap[i][k] = cell->periodic[k] ? -(int)floor(s[k]) : 0;
            if (cell->periodic[k]) continue;
            lo[k] = fmin(lo[k], s[k]);
            hi[k] = fmax(hi[k], s[k]);
        }
        memcpy(nl->x_build[i], sys->x[i], sizeof nl->x_build[i]);
        sg_neigh_wrapped(nl, sys, i, b->x[i]);
    }
    return SG_OK;
}

static void bins_choose(bins *b, const sg_cell *cell, int n, double r_list, const double lo[3],
                        const double hi[3])
{
    double height[3], extent[3], limit = cbrt(MAX_BINS_PER_ATOM * n) + 1.0;

    sg_cell_heights(cell, height);
    for (int k = 0; k < 3; k++) {
        b->periodic[k] = cell->periodic[k];
        extent[k] = (n > 0 ? hi[k] - lo[k] : 0.0) * height[k];
        const double wanted = fmin(floor(extent[k] / (BIN_FRACTION * r_list)), limit);
        b->count[k] = wanted > 1.0 ? (int)wanted : 1;
        b->origin[k] = lo[k];
        b->per_unit[k] = extent[k] > 0.0 ? b->count[k] / (hi[k] - lo[k]) : 0.0;
        const double reach =
            extent[k] > 0.0 ? ceil(r_list * (1.0 + STENCIL_MARGIN) * b->count[k] / extent[k]) : 0.0;
        b->reach[k] = reach < INT_MAX / 4 ? (int)reach : INT_MAX / 4;
        if (!b->periodic[k] && b->reach[k] >= b->count[k]) b->reach[k] = b->count[k] - 1;
        b->turns[k] = b->periodic[k] ? (b->reach[k] + b->count[k] - 1) / b->count[k] : 0;
    }
}

static int bin_of_atom(const bins *b, const double s[3])
{
    int at[3];

    for (int k = 0; k < 3; k++) {
        at[k] = (int)((s[k] - b->origin[k]) * b->per_unit[k]);
        if (at[k] < 0) at[k] = 0;
        if (at[k] >= b->count[k]) at[k] = b->count[k] - 1; /* rounding of s just below 1 */
    }
    return (at[0] * b->count[1] + at[1]) * b->count[2] + at[2];
}

static sg_status bins_init(bins *b, const sg_system *sys, double r_list, sg_neigh *nl)
{
    const size_t n = (size_t)sys->n;
    double lo[3], hi[3];

    nl->wrap = sg_calloc(n, sizeof *nl->wrap);
    nl->x_build = sg_calloc(n, sizeof *nl->x_build);
    b->x = sg_calloc(n, sizeof *b->x);
    b->atom = sg_calloc(n, sizeof *b->atom);
    b->at = sg_calloc(n, sizeof *b->at);
    b->bin_of = sg_calloc(n, sizeof *b->bin_of);
    if (!nl->wrap || !nl->x_build || !b->x || !b->atom || !b->at || !b->bin_of)
        return sg_fail(SG_ENOMEM, "neighbour list of %d atoms", sys->n);
    const sg_status st = wrap_atoms(b, sys, nl, lo, hi);
    if (st != SG_OK) return st;
    bins_choose(b, &sys->cell, sys->n, r_list, lo, hi);

    const size_t n_bins = (size_t)b->count[0] * (size_t)b->count[1] * (size_t)b->count[2];
    b->start = sg_calloc(n_bins + 1, sizeof *b->start);
    if (!b->start) return sg_fail(SG_ENOMEM, "neighbour list: %zu bins", n_bins);
    for (int i = 0; i < sys->n; i++) {
        double s[3];
        fractional(&sys->cell, b->x[i], s);
        b->bin_of[i] = bin_of_atom(b, s);
        b->start[b->bin_of[i] + 1]++;
    }
    for (size_t k = 0; k < n_bins; k++)
        b->start[k + 1] += b->start[k];
    /* Filling from the back leaves start[] where it belongs and atoms ascending. */
    for (int i = sys->n - 1; i >= 0; i--)
        b->atom[--b->start[b->bin_of[i] + 1]] = i;
    for (size_t k = 0; k < n_bins; k++)
        b->start[k] = b->start[k + 1];
    b->start[n_bins] = sys->n;
    for (int k = 0; k < sys->n; k++)
        memcpy(b->at[k], b->x[b->atom[k]], sizeof b->at[k]);
    return SG_OK;
}

static void bins_clear(bins *b)
{
    sg_free(b->start);
    sg_free(b->columns);
    sg_free(b->atom);
    sg_free(b->at);
    sg_free(b->bin_of);
    sg_free(b->x);
}

/* ---- images ---- */

static int image_number(const bins *b, const int q[3])
{
    return ((q[0] + b->turns[0]) * (2 * b->turns[1] + 1) + q[1] + b->turns[1]) * (2 * b->turns[2] + 1) +
           q[2] + b->turns[2];
}

static sg_status fill_shifts(sg_neigh *nl, const bins *b)
{
    double count = 1.0;

    for (int k = 0; k < 3; k++)
        count *= 2.0 * b->turns[k] + 1.0;
    if (count > USHRT_MAX)
        return sg_fail(SG_EINVAL, "cell too thin for a list radius of %g Å: %.0f images, at most %d",
                       nl->r_list, count, USHRT_MAX);
    nl->n_shift = (int)count;
    nl->shift = sg_calloc((size_t)nl->n_shift, sizeof *nl->shift);
    if (!nl->shift) return sg_fail(SG_ENOMEM, "image shifts");
    for (int qa = -b->turns[0]; qa <= b->turns[0]; qa++)
        for (int qb = -b->turns[1]; qb <= b->turns[1]; qb++)
            for (int qc = -b->turns[2]; qc <= b->turns[2]; qc++) {
                const int q[3] = {qa, qb, qc};
                memcpy(nl->shift[image_number(b, q)], q, sizeof q);
            }
    return SG_OK;
}

/* ---- search ---- */

double sg_bins_least_distance2(const double bin[3][3], const int o[3])
{
    double sum = 0.0;

    for (int a = 0; a < 3; a++) {
        double low = 0.0, high = 0.0;
        for (int k = 0; k < 3; k++) {
            const double one = (o[k] - 1) * bin[k][a], other = (o[k] + 1) * bin[k][a];
            low += fmin(one, other);
            high += fmax(one, other);
        }
        const double gap = fmax(0.0, fmax(low, -high));
        sum += gap * gap;
    }
    return sum;
}

static sg_status fill_columns(bins *b, const sg_cell *cell, double r_list)
{
    const double r2 = r_list * r_list * (1.0 + STENCIL_MARGIN);
    const size_t room = (2 * (size_t)b->reach[0] + 1) * (2 * (size_t)b->reach[1] + 1);
    double bin[3][3];

    b->columns = sg_calloc(room, sizeof *b->columns);
    if (!b->columns) return sg_fail(SG_ENOMEM, "neighbour list: stencil of %zu columns", room);
    for (int k = 0; k < 3; k++)
        for (int a = 0; a < 3; a++)
            bin[k][a] = b->per_unit[k] > 0.0 ? cell->h[k][a] / b->per_unit[k] : 0.0;
    for (int oa = -b->reach[0]; oa <= b->reach[0]; oa++)
        for (int ob = -b->reach[1]; ob <= b->reach[1]; ob++) {
            column *const col = &b->columns[b->n_columns];
            *col = (column){oa, ob, b->reach[2] + 1, -b->reach[2] - 1};
            for (int oc = -b->reach[2]; oc <= b->reach[2]; oc++) {
                const int o[3] = {oa, ob, oc};
                if (sg_bins_least_distance2((const double(*)[3])bin, o) >= r2) continue;
                if (oc < col->first) col->first = oc;
                col->last = oc;
            }
            if (oa == 0 && ob == 0) b->centre = b->n_columns;
            b->n_columns += col->first <= col->last;
        }
    return SG_OK;
}

static sg_status find_pairs(const bins *b, const sg_neigh *nl, const sg_cell *cell, const unsigned char *keep,
                            pairs *p)
{
    sg_status st = SG_OK;
    double(*shift)[3] = sg_calloc((size_t)nl->n_shift, sizeof *shift);
    const search s = {
        .b = b, .r2_max = nl->r_list * nl->r_list, .shift = (const double(*)[3])shift, .keep = keep};

    p->end = sg_calloc((size_t)nl->n, sizeof *p->end);
    if (!shift || !p->end) {
        sg_free(shift);
        return sg_fail(SG_ENOMEM, "neighbour list of %d atoms", nl->n);
    }
    sg_neigh_shift_vectors(nl, cell, shift);
    for (int c = 0; c < nl->n && st == SG_OK; c++) {
        if (!keep || keep[c]) st = visit_atom(&s, c, p);
        p->end[c] = p->n;
    }
    sg_free(shift);
    return st;
}

/* Where bin index `at` (may lie outside) really is along direction k; 0 when there is nothing. */
static int locate_bin(const bins *b, int k, int at, int *bin, int *turn)
{
    const int n = b->count[k];

    *turn = 0;
    *bin = at;
    if (at >= 0 && at < n) return 1;
    if (!b->periodic[k]) return 0;
    *turn = at >= 0 ? at / n : -((n - 1 - at) / n);
    *bin = at - *turn * n;
    return 1;
}

/* Keep of the partners from..end-1 those that will not find c themselves; returns the new end. */
static partner *drop_found_by_others(const search *s, enum half half, int c, partner *from,
                                     const partner *end)
{
    partner *out = from;

    for (; from < end; from++) {
        const int a = from->atom;
        if ((half == HERE && a < c) || (s->keep && a != c && !s->keep[a])) *out++ = *from;
    }
    return out;
}

/* Partners of atom c among atoms first..end-1 (in the order of bins) seen through an image. Every candidate
 * is written, and kept if it is one: there is no branch to mispredict. */
static sg_status visit_atoms(const search *s, enum half half, int image, int c, int first, int end, pairs *p)
{
    const double *const shift = s->shift[image];
    const double x = s->b->x[c][0] - shift[0], y = s->b->x[c][1] - shift[1], z = s->b->x[c][2] - shift[2];
    const double r2_max = s->r2_max;
    const size_t need = p->n + (size_t)(end - first);

    if (first == end) return SG_OK; /* there may be no array yet */
    if (need > p->capacity && sg_grow((void **)&p->found, &p->capacity, need, sizeof *p->found))
        return sg_fail(SG_ENOMEM, "neighbour list of %zu pairs", need);
    partner *out = p->found + p->n;
    for (int k = first; k < end; k++) {
        const double *const at = s->b->at[k];
        const double dx = at[0] - x, dy = at[1] - y, dz = at[2] - z;
        *out = (partner){s->b->atom[k], image};
        out += dx * dx + dy * dy + dz * dz < r2_max;
    }
    if (half != AHEAD) out = drop_found_by_others(s, half, c, p->found + p->n, out);
    p->n = (size_t)(out - p->found);
    return SG_OK;
}

/* Of two bins that lie o and -o apart one is ahead, by the first nonzero number of o; so each pair is found
 * once, be it of an atom with its own image. With `keep` the other half is searched too, for the atoms that
 * will not be visited themselves. */
static sg_status visit_atom(const search *s, int c, pairs *p)
{
    const bins *const b = s->b;
    const int n_c = b->count[2], bin = b->bin_of[c];
    const int at[3] = {bin / (b->count[1] * n_c), bin / n_c % b->count[1], bin % n_c};
    sg_status st = SG_OK;

    for (int k = s->keep ? 0 : b->centre; k < b->n_columns; k++) {
        const column *const col = &b->columns[k];
        int on[3], q[3];
        if (!locate_bin(b, 0, at[0] + col->a, &on[0], &q[0])) continue;
        if (!locate_bin(b, 1, at[1] + col->b, &on[1], &q[1])) continue;
        const int *const start = b->start + (on[0] * b->count[1] + on[1]) * n_c;
        const int end = at[2] + col->last + 1;
        for (int c_bin = at[2] + col->first, adjacent; c_bin < end; c_bin += adjacent) {
            const int o = k == b->centre ? c_bin - at[2] : k - b->centre;
            adjacent = 1;
            if (!locate_bin(b, 2, c_bin, &on[2], &q[2])) continue;
            if (o != 0) adjacent = end - c_bin < n_c - on[2] ? end - c_bin : n_c - on[2];
            if (k == b->centre && o < 0 && adjacent > -o) adjacent = -o; /* the atom's own bin stands alone */
            st = visit_atoms(s,
                             o > 0   ? AHEAD
                             : o < 0 ? BEHIND
                                     : HERE,
                             image_number(b, q), c, start[on[2]], start[on[2] + adjacent], p);
            if (st != SG_OK) return st;
        }
    }
    return st;
}

/* ---- rows ---- */

/* Stable counting sort of what was found into pairs by their higher atom. */
static sg_status sort_by_hi(pairs *p, int n, int n_images)
{
    size_t *const start = sg_calloc((size_t)n + 2, sizeof *start);

    p->pair = sg_calloc(p->n, sizeof *p->pair);
    if (!start || !p->pair) {
        sg_free(start);
        return sg_fail(SG_ENOMEM, "neighbour list of %zu pairs", p->n);
    }
    size_t *const next = start + 1; /* next[i] runs from the start of i's pairs to their end */
    size_t k = 0;
    for (int c = 0; c < n; c++)
        for (; k < p->end[c]; k++)
            next[(p->found[k].atom > c ? p->found[k].atom : c) + 1]++;
    for (int i = 0; i < n; i++)
        next[i + 1] += next[i];
    k = 0;
    for (int c = 0; c < n; c++)
        for (; k < p->end[c]; k++) {
            const int a = p->found[k].atom, image = p->found[k].image;
            const pair one = {a < c ? a : c, a < c ? c : a, a < c ? n_images - 1 - image : image};
            p->pair[next[one.hi]++] = one;
        }
    sg_free(start);
    return SG_OK;
}

/* Pairs come with their higher atom ascending, so that appending to the lower atom's row leaves rows sorted
 * by j. */
static sg_status fill_rows(sg_neigh *nl, const pairs *p)
{
    const int n = nl->n;

    nl->first = sg_calloc((size_t)n + 2, sizeof *nl->first);
    nl->j = sg_calloc(p->n, sizeof *nl->j);
    nl->image = sg_calloc(p->n, sizeof *nl->image);
    if (!nl->first || !nl->j || !nl->image) return sg_fail(SG_ENOMEM, "neighbour list of %zu pairs", p->n);
    int64_t *const next = nl->first + 1; /* next[i] runs from the start of row i to its end */
    for (size_t k = 0; k < p->n; k++)
        next[p->pair[k].lo + 1]++;
    for (int i = 0; i < n; i++)
        next[i + 1] += next[i];
    for (size_t k = 0; k < p->n; k++) {
        const int64_t to = next[p->pair[k].lo]++;
        nl->j[to] = p->pair[k].hi;
        nl->image[to] = (unsigned short)p->pair[k].image;
    }
    return SG_OK;
}

/* Several images of one partner (small cells) into the order of their numbers. */
static void sort_images(sg_neigh *nl)
{
    for (int i = 0; i < nl->n; i++)
        for (int64_t k = nl->first[i] + 1; k < nl->first[i + 1]; k++) {
            const unsigned short image = nl->image[k];
            int64_t to = k;
            assert(nl->j[k - 1] <= nl->j[k]);
            for (; to > nl->first[i] && nl->j[to - 1] == nl->j[k] && nl->image[to - 1] > image; to--)
                nl->image[to] = nl->image[to - 1];
            nl->image[to] = image;
        }
}
