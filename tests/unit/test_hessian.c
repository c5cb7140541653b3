/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Products with the Hessian against central differences of the forces, its symmetry and null space, free sets
 * against blocks of the whole, and what is kept from one product to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "configurations.h"

static const char *const cu_zr[] = {"Cu", "Zr"};
static const char LJ[] = "lj:0.2,2.6,6.5,0.25,2.8,7,0.3,2.9,7.5";
static const char EAM[] = "eam/fs:CuZr_mm.eam.fs";

typedef double (*field)[3];

typedef struct fixture {
    sg_potential *pot;
    sg_potential_work *work;
    sg_system *sys;
    field u, v, hu, hv;
} fixture;

static field new_field(int n)
{
    return calloc((size_t)n, sizeof(double[3]));
}

static void fill(field v, int n, uint64_t seed)
{
    sg_rng rng;
    sg_rng_init(&rng, seed, SG_RNG_TEST, 8, 0, 0);
    for (int i = 0; i < n; i++)
        for (int a = 0; a < 3; a++)
            v[i][a] = sg_rng_normal(&rng);
}

/* 0 when this processor lacks the kernel. */
static int begin(fixture *t, const char *spec, const char *kernel, sg_system *sys)
{
    assert_non_null(sys);
    assert_int_equal(sg_potential_create(spec, NULL, 2, cu_zr, &t->pot), SG_OK);
    const sg_status st = sg_potential_set_kernel(t->pot, kernel);
    t->sys = sys;
    if (st != SG_OK) {
        assert_int_equal(st, SG_EUNSUPPORTED);
        sg_potential_free(t->pot);
        sg_system_free(sys);
        return 0;
    }
    assert_int_equal(sg_potential_work_create(t->pot, &t->work), SG_OK);
    t->u = new_field(sys->n);
    t->v = new_field(sys->n);
    t->hu = new_field(sys->n);
    t->hv = new_field(sys->n);
    fill(t->u, sys->n, 1);
    fill(t->v, sys->n, 2);
    return 1;
}

static void end(fixture *t)
{
    free(t->u);
    free(t->v);
    free(t->hu);
    free(t->hv);
    sg_system_free(t->sys);
    sg_potential_work_free(t->work);
    sg_potential_free(t->pot);
}

static void times(fixture *t, const sg_atom_set *set, field v, field out)
{
    memset(out, 0x7f, (size_t)t->sys->n * sizeof *out);
    if (sg_potential_hessian_times(t->pot, t->work, t->sys, set, (const double(*)[3])v, out) != SG_OK)
        fail_msg("%s", sg_error_text());
}

static double dot(const fixture *t, field a, field b)
{
    double sum = 0.0;
    for (int i = 0; i < t->sys->n; i++)
        sum += a[i][0] * b[i][0] + a[i][1] * b[i][1] + a[i][2] * b[i][2];
    return sum;
}

static double largest(const fixture *t, field a)
{
    double most = 0.0;
    for (int i = 0; i < t->sys->n; i++)
        for (int k = 0; k < 3; k++)
            most = fmax(most, fabs(a[i][k]));
    return most;
}

static sg_system *mixture(int n, uint64_t seed)
{
    return perturbed_fcc(n, 4.1, 0.1, 0.03, 0.15, 0.4, 2, cu_zr, seed);
}

/* -(F(x + h v) - F(x - h v)) / 2h by another work. */
static void difference(const fixture *t, const sg_atom_set *set, double h, field v, field out)
{
    sg_potential_work *work = NULL;
    sg_system *s = NULL;
    field f = new_field(t->sys->n);
    sg_forces forces = {.f = f};

    assert_int_equal(sg_potential_work_create(t->pot, &work), SG_OK);
    assert_int_equal(sg_system_copy(t->sys, &s), SG_OK);
    memset(out, 0, (size_t)s->n * sizeof *out);
    for (int side = -1; side <= 1; side += 2) {
        for (int i = 0; i < s->n; i++)
            for (int a = 0; a < 3; a++)
                s->x[i][a] = t->sys->x[i][a] + (!set || set->member[i] ? side * h * v[i][a] : 0.0);
        assert_int_equal(sg_potential_compute(t->pot, work, s, set, &forces), SG_OK);
        for (int i = 0; i < s->n; i++)
            for (int a = 0; a < 3; a++)
                out[i][a] -= side * f[i][a] / (2.0 * h);
    }
    free(f);
    sg_system_free(s);
    sg_potential_work_free(work);
}

static sg_atom_set sphere(const sg_system *s, double radius, int *atom, unsigned char *member)
{
    sg_atom_set set = {.atom = atom, .member = member};
    for (int i = 0; i < s->n; i++) {
        double d[3];
        for (int a = 0; a < 3; a++)
            d[a] = s->x[i][a] - s->x[7][a];
        sg_cell_minimum_image(&s->cell, d);
        member[i] = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < radius * radius;
        if (member[i]) atom[set.n++] = i;
    }
    return set;
}

/* Relative to the largest element. One-sided differences of 1e-5 Å err by 1e-5 Å times third over second
 * derivatives (1 to 10 per Å, more at kinks of tables); central ones of 1e-6 Å by rounding and what the kinks
 * within 1e-6 Å do. */
static void check(const char *spec, const char *kernel, int cells, double radius, double tolerance)
{
    fixture t;
    int atom[256];
    unsigned char member[256];

    if (!begin(&t, spec, kernel, mixture(cells, 3))) return;
    assert_true(t.sys->n <= 256);
    const sg_atom_set set = sphere(t.sys, radius, atom, member), *const use = radius > 0.0 ? &set : NULL;
    times(&t, use, t.v, t.hv);
    difference(&t, use, 1e-6, t.v, t.hu);
    const double scale = largest(&t, t.hu);
    double worst = 0.0;
    for (int i = 0; i < t.sys->n; i++)
        for (int a = 0; a < 3; a++) {
            worst = fmax(worst, fabs(t.hu[i][a] - t.hv[i][a]));
            if (use && !member[i]) assert_true(t.hv[i][a] == 0.0);
        }
    print_message("%s %s, %d atoms, %d free: largest %.3g eV/Å^2, off by %.1e\n", spec, kernel, t.sys->n,
                  use ? set.n : t.sys->n, scale, worst);
    assert_true(worst <= tolerance * scale);
    end(&t);
}

static void test_against_differences_of_forces(void **state)
{
    static const char *const kernel[] = {"avx2", "avx512"};
    (void)state;
    for (int k = 0; k < 2; k++) {
        check(EAM, kernel[k], 3, 0.0, 1e-5);
        check(EAM, kernel[k], 2, 0.0, 1e-5);
        check(EAM, kernel[k], 1, 0.0, 1e-5); /* atoms see themselves */
        check(EAM, kernel[k], 3, 4.5, 1e-5);
    }
    check(EAM, "plain", 3, 0.0, 1e-3);
    check(EAM, "plain", 3, 4.5, 1e-3);
    check(LJ, "plain", 3, 0.0, 1e-3);
    check(LJ, "plain", 3, 4.5, 1e-3);
}

static void test_symmetry_and_translations(void **state)
{
    static const char *const kernel[] = {"avx2", "avx512"};
    (void)state;
    for (int k = 0; k < 2; k++) {
        fixture t;
        if (!begin(&t, EAM, kernel[k], mixture(3, 4))) continue;
        times(&t, NULL, t.u, t.hu);
        times(&t, NULL, t.v, t.hv);
        const double scale = sqrt(dot(&t, t.hu, t.hu) * dot(&t, t.v, t.v));
        assert_true(fabs(dot(&t, t.v, t.hu) - dot(&t, t.u, t.hv)) < 1e-13 * scale);
        for (int a = 0; a < 3; a++) { /* momentum: columns sum to zero; and a shift of all costs nothing */
            double sum = 0.0;
            for (int i = 0; i < t.sys->n; i++) {
                sum += t.hu[i][a];
                for (int b = 0; b < 3; b++)
                    t.v[i][b] = a == b;
            }
            assert_true(fabs(sum) < 1e-11 * largest(&t, t.hu));
            times(&t, NULL, t.v, t.hv);
            assert_true(largest(&t, t.hv) < 1e-11 * largest(&t, t.hu));
        }
        end(&t);
    }
}

static void test_free_block_of_the_whole(void **state)
{
    fixture t;
    int atom[256];
    unsigned char member[256];

    (void)state;
    assert_true(begin(&t, EAM, "auto", mixture(3, 5)));
    if (strcmp(sg_potential_kernel(t.pot), "plain") == 0) skip(); /* differences err */
    const sg_atom_set set = sphere(t.sys, 4.0, atom, member);
    times(&t, &set, t.u, t.hu); /* what u says of frozen atoms is of no account */
    for (int i = 0; i < t.sys->n; i++)
        for (int a = 0; a < 3; a++)
            t.v[i][a] = member[i] ? t.u[i][a] : 0.0;
    times(&t, NULL, t.v, t.hv);
    for (int i = 0; i < t.sys->n; i++)
        for (int a = 0; a < 3; a++)
            assert_true(fabs(t.hu[i][a] - (member[i] ? t.hv[i][a] : 0.0)) < 1e-5);
    end(&t);
}

/* Whatever else the work did in between, a product is that of the present positions. */
static void test_what_is_kept(void **state)
{
    static const char *const kernel[] = {"plain", "avx2", "avx512"};
    int atom[256];
    unsigned char member[256];

    (void)state;
    for (int k = 0; k < 3; k++) {
        fixture t;
        if (!begin(&t, EAM, kernel[k], mixture(3, 6))) continue;
        const sg_atom_set set = sphere(t.sys, 4.0, atom, member);
        field first = new_field(t.sys->n), f = new_field(t.sys->n);
        sg_forces out = {.f = f};
        times(&t, &set, t.u, first);
        for (int round = 0; round < 5; round++) {
            const double x = t.sys->x[atom[0]][1];
            if (round == 1) assert_int_equal(sg_potential_compute(t.pot, t.work, t.sys, &set, &out), SG_OK);
            if (round == 2) assert_int_equal(sg_potential_compute(t.pot, t.work, t.sys, NULL, &out), SG_OK);
            if (round == 3) times(&t, NULL, t.v, t.hv);
            if (round == 4) {
                t.sys->x[atom[0]][1] = x + 0.01;
                times(&t, &set, t.u, t.hu);
                assert_true(fabs(t.hu[atom[0]][1] - first[atom[0]][1]) > 1e-3);
                t.sys->x[atom[0]][1] = x;
            }
            times(&t, &set, t.u, t.hu);
            for (int i = 0; i < t.sys->n; i++)
                for (int a = 0; a < 3; a++)
                    assert_true(t.hu[i][a] == first[i][a]);
        }
        assert_true(sg_potential_calls(t.work)->hessian == 8);
        assert_int_equal(sg_potential_calls(t.work)->free_set, 1);
        assert_int_equal(sg_potential_calls(t.work)->full, 1);
        const double before = sg_potential_calls(t.work)->equivalents;
        times(&t, NULL, t.v, t.hv);
        assert_true(sg_potential_calls(t.work)->equivalents > before);
        free(first);
        free(f);
        end(&t);
    }
}

static void test_kernels_agree(void **state)
{
    fixture a, b;
    (void)state;
    const int have_a = begin(&a, EAM, "avx2", mixture(3, 7)),
              have_b = begin(&b, EAM, "avx512", mixture(3, 7));
    if (have_a && have_b) {
        times(&a, NULL, a.u, a.hu);
        times(&b, NULL, b.u, b.hu);
        for (int i = 0; i < a.sys->n; i++) /* coefficients are rounded to single precision, mostly alike */
            for (int k = 0; k < 3; k++)
                assert_true(fabs(a.hu[i][k] - b.hu[i][k]) < 1e-6 * largest(&a, a.hu));
    }
    if (have_a) end(&a);
    if (have_b) end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_differences_of_forces),
        cmocka_unit_test(test_symmetry_and_translations),
        cmocka_unit_test(test_free_block_of_the_whole),
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_kernels_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
