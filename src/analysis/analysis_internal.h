/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the parts of the comparison of KMC with MD. */
#ifndef SLOWGLASS_ANALYSIS_INTERNAL_H
#define SLOWGLASS_ANALYSIS_INTERNAL_H

#include "slowglass/analysis.h"

/* Means of one group of runs. Of a single run the variance is that of the other group's runs. */
typedef struct two_groups {
    sg_mean md, kmc;
    double var_md, var_kmc, dof_md, dof_kmc; /* of the means */
} two_groups;

/* `value[k]` of series k, whole runs. */
two_groups compare_groups(const sg_series *series, int n, const double *value);

/* Windows of log time, with the means of all series; value[(w * n + s) * SG_QUANTITIES + q], again for the
 * lower clock. */
typedef struct window_values {
    double *now, *low;
} window_values;

sg_status compare_windows(const sg_series *series, int n, const sg_compare_options *opt, sg_comparison *c,
                          window_values *values);

/* Differences and the fall of the energy, from the windows. */
sg_status compare_verdict(const sg_series *series, int n, const sg_compare_options *opt,
                          const window_values *values, sg_comparison *c);

/* Ageing rates against energy. */
sg_status compare_rates(const sg_series *series, int n, const sg_compare_options *opt, sg_comparison *c);

#endif
