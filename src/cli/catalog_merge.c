/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass catalog merge: several catalogs become a new one, as a base for others. It is compacted, since a
 * base is written once and opened often: in key order it is read from front to back when it is opened. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli_catalog.h"
#include "slowglass/curate.h"

typedef struct paths {
    char **at;
    size_t n, capacity;
} paths;

static void paths_clear(paths *p)
{
    for (size_t k = 0; k < p->n; k++)
        sg_free(p->at[k]);
    sg_free(p->at);
}

/* Takes the path over. */
static sg_status add(paths *p, char *path)
{
    if (path && sg_grow((void **)&p->at, &p->capacity, p->n + 1, sizeof *p->at) == 0) {
        p->at[p->n++] = path;
        return SG_OK;
    }
    sg_free(path);
    return sg_fail(SG_ENOMEM, "list of catalogs");
}

/* What the run file beside a run's catalog names; a catalog alone does not know what it was built upon. */
static sg_status add_bases(paths *p, const char *catalog)
{
    sg_config cfg = {0};
    const size_t n = strlen(catalog) + sizeof "/../run.ini";
    char *file = sg_calloc(n, 1);
    sg_status st = file ? SG_OK : sg_fail(SG_ENOMEM, "%s", catalog);

    if (st == SG_OK) {
        snprintf(file, n, "%s/../run.ini", catalog);
        st = access(file, R_OK) == 0
                 ? sg_config_read(file, &cfg)
                 : sg_fail(SG_EINVAL,
                           "--with-bases: %s is not in the folder of a run, whose run.ini "
                           "would name its bases; name them yourself",
                           catalog);
    }
    for (int k = 0; k < cfg.catalog.base.n && st == SG_OK; k++)
        st = add(p, sg_strdup(cfg.catalog.base.value[k]));
    sg_config_clear(&cfg);
    sg_free(file);
    return st;
}

static sg_status collect(const cli *c, paths *p)
{
    sg_status st = SG_OK;

    for (int k = 1; k < c->n_inputs && st == SG_OK; k++) {
        char *path = NULL;
        st = cli_catalog_path(c->input[k], &path);
        if (st == SG_OK) st = add(p, path);
        if (st == SG_OK && cli_value(c, "with-bases")) st = add_bases(p, p->at[p->n - 1]);
    }
    return st;
}

/* The catalog is complete already; if it cannot be made smaller it stays as it is. */
static void make_small(cli *c, uint64_t *bytes)
{
    uint64_t before = 0;

    *bytes = 0;
    if (sg_catalog_compact(c->out, NULL, &c->log, &before, bytes) == SG_OK) return;
    sg_log_line(&c->log, SG_LOG_WARNING, "merged, but not compacted: %s", sg_error_text());
    if (*bytes == 0) *bytes = before;
}

sg_status cli_catalog_merge(cli *c)
{
    static const struct {
        sg_catalog_db db;
        const char *read, *written;
    } row[] = {{SG_DB_ENVIRONMENTS, "environments_read", "n_environments"},
               {SG_DB_VARIANTS, "variants_read", "n_variants"},
               {SG_DB_EVENTS, "events_read", "n_events"},
               {SG_DB_RUNS, "runs_read", "n_runs"}};
    paths p = {.at = NULL};
    uint64_t bytes = 0;
    sg_curate_merge_totals t;
    sg_status st = c->out ? collect(c, &p) : sg_fail(SG_EINVAL, "-o NEW missing: where does the result go?");

    if (st == SG_OK) st = sg_curate_merge((int)p.n, (const char *const *)p.at, c->out, &c->log, &t);
    if (st == SG_OK) {
        make_small(c, &bytes);
        cli_progress_close(&c->progress);
        for (size_t k = 0; k < sizeof row / sizeof row[0]; k++) {
            cli_result_integer(c, row[k].read, (int64_t)t.read[row[k].db]);
            cli_result_integer(c, row[k].written, (int64_t)t.written[row[k].db]);
        }
        cli_result_integer(c, "events_united", (int64_t)t.united);
        cli_result_integer(c, "n_damaged", (int64_t)t.damaged);
        cli_result_integer(c, "size_bytes", (int64_t)bytes);
        cli_result_hex(c, "content_hash", t.content_hash);
    }
    paths_clear(&p);
    return st;
}
