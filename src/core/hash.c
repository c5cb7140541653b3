/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slowglass/core/hash.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xxhash.h>

uint64_t sg_hash(const void *bytes, size_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, n, seed);
}

sg_status sg_hash_file(const char *path, uint64_t *out)
{
    unsigned char buffer[1 << 14];
    uint64_t h = 0;
    size_t n;

    *out = 0;
    FILE *file = fopen(path, "rb");
    if (!file) return sg_fail(SG_ENOTFOUND, "%s: %s", path, strerror(errno));
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
        h = sg_hash(buffer, n, h);
    const int bad = ferror(file);
    fclose(file);
    if (bad) return sg_fail(SG_EIO, "%s: read error", path);
    *out = h;
    return SG_OK;
}
