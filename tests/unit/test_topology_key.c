/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of environments simple enough to write their canonical form by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "topology_samples.h"

static const double PI = 3.14159265358979323846;

static sg_environment environment(const sg_system *s, const sg_topology_params *p, int atom)
{
    sg_bonds *bonds = NULL;
    sg_environment e;

    assert_int_equal(sg_bonds_create(s, p, &bonds), SG_OK);
    assert_int_equal(sg_topology_environment(s, p, bonds, atom, &e), SG_OK);
    sg_bonds_free(bonds);
    return e;
}

/* A copper atom between two zirconium atoms that are bonded to one another, and a copper atom bonded to the
 * centre alone. */
static sg_system *four_atoms(void)
{
    const double h[3][3] = {{40, 0, 0}, {0, 40, 0}, {0, 0, 40}},
                 x[4][3] = {{0, 3, 0}, {-2.5, -1, 0}, {0, 0, 0}, {0, 1.5, 2.5}};
    sg_system *s = new_system(4, h, 0, 2, CU_ZR);

    memcpy(s->x, x, sizeof x);
    s->type[0] = s->type[3] = 1;
    return s;
}

static void form_is_what_the_header_says(void **state)
{
    sg_system *s = four_atoms();
    const sg_topology_params p = two_cutoffs(2.75, 3.1, 3.25);
    const sg_environment e = environment(s, &p, 2);
    /* centre Cu, then Cu, Zr, Zr; bonds 01 02 03 23 of 01 02 03 12 13 23 -> bits 0 1 2 5 */
    const unsigned char expected[] = {
        1, 0, 0,           0,          2, 29, 40, 27500 & 255, 27500 >> 8, 0,  0,  31000 & 255, 31000 >> 8,
        0, 0, 32500 & 255, 32500 >> 8, 0, 0,  4,  29,          29,         40, 40, 0x27};

    (void)state;
    assert_int_equal(e.n, 4);
    assert_int_equal(e.form_size, (int)sizeof expected);
    assert_memory_equal(e.form, expected, sizeof expected);
    assert_true(e.key == sg_hash(expected, sizeof expected, 0));
    assert_int_equal(e.atom[0], 2);
    assert_int_equal(e.atom[1], 1);
    assert_true(e.x[1][0] == -2.5 && e.x[0][0] == 0.0);
    assert_true(e.number[0] == 29 && e.number[1] == 29 && e.number[2] == 40 && e.number[3] == 40);
    sg_system_free(s);
}

static void key_tells_species_bonds_and_centre_apart(void **state)
{
    sg_system *s = four_atoms();
    const sg_topology_params p = two_cutoffs(2.75, 3.1, 3.25), longer = two_cutoffs(2.75, 3.1, 3.3);
    const sg_environment e = environment(s, &p, 2);
    sg_environment f;

    (void)state;
    f = environment(s, &p, 0); /* another centre: Zr bonded to Zr and Cu, which are bonded */
    assert_false(sg_environment_same(&e, &f));
    f = environment(s, &longer, 2); /* same graph, other rule */
    assert_false(sg_environment_same(&e, &f));
    assert_true(f.key != e.key);
    s->type[1] = 1; /* the same graph, another element */
    f = environment(s, &p, 2);
    assert_true(f.n == 4 && f.form_size == e.form_size && f.key != e.key);
    s->type[1] = 0;
    s->x[3][1] = -1.5; /* bond between the zirconium atoms gone */
    f = environment(s, &p, 2);
    assert_true(f.n == 4 && f.key != e.key);
    sg_system_free(s);
}

/* Two triangles and a hexagon around the centre: same sizes, colours and degrees, different graphs. */
static void equal_degrees_do_not_deceive(void **state)
{
    const double h[3][3] = {{40, 0, 0}, {0, 40, 0}, {0, 0, 40}};
    const sg_topology_params p = {.n_species = 1, .cutoff = {{2.2}}};
    sg_system *s = new_system(7, h, 0, 1, CU_ZR);

    (void)state;
    for (int k = 0; k < 6; k++) { /* prism: triangles of side sqrt(3), 2.4 apart */
        s->x[k + 1][0] = cos(k / 2 * 2.0 * PI / 3);
        s->x[k + 1][1] = sin(k / 2 * 2.0 * PI / 3);
        s->x[k + 1][2] = k % 2 ? 1.2 : -1.2;
    }
    const sg_environment triangles = environment(s, &p, 0);
    for (int k = 0; k < 6; k++) {
        s->x[k + 1][0] = 2.0 * cos(k * PI / 3);
        s->x[k + 1][1] = 2.0 * sin(k * PI / 3);
        s->x[k + 1][2] = 0.0;
    }
    const sg_environment ring = environment(s, &p, 0);
    int perm[100][SG_TOPOLOGY_MAX_VERTICES], n;
    assert_int_equal(triangles.form_size, ring.form_size);
    assert_true(triangles.key != ring.key);
    assert_int_equal(sg_topology_automorphisms(&triangles, 100, perm, &n), SG_OK);
    assert_int_equal(n, 72); /* 3! 3! 2 */
    assert_int_equal(sg_topology_automorphisms(&ring, 100, perm, &n), SG_OK);
    assert_int_equal(n, 12); /* dihedral group of the hexagon */
    assert_int_equal(sg_topology_automorphisms(&ring, 5, perm, &n), SG_OK);
    assert_int_equal(n, 5);
    sg_system_free(s);
}

static void a_collision_is_found_by_the_form(void **state)
{
    sg_system *s = four_atoms();
    const sg_topology_params p = two_cutoffs(2.75, 3.1, 3.25);
    const sg_environment a = environment(s, &p, 2);
    sg_environment b = a;

    (void)state;
    assert_true(sg_environment_same(&a, &b));
    b.form[b.form_size - 1] ^= 1; /* same key by decree */
    assert_false(sg_environment_same(&a, &b));
    b = a;
    b.form_size--;
    assert_false(sg_environment_same(&a, &b));
    sg_system_free(s);
}

/* In the cubic cell itself every atom sees four images of each other one; in a one-atom cell only its own
 * images. */
static void small_cells_unfold(void **state)
{
    const double a = 3.6, r = 3.1, root_half = sqrt(0.5), site[1][3] = {{0, 0, 0}};
    const sg_topology_params p = {.n_species = 1, .cutoff = {{r}}}, sc = {.n_species = 1, .cutoff = {{2.9}}};
    const double h[3][3] = {
        {a * root_half, 0, 0},
        {0.5 * a * root_half, a * root_half * sqrt(0.75), 0},
        {0.5 * a * root_half, a * root_half * sqrt(1.0 / 12.0), a * root_half * sqrt(2.0 / 3.0)}};
    sg_system *one = new_system(1, h, 1, 1, CU_ZR), *four = lattice(1, a, 4, FCC, 1, CU_ZR),
              *many = lattice(3, a, 4, FCC, 1, CU_ZR);
    const sg_environment e = environment(many, &p, 7), f = environment(four, &p, 2),
                         g = environment(one, &p, 0);
    int perm[60][SG_TOPOLOGY_MAX_VERTICES], n;

    (void)state;
    assert_int_equal(e.n, 13);
    assert_true(sg_environment_same(&e, &f));
    assert_true(sg_environment_same(&e, &g));
    assert_int_equal(sg_topology_automorphisms(&e, 60, perm, &n), SG_OK);
    assert_int_equal(n, 48); /* of the cuboctahedron */
    sg_system_free(one);
    sg_system_free(four);
    sg_system_free(many);
    one = lattice(1, 2.5, 1, site, 1, CU_ZR);
    const sg_environment cube = environment(one, &sc, 0);
    assert_int_equal(cube.n, 7);
    sg_system_free(one);
}

static void too_long_a_cutoff_is_refused(void **state)
{
    sg_system *s = lattice(3, 3.6, 4, FCC, 1, CU_ZR);
    const sg_topology_params p = {.n_species = 1, .cutoff = {{6.0}}};
    sg_bonds *bonds = NULL;
    sg_environment e;
    sg_keys *keys;

    (void)state;
    assert_int_equal(sg_bonds_create(s, &p, &bonds), SG_OK);
    assert_int_equal(sg_topology_environment(s, &p, bonds, 0, &e), SG_EINVAL);
    assert_non_null(strstr(sg_error_text(), "cutoff too long"));
    assert_int_equal(sg_keys_create(s, &p, &keys), SG_EINVAL);
    assert_null(keys);
    sg_bonds_free(bonds);
    sg_system_free(s);
}

/* Move one atom just inside and just outside the cutoff: the flipped key of the one is the key of the other.
 */
static void marginal_bonds_are_flipped(void **state)
{
    sg_system *s = four_atoms();
    const sg_topology_params p = two_cutoffs(2.75, 3.1, 3.25);
    sg_environment in[8], out[8];
    sg_bonds *bonds = NULL;
    int n_in, n_out, atom[2] = {2, 0};

    (void)state;
    for (int c = 0; c < 2;
         c++) { /* seen from the centre a vertex comes and goes, seen from atom 0 a bond of its shell */
        s->x[3][1] = 0.0;
        s->x[3][2] = 3.09;
        s->x[0][1] = 0.8; /* within 3.25 of atom 3 */
        assert_int_equal(sg_bonds_create(s, &p, &bonds), SG_OK);
        assert_int_equal(sg_topology_marginal(s, &p, bonds, atom[c], 0.05, 8, in, &n_in), SG_OK);
        sg_bonds_free(bonds);
        s->x[3][2] = 3.11;
        assert_int_equal(sg_bonds_create(s, &p, &bonds), SG_OK);
        assert_int_equal(sg_topology_marginal(s, &p, bonds, atom[c], 0.05, 8, out, &n_out), SG_OK);
        sg_bonds_free(bonds);
        assert_true(n_in >= 2 && n_out >= 2);
        assert_true(in[0].key != out[0].key);
        assert_true(sg_environment_same(&in[1], &out[0]));
        assert_true(sg_environment_same(&out[1], &in[0]));
    }
    assert_int_equal(sg_bonds_create(s, &p, &bonds), SG_OK);
    assert_int_equal(sg_topology_marginal(s, &p, bonds, 2, 0.05, 1, out, &n_out), SG_OK);
    assert_int_equal(n_out, 1);
    assert_int_equal(sg_topology_marginal(s, &p, bonds, 2, 1.0, 1, out, &n_out), SG_EINVAL);
    sg_bonds_free(bonds);
    sg_system_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(form_is_what_the_header_says),
                                       cmocka_unit_test(key_tells_species_bonds_and_centre_apart),
                                       cmocka_unit_test(equal_degrees_do_not_deceive),
                                       cmocka_unit_test(a_collision_is_found_by_the_form),
                                       cmocka_unit_test(small_cells_unfold),
                                       cmocka_unit_test(too_long_a_cutoff_is_refused),
                                       cmocka_unit_test(marginal_bonds_are_flipped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
