/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A catalog: own store, writer's lock, pending puts, bases. Creation leaves a complete catalog or nothing. */
#include "catalog_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static sg_status make_folder(const char *path, int *made);
static int holds_catalog(const char *path);
static void remove_traces(const char *path, int with_data, int with_folder);
static sg_status open_locked(const char *path, int lock, size_t map_size, const sg_log *log,
                             sg_catalog **out);

static sg_status make_folder(const char *path, int *made)
{
    struct stat info;

    *made = mkdir(path, 0777) == 0;
    if (*made) return SG_OK;
    const int code = errno;
    if (code == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return SG_OK;
    if (code == EEXIST) return sg_fail(SG_EIO, "cannot make catalog %s: a file of this name exists", path);
    return sg_fail(code == ENOSPC || code == EDQUOT ? SG_EFULL : SG_EIO, "cannot make catalog %s: %s", path,
                   strerror(code));
}

static int holds_catalog(const char *path)
{
    char *file = sg_path_join(path, "data.mdb");
    const int there = file && access(file, F_OK) == 0;
    sg_free(file);
    return there;
}

/* After a failed creation: nothing that we put there stays. Fixed buffers would not do, so a lack of memory
 * may leave files. */
static void remove_traces(const char *path, int with_data, int with_folder)
{
    static const char *const names[] = {"writer.lock", "data.mdb", "lock.mdb"};

    for (int k = 0; k < (with_data ? 3 : 1); k++) {
        char *file = sg_path_join(path, names[k]);
        if (file) unlink(file);
        sg_free(file);
    }
    if (with_folder) rmdir(path);
}

/* Takes over the lock, also on failure. */
static sg_status open_locked(const char *path, int lock, size_t map_size, const sg_log *log, sg_catalog **out)
{
    sg_status st = SG_OK;
    sg_catalog *cat = sg_calloc(1, sizeof *cat);

    *out = NULL;
    if (!cat) {
        sg_writer_unlock(lock);
        return sg_fail(SG_ENOMEM, "catalog %s", path);
    }
    cat->lock = lock;
    st = sg_store_open(&cat->own, path, lock >= 0, map_size, log);
    if (st == SG_OK) {
        *out = cat;
        cat = NULL;
    }
    sg_catalog_close(cat);
    return st;
}

sg_status sg_catalog_create_sized(const char *path, const sg_catalog_header *header, size_t map_size,
                                  sg_catalog **out)
{
    int made = 0, lock = -1, have_data = 0;
    sg_status st;

    *out = NULL;
    if ((st = sg_header_validate(header)) != SG_OK) return st;
    if (holds_catalog(path)) return sg_fail(SG_EINVAL, "%s holds a catalog already", path);
    if ((st = make_folder(path, &made)) != SG_OK) return st;
    if ((st = sg_writer_lock(path, &lock)) != SG_OK) {
        if (made) rmdir(path);
        return st;
    }
    if (holds_catalog(path)) { /* another process was faster */
        sg_writer_unlock(lock);
        return sg_fail(SG_EINVAL, "%s holds a catalog already", path);
    }
    st = sg_store_make(path, header);
    have_data = st == SG_OK;
    if (st == SG_OK) {
        st = open_locked(path, lock, map_size, NULL, out);
        lock = -1; /* theirs now */
    }
    if (st != SG_OK) remove_traces(path, have_data, made);
    sg_writer_unlock(lock);
    return st;
}

sg_status sg_catalog_create(const char *path, const sg_catalog_header *header, sg_catalog **out)
{
    return sg_catalog_create_sized(path, header, SG_MAP_START, out);
}

sg_status sg_catalog_open(const char *path, int write, const sg_log *log, sg_catalog **out)
{
    int lock = -1;

    *out = NULL;
    if (write) { /* no lock file where there is no catalog */
        if (!holds_catalog(path)) return sg_fail(SG_ENOTFOUND, "no catalog in %s", path);
        const sg_status st = sg_writer_lock(path, &lock);
        if (st != SG_OK) return st;
    }
    return open_locked(path, lock, SG_MAP_START, log, out);
}

void sg_catalog_close(sg_catalog *cat)
{
    if (!cat) return;
    for (size_t k = 0; k < cat->n_bases; k++) {
        sg_store_close(cat->base[k]);
        sg_free(cat->base[k]);
    }
    sg_free(cat->base);
    sg_batch_free(&cat->batch);
    sg_store_close(&cat->own);
    sg_writer_unlock(cat->lock);
    sg_free(cat);
}

void sg_catalog_set_log(sg_catalog *cat, const sg_log *log)
{
    cat->own.log = log;
    for (size_t k = 0; k < cat->n_bases; k++)
        cat->base[k]->log = log;
    sg_store_warn_place(&cat->own);
}

const sg_catalog_header *sg_catalog_get_header(const sg_catalog *cat)
{
    return &cat->own.header;
}

/* 1 if the folder's data.mdb is that of `store` */
static int same_file(const sg_store *store, const char *path)
{
    struct stat info;
    char *file = sg_path_join(path, "data.mdb");
    const int same =
        file && stat(file, &info) == 0 && info.st_dev == store->device && info.st_ino == store->inode;
    sg_free(file);
    return same;
}

sg_status sg_catalog_add_base(sg_catalog *cat, const char *path)
{
    sg_status st = SG_OK;

    if (same_file(&cat->own, path)) return sg_fail(SG_EINVAL, "catalog %s cannot be its own base", path);
    for (size_t k = 0; k < cat->n_bases; k++)
        if (same_file(cat->base[k], path)) return SG_OK;
    if (sg_grow((void **)&cat->base, &cat->base_capacity, cat->n_bases + 1, sizeof *cat->base))
        return sg_fail(SG_ENOMEM, "base catalog %s", path);
    sg_store *base = sg_calloc(1, sizeof *base);
    if (!base) return sg_fail(SG_ENOMEM, "base catalog %s", path);
    st = sg_store_open(base, path, 0, SG_MAP_START, cat->own.log);
    if (st == SG_OK) st = sg_catalog_header_match(&base->header, path, &cat->own.header, cat->own.path);
    if (st != SG_OK) {
        sg_store_close(base);
        sg_free(base);
        return sg_fail_context(st, "base catalog");
    }
    cat->base[cat->n_bases++] = base;
    return SG_OK;
}
