/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Batches of independent tasks, shared out over the threads of this process and over other processes.
 *
 * A task is a value: its input and its result can be written as a message, and the result depends on the
 * input and on what all have been told before, not on who does it. Rank 0 has the batch; its own threads do
 * tasks in place, the threads of the other ranks ask for one, are sent it, and ask again with its result. Who
 * is quick does more. Results stay with their tasks, so that what is made of them in the order of the tasks
 * does not depend on the number of ranks or threads.
 *
 * How messages travel is behind a link: MPI in the program (src/par/mpi_link.c), something else in a test.
 * All ranks of a link run the same program on processors that store numbers alike: a message holds them as
 * they are in memory. */
#ifndef SLOWGLASS_PAR_H
#define SLOWGLASS_PAR_H

#include <stdint.h>

#include "slowglass/core.h"

/* ---- messages ---- */

typedef struct sg_bytes { /* zeroed: empty. Free with sg_bytes_clear */
    unsigned char *p;
    size_t n, capacity; /* written */
    size_t at;          /* read so far */
    int failed;         /* 1: memory ran out while writing, or more was read than there is */
} sg_bytes;

/** Empty it and keep its memory. */
void sg_bytes_reset(sg_bytes *b);
void sg_bytes_clear(sg_bytes *b);

/** Append n bytes; on failure `failed` is set, to be looked at once at the end. */
void sg_bytes_put(sg_bytes *b, const void *data, size_t n);
void sg_bytes_put_u64(sg_bytes *b, uint64_t value);
void sg_bytes_put_text(sg_bytes *b, const char *text);

/** Read the next n bytes; beyond the end zeros, and `failed` is set. */
void sg_bytes_get(sg_bytes *b, void *data, size_t n);
uint64_t sg_bytes_get_u64(sg_bytes *b);

/** The next text, NULL when memory is out or there is none. sg_free. */
char *sg_bytes_get_text(sg_bytes *b);

/** Make room for n bytes and set the length to n; contents undefined. @return 0, or -1 when memory is out. */
int sg_bytes_resize(sg_bytes *b, size_t n);

/* ---- links between processes ---- */

typedef struct sg_link sg_link;

enum { SG_ANY = -1 };

typedef struct sg_link_ops {
    /* Rank 0: b to all others. Others: wait for it without occupying a core, fill b. */
    sg_status (*share)(sg_link *self, sg_bytes *b);
    sg_status (*send)(sg_link *self, int rank, int tag, const sg_bytes *b);
    /* A message with this tag from *rank (SG_ANY: any, *rank is then put out), if one is there: *came = 1, b
     * filled. */
    sg_status (*take)(sg_link *self, int *rank, int tag, sg_bytes *b, int *came);
    void (*free)(sg_link *self); /* the last call */
} sg_link_ops;

struct sg_link {
    const sg_link_ops *ops;
    int rank, n_ranks;
    int threads;   /* what a rank should use unless told: its share of the cores it may use */
    int is_broken; /* 1: ranks are out of step; closing it ends them all */
    int is_over;   /* 1: the others know that there is nothing to do */
};

/** The ranks that a launcher (mpirun, srun) has started this program as; to be called first thing in main.
 * Without a launcher, or in a build without MPI, *out is NULL: the process is alone. Cost: nothing without a
 * launcher.
 * @return SG_EUNSUPPORTED: MPI does not let one thread at a time call it; or several processes of a build
 * without MPI */
sg_status sg_link_open(int *argc, char ***argv, sg_link **out);

/** All ranks, first thing: are they one program? Its identity: any text, as version and a hash of the file.
 * @return SG_EMISMATCH: they are not; on rank 0 the text names the first that differs and both identities.
 * Nothing but closing the link may then follow. */
sg_status sg_link_greet(sg_link *link, const char *identity);

/** Rank 0: send the others home. All ranks of a link must come here. NULL-safe. */
void sg_link_close(sg_link *link);

/** What links the ranks, "MPI"; "" in a build without. Constant text. */
const char *sg_link_name(void);

/* ---- teams ---- */

typedef struct sg_team sg_team; /* of rank 0: its threads, and through a link those of the other ranks */

typedef struct sg_team_account { /* since creation */
    uint64_t here, away, again;  /* tasks: done here, elsewhere, here after they had failed elsewhere */
    uint64_t bytes_tasks, bytes_results, bytes_told; /* of messages; told: once, however many ranks hear it */
    double coordinating_s;                           /* processor time of the thread that shares out tasks */
} sg_team_account;

/** @param link NULL: threads only. Borrowed, like log, for the team's life. One team at a time uses a link.
 */
sg_status sg_team_create(int threads, sg_link *link, const sg_log *log, sg_team **out);
void sg_team_free(sg_team *team);

/** Threads here, to be had as `thread` in sg_batch.run: 0 .. threads - 1. */
int sg_team_threads(const sg_team *team);
int sg_team_has_others(const sg_team *team);
sg_team_account sg_team_get_account(const sg_team *team);

/** Tell all other ranks something that tasks will need; `what` says what it is, 0: that from which all else
 * follows. A rank that cannot take it in says so when asked, and gets no tasks until it is told 0 again. */
sg_status sg_team_tell(sg_team *team, int what, sg_bytes *message);

/** Ask all other ranks whether they have understood what they have been told. @return the first that has not,
 * its text naming the rank. */
sg_status sg_team_ask(sg_team *team);

typedef struct sg_batch {
    int n;                                           /* tasks 0 .. n - 1 */
    void (*run)(void *arg, int task, int thread);    /* here, the result stays with the caller */
    void (*put)(void *arg, int task, sg_bytes *out); /* the task as a message */
    void (*get)(void *arg, int task, sg_bytes *in);  /* its result as another rank's `run` has written it */
    int (*stop)(const void *arg); /* nonzero: give up; asked often, from any thread; may be NULL */
    void *arg;
    const void *stop_arg;
} sg_batch;

/** Do a batch. A task that fails on another rank (its memory is out) is done again here, after all others.
 * @return SG_OK: all tasks done. SG_EINTERRUPTED: given up, all have dropped what they had in hand, and
 * nothing of the batch is to be used. */
sg_status sg_team_run(sg_team *team, const sg_batch *batch);

/** 1 when the batch in hand is given up: a task then ends at once, whatever its result. To be asked by long
 * tasks every few milliseconds; on all ranks. @param team an sg_team. Threads: any. */
int sg_team_given_up(const void *team);

/* ---- the other ranks ---- */

typedef struct sg_service {
    /* what rank 0 has told */
    sg_status (*take)(void *arg, int what, sg_bytes *in);
    /* a task; `thread` < threads of the team. An error: it is done on rank 0 instead. Threads: concurrently.
     */
    sg_status (*run)(void *arg, int thread, sg_bytes *in, sg_bytes *out);
    void *arg;
} sg_service;

/** Serve rank 0 until it sends this rank home. An error is one of this rank (its memory is out): closing the
 * link then ends the job. */
sg_status sg_team_serve(sg_team *team, const sg_service *service);

#endif
