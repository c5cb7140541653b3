/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of commands. A command that is not built yet is a row without a function; once it has a file cmd_NAME.c,
 * its NOT_YET line gives way to a name in the extern line. */
#include <string.h>

#include "cli_internal.h"

extern const cli_command cmd_energy, cmd_minimize, cmd_strain, cmd_landscape, cmd_catalog, cmd_check, cmd_age, cmd_search, cmd_bench, cmd_compare, cmd_audit, cmd_quench, cmd_md, cmd_path;

#define NOT_YET(symbol, name, summary, usage)                                                                \
    static const cli_command cmd_##symbol = {name, summary, usage, NULL, NULL, 0, -1, NULL, NULL};
NOT_YET(analyse, "analyse", "analyses of a run", "DIR")

static const cli_command *const table[] = {
    &cmd_energy, &cmd_minimize, &cmd_strain,  &cmd_quench,    &cmd_md,
    &cmd_search, &cmd_age,      &cmd_path,    &cmd_landscape, &cmd_analyse,
    &cmd_audit,  &cmd_compare,  &cmd_catalog, &cmd_check,     &cmd_bench,
};
enum { N_COMMANDS = sizeof table / sizeof table[0] };

const cli_command *const *cli_commands(int *n)
{
    *n = N_COMMANDS;
    return table;
}

const cli_command *cli_find_command(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(table[i]->name, name) == 0) return table[i];
    return NULL;
}

sg_status cli_unknown_command(const char *name)
{
    int best = 0, least = 1000;

    for (int i = 0; i < N_COMMANDS; i++) {
        const int d = sg_text_distance(name, table[i]->name);
        if (d < least) least = d, best = i;
    }
    if (sg_text_near(least, (int)strlen(name)))
        return sg_fail(SG_EINVAL, "unknown command '%s'; did you mean '%s'?", name, table[best]->name);
    return sg_fail(SG_EINVAL, "unknown command '%s'; 'slowglass --help' lists them", name);
}
