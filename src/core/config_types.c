/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One value of the run file, by type: text -> field and back. A parser that fails leaves nothing allocated.
 */
#include "core_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "slowglass/core/memory.h"
#include "slowglass/core/text.h"

enum { MAX_IDS = 100000000 }; /* "1-999999999" is a slip, not a request */

typedef struct token_reader { /* items of a list: separated by blanks or commas, double quotes protect */
    const char *at;
    char *token; /* buffer as long as the whole text */
} token_reader;

static sg_status tokens_open(token_reader *r, const char *text);
static void tokens_close(token_reader *r);
static int next_token(token_reader *r);
static sg_status add_text(sg_texts *list, size_t *capacity, char *text);
static sg_status parse_number(const sg_config_key *key, const char *text, double *out);
static sg_status parse_whole(const sg_config_key *key, const char *text, double limit, int64_t *out);

/* ---- ranges ---- */

int config_in_range(double value, const char *range)
{
    while (*range) {
        char op[3] = "";
        double bound = 0.0;
        int length = 0;
        if (sscanf(range, " %2[<>=] %lf%n", op, &bound, &length) != 2) return 0;
        const int holds = op[0] == '>' ? (op[1] ? value >= bound : value > bound)
                                       : (op[1] ? value <= bound : value < bound);
        if (!holds) return 0;
        range += length;
        if (*range == ',') range++;
    }
    return 1;
}

static sg_status out_of_range(const sg_config_key *key, const char *text)
{
    return sg_fail(SG_EINVAL, "%s.%s = %s, need %s%s%s", key->section, key->name, text, key->range,
                   *key->unit ? " " : "", key->unit);
}

static sg_status not_a(const sg_config_key *key, const char *text, const char *kind)
{
    return sg_fail(SG_EINVAL, "%s.%s = '%s', need %s%s%s", key->section, key->name, text, kind,
                   *key->unit ? " in " : "", key->unit);
}

static sg_status no_memory(const sg_config_key *key)
{
    return sg_fail(SG_ENOMEM, "%s.%s: out of memory", key->section, key->name);
}

/* ---- numbers ---- */

static sg_status parse_number(const sg_config_key *key, const char *text, double *out)
{
    char *end = NULL;

    *out = strtod(text, &end);
    if (end == text || *end || !isfinite(*out)) return not_a(key, text, "a number");
    if (!config_in_range(*out, key->range)) return out_of_range(key, text);
    return SG_OK;
}

/* Whole numbers may be written 100000 or 1e5. */
static sg_status parse_whole(const sg_config_key *key, const char *text, double limit, int64_t *out)
{
    char *end = NULL;

    errno = 0;
    *out = strtoll(text, &end, 10);
    if (end == text || *end || errno) {
        const double value = strtod(text, &end);
        if (end == text || *end || !(fabs(value) < 9007199254740992.0) || value != floor(value))
            return not_a(key, text, "a whole number");
        *out = (int64_t)value;
    }
    if (!config_in_range((double)*out, key->range) || fabs((double)*out) > limit)
        return out_of_range(key, text);
    return SG_OK;
}

static void print_number(double value, FILE *out)
{
    char text[SG_NUMBER_TEXT];
    fputs(sg_text_number(value, text), out);
}

static sg_status double_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    (void)folder;
    return parse_number(key, text, field);
}

static void double_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    (void)key, (void)absolute;
    print_number(*(const double *)field, out);
}

static sg_status int_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    int64_t value;
    (void)folder;
    const sg_status st = parse_whole(key, text, INT_MAX, &value);
    if (st == SG_OK) *(int *)field = (int)value;
    return st;
}

static void int_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    (void)key, (void)absolute;
    fprintf(out, "%d", *(const int *)field);
}

static sg_status int64_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    (void)folder;
    return parse_whole(key, text, INFINITY, field);
}

static void int64_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    (void)key, (void)absolute;
    fprintf(out, "%" PRId64, *(const int64_t *)field);
}

static void scalar_clear(void *field)
{
    (void)field;
}

/* ---- words ---- */

static sg_status bool_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    static const char *const words[2][4] = {{"no", "false", "off", "0"}, {"yes", "true", "on", "1"}};

    (void)folder;
    for (int value = 0; value < 2; value++)
        for (int i = 0; i < 4; i++)
            if (strcmp(text, words[value][i]) == 0) {
                *(int *)field = value;
                return SG_OK;
            }
    return not_a(key, text, "yes or no");
}

static void bool_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    (void)key, (void)absolute;
    fputs(*(const int *)field ? "yes" : "no", out);
}

static sg_status word_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    const size_t length = strlen(text);
    int index = 0;

    (void)folder;
    for (const char *word = key->range; word; index++) {
        const char *end = strchr(word, '|');
        const size_t n = end ? (size_t)(end - word) : strlen(word);
        if (n == length && memcmp(word, text, n) == 0) {
            *(int *)field = index;
            return SG_OK;
        }
        word = end ? end + 1 : NULL;
    }
    return sg_fail(SG_EINVAL, "%s.%s = '%s', need one of %s", key->section, key->name, text, key->range);
}

static void word_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    const char *word = key->range;

    (void)absolute;
    for (int i = *(const int *)field; i > 0; i--)
        word = strchr(word, '|') + 1;
    fwrite(word, 1, strcspn(word, "|"), out);
}

/* ---- texts and paths ---- */

static void text_clear(void *field)
{
    char **text = field;
    sg_free(*text);
    *text = NULL;
}

static sg_status text_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    char **out = field;
    (void)folder;
    *out = sg_strdup(text);
    return *out ? SG_OK : no_memory(key);
}

static void text_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    (void)key, (void)absolute;
    fputs(*(char *const *)field, out);
}

/* "folder/path", or a copy of path when it is absolute or there is no folder. */
static char *join(const char *folder, const char *path)
{
    if (!folder || !*folder || *path == '/' || !*path) return sg_strdup(path);
    const size_t n = strlen(folder) + strlen(path) + 2;
    char *joined = sg_calloc(n, 1);
    if (joined) snprintf(joined, n, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", path);
    return joined;
}

static sg_status path_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    char **out = field;
    const size_t n = strlen(text);
    char *bare = sg_strdup(text);

    if (bare && n >= 2 && text[0] == '"' && text[n - 1] == '"') {
        memmove(bare, text + 1, n - 2);
        bare[n - 2] = '\0';
    }
    *out = bare ? join(folder, bare) : NULL;
    sg_free(bare);
    return *out ? SG_OK : no_memory(key);
}

/* A file that is not in the folder keeps its bare name: the one who opens it looks further. */
static sg_status file_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    char **out = field;
    sg_status st = path_parse(key, text, folder, field);

    if (st != SG_OK || access(*out, F_OK) == 0) return st;
    text_clear(field);
    return path_parse(key, text, NULL, field);
}

static void print_path(const char *path, int absolute, FILE *out)
{
    char here[PATH_MAX];
    if (absolute && *path && *path != '/' && getcwd(here, sizeof here)) fprintf(out, "%s/", here);
    fputs(path, out);
}

static void path_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    (void)key;
    print_path(*(char *const *)field, absolute, out);
}

static void file_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    const char *path = *(char *const *)field;
    (void)key;
    print_path(path, absolute && access(path, F_OK) == 0, out);
}

/* ---- lists ---- */

static sg_status tokens_open(token_reader *r, const char *text)
{
    r->at = text;
    r->token = sg_calloc(strlen(text) + 1, 1);
    return r->token ? SG_OK : sg_fail(SG_ENOMEM, "list of %zu characters", strlen(text));
}

static void tokens_close(token_reader *r)
{
    sg_free(r->token);
}

/* The next item into r->token; 0 at the end. */
static int next_token(token_reader *r)
{
    static const char separators[] = " \t\r\n,";

    r->at += strspn(r->at, separators);
    if (!*r->at) return 0;
    const int quoted = *r->at == '"';
    if (quoted) r->at++;
    const size_t n = strcspn(r->at, quoted ? "\"" : separators);
    memcpy(r->token, r->at, n);
    r->token[n] = '\0';
    r->at += n;
    if (quoted && *r->at) r->at++;
    return 1;
}

static void numbers_clear(void *field)
{
    sg_numbers *list = field;
    sg_free(list->value);
    *list = (sg_numbers){0};
}

static sg_status numbers_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    sg_numbers *list = field;
    size_t capacity = 0;
    token_reader r;
    sg_status st = tokens_open(&r, text);

    (void)folder;
    while (st == SG_OK && next_token(&r)) {
        double value;
        if ((st = parse_number(key, r.token, &value)) != SG_OK) break;
        if (sg_grow((void **)&list->value, &capacity, (size_t)list->n + 1, sizeof *list->value))
            st = no_memory(key);
        else
            list->value[list->n++] = value;
    }
    tokens_close(&r);
    if (st != SG_OK) numbers_clear(list);
    return st;
}

static void numbers_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    const sg_numbers *list = field;
    (void)key, (void)absolute;
    for (int i = 0; i < list->n; i++) {
        if (i) fputc(' ', out);
        print_number(list->value[i], out);
    }
}

static void ids_clear(void *field)
{
    sg_integers *list = field;
    sg_free(list->value);
    *list = (sg_integers){0};
}

/* "7" or "5-9" */
static int parse_span(const char *text, long *from, long *to)
{
    char *end = NULL;

    errno = 0;
    *from = *to = strtol(text, &end, 10);
    if (end == text) return 0;
    if (*end == '-') {
        const char *second = end + 1;
        *to = strtol(second, &end, 10);
        if (end == second) return 0;
    }
    return !*end && !errno && *from >= 1 && *to >= *from && *to <= INT_MAX && *to - *from < MAX_IDS;
}

static sg_status ids_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    sg_integers *list = field;
    size_t capacity = 0;
    token_reader r;
    sg_status st = tokens_open(&r, text);

    (void)folder;
    while (st == SG_OK && next_token(&r)) {
        long from, to;
        if (!parse_span(r.token, &from, &to)) {
            st = not_a(key, r.token, "an atom id >= 1 or a span such as 5-9");
            break;
        }
        const size_t need = (size_t)list->n + (size_t)(to - from) + 1;
        if (need > MAX_IDS)
            st = not_a(key, r.token, "fewer ids");
        else if (sg_grow((void **)&list->value, &capacity, need, sizeof *list->value))
            st = no_memory(key);
        else
            for (long id = from; id <= to; id++)
                list->value[list->n++] = (int)id;
    }
    tokens_close(&r);
    if (st != SG_OK) ids_clear(list);
    return st;
}

static void ids_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    const sg_integers *list = field;

    (void)key, (void)absolute;
    for (int i = 0, last; i < list->n; i = last + 1) {
        last = i;
        while (last + 1 < list->n && list->value[last + 1] == list->value[last] + 1)
            last++;
        fprintf(out, i ? " %d" : "%d", list->value[i]);
        if (last > i) fprintf(out, "-%d", list->value[last]);
    }
}

static void texts_clear(void *field)
{
    sg_texts *list = field;
    for (int i = 0; i < list->n; i++)
        sg_free(list->value[i]);
    sg_free(list->value);
    *list = (sg_texts){0};
}

/* Takes `text` (NULL: memory was out). */
static sg_status add_text(sg_texts *list, size_t *capacity, char *text)
{
    if (!text || sg_grow((void **)&list->value, capacity, (size_t)list->n + 1, sizeof *list->value)) {
        sg_free(text);
        return sg_fail(SG_ENOMEM, "list of %d items", list->n + 1);
    }
    list->value[list->n++] = text;
    return SG_OK;
}

static sg_status parse_texts(const char *text, const char *folder, sg_texts *list)
{
    size_t capacity = 0;
    token_reader r;
    sg_status st = tokens_open(&r, text);

    while (st == SG_OK && next_token(&r))
        st = add_text(list, &capacity, join(folder, r.token));
    tokens_close(&r);
    if (st != SG_OK) texts_clear(list);
    return st;
}

static sg_status words_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    (void)key, (void)folder;
    return parse_texts(text, NULL, field);
}

static sg_status paths_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    (void)key;
    return parse_texts(text, folder, field);
}

static void words_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    const sg_texts *list = field;
    (void)key, (void)absolute;
    for (int i = 0; i < list->n; i++)
        fprintf(out, i ? " %s" : "%s", list->value[i]);
}

static void paths_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    const sg_texts *list = field;

    (void)key;
    for (int i = 0; i < list->n; i++) {
        fputs(i ? " \"" : "\"", out);
        print_path(list->value[i], absolute, out);
        fputc('"', out);
    }
}

static void pairs_clear(void *field)
{
    sg_config_pairs *list = field;
    sg_free(list->value);
    *list = (sg_config_pairs){0};
}

/* "Cu-Zr" */
static int parse_pair_name(const char *text, sg_config_pair *pair)
{
    const char *dash = strchr(text, '-');
    const size_t n = dash ? (size_t)(dash - text) : 0;

    if (n < 1 || n > 3 || strlen(dash + 1) < 1 || strlen(dash + 1) > 3) return 0;
    memset(pair, 0, sizeof *pair);
    memcpy(pair->a, text, n);
    memcpy(pair->b, dash + 1, strlen(dash + 1));
    return 1;
}

static sg_status pairs_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    sg_config_pairs *list = field;
    sg_config_pair pair;
    size_t capacity = 0;
    token_reader r;
    sg_status st = tokens_open(&r, text);

    (void)folder;
    while (st == SG_OK && next_token(&r)) {
        if (!parse_pair_name(r.token, &pair))
            st = not_a(key, r.token, "a pair such as Cu-Zr");
        else if (!next_token(&r))
            st = not_a(key, text, "a number after each pair,");
        else
            st = parse_number(key, r.token, &pair.value);
        if (st != SG_OK) break;
        if (sg_grow((void **)&list->value, &capacity, (size_t)list->n + 1, sizeof *list->value))
            st = no_memory(key);
        else
            list->value[list->n++] = pair;
    }
    tokens_close(&r);
    if (st != SG_OK) pairs_clear(list);
    return st;
}

static void pairs_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    const sg_config_pairs *list = field;

    (void)key, (void)absolute;
    for (int i = 0; i < list->n; i++) {
        fprintf(out, "%s%s-%s ", i ? " " : "", list->value[i].a, list->value[i].b);
        print_number(list->value[i].value, out);
    }
}

#define TYPE(TYPE, name, prefix, cleaner)                                                                    \
    const value_type config_type_##TYPE = {name, prefix##_parse, prefix##_print, cleaner,                    \
                                           sizeof(SG_CONFIG_FIELD_##TYPE)};
TYPE(DOUBLE, "number", double, scalar_clear)
TYPE(INT, "whole number", int, scalar_clear)
TYPE(INT64, "whole number", int64, scalar_clear)
TYPE(BOOL, "yes or no", bool, scalar_clear)
TYPE(WORD, "word", word, scalar_clear)
TYPE(TEXT, "text", text, text_clear)
TYPE(PATH, "path", path, text_clear)
TYPE(FILE, "path", file, text_clear)
TYPE(NUMBERS, "list of numbers", numbers, numbers_clear)
TYPE(IDS, "list of atom ids", ids, ids_clear)
TYPE(WORDS, "list of words", words, texts_clear)
TYPE(PATHS, "list of paths", paths, texts_clear)
TYPE(PAIRS, "list of pairs", pairs, pairs_clear)
