/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Relaxation to a local minimum: what the solvers share, and their order: L-BFGS, then FIRE if that stalls.
 */
#include "minimize_internal.h"

#include <math.h>
#include <string.h>

static sg_status descent_init(sg_descent *p);
static void descent_clear(sg_descent *p);

sg_minimize_options sg_minimize_defaults(void)
{
    return (sg_minimize_options){.f_max = 1e-4, .max_calls = 5000, .max_step = 0.2, .memory = 12};
}

double sg_force_max(const sg_system *sys, const sg_atom_set *free_atoms, const double (*f)[3])
{
    const int n = free_atoms ? free_atoms->n : sys->n;
    double largest = 0.0;

    for (int k = 0; k < n; k++) {
        const int i = free_atoms ? free_atoms->atom[k] : k;
        if (sys->fixed[i]) continue;
        const double f2 = f[i][0] * f[i][0] + f[i][1] * f[i][1] + f[i][2] * f[i][2];
        if (f2 > largest) largest = f2;
    }
    return sqrt(largest);
}

sg_status sg_minimize(const sg_potential *pot, sg_potential_work *work, sg_system *sys,
                      const sg_atom_set *free_atoms, const sg_minimize_options *opt,
                      sg_minimize_result *result)
{
    sg_descent p = {.pot = pot, .work = work, .sys = sys, .free_atoms = free_atoms, .opt = opt};
    sg_stop stop = SG_STOP_STALLED;

    memset(result, 0, sizeof *result);
    if (!(opt->f_max > 0.0) || !(opt->max_step > 0.0) || opt->memory < 1 || opt->max_calls < 1)
        return sg_fail(SG_EINVAL,
                       "minimise: f_max %g eV/Å, max_step %g Å, memory %d, max_calls %d must be above 0",
                       opt->f_max, opt->max_step, opt->memory, opt->max_calls);
    sg_status st = descent_init(&p);
    if (st == SG_OK) st = sg_descent_try(&p, NULL, 0.0);
    if (st != SG_OK) goto done;
    sg_descent_accept(&p, NULL, 0.0);
    if (!sg_descent_over(&p, 0, &stop)) {
        st = sg_minimize_lbfgs(&p, &stop);
        if (st == SG_OK && stop == SG_STOP_STALLED) {
            result->used_fire = 1;
            st = sg_minimize_fire(&p, &stop);
        }
    }
    sg_descent_restore(&p);
    result->stop = stop;
    result->energy = p.energy;
    result->f_max = p.f_max;
    memcpy(result->virial, p.virial, sizeof result->virial);
    result->steps = p.steps;
    result->force_calls = p.calls;
done:
    descent_clear(&p);
    return st;
}

static sg_status descent_init(sg_descent *p)
{
    const int n = p->free_atoms ? p->free_atoms->n : p->sys->n;
    const size_t room = 3 * (size_t)n;

    p->atom = sg_calloc((size_t)n, sizeof *p->atom);
    p->x = sg_calloc(room, sizeof *p->x);
    p->g = sg_calloc(room, sizeof *p->g);
    p->trial = sg_calloc(room, sizeof *p->trial);
    p->f = sg_calloc((size_t)p->sys->n, sizeof *p->f);
    if (!p->atom || !p->x || !p->g || !p->trial || !p->f) return sg_fail(SG_ENOMEM, "minimise %d atoms", n);
    for (int k = 0; k < n; k++) {
        const int i = p->free_atoms ? p->free_atoms->atom[k] : k;
        if (p->sys->fixed[i]) continue;
        memcpy(&p->x[p->n], p->sys->x[i], sizeof p->sys->x[i]);
        p->atom[p->n / 3] = i;
        p->n += 3;
    }
    return SG_OK;
}

static void descent_clear(sg_descent *p)
{
    sg_free(p->atom);
    sg_free(p->x);
    sg_free(p->g);
    sg_free(p->trial);
    sg_free(p->f);
}

sg_status sg_descent_try(sg_descent *p, const double *d, double t)
{
    sg_forces out = {.f = p->f};

    for (int k = 0; k < p->n && d; k++)
        p->sys->x[p->atom[k / 3]][k % 3] = p->x[k] + t * d[k];
    p->calls++;
    const sg_status st = sg_potential_compute(p->pot, p->work, p->sys, p->free_atoms, &out);
    if (st != SG_OK) {
        sg_descent_restore(p);
        return st;
    }
    for (int k = 0; k < p->n; k++)
        p->trial[k] = -p->f[p->atom[k / 3]][k % 3];
    p->trial_energy = out.energy;
    memcpy(p->trial_virial, out.virial, sizeof p->trial_virial);
    return SG_OK;
}

void sg_descent_accept(sg_descent *p, const double *d, double t)
{
    double *const g = p->trial;

    for (int k = 0; k < p->n && d; k++)
        p->x[k] += t * d[k];
    p->trial = p->g;
    p->g = g;
    p->energy = p->trial_energy;
    memcpy(p->virial, p->trial_virial, sizeof p->virial);
    p->f_max = sg_force_max(p->sys, p->free_atoms, (const double(*)[3])p->f);
    if (d) p->steps++;
}

void sg_descent_restore(sg_descent *p)
{
    for (int k = 0; k < p->n; k++)
        p->sys->x[p->atom[k / 3]][k % 3] = p->x[k];
}

double sg_descent_cap(const sg_descent *p, const double *d, double cap)
{
    double largest = 0.0;

    for (int k = 0; k < p->n; k += 3) {
        const double d2 = d[k] * d[k] + d[k + 1] * d[k + 1] + d[k + 2] * d[k + 2];
        if (d2 > largest) largest = d2;
    }
    return largest > cap * cap ? cap / sqrt(largest) : 1.0;
}

int sg_descent_over(sg_descent *p, int after_step, sg_stop *stop)
{
    const sg_minimize_options *const o = p->opt;
    const int ended = after_step && o->monitor && o->monitor(o->monitor_arg, p->sys, p->energy, p->f_max);

    if (p->f_max <= o->f_max)
        *stop = SG_STOP_CONVERGED;
    else if (ended)
        *stop = SG_STOP_MONITOR;
    else if (p->calls >= o->max_calls)
        *stop = SG_STOP_MAX_STEPS;
    else
        return 0;
    return 1;
}

/* Four partial sums: a fixed order, and no chain of additions waiting for one another. */
double sg_descent_dot(int n, const double *a, const double *b)
{
    double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
    int k = 0;

    for (; k + 4 <= n; k += 4) {
        s0 += a[k] * b[k];
        s1 += a[k + 1] * b[k + 1];
        s2 += a[k + 2] * b[k + 2];
        s3 += a[k + 3] * b[k + 3];
    }
    for (; k < n; k++)
        s0 += a[k] * b[k];
    return (s0 + s1) + (s2 + s3);
}
