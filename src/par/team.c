/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rank 0's side of a batch: its threads take tasks from a counter and do them in place; one more thread,
 * asleep most of the time, gives tasks of the same counter to the threads of other ranks that ask for one,
 * and takes in their results. The other side is serve.c.
 *
 * What passes, each line a message:
 *   GREETING text                      to rank 0: what program it is; answered by all: u64 rank that differs,
 * 0: none share   u64 order, u64 argument     rank 0 to all: go home; told (argument: what), with a second
 * one, the content; say whether you understood; a batch (argument: tasks), with its number RESULT  u64
 * thread, task + 1, status, [text of the error], [result] task + 1 = 0: none yet; each asks for the next TASK
 * u64 task + 1, the task      to a thread; task + 1 = 0: no more in this batch GIVE_UP u64 number of the
 * batch     to a rank STATUS  u64 threads, status, text   of what a rank has been told
 *
 * Of a batch with fewer tasks than there are threads only so many take part: thread t of rank r when
 * t (ranks - 1) + r <= n. */
#include "par_internal.h"

#include <stdio.h>
#include <time.h>

static const double patience = 5.0; /* s without an answer, after a batch has been given up */

typedef struct shift { /* a batch being worked off */
    sg_team *team;
    const sg_batch *batch;
    atomic_int next;
    unsigned char *again; /* [n] 1: failed elsewhere; NULL without others */
    sg_status status;     /* of coordinating */
} shift;

double par_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double processor_s(void) /* of this thread */
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void par_doze(int *idle)
{
    const long us = *idle < 20 ? 50 : *idle < 200 ? 200 : 2000; /* a look at the link costs some 10 us */
    nanosleep(&(struct timespec){0, 1000 * us}, NULL);
    if (*idle < 200) ++*idle;
}

sg_status sg_team_create(int threads, sg_link *link, const sg_log *log, sg_team **out)
{
    sg_team *team = sg_calloc(1, sizeof *team);

    *out = NULL;
    if (!team) return sg_fail(SG_ENOMEM, "team of %d threads", threads);
    team->threads = threads < 1 ? 1 : threads;
    team->link = link;
    team->log = log;
    atomic_init(&team->given_up, 0);
    omp_init_lock(&team->lock);
    *out = team;
    return SG_OK;
}

void sg_team_free(sg_team *team)
{
    if (!team) return;
    omp_destroy_lock(&team->lock);
    sg_bytes_clear(&team->in);
    sg_bytes_clear(&team->out);
    sg_free(team->others);
    sg_free(team);
}

int sg_team_threads(const sg_team *team)
{
    return team->threads;
}

int sg_team_has_others(const sg_team *team)
{
    return team->link != NULL && team->link->n_ranks > 1 && !team->link->is_broken;
}

sg_team_account sg_team_get_account(const sg_team *team)
{
    return team->account;
}

/* Wait for the next message with this tag. */
static sg_status hear(sg_link *link, int rank, int tag, sg_bytes *in)
{
    int came = 0, idle = 0;

    for (;;) {
        const sg_status st = link->ops->take(link, &rank, tag, in, &came);
        if (st != SG_OK || came) return st;
        par_doze(&idle);
    }
}

/* Rank 0: what the others are, one after the other; *other: the first that is something else, 0 if none. */
static sg_status hear_greetings(sg_link *link, const char *identity, sg_bytes *b, int *other)
{
    sg_status st = SG_OK, differs = SG_OK;

    *other = 0;
    for (int rank = 1; rank < link->n_ranks && st == SG_OK; rank++) {
        if ((st = hear(link, rank, TAG_GREETING, b)) != SG_OK) break;
        char *text = sg_bytes_get_text(b);
        if (*other == 0 && (!text || strcmp(text, identity) != 0)) {
            *other = rank;
            differs = sg_fail(SG_EMISMATCH, "rank %d is %s, rank 0 is %s; need one program on all ranks",
                              rank, text ? text : "something else", identity);
        }
        sg_free(text);
    }
    return st == SG_OK ? differs : st;
}

sg_status sg_link_greet(sg_link *link, const char *identity)
{
    sg_bytes b = {0};
    int other = 0;
    sg_status st = SG_OK, differs = SG_OK;

    if (link->rank > 0) {
        sg_bytes_put_text(&b, identity);
        st = link->ops->send(link, 0, TAG_GREETING, &b);
    } else {
        differs = hear_greetings(link, identity, &b, &other);
        if (differs != SG_OK && other == 0) st = differs;
        sg_bytes_reset(&b);
        sg_bytes_put_u64(&b, (uint64_t)other);
    }
    if (st == SG_OK) st = link->ops->share(link, &b);
    if (st == SG_OK && link->rank > 0 && sg_bytes_get_u64(&b) != 0)
        differs = sg_fail(SG_EMISMATCH, "ranks are not one program");
    link->is_over = differs != SG_OK;
    link->is_broken = st != SG_OK;
    sg_bytes_clear(&b);
    return st == SG_OK ? differs : st;
}

void sg_link_close(sg_link *link)
{
    sg_bytes b = {0};

    if (!link) return;
    if (link->rank == 0 && !link->is_broken && !link->is_over) {
        sg_bytes_put_u64(&b, ORDER_HOME);
        sg_bytes_put_u64(&b, 0);
        (void)link->ops->share(link, &b);
        sg_bytes_clear(&b);
    }
    link->ops->free(link);
}

/* --- telling and asking --- */

static sg_status give_order(sg_team *team, uint64_t order, uint64_t argument)
{
    sg_bytes_reset(&team->out);
    sg_bytes_put_u64(&team->out, order);
    sg_bytes_put_u64(&team->out, argument);
    if (order == ORDER_BATCH) sg_bytes_put_u64(&team->out, team->batch_number);
    if (team->out.failed) return sg_fail(SG_ENOMEM, "message to other ranks");
    return team->link->ops->share(team->link, &team->out);
}

sg_status sg_team_tell(sg_team *team, int what, sg_bytes *message)
{
    if (!sg_team_has_others(team)) return SG_OK;
    if (message->failed) return sg_fail(SG_ENOMEM, "message to other ranks");
    const sg_status st = give_order(team, ORDER_TOLD, (uint64_t)what);
    team->account.bytes_told += message->n;
    return st == SG_OK ? team->link->ops->share(team->link, message) : st;
}

sg_status sg_team_ask(sg_team *team)
{
    sg_status bad = SG_OK;

    if (!sg_team_has_others(team)) return SG_OK;
    if (!team->others && !(team->others = sg_calloc((size_t)team->link->n_ranks, sizeof *team->others)))
        return sg_fail(SG_ENOMEM, "%d ranks", team->link->n_ranks);
    sg_status st = give_order(team, ORDER_ASKED, 0);
    for (int rank = 1; rank < team->link->n_ranks && st == SG_OK; rank++) {
        if ((st = hear(team->link, rank, TAG_STATUS, &team->in)) != SG_OK) break;
        const uint64_t threads = sg_bytes_get_u64(&team->in);
        const sg_status status = (sg_status)sg_bytes_get_u64(&team->in);
        if (team->in.failed || threads == 0 || threads > INT32_MAX)
            return sg_fail(SG_ECORRUPT, "message from rank %d", rank);
        team->others[rank] = (int)threads;
        char *text = sg_bytes_get_text(&team->in);
        if (status != SG_OK && bad == SG_OK) bad = sg_fail(status, "rank %d: %s", rank, text ? text : "");
        sg_free(text);
    }
    return st == SG_OK ? bad : st;
}

/* --- a batch --- */

int sg_team_given_up(const void *arg)
{
    sg_team *const team = (sg_team *)(uintptr_t)arg;

    if (atomic_load_explicit(&team->given_up, memory_order_relaxed)) return 1;
    const sg_batch *b = team->batch;
    const int given_up = b ? b->stop && b->stop(b->stop_arg) : par_told_to_give_up(team);
    if (given_up) atomic_store(&team->given_up, 1);
    return given_up;
}

static int take_next(shift *s)
{
    if (sg_team_given_up(s->team)) return -1;
    const int k = atomic_fetch_add(&s->next, 1);
    return k < s->batch->n ? k : -1;
}

static void work_off(shift *s, int thread)
{
    for (int k = take_next(s); k >= 0; k = take_next(s))
        s->batch->run(s->batch->arg, k, thread);
}

/* Its own threads alone. */
static void run_here(shift *s)
{
    const int n = s->batch->n, threads = s->team->threads < n ? s->team->threads : n;

#pragma omp parallel num_threads(threads)
    work_off(s, omp_get_thread_num());
}

static void warn(const sg_team *team, int rank, sg_status status, sg_bytes *in, const char *what_then)
{
    char *text = sg_bytes_get_text(in);
    sg_log_line(team->log, SG_LOG_WARNING, "rank %d: %s (%s); %s", rank, sg_status_text(status),
                text ? text : "", what_then);
    sg_free(text);
}

/* Take in a result, if the message holds one. @return 1: this rank can do tasks. */
static int take_result(shift *s, int rank, uint64_t task, sg_bytes *in)
{
    const sg_status status = (sg_status)sg_bytes_get_u64(in);

    if (task == 0) {
        if (status != SG_OK) warn(s->team, rank, status, in, "it is given no tasks of this batch");
        return status == SG_OK;
    }
    s->team->account.bytes_results += in->n;
    if (status == SG_OK) {
        s->batch->get(s->batch->arg, (int)(task - 1), in);
        s->team->account.away++;
    }
    if (status == SG_OK && !in->failed) return 1;
    s->again[task - 1] = 1;
    if (!sg_team_given_up(s->team)) warn(s->team, rank, status, in, "its task is done again on rank 0");
    return 1;
}

/* The next task to the thread that has asked; @return 1 when there is none, and it has been told so. */
static int answer(shift *s, int rank, int thread, int is_able)
{
    sg_team *const team = s->team;
    const int task = is_able ? take_next(s) : -1;

    sg_bytes_reset(&team->out);
    sg_bytes_put_u64(&team->out, (uint64_t)(task + 1));
    if (task >= 0) s->batch->put(s->batch->arg, task, &team->out);
    if (team->out.failed && task >= 0) { /* no memory for the message: nor do others get more */
        s->again[task] = 1;
        sg_bytes_reset(&team->out);
        sg_bytes_put_u64(&team->out, 0);
    }
    team->account.bytes_tasks += team->out.n;
    s->status = team->link->ops->send(team->link, rank, TAG_TASK + thread, &team->out);
    uint64_t sent = 0;
    memcpy(&sent, team->out.p, sizeof sent);
    return sent == 0;
}

static void tell_to_give_up(shift *s)
{
    sg_team *const team = s->team;

    sg_bytes_reset(&team->out);
    sg_bytes_put_u64(&team->out, team->batch_number);
    for (int rank = 1; rank < team->link->n_ranks && s->status == SG_OK; rank++)
        s->status = team->link->ops->send(team->link, rank, TAG_GIVE_UP, &team->out);
}

static int count_invited(const sg_team *team, int n)
{
    int sum = 0;
    for (int rank = 1; rank < team->link->n_ranks; rank++)
        for (int t = 0; t < team->others[rank]; t++)
            sum += par_is_invited(team->link->n_ranks, rank, t, n);
    return sum;
}

/* Until every thread that takes part elsewhere has been told that there is no more: it has handed in what it
 * had then. */
static void coordinate(shift *s)
{
    sg_team *const team = s->team;
    const double begin_s = processor_s();
    double heard_s = par_now_s();
    int left = count_invited(team, s->batch->n), idle = 0, has_told = 0;

    while (left > 0 && s->status == SG_OK) {
        int rank = SG_ANY, came = 0;
        if (!has_told && sg_team_given_up(team)) {
            tell_to_give_up(s);
            has_told = 1;
            heard_s = par_now_s();
        }
        s->status = team->link->ops->take(team->link, &rank, TAG_RESULT, &team->in, &came);
        if (s->status != SG_OK) break;
        if (!came) {
            if (has_told && par_now_s() - heard_s > patience) team->link->is_broken = 1;
            if (team->link->is_broken) break;
            par_doze(&idle);
            continue;
        }
        idle = 0;
        heard_s = par_now_s();
        const uint64_t thread = sg_bytes_get_u64(&team->in), task = sg_bytes_get_u64(&team->in);
        if (team->in.failed || thread >= (uint64_t)team->others[rank] || task > (uint64_t)s->batch->n) {
            s->status = sg_fail(SG_ECORRUPT, "message from rank %d", rank);
            break;
        }
        const int is_able = take_result(s, rank, task, &team->in);
        left -= answer(s, rank, (int)thread, is_able);
    }
    if (s->status != SG_OK) { /* the others are out of step */
        team->link->is_broken = 1;
        atomic_store(&team->given_up, 1);
    }
    team->account.coordinating_s += processor_s() - begin_s;
}

static sg_status run_with_others(shift *s)
{
    sg_team *const team = s->team;

    s->again = sg_calloc((size_t)s->batch->n, 1);
    if (!s->again) return sg_fail(SG_ENOMEM, "batch of %d tasks", s->batch->n);
    team->batch_number++;
    sg_status st = give_order(team, ORDER_BATCH, (uint64_t)s->batch->n);
    if (st != SG_OK) return st;
#pragma omp parallel num_threads(team->threads + 1)
    {
        if (omp_get_num_threads() == 1) { /* not granted: first the others, then the rest here */
            coordinate(s);
            work_off(s, 0);
        } else if (omp_get_thread_num() == 0) {
            coordinate(s);
        } else {
            work_off(s, omp_get_thread_num() - 1);
        }
    }
    for (int k = 0; k < s->batch->n && s->status == SG_OK; k++) {
        if (!s->again[k] || sg_team_given_up(team)) continue;
        s->batch->run(s->batch->arg, k, 0);
        team->account.again++;
    }
    return s->status;
}

sg_status sg_team_run(sg_team *team, const sg_batch *batch)
{
    shift s = {.team = team, .batch = batch};
    sg_status st = SG_OK;

    if (batch->n == 0) return SG_OK;
    atomic_init(&s.next, 0);
    atomic_store(&team->given_up, 0);
    team->batch = batch;
    const uint64_t away_before = team->account.away;
    if (sg_team_has_others(team) && team->others && batch->n > 1)
        st = run_with_others(&s);
    else
        run_here(&s);
    team->batch = NULL;
    team->account.here += (uint64_t)batch->n - (team->account.away - away_before);
    sg_free(s.again);
    if (st == SG_OK && atomic_exchange(&team->given_up, 0)) st = sg_fail(SG_EINTERRUPTED, "batch given up");
    return st;
}
