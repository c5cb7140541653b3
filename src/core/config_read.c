/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run file, parsed by inih line by line.
 *
 * inih cuts lines at 200 bytes without a word, takes an indented key for the continuation of the value above,
 * and skips what it does not understand. So the lines it sees come from next_line(): stripped of blanks and
 * comments, checked, and long ones in pieces that inih joins to one key as continuation lines. A value is
 * complete when another line begins; finish_value() then assigns it. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <ini.h>

#include "core_internal.h"
#include "slowglass/core/memory.h"

enum { PIECE = 150 }; /* bytes of a line handed to inih at once, safely below its 200 */

typedef struct reader {
    FILE *file;
    sg_config *cfg;
    char *folder; /* of the run file, "" for the working folder */
    char *line;   /* the present line, stripped */
    size_t line_size;
    const char *rest; /* what inih has not seen of it */
    int number;       /* of the present line, 1-based */
    int key;          /* key being read, -1 if none */
    char *value;      /* its text so far */
    size_t value_size, value_length;
    sg_status st; /* first failure: nothing is read after it */
} reader;

static char *next_line(char *out, int size, void *stream);
static int take_pair(void *user, const char *section, const char *name, const char *value);
static int finish_value(reader *r);
static int next_content(reader *r);
static void check_line(reader *r);
static sg_status at_line(const reader *r, sg_status st);

/* ---- lines for inih ---- */

static sg_status at_line(const reader *r, sg_status st)
{
    return sg_fail_context(st, "%s:%d", r->cfg->path, r->number);
}

/* Remove a comment (';' at the start or after a blank, '#' at the start) and blanks at both ends. */
static char *strip(char *s)
{
    static const char blanks[] = " \t\r\n\f\v";

    s += strspn(s, blanks);
    if (*s == '#') *s = '\0';
    for (char *c = s; (c = strchr(c, ';')) != NULL; c++)
        if (c == s || strchr(blanks, c[-1])) {
            *c = '\0';
            break;
        }
    for (size_t n = strlen(s); n > 0 && strchr(blanks, s[n - 1]); n--)
        s[n - 1] = '\0';
    return s;
}

static void check_section(reader *r)
{
    char name[64];
    int length = 0;
    const char *line = r->rest;

    if (sscanf(line, "[%63[^]]]%n", name, &length) != 1 || length == 0 || line[length])
        r->st = at_line(r, sg_fail(SG_EPARSE, "'%s', need [section] alone on its line", line));
    else if (config_find_section(name) != SG_OK)
        r->st = at_line(r, SG_EINVAL);
}

static void check_line(reader *r)
{
    if (*r->rest == '[')
        check_section(r);
    else if (!strpbrk(r->rest, "=:"))
        r->st = at_line(r, sg_fail(SG_EPARSE, "'%.60s', need key = value or [section]", r->rest));
}

/* Read on to a line with content; 0 at the end of the file or after a failure. */
static int next_content(reader *r)
{
    do {
        errno = 0;
        const ssize_t n = getline(&r->line, &r->line_size, r->file);
        if (n < 0) {
            if (errno) r->st = sg_fail(SG_EIO, "%s: %s", r->cfg->path, strerror(errno));
            return 0;
        }
        r->number++;
        if (strlen(r->line) != (size_t)n) {
            r->st = at_line(r, sg_fail(SG_EPARSE, "a zero byte: not a text file"));
            return 0;
        }
        char *start = r->line;
        if (r->number == 1 && strncmp(start, "\xef\xbb\xbf", 3) == 0) start += 3; /* byte order mark */
        r->rest = strip(start);
    } while (!*r->rest);
    check_line(r);
    return r->st == SG_OK;
}

/* Bytes of r->rest to hand over now: a piece neither begins nor ends with a blank, nor begins as a comment.
 */
static size_t piece_length(const char *s)
{
    const size_t all = strlen(s);

    if (all <= PIECE) return all;
    for (size_t n = PIECE; n > 1; n--)
        if (!strchr(" \t;#", s[n]) && !strchr(" \t=:", s[n - 1])) return n;
    return 0;
}

/* inih's reader. A continuation line begins with a blank. */
static char *next_line(char *out, int size, void *stream)
{
    reader *r = stream;
    const int fresh = !r->rest || !*r->rest;

    assert(size >= PIECE + 3);
    if (fresh && (!finish_value(r) || !next_content(r))) return NULL;
    const size_t n = r->st == SG_OK ? piece_length(r->rest) : 0;
    if (n == 0) {
        if (r->st == SG_OK) r->st = at_line(r, sg_fail(SG_EPARSE, "a word too long to take in"));
        return NULL;
    }
    snprintf(out, (size_t)size, "%s%.*s\n", fresh ? "" : " ", (int)n, r->rest);
    r->rest += n;
    return out;
}

/* ---- keys from inih ---- */

static sg_status begin_key(reader *r, const char *section, const char *name)
{
    r->value_length = 0;
    r->key = config_find(section, name);
    if (r->key < 0) return at_line(r, SG_EINVAL);
    if (r->cfg->line[r->key] == 0) return SG_OK;
    r->key = -1;
    return at_line(r, sg_fail(SG_EINVAL, "%s.%s given again; it stands in an earlier line", section, name));
}

/* inih's handler: a key with the first piece of its value, or with the next piece. */
static int take_pair(void *user, const char *section, const char *name, const char *value)
{
    reader *r = user;
    const size_t n = strlen(value);

    if (r->st == SG_OK && r->key < 0) r->st = begin_key(r, section, name);
    if (r->st != SG_OK) return 0;
    if (sg_grow((void **)&r->value, &r->value_size, r->value_length + n + 1, 1)) {
        r->st = sg_fail(SG_ENOMEM, "%s:%d: value", r->cfg->path, r->number);
        return 0;
    }
    memcpy(r->value + r->value_length, value, n + 1);
    r->value_length += n;
    return 1;
}

/* Assign the value that is complete, if there is one; 0 after a failure. */
static int finish_value(reader *r)
{
    if (r->st == SG_OK && r->key >= 0) {
        r->st = config_assign(r->cfg, r->key, r->value, r->folder, r->number);
        if (r->st != SG_OK) at_line(r, r->st);
    }
    r->key = -1;
    return r->st == SG_OK;
}

/* ---- the whole file ---- */

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = sg_strdup(path);

    if (folder) folder[slash ? slash - path + 1 : 0] = '\0';
    return folder;
}

static sg_status open_file(reader *r, const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0) return sg_fail(SG_ENOTFOUND, "%s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode)) return sg_fail(SG_EINVAL, "%s: a folder, need a run file", path);
    r->file = fopen(path, "r");
    if (!r->file) return sg_fail(SG_ENOTFOUND, "%s: %s", path, strerror(errno));
    sg_free(r->cfg->path);
    r->cfg->path = sg_strdup(path);
    r->folder = folder_of(path);
    return r->cfg->path && r->folder ? SG_OK : sg_fail(SG_ENOMEM, "%s", path);
}

sg_status sg_config_read(const char *path, sg_config *cfg)
{
    reader r = {.cfg = cfg, .key = -1, .st = SG_OK};

    sg_status st = sg_config_defaults(cfg);
    if (st != SG_OK) return st;
    if ((st = open_file(&r, path)) != SG_OK) goto done;
    const int bad_line = ini_parse_stream(next_line, &r, take_pair, &r);
    st = r.st;
    if (st == SG_OK && bad_line) st = at_line(&r, sg_fail(SG_EPARSE, "need key = value or [section]"));
done:
    if (r.file) fclose(r.file);
    free(r.line); /* getline's own */
    sg_free(r.folder);
    sg_free(r.value);
    if (st != SG_OK) sg_config_clear(cfg);
    return st;
}
