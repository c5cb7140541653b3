/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compositions, random starts, and the cell at rest against LAMMPS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "configurations.h"
#include "slowglass/anneal.h"
#include "slowglass/io.h"

#define CLOSE(a, b, within) /* numbers of double precision */                                                \
    do {                                                                                                     \
        const double close_a = (a), close_b = (b);                                                           \
        if (!(fabs(close_a - close_b) <= (within)))                                                          \
            fail_msg("%s: %.12g, need %.12g within %g", #a, close_a, close_b, (double)(within));             \
    } while (0)

static const char *const cu_zr[] = {"Cu", "Zr"};
static const char EAM[] = "eam/fs:CuZr_mm.eam.fs";
static const char SAMPLE[] = SG_SOURCE_DIR "/validation/samples/Cu64Zr36_500.extxyz";

/* ---- compositions ---- */

static void test_parse(void **state)
{
    sg_composition c;
    int count[SG_MAX_SPECIES];

    (void)state;
    assert_int_equal(sg_composition_parse("Cu64Zr36", &c), SG_OK);
    assert_int_equal(c.n, 2);
    assert_string_equal(c.symbol[0], "Cu");
    assert_string_equal(c.symbol[1], "Zr");
    CLOSE(c.share[0], 0.64, 1e-15);
    assert_int_equal(sg_composition_counts(&c, 500, count), SG_OK);
    assert_int_equal(count[0], 320);
    assert_int_equal(count[1], 180);
    assert_int_equal(sg_composition_counts(&c, 2, count), SG_OK); /* 1.28 and 0.72 */
    assert_int_equal(count[1], 1);
    assert_int_equal(sg_composition_counts(&c, 1, count), SG_EINVAL);
    assert_int_equal(sg_composition_parse("Cu46.5Zr46.5Al7", &c), SG_OK);
    assert_int_equal(sg_composition_counts(&c, 1001, count), SG_OK);
    assert_int_equal(count[0] + count[1] + count[2], 1001);
    assert_int_equal(count[2], 70);
    assert_int_equal(sg_composition_parse("NiP", &c), SG_OK); /* parts of 1 */
    CLOSE(c.share[1], 0.5, 0);
}

static void test_odd_compositions(void **state)
{
    static const char *const odd[][2] = {{"", "composition ''"},       {"64Cu", "'64Cu'"},
                                         {"cu64zr36", "'cu64zr36'"},   {"Cu64Zr36Cu1", "Cu occurs twice"},
                                         {"Cu64Xy36", "Xy"},           {"Cu0Zr1", "'0'"},
                                         {"Cu6.4.1Zr1", "'6.4.1'"},    {"Cu64-Zr36", "'-Zr36'"},
                                         {"Cu 64", "' 64'"},           {"Cu1e3Zr", "'e3Zr'"},
                                         {"HLiBeBCNOFNa", "more than"}};
    sg_composition c;

    (void)state;
    for (size_t k = 0; k < sizeof odd / sizeof odd[0]; k++) {
        assert_int_equal(sg_composition_parse(odd[k][0], &c), SG_EINVAL);
        if (!strstr(sg_error_text(), odd[k][1])) fail_msg("%s: %s", odd[k][0], sg_error_text());
    }
}

/* ---- starts ---- */

static void check_start(const char *spec, double volume, double least_distance)
{
    const int count[2] = {128, 72};
    sg_potential *pot = NULL;
    sg_system *a = NULL, *b = NULL;
    double closest;
    int n[2] = {0, 0}, i, j;

    assert_int_equal(sg_potential_create(spec, NULL, 2, cu_zr, &pot), SG_OK);
    assert_int_equal(sg_anneal_start(pot, count, volume, 7, &a), SG_OK);
    assert_int_equal(sg_anneal_start(pot, count, volume, 7, &b), SG_OK);
    assert_int_equal(a->n, 200);
    for (int k = 0; k < a->n; k++)
        n[a->type[k]]++;
    assert_int_equal(n[0], 128);
    assert_int_equal(n[1], 72);
    assert_true(sg_system_hash(a) == sg_system_hash(b));
    if (volume > 0) CLOSE(a->cell.volume, 200 * volume, 1e-6);
    assert_int_equal(sg_neigh_closest(a, 4.0, &closest, &i, &j), SG_OK);
    assert_true(closest > least_distance);
    sg_system_free(b);
    assert_int_equal(sg_anneal_start(pot, count, volume, 8, &b), SG_OK);
    assert_true(sg_system_hash(a) != sg_system_hash(b));
    sg_system_free(a);
    sg_system_free(b);
    sg_potential_free(pot);
}

static void test_start(void **state)
{
    (void)state;
    check_start(EAM, 0, 2.0);
    check_start(EAM, 15.0, 2.0);
    check_start("lj:0.2,2.6,6.5,0.25,2.8,7,0.3,2.9,7.5", 0, 2.2);
}

/* Without a volume it is that of the fcc crystals and a tenth more. That of copper in this potential is in
 * validation/samples, from LAMMPS: 3.6390851 Å. */
static void test_start_volume(void **state)
{
    const int count = 64;
    const char *const cu[] = {"Cu"};
    sg_potential *pot = NULL;
    sg_system *sys = NULL;

    (void)state;
    assert_int_equal(sg_potential_create(EAM, NULL, 1, cu, &pot), SG_OK);
    assert_int_equal(sg_anneal_start(pot, &count, 0, 1, &sys), SG_OK);
    CLOSE(sys->cell.volume, 1.1 * 64 * pow(3.6390851231808794, 3) / 4, 0.001 * sys->cell.volume);
    sg_system_free(sys);
    assert_int_equal(sg_anneal_start(pot, &count, 3.0, 1, &sys), SG_EINVAL); /* a quarter of the volume */
    assert_non_null(strstr(sg_error_text(), "density"));
    assert_null(sys);
    sg_potential_free(pot);
}

/* ---- the cell ---- */

static sg_status relax(sg_system *sys, double pressure, sg_cell_relax_result *res)
{
    sg_cell_relax_options opt = sg_cell_relax_defaults();
    sg_potential *pot = NULL;
    sg_potential_work *work = NULL;

    assert_int_equal(sg_potential_create(EAM, NULL, 2, cu_zr, &pot), SG_OK);
    assert_int_equal(sg_potential_set_kernel(pot, SG_KERNEL_PLAIN), SG_OK);
    assert_int_equal(sg_potential_work_create(pot, &work), SG_OK);
    opt.pressure = pressure;
    const sg_status st = sg_cell_relax(pot, work, sys, &opt, res);
    sg_potential_work_free(work);
    sg_potential_free(pot);
    return st;
}

/* The sample's cell and atoms were brought to rest by LAMMPS (validation/samples/in.relax). Strained, it
 * comes back to the same energy, volume and cell, whatever the six components were (a
 * strain several times as large makes some atoms rearrange). */
static void test_sample_comes_back(void **state)
{
    sg_system *sys = NULL, *was = NULL;
    sg_cell_relax_result res;

    (void)state;
    assert_int_equal(sg_io_read_structure(SAMPLE, 2, cu_zr, &sys, NULL), SG_OK);
    assert_int_equal(sg_system_copy(sys, &was), SG_OK);
    const double m[3][3] = {{1.001, 0, 0}, {0.0007, 0.9985, 0}, {-0.001, 0.0006, 1.0005}};
    double h[3][3] = {{0}};
    for (int r = 0; r < 3; r++)
        for (int k = 0; k < 3; k++)
            for (int l = 0; l < 3; l++)
                h[r][k] += sys->cell.h[r][l] * m[l][k];
    assert_int_equal(sg_cell_init(&sys->cell, (const double(*)[3])h, 0, PERIODIC), SG_OK);
    for (int i = 0; i < sys->n; i++) {
        const double x[3] = {sys->x[i][0], sys->x[i][1], sys->x[i][2]};
        for (int k = 0; k < 3; k++)
            sys->x[i][k] = x[0] * m[0][k] + x[1] * m[1][k] + x[2] * m[2][k];
    }
    assert_int_equal(relax(sys, 0, &res), SG_OK);
    assert_true(res.converged);
    for (int k = 0; k < 6; k++)
        assert_true(fabs(res.virial[k] / sys->cell.volume) * SG_GPA_PER_EV_A3 < 1.0001e-4);
    CLOSE(res.energy, -2217.71260954278, 1e-5); /* of the sample's header */
    CLOSE(sys->cell.volume, was->cell.volume, 1e-5 * was->cell.volume);
    for (int r = 0; r < 3; r++)
        for (int k = 0; k < 3; k++)
            CLOSE(sys->cell.h[r][k], was->cell.h[r][k], 1e-3);
    print_message("cell at rest: %d rounds, %d force calls\n", res.rounds, res.force_calls);
    sg_system_free(sys);
    sg_system_free(was);
}

/* A strained, shaken crystal under pressure against LAMMPS's box/relax. */
static void test_against_box_relax(void **state)
{
    static const char pair[] = "pair_style eam/fs\npair_coeff * * CuZr_mm.eam.fs Cu Zr";
    /* box/relax linearises about its start, hence the rounds (as in validation/samples/in.relax) */
    static const char commands[] =
        "min_modify norm max dmax 0.05\nthermo_modify norm no\nvariable i loop 3\nlabel next\n"
        "fix cell all box/relax aniso 20000 xy 0 xz 0 yz 0\nmin_style cg\n"
        "minimize 0 1e-9 3000 10000\nunfix cell\nmin_style fire\ntimestep 0.002\n"
        "minimize 0 1e-9 10000 10000\nnext i\njump SELF next";
    const double pressure = 20000 * 1e-4 / SG_GPA_PER_EV_A3; /* bar to eV/Å^3 */
    sg_system *sys = perturbed_fcc(3, 3.7, 0.05, 0.0, 0.05, 0.0, 2, cu_zr, 4);
    sg_cell_relax_result res;
    reference ref = {0};

    (void)state;
    if (!have_lammps()) skip();
    assert_int_equal(lammps(sys, pair, commands, &ref), 0);
    assert_int_equal(relax(sys, pressure, &res), SG_OK);
    assert_true(res.converged);
    CLOSE(res.energy, ref.energy, 1e-4); /* 108 atoms; what 1e-5 eV/Å^3 of pressure makes */
    for (int k = 0; k < 6; k++)
        CLOSE(res.virial[k] / sys->cell.volume, k < 3 ? -pressure : 0, 6.0001e-7);
    CLOSE(ref.pressure[0], 20000, 5);
    reference_clear(&ref);
    sg_system_free(sys);
}

static void test_cell_refusals(void **state)
{
    const int slab[3] = {1, 1, 0};
    sg_system *sys = perturbed_fcc(2, 3.7, 0, 0, 0, 0.5, 2, cu_zr, 4);
    sg_cell_relax_result res;

    (void)state;
    assert_int_equal(sg_cell_init(&sys->cell, (const double(*)[3])sys->cell.h0, 0, slab), SG_OK);
    assert_int_equal(relax(sys, 0, &res), SG_EINVAL);
    sg_system_free(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_odd_compositions),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_start_volume),
        cmocka_unit_test(test_sample_comes_back),
        cmocka_unit_test(test_against_box_relax),
        cmocka_unit_test(test_cell_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
