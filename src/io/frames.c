/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structures out of files, whatever the format. */
#include "io_internal.h"

#include <string.h>

static sg_status detect(sg_frames *frames, const char *path);
static int has_extension(const char *path, const char *const extension[], int n);
static sg_status read_frame(sg_frames *frames, sg_system **out);

sg_status sg_io_frames_open(const char *path, int n_elements, const char *const elements[], sg_frames **out)
{
    sg_status st = SG_OK;
    sg_frames *frames = NULL;

    *out = NULL;
    frames = sg_calloc(1, sizeof *frames);
    if (!frames) {
        st = sg_fail(SG_ENOMEM, "%s: reader", path);
        goto done;
    }
    if (n_elements != 0) {
        st = sg_species_init(&frames->species, n_elements, elements);
        if (st != SG_OK) goto done;
        frames->species_given = 1;
    }
    st = io_lines_open(&frames->lines, path);
    if (st != SG_OK) goto done;
    st = detect(frames, path);
    if (st != SG_OK) goto done;
    if (frames->format != IO_EXTXYZ && !frames->species_given) {
        st =
            sg_fail(SG_EINVAL, "%s: expected the elements of the atom types (such as Cu,Zr), got none", path);
        goto done;
    }
    *out = frames;
    frames = NULL;
done:
    sg_frames_close(frames);
    return st;
}

sg_status sg_frames_next(sg_frames *frames, sg_system **out)
{
    io_locale locale;
    sg_system *sys = NULL;

    *out = NULL;
    if (frames->ended) return SG_OK;
    io_text_clear(&frames->note);
    sg_status st = io_locale_enter(&locale);
    if (st == SG_OK) st = read_frame(frames, &sys);
    io_locale_leave(&locale);
    if (st == SG_OK && sys) {
        st = sg_system_validate(sys);
        if (st != SG_OK) st = sg_fail_context(st, "%s", frames->lines.path);
    }
    if (st == SG_OK && frames->note.failed) st = sg_fail(SG_ENOMEM, "%s: note", frames->lines.path);
    if (st != SG_OK || !sys) frames->ended = 1;
    if (st != SG_OK) {
        sg_system_free(sys);
        return st;
    }
    *out = sys;
    return SG_OK;
}

const char *sg_frames_note(const sg_frames *frames)
{
    return frames->note.n ? frames->note.data : NULL;
}

void sg_frames_close(sg_frames *frames)
{
    if (!frames) return;
    io_lines_close(&frames->lines);
    io_text_clear(&frames->note);
    sg_free(frames);
}

sg_status sg_io_read_structure(const char *path, int n_elements, const char *const elements[],
                               sg_system **out, char **note)
{
    sg_frames *frames = NULL;
    sg_system *sys = NULL;
    int end = 0;

    *out = NULL;
    if (note) *note = NULL;
    sg_status st = sg_io_frames_open(path, n_elements, elements, &frames);
    if (st != SG_OK) return st;
    st = sg_frames_next(frames, &sys);
    if (st != SG_OK) goto done;
    if (!sys) {
        st = sg_fail(SG_EPARSE, "%s: expected a structure, got an empty file", path);
        goto done;
    }
    if (frames->format != IO_DATA) {
        st = io_lines_next_filled(&frames->lines, &end);
        if (st != SG_OK) goto done;
        if (!end)
            io_text_add(&frames->note, "%s%s: only the first frame is read", frames->note.n ? "; " : "",
                        path);
    }
    if (frames->note.failed) st = sg_fail(SG_ENOMEM, "%s: note", path);
    if (st != SG_OK) goto done;
    if (note && frames->note.n) {
        *note = frames->note.data; /* ownership moves to the caller */
        memset(&frames->note, 0, sizeof frames->note);
    }
    *out = sys;
    sys = NULL;
done:
    sg_system_free(sys);
    sg_frames_close(frames);
    return st;
}

/* The content decides for a dump, then the extension, then the first line. */
static sg_status detect(sg_frames *frames, const char *path)
{
    static const char *const xyz[] = {".extxyz", ".xyz"}, *const data[] = {".data", ".lmp", ".lmpdat"};
    long long count;
    int end;
    sg_status st = io_lines_next(&frames->lines, &end);

    if (st != SG_OK) return st;
    if (end) return sg_fail(SG_EPARSE, "%s: expected a structure, got an empty file", path);
    io_lines_hold(&frames->lines);
    if (strncmp(frames->lines.text, "ITEM:", 5) == 0) {
        frames->format = IO_DUMP;
    } else if (has_extension(path, xyz, 2)) {
        frames->format = IO_EXTXYZ;
    } else if (has_extension(path, data, 3)) {
        frames->format = IO_DATA;
    } else {
        char *copy = sg_strdup(frames->lines.text), *token[2];
        if (!copy) return sg_fail(SG_ENOMEM, "%s: first line", path);
        const int lone_number = io_tokens(copy, token, 2) == 1 && io_integer(token[0], &count);
        frames->format = lone_number ? IO_EXTXYZ : IO_DATA;
        sg_free(copy);
    }
    return SG_OK;
}

static int has_extension(const char *path, const char *const extension[], int n)
{
    const size_t length = strlen(path);

    for (int k = 0; k < n; k++) {
        const size_t m = strlen(extension[k]);
        if (length > m && strcmp(path + length - m, extension[k]) == 0) return 1;
    }
    return 0;
}

static sg_status read_frame(sg_frames *frames, sg_system **out)
{
    switch (frames->format) {
    case IO_EXTXYZ:
        return io_read_extxyz(frames, out);
    case IO_DATA:
        return io_read_data(frames, out);
    default:
        return io_read_dump(frames, out);
    }
}
