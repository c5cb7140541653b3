/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a run, and the parts of a step. */
#ifndef SLOWGLASS_MD_INTERNAL_H
#define SLOWGLASS_MD_INTERNAL_H

#include "slowglass/md.h"

enum { SG_MD_CHAIN = 3 };

typedef struct sg_md_ramp { /* targets: `from` at step `begin`, `to` from step `end` on, linear between */
    double from_K, to_K, from_GPa, to_GPa;
    int64_t begin, end;
} sg_md_ramp;

struct sg_md {
    const sg_potential *pot; /* borrowed */
    sg_potential_work *work;
    sg_system *sys;
    sg_md_options opt;
    sg_md_ramp ramp;
    int64_t step, draws;
    int freedom;                  /* degrees of freedom */
    double (*v)[3];               /* [n] Å/ps */
    double (*x_list)[3];          /* [n] positions at which the potential's list was made, Å */
    double *kick;                 /* [n] half a time step over the mass, Å^2/(eV ps); 0: fixed */
    sg_forces now;                /* at sys->x */
    double kinetic;               /* eV, of v; kept up to date by all that change v */
    double exchanged;             /* eV received from the rescaling of velocities and cell since the start */
    double checked;               /* eV, conserved quantity when it was last looked at */
    double eta[SG_MD_CHAIN];      /* of the chain: positions */
    double eta_rate[SG_MD_CHAIN]; /* 1/ps */
};

/** As sg_md_create, without computing forces. */
sg_status sg_md_allocate(const sg_potential *pot, const sg_system *start, const sg_md_options *opt,
                         sg_md **out);

/** Kicks from masses and the time step. */
void sg_md_set_kicks(sg_md *md);

/** eV. */
double sg_md_conserved(const sg_md *md);

/** Targets at this step. */
double sg_md_target_K(const sg_md *md, int64_t step);
double sg_md_target_GPa(const sg_md *md, int64_t step);

static inline double sg_md_mass(const sg_md *md, int i) /* eV ps^2/Å^2 */
{
    return md->sys->species.mass[md->sys->type[i]] * SG_AMU_A2_PER_PS2_EV;
}

/** eV, summed in index order. */
double sg_md_kinetic(const sg_md *md);

/** Sum of m v_a v_b, eV: xx yy zz xy xz yz. */
void sg_md_kinetic_tensor(const sg_md *md, double k[6]);

/** All velocities times `factor`; md->kinetic follows. */
void sg_md_scale(sg_md *md, double factor);

/** Forces at sys->x; the potential's list is made anew when md says so. */
sg_status sg_md_compute(sg_md *md);

/** Forget the potential's list: the next call makes one from sys->x. */
void sg_md_renew_list(sg_md *md);

#endif
