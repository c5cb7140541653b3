/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The catalog when memory runs out at the first, second, .. allocation: SG_ENOMEM, nothing half done, nothing
 * left behind. */
#include "catalog_place.h"

static void test_memory_in_create_and_open(void **state)
{
    place *p = *state;
    const sg_catalog_header header = sample_header();
    sg_catalog *cat = NULL;
    sg_status st = SG_ENOMEM;

    for (long k = 0; st != SG_OK; k++) {
        sg_alloc_fail_after(k);
        st = sg_catalog_create(p->file, &header, &cat);
        sg_alloc_fail_after(-1);
        assert_true(k < 100);
        if (st == SG_OK) break;
        assert_int_equal(st, SG_ENOMEM);
        assert_null(cat);
        assert_int_equal(folder_entries(p->path), 0);
    }
    sg_catalog_close(cat);
    st = SG_ENOMEM;
    for (long k = 0; st != SG_OK; k++) {
        sg_alloc_fail_after(k);
        st = sg_catalog_open(p->file, 1, NULL, &cat);
        sg_alloc_fail_after(-1);
        assert_true(k < 100 && (st == SG_OK || (st == SG_ENOMEM && !cat)));
    }
    sg_catalog_close(cat);
}

static void test_memory_in_base(void **state)
{
    place *p = *state;
    const sg_catalog_header header = sample_header();
    char file[256];
    sg_status st = SG_ENOMEM;
    sg_catalog *cat;

    sg_catalog_close(fresh(p, SG_MAP_START));
    assert_ok(sg_catalog_create(joined(file, p->path, "own"), &header, &cat));
    for (long k = 0; st != SG_OK; k++) {
        sg_alloc_fail_after(k);
        st = sg_catalog_add_base(cat, p->file);
        sg_alloc_fail_after(-1);
        assert_true(k < 100 && (st == SG_OK || st == SG_ENOMEM));
    }
    sg_catalog_close(cat);
}

static void test_memory_in_put_and_find(void **state)
{
    place *p = *state;
    sg_catalog *cat = fresh(p, SG_MAP_START);
    sg_status st;
    sg_cat_event *found;
    int n;

    for (uint64_t id = 0; id < 20; id++) {
        sg_cat_event event = sample_event(&p->rng, id, 1, 40);
        st = SG_ENOMEM;
        for (long k = 0; st != SG_OK; k++) {
            const size_t puts = cat->batch.n, bytes = cat->batch.codec.n;
            sg_alloc_fail_after(k);
            st = sg_catalog_put_event(cat, &event);
            sg_alloc_fail_after(-1);
            assert_true(st == SG_OK || st == SG_ENOMEM);
            if (st != SG_OK)
                assert_true(cat->batch.n == puts && cat->batch.codec.n == bytes); /* all or nothing */
        }
        sg_cat_event_clear(&event);
    }
    assert_ok(sg_catalog_commit(cat));
    st = SG_ENOMEM;
    for (long k = 0; st != SG_OK; k++) {
        sg_alloc_fail_after(k);
        st = sg_catalog_find_events(cat, 1, &found, &n);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || (st == SG_ENOMEM && !found && n == 0));
    }
    assert_int_equal(n, 20);
    for (int k = 0; k < n; k++)
        sg_cat_event_clear(&found[k]);
    sg_free(found);
    sg_catalog_close(cat);
}

/* Counters of a base and of this catalog are united in fresh memory. */
static void test_memory_in_uniting(void **state)
{
    place *p = *state;
    const sg_catalog_header header = sample_header();
    sg_catalog *cat = fresh(p, SG_MAP_START);
    sg_cat_event event = sample_event(&p->rng, 9, 1, 6), got, *found;
    char own[256];
    int n;

    sample_found(&event, 1, 5);
    assert_ok(sg_catalog_put_event(cat, &event));
    assert_ok(sg_catalog_commit(cat));
    sg_catalog_close(cat);
    sample_found(&event, 2, 7);
    assert_ok(sg_catalog_create(joined(own, p->path, "own"), &header, &cat));
    assert_ok(sg_catalog_add_base(cat, p->file));
    assert_ok(sg_catalog_put_event(cat, &event));
    assert_ok(sg_catalog_commit(cat));
    sg_status st = SG_ENOMEM;
    for (long k = 0; st != SG_OK; k++) {
        sg_alloc_fail_after(k);
        st = sg_catalog_get_event(cat, 9, &got);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || (st == SG_ENOMEM && !got.x && !got.origin));
    }
    assert_true(got.found == 12 && got.n_origins == 2);
    sg_cat_event_clear(&got);
    st = SG_ENOMEM;
    for (long k = 0; st != SG_OK; k++) {
        sg_alloc_fail_after(k);
        st = sg_catalog_find_events(cat, 1, &found, &n);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || (st == SG_ENOMEM && !found && n == 0));
    }
    assert_true(n == 1 && found[0].found == 12);
    sg_cat_event_clear(&found[0]);
    sg_free(found);
    sg_cat_event_clear(&event);
    sg_catalog_close(cat);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, place_empty, place_remove)
    const struct CMUnitTest tests[] = {
        CASE(test_memory_in_create_and_open),
        CASE(test_memory_in_base),
        CASE(test_memory_in_put_and_find),
        CASE(test_memory_in_uniting),
    };
    return cmocka_run_group_tests_name("catalog memory", tests, NULL, NULL);
}
