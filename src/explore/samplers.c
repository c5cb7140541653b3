/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sampler a search gets: more often the one that has found more new events inside the window per force
 * call.
 *
 * The yield of each sampler is taken for a Poisson process in force calls of unknown rate; its posterior is a
 * gamma distribution, from which one value per sampler is drawn, and the largest wins (Thompson sampling; old
 * findings count less and less, since what a sampler finds easily is soon found). A
 * fixed share of the searches is dealt out regardless of yields, so that none is forgotten; and the draws,
 * which the estimate of missing events rests on, take all but `echo` in equal shares. The yields are
 * sums over the rows of the searches: these are stored, so a resumed run chooses as if it had not stopped;
 * and they change only when a batch is merged, so the choice does not depend on threads. Source: Thompson,
 * Biometrika 25, 285 (1933). */
#include "explore_internal.h"

#include <math.h>

static const double share_each = 0.02;
/* Weight of what was found one search ago: yields fall, as an event is new only once. */
static const double memory = 1.0 - 1.0 / 256;
/* The prior counts like so many events found, one in so many calls: what Cu64Zr36 glasses gave below 1 eV
 * (validation/samplers), rounded. */
static const double prior_events = 2;
static const double prior_calls[SG_SAMPLER_COUNT] = {
    [SG_SAMPLER_LOCAL] = 4500, [SG_SAMPLER_WIDE] = 6000, [SG_SAMPLER_SOFT] = 1200,
    [SG_SAMPLER_CUBIC] = 1400, [SG_SAMPLER_KICK] = 1600, [SG_SAMPLER_ECHO] = 2500,
};
static const double echo_reach = 5.0;   /* Å, from the atom to the centre of the event */
static const double echo_barrier = 1.5; /* eV, without a window */

static double window(const sg_explorer *ex)
{
    if (ex->opt.saddle.window > 0) return ex->opt.saddle.window;
    return ex->opt.barrier_max > 0 ? ex->opt.barrier_max : INFINITY;
}

/* Share of the atoms that a local phase sees. */
static double local_share(const sg_explorer *ex)
{
    const double r = ex->opt.saddle.local_radius + ex->pot->cutoff / 2;
    const double share = 4.0 / 3.0 * SG_PI * r * r * r / ex->frame->cell.volume;
    return ex->opt.saddle.local_radius > 0 && share < 1 ? share : 1;
}

void count_row(sg_explorer *ex, const sg_cat_search *row)
{
    if (row->sampler >= SG_SAMPLER_COUNT) return; /* of a later version */
    sampler_yield *y = &ex->yield[row->sampler];
    for (int k = 0; k < SG_SAMPLER_COUNT; k++) {
        ex->yield[k].fresh *= memory;
        ex->yield[k].calls *= memory;
    }
    const double relax = row->calls[3] * (row->calls[2] > 0 ? 1 : local_share(ex)); /* whole after refining */
    y->calls += local_share(ex) * ((double)row->calls[0] + (double)row->calls[1]) + (double)row->calls[2] +
                relax + (double)row->calls[4];
    y->fresh += row->outcome == SG_FOUND && row->barrier <= window(ex);
}

/* Of all but `echo`, which goes where something is known. */
static sg_sampler even_choice(const sg_explorer *ex, double dealt)
{
    sg_sampler among[SG_SAMPLER_COUNT];
    int n = 0;

    for (int k = 0; k < ex->opt.n_samplers; k++)
        if (ex->opt.sampler[k] != SG_SAMPLER_ECHO) among[n++] = ex->opt.sampler[k];
    return n > 0 ? among[(int)(dealt * n) % n] : SG_SAMPLER_LOCAL;
}

sg_sampler choose_sampler(const sg_explorer *ex, const task *t, int can_echo)
{
    const int n = ex->opt.n_samplers;
    sg_sampler best = SG_SAMPLER_LOCAL;
    double highest = -1;
    sg_rng rng;

    if (n == 0) return best;
    if (n == 1) return ex->opt.sampler[0] == SG_SAMPLER_ECHO && !can_echo ? best : ex->opt.sampler[0];
    sg_rng_init(&rng, ex->opt.seed, SG_RNG_CHOICE, ex->plan.state, t->atom, t->attempt);
    double dealt = sg_rng_uniform(&rng);
    if (t->ref == SEARCH_IS_DRAW) return even_choice(ex, dealt);
    for (int k = 0; k < n; k++) {
        const sg_sampler s = ex->opt.sampler[k];
        dealt -= share_each;
        if (dealt < 0 && (s != SG_SAMPLER_ECHO || can_echo)) return s;
    }
    for (int k = 0; k < n; k++) {
        if (ex->opt.sampler[k] == SG_SAMPLER_ECHO && !can_echo) continue;
        const sampler_yield *y = &ex->yield[ex->opt.sampler[k]];
        const double rate = sg_rng_gamma(&rng, prior_events + y->fresh) /
                            (prior_events * prior_calls[ex->opt.sampler[k]] + y->calls);
        if (rate > highest) {
            highest = rate;
            best = ex->opt.sampler[k];
        }
    }
    return best;
}

static int may_echo(const sg_explorer *ex)
{
    for (int k = 0; k < ex->opt.n_samplers; k++)
        if (ex->opt.sampler[k] == SG_SAMPLER_ECHO) return 1;
    return 0;
}

int find_echo(sg_explorer *ex, const task *t, double (*displacement)[3])
{
    const sg_cat_table *table = table_at(ex, ex->plan.state);
    const double top = fmin(window(ex), echo_barrier);
    sg_rng rng;
    int n = 0;

    if (!may_echo(ex)) return 0;
    sg_rng_init(&rng, ex->opt.seed, SG_RNG_CHOICE, ex->plan.state, t->atom,
                (uint64_t)t->attempt | 1ULL << 32);
    for (uint32_t k = 0; k < table->n_entries; k++) {
        const sg_cat_entry *entry = &table->entry[k];
        const sg_cat_edge *e = &ex->edge[entry->edge - 1];
        double d[3];
        if (entry->kept || entry->barrier > top) continue;
        const uint32_t centre = entry->reverse ? e->centre_back : e->centre;
        for (int a = 0; a < 3; a++)
            d[a] = ex->frame->x[centre][a] - ex->frame->x[t->atom][a];
        sg_cell_minimum_image(&ex->frame->cell, d);
        if (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] > echo_reach * echo_reach) continue;
        if (sg_rng_uniform(&rng) * ++n > 1) continue; /* each of those near by with the same probability */
        entry_saddle(ex, ex->plan.state, entry, ex->scratch);
        sg_system_displacement(ex->frame, (positions)ex->frame->x, (positions)ex->scratch, displacement,
                               NULL);
    }
    return n > 0;
}
