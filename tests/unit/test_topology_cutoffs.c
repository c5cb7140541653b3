/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bond cutoffs: the middle of the gap in crystals, the valley of g(r) in a glass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "topology_samples.h"

#define ROUNDING 0.0251 /* Å: half of the 0.05 that cutoffs are rounded to */

static double cutoff(const sg_system *s, int a, int b)
{
    sg_topology_params p;

    assert_int_equal(sg_topology_cutoffs(s, &p), SG_OK);
    assert_int_equal(sg_topology_params_check(s, &p), SG_OK);
    for (int i = 0; i < p.n_species; i++)
        for (int j = 0; j < p.n_species; j++) {
            const double steps = p.cutoff[i][j] / 0.05;
            assert_true(fabs(steps - round(steps)) < 1e-9);
        }
    return p.cutoff[a][b];
}

static void crystals_are_cut_mid_gap(void **state)
{
    (void)state;
    for (double a = 3.3; a < 4.2; a += 0.1) { /* shells at a/sqrt 2 and a */
        sg_system *s = lattice(3, a, 4, FCC, 1, CU_ZR);
        assert_true(fabs(cutoff(s, 0, 0) - 0.5 * (sqrt(0.5) + 1.0) * a) < ROUNDING);
        sg_system_free(s);
    }
    for (double a = 2.8; a < 3.4;
         a += 0.1) { /* behind the double shell a sqrt(3)/2, a; the next one is at a sqrt 2 */
        sg_system *s = lattice(4, a, 2, BCC, 1, CU_ZR);
        const double r = cutoff(s, 0, 0);
        assert_true(r > 1.1 * a && r < 1.35 * a);
        sg_system_free(s);
    }
}

static void vacancy_and_strain_leave_the_gap(void **state)
{
    const char *const names[] = {"Cu_vacancy_fs.extxyz", "Cu_vacancy_mishin.extxyz"};

    (void)state;
    for (int k = 0; k < 2; k++) {
        sg_system *s = sample(names[k]);
        assert_non_null(s);
        const double a = s->cell.h[0][0] / 4.0;
        for (int step = 0; step <= 3; step++) {
            assert_int_equal(sg_system_set_strain(s, 0.02 * step), SG_OK);
            assert_true(fabs(cutoff(s, 0, 0) - 0.5 * (sqrt(0.5) + 1.0) * a) < 2.0 * ROUNDING);
            assert_true(cutoff(s, 1, 1) == cutoff(s, 0, 0)); /* no zirconium there: the total g(r) serves */
        }
        sg_system_free(s);
    }
}

/* First minima in a 10 000-atom glass of the same composition: 3.45, 3.65, 4.05 Å in bins of 0.1 Å; the
 * valley of Cu-Zr is flat from 3.5 to 4.1 Å. */
static void glass_is_cut_in_its_valleys(void **state)
{
    sg_system *s = sample("Cu64Zr36_500.extxyz");

    (void)state;
    if (!s) skip();
    for (int step = 0; step <= 3; step++) {
        assert_int_equal(sg_system_set_strain(s, 0.02 * step), SG_OK);
        assert_true(fabs(cutoff(s, 0, 0) - 3.45) < 0.11);
        assert_true(fabs(cutoff(s, 0, 1) - 3.75) < 0.16);
        assert_true(fabs(cutoff(s, 1, 1) - 4.05) < 0.11);
    }
    sg_system_free(s);
}

static void rare_pairs_follow_from_the_others(void **state)
{
    sg_system *s = lattice(3, 3.6, 4, FCC, 2, CU_ZR);
    const double mid = 0.5 * (sqrt(0.5) + 1.0) * 3.6;

    (void)state;
    s->type[5] = 1; /* 12 mixed bonds, no Zr-Zr bond */
    assert_true(fabs(cutoff(s, 0, 1) - mid) < ROUNDING);
    assert_true(fabs(cutoff(s, 1, 1) - mid) < ROUNDING);
    sg_system_free(s);
}

static void hopeless_input_is_refused(void **state)
{
    const double h[3][3] = {{50, 0, 0}, {0, 50, 0}, {0, 0, 50}};
    sg_system *s = new_system(2, h, 1, 1, CU_ZR);
    sg_topology_params p = two_cutoffs(3, 3.2, 3.4);

    (void)state;
    s->x[1][0] = 6.0;
    assert_int_equal(sg_topology_cutoffs(s, &p), SG_EINVAL);
    sg_system_free(s);
    s = new_system(1, h, 1, 2, CU_ZR);
    assert_int_equal(sg_topology_cutoffs(s, &p), SG_EINVAL);
    p = two_cutoffs(3, 3.2, 3.4);
    assert_int_equal(sg_topology_params_check(s, &p), SG_OK);
    p.cutoff[0][1] = 3.3;
    assert_int_equal(sg_topology_params_check(s, &p), SG_EINVAL);
    p = two_cutoffs(3, 3.2, NAN);
    assert_int_equal(sg_topology_params_check(s, &p), SG_EINVAL);
    p = two_cutoffs(3, 3.2, 3.4);
    p.n_species = 1;
    assert_int_equal(sg_topology_params_check(s, &p), SG_EINVAL);
    sg_system_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crystals_are_cut_mid_gap), cmocka_unit_test(vacancy_and_strain_leave_the_gap),
        cmocka_unit_test(glass_is_cut_in_its_valleys), cmocka_unit_test(rare_pairs_follow_from_the_others),
        cmocka_unit_test(hopeless_input_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
