/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main job: a kinetic Monte Carlo run in a folder of its own. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include <omp.h>

#include "cli_internal.h"
#include "slowglass/run.h"

static const cli_option options[] = {
    {"resume", 0, "DIR",
     "go on with the run in DIR; only kmc.max_steps, max_time_s, max_wall_s, stop_below_eis_eV may be set "
     "anew"},
    {NULL, 0, NULL, NULL},
};

/* The run file's name without folder and extension. */
static char *default_folder(const char *run_file)
{
    const char *name = strrchr(run_file, '/');
    char *folder = sg_strdup(name ? name + 1 : run_file);
    char *dot = folder ? strrchr(folder, '.') : NULL;

    if (dot && dot > folder)
        *dot = '\0';
    else if (folder) {
        sg_free(folder);
        folder = sg_strdup("run");
    }
    return folder;
}

static char *join(const char *folder, const char *name)
{
    const size_t n = strlen(folder) + strlen(name) + 2;
    char *path = sg_calloc(n, 1);
    if (path) snprintf(path, n, "%s/%s", folder, name);
    return path;
}

/* Settings of a run to go on with, and the structure that it began with. */
static sg_status configure_resumed(cli *c, const char *folder, char **structure)
{
    char *run_file = join(folder, "run.ini");
    sg_config kept = {0};
    sg_status st = run_file ? SG_OK : sg_fail(SG_ENOMEM, "--resume");

    *structure = NULL;
    if (st == SG_OK && access(run_file, F_OK) != 0)
        st = sg_fail(SG_ENOTFOUND, "--resume %s: no run there (run.ini is missing)", folder);
    if (st == SG_OK) st = sg_config_read(run_file, &kept);
    if (st == SG_OK) st = cli_configure(c, run_file);
    if (st == SG_OK) st = sg_run_compare_settings(&kept, &c->cfg);
    if (st == SG_OK) {
        *structure = join(folder, "start.extxyz");
        if (*structure && access(*structure, F_OK) != 0) { /* killed before it was written */
            sg_free(*structure);
            *structure = sg_strdup(c->cfg.system.structure);
        }
        if (!*structure) st = sg_fail(SG_ENOMEM, "--resume");
    }
    sg_config_clear(&kept);
    sg_free(run_file);
    return st;
}

/* "1903 events refined for 73 tables, 245 calls each: 1500 converged, 129 disconnected, .." */
static void print_refinements(const sg_run_summary *sum)
{
    const sg_run_work *w = &sum->work;

    if (w->refined == 0) return;
    printf("%llu events refined for %llu tables, %.0f calls each: %llu converged",
           (unsigned long long)w->refined, (unsigned long long)sum->n_tables,
           (double)w->calls_refined / (double)w->refined,
           (unsigned long long)(w->outcome[SG_FOUND] + w->outcome[SG_KNOWN]));
    for (int k = 0; k < SG_OUTCOME_COUNT; k++)
        if (k != SG_FOUND && k != SG_KNOWN && w->outcome[k] > 0)
            printf(", %llu %s", (unsigned long long)w->outcome[k], sg_outcome_text((sg_outcome)k));
    putchar('\n');
}

/* "of the events known at other strains 21 survived, 2 disconnected; 18 left out by prediction; ..": */
static void print_strain_account(const sg_strain_account *a)
{
    const char *separator = "";
    uint64_t refined = 0;

    for (int k = 0; k < SG_FATE_COUNT; k++)
        refined += a->fate[k];
    if (refined + a->left_out == 0) return;
    printf("of events known at other strains ");
    for (int k = 0; k < SG_FATE_COUNT; k++) {
        if (a->fate[k] == 0) continue;
        printf("%s%llu %s", separator, (unsigned long long)a->fate[k], sg_fate_text((sg_fate)k));
        separator = ", ";
    }
    printf("%s%llu predicted outside the window; %llu that only searches found\n", refined ? "; " : "",
           (unsigned long long)a->left_out, (unsigned long long)a->born);
}

static void print_four(const sg_run_shares *s, int digits)
{
    printf("%.*f %% from the catalog, %.*f %% inherited, %.*f %% by detours, %.*f %% searched anew", digits,
           100 * s->catalog, digits, 100 * s->inherited, digits, 100 * s->detour, digits, 100 * s->searched);
}

static void print_shares(cli *c, const sg_run_summary *sum)
{
    const double window = c->cfg.search.barrier_max_eV;

    cli_progress_close(&c->progress);
    if (isnan(sum->all.searched)) return; /* no table is complete yet */
    printf("rate tables, barriers up to %.3g eV: ", window);
    print_four(&sum->all, 1);
    if (!isnan(sum->later.searched)) {
        printf("\nafter the start: ");
        print_four(&sum->later, 1);
    }
    if (!isnan(sum->later_rate.searched)) {
        printf("\nby rate, after the start: ");
        print_four(&sum->later_rate, 2);
    }
    putchar('\n');
    print_refinements(sum);
    print_strain_account(&sum->stats.strain);
    if (!isnan(sum->later_missing))
        printf("estimated to be missing: %.0f %% of the rate out of a state, mean over the tables after the "
               "start; "
               "searches ended by confidence in %llu of %llu tables, by budget in the others\n",
               100 * sum->later_missing, (unsigned long long)sum->n_confident,
               (unsigned long long)sum->n_tables);
    if (sum->last.step > 0)
        printf(
            "clock: %.4g s; with what is missing, as expected, %.4g s; last step: rate of the known events "
            "%.3g /s, missing %.3g /s\n",
            sum->last.time, sum->last.time - sum->time_missing, sum->last.rate_total, sum->last.rate_missing);
}

static void print_prefactors(const sg_run_summary *sum)
{
    const sg_prefactor_summary *p = &sum->prefactors;

    if (p->n_done + p->n_failed == 0) return;
    printf("prefactors of %llu of %llu events computed, %llu more lent by others, %llu have none; ln(nu s) = "
           "%.2f "
           "+- %.2f, from %.2f to %.2f; = %.2f(%.2f) + %.2f(%.2f) barrier/eV\n",
           (unsigned long long)p->n_done, (unsigned long long)sum->n_events, (unsigned long long)p->n_lent,
           (unsigned long long)p->n_failed, p->mean, p->spread, p->lowest, p->highest, p->a, p->error_a, p->b,
           p->error_b);
}

static void print_line(const char *key, double value)
{
    char text[SG_NUMBER_TEXT];
    printf("%s = %s\n", key, sg_text_number(value, text));
}

static void print_results(cli *c, const sg_run_summary *sum, const char *folder)
{
    print_shares(c, sum);
    print_prefactors(sum);
    printf("ended by %s; files in %s\n", sg_run_end_text(sum->end), folder);
    print_line("steps", (double)sum->last.step);
    print_line("time_s", sum->last.time);
    print_line("eis_eV", sum->last.energy);
    print_line("tau_xy_GPa", sum->last.tau);
    print_line("n_states", (double)sum->n_states);
    print_line("n_events", (double)sum->n_events);
    print_line("n_searches", (double)sum->n_searches);
    print_line("wall_s", sum->wall_s);
    sg_json_text(c->result, "folder", folder);
    sg_run_summary_json(sum, c->result);
}

/* Where the run lies and what it starts from. `folder` and `structure`: sg_free. */
static sg_status configure(cli *c, char **folder, char **structure)
{
    const char *resume = cli_value(c, "resume");
    sg_status st = SG_OK;

    *folder = *structure = NULL;
    if (resume && c->n_inputs > 0)
        return sg_fail(SG_EINVAL, "--resume takes its settings from %s/run.ini; '%s' is too much", resume,
                       c->input[0]);
    if (resume && c->out) return sg_fail(SG_EINVAL, "--resume goes on in its own folder; --out is too much");
    if (!resume && c->n_inputs == 0)
        return sg_fail(SG_EINVAL, "input missing; usage: slowglass age %s", c->command->usage);
    if (resume) {
        *folder = sg_strdup(resume);
        st = configure_resumed(c, resume, structure);
    } else {
        *folder = c->out ? sg_strdup(c->out) : default_folder(c->input[0]);
        st = cli_configure(c, c->input[0]);
        if (st == SG_OK) st = sg_config_validate(&c->cfg);
        if (st == SG_OK && *folder) st = sg_run_check_folder(*folder);
        if (st == SG_OK && !(*structure = sg_strdup(c->cfg.system.structure)))
            st = sg_fail(SG_ENOMEM, "settings");
    }
    return st == SG_OK && !*folder ? sg_fail(SG_ENOMEM, "settings") : st;
}

static sg_status run(cli *c)
{
    char *folder = NULL, *structure = NULL;
    cli_model model = {0};
    sg_run *job = NULL;
    sg_run_summary sum;

    sg_status st = configure(c, &folder, &structure);
    if (st == SG_OK) st = cli_load(c, structure, &model);
    if (st == SG_OK)
        st = sg_run_open(&c->cfg, model.sys, model.pot, folder, cli_value(c, "resume") != NULL,
                         omp_get_max_threads(), c->link, &c->log, &job);
    if (st == SG_OK) st = sg_run_walk(job, &sum);
    if (st == SG_OK) print_results(c, &sum, folder);
    sg_run_close(job);
    cli_model_free(&model);
    sg_free(folder);
    sg_free(structure);
    return st;
}

const cli_command cmd_age = {
    .name = "age",
    .summary = "age a glass under imposed strain by kinetic Monte Carlo",
    .usage = "RUN.ini [--out DIR] | --resume DIR",
    .details =
        "Makes the folder DIR (the run file's name, if not given) with run.ini, catalog, trajectory.tsv, "
        "events.tsv,\n"
        "searches.tsv, reuse.tsv, basins.tsv, strain.tsv (where the strain changes), trajectory.extxyz, "
        "final.extxyz,\n"
        "summary.json and ageing.png. An interrupted or killed run goes on with --resume DIR and gives "
        "the same numbers\n"
        "as if it had not been; so does any number of threads, and of ranks under mpirun.",
    .example = "slowglass age run.ini --set kmc.max_steps=20",
    .min_inputs = 0,
    .max_inputs = 1,
    .options = options,
    .run = run,
};
