/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The estimate of what a table lacks: explore/completeness.h has the idea; here are its formula, and the
 * counts it is fed with.
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

static const double kappa = 1.0;   /* of random pushes in a Cu64Zr36 glass (validation/completeness) */
static const double borrowed = 16; /* draws */
static const double tied = 4;      /* draws: as strong is the tie of a bin to the mean of all bins */
static const double memory = 1.0 - 1.0 / 128; /* weight of a table one table ago */

/* --- the formula --- */

void sg_stock_add(sg_stock *sum, const sg_stock *part, double weight)
{
    sum->tables += weight * part->tables;
    for (int b = 0; b < SG_STOCK_BINS; b++) {
        sum->draws[b] += weight * part->draws[b];
        sum->lone[b] += weight * part->lone[b];
        sum->number[b] += weight * part->number[b];
        sum->rate[b] += weight * part->rate[b];
        sum->square[b] += weight * part->square[b];
    }
}

static double sum_of(const double *a)
{
    double s = 0;
    for (int b = 0; b < SG_STOCK_BINS; b++)
        s += a[b];
    return s;
}

/* Missing events per known one, where a share g of the chances is missing; and how it changes with g. */
static double odds(double g, double *slope)
{
    const double a = kappa / (kappa + 1), share = pow(g, a);
    *slope = a * share / g / ((1 - share) * (1 - share));
    return share / (1 - share);
}

sg_missing sg_missing_estimate(const sg_stock *own, const sg_stock *run)
{
    const double lent = sum_of(run->draws), weight = lent > borrowed ? borrowed / lent : 1;
    const double draws = sum_of(own->draws) + weight * lent,
                 lone = sum_of(own->lone) + weight * sum_of(run->lone);
    const double g = (lone + 0.5) / (draws + 1); /* 1/2, as good as unknown, without any draw */
    const double tables = own->tables + run->tables;
    sg_missing m = {.lone_share = g};
    double scatter = 0, slope_sum = 0;

    for (int b = 0; b < SG_STOCK_BINS; b++) {
        double slope;
        const double here = own->draws[b] + weight * run->draws[b];
        const double g_here = (own->lone[b] + weight * run->lone[b] + tied * g) / (here + tied);
        const double per_known = odds(g_here, &slope);

        if (!(tables > 0)) break;
        m.number += per_known * (own->number[b] + run->number[b]) / tables;
        m.rate += per_known * (own->rate[b] + run->rate[b]) / tables;
        scatter += per_known * (own->square[b] + run->square[b]) / tables;
        slope_sum += slope * (own->rate[b] + run->rate[b]) / tables;
    }
    m.rate_error = sqrt(scatter + slope_sum * slope_sum * g * (1 - g) / (draws + 2));
    return m;
}

/* --- counts of the state in hand --- */

void completeness_begin(sg_explorer *ex, uint64_t state)
{
    ex->completeness.state = state;
    ex->completeness.n = 0;
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
    const int bin = (int)(barrier / sg_stock_bin_width);
    return barrier >= 0 && bin < SG_STOCK_BINS ? bin : -1;
}

sg_status completeness_count(sg_explorer *ex, uint64_t edge, double barrier, int is_draw, int is_new)
{
    completeness *c = &ex->completeness;
    const uint64_t kind = kind_of(ex, edge);
    size_t k = 0;

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

static void add_findings(const completeness *c, sg_stock *out)
{
    for (size_t k = 0; k < c->n; k++) {
        const finding *f = &c->finding[k];
        const int b = bin_of(f->barrier);
        out->draws[b] += f->draws;
        out->lone[b] += f->is_new && f->draws == 1 && f->others == 0;
    }
}

static int flickers(const sg_explorer *ex, const sg_cat_entry *entry)
{
    const sg_cat_edge *e = &ex->edge[entry->edge - 1];
    return e->barrier < ex->opt.flicker && e->barrier_back < ex->opt.flicker;
}

/* What a table holds; with the draws, if it is the one in hand. */
static double take_stock(const sg_explorer *ex, const sg_cat_table *t, sg_stock *out)
{
    double sum = 0;

    memset(out, 0, sizeof *out);
    out->tables = 1;
    for (uint32_t k = 0; k < t->n_entries; k++) {
        const sg_cat_entry *entry = &t->entry[k];
        const double rate = sg_explorer_rate(ex, t->state, entry);
        const int b = bin_of(entry->barrier);
        if (b < 0 || !in_window(ex, entry->barrier) || flickers(ex, entry)) continue;
        out->number[b]++;
        out->rate[b] += rate;
        out->square[b] += rate * rate;
        sum += rate;
    }
    if (ex->completeness.state == t->state) add_findings(&ex->completeness, out);
    return sum;
}

double completeness_share(const sg_explorer *ex, const sg_cat_table *t)
{
    sg_stock own;
    const double known = take_stock(ex, t, &own);
    const double missing = sg_missing_estimate(&own, &ex->completeness.recent).rate;
    return known + missing > 0 ? missing / (known + missing) : 1;
}

void completeness_close(sg_explorer *ex, sg_cat_table *t, int joins)
{
    completeness *c = &ex->completeness;
    sg_stock own, before = c->recent;

    const double known = take_stock(ex, t, &own);
    c->closed = sg_missing_estimate(&own, &c->recent);
    c->closed.known = known;
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
    const sg_missing unknown = {NAN, NAN, ex->table[state]->rate_missing, NAN, NAN};
    return state == ex->completeness.state && table_is_complete(ex, state) ? ex->completeness.closed
                                                                           : unknown;
}

/* --- over a restart: "completeness" in the catalog's meta records, numbers of 64 bits, little-endian: state,
 * number n of findings, the estimate at the last closing (5), the sum over recent tables (1 + 5 x 64), n
 * times kind, barrier, draws, others, whether it was new --- */

enum { N_HEAD = 6, N_REAL = N_HEAD + 5 * SG_STOCK_BINS, HEAD = 8 * (2 + N_REAL), FINDING = 8 * 5 };

static void put_real(unsigned char *p, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    put64(p, bits);
}

static double get_real(const unsigned char *p)
{
    const uint64_t bits = get64(p);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double *real_of(completeness *c, int k)
{
    sg_stock *s = &c->recent;
    double *const head[] = {&c->closed.number,     &c->closed.known,      &c->closed.rate,
                            &c->closed.rate_error, &c->closed.lone_share, &s->tables};
    double *const bins[] = {s->draws, s->lone, s->number, s->rate, s->square};
    return k < N_HEAD ? head[k] : &bins[(k - N_HEAD) / SG_STOCK_BINS][(k - N_HEAD) % SG_STOCK_BINS];
}

sg_status completeness_store(sg_explorer *ex)
{
    completeness *c = &ex->completeness;
    const size_t size = HEAD + c->n * FINDING;
    unsigned char *bytes = ex->opt.keep_landscape ? sg_calloc(size, 1) : NULL;

    if (!ex->opt.keep_landscape) return SG_OK;
    if (!bytes) return sg_fail(SG_ENOMEM, "findings");
    put64(bytes, c->state);
    put64(bytes + 8, c->n);
    for (int k = 0; k < N_REAL; k++)
        put_real(bytes + 16 + 8 * k, *real_of(c, k));
    for (size_t k = 0; k < c->n; k++) {
        unsigned char *p = bytes + HEAD + k * FINDING;
        const finding *f = &c->finding[k];
        put64(p, f->kind);
        put_real(p + 8, f->barrier);
        put64(p + 16, f->draws);
        put64(p + 24, f->others);
        put64(p + 32, f->is_new != 0);
    }
    const sg_status st = sg_catalog_put_meta(ex->cat, "completeness", bytes, size);
    sg_free(bytes);
    return st;
}

sg_status completeness_load(sg_explorer *ex)
{
    completeness *c = &ex->completeness;
    void *record = NULL;
    size_t size = 0;
    sg_status st =
        ex->opt.keep_landscape ? sg_catalog_get_meta(ex->cat, "completeness", &record, &size) : SG_ENOTFOUND;

    c->state = UINT64_MAX;
    if (st == SG_ENOTFOUND) return SG_OK;
    if (st != SG_OK) return st;
    const unsigned char *bytes = record;
    if (size < HEAD || (size - HEAD) % FINDING != 0 || get64(bytes + 8) != (size - HEAD) / FINDING) {
        st = sg_fail(SG_ECORRUPT, "completeness: %zu bytes", size);
        goto done;
    }
    c->state = get64(bytes);
    c->n = (size - HEAD) / FINDING;
    for (int k = 0; k < N_REAL; k++)
        *real_of(c, k) = get_real(bytes + 16 + 8 * k);
    if (sg_grow((void **)&c->finding, &c->capacity, c->n + 1, sizeof *c->finding) != 0) {
        st = sg_fail(SG_ENOMEM, "findings");
        goto done;
    }
    for (size_t k = 0; k < c->n && st == SG_OK; k++) {
        const unsigned char *p = bytes + HEAD + k * FINDING;
        finding *f = &c->finding[k];
        *f = (finding){get64(p), get_real(p + 8), (uint32_t)get64(p + 16), (uint32_t)get64(p + 24),
                       get64(p + 32) != 0};
        if (bin_of(f->barrier) < 0) st = sg_fail(SG_ECORRUPT, "completeness: barrier %g eV", f->barrier);
    }
done:
    sg_free(record);
    return st;
}
