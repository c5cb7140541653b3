/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which state has given positions, among many: the defect of a crystal visits thousands of the same energy.
 *
 * A binary tree over the states. A node asks for one number, the energy or the place of one atom along one
 * cell vector as seen from an atom far away, and lies in a gap of the numbers of the states below it. States
 * are the same when each such number agrees to within a bound; so only one branch need be looked at, or both
 * if the number lies within that bound of the node's. What is left at the leaf is compared in full. The
 * lowest state counts, so that the answer is that of a comparison with all states, whatever the tree is like.
 *
 * Places are fractional and wrap round; close to the wrap both branches are looked at. A leaf that overflows
 * is split where the gap is wide and as many states lie on one side as on the other; if there is no gap it
 * grows. In a free cluster, whose states may be turned against each other, only energies are asked for. */
#include "explore_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAF = 6, MOST = 64 };       /* states in a leaf before it is split; numbers compared in doing so */
static const double margin = 1.01;  /* of bounds: rounding */
static const double wide_gap = 1.5; /* in bounds, on either side of the cut */

typedef struct node {
    int question; /* -1: energy; 3 atom + vector; leaf: -2 */
    double cut;
    size_t below, above; /* nodes */
    uint32_t n, capacity, split_at;
    uint32_t *state; /* [n] of a leaf */
} node;

struct whereabouts {
    double gamma;    /* of the states entered: those of another strain are others */
    double bound[3]; /* fractional, along each vector */
    node *node;
    size_t n_nodes, capacity, n_states; /* states entered */
};

void whereabouts_free(whereabouts *w)
{
    if (!w) return;
    for (size_t k = 0; k < w->n_nodes; k++)
        sg_free(w->node[k].state);
    sg_free(w->node);
    sg_free(w);
}

static sg_status add_leaf(whereabouts *w, size_t *index)
{
    if (sg_grow((void **)&w->node, &w->capacity, w->n_nodes + 1, sizeof *w->node) != 0)
        return sg_fail(SG_ENOMEM, "tree of states");
    w->node[w->n_nodes] = (node){.question = -2, .split_at = LEAF};
    *index = w->n_nodes++;
    return SG_OK;
}

static sg_status begin(sg_explorer *ex)
{
    whereabouts *w = ex->whereabouts = sg_calloc(1, sizeof *w);
    double height[3];
    size_t root;

    if (!w) return sg_fail(SG_ENOMEM, "tree of states");
    w->gamma = ex->frame->cell.gamma;
    sg_cell_heights(&ex->frame->cell, height);
    for (int a = 0; a < 3; a++) /* atom and far atom may both be off */
        w->bound[a] = 2 * margin * ex->opt.saddle.identity_distance / height[a];
    return add_leaf(w, &root);
}

/* --- questions --- */

static double answer(const sg_explorer *ex, int question, double energy, positions x)
{
    if (question < 0) return energy;
    const int n = ex->frame->n, atom = question / 3, far = (atom + n / 3 + 1) % n, a = question % 3;
    const sg_cell *cell = &ex->frame->cell;
    double s = 0;

    for (int c = 0; c < 3; c++)
        s += (x[atom][c] - x[far][c]) * cell->hinv[c][a];
    return cell->periodic[a] ? s - rint(s) : s;
}

static double bound_of(const sg_explorer *ex, int question)
{
    return question < 0 ? margin * ex->opt.saddle.identity_energy : ex->whereabouts->bound[question % 3];
}

/* A place so close to half the cell away that it may be given from the other side. */
static int near_wrap(const sg_explorer *ex, int question, double value)
{
    return question >= 0 && ex->frame->cell.periodic[question % 3] &&
           fabs(value) > 0.5 - bound_of(ex, question);
}

/* Which branches a number leads to: bit 0 below, bit 1 above. */
static unsigned branches(const sg_explorer *ex, const node *q, double value)
{
    const double bound = bound_of(ex, q->question);

    if (near_wrap(ex, q->question, value)) return 3;
    return (value < q->cut + bound ? 1U : 0U) | (value > q->cut - bound ? 2U : 0U);
}

/* --- growing --- */

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The best place to cut the leaf's answers, and how many lie on its smaller side; 0: no gap is wide enough.
 */
static int best_cut(const sg_explorer *ex, const node *leaf, int question, double *cut)
{
    double v[MOST];
    int n = leaf->n < MOST ? (int)leaf->n : MOST, best = 0;

    for (int k = 0; k < n; k++) {
        const sg_cat_state *s = &ex->state[leaf->state[k]];
        v[k] = answer(ex, question, s->energy, x_of(ex, s->id));
        if (near_wrap(ex, question, v[k])) return 0;
    }
    qsort(v, (size_t)n, sizeof *v, compare_doubles);
    for (int k = 1; k < n; k++) {
        const int smaller = k < n - k ? k : n - k;
        if (smaller <= best || v[k] - v[k - 1] < 2 * wide_gap * bound_of(ex, question)) continue;
        best = smaller;
        *cut = 0.5 * (v[k] + v[k - 1]);
    }
    return best;
}

static sg_status put_in_leaf(node *leaf, uint32_t state)
{
    if (leaf->n == leaf->capacity) {
        const uint32_t room = leaf->capacity > 0 ? 2 * leaf->capacity : LEAF + 1;
        uint32_t *const grown = sg_realloc(leaf->state, room, sizeof *grown);
        if (!grown) return sg_fail(SG_ENOMEM, "tree of states");
        leaf->state = grown;
        leaf->capacity = room;
    }
    leaf->state[leaf->n++] = state;
    return SG_OK;
}

static sg_status split(sg_explorer *ex, size_t index)
{
    whereabouts *const w = ex->whereabouts;
    const int n_questions = sg_system_zero_modes(ex->frame) > 3 ? 0 : 3 * ex->frame->n;
    node old = w->node[index];
    int most = 0;
    double cut = 0;

    for (int q = -1; q < n_questions && most < (int)old.n / 4; q++) {
        const int smaller = best_cut(ex, &old, q, &cut);
        if (smaller <= most) continue;
        most = smaller;
        old.question = q;
        old.cut = cut;
    }
    if (most == 0) { /* asked again when there are twice as many */
        w->node[index].split_at *= 2;
        return SG_OK;
    }
    sg_status st = add_leaf(w, &old.below);
    if (st == SG_OK) st = add_leaf(w, &old.above);
    for (uint32_t k = 0; k < old.n && st == SG_OK; k++) {
        const sg_cat_state *s = &ex->state[old.state[k]];
        const int above = answer(ex, old.question, s->energy, x_of(ex, s->id)) > old.cut;
        st = put_in_leaf(&w->node[above ? old.above : old.below], old.state[k]);
    }
    if (st != SG_OK) return st;
    sg_free(old.state);
    old.state = NULL;
    w->node[index] = old;
    return SG_OK;
}

static sg_status enter(sg_explorer *ex, uint32_t state)
{
    whereabouts *const w = ex->whereabouts;
    const sg_cat_state *s = &ex->state[state];
    size_t k = 0;

    while (w->node[k].question > -2) {
        const node *q = &w->node[k];
        k = answer(ex, q->question, s->energy, x_of(ex, s->id)) > q->cut ? q->above : q->below;
    }
    const sg_status st = put_in_leaf(&w->node[k], state);
    return st == SG_OK && w->node[k].n > w->node[k].split_at ? split(ex, k) : st;
}

/* --- asking --- */

/* Two atoms displaced so differently that no drift brings both within the distance at which states are the
 * same: most comparisons end here. */
static int surely_other(const sg_explorer *ex, positions a, positions b)
{
    const int n = ex->frame->n;
    const double limit = 2 * margin * ex->opt.saddle.identity_distance;
    double drift[3], d[3];

    if (sg_system_zero_modes(ex->frame) > 3) return 0;
    for (int c = 0; c < 3; c++)
        drift[c] = b[0][c] - a[0][c];
    for (int i = 1; i < n; i++) {
        for (int c = 0; c < 3; c++)
            d[c] = b[i][c] - a[i][c] - drift[c];
        sg_cell_minimum_image(&ex->frame->cell, d);
        if (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] > limit * limit) return 1;
    }
    return 0;
}

static void look(const sg_explorer *ex, size_t index, double energy, positions x, uint64_t *best)
{
    const node *q = &ex->whereabouts->node[index];

    if (q->question > -2) {
        const unsigned way = branches(ex, q, answer(ex, q->question, energy, x));
        if (way & 1U) look(ex, q->below, energy, x, best);
        if (way & 2U) look(ex, q->above, energy, x, best);
        return;
    }
    for (uint32_t k = 0; k < q->n; k++) {
        const sg_cat_state *s = &ex->state[q->state[k]];
        if (s->id >= *best || fabs(s->energy - energy) >= ex->opt.saddle.identity_energy ||
            surely_other(ex, x_of(ex, s->id), x))
            continue;
        if (sg_system_displacement(ex->frame, x_of(ex, s->id), x, NULL, NULL) <
            ex->opt.saddle.identity_distance)
            *best = s->id;
    }
}

sg_status whereabouts_find(sg_explorer *ex, double energy, positions x, uint64_t *id)
{
    if (ex->whereabouts && !is_of_this_strain(ex, ex->whereabouts->gamma)) { /* a tree has one cell */
        whereabouts_free(ex->whereabouts);
        ex->whereabouts = NULL;
    }
    sg_status st = ex->whereabouts ? SG_OK : begin(ex);

    *id = ex->n_states;
    for (; st == SG_OK && ex->whereabouts->n_states < ex->n_states; ex->whereabouts->n_states++) {
        if (is_of_this_strain(ex, ex->state[ex->whereabouts->n_states].gamma))
            st = enter(ex, (uint32_t)ex->whereabouts->n_states);
        near_trim_positions(ex);
    }
    if (st == SG_OK) look(ex, 0, energy, x, id);
    return st;
}
