/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that runs out anywhere in a run or a session of searches: a clear status, nothing leaked, and a
 * folder that goes on to the same last row as a run that had memory enough. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "slowglass/run.h"
#include "slowglass/run/search.h"

static const char *const cu[] = {"Cu"};
static char root[64];

static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    char inside[512];

    while (dir && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        if (unlink(inside) != 0) remove_tree(inside);
    }
    if (dir) closedir(dir);
    rmdir(path);
}

/* 31 atoms of a crystal with a vacancy. */
static sg_system *make_system(void)
{
    const double a = 3.62, h0[3][3] = {{2 * a, 0, 0}, {0, 2 * a, 0}, {0, 0, 2 * a}};
    const double basis[4][3] = {{0, 0, 0}, {0.5, 0.5, 0}, {0.5, 0, 0.5}, {0, 0.5, 0.5}};
    const int periodic[3] = {1, 1, 1};
    sg_system *sys;

    assert_int_equal(sg_system_create(31, &sys), SG_OK);
    assert_int_equal(sg_species_init(&sys->species, 1, cu), SG_OK);
    assert_int_equal(sg_cell_init(&sys->cell, h0, 0, periodic), SG_OK);
    for (int k = 1; k < 32; k++) {
        const int cell[3] = {k / 4 % 2, k / 8 % 2, k / 16};
        for (int c = 0; c < 3; c++)
            sys->x[k - 1][c] = a * (cell[c] + basis[k % 4][c]);
    }
    return sys;
}

static void make_config(sg_config *cfg)
{
    static const char *const set[] = {
        "system.structure=none",       "potential.style=lj",    "potential.pair=0.2 2.338 4.5",
        "potential.elements=Cu",       "strain.xy=0.004",       "kmc.temperature_K=800",
        "kmc.max_time_s=10",           "kmc.max_steps=1",       "search.max_at_start=2",
        "search.max_per_step=-1",      "search.batch=2",        "output.picture=no",
        "topology.cutoff_A=Cu-Cu 3.1", "search.samplers=local", "search.give_up_above_eV=20"};
    assert_int_equal(sg_config_defaults(cfg), SG_OK);
    for (size_t k = 0; k < sizeof set / sizeof *set; k++)
        assert_int_equal(sg_config_set(cfg, set[k]), SG_OK);
}

static sg_potential *make_potential(void)
{
    const double pair[1][3] = {{0.2, 2.338, 4.5}};
    sg_potential *pot;
    assert_int_equal(sg_potential_create_lj(1, cu, pair, &pot), SG_OK);
    return pot;
}

static int has_settings(const char *folder)
{
    char path[128];
    snprintf(path, sizeof path, "%s/run.ini", folder);
    return access(path, F_OK) == 0;
}

static sg_status age(const sg_potential *pot, const char *folder, sg_run_summary *sum)
{
    sg_system *sys = make_system();
    sg_config cfg;
    sg_run *run = NULL;

    make_config(&cfg);
    sg_status st = sg_run_open(&cfg, sys, pot, folder, has_settings(folder), 1, NULL, NULL, &run);
    if (st == SG_OK) st = sg_run_walk(run, sum);
    sg_run_close(run);
    sg_config_clear(&cfg);
    sg_system_free(sys);
    return st;
}

static void a_run_survives_lack_of_memory(void **state)
{
    sg_potential *pot = make_potential();
    sg_run_summary whole, again;
    char folder[96];
    int failures = 0;

    (void)state;
    snprintf(folder, sizeof folder, "%s/whole", root);
    assert_int_equal(age(pot, folder, &whole), SG_OK);
    assert_int_equal(whole.last.step, 1);
    snprintf(folder, sizeof folder, "%s/short", root);
    for (long k = 0; k < 1000000; k += 1 + k / 6) {
        sg_system *sys = make_system();
        sg_config cfg;
        sg_run *run = NULL;
        make_config(&cfg);
        sg_alloc_fail_after(k);
        sg_status st = sg_run_open(&cfg, sys, pot, folder, 0, 1, NULL, NULL, &run);
        if (st == SG_OK) st = sg_run_walk(run, &again);
        sg_alloc_fail_after(-1);
        if (st != SG_OK) {
            assert_int_equal(st, SG_ENOMEM);
            failures++;
        }
        sg_run_close(run);
        sg_config_clear(&cfg);
        sg_system_free(sys);
        if (st != SG_OK) assert_int_equal(age(pot, folder, &again), SG_OK);
        assert_memory_equal(&again.last.time, &whole.last.time, sizeof whole.last.time);
        assert_memory_equal(&again.last.energy, &whole.last.energy, sizeof whole.last.energy);
        assert_int_equal(again.last.state, whole.last.state);
        assert_int_equal(again.n_events, whole.n_events);
        remove_tree(folder);
        if (st == SG_OK) break;
    }
    assert_true(failures > 20);
    sg_potential_free(pot);
}

static void a_search_survives_lack_of_memory(void **state)
{
    sg_potential *pot = make_potential();
    char folder[96];
    int failures = 0;

    (void)state;
    snprintf(folder, sizeof folder, "%s/search", root);
    for (long k = 0; k < 1000000; k += 1 + k / 6) {
        const int centre = 1;
        const sg_search_options opt = {
            .catalog = folder, .n_centres = 1, .centre_id = &centre, .max_searches = 1, .threads = 1};
        const sg_search_event *event = NULL;
        sg_search_totals totals;
        sg_search *search = NULL;
        sg_system *sys = make_system();
        sg_config cfg;
        int n = 0;

        make_config(&cfg);
        sg_alloc_fail_after(k);
        sg_status st = sg_search_open(&cfg, sys, pot, &opt, NULL, &search);
        if (st == SG_OK) st = sg_search_structure(search, sys, &event, &n);
        if (st == SG_OK) st = sg_search_sums(search, &totals);
        sg_alloc_fail_after(-1);
        sg_search_close(search);
        sg_config_clear(&cfg);
        sg_system_free(sys);
        remove_tree(folder);
        if (st == SG_OK) {
            assert_int_equal(totals.searches, 1);
            break;
        }
        assert_int_equal(st, SG_ENOMEM);
        failures++;
    }
    assert_true(failures > 20);
    sg_potential_free(pot);
}

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "%s/slowglass-run-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    remove_tree(root);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_survives_lack_of_memory),
        cmocka_unit_test(a_search_survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
