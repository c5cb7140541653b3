/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rate tables: complete by symmetry, consistent in energy, made once. */
#include "walk_samples.h"

#include "../../src/explore/explore_internal.h"

static const double window = 3; /* eV: the hop has 1.2, exchanges of several atoms more than 5 */

static const sg_cat_table *table(walk *w, uint64_t state, uint64_t parent)
{
    const sg_cat_table *t = NULL;
    assert_ok(sg_explorer_table(w->ex, state, parent, &t));
    assert_non_null(t);
    return t;
}

static int entries_at(const sg_cat_table *t, double barrier)
{
    int n = 0;
    for (uint32_t k = 0; k < t->n_entries; k++)
        n += fabs(t->entry[k].barrier - barrier) < 1e-3;
    return n;
}

static double lowest(const sg_cat_table *t)
{
    double least = INFINITY;
    for (uint32_t k = 0; k < t->n_entries; k++)
        if (t->entry[k].barrier < least) least = t->entry[k].barrier;
    return least;
}

typedef struct tally {
    double barrier;
    int n;
} tally;

static int count_event(void *arg, const void *record)
{
    const sg_cat_event *ev = record;
    tally *t = arg;
    t->n += fabs(ev->barrier - t->barrier) < 1e-3;
    return 0;
}

/* What every edge owes to its two states. */
static void check_edges(const walk *w)
{
    for (uint64_t id = 1; id <= sg_explorer_n_edges(w->ex); id++) {
        const sg_cat_edge *e = sg_explorer_edge(w->ex, id);
        const sg_cat_state *from = sg_explorer_state(w->ex, e->from), *to = sg_explorer_state(w->ex, e->to);
        assert_near(to->energy - from->energy, e->barrier - e->barrier_back, 1e-9);
        assert_near(e->e_saddle - from->energy, e->barrier, 1e-9);
        assert_true(e->barrier > 1e-3 && e->saddle_force <= w->explore.saddle.f_saddle);
        assert_true(e->curvature < 0 && e->curvature2 > 0);
    }
}

/* The way back of the edge that led here stands in the table, over the same saddle. */
static void check_way_back(walk *w, const sg_cat_step *row)
{
    const sg_cat_table *t = sg_explorer_known_table(w->ex, row->state);
    const sg_cat_edge *e = sg_explorer_edge(w->ex, row->edge);
    int n = 0;

    for (uint32_t k = 0; k < t->n_entries; k++) {
        if (t->entry[k].edge != row->edge) continue;
        n++;
        assert_int_equal(t->entry[k].reverse, !row->reverse);
        assert_int_equal(t->entry[k].kept, 0);
        assert_near(t->entry[k].barrier, row->reverse ? e->barrier : e->barrier_back, 0);
        assert_near(sg_explorer_state(w->ex, row->state)->energy + t->entry[k].barrier, e->e_saddle, 1e-9);
    }
    assert_int_equal(n, 1);
}

/* One vacancy, twelve neighbours: twelve hops of one kind, known for good after the first state. */
static void check_vacancy(const defect *d, int per_atom, int n_steps, double barrier, double limit)
{
    tally hops = {0, 0};
    int seen_again = 0;
    walk w;

    walk_init(&w, d);
    w.explore.per_atom = per_atom;
    w.explore.barrier_max = limit;
    walk_open(&w, 0);
    const sg_cat_table *t = table(&w, 0, 0);
    hops.barrier = lowest(t);
    if (barrier > 0) assert_near(hops.barrier, barrier, 2e-3);
    assert_int_equal(entries_at(t, hops.barrier), 12);
    assert_ok(sg_catalog_each(w.cat, SG_DB_EVENTS, count_event, &hops));
    assert_int_equal(hops.n, 1);
    const int bin = (int)(hops.barrier / 0.1); /* twelve places of one kind, each found: more than twice */
    assert_true(t->f1[bin] == 0 && t->f2[bin] == 0);
    const uint64_t searches = sg_explorer_n_searches(w.ex);
    for (int k = 0; k < n_steps; k++) {
        const uint64_t from = sg_kmc_row(w.kmc_walk).state;
        const int known = sg_explorer_known_table(w.ex, from) != NULL;
        const double calls = force_calls(&w);
        const sg_cat_step row = step(&w);
        seen_again += known && k > 0;
        if (known) assert_true(force_calls(&w) == calls);
        assert_near(row.barrier, hops.barrier, 1e-3);
        t = table(&w, row.state, from);
        assert_int_equal(entries_at(t, hops.barrier), 12);
        check_way_back(&w, &row);
    }
    assert_int_equal(sg_explorer_n_searches(w.ex), searches);
    assert_true(n_steps < 5 || seen_again > 0);
    check_edges(&w);
    walk_end(&w);
}

static void test_vacancy_in_a_pair_crystal(void **state)
{
    defect d;

    (void)state;
    lj_vacancy(&d, 3);
    check_vacancy(&d, 4, 5, 0, window);
    defect_clear(&d);
}

static void test_vacancy_in_copper(void **state)
{
    defect d;

    (void)state;
    if (!cu_vacancy(&d)) return;
    d.opt.local_radius = 5;
    d.opt.f_local = 0.2;
    check_vacancy(&d, 3, 1, 0.688617, 1.0);
    defect_clear(&d);
}

static int sum_attempts(void *arg, const void *record)
{
    const sg_cat_variant *v = record;
    tally *t = arg;
    t->n++;
    assert_int_equal(v->attempts, t->barrier);
    return 0;
}

typedef struct ledger { /* of events or variants: who has counted */
    sg_catalog *all;    /* where they can be looked up with those of the bases; NULL: not done */
    uint64_t run;
    int n, n_counted;
} ledger;

static int check_own_counters(void *arg, const void *record)
{
    const sg_cat_event *own = record;
    ledger *l = arg;
    sg_cat_event both;

    assert_true(own->n_origins == 1 && own->origin[0].run == l->run && own->found > 0);
    l->n++;
    if (!l->all) return 0;
    assert_ok(sg_catalog_get_event(l->all, own->id, &both));
    if (both.n_origins == 2) {
        assert_true(both.found > own->found);
        l->n_counted++;
    }
    sg_cat_event_clear(&both);
    return 0;
}

static int check_own_attempts(void *arg, const void *record)
{
    const sg_cat_variant *v = record;
    const ledger *l = arg;
    assert_true(v->n_origins == 1 && v->origin[0].run == l->run);
    assert_int_equal(v->attempts, 2);
    return 0;
}

/* A second run draws on the first one's catalog and searches on. It counts for itself, also what the base
 * holds; look-ups see both. */
static void test_counters_over_a_base(void **state)
{
    ledger first = {NULL, 11, 0, 0}, second = {NULL, 22, 0, 0};
    char base[256];
    sg_catalog *cat;
    sg_cat_variant *v;
    defect d;
    walk w;
    int n;

    (void)state;
    lj_vacancy(&d, 3);
    walk_init(&w, &d);
    w.explore.run = first.run;
    w.explore.per_atom = 4;
    w.explore.barrier_max = window;
    walk_open(&w, 0);
    table(&w, 0, 0);
    walk_close(&w);
    strcpy(base, w.path);
    assert_ok(sg_catalog_open(base, 0, NULL, &cat));
    assert_ok(sg_catalog_each(cat, SG_DB_EVENTS, check_own_counters, &first));
    assert_true(first.n > 0);
    sg_catalog_close(cat);

    joined(w.path, w.folder, "second");
    w.explore.run = second.run;
    w.explore.per_atom = 6; /* two more from each variant */
    assert_ok(sg_catalog_create(w.path, &w.header, &cat));
    assert_ok(sg_catalog_add_base(cat, base));
    walk_open_on(&w, cat);
    const sg_cat_table *t = table(&w, 0, 0);
    second.all = w.cat;
    assert_ok(sg_catalog_each(w.cat, SG_DB_EVENTS, check_own_counters, &second));
    assert_true(second.n_counted > 0);
    assert_ok(sg_catalog_each(w.cat, SG_DB_VARIANTS, check_own_attempts, &second));
    assert_ok(sg_catalog_find_variants(w.cat, t->key[0], &v, &n));
    for (int k = 0; k < n; k++) {
        assert_int_equal(v[k].attempts, 6);
        sg_cat_variant_clear(&v[k]);
    }
    sg_free(v);
    walk_end(&w);
    defect_clear(&d);
}

/* The vacancy lies within 5 Å of its first, second and third neighbours only: with the rest of the crystal
 * these are four kinds of atoms, and each kind is searched from per_atom times in all. */
static void test_congruent_atoms_share_their_searches(void **state)
{
    tally t = {2, 0};
    defect d;
    walk w;

    (void)state;
    lj_vacancy(&d, 3);
    walk_init(&w, &d);
    w.explore.barrier_max = 0.1;
    w.explore.per_atom = 2;
    walk_open(&w, 0);
    const sg_cat_table *of_start = table(&w, 0, 0);
    assert_int_equal(of_start->n_searches, 4 * 2);
    assert_ok(sg_catalog_each(w.cat, SG_DB_VARIANTS, sum_attempts, &t));
    assert_int_equal(t.n, 4);
    for (int i = 0; i < d.sys->n; i++)
        for (int j = 0; j < i;
             j++) { /* same variant: same sorted distance from the vacancy, or both beyond */
            int neighbour[12];
            if (i + j == 1) vacancy_find(&d, HOLLOW, neighbour);
            const double a = separation(d.sys, d.vacancy, d.sys->x[i]),
                         b = separation(d.sys, d.vacancy, d.sys->x[j]);
            const int alike = fabs(a - b) < 0.2 || (a > 5 && b > 5);
            assert_int_equal(of_start->variant[i] == of_start->variant[j], alike);
        }
    walk_end(&w);
    defect_clear(&d);
}

/* Of more events than an atom is lent the lowest are taken, whatever their ids. */
static void test_the_lowest_events_are_lent(void **state)
{
    enum { MANY = 200 };
    sg_cat_event hop, other;
    sg_catalog *cat;
    char base[256];
    uint32_t first = 0;
    int n_hop = 0;
    defect d;
    walk w;

    (void)state;
    lj_vacancy(&d, 3);
    walk_init(&w, &d);
    w.explore.barrier_max = window;
    walk_open(&w, 0);
    const sg_cat_table *t = table(&w, 0, 0);
    while (t->entry[first].barrier > lowest(t))
        first++;
    assert_ok(sg_catalog_get_event(w.cat, sg_explorer_edge(w.ex, t->entry[first].edge)->event, &hop));
    assert_true(hop.id > MANY);
    other = hop;
    other.barrier += 0.5;
    for (other.id = 1; other.id <= MANY; other.id++)
        assert_ok(sg_catalog_put_event(w.cat, &other));
    assert_ok(sg_catalog_commit(w.cat));
    walk_close(&w);
    strcpy(base, w.path);
    joined(w.path, w.folder, "second");
    w.explore.max_at_start = -1;
    assert_ok(sg_catalog_create(w.path, &w.header, &cat));
    assert_ok(sg_catalog_add_base(cat, base));
    walk_open_on(&w, cat);
    frame_to(w.ex, 0);
    assert_ok(keys_to_frame(w.ex));
    assert_ok(views_to_frame(w.ex));
    assert_ok(plan_make(w.ex, 0, 0));
    assert_true(w.ex->plan.n > 12);
    for (size_t k = 0; k < w.ex->plan.n; k++)
        n_hop += w.ex->plan.task[k].ref == hop.id;
    assert_true(n_hop >= 12);
    sg_cat_event_clear(&hop);
    walk_end(&w);
    defect_clear(&d);
}

/* ---- other strains ---- */

/* A base of another strain whose catalog says nothing of who made it: its events are lent all the same, known
 * for what they are, and what lives on is recorded at the strain it has now. */
static void test_base_of_an_unnamed_strain(void **state)
{
    char base[256];
    sg_catalog *cat;
    sg_potential_work *work = NULL;
    sg_minimize_options rule = sg_minimize_defaults();
    sg_minimize_result end;
    sg_explore_stats stats;
    ledger own = {NULL, 22, 0, 0};
    defect d;
    walk w;

    (void)state;
    lj_vacancy(&d, 3);
    walk_init(&w, &d);
    w.explore.barrier_max = window;
    walk_open(&w, 0);
    table(&w, 0, 0);
    walk_close(&w);
    strcpy(base, w.path);
    assert_ok(sg_potential_work_create(d.pot, &work));
    assert_ok(sg_system_set_strain(d.sys, 0.01));
    rule.f_max = d.opt.f_minimum;
    assert_ok(sg_minimize(d.pot, work, d.sys, NULL, &rule, &end));
    sg_potential_work_free(work);
    joined(w.path, w.folder, "strained");
    w.explore.run = own.run;
    w.explore.max_at_start = -1;
    assert_ok(sg_catalog_create(w.path, &w.header, &cat));
    assert_ok(sg_catalog_add_base(cat, base));
    walk_open_on(&w, cat);
    const sg_cat_table *t = table(&w, 0, 0);
    stats = sg_explorer_stats(w.ex);
    assert_int_equal(stats.searches, 0);
    assert_true(t->from_catalog >= 12 && stats.strain.fate[SG_FATE_SURVIVED] >= 12);
    assert_ok(sg_catalog_each(w.cat, SG_DB_EVENTS, check_own_counters, &own));
    assert_true(own.n > 0);
    walk_close(&w);
    walk_open(&w, 1); /* the account has been kept */
    assert_int_equal(sg_explorer_stats(w.ex).strain.fate[SG_FATE_SURVIVED],
                     stats.strain.fate[SG_FATE_SURVIVED]);
    walk_end(&w);
    defect_clear(&d);
}

static void die(walk *w, uint64_t event, sg_fate fate, int n)
{
    for (int k = 0; k < n; k++)
        assert_ok(deaths_add(w->ex, event, fate));
}

static void commit_deaths(walk *w)
{
    assert_ok(deaths_store(w->ex));
    assert_ok(sg_catalog_commit(w->cat));
}

/* Deaths add up over batches and kills, strain by strain; those of a batch that was lost are not counted. */
static void test_deaths_are_remembered(void **state)
{
    sg_deaths *dead = NULL;
    int n = 7;
    defect d;
    walk w;

    (void)state;
    lj_vacancy(&d, 3);
    walk_init(&w, &d);
    walk_open(&w, 0);
    die(&w, 5, SG_FATE_VANISHED, 2);
    die(&w, 6, SG_FATE_DISCONNECTED, 1);
    die(&w, 5, SG_FATE_UNCONVERGED, 1);
    commit_deaths(&w);
    die(&w, 5, SG_FATE_VANISHED, 1);
    commit_deaths(&w);
    die(&w, 5, SG_FATE_VANISHED, 1);
    assert_ok(deaths_store(w.ex));
    walk_close(&w);
    assert_ok(sg_system_set_strain(d.sys, 0.02));
    walk_open(&w, 1);
    die(&w, 5, SG_FATE_DISCONNECTED, 4);
    commit_deaths(&w);

    assert_ok(sg_explore_deaths(w.cat, 5, &dead, &n));
    assert_int_equal(n, 2);
    assert_true(dead[0].gamma == 0 && dead[1].gamma == 0.02);
    for (int f = 0; f < SG_FATE_COUNT; f++) {
        assert_int_equal(dead[0].fate[f], f == SG_FATE_VANISHED ? 3 : f == SG_FATE_UNCONVERGED ? 1 : 0);
        assert_int_equal(dead[1].fate[f], f == SG_FATE_DISCONNECTED ? 4 : 0);
    }
    sg_free(dead);
    assert_ok(sg_explore_deaths(w.cat, 6, &dead, &n));
    assert_true(n == 1 && dead[0].fate[SG_FATE_DISCONNECTED] == 1);
    sg_free(dead);
    assert_ok(sg_explore_deaths(w.cat, 7, &dead, &n));
    assert_true(n == 0 && !dead);
    walk_end(&w);
    defect_clear(&d);
}

/* ---- two atoms that do not know of each other ---- */

/* Events of the start's table that are not those of the atom that `row` has moved: their centre is nearer to
 * the other one. */
static int events_of_the_other(const walk *w, const sg_cat_table *t, const sg_cat_step *row)
{
    const sg_system *sys = w->d->sys;
    const double(*x)[3] = sg_explorer_positions(w->ex, 0);
    const int last = sys->n - 1, mover = (int)row->centre, other = mover == last ? last - 1 : last;
    int n = 0;

    for (uint32_t k = 0; k < t->n_entries; k++) {
        const uint32_t centre = sg_explorer_edge(w->ex, t->entry[k].edge)->centre;
        n += separation(sys, x[other], x[centre]) < separation(sys, x[mover], x[centre]);
    }
    return n;
}

/* What one atom's hop leaves of the other's events: kept as they are, their surroundings have not moved. */
static void test_events_far_away_are_kept(void **state)
{
    defect d;
    walk w;

    (void)state;
    lj_adatoms(&d, 8, 2, 0, 2, 4);
    walk_init(&w, &d);
    w.explore.per_atom = 12;
    walk_open(&w, 0);
    const sg_cat_table *t = table(&w, 0, 0);
    const double hop = lowest(t);
    /* along y the next hollow on either side is the same place in a cell of two: two saddles to one state */
    assert_int_equal(entries_at(t, hop), 8);
    const sg_cat_step row = step(&w);
    const int others = events_of_the_other(&w, table(&w, 0, 0), &row);
    const uint64_t searches = sg_explorer_n_searches(w.ex);
    t = table(&w, row.state, 0);
    int kept = 0;
    for (uint32_t k = 0; k < t->n_entries; k++) {
        const sg_cat_edge *e = sg_explorer_edge(w.ex, t->entry[k].edge);
        if (!t->entry[k].kept) continue;
        kept++;
        assert_int_not_equal(e->centre, row.centre); /* of the other atom, which has not moved */
        assert_true(separation(d.sys, sg_explorer_positions(w.ex, 0)[e->centre],
                               sg_explorer_positions(w.ex, row.state)[e->centre]) < w.explore.keep);
        assert_true(t->entry[k].error <= 0.5 * w.explore.keep);
        int alive = 0;
        const double expected = t->entry[k].barrier;
        assert_ok(sg_explorer_reconverge(w.ex, row.state, k, &alive));
        assert_true(alive);
        assert_int_equal(t->entry[k].kept, 0);
        assert_true(t->entry[k].error == 0 && sg_explorer_edge(w.ex, t->entry[k].edge)->from == row.state);
        assert_near(t->entry[k].barrier, expected, 1e-4);
    }
    assert_true(others >= 4);
    assert_int_equal(kept, others);
    assert_int_equal(t->from_inherited, kept);
    assert_int_equal(sg_explorer_n_searches(w.ex), searches);
    assert_int_equal(entries_at(t, hop), 8);
    check_edges(&w);
    walk_end(&w);
    defect_clear(&d);
}

/* With keep = 0 nothing is taken on trust: all is converged in the new state, and the numbers are the same.
 */
static void test_events_far_away_reconverged(void **state)
{
    defect d;
    walk w;

    (void)state;
    lj_adatoms(&d, 8, 2, 0, 2, 4);
    walk_init(&w, &d);
    w.explore.per_atom = 12;
    w.explore.keep = 0;
    walk_open(&w, 0);
    const double hop = lowest(table(&w, 0, 0));
    const sg_cat_step row = step(&w);
    const int others = events_of_the_other(&w, table(&w, 0, 0), &row);
    const sg_cat_table *t = table(&w, row.state, 0);
    for (uint32_t k = 0; k < t->n_entries; k++)
        assert_int_equal(t->entry[k].kept, 0);
    assert_int_equal(entries_at(t, hop), 8);
    assert_int_equal(t->from_inherited, others);
    walk_end(&w);
    defect_clear(&d);
}

/* ---- what is missing ---- */

/* What a table counted when it was closed stands in it after a restart, too: its record is written again
 * whenever an event that leads to its state is found. */
static void test_counts_of_a_table_outlive_a_restart(void **state)
{
    defect d;
    walk w;

    (void)state;
    lj_vacancy(&d, 3);
    walk_init(&w, &d);
    w.explore.per_atom = 1;
    w.explore.barrier_max = window;
    walk_open(&w, 0);
    sg_cat_table closed = *table(&w, 0, 0);
    for (uint32_t b = 0; b < 64; b++) {
        closed.f1[b] = 100 + b;
        closed.f2[b] = 200 + b;
    }
    assert_ok(sg_catalog_put_table(w.cat, &closed));
    assert_ok(sg_catalog_commit(w.cat));
    walk_close(&w);
    walk_open(&w, 1);
    const sg_cat_table *t = sg_explorer_known_table(w.ex, 0);
    assert_non_null(t);
    assert_memory_equal(t->f1, closed.f1, sizeof closed.f1);
    assert_memory_equal(t->f2, closed.f2, sizeof closed.f2);
    walk_end(&w);
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vacancy_in_a_pair_crystal),
        cmocka_unit_test(test_vacancy_in_copper),
        cmocka_unit_test(test_congruent_atoms_share_their_searches),
        cmocka_unit_test(test_counters_over_a_base),
        cmocka_unit_test(test_events_far_away_are_kept),
        cmocka_unit_test(test_events_far_away_reconverged),
        cmocka_unit_test(test_the_lowest_events_are_lent),
        cmocka_unit_test(test_base_of_an_unnamed_strain),
        cmocka_unit_test(test_deaths_are_remembered),
        cmocka_unit_test(test_counts_of_a_table_outlive_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
