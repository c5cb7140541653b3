/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Laying clusters on one another where the answer is known: copies turned and renumbered, sites of a crystal,
 * a strained glass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "topology_samples.h"

enum { MAX_PERM = 200, MAX_OUT = 200 };

static sg_rng rng;
static sg_placement out[MAX_OUT];
static int perm[MAX_PERM][SG_TOPOLOGY_MAX_VERTICES];

static sg_system *glass(void)
{
    sg_system *s = sample("Cu64Zr36_500.extxyz");

    if (s) return s;
    s = lattice(5, 3.75, 4, FCC, 2, CU_ZR);
    for (int i = 0; i < s->n; i++) {
        s->type[i] = sg_rng_uniform(&rng) < 0.36;
        for (int c = 0; c < 3; c++)
            s->x[i][c] += 0.25 * sg_rng_normal(&rng);
    }
    return s;
}

static sg_environment surroundings(const sg_system *s, const sg_topology_params *p, int atom, double r,
                                   sg_cluster *cluster)
{
    sg_bonds *bonds = NULL;
    sg_environment e;

    assert_int_equal(sg_bonds_create(s, p, &bonds), SG_OK);
    assert_int_equal(sg_topology_environment(s, p, bonds, atom, &e), SG_OK);
    assert_int_equal(sg_cluster_init(cluster, s, &e, r, NULL), SG_OK);
    sg_bonds_free(bonds);
    return e;
}

static int placements(const sg_cluster *ref, const sg_cluster *target, const sg_environment *env,
                      const sg_match_options *opt)
{
    int n_perm, n;

    assert_int_equal(sg_topology_automorphisms(env, MAX_PERM, perm, &n_perm), SG_OK);
    assert_int_equal(sg_topology_match(ref, target, n_perm, (const int(*)[SG_TOPOLOGY_MAX_VERTICES])perm, opt,
                                       MAX_OUT, out, &n),
                     SG_OK);
    for (int a = 0; a < n; a++) {
        assert_true(out[a].max <= opt->tolerance && out[a].rms <= out[a].max && out[a].n == ref->n);
        if (a) assert_true(out[a].max >= out[a - 1].max);
        for (int k = 0; k < ref->n;
             k++) { /* the map does what the record says, element by element, one to one */
            double y[3], r2 = 0.0;
            rotate((const double(*)[3])out[a].R, ref->x[k], y);
            for (int c = 0; c < 3; c++)
                r2 += pow(y[c] + out[a].t[c] - target->x[out[a].map[k]][c], 2);
            assert_true(sqrt(r2) <= out[a].max + 1e-12);
            assert_int_equal(ref->number[k], target->number[out[a].map[k]]);
            for (int l = 0; l < k; l++)
                assert_int_not_equal(out[a].map[k], out[a].map[l]);
        }
    }
    return n;
}

static void turned_copies_are_found(void **state)
{
    sg_system *s = glass();
    const sg_topology_params p = two_cutoffs(3.45, 3.75, 4.05);
    const sg_match_options opt = sg_match_defaults();

    (void)state;
    for (int centre = 0; centre < s->n; centre += 23) {
        sg_system *piece = cut_out(s, centre, 8.0), *copy = NULL;
        sg_cluster ref, target;
        double R[3][3];
        int order[1000];

        assert_int_equal(sg_system_copy(piece, &copy), SG_OK);
        random_rotation(&rng, centre % 2, R);
        shuffle(&rng, piece->n, order);
        for (int i = 0; i < piece->n; i++) {
            rotate((const double(*)[3])R, piece->x[i], copy->x[order[i]]);
            copy->type[order[i]] = piece->type[i];
        }
        surroundings(piece, &p, 0, 6.0, &ref);
        const sg_environment env = surroundings(copy, &p, order[0], 7.0, &target);
        const int n = placements(&ref, &target, &env, &opt);
        assert_true(n >= 1);
        assert_true(out[0].max < 1e-9);
        for (int k = 0; k < ref.n; k++)
            assert_int_equal(target.atom[out[0].map[k]], order[ref.atom[k]]);
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < 3; b++)
                assert_true(fabs(out[0].R[a][b] - R[a][b]) < 1e-9);

        for (int k = 0; k < target.n; k++) /* a perturbed target keeps its map */
            for (int c = 0; c < 3; c++)
                target.x[k][c] += 0.04 * sg_rng_normal(&rng);
        assert_true(placements(&ref, &target, &env, &opt) >= 1);
        for (int k = 0; k < ref.n; k++)
            assert_int_equal(target.atom[out[0].map[k]], order[ref.atom[k]]);
        assert_true(out[0].max > 0.05 && out[0].max < 0.25);

        sg_match_options proper = opt;
        proper.improper = 0;
        proper.tolerance = 0.1;
        if (centre % 2)
            assert_int_equal(placements(&ref, &target, &env, &proper), 0); /* no mirror in a glass */
        sg_cluster_clear(&ref);
        sg_cluster_clear(&target);
        sg_system_free(piece);
        sg_system_free(copy);
    }
    sg_system_free(s);
}

/* All 48 operations of the site symmetry m-3m lay a perfect fcc crystal on itself. */
static void a_crystal_has_its_point_group(void **state)
{
    sg_system *s = lattice(4, 3.6, 4, FCC, 1, CU_ZR);
    const sg_topology_params p = {.n_species = 1, .cutoff = {{3.1}}};
    sg_match_options opt = sg_match_defaults();
    sg_cluster ref, target;
    int proper = 0;

    (void)state;
    surroundings(s, &p, 3, 5.5, &ref);
    const sg_environment env = surroundings(s, &p, 100, 6.6, &target);
    assert_int_equal(placements(&ref, &target, &env, &opt), 48);
    for (int a = 0; a < 48; a++) {
        assert_true(out[a].max < 1e-9);
        proper += sg_align_determinant((const double(*)[3])out[a].R) > 0.0;
    }
    assert_int_equal(proper, 24);
    opt.best_only = 1;
    assert_int_equal(placements(&ref, &target, &env, &opt), 1);
    opt.enough = 0.1;
    assert_int_equal(placements(&ref, &target, &env, &opt), 1);
    opt = sg_match_defaults();
    opt.improper = 0;
    assert_int_equal(placements(&ref, &target, &env, &opt), 24);
    sg_cluster_clear(&ref);
    sg_cluster_clear(&target);
    sg_system_free(s);
}

/* A neighbour of the vacancy has the site symmetry mm2: four placements on each of the twelve. */
static void neighbours_of_a_vacancy_are_alike(void **state)
{
    sg_system *s = sample("Cu_vacancy_fs.extxyz");
    const sg_topology_params p = two_cutoffs(3.1, 3.1, 3.1);
    sg_match_options opt = sg_match_defaults();
    sg_bonds *spheres = NULL, *bonds = NULL;
    sg_keys *keys = NULL;
    sg_cluster ref, target;
    int n_neighbours = 0;

    (void)state;
    assert_non_null(s);
    opt.tolerance = 0.1;
    opt.cover = 4.8; /* less than half the cell */
    assert_int_equal(sg_keys_create(s, &p, &keys), SG_OK);
    assert_int_equal(sg_bonds_create(s, &p, &bonds), SG_OK);
    assert_int_equal(sg_bonds_create_radius(s, 6.2, &spheres), SG_OK);
    memset(&ref, 0, sizeof ref);
    for (int i = 0; i < s->n; i++) {
        sg_environment env;
        assert_int_equal(sg_topology_environment(s, &p, bonds, i, &env), SG_OK);
        if (env.n != 12) continue;
        if (n_neighbours++ == 0) assert_int_equal(sg_cluster_init(&ref, s, &env, 5.0, spheres), SG_OK);
        assert_int_equal(sg_cluster_init(&target, s, &env, 6.2, spheres), SG_OK);
        assert_int_equal(placements(&ref, &target, &env, &opt), 4);
        assert_true(out[0].max < 1e-3); /* relaxed, so equal only as far as the forces are zero */
        sg_cluster_clear(&target);
    }
    assert_int_equal(n_neighbours, 12);
    sg_cluster_clear(&ref);
    sg_bonds_free(spheres);
    sg_bonds_free(bonds);
    sg_keys_free(keys);
    sg_system_free(s);
}

static void strange_clusters_are_refused(void **state)
{
    sg_system *s = glass();
    const sg_topology_params p = two_cutoffs(3.45, 3.75, 4.05);
    sg_match_options opt = sg_match_defaults();
    sg_cluster ref, target;
    int n;

    (void)state;
    surroundings(s, &p, 7, 5.5, &ref);
    const sg_environment env = surroundings(s, &p, 7, 6.5, &target);
    opt.cover = 5.4;
    assert_int_equal(placements(&ref, &target, &env, &opt), 1);
    for (int k = 0; k < ref.n; k++)
        assert_int_equal(target.atom[out[0].map[k]], ref.atom[k]);
    ref.number[ref.n - 1] = ref.number[ref.n - 1] == 29 ? 40 : 29; /* another element far out */
    assert_int_equal(placements(&ref, &target, &env, &opt), 0);
    ref.number[ref.n - 1] = ref.number[ref.n - 1] == 29 ? 40 : 29;
    ref.n--; /* an atom of the target without a partner, inside the cover radius or not */
    const double *last = ref.x[ref.n];
    opt.cover = sqrt(last[0] * last[0] + last[1] * last[1] + last[2] * last[2]) + 0.01;
    assert_int_equal(placements(&ref, &target, &env, &opt), 0);
    opt.cover -= 0.02;
    assert_int_equal(placements(&ref, &target, &env, &opt), 1);
    opt.cover = 0.0;
    assert_int_equal(placements(&ref, &target, &env, &opt), 1);
    ref.x[ref.n - 1][0] += 0.5; /* out of place by more than the tolerance */
    assert_int_equal(placements(&ref, &target, &env, &opt), 0);
    opt.tolerance = 0.6;
    assert_int_equal(placements(&ref, &target, &env, &opt), 1);
    ref.n_shell--; /* another shell */
    assert_int_equal(sg_topology_match(&ref, &target, 0, NULL, &opt, MAX_OUT, out, &n), SG_OK);
    assert_int_equal(n, 0);
    opt.tolerance = 0.0;
    assert_int_equal(sg_topology_match(&ref, &target, 0, NULL, &opt, MAX_OUT, out, &n), SG_EINVAL);
    ref.n++;
    ref.n_shell++;
    sg_cluster_clear(&ref);
    sg_cluster_clear(&target);
    sg_system_free(s);
}

/* After a strain of 0.04 the atoms that keep their key are found again, each with its old partners. */
static void strained_glass_is_recognised(void **state)
{
    sg_system *s = glass(), *t = NULL;
    const sg_topology_params p = two_cutoffs(3.45, 3.75, 4.05);
    sg_match_options opt = sg_match_defaults();
    sg_bonds *bonds[2] = {NULL, NULL};
    int n_kept = 0, n_found = 0;

    (void)state;
    assert_int_equal(sg_system_copy(s, &t), SG_OK);
    assert_int_equal(sg_system_set_strain(t, 0.04), SG_OK);
    assert_int_equal(sg_bonds_create(s, &p, &bonds[0]), SG_OK);
    assert_int_equal(sg_bonds_create(t, &p, &bonds[1]), SG_OK);
    for (int i = 0; i < s->n; i += 3) {
        sg_environment a, b;
        sg_cluster ref, target;
        int same = 1;
        assert_int_equal(sg_topology_environment(s, &p, bonds[0], i, &a), SG_OK);
        assert_int_equal(sg_topology_environment(t, &p, bonds[1], i, &b), SG_OK);
        if (!sg_environment_same(&a, &b)) continue;
        n_kept++;
        assert_int_equal(sg_cluster_init(&ref, s, &a, 6.0, NULL), SG_OK);
        assert_int_equal(sg_cluster_init(&target, t, &b, 7.0, NULL), SG_OK);
        if (placements(&ref, &target, &b, &opt) >= 1) {
            for (int k = 0; k < ref.n; k++)
                same &= target.atom[out[0].map[k]] == ref.atom[k];
            n_found += same && out[0].max < 0.04 * 6.0;
        }
        sg_cluster_clear(&ref);
        sg_cluster_clear(&target);
    }
    assert_true(n_kept > s->n / 12);
    assert_int_equal(n_found, n_kept);
    sg_bonds_free(bonds[0]);
    sg_bonds_free(bonds[1]);
    sg_system_free(s);
    sg_system_free(t);
}

static void clusters_do_not_depend_on_their_source(void **state)
{
    sg_system *s = glass();
    const sg_topology_params p = two_cutoffs(3.45, 3.75, 4.05);
    sg_match_options opt = sg_match_defaults();
    sg_bonds *spheres = NULL;
    sg_cluster a, b, c;
    unsigned char number[SG_TOPOLOGY_MAX_CLUSTER];
    float x[SG_TOPOLOGY_MAX_CLUSTER][3];

    (void)state;
    assert_int_equal(sg_bonds_create_radius(s, 7.0, &spheres), SG_OK);
    const sg_environment env = surroundings(s, &p, 42, 6.5, &a);
    assert_int_equal(sg_cluster_init(&b, s, &env, 6.5, spheres), SG_OK);
    assert_true(a.n == b.n && a.n_shell == env.n && a.n > 50);
    assert_memory_equal(a.atom, b.atom, (size_t)a.n * sizeof *a.atom);
    for (int k = 0; k < a.n; k++) {
        for (int c3 = 0; c3 < 3; c3++) {
            assert_true(fabs(a.x[k][c3] - b.x[k][c3]) < 1e-10);
            x[k][c3] = (float)a.x[k][c3];
        }
        number[k] = (unsigned char)a.number[k];
    }
    assert_int_equal(sg_cluster_init_record(&c, 40, a.n_shell, number, (const float(*)[3])x), SG_OK);
    assert_int_equal(c.atom[0], -1);
    assert_true(placements(&c, &a, &env, &opt) >= 1 && out[0].max < 1e-5);
    for (int k = 0; k < c.n; k++)
        assert_int_equal(out[0].map[k], k);
    sg_cluster_clear(&c);
    assert_int_equal(sg_cluster_init_record(&c, 3, 4, number, (const float(*)[3])x), SG_EINVAL);
    sg_cluster_clear(&a);
    sg_cluster_clear(&b);
    sg_bonds_free(spheres);
    sg_system_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(turned_copies_are_found),
                                       cmocka_unit_test(a_crystal_has_its_point_group),
                                       cmocka_unit_test(neighbours_of_a_vacancy_are_alike),
                                       cmocka_unit_test(strange_clusters_are_refused),
                                       cmocka_unit_test(strained_glass_is_recognised),
                                       cmocka_unit_test(clusters_do_not_depend_on_their_source)};

    sg_rng_init(&rng, 14, SG_RNG_TEST, 0, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
