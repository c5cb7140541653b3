/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinetic Monte Carlo against molecular dynamics: the same glass, the same temperature, two ways to age it.
 *
 * Both are read as functions of time. A run of KMC is a step function: each state holds its energy for the
 * time that the walk spent in it, a basin its mean over that time. A series of MD is a sample of the inherent
 * structure at moments, joined by straight lines. What is compared are time averages over windows that are
 * equally wide in log time, since single values say nothing: at 600 K a glass returns to the same few minima
 * every 10 ps.
 *
 * Errors. Windows of one run are correlated, runs are not: every interval comes from the scatter of whole
 * runs, with Student's t for their small number. Where there is one run of a kind, its scatter is taken for
 * that of the other kind, as it is if both follow the same law.
 *
 * The clock. What a run lacks in its rate tables, by its own estimate, makes its clock slow: each step's dt
 * stands between dt and dt R / (R + R_missing). All that is said of KMC is said for both clocks.
 *
 * Threads: distinct objects may be used at once. */
#ifndef SLOWGLASS_ANALYSIS_H
#define SLOWGLASS_ANALYSIS_H

#include <stdint.h>

#include "slowglass/io.h"
#include "slowglass/run.h"

enum { SG_QUANTITIES = 2 }; /* E_IS (eV, all atoms), tau_xy (GPa) */

typedef struct sg_series { /* one run of KMC or MD; zeroed: empty */
    int is_kmc;
    char *name;
    int64_t n;
    double *time;     /* [n] s, from 0 or later, rising */
    double *time_low; /* [n] s, KMC: as the clock stands if what is missing is taken in */
    double
        *value[SG_QUANTITIES]; /* [n] at time[k]; KMC: the mean from time[k] to time[k+1]; NaN: not known */
    double start_eV;           /* E_IS at t = 0; NaN: not known, like the next three */
    double temperature_K, gamma, n_atoms;
    double temperature_error; /* MD: standard error of the mean, K */
    sg_estimate exit_ratio;   /* first exits of MD over those of the rate tables (an audit); NaN: none */
} sg_series;

/** Read the run in a folder: run.ini, start.extxyz, trajectory.tsv, basins.tsv, and audit/audit.tsv if it is
 * there.
 * @return SG_ENOTFOUND, SG_EPARSE with file:line; SG_EUNSUPPORTED: its strain changes with time */
sg_status sg_series_read_run(const char *folder, sg_series *out);

typedef struct sg_md_format {                   /* how a series of MD is written */
    const char *time, *eis, *tau, *temperature; /* names of columns; tau, temperature: may be missing; a minus
                                                   before tau turns its sign */
    double time_unit;                           /* s that one unit of the time column stands for */
    double tau_unit; /* GPa that one unit of the stress column stands for; negative: its sign is
                        that of a pressure */
} sg_md_format;

/** time_s, eis_eV, tau_xy_GPa, temperature_K, as `slowglass md` writes them. */
sg_md_format sg_md_format_default(void);

/** Read a series of MD from a table or a log of LAMMPS.
 * @return SG_EPARSE with file:line: a missing column, a number that is none, times that do not rise, fewer
 * than two rows */
sg_status sg_series_read_md(const char *path, const sg_md_format *format, sg_series *out);

/** NULL-safe. */
void sg_series_clear(sg_series *series);

/** Mean of a quantity from a to b (s); NaN unless the series covers that time.
 * @param low 1: by the lower clock (KMC) */
double sg_series_mean(const sg_series *s, int quantity, int low, double a, double b);

typedef struct sg_compare_options {
    double per_decade;       /* windows per decade of time */
    int min_points;          /* samples that a series of MD must have in a window */
    int block;               /* samples of MD that are averaged before a slope is taken between two blocks */
    double bin;              /* eV per atom, width of the bins of E_IS for the ageing rate */
    int min_slopes;          /* in a bin, of each kind, for it to count */
    double confidence;       /* of all intervals */
    double energy_tolerance; /* eV, of the energies at the start */
    int max_shuffles;        /* of the labels of runs for the chance; all are tried when they are fewer */
    uint64_t seed;           /* of these */
} sg_compare_options;

/** 3 windows per decade, 3 points, blocks of 4, 1.5 meV/atom, 10 slopes, 0.95, 1e-3 eV, 10000, 1. */
sg_compare_options sg_compare_defaults(void);

typedef struct sg_window {
    double begin, end; /* s */
    int n_md, n_kmc;   /* series that cover it */
    int compared;      /* 1: all series cover it */
    sg_mean md[SG_QUANTITIES], kmc[SG_QUANTITIES], kmc_low[SG_QUANTITIES];
} sg_window;

typedef struct sg_rate_bin {                      /* ageing rate of states whose energy lies in the bin */
    double low, high;                             /* eV above the start */
    int64_t n_md, n_kmc;                          /* slopes that begin in it */
    double md, md_error, kmc, kmc_error, kmc_low; /* eV/s; NaN: too few slopes */
} sg_rate_bin;

typedef struct sg_difference {  /* KMC - MD, mean over the windows compared */
    sg_estimate mean;           /* eV or GPa */
    double error;               /* standard error of it */
    double md_error, md_spread; /* of the same mean of MD: standard error; standard deviation of a run */
    double low_clock; /* the same difference by the lower clock; NaN: the runs end too early in it */
    double chance;    /* that the largest difference of all windows is at least so large between two groups of
                         the same law: share of the shuffles of the labels */
    double largest;   /* difference of a window over MD's standard error in it, by absolute value */
} sg_difference;

typedef struct sg_comparison {
    int n_md, n_kmc, n_windows, n_compared, n_bins;
    sg_window *window;
    sg_rate_bin *bin;
    double temperature_K, gamma, start_eV;
    int n_atoms;
    double interval_s; /* between two samples of MD */
    sg_difference difference[SG_QUANTITIES];
    sg_estimate fall_ratio;   /* of dE/d ln t over the windows compared, KMC over MD */
    double fall_md, fall_kmc; /* eV per unit of ln t */
    sg_estimate rate_ratio;   /* of dE/dt at the same E, KMC over MD, over the bins that both fill */
    double fall_ratio_low, rate_ratio_low; /* the same values by the lower clock */
    double clock_low;                      /* lower clock over clock at the end of the runs, mean */
    sg_estimate exit_ratio;                /* MD over table, of the audits that were made; NaN: none */
} sg_comparison;

/** Compare KMC with MD.
 * @param series [n] of both kinds, in any order
 * @param out [out] sg_comparison_clear
 * @return SG_EMISMATCH: they do not begin in the same state or do not have the same temperature, strain or
 * number of atoms; SG_EINVAL: no series of one kind, or none of the windows is covered by all */
sg_status sg_compare(const sg_series *series, int n, const sg_compare_options *opt, sg_comparison *out);

/** NULL-safe. */
void sg_comparison_clear(sg_comparison *c);

/** The verdict, as `compare --json` prints it; not what holds window by window. */
void sg_comparison_json(const sg_comparison *c, sg_json *json);

/** windows.tsv, rates.tsv, compare.json and compare.gp into a folder that is made if need be. */
sg_status sg_comparison_write(const sg_comparison *c, const char *folder);

#endif
