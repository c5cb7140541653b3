/* SPDX-License-Identifier: GPL-2.0-or-later */
/* L-BFGS without a line search: the full quasi-Newton step, capped per atom, is taken if the energy does not
 * rise; otherwise a shorter step along it (minimum of the parabola through both energies and the slope), and
 * after two of those the history is forgotten. Pairs whose curvature is not positive are left out. Layout: a
 * ring of `memory` pairs (s, y) of displacement and change of gradient. Source: Nocedal & Wright, Numerical
 * Optimization, 2nd ed. (2006), algorithm 7.4. */
#include "minimize_internal.h"

#include <math.h>
#include <string.h>

/* Curvature assumed before anything is known, eV/Å^2: of the order of a metal's Einstein springs, so that the
 * first step is a little short. */
static const double FIRST_CURVATURE = 15.0;
static const double FIRST_STEP = 0.05;    /* Å, cap while there is no history */
static const double MIN_CURVATURE = 1e-8; /* s.y / (|s||y|), below it a pair tells nothing */
static const double SHORTEST = 0.1;       /* of the step before */
enum { TRIES_INFORMED = 2, TRIES_STEEPEST = 12 };

typedef struct history {
    int n, room, used, newest;
    double *s, *y;  /* [room][n] */
    double *per_sy; /* [room] 1 / s.y */
    double *alpha;  /* [room] */
    double *d;      /* [n] direction */
} history;

static sg_status step_along(sg_descent *p, const double *d, double slope, int informed, double *t);
static sg_status history_init(history *h, int n, int room);
static void history_clear(history *h);
static void history_add(history *h, const sg_descent *p, const double *g_old, double t);
static void direction(history *h, const sg_descent *p);

sg_status sg_minimize_lbfgs(sg_descent *p, sg_stop *stop)
{
    history h = {0};
    sg_status st = history_init(&h, p->n, p->opt->memory);

    *stop = SG_STOP_STALLED;
    while (st == SG_OK) {
        double t = 0.0;
        direction(&h, p);
        const double slope = sg_descent_dot(p->n, h.d, p->g);
        if (slope < 0.0)
            st = step_along(p, h.d, slope, h.used, &t); /* else rounding has spoilt the history */
        if (st != SG_OK) break;
        if (t > 0.0) {
            sg_descent_accept(p, h.d, t);
            history_add(&h, p, p->trial, t);
            if (sg_descent_over(p, 1, stop)) break;
        } else if (sg_descent_over(p, 0, stop) || !h.used) {
            break;
        } else {
            h.used = 0;
        }
    }
    history_clear(&h);
    return st;
}

/* Find a step t * d that does not raise the energy: *t > 0 and the trial point stands there, or *t = 0. */
static sg_status step_along(sg_descent *p, const double *d, double slope, int informed, double *t)
{
    const double cap = informed ? p->opt->max_step : fmin(p->opt->max_step, FIRST_STEP);
    const int tries = informed ? TRIES_INFORMED : TRIES_STEEPEST;
    double step = sg_descent_cap(p, d, cap);

    *t = 0.0;
    for (int k = 0; k < tries && p->calls < p->opt->max_calls; k++) {
        const sg_status st = sg_descent_try(p, d, step);
        double fraction = SHORTEST;
        if (st != SG_OK && st != SG_ENUMERIC) return st;
        if (st == SG_OK) {
            const double rise = p->trial_energy - p->energy;
            if (rise <= SG_ENERGY_ROUNDING * fabs(p->energy)) {
                *t = step;
                return SG_OK;
            }
            fraction = -0.5 * slope * step / (rise - slope * step); /* minimum of the parabola */
        }
        step *= fmin(0.5, fmax(SHORTEST, fraction));
    }
    return SG_OK;
}

static sg_status history_init(history *h, int n, int room)
{
    h->n = n;
    h->room = room;
    h->newest = room - 1;
    h->s = sg_calloc((size_t)room, (size_t)n * sizeof *h->s);
    h->y = sg_calloc((size_t)room, (size_t)n * sizeof *h->y);
    h->per_sy = sg_calloc((size_t)room, sizeof *h->per_sy);
    h->alpha = sg_calloc((size_t)room, sizeof *h->alpha);
    h->d = sg_calloc((size_t)n, sizeof *h->d);
    if (!h->s || !h->y || !h->per_sy || !h->alpha || !h->d) {
        history_clear(h);
        return sg_fail(SG_ENOMEM, "L-BFGS with %d pairs of %d coordinates", room, n);
    }
    return SG_OK;
}

static void history_clear(history *h)
{
    sg_free(h->s);
    sg_free(h->y);
    sg_free(h->per_sy);
    sg_free(h->alpha);
    sg_free(h->d);
    memset(h, 0, sizeof *h);
}

/* The step t * d has been accepted; g_old is the gradient before it. */
static void history_add(history *h, const sg_descent *p, const double *g_old, double t)
{
    const int slot = (h->newest + 1) % h->room;
    double *const s = h->s + (size_t)slot * (size_t)h->n, *const y = h->y + (size_t)slot * (size_t)h->n;

    for (int k = 0; k < h->n; k++) {
        s[k] = t * h->d[k];
        y[k] = p->g[k] - g_old[k];
    }
    const double sy = sg_descent_dot(h->n, s, y);
    const double ss = sg_descent_dot(h->n, s, s), yy = sg_descent_dot(h->n, y, y);
    if (!(sy > MIN_CURVATURE * sqrt(ss * yy))) {
        if (h->used == h->room) h->used--; /* its oldest pair stood in this slot */
        return;
    }
    h->per_sy[slot] = 1.0 / sy;
    h->newest = slot;
    if (h->used < h->room) h->used++;
}

/* Two-loop recursion: d = -H g. */
static void direction(history *h, const sg_descent *p)
{
    const int n = h->n;
    double *const d = h->d;
    double scale = 1.0 / FIRST_CURVATURE;

    for (int k = 0; k < n; k++)
        d[k] = -p->g[k];
    for (int a = 0; a < h->used; a++) {
        const int slot = (h->newest - a + h->room) % h->room;
        const double *const s = h->s + (size_t)slot * (size_t)n, *const y = h->y + (size_t)slot * (size_t)n;
        h->alpha[slot] = h->per_sy[slot] * sg_descent_dot(n, s, d);
        if (a == 0) scale = 1.0 / (h->per_sy[slot] * sg_descent_dot(n, y, y));
        for (int k = 0; k < n; k++)
            d[k] -= h->alpha[slot] * y[k];
    }
    for (int k = 0; k < n; k++)
        d[k] *= scale;
    for (int a = h->used - 1; a >= 0; a--) {
        const int slot = (h->newest - a + h->room) % h->room;
        const double *const s = h->s + (size_t)slot * (size_t)n, *const y = h->y + (size_t)slot * (size_t)n;
        const double beta = h->alpha[slot] - h->per_sy[slot] * sg_descent_dot(n, y, d);
        for (int k = 0; k < n; k++)
            d[k] += beta * s[k];
    }
}
