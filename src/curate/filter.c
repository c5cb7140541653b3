/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which events: ranges, all inclusive, and the range of numbers that a few hexadecimal digits mean. */
#include "slowglass/curate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct sieve {
    const sg_curate_filter *filter;
    int (*visit)(void *arg, const void *event);
    void *arg;
} sieve;

sg_curate_filter sg_curate_any(void)
{
    return (sg_curate_filter){-INFINITY, INFINITY, -INFINITY, INFINITY, 0, UINT64_MAX, 0, -1};
}

static int in_range(double value, double low, double high)
{
    return (low == -INFINITY && high == INFINITY) || (value >= low && value <= high);
}

int sg_curate_passes(const sg_curate_filter *f, const sg_cat_event *e)
{
    if (!f) return 1;
    if (!in_range(e->barrier, f->barrier_low, f->barrier_high)) return 0;
    if (!in_range(e->gamma, f->gamma_low, f->gamma_high)) return 0;
    if (e->key < f->key_low || e->key > f->key_high) return 0;
    if (f->centre > 0 && (e->n < 1 || e->number[sg_curate_centre(e)] != f->centre)) return 0;
    return f->sampler < 0 || sg_curate_found_by(e, f->sampler) > 0;
}

sg_status sg_curate_read_prefix(const char *what, const char *text, uint64_t *low, uint64_t *high)
{
    const char *digits = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? text + 2 : text;
    const size_t n = strlen(digits);

    *low = *high = 0;
    if (n < 1 || n > 16 || strspn(digits, "0123456789abcdefABCDEF") != n)
        return sg_fail(SG_EINVAL, "%s '%s', need 1 to 16 hexadecimal digits", what, text);
    const int shift = (int)(4 * (16 - n));
    const uint64_t value = strtoull(digits, NULL, 16);
    *low = value << shift;
    *high = *low | (shift ? (UINT64_C(1) << shift) - 1 : 0);
    return SG_OK;
}

static int sift(void *arg, const void *record)
{
    const sieve *s = arg;

    if (sg_interrupt_requested()) return 1;
    return sg_curate_passes(s->filter, record) ? s->visit(s->arg, record) : 0;
}

sg_status sg_curate_each(sg_catalog *cat, const sg_curate_filter *filter,
                         int (*visit)(void *arg, const void *event), void *arg)
{
    sieve s = {filter, visit, arg};
    const sg_status st = sg_catalog_each(cat, SG_DB_EVENTS, sift, &s);

    return st == SG_OK && sg_interrupt_requested() ? sg_fail(SG_EINTERRUPTED, "interrupted") : st;
}

uint64_t sg_curate_found_by(const sg_cat_event *event, int sampler)
{
    uint64_t n = 0;

    if (sampler < 0 || sampler >= SG_CAT_SAMPLERS) return 0;
    for (uint32_t k = 0; k < event->n_origins; k++)
        n += event->origin[k].by_sampler[sampler];
    return n;
}
