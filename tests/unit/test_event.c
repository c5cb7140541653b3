/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events: numbers of an edge against what they are defined by, generic events against the symmetry of a
 * crystal. */
#include "event_samples.h"

#include "slowglass/event.h"

enum { MAX_PERM = 64, MAX_PLACE = 48 };

typedef struct scene { /* a vacancy hop */
    defect d;
    searcher w;
    int neighbour[12];
    sg_topology_params params;
    sg_cat_edge edge;
    double (*d_saddle)[3], (*d_final)[3], (*guess)[3], (*mode)[3];
} scene;

static void find_hop(defect *d, int atom, double (*guess)[3], searcher *w)
{
    on_the_way(d, atom, 0.5, guess);
    assert_int_equal(refine(d, (positions)guess, NULL, w), SG_FOUND);
}

static void scene_make(scene *s, int n, int hop)
{
    memset(s, 0, sizeof *s);
    lj_vacancy(&s->d, n);
    s->d.opt.f_saddle = 1e-5; /* at the default of 1e-3 the strain derivative is off by 0.3 % */
    vacancy_find(&s->d, HOLLOW, s->neighbour);
    searcher_make(&s->d, &s->w);
    s->params = (sg_topology_params){.n_species = 1, .cutoff = {{3.1}}};
    s->d_saddle = calloc(4 * (size_t)s->d.sys->n, sizeof *s->d_saddle);
    s->d_final = s->d_saddle + s->d.sys->n;
    s->guess = s->d_saddle + 2 * s->d.sys->n;
    s->mode = s->d_saddle + 3 * s->d.sys->n;
    find_hop(&s->d, s->neighbour[hop], s->guess, &s->w);
    assert_ok(sg_event_edge(s->d.sys, s->d.problem.e_start, s->d.problem.virial_start, s->w.p,
                            SG_SAMPLER_LOCAL, &s->edge));
    const positions x = (positions)s->d.sys->x;
    sg_system_displacement(s->d.sys, x, (positions)s->w.p->x_saddle, s->d_saddle, NULL);
    sg_system_displacement(s->d.sys, x, (positions)s->w.p->x_final, s->d_final, NULL);
}

static void scene_clear(scene *s)
{
    sg_cat_edge_clear(&s->edge);
    searcher_clear(&s->w);
    defect_clear(&s->d);
    free(s->d_saddle);
}

/* Displacement with the mean taken out, by hand: no atom moves half the cell here. */
static void by_hand(const sg_system *sys, positions x, double (*d)[3])
{
    double mean[3] = {0, 0, 0};

    for (int i = 0; i < sys->n; i++)
        for (int c = 0; c < 3; c++) {
            d[i][c] = x[i][c] - sys->x[i][c];
            d[i][c] -= sys->cell.h[c][c] * round(d[i][c] / sys->cell.h[c][c]);
            mean[c] += d[i][c] / sys->n;
        }
    for (int i = 0; i < sys->n; i++)
        for (int c = 0; c < 3; c++)
            d[i][c] -= mean[c];
}

static void test_numbers_of_an_edge(void **state)
{
    scene s;
    double sum2 = 0, sum4 = 0, saddle2 = 0;

    (void)state;
    scene_make(&s, 3, 4);
    by_hand(s.d.sys, (positions)s.w.p->x_final, s.d_final);
    by_hand(s.d.sys, (positions)s.w.p->x_saddle, s.d_saddle);
    for (int i = 0; i < s.d.sys->n; i++) {
        const double *a = s.d_final[i], *b = s.d_saddle[i], d2 = a[0] * a[0] + a[1] * a[1] + a[2] * a[2];
        sum2 += d2;
        sum4 += d2 * d2;
        saddle2 += b[0] * b[0] + b[1] * b[1] + b[2] * b[2];
        for (int c = 0; c < 3; c++)
            assert_near((double)s.edge.d_saddle[i][c], b[c], 1e-6);
    }
    assert_near(s.edge.dist_final, sqrt(sum2), 1e-9);
    assert_near(s.edge.dist_saddle, sqrt(saddle2), 1e-9);
    assert_near(s.edge.participation, sum2 * sum2 / sum4, 1e-9);
    assert_true(s.edge.participation > 1 && s.edge.participation < 1.5); /* one atom hops */
    assert_int_equal(s.edge.centre, s.neighbour[4]);
    assert_int_equal(s.edge.centre_back, s.neighbour[4]);
    assert_int_equal(s.edge.n, s.d.sys->n);
    assert_near(s.edge.barrier, s.w.p->e_saddle - s.d.problem.e_start, 1e-12);
    assert_near(s.edge.barrier_back, s.edge.barrier, 1e-5);
    assert_near(s.edge.dist_saddle, s.edge.dist_final / 2, 0.05 * s.edge.dist_final); /* half way */
    scene_clear(&s);
}

/* Barrier and final energy of the event at another strain: all three points converged anew. */
static void at_strain(const scene *s, double gamma, double *barrier, double *rise)
{
    defect d = s->d;
    searcher w;
    double(*guess)[3] = calloc((size_t)d.sys->n, sizeof *guess);

    assert_ok(sg_system_copy(s->d.sys, &d.sys));
    assert_ok(sg_system_set_strain(d.sys, gamma));
    defect_relax(&d, 1e-5);
    d.opt.f_saddle = d.opt.f_minimum = 1e-5;
    d.problem.opt = &d.opt;
    searcher_make(&d, &w);
    for (int i = 0; i < d.sys->n; i++)
        for (int c = 0; c < 3; c++)
            guess[i][c] = s->w.p->x_saddle[i][c] + (c == 0 ? gamma * s->w.p->x_saddle[i][1] : 0);
    assert_int_equal(refine(&d, (positions)guess, (positions)s->w.p->mode, &w), SG_FOUND);
    *barrier = w.p->e_saddle - d.problem.e_start;
    *rise = w.p->e_final - d.problem.e_start;
    free(guess);
    searcher_clear(&w);
    sg_system_free(d.sys);
}

static void check_strain_derivatives(const scene *s, double least)
{
    const double dg = 1e-3;
    double plus[2], minus[2];

    at_strain(s, dg, &plus[0], &plus[1]);
    at_strain(s, -dg, &minus[0], &minus[1]);
    const double saddle = (plus[0] - minus[0]) / (2 * dg), final = (plus[1] - minus[1]) / (2 * dg);
    assert_true(fabs(saddle) > least);
    assert_near(s->edge.strain_saddle[3], saddle, 1e-3 * fabs(saddle));
    assert_near(s->edge.strain_final[3], final, 1e-3 * fabs(saddle));
    print_message("d barrier / d gamma: %.5f eV, by differences %.5f; of the final state %.5f, %.5f\n",
                  s->edge.strain_saddle[3], saddle, s->edge.strain_final[3], final);
}

static void test_strain_derivative_of_the_barrier(void **state)
{
    int hop = -1;
    scene s;

    (void)state;
    for (int k = 0; k < 12 && hop < 0; k++) { /* one within the xy plane: shear xy matters to it */
        scene_make(&s, 3, k);
        double d[3];
        for (int c = 0; c < 3; c++)
            d[c] = s.d.vacancy[c] - s.d.sys->x[s.neighbour[k]][c];
        sg_cell_minimum_image(&s.d.sys->cell, d);
        if (fabs(d[0]) > 1 && fabs(d[1]) > 1)
            hop = k;
        else
            scene_clear(&s);
    }
    assert_true(hop >= 0);
    check_strain_derivatives(&s, 0.5);
    scene_clear(&s);
}

/* The same for a hop whose ends differ: there is a second vacancy, and the hop changes their distance. */
static void test_strain_derivative_of_the_final_state(void **state)
{
    scene s;
    int gone = -1, hop;

    (void)state;
    scene_make(&s, 3, 0);
    sg_system *const sys = s.d.sys;
    for (int i = 0; i < sys->n && gone < 0;
         i++) /* a second neighbour of the vacancy, off the axes of the shear */
        if (fabs(separation(sys, s.d.vacancy, sys->x[i]) - 3.62) < 0.2) gone = i;
    assert_true(gone >= 0);
    memmove(sys->x + gone, sys->x + gone + 1, (size_t)(sys->n - gone - 1) * sizeof *sys->x);
    sys->n--; /* the arrays are longer than need be from now on */
    defect_relax(&s.d, 1e-6);
    s.d.problem.opt = &s.d.opt;
    searcher_clear(&s.w);
    searcher_make(&s.d, &s.w);
    for (hop = 0; hop < 12; hop++) { /* within the xy plane */
        double d[3];
        if (s.neighbour[hop] == gone) continue;
        s.neighbour[hop] -= s.neighbour[hop] > gone;
        for (int c = 0; c < 3; c++)
            d[c] = s.d.vacancy[c] - sys->x[s.neighbour[hop]][c];
        sg_cell_minimum_image(&sys->cell, d);
        if (fabs(d[0]) < 1 || fabs(d[1]) < 1) continue;
        on_the_way(&s.d, s.neighbour[hop], 0.5, s.guess);
        if (refine(&s.d, (positions)s.guess, NULL, &s.w) != SG_FOUND) continue;
        if (fabs(s.w.p->e_final - s.d.problem.e_start) > 0.01) break;
    }
    assert_true(hop < 12);
    sg_cat_edge_clear(&s.edge);
    assert_ok(
        sg_event_edge(sys, s.d.problem.e_start, s.d.problem.virial_start, s.w.p, SG_SAMPLER_LOCAL, &s.edge));
    assert_true(fabs(s.edge.strain_final[3]) > 0.05);
    check_strain_derivatives(&s, 0.5);
    scene_clear(&s);
}

/* ---- generic events ---- */

static void environment(const sg_system *sys, const sg_topology_params *params, int atom, sg_environment *env,
                        sg_bonds **bonds)
{
    assert_ok(sg_bonds_create(sys, params, bonds));
    assert_ok(sg_topology_environment(sys, params, *bonds, atom, env));
}

static void make_generic(const scene *s, sg_cat_event *ev)
{
    sg_environment env;
    sg_bonds *bonds = NULL;

    environment(s->d.sys, &s->params, (int)s->edge.centre, &env, &bonds);
    assert_ok(sg_event_generic(s->d.sys, &env, bonds, (positions)s->d_saddle, (positions)s->d_final,
                               (positions)s->w.p->mode, &s->edge, 0, 7, ev));
    sg_bonds_free(bonds);
}

/* Lay an event on an atom. @return the smallest largest distance, over the placements, between the guess and
 * the wanted saddle, on the atoms of the event; the guess is that of this placement. */
static double place(const scene *s, const sg_system *sys, const sg_cat_event *ev, int atom, positions want,
                    int *n, double *residual)
{
    static sg_placement list[MAX_PLACE];
    static int perm[MAX_PERM][SG_TOPOLOGY_MAX_VERTICES];
    sg_environment env;
    sg_bonds *bonds = NULL;
    sg_cluster cluster;
    int n_perm, best = -1;
    double least = INFINITY;

    environment(sys, &s->params, atom, &env, &bonds);
    assert_true(env.key == ev->key);
    assert_ok(sg_topology_automorphisms(&env, MAX_PERM, perm, &n_perm));
    assert_ok(sg_cluster_init(&cluster, sys, &env, SG_EVENT_REACH + SG_TOPOLOGY_ASSIGN_MAX, NULL));
    assert_ok(sg_event_place(ev, &cluster, n_perm, (const int(*)[SG_TOPOLOGY_MAX_VERTICES])perm, 0.3,
                             MAX_PLACE, list, n));
    *residual = *n > 0 ? list[0].max : NAN;
    for (int q = 0; q < *n; q++) {
        double worst = 0;
        sg_event_guess(sys, ev, &cluster, &list[q], s->guess, s->mode);
        for (int k = 0; k < list[q].n; k++) {
            const int i = cluster.atom[list[q].map[k]];
            const double miss = separation(sys, s->guess[i], want[i]);
            worst = miss > worst ? miss : worst;
        }
        if (worst < least) least = worst, best = q;
    }
    if (best >= 0) sg_event_guess(sys, ev, &cluster, &list[best], s->guess, s->mode);
    sg_cluster_clear(&cluster);
    sg_bonds_free(bonds);
    return least;
}

static void check_hop_from_guess(const defect *d, double barrier, const scene *s, searcher *w)
{
    assert_int_equal(refine(d, (positions)s->guess, (positions)s->mode, w), SG_FOUND);
    assert_near(w->p->e_saddle - d->problem.e_start, barrier, 1e-5);
}

static void test_generic_event_comes_back(void **state)
{
    scene s;
    sg_cat_event ev;
    double residual;
    int n;

    (void)state;
    scene_make(&s, 4, 2);
    make_generic(&s, &ev);
    assert_near(ev.barrier, s.edge.barrier, 0);
    assert_near(ev.dist_saddle, s.edge.dist_saddle, 1e-6);
    assert_true(ev.n > ev.n_shell &&
                ev.n < 60); /* the hopping atom, those around its path, their neighbours */
    assert_true(place(&s, s.d.sys, &ev, s.neighbour[2], (positions)s.w.p->x_saddle, &n, &residual) < 0.01);
    assert_true(n >= 1 && residual < 1e-3);
    check_hop_from_guess(&s.d, s.edge.barrier, &s, &s.w);
    sg_cat_event_clear(&ev);
    scene_clear(&s);
}

/* Index in the record of the atom i of the cell, -1 if it was left out. */
static int place_in_record(const scene *s, const sg_cat_event *ev, int i)
{
    const double *centre = s->d.sys->x[s->edge.centre];

    for (uint32_t k = 0; k < ev->n; k++) {
        double x[3];
        for (int a = 0; a < 3; a++)
            x[a] = centre[a] + (double)ev->x[k][a];
        if (separation(s->d.sys, x, s->d.sys->x[i]) < 1e-3) return (int)k;
    }
    return -1;
}

/* The mode is that of the passage, cut to the support; what is left out moves by the residual at most. */
static void test_mode_and_residual(void **state)
{
    scene s;
    sg_cat_event ev;
    double residual = 0, norm2 = 0, kept2 = 0, overlap = 0, forward = 0, worst;
    int n;

    (void)state;
    scene_make(&s, 4, 2);
    make_generic(&s, &ev);
    for (int i = 0; i < s.d.sys->n; i++) {
        const int k = place_in_record(&s, &ev, i);
        double moved2 = 0;
        for (int a = 0; a < 3; a++) {
            moved2 += s.d_saddle[i][a] * s.d_saddle[i][a];
            if (k < 0) continue;
            norm2 += (double)ev.mode[k][a] * (double)ev.mode[k][a];
            kept2 += s.w.p->mode[i][a] * s.w.p->mode[i][a];
            overlap += (double)ev.mode[k][a] * s.w.p->mode[i][a];
            forward += (double)ev.mode[k][a] * (double)ev.d_final[k][a];
        }
        if (k < 0 && sqrt(moved2) > residual) residual = sqrt(moved2);
    }
    assert_near(norm2, 1, 1e-6);
    assert_near(fabs(overlap), sqrt(kept2), 1e-6);
    assert_true(forward > 0);
    assert_true(residual > 0);
    assert_near(ev.residual, residual, 1e-12);
    assert_true(ev.residual < SG_EVENT_MOVER);

    /* laid on its own atom it is the mode again; a record without one gives the way to the final minimum */
    place(&s, s.d.sys, &ev, s.neighbour[2], (positions)s.w.p->x_saddle, &n, &worst);
    overlap = 0;
    for (int i = 0; i < s.d.sys->n; i++)
        for (int a = 0; a < 3; a++)
            overlap += s.mode[i][a] * s.w.p->mode[i][a];
    assert_near(fabs(overlap), sqrt(kept2), 1e-3);
    memset(ev.mode, 0, ev.n * sizeof *ev.mode);
    place(&s, s.d.sys, &ev, s.neighbour[2], (positions)s.w.p->x_saddle, &n, &worst);
    for (int a = 0; a < 3; a++)
        assert_near(s.mode[s.edge.centre][a], s.d_final[s.edge.centre][a], 1e-3);
    sg_cat_event_clear(&ev);
    scene_clear(&s);
}

/* Laid on each of the other neighbours of the vacancy it gives that neighbour's hop. */
static void test_generic_event_on_equivalent_atoms(void **state)
{
    scene s;
    sg_cat_event ev;
    double residual;
    int n;

    (void)state;
    scene_make(&s, 4, 2);
    make_generic(&s, &ev);
    for (int k = 0; k < 12; k += 5) {
        searcher other;
        searcher_make(&s.d, &other);
        find_hop(&s.d, s.neighbour[k], s.guess, &other);
        assert_true(place(&s, s.d.sys, &ev, s.neighbour[k], (positions)other.p->x_saddle, &n, &residual) <
                    0.01);
        check_hop_from_guess(&s.d, s.edge.barrier, &s, &other);
        searcher_clear(&other);
    }
    sg_cat_event_clear(&ev);
    scene_clear(&s);
}

/* The whole system turned, mirrored and its atoms named anew: the event lands on the image of its centre. */
static void test_generic_event_after_a_symmetry_operation(void **state)
{
    static const int axis[3][3] = {{1, 2, 0}, {2, 1, 0}, {0, 2, 1}},
                     sign[3][3] = {{1, 1, 1}, {-1, 1, -1}, {1, -1, 1}};
    scene s;
    sg_cat_event ev;
    double residual;
    int n;

    (void)state;
    scene_make(&s, 4, 2);
    make_generic(&s, &ev);
    for (int op = 0; op < 3; op++) {
        defect turned = s.d;
        searcher w;
        assert_ok(sg_system_copy(s.d.sys, &turned.sys));
        double(*want)[3] = calloc((size_t)turned.sys->n, sizeof *want);
        for (int i = 0; i < turned.sys->n; i++) {
            const int to = (i * 7 + 3) % turned.sys->n; /* 255 has no factor 7 */
            for (int c = 0; c < 3; c++) {
                turned.sys->x[to][c] = sign[op][c] * s.d.sys->x[i][axis[op][c]] + 0.37;
                want[to][c] = sign[op][c] * s.w.p->x_saddle[i][axis[op][c]] + 0.37;
            }
        }
        defect_relax(&turned, 1e-5);
        turned.problem.opt = &turned.opt;
        searcher_make(&turned, &w);
        const int centre = (s.neighbour[2] * 7 + 3) % turned.sys->n;
        assert_true(place(&s, turned.sys, &ev, centre, (positions)want, &n, &residual) < 0.01);
        check_hop_from_guess(&turned, s.edge.barrier, &s, &w);
        searcher_clear(&w);
        sg_system_free(turned.sys);
        free(want);
    }
    sg_cat_event_clear(&ev);
    scene_clear(&s);
}

/* The record of the way back, made from the way there, is that of the event found from the other end. */
static void test_reverse_of_a_generic_event(void **state)
{
    scene s, other;
    sg_environment env;
    sg_bonds *bonds = NULL;
    sg_cat_event back, forth;

    (void)state;
    scene_make(&s, 4, 2);
    scene_make(&other, 4, 2); /* overwritten below: the problem as seen from the final state */
    const size_t n = (size_t)s.d.sys->n;
    memcpy(other.d.sys->x, s.w.p->x_final, n * sizeof *s.guess);
    defect_relax(&other.d, 1e-5);
    other.d.problem.opt = &other.d.opt;
    assert_int_equal(refine(&other.d, (positions)s.w.p->x_saddle, (positions)s.w.p->mode, &other.w),
                     SG_FOUND);
    sg_cat_edge_clear(&other.edge);
    assert_ok(sg_event_edge(other.d.sys, other.d.problem.e_start, other.d.problem.virial_start, other.w.p,
                            SG_SAMPLER_LOCAL, &other.edge));
    assert_int_equal(other.edge.centre, s.edge.centre);
    const positions x = (positions)other.d.sys->x;
    sg_system_displacement(other.d.sys, x, (positions)other.w.p->x_saddle, other.d_saddle, NULL);
    sg_system_displacement(other.d.sys, x, (positions)other.w.p->x_final, other.d_final, NULL);
    make_generic(&other, &forth);

    sg_system_displacement(s.d.sys, (positions)s.w.p->x_final, (positions)s.w.p->x_saddle, s.d_saddle, NULL);
    sg_system_displacement(s.d.sys, (positions)s.w.p->x_final, (positions)s.d.sys->x, s.d_final, NULL);
    memcpy(s.d.sys->x, s.w.p->x_final, n * sizeof *s.guess);
    environment(s.d.sys, &s.params, (int)s.edge.centre_back, &env, &bonds);
    assert_ok(sg_event_generic(s.d.sys, &env, bonds, (positions)s.d_saddle, (positions)s.d_final,
                               (positions)s.w.p->mode, &s.edge, 1, 7, &back));

    assert_true(back.key == forth.key);
    assert_int_equal(back.n, forth.n);
    assert_int_equal(back.n_shell, forth.n_shell);
    assert_memory_equal(back.number, forth.number, back.n);
    for (uint32_t k = 0; k < back.n; k++)
        for (int c = 0; c < 3; c++) {
            assert_near((double)back.x[k][c], (double)forth.x[k][c], 1e-3);
            assert_near((double)back.d_saddle[k][c], (double)forth.d_saddle[k][c], 1e-3);
            assert_near((double)back.d_final[k][c], (double)forth.d_final[k][c], 1e-3);
            assert_near((double)back.mode[k][c], (double)forth.mode[k][c], 2e-2);
        }
    assert_near(back.residual, forth.residual, 1e-3);
    assert_near(back.barrier, forth.barrier, 1e-5);
    assert_near(back.barrier_back, forth.barrier_back, 1e-5);
    assert_near(back.dist_saddle, forth.dist_saddle, 1e-3);
    assert_near(back.dist_final, forth.dist_final, 1e-3);
    for (int a = 0; a < 6; a++) {
        assert_near(back.strain_saddle[a], forth.strain_saddle[a], 2e-2);
        assert_near(back.strain_final[a], forth.strain_final[a], 2e-2);
    }
    sg_cat_event_clear(&back);
    sg_cat_event_clear(&forth);
    sg_bonds_free(bonds);
    scene_clear(&s);
    scene_clear(&other);
}

/* ---- an edge seen from elsewhere ---- */

static void test_saddle_seen_from_both_ends(void **state)
{
    scene s;

    (void)state;
    scene_make(&s, 3, 1);
    const positions from = (positions)s.d.sys->x, to = (positions)s.w.p->x_final;
    for (int reverse = 0; reverse < 2; reverse++) {
        sg_event_saddle(s.d.sys, &s.edge, reverse, from, to, reverse ? to : from, s.guess);
        assert_true(sg_system_displacement(s.d.sys, (positions)s.w.p->x_saddle, (positions)s.guess, NULL,
                                           NULL) < 1e-5);
    }
    scene_clear(&s);
}

static double support_moved(const scene *s, int reverse, positions now, unsigned char *mark)
{
    const positions from = (positions)s->d.sys->x, to = (positions)s->w.p->x_final;
    sg_system *sys = NULL;
    sg_bonds *spheres = NULL;

    assert_ok(sg_system_copy(s->d.sys, &sys));
    memcpy(sys->x, now, (size_t)sys->n * sizeof *sys->x);
    assert_ok(sg_bonds_create_radius(sys, 6.1, &spheres));
    const double moved = sg_event_support_moved(sys, &s->edge, reverse, from, to, reverse ? to : from, now,
                                                spheres, 3.1, s->mode, mark);
    sg_bonds_free(spheres);
    sg_system_free(sys);
    return moved;
}

/* Atoms that the hopping one is or comes near count, at its start and at its end; others, and a drift, do
 * not. */
static void test_movement_of_the_support(void **state)
{
    scene s;
    unsigned char *mark;
    int far = -1, old = -1, ahead = -1;

    (void)state;
    scene_make(&s, 4, 1);
    const int n = s.d.sys->n, mover = s.neighbour[1];
    const positions ends[2] = {(positions)s.d.sys->x, (positions)s.w.p->x_final};
    mark = calloc((size_t)n, 1);
    for (int i = 0; i < n; i++) {
        const double at_start = separation(s.d.sys, ends[0][mover], ends[0][i]);
        const double at_end = separation(s.d.sys, s.d.vacancy, ends[0][i]);
        if (far < 0 && at_end > 8) far = i;
        if (i != mover && at_start < 2.8 && at_end > 3.5) old = i;
        if (at_start > 3.5 && at_end < 2.8) ahead = i;
    }
    assert_true(far >= 0 && old >= 0 && ahead >= 0);
    for (int reverse = 0; reverse < 2; reverse++)
        for (int k = 0; k < 3; k++) {
            const int who = k == 0 ? far : k == 1 ? old : ahead;
            memcpy(s.guess, ends[reverse], (size_t)n * sizeof *s.guess);
            s.guess[who][1] += 0.07;
            const double moved = support_moved(&s, reverse, (positions)s.guess, mark);
            assert_near(moved, k == 0 ? 0.07 / n : 0.07 * (1 - 1.0 / n), 1e-9);
            assert_true(mark[mover] && mark[who] == (k > 0));
            for (int i = 0; i < n; i++)
                s.guess[i][0] += 3.3;
            assert_near(support_moved(&s, reverse, (positions)s.guess, mark), moved, 1e-9);
        }
    free(mark);
    scene_clear(&s);
}

/* Congruent surroundings have variants of one size and one list of distances; an other radius is another
 * variant. */
static void test_variants(void **state)
{
    scene s;
    sg_cat_variant v[3];

    (void)state;
    scene_make(&s, 4, 0);
    for (int k = 0; k < 3; k++) {
        sg_environment env;
        sg_bonds *bonds = NULL;
        const double radius = k < 2 ? 6.0 : 7.0;
        int within = 0;
        const int atom = s.neighbour[k % 2];
        environment(s.d.sys, &s.params, atom, &env, &bonds);
        assert_ok(sg_event_variant(s.d.sys, &env, radius, NULL, &v[k]));
        for (int i = 0; i < s.d.sys->n; i++)
            within += separation(s.d.sys, s.d.sys->x[atom], s.d.sys->x[i]) < radius;
        assert_int_equal(v[k].n, within);
        assert_true(v[k].key == env.key && v[k].attempts == 0);
        sg_bonds_free(bonds);
    }
    assert_true(v[0].key == v[1].key && v[0].n == v[1].n && v[0].id != v[2].id);
    for (int k = 0; k < 3; k++)
        sg_cat_variant_clear(&v[k]);
    scene_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_of_an_edge),
        cmocka_unit_test(test_strain_derivative_of_the_barrier),
        cmocka_unit_test(test_strain_derivative_of_the_final_state),
        cmocka_unit_test(test_generic_event_comes_back),
        cmocka_unit_test(test_mode_and_residual),
        cmocka_unit_test(test_generic_event_on_equivalent_atoms),
        cmocka_unit_test(test_generic_event_after_a_symmetry_operation),
        cmocka_unit_test(test_reverse_of_a_generic_event),
        cmocka_unit_test(test_saddle_seen_from_both_ends),
        cmocka_unit_test(test_movement_of_the_support),
        cmocka_unit_test(test_variants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
