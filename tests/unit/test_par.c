/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Teams: every task is done once, by whomever; what fails elsewhere is done again here; a batch given up
 * leaves all ranks ready for the next. The ranks are threads of this process, joined by a link made of letter
 * boxes, so that no MPI is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "slowglass/par.h"

#define assert_ok(call) assert_int_equal(call, SG_OK)

enum { MAX_RANKS = 4, N_TASKS = 61 };

/* --- a link between threads --- */

typedef struct letter {
    struct letter *next;
    int from, tag;
    sg_bytes content;
} letter;

enum { TAG_SHARED = -7 };

typedef struct post { /* of all ranks */
    omp_lock_t lock;
    letter *box[MAX_RANKS];
    int n_ranks, n_sent;
} post;

typedef struct box_link {
    sg_link base;
    post *post;
} box_link;

static void drop(post *p, int from, int to, int tag, const sg_bytes *b)
{
    letter *l = calloc(1, sizeof *l), **end;

    l->from = from;
    l->tag = tag;
    sg_bytes_put(&l->content, b->p, b->n);
    omp_set_lock(&p->lock);
    for (end = &p->box[to]; *end; end = &(*end)->next)
        ;
    *end = l;
    p->n_sent++;
    omp_unset_lock(&p->lock);
}

static int pick(post *p, int me, int *from, int tag, sg_bytes *b)
{
    letter *found = NULL;

    omp_set_lock(&p->lock);
    for (letter **at = &p->box[me]; *at && !found; at = &(*at)->next) {
        if ((*at)->tag != tag || (*from != SG_ANY && (*at)->from != *from)) continue;
        found = *at;
        *at = found->next;
        break;
    }
    omp_unset_lock(&p->lock);
    if (!found) return 0;
    *from = found->from;
    sg_bytes_reset(b);
    sg_bytes_put(b, found->content.p, found->content.n);
    sg_bytes_clear(&found->content);
    free(found);
    return 1;
}

static sg_status box_share(sg_link *self, sg_bytes *b)
{
    post *p = ((box_link *)self)->post;
    int from = 0;

    for (int rank = 1; self->rank == 0 && rank < self->n_ranks; rank++)
        drop(p, 0, rank, TAG_SHARED, b);
    while (self->rank > 0 && !pick(p, self->rank, &from, TAG_SHARED, b))
        nanosleep(&(struct timespec){0, 50000}, NULL);
    return SG_OK;
}

static sg_status box_send(sg_link *self, int rank, int tag, const sg_bytes *b)
{
    drop(((box_link *)self)->post, self->rank, rank, tag, b);
    return SG_OK;
}

static sg_status box_take(sg_link *self, int *rank, int tag, sg_bytes *b, int *came)
{
    *came = pick(((box_link *)self)->post, self->rank, rank, tag, b);
    return SG_OK;
}

static void box_free(sg_link *self)
{
    free(self);
}

static sg_link *box_open(post *p, int rank)
{
    static const sg_link_ops ops = {box_share, box_send, box_take, box_free};
    box_link *l = calloc(1, sizeof *l);
    l->base = (sg_link){.ops = &ops, .rank = rank, .n_ranks = p->n_ranks, .threads = 1};
    l->post = p;
    return &l->base;
}

/* --- work: task k squares a number --- */

typedef struct squares { /* rank 0 */
    double in[N_TASKS], out[N_TASKS];
    int times[N_TASKS]; /* done here or taken in */
    int n_put;          /* given to others */
    int waits;          /* 1: tasks here wait until others have one */
    atomic_int stop;
} squares;

static void wait_for_others(squares *s)
{
    int n_put = 0;

    while (n_put == 0) {
        nanosleep(&(struct timespec){0, 200000}, NULL);
#pragma omp atomic read
        n_put = s->n_put;
    }
}

static void run_here(void *arg, int k, int thread)
{
    squares *s = arg;
    (void)thread;
    if (s->waits) wait_for_others(s);
    s->out[k] = s->in[k] * s->in[k];
    s->times[k]++;
    nanosleep(&(struct timespec){0, 200000}, NULL);
}

static void put_task(void *arg, int k, sg_bytes *out)
{
    squares *s = arg;
    sg_bytes_put(out, &s->in[k], sizeof s->in[k]);
#pragma omp atomic
    s->n_put++;
}

static void get_result(void *arg, int k, sg_bytes *in)
{
    squares *s = arg;
    sg_bytes_get(in, &s->out[k], sizeof s->out[k]);
    s->times[k]++;
}

static int ask_stop(const void *arg)
{
    const squares *s = arg;
    return s->stop;
}

static sg_batch batch_of(squares *s, int n)
{
    return (sg_batch){.n = n,
                      .run = run_here,
                      .put = put_task,
                      .get = get_result,
                      .stop = ask_stop,
                      .arg = s,
                      .stop_arg = s};
}

typedef struct helper { /* another rank */
    int rank, fails_always, fails_on_odd;
    int never_ends; /* told so: a task goes on until it is given up */
    int n_done, n_given_up;
    const sg_team *team;
} helper;

static sg_status helper_take(void *arg, int what, sg_bytes *in)
{
    helper *h = arg;
    if (h->fails_always) return sg_fail(SG_ENOMEM, "nothing left on rank %d", h->rank);
    if (what == 0) h->never_ends = (int)sg_bytes_get_u64(in);
    return SG_OK;
}

static sg_status helper_run(void *arg, int thread, sg_bytes *in, sg_bytes *out)
{
    helper *h = arg;
    double x;

    (void)thread;
    sg_bytes_get(in, &x, sizeof x);
    while (h->never_ends) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        if (!sg_team_given_up(h->team)) continue;
#pragma omp atomic
        h->n_given_up++;
        return sg_fail(SG_EINTERRUPTED, "given up");
    }
    if (h->fails_on_odd && (int)x % 2) return sg_fail(SG_EBACKEND, "odd");
    x = x * x;
    sg_bytes_put(out, &x, sizeof x);
#pragma omp atomic
    h->n_done++;
    return SG_OK;
}

typedef struct play { /* what rank 0 does, the others serving */
    void (*act)(sg_team *team, void *arg);
    void *arg;
} play;

static void serve_as(post *p, helper *h, int threads)
{
    const sg_service service = {helper_take, helper_run, h};
    sg_link *link = box_open(p, h->rank);
    sg_team *team = NULL;

    assert_ok(sg_team_create(threads, link, NULL, &team));
    h->team = team;
    assert_ok(sg_team_serve(team, &service));
    sg_team_free(team);
    sg_link_close(link);
}

static void lead(post *p, int threads, const play *what)
{
    sg_link *link = box_open(p, 0);
    sg_team *team = NULL;

    assert_ok(sg_team_create(threads, link, NULL, &team));
    what->act(team, what->arg);
    sg_team_free(team);
    sg_link_close(link);
}

static void with_ranks(int n_ranks, int threads, helper *h, const play *what)
{
    post p = {.n_ranks = n_ranks};

    omp_init_lock(&p.lock);
    omp_set_max_active_levels(2);
#pragma omp parallel num_threads(n_ranks)
    {
        const int rank = omp_get_thread_num();
        if (rank == 0) {
            lead(&p, threads, what);
        } else {
            h[rank].rank = rank;
            serve_as(&p, &h[rank], threads);
        }
    }
    for (int rank = 0; rank < n_ranks; rank++)
        assert_null(p.box[rank]); /* nothing left unread */
    omp_destroy_lock(&p.lock);
}

static void fill(squares *s)
{
    memset(s, 0, sizeof *s);
    for (int k = 0; k < N_TASKS; k++)
        s->in[k] = k + 1;
}

static void tell(sg_team *team, uint64_t never_ends)
{
    sg_bytes b = {0};
    sg_bytes_put_u64(&b, never_ends);
    assert_ok(sg_team_tell(team, 0, &b));
    sg_bytes_clear(&b);
}

/* --- tests --- */

static void test_messages(void **state)
{
    sg_bytes b = {0};
    double x[3] = {1, 2, 3}, y[3];

    (void)state;
    sg_bytes_put_u64(&b, 7);
    sg_bytes_put_text(&b, "glass");
    sg_bytes_put(&b, x, sizeof x);
    assert_int_equal(sg_bytes_get_u64(&b), 7);
    char *text = sg_bytes_get_text(&b);
    assert_string_equal(text, "glass");
    sg_free(text);
    sg_bytes_get(&b, y, sizeof y);
    assert_memory_equal(x, y, sizeof x);
    assert_false(b.failed);
    assert_int_equal(sg_bytes_get_u64(&b), 0);
    assert_true(b.failed);
    sg_bytes_clear(&b);
    sg_alloc_fail_after(0);
    sg_bytes_put_u64(&b, 7);
    sg_alloc_fail_after(-1);
    assert_true(b.failed && b.n == 0);
    sg_bytes_reset(&b);
    sg_bytes_put_u64(&b, 1000000); /* a length that the message does not have */
    assert_null(sg_bytes_get_text(&b));
    assert_true(b.failed);
    sg_bytes_clear(&b);
}

static void test_threads_alone(void **state)
{
    squares s;

    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        sg_team *team = NULL;
        fill(&s);
        sg_batch b = batch_of(&s, N_TASKS);
        assert_ok(sg_team_create(threads, NULL, NULL, &team));
        assert_int_equal(sg_team_threads(team), threads);
        assert_false(sg_team_has_others(team));
        assert_ok(sg_team_run(team, &b));
        for (int k = 0; k < N_TASKS; k++) {
            assert_int_equal(s.times[k], 1);
            assert_true(s.out[k] == s.in[k] * s.in[k]);
        }
        assert_int_equal(sg_team_get_account(team).here, N_TASKS);
        s.stop = 1;
        assert_int_equal(sg_team_run(team, &b), SG_EINTERRUPTED);
        assert_int_equal(s.times[0], 1); /* none begun */
        assert_false(sg_team_given_up(team));
        s.stop = 0;
        assert_ok(sg_team_run(team, &b));
        sg_team_free(team);
    }
}

/* Three batches, of many tasks, of fewer than there are ranks, of one; the second after others have been told
 * something. */
static void act_three_batches(sg_team *team, void *arg)
{
    static const int size[] = {N_TASKS, 3, 1};
    squares *s = arg;

    tell(team, 0);
    assert_ok(sg_team_ask(team));
    for (int q = 0; q < 3; q++) {
        sg_batch b = batch_of(s, size[q]);
        fill(s);
        s->waits = q == 0;
        assert_ok(sg_team_run(team, &b));
        for (int k = 0; k < N_TASKS; k++) {
            assert_int_equal(s->times[k], k < size[q]);
            assert_true(k >= size[q] || s->out[k] == s->in[k] * s->in[k]);
        }
        tell(team, 0);
    }
    const sg_team_account a = sg_team_get_account(team);
    assert_int_equal(a.here + a.away, N_TASKS + 4);
    assert_int_equal(a.bytes_told, 4 * sizeof(uint64_t));
    assert_true(a.bytes_tasks >= a.away * sizeof(double) && a.bytes_results >= a.away * sizeof(double));
}

static void test_every_task_is_done_once(void **state)
{
    (void)state;
    for (int ranks = 2; ranks <= MAX_RANKS; ranks++)
        for (int threads = 1; threads <= 2; threads++) {
            squares s;
            helper h[MAX_RANKS] = {{0}};
            const play p = {act_three_batches, &s};
            int away = 0;
            with_ranks(ranks, threads, h, &p);
            for (int rank = 1; rank < ranks; rank++)
                away += h[rank].n_done;
            assert_true(away > 0);
        }
}

static void act_with_failures(sg_team *team, void *arg)
{
    squares *s = arg;

    tell(team, 0);
    assert_int_equal(sg_team_ask(team), SG_ENOMEM);
    assert_non_null(strstr(sg_error_text(), "rank 2: nothing left on rank 2"));
    sg_batch b = batch_of(s, N_TASKS);
    fill(s);
    assert_ok(sg_team_run(team, &b));
    for (int k = 0; k < N_TASKS; k++) {
        assert_int_equal(s->times[k], 1);
        assert_true(s->out[k] == s->in[k] * s->in[k]);
    }
}

/* One rank fails now and then, another has not understood what it was told. */
static void test_failures_elsewhere(void **state)
{
    squares s;
    helper h[MAX_RANKS] = {{0}};
    const play p = {act_with_failures, &s};

    (void)state;
    h[1].fails_on_odd = 1;
    h[2].fails_always = 1;
    with_ranks(3, 1, h, &p);
    assert_int_equal(h[2].n_done, 0);
}

/* Once another rank has a task in hand. */
static void run_and_stop(void *arg, int k, int thread)
{
    squares *s = arg;

    wait_for_others(s);
    run_here(arg, k, thread);
    s->stop = 1;
}

static void act_give_up(sg_team *team, void *arg)
{
    squares *s = arg;
    sg_batch b = batch_of(s, N_TASKS);

    tell(team, 1);
    assert_ok(sg_team_ask(team));
    fill(s);
    b.run = run_and_stop;
    assert_int_equal(sg_team_run(team, &b), SG_EINTERRUPTED);
    assert_int_equal(s->times[N_TASKS - 1], 0);
    tell(team, 0);
    b = batch_of(s, N_TASKS);
    fill(s);
    s->waits = 1;
    assert_ok(sg_team_run(team, &b));
    for (int k = 0; k < N_TASKS; k++)
        assert_int_equal(s->times[k], 1);
}

static void test_giving_up(void **state)
{
    squares s;
    helper h[MAX_RANKS] = {{0}};
    const play p = {act_give_up, &s};

    (void)state;
    with_ranks(2, 1, h, &p);
    assert_int_equal(h[1].n_given_up, 1);
    assert_true(h[1].n_done > 0);
}

/* A rank that answers as nobody should: of a thread or a task that there is none of. */
static void answer_wildly(post *p, uint64_t thread, uint64_t task)
{
    sg_link *link = box_open(p, 1);
    sg_bytes b = {0};

    link->ops->share(link, &b); /* asked */
    sg_bytes_reset(&b);
    sg_bytes_put_u64(&b, 1);
    sg_bytes_put_u64(&b, SG_OK);
    sg_bytes_put_text(&b, "");
    link->ops->send(link, 0, 3, &b); /* STATUS, see team.c */
    link->ops->share(link, &b);      /* a batch */
    sg_bytes_reset(&b);
    sg_bytes_put_u64(&b, thread);
    sg_bytes_put_u64(&b, task);
    sg_bytes_put_u64(&b, SG_OK);
    link->ops->send(link, 0, 1, &b); /* RESULT */
    sg_bytes_clear(&b);
    sg_link_close(link);
}

static void lead_the_wild(post *p)
{
    squares s;
    sg_link *link = box_open(p, 0);
    sg_team *team = NULL;

    assert_ok(sg_team_create(1, link, NULL, &team));
    assert_ok(sg_team_ask(team));
    fill(&s);
    const sg_batch b = batch_of(&s, N_TASKS);
    assert_int_equal(sg_team_run(team, &b), SG_ECORRUPT);
    assert_true(link->is_broken);
    sg_team_free(team);
    sg_link_close(link);
}

static void test_answers_out_of_range(void **state)
{
    static const uint64_t wrong[][2] = {{0, N_TASKS + 1}, {1, 0}, {UINT64_MAX, 1}};

    (void)state;
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        post p = {.n_ranks = 2};
        omp_init_lock(&p.lock);
#pragma omp parallel num_threads(2)
        {
            if (omp_get_thread_num() == 0)
                lead_the_wild(&p);
            else
                answer_wildly(&p, wrong[k][0], wrong[k][1]);
        }
        assert_null(p.box[0]);
        assert_null(p.box[1]);
        omp_destroy_lock(&p.lock);
    }
}

static sg_status fail_to_send(sg_link *self, int rank, int tag, const sg_bytes *b)
{
    (void)self;
    (void)rank;
    (void)tag;
    (void)b;
    return sg_fail(SG_ENOMEM, "message");
}

/* A rank that cannot answer says so to its link: rank 0 would wait for it. */
static void test_rank_without_memory(void **state)
{
    static const sg_link_ops ops = {box_share, fail_to_send, box_take, box_free};
    post p = {.n_ranks = 2};
    helper h = {.rank = 1};
    const sg_service service = {helper_take, helper_run, &h};
    sg_link *link = box_open(&p, 1);
    sg_team *team = NULL;
    sg_bytes order = {0};

    (void)state;
    omp_init_lock(&p.lock);
    link->ops = &ops;
    sg_bytes_put_u64(&order, 2); /* ask */
    sg_bytes_put_u64(&order, 0);
    drop(&p, 0, 1, TAG_SHARED, &order);
    assert_ok(sg_team_create(1, link, NULL, &team));
    assert_int_equal(sg_team_serve(team, &service), SG_ENOMEM);
    assert_true(link->is_broken);
    sg_team_free(team);
    sg_link_close(link);
    sg_bytes_clear(&order);
    omp_destroy_lock(&p.lock);
}

/* --- greeting --- */

/* Ranks with these letters for an identity: who is told what. */
static void greet_as(const char *letters, sg_status want, const char *text)
{
    post p = {.n_ranks = (int)strlen(letters)};
    sg_status got[MAX_RANKS];
    char said[256] = "";

    omp_init_lock(&p.lock);
#pragma omp parallel num_threads(p.n_ranks)
    {
        const int rank = omp_get_thread_num();
        const char identity[2] = {letters[rank], 0};
        sg_link *link = box_open(&p, rank);
        got[rank] = sg_link_greet(link, identity);
        if (rank == 0) strncat(said, sg_error_text(), sizeof said - 1);
        if (want == SG_OK && rank > 0) { /* waits to be sent home */
            sg_bytes b = {0};
            (void)link->ops->share(link, &b);
            sg_bytes_clear(&b);
        }
        sg_link_close(link);
    }
    for (int rank = 0; rank < p.n_ranks; rank++) {
        assert_int_equal(got[rank], want);
        assert_null(p.box[rank]); /* nobody is sent what nobody will read */
    }
    if (want != SG_OK) assert_string_equal(said, text);
    omp_destroy_lock(&p.lock);
}

static void test_greeting(void **state)
{
    (void)state;
    greet_as("aaa", SG_OK, NULL);
    greet_as("aabc", SG_EMISMATCH, "rank 2 is b, rank 0 is a; need one program on all ranks");
    greet_as("ab", SG_EMISMATCH, "rank 1 is b, rank 0 is a; need one program on all ranks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_greeting),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_threads_alone),
        cmocka_unit_test(test_every_task_is_done_once),
        cmocka_unit_test(test_failures_elsewhere),
        cmocka_unit_test(test_giving_up),
        cmocka_unit_test(test_answers_out_of_range),
        cmocka_unit_test(test_rank_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
