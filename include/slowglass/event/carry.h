/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event carried through strain: its start, its saddle and its final state each take the affine step and
 * are converged again, with all atoms free. What becomes of it is an ordinary result, its fate.
 *
 * Steps of 0.005 and less keep an event apart from its neighbours; at larger ones the guess may fall to
 * another saddle, which is seen and called `elsewhere`. */
#ifndef SLOWGLASS_EVENT_CARRY_H
#define SLOWGLASS_EVENT_CARRY_H

#include "slowglass/saddle.h"

/* What a strain step makes of an event. */
#define SG_FATE_LIST(X)                                                                                      \
    X(SG_FATE_SURVIVED, "survived")                                                                          \
    X(SG_FATE_REROUTED, "rerouted")         /* its saddle stands, but leads to another final state */        \
    X(SG_FATE_VANISHED, "vanished")         /* no barrier is left, or both sides lead to the start */        \
    X(SG_FATE_DISCONNECTED, "disconnected") /* its saddle joins other states */                              \
    X(SG_FATE_ELSEWHERE, "elsewhere")       /* the guess fell to another saddle */                           \
    X(SG_FATE_UNCONVERGED, "unconverged")   /* no first-order saddle within the calls allowed */

typedef enum sg_fate {
#define X(code, text) code,
    SG_FATE_LIST(X)
#undef X
        SG_FATE_COUNT
} sg_fate;

const char *sg_fate_text(sg_fate fate);

/** 1 when there still is a passage out of the start over this saddle: survived or rerouted. */
int sg_fate_is_alive(sg_fate fate);

/** Fate by the outcome of a refinement alone: `found` and `known` are survivals. */
sg_fate sg_fate_of_outcome(sg_outcome outcome);

typedef struct sg_carried_start {
    double energy, f_max; /* eV, eV/Å */
    double virial[6];     /* eV */
    double lost; /* eV: energy of the old state above the one that the same step back leads to; 0 unless
                    slipped */
    int force_calls;
    int slipped; /* 1: taken back by the same step it is another state: it has left its own on the way */
} sg_carried_start;

/** Bring an inherent structure to the strain gamma in one affine step, and relax it.
 * @param sys [in,out] at its old strain @param opt f_minimum and identity_* are used
 * @param look_back 1: take the step back too and compare (twice the cost); 0: slipped and lost stay 0
 * @return SG_ENUMERIC when it does not converge. Threads: distinct sys and work. Cost: some 50 force calls
 * per 0.005 in a glass. */
sg_status sg_carry_start(const sg_potential *pot, sg_potential_work *work, sg_system *sys, double gamma,
                         const sg_saddle_options *opt, int look_back, sg_carried_start *out);

typedef struct sg_carried {
    sg_fate fate;
    double moved; /* Å, farthest atom: from where the step leads to the saddle converged; NaN when none is */
} sg_carried;

/** Bring one event to another strain. The guess is the displacement from the old start, sheared and laid on
 * the new one, so that what the surroundings do is taken along.
 * @param to the problem at the new strain; to->start is the old start, carried there
 * @param from the start at its old strain @param at the event there, with x_saddle, x_final and mode
 * @param out the event at the new strain if it is alive; not `at`
 * Threads: distinct work and out. Cost: some 100 force calls per 0.005. */
sg_status sg_carry_event(const sg_saddle_problem *to, const sg_system *from, const sg_passage *at,
                         sg_rng *rng, sg_saddle_work *work, sg_passage *out, sg_carried *end);

#endif
