/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forces and virial against differences of the energy, small cells against large ones, free sets against full
 * calls, Lennard-Jones against formulas and sums by hand, counting, fingerprints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "configurations.h"

static const char *const cu_zr[] = {"Cu", "Zr"}, *const zr_cu[] = {"Zr", "Cu"}, *const cu[] = {"Cu"};
static const char LJ[] = "lj:0.2,2.6,6.5,0.25,2.8,7,0.3,2.9,7.5";
static const char MORSE[] =
    "morse:0.34,1.36,2.87,14,0.4,1.3,2.9,14.5,0.7,1.6,3.0,15"; /* so far out that the jump of the force at the
                                                                  cutoff is nothing */
static const char EAM[] = "eam/fs:CuZr_mm.eam.fs";

typedef struct fixture {
    sg_potential *pot;
    sg_potential_work *work;
    sg_system *sys;
    sg_forces out;
} fixture;

static void begin(fixture *t, const char *spec, sg_system *sys)
{
    assert_non_null(sys);
    memset(t, 0, sizeof *t);
    assert_int_equal(
        sg_potential_create(spec, NULL, sys->species.n, sys->species.n == 1 ? cu : cu_zr, &t->pot), SG_OK);
    assert_int_equal(sg_potential_work_create(t->pot, &t->work), SG_OK);
    t->sys = sys;
    t->out.f = calloc((size_t)sys->n, sizeof *t->out.f);
}

static void end(fixture *t)
{
    free(t->out.f);
    sg_system_free(t->sys);
    sg_potential_work_free(t->work);
    sg_potential_free(t->pot);
}

static void compute(fixture *t, const sg_atom_set *set)
{
    assert_int_equal(sg_potential_compute(t->pot, t->work, t->sys, set, &t->out), SG_OK);
}

static sg_system *mixture(int n, uint64_t seed)
{
    return perturbed_fcc(n, 4.1, 0.1, 0.03, 0.15, 0.4, 2, cu_zr, seed);
}

/* ---- derivatives ---- */

static void check_forces(const char *spec)
{
    static const double STEP = 1e-4; /* Å; error of the difference about 1e-8 relative */
    fixture t;

    begin(&t, spec, mixture(2, 1));
    compute(&t, NULL);
    for (int i = 0; i < t.sys->n; i += 5)
        for (int a = 0; a < 3; a++) {
            const double x = t.sys->x[i][a];
            t.sys->x[i][a] = x + STEP;
            const double up = energy_of(t.pot, t.sys);
            t.sys->x[i][a] = x - STEP;
            const double down = energy_of(t.pot, t.sys);
            t.sys->x[i][a] = x;
            assert_true(fabs(t.out.f[i][a] + (up - down) / (2.0 * STEP)) <
                        1e-6 * (1.0 + fabs(t.out.f[i][a])));
        }
    end(&t);
}

/* Energy when x_a moves by eps x_b, a <= b, which leaves the cell lower-triangular. */
static double strained_energy(const fixture *t, int a, int b, double eps)
{
    sg_system *s = NULL;
    double h[3][3];

    assert_int_equal(sg_system_copy(t->sys, &s), SG_OK);
    memcpy(h, s->cell.h, sizeof h);
    for (int k = 0; k < 3; k++)
        h[k][a] += eps * h[k][b];
    for (int i = 0; i < s->n; i++)
        s->x[i][a] += eps * s->x[i][b];
    assert_int_equal(sg_cell_init(&s->cell, (const double(*)[3])h, 0.0, PERIODIC), SG_OK);
    const double e = energy_of(t->pot, s);
    sg_system_free(s);
    return e;
}

static void check_virial(const char *spec)
{
    static const int pair[6][2] = {{0, 0}, {1, 1}, {2, 2}, {0, 1}, {0, 2}, {1, 2}};
    static const double EPS = 1e-5;
    fixture t;
    double stress[6];

    begin(&t, spec, mixture(2, 2));
    compute(&t, NULL);
    sg_potential_stress(t.sys, &t.out, stress);
    for (int k = 0; k < 6; k++) {
        const int a = pair[k][0], b = pair[k][1];
        const double slope = (strained_energy(&t, a, b, EPS) - strained_energy(&t, a, b, -EPS)) / (2.0 * EPS);
        assert_true(fabs(t.out.virial[k] - slope) < 1e-6 * (1.0 + fabs(slope)));
        assert_true(fabs(stress[k] * t.sys->cell.volume - t.out.virial[k]) < 1e-12 * (1.0 + fabs(slope)));
    }
    end(&t);
}

static void test_forces_are_derivatives(void **state)
{
    (void)state;
    check_forces(EAM);
    check_forces(LJ);
    check_forces(MORSE);
}

static void test_virial_is_the_strain_derivative(void **state)
{
    (void)state;
    check_virial(EAM);
    check_virial(LJ);
    check_virial(MORSE);
}

static void test_imposed_strain_works_against_tau(void **state)
{
    fixture t;
    double e[2];

    (void)state; /* dE/dgamma = V tau_xy for the strain that a run imposes */
    begin(&t, EAM, mixture(2, 3));
    for (int k = 0; k < 2; k++) {
        assert_int_equal(sg_system_set_strain(t.sys, 0.03 + (k ? 1e-5 : -1e-5)), SG_OK);
        e[k] = energy_of(t.pot, t.sys);
    }
    assert_int_equal(sg_system_set_strain(t.sys, 0.03), SG_OK);
    compute(&t, NULL);
    assert_true(fabs((e[1] - e[0]) / 2e-5 - t.out.virial[3]) < 1e-5 * (1.0 + fabs(t.out.virial[3])));
    end(&t);
}

/* ---- small cells ---- */

static sg_system *replicate(const sg_system *s, int m)
{
    sg_system *big = NULL;
    double h0[3][3];

    assert_int_equal(sg_system_create(s->n * m * m * m, &big), SG_OK);
    for (int k = 0; k < 9; k++)
        h0[k / 3][k % 3] = m * s->cell.h0[k / 3][k % 3];
    assert_int_equal(sg_cell_init(&big->cell, (const double(*)[3])h0, s->cell.gamma, PERIODIC), SG_OK);
    big->species = s->species;
    for (int c = 0; c < m * m * m; c++)
        for (int i = 0; i < s->n; i++) {
            const int q[3] = {c % m, c / m % m, c / m / m};
            big->type[c * s->n + i] = s->type[i];
            for (int a = 0; a < 3; a++)
                big->x[c * s->n + i][a] =
                    s->x[i][a] + q[0] * s->cell.h[0][a] + q[1] * s->cell.h[1][a] + q[2] * s->cell.h[2][a];
        }
    return big;
}

static void check_small_cell(const char *spec, int n)
{
    fixture small, big;

    begin(&small, spec, mixture(n, 4));
    begin(&big, spec, replicate(small.sys, 3));
    compute(&small, NULL);
    compute(&big, NULL);
    assert_true(fabs(big.out.energy - 27.0 * small.out.energy) < 1e-10 * fabs(big.out.energy));
    for (int i = 0; i < big.sys->n; i++)
        for (int a = 0; a < 3; a++)
            assert_true(fabs(big.out.f[i][a] - small.out.f[i % small.sys->n][a]) < 1e-10);
    for (int k = 0; k < 6; k++)
        assert_true(fabs(big.out.virial[k] - 27.0 * small.out.virial[k]) < 1e-8);
    end(&small);
    end(&big);
}

static void test_cells_smaller_than_the_cutoff(void **state)
{
    (void)state;
    check_small_cell(EAM, 2); /* 8.2 Å */
    check_small_cell(EAM, 1); /* 4.1 Å: an atom sees itself */
    check_small_cell(LJ, 1);
    check_small_cell(MORSE, 1);
}

/* ---- free sets ---- */

static sg_atom_set sphere(const sg_system *s, int centre, double radius, int *atom, unsigned char *member)
{
    sg_atom_set set = {.atom = atom, .member = member};
    for (int i = 0; i < s->n; i++) {
        double d[3];
        for (int a = 0; a < 3; a++)
            d[a] = s->x[i][a] - s->x[centre][a];
        sg_cell_minimum_image(&s->cell, d);
        member[i] = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < radius * radius;
        if (member[i]) atom[set.n++] = i;
    }
    return set;
}

static void compare_with_full(fixture *t, const sg_atom_set *set)
{
    fixture full;
    sg_system *copy = NULL;

    assert_int_equal(sg_system_copy(t->sys, &copy), SG_OK);
    full = (fixture){.pot = t->pot, .sys = copy, .out.f = calloc((size_t)copy->n, sizeof *full.out.f)};
    assert_int_equal(sg_potential_work_create(t->pot, &full.work), SG_OK);
    compute(&full, NULL);
    memset(t->out.f, 0x7f, (size_t)copy->n * sizeof *t->out.f); /* what is not written must show */
    compute(t, set);
    assert_true(fabs(t->out.energy - full.out.energy) < 1e-10);
    for (int i = 0; i < copy->n; i++)
        for (int a = 0; a < 3; a++)
            assert_true(fabs(t->out.f[i][a] - (set->member[i] ? full.out.f[i][a] : 0.0)) < 1e-11);
    assert_true(isnan(t->out.virial[0]) && isnan(t->out.virial[5]));
    free(full.out.f);
    sg_potential_work_free(full.work);
    sg_system_free(copy);
}

static void shake(sg_system *s, const sg_atom_set *set, double by, uint64_t seed)
{
    sg_rng rng;
    sg_rng_init(&rng, seed, SG_RNG_TEST, 3, 0, 0);
    for (int k = 0; k < set->n; k++)
        for (int a = 0; a < 3; a++)
            s->x[set->atom[k]][a] += by * sg_rng_normal(&rng);
}

static void check_free_set(const char *spec, int n, double radius)
{
    fixture t;

    begin(&t, spec, mixture(n, 5));
    int *const atom = malloc((size_t)t.sys->n * sizeof *atom);
    unsigned char *const member = malloc((size_t)t.sys->n);
    const sg_atom_set set = sphere(t.sys, 17, radius, atom, member);
    for (int k = 0; k < 6; k++) {
        compare_with_full(&t, &set);
        shake(t.sys, &set, k < 4 ? 0.03 : 0.3, (uint64_t)k); /* in the end past the skin */
    }
    compute(&t, NULL); /* a full call in between changes nothing */
    compare_with_full(&t, &set);
    assert_int_equal(sg_potential_calls(t.work)->free_set, 7);
    assert_int_equal(sg_potential_calls(t.work)->full, 1);
    free(atom);
    free(member);
    end(&t);
}

static void test_free_sets_are_exact(void **state)
{
    (void)state;
    check_free_set(EAM, 2, 0.1);
    check_free_set(EAM, 3, 5.0);
    check_free_set(EAM, 3, 100.0); /* everything free */
    check_free_set(EAM, 6, 3.5);   /* with frozen atoms out of reach */
    check_free_set(LJ, 3, 5.0);
    check_free_set(MORSE, 3, 5.0);
    check_free_set(LJ, 6, 3.5);
    check_free_set(MORSE, 6, 3.5);
}

static void test_base_follows_set_and_cell(void **state)
{
    fixture t;
    int atom[108];
    unsigned char member[108];

    (void)state;
    begin(&t, EAM, mixture(3, 6));
    sg_atom_set set = sphere(t.sys, 3, 4.0, atom, member);
    compare_with_full(&t, &set);
    set = sphere(t.sys, 70, 4.0, atom, member); /* another set in the same storage */
    compare_with_full(&t, &set);
    assert_int_equal(sg_system_set_strain(t.sys, 0.04), SG_OK);
    compare_with_full(&t, &set);
    const int frozen = member[0] ? 107 : 0;
    assert_false(member[frozen]);
    t.sys->x[frozen][1] += 1e-3;
    assert_int_equal(sg_potential_compute(t.pot, t.work, t.sys, &set, &t.out), SG_EINVAL);
    assert_non_null(strstr(sg_error_text(), "frozen"));
    sg_potential_work_reset(t.work);
    compare_with_full(&t, &set);
    end(&t);
}

static void test_counting(void **state)
{
    fixture t;
    int atom[864];
    unsigned char member[864];
    sg_neigh *full = NULL, *part = NULL;

    (void)state;
    begin(&t, EAM, mixture(6, 7));
    const sg_atom_set set = sphere(t.sys, 100, 4.5, atom, member);
    assert_int_equal(sg_neigh_create(t.sys, t.pot->cutoff + 1.0, NULL, &full), SG_OK);
    assert_int_equal(sg_neigh_create(t.sys, t.pot->cutoff + 1.0, member, &part), SG_OK);
    const double share = (double)part->first[864] / (double)full->first[864];
    compute(&t, NULL);
    compute(&t, NULL);
    assert_true(sg_potential_calls(t.work)->equivalents == 2.0);
    compute(&t, &set); /* the base costs one pass over all pairs */
    assert_true(fabs(sg_potential_calls(t.work)->equivalents - (3.0 + share)) < 1e-12);
    compute(&t, &set);
    assert_true(fabs(sg_potential_calls(t.work)->equivalents - (3.0 + 2.0 * share)) < 1e-12);
    sg_potential_work_reset(t.work);
    assert_int_equal(sg_potential_calls(t.work)->full, 2);
    assert_int_equal(sg_potential_calls(t.work)->free_set, 2);
    sg_neigh_free(full);
    sg_neigh_free(part);
    end(&t);
}

/* ---- repeatability ---- */

static void test_same_bits_after_reset_and_in_threads(void **state)
{
    enum { N = 8 };
    fixture t;
    uint64_t hash[N], first;

    (void)state;
    begin(&t, EAM, mixture(3, 8));
    for (int i = 0; i < 108; i++)
        t.sys->x[i][0] += 0.3;
    compute(&t, NULL); /* a list from elsewhere, good enough for the next positions */
    for (int i = 0; i < 108; i++)
        t.sys->x[i][0] -= 0.3;
    sg_potential_work_reset(t.work);
    compute(&t, NULL);
    first = sg_hash(t.out.f, 108 * sizeof *t.out.f, 0);
#pragma omp parallel for num_threads(4)
    for (int k = 0; k < N; k++) {
        sg_potential_work *work = NULL;
        double f[108][3];
        sg_forces out = {.f = f};
        hash[k] = 0;
        if (sg_potential_work_create(t.pot, &work) != SG_OK) continue;
        if (sg_potential_compute(t.pot, work, t.sys, NULL, &out) == SG_OK) hash[k] = sg_hash(f, sizeof f, 0);
        sg_potential_work_free(work);
    }
    for (int k = 0; k < N; k++)
        assert_true(hash[k] == first);
    end(&t);
}

static void test_fingerprint(void **state)
{
    static const double pair[3][3] = {{0.2, 2.6, 6.5}, {0.25, 2.8, 7.0}, {0.3, 2.9, 7.5}};
    static const double exchanged[3][3] = {{0.3, 2.9, 7.5}, {0.25, 2.8, 7.0}, {0.2, 2.6, 6.5}};
    sg_potential *a = NULL, *b = NULL, *c = NULL;

    (void)state;
    assert_int_equal(sg_potential_create(EAM, NULL, 2, cu_zr, &a), SG_OK);
    assert_int_equal(sg_potential_create(EAM, NULL, 2, zr_cu, &b), SG_OK);
    assert_int_equal(sg_potential_create(EAM, NULL, 1, cu, &c), SG_OK);
    assert_true(a->fingerprint == b->fingerprint);
    assert_true(a->fingerprint != c->fingerprint);
    sg_potential_free(a);
    sg_potential_free(b);
    sg_potential_free(c);
    assert_int_equal(sg_potential_create_lj(2, cu_zr, pair, &a), SG_OK);
    assert_int_equal(sg_potential_create_lj(2, zr_cu, exchanged, &b), SG_OK);
    assert_int_equal(sg_potential_create_lj(2, zr_cu, pair, &c), SG_OK);
    assert_true(a->fingerprint == b->fingerprint);
    assert_true(a->fingerprint != c->fingerprint);
    sg_potential_free(a);
    sg_potential_free(b);
    sg_potential_free(c);
}

/* ---- Lennard-Jones ---- */

static double lj_by_hand(double eps, double sigma, double rc, double r, double *slope)
{
    const double q = pow(sigma / r, 6), qc = pow(sigma / rc, 6);
    const double slope_c = 4.0 * eps * (-12.0 * qc * qc + 6.0 * qc) / rc;
    if (r >= rc) return *slope = 0.0;
    *slope = 4.0 * eps * (-12.0 * q * q + 6.0 * q) / r - slope_c;
    return 4.0 * eps * (q * q - q) - 4.0 * eps * (qc * qc - qc) - (r - rc) * slope_c;
}

static void test_dimer(void **state)
{
    static const double h0[3][3] = {{40, 0, 0}, {0, 40, 0}, {0, 0, 40}};
    static const double direction[3] = {0.48, -0.6, 0.64};
    static const double distance[] = {2.0, 2.6, 3.1, 5.0, 6.999, 7.001, 7.4};
    sg_system *s = NULL;
    fixture t;

    (void)state;
    assert_int_equal(sg_system_create(2, &s), SG_OK);
    assert_int_equal(sg_cell_init(&s->cell, h0, 0.0, PERIODIC), SG_OK);
    assert_int_equal(sg_species_init(&s->species, 2, cu_zr), SG_OK);
    s->type[1] = 1;
    begin(&t, LJ, s);
    for (size_t k = 0; k < sizeof distance / sizeof distance[0]; k++) {
        double slope;
        const double r = distance[k], e = lj_by_hand(0.25, 2.8, 7.0, r, &slope);
        for (int a = 0; a < 3; a++)
            s->x[1][a] = s->x[0][a] + r * direction[a];
        compute(&t, NULL);
        assert_true(fabs(t.out.energy - e) < 1e-13 * (1.0 + fabs(e)));
        for (int a = 0; a < 3; a++) {
            assert_true(fabs(t.out.f[0][a] - slope * direction[a]) < 1e-12 * (1.0 + fabs(slope)));
            assert_true(t.out.f[1][a] == -t.out.f[0][a]);
        }
        assert_true(fabs(t.out.virial[3] - slope * r * direction[0] * direction[1]) <
                    1e-12 * (1.0 + fabs(slope) * r));
    }
    end(&t);
}

static void test_fcc_lattice_sum(void **state)
{
    static const double A = 4.0;
    fixture t;
    double sum = 0.0, slope;

    (void)state;
    for (int i = -5; i <= 5; i++)
        for (int j = -5; j <= 5; j++)
            for (int k = -5; k <= 5; k++)
                if ((i + j + k) % 2 == 0 && (i || j || k))
                    sum += 0.5 * lj_by_hand(0.2, 2.6, 6.5, 0.5 * A * sqrt(i * i + j * j + k * k), &slope);
    begin(&t, LJ, perturbed_fcc(2, A, 0.0, 0.0, 0.0, 0.0, 2, cu_zr, 1));
    compute(&t, NULL);
    assert_true(fabs(t.out.energy / 32.0 - sum) < 1e-12);
    for (int i = 0; i < 32; i++)
        assert_true(fabs(t.out.f[i][0]) + fabs(t.out.f[i][1]) + fabs(t.out.f[i][2]) < 1e-12);
    end(&t);
}

/* ---- numbers that go wrong ---- */

static void test_not_finite(void **state)
{
    fixture t;

    (void)state;
    begin(&t, EAM, mixture(2, 9));
    memcpy(t.sys->x[7], t.sys->x[3], sizeof t.sys->x[3]);
    assert_int_equal(sg_potential_set_kernel(t.pot, "plain"),
                     SG_OK); /* the others stay finite at any distance */
    assert_int_equal(sg_potential_compute(t.pot, t.work, t.sys, NULL, &t.out), SG_ENUMERIC);
    assert_non_null(strstr(sg_error_text(), "force on atom id 4"));
    assert_int_equal(sg_potential_set_kernel(t.pot, "auto"), SG_OK);
    sg_potential_work_reset(t.work);
    t.sys->x[7][0] = NAN;
    assert_int_equal(sg_potential_compute(t.pot, t.work, t.sys, NULL, &t.out), SG_ENUMERIC);
    t.sys->x[7][0] = 1e300;
    assert_int_equal(sg_potential_compute(t.pot, t.work, t.sys, NULL, &t.out), SG_ENUMERIC);
    t.sys->x[7][0] = t.sys->x[3][0] + 2.0;
    compute(&t, NULL);
    t.sys->type[5] = 2;
    assert_int_equal(sg_potential_compute(t.pot, t.work, t.sys, NULL, &t.out), SG_EINVAL);
    end(&t);
}

/* Two atoms: u(r) = D [(1 - e)^2 - 1] - phi(r_c) with e = exp(-alpha (r - r0)); the well is D deep at r0. */
static void test_morse_dimer(void **state)
{
    static const double depth = 0.7102, alpha = 1.6047, r0 = 2.897, rc = 9.5;
    static const double h0[3][3] = {{40, 0, 0}, {0, 40, 0}, {0, 0, 40}};
    static const double distance[] = {2.2, 2.897, 3.7, 9.4999, 9.5001};
    const double shift = depth * (pow(1.0 - exp(-alpha * (rc - r0)), 2.0) - 1.0);
    fixture t;
    sg_system *s = NULL;

    (void)state;
    assert_int_equal(sg_system_create(2, &s), SG_OK);
    assert_int_equal(sg_species_init(&s->species, 1, cu), SG_OK);
    assert_int_equal(sg_cell_init(&s->cell, h0, 0.0, PERIODIC), SG_OK);
    begin(&t, "morse:0.7102,1.6047,2.897,9.5", s);
    for (size_t k = 0; k < sizeof distance / sizeof distance[0]; k++) {
        const double r = distance[k], e = exp(-alpha * (r - r0)), within = r < rc;
        s->x[1][0] = 0.6 * r;
        s->x[1][1] = 0.8 * r;
        compute(&t, NULL);
        assert_true(fabs(t.out.energy - within * (depth * (pow(1.0 - e, 2.0) - 1.0) - shift)) < 1e-13);
        assert_true(fabs(t.out.f[1][0] + 0.6 * within * 2.0 * depth * alpha * (1.0 - e) * e) < 1e-13);
        assert_true(fabs(t.out.f[1][1] + 0.8 * within * 2.0 * depth * alpha * (1.0 - e) * e) < 1e-13);
        assert_true(t.out.f[0][0] == -t.out.f[1][0]);
    }
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forces_are_derivatives),
        cmocka_unit_test(test_virial_is_the_strain_derivative),
        cmocka_unit_test(test_imposed_strain_works_against_tau),
        cmocka_unit_test(test_cells_smaller_than_the_cutoff),
        cmocka_unit_test(test_free_sets_are_exact),
        cmocka_unit_test(test_base_follows_set_and_cell),
        cmocka_unit_test(test_counting),
        cmocka_unit_test(test_same_bits_after_reset_and_in_threads),
        cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_dimer),
        cmocka_unit_test(test_morse_dimer),
        cmocka_unit_test(test_fcc_lattice_sum),
        cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
