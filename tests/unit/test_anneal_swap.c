/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Swaps of atoms: the occupation of a small cluster against all its orders, one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "configurations.h"
#include "slowglass/anneal.h"

static const char *const cu_zr[] = {"Cu", "Zr"};
static const char LJ[] = "lj:0.2,2.6,6.5,0.25,2.8,7,0.3,2.9,7.5";
static const int FREE[3] = {0, 0, 0};

/* Six places without symmetry; two atoms of type 1 first: 15 orders. */
enum { SITES = 6, ORDERS = 15 };
static const double place[SITES][3] = {{0, 0, 0},       {2.8, 0.1, 0.2}, {1.3, 2.6, 0.1},
                                       {1.5, 0.9, 2.4}, {4.1, 2.5, 0.3}, {4.2, 1.2, 2.7}};

static sg_system *cluster(void)
{
    const double h[3][3] = {{60, 0, 0}, {0, 60, 0}, {0, 0, 60}};
    sg_system *s = NULL;

    assert_int_equal(sg_system_create(SITES, &s), SG_OK);
    assert_int_equal(sg_species_init(&s->species, 2, cu_zr), SG_OK);
    assert_int_equal(sg_cell_init(&s->cell, h, 0, FREE), SG_OK);
    for (int i = 0; i < SITES; i++) {
        s->type[i] = i < 2;
        memcpy(s->x[i], place[i], sizeof place[i]);
    }
    return s;
}

/* Number of the order: which two of the six places hold type 1. */
static int order_of(const sg_system *s)
{
    int at[2] = {-1, -1}, n = 0;

    for (int p = 0; p < SITES; p++)
        for (int i = 0; i < 2; i++)
            if (memcmp(s->x[i], place[p], sizeof place[p]) == 0) at[n++] = p;
    assert_int_equal(n, 2);
    int k = 0;
    for (int a = 0; a < SITES; a++)
        for (int b = a + 1; b < SITES; b++, k++)
            if (a == at[0] && b == at[1]) return k;
    return -1;
}

/* Boltzmann weights of all orders, each energy from a call of its own. */
static void exact(const sg_potential *pot, double temperature, double p[ORDERS])
{
    sg_potential_work *work = NULL;
    sg_system *s = cluster();
    double f[SITES][3], sum = 0;
    int k = 0;

    assert_int_equal(sg_potential_work_create(pot, &work), SG_OK);
    for (int a = 0; a < SITES; a++)
        for (int b = a + 1; b < SITES; b++, k++) {
            sg_forces out = {.f = f};
            for (int q = 0, other = 2; q < SITES; q++)
                memcpy(s->x[q == a ? 0 : q == b ? 1 : other++], place[q], sizeof place[q]);
            sg_potential_work_reset(work);
            assert_int_equal(sg_potential_compute(pot, work, s, NULL, &out), SG_OK);
            p[k] = exp(-(out.energy + 2.0) / (SG_KB * temperature));
            sum += p[k];
        }
    for (k = 0; k < ORDERS; k++)
        p[k] /= sum;
    sg_system_free(s);
    sg_potential_work_free(work);
}

static void test_boltzmann(void **state)
{
    enum { SAMPLES = 20000, APART = 12 };
    const double temperature = 4000;
    sg_potential *pot = NULL;
    sg_potential_work *work = NULL;
    sg_system *s = cluster();
    sg_swap_count count = {0};
    double p[ORDERS], chi2 = 0, least = 1, most = 0;
    int seen[ORDERS] = {0};
    sg_rng rng;

    (void)state;
    assert_int_equal(sg_potential_create(LJ, NULL, 2, cu_zr, &pot), SG_OK);
    assert_int_equal(sg_potential_work_create(pot, &work), SG_OK);
    exact(pot, temperature, p);
    sg_rng_init(&rng, 11, SG_RNG_TEST, 0, 0, 0);
    for (int k = 0; k < SAMPLES; k++) {
        assert_int_equal(sg_anneal_swap(pot, work, s, temperature, APART, &rng, &count), SG_OK);
        seen[order_of(s)]++;
    }
    for (int k = 0; k < ORDERS; k++) {
        chi2 += (seen[k] - SAMPLES * p[k]) * (seen[k] - SAMPLES * p[k]) / (SAMPLES * p[k]);
        least = fmin(least, p[k]);
        most = fmax(most, p[k]);
    }
    print_message("chi^2 %.1f of %d orders, weights %.3g to %.3g, %.0f %% accepted\n", chi2, ORDERS, least,
                  most, 100.0 * (double)count.accepted / (double)count.tried);
    assert_true(most > 5 * least); /* the test tells weights from even ones */
    assert_int_equal(count.tried, SAMPLES * APART);
    /* 14 degrees of freedom: above 36.1 once in a thousand seeds; samples are all but independent */
    assert_true(chi2 < 36.1);
    sg_system_free(s);
    sg_potential_work_free(work);
    sg_potential_free(pot);
}

/* In a periodic glass with many more atoms than a group: the energy that the trials add up to is that of a
 * call from scratch, composition and fixed atoms stay, the same stream gives the same bits. */
static void test_in_a_solid(void **state)
{
    sg_potential *pot = NULL;
    sg_potential_work *work = NULL;
    sg_system *s = perturbed_fcc(4, 4.1, 0.02, 0.02, 0.1, 0.36, 2, cu_zr, 3), *t = NULL, *was = NULL;
    sg_swap_count count = {0}, again = {0};
    sg_rng rng, same;
    int n_moved = 0;

    (void)state;
    assert_int_equal(sg_potential_create("eam/fs:CuZr_mm.eam.fs", NULL, 2, cu_zr, &pot), SG_OK);
    assert_int_equal(sg_potential_work_create(pot, &work), SG_OK);
    for (int i = 0; i < 20; i++)
        s->fixed[i] = 1;
    s->n_fixed = 20;
    assert_int_equal(sg_system_copy(s, &t), SG_OK);
    assert_int_equal(sg_system_copy(s, &was), SG_OK);
    sg_rng_init(&rng, 5, SG_RNG_TEST, 0, 0, 0);
    same = rng;
    for (int k = 0; k < 20; k++)
        assert_int_equal(sg_anneal_swap(pot, work, s, 8000, 40, &rng, &count), SG_OK);
    for (int k = 0; k < 20; k++)
        assert_int_equal(sg_anneal_swap(pot, work, t, 8000, 40, &same, &again), SG_OK);
    assert_true(sg_system_hash(s) == sg_system_hash(t));
    assert_true(count.accepted == again.accepted && count.accepted > 10 && count.accepted < count.tried);
    for (int i = 0; i < s->n; i++) {
        int at = -1;
        for (int j = 0; j < s->n; j++) /* each atom stands at one of the old places */
            if (memcmp(s->x[i], was->x[j], sizeof s->x[i]) == 0) at = j;
        assert_true(at >= 0);
        if (i < 20) assert_int_equal(at, i);
        n_moved += at != i;
        assert_int_equal(s->type[i], was->type[i]);
    }
    assert_true(n_moved > 5);
    print_message("%.1f %% accepted\n", 100.0 * (double)count.accepted / (double)count.tried);
    sg_system_free(s);
    sg_system_free(t);
    sg_system_free(was);
    sg_potential_work_free(work);
    sg_potential_free(pot);
}

static void test_refusals(void **state)
{
    sg_potential *pot = NULL;
    sg_potential_work *work = NULL;
    sg_system *s = cluster();
    sg_swap_count count = {0};
    sg_rng rng;

    (void)state;
    assert_int_equal(sg_potential_create(LJ, NULL, 2, cu_zr, &pot), SG_OK);
    assert_int_equal(sg_potential_work_create(pot, &work), SG_OK);
    sg_rng_init(&rng, 5, SG_RNG_TEST, 0, 0, 0);
    assert_int_equal(sg_anneal_swap(pot, work, s, 0, 1, &rng, &count), SG_EINVAL);
    s->fixed[0] = s->fixed[1] = 1; /* what may move is of one species */
    s->n_fixed = 2;
    assert_int_equal(sg_anneal_swap(pot, work, s, 600, 1, &rng, &count), SG_EINVAL);
    assert_int_equal(count.tried, 0);
    sg_system_free(s);
    sg_potential_work_free(work);
    sg_potential_free(pot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_boltzmann), cmocka_unit_test(test_in_a_solid),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
