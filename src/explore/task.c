/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carrying out one task: a search, a refinement or a prefactor as a pure function of scene, order and
 * positions. What a search asks about the table is answered from the scene, the same on every rank. */
#include "explore_internal.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* a neighbour is recognised before it has come to rest: at 1e-3 eV/Å, softest mode 0.05 eV/Å^2 */
static const double near_energy = 2e-3, near_distance = 0.1; /* eV, Å */
/* the same, its far surroundings where the start has them */
static const double local_energy = 0.05, local_distance = 0.2;
/* a climb this close to a known saddle, at 0.1 eV/Å or less, ends there */
static const double same_end_energy = 5e-3, same_end_distance = 0.1; /* eV, Å */
static const double wide = 1.85; /* 3.7 Å instead of 2: the first shell comes along */

static int saddle_is_known(const void *arg, double e_saddle, positions x_saddle)
{
    const scene *sc = arg;

    for (size_t k = 0; k < sc->n_known; k++)
        if (is_same_saddle(sc->frame, sc->known[k].e_saddle, (positions)sc->known[k].x_saddle, e_saddle,
                           x_saddle))
            return 1;
    return 0;
}

static int saddle_is_near(const void *arg, double energy, positions x, double *e_saddle,
                          double (*x_saddle)[3])
{
    const scene *sc = arg;

    for (size_t k = 0; k < sc->n_known; k++) {
        const known_event *known = &sc->known[k];
        if (fabs(known->e_saddle - energy) > same_end_energy ||
            sg_system_displacement(sc->frame, (positions)known->x_saddle, x, NULL, NULL) > same_end_distance)
            continue;
        *e_saddle = known->e_saddle;
        memcpy(x_saddle, known->x_saddle, (size_t)sc->frame->n * sizeof *x_saddle);
        return 1;
    }
    return 0;
}

/* Of the known events that lead to a minimum so near the first one. */
static int leads_to(const scene *sc, double energy, positions x, double most_energy, double most_distance,
                    double *e_saddle, double (*x_saddle)[3])
{
    for (size_t k = 0; k < sc->n_known; k++) {
        const known_event *known = &sc->known[k];
        if (known->leads_home || fabs(known->e_to - energy) > most_energy ||
            sg_system_displacement(sc->frame, (positions)known->x_to, x, NULL, NULL) > most_distance)
            continue;
        *e_saddle = known->e_saddle;
        memcpy(x_saddle, known->x_saddle, (size_t)sc->frame->n * sizeof *x_saddle);
        return 1;
    }
    return 0;
}

static int neighbour_is_known(const void *arg, double energy, positions x, double *e_saddle,
                              double (*x_saddle)[3])
{
    return leads_to(arg, energy, x, near_energy, near_distance, e_saddle, x_saddle);
}

static int soft_spot_is_known(const void *arg, double energy, positions x, double *e_saddle,
                              double (*x_saddle)[3])
{
    return leads_to(arg, energy, x, local_energy, local_distance, e_saddle, x_saddle);
}

static sg_status carry_out(const sg_saddle_problem *p, const scene *sc, slot *s, sg_saddle_work *work)
{
    const order *o = &s->order;
    sg_rng rng;

    if (o->kind == ORDER_SEARCH) {
        const sg_push push = {.sampler = o->sampler,
                              .radius = o->sampler == SG_SAMPLER_WIDE ? wide * o->radius : o->radius,
                              .given = (positions)s->mode_guess};
        sg_rng_init(&rng, sc->seed, SG_RNG_SEARCH, sc->state, o->atom, o->number);
        return sg_saddle_search(p, (int)o->atom, &push, &rng, work, s->passage);
    }
    sg_rng_init(&rng, sc->seed, SG_RNG_VERIFY, sc->state, o->atom, o->number);
    return (o->kind == ORDER_TRY ? sg_saddle_try : sg_saddle_refine)(
        p, (positions)s->x_guess, (positions)s->mode_guess, &rng, work, s->passage);
}

/* Errors that come of the configuration are a result; those of the machine are not. */
static void take_error(slot *s)
{
    if (s->status == SG_ENUMERIC)
        s->passage->outcome = SG_BLOW_UP;
    else if (s->status == SG_EBACKEND)
        s->passage->outcome = s->order.kind == ORDER_SEARCH ? SG_LOST : SG_REFINE_FAILED;
    else
        return;
    s->status = SG_OK;
}

double thread_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What a thread has spent before does not show. */
static double since(const sg_force_calls *calls, double before)
{
    return 1e-6 * round(1e6 * (calls->equivalents - before));
}

double equivalents_since(const sg_saddle_work *work, double before)
{
    return since(sg_saddle_work_calls(work), before);
}

static void take_spent(slot *s, const sg_force_calls *before, const sg_force_calls *after)
{
    s->equivalents = since(after, before->equivalents);
    s->spent = (sg_force_calls){after->full - before->full, after->free_set - before->free_set,
                                after->hessian - before->hessian, s->equivalents};
}

/* At the strain of the edge's states, whatever that of the frame. */
static void run_prefactor(const scene *sc, slot *s, sg_vibration_work **work)
{
    const sg_cell *const cell = &sc->frame->cell;
    const sg_vibration_event event = {(positions)s->mode_guess, (positions)s->x_guess,
                                      (positions)s->passage->x_final};
    sg_system like = *sc->frame; /* all but the cell borrowed */

    s->status = sg_cell_init(&like.cell, (const double(*)[3])cell->h0, s->order.gamma, cell->periodic);
    if (s->status == SG_OK && !*work) s->status = sg_vibration_work_create(sc->pot, sc->frame, work);
    if (s->status != SG_OK) return;
    const sg_force_calls before = *sg_vibration_work_calls(*work);
    s->status = sg_vibration_prefactor(sc->pot, *work, &like, &event, (int)s->order.n_free, &s->prefactor);
    take_spent(s, &before, sg_vibration_work_calls(*work));
}

static void run_passage(const scene *sc, slot *s, sg_saddle_work *work)
{
    static int (*const asked[])(const void *, double, positions, double *, double(*)[3]) = {
        [ORDER_SEARCH] = neighbour_is_known, [ORDER_REFINE] = NULL, [ORDER_TRY] = soft_spot_is_known};
    sg_saddle_problem p = {.pot = sc->pot,
                           .start = sc->frame,
                           .e_start = sc->energy,
                           .opt = &sc->saddle,
                           .known = saddle_is_known,
                           .neighbour = asked[s->order.kind],
                           .nearly = saddle_is_near,
                           .known_arg = sc};
    const sg_force_calls before = *sg_saddle_work_calls(work);

    memcpy(p.virial_start, sc->virial, sizeof p.virial_start);
    s->status = carry_out(&p, sc, s, work);
    take_spent(s, &before, sg_saddle_work_calls(work));
    take_error(s);
}

void task_run(const scene *sc, slot *s, sg_saddle_work *work, sg_vibration_work **vibration)
{
    const double begin_s = thread_s();

    s->is_away = 0;
    if (s->order.kind == ORDER_PREFACTOR)
        run_prefactor(sc, s, vibration);
    else
        run_passage(sc, s, work);
    s->processor_s = thread_s() - begin_s;
}

void known_clear(known_event *known, size_t n)
{
    for (size_t k = 0; k < n; k++)
        sg_free(known[k].x_saddle);
}
