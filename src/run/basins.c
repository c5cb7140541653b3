/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that left several states together: rows of basins.tsv, and their sums over the run. */
#include "run_internal.h"

#include <inttypes.h>
#include <math.h>

const char basin_columns[] = "step\ttime_s\tn_states\tn_hops\tstay_s\teis_mean_eV\teis_spread_eV\t"
                             "tau_xy_mean_GPa\ttau_xy_spread_GPa\tstate\tlast_state\tfull";

static sg_status write_row(const sg_run *run, const sg_cat_step *r, uint64_t state)
{
    sg_stay s;
    const sg_status st = sg_kmc_stay(run->cat, r->step, &s);

    if (st != SG_OK) return st == SG_ENOTFOUND ? SG_OK : st; /* walked by a program that kept none */
    return sg_tsv_row(run->out.basins,
                      "%" PRIu64 "\t%.17g\t%" PRIu32 "\t%.17g\t%.17g\t%.17g\t%.9g\t%.17g\t%.9g\t%" PRIu64
                      "\t%" PRIu64 "\t%d",
                      r->step, r->time, r->basin_size, r->n_hops, r->dt, s.energy, s.energy_spread, s.tau,
                      s.tau_spread, state, s.last, s.is_full);
}

sg_status basins_write(sg_run *run, uint64_t last)
{
    for (; run->out.next_basin <= last; run->out.next_basin++) {
        sg_cat_step row;
        sg_status st = sg_catalog_get_step(run->cat, run->out.next_basin, &row);
        if (st == SG_OK && row.is_basin) st = write_row(run, &row, run->out.basin_from);
        if (st != SG_OK) return st;
        run->out.basin_from = row.state;
    }
    return SG_OK;
}

sg_status basins_sum(const sg_run *run, uint64_t last_step, sg_run_basins *sum)
{
    double energy_before = 0, about = 0, time = 0, time_basins = 0, energy_time = 0;

    *sum = (sg_run_basins){0};
    for (uint64_t step = 0; step <= last_step; step++) {
        sg_cat_step row;
        sg_stay s = {.energy = energy_before};
        sg_status st = sg_catalog_get_step(run->cat, step, &row);
        if (st == SG_OK && row.is_basin) st = sg_kmc_stay(run->cat, step, &s);
        if (st == SG_ENOTFOUND) s.energy = energy_before, st = SG_OK;
        if (st != SG_OK) return st;
        if (step == 0) s.energy = about = row.energy;
        energy_before = row.energy;
        time += row.dt;
        energy_time += row.dt * (s.energy - about);
        sum->hops += row.n_hops;
        if (!row.is_basin) continue;
        sum->steps++;
        sum->full += s.is_full != 0;
        if (row.basin_size > sum->largest) sum->largest = row.basin_size;
        time_basins += row.dt;
    }
    sum->share_time = time_basins / time;
    sum->energy = about + energy_time / time;
    return SG_OK;
}

void basins_json(const sg_run_basins *b, sg_json *json)
{
    sg_json_number(json, "n_hops", b->hops);
    sg_json_number(json, "eis_mean_eV", b->energy);
    sg_json_integer(json, "basin_steps", (int64_t)b->steps);
    sg_json_integer(json, "basin_steps_full", (int64_t)b->full);
    sg_json_integer(json, "basin_largest", (int64_t)b->largest);
    sg_json_number(json, "basin_share_time", b->share_time);
}
