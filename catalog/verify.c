/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every record of a catalog, one after the other, as the walk over the pages comes upon them.
 *
 * What the walk over the pages cannot see: a value whose bytes changed (checksum), a key that changed (the
 * record repeats it; a look-up would just not find it), an entry of the index that changed. Index and events
 * are compared by two sums of hashes of (topology key, event id), which are equal when both hold the same
 * pairs, in any order. Damage here is told and counted, it does not end the walk. */
#include "catalog_internal.h"

#include <stdio.h>
#include <string.h>

typedef struct look {
    sg_store *store;
    int full;
    void (*tell)(void *arg, const char *text);
    void *arg;
    sg_catalog_health *health;
    uint64_t events, indexed; /* sums of hashes */
} look;

static void found(look *l, const sg_pages_value *v, const char *why)
{
    char key[64], text[256];

    sg_key_text(v->key, v->key_size, key, sizeof key);
    snprintf(text, sizeof text, "database %.*s, key %s: %s", (int)v->db_size, v->db, key, why);
    l->health->n_damaged++;
    l->tell(l->arg, text);
}

static int database(const sg_pages_value *v)
{
    for (int db = 0; db < SG_DB_ALL; db++) {
        const char *name = sg_cat_db_name(db);
        if (strlen(name) == v->db_size && memcmp(name, v->db, v->db_size) == 0) return db;
    }
    return -1;
}

static const char *look_at_meta(const sg_pages_value *v)
{
    sg_codec c;

    if (v->have < v->size) return NULL; /* read in part only: looked at when it is used */
    if (v->key_size == 6 && memcmp(v->key, "header", 6) == 0)
        sg_envelope_open(&c, SG_REC_HEADER, 1, v->value, v->size);
    else
        sg_meta_open(&c, v->key, v->key_size, v->value, v->size);
    return c.status == SG_OK ? NULL : c.why;
}

/* Every record begins with what its key is made of. */
static const char *look_at_key(int db, const sg_pages_value *v)
{
    const size_t n = db == SG_DB_VARIANTS ? 16 : 8;

    if (v->key_size != n) return "key of a wrong length";
    if (v->size < SG_ENVELOPE + 16) return "shorter than any record";
    for (size_t k = 0; k < n; k += 8)
        if (sg_load_be64(v->key + k) != sg_load_le64(v->value + SG_ENVELOPE + k))
            return "belongs to another key";
    return NULL;
}

static const char *look_at_record(look *l, int db, const sg_pages_value *v, sg_status *st)
{
    sg_record_any record;
    unsigned char pair[16];
    const char *why = look_at_key(db, v);

    if (!why && db == SG_DB_EVENTS) {
        sg_store_be64(pair, sg_load_le64(v->value + SG_ENVELOPE + 8));
        memcpy(pair + 8, v->key, 8);
        l->events += sg_hash(pair, 16, 0);
    }
    if (why || !l->full) return why;
    *st = sg_record_decode(&sg_cat_kinds[db], v->value, v->size, &record, &why);
    if (*st == SG_OK && sg_cat_kinds[db].clear) sg_cat_kinds[db].clear(&record);
    if (*st == SG_ECORRUPT) *st = SG_OK;
    return why;
}

static sg_status visit(void *arg, const sg_pages_value *v)
{
    look *l = arg;
    const int db = database(v);
    const char *why = NULL;
    sg_status st = SG_OK;

    if (db < 0) {
        why = "database of an unknown name";
    } else if (db == SG_DB_INDEX) {
        if (v->key_size != 16 || v->size != 0)
            why = "not an entry of the index";
        else
            l->indexed += sg_hash(v->key, 16, 0);
    } else {
        why = db == SG_DB_META ? look_at_meta(v) : look_at_record(l, db, v, &st);
    }
    l->health->n_records++;
    if (st != SG_OK) return sg_fail(st, "check of catalog %s", l->store->path);
    if (why) found(l, v, why);
    return SG_OK;
}

sg_status sg_store_check_value(sg_store *store, int db, const MDB_val *key, const MDB_val *value,
                               const char **why)
{
    sg_catalog_health health = {0};
    look l = {.store = store, .full = 1, .health = &health};
    const char *name = sg_cat_db_name(db);
    const sg_pages_value v = {name,           strlen(name),   key->mv_data,  key->mv_size,
                              value->mv_data, value->mv_size, value->mv_size};
    sg_status st = SG_OK;

    *why = db == SG_DB_META ? look_at_meta(&v) : look_at_record(&l, db, &v, &st);
    return st == SG_OK ? SG_OK : sg_fail(st, "check of catalog %s", store->path);
}

sg_status sg_store_verify(sg_store *store, int full, void (*tell)(void *arg, const char *text), void *arg,
                          sg_catalog_health *health)
{
    look l = {.store = store, .full = full, .tell = tell, .arg = arg, .health = health};
    sg_pages_count count;
    mdb_filehandle_t fd = -1;

    *health = (sg_catalog_health){0};
    if (store->depth > 0) return sg_fail(SG_EINVAL, "catalog %s: check inside a visit", store->path);
    const int rc = mdb_env_get_fd(store->env, &fd);
    if (rc) return sg_store_fail(store, rc, "data.mdb");
    do { /* again when a writer has made two commits before we have seen the roots of ours */
        sg_status st = sg_store_enter(store);
        if (st != SG_OK) return st;
        st = sg_pages_walk(fd, store->path, mdb_txn_id(store->read), full ? SIZE_MAX : SG_ENVELOPE + 16,
                           visit, &l, &count);
        sg_store_leave(store);
        if (st != SG_OK) return st;
    } while (count.overtaken);
    health->bytes = count.pages * count.page_size;
    health->unused_bytes = count.unused * count.page_size;
    if (l.events != l.indexed) {
        health->n_damaged++;
        tell(arg, "index of events by environment: not the events that there are");
    }
    return SG_OK;
}
