/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Relaxation: converged gradients, energies that never rise, minima that LAMMPS finds too, ways to stop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "configurations.h"
#include "slowglass/minimize.h"

static const char *const cu_zr[] = {"Cu", "Zr"};
static const char LJ[] = "lj:0.2,2.6,6.5,0.25,2.8,7,0.3,2.9,7.5";
static const char EAM[] = "eam/fs:CuZr_mm.eam.fs";

typedef struct fixture {
    sg_potential *pot;
    sg_potential_work *work;
    sg_system *sys;
    double (*f)[3];
} fixture;

static void begin(fixture *t, const char *spec, sg_system *sys)
{
    assert_non_null(sys);
    assert_int_equal(sg_potential_create(spec, NULL, 2, cu_zr, &t->pot), SG_OK);
    assert_int_equal(sg_potential_work_create(t->pot, &t->work), SG_OK);
    t->sys = sys;
    t->f = calloc((size_t)sys->n, sizeof *t->f);
}

static void end(fixture *t)
{
    free(t->f);
    sg_system_free(t->sys);
    sg_potential_work_free(t->work);
    sg_potential_free(t->pot);
}

static sg_system *crystal(uint64_t seed)
{
    return perturbed_fcc(3, 3.75, 0.1, 0.03, 0.08, 0.04, 2, cu_zr, seed);
}

/* Largest force from a fresh list at the end of a relaxation. */
static double fresh_force(fixture *t, const sg_atom_set *set, double *energy)
{
    sg_forces out = {.f = t->f};
    sg_potential_work_reset(t->work);
    assert_int_equal(sg_potential_compute(t->pot, t->work, t->sys, set, &out), SG_OK);
    *energy = out.energy;
    return sg_force_max(t->sys, set, (const double(*)[3])t->f);
}

typedef struct { double last; int steps, rose, stop_at; } watch;

static int watch_energy(void *arg, const sg_system *sys, double energy, double f_max)
{
    watch *const w = arg;
    (void)sys;
    assert_true(f_max > 0.0);
    w->rose += w->steps > 0 && energy > w->last + 1e-12 * fabs(w->last);
    w->last = energy;
    return ++w->steps == w->stop_at;
}

static void relax_and_check(const char *spec, double f_max)
{
    fixture t;
    watch w = {0};
    double energy;
    sg_minimize_result res;
    sg_minimize_options opt = sg_minimize_defaults();

    begin(&t, spec, crystal(1));
    opt.monitor = watch_energy;
    opt.monitor_arg = &w;
    opt.f_max = f_max;
    assert_int_equal(sg_minimize(t.pot, t.work, t.sys, NULL, &opt, &res), SG_OK);
    print_message("%s to %g eV/Å: %d calls, %d steps\n", spec, f_max, res.force_calls, res.steps);
    assert_int_equal(res.stop, SG_STOP_CONVERGED);
    assert_false(res.used_fire);
    assert_int_equal(w.rose, 0);
    assert_int_equal(w.steps, res.steps);
    assert_int_equal(sg_potential_calls(t.work)->full, res.force_calls);
    assert_true(fresh_force(&t, NULL, &energy) <= f_max * 1.0000001 + 1e-12);
    assert_true(fabs(energy - res.energy) < 1e-10);
    end(&t);
}

static void test_converges_downhill(void **state)
{
    (void)state;
    relax_and_check(LJ, 1e-4);
    relax_and_check(EAM, 1e-4);
    relax_and_check(LJ, 1e-9);
    relax_and_check(EAM, 1e-9);
}

static void test_same_minimum_as_lammps(void **state)
{
    fixture t;
    reference ref = {0};
    sg_minimize_result res;
    sg_minimize_options opt = sg_minimize_defaults();

    (void)state;
    if (!have_lammps()) {
        print_message("skipped: no program lmp to compare with\n");
        skip();
    }
    begin(&t, EAM, crystal(2));
    assert_int_equal(lammps(t.sys, "pair_style eam/fs\npair_coeff * * /usr/share/lammps/potentials/CuZr_mm.eam.fs Cu Zr",
                            "minimize 0 1e-8 5000 5000", &ref), 0);
    opt.f_max = 1e-7;
    assert_int_equal(sg_minimize(t.pot, t.work, t.sys, NULL, &opt, &res), SG_OK);
    print_message("energies %.12g and %.12g eV\n", res.energy, ref.energy);
    assert_true(fabs(res.energy - ref.energy) < 1e-7);
    reference_clear(&ref);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_converges_downhill),
        cmocka_unit_test(test_same_minimum_as_lammps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
