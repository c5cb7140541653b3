/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Energy, forces and virial against LAMMPS, which interpolates the same tables in the same way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "configurations.h"

/* LAMMPS's "metal" units: 1 eV/Å^3 in bar. */
static const double LAMMPS_BAR_PER_EV_A3 = 1.6021765e6;

static void compare(const char *spec, const char *pair_commands, sg_system *s, int n_elements,
                    const char *const elements[])
{
    sg_potential *pot = NULL;
    sg_potential_work *work = NULL;
    reference ref = {0};
    sg_forces out = {.f = calloc((size_t)s->n, sizeof *out.f)};
    double worst = 0.0, stress[6];

    if (!have_lammps()) {
        print_message("skipped: no program lmp to compare with\n");
        skip();
    }
    assert_int_equal(lammps(s, pair_commands, NULL, &ref), 0);
    assert_int_equal(sg_potential_create(spec, NULL, n_elements, elements, &pot), SG_OK);
    assert_int_equal(sg_potential_set_kernel(pot, "plain"), SG_OK); /* the others resample the tables */
    assert_int_equal(sg_potential_work_create(pot, &work), SG_OK);
    assert_int_equal(sg_potential_compute(pot, work, s, NULL, &out), SG_OK);
    for (int i = 0; i < s->n; i++)
        for (int k = 0; k < 3; k++)
            worst = fmax(worst, fabs(out.f[i][k] - ref.f[i][k]));
    sg_potential_stress(s, &out, stress);
    print_message("%s: energy %.10g, differs by %.2g eV, forces by %.2g eV/Å\n", spec, out.energy,
                  fabs(out.energy - ref.energy), worst);
    assert_true(worst < 1e-9);
    assert_true(fabs(out.energy - ref.energy) < 1e-9 * fabs(ref.energy));
    for (int k = 0; k < 6; k++) /* their unit is rounded in the eighth digit */
        assert_true(fabs(-stress[k] * LAMMPS_BAR_PER_EV_A3 - ref.pressure[k]) <
                    1e-6 * fabs(ref.pressure[k]) + 1e-3);
    free(out.f);
    reference_clear(&ref);
    sg_potential_work_free(work);
    sg_potential_free(pot);
    sg_system_free(s);
}

static const char *const cu_zr[] = {"Cu", "Zr"}, *const zr_cu[] = {"Zr", "Cu"}, *const cu[] = {"Cu"};
static const char *const ni_al[] = {"Ni", "Al"}, *const al_h_ni[] = {"Al", "H", "Ni"};

static void test_finnis_sinclair(void **state)
{
    (void)state;
    compare("eam/fs:CuZr_mm.eam.fs",
            "pair_style eam/fs\npair_coeff * * /usr/share/lammps/potentials/CuZr_mm.eam.fs Cu Zr",
            perturbed_fcc(3, 4.1, 0.1, 0.03, 0.2, 0.4, 2, cu_zr, 1), 2, cu_zr);
}

static void test_finnis_sinclair_types_exchanged(void **state)
{
    (void)state;
    compare("eam/fs:CuZr_mm.eam.fs",
            "pair_style eam/fs\npair_coeff * * /usr/share/lammps/potentials/CuZr_mm.eam.fs Zr Cu",
            perturbed_fcc(3, 4.1, -0.4, 0.06, 0.2, 0.4, 2, zr_cu, 2), 2, zr_cu);
}

static void test_finnis_sinclair_cross_densities(void **state)
{
    (void)state; /* a file in which the density of A at B is not that of B at A, and an element that is not
                    used */
    compare("eam/fs:NiAlH_jea.eam.fs",
            "pair_style eam/fs\npair_coeff * * /usr/share/lammps/potentials/NiAlH_jea.eam.fs Ni Al",
            perturbed_fcc(3, 3.7, 0.1, 0.03, 0.15, 0.4, 2, ni_al, 3), 2, ni_al);
    compare("eam/fs:NiAlH_jea.eam.fs",
            "pair_style eam/fs\npair_coeff * * /usr/share/lammps/potentials/NiAlH_jea.eam.fs Al H Ni",
            perturbed_fcc(3, 3.7, 0.1, 0.03, 0.15, 0.4, 3, al_h_ni, 4), 3, al_h_ni);
}

static void test_alloy(void **state)
{
    (void)state;
    compare("eam/alloy:Cu_mishin1.eam.alloy",
            "pair_style eam/alloy\npair_coeff * * /usr/share/lammps/potentials/Cu_mishin1.eam.alloy Cu",
            perturbed_fcc(3, 3.6, 0.1, 0.03, 0.2, 0.0, 1, cu, 3), 1, cu);
    compare("eam/alloy:NiAlH_jea.eam.alloy",
            "pair_style eam/alloy\npair_coeff * * /usr/share/lammps/potentials/NiAlH_jea.eam.alloy Ni Al",
            perturbed_fcc(3, 3.7, 0.1, 0.03, 0.2, 0.4, 2, ni_al, 5), 2, ni_al);
}

static void test_beyond_the_embedding_table(void **state)
{
    (void)state; /* squeezed until densities leave the table, where F goes on as a straight line */
    compare("eam/fs:CuZr_mm.eam.fs",
            "pair_style eam/fs\npair_coeff * * /usr/share/lammps/potentials/CuZr_mm.eam.fs Cu Zr",
            perturbed_fcc(3, 2.6, 0.1, 0.03, 0.1, 0.5, 2, cu_zr, 6), 2, cu_zr);
}

static void test_lennard_jones(void **state)
{
    (void)state;
    compare("lj:0.2,2.6,6.5,0.25,2.8,7,0.3,2.9,7.5",
            "pair_style lj/smooth/linear 7.5\npair_coeff 1 1 0.2 2.6 6.5\npair_coeff 1 2 0.25 2.8 7\n"
            "pair_coeff 2 2 0.3 2.9 7.5",
            perturbed_fcc(3, 4.2, 0.1, 0.03, 0.1, 0.4, 2, cu_zr, 7), 2, cu_zr);
}

static void test_morse(void **state)
{
    (void)state;
    compare("morse:0.34,1.36,2.87,6.5,0.4,1.3,2.9,7,0.7,1.6,3,7.5",
            "pair_style morse 7.5\npair_coeff 1 1 0.34 1.36 2.87 6.5\npair_coeff 1 2 0.4 1.3 2.9 7\n"
            "pair_coeff 2 2 0.7 1.6 3 7.5\npair_modify shift yes",
            perturbed_fcc(3, 4.2, 0.1, 0.03, 0.1, 0.4, 2, cu_zr, 8), 2, cu_zr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finnis_sinclair),
        cmocka_unit_test(test_finnis_sinclair_types_exchanged),
        cmocka_unit_test(test_finnis_sinclair_cross_densities),
        cmocka_unit_test(test_alloy),
        cmocka_unit_test(test_beyond_the_embedding_table),
        cmocka_unit_test(test_lennard_jones),
        cmocka_unit_test(test_morse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
