/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First exits of molecular dynamics against the rate tables of a run. Every trajectory is a row of
 * trajectories.tsv as soon as its batch is done; what stands there already is not done again. audit.tsv is
 * made from these rows. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <omp.h>

#include "cli_internal.h"
#include "slowglass/audit.h"

static const cli_option options[] = {
    {"states", 0, "N,..", "states to begin from, as in trajectory.tsv"},
    {"top", 0, "N", "instead: those in which the run has spent most time (3)"},
    {"trajectories", 0, "N", "of each state (20)"},
    {"temperature", 0, "K", "default: the run's"},
    {"interval", 0, "PS", "between two looks (1)"},
    {"longest", 0, "PS", "a trajectory that has not left by then is given up (100)"},
    {"timestep", 0, "PS", "(0.002)"},
    {"flicker", 0, "KT", "ways with a lower barrier, forth or back, are counted apart (3)"},
    {"confidence", 0, "P", "of the intervals (0.95)"},
    {NULL, 0, NULL, NULL},
};

static const char trajectory_columns[] =
    "state\ttrajectory\ttemperature_K\tinterval_ps\tlongest_ps\ttimestep_ps\tflicker_kT\tseed\tend\tn_"
    "intervals\tn_flickers\tn_soft\tn_starts\thops\treturned\ttime_ps\tedge\teis_eV\tmoved_A\tforce_"
    "calls\tended";
enum {
    STATE,
    NUMBER,
    TEMPERATURE,
    INTERVAL,
    LONGEST,
    TIMESTEP,
    FLICKER,
    SEED,
    END,
    N_INTERVALS,
    N_FLICKERS,
    N_SOFT,
    N_STARTS,
    HOPS,
    RETURNED,
    TIME,
    EDGE,
    EIS,
    MOVED,
    FORCE_CALLS,
    N_COLUMNS
};
static const char *const column[N_COLUMNS] = {
    "state",    "trajectory", "temperature_K", "interval_ps", "longest_ps", "timestep_ps", "flicker_kT",
    "seed",     "end",        "n_intervals",   "n_flickers",  "n_soft",     "n_starts",    "hops",
    "returned", "time_ps",    "edge",          "eis_eV",      "moved_A",    "force_calls"};

static const char sum_columns[] =
    "state\ttemperature_K\tn_trajectories\tn_exits\tn_missing\tshare_missing\tshare_missing_low\tshare_"
    "missing_high\trun_share_missing\tn_lasting\tn_lasting_missing\tshare_lasting\tshare_lasting_low\tshare_"
    "lasting_high\trate_md_per_s\trate_md_low_per_s\trate_md_high_per_s\trate_table_per_s\texpected_exits\tn_"
    "multiple\tn_flickers\tn_soft\tn_flickered\tn_unsettled\tn_intervals\tforce_calls";

typedef struct session {
    cli *c;
    cli_model model;
    sg_catalog *cat;
    sg_audit_options opt;
    double confidence;
    int64_t n_trajectories, top;
    int n_states;
    uint64_t *state;
    char folder[4096], rows[4200]; /* what is written, and its table of trajectories */
} session;

/* ---- settings ---- */

static sg_status take_states(session *s)
{
    const char *text = cli_value(s->c, "states");
    char *end = NULL;

    if (!text) return sg_audit_longest_states(s->cat, (int)s->top, &s->state, &s->n_states);
    s->state = sg_calloc(strlen(text), sizeof *s->state);
    if (!s->state) return sg_fail(SG_ENOMEM, "--states");
    for (const char *at = text;; at = end + 1) {
        errno = 0;
        s->state[s->n_states++] = strtoull(at, &end, 10);
        if (end == at || *at < '0' || *at > '9' || errno || (*end && *end != ','))
            return sg_fail(SG_EINVAL, "--states '%s', need numbers such as 0,7,12", text);
        if (!*end) return SG_OK;
    }
}

static sg_status take_options(session *s)
{
    sg_audit_options *o = &s->opt;
    cli *c = s->c;

    *o = sg_audit_defaults();
    o->temperature_K = c->cfg.kmc.temperature_K;
    o->seed = (uint64_t)c->cfg.kmc.seed;
    s->confidence = 0.95;
    s->n_trajectories = 20;
    s->top = 3;
    sg_status st = cli_number(c, "temperature", 0, 1e5, &o->temperature_K);
    if (st == SG_OK) st = cli_number(c, "interval", 0, 1e4, &o->interval_ps);
    if (st == SG_OK) st = cli_number(c, "longest", 0, 1e7, &o->longest_ps);
    if (st == SG_OK) st = cli_number(c, "timestep", 0, 0.1, &o->timestep_ps);
    if (st == SG_OK) st = cli_number(c, "flicker", -1, 100, &o->flicker);
    if (st == SG_OK) st = cli_number(c, "confidence", 0, 0.999999, &s->confidence);
    if (st == SG_OK) st = cli_whole(c, "trajectories", 1, 1 << 20, &s->n_trajectories);
    if (st == SG_OK) st = cli_whole(c, "top", 1, 1 << 20, &s->top);
    return st == SG_OK ? sg_audit_check(o) : st;
}

static sg_status open_run(session *s)
{
    const char *run = s->c->input[0];
    char path[4200];
    struct stat info;

    snprintf(path, sizeof path, "%.4000s/run.ini", run);
    if (stat(path, &info) != 0) return sg_fail(SG_ENOTFOUND, "%s: no run there (run.ini is missing)", run);
    sg_status st = cli_configure(s->c, path);
    if (st == SG_OK) st = take_options(s);
    snprintf(path, sizeof path, "%.4000s/start.extxyz", run);
    if (st == SG_OK) st = cli_load(s->c, path, &s->model);
    snprintf(path, sizeof path, "%.4000s/catalog", run);
    if (st == SG_OK) st = sg_catalog_open(path, 0, &s->c->log, &s->cat);
    if (st == SG_OK) st = take_states(s);
    snprintf(s->folder, sizeof s->folder, s->c->out ? "%.4000s" : "%.4000s/audit",
             s->c->out ? s->c->out : run);
    snprintf(s->rows, sizeof s->rows, "%s/trajectories.tsv", s->folder);
    if (st == SG_OK && mkdir(s->folder, 0777) != 0 && errno != EEXIST)
        st = sg_fail(errno == ENOENT || errno == ENOTDIR ? SG_ENOTFOUND : SG_EIO, "%s: %s", s->folder,
                     strerror(errno));
    return st;
}

/* ---- trajectories ---- */

static sg_status write_row(session *s, sg_tsv *out, uint64_t state, uint64_t number,
                           const sg_audit_trajectory *t)
{
    const sg_audit_options *o = &s->opt;

    return sg_tsv_row(out,
                      "%" PRIu64 "\t%" PRIu64 "\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%" PRIu64 "\t%d\t%" PRId64
                      "\t%d\t%d\t%d\t%d\t%d\t%.9g\t%" PRIu64 "\t%.17g\t%.6g\t%.0f\t%s",
                      state, number, o->temperature_K, o->interval_ps, o->longest_ps, o->timestep_ps,
                      o->flicker, o->seed, (int)t->end, t->n_intervals, t->n_flickers, t->n_soft, t->n_starts,
                      t->hops, t->returned, t->time_ps, t->edge, t->energy, t->moved, t->force_calls,
                      sg_audit_end_text(t->end));
}

/* Rows there are; SG_EMISMATCH when they were made with other settings. */
static sg_status read_rows(const session *s, sg_columns *rows)
{
    const sg_audit_options *o = &s->opt;
    const double mine[] = {o->interval_ps, o->longest_ps, o->timestep_ps, o->flicker, (double)o->seed};

    *rows = (sg_columns){0};
    if (access(s->rows, F_OK) != 0) return SG_OK;
    const sg_status st = sg_io_read_columns(s->rows, N_COLUMNS, column, EDGE + 1, rows);
    for (int64_t k = 0; k < rows->n && st == SG_OK; k++)
        for (int j = 0; j < 5; j++) {
            const double there = rows->value[k * N_COLUMNS + INTERVAL + j];
            if (fabs(there - mine[j]) > 1e-6 * fabs(mine[j]))
                return sg_fail(SG_EMISMATCH, "%s:%lld: %s is %g, now %g; write to another folder (-o)",
                               s->rows, (long long)rows->line[k], column[INTERVAL + j], there, mine[j]);
        }
    return st;
}

/* Trajectories of a state are done in order, so their number says which is next. */
static uint64_t count_done(const session *s, const sg_columns *rows, uint64_t state)
{
    uint64_t n = 0;

    for (int64_t k = 0; k < rows->n; k++) {
        const double *row = rows->value + k * N_COLUMNS;
        n += row[STATE] == (double)state && fabs(row[TEMPERATURE] - s->opt.temperature_K) < 1e-6;
    }
    return n;
}

static sg_status one_state(session *s, sg_tsv *out, uint64_t id, uint64_t done, int at)
{
    sg_audit_state state;
    const int threads = omp_get_max_threads(), batch = threads > 4 ? threads : 4;
    sg_audit_trajectory *t = sg_calloc((size_t)batch, sizeof *t);
    sg_status st = sg_audit_load(s->cat, &s->c->cfg, s->model.pot, s->model.sys, &s->opt, id, 1, &state);
    const uint64_t all = (uint64_t)s->n_trajectories;

    if (st == SG_OK && !t) st = sg_fail(SG_ENOMEM, "trajectories");
    while (st == SG_OK && done < all) {
        const int n = all - done < (uint64_t)batch ? (int)(all - done) : batch;
        char what[48];
        st = sg_audit_batch(s->model.pot, &state, &s->opt, done, n, threads, t);
        for (int k = 0; k < n && st == SG_OK; k++)
            st = write_row(s, out, id, done + (uint64_t)k, &t[k]);
        if (st == SG_OK) st = sg_tsv_flush(out);
        done += (uint64_t)n;
        snprintf(what, sizeof what, "state %" PRIu64, id);
        sg_log_progress(&s->c->log, "trajectories", (double)at * (double)all + (double)done,
                        (double)s->n_states * (double)all, what);
        if (st == SG_OK && sg_interrupt_requested() && done < all)
            st = sg_fail(SG_EINTERRUPTED, "interrupted; %s keeps what is done, the same command goes on",
                         s->rows);
    }
    sg_audit_state_clear(&state);
    sg_free(t);
    return st;
}

static sg_status run_all(session *s)
{
    sg_columns rows = {0};
    sg_tsv *out = NULL;
    sg_status st = sg_tsv_open(s->rows, trajectory_columns, &out), closed; /* cuts an unfinished row off */

    if (st == SG_OK) st = read_rows(s, &rows);
    for (int k = 0; k < s->n_states && st == SG_OK; k++)
        st = one_state(s, out, s->state[k], count_done(s, &rows, s->state[k]), k);
    sg_columns_clear(&rows);
    closed = sg_tsv_close(out);
    return st == SG_OK ? closed : st;
}

/* ---- sums ---- */

typedef struct total {
    int n_exits, n_missing, n_lasting, n_lasting_missing;
    double expected;
} total;

static sg_audit_trajectory from_row(const double *row)
{
    return (sg_audit_trajectory){.end = (sg_audit_end)row[END],
                                 .n_intervals = (int64_t)row[N_INTERVALS],
                                 .n_flickers = (int)row[N_FLICKERS],
                                 .n_soft = (int)row[N_SOFT],
                                 .n_starts = (int)row[N_STARTS],
                                 .hops = (int)row[HOPS],
                                 .returned = row[RETURNED] > 0,
                                 .time_ps = row[TIME],
                                 .force_calls = row[FORCE_CALLS]};
}

/* Exits expected of the table over the intervals looked at. */
static double expected_exits(const sg_audit_state *state, const sg_audit_sum *sum, double interval_ps)
{
    return -(double)sum->n_intervals * expm1(-state->rate * interval_ps * 1e-12);
}

static void print_sum(session *s, const sg_audit_state *state, const sg_audit_sum *m, double temperature,
                      double own_share, double expected)
{
    sg_json *json = sg_json_append(s->c->result, "states");

    cli_progress_close(&s->c->progress);
    printf("%" PRIu64 "\t%g\t%d\t%d\t%d\t%.3f (%.3f to %.3f)\t%.3f\t%.3g (%.3g to %.3g)\t%.3g\t%d\t%" PRId64
           "\n",
           state->id, temperature, m->n_trajectories, m->n_exits, m->n_missing, m->share_missing.value,
           m->share_missing.low, m->share_missing.high, own_share, m->rate.value, m->rate.low, m->rate.high,
           state->rate, m->n_returned, m->n_flickers);
    sg_json_integer(json, "state", (int64_t)state->id);
    sg_json_number(json, "temperature_K", temperature);
    sg_json_integer(json, "n_trajectories", m->n_trajectories);
    sg_json_integer(json, "n_exits", m->n_exits);
    sg_json_integer(json, "n_missing", m->n_missing);
    sg_json_number(json, "share_missing", m->share_missing.value);
    sg_json_number(json, "share_missing_low", m->share_missing.low);
    sg_json_number(json, "share_missing_high", m->share_missing.high);
    sg_json_number(json, "run_share_missing", own_share);
    sg_json_integer(json, "n_lasting", m->n_exits - m->n_returned);
    sg_json_integer(json, "n_lasting_missing", m->n_missing - m->n_missing_returned);
    sg_json_number(json, "rate_md_per_s", m->rate.value);
    sg_json_number(json, "rate_md_low_per_s", m->rate.low);
    sg_json_number(json, "rate_md_high_per_s", m->rate.high);
    sg_json_number(json, "rate_table_per_s", state->rate);
    sg_json_number(json, "expected_exits", expected);
    sg_json_integer(json, "n_multiple", m->n_multiple);
    sg_json_integer(json, "n_flickers", m->n_flickers);
    sg_json_integer(json, "n_soft", m->n_soft);
    sg_json_integer(json, "n_flickered", m->n_flickered);
    sg_json_integer(json, "n_unsettled", m->n_unsettled);
    sg_json_number(json, "force_calls", m->force_calls);
}

static sg_status write_sum(sg_tsv *out, const sg_audit_state *state, const sg_audit_sum *m,
                           double temperature, double own_share, double expected)
{
    return sg_tsv_row(
        out,
        "%" PRIu64
        "\t%.9g\t%d\t%d\t%d\t%.6g\t%.6g\t%.6g\t%.6g\t%d\t%d\t%.6g\t%.6g\t%.6g\t%.9g\t%.9g\t%.9g\t%."
        "9g\t%.9g\t%d\t%" PRId64 "\t%" PRId64 "\t%d\t%d\t%" PRId64 "\t%.0f",
        state->id, temperature, m->n_trajectories, m->n_exits, m->n_missing, m->share_missing.value,
        m->share_missing.low, m->share_missing.high, own_share, m->n_exits - m->n_returned,
        m->n_missing - m->n_missing_returned, m->share_lasting.value, m->share_lasting.low,
        m->share_lasting.high, m->rate.value, m->rate.low, m->rate.high, state->rate, expected, m->n_multiple,
        m->n_flickers, m->n_soft, m->n_flickered, m->n_unsettled, m->n_intervals, m->force_calls);
}

/* All rows of the state and temperature of row `first`. */
static sg_status sum_group(session *s, const sg_columns *rows, int64_t first, sg_audit_trajectory *t,
                           sg_tsv *out, total *sum)
{
    const double *head = rows->value + first * N_COLUMNS;
    sg_audit_options opt = s->opt;
    sg_audit_state state;
    int n = 0;

    opt.temperature_K = head[TEMPERATURE];
    const sg_status st =
        sg_audit_load(s->cat, &s->c->cfg, s->model.pot, s->model.sys, &opt, (uint64_t)head[STATE], 0, &state);
    if (st != SG_OK) return st;
    for (int64_t k = first; k < rows->n; k++) {
        const double *row = rows->value + k * N_COLUMNS;
        if (row[STATE] == head[STATE] && row[TEMPERATURE] == head[TEMPERATURE]) t[n++] = from_row(row);
    }
    const sg_audit_sum m = sg_audit_sum_up(n, t, s->opt.interval_ps, s->confidence);
    const double own = state.rate_missing / (state.rate + state.rate_missing),
                 expected = expected_exits(&state, &m, s->opt.interval_ps);
    print_sum(s, &state, &m, head[TEMPERATURE], own, expected);
    const sg_status written = write_sum(out, &state, &m, head[TEMPERATURE], own, expected);
    if (fabs(head[TEMPERATURE] - s->opt.temperature_K) < 1e-6) {
        sum->n_exits += m.n_exits;
        sum->n_missing += m.n_missing;
        sum->n_lasting += m.n_exits - m.n_returned;
        sum->n_lasting_missing += m.n_missing - m.n_missing_returned;
        sum->expected += expected;
    }
    sg_audit_state_clear(&state);
    return written;
}

static int is_first(const sg_columns *rows, int64_t k)
{
    const double *row = rows->value + k * N_COLUMNS;

    for (int64_t j = 0; j < k; j++) {
        const double *other = rows->value + j * N_COLUMNS;
        if (other[STATE] == row[STATE] && other[TEMPERATURE] == row[TEMPERATURE]) return 0;
    }
    return 1;
}

static void print_total(session *s, const total *sum)
{
    const sg_estimate share = sg_binomial_share(sum->n_missing, sum->n_exits, s->confidence),
                      lasting = sg_binomial_share(sum->n_lasting_missing, sum->n_lasting, s->confidence),
                      count = sg_poisson_mean(sum->n_exits, s->confidence);
    cli *c = s->c;

    cli_result_number(c, "temperature_K", s->opt.temperature_K);
    cli_result_integer(c, "n_exits", sum->n_exits);
    cli_result_integer(c, "n_missing", sum->n_missing);
    cli_result_number(c, "share_missing", share.value);
    cli_result_number(c, "share_missing_low", share.low);
    cli_result_number(c, "share_missing_high", share.high);
    cli_result_number(c, "share_lasting_missing", lasting.value);
    cli_result_number(c, "share_lasting_missing_low", lasting.low);
    cli_result_number(c, "share_lasting_missing_high", lasting.high);
    cli_result_number(c, "exit_rate_ratio", count.value / sum->expected);
    cli_result_number(c, "exit_rate_ratio_low", count.low / sum->expected);
    cli_result_number(c, "exit_rate_ratio_high", count.high / sum->expected);
}

static sg_status sum_all(session *s)
{
    char path[4200];
    sg_columns rows = {0};
    sg_audit_trajectory *t = NULL;
    sg_tsv *out = NULL;
    total sum = {0};
    sg_status st = read_rows(s, &rows), closed;

    snprintf(path, sizeof path, "%s/audit.tsv", s->folder);
    if (st == SG_OK && unlink(path) != 0 && errno != ENOENT)
        st = sg_fail(SG_EIO, "%s: %s", path, strerror(errno));
    if (st == SG_OK && !(t = sg_calloc((size_t)rows.n, sizeof *t))) st = sg_fail(SG_ENOMEM, "sums");
    if (st == SG_OK) st = sg_tsv_open(path, sum_columns, &out);
    cli_progress_close(&s->c->progress);
    if (st == SG_OK)
        printf("state\ttemperature_K\ttrajectories\texits\tmissing\tshare missing\tby the run\texits of MD "
               "per s\tof the table\treturned\tflickers\n");
    for (int64_t k = 0; k < rows.n && st == SG_OK; k++)
        if (is_first(&rows, k)) st = sum_group(s, &rows, k, t, out, &sum);
    if (st == SG_OK) print_total(s, &sum);
    sg_columns_clear(&rows);
    sg_free(t);
    closed = sg_tsv_close(out);
    return st == SG_OK ? closed : st;
}

static sg_status run(cli *c)
{
    session s = {.c = c};
    sg_status st = open_run(&s);

    if (st == SG_OK) st = run_all(&s);
    if (st == SG_OK) st = sum_all(&s);
    sg_catalog_close(s.cat);
    cli_model_free(&s.model);
    sg_free(s.state);
    return st;
}

const cli_command cmd_audit = {
    .name = "audit",
    .summary = "first exits of molecular dynamics against the rate tables of a run",
    .usage = "RUN [--states N,..] [--trajectories N] [-o DIR]",
    .details =
        "From states that the run has visited, unbiased trajectories at constant temperature; every "
        "interval\n"
        "a copy is relaxed. The first other structure is looked up in the state's rate table: how often is\n"
        "it not there (the share of the rate that is missing), and how does the rate of leaving compare "
        "with\n"
        "the table's? Into RUN/audit or DIR: trajectories.tsv, audit.tsv. What is there already is\n"
        "not done again: the same command goes on after an interruption, and one with more trajectories "
        "adds\n"
        "to them.",
    .example = "slowglass audit run1 --top 3 --trajectories 50",
    .min_inputs = 1,
    .max_inputs = 1,
    .options = options,
    .run = run,
};
