/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a catalog holds, read by the library and written as catalog/reference/dump.py writes it: one line per
 * record, its fields in the order of the file. */
#ifndef SLOWGLASS_TESTS_CATALOG_TEXT_H
#define SLOWGLASS_TESTS_CATALOG_TEXT_H

#include "catalog_samples.h"

#include <inttypes.h>

typedef struct dump {
    sg_catalog *cat;
    const sg_catalog_header *header;
    FILE *out;
} dump;

/* ---- fields ---- */

static inline void whole(dump *d, uint64_t v)
{
    fprintf(d->out, " %" PRIu64, v);
}

static inline void wholes(dump *d, const uint32_t *v, size_t n)
{
    for (size_t k = 0; k < n; k++)
        whole(d, v[k]);
}

static inline void longs(dump *d, const uint64_t *v, size_t n)
{
    for (size_t k = 0; k < n; k++)
        whole(d, v[k]);
}

static inline void bytes(dump *d, const unsigned char *v, size_t n)
{
    for (size_t k = 0; k < n; k++)
        whole(d, v[k]);
}

static inline void number(dump *d, double v)
{
    if (isnan(v))
        fputs(" nan", d->out); /* whatever its sign */
    else
        fprintf(d->out, " %.17g", v);
}

static inline void numbers(dump *d, const double *v, size_t n)
{
    for (size_t k = 0; k < n; k++)
        number(d, v[k]);
}

static inline void vectors(dump *d, float (*v)[3], size_t n)
{
    for (size_t k = 0; k < 3 * n; k++)
        fprintf(d->out, " %.9g", (double)v[k / 3][k % 3]);
}

static inline void text(dump *d, const char *v)
{
    fputc(' ', d->out);
    for (const char *c = v; *c; c++)
        fputc(*c == ' ' ? '_' : *c, d->out);
    if (!*v) fputc('-', d->out);
}

static inline void name(dump *d, const char *v)
{
    fputs(v, d->out);
}

static inline int end(dump *d)
{
    fputc('\n', d->out);
    return 0;
}

/* ---- records, in the order of the file ---- */

static inline void put_header(dump *d)
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
static inline void put_meta(dump *d, const char *line)
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

static inline int put_environment(void *arg, const void *record)
{
    const sg_cat_environment *r = record;
    dump *d = arg;
    name(d, "environments");
    whole(d, r->key), whole(d, r->n_vertices), whole(d, r->form_size), bytes(d, r->form, r->form_size);
    return end(d);
}

static inline int put_variant(void *arg, const void *record)
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

static inline void put_event_counts(dump *d, const sg_cat_event *r)
{
    for (uint32_t k = 0; k < r->n_origins; k++) {
        const sg_cat_origin *o = &r->origin[k];
        whole(d, o->run), whole(d, o->found), whole(d, o->first_sampler);
        wholes(d, o->by_sampler, SG_CAT_SAMPLERS);
    }
}

static inline int put_event(void *arg, const void *record)
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
static inline int put_index(void *arg, const void *record)
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

static inline int put_state(void *arg, const void *record)
{
    const sg_cat_state *r = record;
    dump *d = arg;
    name(d, "states");
    whole(d, r->id), whole(d, r->n), whole(d, r->flags), number(d, r->energy), number(d, r->f_max);
    number(d, r->gamma), numbers(d, r->virial, 6), numbers(d, r->x[0], 3 * (size_t)r->n);
    return end(d);
}

static inline int put_edge(void *arg, const void *record)
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
    if (r->nu_status || r->event_back) { /* not in version 1 */
        whole(d, r->nu_status), whole(d, r->n_free), number(d, r->prefactor), number(d, r->prefactor_back);
        whole(d, r->event_back);
    }
    return end(d);
}

static inline int put_table(void *arg, const void *record)
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
    if (r->from_detour > 0) whole(d, r->from_detour); /* not in version 1 */
    return end(d);
}

static inline int put_search(void *arg, const void *record)
{
    const sg_cat_search *r = record;
    dump *d = arg;
    name(d, "searches");
    whole(d, r->id), whole(d, r->state), whole(d, r->edge), whole(d, r->atom), whole(d, r->attempt);
    whole(d, r->sampler), whole(d, r->outcome), wholes(d, r->calls, 5), number(d, r->barrier);
    return end(d);
}

static inline int put_step(void *arg, const void *record)
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

static inline int put_run(void *arg, const void *record)
{
    const sg_cat_run *r = record;
    dump *d = arg;
    name(d, "runs");
    whole(d, r->id), whole(d, r->seed), number(d, r->gamma), number(d, r->temperature), whole(d, r->samplers);
    text(d, r->program), text(d, r->name);
    return end(d);
}

static inline void put_all(dump *d, char **expected, int n)
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

#endif
