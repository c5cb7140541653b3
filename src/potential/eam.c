/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Embedded-atom potentials: reading, reference tables, fingerprint, and who computes. See eam.h. */
#include "eam.h"

#include <string.h>

static sg_status eam_compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                             const sg_atom_set *free_atoms, sg_forces *out);
static void eam_free(sg_potential *self);
static sg_status fill_tables(sg_eam *p, const sg_eam_file *file);
static sg_status eam_set_kernel(sg_potential *self, const char *name);
static sg_kernel_error eam_kernel_error(const sg_potential *self);
static sg_status eam_hessian(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                             const sg_atom_set *free_atoms, const double (*v)[3], double (*out)[3]);
static sg_status eam_matrix(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                            const sg_atom_set *free_atoms, double *h);

static const sg_potential_ops alloy_ops = {.name = "eam/alloy",
                                           .compute = eam_compute,
                                           .free = eam_free,
                                           .set_kernel = eam_set_kernel,
                                           .kernel_error = eam_kernel_error,
                                           .hessian = eam_hessian,
                                           .matrix = eam_matrix};
static const sg_potential_ops fs_ops = {.name = "eam/fs",
                                        .compute = eam_compute,
                                        .free = eam_free,
                                        .set_kernel = eam_set_kernel,
                                        .kernel_error = eam_kernel_error,
                                        .hessian = eam_hessian,
                                        .matrix = eam_matrix};

/* ---- creation ---- */

sg_status sg_potential_create_eam(const char *style, const char *path, int n_elements,
                                  const char *const elements[], sg_potential **out)
{
    const int finnis_sinclair = strcmp(style, fs_ops.name) == 0;
    sg_eam_file file = {0};
    sg_species species;

    *out = NULL;
    if (!finnis_sinclair && strcmp(style, alloy_ops.name) != 0)
        return sg_fail(SG_EINVAL, "EAM style \"%s\", expected %s or %s", style, alloy_ops.name, fs_ops.name);
    sg_status st = sg_species_init(&species, n_elements, elements);
    if (st == SG_OK) st = sg_eam_file_read(&file, finnis_sinclair, path, &species);
    if (st == SG_OK) st = sg_eam_create(&file, &species, out);
    sg_eam_file_clear(&file);
    return st;
}

sg_status sg_eam_create(sg_eam_file *tables, const sg_species *species, sg_potential **out)
{
    sg_eam *p = sg_calloc(1, sizeof *p);
    sg_status st = p ? SG_OK : sg_fail(SG_ENOMEM, "potential of %d elements", species->n);

    *out = NULL;
    if (st != SG_OK) goto done;
    p->base.ops = tables->finnis_sinclair ? &fs_ops : &alloy_ops;
    p->base.species = *species;
    if ((st = fill_tables(p, tables)) != SG_OK) goto done;
    if ((st = sg_eam_table_make(p, &p->table)) != SG_OK) goto done;
    if ((st = eam_set_kernel(&p->base, "auto")) != SG_OK) goto done;
    p->base.fingerprint = sg_eam_fingerprint(tables, species);
    p->tables = *tables;
    memset(tables, 0, sizeof *tables);
    *out = &p->base;
    p = NULL;
done:
    if (p) eam_free(&p->base);
    return st;
}

const sg_eam *sg_eam_of(const sg_potential *pot)
{
    return pot->ops == &fs_ops || pot->ops == &alloy_ops ? (const sg_eam *)pot : NULL;
}

static void eam_free(sg_potential *self)
{
    sg_eam *const p = (sg_eam *)self;

    for (int k = 0; k < MAX_TYPE_PAIRS; k++)
        sg_free(p->row[k]);
    for (int k = 0; k < SG_MAX_SPECIES; k++)
        sg_free(p->embedding[k]);
    sg_eam_table_clear(&p->table);
    sg_eam_file_clear(&p->tables);
    sg_free(p);
}

static sg_status fill_tables(sg_eam *p, const sg_eam_file *file)
{
    p->base.cutoff = file->cutoff;
    p->r2_max = file->cutoff * file->cutoff;
    p->n_rho = file->n_rho;
    p->n_r = file->n_r;
    p->d_rho = file->d_rho;
    p->per_d_rho = 1.0 / file->d_rho;
    p->rho_max = (file->n_rho - 1) * file->d_rho;
    p->per_d_r = 1.0 / file->d_r;
    for (int hi = 0; hi < file->n; hi++) {
        p->embedding[hi] = sg_calloc((size_t)(file->n_rho - 1) * CUBIC, sizeof *p->embedding[hi]);
        if (!p->embedding[hi]) return sg_fail(SG_ENOMEM, "embedding table");
        sg_eam_spline(file->embedding[hi], file->n_rho, p->embedding[hi], CUBIC);
        for (int lo = 0; lo <= hi; lo++) {
            double *const row = sg_calloc((size_t)(file->n_r - 1) * ROW, sizeof *row);
            if (!row) return sg_fail(SG_ENOMEM, "pair table");
            p->row[sg_eam_type_pair(lo, hi)] = row;
            sg_eam_spline(file->density[hi][lo], file->n_r, row, ROW);
            sg_eam_spline(file->density[lo][hi], file->n_r, row + CUBIC, ROW);
            sg_eam_spline(file->pair[hi][lo], file->n_r, row + Z_PART, ROW);
        }
    }
    return SG_OK;
}

/* Slope at point k, per bin: five points inside, fewer at the ends. */
static double table_slope(const double *f, int n, int k)
{
    if (k == 0) return f[1] - f[0];
    if (k == n - 1) return f[n - 1] - f[n - 2];
    if (k == 1 || k == n - 2) return 0.5 * (f[k + 1] - f[k - 1]);
    return ((f[k - 2] - f[k + 2]) + 8.0 * (f[k + 1] - f[k - 1])) / 12.0;
}

void sg_eam_spline(const double *f, int n, double *out, int stride)
{
    for (int k = 0; k < n - 1; k++) {
        const double s0 = table_slope(f, n, k), s1 = table_slope(f, n, k + 1);
        double *const c = out + (ptrdiff_t)k * stride;
        c[0] = f[k];
        c[1] = s0;
        c[2] = 3.0 * (f[k + 1] - f[k]) - 2.0 * s0 - s1;
        c[3] = s0 + s1 - 2.0 * (f[k + 1] - f[k]);
    }
}

uint64_t sg_eam_fingerprint(const sg_eam_file *file, const sg_species *species)
{
    const double grid[] = {file->cutoff, file->d_rho, file->d_r, file->n_rho, file->n_r, file->n};
    const size_t size_r = (size_t)file->n_r * sizeof(double);
    uint64_t hash = sg_hash(grid, sizeof grid, 0);
    int order[SG_MAX_SPECIES] = {0}; /* species by atomic number */

    for (int k = 0; k < species->n; k++) {
        int to = k;
        for (; to > 0 && species->number[order[to - 1]] > species->number[k]; to--)
            order[to] = order[to - 1];
        order[to] = k;
    }
    for (int k = 0; k < species->n; k++) {
        const int a = order[k];
        hash = sg_hash(&species->number[a], sizeof species->number[a], hash);
        hash = sg_hash(file->embedding[a], (size_t)file->n_rho * sizeof(double), hash);
        for (int m = 0; m < species->n; m++) {
            const int b = order[m];
            hash = sg_hash(file->density[a][b], size_r, hash);
            if (m <= k) hash = sg_hash(file->pair[a > b ? a : b][a > b ? b : a], size_r, hash);
        }
    }
    return hash;
}

/* ---- who computes ---- */

static sg_status eam_set_kernel(sg_potential *self, const char *name)
{
    sg_eam *const e = (sg_eam *)self;
    const sg_eam_kernel *kernel = NULL;
    const sg_status st = sg_eam_kernel_find(name, &kernel);

    if (st != SG_OK) return st;
    e->kernel = kernel;
    self->kernel = kernel ? kernel->name : SG_KERNEL_PLAIN;
    return SG_OK;
}

static sg_kernel_error eam_kernel_error(const sg_potential *self)
{
    const sg_eam *const e = (const sg_eam *)self;
    return e->kernel ? e->table.error : (sg_kernel_error){0};
}

static sg_status eam_compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                             const sg_atom_set *free_atoms, sg_forces *out)
{
    const sg_eam *const e = (const sg_eam *)self;
    return e->kernel ? sg_eam_fast_compute(e, work, sys, free_atoms, out)
                     : sg_eam_plain_compute(e, work, sys, free_atoms, out);
}

static sg_status eam_hessian(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                             const sg_atom_set *free_atoms, const double (*v)[3], double (*out)[3])
{
    const sg_eam *const e = (const sg_eam *)self;
    return e->kernel ? sg_eam_fast_hessian(e, work, sys, free_atoms, v, out)
                     : sg_hessian_by_differences(self, work, sys, free_atoms, v, out);
}

static sg_status eam_matrix(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                            const sg_atom_set *free_atoms, double *h)
{
    const sg_eam *const e = (const sg_eam *)self;
    return sg_eam_matrix(e, work, sys, free_atoms, h);
}
