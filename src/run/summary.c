/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run amounts to: where it stands, and where the entries of its rate tables came from. */
#include "run_internal.h"

#include <math.h>
#include <string.h>

sg_status run_summarise(const sg_run *run, sg_run_end end, const run_last *last, sg_run_summary *sum)
{
    memset(sum, 0, sizeof *sum);
    sum->end = end;
    sum->last = last->row;
    sum->last.step = sg_kmc_row(run->walk).step;
    sum->n_states = sg_explorer_n_states(run->ex);
    sum->n_events = sg_explorer_n_edges(run->ex);
    sum->n_searches = sg_explorer_n_searches(run->ex);
    sum->stats = sg_explorer_stats(run->ex);
    sum->prefactors = sg_explorer_prefactors(run->ex);
    sum->wall_s = run_now_s() - run->begin_s;
    sum->n_atoms = run->sys->n;
    sum->time_missing = run->out.time_missing;
    const sg_status st = basins_sum(run, last, &sum->basins);
    return st == SG_OK ? reuse_sum(run, sum->last.step, sum) : st;
}

static void put_shares(sg_json *json, const char *prefix, const sg_run_shares *s)
{
    char key[64];

    snprintf(key, sizeof key, "%scatalog", prefix);
    sg_json_number(json, key, s->catalog);
    snprintf(key, sizeof key, "%sinherited", prefix);
    sg_json_number(json, key, s->inherited);
    snprintf(key, sizeof key, "%ssearched", prefix);
    sg_json_number(json, key, s->searched);
    snprintf(key, sizeof key, "%sdetour", prefix);
    sg_json_number(json, key, s->detour);
}

/* What records of other strains lent; nothing to say where there are none. */
static void put_strain_account(sg_json *json, const sg_strain_account *a)
{
    uint64_t sum = a->left_out + a->born;

    for (int k = 0; k < SG_FATE_COUNT; k++)
        sum += a->fate[k];
    if (sum == 0) return;
    sg_json *const out = sg_json_object(json, "strained");
    sg_json_integer(out, "left_out", (int64_t)a->left_out);
    for (int k = 0; k < SG_FATE_COUNT; k++)
        sg_json_integer(out, sg_fate_text((sg_fate)k), (int64_t)a->fate[k]);
    sg_json_integer(out, "born", (int64_t)a->born);
}

void sg_labour_json(const sg_labour *l, sg_json *json)
{
    sg_json *const out = sg_json_object(json, "labour");

    sg_json_number(out, "tasks_s", l->tasks_s);
    sg_json_number(out, "serial_s", l->serial_s);
    sg_json_number(out, "coordinating_s", l->team.coordinating_s);
    sg_json_integer(out, "tasks_here", (int64_t)l->team.here);
    sg_json_integer(out, "tasks_away", (int64_t)l->team.away);
    sg_json_integer(out, "tasks_again", (int64_t)l->team.again);
    sg_json_integer(out, "bytes_tasks", (int64_t)l->team.bytes_tasks);
    sg_json_integer(out, "bytes_results", (int64_t)l->team.bytes_results);
    sg_json_integer(out, "bytes_told", (int64_t)l->team.bytes_told);
}

/* Harmonic prefactors of the events known; nothing to say where none have been asked for. */
static void put_prefactors(sg_json *json, const sg_run_summary *sum)
{
    const sg_prefactor_summary *p = &sum->prefactors;

    if (p->n_done + p->n_failed == 0) return;
    sg_json *const out = sg_json_object(json, "prefactors");
    sg_json_integer(out, "n_harmonic", (int64_t)p->n_done);
    sg_json_integer(out, "n_lent", (int64_t)p->n_lent);
    sg_json_integer(out, "n_failed", (int64_t)p->n_failed);
    sg_json_number(out, "mean_ln_nu_s", p->mean);
    sg_json_number(out, "spread_ln_nu_s", p->spread);
    sg_json_number(out, "lowest_ln_nu_s", p->lowest);
    sg_json_number(out, "highest_ln_nu_s", p->highest);
    sg_json_number(out, "regression_a", p->a);
    sg_json_number(out, "regression_b_per_eV", p->b);
    sg_json_number(out, "regression_error_a", p->error_a);
    sg_json_number(out, "regression_error_b_per_eV", p->error_b);
    sg_json_number(out, "correlation", p->correlation);
    sg_json_number(out, "call_equivalents", sum->stats.prefactor_calls);
}

void sg_run_summary_json(const sg_run_summary *sum, sg_json *json)
{
    sg_json_text(json, "end", sg_run_end_text(sum->end));
    sg_json_integer(json, "steps", (int64_t)sum->last.step);
    sg_json_number(json, "time_s", sum->last.time);
    sg_json_number(json, "eis_eV", sum->last.energy);
    sg_json_number(json, "tau_xy_GPa", sum->last.tau);
    sg_json_integer(json, "n_atoms", sum->n_atoms);
    sg_json_integer(json, "n_states", (int64_t)sum->n_states);
    sg_json_integer(json, "n_events", (int64_t)sum->n_events);
    sg_json_integer(json, "n_searches", (int64_t)sum->n_searches);
    sg_json_integer(json, "n_tables", (int64_t)sum->n_tables);
    sg_json_integer(json, "n_tables_by_confidence", (int64_t)sum->n_confident);
    sg_json_integer(json, "n_tables_by_budget", (int64_t)(sum->n_tables - sum->n_confident));
    put_shares(json, "share_", &sum->all);
    put_shares(json, "share_rate_", &sum->all_rate);
    put_shares(json, "share_later_", &sum->later);
    put_shares(json, "share_later_rate_", &sum->later_rate);
    sg_json_number(json, "rate_total_per_s", sum->last.step > 0 ? sum->last.rate_total : NAN);
    sg_json_number(json, "rate_missing_per_s", sum->last.step > 0 ? sum->last.rate_missing : NAN);
    sg_json_number(json, "share_missing", sum->later_missing);
    sg_json_number(json, "time_low_s", sum->last.time - sum->time_missing);
    basins_json(&sum->basins, json);
    reuse_json(&sum->work, json);
    put_strain_account(json, &sum->stats.strain);
    put_prefactors(json, sum);
    sg_json_number(json, "full_calls", sum->stats.full_calls);
    sg_json_number(json, "free_calls", sum->stats.free_calls);
    sg_json_number(json, "hessian_products", sum->stats.products);
    sg_json_number(json, "call_equivalents", sum->stats.force_calls);
    sg_labour_json(&sum->stats.labour, json);
    sg_json_number(json, "wall_s", sum->wall_s);
}

sg_status run_write_summary(const sg_run *run, const sg_run_summary *sum)
{
    sg_json *json = sg_json_create();
    char *path = run_path(run->folder, "summary.json"), *text = NULL, *line = NULL;
    sg_status st = SG_OK;

    sg_run_summary_json(sum, json);
    text = sg_json_print(json);
    if (text) line = sg_calloc(strlen(text) + 2, 1);
    if (!path || !line) {
        st = sg_fail(SG_ENOMEM, "summary.json");
    } else {
        snprintf(line, strlen(text) + 2, "%s\n", text);
        st = sg_io_replace_text(path, line);
    }
    sg_json_free(json);
    sg_free(text);
    sg_free(line);
    sg_free(path);
    return st;
}
