/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Merging against what is known to be in the catalogs: events of which each catalog has seen some, turned,
 * mirrored and measured with some error. The union is known by construction; order, repetition and chains of
 * likeness are tried at random. */
#include "pocket_samples.h"

#include <lmdb.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "slowglass/curate.h"

enum {
    N_CENTRES = 6,
    PER_CENTRE = 2,
    N_TRUE = N_CENTRES * PER_CENTRE,
    N_CATALOGS = 3,
    ROUNDS = 12,
    KILLS = 20
};

static const uint64_t run_id[N_CATALOGS] = {101, 55, 930};

typedef struct world { /* what there is to be found */
    char path[64];
    sg_system *glass;
    sg_rng rng;
    pocket p[N_TRUE];
    double barrier[N_TRUE];
    uint32_t found[N_CATALOGS][N_TRUE]; /* as the catalogs will say */
} world;

/* ---- making catalogs ---- */

static void put_run(sg_catalog *cat, int c)
{
    const sg_cat_run run = {
        .id = run_id[c], .seed = (uint64_t)c, .program = "slowglass test", .name = "made up"};
    assert_ok(sg_catalog_put_run(cat, &run));
}

/* One record of a true event as run c has seen it, and a variant that runs share. */
static void put_seen(sg_catalog *cat, world *w, int c, int t, double noise, double barrier, uint32_t found)
{
    pocket seen = pocket_turned(&w->rng, &w->p[t], (int)(sg_rng_bits(&w->rng) % 2), noise);
    sg_environment env;
    sg_cat_event event;

    pocket_record(&seen, barrier, &env, &event);
    event.saddle_force = 1e-3 * sg_rng_uniform(&w->rng);
    sample_found(&event, run_id[c], found);
    const sg_cat_environment record = {env.key, (uint32_t)env.n, (uint32_t)env.form_size, env.form};
    sg_cat_attempts attempts = {run_id[c], 10 * (uint32_t)(c + 1)};
    unsigned char number = 29;
    float x[1][3] = {{0, 0, 0}};
    const sg_cat_variant variant = {.key = env.key,
                                    .id = (uint64_t)(t / PER_CENTRE) + 1,
                                    .n_shell = 1,
                                    .n = 1,
                                    .number = &number,
                                    .x = x,
                                    .gamma = 0.01 * c,
                                    .n_origins = 1,
                                    .origin = &attempts};
    assert_ok(sg_catalog_put_environment(cat, &record));
    assert_ok(sg_catalog_put_variant(cat, &variant));
    assert_ok(sg_catalog_put_event(cat, &event));
    w->found[c][t] += found;
    sg_cat_event_clear(&event);
    pocket_clear(&seen);
}

static void world_make(world *w, uint64_t number)
{
    memset(w, 0, sizeof *w);
    folder_make(w->path);
    sg_rng_init(&w->rng, 12, SG_RNG_TEST, 0, number, 0);
    w->glass = sample("Cu64Zr36_500.extxyz");
    assert_non_null(w->glass);
    for (int t = 0; t < N_TRUE; t++) {
        w->p[t] = pocket_make(&w->rng, w->glass, 71 * (t / PER_CENTRE) + 3);
        w->barrier[t] = 0.3 + 0.03 * t;
    }
}

static void world_clear(world *w)
{
    for (int t = 0; t < N_TRUE; t++)
        pocket_clear(&w->p[t]);
    sg_system_free(w->glass);
    folder_remove(w->path);
}

static char *catalog_name(const world *w, int c, char out[256])
{
    const char name[] = {(char)('A' + c), 0};
    return joined(out, w->path, name);
}

/* Each catalog has seen some two thirds of all; some it has twice, without noticing. */
static void make_catalogs(world *w)
{
    const sg_catalog_header header = sample_header();
    char path[256];

    for (int c = 0; c < N_CATALOGS; c++) {
        sg_catalog *cat;
        assert_ok(sg_catalog_create(catalog_name(w, c, path), &header, &cat));
        put_run(cat, c);
        for (int t = 0; t < N_TRUE; t++) {
            const int times = (int)(sg_rng_bits(&w->rng) % 8);
            for (int k = 0; k < (times < 3 ? 0 : times < 7 ? 1 : 2); k++)
                put_seen(cat, w, c, t, 1e-3, w->barrier[t] + 4e-4 * (sg_rng_uniform(&w->rng) - 0.5),
                         1 + (uint32_t)(sg_rng_bits(&w->rng) % 5));
        }
        assert_ok(sg_catalog_commit(cat));
        sg_catalog_close(cat);
    }
}

/* ---- merging ---- */

/* `names`: inputs as letters; the result is called `out`. */
static sg_curate_merge_totals merge(const world *w, const char *names, const char *out)
{
    char path[8][256], result[256];
    const char *input[8];
    sg_curate_merge_totals t;
    int n = 0;

    for (; names[n]; n++) {
        const char name[] = {names[n], 0};
        input[n] = joined(path[n], w->path, name);
    }
    assert_ok(sg_curate_merge(n, input, joined(result, w->path, out), NULL, &t));
    return t;
}

static uint64_t merged_hash(const world *w, const char *names, const char *out)
{
    char path[256];
    const uint64_t hash = merge(w, names, out).content_hash;

    if (strlen(out) > 1) folder_remove(joined(path, w->path, out));
    return hash;
}

typedef struct tally { /* of a catalog */
    const world *w;
    int n_events, times[N_TRUE];
    uint64_t found[N_CATALOGS]; /* by run */
} tally;

static uint32_t found_by(const sg_cat_event *e, uint64_t run)
{
    for (uint32_t k = 0; k < e->n_origins; k++)
        if (e->origin[k].run == run) return e->origin[k].found;
    return 0;
}

/* True events have barriers of their own, farther apart than their errors. */
static int take_event(void *arg, const void *record)
{
    tally *y = arg;
    const sg_cat_event *e = record;
    int t = 0;

    while (t < N_TRUE && !(fabs(e->barrier - y->w->barrier[t]) < 3e-4))
        t++;
    assert_true(t < N_TRUE);
    y->times[t]++;
    y->n_events++;
    for (int c = 0; c < N_CATALOGS; c++) {
        assert_int_equal(found_by(e, run_id[c]), y->w->found[c][t]);
        y->found[c] += found_by(e, run_id[c]);
    }
    return 0;
}

static int add_found(void *arg, const void *record)
{
    tally *y = arg;
    y->n_events++;
    for (int c = 0; c < N_CATALOGS; c++)
        y->found[c] += found_by(record, run_id[c]);
    return 0;
}

static int check_variant(void *arg, const void *record)
{
    const sg_cat_variant *v = record;
    int *n = arg;

    assert_true(v->n_origins >= 1 && v->n_origins <= N_CATALOGS);
    for (uint32_t k = 0; k < v->n_origins; k++)
        for (int c = 0; c < N_CATALOGS; c++)
            if (v->origin[k].run == run_id[c]) assert_int_equal(v->origin[k].attempts, 10 * (c + 1));
    ++*n;
    return 0;
}

/* ---- the tests ---- */

static void test_union(void **state)
{
    world w;
    tally y = {.w = &w};
    char path[256];
    sg_catalog *cat;
    int n_variants = 0, n_expected = 0;
    uint64_t n_runs;

    (void)state;
    world_make(&w, 1);
    make_catalogs(&w);
    const sg_curate_merge_totals t = merge(&w, "ABC", "m");
    assert_ok(sg_catalog_open(joined(path, w.path, "m"), 0, NULL, &cat));
    assert_ok(sg_catalog_each(cat, SG_DB_EVENTS, take_event, &y));
    assert_ok(sg_catalog_each(cat, SG_DB_VARIANTS, check_variant, &n_variants));
    for (int k = 0; k < N_TRUE; k++) {
        const int seen = w.found[0][k] || w.found[1][k] || w.found[2][k];
        assert_int_equal(y.times[k], seen);
        n_expected += seen;
    }
    assert_int_equal(y.n_events, n_expected);
    assert_true(n_expected > 6 && t.read[SG_DB_EVENTS] > (uint64_t)n_expected);
    assert_int_equal(t.written[SG_DB_EVENTS], n_expected);
    assert_int_equal(t.united, t.read[SG_DB_EVENTS] - (uint64_t)n_expected);
    assert_int_equal(t.damaged, 0);
    assert_int_equal(n_variants, t.written[SG_DB_VARIANTS]);
    assert_true(n_variants <= N_CENTRES);
    assert_ok(sg_catalog_count(cat, SG_DB_RUNS, &n_runs));
    assert_int_equal(n_runs, N_CATALOGS);
    assert_int_equal(sg_catalog_get_header(cat)->format, SG_CATALOG_FORMAT);
    sg_catalog_close(cat);
    world_clear(&w);
}

static void test_order_and_repetition(void **state)
{
    static const char *const orders[] = {"ACB", "BAC", "BCA", "CAB", "CBA", "AABCC"};
    world w;

    (void)state;
    world_make(&w, 2);
    make_catalogs(&w);
    const uint64_t pair = merged_hash(&w, "AB", "M"), all = merged_hash(&w, "ABC", "N");
    assert_true(pair != all);
    assert_true(merged_hash(&w, "BA", "again") == pair);
    for (size_t k = 0; k < sizeof orders / sizeof orders[0]; k++)
        assert_true(merged_hash(&w, orders[k], "again") == all);
    assert_true(merged_hash(&w, "MA", "again") == pair);
    assert_true(merged_hash(&w, "BM", "again") == pair);
    assert_true(merged_hash(&w, "M", "again") == pair);
    assert_true(merged_hash(&w, "MC", "again") ==
                all); /* true events are far apart: order of pairs is no matter */
    assert_true(merged_hash(&w, "NAMB", "again") == all);
    world_clear(&w);
}

/* Records of one place whose barriers are 1.5 meV apart, in a row: neighbours are the same event, others are
 * not. Whoever stays, the rule must stand. */
static void test_chains(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        const sg_catalog_header header = sample_header();
        world w;
        tally in = {.w = &w}, out = {.w = &w};
        char path[256];
        sg_catalog *cat;
        world_make(&w, 100 + round);
        for (int c = 0; c < 2; c++) {
            assert_ok(sg_catalog_create(catalog_name(&w, c, path), &header, &cat));
            put_run(cat, c);
            for (int k = 0; k < 9; k++)
                if (sg_rng_bits(&w.rng) % 3)
                    put_seen(cat, &w, c, 0, 0, 0.5 + 1.5e-3 * k, 1 + (uint32_t)(sg_rng_bits(&w.rng) % 5));
            assert_ok(sg_catalog_commit(cat));
            assert_ok(sg_catalog_each(cat, SG_DB_EVENTS, add_found, &in));
            sg_catalog_close(cat);
        }
        const uint64_t hash = merged_hash(&w, "AB", "M");
        assert_true(merged_hash(&w, "BA", "again") == hash);
        assert_true(merged_hash(&w, "AM", "again") == hash);
        assert_true(merged_hash(&w, "MB", "again") == hash);
        assert_true(merged_hash(&w, "BMA", "again") == hash);
        assert_ok(sg_catalog_open(joined(path, w.path, "M"), 0, NULL, &cat));
        assert_ok(sg_catalog_each(cat, SG_DB_EVENTS, add_found, &out));
        sg_catalog_close(cat);
        assert_true(out.n_events < in.n_events && out.n_events >= 3);
        assert_memory_equal(out.found, in.found, sizeof in.found); /* no finding is lost or counted twice */
        world_clear(&w);
    }
}

/* A run goes on after its catalog was merged: the later counters stand, nothing is counted twice. */
static void test_later_copy_of_a_run(void **state)
{
    world w;
    tally y = {.w = &w};
    char path[256];
    sg_catalog *cat;
    sg_cat_event *event = NULL;

    (void)state;
    world_make(&w, 3);
    make_catalogs(&w);
    (void)merge(&w, "AB", "M");
    assert_ok(sg_catalog_open(catalog_name(&w, 0, path), 1, NULL, &cat));
    int n = 0;
    sg_environment env;
    sg_cat_event any;
    pocket_record(&w.p[0], 0.1, &env, &any);
    sg_cat_event_clear(&any);
    assert_ok(sg_catalog_find_events(cat, env.key, &event, &n));
    for (int k = 0; k < n; k++) {
        assert_ok(sg_cat_event_count(&event[k], run_id[0], 0));
        assert_ok(sg_catalog_put_event(cat, &event[k]));
        for (int t = 0; t < PER_CENTRE; t++)
            w.found[0][t] += fabs(event[k].barrier - w.barrier[t]) < 3e-4;
        sg_cat_event_clear(&event[k]);
    }
    sg_free(event);
    assert_ok(sg_catalog_commit(cat));
    sg_catalog_close(cat);
    memset(w.found[2], 0, sizeof w.found[2]);
    (void)merge(&w, "AM", "N");
    assert_ok(sg_catalog_open(joined(path, w.path, "N"), 0, NULL, &cat));
    assert_ok(sg_catalog_each(cat, SG_DB_EVENTS, take_event, &y));
    sg_catalog_close(cat);
    world_clear(&w);
}

static void damage_first_event(const char *path)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_cursor *cursor;
    MDB_val k, v;
    unsigned char copy[100000];

    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 20), 0);
    assert_int_equal(mdb_env_open(env, path, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "events", 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
    assert_int_equal(mdb_cursor_get(cursor, &k, &v, MDB_FIRST), 0);
    assert_true(v.mv_size < sizeof copy);
    memcpy(copy, v.mv_data, v.mv_size);
    copy[v.mv_size / 2] ^= 4;
    v.mv_data = copy;
    assert_int_equal(mdb_cursor_put(cursor, &k, &v, MDB_CURRENT), 0);
    mdb_cursor_close(cursor);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void test_damaged_record(void **state)
{
    world w;
    heard h = {0};
    const sg_log log = {.line = heard_line, .self = &h};
    char a[256], b[256], out[256];
    sg_curate_merge_totals t;

    (void)state;
    world_make(&w, 4);
    make_catalogs(&w);
    const sg_curate_merge_totals whole = merge(&w, "A", "M"), b_only = merge(&w, "B", "N");
    damage_first_event(catalog_name(&w, 0, a));
    const char *const input[] = {a, catalog_name(&w, 1, b)};
    assert_ok(sg_curate_merge(2, input, joined(out, w.path, "out"), &log, &t));
    assert_int_equal(t.damaged, 1);
    assert_int_equal(t.read[SG_DB_EVENTS], whole.read[SG_DB_EVENTS] + b_only.read[SG_DB_EVENTS] - 1);
    assert_int_equal(h.lines, 1);
    assert_non_null(strstr(h.last, "damaged"));
    world_clear(&w);
}

static void test_refusals(void **state)
{
    world w;
    char a[256], other[256], out[256];
    sg_curate_merge_totals t;
    sg_catalog *cat;

    (void)state;
    world_make(&w, 5);
    make_catalogs(&w);
    catalog_name(&w, 0, a);
    joined(out, w.path, "out");
    for (int what = 0; what < 4; what++) {
        static const char *const text[] = {"fingerprint 0123456789abcdef", "variant radius", "3.4 Å",
                                           "topology key"};
        sg_catalog_header header = sample_header();
        header.fingerprint += what == 0;
        header.variant_radius += what == 1;
        if (what == 2) header.cutoff[0][0] = 3.4;
        header.key_version += what == 3;
        assert_ok(sg_catalog_create(joined(other, w.path, "other"), &header, &cat));
        sg_catalog_close(cat);
        const char *const input[] = {a, other};
        assert_status(sg_curate_merge(2, input, out, NULL, &t), SG_EMISMATCH);
        assert_text(text[what]);
        assert_text(a);
        assert_text(other);
        folder_remove(other);
        assert_int_equal(folder_entries(w.path), N_CATALOGS);
    }
    const char *const input[] = {a, joined(other, w.path, "none")};
    assert_status(sg_curate_merge(2, input, out, NULL, &t), SG_ENOTFOUND);
    assert_status(sg_curate_merge(1, input, a, NULL, &t), SG_EINVAL);
    assert_text("exists already");
    assert_int_equal(folder_entries(w.path), N_CATALOGS);
    world_clear(&w);
}

/* Two environments of one key cannot be told apart in one catalog. */
static void test_collision(void **state)
{
    world w;
    char a[256], b[256], out[256];
    const sg_catalog_header header = sample_header();
    sg_curate_merge_totals t;
    sg_catalog *cat;
    unsigned char form[2] = {1, 2};

    (void)state;
    world_make(&w, 6);
    for (int c = 0; c < 2; c++, form[1]++) {
        const sg_cat_environment e = {7, 3, 2, form};
        assert_ok(sg_catalog_create(catalog_name(&w, c, c ? b : a), &header, &cat));
        assert_ok(sg_catalog_put_environment(cat, &e));
        assert_ok(sg_catalog_commit(cat));
        sg_catalog_close(cat);
    }
    const char *const input[] = {a, b};
    assert_status(sg_curate_merge(2, input, joined(out, w.path, "out"), NULL, &t), SG_EMISMATCH);
    assert_text("0000000000000007");
    assert_int_equal(folder_entries(w.path), 2);
    world_clear(&w);
}

/* Killed or out of room: the result is whole or not there, the inputs are as they were. */
static void test_kills_and_full_disk(void **state)
{
    world w;
    char path[3][256], out[256];
    uint64_t hash, before[3], now;
    int whole = 0, code;
    sg_curate_merge_totals t;
    sg_catalog *cat;

    (void)state;
    world_make(&w, 7);
    make_catalogs(&w);
    const char *input[3];
    for (int c = 0; c < 3; c++) {
        input[c] = catalog_name(&w, c, path[c]);
        before[c] = merged_hash(&w, (const char[]){(char)('A' + c), 0}, "tmp");
    }
    hash = merged_hash(&w, "ABC", "tmp");
    joined(out, w.path, "out");
    for (int k = 0; k <= KILLS; k++) {
        const pid_t child = fork();
        if (child == 0) {
            if (k == KILLS) {
                signal(SIGXFSZ, SIG_IGN);
                /* room for lock.mdb, and little more */
                setrlimit(RLIMIT_FSIZE, &(struct rlimit){73728, 73728});
            }
            _exit(sg_curate_merge(3, input, out, NULL, &t) == SG_EFULL ? 3 : 0);
        }
        assert_true(child > 0);
        if (k < KILLS) {
            nanosleep(&(struct timespec){0, (long)(5e6 * sg_rng_uniform(&w.rng))}, NULL);
            kill(child, SIGKILL);
        }
        assert_int_equal(waitpid(child, &code, 0), child);
        if (k == KILLS) assert_true(WIFEXITED(code) && WEXITSTATUS(code) == 3);
        if (access(out, F_OK) == 0) {
            assert_ok(sg_catalog_open(out, 0, NULL, &cat));
            assert_ok(sg_catalog_content_hash(cat, &now));
            assert_true(now == hash);
            sg_catalog_close(cat);
            folder_remove(out);
            whole++;
        }
    }
    print_message("%d of %d were complete before they were killed\n", whole, KILLS);
    assert_int_equal(folder_entries(w.path), 3); /* the last one cleaned up behind itself */
    for (int c = 0; c < 3; c++)
        assert_true(merged_hash(&w, (const char[]){(char)('A' + c), 0}, "tmp") == before[c]);
    world_clear(&w);
}

static int check_reference(void *arg, const void *record)
{
    const sg_cat_event *e = record;
    sg_cat_environment env;

    assert_ok(sg_catalog_get_environment(arg, e->key, &env));
    sg_cat_environment_clear(&env);
    return 0;
}

/* A run that goes on adding to an input: each result holds together, and nothing that was there is missing.
 */
static void test_input_being_written(void **state)
{
    world w;
    char path[256], out[256];
    const char *input[1];
    const sg_catalog_header header = sample_header();
    sg_curate_merge_totals t;
    sg_catalog *cat;
    uint64_t before = 0;
    int ready[2], code;
    char byte;

    (void)state;
    world_make(&w, 9);
    input[0] = catalog_name(&w, 0, path);
    joined(out, w.path, "out");
    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        assert_ok(sg_catalog_create(path, &header, &cat));
        put_run(cat, 0);
        assert_ok(sg_catalog_commit(cat));
        if (write(ready[1], "r", 1) != 1) _exit(1);
        for (int k = 0;; k++) { /* until it is killed */
            put_seen(cat, &w, 0, k % N_TRUE, 1e-3, 0.2 + 0.003 * (k % 1000), 1);
            assert_ok(sg_catalog_commit(cat));
        }
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    for (int k = 0; k < 8; k++) {
        assert_ok(sg_curate_merge(1, input, out, NULL, &t));
        assert_int_equal(t.damaged, 0);
        assert_int_equal(t.written[SG_DB_RUNS], 1);
        assert_true(t.read[SG_DB_EVENTS] >= before);
        before = t.read[SG_DB_EVENTS];
        assert_ok(sg_catalog_open(out, 0, NULL, &cat));
        assert_ok(sg_catalog_each(cat, SG_DB_EVENTS, check_reference, cat));
        sg_catalog_close(cat);
        folder_remove(out);
    }
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFSIGNALED(code));
    for (int k = 0; k < 2; k++)
        close(ready[k]);
    world_clear(&w);
}

/* Every allocation may fail: the result is whole or not there, and nothing else is left. */
static void test_memory(void **state)
{
    world w;
    char a[256], b[256], out[256];
    sg_curate_merge_totals t;
    int n_failed = 0, n_ok = 0;

    (void)state;
    world_make(&w, 8);
    make_catalogs(&w);
    const char *const input[] = {catalog_name(&w, 0, a), catalog_name(&w, 1, b)};
    const uint64_t hash = merged_hash(&w, "AB", "tmp");
    joined(out, w.path, "out");
    for (long k = 0; n_ok < 5; k += 1 + k / 40) { /* some that fail are tried again or not needed */
        sg_alloc_fail_after(k);
        const sg_status st = sg_curate_merge(2, input, out, NULL, &t);
        sg_alloc_fail_after(-1);
        n_ok = st == SG_OK ? n_ok + 1 : 0;
        n_failed += st != SG_OK;
        if (st != SG_OK && st != SG_ENOMEM) fail_msg("allocation %ld: %s", k, sg_error_text());
        assert_int_equal(folder_entries(w.path), N_CATALOGS + (st == SG_OK));
        if (st == SG_OK) assert_true(t.content_hash == hash);
        if (st == SG_OK) folder_remove(out);
    }
    assert_true(n_failed > 50);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_union),          cmocka_unit_test(test_order_and_repetition),
        cmocka_unit_test(test_chains),         cmocka_unit_test(test_later_copy_of_a_run),
        cmocka_unit_test(test_damaged_record), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_collision),      cmocka_unit_test(test_kills_and_full_disk),
        cmocka_unit_test(test_memory),         cmocka_unit_test(test_input_being_written)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
