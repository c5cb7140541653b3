/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generic events as rows, and the one that a few hexadecimal digits mean. */
#include "slowglass/curate.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { least_cut = 1024 }; /* rows that are collected before the surplus goes for the first time */

typedef int comparison(const void *a, const void *b);

typedef struct rows {
    sg_curate_row *row;
    size_t n, capacity, limit;
    uint64_t n_passed;
    comparison *compare;
    int out_of_memory;
} rows;

typedef struct found_ids {
    uint64_t high, id[2];
    int n;
} found_ids;

static void cut(rows *r);
static int take_row(void *arg, const void *record);
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

static const char *const order_texts[SG_CURATE_ORDERS] = {
    [SG_CURATE_BY_BARRIER] = "barrier", [SG_CURATE_BY_BACK] = "back",
    [SG_CURATE_BY_ENERGY] = "dE",       [SG_CURATE_BY_FOUND] = "found",
    [SG_CURATE_BY_KEY] = "key",         [SG_CURATE_BY_PARTICIPATION] = "participation"};

const char *sg_curate_order_text(sg_curate_order order)
{
    return order_texts[order];
}

static int take_row(void *arg, const void *record)
{
    rows *r = arg;
    const sg_cat_event *e = record;

    r->n_passed++;
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
    if (r->limit > 0 && r->n >= 2 * r->limit && r->n >= least_cut) cut(r);
    return 0;
}

/* ---- orders ---- */

static int compare_ids(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_numbers(double a, double b)
{
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

#define ORDER(name, member)                                                                                  \
    static int name(const void *a, const void *b)                                                            \
    {                                                                                                        \
        const sg_curate_row *x = a, *y = b;                                                                  \
        const int c = compare_numbers(x->member, y->member);                                                 \
        return c ? c : compare_ids(x->id, y->id);                                                            \
    }                                                                                                        \
    static int name##_descending(const void *a, const void *b)                                               \
    {                                                                                                        \
        const sg_curate_row *x = a, *y = b;                                                                  \
        const int c = compare_numbers(-(double)x->member, -(double)y->member);                               \
        return c ? c : compare_ids(x->id, y->id);                                                            \
    }
ORDER(by_barrier, barrier)
ORDER(by_back, barrier_back)
ORDER(by_energy, energy)
ORDER(by_found, found)
ORDER(by_participation, participation)

static int by_key(const void *a, const void *b)
{
    const sg_curate_row *x = a, *y = b;
    return x->key != y->key ? compare_ids(x->key, y->key) : compare_ids(x->id, y->id);
}

static int by_key_descending(const void *a, const void *b)
{
    const sg_curate_row *x = a, *y = b;
    return x->key != y->key ? compare_ids(y->key, x->key) : compare_ids(x->id, y->id);
}

static comparison *const comparisons[SG_CURATE_ORDERS][2] = {
    [SG_CURATE_BY_BARRIER] = {by_barrier, by_barrier_descending},
    [SG_CURATE_BY_BACK] = {by_back, by_back_descending},
    [SG_CURATE_BY_ENERGY] = {by_energy, by_energy_descending},
    [SG_CURATE_BY_FOUND] = {by_found, by_found_descending},
    [SG_CURATE_BY_KEY] = {by_key, by_key_descending},
    [SG_CURATE_BY_PARTICIPATION] = {by_participation, by_participation_descending}};

/* Put in order, and keep the first ones. */
static void cut(rows *r)
{
    if (r->n > 1) qsort(r->row, r->n, sizeof *r->row, r->compare);
    if (r->limit > 0 && r->n > r->limit) r->n = r->limit;
}

sg_status sg_curate_list(sg_catalog *cat, const sg_curate_filter *filter, sg_curate_order order,
                         int descending, size_t limit, sg_curate_row **out, size_t *n, uint64_t *n_passed)
{
    rows r = {.limit = limit, .compare = comparisons[order][descending != 0]};

    *out = NULL;
    *n = 0;
    sg_status st = sg_curate_each(cat, filter, take_row, &r);
    if (st == SG_OK && r.out_of_memory) st = sg_fail(SG_ENOMEM, "list of events");
    if (st == SG_OK && !r.row && !(r.row = sg_calloc(1, sizeof *r.row)))
        st = sg_fail(SG_ENOMEM, "list of events");
    if (st != SG_OK) {
        sg_free(r.row);
        return st;
    }
    cut(&r);
    *out = r.row;
    *n = r.n;
    if (n_passed) *n_passed = r.n_passed;
    return SG_OK;
}

/* ---- by the first digits of the id ---- */

static int match(void *arg, const void *record)
{
    found_ids *f = arg;
    const uint64_t id = ((const sg_cat_event *)record)->id;

    if (id > f->high) return 1;
    f->id[f->n++] = id;
    return f->n == 2;
}

sg_status sg_curate_find_event(sg_catalog *cat, const char *text, uint64_t *id)
{
    found_ids f = {0};
    uint64_t low = 0;

    *id = 0;
    sg_status st = sg_curate_read_prefix("event id", text, &low, &f.high);
    if (st != SG_OK) return st;
    if (low == f.high) { /* a whole id needs no search, and a damaged record is then reported as such */
        *id = low;
        return SG_OK;
    }
    if ((st = sg_catalog_each_from(cat, SG_DB_EVENTS, low, match, &f)) != SG_OK) return st;
    if (f.n == 0) return sg_fail(SG_ENOTFOUND, "no event begins with %s", text);
    if (f.n > 1)
        return sg_fail(SG_EINVAL, "several events begin with %s: %016" PRIx64 ", %016" PRIx64 ", ..", text,
                       f.id[0], f.id[1]);
    *id = f.id[0];
    return SG_OK;
}
