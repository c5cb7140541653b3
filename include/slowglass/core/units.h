/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Internal units: eV, Å, ps, K, amu. The one place for constants.
 * Source: exact SI values of the 2019 revision; atomic mass constant CODATA 2018. */
#ifndef SLOWGLASS_CORE_UNITS_H
#define SLOWGLASS_CORE_UNITS_H

#define SG_PI 3.14159265358979323846
#define SG_KB 8.617333262e-5                /* eV/K; 1.380649e-23 / 1.602176634e-19 */
#define SG_GPA_PER_EV_A3 160.2176634        /* 1 eV/Å^3 in GPa */
#define SG_AMU_A2_PER_PS2_EV 1.036426965e-4 /* 1 amu Å^2/ps^2 in eV */
#define SG_PS_PER_S 1e12

#endif
