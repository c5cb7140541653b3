/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The softest mode by Lanczos against the eigenvectors of the whole Hessian, made by central differences of
 * forces. */
#include "event_samples.h"

#include "../../src/saddle/saddle_internal.h"

typedef struct scene { /* a configuration off its minimum, as a surface */
    defect d;
    sg_potential_work *forces;
    surface s;
    double *x, *f, *v, *w;
    climb_scratch climb;
    int calls;
} scene;

static void scene_make(scene *c, int fix_one)
{
    int neighbour[12];
    sg_rng rng;
    double energy;

    memset(c, 0, sizeof *c);
    lj_vacancy(&c->d, 2);
    vacancy_find(&c->d, 2.56, neighbour);
    on_the_way(&c->d, neighbour[3], 0.35, c->d.sys->x);
    sg_rng_init(&rng, 5, SG_RNG_TEST, 0, 0, 0);
    for (int i = 0; i < c->d.sys->n; i++)
        for (int a = 0; a < 3; a++)
            c->d.sys->x[i][a] += 0.03 * sg_rng_normal(&rng);
    c->d.sys->fixed[17] = (unsigned char)fix_one;
    c->d.sys->n_fixed = fix_one;
    assert_ok(sg_potential_work_create(c->d.pot, &c->forces));
    assert_ok(surface_init(&c->s, c->d.pot, c->forces, c->d.sys, NULL));
    assert_ok(climb_scratch_init(&c->climb, c->s.m));
    c->s.calls = &c->calls;
    c->x = calloc(4 * c->s.m, sizeof *c->x);
    c->f = c->x + c->s.m;
    c->v = c->x + 2 * c->s.m;
    c->w = c->x + 3 * c->s.m;
    for (size_t k = 0; k < 2 * c->s.m; k++)
        c->v[k] = sg_rng_normal(&rng);
    surface_get(&c->s, c->x);
    assert_ok(surface_force(&c->s, c->x, &energy, c->f));
}

static void scene_clear(scene *c)
{
    climb_scratch_clear(&c->climb);
    surface_clear(&c->s);
    sg_potential_work_free(c->forces);
    defect_clear(&c->d);
    free(c->x);
}

static void check_pair(size_t m, const lanczos_result *got, const double *v, const hessian *h, int k)
{
    assert_true(got->settled);
    assert_near(got->value, h->value[k], 5e-3); /* one-sided differences */
    assert_near(vec_norm(m, v), 1, 1e-12);
    assert_near(fabs(vec_dot(m, v, h->vector + (size_t)k * m)), 1, 1e-3);
}

static void check_modes(int fix_one)
{
    const lanczos_rule rule = {20, LANCZOS_MAX, 1e-7, 0, 0};
    lanczos_result first, second;
    hessian h;
    scene c;

    scene_make(&c, fix_one);
    hessian_make(c.d.pot, c.d.sys, !fix_one, &h);
    assert_int_equal(h.m, c.s.m);
    assert_true(h.value[0] < -0.3 && h.value[1] - h.value[0] > 0.3); /* a mode of its own */
    const int calls = c.calls;
    assert_ok(lanczos_softest(&c.s, c.x, c.f, &rule, NULL, c.v, &c.climb.lanczos, &first));
    assert_int_equal(c.calls - calls, first.iterations);
    assert_true(first.residual < 0.05);
    check_pair(c.s.m, &first, c.v, &h, 0);
    assert_ok(lanczos_softest(&c.s, c.x, c.f, &rule, c.v, c.w, &c.climb.lanczos, &second));
    check_pair(c.s.m, &second, c.w, &h, 1);
    assert_near(vec_dot(c.s.m, c.v, c.w), 0, 1e-9);
    for (int a = 0; a < 3; a++) { /* no translation where it costs nothing, some where it does */
        double sum = 0;
        for (size_t k = (size_t)a; k < c.s.m; k += 3)
            sum += c.v[k];
        if (!fix_one) assert_near(sum, 0, 1e-9);
    }
    hessian_clear(&h);
    scene_clear(&c);
}

static void test_softest_modes_of_a_free_crystal(void **state)
{
    (void)state;
    check_modes(0);
}

/* One atom held still: translations of the others cost energy and belong to the space of modes. */
static void test_softest_modes_with_a_fixed_atom(void **state)
{
    double shift[3] = {0, 0, 0};
    scene c;

    (void)state;
    check_modes(1);
    scene_make(&c, 1);
    assert_int_equal(c.s.m, 3 * (c.d.sys->n - 1));
    for (size_t k = 0; k < c.s.m; k++)
        c.v[k] = k % 3 == 0;
    surface_project(&c.s, c.v);
    for (size_t k = 0; k < c.s.m; k++)
        shift[k % 3] += c.v[k];
    assert_near(shift[0], (double)c.s.n_active, 0);
    scene_clear(&c);
}

/* A free translation as start vector is nothing to start from: an error, not a crash or a made-up mode. */
static void test_start_vector_of_zero_length(void **state)
{
    const lanczos_rule rule = {2, 8, 0.1, 0, 0};
    lanczos_result result;
    scene c;

    (void)state;
    scene_make(&c, 0);
    memset(c.v, 0, c.s.m * sizeof *c.v);
    assert_status(lanczos_softest(&c.s, c.x, c.f, &rule, NULL, c.v, &c.climb.lanczos, &result), SG_ENUMERIC);
    scene_clear(&c);
}

/* A few coordinates: the Krylov space is the whole space after as many steps, and its eigenvalues are then
 * exact; what rounding leaves over, the deflated mode among it, must not be taken for more. */
static void check_few_atoms(int n_free)
{
    const lanczos_rule first = {2, 24, 0.01, 0, 0}, second = {12, LANCZOS_MAX, 0.01, 1, 0};
    lanczos_result low, next;
    hessian h;
    scene c;
    double energy;

    scene_make(&c, 1);
    surface_clear(&c.s);
    for (int i = 0; i < c.d.sys->n; i++)
        c.d.sys->fixed[i] = i < 4 || i >= 4 + n_free;
    c.d.sys->n_fixed = c.d.sys->n - n_free;
    assert_ok(surface_init(&c.s, c.d.pot, c.forces, c.d.sys, NULL));
    c.s.calls = &c.calls;
    assert_int_equal(c.s.m, 3 * n_free);
    surface_get(&c.s, c.x);
    assert_ok(surface_force(&c.s, c.x, &energy, c.f));
    hessian_make(c.d.pot, c.d.sys, 0, &h);
    memcpy(c.v, h.vector, c.s.m * sizeof *c.v);
    assert_ok(lanczos_softest(&c.s, c.x, c.f, &first, NULL, c.v, &c.climb.lanczos, &low));
    check_pair(c.s.m, &low, c.v, &h, 0);
    assert_ok(lanczos_softest(&c.s, c.x, c.f, &second, c.v, c.w, &c.climb.lanczos, &next));
    check_pair(c.s.m, &next, c.w, &h, 1);
    assert_true(next.iterations <= 3 * n_free - 1);
    hessian_clear(&h);
    scene_clear(&c);
}

static void test_few_free_atoms(void **state)
{
    (void)state;
    for (int n = 1; n <= 3; n++)
        check_few_atoms(n);
}

/* A Ritz value bounds the lowest eigenvalue from above: one below what is asked for is enough, and comes
 * before the mode has settled. */
static void test_enough(void **state)
{
    const lanczos_rule whole = {20, LANCZOS_MAX, 1e-7, 0, 0};
    lanczos_result full, early;
    scene c;

    (void)state;
    scene_make(&c, 0);
    memcpy(c.w, c.v, c.s.m * sizeof *c.v);
    assert_ok(lanczos_softest(&c.s, c.x, c.f, &whole, NULL, c.v, &c.climb.lanczos, &full));
    assert_true(full.value < 0);
    const lanczos_rule half = {20, LANCZOS_MAX, 1e-7, 0, full.value / 2};
    assert_ok(lanczos_softest(&c.s, c.x, c.f, &half, NULL, c.w, &c.climb.lanczos, &early));
    assert_true(early.iterations < full.iterations);
    assert_true(early.value < full.value / 2 && early.value > full.value - 1e-6);
    scene_clear(&c);
}

/* The climb ends within one step of where the first atom has left its place. */
static void test_strayed(void **state)
{
    climb_end end;
    scene c;
    double energy, f_end, curvature = -1;

    (void)state;
    scene_make(&c, 0);
    memcpy(c.w, c.x, c.s.m * sizeof *c.x);
    const climb_rule rule = {.f_max = 1e-4,
                             .step_max = 0.04,
                             .e_limit = INFINITY,
                             .max_calls = 1000,
                             .steady_wait = 2,
                             .stray = 0.1,
                             .x_guess = c.w};
    vec_scale(c.s.m, 1 / vec_norm(c.s.m, c.v), c.v);
    assert_ok(climb(&c.s, &rule, c.x, c.v, &curvature, &c.climb, &end, &energy, &f_end));
    assert_int_equal(end, CLIMB_STRAYED);
    for (size_t k = 0; k < c.s.m; k++)
        c.w[k] = c.x[k] - c.w[k];
    const double far = vec_max_atom(c.s.m, c.w);
    assert_true(far > 0.1 && far <= 0.14 * (1 + 1e-12));
    scene_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_softest_modes_of_a_free_crystal),
        cmocka_unit_test(test_softest_modes_with_a_fixed_atom),
        cmocka_unit_test(test_start_vector_of_zero_length),
        cmocka_unit_test(test_few_free_atoms),
        cmocka_unit_test(test_enough),
        cmocka_unit_test(test_strayed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
