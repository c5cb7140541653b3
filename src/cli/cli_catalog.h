/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The actions of `slowglass catalog`: each opens what it needs from c->input[1..], prints its results and
 * returns. Their table stands in cmd_catalog.c. */
#ifndef SLOWGLASS_CLI_CATALOG_H
#define SLOWGLASS_CLI_CATALOG_H

#include "cli_internal.h"
#include "slowglass/curate.h"

sg_status cli_catalog_info(cli *c);
sg_status cli_catalog_list(cli *c);
sg_status cli_catalog_show(cli *c);
sg_status cli_catalog_merge(cli *c);
sg_status cli_catalog_compact(cli *c);
sg_status cli_catalog_check(cli *c);
sg_status cli_catalog_stats(cli *c);
sg_status cli_catalog_export(cli *c);

/* ---- findings.c: what a check tells, a line each, up to a hundred of them ---- */
typedef struct cli_findings {
    cli *c;
    const char *word; /* that each line begins with */
    int n;
} cli_findings;
void cli_findings_tell(void *findings, const char *text);

/* slowglass landscape export and check, on an open catalog. */
sg_status cli_landscape_check(cli *c, sg_catalog *cat);
sg_status cli_landscape_export(cli *c, sg_catalog *cat);

/* The catalog in `folder` or in its folder "catalog", and the run file beside it, if any. */
sg_status cli_landscape_open(cli *c, const char *folder, sg_catalog **cat);
/* Structure and potential of the run that it belongs to; free both, on failure too. */
sg_status cli_landscape_model(cli *c, sg_catalog *cat, sg_system **like, sg_potential **pot);

/* slowglass landscape prefactors, on the open catalog of a run. */
sg_status cli_landscape_prefactors(cli *c, sg_catalog *cat);

/* Read-only; `path` is the folder of a catalog, or of a run, which has one inside. */
sg_status cli_catalog_open(cli *c, const char *path, sg_catalog **cat);

/* Where that catalog lies: `path` or path/catalog; free with sg_free. It need not exist. */
sg_status cli_catalog_path(const char *path, char **out);

/* Open c->input[1], let `act` read it, close it. */
sg_status cli_catalog_with(cli *c, sg_status (*act)(cli *c, sg_catalog *cat));

/* ---- catalog_filter.c ---- */
/* From --barrier, --strain, --key, --centre, --sampler. */
sg_status cli_catalog_filter(const cli *c, const sg_catalog_header *header, sg_curate_filter *f);

/* ---- catalog_spectrum.c ---- */
sg_status cli_spectrum_get(cli *c, sg_catalog *cat, const sg_curate_filter *filter, sg_curate_spectrum *out);
void cli_spectrum_print(cli *c, const sg_curate_spectrum *s, const sg_catalog_header *header, int bars);
sg_status cli_spectrum_check_plot(const cli *c); /* --plot: before any work */
sg_status cli_spectrum_plot(cli *c, const sg_curate_spectrum *s, const sg_catalog_header *header);

void cli_result_hex(cli *c, const char *key, uint64_t value); /* 16 digits, a text in JSON */
const char *cli_sampler_word(uint8_t sampler);                /* "unknown" for one of a later version */

#endif
