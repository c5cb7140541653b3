/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module bench: what the rows share. */
#ifndef BENCH_INTERNAL_H
#define BENCH_INTERNAL_H

#include "slowglass/bench.h"
#include "slowglass/potential.h"
#include "slowglass/saddle.h"

typedef struct bench {
    const sg_bench_options *opt;
    char *temporary;           /* folder for files of this process */
    struct glass_study *glass; /* made by the first row that needs it */
    struct island_study *island;
    struct vacancy_study *vacancy;
} bench;

/* A row's function fills value and details; or says what is missing and returns SG_OK. */
typedef sg_status (*bench_function)(bench *b, sg_bench_result *out);

char *bench_path(const bench *b,
                 const char *name);  /* in the temporary folder; NULL: memory is out; sg_free */
void bench_remove(const char *path); /* a file, or a folder with all in it */
void bench_detail(sg_bench_result *out, const char *name, double value);
sg_status bench_missing(sg_bench_result *out, const char *format, ...) SG_PRINTF(2, 3);

/* ---- measure.c ---- */
typedef struct bench_cost {
    double cpu_s;
    double instructions; /* in user mode; NaN where the machine does not count them */
} bench_cost;

/* Of this process with all its threads, and of children that have ended, since bench_cost_begin. */
typedef struct bench_meter {
    double cpu_s;
    int counter; /* file of the instruction counter, -1 */
} bench_meter;
void bench_meter_begin(bench_meter *m);
bench_cost bench_meter_end(bench_meter *m);
double bench_now_s(void); /* wall clock */

/* Sorts `value`; q in [0, 1], linear between values. NaN for n = 0. */
double bench_quantile(int n, double *value, double q);
double bench_mean(int n, const double *value);
/* name_q1, name_median, name_q3 */
void bench_quartiles(sg_bench_result *out, const char *name, int n, double *value);

/* ---- samples.c: structures made on the spot or read; free with sg_system_free ---- */
/* The glass of 2000 atoms; *out NULL and `missing` filled when it is not there. */
sg_status sample_glass(bench *b, sg_bench_result *out, sg_system **sys);
sg_status sample_replicated(const sg_system *sys, int m, sg_system **out); /* m x m x m cells */
/* n^3 cubic cells (fcc 4 atoms, bcc 2), each coordinate off its site by a normal deviate times `noise`, the
 * first `vacancies` atoms left out. */
sg_status sample_crystal(const char *element, int fcc, int n, double a, double noise, int vacancies,
                         sg_system **out);
sg_status sample_island(sg_system **out);  /* seven platinum atoms on Pt(111), unrelaxed */
sg_status sample_cluster(sg_system **out); /* the truncated octahedron of 38 atoms, unrelaxed, sigma 1 Å */
sg_status sample_adatom(sg_system **out);  /* one atom on a rigid (001) surface of 4 x 4 hollows */
sg_status sample_relax(const sg_potential *pot, sg_system *sys, double f_max, double *energy);
extern const char island_potential[];
extern const char adatom_potential[];

/* A model of a file that LAMMPS brings along; *pot NULL and `missing` filled when it is not installed. */
sg_status sample_potential(const char *spec, const sg_system *sys, sg_bench_result *out, sg_potential **pot);

/* ---- lammps.c ---- */
/* A program with its arguments, NULL at the end; its output into a file, NULL: nowhere. @return 0: it has
 * ended well. */
int bench_run_child(const char *const argv[], const char *output);
typedef struct lammps_case {
    const sg_system *sys;
    const char *style;    /* "eam/fs/opt" */
    const char *file;     /* of the potential, as in the specification */
    const char *dynamics; /* commands: time step, velocities, what moves the atoms; NULL: they rest */
} lammps_case;
int lammps_is_there(const bench *b);
/* CPU cost of one evaluation of energy-less forces at fixed positions, or of one step: two run lengths of one
 * input, their difference. */
sg_status lammps_call(bench *b, const lammps_case *c, bench_cost *per_call);

#define BENCH_POTENTIALS "/usr/share/lammps/potentials/" /* of Debian's package lammps-data */

/* ---- ranks.c ---- */
typedef struct bench_scaling {  /* one worker and two, measured in turn */
    double wall_s[2], cpu_s[2]; /* least of all rounds */
    double work[2];             /* anything that must be the same */
    double serial_s;            /* of cpu_s, what one alone can do; INFINITY: not known */
} bench_scaling;
bench_scaling bench_scaling_begin(void);
int bench_scaling_rounds(const bench *b);
void bench_scaling_add(bench_scaling *s, int two, double wall_s, double cpu_s);
void bench_scaling_end(const bench_scaling *s, sg_bench_result *out);

/* ---- rows ---- */
sg_status row_force_fs(bench *b, sg_bench_result *out);
sg_status row_force_alloy(bench *b, sg_bench_result *out);
sg_status row_free(bench *b, sg_bench_result *out);
sg_status row_free_16000(bench *b, sg_bench_result *out);
sg_status row_dynamics(bench *b, sg_bench_result *out);
sg_status row_hessian(bench *b, sg_bench_result *out);
sg_status row_saddle_calls(bench *b, sg_bench_result *out);
sg_status row_converged(bench *b, sg_bench_result *out);
sg_status row_connected(bench *b, sg_bench_result *out);
sg_status row_event_calls(bench *b, sg_bench_result *out);
sg_status row_event_seconds(bench *b, sg_bench_result *out);
sg_status row_threads(bench *b, sg_bench_result *out);
sg_status row_ranks(bench *b, sg_bench_result *out);
sg_status row_island_saddle(bench *b, sg_bench_result *out);
sg_status row_island_search(bench *b, sg_bench_result *out);
sg_status row_island_known(bench *b, sg_bench_result *out);
sg_status row_cluster_saddle(bench *b, sg_bench_result *out);
sg_status row_key(bench *b, sg_bench_result *out);
sg_status row_lookup(bench *b, sg_bench_result *out);
sg_status row_lookup_variants(bench *b, sg_bench_result *out);
sg_status row_catalog_scale(bench *b, sg_bench_result *out);
sg_status row_vacancy_first(bench *b, sg_bench_result *out);
sg_status row_vacancy_steps(bench *b, sg_bench_result *out);
sg_status row_visited_steps(bench *b, sg_bench_result *out);

/* Studies that several rows share; NULL-safe. */
void bench_free_glass(struct glass_study *s);
void bench_free_island(struct island_study *s);
void bench_free_vacancy(struct vacancy_study *s);

#endif
