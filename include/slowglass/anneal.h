/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Glasses made and aged by molecular dynamics: random starts, quenches, atom swaps, relaxation of the cell,
 * and the series E_IS(t) of isothermal runs. */
#ifndef SLOWGLASS_ANNEAL_H
#define SLOWGLASS_ANNEAL_H

#include <stdint.h>

#include "slowglass/md.h"
#include "slowglass/minimize.h"

/* ---- a start from nothing ---- */

typedef struct sg_composition {
    int n;                          /* elements, in the order given */
    char symbol[SG_MAX_SPECIES][4]; /* of the periodic table, each once */
    double share[SG_MAX_SPECIES];   /* sums to 1 */
} sg_composition;

/** Parse "Cu64Zr36", "CuZr", "Cu46.5Zr46.5Al7": element symbols, each followed by its part (1 if left out).
 * @return SG_EINVAL names what is odd: an unknown symbol, a part of 0, an element twice. Threads: any. */
sg_status sg_composition_parse(const char *text, sg_composition *out);

/** Whole atoms closest to the shares (largest remainders; ties to the first). @param count [out] [c->n] sums
 * to n_atoms. @return SG_EINVAL: an element gets no atom. Threads: any. */
sg_status sg_composition_counts(const sg_composition *c, int n_atoms, int *count);

/** A cube of atoms at random places that do not overlap, the species in random order: what a melt begins
 * with. Distances come from the potential itself: that of neighbours in the fcc crystal of least energy of
 * each species. The places are drawn at random, pushed apart by a soft wall and relaxed a little.
 * @param count [pot->species.n] atoms of each species of the potential
 * @param volume_per_atom Å^3; 0: that of the fcc crystals and a tenth more, about that of the liquid
 * @param out [out] free with sg_system_free
 * @return SG_EINVAL: so dense that the overlaps cannot be removed; SG_ENUMERIC, SG_ENOMEM. Same seed, same
 * bits. Cost: some hundred force calls. */
sg_status sg_anneal_start(const sg_potential *pot, const int *count, double volume_per_atom, uint64_t seed,
                          sg_system **out);

/* ---- the cell ---- */

typedef struct sg_cell_relax_options {
    sg_minimize_options minimize; /* of the atoms at each cell */
    double pressure;              /* eV/Å^3, to be reached */
    double tolerance;             /* eV/Å^3, of every component of the stress */
    int max_rounds;               /* cells tried */
} sg_cell_relax_options;

typedef struct sg_cell_relax_result {
    int converged; /* 0: rounds or force calls ended; the best cell is kept */
    int rounds, force_calls;
    double energy, f_max; /* eV, eV/Å */
    double virial[6];     /* eV; stress = virial / volume */
} sg_cell_relax_result;

/** Defaults: atoms to 1e-5 eV/Å, no pressure, 6e-7 eV/Å^3 (1e-4 GPa), 60 rounds. */
sg_cell_relax_options sg_cell_relax_defaults(void);

/** Relax atoms and cell until the stress is -pressure on the diagonal and zero off it. What comes out is an
 * unstrained sample: h0 is the new cell, gamma 0. The atoms are relaxed at each cell; the cell takes
 * quasi-Newton steps on its six components, which begin with the bulk and shear modulus of an affine strain.
 * @return SG_OK also when not converged (see result); SG_EINVAL: not periodic in all directions;
 * SG_EINTERRUPTED when the monitor of the minimiser says stop; SG_ENUMERIC, SG_ENOMEM. Cost: some hundred
 * force calls. Source: Broyden's update of the inverse (BFGS), Nocedal & Wright, Numerical Optimization, 2nd
 * ed. (2006), chapter 6. */
sg_status sg_cell_relax(const sg_potential *pot, sg_potential_work *work, sg_system *sys,
                        const sg_cell_relax_options *opt, sg_cell_relax_result *result);

/* ---- swaps of atoms ---- */

typedef struct sg_swap_count {
    int64_t tried, accepted;
} sg_swap_count;

/** Metropolis Monte Carlo on the order of the species: pairs of unlike atoms exchange their places at fixed
 * cell, accepted with min(1, exp(-dE/kT)). Pairs come from a small group of atoms drawn anew for each call,
 * so that only their surroundings are computed again (sg_atom_set). Fixed atoms take no part. Velocities are
 * none of its business: they stay with the atoms, as momenta are independent of places.
 * @param sys positions change in place (as a whole: unwrapped paths end here), types and ids stay
 * @param work is reset at the beginning and the end
 * @param count [in,out] added to
 * @return SG_EINVAL: fewer than two species among the atoms that are not fixed. Same rng, same bits.
 * Cost: some four full force calls, and less than one for each trial, the less the more atoms there are.
 * Source: Ninarello, Berthier & Coslovich, Phys. Rev. X 7, 021039 (2017), for what swaps do to a glass. */
sg_status sg_anneal_swap(const sg_potential *pot, sg_potential_work *work, sg_system *sys,
                         double temperature_K, int n_trials, sg_rng *rng, sg_swap_count *count);

/* ---- quenches ---- */

enum { SG_MAX_HOLDS = 32 };

typedef struct sg_quench_options {
    sg_md_ensemble ensemble; /* SG_MD_NPT_ISO or SG_MD_NVT_RESCALE */
    double timestep_ps;
    double damping_ps; /* of the thermostat */
    double pressure_GPa, pressure_damping_ps;
    double high_K, low_K; /* the melt, and where cooling ends */
    double melt_ps;       /* at high_K */
    double rate_K_per_ps; /* of cooling */
    double settle_ps;     /* at low_K, afterwards */
    int n_holds;
    double hold[SG_MAX_HOLDS][2]; /* K, ps: rests during the cooling, from hot to cold */
    double swaps_per_ps;          /* trials to exchange unlike atoms while cooling and resting; 0: none */
    double row_ps;                /* between two rows of the series */
    uint64_t seed;
} sg_quench_options;

typedef struct sg_quench_row { /* means over the time since the row before; the first row: the start */
    int64_t step;
    double time_ps, target_K, temperature_K;
    double potential; /* eV */
    double volume;    /* Å^3 */
    double pressure_GPa;
    sg_swap_count swaps; /* since the beginning */
} sg_quench_row;

typedef struct sg_quench sg_quench;

/** NPT_ISO, 2 fs, damping 0.1 ps, pressure 0, its damping 1 ps, 2000 K for 50 ps, 1 K/ps down to 300 K, no
 * rest there, no swaps, a row every ps, seed 1. */
sg_quench_options sg_quench_defaults(void);

/** Holds from text, "700:200,650:500" (K:ps). SG_EINVAL names the odd one. */
sg_status sg_quench_parse_holds(const char *text, sg_quench_options *opt);

/** The settings as "key=value key=value ..", also what a file's header says of the origin of a glass.
 * @return SG_EINVAL, naming the setting that is out of range. */
sg_status sg_quench_describe(const sg_quench_options *opt, char *text, size_t size);

/** Begin to melt a copy of `start`; velocities are drawn at high_K. `pot` is borrowed for the life of the
 * object. SG_EINVAL: a setting out of range; and what sg_md_create returns. */
sg_status sg_quench_create(const sg_potential *pot, const sg_system *start, const sg_quench_options *opt,
                           sg_quench **out);
void sg_quench_free(sg_quench *q);

/** Go on to the next row. Not to be called when sg_quench_is_done.
 * @return SG_EINTERRUPTED when sg_interrupt_requested: the object is whole and may be saved, or go on.
 * SG_ENUMERIC with step and atom when the run explodes. */
sg_status sg_quench_next(sg_quench *q, sg_quench_row *row);
int sg_quench_is_done(const sg_quench *q);

/** Steps of the whole program, and of those the ones done. */
int64_t sg_quench_steps(const sg_quench *q, int64_t *done);

/** Rows given out so far. */
int64_t sg_quench_rows(const sg_quench *q);

/** The atoms as they are now. Borrowed, valid until the next call. */
const sg_system *sg_quench_system(const sg_quench *q);
sg_swap_count sg_quench_swaps(const sg_quench *q);

/** All that is needed to go on with the same bits. @param bytes [out] sg_free */
sg_status sg_quench_save(const sg_quench *q, unsigned char **bytes, size_t *n);

/** Go on with what was saved, which must be of these settings and this start.
 * @return SG_EMISMATCH, naming the setting that differs; SG_ECORRUPT; what sg_md_restore returns. */
sg_status sg_quench_restore(const sg_potential *pot, const sg_system *start, const sg_quench_options *opt,
                            const unsigned char *bytes, size_t n, sg_quench **out);

/* ---- E_IS(t) of isothermal runs ---- */

typedef struct sg_series_options {
    sg_md_options md;             /* md.stream names the run */
    double interval_ps;           /* between two inherent structures */
    sg_minimize_options minimize; /* of the copies, at fixed cell */
} sg_series_options;

typedef struct sg_series_row {
    double time_ps;
    double energy;          /* E_IS, eV */
    double stress_GPa[6];   /* of the IS, xx yy zz xy xz yz */
    double pressure_IS_GPa; /* of the IS */
    double temperature_K;   /* means over the interval before (row 0: of the start): of the kinetic energy, */
    double potential;       /* eV, */
    double pressure_GPa;    /* with the kinetic part, */
    double shear_GPa;       /* the xy stress with its kinetic part, */
    double volume;          /* Å^3 */
} sg_series_row;

typedef struct sg_series sg_series; /* one run */

/** NVT_RESCALE, 2 fs, 600 K; 50 ps; atoms relaxed to 1e-4 eV/Å within 20000 calls. */
sg_series_options sg_series_defaults(void);

/** The settings that make the bits, as "key=value key=value ..". */
sg_status sg_series_describe(const sg_series_options *opt, char *text, size_t size);

/** Begin a run from a copy of `start`, with velocities drawn at the temperature. `pot` is borrowed. */
sg_status sg_series_create(const sg_potential *pot, const sg_system *start, const sg_series_options *opt,
                           sg_series **out);
void sg_series_free(sg_series *s);

/** Go on by at most max_steps, to the next row at the farthest: row 0 is the IS of the start; each further
 * one comes after interval_ps of dynamics, a copy of which is relaxed at fixed cell. The dynamics never sees
 * the relaxation, and the bits do not depend on how the steps are divided among calls.
 * @return SG_EINTERRUPTED when sg_interrupt_requested: the object is whole and may be saved, or go on.
 * SG_ENUMERIC: the run explodes, or a copy does not relax. Threads: distinct runs may go on concurrently. */
sg_status sg_series_next(sg_series *s, int64_t max_steps);

/** All rows so far. Borrowed until the next call. */
const sg_series_row *sg_series_rows(const sg_series *s, int64_t *n);

/** The IS of the last row, positions unwrapped along the run; NULL before the first and right after
 * sg_series_restore. Borrowed until the next call. */
const sg_system *sg_series_inherent(const sg_series *s);

/** The dynamics. Borrowed. */
const sg_md *sg_series_md(const sg_series *s);

/** All that is needed to go on with the same bits, rows included. @param bytes [out] sg_free */
sg_status sg_series_save(const sg_series *s, unsigned char **bytes, size_t *n);

/** Go on with what was saved, which must be of these settings and this start.
 * @return SG_EMISMATCH, naming the setting that differs; SG_ECORRUPT; what sg_md_restore returns. */
sg_status sg_series_restore(const sg_potential *pot, const sg_system *start, const sg_series_options *opt,
                            const unsigned char *bytes, size_t n, sg_series **out);

typedef struct sg_series_mean {
    double time_ps;
    int n;                              /* runs that have come so far */
    double energy, energy_se;           /* eV; standard errors: NaN for a single run */
    double shear_GPa, shear_se_GPa;     /* tau_xy of the IS */
    double temperature_K, pressure_GPa; /* of the dynamics */
} sg_series_mean;

/** Mean over runs of row `row`, and its standard error s / sqrt(n). Runs that are not as far are left out;
 * n = 0: none is. */
sg_series_mean sg_series_mean_of(int n_runs, const sg_series *const runs[], int64_t row);

#endif
