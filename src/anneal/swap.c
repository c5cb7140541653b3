/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exchanges of unlike atoms, by Metropolis.
 *
 * All pairs of a call come from one small group of atoms. The rest of the system then stands still while
 * the call lasts, so what it contributes is computed once (the base of a free set) and a trial costs what the
 * surroundings of the group cost. The group is drawn without looking at where atoms are and has as many atoms
 * of each species before a trial as after it: a pair is proposed as often as its reverse. */
#include "slowglass/anneal.h"

#include <math.h>
#include <string.h>

enum { GROUP = 16 };

typedef struct swapping {
    const sg_potential *pot;
    sg_potential_work *work;
    sg_system *sys;
    sg_rng *rng;
    int n;
    int *atom;             /* [n] the group, ascending */
    unsigned char *member; /* [sys->n] */
    int *unlike;           /* [n * n][2] pairs of unlike atoms */
    int n_unlike;
    sg_forces f;
} swapping;

static int draw(sg_rng *rng, int n)
{
    const int k = (int)(sg_rng_uniform(rng) * n);
    return k < n ? k : n - 1;
}

/* 1 when atoms of two species may move. */
static int has_two_species(const sg_system *sys)
{
    int type = -1;

    for (int i = 0; i < sys->n; i++) {
        if (sys->fixed[i]) continue;
        if (type >= 0 && sys->type[i] != type) return 1;
        type = sys->type[i];
    }
    return 0;
}

static sg_status open_group(swapping *s, int size)
{
    s->n = size;
    s->atom = sg_calloc((size_t)size, sizeof *s->atom);
    s->unlike = sg_calloc((size_t)size * (size_t)size, 2 * sizeof *s->unlike);
    s->member = sg_calloc((size_t)s->sys->n, sizeof *s->member);
    s->f.f = sg_calloc((size_t)s->sys->n, sizeof *s->f.f);
    if (!s->atom || !s->unlike || !s->member || !s->f.f)
        return sg_fail(SG_ENOMEM, "swaps among %d atoms", size);
    return SG_OK;
}

static void close_group(swapping *s)
{
    sg_free(s->atom);
    sg_free(s->unlike);
    sg_free(s->member);
    sg_free(s->f.f);
}

/* Which atoms, until there are two species among them; and the pairs of unlike ones. */
static void draw_group(swapping *s)
{
    do {
        memset(s->member, 0, (size_t)s->sys->n);
        for (int k = 0; k < s->n;) {
            const int i = draw(s->rng, s->sys->n);
            if (s->member[i] || s->sys->fixed[i]) continue;
            s->member[i] = 1;
            k++;
        }
        for (int i = 0, k = 0; i < s->sys->n; i++)
            if (s->member[i]) s->atom[k++] = i;
        s->n_unlike = 0;
        for (int a = 0; a < s->n; a++)
            for (int b = a + 1; b < s->n; b++)
                if (s->sys->type[s->atom[a]] != s->sys->type[s->atom[b]]) {
                    s->unlike[2 * s->n_unlike] = s->atom[a];
                    s->unlike[2 * s->n_unlike++ + 1] = s->atom[b];
                }
    } while (s->n_unlike == 0);
}

static void exchange(sg_system *sys, int i, int j)
{
    for (int k = 0; k < 3; k++) {
        const double x = sys->x[i][k];
        sys->x[i][k] = sys->x[j][k];
        sys->x[j][k] = x;
    }
}

/* Energy of the present order; infinite where the potential has no number for it. */
static sg_status energy_now(swapping *s, double *energy)
{
    const sg_atom_set set = {s->n, s->atom, s->member};
    const sg_status st = sg_potential_compute(s->pot, s->work, s->sys, &set, &s->f);

    *energy = st == SG_OK ? s->f.energy : HUGE_VAL;
    return st == SG_ENUMERIC ? SG_OK : st;
}

static sg_status run_trials(swapping *s, double temperature, int n_trials, sg_swap_count *count)
{
    double energy, trial;
    sg_status st = energy_now(s, &energy);

    for (int k = 0; k < n_trials && st == SG_OK; k++) {
        const int *const pair = &s->unlike[2 * draw(s->rng, s->n_unlike)];
        const double u = sg_rng_uniform(s->rng);
        exchange(s->sys, pair[0], pair[1]);
        st = energy_now(s, &trial);
        count->tried++;
        if (st == SG_OK && u < exp(-(trial - energy) / (SG_KB * temperature))) {
            energy = trial;
            count->accepted++;
        } else
            exchange(s->sys, pair[0], pair[1]);
    }
    return st;
}

sg_status sg_anneal_swap(const sg_potential *pot, sg_potential_work *work, sg_system *sys,
                         double temperature_K, int n_trials, sg_rng *rng, sg_swap_count *count)
{
    swapping s = {.pot = pot, .work = work, .sys = sys, .rng = rng};
    int n_free = sys->n - sys->n_fixed;

    if (!has_two_species(sys)) return sg_fail(SG_EINVAL, "swaps need two species of atoms that may move");
    if (!(temperature_K > 0)) return sg_fail(SG_EINVAL, "swaps at %g K, need > 0", temperature_K);
    if (n_trials < 1) return SG_OK;
    sg_potential_work_reset(work);
    sg_status st = open_group(&s, n_free < GROUP ? n_free : GROUP);
    if (st == SG_OK) {
        draw_group(&s);
        st = run_trials(&s, temperature_K, n_trials, count);
    }
    close_group(&s);
    sg_potential_work_reset(work);
    return st;
}
