/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows about scaling: what two threads or two processes do in the time of one. Wall times mean something on
 * idle cores alone; so the processor times stand beside them, and what two idle cores would make of these:
 * the part that only one can do, and half of the rest. */
#define _DEFAULT_SOURCE /* getloadavg */
#include "bench_internal.h"
#include "slowglass/par.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 2, SEARCHES_RANKS = 48, MOST_WORDS = 32 };

bench_scaling bench_scaling_begin(void)
{
    return (bench_scaling){
        .wall_s = {INFINITY, INFINITY}, .cpu_s = {INFINITY, INFINITY}, .serial_s = INFINITY};
}

int bench_scaling_rounds(const bench *b)
{
    return b->opt->rounds > 0 ? b->opt->rounds : ROUNDS;
}

void bench_scaling_add(bench_scaling *s, int two, double wall_s, double cpu_s)
{
    s->wall_s[two] = fmin(s->wall_s[two], wall_s);
    s->cpu_s[two] = fmin(s->cpu_s[two], cpu_s);
}

void bench_scaling_end(const bench_scaling *s, sg_bench_result *out)
{
    double load = NAN;

    if (getloadavg(&load, 1) != 1) load = NAN;
    out->value = s->wall_s[0] / s->wall_s[1];
    bench_detail(out, "wall_of_one_s", s->wall_s[0]);
    bench_detail(out, "wall_of_two_s", s->wall_s[1]);
    bench_detail(out, "processor_ratio", s->cpu_s[1] / s->cpu_s[0]);
    if (isfinite(s->serial_s))
        bench_detail(out, "by_processor_time", s->cpu_s[0] / (s->serial_s + (s->cpu_s[1] - s->serial_s) / 2));
    bench_detail(out, "same_work", s->work[0] == s->work[1]);
    bench_detail(out, "load", load);
    bench_detail(out, "cores", (double)sysconf(_SC_NPROCESSORS_ONLN));
}

/* --- processes --- */

typedef struct session { /* a command line of this program */
    char program[512], structure[512], searches[16], seed[32];
    char *catalog, *output;
} session;

static int add_words(const char **argv, int n, const char *const *word)
{
    for (; *word; word++)
        argv[n++] = *word;
    return n;
}

/* One by itself, or two under mpirun. @return 0: well */
static int run_session(const session *s, int two)
{
    static const char *const launcher[] = {"env", /* Open MPI asks root twice */
                                           "OMPI_ALLOW_RUN_AS_ROOT=1",
                                           "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
                                           "mpirun",
                                           "--bind-to",
                                           "none",
                                           "--oversubscribe",
                                           "-np",
                                           "2",
                                           NULL};
    const char *const command[] = {s->program,   "search",      s->structure,
                                   "--max",      s->searches,   "--seed",
                                   s->seed,      "--potential", "eam/fs:" BENCH_POTENTIALS "CuZr_mm.eam.fs",
                                   "--elements", "Cu,Zr",       "--threads",
                                   "1",          "--quiet",     "-o",
                                   s->catalog,   NULL};
    const char *argv[MOST_WORDS] = {NULL};
    const int n = two ? add_words(argv, 0, launcher) : 0;

    add_words(argv, n, command);
    bench_remove(s->catalog);
    return bench_run_child(argv, s->output);
}

/* A number for the table of events that was printed. */
static double hash_of_output(const session *s)
{
    uint64_t hash = 0;
    return sg_hash_file(s->output, &hash) == SG_OK ? (double)(hash >> 12) : NAN;
}

static sg_status prepare(const bench *b, session *s, sg_bench_result *out)
{
    const ssize_t n = readlink("/proc/self/exe", s->program, sizeof s->program - 1);
    const char *const asked[] = {"mpirun", "--version", NULL};

    if (n <= 0) return bench_missing(out, "this program does not know where it is");
    if (!*sg_link_name()) return bench_missing(out, "built without MPI");
    if (bench_run_child(asked, NULL) != 0) return bench_missing(out, "mpirun not installed");
    snprintf(s->structure, sizeof s->structure, "%s/Cu64Zr36_2000.extxyz", b->opt->samples);
    if (access(s->structure, R_OK) != 0) return bench_missing(out, "no %.120s", s->structure);
    if (access(BENCH_POTENTIALS "CuZr_mm.eam.fs", R_OK) != 0)
        return bench_missing(out, "no " BENCH_POTENTIALS "CuZr_mm.eam.fs");
    snprintf(s->searches, sizeof s->searches, "%d", b->opt->searches > 0 ? b->opt->searches : SEARCHES_RANKS);
    snprintf(s->seed, sizeof s->seed, "%llu", (unsigned long long)b->opt->seed);
    s->catalog = bench_path(b, "ranks.cat");
    s->output = bench_path(b, "ranks.txt");
    return s->catalog && s->output ? SG_OK : sg_fail(SG_ENOMEM, "ranks");
}

sg_status row_ranks(bench *b, sg_bench_result *out)
{
    bench_scaling sums = bench_scaling_begin();
    session s = {.catalog = NULL};
    sg_status st = prepare(b, &s, out);

    for (int k = 0; k < 2 * bench_scaling_rounds(b) && st == SG_OK && !*out->missing; k++) {
        const int two = k % 2;
        bench_meter meter;
        const double begin_s = bench_now_s();
        bench_meter_begin(&meter);
        if (run_session(&s, two) != 0)
            st = sg_fail(SG_EBACKEND, "%s search failed%s", s.program, two ? " under mpirun" : "");
        bench_scaling_add(&sums, two, bench_now_s() - begin_s, bench_meter_end(&meter).cpu_s);
        sums.work[two] = hash_of_output(&s);
    }
    if (st == SG_OK && !*out->missing) bench_scaling_end(&sums, out);
    if (s.catalog) bench_remove(s.catalog);
    sg_free(s.catalog);
    sg_free(s.output);
    return st;
}
