/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When two records are the same event: turned, mirrored, reordered, measured with some error, with supports
 * that differ at their rim; and when they are not. */
#include "pocket_samples.h"

enum { MAX_PERM = 64, CENTRES = 8 };

typedef struct scene {
    sg_system *glass;
    sg_rng rng;
    pocket p;
    sg_environment env;
    sg_cat_event event;
    int n_perm, perm[MAX_PERM][SG_TOPOLOGY_MAX_VERTICES];
} scene;

static void scene_make(scene *s, uint64_t number)
{
    memset(s, 0, sizeof *s);
    s->glass = sample("Cu64Zr36_500.extxyz");
    assert_non_null(s->glass);
    sg_rng_init(&s->rng, 11, SG_RNG_TEST, 0, number, 0);
    s->p = pocket_make(&s->rng, s->glass, (int)number * 61);
    pocket_record(&s->p, 0.7, &s->env, &s->event);
    assert_ok(sg_topology_automorphisms(&s->env, MAX_PERM, s->perm, &s->n_perm));
}

static void scene_clear(scene *s)
{
    sg_cat_event_clear(&s->event);
    pocket_clear(&s->p);
    sg_system_free(s->glass);
}

/* Both ways round, which must agree. */
static int same(const scene *s, const sg_cat_event *a, const sg_cat_event *b)
{
    const int(*perm)[SG_TOPOLOGY_MAX_VERTICES] = (const int(*)[SG_TOPOLOGY_MAX_VERTICES])s->perm;
    int yes = -1, back = -1;

    assert_ok(sg_event_same_records(a, b, s->n_perm, perm, &yes));
    assert_ok(sg_event_same_records(b, a, s->n_perm, perm, &back));
    assert_int_equal(yes, back);
    return yes;
}

/* The record of the same event seen otherwise. */
static int same_seen(scene *s, int mirrored, double noise, double barrier)
{
    pocket turned = pocket_turned(&s->rng, &s->p, mirrored, noise);
    sg_environment env;
    sg_cat_event event;

    pocket_record(&turned, barrier, &env, &event);
    assert_true(event.id != s->event.id);
    const int yes = same(s, &s->event, &event);
    sg_cat_event_clear(&event);
    pocket_clear(&turned);
    return yes;
}

static void test_turned_and_mirrored(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < CENTRES; k++) {
        scene s;
        scene_make(&s, k);
        assert_true(same(&s, &s.event, &s.event));
        assert_true(same_seen(&s, 0, 0, 0.7));
        assert_true(same_seen(&s, 1, 0, 0.7));
        assert_true(same_seen(&s, 1, 1e-3, 0.7015));
        assert_false(same_seen(&s, 0, 0, 0.703)); /* another barrier */
        scene_clear(&s);
    }
}

static void test_another_displacement(void **state)
{
    scene s;

    (void)state;
    scene_make(&s, 3);
    for (int at_saddle = 0; at_saddle < 2; at_saddle++) {
        pocket other = pocket_turned(&s.rng, &s.p, 0, 0);
        double(*d)[3] = at_saddle ? other.d_saddle : other.d_final;
        sg_environment env;
        sg_cat_event event;
        d[other.centre][0] += 0.06;
        pocket_record(&other, 0.7, &env, &event);
        assert_true(same(&s, &s.event, &event));
        sg_cat_event_clear(&event);
        d[other.centre][0] += 0.08;
        pocket_record(&other, 0.7, &env, &event);
        assert_false(same(&s, &s.event, &event));
        sg_cat_event_clear(&event);
        pocket_clear(&other);
    }
    scene_clear(&s);
}

/* Atoms at the rim that hardly move may be in one support and not in the other; one that moves may not. */
static void test_rim_of_the_support(void **state)
{
    scene s;

    (void)state;
    scene_make(&s, 5);
    sg_cat_event rim = s.event, bare = s.event, mover = s.event;
    rim.n--; /* the farthest atom is missing here, another one there */
    assert_true(rim.n > rim.n_shell);
    assert_true(same(&s, &s.event, &rim));
    bare.n = bare.n_shell;
    int movers_outside = 0;
    for (uint32_t k = bare.n_shell; k < s.event.n; k++)
        movers_outside += fabs((double)s.event.d_final[k][0]) > 0.2;
    assert_int_equal(same(&s, &s.event, &bare), movers_outside == 0);
    float d_final[SG_TOPOLOGY_MAX_CLUSTER][3];
    memcpy(d_final, s.event.d_final, s.event.n * sizeof *d_final);
    mover.d_final = d_final;
    d_final[mover.n - 1][1] += 0.4f;
    assert_false(same(&s, &s.event, &mover));
    assert_false(same(&s, &rim, &mover));
    scene_clear(&s);
}

/* Nothing that a catalog may hold can break the comparison. */
static void test_odd_records(void **state)
{
    scene s;

    (void)state;
    scene_make(&s, 6);
    sg_cat_event odd = s.event;
    odd.barrier = NAN;
    assert_false(same(&s, &s.event, &odd));
    odd = s.event;
    odd.n_shell--;
    assert_false(same(&s, &s.event, &odd));
    odd = s.event;
    odd.n = odd.n_shell = 0;
    assert_false(same(&s, &odd, &odd));
    odd = s.event;
    float x[SG_TOPOLOGY_MAX_CLUSTER][3];
    memcpy(x, s.event.x, s.event.n * sizeof *x);
    x[2][1] = NAN;
    odd.x = x;
    assert_false(same(&s, &s.event, &odd));
    scene_clear(&s);
}

static void test_form_read_back(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < CENTRES; k++) {
        scene s;
        sg_environment back;
        int n_perm, perm[MAX_PERM][SG_TOPOLOGY_MAX_VERTICES];
        scene_make(&s, k);
        assert_ok(sg_environment_from_form(s.env.form, (size_t)s.env.form_size, &back));
        assert_true(sg_environment_same(&back, &s.env));
        assert_int_equal(back.n, s.env.n);
        assert_memory_equal(back.number, s.env.number, (size_t)back.n * sizeof *back.number);
        assert_ok(sg_topology_automorphisms(&back, MAX_PERM, perm, &n_perm));
        assert_int_equal(n_perm, s.n_perm);
        for (int q = 0; q < n_perm; q++)
            assert_memory_equal(perm[q], s.perm[q], (size_t)back.n * sizeof *perm[q]);
        for (int size = 0; size <= SG_TOPOLOGY_MAX_FORM + 1; size++)
            if (size != s.env.form_size)
                assert_status(sg_environment_from_form(s.env.form, (size_t)size, &back), SG_ECORRUPT);
        s.env.form[0]++;
        assert_status(sg_environment_from_form(s.env.form, (size_t)s.env.form_size, &back), SG_ECORRUPT);
        assert_text("key version 2");
        scene_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turned_and_mirrored), cmocka_unit_test(test_another_displacement),
        cmocka_unit_test(test_rim_of_the_support), cmocka_unit_test(test_odd_records),
        cmocka_unit_test(test_form_read_back)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
