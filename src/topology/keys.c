/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of all atoms, brought up to date by asking igraph only where the bond graph of a shell has changed.
 *
 * A shell's graph is fixed by its row of bonds (which atoms) and by one mask per entry (which of the others
 * in the row it is bonded to). Equal rows and masks mean the same coloured graph, hence the same key. */
#include <string.h>

#include "topology_internal.h"

static sg_status scan(const sg_system *sys, const sg_keys *old, sg_keys *new, int *n_rekeyed);
static int same_row(const sg_keys *old, const sg_keys *new, int atom);

sg_status sg_keys_create(const sg_system *sys, const sg_topology_params *params, sg_keys **out)
{
    sg_keys *keys = NULL;
    sg_status st;

    *out = NULL;
    if (!(keys = sg_calloc(1, sizeof *keys))) return sg_fail(SG_ENOMEM, "keys of %d atoms", sys->n);
    keys->n = sys->n;
    keys->params = *params;
    if ((st = scan(sys, NULL, keys, NULL)) != SG_OK) goto done;
    *out = keys;
    keys = NULL;
done:
    sg_keys_free(keys);
    return st;
}

sg_status sg_keys_update(sg_keys *keys, const sg_system *sys, int *n_rekeyed)
{
    sg_keys new = {.n = keys->n, .params = keys->params}, old;
    sg_status st;

    if (n_rekeyed) *n_rekeyed = 0;
    if (sys->n != keys->n) return sg_fail(SG_EINVAL, "keys of %d atoms, structure of %d", keys->n, sys->n);
    st = scan(sys, keys, &new, n_rekeyed);
    if (st == SG_OK) { /* exchange the contents, free the old ones */
        old = *keys;
        *keys = new;
        new = old;
    }
    sg_free(new.key);
    sg_free(new.mask);
    sg_bonds_free(new.bonds);
    return st;
}

void sg_keys_free(sg_keys *keys)
{
    if (!keys) return;
    sg_free(keys->key);
    sg_free(keys->mask);
    sg_bonds_free(keys->bonds);
    sg_free(keys);
}

/* Fill bonds, masks and keys of `new`, taking over keys of `old` (may be NULL) where nothing has changed. */
static sg_status scan(const sg_system *sys, const sg_keys *old, sg_keys *new, int *n_rekeyed)
{
    sg_environment env;
    sg_shell shell;
    sg_status st;
    int rekeyed = 0;

    if ((st = sg_bonds_create(sys, &new->params, &new->bonds)) != SG_OK) return st;
    new->key = sg_calloc((size_t) new->n, sizeof *new->key);
    new->mask = sg_calloc((size_t) new->bonds->first[new->n], sizeof *new->mask);
    if (!new->key || !new->mask) return sg_fail(SG_ENOMEM, "keys of %d atoms", new->n);
    for (int i = 0; i < new->n; i++) {
        if ((st = sg_shell_gather(sys, &new->params, new->bonds, i, &shell)) != SG_OK) return st;
        memcpy(new->mask + new->bonds->first[i], shell.graph.adjacent + 1,
               (size_t)(shell.graph.n - 1) * sizeof *new->mask);
        if (old && same_row(old, new, i)) {
            new->key[i] = old->key[i];
            continue;
        }
        if ((st = sg_shell_environment(sys, &new->params, &shell, &env)) != SG_OK) return st;
        new->key[i] = env.key;
        rekeyed++;
    }
    if (n_rekeyed) *n_rekeyed = rekeyed;
    return SG_OK;
}

static int same_row(const sg_keys *old, const sg_keys *new, int atom)
{
    const int a = old->bonds->first[atom], b = new->bonds->first[atom];
    const size_t n = (size_t)(new->bonds->first[atom + 1] - b);

    if ((size_t)(old->bonds->first[atom + 1] - a) != n) return 0;
    return !memcmp(old->bonds->j + a, new->bonds->j + b, n * sizeof *new->bonds->j) &&
           !memcmp(old->mask + a, new->mask + b, n * sizeof *new->mask);
}
