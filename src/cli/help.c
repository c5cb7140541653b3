/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Help and manual, both from the tables of commands, options and keys. */
#include <string.h>

#include "cli_internal.h"

static void print_options(const cli_option *options, FILE *out)
{
    for (const cli_option *o = options; o && o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s%c%s--%s%s%s", o->letter ? "-" : " ", o->letter ? o->letter : ' ',
                 o->letter ? ", " : "  ", o->name, o->value ? " " : "", o->value ? o->value : "");
        fprintf(out, "  %-29s %s\n", left, o->help);
    }
}

void cli_print_overview(FILE *out)
{
    int n;
    const cli_command *const *commands = cli_commands(&n);

    fprintf(out,
            "slowglass %s: kinetic Monte Carlo ageing of glasses on the whole-system energy landscape\n\n"
            "usage: slowglass COMMAND ...      slowglass COMMAND --help\n\ncommands:\n",
            SLOWGLASS_VERSION);
    for (int i = 0; i < n; i++)
        fprintf(out, "  %-10s %s%s\n", commands[i]->name, commands[i]->summary,
                commands[i]->run ? "" : " (not available in this version)");
    fprintf(out, "\noptions of every command:\n");
    print_options(cli_common_options, out);
    fprintf(out, "\nResults go to stdout, progress and errors to stderr. Exit codes: 0 done; 1 failed "
                 "inside; 2 bad usage\n"
                 "or input; 3 disk, memory or lock; 130 interrupted.\n\n"
                 "example:\n  slowglass energy validation/samples/Cu64Zr36_500.extxyz --potential "
                 "eam/fs:CuZr_mm.eam.fs\n");
}

void cli_print_help(const cli_command *command, FILE *out)
{
    fprintf(out, "slowglass %s: %s\n\nusage: slowglass %s %s\n", command->name, command->summary,
            command->name, command->usage);
    if (!command->run) {
        fprintf(out, "\nNot available in this version.\n");
        return;
    }
    if (command->details) fprintf(out, "\n%s\n", command->details);
    if (command->options) {
        fprintf(out, "\noptions:\n");
        print_options(command->options, out);
    }
    fprintf(out, "\noptions of every command:\n");
    print_options(cli_common_options, out);
    fprintf(out, "\nexample:\n  %s\n", command->example);
}

/* ---- troff ---- */

/* Text as troff takes it: no accidental escapes, minus signs that can be copied. */
static void put(const char *text, FILE *out)
{
    int line_start = 1;

    for (; text && *text; text++) {
        if (line_start && (*text == '.' || *text == '\'')) fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
        line_start = *text == '\n';
    }
}

static void manual_options(const cli_option *options, FILE *out)
{
    for (const cli_option *o = options; o && o->name; o++) {
        fputs(".TP\n", out);
        if (o->letter)
            fprintf(out, ".BR \\-%c \", \" \\-\\-", o->letter);
        else
            fputs(".B \\-\\-", out);
        put(o->name, out);
        if (o->value) fprintf(out, o->letter ? " \" %s\"" : " \\fI%s\\fP", o->value);
        fputc('\n', out);
        put(o->help, out);
        fputc('\n', out);
    }
}

static void manual_commands(FILE *out)
{
    int n;
    const cli_command *const *commands = cli_commands(&n);

    fputs(".SH COMMANDS\n", out);
    for (int i = 0; i < n; i++) {
        const cli_command *command = commands[i];
        fprintf(out, ".SS %s ", command->name);
        put(command->usage, out);
        fputc('\n', out);
        put(command->summary, out);
        fprintf(out, "%s.\n", command->run ? "" : " (not available in this version)");
        if (!command->run) continue;
        if (command->details) {
            fputs(".PP\n.nf\n", out); /* the lines as they are: they may be a table */
            put(command->details, out);
            fputs("\n.fi\n", out);
        }
        manual_options(command->options, out);
        fputs(".PP\nExample:\n.PP\n.nf\n.RS\n", out);
        put(command->example, out);
        fputs("\n.RE\n.fi\n", out);
    }
}

static void manual_keys(FILE *out)
{
    const sg_config_key *rows = sg_config_keys();
    const char *section = "";

    fputs(".SH RUN FILE\nAn INI file; a comment begins with ; after a blank. Paths are relative to its "
          "folder. Lists are separated "
          "by blanks or commas, an item with blanks stands in double quotes. An unknown key is an error.\n",
          out);
    for (int k = 0; k < SG_CONFIG_N_KEYS; k++) {
        if (strcmp(section, rows[k].section) != 0) {
            section = rows[k].section;
            fprintf(out, ".SS [%s]\n", section);
            put(sg_config_section(section), out);
            fputc('\n', out);
        }
        fprintf(out, ".TP\n.B %s = ", rows[k].name);
        put(rows[k].default_text, out);
        fputc('\n', out);
        put(rows[k].description, out);
        if (*rows[k].unit || *rows[k].range) {
            fputs(" (", out);
            put(rows[k].unit, out);
            fputs(*rows[k].unit && *rows[k].range ? ", " : "", out);
            put(rows[k].range, out);
            fputc(')', out);
        }
        fputs(".\n", out);
    }
}

void cli_print_manual(FILE *out)
{
    fprintf(out,
            ".TH SLOWGLASS 1 \"\" \"slowglass %s\" \"User Commands\"\n.SH NAME\nslowglass \\- kinetic Monte "
            "Carlo ageing of "
            "glasses on the whole\\-system energy landscape\n.SH SYNOPSIS\n.B slowglass\n.I COMMAND\n.RI [ "
            "OPTIONS ]\n",
            SLOWGLASS_VERSION);
    manual_commands(out);
    fputs(".SH OPTIONS OF EVERY COMMAND\n", out);
    manual_options(cli_common_options, out);
    manual_keys(out);
    fputs(".SH EXIT STATUS\n0 done; 1 failed inside; 2 bad usage or input; 3 disk, memory or lock; 130 "
          "interrupted after a clean "
          "checkpoint.\n",
          out);
}
