/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structures for the tests of topology: lattices made on the spot, the samples of validation/, clusters cut
 * out of them. */
#ifndef SLOWGLASS_TESTS_TOPOLOGY_SAMPLES_H
#define SLOWGLASS_TESTS_TOPOLOGY_SAMPLES_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slowglass/topology.h"

static inline sg_system *new_system(int n, const double h[3][3], int periodic, int n_species,
                                    const char *const symbols[])
{
    const int flags[3] = {periodic, periodic, periodic};
    sg_system *s = NULL;

    if (sg_system_create(n, &s) != SG_OK || sg_species_init(&s->species, n_species, symbols) != SG_OK ||
        sg_cell_init(&s->cell, h, 0.0, flags) != SG_OK)
        abort();
    return s;
}

/* n^3 cubic cells of a lattice with `sites` atoms per cell at site[], all of type 0. */
static inline sg_system *lattice(int n, double a, int sites, const double (*site)[3], int n_species,
                                 const char *const symbols[])
{
    const double l = n * a, h[3][3] = {{l, 0, 0}, {0, l, 0}, {0, 0, l}};
    sg_system *s = new_system(n * n * n * sites, h, 1, n_species, symbols);

    for (int i = 0; i < s->n; i++) {
        const int cell = i / sites, at[3] = {cell % n, cell / n % n, cell / n / n};
        for (int c = 0; c < 3; c++)
            s->x[i][c] = a * (at[c] + site[i % sites][c]);
    }
    return s;
}

static const double FCC[4][3] = {{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}};
static const double BCC[2][3] = {{0, 0, 0}, {0.5, 0.5, 0.5}};
static const char *const CU_ZR[2] = {"Cu", "Zr"};

/* Read species and positions of an extended XYZ file whose lattice is lower-triangular. NULL if it is not
 * there. */
static inline sg_system *sample(const char *name)
{
    char path[1024], line[4096], *p;
    double h[3][3];
    sg_system *s = NULL;
    FILE *f;

    snprintf(path, sizeof path, "%s/validation/samples/%s", SG_SOURCE_DIR, name);
    if (!(f = fopen(path, "r"))) return NULL;
    if (!fgets(line, sizeof line, f)) abort();
    const int n = atoi(line);
    if (!fgets(line, sizeof line, f) || !(p = strstr(line, "Lattice=\""))) abort();
    p += strlen("Lattice=\"");
    for (int k = 0; k < 9; k++)
        h[k / 3][k % 3] = strtod(p, &p);
    s = new_system(n, (const double(*)[3])h, 1, 2, CU_ZR);
    for (int i = 0; i < n; i++) {
        if (!fgets(line, sizeof line, f)) abort();
        s->type[i] = line[0] == 'Z';
        p = line + 2;
        for (int c = 0; c < 3; c++)
            s->x[i][c] = strtod(p, &p);
    }
    fclose(f);
    return s;
}

/* The atoms within r of one, unfolded, as a cluster in vacuum; the centre is atom 0 and sits at the origin.
 */
static inline sg_system *cut_out(const sg_system *from, int centre, double r)
{
    const double h[3][3] = {{100, 0, 0}, {0, 100, 0}, {0, 0, 100}};
    static int atom[1000];
    static double d[1000][3];
    int n;

    if (sg_topology_sphere(from, centre, r, 1000, atom, d, &n) != SG_OK) abort();
    sg_system *s = new_system(n + 1, h, 0, 2, CU_ZR);
    s->type[0] = from->type[centre];
    for (int k = 0; k < n; k++) {
        s->type[k + 1] = from->type[atom[k]];
        memcpy(s->x[k + 1], d[k], sizeof d[k]);
    }
    return s;
}

/* Uniformly distributed rotation (from a random quaternion: Shoemake, Graphics Gems III, 1992), reflected on
 * request. */
static inline void random_rotation(sg_rng *rng, int reflect, double R[3][3])
{
    double q[4], norm = 0.0;

    for (int k = 0; k < 4; k++) {
        q[k] = sg_rng_normal(rng);
        norm += q[k] * q[k];
    }
    for (int k = 0; k < 4; k++)
        q[k] /= sqrt(norm);
    const double sign = reflect ? -1.0 : 1.0, w = q[0], x = q[1], y = q[2], z = q[3];
    const double rotation[3][3] = {{1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)},
                                   {2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)},
                                   {2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)}};
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            R[a][b] = sign * rotation[a][b];
}

static inline void rotate(const double R[3][3], const double x[3], double y[3])
{
    const double v[3] = {x[0], x[1], x[2]};

    for (int a = 0; a < 3; a++)
        y[a] = R[a][0] * v[0] + R[a][1] * v[1] + R[a][2] * v[2];
}

/* Random order of 0 .. n-1. */
static inline void shuffle(sg_rng *rng, int n, int *order)
{
    for (int i = 0; i < n; i++)
        order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        const int j = (int)((i + 1) * sg_rng_uniform(rng)), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
}

static inline sg_topology_params two_cutoffs(double aa, double ab, double bb)
{
    return (sg_topology_params){.n_species = 2, .cutoff = {{aa, ab}, {ab, bb}}};
}

#endif
