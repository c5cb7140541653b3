/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in a basin the walk is at a given time, if it has not left it by then.
 *
 * With all ways out leading to one absorbing state, the basin is a Markov chain whose matrix of probabilities
 * after a short time h is a sum of powers of a matrix without negative entries, P(h) = exp(-qh) sum_k (qh)^k
 * / k! A^k (uniformisation), and P(2h) = P(h) P(h). Nothing is subtracted, and each row is made to sum to 1
 * again after each product: slow rates keep their digits however often fast ones have been squared. Source:
 * Jensen, Skand. Aktuar. Tidskr. 36, 87 (1953); Moler & Van Loan, SIAM Rev. 45, 3 (2003), scaling and
 * squaring. */
#include "slowglass/core/memory.h"
#include "slowglass/kmc/core.h"

#include <math.h>
#include <string.h>

static const double short_time = 1.0 / 16; /* in units of the fastest state's life: 12 terms reach 1e-17 */
enum { N_TERMS = 12 };

/* out = a b, rows summing to 1. */
static void multiply(int n, const double *a, const double *b, double *out)
{
    memset(out, 0, (size_t)n * (size_t)n * sizeof *out);
    for (int i = 0; i < n; i++) {
        double *const row = out + (size_t)i * (size_t)n;
        double sum = 0;
        for (int k = 0; k < n; k++) {
            const double f = a[(size_t)i * (size_t)n + (size_t)k];
            const double *const other = b + (size_t)k * (size_t)n;
            for (int j = 0; f > 0 && j < n; j++)
                row[j] += f * other[j];
        }
        for (int j = 0; j < n; j++)
            sum += row[j];
        for (int j = 0; j < n; j++)
            row[j] /= sum;
    }
}

/* The chain of single hops and stays of the fastest state's mean life each. @return that state's rate */
static double uniformised(int n_transient, int n_edges, const sg_basin_edge *edge, double *a)
{
    const size_t n = (size_t)n_transient + 1;
    double fastest = 0;

    memset(a, 0, n * n * sizeof *a);
    for (int e = 0; e < n_edges; e++) {
        const size_t to = edge[e].to < n_transient ? (size_t)edge[e].to : n - 1;
        if ((int)to != edge[e].from) a[(size_t)edge[e].from * n + to] += edge[e].rate;
    }
    for (size_t i = 0; i + 1 < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++)
            sum += a[i * n + j];
        a[i * n + i] = -sum; /* for now */
        fastest = fmax(fastest, sum);
    }
    for (size_t i = 0; i + 1 < n && fastest > 0; i++)
        for (size_t j = 0; j < n; j++)
            a[i * n + j] = i == j ? (fastest + a[i * n + i]) / fastest : a[i * n + j] / fastest;
    for (size_t i = 0; i < n && !(fastest > 0); i++)
        a[i * n + i] = 1;
    a[n * n - 1] = 1;
    return fastest;
}

/* p = exp(-x) sum_k x^k / k! a^k; `power` and `next` are scratch. */
static void short_step(int n, double x, const double *a, double *power, double *next, double *p)
{
    const size_t size = (size_t)n * (size_t)n;
    double weight = exp(-x), *now = power, *then = next;

    for (size_t i = 0; i < size; i++) {
        now[i] = i % (size_t)(n + 1) == 0;
        p[i] = weight * now[i];
    }
    for (int k = 1; k <= N_TERMS; k++) {
        double *const last = now;
        multiply(n, last, a, then);
        now = then;
        then = last;
        weight *= x / k;
        for (size_t i = 0; i < size; i++)
            p[i] += weight * now[i];
    }
}

sg_status sg_basin_state_at(int n_transient, int n_edges, const sg_basin_edge *edges, int start, double time,
                            double *probability)
{
    const int n = n_transient + 1;
    const size_t size = (size_t)n * (size_t)n;
    double *const a = sg_calloc(4 * size, sizeof *a), *p = a + size, *q = p + size, inside = 0;
    int doublings = 0;

    if (!a) return sg_fail(SG_ENOMEM, "basin of %d states", n_transient);
    const double fastest = uniformised(n_transient, n_edges, edges, a);
    while (ldexp(fastest * time, -doublings) > short_time)
        doublings++;
    short_step(n, ldexp(fastest * time, -doublings), a, q, q + size, p);
    for (int k = 0; k < doublings; k++) {
        double *const other = q;
        multiply(n, p, p, other);
        q = p;
        p = other;
    }
    const double *const row = p + (size_t)start * (size_t)n;
    for (int j = 0; j < n_transient; j++)
        inside += row[j];
    for (int j = 0; j < n_transient && inside > 0; j++)
        probability[j] = row[j] / inside;
    sg_free(a);
    return inside > 0
               ? SG_OK
               : sg_fail(SG_ENUMERIC, "a basin is left long before %g, the time it was asked about", time);
}
