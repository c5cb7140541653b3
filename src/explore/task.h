/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A task as a value: an order, carried out in a scene, gives a result, on whichever thread of whichever rank.
 * The scene is all that the tasks of a batch have in common: the state in hand, and the events of its table
 * that a search may come upon again. It does not change while a batch is worked off. */
#ifndef EXPLORE_TASK_H
#define EXPLORE_TASK_H

#include "slowglass/explore.h"
#include "slowglass/par.h"
#include "slowglass/vibration.h"

enum { TOLD_MODEL = 0, TOLD_STATE = 1, TOLD_KNOWN = 2 }; /* to other ranks, see sg_team_tell */

typedef enum {
    ORDER_SEARCH = 0,
    ORDER_REFINE = 1,    /* a guess brought from another strain, which may lie far off */
    ORDER_TRY = 2,       /* any other guess */
    ORDER_PREFACTOR = 3, /* of the scene it needs potential and atoms alone */
    N_ORDERS
} order_kind;

typedef struct order { /* beside the positions in its slot */
    uint32_t kind, atom;
    uint64_t number; /* names the random numbers: attempt of a search, index of a refinement */
    sg_sampler sampler;
    uint32_t n_free;      /* of a prefactor: atoms that vibrate, 0: all */
    double radius, gamma; /* Å, of the push; of a prefactor: strain of the edge's states */
} order;

typedef struct known_event { /* a converged entry of the table */
    uint64_t edge;
    uint32_t reverse;
    uint32_t leads_home;   /* 1: a self loop */
    uint32_t is_told;      /* 1: other ranks have it */
    double e_saddle, e_to; /* eV */
    double (*x_saddle)[3]; /* [2 n], with x_to; in the frame of the state */
    double (*x_to)[3];     /* [n] behind x_saddle */
} known_event;

typedef struct scene {
    const sg_potential *pot;
    sg_system *frame; /* the state in hand: cell, strain, positions */
    uint64_t seed, state;
    double energy, virial[6]; /* eV */
    sg_saddle_options saddle;
    known_event *known; /* [n_known] in the order of the table */
    size_t n_known, capacity;
    int is_told; /* 1: other ranks know which state it is */
} scene;

void known_clear(known_event *known, size_t n);

/* message.c */
sg_status scene_put_model(const scene *sc, sg_bytes *b);
sg_status scene_get_model(scene *sc, sg_potential **pot, sg_system **frame, sg_bytes *b);
void scene_put_state(const scene *sc, sg_bytes *b);
sg_status scene_get_state(scene *sc, sg_bytes *b);
/* Those not told yet as a whole, the others by name. */
void scene_put_known(scene *sc, sg_bytes *b);
sg_status scene_get_known(scene *sc, sg_bytes *b);

#endif
