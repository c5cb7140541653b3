/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The account of where rate tables come from, against counts made here: every table is accounted for once,
 * every row of searches belongs to one step, and shares are those of the table's entries. Kills change
 * nothing. */
#include "walk_samples.h"

enum { STEPS = 24, T_WALK = 600 /* K */ };

static void pair_walk(walk *w, defect *d)
{
    lj_adatoms(d, 6, 3, 0, 2, 2);
    walk_init(w, d);
    w->explore.per_atom = 6;
    w->explore.temperature = T_WALK;
    w->explore.barrier_max = 0.9;
}

/* The sources of a table, entry by entry. */
static void check_sources(walk *w, uint64_t state, const sg_sources *s)
{
    const sg_cat_table *t = sg_explorer_known_table(w->ex, state);
    double rate[SG_SOURCE_COUNT] = {0}, predicted = 0;
    uint32_t number[SG_SOURCE_COUNT] = {0}, n_predicted = 0;

    assert_non_null(t);
    for (uint32_t k = 0; k < t->n_entries; k++) {
        const sg_cat_edge *e = sg_explorer_edge(w->ex, t->entry[k].edge);
        const double r = 1e13 * exp(-t->entry[k].barrier / (8.617333262e-5 * T_WALK));
        if (t->entry[k].barrier > w->explore.barrier_max) continue;
        const int begun_here = e->from == state && !t->entry[k].reverse && !t->entry[k].kept;
        const int source = begun_here ? e->source : SG_SOURCE_INHERITED;
        number[source]++;
        rate[source] += r;
        n_predicted += t->entry[k].kept;
        predicted += t->entry[k].kept ? r : 0;
        if (t->entry[k].kept)
            assert_true(s->rate_error >=
                        r * expm1(t->entry[k].error / (8.617333262e-5 * T_WALK)) * (1 - 1e-9));
    }
    for (int k = 0; k < SG_SOURCE_COUNT; k++) {
        assert_int_equal(s->number[k], number[k]);
        assert_near(s->rate[k], rate[k], 1e-9 * rate[k]);
    }
    assert_int_equal(s->n_predicted, n_predicted);
    assert_near(s->rate_predicted, predicted, 1e-9 * predicted);
}

/* The account as earlier runs wrote it: eight whole numbers, five rates; then nine and eleven. */
static void test_an_older_account(void **state)
{
    defect d;
    walk w;
    sg_reuse r;
    unsigned char bytes[8 * 13] = {0}, later[8 * 20] = {0};
    const double rate[11] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

    (void)state;
    pair_walk(&w, &d);
    walk_open(&w, 0);
    for (int k = 0; k < 8; k++)
        bytes[8 * k] = later[8 * k] = (unsigned char)(10 + k);
    later[64] = 1;
    memcpy(bytes + 64, rate, 5 * sizeof *rate); /* little-endian */
    memcpy(later + 72, rate, sizeof rate);
    assert_ok(sg_catalog_put_meta(w.cat, "reuse 7", bytes, sizeof bytes));
    assert_ok(sg_catalog_put_meta(w.cat, "reuse 8", later, sizeof later));
    assert_ok(sg_kmc_commit(w.kmc_walk));
    assert_ok(sg_kmc_reuse(w.cat, 7, &r));
    assert_true(r.step == 7 && r.state == 10 && r.made && r.sources.number[2] == 14);
    assert_true(r.sources.n_predicted == 15 && r.first_row == 16 && r.end_row == 17 && !r.confident);
    assert_true(r.sources.rate[0] == 1 && r.sources.rate_predicted == 4 && r.sources.rate_error == 5);
    assert_true(isnan(r.missing.rate) && isnan(r.missing.share));
    assert_true(r.sources.number[SG_SOURCE_DETOUR] == 0 && r.sources.rate[SG_SOURCE_DETOUR] == 0);
    assert_ok(sg_kmc_reuse(w.cat, 8, &r));
    assert_true(r.state == 10 && r.sources.number[2] == 14 && r.end_row == 17 && r.confident);
    assert_true(r.sources.rate[2] == 3 && r.sources.rate_error == 5 && r.missing.number == 6);
    assert_true(r.missing.chance_new == 11 && r.sources.rate[SG_SOURCE_DETOUR] == 0);
    walk_end(&w);
    defect_clear(&d);
}

typedef struct rows {
    uint64_t n, state[4096];
} rows;

static int collect_row(void *arg, const void *record)
{
    rows *r = arg;
    const sg_cat_search *s = record;
    assert_true(s->id == r->n && r->n < 4096);
    r->state[r->n++] = s->state;
    return 0;
}

static void test_every_table_and_row_is_accounted_for_once(void **state)
{
    static rows all;
    uint64_t next = 0;
    int n_made = 0, n_with_table = 0, n_without = 0;
    defect d;
    walk w;

    (void)state;
    pair_walk(&w, &d);
    walk_open(&w, 0);
    for (int k = 1; k <= STEPS; k++) {
        const uint64_t from = sg_kmc_row(w.kmc_walk).state;
        const int known = sg_explorer_known_table(w.ex, from) != NULL;
        sg_reuse r;
        (void)step(&w);
        assert_ok(sg_kmc_commit(w.kmc_walk));
        const sg_status st = sg_kmc_reuse(w.cat, (uint64_t)k, &r);
        if (st == SG_ENOTFOUND) {
            assert_true(known); /* and nothing was reconverged: its rows would be missing below */
            n_without++;
            continue;
        }
        assert_ok(st);
        assert_int_equal(r.step, k);
        assert_int_equal(r.state, from);
        assert_int_equal(r.made, !known);
        assert_int_equal(r.first_row, next);
        next = r.end_row;
        n_made += r.made;
        check_sources(&w, from, &r.sources);
    }
    memset(&all, 0, sizeof all);
    assert_ok(sg_catalog_each(w.cat, SG_DB_SEARCHES, collect_row, &all));
    assert_int_equal(all.n, next);
    assert_int_equal(sg_explorer_n_rows(w.ex), next);
    for (uint64_t id = 0; id < sg_explorer_n_states(w.ex); id++)
        n_with_table += sg_explorer_known_table(w.ex, id) != NULL;
    assert_int_equal(n_made, n_with_table);
    assert_true(n_made > 2 && n_without > 0);
    walk_end(&w);
    defect_clear(&d);
}

typedef struct story {
    sg_reuse of[STEPS + 1];
} story;

static void read_story(walk *w, story *out)
{
    for (uint64_t k = 1; k <= STEPS; k++) {
        const sg_status st = sg_kmc_reuse(w->cat, k, &out->of[k]);
        assert_true(st == SG_OK || st == SG_ENOTFOUND);
        out->of[k].step = st == SG_OK;
    }
}

static int stop_at_once(const void *arg)
{
    int *left = *(int *const *)arg;
    return --*left == 0;
}

static void test_kills_and_interruptions_leave_the_same_accounts(void **state)
{
    static story straight, killed;
    int left, *const at = &left;
    defect d;
    walk w;

    (void)state;
    pair_walk(&w, &d);
    walk_open(&w, 0);
    for (int k = 1; k <= STEPS; k++)
        (void)step(&w);
    assert_ok(sg_kmc_commit(w.kmc_walk));
    read_story(&w, &straight);
    walk_end(&w);
    defect_clear(&d);

    pair_walk(&w, &d);
    w.explore.stop = stop_at_once;
    w.explore.stop_arg = &at;
    left = 2;
    walk_open(&w, 0);
    while (sg_kmc_row(w.kmc_walk).step < STEPS) {
        sg_cat_step row;
        sg_kmc_end end;
        if (sg_kmc_step(w.kmc_walk, &row, &end) == SG_OK) continue;
        left = 3;
        walk_close(&w);
        walk_open(&w, 1);
    }
    assert_ok(sg_kmc_commit(w.kmc_walk));
    read_story(&w, &killed);
    assert_memory_equal(&straight, &killed, sizeof straight);
    walk_end(&w);
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_older_account),
        cmocka_unit_test(test_every_table_and_row_is_accounted_for_once),
        cmocka_unit_test(test_kills_and_interruptions_leave_the_same_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
