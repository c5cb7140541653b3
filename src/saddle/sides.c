/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Down from a saddle, and whether that led home.
 *
 * Home is certain as soon as the straight way to the start runs downhill: with the descent so far it makes a
 * way from the saddle to the start on which the energy never rises. The question is put once the descent is
 * close to the start in energy and distance, and again closer each time the answer is no; at the very end it
 * also tells a hollow of the start's own basin, which a rise of less than the least barrier parts from it. */
#include "saddle_internal.h"

#include <math.h>
#include <string.h>

static const double push_off = 0.15; /* Å, farthest atom, off the saddle; doubled when it falls back */
static const int push_off_tries = 3;
static const double home_distance = 0.5; /* Å: close enough to ask */
static const double ask_again = 0.25;    /* of the energy at which the answer was no */
static const int most_hollows = 4;
enum { LINE_POINTS = 3 }; /* between the point and the start */

double distance_from_start(const sg_saddle_problem *p, const sg_system *sys)
{
    return sg_system_displacement(sys, (const double(*)[3])p->start->x, (const double(*)[3])sys->x, NULL,
                                  NULL);
}

double way_back(const sg_saddle_problem *p, const saddle_point *from, sg_saddle_work *w)
{
    double back = 0;

    sg_system_displacement(p->start, from->x, (const double(*)[3])p->start->x, w->side, NULL);
    for (int i = 0; i < p->start->n; i++)
        for (int a = 0; a < 3; a++)
            back += w->side[i][a] * from->mode[i][a];
    return back >= 0 ? 1 : -1;
}

/* eV above the start: close enough to ask. What is stored is asked closer to the start, since a soft
 * neighbour may lie downhill from farther away as well. */
static double home_energy(const sg_atom_set *set)
{
    return set ? 0.05 : 0.02;
}

/* Does the energy, on the straight way from w->sys to the start, rise by no more than the least barrier? Puts
 * w->sys back where it was. */
static sg_status straight_home(const sg_saddle_problem *p, const sg_atom_set *set, double energy,
                               sg_saddle_work *w, int *calls, int *yes)
{
    const int n = w->sys->n;
    const size_t bytes = (size_t)n * sizeof *w->sys->x;
    sg_forces point = {.f = w->line_f};
    double low = energy;
    sg_status st = SG_OK;

    *yes = 0;
    if (energy - p->e_start > home_energy(set) || p->e_start - energy > SG_BARRIER_MIN) return SG_OK;
    memcpy(w->line_x, w->sys->x, bytes);
    if (sg_system_displacement(w->sys, (const double(*)[3])w->sys->x, (const double(*)[3])p->start->x, w->way,
                               NULL) > home_distance)
        return SG_OK;
    int rises = 0;
    for (int k = 1; k <= LINE_POINTS && !rises && st == SG_OK; k++) {
        double slope = 0;
        for (int i = 0; i < n; i++)
            for (int a = 0; a < 3 && (!set || set->member[i]); a++)
                w->sys->x[i][a] = w->line_x[i][a] + (double)k / (LINE_POINTS + 1) * w->way[i][a];
        st = sg_potential_compute(p->pot, w->forces, w->sys, set, &point);
        ++*calls;
        if (st != SG_OK) break;
        for (int i = 0; i < n; i++)
            for (int a = 0; a < 3 && (!set || set->member[i]); a++)
                slope -= point.f[i][a] * w->way[i][a] / (LINE_POINTS + 1);
        rises = point.energy - low > SG_BARRIER_MIN || slope > SG_BARRIER_MIN;
        low = fmin(low, point.energy);
    }
    *yes = st == SG_OK && !rises && p->e_start - low <= SG_BARRIER_MIN;
    memcpy(w->sys->x, w->line_x, bytes);
    return st;
}

typedef struct watch { /* over a descent */
    const sg_saddle_problem *p;
    const sg_atom_set *set;
    sg_saddle_work *w;
    int *calls, home;
    double e_ask; /* eV, below it the question is put */
    sg_status status;
} watch;

/* After each step of a descent: 1 ends it. The question leaves the positions as they are. */
static int ask(void *arg, const sg_system *sys, double energy, double f_max)
{
    watch *const t = arg;

    (void)f_max;
    if (energy >= t->e_ask || distance_from_start(t->p, sys) >= home_distance) return 0;
    t->e_ask = t->p->e_start + ask_again * (energy - t->p->e_start);
    t->status = straight_home(t->p, t->set, energy, t->w, t->calls, &t->home);
    return t->home || t->status != SG_OK;
}

/* Relax w->sys until home is certain (end->stop is SG_STOP_MONITOR then) or a minimum is reached. */
static sg_status descend(const sg_saddle_problem *p, const sg_atom_set *set, double f_max, sg_saddle_work *w,
                         int *calls, sg_minimize_result *end, int *home)
{
    watch over = {.p = p, .set = set, .w = w, .calls = calls, .e_ask = p->e_start + home_energy(set)};
    sg_minimize_options rule = sg_minimize_defaults();

    rule.f_max = f_max;
    rule.max_step = p->opt->step_max;
    if (home) {
        rule.monitor = ask;
        rule.monitor_arg = &over;
    }
    sg_status st = sg_minimize(p->pot, w->forces, w->sys, set, &rule, end);
    *calls += end->force_calls;
    if (st == SG_OK) st = over.status;
    if (st == SG_OK && home && !over.home && end->stop == SG_STOP_CONVERGED)
        st = straight_home(p, set, end->energy, w, calls, &over.home);
    if (home) *home = over.home;
    return st;
}

/* On from the minimum that the descent from a saddle has come to, as long as it is a hollow. */
static sg_status descend_on(const sg_saddle_problem *p, const saddle_point *from, const sg_atom_set *set,
                            double f_max, sg_saddle_work *w, int *calls, sg_minimize_result *end, int *home)
{
    const size_t bytes = (size_t)w->sys->n * sizeof *w->sys->x;
    double(*const behind)[3] = sg_calloc(1, bytes);
    sg_status st = SG_OK;

    if (!behind) return sg_fail(SG_ENOMEM, "descent of %d atoms", w->sys->n);
    memcpy(behind, from->x, bytes);
    for (int k = 0; k < most_hollows && st == SG_OK && !*home && end->stop == SG_STOP_CONVERGED; k++) {
        int through;
        st = pass_hollow(p, (const double(*)[3])behind, set, end->energy, w, calls, &through);
        if (st != SG_OK || !through) break;
        memcpy(behind, w->sys->x, bytes);
        st = descend(p, set, f_max, w, calls, end, home);
    }
    sg_free(behind);
    return st;
}

sg_status descend_from(const sg_saddle_problem *p, const saddle_point *from, double sign,
                       const sg_atom_set *near, const sg_atom_set *set, double f_max, sg_saddle_work *w,
                       int *calls, sg_minimize_result *end, int *home)
{
    const int n = w->sys->n;
    const double longest = vec_max_atom(3 * (size_t)n, &from->mode[0][0]);
    double amplitude = push_off;
    sg_status st = SG_OK;

    for (int k = 0; k < push_off_tries && st == SG_OK; k++, amplitude *= 2) {
        for (int i = 0; i < n; i++)
            for (int a = 0; a < 3; a++)
                w->sys->x[i][a] = from->x[i][a] + sign * amplitude / longest * from->mode[i][a];
        if (near) { /* what moves far first, at a fraction of the price */
            sg_potential_work_reset(w->forces);
            st = descend(p, near, p->opt->f_local, w, calls, end, NULL);
            sg_potential_work_reset(w->forces);
        }
        if (st == SG_OK) st = descend(p, set, f_max, w, calls, end, home);
        if (st == SG_OK) st = descend_on(p, from, set, f_max, w, calls, end, home);
        if (st != SG_OK || *home ||
            (end->energy < from->energy &&
             sg_system_displacement(w->sys, from->x, (const double(*)[3])w->sys->x, NULL, NULL) >
                 push_off / 2))
            break;
    }
    return st;
}

sg_status look_for_home(const sg_saddle_problem *p, const saddle_point *from, const sg_atom_set *near,
                        const sg_atom_set *set, double f_max, sg_saddle_work *w, int *calls, double *other,
                        int *home)
{
    const double from_start =
        sg_system_displacement(p->start, (const double(*)[3])p->start->x, from->x, NULL, NULL);
    double nearest = INFINITY, sign = way_back(p, from, w);
    sg_minimize_result end;

    *home = 0;
    for (int side = 0; side < 2 && !*home; side++, sign = -sign) {
        const sg_status st = descend_from(p, from, sign, near, set, f_max, w, calls, &end, home);
        if (st != SG_OK) return st;
        const double d = distance_from_start(p, w->sys);
        if (d < nearest) {
            memcpy(w->near, w->sys->x, (size_t)w->sys->n * sizeof *w->near);
            w->e_near = end.energy;
            w->has_near = !*home;
            nearest = d;
        }
        if (!*home && nearest < from_start) break; /* come closer, and not home */
    }
    *other = sign;
    return SG_OK;
}
