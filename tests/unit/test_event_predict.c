/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Barriers at another strain: the formula against tensors written out, against symmetry, and against barriers
 * converged there. */
#include "event_samples.h"

#include "slowglass/event/carry.h"
#include "slowglass/event/predict.h"

static const double one[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

static void test_first_order_by_hand(void **state)
{
    static const double derivative[6] = {1, -2, 3, 4, -5, 6};
    double strain[6] = {0.001, 0.002, 0, 0.01, -0.003, 0.004};

    (void)state;
    const sg_prediction p = sg_event_predict(0.8, derivative, strain, 0);
    assert_near(p.barrier, 0.8 + 0.001 - 0.004 + 0.04 + 0.015 + 0.024, 1e-15);
    memset(strain, 0, sizeof strain);
    assert_near(sg_event_predict(0.8, derivative, strain, 0).barrier, 0.8, 0);
    assert_near(sg_event_predict(0.8, derivative, strain, 0).error, 0, 0);
    assert_near(sg_event_predict(0.8, derivative, strain, 0.1).error, 0.1 * SG_PREDICT_PER_MOVED, 1e-15);
}

/* A barrier that is quadratic in the strain, with the curvature of nine in ten events (200 eV), stays inside
 * the error bar up to 0.02; the bar grows with |strain| and is the same in both directions. */
static void test_error_bar_of_a_parabola(void **state)
{
    static const double derivative[6] = {0, 0, 0, 3, 0, 0};
    double before = 0;

    (void)state;
    for (int k = 1; k <= 20; k++) {
        const double g = 1e-3 * k, there[6] = {0, 0, 0, g, 0, 0}, back[6] = {0, 0, 0, -g, 0, 0};
        const sg_prediction p = sg_event_predict(1, derivative, there, 0);
        assert_near(p.error, sg_event_predict(1, derivative, back, 0).error, 0);
        assert_true(p.error > before);
        assert_true(fabs(1 + 3 * g - 100 * g * g - p.barrier) < p.error);
        before = p.error;
    }
}

static void test_strain_in_the_frame_of_a_record(void **state)
{
    const double c = cos(0.7), s = sin(0.7), turn[3][3] = {{c, -s, 0}, {s, c, 0}, {0, 0, 1}},
                 quarter[3][3] = {{0, -1, 0}, {1, 0, 0}, {0, 0, 1}},
                 mirror[3][3] = {{-1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
                 cycle[3][3] = {{0, 1, 0}, {0, 0, 1}, {1, 0, 0}};
    double e[6];

    (void)state;
    sg_event_strain_between(0.01, 0.04, one, e);
    for (int k = 0; k < 6; k++)
        assert_near(e[k], k == 3 ? 0.03 : 0, 1e-17);
    sg_event_strain_between(0, 0.02, quarter, e); /* the other sense of shear */
    assert_near(e[3], -0.02, 1e-17);
    sg_event_strain_between(0.02, -0.02, mirror,
                            e); /* a mirror image under the mirrored strain: none added */
    assert_near(e[3], 0, 1e-17);
    sg_event_strain_between(0, 0.02, cycle, e); /* x of the place is y of the record, y is z */
    for (int k = 0; k < 6; k++)
        assert_near(e[k], k == 5 ? 0.02 : 0, 1e-17);
    sg_event_strain_between(0, 0.02, turn, e); /* R^T e R: 0.01 (sin 2a, -sin 2a) and cos 2a */
    assert_near(e[0], 0.01 * sin(1.4), 1e-15);
    assert_near(e[1], -0.01 * sin(1.4), 1e-15);
    assert_near(e[3], 0.02 * cos(1.4), 1e-15);
}

/* ---- hops of a vacancy in a pair crystal ---- */

typedef struct hop {
    double barrier, derivative[6], way[3]; /* eV, eV, unit vector */
} hop;

static void find_hop(const defect *d, int atom, searcher *w, hop *out)
{
    double(*guess)[3] = calloc((size_t)d->sys->n, sizeof *guess);

    on_the_way(d, atom, 0.5, guess);
    assert_int_equal(refine(d, (positions)guess, NULL, w), SG_FOUND);
    out->barrier = w->p->e_saddle - d->problem.e_start;
    for (int a = 0; a < 6; a++)
        out->derivative[a] = w->p->virial_saddle[a] - d->problem.virial_start[a];
    for (int c = 0; c < 3; c++)
        out->way[c] = d->vacancy[c] - d->sys->x[atom][c];
    sg_cell_minimum_image(&d->sys->cell, out->way);
    free(guess);
}

/* Orthogonal matrices of the cube: a permutation of the axes with signs. */
static void cube_operation(int k, double R[3][3])
{
    static const int axes[6][3] = {{0, 1, 2}, {1, 2, 0}, {2, 0, 1}, {1, 0, 2}, {0, 2, 1}, {2, 1, 0}};

    memset(R, 0, 9 * sizeof R[0][0]);
    for (int a = 0; a < 3; a++)
        R[a][axes[k / 8][a]] = (k >> a & 1) ? -1 : 1;
}

static int leads_from_to(const double R[3][3], const double a[3], const double b[3])
{
    double off = 0;
    for (int c = 0; c < 3; c++)
        off += fabs(R[c][0] * a[0] + R[c][1] * a[1] + R[c][2] * a[2] - b[c]);
    return off < 0.1;
}

/* All twelve hops are one event turned: what the record of one says about another orientation under strain is
 * what that one's own derivative says. */
static void test_one_record_serves_all_orientations(void **state)
{
    enum { OPERATIONS = 48 };
    const double g = 0.02;
    int neighbour[12], n = 0;
    hop first, other;
    defect d;
    searcher w;

    (void)state;
    lj_vacancy(&d, 3);
    d.opt.f_saddle = 1e-5;
    vacancy_find(&d, HOLLOW, neighbour);
    searcher_make(&d, &w);
    find_hop(&d, neighbour[0], &w, &first);
    for (int k = 1; k < 12; k += 2) {
        find_hop(&d, neighbour[k], &w, &other);
        assert_near(other.barrier, first.barrier, 1e-6);
        for (int op = 0; op < OPERATIONS; op++) {
            double R[3][3], strain[6];
            cube_operation(op, R);
            if (!leads_from_to((const double(*)[3])R, first.way, other.way)) continue;
            n++;
            sg_event_strain_between(0, g, (const double(*)[3])R, strain);
            assert_near(sg_event_predict(first.barrier, first.derivative, strain, 0).barrier,
                        other.barrier + g * other.derivative[3], 1e-5);
        }
    }
    assert_true(n >= 6);
    searcher_clear(&w);
    defect_clear(&d);
}

/* ---- carried through strain ---- */

typedef struct trail {
    defect d;
    searcher w;
    sg_potential_work *relax;
    sg_system *from;
    sg_passage *at;
} trail;

static void trail_begin(trail *t)
{
    int neighbour[12], k = 0;
    hop h;

    lj_vacancy(&t->d, 3);
    t->d.opt.f_saddle = t->d.opt.f_minimum = 1e-5;
    vacancy_find(&t->d, HOLLOW, neighbour);
    searcher_make(&t->d, &t->w);
    do /* a hop in the plane of the shear */
        find_hop(&t->d, neighbour[k++], &t->w, &h);
    while (fabs(h.way[0]) < 1 || fabs(h.way[1]) < 1);
    assert_ok(sg_potential_work_create(t->d.pot, &t->relax));
    assert_ok(sg_system_copy(t->d.sys, &t->from));
    assert_ok(sg_passage_create(t->d.sys->n, &t->at));
}

static void trail_end(trail *t)
{
    sg_passage_free(t->at);
    sg_system_free(t->from);
    sg_potential_work_free(t->relax);
    searcher_clear(&t->w);
    defect_clear(&t->d);
}

static sg_carried trail_step(trail *t, double gamma)
{
    sg_carried_start start;
    sg_carried end;
    sg_rng rng;
    sg_passage *const before = t->w.p;

    memcpy(t->from->x, t->d.sys->x, (size_t)t->from->n * sizeof *t->from->x);
    t->from->cell = t->d.sys->cell;
    assert_ok(sg_carry_start(t->d.pot, t->relax, t->d.sys, gamma, &t->d.opt, 1, &start));
    assert_int_equal(start.slipped, 0);
    t->d.problem =
        (sg_saddle_problem){.pot = t->d.pot, .start = t->d.sys, .e_start = start.energy, .opt = &t->d.opt};
    memcpy(t->d.problem.virial_start, start.virial, sizeof start.virial);
    t->w.p = t->at;
    t->at = before;
    sg_rng_init(&rng, 7, SG_RNG_TEST, 2, 0, 0);
    assert_ok(sg_carry_event(&t->d.problem, t->from, t->at, &rng, t->w.work, t->w.p, &end));
    return end;
}

static hop trail_hop(const trail *t)
{
    hop h = {.barrier = t->w.p->e_saddle - t->d.problem.e_start};
    for (int a = 0; a < 6; a++)
        h.derivative[a] = t->w.p->virial_saddle[a] - t->d.problem.virial_start[a];
    return h;
}

/* There and back: the barrier is the integral of its derivative on the way (Simpson), and itself at the end.
 */
static void test_hop_through_a_strain_cycle(void **state)
{
    static const double zero[6] = {0};
    trail t;
    hop h[5];

    (void)state;
    trail_begin(&t);
    h[0] = trail_hop(&t);
    for (int k = 1; k <= 4; k++) {
        const sg_carried end = trail_step(&t, k <= 2 ? 0.01 * k : 0.01 * (4 - k));
        assert_int_equal(end.fate, SG_FATE_SURVIVED);
        assert_true(end.moved < 0.1);
        h[k] = trail_hop(&t);
    }
    const double simpson = 0.02 / 6 * (h[0].derivative[3] + 4 * h[1].derivative[3] + h[2].derivative[3]);
    assert_true(fabs(simpson) > 0.01);
    assert_near(h[2].barrier - h[0].barrier, simpson, 1e-3 * fabs(simpson));
    assert_near(h[3].barrier, h[1].barrier, 1e-6);
    assert_near(h[4].barrier, h[0].barrier, 1e-6);
    for (int k = 1; k <= 2; k++) {
        double strain[6];
        sg_event_strain_between(0, 0.01 * k, one, strain);
        const sg_prediction p = sg_event_predict(h[0].barrier, h[0].derivative, strain, 0);
        assert_true(fabs(p.barrier - h[k].barrier) <= p.error);
        assert_true(p.error > sg_event_predict(0, zero, zero, 0).error);
    }
    trail_end(&t);
}

/* What is handed in decides the fate: a final state that this saddle does not lead to; no saddle at all. */
static void test_fates(void **state)
{
    trail t;

    (void)state;
    trail_begin(&t);
    const size_t bytes = (size_t)t.d.sys->n * sizeof *t.d.sys->x;
    memcpy(t.w.p->x_final, t.w.p->x_saddle, bytes);
    assert_int_equal(trail_step(&t, 0.002).fate, SG_FATE_REROUTED);
    memcpy(t.w.p->x_saddle, t.d.sys->x, bytes);
    assert_false(sg_fate_is_alive(trail_step(&t, 0.004).fate));
    assert_int_equal(sg_fate_of_outcome(SG_KNOWN), SG_FATE_SURVIVED);
    assert_int_equal(sg_fate_of_outcome(SG_DEGENERATE), SG_FATE_VANISHED);
    assert_int_equal(sg_fate_of_outcome(SG_DISCONNECTED), SG_FATE_DISCONNECTED);
    assert_int_equal(sg_fate_of_outcome(SG_STEP_LIMIT), SG_FATE_UNCONVERGED);
    trail_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_order_by_hand),
        cmocka_unit_test(test_error_bar_of_a_parabola),
        cmocka_unit_test(test_strain_in_the_frame_of_a_record),
        cmocka_unit_test(test_one_record_serves_all_orientations),
        cmocka_unit_test(test_hop_through_a_strain_cycle),
        cmocka_unit_test(test_fates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
