/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass catalog show: one generic event completely, and its three configurations as frames. */
#include <inttypes.h>
#include <string.h>

#include "cli_catalog.h"
#include "slowglass/curate.h"
#include "slowglass/io.h"

static void print_event(cli *c, const sg_cat_event *e)
{
    cli_result_hex(c, "id", e->id);
    cli_result_hex(c, "key", e->key);
    cli_result_integer(c, "n_atoms", e->n);
    cli_result_integer(c, "n_shell", e->n_shell);
    cli_result_text(c, "centre", cli_symbol(e->n > 0 ? e->number[sg_curate_centre(e)] : 0));
    cli_result_number(c, "barrier_eV", e->barrier);
    cli_result_number(c, "barrier_back_eV", e->barrier_back);
    cli_result_number(c, "dE_eV", e->barrier - e->barrier_back);
    cli_result_number(c, "prefactor_per_s", e->prefactor);
    cli_result_numbers(c, "strain_saddle_eV", 6, e->strain_saddle);
    cli_result_numbers(c, "strain_final_eV", 6, e->strain_final);
    cli_result_number(c, "participation", e->participation);
    cli_result_number(c, "dist_saddle_A", e->dist_saddle);
    cli_result_number(c, "dist_final_A", e->dist_final);
    cli_result_number(c, "saddle_force_eV_per_A", e->saddle_force);
    cli_result_number(c, "curvature_eV_per_A2", e->curvature);
    cli_result_number(c, "gamma", e->gamma);
    cli_result_integer(c, "found", e->found);
    cli_result_text(c, "sampler", cli_sampler_word(e->sampler));
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, e->seed);
    cli_result_text(c, "seed", seed);
}

/* One line per atom: the shell first, as stored. */
static void print_atoms(cli *c, const sg_cat_event *e)
{
    printf("atom\telement\tshell\tx_A\ty_A\tz_A\tsaddle_dx\tsaddle_dy\tsaddle_dz\tfinal_dx\tfinal_dy\tfinal_"
           "dz\n");
    for (uint32_t k = 0; k < e->n; k++) {
        double v[9];
        for (int a = 0; a < 3; a++) {
            v[a] = (double)e->x[k][a];
            v[3 + a] = (double)e->d_saddle[k][a];
            v[6 + a] = (double)e->d_final[k][a];
        }
        printf("%u\t%s\t%d", k + 1, cli_symbol(e->number[k]), k < e->n_shell);
        for (int j = 0; j < 9; j++)
            printf("\t%.5f", v[j]);
        putchar('\n');
        if (!c->result) continue;
        sg_json *json = sg_json_append(c->result, "atoms");
        sg_json_text(json, "element", cli_symbol(e->number[k]));
        sg_json_boolean(json, "shell", k < e->n_shell);
        sg_json_numbers(json, "x_A", 3, v);
        sg_json_numbers(json, "d_saddle_A", 3, v + 3);
        sg_json_numbers(json, "d_final_A", 3, v + 6);
    }
}

/* Three frames into -o; all or nothing. */
static sg_status write_frames(const cli *c, const sg_catalog_header *header, const sg_cat_event *e)
{
    static const char *const names[3] = {"frame=start", "frame=saddle", "frame=final"};
    const double energy[3] = {0.0, e->barrier, e->barrier - e->barrier_back}; /* relative to the start */
    sg_system *frame[3];
    sg_replace replace = {0};

    sg_status st = sg_curate_event_frames(header, e, frame);
    if (st != SG_OK) return st;
    st = sg_io_replace_begin(&replace, c->out);
    for (int k = 0; k < 3 && st == SG_OK; k++) {
        const sg_frame_info about = {.energy = &energy[k], .extra = names[k]};
        st = sg_io_print_extxyz(replace.file, c->out, frame[k], &about);
    }
    if (st == SG_OK) st = sg_io_replace_commit(&replace);
    sg_io_replace_abort(&replace);
    for (int k = 0; k < 3; k++)
        sg_system_free(frame[k]);
    return st;
}

static sg_status check_frames_out(const cli *c)
{
    const char *dot = c->out ? strrchr(c->out, '.') : NULL;

    if (c->out && (!dot || (strcmp(dot, ".extxyz") != 0 && strcmp(dot, ".xyz") != 0)))
        return sg_fail(SG_EINVAL, "-o %s: three frames need a name that ends in .extxyz or .xyz", c->out);
    return cli_check_out(c, 0);
}

static sg_status show(cli *c, sg_catalog *cat)
{
    uint64_t id = 0;
    sg_cat_event event = {0};

    sg_status st = check_frames_out(c);
    if (st == SG_OK) st = sg_curate_find_event(cat, c->input[2], &id);
    if (st != SG_OK) return st;
    st = sg_catalog_get_event(cat, id, &event);
    if (st == SG_ENOTFOUND) return sg_fail(st, "no event has the id %016" PRIx64, id);
    if (st == SG_OK && c->out) st = write_frames(c, sg_catalog_get_header(cat), &event);
    if (st == SG_OK) {
        print_event(c, &event);
        print_atoms(c, &event);
    }
    sg_cat_event_clear(&event);
    return st;
}

sg_status cli_catalog_show(cli *c)
{
    return cli_catalog_with(c, show);
}
