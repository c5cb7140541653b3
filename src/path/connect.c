/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From two minima to a path: bands that become finer, split wherever they run through another minimum.
 *
 * A piece is a band between two minima. It is relaxed roughly with few images first; a dip in its energies is
 * then relaxed by itself, and if it leads to a minimum that is neither end the piece becomes two, each of
 * which begins with its share of the images. A piece without dips gets as many images as its length asks
 * for, and is converged with a climbing image; then it is looked at once more. Pieces wait in a list from
 * left to right. */
#include "path_internal.h"

#include <math.h>
#include <string.h>

enum { MOST_PIECES = 32, FEWEST = 9, MOST_SPLITS = 24, STAGES = 7 };
static const double rough_spacing = 3;                  /* of the spacing asked for */
static const double rough_force = 0.1;                  /* eV/Å */
static const double stage_force[STAGES] = {0.05, 0.01}; /* eV/Å, at least that asked for */
static const double margin = 0.93;                      /* of the spacing: springs leave it uneven */

typedef struct piece { /* a band */
    path_row row;
    double e[2]; /* eV, of its ends */
} piece;

typedef struct chain { /* from left to right */
    const sg_potential *pot;
    const sg_system *like;
    const sg_path_options *opt;
    piece piece[MOST_PIECES];
    int n, splits;
    int64_t calls;
} chain;

static double length_of(const path_row *row)
{
    double length = 0;

    for (int k = 1; k < row->n; k++)
        length += path_distance(row->m, path_image(row, k - 1), path_image(row, k));
    return length;
}

static double widest(const path_row *row)
{
    double gap = 0;

    for (int k = 1; k < row->n; k++)
        gap = fmax(gap, path_distance(row->m, path_image(row, k - 1), path_image(row, k)));
    return gap;
}

/* As many images as the length asks for; the climber (0: none) stays one of them. */
static sg_status refine_to(path_row *row, int climber, double spacing)
{
    const int first[2] = {0, climber}, last[2] = {climber, row->n - 1};
    path_row even = {.m = row->m};
    sg_status st = SG_OK;

    for (int side = climber > 0 ? 0 : 1; side < 2 && st == SG_OK; side++) {
        const path_row part = {
            .m = row->m, .x = path_image(row, first[side]), .n = last[side] - first[side] + 1};
        const int fewest = climber > 0 ? FEWEST / 2 : FEWEST - 1;
        path_row finer = {.m = row->m};
        st = path_resample(&part, 1 + (int)fmax(fewest, ceil(length_of(&part) / spacing)), &finer);
        for (int k = even.n > 0; k < finer.n && st == SG_OK; k++)
            st = path_row_add(&even, path_image(&finer, k));
        path_row_clear(&finer);
    }
    if (st != SG_OK) {
        path_row_clear(&even);
        return st;
    }
    path_row_clear(row);
    *row = even;
    return SG_OK;
}

/* The piece k becomes two, at image `dip`, which is replaced by the minimum x. */
static sg_status split(chain *c, int k, int dip, const double *x, double energy)
{
    piece *const p = &c->piece[k];
    piece right = {.row = {.m = p->row.m}, .e = {energy, p->e[1]}};
    sg_status st = path_row_add(&right.row, x);

    for (int i = dip + 1; i < p->row.n && st == SG_OK; i++)
        st = path_row_add(&right.row, path_image(&p->row, i));
    if (st != SG_OK) {
        path_row_clear(&right.row);
        return st;
    }
    /* what is right of the minimum keeps its place beside it */
    memcpy(path_image(&p->row, dip), x, p->row.m * sizeof *x);
    p->row.n = dip + 1;
    p->e[1] = energy;
    memmove(&c->piece[k + 2], &c->piece[k + 1], (size_t)(c->n - k - 1) * sizeof *c->piece);
    c->piece[k + 1] = right;
    c->n++;
    c->splits++;
    return SG_OK;
}

/* Is image i a dip of the band: lower than what stands on either side of it? */
static int is_dip(const double *e, int n, int i, double shallow)
{
    double left = e[i], right = e[i];

    if (!(e[i] < e[i - 1] && e[i] <= e[i + 1])) return 0;
    for (int k = i; k >= 0 && e[k] >= e[i]; k--)
        left = fmax(left, e[k]);
    for (int k = i; k < n && e[k] >= e[i]; k++)
        right = fmax(right, e[k]);
    return fmin(left, right) - e[i] > shallow;
}

/* Split piece k at the first dip that is a minimum of its own. */
static sg_status look_for_dips(chain *c, int k, const double *e, int *has_split)
{
    const piece p = c->piece[k];
    double *x = sg_calloc(p.row.m, sizeof *x), energy;
    sg_status st = x ? SG_OK : sg_fail(SG_ENOMEM, "minimum on a path");

    *has_split = 0;
    for (int i = 1; i < p.row.n - 1 && !*has_split && st == SG_OK; i++) {
        if (!is_dip(e, p.row.n, i, c->opt->shallow)) continue;
        memcpy(x, path_image(&p.row, i), p.row.m * sizeof *x);
        st = path_relax(c->pot, c->like, c->opt, x, &energy, &c->calls);
        if (st != SG_OK) break;
        if (path_same(c->like, c->opt, path_image(&p.row, 0), p.e[0], x, energy) ||
            path_same(c->like, c->opt, path_image(&p.row, p.row.n - 1), p.e[1], x, energy))
            continue;
        if (c->n == MOST_PIECES || c->splits == MOST_SPLITS)
            st = sg_fail(SG_ENUMERIC, "more than %d minima between the two structures: not neighbours",
                         c->splits);
        else
            st = split(c, k, i, x, energy);
        *has_split = st == SG_OK;
    }
    sg_free(x);
    return st;
}

/* Relax piece k as it stands, and look at it. */
static sg_status relax_piece(chain *c, int k, double f_perp, int climbs, int *climber, int *converged,
                             int *has_split)
{
    piece *const p = &c->piece[k];
    double *e = sg_calloc((size_t)p->row.n, sizeof *e);
    sg_status st = e ? SG_OK : sg_fail(SG_ENOMEM, "band");

    *has_split = 0;
    if (st == SG_OK) {
        e[0] = p->e[0];
        e[p->row.n - 1] = p->e[1];
        st = path_band_relax(c->pot, c->like, c->opt, &p->row, f_perp, climbs, e, climber, &c->calls,
                             converged);
    }
    if (st == SG_OK) st = look_for_dips(c, k, e, has_split);
    sg_free(e);
    return st;
}

/* Converge piece k, or split it. */
static sg_status finish(chain *c, int k, sg_path **out)
{
    const sg_path_options *const o = c->opt;
    int climber = -1, converged = 0, has_split = 0;
    sg_status st = refine_to(&c->piece[k].row, 0, rough_spacing * o->spacing);

    *out = NULL;
    if (st == SG_OK) st = relax_piece(c, k, rough_force, 0, &climber, &converged, &has_split);
    for (int stage = 0; stage < STAGES && st == SG_OK && !has_split; stage++) {
        const double force = fmax(o->f_perp, stage_force[stage]);
        if (stage > 2 && converged && widest(&c->piece[k].row) <= o->spacing) break;
        if (widest(&c->piece[k].row) > o->spacing)
            st = refine_to(&c->piece[k].row, climber > 0 ? climber : 0, margin * o->spacing);
        if (st == SG_OK) st = relax_piece(c, k, force, 1, &climber, &converged, &has_split);
    }
    if (st != SG_OK || has_split) return st;
    if (!converged)
        return sg_fail(SG_ENUMERIC, "the band has not converged to %g eV/Å within %d steps", o->f_perp,
                       o->max_steps);
    return path_make(c->pot, c->like, o, &c->piece[k].row, climber, 0, out);
}

static sg_status join(chain *c, sg_path *next, sg_path **out)
{
    if (!*out) {
        *out = next;
        return SG_OK;
    }
    const sg_status st = sg_path_append(c->like, c->opt, *out, next);
    sg_path_free(next);
    return st;
}

sg_status sg_path_check_ends(const sg_system *a, const sg_system *b)
{
    if (a->n != b->n) return sg_fail(SG_EMISMATCH, "the two structures have %d and %d atoms", a->n, b->n);
    for (int i = 0; i < a->n; i++) {
        if (strcmp(a->species.symbol[a->type[i]], b->species.symbol[b->type[i]]) != 0)
            return sg_fail(SG_EMISMATCH, "atom %d is %s in one structure and %s in the other", a->id[i],
                           a->species.symbol[a->type[i]], b->species.symbol[b->type[i]]);
        if (a->id[i] != b->id[i])
            return sg_fail(SG_EMISMATCH, "the atoms stand in different orders: id %d here, %d there",
                           a->id[i], b->id[i]);
        if (a->fixed[i] != b->fixed[i])
            return sg_fail(SG_EMISMATCH, "atom %d is held still in one structure only", a->id[i]);
    }
    if (fabs(a->cell.gamma - b->cell.gamma) > 1e-9)
        return sg_fail(SG_EMISMATCH, "the two structures are at different strains, %g and %g", a->cell.gamma,
                       b->cell.gamma);
    for (int i = 0; i < 9; i++)
        if (fabs(a->cell.h[i / 3][i % 3] - b->cell.h[i / 3][i % 3]) > 1e-6 ||
            a->cell.periodic[i % 3] != b->cell.periodic[i % 3])
            return sg_fail(SG_EMISMATCH, "the two structures have different cells");
    return SG_OK;
}

/* The first band: both ends, and what it is led through. */
static sg_status begin(chain *c, const sg_system *a, const sg_system *b, int n_through,
                       const double (*const *through)[3])
{
    piece *const p = &c->piece[0];
    const size_t m = 3 * (size_t)a->n;
    double *x = sg_calloc(m, sizeof *x);
    sg_status st = x ? SG_OK : sg_fail(SG_ENOMEM, "band of %d atoms", a->n);

    p->row.m = m;
    c->n = 1;
    for (int k = 0; k <= n_through + 1 && st == SG_OK; k++) {
        const int is_a = k == 0, is_b = k == n_through + 1;
        memcpy(x, is_a ? a->x[0] : is_b ? b->x[0] : through[k - 1][0], m * sizeof *x);
        if (is_a || is_b) st = path_relax(c->pot, c->like, c->opt, x, &p->e[is_b], &c->calls);
        if (st != SG_OK) break;
        if (k > 0) path_align(c->like, path_image(&p->row, k - 1), x);
        st = path_row_add(&p->row, x);
    }
    if (st == SG_OK && path_same(c->like, c->opt, path_image(&p->row, 0), p->e[0],
                                 path_image(&p->row, p->row.n - 1), p->e[1]))
        st = sg_fail(SG_EINVAL, "the two structures are the same minimum: there is no path between them");
    sg_free(x);
    return st;
}

sg_status sg_path_band(const sg_potential *pot, const sg_system *a, const sg_system *b, int n_through,
                       const double (*const *through)[3], const sg_path_options *opt, sg_path **out)
{
    chain c = {.pot = pot, .like = a, .opt = opt};
    sg_status st = sg_path_check_ends(a, b);

    *out = NULL;
    if (st == SG_OK) st = begin(&c, a, b, n_through, through);
    for (int k = 0; k < c.n && st == SG_OK;) {
        sg_path *done = NULL;
        st = finish(&c, k, &done);
        if (st == SG_OK && done) st = join(&c, done, out);
        k += done != NULL;
    }
    for (int k = 0; k < c.n; k++)
        path_row_clear(&c.piece[k].row);
    if (st == SG_OK) (*out)->force_calls += c.calls;
    if (st != SG_OK) sg_path_free(*out), *out = NULL;
    return st;
}

sg_path_options sg_path_defaults(void)
{
    return (sg_path_options){.spacing = 0.1,
                             .f_perp = 0.002,
                             .f_minimum = 1e-5,
                             .step_error = 2e-4,
                             .identity_energy = 1e-5,
                             .identity_distance = 0.1,
                             .shallow = 1e-3,
                             .max_steps = 5000,
                             .threads = 1};
}
