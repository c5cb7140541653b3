/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order the states of a basin are eliminated, and which pairs of them that ever concerns.
 *
 * Eliminating a state links all its neighbours with one another. The next one is always a state with the
 * fewest neighbours (the first of these): in a basin whose states have few low saddles each, most pairs never
 * meet. Rows of bits hold who is linked to whom while the order is made. Source of the rule: Tinney & Walker,
 * Proc. IEEE 55, 1801 (1967). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "basin_order.h"
#include "slowglass/core/memory.h"

typedef struct rows { /* of bits: symmetric, no state with itself */
    int n;
    size_t words;  /* per row */
    uint64_t *bit; /* [n][words] */
    int *degree;   /* [n] neighbours left; -1: eliminated */
} rows;

static sg_status choose_states(int n_transient, int n_edges, const sg_basin_edge *edges, basin_order *o);
static sg_status fill_rows(int n_edges, const sg_basin_edge *edges, const basin_order *o, rows *r);
static sg_status eliminate_all(const rows *r, basin_order *o, int *position);
static void rename_links(basin_order *o, const int *position);
static sg_status list_lower(basin_order *o);

sg_status basin_order_make(int n_transient, int n_edges, const sg_basin_edge *edges, basin_order *o)
{
    rows r = {0};
    int *position = NULL;
    sg_status st;

    *o = (basin_order){.n_transient = n_transient};
    if ((st = choose_states(n_transient, n_edges, edges, o)) != SG_OK) goto done;
    if ((st = fill_rows(n_edges, edges, o, &r)) != SG_OK) goto done;
    position = sg_calloc((size_t)o->n + 1, sizeof *position);
    o->first = sg_calloc((size_t)o->n + 1, sizeof *o->first);
    if (!position || !o->first) {
        st = sg_fail(SG_ENOMEM, "basin of %d states", o->n);
        goto done;
    }
    if ((st = eliminate_all(&r, o, position)) != SG_OK) goto done;
    rename_links(o, position);
    st = list_lower(o);
done:
    sg_free(position);
    sg_free(r.bit);
    sg_free(r.degree);
    if (st != SG_OK) basin_order_clear(o);
    return st;
}

void basin_order_clear(basin_order *o)
{
    sg_free(o->place);
    sg_free(o->first);
    sg_free(o->higher);
    sg_free(o->first_lower);
    sg_free(o->lower);
    memset(o, 0, sizeof *o);
}

size_t basin_order_link(const basin_order *o, int i, int j)
{
    size_t low = o->first[i], high = o->first[i + 1];

    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (o->higher[middle] <= j)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* In sweeps over the edges until nothing changes: at most n_transient of them, usually two or three. */
static sg_status choose_states(int n_transient, int n_edges, const sg_basin_edge *edges, basin_order *o)
{
    char *leaves = sg_calloc((size_t)n_transient, 1);
    int changed = 1;

    o->place = sg_calloc((size_t)n_transient, sizeof *o->place);
    if (!leaves || !o->place) {
        sg_free(leaves);
        return sg_fail(SG_ENOMEM, "basin of %d states", n_transient);
    }
    while (changed) { /* what has a way out */
        changed = 0;
        for (int e = 0; e < n_edges; e++)
            if (edges[e].rate > 0.0 && !leaves[edges[e].from] &&
                (edges[e].to >= n_transient || leaves[edges[e].to]))
                leaves[edges[e].from] = 1, changed = 1;
    }
    for (changed = 1; changed;) { /* less what leads to a state without */
        changed = 0;
        for (int e = 0; e < n_edges; e++)
            if (edges[e].rate > 0.0 && leaves[edges[e].from] && edges[e].to < n_transient &&
                !leaves[edges[e].to])
                leaves[edges[e].from] = 0, changed = 1;
    }
    for (int s = 0; s < n_transient; s++)
        o->place[s] = leaves[s] ? o->n++ : -1;
    sg_free(leaves);
    return SG_OK;
}

static inline uint64_t *row_of(const rows *r, int i)
{
    return r->bit + (size_t)i * r->words;
}

static int count_bits(const uint64_t *row, size_t words)
{
    int n = 0;

    for (size_t k = 0; k < words; k++)
        n += __builtin_popcountll(row[k]);
    return n;
}

static sg_status fill_rows(int n_edges, const sg_basin_edge *edges, const basin_order *o, rows *r)
{
    r->n = o->n;
    r->words = ((size_t)o->n + 63) / 64;
    r->bit = sg_calloc((size_t)r->n * r->words, sizeof *r->bit);
    r->degree = sg_calloc((size_t)r->n, sizeof *r->degree);
    if (!r->bit || !r->degree) return sg_fail(SG_ENOMEM, "basin of %d states", r->n);
    for (int e = 0; e < n_edges; e++) {
        const int i = o->place[edges[e].from];
        const int j = i < 0 || edges[e].to >= o->n_transient ? -1 : o->place[edges[e].to];
        if (edges[e].rate == 0.0 || j < 0 || i == j) continue;
        row_of(r, i)[j / 64] |= (uint64_t)1 << (j % 64);
        row_of(r, j)[i / 64] |= (uint64_t)1 << (i % 64);
    }
    for (int i = 0; i < r->n; i++)
        r->degree[i] = count_bits(row_of(r, i), r->words);
    return SG_OK;
}

/* Links of the state that is eliminated next, as states; its neighbours are linked to one another. */
static sg_status take_links(const rows *r, int state, basin_order *o, size_t *n, size_t *capacity)
{
    const uint64_t *row = row_of(r, state);

    if (sg_grow((void **)&o->higher, capacity, *n + (size_t)r->degree[state], sizeof *o->higher) != 0)
        return sg_fail(SG_ENOMEM, "basin of %d states", r->n);
    for (int i = 0; i < r->n; i++) {
        if (!(row[i / 64] >> (i % 64) & 1)) continue;
        uint64_t *other = row_of(r, i);
        for (size_t k = 0; k < r->words; k++)
            other[k] |= row[k];
        other[i / 64] &= ~((uint64_t)1 << (i % 64));
        other[state / 64] &= ~((uint64_t)1 << (state % 64));
        r->degree[i] = count_bits(other, r->words);
        o->higher[(*n)++] = i;
    }
    r->degree[state] = -1;
    return SG_OK;
}

static sg_status eliminate_all(const rows *r, basin_order *o, int *position)
{
    size_t n = 0, capacity = 0;

    for (int t = 0; t < r->n; t++) {
        int next = -1;
        for (int i = 0; i < r->n; i++)
            if (r->degree[i] >= 0 && (next < 0 || r->degree[i] < r->degree[next])) next = i;
        position[next] = t;
        o->first[t] = n;
        const sg_status st = take_links(r, next, o, &n, &capacity);
        if (st != SG_OK) return st;
    }
    o->first[r->n] = n;
    return SG_OK;
}

static int ascending(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static void rename_links(basin_order *o, const int *position)
{
    for (size_t k = 0; k < o->first[o->n]; k++)
        o->higher[k] = position[o->higher[k]];
    for (int t = 0; t < o->n; t++)
        if (o->first[t + 1] > o->first[t])
            qsort(o->higher + o->first[t], o->first[t + 1] - o->first[t], sizeof *o->higher, ascending);
    for (int s = 0; s < o->n_transient; s++)
        if (o->place[s] >= 0) o->place[s] = position[o->place[s]];
}

static sg_status list_lower(basin_order *o)
{
    o->first_lower = sg_calloc((size_t)o->n + 2, sizeof *o->first_lower);
    o->lower = sg_calloc(o->first[o->n], sizeof *o->lower);
    if (!o->first_lower || !o->lower) return sg_fail(SG_ENOMEM, "basin of %d states", o->n);
    for (size_t k = 0; k < o->first[o->n]; k++)
        o->first_lower[o->higher[k] + 2]++; /* how many, two places on: then where to put the next, one on */
    for (int i = 0; i < o->n; i++)
        o->first_lower[i + 2] += o->first_lower[i + 1];
    for (int t = 0; t < o->n; t++)
        for (size_t k = o->first[t]; k < o->first[t + 1]; k++)
            o->lower[o->first_lower[o->higher[k] + 1]++] = (basin_lower){t, k};
    return SG_OK;
}
