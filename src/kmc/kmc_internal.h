/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module kmc: what the walk (loop.c) uses: the group of states that a step leaves (group.c), the
 * account of a step (account.c), what a basin was like (stay.c), increments of strain (increment.c). */
#ifndef KMC_INTERNAL_H
#define KMC_INTERNAL_H

#include "slowglass/kmc.h"

typedef struct sg_group_rule { /* which states are left together */
    int max_states;            /* 1: none */
    double barrier;            /* eV; joined over saddles lower than this from either side, */
    double time;               /* s; or, where this is > 0, faster than 1/time both ways */
} sg_group_rule;

typedef struct group { /* zeroed: empty */
    int n_states, n_ways;
    int start;            /* index of the present state */
    int is_part, is_full; /* of the joined states only some; because there is no room for more */
    uint64_t *state;      /* [n_states] ascending */
    sg_basin_edge *edge;  /* [n_ways] */
    uint32_t *entry;      /* [n_ways] index in the table of state[edge.from] */
    double rate_out;      /* 1/s, sum of the ways out */
    sg_basin *basin;      /* NULL until it has been left */
    double *stay;         /* [n_states] s: time in each, of the step drawn last; with the basin */
    double *residence;    /* [n_states] s: its mean, from the present state on */
    uint64_t revision;    /* of the landscape it was gathered from */
    size_t cap_states, cap_edges, cap_entries;
} group;

/* Bring the group to the present state: kept as it is where nothing has changed. */
sg_status group_update(group *g, const sg_explorer *ex, const sg_group_rule *rule, uint64_t present);
/* Draw the exit: fills stay and residence. */
sg_status group_leave(group *g, sg_rng *rng, sg_basin_exit *out);
int group_index(const group *g, uint64_t state); /* -1: not in it */
void group_clear(group *g);

/* stay.c: what the step just drawn was like; step and last are the caller's to fill in. Volume: Å^3. */
sg_stay stay_of(const group *g, const sg_explorer *ex, double volume);
sg_status stay_put(sg_catalog *cat, const sg_stay *stay);
/* The walk has not left the group for `time` s: the state it is in by then, and what it was like until then,
 * in the mean. */
sg_status stay_cut(const group *g, const sg_explorer *ex, double volume, double time, sg_rng *rng,
                   uint64_t *state, sg_stay *stay);

/* account.c */
sg_status account_put(sg_catalog *cat, const sg_reuse *account);
/* Rows of searches that the accounts stored so far cover. */
sg_status account_rows(sg_catalog *cat, uint64_t *rows);

/* increment.c: put increment number k, the last one. */
sg_status increment_put(sg_catalog *cat, uint64_t k, const sg_kmc_increment *increment);

#endif
