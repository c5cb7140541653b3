/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk over the states of a small system, with its catalog in a folder of its own, for the tests of explore
 * and kmc. */
#ifndef SLOWGLASS_TESTS_WALK_SAMPLES_H
#define SLOWGLASS_TESTS_WALK_SAMPLES_H

#include "event_samples.h"

#include "slowglass/kmc.h"
#include "slowglass/vibration.h"

typedef struct walk { /* everything that a run holds */
    const defect *d;
    char folder[64], path[256];
    sg_topology_params params;
    sg_catalog_header header;
    sg_explore_options explore;
    sg_kmc_options kmc;
    sg_catalog *cat;
    sg_explorer *ex;
    sg_kmc *kmc_walk;
} walk;

/* Options for a defect in a crystal; nothing is opened yet. */
static inline void walk_init(walk *w, const defect *d)
{
    memset(w, 0, sizeof *w);
    w->d = d;
    folder_make(w->folder);
    joined(w->path, w->folder, "catalog");
    w->params = (sg_topology_params){.n_species = 1, .cutoff = {{3.1}}};
    w->header = (sg_catalog_header){.format = SG_CATALOG_FORMAT,
                                    .key_version = SG_TOPOLOGY_KEY_VERSION,
                                    .fingerprint = d->pot->fingerprint,
                                    .n_species = 1,
                                    .number = {29},
                                    .cutoff = {{3.1}},
                                    .variant_radius = 5.0,
                                    .seed = 3};
    strcpy(w->header.potential, d->pot->ops->name);
    w->explore = (sg_explore_options){.saddle = d->opt,
                                      .push_radius = {2.0},
                                      .n_push_radii = 1,
                                      .per_atom = 4,
                                      .batch = 8,
                                      .keep = 0.05,
                                      .refine = 0.3,
                                      .residual_max = 0.4,
                                      .variant_radius = 5.0,
                                      .variant_tolerance = 0.1,
                                      .temperature = 1000,
                                      .prefactor = 1e13,
                                      .seed = 3,
                                      .threads = 1,
                                      .keep_landscape = 1};
    w->kmc = (sg_kmc_options){
        .max_time = 1e9, .seed = 3, .basin_barrier = 0.4, .basin_max_states = 8, .commit_every = 4};
}

static inline void walk_open_on(walk *w, sg_catalog *cat) /* takes the catalog */
{
    uint64_t id = 0;

    w->cat = cat;
    assert_ok(sg_explorer_create(w->d->pot, w->d->sys, &w->params, w->cat, &w->explore, NULL, &w->ex));
    if (sg_explorer_n_states(w->ex) == 0)
        assert_ok(sg_explorer_add_state(w->ex, (positions)w->d->sys->x, &id));
    assert_int_equal(id, 0);
    assert_ok(sg_kmc_create(w->ex, w->cat, 0, &w->kmc, &w->kmc_walk));
}

static inline void walk_open(walk *w, int exists)
{
    sg_catalog *cat;

    if (exists)
        assert_ok(sg_catalog_open(w->path, 1, NULL, &cat));
    else
        assert_ok(sg_catalog_create(w->path, &w->header, &cat));
    walk_open_on(w, cat);
}

/* As after a kill: what was not committed is lost. */
static inline void walk_close(walk *w)
{
    sg_kmc_free(w->kmc_walk);
    sg_explorer_free(w->ex);
    sg_catalog_close(w->cat);
    w->kmc_walk = NULL;
    w->ex = NULL;
    w->cat = NULL;
}

static inline void walk_end(walk *w)
{
    walk_close(w);
    folder_remove(w->folder);
}

static inline sg_cat_step step(walk *w)
{
    sg_cat_step row;
    sg_kmc_end end = SG_KMC_NO_EVENTS;

    assert_ok(sg_kmc_step(w->kmc_walk, &row, &end));
    assert_int_equal(end, SG_KMC_MOVED);
    return row;
}

static inline double force_calls(const walk *w)
{
    const sg_explore_stats s = sg_explorer_stats(w->ex);
    return s.full_calls + s.free_calls + s.products;
}

/* ln of the product of the frequencies of two adatoms, by the spectrum of the state. */
static inline double log_frequencies(const walk *w, const double (*x)[3])
{
    sg_vibration_work *work = NULL;
    sg_system *s = NULL;
    int atom[2], n = 0;
    unsigned char member[64] = {0};
    sg_spectrum out;

    assert_ok(sg_system_copy(w->d->sys, &s));
    memcpy(s->x, x, (size_t)s->n * sizeof *x);
    assert_true(s->n <= 64 && s->n - s->n_fixed == 2);
    for (int i = 0; i < s->n; i++)
        if (!s->fixed[i]) {
            atom[n++] = i;
            member[i] = 1;
        }
    const sg_atom_set set = {2, atom, member};
    assert_ok(sg_vibration_work_create(w->d->pot, s, &work));
    assert_ok(sg_vibration_spectrum(w->d->pot, work, s, &set, NULL, &out));
    assert_true(out.n_negative == 0 && out.n_zero == 0);
    sg_vibration_work_free(work);
    sg_system_free(s);
    return 0.5 * out.log_det;
}

#endif
