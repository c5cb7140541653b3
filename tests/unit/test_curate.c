/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking into catalogs, against a catalog made by hand. "test_curate make FOLDER" leaves that catalog for
 * the test of the program. */
#include "catalog_samples.h"

#include "slowglass/curate.h"
#include "slowglass/io.h"

enum { N_EVENTS = 5 };
static const double barriers[N_EVENTS] = {0.9, 0.2, 0.5, 0.2, 0.7};
static const uint64_t ids[N_EVENTS] = {0xa000000000000001u, 0xb000000000000002u, 0xabcdef0000000003u,
                                       0x0000000000000004u, 0xb000000000000005u};
static const uint64_t keys[N_EVENTS] = {9, 7, 7, 1, 3};

/* Three atoms Cu Zr Cu in a row, 2.5 Å apart, the second one the centre; the third is outside the shell. */
static void put_event(sg_catalog *cat, int k)
{
    unsigned char number[3] = {29, 40, 29};
    float x[3][3] = {{-2.5f, 0, 0}, {0, 0, 0}, {2.5f, 0, 0}};
    float saddle[3][3] = {{0, 0, 0}, {0, 0.5f, 0}, {0, 0, 0.25f}},
          final[3][3] = {{0, 0, 0}, {0, 1, 0}, {0, 0, 0.5f}};
    const uint32_t found = 10u + (uint32_t)k;
    sg_cat_origin origin = {.run = 77,
                            .found = found,
                            .first_sampler = SG_SAMPLER_LOCAL,
                            .by_sampler = {[SG_SAMPLER_LOCAL] = found}};
    const sg_cat_event event = {.id = ids[k],
                                .key = keys[k],
                                .n_shell = 2,
                                .n = 3,
                                .number = number,
                                .x = x,
                                .d_saddle = saddle,
                                .d_final = final,
                                .barrier = barriers[k],
                                .barrier_back = 0.1,
                                .prefactor = NAN,
                                .participation = 1.5,
                                .gamma = 0.01 * k,
                                .mode = final,
                                .prefactor_back = NAN,
                                .residual = 0.05,
                                .n_origins = 1,
                                .origin = &origin};

    assert_ok(sg_catalog_put_event(cat, &event));
}

static sg_catalog *make_catalog(const char *path)
{
    static const uint8_t outcomes[] = {SG_FOUND, SG_FOUND, SG_LOST, SG_REFINE_FAILED, 200};
    const sg_catalog_header header = sample_header();
    sg_catalog *cat;

    assert_ok(sg_catalog_create(path, &header, &cat));
    for (int k = 0; k < N_EVENTS; k++)
        put_event(cat, k);
    for (uint64_t k = 0; k < sizeof outcomes; k++)
        assert_ok(
            sg_catalog_put_search(cat, &(sg_cat_search){.id = k, .outcome = outcomes[k], .barrier = NAN}));
    assert_ok(sg_catalog_put_step(cat, &(sg_cat_step){.step = 0}));
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
    p->cat = make_catalog(joined(p->file, p->path, "cat"));
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

static void test_info(void **state)
{
    place *p = *state;
    sg_curate_info info;
    uint64_t hash;

    assert_ok(sg_curate_get_info(p->cat, &info));
    assert_int_equal(info.count[SG_DB_EVENTS], 5);
    assert_int_equal(info.count[SG_DB_SEARCHES], 5);
    assert_int_equal(info.count[SG_DB_STEPS], 1);
    assert_int_equal(info.count[SG_DB_STATES], 0);
    assert_int_equal(info.outcome[SG_FOUND], 2);
    assert_int_equal(info.outcome[SG_LOST], 1);
    assert_int_equal(info.outcome[SG_REFINE_FAILED], 1);
    assert_int_equal(info.outcome[SG_KNOWN], 0);
    assert_int_equal(info.outcome_unknown, 1);
    assert_int_equal(info.found, 10 + 11 + 12 + 13 + 14);
    assert_true(info.barrier_min == 0.2 && info.barrier_median == 0.5 && info.barrier_max == 0.9);
    assert_true(info.gamma_min == 0.0 && info.gamma_max == 0.04);
    assert_int_equal(info.damaged_events + info.damaged_searches, 0);
    assert_ok(sg_catalog_content_hash(p->cat, &hash));
    assert_int_equal(info.content_hash, hash);
    assert_true(info.bytes >= 4096 && info.bytes < 1 << 20);
}

static void test_info_of_even_and_of_none(void **state)
{
    place *p = *state;
    const sg_catalog_header header = sample_header();
    char file[256];
    sg_catalog *cat;
    sg_curate_info info;

    assert_ok(sg_catalog_create(joined(file, p->path, "few"), &header, &cat));
    assert_ok(sg_curate_get_info(cat, &info));
    assert_true(isnan(info.barrier_min) && isnan(info.barrier_median) && isnan(info.gamma_max));
    put_event(cat, 0);
    put_event(cat, 1);
    assert_ok(sg_catalog_commit(cat));
    assert_ok(sg_curate_get_info(cat, &info));
    assert_true(fabs(info.barrier_median - 0.55) < 1e-15);
    sg_catalog_close(cat);
}

static void check_order(sg_catalog *cat, sg_curate_order order, const int expected[N_EVENTS])
{
    sg_curate_row *row;
    size_t n;

    assert_ok(sg_curate_list(cat, NULL, order, 0, 0, &row, &n, NULL));
    assert_int_equal(n, N_EVENTS);
    for (int k = 0; k < N_EVENTS; k++) {
        const int e = expected[k];
        assert_int_equal(row[k].id, ids[e]);
        assert_int_equal(row[k].key, keys[e]);
        assert_true(row[k].barrier == barriers[e] && row[k].energy == barriers[e] - 0.1);
        assert_int_equal(row[k].centre, 40);
        assert_int_equal(row[k].found, 10 + e);
    }
    sg_free(row);
}

static void test_list(void **state)
{
    place *p = *state;

    check_order(p->cat, SG_CURATE_BY_BARRIER, (const int[]){3, 1, 2, 4, 0});
    check_order(p->cat, SG_CURATE_BY_KEY, (const int[]){3, 4, 2, 1, 0});
}

static void test_find_by_digits(void **state)
{
    place *p = *state;
    uint64_t id;

    assert_ok(sg_curate_find_event(p->cat, "a0", &id));
    assert_int_equal(id, ids[0]);
    assert_ok(sg_curate_find_event(p->cat, "0xABCD", &id));
    assert_int_equal(id, ids[2]);
    assert_ok(sg_curate_find_event(p->cat, "0", &id));
    assert_int_equal(id, ids[3]);
    assert_ok(sg_curate_find_event(p->cat, "b000000000000005", &id));
    assert_int_equal(id, ids[4]);
    assert_status(sg_curate_find_event(p->cat, "b0", &id), SG_EINVAL);
    assert_text("b000000000000002, b000000000000005");
    assert_status(sg_curate_find_event(p->cat, "c", &id), SG_ENOTFOUND);
    assert_status(sg_curate_find_event(p->cat, "", &id), SG_EINVAL);
    assert_status(sg_curate_find_event(p->cat, "0x", &id), SG_EINVAL);
    assert_status(sg_curate_find_event(p->cat, "xyz", &id), SG_EINVAL);
    assert_status(sg_curate_find_event(p->cat, "00000000000000004", &id), SG_EINVAL);
}

static void test_frames(void **state)
{
    place *p = *state;
    sg_cat_event event;
    sg_system *frame[3];

    assert_ok(sg_catalog_get_event(p->cat, ids[0], &event));
    assert_ok(sg_curate_event_frames(sg_catalog_get_header(p->cat), &event, frame));
    for (int which = 0; which < 3; which++) {
        const sg_system *s = frame[which];
        assert_ok(sg_system_validate(s));
        assert_int_equal(s->n, 3);
        assert_string_equal(s->species.symbol[s->type[1]], "Zr");
        assert_string_equal(s->species.symbol[s->type[2]], "Cu");
        /* distances from the first atom, which does not move: 2.5 Å and 5 Å along x, and the displacements */
        const double y = which * 0.5, z = which * 0.25;
        assert_true(fabs(s->x[1][0] - s->x[0][0] - 2.5) < 1e-12 && fabs(s->x[1][1] - s->x[0][1] - y) < 1e-12);
        assert_true(fabs(s->x[2][0] - s->x[0][0] - 5.0) < 1e-12 && fabs(s->x[2][2] - s->x[0][2] - z) < 1e-12);
        for (int k = 0; k < 3; k++)
            for (int a = 0; a < 3; a++)
                assert_true(s->x[k][a] >= 1.9 && s->x[k][a] <= s->cell.h[a][a] - 1.9);
        assert_int_equal(s->cell.periodic[0] | s->cell.periodic[1] | s->cell.periodic[2], 0);
    }
    for (int which = 0; which < 3; which++)
        sg_system_free(frame[which]);
    event.number[2] = 13;
    assert_status(sg_curate_event_frames(sg_catalog_get_header(p->cat), &event, frame), SG_ECORRUPT);
    assert_text("13");
    assert_null(frame[0]);
    event.number[2] = 29;
    event.d_final[1][1] = NAN;
    assert_status(sg_curate_event_frames(sg_catalog_get_header(p->cat), &event, frame), SG_ECORRUPT);
    sg_cat_event_clear(&event);
}

static void test_memory(void **state)
{
    place *p = *state;
    sg_curate_info info;
    sg_curate_row *row = NULL;
    size_t n;
    sg_cat_event event;
    sg_system *frame[3];
    sg_status st = SG_ENOMEM;

    for (long k = 0; st != SG_OK; k++) {
        sg_alloc_fail_after(k);
        st = sg_curate_get_info(p->cat, &info);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || st == SG_ENOMEM);
    }
    st = SG_ENOMEM;
    for (long k = 0; st != SG_OK; k++) {
        sg_alloc_fail_after(k);
        st = sg_curate_list(p->cat, NULL, SG_CURATE_BY_KEY, 0, 0, &row, &n, NULL);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || (st == SG_ENOMEM && !row && n == 0));
    }
    sg_free(row);
    assert_ok(sg_catalog_get_event(p->cat, ids[0], &event));
    st = SG_ENOMEM;
    for (long k = 0; st != SG_OK; k++) {
        sg_alloc_fail_after(k);
        st = sg_curate_event_frames(sg_catalog_get_header(p->cat), &event, frame);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || (st == SG_ENOMEM && !frame[0] && !frame[1] && !frame[2]));
    }
    for (int which = 0; which < 3; which++)
        sg_system_free(frame[which]);
    sg_cat_event_clear(&event);
}

int main(int argc, char **argv)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {CASE(test_info),   CASE(test_info_of_even_and_of_none),
                                       CASE(test_list),   CASE(test_find_by_digits),
                                       CASE(test_frames), CASE(test_memory)};

    if (argc == 3 && strcmp(argv[1], "make") == 0) {
        sg_catalog_close(make_catalog(argv[2]));
        return 0;
    }
    return cmocka_run_group_tests_name("curate", tests, NULL, NULL);
}
