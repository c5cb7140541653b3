/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a table lacks: the formula on paper, the counts by hand, and the estimate against populations whose
 * missing events are known. */
#include "walk_samples.h"

#include "../../src/explore/explore_internal.h"

static const sg_stock none;

static double chance(double barrier)
{
    return exp(-barrier / 0.3);
}

static sg_rating rating(double known)
{
    return (sg_rating){.kt = 0.05, .prefactor = 1e13, .top = 1, .known = known};
}

/* Three draws in one bin, one of them lone, and one more that is half lone: (1 + a c)^-2 = 1.5 / 4. Of three
 * known events per table 3 / (a c) are missing. */
static void test_numbers(void **state)
{
    sg_stock own = {.tables = 1};
    const sg_rating r = rating(1e9);

    (void)state;
    own.draws[4] = 3;
    own.lone[4] = 1;
    own.number[4] = 3;
    const sg_missing m = sg_missing_estimate(&own, &none, &r);
    assert_near(m.chance_new, 1.5 / 4, 1e-12);
    assert_near(m.number, 3 / (sqrt(4 / 1.5) - 1), 1e-6);
    assert_near(m.rate, 1e9 * m.share / (1 - m.share), 1);
    own.number[8] = 5; /* harder to come upon: the same effort leaves more of them out */
    const sg_missing n = sg_missing_estimate(&own, &none, &r);
    const double d = 5.0 / 8, c4 = chance(0.45), c8 = chance(0.85);
    double low = 0, high = 1e6; /* 3.375 draws at 0.45 eV, 0.625 at 0.85 eV: 1.5 lone */
    for (int k = 0; k < 200; k++) {
        const double middle = (low + high) / 2, x = 1 + middle * c4, y = 1 + middle * c8;
        if ((3 + 1 - d) / (x * x) + d / (y * y) > 1.5)
            low = middle;
        else
            high = middle;
    }
    assert_near(n.number, 3 / (low * c4) + 5 / (low * c8), 1e-6);
    assert_near(sg_missing_estimate(&none, &none, &r).chance_new, 0.5, 0);
    assert_near(sg_missing_estimate(&none, &none, &r).rate, 0, 0);
}

/* One missing event on average, of nearly one rate k: the mean of R / (R + n k) over n of a Poisson law. */
static void test_share_of_a_single_rate(void **state)
{
    sg_stock own = {.tables = 1};
    sg_rating r = {.kt = 1e9, .prefactor = 5e6, .top = 1, .known = 2e6}; /* no barrier matters */
    double known = 0, weight = exp(-1);

    (void)state;
    own.draws[4] = 3;
    own.lone[4] = 0.5; /* (1 + a c)^-2 = 1 / 4 */
    own.number[4] = 1;
    for (int n = 0; n < 60; n++) {
        known += weight * 2e6 / (2e6 + n * 5e6);
        weight /= n + 1;
    }
    const sg_missing m = sg_missing_estimate(&own, &none, &r);
    assert_near(m.number, 1, 1e-9);
    assert_near(m.share, 1 - known, 5e-3);
    r.known = 0;
    assert_near(sg_missing_estimate(&own, &none, &r).share, 1, 0);
    assert_near(sg_missing_estimate(&own, &none, &r).rate, 5e6, 1);
}

/* Of many tables a run lends sixteen draws' worth, and the mean numbers. */
static void test_borrowing(void **state)
{
    sg_stock run = {.tables = 99}, own = {.tables = 1};
    const sg_rating r = rating(1e9);

    (void)state;
    run.draws[5] = 160;
    run.lone[5] = 80;
    run.number[5] = 198;
    own.number[5] = 2;
    const sg_missing m = sg_missing_estimate(&own, &run, &r);
    assert_near(m.chance_new, 8.5 / 17, 1e-12);
    assert_near(m.number, 2 / (sqrt(2) - 1), 1e-6);
    sg_stock sum = none;
    sg_stock_add(&sum, &run, 0.5);
    sg_stock_add(&sum, &own, 2);
    assert_near(sum.tables, 51.5, 0);
    assert_near(sum.number[5], 103, 0);
    assert_near(sum.draws[5], 80, 0);
}

/* --- known populations --- */

typedef struct population {
    int n_events;
    double low, high; /* eV: barriers are spread evenly */
    double shape;     /* of the gamma distribution of the chances */
    double reused;    /* effort by which the table came about before */
    double drawn;     /* effort of the draws */
} population;

/* One table of the population. What is missing: number is returned, *rate 1/s. */
static int make_table(const population *p, const sg_rating *r, sg_rng *rng, sg_stock *own, double *known,
                      double *rate)
{
    int missing = 0;

    *own = (sg_stock){.tables = 1};
    *known = *rate = 0;
    for (int k = 0; k < p->n_events; k++) {
        const double barrier = p->low + (p->high - p->low) * sg_rng_uniform(rng);
        const double c = chance(barrier) * sg_rng_gamma(rng, p->shape) / p->shape;
        const int was_there = sg_rng_uniform(rng) > exp(-p->reused * c);
        const double drawn = sg_rng_poisson(rng, p->drawn * c),
                     rate_of = r->prefactor * exp(-barrier / r->kt);
        const int b = (int)(barrier / 0.1);
        own->draws[b] += drawn;
        own->lone[b] += !was_there && drawn == 1;
        own->number[b] += was_there || drawn > 0;
        missing += !was_there && drawn == 0;
        *(was_there || drawn > 0 ? known : rate) += rate_of;
    }
    return missing;
}

typedef struct verdict { /* over many tables */
    double number;       /* predicted over true */
    double share, truth; /* mean missing share by rate */
    double inside;       /* share of the tables whose true share lies within two of the error bars */
} verdict;

/* borrow: each table with what those before it lend. */
static verdict judge(const population *p, int n_tables, int borrow)
{
    double predicted = 0, truth = 0;
    verdict v = {0, 0, 0, 0};
    sg_stock run = none, own;
    sg_rng rng;

    sg_rng_init(&rng, 5, SG_RNG_SEARCH, (uint64_t)p->n_events, (uint64_t)(10 * p->shape), 0);
    for (int k = 0; k < n_tables; k++) {
        sg_rating r = rating(0);
        double missing;
        truth += make_table(p, &r, &rng, &own, &r.known, &missing);
        const sg_missing m = sg_missing_estimate(&own, &run, &r);
        const double share = missing > 0 ? missing / (missing + r.known) : 0;
        predicted += m.number;
        v.share += m.share / n_tables;
        v.truth += share / n_tables;
        v.inside +=
            (fabs(share - m.share) <= 2 * m.share_error || (share == 1 && m.share == 1)) / (double)n_tables;
        if (borrow) sg_stock_add(&run, &own, 1);
    }
    v.number = predicted / truth;
    return v;
}

/* Chances as the estimate takes them: right, however much of the table was handed down. */
static void test_chances_as_taken(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        const double reused[] = {0, 5, 15, 60};
        const population p = {400, 0.4, 1, 1, reused[k], 20};
        const verdict v = judge(&p, 40, 0);
        assert_near(v.number, 1, 0.08);
        assert_near(v.share, v.truth, 0.02);
        assert_true(v.inside >= 0.95);
    }
}

/* Chances less or more unequal than that: known limits of the estimate, which err to the side one expects. */
static void test_other_chances(void **state)
{
    (void)state;
    const population even = {400, 0.4, 1, 2, 15, 20}, uneven = {400, 0.4, 1, 0.5, 15, 20};
    const verdict high = judge(&even, 40, 0), low = judge(&uneven, 40, 0);
    assert_true(high.number > 1 && high.number < 2 && high.share > high.truth);
    assert_true(low.number < 1 && low.number > 0.4 && low.share < low.truth);
}

/* Twenty events, one or two draws a table: right on average with what the run lends. */
static void test_few_draws(void **state)
{
    const population p = {20, 0.4, 1, 1, 10, 1};

    (void)state;
    const verdict v = judge(&p, 400, 1);
    assert_near(v.number, 1, 0.2);
    assert_near(v.share, v.truth, 0.05);
    assert_true(v.inside >= 0.85);
}

/* --- counts by hand --- */

static void test_lone_draws(void **state)
{
    static const double barrier[] = {0.41, 0.44, 0.45, 0.47, 0.55, 0.2, 1.2};
    enum { N = sizeof barrier / sizeof *barrier };
    sg_cat_edge edge[N];
    sg_cat_entry entry[N];
    sg_cat_table t = {.n_entries = N, .entry = entry};
    sg_explorer ex;

    (void)state;
    memset(&ex, 0, sizeof ex);
    memset(edge, 0, sizeof edge);
    memset(entry, 0, sizeof entry);
    ex.edge = edge;
    ex.opt.temperature = 600;
    ex.opt.prefactor = 1e13;
    ex.opt.barrier_max = 1;
    ex.opt.flicker = 0.3;
    for (int k = 0; k < N; k++) {
        entry[k].edge = (uint64_t)k + 1;
        entry[k].barrier = edge[k].barrier = barrier[k];
        edge[k].barrier_back = k == 5 ? 0.25 : 1;
    }
    completeness_begin(&ex, 0);
    assert_ok(completeness_count(&ex, 1, 0.41, 1, 1)); /* lone */
    assert_ok(completeness_count(&ex, 2, 0.44, 1, 1)); /* drawn twice */
    assert_ok(completeness_count(&ex, 2, 0.44, 1, 0));
    assert_ok(completeness_count(&ex, 3, 0.45, 0, 1)); /* drawn after another search had found it */
    assert_ok(completeness_count(&ex, 3, 0.45, 1, 0));
    assert_ok(completeness_count(&ex, 4, 0.47, 1, 0)); /* handed down, drawn once */
    assert_ok(completeness_count(&ex, 5, 0.55, 0, 1)); /* never drawn */
    assert_ok(completeness_count(&ex, 7, 1.20, 1, 1)); /* outside the window */
    completeness_close(&ex, &t, 1);
    const sg_stock *s = &ex.completeness.recent;
    assert_near(s->tables, 1, 0);
    assert_near(s->draws[4], 5, 0);
    assert_near(s->lone[4], 1, 0);
    assert_near(s->draws[5], 0, 0);
    assert_near(s->number[4], 4, 0);
    assert_near(s->number[5], 1, 0);
    assert_near(s->number[2], 0, 0); /* a flicker is no way out */
    assert_near(s->number[12], 0, 0);
    assert_int_equal(t.f1[4], 2);
    assert_int_equal(t.f2[4], 2);
    assert_int_equal(t.f1[5], 1);
    double known = 0;
    for (int k = 0; k < 5; k++)
        known += 1e13 * exp(-barrier[k] / (8.617333262e-5 * 600));
    assert_near(ex.completeness.closed.known, known, 1e-9 * known);
    assert_true(t.rate_missing > 0);
    /* two places of one generic event are one kind */
    edge[0].event = edge[3].event = 9;
    completeness_begin(&ex, 0);
    assert_ok(completeness_count(&ex, 1, 0.41, 1, 1));
    assert_ok(completeness_count(&ex, 4, 0.41, 1, 1));
    assert_int_equal(ex.completeness.n, 1);
    completeness_close(&ex, &t, 0);
    assert_near(s->tables, 1, 0);
    completeness_clear(&ex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),       cmocka_unit_test(test_share_of_a_single_rate),
        cmocka_unit_test(test_borrowing),     cmocka_unit_test(test_chances_as_taken),
        cmocka_unit_test(test_other_chances), cmocka_unit_test(test_few_draws),
        cmocka_unit_test(test_lone_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
