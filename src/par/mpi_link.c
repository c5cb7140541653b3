/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The link over MPI; in builds with MPI, part of the program alone: the libraries do without.
 *
 * One thread at a time calls MPI (MPI_THREAD_SERIALIZED). Waiting is testing and sleeping, as waiting inside
 * MPI would occupy a core; nobody waits for a message to be delivered. What all are told goes down a tree (a
 * non-blocking broadcast), in pieces that an int can count. An error of MPI ends the job, as does the loss of
 * a rank: the catalog is then as the last commit has left it.
 *
 * Whether there is a launcher is told by what launchers put into the environment; without one MPI is not even
 * initialised. */
#include "par_internal.h"

#include <mpi.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE = 1 << 30 };
static const char link_name[] = "MPI";

typedef struct letter { /* on its way */
    struct letter *next;
    MPI_Request request;
    unsigned char content[];
} letter;

typedef struct mpi_link {
    sg_link base;
    MPI_Comm ranks;
    letter *letters;
} mpi_link;

const char *sg_link_name(void)
{
    return link_name;
}

static int is_launched(void)
{
    static const char *const sign[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK", "PMI_SIZE",
                                       "MPI_LOCALNRANKS"};
    for (size_t k = 0; k < sizeof sign / sizeof sign[0]; k++)
        if (getenv(sign[k])) return 1;
    return 0;
}

static void wait_for(MPI_Request *request)
{
    int done = 0, idle = 0;

    MPI_Test(request, &done, MPI_STATUS_IGNORE);
    while (!done) {
        par_doze(&idle);
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
    }
}

static void share_bytes(const mpi_link *m, void *p, size_t n)
{
    MPI_Request request;

    for (size_t at = 0; at < n; at += PIECE) {
        const size_t piece = n - at < PIECE ? n - at : PIECE;
        MPI_Ibcast((unsigned char *)p + at, (int)piece, MPI_BYTE, 0, m->ranks, &request);
        wait_for(&request);
    }
}

static sg_status mpi_share(sg_link *self, sg_bytes *b)
{
    const mpi_link *m = (const mpi_link *)self;
    uint64_t n = b->n;

    share_bytes(m, &n, sizeof n);
    if (self->rank > 0) {
        sg_bytes_reset(b);
        if (sg_bytes_resize(b, n) != 0) {
            MPI_Abort(m->ranks, sg_status_exit_code(SG_ENOMEM)); /* others count on this one to pass it on */
        }
    }
    share_bytes(m, b->p, n);
    return SG_OK;
}

static void forget_delivered(mpi_link *m)
{
    for (letter **at = &m->letters; *at;) {
        letter *l = *at;
        int done = 0;
        MPI_Test(&l->request, &done, MPI_STATUS_IGNORE);
        if (done) {
            *at = l->next;
            sg_free(l);
        } else {
            at = &l->next;
        }
    }
}

/* Returns at once: two ranks that send to each other must not wait for each other. */
static sg_status mpi_send(sg_link *self, int rank, int tag, const sg_bytes *b)
{
    mpi_link *m = (mpi_link *)self;

    if (b->n > INT32_MAX) return sg_fail(SG_EINVAL, "message of %zu bytes, need < 2^31", b->n);
    letter *l = sg_calloc(1, sizeof *l + b->n);
    if (!l) return sg_fail(SG_ENOMEM, "message of %zu bytes", b->n);
    if (b->n > 0) memcpy(l->content, b->p, b->n);
    MPI_Isend(l->content, (int)b->n, MPI_BYTE, rank, tag, m->ranks, &l->request);
    l->next = m->letters;
    m->letters = l;
    return SG_OK;
}

static sg_status mpi_take(sg_link *self, int *rank, int tag, sg_bytes *b, int *came)
{
    mpi_link *m = (mpi_link *)self;
    MPI_Message message;
    MPI_Status status;
    int n = 0;

    forget_delivered(m);
    MPI_Improbe(*rank == SG_ANY ? MPI_ANY_SOURCE : *rank, tag, m->ranks, came, &message, &status);
    if (!*came) return SG_OK;
    MPI_Get_count(&status, MPI_BYTE, &n);
    *rank = status.MPI_SOURCE;
    sg_bytes_reset(b);
    if (sg_bytes_resize(b, (size_t)n) != 0) return sg_fail(SG_ENOMEM, "message of %d bytes", n);
    MPI_Mrecv(b->p, n, MPI_BYTE, &message, MPI_STATUS_IGNORE);
    return SG_OK;
}

static void mpi_free(sg_link *self)
{
    mpi_link *m = (mpi_link *)self;

    if (self->is_broken)
        MPI_Abort(m->ranks, sg_interrupt_requested() ? sg_status_exit_code(SG_EINTERRUPTED) : 1);
    for (int idle = 0; m->letters; par_doze(&idle))
        forget_delivered(m);
    MPI_Comm_free(&m->ranks);
    MPI_Finalize();
    sg_free(m);
}

static const sg_link_ops ops = {mpi_share, mpi_send, mpi_take, mpi_free};

/* A rank's share of the cores of its node, of those that the launcher lets it use. */
static int fair_threads(void)
{
    MPI_Comm node;
    int n = 1;

    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    MPI_Comm_size(node, &n);
    MPI_Comm_free(&node);
    const int mine = omp_get_num_procs(), share = (int)(sysconf(_SC_NPROCESSORS_ONLN) / n);
    return share < 1 ? 1 : share < mine ? share : mine;
}

sg_status sg_link_open(int *argc, char ***argv, sg_link **out)
{
    int provided = 0, n_ranks = 1;

    *out = NULL;
    if (!is_launched()) return SG_OK;
    MPI_Init_thread(argc, argv, MPI_THREAD_SERIALIZED, &provided);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    mpi_link *m = n_ranks > 1 ? sg_calloc(1, sizeof *m) : NULL;
    if (n_ranks == 1 || provided < MPI_THREAD_SERIALIZED || !m) {
        if (n_ranks > 1 && !m) MPI_Abort(MPI_COMM_WORLD, sg_status_exit_code(SG_ENOMEM));
        sg_free(m);
        MPI_Finalize();
        return n_ranks == 1 ? SG_OK
                            : sg_fail(SG_EUNSUPPORTED,
                                      "this MPI grants thread level %d, need MPI_THREAD_SERIALIZED (%d)",
                                      provided, MPI_THREAD_SERIALIZED);
    }
    m->base = (sg_link){.ops = &ops, .n_ranks = n_ranks, .threads = fair_threads()};
    MPI_Comm_rank(MPI_COMM_WORLD, &m->base.rank);
    MPI_Comm_dup(MPI_COMM_WORLD, &m->ranks);
    *out = &m->base;
    return SG_OK;
}
