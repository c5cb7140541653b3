/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass catalog check: one line for each thing that is wrong, then a summary. */
#include <inttypes.h>
#include <stdio.h>

#include "cli_catalog.h"

static uint64_t findings(const sg_curate_health *h)
{
    return h->file.n_damaged + h->n_broken + h->n_wrong_keys + h->n_unbalanced;
}

static sg_status check(cli *c, sg_catalog *cat)
{
    sg_curate_health h;
    cli_findings l = {c, "damaged", 0};
    const char *base = cli_value(c, "base");
    sg_status st = base ? sg_catalog_add_base(cat, base) : SG_OK;

    if (st != SG_OK) return st;
    if ((st = sg_curate_check(cat, cli_findings_tell, &l, &h)) != SG_OK) return st;
    cli_progress_close(&c->progress);
    cli_result_integer(c, "size_bytes", (int64_t)h.file.bytes);
    cli_result_integer(c, "lost_bytes", (int64_t)h.file.unused_bytes);
    cli_result_integer(c, "n_records", (int64_t)h.file.n_records);
    cli_result_integer(c, "n_damaged", (int64_t)h.file.n_damaged);
    cli_result_integer(c, "n_keys", (int64_t)h.n_keys);
    cli_result_integer(c, "n_wrong_keys", (int64_t)h.n_wrong_keys);
    cli_result_integer(c, "n_references", (int64_t)h.n_references);
    cli_result_integer(c, "n_broken", (int64_t)h.n_broken);
    cli_result_integer(c, "n_in_bases", (int64_t)h.n_elsewhere);
    cli_result_integer(c, "n_edges", (int64_t)h.n_edges);
    cli_result_integer(c, "n_pairs", (int64_t)h.n_pairs);
    cli_result_integer(c, "n_unbalanced", (int64_t)h.n_unbalanced);
    if (findings(&h) == 0) return SG_OK;
    return sg_fail(SG_ECORRUPT, "%s: findings: %" PRIu64, c->input[1], findings(&h));
}

sg_status cli_catalog_check(cli *c)
{
    return cli_catalog_with(c, check);
}
