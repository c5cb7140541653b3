/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Laws that hold for any system: images against brute force, strain and back, drift, hash. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "slowglass/system.h"

#define assert_close(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

enum { N_ATOMS = 40 };

/* A full-period congruential generator is random enough here. */
static double uniform(uint64_t *seed, double low, double high)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (double)(*seed >> 11) * 0x1p-53;
}

static double length(const double d[3])
{
    return sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}

static void random_cell(uint64_t *seed, double tilt, const int periodic[3], sg_cell *cell)
{
    double h0[3][3] = {{0.0}};

    for (int i = 0; i < 3; i++)
        h0[i][i] = uniform(seed, 5.0, 12.0);
    h0[1][0] = uniform(seed, -tilt, tilt) * h0[0][0];
    h0[2][0] = uniform(seed, -tilt, tilt) * h0[0][0];
    h0[2][1] = uniform(seed, -tilt, tilt) * h0[1][1];
    assert_int_equal(sg_cell_init(cell, (const double(*)[3])h0, 0.0, periodic), SG_OK);
}

static sg_system *random_system(uint64_t *seed)
{
    const char *const symbols[] = {"Cu", "Zr"};
    const int periodic[3] = {1, 1, 1};
    sg_system *sys;

    assert_int_equal(sg_system_create(N_ATOMS, &sys), SG_OK);
    assert_int_equal(sg_species_init(&sys->species, 2, symbols), SG_OK);
    random_cell(seed, 0.5, periodic, &sys->cell);
    for (int i = 0; i < N_ATOMS; i++) {
        sys->type[i] = i % 2;
        for (int k = 0; k < 3; k++)
            sys->x[i][k] = uniform(seed, -20.0, 20.0);
    }
    return sys;
}

/* Length of the shortest image of d within 11 x 11 x 11 cells around it, after bringing it near the origin.
 */
static double brute_force(const sg_cell *cell, const double d[3])
{
    double s[3], shortest = INFINITY;

    for (int i = 0; i < 3; i++) {
        s[i] = 0.0;
        for (int k = 0; k < 3; k++)
            s[i] += d[k] * cell->hinv[k][i];
        if (cell->periodic[i]) s[i] -= floor(s[i] + 0.5);
    }
    for (int code = 0; code < 1331; code++) {
        const int n[3] = {code / 121 - 5, code / 11 % 11 - 5, code % 11 - 5};
        double e[3] = {0.0, 0.0, 0.0};
        for (int i = 0; i < 3; i++)
            for (int k = 0; k < 3; k++)
                e[k] += (s[i] + (cell->periodic[i] ? n[i] : 0)) * cell->h[i][k];
        if (length(e) < shortest) shortest = length(e);
    }
    return shortest;
}

static void images_are_the_shortest(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (int trial = 0; trial < 4000; trial++) {
        const int periodic[3] = {trial % 3 != 1, trial % 5 != 1, trial % 7 != 1};
        const double tilt = trial % 2 ? 0.5 : 1.0;
        sg_cell cell;
        double d[3], e[3], heights[3];
        random_cell(&seed, tilt, periodic, &cell);
        const int whole = periodic[0] && periodic[1] && periodic[2];
        const double range = whole ? 30.0 : 8.0; /* the brute force must still reach the nearest image */
        for (int k = 0; k < 3; k++)
            d[k] = e[k] = uniform(&seed, -range, range);
        sg_cell_minimum_image(&cell, d);
        const double shortest = brute_force(&cell, e);
        sg_cell_heights(&cell, heights);
        const double safe = 0.5 * fmin(heights[0], fmin(heights[1], heights[2]));
        if ((tilt <= 0.5 && whole) || shortest < safe) assert_close(length(d), shortest, 1e-11);
        assert_true(length(d) > shortest - 1e-11);

        for (int i = 0; i < 3; i++) { /* it is an image: whole numbers of cell vectors apart */
            double s = 0.0;
            for (int k = 0; k < 3; k++)
                s += (e[k] - d[k]) * cell.hinv[k][i];
            assert_close(s, periodic[i] ? rint(s) : 0.0, 1e-11);
        }
    }
}

static void strain_and_back_changes_nothing(void **state)
{
    uint64_t seed = 5;
    sg_system *sys = random_system(&seed), *was;

    (void)state;
    assert_int_equal(sg_system_copy(sys, &was), SG_OK);
    for (int k = 1; k <= 8; k++)
        assert_int_equal(sg_system_set_strain(sys, 0.005 * k), SG_OK);
    for (int i = 0; i < N_ATOMS; i++) /* the path does not matter */
        assert_close(sys->x[i][0], was->x[i][0] + 0.04 * was->x[i][1], 1e-13);
    /* fractional coordinates are those of before */
    for (int i = 0; i < N_ATOMS; i++) {
        for (int k = 0; k < 3; k++) {
            double s = 0.0, s0 = 0.0;
            for (int j = 0; j < 3; j++) {
                s += sys->x[i][j] * sys->cell.hinv[j][k];
                s0 += was->x[i][j] * was->cell.hinv[j][k];
            }
            assert_close(s, s0, 1e-13);
        }
    }
    assert_int_equal(sg_system_set_strain(sys, 0.0), SG_OK);
    assert_memory_equal(&sys->cell, &was->cell, sizeof sys->cell);
    for (int i = 0; i < N_ATOMS; i++)
        for (int k = 0; k < 3; k++)
            assert_close(sys->x[i][k], was->x[i][k], 1e-13);
    sg_system_free(sys);
    sg_system_free(was);
}

static void drift_and_images_do_not_matter(void **state)
{
    uint64_t seed = 11;
    sg_system *sys = random_system(&seed);

    (void)state;
    for (int trial = 0; trial < 300; trial++) {
        double b[N_ATOMS][3], moved[N_ATOMS][3], d[N_ATOMS][3], e[N_ATOMS][3], drift[3];
        int atom_d, atom_e;
        for (int k = 0; k < 3; k++)
            drift[k] = uniform(&seed, -15.0, 15.0);
        for (int i = 0; i < N_ATOMS; i++) {
            int n[3];
            for (int k = 0; k < 3; k++)
                n[k] = (int)uniform(&seed, -3.0, 3.0);
            for (int k = 0; k < 3; k++) {
                b[i][k] = sys->x[i][k] + uniform(&seed, -0.3, 0.3);
                moved[i][k] = b[i][k] + drift[k];
                for (int j = 0; j < 3; j++)
                    moved[i][k] += n[j] * sys->cell.h[j][k];
            }
        }
        const double far_d =
            sg_system_displacement(sys, (const double(*)[3])sys->x, (const double(*)[3])b, d, &atom_d);
        const double far_e =
            sg_system_displacement(sys, (const double(*)[3])sys->x, (const double(*)[3])moved, e, &atom_e);
        assert_close(far_d, far_e, 1e-11);
        assert_int_equal(atom_d, atom_e);
        double sum = 0.0;
        for (int i = 0; i < N_ATOMS; i++) {
            sum += d[i][0];
            for (int k = 0; k < 3; k++)
                assert_close(d[i][k], e[i][k], 1e-11);
        }
        assert_close(sum, 0.0, 1e-11);
    }
    sg_system_free(sys);
}

static void hash_notices_every_field(void **state)
{
    uint64_t seed = 7;
    sg_system *sys = random_system(&seed), *other;
    const uint64_t h = sg_system_hash(sys);

    (void)state;
    assert_int_equal(sg_system_copy(sys, &other), SG_OK);
    assert_true(sg_system_hash(other) == h);
    for (int change = 0; change < 8; change++) {
        sg_system_free(other);
        assert_int_equal(sg_system_copy(sys, &other), SG_OK);
        switch (change) {
        case 0:
            other->x[N_ATOMS - 1][2] = nextafter(other->x[N_ATOMS - 1][2], 100.0);
            break;
        case 1:
            other->type[3] ^= 1;
            break;
        case 2:
            other->id[0] = N_ATOMS + 1;
            break;
        case 3:
            other->fixed[5] = 1;
            break;
        case 4:
            other->cell.gamma = 1e-9;
            break;
        case 5:
            other->cell.h0[2][1] += 1e-9;
            break;
        case 6:
            other->cell.periodic[2] = 0;
            break;
        default:
            strcpy(other->species.symbol[1], "Hf");
            break;
        }
        assert_true(sg_system_hash(other) != h);
    }
    sg_system_free(sys);
    sg_system_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_are_the_shortest),
        cmocka_unit_test(strain_and_back_changes_nothing),
        cmocka_unit_test(drift_and_images_do_not_matter),
        cmocka_unit_test(hash_notices_every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
