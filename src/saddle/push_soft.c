/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samplers that ask the forces for a soft direction. They work on the atoms within core_radius of the centre,
 * everything else frozen at its place in the inherent structure: such a call costs a small part of one on the
 * whole local set, and what is found is local by construction.
 *
 * soft: a random direction, of which a few Lanczos iterations keep the soft part. The fewer the iterations,
 * the more of the randomness is left; many would give the one softest mode of the core each time.
 * cubic: energy along a direction z expanded to third order, E = A s^2 / 2 + B s^3 / 6 with A = z.M.z and B =
 * U''':zzz, has its barrier b = (2/3) A^3 / B^2 at s = -2 A / B. b is lowered over the directions by gradient
 * descent, grad ln b = 6 (M.z / A - U''':zz / B) for unit z, from a soft direction; its minima are localised.
 * Sources: Gartner & Lerner, PRE 93, 011001 (2016); Kapteijns, Richard & Lerner, PRE 101, 032130 (2020).
 * kick: displacement after a few steps of dynamics with random velocities; stiff directions turn back within
 * that time, soft ones go on. */
#include "saddle_internal.h"

#include <math.h>
#include <string.h>

static const double core_radius = 6.0; /* Å, 50-60 atoms of a metal */
static const double seed_radius = 3.0; /* Å, atoms of the random start: the centre and its nearest */
static const double expansion = 0.02;  /* Å, norm of the displacement for second and third derivatives */
static const lanczos_rule filter = {8, 8, 0, 0, 0};
enum { CUBIC_STEPS = 12 };
static const double cubic_start = 0.01; /* first step: gradient of ln b times A over the stiffest curvature */
enum { KICK_STEPS = 12 };
static const double kick_step = 0.005;       /* ps: a twentieth of the fastest vibration */
static const double kick_temperature = 3000; /* K: 0.03 Å a step */

typedef struct core { /* the surface of the atoms near the centre */
    surface s;
    sg_atom_set set;
    unsigned char *member;
    int *atom;
} core;

static void core_end(core *c)
{
    surface_clear(&c->s);
    sg_free(c->member);
    sg_free(c->atom);
}

static sg_status core_begin(core *c, push_task *t)
{
    const surface *const outer = t->surface;
    const size_t n = (size_t)outer->sys->n;
    int count = 0;

    memset(c, 0, sizeof *c);
    c->member = sg_calloc(n, 1);
    c->atom = sg_calloc(n, sizeof *c->atom);
    if (!c->member || !c->atom) {
        core_end(c);
        return sg_fail(SG_ENOMEM, "core of a push");
    }
    for (int k = 0; k < outer->n_active; k++) {
        const int i = outer->atom[k];
        if (atom_distance(outer->sys, t->centre, i) > core_radius) continue;
        c->member[i] = 1;
        c->atom[count++] = i;
    }
    c->set = (sg_atom_set){count, c->atom, c->member};
    const int is_all = !outer->set && count == outer->n_active; /* then translations cost nothing here too */
    const sg_status st = surface_init(&c->s, outer->pot, outer->work, outer->sys, is_all ? NULL : &c->set);
    if (st != SG_OK) core_end(c);
    c->s.calls = outer->calls;
    return st;
}

/* Hand a direction of the core to the search, and put the atoms back. */
static void core_hand_over(core *c, const double *x, const double *v, push_task *t)
{
    const surface *const outer = t->surface;

    t->is_soft = 1;
    for (int k = 0, q = 0; k < outer->n_active && q < c->s.n_active; k++) {
        if (outer->atom[k] != c->s.atom[q]) continue;
        memcpy(t->direction + 3 * k, v + 3 * q, 3 * sizeof *v);
        q++;
    }
    for (int q = 0; q < c->s.n_active; q++)
        memcpy(c->s.sys->x[c->s.atom[q]], x + 3 * q, 3 * sizeof *x);
}

static void random_start(const core *c, push_task *t, double *v)
{
    for (int q = 0; q < c->s.n_active; q++)
        for (int a = 0; a < 3; a++)
            v[3 * q + a] =
                atom_distance(c->s.sys, t->centre, c->s.atom[q]) <= seed_radius ? sg_rng_normal(t->rng) : 0.0;
}

/* f0: forces at x, out. */
static sg_status soft_direction(core *c, push_task *t, const double *x, double *f0, double *v)
{
    double energy;
    lanczos_result mode;
    sg_status st = surface_force(&c->s, x, &energy, f0);

    if (st != SG_OK) return st;
    random_start(c, t, v);
    return lanczos_softest(&c->s, x, f0, &filter, NULL, v, &t->scratch->lanczos, &mode);
}

sg_status push_soft(push_task *t)
{
    climb_scratch *const w = t->scratch;
    core c;
    sg_status st = core_begin(&c, t);

    if (st != SG_OK) return st;
    surface_get(&c.s, w->x_old);
    st = soft_direction(&c, t, w->x_old, w->f_old, w->g);
    core_hand_over(&c, w->x_old, w->g, t);
    core_end(&c);
    return st;
}

typedef struct expansion_terms {
    double *mz, *tzz; /* [m] M.z and U''':zz */
    double a, b;      /* contracted once more: A and B */
} expansion_terms;

static sg_status expand(core *c, const double *x, const double *f0, const double *z, double *xs, double *f,
                        expansion_terms *e)
{
    const size_t m = c->s.m;
    const double d = expansion;
    double energy;

    for (size_t k = 0; k < m; k++)
        xs[k] = x[k] + d * z[k];
    sg_status st = surface_force(&c->s, xs, &energy, f);
    if (st != SG_OK) return st;
    for (size_t k = 0; k < m; k++) {
        e->mz[k] = -f[k] / (2 * d);
        e->tzz[k] = -(f[k] - 2 * f0[k]) / (d * d);
        xs[k] = x[k] - d * z[k];
    }
    if ((st = surface_force(&c->s, xs, &energy, f)) != SG_OK) return st;
    for (size_t k = 0; k < m; k++) {
        e->mz[k] += f[k] / (2 * d);
        e->tzz[k] -= f[k] / (d * d);
    }
    e->a = vec_dot(m, z, e->mz);
    e->b = vec_dot(m, z, e->tzz);
    return SG_OK;
}

/* Lower b by steps of Barzilai and Borwein's length along its gradient. z: start in, end out. */
static sg_status lower_estimate(core *c, climb_scratch *w, const double *x, const double *f0, double *z,
                                expansion_terms *e)
{
    const size_t m = c->s.m;
    double *const g = w->g, *const g_old = w->f, *const z_old = w->s, *const xs = w->s + m,
                  *const f = w->s + 2 * m;
    double step = 0;
    sg_status st = SG_OK;

    for (int k = 0; k <= CUBIC_STEPS; k++) {
        if ((st = expand(c, x, f0, z, xs, f, e)) != SG_OK) return st;
        if (k == CUBIC_STEPS || !(e->a > 0) || e->b == 0) break;
        for (size_t i = 0; i < m; i++)
            g[i] = 6 * (e->mz[i] / e->a - e->tzz[i] / e->b);
        if (k == 0) {
            step = cubic_start * e->a;
        } else {
            double sy = 0, ss = 0;
            for (size_t i = 0; i < m; i++) {
                const double dz = z[i] - z_old[i];
                sy += dz * (g[i] - g_old[i]);
                ss += dz * dz;
            }
            if (sy > 0) step = ss / sy;
        }
        const double length = step * vec_norm(m, g);
        const double cut = length > 0.3 ? 0.3 / length : 1.0;
        memcpy(z_old, z, m * sizeof *z);
        memcpy(g_old, g, m * sizeof *g);
        vec_axpy(m, -step * cut, g, z);
        vec_scale(m, 1 / vec_norm(m, z), z);
    }
    return SG_OK;
}

sg_status push_cubic(push_task *t)
{
    climb_scratch *const w = t->scratch;
    core c;
    sg_status st = core_begin(&c, t);

    if (st != SG_OK) return st;
    const size_t m = c.s.m;
    double *const z = w->s + 3 * m;
    expansion_terms e = {w->s + 4 * m, w->s + 5 * m, 0, 0};
    surface_get(&c.s, w->x_old);
    st = soft_direction(&c, t, w->x_old, w->f_old, z);
    if (st == SG_OK) st = lower_estimate(&c, w, w->x_old, w->f_old, z, &e);
    if (e.b > 0) vec_scale(m, -1, z); /* where the cubic term lowers the energy */
    core_hand_over(&c, w->x_old, z, t);
    core_end(&c);
    return st;
}

/* Mass of a coordinate, eV ps^2/Å^2. */
static double inertia(const core *c, size_t i)
{
    const sg_system *const sys = c->s.sys;
    return sys->species.mass[sys->type[c->s.atom[i / 3]]] * SG_AMU_A2_PER_PS2_EV;
}

sg_status push_kick(push_task *t)
{
    climb_scratch *const w = t->scratch;
    double energy;
    core c;
    sg_status st = core_begin(&c, t);

    if (st != SG_OK) return st;
    const size_t m = c.s.m;
    double *const x = w->s, *const v = w->g, *const f = w->f;
    surface_get(&c.s, w->x_old);
    memcpy(x, w->x_old, m * sizeof *x);
    random_start(&c, t, v);
    for (size_t i = 0; i < m; i++)
        v[i] *= sqrt(SG_KB * kick_temperature / inertia(&c, i));
    st = surface_force(&c.s, x, &energy, f);
    for (int k = 0; k < KICK_STEPS && st == SG_OK; k++) {
        for (size_t i = 0; i < m; i++) {
            v[i] += kick_step * f[i] / inertia(&c, i);
            x[i] += kick_step * v[i];
        }
        st = surface_force(&c.s, x, &energy, f);
    }
    for (size_t i = 0; i < m; i++)
        x[i] -= w->x_old[i];
    core_hand_over(&c, w->x_old, x, t);
    core_end(&c);
    return st;
}
