/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A catalog written anew, without free pages and in key order, which fills the pages. Values are copied byte
 * by byte, so that the content hash stays; the copy is counted before it takes the place of the original.
 * What is damaged is left out, which only a copy under a new name can meet: nobody writes to a damaged
 * catalog. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "catalog_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes between two commits: what a transaction holds in memory. */
enum { CHUNK = 64 << 20 };

typedef struct copier {
    sg_store *from, *to;
    MDB_txn *txn;
    size_t pending; /* bytes since the last commit */
    size_t copied[SG_DB_ALL];
    double done, total;
    const sg_log *log;
} copier;

static sg_status write_failed(const sg_store *to, int rc)
{
    if (rc == EIO && sg_out_of_room(to->path, CHUNK)) rc = ENOSPC;
    return sg_store_fail(to, rc, "write");
}

static sg_status flush(copier *c)
{
    const int rc = c->txn ? mdb_txn_commit(c->txn) : 0; /* frees the transaction in any case */

    c->txn = NULL;
    c->pending = 0;
    if (rc) return write_failed(c->to, rc);
    sg_log_progress(c->log, "compact", c->done, c->total, NULL);
    return sg_interrupt_requested() ? sg_fail(SG_EINTERRUPTED, "interrupted; the catalog is as it was")
                                    : SG_OK;
}

static sg_status copy_one(copier *c, int db, MDB_val *key, MDB_val *value)
{
    const int in_order = db != SG_DB_META && db != SG_DB_INDEX;
    int rc = c->txn ? 0 : mdb_txn_begin(c->to->env, NULL, 0, &c->txn);

    if (!rc) rc = mdb_put(c->txn, c->to->dbi[db], key, value, in_order ? MDB_APPEND : 0);
    if (rc) return write_failed(c->to, rc);
    c->copied[db]++;
    c->pending += key->mv_size + value->mv_size;
    c->done++;
    return c->pending < CHUNK ? SG_OK : flush(c);
}

/* Damaged ones are left out. The index is made anew from the events. */
static sg_status copy_whole(copier *c, int db, MDB_val *key, MDB_val *value)
{
    const char *why = NULL;
    unsigned char pair[16];
    char text[64];
    sg_status st = sg_store_check_value(c->from, db, key, value, &why);

    if (st != SG_OK) return st;
    if (why) {
        sg_key_text(key->mv_data, key->mv_size, text, sizeof text);
        sg_log_line(c->log, SG_LOG_WARNING, "left out a damaged record: database %s, key %s: %s",
                    sg_cat_db_name(db), text, why);
        return SG_OK;
    }
    if (db == SG_DB_EVENTS) {
        MDB_val k = {16, pair}, nothing = {0, pair};
        sg_store_be64(pair, sg_load_le64((const unsigned char *)value->mv_data + SG_ENVELOPE + 8));
        memcpy(pair + 8, key->mv_data, 8);
        st = copy_one(c, SG_DB_INDEX, &k, &nothing);
    }
    return st == SG_OK ? copy_one(c, db, key, value) : st;
}

static sg_status copy_database(copier *c, int db)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    sg_status st = SG_OK;
    int rc = mdb_cursor_open(c->from->read, c->from->dbi[db], &cursor);

    if (!rc) rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    while (!rc && st == SG_OK) {
        const int is_header = db == SG_DB_META && key.mv_size == 6 && memcmp(key.mv_data, "header", 6) == 0;
        if (!is_header) st = copy_whole(c, db, &key, &value);
        rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (cursor) mdb_cursor_close(cursor);
    if (st == SG_OK && rc != MDB_NOTFOUND) st = sg_store_fail(c->from, rc, sg_cat_db_name(db));
    return st;
}

static sg_status count(sg_store *store, int db, size_t *n)
{
    MDB_stat info;
    const int rc = mdb_stat(store->read, store->dbi[db], &info);

    *n = rc ? 0 : info.ms_entries;
    return rc ? sg_store_fail(store, rc, "count") : SG_OK;
}

/* As many as were copied; `to` is entered, and has a header of its own. */
static sg_status compare_counts(const copier *c)
{
    sg_status st = SG_OK;

    for (int db = 0; db < SG_DB_ALL && st == SG_OK; db++) {
        const size_t expected = c->copied[db] + (db == SG_DB_META);
        size_t n = 0;
        st = count(c->to, db, &n);
        if (st == SG_OK && n != expected)
            st = sg_fail(SG_ECORRUPT, "copy of catalog %s, database %s: expected %zu records, got %zu",
                         c->from->path, sg_cat_db_name(db), expected, n);
    }
    return st;
}

static sg_status copy_store(sg_store *from, sg_store *to, const sg_log *log)
{
    copier c = {.from = from, .to = to, .log = log};
    sg_status st = sg_store_enter(from);

    if (st != SG_OK) return st;
    for (int db = 0; db < SG_DB_ALL && st == SG_OK; db++) {
        size_t n = 0;
        st = count(from, db, &n);
        c.total += (double)n;
    }
    for (int db = 0; db < SG_DB_ALL && st == SG_OK; db++)
        if (db != SG_DB_INDEX) st = copy_database(&c, db);
    if (st == SG_OK) st = flush(&c);
    if (c.txn) mdb_txn_abort(c.txn);
    if (st == SG_OK) st = sg_store_fill_up(to);
    if (st == SG_OK && (st = sg_store_enter(to)) == SG_OK) {
        st = compare_counts(&c);
        sg_store_leave(to);
    }
    sg_store_leave(from);
    return st;
}

sg_status sg_catalog_compact(const char *path, const char *out, const sg_log *log, uint64_t *before,
                             uint64_t *after)
{
    sg_catalog *shown = NULL, *hidden = NULL;
    char *real = realpath(path, NULL); /* a link to a folder stays a link */
    sg_status st = out ? sg_name_is_free(out) : SG_OK;

    *before = *after = 0;
    if (st == SG_OK) st = sg_catalog_open(real ? real : path, out == NULL, log, &shown);
    if (st == SG_OK && shown->own.header.format != SG_CATALOG_FORMAT)
        st = sg_fail(
            SG_EMISMATCH,
            "%s: catalog format %u, need %d; bring it up to date by `slowglass catalog merge %s -o NEW`",
            path, shown->own.header.format, SG_CATALOG_FORMAT, path);
    if (st == SG_OK) st = sg_catalog_size(shown, before);
    if (st == SG_OK)
        st = sg_catalog_create_hidden_sized(out ? out : real, &shown->own.header,
                                            SG_MAP_START + 2 * (size_t)*before, &hidden);
    if (st == SG_OK) st = copy_store(&shown->own, &hidden->own, log);
    if (st == SG_OK) st = sg_catalog_size(hidden, after);
    if (st == SG_OK) st = out ? sg_catalog_publish(hidden, out) : sg_catalog_replace(&shown, &hidden);
    if (st == SG_OK && out) {
        sg_catalog_close(hidden);
        hidden = NULL;
    }
    sg_catalog_discard(hidden); /* in place: the old one, by now */
    sg_catalog_close(shown);
    free(real);
    return st;
}
