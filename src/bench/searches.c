/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows about searches around the glass: one session as the program runs it, then what its catalog recorded of
 * each search. All rows read the same session. */
#include "bench_internal.h"
#include "slowglass/run/search.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SEARCHES = 64, SEARCHES_LONG = 400, SEARCHES_THREADS = 48 };
static const char glass_potential[] = "eam/fs:" BENCH_POTENTIALS "CuZr_mm.eam.fs";
static const double low_barrier = 1.0,
                    window = 0.6; /* eV: what counts in 10 ns at 600 K lies below the second */

typedef struct glass_study {
    char missing[160];
    int n, converged, connected, low,
        in_window; /* searches; the last two: distinct events below the barriers */
    int n_events;
    double *to_saddle, *all; /* [n] calls of the searches that converged, of those that are connected */
    double phase[5];         /* calls of all searches */
    double equivalents;      /* of the session */
    bench_cost cost;
    double wall_s, serial_s; /* serial: processor time of what one thread alone can do */
    uint64_t outcome[SG_OUTCOME_COUNT];
    struct {
        int searches, found;
        double calls;
    } sampler[SG_SAMPLER_COUNT];
} glass_study;

static int outcome_converged(int outcome)
{
    return outcome == SG_FOUND || outcome == SG_KNOWN || outcome == SG_DISCONNECTED ||
           outcome == SG_SAME_MINIMUM || outcome == SG_DEGENERATE;
}

static int outcome_connected(int outcome)
{
    return outcome == SG_FOUND || outcome == SG_KNOWN;
}

/* Searches proper; what the catalog lends or inherits is refined, not searched. */
static int is_search(int sampler)
{
    return sampler != SG_SAMPLER_PLACED && sampler != SG_SAMPLER_INHERITED && sampler != SG_SAMPLER_REVERSE;
}

static int take_search(void *arg, const void *record)
{
    glass_study *const s = arg;
    const sg_cat_search *const r = record;
    double calls = 0;

    if (!is_search(r->sampler) || r->outcome >= SG_OUTCOME_COUNT) return 0;
    for (int k = 0; k < 5; k++) {
        s->phase[k] += r->calls[k];
        calls += r->calls[k];
    }
    s->n++;
    s->outcome[r->outcome]++;
    if (outcome_converged(r->outcome)) s->to_saddle[s->converged++] = calls - r->calls[3] - r->calls[4];
    if (outcome_connected(r->outcome)) s->all[s->connected++] = calls;
    if (r->sampler < SG_SAMPLER_COUNT) {
        s->sampler[r->sampler].searches++;
        s->sampler[r->sampler].calls += calls;
        s->sampler[r->sampler].found += r->outcome == SG_FOUND;
    }
    return 0;
}

static sg_status read_catalog(const char *path, glass_study *s)
{
    sg_catalog *cat = NULL;
    uint64_t n = 0;
    sg_status st = sg_catalog_open(path, 0, NULL, &cat);

    if (st == SG_OK) st = sg_catalog_count(cat, SG_DB_SEARCHES, &n);
    if (st == SG_OK) {
        s->to_saddle = sg_calloc(n + 1, sizeof *s->to_saddle);
        s->all = sg_calloc(n + 1, sizeof *s->all);
        if (!s->to_saddle || !s->all) st = sg_fail(SG_ENOMEM, "%llu searches", (unsigned long long)n);
    }
    if (st == SG_OK) st = sg_catalog_each(cat, SG_DB_SEARCHES, take_search, s);
    sg_catalog_close(cat);
    return st;
}

/* One session around the glass; `s` is zeroed before. */
static sg_status study(bench *b, int searches, int threads, sg_bench_result *out, glass_study *s)
{
    sg_config cfg = {0};
    sg_system *sys = NULL;
    sg_potential *pot = NULL;
    sg_search *session = NULL;
    sg_search_totals totals = {0};
    const sg_search_event *event = NULL;
    bench_meter meter = {0, -1};
    char *const path = bench_path(b, "glass.cat"), seed[48];
    sg_status st = path ? sg_config_defaults(&cfg) : sg_fail(SG_ENOMEM, "catalog");
    const sg_search_options opt = {.catalog = path, .max_searches = searches, .threads = threads};

    snprintf(seed, sizeof seed, "kmc.seed=%llu", (unsigned long long)b->opt->seed);
    if (st == SG_OK) st = sg_config_set(&cfg, seed);
    if (st == SG_OK) st = sg_config_set(&cfg, "search.samplers=local"); /* as the peers push */
    if (st == SG_OK) st = sample_glass(b, out, &sys);
    if (st != SG_OK || !sys) goto done;
    if ((st = sample_potential(glass_potential, sys, out, &pot)) != SG_OK || !pot) goto done;
    if ((st = sample_relax(pot, sys, 1e-4, NULL)) != SG_OK) goto done;
    if ((st = sg_search_open(&cfg, sys, pot, &opt, b->opt->log, &session)) != SG_OK) goto done;
    s->wall_s = -bench_now_s();
    bench_meter_begin(&meter);
    st = sg_search_structure(session, sys, &event, &s->n_events);
    s->cost = bench_meter_end(&meter);
    s->wall_s += bench_now_s();
    for (int k = 0; k < s->n_events && st == SG_OK; k++) {
        s->low += event[k].barrier < low_barrier;
        s->in_window += event[k].barrier < window;
    }
    if (st == SG_OK) st = sg_search_sums(session, &totals);
    s->equivalents = totals.force_calls;
    s->serial_s = totals.labour.serial_s;
    sg_search_close(session);
    session = NULL;
    if (st == SG_OK) st = read_catalog(path, s);
done:
    sg_search_close(session);
    if (path) bench_remove(path);
    sg_free(path);
    sg_potential_free(pot);
    sg_system_free(sys);
    sg_config_clear(&cfg);
    return st;
}

void bench_free_glass(glass_study *s)
{
    if (!s) return;
    sg_free(s->to_saddle);
    sg_free(s->all);
    sg_free(s);
}

/* The session that the rows share; *out NULL when something is missing. */
static sg_status shared_study(bench *b, sg_bench_result *out, glass_study **s)
{
    const int n = b->opt->searches > 0 ? b->opt->searches : b->opt->long_runs ? SEARCHES_LONG : SEARCHES;
    sg_status st = SG_OK;

    *s = NULL;
    if (!b->glass) {
        if (!(b->glass = sg_calloc(1, sizeof *b->glass))) return sg_fail(SG_ENOMEM, "searches");
        st = study(b, n, 1, out, b->glass);
        memcpy(b->glass->missing, out->missing, sizeof out->missing);
    }
    memcpy(out->missing, b->glass->missing, sizeof out->missing);
    if (st == SG_OK && !*out->missing) *s = b->glass;
    return st;
}

sg_status row_saddle_calls(bench *b, sg_bench_result *out)
{
    static const char *const phase[] = {"leave", "climb", "refine", "relax", "verify"};
    glass_study *s;
    char name[48];
    const sg_status st = shared_study(b, out, &s);

    if (st != SG_OK || !s) return st;
    out->value = bench_quantile(s->converged, s->to_saddle, 0.5);
    bench_detail(out, "to_saddle_mean", bench_mean(s->converged, s->to_saddle));
    bench_quartiles(out, "to_saddle", s->converged, s->to_saddle);
    bench_quartiles(out, "connected_all", s->connected, s->all);
    for (int k = 0; k < 5; k++) {
        snprintf(name, sizeof name, "%s_mean", phase[k]);
        bench_detail(out, name, s->phase[k] / s->n);
    }
    bench_detail(out, "searches", s->n);
    return SG_OK;
}

sg_status row_converged(bench *b, sg_bench_result *out)
{
    glass_study *s;
    const sg_status st = shared_study(b, out, &s);

    if (st != SG_OK || !s) return st;
    out->value = 100.0 * s->converged / s->n;
    for (int k = 0; k < SG_OUTCOME_COUNT; k++)
        bench_detail(out, sg_outcome_text((sg_outcome)k), (double)s->outcome[k]);
    return SG_OK;
}

sg_status row_connected(bench *b, sg_bench_result *out)
{
    glass_study *s;
    const sg_status st = shared_study(b, out, &s);

    if (st != SG_OK || !s) return st;
    out->value = 100.0 * s->connected / s->n;
    bench_detail(out, "of_converged_percent", 100.0 * s->connected / s->converged);
    return SG_OK;
}

sg_status row_event_calls(bench *b, sg_bench_result *out)
{
    glass_study *s;
    char name[48];
    const sg_status st = shared_study(b, out, &s);

    if (st != SG_OK || !s) return st;
    out->value = s->equivalents / s->connected;
    bench_detail(out, "per_distinct_event", s->equivalents / s->n_events);
    bench_detail(out, "distinct_events", s->n_events);
    bench_detail(out, "below_1_eV_percent", 100.0 * s->low / s->n_events);
    bench_detail(out, "per_event_below_1_eV", s->equivalents / s->low);
    bench_detail(out, "per_event_below_0.6_eV", s->equivalents / s->in_window);
    for (int k = 0; k < SG_SAMPLER_COUNT; k++) {
        if (s->sampler[k].searches == 0) continue;
        snprintf(name, sizeof name, "%.20s_searches", sg_sampler_text((sg_sampler)k));
        bench_detail(out, name, s->sampler[k].searches);
        snprintf(name, sizeof name, "%.20s_calls_per_new", sg_sampler_text((sg_sampler)k));
        bench_detail(out, name, s->sampler[k].calls / s->sampler[k].found);
    }
    return SG_OK;
}

sg_status row_event_seconds(bench *b, sg_bench_result *out)
{
    glass_study *s;
    const sg_status st = shared_study(b, out, &s);

    if (st != SG_OK || !s) return st;
    out->value = s->cost.cpu_s / s->connected;
    bench_detail(out, "per_distinct_event", s->cost.cpu_s / s->n_events);
    bench_detail(out, "events_per_core_s", s->connected / s->cost.cpu_s);
    bench_detail(out, "ms_per_full_call_equivalent", 1e3 * s->cost.cpu_s / s->equivalents);
    bench_detail(out, "instructions_per_event", s->cost.instructions / s->connected);
    return SG_OK;
}

/* The same searches by one thread and by two, in turn; the least wall and processor times count. */
sg_status row_threads(bench *b, sg_bench_result *out)
{
    const int n = b->opt->searches > 0 ? b->opt->searches : SEARCHES_THREADS;
    bench_scaling sums = bench_scaling_begin();
    sg_status st = SG_OK;

    for (int k = 0; k < 2 * bench_scaling_rounds(b) && st == SG_OK && !*out->missing; k++) {
        glass_study *s = sg_calloc(1, sizeof *s);
        const int two = k % 2;
        st = s ? study(b, n, 1 + two, out, s) : sg_fail(SG_ENOMEM, "searches");
        if (st == SG_OK && !*out->missing) {
            bench_scaling_add(&sums, two, s->wall_s, s->cost.cpu_s);
            sums.work[two] = s->equivalents;
            sums.serial_s = fmin(sums.serial_s, s->serial_s);
        }
        bench_free_glass(s);
    }
    if (st == SG_OK && !*out->missing) bench_scaling_end(&sums, out);
    return st;
}
