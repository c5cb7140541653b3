/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measurements of the program beside what is installed, as a table. */
#include <math.h>

#include <omp.h>

#include "cli_internal.h"
#include "slowglass/bench.h"

static const cli_option options[] = {
    {"long", 0, NULL, "the rows that take long too, and more searches in the others"},
    {"samples", 0, "DIR", "folder with Cu64Zr36_2000.extxyz (validation/samples)"},
    {"lammps", 0, "LMP", "program to compare with (lmp)"},
    {"rounds", 0, "N", "of each pair of timings (8)"},
    {"calls", 0, "N", "force calls in one round of a timing (as many as fill a fifth of a second)"},
    {"searches", 0, "N", "searches of each row that searches (what the row finds enough)"},
    {"list", 0, NULL, "name the rows and end"},
    {NULL, 0, NULL, NULL},
};

/* Three digits where that says enough. */
static const char *short_number(double value, char text[32])
{
    if (isnan(value))
        snprintf(text, 32, "-");
    else if (fabs(value) >= 1000 && fabs(value) < 1e7)
        snprintf(text, 32, "%.0f", value);
    else
        snprintf(text, 32, "%.3g", value);
    return text;
}

static void print_row(const sg_bench_row *row, const sg_bench_result *r)
{
    char value[32], goal[32];
    int width = 4, n_shown = 0;

    printf("%-18s %9s %-8s goal %s %-7s %s\n", row->name, short_number(r->value, value), row->unit,
           isnan(row->goal)      ? "  "
           : row->more_is_better ? ">="
                                 : "<=",
           short_number(row->goal, goal), row->what);
    printf("    others: %s\n", row->peer);
    if (*r->missing) printf("    not measured: %s\n", r->missing);
    for (int k = 0; k < r->n_details; k++) {
        char text[96];
        if (isnan(r->detail[k].value)) continue;
        const int n =
            snprintf(text, sizeof text, "%s %s", r->detail[k].name, short_number(r->detail[k].value, value));
        if (n_shown == 0 || width + n + 2 > 110) {
            printf("%s    ", n_shown == 0 ? "" : "\n");
            width = 4;
        } else {
            printf(", ");
        }
        fputs(text, stdout);
        width += n + 2;
        n_shown++;
    }
    if (n_shown > 0) putchar('\n');
}

static void add_json(sg_json *json, const sg_bench_row *row, const sg_bench_result *r)
{
    sg_json *const one = sg_json_append(json, "rows");

    sg_json_text(one, "row", row->name);
    sg_json_text(one, "what", row->what);
    sg_json_text(one, "unit", row->unit);
    sg_json_number(one, "value", r->value);
    sg_json_number(one, "goal", row->goal);
    sg_json_boolean(one, "more_is_better", row->more_is_better);
    sg_json_text(one, "others", row->peer);
    sg_json_text(one, "missing", *r->missing ? r->missing : NULL);
    sg_json *const details = sg_json_object(one, "details");
    for (int k = 0; k < r->n_details; k++)
        sg_json_number(details, r->detail[k].name, r->detail[k].value);
}

static int take(void *arg, const sg_bench_row *row, const sg_bench_result *result)
{
    cli *const c = arg;

    cli_progress_close(&c->progress);
    print_row(row, result);
    fflush(stdout);
    add_json(c->result, row, result);
    return 0;
}

static sg_status run(cli *c)
{
    int64_t rounds = 0, calls = 0, searches = 0;
    const char *const samples = cli_value(c, "samples");

    if (cli_value(c, "list")) {
        for (int k = 0; sg_bench_row_at(k); k++)
            printf("%-18s %s%s\n", sg_bench_row_at(k)->name, sg_bench_row_at(k)->what,
                   sg_bench_row_at(k)->only_long ? " (--long)" : "");
        return SG_OK;
    }
    sg_status st = cli_configure(c, NULL);
    if (st == SG_OK) st = cli_whole(c, "rounds", 1, 1000, &rounds);
    if (st == SG_OK) st = cli_whole(c, "calls", 1, 1000000000, &calls);
    if (st == SG_OK) st = cli_whole(c, "searches", 1, 1000000, &searches);
    const sg_bench_options opt = {.samples = samples ? samples : "validation/samples",
                                  .lammps = cli_value(c, "lammps"),
                                  .long_runs = cli_value(c, "long") != NULL,
                                  .threads = omp_get_max_threads(),
                                  .rounds = (int)rounds,
                                  .calls = (int)calls,
                                  .searches = (int)searches,
                                  .seed = (uint64_t)c->cfg.kmc.seed,
                                  .log = &c->log};
    return st == SG_OK ? sg_bench_run(&opt, c->n_inputs, c->input, take, c) : st;
}

const cli_command cmd_bench = {
    .name = "bench",
    .summary = "measure this program beside what is installed, as ratios in one run",
    .usage = "[ROW..] [--long]",
    .details = "One line per row: value, goal, what; below it the best figure of other programs and further "
               "numbers. "
               "Times are\n"
               "CPU times, both sides in turn; the least of all rounds is compared. Counts repeat for a "
               "seed. What is "
               "not\n"
               "installed is named and its rows are left out.",
    .example = "slowglass bench force-free --json",
    .min_inputs = 0,
    .max_inputs = -1,
    .options = options,
    .run = run,
};
