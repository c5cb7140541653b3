/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which states a step leaves together: against the joined states found by brute force among the saddles, for
 * either criterion, with and without room, and after restarts. */
#include "walk_samples.h"

enum { STEPS = 150, T_HOPS = 500 /* K */, MOST_STATES = 64, MOST_KNOWN = 1000 };

static const double hop_below = 0.4; /* eV: a hop between hollows is, an exchange is not */

/* One atom on 6 x 4 hollows, all hops alike. */
static void adatom_walk(walk *w, defect *d)
{
    lj_adatoms(d, 6, 4, 0, 1, 0);
    walk_init(w, d);
    w->explore.per_atom = 8;
    w->explore.temperature = T_HOPS;
    w->explore.copy = 1;
    w->kmc.basin = 1;
    w->kmc.basin_barrier = hop_below;
    w->kmc.basin_max_states = MOST_STATES;
}

static int is_closed(const walk *w, uint64_t state)
{
    return (sg_explorer_state(w->ex, state)->flags & SG_CAT_STATE_VISITED) &&
           sg_explorer_known_table(w->ex, state);
}

/* Number of states that low saddles join to `from`, by spreading marks over all edges until nothing changes.
 */
static int joined_states(const walk *w, uint64_t from, char in[MOST_KNOWN])
{
    int n = 0, found = 1;

    assert_true(sg_explorer_n_states(w->ex) <= MOST_KNOWN);
    memset(in, 0, MOST_KNOWN);
    in[from] = 1;
    while (found) {
        found = 0;
        for (uint64_t k = 1; k <= sg_explorer_n_edges(w->ex); k++) {
            const sg_cat_edge *e = sg_explorer_edge(w->ex, k);
            if (in[e->from] == in[e->to] || !(e->barrier < hop_below && e->barrier_back < hop_below))
                continue;
            if (!is_closed(w, e->from) || !is_closed(w, e->to)) continue;
            in[e->from] = in[e->to] = 1;
            found = 1;
        }
    }
    for (int s = 0; s < MOST_KNOWN; s++)
        n += in[s];
    return n;
}

/* Mean time from `from` until the marked states are left, by Gauss's elimination of (D - K) t = 1; infinite
 * where nothing leads out. */
static double time_to_leave(const walk *w, uint64_t from, const char in[MOST_KNOWN])
{
    static long double a[MOST_STATES][MOST_STATES + 1];
    int place[MOST_KNOWN], n = 0, leads_out = 0;

    for (int s = 0; s < MOST_KNOWN; s++)
        place[s] = in[s] ? n++ : -1;
    memset(a, 0, sizeof a);
    for (uint64_t s = 0; s < MOST_KNOWN; s++) {
        const sg_cat_table *t = in[s] ? sg_explorer_known_table(w->ex, s) : NULL;
        for (uint32_t k = 0; t && k < t->n_entries; k++) {
            const uint64_t to = sg_explorer_target(w->ex, &t->entry[k]);
            const double rate = 1e13 * exp(-t->entry[k].barrier / (8.617333262e-5 * T_HOPS));
            if (to == s) continue;
            a[place[s]][place[s]] += rate;
            if (in[to])
                a[place[s]][place[to]] -= rate;
            else
                leads_out = 1;
        }
        if (t) a[place[s]][n] = 1;
    }
    for (int k = 0; k < n; k++)
        for (int i = 0; i < n; i++) {
            const long double f = i == k ? 0 : a[i][k] / a[k][k];
            for (int j = k; j <= n && f != 0; j++)
                a[i][j] -= f * a[k][j];
        }
    return leads_out ? (double)(a[place[from]][n] / a[place[from]][place[from]]) : INFINITY;
}

static void test_all_joined_states_are_left_together(void **state)
{
    int largest = 0;
    char in[MOST_KNOWN];
    defect d;
    walk w;

    (void)state;
    adatom_walk(&w, &d);
    walk_open(&w, 0);
    for (int k = 0; k < STEPS; k++) {
        const uint64_t from = sg_kmc_row(w.kmc_walk).state;
        const sg_cat_step row = step(&w);
        const int n = joined_states(&w, from, in);
        const double rate = 1 / time_to_leave(&w, from, in);
        if (rate > 0) {
            assert_int_equal(row.basin_size, n);
            assert_near(row.rate_total, rate, 1e-9 * rate);
        } else {
            assert_int_equal(row.basin_size, 1); /* all hollows: time goes on within */
        }
        if (n > largest) largest = n;
    }
    assert_int_equal(largest, 24);
    walk_end(&w);
    defect_clear(&d);
}

/* One state per step: each exit over a low saddle adds what it leads to. */
static void test_a_basin_grows_by_what_it_is_left_to(void **state)
{
    defect d;
    walk w;

    (void)state;
    adatom_walk(&w, &d);
    walk_open(&w, 0);
    for (int k = 1; k < 24; k++)
        assert_int_equal(step(&w).basin_size, k);
    walk_end(&w);
    defect_clear(&d);
}

static void record(walk *w, int restart, sg_cat_step *row)
{
    walk_open(w, 0);
    for (int k = 0; k < STEPS; k++) {
        row[k] = step(w);
        if (!restart) continue;
        assert_ok(sg_kmc_commit(w->kmc_walk));
        walk_close(w);
        walk_open(w, 1);
    }
}

static void expect_same(const sg_cat_step *a, const sg_cat_step *b)
{
    for (int k = 0; k < STEPS; k++) {
        assert_int_equal(a[k].edge, b[k].edge);
        assert_int_equal(a[k].state, b[k].state);
        assert_int_equal(a[k].basin_size, b[k].basin_size);
        assert_true(a[k].dt == b[k].dt && a[k].n_hops == b[k].n_hops && a[k].time == b[k].time);
    }
}

/* What is kept between steps equals what is gathered anew, in basins with and without room. */
static void test_restarts_change_nothing(void **state)
{
    static sg_cat_step straight[STEPS], restarted[STEPS];
    static const int room[] = {MOST_STATES, 7};

    (void)state;
    for (int k = 0; k < 2; k++) {
        for (int restart = 0; restart < 2; restart++) {
            defect d;
            walk w;
            adatom_walk(&w, &d);
            w.kmc.basin_max_states = room[k];
            record(&w, restart, restart ? restarted : straight);
            walk_end(&w);
            defect_clear(&d);
        }
        expect_same(straight, restarted);
    }
}

/* With one prefactor a rate is a barrier. */
static void test_a_time_in_place_of_a_barrier(void **state)
{
    static sg_cat_step by_barrier[STEPS], by_time[STEPS];

    (void)state;
    for (int timed = 0; timed < 2; timed++) {
        defect d;
        walk w;
        adatom_walk(&w, &d);
        if (timed) {
            w.kmc.basin_time = exp(hop_below / (8.617333262e-5 * T_HOPS)) / 1e13;
            w.kmc.basin_barrier = 0;
        }
        record(&w, 0, timed ? by_time : by_barrier);
        walk_end(&w);
        defect_clear(&d);
    }
    assert_true(by_time[10].basin_size == 11);
    expect_same(by_barrier, by_time);
}

static void count_warnings(void *self, sg_log_level level, const char *text)
{
    *(int *)self += level == SG_LOG_WARNING && strstr(text, "basin") != NULL;
}

static void test_a_full_basin(void **state)
{
    int n_warnings = 0, n_full = 0;
    char in[MOST_KNOWN];
    defect d;
    walk w;

    (void)state;
    adatom_walk(&w, &d);
    const sg_log log = {count_warnings, NULL, &n_warnings};
    w.kmc.log = &log;
    w.kmc.basin_max_states = 7;
    walk_open(&w, 0);
    for (int k = 0; k < STEPS; k++) {
        const uint64_t from = sg_kmc_row(w.kmc_walk).state;
        const sg_cat_step row = step(&w);
        const int n = joined_states(&w, from, in);
        assert_int_equal(row.basin_size, n < 7 ? n : 7);
        n_full += n > 7;
    }
    assert_true(n_full > STEPS / 2);
    assert_int_equal(n_warnings, 1);
    walk_end(&w);
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_joined_states_are_left_together),
        cmocka_unit_test(test_a_basin_grows_by_what_it_is_left_to),
        cmocka_unit_test(test_restarts_change_nothing),
        cmocka_unit_test(test_a_time_in_place_of_a_barrier),
        cmocka_unit_test(test_a_full_basin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
