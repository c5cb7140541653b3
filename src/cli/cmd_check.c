/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The effective configuration, every input opened and looked at, one force call timed, and what a run would
 * cost.
 *
 * The estimate is a plan, not a promise: a search costs CALLS_LOCAL calls with the atoms within
 * search.local_radius_A free and CALLS_FULL on the whole system; a new state takes most of its table over,
 * for REFINED events that are converged on the whole system, and searches SHARE_NEW of its atoms anew. The
 * constants are those of runs of Cu64Zr36 with 500 and 2000 atoms, which came within a factor of two. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli_internal.h"
#include "slowglass/run.h"

static const double CALLS_LOCAL = 250.0, CALLS_FULL = 60.0; /* of one search */
static const double REFINED = 30.0, CALLS_REFINED = 185.0;  /* events of a new state; full calls of each */
static const double SHARE_NEW = 0.05;                       /* of the atoms, after one event in a glass */
static const double EVENTS_PER_SEARCH = 0.25,
                    EVENTS_PER_REFINED = 0.4; /* new ones, that is records to keep */
static const double TIMING_S = 0.2;           /* processor time spent on timing force calls */
static const double VARIANTS_PER_STATE = 150; /* surroundings that are recorded */
enum { MAX_TIMED = 200 };
/* On disk, pages included: with each atom of the structure, or each record. */
enum {
    BYTES_PER_FRAME_ATOM = 65,
    BYTES_PER_STATE_ATOM = 24,
    BYTES_PER_SADDLE_ATOM = 12,
    BYTES_PER_TABLE_ATOM = 24
};
enum { BYTES_PER_EVENT = 8000, BYTES_PER_VARIANT = 1400 };

typedef struct estimate {
    double force_call_s, searches_start, searches_step, hours_start, hours_step, disk_start, disk_step;
} estimate;

static sg_status print_configuration(cli *c);
static sg_status print_bases(cli *c);
static sg_status time_force_calls(const cli_model *model, sg_forces *f, double *seconds);
static void make_estimate(const cli *c, const sg_system *sys, double force_call_s, estimate *e);

static sg_status print_configuration(cli *c)
{
    sg_json *all = sg_json_object(c->result, "config");
    const sg_config_key *rows = sg_config_keys();
    const char *section = "";
    sg_json *inside = NULL;

    for (int k = 0; k < SG_CONFIG_N_KEYS && c->result; k++) {
        if (strcmp(section, rows[k].section) != 0) inside = sg_json_object(all, rows[k].section);
        section = rows[k].section;
        char *text = sg_config_value(&c->cfg, k);
        if (!text) return sg_fail(SG_ENOMEM, "configuration");
        if (strncmp(rows[k].type, "INT", 3) == 0)
            sg_json_integer(inside, rows[k].name, strtoll(text, NULL, 10));
        else if (strcmp(rows[k].type, "DOUBLE") == 0)
            sg_json_number(inside, rows[k].name, strtod(text, NULL));
        else if (strcmp(rows[k].type, "BOOL") == 0)
            sg_json_boolean(inside, rows[k].name, strcmp(text, "yes") == 0);
        else
            sg_json_text(inside, rows[k].name, text);
        sg_free(text);
    }
    const sg_status st = sg_config_write(&c->cfg, stdout);
    putchar('\n');
    return st;
}

/* What the bases hold; that they fit has been seen by sg_run_setup_make. */
static sg_status print_bases(cli *c)
{
    sg_status st = SG_OK;

    for (int i = 0; i < c->cfg.catalog.base.n && st == SG_OK; i++) {
        const char *path = c->cfg.catalog.base.value[i];
        sg_catalog *cat = NULL;
        uint64_t hash = 0;
        if ((st = sg_catalog_open(path, 0, &c->log, &cat)) != SG_OK) break;
        st = sg_catalog_content_hash(cat, &hash);
        if (st == SG_OK) printf("; base %s: content %016" PRIx64 "\n", path, hash);
        sg_catalog_close(cat);
    }
    return st;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* whatever else the machine is at */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Processor seconds of one call on the whole system, the neighbour list in place from an earlier one. */
static sg_status time_force_calls(const cli_model *model, sg_forces *f, double *seconds)
{
    int n = 0;

    sg_status st = SG_OK;
    const double begin = now_s();
    while (st == SG_OK && n < MAX_TIMED && (n == 0 || now_s() - begin < TIMING_S)) {
        st = sg_potential_compute(model->pot, model->work, model->sys, NULL, f);
        n++;
    }
    *seconds = (now_s() - begin) / (n ? n : 1);
    return st;
}

static double capped(double searches, int64_t cap)
{
    return cap > 0 && searches > (double)cap ? (double)cap : searches;
}

static void make_estimate(const cli *c, const sg_system *sys, double force_call_s, estimate *e)
{
    const double r = c->cfg.search.local_radius_A;
    const double share = fmin(1.0, 4.0 / 3.0 * SG_PI * r * r * r / sys->cell.volume);
    const double searches = (double)c->cfg.search.per_atom * (sys->n - sys->n_fixed);
    const double search_h = (CALLS_LOCAL * share + CALLS_FULL) * force_call_s / 3600.0;
    const double event_bytes =
        BYTES_PER_EVENT + (double)sys->n * (BYTES_PER_STATE_ATOM + BYTES_PER_SADDLE_ATOM);
    const double frames = c->cfg.output.snapshot == SG_SNAPSHOT_EVERY ? 1.0 : 0.0;

    e->force_call_s = force_call_s;
    e->searches_start = capped(searches, c->cfg.search.max_at_start);
    e->searches_step = capped(ceil(SHARE_NEW * searches), c->cfg.search.max_per_step);
    e->hours_start = e->searches_start * search_h;
    e->hours_step = e->searches_step * search_h + REFINED * CALLS_REFINED * force_call_s / 3600.0;
    e->disk_start = e->searches_start * EVENTS_PER_SEARCH * event_bytes +
                    sys->n * (BYTES_PER_VARIANT + BYTES_PER_STATE_ATOM + BYTES_PER_TABLE_ATOM);
    e->disk_step = (e->searches_step * EVENTS_PER_SEARCH + REFINED * EVENTS_PER_REFINED) * event_bytes +
                   VARIANTS_PER_STATE * BYTES_PER_VARIANT +
                   sys->n * (BYTES_PER_TABLE_ATOM + frames * BYTES_PER_FRAME_ATOM);
}

static void print_estimate(cli *c, const estimate *e)
{
    printf("\n; estimate, from a timed force call; each new state costs what is called a step, states known "
           "already nearly nothing\n");
    if (c->cfg.catalog.base.n > 0)
        printf("; at the start fewer searches: none where a base has made them from the same surroundings\n");
    cli_result_number(c, "force_call_s", e->force_call_s);
    cli_result_number(c, "searches_at_start", e->searches_start);
    cli_result_number(c, "core_hours_at_start", e->hours_start);
    cli_result_number(c, "searches_per_new_state", e->searches_step);
    cli_result_number(c, "core_hours_per_new_state", e->hours_step);
    cli_result_number(c, "disk_MB_at_start", e->disk_start / 1e6);
    cli_result_number(c, "disk_MB_per_new_state", e->disk_step / 1e6);
    const double steps = (double)c->cfg.kmc.max_steps;
    cli_result_number(c, "core_hours_at_most", e->hours_start + steps * e->hours_step);
    cli_result_number(c, "disk_GB_at_most", (e->disk_start + steps * e->disk_step) / 1e9);
}

/* Words on what a run would do to the structure first. */
static void print_structure(cli *c, const cli_model *model, const sg_forces *f)
{
    const sg_system *sys = model->sys;

    printf("; potential computed as %s, kernel %s; hash of its numbers %016" PRIx64 "\n",
           model->pot->ops->name, sg_potential_kernel(model->pot), model->pot->fingerprint);
    printf("; structure %s\n", c->cfg.system.structure);
    cli_result_point(c, model, f);
    cli_result_integer(c, "n_fixed", sys->n_fixed);
    cli_result_number(c, "xy_of_structure", sys->cell.gamma);
    if (sg_force_max(sys, NULL, (const double(*)[3])f->f) > c->cfg.search.force_minimum_eV_per_A)
        sg_log_line(&c->log, SG_LOG_INFO, "the structure is not at a minimum: a run relaxes it first");
    if (sys->cell.gamma != c->cfg.strain.xy)
        sg_log_line(&c->log, SG_LOG_INFO,
                    "the structure is at strain %g: a run brings it to strain.xy = %g first", sys->cell.gamma,
                    c->cfg.strain.xy);
}

static sg_status run(cli *c)
{
    cli_model model = {0};
    sg_forces f = {0};
    estimate e = {0};
    sg_run_setup setup;
    double seconds = 0.0;

    sg_status st = cli_configure(c, c->input[0]);
    if (st == SG_OK) st = sg_config_validate(&c->cfg);
    if (st == SG_OK) st = cli_load(c, c->cfg.system.structure, &model);
    if (st == SG_OK) st = cli_forces_create(model.sys, &f);
    if (st == SG_OK) st = sg_run_window(&c->cfg);
    if (st == SG_OK) st = sg_run_setup_make(&c->cfg, model.sys, model.pot, 1, &c->log, &setup);
    if (st == SG_OK) st = print_configuration(c);
    if (st == SG_OK) st = print_bases(c);
    if (st == SG_OK) st = sg_potential_compute(model.pot, model.work, model.sys, NULL, &f);
    if (st == SG_OK) print_structure(c, &model, &f);
    if (st == SG_OK) st = time_force_calls(&model, &f, &seconds);
    if (st == SG_OK) {
        make_estimate(c, model.sys, seconds, &e);
        print_estimate(c, &e);
    }
    sg_free(f.f);
    cli_model_free(&model);
    return st;
}

const cli_command cmd_check = {
    .name = "check",
    .summary = "print the effective configuration, validate every input, estimate the cost; run nothing",
    .usage = "RUN.ini",
    .example = "slowglass check run.ini --set kmc.temperature_K=500",
    .min_inputs = 1,
    .max_inputs = 1,
    .run = run,
};
