/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A new version of a file beside the old one, flushed to disk, then renamed over it: rename is atomic, so a
 * reader, a crash or a full disk finds the old or the new content, never a part. */
#define _XOPEN_SOURCE 700 /* realpath */

#include "io_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static sg_status name_files(sg_replace *replace, const char *path, int in_place);
static void flush_folder(const char *path);

sg_status sg_io_replace_begin(sg_replace *replace, const char *path)
{
    struct stat status;

    memset(replace, 0, sizeof *replace);
    const int exists = stat(path, &status) == 0;
    if (exists && S_ISDIR(status.st_mode)) return sg_fail(SG_EIO, "%s: expected a file, got a folder", path);
    const int in_place = exists && !S_ISREG(status.st_mode);
    sg_status st = name_files(replace, path, in_place);
    if (st != SG_OK) goto done;
    const char *const name = in_place ? replace->path : replace->temporary;
    replace->file = fopen(name, "wb");
    if (!replace->file) {
        st = io_fail_errno(name, "cannot open for writing");
        goto done;
    }
    if (exists && !in_place && fchmod(fileno(replace->file), status.st_mode & 07777) != 0)
        st = io_fail_errno(name, "cannot set permissions");
done:
    if (st != SG_OK) sg_io_replace_abort(replace);
    return st;
}

sg_status sg_io_replace_commit(sg_replace *replace)
{
    const char *const name = replace->temporary ? replace->temporary : replace->path;
    sg_status st = SG_OK;

    errno = 0;
    if (ferror(replace->file) || fflush(replace->file) != 0 ||
        (replace->temporary && fsync(fileno(replace->file)) != 0))
        st = io_fail_errno(name, "cannot write");
    if (fclose(replace->file) != 0 && st == SG_OK) st = io_fail_errno(name, "cannot close");
    replace->file = NULL;
    if (st == SG_OK && replace->temporary) {
        if (rename(replace->temporary, replace->path) == 0) {
            sg_free(replace->temporary);
            replace->temporary = NULL;
            flush_folder(replace->path);
        } else {
            st = io_fail_errno(replace->path, "cannot replace");
        }
    }
    sg_io_replace_abort(replace);
    return st;
}

void sg_io_replace_abort(sg_replace *replace)
{
    if (replace->file) fclose(replace->file);
    if (replace->temporary) unlink(replace->temporary);
    sg_free(replace->temporary);
    sg_free(replace->path);
    memset(replace, 0, sizeof *replace);
}

sg_status sg_io_replace_text(const char *path, const char *text)
{
    sg_replace replace;
    sg_status st = sg_io_replace_begin(&replace, path);

    if (st != SG_OK) return st;
    errno = 0;
    if (fputs(text, replace.file) < 0) st = io_fail_errno(path, "cannot write");
    if (st == SG_OK) st = sg_io_replace_commit(&replace);
    sg_io_replace_abort(&replace);
    return st;
}

/* The file that a symbolic link means is the one to replace, not the link. */
static sg_status name_files(sg_replace *replace, const char *path, int in_place)
{
    static const char suffix[] = ".tmp";
    char *const resolved = in_place ? NULL : realpath(path, NULL); /* NULL: a new file */

    replace->path = sg_strdup(resolved ? resolved : path);
    free(resolved);
    if (!replace->path) return sg_fail(SG_ENOMEM, "%s: name", path);
    if (in_place) return SG_OK;
    const size_t n = strlen(replace->path);
    replace->temporary = sg_calloc(n + sizeof suffix, 1);
    if (!replace->temporary) return sg_fail(SG_ENOMEM, "%s: name", path);
    memcpy(replace->temporary, replace->path, n);
    memcpy(replace->temporary + n, suffix, sizeof suffix);
    return SG_OK;
}

/* Make the new name last through a power loss. Not every file system can; then there is nothing to be done
 * about it. */
static void flush_folder(const char *path)
{
    const char *const slash = strrchr(path, '/');
    char *const folder = slash ? sg_strdup(path) : NULL;

    if (slash && !folder) return;
    if (folder) folder[slash == path ? 1 : slash - path] = '\0';
    const int fd = open(folder ? folder : ".", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    sg_free(folder);
}
