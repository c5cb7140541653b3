/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference program, run as a child: a generated input evaluates the forces of one structure again and
 * again, or lets its atoms move.
 *
 * "run N" without a fix that moves atoms computes forces in each step and rebuilds no list. Set-up (start,
 * reading and splining the tables, the list) is the same for any N, so the difference of two lengths is free
 * of it. Its energy and virial are asked for in the first and last step only, ours in every call. */
#define _GNU_SOURCE /* environ */
#include "bench_internal.h"
#include "slowglass/io.h"

#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SHORT_RUN = 10 };
static const double long_run_atoms = 4e5; /* atom evaluations of the long run: a second or so */

static const char *program(const bench *b)
{
    return b->opt->lammps ? b->opt->lammps : "lmp";
}

/* Run with output to /dev/null; 0 when it ended well. */
int bench_run_child(const char *const argv[], const char *output)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;

    if (posix_spawn_file_actions_init(&actions) != 0) return -1;
    int failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) != 0 ||
                 posix_spawn_file_actions_addopen(&actions, 1, output ? output : "/dev/null",
                                                  O_WRONLY | O_CREAT | O_TRUNC, 0666) != 0 ||
                 posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) != 0;
    if (!failed)
        failed = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ) != 0;
    if (!failed) failed = waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

int lammps_is_there(const bench *b)
{
    const char *const argv[] = {program(b), "-help", NULL};
    return bench_run_child(argv, NULL) == 0;
}

static sg_status write_input(const char *path, const char *data, const lammps_case *c)
{
    FILE *const f = fopen(path, "w");
    const sg_species *const s = &c->sys->species;

    if (!f) return sg_fail(SG_EIO, "%s cannot be written", path);
    fprintf(f,
            "units metal\natom_style atomic\nboundary p p p\nbox tilt large\natom_modify map array\n"
            "read_data %s\npair_style %s\npair_coeff * * %s",
            data, c->style, c->file);
    for (int k = 0; k < s->n; k++)
        fprintf(f, " %s", s->symbol[k]);
    fprintf(f, "\nneighbor 1.0 bin\n%s\nthermo 1000000\nrun ${n}\n",
            c->dynamics ? c->dynamics : "neigh_modify every 1000000 delay 0 check no");
    return fclose(f) == 0 ? SG_OK : sg_fail(SG_EIO, "%s cannot be written", path);
}

static sg_status run_steps(const bench *b, const char *input, int steps, bench_cost *cost)
{
    char n[16];
    const char *const argv[] = {program(b), "-log", "none", "-screen", "none", "-var",
                                "n",        n,      "-in",  input,     NULL};
    bench_meter meter;

    snprintf(n, sizeof n, "%d", steps);
    bench_meter_begin(&meter);
    const int failed = bench_run_child(argv, NULL);
    *cost = bench_meter_end(&meter);
    return failed ? sg_fail(SG_EBACKEND, "%s failed on %s", argv[0], input) : SG_OK;
}

sg_status lammps_call(bench *b, const lammps_case *c, bench_cost *per_call)
{
    char *const data = bench_path(b, "bench.data"), *const input = bench_path(b, "in.bench");
    const int steps = SHORT_RUN + (int)fmax(20.0, long_run_atoms / c->sys->n);
    bench_cost few, many;
    sg_status st = data && input ? SG_OK : sg_fail(SG_ENOMEM, "input of LAMMPS");

    if (st == SG_OK) st = sg_io_write_lammps_data(data, c->sys);
    if (st == SG_OK) st = write_input(input, data, c);
    if (st == SG_OK) st = run_steps(b, input, SHORT_RUN, &few);
    if (st == SG_OK) st = run_steps(b, input, steps, &many);
    if (st == SG_OK) {
        per_call->cpu_s = (many.cpu_s - few.cpu_s) / (steps - SHORT_RUN);
        per_call->instructions = (many.instructions - few.instructions) / (steps - SHORT_RUN);
    }
    sg_free(data);
    sg_free(input);
    return st;
}
