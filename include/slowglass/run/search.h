/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Searching outside a run: structure after structure, into one catalog of shareable records. Later structures
 * draw on what was found around earlier ones. No landscape is kept: states and edges live as long as the
 * session. */
#ifndef SLOWGLASS_RUN_SEARCH_H
#define SLOWGLASS_RUN_SEARCH_H

#include "slowglass/run.h"

typedef struct sg_search sg_search;

typedef struct sg_search_options {
    const char *name;    /* of the first structure's file, for people */
    uint64_t inputs;     /* hash of the files that the structures come from: with the settings, who this is */
    const char *catalog; /* folder of the catalog to be made; NULL: a temporary one, removed at the end */
    int n_centres;       /* 0: all atoms */
    const int *centre_id; /* ids of the atoms to search from; borrowed for the session's life */
    double barrier_max;   /* eV: events above are not listed; 0: all are. Those of bases and of like atoms are
                             tried up to this or,   with 0, up to the window of a run with these settings
                             (sg_run_window) */
    double store_below;   /* eV: only events below are written to the catalog; 0: all */
    int max_searches;     /* per structure; 0: no cap; negative: none at all */
    int threads;
    sg_link *link; /* other ranks that share in the work; NULL: none. Borrowed */
} sg_search_options;

typedef struct sg_search_event {  /* one line of the spectrum of a structure */
    uint64_t edge;                /* of the session, for sg_search_positions */
    int reverse;                  /* it leads back over a passage found from the other end */
    uint64_t event;               /* in the catalog; 0: not there */
    double barrier, barrier_back; /* eV */
    int centre_id;
    double participation, dist_final; /* -, Å */
    uint32_t found;
    sg_source source;
    double strain_saddle[6]; /* dE_b/dgamma, eV: xx yy zz xy xz yz */
} sg_search_event;

typedef struct sg_search_totals {
    uint64_t searches, outcome[SG_OUTCOME_COUNT], refinements, failed_refinements, new_events;
    uint64_t calls[5]; /* of all searches and refinements: leave, climb, refine, relax, verify */
    double force_calls, full_calls, free_calls, products; /* as in sg_explore_stats */
    sg_strain_account strain;
    sg_labour labour;
} sg_search_totals;

/** Begin: settings and header as sg_run_setup_make makes them from cfg and the first structure; then the
 * catalog. cfg, pot, log and what opt points to are borrowed for the session's life. */
sg_status sg_search_open(sg_config *cfg, const sg_system *first, const sg_potential *pot,
                         const sg_search_options *opt, const sg_log *log, sg_search **out);

/** Relax a structure (in place) and search around it.
 * @param events [out] ascending barrier; borrowed until the next call
 * SG_EMISMATCH: other elements than the first. SG_EINTERRUPTED: what was found is in the catalog. */
sg_status sg_search_structure(sg_search *search, sg_system *sys, const sg_search_event **events, int *n);

/** Saddle and final state of an event of the last structure, in the frame of its start.
 * @param x_saddle, x_final [out] [n][3] */
void sg_search_positions(sg_search *search, const sg_search_event *event, double (*x_saddle)[3],
                         double (*x_final)[3]);

/** Sums over all structures so far. */
sg_status sg_search_sums(sg_search *search, sg_search_totals *out);

/** NULL-safe; removes a temporary catalog. */
void sg_search_close(sg_search *search);

#endif
