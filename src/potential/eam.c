/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Embedded-atom potentials, plain C: the reference for faster kernels.
 *
 *     E = sum_i F_i(rho_i) + sum_{i<j} phi_ij(r_ij),      rho_i = sum_j rho_ij(r_ij),
 *
 * rho_ij being the density that j causes at i. Tables of F, rho and z = r*phi are interpolated as LAMMPS does
 * it. Layout: one row per (unordered pair of types, bin of r) holds the cubics of everything that a pair
 * needs, 96 bytes that lie in two cache lines: [ density at the lower type from the higher | density at the
 * higher type from the lower | z ] Two passes over a half list in the order of its rows: densities, keeping
 * for each pair in range its vector and derivatives; then, with F' known, forces. All sums have a fixed
 * order. Sources: Daw & Baskes, PRB 29, 6443 (1984); Finnis & Sinclair, Phil. Mag. A 50, 45 (1984). */
#include "potential_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { CUBIC = 4, ROW = 3 * CUBIC, Z_PART = 2 * CUBIC };
enum { MAX_TYPE_PAIRS = SG_MAX_SPECIES * (SG_MAX_SPECIES + 1) / 2 };

typedef struct eam {
    sg_potential base;
    int n_rho, n_r;
    double d_rho, per_d_rho, rho_max; /* rho_max: where the tables of F end */
    double per_d_r;
    double r2_max;
    double *row[MAX_TYPE_PAIRS];       /* [n_r - 1][ROW] */
    double *embedding[SG_MAX_SPECIES]; /* [n_rho - 1][CUBIC] */
} eam;

typedef struct pair_table { /* how type i sees type j */
    const double *row;
    int at_i, at_j; /* where in a row the density at i, at j stands */
} pair_table;

static sg_status eam_compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                             const sg_atom_set *free_atoms, sg_forces *out);
static void eam_free(sg_potential *self);
static sg_status fill_tables(eam *p, const sg_eam_file *file);
static uint64_t fingerprint(const sg_eam_file *file, const sg_species *species);
static sg_status compute_base(const eam *p, sg_potential_work *work, const sg_system *sys,
                              const sg_atom_set *set);

static const sg_potential_ops alloy_ops = {"eam/alloy", eam_compute, eam_free};
static const sg_potential_ops fs_ops = {"eam/fs", eam_compute, eam_free};

/* ---- creation ---- */

sg_status sg_potential_create_eam(const char *style, const char *path, int n_elements,
                                  const char *const elements[], sg_potential **out)
{
    const int finnis_sinclair = strcmp(style, fs_ops.name) == 0;
    sg_eam_file file = {0};
    eam *p = NULL;
    sg_status st = SG_OK;

    *out = NULL;
    if (!finnis_sinclair && strcmp(style, alloy_ops.name) != 0)
        return sg_fail(SG_EINVAL, "EAM style \"%s\", expected %s or %s", style, alloy_ops.name, fs_ops.name);
    p = sg_calloc(1, sizeof *p);
    if (!p) {
        st = sg_fail(SG_ENOMEM, "potential %s", path);
        goto done;
    }
    p->base.ops = finnis_sinclair ? &fs_ops : &alloy_ops;
    if ((st = sg_species_init(&p->base.species, n_elements, elements)) != SG_OK) goto done;
    if ((st = sg_eam_file_read(&file, finnis_sinclair, path, &p->base.species)) != SG_OK) goto done;
    if ((st = fill_tables(p, &file)) != SG_OK) goto done;
    p->base.fingerprint = fingerprint(&file, &p->base.species);
    *out = &p->base;
    p = NULL;
done:
    sg_eam_file_clear(&file);
    if (p) eam_free(&p->base);
    return st;
}

static void eam_free(sg_potential *self)
{
    eam *const p = (eam *)self;

    for (int k = 0; k < MAX_TYPE_PAIRS; k++)
        sg_free(p->row[k]);
    for (int k = 0; k < SG_MAX_SPECIES; k++)
        sg_free(p->embedding[k]);
    sg_free(p);
}

/* Index of an unordered pair of types, lo <= hi. */
static int type_pair(int lo, int hi)
{
    return hi * (hi + 1) / 2 + lo;
}

static sg_status fill_tables(eam *p, const sg_eam_file *file)
{
    p->base.cutoff = file->cutoff;
    p->r2_max = file->cutoff * file->cutoff;
    p->n_rho = file->n_rho;
    p->n_r = file->n_r;
    p->d_rho = file->d_rho;
    p->per_d_rho = 1.0 / file->d_rho;
    p->rho_max = (file->n_rho - 1) * file->d_rho;
    p->per_d_r = 1.0 / file->d_r;
    for (int hi = 0; hi < file->n; hi++) {
        p->embedding[hi] = sg_calloc((size_t)(file->n_rho - 1) * CUBIC, sizeof *p->embedding[hi]);
        if (!p->embedding[hi]) return sg_fail(SG_ENOMEM, "embedding table");
        sg_eam_spline(file->embedding[hi], file->n_rho, p->embedding[hi], CUBIC);
        for (int lo = 0; lo <= hi; lo++) {
            double *const row = sg_calloc((size_t)(file->n_r - 1) * ROW, sizeof *row);
            if (!row) return sg_fail(SG_ENOMEM, "pair table");
            p->row[type_pair(lo, hi)] = row;
            sg_eam_spline(file->density[hi][lo], file->n_r, row, ROW);
            sg_eam_spline(file->density[lo][hi], file->n_r, row + CUBIC, ROW);
            sg_eam_spline(file->pair[hi][lo], file->n_r, row + Z_PART, ROW);
        }
    }
    return SG_OK;
}

/* Slope at point k, per bin: five points inside, fewer at the ends. */
static double table_slope(const double *f, int n, int k)
{
    if (k == 0) return f[1] - f[0];
    if (k == n - 1) return f[n - 1] - f[n - 2];
    if (k == 1 || k == n - 2) return 0.5 * (f[k + 1] - f[k - 1]);
    return ((f[k - 2] - f[k + 2]) + 8.0 * (f[k + 1] - f[k - 1])) / 12.0;
}

void sg_eam_spline(const double *f, int n, double *out, int stride)
{
    for (int k = 0; k < n - 1; k++) {
        const double s0 = table_slope(f, n, k), s1 = table_slope(f, n, k + 1);
        double *const c = out + (ptrdiff_t)k * stride;
        c[0] = f[k];
        c[1] = s0;
        c[2] = 3.0 * (f[k + 1] - f[k]) - 2.0 * s0 - s1;
        c[3] = s0 + s1 - 2.0 * (f[k + 1] - f[k]);
    }
}

static uint64_t fingerprint(const sg_eam_file *file, const sg_species *species)
{
    const double grid[] = {file->cutoff, file->d_rho, file->d_r, file->n_rho, file->n_r, file->n};
    const size_t size_r = (size_t)file->n_r * sizeof(double);
    uint64_t hash = sg_hash(grid, sizeof grid, 0);
    int order[SG_MAX_SPECIES] = {0}; /* species by atomic number */

    for (int k = 0; k < species->n; k++) {
        int to = k;
        for (; to > 0 && species->number[order[to - 1]] > species->number[k]; to--)
            order[to] = order[to - 1];
        order[to] = k;
    }
    for (int k = 0; k < species->n; k++) {
        const int a = order[k];
        hash = sg_hash(&species->number[a], sizeof species->number[a], hash);
        hash = sg_hash(file->embedding[a], (size_t)file->n_rho * sizeof(double), hash);
        for (int m = 0; m < species->n; m++) {
            const int b = order[m];
            hash = sg_hash(file->density[a][b], size_r, hash);
            if (m <= k) hash = sg_hash(file->pair[a > b ? a : b][a > b ? b : a], size_r, hash);
        }
    }
    return hash;
}

/* ---- formulas ---- */

/* c0 + c1 p + c2 p^2 + c3 p^3 */
static inline double cubic(const double *c, double p)
{
    return ((c[3] * p + c[2]) * p + c[1]) * p + c[0];
}

/* its derivative, c1 + 2 c2 p + 3 c3 p^2 */
static inline double cubic_slope(const double *c, double p)
{
    return (3.0 * c[3] * p + 2.0 * c[2]) * p + c[1];
}

/* F(rho) and F'(rho). Above the table F goes on as a straight line, below it the first cubic does. */
static inline double embed(const eam *e, const double *table, double rho, double *slope)
{
    const double at = rho * e->per_d_rho + 1.0;
    const double last = e->n_rho - 1;
    const int m = at >= last ? e->n_rho - 1 : at >= 1.0 ? (int)at : 1;
    double p = at - m;
    if (p > 1.0) p = 1.0;
    const double *const c = table + (ptrdiff_t)(m - 1) * CUBIC;
    *slope = cubic_slope(c, p) * e->per_d_rho;
    const double f = cubic(c, p);
    return rho > e->rho_max ? f + *slope * (rho - e->rho_max) : f;
}

/* Row of the table for distance r and where in its bin, 0..1, r lies. */
static inline const double *table_row(const eam *e, const pair_table *t, double r, double *p)
{
    const double at = r * e->per_d_r + 1.0;
    int m = (int)at;
    if (m > e->n_r - 1) m = e->n_r - 1;
    *p = at - m > 1.0 ? 1.0 : at - m;
    return t->row + (ptrdiff_t)(m - 1) * ROW;
}

/* One pair at distance r: densities at i and j, phi = z/r, and with q = r:
 *     u = rho_i'(r)/r,  v = rho_j'(r)/r,  w = phi'(r)/r,  phi' = z'/r - z/r^2,
 * so that the force on i is (F_i' u + F_j' v + w) d with d from i to j. Returns phi. */
static inline double pair_terms(const eam *e, const pair_table *t, double r, sg_pair_record *pair,
                                double *rho_i, double *rho_j)
{
    double p;
    const double *const c = table_row(e, t, r, &p);
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

static void tables_seen_by(const eam *e, int type, pair_table seen[SG_MAX_SPECIES])
{
    for (int other = 0; other < e->base.species.n; other++) {
        const int swapped = type > other;
        seen[other].row = e->row[swapped ? type_pair(other, type) : type_pair(type, other)];
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
static void distances(const eam *e, const pair_table *of, const int *type, sg_pair_record *row, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        double p;
        row[k].w = sqrt(row[k].w);
        const double *const c = table_row(e, &of[type[row[k].j]], row[k].w, &p);
        prefetch(c);
        prefetch(c + ROW - 1);
    }
}

/* First pass: adds to density, fills the records, end[i] = one past the last record of row i. Returns sum of
 * phi. */
static double density_pass(const eam *e, const sg_view *v, double *density, sg_pair_record *record,
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
static double embedding_pass(const eam *e, const sg_view *v, const double *density, double *slope)
{
    double energy = 0.0;

    for (int i = 0; i < v->n; i++)
        energy += embed(e, e->embedding[v->type[i]], density[i], &slope[i]);
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

static sg_status eam_compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                             const sg_atom_set *free_atoms, sg_forces *out)
{
    const eam *const e = (const eam *)self;
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
static sg_status compute_base(const eam *e, sg_potential_work *work, const sg_system *sys,
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
        if (!set->member[i]) b->embedding[i] = embed(e, e->embedding[v.type[i]], b->density[i], &slope);
    }
    sg_work_base_end(work, sys, set);
    return SG_OK;
}
