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
    uint64_t n_increments; /* of the strain, made so far */
    sg_increment next;     /* the next one, if there is one */
    int has_next;
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

/* Would the next increment of the strain come first? */
static int is_late(const sg_kmc *w, double dt)
{
    return w->has_next && sg_clock_time(&w->clock) + dt > w->next.time;
}

/* Draw until what is drawn is converged or comes too late, each time with the same random numbers. */
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
        if (st != SG_OK || is_late(w, c->dt)) return st;
        if (sg_explorer_is_settled(w->ex, c->state, c->entry)) return SG_OK;
        if (sg_interrupt_requested()) /* what has been reconverged stands in the table: the same draw comes
                                         again */
            return sg_fail(SG_EINTERRUPTED, "interrupted in step %llu", (unsigned long long)w->row.step + 1);
        if ((st = sg_explorer_settle(w->ex, c->state, c->entry, &alive)) != SG_OK) return st;
    }
}

/* Rates of leaving and of what is not known, 1/s: means over the time in the states left together. */
static void mean_rates(const sg_kmc *w, double *total, double *missing)
{
    const group *g = &w->group;
    double time = 0, sum = 0;

    *total = g->rate_out;
    *missing = sg_explorer_known_table(w->ex, w->row.state)->rate_missing;
    if (g->n_states == 1 || !(g->rate_out > 0)) return;
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

static sg_status save(sg_kmc *w)
{
    sg_status st = sg_explorer_mark(w->ex, w->row.state, SG_CAT_STATE_VISITED);

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

static void look_ahead(sg_kmc *w)
{
    w->has_next = w->opt.program && sg_program_increment(w->opt.program, w->n_increments, &w->next);
}

/* What a state made by an increment inherits from: the last of the states strained one after the other that
 * has a table, itself if none has. */
static sg_status parent_of_increment(sg_kmc *w)
{
    uint64_t step = w->row.step;

    for (uint64_t k = w->n_increments; k-- > 0; step--) {
        sg_kmc_increment i;
        const sg_status st = sg_kmc_get_increment(w->cat, k, &i);
        if (st != SG_OK) return st;
        if (i.step != step) return SG_OK;
        if (i.from >= sg_explorer_n_states(w->ex))
            return sg_fail(SG_ECORRUPT, "increment %llu does not fit the landscape", (unsigned long long)k);
        if (sg_explorer_known_table(w->ex, i.from)) return w->parent = i.from, SG_OK;
    }
    return SG_OK;
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
        return SG_OK;
    }
    return parent_of_increment(w);
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
    if (st == SG_OK) st = sg_kmc_n_increments(cat, &w->n_increments);
    if (st == SG_OK && n_steps > 0) {
        st = take_up(w, n_steps);
    } else if (st == SG_OK) {
        w->row.state = w->parent = start;
        fill_row(w, &w->row);
        st = save(w);
        if (st == SG_OK) st = sg_kmc_commit(w);
    }
    if (st != SG_OK) {
        sg_free(w);
        return st;
    }
    look_ahead(w);
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

/* --- strain --- */

/* Where in the group the walk is by `until`, not having left it, and what it was like there. Number: of the
 * stream. */
static sg_status draw_place(sg_kmc *w, double until, uint64_t number, uint64_t *state, sg_stay *stay)
{
    const double volume = sg_explorer_frame(w->ex, w->row.state)->cell.volume;
    sg_rng rng;

    sg_rng_init(&rng, w->opt.seed, SG_RNG_BASIN, w->row.step + 1, number, 0);
    return stay_cut(&w->group, w->ex, volume, until - sg_clock_time(&w->clock), &rng, state, stay);
}

/* Carry out the next increment in a state of the group, or in the present one where it is due: then no rates
 * have been asked for. */
static sg_status increment(sg_kmc *w, uint64_t from, sg_cat_step row)
{
    sg_strained to;
    sg_status st = sg_explorer_strain(w->ex, from, w->next.gamma, &to);

    if (st != SG_OK) return st;
    if (sg_explorer_known_table(w->ex, from))
        w->parent = from;
    else if (w->row.edge != 0 || !sg_explorer_known_table(w->ex, w->parent))
        w->parent = to.state;
    row.step = w->row.step + 1;
    row.state = to.state;
    row.barrier = NAN;
    row.dt = w->next.time - sg_clock_time(&w->clock);
    w->clock = (sg_clock){w->next.time, 0};
    w->row = row;
    fill_row(w, &w->row);
    const sg_kmc_increment done = {row.step, from, to.slipped, to.lost, to.moved};
    if ((st = increment_put(w->cat, w->n_increments, &done)) != SG_OK) return st;
    w->n_increments++;
    look_ahead(w);
    st = save(w);
    return st == SG_OK ? sg_kmc_commit(w) : st;
}

static sg_status increment_at_deadline(sg_kmc *w, sg_cat_step row)
{
    const uint64_t left = w->row.state;
    uint64_t from = left;
    sg_status st = w->group.n_states > 1 ? draw_place(w, w->next.time, 1, &from, NULL) : SG_OK;

    if (st == SG_OK) st = account(w, w->row.step + 1, left);
    return st == SG_OK ? increment(w, from, row) : st;
}

/* --- one step --- */

static sg_status move(sg_kmc *w, const choice *c, sg_cat_step row)
{
    const sg_cat_entry entry = sg_explorer_known_table(w->ex, c->state)->entry[c->entry];
    const uint64_t left = w->row.state;

    sg_clock_add(&w->clock, c->dt);
    w->parent = c->state;
    row.step = w->row.step + 1;
    row.state = sg_explorer_target(w->ex, &entry);
    row.edge = entry.edge;
    row.centre = sg_explorer_edge(w->ex, entry.edge)->centre;
    row.reverse = entry.reverse;
    row.is_basin = w->group.n_states > 1;
    row.barrier = entry.barrier;
    row.dt = c->dt;
    row.n_hops = c->n_hops;
    w->row = row;
    fill_row(w, &w->row);
    sg_status st = account(w, w->row.step, left);
    if (st == SG_OK && row.is_basin) st = put_stay(w);
    return st == SG_OK ? save(w) : st;
}

sg_status sg_kmc_step(sg_kmc *w, sg_cat_step *row, sg_kmc_end *end)
{
    const sg_cat_table *t;
    choice c = {.dt = INFINITY};
    sg_cat_step rates = {.rate_total = NAN, .rate_missing = NAN};
    sg_status st;

    *row = w->row;
    *end = SG_KMC_MOVED;
    if (w->has_next && w->next.time <= sg_clock_time(&w->clock)) {
        st = increment(w, w->row.state, rates);
        return *row = w->row, st;
    }
    if ((st = sg_explorer_table(w->ex, w->row.state, w->parent, &t)) != SG_OK) return st;
    if ((st = draw(w, &c)) != SG_OK) return st;
    const int late = is_late(w, c.dt), stays = w->group.n_states > 1 && isfinite(w->opt.max_time);
    if (!(w->group.rate_out > 0) && !late && !stays) return *end = SG_KMC_NO_EVENTS, stop(w);
    if ((late ? w->next.time : sg_clock_time(&w->clock) + c.dt) > w->opt.max_time)
        return *end = SG_KMC_TIME_UP, stop(w);
    mean_rates(w, &rates.rate_total, &rates.rate_missing);
    rates.basin_size = (uint32_t)w->group.n_states;
    st = late ? increment_at_deadline(w, rates) : move(w, &c, rates);
    *row = w->row;
    return st;
}

sg_status sg_kmc_at_end(sg_kmc *w, sg_cat_step *row, sg_stay *stay)
{
    const sg_cat_step last = w->row;
    sg_status st = SG_OK;

    *row = (sg_cat_step){.step = last.step + 1,
                         .state = last.state,
                         .barrier = NAN,
                         .dt = w->opt.max_time - sg_clock_time(&w->clock),
                         .basin_size = (uint32_t)w->group.n_states};
    mean_rates(w, &row->rate_total, &row->rate_missing);
    *stay = (sg_stay){.energy = last.energy, .tau = last.tau};
    if (w->group.n_states > 1) st = draw_place(w, w->opt.max_time, 2, &row->state, stay);
    stay->step = row->step;
    stay->last = row->state;
    fill_row(w, row);
    row->time = w->opt.max_time;
    row->compensation = 0;
    return st;
}
