/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States of several strains in one run: a step of strain against the same step made by hand, the way back,
 * and the events that pass from one strain to the next against their converged barriers. */
#include "walk_samples.h"

static const sg_cat_table *table(walk *w, uint64_t state, uint64_t parent)
{
    const sg_cat_table *t = NULL;
    assert_ok(sg_explorer_table(w->ex, state, parent, &t));
    assert_non_null(t);
    return t;
}

static uint64_t strained(walk *w, uint64_t state, double gamma)
{
    sg_strained out;

    assert_ok(sg_explorer_strain(w->ex, state, gamma, &out));
    assert_false(out.slipped);
    assert_true(out.lost == 0);
    assert_true(sg_explorer_state(w->ex, out.state)->gamma == gamma);
    return out.state;
}

/* Four hundredths in steps of 0.005, there and back: energies by hand, and the first states again. */
static void test_steps_of_strain(void **state)
{
    uint64_t at[9] = {0};
    defect d;
    walk w;

    (void)state;
    lj_vacancy(&d, 3);
    walk_init(&w, &d);
    walk_open(&w, 0);
    for (int k = 1; k <= 8; k++) {
        at[k] = strained(&w, at[k - 1], 0.005 * k);
        assert_int_equal(at[k], k);
        assert_ok(sg_system_set_strain(d.sys, 0.005 * k));
        defect_relax(&d, 1e-6);
        assert_near(sg_explorer_state(w.ex, at[k])->energy, d.problem.e_start, 1e-7);
        const sg_system *frame = sg_explorer_frame(w.ex, at[k]);
        assert_true(sg_system_displacement(frame, (positions)frame->x, (positions)d.sys->x, NULL, NULL) <
                    1e-4);
        assert_near(frame->cell.h[1][0], d.sys->cell.h[1][0], 1e-12);
    }
    for (int k = 8; k > 0; k--)
        assert_int_equal(strained(&w, at[k], 0.005 * (k - 1)), k - 1);
    assert_int_equal(sg_explorer_n_states(w.ex), 9);
    walk_end(&w);
    defect_clear(&d);
}

/* Events of a vacancy pass through a strain of 0.01: predicted as they are found when converged, and no
 * search is made but for what the strain may have born. */
static void test_events_pass(void **state)
{
    defect d;
    walk w;
    int n = 0, alive;

    (void)state;
    lj_vacancy(&d, 3);
    walk_init(&w, &d);
    w.explore.per_atom = 3;
    walk_open(&w, 0);
    const uint32_t n_before = table(&w, 0, 0)->n_entries;
    const uint64_t n_searches = sg_explorer_n_searches(w.ex);
    assert_true(n_before >= 12); /* the neighbours of the vacancy */
    const uint64_t there = strained(&w, 0, 0.01);
    const sg_cat_table *t = table(&w, there, 0);
    assert_true(t->n_entries >= 12);
    assert_true(sg_explorer_n_searches(w.ex) == n_searches || t->n_searches <= n_searches / 3);
    for (uint32_t k = 0; k < t->n_entries;) {
        const sg_cat_entry entry = t->entry[k];
        alive = 1;
        if (entry.kept && entry.barrier < 1.5) {
            const sg_cat_edge e = *sg_explorer_edge(w.ex, entry.edge);
            const double slope = entry.reverse ? e.strain_saddle[3] - e.strain_final[3] : e.strain_saddle[3];
            const double old = entry.reverse ? e.barrier_back : e.barrier;
            assert_ok(sg_explorer_reconverge(w.ex, there, k, &alive));
            if (alive) {
                assert_near(entry.barrier, t->entry[k].barrier, entry.error + 1e-4);
                assert_near(old + 0.01 * slope, t->entry[k].barrier, 0.01);
                n++;
            }
        }
        k += alive != 0;
    }
    assert_true(n >= 12);
    for (uint32_t k = 0; k < t->n_entries; k++) /* what is converged here leads to states of this strain */
        if (!t->entry[k].kept)
            assert_true(sg_explorer_state(w.ex, sg_explorer_target(w.ex, &t->entry[k]))->gamma == 0.01);
    walk_end(&w);
    defect_clear(&d);
}

/* An explorer opened on the catalog goes on as the one before would have. */
static void test_taken_up_again(void **state)
{
    static const int centre[] = {0, 1, 2, 3};
    defect d;
    walk w, again;

    (void)state;
    lj_vacancy(&d, 3);
    walk_init(&w, &d);
    walk_init(&again, &d);
    w.explore.n_centres = again.explore.n_centres = 4;
    w.explore.centre = again.explore.centre = centre;
    w.explore.barrier_max = again.explore.barrier_max = 2;
    walk_open(&w, 0);
    walk_open(&again, 0);
    for (int twice = 0; twice < 2; twice++) {
        walk *const q = twice ? &again : &w;
        (void)table(q, 0, 0);
        const uint64_t there = strained(q, 0, 0.01);
        assert_ok(sg_kmc_commit(q->kmc_walk));
        if (twice) {
            walk_close(q);
            walk_open(q, 1);
        }
        (void)table(q, there, 0);
        assert_int_equal(strained(q, there, 0), 0);
    }
    const sg_cat_table *a = table(&w, 1, 0), *b = table(&again, 1, 0);
    assert_true(a->n_entries >= 4);
    assert_int_equal(a->n_entries, b->n_entries);
    for (uint32_t k = 0; k < a->n_entries; k++) {
        assert_int_equal(a->entry[k].edge, b->entry[k].edge);
        assert_true(a->entry[k].barrier == b->entry[k].barrier && a->entry[k].error == b->entry[k].error);
    }
    walk_end(&w);
    walk_end(&again);
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_of_strain),
        cmocka_unit_test(test_events_pass),
        cmocka_unit_test(test_taken_up_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
