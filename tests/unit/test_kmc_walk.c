/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk: its choices by hand, its clock against theory, the same bits in parallel and after interruptions.
 */
#include "walk_samples.h"

enum { STEPS = 12, T_HOPS = 500 /* K */ };

/* One atom on nx x ny hollows; everything is found from state 0. */
static void adatom_walk(walk *w, defect *d, int nx, int ny)
{
    lj_adatoms(d, nx, ny, 0, 1, 0);
    walk_init(w, d);
    w->explore.per_atom = 8;
    w->explore.temperature = T_HOPS; /* cold enough for nothing but hops: the next barrier is 0.73 eV */
}

/* Height of the bridge between two hollows, by going there. */
static double bridge(const defect *d)
{
    const int atom = d->sys->n - 1;
    double(*guess)[3] = calloc((size_t)d->sys->n, sizeof *guess);
    searcher w;

    searcher_make(d, &w);
    memcpy(guess, d->sys->x, (size_t)d->sys->n * sizeof *guess);
    guess[atom][0] += HOLLOW / 2;
    guess[atom][2] += 0.3;
    assert_int_equal(refine(d, (positions)guess, NULL, &w), SG_FOUND);
    const double barrier = w.p->e_saddle - d->problem.e_start;
    searcher_clear(&w);
    free(guess);
    return barrier;
}

/* Two atoms that meet now and then: events change, are kept, reconverged, searched anew. */
static void pair_walk(walk *w, defect *d)
{
    lj_adatoms(d, 6, 3, 0, 2, 2);
    walk_init(w, d);
    w->explore.per_atom = 6;
    w->explore.temperature = 600;
}

static void assert_same_row(const sg_cat_step *a, const sg_cat_step *b)
{
#define SAME_MEMBER(member)                                                                                  \
    if (memcmp(&a->member, &b->member, sizeof a->member) != 0)                                               \
    fail_msg("step %d: " #member " differs", (int)a->step)
    SAME_MEMBER(step);
    SAME_MEMBER(state);
    SAME_MEMBER(edge);
    SAME_MEMBER(n_states);
    SAME_MEMBER(n_edges);
    SAME_MEMBER(n_searches);
    SAME_MEMBER(time);
    SAME_MEMBER(compensation);
    SAME_MEMBER(energy);
    SAME_MEMBER(tau);
    SAME_MEMBER(centre);
    SAME_MEMBER(reverse);
    SAME_MEMBER(is_basin);
    SAME_MEMBER(barrier);
    SAME_MEMBER(dt);
    SAME_MEMBER(rate_total);
    SAME_MEMBER(rate_missing);
    SAME_MEMBER(basin_size);
    SAME_MEMBER(n_hops);
#undef SAME_MEMBER
}

/* ---- the choice ---- */

/* The table as it is after the step: which way, and how long, follow from two numbers of the stream named by
 * the step. */
static void check_choice(const walk *w, const sg_cat_step *row, uint64_t from)
{
    const sg_cat_table *t = sg_explorer_known_table(w->ex, from);
    double total = 0, sum = 0;
    sg_rng rng;
    int chosen = -1, named = -1;

    sg_rng_init(&rng, w->kmc.seed, SG_RNG_STEP, row->step, 0, 0);
    const double u = sg_rng_uniform(&rng), v = sg_rng_uniform(&rng);
    for (uint32_t k = 0; k < t->n_entries; k++)
        total += 1e13 * exp(-t->entry[k].barrier / (8.617333262e-5 * w->explore.temperature));
    for (uint32_t k = 0; k < t->n_entries; k++) {
        sum += 1e13 * exp(-t->entry[k].barrier / (8.617333262e-5 * w->explore.temperature));
        if (chosen < 0 && u * total < sum) chosen = (int)k;
        if (t->entry[k].edge == row->edge) named = (int)k;
    }
    assert_int_equal(named, chosen);
    assert_near(row->rate_total, total, 1e-9 * total);
    assert_near(row->dt, -log(v) / total, 1e-9 * row->dt);
    /* what is executed has been converged in the state that is left */
    const sg_cat_edge *e = sg_explorer_edge(w->ex, row->edge);
    assert_int_equal(t->entry[named].kept, 0);
    assert_true((row->reverse ? e->to : e->from) == from && (row->reverse ? e->from : e->to) == row->state);
    assert_near(row->barrier, row->reverse ? e->barrier_back : e->barrier, 0);
    assert_near(row->energy, sg_explorer_state(w->ex, row->state)->energy, 0);
    assert_near(sg_explorer_state(w->ex, row->state)->energy - sg_explorer_state(w->ex, from)->energy,
                row->reverse ? e->barrier_back - e->barrier : e->barrier - e->barrier_back, 1e-9);
}

static void test_choices_by_hand(void **state)
{
    double time = 0;
    int inherited = 0;
    defect d;
    walk w;

    (void)state;
    pair_walk(&w, &d);
    walk_open(&w, 0);
    for (int k = 0; k < 25; k++) {
        const sg_cat_step before = sg_kmc_row(w.kmc_walk);
        const sg_cat_step row = step(&w);
        inherited += sg_explorer_edge(w.ex, row.edge)->sampler == SG_SAMPLER_INHERITED;
        assert_int_equal(row.step, before.step + 1);
        check_choice(&w, &row, before.state);
        time += row.dt;
        assert_near(row.time + row.compensation, time, 1e-12 * time);
    }
    assert_true(inherited > 0 && sg_explorer_stats(w.ex).kept > 0);
    walk_end(&w);
    defect_clear(&d);
}

/* One atom on 16 hollows with four equal ways out of each: exponential waiting, no preferred direction. */
static void test_waiting_times_of_a_random_walk(void **state)
{
    enum { N = 1500 };
    double far[4] = {0}, sum = 0, sum2 = 0;
    int n_revisited = 0;
    defect d;
    walk w;

    (void)state;
    adatom_walk(&w, &d, 4, 4);
    w.kmc.commit_every = 1000;
    walk_open(&w, 0);
    const double rate = 4 * 1e13 * exp(-bridge(&d) / (8.617333262e-5 * T_HOPS));
    for (int k = 0; k < N; k++) {
        const uint64_t from = sg_kmc_row(w.kmc_walk).state;
        const int known = sg_explorer_known_table(w.ex, from) != NULL;
        const double calls = force_calls(&w);
        const sg_cat_step row = step(&w);
        if (known) assert_true(force_calls(&w) == calls), n_revisited++;
        assert_near(row.rate_total, rate, 1e-3 * rate);
        sum += row.dt;
        sum2 += row.dt * row.dt;
        double hop[3];
        const int atom = d.sys->n - 1;
        for (int c = 0; c < 3; c++)
            hop[c] =
                sg_explorer_positions(w.ex, row.state)[atom][c] - sg_explorer_positions(w.ex, from)[atom][c];
        sg_cell_minimum_image(&d.sys->cell, hop);
        far[fabs(hop[0]) > 1 ? hop[0] > 0 : 2 + (hop[1] > 0)]++;
    }
    int n_visited = 0;
    for (uint64_t id = 0; id < sg_explorer_n_states(w.ex); id++)
        n_visited += (sg_explorer_state(w.ex, id)->flags & SG_CAT_STATE_VISITED) != 0;
    assert_int_equal(n_visited, 16);
    assert_int_equal(n_revisited, N - 16);
    assert_near(sum / N * rate, 1, 4 / sqrt(N));
    assert_near(sum2 / N * rate * rate, 2, 4 * sqrt(20.0 / N));
    for (int k = 0; k < 4; k++)
        assert_near(far[k] / N, 0.25, 4 * sqrt(0.25 * 0.75 / N));
    walk_end(&w);
    defect_clear(&d);
}

/* Flickering states left together: by the number of hops the clock runs as fast as without. */
static void test_exits_from_basins(void **state)
{
    double hops = 0, time = 0;
    int n_basins = 0;
    defect d;
    walk w;

    (void)state;
    adatom_walk(&w, &d, 8, 4);
    w.kmc.basin = 1;
    w.kmc.basin_max_states = 6;
    w.kmc.commit_every = 1000;
    walk_open(&w, 0);
    const double rate = 4 * 1e13 * exp(-bridge(&d) / (8.617333262e-5 * T_HOPS));
    for (int k = 0; k < 600; k++) {
        const sg_cat_step row = step(&w);
        assert_true(row.basin_size >= 1 && row.basin_size <= 6 && row.is_basin == (row.basin_size > 1));
        assert_true(row.n_hops >= 1 && (row.is_basin || row.n_hops == 1));
        const sg_cat_edge *e = sg_explorer_edge(w.ex, row.edge);
        assert_true((row.reverse ? e->from : e->to) == row.state);
        n_basins += row.is_basin;
        hops += row.n_hops;
        time += row.dt;
    }
    assert_true(n_basins > 400 && hops > 1200);
    assert_near(time / hops * rate, 1, 5 / sqrt(hops));
    walk_end(&w);
    defect_clear(&d);
}

enum { CLOSED = 4, SEEDS = 3000 };

/* Four hollows in a ring, no two alike: two atoms of the slab, which is held, stand out. All states visited, all
 * of them joined: nothing leads out. */
static void closed_walk(walk *w, defect *d)
{
    sg_cat_step row;
    sg_kmc_end end = SG_KMC_MOVED;

    lj_adatoms(d, CLOSED, 1, 0, 1, 0);
    d->sys->x[2 * CLOSED][2] += 0.12;
    d->sys->x[2 * CLOSED + 1][2] += 0.05;
    defect_relax(d, 1e-6);
    walk_init(w, d);
    w->explore.per_atom = 8;
    w->explore.temperature = T_HOPS;
    w->kmc.basin = 1;
    w->explore.saddle.window = 0.5; /* eV: the atom does not leave the slab */
    w->kmc.basin_max_states = 64;
    walk_open(w, 0);
    for (int k = 0; end == SG_KMC_MOVED && k < 100; k++)
        assert_ok(sg_kmc_step(w->kmc_walk, &row, &end));
    assert_int_equal(end, SG_KMC_TIME_UP);
    assert_int_equal(sg_explorer_n_states(w->ex), CLOSED);
}

/* Hop by hop through the tables for so long. @return the state; *mean: of the energy over that time. */
static uint64_t hop_for(const walk *w, uint64_t at, double time, sg_rng *rng, double *mean)
{
    double t = 0;

    *mean = 0;
    for (;;) {
        const sg_cat_table *table = sg_explorer_known_table(w->ex, at);
        double total = 0;
        for (uint32_t k = 0; k < table->n_entries; k++)
            total += sg_explorer_rate(w->ex, at, &table->entry[k]);
        const double wait = -log(sg_rng_uniform(rng)) / total;
        *mean += fmin(wait, time - t) / time * sg_explorer_state(w->ex, at)->energy;
        if ((t += wait) > time) return at;
        double u = sg_rng_uniform(rng) * total;
        uint64_t to = at;
        for (uint32_t k = 0; k < table->n_entries && u >= 0; k++) {
            u -= sg_explorer_rate(w->ex, at, &table->entry[k]);
            to = sg_explorer_target(w->ex, &table->entry[k]);
        }
        at = to;
    }
}

static sg_cat_step at_end(walk *w, uint64_t seed, double max_time, sg_stay *stay)
{
    sg_cat_step row, before;
    sg_kmc_end end = SG_KMC_MOVED;

    w->kmc.seed = seed;
    w->kmc.max_time = max_time;
    sg_kmc_free(w->kmc_walk);
    assert_ok(sg_kmc_create(w->ex, w->cat, 0, &w->kmc, &w->kmc_walk));
    before = sg_kmc_row(w->kmc_walk);
    assert_ok(sg_kmc_step(w->kmc_walk, &row, &end));
    assert_int_equal(end, SG_KMC_TIME_UP);
    assert_ok(sg_kmc_at_end(w->kmc_walk, &row, stay));
    assert_true(row.time == max_time && row.step == before.step + 1 && row.edge == 0);
    assert_near(before.time + row.dt, max_time, 1e-12 * max_time);
    assert_near(row.energy, sg_explorer_state(w->ex, row.state)->energy, 0);
    assert_int_equal(row.basin_size, CLOSED);
    assert_int_equal(sg_kmc_row(w->kmc_walk).step, before.step); /* nothing has been stored */
    return row;
}

/* At a few times after the last step: places drawn against places of walks hop by hop, chi-square of two
 * samples; the stated mean of the energy against that of the walks. */
static void test_closed_basin_at_the_end(void **state)
{
    double slowest = INFINITY;
    sg_rng rng;
    defect d;
    walk w;

    (void)state;
    closed_walk(&w, &d);
    sg_rng_init(&rng, 1, SG_RNG_STEP, 7, 7, 7);
    const sg_cat_step last = sg_kmc_row(w.kmc_walk);
    for (uint64_t s = 0; s < CLOSED; s++) {
        const sg_cat_table *t = sg_explorer_known_table(w.ex, s);
        double total = 0;
        for (uint32_t k = 0; k < t->n_entries; k++)
            if (sg_explorer_target(w.ex, &t->entry[k]) != s) total += sg_explorer_rate(w.ex, s, &t->entry[k]);
        slowest = fmin(slowest, total);
    }
    for (double lives = 0.1; lives < 20; lives *= 8) {
        const double time = lives / slowest;
        double drawn[CLOSED] = {0}, walked[CLOSED] = {0}, sum = 0, square = 0, mean, chi2 = 0;
        int freedom = -1;
        sg_stay stay;
        for (int k = 0; k < SEEDS; k++) {
            drawn[at_end(&w, (uint64_t)k, last.time + time, &stay).state]++;
            walked[hop_for(&w, last.state, time, &rng, &mean)]++;
            sum += mean - last.energy;
            square += (mean - last.energy) * (mean - last.energy);
        }
        for (int s = 0; s < CLOSED; s++) {
            if (drawn[s] + walked[s] < 10) continue;
            chi2 += (drawn[s] - walked[s]) * (drawn[s] - walked[s]) / (drawn[s] + walked[s]);
            freedom++;
        }
        const double error = sqrt((square / SEEDS - sum * sum / SEEDS / SEEDS) / SEEDS);
        print_message("%.1f lives: %.0f %.0f %.0f %.0f drawn, %.0f %.0f %.0f %.0f walked, chi-square %.2f of "
                      "%d; mean of "
                      "E_IS %.5f eV, walked %.5f(%.5f)\n",
                      lives, drawn[0], drawn[1], drawn[2], drawn[3], walked[0], walked[1], walked[2],
                      walked[3], chi2, freedom, stay.energy - last.energy, sum / SEEDS, error);
        assert_true(freedom > 0 && chi2 < freedom + 4.5 * sqrt(2.0 * freedom));
        assert_near(stay.energy - last.energy, sum / SEEDS, 4.5 * error + 1e-9);
    }
    walk_end(&w);
    defect_clear(&d);
}

/* After very long: quasi-equilibrium, occupied as exp(-E/kT). */
static void test_closed_basin_in_equilibrium(void **state)
{
    const double kt = 8.617333262e-5 * T_HOPS;
    double z = 0, mean = 0, square = 0, count[CLOSED] = {0}, chi2 = 0;
    sg_stay stay;
    defect d;
    walk w;

    (void)state;
    closed_walk(&w, &d);
    const sg_cat_step last = sg_kmc_row(w.kmc_walk);
    for (uint64_t s = 0; s < CLOSED; s++) {
        const double e = sg_explorer_state(w.ex, s)->energy - last.energy, p = exp(-e / kt);
        z += p;
        mean += p * e;
        square += p * e * e;
    }
    for (int k = 0; k < SEEDS; k++)
        count[at_end(&w, (uint64_t)k, 1e9, &stay).state]++;
    assert_near(stay.energy - last.energy, mean / z, 1e-8);
    assert_near(stay.energy_spread, sqrt(square / z - mean * mean / z / z), 1e-8);
    for (uint64_t s = 0; s < CLOSED; s++) {
        const double want = SEEDS * exp(-(sg_explorer_state(w.ex, s)->energy - last.energy) / kt) / z;
        chi2 += (count[s] - want) * (count[s] - want) / want;
    }
    assert_true(chi2 < 3 + 4.5 * sqrt(6.0));
    walk_end(&w);
    defect_clear(&d);
}

/* ---- ends ---- */

static void test_time_is_up(void **state)
{
    sg_cat_step straight[STEPS + 1], row;
    sg_kmc_end end;
    defect d;
    walk w;

    (void)state;
    adatom_walk(&w, &d, 4, 4);
    walk_open(&w, 0);
    for (int k = 1; k <= STEPS; k++)
        straight[k] = step(&w);
    walk_end(&w);
    defect_clear(&d);

    adatom_walk(&w, &d, 4, 4);
    w.kmc.max_time = (straight[5].time + straight[6].time) / 2;
    walk_open(&w, 0);
    for (int k = 1; k <= 5; k++) {
        row = step(&w);
        assert_same_row(&straight[k], &row);
    }
    for (int twice = 0; twice < 2; twice++) {
        assert_ok(sg_kmc_step(w.kmc_walk, &row, &end));
        assert_int_equal(end, SG_KMC_TIME_UP);
        assert_same_row(&straight[5], &row);
    }
    walk_close(&w);
    w.kmc.max_time = 1e9; /* given more time it goes on as if it had never stopped */
    walk_open(&w, 1);
    for (int k = 6; k <= STEPS; k++) {
        row = step(&w);
        assert_same_row(&straight[k], &row);
    }
    walk_end(&w);
    defect_clear(&d);
}

static void test_no_events(void **state)
{
    sg_cat_step row;
    sg_kmc_end end = SG_KMC_MOVED;
    defect d;
    walk w;

    (void)state;
    adatom_walk(&w, &d, 3, 3);
    w.explore.max_at_start = -1; /* no searches, and nothing to draw on */
    walk_open(&w, 0);
    assert_ok(sg_kmc_step(w.kmc_walk, &row, &end));
    assert_int_equal(end, SG_KMC_NO_EVENTS);
    assert_int_equal(row.step, 0);
    assert_near(row.energy, d.problem.e_start, 1e-9);
    walk_end(&w);
    defect_clear(&d);
}

/* ---- the same bits ---- */

typedef struct record {
    sg_cat_step row[STEPS + 1];
    uint64_t hash;
} record;

static void finish(walk *w, record *r)
{
    assert_ok(sg_kmc_commit(w->kmc_walk));
    assert_ok(sg_catalog_content_hash(w->cat, &r->hash));
}

static void walk_straight(int threads, record *r)
{
    defect d;
    walk w;

    pair_walk(&w, &d);
    w.explore.threads = threads;
    walk_open(&w, 0);
    r->row[0] = sg_kmc_row(w.kmc_walk);
    for (int k = 1; k <= STEPS; k++)
        r->row[k] = step(&w);
    finish(&w, r);
    walk_end(&w);
    defect_clear(&d);
}

static void assert_same_record(const record *a, const record *b)
{
    for (int k = 0; k <= STEPS; k++)
        assert_same_row(&a->row[k], &b->row[k]);
    assert_true(a->hash == b->hash);
}

static void test_same_bits_on_two_threads(void **state)
{
    static record one, two;

    (void)state;
    walk_straight(1, &one);
    walk_straight(2, &two);
    assert_same_record(&one, &two);
}

static int stop_after(const void *arg)
{
    int *const left = *(int *const *)arg;
    return (*left)-- == 0;
}

/* Stopped every n-th time that it asks, between batches and within, while tables are planned; closed like a
 * killed process, opened again. @return how often it was stopped. */
static int walk_with_stops(int every, int close, record *r, int *in_plans)
{
    int left = every, *const at = &left, stops = 0;
    defect d;
    walk w;

    pair_walk(&w, &d);
    w.explore.stop = stop_after;
    w.explore.stop_arg = &at;
    walk_open(&w, 0);
    r->row[0] = sg_kmc_row(w.kmc_walk);
    for (int k = 1; k <= STEPS;) {
        sg_kmc_end end = SG_KMC_NO_EVENTS;
        const sg_status st = sg_kmc_step(w.kmc_walk, &r->row[k], &end);
        if (st == SG_OK) {
            assert_int_equal(end, SG_KMC_MOVED);
            k++;
            continue;
        }
        assert_int_equal(st, SG_EINTERRUPTED);
        left = every;
        stops++;
        *in_plans += strstr(sg_error_text(), "planning") != NULL;
        if (!close) continue;
        walk_close(&w);
        walk_open(&w, 1);
        const sg_cat_step last = sg_kmc_row(w.kmc_walk); /* steps that were not committed come again */
        assert_true(last.step < (uint64_t)k);
        assert_same_row(&r->row[last.step], &last);
        k = (int)last.step + 1;
    }
    finish(&w, r);
    walk_end(&w);
    defect_clear(&d);
    return stops;
}

static void test_same_bits_after_interruptions(void **state)
{
    static const struct {
        int every, close; /* close 0: going on in the same process */
    } way[] = {{1, 1}, {2, 1}, {1, 0}, {23, 1}, {61, 0}, {97, 1}};
    static record straight, stopped;
    int in_plans = 0;

    (void)state;
    walk_straight(1, &straight);
    for (size_t k = 0; k < sizeof way / sizeof *way; k++) {
        const int before = in_plans, stops = walk_with_stops(way[k].every, way[k].close, &stopped, &in_plans);
        print_message("asked %d times: stopped %d times, %d of them while planning\n", way[k].every, stops,
                      in_plans - before);
        assert_true(stops > 5);
        assert_same_record(&straight, &stopped);
    }
    assert_true(in_plans > 5);
}

/* Killed between any two steps. */
static void test_same_bits_after_kills(void **state)
{
    static record straight;
    defect d;
    walk w;

    (void)state;
    walk_straight(1, &straight);
    pair_walk(&w, &d);
    walk_open(&w, 0);
    for (int kill = 3; kill <= STEPS; kill += 3) {
        for (;;) {
            const sg_cat_step row = step(&w);
            assert_same_row(&straight.row[row.step], &row);
            if (row.step >= (uint64_t)kill) break;
        }
        walk_close(&w);
        walk_open(&w, 1);
    }
    walk_end(&w);
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choices_by_hand),
        cmocka_unit_test(test_waiting_times_of_a_random_walk),
        cmocka_unit_test(test_exits_from_basins),
        cmocka_unit_test(test_closed_basin_at_the_end),
        cmocka_unit_test(test_closed_basin_in_equilibrium),
        cmocka_unit_test(test_time_is_up),
        cmocka_unit_test(test_no_events),
        cmocka_unit_test(test_same_bits_on_two_threads),
        cmocka_unit_test(test_same_bits_after_interruptions),
        cmocka_unit_test(test_same_bits_after_kills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
