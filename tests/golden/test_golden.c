/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Catalogs made by earlier versions open, and every number in them is what it was. The texts beside the
 * reference catalogs were written by catalog/reference/dump.py, which knows FORMAT.md and nothing of this
 * library. Here the library reads the catalogs and writes the same texts. */
#include "catalog_text.h"

#include "../catalog/catalog_internal.h"
#include "slowglass/curate.h"

/* ---- against the text ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines, in the order of the alphabet: the order of the records is shown elsewhere. */
static int split(char *all, char **line, int max)
{
    int n = 0;

    for (char *c = strtok_r(all, "\n", &all); c; c = strtok_r(NULL, "\n", &all)) {
        assert_true(n < max);
        line[n++] = c;
    }
    qsort(line, (size_t)n, sizeof *line, by_text);
    return n;
}

static char *read_text(const char *path)
{
    size_t size = 0, n = 0;
    char *all = NULL;
    FILE *in = fopen(path, "r"), *out = open_memstream(&all, &size);

    assert_non_null(in);
    for (int c; (c = fgetc(in)) != EOF; n++)
        fputc(c, out);
    fclose(in);
    fclose(out);
    assert_true(n > 1000);
    return all;
}

static void copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");

    assert_true(in && out);
    for (int c; (c = fgetc(in)) != EOF;)
        fputc(c, out);
    fclose(in);
    fclose(out);
}

/* Opening leaves a lock file, so a copy is opened. */
static void copy_reference(const char *catalog, char folder[64])
{
    char file[256], from[256];

    folder_make(folder);
    snprintf(from, sizeof from, "%s/catalog/reference/%s/data.mdb", SG_SOURCE_DIR, catalog);
    copy_file(from, joined(file, folder, "data.mdb"));
}

static void check_reference(const char *catalog, uint32_t format)
{
    enum { MAX_LINES = 1000 };
    char folder[64], path[256], *expected[MAX_LINES], *got[MAX_LINES], *written = NULL;
    size_t size = 0;
    dump d = {NULL, NULL, NULL};

    snprintf(path, sizeof path, "%s/catalog/reference/%s.txt", SG_SOURCE_DIR, catalog);
    char *all = read_text(path);
    const int n = split(all, expected, MAX_LINES);
    copy_reference(catalog, folder);
    assert_ok(sg_catalog_open(folder, 0, NULL, &d.cat));
    d.header = sg_catalog_get_header(d.cat);
    assert_int_equal(d.header->format, format);
    d.out = open_memstream(&written, &size);
    put_all(&d, expected, n);
    fclose(d.out);
    assert_int_equal(split(written, got, MAX_LINES), n);
    for (int k = 0; k < n; k++)
        assert_string_equal(got[k], expected[k]);
    sg_catalog_close(d.cat);
    folder_remove(folder);
    free(written);
    free(all);
}

static void test_format_1(void **state)
{
    (void)state;
    check_reference("format-1", 1);
}

static void test_format_2(void **state)
{
    (void)state;
    check_reference("format-2", 2);
}

/* Several runs in one record. */
static void test_format_2_merged(void **state)
{
    (void)state;
    check_reference("format-2-merged", 2);
}

static int count_prefactors(void *arg, const void *record)
{
    const sg_cat_edge *r = record;
    *(int *)arg += r->nu_status == 1 && r->n_free == 2 && r->prefactor > 1e11 && r->prefactor_back > 1e11;
    return 0;
}

/* Edges of version 2, with harmonic prefactors. */
static void test_format_2_harmonic(void **state)
{
    char folder[64];
    sg_catalog *cat;
    int n = 0;

    (void)state;
    check_reference("format-2-harmonic", 2);
    copy_reference("format-2-harmonic", folder);
    assert_ok(sg_catalog_open(folder, 0, NULL, &cat));
    assert_ok(sg_catalog_each(cat, SG_DB_EDGES, count_prefactors, &n));
    assert_true(n >= 5);
    sg_catalog_close(cat);
    folder_remove(folder);
}

/* ---- ids, as FORMAT.md says they are made ---- */

static int check_event_id(void *arg, const void *record)
{
    const sg_cat_event *r = record;
    const void *const part[] = {r->number, r->x, r->d_saddle, r->d_final};
    unsigned char key[8];
    uint64_t h;

    sg_store_le64(key, r->key);
    h = sg_hash(key, 8, 0);
    for (int k = 0; k < 4; k++) /* in the file floats are little-endian, as in the memory of this machine */
        h = sg_hash(part[k], r->n * (k == 0 ? 1u : sizeof *r->x), h);
    assert_true(h == r->id);
    ++*(int *)arg;
    return 0;
}

static int check_variant_id(void *arg, const void *record)
{
    const sg_cat_variant *r = record;

    assert_true(sg_hash(r->x, r->n * sizeof *r->x, sg_hash(r->number, r->n, r->key)) == r->id);
    ++*(int *)arg;
    return 0;
}

static int check_key(void *arg, const void *record)
{
    const sg_cat_environment *r = record;

    assert_true(sg_hash(r->form, r->form_size, 0) == r->key);
    ++*(int *)arg;
    return 0;
}

static void test_ids(void **state)
{
    static const char *const catalogs[] = {"format-1", "format-2", "format-2-merged", "format-2-harmonic"};
    char folder[64];
    sg_catalog *cat;

    (void)state;
    for (int k = 0; k < 4; k++) {
        int n = 0;
        copy_reference(catalogs[k], folder);
        assert_ok(sg_catalog_open(folder, 0, NULL, &cat));
        assert_ok(sg_catalog_each(cat, SG_DB_EVENTS, check_event_id, &n));
        assert_ok(sg_catalog_each(cat, SG_DB_VARIANTS, check_variant_id, &n));
        assert_ok(sg_catalog_each(cat, SG_DB_ENVIRONMENTS, check_key, &n));
        assert_true(n > 50);
        sg_catalog_close(cat);
        folder_remove(folder);
    }
}

/* ---- what format 1 did not record ---- */

static int check_old_event(void *arg, const void *record)
{
    const sg_cat_event *r = record;
    const uint64_t *run = arg;
    uint32_t sum = 0;

    assert_true(isnan(r->residual) && isnan(r->prefactor_back));
    for (uint32_t k = 0; k < r->n; k++)
        assert_true(r->mode[k][0] == 0 && r->mode[k][1] == 0 && r->mode[k][2] == 0);
    assert_int_equal(r->n_origins, 1);
    assert_true(r->origin[0].run == *run && r->origin[0].found == r->found);
    assert_int_equal(r->origin[0].by_sampler[r->sampler], 1);
    for (int s = 0; s < SG_CAT_SAMPLERS; s++)
        sum += r->origin[0].by_sampler[s];
    assert_int_equal(sum, r->found);
    return 0;
}

static int check_old_variant(void *arg, const void *record)
{
    const sg_cat_variant *r = record;
    const uint64_t *run = arg;

    assert_true(r->n_origins == 1 && r->origin[0].run == *run && r->origin[0].attempts == r->attempts);
    return 0;
}

static int take_run(void *arg, const void *record)
{
    sg_cat_run *out = arg;

    assert_int_equal(out->id, 0); /* there is one */
    *out = *(const sg_cat_run *)record;
    return 0;
}

static void test_format_1_is_filled_in(void **state)
{
    char folder[64];
    sg_cat_run run = {.id = 0}, same;
    sg_catalog *cat;
    uint64_t n;

    (void)state;
    copy_reference("format-1", folder);
    assert_ok(sg_catalog_open(folder, 0, NULL, &cat));
    assert_ok(sg_catalog_count(cat, SG_DB_RUNS, &n));
    assert_int_equal(n, 1);
    assert_ok(sg_catalog_each(cat, SG_DB_RUNS, take_run, &run));
    assert_true(run.id != 0 && run.seed == 1 && isnan(run.gamma));
    assert_string_equal(run.program, "slowglass 0.1.0");
    assert_ok(sg_catalog_get_run(cat, run.id, &same));
    assert_memory_equal(&run, &same, sizeof run);
    assert_status(sg_catalog_get_run(cat, run.id + 1, &same), SG_ENOTFOUND);
    assert_ok(sg_catalog_each(cat, SG_DB_EVENTS, check_old_event, &run.id));
    assert_ok(sg_catalog_each(cat, SG_DB_VARIANTS, check_old_variant, &run.id));
    sg_catalog_close(cat);
    folder_remove(folder);
}

/* Never written: a program of then would take the new records for damage. */
static void test_format_1_is_not_written(void **state)
{
    char folder[64];
    sg_catalog *cat;

    (void)state;
    copy_reference("format-1", folder);
    assert_status(sg_catalog_open(folder, 1, NULL, &cat), SG_EMISMATCH);
    assert_text("format 1");
    assert_text("slowglass catalog merge");
    assert_null(cat);
    assert_ok(sg_catalog_open(folder, 0, NULL, &cat));
    assert_status(sg_catalog_put_step(cat, &(sg_cat_step){.step = 0}), SG_EINVAL);
    sg_catalog_close(cat);
    folder_remove(folder);
}

/* ---- as a base ---- */

static int take_event(void *arg, const void *record)
{
    uint64_t *id = arg;
    *id = ((const sg_cat_event *)record)->id;
    return 1; /* the first will do */
}

static void test_format_1_is_a_base(void **state)
{
    char old[64], folder[64], own[256];
    sg_cat_event before, after;
    sg_catalog *cat;
    uint64_t id = 0;

    (void)state;
    copy_reference("format-1", old);
    folder_make(folder);
    assert_ok(sg_catalog_open(old, 0, NULL, &cat));
    sg_catalog_header header = *sg_catalog_get_header(cat);
    assert_ok(sg_catalog_each(cat, SG_DB_EVENTS, take_event, &id));
    assert_ok(sg_catalog_get_event(cat, id, &before));
    sg_catalog_close(cat);

    header.format = SG_CATALOG_FORMAT;
    assert_ok(sg_catalog_create(joined(own, folder, "own"), &header, &cat));
    assert_ok(sg_catalog_add_base(cat, old));
    assert_ok(sg_catalog_get_event(cat, id, &after));
    same_event(&before, &after);
    sg_cat_event_keep_run(&after, 42);
    assert_ok(sg_cat_event_count(&after, 42, 4));
    assert_ok(sg_catalog_put_event(cat, &after)); /* a record of our own, in the new format */
    assert_ok(sg_catalog_commit(cat));
    sg_cat_event_clear(&after);
    assert_ok(sg_catalog_get_event(cat, id, &after));
    assert_int_equal(after.n_origins, 2);
    assert_int_equal(after.found, before.found + 1);
    sg_cat_event_clear(&after);
    sg_cat_event_clear(&before);
    sg_catalog_close(cat);
    folder_remove(folder);
    folder_remove(old);
}

/* ---- brought up to date ---- */

typedef struct upgrade {
    sg_catalog *old;
    uint64_t n;
} upgrade;

static int check_new_environment(void *arg, const void *record)
{
    const sg_cat_environment *r = record;
    upgrade *u = arg;
    sg_cat_environment old;

    assert_ok(sg_catalog_get_environment(u->old, r->key, &old));
    same_environment(&old, r);
    sg_cat_environment_clear(&old);
    u->n++;
    return 0;
}

static int check_new_variant(void *arg, const void *record)
{
    const sg_cat_variant *r = record;
    upgrade *u = arg;
    sg_cat_variant old;

    assert_ok(sg_catalog_get_own_variant(u->old, r->key, r->id, &old));
    same_variant(&old, r);
    sg_cat_variant_clear(&old);
    u->n++;
    return 0;
}

static int check_new_event(void *arg, const void *record)
{
    const sg_cat_event *r = record;
    upgrade *u = arg;
    sg_cat_event old;

    assert_ok(sg_catalog_get_event(u->old, r->id, &old));
    same_event(&old, r);
    sg_cat_event_clear(&old);
    u->n++;
    return 0;
}

/* What a catalog of format 1 shares comes out in format 2, number for number. */
static void test_upgrade(void **state)
{
    static int (*const check[])(void *, const void *) = {
        [SG_DB_ENVIRONMENTS] = check_new_environment,
        [SG_DB_VARIANTS] = check_new_variant,
        [SG_DB_EVENTS] = check_new_event,
    };
    char old[64], folder[64], fresh[256];
    const char *input[1] = {old};
    sg_curate_merge_totals totals;
    sg_cat_run run = {.id = 0};
    upgrade u;
    sg_catalog *cat;

    (void)state;
    copy_reference("format-1", old);
    folder_make(folder);
    assert_ok(sg_curate_merge(1, input, joined(fresh, folder, "new"), NULL, &totals));
    assert_ok(sg_catalog_open(old, 0, NULL, &u.old));
    assert_ok(sg_catalog_open(fresh, 1, NULL, &cat)); /* now it can be written to */
    assert_int_equal(sg_catalog_get_header(cat)->format, 2);
    assert_ok(
        sg_catalog_header_match(sg_catalog_get_header(u.old), "old", sg_catalog_get_header(cat), "new"));
    for (int db = 0; db < 3; db++) {
        uint64_t n;
        u.n = 0;
        assert_ok(sg_catalog_each(cat, (sg_catalog_db)db, check[db], &u));
        assert_ok(sg_catalog_count(u.old, (sg_catalog_db)db, &n));
        assert_true(n > 0 && u.n == n);
    }
    assert_ok(sg_catalog_each(cat, SG_DB_RUNS, take_run, &run));
    assert_string_equal(run.name, "catalog of format 1");
    sg_catalog_close(cat);
    sg_catalog_close(u.old);
    folder_remove(folder);
    folder_remove(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_1),
        cmocka_unit_test(test_format_2),
        cmocka_unit_test(test_format_2_merged),
        cmocka_unit_test(test_format_2_harmonic),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_format_1_is_filled_in),
        cmocka_unit_test(test_format_1_is_not_written),
        cmocka_unit_test(test_format_1_is_a_base),
        cmocka_unit_test(test_upgrade),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
