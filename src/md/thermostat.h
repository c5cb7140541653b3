/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thermostats act on all velocities by one factor. */
#ifndef SLOWGLASS_MD_THERMOSTAT_H
#define SLOWGLASS_MD_THERMOSTAT_H

#include "md_internal.h"

/** Nose-Hoover chain over a time dt, ps, towards a temperature, K. */
void sg_md_chain(sg_md *md, double dt, double target_K);

/** Its energy, eV, which completes the conserved quantity. */
double sg_md_chain_energy(const sg_md *md, double target_K);

/** Stochastic rescaling over a time dt; what it hands over is added to md->exchanged. */
void sg_md_rescale(sg_md *md, double dt, double target_K);

#endif
