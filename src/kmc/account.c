/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The account of a step as bytes, under the name "reuse <step>" of the catalog's meta records: ten whole
 * numbers of 64 bits, then twelve of 64-bit floating point, little-endian; in earlier runs
 * nine and eleven, without the detours, or eight and five, without what the table lacked. "reuse" alone: how
 * many rows of searches have been accounted for. */
#include "kmc_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char rows_name[] = "reuse";

enum { N_WHOLE = 10, N_REAL = 12, ACCOUNT_SIZE = 8 * (N_WHOLE + N_REAL) };

static const struct layout {
    int whole, real;
} layouts[] = {{N_WHOLE, N_REAL}, {9, 11}, {8, 5}};

static const struct layout *layout_of(size_t n_bytes)
{
    for (size_t k = 0; k < sizeof layouts / sizeof *layouts; k++)
        if (n_bytes == 8 * (size_t)(layouts[k].whole + layouts[k].real)) return &layouts[k];
    return NULL;
}

static void name_of(uint64_t step, char name[40])
{
    snprintf(name, 40, "reuse %" PRIu64, step);
}

static void encode(const sg_reuse *r, unsigned char *bytes)
{
    const sg_sources *s = &r->sources;
    const uint64_t whole[N_WHOLE] = {
        r->state,       (uint64_t)r->made, s->number[0], s->number[1],           s->number[2],
        s->n_predicted, r->first_row,      r->end_row,   (uint64_t)r->confident, s->number[SG_SOURCE_DETOUR]};
    const sg_missing *m = &r->missing;
    const double real[N_REAL] = {s->rate[0],     s->rate[1], s->rate[2],    s->rate_predicted,
                                 s->rate_error,  m->number,  m->known,      m->share,
                                 m->share_error, m->rate,    m->chance_new, s->rate[SG_SOURCE_DETOUR]};

    for (int k = 0; k < N_WHOLE; k++)
        sg_put_u64(bytes + 8 * k, whole[k]);
    for (int k = 0; k < N_REAL; k++)
        sg_put_f64(bytes + 8 * (N_WHOLE + k), real[k]);
}

static void decode(const unsigned char *bytes, const struct layout *of, sg_reuse *r)
{
    uint64_t whole[N_WHOLE] = {0};
    double real[N_REAL];

    for (int k = 0; k < of->whole; k++)
        whole[k] = sg_get_u64(bytes + 8 * k);
    for (int k = 0; k < N_REAL; k++)
        real[k] = k < of->real ? sg_get_f64(bytes + 8 * (of->whole + k)) : NAN;
    r->state = whole[0];
    r->made = whole[1] != 0;
    for (int k = 0; k < 3; k++) {
        r->sources.number[k] = (uint32_t)whole[2 + k];
        r->sources.rate[k] = real[k];
    }
    r->sources.n_predicted = (uint32_t)whole[5];
    r->first_row = whole[6];
    r->end_row = whole[7];
    r->confident = whole[8] != 0;
    r->sources.rate_predicted = real[3];
    r->sources.rate_error = real[4];
    r->missing = (sg_missing){real[5], real[6], real[7], real[8], real[9], real[10]};
    r->sources.number[SG_SOURCE_DETOUR] = (uint32_t)whole[9];
    r->sources.rate[SG_SOURCE_DETOUR] = of->real == N_REAL ? real[11] : 0;
}

sg_status account_put(sg_catalog *cat, const sg_reuse *r)
{
    unsigned char bytes[ACCOUNT_SIZE], rows[8];
    char name[40];

    name_of(r->step, name);
    encode(r, bytes);
    const sg_status st = sg_catalog_put_meta(cat, name, bytes, sizeof bytes);
    sg_put_u64(rows, r->end_row);
    return st == SG_OK ? sg_catalog_put_meta(cat, rows_name, rows, sizeof rows) : st;
}

sg_status account_rows(sg_catalog *cat, uint64_t *rows)
{
    void *bytes = NULL;
    size_t n = 0;
    sg_status st = sg_catalog_get_meta(cat, rows_name, &bytes, &n);

    *rows = 0;
    if (st == SG_ENOTFOUND) return SG_OK;
    if (st == SG_OK && n != 8) st = sg_fail(SG_ECORRUPT, "accounts: %zu bytes, expected 8", n);
    if (st == SG_OK) *rows = sg_get_u64(bytes);
    sg_free(bytes);
    return st;
}

sg_status sg_kmc_reuse(sg_catalog *cat, uint64_t step, sg_reuse *out)
{
    char name[40];
    void *bytes = NULL;
    size_t n = 0;

    memset(out, 0, sizeof *out);
    name_of(step, name);
    sg_status st = sg_catalog_get_meta(cat, name, &bytes, &n);
    const struct layout *const of = layout_of(n);
    if (st == SG_OK && !of)
        st = sg_fail(SG_ECORRUPT, "account of step %" PRIu64 ": %zu bytes, expected %d", step, n,
                     ACCOUNT_SIZE);
    if (st == SG_OK) {
        decode(bytes, of, out);
        out->step = step;
    }
    sg_free(bytes);
    return st;
}
