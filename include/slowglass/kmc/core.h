/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of kinetic Monte Carlo, without atoms: choosing among rates, keeping time, leaving a basin.
 * Rates and times are reciprocal to one another in whatever unit the caller uses (inside slowglass: 1/s and
 * s). */
#ifndef SLOWGLASS_KMC_CORE_H
#define SLOWGLASS_KMC_CORE_H

#include "slowglass/core/rng.h"
#include "slowglass/core/status.h"

/* ---- choosing among rates
 * -------------------------------------------------------------------------------------- */

typedef struct sg_rate_tree sg_rate_tree;

/** Binary tree of partial sums over `n` rates. Its bits depend on the present rates only, not on how they
 * came to be.
 * @param n     number of rates, >= 0
 * @param rates [n], finite and >= 0; copied
 * @param out   [out] the caller frees it with sg_rate_tree_free(); NULL on failure
 * @return SG_EINVAL for a negative or non-finite rate, or when their sum overflows; SG_ENOMEM
 * Cost: O(n). */
sg_status sg_rate_tree_create(int n, const double *rates, sg_rate_tree **out);

/** NULL-safe. */
void sg_rate_tree_free(sg_rate_tree *tree);

/** Replace rate `k`; finite and >= 0. Cost: O(log n). */
void sg_rate_tree_set(sg_rate_tree *tree, int k, double rate);

double sg_rate_tree_rate(const sg_rate_tree *tree, int k);

double sg_rate_tree_total(const sg_rate_tree *tree);

/** Index k with probability rate_k / total for u uniform in (0, 1); never one whose rate is zero.
 * The total must be > 0. Threads: any number of readers. Cost: O(log n). */
int sg_rate_tree_select(const sg_rate_tree *tree, double u);

/* ---- keeping time
 * ---------------------------------------------------------------------------------------------- */

/** Sum of waiting times with Neumaier's compensation: 1e9 steps of very different length lose nothing.
 * Both members are its whole state; stored and restored bit for bit they continue bit for bit. {0, 0} is time
 * zero. */
typedef struct sg_clock {
    double sum;
    double compensation;
} sg_clock;

void sg_clock_add(sg_clock *clock, double dt);

double sg_clock_time(const sg_clock *clock);

typedef struct sg_kmc_draw {
    int event;
    double dt;
} sg_kmc_draw;

/** One plain step: the first uniform of the stream chooses the event, the second sets dt = -ln(u) / total.
 * To apply the same random numbers to a corrected table, draw again from a copy of the stream made before. */
sg_kmc_draw sg_kmc_draw_event(const sg_rate_tree *tree, sg_rng *rng);

/* ---- leaving a basin
 * ------------------------------------------------------------------------------------------- */

/** One way out of a transient state. Parallel edges add up, several edges may reach one absorbing state, self
 * loops (to == from) and zero rates have no effect. */
typedef struct sg_basin_edge {
    int from;    /* transient state, 0 .. n_transient - 1 */
    int to;      /* transient state, or n_transient + k for absorbing state k >= 0 */
    double rate; /* finite, >= 0 */
} sg_basin_edge;

typedef struct sg_basin_exit {
    double time;    /* from entering at `start` to the hop out */
    int from;       /* last transient state */
    int to;         /* as in the edge taken */
    int edge;       /* index of the edge taken */
    double n_hops;  /* hops made, the one out included; rounded above 2^53 */
    double *visits; /* [in] NULL or the caller's array [n_transient], filled with the number of stays in each
                       state, */
    double *stay;   /* and this one with the time spent in each; `time` is their sum */
} sg_basin_exit;

typedef struct sg_basin sg_basin;

/** Prepare a basin for leaving it any number of times from any of its states: its states are eliminated in an
 * order that suits the edges. Nothing is subtracted on the way, so rates may span any number of decades.
 * @param n_transient states of the basin, >= 1
 * @param edges       [n_edges], copied
 * @param out         [out] the caller frees it with sg_basin_free()
 * @return SG_EINVAL for bad indices or rates; SG_ENUMERIC when rates overflow; SG_ENOMEM. Cost: O(n_edges +
 * n_transient^2), and where all states come to be linked n_transient^3 / 3 in time and n_transient^2 in
 * memory. Source: Grassmann, Taksar & Heyman, Oper. Res. 33, 1107 (1985). */
sg_status sg_basin_create(int n_transient, int n_edges, const sg_basin_edge *edges, sg_basin **out);

/** NULL-safe. */
void sg_basin_free(sg_basin *basin);

/** Leave it: time, edge, visits and stays from their exact joint law, at a cost that does not depend on how
 * often the walk flickers inside.
 * @param start  transient state the walk begins in
 * @param rng    [in,out] how many numbers are taken depends on the draws
 * @param out    [out] untouched on failure, except what visits and stay point to
 * @return SG_EINVAL when a state that can be reached from `start` cannot reach an absorbing one; SG_ENUMERIC
 * when visit counts overflow. Threads: one per basin, it holds the scratch. Cost: about the elimination
 * again. Source: kinetic path sampling, Athènes & Bulatov, Phys. Rev. Lett. 113, 230601 (2014); the counting
 * differs, see src/kmc/basin.c. */
sg_status sg_basin_draw(sg_basin *basin, int start, sg_rng *rng, sg_basin_exit *out);

/** Where the walk is at `time` after it has entered at `start`, if it has not left the basin by then.
 * @param edges       valid, as sg_basin_create() has found them
 * @param time        >= 0, finite
 * @param probability [out] [n_transient], sums to 1; untouched on failure
 * @return SG_ENUMERIC when leaving earlier is certain to within the smallest number; SG_ENOMEM.
 * Threads: any. Cost: O(n_transient^3 log(fastest rate * time)). */
sg_status sg_basin_state_at(int n_transient, int n_edges, const sg_basin_edge *edges, int start, double time,
                            double *probability);

/** The same, and the means over that time of numbers that belong to the states, given as well that it has not
 * left: of v_k, 1/time times the integral of v_k(state at u) over u from 0 to `time`.
 * @param value [n_values][n_transient], of any sign
 * @param mean  [out] [n_values]; untouched on failure. Cost: 1 + 2 n_values times as much. */
sg_status sg_basin_until(int n_transient, int n_edges, const sg_basin_edge *edges, int start, double time,
                         int n_values, const double *const *value, double *probability, double *mean);

/** Means of the law of leaving, each to within rounding relative to itself.
 * @param edge_probability [n_edges] probability of leaving through each edge, 0 for inner edges; may be NULL
 * @param mean_time        mean exit time; may be NULL
 * @param mean_residence   [n_transient] mean time spent in each state; may be NULL
 * Statuses, threads, cost: as sg_basin_draw(). Outputs are untouched on failure. */
sg_status sg_basin_law(sg_basin *basin, int start, double *edge_probability, double *mean_time,
                       double *mean_residence);

/** The same for a single exit: a basin is created, used and freed. */
sg_status sg_basin_sample(int n_transient, int n_edges, const sg_basin_edge *edges, int start, sg_rng *rng,
                          sg_basin_exit *out);
sg_status sg_basin_exit_law(int n_transient, int n_edges, const sg_basin_edge *edges, int start,
                            double *edge_probability, double *mean_time, double *mean_residence);

#endif
