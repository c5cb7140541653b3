/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps 1-3 of a search, with the surroundings of the centre free and everything else where it is at the
 * start: force calls at a fraction of the price of whole ones. The saddle that comes out is a guess for the
 * whole system, worth its price only if its own surface joins it to the start; so that is looked at here. */
#include "saddle_internal.h"

#include <math.h>
#include <string.h>

static const int max_pushes = 40;        /* 10 Å in all: the basin is left after 3-15 pushes or never */
static const int pushes_before_mode = 2; /* nothing to see closer to the minimum */
static const int moves_across = 4;       /* descents across the push after each push */
static const double move_factor = 0.03; /* Å^2/eV, half of 2 / stiffest curvature of a metal (~30 eV/Å^2) */
static const double move_max = 0.05;    /* Å per atom and descent */
static const int max_slips = 1;         /* a third climb seldom helps: another push is as good */
static const double local_excess =
    0.5;                            /* eV: barriers fall by 0.1-0.7 (10, 90 %) when the surroundings yield */
static const int again_calls = 250; /* of a second climb: of those that take more few end well */
static const double half_way = 0.5;
static const lanczos_rule leaving_mode = {3, 14, 0.1, 0, 0};

/* Nothing of interest lies above the window; frozen surroundings raise a saddle. */
int is_above(const sg_saddle_problem *p, double energy, double excess)
{
    return p->opt->window > 0 && energy > p->e_start + p->opt->window + excess;
}

/* Absolute energy at which a soft way out of the basin is given up. */
static double exit_limit(const sg_saddle_problem *p)
{
    const double top = p->opt->window > 0 ? 2 * p->opt->window + local_excess : p->opt->climb_max;
    return p->e_start + (top < p->opt->climb_max ? top : p->opt->climb_max);
}

/* A few steepest descents across the push direction. */
static sg_status descend_across(surface *s, const double *push, double *x, double *f)
{
    double energy;

    for (int k = 0; k < moves_across; k++) {
        vec_axpy(s->m, -vec_dot(s->m, f, push), push, f);
        vec_scale(s->m, move_factor, f);
        const double longest = vec_max_atom(s->m, f);
        vec_axpy(s->m, longest > move_max ? move_max / longest : 1, f, x);
        const sg_status st = surface_force(s, x, &energy, f);
        if (st != SG_OK) return st;
    }
    return SG_OK;
}

/* Push until the lowest curvature is below the threshold. */
static sg_status leave_basin(surface *s, const sg_saddle_problem *p, sg_saddle_work *w, double *curvature,
                             sg_outcome *outcome)
{
    double *f = w->climb.f, energy;
    lanczos_result mode;
    sg_status st;

    lanczos_rule look = leaving_mode;

    look.enough = p->opt->curvature_out;
    *outcome = SG_NO_EXIT;
    memcpy(w->v, w->push, s->m * sizeof *w->v);
    for (int k = 1; k <= max_pushes; k++) {
        if (*s->calls >= p->opt->max_calls) return *outcome = SG_STEP_LIMIT, SG_OK;
        vec_axpy(s->m, p->opt->push_step, w->push, w->x);
        if ((st = surface_force(s, w->x, &energy, f)) != SG_OK) return st;
        if (energy > p->e_start + p->opt->climb_max) return *outcome = SG_BLOW_UP, SG_OK;
        if ((st = descend_across(s, w->push, w->x, f)) != SG_OK) return st;
        if (k <= pushes_before_mode) continue;
        if ((st = lanczos_softest(s, w->x, f, &look, NULL, w->v, &w->climb.lanczos, &mode)) != SG_OK)
            return st;
        *curvature = mode.value;
        if (mode.value < p->opt->curvature_out) {
            if (vec_dot(s->m, w->v, w->push) < 0) vec_scale(s->m, -1, w->v);
            return *outcome = SG_FOUND, SG_OK;
        }
    }
    return SG_OK;
}

static sg_status climb_local(const sg_saddle_problem *p, surface *s, double e_limit, int max_calls,
                             sg_saddle_work *w, double *curvature, sg_passage *out, double *energy)
{
    climb_end end = CLIMB_LIMIT;
    double f_end;
    const climb_rule rule = {
        p->opt->f_local, p->opt->step_max, e_limit, max_calls, 2, 0, NULL, NULL, NULL, NULL, 0};

    s->calls = &out->calls.climb;
    const sg_status st = climb(s, &rule, w->x, w->v, curvature, &w->climb, &end, energy, &f_end);
    if (st != SG_OK) return st;
    out->outcome = outcome_of_climb(end, 0);
    memcpy(w->x_local, w->sys->x, (size_t)out->n * sizeof *w->x_local);
    memset(w->mode_local, 0, (size_t)out->n * sizeof *w->mode_local);
    for (int k = 0; k < s->n_active; k++) {
        memcpy(w->x_local[s->atom[k]], w->x + 3 * k, sizeof w->sys->x[0]);
        memcpy(w->mode_local[s->atom[k]], w->v + 3 * k, sizeof out->mode[0]);
    }
    return SG_OK;
}

/* Is the start on one side of the local saddle? If not, w->near is the closer of the two minima. */
static sg_status look_back(const sg_saddle_problem *p, const sg_atom_set *set, double e_saddle,
                           sg_saddle_work *w, sg_passage *out, int *home)
{
    const saddle_point from = {e_saddle, (const double(*)[3])w->x_local, (const double(*)[3])w->mode_local};
    double other;

    return look_for_home(p, &from, NULL, set, p->opt->f_local, w, &out->calls.relax, &other, home);
}

/* Until the start is on one side of the local saddle. A climb may trip a soft spot on its way; its saddle
 * then belongs to a neighbour of the start, and the same displacement, taken from that neighbour and laid on
 * the start, is a good guess of the event without the slip. */
static sg_status connect_local(const sg_saddle_problem *p, surface *s, double e_limit, double *curvature,
                               double energy, sg_saddle_work *w, sg_passage *out)
{
    for (int slips = 0;; slips++) {
        int home = 0;
        sg_status st = look_back(p, s->set, energy, w, out, &home);
        if (st != SG_OK || home) return st;
        if (slips == max_slips) break;
        for (int k = 0; k < s->n_active; k++)
            for (int a = 0; a < 3; a++) {
                const int i = s->atom[k];
                w->x[3 * k + a] = p->start->x[i][a] + w->x_local[i][a] - w->near[i][a];
            }
        const int left = calls_left(p, &out->calls);
        st = climb_local(p, s, e_limit, left < again_calls ? left : again_calls, w, curvature, out, &energy);
        if (st != SG_OK) return st;
        if (out->outcome != SG_FOUND) break;
    }
    out->outcome = SG_DISCONNECTED; /* also when the second climb fails: the first saddle stands */
    return SG_OK;
}

/* Climb from w->x along w->v to a saddle joined to the start; w->sys and out->mode end there. */
static sg_status climb_and_connect(const sg_saddle_problem *p, surface *s, double e_limit, double curvature,
                                   sg_saddle_work *w, sg_passage *out)
{
    double energy;
    sg_status st = climb_local(p, s, e_limit, calls_left(p, &out->calls), w, &curvature, out, &energy);

    if (st != SG_OK || out->outcome != SG_FOUND) return st;
    if (is_above(p, energy, s->set ? local_excess : 0)) return out->outcome = SG_BLOW_UP, SG_OK;
    if (s->set) st = connect_local(p, s, e_limit, &curvature, energy, w, out);
    if (st != SG_OK) return st;
    memcpy(w->sys->x, w->x_local, (size_t)out->n * sizeof *w->sys->x);
    memcpy(out->mode, w->mode_local, (size_t)out->n * sizeof *out->mode);
    return SG_OK;
}

sg_status local_phase(const sg_saddle_problem *p, int centre, const sg_push *push, sg_rng *rng,
                      sg_saddle_work *w, sg_passage *out, int *is_local)
{
    int can_move = 0;
    sg_atom_set set;
    surface s;
    double curvature = 0;

    out->outcome = SG_NO_EXIT;
    *is_local = local_set(w, centre, p->opt->local_radius, &set);
    sg_status st = surface_init(&s, p->pot, w->forces, w->sys, *is_local ? &set : NULL);
    if (st != SG_OK) return st;
    surface_get(&s, w->x);
    s.calls = &out->calls.leave;
    push_task task = {&s, w->x, centre, push, rng, &w->climb, w->push, 0};
    if ((st = push_direction(&task, &can_move)) != SG_OK || !can_move) goto done;
    if (task.is_soft)
        st = push_leave(&task, p->opt, exit_limit(p), w->x, w->v, &curvature, &out->outcome);
    else
        st = leave_basin(&s, p, w, &curvature, &out->outcome);
    if (st != SG_OK || out->outcome != SG_FOUND) goto done;
    const double e_limit = task.is_soft ? exit_limit(p) : p->e_start + p->opt->climb_max;
    st = climb_and_connect(p, &s, e_limit, curvature, w, out);
done:
    surface_clear(&s);
    return st;
}

sg_status local_between(const sg_saddle_problem *p, sg_saddle_work *w, sg_passage *out)
{
    int centre;
    double energy;
    sg_atom_set set;
    surface s;
    lanczos_result mode;

    sg_system_displacement(p->start, (const double(*)[3])p->start->x, (const double(*)[3])w->near, w->way,
                           &centre);
    const int is_local = local_set(w, centre, p->opt->local_radius, &set);
    sg_status st = surface_init(&s, p->pot, w->forces, w->sys, is_local ? &set : NULL);
    if (st != SG_OK) return st;
    s.calls = &out->calls.climb;
    surface_get(&s, w->x);
    for (int k = 0; k < s.n_active; k++)
        memcpy(w->v + 3 * k, w->way[s.atom[k]], sizeof *w->way);
    vec_axpy(s.m, half_way, w->v, w->x);
    st = surface_force(&s, w->x, &energy, w->climb.f);
    if (st == SG_OK)
        st = lanczos_softest(&s, w->x, w->climb.f, &leaving_mode, NULL, w->v, &w->climb.lanczos, &mode);
    if (st == SG_OK) st = climb_and_connect(p, &s, p->e_start + p->opt->climb_max, mode.value, w, out);
    surface_clear(&s);
    return st;
}
