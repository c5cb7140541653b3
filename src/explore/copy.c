/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A state that is another one turned, mirrored or shifted as a whole, like atoms exchanged, has that one's
 * table: the vacancy of a crystal is the same wherever it is.
 *
 * Which entries the table has, their index and what lies on their two sides is carried along by the symmetry.
 * Energies and forces are not: every saddle and every final minimum is computed on the whole system where the
 * symmetry puts it, and counts only if it is converged and as high as its original (sg_saddle_confirm);
 * otherwise it is converged and verified like any lent event.
 *
 * The original is the first state with a complete table that fits and whose surroundings have had their
 * searches: copies follow it in the numbering, so that everything is a copy of something searched. That
 * depends on the states and tables alone; what is kept here is for speed. Copies are committed some at a
 * time: to make them again is quick. */
#include "explore_internal.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static const double image_tolerance = 0.01; /* Å: ten times what forces of 1e-4 eV/Å leave open, a tenth of
                                             * what tells two states apart */
static const int64_t worth_sharing =
    20000; /* copies times atoms: below, threads wait longer than they work */
enum { MAX_TRIES = 16, COPIES_PER_COMMIT = 16 };

typedef struct original { /* a state that has been looked at for copying */
    uint64_t state;
    int *colour; /* [n] numbers of bonds */
    int is_searched;
} original;

struct copier {
    double gamma; /* of the cell whose symmetries these are */
    sg_cell_symmetries ops;
    sg_congruence map;
    int *colour; /* [n] of the state in hand */
    double (*d)[3];
    original *original; /* [n_originals] */
    size_t n_originals, capacity;
    int since_commit;
};

void copier_free(copier *c)
{
    if (!c) return;
    for (size_t k = 0; k < c->n_originals; k++)
        sg_free(c->original[k].colour);
    sg_free(c->original);
    sg_free(c->map.map);
    sg_free(c->map.image);
    sg_free(c->colour);
    sg_free(c->d);
    sg_free(c);
}

static sg_status copier_create(sg_explorer *ex)
{
    const size_t n = (size_t)ex->frame->n;
    copier *c = ex->copier = sg_calloc(1, sizeof *c);

    if (!c) return sg_fail(SG_ENOMEM, "copies");
    c->map.map = sg_calloc(n, sizeof *c->map.map);
    c->map.image = sg_calloc(n, sizeof *c->map.image);
    c->colour = sg_calloc(n, sizeof *c->colour);
    c->d = sg_calloc(n, sizeof *c->d);
    if (!c->map.map || !c->map.image || !c->colour || !c->d) {
        copier_free(c);
        ex->copier = NULL;
        return sg_fail(SG_ENOMEM, "copies of %zu atoms", n);
    }
    c->gamma = ex->frame->cell.gamma;
    sg_topology_cell_symmetries(&ex->frame->cell, &c->ops);
    return SG_OK;
}

/* --- the original --- */

/* Number of bonds of each atom of the frame. */
static sg_status count_bonds(sg_explorer *ex, int *colour)
{
    sg_bonds *bonds = NULL;
    const sg_status st = sg_bonds_create(ex->frame, &ex->params, &bonds);

    for (int i = 0; st == SG_OK && i < ex->frame->n; i++)
        colour[i] = bonds->first[i + 1] - bonds->first[i];
    sg_bonds_free(bonds);
    return st;
}

static sg_status find_original(sg_explorer *ex, uint64_t state, original **out)
{
    copier *const c = ex->copier;

    for (size_t k = 0; k < c->n_originals; k++)
        if (c->original[k].state == state) return *out = &c->original[k], SG_OK;
    if (sg_grow((void **)&c->original, &c->capacity, c->n_originals + 1, sizeof *c->original) != 0)
        return sg_fail(SG_ENOMEM, "copies");
    original fresh = {.state = state, .colour = sg_calloc((size_t)ex->frame->n, sizeof *fresh.colour)};
    if (!fresh.colour) return sg_fail(SG_ENOMEM, "copies");
    const uint64_t here = ex->plan.state;
    frame_to(ex, state);
    const sg_status st = count_bonds(ex, fresh.colour);
    frame_to(ex, here);
    if (st != SG_OK) {
        sg_free(fresh.colour);
        return st;
    }
    c->original[c->n_originals++] = fresh;
    *out = &c->original[c->n_originals - 1];
    return SG_OK;
}

/* Searches made from a variant, by all catalogs together. */
static sg_status attempts_of(sg_explorer *ex, uint64_t key, uint64_t variant, uint64_t *attempts)
{
    sg_cat_variant *record = NULL;
    int n = 0;
    const sg_status st = sg_catalog_find_variants(ex->cat, key, &record, &n);

    *attempts = 0;
    for (int k = 0; k < n; k++) {
        if (record[k].id == variant) *attempts = record[k].attempts;
        sg_cat_variant_clear(&record[k]);
    }
    sg_free(record);
    return st;
}

/* Would a state that is congruent with this one be given no searches of its own? */
static sg_status look_whether_searched(sg_explorer *ex, original *o)
{
    const sg_cat_table *t = table_at(ex, o->state);
    sg_status st = SG_OK;

    if (o->is_searched) return SG_OK;
    o->is_searched = 1;
    if (ex->opt.max_per_step < 0) return SG_OK;
    for (int i = 0; i < ex->frame->n && o->is_searched && st == SG_OK; i++) {
        uint64_t attempts;
        int seen = !is_centre(ex, i);
        for (int q = 0; q < i && !seen; q++)
            seen = t->variant[q] == t->variant[i] && t->key[q] == t->key[i] && is_centre(ex, q);
        if (seen) continue;
        st = attempts_of(ex, t->key[i], t->variant[i], &attempts);
        o->is_searched = attempts >= (uint64_t)ex->opt.per_atom;
    }
    if (st != SG_OK) o->is_searched = 0;
    return st;
}

/* The state that this one is to be a copy of, and the map in the copier; NULL if there is none. */
static sg_status choose_original(sg_explorer *ex, uint64_t state, const original **out)
{
    copier *const c = ex->copier;
    sg_status st = SG_OK;
    int tries = 0, is_counted = 0;

    *out = NULL;
    for (uint64_t k = 0; k < ex->n_states && tries < MAX_TRIES && !*out; k++) {
        original *o = NULL;
        int found = 0;
        if (k == state || !table_is_complete(ex, k) || !is_of_this_strain(ex, ex->state[k].gamma) ||
            fabs(ex->state[k].energy - ex->state[state].energy) >= ex->opt.saddle.identity_energy)
            continue;
        if (!is_counted && (st = count_bonds(ex, c->colour)) != SG_OK) return st;
        is_counted = 1;
        tries++;
        if ((st = find_original(ex, k, &o)) != SG_OK) return st;
        if ((st = look_whether_searched(ex, o)) != SG_OK) return st;
        if (!o->is_searched) continue;
        st = sg_topology_congruence(ex->frame, &c->ops, x_of(ex, k), o->colour, x_of(ex, state), c->colour,
                                    image_tolerance, &c->map, &found);
        if (st != SG_OK) return st;
        if (found) *out = o;
    }
    return st;
}

/* Inherited entries of the original are converged there: once, and then for all its copies. */
static sg_status settle_original(sg_explorer *ex, uint64_t from)
{
    sg_cat_table *const t = table_at(ex, from);
    sg_status st = SG_OK;

    for (uint32_t k = 0; k < t->n_entries && st == SG_OK;) {
        int alive = 1;
        if (t->entry[k].kept && in_window(ex, t->entry[k].barrier))
            st = sg_explorer_reconverge(ex, from, k, &alive);
        k += alive != 0;
    }
    return st;
}

/* --- entries --- */

/* The displacement d from the original, laid on the image. */
static void lay(const sg_explorer *ex, positions d, double (*x)[3])
{
    const sg_congruence *m = &ex->copier->map;

    for (int i = 0; i < ex->frame->n; i++)
        for (int a = 0; a < 3; a++)
            x[m->map[i]][a] =
                m->image[m->map[i]][a] + m->R[a][0] * d[i][0] + m->R[a][1] * d[i][1] + m->R[a][2] * d[i][2];
}

/* Saddle and final minimum of an entry of the original, carried into the state in hand. Not active when the
 * table has that saddle already. */
static void prepare_copy(sg_explorer *ex, uint64_t from, const sg_cat_entry *entry, slot *s)
{
    const uint64_t state = ex->plan.state;
    const sg_cat_edge *e = &ex->edge[entry->edge - 1];
    const uint64_t other = entry->reverse ? e->from : e->to;
    const double shift = ex->state[state].energy - ex->state[from].energy;
    double(*d)[3] = ex->copier->d;

    positions x = x_of(ex, from);

    entry_saddle(ex, from, entry, d);
    for (int i = 0; i < ex->frame->n; i++)
        for (int a = 0; a < 3; a++)
            d[i][a] -= x[i][a];
    lay(ex, (positions)d, s->x_guess);
    s->active = find_converged(ex, state, e->e_saddle + shift, (positions)s->x_guess, ex->scratch) < 0;
    if (!s->active) return;
    sg_system_displacement(ex->frame, x_of(ex, from), x_of(ex, other), d, NULL);
    lay(ex, (positions)d, s->mode_guess);
    s->barrier = entry->barrier;
    s->difference = ex->state[other].energy - ex->state[from].energy;
    s->found = e->found;
    s->event = entry->reverse ? 0 : e->event;
    s->atom = (uint32_t)ex->copier->map.map[entry->reverse ? e->centre_back : e->centre];
    s->curvature[0] = e->curvature;
    s->curvature[1] = e->curvature2;
    prefactors_of(e, entry->reverse, &s->nu, &s->nu_back);
    s->nu_status = (sg_nu_status)e->nu_status;
    s->n_free = e->n_free;
}

static void run_copy(sg_explorer *ex, size_t index, slot *s, sg_saddle_work *work)
{
    const uint64_t state = ex->plan.state;
    const sg_saddle_image image = {(positions)s->x_guess, (positions)s->mode_guess, s->barrier,
                                   s->difference,         s->curvature[0],          s->curvature[1]};
    sg_saddle_problem p = {
        .pot = ex->pot, .start = ex->frame, .e_start = ex->state[state].energy, .opt = &ex->opt.saddle};
    const double before = sg_saddle_work_calls(work)->equivalents;
    sg_rng rng;

    memcpy(p.virial_start, ex->state[state].virial, sizeof p.virial_start);
    s->status = sg_saddle_confirm(&p, &image, work, s->passage);
    if ((s->status == SG_OK && s->passage->outcome != SG_FOUND) || s->status == SG_ENUMERIC) {
        sg_rng_init(&rng, ex->opt.seed, SG_RNG_VERIFY, state, s->atom, index);
        s->status = sg_saddle_refine(&p, (positions)s->x_guess, NULL, &rng, work, s->passage);
    }
    s->equivalents = equivalents_since(work, before);
    if (s->status == SG_ENUMERIC) {
        s->passage->outcome = SG_BLOW_UP;
        s->status = SG_OK;
    }
}

static sg_status run_copies(sg_explorer *ex, size_t first, int count)
{
    const int threads = (int64_t)count * ex->frame->n < worth_sharing ? 1 : ex->n_work;

#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int k = 0; k < count; k++)
        if (ex->slot[k].active) run_copy(ex, first + (size_t)k, &ex->slot[k], ex->work[omp_get_thread_num()]);
    for (int k = 0; k < count; k++)
        if (ex->slot[k].active && ex->slot[k].status != SG_OK)
            return sg_fail(ex->slot[k].status, "copies for state %llu: %s",
                           (unsigned long long)ex->plan.state, sg_status_text(ex->slot[k].status));
    return SG_OK;
}

static sg_status merge_copy(sg_explorer *ex, slot *s)
{
    const uint64_t state = ex->plan.state;
    const task t = {TASK_LEND, 0, s->atom, 0, s->event};
    sg_passage *p = s->passage;
    uint64_t edge_id = 0;
    int same = -1;
    sg_status st = SG_OK;

    ex->stats.force_calls += s->equivalents;
    ex->stats.refinements++;
    if (p->outcome == SG_FOUND)
        st = accept_passage(ex, state, p, SG_SAMPLER_PLACED, SG_SOURCE_CATALOG, s->event, s->found, 0,
                            &edge_id, &same);
    else if (p->outcome != SG_KNOWN)
        ex->stats.failed_refinements++;
    mark_accepted(p, edge_id, same);
    if (edge_id != 0) {
        ex->n_copied++;
        table_at(ex, state)->from_catalog++;
    }
    if (st == SG_OK) st = lend_prefactors(ex, edge_id, s->nu_status, s->nu, s->nu_back, s->n_free);
    return st == SG_OK ? log_row(ex, state, &t, SG_SAMPLER_PLACED, p, edge_id) : st;
}

static sg_status copy_entries(sg_explorer *ex, uint64_t from, const sg_cat_entry *entry, uint32_t n)
{
    uint32_t next = 0;
    size_t done = 0;
    sg_status st = SG_OK;

    while (next < n && st == SG_OK) {
        int count = 0;
        for (; next < n && count < ex->opt.batch; next++) {
            if (entry[next].kept || !in_window(ex, entry[next].barrier)) continue;
            prepare_copy(ex, from, &entry[next], &ex->slot[count]);
            count++;
        }
        st = run_copies(ex, done, count);
        for (int k = 0; k < count && st == SG_OK; k++)
            if (ex->slot[k].active) st = merge_copy(ex, &ex->slot[k]);
        done += (size_t)count;
    }
    return st;
}

/* --- the table --- */

static sg_status begin_copy(sg_explorer *ex, uint64_t state, uint64_t from)
{
    const int *const map = ex->copier->map.map;
    const sg_cat_table *const like = table_at(ex, from);
    sg_cat_table *t;
    sg_status st = registry_new_table(ex, state, &t);

    if (st != SG_OK) return st;
    for (int i = 0; i < ex->frame->n; i++) {
        t->key[map[i]] = like->key[i];
        t->variant[map[i]] = like->variant[i];
        t->origin[map[i]] = (uint32_t)state;
    }
    return add_edges_at(ex, state);
}

static sg_status end_copy(sg_explorer *ex, uint64_t state, uint64_t from)
{
    const sg_cat_table *const like = table_at(ex, from);
    sg_cat_table *const t = table_at(ex, state);

    memcpy(t->f1, like->f1, sizeof t->f1);
    memcpy(t->f2, like->f2, sizeof t->f2);
    t->rate_missing = like->rate_missing;
    ex->state[state].flags |= SG_CAT_STATE_TABLE | (ex->state[from].flags & SG_CAT_STATE_CONFIDENT);
    sg_status st = put_table(ex, state);
    if (st == SG_OK) st = put_state(ex, state);
    if (st != SG_OK || ++ex->copier->since_commit < COPIES_PER_COMMIT) return st;
    ex->copier->since_commit = 0;
    if ((st = sg_catalog_commit(ex->cat)) == SG_OK) pending_clear(ex);
    return st;
}

sg_status copy_table(sg_explorer *ex, uint64_t state, int *done)
{
    const original *o = NULL;
    sg_cat_entry *entry = NULL;
    uint32_t n = 0;
    if (ex->copier && !is_of_this_strain(ex, ex->copier->gamma)) { /* another cell, other symmetries */
        copier_free(ex->copier);
        ex->copier = NULL;
    }
    sg_status st = ex->copier ? SG_OK : copier_create(ex);

    *done = 0;
    ex->plan.state = state;
    if (st == SG_OK) st = choose_original(ex, state, &o);
    if (st != SG_OK || !o) return st;
    const uint64_t from = o->state;
    st = settle_original(ex, from);
    frame_to(ex, state);
    if (st == SG_OK) { /* of the original's table, which the copies may add to */
        n = table_at(ex, from)->n_entries;
        if (!(entry = sg_calloc((size_t)n + 1, sizeof *entry))) st = sg_fail(SG_ENOMEM, "copies");
        if (entry) memcpy(entry, table_at(ex, from)->entry, n * sizeof *entry);
    }
    if (st == SG_OK) st = begin_copy(ex, state, from);
    if (st == SG_OK) st = copy_entries(ex, from, entry, n);
    if (st == SG_OK) st = end_copy(ex, state, from);
    sg_free(entry);
    *done = st == SG_OK;
    return st;
}
