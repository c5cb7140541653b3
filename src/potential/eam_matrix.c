/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Hessian of the free atoms in closed form. With w = v_b - v_a for each pair a, b at the distance d, r =
 * |d|, and g(r) = F_a' rho_a(r) + F_b' rho_b(r) + phi(r), the second-order energy is
 *
 *     sum_pairs (K (d.w)^2 + G w.w) / 2  +  sum_h F_h'' (sum_pairs of h  rho_h'/r (d.w))^2 / 2,
 *     G = g'/r,  K = (g'' - g'/r) / r^2:
 *
 * blocks K dd + G from pairs, and one outer product of the gradient of its density for each host h, frozen
 * ones within reach among them.
 *
 * Cubics between table points join with the right slopes, but their second derivatives are off, by different
 * amounts on both sides of each point; a few hundred atoms add that up to several tenths in the logarithm of
 * a determinant. So g'' and F'' are differences of first derivatives to both sides, over whole numbers of
 * bins.
 *
 * Lists: that of pairs with a free member names the hosts; that of pairs with a host gives their densities.
 */
#include "eam.h"

#include <math.h>
#include <string.h>

static const double COST_BLOCK = 2.0; /* of a pair of a full call (measured, AVX-512, 500 atoms) */
static const double COST_PAIR = 6.0;
static const double SPAN_R = 5e-3;   /* Å       } derivatives are averaged over this much to both sides */
static const double SPAN_RHO = 5e-3; /* of rho  } */

typedef struct gradient_entry { /* d rho_h / d x_k */
    int atom;                   /* k, number among the free atoms */
    double g[3];                /* 1/Å */
} gradient_entry;

typedef struct slopes {
    double at_a, at_b, phi; /* derivatives by r: densities at a and b, pair energy */
} slopes;

typedef struct assembly {
    const sg_eam *e;
    const sg_system *sys;
    sg_halo *list;           /* pairs with a host */
    unsigned char *is_host;  /* [n] */
    int *number;             /* [n] among the free atoms, -1: frozen */
    double *density, *slope; /* [n] of hosts; F' */
    size_t m;                /* 3 times the free atoms */
    double *h;               /* [m][m]; filled where the row is not before the column */
    int64_t *first;          /* [n + 1] into entry, by host */
    int64_t *filled;         /* [n] */
    gradient_entry *entry;
    double (*own)[3]; /* [n] the host's own entry */
    double blocks;    /* updated, for the account */
} assembly;

/* ---- pairs ---- */

typedef struct pair {
    int a, b; /* atoms */
    double d[3], r;
} pair;

/* Number k of place p's row; 0 when it is out of range. */
static int get_pair(const assembly *s, int p, int64_t k, pair *out)
{
    const int q = (int)(s->list->entry[k] >> SG_HALO_TYPE_BITS);
    double r2 = 0.0;

    if (q == s->list->n) return 0; /* filling */
    out->a = s->list->atom[p];
    out->b = s->list->atom[q];
    for (int c = 0; c < 3; c++) {
        out->d[c] = s->sys->x[out->b][c] + s->list->shift[q][c] - s->sys->x[out->a][c] - s->list->shift[p][c];
        r2 += out->d[c] * out->d[c];
    }
    out->r = sqrt(r2);
    return r2 < s->e->r2_max;
}

static const double *tables_of(const assembly *s, const pair *p, int *at_a, int *at_b)
{
    const int type_a = s->sys->type[p->a], type_b = s->sys->type[p->b];

    *at_a = type_a > type_b ? CUBIC : 0;
    *at_b = type_a > type_b ? 0 : CUBIC;
    return s->e->row[sg_eam_type_pair(type_a, type_b)];
}

static slopes slopes_at(const assembly *s, const pair *of, double r)
{
    const sg_eam *const e = s->e;
    int at_a, at_b;
    const double *const table = tables_of(s, of, &at_a, &at_b);
    double p;

    if (!(r * r < e->r2_max)) return (slopes){0.0, 0.0, 0.0};
    const double *const c = sg_eam_reference_row(e, table, r, &p);
    const double z = cubic(c + Z_PART, p), z_slope = cubic_slope(c + Z_PART, p) * e->per_d_r;
    return (slopes){cubic_slope(c + at_a, p) * e->per_d_r, cubic_slope(c + at_b, p) * e->per_d_r,
                    (z_slope - z / r) / r};
}

/* ---- densities ---- */

static void add_densities(assembly *s)
{
    for (int p = 0; p < s->list->n_rows; p++)
        for (int64_t k = s->list->first[p]; k < s->list->first[p + 1]; k++) {
            pair at;
            int at_a, at_b;
            double x;
            if (!get_pair(s, p, k, &at)) continue;
            const double *const table = tables_of(s, &at, &at_a, &at_b);
            const double *const c = sg_eam_reference_row(s->e, table, at.r, &x);
            s->density[at.a] += cubic(c + at_a, x);
            s->density[at.b] += cubic(c + at_b, x);
        }
}

static double whole_bins(double span, double bin)
{
    return bin * ceil(span / bin);
}

/* F'' */
static double bend_of(const assembly *s, int host)
{
    const int type = s->sys->type[host];
    const double rho = s->density[host], step = whole_bins(SPAN_RHO * rho, s->e->d_rho);
    double above, below;

    embed(s->e, type, rho + step, &above);
    embed(s->e, type, rho - step, &below);
    return (above - below) / (2.0 * step);
}

/* ---- blocks ---- */

/* Block (a, b) += c u u^T + unit, where a >= b. */
static inline void add_block(assembly *s, int a, int b, double c, const double u[3], double unit)
{
    double *const at = s->h + 3 * (size_t)a * s->m + 3 * (size_t)b;

    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 3; j++)
            at[i * s->m + j] += c * u[i] * u[j];
        at[i * s->m + i] += unit;
    }
}

static void add_gradient(assembly *s, int host, int mover, double c, const double d[3])
{
    if (s->number[mover] < 0 || !s->is_host[host]) return;
    gradient_entry *const e = &s->entry[s->filled[host]++];
    e->atom = s->number[mover];
    for (int k = 0; k < 3; k++)
        e->g[k] = c * d[k];
}

static void take_pair(assembly *s, const pair *p)
{
    const double step = whole_bins(SPAN_R, 1.0 / s->e->per_d_r);
    const slopes here = slopes_at(s, p, p->r), out = slopes_at(s, p, p->r + step),
                 in = slopes_at(s, p, p->r - step);
    const double f_a = s->slope[p->a], f_b = s->slope[p->b];
    const double g1 = f_a * here.at_a + f_b * here.at_b + here.phi;
    const double g2 =
        (f_a * (out.at_a - in.at_a) + f_b * (out.at_b - in.at_b) + out.phi - in.phi) / (2.0 * step);
    const double unit = g1 / p->r, along = (g2 - unit) / (p->r * p->r);
    const int a = s->number[p->a], b = s->number[p->b];

    if (a >= 0) add_block(s, a, a, along, p->d, unit);
    if (b >= 0) add_block(s, b, b, along, p->d, unit);
    if (a >= 0 && b >= 0) add_block(s, a > b ? a : b, a > b ? b : a, -along, p->d, -unit);
    add_gradient(s, p->a, p->b, here.at_a / p->r, p->d);
    add_gradient(s, p->b, p->a, -here.at_b / p->r, p->d);
    for (int k = 0; k < 3; k++) {
        s->own[p->a][k] -= here.at_a / p->r * p->d[k];
        s->own[p->b][k] += here.at_b / p->r * p->d[k];
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
        for (int k = 0; k < 3; k++)
            e[kept - 1].g[k] += e[i].g[k];
    }
    return kept;
}

static void add_host(assembly *s, int host)
{
    gradient_entry *const e = s->entry + s->first[host];
    add_gradient(s, host, host, 1.0, s->own[host]);
    const int64_t n = tidy_entries(e, s->filled[host] - s->first[host]);
    const double bend = bend_of(s, host);

    for (int64_t i = 0; i < n; i++) {
        double *const row = s->h + 3 * (size_t)e[i].atom * s->m;
        const double x = bend * e[i].g[0], y = bend * e[i].g[1], z = bend * e[i].g[2];
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

/* ---- */

static void assembly_clear(assembly *s)
{
    sg_halo_free(s->list);
    sg_free(s->is_host);
    sg_free(s->number);
    sg_free(s->density);
    sg_free(s->slope);
    sg_free(s->first);
    sg_free(s->filled);
    sg_free(s->entry);
    sg_free(s->own);
}

static sg_status find_hosts(assembly *s, const sg_atom_set *set)
{
    sg_halo *near = NULL;

    if (!set) {
        memset(s->is_host, 1, (size_t)s->sys->n);
        return SG_OK;
    }
    const sg_status st = sg_halo_create(s->sys, s->e->base.cutoff, set->member, &near);
    if (st != SG_OK) return st;
    for (int p = 0; p < near->n_atoms; p++)
        s->is_host[near->atom[p]] = 1;
    sg_halo_free(near);
    return SG_OK;
}

/* 1 if moving free atoms changes its length: not that of an atom and its own image. */
static int can_change(const assembly *s, const pair *p)
{
    return p->a != p->b && (s->number[p->a] >= 0 || s->number[p->b] >= 0);
}

/* Room for the gradients: one entry per pair and member, one for the host itself. */
static sg_status make_room(assembly *s)
{
    const size_t n = (size_t)s->sys->n;
    pair at;

    for (int p = 0; p < s->list->n_rows; p++)
        for (int64_t k = s->list->first[p]; k < s->list->first[p + 1]; k++) {
            if (!get_pair(s, p, k, &at) || !can_change(s, &at)) continue;
            s->first[at.a + 1]++;
            s->first[at.b + 1]++;
        }
    for (size_t i = 0; i < n; i++) {
        s->first[i + 1] += s->first[i] + 1;
        s->filled[i] = s->first[i];
    }
    s->entry = sg_calloc((size_t)s->first[n], sizeof *s->entry);
    return s->entry ? SG_OK : sg_fail(SG_ENOMEM, "Hessian of %zu atoms", s->m / 3);
}

static sg_status begin(assembly *s, const sg_eam *e, const sg_system *sys, const sg_atom_set *set, double *h)
{
    const size_t n = (size_t)sys->n;
    sg_status st;

    *s = (assembly){.e = e, .sys = sys, .m = 3 * (size_t)(set ? set->n : sys->n), .h = h};
    memset(h, 0, s->m * s->m * sizeof *h);
    s->is_host = sg_calloc(n, 1);
    s->number = sg_calloc(n, sizeof *s->number);
    s->density = sg_calloc(n, sizeof *s->density);
    s->slope = sg_calloc(n, sizeof *s->slope);
    s->first = sg_calloc(n + 1, sizeof *s->first);
    s->filled = sg_calloc(n, sizeof *s->filled);
    s->own = sg_calloc(n, sizeof *s->own);
    if (!s->is_host || !s->number || !s->density || !s->slope || !s->first || !s->filled || !s->own)
        return sg_fail(SG_ENOMEM, "Hessian of %zu atoms", s->m / 3);
    for (int i = 0, k = 0; i < sys->n; i++)
        s->number[i] = !set || set->member[i] ? k++ : -1;
    if ((st = find_hosts(s, set)) != SG_OK) return st;
    if ((st = sg_halo_create(sys, e->base.cutoff, set ? s->is_host : NULL, &s->list)) != SG_OK) return st;
    return make_room(s);
}

sg_status sg_eam_matrix(const sg_eam *e, sg_potential_work *work, const sg_system *sys,
                        const sg_atom_set *set, double *h)
{
    assembly s;
    int n_hosts = 0;
    sg_status st = begin(&s, e, sys, set, h);

    if (st != SG_OK) goto done;
    add_densities(&s);
    for (int i = 0; i < sys->n; i++)
        if (s.is_host[i]) embed(e, sys->type[i], s.density[i], &s.slope[i]);
    for (int p = 0; p < s.list->n_rows; p++)
        for (int64_t k = s.list->first[p]; k < s.list->first[p + 1]; k++) {
            pair at;
            if (get_pair(&s, p, k, &at) && can_change(&s, &at)) take_pair(&s, &at);
        }
    for (int i = 0; i < sys->n; i++) {
        if (!s.is_host[i]) continue;
        add_host(&s, i);
        n_hosts++;
    }
    for (size_t i = 0; i < s.m; i++)
        for (size_t j = 0; j < i; j++)
            h[j * s.m + i] = h[i * s.m + j];
    const double pairs = (double)s.list->n_pairs, all = pairs * sys->n / n_hosts; /* roughly */
    work->last_equivalents += (COST_BLOCK * s.blocks + COST_PAIR * pairs) / all;
done:
    assembly_clear(&s);
    return st;
}
