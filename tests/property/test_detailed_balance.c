/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A closed landscape, two adatoms on a few hollows: what a long walk sees, with basins and without, against
 * Boltzmann's law, with a constant prefactor and with harmonic ones; and the tests of reversibility, on the
 * landscape as it is and with faults put in. */
#include "slowglass/curate.h"
#include "walk_samples.h"

enum { NX = 4, NY = 3, N_PLACES = NX * NY, EXPLORING = 20000, STEPS = 40000, BLOCKS = 20 };

static const double temperature = 700; /* K */
static const double low = 0.27;        /* eV: hops away from the other atom are higher */

static void pair_walk(walk *w, defect *d)
{
    lj_adatoms(d, NX, NY, 0, 2, 2);
    walk_init(w, d);
    w->explore.per_atom = 16;
    w->explore.copy = 1;
    w->explore.temperature = temperature;
    w->explore.barrier_max = 1.0;
    w->kmc.basin_barrier = low;
    w->kmc.basin_max_states = 512;
    w->kmc.commit_every = 1 << 20;
}

/* Of the states known, and the share of those that the walk has not been in: it hardly ever is. With harmonic
 * prefactors a state counts the more, the softer it is. */
static double mean_energy(const walk *w, int harmonic, double *not_visited)
{
    const double about = sg_explorer_state(w->ex, 0)->energy;
    double sum = 0, weight = 0, rest = 0;

    for (uint64_t s = 0; s < sg_explorer_n_states(w->ex); s++) {
        const double e = sg_explorer_state(w->ex, s)->energy - about;
        const int visited = (sg_explorer_state(w->ex, s)->flags & SG_CAT_STATE_VISITED) != 0;
        const double soft =
            harmonic && visited ? -log_frequencies(w, sg_explorer_positions(w->ex, s)) : 0; /* else adrift */
        const double p = exp(soft - e / (8.617333262e-5 * temperature));
        sum += p * e;
        weight += p;
        if (!visited) rest += p;
    }
    *not_visited = rest / weight;
    return about + sum / weight;
}

/* Average of E_IS over time with its standard error, from BLOCKS blocks of steps. */
static void average(walk *w, uint64_t first, uint64_t steps, double *mean, double *error, int *n_basins)
{
    double energy[BLOCKS] = {0}, time[BLOCKS] = {0}, all = 0, sum = 0, squares = 0, before;
    sg_cat_step row;

    *n_basins = 0;
    assert_ok(sg_kmc_commit(w->kmc_walk));
    assert_ok(sg_catalog_get_step(w->cat, first, &row));
    before = row.energy;
    const double about = before;
    for (uint64_t k = 0; k < steps; k++) {
        const uint64_t block = k * BLOCKS / steps;
        assert_ok(sg_catalog_get_step(w->cat, first + 1 + k, &row));
        sg_stay stay = {.energy = before};
        if (row.is_basin) {
            assert_ok(sg_kmc_stay(w->cat, row.step, &stay));
            assert_true(stay.energy_spread >= 0 && stay.tau_spread >= 0 && !stay.is_full);
            ++*n_basins;
        } else {
            assert_int_equal(sg_kmc_stay(w->cat, row.step, &stay), SG_ENOTFOUND);
            stay.energy = before;
        }
        energy[block] += row.dt * (stay.energy - about);
        time[block] += row.dt;
        before = row.energy;
    }
    for (int b = 0; b < BLOCKS; b++) {
        all += time[b];
        sum += energy[b];
    }
    for (int b = 0; b < BLOCKS; b++)
        squares += pow(energy[b] - time[b] * sum / all, 2);
    *mean = about + sum / all;
    *error = sqrt(squares * BLOCKS / (BLOCKS - 1)) / all;
}

static void explore(walk *w, defect *d)
{
    pair_walk(w, d);
    walk_open(w, 0);
    for (int k = 0; k < EXPLORING; k++)
        step(w);
}

static void walk_again(walk *w, int basins)
{
    assert_ok(sg_kmc_commit(w->kmc_walk));
    walk_close(w);
    w->kmc.basin = basins;
    walk_open(w, 1);
}

static void test_time_averages_are_those_of_boltzmann(void **state)
{
    defect d;
    walk w;

    double not_visited;

    (void)state;
    explore(&w, &d);
    const double expected = mean_energy(&w, 0, &not_visited);
    assert_true(sg_explorer_n_states(w.ex) >= N_PLACES * (N_PLACES - 1)); /* or one atom on the other */
    assert_true(not_visited < 1e-3);
    for (int basins = 0; basins < 2; basins++) {
        double mean, error;
        int n_basins;
        walk_again(&w, basins);
        const uint64_t first = sg_kmc_row(w.kmc_walk).step;
        for (int k = 0; k < STEPS; k++)
            step(&w);
        average(&w, first, STEPS, &mean, &error, &n_basins);
        print_message("%s: E_IS %.5f eV, expected %.5f eV, error %.5f eV, %d of %d steps left a basin\n",
                      basins ? "with basins" : "without", mean, expected, error, n_basins, STEPS);
        assert_near(mean, expected, 4 * error);
        assert_true(error < 0.01 && basins == (n_basins > 1000));
    }
    walk_end(&w);
    defect_clear(&d);
}

static void ignore(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

static sg_curate_reversibility look(walk *w)
{
    sg_curate_reversibility r;

    assert_ok(sg_catalog_commit(w->cat));
    assert_ok(sg_curate_reversible(w->cat, ignore, NULL, &r));
    return r;
}

/* Also with prefactors: those of all events, all that can vibrate vibrating. */
static void test_harmonic_weights(void **state)
{
    double not_visited, mean, error;
    int n_basins;
    defect d;
    walk w;

    (void)state;
    pair_walk(&w, &d);
    w.explore.harmonic = 1;
    walk_open(&w, 0);
    for (int k = 0; k < EXPLORING; k++)
        step(&w);
    const double plain = mean_energy(&w, 0, &not_visited), expected = mean_energy(&w, 1, &not_visited);
    assert_true(not_visited < 1e-3);
    walk_again(&w, 1);
    const uint64_t first = sg_kmc_row(w.kmc_walk).step;
    for (int k = 0; k < STEPS; k++)
        step(&w);
    average(&w, first, STEPS, &mean, &error, &n_basins);
    const sg_curate_reversibility r = look(&w);
    print_message(
        "harmonic: E_IS %.5f eV, expected %.5f eV (%.5f eV by energies alone), error %.5f eV; cycles "
        "miss %.2g in ln nu\n",
        mean, expected, plain, error, r.worst_log_nu);
    assert_near(mean, expected, 4 * error);
    assert_true(error < 0.01 && n_basins > 1000);
    assert_true(r.n_cycles > 0 && r.n_open == 0 && r.n_one_way == 0 && r.worst_log_nu < 1e-3);
    walk_end(&w);
    defect_clear(&d);
}

/* ---- reversibility ---- */

/* Are two states joined when one edge is not there? */
static int joined_without(const walk *w, uint64_t without, uint64_t a, uint64_t b)
{
    const uint64_t n = sg_explorer_n_states(w->ex), n_edges = sg_explorer_n_edges(w->ex);
    unsigned char *const seen = sg_calloc(n, 1);
    int grows = 1;

    assert_non_null(seen);
    seen[a] = 1;
    while (grows) {
        grows = 0;
        for (uint64_t id = 1; id <= n_edges; id++) {
            const sg_cat_edge *const e = sg_explorer_edge(w->ex, id);
            if (id == without || seen[e->from] == seen[e->to]) continue;
            seen[e->from] = seen[e->to] = 1;
            grows = 1;
        }
    }
    const int yes = seen[b];
    sg_free(seen);
    return yes;
}

/* One that lies on a cycle, and is none by itself. */
static sg_cat_edge any_edge(const walk *w)
{
    for (uint64_t id = sg_explorer_n_edges(w->ex) / 2; id <= sg_explorer_n_edges(w->ex); id++) {
        const sg_cat_edge *const e = sg_explorer_edge(w->ex, id);
        if (e->from != e->to && joined_without(w, id, e->from, e->to)) return *e;
    }
    fail_msg("no cycle among %d saddles", (int)sg_explorer_n_edges(w->ex));
    return (sg_cat_edge){0};
}

static void test_faults_of_a_landscape_are_found(void **state)
{
    sg_curate_reversibility r;
    sg_cat_entry entry[256];
    defect d;
    walk w;

    (void)state;
    explore(&w, &d);
    r = look(&w);
    assert_int_equal(r.n_states, sg_explorer_n_states(w.ex));
    assert_int_equal(r.n_edges, sg_explorer_n_edges(w.ex));
    assert_int_equal(r.n_cycles, r.n_edges - r.n_states + 1);
    assert_true(r.n_open == 0 && r.n_elsewhere == 0 && r.n_one_way == 0);
    assert_true(r.worst_cycle < 1e-9 && r.worst_virial < 1e-2);

    const sg_cat_edge edge = any_edge(&w);
    const sg_cat_table *known = sg_explorer_known_table(w.ex, edge.from);
    sg_cat_table table = *known;
    assert_true(table.n_entries < 256);
    memcpy(entry, known->entry, table.n_entries * sizeof *entry);
    table.entry = entry;
    uint32_t at = 0;
    while (entry[at].edge != edge.id)
        at++;
    entry[at].barrier += 1e-3; /* a rate of its own: the cycles that it closes stay open */
    assert_ok(sg_catalog_put_table(w.cat, &table));
    r = look(&w);
    assert_true(r.n_open > 0 && r.n_one_way == 0 && fabs(r.worst_cycle - 1e-3) < 1e-9);
    entry[at] = entry[--table.n_entries]; /* no way there at all */
    assert_ok(sg_catalog_put_table(w.cat, &table));
    r = look(&w);
    assert_true(r.n_one_way == 1 && r.n_open == 0);
    assert_ok(sg_catalog_put_table(w.cat, known));

    sg_cat_edge other = edge;
    other.strain_final[3] += 1; /* another minimum than the state's */
    assert_ok(sg_catalog_put_edge(w.cat, &other));
    r = look(&w);
    assert_true(r.n_elsewhere == 1 && r.n_one_way == 0 && r.n_open == 0);
    assert_true(r.worst_log_nu == 0);

    other = edge;
    other.prefactor = 2e13, other.prefactor_back = 1e13; /* measured only */
    assert_ok(sg_catalog_put_edge(w.cat, &other));
    r = look(&w);
    assert_true(r.n_elsewhere == 0 && r.n_one_way == 0 && r.n_open == 0);
    assert_near(r.worst_log_nu, log(2), 1e-12);
    walk_end(&w);
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_averages_are_those_of_boltzmann),
        cmocka_unit_test(test_harmonic_weights),
        cmocka_unit_test(test_faults_of_a_landscape_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
