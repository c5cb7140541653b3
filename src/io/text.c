/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text put together in memory, and one write of it. A frame or a batch of rows reaches the file whole or not
 * at all: it is appended by one write, and what a failed write left is cut off again. */
#include "io_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

void io_text_add(io_text *text, const char *format, ...)
{
    va_list args, again;

    if (text->failed) return;
    va_start(args, format);
    va_copy(again, args);
    const size_t room = text->capacity - text->n;
    const int n = vsnprintf(text->data ? text->data + text->n : NULL, text->data ? room : 0, format, args);
    if (n < 0) {
        text->failed = 1;
    } else if ((size_t)n >= room) {
        void *data = text->data;
        text->failed = sg_grow(&data, &text->capacity, text->n + (size_t)n + 1, 1) != 0;
        text->data = data;
        if (!text->failed) vsnprintf(text->data + text->n, text->capacity - text->n, format, again);
    }
    if (!text->failed) text->n += (size_t)n;
    va_end(again);
    va_end(args);
}

void io_text_add_numbers(io_text *text, const double *number, int n)
{
    for (int k = 0; k < n; k++)
        io_text_add(text, "%s%.17g", k ? " " : "", number[k]);
}

void io_text_clear(io_text *text)
{
    sg_free(text->data);
    memset(text, 0, sizeof *text);
}

sg_status io_fail_errno(const char *path, const char *doing)
{
    const int e = errno;
    const int full = e == ENOSPC || e == EDQUOT || e == EFBIG;
    return sg_fail(full ? SG_EFULL : SG_EIO, "%s: %s: %s", path, doing, strerror(e));
}

sg_status io_append_bytes(int fd, const char *path, const char *bytes, size_t n)
{
    const off_t start = lseek(fd, 0, SEEK_END); /* -1 for what has no size, such as a pipe */

    for (size_t done = 0; done < n;) {
        const ssize_t k = write(fd, bytes + done, n - done);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) {
            if (k == 0) errno = EIO;
            const sg_status st = io_fail_errno(path, "cannot write");
            /* best effort: the failure is reported either way */
            if (start >= 0 && ftruncate(fd, start) != 0)
                return sg_fail_context(st, "%s is left cut short", path);
            return st;
        }
        done += (size_t)k;
    }
    return SG_OK;
}

sg_status io_cut(const char *path, int64_t size)
{
    return truncate(path, (off_t)size) == 0 ? SG_OK : io_fail_errno(path, "cannot cut");
}
