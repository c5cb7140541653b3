/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The spectrum of barriers in the terminal, in the JSON and as a picture: for list and stats. */
#include <string.h>

#include "cli_catalog.h"

static const double default_width = 0.05; /* eV */
enum { BAR = 50 };

sg_status cli_spectrum_get(cli *c, sg_catalog *cat, const sg_curate_filter *filter, sg_curate_spectrum *out)
{
    double width = default_width;
    const sg_status st = cli_number(c, "bin", 0.0, 1e3, &width);

    *out = (sg_curate_spectrum){0};
    return st == SG_OK ? sg_curate_get_spectrum(cat, filter, width, out) : st;
}

static void spectrum_json(cli *c, const sg_curate_spectrum *s, const sg_catalog_header *header)
{
    sg_json_number(c->result, "bin_width_eV", s->width);
    for (size_t k = 0; k < s->n && c->result; k++) {
        sg_json *row = sg_json_append(c->result, "spectrum");
        sg_json_number(row, "barrier_eV", (double)(s->first + k) * s->width);
        sg_json_integer(row, "events", (int64_t)s->bin[k].events);
        sg_json_integer(row, "found", (int64_t)s->bin[k].found);
        sg_json_integer(row, "once", (int64_t)s->bin[k].once);
        for (int a = 0; a < header->n_species; a++)
            sg_json_integer(row, sg_element_label(header->number[a]), (int64_t)s->bin[k].centre[a]);
    }
}

void cli_spectrum_print(cli *c, const sg_curate_spectrum *s, const sg_catalog_header *header, int bars)
{
    uint64_t most = 1, sum = 0;

    cli_progress_close(&c->progress);
    for (size_t k = 0; k < s->n; k++)
        if (s->bin[k].events > most) most = s->bin[k].events;
    printf("from_eV\tto_eV\tevents\tcumulative\tfound\tonce");
    for (int a = 0; a < header->n_species; a++)
        printf("\t%s", sg_element_label(header->number[a]));
    puts(bars ? "\t" : "");
    for (size_t k = 0; k < s->n; k++) {
        const sg_curate_bin *b = &s->bin[k];
        sum += b->events;
        printf("%.6g\t%.6g\t%llu\t%llu\t%llu\t%llu", (double)(s->first + k) * s->width,
               (double)(s->first + k + 1) * s->width, (unsigned long long)b->events, (unsigned long long)sum,
               (unsigned long long)b->found, (unsigned long long)b->once);
        for (int a = 0; a < header->n_species; a++)
            printf("\t%llu", (unsigned long long)b->centre[a]);
        if (bars) putchar('\t');
        /* the longest bar has BAR signs, and no event is invisible */
        for (uint64_t j = 0; bars && j < (b->events * BAR + most - 1) / most; j++)
            putchar('#');
        putchar('\n');
    }
    spectrum_json(c, s, header);
}

sg_status cli_spectrum_plot(cli *c, const sg_curate_spectrum *s, const sg_catalog_header *header)
{
    const char *path = cli_value(c, "plot");
    char title[160];

    if (!path) return SG_OK;
    snprintf(title, sizeof title, "%llu events of %s", (unsigned long long)s->events, c->input[1]);
    return sg_curate_plot_spectrum(s, header, title, path);
}

sg_status cli_spectrum_check_plot(const cli *c)
{
    const char *path = cli_value(c, "plot");
    const size_t n = path ? strlen(path) : 0;

    if (path && (n < 5 || strcmp(path + n - 4, ".png") != 0))
        return sg_fail(SG_EINVAL, "--plot %s: need a name that ends in .png", path);
    return SG_OK;
}
