/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a step that left a basin was like while it lasted: mean and spread of E_IS and tau over its states,
 * each weighted with the time that this very step spent there. So the sum of dt * mean over the steps is the
 * integral of E_IS(t) along the walk that was drawn, and in a long stay, when the walk has been everywhere
 * many times, the mean is that of the quasi-equilibrium. Kept under the name "basin <step>" of the catalog's
 * meta records: two whole numbers of 64 bits, then four of 64-bit floating point, little-endian. */
#include "kmc_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { N_WHOLE = 2, N_REAL = 4, STAY_SIZE = 8 * (N_WHOLE + N_REAL) };

typedef struct moments {
    double mean, spread;
} moments;

/* Weighted, about the value of the first state: energies of a whole cell differ in their last digits only. */
static moments moments_of(const group *g, const sg_explorer *ex, double (*value)(const sg_cat_state *s))
{
    const double about = value(sg_explorer_state(ex, g->state[0]));
    double time = 0, sum = 0, squares = 0;

    for (int k = 0; k < g->n_states; k++) {
        time += g->stay[k];
        sum += g->stay[k] * (value(sg_explorer_state(ex, g->state[k])) - about);
    }
    const double mean = sum / time;
    for (int k = 0; k < g->n_states; k++) {
        const double off = value(sg_explorer_state(ex, g->state[k])) - about - mean;
        squares += g->stay[k] * off * off;
    }
    return (moments){about + mean, sqrt(squares / time)};
}

static double energy_of(const sg_cat_state *s)
{
    return s->energy;
}

static double shear_of(const sg_cat_state *s) /* eV, in the whole cell */
{
    return s->virial[3];
}

sg_stay stay_of(const group *g, const sg_explorer *ex, double volume)
{
    const moments energy = moments_of(g, ex, energy_of), shear = moments_of(g, ex, shear_of);
    const double gpa = SG_GPA_PER_EV_A3 / volume;

    return (sg_stay){.is_full = g->is_full,
                     .energy = energy.mean,
                     .energy_spread = energy.spread,
                     .tau = shear.mean * gpa,
                     .tau_spread = shear.spread * gpa};
}

static void name_of(uint64_t step, char name[40])
{
    snprintf(name, 40, "basin %" PRIu64, step);
}

sg_status stay_put(sg_catalog *cat, const sg_stay *s)
{
    const double real[N_REAL] = {s->energy, s->energy_spread, s->tau, s->tau_spread};
    unsigned char bytes[STAY_SIZE];
    char name[40];

    name_of(s->step, name);
    sg_put_u64(bytes, s->last);
    sg_put_u64(bytes + 8, (uint64_t)s->is_full);
    for (int k = 0; k < N_REAL; k++)
        sg_put_f64(bytes + 8 * (N_WHOLE + k), real[k]);
    return sg_catalog_put_meta(cat, name, bytes, sizeof bytes);
}

sg_status sg_kmc_stay(sg_catalog *cat, uint64_t step, sg_stay *out)
{
    char name[40];
    void *bytes = NULL;
    size_t n = 0;

    *out = (sg_stay){.step = step};
    name_of(step, name);
    sg_status st = sg_catalog_get_meta(cat, name, &bytes, &n);
    if (st == SG_OK && n != STAY_SIZE)
        st = sg_fail(SG_ECORRUPT, "basin of step %" PRIu64 ": %zu bytes, expected %d", step, n, STAY_SIZE);
    if (st == SG_OK) {
        const unsigned char *p = bytes;
        double *const real[N_REAL] = {&out->energy, &out->energy_spread, &out->tau, &out->tau_spread};
        out->last = sg_get_u64(p);
        out->is_full = sg_get_u64(p + 8) != 0;
        for (int k = 0; k < N_REAL; k++)
            *real[k] = sg_get_f64(p + 8 * (N_WHOLE + k));
    }
    sg_free(bytes);
    return st;
}
