/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One LMDB environment: opening it safely, the parked read transaction, growth of the map.
 *
 * Idea: LMDB trusts its file. A shorter file would end the process (SIGBUS), a second opening in one process
 * would break its locks, a folder that cannot be written has no reader table; each is checked here before
 * LMDB sees it. Reads: one read transaction per store, reset between calls (it then pins no old pages) and
 * renewed at the next, which costs some 50 ns instead of the 500 ns of a fresh one. Source: the contract in
 * lmdb.h (0.9.24). */
#include "catalog_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* LOCK_BYTES: a little more than LMDB's reader table needs for SG_MAX_READERS of 64 bytes. */
enum { MAKE_MAP = 1 << 20, LOCK_BYTES = 68 << 10, DAMAGE_TEXT = 256, MOVED_TRIES = 10 };

static sg_status identify(sg_store *store);
static sg_status begin_reading(sg_store *store);
static sg_status open_env(sg_store *store);
static sg_status open_databases(sg_store *store);
static sg_status check_roots(const sg_store *store);
static sg_status check_content(sg_store *store);
static sg_status start(sg_store *store);
static sg_status take_old(sg_store *store, const MDB_val *header);
static sg_status read_header(sg_store *store);
static void close_env(sg_store *store);

sg_status sg_store_fail(const sg_store *store, int rc, const char *what)
{
    sg_status st = SG_EBACKEND;

    switch (rc) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        st = SG_EFULL;
        break;
    case ENOMEM:
        st = SG_ENOMEM;
        break;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
        st = SG_ECORRUPT;
        break;
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
        return sg_fail(SG_EMISMATCH,
                       "catalog %s: %s: expected an LMDB file of data version 1, got another file (%s)",
                       store->path, what, mdb_strerror(rc));
    case MDB_READERS_FULL:
        return sg_fail(SG_ELOCKED, "catalog %s: all %d places for readers are taken", store->path,
                       SG_MAX_READERS);
    case MDB_NOTFOUND:
        st = SG_ENOTFOUND;
        break;
    default:
        if (rc > 0) st = SG_EIO;
    }
    return sg_fail(st, "catalog %s: %s: %s", store->path, what, mdb_strerror(rc));
}

/* ---- opening ---- */

/* data.mdb is there, has content, and this process does not hold it yet. */
static sg_status identify(sg_store *store)
{
    struct stat info;
    sg_status st = SG_OK;
    char *file = sg_path_join(store->path, "data.mdb");

    if (!file) return SG_ENOMEM;
    if (stat(file, &info))
        st = errno == ENOENT || errno == ENOTDIR
                 ? sg_fail(SG_ENOTFOUND, "no catalog in %s (%s is missing)", store->path, file)
                 : sg_fail(SG_EIO, "catalog %s: %s", store->path, strerror(errno));
    else if (!S_ISREG(info.st_mode) || info.st_size == 0)
        st = sg_fail(SG_ENOTFOUND, "no catalog in %s (%s is empty)", store->path, file);
    else if (sg_file_is_open(info.st_dev, info.st_ino))
        st = sg_fail(SG_EINVAL, "catalog %s is already open in this process; it can be opened once",
                     store->path);
    else {
        store->device = info.st_dev;
        store->inode = info.st_ino;
    }
    sg_free(file);
    return st;
}

/* Without a writable lock file there is no reader table; then, and only then, read without one. */
static sg_status choose_flags(sg_store *store)
{
    store->flags = MDB_NOTLS;
    if (store->write) return SG_OK;
    store->flags |= MDB_RDONLY;
    char *file = sg_path_join(store->path, "lock.mdb");
    if (!file) return SG_ENOMEM;
    const int there = access(file, F_OK) == 0;
    if (access(there ? file : store->path, W_OK)) store->flags |= MDB_NOLOCK;
    sg_free(file);
    return SG_OK;
}

/* LMDB maps its lock file with holes; on a full disk the first write to a hole would end the process. */
static sg_status reserve_lock_file(const sg_store *store)
{
    char *file = sg_path_join(store->path, "lock.mdb");

    if (!file) return SG_ENOMEM;
    const int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0664);
    int rc = fd < 0 ? errno : posix_fallocate(fd, 0, LOCK_BYTES);
    if (fd >= 0) close(fd);
    sg_free(file);
    return rc ? sg_store_fail(store, rc, "lock.mdb") : SG_OK;
}

static sg_status open_env(sg_store *store)
{
    if (!(store->flags & MDB_NOLOCK)) {
        const sg_status st = reserve_lock_file(store);
        if (st != SG_OK) return st;
    }
    int rc = mdb_env_create(&store->env);
    if (rc) return sg_store_fail(store, rc, "mdb_env_create");
    rc = mdb_env_set_mapsize(store->env, store->map_size);
    if (!rc) rc = mdb_env_set_maxreaders(store->env, SG_MAX_READERS);
    if (!rc) rc = mdb_env_set_maxdbs(store->env, SG_DB_ALL);
    if (!rc) rc = mdb_env_open(store->env, store->path, store->flags, 0664);
    if (rc) return sg_store_fail(store, rc, "open");
    if (!(store->flags & MDB_NOLOCK)) {
        int dead = 0;
        rc = mdb_reader_check(store->env, &dead);
        if (rc) return sg_store_fail(store, rc, "clear stale readers");
    }
    return SG_OK;
}

/* *unmoved: the folder still holds the file that was identified, and LMDB opened that one. Compacting may
 * have exchanged the folders between, and data of one must not go with the locks of the other. */
static sg_status is_unmoved(const sg_store *store, int *unmoved)
{
    struct stat open_one, there;
    mdb_filehandle_t fd = -1;
    char *file = sg_path_join(store->path, "data.mdb");

    if (!file) return SG_ENOMEM;
    *unmoved = !mdb_env_get_fd(store->env, &fd) && !fstat(fd, &open_one) && !stat(file, &there) &&
               open_one.st_ino == store->inode && open_one.st_dev == store->device &&
               there.st_ino == store->inode && there.st_dev == store->device;
    sg_free(file);
    return SG_OK;
}

/* Handles live as long as the environment; LMDB wants them opened in a transaction that commits. */
static sg_status open_databases(sg_store *store)
{
    MDB_txn *txn = NULL;
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);

    if (rc) return sg_store_fail(store, rc, "begin reading");
    for (int db = 0; db < SG_DB_ALL && !rc; db++) {
        rc = mdb_dbi_open(txn, sg_cat_db_name(db), 0, &store->dbi[db]);
        store->has_runs |= db == SG_DB_RUNS && !rc;
        if (rc == MDB_NOTFOUND && db == SG_DB_RUNS) rc = 0; /* format 1; the header will say */
        if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE) {
            mdb_txn_abort(txn);
            return sg_fail(SG_EMISMATCH, "%s: not a slowglass catalog: expected a database \"%s\", got none",
                           store->path, sg_cat_db_name(db));
        }
    }
    if (!rc)
        rc = mdb_txn_commit(txn);
    else
        mdb_txn_abort(txn);
    return rc ? sg_store_fail(store, rc, "open databases") : SG_OK;
}

/* size of data.mdb and the size that LMDB counts on */
static sg_status lengths(const sg_store *store, uint64_t *is, uint64_t *needed, mdb_filehandle_t *fd)
{
    struct stat info;
    MDB_envinfo env;
    MDB_stat page;
    int rc = mdb_env_get_fd(store->env, fd);

    if (!rc) rc = mdb_env_info(store->env, &env);
    if (!rc) rc = mdb_env_stat(store->env, &page);
    if (!rc && fstat(*fd, &info)) rc = errno;
    if (rc) return sg_store_fail(store, rc, "size of data.mdb");
    *is = (uint64_t)info.st_size;
    *needed = ((uint64_t)env.me_last_pgno + 1) * page.ms_psize;
    return SG_OK;
}

sg_status sg_store_fill_up(sg_store *store)
{
    uint64_t is = 0, needed = 0;
    mdb_filehandle_t fd = -1;
    const sg_status st = lengths(store, &is, &needed, &fd);

    if (st != SG_OK || is >= needed) return st;
    return ftruncate(fd, (off_t)needed) ? sg_store_fail(store, errno, "extend data.mdb") : SG_OK;
}

/* Before LMDB sees the file: it would follow damaged roots anywhere. */
static sg_status check_roots(const sg_store *store)
{
    sg_status st;
    char *file = sg_path_join(store->path, "data.mdb");

    if (!file) return SG_ENOMEM;
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    sg_free(file);
    if (fd < 0) return sg_store_fail(store, errno, "open data.mdb");
    st = sg_pages_check_roots(fd, store->path);
    close(fd);
    return st;
}

static void keep_first(void *arg, const char *text)
{
    char *first = arg;
    if (!first[0]) snprintf(first, DAMAGE_TEXT, "%s", text);
}

/* Nothing of the trees has been looked at by LMDB yet. A writer looks into every record: what it adds would
 * hide that something is missing. */
static sg_status check_content(sg_store *store)
{
    sg_catalog_health health;
    char first[DAMAGE_TEXT] = "";
    const sg_status st = sg_store_verify(store, store->write, keep_first, first, &health);

    if (st != SG_OK || health.n_damaged == 0) return st;
    if (store->write)
        return sg_fail(
            SG_ECORRUPT,
            "catalog %s: damaged records: %llu, the first: %s; it is not written to in this state "
            "(`slowglass catalog check` lists them, `slowglass catalog compact %s -o NEW` leaves them out)",
            store->path, (unsigned long long)health.n_damaged, first, store->path);
    sg_log_line(store->log, SG_LOG_WARNING, "catalog %s: damaged records: %llu, the first: %s", store->path,
                (unsigned long long)health.n_damaged, first);
    return SG_OK;
}

/* LMDB is there: its trees are looked at before it follows them. */
static sg_status start(sg_store *store)
{
    sg_status st = check_content(store);

    if (st == SG_OK && store->write) st = sg_store_fill_up(store);
    if (st == SG_OK) st = open_databases(store);
    return st;
}

/* A catalog of format 1 is read, never written. Its counters belong to one run, known by header and identity.
 */
static sg_status take_old(sg_store *store, const MDB_val *header)
{
    MDB_val key = {8, "identity"}, identity;
    sg_cat_run *run = &store->old_run;

    if (store->write)
        return sg_fail(SG_EMISMATCH,
                       "%s: catalog format 1, this version writes format %d; bring it up to date by "
                       "`slowglass catalog merge %s -o NEW`",
                       store->path, SG_CATALOG_FORMAT, store->path);
    run->id = sg_hash(header->mv_data, header->mv_size, 0);
    if (mdb_get(store->read, store->dbi[SG_DB_META], &key, &identity) == 0)
        run->id = sg_hash(identity.mv_data, identity.mv_size, run->id);
    run->seed = store->header.seed;
    run->gamma = run->temperature = NAN;
    memcpy(run->program, store->header.program, sizeof run->program);
    memcpy(run->name, "catalog of format 1", sizeof "catalog of format 1");
    return SG_OK;
}

static sg_status read_header(sg_store *store)
{
    MDB_val key = {6, "header"}, value;
    sg_status st = sg_store_enter(store);

    if (st != SG_OK) return st;
    const int rc = mdb_get(store->read, store->dbi[SG_DB_META], &key, &value);
    if (rc == MDB_NOTFOUND)
        st = sg_fail(SG_EMISMATCH, "%s: not a slowglass catalog: expected a header, got none", store->path);
    else if (rc)
        st = sg_store_fail(store, rc, "read header");
    else
        st = sg_header_decode(value.mv_data, value.mv_size, store->path, &store->header);
    if (st == SG_OK && store->header.format == 1) st = take_old(store, &value);
    if (st == SG_OK && store->header.format > 1 && !store->has_runs)
        st = sg_fail(SG_ECORRUPT, "catalog %s: its database \"runs\" is missing", store->path);
    sg_store_leave(store);
    return st;
}

void sg_store_warn_place(const sg_store *store)
{
    const char *network = sg_network_filesystem(store->path);

    if (network)
        sg_log_line(store->log, SG_LOG_WARNING,
                    "catalog %s lies on a network filesystem (%s), where LMDB's locks and "
                    "memory map cannot be trusted; use a local disk",
                    store->path, network);
    if (store->flags & MDB_NOLOCK)
        sg_log_line(store->log, SG_LOG_INFO,
                    "catalog %s: the folder cannot be written, reading without a lock", store->path);
}

sg_status sg_store_open(sg_store *store, const char *path, int write, size_t map_size, const sg_log *log)
{
    sg_status st;
    int unmoved = 0;

    store->write = write;
    store->map_size = map_size;
    store->log = log;
    store->path = sg_strdup(path);
    if (!store->path) return sg_fail(SG_ENOMEM, "catalog %s", path);
    for (int k = 0; !unmoved; k++) {
        close_env(store);
        if (k > MOVED_TRIES) {
            st = sg_fail(SG_ELOCKED, "catalog %s is replaced faster than it can be opened", path);
            goto done;
        }
        if ((st = identify(store)) != SG_OK) goto done;
        if ((st = choose_flags(store)) != SG_OK) goto done;
        if (k == 0) sg_store_warn_place(store);
        if ((st = check_roots(store)) != SG_OK) goto done;
        if ((st = open_env(store)) != SG_OK) goto done;
        if ((st = is_unmoved(store, &unmoved)) != SG_OK) goto done;
    }
    if ((st = start(store)) != SG_OK) goto done;
    st = read_header(store);
done:
    if (st != SG_OK) sg_store_close(store);
    return st;
}

static void close_env(sg_store *store)
{
    assert(store->depth == 0);
    if (store->read) mdb_txn_abort(store->read);
    store->read = NULL;
    if (store->env) mdb_env_close(store->env);
    store->env = NULL;
}

void sg_store_close(sg_store *store)
{
    close_env(store);
    sg_free(store->path);
    store->path = NULL;
}

sg_status sg_store_reopen(sg_store *store)
{
    close_env(store);
    sg_status st = check_roots(store);
    if (st == SG_OK) st = open_env(store);
    if (st == SG_OK) st = start(store);
    if (st != SG_OK) close_env(store);
    return st;
}

/* ---- making ---- */

static int write_first(MDB_env *env, const sg_codec *header)
{
    MDB_txn *txn = NULL;
    MDB_dbi dbi = 0;
    MDB_val key = {6, "header"}, value = {header->n, header->bytes};
    int rc = mdb_txn_begin(env, NULL, 0, &txn);

    if (rc) return rc;
    for (int db = 0; db < SG_DB_ALL && !rc; db++) {
        rc = mdb_dbi_open(txn, sg_cat_db_name(db), MDB_CREATE, &dbi);
        if (!rc && db == SG_DB_META) rc = mdb_put(txn, dbi, &key, &value, 0);
    }
    if (!rc) return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

sg_status sg_store_make(const char *path, const sg_catalog_header *header)
{
    sg_store made = {.path = NULL};
    sg_codec c = {0};
    sg_status st = SG_OK;
    int rc;

    /* under another name first: data.mdb appears complete or not at all; we hold the writer's lock, LMDB
     * needs none */
    char *fresh = sg_path_join(path, "new.mdb"), *final = sg_path_join(path, "data.mdb");
    made.path = sg_strdup(path);
    if (!fresh || !final || !made.path) {
        st = sg_fail(SG_ENOMEM, "catalog %s", path);
        goto done;
    }
    unlink(fresh);
    sg_header_encode(&c, header);
    if (c.status != SG_OK) {
        st = sg_fail(c.status, "catalog %s: header: %s", path, c.why);
        goto done;
    }
    rc = mdb_env_create(&made.env);
    if (!rc) rc = mdb_env_set_mapsize(made.env, MAKE_MAP);
    if (!rc) rc = mdb_env_set_maxdbs(made.env, SG_DB_ALL);
    if (!rc) rc = mdb_env_open(made.env, fresh, MDB_NOSUBDIR | MDB_NOTLS | MDB_NOLOCK, 0664);
    if (!rc) rc = write_first(made.env, &c);
    if (rc == EIO && sg_out_of_room(path, MAKE_MAP)) rc = ENOSPC;
    if (rc)
        st = sg_store_fail(&made, rc, "create");
    else
        st = sg_store_fill_up(&made);
    close_env(&made);
    if (st == SG_OK && rename(fresh, final)) st = sg_store_fail(&made, errno, "rename new.mdb to data.mdb");
done:
    if (fresh && st != SG_OK) unlink(fresh);
    sg_free(fresh);
    sg_free(final);
    sg_free(made.path);
    sg_free(c.bytes);
    return st;
}

/* ---- reading ---- */

static int begin(sg_store *store)
{
    if (!store->read) return mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->read);
    return mdb_txn_renew(store->read);
}

static void drop_read(sg_store *store)
{
    if (store->read) mdb_txn_abort(store->read);
    store->read = NULL;
}

/* Begin, and again after the two things that can be mended: a writer made the map larger; dead readers fill
 * the table. */
static sg_status begin_reading(sg_store *store)
{
    int rc = begin(store);

    if (!rc) return SG_OK;
    drop_read(store);
    if (rc == MDB_MAP_RESIZED) {
        rc = mdb_env_set_mapsize(store->env, 0);
    } else if (rc == MDB_READERS_FULL) {
        int dead = 0;
        rc = mdb_reader_check(store->env, &dead);
    }
    if (!rc) rc = begin(store);
    return rc ? sg_store_fail(store, rc, "begin reading") : SG_OK;
}

sg_status sg_store_enter(sg_store *store)
{
    if (store->depth == 0) {
        if (!store->env)
            return sg_fail(SG_EBACKEND, "catalog %s: closed after an earlier failure", store->path);
        const sg_status st = begin_reading(store);
        if (st != SG_OK) return st;
    }
    store->depth++;
    return SG_OK;
}

void sg_store_leave(sg_store *store)
{
    assert(store->depth > 0);
    if (--store->depth == 0) mdb_txn_reset(store->read);
}

sg_status sg_store_grow(sg_store *store, size_t at_least)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), before = store->map_size;
    size_t size = before;

    assert(store->depth == 0);
    while (size < at_least || size == before) {
        if (size > SIZE_MAX / 2) return sg_fail(SG_EFULL, "catalog %s: map cannot grow further", store->path);
        size *= 2;
    }
    size = (size + page - 1) / page * page;
    drop_read(store);
    store->map_size = size;
    const int rc = mdb_env_set_mapsize(store->env, size);
    if (!rc) return SG_OK;
    /* LMDB has given up the old map by now and would fault without one */
    store->map_size = before;
    if (sg_store_reopen(store) != SG_OK) return sg_fail_context(SG_EBACKEND, "after failing to grow the map");
    return sg_store_fail(store, rc, "grow the map");
}

/* ---- values ---- */

void sg_key_text(const unsigned char *key, size_t n_key, char *text, size_t size)
{
    size_t n = 0;

    text[0] = 0;
    for (size_t k = 0; k < n_key && n + 3 < size; k++)
        n += (size_t)snprintf(text + n, size - n, "%s%02x", k > 0 && k % 8 == 0 ? " " : "", key[k]);
}

/* Records of format 1 have one origin, which they do not name. */
static void name_origin(const sg_store *store, sg_catalog_db db, void *record)
{
    sg_cat_variant *const v = db == SG_DB_VARIANTS ? record : NULL;
    sg_cat_event *const e = db == SG_DB_EVENTS ? record : NULL;

    if (v && v->n_origins == 1) v->origin[0].run = store->old_run.id;
    if (e && e->n_origins == 1) e->origin[0].run = store->old_run.id;
}

sg_status sg_store_decode(sg_store *store, sg_catalog_db db, const MDB_val *key, const MDB_val *value,
                          void *record)
{
    const sg_cat_kind *kind = &sg_cat_kinds[db];
    unsigned char own_key[SG_KEY_MAX];
    char text[64];
    const char *why = NULL;
    sg_status st = sg_record_decode(kind, value->mv_data, value->mv_size, record, &why);

    if (st == SG_OK) {
        const size_t n = kind->key(record, own_key);
        if (store->header.format == 1) name_origin(store, db, record);
        if (n == key->mv_size && memcmp(own_key, key->mv_data, n) == 0) return SG_OK;
        if (kind->clear) kind->clear(record);
        st = SG_ECORRUPT;
        why = "belongs to another key";
    }
    sg_key_text(key->mv_data, key->mv_size, text, sizeof text);
    return sg_fail(st, "catalog %s, database %s, key %s: %s", store->path, kind->db, text, why);
}

sg_status sg_store_get(sg_store *store, sg_catalog_db db, const unsigned char *key, size_t key_size,
                       void *record)
{
    unsigned char bytes[SG_KEY_MAX];
    MDB_val k = {key_size, bytes}, v;

    if (db == SG_DB_RUNS && !store->has_runs) {
        if (sg_load_be64(key) != store->old_run.id) return SG_ENOTFOUND;
        memcpy(record, &store->old_run, sizeof store->old_run);
        return SG_OK;
    }
    memcpy(bytes, key, key_size);
    const int rc = mdb_get(store->read, store->dbi[db], &k, &v);
    if (rc == MDB_NOTFOUND) return SG_ENOTFOUND;
    if (rc) return sg_store_fail(store, rc, sg_cat_kinds[db].db);
    return sg_store_decode(store, db, &k, &v, record);
}
