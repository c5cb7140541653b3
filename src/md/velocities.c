/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Velocities: kinetic energy, draws from the Maxwell-Boltzmann distribution, other starts. */
#include "md_internal.h"

#include <math.h>
#include <string.h>

double sg_md_kinetic(const sg_md *md)
{
    double sum[3] = {0.0, 0.0, 0.0};

    for (int i = 0; i < md->sys->n; i++) {
        const double m = sg_md_mass(md, i);
        for (int a = 0; a < 3; a++)
            sum[a] += m * md->v[i][a] * md->v[i][a];
    }
    return 0.5 * (sum[0] + sum[1] + sum[2]);
}

void sg_md_kinetic_tensor(const sg_md *md, double k[6])
{
    memset(k, 0, 6 * sizeof *k);
    for (int i = 0; i < md->sys->n; i++) {
        const double m = sg_md_mass(md, i), *const v = md->v[i];
        k[0] += m * v[0] * v[0];
        k[1] += m * v[1] * v[1];
        k[2] += m * v[2] * v[2];
        k[3] += m * v[0] * v[1];
        k[4] += m * v[0] * v[2];
        k[5] += m * v[1] * v[2];
    }
}

void sg_md_scale(sg_md *md, double factor)
{
    for (int i = 0; i < md->sys->n; i++)
        for (int a = 0; a < 3; a++)
            md->v[i][a] *= factor;
    md->kinetic *= factor * factor;
}

static void stop_drift(sg_md *md)
{
    double momentum[3] = {0.0, 0.0, 0.0}, mass = 0.0;

    for (int i = 0; i < md->sys->n; i++) {
        const double m = sg_md_mass(md, i);
        mass += m;
        for (int a = 0; a < 3; a++)
            momentum[a] += m * md->v[i][a];
    }
    for (int i = 0; i < md->sys->n; i++)
        for (int a = 0; a < 3; a++)
            md->v[i][a] -= momentum[a] / mass;
}

sg_status sg_md_draw_velocities(sg_md *md, double temperature_K)
{
    sg_rng rng;

    if (!(temperature_K >= 0.0) || !isfinite(temperature_K))
        return sg_fail(SG_EINVAL, "velocities of %g K, need >= 0", temperature_K);
    sg_rng_init(&rng, md->opt.seed, SG_RNG_MD_VELOCITY, md->opt.stream, (uint64_t)md->draws++, 0);
    for (int i = 0; i < md->sys->n; i++) {
        const double width = sqrt(SG_KB * temperature_K / sg_md_mass(md, i));
        for (int a = 0; a < 3; a++)
            md->v[i][a] = md->sys->fixed[i] ? 0.0 : width * sg_rng_normal(&rng);
    }
    if (md->sys->n_fixed == 0) stop_drift(md);
    md->kinetic = sg_md_kinetic(md);
    if (md->kinetic > 0.0) sg_md_scale(md, sqrt(0.5 * md->freedom * SG_KB * temperature_K / md->kinetic));
    md->kinetic = sg_md_kinetic(md);
    md->checked = sg_md_conserved(md);
    return SG_OK;
}

sg_status sg_md_set_velocities(sg_md *md, const double (*v)[3])
{
    for (int i = 0; i < md->sys->n; i++)
        if (!isfinite(v[i][0] + v[i][1] + v[i][2]))
            return sg_fail(SG_EINVAL, "velocity of atom id %d is not finite", md->sys->id[i]);
    for (int i = 0; i < md->sys->n; i++)
        for (int a = 0; a < 3; a++)
            md->v[i][a] = md->sys->fixed[i] ? 0.0 : v[i][a];
    md->kinetic = sg_md_kinetic(md);
    md->checked = sg_md_conserved(md);
    return SG_OK;
}

static sg_status check_elements(const sg_md *md, const sg_species *other)
{
    const sg_species *const own = &md->sys->species;

    for (int k = 0; k < own->n || k < other->n; k++) {
        const char *const a = k < own->n ? own->symbol[k] : "nothing";
        const char *const b = k < other->n ? other->symbol[k] : "nothing";
        if (strcmp(a, b) != 0) return sg_fail(SG_EMISMATCH, "atom type %d is %s, expected %s", k + 1, b, a);
        if (own->mass[k] != other->mass[k])
            return sg_fail(SG_EMISMATCH, "%s of %g amu, expected %g amu", b, other->mass[k], own->mass[k]);
    }
    return SG_OK;
}

sg_status sg_md_check_system(const sg_md *md, const sg_system *sys)
{
    const sg_system *const own = md->sys;

    if (sys->n != own->n) return sg_fail(SG_EMISMATCH, "%d atoms, expected %d", sys->n, own->n);
    const sg_status st = check_elements(md, &sys->species);
    if (st != SG_OK) return st;
    for (int i = 0; i < own->n; i++) {
        if (sys->id[i] != own->id[i])
            return sg_fail(SG_EMISMATCH, "atom %d has id %d, expected %d", i + 1, sys->id[i], own->id[i]);
        if (sys->type[i] != own->type[i])
            return sg_fail(SG_EMISMATCH, "atom id %d has type %d, expected %d", own->id[i], sys->type[i] + 1,
                           own->type[i] + 1);
        if (!sys->fixed[i] != !own->fixed[i])
            return sg_fail(SG_EMISMATCH, "atom id %d is %s, expected %s", own->id[i],
                           sys->fixed[i] ? "fixed" : "free", own->fixed[i] ? "fixed" : "free");
    }
    return SG_OK;
}

sg_status sg_md_replace(sg_md *md, const sg_system *sys)
{
    const size_t n = (size_t)md->sys->n;
    sg_status st;

    if (sys->n != md->sys->n) return sg_fail(SG_EMISMATCH, "%d atoms, expected %d", sys->n, md->sys->n);
    if ((st = check_elements(md, &sys->species)) != SG_OK) return st;
    for (int i = 0; i < sys->n; i++)
        if (!sys->fixed[i] != !md->sys->fixed[i])
            return sg_fail(SG_EMISMATCH, "atom id %d is %s, expected %s", sys->id[i],
                           sys->fixed[i] ? "fixed" : "free", md->sys->fixed[i] ? "fixed" : "free");
    memcpy(md->sys->x, sys->x, n * sizeof *sys->x);
    memcpy(md->sys->type, sys->type, n * sizeof *sys->type);
    md->sys->cell = sys->cell;
    sg_md_set_kicks(md);
    sg_md_renew_list(md);
    if ((st = sg_md_compute(md)) != SG_OK) return st;
    md->kinetic = sg_md_kinetic(md);
    md->checked = sg_md_conserved(md);
    return SG_OK;
}
