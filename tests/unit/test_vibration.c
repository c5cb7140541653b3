/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hessians assembled against central differences of forces, spectra and prefactors against closed formulas
 * and against a dense diagonalisation of such differences, what a prefactor must not depend on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <lapacke.h>

#include "configurations.h"
#include "slowglass/vibration.h"

static const char *const cu_zr[] = {"Cu", "Zr"};
static const char EAM[] = "eam/fs:CuZr_mm.eam.fs";
static const double MORSE_D = 0.35, MORSE_ALPHA = 1.4, MORSE_R0 = 2.8;
static const double AMU_CU = 63.546, AMU_ZR = 91.224;

typedef double (*field)[3];
typedef const double (*positions)[3];

static void assert_near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance)) fail_msg("%.17g, expected %.17g within %g", a, b, tolerance);
}

static void assert_ok(sg_status st)
{
    if (st != SG_OK) fail_msg("%s", sg_error_text());
}

/* -dF/dx by central differences; h [3m][3m], of the atoms listed. */
static void differences(const sg_potential *pot, sg_system *sys, int m, const int *atom, double step,
                        double *h)
{
    sg_potential_work *work = NULL;
    field f = calloc((size_t)sys->n, sizeof *f);
    sg_forces out = {.f = f};
    const size_t order = 3 * (size_t)m;

    assert_ok(sg_potential_work_create(pot, &work));
    memset(h, 0, order * order * sizeof *h);
    for (size_t c = 0; c < order; c++)
        for (int side = -1; side <= 1; side += 2) {
            double *const x = &sys->x[atom ? (size_t)atom[c / 3] : c / 3][c % 3], before = *x;
            *x = before + side * step;
            assert_ok(sg_potential_compute(pot, work, sys, NULL, &out));
            *x = before;
            for (size_t k = 0; k < order; k++)
                h[c * order + k] -= side * f[atom ? (size_t)atom[k / 3] : k / 3][k % 3] / (2 * step);
        }
    free(f);
    sg_potential_work_free(work);
}

/* ---- the matrix ---- */

static void check_matrix(const char *spec, int cells, int n_set, double step, double tolerance)
{
    sg_potential *pot = NULL;
    sg_potential_work *work = NULL;
    sg_system *sys = perturbed_fcc(cells, 4.1, 0.1, 0.03, 0.15, 0.4, 2, cu_zr, 5);
    int *atom = calloc((size_t)sys->n, sizeof *atom);
    unsigned char *member = calloc((size_t)sys->n, 1);
    sg_atom_set set = {0, atom, member};
    double largest = 0, worst = 0;

    assert_ok(sg_potential_create(spec, NULL, 2, cu_zr, &pot));
    assert_ok(sg_potential_set_kernel(pot, "plain"));
    for (int i = 0; i < sys->n && set.n < n_set; i += 3) {
        atom[set.n++] = i;
        member[i] = 1;
    }
    const sg_atom_set *const free_atoms = n_set > 0 ? &set : NULL;
    const size_t m = 3 * (size_t)(free_atoms ? set.n : sys->n);
    double *h = calloc(2 * m * m, sizeof *h), *want = h + m * m;
    assert_ok(sg_potential_work_create(pot, &work));
    assert_ok(sg_potential_hessian(pot, work, sys, free_atoms, h));
    differences(pot, sys, (int)(m / 3), free_atoms ? atom : NULL, step, want);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < m; j++) {
            assert_true(h[i * m + j] == h[j * m + i]);
            largest = fmax(largest, fabs(want[i * m + j]));
            worst = fmax(worst, fabs(h[i * m + j] - want[i * m + j]));
        }
    if (!(worst <= tolerance * largest)) fail_msg("%s: off by %g of %g", spec, worst, largest);
    free(h);
    sg_potential_work_free(work);
    sg_potential_free(pot);
    sg_system_free(sys);
    free(atom);
    free(member);
}

/* The tables' second derivatives jump from bin to bin: differences over 0.005 Å average that as the matrix
 * does, but along with everything else, which at this step costs 3e-4 of the largest element. One and two
 * cells are thinner than twice the cutoff: partners by several images, an atom by its own. */
static void test_matrix(void **state)
{
    (void)state;
    check_matrix(EAM, 1, 0, 5e-3, 6e-4);
    check_matrix(EAM, 2, 0, 5e-3, 6e-4);
    check_matrix(EAM, 3, 30, 5e-3, 6e-4);
    check_matrix("lj:0.2,2.6,6.5,0.25,2.8,7,0.3,2.9,7.5", 2, 9, 1e-4, 1e-6);
}

/* To the last bit the same with every kernel. */
static void test_matrix_and_kernels(void **state)
{
    static const char *const kernels[] = {"plain", "avx2", "avx512"};
    sg_potential *pot = NULL;
    sg_potential_work *work = NULL;
    sg_system *sys = perturbed_fcc(2, 4.1, 0.1, 0.03, 0.15, 0.4, 2, cu_zr, 5);
    const size_t m = 3 * (size_t)sys->n;
    double *h[2] = {calloc(m * m, sizeof(double)), calloc(m * m, sizeof(double))};

    (void)state;
    assert_ok(sg_potential_create(EAM, NULL, 2, cu_zr, &pot));
    assert_ok(sg_potential_work_create(pot, &work));
    for (int k = 0; k < 3; k++) {
        if (sg_potential_set_kernel(pot, kernels[k]) != SG_OK) continue; /* not on this processor */
        sg_potential_work_reset(work);
        assert_ok(sg_potential_hessian(pot, work, sys, NULL, h[k > 0]));
        if (k > 0) assert_memory_equal(h[0], h[1], m * m * sizeof(double));
    }
    free(h[0]);
    free(h[1]);
    sg_potential_work_free(work);
    sg_potential_free(pot);
    sg_system_free(sys);
}

/* ---- closed formulas ---- */

static double morse_slope(double r)
{
    const double e = exp(-MORSE_ALPHA * (r - MORSE_R0));
    return 2 * MORSE_D * MORSE_ALPHA * e * (1 - e);
}

static double morse_bend(double r)
{
    const double e = exp(-MORSE_ALPHA * (r - MORSE_R0));
    return 2 * MORSE_D * MORSE_ALPHA * MORSE_ALPHA * e * (2 * e - 1);
}

static sg_system *cluster(int n)
{
    static const int open[3] = {0, 0, 0};
    const double h0[3][3] = {{60, 0, 0}, {0, 60, 0}, {0, 0, 60}};
    sg_system *s = NULL;

    assert_ok(sg_system_create(n, &s));
    assert_ok(sg_cell_init(&s->cell, h0, 0, open));
    assert_ok(sg_species_init(&s->species, 2, cu_zr));
    return s;
}

/* Five rigid motions and one vibration with the reduced mass. */
static void test_dimer(void **state)
{
    static const double d[3] = {2.8 * 0.36, 2.8 * 0.48, 2.8 * 0.8};
    sg_potential *pot = NULL;
    sg_vibration_work *work = NULL;
    sg_system *s = cluster(2);
    sg_spectrum got;

    (void)state;
    assert_ok(sg_potential_create("morse:0.1,1,3,9,0.35,1.4,2.8,9,0.1,1,3,9", NULL, 2, cu_zr, &pot));
    s->type[1] = 1;
    for (int a = 0; a < 3; a++)
        s->x[1][a] = d[a];
    assert_ok(sg_vibration_work_create(pot, s, &work));
    assert_ok(sg_vibration_spectrum(pot, work, s, NULL, NULL, &got));
    assert_int_equal(got.n_zero, 5);
    assert_int_equal(got.n_negative, 0);
    assert_true(isnan(got.unstable));
    assert_near(got.log_det, log(2 * MORSE_D * MORSE_ALPHA * MORSE_ALPHA * (1 / AMU_CU + 1 / AMU_ZR)), 1e-6);
    sg_vibration_work_free(work);
    sg_system_free(s);
    sg_potential_free(pot);
}

/* Held in one atom, a dimer keeps two rotations and vibrates with the mass of the other; a triangle held in
 * two turns about their line, and vibrates in its plane by two springs at an angle. A fourth atom held off
 * that line ends the turning. */
static void test_held_clusters(void **state)
{
    static const double x[4][3] = {{0.1, 0.2, 0.3}, {2.0, 0.4, 0.3}, {0, 0, 0}, {30, 30, 31}};
    const double spring = 2 * MORSE_D * MORSE_ALPHA * MORSE_ALPHA, r0 = MORSE_R0;
    sg_potential *pot = NULL;

    (void)state;
    assert_ok(sg_potential_create("morse:0.1,1,3,9,0.35,1.4,2.8,9,0.1,1,3,9", NULL, 2, cu_zr, &pot));
    for (int n = 2; n <= 4; n++) {
        sg_vibration_work *work = NULL;
        sg_system *s = cluster(n);
        int atom[1] = {n == 2 ? 1 : 2};
        unsigned char member[4] = {0};
        sg_spectrum got;
        double axis[3], half = 0, up[3] = {-0.2, 1.9, 0}; /* up: across the line of the first two */
        for (int a = 0; a < 3; a++) {
            axis[a] = x[1][a] - x[0][a];
            half += axis[a] * axis[a] / 4;
        }
        const double height = sqrt(r0 * r0 - half), length = sqrt(0.04 + 1.9 * 1.9);
        for (int k = 0; k < n; k++)
            for (int a = 0; a < 3; a++)
                s->x[k][a] = x[k][a];
        for (int a = 0; a < 3; a++)
            s->x[atom[0]][a] = n == 2 ? x[0][a] + r0 * axis[a] / sqrt(4 * half)
                                      : x[0][a] + axis[a] / 2 + height * up[a] / length;
        s->type[atom[0]] = 1;
        member[atom[0]] = 1;
        const sg_atom_set set = {1, atom, member};
        assert_ok(sg_vibration_work_create(pot, s, &work));
        const double sine = 2 * sqrt(half) * height / (r0 * r0), det = spring * spring * sine * sine;
        if (n < 4) {
            assert_ok(sg_vibration_spectrum(pot, work, s, &set, NULL, &got));
            assert_int_equal(got.n_zero, n == 2 ? 2 : 1);
            assert_int_equal(got.n_negative, 0);
            assert_near(got.log_det, n == 2 ? log(spring / AMU_ZR) : log(det / (AMU_ZR * AMU_ZR)), 1e-5);
        } else { /* the mode costs nothing still, but is not known to */
            const sg_status st = sg_vibration_spectrum(pot, work, s, &set, NULL, &got);
            assert_true(st == SG_ENUMERIC || got.n_zero == 0);
        }
        sg_vibration_work_free(work);
        sg_system_free(s);
    }
    sg_potential_free(pot);
}

typedef struct double_well { /* an atom between two that are fixed, bound to either */
    sg_potential *pot;
    sg_system *sys;
    sg_vibration_work *work;
    double half; /* Å, from the middle to the fixed ones */
    double x_min;
    double start[3][3], saddle[3][3], final[3][3];
    sg_vibration_event event;
} double_well;

static void well_begin(double_well *w)
{
    double low, high;

    w->half = 5.0;
    assert_ok(sg_potential_create("morse:0.35,1.4,2.8,20,0.35,1.4,2.8,20,0.35,1.4,2.8,20", NULL, 2, cu_zr,
                                  &w->pot));
    w->sys = cluster(3);
    w->sys->fixed[0] = w->sys->fixed[2] = 1;
    w->sys->n_fixed = 2;
    w->sys->type[1] = 1;
    for (low = 0.5, high = w->half; high - low > 1e-14;) { /* slope between the two minima is uphill */
        const double x = 0.5 * (low + high);
        if (morse_slope(w->half - x) > morse_slope(w->half + x))
            low = x;
        else
            high = x;
    }
    w->x_min = low;
    memset(w->start, 0, sizeof w->start);
    w->start[0][0] = -w->half;
    w->start[2][0] = w->half;
    memcpy(w->saddle, w->start, sizeof w->saddle);
    memcpy(w->final, w->start, sizeof w->final);
    w->start[1][0] = -w->x_min;
    w->final[1][0] = w->x_min;
    w->event = (sg_vibration_event){(positions)w->start, (positions)w->saddle, (positions)w->final};
    assert_ok(sg_vibration_work_create(w->pot, w->sys, &w->work));
}

static void well_end(double_well *w)
{
    sg_vibration_work_free(w->work);
    sg_system_free(w->sys);
    sg_potential_free(w->pot);
}

static void test_double_well(void **state)
{
    double_well w;
    sg_prefactor got;

    (void)state;
    well_begin(&w);
    const double near = w.half - w.x_min, far = w.half + w.x_min;
    const double along = morse_bend(near) + morse_bend(far);
    const double across = morse_slope(near) / near + morse_slope(far) / far;
    const double across_saddle = 2 * morse_slope(w.half) / w.half, along_saddle = 2 * morse_bend(w.half);
    assert_true(along_saddle < 0 && across > 0);
    const double nu =
        sg_vibration_unit() * sqrt(along * across * across / (across_saddle * across_saddle) / AMU_ZR);
    for (int n_free = 1; n_free <= 2; n_free++) { /* there is one to be had */
        assert_ok(sg_vibration_prefactor(w.pot, w.work, w.sys, &w.event, n_free, &got));
        assert_int_equal(got.status, SG_NU_DONE);
        assert_int_equal(got.n_free, 1);
        assert_near(got.nu / nu, 1, 1e-6);
        assert_near(got.nu_back / got.nu, 1, 1e-9);
        assert_near(got.unstable, sg_vibration_unit() * sqrt(-along_saddle / AMU_ZR), 1e-6 * got.unstable);
    }
    w.event.x_final = w.event.x_start; /* back to where it came from */
    assert_ok(sg_vibration_prefactor(w.pot, w.work, w.sys, &w.event, 0, &got));
    assert_int_equal(got.status, SG_NU_DONE);
    assert_near(got.nu / nu, 1, 1e-6);
    assert_true(got.nu_back == got.nu);
    well_end(&w);
}

static void test_what_is_wrong(void **state)
{
    double_well w;
    sg_prefactor got;

    (void)state;
    well_begin(&w);
    sg_vibration_event e = w.event;
    e.x_saddle = e.x_start;
    assert_ok(sg_vibration_prefactor(w.pot, w.work, w.sys, &e, 0, &got));
    assert_int_equal(got.status, SG_NU_NOT_SADDLE);
    e = w.event, e.x_start = e.x_saddle;
    assert_ok(sg_vibration_prefactor(w.pot, w.work, w.sys, &e, 0, &got));
    assert_int_equal(got.status, SG_NU_NOT_MINIMUM);
    e = w.event, e.x_final = e.x_saddle;
    assert_ok(sg_vibration_prefactor(w.pot, w.work, w.sys, &e, 0, &got));
    assert_int_equal(got.status, SG_NU_NOT_FINAL);
    assert_true(isnan(got.nu) && isnan(got.nu_back));
    w.final[1][0] = 100; /* where nothing holds it: no prefactor for the way there either */
    assert_ok(sg_vibration_prefactor(w.pot, w.work, w.sys, &w.event, 0, &got));
    assert_int_equal(got.status, SG_NU_BLOWN);
    w.saddle[1][0] = w.half; /* on top of the fixed one */
    assert_ok(sg_vibration_prefactor(w.pot, w.work, w.sys, &w.event, 0, &got));
    assert_int_equal(got.status, SG_NU_BLOWN);
    assert_string_equal(sg_nu_text((int)got.status), "blown");
    assert_string_equal(sg_nu_text(99), "?");
    well_end(&w);
}

/* ---- the dense twin ---- */

/* A neighbour of a vacancy in a small cell of an alloy is pushed towards it: half way there is one negative
 * eigenvalue. */
typedef struct twin {
    sg_potential *pot;
    sg_system *sys;
    double *d; /* [3n][3n] mass-weighted, by differences */
    double *value;
} twin;

static void diagonalise(twin *t, int m, const int *atom)
{
    const size_t order = 3 * (size_t)m;

    differences(t->pot, t->sys, m, atom, 5e-3, t->d);
    for (size_t i = 0; i < order; i++)
        for (size_t j = 0; j <= i; j++) {
            const int a = atom ? atom[i / 3] : (int)(i / 3), b = atom ? atom[j / 3] : (int)(j / 3);
            const double mass = (t->sys->type[a] ? AMU_ZR : AMU_CU) * (t->sys->type[b] ? AMU_ZR : AMU_CU);
            t->d[i * order + j] = 0.5 * (t->d[i * order + j] + t->d[j * order + i]) / sqrt(mass);
            t->d[j * order + i] = t->d[i * order + j];
        }
    assert_int_equal(LAPACKE_dsyev(LAPACK_COL_MAJOR, 'V', 'L', (int)order, t->d, (int)order, t->value), 0);
}

static void compare_spectra(twin *t, int m, const int *atom, const sg_spectrum *got)
{
    const int n_zero = atom ? 0 : 3;
    double log_det = 0, softest = HUGE_VAL;
    int n_negative = 0, n_skipped = 0;

    for (int k = 0; k < 3 * m; k++) {
        if (n_skipped < n_zero && fabs(t->value[k]) < 1e-6) {
            n_skipped++;
            continue;
        }
        log_det += log(fabs(t->value[k]));
        softest = fmin(softest, fabs(t->value[k]));
        n_negative += t->value[k] < 0;
    }
    assert_int_equal(n_skipped, n_zero);
    assert_int_equal(got->n_zero, n_zero);
    assert_int_equal(got->n_negative, n_negative);
    assert_near(got->log_det, log_det, 1e-2 + 2e-7 / softest); /* of 90 eigenvalues of 0.01 to 1 */
    if (n_negative == 1) assert_near(got->unstable / t->value[0], 1, 5e-3);
}

static void test_twin(void **state)
{
    twin t = {0};
    sg_vibration_work *work = NULL;
    sg_spectrum got;
    int atom[20], seen_one = 0, seen_none = 0;
    unsigned char member[32] = {0};

    (void)state;
    t.sys = perturbed_fcc(2, 3.65, 0.02, 0.01, 0.03, 0.1, 2, cu_zr, 11);
    t.sys->n = 31; /* the last one was 28's neighbour along x y */
    assert_ok(sg_potential_create(EAM, NULL, 2, cu_zr, &t.pot));
    assert_ok(sg_potential_set_kernel(t.pot, "plain"));
    assert_ok(sg_vibration_work_create(t.pot, t.sys, &work));
    t.d = calloc((size_t)(9 * t.sys->n * t.sys->n), sizeof *t.d);
    t.value = calloc(3 * (size_t)t.sys->n, sizeof *t.value);
    for (int k = 0; k < 20; k++) {
        atom[k] = k + 11;
        member[k + 11] = 1;
    }
    const sg_atom_set set = {20, atom, member};
    for (int push = 0; push < 12; push++) {
        field along = calloc((size_t)t.sys->n, sizeof *along);
        for (int a = 0; a < 2; a++) {
            along[28][a] = 1;
            t.sys->x[28][a] += push > 0 ? 0.12 : 0;
        }
        along[3][1] = 0.3;
        assert_ok(sg_vibration_spectrum(t.pot, work, t.sys, NULL, (positions)along, &got));
        diagonalise(&t, t.sys->n, NULL);
        compare_spectra(&t, t.sys->n, NULL, &got);
        seen_one += got.n_negative == 1;
        seen_none += got.n_negative == 0;
        assert_ok(sg_vibration_spectrum(t.pot, work, t.sys, &set, (positions)along, &got));
        diagonalise(&t, set.n, atom);
        compare_spectra(&t, set.n, atom, &got);
        free(along);
    }
    assert_true(seen_one > 0 && seen_none > 0);
    free(t.d);
    free(t.value);
    sg_vibration_work_free(work);
    sg_system_free(t.sys);
    sg_potential_free(t.pot);
}

/* ---- what does not matter ---- */

/* A free cluster of Morse atoms whose outermost one hops: start, saddle, final need not be stationary for the
 * comparison, only to have the right numbers of negative eigenvalues. */
static void test_invariance(void **state)
{
    /* a double well once more, but everything free, and the wells different: three atoms on a line */
    static const double turn[3][3] = {{0.36, 0.48, -0.8}, {-0.8, 0.6, 0}, {0.48, 0.64, 0.6}};
    double_well w;
    sg_prefactor a, b;

    (void)state;
    well_begin(&w);
    w.final[1][0] = w.x_min * 0.98; /* a stiffer place */
    assert_ok(sg_vibration_prefactor(w.pot, w.work, w.sys, &w.event, 0, &a));
    assert_int_equal(a.status, SG_NU_DONE);
    assert_true(a.nu_back > 1.01 * a.nu);
    const sg_vibration_event back = {w.event.x_final, w.event.x_saddle, w.event.x_start};
    assert_ok(sg_vibration_prefactor(w.pot, w.work, w.sys, &back, 0, &b));
    assert_near(b.nu / a.nu_back, 1, 1e-12);
    assert_near(b.nu_back / a.nu, 1, 1e-12);
    double(*const all[3])[3] = {w.start, w.saddle, w.final};
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 3; i++) {
            const double r[3] = {all[k][i][0], all[k][i][1], all[k][i][2]};
            for (int c = 0; c < 3; c++)
                all[k][i][c] = turn[c][0] * r[0] + turn[c][1] * r[1] + turn[c][2] * r[2] + 0.7;
        }
    assert_ok(sg_vibration_prefactor(w.pot, w.work, w.sys, &w.event, 0, &b));
    assert_near(b.nu / a.nu, 1, 1e-6); /* second derivatives by differences */
    for (int k = 0; k < 3; k++)        /* atoms 0 and 1 change places */
        for (int c = 0; c < 3; c++) {
            const double x = all[k][0][c];
            all[k][0][c] = all[k][1][c];
            all[k][1][c] = x;
        }
    w.sys->fixed[0] = 0, w.sys->fixed[1] = 1, w.sys->type[0] = 1, w.sys->type[1] = 0;
    sg_vibration_work_free(w.work);
    assert_ok(sg_vibration_work_create(w.pot, w.sys, &w.work));
    assert_ok(sg_vibration_prefactor(w.pot, w.work, w.sys, &w.event, 0, &b));
    assert_near(b.nu / a.nu, 1, 1e-6);
    well_end(&w);
}

/* Nested, movers first, fixed ones last, the same from either side. */
static void test_order(void **state)
{
    sg_system *s = perturbed_fcc(3, 4.0, 0.1, 0.03, 0.1, 0.4, 2, cu_zr, 2);
    const size_t n = (size_t)s->n, bytes = n * sizeof *s->x;
    field x = calloc(3 * n, sizeof *x);
    int *order = calloc(2 * n, sizeof *order), n_movable;
    double *distance = calloc(2 * n, sizeof *distance);

    (void)state;
    s->fixed[40] = 1;
    s->n_fixed = 1;
    for (int k = 0; k < 3; k++)
        memcpy(x + (size_t)k * n, s->x, bytes);
    x[n + 17][0] += 0.6;
    x[2 * n + 17][0] += 1.2;
    x[2 * n + 60][2] += 0.11;
    x[2 * n + 61][2] += 0.09;
    positions a = (positions)x, b = (positions)(x + n), c = (positions)(x + 2 * n);
    assert_ok(sg_vibration_order(s, a, b, c, order, distance, &n_movable));
    assert_int_equal(n_movable, s->n - 1);
    assert_int_equal(order[0], 17);
    for (size_t k = 0; k < n; k++)
        if (order[k] == 60) assert_true(distance[k] <= 2 * log(1.2 / 0.11));
    assert_true(distance[0] == 0 && distance[1] > 1);
    assert_int_equal(order[n - 1], 40);
    assert_true(isinf(distance[n - 1]));
    for (size_t k = 1; k < n; k++)
        assert_true(distance[k] >= distance[k - 1]);
    assert_ok(sg_vibration_order(s, c, b, a, order + n, distance + n, &n_movable));
    assert_memory_equal(order, order + n, n * sizeof *order);
    free(x);
    free(order);
    free(distance);
    sg_system_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrix),      cmocka_unit_test(test_matrix_and_kernels),
        cmocka_unit_test(test_dimer),       cmocka_unit_test(test_held_clusters),
        cmocka_unit_test(test_double_well), cmocka_unit_test(test_what_is_wrong),
        cmocka_unit_test(test_twin),        cmocka_unit_test(test_invariance),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
