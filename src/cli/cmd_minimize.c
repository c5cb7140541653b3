/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli_internal.h"

static const cli_option options[] = {
    {"max-calls", 0, "N", "force calls allowed (20000)"},
    {NULL, 0, NULL, NULL},
};

static sg_status run(cli *c)
{
    cli_model model = {0};
    sg_forces f = {0};

    sg_status st = cli_configure(c, NULL);
    if (st == SG_OK) st = cli_check_out(c, 1);
    if (st == SG_OK) st = cli_load(c, c->input[0], &model);
    if (st == SG_OK) st = cli_forces_create(model.sys, &f);
    if (st == SG_OK) st = cli_relax(c, &model, "minimize", 1);
    if (st == SG_OK) st = sg_potential_compute(model.pot, model.work, model.sys, NULL, &f);
    if (st == SG_OK) st = cli_write_structure(c, model.sys, &f);
    if (st == SG_OK) cli_result_point(c, &model, &f);
    sg_free(f.f);
    cli_model_free(&model);
    return st;
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
