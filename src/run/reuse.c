/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the rate tables came from and what that cost: rows of reuse.tsv, and their sums over the run. */
#include "run_internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* How a refinement can end; a search can end in more ways. */
static const sg_outcome ends[] = {SG_FOUND,      SG_KNOWN,       SG_DISCONNECTED, SG_SAME_MINIMUM, SG_BLOW_UP,
                                  SG_STEP_LIMIT, SG_WRONG_INDEX, SG_DEGENERATE,   SG_REFINE_FAILED};
enum { N_ENDS = sizeof ends / sizeof *ends };

const char reuse_columns[] =
    "step\tstate\tmade\tn_catalog\tn_inherited\tn_searched\tn_detour\trate_catalog_per_s\trate_inherited_per_"
    "s\t"
    "rate_searched_per_s\trate_detour_per_s\tn_predicted\trate_predicted_per_s\trate_error_per_"
    "s\tsearches\tcalls_searches\t"
    "refined\tcalls_refined\trefined_found\trefined_known\trefined_disconnected\trefined_same_minimum\t"
    "refined_blow_up\trefined_step_limit\trefined_wrong_index\trefined_degenerate\trefined_refine_failed\t"
    "rate_out_per_s\tn_missing\trate_missing_per_s\tshare_missing\tshare_missing_error\tchance_new\tsearches_"
    "ended";

typedef struct tally {
    sg_run_work work;
    uint64_t end; /* row */
} tally;

static int count_row(void *arg, const void *record)
{
    tally *t = arg;
    const sg_cat_search *r = record;
    const int refined = r->sampler == SG_SAMPLER_PLACED || r->sampler == SG_SAMPLER_INHERITED;
    uint64_t calls = 0;

    if (r->id >= t->end) return 1;
    for (int k = 0; k < 5; k++)
        calls += r->calls[k];
    if (!refined) {
        t->work.searches++;
        t->work.calls_searches += calls;
        return 0;
    }
    t->work.refined++;
    t->work.calls_refined += calls;
    if (r->outcome < SG_OUTCOME_COUNT) t->work.outcome[r->outcome]++;
    return 0;
}

sg_status run_work_between(const sg_run *run, uint64_t first, uint64_t end, sg_run_work *out)
{
    tally t = {.end = end};
    const sg_status st =
        first < end ? sg_catalog_each_from(run->cat, SG_DB_SEARCHES, first, count_row, &t) : SG_OK;

    *out = t.work;
    return st;
}

static sg_status write_row(const sg_run *run, const sg_reuse *r)
{
    const sg_sources *s = &r->sources;
    const sg_missing *m = &r->missing;
    sg_run_work w;
    const sg_status st = run_work_between(run, r->first_row, r->end_row, &w);
    uint64_t end[N_ENDS];

    if (st != SG_OK) return st;
    for (int k = 0; k < N_ENDS; k++)
        end[k] = w.outcome[ends[k]];
    return sg_tsv_row(
        run->out.reuse,
        "%" PRIu64 "\t%" PRIu64 "\t%d\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu32
        "\t%.9g\t%.9g\t%.9g\t%.9g\t%" PRIu32 "\t%.9g\t%.9g\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
        "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
        "\t%" PRIu64 "\t%" PRIu64 "\t%.9g\t%.4g\t%.9g\t%.4g\t%.4g\t%.4g\t%s",
        r->step, r->state, r->made, s->number[SG_SOURCE_CATALOG], s->number[SG_SOURCE_INHERITED],
        s->number[SG_SOURCE_SEARCH], s->number[SG_SOURCE_DETOUR], s->rate[SG_SOURCE_CATALOG],
        s->rate[SG_SOURCE_INHERITED], s->rate[SG_SOURCE_SEARCH], s->rate[SG_SOURCE_DETOUR], s->n_predicted,
        s->rate_predicted, s->rate_error, w.searches, w.calls_searches, w.refined, w.calls_refined, end[0],
        end[1], end[2], end[3], end[4], end[5], end[6], end[7], end[8], m->known, m->number, m->rate,
        m->share, m->share_error, m->chance_new, r->confident ? "confidence" : "budget");
}

sg_status reuse_write(sg_run *run, uint64_t last)
{
    for (; run->out.next_reuse <= last; run->out.next_reuse++) {
        sg_reuse r;
        sg_status st = sg_kmc_reuse(run->cat, run->out.next_reuse, &r);
        if (st == SG_ENOTFOUND) continue;
        if (st == SG_OK) st = write_row(run, &r);
        for (int s = 0; s < SG_SOURCE_COUNT && r.made; s++) {
            run->entries += r.sources.number[s];
            if (s == SG_SOURCE_CATALOG || s == SG_SOURCE_INHERITED)
                run->entries_reused += r.sources.number[s];
        }
        if (st != SG_OK) return st;
    }
    return SG_OK;
}

/* --- sums --- */

static sg_run_shares shares_of(const double amount[SG_SOURCE_COUNT])
{
    double sum = 0;

    for (int s = 0; s < SG_SOURCE_COUNT; s++)
        sum += amount[s];
    return (sg_run_shares){amount[SG_SOURCE_CATALOG] / sum, amount[SG_SOURCE_INHERITED] / sum,
                           amount[SG_SOURCE_SEARCH] / sum, amount[SG_SOURCE_DETOUR] / sum};
}

sg_status reuse_sum(const sg_run *run, uint64_t last_step, sg_run_summary *sum)
{
    double number[2][SG_SOURCE_COUNT] = {{0}},
           rate[2][SG_SOURCE_COUNT] = {{0}}; /* of all tables; of those after the start */

    double shares = 0;
    uint64_t n_shares = 0;

    sum->n_tables = sum->n_confident = 0;
    for (uint64_t step = 1; step <= last_step + 1; step++) {
        sg_reuse r;
        const sg_status st = sg_kmc_reuse(run->cat, step, &r);
        if (st == SG_ENOTFOUND) continue;
        if (st != SG_OK) return st;
        sum->n_tables += r.made != 0;
        sum->n_confident += r.made && r.confident;
        if (r.made && r.state > 0 && r.missing.share >= 0) { /* a number */
            shares += r.missing.share;
            n_shares++;
        }
        for (int s = 0; s < SG_SOURCE_COUNT && r.made; s++)
            for (int later = 0; later <= (r.state > 0); later++) {
                number[later][s] += r.sources.number[s];
                rate[later][s] += r.sources.rate[s];
            }
    }
    sum->later_missing = shares / (double)n_shares;
    sum->all = shares_of(number[0]);
    sum->all_rate = shares_of(rate[0]);
    sum->later = shares_of(number[1]);
    sum->later_rate = shares_of(rate[1]);
    return run_work_between(run, 0, UINT64_MAX, &sum->work);
}

void reuse_json(const sg_run_work *w, sg_json *json)
{
    sg_json *failed;

    sg_json_integer(json, "refinements", (int64_t)w->refined);
    sg_json_integer(json, "failed_refinements",
                    (int64_t)(w->refined - w->outcome[SG_FOUND] - w->outcome[SG_KNOWN]));
    failed = sg_json_object(json, "refined");
    for (int k = 0; k < N_ENDS; k++)
        sg_json_integer(failed, sg_outcome_text(ends[k]), (int64_t)w->outcome[ends[k]]);
    sg_json_integer(json, "calls_refined", (int64_t)w->calls_refined);
    sg_json_integer(json, "calls_searches", (int64_t)w->calls_searches);
}
