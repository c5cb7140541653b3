/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass catalog compact: the same content without free pages. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli_catalog.h"

sg_status cli_catalog_path(const char *path, char **out)
{
    const size_t n = strlen(path) + sizeof "/catalog/data.mdb";

    *out = sg_calloc(n, 1);
    if (!*out) return sg_fail(SG_ENOMEM, "%s", path);
    snprintf(*out, n, "%s/data.mdb", path);
    const int is_catalog = access(*out, F_OK) == 0;
    snprintf(*out, n, "%s/catalog/data.mdb", path);
    const int is_run = !is_catalog && access(*out, F_OK) == 0;
    snprintf(*out, n, "%s%s", path, is_run ? "/catalog" : "");
    return SG_OK;
}

sg_status cli_catalog_compact(cli *c)
{
    uint64_t before = 0, after = 0;
    char *path = NULL;
    sg_status st = cli_catalog_path(c->input[1], &path);

    if (st == SG_OK) st = sg_catalog_compact(path, c->out, &c->log, &before, &after);
    if (st == SG_OK) {
        cli_progress_close(&c->progress);
        cli_result_integer(c, "bytes_before", (int64_t)before);
        cli_result_integer(c, "bytes_after", (int64_t)after);
    }
    sg_free(path);
    return st;
}
