/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables, replaced files, pictures: nothing on disk is lost when something fails. */
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "slowglass/io.h"

static char folder[] = "/tmp/slowglass-tab-XXXXXX";
static char file_name[128];

static const char *in_folder(const char *name)
{
    snprintf(file_name, sizeof file_name, "%s/%s", folder, name);
    return file_name;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_content(const char *path, const char *expected)
{
    char text[4096] = "";
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
}

static void table_grows_over_several_openings(void **state)
{
    sg_tsv *tsv;
    int64_t n;

    (void)state;
    in_folder("t.tsv");
    for (int k = 0; k < 2; k++) {
        assert_int_equal(sg_tsv_open(file_name, "step\teis_eV", &tsv), SG_OK);
        assert_int_equal(sg_tsv_row(tsv, "%d\t%.17g", k, 0.1), SG_OK);
        assert_int_equal(sg_tsv_row(tsv, "%d", k), SG_EINVAL);
        assert_int_equal(sg_tsv_row(tsv, "%d\t1\n", k), SG_EINVAL);
        assert_int_equal(sg_tsv_close(tsv), SG_OK);
    }
    assert_content(file_name, "step\teis_eV\n0\t0.10000000000000001\n1\t0.10000000000000001\n");
    assert_int_equal(sg_tsv_count_rows(file_name, &n), SG_OK);
    assert_int_equal(n, 2);
    assert_int_equal(sg_tsv_open(file_name, "step\teis", &tsv), SG_EMISMATCH);
    assert_null(tsv);
    assert_non_null(strstr(sg_error_text(), "\"step\teis\""));
    assert_int_equal(sg_tsv_close(NULL), SG_OK);
}

static void table_is_cut_to_rows(void **state)
{
    sg_tsv *tsv;
    int64_t n;

    (void)state;
    in_folder("t.tsv");
    put(file_name, "a\tb\n1\t2\n3\t4\n5\t6\n7\t");
    assert_int_equal(sg_tsv_count_rows(file_name, &n), SG_OK);
    assert_int_equal(n, 3);
    assert_int_equal(sg_tsv_truncate_rows(file_name, 99), SG_OK);
    assert_content(file_name, "a\tb\n1\t2\n3\t4\n5\t6\n");
    assert_int_equal(sg_tsv_truncate_rows(file_name, 2), SG_OK);
    assert_content(file_name, "a\tb\n1\t2\n3\t4\n");
    put(file_name, "a\tb\n1\t2\n3\t4\n5");
    assert_int_equal(sg_tsv_open(file_name, "a\tb", &tsv), SG_OK);
    assert_int_equal(sg_tsv_row(tsv, "%d\t%d", 5, 6), SG_OK);
    assert_int_equal(sg_tsv_close(tsv), SG_OK);
    assert_content(file_name, "a\tb\n1\t2\n3\t4\n5\t6\n");
    assert_int_equal(sg_tsv_truncate_rows(file_name, 0), SG_OK);
    assert_content(file_name, "a\tb\n");
    put(file_name, "a\t"); /* killed in the very first write */
    assert_int_equal(sg_tsv_open(file_name, "a\tb", &tsv), SG_OK);
    assert_int_equal(sg_tsv_close(tsv), SG_OK);
    assert_content(file_name, "a\tb\n");
    assert_int_equal(sg_tsv_truncate_rows(in_folder("absent"), 0), SG_ENOTFOUND);
    assert_int_equal(sg_tsv_count_rows(file_name, &n), SG_ENOTFOUND);
}

static void limit_file_size(rlim_t most)
{
    struct rlimit limit;

    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = most == 0 ? limit.rlim_max : most;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A limit on the size of files makes write() stop in the middle, as a full disk does. */
static void full_disk_takes_nothing_away(void **state)
{
    const char *const symbols[] = {"Cu"};
    const double h0[3][3] = {{5.0, 0.0, 0.0}, {0.0, 5.0, 0.0}, {0.0, 0.0, 5.0}};
    sg_system *sys, *back;
    sg_frames *frames;
    sg_tsv *tsv;
    struct stat before, after;
    int64_t n;
    int n_frames = 0;

    (void)state;
    assert_int_equal(sg_system_create(20, &sys), SG_OK);
    assert_int_equal(sg_species_init(&sys->species, 1, symbols), SG_OK);
    assert_int_equal(sg_cell_init(&sys->cell, h0, 0.0, (const int[3]){1, 1, 1}), SG_OK);
    signal(SIGXFSZ, SIG_IGN);

    in_folder("full.extxyz");
    assert_int_equal(sg_io_append_extxyz(file_name, sys, NULL), SG_OK);
    stat(file_name, &before);
    limit_file_size((rlim_t)before.st_size + 100);
    assert_int_equal(sg_io_append_extxyz(file_name, sys, NULL), SG_EFULL);
    stat(file_name, &after);
    assert_true(before.st_size == after.st_size);
    limit_file_size(100); /* the new version does not fit: the old one stays */
    assert_int_equal(sg_io_write_extxyz(file_name, sys, NULL), SG_EFULL);
    limit_file_size(0);
    stat(file_name, &after);
    assert_true(before.st_size == after.st_size);
    assert_int_equal(access(in_folder("full.extxyz.tmp"), F_OK), -1);
    assert_int_equal(sg_io_frames_open(in_folder("full.extxyz"), 1, symbols, &frames), SG_OK);
    while (sg_frames_next(frames, &back) == SG_OK && back) {
        n_frames++;
        sg_system_free(back);
    }
    sg_frames_close(frames);
    assert_int_equal(n_frames, 1);
    sg_system_free(sys);

    in_folder("full.tsv");
    assert_int_equal(sg_tsv_open(file_name, "step", &tsv), SG_OK);
    for (int k = 0; k < 50; k++)
        assert_int_equal(sg_tsv_row(tsv, "%d", 1000 + k), SG_OK);
    limit_file_size(100);
    assert_int_equal(sg_tsv_flush(tsv), SG_EFULL);
    assert_content(file_name, "step\n");
    limit_file_size(0);
    assert_int_equal(sg_tsv_close(tsv), SG_OK); /* room again: the rows were kept */
    assert_int_equal(sg_tsv_count_rows(file_name, &n), SG_OK);
    assert_int_equal(n, 50);
}

static void device_without_room_is_full(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0) skip();
    assert_int_equal(sg_io_replace_text("/dev/full", "text"), SG_EFULL);
    assert_int_equal(sg_io_replace_text("/dev/null", "text"), SG_OK);
    struct stat status;
    assert_int_equal(stat("/dev/null", &status), 0);
    assert_true(S_ISCHR(status.st_mode)); /* written to, not replaced */
}

static void replaced_only_when_committed(void **state)
{
    sg_replace replace;
    struct stat status;

    (void)state;
    in_folder("r.txt");
    assert_int_equal(sg_io_replace_text(file_name, "old\n"), SG_OK);
    assert_int_equal(chmod(file_name, 0640), 0);
    assert_int_equal(sg_io_replace_begin(&replace, file_name), SG_OK);
    fputs("new\n", replace.file);
    fflush(replace.file);
    assert_content(file_name, "old\n");
    sg_io_replace_abort(&replace);
    sg_io_replace_abort(&replace);
    assert_content(file_name, "old\n");
    assert_int_equal(sg_io_replace_begin(&replace, file_name), SG_OK);
    fputs("new\n", replace.file);
    assert_int_equal(sg_io_replace_commit(&replace), SG_OK);
    assert_content(file_name, "new\n");
    stat(file_name, &status);
    assert_int_equal(status.st_mode & 0777, 0640);

    char target[128];
    strcpy(target, file_name);
    assert_int_equal(symlink(target, in_folder("link.txt")), 0);
    assert_int_equal(sg_io_replace_text(file_name, "through\n"), SG_OK);
    lstat(file_name, &status);
    assert_true(S_ISLNK(status.st_mode));
    assert_content(target, "through\n");
    assert_int_equal(sg_io_replace_text(in_folder("no/such/place"), "x"), SG_EIO);
    assert_int_equal(sg_io_replace_text(folder, "x"), SG_EIO);
}

static void locale_of_the_caller_does_not_matter(void **state)
{
    const char *const symbols[] = {"Cu"};
    sg_system *sys;
    sg_tsv *tsv;

    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "de_DE") && !setlocale(LC_ALL, "fr_FR.UTF-8"))
        skip();
    put(in_folder("l.xyz"), "1\nLattice=\"10.5 0 0 0 10 0 0 0 10\"\nCu 1.5 0 0\n");
    assert_int_equal(sg_io_read_structure(file_name, 1, symbols, &sys, NULL), SG_OK);
    assert_true(sys->x[0][0] > 1.49);
    sg_system_free(sys);
    assert_int_equal(sg_tsv_open(in_folder("l.tsv"), "x", &tsv), SG_OK);
    assert_int_equal(sg_tsv_row(tsv, "%g", 1.5), SG_OK);
    assert_int_equal(sg_tsv_close(tsv), SG_OK);
    setlocale(LC_ALL, "C");
    assert_content(file_name, "x\n1.5\n");
}

static void pictures_are_drawn_or_explained(void **state)
{
    (void)state;
    assert_int_equal(sg_io_gnuplot(in_folder("absent.gp")), SG_ENOTFOUND);
    put(in_folder("p.gp"), "set terminal dumb\nset output 'p.txt'\nplot [0:1] x\n");
    const sg_status st = sg_io_gnuplot(file_name);
    if (st != SG_EUNSUPPORTED) {
        assert_int_equal(st, SG_OK);
        assert_int_equal(access(in_folder("p.txt"), R_OK), 0); /* beside the script */
        put(in_folder("p.gp"), "plot nonsense(\n");
        assert_int_equal(sg_io_gnuplot(file_name), SG_EBACKEND);
        assert_non_null(strstr(sg_error_text(), "line 1"));
    }
    char *const path = strdup(getenv("PATH"));
    setenv("PATH", folder, 1);
    assert_int_equal(sg_io_gnuplot(in_folder("p.gp")), SG_EUNSUPPORTED);
    assert_non_null(strstr(sg_error_text(), "not installed"));
    setenv("PATH", path, 1);
    free(path);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"t.tsv", "full.extxyz", "full.tsv", "r.txt", "link.txt",
                                        "l.xyz", "l.tsv",       "p.gp",     "p.txt"};
    (void)state;
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        unlink(in_folder(names[k]));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_grows_over_several_openings),
        cmocka_unit_test(table_is_cut_to_rows),
        cmocka_unit_test(full_disk_takes_nothing_away),
        cmocka_unit_test(device_without_room_is_full),
        cmocka_unit_test(replaced_only_when_committed),
        cmocka_unit_test(locale_of_the_caller_does_not_matter),
        cmocka_unit_test(pictures_are_drawn_or_explained),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
