/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who works on a batch: the explorer's team, and the scene that its members have in common. What ranks other
 * than 0 know of the scene grows with it: a state when it comes, of the events of its table those that are
 * new. */
#include "explore_internal.h"

#include <string.h>

sg_status slot_init(slot *s, int n)
{
    memset(s, 0, sizeof *s);
    s->x_guess = sg_calloc((size_t)n, sizeof *s->x_guess);
    s->mode_guess = sg_calloc((size_t)n, sizeof *s->mode_guess);
    if (!s->x_guess || !s->mode_guess) return sg_fail(SG_ENOMEM, "task of %d atoms", n);
    return sg_passage_create(n, &s->passage);
}

void slot_clear(slot *s)
{
    sg_free(s->x_guess);
    sg_free(s->mode_guess);
    sg_passage_free(s->passage);
}

sg_status crew_open(sg_explorer *ex)
{
    sg_bytes b = {0};
    sg_status st = sg_team_create(ex->n_work, ex->opt.link, ex->log, &ex->team);

    ex->scene = (scene){.pot = ex->pot, .frame = ex->frame, .seed = ex->opt.seed, .state = UINT64_MAX};
    for (int t = 0; t < ex->n_work && st == SG_OK; t++)
        sg_saddle_work_set_stop(ex->work[t], sg_team_given_up, ex->team);
    if (st != SG_OK || !sg_team_has_others(ex->team)) return st;
    st = scene_put_model(&ex->scene, &b);
    if (st == SG_OK) st = sg_team_tell(ex->team, TOLD_MODEL, &b);
    if (st == SG_OK) st = sg_team_ask(ex->team);
    sg_bytes_clear(&b);
    return st;
}

void crew_close(sg_explorer *ex)
{
    known_clear(ex->scene.known, ex->scene.n_known);
    sg_free(ex->scene.known);
    sg_team_free(ex->team);
}

/* --- the scene --- */

/* The event as the scene has it already, if it does. */
static known_event *find_known(scene *sc, const sg_cat_entry *entry)
{
    for (size_t k = 0; k < sc->n_known; k++) {
        known_event *e = &sc->known[k];
        if (e->x_saddle && e->edge == entry->edge && e->reverse == entry->reverse) return e;
    }
    return NULL;
}

static sg_status make_known(const sg_explorer *ex, const sg_cat_entry *entry, known_event *out)
{
    const sg_cat_edge *e = &ex->edge[entry->edge - 1];
    const sg_cat_state *to = &ex->state[entry->reverse ? e->from : e->to];
    const size_t n = (size_t)ex->frame->n;

    *out = (known_event){.edge = entry->edge,
                         .reverse = entry->reverse,
                         .leads_home = to->id == ex->plan.state,
                         .e_saddle = e->e_saddle,
                         .e_to = to->energy};
    out->x_saddle = sg_calloc(2 * n, sizeof *out->x_saddle);
    if (!out->x_saddle) return sg_fail(SG_ENOMEM, "known events");
    out->x_to = out->x_saddle + n;
    entry_saddle(ex, ex->plan.state, entry, out->x_saddle);
    memcpy(out->x_to, x_of(ex, to->id), n * sizeof *out->x_to);
    return SG_OK;
}

/* The converged entries of the table, in its order. */
static sg_status list_known(sg_explorer *ex)
{
    scene *sc = &ex->scene;
    const sg_cat_table *t = table_at(ex, sc->state);
    known_event *list = sg_calloc(t->n_entries, sizeof *list);
    size_t n = 0;
    sg_status st = list ? SG_OK : sg_fail(SG_ENOMEM, "known events");

    for (uint32_t k = 0; k < t->n_entries && st == SG_OK; k++) {
        if (t->entry[k].kept) continue;
        known_event *old = find_known(sc, &t->entry[k]);
        if (old) {
            list[n] = *old;
            old->x_saddle = NULL;
        } else {
            st = make_known(ex, &t->entry[k], &list[n]);
        }
        n++;
    }
    known_clear(sc->known, sc->n_known);
    sg_free(sc->known);
    sc->known = list;
    sc->n_known = list ? n : 0;
    return st;
}

static sg_status set_scene(sg_explorer *ex)
{
    scene *sc = &ex->scene;
    const sg_cat_state *state = &ex->state[ex->plan.state];

    if (sc->state != state->id) {
        known_clear(sc->known, sc->n_known);
        sc->n_known = 0;
        sc->is_told = 0;
    }
    sc->state = state->id;
    sc->energy = state->energy;
    sc->saddle = ex->opt.saddle;
    memcpy(sc->virial, state->virial, sizeof sc->virial);
    return list_known(ex);
}

static sg_status tell_scene(sg_explorer *ex)
{
    scene *sc = &ex->scene;
    sg_bytes b = {0};
    sg_status st = SG_OK;

    if (!sc->is_told) {
        scene_put_state(sc, &b);
        st = sg_team_tell(ex->team, TOLD_STATE, &b);
        sc->is_told = 1;
        for (size_t k = 0; k < sc->n_known; k++)
            sc->known[k].is_told = 0;
    }
    if (st == SG_OK) {
        sg_bytes_reset(&b);
        scene_put_known(sc, &b);
        st = sg_team_tell(ex->team, TOLD_KNOWN, &b);
    }
    sg_bytes_clear(&b);
    return st;
}

/* --- the batch --- */

typedef struct job {
    sg_explorer *ex;
    int *active; /* slots */
} job;

static void run_here(void *arg, int k, int thread)
{
    const job *j = arg;
    task_run(&j->ex->scene, &j->ex->slot[j->active[k]], j->ex->work[thread], &j->ex->vibration[thread]);
}

static void put_order(void *arg, int k, sg_bytes *out)
{
    const job *j = arg;
    order_put(&j->ex->slot[j->active[k]], out);
}

static void get_outcome(void *arg, int k, sg_bytes *in)
{
    const job *j = arg;
    outcome_get(&j->ex->slot[j->active[k]], in);
}

static int is_asked_to_stop(const void *ex)
{
    return is_given_up(ex);
}

sg_status crew_run(sg_explorer *ex, int count)
{
    job j = {ex, sg_calloc((size_t)count, sizeof *j.active)};
    sg_batch batch = {.run = run_here,
                      .put = put_order,
                      .get = get_outcome,
                      .stop = is_asked_to_stop,
                      .arg = &j,
                      .stop_arg = ex};
    sg_status st = j.active ? SG_OK : sg_fail(SG_ENOMEM, "batch of %d tasks", count);

    for (int k = 0; k < count && st == SG_OK; k++)
        if (ex->slot[k].active) j.active[batch.n++] = k;
    if (st == SG_OK && batch.n > 0 && ex->slot[j.active[0]].order.kind != ORDER_PREFACTOR) {
        st = set_scene(ex);
        if (st == SG_OK && batch.n > 1 && sg_team_has_others(ex->team)) st = tell_scene(ex);
    }
    const double begin_s = thread_s();
    if (st == SG_OK) st = sg_team_run(ex->team, &batch);
    ex->batches_s += thread_s() - begin_s;
    for (int k = 0; k < batch.n && st == SG_OK; k++)
        ex->stats.labour.tasks_s += ex->slot[j.active[k]].processor_s;
    sg_free(j.active);
    return st;
}
