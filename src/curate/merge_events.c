/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events of one topology key, of several catalogs, become those of one: which records stay, who joins
 * whom, and what becomes of the counters. The rule, and what follows from it, stands in merge.c. */
#include "curate_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "slowglass/event.h"

enum { MAX_AUTOMORPHISMS = 64 };

typedef struct shell { /* of the key in hand; automorphisms are asked for when two events may be the same */
    const sg_cat_environment *record; /* its form is NULL: no catalog has it */
    const sg_log *log;
    int n_perm;
    int perm[MAX_AUTOMORPHISMS][SG_TOPOLOGY_MAX_VERTICES];
} shell;

int curate_is_lower(double a, double b)
{
    return a < b || (isnan(b) && !isnan(a));
}

/* ---- which of two records of an event is the better one ---- */

static int compare_numbers(double a, double b)
{
    return curate_is_lower(a, b) ? -1 : curate_is_lower(b, a);
}

/* All that two records of one id may differ in. */
static int compare_contents(const sg_cat_event *a, const sg_cat_event *b)
{
    const double left[] = {a->barrier,     a->barrier_back, a->prefactor, a->prefactor_back, a->participation,
                           a->dist_saddle, a->dist_final,   a->curvature, a->residual,       a->gamma};
    const double right[] = {b->barrier,       b->barrier_back, b->prefactor,  b->prefactor_back,
                            b->participation, b->dist_saddle,  b->dist_final, b->curvature,
                            b->residual,      b->gamma};
    int order = memcmp(left, right, sizeof left);

    if (!order) order = memcmp(a->strain_saddle, b->strain_saddle, sizeof a->strain_saddle);
    if (!order) order = memcmp(a->strain_final, b->strain_final, sizeof a->strain_final);
    if (!order) order = (a->n > b->n) - (a->n < b->n);
    if (!order) order = memcmp(a->mode, b->mode, a->n * sizeof *a->mode);
    return order;
}

/* The order in which events are kept: those that know more first, then the better converged saddle. It
 * depends on nothing but the records, counters left out. */
static int before(const sg_cat_event *a, const sg_cat_event *b)
{
    int order = (isnan(a->prefactor) != 0) - (isnan(b->prefactor) != 0);

    if (!order) order = sg_cat_event_has_mode(b) - sg_cat_event_has_mode(a);
    if (!order) order = compare_numbers(a->saddle_force, b->saddle_force);
    if (!order && a->id != b->id) order = a->id < b->id ? -1 : 1;
    return order ? order : compare_contents(a, b);
}

static int compare_items(const void *left, const void *right)
{
    const curate_item *const *a = left, *const *b = right;
    return before(&(*a)->event, &(*b)->event);
}

/* ---- events ---- */

/* Without a form that this version can read only the stored order of the shell is tried. */
static sg_status find_automorphisms(shell *s)
{
    sg_environment env;

    if (s->n_perm > 0) return SG_OK;
    s->n_perm = 1;
    for (int k = 0; k < SG_TOPOLOGY_MAX_VERTICES; k++)
        s->perm[0][k] = k;
    if (!s->record->form) return SG_OK;
    if (sg_environment_from_form(s->record->form, s->record->form_size, &env) == SG_OK)
        return sg_topology_automorphisms(&env, MAX_AUTOMORPHISMS, s->perm, &s->n_perm);
    sg_log_line(s->log, SG_LOG_WARNING, "environment %016llx: %s; symmetric copies of its events stay apart",
                (unsigned long long)s->record->key, sg_error_text());
    return SG_OK;
}

/* Records of the same id stand side by side; the first item of each id is told its group, the others follow.
 * `kept` gets the items whose records stay. */
static sg_status group_events(shell *s, curate_item **kind, size_t n_kinds, curate_item **kept,
                              size_t *n_kept)
{
    sg_status st = SG_OK;

    qsort(kind, n_kinds, sizeof *kind, compare_items);
    *n_kept = 0;
    for (size_t k = 0; k < n_kinds && st == SG_OK; k++) {
        const sg_cat_event *const e = &kind[k]->event;
        size_t g = 0;
        int same = 0;
        for (; g < *n_kept && st == SG_OK && !same; g += !same) {
            const sg_cat_event *const r = &kept[g]->event;
            if (!sg_event_may_be_same(r, e->key, e->barrier)) continue;
            st = find_automorphisms(s);
            if (st == SG_OK)
                st = sg_event_same_records(r, e, s->n_perm, (const int(*)[SG_TOPOLOGY_MAX_VERTICES])s->perm,
                                           &same);
        }
        kind[k]->group = (int)g;
        if (!same) kept[(*n_kept)++] = kind[k];
    }
    return st;
}

/* The record of a group with the counters of all its items. */
static sg_status put_group(const curate_item *record, const curate_item *it, size_t n, int n_inputs,
                           sg_catalog *out)
{
    sg_cat_event sum = record->event, part = {0};
    sg_status st = SG_OK;

    sum.origin = NULL;
    sum.n_origins = 0;
    for (int input = 0; input < n_inputs && st == SG_OK; input++) {
        part.n_origins = 0;
        for (size_t k = 0; k < n && st == SG_OK; k++)
            if (it[k].input == input && it[k].group == record->group)
                st = sg_cat_event_add(&part, &it[k].event);
        if (st == SG_OK) st = sg_cat_event_unite(&sum, &part);
    }
    if (st == SG_OK) st = sg_catalog_put_event(out, &sum);
    sg_free(sum.origin);
    sg_free(part.origin);
    return st;
}

/* The best record of each id. */
static size_t find_kinds(curate_item *it, size_t n, curate_item **kind)
{
    size_t n_kinds = 0;

    for (size_t k = 0; k < n; k++) {
        if (k == 0 || it[k].event.id != it[k - 1].event.id)
            kind[n_kinds++] = &it[k];
        else if (before(&it[k].event, &kind[n_kinds - 1]->event) < 0)
            kind[n_kinds - 1] = &it[k];
    }
    return n_kinds;
}

sg_status curate_unite_events(const sg_cat_environment *env, curate_item *it, size_t n, int n_inputs,
                              const sg_log *log, sg_catalog *out, size_t *n_kept, size_t *n_united)
{
    curate_item **kind = sg_calloc(n, sizeof *kind), **kept = sg_calloc(n, sizeof *kept);
    shell *s = sg_calloc(1, sizeof *s);
    sg_status st = kind && kept && s ? SG_OK : sg_fail(SG_ENOMEM, "%zu events of one environment", n);

    *n_kept = *n_united = 0;
    if (st != SG_OK) goto done;
    s->record = env;
    s->log = log;
    const size_t n_kinds = find_kinds(it, n, kind);
    if ((st = group_events(s, kind, n_kinds, kept, n_kept)) != SG_OK) goto done;
    *n_united = n_kinds - *n_kept;
    for (size_t q = 0; q < n_kinds; q++)
        for (size_t k = 0; k < n; k++)
            if (it[k].event.id == kind[q]->event.id) it[k].group = kind[q]->group;
    for (size_t g = 0; g < *n_kept && st == SG_OK; g++)
        st = put_group(kept[g], it, n, n_inputs, out);
done:
    sg_free(kind);
    sg_free(kept);
    sg_free(s);
    return st;
}
