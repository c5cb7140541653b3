/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of rows, and the loop over them. */
#include "bench_internal.h"

#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    sg_bench_row row;
    bench_function measure;
} table[] = {
    {{"force-fs", "full eam/fs call over LAMMPS's (faster of plain and opt), glass of 2000 atoms", "ratio",
      0.25, 0, "1 (LAMMPS); openFLY 0.52", 0},
     row_force_fs},
    {{"force-alloy", "full eam/alloy call over LAMMPS's, copper, 2000 atoms", "ratio", 0.25, 0, "1 (LAMMPS)",
      0},
     row_force_alloy},
    {{"force-free", "call with 250 of 2000 atoms free over the full call", "ratio", 0.2, 0, "none", 0},
     row_free},
    {{"force-free-16000", "call with 250 atoms free: 16000 atoms over 2000", "ratio", 1.15, 0, "none", 0},
     row_free_16000},
    {{"md", "ns a day at constant temperature over LAMMPS's (faster of plain and opt), glass of 2000 atoms",
      "ratio", 3.5, 1, "1 (LAMMPS)", 0},
     row_dynamics},
    {{"hessian", "product of the Hessian with a vector over a full call, each further one at a point",
      "ratio", 1, 0, "1 (a difference of forces)", 0},
     row_hessian},
    {{"saddle-calls",
      "force calls from the glass's minimum to a saddle, median of the searches that converge", "calls", 250,
      0, "eOn 592-1164, pARTn 230-733 (most fail)", 0},
     row_saddle_calls},
    {{"converged", "searches of the glass that reach a saddle of the whole system", "%", 95, 1, "-", 0},
     row_converged},
    {{"connected", "searches whose saddle joins the start to another minimum", "%", 75, 1,
      "eOn 15-20, pARTn 0-19", 0},
     row_connected},
    {{"event-calls",
      "full-call equivalents per accepted event of the glass, failures and refinements included", "calls",
      450, 0, "eOn 5200-15000, pARTn 3254-5826", 0},
     row_event_calls},
    {{"event-seconds", "core-seconds per accepted event of the glass", "s", 0.4, 0,
      "eOn 38, pARTn > 57, openFLY 10.5 (256 atoms)", 0},
     row_event_seconds},
    {{"threads", "wall time of the same searches, one thread over two", "ratio", 1.9, 1, "-", 0},
     row_threads},
    {{"ranks", "the same, one process over two under mpirun", "ratio", 1.9, 1, "-", 0}, row_ranks},
    {{"island-saddle", "Pt heptamer: calls per connected search to the saddle, mean", "calls", 200, 0,
      "eOn Lanczos 253", 0},
     row_island_saddle},
    {{"island-search", "Pt heptamer: the same with both minima", "calls", 300, 0, "eOn Lanczos 344", 0},
     row_island_search},
    {{"island-known", "Pt heptamer: calls until the 27 connected saddles below 1.5 eV are found", "calls",
      4.2e5, 0, "OptBench: adaptive_HSphere 4.2e5, eOn 1.3e6", 1},
     row_island_known},
    {{"cluster-saddle", "LJ38: calls from starts beside saddles (our own starts) to a saddle, mean", "calls",
      237, 0, "OptBench, its starts: eOn Lanczos 237 (median 181), sella 70 (64)", 0},
     row_cluster_saddle},
    {{"key", "topology key of one atom of the glass", "us", 50, 0,
      "openFLY, pyKMC 15-40 (nauty, larger spheres)", 0},
     row_key},
    {{"lookup", "look-ups of a known key, warm", "1/s", 2e5, 1, "-", 0}, row_lookup},
    {{"lookup-variants", "look-ups of an atom with 8 marginal variants, all keyed and probed", "1/s", 5e3, 1,
      "-", 0},
     row_lookup_variants},
    {{"catalog-scale", "look-ups of a known key in the largest catalog: 10^5 environments, --long: 10^6",
      "1/s", 2e5, 1, "-", 0},
     row_catalog_scale},
    {{"vacancy-first", "vacancy in bcc iron, 431 atoms: core-seconds to the first step, empty catalog", "s",
      10, 0, "openFLY 92-103", 0},
     row_vacancy_first},
    {{"vacancy-steps", "the same: steps per core-second, catalog known", "1/s", 100, 1, "openFLY 7.2", 0},
     row_vacancy_steps},
    {{"visited-steps", "steps among visited states, adatom on a surface of 16 hollows", "1/s", 2e4, 1, "-",
      0},
     row_visited_steps},
};
enum { N_ROWS = sizeof table / sizeof table[0] };

const sg_bench_row *sg_bench_row_at(int k)
{
    return k >= 0 && k < N_ROWS ? &table[k].row : NULL;
}

void bench_detail(sg_bench_result *out, const char *name, double value)
{
    if (out->n_details >= SG_BENCH_MAX_DETAILS) return;
    sg_bench_detail *const d = &out->detail[out->n_details++];
    snprintf(d->name, sizeof d->name, "%s", name);
    d->value = value;
}

sg_status bench_missing(sg_bench_result *out, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(out->missing, sizeof out->missing, format, arguments);
    va_end(arguments);
    return SG_OK;
}

/* ---- files of this process ---- */

static char *join(const char *folder, const char *name)
{
    const size_t n = strlen(folder) + strlen(name) + 2;
    char *const path = sg_calloc(n, 1);

    if (path) snprintf(path, n, "%s/%s", folder, name);
    return path;
}

char *bench_path(const bench *b, const char *name)
{
    return join(b->temporary, name);
}

void bench_remove(const char *path)
{
    DIR *const folder = opendir(path);
    const struct dirent *entry;

    if (!folder) {
        unlink(path);
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        char *const inside = join(path, entry->d_name);
        if (inside) bench_remove(inside);
        sg_free(inside);
    }
    closedir(folder);
    rmdir(path);
}

/* ---- which rows ---- */

static int find(const char *name)
{
    for (int k = 0; k < N_ROWS; k++)
        if (strcmp(table[k].row.name, name) == 0) return k;
    return -1;
}

static sg_status unknown(const char *name)
{
    int best = 0, least = 1000;

    for (int k = 0; k < N_ROWS; k++) {
        const int d = sg_text_distance(name, table[k].row.name);
        if (d < least) least = d, best = k;
    }
    return sg_fail(SG_EINVAL, "no row '%s'; did you mean '%s'?", name, table[best].row.name);
}

static sg_status choose(const sg_bench_options *opt, int n_names, const char *const names[],
                        unsigned char *wanted)
{
    for (int k = 0; k < N_ROWS && n_names == 0; k++)
        wanted[k] = opt->long_runs || !table[k].row.only_long;
    for (int k = 0; k < n_names; k++) {
        const int row = find(names[k]);
        if (row < 0) return unknown(names[k]);
        wanted[row] = 1;
    }
    return SG_OK;
}

/* ---- measuring ---- */

static sg_status begin(bench *b, const sg_bench_options *opt)
{
    const char *const folder = getenv("TMPDIR");
    const char *const base = folder && *folder ? folder : "/tmp";
    const size_t n = strlen(base) + sizeof "/slowglass-bench-XXXXXX";

    *b = (bench){.opt = opt};
    b->temporary = sg_calloc(n, 1);
    if (!b->temporary) return sg_fail(SG_ENOMEM, "temporary folder");
    snprintf(b->temporary, n, "%s/slowglass-bench-XXXXXX", base);
    if (mkdtemp(b->temporary)) return SG_OK;
    const sg_status st = sg_fail(SG_EIO, "temporary folder %s cannot be made", b->temporary);
    sg_free(b->temporary);
    b->temporary = NULL;
    return st;
}

static void end(bench *b)
{
    bench_free_glass(b->glass);
    bench_free_island(b->island);
    bench_free_vacancy(b->vacancy);
    if (b->temporary) bench_remove(b->temporary);
    sg_free(b->temporary);
}

sg_status sg_bench_run(const sg_bench_options *opt, int n_names, const char *const names[],
                       int (*take)(void *arg, const sg_bench_row *row, const sg_bench_result *result),
                       void *arg)
{
    unsigned char wanted[N_ROWS] = {0};
    bench b = {0};
    sg_bench_result *const result = sg_calloc(1, sizeof *result);
    sg_status st = result ? choose(opt, n_names, names, wanted) : sg_fail(SG_ENOMEM, "bench");

    if (st == SG_OK) st = begin(&b, opt);
    for (int k = 0; k < N_ROWS && st == SG_OK; k++) {
        if (!wanted[k]) continue;
        memset(result, 0, sizeof *result);
        result->value = NAN;
        st = table[k].measure(&b, result);
        if (st != SG_OK) st = sg_fail_context(st, "row %s", table[k].row.name);
        if (st == SG_OK && sg_interrupt_requested()) st = sg_fail(SG_EINTERRUPTED, "bench interrupted");
        if (st == SG_OK && take(arg, &table[k].row, result)) break;
    }
    end(&b);
    sg_free(result);
    return st;
}
