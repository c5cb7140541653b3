/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module landscape. Invariant: vertex v of the graph is state[v], edge e is edge[e]; by_id is sorted.
 */
#ifndef SLOWGLASS_LANDSCAPE_INTERNAL_H
#define SLOWGLASS_LANDSCAPE_INTERNAL_H

#include <igraph/igraph.h>

#include "slowglass/landscape.h"

typedef struct sg_landscape_index {
    uint64_t id;
    int vertex;
} sg_landscape_index;

struct sg_landscape {
    int n_states, n_edges;
    sg_landscape_state *state;
    sg_landscape_edge *edge;
    sg_landscape_index *by_id; /* [n_states] ascending id */
    int (*ends)[2];            /* [n_edges] vertices of from and to */
    igraph_t graph;
    int has_graph;
};

/* The status of an igraph call, SG_OK for success. */
sg_status sg_landscape_backend(igraph_error_t error, const char *what);

/* Vertex of a state id, -1 if unknown. */
int sg_landscape_vertex(const sg_landscape *ls, uint64_t id);

/* A graph on all states of the edges with keep[e] (NULL: all). */
igraph_error_t sg_landscape_graph(const sg_landscape *ls, const unsigned char *keep, igraph_t *out);

#endif
