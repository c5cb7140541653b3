/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of the file: little-endian, written and read one number at a time, floats by their bit patterns.
 *
 * Every function works in both directions, so that a record's layout is stated once and cannot differ between
 * writing and reading. Invariant: a decoder never touches a byte beyond `left` and never allocates more than
 * is there. */
#include "catalog_internal.h"

#include <assert.h>
#include <string.h>

static unsigned char *room(sg_codec *c, size_t n);
static const unsigned char *take(sg_codec *c, size_t n);

void sg_store_le32(unsigned char out[4], uint32_t v)
{
    for (int k = 0; k < 4; k++)
        out[k] = (unsigned char)(v >> (8 * k));
}

void sg_store_le64(unsigned char out[8], uint64_t v)
{
    for (int k = 0; k < 8; k++)
        out[k] = (unsigned char)(v >> (8 * k));
}

void sg_store_be64(unsigned char out[8], uint64_t v)
{
    for (int k = 0; k < 8; k++)
        out[k] = (unsigned char)(v >> (56 - 8 * k));
}

uint32_t sg_load_le32(const unsigned char in[4])
{
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

uint64_t sg_load_le64(const unsigned char in[8])
{
    return (uint64_t)sg_load_le32(in) | (uint64_t)sg_load_le32(in + 4) << 32;
}

uint64_t sg_load_be64(const unsigned char in[8])
{
    uint64_t v = 0;
    for (int k = 0; k < 8; k++)
        v = v << 8 | in[k];
    return v;
}

/* n bytes at the end of the output, NULL after a failure */
static unsigned char *room(sg_codec *c, size_t n)
{
    if (c->status != SG_OK) return NULL;
    if (n > SIZE_MAX - c->n || sg_grow((void **)&c->bytes, &c->capacity, c->n + n, 1)) {
        c->status = SG_ENOMEM;
        c->why = "memory for the encoded record";
        return NULL;
    }
    c->n += n;
    return c->bytes + (c->n - n);
}

/* the next n bytes of the input, NULL after a failure */
static const unsigned char *take(sg_codec *c, size_t n)
{
    if (!sg_codec_has(c, n, 1)) return NULL;
    const unsigned char *p = c->in;
    c->in += n;
    c->left -= n;
    return p;
}

int sg_codec_has(sg_codec *c, uint64_t n, size_t size)
{
    if (c->status != SG_OK) return 0;
    if (!c->decoding || size == 0 || n <= c->left / size) return 1;
    c->status = SG_ECORRUPT;
    c->why = "ends before its fields do";
    return 0;
}

void sg_codec_require(sg_codec *c, int good, const char *why)
{
    if (c->status != SG_OK || !c->decoding || good) return;
    c->status = SG_ECORRUPT;
    c->why = why;
}

void sg_codec_u8(sg_codec *c, uint8_t *v)
{
    if (c->decoding) {
        const unsigned char *p = take(c, 1);
        if (p) *v = *p;
    } else {
        unsigned char *p = room(c, 1);
        if (p) *p = *v;
    }
}

void sg_codec_u32(sg_codec *c, uint32_t *v)
{
    sg_codec_u32_fixed(c, v, 1);
}

void sg_codec_u32_fixed(sg_codec *c, uint32_t *v, size_t n)
{
    if (c->decoding) {
        const unsigned char *p = take(c, 4 * n);
        if (!p) return;
        for (size_t k = 0; k < n; k++)
            v[k] = sg_load_le32(p + 4 * k);
    } else {
        unsigned char *p = room(c, 4 * n);
        if (!p) return;
        for (size_t k = 0; k < n; k++)
            sg_store_le32(p + 4 * k, v[k]);
    }
}

static void u64_fixed(sg_codec *c, uint64_t *v, size_t n)
{
    if (c->decoding) {
        const unsigned char *p = take(c, 8 * n);
        if (!p) return;
        for (size_t k = 0; k < n; k++)
            v[k] = sg_load_le64(p + 8 * k);
    } else {
        unsigned char *p = room(c, 8 * n);
        if (!p) return;
        for (size_t k = 0; k < n; k++)
            sg_store_le64(p + 8 * k, v[k]);
    }
}

void sg_codec_u64(sg_codec *c, uint64_t *v)
{
    u64_fixed(c, v, 1);
}

void sg_codec_f64(sg_codec *c, double *v)
{
    sg_codec_f64_fixed(c, v, 1);
}

void sg_codec_f64_fixed(sg_codec *c, double *v, size_t n)
{
    uint64_t bits;

    if (c->decoding) {
        const unsigned char *p = take(c, 8 * n);
        if (!p) return;
        for (size_t k = 0; k < n; k++) {
            bits = sg_load_le64(p + 8 * k);
            memcpy(&v[k], &bits, 8);
        }
    } else {
        unsigned char *p = room(c, 8 * n);
        if (!p) return;
        for (size_t k = 0; k < n; k++) {
            memcpy(&bits, &v[k], 8);
            sg_store_le64(p + 8 * k, bits);
        }
    }
}

static void f32_fixed(sg_codec *c, float *v, size_t n)
{
    uint32_t bits;

    if (c->decoding) {
        const unsigned char *p = take(c, 4 * n);
        if (!p) return;
        for (size_t k = 0; k < n; k++) {
            bits = sg_load_le32(p + 4 * k);
            memcpy(&v[k], &bits, 4);
        }
    } else {
        unsigned char *p = room(c, 4 * n);
        if (!p) return;
        for (size_t k = 0; k < n; k++) {
            memcpy(&bits, &v[k], 4);
            sg_store_le32(p + 4 * k, bits);
        }
    }
}

void sg_codec_append(sg_codec *c, const void *bytes, size_t n)
{
    unsigned char *p = room(c, n);
    if (p && n) memcpy(p, bytes, n);
}

void sg_codec_bytes_fixed(sg_codec *c, void *v, size_t n)
{
    if (c->decoding) {
        const unsigned char *p = take(c, n);
        if (p && n) memcpy(v, p, n);
    } else {
        sg_codec_append(c, v, n);
    }
}

void *sg_codec_array(sg_codec *c, uint64_t n, size_t bytes, size_t size)
{
    if (!sg_codec_has(c, n, bytes)) return NULL;
    void *p = sg_calloc((size_t)n, size);
    if (!p) {
        c->status = SG_ENOMEM;
        c->why = "memory for the decoded record";
    }
    return p;
}

void sg_codec_bytes(sg_codec *c, unsigned char **v, uint64_t n)
{
    assert(c->decoding ? !*v : n == 0 || *v);
    if (c->decoding) *v = sg_codec_array(c, n, 1, 1);
    if (c->status == SG_OK) sg_codec_bytes_fixed(c, *v, (size_t)n);
}

void sg_codec_u32s(sg_codec *c, uint32_t **v, uint64_t n)
{
    assert(c->decoding ? !*v : n == 0 || *v);
    if (c->decoding) *v = sg_codec_array(c, n, 4, sizeof **v);
    if (c->status == SG_OK) sg_codec_u32_fixed(c, *v, (size_t)n);
}

void sg_codec_u64s(sg_codec *c, uint64_t **v, uint64_t n)
{
    assert(c->decoding ? !*v : n == 0 || *v);
    if (c->decoding) *v = sg_codec_array(c, n, 8, sizeof **v);
    if (c->status == SG_OK) u64_fixed(c, *v, (size_t)n);
}

void sg_codec_vectors_f32(sg_codec *c, float (**v)[3], uint64_t n)
{
    assert(c->decoding ? !*v : n == 0 || *v);
    if (c->decoding) *v = sg_codec_array(c, n, 12, sizeof **v);
    if (c->status == SG_OK && n) f32_fixed(c, (*v)[0], 3 * (size_t)n);
}

void sg_codec_vectors_f64(sg_codec *c, double (**v)[3], uint64_t n)
{
    assert(c->decoding ? !*v : n == 0 || *v);
    if (c->decoding) *v = sg_codec_array(c, n, 24, sizeof **v);
    if (c->status == SG_OK && n) sg_codec_f64_fixed(c, (*v)[0], 3 * (size_t)n);
}
