/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a state to its rate table: what is inherited from the state before, lent by the catalog, and searched
 * anew.
 *
 * The explorer owns the run's states, edges and tables (mirrored in the catalog). Making a table is a plan of
 * tasks, fixed when it is drawn up and stored, worked off in batches: the tasks of a batch run in parallel
 * against a registry that does not change meanwhile, their results are merged in task order, and the batch is
 * committed. So the result does not depend on the number of threads, nor on where a run was killed and
 * resumed.
 *
 * An atom's searches count for its variant: the geometry of all atoms within variant_radius. Atoms with
 * congruent surroundings (a crystal) share them, an atom of a glass has its own, and keeps it while its
 * surroundings move less than variant_tolerance. Events lent by the catalog never count as searches. Searches
 * from the same surroundings at another strain count in part (exp(-|dgamma| / 0.08)), and what was found
 * there is lent where its predicted barrier, less the error bar, lies within the window. Threads: one
 * explorer, one caller. */
#ifndef SLOWGLASS_EXPLORE_H
#define SLOWGLASS_EXPLORE_H

#include "slowglass/event.h"
#include "slowglass/event/carry.h"
#include "slowglass/explore/completeness.h"
#include "slowglass/par.h"

typedef struct sg_explorer sg_explorer;

enum { SG_MAX_PUSH_RADII = 4 };

/* Where an edge came from; the numbers stand in files: never renumber. */
#define SG_SOURCE_LIST(X)                                                                                    \
    X(SG_SOURCE_SEARCH, "search")                                                                            \
    X(SG_SOURCE_CATALOG, "catalog")                                                                          \
    X(SG_SOURCE_INHERITED, "inherited")                                                                      \
    X(SG_SOURCE_DETOUR, "detour") /* come upon by a guess of another event, see sg_saddle_try */

typedef enum sg_source {
#define X(code, text) code,
    SG_SOURCE_LIST(X)
#undef X
        SG_SOURCE_COUNT
} sg_source;

/** The word for it; "?" for a number that this version does not know. */
const char *sg_source_text(unsigned source);

typedef struct sg_explore_options {
    sg_saddle_options saddle;
    double push_radius[SG_MAX_PUSH_RADII]; /* Å, used in turn */
    int n_push_radii;
    sg_sampler sampler[SG_SAMPLER_COUNT]; /* among which every search's is chosen, by their yields so far */
    int n_samplers;
    double confidence;   /* share of the rate out of a state to be known before searching in it ends early;
                            0: it goes on to the end of its budget */
    int per_atom;        /* searches that each variant gets */
    int max_at_start;    /* cap on the searches in a state without a parent; 0: none */
    int max_per_step;    /* cap on the searches in every other state; 0: none; negative: no searches */
    int batch;           /* tasks per batch */
    double barrier_max;  /* eV: lent and inherited events above are not refined; 0: all are */
    double store_below;  /* eV: generic events above are not written to the catalog; 0: all are */
    double keep, refine; /* Å: support moved less than keep: event stays, its barrier predicted; less than
                            refine: reconverged if its rate matters; else dropped */
    double retry;        /* Å: a dropped one that moved less is a guess to begin with */
    double rest; /* of the rate out of a state: the slowest inherited events that together have less need not
                    be reconverged */
    double flicker;      /* eV: events below are no way out */
    double residual_max; /* Å, of a placed event */
    double marginal;     /* Å: look-ups take pairs this close to the cutoff for bonded and for not bonded */
    double variant_radius, variant_tolerance; /* Å */
    double temperature, prefactor;            /* K, 1/s: of all rates without a prefactor of their own */
    int harmonic;                             /* 1: prefactors are computed for the entries that matter */
    int prefactor_atoms;   /* that vibrate, those closest to the movers of the event; 0: all */
    double prefactor_rest; /* share of the rate out of a state that may keep the constant prefactor, or one
                              lent: the slowest events together */
    uint64_t seed;
    uint64_t run; /* whose counters the catalog gets, see sg_cat_run */
    int threads;
    sg_link *link; /* other ranks that share in the work, see sg_explore_serve; NULL: none. Borrowed */
    int copy;      /* 1: a state that is another one turned, mirrored or shifted as a whole takes over its
                      table, every saddle and minimum confirmed by force calls */
    size_t memory; /* bytes of positions, displacements and tables kept in memory, more are read back from the
                      catalog; 0: all are kept */
    int keep_landscape; /* 0: states and edges are not written to the catalog (a search outside a run) */
    int n_centres;      /* 0: all atoms are searched from */
    const int *centre;  /* borrowed, atom indices */
    int (*stop)(const void *arg); /* nonzero ends the work with SG_EINTERRUPTED; asked between batches and,
                                     once a plan or a batch is done, within them, often and by any thread; may
                                     be NULL */
    const void *stop_arg;
} sg_explore_options;

typedef struct sg_strain_account { /* of the events that records made at other strains lent, over the run's
                                      life; all zero where there are none */
    uint64_t left_out;             /* placed, but predicted outside the window, error bar included */
    uint64_t fate[SG_FATE_COUNT];  /* of those converged here: survived, or how they died */
    uint64_t born; /* events within the window that only searches have found: born, or missed there */
} sg_strain_account;

typedef struct sg_deaths { /* how often an event has died at a strain, see sg_explore_deaths */
    double gamma;
    uint64_t fate[SG_FATE_COUNT]; /* of the dead ones; alive: 0 */
} sg_deaths;

typedef struct sg_labour { /* who has done how much, since creation */
    sg_team_account team;
    double tasks_s;  /* processor time of searches, refinements and prefactors in batches, on all ranks */
    double serial_s; /* of rank 0 for tables, all else: what no other rank or thread can take off it */
} sg_labour;

typedef struct sg_explore_stats { /* since creation */
    uint64_t searches, refinements, failed_refinements, kept;
    uint64_t outcome[SG_OUTCOME_COUNT];                   /* of searches */
    double force_calls, full_calls, free_calls, products; /* full-call equivalents; calls by kind, Hessian
                                                           * products among them */
    uint64_t rekeyed;                                     /* atoms keyed anew */
    uint64_t new_events;                                  /* generic events added */
    uint64_t prefactors;                                  /* computed, or shown not to exist */
    double prefactor_calls; /* full-call equivalents of the Hessians for them, not among those above */
    sg_strain_account strain;
    sg_labour labour;
} sg_explore_stats;

typedef struct sg_sources { /* entries of a rate table within the window of barriers, by sg_source */
    uint32_t number[SG_SOURCE_COUNT];
    double rate[SG_SOURCE_COUNT];      /* 1/s */
    uint32_t n_predicted;              /* of the inherited ones: not converged in this state */
    double rate_predicted, rate_error; /* their rate, and what their error bars allow it to be more, 1/s */
} sg_sources;

/** @param like species, fixed flags, unstrained cell of all states, and the strain of those that are brought
 * in; its positions do not matter
 * @param cat open for writing; its header's cutoffs are those of `params`. Borrowed, like pot and log, for
 * the explorer's life. States, edges and tables already in the catalog are taken over (resume). */
sg_status sg_explorer_create(const sg_potential *pot, const sg_system *like, const sg_topology_params *params,
                             sg_catalog *cat, const sg_explore_options *opt, const sg_log *log,
                             sg_explorer **out);
void sg_explorer_free(sg_explorer *ex);

/** What ranks other than 0 do: work for the explorers that rank 0 has, one after the other, until it closes
 * the link. They need no files: potential and atoms come from rank 0. Results do not depend on who does what.
 */
sg_status sg_explore_serve(sg_link *link, int threads);

/** Bring in an inherent structure at the strain of `like`, relaxed first as far as it is not one yet; an
 * identical one already there is returned instead. */
sg_status sg_explorer_add_state(sg_explorer *ex, const double (*x)[3], uint64_t *id);

typedef struct sg_strained { /* what a step of strain has led to */
    uint64_t state;
    int slipped;  /* 1: the same step back leads to another state than the one it began in: the atoms have
                     rearranged on the way */
    double lost;  /* eV: how much lower that state is */
    double moved; /* Å, farthest atom, beyond the shear */
} sg_strained;

/** Bring a state to another strain in one affine step and relax it there: a state of the run like the others,
 * with events of its own. The one before is its parent in sg_explorer_table: events pass to it, their
 * barriers predicted by one force call each, and searches count in part. Cost: some 100 force calls per 0.005
 * in a glass. */
sg_status sg_explorer_strain(sg_explorer *ex, uint64_t state, double gamma, sg_strained *out);

/** Rate table of a state, complete; made when missing (parent: the state it was reached from, or the state
 * itself if none). With harmonic prefactors those that matter are computed, also for entries that have come
 * to a table made earlier.
 * @param out borrowed until the next call of this function. SG_EINTERRUPTED: saved as it stood before the
 * plan or batch in hand, call again to go on.
 */
sg_status sg_explorer_table(sg_explorer *ex, uint64_t state, uint64_t parent, const sg_cat_table **out);

/** The table if it is complete, else NULL. Borrowed until the next call of sg_explorer_table. */
const sg_cat_table *sg_explorer_known_table(const sg_explorer *ex, uint64_t state);

/** Reconverge entry k of a complete table, an inherited one, in its state. Afterwards the entry is converged,
 * or gone.
 * @param alive [out] 1: still entry k; 0: removed, the entries after it have moved up */
sg_status sg_explorer_reconverge(sg_explorer *ex, uint64_t state, uint32_t k, int *alive);

/** 1 if entry k of a complete table may be executed: converged in its state and, with harmonic prefactors,
 * its prefactor computed (or shown not to exist). */
int sg_explorer_is_settled(const sg_explorer *ex, uint64_t state, uint32_t k);

/** Bring entry k closer to that by one step: as sg_explorer_reconverge, or its prefactor (then it stays). */
sg_status sg_explorer_settle(sg_explorer *ex, uint64_t state, uint32_t k, int *alive);

typedef struct sg_prefactor_summary {  /* of the edges of a run */
    uint64_t n_done, n_lent, n_failed; /* computed; lent, not computed; not a minimum, not a saddle, blown */
    double mean, spread;               /* of ln (nu s) of those computed, seen from their first state; NaN
                                          without any */
    double lowest, highest;            /* of the same */
    double a, b, error_a, error_b; /* ln (nu s) = a + b barrier/eV, least squares, with standard errors; NaN
                                      below three */
    double correlation;
} sg_prefactor_summary;

/** Statistics over all edges known. */
sg_prefactor_summary sg_explorer_prefactors(const sg_explorer *ex);

/** Put a state's new flags (SG_CAT_STATE_..) into the catalog (no commit). */
sg_status sg_explorer_mark(sg_explorer *ex, uint64_t state, uint32_t flags);

/** Where the entries of a complete table come from. An edge that was there already, found from its other end
 * or brought by an earlier table, counts as inherited. */
sg_sources sg_explorer_sources(const sg_explorer *ex, uint64_t state);

/** How often a generic event of another strain has been lent in vain by the run or search that wrote this
 * catalog: one element per strain, in the order of the first death there.
 * @param out [out] sg_free; NULL when it has never died. Own records alone, as committed. Threads: any. */
sg_status sg_explore_deaths(sg_catalog *cat, uint64_t event, sg_deaths **out, int *n);

/** Another number whenever a state's flags, a table or a rate has become another one: what was worked out
 * from them holds as long as it stays. Not stored. */
uint64_t sg_explorer_revision(const sg_explorer *ex);

uint64_t sg_explorer_n_states(const sg_explorer *ex);
uint64_t sg_explorer_n_edges(const sg_explorer *ex);
/* Edges without those that this process has copied from congruent states: what is worth a commit. */
uint64_t sg_explorer_n_found(const sg_explorer *ex);
uint64_t sg_explorer_n_searches(const sg_explorer *ex); /* over the run's life, resumed parts included */
uint64_t sg_explorer_n_rows(const sg_explorer *ex);     /* the same, refinements too */
/* Rows, always in memory; borrowed until a state or edge is added. Their x and d_saddle may be NULL. */
const sg_cat_state *sg_explorer_state(const sg_explorer *ex, uint64_t id);
const sg_cat_edge *sg_explorer_edge(const sg_explorer *ex, uint64_t id); /* id >= 1 */
/* Positions of a state, [n][3] Å, read back from the catalog if need be; borrowed until the next call that
 * makes a table or a state or reconverges an entry. What cannot be read is zero, and the next table fails
 * with the reason. */
const double (*sg_explorer_positions(const sg_explorer *ex, uint64_t id))[3];
/* An edge with the displacements to its saddle, borrowed in the same way. */
sg_cat_edge sg_explorer_whole_edge(const sg_explorer *ex, uint64_t id);

/** The state an entry leads to; meaningful for converged entries. */
uint64_t sg_explorer_target(const sg_explorer *ex, const sg_cat_entry *entry);

/** Structure of a state: a copy of `like` with its strain and positions, valid until the next call that takes
 * an explorer. */
const sg_system *sg_explorer_frame(sg_explorer *ex, uint64_t state);

sg_explore_stats sg_explorer_stats(const sg_explorer *ex);

/** Rate k = prefactor exp(-barrier / kT), 1/s. */
double sg_rate(double barrier, double temperature, double prefactor);

/** Rate of an entry of a state's table, or of one thought of (any barrier), 1/s: the one place that knows
 * which prefactor counts: that of its edge, computed or lent, else the constant one. Threads: readers of an
 * explorer that nobody changes. */
double sg_explorer_rate(const sg_explorer *ex, uint64_t state, const sg_cat_entry *entry);

/** What a table lacked, as expected when it was closed (explore/completeness.h). Of tables other than the
 * last one made only the rate is known, the rest NAN. */
sg_missing sg_explorer_missing(const sg_explorer *ex, uint64_t state);

#endif
