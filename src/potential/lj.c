/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lennard-Jones with energy and force brought to zero at the cutoff by a linear term.
 *
 *     u(r) = phi(r) - phi(r_c) - (r - r_c) phi'(r_c),   phi(r) = 4 eps [(sigma/r)^12 - (sigma/r)^6],   r <
 * r_c
 *
 * One pass over a half list in the order of its rows. */
#include "potential_internal.h"

#include <math.h>
#include <string.h>

typedef struct lj_pair {
    double eps, sigma, cutoff; /* eV, Å, Å */
    double r2_max;             /* Å^2 */
    double c12, c6;            /* 4 eps sigma^12, 4 eps sigma^6 */
    double shift, slope;       /* phi(r_c) - r_c phi'(r_c), phi'(r_c) */
} lj_pair;

typedef struct lj {
    sg_potential base;
    lj_pair pair[SG_MAX_SPECIES][SG_MAX_SPECIES];
} lj;

static sg_status lj_compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                            const sg_atom_set *free_atoms, sg_forces *out);
static void lj_free(sg_potential *self);
static sg_status fill_pair(lj_pair *p, const double numbers[3], const char *a, const char *b);
static uint64_t fingerprint(const lj *p);
static sg_status compute_base(const lj *p, sg_potential_work *work, const sg_system *sys,
                              const sg_atom_set *set);

static const sg_potential_ops ops = {"lj", lj_compute, lj_free};

sg_status sg_potential_create_lj(int n_elements, const char *const elements[], const double (*pair)[3],
                                 sg_potential **out)
{
    sg_status st = SG_OK;
    lj *p = NULL;

    *out = NULL;
    p = sg_calloc(1, sizeof *p);
    if (!p) {
        st = sg_fail(SG_ENOMEM, "potential lj");
        goto done;
    }
    p->base.ops = &ops;
    if ((st = sg_species_init(&p->base.species, n_elements, elements)) != SG_OK) goto done;
    for (int a = 0, k = 0; a < n_elements; a++)
        for (int b = a; b < n_elements; b++, k++) {
            if ((st = fill_pair(&p->pair[a][b], pair[k], elements[a], elements[b])) != SG_OK) goto done;
            p->pair[b][a] = p->pair[a][b];
            p->base.cutoff = fmax(p->base.cutoff, pair[k][2]);
        }
    p->base.fingerprint = fingerprint(p);
    *out = &p->base;
    p = NULL;
done:
    sg_free(p);
    return st;
}

static void lj_free(sg_potential *self)
{
    sg_free(self);
}

static sg_status fill_pair(lj_pair *p, const double numbers[3], const char *a, const char *b)
{
    const double eps = numbers[0], sigma = numbers[1], rc = numbers[2];

    if (!isfinite(eps) || !(sigma > 0.0) || !isfinite(sigma) || !(rc > 0.0) || !isfinite(rc))
        return sg_fail(SG_EINVAL,
                       "lj %s-%s: eps %g eV, sigma %g Å, cutoff %g Å; sigma and cutoff must be above 0", a, b,
                       eps, sigma, rc);
    const double s6 = pow(sigma, 6.0), rc6 = pow(rc, 6.0);
    *p = (lj_pair){.eps = eps, .sigma = sigma, .cutoff = rc, .r2_max = rc * rc};
    p->c12 = 4.0 * eps * s6 * s6;
    p->c6 = 4.0 * eps * s6;
    p->slope = (-12.0 * p->c12 / rc6 + 6.0 * p->c6) / (rc6 * rc);
    p->shift = (p->c12 / rc6 - p->c6) / rc6 - rc * p->slope;
    return SG_OK;
}

static uint64_t fingerprint(const lj *p)
{
    const sg_species *const s = &p->base.species;
    uint64_t hash = sg_hash(ops.name, strlen(ops.name), 0);
    int order[SG_MAX_SPECIES] = {0}; /* species by atomic number */

    for (int k = 0; k < s->n; k++) {
        int to = k;
        for (; to > 0 && s->number[order[to - 1]] > s->number[k]; to--)
            order[to] = order[to - 1];
        order[to] = k;
    }
    for (int k = 0; k < s->n; k++) {
        hash = sg_hash(&s->number[order[k]], sizeof s->number[0], hash);
        for (int m = 0; m <= k; m++) {
            const lj_pair *const q = &p->pair[order[k]][order[m]];
            const double numbers[] = {q->eps, q->sigma, q->cutoff};
            hash = sg_hash(numbers, sizeof numbers, hash);
        }
    }
    return hash;
}

/* u(r) and *g = u'(r)/r, with r^-6 = s:  u = c12 s^2 - c6 s - shift - slope r,  u' r = -12 c12 s^2 + 6 c6 s -
 * slope r */
static inline double pair_terms(const lj_pair *p, double r2, double *g)
{
    const double per_r2 = 1.0 / r2;
    const double s = per_r2 * per_r2 * per_r2;
    const double r = sqrt(r2);
    *g = ((6.0 * p->c6 - 12.0 * p->c12 * s) * s - p->slope * r) * per_r2;
    return (p->c12 * s - p->c6) * s - p->shift - p->slope * r;
}

/* Energy of all pairs of the view; forces and virial on the way. */
static double force_pass(const lj *p, const sg_view *v, sg_pair_record *row, double (*f)[3], double virial[6])
{
    const double r2_max = p->base.cutoff * p->base.cutoff;
    double energy = 0.0;

    memset(virial, 0, 6 * sizeof *virial);
    for (int i = 0; i < v->n; i++) {
        const lj_pair *const of = p->pair[v->type[i]];
        const size_t n = sg_view_row(v, i, r2_max, row);
        double row_energy = 0.0, fi[3] = {0.0, 0.0, 0.0};
        for (size_t k = 0; k < n; k++) {
            const double *const d = row[k].d;
            const lj_pair *const q = &of[v->type[row[k].j]];
            double g, *const fj = f[row[k].j];
            if (row[k].w >= q->r2_max) continue;
            row_energy += pair_terms(q, row[k].w, &g);
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

static sg_status lj_compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                            const sg_atom_set *free_atoms, sg_forces *out)
{
    const lj *const p = (const lj *)self;
    sg_view v;
    sg_status st;

    if (free_atoms && sg_work_needs_base(work, sys, free_atoms) &&
        (st = compute_base(p, work, sys, free_atoms)) != SG_OK)
        return st;
    st = free_atoms ? sg_work_part_view(work, sys, free_atoms, &v) : sg_work_full_view(work, sys, &v);
    if (st == SG_OK) st = sg_work_scratch(work, &v);
    if (st != SG_OK) return st;
    out->energy = free_atoms ? sg_work_base_energy(work) : 0.0;
    out->energy += force_pass(p, &v, work->record, work->f, out->virial);
    sg_work_scatter(work, &v, free_atoms, sys->n, out->f);
    return SG_OK;
}

/* Energy of the pairs among frozen atoms. */
static sg_status compute_base(const lj *p, sg_potential_work *work, const sg_system *sys,
                              const sg_atom_set *set)
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
            const lj_pair *const q = &p->pair[v.type[i]][v.type[r->j]];
            if (!set->member[r->j] && r->w < q->r2_max) energy += pair_terms(q, r->w, &g);
        }
        work->base.pair_energy += energy;
    }
    sg_work_base_end(work, sys, set);
    return SG_OK;
}
