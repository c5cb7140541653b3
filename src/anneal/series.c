/* SPDX-License-Identifier: GPL-2.0-or-later */
/* E_IS(t): isothermal dynamics, and every interval a copy brought to its inherent structure.
 *
 * Invariant: `steps` steps of dynamics belong to row rows[n - 1] or lie on the way to the next one; `since`
 * holds the looks at those. The relaxation has a structure and scratch of its own, so that the dynamics has
 * the bits it would have without. */
#include "anneal_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char KIND[] = "slowglass series 1";

struct sg_series {
    const sg_potential *pot;
    sg_series_options opt;
    int64_t interval; /* steps */
    uint64_t start_hash;
    sg_system *start, *inherent;
    int has_inherent;
    sg_md *md;
    sg_potential_work *work;
    watch since;
    sg_series_row *rows;
    size_t capacity;
    int64_t n;
};

sg_series_options sg_series_defaults(void)
{
    sg_series_options opt = {.md = sg_md_defaults(), .interval_ps = 50, .minimize = sg_minimize_defaults()};

    opt.md.timestep_ps = 0.002;
    opt.minimize.max_calls = 20000;
    return opt;
}

sg_status sg_series_describe(const sg_series_options *opt, char *text, size_t size)
{
    static const char *const ensemble[] = {"nve", "nvt-chain", "nvt", "npt", "npt-shear"};
    const sg_md_options *const md = &opt->md;

    const int n = snprintf(text, size,
                           "ensemble=%s temperature_K=%.17g timestep_ps=%.17g damping_ps=%.17g "
                           "pressure_GPa=%.17g pressure_damping_ps=%.17g interval_ps=%.17g "
                           "force_minimum_eV_per_A=%.17g seed=%llu run=%llu",
                           ensemble[md->ensemble], md->temperature_K, md->timestep_ps, md->damping_ps,
                           md->pressure_GPa, md->pressure_damping_ps, opt->interval_ps, opt->minimize.f_max,
                           (unsigned long long)md->seed, (unsigned long long)md->stream);
    return n > 0 && (size_t)n < size ? SG_OK : sg_fail(SG_EINVAL, "settings longer than %zu bytes", size);
}

static sg_status open_series(const sg_potential *pot, const sg_system *start, const sg_series_options *opt,
                             sg_series **out)
{
    sg_series *s = sg_calloc(1, sizeof *s);

    *out = s;
    if (!s) return sg_fail(SG_ENOMEM, "series");
    s->pot = pot;
    s->opt = *opt;
    s->interval = llround(opt->interval_ps / opt->md.timestep_ps);
    if (!(opt->interval_ps > 0) || s->interval < 1)
        return sg_fail(SG_EINVAL, "interval %g ps, need at least the time step, %g ps", opt->interval_ps,
                       opt->md.timestep_ps);
    if (fabs((double)s->interval * opt->md.timestep_ps - opt->interval_ps) > 1e-6 * opt->interval_ps)
        return sg_fail(SG_EINVAL, "interval %g ps is not a whole number of time steps of %g ps",
                       opt->interval_ps, opt->md.timestep_ps);
    sg_status st = sg_system_copy(start, &s->start);
    if (st == SG_OK) st = sg_system_copy(start, &s->inherent);
    if (st == SG_OK) st = sg_potential_work_create(pot, &s->work);
    return st;
}

sg_status sg_series_create(const sg_potential *pot, const sg_system *start, const sg_series_options *opt,
                           sg_series **out)
{
    sg_status st = open_series(pot, start, opt, out);

    if (st == SG_OK) st = sg_md_create(pot, start, &opt->md, &(*out)->md);
    if (st == SG_OK) st = sg_md_draw_velocities((*out)->md, opt->md.temperature_K);
    if (st == SG_OK) return SG_OK;
    sg_series_free(*out);
    *out = NULL;
    return st;
}

void sg_series_free(sg_series *s)
{
    if (!s) return;
    sg_md_free(s->md);
    sg_potential_work_free(s->work);
    sg_system_free(s->start);
    sg_system_free(s->inherent);
    sg_free(s->rows);
    sg_free(s);
}

/* ---- rows ---- */

/* A copy of the present atoms, at rest. */
static sg_status find_inherent(sg_series *s, sg_minimize_result *m)
{
    const sg_system *const now = sg_md_system(s->md);

    s->has_inherent = 0;
    s->inherent->cell = now->cell;
    memcpy(s->inherent->x, now->x, (size_t)now->n * sizeof *now->x);
    sg_potential_work_reset(s->work);
    const sg_status st = sg_minimize(s->pot, s->work, s->inherent, NULL, &s->opt.minimize, m);
    if (st != SG_OK) return st;
    if (m->stop != SG_STOP_CONVERGED)
        return sg_fail(SG_ENUMERIC,
                       "inherent structure at %g ps: largest force %.3g eV/Å after %d force calls, need <= "
                       "%g eV/Å",
                       sg_md_now(s->md).time_ps, m->f_max, m->force_calls, s->opt.minimize.f_max);
    s->has_inherent = 1;
    return SG_OK;
}

static sg_status add_row(sg_series *s)
{
    sg_minimize_result m;
    const sg_md_sample now = sg_md_now(s->md);
    const sg_status st = find_inherent(s, &m);

    if (st != SG_OK) return st;
    if (sg_grow((void **)&s->rows, &s->capacity, (size_t)s->n + 1, sizeof *s->rows))
        return sg_fail(SG_ENOMEM, "%lld rows", (long long)s->n + 1);
    if (s->since.n == 0) watch_add(&s->since, &now);
    const watch mean = watch_mean(&s->since);
    sg_series_row *const r = &s->rows[s->n++];
    *r = (sg_series_row){.time_ps = (double)now.step * s->opt.md.timestep_ps,
                         .energy = m.energy,
                         .temperature_K = mean.temperature,
                         .potential = mean.potential,
                         .pressure_GPa = mean.pressure,
                         .shear_GPa = mean.shear,
                         .volume = mean.volume};
    for (int k = 0; k < 6; k++)
        r->stress_GPa[k] = m.virial[k] / s->inherent->cell.volume * SG_GPA_PER_EV_A3;
    r->pressure_IS_GPa = -(r->stress_GPa[0] + r->stress_GPa[1] + r->stress_GPa[2]) / 3;
    s->since = (watch){0};
    return SG_OK;
}

sg_status sg_series_next(sg_series *s, int64_t max_steps)
{
    const int64_t left = s->n * s->interval - sg_md_now(s->md).step;
    const int64_t steps = left < max_steps ? left : max_steps;
    const sg_status st = steps > 0 ? anneal_run(s->md, steps, &s->since) : SG_OK;

    return st == SG_OK && steps == left ? add_row(s) : st;
}

const sg_series_row *sg_series_rows(const sg_series *s, int64_t *n)
{
    *n = s->n;
    return s->rows;
}

const sg_system *sg_series_inherent(const sg_series *s)
{
    return s->has_inherent ? s->inherent : NULL;
}

const sg_md *sg_series_md(const sg_series *s)
{
    return s->md;
}

/* ---- saving ---- */

enum { SETTINGS = 1024 };

sg_status sg_series_save(const sg_series *s, unsigned char **bytes, size_t *n)
{
    char settings[SETTINGS];
    sg_bytes b = {0};

    *bytes = NULL;
    sg_status st = sg_series_describe(&s->opt, settings, sizeof settings);
    if (st != SG_OK) return st;
    anneal_put_head(&b, KIND, settings, s->start);
    sg_bytes_put(&b, &s->since, sizeof s->since);
    sg_bytes_put_u64(&b, (uint64_t)s->n);
    sg_bytes_put(&b, s->rows, (size_t)s->n * sizeof *s->rows);
    st = anneal_put_md(&b, s->md);
    if (st == SG_OK) return anneal_seal(&b, bytes, n);
    sg_bytes_clear(&b);
    return st;
}

sg_status sg_series_restore(const sg_potential *pot, const sg_system *start, const sg_series_options *opt,
                            const unsigned char *bytes, size_t n, sg_series **out)
{
    char settings[SETTINGS];
    sg_bytes b = {0};
    sg_series *s = NULL;

    *out = NULL;
    sg_status st = sg_series_describe(opt, settings, sizeof settings);
    if (st == SG_OK) st = anneal_get_head(&b, bytes, n, KIND, settings, start);
    if (st == SG_OK) st = open_series(pot, start, opt, &s);
    if (st == SG_OK) {
        sg_bytes_get(&b, &s->since, sizeof s->since);
        const uint64_t n_rows = sg_bytes_get_u64(&b);
        if (b.failed || n_rows > (b.n - b.at) / sizeof *s->rows)
            st = sg_fail(SG_ECORRUPT, "saved state: rows cut short");
        else if (sg_grow((void **)&s->rows, &s->capacity, (size_t)n_rows + 1, sizeof *s->rows))
            st = sg_fail(SG_ENOMEM, "%llu rows", (unsigned long long)n_rows);
        else {
            sg_bytes_get(&b, s->rows, (size_t)n_rows * sizeof *s->rows);
            s->n = (int64_t)n_rows;
        }
    }
    if (st == SG_OK) st = anneal_get_md(&b, pot, start, &s->md);
    sg_bytes_clear(&b);
    if (st == SG_OK)
        *out = s;
    else
        sg_series_free(s);
    return st;
}
