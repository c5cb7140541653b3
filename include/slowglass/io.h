/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structure files, tables, pictures, and writing that never loses what was there.
 *
 * Formats in: extended XYZ, LAMMPS data (atom style atomic), LAMMPS dump (text). Out: extended XYZ, LAMMPS
 * data. Lengths in Å, energies in eV everywhere. Errors read "file:line: expected ..., got ...". Numbers are
 * read and written with a decimal point whatever the locale. Every function may be called from several
 * threads at once on different files and objects. */
#ifndef SLOWGLASS_IO_H
#define SLOWGLASS_IO_H

#include <stdint.h>
#include <stdio.h>

#include "slowglass/core.h"
#include "slowglass/system.h"

/* ---- structures in ---- */

/** Read the first structure of a file. The format follows from the content ("ITEM:") and the extension
 * (.extxyz, .xyz; .data, .lmp), else from the first line: a lone number begins an extended XYZ file, any
 * other text a LAMMPS data file.
 *
 * Extended XYZ: the comment keys Lattice, Properties, pbc, h0 (9 numbers), gamma are understood; h0 defaults
 * to Lattice, gamma to 0, pbc to "T T T"; F(gamma) h0 must equal Lattice to 1e-6 Å. Columns: species, pos, id
 * (default 1..n), move_mask (F or 0: held still); others are skipped. Atoms keep the order of the file. A
 * cell that is not lower-triangular is rotated, with the positions, into the form a along x, b in the xy
 * plane. LAMMPS data and dump: type k is elements[k-1], image flags unwrap, the origin moves to (xlo, ylo,
 * zlo), atoms are sorted by id. A data file written by slowglass brings h0, gamma, pbc and fixed atoms with
 * it; others have h0 = h, gamma = 0 and are periodic. A mass that is the one of another listed element is
 * refused (SG_EMISMATCH).
 *
 * @param elements symbols of types 0, 1, ..; n_elements may be 0 for extended XYZ: order of first appearance
 * @param note [out] text to log, e.g. that the cell was rotated, NULL if none; free with sg_free. May itself
 * be NULL
 * @param out [out] free with sg_system_free; NULL on failure
 * @return SG_ENOTFOUND, SG_EIO, SG_EPARSE, SG_EINVAL, SG_EMISMATCH, SG_EUNSUPPORTED, SG_ENOMEM */
sg_status sg_io_read_structure(const char *path, int n_elements, const char *const elements[],
                               sg_system **out, char **note);

typedef struct sg_frames sg_frames; /* a file being read frame by frame */

/** Begin to read all structures of a file (formats and elements as in sg_io_read_structure).
 * @param out [out] close with sg_frames_close; NULL on failure */
sg_status sg_io_frames_open(const char *path, int n_elements, const char *const elements[], sg_frames **out);

/** The next frame; *out is NULL (and the status SG_OK) at the end. Free with sg_system_free.
 * After an error no more frames come. */
sg_status sg_frames_next(sg_frames *frames, sg_system **out);

/** What is worth saying about the last frame, NULL if nothing. Borrowed until the next call. */
const char *sg_frames_note(const sg_frames *frames);

/** NULL-safe. */
void sg_frames_close(sg_frames *frames);

/* ---- structures out ---- */

typedef struct sg_frame_column { /* one more number or vector of every atom */
    const char *name;            /* of the property: letters, digits, _ */
    int n;                       /* numbers per atom */
    const double *value;         /* [atoms][n] */
} sg_frame_column;

typedef struct sg_frame_info { /* what goes into a frame's comment; NULL: left out; all borrowed */
    const double *energy;      /* eV */
    const double *stress;      /* [6] xx yy zz xy xz yz, eV/Å^3, positive in tension (the sign of ASE) */
    const double (*f)[3];      /* forces [n], eV/Å */
    const int64_t *step;
    const double *time; /* ps; written as time_s */
    const int64_t *state;
    const char *extra; /* further text such as "potential=x.eam.fs run=7", no newline */
    int n_columns;
    const sg_frame_column *column; /* [n_columns], after the others */
} sg_frame_info;

/** Write one structure as extended XYZ, replacing the file at once (see sg_io_replace_begin).
 * Always has Lattice, Properties=species:S:1:pos:R:3:id:I:1[:forces:R:3][:move_mask:L:1][columns], pbc, h0,
 * gamma; 17 significant digits, so that reading gives the same bits. move_mask stands there when an atom is
 * fixed.
 * @param info may be NULL
 * @return SG_EIO, SG_EFULL, SG_ENOMEM; SG_EINVAL: extra holds a line break */
sg_status sg_io_write_extxyz(const char *path, const sg_system *sys, const sg_frame_info *info);

/** Append one frame with one write; a frame that does not fit is taken back, so that the file stays readable.
 */
sg_status sg_io_append_extxyz(const char *path, const sg_system *sys, const sg_frame_info *info);

/** The same text to an open stream, flushed; `name` is for the error text. */
sg_status sg_io_print_extxyz(FILE *file, const char *name, const sg_system *sys, const sg_frame_info *info);

/** Cut an extended XYZ file after its first `n_frames` complete frames (fewer: keep them all); an unfinished
 * one at the end goes. SG_ENOTFOUND when it does not exist. */
sg_status sg_io_truncate_extxyz(const char *path, int64_t n_frames);

/** Write a LAMMPS data file (metal units, triclinic, atom style atomic), replacing the file at once.
 * Atoms are wrapped and carry image flags where that loses no bit, else they keep their unwrapped position
 * (LAMMPS wraps it); reading gives the same unwrapped bits. The first line carries gamma, the tilts of h0,
 * pbc and elements, and says when a tilt needs LAMMPS's "box tilt large". Fixed atoms are marked by a comment
 * "# fixed". */
sg_status sg_io_write_lammps_data(const char *path, const sg_system *sys);

/* ---- replacing files ---- */

typedef struct sg_replace { /* caller's storage */
    FILE *file;             /* write here */
    char *path, *temporary; /* owned */
} sg_replace;

/** Start a new version of a file: it is written beside it as PATH.tmp and takes its place in
 * sg_io_replace_commit, so that at any moment the old or the new content is on disk whole. A symbolic link is
 * followed; what is not an ordinary file (such as /dev/stdout) is written directly. One writer per path at a
 * time. */
sg_status sg_io_replace_begin(sg_replace *replace, const char *path);

/** Flush to disk (tens of milliseconds on a disk) and rename. On failure (SG_EFULL, SG_EIO) the old file is
 * untouched and the temporary one removed. */
sg_status sg_io_replace_commit(sg_replace *replace);

/** Give the new version up; safe after begin, commit or a zeroed struct. */
void sg_io_replace_abort(sg_replace *replace);

/** Replace the content of a file by a text. */
sg_status sg_io_replace_text(const char *path, const char *text);

/* ---- tables ---- */

typedef struct sg_tsv sg_tsv;

/** Open a table for appending. A new or empty file gets the line of column names first; an existing one must
 * begin with the same line (SG_EMISMATCH); an unfinished last row is cut off.
 * @param header column names separated by tabs, no newline
 * @param out [out] sg_tsv_close */
sg_status sg_tsv_open(const char *path, const char *header, sg_tsv **out);

/** Append a row: printf-like, columns separated by tabs, no newline. Rows are collected and written in whole
 * rows once some 64 kB are together, at sg_tsv_flush and at sg_tsv_close; use %.17g for numbers that feed a
 * computation.
 * @return SG_EINVAL: number of columns differs from the header's; SG_EFULL, SG_EIO: as sg_tsv_flush */
sg_status sg_tsv_row(sg_tsv *tsv, const char *format, ...) SG_PRINTF(2, 3);

/** Hand all rows to the system. On failure what was partly written is taken back and the rows stay collected:
 * a later call tries again. */
sg_status sg_tsv_flush(sg_tsv *tsv);

/** Flush and free; NULL-safe. The status is the one of the flush; the object is gone in any case. */
sg_status sg_tsv_close(sg_tsv *tsv);

/** Number of complete rows below the header line. */
sg_status sg_tsv_count_rows(const char *path, int64_t *n_rows);

/** Cut a table after its first `n_rows` complete rows (fewer: keep them all); the header line stays. The file
 * must not be open in an sg_tsv. SG_ENOTFOUND when it does not exist. */
sg_status sg_tsv_truncate_rows(const char *path, int64_t n_rows);

typedef struct sg_columns { /* numbers read from a table; zeroed: empty */
    int64_t n;              /* rows */
    int n_columns;
    double *value; /* [n][n_columns]; NaN where a column is not in the file */
    int64_t *line; /* [n] of the file, from 1 */
    char *path;
} sg_columns;

/** Read columns by their names from a table (a line of names, perhaps after comments or itself after a #,
 * then rows; separated by tabs, blanks or commas) or from a log of LAMMPS: there the rows are those between a
 * line of names and "Loop time", in all sections of the log, and a row that repeats the first column of the
 * row before it, as at the seam of two runs, counts once.
 * @param name [n] the first `needed` must be there, in finite numbers; others may be missing or nan
 * @param out [out] sg_columns_clear. n = 0 when there are no rows
 * @return SG_ENOTFOUND, SG_EIO, SG_ENOMEM; SG_EPARSE with file:line */
sg_status sg_io_read_columns(const char *path, int n, const char *const name[], int needed, sg_columns *out);

/** NULL-safe. */
void sg_columns_clear(sg_columns *columns);

/* ---- pictures ---- */

/** Run gnuplot on a script, in the folder of the script, and wait for it.
 * @return SG_EUNSUPPORTED: gnuplot is not installed; SG_ENOTFOUND: no script; SG_EBACKEND: with what gnuplot
 * said. A picture is never worth a failed run: callers warn and go on. */
sg_status sg_io_gnuplot(const char *script_path);

/** The same without waiting, at low priority and with a limit on its time. What it says is lost.
 * @param child [out] its process; 0 on failure */
sg_status sg_io_gnuplot_begin(const char *script_path, unsigned limit_s, int *child);

/** Look after a process that sg_io_gnuplot_begin has started.
 * @param child [in,out] 0 once it has ended. @param end 1: end it now
 * @return SG_EUNSUPPORTED, SG_EBACKEND when it has ended in failure */
sg_status sg_io_gnuplot_look(int *child, int end);

#endif
