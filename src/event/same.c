/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is it the same event? A generic record is laid on a passage by the canonical correspondence of the shells
 * and a rigid alignment, proper and improper; it is the same event when barriers and displacements agree.
 * Runs ask this of what they find, merging asks it of two records. */
#include "slowglass/event.h"

#include <math.h>
#include <string.h>

typedef const double (*positions)[3];

/* equivalent places of a crystal agree far better, two places of a glass far worse */
static const double same_barrier = 2e-3;     /* eV */
static const double same_displacement = 0.1; /* Å */
static const double same_reference = 0.15;   /* Å, residual of the placement */

/* Å: what moves this far in one of two alike records is a mover in the other, so its support has it, too */
static const double sure_mover = SG_EVENT_MOVER + 0.1;

enum { MAX_PLACEMENTS = 48 };

int sg_event_may_be_same(const sg_cat_event *event, uint64_t key, double barrier)
{
    return event->key == key && fabs(event->barrier - barrier) <= same_barrier;
}

/* |R d - seen| */
static double difference(const double R[3][3], const float d[3], const double seen[3])
{
    double sum = 0;

    for (int a = 0; a < 3; a++) {
        const double miss =
            R[a][0] * (double)d[0] + R[a][1] * (double)d[1] + R[a][2] * (double)d[2] - seen[a];
        sum += miss * miss;
    }
    return sqrt(sum);
}

static int agrees(const sg_cat_event *ev, const sg_event_seen *seen, const sg_placement *p)
{
    const double(*R)[3] = (const double(*)[3])p->R;

    for (int k = 0; k < p->n; k++) {
        const int i = seen->cluster->atom[p->map[k]];
        if (!(difference(R, ev->d_saddle[k], seen->d_saddle[i]) <= same_displacement &&
              difference(R, ev->d_final[k], seen->d_final[i]) <= same_displacement))
            return 0;
    }
    return 1;
}

sg_status sg_event_same(const sg_cat_event *event, const sg_event_seen *seen, int *same)
{
    int n = 0;

    *same = 0;
    if (!sg_event_may_be_same(event, seen->key, seen->barrier)) return SG_OK;
    sg_placement *place = sg_calloc(MAX_PLACEMENTS, sizeof *place);
    if (!place) return sg_fail(SG_ENOMEM, "placements of an event");
    const sg_status st = sg_event_place(event, seen->cluster, seen->n_perm, seen->perm, same_reference,
                                        MAX_PLACEMENTS, place, &n);
    for (int q = 0; q < n && st == SG_OK && !*same; q++)
        *same = agrees(event, seen, &place[q]);
    sg_free(place);
    return st;
}

/* --- two records --- */

typedef struct core { /* what the support of a like record must have, too: shell and sure movers */
    sg_cat_event event;
    unsigned char number[SG_TOPOLOGY_MAX_CLUSTER];
    float x[SG_TOPOLOGY_MAX_CLUSTER][3], d_saddle[SG_TOPOLOGY_MAX_CLUSTER][3],
        d_final[SG_TOPOLOGY_MAX_CLUSTER][3];
} core;

static double length(const float d[3])
{
    return sqrt((double)d[0] * (double)d[0] + (double)d[1] * (double)d[1] + (double)d[2] * (double)d[2]);
}

static void core_make(const sg_cat_event *ev, core *out)
{
    out->event = *ev;
    out->event.number = out->number;
    out->event.x = out->x;
    out->event.d_saddle = out->d_saddle;
    out->event.d_final = out->d_final;
    out->event.n = 0;
    for (uint32_t k = 0; k < ev->n; k++) {
        if (k >= ev->n_shell && length(ev->d_saddle[k]) < sure_mover && length(ev->d_final[k]) < sure_mover)
            continue;
        const uint32_t m = out->event.n++;
        out->number[m] = ev->number[k];
        memcpy(out->x[m], ev->x[k], sizeof out->x[m]);
        memcpy(out->d_saddle[m], ev->d_saddle[k], sizeof out->d_saddle[m]);
        memcpy(out->d_final[m], ev->d_final[k], sizeof out->d_final[m]);
    }
}

/* Whether the core of one record lies in the other one. */
static sg_status contains(const sg_cat_event *whole, const sg_cat_event *part, int n_perm,
                          const int (*perm)[SG_TOPOLOGY_MAX_VERTICES], int *yes)
{
    sg_cluster cluster = {0};
    core *c = sg_calloc(1, sizeof *c);
    double(*d)[3] = sg_calloc(2 * (size_t)whole->n, sizeof *d);
    sg_status st = c && d ? SG_OK : sg_fail(SG_ENOMEM, "comparison of events");

    *yes = 0;
    if (st == SG_OK)
        st = sg_cluster_init_record(&cluster, (int)whole->n, (int)whole->n_shell, whole->number,
                                    (const float(*)[3])whole->x);
    if (st != SG_OK) goto done;
    for (int k = 0; k < cluster.n; k++) {
        cluster.atom[k] = k;
        for (int a = 0; a < 3; a++) {
            d[k][a] = (double)whole->d_saddle[k][a];
            d[cluster.n + k][a] = (double)whole->d_final[k][a];
        }
    }
    core_make(part, c);
    const sg_event_seen seen = {
        whole->key, whole->barrier, &cluster, n_perm, perm, (positions)d, (positions)(d + cluster.n)};
    st = sg_event_same(&c->event, &seen, yes);
    if (st == SG_ENUMERIC) st = SG_OK; /* positions that are no numbers resemble nothing */
done:
    sg_cluster_clear(&cluster);
    sg_free(c);
    sg_free(d);
    return st;
}

sg_status sg_event_same_records(const sg_cat_event *a, const sg_cat_event *b, int n_perm,
                                const int (*perm)[SG_TOPOLOGY_MAX_VERTICES], int *same)
{
    sg_status st = SG_OK;

    *same = 0;
    if (!sg_event_may_be_same(a, b->key, b->barrier) || a->n_shell != b->n_shell || a->n_shell < 1 ||
        a->n > SG_TOPOLOGY_MAX_CLUSTER || b->n > SG_TOPOLOGY_MAX_CLUSTER)
        return SG_OK;
    st = contains(a, b, n_perm, perm, same);
    if (st == SG_OK && *same) st = contains(b, a, n_perm, perm, same);
    return st;
}
