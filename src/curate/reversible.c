/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is the landscape of a run reversible? In thermal equilibrium nothing circulates: the product of the rates
 * along a closed path is that of the same path backwards (Kolmogorov's criterion). What could break it:
 *   - a saddle that stands in the rate table of one of its two states alone;
 *   - a saddle that is filed under a state where it does not lead: then the virial that its own final minimum
 *     had is not that of the state;
 *   - barriers that do not add up to zero around a cycle of saddles;
 *   - prefactors, where the run has them: each saddle has those of its own vibrating atoms, so the logarithms
 *     of forth over back need not add up, unless all atoms vibrate. That is measured, not judged.
 * A spanning forest gives every state two heights, adding up along the tree barrier minus barrier back, and
 * ln(nu_back / nu); each saddle that is not in the forest closes one independent cycle, and its own
 * differences are compared with those of the heights. Heights are kept in a union-find forest, relative to
 * the parent, and so need no search. Source: Kolmogoroff, Math. Ann. 112, 155 (1936). */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "curate_internal.h"

/* eV, around a cycle: barriers are differences of stored sums of some 1e3 eV, a last bit is 1e-13 eV. */
#define CYCLE_TOLERANCE 1e-8
/* eV. The virial of a minimum found from one side and of the same one found from elsewhere, each converged to
 * its force tolerance, which leaves 0.04 in a glass; different minima are some eV apart. */
#define VIRIAL_TOLERANCE 0.1

enum { ENERGY, LOG_NU, N_HEIGHTS }; /* eV; ln */

typedef struct place { /* of a state */
    uint64_t id;
    double virial[6];
    int has_table;
    size_t parent;            /* in the forest; itself: a root */
    double height[N_HEIGHTS]; /* above the parent */
} place;

typedef struct path { /* an edge */
    uint64_t id, from, to;
    double barrier[2]; /* there and back: of the table that has it, else its own */
    double log_nu;     /* ln(nu_back / nu); 0 where both are the constant one */
    double final[6];
    int listed[2]; /* in the tables of from and to */
} path;

typedef struct survey {
    place *state;
    path *edge;
    size_t n_states, n_edges, state_capacity, edge_capacity;
    curate_teller teller;
    sg_curate_reversibility *out;
    sg_status status;
} survey;

/* ---- reading: records come by ascending id ---- */

static int take_state(void *arg, const void *record)
{
    survey *s = arg;
    const sg_cat_state *r = record;

    if (sg_grow((void **)&s->state, &s->state_capacity, s->n_states + 1, sizeof *s->state))
        return (s->status = sg_fail(SG_ENOMEM, "states")) != SG_OK;
    place *p = &s->state[s->n_states];
    *p = (place){.id = r->id, .has_table = (r->flags & SG_CAT_STATE_TABLE) != 0, .parent = s->n_states};
    memcpy(p->virial, r->virial, sizeof p->virial);
    s->n_states++;
    return 0;
}

static int take_edge(void *arg, const void *record)
{
    survey *s = arg;
    const sg_cat_edge *r = record;

    if (sg_grow((void **)&s->edge, &s->edge_capacity, s->n_edges + 1, sizeof *s->edge))
        return (s->status = sg_fail(SG_ENOMEM, "edges")) != SG_OK;
    path *p = &s->edge[s->n_edges++];
    *p = (path){.id = r->id, .from = r->from, .to = r->to, .barrier = {r->barrier, r->barrier_back}};
    memcpy(p->final, r->strain_final, sizeof p->final);
    if (r->prefactor > 0 && r->prefactor_back > 0) p->log_nu = log(r->prefactor_back / r->prefactor);
    return 0;
}

static place *state_of(const survey *s, uint64_t id)
{
    const place *at = curate_find(s->state, s->n_states, sizeof *s->state, id);
    return at ? &s->state[at - s->state] : NULL;
}

static path *edge_of(const survey *s, uint64_t id)
{
    const path *at = curate_find(s->edge, s->n_edges, sizeof *s->edge, id);
    return at ? &s->edge[at - s->edge] : NULL;
}

static int take_table(void *arg, const void *record)
{
    survey *s = arg;
    const sg_cat_table *r = record;

    for (uint32_t k = 0; k < r->n_entries; k++) {
        const sg_cat_entry *entry = &r->entry[k];
        path *e = entry->kept ? NULL : edge_of(s, entry->edge);
        if (!e) continue;
        e->listed[entry->reverse != 0] = 1;
        e->barrier[entry->reverse != 0] = entry->barrier;
    }
    return 0;
}

/* ---- judging ---- */

/* The root of a state's tree, and the state's heights above it; the path there is shortened. */
static size_t root_of(survey *s, size_t k, double height[N_HEIGHTS])
{
    double sum[N_HEIGHTS] = {0};
    size_t root = k;

    for (; s->state[root].parent != root; root = s->state[root].parent)
        for (int h = 0; h < N_HEIGHTS; h++)
            sum[h] += s->state[root].height[h];
    memcpy(height, sum, sizeof sum);
    while (s->state[k].parent != k) {
        place *p = &s->state[k];
        k = p->parent;
        p->parent = root;
        for (int h = 0; h < N_HEIGHTS; h++) {
            const double above = sum[h];
            sum[h] -= p->height[h];
            p->height[h] = above;
        }
    }
    return root;
}

static void close_cycle(survey *s, const path *e, size_t from, size_t to)
{
    double height[N_HEIGHTS], height_to[N_HEIGHTS]; /* of `to`: by this edge, and by the tree */
    const size_t a = root_of(s, from, height), b = root_of(s, to, height_to);

    height[ENERGY] += e->barrier[0] - e->barrier[1];
    height[LOG_NU] += e->log_nu;
    if (a != b) {
        s->state[b].parent = a;
        for (int h = 0; h < N_HEIGHTS; h++)
            s->state[b].height[h] = height[h] - height_to[h];
        return;
    }
    const double off = fabs(height[ENERGY] - height_to[ENERGY]);
    s->out->worst_log_nu = fmax(s->out->worst_log_nu, fabs(height[LOG_NU] - height_to[LOG_NU]));
    s->out->n_cycles++;
    if (!(off <= s->out->worst_cycle)) s->out->worst_cycle = off;
    if (!(off <= CYCLE_TOLERANCE))
        curate_tell(&s->teller, &s->out->n_open,
                    "edge %" PRIu64 ", states %" PRIu64 " and %" PRIu64
                    ": around a cycle its barriers miss %.3g eV",
                    e->id, e->from, e->to, off);
}

static void compare_virial(survey *s, const path *e, const place *from, const place *to)
{
    double worst = 0;

    for (int k = 0; k < 6; k++)
        worst = fmax(worst, fabs(e->final[k] - (to->virial[k] - from->virial[k])));
    if (!(worst <= s->out->worst_virial)) s->out->worst_virial = worst;
    if (!(worst <= VIRIAL_TOLERANCE))
        curate_tell(&s->teller, &s->out->n_elsewhere,
                    "edge %" PRIu64 " from state %" PRIu64
                    ": its final minimum has not the virial of state %" PRIu64 ", by %.3g eV",
                    e->id, e->from, e->to, worst);
}

static void judge(survey *s)
{
    for (size_t k = 0; k < s->n_edges; k++) {
        const path *e = &s->edge[k];
        const place *from = state_of(s, e->from), *to = state_of(s, e->to);
        if (!from || !to || from == to) continue;
        s->out->n_edges++;
        if (from->has_table && to->has_table && e->listed[0] != e->listed[1])
            curate_tell(&s->teller, &s->out->n_one_way,
                        "edge %" PRIu64 ": in the table of state %" PRIu64 ", not in that of %" PRIu64, e->id,
                        e->listed[0] ? e->from : e->to, e->listed[0] ? e->to : e->from);
        compare_virial(s, e, from, to);
        close_cycle(s, e, (size_t)(from - s->state), (size_t)(to - s->state));
    }
}

sg_status sg_curate_reversible(sg_catalog *cat, void (*tell)(void *arg, const char *text), void *arg,
                               sg_curate_reversibility *out)
{
    survey s = {.teller = {tell, arg}, .out = out};

    *out = (sg_curate_reversibility){0};
    sg_status st = sg_catalog_hold(cat);
    if (st != SG_OK) return st;
    st = sg_catalog_each(cat, SG_DB_STATES, take_state, &s);
    if (st == SG_OK && s.status == SG_OK) st = sg_catalog_each(cat, SG_DB_EDGES, take_edge, &s);
    if (st == SG_OK && s.status == SG_OK) st = sg_catalog_each(cat, SG_DB_TABLES, take_table, &s);
    sg_catalog_release(cat);
    if (st == SG_OK) st = s.status;
    out->n_states = s.n_states;
    if (st == SG_OK) judge(&s);
    sg_free(s.state);
    sg_free(s.edge);
    return st;
}
