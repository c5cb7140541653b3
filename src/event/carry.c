/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strain steps of a start and of its events. The cell changes by simple shear, F(g) F(h) = F(g + h), so that
 * a displacement of the old cell becomes one of the new by adding dgamma * y to its x. */
#include "slowglass/event/carry.h"

#include <math.h>
#include <string.h>

typedef const double (*positions)[3];

static const double same_event =
    0.5; /* Å, farthest atom: a saddle or final state this far from where the step
          * leads is another one; a step of 0.005 moves survivors by 0.01-0.1 Å */
enum { MAX_CALLS = 20000 };

static const char *const fate_text[] = {
#define X(code, text) text,
    SG_FATE_LIST(X)
#undef X
};

const char *sg_fate_text(sg_fate fate)
{
    return (unsigned)fate < SG_FATE_COUNT ? fate_text[fate] : "unknown";
}

int sg_fate_is_alive(sg_fate fate)
{
    return fate == SG_FATE_SURVIVED || fate == SG_FATE_REROUTED;
}

sg_fate sg_fate_of_outcome(sg_outcome outcome)
{
    switch (outcome) {
    case SG_FOUND:
    case SG_KNOWN:
        return SG_FATE_SURVIVED;
    case SG_DISCONNECTED:
        return SG_FATE_DISCONNECTED;
    case SG_SAME_MINIMUM:
    case SG_DEGENERATE:
    case SG_NO_EXIT:
    case SG_LOST:
        return SG_FATE_VANISHED;
    default:
        return SG_FATE_UNCONVERGED;
    }
}

/* --- the start --- */

static sg_status step_to(const sg_potential *pot, sg_potential_work *work, sg_system *sys, double gamma,
                         double f_max, sg_minimize_result *end)
{
    sg_minimize_options rule = sg_minimize_defaults();
    sg_status st = sg_system_set_strain(sys, gamma);

    rule.f_max = f_max;
    rule.max_calls = MAX_CALLS;
    sg_potential_work_reset(work);
    if (st == SG_OK) st = sg_minimize(pot, work, sys, NULL, &rule, end);
    if (st == SG_OK && end->stop != SG_STOP_CONVERGED)
        st = sg_fail(SG_ENUMERIC, "relaxation at strain %g: largest force %.3g eV/Å, need <= %g eV/Å", gamma,
                     end->f_max, f_max);
    return st;
}

/* Does the step back lead to the state of energy e and positions `old`? */
static sg_status look_back_from(const sg_potential *pot, sg_potential_work *work, const sg_system *now,
                                const sg_system *old, double energy, const sg_saddle_options *opt,
                                sg_carried_start *out)
{
    sg_system *back = NULL;
    sg_minimize_result end;
    sg_status st = sg_system_copy(now, &back);

    if (st == SG_OK) st = step_to(pot, work, back, old->cell.gamma, opt->f_minimum, &end);
    if (st == SG_OK) {
        out->force_calls += end.force_calls;
        out->slipped = fabs(end.energy - energy) >= opt->identity_energy ||
                       sg_system_displacement(old, (positions)old->x, (positions)back->x, NULL, NULL) >=
                           opt->identity_distance;
        if (out->slipped) out->lost = energy - end.energy;
    }
    sg_system_free(back);
    return st;
}

sg_status sg_carry_start(const sg_potential *pot, sg_potential_work *work, sg_system *sys, double gamma,
                         const sg_saddle_options *opt, int look_back, sg_carried_start *out)
{
    sg_system *old = NULL;
    sg_minimize_result end, before = {0};
    sg_status st = sg_system_copy(sys, &old);

    memset(out, 0, sizeof *out);
    if (st == SG_OK && look_back) st = step_to(pot, work, old, old->cell.gamma, opt->f_minimum, &before);
    if (st == SG_OK) st = step_to(pot, work, sys, gamma, opt->f_minimum, &end);
    if (st == SG_OK) {
        out->energy = end.energy;
        out->f_max = end.f_max;
        memcpy(out->virial, end.virial, sizeof out->virial);
        out->force_calls = before.force_calls + end.force_calls;
        if (look_back) st = look_back_from(pot, work, sys, old, before.energy, opt, out);
    }
    sg_system_free(old);
    return st;
}

/* --- an event --- */

/* x_to + F (x - x_from), images and drift aside. */
static void lay_on(const sg_system *from, const sg_system *to, positions x, double (*out)[3])
{
    const double shear = to->cell.gamma - from->cell.gamma;

    sg_system_displacement(from, (positions)from->x, x, out, NULL);
    for (int i = 0; i < to->n; i++) {
        out[i][0] += shear * out[i][1];
        for (int a = 0; a < 3; a++)
            out[i][a] += to->x[i][a];
    }
}

static double distance(const sg_system *sys, positions a, positions b)
{
    return sg_system_displacement(sys, a, b, NULL, NULL);
}

sg_status sg_carry_event(const sg_saddle_problem *to, const sg_system *from, const sg_passage *at,
                         sg_rng *rng, sg_saddle_work *work, sg_passage *out, sg_carried *end)
{
    const size_t n = (size_t)from->n;
    double(*saddle)[3] = sg_calloc(3 * n, sizeof *saddle), (*final)[3], (*mode)[3];
    const double shear = to->start->cell.gamma - from->cell.gamma;

    *end = (sg_carried){SG_FATE_UNCONVERGED, NAN};
    if (!saddle) return sg_fail(SG_ENOMEM, "event of %d atoms", from->n);
    final = saddle + n;
    mode = final + n;
    lay_on(from, to->start, (positions)at->x_saddle, saddle);
    lay_on(from, to->start, (positions)at->x_final, final);
    memcpy(mode, at->mode, n * sizeof *mode);
    for (size_t i = 0; i < n; i++)
        mode[i][0] += shear * mode[i][1];
    sg_status st = sg_saddle_refine(to, (positions)saddle, (positions)mode, rng, work, out);
    if (st == SG_ENUMERIC) { /* atoms on top of one another: the event is no longer what it was */
        out->outcome = SG_BLOW_UP;
        st = SG_OK;
    }
    if (st == SG_OK) {
        end->fate = sg_fate_of_outcome(out->outcome);
        end->moved =
            out->outcome == SG_FOUND ? distance(to->start, (positions)saddle, (positions)out->x_saddle) : NAN;
    }
    if (end->moved >= same_event)
        end->fate = SG_FATE_ELSEWHERE;
    else if (end->fate == SG_FATE_SURVIVED &&
             distance(to->start, (positions) final, (positions)out->x_final) >= same_event)
        end->fate = SG_FATE_REROUTED;
    sg_free(saddle);
    return st;
}
