/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events through strain: a start and its living events, each kept as the passage it was at the last strain.
 */
#include "slowglass/run/follow.h"

#include <math.h>
#include <string.h>

struct sg_follow {
    const sg_potential *pot;
    const sg_log *log;
    sg_saddle_options opt;
    sg_system *sys, *last; /* the start now (borrowed) and one step before */
    sg_potential_work *relax;
    sg_saddle_work *work;
    sg_passage *spare;
    uint64_t seed;
    double gamma0;
    int n;
    sg_followed *event;
    sg_passage **at;     /* [n] */
    double (**first)[3]; /* [n][n_atoms] displacement to the first saddle */
    double (*way)[3];    /* [n_atoms] scratch */
};

static void take(sg_followed *e, const sg_saddle_problem *p, const sg_passage *at)
{
    e->gamma = p->start->cell.gamma;
    e->barrier = at->e_saddle - p->e_start;
    e->barrier_back = at->e_saddle - at->e_final;
    for (int a = 0; a < 6; a++)
        e->strain_saddle[a] = at->virial_saddle[a] - p->virial_start[a];
}

static int calls_of(const sg_passage *p)
{
    return p->calls.leave + p->calls.climb + p->calls.refine + p->calls.relax + p->calls.verify;
}

/* Displacement from the start to the saddle, as it would be at the first strain. */
static void displacement(const sg_follow *f, int k, double (*out)[3])
{
    const double shear = f->gamma0 - f->sys->cell.gamma;

    sg_system_displacement(f->sys, (const double(*)[3])f->sys->x, (const double(*)[3])f->at[k]->x_saddle, out,
                           NULL);
    for (int i = 0; i < f->sys->n; i++)
        out[i][0] += shear * out[i][1];
}

static double distance_from_first(const sg_follow *f, int k)
{
    double most = 0;

    displacement(f, k, f->way);
    for (int i = 0; i < f->sys->n; i++) {
        double d2 = 0;
        for (int a = 0; a < 3; a++)
            d2 += (f->way[i][a] - f->first[k][i][a]) * (f->way[i][a] - f->first[k][i][a]);
        most = fmax(most, d2);
    }
    return sqrt(most);
}

static sg_status carry_one(sg_follow *f, const sg_saddle_problem *p, const sg_system *from, int k)
{
    sg_followed *e = &f->event[k];
    sg_carried end;
    sg_rng rng;

    sg_rng_init(&rng, f->seed, SG_RNG_VERIFY, (uint64_t)k, 0, 0);
    const sg_status st = sg_carry_event(p, from, f->at[k], &rng, f->work, f->spare, &end);
    if (st != SG_OK) return st;
    e->fate = end.fate;
    e->moved = end.moved;
    e->force_calls += calls_of(f->spare);
    if (!sg_fate_is_alive(e->fate)) return SG_OK;
    sg_passage *const before = f->at[k];
    f->at[k] = f->spare;
    f->spare = before;
    take(e, p, f->at[k]);
    if (f->first[k]) e->from_first = distance_from_first(f, k);
    return SG_OK;
}

static sg_saddle_problem problem_of(const sg_follow *f, const sg_carried_start *start)
{
    sg_saddle_problem p = {.pot = f->pot, .start = f->sys, .e_start = start->energy, .opt = &f->opt};
    memcpy(p.virial_start, start->virial, sizeof p.virial_start);
    return p;
}

static sg_status carry_all(sg_follow *f, double gamma, int *slipped)
{
    sg_carried_start start;

    memcpy(f->last->x, f->sys->x, (size_t)f->sys->n * sizeof *f->sys->x);
    f->last->cell = f->sys->cell;
    sg_status st = sg_carry_start(f->pot, f->relax, f->sys, gamma, &f->opt, slipped != NULL, &start);
    if (slipped) *slipped = st == SG_OK && start.slipped;
    const sg_saddle_problem p = problem_of(f, &start);
    for (int k = 0; k < f->n && st == SG_OK; k++) {
        if (sg_fate_is_alive(f->event[k].fate)) st = carry_one(f, &p, f->last, k);
        sg_log_progress(f->log, "events followed", k + 1, f->n, NULL);
        if (st == SG_OK && sg_interrupt_requested())
            st = sg_fail(SG_EINTERRUPTED, "interrupted at strain %g", gamma);
    }
    return st;
}

/* --- the first strain --- */

static sg_status take_event(sg_follow *f, sg_search *search, const sg_search_event *found)
{
    sg_followed *e = &f->event[f->n];
    sg_passage *p = NULL;
    const sg_status st = sg_passage_create(f->sys->n, &p);

    if (st != SG_OK) return st;
    f->at[f->n++] = p;
    sg_search_positions(search, found, p->x_saddle, p->x_final);
    sg_system_displacement(f->sys, (const double(*)[3])f->sys->x, (const double(*)[3])p->x_final, p->mode,
                           NULL);
    *e = (sg_followed){.event = found->event, .centre_id = found->centre_id, .fate = SG_FATE_SURVIVED};
    return SG_OK;
}

static sg_status find_events(sg_follow *f, sg_config *cfg)
{
    const sg_search_options opt = {.max_searches = -1, .threads = 1};
    const sg_search_event *found = NULL;
    sg_search *search = NULL;
    int n = 0;
    sg_status st = sg_search_open(cfg, f->sys, f->pot, &opt, f->log, &search);

    if (st == SG_OK) st = sg_search_structure(search, f->sys, &found, &n);
    if (st == SG_OK) {
        f->event = sg_calloc((size_t)n, sizeof *f->event);
        f->at = sg_calloc((size_t)n, sizeof *f->at);
        f->first = sg_calloc((size_t)n, sizeof *f->first);
        if (!f->event || !f->at || !f->first) st = sg_fail(SG_ENOMEM, "%d events", n);
    }
    for (int k = 0; k < n && st == SG_OK; k++)
        st = take_event(f, search, &found[k]);
    sg_search_close(search);
    return st;
}

static sg_status set_firsts(sg_follow *f)
{
    for (int k = 0; k < f->n; k++) {
        sg_followed *e = &f->event[k];
        e->first_barrier = e->barrier;
        memcpy(e->first_derivative, e->strain_saddle, sizeof e->first_derivative);
        e->predicted = (sg_prediction){e->barrier, 0};
        if (!(f->first[k] = sg_calloc((size_t)f->sys->n, sizeof *f->first[k])))
            return sg_fail(SG_ENOMEM, "events to follow");
        displacement(f, k, f->first[k]);
    }
    return SG_OK;
}

sg_status sg_follow_open(sg_config *cfg, sg_system *sys, const sg_potential *pot, const sg_log *log,
                         sg_follow **out)
{
    sg_follow *f = sg_calloc(1, sizeof *f);
    sg_status st;

    *out = NULL;
    if (!f) return sg_fail(SG_ENOMEM, "events to follow");
    *f = (sg_follow){.pot = pot,
                     .log = log,
                     .opt = sg_saddle_defaults(),
                     .sys = sys,
                     .gamma0 = sys->cell.gamma,
                     .seed = (uint64_t)cfg->kmc.seed};
    f->opt.local_radius = cfg->search.local_radius_A;
    f->opt.f_saddle = cfg->search.force_saddle_eV_per_A;
    f->opt.f_minimum = cfg->search.force_minimum_eV_per_A;
    f->opt.max_calls = cfg->search.max_calls;
    if ((st = find_events(f, cfg)) != SG_OK) goto done;
    if ((st = sg_system_copy(sys, &f->last)) != SG_OK) goto done;
    if ((st = sg_potential_work_create(pot, &f->relax)) != SG_OK) goto done;
    if ((st = sg_saddle_work_create(pot, sys, &f->work)) != SG_OK) goto done;
    if ((st = sg_passage_create(sys->n, &f->spare)) != SG_OK) goto done;
    if (!(f->way = sg_calloc((size_t)sys->n, sizeof *f->way))) {
        st = sg_fail(SG_ENOMEM, "events to follow");
        goto done;
    }
    if ((st = carry_all(f, f->gamma0, NULL)) != SG_OK) goto done;
    if ((st = set_firsts(f)) != SG_OK) goto done;
    *out = f;
    f = NULL;
done:
    sg_follow_close(f);
    return st;
}

sg_status sg_follow_step(sg_follow *f, double gamma, int *slipped)
{
    static const double still[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    double strain[6];

    sg_event_strain_between(f->gamma0, gamma, still, strain);
    for (int k = 0; k < f->n; k++) {
        sg_followed *e = &f->event[k];
        e->predicted = sg_event_predict(e->first_barrier, e->first_derivative, strain, 0);
    }
    return carry_all(f, gamma, slipped);
}

const sg_followed *sg_follow_events(const sg_follow *f, int *n)
{
    *n = f->n;
    return f->event;
}

void sg_follow_close(sg_follow *f)
{
    if (!f) return;
    for (int k = 0; k < f->n; k++) {
        sg_passage_free(f->at[k]);
        sg_free(f->first[k]);
    }
    sg_free(f->at);
    sg_free(f->first);
    sg_free(f->way);
    sg_free(f->event);
    sg_passage_free(f->spare);
    sg_saddle_work_free(f->work);
    sg_potential_work_free(f->relax);
    sg_system_free(f->last);
    sg_free(f);
}
