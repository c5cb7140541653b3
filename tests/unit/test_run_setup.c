/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From settings to options: the window of barriers against its formula, the order of precedence of bond
 * cutoffs, the header's order of elements, and what may change on resume. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "slowglass/run.h"

/* Zr on the corners and Cu in the middle of cubes of 3.26 Å: first distances 2.82 (Cu-Zr), 3.26 (like pairs).
 */
static sg_system *make_crystal(void)
{
    enum { M = 4 };
    static const char *const symbols[] = {"Zr", "Cu"}; /* not in the order of atomic numbers */
    const double a = 3.26, h0[3][3] = {{M * a, 0, 0}, {0, M * a, 0}, {0, 0, M * a}};
    const int periodic[3] = {1, 1, 1};
    sg_system *sys;
    int k = 0;

    assert_int_equal(sg_system_create(2 * M * M * M, &sys), SG_OK);
    assert_int_equal(sg_species_init(&sys->species, 2, symbols), SG_OK);
    assert_int_equal(sg_cell_init(&sys->cell, h0, 0, periodic), SG_OK);
    for (int x = 0; x < M; x++)
        for (int y = 0; y < M; y++)
            for (int z = 0; z < M; z++)
                for (int b = 0; b < 2; b++, k++) {
                    const double shift = 0.5 * b;
                    sys->type[k] = b;
                    sys->x[k][0] = a * (x + shift);
                    sys->x[k][1] = a * (y + shift);
                    sys->x[k][2] = a * (z + shift);
                }
    return sys;
}

static sg_potential *make_potential(void)
{
    static const char *const symbols[] = {"Zr", "Cu"};
    const double pair[3][3] = {{0.2, 2.6, 6.0}, {0.2, 2.5, 6.0}, {0.2, 2.4, 6.0}};
    sg_potential *pot;
    assert_int_equal(sg_potential_create_lj(2, symbols, pair, &pot), SG_OK);
    return pot;
}

/* A default that is stated for run files and for the library is one number. */
static void search_defaults_are_those_of_the_library(void **state)
{
    const sg_saddle_options o = sg_saddle_defaults();
    sg_config cfg;

    (void)state;
    assert_int_equal(sg_config_defaults(&cfg), SG_OK);
    assert_true(cfg.search.local_radius_A == o.local_radius);
    assert_true(cfg.search.push_step_A == o.push_step);
    assert_true(cfg.search.curvature_out_eV_per_A2 == o.curvature_out);
    assert_true(cfg.search.max_climb_eV == o.climb_max);
    assert_true(cfg.search.force_local_eV_per_A == o.f_local);
    assert_true(cfg.search.force_saddle_eV_per_A == o.f_saddle);
    assert_true(cfg.search.force_minimum_eV_per_A == o.f_minimum);
    assert_int_equal(cfg.search.max_calls, o.max_calls);
    sg_config_clear(&cfg);
}

static void window_follows_its_formula(void **state)
{
    sg_config cfg;

    (void)state;
    assert_int_equal(sg_config_defaults(&cfg), SG_OK);
    assert_int_equal(sg_config_set(&cfg, "kmc.temperature_K=500"), SG_OK);
    assert_int_equal(sg_config_set(&cfg, "kmc.max_time_s=1e-3"), SG_OK);
    assert_int_equal(sg_config_set(&cfg, "kmc.prefactor_per_s=1e12"), SG_OK);
    assert_int_equal(sg_run_window(&cfg), SG_OK);
    /* an event at the window happens exp(-6) times in t_max */
    const double times = 1e12 * 1e-3 * exp(-cfg.search.barrier_max_eV / (8.617333262e-5 * 500));
    assert_true(fabs(times - exp(-6.0)) < 1e-9);
    assert_int_equal(sg_config_set(&cfg, "kmc.max_time_s=1"), SG_OK);
    const double kept = cfg.search.barrier_max_eV;
    assert_int_equal(sg_run_window(&cfg),
                     SG_OK); /* a window that stands is not moved by another stop criterion */
    assert_true(cfg.search.barrier_max_eV == kept);
    sg_config_clear(&cfg);
}

static void header_is_sorted_and_cutoffs_stay_with_their_pairs(void **state)
{
    sg_system *sys = make_crystal();
    sg_potential *pot = make_potential();
    sg_config cfg;
    sg_run_setup s;

    (void)state;
    assert_int_equal(sg_config_defaults(&cfg), SG_OK);
    assert_int_equal(sg_config_set(&cfg, "topology.cutoff_A=Cu-Cu 3.1 Cu-Zr 3.3 Zr-Zr 3.9"), SG_OK);
    assert_int_equal(sg_run_setup_make(&cfg, sys, pot, 1, NULL, &s), SG_OK);
    assert_int_equal(s.header.n_species, 2);
    assert_int_equal(s.header.number[0], 29);
    assert_int_equal(s.header.number[1], 40);
    assert_true(s.header.cutoff[0][0] == 3.1 && s.header.cutoff[1][1] == 3.9);
    assert_true(s.header.cutoff[0][1] == 3.3 && s.header.cutoff[1][0] == 3.3);
    assert_true(s.topology.cutoff[0][0] == 3.9 &&
                s.topology.cutoff[1][1] == 3.1); /* by the system's species */
    assert_true(s.header.fingerprint == pot->fingerprint);

    assert_int_equal(sg_config_set(&cfg, "topology.cutoff_A=Cu-Cu 3.1 Cu-Zr 3.3"), SG_OK);
    assert_int_equal(sg_run_setup_make(&cfg, sys, pot, 1, NULL, &s), SG_EINVAL);
    assert_non_null(strstr(sg_error_text(), "Zr-Zr"));
    sg_config_clear(&cfg);
    sg_potential_free(pot);
    sg_system_free(sys);
}

static void computed_cutoffs_are_written_down_and_read_back(void **state)
{
    sg_system *sys = make_crystal();
    sg_potential *pot = make_potential();
    sg_config cfg;
    sg_run_setup s, again;

    (void)state;
    assert_int_equal(sg_config_defaults(&cfg), SG_OK);
    assert_int_equal(sg_run_setup_make(&cfg, sys, pot, 3, NULL, &s), SG_OK);
    assert_int_equal(cfg.topology.cutoff_A.n, 3);
    for (int a = 0; a < 2; a++)
        for (int b = 0; b < 2; b++) {
            const double c = s.topology.cutoff[a][b], first = a == b ? 3.26 : 2.823,
                         second = a == b ? 4.61 : 5.41;
            assert_true(c > first && c < second);
            assert_true(fabs(c / 0.05 - round(c / 0.05)) < 1e-9);
        }
    sys->x[0][0] += 0.3; /* another structure, the settings as they were made */
    assert_int_equal(sg_run_setup_make(&cfg, sys, pot, 3, NULL, &again), SG_OK);
    assert_memory_equal(&again.topology.cutoff, &s.topology.cutoff, sizeof s.topology.cutoff);
    sg_config_clear(&cfg);
    sg_potential_free(pot);
    sg_system_free(sys);
}

static void a_run_keeps_its_kernel(void **state)
{
    static const char *const symbols[] = {"Zr", "Cu"};
    static const char *const asked[] = {"auto", "plain"};
    sg_system *sys = make_crystal();
    sg_potential *pot;
    sg_run_setup s;

    (void)state;
    assert_int_equal(sg_potential_create("eam/fs:CuZr_mm.eam.fs", NULL, 2, symbols, &pot), SG_OK);
    for (int k = 0; k < 2; k++) { /* what is written to run.ini is what computes */
        sg_config cfg;
        assert_int_equal(sg_potential_set_kernel(pot, asked[k]), SG_OK);
        assert_int_equal(sg_config_defaults(&cfg), SG_OK);
        assert_int_equal(sg_run_setup_make(&cfg, sys, pot, 1, NULL, &s), SG_OK);
        char *const kept = sg_config_value(&cfg, SG_KEY_potential_kernel);
        assert_string_equal(kept, sg_potential_kernel(pot));
        sg_free(kept);
        sg_config_clear(&cfg);
    }
    sg_potential_free(pot);
    sg_system_free(sys);
}

static void settings_reach_the_layers_below(void **state)
{
    static const char *const set[] = {
        "search.per_atom=7",       "search.max_at_start=11",     "search.max_per_step=-1",
        "search.batch=5",          "search.push_radius_A=2 3.5", "search.max_calls=1234",
        "topology.keep_A=0.04",    "topology.refine_A=0.2",      "kmc.seed=99",
        "basin.enable=no",         "kmc.max_time_s=0.5",         "search.force_minimum_eV_per_A=2e-4",
        "search.local_radius_A=9", "search.samplers=kick cubic", "search.give_up_above_eV=1.5"};
    sg_system *sys = make_crystal();
    sg_potential *pot = make_potential();
    sg_config cfg;
    sg_run_setup s;

    (void)state;
    assert_int_equal(sg_config_defaults(&cfg), SG_OK);
    for (size_t k = 0; k < sizeof set / sizeof *set; k++)
        assert_int_equal(sg_config_set(&cfg, set[k]), SG_OK);
    assert_int_equal(sg_run_setup_make(&cfg, sys, pot, 3, NULL, &s), SG_OK);
    assert_int_equal(s.explore.per_atom, 7);
    assert_int_equal(s.explore.max_at_start, 11);
    assert_int_equal(s.explore.max_per_step, -1);
    assert_int_equal(s.explore.batch, 5);
    assert_int_equal(s.explore.n_push_radii, 2);
    assert_true(s.explore.push_radius[1] == 3.5);
    assert_int_equal(s.explore.saddle.max_calls, 1234);
    assert_true(s.explore.saddle.f_minimum == 2e-4);
    assert_true(s.explore.saddle.local_radius == 9);
    assert_true(s.explore.keep == 0.04 && s.explore.refine == 0.2);
    assert_int_equal(s.explore.seed, 99);
    assert_int_equal(s.explore.threads, 3);
    assert_int_equal(s.kmc.seed, 99);
    assert_int_equal(s.kmc.basin, 0);
    assert_true(s.kmc.max_time == 0.5);
    assert_int_equal(s.explore.n_samplers, 2);
    assert_int_equal(s.explore.sampler[0], SG_SAMPLER_CUBIC);
    assert_int_equal(s.explore.sampler[1], SG_SAMPLER_KICK);
    assert_true(s.explore.saddle.window == 1.5);
    assert_int_equal(sg_config_set(&cfg, "search.samplers=adaptive"), SG_OK);
    assert_int_equal(sg_run_setup_make(&cfg, sys, pot, 3, NULL, &s), SG_OK);
    assert_int_equal(s.explore.n_samplers, 6);
    assert_int_equal(s.explore.sampler[0], SG_SAMPLER_LOCAL);
    assert_int_equal(sg_config_set(&cfg, "search.samplers=soft sofd"), SG_OK);
    assert_int_equal(sg_run_setup_make(&cfg, sys, pot, 3, NULL, &s), SG_EINVAL);
    assert_non_null(strstr(sg_error_text(), "sofd"));
    sg_config_clear(&cfg);
    sg_potential_free(pot);
    sg_system_free(sys);
}

/* Every key: stop criteria and what is drawn may differ, nothing else. */
static void only_stop_criteria_may_change(void **state)
{
    static const struct {
        const char *assignment;
        int allowed;
    } change[] = {{"kmc.max_steps=5", 1},    {"kmc.max_time_s=2", 1}, {"kmc.max_wall_s=3", 1},
                  {"output.picture=no", 1},  {"kmc.seed=2", 0},       {"strain.xy=0.01", 0},
                  {"search.batch=3", 0},     {"catalog.base=a", 0},   {"system.structure=b", 0},
                  {"output.snapshot=log", 0}};
    sg_config a, b;

    (void)state;
    for (size_t k = 0; k < sizeof change / sizeof *change; k++) {
        assert_int_equal(sg_config_defaults(&a), SG_OK);
        assert_int_equal(sg_config_defaults(&b), SG_OK);
        assert_int_equal(sg_config_set(&b, change[k].assignment), SG_OK);
        assert_int_equal(sg_run_compare_settings(&a, &b), change[k].allowed ? SG_OK : SG_EMISMATCH);
        sg_config_clear(&a);
        sg_config_clear(&b);
    }
}

/* Straining in steps ends at the strain asked for, relaxed, with the unstrained cell kept; in a crystal it is
 * affine. */
static void straining_a_crystal_is_affine(void **state)
{
    static const char *const symbols[] = {"Cu"};
    const double a = 3.7, h0[3][3] = {{3 * a, 0, 0}, {0, 3 * a, 0}, {0, 0, 3 * a}},
                 pair[1][3] = {{0.2, 2.338, 5.2}};
    const double basis[4][3] = {{0, 0, 0}, {0.5, 0.5, 0}, {0.5, 0, 0.5}, {0, 0.5, 0.5}};
    const int periodic[3] = {1, 1, 1};
    sg_system *sys, *affine;
    sg_potential *pot;
    double worst;

    (void)state;
    assert_int_equal(sg_system_create(108, &sys), SG_OK);
    assert_int_equal(sg_species_init(&sys->species, 1, symbols), SG_OK);
    assert_int_equal(sg_cell_init(&sys->cell, h0, 0, periodic), SG_OK);
    for (int k = 0; k < 108; k++) {
        const int cell[3] = {k / 4 % 3, k / 12 % 3, k / 36};
        for (int c = 0; c < 3; c++)
            sys->x[k][c] = a * (cell[c] + basis[k % 4][c]);
    }
    assert_int_equal(sg_potential_create_lj(1, symbols, pair, &pot), SG_OK);
    assert_int_equal(sg_system_copy(sys, &affine), SG_OK);
    assert_int_equal(sg_system_set_strain(affine, 0.0125), SG_OK);
    assert_int_equal(sg_run_strain(pot, sys, 0.0125, 1e-4, NULL), SG_OK);
    assert_true(sys->cell.gamma == 0.0125);
    assert_memory_equal(sys->cell.h0, h0, sizeof h0);
    worst =
        sg_system_displacement(sys, (const double(*)[3])affine->x, (const double(*)[3])sys->x, NULL, NULL);
    assert_true(worst < 1e-4);
    sg_potential_free(pot);
    sg_system_free(affine);
    sg_system_free(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_defaults_are_those_of_the_library),
        cmocka_unit_test(window_follows_its_formula),
        cmocka_unit_test(header_is_sorted_and_cutoffs_stay_with_their_pairs),
        cmocka_unit_test(computed_cutoffs_are_written_down_and_read_back),
        cmocka_unit_test(a_run_keeps_its_kernel),
        cmocka_unit_test(settings_reach_the_layers_below),
        cmocka_unit_test(only_stop_criteria_may_change),
        cmocka_unit_test(straining_a_crystal_is_affine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
