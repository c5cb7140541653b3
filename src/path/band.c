/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A band of images between two minima, relaxed as a string, with a climbing image.
 *
 * All images flow downhill for a while, each by itself; then images are set anew at equal distances on the
 * spline through where they have come to. The curve that this leaves as it is is the path of steepest
 * descent, up to the spline's error, which is of fourth order in the spacing. There are no springs, and no
 * force is projected: a band of springs whose images feel the force across the path converges to the same
 * curve, but with an error of first order, and the direction that it takes from the uphill neighbour carries
 * disturbances down the band, so that steps are bounded by spacing / |F| (a tenth of what the flow allows)
 * and quasi-Newton methods, which count on a symmetric Hessian, blow up in a glass. The highest image climbs:
 * its force along the path is turned round; images are spread on either side of it by themselves.
 *
 * The flow is the stabilised explicit one of rkc.c over all images at once, of which each is a task of its
 * own: threads change nothing. What flow and spline make of a band is a map whose fixed point is wanted:
 * Anderson's mixing of the last few points takes it there in a third of the steps. Sources: E, Ren &
 * Vanden-Eijnden, JCP 126, 164103 (2007) (simplified string); Henkelman, Uberuaga & Jonsson, JCP 113, 9901
 * (2000) (climbing image); Anderson, J. ACM 12, 547 (1965) (mixing). */
#include "path_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RADIUS_LASTS = 20, DEPTH = 8 };
static const double first_step = 0.02;  /* 1/(eV/Å^2) */
static const double longest_step = 2.0; /* 1/(eV/Å^2): a saddle's images part by exp(curvature step) */
static const double step_error =
    0.02; /* Å of an image's flow, at most: what is flowed through is of no interest */
static const double error_per_force = 0.25; /* Å/(eV/Å): the path that is left stiff must not show it */
static const double rest = 0.3; /* of the force across the path: a band that moves slower has come to rest */
static const double least_care = 1.0 / 64; /* of the error allowed */
static const double ridge = 1e-10;         /* of the least squares, relative */
static const double longest_leap = 0.1;    /* Å, of an atom, beyond the flow */
static const double radius_room = 1.15;    /* measured at one image only */

typedef struct band {
    const sg_potential *pot;
    const sg_system *like;
    const sg_path_options *opt;
    size_t m;
    int n;                 /* images, the ends among them */
    int climbs;            /* 1: one is to climb */
    int climber;           /* -1: none */
    double *x;             /* [n][m], the row's own */
    double *energy;        /* [n] */
    double *force;         /* [n][m] true, zero at the ends */
    double *g;             /* [n][m] that moves the images: the climber's is turned round */
    double *slope;         /* [n][m] of the spline */
    double *next, *g_next; /* [n][m] */
    double *stage;         /* [3][n][m] */
    double *arc;           /* [n] */
    sg_potential_work **work;
    int64_t calls;
} band;

static double *at(const band *b, double *v, int k)
{
    return v + (size_t)k * b->m;
}

/* Forces that move the images at x; energies into b->energy. The climber's direction stays as it is. */
static sg_status forces_at(void *arg, const double *x, double *g)
{
    band *const b = arg;
    sg_status st = SG_OK;
    char text[256] = "";

#pragma omp parallel for schedule(dynamic, 1) num_threads(b->opt->threads)
    for (int k = 1; k < b->n - 1; k++) {
        double *const gk = at(b, g, k);
        const sg_status one =
            path_force(b->pot, b->work[k], b->like, x + (size_t)k * b->m, &b->energy[k], gk);
        if (one != SG_OK) {
#pragma omp critical(path_band_error)
            {
                st = one;
                snprintf(text, sizeof text, "%s", sg_error_text());
            }
        } else if (k == b->climber) {
            const double *const t = at(b, b->slope, k);
            const double along = path_dot(b->m, gk, t) / path_dot(b->m, t, t);
            for (size_t q = 0; q < b->m; q++)
                gk[q] -= 2 * along * t[q];
        }
    }
    b->calls += b->n - 2;
    return st == SG_OK ? st : sg_fail(st, "%s", text);
}

static sg_status measure_slopes(band *b)
{
    b->arc[0] = 0;
    for (int k = 1; k < b->n; k++)
        b->arc[k] = b->arc[k - 1] + path_distance(b->m, at(b, b->x, k - 1), at(b, b->x, k));
    return path_slopes(b->m, b->n, b->x, b->arc, b->slope);
}

/* Images first .. last at equal distances, both kept. */
static sg_status spread(band *b, int first, int last)
{
    const path_row part = {.m = b->m, .x = at(b, b->x, first), .n = last - first + 1};
    path_row even = {.m = b->m};

    if (last - first < 2) return SG_OK;
    const sg_status st = path_resample(&part, part.n, &even);
    if (st == SG_OK) memcpy(part.x, even.x, (size_t)part.n * b->m * sizeof *even.x);
    path_row_clear(&even);
    return st;
}

static sg_status even_out(band *b)
{
    sg_status st;

    if (b->climber < 0) {
        st = spread(b, 0, b->n - 1);
    } else {
        st = spread(b, 0, b->climber);
        if (st == SG_OK) st = spread(b, b->climber, b->n - 1);
    }
    return st == SG_OK ? measure_slopes(b) : st;
}

/* The highest image climbs from now on; -1 when that is an end. */
static void choose_climber(band *b)
{
    int top = 0;

    for (int k = 1; k < b->n; k++)
        if (b->energy[k] > b->energy[top]) top = k;
    if (top == 0 || top == b->n - 1) top = -1;
    if (b->climber < 0 || top < 0 || b->energy[top] > b->energy[b->climber] + 1e-6) b->climber = top;
}

/* Forces at the present images, who climbs, and the largest force of an atom across the path. */
static sg_status look(band *b, double *largest)
{
    const int climber = b->climber;
    sg_status st;

    b->climber = -1;
    st = forces_at(b, b->x, b->force);
    b->climber = climber;
    if (st != SG_OK) return st;
    if (b->climbs) choose_climber(b);
    *largest = 0;
    memcpy(b->g, b->force, (size_t)b->n * b->m * sizeof *b->g);
    for (int k = 1; k < b->n - 1; k++) {
        const double *const f = at(b, b->force, k), *const t = at(b, b->slope, k);
        double *const g = at(b, b->g, k), *const across = at(b, b->next, k);
        const double along = path_dot(b->m, f, t) / path_dot(b->m, t, t);
        for (size_t q = 0; q < b->m; q++) {
            across[q] = f[q] - along * t[q];
            if (k == b->climber) g[q] = f[q] - 2 * along * t[q];
        }
        *largest = fmax(*largest, path_largest_atom(b->m, k == b->climber ? f : across));
    }
    return st;
}

static sg_status measure_radius(band *b, double *radius)
{
    int top = 1;

    for (int k = 1; k < b->n - 1; k++)
        if (b->energy[k] > b->energy[top]) top = k;
    const sg_status st = path_radius(b->pot, b->work[top], b->like, at(b, b->x, top), b->stage,
                                     b->stage + b->m, radius, &b->calls);
    *radius *= radius_room;
    return st;
}

/* One step of at most *h, then even images: what the band's map makes of it. *h becomes the next to be tried.
 */
static sg_status flow_and_spread(band *b, double radius, double *h, double error, int *accepted)
{
    const size_t size = (size_t)b->n * b->m;
    path_rkc r = {size, forces_at, b, {b->stage, b->stage + size, b->stage + 2 * size}};
    double worst = 0;
    sg_status st = path_rkc_step(&r, radius, h, b->x, b->g, b->next);

    if (st == SG_OK) st = forces_at(b, b->next, b->g_next);
    for (int k = 1; k < b->n - 1 && st == SG_OK; k++) {
        const size_t o = (size_t)k * b->m;
        worst = fmax(worst, path_rkc_error(*h, b->m, b->x + o, b->g + o, b->next + o, b->g_next + o) / error);
    }
    if (st == SG_ENUMERIC) worst = 1e3, st = SG_OK;
    *accepted = st == SG_OK && worst <= 1;
    if (*accepted) memcpy(b->x, b->next, size * sizeof *b->x);
    const double factor = fmin(2, fmax(0.2, 0.8 / cbrt(worst + 1e-12)));
    if (!*accepted)
        *h *= fmin(factor, 0.5);
    else if (factor > 1.3 || factor < 0.8) /* else it stays: the history is of one map */
        *h = fmin(*h * factor, longest_step);
    return st == SG_OK && *accepted ? even_out(b) : st;
}

/* ---- acceleration: the next point from the last few, such that what the map changes is least ---- */

typedef struct history {
    double *x, *r; /* [size] what the map made of the last point, and how it changed it */
    double *dx[DEPTH], *dr[DEPTH];
    int used, newest, has_last;
    double norm;
} history;

static void history_clear(history *h)
{
    sg_free(h->x);
    sg_free(h->r);
    for (int k = 0; k < DEPTH; k++) {
        sg_free(h->dx[k]);
        sg_free(h->dr[k]);
    }
}

static sg_status history_init(history *h, size_t size)
{
    int ok = (h->x = sg_calloc(size, sizeof(double))) && (h->r = sg_calloc(size, sizeof(double)));

    for (int k = 0; k < DEPTH && ok; k++)
        ok = (h->dx[k] = sg_calloc(size, sizeof(double))) && (h->dr[k] = sg_calloc(size, sizeof(double)));
    h->newest = -1;
    return ok ? SG_OK : sg_fail(SG_ENOMEM, "history of a band");
}

/* Solve a symmetric positive system of order n in place, by Cholesky; 0 when it is singular. */
static int solve(int n, double a[DEPTH][DEPTH], double *y)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double sum = a[i][j];
            for (int k = 0; k < j; k++)
                sum -= a[i][k] * a[j][k];
            if (i == j && !(sum > 0)) return 0;
            a[i][j] = i == j ? sqrt(sum) : sum / a[j][j];
        }
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++)
            y[i] -= a[i][k] * y[k];
        y[i] /= a[i][i];
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++)
            y[i] -= a[k][i] * y[k];
        y[i] /= a[i][i];
    }
    return 1;
}

/* `before`: the point that the map has made b->x of. b->x becomes the next point. */
static void accelerate(band *b, history *h, const double *before)
{
    const size_t size = (size_t)b->n * b->m;
    double gram[DEPTH][DEPTH], weight[DEPTH] = {0}, *const r = b->next, norm;

    for (size_t q = 0; q < size; q++)
        r[q] = b->x[q] - before[q];
    norm = sqrt(path_dot(size, r, r));
    if (h->has_last && norm > 2 * h->norm) h->used = 0, h->has_last = 0;
    if (h->has_last) {
        const int slot = h->newest = (h->newest + 1) % DEPTH;
        for (size_t q = 0; q < size; q++) {
            h->dx[slot][q] = b->x[q] - h->x[q];
            h->dr[slot][q] = r[q] - h->r[q];
        }
        if (h->used < DEPTH) h->used++;
    }
    memcpy(h->x, b->x, size * sizeof *h->x);
    memcpy(h->r, r, size * sizeof *h->r);
    h->norm = norm;
    h->has_last = 1;
    for (int i = 0; i < h->used; i++) {
        const double *const di = h->dr[(h->newest - i + DEPTH) % DEPTH];
        for (int j = 0; j <= i; j++)
            gram[i][j] = path_dot(size, di, h->dr[(h->newest - j + DEPTH) % DEPTH]);
        gram[i][i] *= 1 + ridge;
        weight[i] = path_dot(size, di, r);
    }
    if (h->used == 0 || !solve(h->used, gram, weight)) return;
    memset(r, 0, size * sizeof *r);
    for (int i = 0; i < h->used; i++) {
        const double *const dx = h->dx[(h->newest - i + DEPTH) % DEPTH];
        for (size_t q = 0; q < size; q++)
            r[q] -= weight[i] * dx[q];
    }
    const double far = path_largest_atom(size, r), part = far > longest_leap ? longest_leap / far : 1;
    for (size_t q = 0; q < size; q++)
        b->x[q] += part * r[q];
}

static sg_status relax(band *b, double f_perp, int *steps, double *left)
{
    const size_t size = (size_t)b->n * b->m;
    double h = first_step, radius = 0, care = 1;
    double *before = sg_calloc(size, sizeof *before);
    history past = {0};
    sg_status st = before ? history_init(&past, size) : sg_fail(SG_ENOMEM, "band");

    if (st == SG_OK) st = measure_slopes(b);
    if (st == SG_OK) st = look(b, left);
    while (st == SG_OK && *left > f_perp && *steps < b->opt->max_steps) {
        const double tried = h, error = care * fmin(step_error, error_per_force * *left);
        const int climber = b->climber;
        int accepted = 0;
        if ((*steps)++ % RADIUS_LASTS == 0) st = measure_radius(b, &radius);
        memcpy(before, b->x, size * sizeof *before);
        if (st == SG_OK) st = flow_and_spread(b, radius, &h, error, &accepted);
        if (st == SG_OK && accepted && b->climbs) {
            accelerate(b, &past, before);
            st = measure_slopes(b);
        }
        if (st == SG_OK && accepted) st = look(b, left);
        /* the band rests, but not on a path: at the fixed point of too rough a map */
        if (past.has_last && past.norm < rest * tried * *left) care = fmax(care / 2, least_care);
        if (h != tried || b->climber != climber) past.used = 0, past.has_last = 0;
    }
    history_clear(&past);
    sg_free(before);
    return st;
}

static void band_clear(band *b)
{
    for (int k = 0; b->work && k < b->n; k++)
        sg_potential_work_free(b->work[k]);
    sg_free(b->work);
    sg_free(b->force);
    sg_free(b->arc);
}

static sg_status band_init(band *b)
{
    const size_t n = (size_t)b->n, size = n * b->m;

    b->force = sg_calloc(8, size * sizeof *b->force); /* all vectors in one */
    b->arc = sg_calloc(n, sizeof *b->arc);
    b->work = sg_calloc(n, sizeof *b->work);
    if (!b->force || !b->arc || !b->work) return sg_fail(SG_ENOMEM, "band of %d images", b->n);
    b->g = b->force + size;
    b->slope = b->force + 2 * size;
    b->next = b->force + 3 * size;
    b->g_next = b->force + 4 * size;
    b->stage = b->force + 5 * size;
    for (int k = 1; k < b->n - 1; k++) {
        const sg_status st = sg_potential_work_create(b->pot, &b->work[k]);
        if (st != SG_OK) return st;
        sg_potential_work_set_stop(b->work[k], b->opt->stop, b->opt->stop_arg);
    }
    return SG_OK;
}

sg_status path_band_relax(const sg_potential *pot, const sg_system *like, const sg_path_options *opt,
                          path_row *row, double f_perp, int climbs, double *energy, int *climber,
                          int64_t *calls, int *converged)
{
    band b = {.pot = pot,
              .like = like,
              .opt = opt,
              .m = row->m,
              .n = row->n,
              .climbs = climbs,
              .climber = -1,
              .x = row->x,
              .energy = energy};
    double left = 0;
    int steps = 0;
    sg_status st = band_init(&b);

    if (st == SG_OK) st = relax(&b, f_perp, &steps, &left);
    *climber = b.climber;
    *calls += b.calls;
    *converged = left <= f_perp;
    band_clear(&b);
    return st;
}
