/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps 4-7: converge a guessed saddle with everything free, relax to both sides, verify the index, settle in
 * the softest direction. */
#include "saddle_internal.h"

#include <math.h>
#include <string.h>

static const double f_seen = 0.001; /* eV/Å: a relaxation that has got here knows whether it goes home */
static const lanczos_rule second_mode = {20, LANCZOS_MAX, 0.01, 1, 0};
static const double random_part = 0.1; /* of the start vector, beside the last step */
static const lanczos_rule first_mode = {2, 8, 0.1, 0, 0};
static const double f_near = 0.1; /* eV/Å: from here on a climb is asked whether it nears a known saddle */
static const int whole_wait = 12; /* steps: the mode is found, and whole calls are dear */
static const int refine_calls = 500; /* a guess that takes more is none: half of all come in 100, nine
                                      * tenths in 300 */
static const int guess_calls = 300;
static const int again_calls = 200; /* of a second guess, whose search has found something already */
static const double stray = 0.5; /* Å from a local saddle: of those that go farther one in five is joined to
                                  * the start, of the others four; a neighbour is farther than half of it */
/* Of 1044 guesses in a 500-atom glass four in five led to an event as long as no atom that the guess leaves
 * where it was moved by 0.5 Å, one in five where one moved by 0.5-0.8 Å, one in a hundred beyond. */
static const double still = 0.2, still_stray = 0.8; /* Å, from the start to the guess; from the guess */
static const int slip_calls = 60;
/* Of 150 saddles of glasses as converged, a step to where the softest direction should be at rest left the
 * force as it was, within 1.4, but for those whose strain derivatives were off by 0.5-1.6 eV: there it rose
 * to 2.5-3 of what is allowed (validation/strain-derivative). */
static const double force_risen = 2, sharp_force = 0.05; /* of the force allowed */
static const double ridge_step = 0.1; /* Å, farthest atom, off a point with two directions down */

/* The climb has left its guess. What has moved since, laid on the start and relaxed with its surroundings,
 * may be the neighbour that the start slips into. */
static sg_status slip(const sg_saddle_problem *p, const surface *s, sg_saddle_work *w, sg_passage *out)
{
    sg_minimize_options rule = sg_minimize_defaults();
    sg_minimize_result end;
    sg_atom_set set;
    double far = -1;
    int centre = 0;

    for (int k = 0; k < s->n_active; k++) {
        double d2 = 0;
        for (int a = 0; a < 3; a++) {
            const double d = w->x[3 * k + a] - w->guess[3 * k + a];
            w->side[s->atom[k]][a] = d;
            d2 += d * d;
        }
        if (d2 > far) far = d2, centre = s->atom[k];
    }
    memcpy(w->sys->x, p->start->x, (size_t)out->n * sizeof *w->sys->x);
    local_set(w, centre, p->opt->local_radius, &set);
    for (int k = 0; k < set.n; k++)
        for (int a = 0; a < 3; a++)
            w->sys->x[set.atom[k]][a] += w->side[set.atom[k]][a];
    rule.f_max = p->opt->f_local;
    rule.max_step = p->opt->step_max;
    rule.max_calls = slip_calls;
    sg_potential_work_reset(w->forces);
    const sg_status st = sg_minimize(p->pot, w->forces, w->sys, &set, &rule, &end);
    sg_potential_work_reset(w->forces);
    out->calls.relax += end.force_calls;
    memcpy(w->near, w->sys->x, (size_t)out->n * sizeof *w->near);
    w->e_near = end.energy;
    w->has_near = distance_from_start(p, w->sys) > stray / 2;
    return st;
}

/* Atoms that the guess leaves where they are at the start, by their place on the surface. */
static void mark_still(const sg_saddle_problem *p, const surface *s, sg_saddle_work *w)
{
    sg_system_displacement(p->start, (const double(*)[3])p->start->x, (const double(*)[3])w->sys->x, w->side,
                           NULL);
    for (int k = 0; k < s->n_active; k++)
        w->member[k] = vec_norm(3, w->side[s->atom[k]]) < still;
}

typedef struct question { /* about where a climb stands */
    const sg_saddle_problem *p;
    const sg_saddle_work *w;
    sg_passage *out;
} question;

static int is_nearly_known(void *arg, double energy)
{
    const question *const q = arg;
    return q->p->nearly(q->p->known_arg, energy, (const double(*)[3])q->w->sys->x, &q->out->e_saddle,
                        q->out->x_saddle);
}

/* Step 4: converge w->sys along out->mode with everything free. The surface stays open for step 6. */
static sg_status converge(const sg_saddle_problem *p, whole_chance chance, int most_calls, sg_saddle_work *w,
                          surface *s, sg_passage *out)
{
    const int is_guess = chance == WHOLE_GUESS;
    question about = {p, w, out};
    climb_end end = CLIMB_LIMIT;
    double energy, f_end;
    lanczos_result mode;

    surface_get(s, w->x);
    for (int k = 0; k < s->n_active; k++)
        memcpy(w->v + 3 * k, out->mode[s->atom[k]], sizeof out->mode[0]);
    s->calls = &out->calls.refine;
    double *f = w->climb.f;
    sg_status st = surface_force(s, w->x, &energy, f);
    if (st == SG_OK) st = lanczos_softest(s, w->x, f, &first_mode, NULL, w->v, &w->climb.lanczos, &mode);
    if (st != SG_OK) return st;
    double curvature = mode.value;
    const int left = calls_left(p, &out->calls);
    const climb_rule rule = {.f_max = p->opt->f_saddle,
                             .step_max = p->opt->step_max,
                             .e_limit = p->e_start + p->opt->climb_max,
                             .max_calls = left < most_calls ? left : most_calls,
                             .steady_wait = whole_wait,
                             .stray = is_guess                ? still_stray
                                      : chance == WHOLE_ALONE ? 0
                                                              : stray,
                             .x_guess = w->guess,
                             .still = is_guess ? w->member : NULL,
                             .ask = p->nearly ? is_nearly_known : NULL,
                             .ask_arg = &about,
                             .f_ask = f_near};
    if (is_guess) mark_still(p, s, w);
    memcpy(w->guess, w->x, s->m * sizeof *w->guess);
    st = climb(s, &rule, w->x, w->v, &curvature, &w->climb, &end, &energy, &f_end);
    if (st != SG_OK) return st;
    out->outcome = outcome_of_climb(end, 1);
    if (end == CLIMB_STRAYED) return slip(p, s, w, out);
    if (out->outcome != SG_FOUND) return SG_OK;
    /* the last call was a product or a difference: one more at the saddle itself, for the virial */
    if ((st = surface_force(s, w->x, &out->e_saddle, f)) != SG_OK) return st;
    out->f_saddle = vec_max_atom(s->m, f);
    memcpy(out->virial_saddle, s->out.virial, sizeof out->virial_saddle);
    out->curvature = curvature;
    memcpy(out->x_saddle, w->sys->x, (size_t)out->n * sizeof *out->x_saddle);
    memset(out->mode, 0, (size_t)out->n * sizeof *out->mode);
    for (int k = 0; k < s->n_active; k++)
        memcpy(out->mode[s->atom[k]], w->v + 3 * k, sizeof out->mode[0]);
    if (out->e_saddle - p->e_start < SG_BARRIER_MIN) out->outcome = SG_DEGENERATE;
    if (is_guess && is_above(p, out->e_saddle, 0)) out->outcome = SG_BLOW_UP;
    return SG_OK;
}

/* Atoms around the farthest mover, which a relaxation off the saddle takes down first; NULL: no use. */
static const sg_atom_set *surroundings(const sg_saddle_problem *p, sg_saddle_work *w, const sg_passage *out,
                                       sg_atom_set *set)
{
    int centre;

    memcpy(w->sys->x, out->x_saddle, (size_t)out->n * sizeof *out->x_saddle);
    sg_system_displacement(p->start, (const double(*)[3])p->start->x, (const double(*)[3])out->x_saddle, NULL,
                           &centre);
    return local_set(w, centre, p->opt->local_radius, set) ? set : NULL;
}

/* Step 5: which side is the start, and what is on the other. The far side costs its way to the minimum only
 * once the start has been seen. */
static sg_status both_sides(const sg_saddle_problem *p, sg_saddle_work *w, sg_passage *out)
{
    const size_t bytes = (size_t)out->n * sizeof *out->x_final;
    const saddle_point from = {out->e_saddle, (const double(*)[3])out->x_saddle,
                               (const double(*)[3])out->mode};
    sg_minimize_result end;
    double other;
    int home;
    sg_atom_set set;
    const sg_atom_set *const near = surroundings(p, w, out, &set);
    sg_status st = look_for_home(p, &from, near, NULL, f_seen, w, &out->calls.relax, &other, &home);

    if (st != SG_OK) return st;
    if (!home) {
        const int known = p->neighbour && p->neighbour(p->known_arg, w->e_near, (const double(*)[3])w->near,
                                                       &out->e_saddle, out->x_saddle);
        return out->outcome = known ? SG_KNOWN : SG_DISCONNECTED, SG_OK;
    }
    st = descend_from(p, &from, other, near, NULL, p->opt->f_minimum, w, &out->calls.relax, &end, &home);
    if (st != SG_OK) return st;
    if (home) return out->outcome = SG_SAME_MINIMUM, SG_OK;
    if (end.stop != SG_STOP_CONVERGED) return out->outcome = SG_REFINE_FAILED, SG_OK;
    out->e_final = end.energy;
    out->f_final = end.f_max;
    memcpy(out->virial_final, end.virial, sizeof out->virial_final);
    memcpy(out->x_final, w->sys->x, bytes);
    return SG_OK;
}

/* Step 6: the second curvature, by Lanczos in the space across the mode. */
static sg_status check_index(surface *s, sg_rng *rng, sg_saddle_work *w, sg_passage *out)
{
    double energy, *const last = w->climb.step;
    lanczos_result second;

    s->calls = &out->calls.verify;
    for (int k = 0; k < s->n_active; k++) {
        memcpy(w->x + 3 * k, out->x_saddle[s->atom[k]], sizeof out->x_saddle[0]);
        memcpy(w->v + 3 * k, out->mode[s->atom[k]], sizeof out->mode[0]);
    }
    for (size_t k = 0; k < s->m; k++) {
        w->mode2[k] = sg_rng_normal(rng);
        last[k] = w->x[k] - w->climb.x_old[k];
    }
    const double length = vec_norm(s->m, last);
    if (length > 0) { /* the soft directions are the last to come to rest */
        vec_scale(s->m, random_part / vec_norm(s->m, w->mode2), w->mode2);
        vec_axpy(s->m, 1 / length, last, w->mode2);
    }
    sg_status st = surface_force(s, w->x, &energy, w->climb.f);
    if (st == SG_OK)
        st = lanczos_softest(s, w->x, w->climb.f, &second_mode, w->v, w->mode2, &w->climb.lanczos, &second);
    if (st != SG_OK) return st;
    out->curvature2 = second.value;
    if (!(second.settled && second.value > 0)) out->outcome = SG_WRONG_INDEX;
    return SG_OK;
}

/* Steps 4 and 5 once. */
static sg_status connect(const sg_saddle_problem *p, whole_chance chance, int most_calls, sg_saddle_work *w,
                         surface *s, sg_passage *out)
{
    sg_potential_work_reset(w->forces);
    w->has_near = 0;
    const sg_status st = converge(p, chance, most_calls, w, s, out);

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

/* A stationary point with two directions down is left along the second of them, to the side of the start. */
static void leave_ridge(const sg_saddle_problem *p, const surface *s, sg_saddle_work *w,
                        const sg_passage *out)
{
    const double longest = vec_max_atom(s->m, w->mode2);
    double toward = 0;

    sg_system_displacement(p->start, (const double(*)[3])out->x_saddle, (const double(*)[3])p->start->x,
                           w->side, NULL);
    for (int k = 0; k < s->n_active; k++)
        for (int a = 0; a < 3; a++)
            toward += w->side[s->atom[k]][a] * w->mode2[3 * k + a];
    const double step = (toward < 0 ? -1 : 1) * ridge_step / longest;
    memcpy(w->sys->x, out->x_saddle, (size_t)out->n * sizeof *out->x_saddle);
    for (int k = 0; k < s->n_active; k++)
        for (int a = 0; a < 3; a++)
            w->sys->x[s->atom[k]][a] += step * w->mode2[3 * k + a];
}

/* From a second guess in w->sys, if calls are left; if that comes to nothing, the first finding stands. */
static sg_status connect_again(const sg_saddle_problem *p, whole_chance chance, sg_saddle_work *w, surface *s,
                               sg_passage *out)
{
    const sg_outcome outcome = out->outcome;
    const double e_saddle = out->e_saddle, f_saddle = out->f_saddle;

    if (calls_left(p, &out->calls) == 0) return SG_OK;
    const sg_status st = connect(p, chance, again_calls, w, s, out);
    if (st != SG_OK || out->outcome == SG_FOUND || out->outcome == SG_KNOWN) return st;
    out->outcome = outcome;
    out->e_saddle = e_saddle;
    out->f_saddle = f_saddle;
    return SG_OK;
}

static void take_saddle(surface *s, double energy, double force, sg_passage *out)
{
    out->e_saddle = energy;
    out->f_saddle = force;
    memcpy(out->virial_saddle, s->out.virial, sizeof out->virial_saddle);
    memcpy(out->x_saddle, s->sys->x, (size_t)out->n * sizeof *out->x_saddle);
}

/* Step 7: one step along the second mode to where the force along it should vanish. Mostly it does, and the
 * saddle is there: stresses, hence strain derivatives, are those of the softest direction at rest. Where the
 * force rises instead, the curvature is not to be trusted so far: on a shoulder of the energy a small force
 * does not make a saddle. It is then converged tightly, and its sides are looked at once more; if it does not
 * converge, the first finding stands. */
static sg_status settle(const sg_saddle_problem *p, whole_chance chance, sg_rng *rng, sg_saddle_work *w,
                        surface *s, sg_passage *out)
{
    sg_saddle_options sharp = *p->opt;
    sg_saddle_problem again = *p;
    const double f_saddle = out->f_saddle;
    double energy;

    vec_axpy(s->m, vec_dot(s->m, w->climb.f, w->mode2) / out->curvature2, w->mode2, w->x);
    sg_status st = surface_force(s, w->x, &energy, w->climb.f);
    if (st != SG_OK) return st;
    const double force = vec_max_atom(s->m, w->climb.f);
    if (force <= sharp.f_saddle) return take_saddle(s, energy, force, out), SG_OK;
    if (force <= force_risen * sharp.f_saddle) return SG_OK;
    again.opt = &sharp;
    again.nearly = NULL;
    sharp.f_saddle *= sharp_force;
    memcpy(w->sys->x, out->x_saddle, (size_t)out->n * sizeof *out->x_saddle);
    out->f_saddle = NAN;
    st = connect(&again, chance, again_calls, w, s, out);
    if (st != SG_OK) return st;
    if (!isnan(out->f_saddle)) return out->outcome == SG_FOUND ? check_index(s, rng, w, out) : SG_OK;
    out->outcome = SG_FOUND;
    out->f_saddle = f_saddle;
    return SG_OK;
}

sg_status whole_phase(const sg_saddle_problem *p, whole_chance chance, sg_rng *rng, sg_saddle_work *w,
                      sg_passage *out)
{
    surface s;
    sg_status st = surface_init(&s, p->pot, w->forces, w->sys, NULL);

    if (st != SG_OK) return st;
    const int most = chance == WHOLE_AGAIN ? again_calls : chance == WHOLE_GUESS ? guess_calls : refine_calls;
    st = connect(p, chance, most, w, &s, out);
    if (st == SG_OK && out->outcome == SG_DISCONNECTED && chance == WHOLE_ALONE) {
        undo_slip(p, w, out);
        st = connect_again(p, chance, w, &s, out);
    }
    if (st == SG_OK && out->outcome == SG_FOUND) st = check_index(&s, rng, w, out);
    if (st == SG_OK && out->outcome == SG_WRONG_INDEX && out->curvature2 < 0) {
        leave_ridge(p, &s, w, out);
        st = connect_again(p, chance, w, &s, out);
        if (st == SG_OK && out->outcome == SG_FOUND) st = check_index(&s, rng, w, out);
    }
    if (st == SG_OK && out->outcome == SG_FOUND) st = settle(p, chance, rng, w, &s, out);
    surface_clear(&s);
    return st;
}
