/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What quenches and series share: means over the steps between two rows, and what they save. */
#ifndef SLOWGLASS_ANNEAL_INTERNAL_H
#define SLOWGLASS_ANNEAL_INTERNAL_H

#include "slowglass/anneal.h"
#include "slowglass/par.h"

enum { ANNEAL_LOOK = 10 }; /* steps between two looks at temperature, energy and volume */

typedef struct watch { /* sums over looks; all doubles */
    double n, temperature, potential, volume, pressure, shear;
} watch;

void watch_add(watch *w, const sg_md_sample *now);
watch watch_mean(const watch *w); /* n stays */

/** Advance by n_steps, with a look at every step that ANNEAL_LOOK divides. Looks and bits do not depend on
 * how the steps are divided among calls. SG_EINTERRUPTED: some of the steps are done, as sg_md_now says. */
sg_status anneal_run(sg_md *md, int64_t n_steps, watch *w);

/* A saved object: kind, settings, identity of the start, its own numbers, the dynamics, and a hash of all. */
void anneal_put_head(sg_bytes *b, const char *kind, const char *settings, const sg_system *start);
sg_status anneal_put_md(sg_bytes *b, const sg_md *md);
sg_status anneal_seal(sg_bytes *b, unsigned char **bytes, size_t *n); /* b is cleared */

/** Check hash and kind, then settings and start against these. @param b [out] reads on behind the head. */
sg_status anneal_get_head(sg_bytes *b, const unsigned char *bytes, size_t n, const char *kind,
                          const char *settings, const sg_system *start);
sg_status anneal_get_md(sg_bytes *b, const sg_potential *pot, const sg_system *start, sg_md **md);

#endif
