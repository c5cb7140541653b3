/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli_internal.h"

static const cli_option options[] = {
    {"max-calls", 0, "N", "force calls allowed (20000)"},
    {NULL, 0, NULL, NULL},
};

static sg_status relax(cli *c, cli_model *model, sg_forces *f, void *arg)
{
    (void)arg;
    const sg_status st = cli_relax(c, model, "minimize", 1);
    return st == SG_OK ? sg_potential_compute(model->pot, model->work, model->sys, NULL, f) : st;
}

static sg_status run(cli *c)
{
    return cli_point(c, relax, NULL);
}

const cli_command cmd_minimize = {
    .name = "minimize",
    .summary = "relax a structure to its inherent structure at fixed cell",
    .usage = "IN -o OUT",
    .details = "Converged when no force exceeds search.force_minimum_eV_per_A; nothing is written otherwise.",
    .example = "slowglass minimize validation/samples/Cu64Zr36_500.data --elements Cu,Zr "
               "--potential eam/fs:CuZr_mm.eam.fs -o is.extxyz",
    .min_inputs = 1,
    .max_inputs = 1,
    .options = options,
    .run = run,
};
