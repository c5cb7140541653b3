/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event searches: from an inherent structure over a first-order saddle to another inherent structure.
 *
 * ART nouveau as min-mode following: a random push of a few atoms leaves the harmonic basin, L-BFGS climbs
 * along the softest mode (Lanczos) and relaxes across it, first with the atoms near the centre free, then
 * with all of them. What is returned as found has been converged and verified on the whole system: force,
 * index, both minima. Sources: Barkema & Mousseau, PRL 77, 4358 (1996); Malek & Mousseau, PRE 62, 7723
 * (2000); Henkelman & Jonsson, JCP 111, 7010 (1999) (inverted force); Cancès et al., JCP 130, 114711 (2009).
 */
#ifndef SLOWGLASS_SADDLE_H
#define SLOWGLASS_SADDLE_H

#include "slowglass/minimize.h"

/* How a search ends: ordinary results, not errors. */
#define SG_OUTCOME_LIST(X)                                                                                   \
    X(SG_FOUND, "found")               /* accepted, not in the table before */                               \
    X(SG_KNOWN, "known")               /* accepted or recognised, by saddle or final state: in the table */  \
    X(SG_DISCONNECTED, "disconnected") /* neither side relaxes to the starting minimum */                    \
    X(SG_SAME_MINIMUM, "same_minimum") /* both sides do */                                                   \
    X(SG_NO_EXIT, "no_exit")           /* no negative curvature within the pushes allowed */                 \
    X(SG_LOST, "lost")                 /* curvature stayed positive while climbing */                        \
    X(SG_BLOW_UP, "blow_up")           /* energy above the limit */                                          \
    X(SG_STEP_LIMIT, "step_limit")     /* force calls used up */                                             \
    X(SG_WRONG_INDEX, "wrong_index")   /* second curvature not shown to be positive */                       \
    X(SG_DEGENERATE, "degenerate")     /* barrier below 1 meV */                                             \
    X(SG_REFINE_FAILED, "refine_failed") /* the whole system does not converge from the guess */

typedef enum sg_outcome {
#define X(code, text) code,
    SG_OUTCOME_LIST(X)
#undef X
        SG_OUTCOME_COUNT
} sg_outcome;

/* What a search or a refinement started from; the numbers stand in files: never renumber. */
#define SG_SAMPLER_LIST(X)                                                                                   \
    X(SG_SAMPLER_LOCAL, 0, "local")         /* random push of the atoms near the centre */                   \
    X(SG_SAMPLER_PLACED, 1, "placed")       /* generic event placed by its key */                            \
    X(SG_SAMPLER_INHERITED, 2, "inherited") /* event of a former state reconverged */                        \
    X(SG_SAMPLER_REVERSE, 3, "reverse")     /* way back of an executed event */                              \
    X(SG_SAMPLER_WIDE, 4, "wide")           /* random push of more atoms */                                  \
    X(SG_SAMPLER_SOFT, 5, "soft")           /* random push from which the stiff directions are filtered */   \
    X(SG_SAMPLER_CUBIC, 6, "cubic")         /* direction of least cubic estimate of the barrier */           \
    X(SG_SAMPLER_KICK, 7, "kick")           /* where a few steps of hot dynamics go */                       \
    X(SG_SAMPLER_ECHO, 8, "echo")           /* a low event of the same state near by, turned or again */

typedef enum sg_sampler {
#define X(code, number, text) code = number,
    SG_SAMPLER_LIST(X)
#undef X
        SG_SAMPLER_COUNT
} sg_sampler;

typedef struct sg_push { /* how a search leaves the inherent structure */
    sg_sampler sampler;
    double radius;            /* Å, atoms that are pushed at random */
    const double (*given)[3]; /* [n] or NULL; echo: displacement of the event */
} sg_push;

const char *sg_outcome_text(sg_outcome outcome);
const char *sg_sampler_text(sg_sampler sampler);

typedef struct sg_saddle_options {
    double local_radius;  /* Å, atoms free in the local phase; 0: whole system from the start */
    double push_step;     /* Å, norm of one push */
    double curvature_out; /* eV/Å^2, the basin is left below this curvature */
    double step_max;      /* Å, largest move of one atom while climbing */
    double climb_max;     /* eV above the start, else blow_up */
    double window;    /* eV above the start: a search that leads to a saddle above ends early, as blow_up; 0:
                         none does */
    double f_local;   /* eV/Å, end of the local phase */
    double f_saddle;  /* eV/Å, stored saddles */
    double f_minimum; /* eV/Å, inherent structures */
    int max_calls;    /* force calls until the saddle stands; its minima come on top */
    double identity_energy, identity_distance; /* eV, Å: two minima are the same state */
} sg_saddle_options;

/** Defaults; reasons beside the numbers in saddle/search.c. */
sg_saddle_options sg_saddle_defaults(void);

typedef struct sg_saddle_problem { /* shared by all searches from one state; read-only while they run */
    const sg_potential *pot;
    const sg_system *start; /* an inherent structure */
    double e_start;         /* eV */
    double virial_start[6]; /* eV */
    const sg_saddle_options *opt;
    /* nonzero when this saddle is in the table already: the search then ends as `known`; may be NULL */
    int (*known)(const void *arg, double e_saddle, const double (*x_saddle)[3]);
    /* nonzero when x, about to come to rest at this energy, is a minimum that an event of the table leads to,
     * whose saddle is then put out: a search that has gone on from that neighbour has come upon this event,
     * and ends as `known`; may be NULL */
    int (*neighbour)(const void *arg, double energy, const double (*x)[3], double *e_saddle,
                     double (*x_saddle)[3]);
    /* nonzero when a climb that is at x, where the force is small, is about to end at a saddle of the table,
     * which is then put out: it ends as `known`; may be NULL */
    int (*nearly)(const void *arg, double energy, const double (*x)[3], double *e_saddle,
                  double (*x_saddle)[3]);
    const void *known_arg; /* of all three */
} sg_saddle_problem;

typedef struct sg_saddle_calls {
    int leave, climb, refine, relax, verify;
} sg_saddle_calls;

typedef struct sg_passage { /* minimum - saddle - minimum, or why not */
    sg_outcome outcome;
    sg_saddle_calls calls;
    int n;
    double (*x_saddle)[3], (*x_final)[3],
        (*mode)[3];           /* [n], Å, Å, unit vector; set for found and known (final: found only) */
    double e_saddle, e_final; /* eV, NaN when not reached */
    double virial_saddle[6], virial_final[6]; /* eV */
    double f_saddle, f_final;                 /* eV/Å */
    double curvature, curvature2;             /* eV/Å^2: lowest and second at the saddle */
    int is_detour;                            /* 1: not what the guess led to, see sg_saddle_try */
} sg_passage;

sg_status sg_passage_create(int n, sg_passage **out);
void sg_passage_free(sg_passage *p);

typedef struct sg_saddle_work sg_saddle_work; /* scratch of one thread */
sg_status sg_saddle_work_create(const sg_potential *pot, const sg_system *like, sg_saddle_work **out);
void sg_saddle_work_free(sg_saddle_work *work);
const sg_force_calls *sg_saddle_work_calls(const sg_saddle_work *work);

/** Let tasks with this work end early with SG_EINTERRUPTED, see sg_potential_work_set_stop. */
void sg_saddle_work_set_stop(sg_saddle_work *work, int (*stop)(const void *arg), const void *arg);

/** One search around atom `centre`: up to four pushes, and twice toward a neighbour that one of them has come
 * to, until a saddle is joined to the start; `calls` are those of all. The random numbers come from `rng`
 * alone, so the result depends on nothing else.
 * @return SG_OK with out->outcome; an error only for memory, a failing backend, or when asked to stop.
 * Threads: distinct work and out. */
sg_status sg_saddle_search(const sg_saddle_problem *problem, int centre, const sg_push *push, sg_rng *rng,
                           sg_saddle_work *work, sg_passage *out);

/** Converge a guessed saddle on the whole system and verify it like a search's.
 * @param mode_guess [n][3] or NULL (then the displacement from the start serves) */
sg_status sg_saddle_refine(const sg_saddle_problem *problem, const double (*x_guess)[3],
                           const double (*mode_guess)[3], sg_rng *rng, sg_saddle_work *work, sg_passage *out);

/** The same for a guess that is one of many, and may be of an event that is no more. It ends early, as
 * disconnected, once an atom that the guess leaves where it was has moved 0.8 Å (of a hundred such climbs one
 * is joined to the start), as blow_up when the saddle lies above the window, and after 300 calls. When the
 * guess falls into another minimum, which `neighbour` does not know, the saddle between the start and that
 * minimum is looked for: an event, or a known one, with out->is_detour. The soft spots of a glass show up in
 * this way. */
sg_status sg_saddle_try(const sg_saddle_problem *problem, const double (*x_guess)[3],
                        const double (*mode_guess)[3], sg_rng *rng, sg_saddle_work *work, sg_passage *out);

typedef struct sg_saddle_image { /* an accepted event, carried over by a symmetry of the whole system */
    const double (*x_saddle)[3], (*x_final)[3];
    double barrier, difference;   /* eV of the original, saddle and final minimum above the start */
    double curvature, curvature2; /* eV/Å^2, of the original */
} sg_saddle_image;

/** Confirm the image of an accepted event by force calls on the whole system: one at the saddle, one at the
 * final minimum (some more if it has to be relaxed further). Found: both are converged, and each is as high
 * above the start as the original within identity_energy. Index and connection are those of the original. The
 * mode is left zero.
 * @return SG_OK with out->outcome, SG_FOUND or SG_REFINE_FAILED. Threads: distinct work and out. */
sg_status sg_saddle_confirm(const sg_saddle_problem *problem, const sg_saddle_image *image,
                            sg_saddle_work *work, sg_passage *out);

#endif
