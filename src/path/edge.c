/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The path of a saddle that is stored, or guessed: the saddle is converged anew, sharper than it needs to be
 * for its energy, because the flow is left within hundredths of an Å of it. */
#include "path_internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "slowglass/saddle.h"

static const double f_saddle = 1e-4;    /* eV/Å */
static const double least_guess = 1e-3; /* Å, farthest atom, from the minimum to a guess */
static const double same_saddle = 1e-3; /* eV */

typedef const double (*positions)[3];

const char *sg_path_end_text(sg_path_end end)
{
    static const char *const text[] = {"as-stored", "other-end", "other-saddle", "lost"};
    return text[end];
}

sg_status sg_path_over_saddle(const sg_potential *pot, const sg_system *start, const double (*guess)[3],
                              const sg_path_options *opt, sg_path **out, sg_outcome *outcome)
{
    sg_saddle_options rule = sg_saddle_defaults();
    sg_saddle_problem problem = {.pot = pot, .start = start, .opt = &rule};
    sg_saddle_work *work = NULL;
    sg_passage *p = NULL;
    sg_system *saddle = NULL;
    double *f = sg_calloc(3 * (size_t)start->n, sizeof *f);
    sg_potential_work *forces = NULL;
    sg_rng rng;
    sg_status st = f ? SG_OK : sg_fail(SG_ENOMEM, "path over a saddle");

    *out = NULL;
    *outcome = SG_REFINE_FAILED;
    if (st == SG_OK && sg_system_displacement(start, (positions)start->x, guess, NULL, NULL) < least_guess)
        st = sg_fail(SG_EINVAL, "the guess of the saddle is the first structure itself");
    rule.f_saddle = f_saddle;
    sg_rng_init(&rng, 0, SG_RNG_USER, 1, 0, 0);
    if (st == SG_OK) st = sg_potential_work_create(pot, &forces);
    if (st == SG_OK) {
        sg_forces point = {.f = (double(*)[3])f};
        st = sg_potential_compute(pot, forces, start, NULL, &point);
        problem.e_start = point.energy;
        memcpy(problem.virial_start, point.virial, sizeof point.virial);
    }
    if (st == SG_OK) st = sg_saddle_work_create(pot, start, &work);
    if (st == SG_OK) sg_saddle_work_set_stop(work, opt->stop, opt->stop_arg);
    if (st == SG_OK) st = sg_passage_create(start->n, &p);
    if (st == SG_OK) st = sg_saddle_refine(&problem, guess, NULL, &rng, work, p);
    if (st == SG_OK) *outcome = p->outcome;
    if (st == SG_OK && p->outcome == SG_FOUND) {
        st = sg_system_copy(start, &saddle);
        if (st == SG_OK) {
            memcpy(saddle->x, p->x_saddle, (size_t)start->n * sizeof *saddle->x);
            st = sg_path_descend(pot, saddle, (positions)p->mode, opt, out);
        }
        if (st == SG_OK)
            (*out)->force_calls +=
                p->calls.leave + p->calls.climb + p->calls.refine + p->calls.relax + p->calls.verify;
    }
    sg_system_free(saddle);
    sg_passage_free(p);
    sg_saddle_work_free(work);
    sg_potential_work_free(forces);
    sg_free(f);
    return st;
}

sg_status sg_path_state(sg_catalog *cat, const sg_system *like, uint64_t id, sg_system **out)
{
    sg_cat_state s = {0};
    sg_status st = sg_catalog_get_state(cat, id, &s);

    *out = NULL;
    if (st == SG_ENOTFOUND) return sg_fail(SG_ENOTFOUND, "no state %" PRIu64 " in this catalog", id);
    if (st != SG_OK) return st;
    if ((int)s.n != like->n)
        st =
            sg_fail(SG_EMISMATCH, "state %" PRIu64 " has %u atoms, the run's structure %d", id, s.n, like->n);
    if (st == SG_OK) st = sg_system_copy(like, out);
    if (st == SG_OK) st = sg_system_set_strain(*out, s.gamma);
    if (st == SG_OK) memcpy((*out)->x, s.x, (size_t)s.n * sizeof *s.x);
    if (st != SG_OK) {
        sg_system_free(*out);
        *out = NULL;
    }
    sg_cat_state_clear(&s);
    return st;
}

int sg_path_orient(sg_path *path, const sg_system *from, const sg_system *to, const sg_path_options *opt)
{
    const size_t last = (size_t)(path->n_images - 1) * (size_t)path->n_atoms;
    sg_path_options near = *opt;
    const sg_system *const state[2] = {from, to};
    int is[2][2]; /* [state][end] */

    near.identity_energy = INFINITY; /* a stored minimum is less sharp: by place alone */
    for (int s = 0; s < 2; s++)
        for (int end = 0; end < 2; end++)
            is[s][end] = path_same(from, &near, path->x[end ? last : 0], 0, state[s]->x[0], 0);
    if (is[0][0] && is[1][1]) return 1;
    if (is[0][1] || (is[1][0] && !is[0][0])) sg_path_reverse(path);
    return is[0][1] && is[1][0];
}

sg_status sg_path_over_edge(sg_catalog *cat, const sg_potential *pot, const sg_system *like, uint64_t id,
                            const sg_path_options *opt, sg_path **out, sg_path_edge *about)
{
    sg_cat_edge e = {0};
    sg_system *from = NULL, *to = NULL;
    double(*guess)[3] = NULL;
    sg_status st = sg_catalog_get_edge(cat, id, &e);

    *out = NULL;
    *about = (sg_path_edge){.edge = id, .end = SG_PATH_LOST, .outcome = SG_REFINE_FAILED};
    if (st == SG_ENOTFOUND) return sg_fail(SG_ENOTFOUND, "no saddle (edge) %" PRIu64 " in this catalog", id);
    if (st != SG_OK) return st;
    about->from = e.from;
    about->to = e.to;
    about->e_saddle = e.e_saddle;
    about->barrier = e.barrier;
    about->barrier_back = e.barrier_back;
    if (st == SG_OK) st = sg_path_state(cat, like, e.from, &from);
    if (st == SG_OK) about->gamma = from->cell.gamma;
    if (st == SG_OK) st = sg_path_state(cat, like, e.to, &to);
    if (st == SG_OK && !(guess = sg_calloc(e.n, sizeof *guess))) st = sg_fail(SG_ENOMEM, "saddle");
    for (uint32_t i = 0; st == SG_OK && i < e.n; i++)
        for (int a = 0; a < 3; a++)
            guess[i][a] = from->x[i][a] + e.d_saddle[i][a];
    if (st == SG_OK) st = sg_path_over_saddle(pot, from, (positions)guess, opt, out, &about->outcome);
    if (st == SG_OK && *out) {
        about->end = sg_path_orient(*out, from, to, opt) ? SG_PATH_AS_STORED : SG_PATH_OTHER_END;
        if (fabs(sg_path_describe(*out).e_saddle - e.e_saddle) > same_saddle)
            about->end = SG_PATH_OTHER_SADDLE;
    }
    sg_free(guess);
    sg_system_free(to);
    sg_system_free(from);
    sg_cat_edge_clear(&e);
    return st;
}
