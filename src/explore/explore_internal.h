/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module explore: registry (states, edges, tables), plan (what to do for one state), batch (doing it).
 */
#ifndef EXPLORE_INTERNAL_H
#define EXPLORE_INTERNAL_H

#include "slowglass/explore.h"

#include "task.h"

typedef const double (*positions)[3];

enum {
    MAX_AUTOMORPHISMS = 64,
    MAX_PLACEMENTS = 48,
    MAX_VIEWS = 9, /* strains, the present one among them */
    MAX_PROBES = 9 /* environments looked up per atom and view, its own among them */
};
enum { ROOM_STATE, ROOM_FROM, ROOM_TO, N_ROOMS };

typedef enum {
    TASK_INHERIT = 0,
    TASK_LEND = 1,
    TASK_SEARCH = 2,
    TASK_RETRY = 3
} task_kind; /* numbers stand in stored plans. A plan runs INHERIT, LEND, RETRY, rounds of SEARCH, then LEND
                again */

typedef struct task {
    uint8_t kind, reverse; /* reverse: of an inherited edge */
    uint32_t atom;         /* centre */
    uint32_t attempt; /* search: number of the atom's attempt in this state; lent: number of the placement */
    uint64_t ref;     /* inherited, tried again: edge; lent: generic event; search: SEARCH_IS_DRAW or 0 */
} task;

enum { SEARCH_IS_DRAW = 1 };

typedef struct plan { /* tasks of the state in hand; stored with every batch */
    uint64_t state, parent;
    size_t n, done, capacity;
    int is_open;     /* a plan is in hand */
    uint64_t second; /* 1: searches have ended, and what they have found is being lent */
    task *task;
} plan;

typedef struct variant_class { /* atoms of the state in hand with congruent surroundings */
    sg_cat_variant variant;    /* attempts: of this catalog alone */
    uint32_t lent_attempts;    /* of the bases */
    int first_member;          /* lowest atom index */
} variant_class;

typedef struct finding {    /* a kind of events that searches of the state in hand have come upon */
    uint64_t kind;          /* generic event, else edge */
    double barrier;         /* eV */
    uint32_t draws, others; /* how often, by draws and by the other searches */
    int is_new;             /* the table did not have it before */
} finding;

typedef struct completeness {
    uint64_t state;   /* whose findings these are */
    finding *finding; /* [n] */
    size_t n, capacity;
    uint64_t n_draws;  /* made in that state */
    sg_missing closed; /* estimate for that state's table, when it was closed */
    sg_stock recent;   /* sum over the tables of the run, the latest weighing most */
} completeness;

typedef struct sampler_yield { /* of one sampler, over the run so far, the latest searches weighing most */
    double fresh;              /* new events inside the window */
    double calls;              /* force calls, those of local phases by the share of the atoms that is free */
} sampler_yield;

typedef struct slot { /* one task of a batch: input and result */
    int active;       /* 0: skipped, nothing to do */
    order order;      /* what is to be done, with the guesses below */
    sg_sampler sampler;
    uint32_t found;         /* lent: how often the generic event has been found */
    double barrier;         /* of the event that the guess comes from, at this strain, eV; NaN: no guess */
    int strained;           /* lent by a record of another strain */
    double nu, nu_back;     /* of the record that lends, or the edge copied, 1/s; NaN: none */
    sg_nu_status nu_status; /* copied */
    uint32_t n_free;        /* copied */
    double difference,
        curvature[2];        /* copied: energy of the final minimum above the start, eV; at the saddle */
    uint64_t event;          /* copied: generic event */
    uint32_t atom;           /* copied: centre */
    double (*x_guess)[3];    /* [n]; of a prefactor the saddle */
    double (*mode_guess)[3]; /* of a prefactor the start; the final minimum is passage->x_final */
    sg_passage *passage;
    sg_prefactor prefactor; /* the result of such an order */
    sg_status status;
    double equivalents; /* force calls spent, to a millionth: what a thread has spent before does not show */
    sg_force_calls spent; /* the same by kind */
    int is_away;          /* done on another rank */
    double processor_s;   /* time that it took */
} slot;

typedef struct view { /* the state in hand at one strain; idle where that is its own */
    double gamma;
    sg_system *sys;  /* of view 0: the frame, as it is */
    sg_bonds *bonds; /* of view 0 and of an idle one: NULL, see keys */
} view;

typedef struct death { /* of an event lent by a record of another strain */
    uint64_t event;
    sg_fate fate;
} death;

typedef struct placer placer;           /* lend.c */
typedef struct copier copier;           /* copy.c */
typedef struct whereabouts whereabouts; /* whereabouts.c */
typedef struct near near;               /* near.c */

struct sg_explorer {
    const sg_potential *pot;
    const sg_log *log;
    sg_catalog *cat;
    sg_topology_params params;
    sg_explore_options opt;
    sg_explore_stats stats;
    int got_on; /* 1: since it was made or last stopped it has drawn up a plan or done a batch */

    /* Rows. What has a size of atoms (state.x, edge.d_saddle, table[]) is NULL unless it is near: ask x_of(),
     * edge_at(), table_at(). */
    near *near;
    sg_cat_state *state; /* [n_states], id = index */
    size_t n_states, cap_states;
    sg_cat_edge *edge; /* [n_edges], id = index + 1 */
    size_t n_edges, cap_edges;
    sg_cat_table **table; /* [n_states], capacity cap_tables */
    size_t cap_tables;
    uint64_t n_searches, n_rows;
    uint64_t revision;     /* of states and tables */
    sg_cat_event *pending; /* [n_pending] generic events put or counted since the last commit, with the
                              counters of this run */
    size_t n_pending, cap_pending;

    sg_system *frame;           /* the state in hand, at its strain */
    double gamma;               /* strain of the structure that the explorer was made with */
    double (*room[N_ROOMS])[3]; /* [n_atoms] see shear.c */
    float (*room_saddle)[3];    /* [n_atoms] */
    sg_keys *keys;              /* of some recent state; brought up to date when a table is made */
    plan plan;
    variant_class *class_; /* [n_classes] of the state in hand */
    size_t n_classes, cap_classes;
    int *class_of; /* [n_atoms] */

    sampler_yield yield[SG_SAMPLER_COUNT];
    completeness completeness;

    int n_views;
    view view[MAX_VIEWS];
    death *death; /* [n_deaths] since the last commit */
    size_t n_deaths, cap_deaths;
    whereabouts *whereabouts; /* NULL until a state has been looked for */
    placer *placer;           /* NULL until something has been lent */
    copier *copier;           /* NULL until copies have been thought of */
    size_t n_copied;          /* edges, since creation */
    sg_potential_work *probe; /* for single force calls */
    sg_team *team;            /* who does the tasks */
    scene scene;              /* of the batch in hand */
    double batches_s;         /* processor time of this thread while they were worked off */
    int n_work;
    sg_saddle_work **work;         /* [n_work] one per thread */
    sg_vibration_work **vibration; /* [n_work], each NULL until its thread has computed a prefactor */
    slot *slot;                    /* [opt.batch] */
    double (*scratch)[3];          /* [n_atoms] */
    unsigned char *mark;           /* [n_atoms] */
};

/* shear.c */
sg_status shear_rooms_create(sg_explorer *ex);
void shear_rooms_free(sg_explorer *ex);
int strains_agree(double a, double b);
int is_of_this_strain(const sg_explorer *ex, double gamma); /* the frame's */
void frame_strain(sg_explorer *ex, double gamma);           /* of the cell alone: positions stay */
void frame_to(sg_explorer *ex, uint64_t state);
/* Positions of a state at the frame's strain; valid until the next call, or until they are trimmed. One
 * thread at a time, as all that asks for what may be far. */
positions state_here(const sg_explorer *ex, uint64_t state);
typedef struct edge_here { /* an edge at the frame's strain: its displacements; the numbers are its own */
    sg_cat_edge edge;
    positions from, to;
} edge_here;
/* The same for an edge and its ends. */
edge_here edge_to_frame(const sg_explorer *ex, uint64_t edge);

/* near.c: borrowed until near_trim(). */
sg_status near_open(sg_explorer *ex);
void near_close(sg_explorer *ex);     /* with states, edges and tables */
sg_status near_grow(sg_explorer *ex); /* room for one state and one edge more */
positions x_of(const sg_explorer *ex, uint64_t state);
sg_cat_edge edge_at(const sg_explorer *ex, uint64_t id); /* the row with its displacements, borrowed */
int has_table(const sg_explorer *ex, uint64_t state);
sg_cat_table *table_at(const sg_explorer *ex, uint64_t state); /* NULL: it has none */
sg_status near_status(const sg_explorer *ex); /* whether all that was asked for could be read back */
void near_new_state(sg_explorer *ex, uint64_t id);
void near_new_edge(sg_explorer *ex, uint64_t id);
void near_new_table(sg_explorer *ex, uint64_t state, sg_cat_table *take);
void near_no_table(sg_explorer *ex, uint64_t state);  /* take it back: it was never committed */
void near_far_table(sg_explorer *ex, uint64_t state); /* the catalog has one */
/* Give up what has not been asked for lately, if there is too much. Nobody may hold anything borrowed. */
void near_trim(sg_explorer *ex);
void near_trim_positions(sg_explorer *ex); /* of states alone; others may be held */
/* A row, or table, with all that belongs to it, to the catalog. */
sg_status put_state(sg_explorer *ex, uint64_t id);
sg_status put_edge(sg_explorer *ex, uint64_t id);
sg_status put_table(sg_explorer *ex, uint64_t state);

/* registry.c */
sg_status registry_load(sg_explorer *ex);
void registry_clear(sg_explorer *ex);
sg_status registry_state(sg_explorer *ex, positions x, double energy, double f_max, const double virial[6],
                         uint64_t *id, int *is_new);
sg_status registry_new_table(sg_explorer *ex, uint64_t state, sg_cat_table **out);
int table_is_complete(const sg_explorer *ex, uint64_t state);
/* Saddle of an entry of `state`'s table, in the frame of that state. */
void entry_saddle(const sg_explorer *ex, uint64_t state, const sg_cat_entry *entry, double (*x)[3]);
int is_same_saddle(const sg_system *sys, double e_a, positions a, double e_b, positions b);
/* Index of the converged entry with this saddle, -1 if none. `scratch` [n][3]. */
int find_converged(const sg_explorer *ex, uint64_t state, double e_saddle, positions x_saddle,
                   double (*scratch)[3]);
/* Add an edge to the tables of its two ends (where they exist), in place of an inherited entry that it
 * supersedes. */
sg_status link_edge(sg_explorer *ex, uint64_t edge_id);
int in_window(const sg_explorer *ex, double barrier);
sg_status add_entry(sg_cat_table *t, sg_cat_entry entry);
void remove_entry(sg_cat_table *table, uint32_t k);
/* Of an edge, seen from the end that an entry begins in. */
void prefactors_of(const sg_cat_edge *e, int reverse, double *nu, double *nu_back);
static const double alike_distance =
    0.25; /* Å: saddles this close, one of them predicted, converge to the same */
enum { CONVERGED = 1, KEPT = 2 };
typedef struct likeness { /* which entries a guessed or predicted saddle may be */
    unsigned kinds;       /* CONVERGED, KEPT or both */
    double energy;        /* eV, between the barriers */
    int64_t centre;       /* -1: any */
} likeness;
/* Index of the first entry whose saddle lies close to the one given, -1 if none. Uses the explorer's scratch.
 */
int find_alike(sg_explorer *ex, uint64_t state, const likeness *like, double barrier, positions x_saddle);
/* Take over an accepted passage from `from`: final state, edge, generic events if `generic`; the id of the
 * new edge; or 0 and the entry of the same event already there; or 0 and -1: it belongs to other states. */
sg_status accept_passage(sg_explorer *ex, uint64_t from, const sg_passage *p, sg_sampler sampler,
                         sg_source source, uint64_t event, uint32_t found, int generic, uint64_t *edge_id,
                         int *same_entry);
/* The outcome that this leaves of a passage that was found. */
void mark_accepted(sg_passage *p, uint64_t edge_id, int same_entry);

/* whereabouts.c */
void whereabouts_free(whereabouts *w);
/* The state with these positions, n_states if there is none. Quick if the frame holds a state not far away.
 */
sg_status whereabouts_find(sg_explorer *ex, double energy, positions x, uint64_t *id);

/* generic.c: generic records of both directions of a new edge; the one from the start is remembered in the
 * edge. An event of the catalog that describes the same passage is counted again instead. */
sg_status put_generics(sg_explorer *ex, const sg_passage *p, sg_cat_edge *edge);
/* An event of the catalog has been found once more. Of one that a base holds this catalog gets a record of
 * its own, with the counter of this run alone. */
sg_status count_generic(sg_explorer *ex, uint64_t id, uint8_t sampler);
void pending_clear(sg_explorer *ex); /* they have been committed */

/* plan.c */
sg_status plan_goes_on(const sg_explorer *ex); /* SG_EINTERRUPTED: it is to end; to be asked often */
sg_status plan_add(plan *p, task t);
int is_centre(const sg_explorer *ex, int atom);
/* Edges that end in a state stand in its table. */
sg_status add_edges_at(sg_explorer *ex, uint64_t state);
sg_status plan_make(sg_explorer *ex, uint64_t state, uint64_t parent);
/* Plan another round of searches for the state in hand, with what has been found before it; none when enough
 * is known or the budget is spent. */
sg_status plan_round(sg_explorer *ex, int *n_planned);
/* Last round: what this state's searches have found is lent to its other atoms. */
sg_status plan_second_round(sg_explorer *ex);
sg_status plan_store(sg_explorer *ex);
sg_status plan_load(sg_explorer *ex);
void plan_clear(sg_explorer *ex);

/* inherit.c: entries and tasks for the events of earlier states that hold here; marked in `lend` are the
 * centres of those that do not, some of which are to be tried `late`. */
sg_status inherit(sg_explorer *ex, uint64_t state, uint64_t parent, unsigned char *lend, plan *late);

/* views.c */
sg_status views_open(sg_explorer *ex);
void views_close(sg_explorer *ex);
sg_status views_to_frame(sg_explorer *ex);
int view_is_idle(const sg_explorer *ex, int v);
int has_views(const sg_explorer *ex);             /* of other strains than the frame's */
int view_of(const sg_explorer *ex, double gamma); /* the view of a record made at this strain; 0 if none */
/* Environments of an atom to be looked up: env [MAX_PROBES], its own first. igraph. */
sg_status view_environments(const sg_explorer *ex, int v, int atom, sg_environment *env, int *n);

/* The account of what other strains lent: read back, made ready for the commit of a batch. */
sg_status strain_account_load(sg_explorer *ex);
sg_status strain_account_store(sg_explorer *ex);

/* deaths.c: remember that a lent event has died here; write what has been remembered, before a commit. */
sg_status deaths_add(sg_explorer *ex, uint64_t event, sg_fate fate);
sg_status deaths_store(sg_explorer *ex);

/* credit.c: count in a new variant what searches from it at other strains are worth, `least` or more. igraph.
 */
sg_status credit_variant(sg_explorer *ex, int atom, int least, sg_cat_variant *v);
/* Searches made from a variant of the strain gamma, and what they are worth at the frame's. */
sg_status credit_by_id(const sg_explorer *ex, uint64_t key, uint64_t id, double gamma, int *attempts,
                       int *credit);

enum { SG_STOCK_NUMBERS = sizeof(sg_stock) / sizeof(double) };

/* missing.c: mean of X / (R + X) for the rates X of a Poisson process with these means per bin, and its
 * variance. */
double share_of_missing(const double *missing, const sg_rating *r, double *variance);

/* completeness.c */
void completeness_begin(sg_explorer *ex, uint64_t state); /* forget the findings */
void completeness_clear(sg_explorer *ex);
/* A search of the state in hand has come upon the event of this edge, 0: upon none. is_new: the table did not
 * have it, by whatever means. */
sg_status completeness_count(sg_explorer *ex, uint64_t edge, double barrier, int is_draw, int is_new);
/* Missing rate over missing and known rate, as far as searching has come. */
double completeness_share(const sg_explorer *ex, const sg_cat_table *t);
/* What goes into the catalog with a table that is complete. joins: it counts among the tables of the run. */
void completeness_close(sg_explorer *ex, sg_cat_table *t, int joins);
sg_status completeness_load(sg_explorer *ex);
sg_status completeness_store(sg_explorer *ex);

/* lend.c */
void placer_free(placer *p);
/* Tasks for the events that the catalog lends to the atoms marked. */
sg_status plan_lent(sg_explorer *ex, const unsigned char *lend);
/* Guess, mode and numbers of a lent event for its slot; active unless the guess is in the table already. */
sg_status prepare_lent(sg_explorer *ex, const task *t, slot *s);
/* A guess of slot k that an earlier task of the batch has too. */
int guess_is_taken(sg_explorer *ex, int k);

/* copy.c */
void copier_free(copier *c);
/* The table of a state without one, if the state is the image of another under a symmetry of the whole cell.
 * Needs opt.copy and a landscape. */
sg_status copy_table(sg_explorer *ex, uint64_t state, int *done);

/* variants.c */
static const double cover_margin =
    0.3; /* Å: atoms this close to the rim may be in one sphere and not in the other */
typedef struct variant_match {
    double tolerance, assign_max; /* Å: residual allowed; how far a partner may be */
} variant_match;
/* Whether a variant's geometry can be laid on an atom's surroundings. perm: automorphisms of its shell. */
sg_status variant_fits(const sg_explorer *ex, const sg_cat_variant *v, const sg_cluster *here, int n_perm,
                       const int (*perm)[SG_TOPOLOGY_MAX_VERTICES], const variant_match *how,
                       sg_placement *scratch, int *yes);
sg_status assign_variants(sg_explorer *ex, uint64_t state, uint64_t parent, unsigned char *changed);
sg_status restore_variants(sg_explorer *ex, uint64_t state);
void variants_clear(sg_explorer *ex);

/* samplers.c */
void count_row(sg_explorer *ex, const sg_cat_search *row); /* of the yields; every row once */
sg_sampler choose_sampler(const sg_explorer *ex, const task *t, int can_echo);
/* For `echo`: displacement to a low saddle near the atom; 0 if there is none, or nobody asks. */
int find_echo(sg_explorer *ex, const task *t, double (*displacement)[3]);

double thread_s(void); /* task.c: processor time of this thread, s */

/* task.c: carry out the order of a slot; its positions are read where the order needs them. vibration: made
 * when it is needed first. Threads: distinct slots and work. */
void task_run(const scene *sc, slot *s, sg_saddle_work *work, sg_vibration_work **vibration);

double equivalents_since(const sg_saddle_work *work, double before);

/* message.c: order and positions of a slot; its result. Failures show in b. */
void order_put(const slot *s, sg_bytes *b);
void order_get(slot *s, sg_bytes *b);
void outcome_put(const slot *s, sg_bytes *b);
void outcome_get(slot *s, sg_bytes *b);

/* crew.c: who works on a batch, and what they know of the state in hand. */
sg_status slot_init(slot *s, int n);
void slot_clear(slot *s);
sg_status crew_open(sg_explorer *ex);
void crew_close(sg_explorer *ex);
/* Carry out the active ones of the first `count` slots, all of them prefactors or none. SG_EINTERRUPTED:
 * given up, none of them is to be used. */
sg_status crew_run(sg_explorer *ex, int count);

/* prefactors.c */
int is_settled_edge(const sg_cat_edge *e); /* its prefactors are computed, or cannot be */
/* Prefactors of the entries that together carry all but opt.prefactor_rest of the rate out of a complete
 * state. Commits what it computes, batch by batch. */
sg_status complete_prefactors(sg_explorer *ex, uint64_t state);
/* Those of an edge that stands for another one, seen from the other's start. */
sg_status lend_prefactors(sg_explorer *ex, uint64_t edge_id, sg_nu_status status, double nu, double nu_back,
                          uint32_t n_free);

/* generic.c: the prefactors of an edge go to its two records, unless these have some. */
sg_status put_generic_prefactors(sg_explorer *ex, const sg_cat_edge *e);

/* batch.c */
sg_status run_batches(sg_explorer *ex);
/* Is what is in hand to be dropped? After an interrupt always; after opt.stop once something has been done,
 * so that a run gets on however short its limit is. Threads: any. */
int is_given_up(const sg_explorer *ex);
/* The row of what a task in `state` has come to. */
sg_status log_row(sg_explorer *ex, uint64_t state, const task *t, sg_sampler sampler, const sg_passage *p,
                  uint64_t edge);
sg_status keys_to_frame(sg_explorer *ex);

#endif
