/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The surroundings of an atom: bonds, a key for the coloured graph of its first shell, correspondence,
 * alignment.
 *
 * Vertices of an environment are the centre and the atoms (images, not atoms: in a small cell one atom may
 * appear twice, and the centre's own image may be a neighbour) bonded to it; edges are all bonds among them;
 * the colour of a vertex is (is the centre, atomic number). igraph's BLISS gives the canonical order, brought
 * into the form: centre first, then by ascending atomic number, within one element in BLISS's order. Two
 * environments are alike when their canonical forms are the same bytes; the key is a hash of them, so a
 * collision is found by comparing the forms.
 *
 * Threads: every function that makes a key or asks for automorphisms calls igraph, which must not run in two
 * threads at once: the caller guarantees that. The others (bonds, spheres, clusters, alignment, matching) run
 * anywhere. Sources: Junttila & Kaski, ALENEX 2007 (BLISS); El-Mellouhi, Mousseau & Lewis, PRB 78, 153202
 * (2008) (topological classes of events). */
#ifndef SLOWGLASS_TOPOLOGY_H
#define SLOWGLASS_TOPOLOGY_H

#include <stdint.h>

#include "slowglass/neigh.h"
#include "slowglass/system.h"

enum {
    SG_TOPOLOGY_KEY_VERSION = 1,
    SG_TOPOLOGY_MAX_VERTICES = 64, /* centre included */
    SG_TOPOLOGY_MAX_FORM = 512,    /* bytes of a canonical form; see sg_environment */
    SG_TOPOLOGY_MAX_CLUSTER = 512  /* atoms of a cluster that can be matched */
};

#define SG_TOPOLOGY_MARGIN 0.15 /* Å: pairs this little beyond the cutoff are kept in sg_bonds as `near` */
#define SG_TOPOLOGY_ASSIGN_MAX 1.0 /* Å: default reach of the assignment in sg_topology_match */

typedef struct sg_topology_params {
    int n_species;
    double cutoff[SG_MAX_SPECIES][SG_MAX_SPECIES]; /* Å, symmetric, by species index of the system */
} sg_topology_params;

/** Bond cutoffs of a structure: the first minimum of each partial g(r) beyond its first peak (the middle of
 * the gap in a crystal), rounded to 0.05 Å. A pair of species with too few pairs for statistics gets the mean
 * of the two like pairs, or what the pairs it takes part in imply, or the cutoff of the total g(r).
 * @return SG_EINVAL when no first peak is found (fewer than 2 atoms, atoms farther than 5 Å apart). Cost
 * O(n). */
sg_status sg_topology_cutoffs(const sg_system *sys, sg_topology_params *out);

/** SG_EINVAL when the table does not fit the system's species: not symmetric, not positive, not finite. */
sg_status sg_topology_params_check(const sg_system *sys, const sg_topology_params *params);

typedef struct sg_bonds { /* full lists: every pair appears in both rows, sorted by (j, image) */
    int n;
    int *first;      /* [n+1] */
    int *j;          /* [first[n]] */
    double (*d)[3];  /* [first[n]] x_j - x_i of the bonded image, Å */
    int *near_first; /* [n+1] the same for pairs not bonded, but within SG_TOPOLOGY_MARGIN of it */
    int *near_j;
    double (*near_d)[3];
} sg_bonds;

/** All bonds of a structure. Free with sg_bonds_free. Threads: any. Cost O(n). */
sg_status sg_bonds_create(const sg_system *sys, const sg_topology_params *params, sg_bonds **out);

/** Full lists of all pairs within one radius r (Å), for cutting spheres around many atoms; nothing is `near`.
 */
sg_status sg_bonds_create_radius(const sg_system *sys, double r, sg_bonds **out);
void sg_bonds_free(sg_bonds *bonds);

typedef struct sg_environment { /* caller's storage; copy by assignment */
    uint64_t key;
    int n;                                 /* vertices: centre + first shell */
    int atom[SG_TOPOLOGY_MAX_VERTICES];    /* system index of the vertex in canonical position k; k = 0 is the
                                              centre */
    double x[SG_TOPOLOGY_MAX_VERTICES][3]; /* relative to the centre, Å */
    int number[SG_TOPOLOGY_MAX_VERTICES];  /* atomic numbers */
    /* Canonical form, little-endian: u32 key version; u8 number of species s; s x u8 atomic numbers,
     * ascending; s(s+1)/2 x u32 cutoffs 00 01 .. 11 12 .. in that order, 1e-4 Å; u8 n; n x u8 atomic numbers;
     * then one bit per vertex pair 01, 02, .., 12, 13, .. (1 = bond), lowest bit of a byte first, padded with
     * 0. */
    unsigned char form[SG_TOPOLOGY_MAX_FORM];
    int form_size;
} sg_environment;

/** Key and canonical order of one atom's environment.
 * @return SG_EINVAL more than SG_TOPOLOGY_MAX_VERTICES vertices (cutoff too long); SG_EBACKEND igraph failed.
 * Threads: igraph, one at a time. Cost: some 10 us. */
sg_status sg_topology_environment(const sg_system *sys, const sg_topology_params *params,
                                  const sg_bonds *bonds, int atom, sg_environment *out);

/** The environments that appear when one marginal pair is taken for bonded or not: out[0] is the environment
 * as it is, then one flip each, in the order of increasing |r - cutoff|, at most max - 1 of them and none
 * beyond `margin`
 * (<= SG_TOPOLOGY_MARGIN, Å); forms already in the list are left out. Flips concern pairs of the centre and
 * pairs of the shell.
 * @param n [out] environments written, >= 1. Threads: igraph, one at a time. Cost: one key each. */
sg_status sg_topology_marginal(const sg_system *sys, const sg_topology_params *params, const sg_bonds *bonds,
                               int atom, double margin, int max, sg_environment *out, int *n);

/** 1 when the canonical forms are the same bytes. */
int sg_environment_same(const sg_environment *a, const sg_environment *b);

/** From a stored canonical form: key, n, number, form; atom is -1 and x is 0.
 * @return SG_ECORRUPT: not a form of this key version. Threads: any. */
sg_status sg_environment_from_form(const unsigned char *form, size_t size, sg_environment *out);

/** All automorphisms of the coloured graph: perm[a][k] is the canonical position that takes the place of
 * position k; perm[0] is the identity. Generators from igraph, closed breadth-first in a fixed order.
 * @param n [out] number written; n == max may mean that there are more. Threads: igraph, one at a time. */
sg_status sg_topology_automorphisms(const sg_environment *env, int max, int (*perm)[SG_TOPOLOGY_MAX_VERTICES],
                                    int *n);

/** Keys of all atoms, kept up to date. Open for reading; changed by sg_keys_update only. */
typedef struct sg_keys {
    int n;
    uint64_t *key; /* [n] */
    sg_topology_params params;
    sg_bonds *bonds; /* of the last structure; owned */
    uint64_t *mask;  /* [bonds->first[n]] bonds among the shell: bit b of entry a of a row */
} sg_keys;

sg_status sg_keys_create(const sg_system *sys, const sg_topology_params *params, sg_keys **out);

/** Bring the table to another structure of the same atoms; igraph is asked only for atoms whose bonded atoms
 * or bonds among them have changed. On failure the table is as before.
 * @param n_rekeyed [out] may be NULL. Threads: igraph, one at a time. */
sg_status sg_keys_update(sg_keys *keys, const sg_system *sys, int *n_rekeyed);
void sg_keys_free(sg_keys *keys);

/** Atoms within radius r of an atom, itself left out (its images are not), sorted by (atom, image).
 * @param atom [out] [max] indices; @param d [out] [max] x_j - x_centre, Å
 * @return SG_EINVAL when there are more than max. Threads: any. Cost O(n): for many centres use
 * sg_bonds_create_radius. */
sg_status sg_topology_sphere(const sg_system *sys, int centre, double r, int max, int *atom, double (*d)[3],
                             int *n);

typedef struct sg_cluster { /* atoms around a centre: the first shell in canonical order, centre first, then
                               the others */
    int n, n_shell;
    int *atom;      /* [n] system index; -1 when from a record */
    int *number;    /* [n] atomic numbers */
    double (*x)[3]; /* [n] relative to the centre, Å */
} sg_cluster;

/** The environment and all other atoms within r of its centre, by ascending (distance rounded to 1e-6 Å,
 * atom). `spheres` is a list from sg_bonds_create_radius(r_list >= r), or NULL. Release with
 * sg_cluster_clear. Threads: any. */
sg_status sg_cluster_init(sg_cluster *cluster, const sg_system *sys, const sg_environment *env, double r,
                          const sg_bonds *spheres);

/** From a stored record. */
sg_status sg_cluster_init_record(sg_cluster *cluster, int n, int n_shell, const unsigned char *number,
                                 const float (*x)[3]);
void sg_cluster_clear(sg_cluster *cluster);

/** Best rigid map target ~ R ref + t in the sense of least squares.
 * @param ref, target [n][3], n >= 1; planar and collinear sets give one of the equally good maps (a proper
 * one)
 * @param improper 1: rotations with reflection are allowed too
 * @param rms, max [out] residual distances, Å; may be NULL. det R is +1 or -1.
 * @return SG_EINVAL, SG_ENUMERIC (not finite), SG_EBACKEND (LAPACK). Threads: any.
 * Source: Kabsch, Acta Cryst. A 32, 922 (1976) and A 34, 827 (1978); Umeyama, IEEE TPAMI 13, 376 (1991). */
sg_status sg_align(int n, const double (*ref)[3], const double (*target)[3], int improper, double R[3][3],
                   double t[3], double *rms, double *max);

double sg_align_determinant(const double R[3][3]);

typedef struct sg_match_options {
    double tolerance;  /* Å, largest residual of one atom accepted */
    double assign_max; /* Å, reach of the assignment of atoms beyond the shell */
    double
        cover; /* Å: all atoms of the target this close to its centre must be assigned; 0: no such demand */
    int improper;  /* 1: mirror images count */
    int best_only; /* 1: only the placement with the smallest largest residual */
    double enough; /* Å, with best_only: stop at the first placement whose largest residual is no more than
                      this; 0: try all */
} sg_match_options;

/** 0.3 Å, SG_TOPOLOGY_ASSIGN_MAX, no cover, improper allowed, all placements. */
sg_match_options sg_match_defaults(void);

typedef struct sg_placement { /* target atom map[k] sits at R ref.x[k] + t */
    double R[3][3], t[3];
    double rms, max;                  /* Å */
    int n;                            /* atoms of ref */
    int map[SG_TOPOLOGY_MAX_CLUSTER]; /* index into the target cluster */
} sg_placement;

/** Lay a reference cluster on a target cluster: for each automorphism of the shell, align on the shell,
 * assign every further reference atom to the nearest free target atom of its element (one to one, nearest
 * pairs first), align on all, repeat until the assignment stands. Both shells must be in canonical order of
 * the same form. The target should reach assign_max farther than the reference. Placements with the same map
 * are given once; order: ascending max residual.
 * @param perm automorphisms as from sg_topology_automorphisms; NULL: the identity alone
 * @param n_out [out] placements written, at most max_out; 0: no match (that is an ordinary result)
 * Threads: any. Cost: some us per automorphism that fits the shell. */
sg_status sg_topology_match(const sg_cluster *ref, const sg_cluster *target, int n_perm,
                            const int (*perm)[SG_TOPOLOGY_MAX_VERTICES], const sg_match_options *opt,
                            int max_out, sg_placement *out, int *n_out);

enum { SG_MAX_CELL_SYMMETRIES = 48 };

typedef struct sg_cell_symmetries { /* turns and mirrors that carry the lattice of the cell onto itself */
    int n;                          /* >= 1 */
    double R[SG_MAX_CELL_SYMMETRIES][3][3]; /* the identity first */
} sg_cell_symmetries;

/** Orthogonal maps that take each cell vector to a combination of the cell vectors with coefficients -1, 0, 1
 * (all there are, unless the cell is more oblique than need be), periodic vectors to periodic ones. Threads:
 * any. */
void sg_topology_cell_symmetries(const sg_cell *cell, sg_cell_symmetries *out);

typedef struct sg_congruence { /* arrays are the caller's */
    double R[3][3];
    int *map;           /* [n] atom i of the reference becomes atom map[i] of the target */
    double (*image)[3]; /* [n] place of the carried reference, by atom of the target, near that atom, Å */
    double worst;       /* Å, longest distance between an atom of the target and its image */
} sg_congruence;

/** Is the target the reference, turned or mirrored by one of `ops` and shifted, like atoms exchanged, as a
 * whole? Fixed atoms go to fixed atoms, and where there are any nothing but what they allow is found.
 * @param sys cell, types and fixed flags of both; its positions do not matter
 * @param colour_ref, colour_target [n] numbers >= 0 that go with the atoms, such as how many bonds each has;
 *        the rarer the rarest, the faster. All above 63 count as one.
 * @param tolerance Å, between an atom and its image before the shift is moved to the middle
 * @param out meaningful when *found is 1. Threads: any. Cost: some 20 us for 400 atoms, less when it fails.
 */
sg_status sg_topology_congruence(const sg_system *sys, const sg_cell_symmetries *ops,
                                 const double (*x_ref)[3], const int *colour_ref, const double (*x_target)[3],
                                 const int *colour_target, double tolerance, sg_congruence *out, int *found);

#endif
