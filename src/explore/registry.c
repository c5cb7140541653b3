/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States, edges and tables of a run, in memory and in the catalog.
 *
 * Invariants: state[id].id == id, edge[id - 1].id == id. An edge stands in the table of each of its ends that
 * has one. Numbers that feed later computations are stored exactly, so a loaded registry equals the one that
 * was saved. */
#include "explore_internal.h"

#include <math.h>
#include <string.h>

static const double same_saddle_energy = 1e-4;          /* eV  } two findings are the same event */
static const double same_saddle_distance = 0.1;         /* Å   } */
static const likeness predicted_here = {KEPT, 0.1, -1}; /* kept events have moved < 0.05 Å */

int table_is_complete(const sg_explorer *ex, uint64_t state)
{
    return state < ex->n_states && (ex->state[state].flags & SG_CAT_STATE_TABLE) != 0 && has_table(ex, state);
}

static sg_status grow_states(sg_explorer *ex)
{
    if (sg_grow((void **)&ex->state, &ex->cap_states, ex->n_states + 1, sizeof *ex->state) != 0 ||
        sg_grow((void **)&ex->table, &ex->cap_tables, ex->n_states + 1, sizeof *ex->table) != 0)
        return sg_fail(SG_ENOMEM, "%zu states", ex->n_states + 1);
    return near_grow(ex);
}

static sg_status grow_edges(sg_explorer *ex)
{
    if (sg_grow((void **)&ex->edge, &ex->cap_edges, ex->n_edges + 1, sizeof *ex->edge) != 0)
        return sg_fail(SG_ENOMEM, "%zu edges", ex->n_edges + 1);
    return near_grow(ex);
}

/* A free cluster turns a little with each event: all its states are kept in the orientation of the first one,
 * so that displacements recorded in one can be laid on another. */
static void turn_to_first(const sg_explorer *ex, double (*x)[3])
{
    positions first = x_of(ex, 0);

    if (sg_system_zero_modes(ex->frame) <= 3) return;
    sg_system_displacement(ex->frame, first, (positions)x, x, NULL);
    for (int i = 0; i < ex->frame->n; i++)
        for (int a = 0; a < 3; a++)
            x[i][a] += first[i][a];
}

sg_status registry_state(sg_explorer *ex, positions x, double energy, double f_max, const double virial[6],
                         uint64_t *id, int *is_new)
{
    const size_t n = (size_t)ex->frame->n;

    *is_new = 0;
    sg_status st = whereabouts_find(ex, energy, x, id);
    if (st != SG_OK || *id < ex->n_states) return st;
    st = grow_states(ex);
    if (st != SG_OK) return st;
    sg_cat_state *s = &ex->state[ex->n_states];
    memset(s, 0, sizeof *s);
    s->x = sg_calloc(n, sizeof *s->x);
    if (!s->x) return sg_fail(SG_ENOMEM, "state of %zu atoms", n);
    memcpy(s->x, x, n * sizeof *s->x);
    if (ex->n_states > 0) turn_to_first(ex, s->x);
    s->id = *id = ex->n_states;
    s->n = (uint32_t)n;
    s->energy = energy;
    s->f_max = f_max;
    s->gamma = ex->frame->cell.gamma;
    memcpy(s->virial, virial, sizeof s->virial);
    ex->table[ex->n_states++] = NULL;
    near_new_state(ex, *id);
    *is_new = 1;
    return put_state(ex, *id);
}

static void table_free(sg_cat_table *t)
{
    if (!t) return;
    sg_cat_table_clear(t);
    sg_free(t);
}

sg_status registry_new_table(sg_explorer *ex, uint64_t state, sg_cat_table **out)
{
    const size_t n = (size_t)ex->frame->n;
    sg_cat_table *t = sg_calloc(1, sizeof *t);

    *out = NULL;
    if (!t) return sg_fail(SG_ENOMEM, "rate table");
    t->state = state;
    t->n_atoms = (uint32_t)n;
    t->key = sg_calloc(n, sizeof *t->key);
    t->variant = sg_calloc(n, sizeof *t->variant);
    t->origin = sg_calloc(n, sizeof *t->origin);
    if (!t->key || !t->variant || !t->origin) {
        table_free(t);
        return sg_fail(SG_ENOMEM, "rate table of %zu atoms", n);
    }
    near_new_table(ex, state, t);
    *out = t;
    return SG_OK;
}

void entry_saddle(const sg_explorer *ex, uint64_t state, const sg_cat_entry *entry, double (*x)[3])
{
    const edge_here e = edge_to_frame(ex, entry->edge);
    sg_event_saddle(ex->frame, &e.edge, entry->reverse, e.from, e.to, x_of(ex, state), x);
}

int is_same_saddle(const sg_system *sys, double e_a, positions a, double e_b, positions b)
{
    return fabs(e_a - e_b) < same_saddle_energy &&
           sg_system_displacement(sys, a, b, NULL, NULL) < same_saddle_distance;
}

int find_converged(const sg_explorer *ex, uint64_t state, double e_saddle, positions x_saddle,
                   double (*scratch)[3])
{
    const sg_cat_table *t = table_at(ex, state);

    for (uint32_t k = 0; t && k < t->n_entries; k++) {
        const sg_cat_entry *entry = &t->entry[k];
        const double e = ex->edge[entry->edge - 1].e_saddle;
        if (entry->kept || fabs(e - e_saddle) >= same_saddle_energy) continue;
        entry_saddle(ex, state, entry, scratch);
        if (is_same_saddle(ex->frame, e, (positions)scratch, e_saddle, x_saddle)) return (int)k;
    }
    return -1;
}

int in_window(const sg_explorer *ex, double barrier)
{
    return !(ex->opt.barrier_max > 0) || barrier <= ex->opt.barrier_max;
}

sg_status add_entry(sg_cat_table *t, sg_cat_entry entry)
{
    sg_cat_entry *grown = sg_realloc(t->entry, (size_t)t->n_entries + 1, sizeof *grown);
    if (!grown) return sg_fail(SG_ENOMEM, "rate table");
    t->entry = grown;
    t->entry[t->n_entries++] = entry;
    return SG_OK;
}

void remove_entry(sg_cat_table *t, uint32_t k)
{
    memmove(t->entry + k, t->entry + k + 1, (size_t)(t->n_entries - k - 1) * sizeof *t->entry);
    t->n_entries--;
}

void prefactors_of(const sg_cat_edge *e, int reverse, double *nu, double *nu_back)
{
    *nu = reverse ? e->prefactor_back : e->prefactor;
    *nu_back = reverse ? e->prefactor : e->prefactor_back;
}

int find_alike(sg_explorer *ex, uint64_t state, const likeness *like, double barrier, positions x_saddle)
{
    const sg_cat_table *t = table_at(ex, state);

    for (uint32_t k = 0; k < t->n_entries; k++) {
        const sg_cat_entry *entry = &t->entry[k];
        if (fabs(entry->barrier - barrier) > like->energy ||
            !(like->kinds & (entry->kept ? KEPT : CONVERGED)))
            continue;
        if (like->centre >= 0 && ex->edge[entry->edge - 1].centre != (uint32_t)like->centre) continue;
        entry_saddle(ex, state, entry, ex->scratch);
        if (sg_system_displacement(ex->frame, (positions)ex->scratch, x_saddle, NULL, NULL) < alike_distance)
            return (int)k;
    }
    return -1;
}

static sg_status link_end(sg_explorer *ex, uint64_t edge_id, int reverse)
{
    const sg_cat_edge *e = &ex->edge[edge_id - 1];
    const uint64_t state = reverse ? e->to : e->from;
    sg_cat_table *t = table_at(ex, state);
    sg_status st = SG_OK;

    if (!t || (reverse && e->from == e->to)) return SG_OK; /* a self loop is one entry */
    double(*x)[3] = sg_calloc(t->n_atoms, sizeof *x);
    if (!x) return sg_fail(SG_ENOMEM, "rate table");
    const sg_cat_entry entry = {edge_id, (uint8_t)reverse, 0, reverse ? e->barrier_back : e->barrier, 0};
    entry_saddle(ex, state, &entry, x);
    const int same = find_converged(ex, state, e->e_saddle, (positions)x, ex->scratch);
    const int old = find_alike(ex, state, &predicted_here, entry.barrier, (positions)x);
    if (same >= 0) { /* the other end's table knew this event by another edge */
        if (old >= 0) remove_entry(t, (uint32_t)old);
    } else if (old >= 0) {
        t->entry[old] = entry;
    } else {
        st = add_entry(t, entry);
    }
    sg_free(x);
    return st == SG_OK ? put_table(ex, state) : st;
}

sg_status link_edge(sg_explorer *ex, uint64_t edge_id)
{
    const sg_status st = link_end(ex, edge_id, 0);
    return st == SG_OK ? link_end(ex, edge_id, 1) : st;
}

/* Is this saddle known as one between `to` and a third state? Where two minima lie close to one another, with
 * next to no barrier between them, what is found from either may end in either. The saddle stays with the two
 * states between which it was found first: in the table of one of its ends alone it would let the walk
 * circulate. */
static int belongs_elsewhere(const sg_explorer *ex, uint64_t from, uint64_t to, const sg_passage *p)
{
    if (table_is_complete(ex, to))
        return find_converged(ex, to, p->e_saddle, (positions)p->x_saddle, ex->scratch) >= 0;
    for (size_t k = 0; k < ex->n_edges; k++) {
        const sg_cat_edge *e = &ex->edge[k];
        if (fabs(e->e_saddle - p->e_saddle) >= same_saddle_energy || (e->from != to && e->to != to)) continue;
        if (e->from == from || e->to == from) continue;
        entry_saddle(ex, to, &(sg_cat_entry){.edge = e->id, .reverse = e->from != to}, ex->scratch);
        if (sg_system_displacement(ex->frame, (positions)ex->scratch, (positions)p->x_saddle, NULL, NULL) <
            same_saddle_distance)
            return 1;
    }
    return 0;
}

sg_status accept_passage(sg_explorer *ex, uint64_t from, const sg_passage *p, sg_sampler sampler,
                         sg_source source, uint64_t event, uint32_t found, int generic, uint64_t *edge_id,
                         int *same_entry)
{
    uint64_t to;
    int is_new;
    sg_cat_edge edge;

    *edge_id = 0;
    *same_entry = find_converged(ex, from, p->e_saddle, (positions)p->x_saddle, ex->scratch);
    if (*same_entry >= 0) return SG_OK;
    sg_status st =
        registry_state(ex, (positions)p->x_final, p->e_final, p->f_final, p->virial_final, &to, &is_new);
    if (st != SG_OK) return st;
    if (!is_new && to != from && belongs_elsewhere(ex, from, to, p)) return SG_OK;
    if ((st = grow_edges(ex)) != SG_OK) return st;
    st = sg_event_edge(ex->frame, ex->state[from].energy, ex->state[from].virial, p, sampler, &edge);
    if (st != SG_OK) return st;
    edge.from = from;
    edge.to = to;
    edge.barrier_back =
        p->e_saddle - ex->state[to].energy; /* the state's own energy: barriers add up along any way */
    edge.event = event;
    edge.found = found;
    edge.source = (uint8_t)source;
    edge.id = ex->n_edges + 1;
    if (generic && (st = put_generics(ex, p, &edge)) != SG_OK) {
        sg_cat_edge_clear(&edge);
        return st;
    }
    ex->edge[ex->n_edges++] = edge;
    near_new_edge(ex, edge.id);
    *edge_id = edge.id;
    if ((st = put_edge(ex, edge.id)) != SG_OK) return st;
    return link_edge(ex, edge.id);
}

void mark_accepted(sg_passage *p, uint64_t edge_id, int same_entry)
{
    if (same_entry >= 0)
        p->outcome = SG_KNOWN;
    else if (edge_id == 0 && p->outcome == SG_FOUND)
        p->outcome = SG_DISCONNECTED;
}

/* --- taking over what the catalog holds --- */

typedef struct loader {
    sg_explorer *ex;
    sg_status st;
} loader;

static int load_state(void *arg, const void *record)
{
    loader *l = arg;
    const sg_cat_state *r = record;
    sg_explorer *ex = l->ex;

    if (r->id != ex->n_states || r->n != (uint32_t)ex->frame->n)
        return l->st = sg_fail(SG_ECORRUPT, "state %llu: expected state %zu of %d atoms",
                               (unsigned long long)r->id, ex->n_states, ex->frame->n),
               1;
    if (!isfinite(r->gamma))
        return l->st = sg_fail(SG_ECORRUPT, "state %llu: no strain", (unsigned long long)r->id), 1;
    if ((l->st = grow_states(ex)) != SG_OK) return 1;
    ex->state[ex->n_states] = *r;
    ex->state[ex->n_states].x = NULL;
    ex->table[ex->n_states++] = NULL;
    return 0;
}

static int load_edge(void *arg, const void *record)
{
    loader *l = arg;
    const sg_cat_edge *r = record;
    sg_explorer *ex = l->ex;

    if (r->id != ex->n_edges + 1 || r->from >= ex->n_states || r->to >= ex->n_states ||
        r->n != (uint32_t)ex->frame->n)
        return l->st =
                   sg_fail(SG_ECORRUPT, "edge %llu does not fit the landscape", (unsigned long long)r->id),
               1;
    if ((l->st = grow_edges(ex)) != SG_OK) return 1;
    ex->edge[ex->n_edges] = *r;
    ex->edge[ex->n_edges++].d_saddle = NULL;
    return 0;
}

static int load_table(void *arg, const void *record)
{
    loader *l = arg;
    const sg_cat_table *r = record;
    sg_explorer *ex = l->ex;

    if (r->state >= ex->n_states || r->n_atoms != (uint32_t)ex->frame->n)
        return l->st = sg_fail(SG_ECORRUPT, "table of state %llu does not fit", (unsigned long long)r->state),
               1;
    for (uint32_t k = 0; k < r->n_entries; k++)
        if (r->entry[k].edge == 0 || r->entry[k].edge > ex->n_edges)
            return l->st = sg_fail(SG_ECORRUPT, "table of state %llu names edge %llu of %zu",
                                   (unsigned long long)r->state, (unsigned long long)r->entry[k].edge,
                                   ex->n_edges),
                   1;
    near_far_table(ex, r->state);
    ex->n_searches += r->n_searches;
    return 0;
}

/* Where no landscape is kept, the edges named are those of an explorer that has gone: only yields count. */
static int load_row(void *arg, const void *record)
{
    loader *l = arg;
    sg_cat_search row = *(const sg_cat_search *)record;

    if (!l->ex->opt.keep_landscape) row.edge = 0;
    if (row.edge > l->ex->n_edges)
        l->st = sg_fail(SG_ECORRUPT, "search %llu names edge %llu of %zu", (unsigned long long)row.id,
                        (unsigned long long)row.edge, l->ex->n_edges);
    else
        count_row(l->ex, &row);
    return l->st != SG_OK;
}

sg_status registry_load(sg_explorer *ex)
{
    loader l = {ex, SG_OK};
    sg_status st = near_open(ex);

    if (st == SG_OK) st = sg_catalog_each(ex->cat, SG_DB_STATES, load_state, &l);
    if (st == SG_OK && l.st == SG_OK) st = sg_catalog_each(ex->cat, SG_DB_EDGES, load_edge, &l);
    if (st == SG_OK && l.st == SG_OK) st = sg_catalog_each(ex->cat, SG_DB_TABLES, load_table, &l);
    if (st == SG_OK && l.st == SG_OK) st = sg_catalog_count(ex->cat, SG_DB_SEARCHES, &ex->n_rows);
    if (st == SG_OK && l.st == SG_OK) st = sg_catalog_each(ex->cat, SG_DB_SEARCHES, load_row, &l);
    if (st == SG_OK) st = l.st;
    return st;
}

void registry_clear(sg_explorer *ex)
{
    near_close(ex);
    sg_free(ex->state);
    sg_free(ex->table);
    sg_free(ex->edge);
}
