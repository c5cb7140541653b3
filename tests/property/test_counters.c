/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters per originating run: whatever they are, uniting does not depend on order, and twice is once. The
 * oracle is a table run x sampler of plain integers. */
#include "catalog_samples.h"

enum { RUNS = 5, ROUNDS = 300 };

typedef struct tally { /* of an event; [run - 1][sampler] */
    uint32_t n[RUNS][SG_CAT_SAMPLERS];
} tally;

/* So many findings in a random order; the record and the table that it must equal. */
static void count_some(sg_rng *rng, int times, sg_cat_event *r, tally *t)
{
    for (int k = 0; k < times; k++) {
        const uint64_t run = 1 + sg_rng_bits(rng) % RUNS;
        const uint8_t sampler = (uint8_t)(sg_rng_bits(rng) % SG_CAT_SAMPLERS);
        assert_ok(sg_cat_event_count(r, run, sampler));
        t->n[run - 1][sampler]++;
    }
}

static void equals_tally(const sg_cat_event *r, const tally *t)
{
    uint32_t all = 0, place = 0;

    for (uint64_t run = 1; run <= RUNS; run++) {
        uint32_t sum = 0;
        for (int s = 0; s < SG_CAT_SAMPLERS; s++)
            sum += t->n[run - 1][s];
        all += sum;
        if (sum == 0) continue;
        assert_true(place < r->n_origins);
        const sg_cat_origin *o = &r->origin[place++];
        assert_int_equal(o->run, run);
        assert_int_equal(o->found, sum);
        assert_memory_equal(o->by_sampler, t->n[run - 1], sizeof o->by_sampler);
        assert_true(o->by_sampler[o->first_sampler] > 0);
    }
    assert_int_equal(place, r->n_origins);
    assert_int_equal(r->found, all);
    if (place > 0) assert_int_equal(r->sampler, r->origin[0].first_sampler);
}

static tally larger(const tally *a, const tally *b)
{
    tally t;
    for (int r = 0; r < RUNS; r++)
        for (int s = 0; s < SG_CAT_SAMPLERS; s++)
            t.n[r][s] = a->n[r][s] > b->n[r][s] ? a->n[r][s] : b->n[r][s];
    return t;
}

static void copy_counts(const sg_cat_event *from, sg_cat_event *to)
{
    memset(to, 0, sizeof *to);
    assert_ok(sg_cat_event_unite(to, from)); /* into nothing: a copy */
}

static void test_events_unite(void **state)
{
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 21, SG_RNG_TEST, 0, 0, 0);
    for (int k = 0; k < ROUNDS; k++) {
        sg_cat_event r[3] = {{0}}, left, right;
        tally t[3] = {{{{0}}}};
        for (int m = 0; m < 3; m++) {
            count_some(&rng, (int)(sg_rng_bits(&rng) % 30), &r[m], &t[m]);
            equals_tally(&r[m], &t[m]);
        }
        tally both = larger(&t[0], &t[1]);
        copy_counts(&r[0], &left);
        copy_counts(&r[1], &right);
        assert_ok(sg_cat_event_unite(&left, &r[1]));
        assert_ok(sg_cat_event_unite(&right, &r[0]));
        equals_tally(&left, &both);
        same_event(&left, &right); /* either way round */
        assert_ok(sg_cat_event_unite(&left, &r[1]));
        assert_ok(sg_cat_event_unite(&left, &left));
        same_event(&left, &right); /* twice is once */
        both = larger(&both, &t[2]);
        assert_ok(sg_cat_event_unite(&left, &r[2]));
        equals_tally(&left, &both);
        sg_cat_event_clear(&right);
        copy_counts(&r[1], &right); /* a + (b + c) */
        assert_ok(sg_cat_event_unite(&right, &r[2]));
        assert_ok(sg_cat_event_unite(&right, &r[0]));
        same_event(&left, &right);
        sg_cat_event_clear(&left);
        sg_cat_event_clear(&right);
        for (int m = 0; m < 3; m++)
            sg_cat_event_clear(&r[m]);
    }
}

/* A run goes on counting in its own copy; united with the earlier one it is as if there had been one all the
 * time. */
static void test_a_later_copy_replaces_an_earlier_one(void **state)
{
    sg_cat_event now = {0}, before;
    tally t = {{{0}}};
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 22, SG_RNG_TEST, 0, 0, 0);
    count_some(&rng, 20, &now, &t);
    copy_counts(&now, &before);
    count_some(&rng, 20, &now, &t);
    assert_ok(sg_cat_event_unite(&before, &now));
    same_event(&before, &now);
    equals_tally(&before, &t);
    sg_cat_event_clear(&before);
    sg_cat_event_clear(&now);
}

static void test_variants_unite(void **state)
{
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 23, SG_RNG_TEST, 0, 0, 0);
    for (int k = 0; k < ROUNDS; k++) {
        sg_cat_variant a = {0}, b = {0}, both = {0};
        uint32_t n[2][RUNS] = {{0}}, all = 0;
        for (int m = (int)(sg_rng_bits(&rng) % 40); m > 0; m--) {
            const uint64_t run = sg_rng_bits(&rng) % RUNS, to_b = sg_rng_bits(&rng) % 2;
            assert_ok(sg_cat_variant_count(to_b ? &b : &a, run));
            n[to_b][run]++;
        }
        for (int r = 0; r < RUNS; r++)
            all += n[0][r] > n[1][r] ? n[0][r] : n[1][r];
        assert_ok(sg_cat_variant_unite(&both, &a));
        assert_ok(sg_cat_variant_unite(&both, &b));
        assert_int_equal(both.attempts, all);
        assert_ok(sg_cat_variant_unite(&b, &a));
        same_variant(&both, &b);
        assert_ok(sg_cat_variant_unite(&b, &a));
        same_variant(&both, &b);
        sg_cat_variant_keep_run(&b, 2);
        assert_int_equal(b.attempts, n[0][2] > n[1][2] ? n[0][2] : n[1][2]);
        assert_int_equal(b.n_origins, b.attempts > 0);
        sg_cat_variant_clear(&a);
        sg_cat_variant_clear(&b);
        sg_cat_variant_clear(&both);
    }
}

static void test_keep_run(void **state)
{
    sg_cat_event r = {0};

    (void)state;
    for (uint64_t run = 1; run < 6; run += 2)
        for (uint64_t k = 0; k < run; k++)
            assert_ok(sg_cat_event_count(&r, run, (uint8_t)run));
    assert_int_equal(r.found, 9);
    sg_cat_event_keep_run(&r, 3);
    assert_true(r.n_origins == 1 && r.origin[0].run == 3 && r.found == 3 && r.sampler == 3);
    sg_cat_event_keep_run(&r, 4); /* has never counted */
    assert_true(r.n_origins == 0 && r.found == 0);
    assert_ok(sg_cat_event_count(&r, 4, 200)); /* a sampler of a later version */
    assert_true(r.origin[0].by_sampler[SG_CAT_SAMPLER_UNKNOWN] == 1 && r.sampler == SG_CAT_SAMPLER_UNKNOWN);
    sg_cat_event_clear(&r);
}

static void test_counters_stop_at_the_end(void **state)
{
    sg_cat_event a = {0}, b = {0};

    (void)state;
    assert_ok(sg_cat_event_count(&a, 1, 0));
    assert_ok(sg_cat_event_count(&b, 2, 0));
    a.origin[0].by_sampler[0] = a.origin[0].found = UINT32_MAX - 1;
    for (int k = 0; k < 3; k++)
        assert_ok(sg_cat_event_count(&a, 1, 0));
    assert_int_equal(a.found, UINT32_MAX);
    assert_ok(sg_cat_event_unite(&a, &b));
    assert_int_equal(a.found, UINT32_MAX);
    sg_cat_event_clear(&a);
    sg_cat_event_clear(&b);
}

static void test_without_memory(void **state)
{
    sg_cat_event a = {0}, b = {0}, before;
    sg_cat_variant v = {0};
    tally t = {{{0}}};
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 24, SG_RNG_TEST, 0, 0, 0);
    count_some(&rng, 9, &a, &t);
    count_some(&rng, 9, &b, &t);
    copy_counts(&a, &before);
    sg_alloc_fail_after(0);
    assert_int_equal(sg_cat_event_unite(&a, &b), SG_ENOMEM);
    sg_alloc_fail_after(0);
    assert_int_equal(sg_cat_event_count(&a, 77, 0), SG_ENOMEM);
    sg_alloc_fail_after(0);
    assert_int_equal(sg_cat_variant_count(&v, 1), SG_ENOMEM);
    sg_alloc_fail_after(-1);
    same_event(&a, &before);
    assert_true(v.n_origins == 0 && v.attempts == 0);
    sg_cat_event_clear(&a);
    sg_cat_event_clear(&b);
    sg_cat_event_clear(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_unite),
        cmocka_unit_test(test_a_later_copy_replaces_an_earlier_one),
        cmocka_unit_test(test_variants_unite),
        cmocka_unit_test(test_keep_run),
        cmocka_unit_test(test_counters_stop_at_the_end),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
