/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass catalog stats: spectrum, completeness of the environments, what each sampler brought, sizes. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli_catalog.h"
#include "slowglass/io.h"

static const char environment_columns[] =
    "key\tcentre\tvariants\tsearches\tevents\tonce\ttwice\tnot_searched\tunseen\tcompleteness";

static void title(cli *c, const char *text)
{
    cli_progress_close(&c->progress);
    printf("\n# %s\n", text);
}

/* ---- completeness ---- */

/* NaN: nothing has been come upon, and nothing can be said */
static double completeness_of(const sg_curate_environment *e, double unseen)
{
    const double seen = (double)e->events - (double)e->never;
    return seen > 0 ? seen / (seen + unseen) : NAN;
}

static void print_environment(FILE *out, const sg_curate_environment *e)
{
    const double share = completeness_of(e, e->unseen);
    char text[16] = "-";

    if (!isnan(share)) snprintf(text, sizeof text, "%.3f", share);
    fprintf(out, "%016" PRIx64 "\t%s\t%u\t%" PRIu64 "\t%u\t%u\t%u\t%u\t%.6g\t%s\n", e->key,
            sg_element_label(e->centre), e->variants, e->attempts, e->events, e->once, e->twice, e->never,
            e->unseen, text);
}

static void environment_json(sg_json *json, const sg_curate_environment *e)
{
    char text[20];

    snprintf(text, sizeof text, "%016" PRIx64, e->key);
    sg_json_text(json, "key", text);
    sg_json_text(json, "centre", sg_element_label(e->centre));
    sg_json_integer(json, "variants", e->variants);
    sg_json_integer(json, "searches", (int64_t)e->attempts);
    sg_json_integer(json, "events", e->events);
    sg_json_integer(json, "once", e->once);
    sg_json_integer(json, "twice", e->twice);
    sg_json_integer(json, "not_searched", e->never);
    sg_json_number(json, "unseen", e->unseen);
    sg_json_number(json, "completeness", completeness_of(e, e->unseen));
}

/* Most unseen events first, then those with most events. */
static int least_complete(const void *a, const void *b)
{
    const sg_curate_environment *x = a, *y = b;

    if (x->unseen != y->unseen) return x->unseen < y->unseen ? 1 : -1;
    if (x->events != y->events) return x->events < y->events ? 1 : -1;
    return (x->key > y->key) - (x->key < y->key);
}

static sg_status write_environments(const cli *c, const sg_curate_completeness *e)
{
    sg_replace file = {0};

    if (!c->out) return SG_OK;
    sg_status st = sg_io_replace_begin(&file, c->out);
    if (st == SG_OK) {
        fprintf(file.file, "%s\n", environment_columns);
        for (size_t k = 0; k < e->n; k++)
            print_environment(file.file, &e->environment[k]);
        st = sg_io_replace_commit(&file);
    }
    sg_io_replace_abort(&file);
    return st;
}

static void print_completeness(cli *c, sg_curate_completeness *e, int64_t limit)
{
    uint64_t searched = 0, with_events = 0;

    for (size_t k = 0; k < e->n; k++) {
        searched += e->environment[k].attempts > 0;
        with_events += e->environment[k].events > 0;
    }
    title(c, "completeness: estimates of events not come upon yet, lower bounds (Chao 1984)");
    cli_result_integer(c, "n_environments", (int64_t)e->n);
    cli_result_integer(c, "environments_searched", (int64_t)searched);
    cli_result_integer(c, "environments_with_events", (int64_t)with_events);
    cli_result_integer(c, "searches_made", (int64_t)e->all.attempts);
    cli_result_integer(c, "events", e->all.events);
    cli_result_integer(c, "events_not_searched", e->all.never);
    cli_result_integer(c, "events_once", e->all.once);
    cli_result_integer(c, "events_twice", e->all.twice);
    cli_result_integer(c, "times_found", (int64_t)e->found);
    cli_result_number(c, "unseen_by_environment", e->all.unseen);
    cli_result_number(c, "unseen_together", e->unseen_together);
    cli_result_number(c, "completeness", completeness_of(&e->all, fmax(e->all.unseen, e->unseen_together)));
    /* Good's estimate of the chance that the next event come upon is a new one */
    cli_result_number(c, "chance_next_is_new", e->found ? (double)e->all.once / (double)e->found : NAN);
    if (limit == 0 || e->n == 0) return;
    qsort(e->environment, e->n, sizeof *e->environment, least_complete);
    title(c, "environments, most unseen events first");
    puts(environment_columns);
    for (size_t k = 0; k < e->n && k < (uint64_t)limit; k++) {
        print_environment(stdout, &e->environment[k]);
        environment_json(sg_json_append(c->result, "environments"), &e->environment[k]);
    }
}

static sg_status completeness(cli *c, sg_catalog *cat, const sg_curate_filter *filter, int64_t limit)
{
    sg_curate_completeness e;
    sg_status st = sg_curate_get_completeness(cat, filter, &e);

    if (st == SG_OK) st = write_environments(c, &e);
    if (st == SG_OK) print_completeness(c, &e, limit);
    sg_curate_completeness_clear(&e);
    return st;
}

/* ---- samplers ---- */

static void print_hits(cli *c, const char *word, const sg_curate_hits *h)
{
    const double searches = (double)h->searches;
    char each[2][16] = {"-", "-"};

    if (h->searches == 0 && h->events == 0 && h->times == 0) return;
    if (h->searches) snprintf(each[0], sizeof each[0], "%.3f", (double)(h->found + h->known) / searches);
    if (h->found) snprintf(each[1], sizeof each[1], "%.0f", (double)h->calls / (double)h->found);
    printf("%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%s\t%" PRIu64 "\t%s\t%" PRIu64 "\t%" PRIu64 "\n", word,
           h->searches, h->found, h->known, each[0], h->calls, each[1], h->events, h->times);
    sg_json *json = sg_json_append(c->result, "samplers");
    sg_json_text(json, "sampler", word);
    sg_json_integer(json, "searches", (int64_t)h->searches);
    sg_json_integer(json, "found", (int64_t)h->found);
    sg_json_integer(json, "known", (int64_t)h->known);
    sg_json_integer(json, "calls", (int64_t)h->calls);
    sg_json_integer(json, "events_first", (int64_t)h->events);
    sg_json_integer(json, "events_times", (int64_t)h->times);
}

static sg_status hits(cli *c, sg_catalog *cat, const sg_curate_filter *filter)
{
    sg_curate_yield y;
    const sg_status st = sg_curate_get_yield(cat, filter, &y);

    if (st != SG_OK) return st;
    title(c, "searches by what they started from; hits: share that ended as found or known");
    puts("sampler\tsearches\tfound\tknown\thits\tforce_calls\tcalls_per_found\tevents_first\tevents_times");
    for (int s = 0; s < SG_SAMPLER_COUNT; s++)
        print_hits(c, cli_sampler_word((uint8_t)s), &y.sampler[s]);
    print_hits(c, "unknown", &y.other);
    if (y.tables == 0) return SG_OK;
    title(c, "rate tables of the run: where their entries came from");
    cli_result_integer(c, "tables", (int64_t)y.tables);
    cli_result_integer(c, "entries_from_catalog", (int64_t)y.from_catalog);
    cli_result_integer(c, "entries_inherited", (int64_t)y.from_inherited);
    cli_result_integer(c, "entries_searched", (int64_t)y.from_search);
    cli_result_integer(c, "entries_by_detours", (int64_t)y.from_detour);
    return SG_OK;
}

/* ---- sizes ---- */

static sg_status sizes(cli *c, sg_catalog *cat)
{
    sg_catalog_usage u;
    uint64_t used = 0;
    const sg_status st = sg_catalog_get_usage(cat, &u);

    if (st != SG_OK) return st;
    title(c, "sizes; bytes: keys and values, bytes_on_disk: whole pages");
    puts("database\trecords\tbytes\tbytes_per_record\tbytes_on_disk");
    for (int k = 0; k < u.n_parts; k++) {
        const sg_catalog_part *p = &u.part[k];
        used += p->pages;
        printf("%s\t%" PRIu64 "\t%" PRIu64 "\t%.1f\t%" PRIu64 "\n", p->name, p->records, p->bytes,
               p->records ? (double)p->bytes / (double)p->records : 0.0, p->pages * u.page_bytes);
        sg_json *json = sg_json_append(c->result, "databases");
        sg_json_text(json, "database", p->name);
        sg_json_integer(json, "records", (int64_t)p->records);
        sg_json_integer(json, "bytes", (int64_t)p->bytes);
        sg_json_integer(json, "bytes_on_disk", (int64_t)(p->pages * u.page_bytes));
    }
    const sg_catalog_part *events = &u.part[SG_DB_EVENTS];
    cli_result_integer(c, "page_bytes", u.page_bytes);
    cli_result_integer(c, "pages", (int64_t)u.pages);
    cli_result_integer(c, "pages_free", (int64_t)u.pages_free);
    cli_result_integer(c, "pages_of_lmdb", (int64_t)(u.pages - u.pages_free - used));
    cli_result_integer(c, "size_bytes", (int64_t)(u.pages * u.page_bytes));
    cli_result_number(c, "bytes_per_event",
                      events->records ? (double)events->bytes / (double)events->records : NAN);
    return SG_OK;
}

/* ---- the action ---- */

static sg_status spectrum(cli *c, sg_catalog *cat, const sg_curate_filter *filter)
{
    const sg_catalog_header *header = sg_catalog_get_header(cat);
    sg_curate_spectrum s;
    sg_status st = cli_spectrum_get(c, cat, filter, &s);

    if (st == SG_OK) {
        title(c, "spectrum of barriers; once: events come upon once, columns of elements: centres");
        cli_spectrum_print(c, &s, header, 0);
        st = cli_spectrum_plot(c, &s, header);
    }
    sg_curate_spectrum_clear(&s);
    return st;
}

static sg_status stats(cli *c, sg_catalog *cat)
{
    int64_t limit = 10;
    sg_curate_filter filter;

    sg_status st = cli_whole(c, "limit", 0, INT64_MAX, &limit);
    if (st == SG_OK) st = cli_spectrum_check_plot(c);
    if (st == SG_OK && c->out) st = cli_check_place(c);
    if (st == SG_OK) st = cli_catalog_filter(c, sg_catalog_get_header(cat), &filter);
    if (st == SG_OK) st = spectrum(c, cat, &filter);
    if (st == SG_OK) st = completeness(c, cat, &filter, limit);
    if (st == SG_OK) st = hits(c, cat, &filter);
    if (st == SG_OK) st = sizes(c, cat);
    return st;
}

sg_status cli_catalog_stats(cli *c)
{
    return cli_catalog_with(c, stats);
}
