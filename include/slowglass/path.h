/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Minimum-energy paths of the whole system: downhill from a saddle, or a band between two minima.
 *
 * A path is a row of images, configurations of all atoms, from one minimum over saddles to another. Distances
 * between images are those of the 3N coordinates, unwrapped, without drift: contour length
 * C = sum |R_k+1 - R_k|, end-to-end length L = |R_n - R_0|, tortuosity C/L. The perpendicular force of an
 * image is what is left of its force across the path, whose direction is the derivative of a cubic spline
 * through the images between two minima; on the path of steepest descent, which is what a minimum-energy path
 * is, it vanishes.
 *
 * A path with one saddle is single, one that passes through minima on its way compound: the two are told
 * apart everywhere. Sources: Fukui, Acc. Chem. Res. 14, 363 (1981) (the path of steepest descent); Henkelman
 * & Jonsson, JCP 113, 9978 (2000) (tangent); Henkelman, Uberuaga & Jonsson, JCP 113, 9901 (2000) (climbing
 * image). */
#ifndef SLOWGLASS_PATH_H
#define SLOWGLASS_PATH_H

#include "slowglass/catalog.h"
#include "slowglass/io.h"
#include "slowglass/saddle.h"

typedef enum sg_path_place { SG_PATH_BETWEEN, SG_PATH_MINIMUM, SG_PATH_SADDLE } sg_path_place;

typedef struct sg_path {
    int n_atoms, n_images;
    double (*x)[3];       /* [n_images * n_atoms], Å, image after image */
    double *energy;       /* [n_images], eV */
    double *arc;          /* [n_images], Å along the path from image 0 */
    double *f_perp;       /* [n_images], eV/Å: largest perpendicular force of an atom; of minima and saddles
                             the largest force */
    sg_path_place *place; /* [n_images]; the first and the last are minima */
    int64_t force_calls;  /* spent on it */
} sg_path;

typedef struct sg_path_options {
    double spacing;    /* Å, largest distance of images next to each other (0.1) */
    double f_perp;     /* eV/Å, largest perpendicular force that a band may be left with (0.002; with 0.01 a
                          soft path in a glass is some per cent short) */
    double f_minimum;  /* eV/Å, of the minima (1e-5) */
    double step_error; /* Å, of one step downhill, in the 3N coordinates (2e-4) */
    double identity_energy, identity_distance; /* eV, Å: two minima are the same (1e-5, 0.1) */
    double shallow; /* eV: a dip in a band that is less deep is no minimum (1e-3) */
    int max_steps;  /* of a descent on either side (5000), of a band at each of its refinements (5000) */
    int threads;    /* over images of a band; results do not depend on it (1) */
    int (*stop)(const void *arg); /* asked before every force call; nonzero: SG_EINTERRUPTED; may be NULL */
    const void *stop_arg;
} sg_path_options;

sg_path_options sg_path_defaults(void);

/** NULL-safe. */
void sg_path_free(sg_path *path);

/** Down from a saddle on both sides. The flow dx/dt = F is integrated by an explicit Runge-Kutta-Chebyshev
 * method of second order, whose many stages carry it over the stiff directions, with control of the error;
 * then images are set at equal distances.
 * @param saddle the system at its saddle
 * @param mode [n][3] its direction downhill, any length; the path runs against it first: image 0 lies on the
 * side of -mode
 * @param out [out] free with sg_path_free; single. Its ends are what the flow runs into, relaxed.
 * @return SG_ENUMERIC: not downhill along the mode, or no minimum within max_steps.
 * Threads: any. Cost: some 500 to 2000 force calls in a glass. Source of the method: Sommeijer, Shampine &
 * Verwer, J. Comput. Appl. Math. 88, 315 (1998). */
sg_status sg_path_descend(const sg_potential *pot, const sg_system *saddle, const double (*mode)[3],
                          const sg_path_options *opt, sg_path **out);

/** The same from a guess of the saddle, which is converged first, as an event that leaves `start`.
 * @param start an inherent structure @param guess [n][3]
 * @param out [out] NULL unless *outcome is SG_FOUND */
sg_status sg_path_over_saddle(const sg_potential *pot, const sg_system *start, const double (*guess)[3],
                              const sg_path_options *opt, sg_path **out, sg_outcome *outcome);

typedef enum sg_path_end {                       /* what became of an edge of a run's landscape */
                           SG_PATH_AS_STORED,    /* the path joins its two states */
                           SG_PATH_OTHER_END,    /* the way down from its saddle ends elsewhere on a side */
                           SG_PATH_OTHER_SADDLE, /* converged again it is another saddle, by more than 1 meV
                                                  */
                           SG_PATH_LOST          /* it does not converge again, see outcome */
} sg_path_end;
const char *sg_path_end_text(sg_path_end end);

typedef struct sg_path_edge {
    uint64_t edge, from, to;
    double e_saddle, barrier, barrier_back; /* eV, as stored */
    double gamma;                           /* strain of its states */
    sg_path_end end;
    sg_outcome outcome; /* of converging the saddle again */
} sg_path_edge;

/** The path over a stored saddle, from its state `from` to its state `to`.
 * @param like species, fixed flags, unstrained cell of the run
 * @param out [out] NULL when about->end is SG_PATH_LOST
 * @return SG_ENOTFOUND: no such edge. Threads: one at a time per catalog. */
sg_status sg_path_over_edge(sg_catalog *cat, const sg_potential *pot, const sg_system *like, uint64_t edge,
                            const sg_path_options *opt, sg_path **out, sg_path_edge *about);

/** A stored state as a structure at its strain. SG_ENOTFOUND. Free with sg_system_free. */
sg_status sg_path_state(sg_catalog *cat, const sg_system *like, uint64_t id, sg_system **out);

/** A climbing-image elastic band between two minima. The number of images follows from the length; where the
 * band runs through a minimum it is split there, and each piece converged by itself.
 * @param a, b same atoms, cell and strain; both are relaxed first
 * @param n_through, through frames [n_through][n][3] that the first band is led through; 0 and NULL: straight
 * @return SG_EMISMATCH: not the same atoms, cell or strain; SG_EINVAL: both are the same minimum;
 * SG_ENUMERIC: not converged.
 * Threads: opt->threads inside, the same bits for any number. Cost: images times some hundred force calls. */
sg_status sg_path_band(const sg_potential *pot, const sg_system *a, const sg_system *b, int n_through,
                       const double (*const *through)[3], const sg_path_options *opt, sg_path **out);

/** Append another path that begins where this one ends (same minimum); it is shifted as a whole to fit.
 * SG_EMISMATCH: it does not begin there. */
sg_status sg_path_append(const sg_system *like, const sg_path_options *opt, sg_path *path,
                         const sg_path *more);

/** Turn the path so that it begins at `from`, or else ends at `to`, by place alone.
 * @return 1 when it does both. */
int sg_path_orient(sg_path *path, const sg_system *from, const sg_system *to, const sg_path_options *opt);

/** Could there be a path? SG_EMISMATCH says what keeps the two apart: atoms, their order, cell, strain. */
sg_status sg_path_check_ends(const sg_system *a, const sg_system *b);

/** The same path walked from its other end. */
void sg_path_reverse(sg_path *path);

typedef struct sg_path_summary {
    int n_images, n_saddles;
    double contour, distance, tortuosity; /* Å, Å, - : C, L, C/L */
    double e_start, e_saddle, e_end;      /* eV; of the highest saddle */
    double barrier, barrier_back;         /* eV, from either end to it */
    double participation; /* of the displacement between the ends: (sum d^2)^2 / sum d^4 over atoms */
    double f_perp;        /* eV/Å, largest over the images between minima and saddles */
    double spacing;       /* Å, largest */
} sg_path_summary;

sg_path_summary sg_path_describe(const sg_path *path);

/** Append the images as frames of extended XYZ; their comments carry path, image, arc and place.
 * @param like the cell and the atoms of all images @param number names the path */
sg_status sg_path_write_frames(const sg_path *path, const sg_system *like, int64_t number, const char *file);

/** The columns of sg_path_write_profile, separated by tabs. */
extern const char sg_path_profile_columns[];

/** Append a row per image to a table opened with those columns. */
sg_status sg_path_write_profile(const sg_path *path, int64_t number, sg_tsv *table);

/** Draw the energies along up to 24 paths, each above its start, over the length from its highest saddle.
 * @param picture a name that ends in .png; the script, which holds its own data, stands beside it as .gp
 * @return SG_EINVAL: another ending; as sg_io_gnuplot */
sg_status sg_path_plot(int n, const sg_path *const *path, const int64_t *number, const char *picture);

/** "single" or "compound". */
const char *sg_path_kind(const sg_path_summary *summary);

#endif
