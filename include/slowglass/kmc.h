/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinetic Monte Carlo walk over inherent structures: rejection-free choice, compensated clock, exact exit
 * from flickering states. The caller owns the loop: one call, one step.
 *
 * Basin criterion: two visited states with complete rate tables are joined when a saddle between them is
 * lower than basin_barrier from either side or, where basin_time is > 0, is crossed faster than 1/basin_time
 * both ways. A step leaves all states that such joins lead to from the present one, drawn from the exact law
 * of the exit. So a basin grows by one state whenever the walk has left it over a low saddle, and no state is
 * searched for the basin's sake. Where more than basin_max_states are joined, those are left that the lowest
 * saddles lead to from the present state (told once): as exact, but more steps. With a single state a step is
 * one event; where nothing leads out of several, the walk stays in them until max_time. What is drawn is
 * first settled (sg_explorer_settle): reconverged in its state where it was inherited, its harmonic prefactor
 * computed where these count; the same random numbers are then applied to the table as it has become. Source:
 * Bortz, Kalos & Lebowitz, J. Comput. Phys. 17, 10 (1975); kmc/core.h for the basins.
 *
 * Under a program of strain rates depend on time, but between two increments they do not. A waiting time that
 * passes the next increment's instant is cut there, the strain is raised, and a new one is drawn from the
 * rates that hold then: exact, for a process without memory knows no better. Such a row has no edge; its
 * state is the one at the new strain. If the walk is in a basin, the state that it has reached by then is
 * drawn from its law given that it has not left (sg_basin_until); in a basin of more than 256 states from
 * the mean times it would spend in each. */
#ifndef SLOWGLASS_KMC_H
#define SLOWGLASS_KMC_H

#include "slowglass/explore.h"
#include "slowglass/kmc/core.h"
#include "slowglass/kmc/program.h"

typedef struct sg_kmc sg_kmc;

typedef struct sg_kmc_options {
    double max_time; /* s; the walk stops before an event that would come later */
    uint64_t seed;
    int basin;            /* 0: plain steps only */
    double basin_barrier; /* eV */
    double basin_time;    /* s; 0: the barrier counts */
    int basin_max_states;
    int commit_every;          /* steps among known states between commits */
    const sg_log *log;         /* borrowed; may be NULL */
    const sg_program *program; /* borrowed; NULL: the strain stays as it is */
} sg_kmc_options;

typedef enum { SG_KMC_MOVED, SG_KMC_TIME_UP, SG_KMC_NO_EVENTS } sg_kmc_end;

typedef struct sg_reuse { /* where the rate table of a step came from, and the work done for it */
    uint64_t step, state; /* state: the one that the step began in */
    int made;           /* its table was made in this step; 0: it was there, events drawn were reconverged */
    sg_sources sources; /* of the table, at the draw */
    sg_missing missing; /* what it lacked, when it was made; all but the rate NAN if it was not made here */
    int confident; /* searches in it ended because enough was known, not because their budget was spent */
    uint64_t first_row, end_row; /* rows of the searches database that were written in this step */
} sg_reuse;

typedef struct sg_stay {          /* a step that left several states together, while it lasted */
    uint64_t step, last;          /* last: the state it was left from */
    int is_full;                  /* there were more states than max_states */
    double energy, energy_spread; /* eV: mean and standard deviation of E_IS, over the time of this step */
    double tau, tau_spread;       /* GPa */
} sg_stay;

typedef struct sg_kmc_increment { /* of the strain */
    uint64_t step;                /* row that it led to */
    uint64_t from;                /* state that was strained */
    int slipped;                  /* see sg_strained */
    double lost, moved;           /* eV, Å */
} sg_kmc_increment;

/** Begin at `start` (row 0), or go on after the last step that the catalog holds.
 * ex and cat are borrowed for the walk's life. Errors: SG_ECORRUPT when the stored steps do not fit the
 * landscape. */
sg_status sg_kmc_create(sg_explorer *ex, sg_catalog *cat, uint64_t start, const sg_kmc_options *opt,
                        sg_kmc **out);
void sg_kmc_free(sg_kmc *walk);

/** One step. The table of the present state is completed first (that is where the time goes).
 * @param row [out] the new row when *end is SG_KMC_MOVED, else the last one
 * SG_EINTERRUPTED: saved, call again (or after a restart) to go on. */
sg_status sg_kmc_step(sg_kmc *walk, sg_cat_step *row, sg_kmc_end *end);

/** After SG_KMC_TIME_UP: where the walk is at max_time. Of the states that it has not left it is in one drawn
 * from the law of its place at that time, given that it has not left. Not stored: with more time the walk
 * goes on as if it had not been asked.
 * @param row  [out] step: one more than the last; no edge, no hops; dt: since the last row
 * @param stay [out] energy and stress over that time, means of the same law (of a single state: its own).
 * In more than 256 states from the mean times in each, unless nothing leads out. Cost: of 256 states some
 * seconds. */
sg_status sg_kmc_at_end(sg_kmc *walk, sg_cat_step *row, sg_stay *stay);

/** The last row. */
sg_cat_step sg_kmc_row(const sg_kmc *walk);

/** Account of a step, also of one that was not taken because time was up; SG_ENOTFOUND for a step that found
 * its table made and what it drew converged: it has none. Committed together with the step's row. */
sg_status sg_kmc_reuse(sg_catalog *cat, uint64_t step, sg_reuse *out);

/** What a step that left a basin was like; SG_ENOTFOUND for one that left a single state. The means are
 * weighted with the times that were drawn with the exit, so that dt * mean, summed over the steps, is the
 * integral along the walk. Committed together with the step's row. */
sg_status sg_kmc_stay(sg_catalog *cat, uint64_t step, sg_stay *out);

/** Increments made so far. */
sg_status sg_kmc_n_increments(sg_catalog *cat, uint64_t *n);

/** Increment number k; committed together with its row. SG_ENOTFOUND beyond the last. */
sg_status sg_kmc_get_increment(sg_catalog *cat, uint64_t k, sg_kmc_increment *out);

/** Make everything up to the last step durable. */
sg_status sg_kmc_commit(sg_kmc *walk);

#endif
