/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The states that a step leaves together, and all their ways.
 *
 * Two visited states with complete tables are joined when a saddle between them stands in both tables and is
 * low, or fast, from either side (joins()). The group of a state is all that joins lead to from it: it grows
 * by one when the walk has left it over a low saddle and the new state has its table. Whatever state of it
 * the walk comes back to, the group is the same, states in ascending order, so that it is kept, with all that
 * has been worked out for it, until the landscape changes; a group gathered anew from the records equals it.
 *
 * Where that is more than max_states the group is the part around the present state: states join it one
 * after another over the lowest saddle that leads out of what there is so far. The walk begins in the middle
 * of such a group, which is gathered at each step.
 *
 * Invariant: state[0 .. n_states - 1] ascending, state[start] the present one; edges ordered by state and
 * place in its table. */
#include "kmc_internal.h"

#include <string.h>

typedef struct join { /* a state that may be next to be absorbed */
    double e_saddle;  /* eV */
    uint64_t state;
} join;

typedef struct frontier {
    join *join;
    size_t n, capacity;
} frontier;

static int is_closed(const sg_explorer *ex, uint64_t state);
static int is_fast(const sg_explorer *ex, const sg_group_rule *rule, uint64_t state,
                   const sg_cat_entry *entry);
static int joins(const sg_explorer *ex, const sg_group_rule *rule, uint64_t from, const sg_cat_entry *entry);
static sg_status absorb(group *g, const sg_explorer *ex, const sg_group_rule *rule, uint64_t state,
                        frontier *f);
static sg_status gather_states(group *g, const sg_explorer *ex, const sg_group_rule *rule, uint64_t present);
static sg_status gather_ways(group *g, const sg_explorer *ex);
static sg_status gather(group *g, const sg_explorer *ex, const sg_group_rule *rule, uint64_t present);

static void forget_basin(group *g)
{
    sg_basin_free(g->basin);
    sg_free(g->stay);
    g->basin = NULL;
    g->stay = g->residence = NULL;
}

void group_clear(group *g)
{
    forget_basin(g);
    sg_free(g->state);
    sg_free(g->edge);
    sg_free(g->entry);
    memset(g, 0, sizeof *g);
}

int group_index(const group *g, uint64_t state)
{
    int low = 0, high = g->n_states;

    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (g->state[middle] < state)
            low = middle + 1;
        else
            high = middle;
    }
    return low < g->n_states && g->state[low] == state ? low : -1;
}

sg_status group_update(group *g, const sg_explorer *ex, const sg_group_rule *rule, uint64_t present)
{
    const uint64_t revision = sg_explorer_revision(ex);
    const int at = group_index(g, present);

    if (at >= 0 && g->revision == revision && !g->is_part) {
        g->start = at;
        return SG_OK;
    }
    const sg_status st = gather(g, ex, rule, present);
    if (st != SG_OK) {
        group_clear(g);
        return st;
    }
    g->revision = revision;
    return SG_OK;
}

static sg_status gather(group *g, const sg_explorer *ex, const sg_group_rule *rule, uint64_t present)
{
    sg_status st;

    forget_basin(g);
    g->n_states = g->n_ways = 0;
    g->is_part = g->is_full = 0;
    if ((st = gather_states(g, ex, rule, present)) != SG_OK) return st;
    g->start = group_index(g, present);
    return gather_ways(g, ex);
}

static sg_status gather_states(group *g, const sg_explorer *ex, const sg_group_rule *rule, uint64_t present)
{
    frontier f = {0};
    sg_status st = absorb(g, ex, rule, present, &f);

    while (st == SG_OK && f.n > 0 && g->n_states < rule->max_states) {
        size_t lowest = 0;
        for (size_t k = 1; k < f.n; k++)
            if (f.join[k].e_saddle < f.join[lowest].e_saddle ||
                (f.join[k].e_saddle == f.join[lowest].e_saddle && f.join[k].state < f.join[lowest].state))
                lowest = k;
        const uint64_t state = f.join[lowest].state;
        f.join[lowest] = f.join[--f.n];
        if (group_index(g, state) < 0) st = absorb(g, ex, rule, state, &f);
    }
    for (size_t k = 0; k < f.n; k++)
        if (group_index(g, f.join[k].state) < 0) g->is_part = 1;
    g->is_full = g->is_part && rule->max_states > 1;
    sg_free(f.join);
    return st;
}

/* Take a state in; those that it is joined to queue up. */
static sg_status absorb(group *g, const sg_explorer *ex, const sg_group_rule *rule, uint64_t state,
                        frontier *f)
{
    const sg_cat_table *t = sg_explorer_known_table(ex, state);

    if (sg_grow((void **)&g->state, &g->cap_states, (size_t)g->n_states + 1, sizeof *g->state) != 0)
        return sg_fail(SG_ENOMEM, "basin of %d states", g->n_states + 1);
    int at = g->n_states++;
    for (; at > 0 && g->state[at - 1] > state; at--)
        g->state[at] = g->state[at - 1];
    g->state[at] = state;
    for (uint32_t e = 0; e < t->n_entries && rule->max_states > 1; e++) {
        if (!joins(ex, rule, state, &t->entry[e])) continue;
        const uint64_t to = sg_explorer_target(ex, &t->entry[e]);
        if (group_index(g, to) >= 0) continue;
        if (sg_grow((void **)&f->join, &f->capacity, f->n + 1, sizeof *f->join) != 0)
            return sg_fail(SG_ENOMEM, "basin of %d states", g->n_states);
        f->join[f->n++] = (join){sg_explorer_edge(ex, t->entry[e].edge)->e_saddle, to};
    }
    return SG_OK;
}

static int is_closed(const sg_explorer *ex, uint64_t state)
{
    return (sg_explorer_state(ex, state)->flags & SG_CAT_STATE_VISITED) && sg_explorer_known_table(ex, state);
}

static int is_fast(const sg_explorer *ex, const sg_group_rule *rule, uint64_t state,
                   const sg_cat_entry *entry)
{
    if (rule->time > 0) return sg_explorer_rate(ex, state, entry) * rule->time > 1;
    return entry->barrier < rule->barrier;
}

static int joins(const sg_explorer *ex, const sg_group_rule *rule, uint64_t from, const sg_cat_entry *entry)
{
    if (entry->kept || !is_fast(ex, rule, from, entry)) return 0;
    const uint64_t to = sg_explorer_target(ex, entry);
    if (to == from || !is_closed(ex, to)) return 0;
    const sg_cat_table *t = sg_explorer_known_table(ex, to);
    for (uint32_t e = 0; e < t->n_entries; e++)
        if (!t->entry[e].kept && sg_explorer_target(ex, &t->entry[e]) == from &&
            is_fast(ex, rule, to, &t->entry[e]))
            return 1;
    return 0;
}

static sg_status gather_ways(group *g, const sg_explorer *ex)
{
    size_t n = 0;
    int n_out = 0;

    for (int k = 0; k < g->n_states; k++)
        n += sg_explorer_known_table(ex, g->state[k])->n_entries;
    if (sg_grow((void **)&g->edge, &g->cap_edges, n, sizeof *g->edge) != 0 ||
        sg_grow((void **)&g->entry, &g->cap_entries, n, sizeof *g->entry) != 0)
        return sg_fail(SG_ENOMEM, "basin of %zu ways", n);
    g->rate_out = 0;
    for (int k = 0; k < g->n_states; k++) {
        const sg_cat_table *t = sg_explorer_known_table(ex, g->state[k]);
        for (uint32_t e = 0; e < t->n_entries; e++) {
            /* where an inherited event leads is known only after it has been reconverged: a way out for now
             */
            const int to = t->entry[e].kept ? -1 : group_index(g, sg_explorer_target(ex, &t->entry[e]));
            const double rate = sg_explorer_rate(ex, g->state[k], &t->entry[e]);
            g->edge[g->n_ways] = (sg_basin_edge){k, to >= 0 ? to : g->n_states + n_out++, rate};
            g->entry[g->n_ways++] = e;
            if (to < 0) g->rate_out += rate;
        }
    }
    return SG_OK;
}

sg_status group_leave(group *g, sg_rng *rng, sg_basin_exit *out)
{
    sg_status st = SG_OK;

    if (!g->basin) st = sg_basin_create(g->n_states, g->n_ways, g->edge, &g->basin);
    if (st == SG_OK && !g->stay) {
        g->stay = sg_calloc(2 * (size_t)g->n_states, sizeof *g->stay);
        if (!g->stay) return sg_fail(SG_ENOMEM, "basin of %d states", g->n_states);
        g->residence = g->stay + g->n_states;
    }
    if (st == SG_OK) st = sg_basin_law(g->basin, g->start, NULL, NULL, g->residence);
    *out = (sg_basin_exit){.stay = g->stay};
    return st == SG_OK ? sg_basin_draw(g->basin, g->start, rng, out) : st;
}
