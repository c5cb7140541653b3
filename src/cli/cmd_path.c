/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Minimum-energy paths: over the saddles of a run, or between two structures.
 *
 * Both kinds of input come down to a list of paths, each a row of the table, frames of -o, rows of --profile
 * and a curve of --plot. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <omp.h>

#include "cli_catalog.h"
#include "slowglass/io.h"
#include "slowglass/path.h"

static const cli_option options[] = {
    {"saddle", 0, "N,..|FILE",
     "of a run: its saddles (column `edge` of `landscape state`), or all; of two structures: a guess of the "
     "saddle"},
    {"barrier", 0, "EV", "with --saddle all: those no higher above either state"},
    {"states", 0, "A,B", "of a run: between these two states, by an elastic band"},
    {"neb", 0, NULL, "with --saddle N,..: by an elastic band between its two states, instead of downhill"},
    {"through", 0, "FRAMES", "lead the first band through these structures"},
    {"spacing", 0, "A", "largest distance of neighbouring images in the 3N coordinates (0.1)"},
    {"force", 0, "F", "largest perpendicular force left on a band, eV/Å (0.002)"},
    {"max-steps", 0, "N", "steps of a descent or of a band (5000)"},
    {"profile", 0, "FILE", "energies along the paths, a row per image"},
    {"plot", 0, "FILE.png", "picture of them"},
    {NULL, 0, NULL, NULL},
};

typedef struct paths { /* what has been found, in its order */
    cli *c;
    sg_path_options opt;
    sg_potential *pot;
    sg_system *like; /* cell and atoms of all frames */
    sg_path **path;
    int64_t *number;
    size_t n, capacity, number_capacity;
    int n_lost;
    sg_tsv *profile;
} paths;

/* ---- results ---- */

static const char columns[] =
    "path\tfrom\tto\tkind\tn_saddles\tbarrier_eV\tbarrier_back_eV\tcontour_A\tdistance_A\ttortuosity\t"
    "participation\tf_perp_eV_per_A\tspacing_A\tn_images\tends\tforce_calls\n";

static void put_json(sg_json *json, int64_t number, const sg_path_summary *s, const char *ends, int64_t calls)
{
    sg_json_integer(json, "path", number);
    sg_json_text(json, "kind", sg_path_kind(s));
    sg_json_integer(json, "n_saddles", s->n_saddles);
    sg_json_number(json, "barrier_eV", s->barrier);
    sg_json_number(json, "barrier_back_eV", s->barrier_back);
    sg_json_number(json, "contour_A", s->contour);
    sg_json_number(json, "distance_A", s->distance);
    sg_json_number(json, "tortuosity", s->tortuosity);
    sg_json_number(json, "participation", s->participation);
    sg_json_number(json, "f_perp_eV_per_A", s->f_perp);
    sg_json_number(json, "spacing_A", s->spacing);
    sg_json_integer(json, "n_images", s->n_images);
    sg_json_text(json, "ends", ends);
    sg_json_integer(json, "force_calls", calls);
}

/* A path is complete: to stdout, to the files. It is taken over. */
static sg_status keep(paths *p, sg_path *path, int64_t number, const char *from, const char *to,
                      const char *ends)
{
    cli *const c = p->c;
    const sg_path_summary s = sg_path_describe(path);
    sg_status st = SG_OK;

    if (sg_grow((void **)&p->path, &p->capacity, p->n + 1, sizeof *p->path) ||
        sg_grow((void **)&p->number, &p->number_capacity, p->n + 1, sizeof *p->number)) {
        sg_path_free(path);
        return sg_fail(SG_ENOMEM, "%zu paths", p->n + 1);
    }
    p->path[p->n] = path;
    p->number[p->n++] = number;
    cli_progress_close(&c->progress);
    printf("%" PRId64 "\t%s\t%s\t%s\t%d\t%.6f\t%.6f\t%.5f\t%.5f\t%.5f\t%.3f\t%.2e\t%.4f\t%d\t%s\t%" PRId64
           "\n",
           number, from, to, sg_path_kind(&s), s.n_saddles, s.barrier, s.barrier_back, s.contour, s.distance,
           s.tortuosity, s.participation, s.f_perp, s.spacing, s.n_images, ends, path->force_calls);
    put_json(sg_json_append(c->result, "paths"), number, &s, ends, path->force_calls);
    if (c->out) st = sg_path_write_frames(path, p->like, number, c->out);
    if (st == SG_OK && p->profile) st = sg_path_write_profile(path, number, p->profile);
    return st == SG_OK && p->profile ? sg_tsv_flush(p->profile) : st;
}

static int stop(const void *arg)
{
    (void)arg;
    return sg_interrupt_requested();
}

/* ---- two structures ---- */

static sg_status read_through(cli *c, const sg_system *like, int *n, double (***out)[3])
{
    const char *const *elements, *const file = cli_value(c, "through");
    sg_frames *frames = NULL;
    sg_system *sys = NULL;
    size_t capacity = 0;
    int n_elements;

    *n = 0;
    if (!file) return SG_OK;
    cli_element_list(c, &n_elements, &elements);
    sg_status st = sg_io_frames_open(file, n_elements, elements, &frames);
    while (st == SG_OK && (st = sg_frames_next(frames, &sys)) == SG_OK && sys) {
        if (sys->n != like->n)
            st = sg_fail(SG_EMISMATCH, "%s: frame %d has %d atoms, the ends have %d", file, *n + 1, sys->n,
                         like->n);
        else if (sg_grow((void **)out, &capacity, (size_t)*n + 1, sizeof **out))
            st = sg_fail(SG_ENOMEM, "%s", file);
        else {
            (*out)[(*n)++] = sys->x;
            sys->x = NULL;
        }
        sg_system_free(sys);
        sys = NULL;
    }
    sg_frames_close(frames);
    return st;
}

static sg_status between_structures(paths *p, const sg_system *a, const sg_system *b, int64_t number,
                                    const char *from, const char *to)
{
    double(**through)[3] = NULL;
    sg_path *path = NULL;
    int n = 0;
    sg_status st = read_through(p->c, a, &n, &through);

    if (st == SG_OK) st = sg_path_band(p->pot, a, b, n, (const double(*const *)[3])through, &p->opt, &path);
    for (int k = 0; k < n; k++)
        sg_free(through[k]);
    sg_free(through);
    return st == SG_OK ? keep(p, path, number, from, to, "as-given") : st;
}

static sg_status over_guess(paths *p, const sg_system *a, const sg_system *b, const sg_system *guess)
{
    sg_outcome outcome;
    sg_path *path = NULL;
    sg_status st = sg_path_over_saddle(p->pot, a, (const double(*)[3])guess->x, &p->opt, &path, &outcome);

    if (st == SG_OK && !path)
        return sg_fail(SG_EINVAL, "the guess does not lead to a saddle out of the first structure: %s",
                       sg_outcome_text(outcome));
    if (st != SG_OK) return st;
    const int order = sg_path_orient(path, a, b, &p->opt);
    return keep(p, path, 1, p->c->input[0], p->c->input[1], order ? "as-given" : "other-end");
}

static sg_status two_structures(paths *p)
{
    cli *const c = p->c;
    const char *const guess = cli_value(c, "saddle");
    cli_model a = {0}, b = {0}, g = {0};
    sg_status st = cli_configure(c, NULL);

    if (st == SG_OK && cli_value(c, "states"))
        st = sg_fail(SG_EINVAL, "--states names states of a run; here are two structures");
    if (st == SG_OK) st = cli_load(c, c->input[0], &a);
    if (st == SG_OK) st = cli_load(c, c->input[1], &b);
    if (st == SG_OK && guess) st = cli_load(c, guess, &g);
    if (st == SG_OK && (st = sg_path_check_ends(a.sys, b.sys)) == SG_OK && guess)
        st = sg_path_check_ends(a.sys, g.sys);
    if (st == SG_OK) {
        p->pot = a.pot;
        p->like = a.sys;
        st = guess ? over_guess(p, a.sys, b.sys, g.sys)
                   : between_structures(p, a.sys, b.sys, 1, c->input[0], c->input[1]);
        p->pot = NULL;
        p->like = NULL;
    }
    cli_model_free(&a);
    cli_model_free(&b);
    cli_model_free(&g);
    return st;
}

/* ---- a run ---- */

typedef struct edge_list {
    uint64_t *id;
    size_t n, capacity;
    double barrier_max;
    int out_of_memory;
} edge_list;

static int take_edge(void *arg, const void *record)
{
    edge_list *list = arg;
    const sg_cat_edge *e = record;

    if (e->barrier > list->barrier_max || e->barrier_back > list->barrier_max) return 0;
    if (sg_grow((void **)&list->id, &list->capacity, list->n + 1, sizeof *list->id))
        return list->out_of_memory = 1;
    list->id[list->n++] = e->id;
    return 0;
}

/* Numbers separated by commas. */
static sg_status parse_numbers(const char *option, const char *text, edge_list *list)
{
    for (const char *at = text;; at++) {
        char *end;
        const uint64_t value = strtoull(at, &end, 10);
        if (end == at || *at < '0' || *at > '9' || (*end && *end != ','))
            return sg_fail(SG_EINVAL, "--%s %s, need whole numbers such as 3,7,20", option, text);
        if (sg_grow((void **)&list->id, &list->capacity, list->n + 1, sizeof *list->id))
            return sg_fail(SG_ENOMEM, "--%s", option);
        list->id[list->n++] = value;
        at = end;
        if (!*end) return SG_OK;
    }
}

static sg_status one_edge(paths *p, sg_catalog *cat, uint64_t id)
{
    sg_path_edge about;
    sg_path *path = NULL;
    char from[24], to[24];
    sg_status st = sg_path_over_edge(cat, p->pot, p->like, id, &p->opt, &path, &about);

    if (st != SG_OK) return st;
    if (!path) {
        p->n_lost++;
        sg_log_line(&p->c->log, SG_LOG_WARNING, "saddle %" PRIu64 ": does not converge again (%s)", id,
                    sg_outcome_text(about.outcome));
        return SG_OK;
    }
    snprintf(from, sizeof from, "%" PRIu64, about.from);
    snprintf(to, sizeof to, "%" PRIu64, about.to);
    if ((st = sg_system_set_strain(p->like, about.gamma)) != SG_OK) { /* the cell of the frames */
        sg_path_free(path);
        return st;
    }
    return keep(p, path, (int64_t)id, from, to, sg_path_end_text(about.end));
}

static sg_status between_states(paths *p, sg_catalog *cat, uint64_t a, uint64_t b, int64_t number)
{
    sg_system *from = NULL, *to = NULL;
    char name[2][24];
    sg_status st = sg_path_state(cat, p->like, a, &from);

    snprintf(name[0], sizeof name[0], "%" PRIu64, a);
    snprintf(name[1], sizeof name[1], "%" PRIu64, b);
    if (st == SG_OK) st = sg_path_state(cat, p->like, b, &to);
    if (st == SG_OK) st = sg_system_set_strain(p->like, from->cell.gamma);
    if (st == SG_OK) st = between_structures(p, from, to, number, name[0], name[1]);
    sg_system_free(from);
    sg_system_free(to);
    return st;
}

static sg_status over_edges(paths *p, sg_catalog *cat)
{
    cli *const c = p->c;
    const char *const text = cli_value(c, "saddle");
    edge_list list = {.barrier_max = HUGE_VAL};
    sg_status st = cli_number(c, "barrier", 0, HUGE_VAL, &list.barrier_max);

    if (st == SG_OK && strcmp(text, "all") != 0) {
        st = parse_numbers("saddle", text, &list);
    } else if (st == SG_OK) {
        st = sg_catalog_each(cat, SG_DB_EDGES, take_edge, &list);
        if (st == SG_OK && list.out_of_memory) st = sg_fail(SG_ENOMEM, "saddles of a run");
        if (st == SG_OK && list.n == 0)
            st = sg_fail(SG_EINVAL, "no saddle here%s", cli_value(c, "barrier") ? " below --barrier" : "");
    }
    for (size_t k = 0; k < list.n && st == SG_OK; k++) {
        sg_cat_edge e = {0};
        if (cli_value(c, "neb")) {
            st = sg_catalog_get_edge(cat, list.id[k], &e);
            if (st == SG_ENOTFOUND)
                st = sg_fail(st, "no saddle (edge) %" PRIu64 " in this catalog", list.id[k]);
            if (st == SG_OK) st = between_states(p, cat, e.from, e.to, (int64_t)list.id[k]);
            sg_cat_edge_clear(&e);
        } else {
            st = one_edge(p, cat, list.id[k]);
        }
        sg_log_progress(&c->log, "paths", (double)(k + 1), (double)list.n, NULL);
    }
    sg_free(list.id);
    return st;
}

static sg_status of_states(paths *p, sg_catalog *cat)
{
    edge_list list = {0};
    sg_status st = parse_numbers("states", cli_value(p->c, "states"), &list);

    if (st == SG_OK && list.n != 2)
        st = sg_fail(SG_EINVAL, "--states %s, need two", cli_value(p->c, "states"));
    if (st == SG_OK) st = between_states(p, cat, list.id[0], list.id[1], 1);
    sg_free(list.id);
    return st;
}

static sg_status of_run(paths *p)
{
    cli *const c = p->c;
    sg_catalog *cat = NULL;
    sg_status st;

    if (!cli_value(c, "saddle") == !cli_value(c, "states"))
        return sg_fail(SG_EINVAL, "%s: which path? Need --saddle N,.. or --saddle all, or --states A,B",
                       c->input[0]);
    st = cli_landscape_open(c, c->input[0], &cat);
    if (st == SG_OK) st = cli_landscape_model(c, cat, &p->like, &p->pot);
    if (st == SG_OK) st = cli_value(c, "saddle") ? over_edges(p, cat) : of_states(p, cat);
    sg_catalog_close(cat);
    return st;
}

/* ---- */

static sg_status take_options(paths *p)
{
    cli *const c = p->c;
    int64_t steps = 0;
    sg_status st = cli_number(c, "spacing", 0, 10, &p->opt.spacing);

    if (st == SG_OK) st = cli_number(c, "force", 0, 10, &p->opt.f_perp);
    if (st == SG_OK) {
        steps = p->opt.max_steps;
        st = cli_whole(c, "max-steps", 1, INT32_MAX, &steps);
        p->opt.max_steps = (int)steps;
    }
    if (st == SG_OK && c->out && access(c->out, F_OK) == 0)
        st = sg_fail(SG_EINVAL, "-o %s: is there already", c->out);
    if (st == SG_OK && c->out) st = cli_check_out(c, 0);
    if (st == SG_OK && cli_value(c, "profile") && access(cli_value(c, "profile"), F_OK) == 0)
        st = sg_fail(SG_EINVAL, "--profile %s: is there already", cli_value(c, "profile"));
    if (st == SG_OK) st = cli_spectrum_check_plot(c);
    if (st == SG_OK && cli_value(c, "profile"))
        st = sg_tsv_open(cli_value(c, "profile"), sg_path_profile_columns, &p->profile);
    p->opt.threads = omp_get_max_threads();
    p->opt.stop = stop;
    return st;
}

static int is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static sg_status run(cli *c)
{
    paths p = {.c = c, .opt = sg_path_defaults()};
    const char *const picture = cli_value(c, "plot");
    sg_status st = take_options(&p);

    if (st == SG_OK && c->n_inputs == 1 && !is_folder(c->input[0]))
        st = sg_fail(SG_EINVAL, "%s: need the folder of a run, or two structures", c->input[0]);
    if (st == SG_OK) fputs(columns, stdout);
    if (st == SG_OK) st = c->n_inputs == 1 ? of_run(&p) : two_structures(&p);
    if (st == SG_OK) sg_json_integer(c->result, "n_paths", (int64_t)p.n);
    if (st == SG_OK) sg_json_integer(c->result, "n_lost", p.n_lost);
    if (st == SG_OK && picture && p.n > 0)
        st = sg_path_plot((int)p.n, (const sg_path *const *)p.path, p.number, picture);
    const sg_status closed = sg_tsv_close(p.profile);
    for (size_t k = 0; k < p.n; k++)
        sg_path_free(p.path[k]);
    sg_free(p.path);
    sg_free(p.number);
    sg_potential_free(p.pot);
    sg_system_free(p.like);
    return st == SG_OK ? closed : st;
}

const cli_command cmd_path = {
    .name = "path",
    .summary = "minimum-energy paths over the saddles of a run, or between two structures",
    .usage = "RUN --saddle N,.. | RUN --states A,B | A B [--saddle FILE] [-o OUT.extxyz]",
    .details = "RUN: a run's folder or its catalog. Over a saddle the path is the way of steepest\n"
               "descent on both sides; without one it is a climbing-image elastic band, of as many images\n"
               "as its length asks for, split where it runs through another minimum.\n"
               "One row per path: contour length, distance of its ends, tortuosity (their ratio), barriers\n"
               "from either end, number of saddles (kind: single or compound), the largest force across\n"
               "the path. ends: as-stored, or other-end when the way down leads to another minimum than\n"
               "the one that the run has stored.",
    .example =
        "slowglass path demo --saddle all --barrier 1 -o paths.extxyz --profile paths.tsv --plot paths.png\n"
        "  slowglass path A.extxyz B.extxyz --potential eam/fs:CuZr_mm.eam.fs -o path.extxyz",
    .min_inputs = 1,
    .max_inputs = 2,
    .options = options,
    .run = run,
};
