/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module topology: the coloured graph of a shell and the one file that talks to igraph. */
#ifndef SLOWGLASS_TOPOLOGY_INTERNAL_H
#define SLOWGLASS_TOPOLOGY_INTERNAL_H

#include <stdint.h>

#include "slowglass/topology.h"

/* A small graph as a table of bits: bit b of adjacent[a] is set when a and b are bonded. The table is
 * symmetric. */
typedef struct sg_shell_graph {
    int n;
    int colour[SG_TOPOLOGY_MAX_VERTICES]; /* 0: the centre; else the atomic number */
    uint64_t adjacent[SG_TOPOLOGY_MAX_VERTICES];
} sg_shell_graph;

/* Centre and first shell as found, before any canonical order: vertex 0 is the centre, the others follow the
 * row of bonds. */
typedef struct sg_shell {
    int atom[SG_TOPOLOGY_MAX_VERTICES];
    double x[SG_TOPOLOGY_MAX_VERTICES][3]; /* relative to the centre, Å */
    sg_shell_graph graph;
} sg_shell;

/* bonds.c: vector of entry k of a half list, from atom i to its partner, for the present positions */
void sg_bonds_pair_vector(const sg_system *sys, const sg_neigh *list, int i, int64_t k, double d[3]);

/* environment.c */
int sg_shell_bonded(const sg_system *sys, const sg_topology_params *params, int atom_a, const double a[3],
                    int atom_b, const double b[3]);
void sg_shell_connect(const sg_system *sys, const sg_topology_params *params,
                      sg_shell *shell); /* graph from graph.n, atom, x */
sg_status sg_shell_gather(const sg_system *sys, const sg_topology_params *params, const sg_bonds *bonds,
                          int atom, sg_shell *out);
sg_status sg_shell_environment(const sg_system *sys, const sg_topology_params *params, const sg_shell *shell,
                               sg_environment *out);

/* align.c: as sg_align, but the sign of det R is asked for: +1, -1, or 0 for whichever fits better */
sg_status sg_align_signed(int n, const double (*ref)[3], const double (*target)[3], int sign, double R[3][3],
                          double t[3], double *rms, double *max);

/* igraph adapter (graph.c). One thread at a time. */

/* label[v] = canonical position of vertex v: ascending colour first, BLISS's order within a colour. */
sg_status sg_graph_canonical(const sg_shell_graph *graph, int label[SG_TOPOLOGY_MAX_VERTICES]);

/* Generators of the automorphism group, perm[a][v] = image of v; *perm is an array for sg_free (NULL if *n =
 * 0). */
sg_status sg_graph_generators(const sg_shell_graph *graph, int (**perm)[SG_TOPOLOGY_MAX_VERTICES], int *n);

#endif
