/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One trajectory from a state to its first exit, by periodic relaxation and halving of the last interval.
 * Source of the idea of settling within a state: the dephasing of parallel replicas, Voter, Phys. Rev. B 57,
 * R13985 (1998). */
#include "slowglass/audit.h"

#include <math.h>
#include <string.h>

static const double same_energy = 1e-4; /* eV */
static const double same_place = 0.1;   /* Å, farthest atom; both as the program tells states apart */

typedef struct actor { /* of one trajectory */
    const sg_potential *pot;
    const sg_audit_state *state;
    const sg_audit_options *opt;
    sg_potential_work *work;
    sg_md *md;
    sg_system *rest; /* the last copy that was relaxed */
    double rest_energy;
    unsigned char *saved; /* the beginning of the interval */
    size_t n_saved;
    int steps;          /* of an interval */
    sg_audit_way *soft; /* structures not in the table that the trajectory has flickered to */
    int n_soft;
    size_t soft_capacity;
    double force_calls; /* besides those of md, which begins anew with every return */
} actor;

sg_audit_options sg_audit_defaults(void)
{
    return (sg_audit_options){.temperature_K = 600,
                              .interval_ps = 1,
                              .timestep_ps = 0.002,
                              .damping_ps = 0.1,
                              .settle_ps = 1,
                              .longest_ps = 100,
                              .flicker = 3,
                              .halvings = 5,
                              .follow = 5,
                              .max_starts = 20,
                              .minimize = sg_minimize_defaults(),
                              .seed = 1};
}

const char *sg_audit_end_text(sg_audit_end end)
{
    static const char *const text[] = {"stayed", "known", "missing", "flickered", "unsettled"};

    return text[end];
}

void sg_audit_state_clear(sg_audit_state *state)
{
    if (!state) return;
    for (int k = 0; k < state->n_ways; k++)
        sg_free(state->way[k].x);
    sg_free(state->way);
    sg_system_free(state->sys);
    memset(state, 0, sizeof *state);
}

/* ---- which structure is it ---- */

static int is_same(const sg_system *like, double energy_a, const double (*a)[3], double energy_b,
                   const double (*b)[3])
{
    return fabs(energy_a - energy_b) < same_energy &&
           sg_system_displacement(like, a, b, NULL, NULL) < same_place;
}

int sg_audit_look_up(const sg_audit_state *state, double energy, const double (*x)[3])
{
    for (int k = 0; k < state->n_ways; k++) {
        const sg_audit_way *w = &state->way[k];
        if (w->x && is_same(state->sys, w->energy, (const double(*)[3])w->x, energy, x)) return k;
    }
    return -1;
}

static int is_home(const actor *a)
{
    return is_same(a->state->sys, a->state->energy, (const double(*)[3])a->state->sys->x, a->rest_energy,
                   (const double(*)[3])a->rest->x);
}

/* Way to the structure that was relaxed last, -1: none. */
static int way_to_rest(const actor *a)
{
    return sg_audit_look_up(a->state, a->rest_energy, (const double(*)[3])a->rest->x);
}

/* Relax a copy of the present moment. */
static sg_status relax(actor *a)
{
    sg_minimize_result r;
    const sg_system *now = sg_md_system(a->md);

    memcpy(a->rest->x, now->x, (size_t)now->n * sizeof *now->x);
    sg_status st = sg_minimize(a->pot, a->work, a->rest, NULL, &a->opt->minimize, &r);
    a->force_calls += r.force_calls;
    if (st == SG_OK && r.stop != SG_STOP_CONVERGED)
        st = sg_fail(SG_ENUMERIC, "a copy did not relax to %g eV/Å in %d force calls", a->opt->minimize.f_max,
                     r.force_calls);
    a->rest_energy = r.energy;
    return st;
}

/* ---- moving in time ---- */

static sg_status save(actor *a)
{
    sg_free(a->saved);
    a->saved = NULL;
    return sg_md_save(a->md, &a->saved, &a->n_saved);
}

static sg_status go_back(actor *a)
{
    a->force_calls += (double)sg_md_calls(a->md)->full;
    sg_md_free(a->md);
    a->md = NULL;
    return sg_md_restore(a->pot, a->saved, a->n_saved, &a->md);
}

static int whole_steps(double time_ps, double step_ps)
{
    const double n = floor(time_ps / step_ps + 0.5);
    return n < 1 ? 1 : (int)n;
}

static sg_status start(actor *a, uint64_t number, sg_audit_trajectory *out)
{
    sg_md_options m = sg_md_defaults();
    const int settle = whole_steps(a->opt->settle_ps, a->opt->timestep_ps);
    sg_status st;

    m.ensemble = SG_MD_NVT_RESCALE;
    m.timestep_ps = a->opt->timestep_ps;
    m.temperature_K = a->opt->temperature_K;
    m.damping_ps = a->opt->damping_ps;
    m.seed = a->opt->seed;
    m.stream = a->state->id << 24 | number;
    st = sg_md_create(a->pot, a->state->sys, &m, &a->md);
    for (out->n_starts = 1; st == SG_OK; out->n_starts++) {
        st = sg_md_draw_velocities(a->md, 2 * a->opt->temperature_K);
        if (st == SG_OK) st = sg_md_run(a->md, settle);
        if (st == SG_OK) st = relax(a);
        if (st != SG_OK || is_home(a)) return st;
        if (out->n_starts >= a->opt->max_starts) {
            out->end = SG_AUDIT_UNSETTLED;
            return SG_OK;
        }
        st = sg_md_replace(a->md, a->state->sys);
    }
    return st;
}

/* The first other structure of the interval that begins at what was saved and ends elsewhere. Afterwards the
 * dynamics stand at the end of the interval again, as before, and `rest` is that first structure. */
static sg_status find_first(actor *a, int *hops)
{
    int low = 0, high = a->steps;
    const double last_energy = a->rest_energy;
    sg_system *last = NULL, *first = NULL;
    double first_energy = a->rest_energy;
    sg_status st = sg_system_copy(a->rest, &last);

    if (st == SG_OK) st = sg_system_copy(a->rest, &first);
    for (int k = 0; k < a->opt->halvings && high - low > 1 && st == SG_OK; k++) {
        const int middle = low + (high - low) / 2;
        st = go_back(a);
        if (st == SG_OK) st = sg_md_run(a->md, middle);
        if (st == SG_OK) st = relax(a);
        if (st != SG_OK) break;
        if (is_home(a)) {
            low = middle;
            continue;
        }
        high = middle;
        first_energy = a->rest_energy;
        memcpy(first->x, a->rest->x, (size_t)first->n * sizeof *first->x);
    }
    if (st == SG_OK) st = go_back(a);
    if (st == SG_OK) st = sg_md_run(a->md, a->steps);
    if (st == SG_OK) {
        *hops = 1 + !is_same(first, last_energy, (const double(*)[3])last->x, first_energy,
                             (const double(*)[3])first->x);
        a->rest_energy = first_energy;
        memcpy(a->rest->x, first->x, (size_t)first->n * sizeof *first->x);
    }
    sg_system_free(last);
    sg_system_free(first);
    return st;
}

/* ---- the trajectory ---- */

static void note_exit(const actor *a, int way, sg_audit_trajectory *out)
{
    out->end = way >= 0 ? SG_AUDIT_KNOWN : SG_AUDIT_MISSING;
    out->edge = way >= 0 ? a->state->way[way].edge : 0;
    out->energy = a->rest_energy;
    out->moved = sg_system_displacement(a->state->sys, (const double(*)[3])a->state->sys->x,
                                        (const double(*)[3])a->rest->x, NULL, NULL);
}

/* How far a straight line from the state to the structure relaxed last rises above the higher of the two
 * ends: no barrier between them is higher, as seen from there. eV. */
static sg_status straight_rise(actor *a, double *rise)
{
    enum { POINTS = 16 };
    const sg_system *home = a->state->sys;
    sg_system *at = NULL;
    double(*d)[3] = sg_calloc((size_t)home->n, sizeof *d);
    sg_forces f = {.f = sg_calloc((size_t)home->n, sizeof *f.f)};
    const double floor_eV = a->rest_energy > a->state->energy ? a->rest_energy : a->state->energy;
    sg_status st = d && f.f ? sg_system_copy(home, &at) : sg_fail(SG_ENOMEM, "line");

    *rise = 0;
    if (st == SG_OK)
        sg_system_displacement(home, (const double(*)[3])home->x, (const double(*)[3])a->rest->x, d, NULL);
    for (int k = 1; k < POINTS && st == SG_OK; k++) {
        for (int i = 0; i < home->n; i++)
            for (int c = 0; c < 3; c++)
                at->x[i][c] = home->x[i][c] + d[i][c] * k / POINTS;
        st = sg_potential_compute(a->pot, a->work, at, NULL, &f);
        if (st == SG_OK && f.energy - floor_eV > *rise) *rise = f.energy - floor_eV;
        a->force_calls++;
    }
    sg_system_free(at);
    sg_free(d);
    sg_free(f.f);
    return st;
}

static sg_status remember_soft(actor *a)
{
    void *soft = a->soft;
    const int failed = sg_grow(&soft, &a->soft_capacity, (size_t)a->n_soft + 1, sizeof *a->soft);
    const size_t size = (size_t)a->rest->n * sizeof *a->rest->x;

    a->soft = soft;
    if (failed) return sg_fail(SG_ENOMEM, "structures");
    sg_audit_way *w = &a->soft[a->n_soft];
    *w = (sg_audit_way){.energy = a->rest_energy, .x = sg_calloc((size_t)a->rest->n, sizeof *w->x)};
    if (!w->x) return sg_fail(SG_ENOMEM, "structures");
    memcpy(w->x, a->rest->x, size);
    a->n_soft++;
    return SG_OK;
}

/* Is what was relaxed last a structure that the state flickers to? By the table, or, if it is not there,
 * because even the straight way is low enough. *is_soft: the latter. */
static sg_status flickers(actor *a, int way, int *does, int *is_soft)
{
    double rise = HUGE_VAL;

    *does = way >= 0 && a->state->way[way].is_flicker;
    *is_soft = 0;
    if (way >= 0) return SG_OK;
    for (int k = 0; k < a->n_soft && !*is_soft; k++)
        *is_soft = is_same(a->state->sys, a->soft[k].energy, (const double(*)[3])a->soft[k].x, a->rest_energy,
                           (const double(*)[3])a->rest->x);
    sg_status st = *is_soft ? SG_OK : straight_rise(a, &rise);
    if (st == SG_OK && rise < a->opt->flicker * SG_KB * a->opt->temperature_K) {
        *is_soft = 1;
        st = remember_soft(a);
    }
    *does = *is_soft;
    return st;
}

/* After an interval that began at home and ended elsewhere. *at_home, *ended: where that leaves it. */
static sg_status leave(actor *a, sg_audit_trajectory *out, int *at_home, int *ended)
{
    int hops = 1, last_does, does, soft;
    sg_status st = flickers(a, way_to_rest(a), &last_does, &soft);

    if (st == SG_OK) st = find_first(a, &hops);
    if (st != SG_OK) return st;
    const int way = way_to_rest(a);
    if ((st = flickers(a, way, &does, &soft)) != SG_OK) return st;
    *at_home = 0;
    if (!does) {
        note_exit(a, way, out);
        out->hops = hops;
        *ended = 1;
        return SG_OK;
    }
    out->n_flickers++;
    out->n_soft += soft;
    if (hops > 1 && !last_does) { /* through a flicker and on, within the interval */
        out->end = SG_AUDIT_FLICKERED;
        *ended = 1;
    }
    return SG_OK;
}

static sg_status one_interval(actor *a, sg_audit_trajectory *out, int *at_home, int *ended)
{
    int does, soft;
    sg_status st = *at_home ? save(a) : SG_OK;

    if (st == SG_OK) st = sg_md_run(a->md, a->steps);
    if (st == SG_OK) st = relax(a);
    if (st != SG_OK) return st;
    out->time_ps += a->steps * a->opt->timestep_ps;
    out->n_intervals += *at_home;
    if (is_home(a)) {
        *at_home = 1;
        return SG_OK;
    }
    if (*at_home) return leave(a, out, at_home, ended);
    st = flickers(a, way_to_rest(a), &does, &soft);
    if (st == SG_OK && !does) {
        out->end = SG_AUDIT_FLICKERED;
        *ended = 1;
    }
    return st;
}

static sg_status look_for_return(actor *a, sg_audit_trajectory *out)
{
    sg_status st = SG_OK;

    for (int k = 0; k < a->opt->follow && !out->returned && st == SG_OK; k++) {
        st = sg_md_run(a->md, a->steps);
        if (st == SG_OK) st = relax(a);
        if (st == SG_OK) out->returned = is_home(a);
    }
    return st;
}

sg_status sg_audit_check(const sg_audit_options *o)
{
    if (!(o->temperature_K > 0 && o->timestep_ps > 0 && o->interval_ps >= o->timestep_ps &&
          o->longest_ps >= o->interval_ps && o->settle_ps >= 0 && o->damping_ps > 0))
        return sg_fail(SG_EINVAL,
                       "audit at %g K, interval %g ps, time step %g ps, at most %g ps: need all positive and "
                       "time step <= interval <= longest time",
                       o->temperature_K, o->interval_ps, o->timestep_ps, o->longest_ps);
    return SG_OK;
}

sg_status sg_audit_run(const sg_potential *pot, const sg_audit_state *state, const sg_audit_options *opt,
                       uint64_t number, sg_audit_trajectory *out)
{
    actor a = {.pot = pot, .state = state, .opt = opt};
    int at_home = 1, ended = 0;
    sg_status st = sg_audit_check(opt);

    *out = (sg_audit_trajectory){.end = SG_AUDIT_STAYED, .energy = NAN, .moved = NAN};
    a.steps = whole_steps(opt->interval_ps, opt->timestep_ps);
    if (st == SG_OK) st = sg_potential_work_create(pot, &a.work);
    if (st == SG_OK) st = sg_system_copy(state->sys, &a.rest);
    if (st == SG_OK) st = start(&a, number, out);
    while (st == SG_OK && !ended && out->end != SG_AUDIT_UNSETTLED && out->time_ps < opt->longest_ps - 1e-9)
        st = one_interval(&a, out, &at_home, &ended);
    if (st == SG_OK && (out->end == SG_AUDIT_KNOWN || out->end == SG_AUDIT_MISSING))
        st = look_for_return(&a, out);
    if (st != SG_OK)
        st = sg_fail_context(st, "state %llu, trajectory %llu", (unsigned long long)state->id,
                             (unsigned long long)number);
    out->force_calls = a.force_calls + (a.md ? (double)sg_md_calls(a.md)->full : 0);
    sg_md_free(a.md);
    sg_system_free(a.rest);
    sg_potential_work_free(a.work);
    for (int k = 0; k < a.n_soft; k++)
        sg_free(a.soft[k].x);
    sg_free(a.soft);
    sg_free(a.saved);
    return st;
}

/* ---- sums ---- */

static double rate_of(double chance, double interval_ps)
{
    return -log1p(-chance) / (interval_ps * 1e-12);
}

sg_audit_sum sg_audit_sum_up(int n, const sg_audit_trajectory *t, double interval_ps, double confidence)
{
    sg_audit_sum s = {.n_trajectories = n};

    for (int k = 0; k < n; k++) {
        const int is_exit = t[k].end == SG_AUDIT_KNOWN || t[k].end == SG_AUDIT_MISSING;
        const int is_missing = t[k].end == SG_AUDIT_MISSING;
        s.n_exits += is_exit;
        s.n_missing += is_missing;
        s.n_returned += is_exit && t[k].returned;
        s.n_missing_returned += is_missing && t[k].returned;
        s.n_multiple += is_exit && t[k].hops > 1;
        s.n_flickered += t[k].end == SG_AUDIT_FLICKERED;
        s.n_unsettled += t[k].end == SG_AUDIT_UNSETTLED;
        s.n_intervals += t[k].n_intervals;
        s.n_flickers += t[k].n_flickers;
        s.n_soft += t[k].n_soft;
        s.force_calls += t[k].force_calls;
    }
    s.share_missing = sg_binomial_share(s.n_missing, s.n_exits, confidence);
    s.share_lasting =
        sg_binomial_share(s.n_missing - s.n_missing_returned, s.n_exits - s.n_returned, confidence);
    const sg_estimate p = sg_binomial_share(s.n_exits, (double)s.n_intervals, confidence);
    s.rate = (sg_estimate){rate_of(p.value, interval_ps), rate_of(p.low, interval_ps),
                           rate_of(p.high, interval_ps)};
    return s;
}
