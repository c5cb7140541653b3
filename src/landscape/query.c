/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to the graph: numbers about the whole, exits of one state, components below a threshold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "landscape_internal.h"

static void count_edges(const sg_landscape *ls, sg_landscape_summary *out);
static void energies(const sg_landscape *ls, sg_landscape_summary *out);
static sg_status degrees(const sg_landscape *ls, sg_landscape_summary *out);
static sg_status parallels(const sg_landscape *ls, sg_landscape_summary *out);
static sg_status components_of(const igraph_t *graph, igraph_vector_int_t *member, igraph_vector_int_t *size);
static sg_landscape_exit exit_of(const sg_landscape *ls, int e, int vertex);
static int compare_exits(const void *left, const void *right);
static int joins(const sg_landscape *ls, int e, sg_landscape_rule rule, double threshold);

sg_status sg_landscape_info(const sg_landscape *ls, sg_landscape_summary *out)
{
    igraph_vector_int_t member, size;
    sg_status st;

    memset(out, 0, sizeof *out);
    out->n_states = ls->n_states;
    out->n_edges = ls->n_edges;
    energies(ls, out);
    count_edges(ls, out);
    if ((st = degrees(ls, out)) != SG_OK) return st;
    if ((st = parallels(ls, out)) != SG_OK) return st;
    if ((st = components_of(&ls->graph, &member, &size)) != SG_OK) return st;
    out->n_components = (int)igraph_vector_int_size(&size);
    for (int c = 0; c < out->n_components; c++)
        if (VECTOR(size)[c] > out->largest) out->largest = (int)VECTOR(size)[c];
    igraph_vector_int_destroy(&member);
    igraph_vector_int_destroy(&size);
    return SG_OK;
}

sg_status sg_landscape_state_edges(const sg_landscape *ls, uint64_t state, sg_landscape_exit **out, int *n)
{
    igraph_vector_int_t incident;
    sg_landscape_exit *list = NULL;
    const int vertex = sg_landscape_vertex(ls, state);
    igraph_error_t error;
    sg_status st = SG_OK;
    int count = 0;

    *out = NULL;
    *n = 0;
    if (vertex < 0) return sg_fail(SG_ENOTFOUND, "no state %llu in the landscape", (unsigned long long)state);
    igraph_set_error_handler(igraph_error_handler_ignore);
    if ((error = igraph_vector_int_init(&incident, 0)) != IGRAPH_SUCCESS)
        return sg_landscape_backend(error, "edges of a state");
    if ((error = igraph_incident(&ls->graph, &incident, vertex, IGRAPH_ALL)) != IGRAPH_SUCCESS) {
        st = sg_landscape_backend(error, "edges of a state");
        goto done;
    }
    list = sg_calloc((size_t)igraph_vector_int_size(&incident), sizeof *list);
    if (!list) {
        st = sg_fail(SG_ENOMEM, "edges of a state");
        goto done;
    }
    for (igraph_integer_t k = 0; k < igraph_vector_int_size(&incident); k++) {
        const int e = (int)VECTOR(incident)[k];
        int seen = 0; /* igraph names a self loop once per end */
        for (igraph_integer_t q = 0; q < k && ls->ends[e][0] == ls->ends[e][1]; q++)
            seen |= VECTOR(incident)[q] == e;
        if (!seen) list[count++] = exit_of(ls, e, vertex);
    }
    qsort(list, (size_t)count, sizeof *list, compare_exits);
    for (int a = 0; a < count; a++)
        for (int b = 0; b < a; b++)
            list[a].parallel += list[b].neighbour == list[a].neighbour;
    *out = list;
    *n = count;
done:
    igraph_vector_int_destroy(&incident);
    return st;
}

sg_status sg_landscape_components(const sg_landscape *ls, sg_landscape_rule rule, double threshold,
                                  int *label, int *n)
{
    unsigned char *keep = sg_calloc((size_t)ls->n_edges, 1);
    int *renamed = sg_calloc((size_t)ls->n_states, sizeof *renamed);
    igraph_t graph;
    igraph_vector_int_t member, size;
    sg_status st = SG_OK;

    *n = 0;
    if (!keep || !renamed) {
        st = sg_fail(SG_ENOMEM, "components");
        goto done;
    }
    for (int e = 0; e < ls->n_edges; e++)
        keep[e] = (unsigned char)joins(ls, e, rule, threshold);
    if ((st = sg_landscape_backend(sg_landscape_graph(ls, keep, &graph), "components")) != SG_OK) goto done;
    st = components_of(&graph, &member, &size);
    igraph_destroy(&graph);
    if (st != SG_OK) goto done;
    for (int v = 0; v < ls->n_states; v++)
        renamed[v] = -1;
    for (int v = 0; v < ls->n_states; v++) {
        int *name = &renamed[VECTOR(member)[v]];
        if (*name < 0) *name = (*n)++;
        label[v] = *name;
    }
    igraph_vector_int_destroy(&member);
    igraph_vector_int_destroy(&size);
done:
    sg_free(keep);
    sg_free(renamed);
    return st;
}

static void energies(const sg_landscape *ls, sg_landscape_summary *out)
{
    out->energy_min = out->energy_max = NAN;
    for (int v = 0; v < ls->n_states; v++) {
        const double e = ls->state[v].energy;
        out->n_visited += (ls->state[v].flags & SG_LANDSCAPE_VISITED) != 0;
        if (!(e >= out->energy_min)) {
            out->energy_min = e;
            out->lowest = ls->state[v].id;
        }
        if (!(e <= out->energy_max)) out->energy_max = e;
    }
}

static void count_edges(const sg_landscape *ls, sg_landscape_summary *out)
{
    out->barrier_min = out->barrier_max = NAN;
    for (int e = 0; e < ls->n_edges; e++) {
        if (ls->ends[e][0] == ls->ends[e][1]) {
            out->n_self_loops++;
            continue;
        }
        for (int side = 0; side < 2; side++) {
            const double barrier = ls->edge[e].e_saddle - ls->state[ls->ends[e][side]].energy;
            if (!(barrier >= out->barrier_min)) out->barrier_min = barrier;
            if (!(barrier <= out->barrier_max)) out->barrier_max = barrier;
        }
    }
}

static sg_status degrees(const sg_landscape *ls, sg_landscape_summary *out)
{
    igraph_vector_int_t degree;
    igraph_error_t error;

    igraph_set_error_handler(igraph_error_handler_ignore);
    if ((error = igraph_vector_int_init(&degree, 0)) != IGRAPH_SUCCESS)
        return sg_landscape_backend(error, "degrees");
    error = igraph_degree(&ls->graph, &degree, igraph_vss_all(), IGRAPH_ALL, 1);
    for (int v = 0; error == IGRAPH_SUCCESS && v < ls->n_states; v++) {
        const int d = (int)VECTOR(degree)[v];
        if (v == 0 || d < out->degree_min) out->degree_min = d;
        if (d > out->degree_max) out->degree_max = d;
        out->degree_mean += (double)d / ls->n_states;
        out->degree_count[d < SG_LANDSCAPE_DEGREES ? d : SG_LANDSCAPE_DEGREES - 1]++;
    }
    igraph_vector_int_destroy(&degree);
    return sg_landscape_backend(error, "degrees");
}

/* igraph marks every edge beyond the first between the same two vertices, self loops among them. */
static sg_status parallels(const sg_landscape *ls, sg_landscape_summary *out)
{
    igraph_vector_bool_t multiple;
    igraph_error_t error;

    if ((error = igraph_vector_bool_init(&multiple, 0)) != IGRAPH_SUCCESS)
        return sg_landscape_backend(error, "parallel edges");
    error = igraph_is_multiple(&ls->graph, &multiple, igraph_ess_all(IGRAPH_EDGEORDER_ID));
    for (int e = 0; error == IGRAPH_SUCCESS && e < ls->n_edges; e++)
        out->n_parallel += VECTOR(multiple)[e] && ls->ends[e][0] != ls->ends[e][1];
    igraph_vector_bool_destroy(&multiple);
    return sg_landscape_backend(error, "parallel edges");
}

/* Both vectors are initialised on success only. */
static sg_status components_of(const igraph_t *graph, igraph_vector_int_t *member, igraph_vector_int_t *size)
{
    igraph_error_t error;

    igraph_set_error_handler(igraph_error_handler_ignore);
    if ((error = igraph_vector_int_init(member, 0)) != IGRAPH_SUCCESS)
        return sg_landscape_backend(error, "components");
    if ((error = igraph_vector_int_init(size, 0)) == IGRAPH_SUCCESS) {
        error = igraph_connected_components(graph, member, size, NULL, IGRAPH_WEAK);
        if (error == IGRAPH_SUCCESS) return SG_OK;
        igraph_vector_int_destroy(size);
    }
    igraph_vector_int_destroy(member);
    return sg_landscape_backend(error, "components");
}

static sg_landscape_exit exit_of(const sg_landscape *ls, int e, int vertex)
{
    const int reverse = ls->ends[e][0] != vertex, other = ls->ends[e][!reverse];
    const double top = ls->edge[e].e_saddle;

    return (sg_landscape_exit){.edge = ls->edge[e].id,
                               .neighbour = ls->state[other].id,
                               .barrier = top - ls->state[vertex].energy,
                               .barrier_back = top - ls->state[other].energy,
                               .reverse = reverse};
}

static int compare_exits(const void *left, const void *right)
{
    const sg_landscape_exit *l = left, *r = right;

    if (l->barrier != r->barrier) return l->barrier < r->barrier ? -1 : 1;
    return l->edge < r->edge ? -1 : l->edge > r->edge;
}

static int joins(const sg_landscape *ls, int e, sg_landscape_rule rule, double threshold)
{
    const double top = ls->edge[e].e_saddle;

    if (rule == SG_LANDSCAPE_BY_ENERGY) return top <= threshold;
    return top - ls->state[ls->ends[e][0]].energy <= threshold &&
           top - ls->state[ls->ends[e][1]].energy <= threshold;
}
