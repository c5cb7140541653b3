/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What thermostats and barostats are there for: energies and volumes distributed as statistical mechanics
 * says, in systems for which it says so in closed form. Seeds are fixed; limits are those that chance passes
 * in 99 of 100 seeds (Kolmogorov and Smirnov) or four standard errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "md_samples.h"

static const char gas_lj[] = "lj:1e-9,0.1,0.3"; /* atoms that do not notice one another */
static const char *const cu[] = {"Cu"};

static md_sample gas(int n, const sg_md_options *opt, double length)
{
    const double h0[3][3] = {{length, 0, 0}, {0, length, 0}, {0, 0, length}};
    md_sample b = {0};
    sg_rng rng;

    sg_rng_init(&rng, 7, SG_RNG_TEST, 0, 0, 0);
    assert_int_equal(sg_potential_create(gas_lj, NULL, 1, cu, &b.pot), SG_OK);
    assert_int_equal(sg_system_create(n, &b.start), SG_OK);
    assert_int_equal(sg_cell_init(&b.start->cell, h0, 0.0, PERIODIC), SG_OK);
    assert_int_equal(sg_species_init(&b.start->species, 1, cu), SG_OK);
    for (int i = 0; i < n; i++)
        for (int a = 0; a < 3; a++)
            b.start->x[i][a] = length * sg_rng_uniform(&rng);
    assert_int_equal(sg_md_create(b.pot, b.start, opt, &b.md), SG_OK);
    assert_int_equal(sg_md_draw_velocities(b.md, opt->temperature_K), SG_OK);
    return b;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Distribution of a gamma variate of integer shape. */
static double gamma_below(int shape, double x)
{
    double term = 1.0, sum = 1.0;

    for (int k = 1; k < shape; k++)
        sum += term *= x / k;
    return 1.0 - exp(-x) * sum;
}

/* Largest difference to a gamma distribution, times sqrt(n); sorts the values. */
static double smirnov(int n, double *value, int shape, double scale)
{
    double worst = 0.0;

    qsort(value, (size_t)n, sizeof *value, ascending);
    for (int k = 0; k < n; k++) {
        const double p = gamma_below(shape, value[k] / scale);
        worst = fmax(worst, fmax(fabs(p - (double)k / n), fabs(p - (k + 1.0) / n)));
    }
    return worst * sqrt(n);
}

static const double SMIRNOV_99 = 1.63;

static void test_rescaling_is_canonical_and_forgets_at_its_rate(void **state)
{
    (void)state;
    enum { ATOMS = 3, N = 4000, STEPS = 8, G = 3 * ATOMS - 3 };
    sg_md_options opt = sg_md_defaults();
    static double kinetic[N];
    double product = 0.0;
    const double mean = 0.5 * G * SG_KB * opt.temperature_K, variance = mean * SG_KB * opt.temperature_K;

    opt.timestep_ps = 0.002;
    opt.damping_ps = 0.005;
    md_sample b = gas(ATOMS, &opt, 10.0);
    assert_int_equal(sg_md_freedom(b.md), G);
    for (int k = 0; k < N; k++) {
        const double before = sg_md_now(b.md).kinetic;
        assert_int_equal(sg_md_run(b.md, 1), SG_OK);
        product += (before - mean) * (sg_md_now(b.md).kinetic - mean) / N;
        assert_int_equal(sg_md_run(b.md, STEPS - 1), SG_OK);
        kinetic[k] = sg_md_now(b.md).kinetic;
    }
    const double d = smirnov(N, kinetic, G / 2, SG_KB * opt.temperature_K);
    print_message(
        "kinetic energy of %d degrees of freedom: D sqrt(n) = %.2f; kept after a step: %.3f, exp(-0.4) = "
        "%.3f\n",
        G, d, product / variance, exp(-0.4));
    assert_true(d < SMIRNOV_99);
    assert_true(fabs(product / variance - exp(-0.4)) < 4.0 * 1.3 / sqrt(N));
    md_end(&b);
}

/* Mean and variance of the kinetic energy of a hot crystal, and of its shares. */
static void canonical(sg_md_ensemble ensemble)
{
    enum { BLOCKS = 40, SAMPLES = 50, STEPS = 10 };
    sg_md_options opt = sg_md_defaults();
    double of_block[BLOCKS] = {0}, square = 0.0, zr = 0.0, x = 0.0, mean = 0.0, spread = 0.0;

    opt.ensemble = ensemble;
    opt.timestep_ps = 0.004;
    opt.damping_ps = 0.05;
    opt.temperature_K = 700.0;
    md_sample b = md_start(&opt, 700.0);
    const int n = b.start->n, g = sg_md_freedom(b.md);
    const double kT = SG_KB * opt.temperature_K, expected = 0.5 * g * kT;
    int n_zr = 0;
    for (int i = 0; i < n; i++)
        n_zr += b.start->type[i];
    assert_int_equal(sg_md_run(b.md, 500), SG_OK);
    for (int k = 0; k < BLOCKS * SAMPLES; k++) {
        assert_int_equal(sg_md_run(b.md, STEPS), SG_OK);
        const double kinetic = sg_md_now(b.md).kinetic;
        of_block[k / SAMPLES] += kinetic / SAMPLES;
        square += (kinetic - expected) * (kinetic - expected) / (BLOCKS * SAMPLES);
        for (int i = 0; i < n; i++) {
            const double *const v = sg_md_velocities(b.md)[i];
            const double m = b.start->species.mass[b.start->type[i]] * SG_AMU_A2_PER_PS2_EV;
            if (b.start->type[i]) zr += 0.5 * m * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
            x += 0.5 * m * v[0] * v[0];
        }
    }
    for (int k = 0; k < BLOCKS; k++)
        mean += of_block[k] / BLOCKS;
    for (int k = 0; k < BLOCKS; k++)
        spread += (of_block[k] - mean) * (of_block[k] - mean) / (BLOCKS - 1);
    const double error = sqrt(spread / BLOCKS);
    zr /= BLOCKS * SAMPLES * (1.5 * n_zr * kT) * (1.0 - 1.0 / n);
    x /= BLOCKS * SAMPLES * (0.5 * n * kT) * (1.0 - 1.0 / n);
    const double ratio = square / (expected * kT);
    print_message(
        "mean %.4f +- %.4f of %.4f eV, variance %.3f of the canonical one, Zr %.4f, x %.4f of their share\n",
        mean, error, expected, ratio, zr, x);
    assert_true(fabs(mean - expected) < 4.0 * error + 1e-3 * expected); /* the time step's own error */
    assert_true(fabs(ratio - 1.0) < 0.25); /* some 200 independent energies: 0.1 */
    assert_true(fabs(zr - 1.0) < 0.03 && fabs(x - 1.0) < 0.03);
    md_end(&b);
}

static void test_chain_is_canonical(void **state)
{
    (void)state;
    canonical(SG_MD_NVT_CHAIN);
}

static void test_rescaled_crystal_is_canonical(void **state)
{
    (void)state;
    canonical(SG_MD_NVT_RESCALE);
}

/* A gas of n atoms without a momentum of its own: the density of its volume is V^(n-1) exp(-P V / kT), also
 * when the shape of the cell is free; and by parts, <V (P_aa - P)> is what the measure of cells says. */
static void volumes(sg_md_ensemble ensemble, const double expected[6])
{
    enum { ATOMS = 8, N = 400, STEPS = 500 };
    static double volume[N];
    sg_md_options opt = sg_md_defaults();
    double excess[6] = {0}, square[6] = {0};

    opt.ensemble = ensemble;
    opt.temperature_K = 300.0;
    opt.pressure_GPa = 0.1;
    opt.timestep_ps = 0.0005;
    opt.damping_ps = 0.02;
    opt.compressibility_per_GPa = 10.0;
    opt.pressure_damping_ps = 0.2;
    opt.pressure_every = 1;
    const double kT = SG_KB * opt.temperature_K, cell = ATOMS * kT / opt.pressure_GPa * SG_GPA_PER_EV_A3;
    md_sample b = gas(ATOMS, &opt, cbrt(cell));
    for (int k = 0; k < N * STEPS; k++) {
        if (sg_md_run(b.md, 1) != SG_OK) fail_msg("%s", sg_error_text());
        const sg_md_sample s = sg_md_now(b.md);
        for (int a = 0; a < 6; a++) {
            const double e =
                (-s.stress_GPa[a] - (a < 3 ? opt.pressure_GPa : 0.0)) * s.volume / SG_GPA_PER_EV_A3 / kT;
            excess[a] += e / (N * STEPS);
            square[a] += e * e / (N * STEPS);
        }
        volume[k / STEPS] = s.volume;
    }
    const double d = smirnov(N, volume, ATOMS, kT / opt.pressure_GPa * SG_GPA_PER_EV_A3);
    print_message("volumes: D sqrt(n) = %.2f; <V (P_ab - P)> / kT = %.2f %.2f %.2f %.2f %.2f %.2f\n", d,
                  excess[0], excess[1], excess[2], excess[3], excess[4], excess[5]);
    assert_true(d < SMIRNOV_99);
    for (int a = 0; a < 6; a++)
        assert_true(isnan(expected[a]) || fabs(excess[a] - expected[a]) < 4.0 * sqrt(square[a] / N));
    md_end(&b);
}

static void test_volumes_of_a_gas(void **state)
{
    (void)state;
    const double expected[6] = {NAN, NAN, NAN, NAN, NAN, NAN};
    volumes(SG_MD_NPT_ISO, expected);
}

static void test_volumes_of_a_gas_in_a_cell_of_any_shape(void **state)
{
    (void)state;
    const double expected[6] = {-3.0, -1.0, 1.0, 0.0, 0.0, 0.0};
    volumes(SG_MD_NPT_SHEAR, expected);
}

static void test_cell_keeps_its_imposed_strain(void **state)
{
    (void)state;
    for (int e = SG_MD_NPT_ISO; e <= SG_MD_NPT_SHEAR; e++) {
        sg_md_options opt = sg_md_defaults();
        opt.ensemble = (sg_md_ensemble)e;
        opt.pressure_GPa = 2.0;
        md_sample b = md_start(&opt, 600.0);
        const sg_cell *const cell = &sg_md_system(b.md)->cell, *const before = &b.start->cell;
        assert_int_equal(sg_md_run(b.md, 3000), SG_OK);
        assert_true(cell->gamma == before->gamma);
        assert_true(fabs(cell->volume - before->volume) > 0.002 * before->volume);
        for (int i = 0; i < 3; i++)
            for (int k = 0; k < 3; k++) {
                assert_true(fabs(cell->h[i][k] - cell->h0[i][k] -
                                 (k == 0 ? cell->gamma * cell->h0[i][1] : 0.0)) < 1e-12);
                const double ratio = cell->h[i][k] / before->h[i][k] / (cell->h[0][0] / before->h[0][0]);
                if (e == SG_MD_NPT_ISO && k <= i && before->h[i][k] != 0.0)
                    assert_true(fabs(ratio - 1.0) < 1e-9);
            }
        md_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rescaling_is_canonical_and_forgets_at_its_rate),
        cmocka_unit_test(test_chain_is_canonical),
        cmocka_unit_test(test_rescaled_crystal_is_canonical),
        cmocka_unit_test(test_volumes_of_a_gas),
        cmocka_unit_test(test_volumes_of_a_gas_in_a_cell_of_any_shape),
        cmocka_unit_test(test_cell_keeps_its_imposed_strain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
