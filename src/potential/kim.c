/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Potentials from the KIM-API: models by name.
 *
 * EAM models of the driver EAM_Dynamo publish the tables they read from files of LAMMPS's formats, and
 * interpolate them as LAMMPS does; such tables go into our own kernels. Other drivers publish tables under
 * the same names and interpolate them otherwise, so that names prove nothing: a small cluster is computed
 * both ways, and the tables are taken when they agree. Everything else is evaluated through the API. */
#include "kim_model.h"

#include <math.h>
#include <string.h>

#include "eam.h"

static void kim_free(sg_potential *self);
static sg_status create_api(const char *name, const sg_species *species, double reach, sg_potential **out);
static sg_status create_native(const sg_species *species, const KIM_Model *model, const sg_kim_reach *reach,
                               sg_potential **out);
static sg_status agree(const sg_potential *api, sg_potential *native, double edge, int *same);

static const sg_potential_ops ops = {.name = "kim", .compute = sg_kim_compute, .free = kim_free};

/* Relative to the energy, and to the largest force. Both sides evaluate the same polynomials, so that only
 * rounding separates them (1e-15 for the models of Debian's openkim-models; other interpolants of the same
 * tables depart by 1e-10 and more). */
static const double SAME = 1e-12;
static const double GOLDEN = 0.6180339887; /* multiples of it are spread evenly */

sg_status sg_kim_create(const char *name, int api_only, int n_elements, const char *const elements[],
                        sg_potential **out)
{
    sg_potential *api = NULL, *native = NULL;
    KIM_Model *model = NULL;
    sg_species species;
    sg_kim_reach reach = {0};
    int same = -1;

    *out = NULL;
    sg_status st = sg_species_init(&species, n_elements, elements);
    if (st == SG_OK) st = sg_kim_model_open(name, &model);
    if (st == SG_OK) st = sg_kim_model_reach(model, name, &species, &reach);
    if (st == SG_OK) st = create_api(name, &species, reach.influence, &api);
    if (st != SG_OK) goto done;
    st = create_native(&species, model, &reach, &native);
    if (st == SG_ENOTFOUND) st = SG_OK; /* no tables */
    for (double edge = 0.4; edge < 0.7 && st == SG_OK && native && same < 0; edge += 0.1)
        st = agree(api, native, edge, &same);
    same = same > 0;
    if (st == SG_OK && !same) st = sg_kim_model_fingerprint(model, name, &species, &api->fingerprint);
    if (st != SG_OK) goto done;
    if (same) api->fingerprint = native->fingerprint; /* the same numbers */
    *out = same && !api_only ? native : api;
    if (*out == native) native = NULL;
    if (*out == api) api = NULL;
done:
    sg_kim_model_close(&model);
    sg_potential_free(api);
    sg_potential_free(native);
    return st;
}

static void kim_free(sg_potential *self)
{
    sg_kim *const kim = (sg_kim *)self;

    sg_free(kim->name);
    sg_free(kim);
}

static sg_status create_api(const char *name, const sg_species *species, double reach, sg_potential **out)
{
    sg_kim *const kim = sg_calloc(1, sizeof *kim);

    *out = NULL;
    if (!kim || !(kim->name = sg_calloc(strlen(name) + 1, 1))) {
        sg_free(kim);
        return sg_fail(SG_ENOMEM, "KIM model %s", name);
    }
    strcpy(kim->name, name);
    kim->base.ops = &ops;
    kim->base.species = *species;
    kim->base.cutoff = reach;
    *out = &kim->base;
    return SG_OK;
}

static sg_status create_native(const sg_species *species, const KIM_Model *model, const sg_kim_reach *reach,
                               sg_potential **out)
{
    sg_eam_file tables;
    sg_status st = sg_kim_model_tables(model, species, reach->code, &tables);

    if (st == SG_OK) st = sg_eam_create(&tables, species, out);
    sg_eam_file_clear(&tables);
    return st;
}

/* ---- do two potentials agree? ---- */

/* A free cluster: corners of cubes with shaken edges of `edge` times the cutoff; elements in turn. */
static sg_status make_cluster(const sg_potential *pot, double edge, sg_system **out)
{
    enum { EDGE = 3, N = EDGE * EDGE * EDGE };
    static const int open[3] = {0, 0, 0};
    const double a = edge * pot->cutoff, h[3][3] = {{EDGE * a, 0, 0}, {0, EDGE * a, 0}, {0, 0, EDGE * a}};
    sg_status st = sg_system_create(N, out);

    if (st != SG_OK) return st;
    (*out)->species = pot->species;
    for (int i = 0; i < N; i++) {
        const int at[3] = {i % EDGE, i / EDGE % EDGE, i / EDGE / EDGE};
        (*out)->type[i] = i % pot->species.n;
        for (int k = 0; k < 3; k++)
            (*out)->x[i][k] = a * (at[k] + 0.2 * fmod(GOLDEN * (3 * i + k), 1.0));
    }
    return sg_cell_init(&(*out)->cell, h, 0.0, open);
}

static sg_status compute_once(const sg_potential *pot, const sg_system *sys, sg_forces *out)
{
    sg_potential_work *work = NULL;
    sg_status st = sg_potential_work_create(pot, &work);

    if (st == SG_OK) st = sg_potential_compute(pot, work, sys, NULL, out);
    sg_potential_work_free(work);
    return st;
}

/* *same: 1 or 0, -1 when the driver refuses the cluster, because its densities lie beyond the table. */
static sg_status agree(const sg_potential *api, sg_potential *native, double edge, int *same)
{
    const char *const kernel = sg_potential_kernel(native);
    double(*f)[3] = NULL, worst = 0.0, largest = 0.0;
    sg_system *sys = NULL;
    sg_forces a = {0}, b = {0};
    sg_status st = make_cluster(api, edge, &sys);

    if (st == SG_OK && !(f = sg_calloc(2 * (size_t)sys->n, sizeof *f))) st = sg_fail(SG_ENOMEM, "forces");
    if (st == SG_OK) st = sg_potential_set_kernel(native, SG_KERNEL_PLAIN);
    if (st != SG_OK) goto done;
    a.f = f;
    b.f = f + sys->n;
    st = compute_once(native, sys, &b);
    if (st == SG_OK) st = compute_once(api, sys, &a);
    for (int i = 0; i < sys->n && st == SG_OK; i++)
        for (int k = 0; k < 3; k++) {
            worst = fmax(worst, fabs(a.f[i][k] - b.f[i][k]));
            largest = fmax(largest, fabs(a.f[i][k]));
        }
    if (st == SG_OK) *same = worst <= SAME * largest && fabs(a.energy - b.energy) <= SAME * fabs(a.energy);
    if (st == SG_OK || st == SG_ENUMERIC) st = sg_potential_set_kernel(native, kernel);
done:
    sg_system_free(sys);
    sg_free(f);
    return st;
}
