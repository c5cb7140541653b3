/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Row about a step of molecular dynamics beside LAMMPS's: integrator, thermostat and neighbour lists
 * included. */
#include "bench_internal.h"
#include "slowglass/md.h"

#include <math.h>

enum { STEPS = 400, ROUNDS = 4, ROUNDS_MAX = 100 };
static const double timestep_ps = 0.002, temperature_K = 600.0, damping_ps = 0.1;
static const char dynamics[] = "timestep 0.002\nvelocity all create 600 4711 mom yes rot no dist gaussian\n"
                               "fix thermostat all nvt temp 600 600 0.1";

/* Cost of one of our steps. */
static sg_status our_step(sg_md *md, bench_cost *cost)
{
    bench_meter meter;

    bench_meter_begin(&meter);
    const sg_status st = sg_md_run(md, STEPS);
    *cost = bench_meter_end(&meter);
    cost->cpu_s /= STEPS;
    cost->instructions /= STEPS;
    return st;
}

static double ns_per_day(double seconds_per_step)
{
    return timestep_ps * 1e-3 / seconds_per_step * 86400.0;
}

/* Least cost of each side over rounds that alternate; LAMMPS's of its faster style. */
static sg_status alternate(bench *b, sg_md *md, int with_lammps, double *ours, double *theirs)
{
    static const char *const styles[] = {"eam/fs", "eam/fs/opt"};
    const int asked = b->opt->rounds > 0 ? b->opt->rounds : ROUNDS,
              rounds = asked < ROUNDS_MAX ? asked : ROUNDS_MAX;
    bench_cost cost;
    sg_status st = SG_OK;

    *ours = *theirs = INFINITY;
    for (int k = 0; k < rounds && st == SG_OK; k++) {
        if ((st = our_step(md, &cost)) == SG_OK) *ours = fmin(*ours, cost.cpu_s);
        for (int s = 0; s < 2 && st == SG_OK && with_lammps; s++) {
            const lammps_case c = {.sys = sg_md_system(md),
                                   .style = styles[s],
                                   .file = BENCH_POTENTIALS "CuZr_mm.eam.fs",
                                   .dynamics = dynamics};
            if ((st = lammps_call(b, &c, &cost)) == SG_OK) *theirs = fmin(*theirs, cost.cpu_s);
        }
        sg_log_progress(b->opt->log, "md", k + 1.0, rounds, "rounds against LAMMPS");
    }
    return st;
}

sg_status row_dynamics(bench *b, sg_bench_result *out)
{
    sg_md_options opt = sg_md_defaults();
    sg_system *sys = NULL;
    sg_potential *pot = NULL;
    sg_md *md = NULL;
    double ours, theirs;
    sg_status st = sample_glass(b, out, &sys);

    opt.ensemble = SG_MD_NVT_CHAIN;
    opt.timestep_ps = timestep_ps;
    opt.temperature_K = temperature_K;
    opt.damping_ps = damping_ps;
    if (st != SG_OK || !sys) goto done;
    st = sample_potential("eam/fs:" BENCH_POTENTIALS "CuZr_mm.eam.fs", sys, out, &pot);
    if (st != SG_OK || !pot) goto done;
    if ((st = sg_md_create(pot, sys, &opt, &md)) != SG_OK) goto done;
    if ((st = sg_md_draw_velocities(md, temperature_K)) != SG_OK) goto done;
    const int with_lammps = lammps_is_there(b);
    if ((st = alternate(b, md, with_lammps, &ours, &theirs)) != SG_OK) goto done;
    if (with_lammps) {
        out->value = theirs / ours;
        bench_detail(out, "lammps_ns_per_day", ns_per_day(theirs));
    } else {
        st = bench_missing(out, "%s not installed", b->opt->lammps ? b->opt->lammps : "lmp");
    }
    bench_detail(out, "ours_ns_per_day", ns_per_day(ours));
    bench_detail(out, "atoms", sys->n);
done:
    sg_md_free(md);
    sg_potential_free(pot);
    sg_system_free(sys);
    return st;
}
