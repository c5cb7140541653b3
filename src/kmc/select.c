/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rates in a complete binary tree stored by levels: node 1 is the root, node i has the children 2i and 2i +
 * 1, leaf k is node leaves + k, missing leaves are zero. Invariant: node = left + right, always added anew,
 * never corrected by a difference, so that a tree built from a stored table equals one that has grown old. */
#include "slowglass/kmc/core.h"

#include <assert.h>
#include <limits.h>
#include <math.h>

#include "slowglass/core/memory.h"

struct sg_rate_tree {
    int n;
    int leaves;   /* power of two >= n */
    double *node; /* [2 * leaves], node[0] unused */
};

sg_status sg_rate_tree_create(int n, const double *rates, sg_rate_tree **out)
{
    sg_status st = SG_OK;
    sg_rate_tree *tree = NULL;
    int leaves = 1;

    *out = NULL;
    if (n < 0 || n > INT_MAX / 4) return sg_fail(SG_EINVAL, "%d rates, need 0 .. %d", n, INT_MAX / 4);
    for (int k = 0; k < n; k++)
        if (!(rates[k] >= 0.0 && isfinite(rates[k])))
            return sg_fail(SG_EINVAL, "rate %d is %g, need finite and >= 0", k, rates[k]);
    while (leaves < n)
        leaves *= 2;
    tree = sg_calloc(1, sizeof *tree);
    if (!tree) {
        st = sg_fail(SG_ENOMEM, "rate tree");
        goto done;
    }
    tree->node = sg_calloc(2 * (size_t)leaves, sizeof *tree->node);
    if (!tree->node) {
        st = sg_fail(SG_ENOMEM, "rate tree of %d rates", n);
        goto done;
    }
    tree->n = n;
    tree->leaves = leaves;
    for (int k = 0; k < n; k++)
        tree->node[leaves + k] = rates[k];
    for (int i = leaves - 1; i > 0; i--)
        tree->node[i] = tree->node[2 * i] + tree->node[2 * i + 1];
    if (!isfinite(tree->node[1])) {
        st = sg_fail(SG_EINVAL, "the sum of %d rates overflows", n);
        goto done;
    }
    *out = tree;
    tree = NULL;
done:
    sg_rate_tree_free(tree);
    return st;
}

void sg_rate_tree_free(sg_rate_tree *tree)
{
    if (!tree) return;
    sg_free(tree->node);
    sg_free(tree);
}

void sg_rate_tree_set(sg_rate_tree *tree, int k, double rate)
{
    assert(k >= 0 && k < tree->n && rate >= 0.0 && isfinite(rate));
    int i = tree->leaves + k;
    tree->node[i] = rate;
    for (i /= 2; i > 0; i /= 2)
        tree->node[i] = tree->node[2 * i] + tree->node[2 * i + 1];
}

double sg_rate_tree_rate(const sg_rate_tree *tree, int k)
{
    assert(k >= 0 && k < tree->n);
    return tree->node[tree->leaves + k];
}

double sg_rate_tree_total(const sg_rate_tree *tree)
{
    return tree->node[1];
}

int sg_rate_tree_select(const sg_rate_tree *tree, double u)
{
    double r = u * tree->node[1];
    int i = 1;

    assert(tree->node[1] > 0.0 && u > 0.0 && u < 1.0);
    while (i <
           tree->leaves) { /* node i > 0, hence one child is; rounding may leave r a little above node i */
        const double left = tree->node[2 * i], right = tree->node[2 * i + 1];
        if (r < left || right == 0.0) {
            i = 2 * i;
        } else {
            i = 2 * i + 1;
            r -= left;
        }
    }
    return i - tree->leaves;
}
