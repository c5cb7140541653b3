/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the bytes of a catalog are. LMDB's pages are of three kinds: in the tree of a database, free (they
 * await reuse; LMDB lists them in its database 0, each value of which begins with their number), and the
 * rest, which is LMDB's own: two meta pages and the trees of its lists. Source: lmdb.h (0.9.24) and its tool
 * mdb_stat. */
#include "catalog_internal.h"

#include <string.h>

enum { FREE_LIST = 0 };

static sg_status add_bytes(sg_store *store, int db, sg_catalog_part *part)
{
    MDB_cursor *cursor = NULL;
    MDB_val k, v;
    int rc = mdb_cursor_open(store->read, store->dbi[db], &cursor);

    if (!rc) rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);
    while (!rc) {
        part->bytes += k.mv_size + v.mv_size;
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    }
    if (cursor) mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? SG_OK : sg_store_fail(store, rc, part->name);
}

static sg_status use_of(sg_store *store, int db, sg_catalog_part *part)
{
    MDB_stat tree;
    const int rc = mdb_stat(store->read, store->dbi[db], &tree);

    part->name = sg_cat_db_name(db);
    if (rc) return sg_store_fail(store, rc, part->name);
    part->records = tree.ms_entries;
    part->pages = tree.ms_branch_pages + tree.ms_leaf_pages + tree.ms_overflow_pages;
    return add_bytes(store, db, part);
}

static sg_status count_free(sg_store *store, uint64_t *pages)
{
    MDB_cursor *cursor = NULL;
    MDB_val k, v;
    int rc = mdb_cursor_open(store->read, FREE_LIST, &cursor);

    if (!rc) rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);
    while (!rc) {
        size_t n = 0;
        if (v.mv_size >= sizeof n) memcpy(&n, v.mv_data, sizeof n);
        *pages += n;
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    }
    if (cursor) mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? SG_OK : sg_store_fail(store, rc, "list of free pages");
}

sg_status sg_catalog_get_usage(sg_catalog *cat, sg_catalog_usage *out)
{
    MDB_envinfo env;
    MDB_stat page;
    sg_store *store = &cat->own;

    memset(out, 0, sizeof *out);
    sg_status st = sg_store_enter(store);
    if (st != SG_OK) return st;
    int rc = mdb_env_info(store->env, &env);
    if (!rc) rc = mdb_env_stat(store->env, &page);
    if (rc) st = sg_store_fail(store, rc, "size");
    for (int db = 0; db < SG_DB_ALL && st == SG_OK; db++)
        st = use_of(store, db, &out->part[out->n_parts++]);
    if (st == SG_OK) st = count_free(store, &out->pages_free);
    sg_store_leave(store);
    if (st != SG_OK) return st;
    out->page_bytes = page.ms_psize;
    out->pages = env.me_last_pgno + 1;
    return SG_OK;
}
