/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each way a search can end, on surfaces where the end is known beforehand: an atom on a square lattice of
 * hollows, a vacancy. */
#include "event_samples.h"

typedef struct scene {
    defect d;
    searcher w;
    double (*guess)[3], (*mode)[3];
    int adatom;
} scene;

static void scene_make(scene *s, int nx, int ny)
{
    lj_adatoms(&s->d, nx, ny, 0, 1, 0);
    searcher_make(&s->d, &s->w);
    s->adatom = s->d.sys->n - 1;
    s->guess = calloc(2 * (size_t)s->d.sys->n, sizeof *s->guess);
    s->mode = s->guess + s->d.sys->n;
    memcpy(s->guess, s->d.sys->x, (size_t)s->d.sys->n * sizeof *s->guess);
}

static void scene_clear(scene *s)
{
    searcher_clear(&s->w);
    defect_clear(&s->d);
    free(s->guess);
}

/* The atom near the place (u, v), in units of the distance of hollows from its own, with a guess of the way
 * on. */
static sg_outcome refine_at(scene *s, double u, double v, double mode_x, double mode_y)
{
    const double *x = s->d.sys->x[s->adatom];

    s->guess[s->adatom][0] = x[0] + u * HOLLOW;
    s->guess[s->adatom][1] = x[1] + v * HOLLOW;
    s->guess[s->adatom][2] = x[2] + 0.3;
    s->mode[s->adatom][0] = mode_x;
    s->mode[s->adatom][1] = mode_y;
    return refine(&s->d, (positions)s->guess, (positions)s->mode, &s->w);
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(sg_outcome_text(SG_FOUND), "found");
    assert_string_equal(sg_outcome_text(SG_REFINE_FAILED), "refine_failed");
    assert_string_equal(sg_outcome_text(SG_OUTCOME_COUNT), "unknown");
    assert_string_equal(sg_sampler_text(SG_SAMPLER_LOCAL), "local");
    assert_string_equal(sg_sampler_text(SG_SAMPLER_COUNT), "unknown");
}

/* Four bridges lead to four hollows over equal barriers; the bridge is where symmetry puts it. */
static void test_found(void **state)
{
    static const double way[4][2] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
    double barrier = NAN;
    scene s;

    (void)state;
    scene_make(&s, 4, 4);
    for (int k = 0; k < 4; k++) {
        const double *x0 = s.d.sys->x[s.adatom];
        assert_int_equal(refine_at(&s, 0.45 * way[k][0], 0.45 * way[k][1], way[k][0], way[k][1]), SG_FOUND);
        if (k == 0) barrier = s.w.p->e_saddle - s.d.problem.e_start;
        assert_near(s.w.p->e_saddle - s.d.problem.e_start, barrier, 1e-5);
        for (int c = 0; c < 2; c++) {
            assert_near(s.w.p->x_saddle[s.adatom][c] - x0[c], HOLLOW / 2 * way[k][c], 2e-3);
            assert_near(s.w.p->x_final[s.adatom][c] - x0[c], HOLLOW * way[k][c], 1e-3);
        }
    }
    scene_clear(&s);
}

/* In a cell of one hollow the next hollow is the same place. */
static void test_same_minimum(void **state)
{
    scene s;

    (void)state;
    scene_make(&s, 1, 1);
    assert_int_equal(refine_at(&s, 0.45, 0, 1, 0), SG_SAME_MINIMUM);
    assert_int_equal(refine_at(&s, 0, -0.45, 0, 1), SG_SAME_MINIMUM);
    scene_clear(&s);
}

/* A saddle between two other hollows: its displacement, laid on the start, leads over a bridge of the start.
 */
static void test_slip_is_undone(void **state)
{
    scene s;

    (void)state;
    scene_make(&s, 6, 2);
    assert_int_equal(refine_at(&s, 0.5, 0, 1, 0), SG_FOUND);
    const double barrier = s.w.p->e_saddle - s.d.problem.e_start;
    assert_int_equal(refine_at(&s, 1.5, 0, 1, 0), SG_FOUND);
    assert_near(s.w.p->e_saddle - s.d.problem.e_start, barrier, 1e-5);
    assert_near(fabs(s.w.p->x_final[s.adatom][0] - s.d.sys->x[s.adatom][0]), HOLLOW, 1e-3);
    assert_near(s.w.p->x_final[s.adatom][1], s.d.sys->x[s.adatom][1], 1e-3);
    scene_clear(&s);
}

typedef struct neighbour_question {
    int asked, n;
    double energy;
    double (*x)[3]; /* [n] what was asked about */
} neighbour_question;

static int ask_neighbour(const void *arg, double energy, positions x, double *e_saddle, double (*x_saddle)[3])
{
    neighbour_question *const q = *(neighbour_question *const *)arg;
    q->asked++;
    q->energy = energy;
    memcpy(q->x, x, (size_t)q->n * sizeof *q->x);
    *e_saddle = 7;
    x_saddle[0][0] = 8;
    return 1;
}

/* The table is asked about the minimum that the start's side has led to: the one after the first hop. */
static void check_neighbour(defect *d, searcher *w, positions guess, positions x_hop, double e_hop)
{
    const size_t n = (size_t)d->sys->n;
    neighbour_question q = {.n = d->sys->n, .x = calloc(n, sizeof *q.x)}, *const at = &q;

    d->problem.neighbour = ask_neighbour;
    d->problem.known_arg = &at;
    assert_int_equal(refine(d, guess, NULL, w), SG_KNOWN);
    assert_int_equal(q.asked, 1);
    assert_near(q.energy, e_hop, 1e-3);
    assert_near(sg_system_displacement(d->sys, x_hop, (positions)q.x, NULL, NULL), 0, 0.02);
    assert_true(w->p->e_saddle == 7 && w->p->x_saddle[0][0] == 8);
    d->problem.neighbour = NULL;
    free(q.x);
}

/* A hop that becomes possible after another hop only. The numbers are those of the saddle that was reached.
 */
static void test_disconnected(void **state)
{
    int neighbour[12], second = -1;
    double(*guess)[3];
    defect d;
    searcher w;

    (void)state;
    lj_vacancy(&d, 3);
    vacancy_find(&d, HOLLOW, neighbour);
    searcher_make(&d, &w);
    guess = calloc((size_t)d.sys->n, sizeof *guess);
    on_the_way(&d, neighbour[0], 0.5, guess);
    assert_int_equal(refine(&d, (positions)guess, NULL, &w), SG_FOUND);
    const double barrier = w.p->e_saddle - d.problem.e_start;
    const double e_hop = w.p->e_final;
    double(*x_hop)[3] = calloc((size_t)d.sys->n, sizeof *x_hop);
    memcpy(x_hop, w.p->x_final, (size_t)d.sys->n * sizeof *x_hop);
    memcpy(guess, x_hop, (size_t)d.sys->n * sizeof *guess);
    for (int i = 0; i < d.sys->n && second < 0; i++) { /* bonded to the place left, not to the old vacancy */
        const double far = separation(d.sys, d.vacancy, d.sys->x[i]);
        if (far > 1.2 * HOLLOW && separation(d.sys, d.sys->x[neighbour[0]], d.sys->x[i]) < 1.2 * HOLLOW)
            second = i;
    }
    assert_true(second >= 0);
    double half[3];
    for (int c = 0; c < 3; c++)
        half[c] = d.sys->x[neighbour[0]][c] - d.sys->x[second][c];
    sg_cell_minimum_image(&d.sys->cell, half);
    for (int c = 0; c < 3; c++)
        guess[second][c] += 0.5 * half[c];
    assert_int_equal(refine(&d, (positions)guess, NULL, &w), SG_DISCONNECTED);
    assert_near(w.p->e_saddle - d.problem.e_start, barrier, 1e-4);
    check_neighbour(&d, &w, (positions)guess, (positions)x_hop, e_hop);
    free(x_hop);
    free(guess);
    searcher_clear(&w);
    defect_clear(&d);
}

typedef struct question {
    int asked, answer;
    double e_saddle;
    const void *x_saddle;
} question;

static int ask(const void *arg, double e_saddle, positions x_saddle)
{
    question *const q = *(question *const *)arg;
    q->asked++;
    q->e_saddle = e_saddle;
    q->x_saddle = x_saddle;
    return q->answer;
}

/* The table is asked once, about the converged saddle, before the two minima cost anything. */
static void test_known(void **state)
{
    question q = {0, 1, 0, NULL}, *const at = &q;
    scene s;

    (void)state;
    scene_make(&s, 3, 3);
    s.d.problem.known = ask;
    s.d.problem.known_arg = &at;
    assert_int_equal(refine_at(&s, 0.5, 0, 1, 0), SG_KNOWN);
    assert_int_equal(q.asked, 1);
    assert_true(q.e_saddle == s.w.p->e_saddle && q.x_saddle == s.w.p->x_saddle);
    assert_int_equal(s.w.p->calls.relax + s.w.p->calls.verify, 0);
    assert_true(isnan(s.w.p->e_final));
    q.answer = 0;
    assert_int_equal(refine_at(&s, 0.5, 0, 1, 0), SG_FOUND);
    assert_int_equal(q.asked, 2);
    scene_clear(&s);
}

static void test_no_exit(void **state)
{
    scene s;

    (void)state;
    scene_make(&s, 3, 3);
    assert_int_equal(search(&s.d, 0, 0, &s.w), SG_NO_EXIT); /* held still */
    assert_int_equal(s.w.p->calls.leave, 0);
    s.d.opt.push_step = 1e-4; /* 40 of them stay in the harmonic basin */
    assert_int_equal(search(&s.d, s.adatom, 0, &s.w), SG_NO_EXIT);
    assert_true(s.w.p->calls.leave > 40 && s.w.p->calls.climb == 0);
    scene_clear(&s);
}

static void test_lost_and_refine_failed(void **state)
{
    scene s;

    (void)state;
    scene_make(&s, 3, 3);
    s.d.opt.push_step = s.d.opt.step_max = 1e-4;
    s.d.opt.curvature_out = 1e9; /* leaves at once and stays convex */
    assert_int_equal(search(&s.d, s.adatom, 0, &s.w), SG_LOST);
    assert_int_equal(refine_at(&s, 0.05, 0, 1, 0), SG_REFINE_FAILED);
    assert_true(isnan(s.w.p->e_saddle) && isnan(s.w.p->f_saddle)); /* not reached */
    scene_clear(&s);
}

static void test_step_limit(void **state)
{
    scene s;

    (void)state;
    scene_make(&s, 3, 3);
    s.d.opt.max_calls = 1;
    assert_int_equal(search(&s.d, s.adatom, 0, &s.w), SG_STEP_LIMIT);
    assert_true(s.w.p->calls.leave + s.w.p->calls.climb < 10);
    s.d.opt.max_calls = 8;
    assert_int_equal(refine_at(&s, 0.3, 0, 1, 0), SG_STEP_LIMIT);
    assert_true(s.w.p->calls.refine < 8 + 8 + 24 && isnan(s.w.p->e_saddle));
    scene_clear(&s);
}

static void test_blow_up(void **state)
{
    scene s;

    (void)state;
    scene_make(&s, 3, 3);
    s.d.opt.climb_max = 0.01;
    assert_int_equal(search(&s.d, s.adatom, 0, &s.w), SG_BLOW_UP);
    assert_int_equal(refine_at(&s, 0.4, 0, 1, 0), SG_BLOW_UP);
    scene_clear(&s);
}

static int n_negative_at_saddle(const scene *s)
{
    hessian h;
    sg_system *sys = NULL;

    assert_ok(sg_system_copy(s->d.sys, &sys));
    memcpy(sys->x, s->w.p->x_saddle, (size_t)sys->n * sizeof *sys->x);
    hessian_make(s->d.pot, sys, 0, &h);
    const int n = hessian_n_negative(&h, -0.005);
    hessian_clear(&h);
    sg_system_free(sys);
    return n;
}

/* Near the top of an atom, taken for stationary by a lax limit: one side of the softest mode leads to the
 * start, but there is a second way down. With calls left the search takes it, on to a saddle. */
static void test_wrong_index(void **state)
{
    scene s;

    (void)state;
    scene_make(&s, 4, 4);
    s.d.opt.f_saddle = 0.5;
    s.d.opt.max_calls = 9; /* as many as the first attempt takes */
    s.guess[s.adatom][0] -= 0.1 * HOLLOW;
    s.guess[s.adatom][1] -= 0.45 * HOLLOW;
    s.guess[s.adatom][2] += 0.6;
    s.mode[s.adatom][1] = 1;
    assert_int_equal(refine(&s.d, (positions)s.guess, (positions)s.mode, &s.w), SG_WRONG_INDEX);
    assert_true(s.w.p->curvature < 0 && s.w.p->curvature2 < 0);
    assert_int_equal(n_negative_at_saddle(&s), 2);
    s.d.opt.max_calls = 2500;
    assert_int_equal(refine(&s.d, (positions)s.guess, (positions)s.mode, &s.w), SG_FOUND);
    assert_true(s.w.p->curvature < 0 && s.w.p->curvature2 > 0);
    assert_int_equal(n_negative_at_saddle(&s), 1);
    scene_clear(&s);
}

/* Barriers below 1 meV are none: here the start is said to lie just below the bridge. */
static void test_degenerate(void **state)
{
    scene s;

    (void)state;
    scene_make(&s, 3, 3);
    assert_int_equal(refine_at(&s, 0.5, 0, 1, 0), SG_FOUND);
    s.d.problem.e_start = s.w.p->e_saddle - 0.9e-3;
    assert_int_equal(refine_at(&s, 0.5, 0, 1, 0), SG_DEGENERATE);
    s.d.problem.e_start = s.w.p->e_saddle - 1.1e-3;
    assert_int_not_equal(refine_at(&s, 0.5, 0, 1, 0), SG_DEGENERATE);
    scene_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),        cmocka_unit_test(test_found),
        cmocka_unit_test(test_same_minimum), cmocka_unit_test(test_slip_is_undone),
        cmocka_unit_test(test_disconnected), cmocka_unit_test(test_known),
        cmocka_unit_test(test_no_exit),      cmocka_unit_test(test_lost_and_refine_failed),
        cmocka_unit_test(test_step_limit),   cmocka_unit_test(test_blow_up),
        cmocka_unit_test(test_wrong_index),  cmocka_unit_test(test_degenerate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
