/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Min-mode following: maximise along the softest mode v, minimise across it.
 *
 * Where the curvature along v is negative the force is turned over along v, g = F - 2 (F.v) v, and g is
 * followed by L-BFGS. The history holds raw displacements and force differences; the turn is applied with the
 * present v each time, so that the memory stays good while v rotates. Where the curvature is positive the
 * step is uphill along v alone (a convex patch). Sources: Henkelman & Jonsson, JCP 111, 7010 (1999); Kästner
 * & Sherwood, JCP 128, 014106 (2008) (L-BFGS with turned force). */
#include "saddle_internal.h"

#include <math.h>
#include <string.h>

static const lanczos_rule warm_mode = {2, 4, 0.1, 0, 0};   /* while climbing: the last mode is nearly right */
static const lanczos_rule sharp_mode = {3, 8, 0.05, 0, 0}; /* before a saddle is believed */
static const int max_convex_steps = 80; /* a climb crosses 4-8 convex patches of a few steps; more is lost */
static const double
    steady = 0.99,
    calm = 0.95; /* overlap of old and new mode: refresh after steady_wait, 1 or no steps between */
static const double first_step =
    0.03; /* Å^2/eV, steepest descent before there is a history: half of 2 / stiffest curvature */

sg_status climb_scratch_init(climb_scratch *c, size_t m)
{
    const size_t bytes = m * sizeof(double);

    memset(c, 0, sizeof *c);
    c->lanczos.capacity = LANCZOS_MAX;
    c->f = sg_calloc(5, bytes);
    c->s = sg_calloc(2 * CLIMB_MEMORY, bytes);
    c->lanczos.basis = sg_calloc(LANCZOS_MAX, bytes);
    c->lanczos.x = sg_calloc(2, bytes);
    if (!c->f || !c->s || !c->lanczos.basis || !c->lanczos.x) {
        climb_scratch_clear(c);
        return sg_fail(SG_ENOMEM, "scratch of a climb with %zu coordinates", m);
    }
    c->f_old = c->f + m;
    c->x_old = c->f + 2 * m;
    c->step = c->f + 3 * m;
    c->g = c->f + 4 * m;
    c->y = c->s + CLIMB_MEMORY * m;
    c->lanczos.w = c->lanczos.x + m;
    return SG_OK;
}

void climb_scratch_clear(climb_scratch *c)
{
    sg_free(c->f);
    sg_free(c->s);
    sg_free(c->lanczos.basis);
    sg_free(c->lanczos.x);
    memset(c, 0, sizeof *c);
}

/* A pair's products with the present mode. */
static void measure_turn(size_t m, climb_scratch *c, const double *v, int pair)
{
    c->sv[pair] = vec_dot(m, c->s + (size_t)pair * m, v);
    c->yv[pair] = vec_dot(m, c->y + (size_t)pair * m, v);
}

static void remember_pair(size_t m, climb_scratch *c, const double *x, const double *v, int pair)
{
    double *const s = c->s + (size_t)pair * m, *const y = c->y + (size_t)pair * m;

    for (size_t k = 0; k < m; k++) {
        s[k] = x[k] - c->x_old[k];
        y[k] = c->f[k] - c->f_old[k];
    }
    c->sy[pair] = vec_dot(m, s, y);
    c->yy[pair] = vec_dot(m, y, y);
    measure_turn(m, c, v, pair);
}

/* step = B^-1 g, with B from the last `used` pairs, force differences turned over along v, y_turned = -(y - 2
 * (y.v) v). Oldest pair at `start`. What the turns add along v is carried as one number until the end. */
static void lbfgs_direction(size_t m, const climb_scratch *c, const double *v, int start, int used,
                            double *step)
{
    double a[CLIMB_MEMORY] = {0}, rho[CLIMB_MEMORY] = {0};
    double scale = first_step, beside = 0; /* the direction is step + beside v */

    memcpy(step, c->g, m * sizeof *step);
    for (int k = used - 1; k >= 0; k--) {
        const int p = (start + k) % CLIMB_MEMORY;
        const double sy = 2 * c->yv[p] * c->sv[p] - c->sy[p]; /* s . y_turned */
        if (!(sy > 1e-8 * c->yy[p])) /* curvature below 1e-8 of its inverse: not a minimum direction */
            continue;
        if (scale == first_step) scale = sy / c->yy[p];
        rho[k] = 1 / sy;
        a[k] = rho[k] * (vec_dot(m, c->s + (size_t)p * m, step) + beside * c->sv[p]);
        vec_axpy(m, a[k], c->y + (size_t)p * m, step); /* step -= a y_turned */
        beside -= 2 * a[k] * c->yv[p];
    }
    vec_scale(m, scale, step);
    beside *= scale;
    double along = vec_dot(m, v, step);
    for (int k = 0; k < used; k++) {
        if (rho[k] == 0) continue;
        const int p = (start + k) % CLIMB_MEMORY;
        const double y_step = vec_dot(m, c->y + (size_t)p * m, step) + beside * c->yv[p];
        const double b = rho[k] * (2 * c->yv[p] * (along + beside) - y_step);
        vec_axpy(m, a[k] - b, c->s + (size_t)p * m, step);
        along += (a[k] - b) * c->sv[p];
    }
    vec_axpy(m, beside, v, step);
}

static int has_strayed(size_t m, const double *x, const climb_rule *rule, double *scratch)
{
    if (!(rule->stray > 0)) return 0;
    memcpy(scratch, x, m * sizeof *scratch);
    vec_axpy(m, -1, rule->x_guess, scratch);
    for (size_t k = 0; rule->still && k < m / 3; k++)
        if (!rule->still[k]) memset(scratch + 3 * k, 0, 3 * sizeof *scratch);
    return vec_max_atom(m, scratch) > rule->stray;
}

static void cap_step(size_t m, double step_max, double *step)
{
    const double longest = vec_max_atom(m, step);
    if (longest > step_max) vec_scale(m, step_max / longest, step);
}

static sg_status refresh_mode(surface *s, const double *x, const double *f, const lanczos_rule *rule,
                              double *v, double *curvature, climb_scratch *c, double *overlap)
{
    lanczos_result mode;

    memcpy(c->step, v, s->m * sizeof *v); /* step is free between moves */
    const sg_status st = lanczos_softest(s, x, f, rule, NULL, v, &c->lanczos, &mode);
    if (st != SG_OK) return st;
    const double along = vec_dot(s->m, v, c->step);
    if (along < 0) vec_scale(s->m, -1, v);
    *overlap = fabs(along);
    *curvature = mode.value;
    for (int pair = 0; pair < CLIMB_MEMORY; pair++)
        measure_turn(s->m, c, v, pair);
    return SG_OK;
}

sg_status climb(surface *s, const climb_rule *rule, double *x, double *v, double *curvature, climb_scratch *c,
                climb_end *end, double *energy, double *f_end)
{
    const size_t m = s->m;
    const int calls_at_start = *s->calls;
    int start = 0, used = 0, convex = 0, wait = 0, fresh = 0;
    double overlap = 0;
    sg_status st = surface_force(s, x, energy, c->f);

    memcpy(c->x_old, x, m * sizeof *x); /* the last step is zero until there is one */
    while (st == SG_OK) {
        *f_end = vec_max_atom(m, c->f);
        if (*f_end <= rule->f_max &&
            !fresh) { /* looks converged: look at the mode properly before believing it */
            st = refresh_mode(s, x, c->f, &sharp_mode, v, curvature, c, &overlap);
            if (st != SG_OK) break;
            fresh = 1;
        }
        if (*f_end <= rule->f_max && *curvature < 0) return *end = CLIMB_CONVERGED, SG_OK;
        if (*energy > rule->e_limit) return *end = CLIMB_BLOW_UP, SG_OK;
        if (*s->calls - calls_at_start >= rule->max_calls) return *end = CLIMB_LIMIT, SG_OK;
        if (rule->ask && *f_end <= rule->f_ask && *curvature < 0 && rule->ask(rule->ask_arg, *energy))
            return *end = CLIMB_KNOWN, SG_OK;
        if (has_strayed(m, x, rule, c->step)) return *end = CLIMB_STRAYED, SG_OK;

        const double along = vec_dot(m, c->f, v);
        memcpy(c->g, c->f, m * sizeof *c->g);
        if (*curvature < 0) {
            vec_axpy(m, -2 * along, v, c->g);
            lbfgs_direction(m, c, v, start, used, c->step);
        } else { /* convex patch: uphill along the mode */
            if (++convex > max_convex_steps) return *end = CLIMB_LOST, SG_OK;
            used = 0;
            memcpy(c->step, v, m * sizeof *v);
            vec_scale(m, along > 0 ? -1 : 1, c->step);
            vec_scale(m, rule->step_max / vec_max_atom(m, c->step), c->step);
        }
        cap_step(m, rule->step_max, c->step);

        memcpy(c->x_old, x, m * sizeof *x);
        memcpy(c->f_old, c->f, m * sizeof *x);
        vec_axpy(m, 1, c->step, x);
        if ((st = surface_force(s, x, energy, c->f)) != SG_OK) break;
        if (used == CLIMB_MEMORY) start = (start + 1) % CLIMB_MEMORY, used--;
        remember_pair(m, c, x, v, (start + used++) % CLIMB_MEMORY);
        fresh = 0;
        if (wait-- > 0) continue;
        st = refresh_mode(s, x, c->f, &warm_mode, v, curvature, c, &overlap);
        wait = *curvature >= 0 ? 0 : overlap > steady ? rule->steady_wait : overlap > calm ? 1 : 0;
    }
    return st;
}
