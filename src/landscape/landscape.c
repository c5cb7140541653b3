/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building the graph of states and saddles.
 *
 * igraph holds the graph; energies and ids stay in plain arrays beside it, indexed by vertex and edge number.
 * The error handler that only cleans up is installed whenever a graph is made, so igraph never ends the
 * process. */
#include "landscape_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static sg_status copy_input(sg_landscape *ls, const sg_landscape_state *states,
                            const sg_landscape_edge *edges);
static sg_status index_states(sg_landscape *ls);
static sg_status resolve_edges(sg_landscape *ls);
static int compare_index(const void *left, const void *right);

sg_status sg_landscape_create(int n_states, const sg_landscape_state *states, int n_edges,
                              const sg_landscape_edge *edges, sg_landscape **out)
{
    sg_landscape *ls = NULL;
    sg_status st;

    *out = NULL;
    if (n_states < 0 || n_edges < 0)
        return sg_fail(SG_EINVAL, "landscape of %d states and %d edges", n_states, n_edges);
    if (!(ls = sg_calloc(1, sizeof *ls))) return sg_fail(SG_ENOMEM, "landscape");
    ls->n_states = n_states;
    ls->n_edges = n_edges;
    if ((st = copy_input(ls, states, edges)) != SG_OK) goto done;
    if ((st = index_states(ls)) != SG_OK) goto done;
    if ((st = resolve_edges(ls)) != SG_OK) goto done;
    if ((st = sg_landscape_backend(sg_landscape_graph(ls, NULL, &ls->graph), "landscape graph")) != SG_OK)
        goto done;
    ls->has_graph = 1;
    *out = ls;
    ls = NULL;
done:
    sg_landscape_free(ls);
    return st;
}

void sg_landscape_free(sg_landscape *ls)
{
    if (!ls) return;
    if (ls->has_graph) igraph_destroy(&ls->graph);
    sg_free(ls->state);
    sg_free(ls->edge);
    sg_free(ls->by_id);
    sg_free(ls->ends);
    sg_free(ls);
}

sg_status sg_landscape_backend(igraph_error_t error, const char *what)
{
    if (error == IGRAPH_SUCCESS) return SG_OK;
    if (error == IGRAPH_ENOMEM) return sg_fail(SG_ENOMEM, "igraph: %s", what);
    return sg_fail(SG_EBACKEND, "igraph: %s: %s", what, igraph_strerror(error));
}

int sg_landscape_vertex(const sg_landscape *ls, uint64_t id)
{
    const sg_landscape_index wanted = {.id = id, .vertex = -1};
    const sg_landscape_index *found =
        bsearch(&wanted, ls->by_id, (size_t)ls->n_states, sizeof *ls->by_id, compare_index);

    return found ? found->vertex : -1;
}

igraph_error_t sg_landscape_graph(const sg_landscape *ls, const unsigned char *keep, igraph_t *out)
{
    igraph_vector_int_t list;
    igraph_error_t error;
    igraph_integer_t n = 0;

    igraph_set_error_handler(igraph_error_handler_ignore);
    if ((error = igraph_vector_int_init(&list, 2 * (igraph_integer_t)ls->n_edges)) != IGRAPH_SUCCESS)
        return error;
    for (int e = 0; e < ls->n_edges; e++) {
        if (keep && !keep[e]) continue;
        VECTOR(list)[n++] = ls->ends[e][0];
        VECTOR(list)[n++] = ls->ends[e][1];
    }
    error = igraph_vector_int_resize(&list, n);
    if (error == IGRAPH_SUCCESS) error = igraph_create(out, &list, ls->n_states, IGRAPH_UNDIRECTED);
    igraph_vector_int_destroy(&list);
    return error;
}

static sg_status copy_input(sg_landscape *ls, const sg_landscape_state *states,
                            const sg_landscape_edge *edges)
{
    ls->state = sg_calloc((size_t)ls->n_states, sizeof *ls->state);
    ls->edge = sg_calloc((size_t)ls->n_edges, sizeof *ls->edge);
    ls->by_id = sg_calloc((size_t)ls->n_states, sizeof *ls->by_id);
    ls->ends = sg_calloc((size_t)ls->n_edges, sizeof *ls->ends);
    if (!ls->state || !ls->edge || !ls->by_id || !ls->ends)
        return sg_fail(SG_ENOMEM, "landscape of %d states and %d edges", ls->n_states, ls->n_edges);
    if (ls->n_states) memcpy(ls->state, states, (size_t)ls->n_states * sizeof *states);
    if (ls->n_edges) memcpy(ls->edge, edges, (size_t)ls->n_edges * sizeof *edges);
    return SG_OK;
}

static sg_status index_states(sg_landscape *ls)
{
    for (int v = 0; v < ls->n_states; v++) {
        if (!isfinite(ls->state[v].energy))
            return sg_fail(SG_EINVAL, "state %llu has energy %g eV", (unsigned long long)ls->state[v].id,
                           ls->state[v].energy);
        ls->by_id[v] = (sg_landscape_index){ls->state[v].id, v};
    }
    qsort(ls->by_id, (size_t)ls->n_states, sizeof *ls->by_id, compare_index);
    for (int v = 1; v < ls->n_states; v++)
        if (ls->by_id[v].id == ls->by_id[v - 1].id)
            return sg_fail(SG_EINVAL, "state %llu is given twice", (unsigned long long)ls->by_id[v].id);
    return SG_OK;
}

static sg_status resolve_edges(sg_landscape *ls)
{
    for (int e = 0; e < ls->n_edges; e++) {
        const sg_landscape_edge *edge = &ls->edge[e];
        const uint64_t id[2] = {edge->from, edge->to};
        for (int side = 0; side < 2; side++)
            if ((ls->ends[e][side] = sg_landscape_vertex(ls, id[side])) < 0)
                return sg_fail(SG_EINVAL, "edge %llu leads to state %llu, which does not exist",
                               (unsigned long long)edge->id, (unsigned long long)id[side]);
        if (!isfinite(edge->e_saddle))
            return sg_fail(SG_EINVAL, "edge %llu has saddle energy %g eV", (unsigned long long)edge->id,
                           edge->e_saddle);
    }
    return SG_OK;
}

static int compare_index(const void *left, const void *right)
{
    const sg_landscape_index *l = left, *r = right;

    return l->id < r->id ? -1 : l->id > r->id;
}
