/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The explorer: making a table out of a plan, reconverging inherited entries. */
#include "explore_internal.h"

#include <assert.h>

#include <math.h>
#include <string.h>

static sg_status make_scratch(sg_explorer *ex)
{
    const size_t n = (size_t)ex->frame->n;
    sg_status st = SG_OK;

    ex->work = sg_calloc((size_t)ex->opt.threads, sizeof *ex->work);
    ex->vibration = sg_calloc((size_t)ex->opt.threads, sizeof *ex->vibration);
    ex->slot = sg_calloc((size_t)ex->opt.batch, sizeof *ex->slot);
    ex->class_of = sg_calloc(n, sizeof *ex->class_of);
    ex->scratch = sg_calloc(n, sizeof *ex->scratch);
    ex->mark = sg_calloc(n, 1);
    if (!ex->work || !ex->vibration || !ex->slot || !ex->class_of || !ex->scratch || !ex->mark)
        return sg_fail(SG_ENOMEM, "explorer");
    st = sg_potential_work_create(ex->pot, &ex->probe);
    for (; ex->n_work < ex->opt.threads && st == SG_OK; ex->n_work += st == SG_OK)
        st = sg_saddle_work_create(ex->pot, ex->frame, &ex->work[ex->n_work]);
    for (int k = 0; k < ex->opt.batch && st == SG_OK; k++)
        st = slot_init(&ex->slot[k], ex->frame->n);
    return st == SG_OK ? crew_open(ex) : st;
}

sg_status sg_explorer_create(const sg_potential *pot, const sg_system *like, const sg_topology_params *params,
                             sg_catalog *cat, const sg_explore_options *opt, const sg_log *log,
                             sg_explorer **out)
{
    sg_explorer *ex = sg_calloc(1, sizeof *ex);
    sg_status st;

    *out = NULL;
    if (!ex) return sg_fail(SG_ENOMEM, "explorer");
    ex->pot = pot;
    ex->log = log;
    ex->cat = cat;
    ex->params = *params;
    ex->opt = *opt;
    if (ex->opt.threads < 1) ex->opt.threads = 1;
    if (ex->opt.batch < 1) ex->opt.batch = 1;
    if ((st = sg_system_copy(like, &ex->frame)) != SG_OK) goto done;
    ex->gamma = like->cell.gamma;
    if ((st = make_scratch(ex)) != SG_OK) goto done;
    if ((st = shear_rooms_create(ex)) != SG_OK) goto done;
    if ((st = registry_load(ex)) != SG_OK) goto done;
    if ((st = views_open(ex)) != SG_OK) goto done;
    if ((st = strain_account_load(ex)) != SG_OK) goto done;
    if ((st = completeness_load(ex)) != SG_OK) goto done;
    if ((st = plan_load(ex)) != SG_OK) goto done;
    *out = ex;
    ex = NULL;
done:
    sg_explorer_free(ex);
    return st;
}

void sg_explorer_free(sg_explorer *ex)
{
    if (!ex) return;
    registry_clear(ex);
    variants_clear(ex);
    completeness_clear(ex);
    pending_clear(ex);
    sg_free(ex->pending);
    sg_free(ex->death);
    sg_free(ex->class_);
    sg_free(ex->class_of);
    plan_clear(ex);
    sg_potential_work_free(ex->probe);
    for (int k = 0; k < ex->n_work; k++)
        sg_saddle_work_free(ex->work[k]);
    for (int k = 0; ex->vibration && k < ex->n_work; k++)
        sg_vibration_work_free(ex->vibration[k]);
    sg_free(ex->work);
    sg_free(ex->vibration);
    crew_close(ex);
    for (int k = 0; ex->slot && k < ex->opt.batch; k++)
        slot_clear(&ex->slot[k]);
    sg_free(ex->slot);
    sg_free(ex->scratch);
    sg_free(ex->mark);
    shear_rooms_free(ex);
    placer_free(ex->placer);
    views_close(ex);
    copier_free(ex->copier);
    whereabouts_free(ex->whereabouts);
    sg_keys_free(ex->keys);
    sg_system_free(ex->frame);
    sg_free(ex);
}

sg_status keys_to_frame(sg_explorer *ex)
{
    int rekeyed = ex->frame->n;
    sg_status st = ex->keys ? sg_keys_update(ex->keys, ex->frame, &rekeyed)
                            : sg_keys_create(ex->frame, &ex->params, &ex->keys);
    if (st == SG_OK) ex->stats.rekeyed += (uint64_t)rekeyed;
    return st;
}

sg_status sg_explorer_add_state(sg_explorer *ex, const double (*x)[3], uint64_t *id)
{
    sg_minimize_options rule = sg_minimize_defaults();
    sg_minimize_result end;
    sg_potential_work *work = NULL;
    int is_new;
    sg_status st = sg_potential_work_create(ex->pot, &work);

    if (st != SG_OK) return st;
    frame_strain(ex, ex->gamma);
    memcpy(ex->frame->x, x, (size_t)ex->frame->n * sizeof *ex->frame->x);
    rule.f_max = ex->opt.saddle.f_minimum;
    st = sg_minimize(ex->pot, work, ex->frame, NULL, &rule, &end);
    ex->stats.force_calls += sg_potential_calls(work)->equivalents;
    ex->stats.full_calls += (double)sg_potential_calls(work)->full;
    sg_potential_work_free(work);
    if (st != SG_OK) return st;
    if (end.stop != SG_STOP_CONVERGED)
        return sg_fail(SG_ENUMERIC, "relaxation ended at a force of %g eV/Å, need %g", end.f_max, rule.f_max);
    return registry_state(ex, (positions)ex->frame->x, end.energy, end.f_max, end.virial, id, &is_new);
}

const sg_cat_table *sg_explorer_known_table(const sg_explorer *ex, uint64_t state)
{
    return table_is_complete(ex, state) ? table_at(ex, state) : NULL;
}

static sg_status make_table(sg_explorer *ex, uint64_t state, uint64_t parent, const sg_cat_table **out)
{
    const int resumed = ex->plan.is_open && ex->plan.state == state && has_table(ex, state);
    int copied = 0;
    sg_status st;

    frame_to(ex, state);
    if (!resumed && ex->opt.copy && ex->opt.keep_landscape) {
        if ((st = copy_table(ex, state, &copied)) != SG_OK) return st;
        if (copied) return *out = table_at(ex, state), complete_prefactors(ex, state);
    }
    if ((st = keys_to_frame(ex)) != SG_OK) return st;
    if ((st = views_to_frame(ex)) != SG_OK) return st;
    st = resumed ? restore_variants(ex, state) : plan_make(ex, state, parent);
    if (st == SG_OK) st = run_batches(ex);
    if (st == SG_OK) st = complete_prefactors(ex, state);
    if (st != SG_OK) return st;
    completeness_close(ex, table_at(ex, state), state != ex->plan.parent);
    ex->state[state].flags |= SG_CAT_STATE_TABLE;
    plan_clear(ex);
    if ((st = put_table(ex, state)) == SG_OK) st = put_state(ex, state);
    if (st == SG_OK) st = completeness_store(ex);
    if (st == SG_OK) st = sg_catalog_commit(ex->cat);
    if (st == SG_OK) *out = table_at(ex, state);
    return st;
}

/* Processor time of this thread since begin_s, but for batches, in which all take part. */
static void count_serial(sg_explorer *ex, double begin_s, double batches_s)
{
    ex->stats.labour.serial_s += thread_s() - begin_s - (ex->batches_s - batches_s);
}

sg_status sg_explorer_table(sg_explorer *ex, uint64_t state, uint64_t parent, const sg_cat_table **out)
{
    *out = NULL;
    assert(state < ex->n_states && parent < ex->n_states);
    near_trim(ex);
    if (table_is_complete(ex, state)) *out = table_at(ex, state);
    const sg_status fault = near_status(ex);
    if (fault != SG_OK) return fault;
    if (*out) return complete_prefactors(ex, state);
    const double begin_s = thread_s(), batches_s = ex->batches_s;
    const sg_status st = make_table(ex, state, parent, out), why = near_status(ex);
    count_serial(ex, begin_s, batches_s);
    if (st == SG_EINTERRUPTED) ex->got_on = 0;
    return why != SG_OK ? why : st; /* what could not be read back comes before what that has led to */
}

static sg_status reconverge(sg_explorer *ex, uint64_t state, uint32_t k, int *alive)
{
    sg_cat_table *t = table_at(ex, state);
    const sg_status fault = near_status(ex);
    if (fault != SG_OK) return fault;
    const sg_cat_entry entry = t->entry[k];
    edge_here e;
    slot *s = &ex->slot[0];
    sg_saddle_problem p = {
        .pot = ex->pot, .start = ex->frame, .e_start = ex->state[state].energy, .opt = &ex->opt.saddle};
    sg_rng rng;
    uint64_t edge_id = 0;
    int same = -1;

    assert(table_is_complete(ex, state) && k < t->n_entries && entry.kept);
    *alive = 0;
    frame_to(ex, state);
    memcpy(p.virial_start, ex->state[state].virial, sizeof p.virial_start);
    entry_saddle(ex, state, &entry, s->x_guess);
    e = edge_to_frame(ex, entry.edge);
    sg_system_displacement(ex->frame, e.from, e.to, s->mode_guess, NULL);
    sg_rng_init(&rng, ex->opt.seed, SG_RNG_VERIFY, state, entry.edge, UINT64_MAX);
    const double before = sg_saddle_work_calls(ex->work[0])->equivalents;
    sg_status st =
        sg_saddle_refine(&p, (positions)s->x_guess, (positions)s->mode_guess, &rng, ex->work[0], s->passage);
    ex->stats.force_calls += equivalents_since(ex->work[0], before);
    if (st == SG_ENUMERIC) s->passage->outcome = SG_BLOW_UP, st = SG_OK;
    if (st != SG_OK) return st;
    const task asked = {TASK_INHERIT, entry.reverse, e.edge.centre, 0, entry.edge};
    const uint64_t event = entry.reverse ? 0 : e.edge.event;
    const uint32_t found = e.edge.found;
    double nu, nu_back;
    const uint32_t n_free = e.edge.n_free;
    prefactors_of(&e.edge, entry.reverse, &nu, &nu_back);
    remove_entry(t, k);
    ex->stats.refinements++;
    if (s->passage->outcome == SG_FOUND)
        st = accept_passage(ex, state, s->passage, SG_SAMPLER_INHERITED, SG_SOURCE_INHERITED, event, found, 1,
                            &edge_id, &same);
    else
        ex->stats.failed_refinements++;
    mark_accepted(s->passage, edge_id, same);
    if (st == SG_OK) st = lend_prefactors(ex, edge_id, SG_NU_LENT, nu, nu_back, n_free);
    if (st == SG_OK) st = log_row(ex, state, &asked, SG_SAMPLER_INHERITED, s->passage, edge_id);
    uint32_t at = k; /* it was appended: back to its place, so that the order of the table stays; or it has
                        taken the place of an earlier inherited one */
    while (st == SG_OK && edge_id != 0 && at < t->n_entries && t->entry[at].edge != edge_id)
        at++;
    if (st == SG_OK && edge_id != 0 && at < t->n_entries) {
        const sg_cat_entry fresh = t->entry[at];
        memmove(t->entry + k + 1, t->entry + k, (size_t)(at - k) * sizeof *t->entry);
        t->entry[k] = fresh;
        *alive = 1;
    }
    return st == SG_OK ? put_table(ex, state) : st;
}

sg_status sg_explorer_reconverge(sg_explorer *ex, uint64_t state, uint32_t k, int *alive)
{
    const double begin_s = thread_s();
    const sg_status st = reconverge(ex, state, k, alive);

    count_serial(ex, begin_s, ex->batches_s);
    return st;
}

sg_status sg_explorer_mark(sg_explorer *ex, uint64_t state, uint32_t flags)
{
    if ((ex->state[state].flags & flags) == flags) return SG_OK;
    ex->state[state].flags |= flags;
    return put_state(ex, state);
}

uint64_t sg_explorer_revision(const sg_explorer *ex)
{
    return ex->revision;
}

uint64_t sg_explorer_n_states(const sg_explorer *ex)
{
    return ex->n_states;
}

uint64_t sg_explorer_n_edges(const sg_explorer *ex)
{
    return ex->n_edges;
}

uint64_t sg_explorer_n_found(const sg_explorer *ex)
{
    return ex->n_edges - ex->n_copied;
}

uint64_t sg_explorer_n_searches(const sg_explorer *ex)
{
    return ex->n_searches;
}

uint64_t sg_explorer_n_rows(const sg_explorer *ex)
{
    return ex->n_rows;
}

const sg_cat_state *sg_explorer_state(const sg_explorer *ex, uint64_t id)
{
    return &ex->state[id];
}

const sg_cat_edge *sg_explorer_edge(const sg_explorer *ex, uint64_t id)
{
    return &ex->edge[id - 1];
}

const double (*sg_explorer_positions(const sg_explorer *ex, uint64_t id))[3]
{
    return x_of(ex, id);
}

sg_cat_edge sg_explorer_whole_edge(const sg_explorer *ex, uint64_t id)
{
    return edge_at(ex, id);
}

uint64_t sg_explorer_target(const sg_explorer *ex, const sg_cat_entry *entry)
{
    const sg_cat_edge *e = &ex->edge[entry->edge - 1];
    return entry->reverse ? e->from : e->to;
}

const sg_system *sg_explorer_frame(sg_explorer *ex, uint64_t state)
{
    frame_to(ex, state);
    return ex->frame;
}

sg_explore_stats sg_explorer_stats(const sg_explorer *ex)
{
    sg_explore_stats s = ex->stats;
    s.labour.team = sg_team_get_account(ex->team);
    s.force_calls += sg_potential_calls(ex->probe)->equivalents;
    s.full_calls += (double)sg_potential_calls(ex->probe)->full;
    for (int k = 0; k < ex->n_work; k++) {
        const sg_force_calls *c = sg_saddle_work_calls(ex->work[k]);
        s.full_calls += (double)c->full;
        s.free_calls += (double)c->free_set;
        s.products += (double)c->hessian;
    }
    return s;
}
