/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Atoms at random places that do not overlap.
 *
 * Sizes come from the potential: the distance of neighbours at which the fcc crystal of a species has its
 * least energy. Overlaps go in two relaxations: under a soft wall between atoms closer than most of that
 * distance, finite even for two atoms in one place (a Morse well cut off at its minimum), then under the
 * potential itself, as far as it goes quickly. */
#include "slowglass/anneal.h"

#include <math.h>
#include <string.h>

static const double CLOSEST = 0.25, FARTHEST = 0.95; /* neighbours that are tried, in cutoffs */
static const double SCAN_RATIO = 1.03;               /* from one distance to the next */
static const double LIQUID = 1.1;                    /* volume of a metallic melt over that of its crystal */
static const double WALL = 0.9;     /* of the crystal's distance; such a packing fills half of the space */
static const double TOUCHING = 0.6; /* of the crystal's distance; closer is an overlap that was not removed */
enum { CELLS = 2, WALL_CALLS = 4000, SETTLE_CALLS = 300 };

typedef struct crystal { /* fcc, of one species */
    const sg_potential *pot;
    sg_potential_work *work;
    sg_system *sys;
    sg_forces f;
} crystal;

static sg_status open_crystal(const sg_potential *pot, int type, crystal *c)
{
    memset(c, 0, sizeof *c);
    c->pot = pot;
    sg_status st = sg_potential_work_create(pot, &c->work);
    if (st == SG_OK) st = sg_system_create(4 * CELLS * CELLS * CELLS, &c->sys);
    if (st != SG_OK) return st;
    c->sys->species = pot->species;
    for (int i = 0; i < c->sys->n; i++)
        c->sys->type[i] = type;
    c->f.f = sg_calloc((size_t)c->sys->n, sizeof *c->f.f);
    return c->f.f ? SG_OK : sg_fail(SG_ENOMEM, "crystal");
}

static void close_crystal(crystal *c)
{
    sg_free(c->f.f);
    sg_system_free(c->sys);
    sg_potential_work_free(c->work);
}

/* Energy of the crystal whose neighbours are d apart; large where the potential has no number for it. */
static sg_status crystal_energy(crystal *c, double d, double *energy)
{
    static const double site[4][3] = {{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}};
    static const int periodic[3] = {1, 1, 1};
    const double a = d * sqrt(2.0), l = CELLS * a, h[3][3] = {{l, 0, 0}, {0, l, 0}, {0, 0, l}};

    sg_status st = sg_cell_init(&c->sys->cell, h, 0.0, periodic);
    if (st != SG_OK) return st;
    for (int i = 0; i < c->sys->n; i++) {
        const int cell = i / 4, at[3] = {cell % CELLS, cell / CELLS % CELLS, cell / CELLS / CELLS};
        for (int k = 0; k < 3; k++)
            c->sys->x[i][k] = a * (at[k] + site[i % 4][k]);
    }
    sg_potential_work_reset(c->work);
    st = sg_potential_compute(c->pot, c->work, c->sys, NULL, &c->f);
    *energy = st == SG_OK ? c->f.energy : HUGE_VAL;
    return st == SG_ENUMERIC ? SG_OK : st;
}

/* Distance of neighbours in the fcc crystal of least energy: a scan, then golden sections around the least.
 */
static sg_status crystal_distance(const sg_potential *pot, int type, double *distance)
{
    const double golden = 0.6180339887498949;
    double best = 0, least = HUGE_VAL, energy;
    crystal c;

    sg_status st = open_crystal(pot, type, &c);
    for (double d = CLOSEST * pot->cutoff; st == SG_OK && d < FARTHEST * pot->cutoff; d *= SCAN_RATIO) {
        st = crystal_energy(&c, d, &energy);
        if (st == SG_OK && energy < least) least = energy, best = d;
    }
    if (st == SG_OK && !(least < 0))
        st = sg_fail(SG_EINVAL, "the potential binds no crystal of %s: give the density",
                     pot->species.symbol[type]);
    double low = best / SCAN_RATIO, high = best * SCAN_RATIO;
    while (st == SG_OK && high - low > 1e-4 * best) {
        const double a = high - golden * (high - low), b = low + golden * (high - low);
        double ea, eb;
        st = crystal_energy(&c, a, &ea);
        if (st == SG_OK) st = crystal_energy(&c, b, &eb);
        if (st == SG_OK && ea < eb)
            high = b;
        else
            low = a;
    }
    *distance = 0.5 * (low + high);
    close_crystal(&c);
    return st;
}

/* Random places in a cube; types in random order (Fisher & Yates). */
static sg_status scatter(const sg_potential *pot, const int *count, double volume, uint64_t seed,
                         sg_system *sys)
{
    static const int periodic[3] = {1, 1, 1};
    const double l = cbrt(volume), h[3][3] = {{l, 0, 0}, {0, l, 0}, {0, 0, l}};
    sg_rng rng;

    sys->species = pot->species;
    const sg_status st = sg_cell_init(&sys->cell, h, 0.0, periodic);
    if (st != SG_OK) return st;
    sg_rng_init(&rng, seed, SG_RNG_START, 0, 0, 0);
    for (int type = 0, i = 0; type < pot->species.n; type++)
        for (int k = 0; k < count[type]; k++)
            sys->type[i++] = type;
    for (int i = sys->n - 1; i > 0; i--) {
        const int j = (int)(sg_rng_uniform(&rng) * (i + 1)), type = sys->type[i];
        sys->type[i] = sys->type[j];
        sys->type[j] = type;
    }
    for (int i = 0; i < sys->n; i++)
        for (int k = 0; k < 3; k++)
            sys->x[i][k] = l * sg_rng_uniform(&rng);
    return SG_OK;
}

static sg_status settle(const sg_potential *pot, sg_system *sys, double f_max, int max_calls)
{
    sg_minimize_options opt = sg_minimize_defaults();
    sg_minimize_result result;
    sg_potential_work *work = NULL;

    opt.f_max = f_max;
    opt.max_calls = max_calls;
    sg_status st = sg_potential_work_create(pot, &work);
    if (st == SG_OK) st = sg_minimize(pot, work, sys, NULL, &opt, &result);
    sg_potential_work_free(work);
    return st;
}

/* D (exp(-alpha (r - r0)) - 1)^2 below r0, nothing beyond; `distance` [species] of the crystals. */
static sg_status push_apart(sg_system *sys, const double *distance)
{
    const char *symbols[SG_MAX_SPECIES];
    double pair[SG_MAX_SPECIES * (SG_MAX_SPECIES + 1) / 2][4];
    sg_potential *wall = NULL;
    int n = 0;

    for (int a = 0; a < sys->species.n; a++) {
        symbols[a] = sys->species.symbol[a];
        for (int b = a; b < sys->species.n; b++, n++) {
            const double r0 = WALL * 0.5 * (distance[a] + distance[b]);
            memcpy(pair[n], (double[4]){1.0, 2.0 / r0, r0, r0}, sizeof pair[n]);
        }
    }
    sg_status st = sg_potential_create_morse(sys->species.n, symbols, (const double(*)[4])pair, &wall);
    if (st == SG_OK) st = settle(wall, sys, 1e-3, WALL_CALLS);
    sg_potential_free(wall);
    return st;
}

static sg_status check_places(const sg_system *sys, const double *distance)
{
    double closest, least = HUGE_VAL;
    int a, b;

    for (int k = 0; k < sys->species.n; k++)
        if (distance[k] < least) least = distance[k];
    const sg_status st = sg_neigh_closest(sys, least, &closest, &a, &b);
    if (st != SG_OK || closest >= TOUCHING * least) return st;
    return sg_fail(SG_EINVAL,
                   "%d atoms in %.6g Å^3 overlap: two are %.3g Å apart, need >= %.3g Å; give a lower density",
                   sys->n, sys->cell.volume, closest, TOUCHING * least);
}

sg_status sg_anneal_start(const sg_potential *pot, const int *count, double volume_per_atom, uint64_t seed,
                          sg_system **out)
{
    double distance[SG_MAX_SPECIES], volume = 0;
    sg_system *sys = NULL;
    sg_status st = SG_OK;
    int n = 0;

    *out = NULL;
    for (int k = 0; k < pot->species.n && st == SG_OK; k++) {
        st = crystal_distance(pot, k, &distance[k]);
        if (st == SG_OK) volume += LIQUID * count[k] * pow(distance[k], 3) / sqrt(2.0);
        n += count[k];
    }
    if (volume_per_atom > 0) volume = n * volume_per_atom;
    if (st == SG_OK) st = sg_system_create(n, &sys);
    if (st == SG_OK) st = scatter(pot, count, volume, seed, sys);
    if (st == SG_OK) st = push_apart(sys, distance);
    if (st == SG_OK) st = check_places(sys, distance);
    if (st == SG_OK) st = settle(pot, sys, 0.1, SETTLE_CALLS);
    if (st == SG_OK)
        *out = sys;
    else
        sg_system_free(sys);
    return st;
}
