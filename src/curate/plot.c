/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The spectrum as a picture: a gnuplot script that holds its own data, so that it can be restyled and drawn
 * again by itself. Columns stacked by the species of the centre. */
#include "slowglass/curate.h"
#include "slowglass/io.h"

#include <string.h>

static const char *const colour[SG_CATALOG_MAX_SPECIES] = {"#b8672b", "#3f6f9f", "#7a9a4f", "#8a5a8f",
                                                           "#c7a63a", "#4f9a97", "#a04050", "#777777"};

static const char style[] = "set border 3 lc rgb '#666666' lw 1.2\n"
                            "set tics nomirror out textcolor rgb '#333333'\n"
                            "set grid y lc rgb '#e2e2e2' lw 1 lt 1\n"
                            "set style fill solid 1 noborder\n"
                            "set key top right textcolor rgb '#333333'\n"
                            "set xlabel 'barrier  (eV)' textcolor rgb '#333333'\n"
                            "set yrange [0:*]\n";

/* A text inside single quotes of gnuplot, where nothing is special but the quote, and enhanced text's signs.
 */
static void put_quoted(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '\'') fputc('\'', out);
        if (strchr("_^@{}&~\\", *text)) fputc('\\', out);
        if (*text != '\n') fputc(*text, out);
    }
}

static void write_data(const sg_curate_spectrum *s, int n_species, FILE *out)
{
    fputs("$spectrum << end\n", out);
    for (size_t k = 0; k < s->n; k++) {
        uint64_t stacked = 0;
        fprintf(out, "%.10g", ((double)(s->first + k) + 0.5) * s->width);
        for (int a = 0; a < n_species; a++)
            fprintf(out, " %llu", (unsigned long long)(stacked += s->bin[k].centre[a]));
        fputc('\n', out);
    }
    fputs("end\n", out);
}

static void write_script(const sg_curate_spectrum *s, const sg_catalog_header *header, const char *title,
                         const char *name, FILE *out)
{
    fputs("# gnuplot draws this picture from this file alone\n", out);
    write_data(s, header->n_species, out);
    fputs("set terminal pngcairo size 1000,600 font 'DejaVu Sans,13' background '#ffffff'\nset output '",
          out);
    for (const char *p = name; *p; p++) {
        if (*p == '\'') fputc('\'', out);
        fputc(*p, out);
    }
    fprintf(out, "'\nset boxwidth %.10g\nset xrange [%.10g:%.10g]\n", s->width, (double)s->first * s->width,
            (double)(s->first + s->n) * s->width);
    fputs(style, out);
    fprintf(out, "set ylabel 'events per %g eV' textcolor rgb '#333333'\nset title '", s->width);
    put_quoted(title, out);
    fputs("' textcolor rgb '#222222'\n", out);
    /* the tallest column first: the others stand before it */
    for (int a = header->n_species - 1; a >= 0; a--) {
        fprintf(out, "%s$spectrum using 1:%d with boxes lc rgb '%s' title '%s'%s\n",
                a == header->n_species - 1 ? "plot " : "     ", 2 + a, colour[a],
                sg_element_label(header->number[a]), a > 0 ? ", \\" : "");
    }
}

sg_status sg_curate_plot_spectrum(const sg_curate_spectrum *s, const sg_catalog_header *header,
                                  const char *title, const char *path)
{
    const size_t n = strlen(path);
    sg_replace file = {0};

    if (n < 5 || strcmp(path + n - 4, ".png") != 0)
        return sg_fail(SG_EINVAL, "picture %s: need a name that ends in .png", path);
    if (s->n == 0) return sg_fail(SG_EINVAL, "picture %s: there is no event to draw", path);
    char *script = sg_strdup(path);
    if (!script) return sg_fail(SG_ENOMEM, "%s", path);
    strcpy(script + n - 4, ".gp");
    const char *slash = strrchr(path, '/');
    sg_status st = sg_io_replace_begin(&file, script);
    if (st == SG_OK) {
        write_script(s, header, title, slash ? slash + 1 : path, file.file);
        st = sg_io_replace_commit(&file);
    }
    sg_io_replace_abort(&file);
    if (st == SG_OK) st = sg_io_gnuplot(script);
    sg_free(script);
    return st;
}
