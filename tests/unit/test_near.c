/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of the landscape is in memory: the walk is the same when nothing may stay, the numbers that come back
 * are those that went, and what cannot be read back ends the walk with a reason. */
#include "walk_samples.h"

#include "../src/explore/explore_internal.h"

enum { STEPS = 8 };

/* A vacancy in a Lennard-Jones crystal: new states with every step, tables inherited, lent and searched. */
static void vacancy_walk(walk *w, defect *d, size_t memory, int threads)
{
    lj_vacancy(d, 3);
    walk_init(w, d);
    w->explore.per_atom = 2;
    w->explore.max_at_start = 24;
    w->explore.max_per_step = 3;
    w->explore.barrier_max = 1.5;
    w->explore.memory = memory;
    w->explore.threads = threads;
}

static size_t bytes_in_memory(const sg_explorer *ex)
{
    const size_t n = (size_t)ex->frame->n;
    size_t sum = 0;

    for (size_t k = 0; k < ex->n_states; k++) {
        if (ex->state[k].x) sum += n * 24;
        if (ex->table[k]) sum += n * 20 + ex->table[k]->n_entries * sizeof(sg_cat_entry);
    }
    for (size_t k = 0; k < ex->n_edges; k++)
        if (ex->edge[k].d_saddle) sum += n * 12;
    return sum;
}

static void test_same_bits_whatever_is_in_memory(void **state)
{
    static const size_t memory[] = {0, 1, 1};
    sg_cat_step row[STEPS], other;
    size_t all = 0;
    uint64_t n_states = 0;

    (void)state;
    for (int k = 0; k < 3; k++) { /* the last time on two threads, closed and opened half way */
        defect d;
        walk w;
        vacancy_walk(&w, &d, memory[k], k < 2 ? 1 : 2);
        walk_open(&w, 0);
        for (int s = 0; s < STEPS; s++) {
            if (k == 2 && s == STEPS / 2) {
                assert_ok(sg_kmc_commit(w.kmc_walk));
                walk_close(&w);
                walk_open(&w, 1);
            }
            memset(&other, 0, sizeof other);
            other = step(&w);
            if (k == 0) row[s] = other;
            assert_memory_equal(&row[s], &other, sizeof other);
        }
        assert_ok(sg_kmc_commit(w.kmc_walk));
        near_trim(w.ex);
        if (k == 0) {
            all = bytes_in_memory(w.ex);
            n_states = sg_explorer_n_states(w.ex);
            assert_true(all > 50000);
        }
        assert_int_equal(sg_explorer_n_states(w.ex), n_states);
        if (k > 0) assert_true(bytes_in_memory(w.ex) < all / 2);
        walk_end(&w);
        defect_clear(&d);
    }
}

/* Every position, displacement and entry, bit by bit, after it has gone and come back. */
static void test_what_comes_back(void **state)
{
    defect d;
    walk w;

    (void)state;
    vacancy_walk(&w, &d, 1, 1);
    walk_open(&w, 0);
    step(&w);
    assert_ok(sg_kmc_commit(w.kmc_walk));
    const size_t n = (size_t)d.sys->n, n_states = w.ex->n_states, n_edges = w.ex->n_edges;
    double(*x)[3] = calloc(n_states * n, sizeof *x);
    float(*move)[3] = calloc(n_edges * n, sizeof *move);
    for (size_t k = 0; k < n_states; k++)
        memcpy(x + k * n, sg_explorer_positions(w.ex, k), n * sizeof *x);
    for (size_t k = 0; k < n_edges; k++)
        memcpy(move + k * n, sg_explorer_whole_edge(w.ex, k + 1).d_saddle, n * sizeof *move);
    const sg_cat_table first = *sg_explorer_known_table(w.ex, 0);
    sg_cat_entry *entry = calloc(first.n_entries, sizeof *entry);
    memcpy(entry, first.entry, first.n_entries * sizeof *entry);
    for (int k = 0; k < 40; k++) /* each time the older half of what is there goes */
        near_trim(w.ex);
    assert_true(bytes_in_memory(w.ex) < n * 100);
    for (size_t k = 0; k < n_states; k++)
        assert_memory_equal(x + k * n, sg_explorer_positions(w.ex, k), n * sizeof *x);
    for (size_t k = 0; k < n_edges; k++)
        assert_memory_equal(move + k * n, sg_explorer_whole_edge(w.ex, k + 1).d_saddle, n * sizeof *move);
    const sg_cat_table *again = sg_explorer_known_table(w.ex, 0);
    assert_int_equal(again->n_entries, first.n_entries);
    assert_int_equal(again->n_searches, first.n_searches);
    for (uint32_t k = 0; k < first.n_entries; k++) {
        assert_int_equal(again->entry[k].edge, entry[k].edge);
        assert_true(again->entry[k].barrier == entry[k].barrier);
    }
    free(x);
    free(move);
    free(entry);
    walk_end(&w);
    defect_clear(&d);
}

/* A record of the wrong size in the place of a state: zeros for whoever asks, an error for the next table. */
static void test_what_cannot_be_read(void **state)
{
    defect d;
    walk w;
    sg_cat_step row;
    sg_kmc_end end;
    double one[1][3] = {{0}};

    (void)state;
    vacancy_walk(&w, &d, 1, 1);
    walk_open(&w, 0);
    step(&w);
    assert_ok(sg_kmc_commit(w.kmc_walk));
    for (int k = 0; k < 40; k++)
        near_trim(w.ex);
    assert_null(w.ex->state[0].x);
    sg_cat_state wrong = *sg_explorer_state(w.ex, 0);
    wrong.n = 1;
    wrong.x = one;
    assert_ok(sg_catalog_put_state(w.cat, &wrong));
    assert_ok(sg_catalog_commit(w.cat));
    assert_true(sg_explorer_positions(w.ex, 0)[5][0] == 0);
    assert_int_equal(sg_kmc_step(w.kmc_walk, &row, &end), SG_ECORRUPT);
    assert_non_null(strstr(sg_error_text(), "reading back state 0"));
    walk_end(&w);
    defect_clear(&d);
}

/* The same for a table: whoever goes on with it is refused, and nothing is written. */
static void test_a_table_that_cannot_be_read(void **state)
{
    defect d;
    walk w;
    const sg_cat_table *t;
    int alive;

    (void)state;
    vacancy_walk(&w, &d, 1, 1);
    walk_open(&w, 0);
    step(&w);
    assert_ok(sg_kmc_commit(w.kmc_walk));
    const uint64_t next = sg_kmc_row(w.kmc_walk).state;
    for (int k = 0; k < 40; k++)
        near_trim(w.ex);
    assert_null(w.ex->table[0]);
    sg_cat_table wrong = {.state = 0};
    assert_ok(sg_catalog_put_table(w.cat, &wrong));
    assert_ok(sg_catalog_commit(w.cat));
    assert_int_equal(sg_explorer_table(w.ex, next, 0, &t), SG_ECORRUPT);
    assert_non_null(strstr(sg_error_text(), "reading back table of state 0"));
    assert_false(sg_explorer_is_settled(w.ex, 0, 0));
    assert_int_equal(sg_explorer_settle(w.ex, 0, 0, &alive), SG_ECORRUPT);
    assert_int_equal(sg_explorer_reconverge(w.ex, 0, 0, &alive), SG_ECORRUPT);
    walk_end(&w);
    defect_clear(&d);
}

/* That searching ended because enough was known is in the catalog with the plan that ends it: after a kill
 * there it is not asked again. */
static void test_confidence_is_stored_with_the_plan(void **state)
{
    defect d;
    walk w;
    sg_cat_state s;
    int n_planned;

    (void)state;
    vacancy_walk(&w, &d, 0, 1);
    w.explore.confidence = 1e-6;
    walk_open(&w, 0);
    step(&w);
    assert_ok(sg_kmc_commit(w.kmc_walk));
    w.ex->state[0].flags &= ~(uint32_t)SG_CAT_STATE_CONFIDENT;
    w.ex->plan.state = w.ex->plan.parent = 0;
    w.ex->opt.max_at_start = 0;
    assert_ok(plan_round(w.ex, &n_planned));
    assert_int_equal(n_planned, 0);
    assert_ok(sg_kmc_commit(w.kmc_walk));
    assert_ok(sg_catalog_get_state(w.cat, 0, &s));
    assert_true(s.flags & SG_CAT_STATE_CONFIDENT);
    sg_cat_state_clear(&s);
    walk_end(&w);
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits_whatever_is_in_memory),
        cmocka_unit_test(test_what_comes_back),
        cmocka_unit_test(test_what_cannot_be_read),
        cmocka_unit_test(test_a_table_that_cannot_be_read),
        cmocka_unit_test(test_confidence_is_stored_with_the_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
