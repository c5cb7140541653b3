/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass catalog list: generic events, one per line. */
#include <inttypes.h>
#include <string.h>

#include "cli_catalog.h"
#include "slowglass/curate.h"

static void print_row(cli *c, const sg_curate_row *r)
{
    char id[20], key[20];

    snprintf(id, sizeof id, "%016" PRIx64, r->id);
    snprintf(key, sizeof key, "%016" PRIx64, r->key);
    printf("%s\t%s\t%.6f\t%.6f\t%.6f\t%.2f\t%u\t%s\t%g\t%s\t%u\n", id, key, r->barrier, r->barrier_back,
           r->energy, r->participation, r->found, cli_sampler_word(r->sampler), r->gamma,
           cli_symbol(r->centre), r->n);
    if (!c->result) return;
    sg_json *json = sg_json_append(c->result, "events");
    sg_json_text(json, "id", id);
    sg_json_text(json, "key", key);
    sg_json_number(json, "barrier_eV", r->barrier);
    sg_json_number(json, "barrier_back_eV", r->barrier_back);
    sg_json_number(json, "dE_eV", r->energy);
    sg_json_number(json, "participation", r->participation);
    sg_json_integer(json, "found", r->found);
    sg_json_text(json, "sampler", cli_sampler_word(r->sampler));
    sg_json_number(json, "gamma", r->gamma);
    sg_json_text(json, "centre", cli_symbol(r->centre));
    sg_json_integer(json, "n_atoms", r->n);
}

static sg_status list(cli *c, sg_catalog *cat)
{
    const char *sort = cli_value(c, "sort");
    int64_t limit = INT64_MAX;
    sg_curate_row *row = NULL;
    size_t n = 0;

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

sg_status cli_catalog_list(cli *c)
{
    return cli_catalog_with(c, list);
}
