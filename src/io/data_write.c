/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LAMMPS data out. The first line is LAMMPS's free text; it reads at most 255 characters of it, so only what
 * the header does not say already stands there: gamma and the two tilts of h0 that differ from those of h. */
#include "io_internal.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static void add_header(const sg_system *sys, io_text *text);
static void add_atom(const sg_system *sys, int i, io_text *text);
static int wrap_without_loss(const sg_cell *cell, const double x[3], double wrapped[3], int n[3]);
static int needs_large_tilt(const sg_cell *cell);

sg_status sg_io_write_lammps_data(const char *path, const sg_system *sys)
{
    io_text text = {0};
    io_locale locale;
    sg_status st = io_locale_enter(&locale);

    if (st != SG_OK) return st;
    add_header(sys, &text);
    io_text_add(&text, "\nAtoms # atomic\n\n");
    for (int i = 0; i < sys->n; i++)
        add_atom(sys, i, &text);
    io_locale_leave(&locale);
    st = text.failed ? sg_fail(SG_ENOMEM, "%s: text of %d atoms", path, sys->n)
                     : sg_io_replace_text(path, text.data);
    io_text_clear(&text);
    return st;
}

static void add_header(const sg_system *sys, io_text *text)
{
    static const char axis[] = "xyz";
    const sg_cell *const cell = &sys->cell;

    io_text_add(text, "LAMMPS data by slowglass: gamma=%.17g h0_xy=%.17g h0_xz=%.17g pbc=%c%c%c types",
                cell->gamma, cell->h0[1][0], cell->h0[2][0], cell->periodic[0] ? 'T' : 'F',
                cell->periodic[1] ? 'T' : 'F', cell->periodic[2] ? 'T' : 'F');
    for (int k = 0; k < sys->species.n; k++)
        io_text_add(text, " %s", sys->species.symbol[k]);
    io_text_add(text, "%s\n\n", needs_large_tilt(cell) ? " (needs: box tilt large)" : "");
    io_text_add(text, "%d atoms\n%d atom types\n\n", sys->n, sys->species.n);
    for (int k = 0; k < 3; k++)
        io_text_add(text, "0 %.17g %clo %chi\n", cell->h[k][k], axis[k], axis[k]);
    io_text_add(text, "%.17g %.17g %.17g xy xz yz\n\nMasses\n\n", cell->h[1][0], cell->h[2][0],
                cell->h[2][1]);
    for (int k = 0; k < sys->species.n; k++)
        io_text_add(text, "%d %.17g # %s\n", k + 1, sys->species.mass[k], sys->species.symbol[k]);
}

static void add_atom(const sg_system *sys, int i, io_text *text)
{
    double wrapped[3];
    int n[3];
    const int whole = wrap_without_loss(&sys->cell, sys->x[i], wrapped, n);

    io_text_add(text, "%d %d ", sys->id[i], sys->type[i] + 1);
    io_text_add_numbers(text, whole ? wrapped : sys->x[i], 3);
    io_text_add(text, " %d %d %d%s\n", whole ? n[0] : 0, whole ? n[1] : 0, whole ? n[2] : 0,
                sys->fixed[i] ? " # fixed" : "");
}

/* 1 when unwrapping the wrapped position gives the same bits. It cannot for, say, x = -1e-3 Å in a cell of 20
 * Å: the image at 19.999 Å has fewer digits left for the small number. */
static int wrap_without_loss(const sg_cell *cell, const double x[3], double wrapped[3], int n[3])
{
    const int most = 500; /* LAMMPS keeps image flags within +-511 */
    double shift[3] = {0.0, 0.0, 0.0}, back[3];
    int whole = 1;

    for (int i = 0; i < 3; i++) {
        const double s = x[0] * cell->hinv[0][i] + x[1] * cell->hinv[1][i] + x[2] * cell->hinv[2][i];
        const double cells = cell->periodic[i] ? floor(s) : 0.0;
        if (!(fabs(cells) <= most)) return 0;
        n[i] = (int)cells;
    }
    io_unwrap(cell, n, shift);
    for (int k = 0; k < 3; k++)
        wrapped[k] = back[k] = x[k] - shift[k];
    io_unwrap(cell, n, back);
    for (int k = 0; k < 3; k++)
        whole = whole && memcmp(&back[k], &x[k], sizeof x[k]) == 0;
    return whole;
}

static int needs_large_tilt(const sg_cell *cell)
{
    const double half = 0.5 + 1e-9; /* LAMMPS allows half a cell, and rounding */
    return fabs(cell->h[1][0]) > half * cell->h[0][0] || fabs(cell->h[2][0]) > half * cell->h[0][0] ||
           fabs(cell->h[2][1]) > half * cell->h[1][1];
}
