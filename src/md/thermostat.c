/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two thermostats.
 *
 * Chain: the first link, of mass Q_1 = g kT tau^2 with g degrees of freedom, rubs the atoms; each further
 * one, of mass kT tau^2, rubs the one before. Over a time dt the factorisation of Martyna, Tuckerman, Tobias
 * & Klein, Mol. Phys. 87, 1117 (1996), with three Suzuki-Yoshida weights. Conserved: E + sum Q_k w_k^2 / 2 +
 * kT (g eta_1 + eta_2 + eta_3).
 *
 * Rescaling: the kinetic energy K follows dK = (K_0 - K) dt / tau + 2 sqrt(K K_0 / g) dW / sqrt(tau),
 * integrated exactly (Bussi, Donadio & Parrinello 2007, appendix), with K_0 = g kT / 2. Conserved: E less all
 * that was handed over. */
#include "thermostat.h"

#include <math.h>

static void chain_once(sg_md *md, double dt, double kT, double *factor)
{
    const double tau2 = md->opt.damping_ps * md->opt.damping_ps;
    const double q[SG_MD_CHAIN] = {md->freedom * kT * tau2, kT * tau2, kT * tau2};
    const double k2 = 2.0 * md->kinetic;
    double *const w = md->eta_rate;
    enum { LAST = SG_MD_CHAIN - 1 };

    for (int k = LAST; k >= 0; k--) { /* from the far end to the atoms */
        const double drag = k < LAST ? exp(-0.125 * dt * w[k + 1]) : 1.0;
        const double push = k == 0 ? (k2 * *factor * *factor - md->freedom * kT) / q[0]
                                   : (q[k - 1] * w[k - 1] * w[k - 1] - kT) / q[k];
        w[k] = (w[k] * drag + 0.25 * dt * push) * drag;
    }
    *factor *= exp(-0.5 * dt * w[0]);
    for (int k = 0; k <= LAST; k++)
        md->eta[k] += 0.5 * dt * w[k];
    for (int k = 0; k <= LAST; k++) { /* and back */
        const double drag = k < LAST ? exp(-0.125 * dt * w[k + 1]) : 1.0;
        const double push = k == 0 ? (k2 * *factor * *factor - md->freedom * kT) / q[0]
                                   : (q[k - 1] * w[k - 1] * w[k - 1] - kT) / q[k];
        w[k] = (w[k] * drag + 0.25 * dt * push) * drag;
    }
}

void sg_md_chain(sg_md *md, double dt, double target_K)
{
    const double outer = 1.0 / (2.0 - cbrt(2.0)), weight[3] = {outer, 1.0 - 2.0 * outer, outer};
    double factor = 1.0;

    for (int k = 0; k < 3; k++) /* chain_once covers half of what it is given, as the classic formulae do */
        chain_once(md, 2.0 * weight[k] * dt, SG_KB * target_K, &factor);
    sg_md_scale(md, factor);
}

double sg_md_chain_energy(const sg_md *md, double target_K)
{
    const double kT = SG_KB * target_K, tau2 = md->opt.damping_ps * md->opt.damping_ps;
    double energy = 0.0;

    for (int k = 0; k < SG_MD_CHAIN; k++) {
        const double share = k == 0 ? md->freedom : 1.0;
        energy += share * kT * (0.5 * tau2 * md->eta_rate[k] * md->eta_rate[k] + md->eta[k]);
    }
    return energy;
}

void sg_md_rescale(sg_md *md, double dt, double target_K)
{
    const double g = md->freedom, mean = 0.5 * g * SG_KB * target_K, before = md->kinetic;
    const double keep = exp(-dt / md->opt.damping_ps);
    sg_rng rng;

    if (!(before > 0.0)) return; /* nothing to scale: atoms at rest at a minimum stay there */
    sg_rng_init(&rng, md->opt.seed, SG_RNG_MD_THERMOSTAT, md->opt.stream, (uint64_t)md->step, 0);
    const double first = sg_rng_normal(&rng),
                 rest = g > 1.0 ? 2.0 * sg_rng_gamma(&rng, 0.5 * (g - 1.0)) : 0.0;
    const double unit = (1.0 - keep) * mean / (g * before);
    const double along =
        sqrt(keep) + sqrt(unit) * first; /* the direction of the velocities; it may turn round */
    const double factor = copysign(sqrt(along * along + unit * rest), along);
    sg_md_scale(md, factor);
    md->exchanged += md->kinetic - before;
}
