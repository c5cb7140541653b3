/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rank other than 0 does: it has the potential, the atoms and the scene that it has been told, no
 * files and no catalog, and carries out orders. */
#include "explore_internal.h"

#include <string.h>

typedef struct desk { /* of one thread */
    sg_saddle_work *work;
    sg_vibration_work *vibration; /* NULL until a prefactor is computed */
    slot slot;
} desk;

typedef struct worker {
    sg_team *team;
    sg_potential *pot;
    sg_system *frame;
    scene scene;
    desk *desk; /* [threads of the team] */
} worker;

static void clear_desks(worker *w)
{
    for (int t = 0; w->desk && t < sg_team_threads(w->team); t++) {
        sg_saddle_work_free(w->desk[t].work);
        sg_vibration_work_free(w->desk[t].vibration);
        slot_clear(&w->desk[t].slot);
    }
    sg_free(w->desk);
    w->desk = NULL;
}

static void forget(worker *w)
{
    clear_desks(w);
    known_clear(w->scene.known, w->scene.n_known);
    sg_free(w->scene.known);
    sg_potential_free(w->pot);
    sg_system_free(w->frame);
    w->pot = NULL;
    w->frame = NULL;
    memset(&w->scene, 0, sizeof w->scene);
}

static sg_status take_model(worker *w, sg_bytes *in)
{
    const int threads = sg_team_threads(w->team);

    forget(w);
    sg_status st = scene_get_model(&w->scene, &w->pot, &w->frame, in);
    if (st == SG_OK && !(w->desk = sg_calloc((size_t)threads, sizeof *w->desk)))
        st = sg_fail(SG_ENOMEM, "scratch of %d threads", threads);
    for (int t = 0; t < threads && st == SG_OK; t++) {
        desk *d = &w->desk[t];
        st = slot_init(&d->slot, w->frame->n);
        if (st == SG_OK) st = sg_saddle_work_create(w->pot, w->frame, &d->work);
        if (st == SG_OK) sg_saddle_work_set_stop(d->work, sg_team_given_up, w->team);
    }
    return st;
}

static sg_status take(void *arg, int what, sg_bytes *in)
{
    worker *w = arg;

    if (what == TOLD_MODEL) return take_model(w, in);
    if (!w->frame) return sg_fail(SG_EINVAL, "no atoms to work with");
    return what == TOLD_STATE ? scene_get_state(&w->scene, in) : scene_get_known(&w->scene, in);
}

static sg_status run(void *arg, int thread, sg_bytes *in, sg_bytes *out)
{
    worker *w = arg;
    desk *d = &w->desk[thread];

    order_get(&d->slot, in);
    if (in->failed) return sg_fail(SG_ECORRUPT, "message from rank 0");
    task_run(&w->scene, &d->slot, d->work, &d->vibration);
    if (d->slot.status == SG_OK) outcome_put(&d->slot, out);
    return d->slot.status;
}

sg_status sg_explore_serve(sg_link *link, int threads)
{
    worker w = {0};
    const sg_service service = {take, run, &w};
    sg_status st = sg_team_create(threads, link, NULL, &w.team);

    if (st == SG_OK) st = sg_team_serve(w.team, &service);
    if (w.team) forget(&w);
    sg_team_free(w.team);
    return st;
}
