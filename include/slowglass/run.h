/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run: a folder that holds the settings, the catalog, and what is drawn from it.
 *
 *   run.ini            effective settings; with start.extxyz all that --resume needs
 *   start.extxyz       the structure as it was given
 *   catalog/           the truth: states, events, tables, searches, steps
 *   *.tsv              trajectory, events, basins, searches, reuse: drawn from the catalog,
 *   trajectory.extxyz  like these; a resume makes them anew
 *   final.extxyz       written when a run ends or is interrupted,
 *   summary.json       like this one
 *   ageing.png         and this, from ageing.gp
 *
 * Everything that decides what a run computes is fixed in run.ini before the first force call: cutoffs and
 * window of barriers included, so that a later change of the stop criteria alters nothing. */
#ifndef SLOWGLASS_RUN_H
#define SLOWGLASS_RUN_H

#include "slowglass/kmc.h"

/* ---- what runs and searches are set up from ---- */

typedef struct sg_run_setup {
    sg_topology_params topology;
    sg_catalog_header header; /* of the catalog to be written */
    sg_explore_options explore;
    sg_kmc_options kmc;
    sg_program program; /* points to the configuration's; kmc.program is this one */
} sg_run_setup;

/** Settings of the layers below from a configuration. Bond cutoffs: of the first base, else
 * topology.cutoff_A, else computed from `sys`; they are written into cfg->topology.cutoff_A. Opens every base
 * and compares its header with the one to be written. [search] per_atom max_per_step max_at_start batch ->
 * explore, as they are [search] barrier_max_eV                                  -> explore.barrier_max (0:
 * none; see sg_run_window) [search] local_radius_A push_step_A curvature_out max_calls force_local
 * force_saddle force_minimum max_climb_eV -> explore.saddle [search] push_radius_A -> explore.push_radius, at
 * most SG_MAX_PUSH_RADII [topology] keep_A refine_A residual_max_A variant_*      -> explore.keep refine
 * residual_max variant_* [kmc] temperature_K prefactor_per_s seed                 -> explore and kmc;
 * [basin], max_time_s -> kmc
 * @return SG_EMISMATCH showing both values when a base does not fit; SG_ENOTFOUND: no such base */
sg_status sg_run_setup_make(sg_config *cfg, const sg_system *sys, const sg_potential *pot, int threads,
                            const sg_log *log, sg_run_setup *out);

/** Give search.barrier_max_eV = 0 its value kT (ln(nu t_max) + 6): events above happen less than once in 400
 * runs. */
sg_status sg_run_window(sg_config *cfg);

/** Relax, then bring the cell to strain `gamma` in affine steps of at most 0.005, relaxing after each.
 * SG_ENUMERIC when a relaxation does not converge, SG_EINTERRUPTED between two steps. */
sg_status sg_run_strain(const sg_potential *pot, sg_system *sys, double gamma, double f_max,
                        const sg_log *log);

/* ---- runs ---- */

typedef struct sg_run sg_run;

typedef enum {
    SG_RUN_MAX_STEPS,
    SG_RUN_MAX_TIME,
    SG_RUN_MAX_WALL,
    SG_RUN_NO_EVENTS,
    SG_RUN_INTERRUPTED,
    SG_RUN_BELOW_EIS
} sg_run_end;

typedef struct sg_run_shares {
    double catalog, inherited, searched, detour;
} sg_run_shares; /* of 1; NaN without entries */

typedef struct sg_run_work { /* over the run's life; calls as searches.tsv counts them */
    uint64_t searches, calls_searches, refined, calls_refined;
    uint64_t outcome[SG_OUTCOME_COUNT]; /* of what was refined */
} sg_run_work;

typedef struct sg_run_basins { /* over the run's life */
    uint64_t steps, full;      /* that left several states together; those that had to leave out some */
    uint32_t largest;          /* states left together */
    double hops;               /* what all steps stand for */
    double share_time,
        energy; /* of the time spent in basins; eV, E_IS averaged over time. NaN without time */
} sg_run_basins;

typedef struct sg_run_summary {
    sg_run_end end;
    sg_cat_step
        last; /* the last row; if ended by max_time the one at that time, with the number of steps made */
    uint64_t n_states, n_events, n_searches; /* over the run's life */
    uint64_t n_tables, n_confident;          /* made; of them with searches ended by confidence */
    sg_run_shares all, all_rate; /* entries of all tables within the window of barriers, each as it was when
                                    its state was left first: by number, by rate */
    sg_run_shares later, later_rate; /* the same, tables of states after the start alone */
    double later_missing; /* estimated share of the rate out of a state that its table lacks, mean over the
                             tables of states after the start */
    double time_missing;  /* s: by how much the clock would be behind, as expected, if nothing were missing */
    sg_run_work work;
    sg_run_basins basins;
    sg_prefactor_summary prefactors; /* of all events known */
    sg_explore_stats stats;          /* of this process */
    double wall_s;                   /* of this process */
    int n_atoms;
} sg_run_summary;

/** Word for the end of a run: "max_steps", .. */
const char *sg_run_end_text(sg_run_end end);

/** May a run begin in this folder? SG_EINVAL when it is there and not empty. */
sg_status sg_run_check_folder(const char *folder);

/** Begin: validates, then makes the folder. cfg gets its effective values and stays the caller's; it, sys,
 * pot and log are borrowed for the run's life (sys is strained and used as scratch).
 * @param link other ranks that share in the work; NULL: none. Borrowed too
 * @param resume 1: go on in a folder that holds a run; cfg is its run.ini with changed stop criteria, sys its
 * start.extxyz. SG_EMISMATCH names what is not as it was. */
sg_status sg_run_open(sg_config *cfg, sg_system *sys, const sg_potential *pot, const char *folder, int resume,
                      int threads, sg_link *link, const sg_log *log, sg_run **out);

/** Walk until a stop criterion is met; leaves all files complete.
 * SG_EINTERRUPTED: the same, but a signal came; sum is valid then too. Other errors: the catalog holds all up
 * to the last commit. */
sg_status sg_run_walk(sg_run *run, sg_run_summary *sum);

/** NULL-safe. */
void sg_run_close(sg_run *run);

/** The summary's fields as summary.json has them. */
void sg_run_summary_json(const sg_run_summary *sum, sg_json *json);

/** Who has done how much, as the object "labour": processor time of tasks, of rank 0 for what is no task, and
 * of sharing tasks out; tasks by where they were done; bytes of messages. */
void sg_labour_json(const sg_labour *labour, sg_json *json);

/** SG_EMISMATCH naming the first key that differs and is no stop criterion. */
sg_status sg_run_compare_settings(const sg_config *kept, const sg_config *now);

#endif
