/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU time, instruction counts, quantiles. */
#define _GNU_SOURCE /* syscall */
#include "bench_internal.h"

#include <linux/perf_event.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double cpu_of(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
           1e-6 * ((double)u.ru_utime.tv_usec + (double)u.ru_stime.tv_usec);
}

/* A counter of this process and of all that it starts from now on; -1 where there is none or it is not
 * allowed. */
static int open_counter(void)
{
    struct perf_event_attr a;

    memset(&a, 0, sizeof a);
    a.size = sizeof a;
    a.type = PERF_TYPE_HARDWARE;
    a.config = PERF_COUNT_HW_INSTRUCTIONS;
    a.exclude_kernel = 1;
    a.exclude_hv = 1;
    a.inherit = 1;
    return (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
}

void bench_meter_begin(bench_meter *m)
{
    m->counter = open_counter();
    m->cpu_s = cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
}

bench_cost bench_meter_end(bench_meter *m)
{
    bench_cost cost = {cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN) - m->cpu_s, NAN};
    uint64_t count = 0;

    if (m->counter >= 0) {
        if (read(m->counter, &count, sizeof count) == (ssize_t)sizeof count)
            cost.instructions = (double)count;
        close(m->counter);
        m->counter = -1;
    }
    return cost;
}

double bench_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_quantile(int n, double *value, double q)
{
    if (n < 1) return NAN;
    qsort(value, (size_t)n, sizeof *value, compare);
    const double at = q * (n - 1);
    const int k = (int)at;
    return k + 1 < n ? value[k] + (at - k) * (value[k + 1] - value[k]) : value[n - 1];
}

double bench_mean(int n, const double *value)
{
    double sum = 0.0;
    for (int k = 0; k < n; k++)
        sum += value[k];
    return n > 0 ? sum / n : NAN;
}

void bench_quartiles(sg_bench_result *out, const char *name, int n, double *value)
{
    static const char *const which[] = {"q1", "median", "q3"};
    char text[48];

    for (int k = 0; k < 3; k++) {
        snprintf(text, sizeof text, "%s_%s", name, which[k]);
        bench_detail(out, text, bench_quantile(n, value, 0.25 * (k + 1)));
    }
}
