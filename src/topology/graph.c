/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The adapter to igraph: canonical labels and generators of the automorphism group by BLISS.
 *
 * Debian's igraph is not built for threads and its default error handler ends the process. So: one thread at
 * a time, and the handler that only cleans up is installed on every entry (another user of igraph in the same
 * process may have set its own). Source: Junttila & Kaski, Engineering an efficient canonical labeling tool,
 * ALENEX 2007. */
#include "topology_internal.h"

#include <igraph/igraph.h>
#include <string.h>

static sg_status backend(igraph_error_t error, const char *what);
static igraph_error_t make_graph(const sg_shell_graph *graph, igraph_t *out);
static igraph_error_t make_colours(const sg_shell_graph *graph, igraph_vector_int_t *out);
static void sort_by_colour(const sg_shell_graph *graph, const igraph_vector_int_t *bliss, int *label);

sg_status sg_graph_canonical(const sg_shell_graph *graph, int label[SG_TOPOLOGY_MAX_VERTICES])
{
    igraph_t g;
    igraph_vector_int_t colours, order;
    igraph_error_t error;

    igraph_set_error_handler(igraph_error_handler_ignore);
    if ((error = make_graph(graph, &g)) != IGRAPH_SUCCESS) return backend(error, "graph of a shell");
    if ((error = make_colours(graph, &colours)) != IGRAPH_SUCCESS) goto no_colours;
    if ((error = igraph_vector_int_init(&order, 0)) != IGRAPH_SUCCESS) goto no_order;
    error = igraph_canonical_permutation(&g, &colours, &order, IGRAPH_BLISS_FL, NULL);
    if (error == IGRAPH_SUCCESS) sort_by_colour(graph, &order, label);
    igraph_vector_int_destroy(&order);
no_order:
    igraph_vector_int_destroy(&colours);
no_colours:
    igraph_destroy(&g);
    return error == IGRAPH_SUCCESS ? SG_OK : backend(error, "canonical labels");
}

sg_status sg_graph_generators(const sg_shell_graph *graph, int (**perm)[SG_TOPOLOGY_MAX_VERTICES], int *n)
{
    igraph_t g;
    igraph_vector_int_t colours;
    igraph_vector_int_list_t list;
    igraph_error_t error;
    sg_status st = SG_OK;

    *perm = NULL;
    *n = 0;
    igraph_set_error_handler(igraph_error_handler_ignore);
    if ((error = make_graph(graph, &g)) != IGRAPH_SUCCESS) return backend(error, "graph of a shell");
    if ((error = make_colours(graph, &colours)) != IGRAPH_SUCCESS) goto no_colours;
    if ((error = igraph_vector_int_list_init(&list, 0)) != IGRAPH_SUCCESS) goto no_list;
    error = igraph_automorphism_group(&g, &colours, &list, IGRAPH_BLISS_FL, NULL);
    if (error == IGRAPH_SUCCESS && igraph_vector_int_list_size(&list) > 0) {
        const igraph_integer_t count = igraph_vector_int_list_size(&list);
        *perm = sg_calloc((size_t)count, sizeof **perm);
        if (!*perm) {
            st = sg_fail(SG_ENOMEM, "%ld generators of an automorphism group", (long)count);
        } else {
            *n = (int)count;
            for (int a = 0; a < *n; a++)
                for (int v = 0; v < graph->n; v++)
                    (*perm)[a][v] = (int)VECTOR(*igraph_vector_int_list_get_ptr(&list, a))[v];
        }
    }
    igraph_vector_int_list_destroy(&list);
no_list:
    igraph_vector_int_destroy(&colours);
no_colours:
    igraph_destroy(&g);
    if (error != IGRAPH_SUCCESS) return backend(error, "automorphism group");
    return st;
}

static sg_status backend(igraph_error_t error, const char *what)
{
    if (error == IGRAPH_ENOMEM) return sg_fail(SG_ENOMEM, "igraph: %s", what);
    return sg_fail(SG_EBACKEND, "igraph: %s: %s", what, igraph_strerror(error));
}

static igraph_error_t make_graph(const sg_shell_graph *graph, igraph_t *out)
{
    igraph_integer_t ends[SG_TOPOLOGY_MAX_VERTICES * (SG_TOPOLOGY_MAX_VERTICES - 1)];
    igraph_vector_int_t edges = {
        0}; /* the view is declared to take a const object, so compilers ask for a value */
    igraph_integer_t n = 0;

    for (int a = 0; a < graph->n; a++)
        for (int b = a + 1; b < graph->n; b++)
            if (graph->adjacent[a] >> b & 1) {
                ends[n++] = a;
                ends[n++] = b;
            }
    return igraph_create(out, igraph_vector_int_view(&edges, ends, n), graph->n, IGRAPH_UNDIRECTED);
}

static igraph_error_t make_colours(const sg_shell_graph *graph, igraph_vector_int_t *out)
{
    const igraph_error_t error = igraph_vector_int_init(out, graph->n);

    if (error != IGRAPH_SUCCESS) return error;
    for (int v = 0; v < graph->n; v++)
        VECTOR(*out)[v] = graph->colour[v];
    return IGRAPH_SUCCESS;
}

/* BLISS keeps the colours apart in an order of its own choosing; ours is ascending. */
static void sort_by_colour(const sg_shell_graph *graph, const igraph_vector_int_t *bliss, int *label)
{
    for (int v = 0; v < graph->n; v++) {
        int before = 0;
        for (int w = 0; w < graph->n; w++)
            before += graph->colour[w] < graph->colour[v] ||
                      (graph->colour[w] == graph->colour[v] && VECTOR(*bliss)[w] < VECTOR(*bliss)[v]);
        label[v] = before;
    }
}
