/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What checks share. Records come out of a catalog in ascending order of their ids; what is kept of them is
 * searched by bisection. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "curate_internal.h"

static int compare_ids(const void *a, const void *b)
{
    uint64_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

const void *curate_find(const void *records, size_t n, size_t size, uint64_t id)
{
    return n > 0 ? bsearch(&id, records, n, size, compare_ids) : NULL;
}

void curate_tell(const curate_teller *to, uint64_t *counter, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    ++*counter;
    to->tell(to->arg, text);
}
