/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creation and fingerprint of potentials that are a sum over pairs. */
#include "pairwise.h"

#include <math.h>

static uint64_t fingerprint(const pairwise *p, int n_numbers);

sg_status pairwise_create(const sg_potential_ops *ops, int n_elements, const char *const elements[],
                          int n_numbers, const double *numbers, pairwise_fill fill, sg_potential **out)
{
    sg_status st = SG_OK;
    pairwise *p = NULL;

    *out = NULL;
    p = sg_calloc(1, sizeof *p);
    if (!p) {
        st = sg_fail(SG_ENOMEM, "potential %s", ops->name);
        goto done;
    }
    p->base.ops = ops;
    if ((st = sg_species_init(&p->base.species, n_elements, elements)) != SG_OK) goto done;
    for (int a = 0; a < n_elements; a++)
        for (int b = a; b < n_elements; b++, numbers += n_numbers) {
            pairwise_pair *const q = &p->pair[a][b];
            const double cutoff = numbers[n_numbers - 1];
            memcpy(q->number, numbers, (size_t)n_numbers * sizeof *numbers);
            q->r2_max = cutoff * cutoff;
            if ((st = fill(q, elements[a], elements[b])) != SG_OK) goto done;
            p->pair[b][a] = *q;
            p->base.cutoff = fmax(p->base.cutoff, cutoff);
        }
    p->base.fingerprint = fingerprint(p, n_numbers);
    *out = &p->base;
    p = NULL;
done:
    sg_free(p);
    return st;
}

void pairwise_free(sg_potential *self)
{
    sg_free(self);
}

static uint64_t fingerprint(const pairwise *p, int n_numbers)
{
    const sg_species *const s = &p->base.species;
    uint64_t hash = sg_hash(p->base.ops->name, strlen(p->base.ops->name), 0);
    int order[SG_MAX_SPECIES] = {0}; /* species by atomic number */

    for (int k = 0; k < s->n; k++) {
        int to = k;
        for (; to > 0 && s->number[order[to - 1]] > s->number[k]; to--)
            order[to] = order[to - 1];
        order[to] = k;
    }
    for (int k = 0; k < s->n; k++) {
        hash = sg_hash(&s->number[order[k]], sizeof s->number[0], hash);
        for (int m = 0; m <= k; m++)
            hash = sg_hash(p->pair[order[k]][order[m]].number, (size_t)n_numbers * sizeof(double), hash);
    }
    return hash;
}
