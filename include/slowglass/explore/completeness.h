/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much a rate table lacks, by what fresh searches find in its state.
 *
 * A *draw* is the finding of an event inside the window by a search that was dealt out without regard to what
 * is known. It is *lone* if the table has the event from this draw alone: it was not there before (inherited,
 * lent), and no other search has come upon it. The share of lone ones among the draws is what one more draw
 * has for a chance to find something new (Good's estimate, in its leave-one-out form). It holds however the
 * rest of the table came about, by reuse, by samplers chosen for their yield, or by other draws.
 *
 * From chances to events: low and wide ways are drawn again and again, others hardly ever, and those are the
 * missing ones. The chance of an event with the barrier E is taken for c(E) = exp(-E / 0.3 eV) times an
 * exponentially distributed number, and the effort behind a table for one number a, such that 1 / (1 + a c)
 * of the events with this barrier are missing. Then 1 / (1 + a c)^2 of their chance is missing, and a follows
 * from
 *     sum over draws of (1 + a c)^-2 = number of lone draws;
 * for each known event with this barrier 1 / (a c) are missing.
 *
 * What that does to the clock: the events missing in one state are taken for a Poisson process with these
 * means, of rates k as their barriers have, and R is the known rate out of the state. The mean of
 * R / (R + sum of the missing rates), = integral of exp(-sum of n (1 - exp(-k t))) over the law R exp(-R t)
 * of the waiting time, is the share of the rate that is known. (The mean of the missing rate itself would be
 * ruled by events that are hardly ever missing and exceed all others by decades.) The rate given has that
 * share: R + rate is to rate as one to the missing share.
 *
 * A state has few draws. Those of the run's recent tables are added, with the weight of at most 16; numbers
 * of known events per bin are averaged over the same tables (if events are scattered over states at random,
 * the number missing in one state does not depend on the number known there).
 *
 * Sources: Good, Biometrika 40, 237 (1953); Fisher, Corbet & Williams, J. Anim. Ecol. 12, 42 (1943), for the
 * unequal chances, of which the exponential is a special case. */
#ifndef SLOWGLASS_EXPLORE_COMPLETENESS_H
#define SLOWGLASS_EXPLORE_COMPLETENESS_H

enum { SG_STOCK_BINS = 64 };
static const double sg_stock_bin_width = 0.1; /* eV of the barrier */

typedef struct sg_stock { /* of one table, or a sum over tables; per bin of barriers */
    double tables;
    double draws[SG_STOCK_BINS], lone[SG_STOCK_BINS];
    double number[SG_STOCK_BINS]; /* of the known ways out */
} sg_stock;

typedef struct sg_rating { /* how rates follow from barriers, and those of one table */
    double kt, prefactor;  /* eV, 1/s */
    double top;            /* eV: barriers end here */
    double known;          /* 1/s: rate of the known ways out */
} sg_rating;

typedef struct sg_missing {    /* what one table lacks, as expected */
    double number;             /* of events */
    double known;              /* 1/s: as given */
    double share, share_error; /* missing rate over missing and known rate; one standard deviation, from the
                                  number of draws and the scatter of what is missing */
    double rate;               /* 1/s: known * share / (1 - share) */
    double chance_new;         /* that one more draw finds something new */
} sg_missing;

/** sum += weight * part. */
void sg_stock_add(sg_stock *sum, const sg_stock *part, double weight);

/** @param own of the table; run: sum over recent tables of the run, may be all zero. Without any known rate
 * the share is 1 and the rate the mean missing rate. Threads: any. */
sg_missing sg_missing_estimate(const sg_stock *own, const sg_stock *run, const sg_rating *rating);

#endif
