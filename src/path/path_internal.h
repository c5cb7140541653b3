/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module path: rows of images as packed vectors of m = 3n coordinates, and the surface they lie on. */
#ifndef PATH_INTERNAL_H
#define PATH_INTERNAL_H

#include <stddef.h>

#include "slowglass/minimize.h"
#include "slowglass/path.h"

double path_dot(size_t m, const double *a, const double *b);
double path_distance(size_t m, const double *a, const double *b);
double path_largest_atom(size_t m, const double *v); /* largest length of the 3-vectors in v */

typedef struct path_row { /* images that grow in number; zeroed: empty */
    size_t m;
    double *x; /* [n][m] */
    int n;
    size_t capacity;
} path_row;

sg_status path_row_add(path_row *row, const double *x);
void path_row_clear(path_row *row);
static inline double *path_image(const path_row *row, int k)
{
    return row->x + (size_t)k * row->m;
}

/* Energy and forces at packed positions x; forces of fixed atoms are zero and rigid motions taken out.
 * `like` gives all but the positions. */
sg_status path_force(const sg_potential *pot, sg_potential_work *work, const sg_system *like, const double *x,
                     double *energy, double *f);

/* Relax x in place with a work of its own. */
sg_status path_relax(const sg_potential *pot, const sg_system *like, const sg_path_options *opt, double *x,
                     double *energy, int64_t *calls);

/* b becomes the image of itself closest to a: whole atoms shifted by cell vectors, then all without drift. */
void path_align(const sg_system *like, const double *a, double *b);

/* 1 when two minima are the same. */
int path_same(const sg_system *like, const sg_path_options *opt, const double *a, double e_a, const double *b,
              double e_b);

/* Slopes dx/ds of the natural cubic spline through n images at arc s. @param slope [out] [n][m] */
sg_status path_slopes(size_t m, int n, const double *x, const double *arc, double *slope);

/* n_out images at equal distances along the spline through the row, ends included. */
sg_status path_resample(const path_row *in, int n_out, path_row *out);

/* dx/dt = force(x) by stabilised explicit steps (rkc.c). */
typedef struct path_rkc {
    size_t size;
    sg_status (*force)(void *arg, const double *x, double *f);
    void *arg;
    double *y[3]; /* [size] scratch */
} path_rkc;
/* From x, where the force is f, over *h (less if that takes too many stages) to `next`. @param radius of the
 * spectrum */
sg_status path_rkc_step(path_rkc *r, double radius, double *h, const double *x, const double *f,
                        double *next);
/* Estimated error of that step, in m of its coordinates. */
double path_rkc_error(double h, size_t m, const double *x, const double *f, const double *next,
                      const double *f_next);
/* Largest curvature at x, by the power method. @param v, hv [m] scratch */
sg_status path_radius(const sg_potential *pot, sg_potential_work *work, const sg_system *like,
                      const double *x, double *v, double *hv, double *radius, int64_t *calls);

/* Integrator of dx/dt = F (descend.c uses it; flow.c). */
typedef struct path_flow {
    const sg_potential *pot;
    sg_potential_work *work;
    const sg_system *like;
    size_t m;
    double *x, *f; /* [m] where it is, and the force there */
    double energy;
    double step;   /* 1/(eV/Å^2), the next one to be tried */
    double radius; /* eV/Å^2, of the spectrum of the Hessian */
    int radius_age;
    double *memory, *next, *f_next;
    path_rkc rkc;
    int64_t calls;
} path_flow;

sg_status path_flow_begin(path_flow *w, const sg_potential *pot, const sg_system *like, const double *x);
void path_flow_end(path_flow *w);
/* One step, whose error is below `error` Å and whose length is at most `longest` Å. */
sg_status path_flow_step(path_flow *w, double error, double longest);

/* An elastic band between two minima with a single highest image (band.c). */
sg_status path_band_relax(const sg_potential *pot, const sg_system *like, const sg_path_options *opt,
                          path_row *row, double f_perp, int climbs, double *energy, int *climber,
                          int64_t *calls, int *converged);

/* Make the path object of one piece (minimum, row, minimum): arc, energies, perpendicular forces. */
sg_status path_make(const sg_potential *pot, const sg_system *like, const sg_path_options *opt,
                    const path_row *row, int saddle, int64_t calls, sg_path **out);

#endif
