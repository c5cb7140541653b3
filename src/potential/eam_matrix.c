/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Hessian of the free atoms, assembled from what the pairs contribute to products (eam_vector.h). With
 * w = v_b - v_a for each pair a, b at the distance d, the second-order energy is
 *
 *     sum_pairs (K (d.w)^2 + G w.w) / 2  +  sum_h F_h'' (g_h.v)^2 / 2,    g_h.v = sum_pairs of h A_h (d.w):
 *
 * blocks K dd + G from pairs, and one outer product of the gradient of its density for each atom, frozen ones
 * within reach among them. A gradient is kept as its entries by free atoms. */
#include "eam.h"

#include <string.h>

static const double COST_BLOCK = 2.0; /* of a pair of a full call (measured, AVX-512, 500 atoms) */

typedef struct gradient_entry { /* d rho_h / d x_k */
    int atom;                   /* k, number among the free atoms */
    double g[3];                /* 1/Å */
} gradient_entry;

typedef struct assembly {
    size_t m;        /* 3 times the free atoms */
    double *h;       /* [m][m]; filled where the row is not before the column */
    int *number;     /* [n_atoms of the list] among the free atoms, -1: frozen */
    int64_t *first;  /* [n_atoms + 1] into entry, by host */
    int64_t *filled; /* [n_atoms] */
    gradient_entry *entry;
    double (*own)[3]; /* [n_atoms] the host's own entry */
    double blocks;    /* updated, for the account */
} assembly;

static void assembly_clear(assembly *s)
{
    sg_free(s->number);
    sg_free(s->first);
    sg_free(s->filled);
    sg_free(s->entry);
    sg_free(s->own);
}

/* Block (a, b) += c * (u v^T), where a >= b; also within the diagonal blocks all nine. */
static inline void add_outer(assembly *s, int a, int b, double c, const double u[3], const double v[3])
{
    double *const at = s->h + 3 * (size_t)a * s->m + 3 * (size_t)b;

    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++)
            at[i * s->m + j] += c * u[i] * v[j];
}

static inline void add_unit(assembly *s, int a, int b, double c)
{
    double *const at = s->h + 3 * (size_t)a * s->m + 3 * (size_t)b;

    for (size_t i = 0; i < 3; i++)
        at[i * s->m + i] += c;
}

static void add_pair(assembly *s, int a, int b, const double d[3], double k, double g)
{
    if (a >= 0) {
        add_outer(s, a, a, k, d, d);
        add_unit(s, a, a, g);
    }
    if (b >= 0) {
        add_outer(s, b, b, k, d, d);
        add_unit(s, b, b, g);
    }
    if (a < 0 || b < 0) return;
    add_outer(s, a > b ? a : b, a > b ? b : a, -k, d, d);
    add_unit(s, a > b ? a : b, a > b ? b : a, -g);
}

/* Of the density at `host`, moved by `mover` along d. */
static void add_gradient(assembly *s, int host, int mover, double c, const double d[3])
{
    if (s->number[mover] < 0) return;
    gradient_entry *const e = &s->entry[s->filled[host]++];
    e->atom = s->number[mover];
    for (int a = 0; a < 3; a++)
        e->g[a] = c * d[a];
}

/* Both members of the pair near[at], atom p and the owner of the other place. */
static void take_pair(assembly *s, const sg_halo *list, const sg_eam_task *task, int p, int64_t at)
{
    const int q = list->owner[(task->near[at] >> SG_HALO_TYPE_BITS)];
    const float *const of = coefficients_at(task, at);
    const double d[3] = {(double)of[OF_DX], (double)of[OF_DY], (double)of[OF_DZ]};
    const double at_p = (double)of[OF_A], at_q = (double)of[OF_B];

    if (p == q) return; /* an atom and its own image */
    add_pair(s, s->number[p], s->number[q], d, (double)of[OF_K], (double)of[OF_G]);
    add_gradient(s, p, q, at_p, d);
    add_gradient(s, q, p, -at_q, d);
    for (int a = 0; a < 3; a++) {
        s->own[p][a] -= at_p * d[a];
        s->own[q][a] += at_q * d[a];
    }
}

/* Entries of a host by their atoms, one for each (of an atom that is there by several images their sum).
 * Returns how many. */
static int64_t tidy_entries(gradient_entry *e, int64_t n)
{
    int64_t kept = 0;

    for (int64_t i = 1; i < n; i++) {
        const gradient_entry moving = e[i];
        int64_t k = i;
        for (; k > 0 && e[k - 1].atom > moving.atom; k--)
            e[k] = e[k - 1];
        e[k] = moving;
    }
    for (int64_t i = 0; i < n; i++) {
        if (kept == 0 || e[kept - 1].atom != e[i].atom) {
            e[kept++] = e[i];
            continue;
        }
        for (int a = 0; a < 3; a++)
            e[kept - 1].g[a] += e[i].g[a];
    }
    return kept;
}

static void add_host(assembly *s, int host, double curvature)
{
    gradient_entry *const e = s->entry + s->first[host];
    const int64_t n = tidy_entries(e, s->filled[host] - s->first[host]);

    for (int64_t i = 0; i < n; i++) {
        double *const row = s->h + 3 * (size_t)e[i].atom * s->m;
        const double x = curvature * e[i].g[0], y = curvature * e[i].g[1], z = curvature * e[i].g[2];
        for (int64_t j = 0; j <= i; j++) {
            double *const at = row + 3 * (size_t)e[j].atom;
            for (size_t a = 0; a < 3; a++) {
                at[a] += x * e[j].g[a];
                at[s->m + a] += y * e[j].g[a];
                at[2 * s->m + a] += z * e[j].g[a];
            }
        }
    }
    s->blocks += (double)(n * (n + 1) / 2);
}

/* Room for the gradients: one entry per pair and member, one for the host itself. */
static sg_status begin(assembly *s, const sg_halo *list, const sg_eam_task *task, const sg_atom_set *set,
                       double *h)
{
    const size_t n = (size_t)list->n_atoms;

    *s = (assembly){.m = 3 * (size_t)list->n_rows, .h = h};
    memset(h, 0, s->m * s->m * sizeof *h);
    s->number = sg_calloc(n, sizeof *s->number);
    s->first = sg_calloc(n + 1, sizeof *s->first);
    s->filled = sg_calloc(n, sizeof *s->filled);
    s->own = sg_calloc(n, sizeof *s->own);
    int *const rank = sg_calloc((size_t)list->n_system, sizeof *rank);
    if (!s->number || !s->first || !s->filled || !s->own || !rank) {
        sg_free(rank);
        return sg_fail(SG_ENOMEM, "Hessian of %d atoms", list->n_rows);
    }
    for (int k = 0; k < list->n_rows; k++)
        rank[set ? set->atom[k] : k] = k;
    for (int p = 0; p < list->n_atoms; p++)
        s->number[p] = p < list->n_rows ? rank[list->atom[p]] : -1;
    sg_free(rank);
    for (int p = 0; p < list->n_rows; p++)
        for (int k = 0; k < task->near_count[p]; k++) {
            s->first[p + 1]++;
            s->first[list->owner[(task->near[task->near_first[p] + k] >> SG_HALO_TYPE_BITS)] + 1]++;
        }
    for (size_t p = 0; p < n; p++) {
        s->first[p + 1] += s->first[p] + 1;
        s->filled[p] = s->first[p];
    }
    s->entry = sg_calloc((size_t)s->first[n], sizeof *s->entry);
    return s->entry ? SG_OK : sg_fail(SG_ENOMEM, "Hessian of %d atoms", list->n_rows);
}

sg_status sg_eam_fast_matrix(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                             const sg_atom_set *set, double *h)
{
    sg_eam_task task;
    assembly s = {0};
    sg_status st = sg_eam_fast_prepare(e, work, sys, set, &task);

    if (st != SG_OK) return st;
    const sg_halo *const list = work->fast.point;
    if ((st = begin(&s, list, &task, set, h)) != SG_OK) goto done;
    for (int p = 0; p < list->n_rows; p++)
        for (int k = 0; k < task.near_count[p]; k++)
            take_pair(&s, list, &task, p, task.near_first[p] + k);
    for (int p = 0; p < list->n_atoms; p++) {
        if (s.number[p] >= 0) add_gradient(&s, p, p, 1.0, s.own[p]);
        add_host(&s, p, task.curvature[p]);
    }
    for (size_t i = 0; i < s.m; i++)
        for (size_t j = 0; j < i; j++)
            h[j * s.m + i] = h[i * s.m + j];
    work->last_equivalents += COST_BLOCK * s.blocks / (double)(set ? work->base.full_pairs : list->n_pairs);
done:
    assembly_clear(&s);
    return st;
}
