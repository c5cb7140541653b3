/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a melt to a glass: a list of stages, each with a temperature at its end, and swaps of atoms between.
 *
 * Stages are whole numbers of steps, and everything that happens between steps (a new ramp, swaps, a row)
 * does so at steps that the settings alone fix. So a quench that is interrupted and resumed has the bits of
 * one that is not. Swaps are tried every SWAP_PS: rarely enough that what does not depend on their number,
 * the energy of the rest of the system, costs little. */
#include "anneal_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char KIND[] = "slowglass quench 1";
static const double SWAP_PS = 0.1;
enum { SETTINGS = 2048, MAX_STAGES = 2 * SG_MAX_HOLDS + 4 };

typedef struct stage {
    int64_t end; /* step */
    double to_K; /* at its end; where the one before ended, the temperature does not change */
    int swaps;   /* 1: atoms may swap */
} stage;

struct sg_quench {
    const sg_potential *pot;
    sg_quench_options opt;
    int n_stages;
    stage stages[MAX_STAGES];
    int at; /* stage under way; its ramp is set */
    int64_t row_steps, swap_steps, n_rows;
    sg_system *start, *atoms; /* atoms: copy in which swaps are tried */
    sg_md *md;
    sg_potential_work *work; /* of the swaps */
    sg_swap_count swaps;
    watch since;
};

/* ---- settings ---- */

sg_quench_options sg_quench_defaults(void)
{
    return (sg_quench_options){.ensemble = SG_MD_NPT_ISO,
                               .timestep_ps = 0.002,
                               .damping_ps = 0.1,
                               .pressure_damping_ps = 1,
                               .high_K = 2000,
                               .low_K = 300,
                               .melt_ps = 50,
                               .rate_K_per_ps = 1,
                               .row_ps = 1,
                               .seed = 1};
}

sg_status sg_quench_parse_holds(const char *text, sg_quench_options *opt)
{
    const char *at = text;

    opt->n_holds = 0;
    while (*at) {
        char *end = NULL;
        double pair[2] = {0, 0};
        if (opt->n_holds == SG_MAX_HOLDS)
            return sg_fail(SG_EINVAL, "holds '%s': more than %d", text, SG_MAX_HOLDS);
        pair[0] = strtod(at, &end);
        if (end != at && *end == ':') {
            at = end + 1;
            pair[1] = strtod(at, &end);
        } else
            end = NULL;
        if (!end || end == at || (*end && *end != ',') || (*end && !end[1]) || !isfinite(pair[0]) ||
            !isfinite(pair[1]))
            return sg_fail(SG_EINVAL, "holds '%s': need K:ps pairs such as 700:200,650:500", text);
        memcpy(opt->hold[opt->n_holds++], pair, sizeof pair);
        at = *end ? end + 1 : end;
    }
    return SG_OK;
}

static sg_status check(const sg_quench_options *o)
{
    double hotter = o->high_K;

    if (o->ensemble != SG_MD_NPT_ISO && o->ensemble != SG_MD_NVT_RESCALE)
        return sg_fail(SG_EINVAL, "quench: need the ensemble npt or nvt");
    if (!(o->low_K > 0) || !(o->high_K >= o->low_K))
        return sg_fail(SG_EINVAL, "quench from %g K to %g K: need 0 < low <= high", o->high_K, o->low_K);
    if (!(o->rate_K_per_ps > 0)) return sg_fail(SG_EINVAL, "rate %g K/ps, need > 0", o->rate_K_per_ps);
    if (!(o->timestep_ps > 0)) return sg_fail(SG_EINVAL, "time step %g ps, need > 0", o->timestep_ps);
    if (!(o->melt_ps >= 0) || !(o->settle_ps >= 0))
        return sg_fail(SG_EINVAL, "melt %g ps, settle %g ps: need >= 0", o->melt_ps, o->settle_ps);
    if (!(o->swaps_per_ps >= 0)) return sg_fail(SG_EINVAL, "%g swaps per ps, need >= 0", o->swaps_per_ps);
    if (!(o->row_ps >= o->timestep_ps))
        return sg_fail(SG_EINVAL, "a row every %g ps, need at least the time step, %g ps", o->row_ps,
                       o->timestep_ps);
    for (int k = 0; k < o->n_holds; k++) {
        if (!(o->hold[k][0] <= hotter) || !(o->hold[k][0] >= o->low_K) || !(o->hold[k][1] > 0))
            return sg_fail(
                SG_EINVAL,
                "hold %g:%g, need a temperature from %g K to %g K, not above the one before, and a "
                "time > 0 ps",
                o->hold[k][0], o->hold[k][1], o->low_K, hotter);
        hotter = o->hold[k][0];
    }
    return SG_OK;
}

sg_status sg_quench_describe(const sg_quench_options *o, char *text, size_t size)
{
    sg_status st = check(o);
    if (st != SG_OK) return st;
    int n =
        snprintf(text, size,
                 "ensemble=%s timestep_ps=%.9g damping_ps=%.9g pressure_GPa=%.9g pressure_damping_ps=%.9g "
                 "cooled_from_K=%.9g cooled_to_K=%.9g melt_ps=%.9g cooling_rate_K_per_ps=%.9g "
                 "settle_ps=%.9g swaps_per_ps=%.9g row_ps=%.9g seed=%llu",
                 o->ensemble == SG_MD_NPT_ISO ? "npt" : "nvt", o->timestep_ps, o->damping_ps, o->pressure_GPa,
                 o->pressure_damping_ps, o->high_K, o->low_K, o->melt_ps, o->rate_K_per_ps, o->settle_ps,
                 o->swaps_per_ps, o->row_ps, (unsigned long long)o->seed);
    for (int k = 0; k < o->n_holds && n > 0 && (size_t)n < size; k++)
        n += snprintf(text + n, size - (size_t)n, "%s%.9g:%.9g", k ? "," : " hold_K_ps=", o->hold[k][0],
                      o->hold[k][1]);
    return n > 0 && (size_t)n < size ? SG_OK : sg_fail(SG_EINVAL, "settings longer than %zu bytes", size);
}

static void add_stage(sg_quench *q, double ps, double to_K, int swaps)
{
    const int64_t begin = q->n_stages ? q->stages[q->n_stages - 1].end : 0;
    const int64_t end = begin + llround(ps / q->opt.timestep_ps);

    if (end > begin) q->stages[q->n_stages++] = (stage){end, to_K, swaps};
}

static void plan(sg_quench *q)
{
    const sg_quench_options *const o = &q->opt;
    double at = o->high_K;

    add_stage(q, o->melt_ps, at, 0);
    for (int k = 0; k < o->n_holds; k++) {
        add_stage(q, (at - o->hold[k][0]) / o->rate_K_per_ps, o->hold[k][0], 1);
        add_stage(q, o->hold[k][1], o->hold[k][0], 1);
        at = o->hold[k][0];
    }
    add_stage(q, (at - o->low_K) / o->rate_K_per_ps, o->low_K, 1);
    add_stage(q, o->settle_ps, o->low_K, 1);
    q->row_steps = llround(o->row_ps / o->timestep_ps);
    q->swap_steps = llround(SWAP_PS / o->timestep_ps);
    if (q->swap_steps < 1) q->swap_steps = 1;
}

/* ---- beginning ---- */

static sg_status open_quench(const sg_potential *pot, const sg_system *start, const sg_quench_options *opt,
                             sg_quench **out)
{
    sg_quench *const q = sg_calloc(1, sizeof *q);

    *out = q;
    if (!q) return sg_fail(SG_ENOMEM, "quench");
    q->pot = pot;
    q->opt = *opt;
    sg_status st = check(opt);
    if (st != SG_OK) return st;
    plan(q);
    if (q->n_stages == 0) return sg_fail(SG_EINVAL, "quench: nothing to do, all stages are empty");
    st = sg_system_copy(start, &q->start);
    if (st == SG_OK) st = sg_system_copy(start, &q->atoms);
    if (st == SG_OK) st = sg_potential_work_create(pot, &q->work);
    return st;
}

void sg_quench_free(sg_quench *q)
{
    if (!q) return;
    sg_md_free(q->md);
    sg_potential_work_free(q->work);
    sg_system_free(q->start);
    sg_system_free(q->atoms);
    sg_free(q);
}

static void set_ramp(sg_quench *q)
{
    const stage *const s = &q->stages[q->at];
    const int64_t begin = q->at ? q->stages[q->at - 1].end : 0;

    sg_md_set_ramp(q->md, s->to_K, q->opt.pressure_GPa, s->end - begin);
}

sg_status sg_quench_create(const sg_potential *pot, const sg_system *start, const sg_quench_options *opt,
                           sg_quench **out)
{
    sg_md_options md = sg_md_defaults();
    sg_status st = open_quench(pot, start, opt, out);

    md.ensemble = opt->ensemble;
    md.timestep_ps = opt->timestep_ps;
    md.temperature_K = opt->high_K;
    md.damping_ps = opt->damping_ps;
    md.pressure_GPa = opt->pressure_GPa;
    md.pressure_damping_ps = opt->pressure_damping_ps;
    md.seed = opt->seed;
    if (st == SG_OK) st = sg_md_create(pot, start, &md, &(*out)->md);
    if (st == SG_OK) st = sg_md_draw_velocities((*out)->md, opt->high_K);
    if (st == SG_OK) {
        set_ramp(*out);
        return SG_OK;
    }
    sg_quench_free(*out);
    *out = NULL;
    return st;
}

/* ---- on the way ---- */

static int64_t total_steps(const sg_quench *q)
{
    return q->stages[q->n_stages - 1].end;
}

int64_t sg_quench_steps(const sg_quench *q, int64_t *done)
{
    *done = sg_md_now(q->md).step;
    return total_steps(q);
}

int64_t sg_quench_rows(const sg_quench *q)
{
    return q->n_rows;
}

int sg_quench_is_done(const sg_quench *q)
{
    return q->n_rows > 0 && sg_md_now(q->md).step == total_steps(q) && q->since.n == 0;
}

const sg_system *sg_quench_system(const sg_quench *q)
{
    return sg_md_system(q->md);
}

sg_swap_count sg_quench_swaps(const sg_quench *q)
{
    return q->swaps;
}

/* Trials that are due at this step: the whole ones that have come together since the last time. */
static int trials_due(const sg_quench *q, int64_t step)
{
    const double each = q->opt.swaps_per_ps * (double)q->swap_steps * q->opt.timestep_ps;
    const double k = (double)(step / q->swap_steps);

    return (int)(floor(k * each) - floor((k - 1) * each));
}

static sg_status swap_now(sg_quench *q, int64_t step)
{
    const sg_system *const now = sg_md_system(q->md);
    const int64_t before = q->swaps.accepted;
    const int trials = trials_due(q, step);
    sg_rng rng;

    if (trials < 1) return SG_OK;
    q->atoms->cell = now->cell;
    memcpy(q->atoms->x, now->x, (size_t)now->n * sizeof *now->x);
    sg_rng_init(&rng, q->opt.seed, SG_RNG_SWAP, 0, (uint64_t)step, 0);
    const sg_status st =
        sg_anneal_swap(q->pot, q->work, q->atoms, sg_md_now(q->md).target_K, trials, &rng, &q->swaps);
    return st == SG_OK && q->swaps.accepted > before ? sg_md_replace(q->md, q->atoms) : st;
}

static int64_t next_multiple(int64_t step, int64_t of)
{
    return step - step % of + of;
}

/* To the next step at which anything but dynamics happens. */
static sg_status go_on(sg_quench *q, int64_t row_end)
{
    const stage *const s = &q->stages[q->at];
    const int64_t step = sg_md_now(q->md).step;
    const int swapping = s->swaps && q->opt.swaps_per_ps > 0;
    int64_t end = s->end < row_end ? s->end : row_end;

    if (swapping && next_multiple(step, q->swap_steps) < end) end = next_multiple(step, q->swap_steps);
    sg_status st = anneal_run(q->md, end - step, &q->since);
    if (st == SG_OK && swapping && end % q->swap_steps == 0) st = swap_now(q, end);
    if (st == SG_OK && end == s->end && q->at + 1 < q->n_stages) {
        q->at++;
        set_ramp(q);
    }
    return st;
}

sg_status sg_quench_next(sg_quench *q, sg_quench_row *row)
{
    sg_md_sample now = sg_md_now(q->md);
    int64_t end = q->n_rows * q->row_steps;
    sg_status st = SG_OK;

    if (end > total_steps(q)) end = total_steps(q);
    while (now.step < end && st == SG_OK) {
        st = go_on(q, end);
        now = sg_md_now(q->md);
    }
    if (st != SG_OK) return st;
    if (q->since.n == 0) watch_add(&q->since, &now);
    const watch mean = watch_mean(&q->since);
    *row = (sg_quench_row){.step = now.step,
                           .time_ps = (double)now.step * q->opt.timestep_ps,
                           .target_K = now.target_K,
                           .temperature_K = mean.temperature,
                           .potential = mean.potential,
                           .volume = mean.volume,
                           .pressure_GPa = mean.pressure,
                           .swaps = q->swaps};
    q->since = (watch){0};
    q->n_rows++;
    return SG_OK;
}

/* ---- saving ---- */

sg_status sg_quench_save(const sg_quench *q, unsigned char **bytes, size_t *n)
{
    char settings[SETTINGS];
    sg_bytes b = {0};

    *bytes = NULL;
    sg_status st = sg_quench_describe(&q->opt, settings, sizeof settings);
    if (st != SG_OK) return st;
    anneal_put_head(&b, KIND, settings, q->start);
    sg_bytes_put_u64(&b, (uint64_t)q->at);
    sg_bytes_put_u64(&b, (uint64_t)q->n_rows);
    sg_bytes_put_u64(&b, (uint64_t)q->swaps.tried);
    sg_bytes_put_u64(&b, (uint64_t)q->swaps.accepted);
    sg_bytes_put(&b, &q->since, sizeof q->since);
    st = anneal_put_md(&b, q->md);
    if (st == SG_OK) return anneal_seal(&b, bytes, n);
    sg_bytes_clear(&b);
    return st;
}

sg_status sg_quench_restore(const sg_potential *pot, const sg_system *start, const sg_quench_options *opt,
                            const unsigned char *bytes, size_t n, sg_quench **out)
{
    char settings[SETTINGS];
    sg_bytes b = {0};
    sg_quench *q = NULL;

    *out = NULL;
    sg_status st = sg_quench_describe(opt, settings, sizeof settings);
    if (st == SG_OK) st = anneal_get_head(&b, bytes, n, KIND, settings, start);
    if (st == SG_OK) st = open_quench(pot, start, opt, &q);
    if (st == SG_OK) {
        q->at = (int)sg_bytes_get_u64(&b);
        q->n_rows = (int64_t)sg_bytes_get_u64(&b);
        q->swaps.tried = (int64_t)sg_bytes_get_u64(&b);
        q->swaps.accepted = (int64_t)sg_bytes_get_u64(&b);
        sg_bytes_get(&b, &q->since, sizeof q->since);
        if (b.failed || q->at < 0 || q->at >= q->n_stages)
            st = sg_fail(SG_ECORRUPT, "saved state: numbers out of range");
    }
    if (st == SG_OK) st = anneal_get_md(&b, pot, start, &q->md);
    sg_bytes_clear(&b);
    if (st == SG_OK)
        *out = q;
    else
        sg_quench_free(q);
    return st;
}
