/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Models of the KIM-API against LAMMPS's pair_style kim, against their own derivatives, and the two ways to
 * evaluate the same tables against each other. Skipped where the library or its models are missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "configurations.h"

#define assert_ok(call) assert_int_equal(call, SG_OK)

#define CUZR_2007 "EAM_Dynamo_MendelevSordeletKramer_2007_CuZr__MO_120596890176_005"
#define CUZR_2009 "EAM_Dynamo_MendelevKramerOtt_2009_CuZr__MO_600021860456_005"
#define CUZR_2016 "EAM_Dynamo_BorovikovMendelevKing_2016_CuZr__MO_097471813275_000"
#define CUZR_2019 "EAM_Dynamo_MendelevSunZhang_2019_CuZr__MO_609260676108_000"
#define CUZR_CODE "EAM_Mendelev_2019_CuZr__MO_945018740343_000" /* has no tables */
#define CUZR_EMT "EMT_Asap_MetalGlass_PaduraruKenoufiBailey_2007_CuZr__MO_987541074959_001"
#define CUZR_MEAM "MEAM_LAMMPS_KangSaLee_2009_ZrAgCu__MO_813575892799_000"
#define NATURAL                                                                                              \
    "EAM_CubicNaturalSpline_AngeloMoodyBaskes_1995_Ni__MO_800536961967_003" /* tables, other spline */
#define SI_SW "SW_StillingerWeber_1985_Si__MO_405512056662_005"
#define TWO_LISTS "ex_model_Ar_P_Morse_MultiCutoff" /* several cutoffs, neighbours of ghosts */

static const char *const cu_zr[] = {"Cu", "Zr"}, *const zr_cu[] = {"Zr", "Cu"}, *const si[] = {"Si"};
static const char *const ni[] = {"Ni"}, *const ar[] = {"Ar"};

/* Asked by the sanitizers: a driver of others (MEAM_LAMMPS) frees by delete what it has from new[]. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "alloc_dealloc_mismatch=0";
}

typedef struct fixture {
    sg_potential *pot;
    sg_potential_work *work;
    sg_system *sys;
    sg_forces out;
} fixture;

static sg_potential *model(const char *spec, int n, const char *const elements[])
{
    sg_potential *pot = NULL;
    const sg_status st = sg_potential_create(spec, NULL, n, elements, &pot);

    if (st == SG_EUNSUPPORTED || st == SG_ENOTFOUND) {
        print_message("skipped: %s\n", sg_error_text());
        skip();
    }
    assert_ok(st);
    return pot;
}

/* Takes the system over. */
static void begin(fixture *t, const char *spec, sg_system *sys)
{
    const char *elements[SG_MAX_SPECIES];

    memset(t, 0, sizeof *t);
    for (int k = 0; k < sys->species.n; k++)
        elements[k] = sys->species.symbol[k];
    t->pot = model(spec, sys->species.n, elements);
    t->sys = sys;
    t->out.f = calloc((size_t)sys->n, sizeof *t->out.f);
    assert_ok(sg_potential_work_create(t->pot, &t->work));
}

static void end(fixture *t)
{
    free(t->out.f);
    sg_potential_work_free(t->work);
    sg_potential_free(t->pot);
    sg_system_free(t->sys);
}

/* Two elements at random in a tilted cell; with n = 2 thinner than the reach of the models: atoms see images
 * of themselves. */
static sg_system *mixture(int n, uint64_t seed)
{
    return perturbed_fcc(n, 4.1, 0.1, 0.03, 0.15, 0.4, 2, cu_zr, seed);
}

/* ---- LAMMPS ---- */

static void against_lammps(const char *way, const char *name, sg_system *sys)
{
    char spec[128], commands[256];
    reference ref = {0};
    fixture t;
    double worst = 0.0, stress[6], pressure = 0.0;

    snprintf(spec, sizeof spec, "%s:%s", way, name);
    snprintf(commands, sizeof commands, "pair_style kim %s\npair_coeff * * %s %s", name,
             sys->species.symbol[0], sys->species.n > 1 ? sys->species.symbol[1] : "");
    if (!have_lammps() || system("lmp -h 2>/dev/null | grep -qw KIM") != 0) {
        print_message("skipped: no program lmp with the package KIM to compare with\n");
        skip();
    }
    begin(&t, spec, sys);
    if (strcmp(way, "kim") == 0) assert_ok(sg_potential_set_kernel(t.pot, SG_KERNEL_PLAIN));
    assert_int_equal(lammps(sys, commands, NULL, &ref), 0);
    assert_ok(sg_potential_compute(t.pot, t.work, sys, NULL, &t.out));
    for (int i = 0; i < sys->n; i++)
        for (int k = 0; k < 3; k++)
            worst = fmax(worst, fabs(t.out.f[i][k] - ref.f[i][k]));
    sg_potential_stress(sys, &t.out, stress);
    for (int k = 0; k < 6; k++) /* LAMMPS's "metal" unit is rounded in the eighth digit */
        pressure =
            fmax(pressure, fabs(stress[k] * 1.6021765e6 + ref.pressure[k]) / (1.0 + fabs(ref.pressure[k])));
    print_message("%s as %s: energy %.8g eV, differs by %.2g, forces by %.2g eV/Å, pressures by %.2g\n", spec,
                  t.pot->ops->name, t.out.energy, fabs(t.out.energy - ref.energy), worst, pressure);
    assert_true(worst < 1e-9);
    assert_true(fabs(t.out.energy - ref.energy) < 1e-11 * fabs(ref.energy));
    assert_true(pressure < 1e-6);
    reference_clear(&ref);
    end(&t);
}

static void test_lammps_tables(void **state)
{
    (void)state;
    against_lammps("kim", CUZR_2007, mixture(3, 1));
    against_lammps("kim", CUZR_2009, mixture(3, 2));
    against_lammps("kim", CUZR_2016, mixture(3, 3));
    against_lammps("kim", CUZR_2019, mixture(3, 4));
    against_lammps("kim", CUZR_2019, perturbed_fcc(3, 4.1, -0.4, 0.06, 0.2, 0.4, 2, zr_cu, 5));
}

static void test_lammps_api(void **state)
{
    (void)state;
    against_lammps("kim-api", CUZR_2019, mixture(3, 6));
    against_lammps("kim", CUZR_CODE, mixture(3, 7));
    against_lammps("kim", CUZR_EMT, mixture(2, 8));
    against_lammps("kim", CUZR_MEAM, mixture(3, 9));
    against_lammps("kim", SI_SW, perturbed_fcc(2, 5.0, 0.1, 0.03, 0.2, 0.0, 1, si, 10));
    against_lammps("kim", TWO_LISTS, perturbed_fcc(3, 5.3, 0.1, 0.03, 0.2, 0.0, 1, ar, 11));
}

/* ---- tables and the API ---- */

/* The same tables in the own kernels and through the API; the fast kernels resample them, with an error that
 * they state per pair. */
static void both_ways(const char *name)
{
    char spec[2][128];
    fixture own, api;
    double worst = 0.0;

    snprintf(spec[0], sizeof spec[0], "kim:%s", name);
    snprintf(spec[1], sizeof spec[1], "kim-api:%s", name);
    begin(&own, spec[0], mixture(2, 20));
    begin(&api, spec[1], mixture(2, 20));
    assert_string_equal(own.pot->ops->name, "eam/fs");
    assert_string_equal(api.pot->ops->name, "kim");
    assert_true(own.pot->fingerprint == api.pot->fingerprint);
    assert_ok(sg_potential_set_kernel(own.pot, SG_KERNEL_PLAIN));
    assert_ok(sg_potential_compute(own.pot, own.work, own.sys, NULL, &own.out));
    assert_ok(sg_potential_compute(api.pot, api.work, api.sys, NULL, &api.out));
    for (int i = 0; i < own.sys->n; i++)
        for (int k = 0; k < 3; k++)
            worst = fmax(worst, fabs(own.out.f[i][k] - api.out.f[i][k]));
    assert_true(worst < 1e-10);
    assert_true(fabs(own.out.energy - api.out.energy) < 1e-12 * fabs(api.out.energy));
    for (int k = 0; k < 6; k++)
        assert_true(fabs(own.out.virial[k] - api.out.virial[k]) < 1e-9);
    end(&own);
    end(&api);
}

static void test_both_ways(void **state)
{
    (void)state;
    both_ways(CUZR_2007);
    both_ways(CUZR_2009);
    both_ways(CUZR_2019);
}

/* Hessian products: closed form on resampled tables against differences of forces through the API. Both see
 * second derivatives of interpolants, which jump from bin to bin; how much, is the roughness of the tables.
 */
static void test_products(void **state)
{
    static const struct {
        const char *name;
        double tolerance; /* of the largest component */
    } models[] = {{CUZR_2007, 1e-2}, {CUZR_2019, 1e-3}};

    (void)state;
    for (size_t m = 0; m < sizeof models / sizeof models[0]; m++) {
        char spec[2][128];
        fixture own, api;
        double worst = 0.0, largest = 0.0;
        snprintf(spec[0], sizeof spec[0], "kim:%s", models[m].name);
        snprintf(spec[1], sizeof spec[1], "kim-api:%s", models[m].name);
        begin(&own, spec[0], mixture(3, 25));
        begin(&api, spec[1], mixture(3, 25));
        double(*v)[3] = calloc((size_t)own.sys->n, sizeof *v);
        for (int i = 0; i < own.sys->n; i++)
            for (int a = 0; a < 3; a++)
                v[i][a] = sin(1.0 + 3 * i + a);
        assert_ok(
            sg_potential_hessian_times(own.pot, own.work, own.sys, NULL, (const double(*)[3])v, own.out.f));
        assert_ok(
            sg_potential_hessian_times(api.pot, api.work, api.sys, NULL, (const double(*)[3])v, api.out.f));
        for (int i = 0; i < own.sys->n; i++)
            for (int a = 0; a < 3; a++) {
                worst = fmax(worst, fabs(own.out.f[i][a] - api.out.f[i][a]));
                largest = fmax(largest, fabs(api.out.f[i][a]));
            }
        print_message("%s: products differ by %.2g of the largest, %.3g eV/Å^2\n", models[m].name,
                      worst / largest, largest);
        assert_true(worst < models[m].tolerance * largest);
        free(v);
        end(&own);
        end(&api);
    }
}

static void test_fingerprints(void **state)
{
    sg_potential *kim = NULL, *file = NULL, *other = NULL;

    (void)state; /* the model of 2007 holds the numbers of LAMMPS's file */
    kim = model("kim:" CUZR_2007, 2, zr_cu);
    assert_ok(sg_potential_create("eam/fs:" SG_POTENTIALS "/CuZr_mm.eam.fs", NULL, 2, cu_zr, &file));
    assert_true(kim->fingerprint == file->fingerprint);
    other = model("kim:" CUZR_2019, 2, cu_zr);
    assert_true(kim->fingerprint != other->fingerprint);
    sg_potential_free(kim);
    sg_potential_free(other);
    kim = model("kim:" CUZR_EMT, 2, zr_cu); /* no tables: name and published numbers */
    other = model("kim:" CUZR_EMT, 2, cu_zr);
    assert_true(kim->fingerprint == other->fingerprint && kim->fingerprint != 0);
    sg_potential_free(kim);
    sg_potential_free(other);
    sg_potential_free(file);
}

static void test_other_splines_keep_out(void **state)
{
    (void)state; /* tables under the same names, another interpolant */
    sg_potential *pot = model("kim:" NATURAL, 1, ni);
    assert_string_equal(pot->ops->name, "kim");
    sg_potential_free(pot);
}

/* ---- derivatives ---- */

static void check_derivatives(const char *spec)
{
    static const int pair[6][2] = {{0, 0}, {1, 1}, {2, 2}, {0, 1}, {0, 2}, {1, 2}};
    static const double STEP = 1e-4, EPS = 1e-5;
    fixture t;

    begin(&t, spec, mixture(2, 30));
    assert_ok(sg_potential_compute(t.pot, t.work, t.sys, NULL, &t.out));
    for (int i = 0; i < t.sys->n; i += 11)
        for (int a = 0; a < 3; a++) {
            const double x = t.sys->x[i][a];
            t.sys->x[i][a] = x + STEP;
            const double up = energy_of(t.pot, t.sys);
            t.sys->x[i][a] = x - STEP;
            const double down = energy_of(t.pot, t.sys);
            t.sys->x[i][a] = x;
            assert_true(fabs(t.out.f[i][a] + (up - down) / (2.0 * STEP)) <
                        1e-6 * (1.0 + fabs(t.out.f[i][a])));
        }
    for (int k = 0; k < 6; k++) {
        double e[2];
        for (int side = 0; side < 2; side++) {
            const int a = pair[k][0], b = pair[k][1];
            const double eps = side ? -EPS : EPS;
            sg_system *s = NULL;
            double h[3][3];
            assert_ok(sg_system_copy(t.sys, &s));
            memcpy(h, s->cell.h, sizeof h);
            for (int m = 0; m < 3; m++)
                h[m][a] += eps * h[m][b];
            for (int i = 0; i < s->n; i++)
                s->x[i][a] += eps * s->x[i][b];
            assert_ok(sg_cell_init(&s->cell, (const double(*)[3])h, 0.0, PERIODIC));
            e[side] = energy_of(t.pot, s);
            sg_system_free(s);
        }
        const double slope = (e[0] - e[1]) / (2.0 * EPS);
        assert_true(fabs(t.out.virial[k] - slope) < 1e-6 * (1.0 + fabs(slope)));
    }
    end(&t);
}

static void test_derivatives(void **state)
{
    (void)state;
    check_derivatives("kim-api:" CUZR_2019);
    check_derivatives("kim:" CUZR_EMT);
}

/* ---- free sets ---- */

/* A few free atoms walk: their forces and the change of energy are those of the whole system, at every step,
 * with lists that grow stale on the way. */
static void check_free_set(const char *spec)
{
    enum { N_FREE = 3, N_STEPS = 12 };
    fixture part, whole;
    int atom[N_FREE] = {5, 17, 40};
    unsigned char *member = NULL;

    begin(&part, spec, mixture(4, 40));
    begin(&whole, spec, mixture(4, 40));
    member = calloc((size_t)part.sys->n, 1);
    for (int k = 0; k < N_FREE; k++)
        member[atom[k]] = 1;
    const sg_atom_set set = {.n = N_FREE, .atom = atom, .member = member};
    for (int step = 0; step < N_STEPS; step++) {
        assert_ok(sg_potential_compute(part.pot, part.work, part.sys, &set, &part.out));
        assert_ok(sg_potential_compute(whole.pot, whole.work, whole.sys, NULL, &whole.out));
        assert_true(fabs(part.out.energy - whole.out.energy) < 1e-9);
        for (int i = 0; i < part.sys->n; i++)
            for (int a = 0; a < 3; a++)
                assert_true(fabs(part.out.f[i][a] - (member[i] ? whole.out.f[i][a] : 0.0)) < 1e-10);
        for (int k = 0; k < N_FREE; k++)
            for (int a = 0; a < 3; a++) {
                const double d = 0.07 * sin(1.0 + k + 2 * a) + 0.02 * a;
                part.sys->x[atom[k]][a] += d;
                whole.sys->x[atom[k]][a] += d;
            }
    }
    assert_int_equal(sg_potential_calls(part.work)->free_set, N_STEPS);
    part.sys->x[6][0] += 0.1; /* a frozen one, close by */
    assert_int_equal(sg_potential_compute(part.pot, part.work, part.sys, &set, &part.out), SG_EINVAL);
    free(member);
    end(&part);
    end(&whole);
}

static void test_free_sets(void **state)
{
    (void)state;
    check_free_set("kim-api:" CUZR_2019);
    check_free_set("kim:" CUZR_EMT);
    check_free_set("kim:" CUZR_MEAM);
}

/* ---- threads and parcels ---- */

static void test_threads(void **state)
{
    enum { N = 4 };
    static const char *const specs[] = {"kim-api:" CUZR_2019, "kim:" CUZR_CODE, "kim:" CUZR_EMT,
                                        "kim:" CUZR_MEAM};

    (void)state; /* works of one potential in use at once give the bits of one alone */
    for (size_t m = 0; m < sizeof specs / sizeof specs[0]; m++) {
        fixture t[N];
        sg_status st[N];
        for (int k = 0; k < N; k++)
            begin(&t[k], specs[m], mixture(2, 50 + (uint64_t)(k % 2)));
#pragma omp parallel for num_threads(N) schedule(static, 1)
        for (int k = 0; k < N; k++)
            for (int again = 0; again < 3; again++)
                st[k] = sg_potential_compute(t[0].pot, t[k].work, t[k].sys, NULL, &t[k].out);
        for (int k = 0; k < N; k++) {
            assert_ok(st[k]);
            assert_memory_equal(t[k].out.f, t[k % 2].out.f, (size_t)t[k].sys->n * sizeof *t[k].out.f);
        }
        const double alone = energy_of(t[0].pot, t[0].sys);
        assert_memory_equal(&alone, &t[0].out.energy, sizeof alone);
        for (int k = 0; k < N; k++)
            end(&t[k]);
    }
}

static void test_parcels(void **state)
{
    static const char *const specs[] = {"kim:" CUZR_2019, "kim-api:" CUZR_2019, "kim:" CUZR_EMT};

    (void)state;
    for (size_t m = 0; m < sizeof specs / sizeof specs[0]; m++) {
        sg_potential *pot = model(specs[m], 2, zr_cu), *copy = NULL;
        sg_system *sys = perturbed_fcc(2, 4.1, 0.1, 0.03, 0.15, 0.4, 2, zr_cu, 60);
        unsigned char *bytes = NULL;
        size_t n = 0;
        assert_ok(sg_potential_pack(pot, &bytes, &n));
        assert_ok(sg_potential_unpack(bytes, n, &copy));
        assert_true(copy->fingerprint == pot->fingerprint);
        assert_string_equal(copy->spec, specs[m]);
        assert_string_equal(sg_potential_kernel(copy), sg_potential_kernel(pot));
        const double a = energy_of(pot, sys), b = energy_of(copy, sys);
        assert_memory_equal(&a, &b, sizeof a);
        sg_free(bytes);
        sg_system_free(sys);
        sg_potential_free(copy);
        sg_potential_free(pot);
    }
}

/* ---- what is refused ---- */

static void refused(const char *spec, sg_status code, const char *text)
{
    sg_potential *pot = (sg_potential *)1;

    assert_int_equal(sg_potential_create(spec, NULL, 2, cu_zr, &pot), code);
    assert_null(pot);
    assert_non_null(strstr(sg_error_text(), text));
}

static void test_refusals(void **state)
{
    (void)state;
    sg_potential_free(model("kim:" CUZR_2019, 2, cu_zr));
    refused("kim:MendelevSunZhang", SG_ENOTFOUND, "did you mean " CUZR_2019);
    refused("kim:", SG_ENOTFOUND, "is not installed");
    refused("kim:" SI_SW, SG_EINVAL, "element Cu is not in KIM model " SI_SW);
    assert_int_not_equal(access("kim.log", F_OK), 0); /* the library's own habit */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lammps_tables), cmocka_unit_test(test_lammps_api),
        cmocka_unit_test(test_both_ways),     cmocka_unit_test(test_products),
        cmocka_unit_test(test_fingerprints),  cmocka_unit_test(test_other_splines_keep_out),
        cmocka_unit_test(test_derivatives),   cmocka_unit_test(test_free_sets),
        cmocka_unit_test(test_threads),       cmocka_unit_test(test_parcels),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
