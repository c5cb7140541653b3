/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The early end of a descent that is certainly going home, against relaxations carried to the end. */
#include "event_samples.h"

#include "../../src/saddle/saddle_internal.h"

/* Does a full relaxation off the saddle end at the start? */
static int relaxes_home(const defect *d, const sg_passage *p, double sign)
{
    const sg_minimize_options rule = sg_minimize_defaults();
    const double longest = vec_max_atom(3 * (size_t)p->n, &p->mode[0][0]);
    sg_minimize_result end;
    sg_potential_work *work = NULL;
    sg_system *sys = NULL;

    assert_ok(sg_potential_work_create(d->pot, &work));
    assert_ok(sg_system_copy(d->sys, &sys));
    for (int i = 0; i < p->n; i++)
        for (int a = 0; a < 3; a++)
            sys->x[i][a] = p->x_saddle[i][a] + sign * 0.15 / longest * p->mode[i][a];
    assert_ok(sg_minimize(d->pot, work, sys, NULL, &rule, &end));
    assert_int_equal(end.stop, SG_STOP_CONVERGED);
    const int home = fabs(end.energy - d->problem.e_start) < d->opt.identity_energy &&
                     distance_from_start(&d->problem, sys) < d->opt.identity_distance;
    sg_system_free(sys);
    sg_potential_work_free(work);
    return home;
}

static void check_both_sides(const defect *d, const sg_passage *p, int *n_calls)
{
    const saddle_point from = {p->e_saddle, (positions)p->x_saddle, (positions)p->mode};
    sg_saddle_work *w = NULL;
    sg_minimize_result end;

    assert_ok(sg_saddle_work_create(d->pot, d->sys, &w));
    for (int sign = -1; sign <= 1; sign += 2) {
        int home, calls = 0;
        assert_ok(
            descend_from(&d->problem, &from, sign, NULL, NULL, d->opt.f_minimum, w, &calls, &end, &home));
        assert_int_equal(home, relaxes_home(d, p, sign));
        if (home) *n_calls += calls;
        if (home) assert_true(end.energy - d->problem.e_start < 0.05);
        if (!home) assert_near(end.energy, p->e_final, 1e-5);
    }
    sg_saddle_work_free(w);
}

/* All events that searches around a vacancy find: each saddle has exactly one side that is home. */
static void test_way_home_against_full_relaxation(void **state)
{
    int neighbour[12], n_found = 0, n_calls = 0;
    searcher w;
    defect d;

    (void)state;
    lj_vacancy(&d, 3);
    vacancy_find(&d, HOLLOW, neighbour);
    searcher_make(&d, &w);
    for (int k = 0; k < 24; k++) {
        if (search(&d, neighbour[k % 12], (uint64_t)(100 + k), &w) != SG_FOUND) continue;
        check_both_sides(&d, w.p, &n_calls);
        n_found++;
    }
    assert_true(n_found >= 8);
    assert_true(n_calls < 60 * n_found); /* to the end it takes more */
    searcher_clear(&w);
    defect_clear(&d);
}

/* A guess off the saddle by up to 0.1 Å leads to the same saddle. */
static void test_refinement_of_a_disturbed_saddle(void **state)
{
    int neighbour[12];
    double(*guess)[3];
    searcher w, again;
    sg_rng rng;
    defect d;

    (void)state;
    lj_vacancy(&d, 3);
    vacancy_find(&d, HOLLOW, neighbour);
    searcher_make(&d, &w);
    searcher_make(&d, &again);
    guess = calloc((size_t)d.sys->n, sizeof *guess);
    on_the_way(&d, neighbour[0], 0.5, guess);
    assert_int_equal(refine(&d, (positions)guess, NULL, &w), SG_FOUND);
    sg_rng_init(&rng, 3, SG_RNG_TEST, 0, 0, 0);
    for (int k = 0; k < 5; k++) {
        for (int i = 0; i < d.sys->n; i++)
            for (int a = 0; a < 3; a++)
                guess[i][a] = w.p->x_saddle[i][a] + 0.03 * sg_rng_normal(&rng);
        assert_int_equal(refine(&d, (positions)guess, (positions)w.p->mode, &again), SG_FOUND);
        assert_near(again.p->e_saddle, w.p->e_saddle, 1e-5);
        assert_true(sg_system_displacement(d.sys, (positions)w.p->x_saddle, (positions)again.p->x_saddle,
                                           NULL, NULL) < 0.01);
    }
    free(guess);
    searcher_clear(&again);
    searcher_clear(&w);
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_way_home_against_full_relaxation),
        cmocka_unit_test(test_refinement_of_a_disturbed_saddle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
