/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The estimate of what a table lacks: explore/completeness.h has the idea, missing.c the formula; here are
 * the counts it is fed with.
 *
 * Counted are the draws of the state in hand (by kinds: equivalent events of a crystal, places of one generic
 * event walked the same way, are one kind), and when its table is closed they join the sum over the run's
 * recent tables. Both are stored with every batch, so a resumed run estimates as if it had not stopped. A
 * table without a parent (the start, searched from every atom) does not join: its completeness is its own.
 * Ways that flicker, low from both sides, are left out of numbers and rates: a basin takes them in, and no
 * time passes by them. */
#include "explore_internal.h"

#include <math.h>
#include <string.h>

static const double memory = 1.0 - 1.0 / 128; /* weight of a table one table ago */

/* --- counts of the state in hand --- */

void completeness_begin(sg_explorer *ex, uint64_t state)
{
    ex->completeness.state = state;
    ex->completeness.n = 0;
    ex->completeness.n_draws = 0;
}

void completeness_clear(sg_explorer *ex)
{
    sg_free(ex->completeness.finding);
    memset(&ex->completeness, 0, sizeof ex->completeness);
}

/* Places of one generic event, walked from the state in hand, are one kind; else every edge is its own. */
static uint64_t kind_of(const sg_explorer *ex, uint64_t edge)
{
    const sg_cat_edge *e = &ex->edge[edge - 1];
    return e->event != 0 && e->from == ex->completeness.state ? e->event : edge;
}

static int bin_of(double barrier)
{
    const double bin = barrier / sg_stock_bin_width;
    return bin >= 0 && bin < SG_STOCK_BINS ? (int)bin : -1;
}

sg_status completeness_count(sg_explorer *ex, uint64_t edge, double barrier, int is_draw, int is_new)
{
    completeness *c = &ex->completeness;
    size_t k = 0;

    c->n_draws += is_draw != 0;
    if (edge == 0) return SG_OK;
    const uint64_t kind = kind_of(ex, edge);
    if (!in_window(ex, barrier) || bin_of(barrier) < 0) return SG_OK;
    while (k < c->n && c->finding[k].kind != kind)
        k++;
    if (k == c->n) {
        if (sg_grow((void **)&c->finding, &c->capacity, c->n + 1, sizeof *c->finding) != 0)
            return sg_fail(SG_ENOMEM, "%zu findings", c->n + 1);
        c->finding[c->n++] = (finding){.kind = kind, .barrier = barrier, .is_new = is_new != 0};
    }
    if (is_draw)
        c->finding[k].draws++;
    else
        c->finding[k].others++;
    return SG_OK;
}

static int flickers(const sg_explorer *ex, const sg_cat_entry *entry)
{
    const sg_cat_edge *e = &ex->edge[entry->edge - 1];
    return e->barrier < ex->opt.flicker && e->barrier_back < ex->opt.flicker;
}

/* How the kind of an entry is known; 0 if an entry before it is of the same kind. */
static int find_out(const sg_explorer *ex, const sg_cat_table *t, uint32_t k, int *otherwise, uint32_t *draws)
{
    const completeness *c = &ex->completeness;
    const uint64_t kind = kind_of(ex, t->entry[k].edge);

    for (uint32_t j = 0; j < k; j++)
        if (kind_of(ex, t->entry[j].edge) == kind && !flickers(ex, &t->entry[j])) return 0;
    *otherwise = 1;
    *draws = 0;
    for (size_t j = 0; c->state == t->state && j < c->n; j++) {
        const finding *f = &c->finding[j];
        if (f->kind != kind) continue;
        *otherwise = !f->is_new || f->others > 0;
        *draws = f->draws < SG_STOCK_DRAWS ? f->draws : SG_STOCK_DRAWS - 1;
    }
    return 1;
}

/* What a table holds, and if it is the one in hand how that was found. The rate is returned. */
static double take_stock(const sg_explorer *ex, const sg_cat_table *t, sg_stock *out)
{
    double sum = 0;
    uint32_t draws;
    int otherwise;

    memset(out, 0, sizeof *out);
    out->tables = 1;
    if (ex->completeness.state == t->state) out->searches = (double)ex->completeness.n_draws;
    for (uint32_t k = 0; k < t->n_entries; k++) {
        const sg_cat_entry *entry = &t->entry[k];
        const int b = bin_of(entry->barrier);
        if (b < 0 || !in_window(ex, entry->barrier) || flickers(ex, entry)) continue;
        out->number[b]++;
        if (find_out(ex, t, k, &otherwise, &draws)) out->kind[b][otherwise][draws]++;
        sum += sg_explorer_rate(ex, t->state, entry);
    }
    return sum;
}

static sg_missing estimate(const sg_explorer *ex, const sg_cat_table *t, sg_stock *own)
{
    const sg_rating rating = {.kt = SG_KB * ex->opt.temperature,
                              .prefactor = ex->opt.prefactor,
                              .top = ex->opt.barrier_max > 0 ? ex->opt.barrier_max : INFINITY,
                              .known = take_stock(ex, t, own)};
    return sg_missing_estimate(own, &ex->completeness.recent, &rating);
}

double completeness_share(const sg_explorer *ex, const sg_cat_table *t)
{
    sg_stock own;
    return estimate(ex, t, &own).share;
}

void completeness_close(sg_explorer *ex, sg_cat_table *t, int joins)
{
    completeness *c = &ex->completeness;
    sg_stock own, before = c->recent;

    c->closed = estimate(ex, t, &own);
    t->rate_missing = c->closed.rate;
    memset(t->f1, 0, sizeof t->f1);
    memset(t->f2, 0, sizeof t->f2);
    for (size_t k = 0; k < c->n; k++) {
        const finding *f = &c->finding[k];
        t->f1[bin_of(f->barrier)] += f->draws + f->others == 1;
        t->f2[bin_of(f->barrier)] += f->draws + f->others == 2;
    }
    if (!joins) return;
    memset(&c->recent, 0, sizeof c->recent);
    sg_stock_add(&c->recent, &before, memory);
    sg_stock_add(&c->recent, &own, 1);
}

sg_missing sg_explorer_missing(const sg_explorer *ex, uint64_t state)
{
    const sg_missing unknown = {NAN, NAN, NAN, NAN, table_at(ex, state)->rate_missing, NAN};
    return state == ex->completeness.state && table_is_complete(ex, state) ? ex->completeness.closed
                                                                           : unknown;
}

/* --- over a restart: "completeness" in the catalog's meta records, numbers of 64 bits, little-endian: state,
 * draws made, number n of findings, the estimate at the last closing (6), number m of nonzero numbers of the
 * sum over recent tables; m times which one, value; n times kind, barrier, draws, others, whether it was new
 * --- */

enum { N_CLOSED = 6, HEAD = 8 * (4 + N_CLOSED), PAIR = 8 * 2, FINDING = 8 * 5 };

static double *closed_of(sg_missing *m, int k)
{
    double *const all[N_CLOSED] = {&m->number,      &m->known, &m->share,
                                   &m->share_error, &m->rate,  &m->chance_new};
    return all[k];
}

static unsigned char *put_stock(const sg_stock *s, unsigned char *p)
{
    const double *const v = &s->tables;

    for (uint64_t k = 0; k < SG_STOCK_NUMBERS; k++) {
        if (v[k] == 0) continue;
        sg_put_u64(p, k);
        sg_put_f64(p + 8, v[k]);
        p += PAIR;
    }
    return p;
}

static uint64_t count_numbers(const sg_stock *s)
{
    const double *const v = &s->tables;
    uint64_t n = 0;

    for (int k = 0; k < SG_STOCK_NUMBERS; k++)
        n += v[k] != 0;
    return n;
}

sg_status completeness_store(sg_explorer *ex)
{
    completeness *c = &ex->completeness;
    const uint64_t n_numbers = count_numbers(&c->recent);
    const size_t size = HEAD + n_numbers * PAIR + c->n * FINDING;
    unsigned char *bytes = ex->opt.keep_landscape ? sg_calloc(size, 1) : NULL;

    if (!ex->opt.keep_landscape) return SG_OK;
    if (!bytes) return sg_fail(SG_ENOMEM, "findings");
    sg_put_u64(bytes, c->state);
    sg_put_u64(bytes + 8, c->n_draws);
    sg_put_u64(bytes + 16, c->n);
    sg_put_u64(bytes + 24, n_numbers);
    for (int k = 0; k < N_CLOSED; k++)
        sg_put_f64(bytes + 32 + 8 * k, *closed_of(&c->closed, k));
    unsigned char *p = put_stock(&c->recent, bytes + HEAD);
    for (size_t k = 0; k < c->n; k++, p += FINDING) {
        const finding *f = &c->finding[k];
        sg_put_u64(p, f->kind);
        sg_put_f64(p + 8, f->barrier);
        sg_put_u64(p + 16, f->draws);
        sg_put_u64(p + 24, f->others);
        sg_put_u64(p + 32, f->is_new != 0);
    }
    const sg_status st = sg_catalog_put_meta(ex->cat, "completeness", bytes, size);
    sg_free(bytes);
    return st;
}

static sg_status take_record(completeness *c, const unsigned char *bytes, size_t size)
{
    const uint64_t n = size >= HEAD ? sg_get_u64(bytes + 16) : 0,
                   m = size >= HEAD ? sg_get_u64(bytes + 24) : 0;
    const unsigned char *p = bytes + HEAD;

    if (size < HEAD || n > size || m > SG_STOCK_NUMBERS || size != HEAD + m * PAIR + n * FINDING)
        return sg_fail(SG_ECORRUPT, "completeness: %zu bytes", size);
    c->state = sg_get_u64(bytes);
    c->n_draws = sg_get_u64(bytes + 8);
    for (int k = 0; k < N_CLOSED; k++)
        *closed_of(&c->closed, k) = sg_get_f64(bytes + 32 + 8 * k);
    for (uint64_t k = 0; k < m; k++, p += PAIR) {
        if (sg_get_u64(p) >= SG_STOCK_NUMBERS) return sg_fail(SG_ECORRUPT, "completeness: a number of none");
        (&c->recent.tables)[sg_get_u64(p)] = sg_get_f64(p + 8);
    }
    if (sg_grow((void **)&c->finding, &c->capacity, (size_t)n + 1, sizeof *c->finding) != 0)
        return sg_fail(SG_ENOMEM, "findings");
    for (; c->n < n; c->n++, p += FINDING) {
        finding *f = &c->finding[c->n];
        *f = (finding){sg_get_u64(p), sg_get_f64(p + 8), (uint32_t)sg_get_u64(p + 16),
                       (uint32_t)sg_get_u64(p + 24), sg_get_u64(p + 32) != 0};
        if (bin_of(f->barrier) < 0) return sg_fail(SG_ECORRUPT, "completeness: barrier %g eV", f->barrier);
    }
    return SG_OK;
}

sg_status completeness_load(sg_explorer *ex)
{
    void *record = NULL;
    size_t size = 0;
    sg_status st =
        ex->opt.keep_landscape ? sg_catalog_get_meta(ex->cat, "completeness", &record, &size) : SG_ENOTFOUND;

    ex->completeness.state = UINT64_MAX;
    if (st == SG_ENOTFOUND) return SG_OK;
    if (st == SG_OK) st = take_record(&ex->completeness, record, size);
    sg_free(record);
    return st;
}
