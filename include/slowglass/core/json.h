/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builder of one JSON object, printed on one line. Write-only: the program reads no JSON.
 *
 * Every function takes NULL for an object and then does nothing; a failed allocation is remembered and makes
 * sg_json_print() return NULL, so that a caller checks once, at the end. Keys keep the order of their making.
 * Numbers have as many digits as they need to read back exactly (17 at most); NaN and infinities become null.
 */
#ifndef SLOWGLASS_CORE_JSON_H
#define SLOWGLASS_CORE_JSON_H

#include <stdint.h>

typedef struct sg_json sg_json;

/** Empty object; NULL when memory is out. Free with sg_json_free, which frees the objects inside it as well.
 */
sg_json *sg_json_create(void);
void sg_json_free(sg_json *json);

void sg_json_number(sg_json *json, const char *key, double value);
void sg_json_integer(sg_json *json, const char *key, int64_t value);
void sg_json_boolean(sg_json *json, const char *key, int value);
void sg_json_text(sg_json *json, const char *key,
                  const char *text); /* NULL: null; bytes that are not UTF-8: '?' */
void sg_json_numbers(sg_json *json, const char *key, int n, const double *values);

/** New object under `key`. Borrowed: valid as long as the outermost object. NULL when memory is out. */
sg_json *sg_json_object(sg_json *json, const char *key);

/** New object at the end of the list under `key` (the list is made by the first call). Borrowed, as above. */
sg_json *sg_json_append(sg_json *json, const char *key);

/** The outermost object on one line, no newline; NULL when anything failed. Free with sg_free. */
char *sg_json_print(const sg_json *json);

#endif
