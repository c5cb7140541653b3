/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows that are equally wide in log time. One edge lies where the first series ends, so that all that can
 * be compared is; beyond it the windows show the series that go on. */
#include "analysis_internal.h"

#include <math.h>

enum { MOST_WINDOWS = 1000 };
static const double seam = 1e-9; /* relative, of times */

typedef struct reach {
    double first, common, last; /* s: first moment, end of the shortest series, end of the longest */
} reach;

static reach reach_of(const sg_series *series, int n)
{
    reach r = {HUGE_VAL, HUGE_VAL, 0};

    for (int s = 0; s < n; s++) {
        const double *t = series[s].time;
        int64_t k = 0;
        while (k + 1 < series[s].n && !(t[k] > 0))
            k++;
        const double end = t[series[s].n - 1];
        if (t[k] > 0 && t[k] < r.first) r.first = t[k];
        if (end < r.common) r.common = end;
        if (end > r.last) r.last = end;
    }
    return r;
}

static sg_status make_edges(const reach *r, double per_decade, sg_comparison *c)
{
    const double first = floor(per_decade * log10(r->first) + 1e-9), joint = per_decade * log10(r->common);
    double edge[MOST_WINDOWS + 1];
    int n = 0;

    if (!(r->first < r->last)) return sg_fail(SG_EINVAL, "no series has a length in time");
    if ((log10(r->last) - log10(r->first)) * per_decade > MOST_WINDOWS - 3)
        return sg_fail(SG_EINVAL, "more than %d windows from %g s to %g s, need fewer per decade",
                       MOST_WINDOWS, r->first, r->last);
    for (double k = first;; k++) {
        const double e = fabs(k - joint) <= 0.5 ? r->common : pow(10, k / per_decade);
        if (e > r->last * (1 + seam)) break;
        if (n == 0 || e > edge[n - 1] * (1 + seam)) edge[n++] = e;
    }
    c->n_windows = n > 1 ? n - 1 : 0;
    c->window = sg_calloc((size_t)c->n_windows, sizeof *c->window);
    if (!c->window) return sg_fail(SG_ENOMEM, "windows");
    for (int w = 0; w < c->n_windows; w++) {
        c->window[w].begin = edge[w];
        c->window[w].end = edge[w + 1];
    }
    return SG_OK;
}

/* Samples of a series of MD from a to b, the ends included. */
static int64_t count_points(const sg_series *s, double a, double b)
{
    int64_t n = 0;

    for (int64_t k = 0; k < s->n; k++)
        n += s->time[k] >= a * (1 - seam) && s->time[k] <= b * (1 + seam);
    return n;
}

static int covers(const sg_series *s, const sg_window *w, int min_points)
{
    if (isnan(sg_series_mean(s, 0, 0, w->begin, w->end))) return 0;
    return s->is_kmc || count_points(s, w->begin, w->end) >= min_points;
}

/* Means over the series of one kind that cover the window. */
static sg_mean mean_over(const sg_series *series, int n, int kmc, int q, const double *value)
{
    double *of_kind = sg_calloc((size_t)n, sizeof *of_kind);
    sg_mean m = {0, NAN, NAN, NAN};

    if (!of_kind) return m;
    for (int s = 0; s < n; s++)
        of_kind[s] = series[s].is_kmc == kmc ? value[s * SG_QUANTITIES + q] : NAN;
    m = sg_mean_of(n, of_kind);
    sg_free(of_kind);
    return m;
}

static void fill(const sg_series *series, int n, int min_points, sg_window *w, double *now, double *low)
{
    for (int s = 0; s < n; s++) {
        const int covered = covers(&series[s], w, min_points);
        for (int q = 0; q < SG_QUANTITIES; q++) {
            now[s * SG_QUANTITIES + q] = covered ? sg_series_mean(&series[s], q, 0, w->begin, w->end) : NAN;
            low[s * SG_QUANTITIES + q] =
                covered ? sg_series_mean(&series[s], q, series[s].is_kmc, w->begin, w->end) : NAN;
        }
        if (!covered) continue;
        if (series[s].is_kmc)
            w->n_kmc++;
        else
            w->n_md++;
    }
    w->compared = w->n_md + w->n_kmc == n;
    for (int q = 0; q < SG_QUANTITIES; q++) {
        w->md[q] = mean_over(series, n, 0, q, now);
        w->kmc[q] = mean_over(series, n, 1, q, now);
        w->kmc_low[q] = mean_over(series, n, 1, q, low);
    }
}

sg_status compare_windows(const sg_series *series, int n, const sg_compare_options *opt, sg_comparison *c,
                          window_values *values)
{
    const reach r = reach_of(series, n);
    sg_status st = make_edges(&r, opt->per_decade, c);

    if (st != SG_OK) return st;
    const size_t row = (size_t)n * SG_QUANTITIES;
    values->now = sg_calloc((size_t)c->n_windows * row, sizeof *values->now);
    values->low = sg_calloc((size_t)c->n_windows * row, sizeof *values->low);
    if (!values->now || !values->low) return sg_fail(SG_ENOMEM, "windows");
    for (int w = 0; w < c->n_windows; w++) {
        fill(series, n, opt->min_points, &c->window[w], values->now + (size_t)w * row,
             values->low + (size_t)w * row);
        c->n_compared += c->window[w].compared;
    }
    return SG_OK;
}
