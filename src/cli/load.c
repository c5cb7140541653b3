/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From paths and settings to a structure, its potential and scratch. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli_internal.h"
#include "slowglass/io.h"
#include "slowglass/neigh.h"

static const double CLOSEST_A = 0.5; /* no solid has atoms this close; forces there mean nothing */

static int compare_ints(const void *a, const void *b);
static sg_status mark_fixed(const cli *c, sg_system *sys);
static sg_status check_distances(const sg_system *sys);

void cli_element_list(const cli *c, int *n, const char *const **elements)
{
    *n = c->cfg.potential.elements.n;
    *elements = (const char *const *)c->cfg.potential.elements.value;
}

static int compare_ints(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* Mark the atoms of system.fixed, a list of ids that must all exist. */
static sg_status mark_fixed(const cli *c, sg_system *sys)
{
    const sg_integers *ids = &c->cfg.system.fixed;
    sg_status st = SG_OK;

    if (ids->n == 0) return SG_OK;
    int *present = sg_calloc((size_t)sys->n, sizeof *present);
    int *wanted = sg_calloc((size_t)ids->n, sizeof *wanted);
    if (!present || !wanted) {
        st = sg_fail(SG_ENOMEM, "fixed atoms");
        goto done;
    }
    memcpy(present, sys->id, (size_t)sys->n * sizeof *present);
    memcpy(wanted, ids->value, (size_t)ids->n * sizeof *wanted);
    qsort(present, (size_t)sys->n, sizeof *present, compare_ints);
    qsort(wanted, (size_t)ids->n, sizeof *wanted, compare_ints);
    for (int i = 0; i < ids->n && st == SG_OK; i++)
        if (!bsearch(&wanted[i], present, (size_t)sys->n, sizeof *present, compare_ints))
            st = sg_fail(SG_EINVAL, "system.fixed = %d, no atom has this id", wanted[i]);
    for (int i = 0; i < sys->n && st == SG_OK; i++) {
        if (sys->fixed[i] || !bsearch(&sys->id[i], wanted, (size_t)ids->n, sizeof *wanted, compare_ints))
            continue;
        sys->fixed[i] = 1;
        sys->n_fixed++;
    }
done:
    sg_free(present);
    sg_free(wanted);
    return st;
}

static sg_status check_distances(const sg_system *sys)
{
    double distance;
    int a, b;

    const sg_status st = sg_neigh_closest(sys, CLOSEST_A, &distance, &a, &b);
    if (st != SG_OK || !(distance < CLOSEST_A)) return st;
    return sg_fail(SG_EINVAL, "atoms %d and %d are %.3g Å apart, need >= %g Å", sys->id[a], sys->id[b],
                   distance, CLOSEST_A);
}

sg_status cli_check_structure(const cli *c, const char *path, sg_system *sys)
{
    sg_status st = mark_fixed(c, sys);

    if (st == SG_OK) st = check_distances(sys);
    return st == SG_OK ? st : sg_fail_context(st, "%s", path);
}

sg_status cli_load_potential(const cli *c, const sg_species *species, sg_potential **pot)
{
    const char *symbols[SG_MAX_SPECIES];
    char *spec = NULL, *kernel = NULL;

    *pot = NULL;
    if (c->cfg.line[SG_KEY_potential_style] == 0 && !*c->cfg.potential.file)
        return sg_fail(SG_EINVAL, "no potential given; use --potential SPEC or --config RUN.ini");
    sg_status st = sg_config_potential_spec(&c->cfg, &spec);
    if (st != SG_OK) return st;
    for (int i = 0; i < species->n; i++)
        symbols[i] = species->symbol[i];
    st = sg_potential_create(spec, NULL, species->n, symbols, pot);
    if (st == SG_OK && !(kernel = sg_config_value(&c->cfg, SG_KEY_potential_kernel)))
        st = sg_fail(SG_ENOMEM, "potential.kernel");
    if (st == SG_OK) st = sg_potential_set_kernel(*pot, kernel);
    if (st != SG_OK) {
        sg_potential_free(*pot);
        *pot = NULL;
    }
    sg_free(kernel);
    sg_free(spec);
    return st;
}

sg_status cli_load(cli *c, const char *path, cli_model *model)
{
    const char *const *elements;
    struct stat info;
    char *note = NULL;
    int n;

    memset(model, 0, sizeof *model);
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return sg_fail(SG_EINVAL, "%s: a folder, need a structure", path);
    cli_element_list(c, &n, &elements);
    sg_status st = sg_io_read_structure(path, n, elements, &model->sys, &note);
    if (st == SG_OK && note) sg_log_line(&c->log, SG_LOG_INFO, "%s: %s", path, note);
    sg_free(note);
    if (st == SG_OK) st = cli_check_structure(c, path, model->sys);
    if (st == SG_OK) st = cli_load_potential(c, &model->sys->species, &model->pot);
    if (st == SG_OK) st = sg_potential_work_create(model->pot, &model->work);
    if (st != SG_OK) cli_model_free(model);
    return st;
}

void cli_model_free(cli_model *model)
{
    sg_potential_work_free(model->work);
    sg_potential_free(model->pot);
    sg_system_free(model->sys);
    memset(model, 0, sizeof *model);
}
