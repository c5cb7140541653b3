/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that end with the energy, stress and forces of one structure. */
#include "cli_internal.h"

sg_status cli_point(cli *c, cli_change *change, void *arg)
{
    cli_model model = {0};
    sg_forces f = {0};

    sg_status st = cli_configure(c, NULL);
    if (st == SG_OK) st = cli_check_out(c, change != NULL);
    if (st == SG_OK) st = cli_load(c, c->input[0], &model);
    if (st == SG_OK) st = cli_forces_create(model.sys, &f);
    if (st == SG_OK && change) st = change(c, &model, &f, arg);
    if (st == SG_OK && !change) st = sg_potential_compute(model.pot, model.work, model.sys, NULL, &f);
    if (st == SG_OK) st = cli_write_structure(c, model.sys, &f);
    if (st == SG_OK) cli_result_point(c, &model, &f);
    sg_free(f.f);
    cli_model_free(&model);
    return st;
}
