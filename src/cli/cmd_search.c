/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events around structures, outside a run: the spectrum as a table, the events into a catalog. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <omp.h>

#include "cli_internal.h"
#include "slowglass/io.h"
#include "slowglass/run/search.h"

static const cli_option options[] = {
    {"centres", 0, "IDS", "atoms to search from, such as 1,7,20-29 (all)"},
    {"per-atom", 0, "N", "searches from each atom's surroundings (search.per_atom)"},
    {"max", 0, "N",
     "cap on the searches around one structure; 0: no searches, only events of the bases (not given: "
     "search.max_at_start)"},
    {"base", 0, "CAT", "catalog to draw on, read only; may be repeated"},
    {"barrier-max", 0, "EV",
     "list events up to this barrier only, and try no others of the bases (list all, try those a run would)"},
    {"store-below", 0, "EV", "write events below this barrier only"},
    {NULL, 0, NULL, NULL},
};

typedef struct session { /* what grows from frame to frame */
    cli *c;
    sg_search_options opt;
    int *centre_id;
    sg_potential *pot;
    sg_search *search;
    double *barrier; /* [n_barriers] of all frames */
    size_t n_barriers, capacity;
    int n_frames;
} session;

/* --- settings --- */

static sg_status set_bases(cli *c)
{
    size_t n = sizeof "catalog.base=";
    for (int i = 0; i < c->n_given; i++)
        if (strcmp(c->given[i].option->name, "base") == 0) n += strlen(c->given[i].value) + 3;
    if (!cli_value(c, "base")) return SG_OK;
    char *text = sg_calloc(n, 1);
    if (!text) return sg_fail(SG_ENOMEM, "--base");
    strcpy(text, "catalog.base=");
    for (int i = 0; i < c->n_given; i++)
        if (strcmp(c->given[i].option->name, "base") == 0)
            snprintf(text + strlen(text), n - strlen(text), "\"%s\" ", c->given[i].value);
    const sg_status st = sg_config_set(&c->cfg, text);
    sg_free(text);
    return st == SG_OK ? st : sg_fail_context(st, "--base");
}

/* "1,7,20-29" by way of the key that reads such lists. */
static sg_status set_centres(cli *c, session *s)
{
    const char *text = cli_value(c, "centres");
    sg_config list = {0};
    sg_status st;

    if (!text || strcmp(text, "all") == 0) return SG_OK;
    const size_t n = strlen(text) + 32;
    char *assignment = sg_calloc(n, 1);
    if (!assignment) return sg_fail(SG_ENOMEM, "--centres");
    snprintf(assignment, n, "system.fixed=%s", text);
    st = sg_config_defaults(&list);
    if (st == SG_OK && sg_config_set(&list, assignment) != SG_OK)
        st = sg_fail(SG_EINVAL, "--centres '%s', need atom ids such as 1,7,20-29, or all", text);
    const int count = list.system.fixed.n;
    if (st == SG_OK && count == 0) st = sg_fail(SG_EINVAL, "--centres: no atom named");
    if (st == SG_OK && !(s->centre_id = sg_calloc((size_t)count, sizeof *s->centre_id)))
        st = sg_fail(SG_ENOMEM, "--centres");
    if (st == SG_OK) memcpy(s->centre_id, list.system.fixed.value, (size_t)count * sizeof *s->centre_id);
    if (st == SG_OK) s->opt.n_centres = count;
    s->opt.centre_id = s->centre_id;
    sg_config_clear(&list);
    sg_free(assignment);
    return st;
}

static sg_status settings(cli *c, session *s)
{
    int64_t per_atom = -1, max = -1;
    sg_status st = cli_configure(c, NULL);

    if (st == SG_OK) st = cli_whole(c, "per-atom", 0, 1000000, &per_atom);
    if (st == SG_OK) st = cli_whole(c, "max", 0, INT32_MAX, &max);
    if (st == SG_OK) st = cli_number(c, "barrier-max", 0, 100, &s->opt.barrier_max);
    if (st == SG_OK) st = cli_number(c, "store-below", 0, 100, &s->opt.store_below);
    if (st == SG_OK) st = set_bases(c);
    if (st == SG_OK) st = set_centres(c, s);
    if (st != SG_OK) return st;
    if (per_atom >= 0) c->cfg.search.per_atom = (int)per_atom;
    s->opt.max_searches =
        c->cfg.search.max_at_start > INT32_MAX ? INT32_MAX : (int)c->cfg.search.max_at_start;
    if (max >= 0) s->opt.max_searches = max == 0 ? -1 : (int)max;
    s->opt.catalog = c->out;
    s->opt.threads = omp_get_max_threads();
    s->opt.link = c->link;
    return SG_OK;
}

/* --- frames --- */

static sg_status print_spectrum(session *s, const sg_search_event *event, int n)
{
    cli_progress_close(&s->c->progress);
    if (s->n_frames == 1)
        puts("frame\tevent\tbarrier_eV\tbarrier_back_eV\tdE_eV\tcentre\tparticipation\tdist_final_"
             "A\tfound\tsource\tdEb_dgxy_eV");
    if (sg_grow((void **)&s->barrier, &s->capacity, s->n_barriers + (size_t)n, sizeof *s->barrier) != 0)
        return sg_fail(SG_ENOMEM, "%d events", n);
    for (int k = 0; k < n; k++) {
        const sg_search_event *e = &event[k];
        printf("%d\t%016llx\t%.9g\t%.9g\t%.9g\t%d\t%.6g\t%.6g\t%u\t%s\t%.9g\n", s->n_frames,
               (unsigned long long)e->event, e->barrier, e->barrier_back, e->barrier - e->barrier_back,
               e->centre_id, e->participation, e->dist_final, e->found, sg_source_text(e->source),
               e->strain_saddle[3]);
        s->barrier[s->n_barriers++] = e->barrier;
    }
    fflush(stdout);
    return SG_OK;
}

static sg_status take_frame(session *s, const char *path, sg_system *sys)
{
    const sg_search_event *event;
    int n;
    sg_status st = cli_check_structure(s->c, path, sys);

    if (st == SG_OK && !s->pot) st = cli_load_potential(s->c, &sys->species, &s->pot);
    if (st == SG_OK && !s->search)
        st = sg_search_open(&s->c->cfg, sys, s->pot, &s->opt, &s->c->log, &s->search);
    if (st != SG_OK) return st;
    s->n_frames++;
    st = sg_search_structure(s->search, sys, &event, &n);
    if (st != SG_OK) return sg_fail_context(st, "%s, frame %d", path, s->n_frames);
    return print_spectrum(s, event, n);
}

static sg_status take_file(session *s, const char *path)
{
    const char *const *elements;
    sg_frames *frames = NULL;
    int n;

    cli_element_list(s->c, &n, &elements);
    sg_status st = sg_io_frames_open(path, n, elements, &frames);
    while (st == SG_OK) {
        sg_system *sys = NULL;
        st = sg_frames_next(frames, &sys);
        if (st != SG_OK || !sys) break;
        if (sg_frames_note(frames))
            sg_log_line(&s->c->log, SG_LOG_INFO, "%s: %s", path, sg_frames_note(frames));
        st = take_frame(s, path, sys);
        sg_system_free(sys);
    }
    sg_frames_close(frames);
    return st;
}

/* Before any work: all inputs are there. */
static sg_status look_at_inputs(const cli *c, sg_search_options *opt)
{
    struct stat info;
    uint64_t hash;

    for (int i = 0; i < c->n_inputs; i++) {
        if (stat(c->input[i], &info) != 0) return sg_fail(SG_ENOTFOUND, "%s: no such file", c->input[i]);
        if (S_ISDIR(info.st_mode)) return sg_fail(SG_EINVAL, "%s: a folder, need a structure", c->input[i]);
        const sg_status st = sg_hash_file(c->input[i], &hash);
        if (st != SG_OK) return st;
        opt->inputs = sg_hash(&hash, sizeof hash, opt->inputs);
    }
    opt->name = c->input[0];
    return SG_OK;
}

/* --- results --- */

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_strain_account(cli *c, const sg_strain_account *a)
{
    char key[48];

    cli_result_integer(c, "strained_left_out", (int64_t)a->left_out);
    for (int k = 0; k < SG_FATE_COUNT; k++) {
        snprintf(key, sizeof key, "strained_%s", sg_fate_text((sg_fate)k));
        cli_result_integer(c, key, (int64_t)a->fate[k]);
    }
    cli_result_integer(c, "strained_born", (int64_t)a->born);
}

static void print_totals(cli *c, session *s, const sg_search_totals *t)
{
    static const char *const phase[] = {"calls_leave", "calls_climb", "calls_refine", "calls_relax",
                                        "calls_verify"};
    const uint64_t connected = t->outcome[SG_FOUND] + t->outcome[SG_KNOWN];
    const uint64_t converged =
        connected + t->outcome[SG_DISCONNECTED] + t->outcome[SG_SAME_MINIMUM] + t->outcome[SG_DEGENERATE];

    cli_result_integer(c, "n_frames", s->n_frames);
    cli_result_integer(c, "n_searches", (int64_t)t->searches);
    cli_result_integer(c, "n_converged", (int64_t)converged);
    cli_result_integer(c, "n_connected", (int64_t)connected);
    cli_result_integer(c, "n_events", (int64_t)s->n_barriers);
    cli_result_integer(c, "n_new", (int64_t)t->new_events);
    cli_result_integer(c, "n_refined", (int64_t)t->refinements);
    cli_result_integer(c, "n_refined_failed", (int64_t)t->failed_refinements);
    cli_result_number(c, "force_calls", t->force_calls);
    cli_result_number(c, "full_calls", t->full_calls);
    cli_result_number(c, "free_calls", t->free_calls);
    cli_result_number(c, "hessian_products", t->products);
    for (int k = 0; k < 5; k++)
        cli_result_integer(c, phase[k], (int64_t)t->calls[k]);
    for (int k = 0; k < SG_OUTCOME_COUNT; k++)
        cli_result_integer(c, sg_outcome_text((sg_outcome)k), (int64_t)t->outcome[k]);
    print_strain_account(c, &t->strain);
    if (c->result) sg_labour_json(&t->labour, c->result);
    qsort(s->barrier, s->n_barriers, sizeof *s->barrier, compare_doubles);
    sg_json_numbers(c->result, "barriers_eV", (int)s->n_barriers, s->barrier);
}

static sg_status run(cli *c)
{
    session s = {.c = c};
    sg_search_totals totals = {0};

    sg_status st = settings(c, &s);
    if (st == SG_OK) st = look_at_inputs(c, &s.opt);
    for (int i = 0; i < c->n_inputs && st == SG_OK; i++)
        st = take_file(&s, c->input[i]);
    if (st == SG_OK && !s.search) st = sg_fail(SG_EPARSE, "%s: expected a structure, got none", c->input[0]);
    if (st == SG_OK) st = sg_search_sums(s.search, &totals);
    if (st == SG_OK) print_totals(c, &s, &totals);
    if (st == SG_EINTERRUPTED && c->out)
        st = sg_fail_context(st, "what was found is in %s, go on with --base %s", c->out, c->out);
    sg_search_close(s.search);
    sg_potential_free(s.pot);
    sg_free(s.barrier);
    sg_free(s.centre_id);
    return st;
}

const cli_command cmd_search = {
    .name = "search",
    .summary = "search the events around one inherent structure, or each frame of a trajectory",
    .usage = "IN... [--centres all|1,7,..] [--per-atom N] [--max N] [--base CAT]... [-o CAT]",
    .details = "Each structure is relaxed, then the events out of it are found: those that the bases lend, "
               "converged in this\n"
               "structure, and those of searches. Prints one row per event. -o CAT keeps them in a new "
               "catalog, for other\n"
               "searches (--base) and for runs (catalog.base).",
    .example = "slowglass search validation/samples/Cu_vacancy_mishin.extxyz --max 32 "
               "--potential eam/alloy:Cu_mishin1.eam.alloy -o vacancy.cat",
    .min_inputs = 1,
    .max_inputs = -1,
    .options = options,
    .run = run,
};
