/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written comes back bit for bit, through either format and through both, for tilted and strained
 * cells, fixed atoms, atoms that left the cell, and any periodicity. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "slowglass/io.h"

enum { N_ATOMS = 60, N_TRIALS = 12 };
static const char *const cuzr[] = {"Cu", "Zr"};
static char folder[] = "/tmp/slowglass-trip-XXXXXX";
static char xyz_name[64], data_name[64];

static double uniform(uint64_t *seed, double low, double high)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (double)(*seed >> 11) * 0x1p-53;
}

static sg_system *random_system(uint64_t *seed, int trial)
{
    const int periodic[3] = {1, trial % 4 != 1, trial % 5 != 1};
    double h0[3][3] = {{0.0}};
    sg_system *sys;

    assert_int_equal(sg_system_create(N_ATOMS, &sys), SG_OK);
    assert_int_equal(sg_species_init(&sys->species, 2, cuzr), SG_OK);
    for (int i = 0; i < 3; i++)
        h0[i][i] = uniform(seed, 8.0, 30.0);
    h0[1][0] = uniform(seed, -5.0, 5.0);
    h0[2][0] = uniform(seed, -5.0, 5.0);
    h0[2][1] = uniform(seed, -5.0, 5.0);
    assert_int_equal(sg_cell_init(&sys->cell, (const double(*)[3])h0, 0.0, periodic), SG_OK);
    for (int i = 0; i < N_ATOMS; i++) {
        const double range = i % 7 == 0   ? 1e-6
                             : i % 5 == 0 ? 400.0
                                          : 30.0; /* near the origin, far away, ordinary */
        for (int k = 0; k < 3; k++)
            sys->x[i][k] = uniform(seed, -range, range);
        sys->type[i] = i % 3 == 0;
        sys->id[i] = 3 * i + 2;
        if (trial % 2 && i % 4 == 0) {
            sys->fixed[i] = 1;
            sys->n_fixed++;
        }
    }
    if (trial % 3)
        assert_int_equal(sg_system_set_strain(sys, trial % 3 == 1 ? 0.04 : uniform(seed, -0.5, 0.5)), SG_OK);
    return sys;
}

static void assert_same_bits(const sg_system *a, const sg_system *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->n_fixed, b->n_fixed);
    assert_memory_equal(&a->cell, &b->cell, sizeof a->cell);
    assert_memory_equal(a->x, b->x, (size_t)a->n * sizeof *a->x);
    assert_memory_equal(a->fixed, b->fixed, (size_t)a->n);
    assert_true(sg_system_hash(a) == sg_system_hash(b));
}

static sg_system *read_back(const char *path)
{
    sg_system *sys;
    char *note;
    const sg_status st = sg_io_read_structure(path, 2, cuzr, &sys, &note);

    if (st != SG_OK) print_error("%s\n", sg_error_text());
    assert_int_equal(st, SG_OK);
    assert_null(note);
    return sys;
}

static void every_bit_comes_back(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int trial = 0; trial < N_TRIALS; trial++) {
        sg_system *sys = random_system(&seed, trial), *back;
        assert_int_equal(sg_io_write_extxyz(xyz_name, sys, NULL), SG_OK);
        back = read_back(xyz_name);
        assert_same_bits(sys, back);
        sg_system_free(back);

        assert_int_equal(sg_io_write_lammps_data(data_name, sys), SG_OK);
        back = read_back(data_name);
        assert_same_bits(sys, back);
        assert_int_equal(sg_io_write_extxyz(xyz_name, back, NULL), SG_OK); /* and on through the other */
        sg_system_free(back);
        back = read_back(xyz_name);
        assert_same_bits(sys, back);
        sg_system_free(back);
        sg_system_free(sys);
    }
}

/* LAMMPS keeps 255 characters of the first line: nothing of ours may stand behind, or be taken for the
 * header. */
static void first_line_of_data_is_short(void **state)
{
    const char *const eight[] = {"Cu", "Zr", "Al", "Ni", "Ag", "Au", "Ti", "Pd"};
    const double h0[3][3] = {
        {1.0 / 3e200, 0.0, 0.0}, {-1.0 / 3e200, 1.0 / 3.0, 0.0}, {-1.0 / 7e200, 1.0, 1e300}};
    char line[1000];
    sg_system *sys;

    (void)state;
    assert_int_equal(sg_system_create(1, &sys), SG_OK);
    assert_int_equal(sg_species_init(&sys->species, 8, eight), SG_OK);
    assert_int_equal(sg_cell_init(&sys->cell, h0, -1.0 / 3e200, (const int[3]){1, 1, 1}), SG_OK);
    assert_int_equal(sg_io_write_lammps_data(data_name, sys), SG_OK);
    FILE *file = fopen(data_name, "rb");
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    assert_true(strlen(line) < 255);
    sg_system_free(sys);
}

/* Turning lattice and positions together changes no distance, with any of the images. */
static void general_cells_keep_distances(void **state)
{
    uint64_t seed = 9;

    (void)state;
    for (int trial = 0; trial < N_TRIALS; trial++) {
        double h[3][3], x[8][3];
        sg_system *sys;
        FILE *file = fopen(xyz_name, "wb");
        for (int i = 0; i < 3; i++)
            for (int k = 0; k < 3; k++)
                h[i][k] = uniform(&seed, -3.0, 3.0) + (i == (k + trial) % 3 ? 12.0 : 0.0);
        fprintf(file, "8\nLattice=\"");
        for (int k = 0; k < 9; k++)
            fprintf(file, "%.17g ", h[k / 3][k % 3]);
        fprintf(file, "\" Properties=species:S:1:pos:R:3\n");
        for (int i = 0; i < 8; i++) {
            for (int k = 0; k < 3; k++)
                x[i][k] = uniform(&seed, -20.0, 20.0);
            fprintf(file, "Zr %.17g %.17g %.17g\n", x[i][0], x[i][1], x[i][2]);
        }
        fclose(file);
        assert_int_equal(sg_io_read_structure(xyz_name, 2, cuzr, &sys, NULL), SG_OK);
        assert_true(sys->cell.h[0][1] == 0.0 && sys->cell.h[0][2] == 0.0 && sys->cell.h[1][2] == 0.0);
        /* the cyclic shift of the diagonal keeps the set right-handed, so row i is still vector i */
        for (int i = 0; i < 8; i++) {
            for (int image = 0; image < 27; image++) {
                const int n[3] = {image / 9 - 1, image / 3 % 3 - 1, image % 3 - 1};
                double r2 = 0.0, q2 = 0.0;
                for (int k = 0; k < 3; k++) {
                    double r = x[i][k] - x[0][k], q = sys->x[i][k] - sys->x[0][k];
                    for (int v = 0; v < 3; v++)
                        r += n[v] * h[v][k];
                    for (int v = 0; v < 3; v++)
                        q += n[v] * sys->cell.h[v][k];
                    r2 += r * r;
                    q2 += q * q;
                }
                assert_true(fabs(r2 - q2) <= 1e-12 * (1.0 + r2));
            }
        }
        sg_system_free(sys);
    }
}

/* Any text whatever is read or refused, never worse. */
static void torn_and_garbled_files_are_harmless(void **state)
{
    uint64_t seed = 77;
    char text[20000], garbled[20000];

    (void)state;
    for (int format = 0; format < 2; format++) {
        sg_system *sys = random_system(&seed, 7);
        const char *const name = format ? data_name : xyz_name;
        assert_int_equal(format ? sg_io_write_lammps_data(name, sys) : sg_io_write_extxyz(name, sys, NULL),
                         SG_OK);
        sg_system_free(sys);
        FILE *file = fopen(name, "rb");
        const size_t n = fread(text, 1, sizeof text, file);
        fclose(file);
        assert_true(n < sizeof text);
        for (int trial = 0; trial < 300; trial++) {
            size_t length = n;
            memcpy(garbled, text, n);
            if (trial % 3 == 0) length = (size_t)uniform(&seed, 0.0, (double)n);
            for (int k = 0; trial % 3 && k < 3; k++) {
                const size_t where = (size_t)uniform(&seed, 0.0, trial % 3 == 1 ? 500.0 : (double)n);
                garbled[where] = (char)uniform(&seed, -128.0, 128.0);
            }
            file = fopen(name, "wb");
            fwrite(garbled, 1, length, file);
            fclose(file);
            const sg_status st = sg_io_read_structure(name, 2, cuzr, &sys, NULL);
            assert_true((st == SG_OK) == (sys != NULL));
            if (st == SG_OK) assert_int_equal(sg_system_validate(sys), SG_OK);
            if (st != SG_OK) assert_non_null(strstr(sg_error_text(), name));
            sg_system_free(sys);
        }
    }
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    snprintf(xyz_name, sizeof xyz_name, "%s/a.extxyz", folder);
    snprintf(data_name, sizeof data_name, "%s/a.data", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(xyz_name);
    unlink(data_name);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_comes_back),
        cmocka_unit_test(first_line_of_data_is_short),
        cmocka_unit_test(general_cells_keep_distances),
        cmocka_unit_test(torn_and_garbled_files_are_harmless),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
