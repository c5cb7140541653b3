/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Athermal quasistatic shear: affine steps, each followed by a relaxation.
 * Source: Maloney & Lemaitre, Phys. Rev. E 74, 016118 (2006). */
#include <math.h>

#include "cli_internal.h"

static const cli_option options[] = {
    {"xy", 0, "GAMMA", "engineering shear strain to reach, counted from the unstrained cell"},
    {"step", 0, "D", "largest strain between two relaxations (0.005)"},
    {"max-calls", 0, "N", "force calls allowed in one relaxation (20000)"},
    {NULL, 0, NULL, NULL},
};

typedef struct strain_path {
    double target, step;
} strain_path;

static sg_status relax_and_print(cli *c, cli_model *model, sg_forces *f)
{
    double stress[6];
    char what[48], e[SG_NUMBER_TEXT], tau[SG_NUMBER_TEXT], p[SG_NUMBER_TEXT];

    snprintf(what, sizeof what, "strain %.6g", model->sys->cell.gamma);
    sg_status st = cli_relax(c, model, what, 0);
    if (st == SG_OK) st = sg_potential_compute(model->pot, model->work, model->sys, NULL, f);
    if (st != SG_OK) return st;
    const double pressure = cli_gpa(model->sys, f->virial, stress);
    cli_progress_close(&c->progress);
    printf("%.9g\t%s\t%s\t%s\n", model->sys->cell.gamma, sg_text_number(f->energy, e),
           sg_text_number(stress[3], tau), sg_text_number(pressure, p));
    return SG_OK;
}

static sg_status strain_in_steps(cli *c, cli_model *model, sg_forces *f, void *arg)
{
    const double target = ((const strain_path *)arg)->target, step = ((const strain_path *)arg)->step;
    const double start = model->sys->cell.gamma;
    const double n =
        ceil(fabs(target - start) / step - 1e-9); /* 0.04 in steps of 0.005 are eight, not nine */

    if (n > 1e6) return sg_fail(SG_EINVAL, "--step %g: more than a million steps to --xy %g", step, target);
    printf("xy\teis_eV\ttau_xy_GPa\tpressure_GPa\n");
    sg_status st = relax_and_print(c, model, f);
    for (int k = 1; k <= (int)n && st == SG_OK; k++) {
        const double gamma = k == (int)n ? target : start + (target - start) * k / n;
        st = sg_system_set_strain(model->sys, gamma);
        if (st == SG_OK) st = relax_and_print(c, model, f);
        sg_log_progress(&c->log, "strain", k, n, NULL);
        if (st == SG_OK && sg_interrupt_requested())
            st = sg_fail(SG_EINTERRUPTED, "interrupted at strain %g; %s was not written", gamma, c->out);
    }
    return st;
}

static sg_status run(cli *c)
{
    strain_path path = {.target = NAN, .step = 0.005};

    sg_status st = cli_number(c, "xy", -1.0, 1.0, &path.target);
    if (st == SG_OK) st = cli_number(c, "step", 0.0, 1.0, &path.step);
    if (st == SG_OK && isnan(path.target))
        st = sg_fail(SG_EINVAL, "--xy GAMMA missing: which strain is to be reached?");
    return st == SG_OK ? cli_point(c, strain_in_steps, &path) : st;
}

const cli_command cmd_strain = {
    .name = "strain",
    .summary = "shear a structure in small steps and relax it after each (athermal, quasistatic)",
    .usage = "IN --xy GAMMA [--step D] -o OUT",
    .details =
        "The structure is relaxed as it is, then x += dgamma*y is applied to cell and atoms step by step.\n"
        "One row per step: strain, energy, shear stress, pressure. OUT keeps the unstrained cell and gamma.",
    .example = "slowglass strain validation/samples/Cu64Zr36_500.extxyz --xy 0.04 "
               "--potential eam/fs:CuZr_mm.eam.fs -o strained.extxyz",
    .min_inputs = 1,
    .max_inputs = 1,
    .options = options,
    .run = run,
};
