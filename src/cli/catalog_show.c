/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass catalog show: one generic event completely, and its three configurations as frames. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli_catalog.h"
#include "slowglass/explore.h"

static const double default_prefactor = 1e13; /* 1/s, as in a run file */

/* dE/dstrain for xx yy zz xy xz yz, eV; and the same as the change that a strain of 0.01 makes. */
static void print_derivative(cli *c, const char *key, const char *key_per_percent, const double *value)
{
    double shift[6];

    for (int k = 0; k < 6; k++)
        shift[k] = 10.0 * value[k];
    cli_result_numbers(c, key, 6, value);
    cli_result_numbers(c, key_per_percent, 6, shift);
}

static void print_event(cli *c, const sg_cat_event *e)
{
    cli_result_hex(c, "id", e->id);
    cli_result_hex(c, "key", e->key);
    cli_result_integer(c, "n_atoms", e->n);
    cli_result_integer(c, "n_shell", e->n_shell);
    cli_result_text(c, "centre", sg_element_label(e->n > 0 ? e->number[sg_curate_centre(e)] : 0));
    cli_result_number(c, "barrier_eV", e->barrier);
    cli_result_number(c, "barrier_back_eV", e->barrier_back);
    cli_result_number(c, "dE_eV", e->barrier - e->barrier_back);
    cli_result_number(c, "prefactor_per_s", e->prefactor);
    cli_result_number(c, "prefactor_back_per_s", e->prefactor_back);
    print_derivative(c, "strain_saddle_eV", "barrier_meV_per_percent", e->strain_saddle);
    print_derivative(c, "strain_final_eV", "dE_meV_per_percent", e->strain_final);
    cli_result_number(c, "participation", e->participation);
    cli_result_number(c, "dist_saddle_A", e->dist_saddle);
    cli_result_number(c, "dist_final_A", e->dist_final);
    cli_result_number(c, "saddle_force_eV_per_A", e->saddle_force);
    cli_result_number(c, "curvature_eV_per_A2", e->curvature);
    cli_result_number(c, "residual_A", e->residual);
    cli_result_number(c, "gamma", e->gamma);
    cli_result_integer(c, "found", e->found);
    cli_result_text(c, "sampler", cli_sampler_word(e->sampler));
}

/* One line per run that came upon the event; the counters of its samplers in words. */
static void print_origins(cli *c, sg_catalog *cat, const sg_cat_event *e)
{
    char id[20], word[32];

    puts("run\tname\tfound\tfirst_sampler\tsamplers");
    for (uint32_t k = 0; k < e->n_origins; k++) {
        const sg_cat_origin *o = &e->origin[k];
        sg_cat_run run = {0};
        if (sg_catalog_get_run(cat, o->run, &run) != SG_OK) strcpy(run.name, "?");
        snprintf(id, sizeof id, "%016" PRIx64, o->run);
        printf("%s\t%s\t%u\t%s\t", id, run.name, o->found, cli_sampler_word(o->first_sampler));
        sg_json *json = sg_json_append(c->result, "origins");
        sg_json_text(json, "run", id);
        sg_json_text(json, "name", run.name);
        sg_json_integer(json, "found", o->found);
        sg_json_text(json, "first_sampler", cli_sampler_word(o->first_sampler));
        for (int s = 0, n = 0; s < SG_CAT_SAMPLERS; s++) {
            if (o->by_sampler[s] == 0) continue;
            snprintf(word, sizeof word, "by_%s", cli_sampler_word((uint8_t)s));
            printf("%s%s %u", n++ ? ", " : "", word + 3, o->by_sampler[s]);
            sg_json_integer(json, word, o->by_sampler[s]);
        }
        putchar('\n');
    }
}

/* One line per strain at which the run that wrote the catalog has lent the event in vain. */
static sg_status print_deaths(cli *c, sg_catalog *cat, const sg_cat_event *e)
{
    sg_deaths *d = NULL;
    int n = 0;
    const sg_status st = sg_explore_deaths(cat, e->id, &d, &n);

    if (st == SG_OK && n > 0) puts("died_at_gamma\tfates");
    for (int k = 0; k < n && st == SG_OK; k++) {
        sg_json *json = sg_json_append(c->result, "deaths");
        sg_json_number(json, "gamma", d[k].gamma);
        printf("%.9g\t", d[k].gamma);
        for (int f = 0, words = 0; f < SG_FATE_COUNT; f++) {
            if (d[k].fate[f] == 0) continue;
            printf("%s%s %" PRIu64, words++ ? ", " : "", sg_fate_text((sg_fate)f), d[k].fate[f]);
            sg_json_integer(json, sg_fate_text((sg_fate)f), (int64_t)d[k].fate[f]);
        }
        putchar('\n');
    }
    sg_free(d);
    return st;
}

/* One line per atom: the shell first, as stored. */
static void print_atoms(cli *c, const sg_cat_event *e)
{
    puts("atom\telement\tshell\tx_A\ty_A\tz_A\tsaddle_dx\tsaddle_dy\tsaddle_dz\tfinal_dx\tfinal_dy\tfinal_dz"
         "\tmode_x\tmode_y\tmode_z");
    for (uint32_t k = 0; k < e->n; k++) {
        double v[12];
        for (int a = 0; a < 3; a++) {
            v[a] = (double)e->x[k][a];
            v[3 + a] = (double)e->d_saddle[k][a];
            v[6 + a] = (double)e->d_final[k][a];
            v[9 + a] = (double)e->mode[k][a];
        }
        printf("%u\t%s\t%d", k + 1, sg_element_label(e->number[k]), k < e->n_shell);
        for (int j = 0; j < 12; j++)
            printf("\t%.5f", v[j]);
        putchar('\n');
        if (!c->result) continue;
        sg_json *json = sg_json_append(c->result, "atoms");
        sg_json_text(json, "element", sg_element_label(e->number[k]));
        sg_json_boolean(json, "shell", k < e->n_shell);
        sg_json_numbers(json, "x_A", 3, v);
        sg_json_numbers(json, "d_saddle_A", 3, v + 3);
        sg_json_numbers(json, "d_final_A", 3, v + 6);
        sg_json_numbers(json, "mode", 3, v + 9);
    }
}

/* At --temperature, with the event's own prefactors or, where they are not computed, the one of --prefactor.
 */
static void print_rates(cli *c, const sg_cat_event *e, double temperature, double prefactor)
{
    const double kt = SG_KB * temperature;
    const double nu = isnan(e->prefactor) ? prefactor : e->prefactor;
    const double nu_back = isnan(e->prefactor_back) ? prefactor : e->prefactor_back;

    cli_result_number(c, "temperature_K", temperature);
    cli_result_number(c, "rate_per_s", nu * exp(-e->barrier / kt));
    if (isnan(e->prefactor) || isnan(e->prefactor_back))
        cli_result_number(c, "prefactor_used_per_s", prefactor);
    cli_result_number(c, "rate_back_per_s", nu_back * exp(-e->barrier_back / kt));
    if (fmin(e->barrier, e->barrier_back) < 3 * kt)
        sg_log_line(&c->log, SG_LOG_WARNING,
                    "a barrier below 3 kT = %.3g eV: transition-state theory is rough there", 3 * kt);
}

static sg_status check_frames_out(const cli *c)
{
    const char *dot = c->out ? strrchr(c->out, '.') : NULL;

    if (c->out && (!dot || (strcmp(dot, ".extxyz") != 0 && strcmp(dot, ".xyz") != 0)))
        return sg_fail(SG_EINVAL, "-o %s: three frames need a name that ends in .extxyz or .xyz", c->out);
    return cli_check_out(c, 0);
}

static sg_status add_base(sg_catalog *cat, const char *folder)
{
    char *path = NULL;
    sg_status st = cli_catalog_path(folder, &path); /* of a run: the one inside */

    if (st == SG_OK) st = sg_catalog_add_base(cat, path);
    sg_free(path);
    return st;
}

static sg_status show(cli *c, sg_catalog *cat)
{
    const char *base = cli_value(c, "base");
    double temperature = 0, prefactor = default_prefactor;
    uint64_t id = 0;
    sg_cat_event event = {0};

    sg_status st = check_frames_out(c);
    if (st == SG_OK) st = cli_number(c, "temperature", 0.0, 1e6, &temperature);
    if (st == SG_OK) st = cli_number(c, "prefactor", 0.0, HUGE_VAL, &prefactor);
    if (st == SG_OK && cli_value(c, "prefactor") && temperature <= 0)
        st = sg_fail(SG_EINVAL, "--prefactor is for the rates at --temperature");
    if (st == SG_OK && base) st = add_base(cat, base);
    if (st == SG_OK) st = sg_curate_find_event(cat, c->input[2], &id);
    if (st != SG_OK) return st;
    st = sg_catalog_get_event(cat, id, &event);
    if (st == SG_ENOTFOUND)
        return sg_fail(st, "no event has the id %016" PRIx64 "%s", id,
                       base ? "" : " here; one that the run took from a base: --base DIR");
    if (st == SG_OK && c->out) st = sg_curate_write_frames(sg_catalog_get_header(cat), &event, c->out);
    if (st == SG_OK) {
        print_event(c, &event);
        if (temperature > 0) print_rates(c, &event, temperature, prefactor);
        print_origins(c, cat, &event);
        st = print_deaths(c, cat, &event);
        if (st == SG_OK) print_atoms(c, &event);
    }
    sg_cat_event_clear(&event);
    return st;
}

sg_status cli_catalog_show(cli *c)
{
    return cli_catalog_with(c, show);
}
