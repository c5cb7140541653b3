/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Means over runs. */
#include "slowglass/anneal.h"

#include <math.h>

static double standard_error(double sum_of_squares, int n)
{
    return n > 1 ? sqrt(sum_of_squares / (n - 1) / n) : NAN;
}

sg_series_mean sg_series_mean_of(int n_runs, const sg_series *const runs[], int64_t row)
{
    sg_series_mean m = {.time_ps = NAN};
    double energy2 = 0, shear2 = 0;

    /* Welford's update: exact for series that differ in the last digits of large energies */
    for (int k = 0; k < n_runs; k++) {
        int64_t n_rows = 0;
        const sg_series_row *const rows = runs[k] ? sg_series_rows(runs[k], &n_rows) : NULL;
        if (row >= n_rows) continue;
        const sg_series_row *const r = &rows[row];
        m.time_ps = r->time_ps;
        m.n++;
        const double de = r->energy - m.energy, ds = r->stress_GPa[3] - m.shear_GPa;
        m.energy += de / m.n;
        m.shear_GPa += ds / m.n;
        energy2 += de * (r->energy - m.energy);
        shear2 += ds * (r->stress_GPa[3] - m.shear_GPa);
        m.temperature_K += (r->temperature_K - m.temperature_K) / m.n;
        m.pressure_GPa += (r->pressure_GPa - m.pressure_GPa) / m.n;
    }
    m.energy_se = standard_error(energy2, m.n);
    m.shear_se_GPa = standard_error(shear2, m.n);
    return m;
}
