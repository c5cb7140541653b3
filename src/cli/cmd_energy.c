/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli_internal.h"

static sg_status run(cli *c)
{
    cli_model model = {0};
    sg_forces f = {0};

    sg_status st = cli_configure(c, NULL);
    if (st == SG_OK) st = cli_check_out(c, 0);
    if (st == SG_OK) st = cli_load(c, c->input[0], &model);
    if (st == SG_OK) st = cli_forces_create(model.sys, &f);
    if (st == SG_OK) st = sg_potential_compute(model.pot, model.work, model.sys, NULL, &f);
    if (st == SG_OK) st = cli_write_structure(c, model.sys, &f);
    if (st == SG_OK) cli_result_point(c, &model, &f);
    sg_free(f.f);
    cli_model_free(&model);
    return st;
}

const cli_command cmd_energy = {
    .name = "energy",
    .summary = "energy, stress and forces of a structure as it is",
    .usage = "IN [-o OUT]",
    .details = "IN: extended XYZ, LAMMPS data or LAMMPS dump. OUT carries the forces (extended XYZ).",
    .example = "slowglass energy validation/samples/Cu64Zr36_500.extxyz --potential eam/fs:CuZr_mm.eam.fs",
    .min_inputs = 1,
    .max_inputs = 1,
    .run = run,
};
