/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pending puts and their commit.
 *
 * A put is encoded at once into one growing block of bytes; a commit replays the list of puts in one LMDB
 * transaction. So a transaction that failed (map full, disk full, write error) can be replayed later, and
 * nothing is lost in between. Invariant: a put is in the list completely or not at all. */
#include "catalog_internal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum { META_NAME_MAX = 255, META_VERSION = 2, COMMITS_PER_CLEARING = 32 };

typedef struct sg_mark {
    size_t n, bytes;
} sg_mark;

static sg_status put_record(sg_catalog *cat, sg_catalog_db db, const void *record);
static sg_status add(sg_batch *batch, int db, const void *key, size_t key_size, size_t value_at);
static sg_status replay(sg_catalog *cat, int *rc);
static sg_status failed(sg_catalog *cat, int rc);

void sg_batch_free(sg_batch *batch)
{
    sg_free(batch->codec.bytes);
    sg_free(batch->put);
    *batch = (sg_batch){0};
}

/* ---- puts ---- */

static sg_status writable(const sg_catalog *cat)
{
    if (cat->lock >= 0) return SG_OK;
    return sg_fail(SG_EINVAL, "catalog %s is open for reading only", cat->own.path);
}

static sg_mark mark(const sg_batch *batch)
{
    return (sg_mark){batch->n, batch->codec.n};
}

static void roll_back(sg_batch *batch, sg_mark to)
{
    batch->n = to.n;
    batch->codec.n = to.bytes;
    batch->codec.status = SG_OK;
    batch->codec.why = NULL;
}

/* The value is what the codec holds from value_at on; the key goes behind it. */
static sg_status add(sg_batch *batch, int db, const void *key, size_t key_size, size_t value_at)
{
    sg_codec *c = &batch->codec;
    const size_t key_at = c->n;

    sg_codec_append(c, key, key_size);
    if (c->status != SG_OK) return sg_fail(c->status, "database %s: %s", sg_cat_db_name(db), c->why);
    if (sg_grow((void **)&batch->put, &batch->capacity, batch->n + 1, sizeof *batch->put))
        return sg_fail(SG_ENOMEM, "list of pending records");
    batch->put[batch->n++] = (sg_put){db, key_at, key_size, value_at, key_at - value_at};
    return SG_OK;
}

static sg_status put_record(sg_catalog *cat, sg_catalog_db db, const void *record)
{
    sg_batch *batch = &cat->batch;
    const sg_cat_kind *kind = &sg_cat_kinds[db];
    const sg_mark before = mark(batch);
    unsigned char key[SG_KEY_MAX];
    sg_status st = writable(cat);

    if (st != SG_OK) return st;
    const size_t key_size = kind->key(record, key);
    sg_record_encode(&batch->codec, kind, record);
    st = add(batch, (int)db, key, key_size, before.bytes);
    if (st == SG_OK && db == SG_DB_EVENTS) { /* environment_events: (key, id) -> nothing */
        const sg_cat_event *event = record;
        sg_store_be64(key, event->key);
        sg_store_be64(key + 8, event->id);
        st = add(batch, SG_DB_INDEX, key, 16, batch->codec.n);
    }
    if (st != SG_OK) roll_back(batch, before);
    return st;
}

sg_status sg_catalog_put_environment(sg_catalog *cat, const sg_cat_environment *r)
{
    return put_record(cat, SG_DB_ENVIRONMENTS, r);
}

sg_status sg_catalog_put_variant(sg_catalog *cat, const sg_cat_variant *r)
{
    assert(r->n_shell <= r->n);
    return put_record(cat, SG_DB_VARIANTS, r);
}

sg_status sg_catalog_put_event(sg_catalog *cat, const sg_cat_event *r)
{
    assert(r->n_shell <= r->n);
    return put_record(cat, SG_DB_EVENTS, r);
}

sg_status sg_catalog_put_state(sg_catalog *cat, const sg_cat_state *r)
{
    return put_record(cat, SG_DB_STATES, r);
}

sg_status sg_catalog_put_edge(sg_catalog *cat, const sg_cat_edge *r)
{
    return put_record(cat, SG_DB_EDGES, r);
}

sg_status sg_catalog_put_table(sg_catalog *cat, const sg_cat_table *r)
{
    return put_record(cat, SG_DB_TABLES, r);
}

sg_status sg_catalog_put_search(sg_catalog *cat, const sg_cat_search *r)
{
    return put_record(cat, SG_DB_SEARCHES, r);
}

sg_status sg_catalog_put_step(sg_catalog *cat, const sg_cat_step *r)
{
    return put_record(cat, SG_DB_STEPS, r);
}

sg_status sg_catalog_put_run(sg_catalog *cat, const sg_cat_run *r)
{
    if (!memchr(r->program, 0, sizeof r->program) || !memchr(r->name, 0, sizeof r->name))
        return sg_fail(SG_EINVAL, "run %016llx: name without its terminating zero",
                       (unsigned long long)r->id);
    return put_record(cat, SG_DB_RUNS, r);
}

sg_status sg_catalog_put_meta(sg_catalog *cat, const char *name, const void *bytes, size_t n)
{
    sg_batch *batch = &cat->batch;
    sg_codec *c = &batch->codec;
    const sg_mark before = mark(batch);
    sg_status st = writable(cat);

    if (st != SG_OK) return st;
    if (!name[0] || strlen(name) > META_NAME_MAX || strcmp(name, "header") == 0)
        return sg_fail(SG_EINVAL, "name of a meta record: \"%s\", need 1 to %d characters and not \"header\"",
                       name, META_NAME_MAX);
    const unsigned char length = (unsigned char)strlen(name);
    const size_t begin = sg_envelope_begin(c, SG_REC_META, META_VERSION);
    sg_codec_append(c, &length, 1);
    sg_codec_append(c, name, length);
    sg_codec_append(c, bytes, n);
    sg_envelope_end(c, begin);
    st = add(batch, SG_DB_META, name, strlen(name), before.bytes);
    if (st != SG_OK) roll_back(batch, before);
    return st;
}

void sg_meta_open(sg_codec *c, const void *name, size_t n_name, const void *value, size_t n)
{
    sg_envelope_open(c, SG_REC_META, META_VERSION, value, n);
    if (c->status != SG_OK || c->version == 1) return; /* 1: does not repeat its name */
    sg_codec_require(c, c->left > n_name && c->in[0] == n_name && memcmp(c->in + 1, name, n_name) == 0,
                     "belongs to another name");
    if (c->status != SG_OK) return;
    c->in += 1 + n_name;
    c->left -= 1 + n_name;
}

void sg_catalog_abort(sg_catalog *cat)
{
    roll_back(&cat->batch, (sg_mark){0, 0});
}

/* ---- commit ---- */

/* A reader that was killed keeps pages from being used again, and the file growing, until somebody opens the
 * catalog or asks who is alive: a system call for each reader, so not at every commit. */
static int clear_dead_readers(sg_catalog *cat)
{
    int dead = 0;
    return cat->n_commits++ % COMMITS_PER_CLEARING ? 0 : mdb_reader_check(cat->own.env, &dead);
}

/* All puts in one transaction. *rc is LMDB's code. */
static sg_status replay(sg_catalog *cat, int *rc)
{
    const sg_batch *batch = &cat->batch;
    sg_store *store = &cat->own;
    MDB_txn *txn = NULL;

    *rc = clear_dead_readers(cat);
    if (!*rc) *rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (*rc) return SG_EBACKEND;
    for (size_t k = 0; k < batch->n && !*rc; k++) {
        const sg_put *put = &batch->put[k];
        MDB_val key = {put->key_size, batch->codec.bytes + put->key_at};
        MDB_val value = {put->value_size, batch->codec.bytes + put->value_at};
        *rc = mdb_put(txn, store->dbi[put->db], &key, &value, 0);
    }
    if (!*rc)
        *rc = mdb_txn_commit(txn); /* frees the transaction in any case */
    else
        mdb_txn_abort(txn);
    return *rc ? SG_EBACKEND : SG_OK;
}

static sg_status failed(sg_catalog *cat, int rc)
{
    sg_store *store = &cat->own;
    MDB_txn *txn = NULL;

    if (rc == EIO && sg_out_of_room(store->path, cat->batch.codec.n)) rc = ENOSPC;
    /* after a failed write of its meta page LMDB refuses everything until it is opened again */
    const int alive = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (!alive) mdb_txn_abort(txn);
    if (alive == MDB_PANIC && sg_store_reopen(store) != SG_OK)
        return sg_fail_context(SG_EIO, "catalog %s: reopening after a failed commit", store->path);
    if (rc == ENOSPC || rc == EDQUOT || rc == EFBIG)
        return sg_fail(SG_EFULL,
                       "catalog %s: no space left for %zu bytes (%s); they are kept in memory, free some "
                       "space and commit again",
                       store->path, cat->batch.codec.n, strerror(rc));
    return sg_store_fail(store, rc, "commit");
}

uint64_t sg_catalog_commits(const sg_catalog *cat)
{
    return cat->n_written;
}

sg_status sg_catalog_commit(sg_catalog *cat)
{
    sg_store *store = &cat->own;
    sg_status st = writable(cat);
    int rc = 0;

    if (st != SG_OK || cat->batch.n == 0) return st;
    if (store->depth > 0) return sg_fail(SG_EINVAL, "catalog %s: commit inside a visit", store->path);
    if (!store->env) return sg_fail(SG_EBACKEND, "catalog %s: closed after an earlier failure", store->path);
    while (replay(cat, &rc) != SG_OK) {
        if (rc != MDB_MAP_FULL && rc != MDB_MAP_RESIZED) return failed(cat, rc);
        st = sg_store_grow(store, store->map_size + 2 * cat->batch.codec.n);
        if (st != SG_OK) return st;
    }
    cat->n_written++;
    sg_catalog_abort(cat); /* all written: empty the list, keep its memory */
    return sg_store_fill_up(store);
}
