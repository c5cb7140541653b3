/* SPDX-License-Identifier: GPL-2.0-or-later */
/* States and saddles of a run for other programs. States first, whose ids are kept (8 bytes each); then the
 * saddles, each of which needs the places of its two states among them. */
#include "curate_internal.h"
#include "slowglass/explore.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

typedef struct writer {
    sg_catalog *cat;
    FILE *states, *edges;             /* graph: the same one */
    const sg_curate_pathsample *path; /* PATHSAMPLE, else NULL */
    double log_saddle;                /* of PATHSAMPLE's lines */
    void (*state)(struct writer *w, const sg_cat_state *s);
    void (*edge)(struct writer *w, const sg_cat_edge *e, size_t from, size_t to);
    uint64_t *id; /* [n] of the states, ascending */
    size_t n, capacity;
    sg_curate_exported count;
    sg_status status;
} writer;

static const char *const axis[6] = {"xx", "yy", "zz", "xy", "xz", "yz"};

/* ---- reading ---- */

static int take_state(void *arg, const void *record)
{
    writer *w = arg;
    const sg_cat_state *s = record;

    if (sg_grow((void **)&w->id, &w->capacity, w->n + 1, sizeof *w->id)) {
        w->status = sg_fail(SG_ENOMEM, "states of the landscape");
        return 1;
    }
    w->id[w->n++] = s->id;
    w->count.states++;
    w->state(w, s);
    return w->status != SG_OK || ferror(w->states);
}

static int compare_ids(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int find_state(const writer *w, uint64_t id, size_t *at)
{
    const uint64_t *p = w->n ? bsearch(&id, w->id, w->n, sizeof *w->id, compare_ids) : NULL;

    *at = p ? (size_t)(p - w->id) : 0;
    return p != NULL;
}

static int take_edge(void *arg, const void *record)
{
    writer *w = arg;
    const sg_cat_edge *e = record;
    size_t from, to;

    if (!find_state(w, e->from, &from) || !find_state(w, e->to, &to)) return w->count.dangling++, 0;
    w->edge(w, e, from, to);
    return w->status != SG_OK || ferror(w->edges);
}

static sg_status pass_held(writer *w)
{
    uint64_t n = 0;
    sg_status st = sg_catalog_count(w->cat, SG_DB_STATES, &n);

    if (st == SG_OK && n == 0)
        st = sg_fail(SG_ENOTFOUND,
                     "no states: only the catalog of a run has a landscape, this one has events alone");
    if (st == SG_OK) st = sg_catalog_each(w->cat, SG_DB_STATES, take_state, w);
    if (st == SG_OK && w->status == SG_OK) st = sg_catalog_each(w->cat, SG_DB_EDGES, take_edge, w);
    return st == SG_OK ? w->status : st;
}

/* States and edges of one commit: a run at work would leave edges of a later one dangling. */
static sg_status pass(writer *w)
{
    sg_status st = sg_catalog_hold(w->cat);

    if (st != SG_OK) return st;
    st = pass_held(w);
    sg_catalog_release(w->cat);
    sg_free(w->id);
    return st;
}

/* ---- GraphML ---- */

static const curate_key of_states[] = {{"state", "long"},
                                       {"energy_eV", "double"},
                                       {"f_max_eV_per_A", "double"},
                                       {"gamma", "double"},
                                       {"visited", "boolean"}};
static const curate_key of_edges[] = {{"edge", "long"},
                                      {"e_saddle_eV", "double"},
                                      {"barrier_eV", "double"},
                                      {"barrier_back_eV", "double"},
                                      {"participation", "double"},
                                      {"dist_saddle_A", "double"},
                                      {"dist_final_A", "double"},
                                      {"found", "long"},
                                      {"event", "string"},
                                      {"sampler", "string"},
                                      {"source", "string"}};

static void graph_state(writer *w, const sg_cat_state *s)
{
    fprintf(w->states, "<node id=\"s%" PRIu64 "\">", s->id);
    curate_graphml_integer(w->states, "state", s->id);
    curate_graphml_number(w->states, "energy_eV", s->energy);
    curate_graphml_number(w->states, "f_max_eV_per_A", s->f_max);
    curate_graphml_number(w->states, "gamma", s->gamma);
    curate_graphml_text(w->states, "visited", s->flags & SG_CAT_STATE_VISITED ? "true" : "false");
    fputs("</node>\n", w->states);
}

static void graph_edge(writer *w, const sg_cat_edge *e, size_t from, size_t to)
{
    (void)from;
    (void)to;
    fprintf(w->edges, "<edge source=\"s%" PRIu64 "\" target=\"s%" PRIu64 "\">", e->from, e->to);
    curate_graphml_integer(w->edges, "edge", e->id);
    curate_graphml_number(w->edges, "e_saddle_eV", e->e_saddle);
    curate_graphml_number(w->edges, "barrier_eV", e->barrier);
    curate_graphml_number(w->edges, "barrier_back_eV", e->barrier_back);
    curate_graphml_number(w->edges, "participation", e->participation);
    curate_graphml_number(w->edges, "dist_saddle_A", e->dist_saddle);
    curate_graphml_number(w->edges, "dist_final_A", e->dist_final);
    curate_graphml_integer(w->edges, "found", e->found);
    if (e->event) curate_graphml_hex(w->edges, "event", e->event);
    curate_graphml_text(w->edges, "sampler", sg_sampler_text((sg_sampler)e->sampler));
    curate_graphml_text(w->edges, "source", sg_source_text(e->source));
    fputs("</edge>\n", w->edges);
    w->count.edges++;
    w->count.self_loops += e->from == e->to;
}

sg_status sg_curate_landscape_graphml(sg_catalog *cat, FILE *out, sg_curate_exported *n)
{
    writer w = {.cat = cat, .states = out, .edges = out, .state = graph_state, .edge = graph_edge};

    curate_graphml_begin(out, "states and saddles of a run, by slowglass", 0, of_states,
                         sizeof of_states / sizeof of_states[0], of_edges,
                         sizeof of_edges / sizeof of_edges[0]);
    const sg_status st = pass(&w);
    curate_graphml_end(out);
    *n = w.count;
    return st;
}

/* ---- tables ---- */

static void six_names(FILE *out, const char *name)
{
    for (int k = 0; k < 6; k++)
        fprintf(out, "\t%s_%s_eV", name, axis[k]);
}

static void six(FILE *out, const double v[6])
{
    for (int k = 0; k < 6; k++)
        fprintf(out, "\t%.17g", v[k]);
}

static void table_state(writer *w, const sg_cat_state *s)
{
    fprintf(w->states, "%" PRIu64 "\t%.17g\t%.17g\t%.17g\t%d\t%d\t%u", s->id, s->energy, s->f_max, s->gamma,
            (s->flags & SG_CAT_STATE_VISITED) != 0, (s->flags & SG_CAT_STATE_TABLE) != 0, s->n);
    six(w->states, s->virial);
    fputc('\n', w->states);
}

static void table_edge(writer *w, const sg_cat_edge *e, size_t from, size_t to)
{
    (void)from;
    (void)to;
    fprintf(w->edges, "%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%.17g\t%.17g\t%.17g\t", e->id, e->from, e->to,
            e->e_saddle, e->barrier, e->barrier_back);
    if (e->event)
        fprintf(w->edges, "%016" PRIx64, e->event);
    else
        fputc('-', w->edges);
    fprintf(w->edges, "\t%u\t%u\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g", e->centre + 1, e->centre_back + 1,
            e->participation, e->dist_saddle, e->dist_final, e->saddle_force, e->curvature, e->curvature2);
    six(w->edges, e->strain_saddle);
    six(w->edges, e->strain_final);
    fprintf(w->edges, "\t%u\t%s\t%s\n", e->found, sg_sampler_text((sg_sampler)e->sampler),
            sg_source_text(e->source));
    w->count.edges++;
    w->count.self_loops += e->from == e->to;
}

sg_status sg_curate_landscape_tsv(sg_catalog *cat, FILE *states, FILE *saddles, sg_curate_exported *n)
{
    writer w = {.cat = cat, .states = states, .edges = saddles, .state = table_state, .edge = table_edge};

    fputs("state\tenergy_eV\tf_max_eV_per_A\tgamma\tvisited\thas_table\tn_atoms", states);
    six_names(states, "virial");
    fputc('\n', states);
    fputs("edge\tfrom\tto\te_saddle_eV\tbarrier_eV\tbarrier_back_eV\tevent\tcentre_index\tcentre_back_index\t"
          "participation\tdist_saddle_A\tdist_final_A\tsaddle_force_eV_per_A\tcurvature_eV_per_A2\t"
          "curvature2_eV_per_A2",
          saddles);
    six_names(saddles, "strain_saddle");
    six_names(saddles, "strain_final");
    fputs("\tfound\tsampler\tsource\n", saddles);
    const sg_status st = pass(&w);
    *n = w.count;
    return st;
}

/* ---- PATHSAMPLE ---- */

static void path_state(writer *w, const sg_cat_state *s)
{
    fprintf(w->states, "%.17g 0 1 1 1 1\n", s->energy);
    if (w->path->points_min) fwrite(s->x, sizeof *s->x, s->n, w->path->points_min);
}

/* x_from + (x_saddle - x_from) */
static sg_status write_saddle(const writer *w, const sg_cat_edge *e)
{
    sg_cat_state s = {0};
    const sg_status st = sg_catalog_get_state(w->cat, e->from, &s);

    if (st != SG_OK) return st;
    for (uint32_t k = 0; k < s.n && k < e->n; k++)
        for (int a = 0; a < 3; a++)
            s.x[k][a] += (double)e->d_saddle[k][a];
    fwrite(s.x, sizeof *s.x, s.n, w->path->points_ts);
    sg_cat_state_clear(&s);
    return SG_OK;
}

static void path_edge(writer *w, const sg_cat_edge *e, size_t from, size_t to)
{
    if (e->from == e->to) {
        w->count.self_loops++;
        return;
    }
    fprintf(w->edges, "%.17g %.17g 1 %zu %zu 1 1 1\n", e->e_saddle, w->log_saddle, from + 1, to + 1);
    w->count.edges++;
    if (w->path->points_ts) w->status = write_saddle(w, e);
}

sg_status sg_curate_landscape_pathsample(sg_catalog *cat, double prefactor, const sg_curate_pathsample *out,
                                         sg_curate_exported *n)
{
    writer w = {.cat = cat,
                .states = out->min_data,
                .edges = out->ts_data,
                .path = out,
                .log_saddle = -2 * log(2 * SG_PI * prefactor),
                .state = path_state,
                .edge = path_edge};

    *n = (sg_curate_exported){0};
    if (!(prefactor > 0)) return sg_fail(SG_EINVAL, "prefactor %g 1/s, need > 0", prefactor);
    const sg_status st = pass(&w);
    *n = w.count;
    return st;
}
