/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of molecular dynamics by the library, for comparison with LAMMPS.
 *
 *     trajectory SPEC KERNEL DATA VELOCITIES ENSEMBLE DT_PS T_K DAMPING_PS SEED MASS_SCALE STEPS EVERY [FINAL]
 *
 * VELOCITIES: a file with rows vx vy vz (Å/ps), or - to draw them. ENSEMBLE: the number of the enum. To standard
 * output a row every EVERY steps: step, potential, kinetic, conserved, pressure (GPa), volume. FINAL: positions and
 * velocities at the end. The pressure's target is 0. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slowglass/io.h"
#include "slowglass/md.h"

static int failed(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, sg_error_text());
    return 1;
}

static int read_velocities(const char *path, sg_md *md)
{
    const int n = sg_md_system(md)->n;
    double(*v)[3] = calloc((size_t)n, sizeof *v);
    FILE *const f = fopen(path, "r");
    int ok = v && f;

    for (int i = 0; i < n && ok; i++)
        ok = fscanf(f, "%lf %lf %lf", &v[i][0], &v[i][1], &v[i][2]) == 3;
    ok = ok && sg_md_set_velocities(md, (const double(*)[3])v) == SG_OK;
    if (f) fclose(f);
    free(v);
    return ok;
}

static int write_final(const char *path, const sg_md *md)
{
    const sg_system *const s = sg_md_system(md);
    FILE *const f = fopen(path, "w");

    if (!f) return 0;
    for (int i = 0; i < s->n; i++) {
        const double *const x = s->x[i], *const v = sg_md_velocities(md)[i];
        fprintf(f, "%d %.17g %.17g %.17g %.17g %.17g %.17g\n", s->id[i], x[0], x[1], x[2], v[0], v[1], v[2]);
    }
    return fclose(f) == 0;
}

int main(int argc, char **argv)
{
    static const char *const elements[] = {"Cu", "Zr"};
    sg_potential *pot = NULL;
    sg_system *s = NULL;
    sg_md *md = NULL;
    sg_md_options opt = sg_md_defaults();

    if (argc < 13) return failed("usage");
    opt.ensemble = (sg_md_ensemble)atoi(argv[5]);
    opt.timestep_ps = atof(argv[6]);
    opt.temperature_K = atof(argv[7]);
    opt.damping_ps = atof(argv[8]);
    opt.seed = (uint64_t)atoll(argv[9]);
    const long steps = atol(argv[11]), every = atol(argv[12]);
    if (sg_potential_create(argv[1], NULL, 2, elements, &pot) != SG_OK ||
        sg_potential_set_kernel(pot, argv[2]) != SG_OK || sg_io_read_structure(argv[3], 2, elements, &s, NULL) != SG_OK)
        return failed(argv[3]);
    for (int t = 0; t < s->species.n; t++)
        s->species.mass[t] *= atof(argv[10]);
    if (sg_md_create(pot, s, &opt, &md) != SG_OK) return failed("start");
    if (strcmp(argv[4], "-") == 0 ? sg_md_draw_velocities(md, opt.temperature_K) != SG_OK
                                  : !read_velocities(argv[4], md))
        return failed(argv[4]);
    printf("step\tpotential\tkinetic\tconserved\tpressure\tvolume\n");
    for (long done = 0;; done += every) {
        const sg_md_sample w = sg_md_now(md);
        printf("%lld\t%.17g\t%.17g\t%.17g\t%.17g\t%.17g\n", (long long)w.step, w.potential, w.kinetic, w.conserved,
               w.pressure_GPa, w.volume);
        if (done >= steps) break;
        if (sg_md_run(md, every) != SG_OK) return failed("run");
    }
    if (argc > 13 && !write_final(argv[13], md)) return failed(argv[13]);
    sg_md_free(md);
    sg_system_free(s);
    sg_potential_free(pot);
    return 0;
}
