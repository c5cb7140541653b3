/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The barostat changes the cell, and atoms and velocities with it. */
#ifndef SLOWGLASS_MD_BAROSTAT_H
#define SLOWGLASS_MD_BAROSTAT_H

#include "md_internal.h"

/** Stochastic cell rescaling over a time dt, ps, isotropic or of all six numbers of the cell; forces follow,
 * and what it hands over is added to md->exchanged. SG_ENUMERIC: the cell would change by far too much. */
sg_status sg_md_rescale_cell(sg_md *md, double dt);

#endif
