/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several catalogs become one: what runs have published separately, for others to draw on.
 *
 * Every input is listed once (key, id); then key by key all its records are read and united. Records of one
 * id are one record. Events of different ids that are the same by geometry are united, too: in a fixed order
 * (see `before`) each event joins the first one kept that it is the same as, or is kept. So the order of the
 * inputs does not matter, and merging the result with an input once more changes nothing: an event that
 * joined another one meets it again, and one that was kept meets nothing that it could join. (The result is
 * not always that of merging all at once when it is merged with a third: "the same" is not transitive.)
 *
 * Counters: of one input the counters of records that unite add; of different inputs the larger one stands,
 * run by run. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "curate_internal.h"

enum { COMMIT_EVERY = 10000 /* records */ };

typedef struct entry { /* where a record is */
    uint64_t key, id;
    int input;
} entry;

typedef struct list {
    entry *at;
    size_t n, capacity, next; /* next: the first of the keys to come */
    int input;                /* being read */
    sg_status status;
} list;

typedef struct merger {
    int n;
    sg_catalog **in; /* [n] */
    sg_catalog *out;
    list environments, variants, events;
    size_t n_put;
    const sg_log *log;
    sg_curate_merge_totals *totals;
} merger;

/* ---- listing ---- */

static int add(list *l, uint64_t key, uint64_t id)
{
    if (sg_grow((void **)&l->at, &l->capacity, l->n + 1, sizeof *l->at) != 0) {
        l->status = sg_fail(SG_ENOMEM, "list of %zu records", l->n + 1);
        return 1;
    }
    l->at[l->n++] = (entry){key, id, l->input};
    return 0;
}

static int add_environment(void *arg, const void *record)
{
    const sg_cat_environment *r = record;
    return add(arg, r->key, 0);
}

static int add_variant(void *arg, const void *record)
{
    const sg_cat_variant *r = record;
    return add(arg, r->key, r->id);
}

static int add_event(void *arg, const void *record)
{
    const sg_cat_event *r = record;
    return add(arg, r->key, r->id);
}

static int compare_entries(const void *left, const void *right)
{
    const entry *a = left, *b = right;

    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    if (a->id != b->id) return a->id < b->id ? -1 : 1;
    return (a->input > b->input) - (a->input < b->input);
}

/* Damaged records are reported to the log by the catalog, and counted here. */
static sg_status list_records(merger *m, sg_catalog_db db, list *l, int (*visit)(void *, const void *))
{
    for (int k = 0; k < m->n; k++) {
        const size_t before = l->n;
        uint64_t count = 0;
        l->input = k;
        sg_status st = sg_catalog_count(m->in[k], db, &count); /* a run may be adding more */
        if (st == SG_OK) st = sg_catalog_each(m->in[k], db, visit, l);
        if (st == SG_OK) st = l->status;
        if (st != SG_OK) return st;
        if (count > l->n - before) m->totals->damaged += count - (l->n - before);
    }
    if (l->n > 0) qsort(l->at, l->n, sizeof *l->at, compare_entries);
    m->totals->read[db] = l->n;
    return SG_OK;
}

/* The entries of `key`; the list goes on behind them. */
static const entry *take_key(list *l, uint64_t key, size_t *n)
{
    const entry *const first = l->at + l->next;

    *n = 0;
    while (l->next < l->n && l->at[l->next].key == key) {
        l->next++;
        ++*n;
    }
    return first;
}

static int lowest_key(const list *l, uint64_t *key, int found)
{
    if (l->next >= l->n) return found;
    if (!found || l->at[l->next].key < *key) *key = l->at[l->next].key;
    return 1;
}

/* A record that has been damaged or taken away since it was listed is left out. */
static sg_status absent_is_fine(sg_status st)
{
    return st == SG_ENOTFOUND || st == SG_ECORRUPT ? SG_OK : st;
}

static void count_put(merger *m, sg_catalog_db db)
{
    m->n_put++;
    m->totals->written[db]++;
}

/* ---- environments and variants ---- */

/* One key is one form: two of them are a collision of the hash, which no catalog can hold. */
static sg_status merge_environment(merger *m, uint64_t key, sg_cat_environment *env)
{
    size_t n;
    const entry *e = take_key(&m->environments, key, &n);
    sg_status st = SG_OK;

    for (size_t k = 0; k < n && st == SG_OK; k++) {
        sg_cat_environment r;
        st = sg_catalog_get_environment(m->in[e[k].input], key, &r);
        if (st != SG_OK) {
            st = absent_is_fine(st);
            continue;
        }
        if (!env->form) {
            *env = r;
            continue;
        }
        if (r.form_size != env->form_size || memcmp(r.form, env->form, r.form_size) != 0)
            st = sg_fail(SG_EMISMATCH,
                         "two environments have the topology key %016llx: their catalogs cannot be one",
                         (unsigned long long)key);
        sg_cat_environment_clear(&r);
    }
    if (st == SG_OK && env->form) {
        st = sg_catalog_put_environment(m->out, env);
        count_put(m, SG_DB_ENVIRONMENTS);
    }
    return st;
}

static sg_status merge_variant(merger *m, const entry *e, size_t n)
{
    sg_cat_variant sum = {0}, next;
    sg_status st = SG_OK;
    int there = 0;

    for (size_t k = 0; k < n && st == SG_OK; k++) {
        st = sg_catalog_get_own_variant(m->in[e[k].input], e[k].key, e[k].id, there ? &next : &sum);
        if (st != SG_OK) {
            st = absent_is_fine(st);
            continue;
        }
        if (there) {
            st = sg_cat_variant_unite(&sum, &next);
            if (curate_is_lower(next.gamma, sum.gamma)) sum.gamma = next.gamma;
            sg_cat_variant_clear(&next);
        }
        there = 1;
    }
    if (st == SG_OK && there) {
        st = sg_catalog_put_variant(m->out, &sum);
        count_put(m, SG_DB_VARIANTS);
    }
    if (there) sg_cat_variant_clear(&sum);
    return st;
}

/* Entries of the same id from k on. */
static size_t same_id(const entry *e, size_t k, size_t n)
{
    size_t end = k + 1;
    while (end < n && e[end].id == e[k].id)
        end++;
    return end - k;
}

static sg_status merge_variants(merger *m, uint64_t key)
{
    size_t n;
    const entry *e = take_key(&m->variants, key, &n);
    sg_status st = SG_OK;

    for (size_t k = 0, step; k < n && st == SG_OK; k += step) {
        step = same_id(e, k, n);
        st = merge_variant(m, e + k, step);
    }
    return st;
}

/* ---- events ---- */

static sg_status merge_events(merger *m, uint64_t key, const sg_cat_environment *env)
{
    size_t n, n_items = 0, n_kept = 0, n_united = 0;
    const entry *e = take_key(&m->events, key, &n);
    curate_item *it = n > 0 ? sg_calloc(n, sizeof *it) : NULL;
    sg_status st = it || n == 0 ? SG_OK : sg_fail(SG_ENOMEM, "%zu events of one environment", n);

    for (size_t k = 0; k < n && st == SG_OK; k++) {
        st = sg_catalog_get_own_event(m->in[e[k].input], e[k].id, &it[n_items].event);
        if (st == SG_OK)
            it[n_items++].input = e[k].input;
        else
            st = absent_is_fine(st);
    }
    if (st == SG_OK && n_items > 0)
        st = curate_unite_events(env, it, n_items, m->n, m->log, m->out, &n_kept, &n_united);
    m->totals->written[SG_DB_EVENTS] += n_kept;
    m->totals->united += n_united;
    m->n_put += n_kept;
    for (size_t k = 0; k < n_items; k++)
        sg_cat_event_clear(&it[k].event);
    sg_free(it);
    return st;
}

/* ---- runs ---- */

typedef struct runs {
    sg_cat_run *at;
    size_t n, capacity;
    sg_status status;
} runs;

static int add_run(void *arg, const void *record)
{
    runs *r = arg;

    if (sg_grow((void **)&r->at, &r->capacity, r->n + 1, sizeof *r->at) != 0) {
        r->status = sg_fail(SG_ENOMEM, "list of runs");
        return 1;
    }
    memcpy(&r->at[r->n++], record, sizeof *r->at);
    return 0;
}

/* By id; of one id the one that has used more samplers first, a later copy of the same run. */
static int compare_runs(const void *left, const void *right)
{
    const sg_cat_run *a = left, *b = right;
    int order;

    if (a->id != b->id) return a->id < b->id ? -1 : 1;
    if (a->samplers != b->samplers) return a->samplers > b->samplers ? -1 : 1;
    order = strncmp(a->name, b->name, sizeof a->name);
    return order ? order : strncmp(a->program, b->program, sizeof a->program);
}

static sg_status merge_runs(merger *m)
{
    runs r = {.status = SG_OK};
    sg_status st = SG_OK;

    for (int k = 0; k < m->n && st == SG_OK; k++) {
        st = sg_catalog_each(m->in[k], SG_DB_RUNS, add_run, &r);
        if (st == SG_OK) st = r.status;
    }
    m->totals->read[SG_DB_RUNS] = r.n;
    if (st == SG_OK && r.n > 0) qsort(r.at, r.n, sizeof *r.at, compare_runs);
    for (size_t k = 0; k < r.n && st == SG_OK; k++) {
        if (k > 0 && r.at[k].id == r.at[k - 1].id) continue;
        st = sg_catalog_put_run(m->out, &r.at[k]);
        count_put(m, SG_DB_RUNS);
    }
    sg_free(r.at);
    return st;
}

/* ---- all of it ---- */

static sg_status merge_key(merger *m, uint64_t key)
{
    sg_cat_environment env = {.form = NULL};
    sg_status st = merge_environment(m, key, &env);

    if (st == SG_OK) st = merge_variants(m, key);
    if (st == SG_OK) st = merge_events(m, key, &env);
    sg_cat_environment_clear(&env);
    return st;
}

static sg_status merge_all(merger *m)
{
    uint64_t key = 0;
    /* a run may be adding to an input: its environments are read last, so that none is missing */
    sg_status st = list_records(m, SG_DB_EVENTS, &m->events, add_event);

    if (st == SG_OK) st = list_records(m, SG_DB_VARIANTS, &m->variants, add_variant);
    if (st == SG_OK) st = list_records(m, SG_DB_ENVIRONMENTS, &m->environments, add_environment);
    if (st == SG_OK) st = merge_runs(m);
    while (st == SG_OK && lowest_key(&m->events, &key,
                                     lowest_key(&m->variants, &key, lowest_key(&m->environments, &key, 0)))) {
        st = merge_key(m, key);
        if (st != SG_OK || m->n_put < COMMIT_EVERY) continue;
        m->n_put = 0;
        st = sg_catalog_commit(m->out);
        sg_log_progress(m->log, "merge", (double)m->events.next, (double)m->events.n, NULL);
        if (st == SG_OK && sg_interrupt_requested())
            st = sg_fail(SG_EINTERRUPTED, "interrupted; nothing was written");
    }
    return st;
}

/* The input of the same file, by whatever name: uniting it with itself would change nothing. */
static int is_named_before(int k, const char *const *path)
{
    struct stat one, other;
    char file[4096];

    if (snprintf(file, sizeof file, "%s/data.mdb", path[k]) >= (int)sizeof file || stat(file, &one) != 0)
        return 0;
    for (int j = 0; j < k; j++)
        if (snprintf(file, sizeof file, "%s/data.mdb", path[j]) < (int)sizeof file &&
            stat(file, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino)
            return 1;
    return 0;
}

/* The header of the result: what the inputs share, and nothing that depends on their order. */
static sg_status open_inputs(merger *m, int n, const char *const *path, sg_catalog_header *header)
{
    sg_status st = SG_OK;

    for (int k = 0; k < n && st == SG_OK; k++) {
        if (is_named_before(k, path)) continue;
        st = sg_catalog_open(path[k], 0, m->log, &m->in[m->n]);
        if (st != SG_OK) break;
        const sg_catalog_header *const h = sg_catalog_get_header(m->in[m->n++]);
        if (k == 0) {
            *header = *h;
            continue;
        }
        st = sg_catalog_header_match(header, path[0], h, path[k]);
        if (strcmp(h->potential, header->potential) < 0)
            memcpy(header->potential, h->potential, sizeof header->potential);
    }
    header->format = SG_CATALOG_FORMAT;
    header->seed = 0;
    memset(header->program, 0, sizeof header->program);
    snprintf(header->program, sizeof header->program, "slowglass %s", SLOWGLASS_VERSION);
    return st;
}

sg_status sg_curate_merge(int n, const char *const *input, const char *out, const sg_log *log,
                          sg_curate_merge_totals *totals)
{
    merger m = {.log = log, .totals = totals};
    sg_catalog_header header;
    sg_status st = SG_OK;

    assert(n >= 1);
    memset(totals, 0, sizeof *totals);
    m.in = sg_calloc((size_t)n, sizeof *m.in);
    if (!m.in) return sg_fail(SG_ENOMEM, "%d catalogs", n);
    st = open_inputs(&m, n, input, &header);
    if (st == SG_OK) st = sg_catalog_create_hidden(out, &header, &m.out);
    if (st == SG_OK) sg_catalog_set_log(m.out, log);
    if (st == SG_OK) st = merge_all(&m);
    if (st == SG_OK) st = sg_catalog_commit(m.out);
    if (st == SG_OK) st = sg_catalog_content_hash(m.out, &totals->content_hash);
    if (st == SG_OK) st = sg_catalog_publish(m.out, out);
    if (st == SG_OK)
        sg_catalog_close(m.out);
    else
        sg_catalog_discard(m.out);
    for (int k = 0; k < m.n; k++)
        sg_catalog_close(m.in[k]);
    sg_free(m.in);
    sg_free(m.environments.at);
    sg_free(m.variants.at);
    sg_free(m.events.at);
    return st;
}
