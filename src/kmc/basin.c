/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaving a basin: eliminate its states one after another; then, for each exit, put them back and draw what
 * the walk did in them.
 *
 * Elimination. Stage t is the walk seen only while it is in states >= t (positions of basin_order.h, 0 ..
 * n - 1) or out: a Markov chain without self loops whose rates follow from those of the stage before,
 *
 *     K(t+1)_ij = K(t)_ij + K(t)_it K(t)_tj / R_t,   i, j > t,  i != j,     R_t = sum over j > t of K(t)_tj,
 *
 * j = out included. All terms are positive and R_t is a sum, not one minus something: every result is
 * accurate relative to itself. It does not depend on where the walk begins and is done once.
 *
 * Storage. The numbers of a pair i < j that is ever linked stand at its link: to (i -> j) and from (j -> i)
 * end as K(i), which the elimination no longer changes. Earlier stages of an element are its prefix sums from
 * direct = K(0) on and are added up again when needed.
 *
 * An exit. From stage to stage the beginning of the walk is the first state it reaches that has not been
 * eliminated: start, then hop by hop upwards with odds K(t)_tj, until a hop leads out (begin()). At the
 * stage behind the last of these states the walk has no hops at all. Going back from stage t + 1 to t,
 *   - each hop i -> j was direct or led through t, with odds K(t)_ij : K(t)_it K(t)_tj / R_t (binomial);
 *   - before each hop out of i the walk returned to i through t a geometric number of times, with odds
 *     K(t)_it K(t)_ti / R_t : sum_j K(t+1)_ij (negative binomial, drawn as Poisson of Gamma);
 *   - if the walk begins in t at this stage, it makes the one hop of begin().
 * The counts of the first kind for an element are complete once min(i, j) is back, so all its stages are
 * split at once. Visits v_i at stage 0 are an exact sample of the walk's; given them the stays are
 * independent, Gamma(v_i) / R(0)_i, and the time is their sum. The one hop i -> out names the state left
 * last.
 *
 * Means need no way back of hops: the mean time spent in a state is the same at all stages, see residences().
 */
#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "basin_order.h"
#include "slowglass/core/memory.h"

typedef struct way {        /* from i to j through an eliminated state */
    double before, through; /* K(t)_ij, K(t)_it K(t)_tj / R_t */
    double *first, *second; /* hops i -> t, t -> j */
} way;

struct sg_basin {
    int n_transient, n_edges;
    sg_basin_edge *edge; /* [n_edges] */
    basin_order order;
    size_t *first_exit;         /* [n + 1] */
    int *exit;                  /* edges that lead out, by position, then in their order */
    double *numbers;            /* one block for all that follows; [n_links]: */
    double *direct_to, *to;     /* i -> j: K(0), K(i) */
    double *direct_from, *from; /* j -> i */
    double *outflow; /* of link t, i: sum_j K(t+1)_ij, set where the walk can return to i through t */
    double *hops_to, *hops_from;
    double *direct_out, *out;  /* [n] i -> out: K(0), K(i) */
    double *leaving;           /* [n] R_t */
    double *total;             /* [n] R(0), all states present */
    double *hops_out, *visits; /* [n] */
    way *way;                  /* [n] scratch of split() */
};

typedef struct element { /* of the matrix, i -> j or i -> out */
    int i, j;            /* j = n: out */
    double direct;
    double *hops;
} element;

static sg_status check(int n_transient, int n_edges, const sg_basin_edge *edges);
static sg_status allocate(sg_basin *b);
static sg_status list_exits(sg_basin *b);
static void fill(sg_basin *b);
static sg_status eliminate(sg_basin *b);
static void pass_on(sg_basin *b, int t);
static double outflow_of(const sg_basin *b, int t, int i);
static sg_status count_hops(sg_basin *b, int start, sg_rng *rng);
static void begin(sg_basin *b, int at, sg_rng *rng);
static void return_through(sg_basin *b, int t, sg_rng *rng);
static void split(sg_basin *b, element e, sg_rng *rng);
static int list_ways(sg_basin *b, const element *e);
static double draw_returns(sg_rng *rng, double n, double odds);
static double draw_branch(sg_rng *rng, double n, double weight, double other);
static sg_status check_start(const sg_basin *b, int start);
static int draw_edge(const sg_basin *b, sg_rng *rng);
static void residences(const sg_basin *b, int start, double *r);

static inline double led_through(double to, double leaving, double on)
{
    return to / leaving * on;
}

/* ---- the basin ---- */

sg_status sg_basin_create(int n_transient, int n_edges, const sg_basin_edge *edges, sg_basin **out)
{
    sg_basin *b = NULL;
    sg_status st;

    *out = NULL;
    if ((st = check(n_transient, n_edges, edges)) != SG_OK) return st;
    b = sg_calloc(1, sizeof *b);
    if (!b) return sg_fail(SG_ENOMEM, "basin of %d states", n_transient);
    b->n_transient = n_transient;
    b->n_edges = n_edges;
    b->edge = sg_calloc((size_t)n_edges, sizeof *b->edge);
    if (!b->edge) {
        st = sg_fail(SG_ENOMEM, "basin of %d edges", n_edges);
        goto done;
    }
    for (int e = 0; e < n_edges; e++)
        b->edge[e] = edges[e];
    if ((st = basin_order_make(n_transient, n_edges, edges, &b->order)) != SG_OK) goto done;
    if ((st = allocate(b)) != SG_OK) goto done;
    if ((st = list_exits(b)) != SG_OK) goto done;
    fill(b);
    if ((st = eliminate(b)) != SG_OK) goto done;
    *out = b;
    b = NULL;
done:
    sg_basin_free(b);
    return st;
}

void sg_basin_free(sg_basin *b)
{
    if (!b) return;
    basin_order_clear(&b->order);
    sg_free(b->edge);
    sg_free(b->first_exit);
    sg_free(b->exit);
    sg_free(b->numbers);
    sg_free(b->way);
    sg_free(b);
}

static sg_status check(int n_transient, int n_edges, const sg_basin_edge *edges)
{
    if (n_transient < 1 || n_edges < 0)
        return sg_fail(SG_EINVAL, "basin of %d states and %d edges", n_transient, n_edges);
    for (int e = 0; e < n_edges; e++) {
        if (edges[e].from < 0 || edges[e].from >= n_transient || edges[e].to < 0)
            return sg_fail(SG_EINVAL, "edge %d: %d -> %d in a basin of %d states", e, edges[e].from,
                           edges[e].to, n_transient);
        if (!(edges[e].rate >= 0.0 && isfinite(edges[e].rate)))
            return sg_fail(SG_EINVAL, "edge %d: rate %g, need finite and >= 0", e, edges[e].rate);
    }
    return SG_OK;
}

static sg_status allocate(sg_basin *b)
{
    const size_t n = (size_t)b->order.n, links = b->order.first[n];
    double **const of_links[] = {&b->direct_to, &b->to,      &b->direct_from, &b->from,
                                 &b->outflow,   &b->hops_to, &b->hops_from};
    double **const of_states[] = {&b->direct_out, &b->out, &b->leaving, &b->total, &b->hops_out, &b->visits};

    b->numbers = sg_calloc(7 * links + 6 * n, sizeof *b->numbers);
    b->way = sg_calloc(n, sizeof *b->way);
    if (!b->numbers || !b->way) return sg_fail(SG_ENOMEM, "basin of %d states", b->order.n);
    double *next = b->numbers;
    for (int k = 0; k < 7; k++, next += links)
        *of_links[k] = next;
    for (int k = 0; k < 6; k++, next += n)
        *of_states[k] = next;
    return SG_OK;
}

/* Position that an edge counts for as a way out, -1: none. */
static int exit_from(const sg_basin *b, const sg_basin_edge *edge)
{
    return edge->to >= b->n_transient && edge->rate > 0.0 ? b->order.place[edge->from] : -1;
}

static sg_status list_exits(sg_basin *b)
{
    const size_t n = (size_t)b->order.n;

    b->first_exit = sg_calloc(n + 2, sizeof *b->first_exit);
    b->exit = sg_calloc((size_t)b->n_edges, sizeof *b->exit);
    if (!b->first_exit || !b->exit) return sg_fail(SG_ENOMEM, "basin of %d edges", b->n_edges);
    for (int e = 0; e < b->n_edges; e++)
        if (exit_from(b, &b->edge[e]) >= 0) b->first_exit[exit_from(b, &b->edge[e]) + 2]++;
    for (size_t i = 0; i < n; i++) /* number of exits, two places on: then where the next one goes, one on */
        b->first_exit[i + 2] += b->first_exit[i + 1];
    for (int e = 0; e < b->n_edges; e++)
        if (exit_from(b, &b->edge[e]) >= 0) b->exit[b->first_exit[exit_from(b, &b->edge[e]) + 1]++] = e;
    return SG_OK;
}

static void fill(sg_basin *b)
{
    for (int e = 0; e < b->n_edges; e++) {
        const sg_basin_edge *edge = &b->edge[e];
        const int i = b->order.place[edge->from];
        if (i < 0 || edge->from == edge->to || edge->rate == 0.0) continue;
        b->total[i] += edge->rate;
        if (edge->to >= b->n_transient) {
            b->direct_out[i] += edge->rate;
            continue;
        }
        const int j = b->order.place[edge->to];
        if (i < j)
            b->direct_to[basin_order_link(&b->order, i, j)] += edge->rate;
        else
            b->direct_from[basin_order_link(&b->order, j, i)] += edge->rate;
    }
    for (size_t k = 0; k < b->order.first[b->order.n]; k++) {
        b->to[k] = b->direct_to[k];
        b->from[k] = b->direct_from[k];
    }
    for (int i = 0; i < b->order.n; i++)
        b->out[i] = b->direct_out[i];
}

/* ---- forth ---- */

static sg_status eliminate(sg_basin *b)
{
    const size_t *first = b->order.first;

    for (int t = 0; t < b->order.n; t++) {
        b->leaving[t] = b->out[t];
        for (size_t k = first[t]; k < first[t + 1]; k++)
            b->leaving[t] += b->to[k];
        if (!(b->leaving[t] > 0.0 && isfinite(b->leaving[t])))
            return sg_fail(SG_ENUMERIC, "basin: rate %g out of an eliminated state, need finite and > 0",
                           b->leaving[t]);
        pass_on(b, t);
        for (size_t k = first[t]; k < first[t + 1]; k++)
            if (b->to[k] > 0.0 && b->from[k] > 0.0) b->outflow[k] = outflow_of(b, t, b->order.higher[k]);
    }
    return SG_OK;
}

/* What leads through t becomes direct. */
static void pass_on(sg_basin *b, int t)
{
    const size_t *first = b->order.first, end = first[t + 1];
    const int *higher = b->order.higher;
    const double leaving = b->leaving[t];

    for (size_t p = first[t]; p < end; p++) {
        const int i = higher[p];
        size_t k = first[i];
        b->out[i] += led_through(b->from[p], leaving, b->out[t]);
        for (size_t q = p + 1; q < end; q++, k++) {
            while (higher[k] != higher[q])
                k++;
            b->to[k] += led_through(b->from[p], leaving, b->to[q]);
            b->from[k] += led_through(b->from[q], leaving, b->to[p]);
        }
    }
}

/* All rates of i at stage t + 1. */
static double outflow_of(const sg_basin *b, int t, int i)
{
    const basin_order *o = &b->order;
    double sum = b->out[i];

    for (size_t k = o->first_lower[i + 1]; k > o->first_lower[i] && o->lower[k - 1].state > t; k--)
        sum += b->from[o->lower[k - 1].link];
    for (size_t k = o->first[i]; k < o->first[i + 1]; k++)
        sum += b->to[k];
    return sum;
}

/* ---- back ---- */

/* Visits and direct hops of a walk. */
static sg_status count_hops(sg_basin *b, int start, sg_rng *rng)
{
    const size_t *first = b->order.first;
    const int n = b->order.n;

    for (size_t k = 0; k < first[n]; k++)
        b->hops_to[k] = b->hops_from[k] = 0.0;
    for (int i = 0; i < n; i++)
        b->hops_out[i] = b->visits[i] = 0.0;
    begin(b, b->order.place[start], rng);
    for (int t = n - 1; t >= 0; t--) {
        return_through(b, t, rng);
        b->visits[t] += b->hops_out[t];
        for (size_t k = first[t]; k < first[t + 1]; k++)
            b->visits[t] += b->hops_to[k];
        if (!isfinite(b->visits[t])) /* each return from elsewhere is one of them */
            return sg_fail(SG_ENUMERIC, "basin: more visits than a double can count");
        for (size_t k = first[t]; k < first[t + 1]; k++) {
            const int i = b->order.higher[k];
            split(b, (element){i, t, b->direct_from[k], &b->hops_from[k]}, rng);
            split(b, (element){t, i, b->direct_to[k], &b->hops_to[k]}, rng);
        }
        split(b, (element){t, n, b->direct_out[t], &b->hops_out[t]}, rng);
    }
    return SG_OK;
}

/* The states in which the walk begins at one stage after another. */
static void begin(sg_basin *b, int at, sg_rng *rng)
{
    while (at < b->order.n) {
        const size_t end = b->order.first[at + 1];
        size_t hop = end; /* out */
        double left = sg_rng_uniform(rng) * b->leaving[at] - b->out[at];
        for (size_t k = b->order.first[at]; k < end && left >= 0.0; k++) {
            if (b->to[k] == 0.0) continue;
            hop = k; /* rounding may leave a remainder behind the last one */
            left -= b->to[k];
        }
        *(hop == end ? &b->hops_out[at] : &b->hops_to[hop]) += 1.0;
        at = hop == end ? b->order.n : b->order.higher[hop];
    }
}

/* The returns i -> t -> i that stage t + 1 does not show. */
static void return_through(sg_basin *b, int t, sg_rng *rng)
{
    for (size_t k = b->order.first[t]; k < b->order.first[t + 1]; k++) {
        const int i = b->order.higher[k];
        if (b->to[k] == 0.0 || b->from[k] == 0.0 || b->visits[i] == 0.0) continue;
        const double odds = b->from[k] / b->outflow[k] * (b->to[k] / b->leaving[t]);
        const double returns = draw_returns(rng, b->visits[i], odds);
        b->hops_from[k] += returns;
        b->hops_to[k] += returns;
        b->visits[i] += returns;
    }
}

/* The states t < min(i, j) through which element (i, j) was added to, ascending. @return how many */
static int list_ways(sg_basin *b, const element *e)
{
    const basin_order *o = &b->order;
    const basin_lower *to = o->lower + o->first_lower[e->i], *to_end = o->lower + o->first_lower[e->i + 1];
    const int leads_out = e->j == o->n;
    const basin_lower *on = leads_out ? NULL : o->lower + o->first_lower[e->j];
    const basin_lower *on_end = leads_out ? NULL : o->lower + o->first_lower[e->j + 1];
    int n = 0;

    for (; to < to_end && to->state < e->j; to++) {
        const int t = to->state;
        while (on < on_end && on->state < t)
            on++;
        if (!leads_out && (on == on_end || on->state > t)) continue;
        const double through =
            led_through(b->from[to->link], b->leaving[t], leads_out ? b->out[t] : b->to[on->link]);
        if (through == 0.0) continue;
        b->way[n].through = through;
        b->way[n].first = &b->hops_from[to->link];
        b->way[n++].second = leads_out ? &b->hops_out[t] : &b->hops_to[on->link];
    }
    return n;
}

/* Hops i -> j of stage min(i, j) into direct ones and those through each state eliminated before. */
static void split(sg_basin *b, element e, sg_rng *rng)
{
    double rate = e.direct;

    if (*e.hops == 0.0) return;
    const int n = list_ways(b, &e);
    for (int k = 0; k < n; k++) {
        b->way[k].before = rate;
        rate += b->way[k].through;
    }
    for (int k = n - 1; k >= 0 && *e.hops > 0.0; k--) {
        const way *w = &b->way[k];
        const double direct = draw_branch(rng, *e.hops, w->before, w->through);
        *w->first += *e.hops - direct;
        *w->second += *e.hops - direct;
        *e.hops = direct;
    }
}

/* Failures before the n-th success, odds = failure : success. */
static double draw_returns(sg_rng *rng, double n, double odds)
{
    const double mean = sg_rng_gamma(rng, n) * odds;

    return isfinite(mean) ? sg_rng_poisson(rng, mean) : mean;
}

/* How many of n independent choices take the branch of the given weight against the other. The smaller
 * probability is the one that is drawn: it is known relative to itself, one minus it is not. */
static double draw_branch(sg_rng *rng, double n, double weight, double other)
{
    if (weight > other) return n - draw_branch(rng, n, other, weight);
    const double p = weight / (weight + other);
    if (n == 1.0) return sg_rng_uniform(rng) < p ? 1.0 : 0.0;
    return sg_rng_binomial(rng, n, p);
}

/* ---- what is asked for ---- */

static sg_status check_start(const sg_basin *b, int start)
{
    if (start < 0 || start >= b->n_transient)
        return sg_fail(SG_EINVAL, "start %d, need 0 .. %d", start, b->n_transient - 1);
    if (b->order.place[start] < 0)
        return sg_fail(SG_EINVAL, "basin: no way out of state %d, or of one that it leads to", start);
    return SG_OK;
}

/* Among the edges out of the state with the one hop out, by rate. */
static int draw_edge(const sg_basin *b, sg_rng *rng)
{
    int i = 0;

    while (b->hops_out[i] == 0.0)
        i++;
    assert(i < b->order.n && b->hops_out[i] == 1.0);
    double left = sg_rng_uniform(rng) * b->direct_out[i];
    const size_t last = b->first_exit[i + 1] - 1; /* rounding may leave a remainder behind it */
    for (size_t k = b->first_exit[i]; k < last; k++) {
        if (left < b->edge[b->exit[k]].rate) return b->exit[k];
        left -= b->edge[b->exit[k]].rate;
    }
    return b->exit[last];
}

sg_status sg_basin_draw(sg_basin *b, int start, sg_rng *rng, sg_basin_exit *out)
{
    double time = 0.0, n_hops = 0.0;

    sg_status st = check_start(b, start);
    if (st == SG_OK) st = count_hops(b, start, rng);
    if (st != SG_OK) return st;
    const int edge = draw_edge(b, rng);
    for (int s = 0; s < b->n_transient; s++) {
        const int i = b->order.place[s];
        const double visits = i < 0 ? 0.0 : b->visits[i];
        const double stay = visits > 0.0 ? sg_rng_gamma(rng, visits) / b->total[i] : 0.0;
        if (out->visits) out->visits[s] = visits;
        if (out->stay) out->stay[s] = stay;
        time += stay;
        n_hops += visits;
    }
    out->time = time;
    out->n_hops = n_hops;
    out->edge = edge;
    out->from = b->edge[edge].from;
    out->to = b->edge[edge].to;
    return SG_OK;
}

/* Mean residence by position: what the walk has seen of higher states it brings along when it is put back,
 * r_t R_t = probability to begin in t at stage t + sum over i > t of r_i K(t)_it. */
static void residences(const sg_basin *b, int start, double *r)
{
    const size_t *first = b->order.first;

    for (int i = 0; i < b->order.n; i++)
        r[i] = i == b->order.place[start];
    for (int t = b->order.place[start]; t < b->order.n; t++)
        for (size_t k = first[t]; k < first[t + 1]; k++)
            r[b->order.higher[k]] += r[t] / b->leaving[t] * b->to[k];
    for (int t = b->order.n - 1; t >= 0; t--) {
        for (size_t k = first[t]; k < first[t + 1]; k++)
            r[t] += r[b->order.higher[k]] * b->from[k];
        r[t] /= b->leaving[t];
    }
}

sg_status sg_basin_law(sg_basin *b, int start, double *edge_probability, double *mean_time,
                       double *mean_residence)
{
    double *const r = b->visits;
    double time = 0.0;

    const sg_status st = check_start(b, start);
    if (st != SG_OK) return st;
    residences(b, start, r);
    for (int i = 0; i < b->order.n; i++)
        if (!isfinite(r[i] * b->total[i]))
            return sg_fail(SG_ENUMERIC, "basin: more visits than a double can count");
    for (int e = 0; e < b->n_edges && edge_probability; e++) {
        const int i = exit_from(b, &b->edge[e]);
        edge_probability[e] = i < 0 ? 0.0 : r[i] * b->edge[e].rate;
    }
    for (int s = 0; s < b->n_transient; s++) {
        const double residence = b->order.place[s] < 0 ? 0.0 : r[b->order.place[s]];
        if (mean_residence) mean_residence[s] = residence;
        time += residence;
    }
    if (mean_time) *mean_time = time;
    return SG_OK;
}

sg_status sg_basin_sample(int n_transient, int n_edges, const sg_basin_edge *edges, int start, sg_rng *rng,
                          sg_basin_exit *out)
{
    sg_basin *b;
    sg_status st = sg_basin_create(n_transient, n_edges, edges, &b);

    if (st == SG_OK) st = sg_basin_draw(b, start, rng, out);
    sg_basin_free(b);
    return st;
}

sg_status sg_basin_exit_law(int n_transient, int n_edges, const sg_basin_edge *edges, int start,
                            double *edge_probability, double *mean_time, double *mean_residence)
{
    sg_basin *b;
    sg_status st = sg_basin_create(n_transient, n_edges, edges, &b);

    if (st == SG_OK) st = sg_basin_law(b, start, edge_probability, mean_time, mean_residence);
    sg_basin_free(b);
    return st;
}
