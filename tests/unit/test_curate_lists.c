/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Filters, orders and spectra of generic events against brute force over 300 made-up events.
 * "test_curate_lists make FOLDER [N]" leaves such a catalog (N events) for the test of the program. */
#include "catalog_samples.h"

#include "slowglass/curate.h"

enum { N_EVENTS = 300 };

/* a number of [0, 1) that depends on k alone */
static double dice(uint64_t k, int which)
{
    uint64_t h = (k * 16 + (uint64_t)which + 1) * UINT64_C(0x9e3779b97f4a7c15);

    h ^= h >> 31;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    return (double)(h >> 11) * 0x1p-53;
}

static unsigned char numbers[2][4] = {{29, 40, 29, 40}, {40, 29, 29, 40}};
static float places[4][3] = {{-2.5f, 0, 0}, {0.1f, 0, 0}, {2.5f, 0, 0}, {0, 3, 0}};
static float moves[4][3] = {{0, 0, 0}, {0, 0.5f, 0}, {0, 0, 0.25f}, {0.125f, 0, 0}};

static sg_cat_origin origins[2]; /* of the event made up last */

/* Events k = 0, 1, ..: barriers down to a few that lie on edges of bins, a NaN, a value on the way to
 * infinity. */
static sg_cat_event made_up(uint64_t k)
{
    sg_cat_event e = {.id = (uint64_t)(dice(k, 0) * 0x1p63) * 2 + k % 2,
                      .key = (uint64_t)(dice(k / 3, 1) * 16) << 60 | k / 3,
                      .n_shell = 2 + (uint32_t)(dice(k, 2) * 3),
                      .n = 4,
                      .number = numbers[k % 7 < 3],
                      .x = places,
                      .d_saddle = moves,
                      .d_final = moves,
                      .barrier = k % 10 ? 1.2 * dice(k, 3) : 0.05 * (double)(k / 10 % 40),
                      .barrier_back = 1.5 * dice(k, 4),
                      .mode = moves,
                      .prefactor = NAN,
                      .prefactor_back = NAN,
                      .residual = 0.05,
                      .participation = k == 17 ? NAN : 1 + 20 * dice(k, 5),
                      .gamma = 0.01 * (double)(k % 5),
                      .n_origins = k == 40 ? 0 : 1 + k % 2, /* 40: lent by a base, never counted here */
                      .origin = origins};

    /* run 7 came upon it by one sampler, and every second event run 9 by two others */
    memset(origins, 0, sizeof origins);
    origins[0].run = 7;
    origins[0].first_sampler = (uint8_t)(SG_SAMPLER_COUNT * dice(k, 8));
    origins[0].found = 1 + (uint32_t)(4 * dice(k, 6) * dice(k, 7));
    origins[0].by_sampler[origins[0].first_sampler] = origins[0].found;
    origins[1].run = 9;
    origins[1].first_sampler = SG_SAMPLER_SOFT;
    origins[1].found = 3;
    origins[1].by_sampler[SG_SAMPLER_SOFT] = 1;
    origins[1].by_sampler[SG_SAMPLER_PLACED] = 2;
    if (k == 40) memset(origins, 0, sizeof origins);
    e.found = origins[0].found + (k % 2 ? 3 : 0);
    e.sampler = k == 40 ? SG_CAT_SAMPLER_UNKNOWN : origins[0].first_sampler;
    if (k == 33) e.barrier = NAN;
    if (k == 34) e.barrier = 1e9;
    if (k == 35) e.barrier = -0.5;
    return e;
}

static sg_catalog *make_catalog(const char *path, uint64_t n)
{
    const sg_catalog_header header = sample_header();
    sg_catalog *cat;

    assert_ok(sg_catalog_create(path, &header, &cat));
    for (uint64_t k = 0; k < n; k++) {
        const sg_cat_event e = made_up(k);
        assert_ok(sg_catalog_put_event(cat, &e));
        if (k % 10000 == 9999) assert_ok(sg_catalog_commit(cat));
    }
    assert_ok(sg_catalog_commit(cat));
    return cat;
}

typedef struct place {
    char path[64], file[256];
    sg_catalog *cat;
} place;

static int set_up(void **state)
{
    place *p = sg_calloc(1, sizeof *p);

    folder_make(p->path);
    p->cat = make_catalog(joined(p->file, p->path, "cat"), N_EVENTS);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    place *p = *state;
    sg_catalog_close(p->cat);
    folder_remove(p->path);
    sg_free(p);
    return 0;
}

/* ---- filters ---- */

typedef struct tally {
    uint64_t n, ids;
} tally;

static int take(void *arg, const void *record)
{
    tally *t = arg;
    t->n++;
    t->ids ^= ((const sg_cat_event *)record)->id;
    return 0;
}

static unsigned char centre_of(const sg_cat_event *e)
{
    uint32_t best = 0;
    for (uint32_t k = 0; k < e->n_shell; k++)
        if (hypot((double)e->x[k][0], (double)e->x[k][1]) <
            hypot((double)e->x[best][0], (double)e->x[best][1]))
            best = k;
    return e->number[best];
}

static void test_filters(void **state)
{
    place *p = *state;

    for (int trial = 0; trial < 200; trial++) {
        const uint64_t t = 1000 + (uint64_t)trial;
        const int use[5] = {trial & 1, trial >> 1 & 1, trial >> 2 & 1, trial >> 3 & 1, trial >> 4 & 1};
        sg_curate_filter f = sg_curate_any();
        tally got = {0}, want = {0};

        if (use[0]) f.barrier_low = dice(t, 0), f.barrier_high = f.barrier_low + dice(t, 1);
        if (use[1]) f.gamma_low = 0.01, f.gamma_high = 0.03;
        if (use[2]) f.key_low = (uint64_t)(trial % 16) << 60, f.key_high = f.key_low | UINT64_MAX >> 4;
        if (use[3]) f.centre = trial % 3 ? 40 : 29;
        if (use[4]) f.sampler = trial % SG_SAMPLER_COUNT;
        for (uint64_t k = 0; k < N_EVENTS; k++) {
            const sg_cat_event e = made_up(k);
            if (use[0] && !(e.barrier >= f.barrier_low && e.barrier <= f.barrier_high)) continue;
            if (use[1] && !(e.gamma >= 0.01 && e.gamma <= 0.03)) continue;
            if (use[2] && e.key >> 60 != (uint64_t)(trial % 16)) continue;
            if (use[3] && centre_of(&e) != f.centre) continue;
            if (use[4] && e.sampler != f.sampler &&
                !(k % 2 && (f.sampler == SG_SAMPLER_SOFT || f.sampler == SG_SAMPLER_PLACED)))
                continue;
            take(&want, &e);
        }
        assert_ok(sg_curate_each(p->cat, &f, take, &got));
        assert_int_equal(got.n, want.n);
        assert_int_equal(got.ids, want.ids);
    }
}

static void test_prefixes(void **state)
{
    uint64_t low, high;

    (void)state;
    assert_ok(sg_curate_read_prefix("key", "0xAb", &low, &high));
    assert_int_equal(low, 0xab00000000000000u);
    assert_int_equal(high, 0xabffffffffffffffu);
    assert_ok(sg_curate_read_prefix("key", "0123456789abcdef", &low, &high));
    assert_true(low == 0x0123456789abcdefu && high == low);
    assert_ok(sg_curate_read_prefix("key", "0", &low, &high));
    assert_true(low == 0 && high == UINT64_MAX >> 4);
    assert_status(sg_curate_read_prefix("--key", "0x", &low, &high), SG_EINVAL);
    assert_status(sg_curate_read_prefix("--key", "12g", &low, &high), SG_EINVAL);
    assert_text("--key '12g'");
}

/* ---- orders ---- */

static double value_of(const sg_curate_row *r, sg_curate_order order)
{
    switch (order) {
    case SG_CURATE_BY_BARRIER:
        return r->barrier;
    case SG_CURATE_BY_BACK:
        return r->barrier_back;
    case SG_CURATE_BY_ENERGY:
        return r->barrier - r->barrier_back;
    case SG_CURATE_BY_FOUND:
        return r->found;
    case SG_CURATE_BY_PARTICIPATION:
        return r->participation;
    default:
        return (double)(r->key >> 12); /* enough to see an order, exact */
    }
}

static void check_order(sg_catalog *cat, sg_curate_order order, int descending)
{
    sg_curate_row *all, *first;
    size_t n, n_first;
    uint64_t passed, ids = 0;

    assert_ok(sg_curate_list(cat, NULL, order, descending, 0, &all, &n, &passed));
    assert_true(n == N_EVENTS && passed == N_EVENTS);
    for (size_t k = 0; k < n; k++) {
        ids ^= all[k].id ^ made_up(k).id;
        if (k == 0) continue;
        const double a = value_of(&all[k - 1], order), b = value_of(&all[k], order);
        assert_true(isnan(b) || (descending ? a >= b : a <= b)); /* NaN last */
        if (order != SG_CURATE_BY_KEY && a == b) assert_true(all[k - 1].id < all[k].id);
    }
    assert_true(ids == 0); /* each of them once */
    assert_ok(sg_curate_list(cat, NULL, order, descending, 7, &first, &n_first, &passed));
    assert_true(n_first == 7 && passed == N_EVENTS);
    for (int k = 0; k < 7; k++)
        assert_int_equal(first[k].id, all[k].id);
    sg_free(first);
    sg_free(all);
}

static void test_orders(void **state)
{
    place *p = *state;

    for (int order = 0; order < SG_CURATE_ORDERS; order++)
        for (int descending = 0; descending < 2; descending++)
            check_order(p->cat, (sg_curate_order)order, descending);
}

/* Few are kept while many pass: the rows that are cut on the way are the right ones. */
static void test_limit_among_many(void **state)
{
    place *p = *state;
    char file[256];
    sg_catalog *cat = make_catalog(joined(file, p->path, "many"), 3000);
    sg_curate_row *all, *few;
    size_t n, n_few;

    assert_ok(sg_curate_list(cat, NULL, SG_CURATE_BY_ENERGY, 1, 0, &all, &n, NULL));
    assert_int_equal(n, 3000);
    assert_ok(sg_curate_list(cat, NULL, SG_CURATE_BY_ENERGY, 1, 12, &few, &n_few, NULL));
    assert_int_equal(n_few, 12);
    for (int k = 0; k < 12; k++)
        assert_int_equal(few[k].id, all[k].id);
    sg_free(all);
    sg_free(few);
    sg_catalog_close(cat);
}

/* ---- spectra ---- */

static void check_spectrum(sg_catalog *cat, const sg_curate_filter *filter, double width)
{
    sg_curate_spectrum s;
    uint64_t inside = 0, outside = 0, events = 0;

    assert_ok(sg_curate_get_spectrum(cat, filter, width, &s));
    for (size_t b = 0; b < s.n; b++) {
        const double low = (double)(s.first + b) * width, high = (double)(s.first + b + 1) * width;
        sg_curate_bin want = {0};
        for (uint64_t k = 0; k < N_EVENTS; k++) {
            const sg_cat_event e = made_up(k);
            if (!sg_curate_passes(filter, &e) || !(e.barrier >= low && e.barrier < high)) continue;
            want.events++;
            want.found += e.found;
            want.once += e.found == 1;
            want.centre[centre_of(&e) == 40]++;
        }
        assert_memory_equal(&s.bin[b], &want, sizeof want);
        inside += want.events;
    }
    for (uint64_t k = 0; k < N_EVENTS; k++) {
        const sg_cat_event e = made_up(k);
        if (!sg_curate_passes(filter, &e)) continue;
        events++;
        outside += !(e.barrier >= 0 && e.barrier < 100000 * width);
    }
    assert_int_equal(s.events, events);
    assert_int_equal(s.outside, outside);
    assert_int_equal(inside + outside, events);
    if (s.n > 0) assert_true(s.bin[0].events > 0 && s.bin[s.n - 1].events > 0);
    sg_curate_spectrum_clear(&s);
}

static void test_spectra(void **state)
{
    place *p = *state;
    sg_curate_filter f = sg_curate_any();
    sg_curate_spectrum s;

    check_spectrum(p->cat, NULL, 0.05);
    check_spectrum(p->cat, NULL, 0.1);
    check_spectrum(p->cat, NULL, 0.01);
    check_spectrum(p->cat, NULL, 3.0);
    f.barrier_low = 0.3;
    f.barrier_high = 0.7;
    f.centre = 40;
    check_spectrum(p->cat, &f, 0.05);
    f.barrier_low = f.barrier_high = 77;
    check_spectrum(p->cat, &f, 0.05);
    assert_status(sg_curate_get_spectrum(p->cat, NULL, 0.0, &s), SG_EINVAL);
}

static void test_memory(void **state)
{
    place *p = *state;
    sg_curate_spectrum s;
    sg_status st = SG_ENOMEM;

    for (long k = 0; st != SG_OK; k++) {
        sg_alloc_fail_after(k);
        st = sg_curate_get_spectrum(p->cat, NULL, 0.05, &s);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || (st == SG_ENOMEM && !s.bin));
    }
    sg_curate_spectrum_clear(&s);
}

int main(int argc, char **argv)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {CASE(test_filters), CASE(test_prefixes),         CASE(test_orders),
                                       CASE(test_spectra), CASE(test_limit_among_many), CASE(test_memory)};

    if (argc >= 3 && strcmp(argv[1], "make") == 0) {
        sg_catalog_close(make_catalog(argv[2], argc > 3 ? strtoull(argv[3], NULL, 10) : N_EVENTS));
        return 0;
    }
    return cmocka_run_group_tests_name("curate lists", tests, NULL, NULL);
}
