/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of a command from two tables, its own and the common one: --name VALUE, --name=VALUE, -o VALUE,
 * --switch;
 * "--" ends them. Then the configuration that the options and the run file make together. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli_internal.h"

const cli_option cli_common_options[] = {
    {"help", 'h', NULL, "print this and end"},
    {"out", 'o', "OUT",
     "where the result goes; a structure: .extxyz or .xyz (with forces), .data or .lmp (LAMMPS)"},
    {"config", 0, "RUN.ini", "take the potential and all settings from a run file"},
    {"potential", 0, "SPEC",
     "eam/fs:FILE, eam/alloy:FILE, kim:MODEL, or lj:eps,sigma,cutoff[,..] or morse:D,alpha,r0,cutoff[,..] "
     "per pair 11 "
     "12 .. 22 (eV, Å)"},
    {"elements", 0, "A,B", "element of atom type 1, 2, .."},
    {"set", 0, "SECTION.KEY=VALUE", "change one setting; may be repeated"},
    {"seed", 0, "S", "same as --set kmc.seed=S"},
    {"threads", 0, "N", "threads to use; the results do not depend on it"},
    {"quiet", 0, NULL, "no progress"},
    {"json", 0, NULL, "the results once more as one JSON object, last line of stdout"},
    {NULL, 0, NULL, NULL},
};

static const cli_option *find_long(const cli *c, const char *name, size_t length);
static const cli_option *find_letter(const cli *c, char letter);
static sg_status unknown_option(const cli *c, const char *argument, size_t length);
static sg_status take_option(cli *c, int argc, char **argv, int *at);
static sg_status check_inputs(const cli *c);

static const cli_option *option_at(const cli *c, int i)
{
    int own = 0;
    while (c->command->options && c->command->options[own].name)
        own++;
    const cli_option *option = i < own ? &c->command->options[i] : &cli_common_options[i - own];
    return option->name ? option : NULL;
}

static const cli_option *find_long(const cli *c, const char *name, size_t length)
{
    const cli_option *o;
    for (int i = 0; (o = option_at(c, i)) != NULL; i++)
        if (strlen(o->name) == length && memcmp(o->name, name, length) == 0) return o;
    return NULL;
}

static const cli_option *find_letter(const cli *c, char letter)
{
    const cli_option *o;
    for (int i = 0; (o = option_at(c, i)) != NULL; i++)
        if (o->letter && o->letter == letter) return o;
    return NULL;
}

static sg_status unknown_option(const cli *c, const char *argument, size_t length)
{
    const cli_option *o, *best = NULL;
    char word[64];
    int least = 1000;

    snprintf(word, sizeof word, "%.*s", (int)length, argument);
    for (int i = 0; (o = option_at(c, i)) != NULL; i++) {
        const int d = sg_text_distance(word + strspn(word, "-"), o->name);
        if (d < least) least = d, best = o;
    }
    if (best && sg_text_near(least, (int)length))
        return sg_fail(SG_EINVAL, "unknown option '%s'; did you mean '--%s'?", word, best->name);
    return sg_fail(SG_EINVAL, "unknown option '%s'; see 'slowglass %s --help'", word, c->command->name);
}

/* The option at argv[*at], and its value if it takes one. */
static sg_status take_option(cli *c, int argc, char **argv, int *at)
{
    const char *argument = argv[*at];
    const int is_long = argument[1] == '-';
    const size_t length = strcspn(argument, "=");
    const char *value = is_long && argument[length] ? argument + length + 1 : NULL;
    const cli_option *option = is_long        ? find_long(c, argument + 2, length - 2)
                               : !argument[2] ? find_letter(c, argument[1])
                                              : NULL;

    if (!option) return unknown_option(c, argument, length);
    if (!option->value && value) return sg_fail(SG_EINVAL, "option '--%s' takes no value", option->name);
    if (option->value && !value) {
        if (*at + 1 >= argc)
            return sg_fail(SG_EINVAL, "option '%.*s' needs a value %s", (int)length, argument, option->value);
        value = argv[++*at];
    }
    c->given[c->n_given++] = (cli_given){option, value ? value : ""};
    return SG_OK;
}

static sg_status check_inputs(const cli *c)
{
    const cli_command *command = c->command;

    if (c->n_inputs < command->min_inputs)
        return sg_fail(SG_EINVAL, "input missing; usage: slowglass %s %s", command->name, command->usage);
    if (command->max_inputs >= 0 && c->n_inputs > command->max_inputs)
        return sg_fail(SG_EINVAL, "'%s' is one argument too many; usage: slowglass %s %s",
                       c->input[command->max_inputs], command->name, command->usage);
    return SG_OK;
}

sg_status cli_parse(cli *c, int argc, char **argv)
{
    int options_end = 0;

    c->given = sg_calloc((size_t)argc, sizeof *c->given);
    c->input = sg_calloc((size_t)argc, sizeof *c->input);
    if (!c->given || !c->input) return sg_fail(SG_ENOMEM, "options");
    for (int i = 1; i < argc; i++) {
        if (!options_end && strcmp(argv[i], "--") == 0)
            options_end = 1;
        else if (options_end || argv[i][0] != '-' || !argv[i][1])
            c->input[c->n_inputs++] = argv[i];
        else {
            const sg_status st = take_option(c, argc, argv, &i);
            if (st != SG_OK) return st;
        }
    }
    c->help = cli_value(c, "help") != NULL;
    c->quiet = cli_value(c, "quiet") != NULL;
    c->json = cli_value(c, "json") != NULL;
    c->out = cli_value(c, "out");
    return c->help ? SG_OK : check_inputs(c);
}

const char *cli_value(const cli *c, const char *name)
{
    for (int i = c->n_given - 1; i >= 0; i--)
        if (strcmp(c->given[i].option->name, name) == 0) return c->given[i].value;
    return NULL;
}

sg_status cli_number(const cli *c, const char *name, double above, double up_to, double *value)
{
    const char *text = cli_value(c, name);
    char *end = NULL;

    if (!text) return SG_OK;
    const double number = strtod(text, &end);
    if (end == text || *end || !isfinite(number))
        return sg_fail(SG_EINVAL, "--%s '%s', need a number", name, text);
    if (!(number > above)) return sg_fail(SG_EINVAL, "--%s %s, need > %g", name, text, above);
    if (!(number <= up_to)) return sg_fail(SG_EINVAL, "--%s %s, need <= %g", name, text, up_to);
    *value = number;
    return SG_OK;
}

sg_status cli_whole(const cli *c, const char *name, int64_t min, int64_t max, int64_t *value)
{
    const char *text = cli_value(c, name);
    char *end = NULL;

    if (!text) return SG_OK;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (end == text || *end || errno) return sg_fail(SG_EINVAL, "--%s '%s', need a whole number", name, text);
    if (number < min && max >= INT32_MAX)
        return sg_fail(SG_EINVAL, "--%s %s, need %lld or more", name, text, (long long)min);
    if (number < min || number > max)
        return sg_fail(SG_EINVAL, "--%s %s, need %lld to %lld", name, text, (long long)min, (long long)max);
    *value = number;
    return SG_OK;
}

sg_status cli_word(const cli *c, const char *name, const char *const words[2], int *index)
{
    const char *const text = cli_value(c, name);

    if (!text) return SG_OK;
    for (int k = 0; k < 2; k++)
        if (strcmp(text, words[k]) == 0) {
            *index = k;
            return SG_OK;
        }
    return sg_fail(SG_EINVAL, "--%s '%s', need %s or %s", name, text, words[0], words[1]);
}

/* ---- the configuration ---- */

/* "section.key=" and a value from the command line. */
static sg_status set_key(cli *c, const char *option, const char *key, const char *value)
{
    const size_t n = strlen(key) + strlen(value) + 2;
    char *assignment = sg_calloc(n, 1);

    if (!assignment) return sg_fail(SG_ENOMEM, "--%s", option);
    snprintf(assignment, n, "%s=%s", key, value);
    const sg_status st = sg_config_set(&c->cfg, assignment);
    sg_free(assignment);
    return st == SG_OK ? st : sg_fail_context(st, "--%s", option);
}

/* "style:rest": the rest is a file, the name of a KIM model or, for lj and morse, numbers. */
static sg_status set_potential(cli *c, const char *spec)
{
    const char *colon = strchr(spec, ':');
    char style[32];

    if (!colon || !colon[1] || colon - spec >= (int)sizeof style)
        return sg_fail(
            SG_EINVAL,
            "--potential '%s', need STYLE:FILE, kim:MODEL, lj:eps,sigma,cutoff or morse:D,alpha,r0,cutoff",
            spec);
    snprintf(style, sizeof style, "%.*s", (int)(colon - spec), spec);
    const sg_status st = set_key(c, "potential", "potential.style", style);
    if (st != SG_OK) return st;
    const int numbers = c->cfg.potential.style == SG_STYLE_LJ || c->cfg.potential.style == SG_STYLE_MORSE;
    const int kim = c->cfg.potential.style == SG_STYLE_KIM || c->cfg.potential.style == SG_STYLE_KIM_API;
    const char *const key = numbers ? "potential.pair" : kim ? "potential.model" : "potential.file";
    return set_key(c, "potential", key, colon + 1);
}

static sg_status apply(cli *c, const char *option, const char *value)
{
    if (strcmp(option, "set") == 0) {
        const sg_status st = sg_config_set(&c->cfg, value);
        return st == SG_OK ? st : sg_fail_context(st, "--set");
    }
    if (strcmp(option, "seed") == 0) return set_key(c, option, "kmc.seed", value);
    if (strcmp(option, "elements") == 0) return set_key(c, option, "potential.elements", value);
    if (strcmp(option, "potential") == 0) return set_potential(c, value);
    return SG_OK;
}

sg_status cli_configure(cli *c, const char *run_file)
{
    const char *path = run_file ? run_file : cli_value(c, "config");
    sg_status st = path ? sg_config_read(path, &c->cfg) : sg_config_defaults(&c->cfg);

    for (int i = 0; i < c->n_given && st == SG_OK; i++)
        st = apply(c, c->given[i].option->name, c->given[i].value);
    return st;
}
