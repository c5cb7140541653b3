/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a row of images amounts to: its spline, its length, its forces.
 *
 * The spline is the natural cubic one in every coordinate, over the arc measured along the chords; its slopes
 * follow from one tridiagonal system with 3N right sides. Between two minima a path of steepest descent is
 * smooth, over the saddle too; at a minimum it may turn sharply, so that pieces are never splined together.
 * Source: de Boor, A Practical Guide to Splines (1978), chapter IV. */
#include "path_internal.h"

#include <math.h>
#include <string.h>

sg_status path_slopes(size_t m, int n, const double *x, const double *arc, double *slope)
{
    double *upper = sg_calloc((size_t)n, sizeof *upper);
    double *const s = slope;

    if (!upper) return sg_fail(SG_ENOMEM, "spline through %d images", n);
    /* row k: a s_k-1 + d s_k + c s_k+1 = right side; forward elimination, then back */
    for (int k = 0; k < n; k++) {
        const double before = k > 0 ? 1 / (arc[k] - arc[k - 1]) : 0;
        const double after = k < n - 1 ? 1 / (arc[k + 1] - arc[k]) : 0;
        const double per_d = 1 / (2 * (before + after) - (k > 0 ? before * upper[k - 1] : 0));
        upper[k] = after * per_d;
        for (size_t q = 0; q < m; q++) {
            double right = 0;
            if (k > 0)
                right += 3 * before * before * (x[(size_t)k * m + q] - x[(size_t)(k - 1) * m + q]) -
                         before * s[(size_t)(k - 1) * m + q];
            if (k < n - 1) right += 3 * after * after * (x[(size_t)(k + 1) * m + q] - x[(size_t)k * m + q]);
            s[(size_t)k * m + q] = right * per_d;
        }
    }
    for (int k = n - 2; k >= 0; k--)
        for (size_t q = 0; q < m; q++)
            s[(size_t)k * m + q] -= upper[k] * s[(size_t)(k + 1) * m + q];
    sg_free(upper);
    return SG_OK;
}

static void arc_of(const path_row *row, double *arc)
{
    arc[0] = 0;
    for (int k = 1; k < row->n; k++)
        arc[k] = arc[k - 1] + path_distance(row->m, path_image(row, k - 1), path_image(row, k));
}

/* Hermite's cubic between images k and k + 1 at the fraction t. */
static void between(const path_row *row, const double *slope, const double *arc, int k, double t, double *out)
{
    const double h = arc[k + 1] - arc[k], u = 1 - t;
    const double *const a = path_image(row, k), *const b = path_image(row, k + 1);
    const double *const sa = slope + (size_t)k * row->m, *const sb = slope + (size_t)(k + 1) * row->m;

    for (size_t q = 0; q < row->m; q++)
        out[q] =
            u * u * (1 + 2 * t) * a[q] + t * t * (1 + 2 * u) * b[q] + h * t * u * (u * sa[q] - t * sb[q]);
}

sg_status path_resample(const path_row *in, int n_out, path_row *out)
{
    const size_t m = in->m;
    double *arc = sg_calloc((size_t)in->n, sizeof *arc), *x = sg_calloc(m, sizeof *x);
    double *slope = sg_calloc((size_t)in->n, m * sizeof *slope);
    sg_status st = arc && x && slope ? SG_OK : sg_fail(SG_ENOMEM, "path of %d images", n_out);
    int k = 0;

    *out = (path_row){.m = m};
    if (st == SG_OK) {
        arc_of(in, arc);
        st = path_slopes(m, in->n, in->x, arc, slope);
    }
    for (int i = 0; i < n_out && st == SG_OK; i++) {
        const double s = arc[in->n - 1] * i / (n_out - 1);
        while (k < in->n - 2 && arc[k + 1] <= s)
            k++;
        if (i == n_out - 1)
            memcpy(x, path_image(in, in->n - 1), m * sizeof *x); /* to the last bit */
        else
            between(in, slope, arc, k, (s - arc[k]) / (arc[k + 1] - arc[k]), x);
        st = path_row_add(out, x);
    }
    if (st != SG_OK) path_row_clear(out);
    sg_free(slope);
    sg_free(x);
    sg_free(arc);
    return st;
}

/* ---- the path object ---- */

void sg_path_free(sg_path *path)
{
    if (!path) return;
    sg_free(path->x);
    sg_free(path->energy);
    sg_free(path->arc);
    sg_free(path->f_perp);
    sg_free(path->place);
    sg_free(path);
}

static sg_path *allocate(int n_atoms, int n_images)
{
    sg_path *p = sg_calloc(1, sizeof *p);
    const size_t n = (size_t)n_images;

    if (!p) return NULL;
    p->n_atoms = n_atoms;
    p->n_images = n_images;
    p->x = sg_calloc(n * (size_t)n_atoms, sizeof *p->x);
    p->energy = sg_calloc(n, sizeof *p->energy);
    p->arc = sg_calloc(n, sizeof *p->arc);
    p->f_perp = sg_calloc(n, sizeof *p->f_perp);
    p->place = sg_calloc(n, sizeof *p->place);
    if (p->x && p->energy && p->arc && p->f_perp && p->place) return p;
    sg_path_free(p);
    return NULL;
}

/* Energies, and of each image the force across the slope there. */
static sg_status forces_across(const sg_potential *pot, const sg_system *like, const sg_path_options *opt,
                               const double *slope, sg_path *p)
{
    const size_t m = 3 * (size_t)p->n_atoms;
    double *f = sg_calloc(m, sizeof *f);
    sg_potential_work *work = NULL;
    sg_status st = f ? sg_potential_work_create(pot, &work) : sg_fail(SG_ENOMEM, "forces along a path");

    if (st == SG_OK) sg_potential_work_set_stop(work, opt->stop, opt->stop_arg);
    for (int k = 0; k < p->n_images && st == SG_OK; k++) {
        const double *const s = slope + (size_t)k * m;
        st = path_force(pot, work, like, p->x[(size_t)k * (size_t)p->n_atoms], &p->energy[k], f);
        if (st != SG_OK) break;
        if (p->place[k] == SG_PATH_BETWEEN) {
            const double along = path_dot(m, f, s) / path_dot(m, s, s);
            for (size_t q = 0; q < m; q++)
                f[q] -= along * s[q];
        }
        p->f_perp[k] = path_largest_atom(m, f);
        p->force_calls++;
    }
    sg_potential_work_free(work);
    sg_free(f);
    return st;
}

sg_status path_make(const sg_potential *pot, const sg_system *like, const sg_path_options *opt,
                    const path_row *row, int saddle, int64_t calls, sg_path **out)
{
    double *slope = sg_calloc((size_t)row->n, row->m * sizeof *slope);
    sg_path *p = allocate(like->n, row->n);
    sg_status st = p && slope ? SG_OK : sg_fail(SG_ENOMEM, "path of %d images", row->n);

    *out = NULL;
    if (st == SG_OK) {
        memcpy(p->x, row->x, (size_t)row->n * row->m * sizeof *row->x);
        p->place[0] = p->place[row->n - 1] = SG_PATH_MINIMUM;
        if (saddle > 0) p->place[saddle] = SG_PATH_SADDLE;
        p->force_calls = calls;
        arc_of(row, p->arc);
        st = path_slopes(row->m, row->n, row->x, p->arc, slope);
    }
    if (st == SG_OK) st = forces_across(pot, like, opt, slope, p);
    if (st == SG_OK) {
        *out = p;
        p = NULL;
    }
    sg_path_free(p);
    sg_free(slope);
    return st;
}

sg_status sg_path_append(const sg_system *like, const sg_path_options *opt, sg_path *path,
                         const sg_path *more)
{
    const int n = path->n_images + more->n_images - 1, last = path->n_images - 1;
    const size_t n_atoms = (size_t)path->n_atoms, m = 3 * n_atoms;
    const double *const end = path->x[(size_t)last * n_atoms];
    path_row row = {.m = m};
    sg_path *p = NULL;
    sg_status st = SG_OK;

    if (more->n_atoms != path->n_atoms ||
        !path_same(like, opt, end, path->energy[last], more->x[0], more->energy[0]))
        return sg_fail(SG_EMISMATCH, "a path cannot go on with one that begins at another minimum");
    if (!(p = allocate(path->n_atoms, n))) return sg_fail(SG_ENOMEM, "path of %d images", n);
    memcpy(p->x, path->x, (size_t)path->n_images * n_atoms * sizeof *p->x);
    for (int k = 0; k < n; k++) {
        const int from = k <= last ? k : k - last;
        const sg_path *const of = k <= last ? path : more;
        p->energy[k] = of->energy[from];
        p->f_perp[k] = of->f_perp[from];
        p->place[k] = of->place[from];
    }
    /* every image next to the one before: a minimum and its double differ by a trifle and a rigid motion */
    for (int k = last + 1; k < n; k++) {
        double *const x = p->x[(size_t)k * n_atoms];
        memcpy(x, more->x[(size_t)(k - last) * n_atoms], m * sizeof *x);
        path_align(like, p->x[(size_t)(k - 1) * n_atoms], x);
    }
    row.n = n;
    row.x = &p->x[0][0];
    arc_of(&row, p->arc);
    p->force_calls = path->force_calls + more->force_calls;
    const sg_path old = *path;
    *path = *p;
    *p = old;
    sg_path_free(p);
    return st;
}

void sg_path_reverse(sg_path *path)
{
    const int n = path->n_images;
    const double whole = path->arc[n - 1];

    for (int k = 0; k < n; k++)
        path->arc[k] = whole - path->arc[k];
    for (int k = 0; k < n / 2; k++) {
        const int r = n - 1 - k;
        const sg_path_place place = path->place[k];
        const double number[3] = {path->energy[k], path->arc[k], path->f_perp[k]};
        path->place[k] = path->place[r], path->place[r] = place;
        path->energy[k] = path->energy[r], path->energy[r] = number[0];
        path->arc[k] = path->arc[r], path->arc[r] = number[1];
        path->f_perp[k] = path->f_perp[r], path->f_perp[r] = number[2];
        for (size_t i = 0; i < (size_t)path->n_atoms; i++)
            for (int a = 0; a < 3; a++) {
                double *const x = &path->x[(size_t)k * (size_t)path->n_atoms + i][a];
                double *const y = &path->x[(size_t)r * (size_t)path->n_atoms + i][a];
                const double keep = *x;
                *x = *y;
                *y = keep;
            }
    }
}

/* ---- numbers ---- */

static double participation_number(int n, const double (*a)[3], const double (*b)[3])
{
    double two = 0, four = 0;

    for (int i = 0; i < n; i++) {
        double d2 = 0;
        for (int q = 0; q < 3; q++)
            d2 += (b[i][q] - a[i][q]) * (b[i][q] - a[i][q]);
        two += d2;
        four += d2 * d2;
    }
    return four > 0 ? two * two / four : 0;
}

sg_path_summary sg_path_describe(const sg_path *path)
{
    const int last = path->n_images - 1;
    const double(*const end)[3] = (const double(*)[3])path->x + (size_t)last * (size_t)path->n_atoms;
    sg_path_summary s = {.n_images = path->n_images,
                         .contour = path->arc[last],
                         .distance = path_distance(3 * (size_t)path->n_atoms, path->x[0], end[0]),
                         .e_start = path->energy[0],
                         .e_end = path->energy[last],
                         .participation =
                             participation_number(path->n_atoms, (const double(*)[3])path->x, end)};

    s.e_saddle = s.e_start;
    for (int k = 0; k <= last; k++) {
        s.n_saddles += path->place[k] == SG_PATH_SADDLE;
        s.e_saddle = fmax(s.e_saddle, path->energy[k]);
        if (path->place[k] == SG_PATH_BETWEEN) s.f_perp = fmax(s.f_perp, path->f_perp[k]);
        if (k > 0) s.spacing = fmax(s.spacing, path->arc[k] - path->arc[k - 1]);
    }
    s.tortuosity = s.contour / s.distance;
    s.barrier = s.e_saddle - s.e_start;
    s.barrier_back = s.e_saddle - s.e_end;
    return s;
}

const char *sg_path_kind(const sg_path_summary *summary)
{
    return summary->n_saddles > 1 ? "compound" : "single";
}
