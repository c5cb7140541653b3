/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass catalog ACTION ..: the table of actions, and what they share. An action is one function in
 * catalog_*.c and one row here that says what it takes; an option of another action is refused. */
#include <inttypes.h>
#include <string.h>

#include "cli_catalog.h"
#include "slowglass/saddle.h"

typedef struct action {
    const char *word;
    sg_status (*act)(cli *c);   /* NULL: not built yet */
    int min_inputs, max_inputs; /* the word included; max < 0: any number */
    const char *takes;          /* the same in words */
    const char *options;        /* names of own options, with a blank before and after each */
} action;

#define FILTERS " barrier centre key sampler strain "

static const action actions[] = {
    {"info", cli_catalog_info, 2, 2, "one catalog", ""},
    {"list", cli_catalog_list, 2, 2, "one catalog", FILTERS "sort reverse limit histogram bin plot "},
    {"show", cli_catalog_show, 3, 3, "a catalog and the id of an event", " temperature prefactor base out "},
    {"stats", cli_catalog_stats, 2, 2, "one catalog", FILTERS "limit bin plot out "},
    {"check", cli_catalog_check, 2, 2, "one catalog", " base "},
    {"export", cli_catalog_export, 2, 2, "one catalog", FILTERS "format prefactor out "},
    {"merge", cli_catalog_merge, 2, -1, "one catalog or more", " with-bases out "},
    {"compact", cli_catalog_compact, 2, 2, "one catalog", " out "},
};
enum { N_ACTIONS = sizeof actions / sizeof actions[0] };

/* ---- what the actions share ---- */

void cli_result_hex(cli *c, const char *key, uint64_t value)
{
    char text[20];

    snprintf(text, sizeof text, "%016" PRIx64, value);
    cli_result_text(c, key, text);
}

const char *cli_sampler_word(uint8_t sampler)
{
    return sg_sampler_text((sg_sampler)sampler);
}

sg_status cli_catalog_open(cli *c, const char *path, sg_catalog **cat)
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

sg_status cli_catalog_with(cli *c, sg_status (*act)(cli *c, sg_catalog *cat))
{
    sg_catalog *cat = NULL;
    sg_status st = cli_catalog_open(c, c->input[1], &cat);

    if (st == SG_OK) st = act(c, cat);
    sg_catalog_close(cat);
    return st;
}

/* ---- the command ---- */

static const cli_option own_options[] = {
    {"barrier", 0, "LOW:HIGH", "only events with a barrier in this range, eV; either end may be missing"},
    {"centre", 0, "ELEMENT", "only events whose centre is of this element"},
    {"key", 0, "DIGITS", "only events whose topology key begins with these hexadecimal digits"},
    {"sampler", 0, "WORD", "only events that this sampler came upon: local, wide, soft, .."},
    {"strain", 0, "LOW:HIGH", "only events converged at a strain in this range"},
    {"sort", 0, "ORDER", "list: by barrier (default), back, dE, found, key or participation"},
    {"reverse", 0, NULL, "list: largest first"},
    {"limit", 0, "N", "list: no more than N events; stats: no more than N environments, default 10"},
    {"histogram", 0, NULL, "list: barriers counted by bins, in place of the events"},
    {"bin", 0, "EV", "width of a bin of barriers; default 0.05"},
    {"plot", 0, "FILE.png", "list, stats: draw the spectrum by gnuplot; FILE.gp stays beside it"},
    {"format", 0, "WORD", "export: tsv, jsonl, graphml or pathsample; default: by the ending of -o"},
    {"base", 0, "DIR",
     "check, show: the base that the run drew on: references into it; its events by their whole id, and its "
     "counters"},
    {"temperature", 0, "K", "show: rates at this temperature"},
    {"prefactor", 0, "PER_S",
     "show: prefactor of the rates where none is stored; pathsample: of all; default 1e13"},
    {"with-bases", 0, NULL, "merge: and the bases that the runs drew on"},
    {NULL, 0, NULL, NULL},
};

/* Options of another action have no meaning here. */
static sg_status check_options(const cli *c, const action *a)
{
    char word[40];

    for (const cli_option *o = own_options; o->name; o++) {
        snprintf(word, sizeof word, " %s ", o->name);
        if (cli_value(c, o->name) && !strstr(a->options, word))
            return sg_fail(SG_EINVAL, "catalog %s takes no --%s; see 'slowglass catalog --help'", a->word,
                           o->name);
    }
    if (c->out && !strstr(a->options, " out ")) return sg_fail(SG_EINVAL, "catalog %s takes no -o", a->word);
    return SG_OK;
}

static sg_status run(cli *c)
{
    const action *a = actions;
    char words[128] = "";

    while (a < actions + N_ACTIONS && strcmp(a->word, c->input[0]) != 0)
        a++;
    if (a == actions + N_ACTIONS) {
        for (int k = 0; k < N_ACTIONS; k++)
            if (actions[k].act)
                snprintf(words + strlen(words), sizeof words - strlen(words), " %s", actions[k].word);
        return sg_fail(SG_EINVAL, "'%s' is nothing that catalog does, need one of%s", c->input[0], words);
    }
    if (!a->act)
        return sg_fail(SG_EUNSUPPORTED, "'catalog %s' is not available in this version", c->input[0]);
    if (c->n_inputs < a->min_inputs || (a->max_inputs >= 0 && c->n_inputs > a->max_inputs))
        return sg_fail(SG_EINVAL, "catalog %s takes %s", a->word, a->takes);
    const sg_status st = check_options(c, a);
    return st == SG_OK ? a->act(c) : st;
}

const cli_command cmd_catalog = {
    .name = "catalog",
    .summary = "look into a catalog, export it, take care of it",
    .usage = "ACTION DIR ..",
    .details = "DIR: a catalog, or the folder of a run. Actions:\n"
               "  info DIR         header, counts, and the runs whose counters it holds\n"
               "  list DIR         generic events, one per line, or their --histogram\n"
               "  show DIR ID      one event; ID: its first hexadecimal digits. With -o start,\n"
               "                   saddle and final minimum as frames of extended XYZ\n"
               "  stats DIR        spectrum, completeness of environments (all of them with\n"
               "                   -o FILE.tsv), what each sampler brought, sizes\n"
               "  export DIR       events into -o OUT.tsv, .jsonl or .graphml, or - for stdout;\n"
               "                   --format pathsample: as of landscape export\n"
               "  check DIR        pages, checksums, references, keys, barriers: one line for each\n"
               "                   thing that is wrong; exit code 1 if anything is\n"
               "  merge DIR.. -o NEW\n"
               "                   what they share (environments, variants, events) united in a new\n"
               "                   catalog, as a base for others\n"
               "  compact DIR      write it anew without free space, in place or as -o NEW\n"
               "list, stats and export take filters: --barrier --centre --key --sampler\n"
               "--strain. Six numbers are xx yy zz xy xz yz. Energies of frames are relative\n"
               "to the start; displacements and mode stand in columns.",
    .example =
        "slowglass catalog list validation/samples/demo-catalog --barrier 0.1:0.6 --centre Cu --limit 10\n"
        "  slowglass catalog list validation/samples/demo-catalog --histogram --bin 0.1 --plot spectrum.png\n"
        "  slowglass catalog show validation/samples/demo-catalog aca5 --temperature 600 -o event.extxyz\n"
        "  slowglass catalog stats validation/samples/demo-catalog --barrier :0.5\n"
        "  slowglass catalog export validation/samples/demo-catalog -o events.jsonl",
    .min_inputs = 1,
    .max_inputs = -1,
    .options = own_options,
    .run = run,
};
