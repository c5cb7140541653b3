/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole catalogs that appear at once. One that is made in many commits stands in the folder PATH.unfinished
 * and gets its name by one rename when it is complete, so that a kill or a full disk leaves nothing half
 * made; a catalog is replaced by exchanging the two folders, so that whoever opens PATH finds the old one or
 * the new one, data and locks together. */
#define _GNU_SOURCE /* renameat2 */
#include "catalog_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All that a catalog's folder holds. */
static const char *const files[] = {"data.mdb", "lock.mdb", "new.mdb", "writer.lock"};
enum { N_FILES = sizeof files / sizeof files[0] };

/* What stands under such a name is removed as a left-over, so it must not be one that people give. */
static const char suffix[] = ".unfinished";

/* PATH.unfinished, slashes at the end of PATH left out; NULL when memory is out. */
static char *hidden_path(const char *path)
{
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/')
        n--;
    const size_t size = n + sizeof suffix;
    char *out = sg_calloc(size, 1);
    if (out)
        snprintf(out, size, "%.*s%s", (int)n, path, suffix);
    else
        sg_fail(SG_ENOMEM, "path %s", path);
    return out;
}

static void remove_folder(const char *folder)
{
    for (int k = 0; k < N_FILES; k++) {
        char *file = sg_path_join(folder, files[k]);
        if (file) unlink(file);
        sg_free(file);
    }
    rmdir(folder);
}

/* The entry of a folder in the one above, durably. */
static sg_status sync_parent(const char *folder)
{
    char *parent = sg_strdup(folder);
    int rc = parent ? 0 : ENOMEM;

    char *slash = parent ? strrchr(parent, '/') : NULL;
    if (slash) slash[slash == parent] = 0;
    const int fd = rc ? -1 : open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!rc && (fd < 0 || fsync(fd))) rc = errno;
    if (fd >= 0) close(fd);
    sg_free(parent);
    return rc ? sg_fail(SG_EIO, "catalog %s: sync of the folder above: %s", folder, strerror(rc)) : SG_OK;
}

/* What an earlier attempt left; not of one that is still at work. */
static sg_status clear_way(const char *hidden)
{
    struct stat info;
    int lock = -1;

    if (lstat(hidden, &info)) return SG_OK;
    if (!S_ISDIR(info.st_mode)) return sg_fail(SG_EIO, "%s is in the way, and is no folder of ours", hidden);
    const sg_status st = sg_writer_lock(hidden, &lock);
    if (st != SG_OK) return st;
    remove_folder(hidden);
    sg_writer_unlock(lock);
    if (lstat(hidden, &info)) return SG_OK;
    return sg_fail(SG_EIO, "%s is in the way, and holds more than a catalog", hidden);
}

sg_status sg_name_is_free(const char *path)
{
    struct stat info;
    return lstat(path, &info) ? SG_OK : sg_fail(SG_EINVAL, "%s exists already, need a new name", path);
}

sg_status sg_catalog_create_hidden_sized(const char *path, const sg_catalog_header *header, size_t map_size,
                                         sg_catalog **out)
{
    char *hidden = hidden_path(path);

    *out = NULL;
    if (!hidden) return SG_ENOMEM;
    sg_status st = clear_way(hidden);
    if (st == SG_OK) st = sg_catalog_create_sized(hidden, header, map_size, out);
    sg_free(hidden);
    return st;
}

sg_status sg_catalog_create_hidden(const char *path, const sg_catalog_header *header, sg_catalog **out)
{
    const sg_status st = sg_name_is_free(path);

    *out = NULL;
    return st == SG_OK ? sg_catalog_create_hidden_sized(path, header, SG_MAP_START, out) : st;
}

static sg_status rename_failed(const char *hidden, const char *path)
{
    if (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR)
        return sg_fail(SG_EINVAL, "%s exists already, need a new name", path);
    return sg_fail(errno == ENOSPC || errno == EDQUOT ? SG_EFULL : SG_EIO, "rename %s to %s: %s", hidden,
                   path, strerror(errno));
}

sg_status sg_catalog_publish(sg_catalog *cat, const char *path)
{
    sg_status st = sg_catalog_commit(cat);
    char *hidden = st == SG_OK ? hidden_path(path) : NULL;

    if (!hidden) return st == SG_OK ? SG_ENOMEM : st;
    int rc = renameat2(AT_FDCWD, hidden, AT_FDCWD, path, RENAME_NOREPLACE);
    if (rc && (errno == EINVAL || errno == ENOSYS)) rc = rename(hidden, path); /* not on every filesystem */
    st = rc ? rename_failed(hidden, path) : sync_parent(path);
    sg_free(hidden);
    return st;
}

void sg_catalog_discard(sg_catalog *cat)
{
    if (!cat) return;
    char *folder = sg_strdup(cat->own.path);
    const int lock = cat->lock;
    cat->lock = -1; /* held until the files are gone */
    sg_catalog_close(cat);
    if (folder) remove_folder(folder);
    sg_writer_unlock(lock);
    sg_free(folder);
}

/* ---- replacing ---- */

static sg_status no_strangers(const char *folder)
{
    DIR *dir = opendir(folder);
    sg_status st = dir ? SG_OK : sg_fail(SG_EIO, "%s: %s", folder, strerror(errno));

    for (const struct dirent *entry; st == SG_OK && (entry = readdir(dir));) {
        int k = 0;
        while (k < N_FILES && strcmp(entry->d_name, files[k]) != 0)
            k++;
        if (k == N_FILES && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            st = sg_fail(SG_EINVAL, "%s holds %s, which is no part of a catalog: name a new one (-o)", folder,
                         entry->d_name);
    }
    if (dir) closedir(dir);
    return st;
}

static sg_status exchange(const char *hidden, const char *path)
{
    struct stat info;

    if (stat(path, &info) == 0) (void)!chmod(hidden, info.st_mode & 07777);
    if (renameat2(AT_FDCWD, hidden, AT_FDCWD, path, RENAME_EXCHANGE) == 0) return SG_OK;
    return sg_fail(SG_EIO, "%s cannot be replaced in place (%s): name a new one (-o)", path, strerror(errno));
}

sg_status sg_catalog_replace(sg_catalog **shown, sg_catalog **hidden)
{
    sg_catalog *const old = *shown, *const fresh = *hidden;
    char *const path = old->own.path;
    sg_status st = no_strangers(path);

    if (st == SG_OK) st = exchange(fresh->own.path, path);
    if (st != SG_OK) return st;
    old->own.path = fresh->own.path;
    fresh->own.path = path;
    *shown = fresh;
    *hidden = old;
    return sync_parent(path);
}
