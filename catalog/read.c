/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Look-ups over the own store and the bases. Every call is one short read transaction per store; records are
 * copied out.
 *
 * A damaged record is reported to the log and treated as absent where another store or another record can
 * answer; SG_ECORRUPT is returned only when it is the only answer. */
#include "catalog_internal.h"

#include <string.h>
#include <unistd.h>

/* A growing array of records of one kind, ascending by id. */
typedef struct sg_gather {
    sg_catalog_db db;
    unsigned char *at;
    size_t n, capacity;
} sg_gather;

static sg_store *store_at(sg_catalog *cat, size_t k);
static sg_status get_one(sg_store *store, sg_catalog_db db, const unsigned char *key, size_t key_size,
                         void *out);
static sg_status get_anywhere(sg_catalog *cat, sg_catalog_db db, uint64_t key, void *out);
static sg_status get_own(sg_catalog *cat, sg_catalog_db db, uint64_t key, void *out);
static sg_status unite(sg_gather *g, void *record);
static sg_status gather_variants(sg_store *store, const unsigned char *key, sg_gather *g);
static sg_status gather_events(sg_store *store, const unsigned char *key, sg_gather *g);

/* own first, then the bases in their order */
static sg_store *store_at(sg_catalog *cat, size_t k)
{
    return k == 0 ? &cat->own : cat->base[k - 1];
}

static void report_damage(const sg_store *store)
{
    sg_log_line(store->log, SG_LOG_WARNING, "skipped a damaged record: %s", sg_error_text());
}

/* ---- by id ---- */

static sg_status get_one(sg_store *store, sg_catalog_db db, const unsigned char *key, size_t key_size,
                         void *out)
{
    sg_status st = sg_store_enter(store);

    if (st != SG_OK) return st;
    st = sg_store_get(store, db, key, key_size, out);
    sg_store_leave(store);
    return st;
}

/* The first that is found. */
static sg_status get_anywhere(sg_catalog *cat, sg_catalog_db db, uint64_t key, void *out)
{
    unsigned char bytes[8];
    int damaged = 0;

    memset(out, 0, sg_cat_kinds[db].size);
    sg_store_be64(bytes, key);
    for (size_t k = 0; k <= cat->n_bases; k++) {
        const sg_status st = get_one(store_at(cat, k), db, bytes, 8, out);
        if (st == SG_ECORRUPT) {
            damaged = 1;
            report_damage(&cat->own);
        } else if (st != SG_ENOTFOUND) {
            return st;
        }
    }
    return damaged ? SG_ECORRUPT : SG_ENOTFOUND; /* the text of the damage is still stored */
}

static sg_status get_own(sg_catalog *cat, sg_catalog_db db, uint64_t key, void *out)
{
    unsigned char bytes[8];

    memset(out, 0, sg_cat_kinds[db].size);
    sg_store_be64(bytes, key);
    return get_one(&cat->own, db, bytes, 8, out);
}

sg_status sg_catalog_get_environment(sg_catalog *cat, uint64_t key, sg_cat_environment *out)
{
    return get_anywhere(cat, SG_DB_ENVIRONMENTS, key, out);
}

sg_status sg_catalog_get_event(sg_catalog *cat, uint64_t id, sg_cat_event *out)
{
    sg_cat_event other;
    unsigned char bytes[8];
    int there = 0, damaged = 0;
    sg_status st = SG_OK;

    memset(out, 0, sizeof *out);
    sg_store_be64(bytes, id);
    for (size_t k = 0; k <= cat->n_bases && st == SG_OK; k++) {
        st = get_one(store_at(cat, k), SG_DB_EVENTS, bytes, 8, there ? &other : out);
        if (st == SG_OK && there) {
            st = sg_cat_event_unite(out, &other);
            sg_cat_event_clear(&other);
        }
        there |= st == SG_OK;
        damaged |= st == SG_ECORRUPT;
        if (st == SG_ECORRUPT) report_damage(&cat->own);
        if (st == SG_ECORRUPT || st == SG_ENOTFOUND) st = SG_OK;
    }
    if (st == SG_OK && there) return SG_OK;
    sg_cat_event_clear(out);
    return st != SG_OK ? st
           : damaged   ? SG_ECORRUPT
                       : SG_ENOTFOUND; /* the text of the damage is still stored */
}

sg_status sg_catalog_get_own_event(sg_catalog *cat, uint64_t id, sg_cat_event *out)
{
    return get_own(cat, SG_DB_EVENTS, id, out);
}

sg_status sg_catalog_get_own_variant(sg_catalog *cat, uint64_t key, uint64_t id, sg_cat_variant *out)
{
    unsigned char bytes[16];

    memset(out, 0, sizeof *out);
    sg_store_be64(bytes, key);
    sg_store_be64(bytes + 8, id);
    return get_one(&cat->own, SG_DB_VARIANTS, bytes, 16, out);
}

sg_status sg_catalog_get_state(sg_catalog *cat, uint64_t id, sg_cat_state *out)
{
    return get_own(cat, SG_DB_STATES, id, out);
}

sg_status sg_catalog_get_edge(sg_catalog *cat, uint64_t id, sg_cat_edge *out)
{
    return get_own(cat, SG_DB_EDGES, id, out);
}

sg_status sg_catalog_get_table(sg_catalog *cat, uint64_t state, sg_cat_table *out)
{
    return get_own(cat, SG_DB_TABLES, state, out);
}

sg_status sg_catalog_get_step(sg_catalog *cat, uint64_t step, sg_cat_step *out)
{
    return get_own(cat, SG_DB_STEPS, step, out);
}

sg_status sg_catalog_get_run(sg_catalog *cat, uint64_t id, sg_cat_run *out)
{
    return get_anywhere(cat, SG_DB_RUNS, id, out);
}

/* Copy of a meta value; between enter and leave. */
static sg_status copy_meta(sg_store *store, const char *name, void **bytes, size_t *n)
{
    char copy[256] = "";
    sg_codec c;
    MDB_val key = {strlen(name), copy}, value;

    if (!name[0] || strlen(name) >= sizeof copy || strcmp(name, "header") == 0) return SG_ENOTFOUND;
    memcpy(copy, name, strlen(name));
    const int rc = mdb_get(store->read, store->dbi[SG_DB_META], &key, &value);
    if (rc == MDB_NOTFOUND) return SG_ENOTFOUND;
    if (rc) return sg_store_fail(store, rc, "meta");
    sg_meta_open(&c, name, strlen(name), value.mv_data, value.mv_size);
    unsigned char *payload = NULL;
    *n = c.left;
    sg_codec_bytes(&c, &payload, c.left);
    *bytes = payload;
    if (c.status == SG_OK) return SG_OK;
    *bytes = NULL;
    *n = 0;
    return sg_fail(c.status, "catalog %s, database meta, key \"%s\": %s", store->path, name, c.why);
}

sg_status sg_catalog_get_meta(sg_catalog *cat, const char *name, void **bytes, size_t *n)
{
    *bytes = NULL;
    *n = 0;
    sg_status st = sg_store_enter(&cat->own);
    if (st != SG_OK) return st;
    st = copy_meta(&cat->own, name, bytes, n);
    sg_store_leave(&cat->own);
    return st;
}

/* ---- by environment ---- */

static uint64_t id_of(const sg_gather *g, size_t k)
{
    const void *record = g->at + k * sg_cat_kinds[g->db].size;
    return g->db == SG_DB_VARIANTS ? ((const sg_cat_variant *)record)->id
                                   : ((const sg_cat_event *)record)->id;
}

static sg_status unite_counts(sg_gather *g, size_t k, const void *record)
{
    void *first = g->at + k * sg_cat_kinds[g->db].size;
    return g->db == SG_DB_VARIANTS ? sg_cat_variant_unite(first, record) : sg_cat_event_unite(first, record);
}

/* Takes the record: into its place by id, or its counters into the one that is there (of an earlier store).
 */
static sg_status unite(sg_gather *g, void *record)
{
    const sg_cat_kind *kind = &sg_cat_kinds[g->db];
    const size_t size = kind->size;
    const uint64_t id =
        g->db == SG_DB_VARIANTS ? ((sg_cat_variant *)record)->id : ((sg_cat_event *)record)->id;
    size_t low = 0, high = g->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (id_of(g, middle) < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < g->n && id_of(g, low) == id) {
        const sg_status st = unite_counts(g, low, record);
        kind->clear(record);
        return st;
    }
    if (sg_grow((void **)&g->at, &g->capacity, g->n + 1, size)) {
        kind->clear(record);
        return sg_fail(SG_ENOMEM, "records of one environment");
    }
    memmove(g->at + (low + 1) * size, g->at + low * size, (g->n - low) * size);
    memcpy(g->at + low * size, record, size);
    g->n++;
    return SG_OK;
}

/* Take over a decoded record, pass by a damaged one. */
static sg_status accept(sg_store *store, sg_gather *g, sg_status decoded, void *record)
{
    if (decoded == SG_OK) return unite(g, record);
    if (decoded != SG_ECORRUPT) return decoded;
    report_damage(store);
    return SG_OK;
}

static sg_status gather_variants(sg_store *store, const unsigned char *key, sg_gather *g)
{
    sg_cat_variant variant;
    unsigned char prefix[8];
    MDB_val k = {8, prefix}, v;
    MDB_cursor *cursor = NULL;
    sg_status st = SG_OK;
    int rc = mdb_cursor_open(store->read, store->dbi[SG_DB_VARIANTS], &cursor);

    memcpy(prefix, key, 8);
    if (!rc) rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    while (!rc && st == SG_OK && k.mv_size == 16 && memcmp(k.mv_data, key, 8) == 0) {
        st = accept(store, g, sg_store_decode(store, SG_DB_VARIANTS, &k, &v, &variant), &variant);
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    }
    if (cursor) mdb_cursor_close(cursor);
    if (st == SG_OK && rc && rc != MDB_NOTFOUND) st = sg_store_fail(store, rc, "variants");
    return st;
}

static sg_status gather_events(sg_store *store, const unsigned char *key, sg_gather *g)
{
    sg_cat_event event;
    unsigned char prefix[8];
    MDB_val k = {8, prefix}, v;
    MDB_cursor *cursor = NULL;
    sg_status st = SG_OK;
    int rc = mdb_cursor_open(store->read, store->dbi[SG_DB_INDEX], &cursor);

    memcpy(prefix, key, 8);
    if (!rc) rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    while (!rc && st == SG_OK && k.mv_size == 16 && memcmp(k.mv_data, key, 8) == 0) {
        st = sg_store_get(store, SG_DB_EVENTS, (const unsigned char *)k.mv_data + 8, 8, &event);
        if (st == SG_ENOTFOUND)
            st = SG_OK; /* index without its event: nothing to offer */
        else if (st == SG_OK && event.key != sg_load_be64(key))
            sg_cat_event_clear(&event); /* moved to another key */
        else
            st = accept(store, g, st, &event);
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    }
    if (cursor) mdb_cursor_close(cursor);
    if (st == SG_OK && rc && rc != MDB_NOTFOUND) st = sg_store_fail(store, rc, "environment_events");
    return st;
}

static sg_status gather(sg_catalog *cat, uint64_t key, sg_gather *g)
{
    unsigned char bytes[8];
    sg_status st = SG_OK;

    sg_store_be64(bytes, key);
    for (size_t k = 0; k <= cat->n_bases && st == SG_OK; k++) {
        sg_store *store = store_at(cat, k);
        if ((st = sg_store_enter(store)) != SG_OK) break;
        st = g->db == SG_DB_VARIANTS ? gather_variants(store, bytes, g) : gather_events(store, bytes, g);
        sg_store_leave(store);
    }
    if (st == SG_OK) return SG_OK;
    for (size_t k = 0; k < g->n; k++)
        sg_cat_kinds[g->db].clear(g->at + k * sg_cat_kinds[g->db].size);
    sg_free(g->at);
    *g = (sg_gather){.db = g->db};
    return st;
}

sg_status sg_catalog_find_variants(sg_catalog *cat, uint64_t key, sg_cat_variant **out, int *n)
{
    sg_gather g = {.db = SG_DB_VARIANTS};
    const sg_status st = gather(cat, key, &g);

    *out = (sg_cat_variant *)(void *)g.at;
    *n = (int)g.n;
    return st;
}

sg_status sg_catalog_find_events(sg_catalog *cat, uint64_t key, sg_cat_event **out, int *n)
{
    sg_gather g = {.db = SG_DB_EVENTS};
    const sg_status st = gather(cat, key, &g);

    *out = (sg_cat_event *)(void *)g.at;
    *n = (int)g.n;
    return st;
}

/* ---- all of them ---- */

sg_status sg_catalog_count(sg_catalog *cat, sg_catalog_db db, uint64_t *out)
{
    MDB_stat info;

    *out = db == SG_DB_RUNS && !cat->own.has_runs; /* format 1: one for all */
    if (*out) return SG_OK;
    const sg_status st = sg_store_enter(&cat->own);
    if (st != SG_OK) return st;
    const int rc = mdb_stat(cat->own.read, cat->own.dbi[db], &info);
    sg_store_leave(&cat->own);
    if (rc) return sg_store_fail(&cat->own, rc, "count");
    *out = info.ms_entries;
    return SG_OK;
}

/* From the first key >= `first` on; all 8 bytes zero: from the beginning. */
static sg_status visit_from(sg_store *store, sg_catalog_db db, uint64_t first,
                            int (*visit)(void *arg, const void *record), void *arg)
{
    unsigned char bytes[8];
    sg_record_any record;
    MDB_cursor *cursor = NULL;
    MDB_val k = {8, bytes}, v;
    sg_status st = SG_OK;
    int stop = 0, rc = mdb_cursor_open(store->read, store->dbi[db], &cursor);

    sg_store_be64(bytes, first);
    if (!rc) rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    while (!rc && !stop) {
        st = sg_store_decode(store, db, &k, &v, &record);
        if (st == SG_OK) {
            stop = visit(arg, &record);
            if (sg_cat_kinds[db].clear) sg_cat_kinds[db].clear(&record);
        } else if (st == SG_ECORRUPT) {
            report_damage(store);
            st = SG_OK;
        } else {
            break;
        }
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    }
    if (cursor) mdb_cursor_close(cursor);
    if (st == SG_OK && rc && rc != MDB_NOTFOUND) st = sg_store_fail(store, rc, sg_cat_kinds[db].db);
    return st;
}

sg_status sg_catalog_each(sg_catalog *cat, sg_catalog_db db, int (*visit)(void *arg, const void *record),
                          void *arg)
{
    return sg_catalog_each_from(cat, db, 0, visit, arg);
}

sg_status sg_catalog_each_from(sg_catalog *cat, sg_catalog_db db, uint64_t first,
                               int (*visit)(void *arg, const void *record), void *arg)
{
    sg_status st = sg_store_enter(&cat->own);

    if (st != SG_OK) return st;
    if (db == SG_DB_RUNS && !cat->own.has_runs) {
        if (cat->own.old_run.id >= first) (void)visit(arg, &cat->own.old_run);
    } else {
        st = visit_from(&cat->own, db, first, visit, arg);
    }
    sg_store_leave(&cat->own);
    return st;
}

sg_status sg_catalog_each_run(sg_catalog *cat, int (*visit)(void *arg, const void *run), void *arg)
{
    sg_status st = SG_OK;

    for (size_t k = 0; k <= cat->n_bases && st == SG_OK; k++) {
        sg_store *store = store_at(cat, k);
        if ((st = sg_store_enter(store)) != SG_OK) break;
        if (store->has_runs)
            st = visit_from(store, SG_DB_RUNS, 0, visit, arg);
        else
            (void)visit(arg, &store->old_run);
        sg_store_leave(store);
    }
    return st;
}

/* Keys and values as stored, in key order; the number of records parts one database from the next. */
static sg_status hash_database(sg_store *store, int db, uint64_t *hash)
{
    unsigned char count[8];
    MDB_cursor *cursor = NULL;
    MDB_val k, v;
    uint64_t n = 0;
    int rc = mdb_cursor_open(store->read, store->dbi[db], &cursor);

    if (!rc) rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);
    for (; !rc; n++) {
        *hash = sg_hash(k.mv_data, k.mv_size, *hash);
        *hash = sg_hash(v.mv_data, v.mv_size, *hash);
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    }
    if (cursor) mdb_cursor_close(cursor);
    if (rc != MDB_NOTFOUND) return sg_store_fail(store, rc, sg_cat_db_name(db));
    sg_store_le64(count, n);
    *hash = sg_hash(count, 8, *hash);
    return SG_OK;
}

sg_status sg_catalog_content_hash(sg_catalog *cat, uint64_t *out)
{
    static const int shareable[] = {SG_DB_ENVIRONMENTS, SG_DB_VARIANTS, SG_DB_EVENTS};
    sg_store *store = &cat->own;
    uint64_t hash = 0;

    *out = 0;
    sg_status st = sg_store_enter(store);
    if (st != SG_OK) return st;
    for (int k = 0; k < 3 && st == SG_OK; k++)
        st = hash_database(store, shareable[k], &hash);
    sg_store_leave(store);
    if (st == SG_OK) *out = hash;
    return st;
}

sg_status sg_catalog_size(sg_catalog *cat, uint64_t *bytes)
{
    MDB_envinfo env;
    MDB_stat page;

    *bytes = 0;
    if (!cat->own.env)
        return sg_fail(SG_EBACKEND, "catalog %s: closed after an earlier failure", cat->own.path);
    int rc = mdb_env_info(cat->own.env, &env);
    if (!rc) rc = mdb_env_stat(cat->own.env, &page);
    if (rc) return sg_store_fail(&cat->own, rc, "size");
    *bytes = ((uint64_t)env.me_last_pgno + 1) * page.ms_psize;
    return SG_OK;
}
