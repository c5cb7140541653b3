/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass catalog info: the header of a catalog and its counts. */
#include <inttypes.h>
#include <string.h>

#include "cli_catalog.h"
#include "slowglass/curate.h"

static void print_header(cli *c, const sg_catalog_header *h)
{
    char text[256] = "";
    double cutoff[SG_CATALOG_MAX_SPECIES * SG_CATALOG_MAX_SPECIES];
    int n = 0;

    for (int a = 0; a < h->n_species; a++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", a ? "," : "", sg_element_label(h->number[a]));
        for (int b = a; b < h->n_species; b++)
            cutoff[n++] = h->cutoff[a][b];
    }
    cli_result_integer(c, "format", h->format);
    cli_result_integer(c, "key_version", h->key_version);
    cli_result_text(c, "potential", h->potential);
    cli_result_hex(c, "fingerprint", h->fingerprint);
    cli_result_text(c, "elements", text);
    cli_result_numbers(c, "cutoffs_A", n, cutoff); /* pairs 11 12 .. 22 .. */
    cli_result_number(c, "variant_radius_A", h->variant_radius);
    snprintf(text, sizeof text, "%" PRIu64, h->seed); /* may be larger than JSON's whole numbers */
    cli_result_text(c, "seed", text);
    cli_result_text(c, "program", h->program);
}

/* Whose counters the catalog holds. */
static int print_run(void *arg, const void *record)
{
    cli *c = arg;
    const sg_cat_run *r = record;
    char id[20], seed[24], text[SG_NUMBER_TEXT], words[160] = "";

    snprintf(id, sizeof id, "%016" PRIx64, r->id);
    snprintf(seed, sizeof seed, "%" PRIu64, r->seed); /* may be larger than JSON's whole numbers */
    printf("run = %s seed %s gamma %s", id, seed, sg_text_number(r->gamma, text));
    printf(" temperature_K %s program '%s' name '%s' samplers ", sg_text_number(r->temperature, text),
           r->program, r->name);
    sg_json *json = sg_json_append(c->result, "runs");
    sg_json_text(json, "run", id);
    sg_json_text(json, "seed", seed);
    sg_json_number(json, "gamma", r->gamma);
    sg_json_number(json, "temperature_K", r->temperature);
    sg_json_text(json, "program", r->program);
    sg_json_text(json, "name", r->name);
    for (int s = 0; s < SG_CAT_SAMPLERS; s++)
        if (r->samplers >> s & 1)
            snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s", *words ? "," : "",
                     cli_sampler_word((uint8_t)s));
    sg_json_text(json, "samplers", words);
    puts(*words ? words : "-");
    return 0;
}

static sg_status info(cli *c, sg_catalog *cat)
{
    static const char *const counts[SG_DB_COUNT] = {[SG_DB_ENVIRONMENTS] = "n_environments",
                                                    [SG_DB_VARIANTS] = "n_variants",
                                                    [SG_DB_EVENTS] = "n_events",
                                                    [SG_DB_STATES] = "n_states",
                                                    [SG_DB_EDGES] = "n_edges",
                                                    [SG_DB_TABLES] = "n_tables",
                                                    [SG_DB_SEARCHES] = "n_searches",
                                                    [SG_DB_STEPS] = "n_steps",
                                                    [SG_DB_RUNS] = "n_runs"};
    sg_curate_info data;
    char key[64];

    const sg_status st = sg_curate_get_info(cat, &data);
    if (st != SG_OK) return st;
    print_header(c, sg_catalog_get_header(cat));
    cli_result_hex(c, "content_hash", data.content_hash);
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
    return sg_catalog_each(cat, SG_DB_RUNS, print_run, c);
}

sg_status cli_catalog_info(cli *c)
{
    return cli_catalog_with(c, info);
}
