/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every allocation of module io fails once: SG_ENOMEM, outputs NULL, files on disk as before, no leak. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "slowglass/io.h"

static const char *const cuzr[] = {"Cu", "Zr"};
static char folder[] = "/tmp/slowglass-fault-XXXXXX";
static char file_name[128];

static const char *put(const char *name, const char *text)
{
    snprintf(file_name, sizeof file_name, "%s/%s", folder, name);
    FILE *file = fopen(file_name, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return file_name;
}

static void readers(void **state)
{
    static const struct {
        const char *name, *text;
        int n_elements;
    } file[] = {
        {"a.xyz", "2\nLattice=\"0 9 0 0 0 9 9 0 0\"\nCu 1 1 1\nZr 2 2 2\n2\n", 0}, /* with a note */
        {"a.other", "2\nLattice=\"9 0 0 0 9 0 0 0 9\"\nCu 1 1 1\nZr 2 2 2\n", 2},
        {"a.data",
         "\n2 atoms\n1 atom types\n0 9 xlo xhi\n0 9 ylo yhi\n0 9 zlo zhi\nMasses\n\n1 7\n\nAtoms\n\n2 1 0 0 "
         "0\n1 1 1 1 1\n",
         2},
        {"a.dump",
         "ITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS\n0 9\n0 9\n0 9\nITEM: ATOMS id type x y z\n1 1 0 2 0\n",
         2},
    };

    (void)state;
    for (size_t f = 0; f < sizeof file / sizeof file[0]; f++) {
        put(file[f].name, file[f].text);
        for (long k = 0;; k++) {
            sg_system *sys = (sg_system *)&sys;
            char *note = (char *)&note;
            sg_alloc_fail_after(k);
            const sg_status st = sg_io_read_structure(file_name, file[f].n_elements, cuzr, &sys, &note);
            sg_alloc_fail_after(-1);
            if (st == SG_OK) {
                assert_true(k > 5);
                sg_system_free(sys);
                sg_free(note);
                break;
            }
            assert_int_equal(st, SG_ENOMEM);
            assert_null(sys);
            assert_null(note);
        }
        unlink(file_name);
    }
}

static void assert_old_content(void)
{
    char text[10] = "";
    FILE *file = fopen(file_name, "rb");

    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "old");
}

static void writers(void **state)
{
    const double h0[3][3] = {{9.0, 0.0, 0.0}, {0.0, 9.0, 0.0}, {0.0, 0.0, 9.0}};
    const char *name;
    sg_system *sys;

    (void)state;
    assert_int_equal(sg_system_create(3, &sys), SG_OK);
    assert_int_equal(sg_species_init(&sys->species, 2, cuzr), SG_OK);
    assert_int_equal(sg_cell_init(&sys->cell, h0, 0.0, (const int[3]){1, 1, 1}), SG_OK);
    for (int which = 0; which < 3; which++) {
        name = put("out", "old");
        for (long k = 0;; k++) {
            sg_alloc_fail_after(k);
            const sg_status st = which == 0   ? sg_io_write_extxyz(name, sys, NULL)
                                 : which == 1 ? sg_io_write_lammps_data(name, sys)
                                              : sg_io_append_extxyz(name, sys, NULL);
            sg_alloc_fail_after(-1);
            if (st == SG_OK) {
                assert_true(k > 2);
                break;
            }
            assert_int_equal(st, SG_ENOMEM);
            assert_old_content();
        }
    }
    unlink(name);
    sg_system_free(sys);
}

static void tables(void **state)
{
    const char *const name = put("t.tsv", "a\tb\n1\t2\n");
    sg_tsv *tsv;
    int64_t n;

    (void)state;
    for (long k = 0;; k++) {
        sg_alloc_fail_after(k);
        const sg_status st = sg_tsv_open(name, "a\tb", &tsv);
        sg_alloc_fail_after(-1);
        if (st == SG_OK) break;
        assert_int_equal(st, SG_ENOMEM);
        assert_null(tsv);
    }
    sg_alloc_fail_after(0);
    assert_int_equal(sg_tsv_row(tsv, "3\t4"), SG_ENOMEM);
    sg_alloc_fail_after(-1);
    assert_int_equal(sg_tsv_row(tsv, "5\t6"), SG_OK); /* goes on without the lost row */
    assert_int_equal(sg_tsv_close(tsv), SG_OK);
    assert_int_equal(sg_tsv_count_rows(name, &n), SG_OK);
    assert_int_equal(n, 2);
    for (long k = 0; k < 2; k++) {
        sg_alloc_fail_after(k);
        assert_int_equal(sg_tsv_truncate_rows(name, 1), SG_ENOMEM);
        sg_alloc_fail_after(-1);
    }
    unlink(name);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(readers), cmocka_unit_test(writers),
                                       cmocka_unit_test(tables)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
