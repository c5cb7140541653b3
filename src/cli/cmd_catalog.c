/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass catalog info|list|show: reads a catalog, never writes one. */
#include <inttypes.h>
#include <string.h>

#include "cli_internal.h"
#include "slowglass/curate.h"
#include "slowglass/io.h"

static sg_status open_catalog(cli *c, const char *path, sg_catalog **cat);
static sg_status info(cli *c, sg_catalog *cat, const char *id);
static sg_status list(cli *c, sg_catalog *cat, const char *id);
static sg_status show(cli *c, sg_catalog *cat, const char *id);

/* ---- values ---- */

static void result_hex(cli *c, const char *key, uint64_t value)
{
    char text[20];
    snprintf(text, sizeof text, "%016" PRIx64, value);
    cli_result_text(c, key, text);
}

static const char *symbol(int number)
{
    const char *text = sg_element_symbol(number);
    return text ? text : "?";
}

static const char *sampler_word(uint8_t sampler)
{
    return sg_sampler_text((sg_sampler)sampler); /* "unknown" for one of a later version */
}

/* ---- info ---- */

static void print_header(cli *c, const sg_catalog_header *h)
{
    char text[256] = "";
    double cutoff[SG_CATALOG_MAX_SPECIES * SG_CATALOG_MAX_SPECIES];
    int n = 0;

    for (int a = 0; a < h->n_species; a++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", a ? "," : "", symbol(h->number[a]));
        for (int b = a; b < h->n_species; b++)
            cutoff[n++] = h->cutoff[a][b];
    }
    cli_result_integer(c, "format", h->format);
    cli_result_integer(c, "key_version", h->key_version);
    cli_result_text(c, "potential", h->potential);
    result_hex(c, "fingerprint", h->fingerprint);
    cli_result_text(c, "elements", text);
    cli_result_numbers(c, "cutoffs_A", n, cutoff); /* pairs 11 12 .. 22 .. */
    cli_result_number(c, "variant_radius_A", h->variant_radius);
    snprintf(text, sizeof text, "%" PRIu64, h->seed); /* may be larger than JSON's whole numbers */
    cli_result_text(c, "seed", text);
    cli_result_text(c, "program", h->program);
}

static sg_status info(cli *c, sg_catalog *cat, const char *id)
{
    static const char *const counts[SG_DB_COUNT] = {[SG_DB_ENVIRONMENTS] = "n_environments",
                                                    [SG_DB_VARIANTS] = "n_variants",
                                                    [SG_DB_EVENTS] = "n_events",
                                                    [SG_DB_STATES] = "n_states",
                                                    [SG_DB_EDGES] = "n_edges",
                                                    [SG_DB_TABLES] = "n_tables",
                                                    [SG_DB_SEARCHES] = "n_searches",
                                                    [SG_DB_STEPS] = "n_steps"};
    sg_curate_info data;
    char key[64];

    (void)id;
    const sg_status st = sg_curate_get_info(cat, &data);
    if (st != SG_OK) return st;
    print_header(c, sg_catalog_get_header(cat));
    result_hex(c, "content_hash", data.content_hash);
    cli_result_integer(c, "size_bytes", (int64_t)data.bytes);
    for (int db = 0; db < SG_DB_COUNT; db++)
        cli_result_integer(c, counts[db], (int64_t)data.count[db]);
    cli_result_integer(c, "n_damaged", (int64_t)(data.damaged_events + data.damaged_searches));
    cli_result_integer(c, "events_found", (int64_t)data.found);
    cli_result_number(c, "barrier_min_eV", data.barrier_min);
    cli_result_number(c, "barrier_median_eV", data.barrier_median);
    cli_result_number(c, "barrier_max_eV", data.barrier_max);
    cli_result_number(c, "gamma_min", data.gamma_min);
    cli_result_number(c, "gamma_max", data.gamma_max);
    for (int k = 0; k < SG_OUTCOME_COUNT; k++) {
        snprintf(key, sizeof key, "searches_%s", sg_outcome_text((sg_outcome)k));
        cli_result_integer(c, key, (int64_t)data.outcome[k]);
    }
    if (data.outcome_unknown) cli_result_integer(c, "searches_unknown", (int64_t)data.outcome_unknown);
    return SG_OK;
}

/* ---- list ---- */

static void print_row(cli *c, const sg_curate_row *r)
{
    char id[20], key[20];

    snprintf(id, sizeof id, "%016" PRIx64, r->id);
    snprintf(key, sizeof key, "%016" PRIx64, r->key);
    printf("%s\t%s\t%.6f\t%.6f\t%.6f\t%.2f\t%u\t%s\t%g\t%s\t%u\n", id, key, r->barrier, r->barrier_back,
           r->energy, r->participation, r->found, sampler_word(r->sampler), r->gamma, symbol(r->centre),
           r->n);
    if (!c->result) return;
    sg_json *json = sg_json_append(c->result, "events");
    sg_json_text(json, "id", id);
    sg_json_text(json, "key", key);
    sg_json_number(json, "barrier_eV", r->barrier);
    sg_json_number(json, "barrier_back_eV", r->barrier_back);
    sg_json_number(json, "dE_eV", r->energy);
    sg_json_number(json, "participation", r->participation);
    sg_json_integer(json, "found", r->found);
    sg_json_text(json, "sampler", sampler_word(r->sampler));
    sg_json_number(json, "gamma", r->gamma);
    sg_json_text(json, "centre", symbol(r->centre));
    sg_json_integer(json, "n_atoms", r->n);
}

static sg_status list(cli *c, sg_catalog *cat, const char *id)
{
    const char *sort = cli_value(c, "sort");
    int64_t limit = INT64_MAX;
    sg_curate_row *row = NULL;
    size_t n = 0;

    (void)id;
    if (sort && strcmp(sort, "barrier") != 0 && strcmp(sort, "key") != 0)
        return sg_fail(SG_EINVAL, "--sort %s, need barrier or key", sort);
    sg_status st = cli_whole(c, "limit", 0, INT64_MAX, &limit);
    if (st != SG_OK) return st;
    const int by_key = sort && strcmp(sort, "key") == 0;
    st = sg_curate_list(cat, by_key ? SG_CURATE_BY_KEY : SG_CURATE_BY_BARRIER, &row, &n);
    if (st != SG_OK) return st;
    cli_progress_close(&c->progress);
    printf("id\tkey\tbarrier_eV\tbarrier_back_eV\tdE_eV\tparticipation\tfound\tsampler\tgamma\tcentre\tn_"
           "atoms\n");
    for (size_t k = 0; k < n && k < (uint64_t)limit; k++)
        print_row(c, &row[k]);
    sg_json_integer(c->result, "n_events", (int64_t)n);
    sg_free(row);
    return SG_OK;
}

/* ---- show ---- */

static void print_event(cli *c, const sg_cat_event *e)
{
    result_hex(c, "id", e->id);
    result_hex(c, "key", e->key);
    cli_result_integer(c, "n_atoms", e->n);
    cli_result_integer(c, "n_shell", e->n_shell);
    cli_result_text(c, "centre", symbol(e->n > 0 ? e->number[sg_curate_centre(e)] : 0));
    cli_result_number(c, "barrier_eV", e->barrier);
    cli_result_number(c, "barrier_back_eV", e->barrier_back);
    cli_result_number(c, "dE_eV", e->barrier - e->barrier_back);
    cli_result_number(c, "prefactor_per_s", e->prefactor);
    cli_result_numbers(c, "strain_saddle_eV", 6, e->strain_saddle);
    cli_result_numbers(c, "strain_final_eV", 6, e->strain_final);
    cli_result_number(c, "participation", e->participation);
    cli_result_number(c, "dist_saddle_A", e->dist_saddle);
    cli_result_number(c, "dist_final_A", e->dist_final);
    cli_result_number(c, "saddle_force_eV_per_A", e->saddle_force);
    cli_result_number(c, "curvature_eV_per_A2", e->curvature);
    cli_result_number(c, "gamma", e->gamma);
    cli_result_integer(c, "found", e->found);
    cli_result_text(c, "sampler", sampler_word(e->sampler));
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, e->seed);
    cli_result_text(c, "seed", seed);
}

/* One line per atom: the shell first, as stored. */
static void print_atoms(cli *c, const sg_cat_event *e)
{
    printf("atom\telement\tshell\tx_A\ty_A\tz_A\tsaddle_dx\tsaddle_dy\tsaddle_dz\tfinal_dx\tfinal_dy\tfinal_"
           "dz\n");
    for (uint32_t k = 0; k < e->n; k++) {
        double v[9];
        for (int a = 0; a < 3; a++) {
            v[a] = (double)e->x[k][a];
            v[3 + a] = (double)e->d_saddle[k][a];
            v[6 + a] = (double)e->d_final[k][a];
        }
        printf("%u\t%s\t%d", k + 1, symbol(e->number[k]), k < e->n_shell);
        for (int j = 0; j < 9; j++)
            printf("\t%.5f", v[j]);
        putchar('\n');
        if (!c->result) continue;
        sg_json *json = sg_json_append(c->result, "atoms");
        sg_json_text(json, "element", symbol(e->number[k]));
        sg_json_boolean(json, "shell", k < e->n_shell);
        sg_json_numbers(json, "x_A", 3, v);
        sg_json_numbers(json, "d_saddle_A", 3, v + 3);
        sg_json_numbers(json, "d_final_A", 3, v + 6);
    }
}

/* Three frames into -o; all or nothing. */
static sg_status write_frames(const cli *c, const sg_catalog_header *header, const sg_cat_event *e)
{
    static const char *const names[3] = {"frame=start", "frame=saddle", "frame=final"};
    const double energy[3] = {0.0, e->barrier, e->barrier - e->barrier_back}; /* relative to the start */
    sg_system *frame[3];
    sg_replace replace = {0};

    sg_status st = sg_curate_event_frames(header, e, frame);
    if (st != SG_OK) return st;
    st = sg_io_replace_begin(&replace, c->out);
    for (int k = 0; k < 3 && st == SG_OK; k++) {
        const sg_frame_info about = {.energy = &energy[k], .extra = names[k]};
        st = sg_io_print_extxyz(replace.file, c->out, frame[k], &about);
    }
    if (st == SG_OK) st = sg_io_replace_commit(&replace);
    sg_io_replace_abort(&replace);
    for (int k = 0; k < 3; k++)
        sg_system_free(frame[k]);
    return st;
}

static sg_status check_frames_out(const cli *c)
{
    const char *dot = c->out ? strrchr(c->out, '.') : NULL;

    if (c->out && (!dot || (strcmp(dot, ".extxyz") != 0 && strcmp(dot, ".xyz") != 0)))
        return sg_fail(SG_EINVAL, "-o %s: three frames need a name that ends in .extxyz or .xyz", c->out);
    return cli_check_out(c, 0);
}

static sg_status show(cli *c, sg_catalog *cat, const char *text)
{
    uint64_t id = 0;
    sg_cat_event event = {0};

    sg_status st = check_frames_out(c);
    if (st == SG_OK) st = sg_curate_find_event(cat, text, &id);
    if (st != SG_OK) return st;
    st = sg_catalog_get_event(cat, id, &event);
    if (st == SG_ENOTFOUND) return sg_fail(st, "no event has the id %016" PRIx64, id);
    if (st == SG_OK && c->out) st = write_frames(c, sg_catalog_get_header(cat), &event);
    if (st == SG_OK) {
        print_event(c, &event);
        print_atoms(c, &event);
    }
    sg_cat_event_clear(&event);
    return st;
}

/* ---- the command ---- */

/* The folder of a catalog, or of a run, which has one inside. */
static sg_status open_catalog(cli *c, const char *path, sg_catalog **cat)
{
    sg_status st = sg_catalog_open(path, 0, &c->log, cat);

    if (st != SG_ENOTFOUND) return st;
    const size_t n = strlen(path) + sizeof "/catalog";
    char *inside = sg_calloc(n, 1);
    if (!inside) return sg_fail(SG_ENOMEM, "%s", path);
    snprintf(inside, n, "%s/catalog", path);
    st = sg_catalog_open(inside, 0, &c->log, cat);
    sg_free(inside);
    return st == SG_ENOTFOUND ? sg_fail(st, "no catalog in %s", path) : st;
}

static sg_status run(cli *c)
{
    static const struct {
        const char *word;
        sg_status (*act)(cli *c, sg_catalog *cat, const char *id); /* NULL: not built yet */
        int n_inputs;
    } actions[] = {{"info", info, 2},  {"list", list, 2},   {"show", show, 3},  {"stats", NULL, 0},
                   {"check", NULL, 0}, {"export", NULL, 0}, {"merge", NULL, 0}, {"compact", NULL, 0}};
    size_t k = 0;
    sg_catalog *cat = NULL;

    while (k < sizeof actions / sizeof actions[0] && strcmp(actions[k].word, c->input[0]) != 0)
        k++;
    if (k == sizeof actions / sizeof actions[0])
        return sg_fail(SG_EINVAL, "'%s' is nothing that catalog does, need info, list or show", c->input[0]);
    if (!actions[k].act)
        return sg_fail(SG_EUNSUPPORTED, "'catalog %s' is not available in this version", c->input[0]);
    if (c->n_inputs != actions[k].n_inputs)
        return sg_fail(SG_EINVAL, "catalog %s takes %s", c->input[0],
                       actions[k].n_inputs == 3 ? "a catalog and the id of an event" : "one catalog");
    sg_status st = open_catalog(c, c->input[1], &cat);
    if (st == SG_OK) st = actions[k].act(c, cat, c->input[c->n_inputs - 1]);
    sg_catalog_close(cat);
    return st;
}

static const cli_option own_options[] = {
    {"sort", 0, "ORDER", "list: by barrier (default) or by key"},
    {"limit", 0, "N", "list: no more than N events"},
    {NULL, 0, NULL, NULL},
};

const cli_command cmd_catalog = {
    .name = "catalog",
    .summary = "look into a catalog",
    .usage = "info|list DIR | show DIR ID [-o OUT.extxyz]",
    .details = "DIR: a catalog, or the folder of a run. info: header and counts. list: its generic events,\n"
               "one per line. show: one event completely; ID: its first hexadecimal digits. With -o the\n"
               "atoms of start, saddle and final minimum as three frames, energies relative to the start.\n"
               "Not available in this version: stats, check, export, merge, compact.",
    .example = "slowglass catalog list run/catalog --limit 10",
    .min_inputs = 1,
    .max_inputs = 3,
    .options = own_options,
    .run = run,
};
