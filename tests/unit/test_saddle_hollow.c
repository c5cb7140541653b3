/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A saddle whose way home leads through a hollow: along x, minima and maxima joined by cubics, all in closed
 * form. A hollow with a lip lower than the least barrier is passed, and the event accepted; with a higher one
 * it is a state, and the saddle is one of its own. On the far side likewise: the final state is the one
 * beyond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "slowglass/core.h"
#include "slowglass/saddle.h"

enum { N_ATOMS = 8, MOVER = 1, N_NODES = 7 };
static const double wall = 5; /* eV/Å^2 beyond the outermost minima */

typedef struct terrain { /* stationary points along x: start, lip, hollow, saddle, hollow, lip, end */
    sg_potential base;
    double x[N_NODES], e[N_NODES];
} terrain;

static terrain make_terrain(const sg_potential_ops *ops, double lip_before, double lip_after)
{
    return (terrain){.base = {.ops = ops, .cutoff = 1.0},
                     .x = {-1.5, -0.65, -0.4, 0, 0.4, 0.65, 1.5},
                     .e = {0, 0.5 + lip_before, 0.5, 0.502, 0.5, 0.5 + lip_after, 0.1}};
}

static double along_x(const terrain *t, double x, double *force)
{
    int k = 0;

    if (x <= t->x[0] || x >= t->x[N_NODES - 1]) {
        const int end = x <= t->x[0] ? 0 : N_NODES - 1;
        *force = -wall * (x - t->x[end]);
        return t->e[end] + 0.5 * wall * (x - t->x[end]) * (x - t->x[end]);
    }
    while (x > t->x[k + 1])
        k++;
    const double h = t->x[k + 1] - t->x[k], s = (x - t->x[k]) / h, rise = t->e[k + 1] - t->e[k];
    *force = -rise * 6 * s * (1 - s) / h;
    return t->e[k] + rise * s * s * (3 - 2 * s);
}

static sg_status landscape_compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                                   const sg_atom_set *free_atoms, sg_forces *out)
{
    (void)work;
    (void)free_atoms;
    out->energy = 0;
    memset(out->virial, 0, sizeof out->virial);
    for (int i = 0; i < sys->n; i++)
        for (int a = 0; a < 3; a++) {
            const double d = sys->x[i][a] - (i == MOVER ? 0 : 3.0 * i), k = 1 + a + i;
            if (i == MOVER && a == 0) {
                out->energy += along_x((const terrain *)self, sys->x[i][a], &out->f[i][a]);
                continue;
            }
            out->f[i][a] = sys->fixed[i] ? 0 : -k * d;
            out->energy += 0.5 * k * d * d;
        }
    return SG_OK;
}

static void landscape_free(sg_potential *self)
{
    (void)self;
}

static const sg_potential_ops ops = {.name = "hollows", .compute = landscape_compute, .free = landscape_free};

static sg_system *chain(double x)
{
    const int periodic[3] = {1, 1, 1};
    const double h0[3][3] = {{80, 0, 0}, {0, 80, 0}, {0, 0, 80}};
    const char *const cu[] = {"Cu"};
    sg_system *sys = NULL;

    assert_int_equal(sg_system_create(N_ATOMS, &sys), SG_OK);
    assert_int_equal(sg_species_init(&sys->species, 1, cu), SG_OK);
    assert_int_equal(sg_cell_init(&sys->cell, h0, 0, periodic), SG_OK);
    for (int i = 0; i < N_ATOMS; i++)
        for (int a = 0; a < 3; a++)
            sys->x[i][a] = i == MOVER ? 0 : 3.0 * i;
    sys->x[MOVER][0] = x;
    sys->fixed[N_ATOMS - 1] = 1; /* no motion of the whole */
    sys->n_fixed = 1;
    return sys;
}

/* Refine a guess close to the saddle; which event is accepted: its height and where its far side ends. */
static sg_outcome refined(double lip_before, double lip_after, double *barrier, double *x_final)
{
    const terrain t = make_terrain(&ops, lip_before, lip_after);
    sg_saddle_options opt = sg_saddle_defaults();
    sg_system *start = chain(t.x[0]), *guess = chain(0.03);
    const sg_saddle_problem p = {.pot = &t.base, .start = start, .opt = &opt};
    sg_saddle_work *work = NULL;
    sg_passage *out = NULL;
    double mode[N_ATOMS][3] = {{0}};
    sg_rng rng;

    mode[MOVER][0] = 1;
    assert_int_equal(sg_saddle_work_create(&t.base, start, &work), SG_OK);
    assert_int_equal(sg_passage_create(N_ATOMS, &out), SG_OK);
    sg_rng_init(&rng, 1, SG_RNG_TEST, 0, 0, 0);
    assert_int_equal(
        sg_saddle_refine(&p, (const double(*)[3])guess->x, (const double(*)[3])mode, &rng, work, out), SG_OK);
    const sg_outcome outcome = out->outcome;
    print_message("lips %g and %g eV: %s, %d + %d calls\n", lip_before, lip_after, sg_outcome_text(outcome),
                  out->calls.refine, out->calls.relax);
    *barrier = out->e_saddle;
    *x_final = out->x_final[MOVER][0];
    sg_passage_free(out);
    sg_saddle_work_free(work);
    sg_system_free(guess);
    sg_system_free(start);
    return outcome;
}

static void test_low_lips(void **state)
{
    double barrier, x;

    (void)state;
    assert_int_equal(refined(3e-4, 3e-4, &barrier, &x), SG_FOUND);
    assert_true(fabs(barrier - 0.502) < 1e-5);
    assert_true(fabs(x - 1.5) < 1e-3);
}

/* Where the hollow before the saddle is a state, the way out of the start leads over its lip, and into it:
 * the search, which takes the hollow for a slip and undoes it, comes to that. */
static void test_high_lips(void **state)
{
    double barrier, x;

    (void)state;
    assert_int_equal(refined(3e-3, 3e-4, &barrier, &x), SG_FOUND);
    assert_true(fabs(barrier - 0.503) < 1e-5);
    assert_true(fabs(x + 0.4) < 1e-2);
    assert_int_equal(refined(3e-4, 3e-3, &barrier, &x), SG_FOUND);
    assert_true(fabs(barrier - 0.502) < 1e-5);
    assert_true(fabs(x - 0.4) < 1e-2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_low_lips), cmocka_unit_test(test_high_lips)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
