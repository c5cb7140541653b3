/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that runs out in searches, events, tables and walks: an error each time, nothing leaked, and what is
 * on disk goes on to the same result. */
#include "walk_samples.h"

/* Every allocation of a call in turn fails; `cleanup` undoes a call that went well. Counts the allocations.
 */
#define EACH_ALLOCATION_FAILS(call, on_failure, cleanup)                                                     \
    for (long k_ = 0;; k_++) {                                                                               \
        sg_alloc_fail_after(k_);                                                                             \
        const sg_status st_ = (call);                                                                        \
        sg_alloc_fail_after(-1);                                                                             \
        if (st_ == SG_OK) {                                                                                  \
            assert_true(k_ > 0);                                                                             \
            cleanup;                                                                                         \
            break;                                                                                           \
        }                                                                                                    \
        assert_int_equal(st_, SG_ENOMEM);                                                                    \
        on_failure;                                                                                          \
    }

static void test_creating_what_searches_need(void **state)
{
    sg_saddle_work *work = (sg_saddle_work *)1;
    sg_passage *p = (sg_passage *)1;
    defect d;

    (void)state;
    lj_adatoms(&d, 3, 3, 0, 1, 0);
    EACH_ALLOCATION_FAILS(sg_saddle_work_create(d.pot, d.sys, &work), assert_null(work),
                          sg_saddle_work_free(work));
    EACH_ALLOCATION_FAILS(sg_passage_create(d.sys->n, &p), assert_null(p), sg_passage_free(p));
    defect_clear(&d);
}

/* A search that ran out of memory leaves scratch and result in a state that the next one can start from. */
static void test_searching(void **state)
{
    searcher w, fresh;
    sg_rng rng;
    int n_failed = 0;
    defect d;

    (void)state;
    lj_adatoms(&d, 3, 3, 0, 1, 0);
    const int atom = d.sys->n - 1;
    for (int k = 0; k < 40; k++) {
        sg_rng_init(&rng, 7, SG_RNG_TEST, 0, (uint64_t)atom, 0);
        searcher_make(&d, &w);
        sg_alloc_fail_after(k);
        const sg_status st =
            sg_saddle_search(&d.problem, atom, &(sg_push){SG_SAMPLER_LOCAL, 2.0, NULL}, &rng, w.work, w.p);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || st == SG_ENOMEM);
        n_failed += st == SG_ENOMEM;
        search(&d, atom, 0, &w);
        searcher_make(&d, &fresh);
        search(&d, atom, 0, &fresh);
        assert_int_equal(w.p->outcome, fresh.p->outcome);
        assert_memory_equal(&w.p->e_saddle, &fresh.p->e_saddle, sizeof fresh.p->e_saddle);
        searcher_clear(&fresh);
        searcher_clear(&w);
        if (st == SG_OK) break;
    }
    assert_true(n_failed > 4);
    defect_clear(&d);
}

static void test_events(void **state)
{
    const sg_topology_params params = {.n_species = 1, .cutoff = {{3.1}}};
    int neighbour[12], n_perm, n_place;
    static int perm[64][SG_TOPOLOGY_MAX_VERTICES];
    static sg_placement place[48];
    sg_environment env;
    sg_bonds *bonds = NULL;
    sg_cluster cluster;
    sg_cat_edge edge;
    sg_cat_event ev;
    sg_cat_variant v;
    searcher w;
    defect d;

    (void)state;
    lj_vacancy(&d, 3);
    vacancy_find(&d, HOLLOW, neighbour);
    searcher_make(&d, &w);
    double(*guess)[3] = calloc(2 * (size_t)d.sys->n, sizeof *guess);
    on_the_way(&d, neighbour[0], 0.5, guess);
    assert_int_equal(refine(&d, (positions)guess, NULL, &w), SG_FOUND);
    EACH_ALLOCATION_FAILS(
        sg_event_edge(d.sys, d.problem.e_start, d.problem.virial_start, w.p, SG_SAMPLER_LOCAL, &edge),
        assert_null(edge.d_saddle), (void)0);
    assert_ok(sg_bonds_create(d.sys, &params, &bonds));
    assert_ok(sg_topology_environment(d.sys, &params, bonds, neighbour[0], &env));
    sg_system_displacement(d.sys, (positions)d.sys->x, (positions)w.p->x_saddle, guess, NULL);
    sg_system_displacement(d.sys, (positions)d.sys->x, (positions)w.p->x_final, guess + d.sys->n, NULL);
    EACH_ALLOCATION_FAILS(sg_event_generic(d.sys, &env, bonds, (positions)guess,
                                           (positions)(guess + d.sys->n), (positions)w.p->mode, &edge, 0, 1,
                                           &ev),
                          assert_null(ev.x), (void)0);
    EACH_ALLOCATION_FAILS(sg_event_variant(d.sys, &env, 5.0, NULL, &v), assert_null(v.x),
                          sg_cat_variant_clear(&v));
    assert_ok(sg_topology_automorphisms(&env, 64, perm, &n_perm));
    assert_ok(sg_cluster_init(&cluster, d.sys, &env, SG_EVENT_REACH + SG_TOPOLOGY_ASSIGN_MAX, NULL));
    EACH_ALLOCATION_FAILS(sg_event_place(&ev, &cluster, n_perm, (const int(*)[SG_TOPOLOGY_MAX_VERTICES])perm,
                                         0.3, 48, place, &n_place),
                          assert_int_equal(n_place, 0), assert_true(n_place > 0));
    sg_cluster_clear(&cluster);
    sg_cat_event_clear(&ev);
    sg_cat_edge_clear(&edge);
    sg_bonds_free(bonds);
    searcher_clear(&w);
    defect_clear(&d);
    free(guess);
}

/* ---- the explorer and the walk, with a catalog beneath ---- */

static void settings(walk *w, const defect *d)
{
    walk_init(w, d);
    w->explore.per_atom = 3;
    w->explore.batch = 2;
}

static uint64_t undisturbed(const defect *d, sg_cat_step last[1])
{
    uint64_t hash = 0;
    walk w;

    settings(&w, d);
    walk_open(&w, 0);
    step(&w);
    *last = step(&w);
    assert_ok(sg_kmc_commit(w.kmc_walk));
    assert_ok(sg_catalog_content_hash(w.cat, &hash));
    walk_end(&w);
    return hash;
}

static void test_creating_an_explorer_and_a_walk(void **state)
{
    defect d;
    walk w;

    (void)state;
    lj_adatoms(&d, 3, 3, 0, 1, 0);
    settings(&w, &d);
    walk_open(&w, 0);
    step(&w); /* states, edges, tables and a plan to be loaded */
    walk_close(&w);
    assert_ok(sg_catalog_open(w.path, 1, NULL, &w.cat));
    w.ex = (sg_explorer *)1;
    EACH_ALLOCATION_FAILS(sg_explorer_create(d.pot, d.sys, &w.params, w.cat, &w.explore, NULL, &w.ex),
                          assert_null(w.ex), (void)0);
    assert_true(sg_explorer_n_states(w.ex) > 2 && sg_explorer_n_edges(w.ex) > 2);
    w.kmc_walk = (sg_kmc *)1;
    EACH_ALLOCATION_FAILS(sg_kmc_create(w.ex, w.cat, 0, &w.kmc, &w.kmc_walk), assert_null(w.kmc_walk),
                          (void)0);
    assert_int_equal(sg_kmc_row(w.kmc_walk).step, 1);
    walk_end(&w);
    defect_clear(&d);
}

/* Two steps with one allocation failing somewhere on the way; then as after a crash: open what is on disk and
 * go on. */
static void test_walking(void **state)
{
    static const long stride[] = {1, 3, 17, 61, 307};
    sg_cat_step want, row;
    long k = 0;
    int n_failed = 0;
    defect d;

    (void)state;
    lj_adatoms(&d, 3, 3, 0, 1, 0);
    const uint64_t hash = undisturbed(&d, &want);
    for (int round = 0;; round++, k += stride[round < 40 ? round / 10 : 4]) {
        uint64_t got = 0;
        sg_kmc_end end;
        sg_status st = SG_OK;
        walk w;

        settings(&w, &d);
        walk_open(&w, 0);
        sg_alloc_fail_after(k);
        for (int n = 0; n < 2 && st == SG_OK; n++)
            st = sg_kmc_step(w.kmc_walk, &row, &end);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || st == SG_ENOMEM);
        n_failed += st == SG_ENOMEM;
        walk_close(&w);
        walk_open(&w, 1);
        row = sg_kmc_row(w.kmc_walk);
        while (row.step < 2)
            row = step(&w);
        assert_ok(sg_kmc_commit(w.kmc_walk));
        assert_ok(sg_catalog_content_hash(w.cat, &got));
        walk_end(&w);
        assert_int_equal(row.state, want.state);
        assert_memory_equal(&row.time, &want.time, sizeof row.time);
        assert_memory_equal(&row.rate_total, &want.rate_total, sizeof row.rate_total);
        assert_true(got == hash);
        if (st == SG_OK && round > 0) break;
    }
    assert_true(n_failed > 30);
    defect_clear(&d);
}

/* Out of memory while a plan is drawn up: asked again, the same explorer draws it up anew. */
static void test_asking_again_for_a_table(void **state)
{
    const sg_cat_table *t = NULL;
    int n_failed = 0;
    uint32_t n = 0;
    defect d;

    (void)state;
    lj_adatoms(&d, 3, 3, 0, 1, 0);
    for (long k = 0; k < 200; k += 9) {
        walk w;
        settings(&w, &d);
        walk_open(&w, 0);
        sg_alloc_fail_after(k);
        const sg_status st = sg_explorer_table(w.ex, 0, 0, &t);
        sg_alloc_fail_after(-1);
        n_failed += st == SG_ENOMEM;
        assert_ok(sg_explorer_table(w.ex, 0, 0, &t));
        if (k == 0) n = t->n_entries;
        assert_int_equal(t->n_entries, n);
        assert_int_equal(t->n_searches, 3);
        walk_end(&w);
    }
    assert_true(n > 0 && n_failed > 5);
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_creating_what_searches_need),
        cmocka_unit_test(test_searching),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_creating_an_explorer_and_a_walk),
        cmocka_unit_test(test_walking),
        cmocka_unit_test(test_asking_again_for_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
