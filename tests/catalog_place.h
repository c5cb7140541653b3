/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder with one catalog, the fixture of the tests of the store, and access to its bytes by LMDB alone. */
#ifndef SLOWGLASS_TESTS_CATALOG_PLACE_H
#define SLOWGLASS_TESTS_CATALOG_PLACE_H

#include "catalog_samples.h"

#include <lmdb.h>
#include <sys/mount.h>

#include "../catalog/catalog_internal.h"

typedef struct place {
    char path[64], file[256]; /* a folder of its own, the catalog's place in it */
    sg_catalog *cat;          /* NULL, or open and closed by place_remove */
    int mounted;              /* something lies over the folder, taken away by place_remove */
    sg_rng rng;
} place;

static inline int place_make(void **state, uint64_t seed)
{
    place *p = sg_calloc(1, sizeof *p);

    folder_make(p->path);
    joined(p->file, p->path, "cat");
    sg_rng_init(&p->rng, seed, SG_RNG_TEST, 0, 0, 0);
    *state = p;
    return 0;
}

/* nothing in the folder yet */
static inline int place_empty(void **state)
{
    return place_make(state, 2);
}

/* an empty catalog, open for writing */
static inline int place_with_catalog(void **state)
{
    const sg_catalog_header header = sample_header();

    place_make(state, 1);
    place *p = *state;
    assert_ok(sg_catalog_create(p->file, &header, &p->cat));
    return 0;
}

static inline int place_remove(void **state)
{
    place *p = *state;
    sg_catalog_close(p->cat);
    if (p->mounted) umount(p->path);
    folder_remove(p->path);
    sg_free(p);
    return 0;
}

/* a new catalog, the caller's */
static inline sg_catalog *fresh(place *p, size_t map_size)
{
    const sg_catalog_header header = sample_header();
    sg_catalog *cat;

    assert_ok(sg_catalog_create_sized(p->file, &header, map_size, &cat));
    return cat;
}

static inline void reopen(place *p, int write)
{
    sg_catalog_close(p->cat);
    p->cat = NULL;
    assert_ok(sg_catalog_open(p->file, write, NULL, &p->cat));
}

/* one transaction of LMDB's own on the closed catalog: read, overwrite or remove one value */
static inline size_t raw_access(const char *path, const char *db, const void *key, size_t n_key, void *copy,
                                size_t room, const void *replace, size_t n_replace)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val k = {n_key, NULL}, v;
    unsigned char bytes[64];

    memcpy(bytes, key, n_key);
    k.mv_data = bytes;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 16), 0);
    assert_int_equal(mdb_env_set_mapsize(env, 64 << 20), 0);
    assert_int_equal(mdb_env_open(env, path, 0, 0664), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, db, 0, &dbi), 0);
    assert_int_equal(mdb_get(txn, dbi, &k, &v), 0);
    const size_t n = v.mv_size;
    if (copy) {
        assert_true(n <= room);
        memcpy(copy, v.mv_data, n);
    }
    if (replace) {
        unsigned char *value = sg_calloc(n_replace, 1);
        memcpy(value, replace, n_replace);
        v = (MDB_val){n_replace, value};
        assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
        sg_free(value);
    }
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    return n;
}

#endif
