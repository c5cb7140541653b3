/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run says while it goes on: where it stands, and when it will have reached the next decade of time.
 *
 * Ageing is a matter of decades: each takes about as long as all before it, or longer. The pace is that of
 * log10 t against wall time over the last third of the walk of this process, from points that thin out as it
 * grows old. Nothing here enters a result. */
#include "run_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double show_every = 0.05, first_spacing = 0.5; /* s */
static const double recent = 1.0 / 3;                       /* of the walk: what the pace is taken from */

void pace_begin(pace *p, double now_s, double time)
{
    memset(p, 0, sizeof *p);
    p->begin_s = now_s;
    p->every = first_spacing;
    pace_add(p, now_s, time);
}

int pace_is_due(pace *p, double now_s)
{
    if (now_s - p->shown_s < show_every) return 0;
    p->shown_s = now_s;
    return 1;
}

static void thin_out(pace *p)
{
    p->n /= 2;
    for (int k = 0; k < p->n; k++) {
        p->wall[k] = p->wall[2 * k];
        p->log_time[k] = p->log_time[2 * k];
    }
    p->every *= 2;
}

void pace_add(pace *p, double now_s, double time)
{
    if (!(time > 0) || (p->n > 0 && now_s - p->wall[p->n - 1] < p->every)) return;
    if (p->n == PACE_POINTS) thin_out(p);
    p->wall[p->n] = now_s;
    p->log_time[p->n++] = log10(time);
}

double pace_left(const pace *p, double now_s, double time, double aim)
{
    const double since = now_s - recent * (now_s - p->begin_s);
    int k = p->n - 1;

    while (k > 0 && p->wall[k] > since)
        k--;
    if (k < 0 || !(time > 0) || !(aim > time)) return NAN;
    const double way = log10(time) - p->log_time[k];
    return way > 0 ? log10(aim / time) / way * (now_s - p->wall[k]) : NAN;
}

/* Share of this process's walk that is done, by whichever criterion will end it. */
static double share_done(const sg_run *run, const sg_cat_step *row, double spent)
{
    const sg_config *cfg = run->cfg;
    double most = 0;

    if (cfg->kmc.max_steps > (int64_t)run->begin_step)
        most =
            (double)(row->step - run->begin_step) / (double)((uint64_t)cfg->kmc.max_steps - run->begin_step);
    if (cfg->kmc.max_time_s > run->begin_time)
        most = fmax(most, (row->time - run->begin_time) / (cfg->kmc.max_time_s - run->begin_time));
    if (cfg->kmc.max_wall_s > 0) most = fmax(most, spent / cfg->kmc.max_wall_s);
    return most;
}

/* "40 s", "12 min", "3.5 h", "2.1 d" */
static void put_duration(double s, char text[16])
{
    if (s < 100)
        snprintf(text, 16, "%.0f s", s);
    else if (s < 6000)
        snprintf(text, 16, "%.0f min", s / 60);
    else if (s < 172800)
        snprintf(text, 16, "%.1f h", s / 3600);
    else
        snprintf(text, 16, "%.3g d", s / 86400);
}

void pace_note(sg_run *run, const sg_cat_step *row, char text[SG_RUN_NOTE])
{
    const double now = run_now_s(), spent = now - run->begin_s, share = share_done(run, row, spent);
    const double next = row->time > 0 ? pow(10, floor(log10(row->time) + 1e-9) + 1) : NAN;
    char reused[32] = "", missing[32] = "", decade[64] = "", end[48] = "", duration[16];

    pace_add(&run->pace, now, row->time);
    const double left = pace_left(&run->pace, now, row->time, next);
    if (run->entries > 0)
        snprintf(reused, sizeof reused, ", %.1f %% reused",
                 100.0 * (double)run->entries_reused / (double)run->entries);
    if (row->step > 0 && row->rate_total > 0 && isfinite(row->rate_missing))
        snprintf(missing, sizeof missing, ", %.2g %% missing",
                 100 * row->rate_missing / (row->rate_total + row->rate_missing));
    if (isfinite(left) && next <= run->cfg->kmc.max_time_s * (1 + 1e-9)) {
        put_duration(left, duration);
        snprintf(decade, sizeof decade, ", %.0e s in about %s", next, duration);
    }
    if (share > 0.001 && share <= 1) {
        put_duration(spent * (1 - share) / share, duration);
        snprintf(end, sizeof end, ", ends in about %s", duration);
    }
    snprintf(text, SG_RUN_NOTE, "step %llu, %.3g s, E_IS %.4f eV (%+.3f), %llu events%s%s%s%s",
             (unsigned long long)row->step, row->time, row->energy, row->energy - run->e_start,
             (unsigned long long)sg_explorer_n_edges(run->ex), reused, missing, decade, end);
}
