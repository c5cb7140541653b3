/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Minimising for the commands: progress, interruption, and "not converged" as a failure. */
#include <math.h>

#include "cli_internal.h"
#include "slowglass/anneal.h"

static const int MAX_CALLS = 20000; /* unless --max-calls; a glass needs some hundreds */

typedef struct watch {
    const sg_log *log;
    const sg_potential_work *work;
    const char *what;
    int show;
} watch;

/* Called after each accepted step. */
static int look(void *arg, const sg_system *sys, double energy, double f_max)
{
    const watch *w = arg;
    char note[96];

    (void)sys;
    snprintf(note, sizeof note, "%.6f eV, largest force %.2e eV/Å", energy, f_max);
    if (w->show) sg_log_progress(w->log, w->what, (double)sg_potential_calls(w->work)->full, 0.0, note);
    return sg_interrupt_requested();
}

sg_status cli_relax(cli *c, cli_model *model, const char *what, int show)
{
    watch w = {&c->log, model->work, what, show};
    sg_minimize_options options = sg_minimize_defaults();
    sg_minimize_result result;
    int64_t max_calls = MAX_CALLS;

    sg_status st = cli_whole(c, "max-calls", 1, INT32_MAX, &max_calls);
    if (st != SG_OK) return st;
    options.f_max = c->cfg.search.force_minimum_eV_per_A;
    options.max_calls = (int)max_calls;
    options.monitor = look;
    options.monitor_arg = &w;
    st = sg_minimize(model->pot, model->work, model->sys, NULL, &options, &result);
    if (st != SG_OK) return st;
    if (result.stop == SG_STOP_MONITOR)
        return sg_fail(SG_EINTERRUPTED, "interrupted; %s was not written", c->out);
    if (result.stop != SG_STOP_CONVERGED)
        return sg_fail(SG_ENUMERIC,
                       "%s: not converged, largest force %.3g eV/Å after %d force calls, need <= %g eV/Å",
                       what, result.f_max, result.force_calls, options.f_max);
    return SG_OK;
}

sg_status cli_relax_cell(cli *c, cli_model *model)
{
    watch w = {&c->log, model->work, "relax the cell", 1};
    sg_cell_relax_options options = sg_cell_relax_defaults();
    sg_cell_relax_result result;
    int64_t max_calls = MAX_CALLS;

    sg_status st = cli_whole(c, "max-calls", 1, INT32_MAX, &max_calls);
    if (st != SG_OK) return st;
    options.minimize.f_max = fmin(options.minimize.f_max, c->cfg.search.force_minimum_eV_per_A);
    options.minimize.max_calls = (int)max_calls;
    options.minimize.monitor = look;
    options.minimize.monitor_arg = &w;
    st = sg_cell_relax(model->pot, model->work, model->sys, &options, &result);
    if (st == SG_OK && !result.converged)
        st = sg_fail(SG_ENUMERIC,
                     "the cell did not come to rest: %d cells, %d force calls, largest force %.3g eV/Å",
                     result.rounds, result.force_calls, result.f_max);
    return st;
}

sg_status cli_forces_create(const sg_system *sys, sg_forces *f)
{
    *f = (sg_forces){0};
    f->f = sg_calloc((size_t)sys->n, sizeof *f->f);
    return f->f ? SG_OK : sg_fail(SG_ENOMEM, "forces of %d atoms", sys->n);
}
