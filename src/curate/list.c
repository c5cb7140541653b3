/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generic events as rows, and the one that a few hexadecimal digits mean. */
#include "slowglass/curate.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct rows {
    sg_curate_row *row;
    size_t n, capacity;
    int out_of_memory;
} rows;

typedef struct prefix {
    char text[17]; /* lower case, no 0x */
    size_t length;
    int matches;
    uint64_t id[2];
} prefix;

static int take_row(void *arg, const void *record);
static int by_barrier(const void *a, const void *b);
static int by_key(const void *a, const void *b);
static int match(void *arg, const void *record);

uint32_t sg_curate_centre(const sg_cat_event *event)
{
    uint32_t best = 0;
    double least = INFINITY;

    for (uint32_t k = 0; k < event->n_shell; k++) {
        const double x = (double)event->x[k][0], y = (double)event->x[k][1], z = (double)event->x[k][2];
        const double r2 = x * x + y * y + z * z;
        if (r2 < least) least = r2, best = k;
    }
    return best;
}

static int take_row(void *arg, const void *record)
{
    rows *r = arg;
    const sg_cat_event *e = record;

    if (sg_grow((void **)&r->row, &r->capacity, r->n + 1, sizeof *r->row)) return r->out_of_memory = 1;
    r->row[r->n++] = (sg_curate_row){.id = e->id,
                                     .key = e->key,
                                     .barrier = e->barrier,
                                     .barrier_back = e->barrier_back,
                                     .energy = e->barrier - e->barrier_back,
                                     .participation = e->participation,
                                     .gamma = e->gamma,
                                     .n = e->n,
                                     .found = e->found,
                                     .sampler = e->sampler,
                                     .centre = e->n > 0 ? e->number[sg_curate_centre(e)] : 0};
    return 0;
}

static int compare_ids(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_barrier(const void *a, const void *b)
{
    const sg_curate_row *x = a, *y = b;

    if (isnan(x->barrier) != isnan(y->barrier)) return isnan(x->barrier) ? 1 : -1;
    if (x->barrier < y->barrier) return -1;
    if (x->barrier > y->barrier) return 1;
    return compare_ids(x->id, y->id);
}

static int by_key(const void *a, const void *b)
{
    const sg_curate_row *x = a, *y = b;
    return x->key != y->key ? compare_ids(x->key, y->key) : compare_ids(x->id, y->id);
}

sg_status sg_curate_list(sg_catalog *cat, sg_curate_order order, sg_curate_row **out, size_t *n)
{
    rows r = {0};

    *out = NULL;
    *n = 0;
    sg_status st = sg_catalog_each(cat, SG_DB_EVENTS, take_row, &r);
    if (st == SG_OK && r.out_of_memory) st = sg_fail(SG_ENOMEM, "list of events");
    if (st == SG_OK && !r.row && !(r.row = sg_calloc(1, sizeof *r.row)))
        st = sg_fail(SG_ENOMEM, "list of events");
    if (st != SG_OK) {
        sg_free(r.row);
        return st;
    }
    qsort(r.row, r.n, sizeof *r.row, order == SG_CURATE_BY_KEY ? by_key : by_barrier);
    *out = r.row;
    *n = r.n;
    return SG_OK;
}

/* ---- by the first digits of the id ---- */

static int match(void *arg, const void *record)
{
    prefix *p = arg;
    const uint64_t id = ((const sg_cat_event *)record)->id;
    char text[17];

    snprintf(text, sizeof text, "%016" PRIx64, id);
    if (memcmp(text, p->text, p->length) == 0) p->id[p->matches++] = id;
    return p->matches == 2;
}

static sg_status read_digits(const char *text, prefix *p)
{
    const char *digits = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? text + 2 : text;

    p->length = strlen(digits);
    if (p->length < 1 || p->length > 16 || strspn(digits, "0123456789abcdefABCDEF") != p->length)
        return sg_fail(SG_EINVAL, "event id '%s', need 1 to 16 hexadecimal digits", text);
    for (size_t k = 0; k < p->length; k++)
        p->text[k] = (char)tolower((unsigned char)digits[k]);
    return SG_OK;
}

sg_status sg_curate_find_event(sg_catalog *cat, const char *text, uint64_t *id)
{
    prefix p = {.length = 0};

    *id = 0;
    sg_status st = read_digits(text, &p);
    if (st != SG_OK) return st;
    if (p.length == 16) { /* a whole id needs no search, and a damaged record is then reported as such */
        *id = strtoull(p.text, NULL, 16);
        return SG_OK;
    }
    if ((st = sg_catalog_each(cat, SG_DB_EVENTS, match, &p)) != SG_OK) return st;
    if (p.matches == 0) return sg_fail(SG_ENOTFOUND, "no event begins with %s", p.text);
    if (p.matches > 1)
        return sg_fail(SG_EINVAL, "several events begin with %s: %016" PRIx64 ", %016" PRIx64 ", ..", p.text,
                       p.id[0], p.id[1]);
    *id = p.id[0];
    return SG_OK;
}
