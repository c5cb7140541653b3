/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A potential made from its parcel computes the same bits, and needs no file of the sender. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "slowglass/potential.h"

#define assert_ok(call) assert_int_equal(call, SG_OK)

static void pair_of_atoms(const sg_potential *pot, sg_system **out)
{
    static const double h[3][3] = {{30, 0, 0}, {0, 30, 0}, {0, 0, 30}};
    static const int periodic[3] = {1, 1, 1};

    assert_ok(sg_system_create(3, out));
    (*out)->species = pot->species;
    assert_ok(sg_cell_init(&(*out)->cell, h, 0, periodic));
    for (int i = 0; i < 3; i++)
        (*out)->x[i][0] = 2.4 * i + 0.1 * i * i;
    (*out)->type[1] = pot->species.n - 1;
}

static double energy_of(const sg_potential *pot, const sg_system *sys)
{
    double f[3][3];
    sg_forces out = {.f = f};
    sg_potential_work *work = NULL;

    assert_ok(sg_potential_work_create(pot, &work));
    assert_ok(sg_potential_compute(pot, work, sys, NULL, &out));
    sg_potential_work_free(work);
    return out.energy;
}

static void pass_on(const char *spec, int n, const char *const elements[], const char *kernel)
{
    sg_potential *pot = NULL, *copy = NULL;
    sg_system *sys = NULL;
    unsigned char *bytes = NULL;
    size_t size = 0;

    assert_ok(sg_potential_create(spec, NULL, n, elements, &pot));
    if (kernel) assert_ok(sg_potential_set_kernel(pot, kernel));
    assert_ok(sg_potential_pack(pot, &bytes, &size));
    assert_ok(sg_potential_unpack(bytes, size, &copy));
    assert_true(copy->fingerprint == pot->fingerprint);
    assert_string_equal(sg_potential_kernel(copy), sg_potential_kernel(pot));
    pair_of_atoms(pot, &sys);
    const double a = energy_of(pot, sys), b = energy_of(copy, sys);
    assert_memory_equal(&a, &b, sizeof a);
    sg_potential_free(copy);
    assert_int_equal(sg_potential_unpack(bytes, size - 1, &copy), SG_ECORRUPT);
    assert_null(copy);
    bytes[0] ^= 1; /* the fingerprint */
    assert_int_equal(sg_potential_unpack(bytes, size, &copy), SG_EMISMATCH);
    assert_null(copy);
    sg_free(bytes);
    sg_system_free(sys);
    sg_potential_free(pot);
}

static void test_eam(void **state)
{
    static const char *const elements[] = {"Zr", "Cu"};
    (void)state;
    pass_on("eam/fs:" SG_POTENTIALS "/CuZr_mm.eam.fs", 2, elements, NULL);
    pass_on("eam/fs:" SG_POTENTIALS "/CuZr_mm.eam.fs", 2, elements, SG_KERNEL_PLAIN);
}

static void test_pairs(void **state)
{
    static const char *const elements[] = {"Cu"};
    (void)state;
    pass_on("lj:0.2,2.338,5.2", 1, elements, NULL);
    pass_on("morse:0.34,1.36,2.87,6", 1, elements, NULL);
}

static void test_what_has_no_specification(void **state)
{
    static const char *const elements[] = {"Cu"};
    static const double pair[1][3] = {{0.2, 2.338, 5.2}};
    unsigned char *bytes = (unsigned char *)1;
    sg_potential *pot = NULL;
    size_t n;

    (void)state;
    assert_ok(sg_potential_create_lj(1, elements, pair, &pot));
    assert_int_equal(sg_potential_pack(pot, &bytes, &n), SG_EUNSUPPORTED);
    assert_null(bytes);
    sg_potential_free(pot);
}

static int yes(const void *arg)
{
    return *(const int *)arg;
}

static void test_asked_to_stop(void **state)
{
    static const char *const elements[] = {"Cu"};
    double f[3][3];
    sg_forces out = {.f = f};
    sg_potential_work *work = NULL;
    sg_potential *pot = NULL;
    sg_system *sys = NULL;
    int stop = 0;

    (void)state;
    assert_ok(sg_potential_create("lj:0.2,2.338,5.2", NULL, 1, elements, &pot));
    pair_of_atoms(pot, &sys);
    assert_ok(sg_potential_work_create(pot, &work));
    sg_potential_work_set_stop(work, yes, &stop);
    assert_ok(sg_potential_compute(pot, work, sys, NULL, &out));
    stop = 1;
    assert_int_equal(sg_potential_compute(pot, work, sys, NULL, &out), SG_EINTERRUPTED);
    assert_int_equal(sg_potential_hessian_times(pot, work, sys, NULL, (const double(*)[3])sys->x, f),
                     SG_EINTERRUPTED);
    assert_int_equal(sg_potential_calls(work)->full, 1); /* what was not made does not count */
    sg_potential_work_free(work);
    sg_system_free(sys);
    sg_potential_free(pot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eam),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_what_has_no_specification),
        cmocka_unit_test(test_asked_to_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
