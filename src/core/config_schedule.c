/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The value type SCHEDULE: "0:0, 1e-6:0.04", a number at each of several times. */
#include "core_internal.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "slowglass/core/memory.h"
#include "slowglass/core/text.h"

static void schedule_clear(void *field)
{
    sg_schedule *s = field;
    sg_free(s->value);
    *s = (sg_schedule){0};
}

static const char *skip(const char *text)
{
    while (*text == ',' || isspace((unsigned char)*text))
        text++;
    return text;
}

static sg_status refuse(const sg_config_key *key, const char *at, const char *need)
{
    return sg_fail(SG_EINVAL, "%s.%s: '%.*s', need %s", key->section, key->name, (int)strcspn(at, ", \t"), at,
                   need);
}

/* "1e-6:0.04" */
static sg_status parse_point(const sg_config_key *key, const char *text, double out[2], const char **rest)
{
    char *colon, *end;

    out[0] = strtod(text, &colon);
    if (colon == text || *colon != ':') return refuse(key, text, "time:value, such as 1e-6:0.04");
    out[1] = strtod(colon + 1, &end);
    if (end == colon + 1 || (*end && *end != ',' && !isspace((unsigned char)*end)) || !isfinite(out[0]) ||
        !isfinite(out[1]))
        return refuse(key, text, "time:value, such as 1e-6:0.04");
    if (!config_in_range(out[1], key->range)) return refuse(key, colon + 1, key->range);
    *rest = skip(end);
    return SG_OK;
}

static sg_status schedule_parse(const sg_config_key *key, const char *text, const char *folder, void *field)
{
    sg_schedule *s = field;
    size_t capacity = 0;
    sg_status st = SG_OK;

    (void)folder;
    for (const char *at = skip(text), *rest = at; *at && st == SG_OK; at = rest) {
        double point[2];
        if ((st = parse_point(key, at, point, &rest)) != SG_OK) break;
        if (s->n == 0 && point[0] != 0)
            st = refuse(key, at, "the first pair to be at time 0");
        else if (s->n > 0 && point[0] < s->value[s->n - 1][0])
            st = refuse(key, at, "times that do not go back");
        else if (sg_grow((void **)&s->value, &capacity, (size_t)s->n + 1, sizeof *s->value))
            st = sg_fail(SG_ENOMEM, "%s.%s: out of memory", key->section, key->name);
        if (st == SG_OK) memcpy(s->value[s->n++], point, sizeof point);
    }
    if (st != SG_OK) schedule_clear(s);
    return st;
}

static void schedule_print(const sg_config_key *key, const void *field, int absolute, FILE *out)
{
    const sg_schedule *s = field;
    char text[SG_NUMBER_TEXT];

    (void)key, (void)absolute;
    for (int k = 0; k < s->n; k++) {
        fprintf(out, "%s%s:", k ? " " : "", sg_text_number(s->value[k][0], text));
        fputs(sg_text_number(s->value[k][1], text), out);
    }
}

const value_type config_type_SCHEDULE = {"list of time:value", schedule_parse, schedule_print, schedule_clear,
                                         sizeof(sg_schedule)};
