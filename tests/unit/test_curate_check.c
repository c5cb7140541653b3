/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `catalog check`: a catalog made by hand, whole, and with one thing wrong at a time. */
#include "catalog_place.h"

#include "slowglass/curate.h"
#include "slowglass/topology.h"

typedef struct wrong { /* what to spoil; all zero: nothing */
    int key, vertices, from, event, energy, entry_edge, entry_barrier, entry_side, step, time, search, pair,
        run, environment, no_states;
} wrong;

static uint64_t form(sg_environment *env)
{
    static const char *const cu[] = {"Cu"};
    const double h0[3][3] = {{20, 0, 0}, {0, 20, 0}, {0, 0, 20}};
    const int periodic[3] = {1, 1, 1};
    sg_system *sys;
    sg_bonds *bonds;
    sg_topology_params params = {.n_species = 1, .cutoff = {{3.0}}};

    assert_ok(sg_system_create(4, &sys));
    assert_ok(sg_species_init(&sys->species, 1, cu));
    assert_ok(sg_cell_init(&sys->cell, h0, 0, periodic));
    for (int k = 0; k < 4; k++)
        sys->x[k][0] = 2.0 * k;
    assert_ok(sg_bonds_create(sys, &params, &bonds));
    assert_ok(sg_topology_environment(sys, &params, bonds, 1, env));
    sg_bonds_free(bonds);
    sg_system_free(sys);
    return env->key;
}

static void put_event(sg_catalog *cat, uint64_t id, uint64_t key, double there, double back, double virial)
{
    unsigned char number = 29;
    float zero[1][3] = {{0}};
    sg_cat_origin origin = {.run = 5, .found = 1, .by_sampler = {1}};
    const sg_cat_event e = {.id = id,
                            .key = key,
                            .n = 1,
                            .n_shell = 1,
                            .number = &number,
                            .x = zero,
                            .d_saddle = zero,
                            .d_final = zero,
                            .mode = zero,
                            .barrier = there,
                            .barrier_back = back,
                            .strain_saddle = {virial > 0 ? 3.0 : 3.0 - 2.0},
                            .strain_final = {virial},
                            .n_origins = 1,
                            .origin = &origin};
    assert_ok(sg_catalog_put_event(cat, &e));
}

/* Two states, one edge walked both ways, three steps. Energies -10 and -9.5 eV, saddle -9 eV. */
static void put_run(sg_catalog *cat, const wrong *w)
{
    double x[1][3] = {{0}};
    float d[1][3] = {{0}};

    for (uint64_t k = 0; k < 2; k++) {
        const sg_cat_state s = {.id = k, .n = 1, .energy = k ? -9.5 : -10 - (w->energy ? 1e-6 : 0), .x = x};
        sg_cat_entry entry = {w->entry_edge ? 2 : 1, (uint8_t)(w->entry_side ? 1 - k : k), 0,
                              (k ? 0.5 : 1.0) + (w->entry_barrier ? 1e-6 : 0), 0};
        const sg_cat_table t = {.state = k, .n_entries = 1, .entry = &entry};
        assert_ok(sg_catalog_put_state(cat, &s));
        assert_ok(sg_catalog_put_table(cat, &t));
    }
    const sg_cat_edge edge = {.id = 1,
                              .from = w->from ? 7 : 0,
                              .to = 1,
                              .event = w->event ? 99 : 11,
                              .e_saddle = -9,
                              .barrier = 1,
                              .barrier_back = 0.5,
                              .n = 1,
                              .d_saddle = d};
    const sg_cat_search search = {.id = 3, .state = w->search ? 2 : 0, .edge = 1};
    assert_ok(sg_catalog_put_edge(cat, &edge));
    assert_ok(sg_catalog_put_search(cat, &search));
    for (uint64_t k = 0; k < 3; k++) {
        const sg_cat_step step = {.step = k + (w->step && k == 2),
                                  .state = k % 2,
                                  .edge = k > 0,
                                  .time = w->time ? -(double)k : (double)k};
        assert_ok(sg_catalog_put_step(cat, &step));
    }
}

static void tell(void *arg, const char *text)
{
    heard *h = arg;
    h->lines++;
    snprintf(h->last, sizeof h->last, "%s", text);
}

static sg_curate_health check(place *p, const wrong *w, heard *h)
{
    sg_catalog_header header = sample_header();
    sg_environment env;
    sg_curate_health health;
    sg_catalog *cat;
    const sg_cat_run run = {.id = 5};
    const uint64_t key = form(&env);

    assert_ok(sg_catalog_create(p->file, &header, &cat));
    const sg_cat_environment e = {key ^ (uint64_t)w->key, (uint32_t)(env.n + w->vertices),
                                  (uint32_t)env.form_size, env.form};
    if (!w->environment) assert_ok(sg_catalog_put_environment(cat, &e));
    if (!w->run) assert_ok(sg_catalog_put_run(cat, &run));
    put_event(cat, 11, w->key ? key ^ 1 : key, 1, 0.5, 2);
    put_event(cat, 12, w->key ? key ^ 1 : key, 0.5, 1, w->pair ? -2.5 : -2);
    if (!w->no_states) put_run(cat, w);
    assert_ok(sg_catalog_commit(cat));
    *h = (heard){0};
    assert_ok(sg_curate_check(cat, tell, h, &health));
    sg_catalog_close(cat);
    folder_remove(p->file);
    return health;
}

static void test_whole(void **state)
{
    heard h;
    const sg_curate_health k = check(*state, &(wrong){0}, &h);

    if (h.lines) fail_msg("%s", h.last);
    assert_int_equal(k.n_keys, 1);
    assert_int_equal(k.n_edges, 1);
    assert_int_equal(k.n_pairs, 1);
    assert_int_equal(k.n_elsewhere, 0);
    assert_int_equal(k.file.unused_bytes, 0);
    assert_int_equal(k.file.n_records,
                     1 + 1 + 1 + 2 + 2 + 2 + 2 + 1 + 1 + 3); /* header first, index after events */
}

static void test_one_thing_wrong(void **state)
{
    static const struct {
        wrong w;
        const char *text;
    } cases[] = {
        {{.key = 1}, "the key of its form"},
        {{.vertices = 1}, "vertices"},
        {{.from = 1}, "leaves from state 7"},
        {{.energy = 1}, "from state 0 is 1 eV, saddle minus state is 1.000001 eV"},
        {{.entry_edge = 1}, "its edge 0000000000000002 is missing"},
        {{.entry_barrier = 1}, "its edge 0000000000000001 has 0.5 eV"},
        {{.entry_side = 1}, "leaves from state"},
        {{.step = 1}, "expected step 2"},
        {{.time = 1}, "before"},
        {{.search = 1}, "its state 0000000000000002 is missing"},
        {{.pair = 1}, "there and back"},
        {{.environment = 1, .no_states = 1}, "environment"},
        {{.run = 1, .no_states = 1}, "run 0000000000000005 is missing"},
    };

    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        heard h;
        const sg_curate_health got = check(*state, &cases[k].w, &h);
        if (!h.lines || !strstr(h.last, cases[k].text))
            fail_msg("case %zu: \"%s\", expected \"%s\"", k, h.lines ? h.last : "nothing", cases[k].text);
        assert_int_equal(got.n_wrong_keys + got.n_broken + got.n_unbalanced, h.lines);
        assert_int_equal(got.file.n_damaged, 0);
    }
}

/* What a base must hold is counted where no base is given, and followed where one is. */
static void test_references_into_a_base(void **state)
{
    heard h;
    sg_curate_health k = check(*state, &(wrong){.event = 1}, &h);

    assert_int_equal(h.lines, 0);
    assert_int_equal(k.n_elsewhere, 1);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, place_empty, place_remove)
    const struct CMUnitTest tests[] = {CASE(test_whole), CASE(test_one_thing_wrong),
                                       CASE(test_references_into_a_base)};
    return cmocka_run_group_tests_name("check of catalogs", tests, NULL, NULL);
}
