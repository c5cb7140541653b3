/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run amounts to: where it stands, and where the entries of its rate tables came from. */
#include "run_internal.h"

#include <math.h>
#include <string.h>

typedef struct tally {
    double number[3], rate[3];
} tally; /* by sg_source */

/* An edge seen from its far end was there already; so was one that this table got from its parent. */
static sg_source source_of(const sg_run *run, uint64_t state, const sg_cat_entry *entry)
{
    const sg_cat_edge *e = sg_explorer_edge(run->ex, entry->edge);
    if (entry->kept || entry->reverse || e->from != state) return SG_SOURCE_INHERITED;
    return (sg_source)e->source;
}

static void count_table(const sg_run *run, uint64_t state, tally *t)
{
    const sg_cat_table *table = sg_explorer_known_table(run->ex, state);
    const double window = run->setup.explore.barrier_max;

    for (uint32_t k = 0; table && k < table->n_entries; k++) {
        const sg_cat_entry *entry = &table->entry[k];
        if (window > 0 && entry->barrier > window) continue;
        const sg_source s = source_of(run, state, entry);
        t->number[s] += 1;
        t->rate[s] += sg_rate(entry->barrier, run->setup.kmc.temperature, run->setup.kmc.prefactor);
    }
}

static sg_run_shares shares_of(const double amount[3])
{
    const double sum = amount[0] + amount[1] + amount[2];
    return (sg_run_shares){amount[SG_SOURCE_CATALOG] / sum, amount[SG_SOURCE_INHERITED] / sum,
                           amount[SG_SOURCE_SEARCH] / sum};
}

void run_summarise(const sg_run *run, sg_run_end end, sg_run_summary *sum)
{
    tally all = {{0}, {0}}, later = {{0}, {0}};

    memset(sum, 0, sizeof *sum);
    sum->end = end;
    sum->last = sg_kmc_row(run->walk);
    sum->n_states = sg_explorer_n_states(run->ex);
    sum->n_events = sg_explorer_n_edges(run->ex);
    sum->n_searches = sg_explorer_n_searches(run->ex);
    sum->stats = sg_explorer_stats(run->ex);
    sum->wall_s = run_now_s() - run->begin_s;
    sum->n_atoms = run->sys->n;
    for (uint64_t s = 0; s < sum->n_states; s++) {
        count_table(run, s, &all);
        if (s > 0) count_table(run, s, &later);
    }
    sum->all = shares_of(all.number);
    sum->all_rate = shares_of(all.rate);
    sum->later = shares_of(later.number);
    sum->later_rate = shares_of(later.rate);
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
    put_shares(json, "share_", &sum->all);
    put_shares(json, "share_rate_", &sum->all_rate);
    put_shares(json, "share_later_", &sum->later);
    put_shares(json, "share_later_rate_", &sum->later_rate);
    sg_json_number(json, "rate_total_per_s", sum->last.step > 0 ? sum->last.rate_total : NAN);
    sg_json_number(json, "rate_missing_per_s", sum->last.step > 0 ? sum->last.rate_missing : NAN);
    sg_json_integer(json, "refinements", (int64_t)sum->stats.refinements);
    sg_json_integer(json, "failed_refinements", (int64_t)sum->stats.failed_refinements);
    sg_json_number(json, "full_calls", sum->stats.full_calls);
    sg_json_number(json, "free_calls", sum->stats.free_calls);
    sg_json_number(json, "hessian_products", sum->stats.products);
    sg_json_number(json, "call_equivalents", sum->stats.force_calls);
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
