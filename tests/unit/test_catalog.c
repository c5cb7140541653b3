/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The catalog: every record there and back, bytes against literal ones, look-ups over base and overlay,
 * headers, locks. Files are compared with what LMDB itself reads, not with what our own reader says. */
#include "catalog_place.h"

/* ---- there and back ---- */

#define ROUND_TRIP(kind, put, get, same, key)                                                                \
    do {                                                                                                     \
        assert_ok(put(p->cat, &kind));                                                                       \
        sg_cat_##kind got_;                                                                                  \
        assert_status(get(p->cat, key, &got_), SG_ENOTFOUND); /* not before the commit */                    \
        assert_ok(sg_catalog_commit(p->cat));                                                                \
        assert_ok(get(p->cat, key, &got_));                                                                  \
        same(&kind, &got_);                                                                                  \
        sg_cat_##kind##_clear(&got_);                                                                        \
        sg_cat_##kind##_clear(&kind);                                                                        \
    } while (0)

static void sg_cat_step_clear(sg_cat_step *r)
{
    memset(r, 0, sizeof *r);
}

static void test_round_trips(void **state)
{
    static const uint32_t sizes[] = {0, 1, 2, 13, 500};
    place *p = *state;

    for (uint64_t k = 0; k < 5; k++) {
        const uint32_t n = sizes[k];
        sg_cat_environment environment = sample_environment(&p->rng, k, n);
        sg_cat_event event = sample_event(&p->rng, k, ~k, n);
        sg_cat_state state_ = sample_state(&p->rng, k, n);
        sg_cat_edge edge = sample_edge(&p->rng, k, n);
        sg_cat_table table = sample_table(&p->rng, k, n, n + 1);
        sg_cat_step step = sample_step(&p->rng, k);
        ROUND_TRIP(environment, sg_catalog_put_environment, sg_catalog_get_environment, same_environment, k);
        ROUND_TRIP(event, sg_catalog_put_event, sg_catalog_get_event, same_event, k);
        ROUND_TRIP(edge, sg_catalog_put_edge, sg_catalog_get_edge, same_edge, k);
        ROUND_TRIP(table, sg_catalog_put_table, sg_catalog_get_table, same_table, k);
        ROUND_TRIP(step, sg_catalog_put_step, sg_catalog_get_step, same_step, k);
        assert_ok(sg_catalog_put_state(p->cat, &state_));
        assert_ok(sg_catalog_commit(p->cat));
        sg_cat_state got;
        assert_ok(sg_catalog_get_state(p->cat, k, &got));
        same_state(&state_, &got);
        sg_cat_state_clear(&got);
        sg_cat_state_clear(&state_);
    }
}

static int take_search(void *arg, const void *record)
{
    sg_cat_search **next = arg;
    same_search((*next)++, record);
    return 0;
}

static void test_variants_and_searches(void **state)
{
    place *p = *state;
    sg_cat_variant variant = sample_variant(&p->rng, 7, 9, 21), got;
    sg_cat_search search[3], *next = search;

    for (uint64_t k = 0; k < 3; k++) {
        search[k] = sample_search(&p->rng, 1000 * k);
        assert_ok(sg_catalog_put_search(p->cat, &search[k]));
    }
    assert_ok(sg_catalog_put_variant(p->cat, &variant));
    assert_ok(sg_catalog_commit(p->cat));
    assert_ok(sg_catalog_get_own_variant(p->cat, 7, 9, &got));
    same_variant(&variant, &got);
    assert_status(sg_catalog_get_own_variant(p->cat, 7, 8, &(sg_cat_variant){0}), SG_ENOTFOUND);
    assert_ok(sg_catalog_each(p->cat, SG_DB_SEARCHES, take_search, &next));
    assert_ptr_equal(next, search + 3);
    sg_cat_variant_clear(&got);
    sg_cat_variant_clear(&variant);
}

static void test_meta(void **state)
{
    place *p = *state;
    void *bytes;
    size_t n;

    assert_ok(sg_catalog_put_meta(p->cat, "run", "abc", 3));
    assert_ok(sg_catalog_put_meta(p->cat, "empty", NULL, 0));
    assert_ok(sg_catalog_put_meta(p->cat, "run", "defg", 4)); /* a later put replaces */
    assert_ok(sg_catalog_commit(p->cat));
    assert_ok(sg_catalog_get_meta(p->cat, "run", &bytes, &n));
    assert_int_equal(n, 4);
    assert_memory_equal(bytes, "defg", 4);
    sg_free(bytes);
    assert_ok(sg_catalog_get_meta(p->cat, "empty", &bytes, &n));
    assert_int_equal(n, 0);
    sg_free(bytes);
    assert_status(sg_catalog_get_meta(p->cat, "other", &bytes, &n), SG_ENOTFOUND);
    assert_status(sg_catalog_put_meta(p->cat, "header", "x", 1), SG_EINVAL);
    assert_status(sg_catalog_put_meta(p->cat, "", "x", 1), SG_EINVAL);
}

/* ---- bytes ---- */

static void test_literal_bytes(void **state)
{
    /* search 0x0102030405060708: state 2, edge 3, atom 4, attempt 5, sampler 6, outcome 7, calls 8..12,
     * barrier 1.5 eV */
    static const unsigned char payload[] = {
        0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, 2,  0, 0, 0, 0, 0, 0, 0, 3, 0, 0,    0,   0,
        0,    0,    0,    4,    0,    0,    0,    5,    0,  0, 0, 6, 7, 8, 0, 0, 0, 9, 0,    0,   0,
        10,   0,    0,    0,    11,   0,    0,    0,    12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f};
    static const unsigned char key[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};
    const unsigned char head[] = {'s', 'g', 7, 1, sizeof payload, 0, 0, 0};
    unsigned char value[128];
    place *p = *state;
    const sg_cat_search search = {.id = 0x0102030405060708u,
                                  .state = 2,
                                  .edge = 3,
                                  .atom = 4,
                                  .attempt = 5,
                                  .sampler = 6,
                                  .outcome = 7,
                                  .calls = {8, 9, 10, 11, 12},
                                  .barrier = 1.5};

    assert_ok(sg_catalog_put_search(p->cat, &search));
    assert_ok(sg_catalog_commit(p->cat));
    sg_catalog_close(p->cat);
    p->cat = NULL;
    const size_t n = raw_access(p->file, "searches", key, sizeof key, value, sizeof value, NULL, 0);
    assert_int_equal(n, 16 + sizeof payload);
    assert_memory_equal(value, head, sizeof head);
    assert_memory_equal(value + 16, payload, sizeof payload);
    /* XXH3-64 of the payload seeded with that of the head: from a program of five lines that knows only
     * xxhash.h */
    assert_memory_equal(value + 8, "\x86\x11\xc2\xdf\x2c\x71\x5a\x47", 8);
}

static void test_variant_key_bytes(void **state)
{
    static const unsigned char key[] = {0, 0, 0, 0, 0, 0, 1, 2, 0xff, 0, 0, 0, 0, 0, 0, 3};
    unsigned char value[512];
    place *p = *state;
    sg_cat_variant variant = sample_variant(&p->rng, 0x102, 0xff00000000000003u, 2);

    assert_ok(sg_catalog_put_variant(p->cat, &variant));
    assert_ok(sg_catalog_commit(p->cat));
    sg_catalog_close(p->cat);
    p->cat = NULL;
    raw_access(p->file, "variants", key, sizeof key, value, sizeof value, NULL, 0);
    assert_int_equal(value[2], 2); /* type */
    sg_cat_variant_clear(&variant);
}

/* ---- order, counts, hash ---- */

static int ascending(void *arg, const void *record)
{
    uint64_t *last = arg;
    const uint64_t id = ((const sg_cat_step *)record)->step;
    assert_true(*last == UINT64_MAX || id > *last);
    *last = id;
    return id == 70000; /* stop here */
}

static void test_each_is_ordered_and_stops(void **state)
{
    static const uint64_t steps[] = {70000, 255, 256, 1, 80000, 0};
    place *p = *state;
    uint64_t last = UINT64_MAX, n;

    for (int k = 0; k < 6; k++) {
        const sg_cat_step step = sample_step(&p->rng, steps[k]);
        assert_ok(sg_catalog_put_step(p->cat, &step));
    }
    assert_ok(sg_catalog_commit(p->cat));
    assert_ok(sg_catalog_count(p->cat, SG_DB_STEPS, &n));
    assert_int_equal(n, 6);
    assert_ok(sg_catalog_each(p->cat, SG_DB_STEPS, ascending, &last));
    assert_int_equal(last, 70000);
}

static uint64_t hash_after(place *p, const char *name, int backwards, int small_commits)
{
    char file[256];
    const sg_catalog_header header = sample_header();
    sg_catalog *cat;
    uint64_t hash;

    assert_ok(sg_catalog_create(joined(file, p->path, name), &header, &cat));
    for (uint64_t k = 0; k < 40; k++) {
        const uint64_t id = backwards ? 39 - k : k;
        sg_rng rng;
        sg_rng_init(&rng, 9, SG_RNG_TEST, id, 0, 0);
        sg_cat_event event = sample_event(&rng, id, id / 4, 30);
        sg_cat_environment environment = sample_environment(&rng, id / 4, 11);
        sg_cat_variant variant = sample_variant(&rng, id / 4, id, 30);
        sg_cat_step step = sample_step(&rng, k); /* not shareable: must not count */
        assert_ok(sg_catalog_put_event(cat, &event));
        if (id % 4 == 0) assert_ok(sg_catalog_put_environment(cat, &environment));
        assert_ok(sg_catalog_put_variant(cat, &variant));
        if (small_commits) assert_ok(sg_catalog_put_step(cat, &step));
        if (small_commits && k % 3 == 0) assert_ok(sg_catalog_commit(cat));
        sg_cat_event_clear(&event);
        sg_cat_environment_clear(&environment);
        sg_cat_variant_clear(&variant);
    }
    assert_ok(sg_catalog_commit(cat));
    assert_ok(sg_catalog_content_hash(cat, &hash));
    sg_catalog_close(cat);
    return hash;
}

static void test_hash_ignores_history(void **state)
{
    place *p = *state;
    uint64_t empty;
    const uint64_t a = hash_after(p, "a", 0, 0), b = hash_after(p, "b", 1, 1);

    assert_int_equal(a, b);
    assert_ok(sg_catalog_content_hash(p->cat, &empty));
    assert_int_not_equal(a, empty);
}

/* ---- base and overlay ---- */

static void put_pair(sg_catalog *cat, uint64_t run, uint64_t key, uint64_t id, uint32_t count)
{
    sg_rng rng;
    sg_rng_init(&rng, 3, SG_RNG_TEST, id, 0, 0);
    sg_cat_variant variant = sample_variant(&rng, key, id, 8);
    sg_cat_event event = sample_event(&rng, id, key, 8);

    sample_attempts(&variant, run, count);
    sample_found(&event, run, 10 * count);
    assert_ok(sg_catalog_put_variant(cat, &variant));
    assert_ok(sg_catalog_put_event(cat, &event));
    sg_cat_variant_clear(&variant);
    sg_cat_event_clear(&event);
}

static void make_base(place *p, const char *name, uint64_t run, const uint64_t ids[], int n)
{
    char file[256];
    const sg_catalog_header header = sample_header();
    sg_catalog *cat;

    assert_ok(sg_catalog_create(joined(file, p->path, name), &header, &cat));
    for (int k = 0; k < n; k++)
        put_pair(cat, run, 5, ids[k], 1);
    put_pair(cat, run, 4, 900, 1);
    put_pair(cat, run, 6, 901, 1);
    assert_ok(sg_catalog_commit(cat));
    sg_catalog_close(cat);
}

static void test_base_and_overlay_unite(void **state)
{
    static const uint64_t first[] = {30, 10, 20}, second[] = {20, 50}, expected[] = {10, 20, 30, 40, 50};
    static const uint32_t counts[] = {1, 102, 1, 100, 1}; /* own ones count 100 */
    place *p = *state;
    char a[256], b[256], data[256];
    uint64_t before, after, n_events;
    sg_cat_variant *variant, own;
    sg_cat_event *event, one;
    int n;

    make_base(p, "a", 1, first, 3);
    make_base(p, "b", 2, second, 2);
    joined(data, joined(a, p->path, "a"), "data.mdb");
    assert_ok(sg_hash_file(data, &before));
    assert_ok(sg_catalog_add_base(p->cat, a));
    assert_ok(sg_catalog_add_base(p->cat, joined(b, p->path, "b")));
    assert_ok(sg_catalog_add_base(p->cat, a)); /* twice is once */
    put_pair(p->cat, 3, 5, 40, 100);
    put_pair(p->cat, 3, 5, 20, 100);
    assert_ok(sg_catalog_commit(p->cat));

    assert_ok(sg_catalog_find_variants(p->cat, 5, &variant, &n));
    assert_int_equal(n, 5);
    for (int k = 0; k < n; k++) {
        assert_int_equal(variant[k].id, expected[k]);
        assert_int_equal(variant[k].attempts, counts[k]);
        sg_cat_variant_clear(&variant[k]);
    }
    sg_free(variant);
    assert_ok(sg_catalog_find_events(p->cat, 5, &event, &n));
    assert_int_equal(n, 5);
    for (int k = 0; k < n; k++) {
        assert_int_equal(event[k].id, expected[k]);
        assert_int_equal(event[k].found, 10 * counts[k]);
        sg_cat_event_clear(&event[k]);
    }
    sg_free(event);
    assert_ok(sg_catalog_get_event(p->cat, 50, &one));
    sg_cat_event_clear(&one);
    assert_status(sg_catalog_get_own_event(p->cat, 50, &one), SG_ENOTFOUND);
    assert_status(sg_catalog_get_own_variant(p->cat, 5, 50, &own), SG_ENOTFOUND);
    assert_ok(sg_catalog_get_own_variant(p->cat, 5, 20, &own));
    assert_int_equal(own.attempts, 100);
    sg_cat_variant_clear(&own);
    assert_ok(sg_catalog_find_events(p->cat, 77, &event, &n)); /* nothing known is no error */
    assert_int_equal(n, 0);
    sg_free(event);
    assert_ok(sg_catalog_count(p->cat, SG_DB_EVENTS, &n_events));
    assert_int_equal(n_events, 2); /* own ones */

    sg_catalog_close(p->cat);
    p->cat = NULL;
    assert_ok(sg_hash_file(data, &after));
    assert_int_equal(before, after);
}

static void test_foreign_base(void **state)
{
    place *p = *state;
    char file[256];
    sg_catalog_header header = sample_header();
    sg_catalog *cat;

    header.cutoff[0][1] = header.cutoff[1][0] = 3.9;
    assert_ok(sg_catalog_create(joined(file, p->path, "other"), &header, &cat));
    sg_catalog_close(cat);
    assert_status(sg_catalog_add_base(p->cat, file), SG_EMISMATCH);
    assert_text("3.75");
    assert_text("other has 3.9 Å");
    assert_text(file);
    assert_status(sg_catalog_add_base(p->cat, p->file), SG_EINVAL);
    assert_status(sg_catalog_add_base(p->cat, p->path), SG_ENOTFOUND);
}

static void test_header_match(void **state)
{
    const sg_catalog_header a = sample_header();
    sg_catalog_header b = a;

    (void)state;
    assert_ok(sg_catalog_header_match(&a, "A", &b, "B"));
    strcpy(b.potential, "renamed");
    b.seed++;
    strcpy(b.program, "later");
    assert_ok(sg_catalog_header_match(&a, "A", &b, "B")); /* for people only */
    b.fingerprint++;
    assert_status(sg_catalog_header_match(&a, "A", &b, "B"), SG_EMISMATCH);
    assert_text("A has CuZr_mm.eam.fs (fingerprint 0123456789abcdef)");
    assert_text("B has renamed (0123456789abcdf0)");
    b = a;
    b.key_version = 4;
    assert_status(sg_catalog_header_match(&a, "A", &b, "B"), SG_EMISMATCH);
    assert_text("A has 3, B has 4");
    b = a;
    b.number[1] = 41;
    assert_status(sg_catalog_header_match(&a, "A", &b, "B"), SG_EMISMATCH);
    b = a;
    b.variant_radius = 6.5;
    assert_status(sg_catalog_header_match(&a, "A", &b, "B"), SG_EMISMATCH);
    assert_text("6.5 Å");
}

static void test_header_is_kept(void **state)
{
    place *p = *state;
    const sg_catalog_header header = sample_header();

    reopen(p, 0);
    const sg_catalog_header *got = sg_catalog_get_header(p->cat);
    assert_ok(sg_catalog_header_match(&header, "wrote", got, "read"));
    assert_string_equal(got->potential, header.potential);
    assert_string_equal(got->program, header.program);
    assert_int_equal(got->seed, 42);
}

static void test_bad_headers(void **state)
{
    place *p = *state;
    char file[256];
    sg_catalog *cat;
    sg_catalog_header h = sample_header();

    joined(file, p->path, "bad");
    h.number[1] = 29;
    assert_status(sg_catalog_create(file, &h, &cat), SG_EINVAL);
    h = sample_header();
    h.cutoff[1][0] = NAN;
    assert_status(sg_catalog_create(file, &h, &cat), SG_EINVAL);
    h = sample_header();
    h.n_species = 9;
    assert_status(sg_catalog_create(file, &h, &cat), SG_EINVAL);
    assert_null(cat);
    assert_int_equal(access(file, F_OK), -1);
}

/* ---- calls inside calls, size ---- */

static void test_abort_drops(void **state)
{
    place *p = *state;
    const sg_cat_step step = {.step = 1};
    uint64_t n;

    assert_ok(sg_catalog_put_step(p->cat, &step));
    sg_catalog_abort(p->cat);
    assert_ok(sg_catalog_commit(p->cat));
    assert_ok(sg_catalog_count(p->cat, SG_DB_STEPS, &n));
    assert_int_equal(n, 0);
}

static int look_up_inside(void *arg, const void *record)
{
    sg_catalog *cat = arg;
    sg_cat_step got;
    uint64_t n;

    assert_ok(sg_catalog_get_step(cat, ((const sg_cat_step *)record)->step, &got));
    assert_ok(sg_catalog_count(cat, SG_DB_STEPS, &n));
    assert_int_equal(n, 3);
    return 0;
}

static void test_nested_reads(void **state)
{
    place *p = *state;

    for (uint64_t k = 0; k < 3; k++)
        assert_ok(sg_catalog_put_step(p->cat, &(sg_cat_step){.step = k}));
    assert_ok(sg_catalog_commit(p->cat));
    assert_ok(sg_catalog_each(p->cat, SG_DB_STEPS, look_up_inside, p->cat));
}

static void test_size(void **state)
{
    place *p = *state;
    uint64_t before, after;
    char file[256];
    struct stat info;

    assert_ok(sg_catalog_size(p->cat, &before));
    sg_cat_state big = sample_state(&p->rng, 1, 20000); /* 480 kB */
    assert_ok(sg_catalog_put_state(p->cat, &big));
    assert_ok(sg_catalog_commit(p->cat));
    sg_cat_state_clear(&big);
    assert_ok(sg_catalog_size(p->cat, &after));
    assert_int_equal(stat(joined(file, p->file, "data.mdb"), &info), 0);
    assert_true(after >= before + 480000 && after < before + 600000);
    assert_true((uint64_t)info.st_size >= after);
    assert_true((uint64_t)info.st_blocks * 512 < 2 * after); /* the map is larger, the file is not */
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, place_with_catalog, place_remove)
    const struct CMUnitTest tests[] = {
        CASE(test_round_trips),
        CASE(test_variants_and_searches),
        CASE(test_meta),
        CASE(test_literal_bytes),
        CASE(test_variant_key_bytes),
        CASE(test_each_is_ordered_and_stops),
        CASE(test_hash_ignores_history),
        CASE(test_base_and_overlay_unite),
        CASE(test_foreign_base),
        CASE(test_header_match),
        CASE(test_header_is_kept),
        CASE(test_bad_headers),
        CASE(test_abort_drops),
        CASE(test_nested_reads),
        CASE(test_size),
    };
    return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
