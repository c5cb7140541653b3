/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Particles and neighbour lists for the KIM-API, which knows no periodic cell.
 *
 * Idea: the contributing atoms stand as wrapped into the cell; around each, everything within the influence
 * distance and a skin becomes a particle, an atom or an image, once. Neighbour lists are full ones among the
 * particles, one for each cutoff that the model asks for; rows of particles that it says it never asks about
 * stay empty. Models look at distances themselves, so the skin does no harm. Source: Elliott & Tadmor,
 * KIM-API, doi 10.25950/ff8f563a. */
#include "kim.h"

#include <string.h>

static sg_status collect(sg_kim_cluster *c, const sg_system *sys, const unsigned char *member,
                         const sg_kim_reach *reach);
static sg_status number(sg_kim_cluster *c, const sg_system *sys, const unsigned char *member,
                        const sg_neigh *near, const unsigned char *present);
static sg_status fill_lists(sg_kim_cluster *c, const sg_system *sys, const sg_kim_reach *reach);
static sg_status fill_list(const sg_kim_cluster *c, const sg_neigh *pairs, double r_max, sg_kim_list *list);

sg_status sg_kim_cluster_build(sg_kim_cluster *c, const sg_system *sys, const unsigned char *member,
                               const sg_kim_reach *reach)
{
    sg_kim_cluster_clear(c);
    c->n_system = sys->n;
    memcpy(c->h, sys->cell.h, sizeof c->h);
    c->x_build = sg_calloc((size_t)sys->n, sizeof *c->x_build);
    sg_status st = c->x_build ? SG_OK : sg_fail(SG_ENOMEM, "particles of %d atoms", sys->n);
    if (st == SG_OK) memcpy(c->x_build, sys->x, (size_t)sys->n * sizeof *c->x_build);
    if (st == SG_OK) st = collect(c, sys, member, reach);
    if (st == SG_OK) st = fill_lists(c, sys, reach);
    if (st != SG_OK) sg_kim_cluster_clear(c);
    return st;
}

void sg_kim_cluster_clear(sg_kim_cluster *c)
{
    for (int l = 0; c->list && l < c->n_lists; l++) {
        sg_free(c->list[l].first);
        sg_free(c->list[l].neighbour);
    }
    sg_free(c->list);
    sg_free(c->owner);
    sg_free(c->image);
    sg_free(c->code);
    sg_free(c->contributing);
    sg_free(c->x);
    sg_free(c->f);
    sg_free(c->x_build);
    memset(c, 0, sizeof *c);
}

int sg_kim_cluster_stale(const sg_kim_cluster *c, const sg_system *sys, const sg_atom_set *set)
{
    const int n = set ? set->n : sys->n;

    if (c->n == 0 || c->n_system != sys->n || memcmp(c->h, sys->cell.h, sizeof c->h) != 0) return 1;
    for (int k = 0; k < n; k++) {
        const int i = set ? set->atom[k] : k;
        double r2 = 0.0;
        for (int a = 0; a < 3; a++) {
            const double d = sys->x[i][a] - c->x_build[i][a];
            r2 += d * d;
        }
        if (!(r2 <= 0.25 * SG_SKIN * SG_SKIN)) return 1;
    }
    return 0;
}

void sg_kim_cluster_place(sg_kim_cluster *c, const sg_system *sys)
{
    for (int p = 0; p < c->n; p++)
        for (int a = 0; a < 3; a++) {
            double x = sys->x[c->owner[p]][a];
            for (int k = 0; k < 3; k++)
                x += c->image[p][k] * sys->cell.h[k][a];
            c->x[p][a] = x;
            c->f[p][a] = 0.0;
        }
}

/* ---- who takes part ---- */

static sg_status collect(sg_kim_cluster *c, const sg_system *sys, const unsigned char *member,
                         const sg_kim_reach *reach)
{
    const size_t n = (size_t)sys->n;
    unsigned char *present = NULL; /* [n_shift][n] */
    sg_neigh *near = NULL;
    sg_status st = sg_neigh_create(sys, reach->influence + SG_SKIN, member, &near);

    if (st != SG_OK) return st;
    if (!(present = sg_calloc((size_t)near->n_shift * n, 1))) {
        st = sg_fail(SG_ENOMEM, "particles of %d atoms", sys->n);
        goto done;
    }
    for (int i = 0; i < sys->n; i++) {
        const int home = (near->n_shift - 1) / 2;
        if (!member || member[i]) present[(size_t)home * n + (size_t)i] = 1;
        for (int64_t k = near->first[i]; k < near->first[i + 1]; k++) {
            const int j = near->j[k], there = near->image[k], back = near->n_shift - 1 - there;
            if (!member || member[i]) present[(size_t)there * n + (size_t)j] = 1;
            if (!member || member[j]) present[(size_t)back * n + (size_t)i] = 1;
        }
    }
    st = number(c, sys, member, near, present);
    for (int p = 0; p < c->n && st == SG_OK; p++)
        c->code[p] = reach->code[sys->type[c->owner[p]]];
done:
    sg_free(present);
    sg_neigh_free(near);
    return st;
}

/* Contributing atoms first, each kind in the order of images and atoms. */
static sg_status number(sg_kim_cluster *c, const sg_system *sys, const unsigned char *member,
                        const sg_neigh *near, const unsigned char *present)
{
    const int home = (near->n_shift - 1) / 2;
    const size_t size = (size_t)near->n_shift * (size_t)sys->n;
    size_t n = 0;
    int p = 0;

    for (size_t k = 0; k < size; k++)
        n += present[k];
    c->owner = sg_calloc(n, sizeof *c->owner);
    c->image = sg_calloc(n, sizeof *c->image);
    c->code = sg_calloc(n, sizeof *c->code);
    c->contributing = sg_calloc(n, sizeof *c->contributing);
    c->x = sg_calloc(n, sizeof *c->x);
    c->f = sg_calloc(n, sizeof *c->f);
    if (!c->owner || !c->image || !c->code || !c->contributing || !c->x || !c->f)
        return sg_fail(SG_ENOMEM, "%zu particles", n);
    for (int ghosts = 0; ghosts < 2; ghosts++)
        for (int s = 0; s < near->n_shift; s++)
            for (int i = 0; i < sys->n; i++) {
                const int is_ghost = s != home || (member && !member[i]);
                if (!present[(size_t)s * (size_t)sys->n + (size_t)i] || is_ghost != ghosts) continue;
                c->owner[p] = i;
                c->contributing[p] = !ghosts;
                for (int a = 0; a < 3; a++)
                    c->image[p][a] = near->wrap[i][a] + near->shift[s][a];
                c->n_contributing += !ghosts;
                p++;
            }
    c->n = p;
    return SG_OK;
}

/* ---- lists ---- */

static sg_status fill_lists(sg_kim_cluster *c, const sg_system *sys, const sg_kim_reach *reach)
{
    static const int open[3] = {0, 0, 0};
    unsigned char *keep = NULL; /* NULL: rows of all particles are wanted */
    sg_system *particles = NULL;
    sg_neigh *pairs = NULL;
    double r_max = 0.0;
    int all = 0;
    sg_status st = sg_system_create(c->n, &particles);

    if (st != SG_OK) return st;
    for (int l = 0; l < reach->n_lists; l++) {
        r_max = reach->cutoff[l] > r_max ? reach->cutoff[l] : r_max;
        all |= !reach->only_contributing[l];
    }
    c->n_lists = reach->n_lists;
    c->list = sg_calloc((size_t)reach->n_lists, sizeof *c->list);
    if (!all) keep = sg_calloc((size_t)c->n, 1);
    if (!c->list || (!all && !keep)) {
        st = sg_fail(SG_ENOMEM, "neighbours of %d particles", c->n);
        goto done;
    }
    for (int p = 0; p < c->n && keep; p++)
        keep[p] = c->contributing[p] != 0;
    if ((st = sg_cell_init(&particles->cell, sys->cell.h0, sys->cell.gamma, open)) != SG_OK) goto done;
    sg_kim_cluster_place(c, sys);
    memcpy(particles->x, c->x, (size_t)c->n * sizeof *c->x);
    if ((st = sg_neigh_create(particles, r_max + SG_SKIN, keep, &pairs)) != SG_OK) goto done;
    for (int l = 0; l < reach->n_lists && st == SG_OK; l++)
        st = fill_list(c, pairs, reach->cutoff[l] + SG_SKIN, &c->list[l]);
done:
    sg_neigh_free(pairs);
    sg_system_free(particles);
    sg_free(keep);
    return st;
}

static int within(const sg_kim_cluster *c, int i, int j, double r_max)
{
    double r2 = 0.0;

    for (int a = 0; a < 3; a++)
        r2 += (c->x[j][a] - c->x[i][a]) * (c->x[j][a] - c->x[i][a]);
    return r2 <= r_max * r_max;
}

/* Both directions of the pairs in range: counted, then put. Rows of others than contributing particles hold
 * what the pairs say, all or part; parts are never asked for. */
static sg_status fill_list(const sg_kim_cluster *c, const sg_neigh *pairs, double r_max, sg_kim_list *list)
{
    int *at = NULL;

    list->first = sg_calloc((size_t)c->n + 2, sizeof *list->first);
    list->neighbour = sg_calloc(2 * (size_t)pairs->first[c->n] + 1, sizeof *list->neighbour);
    if (!list->first || !list->neighbour) return sg_fail(SG_ENOMEM, "neighbours of %d particles", c->n);
    at = list->first + 1; /* [i]: end of row i - 1, then where the next of row i goes, in the end its end */
    for (int put = 0; put < 2; put++) {
        for (int i = 0; i < c->n; i++)
            for (int64_t k = pairs->first[i]; k < pairs->first[i + 1]; k++) {
                const int j = pairs->j[k];
                if (!within(c, i, j, r_max)) continue;
                if (put) {
                    list->neighbour[at[i]++] = j;
                    list->neighbour[at[j]++] = i;
                } else {
                    at[i + 1]++;
                    at[j + 1]++;
                }
            }
        for (int i = 0; i < c->n && !put; i++)
            at[i + 1] += at[i];
    }
    return SG_OK;
}
