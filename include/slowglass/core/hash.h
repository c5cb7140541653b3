/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 64-bit content hashes (XXH3). Stable across machines for the same bytes. */
#ifndef SLOWGLASS_CORE_HASH_H
#define SLOWGLASS_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "slowglass/core/status.h"

/** Hash of `n` bytes; chain by passing the previous hash as `seed` (0 to start). Threads: any. */
uint64_t sg_hash(const void *bytes, size_t n, uint64_t seed);

/** Hash of the whole content of a file.
 * @return SG_ENOTFOUND when it cannot be opened, SG_EIO on a read error. */
sg_status sg_hash_file(const char *path, uint64_t *out);

#endif
