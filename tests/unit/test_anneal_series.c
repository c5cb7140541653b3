/* SPDX-License-Identifier: GPL-2.0-or-later */
/* E_IS(t) against frames relaxed one by one, saved and resumed runs, means over runs, programs of quenches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "configurations.h"
#include "slowglass/anneal.h"

static const char *const cu_zr[] = {"Cu", "Zr"};
static const char LJ[] = "lj:0.2,2.6,6.5,0.25,2.8,7,0.3,2.9,7.5";
enum { ROWS = 5 };

typedef struct fixture {
    sg_potential *pot;
    sg_system *start;
    sg_series_options opt;
} fixture;

static void begin(fixture *t)
{
    assert_int_equal(sg_potential_create(LJ, NULL, 2, cu_zr, &t->pot), SG_OK);
    t->start = perturbed_fcc(3, 4.3, 0.02, 0.03, 0.1, 0.4, 2, cu_zr, 6);
    t->opt = sg_series_defaults();
    t->opt.interval_ps = 0.1;
    t->opt.md.temperature_K = 400;
    t->opt.md.seed = 9;
}

static void end(fixture *t)
{
    sg_system_free(t->start);
    sg_potential_free(t->pot);
}

static sg_series *series(fixture *t, uint64_t run)
{
    sg_series *s = NULL;
    t->opt.md.stream = run;
    assert_int_equal(sg_series_create(t->pot, t->start, &t->opt, &s), SG_OK);
    return s;
}

static const sg_series_row *go_to(sg_series *s, int64_t rows, int64_t piece)
{
    int64_t n = 0;
    const sg_series_row *r = sg_series_rows(s, &n);
    while (n < rows) {
        assert_int_equal(sg_series_next(s, piece), SG_OK);
        r = sg_series_rows(s, &n);
    }
    return r;
}

/* The same dynamics without any relaxation in between: the trajectory has the same bits, and frames of it
 * relaxed afterwards, each with scratch of its own, are the rows of the series. */
static void test_frames_relaxed_apart(void **state)
{
    fixture t;
    sg_md *md = NULL;
    sg_series_row rows[ROWS];

    (void)state;
    begin(&t);
    sg_series *const s = series(&t, 1);
    memcpy(rows, go_to(s, ROWS, 1000), sizeof rows);
    assert_int_equal(sg_md_create(t.pot, t.start, &t.opt.md, &md), SG_OK);
    assert_int_equal(sg_md_draw_velocities(md, t.opt.md.temperature_K), SG_OK);
    for (int k = 0; k < ROWS; k++) {
        sg_potential_work *work = NULL;
        sg_system *frame = NULL;
        sg_minimize_result m;
        if (k > 0) assert_int_equal(sg_md_run(md, 50), SG_OK);
        assert_int_equal(sg_potential_work_create(t.pot, &work), SG_OK);
        assert_int_equal(sg_system_copy(sg_md_system(md), &frame), SG_OK);
        assert_int_equal(sg_minimize(t.pot, work, frame, NULL, &t.opt.minimize, &m), SG_OK);
        assert_true(rows[k].energy == m.energy);
        assert_true(rows[k].stress_GPa[3] == m.virial[3] / frame->cell.volume * SG_GPA_PER_EV_A3);
        assert_true(fabs(rows[k].time_ps - 0.1 * k) < 1e-12);
        if (k == ROWS - 1)
            assert_memory_equal(sg_series_inherent(s)->x, frame->x, (size_t)frame->n * sizeof *frame->x);
        sg_system_free(frame);
        sg_potential_work_free(work);
    }
    assert_memory_equal(sg_md_system(md)->x, sg_md_system(sg_series_md(s))->x,
                        (size_t)t.start->n * sizeof *t.start->x);
    assert_true(rows[ROWS - 1].energy != rows[0].energy);
    sg_md_free(md);
    sg_series_free(s);
    end(&t);
}

/* In odd pieces, saved at a moment that is no row, and gone on with: the same bits. */
static void test_saved(void **state)
{
    fixture t;
    unsigned char *bytes = NULL;
    size_t n = 0;
    int64_t n_rows;

    (void)state;
    begin(&t);
    sg_series *const whole = series(&t, 2), *part = series(&t, 2), *again = NULL;
    const sg_series_row *const expected = go_to(whole, ROWS, 1000);
    go_to(part, 2, 37);
    assert_int_equal(sg_series_next(part, 17), SG_OK); /* on the way to the next row */
    assert_int_equal(sg_series_save(part, &bytes, &n), SG_OK);
    assert_int_equal(sg_series_restore(t.pot, t.start, &t.opt, bytes, n, &again), SG_OK);
    sg_series_rows(again, &n_rows);
    assert_int_equal(n_rows, 2);
    assert_memory_equal(go_to(again, ROWS, 13), expected, ROWS * sizeof *expected);
    sg_series_free(again);

    /* what does not belong together */
    sg_system *other = perturbed_fcc(3, 4.3, 0.02, 0.03, 0.1, 0.4, 2, cu_zr, 7);
    assert_int_equal(sg_series_restore(t.pot, other, &t.opt, bytes, n, &again), SG_EMISMATCH);
    assert_non_null(strstr(sg_error_text(), "another structure"));
    assert_null(again);
    sg_system_free(other);
    t.opt.md.temperature_K = 500;
    assert_int_equal(sg_series_restore(t.pot, t.start, &t.opt, bytes, n, &again), SG_EMISMATCH);
    assert_non_null(strstr(sg_error_text(), "temperature_K=400, not with temperature_K=500"));
    t.opt.md.temperature_K = 400;
    bytes[n / 2] ^= 4;
    assert_int_equal(sg_series_restore(t.pot, t.start, &t.opt, bytes, n, &again), SG_ECORRUPT);
    assert_int_equal(sg_series_restore(t.pot, t.start, &t.opt, bytes, 5, &again), SG_ECORRUPT);
    sg_free(bytes);
    sg_series_free(whole);
    sg_series_free(part);
    end(&t);
}

/* By the formulae, from the rows of three runs; one is not as far. */
static void test_means(void **state)
{
    fixture t;

    (void)state;
    begin(&t);
    sg_series *const run[3] = {series(&t, 1), series(&t, 2), series(&t, 3)};
    const sg_series_row *rows[3];
    for (int k = 0; k < 3; k++)
        rows[k] = go_to(run[k], k == 2 ? 2 : 3, 1000);
    for (int row = 0; row < 3; row++) {
        const int n = row == 2 ? 2 : 3;
        const sg_series_mean m = sg_series_mean_of(3, (const sg_series *const *)run, row);
        double mean = 0, square = 0, shear = 0;
        for (int k = 0; k < n; k++) {
            mean += rows[k][row].energy / n;
            shear += rows[k][row].stress_GPa[3] / n;
        }
        for (int k = 0; k < n; k++)
            square += (rows[k][row].energy - mean) * (rows[k][row].energy - mean);
        assert_int_equal(m.n, n);
        assert_true(fabs(m.energy - mean) < 1e-10 * fabs(mean));
        assert_true(fabs(m.shear_GPa - shear) < 1e-12);
        assert_true(fabs(m.energy_se - sqrt(square / (n - 1) / n)) < 1e-9);
        assert_true(row == 0 ? m.energy_se == 0 : m.energy_se > 0); /* one start, several velocities */
    }
    assert_int_equal(sg_series_mean_of(3, (const sg_series *const *)run, 3).n, 0);
    assert_true(isnan(sg_series_mean_of(1, (const sg_series *const *)run, 1).energy_se));
    for (int k = 0; k < 3; k++)
        sg_series_free(run[k]);
    end(&t);
}

static void test_refusals(void **state)
{
    fixture t;
    sg_series *s = NULL;

    (void)state;
    begin(&t);
    t.opt.interval_ps = 0.001;
    assert_int_equal(sg_series_create(t.pot, t.start, &t.opt, &s), SG_EINVAL);
    t.opt.interval_ps = 0.0031;
    assert_int_equal(sg_series_create(t.pot, t.start, &t.opt, &s), SG_EINVAL);
    assert_non_null(strstr(sg_error_text(), "whole number"));
    assert_null(s);
    t.opt.interval_ps = 0.3;
    t.opt.md.timestep_ps = 0.06; /* 60 fs: no crystal survives that */
    assert_int_equal(sg_series_create(t.pot, t.start, &t.opt, &s), SG_OK);
    sg_status st = SG_OK;
    for (int k = 0; k < 50 && st == SG_OK; k++)
        st = sg_series_next(s, 1000);
    assert_int_equal(st, SG_ENUMERIC);
    assert_non_null(strstr(sg_error_text(), "step"));
    assert_non_null(strstr(sg_error_text(), "atom"));
    sg_series_free(s);
    end(&t);
}

/* ---- quenches ---- */

static sg_quench_options short_quench(void)
{
    sg_quench_options o = sg_quench_defaults();

    o.ensemble = SG_MD_NVT_RESCALE;
    o.high_K = 1500;
    o.low_K = 300;
    o.melt_ps = 0.5;
    o.rate_K_per_ps = 600;
    o.row_ps = 0.25;
    assert_int_equal(sg_quench_parse_holds("900:0.5,600:0.3", &o), SG_OK);
    return o;
}

/* The target against the program worked out by hand: 1500 K to 0.5 ps, 900 K from 1.5 to 2, 600 K from 2.5 to
 * 2.8, 300 K at 3.3 ps. */
static double target_at(double t)
{
    static const double point[][2] = {{0, 1500},  {0.5, 1500}, {1.5, 900}, {2.0, 900},
                                      {2.5, 600}, {2.8, 600},  {3.3, 300}};

    for (int k = 1; k < 7; k++)
        if (t <= point[k][0] + 1e-9)
            return point[k - 1][1] +
                   (point[k][1] - point[k - 1][1]) * (t - point[k - 1][0]) / (point[k][0] - point[k - 1][0]);
    return NAN;
}

static int collect(sg_quench *q, sg_quench_row *rows, int n, int most)
{
    while (!sg_quench_is_done(q) && n < most)
        assert_int_equal(sg_quench_next(q, &rows[n++]), SG_OK);
    return n;
}

static void test_program(void **state)
{
    fixture t;
    sg_quench *q = NULL;
    sg_quench_row rows[40];
    int64_t done;

    (void)state;
    begin(&t);
    const sg_quench_options o = short_quench();
    assert_int_equal(sg_quench_create(t.pot, t.start, &o, &q), SG_OK);
    assert_int_equal(sg_quench_steps(q, &done), 1650);
    assert_int_equal(done, 0);
    const int n = collect(q, rows, 0, 40);
    assert_int_equal(n, 15); /* 0, 0.25 .. 3.25, 3.3 */
    for (int k = 0; k < n; k++) {
        assert_true(fabs(rows[k].time_ps - (k < 14 ? 0.25 * k : 3.3)) < 1e-9);
        if (!(fabs(rows[k].target_K - target_at(rows[k].time_ps)) < 1e-6))
            fail_msg("%g ps: %.9g K, need %g", rows[k].time_ps, rows[k].target_K, target_at(rows[k].time_ps));
        /* a thermostat of 0.1 ps lags by 60 K at 600 K/ps; the mean temperature of 108 atoms scatters by 6 %,
         * of which four times may occur */
        if (k > 3 && k < 14) {
            const double middle = target_at(rows[k].time_ps - 0.125);
            assert_true(fabs(rows[k].temperature_K - middle) < 60 + 0.25 * middle);
        }
        assert_true(fabs(rows[k].volume - t.start->cell.volume) < 1e-9 * t.start->cell.volume);
    }
    sg_quench_free(q);
    end(&t);
}

/* With swaps, saved after some rows and gone on with: the same bits; swaps come to the number asked for. */
static void test_quench_saved(void **state)
{
    fixture t;
    sg_quench *q = NULL, *again = NULL;
    sg_quench_row rows[40], other[40];
    unsigned char *bytes = NULL;
    size_t size = 0;

    (void)state;
    begin(&t);
    sg_quench_options o = short_quench();
    o.swaps_per_ps = 35;
    assert_int_equal(sg_quench_create(t.pot, t.start, &o, &q), SG_OK);
    const int n = collect(q, rows, 0, 40);
    /* 2.8 ps of cooling and resting; 3.5 trials each 0.1 ps, whole ones as they come together */
    assert_in_range(rows[n - 1].swaps.tried, 97, 99);
    assert_true(rows[n - 1].swaps.accepted > 0);
    assert_int_equal(rows[2].swaps.tried, 0); /* none in the melt */
    sg_quench *part = NULL;
    assert_int_equal(sg_quench_create(t.pot, t.start, &o, &part), SG_OK);
    collect(part, other, 0, 6);
    assert_int_equal(sg_quench_save(part, &bytes, &size), SG_OK);
    assert_int_equal(sg_quench_restore(t.pot, t.start, &o, bytes, size, &again), SG_OK);
    assert_int_equal(sg_quench_rows(again), 6);
    assert_int_equal(collect(again, other, 6, 40), n);
    for (int k = 0; k < n; k++)
        assert_true(rows[k].potential == other[k].potential &&
                    rows[k].temperature_K == other[k].temperature_K);
    assert_true(sg_system_hash(sg_quench_system(q)) == sg_system_hash(sg_quench_system(again)));
    sg_quench_free(again);
    o.rate_K_per_ps = 500;
    assert_int_equal(sg_quench_restore(t.pot, t.start, &o, bytes, size, &again), SG_EMISMATCH);
    assert_non_null(strstr(sg_error_text(), "cooling_rate_K_per_ps=600"));
    sg_free(bytes);
    sg_quench_free(part);
    sg_quench_free(q);
    end(&t);
}

static void test_quench_refusals(void **state)
{
    static const char *const odd[] = {"700", "700:", "700:20,", ":20", "700:20;600:20", "700:nan", "x"};
    sg_quench_options o = sg_quench_defaults();
    char text[2048];

    (void)state;
    for (size_t k = 0; k < sizeof odd / sizeof odd[0]; k++)
        assert_int_equal(sg_quench_parse_holds(odd[k], &o), SG_EINVAL);
    assert_int_equal(sg_quench_parse_holds("700:20,800:20", &o), SG_OK);
    assert_int_equal(sg_quench_describe(&o, text, sizeof text), SG_EINVAL); /* hotter than the one before */
    assert_int_equal(sg_quench_parse_holds("200:20", &o), SG_OK);
    assert_int_equal(sg_quench_describe(&o, text, sizeof text), SG_EINVAL); /* below the end */
    o = sg_quench_defaults();
    assert_int_equal(sg_quench_describe(&o, text, sizeof text), SG_OK);
    o.rate_K_per_ps = 0;
    assert_int_equal(sg_quench_describe(&o, text, sizeof text), SG_EINVAL);
    o = sg_quench_defaults();
    o.high_K = 200;
    assert_int_equal(sg_quench_describe(&o, text, sizeof text), SG_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_relaxed_apart),
        cmocka_unit_test(test_saved),
        cmocka_unit_test(test_means),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_program),
        cmocka_unit_test(test_quench_saved),
        cmocka_unit_test(test_quench_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
