/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What searches at another strain are worth here. An atom whose surroundings a catalog knows at another
 * strain need not be searched as if nobody had ever looked: what exists there and here has been found, or
 * missed, as often as anywhere. Only what exists here alone, born by the strain, needs all searches; so a
 * search counts as the share of the events that live through the strain between.
 *
 * The surroundings of one atom need no geometry to be known again: within a run that is strained on the way,
 * an atom's variant at the new strain succeeds the one it had, as long as its own ways are short.
 *
 * The credit stands in the new variant's record as attempts of this run: what a run has granted itself, it
 * grants again after a kill, and in the states that follow. */
#include "explore_internal.h"

#include <math.h>

static const double lifetime = 0.08; /* strain: exp(-0.04 / lifetime) = 0.6 of the events of a 500-atom
                                      * Cu64Zr36 glass live through a strain of 0.04, nine in ten through
                                      * 0.005 (validation/strain-prediction) */

static int counted(uint32_t attempts, double gamma_from, double gamma_to)
{
    return (int)(attempts * exp(-fabs(gamma_to - gamma_from) / lifetime) + 1e-9);
}

/* The most that a variant of this environment, met at the strain of the view, is worth. An atom's own ways
 * under strain are allowed for: as far as an inherited event would be reconverged. */
static sg_status credit_of(sg_explorer *ex, int v, const sg_environment *env, sg_placement *scratch,
                           int *credit)
{
    const view *const w = &ex->view[v];
    const variant_match under_strain = {ex->opt.refine, sg_match_defaults().assign_max};
    int perm[MAX_AUTOMORPHISMS][SG_TOPOLOGY_MAX_VERTICES], n_perm = 0, n = 0;
    sg_cat_variant *record = NULL;
    sg_cluster here = {0};
    sg_status st = sg_catalog_find_variants(ex->cat, env->key, &record, &n);

    for (int k = 0; k < n && st == SG_OK; k++) {
        const int worth = counted(record[k].attempts, record[k].gamma, ex->frame->cell.gamma);
        int yes = 0;
        if (view_of(ex, record[k].gamma) != v || worth <= *credit) continue;
        if (n_perm == 0) {
            st = sg_topology_automorphisms(env, MAX_AUTOMORPHISMS, perm, &n_perm);
            if (st == SG_OK)
                st = sg_cluster_init(&here, w->sys, env, ex->opt.variant_radius + cover_margin, NULL);
        }
        if (st == SG_OK)
            st = variant_fits(ex, &record[k], &here, n_perm, (const int(*)[SG_TOPOLOGY_MAX_VERTICES])perm,
                              &under_strain, scratch, &yes);
        if (yes) *credit = worth;
    }
    sg_cluster_clear(&here);
    for (int k = 0; k < n; k++)
        sg_cat_variant_clear(&record[k]);
    sg_free(record);
    return st;
}

sg_status credit_by_id(const sg_explorer *ex, uint64_t key, uint64_t id, double gamma, int *attempts,
                       int *credit)
{
    sg_cat_variant *record = NULL;
    int n = 0;
    const sg_status st = sg_catalog_find_variants(ex->cat, key, &record, &n);

    *attempts = *credit = 0;
    for (int k = 0; k < n; k++) {
        if (record[k].id == id) {
            *attempts = (int)record[k].attempts;
            *credit = counted(record[k].attempts, gamma, ex->frame->cell.gamma);
        }
        sg_cat_variant_clear(&record[k]);
    }
    sg_free(record);
    return st;
}

static sg_status credit_by_views(sg_explorer *ex, int atom, int *credit)
{
    int n = 0;
    sg_status st = SG_OK;

    if (!has_views(ex)) return SG_OK;
    sg_environment *env = sg_calloc(MAX_PROBES, sizeof *env);
    sg_placement *scratch = sg_calloc(1, sizeof *scratch);
    if (!env || !scratch) st = sg_fail(SG_ENOMEM, "variants of other strains");
    for (int w = 1; w < ex->n_views && st == SG_OK; w++) {
        if (view_is_idle(ex, w)) continue;
        st = view_environments(ex, w, atom, env, &n);
        for (int k = 0; k < n && st == SG_OK; k++)
            st = credit_of(ex, w, &env[k], scratch, credit);
    }
    sg_free(env);
    sg_free(scratch);
    return st;
}

sg_status credit_variant(sg_explorer *ex, int atom, int least, sg_cat_variant *v)
{
    int credit = least;
    sg_status st = credit_by_views(ex, atom, &credit);

    for (int k = 0; k < credit && st == SG_OK; k++)
        st = sg_cat_variant_count(v, ex->opt.run);
    return st;
}
