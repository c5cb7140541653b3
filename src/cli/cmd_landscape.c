/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The graph of states and saddles of a run, read from its catalog: numbers about the whole, and the event
 * table of one state.
 *
 * The event table joins two sources: the state's rate table, whose entries may be converged in this state or
 * kept from an earlier one (then where they lead is not known yet), and the saddles known to lead out of the
 * state that the table does not hold. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli_catalog.h"
#include "slowglass/explore.h"
#include "slowglass/io.h"
#include "slowglass/landscape.h"
#include "slowglass/vibration.h"

typedef struct graph { /* what is read from the catalog */
    sg_landscape_state *state;
    sg_landscape_edge *edge;
    size_t n_states, n_edges, state_capacity, edge_capacity;
    double gamma_min, gamma_max; /* of the states; they are joined at one strain only */
    int out_of_memory;
} graph;

typedef struct row {  /* of an event table */
    sg_cat_edge edge; /* without its arrays */
    uint64_t to;
    double barrier, error, back; /* eV; back NaN: not known */
    int reverse, kept, listed, knows_target;
} row;

typedef struct rows {
    row *at;
    size_t n, capacity;
} rows;

static int is_there(const char *folder, const char *name, char *path, size_t size);
static sg_status load(sg_catalog *cat, graph *g, sg_landscape **ls);
static sg_status info(cli *c, sg_catalog *cat);
static void print_summary(cli *c, const sg_landscape_summary *s);
static sg_status print_components(cli *c, const sg_landscape *ls, int n_states);
static sg_status event_table(cli *c, sg_catalog *cat, const char *name);
static sg_status add_row(sg_catalog *cat, uint64_t edge, int reverse, rows *r);
static sg_status rows_of_table(sg_catalog *cat, uint64_t state, rows *r);
static sg_status rows_of_graph(sg_catalog *cat, uint64_t state, rows *r);
static int compare_rows(const void *left, const void *right);
static int *atom_ids(const cli *c, int *n);
static double own_prefactor(const cli *c, const row *r, double constant);
static void print_row(const row *r, double prefactor, double temperature, int centre, sg_json *json);

static sg_status run(cli *c)
{
    const char *what = c->input[0];
    const int is_state = strcmp(what, "state") == 0;
    sg_catalog *cat = NULL;
    sg_status st;

    const int is_export = strcmp(what, "export") == 0, is_check = strcmp(what, "check") == 0,
              is_prefactors = strcmp(what, "prefactors") == 0;

    if (!is_state && !is_export && !is_check && !is_prefactors && strcmp(what, "info") != 0)
        return sg_fail(SG_EINVAL, "landscape '%s', need info, state, prefactors, export or check", what);
    if (c->n_inputs != 2 + is_state)
        return sg_fail(SG_EINVAL, "usage: slowglass landscape %s",
                       is_state        ? "state N DIR"
                       : is_prefactors ? "prefactors DIR [--atoms N,..]"
                       : is_export     ? "export DIR --format F -o OUT"
                       : is_check      ? "check DIR"
                                       : "info DIR");
    st = cli_landscape_open(c, c->input[1 + is_state], &cat);
    if (st == SG_OK)
        st = is_state        ? event_table(c, cat, c->input[1])
             : is_prefactors ? cli_landscape_prefactors(c, cat)
             : is_export     ? cli_landscape_export(c, cat)
             : is_check      ? cli_landscape_check(c, cat)
                             : info(c, cat);
    sg_catalog_close(cat);
    return st;
}

/* ---- reading ---- */

/* The catalog in `folder` or in its folder "catalog", and the run file beside it, if any. */
sg_status cli_landscape_open(cli *c, const char *folder, sg_catalog **cat)
{
    char path[4096], run_file[4096];
    const int inside = is_there(folder, "catalog", path, sizeof path);
    const int has_run = is_there(folder, inside ? "run.ini" : "../run.ini", run_file, sizeof run_file);
    sg_status st = cli_configure(c, has_run && !cli_value(c, "config") ? run_file : NULL);

    if (st == SG_OK) st = sg_catalog_open(inside ? path : folder, 0, &c->log, cat);
    return st;
}

static int is_there(const char *folder, const char *name, char *path, size_t size)
{
    struct stat info_of;
    const int n = snprintf(path, size, "%s/%s", folder, name);

    return n > 0 && (size_t)n < size && stat(path, &info_of) == 0;
}

static int take_state(void *arg, const void *record)
{
    graph *g = arg;
    const sg_cat_state *s = record;

    if (sg_grow((void **)&g->state, &g->state_capacity, g->n_states + 1, sizeof *g->state))
        return g->out_of_memory = 1;
    if (g->n_states == 0 || s->gamma < g->gamma_min) g->gamma_min = s->gamma;
    if (g->n_states == 0 || s->gamma > g->gamma_max) g->gamma_max = s->gamma;
    g->state[g->n_states++] =
        (sg_landscape_state){s->id, s->energy, s->flags & SG_CAT_STATE_VISITED ? SG_LANDSCAPE_VISITED : 0};
    return 0;
}

static int take_edge(void *arg, const void *record)
{
    graph *g = arg;
    const sg_cat_edge *e = record;

    if (sg_grow((void **)&g->edge, &g->edge_capacity, g->n_edges + 1, sizeof *g->edge))
        return g->out_of_memory = 1;
    g->edge[g->n_edges++] = (sg_landscape_edge){e->id, e->from, e->to, e->e_saddle};
    return 0;
}

static sg_status load(sg_catalog *cat, graph *g, sg_landscape **ls)
{
    sg_status st = sg_catalog_each(cat, SG_DB_STATES, take_state, g);

    if (st == SG_OK) st = sg_catalog_each(cat, SG_DB_EDGES, take_edge, g);
    if (st == SG_OK && g->out_of_memory) st = sg_fail(SG_ENOMEM, "landscape");
    if (st == SG_OK && (g->n_states > INT32_MAX || g->n_edges > INT32_MAX))
        st = sg_fail(SG_ENOMEM, "landscape too large");
    if (st == SG_OK) st = sg_landscape_create((int)g->n_states, g->state, (int)g->n_edges, g->edge, ls);
    sg_free(g->state);
    sg_free(g->edge);
    return st;
}

/* ---- info ---- */

static sg_status info(cli *c, sg_catalog *cat)
{
    graph g = {0};
    sg_landscape *ls = NULL;
    sg_landscape_summary s;
    sg_status st = load(cat, &g, &ls);

    if (st == SG_OK) st = sg_landscape_info(ls, &s);
    if (st == SG_OK && s.n_states == 0)
        st = sg_fail(SG_EINVAL,
                     "this catalog holds no states: it is not that of a run, whose landscape they are");
    if (st == SG_OK) print_summary(c, &s);
    if (st == SG_OK) cli_result_number(c, "gamma_min", g.gamma_min);
    if (st == SG_OK) cli_result_number(c, "gamma_max", g.gamma_max);
    if (st == SG_OK) st = print_components(c, ls, s.n_states);
    sg_landscape_free(ls);
    return st;
}

static void print_summary(cli *c, const sg_landscape_summary *s)
{
    double counts[SG_LANDSCAPE_DEGREES];
    int n = 0;

    for (int d = 0; d < SG_LANDSCAPE_DEGREES; d++) {
        counts[d] = s->degree_count[d];
        if (s->degree_count[d]) n = d + 1;
    }
    cli_result_integer(c, "n_states", s->n_states);
    cli_result_integer(c, "n_visited", s->n_visited);
    cli_result_integer(c, "n_edges", s->n_edges);
    cli_result_integer(c, "n_self_loops", s->n_self_loops);
    cli_result_integer(c, "n_parallel", s->n_parallel);
    cli_result_integer(c, "n_components", s->n_components);
    cli_result_integer(c, "largest_component", s->largest);
    cli_result_integer(c, "degree_min", s->degree_min);
    cli_result_number(c, "degree_mean", s->degree_mean);
    cli_result_integer(c, "degree_max", s->degree_max);
    cli_result_numbers(c, "states_of_degree", n, counts);
    cli_result_number(c, "energy_min_eV", s->energy_min);
    cli_result_number(c, "energy_max_eV", s->energy_max);
    cli_result_integer(c, "lowest_state", (int64_t)s->lowest);
    cli_result_number(c, "barrier_min_eV", s->barrier_min);
    cli_result_number(c, "barrier_max_eV", s->barrier_max);
}

/* With --barrier: states joined by barriers that low both ways; with --lid: by saddles below that energy. */
static sg_status print_components(cli *c, const sg_landscape *ls, int n_states)
{
    static const char *const option[] = {"barrier", "lid"},
                             *const number_key[] = {"n_basins", "n_superbasins"},
                             *const size_key[] = {"largest_basin", "largest_superbasin"};
    static const sg_landscape_rule rule[] = {SG_LANDSCAPE_BY_BARRIER, SG_LANDSCAPE_BY_ENERGY};
    int *label = sg_calloc((size_t)n_states, sizeof *label),
        *size = sg_calloc((size_t)n_states, sizeof *size);
    sg_status st = label && size ? SG_OK : sg_fail(SG_ENOMEM, "components");

    for (int k = 0; k < 2 && st == SG_OK; k++) {
        double threshold = 0.0;
        int n = 0, largest = 0;
        if (!cli_value(c, option[k])) continue;
        st = cli_number(c, option[k], -HUGE_VAL, HUGE_VAL, &threshold);
        if (st == SG_OK) st = sg_landscape_components(ls, rule[k], threshold, label, &n);
        if (st != SG_OK) break;
        memset(size, 0, (size_t)n_states * sizeof *size);
        for (int v = 0; v < n_states; v++)
            if (++size[label[v]] > largest) largest = size[label[v]];
        cli_result_integer(c, number_key[k], n);
        cli_result_integer(c, size_key[k], largest);
    }
    sg_free(label);
    sg_free(size);
    return st;
}

/* ---- the event table of a state ---- */

static sg_status event_table(cli *c, sg_catalog *cat, const char *name)
{
    double temperature = c->cfg.kmc.temperature_K, prefactor = c->cfg.kmc.prefactor_per_s;
    rows r = {0};
    char *end;
    int n_ids = 0, *ids = NULL;
    sg_status st;

    errno = 0;
    const uint64_t state = strtoull(name, &end, 10);
    if (*name < '0' || *name > '9' || *end || errno)
        return sg_fail(SG_EINVAL, "state '%s', need a number as in column `state` of trajectory.tsv", name);
    if ((st = cli_number(c, "temperature", 0.0, HUGE_VAL, &temperature)) != SG_OK) return st;
    if ((st = cli_number(c, "prefactor", 0.0, HUGE_VAL, &prefactor)) != SG_OK) return st;
    if ((st = rows_of_table(cat, state, &r)) != SG_OK) goto done;
    if ((st = rows_of_graph(cat, state, &r)) != SG_OK) goto done;
    if (r.n > 0) qsort(r.at, r.n, sizeof *r.at, compare_rows);
    ids = atom_ids(c, &n_ids);
    sg_log_line(&c->log, SG_LOG_INFO, "rates at %g K with the prefactor %g 1/s%s", temperature, prefactor,
                cli_value(c, "prefactor") || c->cfg.kmc.prefactor_mode != SG_PREFACTOR_HTST
                    ? ""
                    : " for events without one of their own");
    printf("edge\tto\tbarrier_eV\terror_eV\tbarrier_back_eV\trate_per_"
           "s\tcentre\tparticipation\tstatus\tsource\tprefactor_per_s\tprefactor\n");
    sg_json_integer(c->result, "state", (int64_t)state);
    sg_json_number(c->result, "temperature_K", temperature);
    sg_json_number(c->result, "prefactor_per_s", prefactor);
    for (size_t k = 0; k < r.n; k++) {
        const uint32_t index = r.at[k].reverse ? r.at[k].edge.centre_back : r.at[k].edge.centre;
        const int centre = ids && index < (uint32_t)n_ids ? ids[index] : (int)index + 1;
        print_row(&r.at[k], own_prefactor(c, &r.at[k], prefactor), temperature, centre,
                  sg_json_append(c->result, "events"));
    }
done:
    sg_free(ids);
    sg_free(r.at);
    return st;
}

/* Append an edge seen from one of its ends; the numbers are those of the edge in its own states. */
static sg_status add_row(sg_catalog *cat, uint64_t edge, int reverse, rows *r)
{
    sg_cat_edge owner = {0};
    const sg_status st = sg_catalog_get_edge(cat, edge, &owner);

    if (st != SG_OK) return sg_fail_context(st, "edge %" PRIu64, edge);
    sg_cat_edge e = owner;
    e.d_saddle = NULL;
    sg_cat_edge_clear(&owner);
    if (sg_grow((void **)&r->at, &r->capacity, r->n + 1, sizeof *r->at))
        return sg_fail(SG_ENOMEM, "event table");
    r->at[r->n++] = (row){.edge = e,
                          .to = reverse ? e.from : e.to,
                          .barrier = reverse ? e.barrier_back : e.barrier,
                          .back = reverse ? e.barrier : e.barrier_back,
                          .reverse = reverse,
                          .knows_target = 1};
    return SG_OK;
}

static sg_status rows_of_table(sg_catalog *cat, uint64_t state, rows *r)
{
    sg_cat_table table = {0};
    sg_status st = sg_catalog_get_table(cat, state, &table);

    if (st == SG_ENOTFOUND) return SG_OK; /* a state that has not been visited has none */
    for (uint32_t k = 0; st == SG_OK && k < table.n_entries; k++) {
        const sg_cat_entry *entry = &table.entry[k];
        if ((st = add_row(cat, entry->edge, entry->reverse, r)) != SG_OK) break;
        row *at = &r->at[r->n - 1];
        at->barrier = entry->barrier;
        at->error = entry->error;
        at->kept = entry->kept;
        at->listed = 1;
        if (entry->kept) { /* converged elsewhere: what lies behind it here is not known */
            at->knows_target = 0;
            at->back = NAN;
        }
    }
    sg_cat_table_clear(&table);
    return st;
}

/* The saddles out of a state that its table does not hold. */
static sg_status rows_of_graph(sg_catalog *cat, uint64_t state, rows *r)
{
    graph g = {0};
    sg_landscape *ls = NULL;
    sg_landscape_exit *exits = NULL;
    const size_t n_listed = r->n;
    int n = 0;
    sg_status st = load(cat, &g, &ls);

    if (st == SG_OK) st = sg_landscape_state_edges(ls, state, &exits, &n);
    for (int k = 0; st == SG_OK && k < n; k++) {
        int listed = 0;
        for (size_t q = 0; q < n_listed && !listed; q++)
            listed =
                !r->at[q].kept && r->at[q].edge.id == exits[k].edge && r->at[q].reverse == exits[k].reverse;
        if (!listed) st = add_row(cat, exits[k].edge, exits[k].reverse, r);
    }
    sg_free(exits);
    sg_landscape_free(ls);
    return st;
}

static int compare_rows(const void *left, const void *right)
{
    const row *l = left, *r = right;

    if (l->barrier != r->barrier) return l->barrier < r->barrier ? -1 : 1;
    if (l->edge.id != r->edge.id) return l->edge.id < r->edge.id ? -1 : 1;
    return l->reverse - r->reverse;
}

/* Ids of the atoms by index, from the structure that the run file names; NULL when it cannot be read (then 1,
 * 2, .. serve). */
static int *atom_ids(const cli *c, int *n)
{
    const char *const *elements;
    sg_system *sys = NULL;
    int n_elements, *ids = NULL;

    cli_element_list(c, &n_elements, &elements);
    if (!*c->cfg.system.structure ||
        sg_io_read_structure(c->cfg.system.structure, n_elements, elements, &sys, NULL) != SG_OK) {
        sg_log_line(&c->log, SG_LOG_INFO, "centre counts atoms from 1: the run's structure was not found");
        return NULL;
    }
    if ((ids = sg_calloc((size_t)sys->n, sizeof *ids))) memcpy(ids, sys->id, (size_t)sys->n * sizeof *ids);
    *n = sys->n;
    sg_system_free(sys);
    return ids;
}

/* As in the run: that of the event, where the run has computed it or had it lent, else the constant one. */
static double own_prefactor(const cli *c, const row *r, double constant)
{
    const double own = r->reverse ? r->edge.prefactor_back : r->edge.prefactor;
    const int has_own = r->edge.nu_status == SG_NU_DONE || r->edge.nu_status == SG_NU_LENT;

    return has_own && c->cfg.kmc.prefactor_mode == SG_PREFACTOR_HTST && !cli_value(c, "prefactor") ? own
                                                                                                   : constant;
}

static void print_row(const row *r, double prefactor, double temperature, int centre, sg_json *json)
{
    const double rate = prefactor * exp(-r->barrier / (SG_KB * temperature));
    const char *source = sg_source_text(r->edge.source);
    const char *status = r->kept ? "kept" : r->listed ? "converged" : "unlisted";
    char to[24] = "-", back[SG_NUMBER_TEXT] = "-";

    if (r->knows_target) {
        snprintf(to, sizeof to, "%" PRIu64, r->to);
        snprintf(back, sizeof back, "%.6f", r->back);
        sg_json_integer(json, "to", (int64_t)r->to);
    }
    printf("%" PRIu64 "\t%s\t%.6f\t%.6f\t%s\t%.6e\t%d\t%.3f\t%s\t%s\t%.6e\t%s\n", r->edge.id, to, r->barrier,
           r->error, back, rate, centre, r->edge.participation, status, source, prefactor,
           sg_nu_text(r->edge.nu_status));
    sg_json_integer(json, "edge", (int64_t)r->edge.id);
    sg_json_number(json, "barrier_eV", r->barrier);
    sg_json_number(json, "error_eV", r->error);
    sg_json_number(json, "barrier_back_eV", r->back);
    sg_json_number(json, "rate_per_s", rate);
    sg_json_number(json, "prefactor_per_s", prefactor);
    sg_json_text(json, "prefactor", sg_nu_text(r->edge.nu_status));
    sg_json_integer(json, "centre", centre);
    sg_json_number(json, "participation", r->edge.participation);
    sg_json_text(json, "status", status);
    sg_json_text(json, "source", source);
}

static const cli_option options[] = {
    {"temperature", 0, "K", "state: temperature of the rates; default: the run's"},
    {"prefactor", 0, "PER_S",
     "state: one prefactor for all rates; default: as in the run; export: of pathsample, the run's"},
    {"barrier", 0, "EV",
     "info: count the basins that barriers up to this join, both ways; prefactors: of events below"},
    {"atoms", 0, "N,..",
     "prefactors: atoms that vibrate, closest to the movers first; 0: all; default: the run's"},
    {"edge", 0, "N", "prefactors: of this event alone"},
    {"lid", 0, "EV", "info: count the superbasins that saddles up to this energy join"},
    {"format", 0, "WORD",
     "export: graphml (a file), tsv or pathsample (folders); default: by the ending of -o"},
    {NULL, 0, NULL, NULL},
};

const cli_command cmd_landscape = {
    .name = "landscape",
    .summary = "the graph of states and saddles of a run",
    .usage = "info DIR | state N DIR | prefactors DIR | export DIR -o OUT | check DIR",
    .details = "DIR: a run's folder or its catalog. info: numbers about the whole graph.\n"
               "state N: all events known to leave state N, lowest barrier first. status says\n"
               "converged (in this state), kept (inherited, not reconverged here: where it leads\n"
               "is not known yet) or unlisted (known, but not in the state's rate table).\n"
               "prefactors: harmonic prefactors of all events, computed anew, for each size.\n"
               "export: states and saddles as OUT.graphml; or into the folder OUT, --format tsv as two\n"
               "tables, --format pathsample as min.data, ts.data, points.min and points.ts for\n"
               "PATHSAMPLE and disconnectionDPS, with a README about units and placeholders.\n"
               "check: is the landscape reversible? Every saddle in both tables, leading to the state it\n"
               "names, and the barriers around every independent cycle adding up to zero.",
    .example = "slowglass landscape state 0 demo-run --temperature 600\n"
               "  slowglass landscape prefactors demo-run --atoms 50,100,200,0\n"
               "  slowglass landscape export demo-run -o landscape.graphml\n"
               "  slowglass landscape export demo-run --format pathsample -o path",
    .min_inputs = 1,
    .max_inputs = 3,
    .options = options,
    .run = run,
};
