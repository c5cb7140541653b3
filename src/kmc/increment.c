/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Increments of strain as bytes, under the names "increment <number>" of the catalog's meta records: three
 * whole numbers of 64 bits, then two of 64-bit floating point, little-endian. "increments": how many there
 * are. */
#include "kmc_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char count_name[] = "increments";

enum { N_WHOLE = 3, N_REAL = 2, SIZE = 8 * (N_WHOLE + N_REAL) };

static void name_of(uint64_t k, char name[40])
{
    snprintf(name, 40, "increment %" PRIu64, k);
}

sg_status increment_put(sg_catalog *cat, uint64_t k, const sg_kmc_increment *i)
{
    const uint64_t whole[N_WHOLE] = {i->step, i->from, (uint64_t)i->slipped};
    const double real[N_REAL] = {i->lost, i->moved};
    unsigned char bytes[SIZE], count[8];
    char name[40];

    for (int q = 0; q < N_WHOLE; q++)
        sg_put_u64(bytes + 8 * q, whole[q]);
    for (int q = 0; q < N_REAL; q++)
        sg_put_f64(bytes + 8 * (N_WHOLE + q), real[q]);
    name_of(k, name);
    sg_put_u64(count, k + 1);
    const sg_status st = sg_catalog_put_meta(cat, name, bytes, sizeof bytes);
    return st == SG_OK ? sg_catalog_put_meta(cat, count_name, count, sizeof count) : st;
}

/* A record of meta of the size expected. */
static sg_status get(sg_catalog *cat, const char *name, unsigned char *out, size_t size)
{
    void *bytes = NULL;
    size_t n = 0;
    sg_status st = sg_catalog_get_meta(cat, name, &bytes, &n);

    if (st == SG_OK && n != size) st = sg_fail(SG_ECORRUPT, "%s: %zu bytes, expected %zu", name, n, size);
    if (st == SG_OK) memcpy(out, bytes, size);
    sg_free(bytes);
    return st;
}

sg_status sg_kmc_n_increments(sg_catalog *cat, uint64_t *n)
{
    unsigned char bytes[8] = {0};
    const sg_status st = get(cat, count_name, bytes, sizeof bytes);

    *n = sg_get_u64(bytes);
    return st == SG_ENOTFOUND ? SG_OK : st;
}

sg_status sg_kmc_get_increment(sg_catalog *cat, uint64_t k, sg_kmc_increment *out)
{
    unsigned char bytes[SIZE] = {0};
    char name[40];

    name_of(k, name);
    const sg_status st = get(cat, name, bytes, sizeof bytes);
    *out = (sg_kmc_increment){.step = sg_get_u64(bytes),
                              .from = sg_get_u64(bytes + 8),
                              .slipped = sg_get_u64(bytes + 16) != 0,
                              .lost = sg_get_f64(bytes + 24),
                              .moved = sg_get_f64(bytes + 32)};
    return st;
}
