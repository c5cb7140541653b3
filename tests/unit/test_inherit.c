/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a state takes over: predicted barriers against reconverged ones, the rule of what is reconverged
 * against a count, events of states that are no parents, events under a key that a marginal bond hides. */
#include "walk_samples.h"

static const sg_cat_table *table(walk *w, uint64_t state, uint64_t parent)
{
    const sg_cat_table *t = NULL;
    assert_ok(sg_explorer_table(w->ex, state, parent, &t));
    assert_non_null(t);
    return t;
}

static int entries_at(const sg_cat_table *t, double barrier, double within)
{
    int n = 0;
    for (uint32_t k = 0; k < t->n_entries; k++)
        n += fabs(t->entry[k].barrier - barrier) < within;
    return n;
}

static double lowest(const sg_cat_table *t)
{
    double least = INFINITY;
    for (uint32_t k = 0; k < t->n_entries; k++)
        least = fmin(least, t->entry[k].barrier);
    return least;
}

/* The entry whose hop takes `atom` farthest along x, forward (sign 1) or back (-1). */
static uint32_t hop_along_x(walk *w, uint64_t state, const sg_cat_table *t, int atom, double sign)
{
    uint32_t best = 0;
    double most = -INFINITY;

    for (uint32_t k = 0; k < t->n_entries; k++) {
        const sg_cat_edge *e = sg_explorer_edge(w->ex, t->entry[k].edge);
        double d[3];
        for (int c = 0; c < 3; c++)
            d[c] = sg_explorer_positions(w->ex, t->entry[k].reverse ? e->from : e->to)[atom][c] -
                   sg_explorer_positions(w->ex, t->entry[k].reverse ? e->to : e->from)[atom][c];
        (void)state;
        sg_cell_minimum_image(&w->d->sys->cell, d);
        if (t->entry[k].barrier < 0.6 && sign * d[0] > most) most = sign * d[0], best = k;
    }
    assert_true(most > 2);
    return best;
}

/* Adatoms on a layer that gives way: each hop changes the other's events a little. */
static void test_predicted_barriers(void **state)
{
    static const int centre[] = {36, 37};
    double off = 0, off_before = 0;
    int n = 0;
    defect d;
    walk w;

    (void)state;
    lj_adatoms(&d, 6, 2, 1, 2, 2);
    walk_init(&w, &d);
    w.explore.per_atom = 10;
    w.explore.max_per_step = -1;
    w.explore.residual_max = 1e-9; /* nothing is lent */
    w.explore.n_centres = 2;
    w.explore.centre = centre;
    w.explore.barrier_max = 0.8;
    w.explore.keep = 0.29;
    walk_open(&w, 0);
    const sg_cat_table *t = table(&w, 0, 0);
    const uint32_t hop = hop_along_x(&w, 0, t, centre[0], -1);
    const uint64_t next = sg_explorer_target(w.ex, &t->entry[hop]);
    t = table(&w, next, 0);
    for (uint32_t k = 0; k < t->n_entries; k++) {
        const sg_cat_entry said = t->entry[k];
        const sg_cat_edge *e = sg_explorer_edge(w.ex, said.edge);
        const double before = said.reverse ? e->barrier_back : e->barrier;
        int alive = 0;
        if (!said.kept || said.barrier > 0.6) continue;
        assert_ok(sg_explorer_reconverge(w.ex, next, k, &alive));
        assert_true(alive);
        assert_true(fabs(t->entry[k].barrier - said.barrier) <=
                    2 * said.error + 1e-5); /* a bar for nine in ten, of a glass */
        off += fabs(t->entry[k].barrier - said.barrier);
        off_before += fabs(t->entry[k].barrier - before);
        n++;
    }
    print_message("%d events: %.2g eV off, %.2g eV where they came from\n", n, off / n, off_before / n);
    assert_true(n >= 2 && off_before / n > 1e-3);
    assert_true(off < 0.2 * off_before);
    walk_end(&w);
    defect_clear(&d);
}

/* Kept at keep = 0 are the slowest, and with all their error bars they have less than the share of the rate.
 */
static void test_what_matters_is_reconverged(void **state)
{
    const double kt = 8.617333262e-5 * 1000;
    double kept = 0, total = 0, slowest = INFINITY, fastest_kept = 0;
    int n_kept = 0, n_converged = 0;
    defect d;
    walk w;

    (void)state;
    lj_adatoms(&d, 8, 2, 0, 2, 4);
    walk_init(&w, &d);
    w.explore.per_atom = 30;
    w.explore.keep = 0;
    w.explore.rest = 0.3;
    walk_open(&w, 0);
    (void)table(&w, 0, 0);
    const sg_cat_step row = step(&w);
    const sg_cat_table *t = table(&w, row.state, 0);
    for (uint32_t k = 0; k < t->n_entries; k++) {
        const sg_cat_entry *e = &t->entry[k];
        const sg_cat_edge *edge = sg_explorer_edge(w.ex, e->edge);
        const double rate = exp(-e->barrier / kt);
        total += rate;
        if (e->kept) {
            kept += exp(-(e->barrier - e->error) / kt);
            fastest_kept = fmax(fastest_kept, rate);
            n_kept++;
        } else if (edge->sampler == SG_SAMPLER_INHERITED && edge->from == row.state) {
            slowest = fmin(slowest, rate);
            n_converged++;
        }
    }
    assert_true(n_kept > 0 && n_converged > 0);
    assert_true(kept <= 0.3 * total);
    assert_true(fastest_kept <= slowest * (1 + 1e-3));
    walk_end(&w);
    defect_clear(&d);
}

/* One atom hops in one state, the other in another: what both states have learned meets where both have
 * hopped, without a search and without a catalog's help. */
static void test_events_of_states_that_are_no_parents(void **state)
{
    defect d;
    walk w;

    (void)state;
    lj_adatoms(&d, 8, 2, 0, 2, 4);
    const int a = d.sys->n - 2, b = d.sys->n - 1;
    walk_init(&w, &d);
    w.explore.per_atom = 12;
    w.explore.barrier_max = 0.6;
    walk_open(&w, 0);
    const sg_cat_table *t = table(&w, 0, 0);
    const double hop = lowest(t);
    const uint64_t with_a = sg_explorer_target(w.ex, &t->entry[hop_along_x(&w, 0, t, a, 1)]);
    const uint64_t with_b = sg_explorer_target(w.ex, &t->entry[hop_along_x(&w, 0, t, b, 1)]);
    assert_int_equal(entries_at(table(&w, with_a, 0), hop, 1e-3), 8);
    t = table(&w, with_b, 0);
    assert_int_equal(entries_at(t, hop, 1e-3), 8);
    walk_close(&w);

    w.explore.max_per_step = -1;
    w.explore.residual_max = 1e-9;
    walk_open(&w, 1);
    t = sg_explorer_known_table(w.ex, with_b);
    uint32_t k = hop_along_x(&w, with_b, t, a, 1);
    int alive = 1;
    if (t->entry[k].kept) assert_ok(sg_explorer_reconverge(w.ex, with_b, k, &alive));
    assert_true(alive);
    const uint64_t with_both = sg_explorer_target(w.ex, &t->entry[k]);
    const uint64_t searches = sg_explorer_n_searches(w.ex);
    t = table(&w, with_both, with_b);
    assert_int_equal(sg_explorer_n_searches(w.ex), searches);
    assert_int_equal(entries_at(t, hop, 1e-3), 8);
    walk_end(&w);
    defect_clear(&d);
}

/* An event recorded under the key that its centre would have with one more bond. */
static int lent_entries(const defect *d, const sg_topology_params *params, const sg_environment *env,
                        const sg_cat_event *ev, double marginal)
{
    const sg_cat_environment record = {env->key, (uint32_t)env->n, (uint32_t)env->form_size,
                                       (unsigned char *)env->form};
    walk w;

    walk_init(&w, d);
    w.params = *params;
    w.header.cutoff[0][0] = params->cutoff[0][0];
    w.explore.marginal = marginal;
    w.explore.per_atom = 0;
    walk_open(&w, 0);
    assert_ok(sg_catalog_put_environment(w.cat, &record));
    assert_ok(sg_catalog_put_event(w.cat, ev));
    assert_ok(sg_catalog_commit(w.cat));
    const sg_cat_table *t = table(&w, 0, 0);
    const int n = entries_at(t, ev->barrier, 1e-3);
    assert_int_equal(n, t->n_entries);
    walk_end(&w);
    return n;
}

static void test_events_behind_a_marginal_bond(void **state)
{
    const sg_topology_params params = {.n_species = 1, .cutoff = {{3.55}}};
    sg_environment env[4];
    sg_cat_event ev = {0};
    sg_bonds *bonds = NULL;
    int n = 0;
    defect d;
    walk w;

    (void)state;
    lj_vacancy(&d, 3);
    walk_init(&w, &d);
    w.params = params;
    w.header.cutoff[0][0] = params.cutoff[0][0];
    w.explore.per_atom = 4;
    w.explore.barrier_max = 3;
    walk_open(&w, 0);
    const sg_cat_table *t = table(&w, 0, 0);
    uint32_t k = 0;
    while (t->entry[k].barrier > lowest(t) + 1e-3 || t->entry[k].reverse)
        k++;
    const sg_cat_edge *e = sg_explorer_edge(w.ex, t->entry[k].edge);
    double(*move)[3] = calloc(2 * (size_t)d.sys->n, sizeof *move);
    const sg_system *frame = sg_explorer_frame(w.ex, 0);
    assert_ok(sg_bonds_create(frame, &params, &bonds));
    assert_ok(sg_topology_marginal(frame, &params, bonds, (int)e->centre, 0.1, 4, env, &n));
    assert_true(n > 1 && env[1].key != env[0].key);
    for (int i = 0; i < d.sys->n; i++)
        for (int c = 0; c < 3; c++)
            move[i][c] = (double)sg_explorer_whole_edge(w.ex, e->id).d_saddle[i][c];
    sg_system_displacement(frame, (positions)frame->x, sg_explorer_positions(w.ex, e->to), move + d.sys->n,
                           NULL);
    assert_ok(sg_event_generic(frame, &env[1], bonds, (positions)move, (positions)(move + d.sys->n),
                               (positions)move, e, 0, 1, &ev));
    assert_int_equal(lent_entries(&d, &params, &env[1], &ev, 0), 0);
    assert_true(lent_entries(&d, &params, &env[1], &ev, 0.1) >= 1);
    sg_cat_event_clear(&ev);
    sg_bonds_free(bonds);
    free(move);
    walk_end(&w);
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predicted_barriers),
        cmocka_unit_test(test_what_matters_is_reconverged),
        cmocka_unit_test(test_events_of_states_that_are_no_parents),
        cmocka_unit_test(test_events_behind_a_marginal_bond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
