/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pass over events and searches: counts, and the barriers for their median. */
#include "slowglass/curate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct survey {
    sg_curate_info *info;
    double *barrier;
    size_t n, capacity;
    uint64_t n_events, n_searches;
    int out_of_memory;
} survey;

static int visit_event(void *arg, const void *record);
static int visit_search(void *arg, const void *record);
static void summarize_barriers(survey *s);

static int visit_event(void *arg, const void *record)
{
    survey *s = arg;
    const sg_cat_event *event = record;
    sg_curate_info *info = s->info;

    if (sg_grow((void **)&s->barrier, &s->capacity, s->n + 1, sizeof *s->barrier))
        return s->out_of_memory = 1;
    s->n_events++;
    info->found += event->found;
    if (!isnan(event->barrier)) s->barrier[s->n++] = event->barrier;
    if (!(info->gamma_min <= event->gamma)) info->gamma_min = event->gamma;
    if (!(info->gamma_max >= event->gamma)) info->gamma_max = event->gamma;
    return 0;
}

static int visit_search(void *arg, const void *record)
{
    survey *s = arg;
    const sg_cat_search *search = record;

    s->n_searches++;
    if (search->outcome < SG_OUTCOME_COUNT)
        s->info->outcome[search->outcome]++;
    else
        s->info->outcome_unknown++;
    return 0;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void summarize_barriers(survey *s)
{
    if (s->n == 0) return;
    qsort(s->barrier, s->n, sizeof *s->barrier, ascending);
    s->info->barrier_min = s->barrier[0];
    s->info->barrier_max = s->barrier[s->n - 1];
    s->info->barrier_median = 0.5 * (s->barrier[(s->n - 1) / 2] + s->barrier[s->n / 2]);
}

sg_status sg_curate_get_info(sg_catalog *cat, sg_curate_info *out)
{
    survey s = {.info = out};
    sg_status st = SG_OK;

    memset(out, 0, sizeof *out);
    out->barrier_min = out->barrier_median = out->barrier_max = out->gamma_min = out->gamma_max = NAN;
    for (int db = 0; db < SG_DB_COUNT && st == SG_OK; db++)
        st = sg_catalog_count(cat, (sg_catalog_db)db, &out->count[db]);
    if (st == SG_OK) st = sg_catalog_size(cat, &out->bytes);
    if (st == SG_OK) st = sg_catalog_content_hash(cat, &out->content_hash);
    if (st == SG_OK) st = sg_catalog_each(cat, SG_DB_EVENTS, visit_event, &s);
    if (st == SG_OK && s.out_of_memory) st = sg_fail(SG_ENOMEM, "barriers of the catalog");
    if (st == SG_OK) st = sg_catalog_each(cat, SG_DB_SEARCHES, visit_search, &s);
    if (st == SG_OK) {
        /* a writer may have added some between count and visit */
        out->damaged_events =
            out->count[SG_DB_EVENTS] > s.n_events ? out->count[SG_DB_EVENTS] - s.n_events : 0;
        out->damaged_searches =
            out->count[SG_DB_SEARCHES] > s.n_searches ? out->count[SG_DB_SEARCHES] - s.n_searches : 0;
        summarize_barriers(&s);
    }
    sg_free(s.barrier);
    return st;
}
