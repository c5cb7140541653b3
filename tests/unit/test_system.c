/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements, cells and systems against values worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "slowglass/system.h"

#define assert_close(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

static const int all_periodic[3] = {1, 1, 1};
static const double tilted[3][3] = {{10.0, 0.0, 0.0}, {2.0, 8.0, 0.0}, {-1.0, 3.0, 12.0}};

static sg_system *two_atoms(void)
{
    const char *const symbols[] = {"Cu", "Zr"};
    sg_system *sys;

    assert_int_equal(sg_system_create(2, &sys), SG_OK);
    assert_int_equal(sg_species_init(&sys->species, 2, symbols), SG_OK);
    assert_int_equal(sg_cell_init(&sys->cell, tilted, 0.0, all_periodic), SG_OK);
    sys->x[0][0] = 1.0;
    sys->x[0][1] = 2.0;
    sys->x[1][0] = 5.0;
    sys->type[1] = 1;
    return sys;
}

static void elements_have_number_and_mass(void **state)
{
    const char *const symbols[] = {"H", "Cu", "Zr", "Pu", "Si", "Xe", "La", "Au"};
    const int number[] = {1, 29, 40, 94, 14, 54, 57, 79};
    const double mass[] = {1.008, 63.546, 91.224, 244.0, 28.085, 131.29, 138.91, 196.97};
    sg_species species;

    (void)state;
    assert_int_equal(sg_species_init(&species, 8, symbols), SG_OK);
    for (int k = 0; k < 8; k++) {
        assert_int_equal(species.number[k], number[k]);
        assert_close(species.mass[k], mass[k], 1e-12);
        assert_int_equal(sg_species_find(&species, symbols[k]), k);
    }
    assert_int_equal(sg_species_find(&species, "Fe"), -1);
}

static void elements_are_checked(void **state)
{
    const char *const unknown[] = {"Cu", "Zz"}, *const twice[] = {"Cu", "Zr", "Cu"};
    sg_species species;

    (void)state;
    assert_int_equal(sg_species_init(&species, 2, unknown), SG_EINVAL);
    assert_non_null(strstr(sg_error_text(), "\"Zz\""));
    assert_int_equal(sg_species_init(&species, 3, twice), SG_EINVAL);
    assert_non_null(strstr(sg_error_text(), "twice"));
    assert_int_equal(sg_species_init(&species, 0, twice), SG_EINVAL);
    assert_int_equal(sg_species_init(&species, SG_MAX_SPECIES + 1, twice), SG_EINVAL);
}

static void cell_follows_strain(void **state)
{
    sg_cell cell;
    double heights[3];

    (void)state;
    assert_int_equal(sg_cell_init(&cell, tilted, 0.05, all_periodic), SG_OK);
    assert_close(cell.h[0][0], 10.0, 0.0);
    assert_close(cell.h[1][0], 2.0 + 0.05 * 8.0, 1e-15);
    assert_close(cell.h[2][0], -1.0 + 0.05 * 3.0, 1e-15);
    assert_close(cell.h[2][1], 3.0, 0.0);
    assert_close(cell.volume, 960.0, 1e-12);
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            double product = 0.0;
            for (int j = 0; j < 3; j++)
                product += cell.h[i][j] * cell.hinv[j][k];
            assert_close(product, i == k ? 1.0 : 0.0, 1e-14);
        }
    }
    sg_cell_heights(&cell, heights);
    assert_close(heights[2], 12.0, 1e-12);
    assert_close(heights[1], 960.0 / (10.0 * sqrt(3.0 * 3.0 + 12.0 * 12.0)), 1e-12); /* V / |c x a| */
}

static void cells_are_checked(void **state)
{
    const double flat[3][3] = {{10.0, 0.0, 0.0}, {0.0, 10.0, 0.0}, {0.0, 0.0, 0.0}};
    const double upper[3][3] = {{10.0, 0.5, 0.0}, {0.0, 10.0, 0.0}, {0.0, 0.0, 10.0}};
    const double left[3][3] = {{10.0, 0.0, 0.0}, {0.0, -10.0, 0.0}, {0.0, 0.0, 10.0}};
    const double holes[3][3] = {{10.0, 0.0, 0.0}, {(double)NAN, 10.0, 0.0}, {0.0, 0.0, 10.0}};
    sg_cell cell;

    (void)state;
    assert_int_equal(sg_cell_init(&cell, flat, 0.0, all_periodic), SG_EINVAL);
    assert_int_equal(sg_cell_init(&cell, upper, 0.0, all_periodic), SG_EINVAL);
    assert_non_null(strstr(sg_error_text(), "vector a"));
    assert_int_equal(sg_cell_init(&cell, left, 0.0, all_periodic), SG_EINVAL);
    assert_int_equal(sg_cell_init(&cell, holes, 0.0, all_periodic), SG_EINVAL);
    assert_int_equal(sg_cell_init(&cell, tilted, (double)INFINITY, all_periodic), SG_EINVAL);
}

static void strain_moves_atoms_with_the_cell(void **state)
{
    sg_system *sys = two_atoms();

    (void)state;
    assert_int_equal(sg_system_set_strain(sys, 0.1), SG_OK);
    assert_close(sys->x[0][0], 1.2, 1e-15);
    assert_close(sys->x[1][0], 5.0, 0.0);
    assert_close(sys->cell.gamma, 0.1, 0.0);
    assert_int_equal(sg_system_set_strain(sys, (double)NAN), SG_EINVAL);
    assert_close(sys->cell.gamma, 0.1, 0.0);
    assert_close(sys->x[0][0], 1.2, 1e-15);
    sg_system_free(sys);
}

static void displacement_names_the_farthest_mover(void **state)
{
    sg_system *sys = two_atoms();
    double b[2][3], d[2][3];
    int atom = -1;

    (void)state;
    memcpy(b, sys->x, sizeof b);
    b[1][2] += 0.3 + 12.0; /* one cell vector c and 0.3 Å */
    b[1][0] += -1.0;
    b[1][1] += 3.0;
    sys->fixed[0] = 1;
    sys->n_fixed = 1;
    assert_int_equal(sg_system_translates(sys), 0);
    const double with_fixed =
        sg_system_displacement(sys, (const double(*)[3])sys->x, (const double(*)[3])b, d, &atom);
    assert_close(with_fixed, 0.3, 1e-14);
    assert_int_equal(atom, 1);
    sys->fixed[0] = 0;
    sys->n_fixed = 0;
    assert_int_equal(sg_system_translates(sys), 1);
    const double all_free =
        sg_system_displacement(sys, (const double(*)[3])sys->x, (const double(*)[3])b, d, NULL);
    assert_close(all_free, 0.15, 1e-14);
    assert_close(d[0][2], -0.15, 1e-14);
    assert_close(d[1][2], 0.15, 1e-14);
    assert_close(
        sg_system_displacement(sys, (const double(*)[3])sys->x, (const double(*)[3])sys->x, NULL, &atom), 0.0,
        0.0);
    assert_int_equal(atom, 0);
    sg_system_free(sys);
}

static void validation_names_the_atom(void **state)
{
    sg_system *sys = two_atoms();

    (void)state;
    sys->id[0] = 17;
    sys->id[1] = 4;
    assert_int_equal(sg_system_validate(sys), SG_OK);
    sys->x[0][1] = (double)NAN;
    assert_int_equal(sg_system_validate(sys), SG_EINVAL);
    assert_non_null(strstr(sg_error_text(), "atom 17: y"));
    sys->x[0][1] = 0.0;
    sys->type[1] = 2;
    assert_int_equal(sg_system_validate(sys), SG_EINVAL);
    assert_non_null(strstr(sg_error_text(), "atom 4: type 3"));
    sys->type[1] = 1;
    sys->id[1] = 17;
    assert_int_equal(sg_system_validate(sys), SG_EINVAL);
    assert_non_null(strstr(sg_error_text(), "17 occurs more than once"));
    sys->id[1] = 0;
    assert_int_equal(sg_system_validate(sys), SG_EINVAL);
    sys->id[1] = 4;
    sys->fixed[1] = 1;
    assert_int_equal(sg_system_validate(sys), SG_EINVAL);
    sys->n_fixed = 1;
    assert_int_equal(sg_system_validate(sys), SG_OK);
    sg_system_free(sys);
}

static void creation_refuses_no_atoms(void **state)
{
    sg_system *sys = (sg_system *)&sys;

    (void)state;
    assert_int_equal(sg_system_create(0, &sys), SG_EINVAL);
    assert_null(sys);
    sg_system_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_have_number_and_mass),
        cmocka_unit_test(elements_are_checked),
        cmocka_unit_test(cell_follows_strain),
        cmocka_unit_test(cells_are_checked),
        cmocka_unit_test(strain_moves_atoms_with_the_cell),
        cmocka_unit_test(displacement_names_the_farthest_mover),
        cmocka_unit_test(validation_names_the_atom),
        cmocka_unit_test(creation_refuses_no_atoms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
