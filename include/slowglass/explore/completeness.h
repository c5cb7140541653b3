/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much a rate table lacks, by what fresh searches find in its state.
 *
 * A *draw* is a search that was dealt out without regard to what is known. The table has some of its events
 * from draws alone, others otherwise: inherited, lent, found by directed searches. How often draws come upon
 * events that are known otherwise tells how thoroughly they search; what share of their findings is known
 * otherwise tells how thoroughly all else did: capture and recapture, which holds however the table came
 * about.
 *
 * What remains is how unequal the chances are, since the missing events are those hardly ever drawn. The
 * chance of an event with the barrier E is taken for exp(-E w) times a number of the gamma law of shape k; by
 * all else an event may have been found as by so many more draws (effort B), or whatever its chance (a share
 * q has not), or both. None of k, w, B, q nor the effort A of a draw is known: the estimate is the mean over
 * all of them, weighted by the likelihood of how the known events were found. For each known event there are
 * P / (1 - P) missing, P being the chance not to be found. Events that flicker (no ways out) stay out: their
 * chances are of another kind.
 *
 * What that does to the clock: the events missing in one state are taken for a Poisson process with these
 * means, of rates as their barriers have, and R is the known rate out of the state. The mean of
 * R / (R + sum of the missing rates), = integral of exp(-sum of n (1 - exp(-k t))) over the law R exp(-R t)
 * of the waiting time, is the share of the rate that is known. (The mean of the missing rate itself would be
 * ruled by events that are hardly ever missing and exceed all others by decades.) The rate given has that
 * share: R + rate is to rate as one to the missing share.
 *
 * A state has few draws. The likelihood of the run's recent tables is added, weighted such that they count
 * like at most 16 draws that found something; numbers of known events per bin are averaged over the same
 * tables (if events are scattered over states at random, the number missing in one state does not depend on
 * the number known there).
 *
 * Sources: Seber, The Estimation of Animal Abundance (1982), for recapture; Fisher, Corbet & Williams, J.
 * Anim. Ecol. 12, 42 (1943), for the gamma law; Good, Biometrika 40, 237 (1953), for chance_new. */
#ifndef SLOWGLASS_EXPLORE_COMPLETENESS_H
#define SLOWGLASS_EXPLORE_COMPLETENESS_H

enum { SG_STOCK_BINS = 64, SG_STOCK_DRAWS = 16 };
static const double sg_stock_bin_width = 0.1; /* eV of the barrier */

typedef struct sg_stock { /* of one table, or a sum over tables; all doubles */
    double tables;
    double searches;                               /* draws made, whatever they have found */
    double number[SG_STOCK_BINS];                  /* of the known ways out, per bin of barriers */
    double kind[SG_STOCK_BINS][2][SG_STOCK_DRAWS]; /* of their kinds, those drawn so often (the last: or more
                                                      often) and [1] known otherwise as well, [0] not */
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
