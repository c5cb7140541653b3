/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass catalog export and slowglass landscape export: files for other programs.
 *
 * One format is one file (-o FILE, - for stdout) or a folder of files (-o FOLDER). All of them are written
 * beside their names and take these at the end, together, or nothing changes. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "cli_catalog.h"
#include "slowglass/io.h"

static const double default_prefactor = 1e13; /* 1/s, as in a run file */

enum { MAX_FILES = 5 };

typedef struct format {
    const char *word, *ending; /* ending of a file, NULL: a folder */
    sg_status (*events)(sg_catalog *cat, const sg_curate_filter *filter, FILE *out, uint64_t *n);
    sg_status (*landscape)(cli *c, sg_catalog *cat, sg_curate_exported *n); /* NULL: not of a landscape */
} format;

static sg_status landscape_graphml(cli *c, sg_catalog *cat, sg_curate_exported *n);
static sg_status landscape_tsv(cli *c, sg_catalog *cat, sg_curate_exported *n);
static sg_status landscape_pathsample(cli *c, sg_catalog *cat, sg_curate_exported *n);

static const format formats[] = {
    {"tsv", ".tsv", sg_curate_export_tsv, landscape_tsv},
    {"jsonl", ".jsonl", sg_curate_export_jsonl, NULL},
    {"graphml", ".graphml", sg_curate_export_graphml, landscape_graphml},
    {"pathsample", NULL, NULL, landscape_pathsample},
};
enum { N_FORMATS = sizeof formats / sizeof formats[0] };

/* ---- where to ---- */

static int ends_with(const char *text, const char *ending)
{
    const size_t n = strlen(text), m = strlen(ending);
    return n > m && strcmp(text + n - m, ending) == 0;
}

/* --format, else by the ending of -o. */
static sg_status choose_format(const cli *c, int landscape, const format **out)
{
    const char *word = cli_value(c, "format");
    char words[64] = "";

    for (const format *f = formats; f < formats + N_FORMATS; f++) {
        if (landscape ? !f->landscape : !f->events && !f->landscape) continue;
        if (word ? strcmp(word, f->word) == 0 : c->out && f->ending && ends_with(c->out, f->ending))
            return *out = f, SG_OK;
        snprintf(words + strlen(words), sizeof words - strlen(words), " %s", f->word);
    }
    if (word) return sg_fail(SG_EINVAL, "--format %s, need one of%s", word, words);
    return sg_fail(SG_EINVAL, "which format? --format with one of%s, or -o with such an ending", words);
}

typedef struct files { /* new versions of several files of one folder */
    sg_replace file[MAX_FILES];
    int n;
} files;

static sg_status files_add(files *f, const char *folder, const char *name, FILE **out)
{
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = sg_calloc(size, 1);

    *out = NULL;
    if (!path) return sg_fail(SG_ENOMEM, "%s", name);
    snprintf(path, size, "%s/%s", folder, name);
    const sg_status st = sg_io_replace_begin(&f->file[f->n], path);
    sg_free(path);
    if (st == SG_OK) *out = f->file[f->n++].file;
    return st;
}

static sg_status files_end(files *f, sg_status st)
{
    for (int k = 0; k < f->n && st == SG_OK; k++)
        st = sg_io_replace_commit(&f->file[k]);
    for (int k = 0; k < f->n; k++)
        sg_io_replace_abort(&f->file[k]);
    return st;
}

static sg_status make_folder(const char *path)
{
    struct stat info;

    if (mkdir(path, 0777) == 0) return SG_OK;
    if (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return SG_OK;
    return sg_fail(errno == ENOENT   ? SG_ENOTFOUND
                   : errno == EEXIST ? SG_EINVAL
                                     : SG_EIO,
                   "-o %s: %s", path, errno == EEXIST ? "need a folder, there is a file" : strerror(errno));
}

/* Events or a graph into -o, or stdout for -. */
typedef struct one_file {
    sg_replace replace;
    FILE *out;
} one_file;

static sg_status one_begin(cli *c, one_file *f)
{
    *f = (one_file){.out = stdout};
    if (strcmp(c->out, "-") == 0) return cli_progress_close(&c->progress), SG_OK;
    sg_status st = cli_check_place(c);
    if (st == SG_OK) st = sg_io_replace_begin(&f->replace, c->out);
    f->out = f->replace.file;
    return st;
}

static sg_status one_end(const cli *c, one_file *f, sg_status st)
{
    if (strcmp(c->out, "-") == 0) return st;
    if (st == SG_OK) st = sg_io_replace_commit(&f->replace);
    sg_io_replace_abort(&f->replace);
    return st;
}

/* Results beside an export to stdout would spoil it: then they are in the JSON alone. */
static void count_result(cli *c, const char *key, uint64_t n)
{
    if (strcmp(c->out, "-") == 0)
        sg_json_integer(c->result, key, (int64_t)n);
    else
        cli_result_integer(c, key, (int64_t)n);
}

/* ---- the landscape ---- */

static sg_status landscape_graphml(cli *c, sg_catalog *cat, sg_curate_exported *n)
{
    one_file f;
    sg_status st = one_begin(c, &f);

    if (st == SG_OK) st = sg_curate_landscape_graphml(cat, f.out, n);
    return one_end(c, &f, st);
}

static sg_status landscape_tsv(cli *c, sg_catalog *cat, sg_curate_exported *n)
{
    files f = {.n = 0};
    FILE *states = NULL, *saddles = NULL;
    sg_status st = make_folder(c->out);

    if (st == SG_OK) st = files_add(&f, c->out, "states.tsv", &states);
    if (st == SG_OK) st = files_add(&f, c->out, "saddles.tsv", &saddles);
    if (st == SG_OK) st = sg_curate_landscape_tsv(cat, states, saddles, n);
    return files_end(&f, st);
}

static void explain_pathsample(FILE *out, const sg_curate_exported *n, double prefactor)
{
    fprintf(
        out,
        "Landscape of a slowglass run for PATHSAMPLE, disconnectionDPS and pele.\n\n"
        "min.data   %llu minima, one per line: energy (eV), ln of the product of squared frequencies,\n"
        "           order of the point group, three moments of inertia. Line k is the k-th state by number;\n"
        "           state 0, where the run began, is line 1.\n"
        "ts.data    %llu saddles: energy (eV), the same logarithm, order, the two lines of min.data, three "
        "moments.\n"
        "points.min, points.ts\n"
        "           their coordinates, Å, unwrapped: x y z of atom after atom, doubles without any header, "
        "in the\n"
        "           byte order of the machine that wrote them.\n\n"
        "Placeholders: frequencies are not computed. The logarithm is 0 for minima and -2 ln(2 pi nu) for "
        "saddles\n"
        "with nu = %g 1/s, so that the harmonic formula (1/2 pi) exp((f_min - f_ts)/2) exp(-dE/kT) gives the "
        "rates\n"
        "nu exp(-dE/kT), in 1/s with kT in eV, that slowglass uses. Orders are 1, moments of inertia 1 1 1: "
        "the\n"
        "structures are periodic, so neither has a meaning. Permutational isomers are minima of their own.\n"
        "%llu self loops were left out; parallel saddles are kept.\n",
        (unsigned long long)n->states, (unsigned long long)n->edges, prefactor,
        (unsigned long long)n->self_loops);
}

static sg_status landscape_pathsample(cli *c, sg_catalog *cat, sg_curate_exported *n)
{
    /* landscape export has read the run file */
    double prefactor = c->cfg.kmc.prefactor_per_s > 0 ? c->cfg.kmc.prefactor_per_s : default_prefactor;
    files f = {.n = 0};
    sg_curate_pathsample p = {0};
    FILE *readme = NULL;
    sg_status st = cli_number(c, "prefactor", 0.0, HUGE_VAL, &prefactor);

    if (st == SG_OK) st = make_folder(c->out);
    if (st == SG_OK) st = files_add(&f, c->out, "min.data", &p.min_data);
    if (st == SG_OK) st = files_add(&f, c->out, "ts.data", &p.ts_data);
    if (st == SG_OK) st = files_add(&f, c->out, "points.min", &p.points_min);
    if (st == SG_OK) st = files_add(&f, c->out, "points.ts", &p.points_ts);
    if (st == SG_OK) st = files_add(&f, c->out, "README", &readme);
    if (st == SG_OK) st = sg_curate_landscape_pathsample(cat, prefactor, &p, n);
    if (st == SG_OK) explain_pathsample(readme, n, prefactor);
    return files_end(&f, st);
}

/* Before anything is written: a catalog without states has no landscape. */
static sg_status check_states(sg_catalog *cat, const char *word)
{
    uint64_t n = 0;
    const sg_status st = sg_catalog_count(cat, SG_DB_STATES, &n);

    if (st != SG_OK || n > 0) return st;
    return sg_fail(SG_EINVAL, "%s is the landscape of a run: this catalog holds events alone, no states",
                   word);
}

sg_status cli_landscape_export(cli *c, sg_catalog *cat)
{
    const format *f = NULL;
    sg_curate_exported n = {0};

    sg_status st = choose_format(c, 1, &f);
    if (st == SG_OK && !c->out) st = sg_fail(SG_EINVAL, "-o missing: where does the export go?");
    if (st == SG_OK && cli_value(c, "prefactor") && f->landscape != landscape_pathsample)
        st = sg_fail(SG_EINVAL, "--prefactor is for --format pathsample, which needs one");
    if (st == SG_OK) st = check_states(cat, "an export of states and saddles");
    if (st == SG_OK) st = f->landscape(c, cat, &n);
    if (st != SG_OK) return st;
    count_result(c, "n_states", n.states);
    count_result(c, "n_saddles", n.edges);
    count_result(c, "n_self_loops", n.self_loops);
    if (n.dangling)
        sg_log_line(&c->log, SG_LOG_WARNING, "%llu saddles left out: a state of theirs is missing or damaged",
                    (unsigned long long)n.dangling);
    return SG_OK;
}

/* ---- the events ---- */

static sg_status export_events(cli *c, sg_catalog *cat, const format *f)
{
    one_file file;
    sg_curate_filter filter;
    uint64_t n = 0;

    sg_status st = cli_catalog_filter(c, sg_catalog_get_header(cat), &filter);
    if (st != SG_OK) return st;
    if ((st = one_begin(c, &file)) == SG_OK) st = f->events(cat, &filter, file.out, &n);
    st = one_end(c, &file, st);
    if (st == SG_OK) count_result(c, "n_events", n);
    return st;
}

static sg_status export(cli *c, sg_catalog *cat)
{
    static const char *const filters[] = {"barrier", "centre", "key", "sampler", "strain"};
    const format *f = NULL;

    sg_status st = choose_format(c, 0, &f);
    if (st == SG_OK && !c->out) st = sg_fail(SG_EINVAL, "-o missing: where does the export go? - is stdout");
    if (st != SG_OK) return st;
    if (f->events)
        return cli_value(c, "prefactor") ? sg_fail(SG_EINVAL, "--prefactor is for --format pathsample")
                                         : export_events(c, cat, f);
    if ((st = check_states(cat, f->word)) != SG_OK) return st;
    for (size_t k = 0; k < sizeof filters / sizeof filters[0]; k++)
        if (cli_value(c, filters[k]))
            return sg_fail(SG_EINVAL, "--%s picks events: %s has states and saddles", filters[k], f->word);
    return cli_landscape_export(c, cat);
}

sg_status cli_catalog_export(cli *c)
{
    return cli_catalog_with(c, export);
}
