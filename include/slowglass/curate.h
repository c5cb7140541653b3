/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking into catalogs: what `slowglass catalog info|list|show|stats|export` and `slowglass landscape
 * export` show, as data and as files. Own records of the catalog only, bases not included. Nothing here
 * writes to a catalog that exists. No function holds more of a catalog in memory than a few numbers per
 * record. Threads: one at a time per catalog. */
#ifndef SLOWGLASS_CURATE_H
#define SLOWGLASS_CURATE_H

#include <stdio.h>

#include "slowglass/catalog.h"
#include "slowglass/saddle.h"
#include "slowglass/system.h"
#include "slowglass/vibration.h"

typedef struct sg_curate_info {
    uint64_t count[SG_DB_COUNT]; /* records, damaged ones included */
    uint64_t damaged_events, damaged_searches;
    uint64_t outcome[SG_OUTCOME_COUNT];              /* searches by outcome */
    uint64_t outcome_unknown;                        /* searches whose outcome this version has no word for */
    uint64_t found;                                  /* sum of the events' counters */
    double barrier_min, barrier_median, barrier_max; /* eV, of the generic events; NaN if there are none */
    double gamma_min, gamma_max; /* strains at which they were found; NaN if there are none */
    uint64_t bytes;              /* on disk */
    uint64_t content_hash;       /* of the shareable part, see sg_catalog_content_hash */
} sg_curate_info;

/** Everything about a catalog that is one number. The header is sg_catalog_get_header().
 * Cost: reads every event and search once. SG_ENOMEM, and what the catalog returns. */
sg_status sg_curate_get_info(sg_catalog *cat, sg_curate_info *out);

/* ---- which events ---- */

typedef struct sg_curate_filter {     /* of generic events; all ranges inclusive */
    double barrier_low, barrier_high; /* eV */
    double gamma_low, gamma_high;     /* strain at which it was found */
    uint64_t key_low, key_high;
    int centre;  /* atomic number; 0: any */
    int sampler; /* that came upon it at least once; negative: any */
} sg_curate_filter;

/** The filter that lets everything pass, to be narrowed. */
sg_curate_filter sg_curate_any(void);

/** 1 if the event passes. One whose barrier or strain is NaN passes only where that range is not narrowed. */
int sg_curate_passes(const sg_curate_filter *filter, const sg_cat_event *event);

/** Range of the 64-bit numbers that, written as 16 hexadecimal digits, begin with `text` (an optional 0x
 * before it). SG_EINVAL, with `what` as the thing's name: not 1 to 16 hexadecimal digits. */
sg_status sg_curate_read_prefix(const char *what, const char *text, uint64_t *low, uint64_t *high);

/** Visit the own events that pass, ascending by id; as sg_catalog_each, and SG_EINTERRUPTED.
 * @param filter NULL: all */
sg_status sg_curate_each(sg_catalog *cat, const sg_curate_filter *filter,
                         int (*visit)(void *arg, const void *event), void *arg);

/** How often an event was come upon by one sampler, over all runs. */
uint64_t sg_curate_found_by(const sg_cat_event *event, int sampler);

/* ---- lists ---- */

typedef enum {
    SG_CURATE_BY_BARRIER,
    SG_CURATE_BY_BACK,
    SG_CURATE_BY_ENERGY,
    SG_CURATE_BY_FOUND,
    SG_CURATE_BY_KEY,
    SG_CURATE_BY_PARTICIPATION,
    SG_CURATE_ORDERS
} sg_curate_order;

/** "barrier", "back", "dE", "found", "key", "participation". */
const char *sg_curate_order_text(sg_curate_order order);

typedef struct sg_curate_row { /* one generic event without its arrays */
    uint64_t id, key;
    double barrier, barrier_back; /* eV */
    double energy;                /* eV, final minimum minus start: barrier - barrier_back */
    double participation, gamma;
    uint32_t n, found;
    uint8_t sampler;
    unsigned char centre; /* atomic number */
} sg_curate_row;

/** Generic events in an order, ascending (NaN last), ties by id. Damaged ones are skipped and reported to the
 * catalog's log.
 * @param descending the order turned round, NaN still last
 * @param limit no more than the first so many; 0: all
 * @param out [out] array of *n, free with sg_free; NULL on failure
 * @param n_passed [out] events that pass the filter; may be NULL
 * Memory: 72 bytes for each event kept, at most 1024 or twice `limit` of them. Cost: reads every event once.
 */
sg_status sg_curate_list(sg_catalog *cat, const sg_curate_filter *filter, sg_curate_order order,
                         int descending, size_t limit, sg_curate_row **out, size_t *n, uint64_t *n_passed);

/* ---- spectrum of barriers ---- */

typedef struct sg_curate_bin {
    uint64_t events, found, once; /* found: sum of the counters; once: events with the counter at 1 */
    uint64_t centre[SG_CATALOG_MAX_SPECIES]; /* events by the species of the centre, in the header's order */
} sg_curate_bin;

typedef struct sg_curate_spectrum {
    double width;             /* eV; bin k holds the barriers in [k width, (k + 1) width) */
    size_t first, n;          /* the bins first .. first + n - 1 hold all events, none at the ends is empty */
    sg_curate_bin *bin;       /* [n] */
    uint64_t events, outside; /* outside: below zero, NaN, or beyond the last bin that can be */
} sg_curate_spectrum;

/** Count the events that pass by bins of their barriers.
 * @param width > 0, eV; there are at most 100 000 bins
 * @param out clear with sg_curate_spectrum_clear; zeroed on failure. Cost: reads every event once. */
sg_status sg_curate_get_spectrum(sg_catalog *cat, const sg_curate_filter *filter, double width,
                                 sg_curate_spectrum *out);
void sg_curate_spectrum_clear(sg_curate_spectrum *s);

/** Draw a spectrum by gnuplot: PATH (.png) and beside it the script .gp, which holds the data.
 * @param header for the elements; @param title one line above the picture
 * SG_EINVAL: no event, or a name that does not end in .png; what sg_io_gnuplot returns. */
sg_status sg_curate_plot_spectrum(const sg_curate_spectrum *s, const sg_catalog_header *header,
                                  const char *title, const char *path);

/* ---- statistics ---- */

typedef struct sg_curate_environment { /* what is known around one topology key */
    uint64_t key;
    uint64_t attempts; /* searches made from its variants */
    uint32_t variants;
    uint32_t events, once, twice; /* events known; come upon once and twice by searches */
    uint32_t never;               /* known, but not from a search: placed, inherited */
    double unseen;                /* estimate of the events not come upon yet */
    unsigned char centre;         /* atomic number, 0: no variant says */
} sg_curate_environment;

typedef struct sg_curate_completeness {
    size_t n;
    sg_curate_environment *environment; /* [n], ascending by key */
    sg_curate_environment all;          /* sums; unseen: of the environments' estimates */
    double unseen_together; /* the same estimate from the sums, as if all were one: environments whose events
                               were all come upon once or twice have little to say alone */
    uint64_t found;         /* times that searches came upon an event */
} sg_curate_completeness;

/** How complete the events that pass are, for each topology key that has a variant or an event: Chao's lower
 * bound f1^2 / (2 f2), or f1 (f1 - 1) / 2 without doubletons, of the events that searches have not come upon.
 * Only counters of searches count: placed, inherited and reversed events are no independent draws.
 * @param out clear with sg_curate_completeness_clear; zeroed on failure
 * Memory: 24 bytes per event, 56 per environment. Cost: reads every variant and event once.
 * Source: Chao, Scand. J. Stat. 11, 265 (1984). */
sg_status sg_curate_get_completeness(sg_catalog *cat, const sg_curate_filter *filter,
                                     sg_curate_completeness *out);
void sg_curate_completeness_clear(sg_curate_completeness *c);

typedef struct sg_curate_hits { /* of one sampler */
    uint64_t searches, found, known,
        calls;       /* rows of `searches`; ended as found, as known; force calls of all */
    uint64_t events; /* generic events that it was the first to come upon */
    uint64_t times;  /* how often it came upon any */
} sg_curate_hits;

typedef struct sg_curate_yield {
    sg_curate_hits sampler[SG_SAMPLER_COUNT], other; /* other: samplers of a later version, or not recorded */
    uint64_t tables, from_catalog, from_inherited, from_search,
        from_detour; /* rate tables, and where their entries came from */
} sg_curate_yield;

/** What the searches of each sampler brought, of the events that pass. Cost: reads every event, search and
 * rate table once. */
sg_status sg_curate_get_yield(sg_catalog *cat, const sg_curate_filter *filter, sg_curate_yield *out);

/* ---- exports ---- */

/** The events that pass, ascending by id, as a table with one row per event: all its single numbers, 17
 * digits.
 * @param out open for writing; what it could not take shows in ferror(out)
 * @param n [out] events written. Memory: none per event. */
sg_status sg_curate_export_tsv(sg_catalog *cat, const sg_curate_filter *filter, FILE *out, uint64_t *n);

/** The same as JSON lines: one object per event with all that the record holds, arrays and counters too; what
 * is not a number is null. */
sg_status sg_curate_export_jsonl(sg_catalog *cat, const sg_curate_filter *filter, FILE *out, uint64_t *n);

/** The same as a directed graph: topology keys are vertices, an event is an edge from the key of its centre
 * before to the key after. The latter is known where the catalog holds the way back, else it is the vertex
 * `unknown`. Memory: some 50 bytes per event. */
sg_status sg_curate_export_graphml(sg_catalog *cat, const sg_curate_filter *filter, FILE *out, uint64_t *n);

typedef struct sg_curate_exported { /* of a landscape */
    uint64_t states, edges;
    uint64_t self_loops; /* left out where a format has no place for them */
    uint64_t dangling;   /* edges left out: one of their states is missing or damaged */
} sg_curate_exported;

/** States and saddles of a run as an undirected graph; parallel edges and self loops are kept. A barrier is
 * the one from source to target. SG_ENOTFOUND: the catalog holds no states, it is not the one of a run.
 * Memory: 8 bytes per state. */
sg_status sg_curate_landscape_graphml(sg_catalog *cat, FILE *out, sg_curate_exported *n);

/** The same as two tables, one row per state and per saddle. */
sg_status sg_curate_landscape_tsv(sg_catalog *cat, FILE *states, FILE *saddles, sg_curate_exported *n);

typedef struct sg_curate_pathsample { /* open files, named as PATHSAMPLE and disconnectionDPS expect */
    FILE *min_data, *ts_data;
    FILE *points_min, *points_ts; /* coordinates, doubles of this machine's byte order; both may be NULL */
} sg_curate_pathsample;

/** The same as PATHSAMPLE's database. Line k of min.data (from 1) is the k-th state in order of number:
 * energy (eV), logarithm of the product of squared frequencies, order of the point group, three moments of
 * inertia; a line of ts.data: energy, the same logarithm, order, the two lines of min.data, three moments.
 * Not computed here and put in their place: logarithm 0 for minima and -2 ln(2 pi prefactor) for saddles, so
 * that the harmonic formula gives prefactor exp(-barrier/kT); order 1; moments 1 1 1. Self loops are left
 * out.
 * @param prefactor 1/s. Sources: Wales, Mol. Phys. 100, 3285 (2002); pele's utils/optim_compatibility.py,
 * which reads and writes these files. */
sg_status sg_curate_landscape_pathsample(sg_catalog *cat, double prefactor, const sg_curate_pathsample *out,
                                         sg_curate_exported *n);

/* ---- one event ---- */

/** Event whose id, written as 16 hexadecimal digits, begins with `text` (an optional 0x before it).
 * @return SG_ENOTFOUND: none; SG_EINVAL: not hexadecimal, or more than one begins so (the text names two of
 * them) */
sg_status sg_curate_find_event(sg_catalog *cat, const char *text, uint64_t *id);

/** Index of the centre in the support: the atom of the shell nearest to the origin, lowest index on ties; 0
 * when n is 0. */
uint32_t sg_curate_centre(const sg_cat_event *event);

/** The support of an event as three structures: start, saddle, final minimum, for files and viewers. Not
 * periodic; atoms 1..n in the order of the record, shifted together into a box that holds all three with some
 * room around.
 * @param header of the catalog: its species become the species
 * @param frame [out] free each with sg_system_free; NULL on failure
 * @return SG_ECORRUPT: an atom is of an element that the header does not name */
sg_status sg_curate_event_frames(const sg_catalog_header *header, const sg_cat_event *event,
                                 sg_system *frame[3]);

/** Those three frames as an extended XYZ file, all or nothing. Energies are relative to the start. Columns of
 * every frame: d_saddle and d_final, displacements from the start, Å, and mode, the climbing mode at the
 * saddle, if it is recorded. */
sg_status sg_curate_write_frames(const sg_catalog_header *header, const sg_cat_event *event,
                                 const char *path);

typedef struct sg_curate_health {  /* what sg_curate_check looked at, and how much of it is wrong */
    sg_catalog_health file;        /* pages, checksums, keys of records, index */
    uint64_t n_keys, n_wrong_keys; /* environments; topology key other than that of the stored form */
    uint64_t n_references, n_broken;
    uint64_t n_elsewhere;      /* references of a run's own part to what a base must hold; none was given */
    uint64_t n_edges, n_pairs; /* energies compared; events that are there and back of one passage */
    uint64_t n_unbalanced;     /* barriers that are not saddle minus state, or that differ there and back */
    int has_run;               /* the catalog has the own part of a run: states */
} sg_curate_health;

/** Does the own part of a catalog hold together? Its records one by one, then the references between them,
 * the topology keys of the stored forms, the energies of edges, tables and states, pairs of events. Bases
 * that `cat` has are used to resolve references. One call of `tell` for each finding, its text borrowed.
 * @return SG_OK also when there are findings; SG_ECORRUPT: the file cannot be read on
 * Cost: reads the catalog twice. */
sg_status sg_curate_check(sg_catalog *cat, void (*tell)(void *arg, const char *text), void *arg,
                          sg_curate_health *out);

typedef struct sg_curate_reversibility { /* what sg_curate_reversible looked at, and what it found */
    uint64_t n_states, n_edges;          /* edges: between two different states */
    uint64_t n_cycles, n_open;           /* independent ones; those whose barriers do not add up to zero */
    uint64_t n_elsewhere;                /* edges that lead to another minimum than the state they name */
    uint64_t n_one_way;                  /* edges in one of two tables */
    double worst_cycle, worst_virial;    /* eV */
    double worst_log_nu; /* by how much ln(prefactor / that of the way back) misses 0 around a cycle */
} sg_curate_reversibility;

/** Does the landscape of a run obey detailed balance? Each edge between two tables must stand in both, must
 * lead to the state it names by the virial of its own final minimum, and barriers must add up to zero around
 * every independent cycle (spanning forest): then, with a constant prefactor, products of rates around cycles
 * are those of the way backwards; with harmonic ones they miss by a factor of up to exp(worst_log_nu) in a
 * cycle, which is no finding. One call of `tell` for each finding, its text borrowed.
 * @return SG_OK also when there are findings. Cost: reads states, edges and tables once; some 200 bytes each.
 */
sg_status sg_curate_reversible(sg_catalog *cat, void (*tell)(void *arg, const char *text), void *arg,
                               sg_curate_reversibility *out);

/* ---- merging ---- */

typedef struct sg_curate_merge_totals {
    uint64_t read[SG_DB_COUNT], written[SG_DB_COUNT]; /* records of what is merged; of others 0 */
    uint64_t united;                                  /* events that turned out to be one of another id */
    uint64_t damaged;      /* records of the inputs that could not be read, and are not in the result */
    uint64_t content_hash; /* of the result */
} sg_curate_merge_totals;

/** Write what catalogs share (environments, variants, events, runs) into a new one. Events of different ids
 * that are the same by geometry (sg_event_same_records) become one record, the one that knows more
 * (prefactor, mode), was converged better or has the lower id. Counters: run by run the larger one of the
 * inputs, so that merging twice counts once. The order of the inputs does not matter. Inputs are opened for
 * reading only; a catalog of format 1 comes out as one of the present format.
 * @param n, input [n] catalogs, n >= 1; one named twice is read once
 * @param out must not exist; it appears when it is complete
 * @return SG_EMISMATCH: other potential, key or parameters, both values named, or two environments of one
 * key; SG_EINTERRUPTED; what the catalog returns. Nothing is left behind then. Threads: igraph, one at a
 * time. Cost: every record is read twice; memory: 24 bytes a record. */
sg_status sg_curate_merge(int n, const char *const *input, const char *out, const sg_log *log,
                          sg_curate_merge_totals *totals);

/* ---- prefactors ---- */

typedef struct sg_curate_vibrations {
    int n_sizes;
    const int *size;    /* [n_sizes] atoms that vibrate; 0: all */
    uint64_t edge;      /* this one alone; 0: all */
    double barrier_max; /* eV: of edges whose barrier from the first state is lower; 0: of all */
} sg_curate_vibrations;

/** Compute harmonic prefactors of the edges of a run, whatever the catalog says of them; nothing is stored.
 * @param like the run's structure: atoms, masses, cell; strain and positions are those of the states
 * @param take called for each edge and size, in this order; its status ends the tour if it is not SG_OK
 * @return SG_EMISMATCH: states of another number of atoms; SG_EINTERRUPTED. Cost: three Hessians each. */
sg_status sg_curate_prefactors(
    sg_catalog *cat, const sg_potential *pot, const sg_system *like, const sg_curate_vibrations *what,
    sg_status (*take)(void *arg, const sg_cat_edge *edge, int size, const sg_prefactor *value), void *arg);

#endif
