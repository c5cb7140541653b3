/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records come out of a catalog in ascending order of their ids; what is kept of them is searched by
 * bisection. */
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
