/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module par: what both sides of a link agree upon. */
#ifndef PAR_INTERNAL_H
#define PAR_INTERNAL_H

#include "slowglass/par.h"

#include <omp.h>
#include <stdatomic.h>
#include <string.h>

enum { ORDER_HOME = 0, ORDER_TOLD = 1, ORDER_ASKED = 2, ORDER_BATCH = 3 };
enum { TAG_RESULT = 1, TAG_GIVE_UP = 2, TAG_STATUS = 3, TAG_GREETING = 4, TAG_TASK = 16 /* + thread */ };

struct sg_team {
    int threads;
    sg_link *link;
    const sg_log *log;
    int *others;           /* [n_ranks] their threads; NULL until they have been asked */
    const sg_batch *batch; /* in hand; NULL on other ranks */
    uint64_t batch_number;
    atomic_int given_up;
    omp_lock_t lock;   /* other ranks: of the link, which one thread at a time may use, and of what follows */
    double looked_s;   /* when the order to give up was last looked for */
    sg_status trouble; /* other ranks: with what they were told, and its text */
    char trouble_text[256];
    sg_bytes in, out;
    sg_team_account account;
};

double par_now_s(void); /* steady clock */

/* Sleep a little, longer the more often one has slept already. */
void par_doze(int *idle);

/* Other ranks: has the batch in hand been given up? */
int par_told_to_give_up(sg_team *team);

static inline int par_is_invited(int n_ranks, int rank, int thread, int n_tasks)
{
    return thread * (n_ranks - 1) + rank <= n_tasks;
}

#endif
