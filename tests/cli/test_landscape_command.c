/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `slowglass landscape` on a catalog written here: the lines on stdout are the numbers that went in. Runs in
 * build/<preset>/tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "slowglass/catalog.h"

static char folder[64] = "/tmp/slowglass-test-XXXXXX";
static char output[20000];

/* Run the program on `arguments`, with %s replaced by the folder; stdout into `output`. @return the exit
 * code. */
static int slowglass(const char *arguments)
{
    char command[512], with_folder[400];
    size_t n = 0, got;

    snprintf(with_folder, sizeof with_folder, arguments, folder); /* NOLINT: the formats stand below */
    snprintf(command, sizeof command, "../slowglass landscape %s 2>/dev/null", with_folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while ((got = fread(output + n, 1, sizeof output - 1 - n, pipe)) > 0)
        n += got;
    output[n] = '\0';
    const int status = pclose(pipe);
    return status >> 8;
}

static void put_edge(sg_catalog *cat, uint64_t id, uint64_t from, uint64_t to, const double energy[3],
                     double top)
{
    float d[2][3] = {{0.5f, 0, 0}, {0, 0, 0}};
    const sg_cat_edge e = {.id = id,
                           .from = from,
                           .to = to,
                           .e_saddle = top,
                           .barrier = top - energy[from],
                           .barrier_back = top - energy[to],
                           .centre = 0,
                           .centre_back = 1,
                           .n = 2,
                           .d_saddle = d,
                           .participation = 1.5,
                           .source = id == 3};

    assert_int_equal(sg_catalog_put_edge(cat, &e), SG_OK);
}

static int make_run(void **state)
{
    const double energy[3] = {-10.0, -10.5, -9.75};
    const sg_catalog_header header = {.format = SG_CATALOG_FORMAT,
                                      .key_version = 1,
                                      .n_species = 1,
                                      .number = {29},
                                      .cutoff = {{3.1}},
                                      .variant_radius = 6.0};
    sg_cat_entry entry[] = {{1, 0, 0, 0.5, 0.0}, {2, 0, 0, 0.25, 0.0}, {3, 0, 1, 0.75, 0.02}};
    const sg_cat_table table = {.state = 0, .n_entries = 3, .entry = entry};
    double x[2][3] = {{0, 0, 0}, {2.5, 0, 0}};
    sg_catalog *cat = NULL;
    char path[128];

    (void)state;
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/catalog", folder);
    assert_int_equal(sg_catalog_create(path, &header, &cat), SG_OK);
    for (uint64_t k = 0; k < 3; k++) {
        const sg_cat_state s = {
            .id = k, .n = 2, .flags = k < 2 ? SG_CAT_STATE_VISITED : 0, .energy = energy[k], .x = x};
        assert_int_equal(sg_catalog_put_state(cat, &s), SG_OK);
    }
    put_edge(cat, 1, 0, 1, energy, -9.5);
    put_edge(cat, 2, 0, 2, energy, -9.5 - 0.25);
    put_edge(cat, 3, 1, 2, energy, -9.25);
    put_edge(cat, 4, 1, 0, energy, -9.0);
    assert_int_equal(sg_catalog_put_table(cat, &table), SG_OK);
    assert_int_equal(sg_catalog_commit(cat), SG_OK);
    sg_catalog_close(cat);
    return 0;
}

static int remove_run(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static int has(const char *text)
{
    return strstr(output, text) != NULL;
}

static void info_counts_what_is_there(void **state)
{
    (void)state;
    assert_int_equal(slowglass("info %s --barrier 0.8 --lid -9.6 --json"), 0);
    assert_true(has(
        "n_states = 3\nn_visited = 2\nn_edges = 4\nn_self_loops = 0\nn_parallel = 1\nn_components = 1\n"));
    assert_true(has("states_of_degree = 0 0 1 2\n")); /* 3, 3 and 2 */
    assert_true(has("energy_min_eV = -10.5\nenergy_max_eV = -9.75\nlowest_state = 1\nbarrier_min_eV = "
                    "0\nbarrier_max_eV = 1.5\n"));
    assert_true(has("n_basins = 2\nlargest_basin = 2\n"));
    assert_true(has("n_superbasins = 2\nlargest_superbasin = 2\n"));
    assert_true(has("\"n_parallel\":1") || has("\"n_parallel\": 1"));
    assert_int_equal(slowglass("info %s/catalog"), 0); /* the catalog itself will do */
    assert_true(has("n_states = 3\n"));
}

/* 0.5 eV at 600 K and 1e13/s: 1e13 exp(-0.5 / (8.617333262e-5 600)) = 6.3123e8 /s by hand. */
static void state_lists_its_events(void **state)
{
    static const char *const expected[] = {
        ("edge\tto\tbarrier_eV\terror_eV\tbarrier_back_eV\trate_per_"
         "s\tcentre\tparticipation\tstatus\tsource\t"
         "prefactor_per_s\tprefactor"),
        "2\t2\t0.250000\t0.000000\t0.000000\t", "1\t1\t0.500000\t0.000000\t1.000000\t6.31",
        "3\t-\t0.750000\t0.020000\t-\t", "4\t1\t1.000000\t0.000000\t1.500000\t"};
    static const char *const ends[] = {
        "source\tprefactor_per_s\tprefactor", "1\t1.500\tconverged\tsearch\t1.000000e+13\tnone",
        "1\t1.500\tconverged\tsearch\t1.000000e+13\tnone", "1\t1.500\tkept\tcatalog\t1.000000e+13\tnone",
        "2\t1.500\tunlisted\tsearch\t1.000000e+13\tnone"};
    char *line = output;

    (void)state;
    assert_int_equal(slowglass("state 0 %s --temperature 600 --prefactor 1e13"), 0);
    for (int k = 0; k < 5; k++) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        *end = '\0';
        assert_int_equal(strncmp(line, expected[k], strlen(expected[k])), 0);
        assert_true(strlen(line) > strlen(ends[k]) &&
                    strcmp(line + strlen(line) - strlen(ends[k]), ends[k]) == 0);
        line = end + 1;
    }
    assert_true(*line == '\0');
    assert_int_equal(slowglass("state 2 %s"), 0); /* never visited: the graph alone knows */
    assert_true(has("\n2\t0\t0.000000\t0.000000\t0.250000\t1.000000e+13\t2\t1.500\tunlisted\tsearch\t1."
                    "000000e+13\tnone\n"));
    assert_int_equal(slowglass("state 2 %s --json"), 0);
    assert_true(has("\"status\""));
}

static void bad_requests_are_refused(void **state)
{
    (void)state;
    assert_int_equal(slowglass("state 3 %s"), 2);
    assert_int_equal(slowglass("state x %s"), 2);
    assert_int_equal(slowglass("state %s"), 2);
    assert_int_equal(slowglass("info 0 %s"), 2);
    assert_int_equal(slowglass("export %s"), 2);
    assert_int_equal(slowglass("info %s/absent"), 2);
    assert_int_equal(slowglass("state 0 %s --temperature 0"), 2);
    assert_true(output[0] == '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(info_counts_what_is_there),
                                       cmocka_unit_test(state_lists_its_events),
                                       cmocka_unit_test(bad_requests_are_refused)};
    return cmocka_run_group_tests(tests, make_run, remove_run);
}
