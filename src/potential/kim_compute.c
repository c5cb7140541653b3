/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Energy, forces and virial through the KIM-API.
 *
 * Idea: the energies of all atoms contribute, images and all else only lend their positions; forces on images
 * are brought home to their atoms, and the virial is - sum over particles of f_a x_b, the derivative by an
 * affine motion of everything there is, which needs nothing of the model but forces.
 *
 * Free sets: only atoms within the influence distance of a free atom contribute, now or when the set was
 * taken up; the energy of the others cannot change, and is the difference between the whole and the part at
 * the positions of that time. So forces on free atoms and energy differences are exact as far as the model
 * keeps the influence distance that it states.
 *
 * Each work has a model of its own, because models keep scratch in theirs. Source: Elliott & Tadmor, KIM-API,
 * doi 10.25950/ff8f563a. */
#include "kim_model.h"

#include <string.h>

typedef struct scratch {
    KIM_Model *model;
    KIM_ComputeArguments *arguments;
    sg_kim_reach reach;
    sg_kim_cluster whole, part;
    const sg_kim_cluster *running; /* whose neighbours the model asks for */
    double energy;
} scratch;

static sg_status open_scratch(const sg_kim *kim, sg_potential_work *work, scratch **out);
static sg_status run(const sg_kim *kim, scratch *s, sg_kim_cluster *c, const sg_system *sys);
static sg_status compute_part(const sg_kim *kim, scratch *s, sg_potential_work *work, const sg_system *sys,
                              const sg_atom_set *set);

sg_status sg_kim_compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                         const sg_atom_set *set, sg_forces *out)
{
    const sg_kim *const kim = (const sg_kim *)self;
    sg_kim_cluster *c;
    scratch *s = NULL;
    sg_status st = open_scratch(kim, work, &s);

    if (st != SG_OK) return st;
    for (int i = 0; i < sys->n; i++)
        if (sys->type[i] < 0 || sys->type[i] >= self->species.n)
            return sg_fail(SG_EINVAL, "atom id %d has type %d, the potential was made for %d", sys->id[i],
                           sys->type[i] + 1, self->species.n);
    c = set ? &s->part : &s->whole;
    if (set) {
        st = compute_part(kim, s, work, sys, set);
    } else {
        if (sg_kim_cluster_stale(c, sys, NULL)) st = sg_kim_cluster_build(c, sys, NULL, &s->reach);
        if (st == SG_OK) st = run(kim, s, c, sys);
    }
    if (st != SG_OK) return st;
    out->energy = s->energy;
    memset(out->f, 0, (size_t)sys->n * sizeof *out->f);
    memset(out->virial, 0, sizeof out->virial);
    for (int p = 0; p < c->n; p++) {
        const int i = c->owner[p];
        const double *const f = c->f[p], *const x = c->x[p];
        const double w[6] = {f[0] * x[0], f[1] * x[1], f[2] * x[2], f[0] * x[1], f[0] * x[2], f[1] * x[2]};
        for (int k = 0; k < 6; k++)
            out->virial[k] -= w[k];
        if (set && !set->member[i]) continue;
        for (int a = 0; a < 3; a++)
            out->f[i][a] += f[a];
    }
    return SG_OK;
}

/* ---- scratch ---- */

static void reset_scratch(void *own)
{
    scratch *const s = own;
    sg_kim_cluster_clear(&s->whole);
    sg_kim_cluster_clear(&s->part);
}

static void free_scratch(void *own)
{
    scratch *const s = own;
    reset_scratch(s);
    if (s->arguments) KIM_Model_ComputeArgumentsDestroy(s->model, &s->arguments);
    sg_kim_model_close(&s->model);
    sg_free(s);
}

static int neighbours(void *const data, int const n_lists, double const *const cutoffs, int const list,
                      int const particle, int *const n, int const **const first)
{
    const sg_kim_cluster *const c = ((const scratch *)data)->running;

    (void)cutoffs;
    *n = 0;
    if (n_lists != c->n_lists || list < 0 || list >= c->n_lists || particle < 0 || particle >= c->n) return 1;
    const sg_kim_list *const l = &c->list[list];
    *n = l->first[particle + 1] - l->first[particle];
    *first = l->neighbour + l->first[particle];
    return 0;
}

/* Energy and forces must be had, and nothing else may be asked for. */
static sg_status check_support(const sg_kim *kim, const KIM_ComputeArguments *arguments)
{
    int n = 0;

    KIM_COMPUTE_ARGUMENT_NAME_GetNumberOfComputeArgumentNames(&n);
    for (int k = 0; k < n; k++) {
        KIM_ComputeArgumentName name;
        KIM_SupportStatus status;
        if (KIM_COMPUTE_ARGUMENT_NAME_GetComputeArgumentName(k, &name) ||
            KIM_ComputeArguments_GetArgumentSupportStatus(arguments, name, &status))
            continue;
        const int ours = KIM_ComputeArgumentName_Equal(name, KIM_COMPUTE_ARGUMENT_NAME_partialEnergy) ||
                         KIM_ComputeArgumentName_Equal(name, KIM_COMPUTE_ARGUMENT_NAME_partialForces);
        if (ours && KIM_SupportStatus_Equal(status, KIM_SUPPORT_STATUS_notSupported))
            return sg_fail(SG_EUNSUPPORTED, "KIM model %s does not give %s", kim->name,
                           KIM_ComputeArgumentName_ToString(name));
        if (!ours && KIM_SupportStatus_Equal(status, KIM_SUPPORT_STATUS_required))
            return sg_fail(SG_EUNSUPPORTED, "KIM model %s asks for %s, which slowglass does not give",
                           kim->name, KIM_ComputeArgumentName_ToString(name));
    }
    KIM_COMPUTE_CALLBACK_NAME_GetNumberOfComputeCallbackNames(&n);
    for (int k = 0; k < n; k++) {
        KIM_ComputeCallbackName name;
        KIM_SupportStatus status;
        if (KIM_COMPUTE_CALLBACK_NAME_GetComputeCallbackName(k, &name) ||
            KIM_ComputeArguments_GetCallbackSupportStatus(arguments, name, &status))
            continue;
        if (KIM_SupportStatus_Equal(status, KIM_SUPPORT_STATUS_required))
            return sg_fail(SG_EUNSUPPORTED, "KIM model %s asks for %s, which slowglass does not give",
                           kim->name, KIM_ComputeCallbackName_ToString(name));
    }
    return SG_OK;
}

static sg_status open_scratch(const sg_kim *kim, sg_potential_work *work, scratch **out)
{
    scratch *s = work->own;

    *out = s;
    if (s) return SG_OK;
    if (!(s = sg_calloc(1, sizeof *s))) return sg_fail(SG_ENOMEM, "scratch of KIM model %s", kim->name);
    sg_status st = sg_kim_model_open(kim->name, &s->model);
    if (st == SG_OK) st = sg_kim_model_reach(s->model, kim->name, &kim->base.species, &s->reach);
    if (st == SG_OK) st = sg_kim_model_arguments(s->model, kim->name, &s->arguments);
    if (st == SG_OK) st = check_support(kim, s->arguments);
    if (st == SG_OK &&
        KIM_ComputeArguments_SetCallbackPointer(s->arguments, KIM_COMPUTE_CALLBACK_NAME_GetNeighborList,
                                                KIM_LANGUAGE_NAME_c, (KIM_Function *)neighbours, s))
        st = sg_fail(SG_EBACKEND, "KIM model %s: %s", kim->name, sg_kim_model_reason());
    if (st != SG_OK) {
        free_scratch(s);
        return st;
    }
    work->own = *out = s;
    work->own_reset = reset_scratch;
    work->own_free = free_scratch;
    return SG_OK;
}

/* ---- evaluation ---- */

static int set_pointers(scratch *s, const sg_kim_cluster *c)
{
    KIM_ComputeArguments *const a = s->arguments;

    return KIM_ComputeArguments_SetArgumentPointerInteger(a, KIM_COMPUTE_ARGUMENT_NAME_numberOfParticles,
                                                          &c->n) ||
           KIM_ComputeArguments_SetArgumentPointerInteger(a, KIM_COMPUTE_ARGUMENT_NAME_particleSpeciesCodes,
                                                          c->code) ||
           KIM_ComputeArguments_SetArgumentPointerInteger(a, KIM_COMPUTE_ARGUMENT_NAME_particleContributing,
                                                          c->contributing) ||
           KIM_ComputeArguments_SetArgumentPointerDouble(a, KIM_COMPUTE_ARGUMENT_NAME_coordinates, c->x[0]) ||
           KIM_ComputeArguments_SetArgumentPointerDouble(a, KIM_COMPUTE_ARGUMENT_NAME_partialForces,
                                                         c->f[0]) ||
           KIM_ComputeArguments_SetArgumentPointerDouble(a, KIM_COMPUTE_ARGUMENT_NAME_partialEnergy,
                                                         &s->energy);
}

/* Energy of the contributing atoms, forces on all particles, at the positions of sys. */
static sg_status run(const sg_kim *kim, scratch *s, sg_kim_cluster *c, const sg_system *sys)
{
    sg_kim_cluster_place(c, sys);
    s->running = c;
    s->energy = 0.0;
    if (set_pointers(s, c)) return sg_fail(SG_EBACKEND, "KIM model %s: %s", kim->name, sg_kim_model_reason());
    sg_kim_model_hush();
    if (KIM_Model_Compute(s->model, s->arguments))
        return sg_fail(SG_ENUMERIC, "KIM model %s does not give the forces of these positions: %s", kim->name,
                       sg_kim_model_reason());
    return SG_OK;
}

/* ---- free sets ---- */

/* Mark the atoms within reach of a free one at the positions of sys. */
static sg_status mark_reach(const scratch *s, const sg_system *sys, const sg_atom_set *set,
                            unsigned char *member)
{
    sg_neigh *near = NULL;
    const sg_status st = sg_neigh_create(sys, s->reach.influence + SG_SKIN, set->member, &near);

    if (st != SG_OK) return st;
    for (int i = 0; i < sys->n; i++) {
        member[i] |= set->member[i];
        for (int64_t k = near->first[i]; k < near->first[i + 1]; k++)
            member[i] = member[near->j[k]] = 1; /* every pair has a free atom */
    }
    sg_neigh_free(near);
    return SG_OK;
}

/* Build the part for the present positions, and find what the rest amounts to. */
static sg_status build_part(const sg_kim *kim, scratch *s, sg_potential_work *work, const sg_system *sys,
                            const sg_atom_set *set, double whole_energy)
{
    sg_system then = *sys; /* when the set was taken up */
    unsigned char *const member = sg_calloc((size_t)sys->n, 1);
    sg_status st = member ? SG_OK : sg_fail(SG_ENOMEM, "surroundings of %d free atoms", set->n);

    then.x = work->base.x;
    if (st == SG_OK) st = mark_reach(s, &then, set, member);
    if (st == SG_OK) st = mark_reach(s, sys, set, member);
    if (st == SG_OK) st = sg_kim_cluster_build(&s->part, &then, member, &s->reach);
    if (st == SG_OK) st = run(kim, s, &s->part, &then);
    if (st == SG_OK) work->base.pair_energy = whole_energy - s->energy;
    if (st == SG_OK) st = sg_kim_cluster_build(&s->part, sys, member, &s->reach);
    sg_free(member);
    return st;
}

static sg_status compute_part(const sg_kim *kim, scratch *s, sg_potential_work *work, const sg_system *sys,
                              const sg_atom_set *set)
{
    sg_base *const b = &work->base;
    sg_status st = SG_OK;

    if (sg_work_needs_base(work, sys, set)) {
        st = sg_kim_cluster_build(&s->whole, sys, NULL, &s->reach);
        if (st == SG_OK) st = run(kim, s, &s->whole, sys);
        if (st == SG_OK) st = sg_work_base_begin(work, sys);
        if (st != SG_OK) return st;
        b->constant = s->energy; /* of the whole, at the positions in b->x */
        if ((st = build_part(kim, s, work, sys, set, b->constant)) != SG_OK) return st;
        sg_work_base_end(work, sys, set);
    } else if (sg_kim_cluster_stale(&s->part, sys, set)) {
        if ((st = build_part(kim, s, work, sys, set, b->constant)) != SG_OK) return st;
    }
    for (int p = 0; p < s->part.n && st == SG_OK; p++)
        if (!set->member[s->part.owner[p]]) st = sg_work_check_frozen(work, sys, s->part.owner[p]);
    if (st == SG_OK) st = run(kim, s, &s->part, sys);
    s->energy += b->pair_energy;
    work->last_equivalents += (double)s->part.n_contributing / sys->n;
    return st;
}
