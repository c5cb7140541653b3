/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From settings to the options of the layers below: bond cutoffs, the catalog's header, searches, walk. */
#include "run_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double window_margin =
    6.0;                      /* kT above the barrier that is crossed once in t_max: exp(-6) = 1/400 */
enum { COMMIT_EVERY = 4096 }; /* steps among known states between commits: a fraction of a second of work */

sg_status sg_run_window(sg_config *cfg)
{
    char text[SG_NUMBER_TEXT], assignment[64];
    const double kt = SG_KB * cfg->kmc.temperature_K;
    const double hops = cfg->kmc.prefactor_per_s * cfg->kmc.max_time_s;

    if (cfg->search.barrier_max_eV > 0) return SG_OK;
    const double barrier = kt * ((hops > 1 ? log(hops) : 0) + window_margin);
    snprintf(assignment, sizeof assignment, "search.barrier_max_eV=%s", sg_text_number(barrier, text));
    return sg_config_set(cfg, assignment);
}

/* --- bond cutoffs --- */

static int pair_in_config(const sg_config *cfg, const char *a, const char *b, double *value)
{
    for (int k = 0; k < cfg->topology.cutoff_A.n; k++) {
        const sg_config_pair *p = &cfg->topology.cutoff_A.value[k];
        if ((strcmp(p->a, a) == 0 && strcmp(p->b, b) == 0) || (strcmp(p->a, b) == 0 && strcmp(p->b, a) == 0))
            return *value = p->value, 1;
    }
    return 0;
}

static sg_status cutoffs_from_config(const sg_config *cfg, const sg_species *species, sg_topology_params *out)
{
    out->n_species = species->n;
    for (int a = 0; a < species->n; a++)
        for (int b = 0; b < species->n; b++)
            if (!pair_in_config(cfg, species->symbol[a], species->symbol[b], &out->cutoff[a][b]))
                return sg_fail(SG_EINVAL, "topology.cutoff_A: no value for the pair %s-%s",
                               species->symbol[a], species->symbol[b]);
    return SG_OK;
}

static sg_status cutoffs_from_header(const sg_catalog_header *h, const char *path, const sg_species *species,
                                     sg_topology_params *out)
{
    int place[SG_MAX_SPECIES];

    out->n_species = species->n;
    for (int a = 0; a < species->n; a++) {
        place[a] = -1;
        for (int k = 0; k < h->n_species; k++)
            if (h->number[k] == species->number[a]) place[a] = k;
        if (place[a] < 0)
            return sg_fail(SG_EMISMATCH, "base catalog %s has no %s, this structure has", path,
                           species->symbol[a]);
    }
    for (int a = 0; a < species->n; a++)
        for (int b = 0; b < species->n; b++)
            out->cutoff[a][b] = h->cutoff[place[a]][place[b]];
    return SG_OK;
}

static sg_status cutoffs_to_config(const sg_topology_params *params, const sg_species *species,
                                   sg_config *cfg)
{
    char text[SG_NUMBER_TEXT], assignment[64 + SG_MAX_SPECIES * SG_MAX_SPECIES * 48] = "topology.cutoff_A=";
    size_t length = strlen(assignment);

    for (int a = 0; a < species->n; a++)
        for (int b = a; b < species->n; b++)
            length += (size_t)snprintf(assignment + length, sizeof assignment - length, " %s-%s %s",
                                       species->symbol[a], species->symbol[b],
                                       sg_text_number(params->cutoff[a][b], text));
    return sg_config_set(cfg, assignment);
}

/* --- header --- */

static void make_header(const sg_config *cfg, const sg_species *species, const sg_potential *pot,
                        const sg_topology_params *params, sg_catalog_header *h)
{
    int order[SG_MAX_SPECIES] = {0};
    const int kim = cfg->potential.style == SG_STYLE_KIM || cfg->potential.style == SG_STYLE_KIM_API;
    const char *slash = strrchr(cfg->potential.file, '/'), *file = slash ? slash + 1 : cfg->potential.file;

    memset(h, 0, sizeof *h);
    h->format = SG_CATALOG_FORMAT;
    h->key_version = SG_TOPOLOGY_KEY_VERSION;
    h->fingerprint = pot->fingerprint;
    snprintf(h->potential, sizeof h->potential, "%s %s", kim ? "kim" : pot->ops->name,
             kim ? cfg->potential.model : file);
    h->n_species = species->n;
    for (int a = 0; a < species->n; a++) { /* insertion by atomic number */
        int k = a;
        for (; k > 0 && species->number[order[k - 1]] > species->number[a]; k--)
            order[k] = order[k - 1];
        order[k] = a;
    }
    for (int a = 0; a < species->n; a++) {
        h->number[a] = species->number[order[a]];
        for (int b = 0; b < species->n; b++)
            h->cutoff[a][b] = params->cutoff[order[a]][order[b]];
    }
    h->variant_radius = cfg->topology.variant_radius_A;
    h->seed = (uint64_t)cfg->kmc.seed;
    snprintf(h->program, sizeof h->program, "slowglass %s", SLOWGLASS_VERSION);
}

static sg_status read_header(const char *path, const sg_log *log, sg_catalog_header *out)
{
    sg_catalog *cat = NULL;
    const sg_status st = sg_catalog_open(path, 0, log, &cat);

    if (st != SG_OK) return sg_fail_context(st, "base catalog");
    *out = *sg_catalog_get_header(cat);
    sg_catalog_close(cat);
    return SG_OK;
}

static sg_status match_bases(const sg_config *cfg, const sg_catalog_header *own, const sg_log *log)
{
    const sg_texts *base = &cfg->catalog.base;
    sg_catalog_header h = {0};
    sg_status st = SG_OK;

    for (int k = 0; k < base->n && st == SG_OK; k++) {
        st = read_header(base->value[k], log, &h);
        if (st == SG_OK) st = sg_catalog_header_match(&h, base->value[k], own, "this run");
        if (st != SG_OK) st = sg_fail_context(st, "base catalog %s", base->value[k]);
    }
    return st;
}

static sg_status make_topology(sg_config *cfg, const sg_system *sys, const sg_log *log,
                               sg_topology_params *out)
{
    const sg_texts *base = &cfg->catalog.base;
    sg_catalog_header h = {0};
    sg_status st;

    memset(out, 0, sizeof *out);
    if (cfg->topology.cutoff_A.n > 0) { /* those of the bases must be the same: compared below */
        st = cutoffs_from_config(cfg, &sys->species, out);
    } else if (base->n > 0) {
        st = read_header(base->value[0], log, &h);
        if (st == SG_OK) st = cutoffs_from_header(&h, base->value[0], &sys->species, out);
    } else {
        st = sg_topology_cutoffs(sys, out);
    }
    if (st == SG_OK) st = sg_topology_params_check(sys, out);
    return st == SG_OK ? cutoffs_to_config(out, &sys->species, cfg) : st;
}

/* --- options --- */

static int capped(int64_t value)
{
    return value > INT32_MAX ? INT32_MAX : (int)value;
}

/* Those that searches can start with; the others name what is refined. In this order they are dealt shares.
 */
static const sg_sampler pushes[] = {SG_SAMPLER_LOCAL, SG_SAMPLER_WIDE, SG_SAMPLER_SOFT,
                                    SG_SAMPLER_CUBIC, SG_SAMPLER_KICK, SG_SAMPLER_ECHO};
enum { N_PUSHES = sizeof pushes / sizeof *pushes };

static sg_status make_samplers(const sg_texts *words, sg_explore_options *o)
{
    unsigned char wanted[N_PUSHES] = {0};

    for (int k = 0; k < words->n; k++) {
        const int all = strcmp(words->value[k], "adaptive") == 0;
        int known = all;
        for (int s = 0; s < N_PUSHES; s++) {
            if (!all && strcmp(words->value[k], sg_sampler_text(pushes[s])) != 0) continue;
            wanted[s] = 1;
            known = 1;
        }
        if (!known) return sg_fail(SG_EINVAL, "search.samplers: no sampler `%s`", words->value[k]);
    }
    for (int s = 0; s < N_PUSHES; s++)
        if (wanted[s]) o->sampler[o->n_samplers++] = pushes[s];
    return o->n_samplers > 0 ? SG_OK : sg_fail(SG_EINVAL, "search.samplers: none named, need at least one");
}

/* Barrier of the slowest way that joins states, eV; with the constant prefactor where times count. */
static double flicker_below(const sg_config *cfg)
{
    if (!cfg->basin.enable) return 0;
    if (!(cfg->basin.time_s > 0)) return cfg->basin.barrier_eV;
    return fmax(SG_KB * cfg->kmc.temperature_K * log(cfg->kmc.prefactor_per_s * cfg->basin.time_s), 0);
}

static sg_status make_explore(const sg_config *cfg, int threads, sg_explore_options *o)
{
    const sg_numbers *push = &cfg->search.push_radius_A;

    memset(o, 0, sizeof *o);
    if (push->n < 1 || push->n > SG_MAX_PUSH_RADII)
        return sg_fail(SG_EINVAL, "search.push_radius_A: %d radii, need 1 to %d", push->n, SG_MAX_PUSH_RADII);
    o->saddle = sg_saddle_defaults();
    o->saddle.local_radius = cfg->search.local_radius_A;
    o->saddle.push_step = cfg->search.push_step_A;
    o->saddle.curvature_out = cfg->search.curvature_out_eV_per_A2;
    o->saddle.climb_max = cfg->search.max_climb_eV;
    o->saddle.f_local = cfg->search.force_local_eV_per_A;
    o->saddle.f_saddle = cfg->search.force_saddle_eV_per_A;
    o->saddle.f_minimum = cfg->search.force_minimum_eV_per_A;
    o->saddle.max_calls = cfg->search.max_calls;
    o->saddle.window =
        cfg->search.give_up_above_eV > 0 ? cfg->search.give_up_above_eV : cfg->search.barrier_max_eV;
    memcpy(o->push_radius, push->value, (size_t)push->n * sizeof *push->value);
    o->n_push_radii = push->n;
    o->confidence = cfg->search.confidence;
    o->per_atom = cfg->search.per_atom;
    o->max_at_start = capped(cfg->search.max_at_start);
    o->max_per_step = capped(cfg->search.max_per_step);
    o->batch = cfg->search.batch;
    o->barrier_max = cfg->search.barrier_max_eV;
    o->keep = cfg->topology.keep_A;
    o->refine = cfg->topology.refine_A;
    o->retry = cfg->topology.retry_A;
    o->rest = cfg->topology.refine_rest;
    o->flicker = flicker_below(cfg);
    o->residual_max = cfg->topology.residual_max_A;
    o->variant_radius = cfg->topology.variant_radius_A;
    o->variant_tolerance = cfg->topology.variant_tolerance_A;
    o->marginal = fmin(cfg->topology.variant_tolerance_A, SG_TOPOLOGY_MARGIN);
    o->temperature = cfg->kmc.temperature_K;
    o->prefactor = cfg->kmc.prefactor_per_s;
    o->harmonic = cfg->kmc.prefactor_mode == SG_PREFACTOR_HTST;
    o->prefactor_atoms = capped(cfg->kmc.prefactor_atoms);
    o->prefactor_rest = cfg->kmc.prefactor_rest;
    o->seed = (uint64_t)cfg->kmc.seed;
    o->threads = threads;
    o->copy = cfg->topology.copy_states;
    o->memory = (size_t)(cfg->catalog.memory_MB * 1e6);
    o->keep_landscape = 1;
    return make_samplers(&cfg->search.samplers, o);
}

static void make_kmc(const sg_config *cfg, sg_kmc_options *o)
{
    *o = (sg_kmc_options){.max_time = cfg->kmc.max_time_s,
                          .seed = (uint64_t)cfg->kmc.seed,
                          .basin = cfg->basin.enable,
                          .basin_barrier = cfg->basin.barrier_eV,
                          .basin_time = cfg->basin.time_s,
                          .basin_max_states = cfg->basin.max_states,
                          .commit_every = COMMIT_EVERY};
}

/* A run goes on with the kernel it began with: "auto" gives way to what was chosen. */
static sg_status keep_kernel(sg_config *cfg, const sg_potential *pot)
{
    char assignment[64];

    snprintf(assignment, sizeof assignment, "potential.kernel=%s", sg_potential_kernel(pot));
    return sg_config_set(cfg, assignment);
}

/* The strain at t = 0 of a program counts as xy. */
static sg_status make_program(sg_config *cfg, sg_program *out)
{
    const sg_schedule *s = &cfg->strain.program;
    char text[SG_NUMBER_TEXT], assignment[64];
    sg_status st = SG_OK;

    if (s->n > 0) {
        snprintf(assignment, sizeof assignment, "strain.xy=%s", sg_text_number(s->value[0][1], text));
        st = sg_config_set(cfg, assignment);
    }
    *out = (sg_program){.n = s->n,
                        .point = (const double(*)[2])s->value,
                        .start = cfg->strain.xy,
                        .rate = cfg->strain.rate_per_s,
                        .increment = cfg->strain.increment};
    return st;
}

sg_status sg_run_setup_make(sg_config *cfg, const sg_system *sys, const sg_potential *pot, int threads,
                            const sg_log *log, sg_run_setup *out)
{
    sg_status st = make_topology(cfg, sys, log, &out->topology);

    if (st == SG_OK) st = keep_kernel(cfg, pot);
    if (st != SG_OK) return st;
    make_header(cfg, &sys->species, pot, &out->topology, &out->header);
    if ((st = match_bases(cfg, &out->header, log)) != SG_OK) return st;
    if ((st = make_program(cfg, &out->program)) != SG_OK) return st;
    make_kmc(cfg, &out->kmc);
    out->kmc.program = &out->program;
    return make_explore(cfg, threads, &out->explore);
}
