/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in records of a run's own: eight bytes each, little-endian. */
#ifndef SLOWGLASS_CORE_BYTES_H
#define SLOWGLASS_CORE_BYTES_H

#include <stdint.h>
#include <string.h>

static inline void sg_put_u64(unsigned char *p, uint64_t v)
{
    for (int k = 0; k < 8; k++)
        p[k] = (unsigned char)(v >> (8 * k));
}

static inline uint64_t sg_get_u64(const unsigned char *p)
{
    uint64_t v = 0;
    for (int k = 7; k >= 0; k--)
        v = v << 8 | p[k];
    return v;
}

static inline void sg_put_f64(unsigned char *p, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    sg_put_u64(p, bits);
}

static inline double sg_get_f64(const unsigned char *p)
{
    const uint64_t bits = sg_get_u64(p);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
