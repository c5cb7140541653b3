/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Molecular dynamics: the order of the integrator, conservation laws, reversal, restart, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "configurations.h"
#include "slowglass/md.h"

static const char *const cu_zr[] = {"Cu", "Zr"};
static const char lj[] = "lj:0.2,2.6,6.5,0.25,2.8,7,0.3,2.9,7.5"; /* of Cu and Zr */

typedef struct bench {
    sg_potential *pot;
    sg_system *start;
    sg_md *md;
} bench;

/* A noisy crystal of 108 atoms in a tilted, strained cell. */
static bench start(const sg_md_options *opt, double temperature_K)
{
    bench b = {.start = perturbed_fcc(3, 4.1, 0.1, 0.03, 0.02, 0.4, 2, cu_zr, 1)};

    assert_int_equal(sg_potential_create(lj, NULL, 2, cu_zr, &b.pot), SG_OK);
    assert_int_equal(sg_md_create(b.pot, b.start, opt, &b.md), SG_OK);
    if (temperature_K > 0.0) assert_int_equal(sg_md_draw_velocities(b.md, temperature_K), SG_OK);
    return b;
}

static void end(bench *b)
{
    sg_md_free(b->md);
    sg_system_free(b->start);
    sg_potential_free(b->pot);
}

static double worst_energy_error(double dt)
{
    sg_md_options opt = sg_md_defaults();
    double worst = 0.0;

    opt.ensemble = SG_MD_NVE;
    opt.timestep_ps = dt;
    bench b = start(&opt, 300.0);
    const double before = sg_md_now(b.md).conserved;
    for (int k = 0; k < (int)lrint(0.2 / dt); k++) {
        assert_int_equal(sg_md_run(b.md, 1), SG_OK);
        worst = fmax(worst, fabs(sg_md_now(b.md).conserved - before));
    }
    end(&b);
    return worst;
}

static void test_energy_error_falls_with_the_square_of_the_time_step(void **state)
{
    (void)state;
    const double coarse = worst_energy_error(0.004), fine = worst_energy_error(0.002),
                 finer = worst_energy_error(0.001);

    print_message("worst energy error %.3g, %.3g, %.3g eV at 4, 2, 1 fs\n", coarse, fine, finer);
    assert_true(fabs(coarse / fine - 4.0) < 0.4);
    assert_true(fabs(fine / finer - 4.0) < 0.4);
}

static void test_momentum_stays_zero(void **state)
{
    (void)state;
    const sg_md_options opt = sg_md_defaults();
    bench b = start(&opt, 300.0);
    double p[3] = {0}, most = 0.0;

    assert_true(fabs(sg_md_now(b.md).temperature_K - 300.0) < 1e-9);
    assert_int_equal(sg_md_run(b.md, 200), SG_OK);
    for (int i = 0; i < b.start->n; i++)
        for (int a = 0; a < 3; a++) {
            const double mv = b.start->species.mass[b.start->type[i]] * sg_md_velocities(b.md)[i][a];
            p[a] += mv;
            most = fmax(most, fabs(mv));
        }
    for (int a = 0; a < 3; a++)
        assert_true(fabs(p[a]) < 1e-11 * most * b.start->n);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_energy_error_falls_with_the_square_of_the_time_step),
        cmocka_unit_test(test_momentum_stays_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
