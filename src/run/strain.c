/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start of a run: relaxation and athermal quasistatic shear.
 * Source: Maloney & Lemaitre, Phys. Rev. E 74, 016118 (2006). */
#include "run_internal.h"

#include <math.h>

static const double strain_step = 0.005; /* a glass follows this affinely but for a few atoms */
enum { MAX_CALLS = 20000 };              /* of one relaxation; a glass needs some hundreds */

static sg_status relax(const sg_potential *pot, sg_potential_work *work, sg_system *sys, double f_max)
{
    sg_minimize_options rule = sg_minimize_defaults();
    sg_minimize_result end;

    rule.f_max = f_max;
    rule.max_calls = MAX_CALLS;
    const sg_status st = sg_minimize(pot, work, sys, NULL, &rule, &end);
    if (st != SG_OK) return sg_fail_context(st, "relaxation at strain %g", sys->cell.gamma);
    if (end.stop != SG_STOP_CONVERGED)
        return sg_fail(
            SG_ENUMERIC,
            "relaxation at strain %g: largest force %.3g eV/Å after %d force calls, need <= %g eV/Å",
            sys->cell.gamma, end.f_max, end.force_calls, f_max);
    return SG_OK;
}

sg_status sg_run_strain(const sg_potential *pot, sg_system *sys, double gamma, double f_max,
                        const sg_log *log)
{
    sg_potential_work *work = NULL;
    const double start = sys->cell.gamma;
    const int n =
        (int)ceil(fabs(gamma - start) / strain_step - 1e-9); /* 0.04 in steps of 0.005 are eight, not nine */
    sg_status st = sg_potential_work_create(pot, &work);

    if (st == SG_OK) st = relax(pot, work, sys, f_max);
    for (int k = 1; st == SG_OK && k <= n; k++) {
        st = sg_system_set_strain(sys, k == n ? gamma : start + (gamma - start) * k / n);
        if (st == SG_OK) st = relax(pot, work, sys, f_max);
        sg_log_progress(log, "strain steps", k, n, NULL);
        if (st == SG_OK && sg_interrupt_requested())
            st = sg_fail(SG_EINTERRUPTED, "interrupted at strain %g", sys->cell.gamma);
    }
    sg_potential_work_free(work);
    return st;
}
