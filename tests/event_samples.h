/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small systems with one moving defect, for the tests of searches and of the walk. */
#ifndef SLOWGLASS_TESTS_EVENT_SAMPLES_H
#define SLOWGLASS_TESTS_EVENT_SAMPLES_H

#include <lapacke.h>

#include "catalog_samples.h"

#include "slowglass/io.h"
#include "slowglass/saddle.h"

typedef const double (*positions)[3];

typedef struct defect { /* an inherent structure and what a search from it needs */
    sg_potential *pot;
    sg_system *sys;
    sg_saddle_options opt;
    sg_saddle_problem problem;
    double vacancy[3]; /* Å, the empty site */
} defect;

static inline void assert_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%.17g, expected %.17g to within %g", got, want, tolerance);
}

/* Relax, and set the problem to start from there. */
static inline void defect_relax(defect *s, double f_max)
{
    sg_minimize_options rule = sg_minimize_defaults();
    sg_minimize_result end;
    sg_potential_work *work = NULL;

    rule.f_max = f_max;
    assert_ok(sg_potential_work_create(s->pot, &work));
    assert_ok(sg_minimize(s->pot, work, s->sys, NULL, &rule, &end));
    assert_int_equal(end.stop, SG_STOP_CONVERGED);
    sg_potential_work_free(work);
    s->problem = (sg_saddle_problem){.pot = s->pot, .start = s->sys, .e_start = end.energy, .opt = &s->opt};
    memcpy(s->problem.virial_start, end.virial, sizeof end.virial);
}

/* Lennard-Jones crystal of n^3 cubic cells without its atom 0, as far as copper as one pair potential goes.
 */
static inline void lj_vacancy(defect *s, int n)
{
    static const double site[4][3] = {{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}};
    static const double pair[1][3] = {{0.2, 2.338, 5.0}};
    static const char *const cu[] = {"Cu"};
    static const int periodic[3] = {1, 1, 1};
    const double a = 3.62, l = n * a, h0[3][3] = {{l, 0, 0}, {0, l, 0}, {0, 0, l}};

    memset(s, 0, sizeof *s);
    assert_ok(sg_potential_create_lj(1, cu, pair, &s->pot));
    assert_ok(sg_system_create(4 * n * n * n - 1, &s->sys));
    assert_ok(sg_species_init(&s->sys->species, 1, cu));
    assert_ok(sg_cell_init(&s->sys->cell, h0, 0.0, periodic));
    for (int i = 1; i <= s->sys->n; i++)
        for (int c = 0, at = i / 4; c < 3; c++, at /= n)
            s->sys->x[i - 1][c] = a * (at % n + site[i % 4][c]);
    s->opt = sg_saddle_defaults();
    s->opt.local_radius = 0;
    defect_relax(s, 1e-6);
}

/* Lennard-Jones fcc (001) slab, three layers of nx x ny atoms held still but for `n_free_layers` of them, and
 * atoms in hollows on top (the last ones), `apart` hollows from one to the next along x. Hollows form a
 * square lattice of HOLLOW Å; the hop to the next one passes a bridge. Atoms more than 5 Å apart know nothing
 * of each other. */
#define HOLLOW (3.62 / 1.4142135623730951)

static inline void lj_adatoms(defect *s, int nx, int ny, int n_free_layers, int n_adatoms, int apart)
{
    static const double pair[1][3] = {{0.2, 2.338, 5.0}};
    static const char *const cu[] = {"Cu"};
    static const int periodic[3] = {1, 1, 0};
    const double h0[3][3] = {{nx * HOLLOW, 0, 0}, {0, ny * HOLLOW, 0}, {0, 0, 30}};
    int n = 0;

    memset(s, 0, sizeof *s);
    assert_ok(sg_potential_create_lj(1, cu, pair, &s->pot));
    assert_ok(sg_system_create(3 * nx * ny + n_adatoms, &s->sys));
    assert_ok(sg_species_init(&s->sys->species, 1, cu));
    assert_ok(sg_cell_init(&s->sys->cell, h0, 0.0, periodic));
    for (int layer = 0; layer < 3; layer++)
        for (int k = 0; k < nx * ny; k++, n++) {
            const double x[3] = {k % nx + 0.5 * (layer % 2), (double)(k / nx) + 0.5 * (layer % 2),
                                 layer / sqrt(2.0)};
            for (int c = 0; c < 3; c++)
                s->sys->x[n][c] = HOLLOW * x[c] + (c == 2 ? 10 : 0);
            s->sys->fixed[n] = layer < 3 - n_free_layers;
            s->sys->n_fixed += s->sys->fixed[n];
        }
    for (int k = 0; k < n_adatoms; k++, n++) {
        const double x[3] = {HOLLOW * (0.5 + k * apart), HOLLOW / 2, 10 + 3 * 3.62 / 2};
        memcpy(s->sys->x[n], x, sizeof x);
    }
    s->opt = sg_saddle_defaults();
    s->opt.local_radius = 0;
    s->opt.curvature_out = -0.05; /* the bridge has -0.6 */
    defect_relax(s, 1e-6);
}

/* The vacancy in copper of validation/samples; 0 (said aloud) when structure or potential is not installed.
 */
static inline int cu_vacancy(defect *s)
{
    static const char *const cu[] = {"Cu"};

    memset(s, 0, sizeof *s);
    if (sg_potential_create_eam("eam/alloy", SG_POTENTIALS "/Cu_mishin1.eam.alloy", 1, cu, &s->pot) !=
            SG_OK ||
        sg_io_read_structure(SG_SOURCE_DIR "/validation/samples/Cu_vacancy_mishin.extxyz", 1, cu, &s->sys,
                             NULL) != SG_OK) {
        print_message("skipped: %s\n", sg_error_text());
        sg_potential_free(s->pot);
        return 0;
    }
    s->opt = sg_saddle_defaults();
    defect_relax(s, 1e-6);
    return 1;
}

static inline void defect_clear(defect *s)
{
    sg_system_free(s->sys);
    sg_potential_free(s->pot);
}

static inline double separation(const sg_system *sys, const double a[3], const double b[3])
{
    double d[3];
    for (int c = 0; c < 3; c++)
        d[c] = b[c] - a[c];
    sg_cell_minimum_image(&sys->cell, d);
    return sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
}

/* The 12 neighbours of the vacancy, ascending, and its place: 11 atoms at about one bond length tell them. */
static inline void vacancy_find(defect *s, double bond, int neighbour[12])
{
    int n = 0;
    double sum[3] = {0, 0, 0};

    for (int i = 0; i < s->sys->n; i++) {
        int n_bonds = 0;
        for (int j = 0; j < s->sys->n; j++)
            n_bonds += j != i && separation(s->sys, s->sys->x[i], s->sys->x[j]) < 1.2 * bond;
        if (n_bonds == 12) continue;
        assert_int_equal(n_bonds, 11);
        assert_true(n < 12);
        for (int c = 0; c < 3; c++) {
            double d[3];
            for (int b = 0; b < 3; b++)
                d[b] = s->sys->x[i][b] - s->sys->x[n ? neighbour[0] : i][b];
            sg_cell_minimum_image(&s->sys->cell, d);
            sum[c] += s->sys->x[n ? neighbour[0] : i][c] + d[c];
        }
        neighbour[n++] = i;
    }
    assert_int_equal(n, 12);
    for (int c = 0; c < 3; c++)
        s->vacancy[c] = sum[c] / 12;
}

/* All atoms in place but one, which is `share` of the way into the vacancy. */
static inline void on_the_way(const defect *s, int atom, double share, double (*x)[3])
{
    double d[3];

    memcpy(x, s->sys->x, (size_t)s->sys->n * sizeof *x);
    for (int c = 0; c < 3; c++)
        d[c] = s->vacancy[c] - s->sys->x[atom][c];
    sg_cell_minimum_image(&s->sys->cell, d);
    for (int c = 0; c < 3; c++)
        x[atom][c] += share * d[c];
}

typedef struct searcher { /* scratch and result of one thread */
    sg_saddle_work *work;
    sg_passage *p;
} searcher;

static inline void searcher_make(const defect *s, searcher *w)
{
    assert_ok(sg_saddle_work_create(s->pot, s->sys, &w->work));
    assert_ok(sg_passage_create(s->sys->n, &w->p));
}

static inline void searcher_clear(searcher *w)
{
    sg_saddle_work_free(w->work);
    sg_passage_free(w->p);
}

static inline sg_outcome search(const defect *s, int centre, uint64_t attempt, searcher *w)
{
    sg_rng rng;
    sg_rng_init(&rng, 7, SG_RNG_TEST, 0, (uint64_t)centre, attempt);
    assert_ok(
        sg_saddle_search(&s->problem, centre, &(sg_push){SG_SAMPLER_LOCAL, 2.0, NULL}, &rng, w->work, w->p));
    return w->p->outcome;
}

static inline sg_outcome refine(const defect *s, positions guess, positions mode, searcher *w)
{
    sg_rng rng;
    sg_rng_init(&rng, 7, SG_RNG_TEST, 1, 0, 0);
    assert_ok(sg_saddle_refine(&s->problem, guess, mode, &rng, w->work, w->p));
    return w->p->outcome;
}

static inline double energy_forces(const sg_potential *pot, const sg_system *sys, double (*f)[3],
                                   double virial[6])
{
    sg_potential_work *work = NULL;
    sg_forces out = {.f = f};

    assert_ok(sg_potential_work_create(pot, &work));
    assert_ok(sg_potential_compute(pot, work, sys, NULL, &out));
    sg_potential_work_free(work);
    if (virial) memcpy(virial, out.virial, sizeof out.virial);
    return out.energy;
}

/* ---- the whole Hessian of the atoms that are not fixed, by central differences ---- */

typedef struct hessian {
    int m;          /* 3 x free atoms */
    int *atom;      /* [m / 3] */
    double *value;  /* [m] eV/Å^2, ascending */
    double *vector; /* [m][m] of value k in row k */
} hessian;

/* With `lift` the three translations get a curvature of 1000 eV/Å^2, so that they stand at the end. */
static inline void hessian_make(const sg_potential *pot, const sg_system *at, int lift, hessian *h)
{
    const double step = 2e-4; /* Å */
    sg_system *sys = NULL;
    sg_potential_work *work = NULL;
    double(*f)[3] = calloc((size_t)at->n, sizeof *f);
    sg_forces out = {.f = f};
    const int m = 3 * (at->n - at->n_fixed);
    double *a = calloc((size_t)m * (size_t)m, sizeof *a);

    *h = (hessian){m, calloc((size_t)m / 3, sizeof *h->atom), calloc((size_t)m, sizeof *h->value), a};
    assert_non_null(f);
    assert_non_null(a);
    assert_ok(sg_system_copy(at, &sys));
    assert_ok(sg_potential_work_create(pot, &work));
    for (int i = 0, k = 0; i < at->n; i++)
        if (!at->fixed[i]) h->atom[k++] = i;
    for (int k = 0; k < m; k++) {
        double *const x = &sys->x[h->atom[k / 3]][k % 3], x0 = *x;
        for (int side = -1; side <= 1; side += 2) {
            *x = x0 + side * step;
            assert_ok(sg_potential_compute(pot, work, sys, NULL, &out));
            for (int l = 0; l < m; l++)
                a[k * m + l] -= side * f[h->atom[l / 3]][l % 3] / (2 * step);
        }
        *x = x0;
    }
    for (int k = 0; k < m; k++)
        for (int l = 0; l <= k; l++) {
            a[k * m + l] = (a[k * m + l] + a[l * m + k]) / 2 + (lift && k % 3 == l % 3 ? 3000.0 / m : 0);
            a[l * m + k] = a[k * m + l];
        }
    assert_int_equal(LAPACKE_dsyev(LAPACK_COL_MAJOR, 'V', 'U', m, a, m, h->value), 0);
    sg_potential_work_free(work);
    sg_system_free(sys);
    free(f);
}

static inline void hessian_clear(hessian *h)
{
    free(h->atom);
    free(h->value);
    free(h->vector);
}

static inline int hessian_n_negative(const hessian *h, double below)
{
    int n = 0;
    while (n < h->m && h->value[n] < below)
        n++;
    return n;
}

#endif
