/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Potentials that are a sum over pairs: everything but the formula.
 *
 * A backend gives the constants of a pair of types and a formula, u(r) and u'(r)/r at squared distance r2;
 * creation, fingerprint and the passes are here. The passes are inline and take the formula as an argument,
 * so that each backend compiles to a loop of its own. One pass over a half list in the order of its rows. */
#ifndef SLOWGLASS_PAIRWISE_H
#define SLOWGLASS_PAIRWISE_H

#include <string.h>

#include "potential_internal.h"

enum { PAIRWISE_NUMBERS_MAX = 4 };

typedef struct pairwise_pair {
    double number[PAIRWISE_NUMBERS_MAX]; /* as given */
    double r2_max;                       /* Å^2 */
    double shift;                        /* eV, subtracted */
    union {
        struct {
            double c12, c6; /* 4 eps sigma^12, 4 eps sigma^6 */
            double slope;   /* phi'(r_c) */
        } lj;
        struct {
            double depth, alpha, r0; /* eV, 1/Å, Å */
        } morse;
    };
} pairwise_pair;

typedef struct pairwise {
    sg_potential base;
    pairwise_pair pair[SG_MAX_SPECIES][SG_MAX_SPECIES];
} pairwise;

/* u(r); *g = u'(r)/r */
typedef double (*pairwise_formula)(const pairwise_pair *p, double r2, double *g);

/* Constants from p->number; elements a and b for the error text. */
typedef sg_status (*pairwise_fill)(pairwise_pair *p, const char *a, const char *b);

/* A potential from n_numbers per pair of types 00, 01, .., 11, 12, .., the last of them the cutoff in Å. */
sg_status pairwise_create(const sg_potential_ops *ops, int n_elements, const char *const elements[],
                          int n_numbers, const double *numbers, pairwise_fill fill, sg_potential **out);
void pairwise_free(sg_potential *self);

/* Energy of all pairs of the view; forces and virial on the way. */
static inline double pairwise_force_pass(const pairwise *p, const sg_view *v, pairwise_formula formula,
                                         sg_pair_record *row, double (*f)[3], double virial[6])
{
    const double r2_max = p->base.cutoff * p->base.cutoff;
    double energy = 0.0;

    memset(virial, 0, 6 * sizeof *virial);
    for (int i = 0; i < v->n; i++) {
        const pairwise_pair *const of = p->pair[v->type[i]];
        const size_t n = sg_view_row(v, i, r2_max, row);
        double row_energy = 0.0, fi[3] = {0.0, 0.0, 0.0};
        for (size_t k = 0; k < n; k++) {
            const double *const d = row[k].d;
            const pairwise_pair *const q = &of[v->type[row[k].j]];
            double g, *const fj = f[row[k].j];
            if (row[k].w >= q->r2_max) continue;
            row_energy += formula(q, row[k].w, &g);
            for (int a = 0; a < 3; a++) {
                fi[a] += g * d[a];
                fj[a] -= g * d[a];
                virial[a] += g * d[a] * d[a];
            }
            virial[3] += g * d[0] * d[1];
            virial[4] += g * d[0] * d[2];
            virial[5] += g * d[1] * d[2];
        }
        for (int a = 0; a < 3; a++)
            f[i][a] += fi[a];
        energy += row_energy;
    }
    return energy;
}

/* Energy of the pairs among frozen atoms. */
static inline sg_status pairwise_base(const pairwise *p, pairwise_formula formula, sg_potential_work *work,
                                      const sg_system *sys, const sg_atom_set *set)
{
    const double r2_max = p->base.cutoff * p->base.cutoff;
    sg_view v;
    sg_status st = sg_work_full_view(work, sys, &v);

    if (st == SG_OK) st = sg_work_base_begin(work, sys);
    if (st == SG_OK) st = sg_work_scratch(work, &v);
    if (st != SG_OK) return st;
    for (int i = 0; i < v.n; i++) {
        double energy = 0.0, g;
        if (set->member[i]) continue;
        const size_t n = sg_view_row(&v, i, r2_max, work->record);
        for (size_t k = 0; k < n; k++) {
            const sg_pair_record *const r = &work->record[k];
            const pairwise_pair *const q = &p->pair[v.type[i]][v.type[r->j]];
            if (!set->member[r->j] && r->w < q->r2_max) energy += formula(q, r->w, &g);
        }
        work->base.pair_energy += energy;
    }
    sg_work_base_end(work, sys, set);
    return SG_OK;
}

/* The `compute` of a backend. */
static inline sg_status pairwise_compute(const sg_potential *self, pairwise_formula formula,
                                         sg_potential_work *work, const sg_system *sys,
                                         const sg_atom_set *free_atoms, sg_forces *out)
{
    const pairwise *const p = (const pairwise *)self;
    sg_view v;
    sg_status st;

    if (free_atoms && sg_work_needs_base(work, sys, free_atoms) &&
        (st = pairwise_base(p, formula, work, sys, free_atoms)) != SG_OK)
        return st;
    st = free_atoms ? sg_work_part_view(work, sys, free_atoms, &v) : sg_work_full_view(work, sys, &v);
    if (st == SG_OK) st = sg_work_scratch(work, &v);
    if (st != SG_OK) return st;
    out->energy = free_atoms ? sg_work_base_energy(work) : 0.0;
    out->energy += pairwise_force_pass(p, &v, formula, work->record, work->f, out->virial);
    sg_work_scatter(work, &v, free_atoms, sys->n, out->f);
    return SG_OK;
}

#endif
