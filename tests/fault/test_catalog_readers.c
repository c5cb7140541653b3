/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readers at full speed while a catalog is being written: no error, and only whole batches.
 *
 * The writer's batch b adds five states and one step and changes one table and one meta record, so that in
 * any commit four numbers agree: steps, states / 5, the table's searches, the meta record. Readers compare
 * them in one snapshot, read records at random, and open the catalog anew every so often.
 *
 *     test_catalog_readers                          4 readers, 300 batches
 *     test_catalog_readers write DIR N              a new catalog, N batches; prints the processor time, s
 *     test_catalog_readers open DIR                 prints MB, and the processor time of opening it to read
 * and to write, s (least of 5) test_catalog_readers read DIR STOP            such a catalog until the file
 * STOP appears; prints its passes test_catalog_readers check DIR STOP           any catalog, by
 * sg_curate_check; prints its passes
 */
#include "catalog_place.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "slowglass/curate.h"

enum { PER_BATCH = 5, ATOMS = 100, BATCHES = 300, READERS = 4, REOPEN = 20 };

/* ---- the writer ---- */

static sg_status put_batch(sg_catalog *cat, uint64_t b)
{
    static double x[ATOMS][3];
    const sg_cat_table table = {.state = 0, .n_searches = b + 1};
    const sg_cat_step step = {.step = b, .n_states = PER_BATCH * (b + 1)};
    const uint64_t n = b + 1;
    sg_status st = SG_OK;

    for (uint64_t k = PER_BATCH * b; k < PER_BATCH * (b + 1) && st == SG_OK; k++) {
        const sg_cat_state s = {.id = k, .n = ATOMS, .energy = (double)k, .x = x};
        st = sg_catalog_put_state(cat, &s);
    }
    if (st == SG_OK) st = sg_catalog_put_table(cat, &table);
    if (st == SG_OK) st = sg_catalog_put_step(cat, &step);
    if (st == SG_OK) st = sg_catalog_put_meta(cat, "plan", &n, sizeof n);
    return st == SG_OK ? sg_catalog_commit(cat) : st;
}

static int write_batches(const char *path, uint64_t n)
{
    const sg_catalog_header header = sample_header();
    sg_catalog *cat = NULL;
    sg_status st = sg_catalog_open(path, 1, NULL, &cat);

    if (st == SG_ENOTFOUND) st = sg_catalog_create(path, &header, &cat);
    for (uint64_t b = 0; b < n && st == SG_OK; b++)
        st = put_batch(cat, b);
    sg_catalog_close(cat);
    if (st != SG_OK) fprintf(stderr, "writer: %s\n", sg_error_text());
    return st != SG_OK;
}

/* ---- a reader ---- */

typedef struct reader {
    sg_catalog *cat;
    sg_rng rng;
    uint64_t passes, last; /* steps seen */
} reader;

static int wrong(const char *what, uint64_t is, uint64_t expected)
{
    fprintf(stderr, "reader: %s: %llu, expected %llu: %s\n", what, (unsigned long long)is,
            (unsigned long long)expected, sg_error_text());
    return 1;
}

static int read_records(reader *r, uint64_t n)
{
    sg_cat_step step;
    sg_cat_table table;
    void *bytes = NULL;
    size_t size = 0;
    uint64_t meta = 0;

    for (int k = 0; k < 20; k++) {
        const uint64_t id = sg_rng_bits(&r->rng) % (PER_BATCH * n);
        sg_cat_state s;
        if (sg_catalog_get_state(r->cat, id, &s) != SG_OK) return wrong("state", id, id);
        const int right = s.energy == (double)id && s.n == ATOMS;
        sg_cat_state_clear(&s);
        if (!right) return wrong("energy of state", 0, id);
    }
    if (sg_catalog_get_step(r->cat, n - 1, &step) != SG_OK || step.n_states != PER_BATCH * n)
        return wrong("last step", step.n_states, PER_BATCH * n);
    if (sg_catalog_get_table(r->cat, 0, &table) != SG_OK) return wrong("table", 0, 0);
    const uint64_t searches = table.n_searches;
    sg_cat_table_clear(&table);
    if (searches != n) return wrong("table", searches, n);
    if (sg_catalog_get_meta(r->cat, "plan", &bytes, &size) != SG_OK || size != sizeof meta)
        return wrong("meta record", size, sizeof meta);
    memcpy(&meta, bytes, sizeof meta);
    sg_free(bytes);
    return meta == n ? 0 : wrong("meta record", meta, n);
}

static int read_once(reader *r)
{
    uint64_t n = 0, states = 0;
    int bad;

    if (sg_catalog_hold(r->cat) != SG_OK) return wrong("hold", 0, 0);
    bad = sg_catalog_count(r->cat, SG_DB_STEPS, &n) != SG_OK ||
          sg_catalog_count(r->cat, SG_DB_STATES, &states) != SG_OK;
    if (bad)
        wrong("count", 0, 0);
    else if (states != PER_BATCH * n)
        bad = wrong("states", states, PER_BATCH * n);
    else if (n < r->last)
        bad = wrong("steps went back", n, r->last);
    else if (n > 0)
        bad = read_records(r, n);
    sg_catalog_release(r->cat);
    r->last = n;
    r->passes++;
    return bad;
}

static void count_finding(void *arg, const char *text)
{
    fprintf(stderr, "reader: %s\n", text);
    ++*(int *)arg;
}

static int check_once(reader *r)
{
    sg_curate_health health;
    int n = 0;

    r->passes++;
    if (sg_curate_check(r->cat, count_finding, &n, &health) == SG_OK) return n > 0;
    return wrong("check", 0, 0);
}

/* Until the file is there and one more time, so that the last commit is seen. */
static int read_until(const char *path, const char *stop, int (*once)(reader *r), reader *r)
{
    int bad = 0, end = 0;

    sg_rng_init(&r->rng, (uint64_t)getpid(), SG_RNG_TEST, 0, 0, 0);
    while (!bad) {
        const int now = access(stop, F_OK) == 0;
        if (!r->cat && sg_catalog_open(path, 0, NULL, &r->cat) != SG_OK) return wrong("open", 0, 0);
        bad = once(r);
        if (bad || end) break;
        end = now;
        if (r->passes % REOPEN == 0) sg_catalog_close(r->cat), r->cat = NULL;
    }
    sg_catalog_close(r->cat);
    return bad;
}

/* ---- what opening costs ---- */

static double processor_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int time_opening(const char *path)
{
    uint64_t bytes = 0;
    double least[2] = {INFINITY, INFINITY};

    for (int k = 0; k < 10; k++) {
        sg_catalog *cat;
        const double begin = processor_time();
        if (sg_catalog_open(path, k % 2, NULL, &cat) != SG_OK) return wrong("open", 0, 0);
        const double took = processor_time() - begin;
        if (took < least[k % 2]) least[k % 2] = took;
        if (sg_catalog_size(cat, &bytes) != SG_OK) return wrong("size", 0, 0);
        sg_catalog_close(cat);
    }
    printf("%.1f %.6f %.6f\n", 1e-6 * (double)bytes, least[0], least[1]);
    return 0;
}

/* ---- the small version ---- */

static void test_readers(void **state)
{
    place *p = *state;
    char stop[256];
    pid_t child[READERS];
    int status, passes[2];

    joined(stop, p->path, "stop");
    sg_catalog_close(fresh(p, 256 << 10)); /* the map grows under the readers */
    assert_int_equal(pipe(passes), 0);
    for (int k = 0; k < READERS; k++)
        if ((child[k] = fork()) == 0) {
            reader r = {0};
            const int bad = read_until(p->file, stop, read_once, &r);
            _exit(bad || write(passes[1], &r.passes, sizeof r.passes) != sizeof r.passes);
        }
    assert_int_equal(write_batches(p->file, BATCHES), 0);
    fclose(fopen(stop, "w"));
    uint64_t sum = 0;
    for (int k = 0; k < READERS; k++) {
        uint64_t n;
        assert_int_equal(waitpid(child[k], &status, 0), child[k]);
        assert_int_equal(status, 0);
        assert_int_equal(read(passes[0], &n, sizeof n), sizeof n);
        sum += n;
    }
    assert_true(sum >= 2 * READERS);
    close(passes[0]), close(passes[1]);
}

/* A reader that dies leaves its place in the table; the writer clears it and goes on using free pages. */
static void test_dead_reader_is_cleared(void **state)
{
    place *p = *state;
    int ready[2], status;
    char c;
    uint64_t before, after;
    sg_catalog *cat;

    assert_int_equal(write_batches(p->file, 0), 0);
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork(); /* before this process opens it */
    if (child == 0) {
        sg_store store = {0};
        const int bad = sg_store_open(&store, p->file, 0, SG_MAP_START, NULL) != SG_OK ||
                        sg_store_enter(&store) != SG_OK || write(ready[1], "r", 1) != 1;
        if (!bad) pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_ok(sg_catalog_open(p->file, 1, NULL, &cat)); /* while it is alive */
    for (uint64_t b = 0; b < 3; b++)
        assert_ok(put_batch(cat, b));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_ok(sg_catalog_size(cat, &before));
    for (int k = 0; k < 400; k++)
        assert_ok(put_batch(cat, 2)); /* the same records again and again */
    assert_ok(sg_catalog_size(cat, &after));
    assert_true(after < before + 600 * 4096); /* each of the 400 takes some 16 pages; they are used again */
    sg_catalog_close(cat);
    close(ready[0]);
}

/* More readers at once than LMDB's own table of 126 has places for. */
static void test_many_readers(void **state)
{
    place *p = *state;
    enum { MANY = 160 };
    pid_t child[MANY];
    int ready[2], go[2], status, bad = 0;
    char c;

    assert_int_equal(write_batches(p->file, 2), 0);
    assert_int_equal(pipe(ready) | pipe(go), 0);
    for (int k = 0; k < MANY; k++)
        if ((child[k] = fork()) == 0) {
            sg_store store = {0};
            sg_status st = sg_store_open(&store, p->file, 0, SG_MAP_START, NULL);
            if (st == SG_OK) st = sg_store_enter(&store);
            close(go[1]);
            _exit(write(ready[1], "r", 1) != 1 || read(go[0], &c, 1) != 0 || st != SG_OK);
        }
    for (int k = 0; k < MANY; k++)
        assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(write_batches(p->file, 1), 0); /* the writer finds its place, too */
    close(go[1]);
    for (int k = 0; k < MANY; k++) {
        assert_int_equal(waitpid(child[k], &status, 0), child[k]);
        bad += status != 0;
    }
    assert_int_equal(bad, 0);
    close(go[0]), close(ready[0]), close(ready[1]);
}

int main(int argc, char **argv)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, place_empty, place_remove)
    const struct CMUnitTest tests[] = {CASE(test_readers), CASE(test_dead_reader_is_cleared),
                                       CASE(test_many_readers)};
    if (argc == 3 && strcmp(argv[1], "open") == 0) return time_opening(argv[2]);
    if (argc == 4 && strcmp(argv[1], "write") == 0) {
        struct rusage used;
        const int bad = write_batches(argv[2], strtoull(argv[3], NULL, 10));
        getrusage(RUSAGE_SELF, &used);
        printf("%.6f\n", (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                             1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec));
        return bad;
    }
    if (argc == 4) {
        reader r = {0};
        const int bad =
            read_until(argv[2], argv[3], strcmp(argv[1], "read") == 0 ? read_once : check_once, &r);
        printf("%llu\n", (unsigned long long)r.passes);
        return bad;
    }
    return cmocka_run_group_tests_name("readers beside a writer", tests, NULL, NULL);
}
