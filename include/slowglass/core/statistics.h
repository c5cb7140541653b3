/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intervals for few numbers: Student's t, binomial shares, Poisson counts, ratios of two means. */
#ifndef SLOWGLASS_CORE_STATISTICS_H
#define SLOWGLASS_CORE_STATISTICS_H

typedef struct sg_estimate { /* a number with its interval; NaN: not known, infinite: no limit */
    double value, low, high;
} sg_estimate;

typedef struct sg_mean { /* of independent numbers */
    int n;
    double mean, spread, error; /* standard deviation (n - 1), standard error; NaN below two numbers */
} sg_mean;

/** Mean, standard deviation and standard error; NaN among the values are left out. Two passes. */
sg_mean sg_mean_of(int n, const double *value);

/** t with P(T <= t) = p for Student's distribution; dof > 0 need not be whole. 0 < p < 1. Threads: any. */
double sg_student_quantile(double p, double dof);

/** Share m / n with the interval of Clopper and Pearson, Biometrika 26, 404 (1934): covers the truth at least
 * as often as `confidence` says. n = 0: value NaN, 0 to 1. */
sg_estimate sg_binomial_share(double m, double n, double confidence);

/** Mean of a Poisson variable of which `n` was counted, with its exact interval (Garwood, Biometrika 28, 437
 * (1936)). Divided by the time looked at it is the rate of a process whose exits were counted. */
sg_estimate sg_poisson_mean(double n, double confidence);

/** a / b of two independent estimates with their variances and degrees of freedom: Fieller's interval, the
 * ratios r for which a - r b is within Student's t (Welch's degrees of freedom) of zero. No limit on the side
 * where the denominator may be zero. A degree of freedom that is not positive: the interval is NaN.
 * Source: Fieller, J. R. Stat. Soc. B 16, 175 (1954); Welch, Biometrika 34, 28 (1947). */
sg_estimate sg_ratio(double a, double var_a, double dof_a, double b, double var_b, double dof_b,
                     double confidence);

/** Welch's degrees of freedom of a sum of two variances. */
double sg_welch_dof(double var_a, double dof_a, double var_b, double dof_b);

#endif
