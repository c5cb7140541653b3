/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Minimum-energy paths on surfaces whose paths are known, and in crystals; bands against descents. */
#include "event_samples.h"

#include "slowglass/path.h"

#define PI 3.14159265358979323846

/* ---- one atom on a surface; a second one, held still, keeps the origin ---- */

typedef double surface_energy(const double *x, double *g);

typedef struct surface {
    sg_potential base;
    surface_energy *energy;
} surface;

static sg_status surface_compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                                 const sg_atom_set *free_atoms, sg_forces *out)
{
    double g[3];

    (void)work;
    assert_null(free_atoms);
    out->energy = ((const surface *)self)->energy(sys->x[0], g);
    for (int a = 0; a < 3; a++) {
        out->f[0][a] = -g[a];
        out->f[1][a] = 0;
    }
    memset(out->virial, 0, sizeof out->virial);
    return SG_OK;
}

static void nothing(sg_potential *self)
{
    (void)self;
}

static const sg_potential_ops surface_ops = {.name = "test", .compute = surface_compute, .free = nothing};

static sg_system *atom_at(double x, double y, double z)
{
    static const char *const cu[] = {"Cu"};
    static const int open[3] = {0, 0, 0};
    const double h0[3][3] = {{100, 0, 0}, {0, 100, 0}, {0, 0, 100}}, at[3] = {x, y, z};
    sg_system *s = NULL;

    assert_ok(sg_system_create(2, &s));
    assert_ok(sg_species_init(&s->species, 1, cu));
    assert_ok(sg_cell_init(&s->cell, h0, 0, open));
    memcpy(s->x[0], at, sizeof at);
    s->fixed[1] = 1;
    s->n_fixed = 1;
    return s;
}

static surface surface_of(surface_energy *energy)
{
    surface s = {.energy = energy};

    s.base.ops = &surface_ops;
    s.base.cutoff = 1;
    s.base.species.n = 1;
    return s;
}

/* A gutter along a circle of radius 3 Å, walls of 40 eV/Å^2, five minima 0.6 eV below the saddles between. */
#define RING 3.0
#define DEEP 0.3

static double ring(const double *x, double *g)
{
    const double r = sqrt(x[0] * x[0] + x[1] * x[1]), t = atan2(x[1], x[0]);
    const double along = -5 * DEEP * sin(5 * t) / r, out = 40 * (r - RING);

    g[0] = out * x[0] / r - along * x[1] / r;
    g[1] = out * x[1] / r + along * x[0] / r;
    g[2] = 10 * x[2];
    return DEEP * cos(5 * t) + 20 * (r - RING) * (r - RING) + 5 * x[2] * x[2];
}

/* Müller & Brown, Theor. Chim. Acta 53, 75 (1979): energies times 0.01 eV, lengths times 3 Å. */
#define MB_LENGTH 3.0
#define MB_ENERGY 0.01

static double mueller_brown(const double *x, double *g)
{
    static const double A[4] = {-200, -100, -170, 15}, a[4] = {-1, -1, -6.5, 0.7}, b[4] = {0, 0, 11, 0.6},
                        c[4] = {-10, -10, -6.5, 0.7}, x0[4] = {1, 0, -0.5, -1}, y0[4] = {0, 0.5, 1.5, 1};
    double e = 0;

    g[0] = g[1] = 0;
    for (int k = 0; k < 4; k++) {
        const double dx = x[0] / MB_LENGTH - x0[k], dy = x[1] / MB_LENGTH - y0[k];
        const double v = MB_ENERGY * A[k] * exp(a[k] * dx * dx + b[k] * dx * dy + c[k] * dy * dy);
        e += v;
        g[0] += v * (2 * a[k] * dx + b[k] * dy) / MB_LENGTH;
        g[1] += v * (b[k] * dx + 2 * c[k] * dy) / MB_LENGTH;
    }
    g[2] = 10 * x[2];
    return e + 5 * x[2] * x[2];
}

/* The same way downhill in many small steps of the classical method: length from near a saddle to rest. */
static double length_downhill(surface_energy *energy, const double *saddle, const double *mode, double sign)
{
    const double dt = 2e-3;
    double x[3] = {0, 0, 0}, length = 0;

    for (int a = 0; a < 2; a++)
        x[a] = saddle[a] + sign * 1e-4 * mode[a];
    for (int n = 0; n < 200000; n++) {
        double k[4][3], y[3] = {x[0], x[1], 0};
        for (int s = 0; s < 4; s++) {
            energy(y, k[s]);
            for (int a = 0; a < 2; a++)
                y[a] = x[a] - (s < 2 ? dt / 2 : dt) * k[s][a];
        }
        double step = 0;
        for (int a = 0; a < 2; a++) {
            const double d = -dt / 6 * (k[0][a] + 2 * k[1][a] + 2 * k[2][a] + k[3][a]);
            x[a] += d;
            step += d * d;
        }
        length += sqrt(step);
        if (step < 1e-18) break;
    }
    return length;
}

static sg_path_summary sound(const sg_path *p, const sg_path_options *opt)
{
    const sg_path_summary s = sg_path_describe(p);
    double length = 0;

    for (int k = 1; k < p->n_images; k++) { /* the definition, once more */
        double d2 = 0;
        for (int i = 0; i < p->n_atoms; i++)
            for (int a = 0; a < 3; a++) {
                const double d = p->x[k * p->n_atoms + i][a] - p->x[(k - 1) * p->n_atoms + i][a];
                d2 += d * d;
            }
        length += sqrt(d2);
        assert_true(sqrt(d2) <= opt->spacing * (1 + 1e-9));
    }
    assert_near(s.contour, length, 1e-9);
    assert_true(s.f_perp < 0.01);
    return s;
}

static void test_arc_of_a_circle(void **state)
{
    const surface s = surface_of(ring);
    const sg_path_options opt = sg_path_defaults();
    const double mode[2][3] = {{0, 1, 0}, {0, 0, 0}};
    sg_system *saddle = atom_at(RING, 0, 0), *a = atom_at(RING * cos(PI / 5), -RING * sin(PI / 5), 0.2),
              *b = atom_at(RING * cos(PI / 5), RING * sin(PI / 5), 0);
    sg_path *p = NULL;

    (void)state;
    for (int band = 0; band < 2; band++) {
        if (band)
            assert_ok(sg_path_band(&s.base, a, b, 0, NULL, &opt, &p));
        else
            assert_ok(sg_path_descend(&s.base, saddle, mode, &opt, &p));
        const sg_path_summary d = sound(p, &opt);
        assert_int_equal(d.n_saddles, 1);
        assert_string_equal(sg_path_kind(&d), "single");
        assert_near(d.barrier, 2 * DEEP, 1e-5);
        assert_near(d.barrier_back, 2 * DEEP, 1e-5);
        assert_near(d.contour, 2 * PI / 5 * RING, 1e-3);
        assert_near(d.distance, 2 * RING * sin(PI / 5), 1e-4);
        assert_near(d.tortuosity, PI / 5 / sin(PI / 5), 5e-4);
        assert_near(d.participation, 1, 1e-12);
        assert_true(p->x[0][1] < 0 && p->x[2 * (p->n_images - 1)][1] > 0);
        sg_path_reverse(p);
        assert_true(p->x[0][1] > 0 && p->arc[0] == 0);
        sg_path_free(p);
    }
    sg_system_free(saddle);
    sg_system_free(a);
    sg_system_free(b);
}

/* Between the minima is another one: two saddles, two pieces, and the length is the sum. */
static void test_compound_path_is_split(void **state)
{
    const surface s = surface_of(ring);
    const sg_path_options opt = sg_path_defaults();
    sg_system *a = atom_at(RING * cos(PI / 5), -RING * sin(PI / 5), 0),
              *b = atom_at(RING * cos(3 * PI / 5), RING * sin(3 * PI / 5), 0);
    sg_path *p = NULL;
    int minima = 0;

    (void)state;
    assert_ok(sg_path_band(&s.base, a, b, 0, NULL, &opt, &p));
    const sg_path_summary d = sound(p, &opt);
    assert_string_equal(sg_path_kind(&d), "compound");
    assert_int_equal(d.n_saddles, 2);
    assert_near(d.contour, 4 * PI / 5 * RING, 3e-3);
    assert_near(d.distance, 2 * RING * sin(2 * PI / 5), 1e-4);
    for (int k = 1; k < p->n_images - 1; k++)
        if (p->place[k] == SG_PATH_MINIMUM) {
            minima++;
            assert_near(p->energy[k], -DEEP, 1e-8);
            assert_near(p->x[2 * k][1], RING * sin(PI / 5), 1e-4);
        }
    assert_int_equal(minima, 1);
    sg_path_free(p);
    sg_system_free(a);
    sg_system_free(b);
}

/* Energies of its minima and saddles: published. Lengths: small steps. */
static void test_mueller_and_brown(void **state)
{
    static const double saddle[2][2] = {{-0.822001558732732, 0.624312802814871},
                                        {0.212486582000662, 0.292988325107368}};
    static const double e_saddle[2] = {-40.66484351147777, -72.24894011232142};
    static const double e_minimum[3] = {-146.69951720995402, -80.76781812965902, -108.16672411685236};
    const surface s = surface_of(mueller_brown);
    const sg_path_options opt = sg_path_defaults();
    sg_system *a = atom_at(-0.55822363 * MB_LENGTH, 1.44172584 * MB_LENGTH, 0),
              *b = atom_at(0.62349941 * MB_LENGTH, 0.02803776 * MB_LENGTH, 0);
    double whole = 0;
    sg_path *p = NULL;

    (void)state;
    for (int k = 0; k < 2; k++) {
        /* the direction downhill from differences of the gradient, by iteration: the softest of a 2 x 2
         * matrix */
        const double x = saddle[k][0] * MB_LENGTH, y = saddle[k][1] * MB_LENGTH, h = 1e-4;
        double g[4][3], at[3] = {x, y, 0};
        for (int q = 0; q < 4; q++) {
            double d[3] = {x, y, 0};
            d[q / 2] += q % 2 ? h : -h;
            mueller_brown(d, g[q]);
        }
        const double xx = (g[1][0] - g[0][0]) / (2 * h), yy = (g[3][1] - g[2][1]) / (2 * h),
                     xy = (g[1][1] - g[0][1]) / (2 * h);
        const double low = (xx + yy) / 2 - sqrt((xx - yy) * (xx - yy) / 4 + xy * xy);
        double mode[2][3] = {{xy, low - xx, 0}, {0, 0, 0}};
        const double norm = sqrt(mode[0][0] * mode[0][0] + mode[0][1] * mode[0][1]);
        sg_system *at_saddle = atom_at(x, y, 0);
        assert_true(low < 0);
        assert_ok(sg_path_descend(&s.base, at_saddle, (positions)mode, &opt, &p));
        const sg_path_summary d = sound(p, &opt);
        for (int q = 0; q < 2; q++)
            mode[0][q] /= norm;
        const double length =
            length_downhill(mueller_brown, at, mode[0], 1) + length_downhill(mueller_brown, at, mode[0], -1);
        assert_near(d.contour, length, 2e-3 * length);
        assert_near(d.e_saddle, MB_ENERGY * e_saddle[k], 1e-6);
        assert_near(fmin(d.e_start, d.e_end), MB_ENERGY * e_minimum[k == 0 ? 0 : 2], 1e-6);
        assert_near(fmax(d.e_start, d.e_end), MB_ENERGY * e_minimum[1], 1e-6);
        whole += d.contour;
        sg_path_free(p);
        sg_system_free(at_saddle);
    }
    assert_ok(sg_path_band(&s.base, a, b, 0, NULL, &opt, &p));
    const sg_path_summary d = sound(p, &opt);
    assert_int_equal(d.n_saddles, 2);
    assert_near(d.contour, whole, 5e-3 * whole);
    assert_near(d.e_saddle, MB_ENERGY * e_saddle[0], 1e-5);
    sg_path_free(p);
    sg_system_free(a);
    sg_system_free(b);
}

/* Finer images change the length no more. */
static void test_spacing(void **state)
{
    const surface s = surface_of(ring);
    const double exact = 2 * PI / 5 * RING;
    double error[3];

    (void)state;
    for (int k = 0; k < 3; k++) {
        sg_path_options opt = sg_path_defaults();
        const double mode[2][3] = {{0, 1, 0}, {0, 0, 0}};
        sg_system *saddle = atom_at(RING, 0, 0);
        sg_path *p = NULL;
        opt.spacing = 0.4 / (1 << k);
        opt.step_error = 1e-5;
        assert_ok(sg_path_descend(&s.base, saddle, mode, &opt, &p));
        error[k] = exact - sg_path_describe(p).contour;
        sg_path_free(p);
        sg_system_free(saddle);
    }
    /* chords are shorter than arcs by s^2 / 24 R^2 */
    assert_near(error[0] / error[1], 4, 0.8);
    assert_near(error[1] / error[2], 4, 0.8);
}

/* ---- crystals ---- */

static void test_band_against_descent(void **state)
{
    const sg_path_options opt = sg_path_defaults();
    sg_path_options threaded = opt;
    int neighbour[12];
    double(*guess)[3];
    sg_outcome outcome;
    sg_path *down = NULL, *band = NULL, *again = NULL;
    sg_system *end = NULL;
    defect d;

    (void)state;
    lj_vacancy(&d, 3);
    vacancy_find(&d, HOLLOW, neighbour);
    guess = calloc((size_t)d.sys->n, sizeof *guess);
    on_the_way(&d, neighbour[2], 0.45, guess);
    assert_ok(sg_path_over_saddle(d.pot, d.sys, (positions)guess, &opt, &down, &outcome));
    assert_int_equal(outcome, SG_FOUND);
    const sg_path_summary one = sound(down, &opt);
    assert_ok(sg_system_copy(d.sys, &end));
    memcpy(end->x, down->x + (down->n_images - 1) * d.sys->n, (size_t)end->n * sizeof *end->x);
    if (sg_system_displacement(end, (positions)end->x, (positions)d.sys->x, NULL, NULL) < 0.1)
        memcpy(end->x, down->x, (size_t)end->n * sizeof *end->x);
    assert_ok(sg_path_band(d.pot, d.sys, end, 0, NULL, &opt, &band));
    const sg_path_summary two = sound(band, &opt);
    assert_string_equal(sg_path_kind(&two), "single");
    assert_near(one.barrier, one.barrier_back, 1e-5); /* mirror images */
    assert_near(two.barrier, one.barrier, 1e-3);
    assert_near(two.contour, one.contour, 0.01 * one.contour);
    assert_near(two.distance, one.distance, 1e-3);
    threaded.threads = 3;
    assert_ok(sg_path_band(d.pot, d.sys, end, 0, NULL, &threaded, &again));
    assert_int_equal(again->n_images, band->n_images);
    assert_memory_equal(again->x, band->x, (size_t)(band->n_images * d.sys->n) * sizeof *band->x);
    sg_path_free(down);
    sg_path_free(band);
    sg_path_free(again);
    sg_system_free(end);
    free(guess);
    defect_clear(&d);
}

/* There and back again is compound, and ends where it began. */
static void test_append(void **state)
{
    const surface s = surface_of(ring);
    const sg_path_options opt = sg_path_defaults();
    const double mode[2][3] = {{0, 1, 0}, {0, 0, 0}};
    sg_system *saddle = atom_at(RING, 0, 0);
    sg_path *there = NULL, *back = NULL;

    (void)state;
    assert_ok(sg_path_descend(&s.base, saddle, mode, &opt, &there));
    assert_ok(sg_path_descend(&s.base, saddle, mode, &opt, &back));
    assert_status(sg_path_append(saddle, &opt, there, back), SG_EMISMATCH);
    sg_path_reverse(back);
    assert_ok(sg_path_append(saddle, &opt, there, back));
    const sg_path_summary d = sg_path_describe(there);
    assert_int_equal(d.n_saddles, 2);
    assert_near(d.contour, 2 * back->arc[back->n_images - 1], 1e-4);
    assert_near(d.distance, 0, 1e-3);
    sg_path_free(there);
    sg_path_free(back);
    sg_system_free(saddle);
}

static void test_refusals(void **state)
{
    const surface s = surface_of(ring);
    const sg_path_options opt = sg_path_defaults();
    sg_system *a = atom_at(RING * cos(PI / 5), RING * sin(PI / 5), 0), *b = NULL;
    const double mode[2][3] = {{0, 1, 0}, {0, 0, 0}};
    sg_path *p = NULL;

    (void)state;
    assert_ok(sg_system_copy(a, &b));
    b->x[0][0] += 0.01;
    assert_status(sg_path_band(&s.base, a, b, 0, NULL, &opt, &p), SG_EINVAL);
    assert_text("same minimum");
    assert_null(p);
    assert_ok(sg_system_set_strain(b, 0.01));
    assert_status(sg_path_band(&s.base, a, b, 0, NULL, &opt, &p), SG_EMISMATCH);
    assert_text("strains");
    b->id[0] = 2, b->id[1] = 1;
    assert_status(sg_path_band(&s.base, a, b, 0, NULL, &opt, &p), SG_EMISMATCH);
    assert_text("orders");
    b->n = 1;
    assert_status(sg_path_band(&s.base, a, b, 0, NULL, &opt, &p), SG_EMISMATCH);
    assert_text("2 and 1 atoms");
    b->n = 2;
    assert_status(sg_path_descend(&s.base, a, mode, &opt, &p), SG_ENUMERIC); /* a minimum */
    assert_text("not a saddle");
    sg_system_free(a);
    sg_system_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arc_of_a_circle),
        cmocka_unit_test(test_compound_path_is_split),
        cmocka_unit_test(test_mueller_and_brown),
        cmocka_unit_test(test_spacing),
        cmocka_unit_test(test_band_against_descent),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
