/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The choice among samplers: by yield, with a share for each, from the stored rows alone; what is missing is
 * not made smaller by it. */
#include "walk_samples.h"

#include "../../src/explore/explore_internal.h"

static const sg_sampler among[] = {SG_SAMPLER_LOCAL, SG_SAMPLER_SOFT, SG_SAMPLER_CUBIC, SG_SAMPLER_KICK};
enum { N_AMONG = sizeof among / sizeof *among, DRAWS = 4000 };

static void feed(sg_explorer *ex, sg_sampler sampler, int n, int every)
{
    for (int k = 0; k < n; k++) {
        const int fresh = every > 0 && k % every == 0;
        const sg_cat_search row = {.sampler = (uint8_t)sampler,
                                   .outcome = (uint8_t)(fresh ? SG_FOUND : SG_DISCONNECTED),
                                   .calls = {100, 100, 100, 100, 100},
                                   .barrier = fresh && k % (2 * every) == 0 ? 0.5 : 1.5};
        count_row(ex, &row);
    }
}

static void shares(sg_explorer *ex, double share[SG_SAMPLER_COUNT])
{
    for (int k = 0; k < SG_SAMPLER_COUNT; k++)
        share[k] = 0;
    for (uint32_t k = 0; k < DRAWS; k++) {
        const task t = {TASK_SEARCH, 0, k % 50, k / 50, 0};
        const sg_sampler chosen = choose_sampler(ex, &t, 1);
        assert_int_equal(chosen, choose_sampler(ex, &t, 1));
        share[chosen] += 1.0 / DRAWS;
    }
}

static void test_choice_by_yield(void **state)
{
    double share[SG_SAMPLER_COUNT];
    defect d;
    walk w;

    (void)state;
    lj_adatoms(&d, 4, 2, 0, 1, 1);
    walk_init(&w, &d);
    memcpy(w.explore.sampler, among, sizeof among);
    w.explore.n_samplers = N_AMONG;
    w.explore.barrier_max = 1;
    walk_open(&w, 0);
    shares(w.ex, share); /* nothing known: those that did well elsewhere before random pushes */
    for (int k = 1; k < N_AMONG; k++)
        assert_true(share[among[k]] > share[SG_SAMPLER_LOCAL]);
    for (int k = 0; k < N_AMONG; k++) /* events above the window do not count for `kick` */
        feed(w.ex, among[k], 40, among[k] == SG_SAMPLER_CUBIC ? 2 : among[k] == SG_SAMPLER_SOFT ? 20 : 0);
    shares(w.ex, share);
    assert_true(share[SG_SAMPLER_CUBIC] > 0.6);
    int drawn[SG_SAMPLER_COUNT] = {0}; /* all alike, whatever pays */
    for (uint32_t k = 0; k < DRAWS; k++) {
        const task t = {TASK_SEARCH, 0, k % 50, k / 50, SEARCH_IS_DRAW};
        drawn[choose_sampler(w.ex, &t, 1)]++;
    }
    for (int k = 0; k < N_AMONG; k++)
        assert_true(abs(drawn[among[k]] - DRAWS / N_AMONG) < 150); /* five standard deviations */
    for (int k = 0; k < N_AMONG; k++)
        assert_true(share[among[k]] > 0.012);
    feed(w.ex, SG_SAMPLER_CUBIC, 600, 0); /* nothing new any more: its luck is forgotten */
    shares(w.ex, share);
    assert_true(share[SG_SAMPLER_CUBIC] < 0.3);
    w.ex->opt.n_samplers = 1;
    shares(w.ex, share);
    assert_near(share[SG_SAMPLER_LOCAL], 1, 1e-9);
    w.ex->opt.sampler[0] = SG_SAMPLER_ECHO; /* without an event near by there is none */
    const task t = {TASK_SEARCH, 0, 3, 0, 0};
    assert_int_equal(choose_sampler(w.ex, &t, 0), SG_SAMPLER_LOCAL);
    assert_int_equal(choose_sampler(w.ex, &t, 1), SG_SAMPLER_ECHO);
    walk_end(&w);
    defect_clear(&d);
}

static int same_counts(void *arg, const void *record)
{
    const sg_cat_search *row = record;
    double *calls = arg;
    for (int k = 0; k < SG_SAMPLER_COUNT; k++)
        calls[k] *= 1 - 1.0 / 256;
    for (int k = 0; k < 5; k++)
        calls[row->sampler] += row->calls[k];
    return 0;
}

/* The counts of a run that goes on are those of one that never stopped, and those of its rows. */
static void test_counts_come_back(void **state)
{
    double calls[SG_SAMPLER_COUNT] = {0};
    sampler_yield before[SG_SAMPLER_COUNT];
    int n_used = 0;
    defect d;
    walk w;

    (void)state;
    lj_adatoms(&d, 6, 4, 0, 1, 1);
    walk_init(&w, &d);
    memcpy(w.explore.sampler, among, sizeof among);
    w.explore.n_samplers = N_AMONG;
    w.explore.per_atom = 24;
    w.explore.saddle.local_radius = 0; /* every call weighs the same */
    walk_open(&w, 0);
    const sg_cat_table *t = NULL;
    assert_ok(sg_explorer_table(w.ex, 0, 0, &t));
    assert_ok(sg_catalog_each(w.cat, SG_DB_SEARCHES, same_counts, calls));
    for (int k = 0; k < SG_SAMPLER_COUNT; k++) {
        n_used += calls[k] > 0;
        assert_near(w.ex->yield[k].calls, calls[k], 1e-9 * calls[k]);
    }
    assert_true(n_used >= 3);
    memcpy(before, w.ex->yield, sizeof before);
    finding seen[64];
    const size_t n_seen = w.ex->completeness.n;
    assert_true(n_seen <= 64 && n_seen > 0);
    memcpy(seen, w.ex->completeness.finding, n_seen * sizeof *seen);
    const sg_missing missing = sg_explorer_missing(w.ex, 0);
    walk_close(&w);
    walk_open(&w, 1);
    assert_memory_equal(before, w.ex->yield, sizeof before);
    assert_int_equal(w.ex->completeness.n, n_seen);
    for (size_t k = 0; k < n_seen; k++) {
        const finding *f = &w.ex->completeness.finding[k];
        assert_int_equal(f->kind, seen[k].kind);
        assert_int_equal(f->draws, seen[k].draws);
        assert_int_equal(f->others, seen[k].others);
        assert_int_equal(f->is_new, seen[k].is_new);
        assert_true(f->barrier == seen[k].barrier);
    }
    assert_true(sg_explorer_missing(w.ex, 0).rate == missing.rate);
    assert_true(sg_explorer_missing(w.ex, 0).share_error == missing.share_error);
    walk_end(&w);
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice_by_yield),
        cmocka_unit_test(test_counts_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
