/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Embedded-atom potentials, plain C on LAMMPS's own interpolant of the tables: the oracle of the fast
 * kernels.
 *
 * Layout: one row per (unordered pair of types, bin of r) holds the cubics of everything that a pair needs,
 * 96 bytes that lie in two cache lines: [ density at the lower type from the higher | density at the higher
 * type from the lower | z = r*phi ]. Two passes over a half list in the order of its rows: densities, keeping
 * for each pair in range its vector and derivatives; then, with F' known, forces. All sums have a fixed
 * order. Sources: Daw & Baskes, PRB 29, 6443 (1984); Finnis & Sinclair, Phil. Mag. A 50, 45 (1984). */
#include "eam.h"

#include <math.h>
#include <string.h>

typedef struct pair_table { /* how type i sees type j */
    const double *row;
    int at_i, at_j; /* where in a row the density at i, at j stands */
} pair_table;

static sg_status compute_base(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                              const sg_atom_set *set);

/* ---- formulas ---- */

/* One pair at distance r: densities at i and j, phi = z/r, and with q = r:
 *     u = rho_i'(r)/r,  v = rho_j'(r)/r,  w = phi'(r)/r,  phi' = z'/r - z/r^2,
 * so that the force on i is (F_i' u + F_j' v + w) d with d from i to j. Returns phi. */
static inline double pair_terms(const sg_eam *e, const pair_table *t, double r, sg_pair_record *pair,
                                double *rho_i, double *rho_j)
{
    double p;
    const double *const c = sg_eam_reference_row(e, t->row, r, &p);
    const double per_r = 1.0 / r;
    const double slope_unit = e->per_d_r * per_r;
    const double phi = cubic(c + Z_PART, p) * per_r;

    *rho_i = cubic(c + t->at_i, p);
    *rho_j = cubic(c + t->at_j, p);
    pair->u = cubic_slope(c + t->at_i, p) * slope_unit;
    pair->v = cubic_slope(c + t->at_j, p) * slope_unit;
    pair->w = (cubic_slope(c + Z_PART, p) * e->per_d_r - phi) * per_r * per_r;
    return phi;
}

static void tables_seen_by(const sg_eam *e, int type, pair_table seen[SG_MAX_SPECIES])
{
    for (int other = 0; other < e->base.species.n; other++) {
        const int swapped = type > other;
        seen[other].row = e->row[sg_eam_type_pair(type, other)];
        seen[other].at_i = swapped ? CUBIC : 0;
        seen[other].at_j = swapped ? 0 : CUBIC;
    }
}

/* ---- passes ---- */

static inline void prefetch(const double *p)
{
#if defined(__GNUC__)
    __builtin_prefetch(p);
#else
    (void)p;
#endif
}

/* Turn squared distances into distances, and ask for the table rows that the pairs will need: the tables do
 * not fit the inner caches, and waiting for one row at a time would be most of the work. */
static void distances(const sg_eam *e, const pair_table *of, const int *type, sg_pair_record *row, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        double p;
        row[k].w = sqrt(row[k].w);
        const double *const c = sg_eam_reference_row(e, of[type[row[k].j]].row, row[k].w, &p);
        prefetch(c);
        prefetch(c + ROW - 1);
    }
}

/* First pass: adds to density, fills the records, end[i] = one past the last record of row i. Returns sum of
 * phi. */
static double density_pass(const sg_eam *e, const sg_view *v, double *density, sg_pair_record *record,
                           int64_t *end)
{
    pair_table seen[SG_MAX_SPECIES][SG_MAX_SPECIES];
    double energy = 0.0;
    sg_pair_record *row = record;

    for (int t = 0; t < e->base.species.n; t++)
        tables_seen_by(e, t, seen[t]);
    for (int i = 0; i < v->n; i++) {
        const pair_table *const of = seen[v->type[i]];
        const size_t n = sg_view_row(v, i, e->r2_max, row);
        double rho_i = 0.0, phi = 0.0;
        distances(e, of, v->type, row, n);
        for (size_t k = 0; k < n; k++) {
            sg_pair_record *const pair = &row[k];
            double at_i, at_j;
            phi += pair_terms(e, &of[v->type[pair->j]], pair->w, pair, &at_i, &at_j);
            rho_i += at_i;
            density[pair->j] += at_j;
        }
        density[i] += rho_i;
        energy += phi;
        row += n;
        end[i] = row - record;
    }
    return energy;
}

/* F of the view's atoms and its slopes. */
static double embedding_pass(const sg_eam *e, const sg_view *v, const double *density, double *slope)
{
    double energy = 0.0;

    for (int i = 0; i < v->n; i++)
        energy += embed(e, v->type[i], density[i], &slope[i]);
    return energy;
}

/* Second pass: forces on the view's atoms and the virial sum (dE/dr) r_a r_b / r. */
static void force_pass(const sg_view *v, const sg_pair_record *record, const int64_t *end,
                       const double *slope, double (*f)[3], double virial[6])
{
    double xx = 0.0, yy = 0.0, zz = 0.0, xy = 0.0, xz = 0.0, yz = 0.0;
    int64_t k = 0;

    for (int i = 0; i < v->n; i++) {
        const double slope_i = slope[i];
        double fx = 0.0, fy = 0.0, fz = 0.0;
        for (; k < end[i]; k++) {
            const sg_pair_record *const pair = &record[k];
            const double dx = pair->d[0], dy = pair->d[1], dz = pair->d[2];
            const double g = slope_i * pair->u + slope[pair->j] * pair->v + pair->w; /* (dE/dr) / r */
            const double gx = g * dx, gy = g * dy, gz = g * dz;
            double *const fj = f[pair->j];
            fx += gx;
            fy += gy;
            fz += gz;
            fj[0] -= gx;
            fj[1] -= gy;
            fj[2] -= gz;
            xx += gx * dx;
            yy += gy * dy;
            zz += gz * dz;
            xy += gx * dy;
            xz += gx * dz;
            yz += gy * dz;
        }
        f[i][0] += fx;
        f[i][1] += fy;
        f[i][2] += fz;
    }
    const double sum[6] = {xx, yy, zz, xy, xz, yz};
    memcpy(virial, sum, sizeof sum);
}

sg_status sg_eam_plain_compute(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                               const sg_atom_set *free_atoms, sg_forces *out)
{
    sg_view v;
    sg_status st;
    double energy = 0.0;

    if (free_atoms && sg_work_needs_base(work, sys, free_atoms) &&
        (st = compute_base(e, work, sys, free_atoms)) != SG_OK)
        return st;
    st = free_atoms ? sg_work_part_view(work, sys, free_atoms, &v) : sg_work_full_view(work, sys, &v);
    if (st == SG_OK) st = sg_work_scratch(work, &v);
    if (st != SG_OK) return st;
    if (free_atoms) {
        energy = sg_work_base_energy(work);
        for (int i = 0; i < v.n; i++)
            work->density[i] = work->base.density[v.global[i]];
    }
    energy += density_pass(e, &v, work->density, work->record, work->row_end);
    energy += embedding_pass(e, &v, work->density, work->slope);
    force_pass(&v, work->record, work->row_end, work->slope, work->f, out->virial);
    out->energy = energy;
    sg_work_scatter(work, &v, free_atoms, sys->n, out->f);
    return SG_OK;
}

/* ---- frozen atoms ---- */

/* Densities at frozen atoms from frozen ones, F of them, and the energy of pairs among them. */
static sg_status compute_base(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                              const sg_atom_set *set)
{
    sg_view v;
    sg_status st = sg_work_full_view(work, sys, &v);

    if (st == SG_OK) st = sg_work_base_begin(work, sys);
    if (st == SG_OK) st = sg_work_scratch(work, &v);
    if (st != SG_OK) return st;
    sg_base *const b = &work->base;
    for (int i = 0; i < v.n; i++) {
        pair_table of[SG_MAX_SPECIES];
        double rho_i = 0.0, phi = 0.0;
        if (set->member[i]) continue;
        tables_seen_by(e, v.type[i], of);
        const size_t n = sg_view_row(&v, i, e->r2_max, work->record);
        distances(e, of, v.type, work->record, n);
        for (size_t k = 0; k < n; k++) {
            sg_pair_record *const pair = &work->record[k];
            double at_i, at_j;
            if (set->member[pair->j]) continue;
            phi += pair_terms(e, &of[v.type[pair->j]], pair->w, pair, &at_i, &at_j);
            rho_i += at_i;
            b->density[pair->j] += at_j;
        }
        b->density[i] += rho_i;
        b->pair_energy += phi;
    }
    for (int i = 0; i < v.n; i++) {
        double slope;
        if (!set->member[i]) b->embedding[i] = embed(e, v.type[i], b->density[i], &slope);
    }
    sg_work_base_end(work, sys, set);
    return SG_OK;
}
