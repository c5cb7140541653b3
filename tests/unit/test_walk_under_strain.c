/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk whose strain goes up and down all the time: an adatom on a rigid slab, its rates different at each
 * strain. The hazard gathered between two hops, sum of rate * dt over the increments between, has the
 * exponential law; the place where an increment finds the walk has the same law with basins and without. */
#include "walk_samples.h"

enum { SITES = 4, CYCLES = 300 };

static double uphill[2 * CYCLES + 1][2];

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Which hollow the adatom is over. */
static int site(walk *w, uint64_t state)
{
    const sg_system *sys = sg_explorer_frame(w->ex, state);
    const double *x = sys->x[sys->n - 1];
    int at[2];

    for (int a = 0; a < 2; a++) {
        double s = 0;
        for (int c = 0; c < 3; c++)
            s += x[c] * sys->cell.hinv[c][a];
        at[a] = (int)floor((s - floor(s)) * SITES);
    }
    return SITES * at[1] + at[0];
}

/* The walk begins anew under a program that goes up to 0.01 and down within four mean times between hops. */
static void walk_on(walk *w, const defect *d, sg_program *program)
{
    static const int centre[] = {3 * SITES * SITES};
    const sg_cat_table *t;
    double rate = 0;

    walk_init(w, d);
    w->explore.n_centres = 1;
    w->explore.centre = centre;
    w->explore.per_atom = 12;
    w->explore.barrier_max = 2;
    w->kmc.basin_max_states = 5;
    walk_open(w, 0);
    assert_ok(sg_explorer_table(w->ex, 0, 0, &t));
    for (uint32_t k = 0; k < t->n_entries; k++)
        rate += sg_explorer_rate(w->ex, 0, &t->entry[k]);
    for (int k = 0; k <= 2 * CYCLES; k++) {
        uphill[k][0] = 2 * k / rate;
        uphill[k][1] = k % 2 ? 0.01 : 0;
    }
    *program = (sg_program){2 * CYCLES + 1, (const double(*)[2])uphill, 0, 0, 0.005};
    w->kmc.program = program;
    sg_kmc_free(w->kmc_walk);
    assert_ok(sg_kmc_create(w->ex, w->cat, 0, &w->kmc, &w->kmc_walk));
}

/* Relative place (a number below SITES^2) at each increment, seen from the increment before. */
static void count_places(walk *w, int basin, double *count, double *hazard, int *n_hops)
{
    sg_cat_step row = sg_kmc_row(w->kmc_walk);
    double gathered = 0, gamma = 0;
    int here = site(w, row.state), n = 0;

    w->kmc.basin = basin;
    sg_kmc_free(w->kmc_walk);
    assert_ok(sg_kmc_create(w->ex, w->cat, 0, &w->kmc, &w->kmc_walk));
    for (*n_hops = 0; n < 4 * CYCLES;) {
        const double before = row.time;
        row = step(w);
        assert_near(row.time - before, row.dt, 1e-12 * row.time);
        gathered += row.rate_total * row.dt;
        if (row.edge != 0) {
            if (!basin) hazard[(*n_hops)++] = gathered;
            gathered = 0;
            continue;
        }
        sg_kmc_increment i;
        sg_increment due;
        assert_ok(sg_kmc_get_increment(w->cat, (uint64_t)n, &i));
        assert_true(sg_program_increment(w->kmc.program, (uint64_t)n++, &due));
        assert_true(row.time == due.time && i.step == row.step);
        assert_true(sg_explorer_state(w->ex, row.state)->gamma == due.gamma);
        assert_true(sg_explorer_state(w->ex, i.from)->gamma == gamma);
        gamma = due.gamma;
        const int there = site(w, i.from);
        assert_int_equal(site(w, row.state), there);
        const int dx = (there - here + SITES) % SITES, dy = (there / SITES - here / SITES + SITES) % SITES;
        count[SITES * dy + dx]++;
        here = there;
    }
}

/* States but those of an atom that has left the slab. */
static int n_in_hollows(const walk *w)
{
    int n = 0;
    for (uint64_t k = 0; k < sg_explorer_n_states(w->ex); k++)
        n += sg_explorer_state(w->ex, k)->energy < sg_explorer_state(w->ex, 0)->energy + 0.1;
    return n;
}

static void test_clock_and_places(void **state)
{
    enum { PLACES = SITES * SITES, MOST = 12 * CYCLES };
    static double hazard[MOST];
    double count[2][PLACES] = {{0}}, worst = 0, chi2 = 0;
    int n_hops = 0, none, freedom = -1;
    sg_program program;
    defect d;
    walk w;

    (void)state;
    lj_adatoms(&d, SITES, SITES, 0, 1, 1);
    for (int basin = 0; basin < 2; basin++) {
        walk_on(&w, &d, &program);
        count_places(&w, basin, count[basin], hazard, basin ? &none : &n_hops);
        assert_int_equal(n_in_hollows(&w), 3 * PLACES); /* each hollow at each strain is one state */
        walk_end(&w);
    }
    assert_in_range(n_hops, CYCLES, MOST - 1);
    qsort(hazard, (size_t)n_hops, sizeof *hazard, by_value);
    for (int k = 0; k < n_hops; k++)
        worst = fmax(worst, fmax(fabs(-expm1(-hazard[k]) - (double)k / n_hops),
                                 fabs(-expm1(-hazard[k]) - (k + 1.0) / n_hops)));
    assert_true(worst < 1.95 / sqrt(n_hops)); /* Kolmogorov-Smirnov, one in a thousand */
    for (int p = 0; p < PLACES; p++) {
        const double sum = count[0][p] + count[1][p], differ = count[0][p] - count[1][p];
        if (sum < 20) continue;
        chi2 += differ * differ / sum;
        freedom++;
    }
    assert_in_range(freedom, 5, PLACES - 1);
    assert_true(chi2 < freedom + 4 * sqrt(2.0 * freedom));
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_clock_and_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
