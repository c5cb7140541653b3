/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events made up in pieces cut out of a glass: the same event can be recorded turned, mirrored, with its
 * atoms in another order. Their barriers are whatever the test says; no potential is asked. */
#ifndef SLOWGLASS_TESTS_POCKET_SAMPLES_H
#define SLOWGLASS_TESTS_POCKET_SAMPLES_H

#include "catalog_samples.h"
#include "topology_samples.h"

#include "slowglass/event.h"

enum { POCKET_MOVERS = 5 };

typedef struct pocket { /* a cluster in vacuum and a passage in it */
    sg_system *sys;
    int centre;
    double (*d_saddle)[3], (*d_final)[3];
} pocket;

static inline sg_topology_params pocket_params(void)
{
    return two_cutoffs(3.35, 3.7, 4.1);
}

static inline void pocket_clear(pocket *p)
{
    sg_system_free(p->sys);
    free(p->d_saddle);
    free(p->d_final);
}

/* The surroundings of an atom of the glass; it moves by 1 Å, some neighbours by up to 0.6 Å. */
static inline pocket pocket_make(sg_rng *rng, const sg_system *glass, int centre)
{
    pocket p = {.sys = cut_out(glass, centre, 11.0)};

    p.d_saddle = calloc((size_t)p.sys->n, sizeof *p.d_saddle);
    p.d_final = calloc((size_t)p.sys->n, sizeof *p.d_final);
    for (int k = 0, i = 0; k < POCKET_MOVERS && i < p.sys->n; i++) {
        const double *x = p.sys->x[i];
        double norm = 0, v[3];
        if (x[0] * x[0] + x[1] * x[1] + x[2] * x[2] > 16.0) continue;
        for (int a = 0; a < 3; a++) {
            v[a] = sg_rng_normal(rng);
            norm += v[a] * v[a];
        }
        const double size = k == 0 ? 1.0 : 0.6 * sg_rng_uniform(rng);
        for (int a = 0; a < 3; a++) {
            p.d_final[i][a] = size * v[a] / sqrt(norm);
            p.d_saddle[i][a] = 0.5 * p.d_final[i][a] + 0.1 * sg_rng_normal(rng);
        }
        k++;
    }
    return p;
}

/* The same, turned at random, mirrored on request, its atoms in another order, every position and
 * displacement off by `noise` Å or so. */
static inline pocket pocket_turned(sg_rng *rng, const pocket *from, int mirrored, double noise)
{
    const int n = from->sys->n;
    pocket p = {.d_saddle = calloc((size_t)n, sizeof *p.d_saddle),
                .d_final = calloc((size_t)n, sizeof *p.d_final)};
    double R[3][3];
    int *order = malloc((size_t)n * sizeof *order);

    assert_ok(sg_system_copy(from->sys, &p.sys));
    random_rotation(rng, mirrored, R);
    shuffle(rng, n, order);
    for (int i = 0; i < n; i++) {
        const int to = order[i];
        p.sys->type[to] = from->sys->type[i];
        rotate((const double(*)[3])R, from->sys->x[i], p.sys->x[to]);
        rotate((const double(*)[3])R, from->d_saddle[i], p.d_saddle[to]);
        rotate((const double(*)[3])R, from->d_final[i], p.d_final[to]);
        for (int a = 0; a < 3; a++) {
            p.sys->x[to][a] += noise * (2 * sg_rng_uniform(rng) - 1);
            p.d_saddle[to][a] += noise * (2 * sg_rng_uniform(rng) - 1);
            p.d_final[to][a] += noise * (2 * sg_rng_uniform(rng) - 1);
        }
    }
    p.centre = order[from->centre];
    free(order);
    return p;
}

/* Generic record, and the environment of its centre. */
static inline void pocket_record(const pocket *p, double barrier, sg_environment *env, sg_cat_event *event)
{
    const sg_topology_params params = pocket_params();
    const sg_cat_edge edge = {.barrier = barrier, .barrier_back = barrier / 2, .saddle_force = 5e-4};
    sg_bonds *bonds = NULL;

    assert_ok(sg_bonds_create(p->sys, &params, &bonds));
    assert_ok(sg_topology_environment(p->sys, &params, bonds, p->centre, env));
    assert_ok(sg_event_generic(p->sys, env, bonds, (const double(*)[3])p->d_saddle,
                               (const double(*)[3])p->d_final, (const double(*)[3])p->d_final, &edge, 0, 1,
                               event));
    sg_bonds_free(bonds);
}

#endif
