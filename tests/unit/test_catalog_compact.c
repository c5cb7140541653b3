/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compacting: every byte of every database is there again, read by plain LMDB; the file is smaller; readers,
 * kills and other writers. */
#include "catalog_samples.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { N_EVENTS = 300, ROUNDS = 6, KILLS = 25 };

typedef struct place {
    char path[64], file[256];
} place;

static void event_of(uint64_t k, uint64_t round, sg_cat_event *event)
{
    sg_rng rng;

    sg_rng_init(&rng, 5, SG_RNG_TEST, 1, k, round);
    *event = sample_event(&rng, k * 0x9e3779b97f4a7c15u, k % 40, 20 + (uint32_t)(k + 31 * round) % 60);
}

/* Written over and over, in many commits: that leaves free pages. */
static void make_catalog(const char *path)
{
    const sg_catalog_header header = sample_header();
    sg_catalog *cat = NULL;
    sg_rng rng;

    sg_rng_init(&rng, 5, SG_RNG_TEST, 0, 0, 0);
    assert_ok(sg_catalog_create(path, &header, &cat));
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (uint64_t k = 0; k < N_EVENTS; k++) {
            sg_cat_event event;
            event_of(k, round, &event);
            assert_ok(sg_catalog_put_event(cat, &event));
            sg_cat_event_clear(&event);
            if (k % 50 == 49) assert_ok(sg_catalog_commit(cat));
        }
        sg_cat_environment e = sample_environment(&rng, round, 90);
        sg_cat_variant v = sample_variant(&rng, round, 7, 40);
        sg_cat_state s = sample_state(&rng, round, 20);
        sg_cat_search search = sample_search(&rng, round);
        sg_cat_step step = sample_step(&rng, round);
        assert_ok(sg_catalog_put_environment(cat, &e));
        assert_ok(sg_catalog_put_variant(cat, &v));
        assert_ok(sg_catalog_put_state(cat, &s));
        assert_ok(sg_catalog_put_search(cat, &search));
        assert_ok(sg_catalog_put_step(cat, &step));
        assert_ok(sg_catalog_put_meta(cat, "plan", path, (size_t)round + 1));
        sg_cat_environment_clear(&e);
        sg_cat_variant_clear(&v);
        sg_cat_state_clear(&s);
        assert_ok(sg_catalog_commit(cat));
    }
    sg_catalog_close(cat);
}

/* Over names, keys and values of all databases. */
static uint64_t whole_hash(const char *path)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi names, dbi;
    MDB_cursor *name = NULL, *cursor = NULL;
    MDB_val db, k, v;
    uint64_t hash = 0;

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 20), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_RDONLY | MDB_NOLOCK, 0), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, NULL, 0, &names), 0);
    assert_int_equal(mdb_cursor_open(txn, names, &name), 0);
    while (mdb_cursor_get(name, &db, &v, MDB_NEXT) == 0) {
        char text[64] = "";
        memcpy(text, db.mv_data, db.mv_size);
        hash = sg_hash(text, db.mv_size, hash);
        assert_int_equal(mdb_dbi_open(txn, text, 0, &dbi), 0);
        assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
        while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0)
            hash = sg_hash(v.mv_data, v.mv_size, sg_hash(k.mv_data, k.mv_size, hash));
        mdb_cursor_close(cursor);
    }
    mdb_cursor_close(name);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return hash;
}

static int set_up(void **state)
{
    place *p = sg_calloc(1, sizeof *p);

    folder_make(p->path);
    make_catalog(joined(p->file, p->path, "cat"));
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    place *p = *state;
    folder_remove(p->path);
    sg_free(p);
    return 0;
}

static off_t file_size(const char *folder)
{
    char file[256];
    struct stat info;
    assert_int_equal(stat(joined(file, folder, "data.mdb"), &info), 0);
    return info.st_size;
}

static void test_in_place(void **state)
{
    place *p = *state;
    const uint64_t hash = whole_hash(p->file);
    uint64_t before, after, again;
    const off_t size = file_size(p->file);
    sg_catalog *cat;

    assert_ok(sg_catalog_compact(p->file, NULL, NULL, &before, &after));
    assert_true(after < before);
    assert_true(file_size(p->file) < size);
    assert_true(whole_hash(p->file) == hash);
    assert_int_equal(folder_entries(p->path), 1); /* nothing beside it */
    assert_ok(sg_catalog_compact(p->file, NULL, NULL, &before, &again));
    assert_true(before == after && again == after);
    assert_ok(sg_catalog_open(p->file, 1, NULL, &cat)); /* and it can be written */
    assert_ok(sg_catalog_put_meta(cat, "more", "x", 1));
    assert_ok(sg_catalog_commit(cat));
    sg_catalog_close(cat);
}

static void test_to_a_new_name(void **state)
{
    place *p = *state;
    char out[256], left[256], other[256];
    const uint64_t hash = whole_hash(p->file);
    const off_t size = file_size(p->file);
    uint64_t before, after;

    joined(out, p->path, "small");
    make_catalog(joined(left, p->path, "small.unfinished")); /* of an attempt that was killed */
    make_catalog(joined(other, p->path, "small.new"));       /* somebody's own */
    assert_ok(sg_catalog_compact(p->file, out, NULL, &before, &after));
    assert_true(whole_hash(out) == hash && whole_hash(p->file) == hash);
    assert_true(file_size(p->file) == size && file_size(out) == (off_t)after);
    assert_int_equal(folder_entries(p->path), 3);
    assert_status(sg_catalog_compact(p->file, out, NULL, &before, &after), SG_EINVAL);
    assert_text("exists already");
    assert_true(file_size(other) > 0);
    assert_int_equal(folder_entries(p->path), 3);
}

static void test_refusals(void **state)
{
    place *p = *state;
    char other[256], hidden[256];
    uint64_t before, after;
    sg_catalog *cat;
    const uint64_t hash = whole_hash(p->file);

    assert_status(sg_catalog_compact(joined(other, p->path, "none"), NULL, NULL, &before, &after),
                  SG_ENOTFOUND);
    assert_ok(sg_catalog_open(p->file, 1, NULL, &cat)); /* a run has it */
    assert_status(sg_catalog_compact(p->file, NULL, NULL, &before, &after), SG_ELOCKED);
    sg_catalog_close(cat);
    const int fd = open(joined(other, p->file, "notes.txt"), O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_status(sg_catalog_compact(p->file, NULL, NULL, &before, &after), SG_EINVAL);
    assert_text("notes.txt");
    assert_int_equal(unlink(other), 0);
    assert_status(sg_catalog_create_hidden(joined(other, p->path, "two"), &(sg_catalog_header){0}, &cat),
                  SG_EINVAL);
    assert_int_equal(folder_entries(p->path), 1);
    assert_int_equal(mkdir(joined(hidden, p->path, "cat.unfinished"), 0700), 0);
    assert_int_equal(mkdir(joined(other, hidden, "precious"), 0700), 0);
    assert_status(sg_catalog_compact(p->file, NULL, NULL, &before, &after), SG_EIO);
    assert_text("in the way");
    assert_int_equal(folder_entries(hidden), 1);
    assert_true(whole_hash(p->file) == hash);
}

/* A process that has the old one open goes on reading it; the next opening finds the new one. */
static void test_readers_go_on(void **state)
{
    place *p = *state;
    int ready[2], go[2], code = -1;
    char byte = 0;
    uint64_t before, after;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    const pid_t reader = fork();
    if (reader == 0) {
        sg_catalog *cat = NULL;
        sg_cat_event event, want;
        int bad = sg_catalog_open(p->file, 0, NULL, &cat) != SG_OK;
        for (int pass = 0; pass < 2 && !bad; pass++) {
            for (uint64_t k = 0; k < N_EVENTS && !bad; k++) {
                event_of(k, ROUNDS - 1, &want);
                bad = sg_catalog_get_event(cat, want.id, &event) != SG_OK || event.n != want.n ||
                      memcmp(event.x, want.x, want.n * sizeof *want.x) != 0;
                sg_cat_event_clear(&event);
                sg_cat_event_clear(&want);
            }
            if (pass == 0) bad |= write(ready[1], "r", 1) != 1 || read(go[0], &byte, 1) != 1;
        }
        sg_catalog_close(cat);
        _exit(bad);
    }
    assert_true(reader > 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_ok(sg_catalog_compact(p->file, NULL, NULL, &before, &after));
    assert_int_equal(write(go[1], "g", 1), 1);
    assert_int_equal(waitpid(reader, &code, 0), reader);
    assert_int_equal(code, 0);
    assert_int_equal(file_size(p->file), after);
    for (int k = 0; k < 2; k++)
        close(ready[k]), close(go[k]);
}

static void test_kills(void **state)
{
    place *p = *state;
    const uint64_t hash = whole_hash(p->file);
    uint64_t before, after;
    sg_rng rng;
    int killed = 0;

    sg_rng_init(&rng, 5, SG_RNG_TEST, 2, 0, 0);
    for (int k = 0; k < KILLS; k++) {
        const pid_t child = fork();
        int code;
        if (child == 0) _exit(sg_catalog_compact(p->file, NULL, NULL, &before, &after) != SG_OK);
        assert_true(child > 0);
        nanosleep(&(struct timespec){0, (long)(6e6 * sg_rng_uniform(&rng))}, NULL);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &code, 0), child);
        killed += WIFSIGNALED(code);
        assert_true(whole_hash(p->file) == hash);
    }
    print_message("%d of %d killed before the end\n", killed, KILLS);
    assert_ok(sg_catalog_compact(p->file, NULL, NULL, &before, &after));
    assert_int_equal(folder_entries(p->path), 1);
    assert_true(whole_hash(p->file) == hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_in_place, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(test_to_a_new_name, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(test_readers_go_on, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(test_kills, set_up, tear_down)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
