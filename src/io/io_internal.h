/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the readers and writers of module io. */
#ifndef SLOWGLASS_IO_INTERNAL_H
#define SLOWGLASS_IO_INTERNAL_H

#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "slowglass/io.h"

/* ---- text.c: text being put together, and its way to disk ---- */

typedef struct io_text { /* zeroed: empty */
    char *data;          /* ends in NUL once anything was added */
    size_t n, capacity;
    int failed; /* memory ran out: later additions do nothing */
} io_text;

void io_text_add(io_text *text, const char *format, ...) SG_PRINTF(2, 3);
void io_text_add_numbers(io_text *text, const double *number, int n); /* separated by blanks, 17 digits */
void io_text_clear(io_text *text);

/* SG_EFULL or SG_EIO with errno's text. */
sg_status io_fail_errno(const char *path, const char *doing);

/* Write all bytes at the end of an open file; what was written of a failed one is cut off again. */
sg_status io_append_bytes(int fd, const char *path, const char *bytes, size_t n);

/* Cut a file to `size` bytes. */
sg_status io_cut(const char *path, int64_t size);

/* ---- lines.c: lines, tokens and numbers ---- */

typedef struct io_lines {
    FILE *file;
    char *path; /* owned copy */
    char *text; /* the present line without its end; the parser may write into it */
    size_t capacity;
    int64_t number;   /* of the present line, from 1 */
    int64_t size;     /* of the file in bytes; 0 when unknown */
    int64_t consumed; /* bytes up to and with the present line */
    int held;         /* the present line is to be read again */
    int complete;     /* the present line ended in a newline */
} io_lines;

sg_status io_lines_open(io_lines *lines, const char *path);
void io_lines_close(io_lines *lines);
sg_status io_lines_next(io_lines *lines, int *end);        /* *end = 1: no more lines */
sg_status io_lines_next_filled(io_lines *lines, int *end); /* skips empty lines */
void io_lines_hold(io_lines *lines);                       /* give the same line once more */

/* "path:line: " before a message, SG_EPARSE. */
sg_status io_malformed(const io_lines *lines, const char *format, ...) SG_PRINTF(2, 3);

/* SG_EPARSE at the present line when `count` rows cannot fit into the file. */
sg_status io_check_count(const io_lines *lines, long long count);

char *io_token(char **cursor);                    /* next word, NULL at the end; cuts the line */
int io_tokens(char *line, char **token, int max); /* number of words; those beyond max are counted only */
int io_integer(const char *token, long long *out);
int io_real(const char *token, double *out);        /* finite numbers only */
int io_reals(const char *text, int n, double *out); /* exactly n, separated by blanks, commas or brackets */
int io_flag(const char *token, int *out);           /* T F 1 0 true false */
int io_flags(const char *text, int n, int *out);    /* "T T F", "1 1 0" or "TTF" */
int io_next_pair(char **cursor, char **key,
                 char **value); /* key=value, key="v v"; value NULL for a bare word */

typedef struct io_locale {
    locale_t c, before;
} io_locale;

sg_status io_locale_enter(io_locale *locale); /* this thread reads and writes decimal points */
void io_locale_leave(io_locale *locale);

/* ---- frames.c, place.c and one reader per format ---- */

typedef enum io_format { IO_EXTXYZ, IO_DATA, IO_DUMP } io_format;

struct sg_frames {
    io_lines lines;
    io_format format;
    sg_species species; /* those given, or those met so far */
    int species_given;
    int ended;
    io_text note; /* about the present frame */
};

/* Each reads one frame; *out stays NULL at the end of the file. Validation is the caller's. */
sg_status io_read_extxyz(sg_frames *frames, sg_system **out);
sg_status io_read_data(sg_frames *frames, sg_system **out);
sg_status io_read_dump(sg_frames *frames, sg_system **out);

typedef struct io_box { /* what a header said about the cell */
    double lattice[3][3];
    double h0[3][3];
    double gamma;
    int periodic[3];
    int has_lattice, has_h0;
    int64_t line; /* where it stood */
} io_box;

/* Give the system its cell; a general one is rotated with the positions, and the note says so. */
sg_status io_place(sg_frames *frames, const io_box *box, sg_system *sys);

/* x += n . h, in the one order of operations that reader and writer share. */
void io_unwrap(const sg_cell *cell, const int n[3], double x[3]);

sg_status io_sort_by_id(sg_system *sys);

#endif
