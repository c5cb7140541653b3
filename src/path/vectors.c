/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packed configurations: their algebra, the energy on them, and which of them are the same minimum. */
#include "path_internal.h"

#include <math.h>
#include <string.h>

typedef const double (*positions)[3];

/* Four partial sums: a fixed order, and no chain of additions waiting for one another. */
double path_dot(size_t m, const double *a, const double *b)
{
    double s[4] = {0, 0, 0, 0};
    size_t k = 0;

    for (; k + 4 <= m; k += 4)
        for (size_t q = 0; q < 4; q++)
            s[q] += a[k + q] * b[k + q];
    for (; k < m; k++)
        s[0] += a[k] * b[k];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

double path_distance(size_t m, const double *a, const double *b)
{
    double sum = 0;

    for (size_t k = 0; k < m; k++)
        sum += (b[k] - a[k]) * (b[k] - a[k]);
    return sqrt(sum);
}

double path_largest_atom(size_t m, const double *v)
{
    double largest = 0;

    for (size_t k = 0; k < m; k += 3)
        largest = fmax(largest, v[k] * v[k] + v[k + 1] * v[k + 1] + v[k + 2] * v[k + 2]);
    return sqrt(largest);
}

sg_status path_row_add(path_row *row, const double *x)
{
    if (sg_grow((void **)&row->x, &row->capacity, (size_t)(row->n + 1) * row->m, sizeof *row->x))
        return sg_fail(SG_ENOMEM, "path of %d images", row->n + 1);
    memcpy(path_image(row, row->n++), x, row->m * sizeof *x);
    return SG_OK;
}

void path_row_clear(path_row *row)
{
    sg_free(row->x);
    *row = (path_row){.m = row->m};
}

sg_status path_force(const sg_potential *pot, sg_potential_work *work, const sg_system *like, const double *x,
                     double *energy, double *f)
{
    sg_system sys = *like; /* its own positions are not looked at */
    sg_forces out = {.f = (double(*)[3])f};

    sys.x = (double(*)[3])x; /* read only */
    const sg_status st = sg_potential_compute(pot, work, &sys, NULL, &out);
    if (st != SG_OK) return st;
    *energy = out.energy;
    for (int i = 0; i < sys.n && sys.n_fixed > 0; i++)
        if (sys.fixed[i]) memset(out.f[i], 0, sizeof *out.f);
    sg_system_project(&sys, (positions)sys.x, out.f);
    return SG_OK;
}

sg_status path_relax(const sg_potential *pot, const sg_system *like, const sg_path_options *opt, double *x,
                     double *energy, int64_t *calls)
{
    sg_minimize_options rule = sg_minimize_defaults();
    sg_potential_work *work = NULL;
    sg_minimize_result end;
    sg_system sys = *like;
    sg_status st = sg_potential_work_create(pot, &work);

    if (st != SG_OK) return st;
    sg_potential_work_set_stop(work, opt->stop, opt->stop_arg);
    rule.f_max = opt->f_minimum;
    sys.x = (double(*)[3])x;
    st = sg_minimize(pot, work, &sys, NULL, &rule, &end);
    sg_potential_work_free(work);
    if (st != SG_OK) return st;
    *calls += end.force_calls;
    *energy = end.energy;
    if (end.stop == SG_STOP_CONVERGED) return SG_OK;
    return sg_fail(
        SG_ENUMERIC,
        "a minimum at the end of a path does not converge: largest force %.3g eV/Å after %d calls, "
        "need <= %g eV/Å",
        end.f_max, end.force_calls, opt->f_minimum);
}

void path_align(const sg_system *like, const double *a, double *b)
{
    double(*const d)[3] = (double(*)[3])b;

    sg_system_displacement(like, (positions)a, (positions)b, d, NULL);
    for (size_t k = 0; k < 3 * (size_t)like->n; k++)
        b[k] += a[k];
}

int path_same(const sg_system *like, const sg_path_options *opt, const double *a, double e_a, const double *b,
              double e_b)
{
    return fabs(e_a - e_b) < opt->identity_energy &&
           sg_system_displacement(like, (positions)a, (positions)b, NULL, NULL) < opt->identity_distance;
}
