/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stochastic cell rescaling: overdamped Langevin dynamics of the cell at fixed scaled positions s = x h^-1
 * and their momenta p h^T, towards the distribution exp(-(K + U + P V) / kT).
 *
 * Isotropic (Bernetti & Bussi 2020, in the square root of the volume, where the noise is additive):
 *     d sqrt(V) = kappa sqrt(V) / (2 tau) [P_int - P + kT / (2 V)] dt + sqrt(kT kappa / (2 tau)) dW
 * with the density dV. It obeys <V (P_int - P)> = -kT.
 *
 * All six: the cell goes to h M with M = exp(eta) lower-triangular, so that h stays so, positions to x M,
 * velocities to v M^-T. The force on eta_ab (a >= b) is V (P_int,ab - P delta_ab); with the mobility mu =
 * kappa / (3 tau V), d eta_ab = mu [V (P_int,ab - P delta_ab) + kT c_a delta_ab] dt + sqrt(2 kT mu) dW_ab.
 * The c_a follow from the measure. Volumes and shapes are to be distributed as for a cell h of nine numbers
 * whose orientation does not matter (Martyna, Tobias & Klein, J. Chem. Phys. 101, 4177 (1994)): exp(..) V
 * times the invariant measure of all matrices, which for triangular ones, in terms of the measure that is
 * invariant under h -> h M, is V h_11^2 / h_33^2. Its logarithm grows along eta_11, eta_22, eta_33 by 3, 1,
 * -1, and the mobility's by -1 along each: c = 2, 0, -2. (Del Tatto et al., Appl. Sci. 12, 1139 (2022), treat
 * the same by all nine.)
 *
 * kappa, an estimate of the compressibility, and tau come only as their ratio and decide on no average. */
#include "barostat.h"

#include <math.h>
#include <string.h>

static const double LARGEST_STRAIN = 0.2; /* of one change: beyond, a barostat does not follow but throws */

/* Internal pressure, eV/Å^3: xx yy zz xy xz yz. */
static void internal_pressure(const sg_md *md, double p[6])
{
    double k[6];

    sg_md_kinetic_tensor(md, k);
    for (int a = 0; a < 6; a++)
        p[a] = (k[a] - md->now.virial[a]) / md->sys->cell.volume;
}

static void isotropic_strain(const sg_md *md, double dt, double kT, double target, sg_rng *rng, double eta[6])
{
    const double volume = md->sys->cell.volume, root = sqrt(volume);
    const double pace = md->opt.compressibility_per_GPa * SG_GPA_PER_EV_A3 / md->opt.pressure_damping_ps;
    double p[6];

    internal_pressure(md, p);
    const double mean = (p[0] + p[1] + p[2]) / 3.0;
    const double change = 0.5 * pace * root * (mean - target + 0.5 * kT / volume) * dt +
                          sqrt(0.5 * kT * pace * dt) * sg_rng_normal(rng);
    memset(eta, 0, 6 * sizeof *eta);
    eta[0] = eta[1] = eta[2] = 2.0 / 3.0 * log1p(change / root);
}

static void full_strain(const sg_md *md, double dt, double kT, double target, sg_rng *rng, double eta[6])
{
    static const double measure[6] = {2.0, 0.0, -2.0, 0.0, 0.0, 0.0};
    const double volume = md->sys->cell.volume;
    const double mobility =
        md->opt.compressibility_per_GPa * SG_GPA_PER_EV_A3 / (3.0 * md->opt.pressure_damping_ps * volume);
    double p[6];

    internal_pressure(md, p);
    for (int a = 0; a < 6; a++) {
        const double force = volume * (p[a] - (a < 3 ? target : 0.0)) + kT * measure[a];
        eta[a] = mobility * force * dt + sqrt(2.0 * kT * mobility * dt) * sg_rng_normal(rng);
    }
}

static void multiply(const double a[3][3], const double b[3][3], double out[3][3])
{
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            out[i][k] = a[i][0] * b[0][k] + a[i][1] * b[1][k] + a[i][2] * b[2][k];
}

/* exp(sign eta), eta being small. */
static void exponential(const double eta[6], double sign, double out[3][3])
{
    const double e[3][3] = {{eta[0], 0.0, 0.0}, {eta[3], eta[1], 0.0}, {eta[4], eta[5], eta[2]}};
    double term[3][3] = {{1.0, 0.0, 0.0}, {0.0, 1.0, 0.0}, {0.0, 0.0, 1.0}}, next[3][3];
    enum { TERMS = 12 };

    memcpy(out, term, sizeof term);
    for (int n = 1; n <= TERMS; n++) {
        multiply((const double(*)[3])term, e, next);
        for (int k = 0; k < 9; k++) {
            term[k / 3][k % 3] = next[k / 3][k % 3] * sign / n;
            out[k / 3][k % 3] += term[k / 3][k % 3];
        }
    }
}

/* Cell, positions and velocities under the strain; gamma, which is imposed, stays, and h0 follows. */
static sg_status strain(sg_md *md, const double eta[6])
{
    sg_system *const sys = md->sys;
    double m[3][3], inverse[3][3], h0[3][3];
    sg_status st;

    exponential(eta, 1.0, m);
    exponential(eta, -1.0, inverse);
    multiply((const double(*)[3])sys->cell.h, (const double(*)[3])m, h0);
    for (int i = 0; i < 3; i++)
        h0[i][0] -= sys->cell.gamma * h0[i][1];
    if ((st = sg_cell_init(&sys->cell, (const double(*)[3])h0, sys->cell.gamma, sys->cell.periodic)) != SG_OK)
        return st;
    for (int i = 0; i < sys->n; i++) {
        const double x[3] = {sys->x[i][0], sys->x[i][1], sys->x[i][2]};
        const double v[3] = {md->v[i][0], md->v[i][1], md->v[i][2]};
        for (int a = 0; a < 3; a++) {
            sys->x[i][a] = x[0] * m[0][a] + x[1] * m[1][a] + x[2] * m[2][a];
            md->v[i][a] = inverse[a][0] * v[0] + inverse[a][1] * v[1] + inverse[a][2] * v[2];
        }
    }
    return SG_OK;
}

sg_status sg_md_rescale_cell(sg_md *md, double dt)
{
    const double kT = SG_KB * sg_md_target_K(md, md->step);
    const double target = sg_md_target_GPa(md, md->step) / SG_GPA_PER_EV_A3;
    const double before = md->kinetic + md->now.energy;
    double eta[6];
    sg_rng rng;
    sg_status st;

    sg_rng_init(&rng, md->opt.seed, SG_RNG_MD_BAROSTAT, md->opt.stream, (uint64_t)md->step, 0);
    if (md->opt.ensemble == SG_MD_NPT_ISO)
        isotropic_strain(md, dt, kT, target, &rng, eta);
    else
        full_strain(md, dt, kT, target, &rng, eta);
    for (int a = 0; a < 6; a++)
        if (!(fabs(eta[a]) <= LARGEST_STRAIN))
            return sg_fail(
                SG_ENUMERIC,
                "step %lld: the barostat would strain the cell by %g (at most %g); pressure %g GPa, "
                "temperature %g K. Its damping %g ps is too short or the start too far from equilibrium",
                (long long)md->step, eta[a], LARGEST_STRAIN, sg_md_now(md).pressure_GPa,
                sg_md_now(md).temperature_K, md->opt.pressure_damping_ps);
    if ((st = strain(md, eta)) != SG_OK) return st;
    md->kinetic = sg_md_kinetic(md);
    sg_md_renew_list(md);
    if ((st = sg_md_compute(md)) != SG_OK) return st;
    md->exchanged += md->kinetic + md->now.energy - before;
    return SG_OK;
}
