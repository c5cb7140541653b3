/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers by the names of their columns, from tables and from logs of LAMMPS. Where the first filled line has
 * all the names, the file is a table and every further line a row; else it is taken for a log, whose other
 * lines are skipped. */
#include "io_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { MOST_COLUMNS = 256 };

typedef struct layout {
    int n, needed;
    const char *const *name;
    int at[MOST_COLUMNS]; /* word of the line for each name, -1: not there */
    int n_words;
    int is_log, in_rows, new_section;
    size_t value_capacity, line_capacity;
} layout;

static int words_of(char *line, char **word);
static int take_names(layout *l, int n_words, char **word);
static sg_status take_row(layout *l, const io_lines *lines, int n_words, char **word, sg_columns *out);
static sg_status no_names(const layout *l, const char *path, const char *first_line);

sg_status sg_io_read_columns(const char *path, int n, const char *const name[], int needed, sg_columns *out)
{
    layout l = {.n = n, .needed = needed, .name = name};
    char *word[MOST_COLUMNS], first[200] = "";
    io_lines lines;
    io_locale locale;
    int end = 0;
    sg_status st;

    assert(n <= MOST_COLUMNS && needed >= 1 && needed <= n);
    memset(out, 0, sizeof *out);
    out->n_columns = n;
    if ((st = io_locale_enter(&locale)) != SG_OK) return st;
    st = io_lines_open(&lines, path);
    if (st == SG_OK && !(out->path = sg_strdup(path))) st = sg_fail(SG_ENOMEM, "%s: name", path);
    while (st == SG_OK) {
        if ((st = io_lines_next_filled(&lines, &end)) != SG_OK || end) break;
        if (!*first) snprintf(first, sizeof first, "%.150s", lines.text);
        const int is_comment = lines.text[0] == '#', is_end = strncmp(lines.text, "Loop time", 9) == 0;
        const int is_warning = strncmp(lines.text, "WARNING", 7) == 0;
        const int count = words_of(lines.text, word);
        if (take_names(&l, count, word)) continue;
        if (!l.in_rows && !is_comment) l.is_log = 1; /* something else stands before the names */
        if (l.is_log && is_end) l.in_rows = 0;
        if (!l.in_rows || is_comment || is_warning) continue;
        st = take_row(&l, &lines, count, word, out);
    }
    if (st == SG_OK && l.n_words == 0) st = no_names(&l, path, first);
    io_lines_close(&lines);
    io_locale_leave(&locale);
    if (st != SG_OK) sg_columns_clear(out);
    return st;
}

void sg_columns_clear(sg_columns *columns)
{
    if (!columns) return;
    sg_free(columns->value);
    sg_free(columns->line);
    sg_free(columns->path);
    memset(columns, 0, sizeof *columns);
}

/* Words between tabs, blanks and commas; a # before the first is no part of it. Those beyond the most are
 * counted only. */
static int words_of(char *line, char **word)
{
    int n = 0;
    char *rest = NULL;

    while (*line == ' ' || *line == '\t')
        line++;
    if (*line == '#') line++;
    for (char *w = strtok_r(line, " \t,", &rest); w; w = strtok_r(NULL, " \t,", &rest), n++)
        if (n < MOST_COLUMNS) word[n] = w;
    return n;
}

/* 1 if the words are names with all that is needed among them. */
static int take_names(layout *l, int n_words, char **word)
{
    int at[MOST_COLUMNS];

    for (int k = 0; k < l->n; k++) {
        at[k] = -1;
        for (int w = 0; w < n_words && w < MOST_COLUMNS; w++)
            if (strcmp(word[w], l->name[k]) == 0) at[k] = w;
        if (at[k] < 0 && k < l->needed) return 0;
    }
    memcpy(l->at, at, sizeof at);
    l->n_words = n_words;
    l->in_rows = l->new_section = 1;
    return 1;
}

static sg_status grow(layout *l, sg_columns *out)
{
    void *value = out->value, *line = out->line;
    const size_t rows = (size_t)out->n + 1;
    const int failed = sg_grow(&value, &l->value_capacity, rows * (size_t)l->n, sizeof *out->value) ||
                       sg_grow(&line, &l->line_capacity, rows, sizeof *out->line);

    out->value = value;
    out->line = line;
    return failed ? sg_fail(SG_ENOMEM, "%s: rows", out->path) : SG_OK;
}

static sg_status take_row(layout *l, const io_lines *lines, int n_words, char **word, sg_columns *out)
{
    sg_status st;

    if (n_words != l->n_words) return io_malformed(lines, "expected %d columns, got %d", l->n_words, n_words);
    if ((st = grow(l, out)) != SG_OK) return st;
    double *row = out->value + out->n * l->n;
    for (int k = 0; k < l->n; k++) {
        row[k] = NAN;
        if (l->at[k] < 0 || io_real(word[l->at[k]], &row[k])) continue;
        row[k] = NAN;
        if (k < l->needed)
            return io_malformed(lines, "expected a number in column %s, got '%.40s'", l->name[k],
                                word[l->at[k]]);
    }
    const int is_seam = l->new_section && out->n > 0 && l->n > 0 && row[0] == row[-l->n];
    l->new_section = 0;
    if (is_seam) return SG_OK;
    out->line[out->n++] = lines->number;
    return SG_OK;
}

static sg_status no_names(const layout *l, const char *path, const char *first_line)
{
    char names[300] = "";
    char *tab;

    for (int k = 0; k < l->needed; k++) {
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", k ? " " : "", l->name[k]);
    }
    char shown[200];
    snprintf(shown, sizeof shown, "%s", first_line);
    while ((tab = strchr(shown, '\t')) != NULL)
        *tab = ' ';
    if (!*shown) return sg_fail(SG_EPARSE, "%s:1: the file is empty, expected the columns %s", path, names);
    return sg_fail(SG_EPARSE, "%s:1: expected a line with the columns %s, got \"%s\"", path, names, shown);
}
