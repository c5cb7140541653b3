/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The catalog when things go wrong: a full map, a full disk, a killed writer, damaged bytes, a file cut
 * short, a folder that cannot be written, memory that runs out. What must hold is stated by the test, never
 * by the store's own reader alone. */
#include "catalog_place.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static void put_states(place *p, sg_catalog *cat, uint64_t first, uint64_t n, uint32_t atoms)
{
    for (uint64_t k = first; k < first + n; k++) {
        sg_cat_state s = sample_state(&p->rng, k, atoms);
        assert_ok(sg_catalog_put_state(cat, &s));
        sg_cat_state_clear(&s);
    }
}

static void have_states(sg_catalog *cat, uint64_t n, uint32_t atoms)
{
    uint64_t count;

    assert_ok(sg_catalog_count(cat, SG_DB_STATES, &count));
    assert_int_equal(count, n);
    for (uint64_t k = 0; k < n; k++) {
        sg_cat_state s;
        assert_ok(sg_catalog_get_state(cat, k, &s));
        assert_int_equal(s.n, atoms);
        sg_cat_state_clear(&s);
    }
}

/* ---- the map ---- */

static void test_map_grows_in_one_batch(void **state)
{
    place *p = *state;
    sg_catalog *cat = fresh(p, 128 << 10);

    put_states(p, cat, 0, 60, 2000); /* 2.9 MB at once */
    assert_ok(sg_catalog_commit(cat));
    have_states(cat, 60, 2000);
    put_states(p, cat, 60, 60, 2000);
    assert_ok(sg_catalog_commit(cat));
    have_states(cat, 120, 2000);
    assert_true(cat->own.map_size > (5 << 20));
    sg_catalog_close(cat);
}

static char receive(int fd)
{
    char c = 0;
    assert_int_equal(read(fd, &c, 1), 1);
    return c;
}

static void test_reader_follows_growth(void **state)
{
    place *p = *state;
    int go[2], done[2], status;

    sg_catalog_close(fresh(p, 128 << 10));
    assert_int_equal(pipe(go) | pipe(done), 0);
    const pid_t child = fork(); /* the reader, with a small map of its own */
    if (child == 0) {
        sg_store store = {0};
        sg_cat_state s;
        unsigned char key[8];
        sg_store_be64(key, 59);
        int bad = sg_store_open(&store, p->file, 0, 128 << 10, NULL) != SG_OK;
        if (write(done[1], "r", 1) != 1 || read(go[0], &s, 1) != 1) bad = 1;
        bad |= sg_store_enter(&store) != SG_OK || sg_store_get(&store, SG_DB_STATES, key, 8, &s) != SG_OK;
        _exit(bad);
    }
    receive(done[0]);
    sg_catalog *cat;
    assert_ok(sg_catalog_open(p->file, 1, NULL, &cat));
    put_states(p, cat, 0, 60, 2000);
    assert_ok(sg_catalog_commit(cat));
    assert_int_equal(write(go[1], "g", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    sg_catalog_close(cat);
    close(go[0]), close(go[1]), close(done[0]), close(done[1]);
}

/* ---- readers see a snapshot ---- */

typedef struct snapshot {
    int go, done, seen;
} snapshot;

static int see(void *arg, const void *record)
{
    snapshot *s = arg;

    (void)record;
    if (s->seen++ == 0) { /* now the writer commits, in the middle of our visit */
        assert_int_equal(write(s->go, "g", 1), 1);
        assert_int_equal(receive(s->done), 'd');
    }
    return 0;
}

static void test_visit_is_a_snapshot(void **state)
{
    place *p = *state;
    int go[2], done[2], status;
    uint64_t n;
    sg_catalog *cat = fresh(p, SG_MAP_START);

    put_states(p, cat, 0, 10, 100);
    assert_ok(sg_catalog_commit(cat));
    sg_catalog_close(cat);
    assert_int_equal(pipe(go) | pipe(done), 0);
    const pid_t child = fork();
    if (child == 0) { /* the writer adds 10 and replaces 10 */
        assert_ok(sg_catalog_open(p->file, 1, NULL, &cat));
        receive(go[0]);
        put_states(p, cat, 0, 20, 7);
        const int bad = sg_catalog_commit(cat) != SG_OK || write(done[1], "d", 1) != 1;
        sg_catalog_close(cat);
        _exit(bad);
    }
    assert_ok(sg_catalog_open(p->file, 0, NULL, &cat));
    snapshot s = {go[1], done[0], 0};
    assert_ok(sg_catalog_each(cat, SG_DB_STATES, see, &s));
    assert_int_equal(s.seen, 10);
    assert_ok(sg_catalog_count(cat, SG_DB_STATES, &n)); /* the next read sees the commit */
    assert_int_equal(n, 20);
    have_states(cat, 20, 7);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    sg_catalog_close(cat);
    close(go[0]), close(go[1]), close(done[0]), close(done[1]);
}

/* ---- a killed writer ---- */

enum { BATCH = 5, KILLS = 12 };

/* Endless batches of BATCH steps and one state of varying size; after each commit a byte goes to the pipe. */
static void write_until_killed(place *p, uint64_t batch, int pipe_end)
{
    sg_catalog *cat;

    if (sg_catalog_open(p->file, 1, NULL, &cat) != SG_OK) _exit(1);
    for (;; batch++) {
        for (uint64_t k = 0; k < BATCH; k++)
            sg_catalog_put_step(cat, &(sg_cat_step){.step = BATCH * batch + k});
        sg_cat_state s = sample_state(&p->rng, batch, 100 + 300 * (uint32_t)(batch % 7));
        sg_catalog_put_state(cat, &s);
        sg_cat_state_clear(&s);
        if (sg_catalog_commit(cat) != SG_OK || write(pipe_end, "c", 1) != 1) _exit(1);
    }
}

static int next_step(void *arg, const void *record)
{
    uint64_t *n = arg;
    assert_int_equal(((const sg_cat_step *)record)->step, *n);
    ++*n;
    return 0;
}

static void test_killed_writer(void **state)
{
    place *p = *state;
    uint64_t batches = 0;

    sg_catalog_close(fresh(p, SG_MAP_START));
    for (int round = 0; round < KILLS; round++) {
        int ack[2], status;
        uint64_t steps = 0, states, acknowledged = 0;
        char c;
        sg_catalog *cat;
        assert_int_equal(pipe(ack), 0);
        const pid_t child = fork();
        if (child == 0) write_until_killed(p, batches, ack[1]);
        close(ack[1]);
        receive(ack[0]); /* one commit at least, then some more time */
        acknowledged++;
        const struct timespec wait = {0, (long)(sg_rng_uniform(&p->rng) * 3e7)};
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        while (read(ack[0], &c, 1) == 1)
            acknowledged++;
        close(ack[0]);

        assert_ok(sg_catalog_open(p->file, 1, NULL, &cat)); /* the lock died with it */
        assert_ok(sg_catalog_each(cat, SG_DB_STEPS, next_step, &steps));
        assert_int_equal(steps % BATCH, 0);                   /* nothing half */
        assert_true(steps / BATCH >= batches + acknowledged); /* all that was acknowledged */
        assert_true(steps / BATCH <= batches + acknowledged + 1);
        assert_ok(sg_catalog_count(cat, SG_DB_STATES, &states));
        assert_int_equal(states, steps / BATCH);
        batches = states;
        sg_catalog_close(cat);
    }
}

/* ---- damage ---- */

/* Change the value of one key by LMDB itself: flip bits of byte `at`, or keep only `at` bytes. */
static size_t damage(const char *path, const char *db, uint64_t id, size_t at, int truncate_it)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    unsigned char key[8], copy[4096];
    MDB_val k = {8, key}, v;

    sg_store_be64(key, id);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_NOSYNC, 0664), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, db, 0, &dbi), 0);
    assert_int_equal(mdb_get(txn, dbi, &k, &v), 0);
    const size_t n = v.mv_size;
    assert_true(n <= sizeof copy);
    memcpy(copy, v.mv_data, n);
    if (!truncate_it && at < n) copy[at] ^= 0x41;
    v = (MDB_val){truncate_it ? at : n, copy};
    assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    return n;
}

static int count_one(void *arg, const void *record)
{
    (void)record;
    ++*(int *)arg;
    return 0;
}

static void check_damaged(const char *path, uint64_t id)
{
    heard h = {0};
    const sg_log log = {heard_line, NULL, &h};
    sg_catalog *cat;
    sg_cat_event event;
    sg_cat_event *all;
    int n = 0;

    assert_ok(sg_catalog_open(path, 0, &log, &cat));
    assert_status(sg_catalog_get_event(cat, id, &event), SG_ECORRUPT);
    assert_text("events");
    assert_text("0000000000000101");
    assert_ok(sg_catalog_get_event(cat, id + 1, &event));
    sg_cat_event_clear(&event);
    h.lines = 0;
    assert_ok(sg_catalog_each(cat, SG_DB_EVENTS, count_one, &n));
    assert_int_equal(n, 3);
    assert_int_equal(h.lines, 1);
    assert_non_null(strstr(h.last, "0000000000000101"));
    assert_ok(sg_catalog_find_events(cat, 8, &all, &n));
    assert_int_equal(n, 3);
    assert_int_equal(h.lines, 2);
    for (int k = 0; k < n; k++)
        sg_cat_event_clear(&all[k]);
    sg_free(all);
    sg_catalog_close(cat);
}

static void test_damaged_record(void **state)
{
    place *p = *state;
    const uint64_t id = 0x101;
    const size_t places[] = {0, 2, 3, 4, 8, 15, 16, 24, 36, 40, 200, 300, 0};
    sg_catalog *cat = fresh(p, SG_MAP_START);
    sg_cat_event event[4];

    for (uint64_t k = 0; k < 4; k++) {
        event[k] = sample_event(&p->rng, id - 1 + k, 8, 6);
        assert_ok(sg_catalog_put_event(cat, &event[k]));
    }
    assert_ok(sg_catalog_commit(cat));
    sg_catalog_close(cat);
    const size_t n = damage(p->file, "events", id, SIZE_MAX, 0);
    for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
        const size_t at = k + 1 < sizeof places / sizeof places[0] ? places[k] : n - 1;
        damage(p->file, "events", id, at, 0);
        check_damaged(p->file, id);
        damage(p->file, "events", id, at, 0); /* flipped back */
    }
    assert_ok(sg_catalog_open(p->file, 0, NULL, &cat));
    sg_cat_event got;
    assert_ok(sg_catalog_get_event(cat, id, &got));
    same_event(&event[1], &got);
    sg_cat_event_clear(&got);
    sg_catalog_close(cat);
    damage(p->file, "events", id, n - 1, 1);
    check_damaged(p->file, id);
    damage(p->file, "events", id, 10, 1);
    check_damaged(p->file, id);
    damage(p->file, "events", id, 0, 1);
    check_damaged(p->file, id);
    for (int k = 0; k < 4; k++)
        sg_cat_event_clear(&event[k]);
}

static void test_damaged_own_record_is_answered_by_the_base(void **state)
{
    place *p = *state;
    char base[256];
    const sg_catalog_header header = sample_header();
    sg_catalog *cat;
    sg_cat_event event = sample_event(&p->rng, 0x101, 8, 6), got;

    assert_ok(sg_catalog_create(joined(base, p->path, "base"), &header, &cat));
    assert_ok(sg_catalog_put_event(cat, &event));
    assert_ok(sg_catalog_commit(cat));
    sg_catalog_close(cat);
    cat = fresh(p, SG_MAP_START);
    assert_ok(sg_catalog_put_event(cat, &event));
    assert_ok(sg_catalog_commit(cat));
    sg_catalog_close(cat);
    damage(p->file, "events", 0x101, 40, 0);
    assert_status(sg_catalog_open(p->file, 1, NULL, &cat), SG_ECORRUPT); /* nothing is added to it */
    assert_text("0000000000000101");
    assert_ok(sg_catalog_open(p->file, 0, NULL, &cat));
    assert_ok(sg_catalog_add_base(cat, base));
    assert_ok(sg_catalog_get_event(cat, 0x101, &got));
    same_event(&event, &got);
    sg_cat_event_clear(&got);
    assert_status(sg_catalog_get_own_event(cat, 0x101, &got), SG_ECORRUPT);
    sg_catalog_close(cat);
    sg_cat_event_clear(&event);
}

/* A copy under a new name leaves out what is damaged and may be written to again. */
static void test_compact_leaves_out_damage(void **state)
{
    place *p = *state;
    char copy[256];
    uint64_t n, before, after;
    heard h = {0};
    const sg_log log = {heard_line, NULL, &h};
    sg_catalog *cat = fresh(p, SG_MAP_START);

    for (uint64_t k = 0; k < 3; k++) {
        sg_cat_event event = sample_event(&p->rng, 0x100 + k, 8, 6);
        assert_ok(sg_catalog_put_event(cat, &event));
        sg_cat_event_clear(&event);
    }
    put_states(p, cat, 0, 2, 10);
    assert_ok(sg_catalog_put_meta(cat, "plan", "abc", 3));
    assert_ok(sg_catalog_commit(cat));
    sg_catalog_close(cat);
    damage(p->file, "events", 0x101, 40, 0);
    damage(p->file, "states", 1, 30, 0);
    assert_status(sg_catalog_compact(p->file, NULL, &log, &before, &after), SG_ECORRUPT);
    h.lines = 0;
    assert_ok(sg_catalog_compact(p->file, joined(copy, p->path, "new"), &log, &before, &after));
    assert_true(h.lines >= 2);
    assert_ok(sg_catalog_open(copy, 1, NULL, &cat));
    assert_ok(sg_catalog_count(cat, SG_DB_EVENTS, &n));
    assert_int_equal(n, 2);
    have_states(cat, 1, 10);
    sg_cat_event *event;
    int found;
    assert_ok(sg_catalog_find_events(cat, 8, &event, &found));
    assert_int_equal(found, 2);
    for (int k = 0; k < found; k++)
        sg_cat_event_clear(&event[k]);
    sg_free(event);
    sg_catalog_close(cat);
}

/* A value under another record's key is whole but wrong. */
static void test_record_under_a_wrong_key(void **state)
{
    place *p = *state;
    sg_catalog *cat = fresh(p, SG_MAP_START);
    sg_cat_event event = sample_event(&p->rng, 1, 8, 6), got;

    assert_ok(sg_catalog_put_event(cat, &event));
    cat->batch.codec.bytes[cat->batch.put[0].key_at + 7] = 2;
    assert_ok(sg_catalog_commit(cat));
    assert_status(sg_catalog_get_event(cat, 2, &got), SG_ECORRUPT);
    assert_text("belongs to another key");
    sg_catalog_close(cat);
    sg_cat_event_clear(&event);
}

static void test_file_cut_short(void **state)
{
    place *p = *state;
    char data[256];
    struct stat info, after;
    sg_catalog *cat = fresh(p, SG_MAP_START);

    put_states(p, cat, 0, 50, 1000);
    assert_ok(sg_catalog_commit(cat));
    sg_catalog_close(cat);
    assert_int_equal(stat(joined(data, p->file, "data.mdb"), &info), 0);
    assert_int_equal(truncate(data, info.st_size / 2), 0);
    assert_status(sg_catalog_open(p->file, 0, NULL, &cat), SG_ECORRUPT); /* no SIGBUS */
    assert_text("cut short");
    assert_status(sg_catalog_open(p->file, 1, NULL, &cat), SG_ECORRUPT);
    assert_text("cut short");
    assert_int_equal(stat(data, &after), 0);
    assert_int_equal(after.st_size, info.st_size / 2); /* left as it is */
}

/* A writer killed between its commit and the filling up of the file: nothing that is in use is missing. */
static void test_unwritten_end(void **state)
{
    place *p = *state;
    char data[256];
    uint64_t bytes;
    struct stat info;
    sg_catalog *cat = fresh(p, SG_MAP_START);

    for (int k = 0; k < 4; k++) { /* in place of one another: pages at the end get free */
        put_states(p, cat, 0, 30, k == 3 ? 3 : 1000);
        assert_ok(sg_catalog_commit(cat));
    }
    assert_ok(sg_catalog_size(cat, &bytes));
    sg_catalog_close(cat);
    joined(data, p->file, "data.mdb");
    assert_int_equal(truncate(data, (off_t)(bytes - 4096)), 0);
    for (int write = 0; write < 2; write++) {
        assert_ok(sg_catalog_open(p->file, write, NULL, &cat));
        have_states(cat, 30, 3);
        sg_catalog_close(cat);
    }
    assert_int_equal(stat(data, &info), 0);
    assert_int_equal(info.st_size, bytes);
}

/* ---- no room, no permission ---- */

static int mount_small(place *p, const char *options)
{
    if (mount("none", p->path, "tmpfs", 0, options)) {
        print_message("skipped: mounting a small disk is not permitted here (%s)\n", strerror(errno));
        return 0;
    }
    p->mounted = 1;
    return 1;
}

static void test_full_disk(void **state)
{
    place *p = *state;
    sg_catalog *cat;
    uint64_t n;

    if (!mount_small(p, "size=1m")) skip();
    cat = fresh(p, SG_MAP_START);
    put_states(p, cat, 0, 5, 1000);
    assert_ok(sg_catalog_commit(cat));
    put_states(p, cat, 5, 95, 1000); /* 2.3 MB */
    for (int k = 0; k < 3; k++) {
        assert_status(sg_catalog_commit(cat), SG_EFULL);
        assert_ok(sg_catalog_count(cat, SG_DB_STATES, &n)); /* the old state is still whole */
        assert_int_equal(n, 5);
    }
    assert_int_equal(mount("none", p->path, "tmpfs", MS_REMOUNT, "size=8m"), 0);
    assert_ok(sg_catalog_commit(cat)); /* nothing was lost */
    have_states(cat, 100, 1000);
    sg_catalog_close(cat);
    assert_ok(sg_catalog_open(p->file, 0, NULL, &cat));
    have_states(cat, 100, 1000);
    sg_catalog_close(cat);
}

static void test_file_size_limit(void **state)
{
    place *p = *state;
    struct rlimit old, low;
    sg_catalog *cat = fresh(p, SG_MAP_START);

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    low = old;
    low.rlim_cur = 1 << 20;
    put_states(p, cat, 0, 100, 1000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    assert_status(sg_catalog_commit(cat), SG_EFULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_ok(sg_catalog_commit(cat));
    have_states(cat, 100, 1000);
    sg_catalog_close(cat);
    signal(SIGXFSZ, SIG_DFL);
}

/* On disks of 2, 3, .. pages: a whole catalog or nothing. */
static void test_create_on_a_full_disk(void **state)
{
    place *p = *state;
    const sg_catalog_header header = sample_header();
    sg_catalog *cat;
    char options[32];
    int made = 0, refused = 0;

    for (int pages = 2; pages < 60; pages++) {
        snprintf(options, sizeof options, "size=%dk", 4 * pages);
        if (!mount_small(p, options)) skip();
        const sg_status st = sg_catalog_create(p->file, &header, &cat);
        if (st == SG_OK) {
            made++;
            sg_catalog_close(cat);
        } else {
            refused++;
            assert_int_equal(st, SG_EFULL);
            assert_null(cat);
            assert_int_equal(folder_entries(p->path), 0);
        }
        assert_int_equal(umount(p->path), 0);
        p->mounted = 0;
    }
    assert_true(made > 0 && refused > 0);
}

static void test_read_only_folder(void **state)
{
    place *p = *state;
    const sg_catalog_header header = sample_header();
    char other[256], data[256], own[64], own_file[256];
    uint64_t before, after;
    sg_catalog *cat;

    if (!mount_small(p, "size=4m")) skip();
    cat = fresh(p, SG_MAP_START);
    put_states(p, cat, 0, 5, 100);
    assert_ok(sg_catalog_commit(cat));
    sg_catalog_close(cat);
    for (int with_lock_file = 1; with_lock_file >= 0; with_lock_file--) {
        if (!with_lock_file) {
            assert_int_equal(mount("none", p->path, "tmpfs", MS_REMOUNT, NULL), 0);
            assert_int_equal(unlink(joined(data, p->file, "lock.mdb")), 0);
        }
        assert_int_equal(mount("none", p->path, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
        assert_ok(sg_hash_file(joined(data, p->file, "data.mdb"), &before));
        assert_ok(sg_catalog_open(p->file, 0, NULL, &cat));
        have_states(cat, 5, 100);
        sg_catalog_close(cat);
        folder_make(own);
        assert_ok(sg_catalog_create(joined(own_file, own, "cat"), &header, &cat));
        assert_ok(sg_catalog_add_base(cat, p->file));
        sg_catalog_close(cat);
        folder_remove(own);
        assert_ok(sg_hash_file(data, &after));
        assert_int_equal(before, after);
    }
    assert_status(sg_catalog_open(p->file, 1, NULL, &cat), SG_EIO);
    assert_text("Read-only file system");
    assert_status(sg_catalog_create(joined(other, p->path, "new"), &header, &cat), SG_EIO);
    assert_text(other);
    assert_int_equal(access(other, F_OK), -1);
    assert_status(sg_catalog_create(p->path, &header, &cat), SG_EIO);
    assert_int_equal(folder_entries(p->path), 1);
}

static void test_interrupted_creation(void **state)
{
    place *p = *state;
    char file[256];

    mkdir(p->file, 0777);
    FILE *f = fopen(joined(file, p->file, "new.mdb"), "wb"); /* what a killed creation leaves */
    fputs("half", f);
    fclose(f);
    sg_catalog_close(fresh(p, SG_MAP_START));
    assert_int_equal(access(file, F_OK), -1);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, place_empty, place_remove)
    const struct CMUnitTest tests[] = {
        CASE(test_map_grows_in_one_batch),
        CASE(test_reader_follows_growth),
        CASE(test_visit_is_a_snapshot),
        CASE(test_killed_writer),
        CASE(test_damaged_record),
        CASE(test_damaged_own_record_is_answered_by_the_base),
        CASE(test_compact_leaves_out_damage),
        CASE(test_record_under_a_wrong_key),
        CASE(test_file_cut_short),
        CASE(test_unwritten_end),
        CASE(test_full_disk),
        CASE(test_file_size_limit),
        CASE(test_create_on_a_full_disk),
        CASE(test_read_only_folder),
        CASE(test_interrupted_creation),
    };
    return cmocka_run_group_tests_name("catalog faults", tests, NULL, NULL);
}
