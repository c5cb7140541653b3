/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state in hand as it would stand at the strains of the records at hand. A record is looked up and laid
 * on in the geometry of its own strain: the affine part of what lies between is undone exactly, and what is
 * left are the atoms' own ways. View 0 is the state as it is; the others exist where a catalog was made at
 * another strain. There a bond near the cutoff is not to be trusted, so that the environments with one of
 * them flipped are looked up, too. Measured in a 500-atom Cu64Zr36 glass strained by 0.04: the key of an atom
 * is found as it was for 58 % of the atoms, with flips for 82 %, in the view for 66 %, with both for 90 %. */
#include "explore_internal.h"

#include <math.h>
#include <string.h>

static const double flip_margin = 0.15; /* Å */

typedef struct collector {
    sg_explorer *ex;
    sg_status st;
} collector;

static int is_known(const sg_explorer *ex, double gamma)
{
    for (int v = 1; v < ex->n_views; v++)
        if (strains_agree(ex->view[v].gamma, gamma)) return 1;
    return 0;
}

static int add_strain(void *arg, const void *record)
{
    const sg_cat_run *run = record;
    collector *const c = arg;
    sg_explorer *const ex = c->ex;

    if (!isfinite(run->gamma) || ex->n_views == MAX_VIEWS || is_known(ex, run->gamma)) return 0;
    view *const v = &ex->view[ex->n_views];
    if ((c->st = sg_system_copy(ex->frame, &v->sys)) != SG_OK) return 1;
    v->gamma = run->gamma;
    ex->n_views++;
    return 0;
}

sg_status views_open(sg_explorer *ex)
{
    collector c = {ex, SG_OK};

    ex->view[0] = (view){.gamma = ex->frame->cell.gamma, .sys = ex->frame};
    ex->n_views = 1;
    const sg_status st = sg_catalog_each_run(ex->cat, add_strain, &c);
    return st != SG_OK ? st : c.st;
}

void views_close(sg_explorer *ex)
{
    for (int v = 1; v < ex->n_views; v++) {
        sg_bonds_free(ex->view[v].bonds);
        sg_system_free(ex->view[v].sys);
    }
    ex->n_views = 0;
}

int view_is_idle(const sg_explorer *ex, int v)
{
    return v > 0 && is_of_this_strain(ex, ex->view[v].gamma);
}

int has_views(const sg_explorer *ex)
{
    for (int v = 1; v < ex->n_views; v++)
        if (!view_is_idle(ex, v)) return 1;
    return 0;
}

int view_of(const sg_explorer *ex, double gamma)
{
    for (int v = 1; v < ex->n_views; v++)
        if (strains_agree(ex->view[v].gamma, gamma) && !view_is_idle(ex, v)) return v;
    return 0;
}

sg_status views_to_frame(sg_explorer *ex)
{
    sg_status st = SG_OK;

    ex->view[0].gamma = ex->frame->cell.gamma;
    for (int v = 1; v < ex->n_views && st == SG_OK; v++) {
        view *const w = &ex->view[v];
        if (view_is_idle(ex, v)) continue;
        memcpy(w->sys->x, ex->frame->x, (size_t)ex->frame->n * sizeof *w->sys->x);
        w->sys->cell = ex->frame->cell;
        sg_bonds_free(w->bonds);
        w->bonds = NULL;
        st = sg_system_set_strain(w->sys, w->gamma);
        if (st == SG_OK) st = sg_bonds_create(w->sys, &ex->params, &w->bonds);
    }
    return st;
}

sg_status view_environments(const sg_explorer *ex, int v, int atom, sg_environment *env, int *n)
{
    const view *const w = &ex->view[v];

    if (v == 0)
        return sg_topology_marginal(ex->frame, &ex->params, ex->keys->bonds, atom, ex->opt.marginal,
                                    MAX_PROBES, env, n);
    return sg_topology_marginal(w->sys, &ex->params, w->bonds, atom, flip_margin, MAX_PROBES, env, n);
}

/* --- account --- */

enum { ACCOUNT_WORDS = 2 + SG_FATE_COUNT };
static const char account_name[] = "strain"; /* u64 left out, one per fate, born */

static uint64_t *account_word(sg_strain_account *a, int k)
{
    return k == 0 ? &a->left_out : k <= SG_FATE_COUNT ? &a->fate[k - 1] : &a->born;
}

sg_status strain_account_load(sg_explorer *ex)
{
    void *bytes = NULL;
    size_t n = 0;
    sg_status st = sg_catalog_get_meta(ex->cat, account_name, &bytes, &n);

    if (st == SG_ENOTFOUND) return SG_OK;
    if (st == SG_OK && n != 8 * ACCOUNT_WORDS) st = sg_fail(SG_ECORRUPT, "stored account of strains");
    for (int k = 0; k < ACCOUNT_WORDS && st == SG_OK; k++)
        *account_word(&ex->stats.strain, k) = sg_get_u64((const unsigned char *)bytes + 8 * k);
    sg_free(bytes);
    return st;
}

sg_status strain_account_store(sg_explorer *ex)
{
    unsigned char bytes[8 * ACCOUNT_WORDS];
    uint64_t sum = 0;

    for (int k = 0; k < ACCOUNT_WORDS; k++) {
        sg_put_u64(bytes + 8 * k, *account_word(&ex->stats.strain, k));
        sum += *account_word(&ex->stats.strain, k);
    }
    if (sum == 0 || !ex->opt.keep_landscape) return SG_OK;
    return sg_catalog_put_meta(ex->cat, account_name, bytes, sizeof bytes);
}
