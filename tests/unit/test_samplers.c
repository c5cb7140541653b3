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
        assert_ok(count_row(ex, &row));
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
    assert_true(share[SG_SAMPLER_LOCAL] > 0.08);
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
    uint32_t local[64] = {0};
    assert_true(w.ex->n_found_local <= 64 && w.ex->n_found_local > 0);
    memcpy(local, w.ex->found_local, w.ex->n_found_local * sizeof *local);
    walk_close(&w);
    walk_open(&w, 1);
    assert_memory_equal(before, w.ex->yield, sizeof before);
    assert_memory_equal(local, w.ex->found_local, w.ex->n_found_local * sizeof *local);
    walk_end(&w);
    defect_clear(&d);
}

/* Ten events of one bin, each seen five times by a sampler that goes straight for them; `local` has come upon
 * six of them, once each: 6 x 5 / 2 more that it has not, of which four have been seen by the other. */
static void test_missing_rate_of_the_unbiased(void **state)
{
    enum { N = 10, N_LOCAL = 6 };
    sg_cat_edge edge[N];
    sg_cat_entry entry[N];
    uint32_t local[N] = {0};
    const sg_cat_table t = {.n_entries = N, .entry = entry};
    sg_explorer ex;

    (void)state;
    memset(&ex, 0, sizeof ex);
    memset(edge, 0, sizeof edge);
    memset(entry, 0, sizeof entry);
    ex.edge = edge;
    ex.found_local = local;
    ex.n_found_local = N_LOCAL;
    ex.opt.temperature = 600;
    ex.opt.prefactor = 1e13;
    for (int k = 0; k < N; k++) {
        edge[k].found = 5;
        entry[k].edge = (uint64_t)k + 1;
        entry[k].barrier = 0.55;
        local[k] = k < N_LOCAL;
    }
    const double rate = 1e13 * exp(-0.55 / (8.617333262e-5 * 600));
    assert_near(sg_explorer_missing_rate(&ex, &t), (6.0 + 15.0 - 10.0) * rate, 1e-9 * rate);
    for (int k = 0; k < N_LOCAL; k++)
        local[k] = 2; /* twice each: it has seen all that it can see */
    assert_near(sg_explorer_missing_rate(&ex, &t), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice_by_yield),
        cmocka_unit_test(test_counts_come_back),
        cmocka_unit_test(test_missing_rate_of_the_unbiased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
