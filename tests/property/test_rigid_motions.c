/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What does not cost energy does not count: drift of anything free, rotations of free clusters and wires.
 * Checked on counts worked out by hand, on fields that are rigid by construction, and on searches of a
 * cluster in two orientations. */
#include "../event_samples.h"

static const int FREE[3] = {0, 0, 0}, WIRE[3] = {0, 0, 1}, SLAB[3] = {1, 1, 0}, CRYSTAL[3] = {1, 1, 1};
static const double BOX[3][3] = {{40, 0, 0}, {3, 38, 0}, {-2, 5, 36}};

/* n atoms in a blob of 8 Å. */
static sg_system *blob(int n, const int periodic[3], uint64_t seed)
{
    static const char *const cu[] = {"Cu"};
    sg_system *s = NULL;
    sg_rng rng;

    sg_rng_init(&rng, seed, SG_RNG_TEST, 7, 0, 0);
    assert_ok(sg_system_create(n, &s));
    assert_ok(sg_species_init(&s->species, 1, cu));
    assert_ok(sg_cell_init(&s->cell, BOX, 0.0, periodic));
    for (int i = 0; i < n; i++)
        for (int a = 0; a < 3; a++)
            s->x[i][a] = 8 * sg_rng_uniform(&rng);
    return s;
}

static void normalise(double v[3])
{
    const double length = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    for (int a = 0; a < 3; a++)
        v[a] /= length;
}

/* Rodrigues' formula. */
static void rotation(const double axis[3], double angle, double r[3][3])
{
    const double c = cos(angle), s = sin(angle);
    const double u[3] = {axis[0], axis[1], axis[2]};
    const double k[3][3] = {{0, -u[2], u[1]}, {u[2], 0, -u[0]}, {-u[1], u[0], 0}};
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            r[a][b] = (a == b) * c + s * k[a][b] + (1 - c) * u[a] * u[b];
}

/* y = R x + t */
static void move_rigidly(int n, positions x, double r[3][3], const double t[3], double (*y)[3])
{
    for (int i = 0; i < n; i++) {
        const double v[3] = {x[i][0], x[i][1], x[i][2]};
        for (int a = 0; a < 3; a++)
            y[i][a] = r[a][0] * v[0] + r[a][1] * v[1] + r[a][2] * v[2] + t[a];
    }
}

static void test_zero_modes_by_hand(void **state)
{
    static const struct {
        const int *periodic;
        int n, on_a_line, fixed, modes;
    } sample[] = {{FREE, 9, 0, 0, 6},    {FREE, 9, 1, 0, 5},   {FREE, 2, 0, 0, 5}, {FREE, 1, 0, 0, 3},
                  {FREE, 9, 0, 1, 0},    {WIRE, 9, 0, 0, 4},   {SLAB, 9, 0, 0, 3}, {SLAB, 9, 0, 1, 0},
                  {CRYSTAL, 9, 0, 0, 3}, {CRYSTAL, 9, 0, 1, 0}};

    (void)state;
    for (size_t k = 0; k < sizeof sample / sizeof sample[0]; k++) {
        sg_system *s = blob(sample[k].n, sample[k].periodic, k);
        for (int i = 0; i < s->n && sample[k].on_a_line; i++)
            for (int a = 0; a < 3; a++)
                s->x[i][a] = 1 + 2.5 * i * (a + 1);
        s->fixed[0] = sample[k].fixed != 0;
        s->n_fixed = sample[k].fixed;
        assert_int_equal(sg_system_zero_modes(s), sample[k].modes);
        sg_system_free(s);
    }
}

/* Rigid fields vanish, the rest is at right angles to them and is not touched a second time. */
static void test_projection(void **state)
{
    static const int *const periodic[] = {FREE, WIRE, SLAB};
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 5, SG_RNG_TEST, 8, 0, 0);
    for (int k = 0; k < 3; k++) {
        sg_system *s = blob(20, periodic[k], 30 + (uint64_t)k);
        double axis[3] = {0.3, -0.5, 0.8}, v[20][3], rigid[20][3], again[20][3], product = 0;
        if (k == 1) memcpy(axis, s->cell.h[2], sizeof axis);
        normalise(axis);
        for (int i = 0; i < s->n; i++) {
            const double *x = s->x[i];
            const double turn[3] = {axis[1] * x[2] - axis[2] * x[1], axis[2] * x[0] - axis[0] * x[2],
                                    axis[0] * x[1] - axis[1] * x[0]};
            for (int a = 0; a < 3; a++) {
                rigid[i][a] = 0.1 * (a + 1) + (k < 2 ? turn[a] : 0);
                v[i][a] = sg_rng_normal(&rng);
            }
        }
        sg_system_project(s, (positions)s->x, v);
        for (int i = 0; i < s->n; i++)
            for (int a = 0; a < 3; a++)
                product += v[i][a] * rigid[i][a];
        assert_near(product, 0, 1e-12);
        memcpy(again, v, sizeof v);
        sg_system_project(s, (positions)s->x, again);
        sg_system_project(s, (positions)s->x, rigid);
        for (int i = 0; i < s->n; i++)
            for (int a = 0; a < 3; a++) {
                assert_near(again[i][a], v[i][a], 1e-13);
                assert_near(rigid[i][a], 0, 1e-12);
            }
        sg_system_free(s);
    }
}

/* A structure moved as a whole has not moved; a displacement is found back whatever comes on top of it. */
static void test_displacement(void **state)
{
    static const int *const periodic[] = {FREE, WIRE};
    static const double angle[] = {1e-3, 0.7, 3.1};
    sg_rng rng;

    (void)state;
    sg_rng_init(&rng, 6, SG_RNG_TEST, 9, 0, 0);
    for (int k = 0; k < 2; k++)
        for (int m = 0; m < 3; m++) {
            sg_system *s = blob(15, periodic[k], 50 + (uint64_t)m);
            double axis[3] = {0.6, 0.1, -0.4}, r[3][3], y[15][3], d[15][3], field[15][3];
            const double t[3] = {11, -7, 200};
            if (k == 1) memcpy(axis, s->cell.h[2], sizeof axis);
            normalise(axis);
            rotation(axis, angle[m], r);
            move_rigidly(s->n, (positions)s->x, r, t, y);
            assert_true(sg_system_displacement(s, (positions)s->x, (positions)y, d, NULL) < 1e-12);
            for (int i = 0; i < s->n; i++) /* small, so that it does not turn the whole to first order */
                for (int a = 0; a < 3; a++)
                    field[i][a] = 1e-4 * sg_rng_normal(&rng);
            sg_system_project(s, (positions)s->x, field);
            for (int i = 0; i < s->n; i++)
                for (int a = 0; a < 3; a++)
                    y[i][a] = s->x[i][a] + field[i][a];
            move_rigidly(s->n, (positions)y, r, t, y);
            sg_system_displacement(s, (positions)s->x, (positions)y, y, NULL); /* in place */
            for (int i = 0; i < s->n; i++)
                for (int a = 0; a < 3; a++)
                    assert_near(y[i][a], field[i][a], 1e-8);
            sg_system_free(s);
        }
}

static void test_mirror_images_differ(void **state)
{
    sg_system *s = blob(12, FREE, 70);
    double y[12][3];

    (void)state;
    for (int i = 0; i < s->n; i++)
        for (int a = 0; a < 3; a++)
            y[i][a] = a == 1 ? -s->x[i][a] : s->x[i][a];
    assert_true(sg_system_displacement(s, (positions)s->x, (positions)y, NULL, NULL) > 1);
    sg_system_free(s);
}

/* ---- a cluster that is searched ---- */

/* Sites of the fcc lattice around an octahedral hole (sum of coordinates odd, at most sqrt(5) away): the
 * truncated octahedron of 38 atoms, the best cluster of its size. Or the icosahedron of 13. */
static int cluster_sites(int n, double (*x)[3])
{
    const double golden = 0.5 * (1 + sqrt(5));
    int k = 0;

    for (int i = -2; n == 38 && i <= 2; i++)
        for (int j = -2; j <= 2; j++)
            for (int l = -2; l <= 2; l++) {
                if ((i + j + l) % 2 == 0 || i * i + j * j + l * l > 5) continue;
                x[k][0] = 0.77 * i, x[k][1] = 0.77 * j, x[k++][2] = 0.77 * l;
            }
    for (int i = 0; n == 13 && i < 3; i++)
        for (int j = 0; j < 4; j++, k++) {
            x[k][i] = 0;
            x[k][(i + 1) % 3] = j % 2 ? 0.57 : -0.57;
            x[k][(i + 2) % 3] = j / 2 ? 0.57 * golden : -0.57 * golden;
        }
    return n == 13 ? k + 1 : k;
}

/* Lennard-Jones with eps and sigma as of copper, cut where nothing is left. */
static void lj_cluster(defect *s, int n)
{
    static const double pair[1][3] = {{0.2, 2.338, 2000}}, h[3][3] = {{20, 0, 0}, {0, 20, 0}, {0, 0, 20}};
    static const char *const cu[] = {"Cu"};

    memset(s, 0, sizeof *s);
    assert_ok(sg_potential_create_lj(1, cu, pair, &s->pot));
    assert_ok(sg_system_create(n, &s->sys));
    assert_ok(sg_species_init(&s->sys->species, 1, cu));
    assert_ok(sg_cell_init(&s->sys->cell, h, 0.0, FREE));
    assert_int_equal(cluster_sites(n, s->sys->x), n);
    for (int i = 0; i < n; i++)
        for (int a = 0; a < 3; a++)
            s->sys->x[i][a] *= 2.338;
    s->opt = sg_saddle_defaults();
    defect_relax(s, 1e-6);
}

/* Energies of the Cambridge Cluster Database (Wales & Doye, J. Phys. Chem. A 101, 5111 (1997)). */
static void test_known_clusters(void **state)
{
    defect s;

    (void)state;
    lj_cluster(&s, 38);
    assert_near(s.problem.e_start / 0.2, -173.928427, 1e-6);
    defect_clear(&s);
    lj_cluster(&s, 13);
    assert_near(s.problem.e_start / 0.2, -44.326801, 1e-6);
    defect_clear(&s);
}

/* The same guess of a saddle, the whole turned by some angle: the same saddle, the same minimum beyond, the
 * same second curvature (a rotation left in would pass for one of about zero). */
static void test_saddle_in_two_orientations(void **state)
{
    static const double no_shift[3] = {0, 0, 0};
    defect s;
    sg_saddle_work *work = NULL;
    sg_passage *found = NULL, *again[2] = {NULL, NULL};
    sg_rng rng;
    double axis[3] = {0.2, 0.9, -0.3}, guess[38][3], mode[38][3];
    const sg_push push = {SG_SAMPLER_LOCAL, 3.0, NULL};

    (void)state;
    lj_cluster(&s, 38);
    assert_ok(sg_saddle_work_create(s.pot, s.sys, &work));
    assert_ok(sg_passage_create(38, &found));
    found->outcome = SG_LOST;
    for (uint32_t k = 0; k < 40 && found->outcome != SG_FOUND; k++) {
        sg_rng_init(&rng, 4, SG_RNG_TEST, 10, k, 0);
        assert_ok(sg_saddle_search(&s.problem, (int)k % 38, &push, &rng, work, found));
    }
    assert_int_equal(found->outcome, SG_FOUND);
    normalise(axis);
    for (int k = 0; k < 2; k++) {
        double r[3][3];
        rotation(axis, k * 2.1, r);
        sg_rng_init(&rng, 9, SG_RNG_TEST, 11, 0, 0);
        for (int i = 0; i < 38; i++)
            for (int a = 0; a < 3; a++)
                guess[i][a] = found->x_saddle[i][a] + 0.03 * sg_rng_normal(&rng);
        move_rigidly(38, (positions)guess, r, no_shift, guess);
        move_rigidly(38, (positions)found->mode, r, no_shift, mode);
        move_rigidly(38, (positions)s.sys->x, r, no_shift, s.sys->x);
        assert_ok(sg_passage_create(38, &again[k]));
        assert_ok(sg_saddle_refine(&s.problem, (positions)guess, (positions)mode, &rng, work, again[k]));
        assert_int_equal(again[k]->outcome, SG_FOUND);
        assert_near(again[k]->e_saddle, found->e_saddle, 1e-5);
        assert_near(again[k]->e_final, found->e_final, 1e-5);
        assert_near(again[k]->curvature, found->curvature, 0.02 * fabs(found->curvature));
        assert_true(again[k]->curvature2 > 0.01);
        assert_true(sg_system_displacement(s.sys, (positions)found->x_saddle, (positions)again[k]->x_saddle,
                                           NULL, NULL) < 0.02);
        assert_true(sg_system_displacement(s.sys, (positions)found->x_final, (positions)again[k]->x_final,
                                           NULL, NULL) < 0.02);
    }
    assert_int_equal(again[0]->calls.refine, again[1]->calls.refine);
    sg_passage_free(found);
    sg_passage_free(again[0]);
    sg_passage_free(again[1]);
    sg_saddle_work_free(work);
    defect_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zero_modes_by_hand), cmocka_unit_test(test_projection),
        cmocka_unit_test(test_displacement),       cmocka_unit_test(test_mirror_images_differ),
        cmocka_unit_test(test_known_clusters),     cmocka_unit_test(test_saddle_in_two_orientations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
