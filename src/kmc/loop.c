/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The walk. What it needs to go on after a restart is its last row: step, state, the edge it came by, and the
 * clock's two words. Random numbers are named by the step, so they need no storing. */
#include "kmc_internal.h"

#include <math.h>
#include <string.h>

struct sg_kmc {
    sg_explorer *ex;
    sg_catalog *cat;
    sg_kmc_options opt;
    sg_cat_step row;
    sg_clock clock;
    uint64_t parent; /* state that the present one was reached from; itself at the start */
    uint64_t found_at_commit;
    uint64_t rows; /* of the searches database, at the end of the last step that wrote some */
    int since_commit;
};

typedef struct group { /* states that are left together, and all their ways */
    int n_states, n_ways, capacity_ways;
    uint64_t *state;     /* [n_states], the present one first */
    sg_basin_edge *edge; /* [n_ways] */
    uint32_t *entry;     /* [n_ways] index in the table of state[edge.from] */
} group;

typedef struct choice {
    uint64_t state; /* left last */
    uint32_t entry;
    double dt, n_hops;
} choice;

static void group_clear(group *g)
{
    sg_free(g->state);
    sg_free(g->edge);
    sg_free(g->entry);
    memset(g, 0, sizeof *g);
}

static int index_in(const group *g, uint64_t state)
{
    for (int k = 0; k < g->n_states; k++)
        if (g->state[k] == state) return k;
    return -1;
}

/* States joined to the present one by saddles low from either side, breadth first. */
static sg_status gather_states(const sg_kmc *w, int max, group *g)
{
    g->state = sg_calloc((size_t)max, sizeof *g->state);
    if (!g->state) return sg_fail(SG_ENOMEM, "basin");
    g->state[g->n_states++] = w->row.state;
    for (int k = 0; k < g->n_states && max > 1; k++) {
        const sg_cat_table *t = sg_explorer_known_table(w->ex, g->state[k]);
        for (uint32_t e = 0; e < t->n_entries && g->n_states < max; e++) {
            if (t->entry[e].kept) continue;
            const sg_cat_edge *edge = sg_explorer_edge(w->ex, t->entry[e].edge);
            const uint64_t to = sg_explorer_target(w->ex, &t->entry[e]);
            if (edge->barrier >= w->opt.basin_barrier || edge->barrier_back >= w->opt.basin_barrier) continue;
            if (!(sg_explorer_state(w->ex, to)->flags & SG_CAT_STATE_VISITED) ||
                !sg_explorer_known_table(w->ex, to))
                continue;
            if (index_in(g, to) < 0) g->state[g->n_states++] = to;
        }
    }
    return SG_OK;
}

static sg_status gather_ways(const sg_kmc *w, group *g)
{
    int n = 0, n_out = 0;

    for (int k = 0; k < g->n_states; k++)
        n += (int)sg_explorer_known_table(w->ex, g->state[k])->n_entries;
    g->edge = sg_calloc((size_t)n, sizeof *g->edge);
    g->entry = sg_calloc((size_t)n, sizeof *g->entry);
    if (!g->edge || !g->entry) return sg_fail(SG_ENOMEM, "basin of %d ways", n);
    for (int k = 0; k < g->n_states; k++) {
        const sg_cat_table *t = sg_explorer_known_table(w->ex, g->state[k]);
        for (uint32_t e = 0; e < t->n_entries; e++) {
            /* where an inherited event leads is known only after it has been reconverged: a way out for now
             */
            const int to = t->entry[e].kept ? -1 : index_in(g, sg_explorer_target(w->ex, &t->entry[e]));
            const double rate = sg_explorer_rate(w->ex, g->state[k], &t->entry[e]);
            g->edge[g->n_ways] = (sg_basin_edge){k, to >= 0 ? to : g->n_states + n_out++, rate};
            g->entry[g->n_ways++] = e;
        }
    }
    return SG_OK;
}

static double total_out(const group *g)
{
    double sum = 0;
    for (int k = 0; k < g->n_ways; k++)
        if (g->edge[k].to >= g->n_states) sum += g->edge[k].rate;
    return sum;
}

static sg_status draw_plain(const sg_kmc *w, const group *g, sg_rng *rng, choice *c)
{
    double *rate = sg_calloc((size_t)g->n_ways, sizeof *rate);
    sg_rate_tree *tree = NULL;
    sg_status st = rate ? SG_OK : sg_fail(SG_ENOMEM, "rates");

    for (int k = 0; st == SG_OK && k < g->n_ways; k++)
        rate[k] = g->edge[k].to == 0 ? 0 : g->edge[k].rate; /* a self loop is no exit */
    if (st == SG_OK) st = sg_rate_tree_create(g->n_ways, rate, &tree);
    if (st == SG_OK) {
        const sg_kmc_draw draw = sg_kmc_draw_event(tree, rng);
        *c = (choice){w->row.state, g->entry[draw.event], draw.dt, 1};
    }
    sg_rate_tree_free(tree);
    sg_free(rate);
    return st;
}

static sg_status draw_group(const group *g, sg_rng *rng, choice *c)
{
    sg_basin_exit out = {0};
    const sg_status st = sg_basin_sample(g->n_states, g->n_ways, g->edge, 0, rng, &out);
    if (st == SG_OK) *c = (choice){g->state[out.from], g->entry[out.edge], out.time, out.n_hops};
    return st;
}

/* The group to be left by this step. Where the joined states have no way out at all, the present one alone:
 * time goes on. */
static sg_status gather(const sg_kmc *w, group *g)
{
    const int max = w->opt.basin && w->opt.basin_max_states > 1 ? w->opt.basin_max_states : 1;
    sg_status st = gather_states(w, max, g);

    if (st == SG_OK) st = gather_ways(w, g);
    if (st != SG_OK || g->n_states == 1 || total_out(g) > 0) return st;
    group_clear(g);
    st = gather_states(w, 1, g);
    return st == SG_OK ? gather_ways(w, g) : st;
}

/* Draw until what is drawn is converged, each time with the same random numbers. */
static sg_status draw(sg_kmc *w, choice *c, int *n_states, double *rate_total)
{
    for (;;) {
        group g = {0};
        sg_rng rng;
        sg_status st = gather(w, &g);

        *n_states = g.n_states;
        *rate_total = st == SG_OK ? total_out(&g) : 0;
        if (st == SG_OK && *rate_total > 0) {
            sg_rng_init(&rng, w->opt.seed, g.n_states > 1 ? SG_RNG_BASIN : SG_RNG_STEP, w->row.step + 1, 0,
                        0);
            st = g.n_states > 1 ? draw_group(&g, &rng, c) : draw_plain(w, &g, &rng, c);
        }
        group_clear(&g);
        if (st != SG_OK || !(*rate_total > 0)) return st;
        const sg_cat_table *t = sg_explorer_known_table(w->ex, c->state);
        if (!t->entry[c->entry].kept) return SG_OK;
        if (sg_interrupt_requested()) /* what has been reconverged stands in the table: the same draw comes
                                         again */
            return sg_fail(SG_EINTERRUPTED, "interrupted in step %llu", (unsigned long long)w->row.step + 1);
        int alive;
        if ((st = sg_explorer_reconverge(w->ex, c->state, c->entry, &alive)) != SG_OK) return st;
    }
}

static void fill_row(sg_kmc *w, sg_cat_step *row)
{
    const sg_cat_state *s = sg_explorer_state(w->ex, row->state);
    const sg_system *sys = sg_explorer_frame(w->ex, row->state);

    row->energy = s->energy;
    row->tau = s->virial[3] / sys->cell.volume * SG_GPA_PER_EV_A3;
    row->time = w->clock.sum;
    row->compensation = w->clock.compensation;
    row->n_states = sg_explorer_n_states(w->ex);
    row->n_edges = sg_explorer_n_edges(w->ex);
    row->n_searches = sg_explorer_n_searches(w->ex);
}

/* Put the account of a step that began in `state`, if it has one. Called once more for a step that was not
 * taken, it adds what is new. */
static sg_status account(sg_kmc *w, uint64_t step, uint64_t state)
{
    const int made = !(sg_explorer_state(w->ex, state)->flags & SG_CAT_STATE_COUNTED);
    sg_reuse old;

    if (!made && sg_explorer_n_rows(w->ex) == w->rows) return SG_OK;
    sg_status st = sg_kmc_reuse(w->cat, step, &old);
    if (st == SG_ENOTFOUND) old = (sg_reuse){.first_row = w->rows}, st = SG_OK;
    if (st != SG_OK) return st;
    const sg_reuse r = {.step = step,
                        .state = state,
                        .made = made || old.made,
                        .sources = sg_explorer_sources(w->ex, state),
                        .first_row = old.first_row,
                        .end_row = sg_explorer_n_rows(w->ex)};
    st = account_put(w->cat, &r);
    if (st == SG_OK) st = sg_explorer_mark(w->ex, state, SG_CAT_STATE_COUNTED);
    if (st == SG_OK) w->rows = r.end_row;
    return st;
}

/* The walk ends before its next step. */
static sg_status stop(sg_kmc *w)
{
    const sg_status st = account(w, w->row.step + 1, w->row.state);
    return st == SG_OK ? sg_kmc_commit(w) : st;
}

static sg_status save(sg_kmc *w, uint64_t left)
{
    sg_status st = sg_explorer_mark(w->ex, w->row.state, SG_CAT_STATE_VISITED);

    if (st == SG_OK && w->row.step > 0) st = account(w, w->row.step, left);
    if (st == SG_OK) st = sg_catalog_put_step(w->cat, &w->row);
    if (st != SG_OK) return st;
    const int found_anything = sg_explorer_n_found(w->ex) != w->found_at_commit;
    if (!found_anything && ++w->since_commit < w->opt.commit_every) return SG_OK;
    return sg_kmc_commit(w);
}

sg_status sg_kmc_commit(sg_kmc *w)
{
    w->since_commit = 0;
    w->found_at_commit = sg_explorer_n_found(w->ex);
    return sg_catalog_commit(w->cat);
}

static sg_status take_up(sg_kmc *w, uint64_t n_steps)
{
    const sg_status st = sg_catalog_get_step(w->cat, n_steps - 1, &w->row);

    if (st != SG_OK) return st;
    if (w->row.state >= sg_explorer_n_states(w->ex) || w->row.edge > sg_explorer_n_edges(w->ex))
        return sg_fail(SG_ECORRUPT, "step %llu does not fit the landscape", (unsigned long long)w->row.step);
    w->clock = (sg_clock){w->row.time, w->row.compensation};
    w->parent = w->row.state;
    if (w->row.edge) {
        const sg_cat_edge *e = sg_explorer_edge(w->ex, w->row.edge);
        w->parent = w->row.reverse ? e->to : e->from;
    }
    return SG_OK;
}

sg_status sg_kmc_create(sg_explorer *ex, sg_catalog *cat, uint64_t start, const sg_kmc_options *opt,
                        sg_kmc **out)
{
    sg_kmc *w = sg_calloc(1, sizeof *w);
    uint64_t n_steps = 0;

    *out = NULL;
    if (!w) return sg_fail(SG_ENOMEM, "walk");
    w->ex = ex;
    w->cat = cat;
    w->opt = *opt;
    w->found_at_commit = sg_explorer_n_found(ex);
    sg_status st = sg_catalog_count(cat, SG_DB_STEPS, &n_steps);
    if (st == SG_OK) st = account_rows(cat, &w->rows);
    if (st == SG_OK && n_steps > 0) {
        st = take_up(w, n_steps);
    } else if (st == SG_OK) {
        w->row.state = w->parent = start;
        fill_row(w, &w->row);
        st = save(w, start);
        if (st == SG_OK) st = sg_kmc_commit(w);
    }
    if (st != SG_OK) {
        sg_free(w);
        return st;
    }
    *out = w;
    return SG_OK;
}

void sg_kmc_free(sg_kmc *w)
{
    sg_free(w);
}

sg_cat_step sg_kmc_row(const sg_kmc *w)
{
    return w->row;
}

sg_status sg_kmc_step(sg_kmc *w, sg_cat_step *row, sg_kmc_end *end)
{
    const sg_cat_table *t;
    choice c = {0};
    int n_states;
    double rate_total;
    sg_status st = sg_explorer_table(w->ex, w->row.state, w->parent, &t);

    *row = w->row;
    if (st != SG_OK) return st;
    const uint64_t left = w->row.state;
    const double missing = t->rate_missing;
    if ((st = draw(w, &c, &n_states, &rate_total)) != SG_OK) return st;
    if (!(rate_total > 0)) return *end = SG_KMC_NO_EVENTS, stop(w);
    if (sg_clock_time(&w->clock) + c.dt > w->opt.max_time) return *end = SG_KMC_TIME_UP, stop(w);

    const sg_cat_entry entry = sg_explorer_known_table(w->ex, c.state)->entry[c.entry];
    const sg_cat_edge *edge = sg_explorer_edge(w->ex, entry.edge);
    sg_clock_add(&w->clock, c.dt);
    w->parent = c.state;
    w->row = (sg_cat_step){.step = w->row.step + 1,
                           .state = sg_explorer_target(w->ex, &entry),
                           .edge = entry.edge,
                           .centre = edge->centre,
                           .reverse = entry.reverse,
                           .is_basin = n_states > 1,
                           .barrier = entry.barrier,
                           .dt = c.dt,
                           .rate_total = rate_total,
                           .rate_missing = missing,
                           .basin_size = (uint32_t)n_states,
                           .n_hops = c.n_hops};
    fill_row(w, &w->row);
    *row = w->row;
    *end = SG_KMC_MOVED;
    return save(w, left);
}
