/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LAMMPS dump files (text): blocks that begin with ITEM:, a frame ends with its ITEM: ATOMS.
 * For a tilted cell the bounds are those of the box around it: xlo_bound = xlo + min(0, xy, xz, xy + xz) and
 * so on. */
#include "io_internal.h"

#include <math.h>
#include <string.h>

enum { MAX_COLUMNS = 64, N_NAMES = 17 };

/* Columns by their position in `names`; coordinates in sets of three. */
enum {
    COL_ID,
    COL_TYPE,
    COL_UNWRAPPED,
    COL_PLAIN = 5,
    COL_SCALED_UNWRAPPED = 8,
    COL_SCALED = 11,
    COL_IMAGE = 14
};
static const char *const names[N_NAMES] = {"id",  "type", "xu", "yu", "zu", "x",  "y",  "z", "xsu",
                                           "ysu", "zsu",  "xs", "ys", "zs", "ix", "iy", "iz"};

typedef struct frame {
    io_box box;
    double low[3];
    long long n;
    int column[N_NAMES]; /* -1: absent */
    int n_columns, coordinates, scaled, images;
} frame;

static sg_status read_block(sg_frames *frames, frame *fr, int *atoms_follow);
static sg_status read_number_of_atoms(sg_frames *frames, frame *fr);
static sg_status read_bounds(sg_frames *frames, frame *fr, const char *title);
static sg_status read_columns(sg_frames *frames, frame *fr, char *title);
static sg_status read_atoms(sg_frames *frames, const frame *fr, sg_system *sys);
static sg_status read_atom(sg_frames *frames, const frame *fr, sg_system *sys, int i);
static sg_status need_line(sg_frames *frames, const char *what);

sg_status io_read_dump(sg_frames *frames, sg_system **out)
{
    frame fr = {.box.periodic = {1, 1, 1}};
    sg_system *sys = NULL;
    int end, atoms_follow = 0;
    sg_status st = io_lines_next_filled(&frames->lines, &end);

    if (st != SG_OK || end) return st;
    while (!atoms_follow) {
        if (strncmp(frames->lines.text, "ITEM:", 5) != 0)
            return io_malformed(&frames->lines, "expected a line that begins with ITEM:, got \"%.40s\"",
                                frames->lines.text);
        st = read_block(frames, &fr, &atoms_follow);
        if (st == SG_OK && !atoms_follow) st = need_line(frames, "a line that begins with ITEM:");
        if (st != SG_OK) return st;
    }
    if (fr.n == 0 || !fr.box.has_lattice)
        return io_malformed(&frames->lines, "expected NUMBER OF ATOMS and BOX BOUNDS before ATOMS");
    st = sg_system_create((int)fr.n, &sys);
    if (st == SG_OK) sys->species = frames->species;
    if (st == SG_OK) st = io_place(frames, &fr.box, sys);
    if (st == SG_OK) st = read_atoms(frames, &fr, sys);
    if (st == SG_OK) st = io_sort_by_id(sys);
    if (st == SG_OK) {
        *out = sys;
        sys = NULL;
    }
    sg_system_free(sys);
    return st;
}

static sg_status read_block(sg_frames *frames, frame *fr, int *atoms_follow)
{
    char *const title = frames->lines.text + 5 + strspn(frames->lines.text + 5, " ");
    int end;

    if (strncmp(title, "NUMBER OF ATOMS", 15) == 0) return read_number_of_atoms(frames, fr);
    if (strncmp(title, "BOX BOUNDS", 10) == 0) return read_bounds(frames, fr, title + 10);
    if (strncmp(title, "ATOMS", 5) == 0) {
        *atoms_follow = 1;
        return read_columns(frames, fr, title + 5);
    }
    for (;;) { /* TIMESTEP, UNITS, TIME: nothing that is needed */
        const sg_status st = io_lines_next_filled(&frames->lines, &end);
        if (st != SG_OK || end) return st;
        if (strncmp(frames->lines.text, "ITEM:", 5) != 0) continue;
        io_lines_hold(&frames->lines);
        return SG_OK;
    }
}

static sg_status read_number_of_atoms(sg_frames *frames, frame *fr)
{
    char *token[2];
    sg_status st = need_line(frames, "the number of atoms");

    if (st != SG_OK) return st;
    if (io_tokens(frames->lines.text, token, 2) != 1 || !io_integer(token[0], &fr->n))
        return io_malformed(&frames->lines, "expected the number of atoms alone, got \"%.40s\"", token[0]);
    return io_check_count(&frames->lines, fr->n);
}

static sg_status read_bounds(sg_frames *frames, frame *fr, const char *title)
{
    const int tilted = strstr(title, "xy xz yz") != NULL;
    const char *flags = tilted ? strstr(title, "xy xz yz") + 8 : title;
    double bound[3][3] = {{0.0}};

    if (strstr(title, "abc"))
        return sg_fail(SG_EUNSUPPORTED,
                       "%s:%lld: expected a box in LAMMPS's restricted form, got a general one",
                       frames->lines.path, (long long)frames->lines.number);
    for (int k = 0; k < 3; k++) {
        flags += strspn(flags, " ");
        if (*flags) fr->box.periodic[k] = strncmp(flags, "pp", 2) == 0;
        flags += strcspn(flags, " ");
    }
    for (int k = 0; k < 3; k++) {
        const sg_status st = need_line(frames, "the bounds of the box");
        if (st != SG_OK) return st;
        if (!io_reals(frames->lines.text, tilted ? 3 : 2, bound[k]))
            return io_malformed(&frames->lines, "expected %d numbers (bounds of the box), got \"%.80s\"",
                                tilted ? 3 : 2, frames->lines.text);
    }
    const double xy = bound[0][2], xz = bound[1][2], yz = bound[2][2];
    const double below[3] = {fmin(fmin(0.0, xy), fmin(xz, xy + xz)), fmin(0.0, yz), 0.0};
    const double above[3] = {fmax(fmax(0.0, xy), fmax(xz, xy + xz)), fmax(0.0, yz), 0.0};
    for (int k = 0; k < 3; k++) {
        fr->low[k] = bound[k][0] - below[k];
        fr->box.lattice[k][k] = bound[k][1] - above[k] - fr->low[k];
    }
    fr->box.lattice[1][0] = xy;
    fr->box.lattice[2][0] = xz;
    fr->box.lattice[2][1] = yz;
    fr->box.has_lattice = 1;
    fr->box.line = frames->lines.number;
    return SG_OK;
}

static sg_status read_columns(sg_frames *frames, frame *fr, char *title)
{
    static const int sets[] = {COL_UNWRAPPED, COL_PLAIN, COL_SCALED_UNWRAPPED, COL_SCALED};
    char *token[MAX_COLUMNS];

    for (int k = 0; k < N_NAMES; k++)
        fr->column[k] = -1;
    fr->n_columns = io_tokens(title, token, MAX_COLUMNS);
    for (int c = 0; c < fr->n_columns && c < MAX_COLUMNS; c++)
        for (int k = 0; k < N_NAMES; k++)
            if (strcmp(token[c], names[k]) == 0) fr->column[k] = c;
    fr->coordinates = -1;
    for (int s = 0; s < 4 && fr->coordinates < 0; s++) {
        const int *const c = fr->column + sets[s];
        if (c[0] >= 0 && c[1] >= 0 && c[2] >= 0) fr->coordinates = sets[s];
    }
    if (fr->column[COL_ID] < 0 || fr->column[COL_TYPE] < 0 || fr->coordinates < 0 ||
        fr->n_columns > MAX_COLUMNS)
        return io_malformed(&frames->lines,
                            "expected columns id type and x y z, xu yu zu, xs ys zs or xsu ysu zsu (at "
                            "most %d in all)",
                            (int)MAX_COLUMNS);
    const int wrapped = fr->coordinates == COL_PLAIN || fr->coordinates == COL_SCALED;
    const int *const image = fr->column + COL_IMAGE;
    fr->scaled = fr->coordinates == COL_SCALED || fr->coordinates == COL_SCALED_UNWRAPPED;
    fr->images = wrapped && image[0] >= 0 && image[1] >= 0 && image[2] >= 0;
    return SG_OK;
}

static sg_status read_atoms(sg_frames *frames, const frame *fr, sg_system *sys)
{
    int end;

    for (int i = 0; i < sys->n; i++) {
        sg_status st = io_lines_next(&frames->lines, &end);
        if (st == SG_OK && end)
            st = io_malformed(&frames->lines, "expected %d atoms, got the end of the file after %d", sys->n,
                              i);
        if (st == SG_OK) st = read_atom(frames, fr, sys, i);
        if (st != SG_OK) return st;
    }
    return SG_OK;
}

static sg_status read_atom(sg_frames *frames, const frame *fr, sg_system *sys, int i)
{
    const io_lines *const lines = &frames->lines;
    char *token[MAX_COLUMNS];
    long long id, type, image;
    double *const x = sys->x[i];
    int n[3] = {0, 0, 0};
    const int words = io_tokens(lines->text, token, MAX_COLUMNS);

    if (words != fr->n_columns)
        return io_malformed(lines, "row %d: expected %d columns, got %d", i + 1, fr->n_columns, words);
    if (!io_integer(token[fr->column[COL_ID]], &id) || id < 1 || id > 0x7fffffff)
        return io_malformed(lines, "row %d: id: expected a positive whole number, got \"%.40s\"", i + 1,
                            token[fr->column[COL_ID]]);
    if (!io_integer(token[fr->column[COL_TYPE]], &type) || type < 1 || type > sys->species.n)
        return io_malformed(lines,
                            "atom %lld: type: expected 1 to %d (number of elements given), got \"%.40s\"", id,
                            sys->species.n, token[fr->column[COL_TYPE]]);
    sys->id[i] = (int)id;
    sys->type[i] = (int)type - 1;
    for (int k = 0; k < 3; k++) {
        const char *const word = token[fr->column[fr->coordinates + k]];
        if (!io_real(word, &x[k]))
            return io_malformed(lines, "atom %lld: %c is not a number: expected a finite one, got \"%.40s\"",
                                id, "xyz"[k], word);
        if (!fr->images) continue;
        if (!io_integer(token[fr->column[COL_IMAGE + k]], &image) || image < -1000000 || image > 1000000)
            return io_malformed(lines, "atom %lld: i%c: expected a whole number, got \"%.40s\"", id, "xyz"[k],
                                token[fr->column[COL_IMAGE + k]]);
        n[k] = (int)image;
    }
    if (fr->scaled) {
        const double s[3] = {x[0], x[1], x[2]};
        for (int k = 0; k < 3; k++)
            x[k] = s[0] * sys->cell.h[0][k] + s[1] * sys->cell.h[1][k] + s[2] * sys->cell.h[2][k];
    } else {
        for (int k = 0; k < 3; k++)
            x[k] -= fr->low[k];
    }
    io_unwrap(&sys->cell, n, x);
    return SG_OK;
}

static sg_status need_line(sg_frames *frames, const char *what)
{
    int end;
    const sg_status st = io_lines_next(&frames->lines, &end);

    if (st != SG_OK || !end) return st;
    return io_malformed(&frames->lines, "expected %s, got the end of the file", what);
}
