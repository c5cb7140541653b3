/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Atoms: storage, strain, validation, hash. One array per property; index i is the atom
 * everywhere. */
#include "slowglass/system.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static sg_status validate_species(const sg_system *sys);
static sg_status validate_ids(const sg_system *sys);
static int compare_int(const void *a, const void *b);

sg_status sg_system_create(int n, sg_system **out)
{
    sg_status st = SG_OK;
    sg_system *sys = NULL;

    *out = NULL;
    if (n < 1) return sg_fail(SG_EINVAL, "%d atoms, need at least 1", n);
    const size_t count = (size_t)n;
    sys = sg_calloc(1, sizeof *sys);
    if (!sys) {
        st = sg_fail(SG_ENOMEM, "system");
        goto done;
    }
    sys->n = n;
    sys->x = sg_calloc(count, sizeof *sys->x);
    sys->type = sg_calloc(count, sizeof *sys->type);
    sys->id = sg_calloc(count, sizeof *sys->id);
    sys->fixed = sg_calloc(count, sizeof *sys->fixed);
    if (!sys->x || !sys->type || !sys->id || !sys->fixed) {
        st = sg_fail(SG_ENOMEM, "system of %d atoms", n);
        goto done;
    }
    for (int i = 0; i < n; i++)
        sys->id[i] = i + 1;
    *out = sys;
    sys = NULL;
done:
    sg_system_free(sys);
    return st;
}

sg_status sg_system_copy(const sg_system *from, sg_system **out)
{
    const sg_status st = sg_system_create(from->n, out);

    if (st != SG_OK) return st;
    sg_system *sys = *out;
    const size_t n = (size_t)from->n;
    memcpy(sys->x, from->x, n * sizeof *sys->x);
    memcpy(sys->type, from->type, n * sizeof *sys->type);
    memcpy(sys->id, from->id, n * sizeof *sys->id);
    memcpy(sys->fixed, from->fixed, n * sizeof *sys->fixed);
    sys->n_fixed = from->n_fixed;
    sys->species = from->species;
    sys->cell = from->cell;
    return SG_OK;
}

void sg_system_free(sg_system *sys)
{
    if (!sys) return;
    sg_free(sys->x);
    sg_free(sys->type);
    sg_free(sys->id);
    sg_free(sys->fixed);
    sg_free(sys);
}

sg_status sg_system_set_strain(sg_system *sys, double gamma)
{
    const double dgamma = gamma - sys->cell.gamma;
    sg_cell cell;
    const sg_status st = sg_cell_init(&cell, (const double(*)[3])sys->cell.h0, gamma, sys->cell.periodic);

    if (st != SG_OK) return st;
    for (int i = 0; i < sys->n; i++)
        sys->x[i][0] += dgamma * sys->x[i][1];
    sys->cell = cell;
    return SG_OK;
}

sg_status sg_system_validate(const sg_system *sys)
{
    int n_fixed = 0;
    sg_status st = validate_species(sys);

    if (st != SG_OK) return st;
    for (int i = 0; i < sys->n; i++) {
        for (int k = 0; k < 3; k++)
            if (!isfinite(sys->x[i][k]))
                return sg_fail(SG_EINVAL, "atom %d: %c is not a finite number", sys->id[i], "xyz"[k]);
        if (sys->type[i] < 0 || sys->type[i] >= sys->species.n)
            return sg_fail(SG_EINVAL, "atom %d: type %d, expected 1 to %d", sys->id[i], sys->type[i] + 1,
                           sys->species.n);
        if (sys->id[i] < 1) return sg_fail(SG_EINVAL, "atom %d: ids must be at least 1", sys->id[i]);
        n_fixed += sys->fixed[i] != 0;
    }
    if (n_fixed != sys->n_fixed)
        return sg_fail(SG_EINVAL, "%d atoms are marked fixed, the count says %d", n_fixed, sys->n_fixed);
    return validate_ids(sys);
}

uint64_t sg_system_hash(const sg_system *sys)
{
    const size_t n = (size_t)sys->n;
    uint64_t h = sg_hash(&sys->n, sizeof sys->n, 0);

    h = sg_hash(sys->cell.h0, sizeof sys->cell.h0, h);
    h = sg_hash(&sys->cell.gamma, sizeof sys->cell.gamma, h);
    h = sg_hash(sys->cell.periodic, sizeof sys->cell.periodic, h);
    for (int k = 0; k < sys->species.n; k++) {
        h = sg_hash(sys->species.symbol[k], strlen(sys->species.symbol[k]) + 1, h);
        h = sg_hash(&sys->species.mass[k], sizeof(double), h);
    }
    h = sg_hash(sys->type, n * sizeof *sys->type, h);
    h = sg_hash(sys->id, n * sizeof *sys->id, h);
    h = sg_hash(sys->fixed, n * sizeof *sys->fixed, h);
    return sg_hash(sys->x, n * sizeof *sys->x, h);
}

static sg_status validate_species(const sg_system *sys)
{
    if (sys->n < 1) return sg_fail(SG_EINVAL, "%d atoms, need at least 1", sys->n);
    if (sys->species.n < 1 || sys->species.n > SG_MAX_SPECIES)
        return sg_fail(SG_EINVAL, "%d species, need 1 to %d", sys->species.n, SG_MAX_SPECIES);
    for (int k = 0; k < sys->species.n; k++)
        if (!(sys->species.mass[k] > 0.0) || !isfinite(sys->species.mass[k]))
            return sg_fail(SG_EINVAL, "species %s: mass %g amu, need > 0", sys->species.symbol[k],
                           sys->species.mass[k]);
    if (!(sys->cell.volume > 0.0))
        return sg_fail(SG_EINVAL, "cell volume %g Å^3, need > 0", sys->cell.volume);
    return SG_OK;
}

static sg_status validate_ids(const sg_system *sys)
{
    const size_t n = (size_t)sys->n;
    sg_status st = SG_OK;
    int *sorted = sg_calloc(n, sizeof *sorted);

    if (!sorted) return sg_fail(SG_ENOMEM, "ids of %d atoms", sys->n);
    memcpy(sorted, sys->id, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_int);
    for (size_t i = 1; i < n && st == SG_OK; i++)
        if (sorted[i] == sorted[i - 1])
            st = sg_fail(SG_EINVAL, "atom id %d occurs more than once", sorted[i]);
    sg_free(sorted);
    return st;
}

static int compare_int(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}
