/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Athermal quasistatic shear: affine steps, each followed by a relaxation; on request the events of a catalog
 * are carried along. Source: Maloney & Lemaitre, Phys. Rev. E 74, 016118 (2006). */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "cli_internal.h"
#include "slowglass/io.h"
#include "slowglass/run/follow.h"

static const cli_option options[] = {
    {"xy", 0, "GAMMA", "engineering shear strain to reach, counted from the unstrained cell"},
    {"step", 0, "D", "largest strain between two relaxations (0.005)"},
    {"back", 0, NULL, "then back to the strain of IN, in the same steps"},
    {"max-calls", 0, "N", "force calls allowed in one relaxation (20000)"},
    {"follow", 0, "CAT", "carry the events that this catalog knows around IN through the strain"},
    {"events", 0, "FILE", "with --follow: their table, a row per event and strain"},
    {NULL, 0, NULL, NULL},
};

typedef struct strain_path {
    double target, step;
    sg_follow *follow; /* NULL: the structure alone */
    sg_tsv *table;
    int n_slips;
} strain_path;

/* --- events --- */

static const char event_columns[] =
    "xy\tevent\tcentre\tfate\tbarrier_eV\tbarrier_back_eV\tpredicted_eV\terror_"
    "eV\tfirst_barrier_eV\tfirst_dEb_dgxy_eV\tdEb_dgxy_eV\tmoved_A\tfrom_first_A\tforce_calls";

static sg_status write_events(strain_path *p, double gamma)
{
    int n;
    const sg_followed *e = sg_follow_events(p->follow, &n);
    sg_status st = SG_OK;

    for (int k = 0; k < n && st == SG_OK; k++, e++)
        st = sg_tsv_row(p->table,
                        "%.9g\t%016" PRIx64
                        "\t%d\t%s\t%.17g\t%.17g\t%.17g\t%.9g\t%.17g\t%.9g\t%.9g\t%.4g\t%.4g\t%d",
                        gamma, e->event, e->centre_id, sg_fate_text(e->fate), e->barrier, e->barrier_back,
                        e->predicted.barrier, e->predicted.error, e->first_barrier, e->first_derivative[3],
                        e->strain_saddle[3], e->moved, e->from_first, e->force_calls);
    return st == SG_OK ? sg_tsv_flush(p->table) : st;
}

static sg_status open_follow(cli *c, cli_model *model, strain_path *p)
{
    const char *const base = cli_value(c, "follow"), *const path = cli_value(c, "events");
    char *text = NULL;

    if (!base && !path) return SG_OK;
    if (!base || !path) return sg_fail(SG_EINVAL, "--follow CAT and --events FILE: need both");
    if (access(path, F_OK) == 0) return sg_fail(SG_EINVAL, "--events %s: is there already", path);
    const size_t size = strlen(base) + sizeof "catalog.base=\"\"";
    if (!(text = sg_calloc(size, 1))) return sg_fail(SG_ENOMEM, "--follow");
    snprintf(text, size, "catalog.base=\"%s\"", base);
    sg_status st = sg_config_set(&c->cfg, text);
    sg_free(text);
    if (st == SG_OK) st = sg_follow_open(&c->cfg, model->sys, model->pot, &c->log, &p->follow);
    if (st == SG_OK) st = sg_tsv_open(path, event_columns, &p->table);
    return st == SG_OK ? write_events(p, model->sys->cell.gamma) : st;
}

static void print_fates(cli *c, const strain_path *p)
{
    int n, count[SG_FATE_COUNT] = {0};
    const sg_followed *e = sg_follow_events(p->follow, &n);

    for (int k = 0; k < n; k++)
        count[e[k].fate]++;
    cli_result_integer(c, "n_events", n);
    for (int k = 0; k < SG_FATE_COUNT; k++)
        cli_result_integer(c, sg_fate_text((sg_fate)k), count[k]);
    cli_result_integer(c, "n_slips", p->n_slips);
}

/* --- steps --- */

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

static sg_status one_step(cli *c, cli_model *model, sg_forces *f, strain_path *p, double gamma)
{
    int slipped = 0;
    sg_status st =
        p->follow ? sg_follow_step(p->follow, gamma, &slipped) : sg_system_set_strain(model->sys, gamma);

    if (slipped)
        sg_log_line(&c->log, SG_LOG_INFO, "strain %.6g: the structure has slipped into another state", gamma);
    p->n_slips += slipped;
    if (st == SG_OK) st = relax_and_print(c, model, f);
    return st == SG_OK && p->table ? write_events(p, gamma) : st;
}

/* From the strain that the structure has, in equal steps. */
static sg_status leg(cli *c, cli_model *model, sg_forces *f, strain_path *p, double target)
{
    const double start = model->sys->cell.gamma;
    const double n =
        ceil(fabs(target - start) / p->step - 1e-9); /* 0.04 in steps of 0.005 are eight, not nine */
    sg_status st = SG_OK;

    if (n > 1e6)
        return sg_fail(SG_EINVAL, "--step %g: more than a million steps to --xy %g", p->step, target);
    for (int k = 1; k <= (int)n && st == SG_OK; k++) {
        const double gamma = k == (int)n ? target : start + (target - start) * k / n;
        st = one_step(c, model, f, p, gamma);
        sg_log_progress(&c->log, "strain", k, n, NULL);
        if (st == SG_OK && sg_interrupt_requested())
            st = sg_fail(SG_EINTERRUPTED, "interrupted at strain %g; %s was not written", gamma, c->out);
    }
    return st;
}

static sg_status strain_in_steps(cli *c, cli_model *model, sg_forces *f, void *arg)
{
    strain_path *const p = arg;
    const double start = model->sys->cell.gamma;
    sg_status st = open_follow(c, model, p);

    if (st == SG_OK) {
        printf("xy\teis_eV\ttau_xy_GPa\tpressure_GPa\n");
        st = relax_and_print(c, model, f);
    }
    if (st == SG_OK) st = leg(c, model, f, p, p->target);
    if (st == SG_OK && cli_value(c, "back")) st = leg(c, model, f, p, start);
    if (st == SG_OK && p->follow) print_fates(c, p);
    sg_follow_close(p->follow);
    const sg_status closed = sg_tsv_close(p->table);
    return st == SG_OK ? closed : st;
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
    .usage = "IN --xy GAMMA [--step D] [--back] [--follow CAT --events FILE] -o OUT",
    .details =
        "The structure is relaxed as it is, then x += dgamma*y is applied to cell and atoms step by step.\n"
        "One row per step: strain, energy, shear stress, pressure. OUT keeps the unstrained cell and gamma.\n"
        "With --follow the events of a catalog that fit the structure are converged again at every strain:\n"
        "FILE has their barriers, what was predicted from the first strain, and the fate of each.",
    .example = "slowglass strain validation/samples/Cu64Zr36_500.extxyz --xy 0.04 "
               "--potential eam/fs:CuZr_mm.eam.fs -o strained.extxyz",
    .min_inputs = 1,
    .max_inputs = 1,
    .options = options,
    .run = run,
};
