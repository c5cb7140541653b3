/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Half neighbour lists: each pair of atoms (or of an atom and an image) within r_list appears once.
 *
 * Layout: the partners of atom i are j[first[i]] .. j[first[i+1]-1], sorted by (j, image). A pair's vector is
 *     d = (x_j + wrap_j.h) - (x_i + wrap_i.h) + shift[image].h
 * where wrap brings each atom into the cell at build time and shift is one of few small integer triples, so
 * that small cells where an atom sees several images of another, or of itself, need no special case. A pair
 * is kept when j > i, or j == i with the first nonzero number of the shift positive. Invariant: valid for all
 * positions in which no atom has moved more than skin/2 since the build, at any cell. */
#ifndef SLOWGLASS_NEIGH_H
#define SLOWGLASS_NEIGH_H

#include <stdint.h>

#include "slowglass/system.h"

typedef struct sg_neigh {
    int n;
    double r_list;         /* Å */
    double h[3][3];        /* cell at build */
    int64_t *first;        /* [n+1] */
    int *j;                /* [first[n]] */
    unsigned short *image; /* [first[n]] index into shift */
    int n_shift;
    int (*shift)[3];      /* integer multiples of the cell vectors */
    int (*wrap)[3];       /* [n] */
    double (*x_build)[3]; /* [n] positions at build */
} sg_neigh;

/** Build for all pairs within r_list. `keep` NULL: all pairs; else only pairs with keep[i] or keep[j].
 * Threads: distinct outputs may be built concurrently. Cost O(n) by linked cells.
 * Source: Allen & Tildesley, Computer Simulation of Liquids, 2nd ed. (2017), section 5.3. */
sg_status sg_neigh_create(const sg_system *sys, double r_list, const unsigned char *keep, sg_neigh **out);
void sg_neigh_free(sg_neigh *list);

/** 1 when an atom has moved more than skin/2 since the build (or the cell differs). */
int sg_neigh_stale(const sg_neigh *list, const sg_system *sys, double skin);

/** Cartesian vectors of the shifts in this cell. @param vector [out] [n_shift][3], Å. Threads: any. */
void sg_neigh_shift_vectors(const sg_neigh *list, const sg_cell *cell, double (*vector)[3]);

/** Present position of atom i brought into the cell as it was wrapped at build, Å. Threads: any. */
void sg_neigh_wrapped(const sg_neigh *list, const sg_system *sys, int i, double x[3]);

/** Smallest distance between two atoms (images included), and the pair. Large value when no pair is within
 * r_max. */
sg_status sg_neigh_closest(const sg_system *sys, double r_max, double *distance, int *atom_a, int *atom_b);

/* A half list over places: atoms and copies of them, so that a pair's vector is the difference of two
 * positions.
 *
 * Places 0..n_rows-1 are the atoms that have a row (all; with `keep`, those kept), sorted by where they are;
 * those up to n_atoms-1 the other atoms that occur, from there on further copies of atoms before them. A
 * place lies at x[atom] + shift. A row's entries name its partners' places and types, and are filled up to a
 * multiple of SG_HALO_PAD with entries of place n, which stands for nowhere;
 * those of kept partners come first. Each pair of atoms (or of an
 * atom and an image) within r_list, with a kept member, appears once. Valid as long as no atom has moved more
 * than skin/2, at the cell of the build. */
enum { SG_HALO_PAD = 8, SG_HALO_TYPE_BITS = 5 };
#define SG_HALO_ENTRY(place, type) ((uint32_t)(place) << SG_HALO_TYPE_BITS | (uint32_t)(type))

typedef struct sg_halo {
    int n, n_rows, n_atoms, n_system;
    double r_list, h[3][3];
    int *atom;            /* [n] index in the system */
    int *owner;           /* [n] place < n_atoms of the same atom */
    int *type;            /* [n + 1] */
    double (*shift)[3];   /* [n] Å */
    double (*x_build)[3]; /* [n] positions of the atoms at build, unwrapped, Å */
    int64_t *first;       /* [n_rows + 1] into entry */
    int *n_kept;          /* [n_rows] entries of kept partners */
    uint32_t *entry;
    int64_t n_pairs; /* fillings not counted */
} sg_halo;

/** Build for all pairs within r_list. `keep` NULL: all pairs; else only pairs with keep[i] or keep[j].
 * SG_EINVAL: a cell so thin that the images cannot be numbered; SG_ENUMERIC: a position that is not finite.
 * Threads: distinct outputs may be built concurrently. Cost O(n) by linked cells. */
sg_status sg_halo_create(const sg_system *sys, double r_list, const unsigned char *keep, sg_halo **out);
void sg_halo_free(sg_halo *list);

#endif
