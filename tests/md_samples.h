/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of molecular dynamics run: a noisy crystal of 108 Lennard-Jones atoms in a tilted, strained
 * cell. */
#ifndef SLOWGLASS_TESTS_MD_SAMPLES_H
#define SLOWGLASS_TESTS_MD_SAMPLES_H

#include "slowglass/md.h"
#include "unit/configurations.h"

static const char *const cu_zr[] = {"Cu", "Zr"};
static const char md_lj[] = "lj:0.2,2.6,6.5,0.25,2.8,7,0.3,2.9,7.5";

typedef struct md_sample {
    sg_potential *pot;
    sg_system *start;
    sg_md *md;
} md_sample;

static inline md_sample md_start_with(const char *potential, const sg_md_options *opt, double temperature_K)
{
    md_sample b = {.start = perturbed_fcc(3, 4.1, 0.1, 0.03, 0.02, 0.4, 2, cu_zr, 1)};

    assert_int_equal(sg_potential_create(potential, NULL, 2, cu_zr, &b.pot), SG_OK);
    assert_int_equal(sg_md_create(b.pot, b.start, opt, &b.md), SG_OK);
    if (temperature_K > 0.0) assert_int_equal(sg_md_draw_velocities(b.md, temperature_K), SG_OK);
    return b;
}

static inline md_sample md_start(const sg_md_options *opt, double temperature_K)
{
    return md_start_with(md_lj, opt, temperature_K);
}

static inline void md_end(md_sample *b)
{
    sg_md_free(b->md);
    sg_system_free(b->start);
    sg_potential_free(b->pot);
}

#endif
