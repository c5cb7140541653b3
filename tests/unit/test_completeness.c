/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a table lacks: the formula on paper, the counts by hand, and the estimate against populations whose
 * missing events are known. */
#include "walk_samples.h"

#include "../../src/explore/explore_internal.h"

static const sg_stock none;

/* Four draws in one bin, one of them lone, nothing borrowed: G = 1.5 / 5, in the bin (1 + 4 x 0.3) / 8. */
static void test_formula(void **state)
{
    sg_stock own = {.tables = 1};

    (void)state;
    own.draws[4] = 4;
    own.lone[4] = 1;
    own.number[4] = 3;
    own.rate[4] = 1e6;
    own.square[4] = 5e11;
    const double share = sqrt((1 + 4 * 0.3) / 8);
    const sg_missing m = sg_missing_estimate(&own, &none);
    assert_near(m.lone_share, 0.3, 1e-12);
    assert_near(m.number, 3 * share / (1 - share), 1e-9);
    assert_near(m.rate, 1e6 * share / (1 - share), 1e-3);
    /* scatter, and the change of the odds with G: d(share)/dG = 1 / (2 share) */
    const double slope = 1 / (2 * share) / ((1 - share) * (1 - share));
    assert_near(m.rate_error, sqrt(5e11 * share / (1 - share) + 1e12 * slope * slope * 0.3 * 0.7 / 6), 1);
    assert_near(sg_missing_estimate(&none, &none).lone_share, 0.5, 0);
    assert_near(sg_missing_estimate(&none, &none).rate, 0, 0);
}

/* Of many tables a run lends sixteen draws' worth, and the mean numbers. */
static void test_borrowing(void **state)
{
    sg_stock run = {.tables = 99}, own = {.tables = 1};

    (void)state;
    run.draws[5] = 160;
    run.lone[5] = 80;
    run.number[5] = 198;
    own.number[5] = 2;
    const sg_missing m = sg_missing_estimate(&own, &run);
    const double g = 8.5 / 17, share = sqrt((8 + 4 * g) / 20);
    assert_near(m.lone_share, g, 1e-12);
    assert_near(m.number, 2 * share / (1 - share), 1e-9);
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
    double shape; /* of the gamma distribution of the chances */
    double
        reused; /* chances over which the table came about before: an event is there with 1 - exp(-chance) */
    double draws; /* mean number of draws, all events together */
} population;

/* One table of the population: what is drawn goes into `own`, the true number missing is returned. */
static int make_table(const population *p, sg_rng *rng, sg_stock *own)
{
    int missing = 0;

    *own = (sg_stock){.tables = 1};
    for (int k = 0; k < p->n_events; k++) {
        const double chance = sg_rng_gamma(rng, p->shape) / p->shape;
        const int was_there = sg_rng_uniform(rng) > exp(-p->reused * chance);
        const double drawn = sg_rng_poisson(rng, chance * p->draws / p->n_events);
        own->draws[5] += drawn;
        own->lone[5] += !was_there && drawn == 1;
        own->number[5] += was_there || drawn > 0;
        missing += !was_there && drawn == 0;
    }
    return missing;
}

/* Mean of the predicted number missing over that of the true one, each table alone. */
static double predicted_over_true(const population *p, int n_tables)
{
    double predicted = 0, truth = 0;
    sg_stock own;
    sg_rng rng;

    sg_rng_init(&rng, 5, SG_RNG_SEARCH, (uint64_t)p->n_events, (uint64_t)(10 * p->shape), 0);
    for (int k = 0; k < n_tables; k++) {
        truth += make_table(p, &rng, &own);
        predicted += sg_missing_estimate(&own, &none).number;
    }
    return predicted / truth;
}

/* Chances as the estimate takes them: right, however much of the table was handed down. */
static void test_exponential_chances(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        const double reused[] = {0, 0.5, 1, 3};
        const population p = {400, 1, reused[k], 400};
        assert_near(predicted_over_true(&p, 60), 1, 0.08);
    }
}

/* Chances less or more unequal than that: within a factor of two, where Chao's bound has no limit. */
static void test_other_chances(void **state)
{
    (void)state;
    const population even = {400, 2, 1, 400}, uneven = {400, 0.5, 1, 400};
    const double high = predicted_over_true(&even, 60), low = predicted_over_true(&uneven, 60);
    assert_true(high > 1 && high < 2);
    assert_true(low < 1 && low > 0.5);
}

/* Tables of few draws, each with what the run lends: right on average, and the truth within two of the
 * error bars nearly always. All events have the same rate here. */
static void test_few_draws(void **state)
{
    const population p = {20, 1, 1, 2};
    double predicted = 0, truth = 0;
    int inside = 0, n = 0;
    sg_stock run = none, own;
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 6, SG_RNG_SEARCH, 0, 0, 0);
    for (int k = 0; k < 600; k++) {
        const int missing = make_table(&p, &rng, &own);
        own.rate[5] = own.square[5] = own.number[5];
        if (k >= 100) {
            const sg_missing m = sg_missing_estimate(&own, &run);
            predicted += m.rate;
            truth += missing;
            inside += fabs(m.rate - missing) <= 2 * m.rate_error;
            n++;
        }
        sg_stock_add(&run, &own, 1);
    }
    assert_near(predicted / truth, 1, 0.15);
    assert_true(inside >= 0.9 * n);
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
    assert_near(s->rate[4] + s->rate[5], known, 1e-9 * known);
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
        cmocka_unit_test(test_formula),
        cmocka_unit_test(test_borrowing),
        cmocka_unit_test(test_exponential_chances),
        cmocka_unit_test(test_other_chances),
        cmocka_unit_test(test_few_draws),
        cmocka_unit_test(test_lone_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
