/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables copied from congruent states: the same events, to the last 1e-6 eV, as the full procedure finds;
 * converged where they stand; the same bits in any order of threads and kills. */
#include "walk_samples.h"

#include "../../src/explore/explore_internal.h"

enum { STEPS = 40, MAX_EVENTS = 64 };
static const double window = 3; /* eV: the hops of the pair crystal have 1.2 */
static const double float_force =
    5e-6; /* eV/Å: displacements of 1 Å are stored to 6e-8, curvatures are some 60 eV/Å^2 */
static const double tight = 1e-5; /* eV/Å, so that two ways to a saddle end at the same energy */
static const double same_barrier = 1e-6;

static const sg_cat_table *table(walk *w, uint64_t state, uint64_t parent)
{
    const sg_cat_table *t = NULL;
    assert_ok(sg_explorer_table(w->ex, state, parent, &t));
    assert_non_null(t);
    return t;
}

static void vacancy_walk(walk *w, const defect *d, int copy)
{
    walk_init(w, d);
    w->explore.per_atom = 4;
    w->explore.barrier_max = window;
    w->explore.saddle.f_saddle = tight;
    w->explore.saddle.f_minimum = tight;
    w->explore.copy = copy;
    walk_open(w, 0);
}

static void saddle_of(const walk *w, const sg_cat_entry *entry, double (*x)[3])
{
    const sg_cat_edge e = sg_explorer_whole_edge(w->ex, entry->edge);
    const uint64_t end = entry->reverse ? e.to : e.from;
    sg_event_saddle(w->d->sys, &e, entry->reverse, sg_explorer_positions(w->ex, e.from),
                    sg_explorer_positions(w->ex, e.to), sg_explorer_positions(w->ex, end), x);
}

/* The entry of the other walk's table with this one's saddle. */
static const sg_cat_entry *partner(const walk *a, const sg_cat_entry *entry, const walk *b,
                                   const sg_cat_table *t)
{
    const size_t n = (size_t)a->d->sys->n;
    double(*x)[3] = calloc(2 * n, sizeof *x);
    const sg_cat_entry *found = NULL;

    saddle_of(a, entry, x);
    for (uint32_t k = 0; k < t->n_entries && !found; k++) {
        saddle_of(b, &t->entry[k], x + n);
        if (sg_system_displacement(a->d->sys, (positions)x, (positions)(x + n), NULL, NULL) < 0.1)
            found = &t->entry[k];
    }
    free(x);
    return found;
}

static int inside(const sg_cat_table *t)
{
    int n = 0;
    for (uint32_t k = 0; k < t->n_entries; k++)
        n += t->entry[k].barrier <= window;
    return n;
}

static void compare_tables(const walk *a, const sg_cat_table *ta, const walk *b, const sg_cat_table *tb)
{
    assert_int_equal(inside(ta), inside(tb));
    for (uint32_t k = 0; k < ta->n_entries; k++) {
        if (ta->entry[k].barrier > window) continue;
        const sg_cat_entry *other = partner(a, &ta->entry[k], b, tb);
        assert_non_null(other);
        const sg_cat_edge *e = sg_explorer_edge(a->ex, ta->entry[k].edge),
                          *f = sg_explorer_edge(b->ex, other->edge);
        assert_int_equal(ta->entry[k].kept, 0);
        assert_near(ta->entry[k].barrier, other->barrier, same_barrier);
        const double back = ta->entry[k].reverse ? e->barrier : e->barrier_back;
        assert_near(back, other->reverse ? f->barrier : f->barrier_back, same_barrier);
        assert_int_equal(ta->entry[k].reverse ? e->centre_back : e->centre,
                         other->reverse ? f->centre_back : f->centre);
        for (int c = 0; c < 6; c++)
            assert_near(e->strain_saddle[c], (e->from == f->from ? f->strain_saddle[c] : NAN), 2e-3);
    }
}

/* What stands in an edge is what the potential says. */
static void check_forces(const walk *w)
{
    const sg_system *like = w->d->sys;
    sg_potential_work *work = NULL;
    sg_system *sys = NULL;
    sg_forces out = {.f = calloc((size_t)like->n, sizeof *out.f)};

    assert_ok(sg_system_copy(like, &sys));
    assert_ok(sg_potential_work_create(w->d->pot, &work));
    for (uint64_t id = 1; id <= sg_explorer_n_edges(w->ex); id++) {
        const sg_cat_edge *e = sg_explorer_edge(w->ex, id);
        const sg_cat_state *from = sg_explorer_state(w->ex, e->from);
        saddle_of(w, &(sg_cat_entry){.edge = id}, sys->x);
        assert_ok(sg_potential_compute(w->d->pot, work, sys, NULL, &out));
        assert_near(out.energy, e->e_saddle, 1e-9);
        assert_true(sg_force_max(sys, NULL, (positions)out.f) < tight + float_force);
        for (int c = 0; c < 6; c++)
            assert_near(out.virial[c] - from->virial[c], e->strain_saddle[c], 1e-4);
    }
    for (uint64_t id = 0; id < sg_explorer_n_states(w->ex); id++) {
        const sg_cat_state *s = sg_explorer_state(w->ex, id);
        memcpy(sys->x, sg_explorer_positions(w->ex, id), (size_t)like->n * sizeof *sys->x);
        assert_ok(sg_potential_compute(w->d->pot, work, sys, NULL, &out));
        assert_near(out.energy, s->energy, 1e-9);
        assert_true(sg_force_max(sys, NULL, (positions)out.f) < tight * 1.001);
    }
    sg_potential_work_free(work);
    sg_system_free(sys);
    free(out.f);
}

static void test_copies_equal_the_full_procedure(void **state)
{
    walk copied, full;
    defect d;

    (void)state;
    lj_vacancy(&d, 3);
    defect_relax(&d, tight);
    vacancy_walk(&copied, &d, 1);
    vacancy_walk(&full, &d, 0);
    const sg_cat_table *t = table(&copied, 0, 0), *u = table(&full, 0, 0);
    compare_tables(&copied, t, &full, u);
    const int n = inside(t);
    assert_int_equal(n, 12);
    for (uint64_t k = 1; k <= 3; k++) { /* the first three hops lead to states 1 to 3 in both */
        const double before = force_calls(&copied);
        t = table(&copied, k, 0);
        /* one hop is the way back; the others cost a call at the saddle and one at the minimum, where a
         * force may come to lie just above the limit */
        assert_near(force_calls(&copied) - before, 2 * (n - 1) + 2, 2);
        u = table(&full, k, 0);
        compare_tables(&copied, t, &full, u);
        for (int i = 0; i < d.sys->n; i++)
            assert_true(t->key[i] == u->key[i]);
        assert_near(t->rate_missing, sg_explorer_known_table(copied.ex, 0)->rate_missing, 0);
    }
    assert_int_equal(sg_explorer_n_searches(copied.ex), sg_explorer_n_searches(full.ex));
    check_forces(&copied);
    walk_end(&copied);
    walk_end(&full);
    defect_clear(&d);
}

/* A state whose surroundings have not had all their searches is nobody's original. */
static void test_only_searched_states_are_copied(void **state)
{
    walk w;
    defect d;

    (void)state;
    lj_vacancy(&d, 3);
    walk_init(&w, &d);
    w.explore.barrier_max = window;
    w.explore.copy = 1;
    w.explore.max_at_start = 8;
    w.explore.max_per_step = 3;
    walk_open(&w, 0);
    table(&w, 0, 0);
    assert_int_equal(sg_explorer_n_searches(w.ex), 8);
    table(&w, 1, 0);
    assert_int_equal(sg_explorer_n_searches(w.ex), 11);
    walk_end(&w);
    defect_clear(&d);
}

/* ---- the same bits ---- */

typedef struct record {
    sg_cat_step row[STEPS + 1];
    uint64_t n_states, n_edges;
} record;

static void walk_all(int threads, int kill, record *r)
{
    walk w;
    defect d;

    lj_vacancy(&d, 3);
    walk_init(&w, &d);
    w.explore.per_atom = 2;
    w.explore.barrier_max = window;
    w.explore.copy = 1;
    w.explore.threads = threads;
    walk_open(&w, 0);
    r->row[0] = sg_kmc_row(w.kmc_walk);
    for (int k = 1, next = kill; k <= STEPS; k++) {
        r->row[k] = step(&w);
        assert_int_equal(r->row[k].step, k);
        if (kill == 0 || k != next) continue;
        next += kill;
        walk_close(&w); /* steps that were not committed come again */
        walk_open(&w, 1);
        const sg_cat_step last = sg_kmc_row(w.kmc_walk);
        assert_true(last.step <= (uint64_t)k);
        assert_memory_equal(&r->row[last.step], &last, sizeof last);
        k = (int)last.step;
    }
    r->n_states = sg_explorer_n_states(w.ex);
    r->n_edges = sg_explorer_n_edges(w.ex);
    walk_end(&w);
    defect_clear(&d);
}

static void test_same_bits(void **state)
{
    static record straight, other;
    static const struct {
        int threads, kill;
    } way[] = {{2, 0}, {1, 3}, {2, 7}, {1, 20}};

    (void)state;
    walk_all(1, 0, &straight);
    for (size_t k = 0; k < sizeof way / sizeof *way; k++) {
        walk_all(way[k].threads, way[k].kill, &other);
        for (int s = 0; s <= STEPS; s++)
            assert_memory_equal(&straight.row[s], &other.row[s], sizeof straight.row[s]);
        assert_int_equal(straight.n_states, other.n_states);
        assert_int_equal(straight.n_edges, other.n_edges);
    }
}

/* ---- states by their positions ---- */

static uint64_t compare_with_all(const sg_explorer *ex, double energy, positions x)
{
    for (size_t k = 0; k < ex->n_states; k++)
        if (fabs(ex->state[k].energy - energy) < ex->opt.saddle.identity_energy &&
            sg_system_displacement(ex->frame, sg_explorer_positions(ex, k), x, NULL, NULL) <
                ex->opt.saddle.identity_distance)
            return k;
    return ex->n_states;
}

/* Shifted as a whole, and with some atoms off by what is just within the same state, or just beyond. */
static void test_states_are_found_again(void **state)
{
    static const double shift[3] = {7.1, -0.3, 11.9};
    int known = 0, unknown = 0;
    sg_rng rng;
    walk w;
    defect d;

    (void)state;
    lj_vacancy(&d, 3);
    walk_init(&w, &d);
    w.explore.per_atom = 2;
    w.explore.barrier_max = window;
    w.explore.copy = 1;
    walk_open(&w, 0);
    for (int k = 0; k < STEPS; k++)
        step(&w);
    double(*x)[3] = calloc((size_t)d.sys->n, sizeof *x);
    sg_rng_init(&rng, 1, SG_RNG_STEP, 0, 0, 0);
    for (uint64_t id = 0; id < w.ex->n_states; id++) {
        positions at = sg_explorer_positions(w.ex, id);
        for (int i = 0; i < d.sys->n; i++)
            for (int a = 0; a < 3; a++)
                x[i][a] = at[i][a] + shift[a] + 0.1 * (sg_rng_uniform(&rng) - 0.5) +
                          d.sys->cell.h[a][a] * floor(3 * sg_rng_uniform(&rng));
        for (int a = 0; a < 3; a++)
            x[id % (uint64_t)d.sys->n][a] += 0.12 * (sg_rng_uniform(&rng) - 0.5);
        for (int other = 0; other < 2; other++) { /* an energy of its own, one that nothing has */
            const double energy = w.ex->state[id].energy + other;
            uint64_t got;
            assert_ok(whereabouts_find(w.ex, energy, (positions)x, &got));
            assert_int_equal(got, compare_with_all(w.ex, energy, (positions)x));
            known += got == id;
            unknown += got == w.ex->n_states;
        }
    }
    assert_true(w.ex->n_states > 200 && known > 50 && unknown > (int)w.ex->n_states + 50);
    free(x);
    walk_end(&w);
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_copies_equal_the_full_procedure),
                                       cmocka_unit_test(test_only_searched_states_are_copied),
                                       cmocka_unit_test(test_same_bits),
                                       cmocka_unit_test(test_states_are_found_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
