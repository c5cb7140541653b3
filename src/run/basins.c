/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that left several states together: rows of basins.tsv, and their sums over the run. */
#include "run_internal.h"

#include <inttypes.h>
#include <math.h>

const char basin_columns[] = "step\ttime_s\tn_states\tn_hops\tstay_s\teis_mean_eV\teis_spread_eV\t"
                             "tau_xy_mean_GPa\ttau_xy_spread_GPa\tstate\tlast_state\tfull";

static sg_status put_row(const sg_run *run, const sg_cat_step *r, const sg_stay *s, uint64_t state)
{
    return sg_tsv_row(run->out.basins,
                      "%" PRIu64 "\t%.17g\t%" PRIu32 "\t%.17g\t%.17g\t%.17g\t%.9g\t%.17g\t%.9g\t%" PRIu64
                      "\t%" PRIu64 "\t%d",
                      r->step, r->time, r->basin_size, r->n_hops, r->dt, s->energy, s->energy_spread, s->tau,
                      s->tau_spread, state, s->last, s->is_full);
}

static sg_status write_row(const sg_run *run, const sg_cat_step *r, uint64_t state)
{
    sg_stay s;
    const sg_status st = sg_kmc_stay(run->cat, r->step, &s);

    if (st != SG_OK) return st == SG_ENOTFOUND ? SG_OK : st; /* walked by a program that kept none */
    return put_row(run, r, &s, state);
}

sg_status basins_last(sg_run *run, const run_last *last)
{
    if (last->row.basin_size < 2) return SG_OK;
    const sg_status st = put_row(run, &last->row, &last->stay, sg_kmc_row(run->walk).state);
    return st == SG_OK ? sg_tsv_flush(run->out.basins) : st;
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

typedef struct total {
    double about, time, time_basins, energy_time; /* eV, s, s, eV s beside about */
} total;

static void add_row(const sg_cat_step *row, const sg_stay *s, int is_basin, total *t, sg_run_basins *sum)
{
    t->time += row->dt;
    t->energy_time += row->dt * (s->energy - t->about);
    sum->hops += row->n_hops;
    if (!is_basin) return;
    sum->steps++;
    sum->full += s->is_full != 0;
    if (row->basin_size > sum->largest) sum->largest = row->basin_size;
    t->time_basins += row->dt;
}

sg_status basins_sum(const sg_run *run, const run_last *last, sg_run_basins *sum)
{
    const uint64_t last_step = last->row.step - (last->is_cut != 0);
    double energy_before = 0;
    total t = {0};

    *sum = (sg_run_basins){0};
    for (uint64_t step = 0; step <= last_step; step++) {
        sg_cat_step row;
        sg_stay s = {.energy = energy_before};
        sg_status st = sg_catalog_get_step(run->cat, step, &row);
        if (st == SG_OK && row.is_basin) st = sg_kmc_stay(run->cat, step, &s);
        if (st == SG_ENOTFOUND) s.energy = energy_before, st = SG_OK;
        if (st != SG_OK) return st;
        if (step == 0) s.energy = t.about = row.energy;
        energy_before = row.energy;
        add_row(&row, &s, row.is_basin, &t, sum);
    }
    if (last->is_cut) add_row(&last->row, &last->stay, last->row.basin_size > 1, &t, sum);
    sum->share_time = t.time_basins / t.time;
    sum->energy = t.about + t.energy_time / t.time;
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
