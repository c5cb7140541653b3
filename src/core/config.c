/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of keys at work: defaults, single assignments, printing, comparing. The run file's reader is
 * config_read.c, the types are config_types.c. `rows` and the struct sg_config come from the same macro, so
 * they cannot disagree. */
#include "slowglass/core/config.h"

#include <stdlib.h>
#include <string.h>

#include "core_internal.h"
#include "slowglass/core/hash.h"
#include "slowglass/core/memory.h"
#include "slowglass/core/text.h"

#define ROW(section, name, TYPE, default_text, unit, range, role, description)                               \
    {#section, #name, #TYPE, default_text, unit, range, SG_ROLE_##role, description},
#define ROWS_OF(section, SECTION, description) SG_CONFIG_##SECTION(ROW)
static const sg_config_key rows[SG_CONFIG_N_KEYS] = {SG_CONFIG_SECTIONS(ROWS_OF)};

#define STORAGE(section, name, TYPE, ...) {offsetof(sg_config, section.name), &config_type_##TYPE},
#define STORAGE_OF(section, SECTION, description) SG_CONFIG_##SECTION(STORAGE)
static const struct {
    size_t offset;
    const value_type *type;
} storage[SG_CONFIG_N_KEYS] = {SG_CONFIG_SECTIONS(STORAGE_OF)};

#define SECTION_ROW(section, SECTION, description) {#section, description},
static const struct {
    const char *name, *description;
} sections[] = {SG_CONFIG_SECTIONS(SECTION_ROW)};
enum { N_SECTIONS = sizeof sections / sizeof sections[0], COMMENT_COLUMN = 32 };

static void *field_of(sg_config *cfg, int key)
{
    return (char *)cfg + storage[key].offset;
}

static const void *value_of(const sg_config *cfg, int key)
{
    return (const char *)cfg + storage[key].offset;
}

const sg_config_key *sg_config_keys(void)
{
    return rows;
}

const char *sg_config_section(const char *name)
{
    for (int i = 0; i < N_SECTIONS; i++)
        if (strcmp(sections[i].name, name) == 0) return sections[i].description;
    return NULL;
}

/* ---- finding ---- */

sg_status config_find_section(const char *section)
{
    int best = 0, least = 1000;

    if (!*section) return sg_fail(SG_EINVAL, "a key before the first [section]");
    if (sg_config_section(section)) return SG_OK;
    for (int i = 0; i < N_SECTIONS; i++) {
        const int d = sg_text_distance(section, sections[i].name);
        if (d < least) least = d, best = i;
    }
    if (!sg_text_near(least, (int)strlen(section)))
        return sg_fail(SG_EINVAL, "unknown section [%s]", section);
    return sg_fail(SG_EINVAL, "unknown section [%s]; did you mean [%s]?", section, sections[best].name);
}

/* The nearest known name: in its own section if one is near, else the same name in another section. */
static void fail_unknown_key(const char *section, const char *name)
{
    int best = -1, least = 1000;

    for (int k = 0; k < SG_CONFIG_N_KEYS; k++) {
        const int elsewhere = strcmp(rows[k].section, section) != 0;
        const int d = sg_text_distance(name, rows[k].name);
        if (elsewhere ? d > 0 : !sg_text_near(d, (int)strlen(name))) continue;
        if (d < least) least = d, best = k;
    }
    if (best < 0)
        sg_fail(SG_EINVAL, "unknown key '%s' in [%s]", name, section);
    else if (strcmp(rows[best].section, section) == 0)
        sg_fail(SG_EINVAL, "unknown key '%s' in [%s]; did you mean '%s'?", name, section, rows[best].name);
    else
        sg_fail(SG_EINVAL, "unknown key '%s' in [%s]; it belongs to [%s]", name, section, rows[best].section);
}

int config_find(const char *section, const char *name)
{
    if (config_find_section(section) != SG_OK) return -1;
    for (int k = 0; k < SG_CONFIG_N_KEYS; k++)
        if (strcmp(rows[k].section, section) == 0 && strcmp(rows[k].name, name) == 0) return k;
    fail_unknown_key(section, name);
    return -1;
}

/* ---- values ---- */

/* A comment or a line's end inside a value could not be written back. */
static int writable(const char *text)
{
    if (strpbrk(text, "\r\n")) return 0;
    for (const char *s = text; (s = strchr(s, ';')) != NULL; s++)
        if (s == text || s[-1] == ' ' || s[-1] == '\t') return 0;
    return 1;
}

sg_status config_assign(sg_config *cfg, int key, const char *text, const char *folder, int line)
{
    const value_type *type = storage[key].type;
    union { /* room and alignment for any field */
        double number;
        int64_t integer;
        char *text;
        sg_texts list;
        sg_schedule schedule;
    } fresh;

    if (!writable(text))
        return sg_fail(SG_EINVAL, "%s.%s = '%s': no line breaks and no ';' after a blank", rows[key].section,
                       rows[key].name, text);
    memset(&fresh, 0, sizeof fresh);
    const sg_status st = type->parse(&rows[key], text, folder, &fresh);
    if (st != SG_OK) return st;
    type->clear(field_of(cfg, key));
    memcpy(field_of(cfg, key), &fresh, type->size);
    cfg->line[key] = line;
    return SG_OK;
}

sg_status sg_config_defaults(sg_config *cfg)
{
    memset(cfg, 0, sizeof *cfg);
    sg_status st = (cfg->path = sg_strdup("")) ? SG_OK : sg_fail(SG_ENOMEM, "configuration");
    for (int k = 0; k < SG_CONFIG_N_KEYS && st == SG_OK; k++)
        st = config_assign(cfg, k, rows[k].default_text, NULL, 0);
    if (st != SG_OK) sg_config_clear(cfg);
    return st;
}

void sg_config_clear(sg_config *cfg)
{
    if (!cfg) return;
    for (int k = 0; k < SG_CONFIG_N_KEYS; k++)
        storage[k].type->clear(field_of(cfg, k));
    sg_free(cfg->path);
    memset(cfg, 0, sizeof *cfg);
}

sg_status sg_config_set(sg_config *cfg, const char *assignment)
{
    char section[64] = "", name[64] = "";
    int length = 0;

    if (sscanf(assignment, " %63[a-z] . %63[A-Za-z0-9_] %n", section, name, &length) != 2 ||
        assignment[length] != '=')
        return sg_fail(SG_EINVAL, "'%s', need section.key=value", assignment);
    const int key = config_find(section, name);
    if (key < 0) return SG_EINVAL;
    const char *value = assignment + length + 1;
    return config_assign(cfg, key, value + strspn(value, " \t"), NULL, -1);
}

/* ---- printing and comparing ---- */

static char *value_text(const sg_config *cfg, int key, int absolute)
{
    char *text = NULL;
    size_t size = 0;

    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    storage[key].type->print(&rows[key], value_of(cfg, key), absolute, out);
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}

char *sg_config_value(const sg_config *cfg, int key)
{
    return value_text(cfg, key, 0);
}

static sg_status write_key(const sg_config *cfg, int key, FILE *out)
{
    const sg_config_key *row = &rows[key];

    char *text = value_text(cfg, key, 1);

    if (!text) return sg_fail(SG_ENOMEM, "writing the configuration");
    const int length = (int)(strlen(row->name) + strlen(text));
    fprintf(out, "%s = %s%*s  ; %s", row->name, text, length < COMMENT_COLUMN ? COMMENT_COLUMN - length : 0,
            "", row->description);
    if (*row->unit || *row->range)
        fprintf(out, " (%s%s%s)", row->unit, *row->unit && *row->range ? ", " : "", row->range);
    fputc('\n', out);
    free(text);
    return SG_OK;
}

sg_status sg_config_write(const sg_config *cfg, FILE *out)
{
    const char *section = "";
    sg_status st;

    for (int k = 0; k < SG_CONFIG_N_KEYS; k++) {
        if (strcmp(section, rows[k].section) != 0) {
            fprintf(out, "%s[%s]    ; %s\n", *section ? "\n" : "", rows[k].section,
                    sg_config_section(rows[k].section));
            section = rows[k].section;
        }
        if ((st = write_key(cfg, k, out)) != SG_OK) return st;
    }
    if (fflush(out) != 0 || ferror(out)) return sg_fail(SG_EIO, "writing the configuration");
    return SG_OK;
}

sg_status sg_config_identity(const sg_config *cfg, uint64_t *hash)
{
    uint64_t h = 0;

    *hash = 0;
    for (int k = 0; k < SG_CONFIG_N_KEYS; k++) {
        if (rows[k].role != SG_ROLE_PHYSICS) continue;
        char *text = value_text(cfg, k, 0);
        if (!text) return sg_fail(SG_ENOMEM, "identity of the configuration");
        h = sg_hash(rows[k].section, strlen(rows[k].section) + 1, h);
        h = sg_hash(rows[k].name, strlen(rows[k].name) + 1, h);
        h = sg_hash(text, strlen(text) + 1, h);
        free(text);
    }
    *hash = h;
    return SG_OK;
}

sg_status sg_config_difference(const sg_config *a, const sg_config *b, int *key)
{
    *key = -1;
    for (int k = 0; k < SG_CONFIG_N_KEYS && *key < 0; k++) {
        if (rows[k].role != SG_ROLE_PHYSICS) continue;
        char *ta = value_text(a, k, 0);
        char *tb = value_text(b, k, 0);
        const int out_of_memory = !ta || !tb;
        if (!out_of_memory && strcmp(ta, tb) != 0) *key = k;
        free(ta);
        free(tb);
        if (out_of_memory) return sg_fail(SG_ENOMEM, "comparing configurations");
    }
    return SG_OK;
}
