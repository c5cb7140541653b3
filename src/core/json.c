/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cJSON does the nesting and the escaping; numbers go in as raw text because cJSON holds them as double and
 * prints integers beyond 2^53 and some fractions inexactly. All objects of a tree hang on one list owned by
 * the outermost. */
#include "slowglass/core/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "slowglass/core/memory.h"
#include "slowglass/core/text.h"

struct sg_json {
    cJSON *item;   /* owned by the outermost object */
    sg_json *root; /* outermost object, itself included */
    sg_json *next; /* list of the objects inside, kept by the outermost */
    int failed;    /* of the outermost only */
};

static void note(sg_json *json, const void *made);
static void number_text(double value, char text[SG_NUMBER_TEXT]);
static size_t utf8_length(const unsigned char *s);
static sg_json *adopt(sg_json *json, cJSON *item);

sg_json *sg_json_create(void)
{
    sg_json *json = sg_calloc(1, sizeof *json);
    if (!json) return NULL;
    json->root = json;
    json->item = cJSON_CreateObject();
    if (!json->item) {
        sg_free(json);
        return NULL;
    }
    return json;
}

void sg_json_free(sg_json *json)
{
    if (!json) return;
    json = json->root;
    cJSON_Delete(json->item);
    while (json) {
        sg_json *next = json->next;
        sg_free(json);
        json = next;
    }
}

void sg_json_number(sg_json *json, const char *key, double value)
{
    char text[SG_NUMBER_TEXT];

    if (!json) return;
    number_text(value, text);
    note(json, cJSON_AddRawToObject(json->item, key, text));
}

void sg_json_integer(sg_json *json, const char *key, int64_t value)
{
    char text[SG_NUMBER_TEXT];

    if (!json) return;
    snprintf(text, sizeof text, "%" PRId64, value);
    note(json, cJSON_AddRawToObject(json->item, key, text));
}

void sg_json_boolean(sg_json *json, const char *key, int value)
{
    if (json) note(json, cJSON_AddBoolToObject(json->item, key, value != 0));
}

void sg_json_text(sg_json *json, const char *key, const char *text)
{
    if (!json) return;
    if (!text) {
        note(json, cJSON_AddNullToObject(json->item, key));
        return;
    }
    char *clean = sg_strdup(text);
    for (char *s = clean; s && *s;) {
        const size_t n = utf8_length((const unsigned char *)s);
        if (n == 0) *s = '?';
        s += n ? n : 1;
    }
    note(json, clean ? cJSON_AddStringToObject(json->item, key, clean) : NULL);
    sg_free(clean);
}

void sg_json_numbers(sg_json *json, const char *key, int n, const double *values)
{
    char text[SG_NUMBER_TEXT];

    if (!json) return;
    cJSON *list = cJSON_AddArrayToObject(json->item, key);
    note(json, list);
    for (int i = 0; list && i < n; i++) {
        number_text(values[i], text);
        cJSON *item = cJSON_CreateRaw(text);
        note(json, item);
        if (item) cJSON_AddItemToArray(list, item);
    }
}

sg_json *sg_json_object(sg_json *json, const char *key)
{
    return json ? adopt(json, cJSON_AddObjectToObject(json->item, key)) : NULL;
}

sg_json *sg_json_append(sg_json *json, const char *key)
{
    if (!json) return NULL;
    cJSON *list = cJSON_GetObjectItemCaseSensitive(json->item, key);
    if (!list) list = cJSON_AddArrayToObject(json->item, key);
    cJSON *item = list ? cJSON_CreateObject() : NULL;
    if (item) cJSON_AddItemToArray(list, item);
    return adopt(json, item);
}

char *sg_json_print(const sg_json *json)
{
    if (!json || json->root->failed) return NULL;
    return cJSON_PrintUnformatted(json->root->item);
}

static void note(sg_json *json, const void *made)
{
    if (!made) json->root->failed = 1;
}

static void number_text(double value, char text[SG_NUMBER_TEXT])
{
    if (isfinite(value))
        sg_text_number(value, text);
    else
        strcpy(text, "null");
}

/* Length of the well-formed UTF-8 sequence at s, 0 if there is none. */
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80) return 1;
    const size_t n = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
    if (s[0] >= 0xf5) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90)) return 0; /* longer than need be */
    if ((s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0; /* surrogates, beyond Unicode */
    return n;
}

/* The node of an object just made inside `json`; NULL and the failure noted when there is none. */
static sg_json *adopt(sg_json *json, cJSON *item)
{
    sg_json *child = item ? sg_calloc(1, sizeof *child) : NULL;

    note(json, child);
    if (!child) return NULL;
    child->item = item;
    child->root = json->root;
    child->next = json->root->next;
    json->root->next = child;
    return child;
}
