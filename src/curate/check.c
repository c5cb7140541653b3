/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a catalog hold together? Records and file first (the catalog's own look), then what the records say of
 * one another: references, the topology key of each stored form, energies of edges and their states, and
 * events that are the two directions of one passage.
 *
 * All records are read in one snapshot, so that a writer at work changes nothing in between. Ids come out of
 * the catalog in ascending order. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "curate_internal.h"
#include "slowglass/topology.h"

/* eV. Barriers are differences of the same stored sums, some 1e3 eV: a last bit is 1e-13 eV. */
#define BALANCE_TOLERANCE 1e-9
/* Of the virial differences of the two directions of one passage, eV: computed at different minima, each
 * converged to its force tolerance. */
#define PAIR_TOLERANCE 1e-2

typedef struct id_list {
    uint64_t *id;
    double *energy; /* of states; NULL otherwise */
    size_t n, capacity, energy_capacity;
} id_list;

typedef struct end { /* of an edge: what a table needs */
    uint64_t id, from, to;
    double barrier, barrier_back;
} end;

typedef struct passage { /* what the other direction of an event must agree with */
    uint64_t id;
    double barrier, barrier_back, gamma, saddle[6], final[6];
    uint32_t n;
} passage;

typedef struct check {
    sg_catalog *cat;
    curate_teller teller;
    sg_curate_health *out;
    id_list environments, events, states, runs;
    end *edge;
    passage *event;
    size_t n_edges, edge_capacity, n_passages, passage_capacity;
    uint64_t next_step;
    double last_time;
    sg_status status; /* of a visit; ends it */
} check;

/* ---- lists ---- */

static int append(check *k, id_list *l, uint64_t id)
{
    if (sg_grow((void **)&l->id, &l->capacity, l->n + 1, sizeof *l->id))
        return (k->status = sg_fail(SG_ENOMEM, "check of a catalog")) != SG_OK;
    l->id[l->n++] = id;
    return 0;
}

static int64_t place(const id_list *l, uint64_t id)
{
    const uint64_t *at = curate_find(l->id, l->n, sizeof *l->id, id);
    return at ? at - l->id : -1;
}

static const end *edge_of(const check *k, uint64_t id)
{
    return curate_find(k->edge, k->n_edges, sizeof *k->edge, id);
}

/* ---- shareable records ---- */

static int see_environment(void *arg, const void *record)
{
    check *k = arg;
    const sg_cat_environment *r = record;
    sg_environment env;
    const sg_status st = sg_environment_from_form(r->form, r->form_size, &env);

    k->out->n_keys++;
    if (st != SG_OK)
        curate_tell(&k->teller, &k->out->n_wrong_keys, "environment %016" PRIx64 ": its form cannot be read",
                    r->key);
    else if (env.key != r->key)
        curate_tell(&k->teller, &k->out->n_wrong_keys,
                    "environment %016" PRIx64 ": the key of its form is %016" PRIx64, r->key, env.key);
    else if ((uint32_t)env.n != r->n_vertices)
        curate_tell(&k->teller, &k->out->n_wrong_keys,
                    "environment %016" PRIx64 ": %u vertices, its form has %d", r->key, r->n_vertices, env.n);
    return append(k, &k->environments, r->key);
}

/* Own list first, then the bases by `get`. Without bases a run's own part may lack what a base holds. */
static void refer(check *k, const char *what, uint64_t id, const char *to, uint64_t target, int here)
{
    k->out->n_references++;
    if (here) return;
    curate_tell(&k->teller, &k->out->n_broken, "%s %016" PRIx64 ": its %s %016" PRIx64 " is missing", what,
                id, to, target);
}

static void refer_shared(check *k, const char *what, uint64_t id, const char *to, uint64_t target, int here)
{
    if (!here && k->out->has_run && sg_catalog_count_bases(k->cat) == 0)
        k->out->n_elsewhere++;
    else
        refer(k, what, id, to, target, here);
}

static int has_environment(check *k, uint64_t key)
{
    sg_cat_environment r;

    if (place(&k->environments, key) >= 0) return 1;
    const int found = sg_catalog_get_environment(k->cat, key, &r) == SG_OK;
    if (found) sg_cat_environment_clear(&r);
    return found;
}

static int has_event(check *k, uint64_t id)
{
    sg_cat_event r;

    if (place(&k->events, id) >= 0) return 1;
    const int found = sg_catalog_get_event(k->cat, id, &r) == SG_OK;
    if (found) sg_cat_event_clear(&r);
    return found;
}

static int see_variant(void *arg, const void *record)
{
    check *k = arg;
    const sg_cat_variant *r = record;

    refer_shared(k, "variant", r->id, "environment", r->key, has_environment(k, r->key));
    return 0;
}

static int see_event(void *arg, const void *record)
{
    check *k = arg;
    const sg_cat_event *r = record;
    passage p = {
        .id = r->id, .barrier = r->barrier, .barrier_back = r->barrier_back, .gamma = r->gamma, .n = r->n};

    refer_shared(k, "event", r->id, "environment", r->key, has_environment(k, r->key));
    memcpy(p.saddle, r->strain_saddle, sizeof p.saddle);
    memcpy(p.final, r->strain_final, sizeof p.final);
    for (uint32_t o = 0; o < r->n_origins; o++)
        if (r->origin[o].run)
            refer_shared(k, "event", r->id, "run", r->origin[o].run, place(&k->runs, r->origin[o].run) >= 0);
    if (!(r->barrier > 0) || !(r->barrier_back > 0)) {
        curate_tell(&k->teller, &k->out->n_unbalanced,
                    "event %016" PRIx64 ": barriers %g and %g eV, need > 0", r->id, r->barrier,
                    r->barrier_back);
        return append(k, &k->events, r->id); /* no pair: NaN has no order */
    }
    if (sg_grow((void **)&k->event, &k->passage_capacity, k->n_passages + 1, sizeof *k->event))
        return (k->status = sg_fail(SG_ENOMEM, "check of a catalog")) != SG_OK;
    k->event[k->n_passages++] = p;
    return append(k, &k->events, r->id);
}

/* The two directions of one passage were written together: the same two barriers, exchanged, bit for bit. */
static int by_barriers(const void *a, const void *b)
{
    const passage *p = a, *q = b;
    const double lp = fmin(p->barrier, p->barrier_back), lq = fmin(q->barrier, q->barrier_back);
    const double hp = fmax(p->barrier, p->barrier_back), hq = fmax(q->barrier, q->barrier_back);

    if (lp != lq) return lp < lq ? -1 : 1;
    if (hp != hq) return hp < hq ? -1 : 1;
    return p->id < q->id ? -1 : p->id > q->id;
}

static void compare_pair(check *k, const passage *there, const passage *back)
{
    k->out->n_pairs++;
    for (int a = 0; a < 6; a++) {
        const double final = there->final[a] + back->final[a];
        const double saddle = there->saddle[a] - there->final[a] - back->saddle[a];
        if (fabs(final) <= PAIR_TOLERANCE && fabs(saddle) <= PAIR_TOLERANCE) continue;
        curate_tell(&k->teller, &k->out->n_unbalanced,
                    "events %016" PRIx64 " and %016" PRIx64
                    ", there and back: strain derivatives differ by %.2g and %.2g eV",
                    there->id, back->id, final, saddle);
        return;
    }
}

static void pair_events(check *k)
{
    if (k->n_passages == 0) return;
    qsort(k->event, k->n_passages, sizeof *k->event, by_barriers);
    for (size_t i = 0; i + 1 < k->n_passages; i++) {
        const passage *p = &k->event[i], *q = p + 1;
        if (p->barrier != q->barrier_back || p->barrier_back != q->barrier || p->gamma != q->gamma ||
            p->barrier == p->barrier_back)
            continue; /* of a symmetric one nobody knows which two belong together */
        compare_pair(k, p, q);
        i++;
    }
}

/* ---- a run's own part ---- */

static int see_state(void *arg, const void *record)
{
    check *k = arg;
    const sg_cat_state *r = record;
    id_list *l = &k->states;

    if (sg_grow((void **)&l->energy, &l->energy_capacity, l->n + 1, sizeof *l->energy))
        return (k->status = sg_fail(SG_ENOMEM, "check of a catalog")) != SG_OK;
    l->energy[l->n] = r->energy;
    return append(k, l, r->id);
}

static void balance(check *k, const sg_cat_edge *r, uint64_t state, double barrier)
{
    const int64_t at = place(&k->states, state);

    if (at < 0) return;
    const double difference = r->e_saddle - k->states.energy[at] - barrier;
    if (!(fabs(difference) <= BALANCE_TOLERANCE))
        curate_tell(&k->teller, &k->out->n_unbalanced,
                    "edge %016" PRIx64 ": its barrier from state %" PRIu64
                    " is %.9g eV, saddle minus state is %.9g eV",
                    r->id, state, barrier, barrier + difference);
}

static int see_edge(void *arg, const void *record)
{
    check *k = arg;
    const sg_cat_edge *r = record;

    k->out->n_edges++;
    refer(k, "edge", r->id, "state", r->from, place(&k->states, r->from) >= 0);
    refer(k, "edge", r->id, "state", r->to, place(&k->states, r->to) >= 0);
    if (r->event) refer_shared(k, "edge", r->id, "event", r->event, has_event(k, r->event));
    balance(k, r, r->from, r->barrier);
    balance(k, r, r->to, r->barrier_back);
    if (sg_grow((void **)&k->edge, &k->edge_capacity, k->n_edges + 1, sizeof *k->edge))
        return (k->status = sg_fail(SG_ENOMEM, "check of a catalog")) != SG_OK;
    k->edge[k->n_edges++] = (end){r->id, r->from, r->to, r->barrier, r->barrier_back};
    return 0;
}

/* An entry that is not inherited leaves from its state by its edge's barrier. */
static void see_entry(check *k, uint64_t state, const sg_cat_entry *entry)
{
    const end *e = edge_of(k, entry->edge);

    refer(k, "table", state, "edge", entry->edge, e != NULL);
    if (!e || entry->kept) return;
    const uint64_t from = entry->reverse ? e->to : e->from;
    const double barrier = entry->reverse ? e->barrier_back : e->barrier;
    if (from != state)
        curate_tell(&k->teller, &k->out->n_broken,
                    "table %016" PRIx64 ": its edge %016" PRIx64 " leaves from state %" PRIu64, state, e->id,
                    from);
    else if (!(fabs(barrier - entry->barrier) <= BALANCE_TOLERANCE))
        curate_tell(&k->teller, &k->out->n_unbalanced,
                    "table %016" PRIx64 ": barrier %.9g eV, its edge %016" PRIx64 " has %.9g eV", state,
                    entry->barrier, e->id, barrier);
}

static int see_table(void *arg, const void *record)
{
    check *k = arg;
    const sg_cat_table *r = record;

    refer(k, "table", r->state, "state", r->state, place(&k->states, r->state) >= 0);
    for (uint32_t j = 0; j < r->n_entries; j++)
        see_entry(k, r->state, &r->entry[j]);
    return 0;
}

static int see_search(void *arg, const void *record)
{
    check *k = arg;
    const sg_cat_search *r = record;

    if (!k->out->has_run) return 0; /* of a session of searches, which keeps neither states nor edges */
    refer(k, "search", r->id, "state", r->state, place(&k->states, r->state) >= 0);
    if (r->edge) refer(k, "search", r->id, "edge", r->edge, edge_of(k, r->edge) != NULL);
    return 0;
}

static int see_step(void *arg, const void *record)
{
    check *k = arg;
    const sg_cat_step *r = record;

    if (r->step != k->next_step)
        curate_tell(&k->teller, &k->out->n_broken, "step %" PRIu64 ": expected step %" PRIu64, r->step,
                    k->next_step);
    if (!(r->time >= k->last_time))
        curate_tell(&k->teller, &k->out->n_broken, "step %" PRIu64 ": time %g s before %g s", r->step,
                    r->time, k->last_time);
    refer(k, "step", r->step, "state", r->state, place(&k->states, r->state) >= 0);
    if (r->edge) refer(k, "step", r->step, "edge", r->edge, edge_of(k, r->edge) != NULL);
    k->next_step = r->step + 1;
    k->last_time = r->time;
    return 0;
}

static int see_run(void *arg, const void *record)
{
    check *k = arg;
    return append(k, &k->runs, ((const sg_cat_run *)record)->id);
}

/* ---- all of it ---- */

static sg_status read_records(check *k)
{
    static const struct {
        sg_catalog_db db;
        int (*see)(void *arg, const void *record);
    } order[] = {{SG_DB_RUNS, see_run},         {SG_DB_ENVIRONMENTS, see_environment},
                 {SG_DB_VARIANTS, see_variant}, {SG_DB_EVENTS, see_event},
                 {SG_DB_STATES, see_state},     {SG_DB_EDGES, see_edge},
                 {SG_DB_TABLES, see_table},     {SG_DB_SEARCHES, see_search},
                 {SG_DB_STEPS, see_step}};
    uint64_t n_states = 0;
    sg_status st = sg_catalog_count(k->cat, SG_DB_STATES, &n_states);

    k->out->has_run = n_states > 0;
    for (size_t j = 0; j < sizeof order / sizeof order[0] && st == SG_OK; j++) {
        st = sg_catalog_each(k->cat, order[j].db, order[j].see, k);
        if (st == SG_OK) st = k->status;
    }
    if (st == SG_OK) pair_events(k);
    return st;
}

static void clear_list(id_list *l)
{
    sg_free(l->id);
    sg_free(l->energy);
}

sg_status sg_curate_check(sg_catalog *cat, void (*tell)(void *arg, const char *text), void *arg,
                          sg_curate_health *out)
{
    check k = {.cat = cat, .teller = {tell, arg}, .out = out, .last_time = -INFINITY};

    *out = (sg_curate_health){0};
    sg_status st = sg_catalog_verify(cat, tell, arg, &out->file);
    if (st != SG_OK) return st;
    st = sg_catalog_hold(cat);
    if (st != SG_OK) return st;
    st = read_records(&k);
    sg_catalog_release(cat);
    clear_list(&k.environments);
    clear_list(&k.events);
    clear_list(&k.states);
    clear_list(&k.runs);
    sg_free(k.edge);
    sg_free(k.event);
    return st;
}
