/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a check of a catalog or a landscape finds, for people and for --json. */
#include <stdio.h>

#include "cli_catalog.h"

enum { LINES_MOST = 100 };

void cli_findings_tell(void *findings, const char *text)
{
    cli_findings *l = findings;
    cli *c = l->c;

    cli_progress_close(&c->progress);
    if (l->n++ == LINES_MOST) printf("%s: more, not listed\n", l->word);
    if (l->n > LINES_MOST) return;
    printf("%s: %s\n", l->word, text);
    if (c->result) sg_json_text(sg_json_append(c->result, "findings"), "text", text);
}
