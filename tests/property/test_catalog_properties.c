/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold for any record and any sequence of calls: encode and decode are inverse, no bytes can hurt
 * the decoder, and the store behaves like a plain array that changes at commits. Also prints the speed of
 * look-ups (a figure, no verdict). */
#include "catalog_samples.h"

#include <time.h>

#include "../catalog/catalog_internal.h"

static void clear_any(const sg_cat_kind *kind, void *record)
{
    if (kind->clear) kind->clear(record);
}

static void make_any(sg_rng *rng, int db, uint32_t n, sg_record_any *r)
{
    const uint64_t id = sg_rng_bits(rng);

    switch (db) {
    case SG_DB_ENVIRONMENTS:
        r->environment = sample_environment(rng, id, n);
        break;
    case SG_DB_VARIANTS:
        r->variant = sample_variant(rng, id, id + 1, n);
        break;
    case SG_DB_EVENTS:
        r->event = sample_event(rng, id, id + 1, n);
        break;
    case SG_DB_STATES:
        r->state = sample_state(rng, id, n);
        break;
    case SG_DB_EDGES:
        r->edge = sample_edge(rng, id, n);
        break;
    case SG_DB_TABLES:
        r->table = sample_table(rng, id, n, n / 2);
        break;
    case SG_DB_SEARCHES:
        r->search = sample_search(rng, id);
        break;
    case SG_DB_RUNS:
        r->run = sample_run(rng, id);
        break;
    default:
        r->step = sample_step(rng, id);
    }
}

static void same_any(int db, const sg_record_any *a, const sg_record_any *b)
{
    switch (db) {
    case SG_DB_ENVIRONMENTS:
        same_environment(&a->environment, &b->environment);
        break;
    case SG_DB_VARIANTS:
        same_variant(&a->variant, &b->variant);
        break;
    case SG_DB_EVENTS:
        same_event(&a->event, &b->event);
        break;
    case SG_DB_STATES:
        same_state(&a->state, &b->state);
        break;
    case SG_DB_EDGES:
        same_edge(&a->edge, &b->edge);
        break;
    case SG_DB_TABLES:
        same_table(&a->table, &b->table);
        break;
    case SG_DB_SEARCHES:
        same_search(&a->search, &b->search);
        break;
    case SG_DB_RUNS:
        same_run(&a->run, &b->run);
        break;
    default:
        same_step(&a->step, &b->step);
    }
}

static void test_decode_inverts_encode(void **state)
{
    sg_rng rng;
    const char *why;

    (void)state;
    sg_rng_init(&rng, 5, SG_RNG_TEST, 0, 0, 0);
    for (int k = 0; k < 400; k++) {
        const int db = k % SG_DB_COUNT;
        const sg_cat_kind *kind = &sg_cat_kinds[db];
        sg_record_any record, back;
        sg_codec c = {0};
        make_any(&rng, db, (uint32_t)(sg_rng_bits(&rng) % 60), &record);
        sg_record_encode(&c, kind, &record);
        assert_int_equal(c.status, SG_OK);
        assert_int_equal(sg_record_decode(kind, c.bytes, c.n, &back, &why), SG_OK);
        same_any(db, &record, &back);
        clear_any(kind, &back);
        clear_any(kind, &record);
        sg_free(c.bytes);
    }
}

/* the last offset of each table in FORMAT.md, arrays empty */
static void test_sizes_of_the_format(void **state)
{
    static const size_t payload[SG_DB_COUNT] = {
        [SG_DB_ENVIRONMENTS] = 16, [SG_DB_VARIANTS] = 36, [SG_DB_EVENTS] = 212,
        [SG_DB_STATES] = 88,       [SG_DB_EDGES] = 247,   [SG_DB_TABLES] = 560,
        [SG_DB_SEARCHES] = 62,     [SG_DB_STEPS] = 130,   [SG_DB_RUNS] = 132};
    /* bytes that two atoms, entries, .. add; make_any gives a table n entries and n/2 atoms, and n runs that
     * have counted */
    static const size_t two[SG_DB_COUNT] = {
        [SG_DB_ENVIRONMENTS] = 2, [SG_DB_VARIANTS] = 50, [SG_DB_EVENTS] = 252, [SG_DB_STATES] = 48,
        [SG_DB_EDGES] = 24,       [SG_DB_TABLES] = 72,   [SG_DB_SEARCHES] = 0, [SG_DB_STEPS] = 0};
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 6, SG_RNG_TEST, 0, 0, 0);
    for (int db = 0; db < SG_DB_COUNT; db++)
        for (uint32_t n = 0; n <= 2; n += 2) {
            sg_record_any record;
            sg_codec c = {0};
            make_any(&rng, db, n, &record);
            sg_record_encode(&c, &sg_cat_kinds[db], &record);
            assert_int_equal(c.n, 16 + payload[db] + (n ? two[db] : 0));
            clear_any(&sg_cat_kinds[db], &record);
            sg_free(c.bytes);
        }
}

/* A record of an older version has been understood when it survives being written in the new one. */
static void try_again(int db, const sg_record_any *record, const sg_codec *c)
{
    sg_record_any again;
    const char *why;

    assert_int_equal(sg_record_decode(&sg_cat_kinds[db], c->bytes, c->n, &again, &why), SG_OK);
    same_any(db, record, &again);
    clear_any(&sg_cat_kinds[db], &again);
}

/* A decoder that accepts bytes must have understood all of them: encoding gives the same bytes again. */
static void try_bytes(int db, const unsigned char *bytes, size_t n)
{
    const sg_cat_kind *kind = &sg_cat_kinds[db];
    unsigned char *exact = malloc(n ? n : 1); /* so that the sanitizer sees one byte too far */
    sg_record_any record;
    const char *why;
    sg_codec c = {0};

    memcpy(exact, bytes, n);
    const sg_status st = sg_record_decode(kind, exact, n, &record, &why);
    if (st == SG_OK) {
        sg_record_encode(&c, kind, &record);
        if (exact[3] == kind->version) {
            assert_int_equal(c.n, n);
            assert_memory_equal(c.bytes, exact, n);
        } else {
            try_again(db, &record, &c);
        }
        clear_any(kind, &record);
        sg_free(c.bytes);
    } else {
        assert_int_equal(st, SG_ECORRUPT);
        assert_non_null(why);
    }
    free(exact);
}

static void seal(unsigned char *value, size_t n, uint8_t type, uint8_t version)
{
    const unsigned char head[4] = {'s', 'g', type, version};

    memcpy(value, head, 4);
    sg_store_le32(value + 4, (uint32_t)(n - 16));
    sg_store_le64(value + 8, sg_hash(value + 16, n - 16, sg_hash(value, 8, 0)));
}

static void test_random_bytes(void **state)
{
    unsigned char bytes[1024];
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 7, SG_RNG_TEST, 0, 0, 0);
    for (int k = 0; k < 16000; k++) {
        const int db = k % SG_DB_COUNT;
        const size_t n = sg_rng_bits(&rng) % sizeof bytes;
        /* mostly zeros, so that counts come out small now and then */
        for (size_t j = 0; j < n; j++) {
            const uint64_t bits = sg_rng_bits(&rng);
            bytes[j] = (unsigned char)(bits % 4 ? 0 : bits >> (k % 3 ? 56 : 61));
        }
        if (n >= 16 && k % 8 != 0)
            seal(bytes, n, sg_cat_kinds[db].type, (uint8_t)(1 + k / 8 % sg_cat_kinds[db].version));
        try_bytes(db, bytes, n);
    }
}

static void test_mutated_records(void **state)
{
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 8, SG_RNG_TEST, 0, 0, 0);
    for (int k = 0; k < 4000; k++) {
        const int db = k % SG_DB_COUNT;
        sg_record_any record;
        sg_codec c = {0};
        make_any(&rng, db, (uint32_t)(sg_rng_bits(&rng) % 20), &record);
        sg_record_encode(&c, &sg_cat_kinds[db], &record);
        for (int m = 0; m < 6; m++) {
            size_t n = c.n;
            const size_t at = 16 + sg_rng_bits(&rng) % (m < 3 && n > 48 ? 32 : n - 16);
            c.bytes[at] = (unsigned char)(c.bytes[at] ^ (1u << m));
            if (m == 5) n = 16 + sg_rng_bits(&rng) % (n - 16);
            /* a liar with a valid checksum */
            seal(c.bytes, n, sg_cat_kinds[db].type, sg_cat_kinds[db].version);
            try_bytes(db, c.bytes, n);
        }
        clear_any(&sg_cat_kinds[db], &record);
        sg_free(c.bytes);
    }
}

static void test_random_headers(void **state)
{
    unsigned char bytes[700];
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 9, SG_RNG_TEST, 0, 0, 0);
    for (int k = 0; k < 5000; k++) {
        sg_codec c = {0};
        sg_catalog_header header = sample_header(), out;
        sg_header_encode(&c, &header);
        memcpy(bytes, c.bytes, c.n);
        size_t n = c.n;
        bytes[16 + sg_rng_bits(&rng) % (n - 16)] = (unsigned char)sg_rng_bits(&rng);
        if (k % 4 == 0) n = 16 + sg_rng_bits(&rng) % (n - 16);
        seal(bytes, n, SG_REC_HEADER, 1);
        unsigned char *exact = malloc(n);
        memcpy(exact, bytes, n);
        if (sg_header_decode(exact, n, "x", &out) == SG_OK) {
            assert_true(out.n_species >= 1 && out.n_species <= SG_CATALOG_MAX_SPECIES);
            assert_true(strlen(out.potential) < sizeof out.potential);
        }
        free(exact);
        sg_free(c.bytes);
    }
}

/* ---- the store against an array ---- */

enum { IDS = 40, CALLS = 1500 };

typedef struct model {
    uint32_t found[IDS]; /* 0: not there */
} model;

static void compare(sg_catalog *cat, const model *m)
{
    uint64_t count, n_there = 0;

    for (uint64_t id = 0; id < IDS; id++) {
        sg_cat_event event;
        const sg_status st = sg_catalog_get_event(cat, id, &event);
        n_there += m->found[id] > 0;
        assert_int_equal(st, m->found[id] ? SG_OK : SG_ENOTFOUND);
        if (st != SG_OK) continue;
        assert_int_equal(event.found, m->found[id]);
        assert_int_equal(event.n, m->found[id] % 50);
        sg_cat_event_clear(&event);
    }
    assert_ok(sg_catalog_count(cat, SG_DB_EVENTS, &count));
    assert_int_equal(count, n_there);
    for (uint64_t key = 0; key < 5; key++) {
        sg_cat_event *event;
        int n, expected = 0;
        assert_ok(sg_catalog_find_events(cat, key, &event, &n));
        for (uint64_t id = key; id < IDS; id += 5) {
            if (!m->found[id]) continue;
            assert_true(expected < n && event[expected].id == id);
            expected++;
        }
        assert_int_equal(n, expected);
        for (int k = 0; k < n; k++)
            sg_cat_event_clear(&event[k]);
        sg_free(event);
    }
}

static void test_random_calls(void **state)
{
    char path[64], file[256];
    const sg_catalog_header header = sample_header();
    model committed = {{0}}, pending;
    sg_catalog *cat;
    sg_rng rng;

    (void)state;
    folder_make(path);
    sg_rng_init(&rng, 10, SG_RNG_TEST, 0, 0, 0);
    assert_ok(sg_catalog_create_sized(joined(file, path, "cat"), &header, 128 << 10, &cat));
    pending = committed;
    for (int k = 0; k < CALLS; k++) {
        const uint64_t what = sg_rng_bits(&rng) % 100, id = sg_rng_bits(&rng) % IDS;
        if (what < 90) {
            sg_cat_event event = sample_event(&rng, id, id % 5, 0);
            sg_cat_event_clear(&event);
            const uint32_t found = 1 + (uint32_t)(sg_rng_bits(&rng) % 1000);
            event = sample_event(&rng, id, id % 5, found % 50);
            sample_found(&event, 1, pending.found[id] = found);
            assert_ok(sg_catalog_put_event(cat, &event));
            sg_cat_event_clear(&event);
        } else if (what < 95) {
            assert_ok(sg_catalog_commit(cat));
            committed = pending;
            compare(cat, &committed);
        } else if (what < 97) {
            sg_catalog_abort(cat);
            pending = committed;
        } else {
            sg_catalog_close(cat);
            assert_ok(sg_catalog_open(file, 1, NULL, &cat));
            pending = committed;
            compare(cat, &committed);
        }
    }
    sg_catalog_close(cat);
    folder_remove(path);
}

/* ---- speed ---- */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void test_print_speed(void **state)
{
    enum { KEYS = 5000, LOOKS = 50000 };
    char path[64], file[256];
    const sg_catalog_header header = sample_header();
    sg_catalog *cat;
    sg_rng rng;

    (void)state;
    folder_make(path);
    sg_rng_init(&rng, 11, SG_RNG_TEST, 0, 0, 0);
    assert_ok(sg_catalog_create(joined(file, path, "cat"), &header, &cat));
    double t = seconds();
    for (uint64_t k = 0; k < KEYS; k++) {
        sg_cat_environment environment = sample_environment(&rng, k * 0x9e3779b97f4a7c15ull, 300);
        sg_cat_event event = sample_event(&rng, k, environment.key, 40);
        assert_ok(sg_catalog_put_environment(cat, &environment));
        assert_ok(sg_catalog_put_event(cat, &event));
        sg_cat_environment_clear(&environment);
        sg_cat_event_clear(&event);
    }
    assert_ok(sg_catalog_commit(cat));
    print_message("put and commit: %.0f events with their environments per second\n", KEYS / (seconds() - t));
    t = seconds();
    for (int k = 0; k < LOOKS; k++) {
        sg_cat_environment environment;
        const uint64_t key = sg_rng_bits(&rng) % KEYS * 0x9e3779b97f4a7c15ull;
        assert_int_equal(sg_catalog_get_environment(cat, key, &environment), SG_OK);
        sg_cat_environment_clear(&environment);
    }
    print_message("get_environment: %.0f per second\n", LOOKS / (seconds() - t));
    t = seconds();
    for (int k = 0; k < LOOKS; k++) {
        sg_cat_event *event;
        int n;
        const uint64_t key = sg_rng_bits(&rng) % KEYS * 0x9e3779b97f4a7c15ull;
        assert_int_equal(sg_catalog_find_events(cat, key, &event, &n), SG_OK);
        assert_int_equal(n, 1);
        sg_cat_event_clear(&event[0]);
        sg_free(event);
    }
    print_message("find_events, one of 40 atoms: %.0f per second\n", LOOKS / (seconds() - t));
    t = seconds();
    for (int k = 0; k < LOOKS; k++) {
        sg_cat_environment environment;
        assert_int_equal(sg_catalog_get_environment(cat, sg_rng_bits(&rng) | 1, &environment), SG_ENOTFOUND);
    }
    print_message("get_environment, unknown key: %.0f per second\n", LOOKS / (seconds() - t));
    sg_catalog_close(cat);
    folder_remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode_inverts_encode), cmocka_unit_test(test_sizes_of_the_format),
        cmocka_unit_test(test_random_bytes),          cmocka_unit_test(test_mutated_records),
        cmocka_unit_test(test_random_headers),        cmocka_unit_test(test_random_calls),
        cmocka_unit_test(test_print_speed),
    };
    return cmocka_run_group_tests_name("catalog properties", tests, NULL, NULL);
}
