/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Audits of a vacancy in copper, where the truth is known: twelve ways out of like rate, whose barrier and
 * harmonic prefactor follow from symmetry (the saddle is the relaxed half-way). Taken out of the table,
 * exactly the exits by those ways must be missing. */
#include "slowglass/audit.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "slowglass/vibration.h"

enum { CELLS = 3, N_ATOMS = 4 * CELLS * CELLS * CELLS - 1, N_WAYS = 12, N_TRAJECTORIES = 16 };
static const double lattice = 3.615;    /* Å */
static const double temperature = 1300; /* K: an exit every few ps; the crystal stays one */

typedef struct vacancy {
    sg_potential *pot;
    sg_audit_state state;
} vacancy;

static void ok(sg_status st)
{
    if (st != SG_OK) fail_msg("%s", sg_error_text());
}

static sg_system *crystal(const sg_potential *pot) /* the atom at the origin is missing */
{
    static const double place[4][3] = {{0, 0, 0}, {.5, .5, 0}, {.5, 0, .5}, {0, .5, .5}};
    const int periodic[3] = {1, 1, 1};
    const double a = lattice * CELLS, h0[3][3] = {{a, 0, 0}, {0, a, 0}, {0, 0, a}};
    sg_system *sys;
    int n = 0;

    ok(sg_system_create(N_ATOMS, &sys));
    sys->species = pot->species;
    ok(sg_cell_init(&sys->cell, h0, 0, periodic));
    for (int i = 0; i < CELLS; i++)
        for (int j = 0; j < CELLS; j++)
            for (int k = 0; k < CELLS; k++)
                for (int q = 0; q < 4; q++) {
                    if (i + j + k + q == 0) continue;
                    sys->x[n][0] = lattice * (i + place[q][0]);
                    sys->x[n][1] = lattice * (j + place[q][1]);
                    sys->x[n][2] = lattice * (k + place[q][2]);
                    sys->id[n] = n + 1;
                    n++;
                }
    return sys;
}

static double relaxed(const sg_potential *pot, sg_system *sys)
{
    sg_minimize_options opt = sg_minimize_defaults();
    sg_minimize_result r;
    sg_potential_work *work;

    opt.f_max = 1e-5;
    ok(sg_potential_work_create(pot, &work));
    ok(sg_minimize(pot, work, sys, NULL, &opt, &r));
    assert_int_equal(r.stop, SG_STOP_CONVERGED);
    sg_potential_work_free(work);
    return r.energy;
}

/* Atom i half way to the vacancy, held there while the others relax, without going there as a whole: by
 * symmetry the saddle, but for the little that the other atom held, the farthest, would move (below 1e-2 Å).
 */
static sg_system *saddle_of(const sg_potential *pot, const sg_system *start, int i, double *energy)
{
    sg_system *sys;
    double d[3] = {-start->x[i][0], -start->x[i][1], -start->x[i][2]};

    sg_cell_minimum_image(&start->cell, d);
    ok(sg_system_copy(start, &sys));
    for (int a = 0; a < 3; a++)
        sys->x[i][a] += 0.5 * d[a];
    int far = i;
    double farthest = 0;
    for (int j = 0; j < sys->n; j++) {
        double r[3] = {sys->x[j][0] - sys->x[i][0], sys->x[j][1] - sys->x[i][1], sys->x[j][2] - sys->x[i][2]};
        sg_cell_minimum_image(&sys->cell, r);
        const double r2 = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
        if (r2 > farthest) farthest = r2, far = j;
    }
    sys->fixed[i] = sys->fixed[far] = 1;
    sys->n_fixed = 2;
    *energy = relaxed(pot, sys);
    sys->fixed[i] = sys->fixed[far] = 0;
    sys->n_fixed = 0;
    return sys;
}

static void add_way(vacancy *v, int i)
{
    sg_audit_state *s = &v->state;
    sg_audit_way *w = &s->way[s->n_ways++];
    sg_vibration_work *work;
    sg_prefactor nu;
    sg_system *to;
    double d[3] = {-s->sys->x[i][0], -s->sys->x[i][1], -s->sys->x[i][2]}, e_saddle;

    ok(sg_system_copy(s->sys, &to));
    sg_cell_minimum_image(&to->cell, d);
    for (int a = 0; a < 3; a++)
        to->x[i][a] += d[a];
    w->energy = relaxed(v->pot, to);
    w->x = sg_calloc(N_ATOMS, sizeof *w->x);
    memcpy(w->x, to->x, N_ATOMS * sizeof *w->x);
    sg_system *saddle = saddle_of(v->pot, s->sys, i, &e_saddle);
    const sg_vibration_event event = {(const double(*)[3])s->sys->x, (const double(*)[3])saddle->x,
                                      (const double(*)[3])w->x};
    ok(sg_vibration_work_create(v->pot, s->sys, &work));
    ok(sg_vibration_prefactor(v->pot, work, s->sys, &event, s->n_ways == 1 ? 0 : 1, &nu));
    sg_vibration_work_free(work);
    w->edge = (uint64_t)s->n_ways;
    w->barrier = e_saddle - s->energy;
    w->barrier_back = e_saddle - w->energy;
    /* all twelve are alike: one prefactor of all atoms will do */
    w->rate = s->n_ways == 1 ? nu.nu * exp(-w->barrier / (SG_KB * temperature)) : s->way[0].rate;
    s->rate += w->rate;
    sg_system_free(saddle);
    sg_system_free(to);
}

static void make(vacancy *v)
{
    static const char *const cu[] = {"Cu"};
    sg_audit_state *s = &v->state;

    memset(v, 0, sizeof *v);
    ok(sg_potential_create("eam/alloy:Cu_mishin1.eam.alloy", SG_POTENTIALS, 1, cu, &v->pot));
    s->sys = crystal(v->pot);
    s->energy = relaxed(v->pot, s->sys);
    s->id = 7;
    s->way = sg_calloc(N_WAYS, sizeof *s->way);
    for (int i = 0; i < N_ATOMS; i++) {
        double d[3] = {s->sys->x[i][0], s->sys->x[i][1], s->sys->x[i][2]};
        sg_cell_minimum_image(&s->sys->cell, d);
        if (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < 0.6 * lattice * lattice) add_way(v, i);
    }
    assert_int_equal(s->n_ways, N_WAYS);
}

static void release(vacancy *v)
{
    sg_audit_state_clear(&v->state);
    sg_potential_free(v->pot);
}

static sg_audit_options options(void)
{
    sg_audit_options o = sg_audit_defaults();

    o.temperature_K = temperature;
    o.longest_ps = 40;
    o.settle_ps = 0.5;
    o.follow = 0;
    o.halvings = 3;
    return o;
}

/* A table that holds all ways: nothing is missing, the rate is that of transition-state theory; the same
 * trajectories, on two threads, with a table that lacks some ways: what went there is missing, the rest is as
 * it was. */
static void test_vacancy(void **state)
{
    enum { LEFT_OUT = 4 };
    const sg_audit_options opt = options();
    sg_audit_trajectory whole[N_TRAJECTORIES], part[N_TRAJECTORIES];
    int expected = 0;
    vacancy v = *(const vacancy *)*state;

    const double rate = v.state.rate;
    ok(sg_audit_batch(v.pot, &v.state, &opt, 0, N_TRAJECTORIES, 1, whole));
    const sg_audit_sum all = sg_audit_sum_up(N_TRAJECTORIES, whole, opt.interval_ps, 0.95);
    print_message("barrier %.4f eV, %d exits, %d missing, rate %.3g (%.3g to %.3g) /s, harmonic %.3g /s\n",
                  v.state.way[0].barrier, all.n_exits, all.n_missing, all.rate.value, all.rate.low,
                  all.rate.high, rate);
    assert_true(all.n_exits >= N_TRAJECTORIES / 2); /* 40 ps are nine times the mean */
    assert_int_equal(all.n_missing, 0);
    /* harmonic theory at 0.95 of the melting point: right within a factor of two */
    assert_true(all.rate.high > rate / 2 && all.rate.low < rate * 2);

    v.state.n_ways = N_WAYS - LEFT_OUT;
    ok(sg_audit_batch(v.pot, &v.state, &opt, 0, N_TRAJECTORIES, 2, part));
    for (int k = 0; k < N_TRAJECTORIES; k++) {
        const int gone = whole[k].edge > N_WAYS - LEFT_OUT;
        expected += gone;
        assert_int_equal(part[k].end, gone ? SG_AUDIT_MISSING : whole[k].end);
        assert_int_equal(part[k].edge, gone ? 0 : whole[k].edge);
        assert_int_equal(part[k].n_intervals, whole[k].n_intervals);
        assert_memory_equal(&part[k].time_ps, &whole[k].time_ps, sizeof part[k].time_ps);
        if (whole[k].end == SG_AUDIT_KNOWN)
            assert_memory_equal(&part[k].energy, &whole[k].energy, sizeof part[k].energy);
    }
    const sg_audit_sum less = sg_audit_sum_up(N_TRAJECTORIES, part, opt.interval_ps, 0.99);
    assert_int_equal(less.n_missing, expected);
    assert_true(less.share_missing.low <= LEFT_OUT / 12.0 && less.share_missing.high >= LEFT_OUT / 12.0);
}

/* Ways that flicker end no trajectory and are no exits. */
static void test_flickers(void **state)
{
    sg_audit_options opt = options();
    sg_audit_trajectory t[4];
    vacancy v = *(const vacancy *)*state;

    for (int k = 0; k < N_WAYS; k++)
        v.state.way[k].is_flicker = 1;
    opt.longest_ps = 20;
    ok(sg_audit_batch(v.pot, &v.state, &opt, 0, 4, 1, t));
    const sg_audit_sum sum = sg_audit_sum_up(4, t, opt.interval_ps, 0.95);
    assert_int_equal(sum.n_exits, 0);
    assert_true(sum.n_flickers > 0);
    assert_true(isnan(sum.share_missing.value));
    for (int k = 0; k < N_WAYS; k++)
        v.state.way[k].is_flicker = 0;
}

/* With a limit above the barrier, ways that no table has are taken for flickers by the straight line to their
 * ends, which cannot lie below the barrier. */
static void test_soft_ways(void **state)
{
    sg_audit_options opt = options();
    sg_audit_trajectory t[4];
    vacancy v = *(const vacancy *)*state;

    v.state.n_ways = 0;
    opt.longest_ps = 20;
    opt.flicker = 100; /* 11 eV */
    ok(sg_audit_batch(v.pot, &v.state, &opt, 0, 4, 1, t));
    const sg_audit_sum soft = sg_audit_sum_up(4, t, opt.interval_ps, 0.95);
    assert_int_equal(soft.n_exits, 0);
    assert_true(soft.n_soft > 0);
    assert_int_equal(soft.n_soft, soft.n_flickers);
    opt.flicker = 0.99 * v.state.way[0].barrier / (SG_KB * temperature);
    ok(sg_audit_batch(v.pot, &v.state, &opt, 0, 4, 1, t));
    const sg_audit_sum hard = sg_audit_sum_up(4, t, opt.interval_ps, 0.95);
    assert_int_equal(hard.n_soft, 0);
    assert_int_equal(hard.n_missing, hard.n_exits);
    assert_true(hard.n_exits > 0);
}

static void test_refusals(void **state)
{
    sg_audit_options opt = options();
    sg_audit_trajectory t;
    vacancy v = *(const vacancy *)*state;

    opt.timestep_ps = 2; /* longer than the interval */
    assert_int_equal(sg_audit_run(v.pot, &v.state, &opt, 0, &t), SG_EINVAL);
    opt = options();
    opt.timestep_ps = 0.09;
    assert_int_equal(sg_audit_run(v.pot, &v.state, &opt, 0, &t), SG_ENUMERIC);
    assert_non_null(strstr(sg_error_text(), "state 7, trajectory 0"));
}

/* 3 exits in 20 intervals, one of them missing and back again. */
static void test_sums(void **state)
{
    const sg_audit_trajectory t[] = {
        {.end = SG_AUDIT_KNOWN, .n_intervals = 4, .hops = 1},
        {.end = SG_AUDIT_MISSING, .n_intervals = 5, .hops = 2, .returned = 1},
        {.end = SG_AUDIT_STAYED, .n_intervals = 7, .n_flickers = 3},
        {.end = SG_AUDIT_FLICKERED, .n_intervals = 1, .n_flickers = 1},
        {.end = SG_AUDIT_UNSETTLED},
        {.end = SG_AUDIT_KNOWN, .n_intervals = 3, .hops = 1},
    };
    const sg_audit_sum s = sg_audit_sum_up(6, t, 0.5, 0.95);

    (void)state;
    assert_int_equal(s.n_exits, 3);
    assert_int_equal(s.n_missing, 1);
    assert_int_equal(s.n_returned, 1);
    assert_int_equal(s.n_missing_returned, 1);
    assert_int_equal(s.n_multiple, 1);
    assert_int_equal(s.n_flickered, 1);
    assert_int_equal(s.n_unsettled, 1);
    assert_int_equal(s.n_intervals, 20);
    assert_int_equal(s.n_flickers, 4);
    assert_true(fabs(s.share_missing.value - 1. / 3) < 1e-12);
    assert_true(s.share_lasting.value == 0 && s.share_lasting.low == 0);
    /* the largest likelihood of an exponential law that is looked at in intervals */
    assert_true(fabs(s.rate.value - -log(17. / 20) / 0.5e-12) < 1);
    assert_true(s.rate.low < s.rate.value && s.rate.value < s.rate.high);
}

static int set_up(void **state)
{
    static vacancy v;

    make(&v);
    *state = &v;
    return 0;
}

static int tear_down(void **state)
{
    release(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),      cmocka_unit_test(test_vacancy),  cmocka_unit_test(test_flickers),
        cmocka_unit_test(test_soft_ways), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
