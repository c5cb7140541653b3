/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One event, seen from both sides of the catalog: a passage becomes an edge between two states (specific) and
 * a record in the frame of its centre (generic); a generic event is laid on another atom and gives a guess to
 * be refined. The centre is the farthest mover between the two minima, lowest index on ties. */
#ifndef SLOWGLASS_EVENT_H
#define SLOWGLASS_EVENT_H

#include "slowglass/catalog.h"
#include "slowglass/saddle.h"
#include "slowglass/topology.h"

#define SG_EVENT_MOVER                                                                                       \
    0.1 /* Å: an atom that moves farther than this between minimum and saddle or final state is a mover */
#define SG_EVENT_REACH 8.0 /* Å: support atoms farther from the centre are left to the refinement */

/** Fill an edge from an accepted passage: displacement, barriers, centre, strain derivatives V (sigma -
 * sigma_start), distances, participation number (sum d^2)^2 / sum d^4. id, from, to, event, source, found are
 * the caller's.
 * @param out cleared by the caller with sg_cat_edge_clear. Threads: any. */
sg_status sg_event_edge(const sg_system *start, double e_start, const double virial_start[6],
                        const sg_passage *passage, sg_sampler sampler, sg_cat_edge *out);

/** Positions of an edge's saddle seen from one of its ends: x = x_end + (x_saddle - x_end), in the frame of
 * x_end.
 * @param reverse 0: x_end is the edge's `from`, and d_saddle is added to it. 1: x_from must be given too, and
 * the displacement from x_to to the saddle is added to x_end. */
void sg_event_saddle(const sg_system *sys, const sg_cat_edge *edge, int reverse, const double (*x_from)[3],
                     const double (*x_to)[3], const double (*x_end)[3], double (*x_saddle)[3]);

/** Generic record of a passage that starts at `start`.
 * @param env of the centre in the start; @param bonds of the start
 * @param d_saddle, d_final [n][3] displacements from the start, Å
 * @param mode [n][3] softest mode at the saddle, of any length and sign
 * The numbers of the event (barriers, derivatives, ..) are taken from `edge`, turned round when `reverse`. It
 * counts as found once by `run`, with the edge's sampler.
 * @param out cleared by the caller with sg_cat_event_clear. Threads: any. */
sg_status sg_event_generic(const sg_system *start, const sg_environment *env, const sg_bonds *bonds,
                           const double (*d_saddle)[3], const double (*d_final)[3], const double (*mode)[3],
                           const sg_cat_edge *edge, int reverse, uint64_t run, sg_cat_event *out);

/** The geometry around an atom as a variant record: all atoms within `radius`. attempts = 0. Clear with
 * sg_cat_variant_clear. */
sg_status sg_event_variant(const sg_system *sys, const sg_environment *env, double radius,
                           const sg_bonds *spheres, sg_cat_variant *out);

/** Placements of a generic event on an atom, by ascending residual. */
sg_status sg_event_place(const sg_cat_event *event, const sg_cluster *target, int n_perm,
                         const int (*perm)[SG_TOPOLOGY_MAX_VERTICES], double residual_max, int max,
                         sg_placement *out, int *n);

typedef struct sg_event_seen { /* one direction of a passage, to be compared with records */
    uint64_t key;              /* of the centre */
    double barrier;            /* eV */
    const sg_cluster *cluster; /* around the centre, SG_TOPOLOGY_ASSIGN_MAX farther than any record reaches */
    int n_perm;                /* automorphisms of the centre's shell */
    const int (*perm)[SG_TOPOLOGY_MAX_VERTICES];
    const double (*d_saddle)[3], (*d_final)[3]; /* displacements from the start, by cluster->atom, Å */
} sg_event_seen;

/** What two findings of one event agree in before any geometry: key, and barrier within 2 meV. */
int sg_event_may_be_same(const sg_cat_event *event, uint64_t key, double barrier);

/** Whether a generic record describes a passage: same key, barriers within 2 meV, and a placement of residual
 * <= 0.15 Å (mirror images count) under which no displacement differs by more than 0.1 Å.
 * Threads: any. Cost: one placement when key and barrier agree, else nothing. */
sg_status sg_event_same(const sg_cat_event *event, const sg_event_seen *seen, int *same);

/** The same of two records, in both directions: the shell and all atoms of either that move 0.2 Å or more are
 * looked for in the other. Symmetric in a and b.
 * @param perm automorphisms of the shell of their key */
sg_status sg_event_same_records(const sg_cat_event *a, const sg_cat_event *b, int n_perm,
                                const int (*perm)[SG_TOPOLOGY_MAX_VERTICES], int *same);

/** Guess of saddle and mode in the whole system from a placement. x_saddle, mode: [n][3]. */
void sg_event_guess(const sg_system *sys, const sg_cat_event *event, const sg_cluster *target,
                    const sg_placement *placement, double (*x_saddle)[3], double (*mode)[3]);

/** Largest distance that an atom of the support of an edge has moved between the state where the edge was
 * converged and another one, drift removed, Å. Support: the movers, and every atom that one of them comes
 * near at its start, saddle or end.
 * @param reverse 1: the edge is to be walked to -> from
 * @param x_origin positions of the state where it was converged
 * @param spheres of x_now, from sg_bonds_create_radius: atoms beyond are not seen
 * @param reach Å, how near is near: about the longest bond
 * @param scratch [n][3]; @param mark [n], 1 for the atoms of the support afterwards. Threads: distinct
 * scratch and mark. */
double sg_event_support_moved(const sg_system *sys, const sg_cat_edge *edge, int reverse,
                              const double (*x_from)[3], const double (*x_to)[3], const double (*x_origin)[3],
                              const double (*x_now)[3], const sg_bonds *spheres, double reach,
                              double (*scratch)[3], unsigned char *mark);

#endif
