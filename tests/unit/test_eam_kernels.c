/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fast kernels against the reference within the error that they state, their forces against differences
 * of their own energy, and the choice among them. Every kernel that this processor can run is tested. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "configurations.h"

static const char *const cu_zr[] = {"Cu", "Zr"}, *const zr_cu[] = {"Zr", "Cu"}, *const ni_al[] = {"Ni", "Al"};
static const char *const al_h_ni[] = {"Al", "H", "Ni"};
static const char *const kernels[] = {"avx2", "avx512"};
enum { N_KERNELS = 2 };

typedef struct files { /* what is tested on, and the lattice constant of a crystal of it without steep pairs
                        */
    const char *spec;
    int n;
    const char *const *elements;
    double a;
} files;

static const files potentials[] = {{"eam/fs:CuZr_mm.eam.fs", 2, cu_zr, 4.5},
                                   {"eam/fs:CuZr_mm.eam.fs", 2, zr_cu, 4.5},
                                   {"eam/alloy:NiAlH_jea.eam.alloy", 2, ni_al, 3.9},
                                   {"eam/fs:NiAlH_jea.eam.fs", 3, al_h_ni, 4.3}};
enum { N_POTENTIALS = sizeof potentials / sizeof potentials[0] };

typedef struct call {
    sg_potential *pot;
    sg_potential_work *work;
    sg_forces out;
} call;

/* 0 when this processor lacks the kernel. */
static int begin(call *c, const files *p, const char *kernel, int n_atoms)
{
    assert_int_equal(sg_potential_create(p->spec, NULL, p->n, p->elements, &c->pot), SG_OK);
    const sg_status st = sg_potential_set_kernel(c->pot, kernel);
    if (st != SG_OK) {
        assert_int_equal(st, SG_EUNSUPPORTED);
        sg_potential_free(c->pot);
        return 0;
    }
    assert_string_equal(sg_potential_kernel(c->pot), kernel);
    assert_int_equal(sg_potential_work_create(c->pot, &c->work), SG_OK);
    c->out.f = calloc((size_t)n_atoms, sizeof *c->out.f);
    return 1;
}

static void end(call *c)
{
    free(c->out.f);
    sg_potential_work_free(c->work);
    sg_potential_free(c->pot);
}

static void compute(call *c, const sg_system *s, const sg_atom_set *set)
{
    if (sg_potential_compute(c->pot, c->work, s, set, &c->out) != SG_OK) fail_msg("%s", sg_error_text());
}

static void clear_periodic(sg_system *s, int a, int b, int c)
{
    const int periodic[3] = {a, b, c};
    double h0[3][3];
    memcpy(h0, s->cell.h0, sizeof h0);
    assert_int_equal(sg_cell_init(&s->cell, (const double(*)[3])h0, s->cell.gamma, periodic), SG_OK);
}

/* Configuration number k of a potential: periodic, sheared, smaller than the cutoff, slab, cluster. */
enum { N_CONFIGURATIONS = 6 };
static sg_system *configuration(const files *p, int k, double noise)
{
    static const struct {
        int cells;
        double tilt, gamma;
        int periodic[3];
    } of[N_CONFIGURATIONS] = {{4, 0, 0, {1, 1, 1}},     {3, 0.1, 0.06, {1, 1, 1}}, {2, 0.4, 0.03, {1, 1, 1}},
                              {1, 0.1, 0.0, {1, 1, 1}}, {3, 0, 0, {1, 1, 0}},      {3, 0.1, 0.03, {0, 0, 0}}};
    sg_system *const s = perturbed_fcc(of[k].cells, p->a, of[k].tilt, of[k].gamma, noise, 0.4, p->n,
                                       p->elements, (uint64_t)k + 11);
    assert_non_null(s);
    if (p->n == 3)
        for (int i = 0; i < s->n; i += 7)
            s->type[i] = 2;
    clear_periodic(s, of[k].periodic[0], of[k].periodic[1], of[k].periodic[2]);
    return s;
}

/* ---- against the reference ---- */

/* Partners of an atom in the densest of the configurations: atoms per volume times that of the cutoff's
 * sphere, with a margin for fluctuations. */
static double partners(const files *p, double cutoff)
{
    return 1.3 * 4.0 / (p->a * p->a * p->a) * 4.19 * cutoff * cutoff * cutoff;
}

static void compare(const files *p, const char *kernel, int k, double worst[3])
{
    sg_system *const s = configuration(p, k, 0.05);
    call fast, plain;

    if (!begin(&fast, p, kernel, s->n)) {
        sg_system_free(s);
        return;
    }
    assert_true(begin(&plain, p, "plain", s->n));
    compute(&fast, s, NULL);
    compute(&plain, s, NULL);
    const sg_kernel_error error = sg_potential_kernel_error(fast.pot);
    const double n = partners(p, fast.pot->cutoff), cutoff = fast.pot->cutoff;
    double force = 0.0, virial = 0.0;
    for (int i = 0; i < s->n; i++)
        for (int a = 0; a < 3; a++)
            force = fmax(force, fabs(fast.out.f[i][a] - plain.out.f[i][a]));
    for (int a = 0; a < 6; a++)
        virial = fmax(virial, fabs(fast.out.virial[a] - plain.out.virial[a]));
    assert_true(force <= n * error.force);
    assert_true(fabs(fast.out.energy - plain.out.energy) <= 0.5 * n * s->n * error.energy + 1e-11 * s->n);
    assert_true(virial <= 0.5 * n * s->n * error.force * cutoff);
    worst[0] = fmax(worst[0], fabs(fast.out.energy - plain.out.energy) / s->n);
    worst[1] = fmax(worst[1], force);
    worst[2] = fmax(worst[2], virial / s->n);
    end(&fast);
    end(&plain);
    sg_system_free(s);
}

static void test_agrees_with_the_reference(void **state)
{
    (void)state;
    for (int m = 0; m < N_KERNELS; m++)
        for (int p = 0; p < N_POTENTIALS; p++) {
            double worst[3] = {0};
            sg_potential *pot = NULL;
            for (int k = 0; k < N_CONFIGURATIONS; k++)
                compare(&potentials[p], kernels[m], k, worst);
            assert_int_equal(
                sg_potential_create(potentials[p].spec, NULL, potentials[p].n, potentials[p].elements, &pot),
                SG_OK);
            const sg_kernel_error e = sg_potential_kernel_error(pot);
            print_message("%s %s: stated per pair %.1e eV, %.1e eV/Å (steep: %.1e of it), %d bins per "
                          "octave; found %.1e "
                          "eV/atom, %.1e eV/Å, virial %.1e eV/atom\n",
                          kernels[m], potentials[p].spec, e.energy, e.force, e.steep, e.bins_per_octave,
                          worst[0], worst[1], worst[2]);
            sg_potential_free(pot);
        }
}

static void test_kernels_agree_with_each_other(void **state)
{
    (void)state; /* the same tables and formulas: only the order of sums differs */
    for (int k = 0; k < N_CONFIGURATIONS; k++) {
        sg_system *const s = configuration(&potentials[0], k, 0.2);
        call a, b;
        const int have_a = begin(&a, &potentials[0], kernels[0], s->n);
        const int have_b = begin(&b, &potentials[0], kernels[1], s->n);
        if (have_a && have_b) {
            compute(&a, s, NULL);
            compute(&b, s, NULL);
            assert_true(fabs(a.out.energy - b.out.energy) < 1e-11 * s->n);
            for (int i = 0; i < s->n; i++)
                for (int c = 0; c < 3; c++)
                    assert_true(fabs(a.out.f[i][c] - b.out.f[i][c]) < 1e-11);
        }
        if (have_a) end(&a);
        if (have_b) end(&b);
        sg_system_free(s);
    }
}

/* ---- against themselves ---- */

/* Five-point difference of the energy along a random direction of all atoms. */
static double slope_along(call *c, sg_system *s, const double (*v)[3], double h)
{
    static const double at[4] = {-2, -1, 1, 2}, weight[4] = {1, -8, 8, -1};
    double sum = 0.0;

    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < s->n; i++)
            for (int a = 0; a < 3; a++)
                s->x[i][a] += at[k] * h * v[i][a];
        sg_potential_work_reset(c->work);
        compute(c, s, NULL);
        sum += weight[k] * c->out.energy;
        for (int i = 0; i < s->n; i++)
            for (int a = 0; a < 3; a++)
                s->x[i][a] -= at[k] * h * v[i][a];
    }
    return sum / (12.0 * h);
}

static void check_derivative(const char *kernel, sg_system *s, uint64_t seed, double tolerance)
{
    call c;
    sg_rng rng;
    double along = 0.0, scale = 0.0;

    if (!begin(&c, &potentials[0], kernel, s->n)) return;
    double(*const v)[3] = calloc((size_t)s->n, sizeof *v);
    sg_rng_init(&rng, seed, SG_RNG_TEST, 5, 0, 0);
    for (int i = 0; i < s->n; i++)
        for (int a = 0; a < 3; a++)
            v[i][a] = sg_rng_normal(&rng) / sqrt(3.0 * s->n);
    const double slope = slope_along(&c, s, (const double(*)[3])v, 1e-4);
    compute(&c, s, NULL);
    for (int i = 0; i < s->n; i++)
        for (int a = 0; a < 3; a++) {
            along -= c.out.f[i][a] * v[i][a];
            scale = fmax(scale, fabs(c.out.f[i][a]));
        }
    if (!(fabs(along - slope) < tolerance * (1.0 + scale)))
        fail_msg("%s: slope %.12g eV/Å, from forces %.12g", kernel, slope, along);
    free(v);
    end(&c);
}

static void test_forces_are_derivatives(void **state)
{
    (void)state;
    for (int m = 0; m < N_KERNELS; m++)
        for (int k = 0; k < N_CONFIGURATIONS; k++) {
            sg_system *const s = configuration(&potentials[0], k, 0.2);
            check_derivative(kernels[m], s, (uint64_t)k, 1e-7);
            sg_system_free(s);
        }
}

/* Atoms anywhere, also nearly on top of one another: all stays finite and consistent. The tables have kinks
 * in the second derivative at bin edges, which the difference sees: hence the wider tolerance. */
static void test_random_positions(void **state)
{
    enum { N = 40 };
    static const double h0[3][3] = {{9, 0, 0}, {1, 8, 0}, {-2, 1, 10}};

    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        sg_system *s = NULL;
        sg_rng rng;
        sg_rng_init(&rng, seed, SG_RNG_TEST, 6, 0, 0);
        assert_int_equal(sg_system_create(N, &s), SG_OK);
        assert_int_equal(sg_species_init(&s->species, 2, cu_zr), SG_OK);
        assert_int_equal(sg_cell_init(&s->cell, h0, 0.05, PERIODIC), SG_OK);
        for (int i = 0; i < N; i++) {
            for (int a = 0; a < 3; a++)
                s->x[i][a] = 30.0 * sg_rng_uniform(&rng) - 10.0;
            s->type[i] = sg_rng_uniform(&rng) < 0.5;
        }
        s->x[1][0] = s->x[0][0] + 0.2; /* below the tables */
        s->x[1][1] = s->x[0][1];
        s->x[1][2] = s->x[0][2] + 0.1;
        for (int m = 0; m < N_KERNELS; m++)
            check_derivative(kernels[m], s, seed, 1e-5);
        sg_system_free(s);
    }
}

/* ---- free sets ---- */

static void check_free_set(const char *kernel, int k, double radius)
{
    sg_system *const s = configuration(&potentials[0], k, 0.1);
    int *const atom = malloc((size_t)s->n * sizeof *atom);
    unsigned char *const member = malloc((size_t)s->n);
    sg_atom_set set = {.atom = atom, .member = member};
    call part, full;
    sg_rng rng;

    sg_rng_init(&rng, 9, SG_RNG_TEST, 7, 0, 0);
    for (int i = 0; i < s->n; i++) {
        double d[3];
        for (int a = 0; a < 3; a++)
            d[a] = s->x[i][a] - s->x[3][a];
        sg_cell_minimum_image(&s->cell, d);
        member[i] = d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < radius * radius;
        if (member[i]) atom[set.n++] = i;
    }
    const int here = begin(&part, &potentials[0], kernel, s->n) && begin(&full, &potentials[0], kernel, s->n);
    for (int step = 0; here && step < 6; step++) {
        compute(&part, s, &set);
        compute(&full, s, NULL);
        assert_true(fabs(part.out.energy - full.out.energy) < 1e-10);
        for (int i = 0; i < s->n; i++)
            for (int a = 0; a < 3; a++)
                assert_true(fabs(part.out.f[i][a] - (member[i] ? full.out.f[i][a] : 0.0)) < 1e-11);
        assert_true(isnan(part.out.virial[2]));
        for (int q = 0; q < set.n; q++) /* in the end past the skin */
            for (int a = 0; a < 3; a++)
                s->x[atom[q]][a] += (step < 3 ? 0.03 : 0.25) * sg_rng_normal(&rng);
    }
    if (here) {
        end(&part);
        end(&full);
    }
    free(atom);
    free(member);
    sg_system_free(s);
}

static void test_free_sets_are_exact(void **state)
{
    (void)state;
    for (int m = 0; m < N_KERNELS; m++)
        for (int k = 0; k < N_CONFIGURATIONS; k++) {
            check_free_set(kernels[m], k, 0.1);
            check_free_set(kernels[m], k, 4.0);
            check_free_set(kernels[m], k, 100.0); /* everything free */
        }
}

/* ---- choice ---- */

static void test_choice(void **state)
{
    sg_potential *pot = NULL;

    (void)state;
    assert_int_equal(sg_potential_create("eam/fs:CuZr_mm.eam.fs", NULL, 2, cu_zr, &pot), SG_OK);
    const uint64_t fingerprint = pot->fingerprint;
    const char *const automatic = sg_potential_kernel(pot);
    assert_string_not_equal(automatic, "auto");
    assert_int_equal(sg_potential_set_kernel(pot, "plain"), SG_OK);
    assert_string_equal(sg_potential_kernel(pot), "plain");
    assert_true(sg_potential_kernel_error(pot).force == 0.0);
    assert_int_equal(sg_potential_set_kernel(pot, "sse9"), SG_EINVAL);
    assert_non_null(strstr(sg_error_text(), "sse9"));
    assert_string_equal(sg_potential_kernel(pot), "plain");
    assert_int_equal(sg_potential_set_kernel(pot, "auto"), SG_OK);
    assert_string_equal(sg_potential_kernel(pot), automatic);
    assert_true(pot->fingerprint == fingerprint);
    sg_potential_free(pot);
    assert_int_equal(sg_potential_create("lj:0.2,2.6,6.5,0.25,2.8,7,0.3,2.9,7.5", NULL, 2, cu_zr, &pot),
                     SG_OK);
    assert_string_equal(sg_potential_kernel(pot), "plain");
    assert_int_equal(sg_potential_set_kernel(pot, "auto"), SG_OK);
    assert_int_equal(sg_potential_set_kernel(pot, "avx2"), SG_EINVAL);
    sg_potential_free(pot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_the_reference),
        cmocka_unit_test(test_kernels_agree_with_each_other),
        cmocka_unit_test(test_forces_are_derivatives),
        cmocka_unit_test(test_random_positions),
        cmocka_unit_test(test_free_sets_are_exact),
        cmocka_unit_test(test_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
