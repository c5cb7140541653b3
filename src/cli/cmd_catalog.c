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

static const action actions[] = {
    {"info", cli_catalog_info, 2, 2, "one catalog", ""},
    {"list", cli_catalog_list, 2, 2, "one catalog", " sort limit "},
    {"show", cli_catalog_show, 3, 3, "a catalog and the id of an event", ""},
    {"stats", NULL, 0, -1, "", ""},
    {"check", NULL, 0, -1, "", ""},
    {"export", NULL, 0, -1, "", ""},
    {"merge", NULL, 0, -1, "", ""},
    {"compact", NULL, 0, -1, "", ""},
};
enum { N_ACTIONS = sizeof actions / sizeof actions[0] };

/* ---- what the actions share ---- */

void cli_result_hex(cli *c, const char *key, uint64_t value)
{
    char text[20];

    snprintf(text, sizeof text, "%016" PRIx64, value);
    cli_result_text(c, key, text);
}

const char *cli_symbol(int number)
{
    const char *text = sg_element_symbol(number);
    return text ? text : "?";
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
    {"sort", 0, "ORDER", "list: by barrier (default) or by key"},
    {"limit", 0, "N", "list: no more than N events"},
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
    .summary = "look into a catalog",
    .usage = "info|list DIR | show DIR ID [-o OUT.extxyz]",
    .details = "DIR: a catalog, or the folder of a run. info: header and counts. list: its generic events,\n"
               "one per line. show: one event completely; ID: its first hexadecimal digits. With -o the\n"
               "atoms of start, saddle and final minimum as three frames, energies relative to the start.\n"
               "Not available in this version: stats, check, export, merge, compact.",
    .example = "slowglass catalog list run/catalog --limit 10",
    .min_inputs = 1,
    .max_inputs = -1,
    .options = own_options,
    .run = run,
};
