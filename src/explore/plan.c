/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to do for one state, fixed before any of it is done: inherited events to reconverge, events lent by
 * the catalog, searches. The plan is stored; after a kill the run takes up the same plan where it stood. */
#include "explore_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void plan_clear(sg_explorer *ex)
{
    sg_free(ex->plan.task);
    memset(&ex->plan, 0, sizeof ex->plan);
}

sg_status plan_goes_on(const sg_explorer *ex)
{
    return is_given_up(ex) ? sg_fail(SG_EINTERRUPTED, "interrupted while planning for state %llu",
                                     (unsigned long long)ex->plan.state)
                           : SG_OK;
}

sg_status plan_add(plan *p, task t)
{
    if (sg_grow((void **)&p->task, &p->capacity, p->n + 1, sizeof *p->task) != 0)
        return sg_fail(SG_ENOMEM, "%zu tasks", p->n + 1);
    p->task[p->n++] = t;
    return SG_OK;
}

/* --- storing --- */

enum { PLAN_HEAD = 32, PLAN_TASK = 24 };

sg_status plan_store(sg_explorer *ex)
{
    const plan *p = &ex->plan;
    const size_t size = PLAN_HEAD + p->n * PLAN_TASK;
    unsigned char *bytes = sg_calloc(size, 1), *b = bytes;

    if (!bytes) return sg_fail(SG_ENOMEM, "plan of %zu tasks", p->n);
    sg_put_u64(b, p->state);
    sg_put_u64(b + 8, p->parent);
    sg_put_u64(b + 16, p->n);
    sg_put_u64(b + 24, p->second);
    for (size_t k = 0; k < p->n; k++) {
        const task *t = &p->task[k];
        b = bytes + PLAN_HEAD + k * PLAN_TASK;
        sg_put_u64(b, (uint64_t)t->kind | (uint64_t)t->reverse << 8 | (uint64_t)t->atom << 32);
        sg_put_u64(b + 8, t->attempt);
        sg_put_u64(b + 16, t->ref);
    }
    const sg_status st = sg_catalog_put_meta(ex->cat, "plan", bytes, size);
    sg_free(bytes);
    return st;
}

sg_status plan_load(sg_explorer *ex)
{
    void *bytes = NULL, *done = NULL;
    size_t size = 0, done_size = 0;
    sg_status st = sg_catalog_get_meta(ex->cat, "plan", &bytes, &size);

    plan_clear(ex);
    if (st == SG_ENOTFOUND) return SG_OK;
    if (st == SG_OK) st = sg_catalog_get_meta(ex->cat, "plan_done", &done, &done_size);
    if (st == SG_OK && (size < PLAN_HEAD || done_size != 8)) st = sg_fail(SG_ECORRUPT, "stored plan");
    if (st != SG_OK) goto end;
    const unsigned char *b = bytes;
    const uint64_t n = sg_get_u64(b + 16);
    if (n > (size - PLAN_HEAD) / PLAN_TASK) {
        st = sg_fail(SG_ECORRUPT, "stored plan: %llu tasks in %zu bytes", (unsigned long long)n, size);
        goto end;
    }
    ex->plan.state = sg_get_u64(b);
    ex->plan.parent = sg_get_u64(b + 8);
    ex->plan.second = sg_get_u64(b + 24);
    for (uint64_t k = 0; k < n && st == SG_OK; k++) {
        const unsigned char *q = b + PLAN_HEAD + k * PLAN_TASK;
        const uint64_t head = sg_get_u64(q);
        st = plan_add(&ex->plan, (task){(uint8_t)head, (uint8_t)(head >> 8), (uint32_t)(head >> 32),
                                        (uint32_t)sg_get_u64(q + 8), sg_get_u64(q + 16)});
    }
    ex->plan.done = (size_t)sg_get_u64(done);
    ex->plan.is_open = 1;
    if (st == SG_OK &&
        (ex->plan.done > ex->plan.n || ex->plan.state >= ex->n_states || ex->plan.parent >= ex->n_states))
        st = sg_fail(SG_ECORRUPT, "stored plan does not fit the run");
end:
    sg_free(bytes);
    sg_free(done);
    return st;
}

/* --- edges that already end here --- */

sg_status add_edges_at(sg_explorer *ex, uint64_t state)
{
    for (size_t k = 0; k < ex->n_edges; k++) {
        if (ex->edge[k].from != state && ex->edge[k].to != state) continue;
        const sg_status st = link_edge(ex, k + 1);
        if (st != SG_OK) return st;
    }
    return SG_OK;
}

/* --- searches --- */

/* One search in so many is a draw, dealt out without regard to what is known: the estimate of what is missing
 * rests on these. */
enum { DRAW_EVERY = 2 };
static const uint64_t lots = 1ULL << 33, draws_by_lot = 1ULL << 34; /* numbers of random streams */

typedef struct want { /* a variant that is short of searches */
    int class_, n_members;
    int need, spent;
    int here; /* searches planned in this state */
    double lot;
} want;

int is_centre(const sg_explorer *ex, int atom)
{
    if (ex->opt.n_centres == 0) return !ex->frame->fixed[atom];
    for (int k = 0; k < ex->opt.n_centres; k++)
        if (ex->opt.centre[k] == atom) return 1;
    return 0;
}

static int compare_wants(const void *a, const void *b)
{
    const want *x = a, *y = b;
    if (x->spent != y->spent) return x->spent - y->spent; /* new surroundings first */
    if (x->lot != y->lot) return x->lot < y->lot ? -1 : 1;
    return x->class_ - y->class_;
}

static int search_cap(const sg_explorer *ex, uint64_t state, uint64_t parent)
{
    return state == parent ? ex->opt.max_at_start : ex->opt.max_per_step;
}

typedef struct round_ { /* of searches, while it is being planned */
    want *want;
    int *member, *start; /* centres by class */
    uint32_t *attempt;   /* per atom, in this state */
    int n_centres, most, planned;
    uint64_t spent; /* searches made in this state before */
} round_;

static void round_clear(round_ *r)
{
    sg_free(r->want);
    sg_free(r->member);
    sg_free(r->start);
    sg_free(r->attempt);
}

static sg_status round_begin(const sg_explorer *ex, round_ *r)
{
    const int n = ex->frame->n, n_classes = (int)ex->n_classes;

    r->want = sg_calloc((size_t)n_classes, sizeof *r->want);
    r->member = sg_calloc((size_t)n, sizeof *r->member);
    r->start = sg_calloc((size_t)n_classes, sizeof *r->start);
    r->attempt = sg_calloc((size_t)n, sizeof *r->attempt);
    if (!r->want || !r->member || !r->start || !r->attempt) return sg_fail(SG_ENOMEM, "plan of searches");
    for (size_t k = 0; k < ex->plan.n; k++)
        if (ex->plan.task[k].kind == TASK_SEARCH) r->attempt[ex->plan.task[k].atom]++;
    for (int c = 0; c < n_classes; c++) {
        const variant_class *v = &ex->class_[c];
        want *w = &r->want[c];
        sg_rng rng;
        sg_rng_init(&rng, ex->opt.seed, SG_RNG_CHOICE, ex->plan.state, (uint64_t)v->first_member, lots);
        *w = (want){
            .class_ = c, .spent = (int)(v->variant.attempts + v->lent_attempts), .lot = sg_rng_uniform(&rng)};
        r->start[c] = r->n_centres;
        for (int i = v->first_member; i < n; i++) {
            if (ex->class_of[i] != c || !is_centre(ex, i)) continue;
            r->member[r->n_centres++] = i;
            w->n_members++;
            w->here += (int)r->attempt[i];
        }
        if (w->n_members > 0 && ex->opt.per_atom > w->spent) w->need = ex->opt.per_atom - w->spent;
    }
    qsort(r->want, (size_t)n_classes, sizeof *r->want, compare_wants);
    return SG_OK;
}

static sg_status add_search(sg_explorer *ex, round_ *r, int atom, int is_draw)
{
    r->planned++;
    return plan_add(&ex->plan,
                    (task){TASK_SEARCH, 0, (uint32_t)atom, r->attempt[atom]++, is_draw ? SEARCH_IS_DRAW : 0});
}

/* For the next task, in [0, 1). */
static double lot(const sg_explorer *ex)
{
    sg_rng rng;
    sg_rng_init(&rng, ex->opt.seed, SG_RNG_CHOICE, ex->plan.state, ex->plan.n, draws_by_lot);
    return sg_rng_uniform(&rng);
}

/* From any centre. Where all atoms are searched alike any search may be a draw, elsewhere they come on top.
 */
static sg_status add_draw(sg_explorer *ex, round_ *r)
{
    const int k = (int)(lot(ex) * r->n_centres);
    return add_search(ex, r, r->member[k < r->n_centres ? k : r->n_centres - 1], 1);
}

/* One search for every variant that is short, the shortest first, then a second, .. ; its members take turns
 * as the centre. */
static sg_status fill_round(sg_explorer *ex, round_ *r)
{
    const int alike = ex->plan.state == ex->plan.parent, n_classes = (int)ex->n_classes;
    sg_status st = SG_OK;

    for (int turn = 0, any = 1; any; turn++) {
        any = 0;
        for (int k = 0; k < n_classes && r->planned < r->most && st == SG_OK; k++) {
            const want *w = &r->want[k];
            if (turn >= w->need) continue;
            if (!alike && (r->spent + (uint64_t)r->planned) % DRAW_EVERY == 0) st = add_draw(ex, r);
            if (st != SG_OK || r->planned >= r->most) break;
            const int atom = r->member[r->start[w->class_] + (w->here + turn) % w->n_members];
            st = add_search(ex, r, atom, alike && lot(ex) < 1.0 / DRAW_EVERY);
            any = 1;
        }
        if (st != SG_OK || r->planned >= r->most) break;
    }
    return st;
}

/* Whether searching has come to an end in the state in hand: enough is known. The first round is always made:
 * without draws nothing is known about it. */
static int is_known_enough(const sg_explorer *ex)
{
    const sg_cat_table *t = table_at(ex, ex->plan.state);
    return t->n_searches > 0 && ex->opt.confidence > 0 && completeness_share(ex, t) < 1 - ex->opt.confidence;
}

sg_status plan_round(sg_explorer *ex, int *n_planned)
{
    const int cap = search_cap(ex, ex->plan.state, ex->plan.parent);
    const uint64_t spent = table_at(ex, ex->plan.state)->n_searches;
    round_ r = {.most = ex->opt.batch, .spent = spent};
    sg_status st = SG_OK;

    *n_planned = 0;
    if (cap < 0 || (cap > 0 && spent >= (uint64_t)cap)) return SG_OK;
    if (is_known_enough(ex)) {
        ex->state[ex->plan.state].flags |= SG_CAT_STATE_CONFIDENT;
        return put_state(ex, ex->plan.state); /* with the plan, which after a kill does not come here again */
    }
    if (cap > 0 && (uint64_t)r.most > (uint64_t)cap - spent) r.most = (int)((uint64_t)cap - spent);
    st = round_begin(ex, &r);
    if (st == SG_OK) st = fill_round(ex, &r);
    if (st == SG_OK && r.planned > 0 && ex->opt.keep_landscape) st = plan_store(ex);
    *n_planned = r.planned;
    round_clear(&r);
    return st;
}

static sg_status draw_up(sg_explorer *ex, uint64_t state, uint64_t parent)
{
    const size_t n = (size_t)ex->frame->n;
    unsigned char *changed = sg_calloc(2 * n, 1), *lend = changed ? changed + n : NULL;
    plan late = {0};
    sg_cat_table *t;
    sg_status st = changed ? SG_OK : sg_fail(SG_ENOMEM, "plan");

    plan_clear(ex);
    completeness_begin(ex, state);
    ex->plan.is_open = 1;
    ex->plan.state = state;
    ex->plan.parent = parent;
    if (st == SG_OK) st = registry_new_table(ex, state, &t);
    if (st == SG_OK) st = assign_variants(ex, state, parent, changed);
    if (st == SG_OK) st = add_edges_at(ex, state);
    for (size_t i = 0; st == SG_OK && i < n; i++)
        lend[i] = changed[i] || ex->keys->key[i] != t->key[i];
    if (st == SG_OK) st = inherit(ex, state, parent, lend, &late);
    if (st == SG_OK) st = plan_lent(ex, lend);
    for (size_t k = 0; st == SG_OK && k < late.n; k++)
        st = plan_add(&ex->plan, late.task[k]);
    if (st == SG_OK) st = put_table(ex, state);
    if (st == SG_OK && ex->opt.keep_landscape) st = plan_store(ex);
    if (st != SG_OK) plan_clear(ex); /* half a plan must not be taken for one to go on with */
    sg_free(late.task);
    sg_free(changed);
    return st;
}

/* An interrupt leaves nothing of it: what it has put is dropped, and the same plan is drawn up again. So
 * what others have put before is committed first. */
sg_status plan_make(sg_explorer *ex, uint64_t state, uint64_t parent)
{
    const sg_explore_stats before = ex->stats;
    sg_status st = sg_catalog_commit(ex->cat);

    if (st != SG_OK) return st;
    pending_clear(ex);
    st = draw_up(ex, state, parent);
    if (st == SG_OK) ex->got_on = 1;
    if (st != SG_EINTERRUPTED) return st;
    sg_catalog_abort(ex->cat);
    if (has_table(ex, state)) near_no_table(ex, state);
    ex->stats = before;
    return st;
}

sg_status plan_second_round(sg_explorer *ex)
{
    const sg_cat_table *t = table_at(ex, ex->plan.state);
    unsigned char *lend = sg_calloc((size_t)ex->frame->n, 1);
    sg_status st = lend ? SG_OK : sg_fail(SG_ENOMEM, "plan");

    if (st == SG_OK) memset(lend, 1, (size_t)ex->frame->n);
    ex->plan.second = 1;
    if (st == SG_OK && t->from_search + t->from_detour > 0) st = plan_lent(ex, lend);
    if (st == SG_OK && ex->opt.keep_landscape) st = plan_store(ex);
    if (st == SG_EINTERRUPTED) ex->plan.second = 0;
    sg_free(lend);
    return st;
}
