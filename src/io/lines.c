/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Line by line through a text file, words and numbers out of a line. Numbers are finite or refused. */
#include "io_internal.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int is_blank(char c);
static int is_list_mark(char c);
static char *end_of_value(char *start);

sg_status io_lines_open(io_lines *lines, const char *path)
{
    struct stat status;

    memset(lines, 0, sizeof *lines);
    lines->path = sg_strdup(path);
    if (!lines->path) return sg_fail(SG_ENOMEM, "%s: reader", path);
    lines->file = fopen(path, "rb");
    if (!lines->file)
        return sg_fail(errno == ENOENT || errno == ENOTDIR ? SG_ENOTFOUND : SG_EIO, "%s: %s", path,
                       strerror(errno));
    if (fstat(fileno(lines->file), &status) == 0) {
        if (S_ISDIR(status.st_mode)) return sg_fail(SG_EIO, "%s: expected a file, got a folder", path);
        if (S_ISREG(status.st_mode)) lines->size = (int64_t)status.st_size;
    }
    return SG_OK;
}

void io_lines_close(io_lines *lines)
{
    if (lines->file) fclose(lines->file);
    sg_free(lines->path);
    sg_free(lines->text);
    memset(lines, 0, sizeof *lines);
}

sg_status io_lines_next(io_lines *lines, int *end)
{
    size_t n = 0;
    int c;

    *end = 0;
    if (lines->held) {
        lines->held = 0;
        return SG_OK;
    }
    while ((c = getc_unlocked(lines->file)) != EOF && c != '\n') {
        void *text = lines->text;
        const int failed = sg_grow(&text, &lines->capacity, n + 2, 1);
        lines->text = text;
        if (failed) return sg_fail(SG_ENOMEM, "%s: line %lld", lines->path, (long long)lines->number + 1);
        lines->text[n++] = (char)c;
        if (c == '\0') {
            lines->number++;
            return io_malformed(lines, "expected text, got a zero byte");
        }
    }
    if (ferror(lines->file)) return sg_fail(SG_EIO, "%s: read error", lines->path);
    lines->complete = c == '\n';
    if (c == EOF && n == 0) {
        *end = 1;
        return SG_OK;
    }
    if (!lines->text) { /* an empty first line */
        void *text = NULL;
        if (sg_grow(&text, &lines->capacity, 1, 1) != 0) return sg_fail(SG_ENOMEM, "%s: line", lines->path);
        lines->text = text;
    }
    lines->number++;
    lines->consumed += (int64_t)n + lines->complete;
    if (n > 0 && lines->text[n - 1] == '\r') n--;
    lines->text[n] = '\0';
    return SG_OK;
}

sg_status io_lines_next_filled(io_lines *lines, int *end)
{
    sg_status st;

    while ((st = io_lines_next(lines, end)) == SG_OK && !*end) {
        const char *p = lines->text;
        while (is_blank(*p))
            p++;
        if (*p) break;
    }
    return st;
}

void io_lines_hold(io_lines *lines)
{
    lines->held = 1;
}

sg_status io_malformed(const io_lines *lines, const char *format, ...)
{
    char text[600];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return sg_fail(SG_EPARSE, "%s:%lld: %s", lines->path, (long long)lines->number, text);
}

sg_status io_check_count(const io_lines *lines, long long count)
{
    const long long bytes_per_row = 4; /* shorter than any atom's line; guards the allocation, no more */

    if (count < 1) return io_malformed(lines, "expected at least 1 atom, got %lld", count);
    if (count > 0x7fffffff || (lines->size > 0 && count > (lines->size - lines->consumed) / bytes_per_row))
        return io_malformed(lines, "%lld atoms announced, the file ends before", count);
    return SG_OK;
}

char *io_token(char **cursor)
{
    char *start = *cursor;

    while (is_blank(*start))
        start++;
    if (!*start) return NULL;
    char *end = start;
    while (*end && !is_blank(*end))
        end++;
    *cursor = *end ? end + 1 : end;
    *end = '\0';
    return start;
}

int io_tokens(char *line, char **token, int max)
{
    int n = 0;
    char *word;

    while ((word = io_token(&line))) {
        if (n < max) token[n] = word;
        n++;
    }
    return n;
}

int io_integer(const char *token, long long *out)
{
    char *end;

    errno = 0;
    *out = strtoll(token, &end, 10);
    return end != token && *end == '\0' && errno == 0;
}

int io_real(const char *token, double *out)
{
    char *end;

    *out = strtod(token, &end);
    return end != token && *end == '\0' && isfinite(*out);
}

int io_reals(const char *text, int n, double *out)
{
    for (int k = 0;; k++) {
        while (is_list_mark(*text))
            text++;
        if (!*text) return k == n;
        if (k == n) return 0;
        char *end;
        out[k] = strtod(text, &end);
        if (end == text || (*end && !is_list_mark(*end)) || !isfinite(out[k])) return 0;
        text = end;
    }
}

int io_flag(const char *token, int *out)
{
    static const char *const yes[] = {"T", "1", "True", "true", "TRUE"}, *const no[] = {"F", "0", "False",
                                                                                        "false", "FALSE"};
    for (int k = 0; k < 5; k++) {
        if (strcmp(token, yes[k]) == 0) return (*out = 1);
        if (strcmp(token, no[k]) == 0) {
            *out = 0;
            return 1;
        }
    }
    return 0;
}

int io_flags(const char *text, int n, int *out)
{
    int k = 0;

    while (*text) {
        char word[8];
        size_t length = 0;
        while (is_list_mark(*text))
            text++;
        while (text[length] && !is_list_mark(text[length]))
            length++;
        if (length == 0) break;
        if (length == (size_t)n && k == 0 && strspn(text, "TF") >= length) { /* TTF */
            for (; k < n; k++)
                out[k] = text[k] == 'T';
        } else {
            if (length >= sizeof word || k >= n) return 0;
            memcpy(word, text, length);
            word[length] = '\0';
            if (!io_flag(word, &out[k++])) return 0;
        }
        text += length;
    }
    return k == n;
}

int io_next_pair(char **cursor, char **key, char **value)
{
    char *p = *cursor;

    *value = NULL;
    while (is_blank(*p))
        p++;
    if (!*p) return 0;
    *key = p;
    while (*p && *p != '=' && !is_blank(*p))
        p++;
    if (*p != '=') {
        *cursor = *p ? p + 1 : p;
        *p = '\0';
        return 1;
    }
    *p++ = '\0';
    const int quoted = *p == '"' || *p == '\'';
    char *end = end_of_value(p);
    *value = quoted ? p + 1 : p;
    if (quoted && *end) {
        *cursor = end + 1;
    } else {
        *cursor = *end ? end + 1 : end;
    }
    *end = '\0';
    return 1;
}

sg_status io_locale_enter(io_locale *locale)
{
    locale->before = (locale_t)0;
    locale->c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (locale->c == (locale_t)0) return sg_fail(SG_ENOMEM, "locale \"C\"");
    locale->before = uselocale(locale->c);
    return SG_OK;
}

void io_locale_leave(io_locale *locale)
{
    if (locale->c == (locale_t)0) return;
    uselocale(locale->before);
    freelocale(locale->c);
    locale->c = (locale_t)0;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static int is_list_mark(char c)
{
    return is_blank(c) || (c && strchr(",[]{}()", c) != NULL);
}

/* Where a value ends: the closing quote, the blank after the closing bracket, or the next blank. */
static char *end_of_value(char *start)
{
    char *p = start;

    if (*p == '"' || *p == '\'') {
        for (p++; *p && *p != *start; p++)
            if (*p == '\\' && p[1]) p++;
        return p;
    }
    int depth = 0;
    for (; *p && (depth > 0 || !is_blank(*p)); p++) {
        if (*p == '[' || *p == '{') depth++;
        if (*p == ']' || *p == '}') depth--;
    }
    return p;
}
