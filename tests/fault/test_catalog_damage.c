/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A catalog with flipped bits, overwritten pages, or cut short, opened and read completely: each answer is
 * the right one or a clear report; never a crash, a hang, a wrong number, or something missing without a
 * word.
 *
 *     test_catalog_damage [N [SEED [CATALOG]]]      default: 400 damaged copies of a catalog made here
 *
 * Every copy is read by a process of its own. What must come out is known from the undamaged catalog: the
 * bytes of every record by database and key. Half of the damage hits heads of pages, where it hurts most. */
#include "catalog_place.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

enum { N_DAMAGE = 400, SECONDS = 60, ROUNDS = 5 };
enum { RIGHT, REFUSED, REPORTED, WRONG, N_RESULTS }; /* exit codes of the reading process */

static uint64_t n_damage = N_DAMAGE, seed = 20240229;
static const char *given;

typedef struct known { /* one record of the undamaged catalog */
    int db;
    unsigned char key[SG_KEY_MAX];
    size_t n_key;
    uint64_t hash; /* of its bytes */
} known;

typedef struct truth {
    known *at;
    size_t n, capacity, next;
    uint64_t content, meta[3];
    sg_catalog_header header;
    int db;
    const char *wrong; /* NULL: nothing so far */
} truth;

static const char *const meta_names[3] = {"plan", "plan_done", "identity"};

/* ---- the truth ---- */

static known describe(int db, const void *record)
{
    known k = {.db = db};
    sg_codec c = {0};

    sg_record_encode(&c, &sg_cat_kinds[db], record);
    assert_int_equal(c.status, SG_OK);
    k.hash = sg_hash(c.bytes, c.n, 0);
    k.n_key = sg_cat_kinds[db].key(record, k.key);
    sg_free(c.bytes);
    return k;
}

static int learn(void *arg, const void *record)
{
    truth *t = arg;

    assert_int_equal(sg_grow((void **)&t->at, &t->capacity, t->n + 1, sizeof *t->at), 0);
    t->at[t->n++] = describe(t->db, record);
    return 0;
}

static uint64_t meta_hash(sg_catalog *cat, int k, sg_status *st)
{
    void *bytes = NULL;
    size_t n = 0;

    *st = sg_catalog_get_meta(cat, meta_names[k], &bytes, &n);
    const uint64_t hash = *st == SG_OK ? sg_hash(bytes, n, 1) : 0;
    sg_free(bytes);
    return hash;
}

static truth get_truth(const char *path)
{
    truth t = {0};
    sg_catalog *cat;
    sg_status st;

    assert_ok(sg_catalog_open(path, 0, NULL, &cat));
    for (t.db = 0; t.db < SG_DB_COUNT; t.db++)
        assert_ok(sg_catalog_each(cat, (sg_catalog_db)t.db, learn, &t));
    for (int k = 0; k < 3; k++)
        t.meta[k] = meta_hash(cat, k, &st);
    assert_ok(sg_catalog_content_hash(cat, &t.content));
    t.header = *sg_catalog_get_header(cat);
    sg_catalog_close(cat);
    return t;
}

/* ---- the reader ---- */

static void complain(truth *t, const char *what)
{
    if (!t->wrong) t->wrong = what;
}

static int compare(void *arg, const void *record)
{
    truth *t = arg;
    const known got = describe(t->db, record);

    while (t->next < t->n &&
           (t->at[t->next].db < t->db || memcmp(t->at[t->next].key, got.key, SG_KEY_MAX) < 0))
        t->next++; /* skipped: must be reported, see below */
    if (t->next == t->n || t->at[t->next].db != t->db || memcmp(t->at[t->next].key, got.key, SG_KEY_MAX) ||
        t->at[t->next].hash != got.hash)
        complain(t, "a record that is not the one stored");
    t->next++;
    return 0;
}

static sg_status get(sg_catalog *cat, const known *k, sg_record_any *record)
{
    const uint64_t id = sg_load_be64(k->key);

    if (k->db == SG_DB_VARIANTS)
        return sg_catalog_get_own_variant(cat, id, sg_load_be64(k->key + 8), &record->variant);
    const sg_status st = sg_store_enter(&cat->own);
    if (st != SG_OK) return st;
    const sg_status got = sg_store_get(&cat->own, (sg_catalog_db)k->db, k->key, 8, record);
    sg_store_leave(&cat->own);
    return got;
}

/* All of one key at once, by the index: each as stored, and as many as there were unless something is said.
 */
static size_t find(truth *t, sg_catalog *cat, uint64_t key)
{
    sg_cat_event *event = NULL;
    int n = 0;

    if (sg_catalog_find_events(cat, key, &event, &n) != SG_OK) return 0;
    for (int k = 0; k < n; k++) {
        const known got = describe(SG_DB_EVENTS, &event[k]);
        size_t j = 0;
        while (j < t->n && (t->at[j].db != SG_DB_EVENTS || memcmp(t->at[j].key, got.key, 8)))
            j++;
        if (j == t->n || t->at[j].hash != got.hash)
            complain(t, "an event of a key that is not the one stored");
        sg_cat_event_clear(&event[k]);
    }
    sg_free(event);
    return (size_t)n;
}

/* Everything that can be asked. Returns how many answers were refused. */
static size_t read_all(truth *t, sg_catalog *cat, const heard *h)
{
    sg_record_any record;
    uint64_t hash = 0;
    size_t bad = 0, n_events = 0, n_found = 0;

    t->next = 0;
    for (t->db = 0; t->db < SG_DB_COUNT; t->db++)
        bad += sg_catalog_each(cat, (sg_catalog_db)t->db, compare, t) != SG_OK;
    for (size_t k = 0; k < t->n; k++) {
        const sg_status st = get(cat, &t->at[k], &record);
        if (st == SG_OK) {
            if (describe(t->at[k].db, &record).hash != t->at[k].hash)
                complain(t, "another record under a key");
            if (t->at[k].db == SG_DB_EVENTS && record.event.key)
                n_found += find(t, cat, record.event.key) > 0;
            if (sg_cat_kinds[t->at[k].db].clear) sg_cat_kinds[t->at[k].db].clear(&record);
        } else if (st == SG_ENOTFOUND && h->lines == 0) {
            complain(t, "a record is missing without a word");
        }
        n_events += t->at[k].db == SG_DB_EVENTS;
        bad += st != SG_OK;
    }
    if (n_found != n_events && h->lines == 0) complain(t, "an event is missing without a word");
    for (int k = 0; k < 3; k++) {
        sg_status st;
        const uint64_t got = meta_hash(cat, k, &st);
        if (st == SG_OK && got != t->meta[k]) complain(t, "a meta record that is not the one stored");
        if (st == SG_ENOTFOUND && t->meta[k] && h->lines == 0)
            complain(t, "a meta record is missing without a word");
        bad += st != SG_OK && t->meta[k] != 0;
    }
    if (memcmp(&t->header, sg_catalog_get_header(cat), sizeof t->header)) complain(t, "another header");
    const sg_status st = sg_catalog_content_hash(cat, &hash);
    if (st != SG_OK)
        bad++;
    else if (hash != t->content && bad == 0 && h->lines == 0)
        complain(t, "another content hash");
    return bad;
}

static int clear_report(sg_status st)
{
    const char *text = sg_error_text();
    const int foreseen =
        st == SG_ECORRUPT || st == SG_EMISMATCH || st == SG_ENOTFOUND; /* the last: cut to nothing */
    return foreseen && strlen(text) > 20 && !strchr(text, '\n');
}

/* A writer adds to it what fills several pages, over and over: what was there must stay. */
static int write_on(truth *t, const char *path)
{
    const uint64_t id = UINT64_C(1) << 60; /* after all that are there */
    sg_rng rng;
    sg_catalog *cat;
    heard h = {0};
    const sg_log log = {heard_line, NULL, &h};
    sg_status st = sg_catalog_open(path, 1, &log, &cat);

    if (st != SG_OK) return clear_report(st) ? REFUSED : WRONG;
    sg_rng_init(&rng, 3, SG_RNG_TEST, 0, 0, 0);
    for (uint64_t k = 0; k < ROUNDS && st == SG_OK; k++) {
        for (uint64_t j = 0; j < 5 && st == SG_OK; j++) {
            sg_cat_state s = sample_state(&rng, id + k % 3 * 5 + j, 10 + 100 * (uint32_t)j);
            st = sg_catalog_put_state(cat, &s);
            sg_cat_state_clear(&s);
        }
        if (st == SG_OK) st = sg_catalog_commit(cat);
    }
    sg_catalog_close(cat);
    if (st != SG_OK) return clear_report(st) ? REPORTED : WRONG;
    if (sg_catalog_open(path, 0, &log, &cat) != SG_OK) return WRONG;
    size_t bad = 0;
    for (size_t k = 0; k < t->n; k++) {
        sg_record_any record;
        if (get(cat, &t->at[k], &record) != SG_OK) {
            bad++;
            continue;
        }
        if (describe(t->at[k].db, &record).hash != t->at[k].hash) complain(t, "changed by a writer");
        if (sg_cat_kinds[t->at[k].db].clear) sg_cat_kinds[t->at[k].db].clear(&record);
    }
    sg_catalog_close(cat);
    if (bad) complain(t, "lost by a writer");
    return t->wrong ? WRONG : RIGHT;
}

static int read_damaged(truth *t, const char *path)
{
    sg_catalog *cat;
    heard h = {0};
    const sg_log log = {heard_line, NULL, &h};
    sg_status st = sg_catalog_open(path, 0, &log, &cat);

    if (st != SG_OK) {
        if (!clear_report(st)) complain(t, sg_error_text());
        if (!t->wrong && sg_catalog_open(path, 1, &log, &cat) == SG_OK)
            complain(t, "refused to readers only");
        return t->wrong ? WRONG : REFUSED;
    }
    const size_t bad = read_all(t, cat, &h);
    sg_catalog_close(cat);
    if (t->wrong) return WRONG;
    const int written = write_on(t, path);
    if (written == WRONG) return WRONG;
    if (written == REFUSED && bad == 0 && h.lines == 0) return REPORTED;
    return bad || h.lines ? REPORTED : RIGHT;
}

/* ---- damage ---- */

typedef struct bytes {
    unsigned char *at;
    size_t n;
} bytes;

static bytes load(const char *file)
{
    struct stat info;
    bytes b = {0};
    FILE *f = fopen(file, "rb");

    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &info), 0);
    b.n = (size_t)info.st_size;
    b.at = sg_calloc(b.n, 1);
    assert_int_equal(fread(b.at, 1, b.n, f), b.n);
    fclose(f);
    return b;
}

static void store(const char *file, const unsigned char *at, size_t n)
{
    FILE *f = fopen(file, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(at, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static size_t below(sg_rng *rng, size_t n)
{
    return (size_t)(sg_rng_bits(rng) % n);
}

/* Damage of one kind to `b`; *n is the length that is left. Says what it did. */
static void harm(sg_rng *rng, bytes b, size_t *n, char text[128])
{
    const size_t page = 4096, pages = b.n / page, kind = below(rng, 100);
    size_t at = below(rng, b.n);

    *n = b.n;
    if (kind < 50) { /* among the heads and offsets of a page */
        at = below(rng, pages) * page + below(rng, 64);
    } else if (kind < 60) { /* among the roots */
        at = below(rng, 2) * page + below(rng, 152);
    }
    if (kind < 80) {
        const unsigned char bit = (unsigned char)(1u << below(rng, 8));
        b.at[at] ^= bit;
        snprintf(text, 128, "byte %zu, bits %02x flipped", at, bit);
    } else if (kind < 85) { /* a run of other bytes */
        const size_t m = 1 + below(rng, 64);
        for (size_t k = at; k < b.n && k < at + m; k++)
            b.at[k] = (unsigned char)sg_rng_bits(rng);
        snprintf(text, 128, "%zu bytes from %zu on overwritten", m, at);
    } else if (kind < 90) { /* a page in the place of another, or none */
        const size_t to = below(rng, pages), from = below(rng, pages);
        if (kind < 88)
            memmove(b.at + to * page, b.at + from * page, page);
        else
            memset(b.at + to * page, 0, page);
        snprintf(text, 128, "page %zu overwritten (%zu)", to, from);
    } else {
        *n = kind < 95 ? at : at / page * page;
        snprintf(text, 128, "cut to %zu bytes", *n);
    }
}

/* In a process of its own. Returns an exit code or 100 + signal. */
static int try_one(truth *t, const char *path, const char *said)
{
    int status = 0;
    const pid_t child = fork();

    if (child == 0) {
        alarm(SECONDS);
        const int result = read_damaged(t, path);
        if (result == WRONG) fprintf(stderr, "%s: %s\n", said, t->wrong ? t->wrong : sg_error_text());
        fflush(NULL);
        _exit(result);
    }
    assert_true(child > 0);
    while (waitpid(child, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

/* ---- a catalog with everything in it: branches, large values, free pages ---- */

static void make_catalog(const char *path)
{
    const sg_catalog_header header = sample_header();
    sg_rng rng;
    sg_catalog *cat;

    sg_rng_init(&rng, 7, SG_RNG_TEST, 0, 0, 0);
    assert_ok(sg_catalog_create(path, &header, &cat));
    for (uint64_t k = 0; k < 60; k++) {
        sg_cat_environment e = sample_environment(&rng, 100 + k / 2, 150);
        sg_cat_variant v = sample_variant(&rng, 100 + k / 2, sg_rng_bits(&rng), 40);
        sg_cat_event ev = sample_event(&rng, sg_rng_bits(&rng), 100 + k / 3, k % 4 ? 25 : 60);
        sg_cat_state s = sample_state(&rng, k / 2, 30 + 5 * (uint32_t)(k % 30));
        sg_cat_edge ed = sample_edge(&rng, k / 2, 60 + (uint32_t)k);
        sg_cat_table tb = sample_table(&rng, k / 2, 20, 60);
        assert_ok(sg_catalog_put_environment(cat, &e));
        assert_ok(sg_catalog_put_variant(cat, &v));
        assert_ok(sg_catalog_put_event(cat, &ev));
        assert_ok(sg_catalog_put_state(cat, &s));
        assert_ok(sg_catalog_put_edge(cat, &ed));
        assert_ok(sg_catalog_put_table(cat, &tb));
        for (uint64_t j = 0; j < 8; j++) {
            const sg_cat_search search = sample_search(&rng, 8 * k + j);
            assert_ok(sg_catalog_put_search(cat, &search));
        }
        const sg_cat_step step = sample_step(&rng, k);
        assert_ok(sg_catalog_put_step(cat, &step));
        for (int m = 0; m < 3; m++)
            assert_ok(sg_catalog_put_meta(cat, meta_names[m], &ev.barrier, 8));
        sg_cat_environment_clear(&e);
        sg_cat_variant_clear(&v);
        sg_cat_event_clear(&ev);
        sg_cat_state_clear(&s);
        sg_cat_edge_clear(&ed);
        sg_cat_table_clear(&tb);
        if (k % 5 == 4) assert_ok(sg_catalog_commit(cat));
    }
    assert_ok(sg_catalog_commit(cat));
    sg_catalog_close(cat);
}

static void test_damage(void **state)
{
    place *p = *state;
    char file[256], data[256], said[128];
    uint64_t count[N_RESULTS] = {0}, crashed = 0;

    if (given) {
        assert_true(strlen(given) < sizeof file);
        strcpy(file, given);
    } else {
        make_catalog(joined(file, p->path, "whole"));
    }
    truth t = get_truth(file);
    const bytes whole = load(joined(data, file, "data.mdb"));
    bytes copy = {sg_calloc(whole.n, 1), whole.n};
    sg_rng_init(&p->rng, seed, SG_RNG_TEST, 0, 0, 0);
    for (uint64_t k = 0; k <= n_damage; k++) {
        size_t n = whole.n;
        memcpy(copy.at, whole.at, whole.n);
        if (k > 0)
            harm(&p->rng, copy, &n, said);
        else
            snprintf(said, sizeof said, "undamaged"); /* the judge must find nothing wrong here */
        assert_int_equal(mkdir(p->file, 0777), 0);
        store(joined(data, p->file, "data.mdb"), copy.at, n);
        const int result = try_one(&t, p->file, said);
        if (result < N_RESULTS) count[result]++;
        if (result >= WRONG) fprintf(stderr, "%s: result %d\n", said, result);
        crashed += result >= N_RESULTS;
        if (k == 0) assert_int_equal(result, RIGHT);
        folder_remove(p->file);
    }
    print_message(
        "%llu damaged copies of %zu bytes, %zu records: %llu without effect, %llu refused, %llu reported; "
        "%llu wrong, %llu crashed or hung\n",
        (unsigned long long)n_damage, whole.n, t.n, (unsigned long long)count[RIGHT] - 1,
        (unsigned long long)count[REFUSED], (unsigned long long)count[REPORTED],
        (unsigned long long)count[WRONG], (unsigned long long)crashed);
    sg_free(copy.at);
    sg_free(whole.at);
    sg_free(t.at);
    assert_int_equal(count[WRONG], 0);
    assert_int_equal(crashed, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_damage, place_empty, place_remove),
    };
    if (argc > 1) n_damage = strtoull(argv[1], NULL, 10);
    if (argc > 2) seed = strtoull(argv[2], NULL, 10);
    if (argc > 3) given = argv[3];
    return cmocka_run_group_tests_name("damaged catalogs", tests, NULL, NULL);
}
