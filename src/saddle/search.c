/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One search as numbered steps: 1 push, 2 leave the basin, 3 climb with the surroundings frozen, 4 climb with
 * everything free, 5 relax to both sides, 6 second curvature. Any step may end the search with an outcome.
 * Steps 4-6 are shared with the refinement of guessed saddles. */
#include "saddle_internal.h"

#include <math.h>
#include <string.h>

static const int max_pushes = 40;        /* 10 Å in all: the basin is left after 3-15 pushes or never */
static const int pushes_before_mode = 2; /* nothing to see closer to the minimum */
static const int moves_across = 4;       /* descents across the push after each push */
static const double move_factor = 0.03; /* Å^2/eV, half of 2 / stiffest curvature of a metal (~30 eV/Å^2) */
static const double move_max = 0.05;    /* Å per atom and descent */
static const lanczos_rule leaving_mode = {3, 14, 0.1, 0};
static const lanczos_rule second_mode = {12, LANCZOS_MAX, 0.01, 1};
static const double push_off = 0.15; /* Å, farthest atom, off the saddle; doubled when it falls back */
static const int push_off_tries = 3;
static const double barrier_min = 1e-3; /* eV, below it there is no event */
static const double hollow_depth = 0.01,
                    hollow_width = 0.5; /* eV, Å: what may be a hollow of the start's own basin */
static const int hollow_steps = 4;
static const double local_excess =
    0.5; /* eV: barriers fall by 0.1-0.7 (10, 90 %) when the surroundings yield */
static const double whole_share = 0.9; /* a local set this large saves nothing */

struct sg_saddle_work {
    sg_system *sys; /* moves; cell, types and fixed flags as in the start */
    sg_potential_work *forces;
    unsigned char *member;
    int *atom;
    double *x, *v, *push, *mode2;  /* [3n] */
    double (*end)[3];              /* [n] minimum of the side in hand */
    double (*near)[3], (*side)[3]; /* [n] near: of two minima that are not the start, the one closer to it */
    climb_scratch climb;
};

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
        .local_radius = 10, /* 75 % of the searches connected; 33 % with 2000 atoms free */
        .push_step = 0.15,  /* larger leaves sooner and connects less */
        .curvature_out =
            -1.0, /* closer to zero the mode is lost again while climbing: 10 % of the searches at -0.3 */
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
    w->x = sg_calloc(4 * 3 * n, sizeof *w->x);
    w->near = sg_calloc(3 * n, sizeof *w->near);
    if (!w->member || !w->atom || !w->x || !w->near) {
        st = sg_fail(SG_ENOMEM, "scratch of a search with %d atoms", like->n);
        goto done;
    }
    w->v = w->x + 3 * n;
    w->push = w->x + 6 * n;
    w->mode2 = w->x + 9 * n;
    w->side = w->near + n;
    w->end = w->near + 2 * n;
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

/* Atoms free in the local phase. @return 0 when the whole system is as good. */
static int local_set(sg_saddle_work *w, int centre, double radius, sg_atom_set *set)
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

/* A few steepest descents across the push direction. */
static sg_status descend_across(surface *s, const double *push, double *x, double *f)
{
    double energy;

    for (int k = 0; k < moves_across; k++) {
        vec_axpy(s->m, -vec_dot(s->m, f, push), push, f);
        vec_scale(s->m, move_factor, f);
        const double longest = vec_max_atom(s->m, f);
        vec_axpy(s->m, longest > move_max ? move_max / longest : 1, f, x);
        const sg_status st = surface_force(s, x, &energy, f);
        if (st != SG_OK) return st;
    }
    return SG_OK;
}

/* Push until the lowest curvature is below the threshold. */
static sg_status leave_basin(surface *s, const sg_saddle_problem *p, sg_saddle_work *w, double *curvature,
                             sg_outcome *outcome)
{
    double *f = w->climb.f, energy;
    lanczos_result mode;
    sg_status st;

    *outcome = SG_NO_EXIT;
    memcpy(w->v, w->push, s->m * sizeof *w->v);
    for (int k = 1; k <= max_pushes; k++) {
        if (*s->calls >= p->opt->max_calls) return *outcome = SG_STEP_LIMIT, SG_OK;
        vec_axpy(s->m, p->opt->push_step, w->push, w->x);
        if ((st = surface_force(s, w->x, &energy, f)) != SG_OK) return st;
        if (energy > p->e_start + p->opt->climb_max) return *outcome = SG_BLOW_UP, SG_OK;
        if ((st = descend_across(s, w->push, w->x, f)) != SG_OK) return st;
        if (k <= pushes_before_mode) continue;
        if ((st = lanczos_softest(s, w->x, f, &leaving_mode, NULL, w->v, &w->climb.lanczos, &mode)) != SG_OK)
            return st;
        *curvature = mode.value;
        if (mode.value < p->opt->curvature_out) {
            if (vec_dot(s->m, w->v, w->push) < 0) vec_scale(s->m, -1, w->v);
            return *outcome = SG_FOUND, SG_OK;
        }
    }
    return SG_OK;
}

static sg_outcome outcome_of_climb(climb_end end, int refining)
{
    if (end == CLIMB_CONVERGED) return SG_FOUND;
    if (end == CLIMB_BLOW_UP) return SG_BLOW_UP;
    if (end == CLIMB_LIMIT) return SG_STEP_LIMIT;
    return refining ? SG_REFINE_FAILED : SG_LOST;
}

/* Nothing of interest lies above the window; frozen surroundings raise a saddle. */
static int is_above(const sg_saddle_problem *p, double energy, double excess)
{
    return p->opt->window > 0 && energy > p->e_start + p->opt->window + excess;
}

/* Absolute energy at which a soft way out of the basin is given up. */
static double exit_limit(const sg_saddle_problem *p)
{
    const double top = p->opt->window > 0 ? 2 * p->opt->window + local_excess : p->opt->climb_max;
    return p->e_start + (top < p->opt->climb_max ? top : p->opt->climb_max);
}

static int calls_left(const sg_saddle_problem *p, const sg_saddle_calls *c)
{
    const int left = p->opt->max_calls - c->leave - c->climb - c->refine;
    return left > 0 ? left : 0;
}

/* Steps 1-3 on the surface with only the surroundings of the centre free. Leaves positions in w->sys and the
 * mode in out->mode. */
static sg_status local_phase(const sg_saddle_problem *p, int centre, const sg_push *push, sg_rng *rng,
                             sg_saddle_work *w, sg_passage *out)
{
    int can_move = 0;
    sg_atom_set set;
    surface s;
    climb_end end = CLIMB_LIMIT;
    double curvature = 0, energy, f_end;
    const int is_local = local_set(w, centre, p->opt->local_radius, &set);
    sg_status st = surface_init(&s, p->pot, w->forces, w->sys, is_local ? &set : NULL);

    if (st != SG_OK) return st;
    surface_get(&s, w->x);
    s.calls = &out->calls.leave;
    push_task task = {&s, w->x, centre, push, rng, &w->climb, w->push, 0};
    if ((st = push_direction(&task, &can_move)) != SG_OK || !can_move) goto done;
    if (task.is_soft)
        st = push_leave(&task, p->opt, exit_limit(p), w->x, w->v, &curvature, &out->outcome);
    else
        st = leave_basin(&s, p, w, &curvature, &out->outcome);
    if (st != SG_OK || out->outcome != SG_FOUND) goto done;
    s.calls = &out->calls.climb;
    const climb_rule rule = {p->opt->f_local, p->opt->step_max,
                             task.is_soft ? exit_limit(p) : p->e_start + p->opt->climb_max,
                             calls_left(p, &out->calls)};
    st = climb(&s, &rule, w->x, w->v, &curvature, &w->climb, &end, &energy, &f_end);
    if (st != SG_OK) goto done;
    out->outcome = outcome_of_climb(end, 0);
    if (out->outcome == SG_FOUND && is_above(p, energy, is_local ? local_excess : 0))
        out->outcome = SG_BLOW_UP;
    memset(out->mode, 0, (size_t)out->n * sizeof *out->mode);
    for (int k = 0; k < s.n_active; k++) {
        memcpy(w->sys->x[s.atom[k]], w->x + 3 * k, sizeof w->sys->x[0]);
        memcpy(out->mode[s.atom[k]], w->v + 3 * k, sizeof out->mode[0]);
    }
done:
    surface_clear(&s);
    return st;
}

/* Step 4: converge w->sys along out->mode with everything free. The surface stays open for step 6. */
static sg_status whole_phase(const sg_saddle_problem *p, sg_saddle_work *w, surface *s, sg_passage *out)
{
    climb_end end = CLIMB_LIMIT;
    double curvature = -1, energy, f_end;
    lanczos_result mode;

    surface_get(s, w->x);
    for (int k = 0; k < s->n_active; k++)
        memcpy(w->v + 3 * k, out->mode[s->atom[k]], sizeof out->mode[0]);
    s->calls = &out->calls.refine;
    double *f = w->climb.f;
    const lanczos_rule first = {2, 8, 0.1, 0};
    sg_status st = surface_force(s, w->x, &energy, f);
    if (st == SG_OK) st = lanczos_softest(s, w->x, f, &first, NULL, w->v, &w->climb.lanczos, &mode);
    if (st != SG_OK) return st;
    curvature = mode.value;
    const climb_rule rule = {p->opt->f_saddle, p->opt->step_max, p->e_start + p->opt->climb_max,
                             calls_left(p, &out->calls)};
    st = climb(s, &rule, w->x, w->v, &curvature, &w->climb, &end, &energy, &f_end);
    if (st != SG_OK) return st;
    out->outcome = outcome_of_climb(end, 1);
    if (out->outcome != SG_FOUND) return SG_OK;
    /* the last force call was a Lanczos difference: one more at the saddle itself, for the virial */
    if ((st = surface_force(s, w->x, &out->e_saddle, f)) != SG_OK) return st;
    out->f_saddle = vec_max_atom(s->m, f);
    memcpy(out->virial_saddle, s->out.virial, sizeof out->virial_saddle);
    out->curvature = curvature;
    memcpy(out->x_saddle, w->sys->x, (size_t)out->n * sizeof *out->x_saddle);
    memset(out->mode, 0, (size_t)out->n * sizeof *out->mode);
    for (int k = 0; k < s->n_active; k++)
        memcpy(out->mode[s->atom[k]], w->v + 3 * k, sizeof out->mode[0]);
    if (out->e_saddle - p->e_start < barrier_min) out->outcome = SG_DEGENERATE;
    return SG_OK;
}

/* Relax off the saddle along sign * mode into w->sys. */
static sg_status relax_side(const sg_saddle_problem *p, double sign, sg_saddle_work *w, sg_passage *out,
                            sg_minimize_result *end)
{
    const double longest = vec_max_atom(3 * (size_t)out->n, &out->mode[0][0]);
    double amplitude = push_off;
    sg_minimize_options rule = sg_minimize_defaults();

    rule.f_max = p->opt->f_minimum;
    rule.max_step = p->opt->step_max;
    for (int k = 0; k < push_off_tries; k++, amplitude *= 2) {
        for (int i = 0; i < out->n; i++)
            for (int a = 0; a < 3; a++)
                w->sys->x[i][a] = out->x_saddle[i][a] + sign * amplitude / longest * out->mode[i][a];
        const sg_status st = sg_minimize(p->pot, w->forces, w->sys, NULL, &rule, end);
        if (st != SG_OK) return st;
        out->calls.relax += end->force_calls;
        if (end->energy < out->e_saddle &&
            sg_system_displacement(w->sys, (const double(*)[3])out->x_saddle, (const double(*)[3])w->sys->x,
                                   NULL, NULL) > push_off / 2)
            break;
    }
    return SG_OK;
}

static double distance_from_start(const sg_saddle_problem *p, const sg_saddle_work *w)
{
    return sg_system_displacement(w->sys, (const double(*)[3])p->start->x, (const double(*)[3])w->sys->x,
                                  NULL, NULL);
}

static int is_start(const sg_saddle_problem *p, const sg_saddle_work *w, double energy)
{
    return fabs(energy - p->e_start) < p->opt->identity_energy &&
           distance_from_start(p, w) < p->opt->identity_distance;
}

/* A minimum that parts from the start over less than the least barrier of an event is the start: a soft spot
 * of a glass, tripped by the saddle's strain field, may rest in a hollow of its own a fraction of a meV deep.
 * Walks from the minimum in w->sys towards the start until the energy has risen by the least barrier (no) or
 * the relaxation leads home (yes: w->sys is the start then). The straight way bounds the true barrier from
 * above. */
static sg_status slides_to_start(const sg_saddle_problem *p, sg_saddle_work *w, double energy,
                                 sg_passage *out, int *yes)
{
    double(*const way)[3] = (double(*)[3])w->v; /* free until step 6 */
    sg_forces point = {.f = w->side};
    sg_minimize_options rule = sg_minimize_defaults();
    sg_minimize_result end;

    *yes = 0;
    if (fabs(energy - p->e_start) > hollow_depth || distance_from_start(p, w) > hollow_width) return SG_OK;
    sg_system_displacement(w->sys, (const double(*)[3])w->sys->x, (const double(*)[3])p->start->x, way, NULL);
    memcpy(w->climb.f, w->sys->x, (size_t)out->n * sizeof *w->sys->x);
    const double(*const hollow)[3] = (const double(*)[3])w->climb.f;
    rule.f_max = p->opt->f_minimum;
    rule.max_step = p->opt->step_max;
    for (int k = 1; k <= hollow_steps && !*yes; k++) {
        for (int i = 0; i < out->n; i++)
            for (int a = 0; a < 3; a++)
                w->sys->x[i][a] = hollow[i][a] + (double)k / (hollow_steps + 1) * way[i][a];
        sg_status st = sg_potential_compute(p->pot, w->forces, w->sys, NULL, &point);
        out->calls.relax++;
        if (st != SG_OK || point.energy - energy > barrier_min) return st;
        if ((st = sg_minimize(p->pot, w->forces, w->sys, NULL, &rule, &end)) != SG_OK) return st;
        out->calls.relax += end.force_calls;
        *yes = end.stop == SG_STOP_CONVERGED && is_start(p, w, end.energy);
    }
    return SG_OK;
}

/* Step 5: which side is the start, and what is on the other. */
static sg_status both_sides(const sg_saddle_problem *p, sg_saddle_work *w, sg_passage *out)
{
    const size_t bytes = (size_t)out->n * sizeof *out->x_final;
    sg_minimize_result end[2];
    double back = 0, nearest = INFINITY;
    int start_side = -1;

    sg_system_displacement(p->start, (const double(*)[3])out->x_saddle, (const double(*)[3])p->start->x,
                           w->side, NULL);
    for (int i = 0; i < out->n; i++)
        for (int a = 0; a < 3; a++)
            back += w->side[i][a] * out->mode[i][a];
    const double toward = back >= 0 ? 1 : -1;
    for (int side = 0; side < 2; side++) {
        sg_status st = relax_side(p, side == 0 ? toward : -toward, w, out, &end[side]);
        if (st != SG_OK) return st;
        if (end[side].stop != SG_STOP_CONVERGED) return out->outcome = SG_REFINE_FAILED, SG_OK;
        int home = is_start(p, w, end[side].energy);
        memcpy(w->end, w->sys->x, bytes);
        if (!home) st = slides_to_start(p, w, end[side].energy, out, &home);
        if (st != SG_OK) return st;
        if (home) {
            if (start_side >= 0) return out->outcome = SG_SAME_MINIMUM, SG_OK;
            start_side = side;
        } else {
            out->e_final = end[side].energy;
            out->f_final = end[side].f_max;
            memcpy(out->virial_final, end[side].virial, sizeof out->virial_final);
            memcpy(w->sys->x, w->end, bytes);
            memcpy(out->x_final, w->end, bytes);
            const double d = distance_from_start(p, w);
            if (d < nearest) memcpy(w->near, w->sys->x, bytes);
            if (d < nearest) nearest = d;
        }
    }
    if (start_side < 0) out->outcome = SG_DISCONNECTED;
    return SG_OK;
}

/* Step 6: the second curvature, by Lanczos in the space across the mode. */
static sg_status check_index(surface *s, sg_rng *rng, sg_saddle_work *w, sg_passage *out)
{
    double energy;
    lanczos_result second;

    s->calls = &out->calls.verify;
    for (int k = 0; k < s->n_active; k++) {
        memcpy(w->x + 3 * k, out->x_saddle[s->atom[k]], sizeof out->x_saddle[0]);
        memcpy(w->v + 3 * k, out->mode[s->atom[k]], sizeof out->mode[0]);
    }
    for (size_t k = 0; k < s->m; k++)
        w->mode2[k] = sg_rng_normal(rng);
    sg_status st = surface_force(s, w->x, &energy, w->climb.f);
    if (st == SG_OK)
        st = lanczos_softest(s, w->x, w->climb.f, &second_mode, w->v, w->mode2, &w->climb.lanczos, &second);
    if (st != SG_OK) return st;
    out->curvature2 = second.value;
    if (!(second.settled && second.value > 0)) out->outcome = SG_WRONG_INDEX;
    return SG_OK;
}

/* Steps 4 and 5 once. */
static sg_status connect(const sg_saddle_problem *p, sg_saddle_work *w, surface *s, sg_passage *out)
{
    const sg_status st = whole_phase(p, w, s, out);

    if (st != SG_OK || out->outcome != SG_FOUND) return st;
    if (p->known && p->known(p->known_arg, out->e_saddle, (const double(*)[3])out->x_saddle))
        return out->outcome = SG_KNOWN, SG_OK;
    return both_sides(p, w, out);
}

/* On its way a climb may trip a soft spot elsewhere; its saddle then belongs to a neighbour of the start. The
 * same displacement, taken from that neighbour and laid on the start, is a good guess of the event without
 * the slip. */
static void undo_slip(const sg_saddle_problem *p, sg_saddle_work *w, const sg_passage *out)
{
    sg_system_displacement(p->start, (const double(*)[3])w->near, (const double(*)[3])out->x_saddle, w->side,
                           NULL);
    for (int i = 0; i < out->n; i++)
        for (int a = 0; a < 3; a++)
            w->sys->x[i][a] = p->start->x[i][a] + w->side[i][a];
}

static sg_status complete(const sg_saddle_problem *p, sg_rng *rng, sg_saddle_work *w, sg_passage *out)
{
    surface s;
    sg_status st = surface_init(&s, p->pot, w->forces, w->sys, NULL);

    if (st != SG_OK) return st;
    st = connect(p, w, &s, out);
    if (st == SG_OK && out->outcome == SG_DISCONNECTED) {
        const double e_saddle = out->e_saddle, f_saddle = out->f_saddle;
        undo_slip(p, w, out);
        st = connect(p, w, &s, out);
        if (st == SG_OK && out->outcome != SG_FOUND &&
            out->outcome != SG_KNOWN) { /* then the first finding stands */
            out->outcome = SG_DISCONNECTED;
            out->e_saddle = e_saddle;
            out->f_saddle = f_saddle;
        }
    }
    if (st == SG_OK && out->outcome == SG_FOUND) st = check_index(&s, rng, w, out);
    surface_clear(&s);
    return st;
}

static void begin(const sg_saddle_problem *p, sg_saddle_work *w, sg_passage *out)
{
    passage_begin(out);
    memcpy(w->sys->x, p->start->x, (size_t)p->start->n * sizeof *w->sys->x);
    w->sys->cell = p->start->cell;
    sg_potential_work_reset(w->forces);
}

sg_status sg_saddle_search(const sg_saddle_problem *p, int centre, const sg_push *push, sg_rng *rng,
                           sg_saddle_work *w, sg_passage *out)
{
    begin(p, w, out);
    const sg_status st = local_phase(p, centre, push, rng, w, out);
    if (st != SG_OK || out->outcome != SG_FOUND) return st;
    return complete(p, rng, w, out);
}

sg_status sg_saddle_refine(const sg_saddle_problem *p, const double (*x_guess)[3],
                           const double (*mode_guess)[3], sg_rng *rng, sg_saddle_work *w, sg_passage *out)
{
    begin(p, w, out);
    for (int i = 0; i < out->n; i++) /* a guess from elsewhere may move atoms that are held still here */
        if (!w->sys->fixed[i]) memcpy(w->sys->x[i], x_guess[i], sizeof w->sys->x[i]);
    if (mode_guess)
        memcpy(out->mode, mode_guess, (size_t)out->n * sizeof *out->mode);
    else
        sg_system_displacement(p->start, (const double(*)[3])p->start->x, x_guess, out->mode, NULL);
    return complete(p, rng, w, out);
}
