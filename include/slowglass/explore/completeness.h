/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much a rate table lacks, by what fresh searches find in its state.
 *
 * A *draw* is the finding of an event inside the window by a search that was dealt out without regard to what
 * is known. It is *lone* if the table has the event from this draw alone: it was not there before (inherited,
 * lent), and no other search has come upon it. The share G of lone ones among the draws is what one more
 * draw has for a chance to find something new (Good's estimate, in its leave-one-out form). It holds however
 * the rest of the table came about, by reuse, by samplers chosen for their yield, or by other draws.
 *
 * From chances to events: low-lying and wide ways are drawn again and again, others hardly ever, and those
 * are the missing ones. With chances that follow a gamma distribution of shape kappa (Fisher's model of
 * unseen species), of which the table lacks (1 + a)^-kappa by number after any effort a, the share of
 * chance that is missing is G = (1 + a)^-(kappa + 1). So the share missing by number is G^(kappa / (kappa +
 * 1)), per bin of barriers; the missing rate is to the known one of a bin as number missing to number known.
 *
 * A state has few draws. Those of the run's recent tables are added, with the weight of at most `borrowed`
 * draws; numbers and rates of known events per bin are averaged over the same tables (if events are scattered
 * over states at random, the number missing in one state does not depend on the number known there).
 *
 * Sources: Good, Biometrika 40, 237 (1953); Fisher, Corbet & Williams, J. Anim. Ecol. 12, 42 (1943). */
#ifndef SLOWGLASS_EXPLORE_COMPLETENESS_H
#define SLOWGLASS_EXPLORE_COMPLETENESS_H

enum { SG_STOCK_BINS = 64 };
static const double sg_stock_bin_width = 0.1; /* eV of the barrier */

typedef struct sg_stock { /* of one table, or a sum over tables; per bin of barriers */
    double tables;
    double draws[SG_STOCK_BINS], lone[SG_STOCK_BINS];
    double number[SG_STOCK_BINS]; /* of the known ways out */
    double rate[SG_STOCK_BINS];   /* their sum, 1/s */
    double square[SG_STOCK_BINS]; /* sum of the squares of their rates, 1/s^2 */
} sg_stock;

typedef struct sg_missing { /* what one table lacks, as expected */
    double number;
    double known;            /* 1/s: rate of the ways out that it has; filled in by those who know the table */
    double rate, rate_error; /* 1/s; one standard error, from the number of draws and the scatter of rates */
    double lone_share;       /* chance that one more draw finds something new */
} sg_missing;

/** sum += weight * part. */
void sg_stock_add(sg_stock *sum, const sg_stock *part, double weight);

/** @param own of the table; run: sum over recent tables of the run, may be all zero. Threads: any. */
sg_missing sg_missing_estimate(const sg_stock *own, const sg_stock *run);

#endif
