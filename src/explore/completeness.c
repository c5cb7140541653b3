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

static const double fall = 0.3;    /* eV: chances go as exp(-barrier / fall) (validation/completeness) */
static const double borrowed = 16; /* draws */
static const double memory = 1.0 - 1.0 / 128; /* weight of a table one table ago */
static const double most_missing = 1 - 1e-9;  /* share: the rate stays a number */

/* --- the formula --- */

void sg_stock_add(sg_stock *sum, const sg_stock *part, double weight)
{
    sum->tables += weight * part->tables;
    for (int b = 0; b < SG_STOCK_BINS; b++) {
        sum->draws[b] += weight * part->draws[b];
        sum->lone[b] += weight * part->lone[b];
        sum->number[b] += weight * part->number[b];
    }
}

static double sum_of(const double *a)
{
    double s = 0;
    for (int b = 0; b < SG_STOCK_BINS; b++)
        s += a[b];
    return s;
}

static double chance(int bin)
{
    return exp(-(bin + 0.5) * sg_stock_bin_width / fall);
}

/* Effort a with sum of draws / (1 + a chance)^2 = lone: the left side falls with a. */
static double effort(const double *draws, double lone)
{
    double low = -20, high = 60;

    for (int k = 0; k < 80; k++) {
        const double middle = (low + high) / 2, a = exp(middle);
        double sum = 0;
        for (int b = 0; b < SG_STOCK_BINS; b++) {
            if (draws[b] == 0) continue;
            const double covered = 1 + a * chance(b);
            sum += draws[b] / (covered * covered);
        }
        if (sum > lone)
            low = middle;
        else
            high = middle;
    }
    return exp((low + high) / 2);
}

/* Three points of Gauss and Legendre in every bin of barriers, as far as the window reaches. */
enum { POINTS = 3, LEVELS = 32 };
static const double place[POINTS] = {0.1127016653792583, 0.5, 0.8872983346207417},
                    weight[POINTS] = {5.0 / 18, 8.0 / 18, 5.0 / 18};

static double rate_at(const sg_rating *r, int bin, int point)
{
    const double low = bin * sg_stock_bin_width, end = low + sg_stock_bin_width;
    const double top = r->top > low && r->top < end ? r->top : end;
    return r->prefactor * exp(-(low + place[point] * (top - low)) / r->kt);
}

static double mean_rate(const sg_rating *r, int bin)
{
    double sum = 0;
    for (int p = 0; p < POINTS; p++)
        sum += weight[p] * rate_at(r, bin, p);
    return sum;
}

/* Numbers missing per bin; their sum is returned. */
static double missing_numbers(double a, const double *known, double *missing)
{
    double sum = 0;
    for (int b = 0; b < SG_STOCK_BINS; b++)
        sum += missing[b] = known[b] > 0 ? known[b] / (a * chance(b)) : 0;
    return sum;
}

/* Integral of -log(u) from 0. */
static double of_minus_log(double u)
{
    return u > 0 ? u - u * log(u) : 0;
}

/* Mean of the missing share, and of its square about the mean: with u = exp(-R t) the integral over the law
 * of the waiting time is one over u in (0, 1), and R / (R + X) squared that with another factor R t. */
static double missing_share(const double *missing, const sg_rating *r, double *variance)
{
    double first = 0, second = 0;

    for (int k = 0; k < LEVELS; k++) {
        const double u = (k + 0.5) / LEVELS, t = -log(u) / r->known;
        double fired = 0;
        for (int b = 0; b < SG_STOCK_BINS; b++)
            for (int p = 0; p < POINTS && missing[b] > 0; p++)
                fired -= missing[b] * weight[p] * expm1(-rate_at(r, b, p) * t);
        first += exp(-fired) / LEVELS;
        second += exp(-fired) * (of_minus_log((k + 1.0) / LEVELS) - of_minus_log((double)k / LEVELS));
    }
    *variance = fmax(0, second - first * first);
    return 1 - first;
}

/* Draws of the table and those it borrows; one more, half lone, where its events are, for what is not known
 * without any. */
static void pool(const sg_stock *own, const sg_stock *run, const double *number, double *draws, double *lone)
{
    const double lent = sum_of(run->draws), w = lent > borrowed ? borrowed / lent : 1,
                 numbers = sum_of(number);

    for (int b = 0; b < SG_STOCK_BINS; b++)
        draws[b] = own->draws[b] + w * run->draws[b] + number[b] / numbers;
    *lone = sum_of(own->lone) + w * sum_of(run->lone) + 0.5;
}

sg_missing sg_missing_estimate(const sg_stock *own, const sg_stock *run, const sg_rating *r)
{
    const double tables = own->tables + run->tables;
    double number[SG_STOCK_BINS], draws[SG_STOCK_BINS], missing[SG_STOCK_BINS], lone, scatter, unused;
    sg_missing m = {.known = r->known, .chance_new = 0.5, .share = r->known > 0 ? 0 : 1};

    for (int b = 0; b < SG_STOCK_BINS; b++)
        number[b] = tables > 0 ? (own->number[b] + run->number[b]) / tables : 0;
    if (!(sum_of(number) > 0)) return m; /* nothing to reckon from */
    pool(own, run, number, draws, &lone);
    const double n = sum_of(draws), spread = sqrt(lone * (1 - lone / n));
    m.chance_new = lone / n;
    m.number = missing_numbers(effort(draws, lone), number, missing);
    for (int b = 0; b < SG_STOCK_BINS && !(r->known > 0); b++)
        m.rate += missing[b] * mean_rate(r, b);
    if (!(r->known > 0)) return m;
    m.share = fmin(missing_share(missing, r, &scatter), most_missing);
    m.rate = r->known * m.share / (1 - m.share);
    missing_numbers(effort(draws, fmin(lone + spread, n - 0.01)), number, missing);
    const double high = missing_share(missing, r, &unused);
    missing_numbers(effort(draws, fmax(lone - spread, 0.01)), number, missing);
    const double low = missing_share(missing, r, &unused);
    m.share_error = sqrt(scatter + (high - low) * (high - low) / 4);
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
    const double bin = barrier / sg_stock_bin_width;
    return bin >= 0 && bin < SG_STOCK_BINS ? (int)bin : -1;
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
        const int b = bin_of(entry->barrier);
        if (b < 0 || !in_window(ex, entry->barrier) || flickers(ex, entry)) continue;
        out->number[b]++;
        sum += sg_explorer_rate(ex, t->state, entry);
    }
    if (ex->completeness.state == t->state) add_findings(&ex->completeness, out);
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
 * number n of findings, the estimate at the last closing (6), the sum over recent tables (1 + 3 x 64), n
 * times kind, barrier, draws, others, whether it was new --- */

enum { N_HEAD = 7, N_REAL = N_HEAD + 3 * SG_STOCK_BINS, HEAD = 8 * (2 + N_REAL), FINDING = 8 * 5 };

static double *real_of(completeness *c, int k)
{
    sg_stock *s = &c->recent;
    sg_missing *m = &c->closed;
    double *const head[] = {&m->number, &m->known,      &m->share, &m->share_error,
                            &m->rate,   &m->chance_new, &s->tables};
    double *const bins[] = {s->draws, s->lone, s->number};
    return k < N_HEAD ? head[k] : &bins[(k - N_HEAD) / SG_STOCK_BINS][(k - N_HEAD) % SG_STOCK_BINS];
}

sg_status completeness_store(sg_explorer *ex)
{
    completeness *c = &ex->completeness;
    const size_t size = HEAD + c->n * FINDING;
    unsigned char *bytes = ex->opt.keep_landscape ? sg_calloc(size, 1) : NULL;

    if (!ex->opt.keep_landscape) return SG_OK;
    if (!bytes) return sg_fail(SG_ENOMEM, "findings");
    sg_put_u64(bytes, c->state);
    sg_put_u64(bytes + 8, c->n);
    for (int k = 0; k < N_REAL; k++)
        sg_put_f64(bytes + 16 + 8 * k, *real_of(c, k));
    for (size_t k = 0; k < c->n; k++) {
        unsigned char *p = bytes + HEAD + k * FINDING;
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
    if (size < HEAD || (size - HEAD) % FINDING != 0 || sg_get_u64(bytes + 8) != (size - HEAD) / FINDING) {
        st = sg_fail(SG_ECORRUPT, "completeness: %zu bytes", size);
        goto done;
    }
    c->state = sg_get_u64(bytes);
    c->n = (size - HEAD) / FINDING;
    for (int k = 0; k < N_REAL; k++)
        *real_of(c, k) = sg_get_f64(bytes + 16 + 8 * k);
    if (sg_grow((void **)&c->finding, &c->capacity, c->n + 1, sizeof *c->finding) != 0) {
        st = sg_fail(SG_ENOMEM, "findings");
        goto done;
    }
    for (size_t k = 0; k < c->n && st == SG_OK; k++) {
        const unsigned char *p = bytes + HEAD + k * FINDING;
        finding *f = &c->finding[k];
        *f = (finding){sg_get_u64(p), sg_get_f64(p + 8), (uint32_t)sg_get_u64(p + 16),
                       (uint32_t)sg_get_u64(p + 24), sg_get_u64(p + 32) != 0};
        if (bin_of(f->barrier) < 0) st = sg_fail(SG_ECORRUPT, "completeness: barrier %g eV", f->barrier);
    }
done:
    sg_free(record);
    return st;
}
