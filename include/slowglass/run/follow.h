/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events around a structure, followed through strain: who survives, at what barrier, who dies and how.
 * The structure and its events are carried from one strain to the next (slowglass/event/carry.h). */
#ifndef SLOWGLASS_RUN_FOLLOW_H
#define SLOWGLASS_RUN_FOLLOW_H

#include "slowglass/event/carry.h"
#include "slowglass/event/predict.h"
#include "slowglass/run/search.h"

typedef struct sg_follow sg_follow;

typedef struct sg_followed { /* one event at the present strain; a dead one as it was last seen */
    uint64_t event;          /* generic event in the catalog, 0: none */
    int centre_id;
    sg_fate fate;
    double gamma;                 /* strain of the numbers below */
    double barrier, barrier_back; /* eV */
    double strain_saddle[6];      /* dE_b/dgamma there, eV */
    sg_prediction predicted;      /* of the present strain, from the first one */
    double first_barrier;         /* eV, at the first strain */
    double first_derivative[6];   /* eV, as stored when the event was found: at the first strain */
    double moved;                 /* Å, by the last step beyond the shear, see sg_carried */
    double from_first; /* Å: how far the displacement to the saddle is from the first one, strain undone */
    int force_calls;   /* spent on it so far */
} sg_followed;

/** Begin with what the bases of cfg know about `sys`: no searches, their events are converged at its strain.
 * @param sys relaxed in place; borrowed and strained from then on. cfg, pot, log: borrowed too.
 * Forces at minima and saddles: [search] of cfg. */
sg_status sg_follow_open(sg_config *cfg, sg_system *sys, const sg_potential *pot, const sg_log *log,
                         sg_follow **out);

/** Carry structure and living events to the strain gamma in one step.
 * @param slipped [out] 1: the structure itself has left its state on the way; may be NULL (not looked for) */
sg_status sg_follow_step(sg_follow *f, double gamma, int *slipped);

/** All events, in the order of their first barriers; borrowed, changed by the next step. */
const sg_followed *sg_follow_events(const sg_follow *f, int *n);

void sg_follow_close(sg_follow *f);

#endif
