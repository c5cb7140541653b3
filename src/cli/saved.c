/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of files beside the result, and saved states in them. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli_internal.h"
#include "slowglass/io.h"

char *cli_beside(const char *path, const char *insert, const char *extension)
{
    const char *const dot = strrchr(path, '.'), *const slash = strrchr(path, '/');
    const size_t stem = dot && (!slash || dot > slash + 1) ? (size_t)(dot - path) : strlen(path);
    const char *const end = extension ? extension : path + stem;
    const size_t size = stem + strlen(insert) + strlen(end) + 1;
    char *const text = sg_calloc(size, 1);

    if (text) snprintf(text, size, "%.*s%s%s", (int)stem, path, insert, end);
    return text;
}

int cli_is_there(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

double cli_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

sg_status cli_saved_write(const char *path, const unsigned char *bytes, size_t n)
{
    sg_replace file = {0};
    sg_status st = sg_io_replace_begin(&file, path);

    if (st == SG_OK && fwrite(bytes, 1, n, file.file) != n)
        st = sg_fail(errno == ENOSPC ? SG_EFULL : SG_EIO, "%s: %s", path, strerror(errno));
    if (st == SG_OK) st = sg_io_replace_commit(&file);
    sg_io_replace_abort(&file);
    return st;
}

sg_status cli_saved_read(const char *path, unsigned char **bytes, size_t *n)
{
    struct stat info;
    FILE *const file = fopen(path, "rb");

    *bytes = NULL;
    *n = 0;
    if (!file || fstat(fileno(file), &info) != 0) {
        if (file) fclose(file);
        return sg_fail(errno == ENOENT ? SG_ENOTFOUND : SG_EIO, "%s: %s", path, strerror(errno));
    }
    sg_status st = SG_OK;
    if (!(*bytes = sg_calloc((size_t)info.st_size + 1, 1)))
        st = sg_fail(SG_ENOMEM, "%s: %lld bytes", path, (long long)info.st_size);
    else if ((*n = fread(*bytes, 1, (size_t)info.st_size, file)) != (size_t)info.st_size)
        st = sg_fail(SG_EIO, "%s: could not be read whole", path);
    fclose(file);
    if (st != SG_OK) {
        sg_free(*bytes);
        *bytes = NULL;
    }
    return st;
}
