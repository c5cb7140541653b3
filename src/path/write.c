/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths as files: frames for a viewer, a table of energies, a picture. */
#include "path_internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *place_text(sg_path_place place)
{
    static const char *const text[] = {"between", "minimum", "saddle"};
    return text[place];
}

sg_status sg_path_write_frames(const sg_path *path, const sg_system *like, int64_t number, const char *file)
{
    sg_status st = SG_OK;
    char extra[128];

    for (int k = 0; k < path->n_images && st == SG_OK; k++) {
        sg_system sys = *like;
        const sg_frame_info info = {.energy = &path->energy[k], .extra = extra};
        snprintf(extra, sizeof extra, "path=%" PRId64 " image=%d arc_A=%.9g f_perp_eV_per_A=%.3g place=%s",
                 number, k, path->arc[k], path->f_perp[k], place_text(path->place[k]));
        sys.x = path->x + (size_t)k * (size_t)path->n_atoms;
        st = sg_io_append_extxyz(file, &sys, &info);
    }
    return st;
}

const char sg_path_profile_columns[] =
    "path\timage\tarc_A\tenergy_eV\tabove_start_eV\tf_perp_eV_per_A\tplace";

sg_status sg_path_write_profile(const sg_path *path, int64_t number, sg_tsv *table)
{
    sg_status st = SG_OK;

    for (int k = 0; k < path->n_images && st == SG_OK; k++)
        st = sg_tsv_row(table, "%" PRId64 "\t%d\t%.17g\t%.17g\t%.17g\t%.6g\t%s", number, k, path->arc[k],
                        path->energy[k], path->energy[k] - path->energy[0], path->f_perp[k],
                        place_text(path->place[k]));
    return st;
}

/* ---- picture ---- */

enum { MOST_CURVES = 24 };

/* Colours that the colour-blind tell apart (Okabe & Ito), then again with dashes. */
static const char style[] =
    "set terminal pngcairo size 1000,640 font 'DejaVu Sans,14' background '#ffffff'\n"
    "array colour[8] = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', "
    "'#a09000']\n"
    "set border 3 lc rgb '#666666' lw 1.2\n"
    "set tics nomirror out textcolor rgb '#333333'\n"
    "set grid lc rgb '#e2e2e2' lw 1 lt 1\n"
    "set xlabel 'length along the path, from the saddle  (Å)' textcolor rgb '#333333'\n"
    "set ylabel 'energy above the start  (eV)' textcolor rgb '#333333'\n";

static void write_curve(const sg_path *p, int k, FILE *out)
{
    int top = 0;

    for (int i = 1; i < p->n_images; i++)
        if (p->energy[i] > p->energy[top]) top = i;
    fprintf(out, "$path%d << end\n", k);
    for (int i = 0; i < p->n_images; i++)
        fprintf(out, "%.8g %.8g %d\n", p->arc[i] - p->arc[top], p->energy[i] - p->energy[0],
                (int)p->place[i]);
    fputs("end\n", out);
}

static void write_script(int n, const sg_path *const *path, const int64_t *number, const char *name,
                         FILE *out)
{
    const int m = n < MOST_CURVES ? n : MOST_CURVES;

    fputs("# gnuplot draws this picture from this file alone\n", out);
    for (int k = 0; k < m; k++)
        write_curve(path[k], k, out);
    fputs(style, out);
    fputs("set output '", out);
    for (const char *p = name; *p; p++) {
        if (*p == '\'') fputc('\'', out);
        fputc(*p, out);
    }
    fprintf(out, "'\n%s\n",
            m > 1 ? "set key outside right top textcolor rgb '#333333' samplen 2" : "unset key");
    for (int k = 0; k < m; k++)
        fprintf(out,
                "%s$path%d using 1:2 with lines lw 2 dt %d lc rgb colour[%d] title '%" PRId64
                "', '' using 1:($3 > 0 ? $2 : NaN) with points pt 7 ps 0.8 lc rgb colour[%d] notitle",
                k ? ", \\\n     " : "plot ", k, 1 + k / 8, 1 + k % 8, number[k], 1 + k % 8);
    fputc('\n', out);
}

sg_status sg_path_plot(int n, const sg_path *const *path, const int64_t *number, const char *picture)
{
    const size_t length = strlen(picture);
    sg_replace file = {0};

    if (length < 5 || strcmp(picture + length - 4, ".png") != 0)
        return sg_fail(SG_EINVAL, "picture %s: need a name that ends in .png", picture);
    char *script = sg_strdup(picture);
    if (!script) return sg_fail(SG_ENOMEM, "%s", picture);
    memcpy(script + length - 4, ".gp", 4);
    const char *const slash = strrchr(picture, '/');
    sg_status st = sg_io_replace_begin(&file, script);
    if (st == SG_OK) {
        write_script(n, path, number, slash ? slash + 1 : picture, file.file);
        st = sg_io_replace_commit(&file);
    }
    sg_io_replace_abort(&file);
    if (st == SG_OK) st = sg_io_gnuplot(script);
    sg_free(script);
    return st;
}
