/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables: a header line and rows of tab-separated columns. Rows collect in memory and reach the file in whole
 * rows by one write, so a killed program leaves at most one unfinished row, and only if the system itself
 * split the write. */
#include "io_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { FLUSH_SIZE = 1 << 16 };

struct sg_tsv {
    int fd;
    char *path;
    int n_tabs; /* in the header, and so in every row */
    io_text rows;
};

typedef struct extent { /* of the complete lines of a table */
    int64_t lines, bytes, size;
} extent;

static sg_status check_existing(const char *path, const char *header, int *is_new);
static sg_status measure(const char *path, int64_t max_lines, extent *out);
static int count_tabs(const char *text);

sg_status sg_tsv_open(const char *path, const char *header, sg_tsv **out)
{
    int is_new = 0;
    sg_tsv *tsv = NULL;
    sg_status st;

    *out = NULL;
    tsv = sg_calloc(1, sizeof *tsv);
    if (!tsv) return sg_fail(SG_ENOMEM, "%s: table", path);
    tsv->fd = -1;
    tsv->n_tabs = count_tabs(header);
    tsv->path = sg_strdup(path);
    if (!tsv->path) {
        st = sg_fail(SG_ENOMEM, "%s: table", path);
        goto done;
    }
    st = check_existing(path, header, &is_new);
    if (st != SG_OK) goto done;
    tsv->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (tsv->fd < 0) {
        st = io_fail_errno(path, "cannot open for appending");
        goto done;
    }
    if (is_new) {
        io_text_add(&tsv->rows, "%s\n", header);
        st = sg_tsv_flush(tsv);
        if (st != SG_OK) goto done;
    }
    *out = tsv;
    tsv = NULL;
done:
    if (tsv) {
        tsv->rows.n = 0; /* nothing more to write */
        (void)sg_tsv_close(tsv);
    }
    return st;
}

sg_status sg_tsv_row(sg_tsv *tsv, const char *format, ...)
{
    char row[4096];
    va_list args;
    io_locale locale;
    sg_status st = io_locale_enter(&locale);

    if (st != SG_OK) return st;
    va_start(args, format);
    const int n = vsnprintf(row, sizeof row, format, args);
    va_end(args);
    io_locale_leave(&locale);
    if (n < 0 || n >= (int)sizeof row)
        return sg_fail(SG_EINVAL, "%s: expected a row below %d characters, got %d", tsv->path,
                       (int)sizeof row, n);
    if (strchr(row, '\n') || count_tabs(row) != tsv->n_tabs)
        return sg_fail(SG_EINVAL, "%s: expected a row of %d columns, got %d", tsv->path, tsv->n_tabs + 1,
                       count_tabs(row) + 1);
    io_text_add(&tsv->rows, "%s\n", row);
    if (tsv->rows.failed) {
        tsv->rows.failed = 0; /* the rows so far are intact */
        return sg_fail(SG_ENOMEM, "%s: row", tsv->path);
    }
    return tsv->rows.n < FLUSH_SIZE ? SG_OK : sg_tsv_flush(tsv);
}

sg_status sg_tsv_flush(sg_tsv *tsv)
{
    if (tsv->rows.failed) return sg_fail(SG_ENOMEM, "%s: rows", tsv->path);
    if (tsv->rows.n == 0) return SG_OK;
    const sg_status st = io_append_bytes(tsv->fd, tsv->path, tsv->rows.data, tsv->rows.n);
    if (st == SG_OK) tsv->rows.n = 0;
    return st;
}

sg_status sg_tsv_close(sg_tsv *tsv)
{
    if (!tsv) return SG_OK;
    sg_status st = sg_tsv_flush(tsv);
    if (tsv->fd >= 0 && close(tsv->fd) != 0 && st == SG_OK) st = io_fail_errno(tsv->path, "cannot close");
    io_text_clear(&tsv->rows);
    sg_free(tsv->path);
    sg_free(tsv);
    return st;
}

sg_status sg_tsv_count_rows(const char *path, int64_t *n_rows)
{
    extent whole;
    const sg_status st = measure(path, INT64_MAX, &whole);

    *n_rows = st == SG_OK && whole.lines > 0 ? whole.lines - 1 : 0;
    return st;
}

sg_status sg_tsv_truncate_rows(const char *path, int64_t n_rows)
{
    extent kept;
    const sg_status st = measure(path, n_rows < INT64_MAX ? n_rows + 1 : n_rows, &kept);

    return st == SG_OK && kept.bytes < kept.size ? io_cut(path, kept.bytes) : st;
}

/* The header must be ours; a last line without its end is cut off. */
static sg_status check_existing(const char *path, const char *header, int *is_new)
{
    io_lines lines;
    extent whole;
    int end;
    sg_status st = io_lines_open(&lines, path);

    *is_new = 1;
    if (st == SG_ENOTFOUND) {
        io_lines_close(&lines);
        return SG_OK;
    }
    if (st == SG_OK) st = io_lines_next(&lines, &end);
    if (st == SG_OK && !end && lines.complete) {
        *is_new = 0;
        if (strcmp(lines.text, header) != 0)
            st = sg_fail(SG_EMISMATCH, "%s: expected the columns \"%.300s\", got \"%.300s\"", path, header,
                         lines.text);
    }
    const int is_file = lines.size > 0;
    io_lines_close(&lines);
    if (st != SG_OK || !is_file) return st;
    st = measure(path, INT64_MAX, &whole);
    return st == SG_OK && whole.bytes < whole.size ? io_cut(path, whole.bytes) : st;
}

static sg_status measure(const char *path, int64_t max_lines, extent *out)
{
    io_lines lines;
    int end = 0;
    sg_status st = io_lines_open(&lines, path);

    *out = (extent){.size = lines.size};
    while (st == SG_OK && out->lines < max_lines) {
        st = io_lines_next(&lines, &end);
        if (st != SG_OK || end || !lines.complete) break;
        out->lines++;
        out->bytes = lines.consumed;
    }
    io_lines_close(&lines);
    return st;
}

static int count_tabs(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += *text == '\t';
    return n;
}
