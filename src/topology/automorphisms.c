/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The automorphism group of an environment, from igraph's generators, closed breadth-first.
 *
 * Starting from the identity, every known element is followed by every generator; what is new is appended. In
 * a finite group this reaches all elements, and the order depends only on the generators. */
#include <assert.h>
#include <string.h>

#include "topology_internal.h"

static void read_graph(const sg_environment *env, sg_shell_graph *graph);
static int find(int n, int size, int (*perm)[SG_TOPOLOGY_MAX_VERTICES], const int *candidate);

sg_status sg_topology_automorphisms(const sg_environment *env, int max, int (*perm)[SG_TOPOLOGY_MAX_VERTICES],
                                    int *n)
{
    sg_shell_graph graph;
    int(*generator)[SG_TOPOLOGY_MAX_VERTICES], n_generators;
    sg_status st;

    assert(max >= 1);
    *n = 0;
    read_graph(env, &graph);
    if ((st = sg_graph_generators(&graph, &generator, &n_generators)) != SG_OK) return st;
    for (int v = 0; v < graph.n; v++)
        perm[0][v] = v;
    *n = 1;
    for (int e = 0; e < *n; e++)
        for (int g = 0; g < n_generators && *n < max; g++) {
            int *next = perm[*n];
            for (int v = 0; v < graph.n; v++)
                next[v] = generator[g][perm[e][v]];
            if (!find(*n, graph.n, perm, next)) (*n)++;
        }
    sg_free(generator);
    return SG_OK;
}

/* The graph in canonical order, from the form. */
static void read_graph(const sg_environment *env, sg_shell_graph *graph)
{
    const int n = env->n, size = (n * (n - 1) / 2 + 7) / 8;
    const unsigned char *bits = env->form + env->form_size - size;
    int p = 0;

    graph->n = n;
    for (int a = 0; a < n; a++) {
        graph->colour[a] = a ? env->number[a] : 0;
        graph->adjacent[a] = 0;
    }
    for (int a = 0; a < n; a++)
        for (int b = a + 1; b < n; b++, p++)
            if (bits[p / 8] >> p % 8 & 1) {
                graph->adjacent[a] |= UINT64_C(1) << b;
                graph->adjacent[b] |= UINT64_C(1) << a;
            }
}

static int find(int n, int size, int (*perm)[SG_TOPOLOGY_MAX_VERTICES], const int *candidate)
{
    for (int e = 0; e < n; e++)
        if (!memcmp(perm[e], candidate, (size_t)size * sizeof *candidate)) return 1;
    return 0;
}
