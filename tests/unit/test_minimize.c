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

typedef struct {
    double last;
    int steps, rose, stop_at;
} watch;

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
    assert_int_equal(
        lammps(t.sys, "pair_style eam/fs\npair_coeff * * /usr/share/lammps/potentials/CuZr_mm.eam.fs Cu Zr",
               "minimize 0 1e-8 5000 5000", &ref),
        0);
    opt.f_max = 1e-7;
    assert_int_equal(sg_minimize(t.pot, t.work, t.sys, NULL, &opt, &res), SG_OK);
    print_message("energies %.12g and %.12g eV\n", res.energy, ref.energy);
    assert_true(fabs(res.energy - ref.energy) < 1e-7);
    reference_clear(&ref);
    end(&t);
}

static void test_fixed_atoms_stay(void **state)
{
    fixture t;
    double energy;
    sg_minimize_result res;
    const sg_minimize_options opt = sg_minimize_defaults();

    (void)state;
    begin(&t, EAM, crystal(3));
    double(*const before)[3] = malloc((size_t)t.sys->n * sizeof *before);
    for (int i = 0; i < t.sys->n; i += 3, t.sys->n_fixed++)
        t.sys->fixed[i] = 1;
    memcpy(before, t.sys->x, (size_t)t.sys->n * sizeof *before);
    assert_int_equal(sg_minimize(t.pot, t.work, t.sys, NULL, &opt, &res), SG_OK);
    assert_int_equal(res.stop, SG_STOP_CONVERGED);
    assert_true(fresh_force(&t, NULL, &energy) <= 1e-4 * 1.0000001);
    assert_true(fabs(t.f[0][0]) > 1e-3); /* a fixed atom carries its true force */
    for (int i = 0; i < t.sys->n; i++)
        assert_int_equal(memcmp(before[i], t.sys->x[i], sizeof before[i]) == 0, t.sys->fixed[i]);
    free(before);
    end(&t);
}

static void test_free_set(void **state)
{
    fixture t;
    int atom[40];
    unsigned char member[108] = {0};
    double energy;
    sg_minimize_result res;
    const sg_minimize_options opt = sg_minimize_defaults();
    sg_atom_set set = {.atom = atom, .member = member};

    (void)state;
    begin(&t, EAM, crystal(4));
    double(*const before)[3] = malloc((size_t)t.sys->n * sizeof *before);
    memcpy(before, t.sys->x, (size_t)t.sys->n * sizeof *before);
    for (int i = 30; i < 70; i++) {
        atom[set.n++] = i;
        member[i] = 1;
    }
    t.sys->fixed[40] = 1; /* in the set, but fixed */
    assert_int_equal(sg_minimize(t.pot, t.work, t.sys, &set, &opt, &res), SG_OK);
    assert_int_equal(res.stop, SG_STOP_CONVERGED);
    assert_true(isnan(res.virial[0]));
    assert_int_equal(sg_potential_calls(t.work)->free_set, res.force_calls);
    for (int i = 0; i < t.sys->n; i++)
        assert_int_equal(memcmp(before[i], t.sys->x[i], sizeof before[i]) != 0, member[i] && i != 40);
    assert_true(fresh_force(&t, &set, &energy) <= 1e-4 * 1.0000001);
    /* the same with all atoms computed: forces on the free atoms and the energy are those of the whole system
     */
    sg_forces out = {.f = t.f};
    assert_int_equal(sg_potential_compute(t.pot, t.work, t.sys, NULL, &out), SG_OK);
    assert_true(sg_force_max(t.sys, &set, (const double(*)[3])t.f) <= 1e-4 * 1.0000001);
    assert_true(sg_force_max(t.sys, NULL, (const double(*)[3])t.f) > 1e-3);
    assert_true(fabs(out.energy - res.energy) < 1e-10);
    free(before);
    end(&t);
}

static void test_ways_to_stop(void **state)
{
    fixture t;
    watch w = {.stop_at = 5};
    sg_minimize_result res;
    sg_minimize_options opt = sg_minimize_defaults();

    (void)state;
    begin(&t, EAM, crystal(5));
    opt.monitor = watch_energy;
    opt.monitor_arg = &w;
    assert_int_equal(sg_minimize(t.pot, t.work, t.sys, NULL, &opt, &res), SG_OK);
    assert_int_equal(res.stop, SG_STOP_MONITOR);
    assert_int_equal(res.steps, 5);
    assert_true(res.energy == w.last);
    assert_true(fabs(energy_of(t.pot, t.sys) - res.energy) < 1e-10); /* positions belong to the result */
    opt.monitor = NULL;
    for (opt.max_calls = 1; opt.max_calls < 8; opt.max_calls++) {
        assert_int_equal(sg_minimize(t.pot, t.work, t.sys, NULL, &opt, &res), SG_OK);
        assert_int_equal(res.stop, SG_STOP_MAX_STEPS);
        assert_int_equal(res.force_calls, opt.max_calls);
        assert_true(fabs(energy_of(t.pot, t.sys) - res.energy) < 1e-10);
    }
    opt = sg_minimize_defaults();
    assert_int_equal(sg_minimize(t.pot, t.work, t.sys, NULL, &opt, &res), SG_OK);
    assert_int_equal(res.stop, SG_STOP_CONVERGED);
    const double e = res.energy;
    assert_int_equal(sg_minimize(t.pot, t.work, t.sys, NULL, &opt, &res), SG_OK);
    assert_int_equal(res.stop, SG_STOP_CONVERGED); /* already there */
    assert_int_equal(res.steps, 0);
    assert_int_equal(res.force_calls, 1);
    assert_true(fabs(res.energy - e) < 1e-10);
    opt.f_max = 1e-30; /* below rounding: it must end, and where it was */
    opt.max_calls = 3000;
    assert_int_equal(sg_minimize(t.pot, t.work, t.sys, NULL, &opt, &res), SG_OK);
    assert_true(res.stop == SG_STOP_STALLED || res.stop == SG_STOP_MAX_STEPS);
    assert_true(res.energy <= e + 1e-10 && res.f_max < 1e-4);
    opt.f_max = 0.0;
    assert_int_equal(sg_minimize(t.pot, t.work, t.sys, NULL, &opt, &res), SG_EINVAL);
    end(&t);
}

static void test_last_virial(void **state)
{
    fixture t;
    sg_minimize_result res;
    sg_minimize_options opt = sg_minimize_defaults();

    (void)state;
    begin(&t, EAM, crystal(6));
    sg_forces out = {.f = t.f};
    opt.max_calls = 9;
    assert_int_equal(sg_minimize(t.pot, t.work, t.sys, NULL, &opt, &res), SG_OK);
    sg_potential_work_reset(t.work);
    assert_int_equal(sg_potential_compute(t.pot, t.work, t.sys, NULL, &out), SG_OK);
    for (int k = 0; k < 6; k++)
        assert_true(fabs(res.virial[k] - out.virial[k]) < 1e-9);
    end(&t);
}

static void test_from_far_away(void **state)
{
    fixture t;
    double energy;
    sg_minimize_result res;
    sg_minimize_options opt = sg_minimize_defaults();

    (void)state; /* atoms nearly on top of one another: steep, and no spring is known */
    for (int k = 0; k < 2; k++) {
        begin(&t, k ? EAM : LJ, perturbed_fcc(3, 4.1, 0.1, 0.03, 0.8, 0.4, 2, cu_zr, 7));
        assert_int_equal(sg_minimize(t.pot, t.work, t.sys, NULL, &opt, &res), SG_OK);
        print_message("from far away: %d calls, stop %d, fire %d, %g eV\n", res.force_calls, (int)res.stop,
                      res.used_fire, res.energy);
        assert_int_equal(res.stop, SG_STOP_CONVERGED);
        assert_true(fresh_force(&t, NULL, &energy) <= 1e-4 * 1.0000001);
        end(&t);
    }
}

static void test_not_finite_from_the_start(void **state)
{
    fixture t;
    sg_minimize_result res;
    const sg_minimize_options opt = sg_minimize_defaults();

    (void)state;
    begin(&t, EAM, crystal(8));
    assert_int_equal(sg_potential_set_kernel(t.pot, "plain"),
                     SG_OK); /* the tables of the others end below 0.5 Å */
    memcpy(t.sys->x[1], t.sys->x[0], sizeof t.sys->x[0]);
    const uint64_t before = sg_system_hash(t.sys);
    assert_int_equal(sg_minimize(t.pot, t.work, t.sys, NULL, &opt, &res), SG_ENUMERIC);
    assert_true(sg_system_hash(t.sys) == before);
    end(&t);
}

/* ---- a surface that quasi-Newton steps cannot go down: the energy lies about the forces ---- */

typedef struct {
    sg_potential base;
    int calls;
} bowl;

/* Harmonic forces on each atom, and an energy that jumps up at random: L-BFGS refuses, FIRE does not look at
 * it. */
static sg_status bowl_compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                              const sg_atom_set *free_atoms, sg_forces *out)
{
    (void)work;
    (void)free_atoms;
    out->energy = ++((bowl *)(uintptr_t)self)->calls;
    memset(out->virial, 0, sizeof out->virial);
    for (int i = 0; i < sys->n; i++)
        for (int a = 0; a < 3; a++)
            out->f[i][a] = -(a + 1.0) * (sys->x[i][a] - i);
    return SG_OK;
}

static void bowl_free(sg_potential *self)
{
    (void)self;
}

static void test_fire_takes_over(void **state)
{
    static const sg_potential_ops ops = {.name = "bowl", .compute = bowl_compute, .free = bowl_free};
    bowl b = {.base = {.ops = &ops, .cutoff = 1.0}};
    sg_system *s = crystal(9);
    sg_potential_work *work = NULL;
    sg_minimize_result res;
    const sg_minimize_options opt = sg_minimize_defaults();

    (void)state;
    assert_int_equal(sg_potential_work_create(&b.base, &work), SG_OK);
    assert_int_equal(sg_minimize(&b.base, work, s, NULL, &opt, &res), SG_OK);
    assert_int_equal(res.stop, SG_STOP_CONVERGED);
    assert_true(res.used_fire);
    for (int i = 0; i < s->n; i++)
        for (int a = 0; a < 3; a++)
            assert_true(fabs(s->x[i][a] - i) <= 1e-4);
    sg_potential_work_free(work);
    sg_system_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_converges_downhill), cmocka_unit_test(test_same_minimum_as_lammps),
        cmocka_unit_test(test_fixed_atoms_stay),   cmocka_unit_test(test_free_set),
        cmocka_unit_test(test_ways_to_stop),       cmocka_unit_test(test_last_virial),
        cmocka_unit_test(test_from_far_away),      cmocka_unit_test(test_not_finite_from_the_start),
        cmocka_unit_test(test_fire_takes_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
