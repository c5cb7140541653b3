/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run of molecular dynamics: making one, its steps, what is said about it.
 *
 * A step is: half a thermostat (chain only), half a kick, drift, forces, half a kick, the other half of the
 * chain or the whole stochastic rescaling, and every few steps a change of the cell. Nothing is fused across
 * steps, so that it does not matter how they are divided among calls.
 *
 * The potential's neighbour list decides the order in which forces are summed. It is made anew when this
 * module says so, just before the potential would do it, and the positions at which that happened belong to
 * the state: a restored run makes the same list, and goes on with the same bits. */
#include "barostat.h"
#include "thermostat.h"

#include <math.h>
#include <string.h>

/* Farther than this no atom of a solid or a melt moves in a step that can be integrated: a Cu atom of 50 eV
 * in 5 fs.
 */
static const double FARTHEST_MOVE = 0.5; /* Å */
/* The conserved quantity may change by this share of the kinetic energy within so many steps: a run at the
 * edge of stability changes it by about a tenth, one with a usable time step by less than a thousandth. */
static const double RUNAWAY_SHARE = 0.25;
static const double RUNAWAY_FLOOR = 1e-4; /* eV per atom: rounding, when nothing moves */
enum { RUNAWAY_STEPS = 100 };
static const double LIST_SHARE =
    0.499; /* of the skin that an atom may move: just before the potential acts */

static sg_status check_options(const sg_md_options *opt, const sg_system *start);
static sg_status step_once(sg_md *md);

static int changes_cell(sg_md_ensemble ensemble)
{
    return ensemble == SG_MD_NPT_ISO || ensemble == SG_MD_NPT_SHEAR;
}

sg_md_options sg_md_defaults(void)
{
    return (sg_md_options){.ensemble = SG_MD_NVT_RESCALE,
                           .timestep_ps = 0.001,
                           .temperature_K = 600.0,
                           .damping_ps = 0.1,
                           .pressure_damping_ps = 1.0,
                           .compressibility_per_GPa = 0.01,
                           .pressure_every = 10,
                           .seed = 1};
}

/* ---- making and freeing ---- */

static sg_status check_elements(const sg_potential *pot, const sg_system *start)
{
    const sg_species *const a = &start->species, *const b = &pot->species;

    for (int k = 0; k < a->n; k++) {
        const char *const other = k < b->n ? b->symbol[k] : "nothing";
        if (strcmp(a->symbol[k], other) != 0)
            return sg_fail(SG_EMISMATCH, "atom type %d is %s, the potential was made for %s there", k + 1,
                           a->symbol[k], other);
    }
    return SG_OK;
}

sg_status sg_md_allocate(const sg_potential *pot, const sg_system *start, const sg_md_options *opt,
                         sg_md **out)
{
    const size_t n = (size_t)start->n;
    sg_status st = check_options(opt, start);
    sg_md *md = NULL;

    *out = NULL;
    if (st == SG_OK) st = sg_system_validate(start);
    if (st == SG_OK) st = check_elements(pot, start);
    if (st != SG_OK) return st;
    if (!(md = sg_calloc(1, sizeof *md))) return sg_fail(SG_ENOMEM, "molecular dynamics");
    md->pot = pot;
    md->opt = *opt;
    md->freedom = 3 * (start->n - start->n_fixed) - (start->n_fixed == 0 ? 3 : 0);
    md->v = sg_calloc(n, sizeof *md->v);
    md->x_list = sg_calloc(n, sizeof *md->x_list);
    md->kick = sg_calloc(n, sizeof *md->kick);
    md->now.f = sg_calloc(n, sizeof *md->now.f);
    if (!md->v || !md->x_list || !md->kick || !md->now.f)
        st = sg_fail(SG_ENOMEM, "molecular dynamics of %d atoms", start->n);
    if (st == SG_OK && md->freedom < 1)
        st =
            sg_fail(SG_EINVAL, "%d atoms, %d of them fixed: nothing that can move", start->n, start->n_fixed);
    if (st == SG_OK) st = sg_system_copy(start, &md->sys);
    if (st == SG_OK) st = sg_potential_work_create(pot, &md->work);
    if (st != SG_OK) {
        sg_md_free(md);
        return st;
    }
    sg_md_set_kicks(md);
    sg_md_set_target(md, opt->temperature_K, opt->pressure_GPa);
    *out = md;
    return SG_OK;
}

sg_status sg_md_create(const sg_potential *pot, const sg_system *start, const sg_md_options *opt, sg_md **out)
{
    sg_status st = sg_md_allocate(pot, start, opt, out);

    if (st != SG_OK) return st;
    sg_md_renew_list(*out);
    if ((st = sg_md_compute(*out)) != SG_OK) {
        sg_md_free(*out);
        *out = NULL;
        return st;
    }
    (*out)->checked = sg_md_conserved(*out);
    return SG_OK;
}

void sg_md_free(sg_md *md)
{
    if (!md) return;
    sg_potential_work_free(md->work);
    sg_system_free(md->sys);
    sg_free(md->v);
    sg_free(md->x_list);
    sg_free(md->kick);
    sg_free(md->now.f);
    sg_free(md);
}

static int positive(double a)
{
    return a > 0.0 && isfinite(a);
}

static sg_status check_options(const sg_md_options *opt, const sg_system *start)
{
    const int thermostat = opt->ensemble != SG_MD_NVE;

    if ((int)opt->ensemble < SG_MD_NVE || opt->ensemble > SG_MD_NPT_SHEAR)
        return sg_fail(SG_EINVAL, "ensemble %d: no such one", (int)opt->ensemble);
    if (!positive(opt->timestep_ps)) return sg_fail(SG_EINVAL, "time step %g ps, need > 0", opt->timestep_ps);
    if (thermostat && !(positive(opt->temperature_K) && positive(opt->damping_ps)))
        return sg_fail(SG_EINVAL, "thermostat of %g K with damping %g ps, need both > 0", opt->temperature_K,
                       opt->damping_ps);
    if (!changes_cell(opt->ensemble)) return SG_OK;
    if (!isfinite(opt->pressure_GPa) || !positive(opt->pressure_damping_ps) ||
        !positive(opt->compressibility_per_GPa) || opt->pressure_every < 1)
        return sg_fail(SG_EINVAL,
                       "barostat of %g GPa, damping %g ps, compressibility %g 1/GPa, every %d steps: need a "
                       "finite pressure and the others > 0",
                       opt->pressure_GPa, opt->pressure_damping_ps, opt->compressibility_per_GPa,
                       opt->pressure_every);
    for (int k = 0; k < 3; k++)
        if (!start->cell.periodic[k])
            return sg_fail(SG_EINVAL,
                           "constant pressure needs a cell that is periodic along a, b and c; %c is not",
                           "abc"[k]);
    return SG_OK;
}

/* ---- steps ---- */

void sg_md_set_kicks(sg_md *md)
{
    for (int i = 0; i < md->sys->n; i++)
        md->kick[i] = md->sys->fixed[i] ? 0.0 : 0.5 * md->opt.timestep_ps / sg_md_mass(md, i);
}

void sg_md_renew_list(sg_md *md)
{
    sg_potential_work_reset(md->work);
    memcpy(md->x_list, md->sys->x, (size_t)md->sys->n * sizeof *md->x_list);
}

sg_status sg_md_compute(sg_md *md)
{
    return sg_potential_compute(md->pot, md->work, md->sys, NULL, &md->now);
}

/* Half a kick and the drift. @param moved2, strayed2 [out] largest squared distances, Å^2: of this step, and
 * from where the list was made; NaN stays NaN */
static void kick_and_drift(sg_md *md, double *moved2, double *strayed2)
{
    const double dt = md->opt.timestep_ps;
    double(*const x)[3] = md->sys->x, (*const v)[3] = md->v;
    const double(*const f)[3] = (const double(*)[3])md->now.f,
                        (*const x0)[3] = (const double(*)[3])md->x_list;
    double fastest2 = 0.0, farthest2 = 0.0;

    for (int i = 0; i < md->sys->n; i++) {
        const double kick = md->kick[i];
        double v2 = 0.0, r2 = 0.0;
        for (int a = 0; a < 3; a++) {
            v[i][a] += kick * f[i][a];
            x[i][a] += dt * v[i][a];
            v2 += v[i][a] * v[i][a];
            r2 += (x[i][a] - x0[i][a]) * (x[i][a] - x0[i][a]);
        }
        if (!(v2 <= fastest2)) fastest2 = v2;
        if (!(r2 <= farthest2)) farthest2 = r2;
    }
    *moved2 = fastest2 * dt * dt;
    *strayed2 = farthest2;
}

/* The second half; the kinetic energy on the way. */
static void kick_again(sg_md *md)
{
    double(*const v)[3] = md->v;
    const double(*const f)[3] = (const double(*)[3])md->now.f;

    for (int i = 0; i < md->sys->n; i++)
        for (int a = 0; a < 3; a++)
            v[i][a] += md->kick[i] * f[i][a];
    md->kinetic = sg_md_kinetic(md);
}

static double temperature(const sg_md *md)
{
    return 2.0 * md->kinetic / (md->freedom * SG_KB);
}

/* The text for an atom that went too far: the fastest. */
static sg_status fail_exploded(const sg_md *md)
{
    int worst = 0;
    double worst2 = -1.0;

    for (int i = 0; i < md->sys->n; i++) {
        const double *const v = md->v[i];
        const double v2 = v[0] * v[0] + v[1] * v[1] + v[2] * v[2];
        if (v2 <= worst2) continue;
        worst2 = v2;
        worst = i;
        if (!(v2 >= 0.0)) break; /* NaN */
    }
    return sg_fail(
        SG_ENUMERIC,
        "step %lld: atom id %d would move %g Å in %g ps (at most %g); before it: potential energy %.10g eV, "
        "temperature %g K. The time step is too long or the start too hot",
        (long long)md->step + 1, md->sys->id[worst], sqrt(worst2) * md->opt.timestep_ps, md->opt.timestep_ps,
        FARTHEST_MOVE, md->now.energy, temperature(md));
}

static int hottest(const sg_md *md)
{
    int hot = 0;
    double most = -1.0;

    for (int i = 0; i < md->sys->n; i++) {
        const double *const v = md->v[i];
        const double k = sg_md_mass(md, i) * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
        if (k <= most) continue;
        most = k;
        hot = i;
    }
    return hot;
}

static sg_status check_conserved(sg_md *md)
{
    const int thermostat = md->opt.ensemble != SG_MD_NVE;
    const double hot = fmax(temperature(md), thermostat ? sg_md_target_K(md, md->step) : 0.0);
    const double allowed = RUNAWAY_SHARE * 0.5 * md->freedom * SG_KB * hot + RUNAWAY_FLOOR * md->sys->n;
    const double conserved = sg_md_conserved(md), change = conserved - md->checked;

    if (!(fabs(change) <= allowed))
        return sg_fail(
            SG_ENUMERIC,
            "step %lld: the conserved quantity changed by %g eV within %d steps of %g ps (at most %g); "
            "potential energy %.10g eV, temperature %g K, hottest atom id %d. The time step is too long",
            (long long)md->step, change, RUNAWAY_STEPS, md->opt.timestep_ps, allowed, md->now.energy,
            temperature(md), md->sys->id[hottest(md)]);
    if (md->step % RUNAWAY_STEPS == 0) md->checked = conserved;
    return SG_OK;
}

/* Another target changes the chain's own energy, which is nobody's error. */
static void book_target(sg_md *md, double before_K, double after_K)
{
    if (md->opt.ensemble == SG_MD_NVT_CHAIN)
        md->exchanged += sg_md_chain_energy(md, after_K) - sg_md_chain_energy(md, before_K);
}

static sg_status step_once(sg_md *md)
{
    const double dt = md->opt.timestep_ps, reach = LIST_SHARE * sg_potential_work_skin(md->work);
    const sg_md_ensemble ensemble = md->opt.ensemble;
    double moved2, strayed2;
    sg_status st;

    if (ensemble == SG_MD_NVT_CHAIN) sg_md_chain(md, 0.5 * dt, sg_md_target_K(md, md->step));
    kick_and_drift(md, &moved2, &strayed2);
    if (!(moved2 <= FARTHEST_MOVE * FARTHEST_MOVE)) return fail_exploded(md);
    if (!(strayed2 <= reach * reach)) sg_md_renew_list(md);
    if ((st = sg_md_compute(md)) != SG_OK)
        return sg_fail_context(st, "step %lld of molecular dynamics", (long long)md->step + 1);
    kick_again(md);
    md->step++;
    const double target = sg_md_target_K(md, md->step);
    if (ensemble == SG_MD_NVT_CHAIN) {
        book_target(md, sg_md_target_K(md, md->step - 1), target);
        sg_md_chain(md, 0.5 * dt, target);
    } else if (ensemble != SG_MD_NVE)
        sg_md_rescale(md, dt, target);
    if (changes_cell(ensemble) && md->step % md->opt.pressure_every == 0) {
        st = sg_md_rescale_cell(md, md->opt.pressure_every * dt);
        if (st != SG_OK) return sg_fail_context(st, "molecular dynamics");
    }
    return check_conserved(md);
}

sg_status sg_md_run(sg_md *md, int64_t n_steps)
{
    sg_status st = SG_OK;

    for (int64_t k = 0; k < n_steps && st == SG_OK; k++) {
        if (sg_interrupt_requested())
            return sg_fail(SG_EINTERRUPTED, "step %lld: asked to stop", (long long)md->step);
        st = step_once(md);
    }
    return st;
}

/* ---- targets ---- */

void sg_md_set_target(sg_md *md, double temperature_K, double pressure_GPa)
{
    book_target(md, sg_md_target_K(md, md->step), temperature_K);
    md->ramp = (sg_md_ramp){.from_K = temperature_K,
                            .to_K = temperature_K,
                            .from_GPa = pressure_GPa,
                            .to_GPa = pressure_GPa,
                            .begin = md->step,
                            .end = md->step};
}

void sg_md_set_ramp(sg_md *md, double temperature_K, double pressure_GPa, int64_t n_steps)
{
    const double from_K = sg_md_target_K(md, md->step), from_GPa = sg_md_target_GPa(md, md->step);

    md->ramp = (sg_md_ramp){.from_K = from_K,
                            .to_K = temperature_K,
                            .from_GPa = from_GPa,
                            .to_GPa = pressure_GPa,
                            .begin = md->step,
                            .end = md->step + (n_steps > 1 ? n_steps : 1)};
}

static double along(const sg_md_ramp *r, int64_t step, double from, double to)
{
    if (step >= r->end) return to;
    return from + (to - from) * (double)(step - r->begin) / (double)(r->end - r->begin);
}

double sg_md_target_K(const sg_md *md, int64_t step)
{
    return along(&md->ramp, step, md->ramp.from_K, md->ramp.to_K);
}

double sg_md_target_GPa(const sg_md *md, int64_t step)
{
    return along(&md->ramp, step, md->ramp.from_GPa, md->ramp.to_GPa);
}

/* ---- what is to be seen ---- */

const sg_system *sg_md_system(const sg_md *md)
{
    return md->sys;
}

const double (*sg_md_velocities(const sg_md *md))[3]
{
    return (const double(*)[3])md->v;
}

const double (*sg_md_forces(const sg_md *md))[3]
{
    return (const double(*)[3])md->now.f;
}

int sg_md_freedom(const sg_md *md)
{
    return md->freedom;
}

const sg_force_calls *sg_md_calls(const sg_md *md)
{
    return sg_potential_calls(md->work);
}

double sg_md_conserved(const sg_md *md)
{
    const double chain =
        md->opt.ensemble == SG_MD_NVT_CHAIN ? sg_md_chain_energy(md, sg_md_target_K(md, md->step)) : 0.0;
    return md->now.energy + md->kinetic + chain - md->exchanged;
}

sg_md_sample sg_md_now(const sg_md *md)
{
    sg_md_sample s = {.step = md->step,
                      .time_ps = (double)md->step * md->opt.timestep_ps,
                      .potential = md->now.energy,
                      .kinetic = md->kinetic,
                      .temperature_K = temperature(md),
                      .target_K = sg_md_target_K(md, md->step),
                      .volume = md->sys->cell.volume,
                      .conserved = sg_md_conserved(md)};
    double k[6];

    sg_md_kinetic_tensor(md, k);
    for (int a = 0; a < 6; a++)
        s.stress_GPa[a] = (md->now.virial[a] - k[a]) / s.volume * SG_GPA_PER_EV_A3;
    s.pressure_GPa = -(s.stress_GPa[0] + s.stress_GPa[1] + s.stress_GPa[2]) / 3.0;
    return s;
}
