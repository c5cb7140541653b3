/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LAMMPS data files: a free first line, header lines "numbers keyword", then sections. Sections begin with a
 * letter, their rows with a digit or a sign, so unknown sections are passed over without knowing their
 * length. */
#include "io_internal.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

typedef struct data {
    io_box box;
    double low[3], high[3];
    int has_range[3];
    double h0_tilt[2]; /* xy, xz of h0 from the first line */
    int has_h0_tilt[2];
    long long n_atoms, n_types;
    sg_system *sys;
} data;

static sg_status read_first_line(sg_frames *frames, data *in);
static sg_status read_header_line(sg_frames *frames, data *in, char *text);
static sg_status read_range(sg_frames *frames, data *in, char **token, int axis);
static sg_status read_section(sg_frames *frames, data *in);
static sg_status begin_atoms(sg_frames *frames, data *in, const char *hint);
static sg_status read_atoms(sg_frames *frames, data *in);
static sg_status read_atom(sg_frames *frames, sg_system *sys, const double low[3], int i);
static sg_status read_masses(sg_frames *frames, const data *in);
static sg_status check_mass(sg_frames *frames, long long type, double mass);
static char *cut_comment(char *text);

sg_status io_read_data(sg_frames *frames, sg_system **out)
{
    data in = {.box.periodic = {1, 1, 1}};
    int end;
    sg_status st = read_first_line(frames, &in);

    while (st == SG_OK) {
        st = io_lines_next_filled(&frames->lines, &end);
        if (st != SG_OK || end) break;
        st = isalpha((unsigned char)frames->lines.text[strspn(frames->lines.text, " \t")])
                 ? read_section(frames, &in)
                 : read_header_line(frames, &in, frames->lines.text);
    }
    if (st == SG_OK && !in.sys)
        st = sg_fail(SG_EPARSE,
                     "%s: expected a structure (extended XYZ, LAMMPS data or dump), got no section Atoms",
                     frames->lines.path);
    if (st == SG_OK) st = io_sort_by_id(in.sys);
    if (st == SG_OK) {
        *out = in.sys;
        in.sys = NULL;
        frames->ended = 1;
    }
    sg_system_free(in.sys);
    return st;
}

/* Free text; that of slowglass carries what the format has no place for. */
static sg_status read_first_line(sg_frames *frames, data *in)
{
    int end;
    char *key, *value;
    const sg_status st = io_lines_next(&frames->lines, &end);

    if (st != SG_OK || end || !strstr(frames->lines.text, "slowglass")) return st;
    for (char *cursor = frames->lines.text; io_next_pair(&cursor, &key, &value);) {
        int good = 1;
        if (!value) continue;
        if (strcmp(key, "gamma") == 0) {
            good = io_real(value, &in->box.gamma);
        } else if (strcmp(key, "pbc") == 0) {
            good = io_flags(value, 3, in->box.periodic);
        } else if (strcmp(key, "h0_xy") == 0 || strcmp(key, "h0_xz") == 0) {
            const int k = key[4] == 'z';
            good = in->has_h0_tilt[k] = io_real(value, &in->h0_tilt[k]);
        }
        if (!good)
            return io_malformed(&frames->lines, "%s: expected a number or flags, got \"%.80s\"", key, value);
    }
    return SG_OK;
}

static sg_status read_header_line(sg_frames *frames, data *in, char *text)
{
    static const char *const ends[3][2] = {{"xlo", "xhi"}, {"ylo", "yhi"}, {"zlo", "zhi"}};
    char *token[8];
    int good = 1;

    cut_comment(text);
    const int n = io_tokens(text, token, 8);
    if (n == 0) return SG_OK;
    if (n == 2 && strcmp(token[1], "atoms") == 0) {
        good = io_integer(token[0], &in->n_atoms);
        if (good) return io_check_count(&frames->lines, in->n_atoms);
    } else if (n == 3 && strcmp(token[1], "atom") == 0 && strcmp(token[2], "types") == 0) {
        good = io_integer(token[0], &in->n_types) && in->n_types >= 1;
        if (good && in->n_types > frames->species.n)
            return sg_fail(
                SG_EMISMATCH, "%s:%lld: the file has %lld atom types, expected at most %d (elements given)",
                frames->lines.path, (long long)frames->lines.number, in->n_types, frames->species.n);
    } else if (n == 6 && strcmp(token[3], "xy") == 0) {
        good = io_real(token[0], &in->box.lattice[1][0]) && io_real(token[1], &in->box.lattice[2][0]) &&
               io_real(token[2], &in->box.lattice[2][1]);
    } else if (n == 4) {
        for (int k = 0; k < 3; k++)
            if (strcmp(token[2], ends[k][0]) == 0 && strcmp(token[3], ends[k][1]) == 0)
                return read_range(frames, in, token, k);
    } else if (n == 5 && strcmp(token[4], "avec") == 0) {
        return sg_fail(SG_EUNSUPPORTED,
                       "%s:%lld: expected a box in LAMMPS's restricted form, got a general one",
                       frames->lines.path, (long long)frames->lines.number);
    }
    return good ? SG_OK
                : io_malformed(&frames->lines, "expected a number before \"%s\", got \"%.40s\"", token[n - 1],
                               token[0]);
}

static sg_status read_range(sg_frames *frames, data *in, char **token, int axis)
{
    if (!io_real(token[0], &in->low[axis]) || !io_real(token[1], &in->high[axis]) ||
        !(in->high[axis] > in->low[axis]))
        return io_malformed(&frames->lines,
                            "expected two rising numbers before %s %s, got \"%.40s\" \"%.40s\"", token[2],
                            token[3], token[0], token[1]);
    in->has_range[axis] = in->box.has_lattice = 1;
    in->box.lattice[axis][axis] = in->high[axis] - in->low[axis];
    in->box.line = frames->lines.number;
    return SG_OK;
}

static sg_status read_section(sg_frames *frames, data *in)
{
    int end;
    char *const hint = cut_comment(frames->lines.text);
    char *token[4];
    const int n = io_tokens(frames->lines.text, token, 4);

    if (n == 1 && strcmp(token[0], "Masses") == 0) return read_masses(frames, in);
    if (n == 1 && strcmp(token[0], "Atoms") == 0) {
        const sg_status st = begin_atoms(frames, in, hint);
        return st == SG_OK ? read_atoms(frames, in) : st;
    }
    for (;;) {
        const sg_status st = io_lines_next_filled(&frames->lines, &end);
        if (st != SG_OK || end) return st;
        if (!isalpha((unsigned char)frames->lines.text[strspn(frames->lines.text, " \t")])) continue;
        io_lines_hold(&frames->lines);
        return SG_OK;
    }
}

static sg_status begin_atoms(sg_frames *frames, data *in, const char *hint)
{
    io_box *const box = &in->box;

    if (hint && *hint && strcmp(hint, "atomic") != 0)
        return sg_fail(SG_EUNSUPPORTED, "%s:%lld: expected atom style atomic, got \"%.40s\"",
                       frames->lines.path, (long long)frames->lines.number, hint);
    if (in->n_atoms < 1 || !in->has_range[0] || !in->has_range[1] || !in->has_range[2])
        return io_malformed(&frames->lines,
                            "expected a number of atoms and the ranges x, y, z before the section Atoms");
    if (in->sys) return io_malformed(&frames->lines, "expected one section Atoms, got a second one");
    memcpy(box->h0, box->lattice, sizeof box->h0);
    for (int k = 0; k < 2; k++)
        if (in->has_h0_tilt[k]) box->h0[1 + k][0] = in->h0_tilt[k];
    box->has_h0 = 1;
    const sg_status st = sg_system_create((int)in->n_atoms, &in->sys);
    if (st != SG_OK) return st;
    in->sys->species = frames->species;
    return io_place(frames, box, in->sys);
}

static sg_status read_atoms(sg_frames *frames, data *in)
{
    int end;

    for (int i = 0; i < in->sys->n; i++) {
        sg_status st = io_lines_next_filled(&frames->lines, &end);
        if (st == SG_OK && end)
            st = io_malformed(&frames->lines, "expected %d atoms, got the end of the file after %d",
                              in->sys->n, i);
        if (st == SG_OK) st = read_atom(frames, in->sys, in->low, i);
        if (st != SG_OK) return st;
    }
    return SG_OK;
}

/* id type x y z [ix iy iz] [# fixed] */
static sg_status read_atom(sg_frames *frames, sg_system *sys, const double low[3], int i)
{
    const io_lines *const lines = &frames->lines;
    char *token[8];
    long long id, type, image;
    int n[3] = {0, 0, 0};
    const char *const comment = cut_comment(lines->text);
    const int words = io_tokens(lines->text, token, 8);

    if (words != 5 && words != 8)
        return io_malformed(lines, "row %d: expected 5 or 8 columns (id type x y z [ix iy iz]), got %d",
                            i + 1, words);
    if (!io_integer(token[0], &id) || id < 1 || id > 0x7fffffff)
        return io_malformed(lines, "row %d: id: expected a positive whole number, got \"%.40s\"", i + 1,
                            token[0]);
    if (!io_integer(token[1], &type) || type < 1 || type > sys->species.n)
        return io_malformed(lines,
                            "atom %lld: type: expected 1 to %d (number of elements given), got \"%.40s\"", id,
                            sys->species.n, token[1]);
    for (int k = 0; k < 3; k++) {
        if (!io_real(token[2 + k], &sys->x[i][k]))
            return io_malformed(lines, "atom %lld: %c is not a number: expected a finite one, got \"%.40s\"",
                                id, "xyz"[k], token[2 + k]);
        sys->x[i][k] -= low[k];
        if (words == 5) continue;
        if (!io_integer(token[5 + k], &image) || image < -1000000 || image > 1000000)
            return io_malformed(lines, "atom %lld: image flag %c: expected a whole number, got \"%.40s\"", id,
                                "xyz"[k], token[5 + k]);
        n[k] = (int)image;
    }
    io_unwrap(&sys->cell, n, sys->x[i]);
    sys->id[i] = (int)id;
    sys->type[i] = (int)type - 1;
    sys->fixed[i] = comment && strcmp(comment, "fixed") == 0;
    sys->n_fixed += sys->fixed[i];
    return SG_OK;
}

static sg_status read_masses(sg_frames *frames, const data *in)
{
    char *token[2];
    long long type;
    double mass;
    int end;

    for (long long k = 0; k < in->n_types; k++) {
        sg_status st = io_lines_next_filled(&frames->lines, &end);
        if (st != SG_OK) return st;
        cut_comment(frames->lines.text);
        if (end || io_tokens(frames->lines.text, token, 2) != 2 || !io_integer(token[0], &type) || type < 1 ||
            type > in->n_types || !io_real(token[1], &mass))
            return io_malformed(&frames->lines, "expected a type from 1 to %lld and its mass in amu",
                                in->n_types);
        st = check_mass(frames, type, mass);
        if (st != SG_OK) return st;
    }
    return SG_OK;
}

/* Types in another order than the elements are the mistake to catch; other masses are the author's choice. */
static sg_status check_mass(sg_frames *frames, long long type, double mass)
{
    const double same = 0.01; /* relative: tables of masses differ in the fourth digit */
    const sg_species *const species = &frames->species;
    const int own = (int)type - 1;

    if (fabs(mass - species->mass[own]) <= same * species->mass[own]) return SG_OK;
    for (int k = 0; k < species->n; k++)
        if (fabs(mass - species->mass[k]) <= same * species->mass[k])
            return sg_fail(SG_EMISMATCH,
                           "%s:%lld: type %lld has mass %g amu, that of %s; expected %g amu (%s by the order "
                           "of elements given)",
                           frames->lines.path, (long long)frames->lines.number, type, mass,
                           species->symbol[k], species->mass[own], species->symbol[own]);
    io_text_add(&frames->note, "%s%s:%lld: type %lld has mass %g amu, %g amu of %s is used",
                frames->note.n ? "; " : "", frames->lines.path, (long long)frames->lines.number, type, mass,
                species->mass[own], species->symbol[own]);
    return SG_OK;
}

/* Cut the line at '#'. @return the first word after it, NULL when there is no comment */
static char *cut_comment(char *text)
{
    char *mark = strchr(text, '#');

    if (!mark) return NULL;
    *mark++ = '\0';
    char *const word = io_token(&mark);
    return word;
}
