/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Models of the KIM-API: what kim.c opens and kim_compute.c evaluates on the particles of kim_cluster.c.
 * Builds without the library have no_kim.c instead of the three. */
#ifndef SLOWGLASS_KIM_H
#define SLOWGLASS_KIM_H

#include "potential_internal.h"

typedef struct sg_kim {
    sg_potential base; /* cutoff: the influence distance */
    char *name;
} sg_kim;

/** A model by name. `api_only` 0: tables of an EAM model go into our own kernel; what has none, or is
 * interpolated otherwise, is evaluated through the API all the same. SG_ENOTFOUND; SG_EINVAL: an element that
 * it does not know; SG_EUNSUPPORTED: it cannot do what is needed, or this build has no KIM-API. */
sg_status sg_kim_create(const char *name, int api_only, int n_elements, const char *const elements[],
                        sg_potential **out);

/* A group of particles as the API wants them: contributing atoms, whose energies are summed, and all atoms
 * and periodic images that these energies depend on. Particle p is at x[owner] + image . h. */
typedef struct sg_kim_list {
    int *first;     /* [n + 1] */
    int *neighbour; /* both i of j and j of i */
} sg_kim_list;

typedef struct sg_kim_cluster {
    int n, n_contributing; /* 0: not built; the contributing come first */
    int *owner;
    int (*image)[3];
    int *code, *contributing;
    double (*x)[3], (*f)[3];
    int n_lists;
    sg_kim_list *list; /* [n_lists] */
    int n_system;
    double (*x_build)[3], h[3][3];
} sg_kim_cluster;

typedef struct sg_kim_reach { /* what a model asks for */
    double influence;         /* Å */
    int n_lists;
    const double *cutoff;         /* [n_lists] Å */
    const int *only_contributing; /* [n_lists] 1: it never asks for the neighbours of the others */
    int code[SG_MAX_SPECIES];
} sg_kim_reach;

/** Build for the atoms with member[i] != 0 (NULL: all); valid while none has moved more than SG_SKIN / 2. */
sg_status sg_kim_cluster_build(sg_kim_cluster *c, const sg_system *sys, const unsigned char *member,
                               const sg_kim_reach *reach);
void sg_kim_cluster_clear(sg_kim_cluster *c);

/** 1 when it must be built anew; looks at the atoms of `set` only (NULL: all). */
int sg_kim_cluster_stale(const sg_kim_cluster *c, const sg_system *sys, const sg_atom_set *set);

/** Bring the particles to where their atoms are now, forces to zero. */
void sg_kim_cluster_place(sg_kim_cluster *c, const sg_system *sys);

sg_status sg_kim_compute(const sg_potential *self, sg_potential_work *work, const sg_system *sys,
                         const sg_atom_set *free_atoms, sg_forces *out);

#endif
