/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doors of the module: dispatch, counting, the check for numbers that went wrong, specifications in text.
 */
#include "kim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char LAMMPS_FOLDER[] = "/usr/share/lammps/potentials"; /* of Debian's package lammps-data */

enum { MAX_PAIRS = SG_MAX_SPECIES * (SG_MAX_SPECIES + 1) / 2 };

static sg_status check_finite(const sg_system *sys, const sg_atom_set *set, const sg_forces *out);
static sg_status keep_spec(sg_potential *pot, const char *style, const char *rest);
static sg_status numbers_from_text(const char *style, const char *names, int per_pair, const char *text,
                                   int n_elements, double *value);

void sg_potential_work_set_stop(sg_potential_work *work, int (*stop)(const void *arg), const void *arg)
{
    work->stop = stop;
    work->stop_arg = arg;
}

static sg_status may_go_on(const sg_potential_work *work)
{
    return work->stop && work->stop(work->stop_arg) ? sg_fail(SG_EINTERRUPTED, "asked to stop") : SG_OK;
}

sg_status sg_potential_compute(const sg_potential *pot, sg_potential_work *work, const sg_system *sys,
                               const sg_atom_set *free_atoms, sg_forces *out)
{
    sg_status st = may_go_on(work);

    work->last_equivalents = free_atoms ? 0.0 : 1.0;
    if (st == SG_OK) st = pot->ops->compute(pot, work, sys, free_atoms, out);
    if (st != SG_OK) return st;
    if (free_atoms) {
        work->calls.free_set++;
        for (int k = 0; k < 6; k++)
            out->virial[k] = NAN;
    } else {
        work->calls.full++;
    }
    work->calls.equivalents += work->last_equivalents;
    return check_finite(sys, free_atoms, out);
}

sg_status sg_potential_hessian_times(const sg_potential *pot, sg_potential_work *work, const sg_system *sys,
                                     const sg_atom_set *free_atoms, const double (*v)[3], double (*out)[3])
{
    sg_status st = may_go_on(work);

    if (st != SG_OK) return st;
    work->last_equivalents = 0.0;
    st = pot->ops->hessian ? pot->ops->hessian(pot, work, sys, free_atoms, v, out)
                           : sg_hessian_by_differences(pot, work, sys, free_atoms, v, out);
    if (st != SG_OK) return st;
    work->calls.hessian++;
    work->calls.equivalents += work->last_equivalents;
    for (int i = 0; i < sys->n; i++)
        if (!isfinite(out[i][0] + out[i][1] + out[i][2]))
            return sg_fail(SG_ENUMERIC, "Hessian times vector not finite at atom id %d", sys->id[i]);
    return SG_OK;
}

static sg_status check_matrix(const sg_system *sys, size_t m, const double *h)
{
    for (size_t k = 0; k < m * m; k++)
        if (!isfinite(h[k]))
            return sg_fail(SG_ENUMERIC, "Hessian of %zu of %d atoms not finite", m / 3, sys->n);
    return SG_OK;
}

sg_status sg_potential_hessian(const sg_potential *pot, sg_potential_work *work, const sg_system *sys,
                               const sg_atom_set *free_atoms, double *h)
{
    const size_t m = 3 * (size_t)(free_atoms ? free_atoms->n : sys->n);
    sg_status st;

    work->last_equivalents = 0.0;
    if (pot->ops->matrix) {
        st = pot->ops->matrix(pot, work, sys, free_atoms, h);
        work->calls.equivalents += work->last_equivalents;
    } else {
        st = sg_hessian_by_products(pot, work, sys, free_atoms, h);
    }
    return st == SG_OK ? check_matrix(sys, m, h) : st;
}

int sg_potential_has_hessian(const sg_potential *pot)
{
    return pot->ops->hessian != NULL && strcmp(sg_potential_kernel(pot), SG_KERNEL_PLAIN) != 0;
}

static sg_status check_finite(const sg_system *sys, const sg_atom_set *set, const sg_forces *out)
{
    const int n = set ? set->n : sys->n;

    for (int k = 0; k < n; k++) {
        const int i = set ? set->atom[k] : k;
        if (!isfinite(out->f[i][0] + out->f[i][1] + out->f[i][2]))
            return sg_fail(SG_ENUMERIC, "force on atom id %d at (%g, %g, %g) Å not finite", sys->id[i],
                           sys->x[i][0], sys->x[i][1], sys->x[i][2]);
    }
    if (!isfinite(out->energy)) return sg_fail(SG_ENUMERIC, "energy of %d atoms not finite", sys->n);
    return SG_OK;
}

void sg_potential_stress(const sg_system *sys, const sg_forces *f, double stress[6])
{
    for (int k = 0; k < 6; k++)
        stress[k] = f->virial[k] / sys->cell.volume;
}

void sg_potential_free(sg_potential *pot)
{
    if (!pot) return;
    sg_free(pot->spec);
    pot->ops->free(pot);
}

/* ---- kernels ---- */

sg_status sg_potential_set_kernel(sg_potential *pot, const char *name)
{
    if (pot->ops->set_kernel) return pot->ops->set_kernel(pot, name);
    if (strcmp(name, SG_KERNEL_AUTO) == 0 || strcmp(name, SG_KERNEL_PLAIN) == 0) return SG_OK;
    return sg_fail(SG_EINVAL, "kernel \"%s\": %s has only the plain one", name, pot->ops->name);
}

const char *sg_potential_kernel(const sg_potential *pot)
{
    return pot->kernel ? pot->kernel : SG_KERNEL_PLAIN;
}

sg_kernel_error sg_potential_kernel_error(const sg_potential *pot)
{
    return pot->ops->kernel_error ? pot->ops->kernel_error(pot) : (sg_kernel_error){0};
}

/* ---- specifications ---- */

static sg_status create_from_file(const char *style, const char *name, const char *folder, int n_elements,
                                  const char *const elements[], sg_potential **out)
{
    char *path = NULL;
    sg_status st = sg_potential_find_file(name, folder, &path);

    if (st == SG_OK) st = sg_potential_create_eam(style, path, n_elements, elements, out);
    if (st == SG_OK) st = keep_spec(*out, style, path);
    sg_free(path);
    return st;
}

static sg_status keep_spec(sg_potential *pot, const char *style, const char *rest)
{
    const size_t n = strlen(style) + strlen(rest) + 2;

    if (!(pot->spec = sg_calloc(n, 1))) return sg_fail(SG_ENOMEM, "potential");
    snprintf(pot->spec, n, "%s:%s", style, rest);
    return SG_OK;
}

static sg_status create_any(const char *spec, const char *folder, int n_elements,
                            const char *const elements[], sg_potential **out)
{
    static const char *const styles[] = {"eam/alloy", "eam/fs"};

    if (strncmp(spec, "lj:", 3) == 0) {
        double pair[MAX_PAIRS][3];
        sg_status st = numbers_from_text("lj", "eps,sigma,cutoff", 3, spec + 3, n_elements, &pair[0][0]);
        if (st == SG_OK) st = sg_potential_create_lj(n_elements, elements, (const double(*)[3])pair, out);
        return st == SG_OK ? keep_spec(*out, "lj", spec + 3) : st;
    }
    if (strncmp(spec, "morse:", 6) == 0) {
        double pair[MAX_PAIRS][4];
        sg_status st = numbers_from_text("morse", "D,alpha,r0,cutoff", 4, spec + 6, n_elements, &pair[0][0]);
        if (st == SG_OK) st = sg_potential_create_morse(n_elements, elements, (const double(*)[4])pair, out);
        return st == SG_OK ? keep_spec(*out, "morse", spec + 6) : st;
    }
    if (strncmp(spec, "kim:", 4) == 0 || strncmp(spec, "kim-api:", 8) == 0) {
        const char *const name = strchr(spec, ':') + 1;
        const sg_status st = sg_kim_create(name, spec[3] == '-', n_elements, elements, out);
        return st == SG_OK ? keep_spec(*out, spec[3] == '-' ? "kim-api" : "kim", name) : st;
    }
    for (size_t k = 0; k < sizeof styles / sizeof styles[0]; k++) {
        const size_t n = strlen(styles[k]);
        if (strncmp(spec, styles[k], n) == 0 && spec[n] == ':')
            return create_from_file(styles[k], spec + n + 1, folder, n_elements, elements, out);
    }
    return sg_fail(SG_EINVAL,
                   "potential \"%s\": expected eam/fs:FILE, eam/alloy:FILE, kim:MODEL, "
                   "lj:eps,sigma,cutoff[,..] or morse:D,alpha,r0,cutoff[,..]",
                   spec);
}

sg_status sg_potential_create(const char *spec, const char *folder, int n_elements,
                              const char *const elements[], sg_potential **out)
{
    *out = NULL;
    const sg_status st = create_any(spec, folder, n_elements, elements, out);
    if (st == SG_OK) return st;
    sg_potential_free(*out);
    *out = NULL;
    return st;
}

/* folder/name, or NULL when that file cannot be read; *out_of_memory is set then too. */
static char *readable(const char *folder, const char *name, int *out_of_memory)
{
    const size_t n = (folder ? strlen(folder) + 1 : 0) + strlen(name) + 1;
    char *const path = sg_calloc(n, 1);

    if (!path) {
        *out_of_memory = 1;
        return NULL;
    }
    snprintf(path, n, "%s%s%s", folder ? folder : "", folder ? "/" : "", name);
    FILE *const f = fopen(path, "rb");
    if (!f) {
        sg_free(path);
        return NULL;
    }
    fclose(f);
    return path;
}

sg_status sg_potential_find_file(const char *name, const char *folder, char **path)
{
    const char *const lammps = getenv("LAMMPS_POTENTIALS");
    const int absolute = name[0] == '/';
    int out_of_memory = 0;

    *path = NULL;
    if (name[0] == '\0') return sg_fail(SG_EINVAL, "potential without a file name");
    if (folder && !absolute) *path = readable(folder, name, &out_of_memory);
    if (!*path && !out_of_memory) *path = readable(NULL, name, &out_of_memory);
    if (!*path && !out_of_memory && lammps && !absolute) *path = readable(lammps, name, &out_of_memory);
    if (!*path && !out_of_memory && !absolute) *path = readable(LAMMPS_FOLDER, name, &out_of_memory);
    if (out_of_memory) return sg_fail(SG_ENOMEM, "path of potential %s", name);
    if (*path) return SG_OK;
    if (absolute) return sg_fail(SG_ENOTFOUND, "potential file %s cannot be read", name);
    return sg_fail(SG_ENOTFOUND,
                   "potential file %s not found: looked %s%s%shere, in $LAMMPS_POTENTIALS (%s) and in %s",
                   name, folder ? "in " : "", folder ? folder : "", folder ? ", " : "",
                   lammps ? lammps : "not set", LAMMPS_FOLDER);
}

/* `per_pair` numbers for each pair of elements; `names` says which, for the error text. */
static sg_status numbers_from_text(const char *style, const char *names, int per_pair, const char *text,
                                   int n_elements, double *value)
{
    const int want = n_elements * (n_elements + 1) / 2 * per_pair;
    const char *at = text;
    int n = 0;

    if (n_elements < 1 || n_elements > SG_MAX_SPECIES)
        return sg_fail(SG_EINVAL, "%d elements given, need 1 to %d", n_elements, SG_MAX_SPECIES);
    for (; n < want; n++) {
        char *end;
        if (n > 0 && *at++ != ',') break;
        value[n] = strtod(at, &end);
        if (end == at) break;
        at = end;
    }
    if (n != want || *at)
        return sg_fail(SG_EINVAL, "\"%s:%s\": expected %d numbers %s per pair of %d elements", style, text,
                       want, names, n_elements);
    return SG_OK;
}
