/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Potential files that are damaged, numbers that do not fit, memory that runs out; and what a sound file
 * written in odd ways must give, from tables whose interpolant is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "slowglass/minimize.h"
#include "slowglass/potential.h"

enum { NR = 41, NRHO = 61, TEXT = 1 << 16 };
static const double DR = 0.1, DRHO = 0.5, RC = 3.95;
static const char *const cu_zr[] = {"Cu", "Zr"}, *const zr_cu[] = {"Zr", "Cu"}, *const cu[] = {"Cu"},
                         *const zr[] = {"Zr"};

static void assert_close(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance)) fail_msg("%.17g and %.17g differ by more than %g", a, b, tolerance);
}

typedef struct {
    char text[TEXT];
    size_t n;
    char path[64];
} file;

static void append(file *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    f->n += (size_t)vsnprintf(f->text + f->n, TEXT - f->n, format, args);
    va_end(args);
    assert_true(f->n < TEXT);
}

static void save(file *f)
{
    strcpy(f->path, "/tmp/slowglass-eam-XXXXXX");
    const int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, f->text, f->n), (ssize_t)f->n);
    close(fd);
}

/* Quadratic tables are reproduced exactly by the interpolant (away from their ends):
 * F_a = -a rho + 0.01 rho^2, rho of source a at host b = (1 + a + 10 b)(4 - r)^2, r phi_ab = (a + b + 1)(4 -
 * r)^2. */
static double embedding(int a, double rho)
{
    return -(a + 1) * rho + 0.01 * rho * rho;
}
static double density(int a, int b, double r)
{
    return (1 + a + 10 * b) * (4.0 - r) * (4.0 - r);
}
static double z(int a, int b, double r)
{
    return (a + b + 1) * (4.0 - r) * (4.0 - r);
}

/* A Finnis-Sinclair file of the listed elements (0 Cu, 1 Zr, 2 Al), `separator` between numbers. */
static void write_fs(file *f, int n, const int *element, const char *separator)
{
    static const char *const name[] = {"Cu", "Zr", "Al"};
    f->n = 0;
    append(f, "first # comment\nsecond 1 2 3\n\n%d", n);
    for (int e = 0; e < n; e++)
        append(f, " %s", name[element[e]]);
    append(f, "\n%d %g %d %g %g\n", NRHO, DRHO, NR, DR, RC);
    for (int e = 0; e < n; e++) {
        append(f, "29 63.5 3.6 fcc\n");
        for (int k = 0; k < NRHO; k++)
            append(f, "%.17g%s", embedding(element[e], k * DRHO), separator);
        for (int g = 0; g < n; g++)
            for (int k = 0; k < NR; k++)
                append(f, "%.17g%s", density(element[e], element[g], k * DR), separator);
        append(f, "\n");
    }
    for (int e = 0; e < n; e++)
        for (int g = 0; g <= e; g++)
            for (int k = 0; k < NR; k++)
                append(f, "%.17g%s", z(element[e], element[g], k * DR), separator);
}

static sg_system *dimer(double r)
{
    static const double h0[3][3] = {{20, 0, 0}, {0, 20, 0}, {0, 0, 20}};
    static const int periodic[3] = {0, 0, 0};
    sg_system *s = NULL;

    assert_int_equal(sg_system_create(2, &s), SG_OK);
    assert_int_equal(sg_cell_init(&s->cell, h0, 0.0, periodic), SG_OK);
    s->type[1] = 1;
    s->x[1][2] = r;
    return s;
}

static double energy(const sg_potential *pot, const sg_system *s, double f[2][3])
{
    sg_potential_work *work = NULL;
    sg_forces out = {.f = f};
    assert_int_equal(sg_potential_work_create(pot, &work), SG_OK);
    assert_int_equal(sg_potential_compute(pot, work, s, NULL, &out), SG_OK);
    sg_potential_work_free(work);
    return out.energy;
}

static void test_any_spread_over_lines(void **state)
{
    static const char *const separator[] = {" ", "\n", "\t\r\n\n", " # note 17\n"};
    static const int both[] = {0, 1}, turned[] = {1, 0}, three[] = {2, 1, 0};
    const double r = 2.537;
    sg_system *const s = dimer(r);
    uint64_t fingerprint = 0;

    (void)state;
    for (int k = 0; k < 6; k++) {
        file f;
        sg_potential *pot = NULL;
        double force[2][3];
        write_fs(&f, k == 5 ? 3 : 2, k == 5 ? three : k == 4 ? turned : both, separator[k % 4]);
        save(&f);
        assert_int_equal(sg_potential_create_eam("eam/fs", f.path, 2, cu_zr, &pot), SG_OK);
        assert_int_equal(sg_potential_set_kernel(pot, "plain"), SG_OK); /* exact on these tables */
        const double rho0 = density(1, 0, r), rho1 = density(0, 1, r);
        const double want = embedding(0, rho0) + embedding(1, rho1) + z(0, 1, r) / r;
        assert_true(rho0 < NRHO * DRHO && rho1 < NRHO * DRHO);
        assert_close(energy(pot, s, force), want, 1e-12);
        const double slope = (-1.0 + 0.02 * rho0) * -2.0 * density(1, 0, r) / (4.0 - r) +
                             (-2.0 + 0.02 * rho1) * -2.0 * density(0, 1, r) / (4.0 - r) -
                             2.0 * z(0, 1, r) / (4.0 - r) / r - z(0, 1, r) / r / r;
        assert_close(force[0][2], slope, 1e-11);
        assert_close(force[1][2], -slope, 1e-11);
        /* neither the layout nor the order of elements nor an unused one changes the fingerprint */
        if (k == 0) fingerprint = pot->fingerprint;
        assert_true(pot->fingerprint == fingerprint);
        sg_potential_free(pot);
        assert_int_equal(sg_potential_create_eam("eam/fs", f.path, 2, zr_cu, &pot), SG_OK);
        assert_true(pot->fingerprint == fingerprint);
        sg_potential_free(pot);
        unlink(f.path);
    }
    sg_system_free(s);
}

static void test_densities_beyond_the_table(void **state)
{
    static const int both[] = {0, 1};
    const double r = 0.45, last = (NRHO - 1) * DRHO;
    sg_system *const s = dimer(r);
    sg_potential *pot = NULL;
    double force[2][3], after[2][3];
    file f;

    (void)state;
    write_fs(&f, 2, both, " ");
    save(&f);
    assert_int_equal(sg_potential_create_eam("eam/fs", f.path, 2, cu_zr, &pot), SG_OK);
    assert_int_equal(sg_potential_set_kernel(pot, "plain"), SG_OK); /* the others end below 0.5 Å */
    s->type[0] = 1; /* Zr at Zr: the density leaves the table and F goes on along its last slope */
    const double rho = density(1, 1, r),
                 end_slope = embedding(1, last) / DRHO - embedding(1, last - DRHO) / DRHO;
    assert_true(rho > last);
    assert_close(energy(pot, s, force),
                 2.0 * (embedding(1, last) + end_slope * (rho - last)) + z(1, 1, r) / r, 1e-10);
    s->x[1][2] = r - 1e-5;
    const double e0 = energy(pot, s, after);
    s->x[1][2] = r + 1e-5;
    assert_close((energy(pot, s, after) - e0) / 2e-5, force[0][2], 1e-5);
    sg_potential_free(pot);
    sg_system_free(s);
    unlink(f.path);
}

static void expect(const file *f, const char *style, int n, const char *const elements[], sg_status code,
                   const char *says)
{
    sg_potential *pot = (sg_potential *)1;
    const sg_status st = sg_potential_create_eam(style, f->path, n, elements, &pot);

    if (st != code || !strstr(sg_error_text(), says))
        fail_msg("expected status %d saying \"%s\", got %d: %s", (int)code, says, (int)st, sg_error_text());
    assert_null(pot);
}

static void expect_text(file *f, sg_status code, const char *says)
{
    save(f);
    expect(f, "eam/fs", 2, cu_zr, code, says);
    unlink(f->path);
}

static void test_damaged_files(void **state)
{
    static const int both[] = {0, 1}, only_cu[] = {0};
    static const double cut[] = {0.0, 0.001, 0.01, 0.3, 0.6, 0.9, 0.999};
    file f;

    (void)state;
    for (size_t k = 0; k < sizeof cut / sizeof cut[0]; k++) {
        write_fs(&f, 2, both, "\n");
        f.n = (size_t)((double)f.n * cut[k]);
        expect_text(&f, SG_EPARSE, ": ");
    }
    write_fs(&f, 2, both, "\n");
    f.n -= 3 * 22;
    expect_text(&f, SG_EPARSE, "the file ends within the pair table of Zr-Zr");
    write_fs(&f, 2, both, "\n");
    memcpy(strstr(f.text, "fcc\n") + 4, "x", 1);
    expect_text(&f, SG_EPARSE, ":7: embedding table of Cu: expected a number, got \"x");
    write_fs(&f, 2, both, "\n");
    memcpy(strstr(f.text, "fcc\n") + 4, "nan\n0\n", 6);
    expect_text(&f, SG_EPARSE, "got \"nan\"");
    write_fs(&f, 1, only_cu, "\n");
    save(&f);
    expect(&f, "eam/fs", 2, cu_zr, SG_EINVAL, "element Zr not in /tmp/slowglass-eam-");
    expect(&f, "eam/fs", 1, zr, SG_EINVAL, "(it has: Cu)");
    expect(&f, "eam", 1, cu, SG_EINVAL, "style \"eam\"");
    unlink(f.path);
    expect(&f, "eam/fs", 1, cu, SG_ENOTFOUND, f.path);
}

static void test_damaged_headings(void **state)
{
    static const char *const heading[][2] = {
        {"2 Cu\n", "expected"},
        {"two Cu Zr\n", "number of elements: expected a number"},
        {"0\n", "above 0"},
        {"1000 Cu Zr\n", "at most"},
        {"3 Cu Zr Cu\n31 0.5 41 0.1 3.95\n", "element Cu more than once"},
        {"2 Cu Zr\n3 0.5 41 0.1 3.95\n", "counts at least 5"},
        {"2 Cu Zr\n31 -0.5 41 0.1 3.95\n", "above 0"},
        {"2 Cu Zr\n31 0.5 41.5 0.1 3.95\n", "whole number"},
        {"2 Cu Zr\n31 0.5 41 0.1 inf\n", "expected a number"},
        {"2 Cu Zr\n31 0.5 900000000 0.1 3.95\n", "in a file of"},
        {"2 Cu Zr\n31 0.5 41 0.1", "cutoff"},
    };

    (void)state;
    for (size_t k = 0; k < sizeof heading / sizeof heading[0]; k++) {
        file f = {.n = 0};
        append(&f, "a\nb\nc\n%s", heading[k][0]);
        expect_text(&f, k == 4 ? SG_EINVAL : SG_EPARSE, heading[k][1]);
    }
}

static void test_specifications(void **state)
{
    static const char *const bad[] = {"",
                                      "eam",
                                      "morse:1",
                                      "eam/fs",
                                      "eam/fs:",
                                      "lj:",
                                      "lj:1,2",
                                      "lj:1,2,3,4",
                                      "lj:1,x,3",
                                      "lj:1,-2,3",
                                      "lj:1,2,0",
                                      "lj:nan,2,3",
                                      "lj:1,2,3,",
                                      "lj:1;2;3",
                                      "morse:",
                                      "morse:1,2,3",
                                      "morse:1,2,3,4,5",
                                      "morse:1,-2,3,4",
                                      "morse:1,2,0,4",
                                      "morse:1,2,3,0",
                                      "morse:nan,2,3,4"};
    sg_potential *pot;
    char spec[128], folder[] = "/tmp/slowglass-folder-XXXXXX", path[64];
    static const int both[] = {0, 1};
    file f;

    (void)state;
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        pot = (sg_potential *)1;
        const sg_status st = sg_potential_create(bad[k], NULL, 1, cu, &pot);
        assert_int_equal(st, SG_EINVAL);
        assert_null(pot);
    }
    assert_int_equal(sg_potential_create("eam/fs:no-such-file", "/tmp", 1, cu, &pot), SG_ENOTFOUND);
    assert_non_null(strstr(sg_error_text(), "no-such-file"));
    assert_non_null(strstr(sg_error_text(), "/usr/share/lammps/potentials"));
    assert_int_equal(sg_potential_create("eam/fs:/no/such/file", NULL, 1, cu, &pot), SG_ENOTFOUND);

    /* a file in the run's folder, then in $LAMMPS_POTENTIALS */
    assert_non_null(mkdtemp(folder));
    write_fs(&f, 2, both, " ");
    save(&f);
    snprintf(path, sizeof path, "%s/own.eam.fs", folder);
    assert_int_equal(rename(f.path, path), 0);
    assert_int_equal(sg_potential_create("eam/fs:own.eam.fs", NULL, 2, cu_zr, &pot), SG_ENOTFOUND);
    assert_int_equal(sg_potential_create("eam/fs:own.eam.fs", folder, 2, cu_zr, &pot), SG_OK);
    sg_potential_free(pot);
    snprintf(spec, sizeof spec, "eam/fs:%s", path);
    assert_int_equal(sg_potential_create(spec, "/elsewhere", 2, cu_zr, &pot), SG_OK);
    sg_potential_free(pot);
    setenv("LAMMPS_POTENTIALS", folder, 1);
    assert_int_equal(sg_potential_create("eam/fs:own.eam.fs", NULL, 2, cu_zr, &pot), SG_OK);
    sg_potential_free(pot);
    unsetenv("LAMMPS_POTENTIALS");
    unlink(path);
    rmdir(folder);
}

/* Every allocation in turn fails; the outcome is always SG_ENOMEM without leaks or half-made objects. */
static void test_memory_runs_out(void **state)
{
    static const int both[] = {0, 1};
    static const double lj[3][3] = {{0.2, 2.6, 6.5}, {0.25, 2.8, 7.0}, {0.3, 2.9, 7.5}};
    sg_system *const s = dimer(2.5);
    const int atom[] = {1};
    const unsigned char member[] = {0, 1};
    const sg_atom_set set = {.n = 1, .atom = atom, .member = member};
    double force[2][3];
    const double v[2][3] = {{0.1, 0.2, 0.3}, {0.5, 0.0, 0.1}};
    sg_forces out = {.f = force};
    sg_potential *pot = NULL, *other = NULL;
    char spec[128];
    file f;

    (void)state;
    write_fs(&f, 2, both, " ");
    save(&f);
    snprintf(spec, sizeof spec, "eam/fs:%s", f.path);
    sg_status st = SG_ENOMEM;
    for (long k = 0; st != SG_OK; k++) {
        sg_alloc_fail_after(k);
        st = sg_potential_create(spec, NULL, 2, cu_zr, &pot);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || (st == SG_ENOMEM && !pot));
    }
    sg_alloc_fail_after(0);
    assert_int_equal(sg_potential_create_lj(2, cu_zr, lj, &other), SG_ENOMEM);
    sg_alloc_fail_after(-1);
    assert_null(other);
    for (int round = 0; round < 8; round++) { /* full call, free set, relaxation, product */
        const int task = round % 4;
        assert_int_equal(sg_potential_set_kernel(pot, round < 4 ? "auto" : "plain"), SG_OK);
        st = SG_ENOMEM;
        for (long k = 0; st != SG_OK; k++) {
            sg_potential_work *work = NULL;
            sg_minimize_result res;
            const sg_minimize_options opt = sg_minimize_defaults();
            const double before = s->x[1][2];
            sg_alloc_fail_after(k);
            st = sg_potential_work_create(pot, &work);
            if (st == SG_OK && task == 3)
                st = sg_potential_hessian_times(pot, work, s, NULL, v, force);
            else if (st == SG_OK)
                st = task < 2 ? sg_potential_compute(pot, work, s, task ? &set : NULL, &out)
                              : sg_minimize(pot, work, s, NULL, &opt, &res);
            sg_alloc_fail_after(-1);
            assert_true(st == SG_OK || st == SG_ENOMEM);
            if (work && task < 2) /* the same work serves again */
                assert_int_equal(sg_potential_compute(pot, work, s, task ? &set : NULL, &out), SG_OK);
            sg_potential_work_free(work);
            if (st != SG_OK)
                assert_true(isfinite(s->x[1][2]));
            else
                s->x[1][2] = before;
        }
    }
    sg_potential_free(pot);
    sg_system_free(s);
    unlink(f.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_spread_over_lines), cmocka_unit_test(test_densities_beyond_the_table),
        cmocka_unit_test(test_damaged_files),         cmocka_unit_test(test_damaged_headings),
        cmocka_unit_test(test_specifications),        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
