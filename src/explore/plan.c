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
    put64(b, p->state);
    put64(b + 8, p->parent);
    put64(b + 16, p->n);
    put64(b + 24, p->second);
    for (size_t k = 0; k < p->n; k++) {
        const task *t = &p->task[k];
        b = bytes + PLAN_HEAD + k * PLAN_TASK;
        put64(b, (uint64_t)t->kind | (uint64_t)t->reverse << 8 | (uint64_t)t->atom << 32);
        put64(b + 8, t->attempt);
        put64(b + 16, t->ref);
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
    const uint64_t n = get64(b + 16);
    if (n > (size - PLAN_HEAD) / PLAN_TASK) {
        st = sg_fail(SG_ECORRUPT, "stored plan: %llu tasks in %zu bytes", (unsigned long long)n, size);
        goto end;
    }
    ex->plan.state = get64(b);
    ex->plan.parent = get64(b + 8);
    ex->plan.second = get64(b + 24);
    for (uint64_t k = 0; k < n && st == SG_OK; k++) {
        const unsigned char *q = b + PLAN_HEAD + k * PLAN_TASK;
        const uint64_t head = get64(q);
        st = plan_add(&ex->plan, (task){(uint8_t)head, (uint8_t)(head >> 8), (uint32_t)(head >> 32),
                                        (uint32_t)get64(q + 8), get64(q + 16)});
    }
    ex->plan.done = (size_t)get64(done);
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

sg_status add_entry(sg_cat_table *t, sg_cat_entry entry)
{
    sg_cat_entry *grown = sg_realloc(t->entry, (size_t)t->n_entries + 1, sizeof *grown);
    if (!grown) return sg_fail(SG_ENOMEM, "rate table");
    t->entry = grown;
    t->entry[t->n_entries++] = entry;
    return SG_OK;
}

sg_status add_edges_at(sg_explorer *ex, uint64_t state)
{
    for (size_t k = 0; k < ex->n_edges; k++) {
        if (ex->edge[k].from != state && ex->edge[k].to != state) continue;
        const sg_status st = link_edge(ex, k + 1);
        if (st != SG_OK) return st;
    }
    return SG_OK;
}

int in_window(const sg_explorer *ex, double barrier)
{
    return !(ex->opt.barrier_max > 0) || barrier <= ex->opt.barrier_max;
}

/* --- searches --- */

typedef struct want { /* a variant that is short of searches */
    int class_, need, n_members, changed;
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
    if (x->changed != y->changed) return y->changed - x->changed; /* new surroundings first */
    return x->class_ - y->class_; /* classes stand in the order of their first atom */
}

static int search_cap(const sg_explorer *ex, uint64_t state, uint64_t parent)
{
    return state == parent ? ex->opt.max_at_start : ex->opt.max_per_step;
}

/* Searches in rounds: one for every variant that is short, then a second, .. ; its members take turns as the
 * centre. */
static sg_status plan_searches(sg_explorer *ex, uint64_t state, uint64_t parent, const unsigned char *changed)
{
    const int n = ex->frame->n, n_classes = (int)ex->n_classes, cap = search_cap(ex, state, parent);
    want *w = sg_calloc((size_t)n_classes, sizeof *w);
    int *member = sg_calloc((size_t)n, sizeof *member),
        *start = sg_calloc((size_t)n_classes + 1, sizeof *start);
    uint32_t *attempt = sg_calloc((size_t)n, sizeof *attempt);
    sg_status st = w && member && start && attempt ? SG_OK : sg_fail(SG_ENOMEM, "plan of searches");
    int planned = 0, n_members = 0, longest = 0;

    for (int c = 0; st == SG_OK && c < n_classes; c++) {
        const variant_class *v = &ex->class_[c];
        const int spent = (int)(v->variant.attempts + v->lent_attempts);
        w[c].class_ = c;
        start[c] = n_members;
        for (int i = v->first_member; i < n; i++) {
            if (ex->class_of[i] != c || !is_centre(ex, i)) continue;
            member[n_members++] = i;
            w[c].n_members++;
            w[c].changed |= changed[i];
        }
        w[c].need = w[c].n_members > 0 && ex->opt.per_atom > spent ? ex->opt.per_atom - spent : 0;
        if (w[c].need > longest) longest = w[c].need;
    }
    if (st == SG_OK) qsort(w, (size_t)n_classes, sizeof *w, compare_wants);
    for (int round = 0; st == SG_OK && round < longest && cap >= 0; round++)
        for (int k = 0; st == SG_OK && k < n_classes && (cap == 0 || planned < cap); k++) {
            if (round >= w[k].need) continue;
            const int atom = member[start[w[k].class_] + round % w[k].n_members];
            st = plan_add(&ex->plan, (task){TASK_SEARCH, 0, (uint32_t)atom, attempt[atom]++, 0});
            planned++;
        }
    sg_free(w);
    sg_free(member);
    sg_free(start);
    sg_free(attempt);
    return st;
}

sg_status plan_make(sg_explorer *ex, uint64_t state, uint64_t parent)
{
    const size_t n = (size_t)ex->frame->n;
    unsigned char *changed = sg_calloc(2 * n, 1), *lend = changed ? changed + n : NULL;
    plan late = {0};
    sg_cat_table *t;
    sg_status st = changed ? SG_OK : sg_fail(SG_ENOMEM, "plan");

    plan_clear(ex);
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
    if (st == SG_OK) st = plan_searches(ex, state, parent, changed);
    if (st == SG_OK) st = put_table(ex, state);
    if (st == SG_OK && ex->opt.keep_landscape) st = plan_store(ex);
    if (st != SG_OK) plan_clear(ex); /* half a plan must not be taken for one to go on with */
    sg_free(late.task);
    sg_free(changed);
    return st;
}

sg_status plan_second_round(sg_explorer *ex)
{
    unsigned char *lend = sg_calloc((size_t)ex->frame->n, 1);
    sg_status st = lend ? SG_OK : sg_fail(SG_ENOMEM, "plan");

    if (st == SG_OK) memset(lend, 1, (size_t)ex->frame->n);
    ex->plan.second = 1;
    if (st == SG_OK && ex->table[ex->plan.state]->from_search > 0) st = plan_lent(ex, lend);
    if (st == SG_OK && ex->opt.keep_landscape) st = plan_store(ex);
    sg_free(lend);
    return st;
}
