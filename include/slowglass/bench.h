/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measurements of the program by itself and beside what is installed, as ratios within one run.
 *
 * A row is one measurement: a name, what is measured, a goal, the best figure published for a peer, and a
 * function. Times are CPU times, alternating between the sides that are compared, in rounds; the least of
 * many rounds is what a quiet machine would show, the median what this one did. Counts (force calls, shares)
 * repeat exactly for a seed. Threads: one measurement at a time per process. */
#ifndef SLOWGLASS_BENCH_H
#define SLOWGLASS_BENCH_H

#include <stdint.h>

#include "slowglass/core.h"

typedef struct sg_bench_options {
    const char *samples; /* folder that holds Cu64Zr36_2000.extxyz */
    const char *lammps;  /* program to compare with; NULL: lmp */
    int long_runs;       /* 1: the rows that take long too, and more searches in the others */
    int threads;         /* for rows that search; rows about one core use one */
    int rounds;          /* of each pair of timings; 0: 8 */
    int calls;           /* in one round of a timing; 0: as many as fill a fifth of a second */
    int searches;        /* of each row that searches; 0: what the row finds enough */
    uint64_t seed;
    const sg_log *log; /* may be NULL */
} sg_bench_options;

enum { SG_BENCH_MAX_DETAILS = 32 };

typedef struct sg_bench_detail { /* a further number of a row */
    char name[48];
    double value;
} sg_bench_detail;

typedef struct sg_bench_result {
    double value;      /* the row's number; NaN when it could not be measured */
    char missing[160]; /* why not, "" if it was */
    int n_details;
    sg_bench_detail detail[SG_BENCH_MAX_DETAILS];
} sg_bench_result;

typedef struct sg_bench_row { /* for people and JSON; constant */
    const char *name, *what, *unit;
    double goal; /* NaN: none */
    int more_is_better;
    const char *peer; /* the best figure of others, with its source */
    int only_long;
} sg_bench_row;

/** Row number k, NULL beyond the last. Constant. */
const sg_bench_row *sg_bench_row_at(int k);

/** Measure rows one after another and hand each to `take`.
 * @param names rows asked for; n_names 0: all, without those that take long unless opt->long_runs
 * @param take nonzero ends the bench. The result is borrowed for the call.
 * @return SG_EINVAL: a name that is no row (the nearest one is suggested); what a row lacks on this machine
 * is no error but its `missing`; SG_EINTERRUPTED. */
sg_status sg_bench_run(const sg_bench_options *opt, int n_names, const char *const names[],
                       int (*take)(void *arg, const sg_bench_row *row, const sg_bench_result *result),
                       void *arg);

#endif
