/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli_internal.h"

static const cli_option options[] = {
    {"max-calls", 0, "N", "force calls allowed (20000)"},
    {"cell", 0, "keep|relax", "relax: the cell too, to zero pressure and zero shear (keep)"},
    {NULL, 0, NULL, NULL},
};

static sg_status relax(cli *c, cli_model *model, sg_forces *f, void *arg)
{
    const int relax_cell = *(const int *)arg;
    const sg_status st = relax_cell ? cli_relax_cell(c, model) : cli_relax(c, model, "minimize", 1);
    return st == SG_OK ? sg_potential_compute(model->pot, model->work, model->sys, NULL, f) : st;
}

static sg_status run(cli *c)
{
    static const char *const cells[] = {"keep", "relax"};
    int relax_cell = 0;
    const sg_status st = cli_word(c, "cell", cells, &relax_cell);

    return st == SG_OK ? cli_point(c, relax, &relax_cell) : st;
}

const cli_command cmd_minimize = {
    .name = "minimize",
    .summary = "relax a structure to its inherent structure",
    .usage = "IN [--cell relax] -o OUT",
    .details =
        "Converged when no force exceeds search.force_minimum_eV_per_A; nothing is written otherwise.\n"
        "The cell is fixed; with --cell relax it comes to rest as well (forces below 1e-5 eV/Å, stress\n"
        "below 1e-4 GPa) and counts as unstrained: gamma is 0.",
    .example = "slowglass minimize validation/samples/Cu64Zr36_500.data --elements Cu,Zr "
               "--potential eam/fs:CuZr_mm.eam.fs -o is.extxyz",
    .min_inputs = 1,
    .max_inputs = 1,
    .options = options,
    .run = run,
};
