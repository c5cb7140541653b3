/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass catalog list: generic events, one per line, or their histogram.
 *
 * The JSON of a list is printed row by row after the table: a tree of a million rows would need gigabytes. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli_catalog.h"

static void json_number(const char *key, double value)
{
    char text[SG_NUMBER_TEXT];

    printf(",\"%s\":%s", key, isfinite(value) ? sg_text_number(value, text) : "null");
}

static void row_json(const sg_curate_row *r)
{
    printf("{\"id\":\"%016" PRIx64 "\",\"key\":\"%016" PRIx64 "\"", r->id, r->key);
    json_number("barrier_eV", r->barrier);
    json_number("barrier_back_eV", r->barrier_back);
    json_number("dE_eV", r->energy);
    json_number("participation", r->participation);
    json_number("gamma", r->gamma);
    printf(",\"found\":%u,\"sampler\":\"%s\",\"centre\":\"%s\",\"n_atoms\":%u}", r->found,
           cli_sampler_word(r->sampler), sg_element_label(r->centre), r->n);
}

/* The last line, in place of the one that c->result would become. */
static void print_json(cli *c, const sg_curate_row *row, size_t n, uint64_t n_passed)
{
    if (!c->result) return;
    printf("{\"n_events\":%" PRIu64 ",\"events\":[", n_passed);
    for (size_t k = 0; k < n; k++) {
        if (k) putchar(',');
        row_json(&row[k]);
    }
    puts("]}");
    sg_json_free(c->result);
    c->result = NULL;
}

static void print_row(const sg_curate_row *r)
{
    printf("%016" PRIx64 "\t%016" PRIx64 "\t%.6f\t%.6f\t%.6f\t%.2f\t%u\t%s\t%g\t%s\t%u\n", r->id, r->key,
           r->barrier, r->barrier_back, r->energy, r->participation, r->found, cli_sampler_word(r->sampler),
           r->gamma, sg_element_label(r->centre), r->n);
}

static sg_status read_order(const cli *c, sg_curate_order *order)
{
    const char *sort = cli_value(c, "sort");
    char words[80] = "";

    for (int k = 0; k < SG_CURATE_ORDERS; k++) {
        const char *word = sg_curate_order_text((sg_curate_order)k);
        if (!sort || strcmp(sort, word) == 0) return *order = (sg_curate_order)k, SG_OK;
        snprintf(words + strlen(words), sizeof words - strlen(words), " %s", word);
    }
    return sg_fail(SG_EINVAL, "--sort %s, need one of%s", sort, words);
}

static sg_status histogram(cli *c, sg_catalog *cat, const sg_curate_filter *filter)
{
    const sg_catalog_header *header = sg_catalog_get_header(cat);
    sg_curate_spectrum s;
    sg_status st = cli_spectrum_get(c, cat, filter, &s);

    if (st == SG_OK && cli_value(c, "histogram")) cli_spectrum_print(c, &s, header, 1);
    if (st == SG_OK && cli_value(c, "histogram")) sg_json_integer(c->result, "n_events", (int64_t)s.events);
    if (st == SG_OK) st = cli_spectrum_plot(c, &s, header);
    sg_curate_spectrum_clear(&s);
    return st;
}

static sg_status rows(cli *c, sg_catalog *cat, const sg_curate_filter *filter, sg_curate_order order,
                      int64_t limit)
{
    sg_curate_row *row = NULL;
    size_t n = 0;
    uint64_t n_passed = 0;
    sg_status st = sg_curate_list(cat, filter, order, cli_value(c, "reverse") != NULL,
                                  limit > 0 ? (size_t)limit : 1, &row, &n, &n_passed);

    if (st != SG_OK) return st;
    if (limit == 0) n = 0; /* --limit 0: the header and the count */
    cli_progress_close(&c->progress);
    puts(
        "id\tkey\tbarrier_eV\tbarrier_back_eV\tdE_eV\tparticipation\tfound\tsampler\tgamma\tcentre\tn_atoms");
    for (size_t k = 0; k < n; k++)
        print_row(&row[k]);
    print_json(c, row, n, n_passed);
    sg_free(row);
    return st;
}

static sg_status list(cli *c, sg_catalog *cat)
{
    const int only_histogram = cli_value(c, "histogram") != NULL;
    int64_t limit = INT64_MAX / 4;
    sg_curate_order order = SG_CURATE_BY_BARRIER;
    sg_curate_filter filter;

    sg_status st = read_order(c, &order);
    if (st == SG_OK) st = cli_whole(c, "limit", 0, INT64_MAX / 4, &limit);
    if (st == SG_OK) st = cli_spectrum_check_plot(c);
    if (st == SG_OK) st = cli_catalog_filter(c, sg_catalog_get_header(cat), &filter);
    if (st == SG_OK && cli_value(c, "bin") && !only_histogram && !cli_value(c, "plot"))
        st = sg_fail(SG_EINVAL, "--bin is the width of the bins of --histogram and --plot");
    if (st == SG_OK && (only_histogram || cli_value(c, "plot"))) st = histogram(c, cat, &filter);
    if (st == SG_OK && !only_histogram) st = rows(c, cat, &filter, order, limit);
    return st;
}

sg_status cli_catalog_list(cli *c)
{
    return cli_catalog_with(c, list);
}
