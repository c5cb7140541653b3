/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thread-local error text; one table for texts and exit codes. */
#include "slowglass/core/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 1024 };
static _Thread_local char error_text[TEXT_SIZE];

static const struct {
    const char *text;
    int exit_code;
} table[] = {
#define X(code, text, exit_code) {text, exit_code},
    SG_STATUS_LIST(X)
#undef X
};

sg_status sg_fail(sg_status code, const char *format, ...)
{
    char text[TEXT_SIZE]; /* the arguments may point into error_text */
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    memcpy(error_text, text, sizeof text);
    return code;
}

sg_status sg_fail_context(sg_status code, const char *format, ...)
{
    char text[2 * TEXT_SIZE + 2]; /* room for both; what is too long is cut when it is stored */
    va_list args;

    va_start(args, format);
    const int n = vsnprintf(text, TEXT_SIZE, format, args);
    va_end(args);
    if (n >= 0 && n < TEXT_SIZE) snprintf(text + n, sizeof text - (size_t)n, ": %s", error_text);
    memcpy(error_text, text, TEXT_SIZE);
    error_text[TEXT_SIZE - 1] = '\0';
    return code;
}

const char *sg_error_text(void)
{
    return error_text;
}

const char *sg_status_text(sg_status code)
{
    const size_t k = (size_t)code;
    return k < sizeof table / sizeof table[0] ? table[k].text : "unknown status";
}

int sg_status_exit_code(sg_status code)
{
    const size_t k = (size_t)code;
    return k < sizeof table / sizeof table[0] ? table[k].exit_code : 1;
}
