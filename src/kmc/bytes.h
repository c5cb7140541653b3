/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in the walk's own records: eight bytes each, little-endian. */
#ifndef KMC_BYTES_H
#define KMC_BYTES_H

#include <stdint.h>
#include <string.h>

static inline void put_number(unsigned char *p, uint64_t v)
{
    for (int k = 0; k < 8; k++)
        p[k] = (unsigned char)(v >> (8 * k));
}

static inline uint64_t get_number(const unsigned char *p)
{
    uint64_t v = 0;
    for (int k = 7; k >= 0; k--)
        v = v << 8 | p[k];
    return v;
}

static inline void put_real(unsigned char *p, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put_number(p, bits);
}

static inline double get_real(const unsigned char *p)
{
    const uint64_t bits = get_number(p);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

#endif
