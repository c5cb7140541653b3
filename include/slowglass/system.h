/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Atoms in a periodic cell under imposed strain.
 *
 * The cell is h = F(gamma) h0 with simple shear F: x' = x + gamma*y, gamma in engineering strain. Rows of h
 * are the cell vectors. h0 is lower-triangular in LAMMPS's sense (a along x, b in the xy plane) and so is h.
 * Positions are unwrapped: an atom that leaves the cell keeps its history. */
#ifndef SLOWGLASS_SYSTEM_H
#define SLOWGLASS_SYSTEM_H

#include <stdint.h>

#include "slowglass/core.h"

enum { SG_MAX_SPECIES = 8 };

typedef struct sg_species {
    int n;
    char symbol[SG_MAX_SPECIES][4];
    int number[SG_MAX_SPECIES];  /* atomic number */
    double mass[SG_MAX_SPECIES]; /* amu */
} sg_species;

typedef struct sg_cell {
    double h0[3][3];   /* unstrained cell vectors in rows, Å */
    double gamma;      /* imposed engineering shear strain xy */
    double h[3][3];    /* F(gamma) h0 */
    double hinv[3][3]; /* inverse: s = x . hinv, x = s . h */
    double volume;     /* Å^3 */
    int periodic[3];   /* along the cell vectors a, b, c */
} sg_cell;

typedef struct sg_system {
    int n;
    double (*x)[3];       /* unwrapped positions, Å */
    int *type;            /* index into species, 0-based */
    int *id;              /* ids of the input, 1-based, unique */
    unsigned char *fixed; /* 1: held still */
    int n_fixed;
    sg_species species;
    sg_cell cell;
} sg_system;

/** Fill the table of elements from symbols such as "Cu", H to Pu, masses from the table of IUPAC.
 * SG_EINVAL names an unknown symbol, a repeated one, or a number outside 1 to SG_MAX_SPECIES. */
sg_status sg_species_init(sg_species *species, int n, const char *const symbols[]);

/** Symbol of an atomic number, NULL when it is not one of H to Pu. Constant text. Threads: any. */
const char *sg_element_symbol(int number);

/** The same for people: "?" for a number out of range. */
const char *sg_element_label(int number);

/** Index of a symbol, -1 if absent. */
int sg_species_find(const sg_species *species, const char *symbol);

/** Set h0, gamma and what follows from them. SG_EINVAL: volume not positive, not lower-triangular, not
 * finite. */
sg_status sg_cell_init(sg_cell *cell, const double h0[3][3], double gamma, const int periodic[3]);

/** Shortest periodic image of a vector, in place. Exact for any tilt when the result is below half the
 * smallest height of the cell, and for any vector when the tilts are at most half the diagonal entries;
 * otherwise an image that none of its 26 neighbours undercuts. Threads: any. Cost: one rounding; the
 * neighbours are looked at only for long vectors. */
void sg_cell_minimum_image(const sg_cell *cell, double d[3]);

/** Heights of the cell (distance between opposite faces) along a, b, c, Å. */
void sg_cell_heights(const sg_cell *cell, double heights[3]);

/** n >= 1 atoms, everything zero but ids 1..n; the caller sets species, cell, type, x. Free with
 * sg_system_free. */
sg_status sg_system_create(int n, sg_system **out);

/** A duplicate that shares nothing with `from`. */
sg_status sg_system_copy(const sg_system *from, sg_system **out);

/** NULL-safe. */
void sg_system_free(sg_system *sys);

/** Bring the cell to the strain gamma and move the atoms with it affinely (x += dgamma*y). Fixed atoms move
 * too. On failure (gamma not finite) nothing has changed. */
sg_status sg_system_set_strain(sg_system *sys, double gamma);

/** 1 if the three translations cost nothing: all atoms free. */
int sg_system_translates(const sg_system *sys);

/** Number of rigid motions that cost nothing at the present positions: 3 translations when all atoms are
 * free, and with them the rotations that keep the periodic directions: 3 in a free cluster (2 when its atoms
 * lie on a line, 0 for a single atom), 1 in a wire, none in a slab or a crystal. 0 when an atom is fixed,
 * whatever that leaves. */
int sg_system_zero_modes(const sg_system *sys);

/** Take the rigid motions that cost nothing at positions x out of a field v [n][3], in place. Threads: any.
 */
void sg_system_project(const sg_system *sys, const double (*x)[3], double (*v)[3]);

/** Displacement field from a to b with periodic images and without the rigid motions that cost nothing: the
 * mean drift removed (also a drift of the size of the cell), and b turned so that the sum of squares is least
 * where rotations are among them; the field is then the one seen in the frame of a. Positions are not
 * changed.
 * @param d [out] [n][3], may be NULL or b itself
 * @param atom [out] farthest mover, lowest index on ties, may be NULL
 * @return its distance, Å. Threads: any. */
double sg_system_displacement(const sg_system *sys, const double (*a)[3], const double (*b)[3],
                              double (*d)[3], int *atom);

/** SG_EINVAL with the atom's id when a position is not finite, a type is out of range, ids repeat. */
sg_status sg_system_validate(const sg_system *sys);

/** Content hash over cell, strain, species, types, ids, fixed flags and positions. */
uint64_t sg_system_hash(const sg_system *sys);

#endif
