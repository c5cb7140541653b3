/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exports read back by something else: GraphML by igraph, PATHSAMPLE's files by scanf and fread, tables
 * against the records. Statistics against brute force. "test_curate_export make FOLDER" leaves the catalog
 * for the test of the program. */
#define _GNU_SOURCE /* fopencookie */
#include "catalog_samples.h"

#include <igraph/igraph.h>

#include "slowglass/curate.h"

enum { N_STATES = 6, N_EDGES = 8, N_EVENTS = 8, N_ATOMS = 3 };

static const uint64_t state_ids[N_STATES] = {0, 1, 2, 5, 6, 9}; /* 3, 4, 7, 8: not there */
static const double energies[N_STATES] = {-10.0, -10.5, -9.75, -11.25, -8.5, -10.125};

/* parallel saddles, a self loop, and one to a state that is not there */
static const struct {
    uint64_t from, to;
    double top;
} saddles[N_EDGES] = {{0, 1, -9.5},  {1, 0, -9.25}, {0, 2, -9.0},  {2, 5, -8.75},
                      {5, 5, -10.0}, {6, 9, -8.0},  {9, 77, -7.5}, {0, 9, -9.875}};

/* ways back: 0 and 1; 2 has none; 3 and 4 with both barriers equal; 5 is its own; 6 and 7 share key */
static const struct {
    uint64_t key;
    double barrier, back;
    uint32_t by_local, by_placed;
} events[N_EVENTS] = {{0x10, 0.3, 0.5, 1, 0}, {0x20, 0.5, 0.3, 2, 5}, {0x10, 0.7, 0.1, 1, 0},
                      {0x30, 0.4, 0.4, 3, 0}, {0x40, 0.4, 0.4, 1, 1}, {0x20, 0.25, 0.25, 0, 2},
                      {0x50, 0.9, 0.2, 1, 0}, {0x50, 0.2, 0.9, 2, 0}};

static double energy_of(uint64_t id)
{
    for (int k = 0; k < N_STATES; k++)
        if (state_ids[k] == id) return energies[k];
    return -12.0;
}

static void put_states(sg_catalog *cat)
{
    for (int k = 0; k < N_STATES; k++) {
        double x[N_ATOMS][3] = {{0, 0, 0}, {2.5 + k, 0, 0}, {0, 2.5, -k}};
        const sg_cat_state s = {.id = state_ids[k],
                                .n = N_ATOMS,
                                .flags = k < 2 ? SG_CAT_STATE_VISITED | SG_CAT_STATE_TABLE : 0,
                                .energy = energies[k],
                                .f_max = 1e-5,
                                .gamma = 0.04,
                                .x = x};
        assert_ok(sg_catalog_put_state(cat, &s));
    }
}

static void put_saddles(sg_catalog *cat)
{
    for (uint64_t k = 0; k < N_EDGES; k++) {
        float d[N_ATOMS][3] = {{0.5f, 0, 0}, {0, (float)k, 0}, {0, 0, 0.25f}};
        const sg_cat_edge e = {.id = k + 1,
                               .from = saddles[k].from,
                               .to = saddles[k].to,
                               .event = k == 2 ? 0x1234 : 0,
                               .e_saddle = saddles[k].top,
                               .barrier = saddles[k].top - energy_of(saddles[k].from),
                               .barrier_back = saddles[k].top - energy_of(saddles[k].to),
                               .centre = 1,
                               .n = N_ATOMS,
                               .d_saddle = d,
                               .participation = 1.5,
                               .found = (uint32_t)k,
                               .sampler = SG_SAMPLER_SOFT,
                               .source = (uint8_t)(k % 3)};
        assert_ok(sg_catalog_put_edge(cat, &e));
    }
}

static uint64_t id_of(int k)
{
    return 0x1111111111111111u * (uint64_t)(k + 1);
}

static void put_events(sg_catalog *cat)
{
    unsigned char number[3] = {29, 40, 29};
    float x[3][3] = {{0.1f, 0, 0}, {2.7f, 1.0f / 3, 0}, {-2.5f, 0, 0}},
          d[3][3] = {{0, 0.5f, 0}, {0}, {0, 0, 1e-7f}};

    for (int k = 0; k < N_EVENTS; k++) {
        sg_cat_origin origin = {.run = 77,
                                .found = events[k].by_local + events[k].by_placed,
                                .first_sampler = events[k].by_local ? SG_SAMPLER_LOCAL : SG_SAMPLER_PLACED};
        origin.by_sampler[SG_SAMPLER_LOCAL] = events[k].by_local;
        origin.by_sampler[SG_SAMPLER_PLACED] = events[k].by_placed;
        const sg_cat_event e = {.id = id_of(k),
                                .key = events[k].key,
                                .n_shell = 2,
                                .n = 3,
                                .number = number,
                                .x = x,
                                .d_saddle = d,
                                .d_final = d,
                                .mode = d,
                                .barrier = events[k].barrier,
                                .barrier_back = events[k].back,
                                .prefactor = k == 3 ? 2.5e12 : NAN,
                                .prefactor_back = NAN,
                                .participation = 1.0 + k / 7.0,
                                .strain_saddle = {0.1, 0.2, -0.3, 1.0 / 3, 0, k},
                                .residual = k == 4 ? INFINITY : 0.03,
                                .gamma = 0.01 * k,
                                .n_origins = 1,
                                .origin = &origin};
        assert_ok(sg_catalog_put_event(cat, &e));
    }
}

/* Key 0x60 has been searched from and has no event; 0x50 has events and no variant. */
static void put_variants(sg_catalog *cat)
{
    static const struct {
        uint64_t key, id;
        uint32_t attempts;
    } variants[] = {{0x10, 1, 5}, {0x10, 2, 7}, {0x20, 1, 3}, {0x30, 4, 0}, {0x40, 4, 2}, {0x60, 1, 11}};
    unsigned char number[1] = {40};
    float x[1][3] = {{0, 0, 0}};

    for (size_t k = 0; k < sizeof variants / sizeof variants[0]; k++) {
        sg_cat_attempts origin = {77, variants[k].attempts};
        const sg_cat_variant v = {.key = variants[k].key,
                                  .id = variants[k].id,
                                  .n_shell = 1,
                                  .n = 1,
                                  .number = number,
                                  .x = x,
                                  .n_origins = 1,
                                  .origin = &origin};
        assert_ok(sg_catalog_put_variant(cat, &v));
    }
}

static void put_searches(sg_catalog *cat)
{
    for (uint64_t k = 0; k < 20; k++) {
        const sg_cat_search s = {.id = k,
                                 .sampler = k % 4    ? SG_SAMPLER_LOCAL
                                            : k == 8 ? 200
                                                     : SG_SAMPLER_KICK,
                                 .outcome = k % 5 == 0   ? SG_FOUND
                                            : k % 5 == 1 ? SG_KNOWN
                                                         : SG_LOST,
                                 .calls = {1, 2, 3, 4, (uint32_t)k},
                                 .barrier = NAN};
        assert_ok(sg_catalog_put_search(cat, &s));
    }
    const sg_cat_table t = {
        .state = 0, .from_catalog = 3, .from_inherited = 2, .from_search = 1, .from_detour = 4};
    assert_ok(sg_catalog_put_table(cat, &t));
}

static sg_catalog *make_catalog(const char *path)
{
    const sg_catalog_header header = sample_header();
    const sg_cat_run run = {
        .id = 77, .seed = 1, .gamma = 0.04, .temperature = 600, .samplers = 3, .name = "made up"};
    sg_catalog *cat;

    assert_ok(sg_catalog_create(path, &header, &cat));
    put_states(cat);
    put_saddles(cat);
    put_events(cat);
    put_variants(cat);
    put_searches(cat);
    assert_ok(sg_catalog_put_run(cat, &run));
    assert_ok(sg_catalog_commit(cat));
    return cat;
}

typedef struct place {
    char path[64], file[256];
    sg_catalog *cat, *bare; /* bare: events alone */
} place;

static int set_up(void **state)
{
    place *p = sg_calloc(1, sizeof *p);
    const sg_catalog_header header = sample_header();

    folder_make(p->path);
    p->cat = make_catalog(joined(p->file, p->path, "cat"));
    assert_ok(sg_catalog_create(joined(p->file, p->path, "bare"), &header, &p->bare));
    put_events(p->bare);
    assert_ok(sg_catalog_commit(p->bare));
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    place *p = *state;
    sg_catalog_close(p->cat);
    sg_catalog_close(p->bare);
    folder_remove(p->path);
    sg_free(p);
    return 0;
}

/* ---- graphs ---- */

static igraph_t read_graph(FILE *file)
{
    igraph_t g;

    rewind(file);
    assert_int_equal(igraph_read_graph_graphml(&g, file, 0), IGRAPH_SUCCESS);
    fclose(file);
    return g;
}

static igraph_integer_t vertex_of_state(const igraph_t *g, uint64_t id)
{
    for (igraph_integer_t v = 0; v < igraph_vcount(g); v++)
        if (igraph_cattribute_VAN(g, "state", v) == (double)id) return v;
    fail_msg("no vertex for state %llu", (unsigned long long)id);
    return -1;
}

static void test_landscape_graph(void **state)
{
    place *p = *state;
    sg_curate_exported n;
    FILE *file = tmpfile();

    assert_ok(sg_curate_landscape_graphml(p->cat, file, &n));
    assert_true(n.states == N_STATES && n.edges == N_EDGES - 1 && n.self_loops == 1 && n.dangling == 1);
    igraph_t g = read_graph(file);
    assert_int_equal(igraph_vcount(&g), N_STATES);
    assert_int_equal(igraph_ecount(&g), N_EDGES - 1);
    assert_false(igraph_is_directed(&g));
    for (int k = 0; k < N_STATES; k++) {
        const igraph_integer_t v = vertex_of_state(&g, state_ids[k]);
        assert_true(igraph_cattribute_VAN(&g, "energy_eV", v) == energies[k]);
        assert_int_equal(igraph_cattribute_VAB(&g, "visited", v), k < 2);
    }
    for (int k = 0, e = 0; k < N_EDGES; k++) {
        if (saddles[k].to == 77) continue;
        igraph_integer_t a, b;
        assert_int_equal(igraph_edge(&g, e, &a, &b), IGRAPH_SUCCESS);
        const igraph_integer_t from = vertex_of_state(&g, saddles[k].from),
                               to = vertex_of_state(&g, saddles[k].to);
        assert_true((a == from && b == to) || (a == to && b == from));
        assert_true(igraph_cattribute_EAN(&g, "e_saddle_eV", e) == saddles[k].top);
        /* from source to target, the ids in the file are those of the record */
        assert_true(igraph_cattribute_EAN(&g, "barrier_eV", e) ==
                    saddles[k].top - energy_of(saddles[k].from));
        assert_true(igraph_cattribute_EAN(&g, "found", e) == k);
        assert_string_equal(igraph_cattribute_EAS(&g, "sampler", e), "soft");
        assert_string_equal(igraph_cattribute_EAS(&g, "event", e), k == 2 ? "0000000000001234" : "");
        e++;
    }
    igraph_bool_t multiple, loops;
    assert_int_equal(igraph_has_multiple(&g, &multiple), IGRAPH_SUCCESS);
    assert_int_equal(igraph_has_loop(&g, &loops), IGRAPH_SUCCESS);
    assert_true(multiple && loops);
    igraph_destroy(&g);
}

static const char *vertex_name(const igraph_t *g, igraph_integer_t v)
{
    return igraph_cattribute_VAS(g, "id", v);
}

static void test_event_graph(void **state)
{
    place *p = *state;
    static const char *const target[N_EVENTS] = {
        "k0000000000000020", "k0000000000000010", "unknown",           "k0000000000000040",
        "k0000000000000030", "k0000000000000020", "k0000000000000050", "k0000000000000050"};
    FILE *file = tmpfile();
    uint64_t n;

    assert_ok(sg_curate_export_graphml(p->cat, NULL, file, &n));
    assert_int_equal(n, N_EVENTS);
    igraph_t g = read_graph(file);
    assert_true(igraph_is_directed(&g));
    assert_int_equal(igraph_vcount(&g), 6); /* five keys and the unknown */
    assert_int_equal(igraph_ecount(&g), N_EVENTS);
    for (int e = 0; e < N_EVENTS; e++) { /* in order of the ids, which is ours */
        char source[24];
        snprintf(source, sizeof source, "k%016llx", (unsigned long long)events[e].key);
        assert_string_equal(vertex_name(&g, IGRAPH_FROM(&g, e)), source);
        assert_string_equal(vertex_name(&g, IGRAPH_TO(&g, e)), target[e]);
        assert_true(igraph_cattribute_EAN(&g, "barrier_eV", e) == events[e].barrier);
        assert_true(igraph_cattribute_EAN(&g, "dE_eV", e) == events[e].barrier - events[e].back);
    }
    for (igraph_integer_t v = 0; v < igraph_vcount(&g); v++)
        if (strcmp(vertex_name(&g, v), "k0000000000000010") == 0)
            assert_true(igraph_cattribute_VAN(&g, "searches", v) == 12 &&
                        igraph_cattribute_VAN(&g, "events", v) == 2);
    igraph_destroy(&g);

    sg_curate_filter f = sg_curate_any(); /* the way back is known though it does not pass itself */
    f.barrier_high = 0.3;
    f.key_low = f.key_high = 0x10;
    file = tmpfile();
    assert_ok(sg_curate_export_graphml(p->cat, &f, file, &n));
    g = read_graph(file);
    assert_true(n == 1 && igraph_vcount(&g) == 2 && igraph_ecount(&g) == 1);
    igraph_destroy(&g);
}

typedef struct meddler { /* a file, and a catalog that grows while the file is written */
    FILE *file;
    sg_catalog *cat;
    sg_status commit;
    int done;
} meddler;

static ssize_t write_and_add(void *cookie, const char *bytes, size_t n)
{
    meddler *m = cookie;

    if (!m->done++) {
        unsigned char number = 29;
        float zero[1][3] = {{0}};
        const sg_cat_event e = {.id = 1,
                                .key = 0x77,
                                .n = 1,
                                .number = &number,
                                .x = zero,
                                .d_saddle = zero,
                                .d_final = zero,
                                .mode = zero,
                                .barrier = 0.1,
                                .barrier_back = NAN};
        assert_ok(sg_catalog_put_event(m->cat, &e));
        m->commit = sg_catalog_commit(m->cat);
    }
    return (ssize_t)fwrite(bytes, 1, n, m->file);
}

/* All passes over the events see one commit: this handle's own is refused meanwhile. */
static void test_event_graph_of_one_commit(void **state)
{
    place *p = *state;
    meddler m = {.file = tmpfile(), .cat = p->cat};
    FILE *out = fopencookie(&m, "w", (cookie_io_functions_t){.write = write_and_add});
    uint64_t n;

    setvbuf(out, NULL, _IONBF, 0);
    assert_ok(sg_curate_export_graphml(p->cat, NULL, out, &n));
    fclose(out);
    assert_true(m.done && m.commit == SG_EINVAL && n == N_EVENTS);
    igraph_t g = read_graph(m.file);
    assert_true(igraph_ecount(&g) == N_EVENTS && igraph_vcount(&g) == 6);
    igraph_destroy(&g);
    assert_ok(sg_catalog_commit(p->cat));
    FILE *after = tmpfile();
    assert_ok(
        sg_curate_export_graphml(p->cat, NULL, after, &n)); /* a barrier that is no number has no way back */
    g = read_graph(after);
    assert_true(n == N_EVENTS + 1 && igraph_ecount(&g) == N_EVENTS + 1 && igraph_vcount(&g) == 7);
    igraph_destroy(&g);
}

/* ---- PATHSAMPLE ---- */

static void test_pathsample(void **state)
{
    place *p = *state;
    const double prefactor = 5e12;
    sg_curate_pathsample out = {tmpfile(), tmpfile(), tmpfile(), tmpfile()};
    sg_curate_exported n;
    double e, f, point[3];
    int order, a, b, lines = 0, i[3];

    assert_ok(sg_curate_landscape_pathsample(p->cat, prefactor, &out, &n));
    assert_true(n.states == N_STATES && n.edges == N_EDGES - 2 && n.self_loops == 1 && n.dangling == 1);
    rewind(out.min_data);
    for (; fscanf(out.min_data, "%lf %lf %d %d %d %d", &e, &f, &order, &i[0], &i[1], &i[2]) == 6; lines++)
        assert_true(lines < N_STATES && e == energies[lines] && f == 0 && order == 1 && i[0] == 1);
    assert_true(lines == N_STATES && feof(out.min_data));
    rewind(out.ts_data);
    rewind(out.points_ts);
    for (int k = 0; k < N_EDGES; k++) {
        if (saddles[k].from == saddles[k].to || saddles[k].to == 77) continue;
        assert_int_equal(
            fscanf(out.ts_data, "%lf %lf %d %d %d %d %d %d", &e, &f, &order, &a, &b, &i[0], &i[1], &i[2]), 8);
        assert_true(e == saddles[k].top && order == 1 && i[2] == 1);
        assert_int_equal(state_ids[a - 1], saddles[k].from);
        assert_int_equal(state_ids[b - 1], saddles[k].to);
        /* the rate that the harmonic formula makes of it */
        const double rate = exp((0.0 - f) / 2) / (2 * SG_PI);
        assert_true(fabs(rate / prefactor - 1) < 1e-12);
        for (int atom = 0; atom < N_ATOMS; atom++) {
            assert_int_equal(fread(point, sizeof point, 1, out.points_ts), 1);
            if (atom == 1) assert_true(point[0] == 2.5 + (a - 1) && point[1] == (float)k && point[2] == 0);
        }
    }
    assert_int_equal(fscanf(out.ts_data, "%lf", &e), EOF);
    rewind(out.points_min);
    for (int k = 0; k < N_STATES * N_ATOMS; k++) {
        assert_int_equal(fread(point, sizeof point, 1, out.points_min), 1);
        if (k % N_ATOMS == 2) assert_true(point[0] == 0 && point[1] == 2.5 && point[2] == -(k / N_ATOMS));
    }
    assert_int_equal(fread(point, 1, 1, out.points_min) + fread(point, 1, 1, out.points_ts), 0);
    fclose(out.min_data), fclose(out.ts_data), fclose(out.points_min), fclose(out.points_ts);
}

static void test_no_states(void **state)
{
    place *p = *state;
    sg_curate_exported n;
    FILE *file = tmpfile();

    assert_status(sg_curate_landscape_graphml(p->bare, file, &n), SG_ENOTFOUND);
    assert_text("no states");
    assert_status(sg_curate_landscape_tsv(p->bare, file, file, &n), SG_ENOTFOUND);
    const sg_curate_pathsample out = {.min_data = file, .ts_data = file};
    assert_status(sg_curate_landscape_pathsample(p->bare, 1e13, &out, &n), SG_ENOTFOUND);
    assert_status(sg_curate_landscape_pathsample(p->cat, 0, &out, &n), SG_EINVAL);
    fclose(file);
}

/* ---- records of any numbers ---- */

static int count_lines(FILE *file, const char *begin)
{
    int n = 0, c, at_start = 1;

    for (rewind(file); (c = fgetc(file)) != EOF; at_start = c == '\n')
        n += at_start && c == *begin;
    return n;
}

/* NaN, infinities, no atoms at all, unknown elements and samplers: each is a row, a line, an edge, and
 * counted. */
static void test_odd_records(void **state)
{
    place *p = *state;
    const sg_catalog_header header = sample_header();
    sg_catalog *cat;
    sg_rng rng;
    sg_curate_completeness c;
    sg_curate_spectrum s;
    sg_curate_yield y;
    uint64_t n;

    assert_ok(sg_catalog_create(joined(p->file, p->path, "odd"), &header, &cat));
    sg_rng_init(&rng, 5, SG_RNG_SEARCH, 0, 0, 0);
    for (uint64_t k = 0; k < 200; k++) {
        sg_cat_event e = sample_event(&rng, sg_rng_bits(&rng), k % 20, (uint32_t)(k % 9));
        sg_cat_variant v = sample_variant(&rng, k % 30, k, (uint32_t)(k % 5));
        assert_ok(sg_catalog_put_event(cat, &e));
        assert_ok(sg_catalog_put_variant(cat, &v));
        sg_cat_event_clear(&e);
        sg_cat_variant_clear(&v);
    }
    assert_ok(sg_catalog_commit(cat));
    FILE *tsv = tmpfile(), *lines = tmpfile(), *graph = tmpfile();
    assert_ok(sg_curate_export_tsv(cat, NULL, tsv, &n));
    assert_int_equal(n, 200);
    assert_ok(sg_curate_export_jsonl(cat, NULL, lines, &n));
    assert_int_equal(count_lines(lines, "{"), 200);
    assert_ok(sg_curate_export_graphml(cat, NULL, graph, &n));
    igraph_t g = read_graph(graph);
    assert_int_equal(igraph_ecount(&g), 200);
    igraph_destroy(&g);
    assert_ok(sg_curate_get_completeness(cat, NULL, &c));
    assert_true(c.n == 30 && c.all.events == 200 && c.all.variants == 200);
    sg_curate_completeness_clear(&c);
    assert_ok(sg_curate_get_spectrum(cat, NULL, 0.05, &s));
    assert_int_equal(s.events, 200);
    sg_curate_spectrum_clear(&s);
    assert_ok(sg_curate_get_yield(cat, NULL, &y));
    fclose(tsv), fclose(lines);
    sg_catalog_close(cat);
}

/* ---- statistics ---- */

static void test_completeness(void **state)
{
    place *p = *state;
    /* key, searches, events, once, twice, never: counted by hand from the tables above */
    static const uint64_t want[][6] = {{0x10, 12, 2, 2, 0, 0}, {0x20, 3, 2, 0, 1, 1}, {0x30, 0, 1, 0, 0, 0},
                                       {0x40, 2, 1, 1, 0, 0},  {0x50, 0, 2, 1, 1, 0}, {0x60, 11, 0, 0, 0, 0}};
    static const double unseen[] = {1, 0, 0, 0, 0.5, 0}; /* 2 * 1 / 2; 1^2 / (2 * 1) */
    sg_curate_completeness c;

    assert_ok(sg_curate_get_completeness(p->cat, NULL, &c));
    assert_int_equal(c.n, 6);
    for (size_t k = 0; k < c.n; k++) {
        const sg_curate_environment *e = &c.environment[k];
        const uint64_t got[6] = {e->key, e->attempts, e->events, e->once, e->twice, e->never};
        assert_memory_equal(got, want[k], sizeof got);
        assert_true(e->unseen == unseen[k]);
    }
    assert_int_equal(c.environment[0].variants, 2);
    assert_int_equal(c.environment[5].centre, 40); /* from the variant */
    assert_int_equal(c.environment[4].centre, 29); /* from the events */
    assert_true(c.all.attempts == 28 && c.all.events == 8 && c.all.once == 4 && c.all.twice == 2);
    assert_true(c.all.unseen == 1.5 && c.unseen_together == 4.0 && c.found == 11);
    sg_curate_completeness_clear(&c);
}

static void test_yield(void **state)
{
    place *p = *state;
    sg_curate_yield y;
    uint64_t searches[3] = {0}, found[3] = {0}, calls[3] = {0};

    assert_ok(sg_curate_get_yield(p->cat, NULL, &y));
    for (uint64_t k = 0; k < 20; k++) {
        const int which = k % 4 ? 0 : k == 8 ? 2 : 1;
        searches[which]++;
        found[which] += k % 5 == 0;
        calls[which] += 10 + k;
    }
    const sg_curate_hits *hits[3] = {&y.sampler[SG_SAMPLER_LOCAL], &y.sampler[SG_SAMPLER_KICK], &y.other};
    for (int k = 0; k < 3; k++)
        assert_true(hits[k]->searches == searches[k] && hits[k]->found == found[k] &&
                    hits[k]->calls == calls[k]);
    assert_true(hits[0]->events == 7 && hits[0]->times == 11);
    assert_true(y.sampler[SG_SAMPLER_PLACED].events == 1 && y.sampler[SG_SAMPLER_PLACED].times == 8);
    assert_true(y.tables == 1 && y.from_catalog == 3 && y.from_inherited == 2 && y.from_search == 1 &&
                y.from_detour == 4);
}

/* Pages and bytes add up. */
static void test_usage(void **state)
{
    place *p = *state;
    sg_catalog_usage u;
    uint64_t pages = 0, size, count;

    assert_ok(sg_catalog_get_usage(p->cat, &u));
    assert_ok(sg_catalog_size(p->cat, &size));
    assert_int_equal(u.pages * u.page_bytes, size);
    for (int k = 0; k < u.n_parts; k++) {
        pages += u.part[k].pages;
        assert_true(u.part[k].bytes <= u.part[k].pages * u.page_bytes);
    }
    /* LMDB's own: two meta pages, the list of databases, the list of free pages */
    assert_true(u.pages - u.pages_free - pages >= 3 && u.pages - u.pages_free - pages <= 6);
    for (int db = 0; db < SG_DB_COUNT; db++) {
        assert_ok(sg_catalog_count(p->cat, (sg_catalog_db)db, &count));
        assert_int_equal(u.part[db].records, count);
    }
    /* 8 events of key 8, envelope 16, 212 + 3 (1 + 4 * 12) and one counter of 77 (FORMAT.md) */
    assert_int_equal(u.part[SG_DB_EVENTS].bytes, 8 * (8 + 16 + 212 + 3 * 49 + 77));
}

static void test_memory(void **state)
{
    place *p = *state;
    sg_curate_completeness c;
    sg_curate_exported n;
    uint64_t events_written;
    sg_status st = SG_ENOMEM;
    FILE *file = tmpfile();

    for (long k = 0; st != SG_OK; k++) {
        sg_alloc_fail_after(k);
        st = sg_curate_get_completeness(p->cat, NULL, &c);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || (st == SG_ENOMEM && !c.environment));
    }
    sg_curate_completeness_clear(&c);
    st = SG_ENOMEM;
    for (long k = 0; st != SG_OK; k++) {
        sg_alloc_fail_after(k);
        st = sg_curate_export_graphml(p->cat, NULL, file, &events_written);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || st == SG_ENOMEM);
    }
    st = SG_ENOMEM;
    for (long k = 0; st != SG_OK; k++) {
        const sg_curate_pathsample out = {file, file, file, file};
        sg_alloc_fail_after(k);
        st = sg_curate_landscape_pathsample(p->cat, 1e13, &out, &n);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || st == SG_ENOMEM);
    }
    fclose(file);
}

int main(int argc, char **argv)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_landscape_graph), CASE(test_event_graph), CASE(test_event_graph_of_one_commit),
        CASE(test_pathsample),      CASE(test_no_states),   CASE(test_odd_records),
        CASE(test_completeness),    CASE(test_yield),       CASE(test_usage),
        CASE(test_memory)};

    if (argc == 3 && strcmp(argv[1], "make") == 0) {
        sg_catalog_close(make_catalog(argv[2]));
        return 0;
    }
    igraph_set_attribute_table(&igraph_cattribute_table);
    return cmocka_run_group_tests_name("curate exports", tests, NULL, NULL);
}
