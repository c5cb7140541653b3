/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass landscape check: one line for each saddle at which the landscape is not reversible, then a
 * summary. */
#include <inttypes.h>
#include <stdio.h>

#include "cli_catalog.h"

sg_status cli_landscape_check(cli *c, sg_catalog *cat)
{
    sg_curate_reversibility r;
    cli_findings l = {c, "irreversible", 0};
    const sg_status st = sg_curate_reversible(cat, cli_findings_tell, &l, &r);

    if (st != SG_OK) return st;
    cli_result_integer(c, "n_states", (int64_t)r.n_states);
    cli_result_integer(c, "n_edges", (int64_t)r.n_edges);
    cli_result_integer(c, "n_cycles", (int64_t)r.n_cycles);
    cli_result_number(c, "worst_cycle_eV", r.worst_cycle);
    cli_result_integer(c, "n_open_cycles", (int64_t)r.n_open);
    cli_result_number(c, "worst_cycle_ln_prefactors", r.worst_log_nu);
    cli_result_number(c, "worst_virial_eV", r.worst_virial);
    cli_result_integer(c, "n_other_minimum", (int64_t)r.n_elsewhere);
    cli_result_integer(c, "n_one_way", (int64_t)r.n_one_way);
    const uint64_t n = r.n_open + r.n_elsewhere + r.n_one_way;
    return n == 0 ? SG_OK : sg_fail(SG_ECORRUPT, "%s: findings: %" PRIu64, c->input[1], n);
}
