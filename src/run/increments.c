/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Increments of the strain: rows of strain.tsv. The work is that of the mean of the stresses before and
 * after. */
#include "run_internal.h"

#include <inttypes.h>

const char strain_columns[] =
    "step\ttime_s\tgamma_before\tgamma\tfrom\tstate\teis_before_eV\teis_eV\t"
    "tau_xy_before_GPa\ttau_xy_GPa\twork_eV\twork_sum_eV\tslipped\tlost_eV\tmoved_A";

int strain_changes(const sg_run *run)
{
    sg_increment first;
    return sg_program_increment(run->setup.kmc.program, 0, &first);
}

static sg_status write_row(sg_run *run, const sg_kmc_increment *i)
{
    const double gpa = SG_GPA_PER_EV_A3 / run->sys->cell.volume;
    sg_cat_step row;
    const sg_status st = sg_catalog_get_step(run->cat, i->step, &row);

    if (st != SG_OK) return st;
    if (i->from >= sg_explorer_n_states(run->ex) || row.state >= sg_explorer_n_states(run->ex))
        return sg_fail(SG_ECORRUPT, "increment of step %" PRIu64 " does not fit the landscape", i->step);
    const sg_cat_state *a = sg_explorer_state(run->ex, i->from), *b = sg_explorer_state(run->ex, row.state);
    const double work = 0.5 * (a->virial[3] + b->virial[3]) * (b->gamma - a->gamma);
    run->out.work += work;
    return sg_tsv_row(run->out.strain,
                      "%" PRIu64 "\t%.17g\t%.17g\t%.17g\t%" PRIu64 "\t%" PRIu64
                      "\t%.17g\t%.17g\t%.17g\t%.17g\t%.9g\t%.9g\t%d\t%.9g\t%.9g",
                      i->step, row.time, a->gamma, b->gamma, a->id, b->id, a->energy, b->energy,
                      a->virial[3] * gpa, b->virial[3] * gpa, work, run->out.work, i->slipped, i->lost,
                      i->moved);
}

sg_status strain_write(sg_run *run)
{
    uint64_t n = 0;
    sg_status st = run->out.strain ? sg_kmc_n_increments(run->cat, &n) : SG_OK;

    for (; run->out.next_increment < n && st == SG_OK; run->out.next_increment++) {
        sg_kmc_increment i;
        st = sg_kmc_get_increment(run->cat, run->out.next_increment, &i);
        if (st == SG_OK) st = write_row(run, &i);
    }
    return st;
}
