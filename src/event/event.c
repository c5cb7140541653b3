/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From passages to records and back to guesses. Displacements are stored as floats: 1e-7 Å of a few Å, far
 * below the tolerance of a saddle, and the same bits after a round trip through the store. */
#include "slowglass/event.h"

#include <math.h>
#include <string.h>

typedef const double (*positions)[3];

static double norm3(const double d[3])
{
    return sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}

static double norm_all(int n, positions d)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += d[i][0] * d[i][0] + d[i][1] * d[i][1] + d[i][2] * d[i][2];
    return sqrt(sum);
}

static double participation_number(int n, positions d)
{
    double sum2 = 0, sum4 = 0;
    for (int i = 0; i < n; i++) {
        const double d2 = d[i][0] * d[i][0] + d[i][1] * d[i][1] + d[i][2] * d[i][2];
        sum2 += d2;
        sum4 += d2 * d2;
    }
    return sum4 > 0 ? sum2 * sum2 / sum4 : 0;
}

sg_status sg_event_edge(const sg_system *start, double e_start, const double virial_start[6],
                        const sg_passage *p, sg_sampler sampler, sg_cat_edge *out)
{
    const int n = start->n;
    int centre = 0;
    double(*d)[3] = sg_calloc((size_t)n, sizeof *d);

    memset(out, 0, sizeof *out);
    out->d_saddle = sg_calloc((size_t)n, sizeof *out->d_saddle);
    if (!d || !out->d_saddle) {
        sg_free(d);
        sg_cat_edge_clear(out);
        return sg_fail(SG_ENOMEM, "edge of %d atoms", n);
    }
    out->n = (uint32_t)n;
    sg_system_displacement(start, (positions)start->x, (positions)p->x_saddle, d, NULL);
    out->dist_saddle = norm_all(n, (positions)d);
    for (int i = 0; i < n; i++)
        for (int a = 0; a < 3; a++)
            out->d_saddle[i][a] = (float)d[i][a];
    sg_system_displacement(start, (positions)start->x, (positions)p->x_final, d, &centre);
    out->dist_final = norm_all(n, (positions)d);
    out->participation = participation_number(n, (positions)d);
    out->centre = out->centre_back =
        (uint32_t)centre; /* the way back moves the same atoms by the same distances */
    out->e_saddle = p->e_saddle;
    out->barrier = p->e_saddle - e_start;
    out->barrier_back = p->e_saddle - p->e_final;
    for (int a = 0; a < 6; a++) {
        out->strain_saddle[a] = p->virial_saddle[a] - virial_start[a];
        out->strain_final[a] = p->virial_final[a] - virial_start[a];
    }
    out->saddle_force = p->f_saddle;
    out->curvature = p->curvature;
    out->curvature2 = p->curvature2;
    out->sampler = (uint8_t)sampler;
    out->prefactor = out->prefactor_back = NAN;
    sg_free(d);
    return SG_OK;
}

void sg_event_saddle(const sg_system *sys, const sg_cat_edge *edge, int reverse, positions x_from,
                     positions x_to, positions x_end, double (*x_saddle)[3])
{
    const int n = sys->n;

    for (int i = 0; i < n; i++)
        for (int a = 0; a < 3; a++)
            x_saddle[i][a] = (reverse ? x_from[i][a] : 0.0) + (double)edge->d_saddle[i][a];
    if (reverse) sg_system_displacement(sys, x_to, (positions)x_saddle, x_saddle, NULL);
    for (int i = 0; i < n; i++)
        for (int a = 0; a < 3; a++)
            x_saddle[i][a] += x_end[i][a];
}

/* Movers and the atoms bonded to them. */
static void mark_support(int n, positions d_saddle, positions d_final, const sg_bonds *bonds,
                         unsigned char *mark)
{
    memset(mark, 0, (size_t)n);
    for (int i = 0; i < n; i++) {
        if (norm3(d_saddle[i]) < SG_EVENT_MOVER && norm3(d_final[i]) < SG_EVENT_MOVER) continue;
        mark[i] = 1;
        for (int k = bonds->first[i]; k < bonds->first[i + 1]; k++)
            mark[bonds->j[k]] = 1;
    }
}

static sg_status event_arrays(sg_cat_event *ev, int n)
{
    const size_t m = (size_t)n;
    ev->number = sg_calloc(m, sizeof *ev->number);
    ev->x = sg_calloc(m, sizeof *ev->x);
    ev->d_saddle = sg_calloc(m, sizeof *ev->d_saddle);
    ev->d_final = sg_calloc(m, sizeof *ev->d_final);
    ev->mode = sg_calloc(m, sizeof *ev->mode);
    if (ev->number && ev->x && ev->d_saddle && ev->d_final && ev->mode) return SG_OK;
    sg_cat_event_clear(ev);
    return sg_fail(SG_ENOMEM, "generic event of %d atoms", n);
}

static void event_numbers(const sg_cat_edge *edge, int reverse, sg_cat_event *ev)
{
    ev->barrier = reverse ? edge->barrier_back : edge->barrier;
    ev->barrier_back = reverse ? edge->barrier : edge->barrier_back;
    ev->prefactor = ev->prefactor_back = NAN;
    for (int a = 0; a < 6; a++) {
        ev->strain_saddle[a] =
            reverse ? edge->strain_saddle[a] - edge->strain_final[a] : edge->strain_saddle[a];
        ev->strain_final[a] = reverse ? -edge->strain_final[a] : edge->strain_final[a];
    }
    ev->participation = edge->participation;
    ev->dist_final = edge->dist_final;
    ev->saddle_force = edge->saddle_force;
    ev->curvature = edge->curvature;
}

/* The part of the mode that the support takes, turned to the final minimum and to unit length. */
static void set_mode(sg_cat_event *ev)
{
    double sum2 = 0, along = 0;

    for (uint32_t m = 0; m < ev->n; m++)
        for (int a = 0; a < 3; a++) {
            sum2 += (double)ev->mode[m][a] * (double)ev->mode[m][a];
            along += (double)ev->mode[m][a] * (double)ev->d_final[m][a];
        }
    const double scale = sum2 > 0 ? (along < 0 ? -1 : 1) / sqrt(sum2) : 0;
    for (uint32_t m = 0; m < ev->n; m++)
        for (int a = 0; a < 3; a++)
            ev->mode[m][a] = (float)(scale * (double)ev->mode[m][a]);
}

/* mark: 1 for the atoms that are in the record. */
static double largest_left_out(int n, positions d_saddle, const unsigned char *mark)
{
    double worst = 0;

    for (int i = 0; i < n; i++) {
        const double d = mark[i] ? 0 : norm3(d_saddle[i]);
        if (d > worst) worst = d;
    }
    return worst;
}

static uint64_t event_hash(const sg_cat_event *ev)
{
    uint64_t h = sg_hash(&ev->key, sizeof ev->key, 0);
    h = sg_hash(ev->number, ev->n, h);
    h = sg_hash(ev->x, ev->n * sizeof *ev->x, h);
    h = sg_hash(ev->d_saddle, ev->n * sizeof *ev->d_saddle, h);
    h = sg_hash(ev->d_final, ev->n * sizeof *ev->d_final, h);
    return h ? h : 1; /* 0 means "none" in an edge */
}

sg_status sg_event_generic(const sg_system *start, const sg_environment *env, const sg_bonds *bonds,
                           positions d_saddle, positions d_final, positions mode, const sg_cat_edge *edge,
                           int reverse, uint64_t run, sg_cat_event *out)
{
    sg_cluster cluster = {0};
    unsigned char *mark = sg_calloc(2 * (size_t)start->n, 1), *stored = mark ? mark + start->n : NULL;
    sg_status st = mark ? SG_OK : sg_fail(SG_ENOMEM, "generic event");

    memset(out, 0, sizeof *out);
    if (st == SG_OK) st = sg_cluster_init(&cluster, start, env, SG_EVENT_REACH, NULL);
    if (st == SG_OK) st = event_arrays(out, cluster.n);
    if (st != SG_OK) goto done;
    mark_support(start->n, d_saddle, d_final, bonds, mark);
    out->n_shell = (uint32_t)cluster.n_shell;
    for (int k = 0; k < cluster.n; k++) {
        const int i = cluster.atom[k];
        if (k >= cluster.n_shell && !mark[i]) continue;
        const uint32_t m = out->n++;
        stored[i] = 1;
        out->number[m] = (unsigned char)cluster.number[k];
        for (int a = 0; a < 3; a++) {
            out->x[m][a] = (float)cluster.x[k][a];
            out->d_saddle[m][a] = (float)d_saddle[i][a];
            out->d_final[m][a] = (float)d_final[i][a];
            out->mode[m][a] = (float)mode[i][a];
        }
    }
    set_mode(out);
    out->residual = largest_left_out(start->n, d_saddle, stored);
    out->key = env->key;
    out->gamma = start->cell.gamma;
    event_numbers(edge, reverse, out);
    out->dist_saddle = norm_all(start->n, d_saddle);
    out->id = event_hash(out);
    st = sg_cat_event_count(out, run, edge->sampler);
done:
    if (st != SG_OK) sg_cat_event_clear(out);
    sg_cluster_clear(&cluster);
    sg_free(mark);
    return st;
}

sg_status sg_event_variant(const sg_system *sys, const sg_environment *env, double radius,
                           const sg_bonds *spheres, sg_cat_variant *out)
{
    sg_cluster cluster = {0};
    sg_status st = sg_cluster_init(&cluster, sys, env, radius, spheres);

    memset(out, 0, sizeof *out);
    if (st != SG_OK) return st;
    out->number = sg_calloc((size_t)cluster.n, sizeof *out->number);
    out->x = sg_calloc((size_t)cluster.n, sizeof *out->x);
    if (!out->number || !out->x) {
        st = sg_fail(SG_ENOMEM, "variant of %d atoms", cluster.n);
        sg_cat_variant_clear(out);
        goto done;
    }
    out->key = env->key;
    out->n = (uint32_t)cluster.n;
    out->n_shell = (uint32_t)cluster.n_shell;
    out->gamma = sys->cell.gamma;
    for (int k = 0; k < cluster.n; k++) {
        out->number[k] = (unsigned char)cluster.number[k];
        for (int a = 0; a < 3; a++)
            out->x[k][a] = (float)cluster.x[k][a];
    }
    out->id = sg_hash(out->x, out->n * sizeof *out->x, sg_hash(out->number, out->n, env->key));
done:
    sg_cluster_clear(&cluster);
    return st;
}

sg_status sg_event_place(const sg_cat_event *event, const sg_cluster *target, int n_perm,
                         const int (*perm)[SG_TOPOLOGY_MAX_VERTICES], double residual_max, int max,
                         sg_placement *out, int *n)
{
    sg_cluster ref = {0};
    sg_match_options opt = sg_match_defaults();

    *n = 0;
    opt.tolerance = residual_max;
    sg_status st = sg_cluster_init_record(&ref, (int)event->n, (int)event->n_shell, event->number,
                                          (const float(*)[3])event->x);
    if (st == SG_OK) st = sg_topology_match(&ref, target, n_perm, perm, &opt, max, out, n);
    sg_cluster_clear(&ref);
    return st;
}

/* The climbing mode; a record of format 1 has none, and the way to the final minimum serves. */
static const float (*way_over(const sg_cat_event *event))[3]
{
    return (const float(*)[3])(sg_cat_event_has_mode(event) ? event->mode : event->d_final);
}

void sg_event_guess(const sg_system *sys, const sg_cat_event *event, const sg_cluster *target,
                    const sg_placement *placement, double (*x_saddle)[3], double (*mode)[3])
{
    const float(*way)[3] = way_over(event);

    memcpy(x_saddle, sys->x, (size_t)sys->n * sizeof *x_saddle);
    memset(mode, 0, (size_t)sys->n * sizeof *mode);
    for (int k = 0; k < placement->n; k++) {
        const int i = target->atom[placement->map[k]];
        for (int a = 0; a < 3; a++) {
            double to_saddle = 0, over = 0;
            for (int b = 0; b < 3; b++) {
                to_saddle += placement->R[a][b] * (double)event->d_saddle[k][b];
                over += placement->R[a][b] * (double)way[k][b];
            }
            x_saddle[i][a] = sys->x[i][a] + to_saddle;
            mode[i][a] = over;
        }
    }
}

/* Whether the vector d to an atom ends within reach of the origin, or of one of two other places of the
 * mover. */
static int comes_near(const double d[3], const double saddle[3], const double end[3], double reach)
{
    double r2[3] = {0, 0, 0};

    for (int a = 0; a < 3; a++) {
        r2[0] += d[a] * d[a];
        r2[1] += (d[a] - saddle[a]) * (d[a] - saddle[a]);
        r2[2] += (d[a] - end[a]) * (d[a] - end[a]);
    }
    return r2[0] < reach * reach || r2[1] < reach * reach || r2[2] < reach * reach;
}

double sg_event_support_moved(const sg_system *sys, const sg_cat_edge *edge, int reverse, positions x_from,
                              positions x_to, positions x_origin, positions x_now, const sg_bonds *spheres,
                              double reach, double (*scratch)[3], unsigned char *mark)
{
    double worst = 0;

    sg_system_displacement(sys, x_from, x_to, scratch, NULL);
    memset(mark, 0, (size_t)sys->n);
    for (int i = 0; i < sys->n; i++) {
        double saddle[2][3], end[2][3]; /* seen from either end */
        for (int a = 0; a < 3; a++) {
            saddle[0][a] = (double)edge->d_saddle[i][a];
            end[0][a] = scratch[i][a];
            saddle[1][a] = saddle[0][a] - end[0][a];
            end[1][a] = -end[0][a];
        }
        if (norm3(saddle[0]) < SG_EVENT_MOVER && norm3(saddle[1]) < SG_EVENT_MOVER &&
            norm3(end[0]) < SG_EVENT_MOVER)
            continue;
        mark[i] = 1;
        for (int k = spheres->first[i]; k < spheres->first[i + 1]; k++)
            if (comes_near(spheres->d[k], saddle[reverse != 0], end[reverse != 0], reach))
                mark[spheres->j[k]] = 1;
    }
    sg_system_displacement(sys, x_origin, x_now, scratch, NULL);
    for (int i = 0; i < sys->n; i++) {
        const double d = mark[i] ? norm3(scratch[i]) : 0;
        if (d > worst) worst = d;
    }
    return worst;
}
