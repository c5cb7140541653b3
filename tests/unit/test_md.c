/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Molecular dynamics: the order of the integrator, an oscillator, conservation laws, reversal, restart,
 * refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "md_samples.h"

/* The temperature goes to `end_K` over the second half. */
static double worst_error(sg_md_ensemble ensemble, double dt, double end_K)
{
    sg_md_options opt = sg_md_defaults();
    double worst = 0.0;

    opt.ensemble = ensemble;
    opt.timestep_ps = dt;
    opt.temperature_K = 300.0;
    md_sample b = md_start(&opt, 300.0);
    const double before = sg_md_now(b.md).conserved;
    for (int k = 0; k < (int)lrint(0.4 / dt); k++) {
        if (k == (int)lrint(0.2 / dt)) sg_md_set_ramp(b.md, end_K, 0.0, (int)lrint(0.2 / dt));
        assert_int_equal(sg_md_run(b.md, 1), SG_OK);
        worst = fmax(worst, fabs(sg_md_now(b.md).conserved - before));
    }
    md_end(&b);
    return worst;
}

static void second_order(sg_md_ensemble ensemble)
{
    const double coarse = worst_error(ensemble, 0.004, 900.0), fine = worst_error(ensemble, 0.002, 900.0);
    const double finer = worst_error(ensemble, 0.001, 900.0);

    print_message("conserved quantity off by %.3g, %.3g, %.3g eV at 4, 2, 1 fs\n", coarse, fine, finer);
    assert_true(fabs(coarse / fine - 4.0) < 0.4);
    assert_true(fabs(fine / finer - 4.0) < 0.4);
}

static void test_energy_error_falls_with_the_square_of_the_time_step(void **state)
{
    (void)state;
    second_order(SG_MD_NVE);
}

static void test_the_chains_extended_energy_is_as_good(void **state)
{
    (void)state;
    second_order(SG_MD_NVT_CHAIN);
    sg_md_options opt = sg_md_defaults();
    opt.ensemble = SG_MD_NVT_CHAIN;
    md_sample b = md_start(&opt, 300.0);
    assert_int_equal(sg_md_run(b.md, 200), SG_OK);
    const double before = sg_md_now(b.md).conserved;
    sg_md_set_target(b.md, 3000.0, 0.0);
    assert_true(fabs(sg_md_now(b.md).conserved - before) < 1e-10);
    md_end(&b);
}

static void test_rescalings_effective_energy_is_as_good(void **state)
{
    (void)state; /* noise differs with the time step, so only the size is compared */
    assert_true(worst_error(SG_MD_NVT_RESCALE, 0.001, 900.0) < 2.0 * worst_error(SG_MD_NVE, 0.001, 900.0));
    assert_true(worst_error(SG_MD_NPT_ISO, 0.001, 900.0) < 2.0 * worst_error(SG_MD_NVE, 0.001, 900.0));
    assert_true(worst_error(SG_MD_NPT_SHEAR, 0.001, 900.0) < 2.0 * worst_error(SG_MD_NVE, 0.001, 900.0));
}

/* One atom on a spring, the other end being held: with velocity Verlet the phase advances by w per step,
 * where sin(w / 2) = omega dt / 2. */
static void test_oscillator_advances_by_the_known_phase(void **state)
{
    (void)state;
    static const char *const cu[] = {"Cu"};
    const double depth = 0.5, alpha = 1.5, r0 = 2.5, amplitude = 1e-6, dt = 0.005;
    const double h0[3][3] = {{20, 0, 0}, {0, 20, 0}, {0, 0, 20}};
    static const int open[3] = {0, 0, 0};
    sg_potential *pot = NULL;
    sg_system *s = NULL;
    sg_md *md = NULL;
    sg_md_options opt = sg_md_defaults();

    opt.ensemble = SG_MD_NVE;
    opt.timestep_ps = dt;
    assert_int_equal(sg_potential_create("morse:0.5,1.5,2.5,8", NULL, 1, cu, &pot), SG_OK);
    assert_int_equal(sg_system_create(2, &s), SG_OK);
    assert_int_equal(sg_cell_init(&s->cell, h0, 0.0, open), SG_OK);
    assert_int_equal(sg_species_init(&s->species, 1, cu), SG_OK);
    s->fixed[0] = 1;
    s->n_fixed = 1;
    s->x[1][0] = r0 + amplitude;
    assert_int_equal(sg_md_create(pot, s, &opt, &md), SG_OK);
    assert_int_equal(sg_md_freedom(md), 3);
    const double omega =
        sqrt(2.0 * depth * alpha * alpha / (s->species.mass[0] * SG_AMU_A2_PER_PS2_EV)); /* 1/ps */
    const double phase = 2.0 * asin(0.5 * omega * dt);
    double worst = 0.0;
    for (int k = 1; k <= 1000; k++) {
        assert_int_equal(sg_md_run(md, 1), SG_OK);
        worst = fmax(worst, fabs(sg_md_system(md)->x[1][0] - r0 - amplitude * cos(k * phase)));
    }
    print_message("oscillator of %.3g periods: off by %.2g of its amplitude\n", 1000 * phase / (2 * SG_PI),
                  worst / amplitude);
    assert_true(worst < 1e-4 * amplitude);
    assert_true(sg_md_system(md)->x[0][0] == 0.0);
    sg_md_free(md);
    sg_system_free(s);
    sg_potential_free(pot);
}

static void test_momentum_stays_zero(void **state)
{
    (void)state;
    for (int e = SG_MD_NVE; e <= SG_MD_NPT_SHEAR; e++) {
        sg_md_options opt = sg_md_defaults();
        opt.ensemble = (sg_md_ensemble)e;
        md_sample b = md_start(&opt, 300.0);
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
        md_end(&b);
    }
}

static void test_time_runs_backwards(void **state)
{
    (void)state;
    sg_md_options opt = sg_md_defaults();
    opt.ensemble = SG_MD_NVE;
    md_sample b = md_start(&opt, 600.0);
    double(*v)[3] = calloc((size_t)b.start->n, sizeof *v), worst = 0.0, path = 0.0;

    assert_int_equal(sg_md_run(b.md, 300), SG_OK);
    for (int i = 0; i < b.start->n; i++)
        for (int a = 0; a < 3; a++) {
            v[i][a] = -sg_md_velocities(b.md)[i][a];
            path = fmax(path, fabs(sg_md_system(b.md)->x[i][a] - b.start->x[i][a]));
        }
    assert_int_equal(sg_md_set_velocities(b.md, (const double(*)[3])v), SG_OK);
    assert_int_equal(sg_md_run(b.md, 300), SG_OK);
    for (int i = 0; i < b.start->n; i++)
        for (int a = 0; a < 3; a++)
            worst = fmax(worst, fabs(sg_md_system(b.md)->x[i][a] - b.start->x[i][a]));
    print_message("went %.2g Å and came back to %.2g Å\n", path, worst);
    assert_true(path > 0.1 && worst < 1e-10);
    free(v);
    md_end(&b);
}

/* ---- one trajectory, however it is cut ---- */

static void same_state(const sg_md *a, const sg_md *b)
{
    const size_t n = (size_t)sg_md_system(a)->n;
    const sg_md_sample p = sg_md_now(a), q = sg_md_now(b);

    assert_memory_equal(sg_md_system(a)->x, sg_md_system(b)->x, n * 3 * sizeof(double));
    assert_memory_equal(sg_md_velocities(a), sg_md_velocities(b), n * 3 * sizeof(double));
    assert_memory_equal(&sg_md_system(a)->cell, &sg_md_system(b)->cell, sizeof(sg_cell));
    assert_memory_equal(&p, &q, sizeof p);
}

static void restart(const char *potential)
{
    for (int e = SG_MD_NVE; e <= SG_MD_NPT_SHEAR; e++) {
        sg_md_options opt = sg_md_defaults();
        unsigned char *bytes = NULL;
        size_t n = 0;
        sg_md *again = NULL;
        opt.ensemble = (sg_md_ensemble)e;
        opt.timestep_ps = 0.002;
        md_sample whole = md_start_with(potential, &opt, 1500.0),
                  part = md_start_with(potential, &opt, 1500.0);
        sg_md_set_ramp(whole.md, 900.0, 1.0, 150);
        sg_md_set_ramp(part.md, 900.0, 1.0, 150);
        assert_int_equal(sg_md_run(whole.md, 237), SG_OK);
        for (int k = 0; k < 3; k++)
            assert_int_equal(sg_md_run(part.md, 39), SG_OK);
        assert_int_equal(sg_md_save(part.md, &bytes, &n), SG_OK);
        assert_int_equal(sg_md_restore(part.pot, bytes, n, &again), SG_OK);
        same_state(part.md, again);
        assert_int_equal(sg_md_run(again, 120), SG_OK);
        same_state(whole.md, again);
        assert_int_equal(sg_md_draw_velocities(whole.md, 500.0), SG_OK);
        assert_int_equal(sg_md_draw_velocities(again, 500.0), SG_OK);
        assert_int_equal(sg_md_run(whole.md, 20), SG_OK);
        assert_int_equal(sg_md_run(again, 20), SG_OK);
        same_state(whole.md, again);
        sg_md_free(again);
        sg_free(bytes);
        md_end(&whole);
        md_end(&part);
    }
}

static void test_restart_goes_on_with_the_same_bits(void **state)
{
    (void)state;
    restart(md_lj);
}

static void test_restart_of_the_fast_kernels_too(void **state)
{
    (void)state;
    if (access(SG_POTENTIALS "/CuZr_mm.eam.fs", R_OK) != 0) skip();
    restart("eam/fs:" SG_POTENTIALS "/CuZr_mm.eam.fs");
}

static void test_runs_side_by_side_do_not_meet(void **state)
{
    (void)state;
    const sg_md_options opt = sg_md_defaults();
    md_sample alone = md_start(&opt, 900.0), pair[2] = {md_start(&opt, 900.0), md_start(&opt, 900.0)};
    sg_status st[2];

    assert_int_equal(sg_md_run(alone.md, 200), SG_OK);
#pragma omp parallel for num_threads(2)
    for (int k = 0; k < 2; k++)
        st[k] = sg_md_run(pair[k].md, 200);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(st[k], SG_OK);
        same_state(alone.md, pair[k].md);
        md_end(&pair[k]);
    }
    md_end(&alone);
}

static void test_streams_and_draws_differ(void **state)
{
    (void)state;
    sg_md_options opt = sg_md_defaults();
    md_sample a = md_start(&opt, 300.0);
    opt.stream = 1;
    md_sample b = md_start(&opt, 300.0);
    const double first = sg_md_velocities(a.md)[0][0];

    assert_true(first != sg_md_velocities(b.md)[0][0]);
    assert_int_equal(sg_md_draw_velocities(a.md, 300.0), SG_OK);
    assert_true(first != sg_md_velocities(a.md)[0][0]);
    md_end(&a);
    md_end(&b);
}

/* ---- refusals ---- */

static void refused(sg_status got, sg_status expected, const char *part)
{
    if (got != expected || !strstr(sg_error_text(), part))
        print_message("expected \"%s\": %s\n", part, sg_error_text());
    assert_int_equal(got, expected);
    assert_non_null(strstr(sg_error_text(), part));
}

static void test_long_time_step_is_stopped(void **state)
{
    (void)state;
    sg_md_options opt = sg_md_defaults();

    opt.ensemble = SG_MD_NVE;
    opt.timestep_ps = 0.2;
    md_sample b = md_start(&opt, 3000.0);
    refused(sg_md_run(b.md, 1000), SG_ENUMERIC, "step 1: atom id ");
    assert_non_null(strstr(sg_error_text(), "eV, temperature "));
    md_end(&b);
    opt.timestep_ps = 0.06; /* beyond stability, but no atom is thrown far at first */
    opt.ensemble = SG_MD_NVT_RESCALE;
    b = md_start(&opt, 1.0);
    refused(sg_md_run(b.md, 1000), SG_ENUMERIC, "The time step is too long");
    assert_non_null(strstr(sg_error_text(), "atom id"));
    md_end(&b);
}

static void test_atoms_on_top_of_one_another_are_stopped(void **state)
{
    (void)state;
    sg_md_options opt = sg_md_defaults();
    sg_system *s = NULL;
    md_sample b = md_start(&opt, 300.0);

    assert_int_equal(sg_system_copy(b.start, &s), SG_OK);
    for (int a = 0; a < 3; a++)
        s->x[7][a] = s->x[3][a] + 0.1;
    assert_int_equal(sg_md_replace(b.md, s), SG_OK);
    refused(sg_md_run(b.md, 10), SG_ENUMERIC, "step 1: atom id ");
    sg_system_free(s);
    md_end(&b);
}

static void test_options_are_checked(void **state)
{
    (void)state;
    sg_md_options opt = sg_md_defaults();
    md_sample b = md_start(&opt, 0.0);
    sg_md *md = NULL;

    opt.timestep_ps = 0.0;
    refused(sg_md_create(b.pot, b.start, &opt, &md), SG_EINVAL, "time step 0 ps");
    opt = sg_md_defaults();
    opt.damping_ps = -1.0;
    refused(sg_md_create(b.pot, b.start, &opt, &md), SG_EINVAL, "damping -1 ps");
    opt = sg_md_defaults();
    opt.ensemble = SG_MD_NPT_ISO;
    b.start->cell.periodic[1] = 0;
    refused(sg_md_create(b.pot, b.start, &opt, &md), SG_EINVAL, "periodic along a, b and c; b is not");
    b.start->cell.periodic[1] = 1;
    b.start->species.mass[1] = 0.0;
    refused(sg_md_create(b.pot, b.start, &opt, &md), SG_EINVAL, "Zr: mass 0 amu");
    b.start->species.mass[1] = 91.0;
    memset(b.start->fixed, 1, (size_t)b.start->n);
    b.start->n_fixed = b.start->n;
    refused(sg_md_create(b.pot, b.start, &opt, &md), SG_EINVAL, "nothing that can move");
    refused(sg_md_draw_velocities(b.md, -5.0), SG_EINVAL, "-5 K");
    md_end(&b);
}

static void test_restart_of_another_run_is_refused(void **state)
{
    (void)state;
    static const char *const zr_cu[] = {"Zr", "Cu"};
    const sg_md_options opt = sg_md_defaults();
    md_sample b = md_start(&opt, 300.0);
    unsigned char *bytes = NULL;
    size_t n = 0;
    sg_potential *other = NULL;
    sg_system *s = NULL;
    sg_md *md = NULL;

    assert_int_equal(sg_md_save(b.md, &bytes, &n), SG_OK);
    assert_int_equal(sg_potential_create("lj:0.2,2.6,6.5,0.25,2.8,7,0.3,2.9,7.6", NULL, 2, cu_zr, &other),
                     SG_OK);
    refused(sg_md_restore(other, bytes, n, &md), SG_EMISMATCH, "made with potential");
    assert_null(md);
    sg_potential_free(other);
    assert_int_equal(sg_potential_create(md_lj, NULL, 2, zr_cu, &other), SG_OK);
    refused(sg_md_restore(other, bytes, n, &md), SG_EMISMATCH, "atom type 1 is Cu");
    sg_potential_free(other);
    bytes[n / 2] ^= 1;
    refused(sg_md_restore(b.pot, bytes, n, &md), SG_ECORRUPT, "checksum");
    bytes[n / 2] ^= 1;
    refused(sg_md_restore(b.pot, bytes, n - 8, &md), SG_ECORRUPT, "bytes");
    bytes[8]++;
    refused(sg_md_restore(b.pot, bytes, n, &md), SG_EUNSUPPORTED, "version 2");
    bytes[0]++;
    refused(sg_md_restore(b.pot, bytes, n, &md), SG_ECORRUPT, "not the restart");
    assert_int_equal(sg_md_check_system(b.md, b.start), SG_OK);
    assert_int_equal(sg_system_copy(b.start, &s), SG_OK);
    s->type[4] = 1 - s->type[4];
    refused(sg_md_check_system(b.md, s), SG_EMISMATCH, "atom id 5 has type");
    sg_system_free(s);
    s = perturbed_fcc(2, 4.1, 0.1, 0.03, 0.02, 0.4, 2, cu_zr, 1);
    refused(sg_md_check_system(b.md, s), SG_EMISMATCH, "32 atoms, expected 108");
    refused(sg_md_replace(b.md, s), SG_EMISMATCH, "32 atoms, expected 108");
    sg_system_free(s);
    sg_free(bytes);
    md_end(&b);
}

static void test_interrupted_run_ends_between_steps(void **state)
{
    (void)state; /* last: the request cannot be taken back */
    const sg_md_options opt = sg_md_defaults();
    md_sample a = md_start(&opt, 300.0), b = md_start(&opt, 300.0);

    assert_int_equal(sg_md_run(a.md, 30), SG_OK);
    assert_int_equal(sg_md_run(b.md, 30), SG_OK);
    sg_interrupt_request();
    refused(sg_md_run(a.md, 1000), SG_EINTERRUPTED, "step 30");
    same_state(a.md, b.md);
    md_end(&a);
    md_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_energy_error_falls_with_the_square_of_the_time_step),
        cmocka_unit_test(test_the_chains_extended_energy_is_as_good),
        cmocka_unit_test(test_rescalings_effective_energy_is_as_good),
        cmocka_unit_test(test_oscillator_advances_by_the_known_phase),
        cmocka_unit_test(test_momentum_stays_zero),
        cmocka_unit_test(test_time_runs_backwards),
        cmocka_unit_test(test_restart_goes_on_with_the_same_bits),
        cmocka_unit_test(test_restart_of_the_fast_kernels_too),
        cmocka_unit_test(test_runs_side_by_side_do_not_meet),
        cmocka_unit_test(test_streams_and_draws_differ),
        cmocka_unit_test(test_long_time_step_is_stopped),
        cmocka_unit_test(test_atoms_on_top_of_one_another_are_stopped),
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test(test_restart_of_another_run_is_refused),
        cmocka_unit_test(test_interrupted_run_ends_between_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
