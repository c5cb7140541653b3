/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of the run file by type: text -> field and field -> text. */
#ifndef SLOWGLASS_CORE_INTERNAL_H
#define SLOWGLASS_CORE_INTERNAL_H

#include <stddef.h>
#include <stdio.h>

#include "slowglass/core/config.h"

typedef struct value_type {
    const char *name; /* as the manual calls it */
    /* Parse `text` into the zeroed `field`; owns nothing after a failure. `folder` (NULL: working folder) is
     * where relative paths start. Errors say what was got and what is needed: "= 'x', need a number in K". */
    sg_status (*parse)(const sg_config_key *key, const char *text, const char *folder, void *field);
    /* Write as parse() reads; with `absolute`, paths no longer depend on the working folder. */
    void (*print)(const sg_config_key *key, const void *field, int absolute, FILE *out);
    void (*clear)(void *field); /* free and leave zeroed */
    size_t size;
} value_type;

/* One per TYPE of the schema. */
extern const value_type config_type_DOUBLE, config_type_INT, config_type_INT64, config_type_BOOL,
    config_type_WORD, config_type_TEXT, config_type_PATH, config_type_FILE, config_type_NUMBERS,
    config_type_IDS, config_type_WORDS, config_type_PATHS, config_type_PAIRS, config_type_SCHEDULE;

/* 1 when `value` meets conditions such as "> 0, <= 1" ("" : any). */
int config_in_range(double value, const char *range);

/* Number of the key "section.name", -1 with the error text of an unknown key or section set. */
int config_find(const char *section, const char *name);
sg_status config_find_section(const char *section);

/* Set key number `key` from text; on failure the old value stays. `line` as in sg_config.line. */
sg_status config_assign(sg_config *cfg, int key, const char *text, const char *folder, int line);

#endif
