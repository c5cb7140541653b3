/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module saddle: a surface is the energy as a function of the coordinates that move, packed into one
 * vector. */
#ifndef SADDLE_INTERNAL_H
#define SADDLE_INTERNAL_H

#include <stddef.h>

#include "slowglass/saddle.h"

typedef struct surface {
    const sg_potential *pot;
    sg_potential_work *work;
    sg_system *sys;
    const sg_atom_set *set; /* NULL: whole system */
    int n_active;
    int *atom;  /* [n_active] */
    size_t m;   /* 3 n_active */
    int n_zero; /* rigid motions that cost nothing; then all atoms are active, in their order */
    sg_forces out;
    int has_hessian;
    double (*product)[3]; /* [2 n] vector and product, for potentials that have it */
    int *calls;           /* counter of the phase in hand */
} surface;

sg_status surface_init(surface *s, const sg_potential *pot, sg_potential_work *work, sg_system *sys,
                       const sg_atom_set *set);
void surface_clear(surface *s);
void surface_get(const surface *s, double *x);

/* Energy and forces at packed positions x; forces are free of the zero modes. */
sg_status surface_force(surface *s, const double *x, double *energy, double *f);

/* H u at x: by the potential's products where it has them, else from the force f0 at x and one more. Counts
 * as one call. */
sg_status surface_hessian(surface *s, const double *x, const double *f0, const double *u, double *scratch,
                          double *out);

/* Remove the zero modes, as they are at the positions last computed, from a packed vector. */
void surface_project(const surface *s, double *v);

double vec_dot(size_t m, const double *a, const double *b);
double vec_norm(size_t m, const double *a);
void vec_axpy(size_t m, double c, const double *a, double *b); /* b += c a */
void vec_scale(size_t m, double c, double *a);
double vec_max_atom(size_t m, const double *a); /* largest length of the 3-vectors in a */

/* Distance of two atoms or their nearest images, Å. */
double atom_distance(const sg_system *sys, int a, int b);

enum { LANCZOS_MAX = 100 };

typedef struct lanczos_scratch {
    double *basis; /* [capacity][m] */
    double *x, *w; /* [m] */
    int capacity;
} lanczos_scratch;

typedef struct lanczos_rule {
    int min_iterations, max_iterations;
    double tolerance; /* relative change of the eigenvalue between iterations */
    int sign;         /* 1: go on until the residual cannot hide the sign of the eigenvalue */
    double enough;    /* eV/Å^2: end as soon as the value, a bound from above, is below; 0: no such end */
} lanczos_rule;

typedef struct lanczos_result {
    double value;    /* eV/Å^2 */
    double residual; /* |H v - value v|, eV/Å^2 */
    int iterations;
    int settled; /* the tolerance was met */
} lanczos_result;

/* Softest mode at x by Lanczos, from products of the Hessian. f0: forces at x. v: start vector in, mode out
 * (unit). `deflate` NULL or a unit vector kept out of the space. */
sg_status lanczos_softest(surface *s, const double *x, const double *f0, const lanczos_rule *rule,
                          const double *deflate, double *v, lanczos_scratch *scratch, lanczos_result *result);

typedef struct climb_rule {
    double f_max;    /* eV/Å, end */
    double step_max; /* Å per atom */
    double e_limit;  /* eV, absolute */
    int max_calls;
    int steady_wait; /* steps between two looks at a mode that does not turn */
    double stray; /* Å: an atom farther than this from its place in x_guess ends the climb; 0: none does */
    const double *x_guess;                /* [m] */
    const unsigned char *still;           /* [m / 3] 1: only these atoms can stray; NULL: all can */
    int (*ask)(void *arg, double energy); /* below f_ask: 1 ends the climb; NULL: nothing is asked */
    void *ask_arg;
    double f_ask; /* eV/Å */
} climb_rule;

typedef enum {
    CLIMB_CONVERGED,
    CLIMB_LOST,
    CLIMB_BLOW_UP,
    CLIMB_LIMIT,
    CLIMB_STRAYED,
    CLIMB_KNOWN
} climb_end;

enum { CLIMB_MEMORY = 12 };

typedef struct climb_scratch {
    double *f, *f_old, *x_old, *step, *g; /* [m]; after a climb x_old is the place before its last step */
    double *s, *y;                        /* [memory][m] raw displacement and force differences */
    double sy[CLIMB_MEMORY], yy[CLIMB_MEMORY], sv[CLIMB_MEMORY],
        yv[CLIMB_MEMORY]; /* their products with one another and with the mode */
    lanczos_scratch lanczos;
} climb_scratch;

sg_status climb_scratch_init(climb_scratch *c, size_t m);
void climb_scratch_clear(climb_scratch *c);

/* Follow v from x to a first-order saddle. x, v, curvature in and out; energy and f_end out. */
sg_status climb(surface *s, const climb_rule *rule, double *x, double *v, double *curvature, climb_scratch *c,
                climb_end *end, double *energy, double *f_end);

#define SG_BARRIER_MIN 1e-3 /* eV, below it there is no event */

struct sg_saddle_work {
    sg_system *sys; /* moves; cell, types and fixed flags as in the start */
    sg_potential_work *forces;
    unsigned char *member;
    int *atom;
    double *x, *v, *push, *mode2, *guess; /* [3n] */
    double (*near)[3];                    /* [n] of two minima that are not the start, the one closer to it */
    double e_near;                        /* eV */
    int has_near;                         /* the last attempt has come to it */
    double (*side)[3];                    /* [n] scratch */
    double (*line_x)[3], (*line_f)[3], (*way)[3]; /* [n] of the straight way to the start */
    double (*x_local)[3], (*mode_local)[3];       /* [n] saddle of the local surface */
    climb_scratch climb;
};

typedef struct saddle_point {         /* borrowed */
    double energy;                    /* eV */
    const double (*x)[3], (*mode)[3]; /* [n] */
} saddle_point;

/* Atoms closer to `centre` than `radius` in w->sys, in storage of w. @return 0 when the whole system is as
 * good. */
int local_set(sg_saddle_work *w, int centre, double radius, sg_atom_set *set);

/* An empty passage; w at the start, its neighbour list forgotten. */
void saddle_begin(const sg_saddle_problem *p, sg_saddle_work *w, sg_passage *out);

int calls_left(const sg_saddle_problem *p, const sg_saddle_calls *c);
sg_outcome outcome_of_climb(climb_end end, int refining);

/* Push, leave the basin and climb with the surroundings of the centre free, until the start is seen on one
 * side. Leaves positions in w->sys and the mode in out->mode. is_local: 0 when the whole system was free. */
sg_status local_phase(const sg_saddle_problem *p, int centre, const sg_push *push, sg_rng *rng,
                      sg_saddle_work *w, sg_passage *out, int *is_local);

/* The same from half way between the start and w->near. */
sg_status local_between(const sg_saddle_problem *p, sg_saddle_work *w, sg_passage *out);

typedef enum whole_chance {
    WHOLE_FIRST, /* a saddle of the local phase */
    WHOLE_ALONE, /* no local phase has looked: a slip is undone once */
    WHOLE_AGAIN, /* the search has found a saddle before: fewer calls */
    WHOLE_GUESS  /* one guess of many: given up where it leads elsewhere, or above the window */
} whole_chance;

/* From w->sys and out->mode to an accepted event, or not. After a local phase, which has undone slips where
 * it is cheap, doing so again pays once in ten times. */
sg_status whole_phase(const sg_saddle_problem *p, whole_chance chance, sg_rng *rng, sg_saddle_work *w,
                      sg_passage *out);

/* Sign of the mode that points to the start. */
double way_back(const sg_saddle_problem *p, const saddle_point *from, sg_saddle_work *w);

/* Is a saddle of this energy above the window, and by more than the excess? */
int is_above(const sg_saddle_problem *p, double energy, double excess);

double distance_from_start(const sg_saddle_problem *p, const sg_system *sys);

/* w->sys stands in a minimum of this energy that a descent has come to, from `behind`. If less than the least
 * barrier parts it from what lies further on, *through = 1 and w->sys stands beyond, where the energy falls;
 * else it stays. Costs some ten calls. */
sg_status pass_hollow(const sg_saddle_problem *p, const double (*behind)[3], const sg_atom_set *set,
                      double energy, sg_saddle_work *w, int *calls, int *through);

/* Relax from a saddle to the side that sign * mode points to, into w->sys, with the atoms of `set` free
 * (NULL: all); first with those of `near` alone unless it is NULL, and past hollows. home: the start lies
 * there; the relaxation ends as soon as that is certain. */
sg_status descend_from(const sg_saddle_problem *p, const saddle_point *from, double sign,
                       const sg_atom_set *near, const sg_atom_set *set, double f_max, sg_saddle_work *w,
                       int *calls, sg_minimize_result *end, int *home);

/* Down the side towards the start, then the other one unless the first has led closer to the start without
 * coming home (the start was on the other side in none of 264 such cases in a glass). home: the start was
 * seen, and `other` is the sign of the side still to be looked at. w->near: of the minima come to, the one
 * closer to the start. The rest as for descend_from. */
sg_status look_for_home(const sg_saddle_problem *p, const saddle_point *from, const sg_atom_set *near,
                        const sg_atom_set *set, double f_max, sg_saddle_work *w, int *calls, double *other,
                        int *home);

typedef struct push_task { /* what a sampler is given */
    surface *surface;
    const double *x; /* [m] the inherent structure */
    int centre;
    const sg_push *push;
    sg_rng *rng;
    climb_scratch *scratch; /* free for use */
    double *direction;      /* [m] out */
    int is_soft;            /* out: the direction is soft, the basin is to be left by push_leave */
} push_task;

/* First direction of a search, unit length. can_move: 0 when none of the atoms concerned can move. */
sg_status push_direction(push_task *task, int *can_move);

/* Push from x along the direction, until the curvature is negative; x and the mode
 * v out. */
sg_status push_leave(push_task *task, const sg_saddle_options *opt, double e_limit, double *x, double *v,
                     double *curvature, sg_outcome *outcome);

/* The samplers that look at the forces; the direction need not be of unit length. */
sg_status push_soft(push_task *task);
sg_status push_cubic(push_task *task);
sg_status push_kick(push_task *task);

#endif
