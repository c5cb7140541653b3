/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slowglass/core/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local long allocations_left = -1; /* < 0: never fail on purpose */

static int must_fail(void)
{
    if (allocations_left < 0) return 0;
    return allocations_left-- == 0;
}

void sg_alloc_fail_after(long k)
{
    allocations_left = k;
}

void *sg_calloc(size_t n, size_t size)
{
    if (must_fail()) return NULL;
    return calloc(n ? n : 1, size ? size : 1);
}

void *sg_realloc(void *old, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size) return NULL;
    if (must_fail()) return NULL;
    const size_t bytes = n * size;
    return realloc(old, bytes > 0 ? bytes : 1);
}

char *sg_strdup(const char *text)
{
    const size_t n = strlen(text) + 1;
    char *copy = sg_calloc(n, 1);
    if (copy) memcpy(copy, text, n);
    return copy;
}

void sg_free(void *p)
{
    free(p);
}

int sg_grow(void **array, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity) return 0;
    size_t n = *capacity ? *capacity : 16;
    while (n < need) {
        if (n > SIZE_MAX / 2) return -1;
        n *= 2;
    }
    void *p = sg_realloc(*array, n, size);
    if (!p) return -1;
    *array = p;
    *capacity = n;
    return 0;
}
