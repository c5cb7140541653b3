/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Past a hollow on the way down.
 *
 * What less than the least barrier parts from the rest of its valley is no state: an event between them would
 * not be accepted, and a descent that ends there has not come to where the system will be found. The lip of
 * the hollow is a saddle like others, a few hundredths of an Å away along the softest mode; it is climbed to,
 * away from where the descent came from, and passed if it is low enough. */
#include "saddle_internal.h"

#include <math.h>
#include <string.h>

static const lanczos_rule hollow_mode = {3, 6, 0.1, 0, 0};
static const double stiffest = 0.1;    /* eV/Å^2: a cubic lip of 1 meV is then at least 0.24 Å away */
static const double first_move = 0.05; /* Å in all coordinates, so that the force tells what is uphill */
static const double step_max = 0.03;   /* Å per atom: a lip is near, and past it the valley may turn */
static const double stray = 0.6;       /* Å per atom, from the hollow to its lip */
static const double above = 1.5;       /* least barriers, while the climb has not come to rest */
static const double f_lip = 0.003;     /* eV/Å */
static const double same_place = 0.1;  /* Å, farthest atom */
static const double push_off = 0.15;   /* Å, farthest atom */
enum { CALLS = 50 };

typedef struct trail { /* [m] each, of one allocation that x begins */
    double *x, *v, *hollow, *behind, *x_old;
} trail;

static sg_status trail_init(trail *t, const surface *s, const double (*behind)[3], const sg_saddle_work *w)
{
    const size_t m = s->m;

    t->x = sg_calloc(5 * m, sizeof *t->x);
    if (!t->x) return sg_fail(SG_ENOMEM, "way past a hollow");
    t->v = t->x + m;
    t->hollow = t->v + m;
    t->behind = t->hollow + m;
    t->x_old = t->behind + m;
    surface_get(s, t->x);
    memcpy(t->hollow, t->x, m * sizeof *t->x);
    memcpy(t->x_old, w->climb.x_old, m * sizeof *t->x);
    for (int k = 0; k < s->n_active; k++)
        memcpy(t->behind + 3 * k, behind[s->atom[k]], sizeof behind[0]);
    return SG_OK;
}

/* v along (to - from), not against it. */
static void turn_away(size_t m, const double *from, const double *to, double *v)
{
    double onward = 0;

    for (size_t i = 0; i < m; i++)
        onward += v[i] * (to[i] - from[i]);
    if (onward < 0) vec_scale(m, -1, v);
}

static double farthest(size_t m, const double *a, const double *b, double *scratch)
{
    for (size_t i = 0; i < m; i++)
        scratch[i] = a[i] - b[i];
    return vec_max_atom(m, scratch);
}

/* From the hollow in t->x to its lip, and a step beyond. */
static sg_status cross(surface *s, double hollow, sg_saddle_work *w, trail *t, int *through)
{
    const size_t m = s->m;
    const climb_rule rule = {
        f_lip, step_max, hollow + above * SG_BARRIER_MIN, CALLS, 2, stray, t->hollow, NULL, NULL, NULL, 0};
    lanczos_result mode;
    climb_end end;
    double energy, f_end;

    for (size_t i = 0; i < m; i++)
        t->v[i] = t->x[i] - t->behind[i];
    sg_status st = surface_force(s, t->x, &energy, w->climb.f);
    surface_project(s, t->v);
    if (st == SG_OK && vec_max_atom(m, t->v) < same_place) return SG_OK; /* has not come down at all */
    if (st == SG_OK)
        st = lanczos_softest(s, t->x, w->climb.f, &hollow_mode, NULL, t->v, &w->climb.lanczos, &mode);
    if (st != SG_OK || mode.value > stiffest) return st;
    turn_away(m, t->behind, t->x, t->v);
    vec_axpy(m, first_move, t->v, t->x);
    st = climb(s, &rule, t->x, t->v, &mode.value, &w->climb, &end, &energy, &f_end);
    if (st != SG_OK || end != CLIMB_CONVERGED || energy > hollow + SG_BARRIER_MIN) return st;
    if (farthest(m, t->x, t->behind, w->climb.g) < same_place) return st; /* back at the saddle */
    turn_away(m, t->hollow, t->x, t->v);
    vec_axpy(m, push_off / vec_max_atom(m, t->v), t->v, t->x);
    *through = 1;
    return SG_OK;
}

sg_status pass_hollow(const sg_saddle_problem *p, const double (*behind)[3], const sg_atom_set *set,
                      double energy, sg_saddle_work *w, int *calls, int *through)
{
    surface s;
    trail t = {0};
    sg_status st = surface_init(&s, p->pot, w->forces, w->sys, set);

    *through = 0;
    if (st != SG_OK) return st;
    s.calls = calls;
    if (s.m > 0) {
        st = trail_init(&t, &s, behind, w);
        if (st == SG_OK) st = cross(&s, energy, w, &t, through);
        const double *const stand = *through ? t.x : t.hollow;
        for (int k = 0; k < s.n_active && t.x; k++)
            memcpy(w->sys->x[s.atom[k]], stand + 3 * k, sizeof w->sys->x[0]);
        if (t.x) memcpy(w->climb.x_old, t.x_old, s.m * sizeof *t.x_old); /* the verification needs it */
    }
    sg_free(t.x);
    surface_clear(&s);
    return st;
}
