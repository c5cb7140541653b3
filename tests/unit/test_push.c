/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The samplers: directions of unit length, local, softer than chance; the cubic one lowers its estimate of
 * the barrier, computed here from energies alone; a search from each finds the hop of a vacancy. */
#include "event_samples.h"

#include "../../src/saddle/saddle_internal.h"

static const sg_sampler every[] = {SG_SAMPLER_LOCAL, SG_SAMPLER_WIDE, SG_SAMPLER_SOFT,
                                   SG_SAMPLER_CUBIC, SG_SAMPLER_KICK, SG_SAMPLER_ECHO};
enum { N_EVERY = sizeof every / sizeof *every, N_STREAMS = 6 };

typedef struct bench { /* a surface to push on */
    defect d;
    int neighbour[12];
    sg_potential_work *forces;
    surface s;
    climb_scratch climb;
    double *x, *direction;
    int calls;
} bench;

static void bench_make(bench *b, int fix_one)
{
    memset(b, 0, sizeof *b);
    lj_vacancy(&b->d, 3);
    vacancy_find(&b->d, HOLLOW, b->neighbour);
    b->d.sys->fixed[b->neighbour[11]] = (unsigned char)fix_one;
    b->d.sys->n_fixed = fix_one;
    assert_ok(sg_potential_work_create(b->d.pot, &b->forces));
    assert_ok(surface_init(&b->s, b->d.pot, b->forces, b->d.sys, NULL));
    assert_ok(climb_scratch_init(&b->climb, b->s.m));
    b->s.calls = &b->calls;
    b->x = calloc(2 * b->s.m, sizeof *b->x);
    assert_non_null(b->x);
    b->direction = b->x + b->s.m;
    surface_get(&b->s, b->x);
}

static void bench_clear(bench *b)
{
    climb_scratch_clear(&b->climb);
    surface_clear(&b->s);
    sg_potential_work_free(b->forces);
    defect_clear(&b->d);
    free(b->x);
}

static int direct(bench *b, sg_sampler sampler, int centre, uint64_t stream)
{
    const sg_push push = {sampler, 2.0, NULL};
    int can_move = 0;
    sg_rng rng;
    push_task task = {&b->s, b->x, centre, &push, &rng, &b->climb, b->direction, 0};

    sg_rng_init(&rng, 9, SG_RNG_TEST, 3, (uint64_t)centre, stream);
    assert_ok(push_direction(&task, &can_move));
    return can_move;
}

static double farthest(const bench *b, int centre)
{
    double most = 0;
    for (int k = 0; k < b->s.n_active; k++)
        if (vec_norm(3, b->direction + 3 * k) > 0)
            most = fmax(most, atom_distance(b->s.sys, centre, b->s.atom[k]));
    return most;
}

static void test_directions(void **state)
{
    bench b;

    (void)state;
    bench_make(&b, 1); /* one atom held still: nothing is projected out */
    const int centre = b.neighbour[0];
    double *again = calloc(b.s.m, sizeof *again), *x = calloc(b.s.m, sizeof *x);
    for (int k = 0; k < N_EVERY; k++) {
        const int calls = b.calls;
        assert_true(direct(&b, every[k], centre, 1));
        assert_near(vec_norm(b.s.m, b.direction), 1, 1e-12);
        assert_true(farthest(&b, centre) <= (every[k] == SG_SAMPLER_LOCAL ? 2.0 : 6.0));
        assert_true((b.calls > calls) == (every[k] >= SG_SAMPLER_SOFT && every[k] <= SG_SAMPLER_KICK));
        memcpy(again, b.direction, b.s.m * sizeof *again);
        assert_true(direct(&b, every[k], centre, 1));
        assert_memory_equal(again, b.direction, b.s.m * sizeof *again);
        assert_true(direct(&b, every[k], centre, 2));
        assert_true(fabs(vec_dot(b.s.m, again, b.direction)) < 0.9999); /* attempts differ */
        surface_get(&b.s, x);
        assert_memory_equal(x, b.x, b.s.m * sizeof *x);         /* all atoms are back */
        assert_false(direct(&b, every[k], b.neighbour[11], 1)); /* the one that is held still */
    }
    free(again);
    free(x);
    bench_clear(&b);
}

static double energy_at(bench *b, double s)
{
    double *x = calloc(2 * b->s.m, sizeof *x), energy = 0;

    assert_non_null(x);
    memcpy(x, b->x, b->s.m * sizeof *x);
    vec_axpy(b->s.m, s, b->direction, x);
    assert_ok(surface_force(&b->s, x, &energy, x + b->s.m));
    for (int k = 0; k < b->s.n_active; k++)
        memcpy(b->s.sys->x[b->s.atom[k]], b->x + 3 * k, sizeof b->s.sys->x[0]);
    free(x);
    return energy;
}

/* Second and third derivative of the energy along the direction in hand, from energies. */
static void derivatives(bench *b, double *second, double *third)
{
    const double h = 0.02;
    const double e[5] = {energy_at(b, -2 * h), energy_at(b, -h), energy_at(b, 0), energy_at(b, h),
                         energy_at(b, 2 * h)};

    *second = (-e[0] + 16 * e[1] - 30 * e[2] + 16 * e[3] - e[4]) / (12 * h * h);
    *third = (e[4] - 2 * e[3] + 2 * e[1] - e[0]) / (2 * h * h * h);
}

static double cubic_estimate(double second, double third)
{
    return 2.0 / 3.0 * second * second * second / (third * third);
}

static void test_soft_is_softer_and_cubic_lower(void **state)
{
    double sum_local = 0, sum_soft = 0, sum_kick = 0, a = 0, t = 0;
    bench b;

    (void)state;
    bench_make(&b, 0);
    for (uint64_t stream = 0; stream < N_STREAMS; stream++) {
        const int centre = b.neighbour[stream];
        direct(&b, SG_SAMPLER_WIDE, centre, stream);
        derivatives(&b, &a, &t);
        sum_local += a;
        direct(&b, SG_SAMPLER_KICK, centre, stream);
        derivatives(&b, &a, &t);
        sum_kick += a;
        direct(&b, SG_SAMPLER_SOFT, centre, stream);
        derivatives(&b, &a, &t);
        sum_soft += a;
        const double before = cubic_estimate(a, t); /* the cubic one starts from this very direction */
        direct(&b, SG_SAMPLER_CUBIC, centre, stream);
        derivatives(&b, &a, &t);
        assert_true(cubic_estimate(a, t) < 0.5 * before);
        assert_true(t < 0); /* the side where the energy rises less */
    }
    assert_true(sum_soft < 0.5 * sum_local);
    assert_true(sum_kick < sum_local);
    bench_clear(&b);
}

/* Found by every sampler, and not with the window below its barrier. */
static void test_each_finds_the_hop(void **state)
{
    double hop = INFINITY;
    bench b;
    searcher w;

    (void)state;
    bench_make(&b, 0);
    searcher_make(&b.d, &w);
    for (int k = 0; k < N_EVERY; k++) {
        double lowest = INFINITY;
        for (double window = 0; window < 1; window += 0.7) {
            b.d.opt.window = window;
            for (uint64_t stream = 0; stream < N_STREAMS; stream++) {
                const sg_push push = {every[k], 2.0, NULL};
                sg_rng rng;
                sg_rng_init(&rng, 9, SG_RNG_TEST, 3, 0, stream);
                assert_ok(sg_saddle_search(&b.d.problem, b.neighbour[stream], &push, &rng, w.work, w.p));
                if (w.p->outcome != SG_FOUND) continue;
                const double barrier = w.p->e_saddle - b.d.problem.e_start;
                assert_true(window == 0 || barrier < window); /* the surroundings are free: no excess */
                lowest = fmin(lowest, barrier);
            }
        }
        if (k == 0) hop = lowest;
        assert_near(lowest, hop, 1e-4);
    }
    searcher_clear(&w);
    bench_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directions),
        cmocka_unit_test(test_soft_is_softer_and_cubic_lower),
        cmocka_unit_test(test_each_finds_the_hop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
