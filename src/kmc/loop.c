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
    group group; /* that the present step leaves; kept while the landscape stays as it is */
    int told_full;
};

typedef struct choice {
    uint64_t state; /* left last */
    uint32_t entry;
    double dt, n_hops;
} choice;

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

static sg_status draw_group(group *g, sg_rng *rng, choice *c)
{
    sg_basin_exit out;
    const sg_status st = group_leave(g, rng, &out);
    if (st == SG_OK) *c = (choice){g->state[out.from], g->entry[out.edge], out.time, out.n_hops};
    return st;
}

static void tell_full(sg_kmc *w)
{
    if (!w->group.is_full || w->told_full) return;
    w->told_full = 1;
    sg_log_line(w->opt.log, SG_LOG_WARNING,
                "step %llu: more states flicker than a basin may hold, %d; from here on such steps leave the "
                "part around the present state, and more of them are needed",
                (unsigned long long)w->row.step + 1, w->group.n_states);
}

/* Draw until what is drawn is converged, each time with the same random numbers. */
static sg_status draw(sg_kmc *w, choice *c)
{
    const sg_group_rule rule = {.max_states = w->opt.basin ? w->opt.basin_max_states : 1,
                                .barrier = w->opt.basin_barrier,
                                .time = w->opt.basin_time};
    group *g = &w->group;

    for (;;) {
        int alive;
        sg_rng rng;
        sg_status st = group_update(g, w->ex, &rule, w->row.state);
        if (st != SG_OK || !(g->rate_out > 0)) return st;
        tell_full(w);
        sg_rng_init(&rng, w->opt.seed, g->n_states > 1 ? SG_RNG_BASIN : SG_RNG_STEP, w->row.step + 1, 0, 0);
        st = g->n_states > 1 ? draw_group(g, &rng, c) : draw_plain(w, g, &rng, c);
        if (st != SG_OK) return st;
        const sg_cat_table *t = sg_explorer_known_table(w->ex, c->state);
        if (!t->entry[c->entry].kept) return SG_OK;
        if (sg_interrupt_requested()) /* what has been reconverged stands in the table: the same draw comes
                                         again */
            return sg_fail(SG_EINTERRUPTED, "interrupted in step %llu", (unsigned long long)w->row.step + 1);
        if ((st = sg_explorer_reconverge(w->ex, c->state, c->entry, &alive)) != SG_OK) return st;
    }
}

/* Rates of leaving and of what is not known, 1/s: means over the time in the states left together. */
static void mean_rates(const sg_kmc *w, double *total, double *missing)
{
    const group *g = &w->group;
    double time = 0, sum = 0;

    *total = g->rate_out;
    *missing = sg_explorer_known_table(w->ex, w->row.state)->rate_missing;
    if (g->n_states == 1) return;
    for (int k = 0; k < g->n_states; k++) {
        time += g->residence[k];
        sum += g->residence[k] * sg_explorer_known_table(w->ex, g->state[k])->rate_missing;
    }
    *total = 1 / time;
    *missing = sum / time;
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
    if (st == SG_ENOTFOUND)
        old = (sg_reuse){.first_row = w->rows, .missing = sg_explorer_missing(w->ex, state)}, st = SG_OK;
    if (st != SG_OK) return st;
    const sg_reuse r = {.step = step,
                        .state = state,
                        .made = made || old.made,
                        .sources = sg_explorer_sources(w->ex, state),
                        .missing = made ? sg_explorer_missing(w->ex, state) : old.missing,
                        .confident = (sg_explorer_state(w->ex, state)->flags & SG_CAT_STATE_CONFIDENT) != 0,
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

static sg_status put_stay(const sg_kmc *w)
{
    sg_stay stay = stay_of(&w->group, w->ex, sg_explorer_frame(w->ex, w->row.state)->cell.volume);

    stay.step = w->row.step;
    stay.last = w->parent;
    return stay_put(w->cat, &stay);
}

static sg_status save(sg_kmc *w, uint64_t left)
{
    sg_status st = sg_explorer_mark(w->ex, w->row.state, SG_CAT_STATE_VISITED);

    if (st == SG_OK && w->row.step > 0) st = account(w, w->row.step, left);
    if (st == SG_OK && w->row.is_basin) st = put_stay(w);
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
    if (!w) return;
    group_clear(&w->group);
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
    double rate_total, rate_missing;
    sg_status st = sg_explorer_table(w->ex, w->row.state, w->parent, &t);

    *row = w->row;
    if (st != SG_OK) return st;
    const uint64_t left = w->row.state;
    if ((st = draw(w, &c)) != SG_OK) return st;
    if (!(w->group.rate_out > 0)) return *end = SG_KMC_NO_EVENTS, stop(w);
    if (sg_clock_time(&w->clock) + c.dt > w->opt.max_time) return *end = SG_KMC_TIME_UP, stop(w);

    const sg_cat_entry entry = sg_explorer_known_table(w->ex, c.state)->entry[c.entry];
    const sg_cat_edge *edge = sg_explorer_edge(w->ex, entry.edge);
    mean_rates(w, &rate_total, &rate_missing);
    sg_clock_add(&w->clock, c.dt);
    w->parent = c.state;
    w->row = (sg_cat_step){.step = w->row.step + 1,
                           .state = sg_explorer_target(w->ex, &entry),
                           .edge = entry.edge,
                           .centre = edge->centre,
                           .reverse = entry.reverse,
                           .is_basin = w->group.n_states > 1,
                           .barrier = entry.barrier,
                           .dt = c.dt,
                           .rate_total = rate_total,
                           .rate_missing = rate_missing,
                           .basin_size = (uint32_t)w->group.n_states,
                           .n_hops = c.n_hops};
    fill_row(w, &w->row);
    *row = w->row;
    *end = SG_KMC_MOVED;
    return save(w, left);
}
