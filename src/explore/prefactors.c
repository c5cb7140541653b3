/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which events get a harmonic prefactor, and when.
 *
 * Once a table is complete, and again when entries have come to it, the prefactors are computed of the
 * entries that together carry all but opt.prefactor_rest of the rate out, by the rates as they are known;
 * those that flicker (no way out, but part of basins, by their barrier or by their rate) all. Self loops are
 * no ways out and need none. What was computed changes the rates, so this is
 * done in batches, each chosen anew from what stands in the catalog: a run that was killed chooses the same
 * ones again. An entry drawn without one gets it before it is executed. A prefactor belongs to the edge,
 * which carries that of the way back, too; an event reconverged from another edge, or lent by the catalog,
 * starts with the prefactor that it had there, for its rank only. Each is a task like the searches, done on
 * whichever rank is free; results are taken in order. */
#include "explore_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct wanted { /* an entry without a prefactor */
    uint64_t edge;
    double rate;
    uint32_t k;
    int flickers;
} wanted;

int is_settled_edge(const sg_cat_edge *e)
{
    return e->nu_status != SG_NU_NONE && e->nu_status != SG_NU_LENT;
}

int sg_explorer_is_settled(const sg_explorer *ex, uint64_t state, uint32_t k)
{
    const sg_cat_table *t = table_at(ex, state);
    if (k >= t->n_entries) return 0; /* it could not be read back, as settling will say */
    const sg_cat_entry *entry = &t->entry[k];
    return !entry->kept && (!ex->opt.harmonic || is_settled_edge(&ex->edge[entry->edge - 1]));
}

/* --- tasks --- */

static sg_status prepare(const sg_explorer *ex, uint64_t edge, slot *s)
{
    const size_t bytes = (size_t)ex->frame->n * sizeof(double[3]);
    const sg_cat_edge e = edge_at(ex, edge);
    sg_system like = *ex->frame; /* all but the cell borrowed */

    s->active = 1;
    s->status = SG_OK;
    s->order = (order){.kind = ORDER_PREFACTOR,
                       .n_free = (uint32_t)ex->opt.prefactor_atoms,
                       .gamma = ex->state[e.from].gamma};
    memcpy(s->mode_guess, x_of(ex, e.from), bytes);
    memcpy(s->passage->x_final, x_of(ex, e.to), bytes);
    const sg_status st = sg_cell_init(&like.cell, (const double(*)[3])ex->frame->cell.h0, s->order.gamma,
                                      ex->frame->cell.periodic);
    if (st == SG_OK)
        sg_event_saddle(&like, &e, 0, (positions)s->mode_guess, (positions)s->passage->x_final,
                        (positions)s->mode_guess, s->x_guess);
    return st == SG_OK ? near_status(ex) : st;
}

static sg_status store(sg_explorer *ex, sg_cat_edge *e, sg_nu_status status, double nu, double nu_back,
                       uint32_t n_free)
{
    e->nu_status = (uint8_t)status;
    e->prefactor = nu;
    e->prefactor_back = nu_back;
    e->n_free = n_free;
    ex->revision++;
    return put_edge(ex, e->id);
}

static sg_status merge(sg_explorer *ex, uint64_t edge, const slot *s)
{
    sg_cat_edge *e = &ex->edge[edge - 1];
    const sg_prefactor *r = &s->prefactor;

    if (s->status != SG_OK)
        return sg_fail(s->status, "prefactor of event %llu: %s", (unsigned long long)edge,
                       sg_status_text(s->status));
    ex->stats.prefactors++;
    ex->stats.prefactor_calls += s->equivalents;
    const sg_status st = store(ex, e, r->status, r->nu, r->nu_back, (uint32_t)r->n_free);
    return st == SG_OK ? put_generic_prefactors(ex, e) : st;
}

/* At most opt.batch edges: computed in parallel, stored in order. */
static sg_status compute_batch(sg_explorer *ex, const wanted *w, int n)
{
    sg_status st = SG_OK;

    for (int k = 0; k < n && st == SG_OK; k++)
        st = prepare(ex, w[k].edge, &ex->slot[k]);
    if (st == SG_OK) st = crew_run(ex, n);
    if (st == SG_EINTERRUPTED) return sg_fail(st, "interrupted among prefactors");
    for (int k = 0; k < n && st == SG_OK; k++)
        st = merge(ex, w[k].edge, &ex->slot[k]);
    return st;
}

sg_status lend_prefactors(sg_explorer *ex, uint64_t edge_id, sg_nu_status status, double nu, double nu_back,
                          uint32_t n_free)
{
    if (!ex->opt.harmonic || edge_id == 0 || !(nu > 0 && nu_back > 0)) return SG_OK;
    return store(ex, &ex->edge[edge_id - 1], status, nu, nu_back, n_free);
}

/* --- which --- */

/* What flickers, then the fastest. */
static int compare_wanted(const void *a, const void *b)
{
    const wanted *x = a, *y = b;
    if (x->flickers != y->flickers) return y->flickers - x->flickers;
    if (!x->flickers && x->rate != y->rate) return x->rate > y->rate ? -1 : 1;
    return x->k < y->k ? -1 : x->k > y->k;
}

/* Entries without a prefactor that must have one, the first ones first; at most opt.batch. `list`: room for
 * all entries. */
static int choose(const sg_explorer *ex, uint64_t state, wanted *list)
{
    const sg_cat_table *t = table_at(ex, state);
    const double fast = sg_rate(ex->opt.flicker, ex->opt.temperature, ex->opt.prefactor);
    double out = 0, left = 0;
    int n = 0, n_chosen = 0;

    for (uint32_t k = 0; k < t->n_entries; k++) {
        const sg_cat_entry *entry = &t->entry[k];
        const double rate = sg_explorer_rate(ex, state, entry);
        const int flickers = entry->barrier < ex->opt.flicker || (ex->opt.flicker > 0 && rate > fast);
        if (!entry->kept && sg_explorer_target(ex, entry) == state) continue;
        if (!flickers) out += rate;
        if (is_settled_edge(&ex->edge[entry->edge - 1])) continue;
        list[n++] = (wanted){entry->edge, rate, k, flickers};
    }
    if (n > 1) qsort(list, (size_t)n, sizeof *list, compare_wanted);
    for (int k = n; k-- > 0;) { /* the slowest stay as they are as long as they do not matter */
        left += list[k].flickers ? 0 : list[k].rate;
        if (!list[k].flickers && left <= ex->opt.prefactor_rest * out) continue;
        n_chosen = k + 1;
        break;
    }
    return n_chosen < ex->opt.batch ? n_chosen : ex->opt.batch;
}

sg_status complete_prefactors(sg_explorer *ex, uint64_t state)
{
    sg_status st = SG_OK;

    if (!ex->opt.harmonic) return SG_OK;
    wanted *list = sg_calloc(table_at(ex, state)->n_entries, sizeof *list);
    if (!list) return sg_fail(SG_ENOMEM, "prefactors");
    for (int n; st == SG_OK && (n = choose(ex, state, list)) > 0;) {
        if (sg_interrupt_requested() || (ex->opt.stop && ex->opt.stop(ex->opt.stop_arg))) {
            st = sg_fail(SG_EINTERRUPTED, "interrupted among the prefactors of state %llu",
                         (unsigned long long)state);
            break;
        }
        st = compute_batch(ex, list, n);
        if (st == SG_OK) st = sg_catalog_commit(ex->cat);
        if (st == SG_OK) pending_clear(ex);
    }
    sg_free(list);
    return st;
}

sg_status sg_explorer_settle(sg_explorer *ex, uint64_t state, uint32_t k, int *alive)
{
    const sg_cat_table *t = table_at(ex, state);
    const sg_status fault = near_status(ex);

    if (fault != SG_OK) return fault;
    const sg_cat_entry *entry = &t->entry[k];
    if (entry->kept) return sg_explorer_reconverge(ex, state, k, alive);
    *alive = 1;
    return compute_batch(ex, &(wanted){entry->edge, 0, k, 0}, 1);
}

/* --- statistics --- */

typedef struct sums {
    double n, x, y, xx, xy, yy;
} sums;

static void regression(const sums *s, sg_prefactor_summary *out)
{
    const double sxx = s->xx - s->x * s->x / s->n, sxy = s->xy - s->x * s->y / s->n,
                 syy = s->yy - s->y * s->y / s->n;

    out->mean = s->y / s->n;
    out->spread = s->n > 1 ? sqrt(fmax(syy, 0) / (s->n - 1)) : NAN;
    if (s->n < 3 || !(sxx > 0)) return;
    out->b = sxy / sxx;
    out->a = out->mean - out->b * s->x / s->n;
    const double rest = fmax(syy - out->b * sxy, 0) / (s->n - 2);
    out->error_b = sqrt(rest / sxx);
    out->error_a = sqrt(rest * (1 / s->n + s->x * s->x / (s->n * s->n) / sxx));
    out->correlation = syy > 0 ? sxy / sqrt(sxx * syy) : NAN;
}

sg_prefactor_summary sg_explorer_prefactors(const sg_explorer *ex)
{
    sg_prefactor_summary out = {0, 0, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    sums s = {0, 0, 0, 0, 0, 0};

    for (size_t k = 0; k < ex->n_edges; k++) {
        const sg_cat_edge *e = &ex->edge[k];
        const double x = e->barrier, y = log(e->prefactor);
        out.n_lent += e->nu_status == SG_NU_LENT;
        out.n_failed += e->nu_status > SG_NU_LENT;
        if (e->nu_status != SG_NU_DONE) continue;
        out.n_done++;
        out.lowest = fmin(out.lowest, y); /* of NaN and a number the number */
        out.highest = fmax(out.highest, y);
        s = (sums){s.n + 1, s.x + x, s.y + y, s.xx + x * x, s.xy + x * y, s.yy + y * y};
    }
    if (s.n > 0) regression(&s, &out);
    return out;
}
