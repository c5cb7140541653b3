/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other ranks' side: do what rank 0 shares out until it says to go home. Its threads take turns at the
 * link; a thread that waits for a task sleeps. The messages are those of team.c. */
#include "par_internal.h"

#include <stdio.h>

static const double look_every = 0.005; /* s */

int par_told_to_give_up(sg_team *team)
{
    int rank = 0, came = 1;

    if (!team->link || team->link->rank == 0 || !omp_test_lock(&team->lock)) return 0;
    const double now = par_now_s();
    while (now - team->looked_s > look_every && came) { /* those of earlier batches came too late */
        if (team->link->ops->take(team->link, &rank, TAG_GIVE_UP, &team->in, &came) != SG_OK) break;
        if (came && sg_bytes_get_u64(&team->in) == team->batch_number) atomic_store(&team->given_up, 1);
    }
    if (now - team->looked_s > look_every) team->looked_s = now;
    omp_unset_lock(&team->lock);
    return atomic_load(&team->given_up);
}

static void note_trouble(sg_team *team, int what, sg_status st)
{
    if (what == 0) team->trouble = SG_OK;
    if (st == SG_OK || team->trouble != SG_OK) return;
    team->trouble = st;
    snprintf(team->trouble_text, sizeof team->trouble_text, "%s", sg_error_text());
}

static sg_status say_how_it_stands(sg_team *team)
{
    sg_bytes_reset(&team->out);
    sg_bytes_put_u64(&team->out, (uint64_t)team->threads);
    sg_bytes_put_u64(&team->out, (uint64_t)team->trouble);
    sg_bytes_put_text(&team->out, team->trouble_text);
    if (team->out.failed) return sg_fail(SG_ENOMEM, "answer to rank 0");
    return team->link->ops->send(team->link, 0, TAG_STATUS, &team->out);
}

/* Hand in what is in `out` and wait for the next task in `in`. */
static sg_status hand_in(sg_team *team, int thread, const sg_bytes *out, sg_bytes *in)
{
    int came = 0, idle = 0, rank = 0;

    omp_set_lock(&team->lock);
    sg_status st = team->link->ops->send(team->link, 0, TAG_RESULT, out);
    omp_unset_lock(&team->lock);
    while (st == SG_OK) {
        omp_set_lock(&team->lock);
        st = team->link->ops->take(team->link, &rank, TAG_TASK + thread, in, &came);
        omp_unset_lock(&team->lock);
        if (came) break;
        par_doze(&idle);
    }
    return st;
}

static void begin_result(sg_bytes *out, int thread, uint64_t task, sg_status status)
{
    sg_bytes_reset(out);
    sg_bytes_put_u64(out, (uint64_t)thread);
    sg_bytes_put_u64(out, task);
    sg_bytes_put_u64(out, (uint64_t)status);
}

static void do_task(const sg_service *service, int thread, uint64_t task, sg_bytes *in, sg_bytes *out)
{
    begin_result(out, thread, task, SG_OK);
    sg_status st = service->run(service->arg, thread, in, out);
    if (st == SG_OK && (in->failed || out->failed)) st = sg_fail(SG_ENOMEM, "message to rank 0");
    if (st == SG_OK) return;
    begin_result(out, thread, task, st); /* shorter than the room that it has had */
    sg_bytes_put_text(out, sg_error_text());
}

static void take_part(sg_team *team, const sg_service *service, int thread, sg_status *status)
{
    sg_bytes in = {0}, out = {0};

    begin_result(&out, thread, 0, team->trouble);
    sg_bytes_put_text(&out, team->trouble_text);
    sg_status st = out.failed ? sg_fail(SG_ENOMEM, "message to rank 0") : SG_OK;
    while (st == SG_OK && (st = hand_in(team, thread, &out, &in)) == SG_OK) {
        const uint64_t task = sg_bytes_get_u64(&in);
        if (task == 0) break;
        do_task(service, thread, task, &in, &out);
    }
    sg_bytes_clear(&in);
    sg_bytes_clear(&out);
    if (st != SG_OK) *status = st;
}

static sg_status serve_batch(sg_team *team, const sg_service *service, int n)
{
    const sg_link *link = team->link;
    int threads = 0;
    sg_status *status = sg_calloc((size_t)team->threads, sizeof *status), st = SG_OK;

    if (!status) return sg_fail(SG_ENOMEM, "batch");
    while (threads < team->threads && par_is_invited(link->n_ranks, link->rank, threads, n))
        threads++;
    atomic_store(&team->given_up, 0);
    if (threads > 0) {
#pragma omp parallel num_threads(threads)
        for (int t = omp_get_thread_num(); t < threads; t += omp_get_num_threads())
            take_part(team, service, t, &status[t]);
    }
    for (int t = 0; t < threads && st == SG_OK; t++)
        st = status[t];
    sg_free(status);
    return st;
}

sg_status sg_team_serve(sg_team *team, const sg_service *service)
{
    sg_link *const link = team->link;
    sg_status st;

    while ((st = link->ops->share(link, &team->in)) == SG_OK) {
        const uint64_t order = sg_bytes_get_u64(&team->in), argument = sg_bytes_get_u64(&team->in);
        team->batch_number = order == ORDER_BATCH ? sg_bytes_get_u64(&team->in) : team->batch_number;
        if (order == ORDER_HOME) break;
        if (order == ORDER_TOLD) {
            if ((st = link->ops->share(link, &team->in)) != SG_OK) break;
            note_trouble(team, (int)argument, service->take(service->arg, (int)argument, &team->in));
        } else if (order == ORDER_ASKED) {
            st = say_how_it_stands(team);
        } else {
            st = serve_batch(team, service, (int)argument);
        }
        if (st != SG_OK) break;
    }
    if (st != SG_OK) link->is_broken = 1; /* rank 0 would wait for this one in vain */
    return st;
}
