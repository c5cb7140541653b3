/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is missing, from what is known and how it came about: explore/completeness.h has the idea, here is the
 * formula. Integrals over what is not known are sums over a grid, in a fixed order.
 *
 * With g of the gamma law of shape k and mean 1, the chance that a kind of mean chance c has been drawn d
 * times, and not otherwise, is for efforts A (draws) and B (all else) and a share q
 *     q * integral of (A c g)^d / d! exp(-(A + B) c g) = q (A c / k)^d Gamma(d + k) / (Gamma(k) d!) p^(d +
 * k), p = k / (k + (A + B) c); summed over both cases it is the same with A alone and q = 1. The likelihood
 * is the product over the known kinds of these, over the chance to be known at all. */
#include "explore_internal.h"

#include <math.h>

static const double borrowed = 16;           /* draws that found something */
static const double most_missing = 1 - 1e-9; /* share: the rate stays a number */
static const double negligible = 1e-6;       /* weight, beside that of the likeliest */

/* The grid: all alike before anything is known. */
enum {
    SHAPES = 3,
    FALLS = 3,
    EFFORTS = 10,
    OTHERS = 7,
    LEFTS = 2,
    GRID = SHAPES * FALLS * EFFORTS * OTHERS * LEFTS
};
static const double shapes[SHAPES] = {0.7, 1.5, 3};
static const double falls[FALLS] = {0, 2, 4};            /* 1/eV */
static const double lefts[LEFTS] = {1, 0.5};             /* q */
static const double least_other = 0.03, most_other = 30; /* B, at the mean chance of a known kind */
static const double wide = 30; /* factor either way by which the draws leave A open, where they are few */

/* --- sums of tables --- */

void sg_stock_add(sg_stock *sum, const sg_stock *part, double weight)
{
    double *const to = &sum->tables;
    const double *const from = &part->tables;

    for (int k = 0; k < SG_STOCK_NUMBERS; k++)
        to[k] += weight * from[k];
}

typedef struct tally {         /* of a stock */
    double kinds, draws, lone; /* draws that found something */
    double chance[FALLS];      /* sum over kinds of exp(-barrier fall) */
} tally;

static double fall_to(int bin, double fall)
{
    return exp(-(bin + 0.5) * sg_stock_bin_width * fall);
}

static tally tally_up(const sg_stock *s)
{
    tally t = {0};

    for (int b = 0; b < SG_STOCK_BINS; b++) {
        double kinds = 0;
        t.lone += s->kind[b][0][1];
        for (int other = 0; other < 2; other++)
            for (int d = 0; d < SG_STOCK_DRAWS; d++) {
                kinds += s->kind[b][other][d];
                t.draws += d * s->kind[b][other][d];
            }
        t.kinds += kinds;
        for (int f = 0; f < FALLS && kinds > 0; f++)
            t.chance[f] += kinds * fall_to(b, falls[f]);
    }
    return t;
}

/* --- likelihood --- */

typedef struct part { /* of the evidence: one table, or the sum of many alike */
    const sg_stock *stock;
    double weight, searches; /* draws made per table */
} part;

typedef struct evidence {
    part part[2];
    tally sum;
    int last;                              /* bin with a known kind */
    double chance[FALLS][SG_STOCK_BINS];   /* 1 on average over the known kinds */
    double rising[SHAPES][SG_STOCK_DRAWS]; /* ln Gamma(d + k) / (Gamma(k) d! k^d) */
    double low, step;                      /* ln of the efforts of a draw */
} evidence;

typedef struct guess {               /* a point of the grid */
    double shape, draw, other, left; /* effort of one draw, of all else; q */
    const double *chance, *rising;
} guess;

static guess guess_at(const evidence *e, int n)
{
    const int left = n % LEFTS, other = n / LEFTS % OTHERS, draw = n / (LEFTS * OTHERS) % EFFORTS,
              fall = n / (LEFTS * OTHERS * EFFORTS) % FALLS, shape = n / (LEFTS * OTHERS * EFFORTS * FALLS);

    return (guess){.shape = shapes[shape],
                   .draw = exp(e->low + draw * e->step),
                   .other = least_other * pow(most_other / least_other, other / (OTHERS - 1.0)),
                   .left = lefts[left],
                   .chance = e->chance[fall],
                   .rising = e->rising[shape]};
}

static double log_of_rest(double x) /* ln(1 - exp(x)) */
{
    return log(-expm1(fmin(x, -1e-12)));
}

/* ln of the chance that a kind has not been found. */
static double log_unknown(const guess *g, double effort, double c)
{
    return g->shape * log(g->shape / (g->shape + (effort + g->other) * c)) + log(g->left);
}

static double log_likelihood(const guess *g, const part *p, int last)
{
    const double k = g->shape, effort = g->draw * p->searches, log_left = log(g->left);
    double sum = 0;

    for (int b = 0; b <= last; b++) {
        const double c = g->chance[b], here = log(k / (k + effort * c)),
                     both = log(k / (k + (effort + g->other) * c)), known = log_of_rest(k * both + log_left);
        for (int d = 0; d < SG_STOCK_DRAWS; d++) {
            const double alone = p->stock->kind[b][0][d], also = p->stock->kind[b][1][d];
            if (alone == 0 && also == 0) continue;
            const double drawn = d > 0 ? g->rising[d] + d * log(effort * c) : 0;
            if (alone > 0) sum += alone * (drawn + (d + k) * both + log_left - known);
            if (also > 0)
                sum +=
                    also * (drawn + (d + k) * here + log_of_rest((d + k) * (both - here) + log_left) - known);
        }
    }
    return p->weight * sum;
}

/* --- rates --- */

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

/* Integral of -log(u) from 0. */
static double of_minus_log(double u)
{
    return u > 0 ? u - u * log(u) : 0;
}

typedef struct waiting { /* for the first event; at these levels of u = exp(-R t), equally likely */
    double fired[LEVELS][SG_STOCK_BINS]; /* by then, one of this bin */
    double minus_log[LEVELS];            /* mean of -log u there */
    int last;
} waiting;

static void wait(const sg_rating *r, int last, waiting *w)
{
    w->last = last;
    for (int k = 0; k < LEVELS; k++) {
        const double u = (k + 0.5) / LEVELS, t = -log(u) / r->known;
        w->minus_log[k] = of_minus_log((k + 1.0) / LEVELS) - of_minus_log((double)k / LEVELS);
        for (int b = 0; b <= last; b++) {
            w->fired[k][b] = 0;
            for (int p = 0; p < POINTS; p++)
                w->fired[k][b] -= weight[p] * expm1(-rate_at(r, b, p) * t);
        }
    }
}

/* Mean of the missing share, and of its square about the mean: the integral over the law of the waiting time
 * is one over u in (0, 1), and R / (R + X) squared that with another factor R t. */
static double share_of(const double *missing, const waiting *w, double *variance)
{
    double first = 0, second = 0;

    for (int k = 0; k < LEVELS; k++) {
        double fired = 0;
        for (int b = 0; b <= w->last; b++)
            fired += missing[b] * w->fired[k][b];
        const double none = exp(-fired);
        first += none / LEVELS;
        second += none * w->minus_log[k];
    }
    *variance = fmax(0, second - first * first);
    return 1 - first;
}

double share_of_missing(const double *missing, const sg_rating *r, double *variance)
{
    waiting w;
    wait(r, SG_STOCK_BINS - 1, &w);
    return share_of(missing, &w, variance);
}

/* --- the estimate --- */

static int last_bin(const sg_stock *own, const sg_stock *run)
{
    int last = 0;

    for (int b = 0; b < SG_STOCK_BINS; b++)
        for (int other = 0; other < 2; other++)
            for (int d = 0; d < SG_STOCK_DRAWS; d++)
                if (own->kind[b][other][d] + run->kind[b][other][d] + own->number[b] + run->number[b] > 0)
                    last = b;
    return last;
}

/* The efforts by which a known kind would be drawn as often as it is, and others about it. */
static void set_range(evidence *e)
{
    double tables = 0, searches = 0;

    for (int k = 0; k < 2; k++) {
        tables += e->part[k].weight * e->part[k].stock->tables;
        searches += e->part[k].weight * e->part[k].stock->searches;
    }
    const double open = log(wide) / sqrt(sqrt(1 + e->sum.draws));
    e->low = log((e->sum.draws + 0.5) / e->sum.kinds / fmax(searches / tables, 1)) - open;
    e->step = 2 * open / (EFFORTS - 1);
}

/* The table's own, and what recent tables lend: sixteen draws' worth. */
static void gather(const sg_stock *own, const sg_stock *run, evidence *e)
{
    const tally mine = tally_up(own), theirs = tally_up(run);
    const double w = theirs.draws > borrowed ? borrowed / theirs.draws : 1;

    e->part[0] = (part){own, 1, own->searches};
    e->part[1] = (part){run, run->tables > 0 ? w : 0, run->tables > 0 ? run->searches / run->tables : 0};
    e->sum = (tally){.kinds = mine.kinds + w * theirs.kinds,
                     .draws = mine.draws + w * theirs.draws,
                     .lone = mine.lone + w * theirs.lone};
    e->last = last_bin(own, run);
    for (int f = 0; f < FALLS; f++)
        for (int b = 0; b <= e->last; b++)
            e->chance[f][b] = fall_to(b, falls[f]) * e->sum.kinds / (mine.chance[f] + w * theirs.chance[f]);
    for (int s = 0; s < SHAPES; s++)
        for (int d = 0; d < SG_STOCK_DRAWS; d++)
            e->rising[s][d] =
                lgamma(d + shapes[s]) - lgamma(shapes[s]) - lgamma(d + 1.0) - d * log(shapes[s]);
    set_range(e);
}

static void weigh(const evidence *e, double *weight_of)
{
    double best = -INFINITY;

    for (int n = 0; n < GRID; n++) {
        const guess g = guess_at(e, n);
        weight_of[n] = log_likelihood(&g, &e->part[0], e->last) + log_likelihood(&g, &e->part[1], e->last);
        best = fmax(best, weight_of[n]);
    }
    for (int n = 0; n < GRID; n++)
        weight_of[n] = exp(weight_of[n] - best);
}

typedef struct mean { /* sums over the grid */
    double weight, number, rate, share, square;
} mean;

/* What is missing if the guess is right, for each known one that one found and one not found were alike. */
static void add_guess(const guess *g, double w, const evidence *e, const double *number, const sg_rating *r,
                      const waiting *until, mean *sum)
{
    double missing[SG_STOCK_BINS], scatter, all = 0, rate = 0;

    for (int b = 0; b <= e->last; b++) {
        const double log_odds = log_unknown(g, g->draw * e->part[0].searches, g->chance[b]);
        missing[b] = number[b] > 0 ? number[b] * exp(log_odds - log_of_rest(log_odds)) : 0;
        all += missing[b];
        if (!until) rate += missing[b] * mean_rate(r, b);
    }
    sum->weight += w;
    sum->number += w * all;
    sum->rate += w * rate;
    if (!until) return;
    const double share = share_of(missing, until, &scatter);
    sum->share += w * share;
    sum->square += w * (scatter + share * share);
}

sg_missing sg_missing_estimate(const sg_stock *own, const sg_stock *run, const sg_rating *r)
{
    const double tables = own->tables + run->tables;
    double number[SG_STOCK_BINS], weight_of[GRID], numbers = 0;
    sg_missing m = {.known = r->known, .chance_new = 0.5, .share = r->known > 0 ? 0 : 1};
    waiting until;
    evidence e;
    mean sum = {0, 0, 0, 0, 0};

    for (int b = 0; b < SG_STOCK_BINS; b++)
        numbers += number[b] = tables > 0 ? (own->number[b] + run->number[b]) / tables : 0;
    if (!(numbers > 0)) return m; /* nothing to reckon from */
    gather(own, run, &e);
    weigh(&e, weight_of);
    if (r->known > 0) wait(r, e.last, &until);
    for (int n = 0; n < GRID; n++) {
        const guess g = guess_at(&e, n);
        if (weight_of[n] > negligible)
            add_guess(&g, weight_of[n], &e, number, r, r->known > 0 ? &until : NULL, &sum);
    }
    m.chance_new = (e.sum.lone + 0.5) / (e.sum.draws + 1);
    m.number = sum.number / sum.weight;
    m.rate = sum.rate / sum.weight;
    if (!(r->known > 0)) return m;
    m.share = fmin(sum.share / sum.weight, most_missing);
    m.share_error = sqrt(fmax(0, sum.square / sum.weight - m.share * m.share));
    m.rate = r->known * m.share / (1 - m.share);
    return m;
}
