/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Atoms and cell at rest.
 *
 * The cell is changed by x' = x + x.E with E lower-triangular (rows times matrix), which keeps it in the form
 * that sg_cell demands and turns nothing. Its six numbers e = xx yy zz xy xz yz are the unknowns; with W the
 * virial and p the pressure to be reached, the enthalpy changes by dH = (W + p V 1) . de, the atoms following
 * by relaxation. So the gradient is at hand at every relaxed cell, and a quasi-Newton iteration finds its
 * zero: the inverse of the stiffness begins as that of an isotropic solid, and learns from each step.
 *
 * Rearrangements on the way make the gradient jump; pairs of step and change that tell of no positive
 * stiffness are not learned from. Source: Nocedal & Wright, Numerical Optimization, 2nd ed. (2006), 6.1. */
#include "slowglass/anneal.h"

#include <math.h>
#include <string.h>

static const double STRAIN_MAX = 0.03;   /* of one step: larger ones leave the neighbourhood of any minimum */
static const double STRAIN_PROBE = 1e-3; /* for the moduli; their error of some per cent is learned away */
static const double POSITIVE = 0.05; /* least s.y over that of the initial stiffness, to be learned from */

typedef struct six {
    double v[6];
} six;

typedef struct relaxing {
    const sg_potential *pot;
    sg_potential_work *work;
    sg_system *sys;
    const sg_cell_relax_options *opt;
    sg_cell_relax_result *result;
    double bulk, shear; /* V times moduli, eV */
    double inverse[6][6];
} relaxing;

sg_cell_relax_options sg_cell_relax_defaults(void)
{
    sg_cell_relax_options opt = {sg_minimize_defaults(), 0.0, 6e-7, 60};
    opt.minimize.f_max = 1e-5;
    return opt;
}

static double dot(const six *a, const six *b)
{
    double sum = 0;
    for (int k = 0; k < 6; k++)
        sum += a->v[k] * b->v[k];
    return sum;
}

static double largest(const six *a)
{
    double most = 0;
    for (int k = 0; k < 6; k++)
        most = fmax(most, fabs(a->v[k]));
    return most;
}

/* x' = x + x.E for atoms and cell; the strained cell becomes the unstrained one of what follows. */
static sg_status deform(sg_system *sys, const six *e)
{
    const double m[3][3] = {{1 + e->v[0], 0, 0}, {e->v[3], 1 + e->v[1], 0}, {e->v[4], e->v[5], 1 + e->v[2]}};
    double h[3][3];

    for (int r = 0; r < 3; r++)
        for (int k = 0; k < 3; k++)
            h[r][k] = sys->cell.h[r][0] * m[0][k] + sys->cell.h[r][1] * m[1][k] + sys->cell.h[r][2] * m[2][k];
    const sg_status st = sg_cell_init(&sys->cell, (const double(*)[3])h, 0.0, sys->cell.periodic);
    for (int i = 0; st == SG_OK && i < sys->n; i++) {
        const double x[3] = {sys->x[i][0], sys->x[i][1], sys->x[i][2]};
        for (int k = 0; k < 3; k++)
            sys->x[i][k] = x[0] * m[0][k] + x[1] * m[1][k] + x[2] * m[2][k];
    }
    return st;
}

static six gradient(const relaxing *r, const double virial[6])
{
    six g;
    for (int k = 0; k < 6; k++)
        g.v[k] = virial[k] + (k < 3 ? r->opt->pressure * r->sys->cell.volume : 0.0);
    return g;
}

/* ---- stiffness ---- */

/* Virial of the structure strained affinely, which is then as it was. */
static sg_status probe(relaxing *r, const six *e, sg_forces *f)
{
    sg_system *strained = NULL;

    sg_status st = sg_system_copy(r->sys, &strained);
    if (st == SG_OK) st = deform(strained, e);
    if (st == SG_OK) st = sg_potential_compute(r->pot, r->work, strained, NULL, f);
    if (st == SG_OK) r->result->force_calls++;
    sg_system_free(strained);
    return st;
}

/* Bulk and shear modulus times the volume, of an affine strain. */
static sg_status find_moduli(relaxing *r)
{
    const double d = STRAIN_PROBE;
    const double *const w = r->result->virial;
    sg_forces f = {0};

    if (!(f.f = sg_calloc((size_t)r->sys->n, sizeof *f.f))) return sg_fail(SG_ENOMEM, "forces");
    sg_status st = probe(r, &(six){{d, d, d, 0, 0, 0}}, &f);
    r->bulk = (f.virial[0] + f.virial[1] + f.virial[2] - w[0] - w[1] - w[2]) / (9 * d);
    if (st == SG_OK) st = probe(r, &(six){{0, 0, 0, d, d, d}}, &f);
    r->shear = (f.virial[3] + f.virial[4] + f.virial[5] - w[3] - w[4] - w[5]) / (3 * d);
    sg_free(f.f);
    /* far from a solid at rest (a first, hot or stretched structure) they may come out negative */
    if (!(r->bulk > 0)) r->bulk = fmax(fabs(r->bulk), fabs(w[0] + w[1] + w[2]));
    if (!(r->shear > 0)) r->shear = 0.3 * r->bulk;
    return st == SG_OK && !(r->bulk > 0) ? sg_fail(SG_ENUMERIC, "cell: no stiffness") : st;
}

/* Of an isotropic solid: tension changes the volume by the bulk modulus, all else by the shear modulus. */
static void begin_inverse(relaxing *r)
{
    memset(r->inverse, 0, sizeof r->inverse);
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            r->inverse[a][b] = 1 / (9 * r->bulk) + ((a == b) - 1.0 / 3) / (2 * r->shear);
    for (int a = 3; a < 6; a++)
        r->inverse[a][a] = 1 / r->shear;
}

static six times_inverse(const relaxing *r, const six *g)
{
    six out;
    for (int a = 0; a < 6; a++) {
        out.v[a] = 0;
        for (int b = 0; b < 6; b++)
            out.v[a] += r->inverse[a][b] * g->v[b];
    }
    return out;
}

/* BFGS: s the step taken, y by how much the gradient has changed. */
static void learn(relaxing *r, const six *s, const six *y)
{
    const six hy = times_inverse(r, y);
    const double sy = dot(s, y), yhy = dot(y, &hy);

    if (!(sy > POSITIVE * r->shear * dot(s, s))) return;
    for (int a = 0; a < 6; a++)
        for (int b = 0; b < 6; b++)
            r->inverse[a][b] +=
                (1 + yhy / sy) * s->v[a] * s->v[b] / sy - (hy.v[a] * s->v[b] + s->v[a] * hy.v[b]) / sy;
}

/* ---- rounds ---- */

static sg_status relax_atoms(relaxing *r)
{
    sg_minimize_result m;
    sg_minimize_options opt = r->opt->minimize;

    opt.max_calls -= r->result->force_calls;
    if (opt.max_calls < 1) opt.max_calls = 1;
    const sg_status st = sg_minimize(r->pot, r->work, r->sys, NULL, &opt, &m);
    if (st != SG_OK) return st;
    r->result->force_calls += m.force_calls;
    r->result->energy = m.energy;
    r->result->f_max = m.f_max;
    memcpy(r->result->virial, m.virial, sizeof m.virial);
    return m.stop == SG_STOP_MONITOR ? sg_fail(SG_EINTERRUPTED, "interrupted while the cell relaxed") : SG_OK;
}

static six next_step(const relaxing *r, const six *g)
{
    six s = times_inverse(r, g);
    const double most = largest(&s), scale = most > STRAIN_MAX ? STRAIN_MAX / most : 1;

    for (int k = 0; k < 6; k++)
        s.v[k] *= -scale;
    return s;
}

static sg_status iterate(relaxing *r)
{
    const sg_cell_relax_options *const opt = r->opt;
    sg_cell_relax_result *const res = r->result;

    sg_status st = relax_atoms(r);
    if (st == SG_OK) st = find_moduli(r);
    if (st != SG_OK) return st;
    begin_inverse(r);
    six g = gradient(r, res->virial);
    for (res->rounds = 1;; res->rounds++) {
        res->converged =
            largest(&g) <= opt->tolerance * r->sys->cell.volume && res->f_max <= opt->minimize.f_max;
        if (res->converged || res->rounds >= opt->max_rounds || res->force_calls >= opt->minimize.max_calls)
            return SG_OK;
        const six s = next_step(r, &g), before = g;
        six y;
        st = deform(r->sys, &s);
        if (st == SG_OK) st = relax_atoms(r);
        if (st != SG_OK) return st;
        g = gradient(r, res->virial);
        for (int k = 0; k < 6; k++)
            y.v[k] = g.v[k] - before.v[k];
        learn(r, &s, &y);
    }
}

sg_status sg_cell_relax(const sg_potential *pot, sg_potential_work *work, sg_system *sys,
                        const sg_cell_relax_options *opt, sg_cell_relax_result *result)
{
    relaxing r = {.pot = pot, .work = work, .sys = sys, .opt = opt, .result = result};

    memset(result, 0, sizeof *result);
    if (!sys->cell.periodic[0] || !sys->cell.periodic[1] || !sys->cell.periodic[2])
        return sg_fail(SG_EINVAL, "a cell can relax only if it is periodic in all three directions");
    if (!(opt->tolerance > 0))
        return sg_fail(SG_EINVAL, "cell: tolerance %g eV/Å^3, need > 0", opt->tolerance);
    return iterate(&r);
}
