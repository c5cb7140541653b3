/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LAMMPS as the judge of its own formats: it writes a tilted sample as data and dumps, we read them; it reads
 * what we wrote from them and must find the same energy. Skipped where lmp or its potential files are absent.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "slowglass/io.h"

static char folder[] = "/tmp/slowglass-lmp-XXXXXX";
static char file_name[128];
static const char *const cuzr[] = {"Cu", "Zr"};
static const char potential[] = SG_POTENTIALS "/CuZr_mm.eam.fs";

static const char *in_folder(const char *name)
{
    snprintf(file_name, sizeof file_name, "%s/%s", folder, name);
    return file_name;
}

/* Run an input of LAMMPS in the folder; it leaves its energy in the file "energy". */
static double lammps(const char *script)
{
    char command[300];
    double energy = NAN;
    FILE *file = fopen(in_folder("in"), "wb");

    assert_non_null(file);
    fputs(script, file);
    fclose(file);
    snprintf(command, sizeof command, "cd %s && OMP_NUM_THREADS=1 lmp -in in -log log -screen none >out 2>&1",
             folder);
    assert_int_equal(system(command), 0);
    file = fopen(in_folder("energy"), "rb");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lf", &energy), 1);
    fclose(file);
    return energy;
}

static int lammps_is_here(void)
{
    return access(potential, R_OK) == 0 && system("command -v lmp >/dev/null 2>&1") == 0;
}

static sg_system *read_good(const char *name)
{
    sg_system *sys;
    const sg_status st = sg_io_read_structure(in_folder(name), 2, cuzr, &sys, NULL);

    if (st != SG_OK) print_error("%s\n", sg_error_text());
    assert_int_equal(st, SG_OK);
    return sys;
}

static void assert_same_places(const sg_system *a, const sg_system *b, double tolerance)
{
    assert_int_equal(a->n, b->n);
    for (int i = 0; i < a->n; i++) {
        assert_int_equal(a->id[i], b->id[i]);
        assert_int_equal(a->type[i], b->type[i]);
        for (int k = 0; k < 3; k++)
            assert_true(fabs(a->x[i][k] - b->x[i][k]) <= tolerance);
    }
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            assert_true(fabs(a->cell.h[i][k] - b->cell.h[i][k]) <= tolerance);
}

static void lammps_and_we_agree(void **state)
{
    static const char *const dumps[] = {"wrapped.dump", "unwrapped.dump", "scaled.dump"};
    char script[2000];

    (void)state;
    if (!lammps_is_here()) skip();
    snprintf(script, sizeof script,
             "units metal\natom_style atomic\nboundary p p p\nbox tilt large\n"
             "lattice fcc 3.9\nregion b prism 0 3 0 3 0 4 0.4 -0.3 0.2 units lattice\ncreate_box 2 b\n"
             "create_atoms 1 region b\nset type 1 type/fraction 2 0.3 9182\nmass 1 63.546\nmass 2 91.224\n"
             "displace_atoms all random 0.3 0.3 0.3 771\ndisplace_atoms all move 30 -25 3\n"
             "pair_style eam/fs\npair_coeff * * %s Cu Zr\nrun 0\n"
             "variable e equal pe\nprint \"$(v_e:%%.17g)\" file energy screen no\n"
             "write_data a.data\n"
             "write_dump all custom wrapped.dump id type x y z ix iy iz modify format float %%.17g\n"
             "write_dump all custom unwrapped.dump type id xu yu zu modify format float %%.17g\n"
             "write_dump all custom scaled.dump id type xs ys zs ix iy iz modify format float %%.17g\n",
             potential);
    const double energy = lammps(script);
    sg_system *sys = read_good("a.data");
    assert_true(sys->cell.h[1][0] > 1.0);
    for (int k = 0; k < 3; k++) {
        sg_system *other = read_good(dumps[k]);
        assert_same_places(sys, other, 1e-11);
        sg_system_free(other);
    }

    /* our files, with atoms far outside and one marked as fixed, read by LAMMPS */
    sys->fixed[3] = 1;
    sys->n_fixed = 1;
    for (int i = 0; i < sys->n; i += 3)
        for (int k = 0; k < 3; k++)
            sys->x[i][k] += (i % 4) * sys->cell.h[1][k] - (i % 5) * sys->cell.h[2][k];
    assert_int_equal(sg_io_write_lammps_data(in_folder("b.data"), sys), SG_OK);
    snprintf(script, sizeof script,
             "units metal\natom_style atomic\nbox tilt large\nread_data b.data\n"
             "pair_style eam/fs\npair_coeff * * %s Cu Zr\nrun 0\n"
             "variable e equal pe\nprint \"$(v_e:%%.17g)\" file energy screen no\n"
             "write_dump all custom unwrapped.dump id type xu yu zu modify format float %%.17g\n",
             potential);
    assert_true(fabs(lammps(script) - energy) <= 1e-9 * fabs(energy));
    sg_system *other = read_good("unwrapped.dump"); /* LAMMPS keeps to our unwrapped positions */
    assert_same_places(sys, other, 1e-10);
    sg_system_free(other);
    sg_system_free(sys);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {
        "in", "log", "out", "energy", "a.data", "b.data", "wrapped.dump", "unwrapped.dump", "scaled.dump"};
    (void)state;
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        unlink(in_folder(names[k]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lammps_and_we_agree)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
