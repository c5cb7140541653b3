/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended XYZ out: the frame is put together in memory and written at once. 17 significant digits give every
 * double back bit for bit. The key stress has the nine numbers that ASE expects, of the same sign as ours. */
#include "io_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static sg_status make_frame(const sg_system *sys, const sg_frame_info *info, io_text *text);
static void add_comment(const sg_system *sys, const sg_frame_info *info, io_text *text);
static void add_stress(const double s[6], io_text *text);
static void add_atoms(const sg_system *sys, const sg_frame_info *info, io_text *text);

sg_status sg_io_write_extxyz(const char *path, const sg_system *sys, const sg_frame_info *info)
{
    sg_replace replace = {0};
    sg_status st = sg_io_replace_begin(&replace, path);

    if (st == SG_OK) st = sg_io_print_extxyz(replace.file, path, sys, info);
    if (st == SG_OK) st = sg_io_replace_commit(&replace);
    sg_io_replace_abort(&replace);
    return st;
}

sg_status sg_io_append_extxyz(const char *path, const sg_system *sys, const sg_frame_info *info)
{
    io_text text = {0};
    int fd = -1;
    sg_status st = make_frame(sys, info, &text);

    if (st != SG_OK) goto done;
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) {
        st = io_fail_errno(path, "cannot open for appending");
        goto done;
    }
    st = io_append_bytes(fd, path, text.data, text.n);
    if (close(fd) != 0 && st == SG_OK) st = io_fail_errno(path, "cannot close");
done:
    io_text_clear(&text);
    return st;
}

sg_status sg_io_print_extxyz(FILE *file, const char *name, const sg_system *sys, const sg_frame_info *info)
{
    io_text text = {0};
    sg_status st = make_frame(sys, info, &text);

    errno = 0;
    if (st == SG_OK && (fwrite(text.data, 1, text.n, file) != text.n || fflush(file) != 0))
        st = io_fail_errno(name, "cannot write");
    io_text_clear(&text);
    return st;
}

sg_status sg_io_truncate_extxyz(const char *path, int64_t n_frames)
{
    io_lines lines;
    char *token[2];
    long long count;
    int64_t keep = 0;
    int end = 0;
    sg_status st = io_lines_open(&lines, path);

    for (int64_t k = 0; k < n_frames && st == SG_OK; k++) {
        st = io_lines_next(&lines, &end);
        if (st != SG_OK || end || io_tokens(lines.text, token, 2) != 1 || !io_integer(token[0], &count))
            break;
        for (long long row = 0; row < count + 1 && st == SG_OK && !end; row++)
            st = io_lines_next(&lines, &end);
        if (st != SG_OK || end || !lines.complete) break;
        keep = lines.consumed;
    }
    const int64_t size = lines.size;
    io_lines_close(&lines);
    if (st != SG_OK || keep == size) return st;
    return io_cut(path, keep);
}

static sg_status make_frame(const sg_system *sys, const sg_frame_info *info, io_text *text)
{
    static const sg_frame_info nothing;
    io_locale locale;

    if (!info) info = &nothing;
    if (info->extra && strpbrk(info->extra, "\r\n"))
        return sg_fail(SG_EINVAL, "extra text of a frame: expected one line, got a line break");
    const sg_status st = io_locale_enter(&locale);
    if (st != SG_OK) return st;
    io_text_add(text, "%d\n", sys->n);
    add_comment(sys, info, text);
    add_atoms(sys, info, text);
    io_locale_leave(&locale);
    return text->failed ? sg_fail(SG_ENOMEM, "frame of %d atoms", sys->n) : SG_OK;
}

static void add_comment(const sg_system *sys, const sg_frame_info *info, io_text *text)
{
    const sg_cell *const cell = &sys->cell;

    io_text_add(text, "Lattice=\"");
    io_text_add_numbers(text, &cell->h[0][0], 9);
    io_text_add(text, "\" Properties=species:S:1:pos:R:3:id:I:1%s%s", info->f ? ":forces:R:3" : "",
                sys->n_fixed ? ":move_mask:L:1" : "");
    for (int k = 0; k < info->n_columns; k++)
        io_text_add(text, ":%s:R:%d", info->column[k].name, info->column[k].n);
    io_text_add(text, " pbc=\"%c %c %c\" h0=\"", cell->periodic[0] ? 'T' : 'F', cell->periodic[1] ? 'T' : 'F',
                cell->periodic[2] ? 'T' : 'F');
    io_text_add_numbers(text, &cell->h0[0][0], 9);
    io_text_add(text, "\" gamma=%.17g", cell->gamma);
    if (info->energy) io_text_add(text, " energy=%.17g", *info->energy);
    if (info->stress) add_stress(info->stress, text);
    if (info->step) io_text_add(text, " step=%lld", (long long)*info->step);
    if (info->time) io_text_add(text, " time_s=%.17g", *info->time / SG_PS_PER_S);
    if (info->state) io_text_add(text, " state=%lld", (long long)*info->state);
    if (info->extra && *info->extra) io_text_add(text, " %s", info->extra);
    io_text_add(text, "\n");
}

/* xx yy zz xy xz yz -> the full tensor by rows */
static void add_stress(const double s[6], io_text *text)
{
    const double full[9] = {s[0], s[3], s[4], s[3], s[1], s[5], s[4], s[5], s[2]};

    io_text_add(text, " stress=\"");
    io_text_add_numbers(text, full, 9);
    io_text_add(text, "\"");
}

static void add_atoms(const sg_system *sys, const sg_frame_info *info, io_text *text)
{
    for (int i = 0; i < sys->n; i++) {
        io_text_add(text, "%s ", sys->species.symbol[sys->type[i]]);
        io_text_add_numbers(text, sys->x[i], 3);
        io_text_add(text, " %d", sys->id[i]);
        if (info->f) {
            io_text_add(text, " ");
            io_text_add_numbers(text, info->f[i], 3);
        }
        io_text_add(text, "%s", !sys->n_fixed ? "" : sys->fixed[i] ? " F" : " T");
        for (int k = 0; k < info->n_columns; k++) {
            const sg_frame_column *column = &info->column[k];
            io_text_add(text, " ");
            io_text_add_numbers(text, column->value + (ptrdiff_t)i * column->n, column->n);
        }
        io_text_add(text, "\n");
    }
}
