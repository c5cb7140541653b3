/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Half neighbour lists over atoms and copies of them, for kernels that must not look up images.
 *
 * Idea: atoms are wrapped into the cell and sorted into bins that divide it along its own vectors; the bins
 * are continued beyond its faces with copies, as far as the list radius reaches, and everything is laid out
 * in the order of bins. The partners of an atom then stand in a few runs of consecutive memory (the bins that
 * follow one another along c). A pair is listed with the member that comes first in that order; since the
 * copies repeat the bins exactly, the order of two members is the same seen from either, so each pair is
 * found once, also that of an atom with its own image in a cell thinner than the list radius. Rows come in
 * the order of bins too, so that neighbours in space are neighbours in memory.
 *
 * Source: Allen & Tildesley, Computer Simulation of Liquids, 2nd ed. (2017), section 5.3. */
#include "slowglass/neigh.h"

#include "near.h"
#include "neigh_internal.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* Bins are this fraction of the list radius (measured: finer ones cost more runs than they save distances).
 */
static const double BIN_FRACTION = 0.5;
static const double MAX_BINS_PER_ATOM = 2.0; /* a sparse system must not cost memory for empty bins */
static const double MARGIN = 1e-9;           /* relative: rounding must not lose a pair */
enum { MAX_CANDIDATES = 1 << 27 };           /* places must fit an entry */

typedef struct run { /* of the stencil: bins (a, b, first..last) relative to an atom's own */
    int a, b, first, last;
} run;

typedef struct grid {
    int count[3];        /* bins of the cell along a, b, c */
    int reach[3];        /* partners are at most this many bins away */
    int low[3], high[3]; /* bins laid out: low <= at < high, 0..count-1 being those of the cell */
    double origin[3], per_unit[3];
    int n_runs, centre; /* centre: the run with a = b = 0 */
    run *runs;
} grid;

typedef struct crowd { /* atoms and copies in the order of the laid-out bins */
    int n;
    int *start;        /* [bins + 1] */
    double *x, *y, *z; /* [n] Å */
    double *memory;
    int *atom;              /* [n] */
    short (*turn)[3];       /* [n] which copy */
    int *place;             /* [n + 1] -1: none yet; the last is that of filling */
    unsigned char *has_row; /* [n] 1: of an atom that is kept; NULL: all are */
} crowd;

typedef struct draft { /* what is needed while a list is made */
    const sg_system *sys;
    const unsigned char *keep;
    int (*wrap)[3]; /* [n] brings each atom into the cell */
    double (*x)[3]; /* [n] wrapped positions, Å */
    int (*at)[3];   /* [n] bin of the cell */
    int *sorted;    /* [n] atoms in the order of bins */
    int *bin_start; /* [bins of the cell + 1] in sorted */
    grid g;
    crowd c;
    int *home; /* [n] where the atom itself stands in the crowd */
    near_filter *filter;
} draft;

static sg_status wrap_atoms(draft *d, double lo[3], double hi[3]);
static void choose_bins(draft *d, double r_list, const double lo[3], const double hi[3]);
static void choose_extent(draft *d);
static sg_status make_stencil(grid *g, const sg_cell *cell, double r_list);
static sg_status sort_atoms(draft *d);
static sg_status lay_out(draft *d);
static sg_status find_rows(const draft *d, sg_halo *list);
static sg_status number_places(const draft *d, sg_halo *list);
static void draft_clear(draft *d);

sg_status sg_halo_create(const sg_system *sys, double r_list, const unsigned char *keep, sg_halo **out)
{
    sg_status st = SG_OK;
    draft d = {.sys = sys, .keep = keep, .filter = near_choose()};
    sg_halo *list = NULL;
    double lo[3], hi[3];

    *out = NULL;
    if (!(r_list > 0.0) || !isfinite(r_list)) return sg_fail(SG_EINVAL, "list radius %g Å, need > 0", r_list);
    list = sg_calloc(1, sizeof *list);
    if (!list) {
        st = sg_fail(SG_ENOMEM, "neighbour list");
        goto done;
    }
    list->r_list = r_list;
    memcpy(list->h, sys->cell.h, sizeof list->h);
    list->n_system = sys->n;
    if ((st = wrap_atoms(&d, lo, hi)) != SG_OK) goto done;
    choose_bins(&d, r_list, lo, hi);
    if ((st = make_stencil(&d.g, &sys->cell, r_list)) != SG_OK) goto done;
    if ((st = sort_atoms(&d)) != SG_OK) goto done;
    choose_extent(&d);
    if ((st = lay_out(&d)) != SG_OK) goto done;
    if ((st = find_rows(&d, list)) != SG_OK) goto done;
    if ((st = number_places(&d, list)) != SG_OK) goto done;
    *out = list;
    list = NULL;
done:
    draft_clear(&d);
    sg_halo_free(list);
    return st;
}

void sg_halo_free(sg_halo *list)
{
    if (!list) return;
    sg_free(list->atom);
    sg_free(list->owner);
    sg_free(list->type);
    sg_free(list->shift);
    sg_free(list->x_build);
    sg_free(list->first);
    sg_free(list->n_kept);
    sg_free(list->entry);
    sg_free(list);
}

static void draft_clear(draft *d)
{
    sg_free(d->wrap);
    sg_free(d->x);
    sg_free(d->at);
    sg_free(d->sorted);
    sg_free(d->bin_start);
    sg_free(d->home);
    sg_free(d->g.runs);
    sg_free(d->c.start);
    sg_free(d->c.memory);
    sg_free(d->c.atom);
    sg_free(d->c.turn);
    sg_free(d->c.place);
    sg_free(d->c.has_row);
}

/* ---- bins ---- */

static void fractional(const sg_cell *cell, const double x[3], double s[3])
{
    for (int k = 0; k < 3; k++)
        s[k] = x[0] * cell->hinv[0][k] + x[1] * cell->hinv[1][k] + x[2] * cell->hinv[2][k];
}

/* Middle of the cell that atoms are brought into, fractional: an atom to be kept, so that the others around
 * it do not fall apart into copies. */
static void choose_middle(const draft *d, double middle[3])
{
    const sg_system *const sys = d->sys;
    int i = 0;

    for (int k = 0; k < 3; k++)
        middle[k] = 0.5;
    if (!d->keep) return;
    while (i < sys->n && !d->keep[i])
        i++;
    if (i == sys->n) return;
    double s[3];
    fractional(&sys->cell, sys->x[i], s);
    for (int k = 0; k < 3; k++)
        if (isfinite(s[k])) middle[k] = s[k] - floor(s[k]);
}

/* Wrapping numbers, wrapped positions and the extent of the atoms in fractional coordinates. */
static sg_status wrap_atoms(draft *d, double lo[3], double hi[3])
{
    const sg_system *const sys = d->sys;
    const sg_cell *const cell = &sys->cell;
    const size_t n = (size_t)sys->n;
    double middle[3];

    choose_middle(d, middle);
    d->wrap = sg_calloc(n, sizeof *d->wrap);
    d->x = sg_calloc(n, sizeof *d->x);
    if (!d->wrap || !d->x) return sg_fail(SG_ENOMEM, "neighbour list of %d atoms", sys->n);
    for (int k = 0; k < 3; k++) {
        lo[k] = cell->periodic[k] ? middle[k] - 0.5 : HUGE_VAL;
        hi[k] = cell->periodic[k] ? middle[k] + 0.5 : -HUGE_VAL;
    }
    for (int i = 0; i < sys->n; i++) {
        double s[3];
        fractional(cell, sys->x[i], s);
        for (int k = 0; k < 3; k++) {
            if (!(fabs(s[k]) < INT_MAX / 4))
                return sg_fail(SG_ENUMERIC, "atom id %d is at (%g, %g, %g) Å, far outside the cell",
                               sys->id[i], sys->x[i][0], sys->x[i][1], sys->x[i][2]);
            d->wrap[i][k] = cell->periodic[k] ? -(int)floor(s[k] - lo[k]) : 0;
            if (cell->periodic[k]) continue;
            lo[k] = fmin(lo[k], s[k]);
            hi[k] = fmax(hi[k], s[k]);
        }
        const int *const w = d->wrap[i];
        for (int a = 0; a < 3; a++)
            d->x[i][a] = sys->x[i][a] + (w[0] * cell->h[0][a] + w[1] * cell->h[1][a] + w[2] * cell->h[2][a]);
    }
    return SG_OK;
}

static void choose_bins(draft *d, double r_list, const double lo[3], const double hi[3])
{
    const sg_cell *const cell = &d->sys->cell;
    const double limit = cbrt(MAX_BINS_PER_ATOM * d->sys->n) + 1.0;
    grid *const g = &d->g;
    double height[3];

    sg_cell_heights(cell, height);
    for (int k = 0; k < 3; k++) {
        const double extent = (d->sys->n > 0 ? hi[k] - lo[k] : 0.0) * height[k];
        const double wanted = fmin(floor(extent / (BIN_FRACTION * r_list)), limit);
        g->count[k] = wanted > 1.0 ? (int)wanted : 1;
        g->origin[k] = lo[k];
        g->per_unit[k] = extent > 0.0 ? g->count[k] / (hi[k] - lo[k]) : 0.0;
        const double reach = extent > 0.0 ? ceil(r_list * (1.0 + MARGIN) * g->count[k] / extent) : 0.0;
        g->reach[k] = reach < SHRT_MAX ? (int)reach : SHRT_MAX;
        if (!cell->periodic[k] && g->reach[k] >= g->count[k]) g->reach[k] = g->count[k] - 1;
    }
}

/* Bins to be laid out: those within reach of an atom with a row. */
static void choose_extent(draft *d)
{
    grid *const g = &d->g;
    int from[3] = {0, 0, 0}, to[3], n = 0;

    for (int k = 0; k < 3; k++)
        to[k] = g->count[k] - 1;
    for (int i = 0; d->keep && i < d->sys->n; i++) {
        if (!d->keep[i]) continue;
        for (int k = 0; k < 3; k++) {
            if (n == 0 || d->at[i][k] < from[k]) from[k] = d->at[i][k];
            if (n == 0 || d->at[i][k] > to[k]) to[k] = d->at[i][k];
        }
        n++;
    }
    for (int k = 0; k < 3; k++) {
        g->low[k] = from[k] - g->reach[k];
        g->high[k] = to[k] + g->reach[k] + 1;
        if (d->sys->cell.periodic[k]) continue;
        if (g->low[k] < 0) g->low[k] = 0;
        if (g->high[k] > g->count[k]) g->high[k] = g->count[k];
    }
    if (!d->keep) g->low[0] = 0; /* partners come later in the order, of which a is the first number */
}

static sg_status make_stencil(grid *g, const sg_cell *cell, double r_list)
{
    const double r2 = r_list * r_list * (1.0 + MARGIN);
    double bin[3][3];
    const int *const reach = g->reach;

    for (int k = 0; k < 3; k++)
        for (int a = 0; a < 3; a++)
            bin[k][a] = g->per_unit[k] > 0.0 ? cell->h[k][a] / g->per_unit[k] : 0.0;
    const size_t room = (2 * (size_t)reach[0] + 1) * (2 * (size_t)reach[1] + 1);
    g->runs = sg_calloc(room, sizeof *g->runs);
    if (!g->runs) return sg_fail(SG_ENOMEM, "neighbour list: stencil of %zu runs", room);
    for (int a = -reach[0]; a <= reach[0]; a++)
        for (int b = -reach[1]; b <= reach[1]; b++) {
            run *const r = &g->runs[g->n_runs];
            *r = (run){a, b, reach[2] + 1, -reach[2] - 1};
            for (int c = -reach[2]; c <= reach[2]; c++) {
                const int o[3] = {a, b, c};
                if (sg_bins_least_distance2((const double(*)[3])bin, o) >= r2) continue;
                if (c < r->first) r->first = c;
                r->last = c;
            }
            if (a == 0 && b == 0) g->centre = g->n_runs;
            g->n_runs += r->first <= r->last;
        }
    return SG_OK;
}

/* Atoms in the order of the bins of the cell, ascending within one. */
static sg_status sort_atoms(draft *d)
{
    const grid *const g = &d->g;
    const int n = d->sys->n;
    const size_t n_bins = (size_t)g->count[0] * (size_t)g->count[1] * (size_t)g->count[2];

    d->at = sg_calloc((size_t)n, sizeof *d->at);
    d->sorted = sg_calloc((size_t)n, sizeof *d->sorted);
    d->bin_start = sg_calloc(n_bins + 2, sizeof *d->bin_start);
    if (!d->at || !d->sorted || !d->bin_start) return sg_fail(SG_ENOMEM, "neighbour list of %d atoms", n);
    int *const next = d->bin_start + 1; /* next[bin] runs from the start of a bin to its end */
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < n; i++) {
            int *const at = d->at[i];
            double s[3];
            if (pass == 0) {
                fractional(&d->sys->cell, d->x[i], s);
                for (int k = 0; k < 3; k++) {
                    at[k] = (int)((s[k] - g->origin[k]) * g->per_unit[k]);
                    if (at[k] < 0) at[k] = 0;
                    if (at[k] >= g->count[k]) at[k] = g->count[k] - 1; /* rounding of s just below 1 */
                }
            }
            const int bin = (at[0] * g->count[1] + at[1]) * g->count[2] + at[2];
            if (pass == 0)
                next[bin + 1]++;
            else
                d->sorted[next[bin]++] = i;
            if (pass == 0 && i == n - 1)
                for (size_t k = 0; k < n_bins; k++)
                    next[k + 1] += next[k];
        }
    return SG_OK;
}

/* ---- atoms and copies ---- */

/* Bin of the cell that the laid-out bin `at` along k repeats, and which copy it is. */
static int repeats(const grid *g, int k, int at, int *turn)
{
    const int n = g->count[k];

    *turn = at >= 0 ? at / n : -((n - 1 - at) / n);
    return at - *turn * n;
}

static size_t laid_out_bin(const grid *g, int a, int b, int c)
{
    const size_t nb = (size_t)(g->high[1] - g->low[1]), nc = (size_t)(g->high[2] - g->low[2]);
    return ((size_t)(a - g->low[0]) * nb + (size_t)(b - g->low[1])) * nc + (size_t)(c - g->low[2]);
}

static void copy_bin(draft *d, const int turn[3], int bin)
{
    const double(*const h)[3] = (const double(*)[3])d->sys->cell.h;
    crowd *const c = &d->c;
    double shift[3];

    for (int a = 0; a < 3; a++)
        shift[a] = turn[0] * h[0][a] + turn[1] * h[1][a] + turn[2] * h[2][a];
    for (int k = d->bin_start[bin]; k < d->bin_start[bin + 1]; k++) {
        const int i = d->sorted[k];
        c->x[c->n] = d->x[i][0] + shift[0];
        c->y[c->n] = d->x[i][1] + shift[1];
        c->z[c->n] = d->x[i][2] + shift[2];
        c->atom[c->n] = i;
        if (d->keep) c->has_row[c->n] = d->keep[i] != 0;
        for (int a = 0; a < 3; a++)
            c->turn[c->n][a] = (short)turn[a];
        if (turn[0] == 0 && turn[1] == 0 && turn[2] == 0) d->home[i] = c->n;
        c->n++;
    }
}

static sg_status crowd_allocate(draft *d)
{
    const grid *const g = &d->g;
    crowd *const c = &d->c;
    double bins = 1.0;
    int64_t n = 0;

    for (int k = 0; k < 3; k++)
        bins *= g->high[k] - g->low[k];
    if (bins > MAX_CANDIDATES)
        return sg_fail(SG_EINVAL, "cell too thin for the list radius: %.0f bins with its images, at most %d",
                       bins, MAX_CANDIDATES);
    for (int a = g->low[0]; a < g->high[0]; a++)
        for (int b = g->low[1]; b < g->high[1]; b++)
            for (int z = g->low[2]; z < g->high[2]; z++) {
                int turn;
                const int bin =
                    (repeats(g, 0, a, &turn) * g->count[1] + repeats(g, 1, b, &turn)) * g->count[2] +
                    repeats(g, 2, z, &turn);
                n += d->bin_start[bin + 1] - d->bin_start[bin];
            }
    if (n >= MAX_CANDIDATES)
        return sg_fail(SG_EINVAL, "cell too thin for the list radius: %lld images of atoms, at most %d",
                       (long long)n, MAX_CANDIDATES);
    const size_t size = (size_t)n;
    c->start = sg_calloc((size_t)bins + 1, sizeof *c->start);
    c->memory = sg_calloc(3 * size, sizeof *c->memory);
    c->atom = sg_calloc(size, sizeof *c->atom);
    c->turn = sg_calloc(size, sizeof *c->turn);
    c->place = sg_calloc(size + 1, sizeof *c->place);
    if (d->keep) c->has_row = sg_calloc(size, sizeof *c->has_row);
    d->home = sg_calloc((size_t)d->sys->n, sizeof *d->home);
    if (!c->start || !c->memory || !c->atom || !c->turn || !c->place || (d->keep && !c->has_row) || !d->home)
        return sg_fail(SG_ENOMEM, "neighbour list: %zu images of atoms", size);
    c->x = c->memory;
    c->y = c->x + size;
    c->z = c->y + size;
    return SG_OK;
}

static sg_status lay_out(draft *d)
{
    const grid *const g = &d->g;
    crowd *const c = &d->c;
    size_t k = 0;
    const sg_status st = crowd_allocate(d);

    if (st != SG_OK) return st;
    for (int a = g->low[0]; a < g->high[0]; a++)
        for (int b = g->low[1]; b < g->high[1]; b++)
            for (int z = g->low[2]; z < g->high[2]; z++) {
                int turn[3];
                const int ra = repeats(g, 0, a, &turn[0]), rb = repeats(g, 1, b, &turn[1]);
                const int rc = repeats(g, 2, z, &turn[2]);
                c->start[k++] = c->n;
                copy_bin(d, turn, (ra * g->count[1] + rb) * g->count[2] + rc);
            }
    c->start[k] = c->n;
    return SG_OK;
}

/* ---- rows ---- */

/* Partners of atom `atom` as numbers in the crowd. */
static sg_status find_row(const draft *d, int atom, double r2_max, sg_halo *list, size_t *capacity, size_t *n)
{
    const grid *const g = &d->g;
    const crowd *const c = &d->c;
    const int *const at = d->at[atom];
    const int i = d->home[atom];
    const double centre[3] = {c->x[i], c->y[i], c->z[i]};

    for (int k = d->keep ? 0 : g->centre; k < g->n_runs; k++) {
        const run *const r = &g->runs[k];
        const int a = at[0] + r->a, b = at[1] + r->b;
        int first = at[2] + r->first, last = at[2] + r->last;
        if (a < g->low[0] || a >= g->high[0] || b < g->low[1] || b >= g->high[1]) continue;
        if (first < g->low[2]) first = g->low[2];
        if (last >= g->high[2]) last = g->high[2] - 1;
        if (first > last) continue;
        int from = c->start[laid_out_bin(g, a, b, first)];
        const int end = c->start[laid_out_bin(g, a, b, last) + 1];
        if (!d->keep && k == g->centre) from = i + 1;
        if (from >= end) continue;
        const size_t need = *n + (size_t)(end - from) + NEAR_MARGIN;
        if (need > *capacity && sg_grow((void **)&list->entry, capacity, need, sizeof *list->entry))
            return sg_fail(SG_ENOMEM, "neighbour list of %zu pairs", need);
        const uint32_t *const stop = d->filter(c->x, c->y, c->z, from, end, centre, r2_max, list->entry + *n);
        *n = (size_t)(stop - list->entry);
    }
    return SG_OK;
}

/* Drop those that list i themselves, and i; the kept ones first, both in their order. `other` has room for a
 * row. Without branches: which atoms are kept is as good as random along a row.
 * @return how many are kept ones; *n is the new length. */
static int sort_row(const draft *d, int i, uint32_t *row, size_t *n, uint32_t *other)
{
    const unsigned char *const has_row = d->c.has_row;
    size_t kept = 0, others = 0;

    for (size_t k = 0; k < *n; k++) {
        const uint32_t j = row[k];
        row[kept] = j;
        kept += has_row[j] & ((int)j > i);
        other[others] = j;
        others += !has_row[j];
    }
    memcpy(row + kept, other, others * sizeof *row);
    *n = kept + others;
    return (int)kept;
}

/* Entries are numbers in the crowd for now, one beyond its last where a row is filled up. */
static sg_status find_rows(const draft *d, sg_halo *list)
{
    const double r2_max = list->r_list * list->r_list;
    const size_t n_atoms = (size_t)d->sys->n;
    size_t capacity = 0, room = 0, n = 0;
    uint32_t *other = NULL;
    sg_status st = SG_OK;

    list->first = sg_calloc(n_atoms + 1, sizeof *list->first);
    list->n_kept = sg_calloc(n_atoms, sizeof *list->n_kept);
    if (!list->first || !list->n_kept ||
        sg_grow((void **)&list->entry, &capacity, SG_HALO_PAD, sizeof *list->entry))
        return sg_fail(SG_ENOMEM, "neighbour list of %zu atoms", n_atoms);
    for (size_t k = 0; k < n_atoms && st == SG_OK; k++) {
        const int atom = d->sorted[k];
        const size_t before = n;
        if (d->keep && !d->keep[atom]) continue;
        if ((st = find_row(d, atom, r2_max, list, &capacity, &n)) != SG_OK) break;
        size_t length = n - before;
        list->n_kept[list->n_rows] = (int)length;
        if (sg_grow((void **)&other, &room, length, sizeof *other) ||
            sg_grow((void **)&list->entry, &capacity, n + SG_HALO_PAD, sizeof *list->entry)) {
            st = sg_fail(SG_ENOMEM, "neighbour list of %zu pairs", n);
            break;
        }
        if (d->keep)
            list->n_kept[list->n_rows] = sort_row(d, d->home[atom], list->entry + before, &length, other);
        list->n_pairs += (int64_t)length;
        n = before + length;
        while (n % SG_HALO_PAD)
            list->entry[n++] = (uint32_t)d->c.n;
        list->first[++list->n_rows] = (int64_t)n;
    }
    sg_free(other);
    return st;
}

/* ---- places ---- */

/* Give crowd member k the next place. */
static void settle(const draft *d, int k, sg_halo *list, int *place_of_atom)
{
    const double(*const h)[3] = (const double(*)[3])d->sys->cell.h;
    const int i = d->c.atom[k], p = list->n++;
    const int *const w = d->wrap[i];
    const short *const t = d->c.turn[k];

    d->c.place[k] = p;
    list->atom[p] = i;
    list->type[p] = d->sys->type[i];
    if (place_of_atom[i] < 0) place_of_atom[i] = p;
    list->owner[p] = place_of_atom[i];
    for (int a = 0; a < 3; a++) {
        list->shift[p][a] = (w[0] + t[0]) * h[0][a] + (w[1] + t[1]) * h[1][a] + (w[2] + t[2]) * h[2][a];
        list->x_build[p][a] = d->sys->x[i][a];
    }
}

static void number_crowd(const draft *d, sg_halo *list, int *place_of_atom)
{
    const crowd *const c = &d->c;

    for (int k = 0; k < d->sys->n; k++) { /* those with rows, in the order of rows */
        const int i = d->sorted[k];
        if (!d->keep || d->keep[i]) settle(d, d->home[i], list, place_of_atom);
    }
    for (int images = 0; images < 2; images++) { /* then the other atoms, then copies */
        for (int k = 0; k < c->n; k++)
            if (c->place[k] == -2 && (images || place_of_atom[c->atom[k]] < 0))
                settle(d, k, list, place_of_atom);
        if (!images) list->n_atoms = list->n;
    }
}

/* From numbers in the crowd to places: only those that occur get one. */
static sg_status number_places(const draft *d, sg_halo *list)
{
    crowd *const c = (crowd *)&d->c;
    const int64_t n_entries = list->first[list->n_rows];
    size_t size = 0;
    int *const place_of_atom = sg_calloc((size_t)d->sys->n, sizeof *place_of_atom);

    if (!place_of_atom) return sg_fail(SG_ENOMEM, "neighbour list of %d atoms", d->sys->n);
    memset(place_of_atom, 0xff, (size_t)d->sys->n * sizeof *place_of_atom); /* -1 */
    for (int k = 0; k < c->n; k++)
        c->place[k] = -1;
    for (int64_t k = 0; k < n_entries; k++)
        c->place[list->entry[k]] = -2; /* occurs */
    for (int k = 0; k < c->n; k++)
        size += c->place[k] == -2;
    size += (size_t)list->n_rows + 1;
    list->atom = sg_calloc(size, sizeof *list->atom);
    list->owner = sg_calloc(size, sizeof *list->owner);
    list->type = sg_calloc(size, sizeof *list->type);
    list->shift = sg_calloc(size, sizeof *list->shift);
    list->x_build = sg_calloc(size, sizeof *list->x_build);
    if (!list->atom || !list->owner || !list->type || !list->shift || !list->x_build) {
        sg_free(place_of_atom);
        return sg_fail(SG_ENOMEM, "neighbour list: %zu places", size);
    }
    number_crowd(d, list, place_of_atom);
    sg_free(place_of_atom);
    c->place[c->n] = list->n;
    for (int64_t k = 0; k < n_entries; k++) {
        const int p = c->place[list->entry[k]];
        list->entry[k] = SG_HALO_ENTRY(p, list->type[p]);
    }
    return SG_OK;
}
