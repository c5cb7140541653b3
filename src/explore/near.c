/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of the landscape is in memory. Rows of states and edges (numbers alone) always are; what has a size of
 * atoms, the positions of a state, the displacements of an edge, a rate table, is read back from the catalog
 * when it is asked for and given up when it has not been asked for lately: a walk of a million steps through
 * a hundred thousand states needs no more memory than one of a thousand.
 *
 * A thing is near when its pointer is set. What is near stays so until near_trim(), which is called where
 * nobody holds pointers: at the beginning of a table, between batches. Only what has been committed may go
 * (`put` says when that will be); then what comes back are the same bits. Without a landscape in the catalog
 * nothing goes.
 *
 * Accessors do not fail, since sixty places use them: what cannot be read gives zeros (a table: none of the
 * entries), and near_status(), asked before anything is stored, says why. One thread at a time: tasks look at
 * their scene alone. */
#include "explore_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct item {
    uint64_t used;     /* tick of its last use */
    uint64_t put;      /* it is stored once the catalog has made this many commits */
    uint32_t bytes;    /* 0: far */
    uint32_t is_there; /* of a table: the state has one */
} item;

struct near {
    item *state, *edge, *table;
    size_t cap_states, cap_edges, cap_tables;
    size_t bytes, look_at; /* in memory; at which to look for what may go */
    uint64_t tick;
    double (*zeros)[3];    /* [n] */
    sg_cat_table no_table; /* without entries; its arrays are zeros */
    sg_status status;
    char why[256];
};

static const uint64_t not_put = UINT64_MAX;

sg_status near_open(sg_explorer *ex)
{
    near *c = ex->near = sg_calloc(1, sizeof *c);

    if (c) c->zeros = sg_calloc((size_t)ex->frame->n, sizeof *c->zeros);
    if (!c || !c->zeros) return sg_fail(SG_ENOMEM, "landscape");
    c->no_table = (sg_cat_table){.n_atoms = (uint32_t)ex->frame->n,
                                 .key = (uint64_t *)(void *)c->zeros,
                                 .variant = (uint64_t *)(void *)c->zeros,
                                 .origin = (uint32_t *)(void *)c->zeros};
    c->look_at = ex->opt.memory;
    return SG_OK;
}

void near_close(sg_explorer *ex)
{
    near *c = ex->near;

    if (!c) return;
    for (size_t k = 0; k < ex->n_states; k++) {
        sg_cat_state_clear(&ex->state[k]);
        if (ex->table[k]) sg_cat_table_clear(ex->table[k]);
        sg_free(ex->table[k]);
    }
    for (size_t k = 0; k < ex->n_edges; k++)
        sg_cat_edge_clear(&ex->edge[k]);
    sg_free(c->state);
    sg_free(c->edge);
    sg_free(c->table);
    sg_free(c->no_table.entry);
    sg_free(c->zeros);
    sg_free(c);
    ex->near = NULL;
}

static sg_status grow(item **list, size_t *capacity, size_t n, const char *what)
{
    const size_t before = *capacity;

    if (sg_grow((void **)list, capacity, n, sizeof **list) != 0) return sg_fail(SG_ENOMEM, "%zu %s", n, what);
    memset(*list + before, 0, (*capacity - before) * sizeof **list);
    return SG_OK;
}

sg_status near_grow(sg_explorer *ex)
{
    near *c = ex->near;
    sg_status st = grow(&c->state, &c->cap_states, ex->n_states + 1, "states");

    if (st == SG_OK) st = grow(&c->table, &c->cap_tables, ex->n_states + 1, "states");
    return st == SG_OK ? grow(&c->edge, &c->cap_edges, ex->n_edges + 1, "edges") : st;
}

/* --- using --- */

static void use(near *c, item *i)
{
    i->used = ++c->tick;
}

static void hold(const sg_explorer *ex, item *i, size_t bytes, uint64_t put)
{
    near *c = ex->near;

    c->bytes += bytes - i->bytes;
    i->bytes = (uint32_t)bytes;
    i->put = put;
    use(c, i);
}

/* Of several failures the first. */
static void blame(near *c, sg_status st, const char *what, uint64_t id)
{
    if (c->status != SG_OK) return;
    c->status = st;
    snprintf(c->why, sizeof c->why, "reading back %s %llu: %.180s", what, (unsigned long long)id,
             sg_error_text());
}

sg_status near_status(const sg_explorer *ex)
{
    const near *c = ex->near;
    return c->status == SG_OK ? SG_OK : sg_fail(c->status, "%s", c->why);
}

static size_t bytes_of_state(const sg_explorer *ex)
{
    return (size_t)ex->frame->n * sizeof *ex->frame->x;
}

static size_t bytes_of_edge(const sg_explorer *ex)
{
    return (size_t)ex->frame->n * 3 * sizeof(float);
}

static size_t bytes_of_table(const sg_cat_table *t)
{
    return sizeof *t + (size_t)t->n_atoms * (2 * sizeof *t->key + sizeof *t->origin) +
           (size_t)t->n_entries * sizeof *t->entry;
}

/* --- reading back --- */

static sg_status read_state(const sg_explorer *ex, uint64_t id)
{
    sg_cat_state r;
    sg_status st = sg_catalog_get_state(ex->cat, id, &r);

    if (st != SG_OK) return st == SG_ENOTFOUND ? sg_fail(SG_ECORRUPT, "it is missing") : st;
    if (r.n == (uint32_t)ex->frame->n) {
        ex->state[id].x = r.x;
        r.x = NULL;
        hold(ex, &ex->near->state[id], bytes_of_state(ex), 0);
    } else {
        st = sg_fail(SG_ECORRUPT, "%u atoms", r.n);
    }
    sg_cat_state_clear(&r);
    return st;
}

static sg_status read_edge(const sg_explorer *ex, uint64_t id)
{
    sg_cat_edge r;
    sg_status st = sg_catalog_get_edge(ex->cat, id, &r);

    if (st != SG_OK) return st == SG_ENOTFOUND ? sg_fail(SG_ECORRUPT, "it is missing") : st;
    if (r.n == (uint32_t)ex->frame->n) {
        ex->edge[id - 1].d_saddle = r.d_saddle;
        r.d_saddle = NULL;
        hold(ex, &ex->near->edge[id - 1], bytes_of_edge(ex), 0);
    } else {
        st = sg_fail(SG_ECORRUPT, "%u atoms", r.n);
    }
    sg_cat_edge_clear(&r);
    return st;
}

static sg_status read_table(const sg_explorer *ex, uint64_t state)
{
    sg_cat_table *t = sg_calloc(1, sizeof *t);
    sg_status st = t ? sg_catalog_get_table(ex->cat, state, t) : sg_fail(SG_ENOMEM, "rate table");

    if (st == SG_ENOTFOUND) st = sg_fail(SG_ECORRUPT, "it is missing");
    if (st == SG_OK && t->n_atoms != (uint32_t)ex->frame->n) {
        st = sg_fail(SG_ECORRUPT, "%u atoms", t->n_atoms);
        sg_cat_table_clear(t);
    }
    if (st != SG_OK) {
        sg_free(t);
        return st;
    }
    ex->table[state] = t;
    hold(ex, &ex->near->table[state], bytes_of_table(t), 0);
    return SG_OK;
}

positions x_of(const sg_explorer *ex, uint64_t id)
{
    near *c = ex->near;

    if (ex->state[id].x) {
        use(c, &c->state[id]);
        return (positions)ex->state[id].x;
    }
    const sg_status st = read_state(ex, id);
    if (st == SG_OK) return (positions)ex->state[id].x;
    blame(c, st, "state", id);
    return (positions)c->zeros;
}

sg_cat_edge edge_at(const sg_explorer *ex, uint64_t id)
{
    near *c = ex->near;
    sg_cat_edge *e = &ex->edge[id - 1];

    if (e->d_saddle) {
        use(c, &c->edge[id - 1]);
        return *e;
    }
    const sg_status st = read_edge(ex, id);
    sg_cat_edge whole = *e;
    if (st == SG_OK) return whole;
    blame(c, st, "edge", id);
    whole.d_saddle = (float(*)[3])(void *)c->zeros; /* floats take half of that room */
    return whole;
}

int has_table(const sg_explorer *ex, uint64_t state)
{
    return ex->near->table[state].is_there != 0;
}

sg_cat_table *table_at(const sg_explorer *ex, uint64_t state)
{
    near *c = ex->near;

    if (!c->table[state].is_there) return NULL;
    if (ex->table[state]) {
        use(c, &c->table[state]);
        return ex->table[state];
    }
    const sg_status st = read_table(ex, state);
    if (st == SG_OK) return ex->table[state];
    blame(c, st, "table of state", state);
    return &c->no_table;
}

/* --- new ones --- */

void near_new_state(sg_explorer *ex, uint64_t id)
{
    hold(ex, &ex->near->state[id], bytes_of_state(ex), not_put);
}

void near_new_edge(sg_explorer *ex, uint64_t id)
{
    hold(ex, &ex->near->edge[id - 1], bytes_of_edge(ex), not_put);
}

void near_new_table(sg_explorer *ex, uint64_t state, sg_cat_table *t)
{
    item *i = &ex->near->table[state];

    if (ex->table[state]) {
        sg_cat_table_clear(ex->table[state]);
        sg_free(ex->table[state]);
    }
    ex->table[state] = t;
    i->is_there = 1;
    hold(ex, i, bytes_of_table(t), not_put);
}

void near_no_table(sg_explorer *ex, uint64_t state)
{
    item *i = &ex->near->table[state];

    if (ex->table[state]) sg_cat_table_clear(ex->table[state]);
    sg_free(ex->table[state]);
    ex->table[state] = NULL;
    ex->near->bytes -= i->bytes;
    *i = (item){0};
}

void near_far_table(sg_explorer *ex, uint64_t state)
{
    ex->near->table[state].is_there = 1;
}

static void stored_soon(const sg_explorer *ex, item *i)
{
    i->put = sg_catalog_commits(ex->cat) + 1;
}

sg_status put_state(sg_explorer *ex, uint64_t id)
{
    ex->revision++;
    if (!ex->opt.keep_landscape) return SG_OK;
    (void)x_of(ex, id);
    const sg_status st = near_status(ex);
    stored_soon(ex, &ex->near->state[id]);
    return st == SG_OK ? sg_catalog_put_state(ex->cat, &ex->state[id]) : st;
}

sg_status put_edge(sg_explorer *ex, uint64_t id)
{
    if (!ex->opt.keep_landscape) return SG_OK;
    const sg_cat_edge e = edge_at(ex, id);
    const sg_status st = near_status(ex);
    stored_soon(ex, &ex->near->edge[id - 1]);
    return st == SG_OK ? sg_catalog_put_edge(ex->cat, &e) : st;
}

sg_status put_table(sg_explorer *ex, uint64_t state)
{
    ex->revision++;
    if (!ex->opt.keep_landscape) return SG_OK;
    const sg_cat_table *t = table_at(ex, state);
    const sg_status st = near_status(ex);
    hold(ex, &ex->near->table[state], bytes_of_table(t), sg_catalog_commits(ex->cat) + 1);
    return st == SG_OK ? sg_catalog_put_table(ex->cat, t) : st;
}

/* --- giving up --- */

typedef struct sweep {       /* over all that may go: collects when it was used, then lets go what is old */
    uint64_t commits, until; /* until: last use of what goes */
    uint64_t *used;          /* while collecting */
    uint32_t *bytes;
    size_t n, room;
} sweep;

static int may_go(const item *i, const sweep *s)
{
    return i->bytes > 0 && i->put <= s->commits;
}

static void collect(const item *list, size_t n, sweep *s)
{
    for (size_t k = 0; k < n; k++)
        if (may_go(&list[k], s) && s->n < s->room) s->used[s->n++] = list[k].used;
}

static int compare_used(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int goes(near *c, item *i, const sweep *s)
{
    if (!may_go(i, s) || i->used > s->until) return 0;
    c->bytes -= i->bytes;
    i->bytes = 0;
    return 1;
}

static void let_go(sg_explorer *ex, const sweep *s, int all)
{
    near *c = ex->near;

    for (size_t k = 0; k < ex->n_states; k++)
        if (goes(c, &c->state[k], s)) {
            sg_free(ex->state[k].x);
            ex->state[k].x = NULL;
        }
    for (size_t k = 0; k < ex->n_edges && all; k++)
        if (goes(c, &c->edge[k], s)) {
            sg_free(ex->edge[k].d_saddle);
            ex->edge[k].d_saddle = NULL;
        }
    for (size_t k = 0; k < ex->n_states && all; k++) {
        if (!goes(c, &c->table[k], s)) continue;
        sg_cat_table_clear(ex->table[k]);
        sg_free(ex->table[k]);
        ex->table[k] = NULL;
    }
}

/* Half of what may go, the older half by number. */
static void trim(sg_explorer *ex, int all)
{
    near *c = ex->near;
    sweep s = {.commits = sg_catalog_commits(ex->cat)};

    if (ex->opt.memory == 0 || c->bytes < c->look_at || !ex->opt.keep_landscape) return;
    s.room = 2 * ex->n_states + ex->n_edges;
    s.used = sg_calloc(s.room, sizeof *s.used);
    if (!s.used) return;
    collect(c->state, ex->n_states, &s);
    if (all) {
        collect(c->edge, ex->n_edges, &s);
        collect(c->table, ex->n_states, &s);
    }
    if (s.n > 0) {
        qsort(s.used, s.n, sizeof *s.used, compare_used);
        s.until = s.used[s.n / 2];
        let_go(ex, &s, all);
    }
    sg_free(s.used);
    c->look_at = c->bytes + ex->opt.memory / 4; /* where little could go, the next look is a while off */
    if (c->look_at < ex->opt.memory) c->look_at = ex->opt.memory;
}

void near_trim(sg_explorer *ex)
{
    trim(ex, 1);
}

void near_trim_positions(sg_explorer *ex)
{
    trim(ex, 0);
}
