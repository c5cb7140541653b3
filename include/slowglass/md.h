/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Molecular dynamics: velocity Verlet at constant energy, temperature or pressure, in any triclinic cell and
 * with any potential.
 *
 * An object holds its own copy of the atoms, their velocities and forces, and what its thermostat remembers.
 * The same start, options and seed give the same bits, however the steps are divided among calls of
 * sg_md_run, and also across sg_md_save and sg_md_restore. Positions are unwrapped: an atom that leaves the
 * cell keeps its history. Fixed atoms have no velocity; where the cell changes they follow it.
 *
 * Sources: Swope et al., J. Chem. Phys. 76, 637 (1982) (velocity Verlet); Martyna, Klein & Tuckerman, J.
 * Chem. Phys. 97, 2635 (1992) (chains); Bussi, Donadio & Parrinello, J. Chem. Phys. 126, 014101 (2007)
 * (velocity rescaling); Bernetti & Bussi, J. Chem. Phys. 153, 114107 (2020) (cell rescaling). */
#ifndef SLOWGLASS_MD_H
#define SLOWGLASS_MD_H

#include <stdint.h>

#include "slowglass/potential.h"

typedef enum sg_md_ensemble {
    SG_MD_NVE,         /* constant energy */
    SG_MD_NVT_CHAIN,   /* Nose-Hoover chain of three: canonical, deterministic, smooth trajectories */
    SG_MD_NVT_RESCALE, /* stochastic velocity rescaling: canonical, also for few atoms and far from
                          equilibrium */
    SG_MD_NPT_ISO,     /* stochastic rescaling of velocities and of the cell, which keeps its shape */
    SG_MD_NPT_SHEAR    /* the same with all six numbers of the cell free; for solids (a melt does not hold its
                          shape) */
} sg_md_ensemble;

typedef struct sg_md_options {
    sg_md_ensemble ensemble;
    double timestep_ps;
    double temperature_K;           /* target; not looked at by NVE */
    double damping_ps;              /* relaxation time of the thermostat */
    double pressure_GPa;            /* target; NPT only, as all that follows */
    double pressure_damping_ps;     /* relaxation time of the volume */
    double compressibility_per_GPa; /* an estimate: it scales pressure_damping_ps and no average */
    int pressure_every;             /* steps between two changes of the cell */
    uint64_t seed;
    uint64_t stream; /* names independent runs of one seed */
} sg_md_options;

typedef struct sg_md_sample {
    int64_t step;
    double time_ps;
    double potential, kinetic; /* eV, all atoms */
    double temperature_K;      /* of the kinetic energy and the degrees of freedom */
    double target_K;           /* present target of the thermostat */
    double stress_GPa[6];      /* xx yy zz xy xz yz, virial and kinetic part, positive: tension */
    double pressure_GPa;       /* minus a third of its trace */
    double volume;             /* Å^3 */
    double conserved;          /* eV, constant but for the error of the time step; NVE: the energy */
} sg_md_sample;

typedef struct sg_md sg_md;

/** NVT_RESCALE, 1 fs, 600 K, damping 0.1 ps; pressure 0, damping 1 ps, 0.01/GPa, every 10 steps; seed 1,
 * stream 0. */
sg_md_options sg_md_defaults(void);

/** Take up a copy of `start` at rest, and compute its forces. `pot` is borrowed for the life of the object.
 * @return SG_EINVAL: an option out of range, a mass that is not positive, nothing free to move, NPT of a cell
 * that is not periodic along all vectors; SG_EMISMATCH: other elements than the potential's; and what the
 * potential returns.
 */
sg_status sg_md_create(const sg_potential *pot, const sg_system *start, const sg_md_options *opt,
                       sg_md **out);
void sg_md_free(sg_md *md);

/** Maxwell-Boltzmann velocities without drift (when no atom is fixed), scaled to exactly this temperature.
 * Each call draws others, named by seed, stream and the number of the call. SG_EINVAL: temperature negative
 * or not finite. */
sg_status sg_md_draw_velocities(sg_md *md, double temperature_K);

/** Set all velocities, Å/ps; those of fixed atoms become zero. A drift stays. SG_EINVAL: not finite. */
sg_status sg_md_set_velocities(sg_md *md, const double (*v)[3]);

/** Take up cell, positions and types of `sys`, which has as many atoms (a Monte Carlo move, another start);
 * the velocities stay and the forces are computed anew. The conserved quantity jumps, as it does when
 * velocities are drawn or set.
 * @return SG_EMISMATCH: another number of atoms, other elements, other fixed atoms. On failure the object can
 * only be freed. */
sg_status sg_md_replace(sg_md *md, const sg_system *sys);

/** From now on, these targets. A ramp ends. */
void sg_md_set_target(sg_md *md, double temperature_K, double pressure_GPa);

/** Let the targets go linearly from where they are to these during the next n_steps (>= 1) steps, and stay
 * there. */
void sg_md_set_ramp(sg_md *md, double temperature_K, double pressure_GPa, int64_t n_steps);

/** Go on for n_steps.
 * @return SG_EINTERRUPTED after sg_interrupt_request, at the end of a step: the object can be saved or go on;
 * SG_ENUMERIC, with step, atom, energy and temperature, when an atom moves farther in one step than any can,
 * a number is not finite, or the conserved quantity runs away: the time step is too long, or the start too
 * hot. Afterwards the object can only be looked at and freed. Threads: distinct objects may run concurrently.
 * Cost: one force call per step, and one more per change of the cell. */
sg_status sg_md_run(sg_md *md, int64_t n_steps);

/** Borrowed, valid for the life of md; the atoms as they are now. */
const sg_system *sg_md_system(const sg_md *md);

/** [n_atoms], Å/ps. Borrowed, as above. */
const double (*sg_md_velocities(const sg_md *md))[3];

/** [n_atoms], eV/Å. Borrowed, as above. */
const double (*sg_md_forces(const sg_md *md))[3];

/** What can be said about this moment. Cost O(n). */
sg_md_sample sg_md_now(const sg_md *md);

/** Degrees of freedom that the temperature counts: three per free atom, less three when none is fixed. */
int sg_md_freedom(const sg_md *md);

/** Force calls so far. Borrowed, valid for the life of md. */
const sg_force_calls *sg_md_calls(const sg_md *md);

/** All that sg_md_restore needs to go on with the same bits. @param bytes [out] sg_free */
sg_status sg_md_save(const sg_md *md, unsigned char **bytes, size_t *n);

/** Go on from saved bytes. `pot` is borrowed for the life of the object.
 * @return SG_ECORRUPT: damaged; SG_EUNSUPPORTED: of another version; SG_EMISMATCH: another potential, other
 * elements or another kernel than it was saved with (both are named). */
sg_status sg_md_restore(const sg_potential *pot, const unsigned char *bytes, size_t n, sg_md **out);

/** SG_EMISMATCH, naming what differs, unless md has the atoms of `sys`: number, ids, elements, types, fixed
 * ones. */
sg_status sg_md_check_system(const sg_md *md, const sg_system *sys);

#endif
