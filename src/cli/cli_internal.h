/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program's frame: a table of commands, their options, and what every command needs: a configuration, a
 * loaded structure with its potential, results as text and JSON, progress on stderr.
 *
 * A new command is one file cmd_NAME.c that defines a cli_command, and one row in commands.c. A command gets
 * its inputs and options checked; it returns a status with sg_error_text() set and prints nothing but
 * results, through cli_result_*() or, for tables, on stdout. */
#ifndef SLOWGLASS_CLI_INTERNAL_H
#define SLOWGLASS_CLI_INTERNAL_H

#include <stdint.h>
#include <stdio.h>

#include "slowglass/core.h"
#include "slowglass/minimize.h"
#include "slowglass/par.h"
#include "slowglass/potential.h"
#include "slowglass/system.h"

typedef struct cli cli;

typedef struct cli_option {
    const char *name;  /* "xy" for --xy; NULL ends a table */
    char letter;       /* 'o' for -o, 0 if none */
    const char *value; /* what follows, as the help calls it; NULL: a switch */
    const char *help;
} cli_option;

typedef struct cli_command {
    const char *name;
    const char *summary;        /* one line, no full stop */
    const char *usage;          /* what follows the name: "IN -o OUT" */
    const char *details;        /* a paragraph for --help, NULL if none; lines of < 80 characters */
    const char *example;        /* a command line that works in the source folder */
    int min_inputs, max_inputs; /* arguments that are no options; max < 0: any number */
    const cli_option *options;  /* of its own, beside the common ones; NULL if none */
    sg_status (*run)(cli *c);   /* NULL: not available in this version */
} cli_command;

typedef struct cli_given {
    const cli_option *option;
    const char *value;
} cli_given;

typedef struct cli_progress { /* the listener behind cli.log */
    int quiet, terminal, bar; /* bar: one stands on the terminal's line */
    char what[64];            /* of the present stretch of work */
    double open_s, begin_s, begin_done, shown_s;
} cli_progress;

struct cli {
    sg_link *link; /* the other ranks under a launcher such as mpirun; NULL: none */
    const cli_command *command;
    int n_inputs;
    const char **input; /* borrowed from argv */
    int n_given;
    cli_given *given; /* options in their order */
    int quiet, json, help;
    const char *out; /* -o, NULL if not given */
    sg_config cfg;   /* run file or defaults, then --set, --seed, --potential, --elements */
    sg_log log;
    cli_progress progress;
    sg_json *result; /* what --json prints at the end */
};

/* ---- commands.c, help.c ---- */
const cli_command *cli_find_command(const char *name); /* NULL: unknown */
const cli_command *const *cli_commands(int *n);
sg_status cli_unknown_command(const char *name); /* with the nearest known one */
extern const cli_option cli_common_options[];
void cli_print_overview(FILE *out);
void cli_print_help(const cli_command *command, FILE *out);
void cli_print_manual(FILE *out); /* troff */

/* ---- options.c ---- */
sg_status cli_parse(cli *c, int argc, char **argv); /* argv[0]: the command's name */
const char *cli_value(const cli *c,
                      const char *name); /* last value given, "" for a switch, NULL: not given */
/* Number of option --name in (above, up_to]; *value stays when it is not given. */
sg_status cli_number(const cli *c, const char *name, double above, double up_to, double *value);
sg_status cli_whole(const cli *c, const char *name, int64_t min, int64_t max, int64_t *value);
/* Which of two words option --name is; *index stays when it is not given. */
sg_status cli_word(const cli *c, const char *name, const char *const words[2], int *index);
sg_status cli_configure(cli *c,
                        const char *run_file); /* fills c->cfg; run_file NULL: --config, else defaults */

/* ---- progress.c ---- */
void cli_progress_open(cli_progress *p, int quiet, sg_log *log);
void cli_progress_close(cli_progress *p); /* removes the bar from the terminal */

/* ---- load.c ---- */
typedef struct cli_model {
    sg_system *sys;
    sg_potential *pot;
    sg_potential_work *work;
} cli_model;
/* Structure, potential and scratch; atoms closer than 0.5 Å are refused. `model` is zeroed on failure. */
sg_status cli_load(cli *c, const char *path, cli_model *model);
/* The same steps one by one, for commands that read many frames. */
sg_status cli_check_structure(const cli *c, const char *path,
                              sg_system *sys); /* fixed atoms marked, distances checked */
sg_status cli_load_potential(const cli *c, const sg_species *species, sg_potential **pot);
void cli_element_list(const cli *c, int *n,
                      const char *const **elements); /* borrowed; n = 0: from the structure */
void cli_model_free(cli_model *model);

/* ---- output.c ---- */
void cli_result_number(cli *c, const char *key,
                       double value); /* one line "key = value" on stdout, and in the JSON */
void cli_result_integer(cli *c, const char *key, int64_t value);
void cli_result_numbers(cli *c, const char *key, int n, const double *values);
void cli_result_text(cli *c, const char *key, const char *text);
sg_status cli_finish_results(cli *c); /* JSON line; SG_EIO when stdout could not take it all */
/* -o before any work is done: known extension, folder there and writable. `needed`: it must be given. */
sg_status cli_check_out(const cli *c, int needed);
/* The same of any file that -o names: no folder itself, and in a folder that is there and writable. */
sg_status cli_check_place(const cli *c);
/* To c->out in the format of its extension; f may be NULL. No -o: nothing. */
sg_status cli_write_structure(const cli *c, const sg_system *sys, const sg_forces *f);
/* The same, with further text for the header of an extended XYZ file (NULL: none). */
sg_status cli_write_made(const cli *c, const sg_system *sys, const sg_forces *f, const char *extra);
/* E, stress, pressure, largest force of a point, calls and atoms: the fields that energy, minimize and strain
 * share. */
void cli_result_point(cli *c, const cli_model *model, const sg_forces *f);
double cli_gpa(const sg_system *sys, const double virial[6],
               double stress_gpa[6]); /* returns the pressure, GPa */

/* ---- relax.c: minimising with progress and interruption ---- */
/* `what` names the work in progress (shown if `show`) and in errors; SG_ENUMERIC when not converged,
 * SG_EINTERRUPTED. */
sg_status cli_relax(cli *c, cli_model *model, const char *what, int show);
/* The cell as well, to zero pressure and zero shear; at most search.force_minimum_eV_per_A and 1e-5 eV/Å. */
sg_status cli_relax_cell(cli *c, cli_model *model);
sg_status cli_forces_create(const sg_system *sys, sg_forces *f); /* f->f is the caller's: sg_free */

/* ---- saved.c: files beside the result ---- */
/* PATH with `insert` before its extension, which another one replaces (NULL: stays). sg_free; NULL: no memory
 */
char *cli_beside(const char *path, const char *insert, const char *extension);
int cli_is_there(const char *path);
double cli_now_s(void); /* of the steady clock */
sg_status cli_saved_write(const char *path, const unsigned char *bytes, size_t n);
sg_status cli_saved_read(const char *path, unsigned char **bytes, size_t *n); /* sg_free */

/* ---- point.c ---- */
/* Changes a structure and leaves the forces of what it became in f. */
typedef sg_status cli_change(cli *c, cli_model *model, sg_forces *f, void *arg);
/* The structure of the command line, changed (NULL: as it is): its point to the results, the structure to -o.
 */
sg_status cli_point(cli *c, cli_change *change, void *arg);

#endif
