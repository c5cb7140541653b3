/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which atoms share their searches: every atom of a state is given a variant, the geometry of all atoms
 * within variant_radius.
 *
 * An atom keeps the variant it had in the parent state while nothing within the radius has moved more than
 * the tolerance since the state where that variant was matched (its origin); with it goes the key it is
 * recorded under, so that a bond that passes the cutoff by such a small motion does not cost the atom its
 * searches. Otherwise its surroundings are laid on the variants known for its key at the present strain; if
 * none fits it founds a new one, and what was done for it at other strains counts in part (credit.c). A
 * strain between origin and state changes every variant, as soon as the searches that it devalues make one.
 */
#include "explore_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void variants_clear(sg_explorer *ex)
{
    for (size_t k = 0; k < ex->n_classes; k++)
        sg_cat_variant_clear(&ex->class_[k].variant);
    ex->n_classes = 0;
}

/* Take over a record as a class; its attempts are split into those of this run and those of the others. */
static sg_status add_class(sg_explorer *ex, sg_cat_variant *take, int member, int *index)
{
    if (sg_grow((void **)&ex->class_, &ex->cap_classes, ex->n_classes + 1, sizeof *ex->class_) != 0) {
        sg_cat_variant_clear(take);
        return sg_fail(SG_ENOMEM, "%zu variants", ex->n_classes + 1);
    }
    variant_class *c = &ex->class_[ex->n_classes];
    c->variant = *take;
    sg_cat_variant_keep_run(&c->variant, ex->opt.run);
    c->lent_attempts = take->attempts - c->variant.attempts;
    c->first_member = member;
    memset(take, 0, sizeof *take);
    *index = (int)ex->n_classes++;
    return SG_OK;
}

static int find_class(const sg_explorer *ex, uint64_t key, uint64_t id)
{
    for (size_t k = 0; k < ex->n_classes; k++)
        if (ex->class_[k].variant.id == id && ex->class_[k].variant.key == key) return (int)k;
    return -1;
}

static void clear_records(sg_cat_variant *record, int n)
{
    for (int k = 0; k < n; k++)
        sg_cat_variant_clear(&record[k]);
    sg_free(record);
}

/* The class of a variant that must be in the catalog. */
static sg_status class_by_id(sg_explorer *ex, uint64_t key, uint64_t id, int member, int *index)
{
    sg_cat_variant *record = NULL;
    int n = 0;

    *index = find_class(ex, key, id);
    if (*index >= 0) return SG_OK;
    sg_status st = sg_catalog_find_variants(ex->cat, key, &record, &n);
    if (st != SG_OK) return st;
    for (int k = 0; k < n && *index < 0; k++)
        if (record[k].id == id) st = add_class(ex, &record[k], member, index);
    clear_records(record, n);
    if (st == SG_OK && *index < 0)
        st = sg_fail(SG_ECORRUPT, "variant %016llx of key %016llx is not in the catalog",
                     (unsigned long long)id, (unsigned long long)key);
    return st;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Distances from the centre, ascending: congruent clusters agree in them. */
static void radii_of_record(const sg_cat_variant *v, double *radius)
{
    for (uint32_t k = 0; k < v->n; k++) {
        const double x = (double)v->x[k][0], y = (double)v->x[k][1], z = (double)v->x[k][2];
        radius[k] = sqrt(x * x + y * y + z * z);
    }
    qsort(radius, v->n, sizeof *radius, compare_doubles);
}

static int radii_agree(const sg_cat_variant *v, const double *radius, int n, double limit, double tolerance)
{
    double other[SG_TOPOLOGY_MAX_CLUSTER];

    if (v->n > SG_TOPOLOGY_MAX_CLUSTER) return 0;
    radii_of_record(v, other);
    for (int k = 0; k < (int)v->n; k++) {
        if (k >= n) return other[k] > limit;
        if (other[k] > limit && radius[k] > limit) return 1;
        if (fabs(other[k] - radius[k]) > 2 * tolerance)
            return 0; /* both the atom and the centre may be off */
    }
    return n <= (int)v->n || radius[v->n] > limit;
}

typedef struct matcher { /* one atom's surroundings, ready to be compared */
    sg_environment env;
    sg_cluster cluster;
    double radius[SG_TOPOLOGY_MAX_CLUSTER];
    int n_perm; /* 0: not asked for yet */
    int perm[MAX_AUTOMORPHISMS][SG_TOPOLOGY_MAX_VERTICES];
    sg_placement placement;
    int credit; /* searches that a variant founded here begins with */
} matcher;

static sg_status matcher_begin(sg_explorer *ex, int atom, const sg_bonds *spheres, matcher *m)
{
    m->n_perm = 0;
    sg_status st = sg_topology_environment(ex->frame, &ex->params, ex->keys->bonds, atom, &m->env);
    if (st != SG_OK) return st;
    st = sg_cluster_init(&m->cluster, ex->frame, &m->env, ex->opt.variant_radius + cover_margin, spheres);
    if (st != SG_OK) return st;
    for (int k = 0; k < m->cluster.n; k++) {
        const double *x = m->cluster.x[k];
        m->radius[k] = sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
    }
    qsort(m->radius, (size_t)m->cluster.n, sizeof *m->radius, compare_doubles);
    return SG_OK;
}

sg_status variant_fits(const sg_explorer *ex, const sg_cat_variant *v, const sg_cluster *here, int n_perm,
                       const int (*perm)[SG_TOPOLOGY_MAX_VERTICES], const variant_match *how,
                       sg_placement *scratch, int *yes)
{
    sg_match_options opt = sg_match_defaults();
    sg_cluster ref = {0};
    int n = 0;

    *yes = 0;
    if (v->n > SG_TOPOLOGY_MAX_CLUSTER) return SG_OK;
    opt.tolerance = opt.enough = how->tolerance;
    opt.assign_max = how->assign_max;
    opt.cover = ex->opt.variant_radius - cover_margin;
    opt.best_only = 1;
    sg_status st =
        sg_cluster_init_record(&ref, (int)v->n, (int)v->n_shell, v->number, (const float(*)[3])v->x);
    if (st == SG_OK) st = sg_topology_match(&ref, here, n_perm, perm, &opt, 1, scratch, &n);
    sg_cluster_clear(&ref);
    *yes = n > 0;
    return st;
}

static sg_status fits(sg_explorer *ex, const sg_cat_variant *v, matcher *m, int *yes)
{
    const double tolerance = ex->opt.variant_tolerance;
    const variant_match how = {tolerance, 4 * tolerance};
    sg_status st = SG_OK;

    *yes = 0;
    if (!radii_agree(v, m->radius, m->cluster.n, ex->opt.variant_radius - cover_margin, tolerance))
        return SG_OK;
    if (m->n_perm == 0) st = sg_topology_automorphisms(&m->env, MAX_AUTOMORPHISMS, m->perm, &m->n_perm);
    if (st == SG_OK)
        st = variant_fits(ex, v, &m->cluster, m->n_perm, (const int(*)[SG_TOPOLOGY_MAX_VERTICES])m->perm,
                          &how, &m->placement, yes);
    return st;
}

static sg_status found_variant(sg_explorer *ex, int atom, const matcher *m, const sg_bonds *spheres,
                               int *index)
{
    sg_cat_variant v;
    const sg_cat_environment record = {m->env.key, (uint32_t)m->env.n, (uint32_t)m->env.form_size,
                                       (unsigned char *)m->env.form};
    sg_status st = sg_event_variant(ex->frame, &m->env, ex->opt.variant_radius, spheres, &v);

    if (st != SG_OK) return st;
    st = credit_variant(ex, atom, m->credit, &v);
    if (st == SG_OK) st = sg_catalog_put_environment(ex->cat, &record);
    if (st == SG_OK) st = sg_catalog_put_variant(ex->cat, &v);
    if (st != SG_OK) sg_cat_variant_clear(&v);
    if (st == SG_OK) st = add_class(ex, &v, atom, index);
    return st;
}

/* The class that an atom's geometry belongs to, among those met in this state, then those of the catalog,
 * else a new one. */
static sg_status class_by_geometry(sg_explorer *ex, int atom, const sg_bonds *spheres, matcher *m, int *index)
{
    sg_cat_variant *record = NULL;
    int n = 0, yes = 0;
    sg_status st = matcher_begin(ex, atom, spheres, m);

    *index = -1;
    for (size_t k = 0; st == SG_OK && k < ex->n_classes && *index < 0; k++) {
        if (ex->class_[k].variant.key != m->env.key) continue;
        st = fits(ex, &ex->class_[k].variant, m, &yes);
        if (yes) *index = (int)k;
    }
    if (st == SG_OK && *index < 0) st = sg_catalog_find_variants(ex->cat, m->env.key, &record, &n);
    for (int k = 0; st == SG_OK && k < n && *index < 0; k++) {
        if (!is_of_this_strain(ex, record[k].gamma) || find_class(ex, record[k].key, record[k].id) >= 0)
            continue;
        st = fits(ex, &record[k], m, &yes);
        if (st == SG_OK && yes) st = add_class(ex, &record[k], atom, index);
    }
    if (st == SG_OK && *index < 0) st = found_variant(ex, atom, m, spheres, index);
    clear_records(record, n);
    sg_cluster_clear(&m->cluster);
    return st;
}

/* Distances moved by all atoms since a state, computed once per state asked for. */
static sg_status moved_since(sg_explorer *ex, uint64_t origin, double **field, const double **out)
{
    const int n = ex->frame->n;

    if (!field[origin]) {
        if (!(field[origin] = sg_calloc((size_t)n, sizeof(double))))
            return sg_fail(SG_ENOMEM, "displacements");
        sg_system_displacement(ex->frame, state_here(ex, origin), (positions)ex->frame->x, ex->scratch, NULL);
        for (int i = 0; i < n; i++) {
            const double *d = ex->scratch[i];
            field[origin][i] = sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        }
    }
    *out = field[origin];
    return SG_OK;
}

static int sphere_still(const sg_bonds *spheres, int atom, const double *moved, double tolerance)
{
    if (moved[atom] > tolerance) return 0;
    for (int k = spheres->first[atom]; k < spheres->first[atom + 1]; k++)
        if (moved[spheres->j[k]] > tolerance) return 0;
    return 1;
}

/* Whether an atom that was near at the origin has moved: it may be far now. */
static int has_left(const sg_explorer *ex, int atom, positions x, const double *moved, double tolerance)
{
    const double r = ex->opt.variant_radius + cover_margin;

    for (int j = 0; j < ex->frame->n; j++) {
        if (!(moved[j] > tolerance)) continue;
        double d[3] = {x[j][0] - x[atom][0], x[j][1] - x[atom][1], x[j][2] - x[atom][2]};
        sg_cell_minimum_image(&ex->frame->cell, d);
        if (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < r * r) return 1;
    }
    return 0;
}

typedef struct fate { /* of the variant that an atom had in the parent state */
    int changed;      /* its surroundings are others */
    int renewed;      /* .. or the same at a strain where its searches are worth less */
    int credit;       /* of a new variant in its place */
} fate;

static sg_status judge(sg_explorer *ex, const sg_cat_table *old, int atom, const sg_bonds *spheres,
                       const double *moved, fate *f)
{
    const uint64_t origin = old->origin[atom];
    const double gamma = ex->state[origin].gamma, small = ex->opt.variant_tolerance, large = ex->opt.refine;
    positions x = state_here(ex, origin);
    int attempts;

    f->changed = !sphere_still(spheres, atom, moved, small) || has_left(ex, atom, x, moved, small);
    f->renewed = f->changed;
    f->credit = 0;
    if (is_of_this_strain(ex, gamma)) return SG_OK;
    if (f->changed && (!sphere_still(spheres, atom, moved, large) || has_left(ex, atom, x, moved, large)))
        return SG_OK;
    const sg_status st = credit_by_id(ex, old->key[atom], old->variant[atom], gamma, &attempts, &f->credit);
    f->renewed = f->changed || attempts - f->credit > 1;
    f->changed = f->changed || (f->renewed && ex->keys->key[atom] != old->key[atom]);
    return st;
}

sg_status assign_variants(sg_explorer *ex, uint64_t state, uint64_t parent, unsigned char *changed)
{
    const int n = ex->frame->n;
    sg_cat_table *t = table_at(ex, state);
    const sg_cat_table *old = parent != state ? table_at(ex, parent) : NULL;
    sg_bonds *spheres = NULL;
    double **field = sg_calloc(ex->n_states, sizeof *field);
    matcher *m = sg_calloc(1, sizeof *m);
    sg_status st = field && m ? SG_OK : sg_fail(SG_ENOMEM, "variants");

    variants_clear(ex);
    if (st == SG_OK) st = sg_bonds_create_radius(ex->frame, ex->opt.variant_radius + cover_margin, &spheres);
    for (int i = 0; st == SG_OK && i < n; i++) {
        const double *moved = NULL;
        fate f = {1, 1, 0};
        t->key[i] = ex->keys->key[i];
        if (old) st = moved_since(ex, old->origin[i], field, &moved);
        if (old && st == SG_OK) st = judge(ex, old, i, spheres, moved, &f);
        if (st != SG_OK) break;
        changed[i] = (unsigned char)f.changed;
        m->credit = f.credit;
        if (!f.renewed)
            t->key[i] = old->key[i]; /* of the variant, whatever a bond close to the cutoff does */
        if (f.renewed)
            st = class_by_geometry(ex, i, spheres, m, &ex->class_of[i]);
        else
            st = class_by_id(ex, t->key[i], old->variant[i], i, &ex->class_of[i]);
        if (st != SG_OK) break;
        t->variant[i] = ex->class_[ex->class_of[i]].variant.id;
        t->origin[i] = (uint32_t)(f.renewed ? state : old->origin[i]);
        st = plan_goes_on(ex);
    }
    for (size_t k = 0; field && k < ex->n_states; k++)
        sg_free(field[k]);
    sg_free(field);
    sg_free(m);
    sg_bonds_free(spheres);
    return st;
}

sg_status restore_variants(sg_explorer *ex, uint64_t state)
{
    const sg_cat_table *t = table_at(ex, state);
    sg_status st = SG_OK;

    variants_clear(ex);
    for (int i = 0; st == SG_OK && i < ex->frame->n; i++)
        st = class_by_id(ex, t->key[i], t->variant[i], i, &ex->class_of[i]);
    return st;
}
