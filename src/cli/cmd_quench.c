/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A glass from a melt: molecular dynamics from hot to cold, then the cell and the atoms at rest. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "cli_internal.h"
#include "slowglass/anneal.h"
#include "slowglass/io.h"

static const double SAVE_EVERY_S = 60;         /* of wall time; when it is saved has no part in the result */
static const double G_PER_CM3 = 1.66053906660; /* of 1 amu/Å^3, CODATA 2018 */

static const cli_option options[] = {
    {"composition", 0, "Cu64Zr36", "start from nothing: elements and their parts"},
    {"atoms", 0, "N", "with --composition: how many (500)"},
    {"density", 0, "D", "with --composition: of the start, g/cm³ (from the potential)"},
    {"rate", 0, "R", "of cooling, K/ps (1)"},
    {"high", 0, "T", "of the melt, K (2000)"},
    {"low", 0, "T", "where cooling ends, K (300)"},
    {"melt", 0, "PS", "time at --high (50)"},
    {"settle", 0, "PS", "time at --low, afterwards (0)"},
    {"hold", 0, "T:PS,..", "rest at these temperatures on the way, hottest first"},
    {"swaps", 0, "N", "trials per ps to exchange two unlike atoms, while cooling and resting (0)"},
    {"ensemble", 0, "npt|nvt", "npt: at zero pressure, the cell keeps its shape; nvt: fixed cell (npt)"},
    {"cell", 0, "relax|keep", "at the end: to zero pressure and zero shear, or as it is (relax)"},
    {"timestep", 0, "PS", "of the dynamics (0.002)"},
    {"series", 0, "FILE", "temperature, energy, volume against time (OUT with .tsv)"},
    {"every", 0, "PS", "between two of its rows (1)"},
    {"resume", 0, NULL, "go on where an interrupted run of the same settings was saved"},
    {"max-calls", 0, "N", "force calls allowed in the last relaxation (20000)"},
    {NULL, 0, NULL, NULL},
};

static const char columns[] = "time_s\ttemperature_K\ttarget_K\tpotential_eV\tvolume_A3\tdensity_g_per_cm3\t"
                              "pressure_GPa\tswaps_tried\tswaps_accepted";

typedef struct quench_job {
    cli *c;
    cli_model model; /* sys: the start, in the end the glass */
    sg_quench_options opt;
    sg_quench *q;
    sg_tsv *table;
    char *saved, *series;
    double mass;             /* of all atoms, amu */
    double begin_s, saved_s; /* of this process */
    int64_t begin_step;
    int keep_cell;
} quench_job;

/* ---- options ---- */

static sg_status take_options(quench_job *j)
{
    static const char *const ensembles[] = {"npt", "nvt"}, *const cells[] = {"relax", "keep"};
    cli *const c = j->c;
    sg_quench_options *const o = &j->opt;
    char text[2048];
    int nvt = 0;

    *o = sg_quench_defaults();
    o->seed = (uint64_t)c->cfg.kmc.seed;
    sg_status st = cli_number(c, "rate", 0, 1000, &o->rate_K_per_ps);
    if (st == SG_OK) st = cli_number(c, "high", 0, 1e5, &o->high_K);
    if (st == SG_OK) st = cli_number(c, "low", 0, 1e5, &o->low_K);
    if (st == SG_OK) st = cli_number(c, "melt", -1e-300, 1e9, &o->melt_ps);
    if (st == SG_OK) st = cli_number(c, "settle", -1e-300, 1e9, &o->settle_ps);
    if (st == SG_OK) st = cli_number(c, "swaps", -1e-300, 1e6, &o->swaps_per_ps);
    if (st == SG_OK) st = cli_number(c, "timestep", 0, 0.1, &o->timestep_ps);
    if (st == SG_OK) st = cli_number(c, "every", 0, 1e9, &o->row_ps);
    if (st == SG_OK) st = cli_word(c, "ensemble", ensembles, &nvt);
    if (st == SG_OK) st = cli_word(c, "cell", cells, &j->keep_cell);
    if (st == SG_OK && cli_value(c, "hold")) st = sg_quench_parse_holds(cli_value(c, "hold"), o);
    o->ensemble = nvt ? SG_MD_NVT_RESCALE : SG_MD_NPT_ISO;
    return st == SG_OK ? sg_quench_describe(o, text, sizeof text) : st; /* which checks them */
}

/* ---- the start ---- */

static sg_status start_from_nothing(quench_job *j)
{
    cli *const c = j->c;
    const char *symbols[SG_MAX_SPECIES];
    int count[SG_MAX_SPECIES];
    int64_t n_atoms = 500;
    double density = 0, mass = 0;
    sg_composition composition;
    sg_species species;

    sg_status st = sg_composition_parse(cli_value(c, "composition"), &composition);
    if (st == SG_OK) st = cli_whole(c, "atoms", 1, 10000000, &n_atoms);
    if (st == SG_OK) st = cli_number(c, "density", 0, 100, &density);
    if (st == SG_OK) st = sg_composition_counts(&composition, (int)n_atoms, count);
    if (st != SG_OK) return st;
    for (int k = 0; k < composition.n; k++)
        symbols[k] = composition.symbol[k];
    st = sg_species_init(&species, composition.n, symbols);
    if (st == SG_OK) st = cli_load_potential(c, &species, &j->model.pot);
    if (st == SG_OK) st = sg_potential_work_create(j->model.pot, &j->model.work);
    if (st != SG_OK) return st;
    for (int k = 0; k < species.n; k++)
        mass += count[k] * species.mass[k];
    return sg_anneal_start(j->model.pot, count,
                           density > 0 ? mass * G_PER_CM3 / density / (double)n_atoms : 0, j->opt.seed,
                           &j->model.sys);
}

static sg_status load_start(quench_job *j)
{
    cli *const c = j->c;
    const int from_nothing = cli_value(c, "composition") != NULL;

    if (from_nothing == (c->n_inputs > 0))
        return sg_fail(SG_EINVAL, from_nothing ? "a structure and --composition: need one of them"
                                               : "need a structure, or --composition such as Cu64Zr36");
    if (!from_nothing && (cli_value(c, "atoms") || cli_value(c, "density")))
        return sg_fail(SG_EINVAL, "--atoms and --density go with --composition");
    const sg_status st = from_nothing ? start_from_nothing(j) : cli_load(c, c->input[0], &j->model);
    if (st != SG_OK) return st;
    for (int i = 0; i < j->model.sys->n; i++)
        j->mass += j->model.sys->species.mass[j->model.sys->type[i]];
    for (int k = 0; k < 3 && !j->keep_cell; k++)
        if (!j->model.sys->cell.periodic[k])
            return sg_fail(SG_EINVAL, "the cell is not periodic in all directions: use --cell keep");
    return SG_OK;
}

/* ---- files ---- */

static sg_status save(quench_job *j)
{
    unsigned char *bytes = NULL;
    size_t n = 0;

    sg_status st = sg_tsv_flush(j->table);
    if (st == SG_OK) st = sg_quench_save(j->q, &bytes, &n);
    if (st == SG_OK) st = cli_saved_write(j->saved, bytes, n);
    sg_free(bytes);
    j->saved_s = cli_now_s();
    return st;
}

static sg_status name_files(quench_job *j)
{
    const char *const series = cli_value(j->c, "series");

    j->saved = cli_beside(j->c->out, "", ".restart");
    j->series = series ? sg_strdup(series) : cli_beside(j->c->out, "", ".tsv");
    if (!j->saved || !j->series) return sg_fail(SG_ENOMEM, "names of files");
    if (!cli_value(j->c, "resume") && cli_is_there(j->saved))
        return sg_fail(SG_EINVAL,
                       "%s: an interrupted run is saved there; --resume goes on with it, or remove it",
                       j->saved);
    return SG_OK;
}

/* The object, new or as it was saved, and its table with as many rows as it has given out. */
static sg_status begin(quench_job *j)
{
    unsigned char *bytes = NULL;
    size_t n = 0;
    sg_status st;

    if (cli_value(j->c, "resume")) {
        st = cli_saved_read(j->saved, &bytes, &n);
        if (st == SG_OK) {
            st = sg_quench_restore(j->model.pot, j->model.sys, &j->opt, bytes, n, &j->q);
            if (st != SG_OK) sg_fail_context(st, "%s", j->saved);
        }
    } else
        st = sg_quench_create(j->model.pot, j->model.sys, &j->opt, &j->q);
    sg_free(bytes);
    if (st == SG_OK && cli_is_there(j->series)) st = sg_tsv_truncate_rows(j->series, sg_quench_rows(j->q));
    if (st == SG_OK) st = sg_tsv_open(j->series, columns, &j->table);
    if (st != SG_OK) return st;
    j->begin_s = j->saved_s = cli_now_s();
    sg_quench_steps(j->q, &j->begin_step);
    return SG_OK;
}

/* ---- on the way ---- */

static double ns_per_day(const quench_job *j)
{
    int64_t done;
    const double spent = cli_now_s() - j->begin_s;

    sg_quench_steps(j->q, &done);
    return spent > 0 ? (double)(done - j->begin_step) * j->opt.timestep_ps * 1e-3 / spent * 86400 : 0;
}

static sg_status note_row(quench_job *j, const sg_quench_row *r)
{
    char text[4][SG_NUMBER_TEXT], note[160];
    int64_t done;
    const int64_t total = sg_quench_steps(j->q, &done);
    const double density = j->mass * G_PER_CM3 / r->volume;

    snprintf(note, sizeof note, "%.0f K, %.4f eV/atom, %.4f g/cm³, %.3g ns/day", r->temperature_K,
             r->potential / j->model.sys->n, density, ns_per_day(j));
    sg_log_progress(&j->c->log, "quench (ps)", (double)done * j->opt.timestep_ps,
                    (double)total * j->opt.timestep_ps, note);
    return sg_tsv_row(j->table, "%s\t%s\t%s\t%s\t%.12g\t%.9g\t%.6g\t%lld\t%lld",
                      sg_text_number(r->time_ps / SG_PS_PER_S, text[0]),
                      sg_text_number(r->temperature_K, text[1]), sg_text_number(r->target_K, text[2]),
                      sg_text_number(r->potential, text[3]), r->volume, density, r->pressure_GPa,
                      (long long)r->swaps.tried, (long long)r->swaps.accepted);
}

static sg_status cool(quench_job *j)
{
    sg_status st = SG_OK;

    while (st == SG_OK && !sg_quench_is_done(j->q)) {
        sg_quench_row row;
        st = sg_quench_next(j->q, &row);
        if (st == SG_OK) st = note_row(j, &row);
        if (st == SG_OK && cli_now_s() - j->saved_s > SAVE_EVERY_S) st = save(j);
    }
    if (st == SG_OK) return save(j);
    if (st != SG_EINTERRUPTED) return st;
    int64_t done;
    const int64_t total = sg_quench_steps(j->q, &done);
    if ((st = save(j)) != SG_OK) return st;
    return sg_fail(SG_EINTERRUPTED, "interrupted at %g of %g ps; the same command with --resume goes on",
                   (double)done * j->opt.timestep_ps, (double)total * j->opt.timestep_ps);
}

/* ---- at rest ---- */

/* The glass takes the place of the start. */
static sg_status bring_to_rest(quench_job *j, sg_forces *f)
{
    sg_system *glass = NULL;

    sg_status st = sg_system_copy(sg_quench_system(j->q), &glass);
    if (st != SG_OK) return st;
    sg_system_free(j->model.sys);
    j->model.sys = glass;
    st = j->keep_cell ? cli_relax(j->c, &j->model, "relax", 1) : cli_relax_cell(j->c, &j->model);
    if (st == SG_EINTERRUPTED)
        return sg_fail(st, "interrupted; the same command with --resume goes on with the last relaxation");
    if (st == SG_OK) st = cli_forces_create(glass, f);
    return st == SG_OK ? sg_potential_compute(j->model.pot, j->model.work, glass, NULL, f) : st;
}

/* Where this glass comes from, for its header. */
static sg_status write_glass(const quench_job *j, const sg_forces *f)
{
    char settings[2048], extra[3072];
    const sg_swap_count swaps = sg_quench_swaps(j->q);
    const char *const file = strrchr(j->model.pot->spec, '/');

    const sg_status st = sg_quench_describe(&j->opt, settings, sizeof settings);
    if (st != SG_OK) return st;
    snprintf(extra, sizeof extra,
             "made_by=\"slowglass %s quench\" potential=\"%s%s%s\" kernel=%s %s cell=%s swaps_accepted=%lld "
             "swaps_tried=%lld density_g_per_cm3=%.6g",
             SLOWGLASS_VERSION, file ? j->model.pot->ops->name : "", file ? ":" : "",
             file ? file + 1 : j->model.pot->spec, sg_potential_kernel(j->model.pot), settings,
             j->keep_cell ? "kept" : "relaxed", (long long)swaps.accepted, (long long)swaps.tried,
             j->mass * G_PER_CM3 / j->model.sys->cell.volume);
    return cli_write_made(j->c, j->model.sys, f, extra);
}

static void print_results(const quench_job *j, const sg_forces *f)
{
    cli *const c = j->c;
    const sg_swap_count swaps = sg_quench_swaps(j->q);
    int64_t done;

    cli_result_point(c, &j->model, f);
    cli_result_number(c, "volume_A3", j->model.sys->cell.volume);
    cli_result_number(c, "density_g_per_cm3", j->mass * G_PER_CM3 / j->model.sys->cell.volume);
    cli_result_number(c, "cooling_rate_K_per_ps", j->opt.rate_K_per_ps);
    cli_result_integer(c, "n_steps", sg_quench_steps(j->q, &done));
    cli_result_integer(c, "swaps_tried", swaps.tried);
    cli_result_integer(c, "swaps_accepted", swaps.accepted);
    cli_result_number(c, "swap_acceptance",
                      swaps.tried > 0 ? (double)swaps.accepted / (double)swaps.tried : NAN);
}

static sg_status run(cli *c)
{
    quench_job j = {.c = c};
    sg_forces f = {0};

    sg_status st = cli_configure(c, NULL);
    if (st == SG_OK) st = cli_check_out(c, 1);
    if (st == SG_OK) st = take_options(&j);
    if (st == SG_OK) st = name_files(&j);
    if (st == SG_OK) st = load_start(&j);
    if (st == SG_OK) st = begin(&j);
    if (st == SG_OK) st = cool(&j);
    const sg_status closed = sg_tsv_close(j.table);
    if (st == SG_OK) st = closed;
    if (st == SG_OK) {
        sg_log_line(&c->log, SG_LOG_INFO, "cooled at %.3g ns/day", ns_per_day(&j));
        st = bring_to_rest(&j, &f);
    }
    if (st == SG_OK) st = write_glass(&j, &f);
    if (st == SG_OK) {
        print_results(&j, &f);
        unlink(j.saved);
    }
    sg_free(f.f);
    sg_quench_free(j.q);
    cli_model_free(&j.model);
    sg_free(j.saved);
    sg_free(j.series);
    return st;
}

const cli_command cmd_quench = {
    .name = "quench",
    .summary = "make a glass: melt, cool by molecular dynamics, relax",
    .usage = "[IN | --composition Cu64Zr36 --atoms N] [--rate R] -o OUT",
    .details =
        "Melts IN, or atoms at random places, at --high, cools at --rate to --low, and relaxes atoms and "
        "cell.\n"
        "Ctrl-C saves (OUT with .restart), the same command with --resume goes on to the same bits.\n"
        "Better glasses: slower cooling, rests below the glass transition (--hold 750:1000,700:1000), and,\n"
        "for atoms of like size, exchanges by Monte Carlo (--swaps 100). OUT's header says how it was made.",
    .example = "slowglass quench --composition Cu64Zr36 --atoms 100 --rate 100 --melt 2 --seed 1 "
               "--potential eam/fs:CuZr_mm.eam.fs -o glass.extxyz",
    .min_inputs = 0,
    .max_inputs = 1,
    .options = options,
    .run = run,
};
