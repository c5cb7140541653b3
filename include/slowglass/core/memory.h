/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocation with overflow checks and a switch for tests that makes the k-th allocation fail. */
#ifndef SLOWGLASS_CORE_MEMORY_H
#define SLOWGLASS_CORE_MEMORY_H

#include <stddef.h>

/** Zeroed array of n objects of `size` bytes; n = 0 gives a valid pointer. NULL when memory is out. Free with
 * sg_free. */
void *sg_calloc(size_t n, size_t size);

/** Resize; contents beyond the old length are undefined. NULL when memory is out, `old` then stays valid. */
void *sg_realloc(void *old, size_t n, size_t size);

/** Copy of a text; NULL when memory is out. */
char *sg_strdup(const char *text);

/** NULL-safe. */
void sg_free(void *p);

/** Grow *array (elements of `size` bytes, capacity *capacity) to hold at least `need` elements, doubling.
 * @return 0, or -1 when memory is out (array unchanged). */
int sg_grow(void **array, size_t *capacity, size_t need, size_t size);

/** For tests: the next `k` allocations of this thread succeed, the one after fails once; k < 0 switches off.
 */
void sg_alloc_fail_after(long k);

#endif
