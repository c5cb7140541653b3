/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Catalogs made by earlier versions open, and every number in them is what it was. The texts beside the
 * reference catalogs were written by catalog/reference/dump.py, which knows FORMAT.md and nothing of this
 * library. Here the library reads the catalogs and writes the same texts. */
#include "catalog_samples.h"

#include <inttypes.h>

typedef struct dump {
    sg_catalog *cat;
    const sg_catalog_header *header;
    FILE *out;
} dump;

/* ---- fields ---- */

static void whole(dump *d, uint64_t v)
{
    fprintf(d->out, " %" PRIu64, v);
}

static void wholes(dump *d, const uint32_t *v, size_t n)
{
    for (size_t k = 0; k < n; k++)
        whole(d, v[k]);
}

static void longs(dump *d, const uint64_t *v, size_t n)
{
    for (size_t k = 0; k < n; k++)
        whole(d, v[k]);
}

static void bytes(dump *d, const unsigned char *v, size_t n)
{
    for (size_t k = 0; k < n; k++)
        whole(d, v[k]);
}

static void number(dump *d, double v)
{
    if (isnan(v))
        fputs(" nan", d->out); /* whatever its sign */
    else
        fprintf(d->out, " %.17g", v);
}

static void numbers(dump *d, const double *v, size_t n)
{
    for (size_t k = 0; k < n; k++)
        number(d, v[k]);
}

static void vectors(dump *d, float (*v)[3], size_t n)
{
    for (size_t k = 0; k < 3 * n; k++)
        fprintf(d->out, " %.9g", (double)v[k / 3][k % 3]);
}

static void text(dump *d, const char *v)
{
    fputc(' ', d->out);
    for (const char *c = v; *c; c++)
        fputc(*c == ' ' ? '_' : *c, d->out);
    if (!*v) fputc('-', d->out);
}

static void name(dump *d, const char *v)
{
    fputs(v, d->out);
}

static int end(dump *d)
{
    fputc('\n', d->out);
    return 0;
}

/* ---- records, in the order of the file ---- */

static void put_header(dump *d)
{
    const sg_catalog_header *h = d->header;

    name(d, "header");
    whole(d, h->format), whole(d, h->key_version), whole(d, h->fingerprint), text(d, h->potential);
    whole(d, (uint64_t)h->n_species);
    for (int k = 0; k < h->n_species; k++)
        whole(d, (uint64_t)h->number[k]);
    for (int k = 0; k < h->n_species; k++)
        numbers(d, h->cutoff[k], (size_t)h->n_species);
    number(d, h->variant_radius), whole(d, h->seed), text(d, h->program);
    if (h->format > 1) text(d, "eV Angstrom s GPa");
    end(d);
}

/* There is no walk through the meta records: their names are taken from the text. */
static void put_meta(dump *d, const char *line)
{
    char key[256] = "";
    const char *last = strrchr(line, ' '); /* a name may hold spaces */
    void *value;
    size_t n;

    if (strncmp(line, "meta ", 5) != 0 || !last || last - line > 255) return;
    memcpy(key, line + 5, (size_t)(last - line) - 5);
    assert_ok(sg_catalog_get_meta(d->cat, key, &value, &n));
    fprintf(d->out, "meta %s ", key);
    for (size_t k = 0; k < n; k++)
        fprintf(d->out, "%02x", ((const unsigned char *)value)[k]);
    if (n == 0) fputc('-', d->out);
    end(d);
    sg_free(value);
}

static int put_environment(void *arg, const void *record)
{
    const sg_cat_environment *r = record;
    dump *d = arg;
    name(d, "environments");
    whole(d, r->key), whole(d, r->n_vertices), whole(d, r->form_size), bytes(d, r->form, r->form_size);
    return end(d);
}

static int put_variant(void *arg, const void *record)
{
    const sg_cat_variant *r = record;
    dump *d = arg;
    name(d, "variants");
    whole(d, r->key), whole(d, r->id), whole(d, r->n_shell), whole(d, r->n);
    whole(d, d->header->format == 1 ? r->attempts : r->n_origins), number(d, r->gamma);
    bytes(d, r->number, r->n), vectors(d, r->x, r->n);
    for (uint32_t k = 0; d->header->format > 1 && k < r->n_origins; k++)
        whole(d, r->origin[k].run), whole(d, r->origin[k].attempts);
    return end(d);
}

static void put_event_counts(dump *d, const sg_cat_event *r)
{
    for (uint32_t k = 0; k < r->n_origins; k++) {
        const sg_cat_origin *o = &r->origin[k];
        whole(d, o->run), whole(d, o->found), whole(d, o->first_sampler);
        wholes(d, o->by_sampler, SG_CAT_SAMPLERS);
    }
}

static int put_event(void *arg, const void *record)
{
    const sg_cat_event *r = record;
    dump *d = arg;
    const int old = d->header->format == 1;

    name(d, "events");
    whole(d, r->id), whole(d, r->key), whole(d, r->n_shell), whole(d, r->n);
    if (!old) whole(d, r->n_origins);
    number(d, r->barrier), number(d, r->barrier_back), number(d, r->prefactor);
    if (!old) number(d, r->prefactor_back);
    numbers(d, r->strain_saddle, 6), numbers(d, r->strain_final, 6);
    number(d, r->participation), number(d, r->dist_saddle), number(d, r->dist_final);
    number(d, r->saddle_force), number(d, r->curvature);
    if (!old) number(d, r->residual);
    number(d, r->gamma);
    if (old) whole(d, d->header->seed), whole(d, r->found), whole(d, r->sampler);
    bytes(d, r->number, r->n);
    vectors(d, r->x, r->n), vectors(d, r->d_saddle, r->n), vectors(d, r->d_final, r->n);
    if (!old) vectors(d, r->mode, r->n), put_event_counts(d, r);
    return end(d);
}

/* The index, as look-ups by environment see it. */
static int put_index(void *arg, const void *record)
{
    const sg_cat_environment *r = record;
    dump *d = arg;
    sg_cat_event *event;
    int n;

    assert_ok(sg_catalog_find_events(d->cat, r->key, &event, &n));
    for (int k = 0; k < n; k++) {
        name(d, "environment_events");
        whole(d, event[k].key), whole(d, event[k].id), end(d);
        sg_cat_event_clear(&event[k]);
    }
    sg_free(event);
    return 0;
}

static int put_state(void *arg, const void *record)
{
    const sg_cat_state *r = record;
    dump *d = arg;
    name(d, "states");
    whole(d, r->id), whole(d, r->n), whole(d, r->flags), number(d, r->energy), number(d, r->f_max);
    number(d, r->gamma), numbers(d, r->virial, 6), numbers(d, r->x[0], 3 * (size_t)r->n);
    return end(d);
}

static int put_edge(void *arg, const void *record)
{
    const sg_cat_edge *r = record;
    dump *d = arg;
    name(d, "edges");
    whole(d, r->id), whole(d, r->from), whole(d, r->to), whole(d, r->event), number(d, r->e_saddle);
    number(d, r->barrier), number(d, r->barrier_back), whole(d, r->centre), whole(d, r->centre_back);
    whole(d, r->n), numbers(d, r->strain_saddle, 6), numbers(d, r->strain_final, 6);
    number(d, r->participation), number(d, r->dist_saddle), number(d, r->dist_final);
    number(d, r->saddle_force), number(d, r->curvature), number(d, r->curvature2), whole(d, r->found);
    whole(d, r->sampler), whole(d, r->source), vectors(d, r->d_saddle, r->n);
    return end(d);
}

static int put_table(void *arg, const void *record)
{
    const sg_cat_table *r = record;
    dump *d = arg;
    name(d, "tables");
    whole(d, r->state), whole(d, r->n_entries), whole(d, r->n_atoms), whole(d, r->n_searches);
    wholes(d, r->f1, 64), wholes(d, r->f2, 64), number(d, r->rate_missing);
    whole(d, r->from_catalog), whole(d, r->from_inherited), whole(d, r->from_search);
    for (uint32_t k = 0; k < r->n_entries; k++) {
        const sg_cat_entry *e = &r->entry[k];
        whole(d, e->edge), whole(d, e->reverse), whole(d, e->kept), number(d, e->barrier),
            number(d, e->error);
    }
    longs(d, r->key, r->n_atoms), longs(d, r->variant, r->n_atoms), wholes(d, r->origin, r->n_atoms);
    return end(d);
}

static int put_search(void *arg, const void *record)
{
    const sg_cat_search *r = record;
    dump *d = arg;
    name(d, "searches");
    whole(d, r->id), whole(d, r->state), whole(d, r->edge), whole(d, r->atom), whole(d, r->attempt);
    whole(d, r->sampler), whole(d, r->outcome), wholes(d, r->calls, 5), number(d, r->barrier);
    return end(d);
}

static int put_step(void *arg, const void *record)
{
    const sg_cat_step *r = record;
    dump *d = arg;
    name(d, "steps");
    whole(d, r->step), whole(d, r->state), whole(d, r->edge), whole(d, r->n_states), whole(d, r->n_edges);
    whole(d, r->n_searches), number(d, r->time), number(d, r->compensation), number(d, r->energy);
    number(d, r->tau), whole(d, r->centre), whole(d, r->reverse), whole(d, r->is_basin),
        number(d, r->barrier);
    number(d, r->dt), number(d, r->rate_total), number(d, r->rate_missing), whole(d, r->basin_size);
    number(d, r->n_hops);
    return end(d);
}

static int put_run(void *arg, const void *record)
{
    const sg_cat_run *r = record;
    dump *d = arg;
    name(d, "runs");
    whole(d, r->id), whole(d, r->seed), number(d, r->gamma), number(d, r->temperature), whole(d, r->samplers);
    text(d, r->program), text(d, r->name);
    return end(d);
}

static void put_all(dump *d, char **expected, int n)
{
    static int (*const put[SG_DB_COUNT])(void *, const void *) = {[SG_DB_ENVIRONMENTS] = put_environment,
                                                                  [SG_DB_VARIANTS] = put_variant,
                                                                  [SG_DB_EVENTS] = put_event,
                                                                  [SG_DB_STATES] = put_state,
                                                                  [SG_DB_EDGES] = put_edge,
                                                                  [SG_DB_TABLES] = put_table,
                                                                  [SG_DB_SEARCHES] = put_search,
                                                                  [SG_DB_STEPS] = put_step,
                                                                  [SG_DB_RUNS] = put_run};

    put_header(d);
    for (int k = 0; k < n; k++)
        put_meta(d, expected[k]);
    for (int db = 0; db < SG_DB_COUNT; db++) {
        if (db == SG_DB_RUNS && d->header->format == 1) continue; /* the library's own, not in the file */
        assert_ok(sg_catalog_each(d->cat, (sg_catalog_db)db, put[db], d));
        if (db == SG_DB_EVENTS) assert_ok(sg_catalog_each(d->cat, SG_DB_ENVIRONMENTS, put_index, d));
    }
}

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
static void copy_reference(int format, char folder[64])
{
    char file[256], from[256];

    folder_make(folder);
    snprintf(from, sizeof from, "%s/catalog/reference/format-%d/data.mdb", SG_SOURCE_DIR, format);
    copy_file(from, joined(file, folder, "data.mdb"));
}

static void check_reference(int format)
{
    enum { MAX_LINES = 1000 };
    char folder[64], path[256], *expected[MAX_LINES], *got[MAX_LINES], *written = NULL;
    size_t size = 0;
    dump d = {NULL, NULL, NULL};

    snprintf(path, sizeof path, "%s/catalog/reference/format-%d.txt", SG_SOURCE_DIR, format);
    char *all = read_text(path);
    const int n = split(all, expected, MAX_LINES);
    copy_reference(format, folder);
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
    check_reference(1);
}

static void test_format_2(void **state)
{
    (void)state;
    check_reference(2);
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
    copy_reference(1, folder);
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
    copy_reference(1, folder);
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
    copy_reference(1, old);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_1),
        cmocka_unit_test(test_format_2),
        cmocka_unit_test(test_format_1_is_filled_in),
        cmocka_unit_test(test_format_1_is_not_written),
        cmocka_unit_test(test_format_1_is_a_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
