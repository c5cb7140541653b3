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

/* --- a stay that is cut --- */

enum {
    MOST_FOLLOWED = 256,
    N_VALUES = 4
}; /* states of a group whose law in time is computed: some seconds */

/* Numbers of each state: energy and shear about those of the first, and their squares. */
static void values_of(const group *g, const sg_explorer *ex, double *block, const double *value[N_VALUES])
{
    const sg_cat_state *const first = sg_explorer_state(ex, g->state[0]);
    const size_t n = (size_t)g->n_states;

    for (size_t k = 0; k < n; k++) {
        const sg_cat_state *const s = sg_explorer_state(ex, g->state[k]);
        const double e = energy_of(s) - energy_of(first), t = shear_of(s) - shear_of(first);
        block[k] = e;
        block[n + k] = e * e;
        block[2 * n + k] = t;
        block[3 * n + k] = t * t;
    }
    for (size_t v = 0; v < N_VALUES; v++)
        value[v] = block + v * n;
}

/* Larger groups: the time that the walk would spend in each until it leaves. Where nothing leads out there is
 * no other way than to follow it. */
static int is_followed(const group *g)
{
    return g->n_states <= MOST_FOLLOWED || !(g->rate_out > 0);
}

static void means_of_residence(const group *g, const double *const value[N_VALUES], double mean[N_VALUES])
{
    double time = 0;

    for (int k = 0; k < g->n_states; k++)
        time += g->residence[k];
    for (int v = 0; v < N_VALUES; v++) {
        mean[v] = 0;
        for (int k = 0; k < g->n_states; k++)
            mean[v] += g->residence[k] / time * value[v][k];
    }
}

static sg_stay stay_from(const group *g, const sg_explorer *ex, double volume, const double mean[N_VALUES])
{
    const sg_cat_state *const first = sg_explorer_state(ex, g->state[0]);
    const double gpa = SG_GPA_PER_EV_A3 / volume;

    return (sg_stay){.is_full = g->is_full,
                     .energy = energy_of(first) + mean[0],
                     .energy_spread = sqrt(fmax(mean[1] - mean[0] * mean[0], 0)),
                     .tau = (shear_of(first) + mean[2]) * gpa,
                     .tau_spread = sqrt(fmax(mean[3] - mean[2] * mean[2], 0)) * gpa};
}

sg_status stay_cut(const group *g, const sg_explorer *ex, double volume, double time, sg_rng *rng,
                   uint64_t *state, sg_stay *stay)
{
    const size_t n = (size_t)g->n_states;
    double *block = sg_calloc((N_VALUES + 1) * n, sizeof *block), mean[N_VALUES] = {0};
    double *const weight = block + N_VALUES * n;
    const double *value[N_VALUES];
    sg_rate_tree *tree = NULL;
    sg_status st = block ? SG_OK : sg_fail(SG_ENOMEM, "basin of %d states", g->n_states);

    if (st == SG_OK) values_of(g, ex, block, value);
    if (st == SG_OK && is_followed(g))
        st = sg_basin_until(g->n_states, g->n_ways, g->edge, g->start, time, stay ? N_VALUES : 0, value,
                            weight, mean);
    else if (st == SG_OK)
        means_of_residence(g, value, mean);
    if (st == SG_OK) st = sg_rate_tree_create(g->n_states, is_followed(g) ? weight : g->residence, &tree);
    if (st == SG_OK) *state = g->state[sg_rate_tree_select(tree, sg_rng_uniform(rng))];
    if (st == SG_OK && stay) *stay = stay_from(g, ex, volume, mean);
    sg_rate_tree_free(tree);
    sg_free(block);
    return st;
}

/* --- records --- */

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
