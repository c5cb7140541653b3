/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GraphML: of the generic events, and the pieces that the landscape shares.
 *
 * The graph of a catalog has the topology keys as vertices. An event leads from the key of its centre before
 * to the key after, and the catalog knows the latter where it holds the way back too: the event with the two
 * barriers exchanged, bit for bit, as both sides of one saddle are stored. Where it does not, the edge ends
 * in the vertex `unknown`. Source of the format: graphml.graphdrawing.org. */
#include "curate_internal.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- pieces ---- */

void curate_graphml_begin(FILE *out, const char *comment, int directed, const curate_key *node, int n_node,
                          const curate_key *edge, int n_edge)
{
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- %s -->\n"
            "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n",
            comment);
    for (int k = 0; k < n_node + n_edge; k++) {
        const int is_node = k < n_node;
        const curate_key *key = is_node ? &node[k] : &edge[k - n_node];
        fprintf(out, "<key id=\"%s\" for=\"%s\" attr.name=\"%s\" attr.type=\"%s\"/>\n", key->name,
                is_node ? "node" : "edge", key->name, key->type);
    }
    fprintf(out, "<graph edgedefault=\"%s\">\n", directed ? "directed" : "undirected");
}

void curate_graphml_number(FILE *out, const char *key, double value)
{
    if (!isfinite(value)) return;
    if (fabs(value) < DBL_MIN) value = 0; /* igraph refuses numbers below the normal range */
    fprintf(out, "<data key=\"%s\">%.17g</data>", key, value);
}

void curate_graphml_integer(FILE *out, const char *key, uint64_t value)
{
    fprintf(out, "<data key=\"%s\">%" PRIu64 "</data>", key, value);
}

void curate_graphml_hex(FILE *out, const char *key, uint64_t value)
{
    fprintf(out, "<data key=\"%s\">%016" PRIx64 "</data>", key, value);
}

void curate_graphml_text(FILE *out, const char *key, const char *text)
{
    fprintf(out, "<data key=\"%s\">%s</data>", key, text);
}

void curate_graphml_end(FILE *out)
{
    fputs("</graph>\n</graphml>\n", out);
}

/* ---- the generic events ---- */

typedef struct side { /* an event, as much as its way back needs to be found */
    double barrier, back;
    uint64_t id, key;
} side;

typedef struct graph {
    FILE *out;
    const sg_curate_filter *filter;
    side *side; /* [n] ascending by barrier, back, id */
    size_t n, capacity;
    uint64_t *key; /* [n_keys] of passing events and of where they lead, ascending, each once */
    size_t n_keys, key_capacity;
    int has_unknown, out_of_memory;
    uint64_t n_edges;
} graph;

static const curate_key of_keys[] = {{"centre", "string"}, {"searches", "long"}, {"events", "long"}};
static const curate_key of_events[] = {
    {"event", "string"}, {"barrier_eV", "double"},    {"barrier_back_eV", "double"},
    {"dE_eV", "double"}, {"participation", "double"}, {"gamma", "double"},
    {"found", "long"},   {"sampler", "string"}};

static int take_side(void *arg, const void *record)
{
    graph *g = arg;
    const sg_cat_event *e = record;

    if (isnan(e->barrier) || isnan(e->barrier_back)) return 0; /* has no order, and is nobody's way back */
    if (sg_grow((void **)&g->side, &g->capacity, g->n + 1, sizeof *g->side)) return g->out_of_memory = 1;
    g->side[g->n++] = (side){e->barrier, e->barrier_back, e->id, e->key};
    return 0;
}

static int compare_barriers(const side *a, double barrier, double back)
{
    if (a->barrier != barrier) return a->barrier < barrier ? -1 : 1;
    if (a->back != back) return a->back < back ? -1 : 1;
    return 0;
}

static int by_barriers(const void *a, const void *b)
{
    const side *x = a, *y = b;
    const int c = compare_barriers(x, y->barrier, y->back);
    return c ? c : (x->id > y->id) - (x->id < y->id);
}

/* The way back, NULL if it is not here. An event whose two barriers are equal may be its own. */
static const side *way_back(const graph *g, const sg_cat_event *e)
{
    size_t low = 0, high = g->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare_barriers(&g->side[middle], e->barrier_back, e->barrier) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == g->n || compare_barriers(&g->side[low], e->barrier_back, e->barrier) != 0) return NULL;
    if (g->side[low].id == e->id && low + 1 < g->n &&
        compare_barriers(&g->side[low + 1], e->barrier_back, e->barrier) == 0)
        low++;
    return &g->side[low];
}

static void take_key(graph *g, uint64_t key)
{
    if (sg_grow((void **)&g->key, &g->key_capacity, g->n_keys + 1, sizeof *g->key))
        g->out_of_memory = 1;
    else
        g->key[g->n_keys++] = key;
}

static int take_keys(void *arg, const void *record)
{
    graph *g = arg;
    const sg_cat_event *e = record;
    const side *back = way_back(g, e);

    take_key(g, e->key);
    if (back)
        take_key(g, back->key);
    else
        g->has_unknown = 1;
    return g->out_of_memory;
}

static int ascending(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void keep_each_once(graph *g)
{
    size_t n = 0;

    if (g->n_keys > 1) qsort(g->key, g->n_keys, sizeof *g->key, ascending);
    for (size_t k = 0; k < g->n_keys; k++)
        if (n == 0 || g->key[n - 1] != g->key[k]) g->key[n++] = g->key[k];
    g->n_keys = n;
}

static sg_status print_nodes(sg_catalog *cat, const graph *g)
{
    sg_curate_completeness c;
    size_t q = 0;
    const sg_status st = sg_curate_get_completeness(cat, NULL, &c);

    if (st != SG_OK) return st;
    for (size_t k = 0; k < g->n_keys; k++) {
        while (q < c.n && c.environment[q].key < g->key[k])
            q++;
        fprintf(g->out, "<node id=\"k%016" PRIx64 "\">", g->key[k]);
        if (q < c.n && c.environment[q].key == g->key[k]) {
            curate_graphml_text(g->out, "centre", sg_element_label(c.environment[q].centre));
            curate_graphml_integer(g->out, "searches", c.environment[q].attempts);
            curate_graphml_integer(g->out, "events", c.environment[q].events);
        }
        fputs("</node>\n", g->out);
    }
    if (g->has_unknown) fputs("<node id=\"unknown\"></node>\n", g->out);
    sg_curate_completeness_clear(&c);
    return SG_OK;
}

static int print_edge(void *arg, const void *record)
{
    graph *g = arg;
    const sg_cat_event *e = record;
    const side *back = way_back(g, e);

    fprintf(g->out, "<edge source=\"k%016" PRIx64 "\" target=\"", e->key);
    if (back)
        fprintf(g->out, "k%016" PRIx64 "\">", back->key);
    else
        fputs("unknown\">", g->out);
    curate_graphml_hex(g->out, "event", e->id);
    curate_graphml_number(g->out, "barrier_eV", e->barrier);
    curate_graphml_number(g->out, "barrier_back_eV", e->barrier_back);
    curate_graphml_number(g->out, "dE_eV", e->barrier - e->barrier_back);
    curate_graphml_number(g->out, "participation", e->participation);
    curate_graphml_number(g->out, "gamma", e->gamma);
    curate_graphml_integer(g->out, "found", e->found);
    curate_graphml_text(g->out, "sampler", sg_sampler_text((sg_sampler)e->sampler));
    fputs("</edge>\n", g->out);
    g->n_edges++;
    return ferror(g->out);
}

static sg_status print_graph(sg_catalog *cat, graph *g)
{
    sg_status st = sg_catalog_each(cat, SG_DB_EVENTS, take_side, g);

    if (st == SG_OK && !g->out_of_memory) {
        if (g->n > 1) qsort(g->side, g->n, sizeof *g->side, by_barriers);
        st = sg_curate_each(cat, g->filter, take_keys, g);
    }
    if (st == SG_OK && g->out_of_memory) st = sg_fail(SG_ENOMEM, "graph of events");
    if (st != SG_OK) return st;
    keep_each_once(g);
    curate_graphml_begin(g->out, "topology keys and the generic events between them, by slowglass", 1,
                         of_keys, sizeof of_keys / sizeof of_keys[0], of_events,
                         sizeof of_events / sizeof of_events[0]);
    st = print_nodes(cat, g);
    if (st == SG_OK) st = sg_curate_each(cat, g->filter, print_edge, g);
    if (st == SG_OK) curate_graphml_end(g->out);
    return st;
}

/* One commit for all passes: an edge of a later one would lead from a vertex that was not printed. */
sg_status sg_curate_export_graphml(sg_catalog *cat, const sg_curate_filter *filter, FILE *out, uint64_t *n)
{
    graph g = {.out = out, .filter = filter};
    sg_status st = sg_catalog_hold(cat);

    *n = 0;
    if (st != SG_OK) return st;
    st = print_graph(cat, &g);
    sg_catalog_release(cat);
    *n = g.n_edges;
    sg_free(g.side);
    sg_free(g.key);
    return st;
}
