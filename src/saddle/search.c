/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One search as numbered steps: 1 push, 2 leave the basin, 3 climb with the surroundings frozen and see that
 * the start is on one side (local.c); 4 climb with everything free, 5 relax to both sides, 6 second
 * curvature, 7 rest in the softest direction (whole.c). Any step may end the search with an outcome; one that
 * leads away from the start ends the attempt and another is made, early, since most of an event's price is in
 * steps 4 and 5. Steps 4-7 are shared with the refinement of guessed saddles. */
#include "saddle_internal.h"

#include <math.h>
#include <string.h>

/* attempts of one search, until a saddle is joined to the start */
static const int max_pushes = 4;
static const int max_neighbours = 2;   /* toward a neighbour that an attempt has come to instead */
static const double whole_share = 0.9; /* a local set this large saves nothing */

static const char *const outcome_text[] = {
#define X(code, text) text,
    SG_OUTCOME_LIST(X)
#undef X
};

const char *sg_outcome_text(sg_outcome outcome)
{
    return (unsigned)outcome < SG_OUTCOME_COUNT ? outcome_text[outcome] : "unknown";
}

const char *sg_sampler_text(sg_sampler sampler)
{
    static const char *const text[] = {
#define X(code, number, text) [number] = text,
        SG_SAMPLER_LIST(X)
#undef X
    };
    return (unsigned)sampler < SG_SAMPLER_COUNT ? text[sampler] : "unknown";
}

sg_saddle_options sg_saddle_defaults(void)
{
    return (sg_saddle_options){
        .local_radius = 10,    /* 75 % of the searches connected; 33 % with 2000 atoms free */
        .push_step = 0.15,     /* larger leaves sooner and connects less */
        .curvature_out = -0.5, /* closer to zero the mode is lost again while climbing, farther the climb
                                  starts too high up */
        .step_max = 0.10,
        .climb_max = 15,
        .f_local = 0.05,
        .f_saddle = 1e-3,
        .f_minimum = 1e-4,
        .max_calls = 2500,
        .identity_energy = 1e-5,
        .identity_distance = 0.1,
    };
}

sg_status sg_passage_create(int n, sg_passage **out)
{
    sg_passage *p = sg_calloc(1, sizeof *p);

    *out = NULL;
    if (!p) return sg_fail(SG_ENOMEM, "passage of %d atoms", n);
    p->n = n;
    p->x_saddle = sg_calloc((size_t)n, sizeof *p->x_saddle);
    p->x_final = sg_calloc((size_t)n, sizeof *p->x_final);
    p->mode = sg_calloc((size_t)n, sizeof *p->mode);
    if (!p->x_saddle || !p->x_final || !p->mode) {
        sg_passage_free(p);
        return sg_fail(SG_ENOMEM, "passage of %d atoms", n);
    }
    *out = p;
    return SG_OK;
}

void sg_passage_free(sg_passage *p)
{
    if (!p) return;
    sg_free(p->x_saddle);
    sg_free(p->x_final);
    sg_free(p->mode);
    sg_free(p);
}

static void passage_begin(sg_passage *p)
{
    p->outcome = SG_NO_EXIT;
    p->is_detour = 0;
    memset(&p->calls, 0, sizeof p->calls);
    p->e_saddle = p->e_final = p->f_saddle = p->f_final = p->curvature = p->curvature2 = NAN;
    for (int a = 0; a < 6; a++)
        p->virial_saddle[a] = p->virial_final[a] = NAN;
}

sg_status sg_saddle_work_create(const sg_potential *pot, const sg_system *like, sg_saddle_work **out)
{
    const size_t n = (size_t)like->n;
    sg_saddle_work *w = sg_calloc(1, sizeof *w);
    sg_status st = SG_OK;

    *out = NULL;
    if (!w) return sg_fail(SG_ENOMEM, "scratch of a search");
    if ((st = sg_system_copy(like, &w->sys)) != SG_OK) goto done;
    if ((st = sg_potential_work_create(pot, &w->forces)) != SG_OK) goto done;
    if ((st = climb_scratch_init(&w->climb, 3 * n)) != SG_OK) goto done;
    w->member = sg_calloc(n, 1);
    w->atom = sg_calloc(n, sizeof *w->atom);
    w->x = sg_calloc(5 * 3 * n, sizeof *w->x);
    w->near = sg_calloc(7 * n, sizeof *w->near);
    if (!w->member || !w->atom || !w->x || !w->near) {
        st = sg_fail(SG_ENOMEM, "scratch of a search with %d atoms", like->n);
        goto done;
    }
    w->v = w->x + 3 * n;
    w->push = w->x + 6 * n;
    w->mode2 = w->x + 9 * n;
    w->guess = w->x + 12 * n;
    w->side = w->near + n;
    w->line_x = w->near + 2 * n;
    w->line_f = w->near + 3 * n;
    w->way = w->near + 4 * n;
    w->x_local = w->near + 5 * n;
    w->mode_local = w->near + 6 * n;
    *out = w;
    w = NULL;
done:
    sg_saddle_work_free(w);
    return st;
}

void sg_saddle_work_free(sg_saddle_work *w)
{
    if (!w) return;
    sg_system_free(w->sys);
    sg_potential_work_free(w->forces);
    climb_scratch_clear(&w->climb);
    sg_free(w->member);
    sg_free(w->atom);
    sg_free(w->x);
    sg_free(w->near);
    sg_free(w);
}

const sg_force_calls *sg_saddle_work_calls(const sg_saddle_work *work)
{
    return sg_potential_calls(work->forces);
}

void sg_saddle_work_set_stop(sg_saddle_work *work, int (*stop)(const void *arg), const void *arg)
{
    sg_potential_work_set_stop(work->forces, stop, arg);
}

/* Atoms free in the local phase. @return 0 when the whole system is as good. */
int local_set(sg_saddle_work *w, int centre, double radius, sg_atom_set *set)
{
    const sg_system *sys = w->sys;
    int n = 0;

    for (int i = 0; i < sys->n; i++) {
        w->member[i] = !sys->fixed[i] && atom_distance(sys, centre, i) < radius;
        if (w->member[i]) w->atom[n++] = i;
    }
    *set = (sg_atom_set){n, w->atom, w->member};
    return radius > 0 && n < whole_share * sys->n;
}

sg_outcome outcome_of_climb(climb_end end, int refining)
{
    if (end == CLIMB_CONVERGED) return SG_FOUND;
    if (end == CLIMB_BLOW_UP) return SG_BLOW_UP;
    if (end == CLIMB_LIMIT) return SG_STEP_LIMIT;
    if (end == CLIMB_STRAYED) return SG_DISCONNECTED;
    if (end == CLIMB_KNOWN) return SG_KNOWN;
    return refining ? SG_REFINE_FAILED : SG_LOST;
}

int calls_left(const sg_saddle_problem *p, const sg_saddle_calls *c)
{
    const int left = p->opt->max_calls - c->leave - c->climb - c->refine;
    return left > 0 ? left : 0;
}

static void stand_at_start(const sg_saddle_problem *p, sg_saddle_work *w)
{
    memcpy(w->sys->x, p->start->x, (size_t)p->start->n * sizeof *w->sys->x);
    sg_potential_work_reset(w->forces);
    w->has_near = 0;
}

void saddle_begin(const sg_saddle_problem *p, sg_saddle_work *w, sg_passage *out)
{
    passage_begin(out);
    w->sys->cell = p->start->cell;
    stand_at_start(p, w);
}

/* One attempt: from a push, or toward the neighbour that the last attempt has come to (a saddle between two
 * other minima tells where the start has one: what parts the two is looked for half way). */
static sg_status attempt(const sg_saddle_problem *p, int centre, const sg_push *push, sg_rng *rng,
                         sg_saddle_work *w, sg_passage *out, int *is_local)
{
    const int to_near = w->has_near;
    sg_status st;

    stand_at_start(p, w);
    if (to_near)
        st = local_between(p, w, out);
    else
        st = local_phase(p, centre, push, rng, w, out, is_local);
    if (st != SG_OK || out->outcome != SG_FOUND) return st;
    return whole_phase(p, !*is_local ? WHOLE_ALONE : to_near ? WHOLE_AGAIN : WHOLE_FIRST, rng, w, out);
}

sg_status sg_saddle_search(const sg_saddle_problem *p, int centre, const sg_push *push, sg_rng *rng,
                           sg_saddle_work *w, sg_passage *out)
{
    int pushes = 0, neighbours = 0, is_local = 1;
    double e_saddle = NAN, f_saddle = NAN;
    sg_status st;

    saddle_begin(p, w, out);
    for (;;) {
        *(w->has_near ? &neighbours : &pushes) += 1;
        st = attempt(p, centre, push, rng, w, out, &is_local);
        if (st != SG_OK || out->outcome == SG_FOUND || out->outcome == SG_KNOWN || !is_local) return st;
        const int is_first = pushes + neighbours == 1;
        if (is_first && out->outcome != SG_DISCONNECTED) return SG_OK;
        if (isnan(e_saddle)) e_saddle = out->e_saddle, f_saddle = out->f_saddle;
        out->outcome = SG_DISCONNECTED; /* the first finding stands */
        out->e_saddle = e_saddle;
        out->f_saddle = f_saddle;
        if (neighbours == max_neighbours) w->has_near = 0;
        if (!w->has_near && pushes == max_pushes) return SG_OK;
    }
}

static void stand_at_guess(const sg_saddle_problem *p, const double (*x_guess)[3],
                           const double (*mode_guess)[3], sg_saddle_work *w, sg_passage *out)
{
    saddle_begin(p, w, out);
    for (int i = 0; i < out->n; i++) /* a guess from elsewhere may move atoms that are held still here */
        if (!w->sys->fixed[i]) memcpy(w->sys->x[i], x_guess[i], sizeof w->sys->x[i]);
    if (mode_guess)
        memcpy(out->mode, mode_guess, (size_t)out->n * sizeof *out->mode);
    else
        sg_system_displacement(p->start, (const double(*)[3])p->start->x, x_guess, out->mode, NULL);
}

sg_status sg_saddle_refine(const sg_saddle_problem *p, const double (*x_guess)[3],
                           const double (*mode_guess)[3], sg_rng *rng, sg_saddle_work *w, sg_passage *out)
{
    stand_at_guess(p, x_guess, mode_guess, w, out);
    return whole_phase(p, WHOLE_ALONE, rng, w, out);
}

static int neighbour_is_known(const sg_saddle_problem *p, sg_saddle_work *w)
{
    double e_saddle;

    return p->neighbour &&
           p->neighbour(p->known_arg, w->e_near, (const double(*)[3])w->near, &e_saddle, w->side);
}

sg_status sg_saddle_try(const sg_saddle_problem *p, const double (*x_guess)[3], const double (*mode_guess)[3],
                        sg_rng *rng, sg_saddle_work *w, sg_passage *out)
{
    sg_saddle_problem guess = *p;
    int is_local = 1;

    guess.neighbour = NULL; /* to have come upon a known neighbour is not to have found what was guessed */
    stand_at_guess(p, x_guess, mode_guess, w, out);
    sg_status st = whole_phase(&guess, WHOLE_GUESS, rng, w, out);
    if (st != SG_OK || out->outcome != SG_DISCONNECTED || !w->has_near || neighbour_is_known(p, w)) return st;
    const double e_saddle = out->e_saddle, f_saddle = out->f_saddle;
    st = attempt(&guess, 0, NULL, rng, w, out, &is_local);
    if (st != SG_OK) return st;
    out->is_detour = out->outcome == SG_FOUND || out->outcome == SG_KNOWN;
    if (out->is_detour) return SG_OK;
    out->outcome = SG_DISCONNECTED; /* the first finding stands */
    out->e_saddle = e_saddle;
    out->f_saddle = f_saddle;
    return SG_OK;
}
