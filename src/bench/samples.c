/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The structures that are measured: one is read, the others follow from their description. */
#include "bench_internal.h"
#include "slowglass/io.h"
#include "slowglass/minimize.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Platinum as in the public benchmark of the heptamer island: D, alpha, r0, cutoff. */
const char island_potential[] = "morse:0.7102,1.6047,2.897,9.5";
/* As far as copper as one pair potential goes. */
const char adatom_potential[] = "lj:0.2,2.338,5";
static const double lj_nearest = 2.5597; /* Å, between neighbours in the crystal of that potential */

sg_status sample_glass(bench *b, sg_bench_result *out, sg_system **sys)
{
    static const char name[] = "Cu64Zr36_2000.extxyz";
    const size_t n = strlen(b->opt->samples) + sizeof name + 1;
    char *const path = sg_calloc(n, 1);

    *sys = NULL;
    if (!path) return sg_fail(SG_ENOMEM, "%s", name);
    snprintf(path, n, "%s/%s", b->opt->samples, name);
    sg_status st = SG_OK;
    if (access(path, R_OK) != 0)
        st = bench_missing(out, "no %s (--samples)", path);
    else
        st = sg_io_read_structure(path, 0, NULL, sys, NULL);
    sg_free(path);
    return st;
}

sg_status sample_potential(const char *spec, const sg_system *sys, sg_bench_result *out, sg_potential **pot)
{
    const char *symbol[SG_MAX_SPECIES];

    for (int k = 0; k < sys->species.n; k++)
        symbol[k] = sys->species.symbol[k];
    const sg_status st = sg_potential_create(spec, NULL, sys->species.n, symbol, pot);
    return st == SG_ENOTFOUND ? bench_missing(out, "no %s: Debian's package lammps-data has it", spec) : st;
}

static sg_status make(int n, const char *element, const double h[3][3], const int periodic[3],
                      sg_system **out)
{
    const char *const symbols[] = {element};
    sg_status st = sg_system_create(n, out);

    if (st != SG_OK) return st;
    st = sg_species_init(&(*out)->species, 1, symbols);
    if (st == SG_OK) st = sg_cell_init(&(*out)->cell, h, 0.0, periodic);
    if (st == SG_OK) return SG_OK;
    sg_system_free(*out);
    *out = NULL;
    return st;
}

sg_status sample_replicated(const sg_system *sys, int m, sg_system **out)
{
    double h0[3][3];
    sg_status st = sg_system_create(sys->n * m * m * m, out);

    if (st != SG_OK) return st;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            h0[i][k] = m * sys->cell.h0[i][k];
    (*out)->species = sys->species;
    st = sg_cell_init(&(*out)->cell, (const double(*)[3])h0, sys->cell.gamma, sys->cell.periodic);
    for (int c = 0, at = 0; c < m * m * m && st == SG_OK; c++)
        for (int i = 0; i < sys->n; i++, at++) {
            const int shift[3] = {c % m, c / m % m, c / m / m};
            (*out)->type[at] = sys->type[i];
            for (int a = 0; a < 3; a++)
                (*out)->x[at][a] = sys->x[i][a] + shift[0] * sys->cell.h[0][a] +
                                   shift[1] * sys->cell.h[1][a] + shift[2] * sys->cell.h[2][a];
        }
    if (st == SG_OK) return SG_OK;
    sg_system_free(*out);
    *out = NULL;
    return st;
}

sg_status sample_crystal(const char *element, int fcc, int n, double a, double noise, int vacancies,
                         sg_system **out)
{
    static const double site[2][4][3] = {{{0, 0, 0}, {0.5, 0.5, 0.5}},
                                         {{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}}};
    static const int periodic[3] = {1, 1, 1};
    const int sites = fcc ? 4 : 2;
    const double l = n * a, h[3][3] = {{l, 0, 0}, {0, l, 0}, {0, 0, l}};
    sg_rng rng;
    const sg_status st = make(sites * n * n * n - vacancies, element, h, periodic, out);

    if (st != SG_OK) return st;
    sg_rng_init(&rng, 1, SG_RNG_USER, 0, 0, 0);
    for (int i = 0; i < (*out)->n; i++) {
        const int k = i + vacancies, cell = k / sites;
        const int at[3] = {cell % n, cell / n % n, cell / n / n};
        for (int c = 0; c < 3; c++)
            (*out)->x[i][c] = a * (at[c] + site[fcc != 0][k % sites][c]) + noise * sg_rng_normal(&rng);
    }
    return SG_OK;
}

/* Six layers of 7 x 8 atoms, the lower three held still; on top a hexagon with an atom in its middle, in the
 * sites where the crystal would go on. Rows lie along x, each half a spacing off the last; a layer is off the
 * one below by half a spacing along x and a third of a row along y. */
sg_status sample_island(sg_system **out)
{
    enum { NX = 7, NY = 8, LAYERS = 6, HELD = 3, ISLAND = 7 };
    static const int periodic[3] = {1, 1, 0};
    static const double h[3][3] = {{19.2088, 0, 0}, {0, 19.0118, 0}, {0, 0, 30}}, bottom = 5.0;
    static const double hexagon[ISLAND][2] = {{0, 0},  {1, 0},     {0.5, 1}, {-0.5, 1},
                                              {-1, 0}, {-0.5, -1}, {0.5, -1}};
    const double d = h[0][0] / NX, row = h[1][1] / NY, layer = d * sqrt(2.0 / 3.0);
    sg_status st = make(NX * NY * LAYERS + ISLAND, "Pt", h, periodic, out);

    for (int i = 0; st == SG_OK && i < (*out)->n; i++) {
        const int l = i / (NX * NY), j = i / NX % NY, k = i - NX * NY * LAYERS;
        const double along = l < LAYERS ? i % NX + 0.5 * (j % 2) : NX / 2 + hexagon[k][0];
        const double across = l < LAYERS ? j : NY / 2 + hexagon[k][1];
        (*out)->x[i][0] = d * (along + 0.5 * (l % 3));
        (*out)->x[i][1] = row * (across + (l % 3) / 3.0);
        (*out)->x[i][2] = bottom + l * layer;
        (*out)->fixed[i] = l < HELD;
        (*out)->n_fixed += l < HELD;
    }
    return st;
}

/* The sites of an fcc lattice around an octahedral hole, up to sqrt(5) half cube edges away. */
sg_status sample_cluster(sg_system **out)
{
    static const int periodic[3] = {0, 0, 0};
    static const double h[3][3] = {{10, 0, 0}, {0, 10, 0}, {0, 0, 10}}, half_edge = 0.77;
    const sg_status st = make(38, "Ar", h, periodic, out);
    int n = 0;

    if (st != SG_OK) return st;
    for (int i = -2; i <= 2; i++)
        for (int j = -2; j <= 2; j++)
            for (int k = -2; k <= 2; k++) {
                if ((i + j + k) % 2 == 0 || i * i + j * j + k * k > 5) continue;
                (*out)->x[n][0] = 5 + half_edge * i;
                (*out)->x[n][1] = 5 + half_edge * j;
                (*out)->x[n++][2] = 5 + half_edge * k;
            }
    return SG_OK;
}

sg_status sample_adatom(sg_system **out)
{
    enum { N = 4, LAYERS = 3 };
    static const int periodic[3] = {1, 1, 0};
    const double d = lj_nearest, h[3][3] = {{N * d, 0, 0}, {0, N * d, 0}, {0, 0, 30}};
    const sg_status st = make(N * N * LAYERS + 1, "Cu", h, periodic, out);

    for (int i = 0; st == SG_OK && i < (*out)->n; i++) {
        const int l = i / (N * N);
        (*out)->x[i][0] = d * (i % N + 0.5 * (l % 2));
        (*out)->x[i][1] = d * (i / N % N + 0.5 * (l % 2));
        (*out)->x[i][2] = 5 + l * d / sqrt(2.0);
        (*out)->fixed[i] = l < LAYERS;
        (*out)->n_fixed += l < LAYERS;
    }
    return st;
}

sg_status sample_relax(const sg_potential *pot, sg_system *sys, double f_max, double *energy)
{
    sg_minimize_options rule = sg_minimize_defaults();
    sg_minimize_result end;
    sg_potential_work *work = NULL;
    sg_status st = sg_potential_work_create(pot, &work);

    rule.f_max = f_max;
    if (st == SG_OK) st = sg_minimize(pot, work, sys, NULL, &rule, &end);
    if (st == SG_OK && end.stop != SG_STOP_CONVERGED)
        st = sg_fail(SG_ENUMERIC, "relaxation ended at %g eV/Å, need %g", end.f_max, f_max);
    if (st == SG_OK && energy) *energy = end.energy;
    sg_potential_work_free(work);
    return st;
}
