/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known and what is missing, per topology key; what each sampler brought.
 *
 * Events stand in the catalog by id, variants by key: the counters of the events are collected (24 bytes
 * each), put in order of their keys, and joined with the variants as these pass by. */
#include "slowglass/curate.h"

#include <stdlib.h>
#include <string.h>

typedef struct tally {      /* of one event */
    uint64_t key, searched; /* searched: how often searches came upon it */
    unsigned char centre;
} tally;

typedef struct survey {
    sg_curate_completeness *out;
    tally *event;
    size_t n_events, event_capacity, capacity;
    int out_of_memory;
} survey;

static int is_search(int sampler)
{
    return sampler != SG_SAMPLER_PLACED && sampler != SG_SAMPLER_INHERITED && sampler != SG_SAMPLER_REVERSE;
}

static uint64_t times_searched(const sg_cat_event *e)
{
    uint64_t n = e->found;

    for (int s = 0; s < SG_SAMPLER_COUNT; s++)
        if (!is_search(s)) n -= sg_curate_found_by(e, s);
    return n;
}

static int take_event(void *arg, const void *record)
{
    survey *s = arg;
    const sg_cat_event *e = record;

    if (sg_grow((void **)&s->event, &s->event_capacity, s->n_events + 1, sizeof *s->event))
        return s->out_of_memory = 1;
    s->event[s->n_events++] =
        (tally){e->key, times_searched(e), e->n > 0 ? e->number[sg_curate_centre(e)] : 0};
    return 0;
}

static sg_curate_environment *add_environment(survey *s, uint64_t key)
{
    sg_curate_completeness *c = s->out;

    if (sg_grow((void **)&c->environment, &s->capacity, c->n + 1, sizeof *c->environment)) {
        s->out_of_memory = 1;
        return NULL;
    }
    sg_curate_environment *e = &c->environment[c->n++];
    *e = (sg_curate_environment){.key = key};
    return e;
}

static int take_variant(void *arg, const void *record)
{
    survey *s = arg;
    const sg_cat_variant *v = record;
    sg_curate_completeness *c = s->out;
    sg_curate_environment *e = c->n > 0 ? &c->environment[c->n - 1] : NULL;

    if (!e || e->key != v->key) e = add_environment(s, v->key);
    if (!e) return 1;
    e->variants++;
    e->attempts += v->attempts;
    if (v->n > 0) e->centre = v->number[0];
    return 0;
}

static int by_key(const void *a, const void *b)
{
    const tally *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

static int environments_by_key(const void *a, const void *b)
{
    const sg_curate_environment *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

/* Keys that have events and no variant: behind the others, which are in order. */
static void add_lone_keys(survey *s)
{
    const size_t n = s->out->n;
    size_t k = 0;

    for (size_t q = 0; q < s->n_events && !s->out_of_memory; q++) {
        const uint64_t key = s->event[q].key;
        if (q > 0 && s->event[q - 1].key == key) continue;
        while (k < n && s->out->environment[k].key < key)
            k++;
        if (k == n || s->out->environment[k].key != key) add_environment(s, key);
    }
    if (s->out->n > 1)
        qsort(s->out->environment, s->out->n, sizeof *s->out->environment, environments_by_key);
}

static double chao(uint64_t once, uint64_t twice)
{
    const double f1 = (double)once, f2 = (double)twice;
    return twice > 0 ? f1 * f1 / (2 * f2) : once > 0 ? f1 * (f1 - 1) / 2 : 0;
}

static void count_events(survey *s)
{
    sg_curate_completeness *c = s->out;
    sg_curate_environment *all = &c->all;
    size_t q = 0;

    for (size_t k = 0; k < c->n; k++) {
        sg_curate_environment *e = &c->environment[k];
        for (; q < s->n_events && s->event[q].key == e->key; q++) {
            e->events++;
            e->never += s->event[q].searched == 0;
            e->once += s->event[q].searched == 1;
            e->twice += s->event[q].searched == 2;
            c->found += s->event[q].searched;
            e->centre = s->event[q].centre;
        }
        e->unseen = chao(e->once, e->twice);
        all->attempts += e->attempts;
        all->variants += e->variants;
        all->events += e->events;
        all->never += e->never;
        all->once += e->once;
        all->twice += e->twice;
        all->unseen += e->unseen;
    }
    c->unseen_together = chao(all->once, all->twice);
}

sg_status sg_curate_get_completeness(sg_catalog *cat, const sg_curate_filter *filter,
                                     sg_curate_completeness *out)
{
    survey s = {.out = out};

    memset(out, 0, sizeof *out);
    sg_status st = sg_curate_each(cat, filter, take_event, &s);
    if (st == SG_OK && !s.out_of_memory) st = sg_catalog_each(cat, SG_DB_VARIANTS, take_variant, &s);
    if (st == SG_OK && !s.out_of_memory) {
        if (s.n_events > 1) qsort(s.event, s.n_events, sizeof *s.event, by_key);
        add_lone_keys(&s);
    }
    if (st == SG_OK && s.out_of_memory) st = sg_fail(SG_ENOMEM, "statistics of environments");
    if (st == SG_OK)
        count_events(&s);
    else
        sg_curate_completeness_clear(out);
    sg_free(s.event);
    return st;
}

void sg_curate_completeness_clear(sg_curate_completeness *c)
{
    sg_free(c->environment);
    memset(c, 0, sizeof *c);
}

/* ---- samplers ---- */

static sg_curate_hits *hits_of(sg_curate_yield *y, int sampler)
{
    return sampler >= 0 && sampler < SG_SAMPLER_COUNT ? &y->sampler[sampler] : &y->other;
}

static int yield_of_event(void *arg, const void *record)
{
    sg_curate_yield *y = arg;
    const sg_cat_event *e = record;
    uint64_t rest = e->found;

    hits_of(y, e->sampler)->events++;
    for (int s = 0; s < SG_SAMPLER_COUNT; s++) {
        const uint64_t n = sg_curate_found_by(e, s);
        y->sampler[s].times += n;
        rest -= n;
    }
    y->other.times += rest;
    return 0;
}

static int yield_of_search(void *arg, const void *record)
{
    sg_curate_yield *y = arg;
    const sg_cat_search *r = record;
    sg_curate_hits *h = hits_of(y, r->sampler);

    h->searches++;
    h->found += r->outcome == SG_FOUND;
    h->known += r->outcome == SG_KNOWN;
    for (int k = 0; k < 5; k++)
        h->calls += r->calls[k];
    return 0;
}

static int yield_of_table(void *arg, const void *record)
{
    sg_curate_yield *y = arg;
    const sg_cat_table *t = record;

    y->tables++;
    y->from_catalog += t->from_catalog;
    y->from_inherited += t->from_inherited;
    y->from_search += t->from_search;
    y->from_detour += t->from_detour;
    return 0;
}

sg_status sg_curate_get_yield(sg_catalog *cat, const sg_curate_filter *filter, sg_curate_yield *out)
{
    memset(out, 0, sizeof *out);
    sg_status st = sg_curate_each(cat, filter, yield_of_event, out);
    if (st == SG_OK) st = sg_catalog_each(cat, SG_DB_SEARCHES, yield_of_search, out);
    if (st == SG_OK) st = sg_catalog_each(cat, SG_DB_TABLES, yield_of_table, out);
    return st;
}
