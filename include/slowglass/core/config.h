/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run file: one table of keys makes the fields of sg_config, the parser, the defaults, the effective
 * configuration that `check` prints and a run keeps, and the manual page.
 *
 * A row: X(section, name, TYPE, default, unit, range, role, description)
 *   TYPE   DOUBLE INT INT64 BOOL WORD (one of the words in `range`; the field is its index) TEXT PATH FILE (a path that
 *          is looked for in further folders) NUMBERS IDS (atom ids, "1 5-9") WORDS PATHS PAIRS ("Cu-Zr 3.65 ..")
 *          SCHEDULE ("0:0 1e-6:0.04", a value at times that begin with 0 and do not go back)
 *   range  for numbers, and each number of a list: conditions joined by ", " such as "> 0, <= 1"; for WORD: "a|b|c"
 *   role   PHYSICS enters the identity of a run; INPUT is named by a path, whose content identifies it; STOP ends a run
 *          and never alters it; SHOW changes what is drawn or kept at hand, not what
 *          is computed
 * Values are kept in the units that the keys name (eV, Å, K, s, 1/s). Lists are separated by blanks or commas; an item
 * with blanks stands in double quotes. An empty value means "none" or, where the description says so, "computed". */
#ifndef SLOWGLASS_CORE_CONFIG_H
#define SLOWGLASS_CORE_CONFIG_H

#include <stdint.h>
#include <stdio.h>

#include "slowglass/core/status.h"

/* clang-format off */
#define SG_CONFIG_SYSTEM(X)                                                                                            \
    X(system, structure, PATH, "", "", "", INPUT, "starting glass: extended XYZ, LAMMPS data or dump")                 \
    X(system, fixed, IDS, "", "", ">= 1", PHYSICS, "ids of atoms held still, such as 1 5-9, added to the structure's own")

#define SG_CONFIG_POTENTIAL(X)                                                                                         \
    X(potential, style, WORD, "eam/fs", "", "eam/fs|eam/alloy|lj|morse|kim|kim-api|lammps", PHYSICS, "form of the potential")  \
    X(potential, file, FILE, "", "", "", INPUT, "its file; looked for beside the run file, then in LAMMPS's folders")  \
    X(potential, model, TEXT, "", "", "", INPUT, "kim: name of the model; kim-api: the same, its tables not taken into the own kernels") \
    X(potential, elements, WORDS, "", "", "", PHYSICS, "element of atom type 1, 2, ..; empty: those of the structure") \
    X(potential, pair, NUMBERS, "", "", "> 0", PHYSICS, "lj: eps (eV), sigma (Å), cutoff (Å); morse: D (eV), alpha (1/Å), r0 (Å), cutoff (Å); of type pairs 11 12 .. 22 ..") \
    X(potential, kernel, WORD, "auto", "", "auto|plain|avx2|avx512", PHYSICS, "how it is computed; auto: the fastest here; a run keeps its own")

#define SG_CONFIG_STRAIN(X)                                                                                            \
    X(strain, xy, DOUBLE, "0", "", "> -1, < 1", PHYSICS, "imposed simple shear x += xy*y, engineering strain, at t = 0") \
    X(strain, program, SCHEDULE, "", "", "> -1, < 1", PHYSICS, "time (s):strain pairs, such as 0:0 1e-6:0.04: linear between, constant after the last; the first is xy") \
    X(strain, rate_per_s, DOUBLE, "0", "1/s", "", PHYSICS, "rate of the strain from t = 0 or from the end of the program on") \
    X(strain, increment, DOUBLE, "0.005", "", "> 0, <= 0.005", PHYSICS, "largest change of the strain at once while the clock runs")

#define SG_CONFIG_KMC(X)                                                                                               \
    X(kmc, temperature_K, DOUBLE, "600", "K", "> 0", PHYSICS, "temperature of the rates")                              \
    X(kmc, max_time_s, DOUBLE, "1e-6", "s", "> 0", STOP, "stop when the clock has passed this time")                   \
    X(kmc, max_steps, INT64, "100000", "", ">= 0", STOP, "stop after this many steps")                                 \
    X(kmc, max_wall_s, DOUBLE, "0", "s", ">= 0", STOP, "stop after this much wall time; 0: never")                     \
    X(kmc, stop_below_eis_eV, DOUBLE, "0", "eV", "<= 0", STOP, "stop once the energy of the inherent structure, of all atoms together, is no higher; 0: never") \
    X(kmc, seed, INT64, "1", "", ">= 0", PHYSICS, "names the streams of random numbers")                               \
    X(kmc, prefactor_mode, WORD, "constant", "", "constant|htst", PHYSICS, "one prefactor for all, or harmonic (Vineyard)") \
    X(kmc, prefactor_per_s, DOUBLE, "1e13", "1/s", "> 0", PHYSICS, "the constant prefactor, and that of events without one of their own") \
    X(kmc, prefactor_atoms, INT64, "500", "", ">= 0", PHYSICS, "htst: atoms that vibrate, those closest to the movers of the event; 0: all") \
    X(kmc, prefactor_rest, DOUBLE, "1e-2", "", ">= 0, < 1", PHYSICS, "htst: share of the rate out of a state whose prefactors need not be computed, the slowest events")

#define SG_CONFIG_CATALOG(X)                                                                                           \
    X(catalog, base, PATHS, "", "", "", INPUT, "read-only catalogs to draw on")                                        \
    X(catalog, memory_MB, DOUBLE, "1024", "MB", "> 0", SHOW, "positions and rate tables kept in memory; more are read back from the run's catalog")

#define SG_CONFIG_SEARCH(X)                                                                                            \
    X(search, confidence, DOUBLE, "0.9", "", ">= 0, < 1", PHYSICS, "share of the rate out of a state that must be known, by estimate, for searching in it to end early; 0: never early") \
    X(search, per_atom, INT, "20", "", ">= 0", PHYSICS, "searches each atom gets of its own; lent events never replace them") \
    X(search, max_per_step, INT64, "0", "", ">= -1", PHYSICS, "cap on the searches in a state after the start; 0: no cap, -1: no searches") \
    X(search, max_at_start, INT64, "0", "", ">= 0", PHYSICS, "cap on the searches at the start; 0: no cap")            \
    X(search, barrier_max_eV, DOUBLE, "0", "eV", ">= 0", PHYSICS, "window of events that are refined and rated; 0: kT ln(nu t_max) + margin") \
    X(search, local_radius_A, DOUBLE, "10", "Å", "> 0", PHYSICS, "atoms within this of the centre move while a search climbs") \
    X(search, push_radius_A, NUMBERS, "2", "Å", "> 0", PHYSICS, "radius of the first push; several radii take turns")  \
    X(search, samplers, WORDS, "adaptive", "", "", PHYSICS, "how searches start: some of local wide soft cubic kick echo, chosen among by yield; adaptive: all") \
    X(search, give_up_above_eV, DOUBLE, "0", "eV", ">= 0", PHYSICS, "searches for saddles this far above their start end early; 0: age takes barrier_max_eV, search never") \
    X(search, push_step_A, DOUBLE, "0.15", "Å", "> 0", PHYSICS, "length of one push")                                  \
    X(search, curvature_out_eV_per_A2, DOUBLE, "-0.5", "eV/Å^2", "< 0", PHYSICS, "after a random push, the climb begins below this curvature") \
    X(search, max_calls, INT, "2500", "", ">= 1", PHYSICS, "force calls a search may spend")                           \
    X(search, force_local_eV_per_A, DOUBLE, "0.05", "eV/Å", "> 0", PHYSICS, "force at which the local climb hands over to the whole system") \
    X(search, force_saddle_eV_per_A, DOUBLE, "1e-3", "eV/Å", "> 0, <= 1e-2", PHYSICS, "largest force at an accepted saddle") \
    X(search, force_minimum_eV_per_A, DOUBLE, "1e-4", "eV/Å", "> 0, <= 1e-2", PHYSICS, "largest force at a minimum")   \
    X(search, max_climb_eV, DOUBLE, "15", "eV", "> 0", PHYSICS, "a search this far above its start has blown up")      \
    X(search, batch, INT, "48", "", ">= 1, <= 65536", PHYSICS, "searches between two adaptations; never depends on threads")

#define SG_CONFIG_TOPOLOGY(X)                                                                                          \
    X(topology, cutoff_A, PAIRS, "", "Å", "> 0", PHYSICS, "bond lengths such as Cu-Cu 3.45 Cu-Zr 3.65; empty: from the base or computed") \
    X(topology, variant_radius_A, DOUBLE, "6", "Å", "> 0", PHYSICS, "atoms within this of the centre are aligned")     \
    X(topology, variant_tolerance_A, DOUBLE, "0.1", "Å", ">= 0", PHYSICS, "bonds this close to the cutoff are marginal") \
    X(topology, residual_max_A, DOUBLE, "0.4", "Å", "> 0", PHYSICS, "worst alignment at which an event is still placed") \
    X(topology, keep_A, DOUBLE, "0.05", "Å", ">= 0", PHYSICS, "an event whose support moved less than this is kept")   \
    X(topology, refine_A, DOUBLE, "0.3", "Å", ">= 0", PHYSICS, "below this it is reconverged, beyond it is searched anew") \
    X(topology, copy_states, BOOL, "yes", "", "", PHYSICS, "a state that is another one moved as a whole takes over its table") \
    X(topology, retry_A, DOUBLE, "2", "Å", ">= 0", PHYSICS, "a search anew begins with the old saddle when its support has moved less than this") \
    X(topology, refine_rest, DOUBLE, "1e-3", "", ">= 0, < 1", PHYSICS, "share of the rate out of a state that may keep predicted barriers together, the slowest events")

#define SG_CONFIG_BASIN(X)                                                                                             \
    X(basin, enable, BOOL, "yes", "", "", PHYSICS, "join states that flicker among low barriers")                      \
    X(basin, barrier_eV, DOUBLE, "0.4", "eV", ">= 0", PHYSICS, "barriers below this, both ways, join states")         \
    X(basin, time_s, DOUBLE, "0", "s", ">= 0", PHYSICS, "> 0: what joins states is instead a rate above 1/time_s, both ways") \
    X(basin, max_states, INT, "64", "", ">= 2, <= 4096", PHYSICS, "largest basin; of more states those are left together that the lowest saddles lead to")

#define SG_CONFIG_OUTPUT(X)                                                                                            \
    X(output, snapshot, WORD, "every", "", "every|log|none", PHYSICS, "frames of trajectory.extxyz: each step, log-spaced in time, none") \
    X(output, snapshot_per_decade, INT, "10", "", ">= 1, <= 1000", PHYSICS, "frames per decade of time of snapshot = log") \
    X(output, picture, BOOL, "yes", "", "", SHOW, "draw E_IS(t), now and then and when the run ends")

/* S(section, SECTION, description) */
#define SG_CONFIG_SECTIONS(S)                                        \
    S(system, SYSTEM, "what ages")                                   \
    S(potential, POTENTIAL, "energy and forces")                     \
    S(strain, STRAIN, "what is imposed")                             \
    S(kmc, KMC, "rates, clock and stop criteria")                    \
    S(catalog, CATALOG, "events known beforehand")                   \
    S(search, SEARCH, "how events are searched")                     \
    S(topology, TOPOLOGY, "how events are recognised and reused")    \
    S(basin, BASIN, "states among which a walk flickers")            \
    S(output, OUTPUT, "what a run leaves")
/* clang-format on */

typedef struct sg_numbers { int n; double *value; } sg_numbers;
typedef struct sg_integers { int n; int *value; } sg_integers;
typedef struct sg_texts { int n; char **value; } sg_texts;
typedef struct sg_config_pair { char a[4], b[4]; double value; } sg_config_pair;
typedef struct sg_schedule { int n; double (*value)[2]; } sg_schedule; /* time, value */
typedef struct sg_config_pairs { int n; sg_config_pair *value; } sg_config_pairs;

#define SG_CONFIG_FIELD_DOUBLE double
#define SG_CONFIG_FIELD_INT int
#define SG_CONFIG_FIELD_INT64 int64_t
#define SG_CONFIG_FIELD_BOOL int
#define SG_CONFIG_FIELD_WORD int
#define SG_CONFIG_FIELD_TEXT char *
#define SG_CONFIG_FIELD_PATH char *
#define SG_CONFIG_FIELD_FILE char *
#define SG_CONFIG_FIELD_NUMBERS sg_numbers
#define SG_CONFIG_FIELD_IDS sg_integers
#define SG_CONFIG_FIELD_WORDS sg_texts
#define SG_CONFIG_FIELD_PATHS sg_texts
#define SG_CONFIG_FIELD_PAIRS sg_config_pairs
#define SG_CONFIG_FIELD_SCHEDULE sg_schedule

/* Values of the WORD fields, in the order of their words. */
enum { SG_STYLE_EAM_FS, SG_STYLE_EAM_ALLOY, SG_STYLE_LJ, SG_STYLE_MORSE, SG_STYLE_KIM, SG_STYLE_KIM_API, SG_STYLE_LAMMPS };
enum { SG_PREFACTOR_CONSTANT, SG_PREFACTOR_HTST };
enum { SG_SNAPSHOT_EVERY, SG_SNAPSHOT_LOG, SG_SNAPSHOT_NONE };

/* Number of a key: SG_KEY_kmc_seed and so on. */
#define SG_CONFIG_NUMBER(section, name, ...) SG_KEY_##section##_##name,
#define SG_CONFIG_NUMBERS_OF(section, SECTION, description) SG_CONFIG_##SECTION(SG_CONFIG_NUMBER)
enum { SG_CONFIG_SECTIONS(SG_CONFIG_NUMBERS_OF) SG_CONFIG_N_KEYS };

/* The configuration: cfg.kmc.temperature_K, cfg.search.per_atom, .. Caller's storage; texts and lists are its own.
 * Texts are never NULL ("" when empty). Paths are usable from the present working folder. */
#define SG_CONFIG_FIELD(section, name, TYPE, ...) SG_CONFIG_FIELD_##TYPE name;
#define SG_CONFIG_FIELDS_OF(section, SECTION, description) struct { SG_CONFIG_##SECTION(SG_CONFIG_FIELD) } section;
typedef struct sg_config {
    SG_CONFIG_SECTIONS(SG_CONFIG_FIELDS_OF)
    char *path;                 /* the run file, "" if none */
    int line[SG_CONFIG_N_KEYS]; /* where each value was given: 0 default, -1 sg_config_set, else a line of `path` */
} sg_config;

typedef enum { SG_ROLE_PHYSICS, SG_ROLE_INPUT, SG_ROLE_STOP, SG_ROLE_SHOW } sg_config_role;

typedef struct sg_config_key { /* a row of the table, for the manual and `check` */
    const char *section, *name, *type, *default_text, *unit, *range;
    sg_config_role role;
    const char *description;
} sg_config_key;

/** The table, SG_CONFIG_N_KEYS rows, sections together. Constant. */
const sg_config_key *sg_config_keys(void);

/** Description of a section, NULL if there is none of that name. Constant. */
const char *sg_config_section(const char *name);

/** Every key at its default. Free with sg_config_clear. On SG_ENOMEM the configuration is empty (cleared). */
sg_status sg_config_defaults(sg_config *cfg);

/** Frees what the configuration owns; NULL-safe, safe on zeroed storage and after a failure. */
void sg_config_clear(sg_config *cfg);

/** Defaults, then the run file. Relative paths in the file are relative to its folder.
 * @return SG_ENOTFOUND, SG_EPARSE (no key=value line), SG_EINVAL (unknown key, key given twice, value out of range); the
 * text begins with "file:line: ". On failure cfg is cleared. Does not validate across keys. Threads: any. */
sg_status sg_config_read(const char *path, sg_config *cfg);

/** Set one key from "section.key=value"; relative paths are relative to the working folder. On failure the old value
 * stays. SG_EINVAL, SG_ENOMEM. */
sg_status sg_config_set(sg_config *cfg, const char *assignment);

/** The effective configuration as a run file: every key with unit, range and description as a comment. Reading it back
 * gives the same values; paths are written absolute, so that the file may lie in any folder. SG_EIO, SG_ENOMEM. */
sg_status sg_config_write(const sg_config *cfg, FILE *out);

/** Text of key number `key` (SG_KEY_..) as sg_config_set takes it. NULL when memory is out. Free with sg_free. */
char *sg_config_value(const sg_config *cfg, int key);

/** What a run needs beyond single values: a structure, a potential complete in itself, d1 <= d2 and the like.
 * SG_EINVAL; SG_EUNSUPPORTED for what this version lacks. Opens no file. */
sg_status sg_config_validate(const sg_config *cfg);

/** The potential as sg_potential_create takes it, "eam/fs:FILE", "lj:eps,sigma,cutoff,..", after validating the
 * [potential] section. Free with sg_free; NULL on failure. */
sg_status sg_config_potential_spec(const sg_config *cfg, char **spec);

/** Identity of the run that this describes: hash over all keys with role PHYSICS. What INPUT keys name is identified by
 * content, not by path, and is the caller's to add; STOP and SHOW keys may change on resume. SG_ENOMEM. */
sg_status sg_config_identity(const sg_config *cfg, uint64_t *hash);

/** First PHYSICS key whose values differ, -1 if none; `key` is meaningless on SG_ENOMEM. */
sg_status sg_config_difference(const sg_config *a, const sg_config *b, int *key);

#endif
