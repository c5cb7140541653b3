/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module run: folder (names, identity), projections (tables and frames), summary, picture. */
#ifndef RUN_INTERNAL_H
#define RUN_INTERNAL_H

#include "slowglass/io.h"
#include "slowglass/run.h"

typedef struct projections { /* files drawn from the catalog, open for appending */
    sg_tsv *trajectory, *events, *searches, *reuse, *basins;
    sg_tsv *strain;       /* NULL where the strain stays as it is */
    char *frames;         /* path of trajectory.extxyz */
    uint64_t next_search; /* id of the first search not written yet */
    uint64_t next_reuse;  /* the first step whose account is not written yet */
    uint64_t next_basin;  /* the first step not looked at for basins.tsv, and the state before it */
    uint64_t basin_from;
    uint64_t next_increment; /* of the strain, the first not written yet */
    double work;             /* eV, of those written */
    double last_time;        /* s, of the row before */
    double time_missing;     /* s, see sg_run_summary */
    double flushed_s;        /* steady clock */
} projections;

enum { PACE_POINTS = 64, SG_RUN_NOTE = 320 };

typedef struct pace { /* how fast the decades of simulated time go by, for the live line alone */
    double begin_s;   /* steady clock when the walk began */
    double wall[PACE_POINTS], log_time[PACE_POINTS]; /* s; log10 of simulated time, s */
    int n;
    double every; /* s between points */
    double shown_s;
} pace;

typedef struct drawing { /* of a picture while the run goes on */
    double next_s;       /* steady clock */
    int child;           /* process, 0: none */
    int gave_up;
} drawing;

struct sg_run {
    sg_config *cfg; /* borrowed, as the next three */
    sg_system *sys;
    const sg_potential *pot;
    const sg_log *log;
    sg_log inner; /* what the explorer talks to */
    char *folder;
    sg_run_setup setup;
    sg_catalog *cat;
    sg_explorer *ex;
    sg_kmc *walk;
    projections out;
    pace pace;
    drawing drawing;
    uint64_t entries, entries_reused; /* of the tables made, within the window */
    double begin_s;                   /* steady clock when the walk began */
    uint64_t begin_step;
    double begin_time;   /* s, the walk's clock then */
    double tasks_before; /* of the tables finished in this process */
    double tasks_now;    /* of the one in hand */
    double e_start;      /* eV, of row 0 */
};

typedef struct run_last { /* where the run has ended */
    sg_cat_step row;
    int is_cut; /* 1: by max_time; the row is none of the steps, and this is what it was like since the last:
                 */
    sg_stay stay;
} run_last;

double run_now_s(void); /* steady clock */

/* folder.c */
char *run_path(const char *folder, const char *name); /* sg_free; NULL: memory */
sg_status run_make_folder(const char *folder);
sg_status run_write_settings(const char *folder, const sg_config *cfg);
/* One line per fact that makes the run what it is. sg_free. */
sg_status run_identity(const sg_config *cfg, uint64_t structure, uint64_t fingerprint, char **text);
/* The run as a catalog's records name it; its id is the hash of the identity. What: "age" or "search"; file:
 * of the structure. */
sg_cat_run run_describe(const sg_config *cfg, const sg_explore_options *explore, const char *identity,
                        const char *what, const char *file);
/* Store both in a new catalog, or compare the identity with what is there. */
sg_status run_check_identity(sg_catalog *cat, const char *text, const sg_cat_run *record, const char *folder);

/* projections.c */
sg_status projections_open(sg_run *run); /* made anew from the catalog */
sg_status projections_step(sg_run *run, const sg_cat_step *row);
sg_status projections_committed(sg_run *run); /* searches and accounts not written yet */
sg_status projections_flush(sg_run *run);
sg_status projections_end(sg_run *run, const sg_cat_step *row); /* the account of the step not taken */
sg_status projections_last(sg_run *run, const run_last *last);  /* after that: the row at max_time */
sg_status projections_close(sg_run *run);
sg_status projections_final(sg_run *run, const sg_cat_step *row); /* final.extxyz */

/* reuse.c */
extern const char reuse_columns[];
sg_status reuse_write(sg_run *run, uint64_t last); /* accounts of the steps up to this one */
sg_status reuse_sum(const sg_run *run, uint64_t last_step, sg_run_summary *sum); /* shares and work */
void reuse_json(const sg_run_work *work, sg_json *json);

/* basins.c */
extern const char basin_columns[];
sg_status basins_write(sg_run *run, uint64_t last);       /* of the steps up to this one */
sg_status basins_last(sg_run *run, const run_last *last); /* the row of the stay that max_time has cut */
sg_status basins_sum(const sg_run *run, const run_last *last, sg_run_basins *sum);
void basins_json(const sg_run_basins *sum, sg_json *json);

/* increments.c */
extern const char strain_columns[];
int strain_changes(const sg_run *run);
sg_status strain_write(sg_run *run); /* increments not written yet */

/* summary.c */
sg_status run_summarise(const sg_run *run, sg_run_end end, const run_last *last, sg_run_summary *sum);
sg_status run_write_summary(const sg_run *run, const sg_run_summary *sum);

/* pace.c */
void pace_begin(pace *p, double now_s, double time);
int pace_is_due(pace *p, double now_s); /* 1: some 20 times a second */
/* Wall time until simulated time has reached `aim`, s; NaN: nobody knows. From the last part of the walk. */
double pace_left(const pace *p, double now_s, double time, double aim);
void pace_add(pace *p, double now_s, double time);
/* What the live line says beyond the searches. */
void pace_note(sg_run *run, const sg_cat_step *row, char text[SG_RUN_NOTE]);

/* picture.c */
void picture_look(sg_run *run); /* draw one beside the run when it is time */
void picture_end(sg_run *run);  /* no drawing goes on afterwards */
sg_status run_draw(const sg_run *run, const sg_run_summary *sum);

#endif
