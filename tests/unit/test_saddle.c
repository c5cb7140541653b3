/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Searches and refinements: what is called a saddle, against whole Hessians, symmetry, and LAMMPS's elastic
 * band. */
#include "event_samples.h"

static const double neb_barrier = 0.688617; /* eV, validation/vacancy-neb */

/* Energy, forces and virial that a passage claims at x. */
static void check_point(const defect *d, positions x, double energy, double f_limit, double f_max,
                        const double virial[6])
{
    sg_system *sys = NULL;
    double(*f)[3] = calloc((size_t)d->sys->n, sizeof *f), direct[6];

    assert_ok(sg_system_copy(d->sys, &sys));
    memcpy(sys->x, x, (size_t)sys->n * sizeof *sys->x);
    assert_near(energy_forces(d->pot, sys, f, direct), energy, 1e-8);
    assert_true(sg_force_max(sys, NULL, (positions)f) <= f_limit * (1 + 1e-6));
    assert_near(sg_force_max(sys, NULL, (positions)f), f_max, 1e-7);
    for (int a = 0; a < 6; a++)
        assert_near(virial[a], direct[a], 1e-7);
    sg_system_free(sys);
    free(f);
}

static void check_found(const defect *d, const sg_passage *p)
{
    double norm = 0;

    assert_int_equal(p->outcome, SG_FOUND);
    check_point(d, (positions)p->x_saddle, p->e_saddle, d->opt.f_saddle, p->f_saddle, p->virial_saddle);
    check_point(d, (positions)p->x_final, p->e_final, d->opt.f_minimum, p->f_final, p->virial_final);
    for (int i = 0; i < p->n; i++)
        for (int a = 0; a < 3; a++)
            norm += p->mode[i][a] * p->mode[i][a];
    assert_near(norm, 1, 1e-12);
    assert_true(p->curvature < 0 && p->curvature2 > 0);
}

static int64_t calls_between(const sg_force_calls *a, const sg_force_calls *b)
{
    return b->full - a->full + b->free_set - a->free_set + b->hessian - a->hessian;
}

static int calls_of(const sg_passage *p)
{
    return p->calls.leave + p->calls.climb + p->calls.refine + p->calls.relax + p->calls.verify;
}

/* One negative curvature, and the two lowest are those that the whole Hessian has. */
static void check_index(const defect *d, const sg_passage *p)
{
    const int lift = d->sys->n_fixed == 0;
    sg_system *sys = NULL;
    hessian h;
    double overlap = 0;

    assert_ok(sg_system_copy(d->sys, &sys));
    memcpy(sys->x, p->x_saddle, (size_t)sys->n * sizeof *sys->x);
    hessian_make(d->pot, sys, lift, &h);
    assert_int_equal(hessian_n_negative(&h, 0), 1);
    assert_near(p->curvature, h.value[0], 0.02 * fabs(h.value[0]));
    /* a Ritz value of a short run: an upper bound, good for its sign */
    assert_true(p->curvature2 > h.value[1] - 0.02 && p->curvature2 < 1.5 * h.value[1]);
    for (int k = 0; k < h.m; k++)
        overlap += h.vector[k] * p->mode[h.atom[k / 3]][k % 3];
    assert_near(fabs(overlap), 1, 1e-2);
    hessian_clear(&h);
    sg_system_free(sys);
}

static void test_guessed_saddle_in_a_crystal(void **state)
{
    int neighbour[12];
    double(*guess)[3];
    searcher w;
    defect d;

    (void)state;
    lj_vacancy(&d, 3);
    vacancy_find(&d, HOLLOW, neighbour);
    searcher_make(&d, &w);
    guess = calloc((size_t)d.sys->n, sizeof *guess);
    on_the_way(&d, neighbour[2], 0.45, guess);
    assert_int_equal(refine(&d, (positions)guess, NULL, &w), SG_FOUND);
    check_found(&d, w.p);
    check_index(&d, w.p);
    /* the two ends are mirror images, and the saddle is half way */
    assert_near(w.p->e_final, d.problem.e_start, 1e-6);
    on_the_way(&d, neighbour[2], 0.5, guess);
    assert_true(separation(d.sys, w.p->x_saddle[neighbour[2]], guess[neighbour[2]]) < 0.05);
    assert_true(separation(d.sys, w.p->x_final[neighbour[2]], d.vacancy) < 0.1);
    free(guess);
    searcher_clear(&w);
    defect_clear(&d);
}

/* The way back, from the final minimum over the same saddle, has the same barrier and ends at the start. */
static void check_way_back(const defect *d, const sg_passage *p)
{
    defect back = *d;
    searcher w;

    assert_ok(sg_system_copy(d->sys, &back.sys));
    memcpy(back.sys->x, p->x_final, (size_t)p->n * sizeof *p->x_final);
    defect_relax(&back, 1e-5);
    back.problem.opt = &back.opt;
    searcher_make(&back, &w);
    assert_int_equal(refine(&back, (positions)p->x_saddle, (positions)p->mode, &w), SG_FOUND);
    assert_near(w.p->e_saddle, p->e_saddle, 1e-6);
    assert_near(w.p->e_saddle - back.problem.e_start, p->e_saddle - d->problem.e_start, 1e-5);
    assert_near(w.p->e_final, d->problem.e_start, 1e-6);
    assert_true(sg_system_displacement(d->sys, (positions)d->sys->x, (positions)w.p->x_final, NULL, NULL) <
                0.01);
    searcher_clear(&w);
    sg_system_free(back.sys);
}

static void test_vacancy_hop_of_copper(void **state)
{
    int neighbour[12], hops = 0, calls = 0;
    double(*guess)[3];
    searcher w;
    defect d;

    (void)state;
    if (!cu_vacancy(&d)) return;
    vacancy_find(&d, 3.615 / sqrt(2.0), neighbour);
    searcher_make(&d, &w);
    guess = calloc((size_t)d.sys->n, sizeof *guess);
    on_the_way(&d, neighbour[0], 0.5, guess);
    refine(&d, (positions)guess, NULL, &w);
    check_found(&d, w.p);
    assert_near(w.p->e_saddle - d.problem.e_start, neb_barrier, 2e-3);
    assert_near(w.p->e_saddle - w.p->e_final, neb_barrier, 2e-3);
    check_way_back(&d, w.p);
    d.opt.local_radius = 5;
    const sg_force_calls before = *sg_saddle_work_calls(w.work);
    for (int k = 0; k < 12 && hops == 0; k++) { /* others find higher saddles */
        const sg_outcome outcome = search(&d, neighbour[k], 0, &w);
        calls += calls_of(w.p);
        if (outcome != SG_FOUND || w.p->e_saddle - d.problem.e_start > 1) continue;
        check_found(&d, w.p);
        assert_near(w.p->e_saddle - d.problem.e_start, neb_barrier, 2e-3);
        hops++;
    }
    assert_int_equal(hops, 1);
    const sg_force_calls *after = sg_saddle_work_calls(w.work);
    assert_int_equal(calls_between(&before, after), calls);
    assert_true(after->free_set > before.free_set);
    free(guess);
    searcher_clear(&w);
    defect_clear(&d);
}

static void assert_same_passage(const sg_passage *a, const sg_passage *b)
{
    const size_t bytes = (size_t)a->n * sizeof *a->x_saddle;

    assert_int_equal(a->outcome, b->outcome);
    assert_memory_equal(&a->calls, &b->calls, sizeof a->calls);
    assert_memory_equal(&a->e_saddle, &b->e_saddle, sizeof a->e_saddle);
    assert_memory_equal(&a->e_final, &b->e_final, sizeof a->e_final);
    assert_memory_equal(&a->curvature2, &b->curvature2, sizeof a->curvature2);
    if (a->outcome != SG_FOUND) return;
    assert_memory_equal(a->x_saddle, b->x_saddle, bytes);
    assert_memory_equal(a->x_final, b->x_final, bytes);
    assert_memory_equal(a->mode, b->mode, bytes);
    assert_memory_equal(a->virial_saddle, b->virial_saddle, sizeof a->virial_saddle);
}

/* A search depends on its random numbers alone, not on what its scratch was used for before; and its calls
 * add up. */
static void check_repetition(const defect *d, int n, const int *centre)
{
    searcher used, fresh;
    int n_found = 0;

    searcher_make(d, &used);
    for (int k = 0; k < n; k++) {
        const sg_force_calls before = *sg_saddle_work_calls(used.work);
        n_found += search(d, centre[k], 3, &used) == SG_FOUND;
        const sg_force_calls *after = sg_saddle_work_calls(used.work);
        assert_int_equal(calls_between(&before, after), calls_of(used.p));
        searcher_make(d, &fresh);
        search(d, centre[k], 3, &fresh);
        assert_same_passage(fresh.p, used.p);
        searcher_clear(&fresh);
    }
    assert_true(n_found > 0 && n_found < n); /* several ways to end */
    searcher_clear(&used);
}

/* The same for a saddle that needs no step to converge, so that nothing of it is in the scratch yet. */
static void check_converged_guess(const defect *d, int n, const int *centre)
{
    searcher found, used, fresh;
    int k = 0;

    searcher_make(d, &found);
    searcher_make(d, &used);
    searcher_make(d, &fresh);
    while (k < n && search(d, centre[k], 3, &found) != SG_FOUND)
        k++;
    assert_true(k < n);
    search(d, centre[(k + 1) % n], 3, &used);
    refine(d, (positions)found.p->x_saddle, (positions)found.p->mode, &used);
    refine(d, (positions)found.p->x_saddle, (positions)found.p->mode, &fresh);
    assert_int_equal(fresh.p->outcome, SG_FOUND);
    assert_same_passage(fresh.p, used.p);
    searcher_clear(&found);
    searcher_clear(&used);
    searcher_clear(&fresh);
}

static void test_same_stream_same_bits(void **state)
{
    int neighbour[12];
    defect d;

    (void)state;
    lj_vacancy(&d, 3);
    vacancy_find(&d, HOLLOW, neighbour);
    check_repetition(&d, 8, neighbour);
    d.opt.local_radius = 4.0; /* the same with a frozen far field in the first phase */
    check_repetition(&d, 8, neighbour);
    check_converged_guess(&d, 8, neighbour);
    defect_clear(&d);
}

/* Atoms held still are where they were, to the last bit, even when a guess would have them moved. */
static void test_fixed_atoms_stay(void **state)
{
    int neighbour[12], n_found = 0;
    double(*guess)[3];
    searcher w;
    defect d;

    (void)state;
    lj_vacancy(&d, 3);
    vacancy_find(&d, HOLLOW, neighbour);
    for (int i = 0; i < d.sys->n; i++)
        d.sys->fixed[i] = separation(d.sys, d.vacancy, d.sys->x[i]) > 5.0;
    for (int i = 0; i < d.sys->n; i++)
        d.sys->n_fixed += d.sys->fixed[i];
    assert_true(d.sys->n_fixed > 10);
    searcher_make(&d, &w);
    guess = calloc((size_t)d.sys->n, sizeof *guess);
    for (int k = 0; k < 5; k++) {
        on_the_way(&d, neighbour[k], 0.5, guess);
        for (int i = 0; i < d.sys->n; i++)
            guess[i][k % 3] += d.sys->fixed[i] ? 0.02 : 0;
        if ((k ? search(&d, neighbour[k], 0, &w) : refine(&d, (positions)guess, NULL, &w)) != SG_FOUND)
            continue;
        n_found++;
        check_found(&d, w.p);
        if (k == 0) check_index(&d, w.p);
        for (int i = 0; i < d.sys->n; i++) {
            if (!d.sys->fixed[i]) continue;
            assert_memory_equal(w.p->x_saddle[i], d.sys->x[i], sizeof d.sys->x[i]);
            assert_memory_equal(w.p->x_final[i], d.sys->x[i], sizeof d.sys->x[i]);
        }
    }
    assert_true(n_found >= 2);
    free(guess);
    searcher_clear(&w);
    defect_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guessed_saddle_in_a_crystal),
        cmocka_unit_test(test_vacancy_hop_of_copper),
        cmocka_unit_test(test_same_stream_same_bits),
        cmocka_unit_test(test_fixed_atoms_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
