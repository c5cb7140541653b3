/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unbiased molecular dynamics against rate tables: how does a state end, and is that way in its table?
 *
 * A trajectory begins in an inherent structure, at rest, with velocities of twice the temperature (half of it
 * goes into the potential energy), and is let run until the thermostat has forgotten that; one that has left
 * the state by then begins anew, so that all start from the state as it is in equilibrium. Then a copy is
 * relaxed once every interval. The first time that this does not lead back, the interval is gone through
 * again and halved until the first other structure is known: an interval may hold more than one hop. That
 * structure is looked up in the state's table.
 *
 * Ways through a barrier below 3 kT, forth or back, lie outside what transition-state theory says anything
 * about (of a way that is not in the table the barrier is not known; one is taken for a flicker when the
 * straight line to its end is as low): such flickers are counted apart and do not end a trajectory; one that
 * leaves from there is given up.
 *
 * The share of the exits that are not in the table estimates the share of the rate that the table lacks,
 * independently of the run's own estimate. What is not seen: an exit and a return within one interval. */
#ifndef SLOWGLASS_AUDIT_H
#define SLOWGLASS_AUDIT_H

#include <stdint.h>

#include "slowglass/io.h"
#include "slowglass/md.h"
#include "slowglass/minimize.h"
#include "slowglass/run.h"

typedef struct sg_audit_way { /* an entry of a rate table */
    uint64_t edge;
    double barrier, barrier_back; /* eV; back NaN: not known */
    double rate;                  /* 1/s */
    double energy;                /* eV, of the state that it leads to */
    double (*x)[3];               /* [n] Å; NULL: not known */
    int is_flicker;
} sg_audit_way;

typedef struct sg_audit_state {
    uint64_t id;
    sg_system *sys; /* the inherent structure */
    double energy;  /* eV */
    int n_ways;
    sg_audit_way *way;
    double rate;         /* 1/s, sum over the ways that are no flickers */
    double rate_missing; /* 1/s, the run's own estimate; NaN: none at this temperature */
} sg_audit_state;

typedef struct sg_audit_options {
    double temperature_K;
    double interval_ps, timestep_ps, damping_ps;
    double settle_ps;  /* before a trajectory counts */
    double longest_ps; /* then a trajectory is given up */
    double flicker;    /* kT: ways with a lower barrier flicker */
    int halvings;      /* of the interval of an exit */
    int follow;        /* intervals after an exit: does it return? */
    int max_starts; /* trajectories that leave while they settle, before the state counts as one that MD does
                       not hold */
    sg_minimize_options minimize;
    uint64_t seed;
} sg_audit_options;

/** 600 K, 1 ps, 2 fs, 0.1 ps, 1 ps, 100 ps, 3 kT, 5, 5, 20, the defaults of sg_minimize, 1. */
sg_audit_options sg_audit_defaults(void);

/** SG_EINVAL, naming the numbers, when they do not fit together. */
sg_status sg_audit_check(const sg_audit_options *opt);

typedef enum sg_audit_end {                     /* written to files: never renumber */
                            SG_AUDIT_STAYED,    /* to the end of its time */
                            SG_AUDIT_KNOWN,     /* left by a way of the table */
                            SG_AUDIT_MISSING,   /* by one that is not in it */
                            SG_AUDIT_FLICKERED, /* left from a state that it flickered to: says nothing about
                                                   this one */
                            SG_AUDIT_UNSETTLED  /* all starts left while they settled */
} sg_audit_end;

const char *sg_audit_end_text(sg_audit_end end);

typedef struct sg_audit_trajectory {
    sg_audit_end end;
    uint64_t edge;        /* of the way taken; 0: none of the table's */
    int64_t n_intervals;  /* that began in the state */
    int n_flickers;       /* intervals that led to a state it flickers to */
    int n_soft;           /* of them: to structures that the table does not have */
    int n_starts;         /* the last one included */
    int hops;             /* 1; more: the interval of the exit held so many different structures, or more */
    int returned;         /* after the exit, within `follow` intervals */
    double time_ps;       /* after settling, until the end */
    double energy, moved; /* of the structure reached: eV, Å of the farthest atom; NaN: none */
    double force_calls;
} sg_audit_trajectory;

/** Energy and place within the tolerance of state identity: 1e-4 eV, 0.1 Å after the drift is removed.
 * @return index of the way that leads to x, -1 if none does */
int sg_audit_look_up(const sg_audit_state *state, double energy, const double (*x)[3]);

/** One trajectory.
 * @param number names its random numbers, with the seed and the state
 * @return SG_ENUMERIC: the dynamics or a relaxation goes wrong. Threads: any, with a potential that allows it
 */
sg_status sg_audit_run(const sg_potential *pot, const sg_audit_state *state, const sg_audit_options *opt,
                       uint64_t number, sg_audit_trajectory *out);

typedef struct sg_audit_sum {
    int n_trajectories, n_exits, n_missing, n_returned, n_missing_returned, n_flickered, n_unsettled,
        n_multiple;
    int64_t n_intervals, n_flickers, n_soft;
    sg_estimate share_missing; /* m / n, Clopper-Pearson */
    sg_estimate share_lasting; /* the same of the exits that did not return */
    sg_estimate rate;          /* 1/s, of first exits: -ln(1 - p) / interval, with the chance p to leave in an
                                  interval and its exact interval */
    double force_calls;
} sg_audit_sum;

/** What trajectories of one state and temperature amount to. */
sg_audit_sum sg_audit_sum_up(int n, const sg_audit_trajectory *t, double interval_ps, double confidence);

void sg_audit_state_clear(sg_audit_state *state); /* NULL-safe */

/* ---- states of a run ---- */

/** A state with its rate table, from a run's catalog. Entries that the table has kept without converging them
 * in this state are laid on it and relaxed, to know where they lead; self loops are left out.
 * @param like the run's structure: cell, species, ids, fixed atoms
 * @param relax 0: where kept entries lead stays unknown (rates alone are wanted)
 * @return SG_ENOTFOUND: no such state, or it has no rate table. Cost: a relaxation per kept entry */
sg_status sg_audit_load(sg_catalog *cat, const sg_config *cfg, const sg_potential *pot, const sg_system *like,
                        const sg_audit_options *opt, uint64_t id, int relax, sg_audit_state *out);

/** The states in which a run has spent most of its time, longest first, each once.
 * @param out [out] [at most most], sg_free; @param n [out] how many */
sg_status sg_audit_longest_states(sg_catalog *cat, int most, uint64_t **out, int *n);

/** Trajectories first .. first + n - 1 of a state, on so many threads; the same bits for any number of them.
 */
sg_status sg_audit_batch(const sg_potential *pot, const sg_audit_state *state, const sg_audit_options *opt,
                         uint64_t first, int n, int threads, sg_audit_trajectory *out);

#endif
