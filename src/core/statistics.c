/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quantiles by bisection of distribution functions: incomplete beta and gamma functions by their continued
 * fractions (DLMF 8.17.22, 8.9.2) and series (DLMF 8.7.1), evaluated where each converges fast. */
#include "slowglass/core/statistics.h"

#include <math.h>

enum { MOST_TERMS = 10000, HALVINGS = 100 };
static const double tiny = 1e-300, close_enough = 1e-15;

static double beta_share(double a, double b, double x);
static double gamma_share(double a, double x);

sg_mean sg_mean_of(int n, const double *value)
{
    sg_mean m = {0, NAN, NAN, NAN};
    double sum = 0, square = 0;

    for (int k = 0; k < n; k++)
        if (!isnan(value[k])) sum += value[k], m.n++;
    if (m.n == 0) return m;
    m.mean = sum / m.n;
    for (int k = 0; k < n; k++)
        if (!isnan(value[k])) square += (value[k] - m.mean) * (value[k] - m.mean);
    if (m.n < 2) return m;
    m.spread = sqrt(square / (m.n - 1));
    m.error = m.spread / sqrt(m.n);
    return m;
}

/* P(T > t) for t > 0. */
static double student_tail(double t, double dof)
{
    return 0.5 * beta_share(dof / 2, 0.5, dof / (dof + t * t));
}

double sg_student_quantile(double p, double dof)
{
    double low = 0, high = 1;
    const double tail = p > 0.5 ? 1 - p : p;

    if (!(p > 0 && p < 1 && dof > 0)) return NAN;
    while (student_tail(high, dof) > tail && high < 1e100)
        high *= 2;
    for (int k = 0; k < HALVINGS; k++) {
        const double t = 0.5 * (low + high);
        if (student_tail(t, dof) > tail)
            low = t;
        else
            high = t;
    }
    return p > 0.5 ? high : -high;
}

/* x with I(x; a, b) = p. */
static double beta_quantile(double p, double a, double b)
{
    double low = 0, high = 1;

    for (int k = 0; k < HALVINGS; k++) {
        const double x = 0.5 * (low + high);
        if (beta_share(a, b, x) < p)
            low = x;
        else
            high = x;
    }
    return 0.5 * (low + high);
}

sg_estimate sg_binomial_share(double m, double n, double confidence)
{
    const double tail = 0.5 * (1 - confidence);

    if (!(n > 0)) return (sg_estimate){NAN, 0, 1};
    return (sg_estimate){m / n, m > 0 ? beta_quantile(tail, m, n - m + 1) : 0,
                         m < n ? beta_quantile(1 - tail, m + 1, n - m) : 1};
}

static double gamma_quantile(double p, double a)
{
    double low = 0, high = a + 1;

    while (gamma_share(a, high) < p)
        high *= 2;
    for (int k = 0; k < HALVINGS; k++) {
        const double x = 0.5 * (low + high);
        if (gamma_share(a, x) < p)
            low = x;
        else
            high = x;
    }
    return 0.5 * (low + high);
}

sg_estimate sg_poisson_mean(double n, double confidence)
{
    const double tail = 0.5 * (1 - confidence);

    return (sg_estimate){n, n > 0 ? gamma_quantile(tail, n) : 0, gamma_quantile(1 - tail, n + 1)};
}

double sg_welch_dof(double var_a, double dof_a, double var_b, double dof_b)
{
    const double sum = var_a + var_b;

    if (!(sum > 0)) return dof_a < dof_b ? dof_a : dof_b;
    return sum * sum / (var_a * var_a / dof_a + var_b * var_b / dof_b);
}

typedef struct pair_of_means {
    double a, var_a, dof_a, b, var_b, dof_b, p;
} pair_of_means;

/* Is the ratio r within the limits? */
static int is_possible(const pair_of_means *m, double r)
{
    const double var = m->var_a + r * r * m->var_b;
    const double t = fabs(m->a - r * m->b) / sqrt(var);
    const double dof = sg_welch_dof(m->var_a, m->dof_a, r * r * m->var_b, m->dof_b);

    return student_tail(t, dof) >= 1 - m->p;
}

/* The end of the possible ratios in one direction. */
static double end_of(const pair_of_means *m, double inside, double direction)
{
    double step = 0.25 * fabs(inside) + 1e-3, outside = inside + direction * step;

    while (is_possible(m, outside)) {
        inside = outside;
        step *= 2;
        outside += direction * step;
        if (step > 1e12) return direction * HUGE_VAL;
    }
    for (int k = 0; k < HALVINGS; k++) {
        const double r = 0.5 * (inside + outside);
        if (is_possible(m, r))
            inside = r;
        else
            outside = r;
    }
    return inside;
}

sg_estimate sg_ratio(double a, double var_a, double dof_a, double b, double var_b, double dof_b,
                     double confidence)
{
    const pair_of_means m = {a, var_a, dof_a, b, var_b, dof_b, 0.5 * (1 + confidence)};

    if (!(dof_a > 0 && dof_b > 0) || isnan(a + var_a + b + var_b)) return (sg_estimate){a / b, NAN, NAN};
    if (!(fabs(b) > sg_student_quantile(m.p, dof_b) * sqrt(var_b)))
        return (sg_estimate){a / b, -HUGE_VAL, HUGE_VAL};
    return (sg_estimate){a / b, end_of(&m, a / b, -1), end_of(&m, a / b, 1)};
}

/* ---- distribution functions ---- */

/* One step of Lentz's evaluation: numerator `top`, the value so far in *h. */
static double lentz(double top, double bottom, double *c, double *d)
{
    *d = bottom + top * *d;
    if (fabs(*d) < tiny) *d = tiny;
    *c = bottom + top / *c;
    if (fabs(*c) < tiny) *c = tiny;
    *d = 1 / *d;
    return *c * *d;
}

/* Regularised incomplete beta function I(x; a, b). */
static double beta_share(double a, double b, double x)
{
    double c = 1, d = 0, h = 1;

    if (x <= 0) return 0;
    if (x >= 1) return 1;
    if (x > (a + 1) / (a + b + 2)) return 1 - beta_share(b, a, 1 - x);
    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a;
    for (int k = 1; k < MOST_TERMS; k++) {
        const int m = k / 2;
        const double top = k % 2 == 0 ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                                      : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        const double factor = lentz(top, 1, &c, &d);
        h *= factor;
        if (fabs(factor - 1) < close_enough) break;
    }
    return front / h;
}

/* Regularised lower incomplete gamma function P(a, x). */
static double gamma_share(double a, double x)
{
    if (x <= 0) return 0;
    const double front = exp(a * log(x) - x - lgamma(a));
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (int k = 1; k < MOST_TERMS && term > close_enough * sum; k++) {
            term *= x / (a + k);
            sum += term;
        }
        return front * sum;
    }
    double c = 1 / tiny, d = 1 / (x + 1 - a), h = d;
    for (int k = 1; k < MOST_TERMS; k++) {
        const double factor = lentz(-k * (k - a), x + 2 * k + 1 - a, &c, &d);
        h *= factor;
        if (fabs(factor - 1) < close_enough) break;
    }
    return 1 - front * h;
}
