/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows about one force call: against LAMMPS, with few atoms free, and in a larger cell. */
#include "bench_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 8, ROUNDS_MAX = 1000, FREE_ATOMS = 250 };
static const double slice_s = 0.2; /* CPU time of our side in one round */

typedef struct side { /* one side of a comparison: repeated calls at fixed positions */
    const sg_potential *pot;
    const sg_system *sys;
    const sg_atom_set *set; /* NULL: all */
    double (*v)[3];         /* NULL: forces; else products of the Hessian with it */
    sg_potential_work *work;
    sg_forces out;
    int calls; /* per round */
} side;

static void side_clear(side *s)
{
    sg_potential_work_free(s->work);
    sg_free(s->out.f);
    sg_free(s->v);
    *s = (side){0};
}

static sg_status side_round(side *s, bench_cost *per_call)
{
    bench_meter meter;
    sg_status st = SG_OK;

    bench_meter_begin(&meter);
    for (int k = 0; k < s->calls && st == SG_OK; k++)
        st = s->v ? sg_potential_hessian_times(s->pot, s->work, s->sys, s->set, (const double(*)[3])s->v,
                                               s->out.f)
                  : sg_potential_compute(s->pot, s->work, s->sys, s->set, &s->out);
    *per_call = bench_meter_end(&meter);
    per_call->cpu_s /= s->calls;
    per_call->instructions /= s->calls;
    return st;
}

/* Lists and the base of frozen atoms are made by a first call; how many fill a round follows from a second
 * one. */
static sg_status side_init(const bench *b, side *s, const sg_potential *pot, const sg_system *sys,
                           const sg_atom_set *set, int products)
{
    bench_cost cost;

    *s = (side){.pot = pot, .sys = sys, .set = set, .calls = 5};
    s->out.f = sg_calloc((size_t)sys->n, sizeof *s->out.f);
    if (products) s->v = sg_calloc((size_t)sys->n, sizeof *s->v);
    sg_status st = s->out.f && (s->v || !products) ? sg_potential_work_create(pot, &s->work)
                                                   : sg_fail(SG_ENOMEM, "forces");
    for (int i = 0; i < sys->n && s->v; i++)
        s->v[i][i % 3] = 1.0;
    if (st == SG_OK) st = side_round(s, &cost);
    if (st == SG_OK) st = side_round(s, &cost);
    if (st == SG_OK) s->calls = (int)fmax(5.0, fmin(1e6, slice_s / fmax(cost.cpu_s, 1e-7)));
    if (b->opt->calls > 0) s->calls = b->opt->calls;
    return st;
}

static int rounds(const bench *b)
{
    const int n = b->opt->rounds > 0 ? b->opt->rounds : ROUNDS;
    return n < ROUNDS_MAX ? n : ROUNDS_MAX;
}

typedef struct series { /* costs per call over the rounds */
    int n;
    double cpu_s[ROUNDS_MAX], instructions;
} series;

static void series_add(series *s, bench_cost cost)
{
    s->cpu_s[s->n++] = cost.cpu_s;
    s->instructions = cost.instructions; /* hardly varies */
}

static double least(const series *s)
{
    double value = INFINITY;
    for (int k = 0; k < s->n; k++)
        value = fmin(value, s->cpu_s[k]);
    return value;
}

/* value: ratio of the least times; details: the median of the rounds' ratios, and the ratio of instructions.
 */
static void put_ratio(sg_bench_result *out, const series *ours, const series *theirs)
{
    double ratio[ROUNDS_MAX];

    for (int k = 0; k < ours->n; k++)
        ratio[k] = ours->cpu_s[k] / theirs->cpu_s[k];
    out->value = least(ours) / least(theirs);
    bench_detail(out, "ratio_median", bench_quantile(ours->n, ratio, 0.5));
    bench_detail(out, "ratio_instructions", ours->instructions / theirs->instructions);
}

static void put_cost(sg_bench_result *out, const char *name, const series *s, int n_atoms)
{
    double copy[ROUNDS_MAX];
    char text[48];

    for (int k = 0; k < s->n; k++)
        copy[k] = 1e6 * s->cpu_s[k] / n_atoms;
    snprintf(text, sizeof text, "%s_us_per_atom", name);
    bench_detail(out, text, 1e6 * least(s) / n_atoms);
    snprintf(text, sizeof text, "%s_us_per_atom_median", name);
    bench_detail(out, text, bench_quantile(s->n, copy, 0.5));
    snprintf(text, sizeof text, "%s_instructions_per_atom", name);
    bench_detail(out, text, s->instructions / n_atoms);
}

/* ---- against LAMMPS ---- */

static sg_status against_lammps(bench *b, const sg_system *sys, const char *style, const char *file,
                                sg_bench_result *out)
{
    char spec[256], fast[32];
    sg_potential *pot = NULL;
    side ours = {0};
    series *s = sg_calloc(3, sizeof *s); /* ours, plain, opt */
    bench_cost cost;
    sg_status st = s ? SG_OK : sg_fail(SG_ENOMEM, "rounds");

    snprintf(spec, sizeof spec, "%s:%s", style, file);
    snprintf(fast, sizeof fast, "%s/opt", style);
    const lammps_case plain = {sys, style, file, NULL}, opt = {sys, fast, file, NULL};
    if (st == SG_OK) st = sample_potential(spec, sys, out, &pot);
    if (st != SG_OK || !pot) goto done;
    if ((st = side_init(b, &ours, pot, sys, NULL, 0)) != SG_OK) goto done;
    const int with_lammps = lammps_is_there(b);
    for (int k = 0; k < rounds(b) && st == SG_OK; k++) {
        if ((st = side_round(&ours, &cost)) != SG_OK) break;
        series_add(&s[0], cost);
        if (!with_lammps) continue;
        if ((st = lammps_call(b, &plain, &cost)) != SG_OK) break;
        series_add(&s[1], cost);
        if ((st = lammps_call(b, &opt, &cost)) != SG_OK) break;
        series_add(&s[2], cost);
        sg_log_progress(b->opt->log, style, k + 1.0, rounds(b), "rounds against LAMMPS");
    }
    if (st != SG_OK) goto done;
    if (with_lammps)
        put_ratio(out, &s[0], least(&s[1]) <= least(&s[2]) ? &s[1] : &s[2]);
    else
        st = bench_missing(out, "%s not installed", b->opt->lammps ? b->opt->lammps : "lmp");
    put_cost(out, "ours", &s[0], sys->n);
    if (with_lammps) put_cost(out, "lammps", &s[1], sys->n);
    if (with_lammps) put_cost(out, "lammps_opt", &s[2], sys->n);
    bench_detail(out, "atoms", sys->n);
done:
    side_clear(&ours);
    sg_potential_free(pot);
    sg_free(s);
    return st;
}

sg_status row_force_fs(bench *b, sg_bench_result *out)
{
    sg_system *sys = NULL;
    sg_status st = sample_glass(b, out, &sys);

    if (st == SG_OK && sys) st = against_lammps(b, sys, "eam/fs", BENCH_POTENTIALS "CuZr_mm.eam.fs", out);
    sg_system_free(sys);
    return st;
}

sg_status row_force_alloy(bench *b, sg_bench_result *out)
{
    sg_system *sys = NULL;
    sg_status st = sample_crystal("Cu", 1, 8, 3.62, 0.1, 48, &sys); /* 2000 atoms */

    if (st == SG_OK) st = against_lammps(b, sys, "eam/alloy", BENCH_POTENTIALS "Cu_mishin1.eam.alloy", out);
    sg_system_free(sys);
    return st;
}

/* ---- few atoms free ---- */

typedef struct near_atom {
    double r2;
    int atom;
} near_atom;

static int compare_near(const void *a, const void *b)
{
    const near_atom *x = a, *y = b;
    if (x->r2 != y->r2) return x->r2 < y->r2 ? -1 : 1;
    return (x->atom > y->atom) - (x->atom < y->atom);
}

static int compare_int(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

typedef struct ball { /* the FREE_ATOMS atoms nearest to atom 0 */
    int atom[FREE_ATOMS];
    unsigned char *member;
    sg_atom_set set;
} ball;

static sg_status ball_init(ball *s, const sg_system *sys)
{
    near_atom *const near = sg_calloc((size_t)sys->n, sizeof *near);

    s->member = sg_calloc((size_t)sys->n, 1);
    if (!near || !s->member) {
        sg_free(near);
        return sg_fail(SG_ENOMEM, "set of free atoms");
    }
    for (int i = 0; i < sys->n; i++) {
        double d[3];
        for (int a = 0; a < 3; a++)
            d[a] = sys->x[i][a] - sys->x[0][a];
        sg_cell_minimum_image(&sys->cell, d);
        near[i] = (near_atom){d[0] * d[0] + d[1] * d[1] + d[2] * d[2], i};
    }
    qsort(near, (size_t)sys->n, sizeof *near, compare_near);
    for (int k = 0; k < FREE_ATOMS; k++) {
        s->atom[k] = near[k].atom;
        s->member[near[k].atom] = 1;
    }
    qsort(s->atom, FREE_ATOMS, sizeof *s->atom, compare_int);
    s->set = (sg_atom_set){FREE_ATOMS, s->atom, s->member};
    sg_free(near);
    return SG_OK;
}

/* Alternate between two sides. */
static sg_status compare_sides(bench *b, side *a, side *c, series *s)
{
    bench_cost cost;
    sg_status st = SG_OK;

    for (int k = 0; k < 2 * rounds(b) && k < ROUNDS_MAX && st == SG_OK; k++) {
        if ((st = side_round(a, &cost)) != SG_OK) break;
        series_add(&s[0], cost);
        if ((st = side_round(c, &cost)) != SG_OK) break;
        series_add(&s[1], cost);
    }
    return st;
}

/* The glass with few atoms free against itself with all free, or against eight of it with as few free. */
static sg_status free_atoms(bench *b, int eightfold, sg_bench_result *out)
{
    sg_system *sys = NULL, *big = NULL;
    sg_potential *pot = NULL;
    side few = {0}, other = {0};
    ball set = {.member = NULL}, big_set = {.member = NULL};
    series *s = sg_calloc(2, sizeof *s);
    sg_status st = s ? sample_glass(b, out, &sys) : sg_fail(SG_ENOMEM, "rounds");

    if (st != SG_OK || !sys) goto done;
    if ((st = sample_potential("eam/fs:" BENCH_POTENTIALS "CuZr_mm.eam.fs", sys, out, &pot)) != SG_OK || !pot)
        goto done;
    if ((st = ball_init(&set, sys)) != SG_OK) goto done;
    if ((st = side_init(b, &few, pot, sys, &set.set, 0)) != SG_OK) goto done;
    if (eightfold) {
        if ((st = sample_replicated(sys, 2, &big)) != SG_OK) goto done;
        if ((st = ball_init(&big_set, big)) != SG_OK) goto done;
        if ((st = side_init(b, &other, pot, big, &big_set.set, 0)) != SG_OK) goto done;
        if ((st = compare_sides(b, &other, &few, s)) != SG_OK) goto done;
    } else {
        if ((st = side_init(b, &other, pot, sys, NULL, 0)) != SG_OK) goto done;
        if ((st = compare_sides(b, &few, &other, s)) != SG_OK) goto done;
    }
    put_ratio(out, &s[0], &s[1]);
    bench_detail(out, "free_call_us", 1e6 * least(eightfold ? &s[1] : &s[0]));
    bench_detail(out, eightfold ? "free_call_16000_us" : "full_call_us",
                 1e6 * least(eightfold ? &s[0] : &s[1]));
    bench_detail(out, "free_atoms", FREE_ATOMS);
done:
    side_clear(&few);
    side_clear(&other);
    sg_free(set.member);
    sg_free(big_set.member);
    sg_potential_free(pot);
    sg_system_free(sys);
    sg_system_free(big);
    sg_free(s);
    return st;
}

sg_status row_free(bench *b, sg_bench_result *out)
{
    return free_atoms(b, 0, out);
}

sg_status row_free_16000(bench *b, sg_bench_result *out)
{
    return free_atoms(b, 1, out);
}

/* ---- Hessian times vector ---- */

/* Each further product at a point over a force call, with all atoms free and with few. */
sg_status row_hessian(bench *b, sg_bench_result *out)
{
    sg_system *sys = NULL;
    sg_potential *pot = NULL;
    side product = {0}, call = {0};
    ball set = {.member = NULL};
    series *s = sg_calloc(2, sizeof *s);
    sg_status st = s ? sample_glass(b, out, &sys) : sg_fail(SG_ENOMEM, "rounds");

    if (st != SG_OK || !sys) goto done;
    if ((st = sample_potential("eam/fs:" BENCH_POTENTIALS "CuZr_mm.eam.fs", sys, out, &pot)) != SG_OK || !pot)
        goto done;
    if ((st = ball_init(&set, sys)) != SG_OK) goto done;
    for (int few = 1; few >= 0; few--) {
        memset(s, 0, 2 * sizeof *s);
        side_clear(&product);
        side_clear(&call);
        if ((st = side_init(b, &product, pot, sys, few ? &set.set : NULL, 1)) != SG_OK) goto done;
        if ((st = side_init(b, &call, pot, sys, few ? &set.set : NULL, 0)) != SG_OK) goto done;
        if ((st = compare_sides(b, &product, &call, s)) != SG_OK) goto done;
        if (few) bench_detail(out, "free_250_ratio", least(&s[0]) / least(&s[1]));
    }
    put_ratio(out, &s[0], &s[1]);
    bench_detail(out, "product_us", 1e6 * least(&s[0]));
done:
    side_clear(&product);
    side_clear(&call);
    sg_free(set.member);
    sg_potential_free(pot);
    sg_system_free(sys);
    sg_free(s);
    return st;
}
