/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages: a growing row of bytes. A failure is remembered, so that a writer or reader checks once. */
#include "slowglass/par.h"

#include <string.h>

void sg_bytes_reset(sg_bytes *b)
{
    b->n = b->at = 0;
    b->failed = 0;
}

void sg_bytes_clear(sg_bytes *b)
{
    sg_free(b->p);
    memset(b, 0, sizeof *b);
}

static int make_room(sg_bytes *b, size_t n)
{
    if (sg_grow((void **)&b->p, &b->capacity, n, 1) == 0) return 0;
    b->failed = 1;
    return -1;
}

int sg_bytes_resize(sg_bytes *b, size_t n)
{
    if (make_room(b, n) != 0) return -1;
    b->n = n;
    return 0;
}

void sg_bytes_put(sg_bytes *b, const void *data, size_t n)
{
    if (b->failed || n == 0 || make_room(b, b->n + n) != 0) return;
    memcpy(b->p + b->n, data, n);
    b->n += n;
}

void sg_bytes_put_u64(sg_bytes *b, uint64_t value)
{
    sg_bytes_put(b, &value, sizeof value);
}

void sg_bytes_put_text(sg_bytes *b, const char *text)
{
    const size_t n = strlen(text);
    sg_bytes_put_u64(b, n);
    sg_bytes_put(b, text, n);
}

void sg_bytes_get(sg_bytes *b, void *data, size_t n)
{
    if (n == 0) return;
    if (b->failed || n > b->n - b->at) {
        b->failed = 1;
        memset(data, 0, n);
        return;
    }
    memcpy(data, b->p + b->at, n);
    b->at += n;
}

uint64_t sg_bytes_get_u64(sg_bytes *b)
{
    uint64_t value;
    sg_bytes_get(b, &value, sizeof value);
    return value;
}

char *sg_bytes_get_text(sg_bytes *b)
{
    const uint64_t n = sg_bytes_get_u64(b);
    char *text = !b->failed && n <= b->n - b->at ? sg_calloc((size_t)n + 1, 1) : NULL;

    if (text)
        sg_bytes_get(b, text, (size_t)n);
    else
        b->failed = 1;
    return text;
}
