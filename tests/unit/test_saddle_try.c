/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One guess of many: what a try gives up early, and what it finds by a detour. An atom on a square lattice of
 * hollows, where symmetry says where the bridges are and that all of them are equally high. */
#include "event_samples.h"

typedef struct scene {
    defect d;
    searcher w;
    double (*guess)[3], (*mode)[3];
    int adatom;
    double barrier; /* eV, of every bridge */
} scene;

static sg_outcome try_at(scene *s, double u)
{
    sg_rng rng;
    const double *x = s->d.sys->x[s->adatom];

    s->guess[s->adatom][0] = x[0] + u * HOLLOW;
    s->guess[s->adatom][2] = x[2] + (u > 0 ? 0.3 : 0);
    s->mode[s->adatom][0] = 1;
    sg_rng_init(&rng, 7, SG_RNG_TEST, 1, 0, 0);
    assert_ok(sg_saddle_try(&s->d.problem, (positions)s->guess, (positions)s->mode, &rng, s->w.work, s->w.p));
    return s->w.p->outcome;
}

static void check_first_bridge(const scene *s)
{
    const double *x = s->d.sys->x[s->adatom];

    assert_near(s->w.p->e_saddle - s->d.problem.e_start, s->barrier, 1e-5);
    assert_near(s->w.p->x_saddle[s->adatom][0] - x[0], 0.5 * HOLLOW, 5e-3);
    assert_near(s->w.p->x_final[s->adatom][0] - x[0], HOLLOW, 5e-3);
    assert_near(s->w.p->x_final[s->adatom][1] - x[1], 0, 5e-3);
}

static void scene_make(scene *s)
{
    lj_adatoms(&s->d, 6, 2, 0, 1, 0);
    searcher_make(&s->d, &s->w);
    s->adatom = s->d.sys->n - 1;
    s->guess = calloc(2 * (size_t)s->d.sys->n, sizeof *s->guess);
    s->mode = s->guess + s->d.sys->n;
    memcpy(s->guess, s->d.sys->x, (size_t)s->d.sys->n * sizeof *s->guess);
    s->mode[s->adatom][0] = 1;
    s->guess[s->adatom][0] += 0.45 * HOLLOW;
    s->guess[s->adatom][2] += 0.3;
    assert_int_equal(refine(&s->d, (positions)s->guess, (positions)s->mode, &s->w), SG_FOUND);
    s->barrier = s->w.p->e_saddle - s->d.problem.e_start;
}

static void scene_clear(scene *s)
{
    searcher_clear(&s->w);
    defect_clear(&s->d);
    free(s->guess);
}

static void test_good_guess(void **state)
{
    scene s;

    (void)state;
    scene_make(&s);
    assert_int_equal(try_at(&s, 0.45), SG_FOUND);
    assert_int_equal(s.w.p->is_detour, 0);
    check_first_bridge(&s);
    scene_clear(&s);
}

/* Its saddle stands in what is put out, so that one sees how far above it was. */
static void test_above_the_window(void **state)
{
    scene s;

    (void)state;
    scene_make(&s);
    s.d.opt.window = s.barrier - 1e-3;
    assert_int_equal(try_at(&s, 0.45), SG_BLOW_UP);
    assert_near(s.w.p->e_saddle - s.d.problem.e_start, s.barrier, 1e-5);
    assert_int_equal(s.w.p->calls.relax, 0);
    s.d.opt.window = s.barrier + 1e-3;
    assert_int_equal(try_at(&s, 0.45), SG_FOUND);
    scene_clear(&s);
}

/* The atom stands where it was in the guess, and goes 1.28 Å to the bridge. */
static void test_still_atom_strays(void **state)
{
    scene s;

    (void)state;
    scene_make(&s);
    assert_int_equal(refine(&s.d, (positions)s.d.sys->x, (positions)s.mode, &s.w), SG_FOUND);
    assert_int_equal(try_at(&s, 0), SG_DISCONNECTED);
    scene_clear(&s);
}

typedef struct known_saddle {
    const sg_system *sys;
    double energy, (*x)[3];
    double far; /* Å, the largest distance at which it was recognised */
} known_saddle;

static int is_near(const void *arg, double energy, positions x, double *e_saddle, double (*x_saddle)[3])
{
    known_saddle *const k = *(known_saddle *const *)arg;
    const double d = sg_system_displacement(k->sys, (positions)k->x, x, NULL, NULL);

    if (fabs(energy - k->energy) > 5e-3 || d > 0.1) return 0;
    k->far = fmax(k->far, d);
    *e_saddle = k->energy;
    memcpy(x_saddle, k->x, (size_t)k->sys->n * sizeof *x_saddle);
    return 1;
}

/* A climb that nears a known saddle ends there, before it has converged and without looking at its sides. */
static void test_nearly_known(void **state)
{
    scene s;

    (void)state;
    scene_make(&s);
    assert_int_equal(try_at(&s, 0.4), SG_FOUND);
    const size_t bytes = (size_t)s.d.sys->n * sizeof(double[3]);
    known_saddle known = {.sys = s.d.sys, .energy = s.w.p->e_saddle, .x = malloc(bytes)}, *const at = &known;
    memcpy(known.x, s.w.p->x_saddle, bytes);
    const int calls = s.w.p->calls.refine;

    s.d.problem.nearly = is_near;
    s.d.problem.known_arg = &at;
    assert_int_equal(try_at(&s, 0.4), SG_KNOWN);
    assert_true(s.w.p->e_saddle == known.energy && memcmp(s.w.p->x_saddle, known.x, bytes) == 0);
    assert_true(known.far > 1e-3 && s.w.p->calls.refine < calls && s.w.p->calls.relax == 0);

    known.energy += 0.02; /* another one */
    assert_int_equal(try_at(&s, 0.4), SG_FOUND);
    free(known.x);
    scene_clear(&s);
}

typedef struct neighbour_question {
    int asked, answer, atom;
    double x;
} neighbour_question;

static int ask_neighbour(const void *arg, double energy, positions x, double *e_saddle, double (*x_saddle)[3])
{
    neighbour_question *const q = *(neighbour_question *const *)arg;

    (void)energy;
    (void)e_saddle;
    (void)x_saddle;
    q->asked++;
    q->x = x[q->atom][0];
    return q->answer;
}

/* The second bridge parts the first hollow from the next one; a try comes back with the first bridge, unless
 * the first hollow is known. */
static void test_detour(void **state)
{
    scene s;

    (void)state;
    scene_make(&s);
    assert_int_equal(try_at(&s, 1.5), SG_FOUND);
    assert_int_equal(s.w.p->is_detour, 1);
    check_first_bridge(&s);

    neighbour_question q = {.atom = s.adatom}, *const at = &q;
    s.d.problem.neighbour = ask_neighbour;
    s.d.problem.known_arg = &at;
    assert_int_equal(try_at(&s, 1.5), SG_FOUND);
    assert_int_equal(q.asked, 1);
    assert_near(q.x - s.d.sys->x[s.adatom][0], HOLLOW, 0.05);
    check_first_bridge(&s);

    q.answer = 1;
    assert_int_equal(try_at(&s, 1.5), SG_DISCONNECTED);
    assert_int_equal(s.w.p->is_detour, 0);
    assert_near(s.w.p->e_saddle - s.d.problem.e_start, s.barrier, 1e-5);
    scene_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_guess),        cmocka_unit_test(test_above_the_window),
        cmocka_unit_test(test_still_atom_strays), cmocka_unit_test(test_detour),
        cmocka_unit_test(test_nearly_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
