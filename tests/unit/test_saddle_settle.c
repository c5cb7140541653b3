/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A saddle in a soft direction: a double well along x, and along y a shoulder, where the force is below the
 * limit and there is no stationary point, beside the only minimum. The shoulder must not be taken for a
 * saddle: its stress, hence the strain derivative of its barrier, is another one. All is known in closed
 * form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "slowglass/core.h"
#include "slowglass/saddle.h"

enum { N_ATOMS = 8, MOVER = 1 };
static const double height = 0.5;                         /* eV, of the barrier between x = -1 and 1 Å */
static const double slope = 7e-4, soft = 0.024, bend = 4; /* eV/Å, eV/Å^2, eV/Å^3 along y, at the shoulder */
static const double bottom = -0.3;                        /* Å, the minimum along y */

static double fourth(void)
{
    return (slope + bottom * (soft + bottom * bend)) / (-bottom * bottom * bottom);
}

static double along_y(double y, double *force)
{
    const double d = fourth();

    *force = -(slope + y * (soft + y * (bend + y * d)));
    return y * (slope + y * (soft / 2 + y * (bend / 3 + y * d / 4)));
}

static sg_status landscape_compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                                   const sg_atom_set *free_atoms, sg_forces *out)
{
    (void)self;
    (void)work;
    (void)free_atoms;
    out->energy = 0;
    memset(out->virial, 0, sizeof out->virial);
    for (int i = 0; i < sys->n; i++)
        for (int a = 0; a < 3; a++) {
            const double d = sys->x[i][a] - (i == MOVER ? 0 : 3.0 * i), k = 1 + a + i;
            out->f[i][a] = sys->fixed[i] ? 0 : -k * d;
            out->energy += 0.5 * k * d * d;
        }
    const double *q = sys->x[MOVER];
    const double well = q[0] * q[0] - 1, k = 2 + MOVER;
    double force;
    out->energy += height * well * well - 0.5 * (k - 1) * q[0] * q[0] - 0.5 * k * q[1] * q[1];
    out->energy += along_y(q[1], &force);
    out->f[MOVER][0] = -4 * height * q[0] * well;
    out->f[MOVER][1] = force;
    out->virial[3] = 50 * q[1];
    return SG_OK;
}

static void landscape_free(sg_potential *self)
{
    (void)self;
}

static sg_system *chain(void)
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
    sys->fixed[N_ATOMS - 1] = 1; /* no motion of the whole */
    sys->n_fixed = 1;
    return sys;
}

static void test_shoulder(void **state)
{
    static const sg_potential_ops ops = {
        .name = "shoulder", .compute = landscape_compute, .free = landscape_free};
    const sg_potential pot = {.ops = &ops, .cutoff = 1.0};
    sg_saddle_options opt = sg_saddle_defaults();
    sg_system *start = chain(), *guess = chain();
    sg_saddle_problem p = {.pot = &pot, .start = start, .opt = &opt};
    sg_saddle_work *work = NULL;
    sg_passage *out = NULL;
    double mode[N_ATOMS][3] = {{0}}, force;
    sg_rng rng;

    (void)state;
    start->x[MOVER][0] = -1;
    start->x[MOVER][1] = bottom;
    p.e_start = along_y(bottom, &force);
    p.virial_start[3] = 50 * bottom;
    assert_true(fabs(force) < 1e-12);
    guess->x[MOVER][0] = 0.05;
    mode[MOVER][0] = 1;
    assert_int_equal(sg_saddle_work_create(&pot, start, &work), SG_OK);
    assert_int_equal(sg_passage_create(N_ATOMS, &out), SG_OK);
    sg_rng_init(&rng, 1, SG_RNG_TEST, 0, 0, 0);
    assert_int_equal(
        sg_saddle_refine(&p, (const double(*)[3])guess->x, (const double(*)[3])mode, &rng, work, out),
        SG_FOUND);
    print_message("y %.6f, force %.2g, second curvature %.3f, %d + %d + %d calls\n", out->x_saddle[MOVER][1],
                  out->f_saddle, out->curvature2, out->calls.refine, out->calls.relax, out->calls.verify);
    assert_true(fabs(out->x_saddle[MOVER][1] - bottom) < 2e-3);
    assert_true(fabs(out->e_saddle - p.e_start - height) < 1e-5);
    assert_true(fabs(out->virial_saddle[3] - p.virial_start[3]) < 0.1);
    assert_true(fabs(out->x_final[MOVER][0] - 1) < 1e-3);
    sg_passage_free(out);
    sg_saddle_work_free(work);
    sg_system_free(guess);
    sg_system_free(start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shoulder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
