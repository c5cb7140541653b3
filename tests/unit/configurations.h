/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations made on the spot for the tests of forces, and the reference program's view of them. */
#ifndef SLOWGLASS_TESTS_CONFIGURATIONS_H
#define SLOWGLASS_TESTS_CONFIGURATIONS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "slowglass/potential.h"

static const int PERIODIC[3] = {1, 1, 1};

/* fcc crystal of n^3 cubic cells in a tilted cell, randomly displaced, species drawn with probability `share`
 * of type 1. */
static inline sg_system *perturbed_fcc(int n, double a, double tilt, double gamma, double noise, double share,
                                       int n_elements, const char *const elements[], uint64_t seed)
{
    static const double site[4][3] = {{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}};
    const double l = n * a;
    const double h0[3][3] = {{l, 0, 0}, {tilt * l, l, 0}, {-0.5 * tilt * l, 0.7 * tilt * l, l}};
    sg_system *s = NULL;
    sg_rng rng;

    sg_rng_init(&rng, seed, SG_RNG_TEST, 2, 0, 0);
    if (sg_system_create(4 * n * n * n, &s) != SG_OK) return NULL;
    if (sg_cell_init(&s->cell, h0, gamma, PERIODIC) != SG_OK) return NULL;
    if (sg_species_init(&s->species, n_elements, elements) != SG_OK) return NULL;
    for (int i = 0; i < s->n; i++) {
        const int cell = i / 4;
        const int at[3] = {cell % n, cell / n % n, cell / n / n};
        double f[3];
        for (int k = 0; k < 3; k++)
            f[k] = (at[k] + site[i % 4][k]) / n;
        for (int k = 0; k < 3; k++)
            s->x[i][k] = f[0] * s->cell.h[0][k] + f[1] * s->cell.h[1][k] + f[2] * s->cell.h[2][k] +
                         noise * sg_rng_normal(&rng);
        s->type[i] = sg_rng_uniform(&rng) < share;
    }
    return s;
}

typedef struct reference {
    double energy, pressure[6]; /* eV; bar: xx yy zz xy xz yz */
    double (*f)[3];             /* eV/Å */
    double (*x)[3];             /* Å */
} reference;

static inline int have_lammps(void)
{
    return system("command -v lmp >/dev/null 2>&1") == 0;
}

/* Let LAMMPS compute (or first minimise by `commands`, else NULL) the system; 0 when it went well. */
static inline int lammps(const sg_system *s, const char *pair_commands, const char *commands, reference *out)
{
    char folder[] = "/tmp/slowglass-test-XXXXXX", path[256], line[512];
    FILE *f;
    int failed = 1;

    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/data", folder);
    if (!(f = fopen(path, "w"))) return 1;
    fprintf(f, "test\n\n%d atoms\n%d atom types\n", s->n, s->species.n);
    fprintf(f, "0 %.17g xlo xhi\n0 %.17g ylo yhi\n0 %.17g zlo zhi\n%.17g %.17g %.17g xy xz yz\n\nMasses\n\n",
            s->cell.h[0][0], s->cell.h[1][1], s->cell.h[2][2], s->cell.h[1][0], s->cell.h[2][0],
            s->cell.h[2][1]);
    for (int t = 0; t < s->species.n; t++)
        fprintf(f, "%d %g\n", t + 1, s->species.mass[t]);
    fprintf(f, "\nAtoms # atomic\n\n");
    for (int i = 0; i < s->n; i++)
        fprintf(f, "%d %d %.17g %.17g %.17g\n", i + 1, s->type[i] + 1, s->x[i][0], s->x[i][1], s->x[i][2]);
    fclose(f);
    snprintf(path, sizeof path, "%s/in", folder);
    if (!(f = fopen(path, "w"))) return 1;
    fprintf(f,
            "units metal\natom_style atomic\nboundary p p p\natom_modify map array sort 0 0\nbox tilt large\n"
            "read_data %s/data\n%s\nneighbor 1.0 bin\ncompute p all pressure NULL virial\n"
            "thermo_style custom step pe c_p[1] c_p[2] c_p[3] c_p[4] c_p[5] c_p[6]\nthermo_modify format "
            "float %%.17g\n"
            "%s\nrun 0\nvariable e equal pe\nprint \"$(v_e:%%.17g) $(c_p[1]:%%.17g) $(c_p[2]:%%.17g) "
            "$(c_p[3]:%%.17g) "
            "$(c_p[4]:%%.17g) $(c_p[5]:%%.17g) $(c_p[6]:%%.17g)\" file %s/out\n"
            "write_dump all custom %s/dump id fx fy fz xu yu zu modify sort id format float %%.17g\n",
            folder, pair_commands, commands ? commands : "", folder, folder);
    fclose(f);
    snprintf(line, sizeof line, "cd %s && lmp -log none -in in >log 2>&1", folder);
    if (system(line) != 0) goto done;
    snprintf(path, sizeof path, "%s/out", folder);
    if (!(f = fopen(path, "r"))) goto done;
    failed = fscanf(f, "%lf %lf %lf %lf %lf %lf %lf", &out->energy, &out->pressure[0], &out->pressure[1],
                    &out->pressure[2], &out->pressure[3], &out->pressure[4], &out->pressure[5]) != 7;
    fclose(f);
    out->f = calloc((size_t)s->n, sizeof *out->f);
    out->x = calloc((size_t)s->n, sizeof *out->x);
    snprintf(path, sizeof path, "%s/dump", folder);
    if (!(f = fopen(path, "r"))) goto done;
    for (int k = 0; k < 9; k++)
        failed |= !fgets(line, sizeof line, f);
    for (int i = 0; i < s->n; i++) {
        int id = 0;
        failed |= fscanf(f, "%d %lf %lf %lf %lf %lf %lf", &id, &out->f[i][0], &out->f[i][1], &out->f[i][2],
                         &out->x[i][0], &out->x[i][1], &out->x[i][2]) != 7 ||
                  id != i + 1;
    }
    fclose(f);
done:
    snprintf(line, sizeof line, "rm -r %s", folder);
    if (!failed && system(line) != 0) failed = 1;
    return failed;
}

static inline void reference_clear(reference *r)
{
    free(r->f);
    free(r->x);
}

/* Relative central difference step and helpers for one-point energies. */
static inline double energy_of(const sg_potential *pot, const sg_system *s)
{
    sg_potential_work *work = NULL;
    double(*f)[3] = calloc((size_t)s->n, sizeof *f);
    sg_forces out = {.energy = NAN, .f = f};

    if (sg_potential_work_create(pot, &work) == SG_OK &&
        sg_potential_compute(pot, work, s, NULL, &out) != SG_OK)
        out.energy = NAN;
    sg_potential_work_free(work);
    free(f);
    return out.energy;
}

#endif
