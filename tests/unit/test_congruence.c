/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structures turned, mirrored, shifted and renumbered on purpose are found out, and no others are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "topology_samples.h"

static const double noise = 1e-3; /* Å */
static const double tolerance = 0.01;
static sg_rng rng;

typedef struct answer {
    sg_congruence c;
    int found;
} answer;

static answer ask(const sg_system *s, const double (*ref)[3], const int *colour_ref,
                  const double (*target)[3], const int *colour_target)
{
    sg_cell_symmetries ops;
    answer a = {.c = {.map = calloc((size_t)s->n, sizeof *a.c.map),
                      .image = calloc((size_t)s->n, sizeof *a.c.image)}};

    sg_topology_cell_symmetries(&s->cell, &ops);
    assert_int_equal(
        sg_topology_congruence(s, &ops, ref, colour_ref, target, colour_target, tolerance, &a.c, &a.found),
        SG_OK);
    return a;
}

static void answer_clear(answer *a)
{
    free(a->c.map);
    free(a->c.image);
}

/* Orthogonal, and integer in the basis of the cell. */
static void check_operation(const sg_cell *cell, const double R[3][3])
{
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            double dot = 0;
            for (int k = 0; k < 3; k++)
                dot += R[k][a] * R[k][b];
            assert_true(fabs(dot - (a == b)) < 1e-9);
        }
    for (int i = 0; i < 3; i++) {
        double y[3], f;
        rotate(R, cell->h[i], y);
        for (int j = 0; j < 3; j++) {
            f = y[0] * cell->hinv[0][j] + y[1] * cell->hinv[1][j] + y[2] * cell->hinv[2][j];
            assert_true(fabs(f - rint(f)) < 1e-9);
        }
    }
}

static void check_cell(const double h0[3][3], double gamma, int c_periodic, int expected)
{
    const int periodic[3] = {1, 1, c_periodic};
    sg_cell_symmetries ops;
    sg_cell cell;

    assert_int_equal(sg_cell_init(&cell, h0, gamma, periodic), SG_OK);
    sg_topology_cell_symmetries(&cell, &ops);
    assert_int_equal(ops.n, expected);
    for (int k = 0; k < ops.n; k++) {
        check_operation(&cell, (const double(*)[3])ops.R[k]);
        for (int q = 0; q < k; q++)
            assert_memory_not_equal(ops.R[k], ops.R[q], sizeof ops.R[k]);
    }
}

/* Orders of the point groups of the Bravais lattices. */
static void cells_have_their_point_groups(void **state)
{
    static const double cubic[3][3] = {{10, 0, 0}, {0, 10, 0}, {0, 0, 10}};
    static const double tetragonal[3][3] = {{10, 0, 0}, {0, 10, 0}, {0, 0, 13}};
    static const double brick[3][3] = {{10, 0, 0}, {0, 11, 0}, {0, 0, 13}};
    const double hexagonal[3][3] = {{10, 0, 0}, {-5, 5 * sqrt(3.0), 0}, {0, 0, 13}};
    static const double oblique[3][3] = {{10, 0, 0}, {1, 11, 0}, {2, 3, 13}};

    (void)state;
    check_cell(cubic, 0, 1, 48);
    check_cell(cubic, 0, 0, 16);
    check_cell(tetragonal, 0, 1, 16);
    check_cell(brick, 0, 1, 8);
    check_cell(hexagonal, 0, 1, 24);
    check_cell(cubic, 0.04, 1, 4); /* monoclinic */
    check_cell(oblique, 0, 1, 2);
}

/* Two elements, no symmetry of its own. */
static sg_system *disorder(void)
{
    sg_system *s = lattice(4, 3.75, 4, FCC, 2, CU_ZR);

    for (int i = 0; i < s->n; i++) {
        s->type[i] = sg_rng_uniform(&rng) < 0.36;
        for (int c = 0; c < 3; c++)
            s->x[i][c] += 0.25 * sg_rng_normal(&rng);
    }
    return s;
}

/* Like atoms change places: order[i] is the atom that i becomes. */
static void exchange(const sg_system *s, int *order)
{
    for (int i = 0; i < s->n; i++)
        order[i] = i;
    for (int k = 0; k < 20 * s->n; k++) {
        const int i = (int)(sg_rng_uniform(&rng) * s->n), j = (int)(sg_rng_uniform(&rng) * s->n);
        if (s->type[i] != s->type[j] || s->fixed[i] != s->fixed[j]) continue;
        const int keep = order[i];
        order[i] = order[j];
        order[j] = keep;
    }
}

static void move(const sg_system *s, const double R[3][3], const int *order, double (*out)[3])
{
    double shift[3];

    for (int c = 0; c < 3; c++)
        shift[c] = 40 * (sg_rng_uniform(&rng) - 0.5);
    for (int i = 0; i < s->n; i++) {
        double *const y = out[order[i]];
        rotate(R, s->x[i], y);
        for (int c = 0; c < 3; c++)
            y[c] += shift[c] + noise * (sg_rng_uniform(&rng) - 0.5);
        for (int v = 0; v < 3; v++) { /* unwrapped somewhere else */
            const double turns = floor(3 * sg_rng_uniform(&rng)) - 1;
            for (int c = 0; c < 3; c++)
                y[c] += turns * s->cell.h[v][c];
        }
    }
}

static void check_answer(const sg_system *s, const answer *a, const double R[3][3], const int *order,
                         const double (*target)[3])
{
    assert_int_equal(a->found, 1);
    assert_memory_equal(a->c.map, order, (size_t)s->n * sizeof *order);
    assert_true(a->c.worst < 2 * noise && a->c.worst > 0);
    for (int p = 0; p < 3; p++)
        for (int q = 0; q < 3; q++)
            assert_true(fabs(a->c.R[p][q] - R[p][q]) < 1e-12);
    for (int i = 1; i < s->n; i++) { /* the image is the reference carried along, near the target */
        double d[3], carried[3], got[3], near[3];
        for (int c = 0; c < 3; c++) {
            d[c] = s->x[i][c] - s->x[0][c];
            got[c] = a->c.image[order[i]][c] - a->c.image[order[0]][c];
            near[c] = a->c.image[order[i]][c] - target[order[i]][c];
        }
        rotate(R, d, carried);
        for (int c = 0; c < 3; c++)
            got[c] -= carried[c];
        sg_cell_minimum_image(&s->cell, got);
        for (int c = 0; c < 3; c++)
            assert_true(fabs(got[c]) < 1e-9 && fabs(near[c]) < 2 * noise);
    }
}

static void check_moves(sg_system *s)
{
    sg_cell_symmetries ops;
    int *order = calloc((size_t)s->n, sizeof *order), *plain = calloc((size_t)s->n, sizeof *plain),
        *coloured = calloc((size_t)s->n, sizeof *coloured), *moved = calloc((size_t)s->n, sizeof *moved);
    double(*x)[3] = calloc((size_t)s->n, sizeof *x);

    for (int i = 0; i < s->n; i++)
        coloured[i] = i % 5 + (i % 17 == 3) * 100;
    sg_topology_cell_symmetries(&s->cell, &ops);
    for (int k = 0; k < ops.n; k += 1 + ops.n / 7) {
        exchange(s, order);
        move(s, (const double(*)[3])ops.R[k], order, x);
        for (int i = 0; i < s->n; i++)
            moved[order[i]] = coloured[i];
        for (int with = 0; with < 2; with++) {
            const int *ref = with ? coloured : plain, *target = with ? moved : plain;
            answer a = ask(s, (const double(*)[3])s->x, ref, (const double(*)[3])x, target);
            check_answer(s, &a, (const double(*)[3])ops.R[k], order, (const double(*)[3])x);
            answer_clear(&a);
        }
        x[s->n / 3][1] += 0.05; /* one atom out of place */
        answer a = ask(s, (const double(*)[3])s->x, plain, (const double(*)[3])x, plain);
        assert_int_equal(a.found, 0);
        answer_clear(&a);
    }
    free(order);
    free(plain);
    free(coloured);
    free(moved);
    free(x);
}

static void moved_copies_are_found(void **state)
{
    sg_system *s = disorder();

    (void)state;
    check_moves(s);
    assert_int_equal(sg_system_set_strain(s, 0.05), SG_OK);
    check_moves(s);
    sg_system_free(s);
}

/* A quarter turn is no symmetry of a sheared cell, whatever the atoms do. */
static void what_the_cell_forbids_is_not_found(void **state)
{
    static const double quarter[3][3] = {{0, -1, 0}, {1, 0, 0}, {0, 0, 1}};
    sg_system *s = disorder();
    int *order = calloc((size_t)s->n, sizeof *order), *plain = calloc((size_t)s->n, sizeof *plain);
    double(*x)[3] = calloc((size_t)s->n, sizeof *x);

    (void)state;
    assert_int_equal(sg_system_set_strain(s, 0.05), SG_OK);
    exchange(s, order);
    move(s, quarter, order, x);
    answer a = ask(s, (const double(*)[3])s->x, plain, (const double(*)[3])x, plain);
    assert_int_equal(a.found, 0);
    answer_clear(&a);
    free(order);
    free(plain);
    free(x);
    sg_system_free(s);
}

/* A fixed atom is carried to a fixed one or not at all, and an unlike one never takes another's place. */
static void unlike_atoms_do_not_change_places(void **state)
{
    sg_system *s = disorder();
    int *plain = calloc((size_t)s->n, sizeof *plain), *order = calloc((size_t)s->n, sizeof *order);
    static const double unit[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    double(*x)[3] = calloc((size_t)s->n, sizeof *x);
    int other = 1;

    (void)state;
    while (s->type[other] == s->type[0])
        other++;
    for (int i = 0; i < s->n; i++)
        order[i] = i == 0 ? other : i == other ? 0 : i;
    move(s, unit, order, x);
    answer a = ask(s, (const double(*)[3])s->x, plain, (const double(*)[3])x, plain);
    assert_int_equal(a.found, 0);
    answer_clear(&a);

    other = 1;
    while (s->type[other] != s->type[0])
        other++;
    for (int i = 0; i < s->n; i++)
        order[i] = i == 0 ? other : i == other ? 0 : i;
    move(s, unit, order, x);
    a = ask(s, (const double(*)[3])s->x, plain, (const double(*)[3])x, plain);
    check_answer(s, &a, unit, order, (const double(*)[3])x);
    answer_clear(&a);
    s->fixed[0] = 1;
    s->n_fixed = 1;
    a = ask(s, (const double(*)[3])s->x, plain, (const double(*)[3])x, plain);
    assert_int_equal(a.found, 0);
    answer_clear(&a);
    free(order);
    free(plain);
    free(x);
    sg_system_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cells_have_their_point_groups),
                                       cmocka_unit_test(moved_copies_are_found),
                                       cmocka_unit_test(what_the_cell_forbids_is_not_found),
                                       cmocka_unit_test(unlike_atoms_do_not_change_places)};

    sg_rng_init(&rng, 5, SG_RNG_STEP, 0, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
