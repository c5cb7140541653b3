/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli_internal.h"

static sg_status run(cli *c)
{
    return cli_point(c, NULL, NULL);
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
