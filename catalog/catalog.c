/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A catalog: own store, writer's lock, pending puts, bases. Creation leaves a complete catalog or nothing. */
#include "catalog_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static sg_status make_folder(const char *path, int *made);
static sg_status look_for_catalog(const char *path, int *there);
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

static sg_status look_for_catalog(const char *path, int *there)
{
    char *file = sg_path_join(path, "data.mdb");
    if (!file) return SG_ENOMEM;
    *there = access(file, F_OK) == 0;
    sg_free(file);
    return SG_OK;
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

/* Folder and lock are there. Takes over the lock. */
static sg_status create_locked(const char *path, const sg_catalog_header *header, size_t map_size, int lock,
                               int made, sg_catalog **out)
{
    int there = 0, ours = 0;
    sg_status st = look_for_catalog(path, &there); /* once more: another process may have been faster */

    if (st == SG_OK && there) {
        sg_writer_unlock(lock);
        return sg_fail(SG_EINVAL, "%s holds a catalog already", path);
    }
    if (st == SG_OK) {
        st = sg_store_make(path, header);
        ours = st == SG_OK;
    }
    if (st == SG_OK) {
        st = open_locked(path, lock, map_size, NULL, out);
        lock = -1;
    }
    if (st != SG_OK) remove_traces(path, ours, made);
    sg_writer_unlock(lock);
    return st;
}

sg_status sg_catalog_create_sized(const char *path, const sg_catalog_header *header, size_t map_size,
                                  sg_catalog **out)
{
    int made = 0, lock = -1, there = 0;
    sg_status st;

    *out = NULL;
    if ((st = sg_header_validate(header)) != SG_OK) return st;
    if ((st = look_for_catalog(path, &there)) != SG_OK) return st;
    if (there) return sg_fail(SG_EINVAL, "%s holds a catalog already", path);
    if ((st = make_folder(path, &made)) != SG_OK) return st;
    if ((st = sg_writer_lock(path, &lock)) == SG_OK)
        return create_locked(path, header, map_size, lock, made, out);
    if (made) rmdir(path);
    return st;
}

sg_status sg_catalog_create(const char *path, const sg_catalog_header *header, sg_catalog **out)
{
    return sg_catalog_create_sized(path, header, SG_MAP_START, out);
}

sg_status sg_catalog_open(const char *path, int write, const sg_log *log, sg_catalog **out)
{
    int lock = -1, there = 0;
    sg_status st = SG_OK;

    *out = NULL;
    if (write) { /* no lock file where there is no catalog */
        if ((st = look_for_catalog(path, &there)) != SG_OK) return st;
        if (!there) return sg_fail(SG_ENOTFOUND, "no catalog in %s", path);
        if ((st = sg_writer_lock(path, &lock)) != SG_OK) return st;
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

static int same_file(const sg_store *store, const struct stat *info)
{
    return info->st_dev == store->device && info->st_ino == store->inode;
}

sg_status sg_catalog_add_base(sg_catalog *cat, const char *path)
{
    struct stat info;
    sg_status st = SG_OK;
    char *file = sg_path_join(path, "data.mdb");

    if (!file) return SG_ENOMEM;
    const int there = stat(file, &info) == 0;
    sg_free(file);
    if (there && same_file(&cat->own, &info))
        return sg_fail(SG_EINVAL, "catalog %s cannot be its own base", path);
    for (size_t k = 0; there && k < cat->n_bases; k++)
        if (same_file(cat->base[k], &info)) return SG_OK;
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

sg_status sg_catalog_hold(sg_catalog *cat)
{
    return sg_store_enter(&cat->own);
}

void sg_catalog_release(sg_catalog *cat)
{
    sg_store_leave(&cat->own);
}

size_t sg_catalog_count_bases(const sg_catalog *cat)
{
    return cat->n_bases;
}

sg_status sg_catalog_verify(sg_catalog *cat, void (*tell)(void *arg, const char *text), void *arg,
                            sg_catalog_health *out)
{
    *out = (sg_catalog_health){0};
    if (!cat->own.env)
        return sg_fail(SG_EBACKEND, "catalog %s: closed after an earlier failure", cat->own.path);
    return sg_store_verify(&cat->own, 1, tell, arg, out);
}
