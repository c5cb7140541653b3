/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in a basin the walk is at a given time, if it has not left it by then, and what the means of numbers
 * over that time are.
 *
 * With all ways out leading to one absorbing state, the basin is a Markov chain whose matrix of probabilities
 * after a short time h is a sum of powers of a matrix without negative entries, P(h) = exp(-qh) sum_k (qh)^k
 * / k! A^k (uniformisation), and P(2h) = P(h) P(h). Nothing is subtracted, and each row is made to sum to 1
 * again after each product: slow rates keep their digits however often fast ones have been squared.
 *
 * The mean of a number v over the time, on all ways from i to j, comes with it: with V the diagonal matrix of
 * the numbers,
 *
 *     M(h) = 1/h integral over u from 0 to h of P(u) V P(h - u) = exp(-qh) sum_k (qh)^k / (k + 1)! D_k,
 *     D_0 = V,  D_(k+1) = D_k A + A^(k+1) V,  and  M(2h) = (P(h) M(h) + M(h) P(h)) / 2.
 *
 * Source: Jensen, Skand. Aktuar. Tidskr. 36, 87 (1953); Moler & Van Loan, SIAM Rev. 45, 3 (2003), scaling and
 * squaring; the integral is the derivative of exp(h (Q + x V)) by x at x = 0. */
#include "slowglass/core/memory.h"
#include "slowglass/kmc/core.h"

#include <math.h>
#include <string.h>

static const double short_time = 1.0 / 16; /* in units of the fastest state's life: 12 terms reach 1e-17 */
enum { N_TERMS = 12 };

typedef struct chain { /* n states, the last one absorbing; matrices [n][n] */
    int n, n_values;
    double *a, *p, *power, *spare; /* a: of single hops; p: over the time so far; the others: scratch */
    double **mean;                 /* [n_values] M over the time so far */
    double *block;                 /* the memory of all */
} chain;

static size_t size_of(const chain *c)
{
    return (size_t)c->n * (size_t)c->n;
}

static sg_status chain_create(int n_transient, int n_values, chain *c)
{
    *c = (chain){.n = n_transient + 1, .n_values = n_values};
    const size_t size = size_of(c);
    c->block = sg_calloc((4 + (size_t)n_values) * size, sizeof *c->block);
    c->mean = sg_calloc((size_t)n_values + 1, sizeof *c->mean);
    if (!c->block || !c->mean) return sg_fail(SG_ENOMEM, "basin of %d states", n_transient);
    c->a = c->block;
    c->p = c->a + size;
    c->power = c->p + size;
    c->spare = c->power + size;
    for (int v = 0; v < n_values; v++)
        c->mean[v] = c->spare + (size_t)(v + 1) * size;
    return SG_OK;
}

static void chain_clear(chain *c)
{
    sg_free(c->block);
    sg_free(c->mean);
}

static void swap(double **a, double **b)
{
    double *const t = *a;
    *a = *b;
    *b = t;
}

/* out += a b */
static void add_product(int n, const double *a, const double *b, double *out)
{
    for (int i = 0; i < n; i++) {
        double *const row = out + (size_t)i * (size_t)n;
        for (int k = 0; k < n; k++) {
            const double f = a[(size_t)i * (size_t)n + (size_t)k];
            const double *const other = b + (size_t)k * (size_t)n;
            for (int j = 0; f != 0 && j < n; j++)
                row[j] += f * other[j];
        }
    }
}

/* out = a b of two matrices of probabilities: rows sum to 1. */
static void multiply(int n, const double *a, const double *b, double *out)
{
    memset(out, 0, (size_t)n * (size_t)n * sizeof *out);
    add_product(n, a, b, out);
    for (int i = 0; i < n; i++) {
        double *const row = out + (size_t)i * (size_t)n;
        double sum = 0;
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

/* D_(k+1) out of D_k: from the right by A, and A^(k+1) V added. */
static void next_term(chain *c, const double *value, double *term)
{
    const int n = c->n;

    memset(c->spare, 0, size_of(c) * sizeof *c->spare);
    add_product(n, term, c->a, c->spare);
    for (int i = 0; i < n; i++)
        for (int j = 0; j + 1 < n; j++)
            c->spare[(size_t)i * (size_t)n + (size_t)j] +=
                c->power[(size_t)i * (size_t)n + (size_t)j] * value[j];
    memcpy(term, c->spare, size_of(c) * sizeof *term);
}

/* Diagonal matrix of the numbers, 0 for the absorbing state; of ones where there are none. */
static void set_diagonal(int n, const double *value, double *m)
{
    memset(m, 0, (size_t)n * (size_t)n * sizeof *m);
    for (int i = 0; i < n; i++)
        m[(size_t)i * (size_t)(n + 1)] = value ? (i + 1 < n ? value[i] : 0) : 1;
}

/* P and M over a time that is x in units of the fastest state's life. term: [n_values][n][n] scratch. */
static void short_step(chain *c, double x, const double *const *value, double *term)
{
    const size_t size = size_of(c);
    double weight = exp(-x);

    set_diagonal(c->n, NULL, c->power);
    for (int v = 0; v < c->n_values; v++)
        set_diagonal(c->n, value[v], term + (size_t)v * size);
    for (int k = 0; k <= N_TERMS; k++) {
        for (size_t i = 0; i < size; i++)
            c->p[i] += weight * c->power[i];
        for (int v = 0; v < c->n_values; v++)
            for (size_t i = 0; i < size; i++)
                c->mean[v][i] += weight / (k + 1) * term[(size_t)v * size + i];
        multiply(c->n, c->power, c->a, c->spare);
        swap(&c->power, &c->spare);
        for (int v = 0; v < c->n_values; v++)
            next_term(c, value[v], term + (size_t)v * size);
        weight *= x / (k + 1);
    }
}

/* P and M over twice the time; M first, while P is that of the half. */
static void double_time(chain *c)
{
    const size_t size = size_of(c);

    for (int v = 0; v < c->n_values; v++) {
        memset(c->spare, 0, size * sizeof *c->spare);
        add_product(c->n, c->p, c->mean[v], c->spare);
        add_product(c->n, c->mean[v], c->p, c->spare);
        for (size_t i = 0; i < size; i++)
            c->mean[v][i] = c->spare[i] / 2;
    }
    multiply(c->n, c->p, c->p, c->spare);
    swap(&c->p, &c->spare);
}

static sg_status run_chain(chain *c, double periods, const double *const *value)
{
    int doublings = 0;
    double *const term = sg_calloc(((size_t)c->n_values + 1) * size_of(c), sizeof *term);

    if (!term) return sg_fail(SG_ENOMEM, "basin of %d states", c->n - 1);
    while (ldexp(periods, -doublings) > short_time)
        doublings++;
    short_step(c, ldexp(periods, -doublings), value, term);
    for (int k = 0; k < doublings; k++)
        double_time(c);
    sg_free(term);
    return SG_OK;
}

sg_status sg_basin_until(int n_transient, int n_edges, const sg_basin_edge *edges, int start, double time,
                         int n_values, const double *const *value, double *probability, double *mean)
{
    chain c;
    double inside = 0;
    sg_status st = chain_create(n_transient, n_values, &c);

    if (st == SG_OK) {
        const double fastest = uniformised(n_transient, n_edges, edges, c.a);
        st = run_chain(&c, fastest * time, value);
    }
    const size_t row = (size_t)start * (size_t)c.n;
    for (int j = 0; st == SG_OK && j < n_transient; j++)
        inside += c.p[row + (size_t)j];
    if (st == SG_OK && !(inside > 0))
        st = sg_fail(SG_ENUMERIC, "a basin is left long before %g, the time it was asked about", time);
    for (int j = 0; st == SG_OK && j < n_transient; j++)
        probability[j] = c.p[row + (size_t)j] / inside;
    for (int v = 0; st == SG_OK && v < n_values; v++) {
        mean[v] = 0;
        for (int j = 0; j < n_transient; j++)
            mean[v] += c.mean[v][row + (size_t)j] / inside;
    }
    chain_clear(&c);
    return st;
}

sg_status sg_basin_state_at(int n_transient, int n_edges, const sg_basin_edge *edges, int start, double time,
                            double *probability)
{
    return sg_basin_until(n_transient, n_edges, edges, start, time, 0, NULL, probability, NULL);
}
