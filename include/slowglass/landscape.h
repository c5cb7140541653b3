/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The landscape as a graph: states are vertices, saddles are edges. A snapshot of plain numbers; no atoms, no
 * files.
 *
 * It is a multigraph: parallel saddles between two states are all kept, and a saddle may lead back to its own
 * state (self loop; it counts twice in a degree, as is usual). An edge has no direction: its barrier from
 * either end is e_saddle - energy of that end.
 *
 * Threads: igraph inside; one thread at a time in the whole process, topology keys included. */
#ifndef SLOWGLASS_LANDSCAPE_H
#define SLOWGLASS_LANDSCAPE_H

#include <stdint.h>

#include "slowglass/core.h"

enum { SG_LANDSCAPE_VISITED = 1, SG_LANDSCAPE_DEGREES = 64 };

typedef struct sg_landscape_state {
    uint64_t id;    /* unique */
    double energy;  /* eV */
    uint32_t flags; /* SG_LANDSCAPE_VISITED */
} sg_landscape_state;

typedef struct sg_landscape_edge {
    uint64_t id, from, to; /* ids of states */
    double e_saddle;       /* eV */
} sg_landscape_edge;

typedef struct sg_landscape sg_landscape;

/** Build the graph; the arrays are copied. Free with sg_landscape_free.
 * @return SG_EINVAL: a state id twice, an edge to an unknown state, an energy that is not finite;
 * SG_EBACKEND. Cost O((n + m) log n). */
sg_status sg_landscape_create(int n_states, const sg_landscape_state *states, int n_edges,
                              const sg_landscape_edge *edges, sg_landscape **out);
void sg_landscape_free(sg_landscape *ls);

typedef struct sg_landscape_summary {
    int n_states, n_visited, n_edges;
    int n_self_loops;
    int n_parallel;            /* edges beyond the first between the same two different states */
    int n_components, largest; /* connected components; states in the largest */
    int degree_min, degree_max;
    double degree_mean;
    int degree_count[SG_LANDSCAPE_DEGREES]; /* states of that degree; the last entry collects all higher ones
                                             */
    double energy_min, energy_max;          /* eV; NaN without states */
    uint64_t lowest; /* id of the state of lowest energy, the first one on ties; 0 without states */
    double barrier_min, barrier_max; /* eV, over both ends of all edges but self loops; NaN without */
} sg_landscape_summary;

/** Numbers about the whole graph. */
sg_status sg_landscape_info(const sg_landscape *ls, sg_landscape_summary *out);

typedef struct sg_landscape_exit { /* one edge seen from a state */
    uint64_t edge, neighbour;
    double barrier, barrier_back; /* eV */
    int parallel;                 /* 0, 1, .. among the edges to the same neighbour, by ascending barrier */
    int reverse;                  /* 1: the edge's `to` is this state */
} sg_landscape_exit;

/** Edges of one state by ascending barrier, then edge id; a self loop appears once.
 * @param out [out] array of *n for sg_free. SG_ENOTFOUND: no such state. */
sg_status sg_landscape_state_edges(const sg_landscape *ls, uint64_t state, sg_landscape_exit **out, int *n);

typedef enum {
    SG_LANDSCAPE_BY_BARRIER, /* an edge joins when both its barriers are <= threshold (eV): states the walk
                                flickers among */
    SG_LANDSCAPE_BY_ENERGY   /* an edge joins when e_saddle <= threshold (eV): superbasins below a lid */
} sg_landscape_rule;

/** Components of the graph of the joining edges.
 * @param label [out] [n_states], component of each state in the order given to create; numbered by first
 * appearance
 * @param n [out] number of components. */
sg_status sg_landscape_components(const sg_landscape *ls, sg_landscape_rule rule, double threshold,
                                  int *label, int *n);

#endif
