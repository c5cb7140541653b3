/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Barriers counted by bins of one width that begin at zero; the array of bins grows with the largest one. */
#include "slowglass/curate.h"

#include <math.h>
#include <string.h>

enum { MAX_BINS = 100000 };

typedef struct census {
    sg_curate_spectrum *s;
    const sg_catalog_header *header;
    size_t capacity;
    int out_of_memory;
} census;

/* The bin whose edges, as rounded, hold the barrier: dividing alone may miss by one. */
static size_t bin_of(double barrier, double width)
{
    double k = floor(barrier / width);

    if (k * width > barrier) k--;
    if ((k + 1) * width <= barrier) k++;
    return (size_t)k;
}

static int count(void *arg, const void *record)
{
    census *c = arg;
    const sg_cat_event *e = record;
    sg_curate_spectrum *s = c->s;

    s->events++;
    if (!(e->barrier >= 0 && e->barrier < s->width * MAX_BINS)) return s->outside++, 0;
    const size_t k = bin_of(e->barrier, s->width);
    if (sg_grow((void **)&s->bin, &c->capacity, k + 1, sizeof *s->bin)) return c->out_of_memory = 1;
    if (k >= s->n) {
        memset(s->bin + s->n, 0, (k + 1 - s->n) * sizeof *s->bin);
        s->n = k + 1;
    }
    sg_curate_bin *bin = &s->bin[k];
    bin->events++;
    bin->found += e->found;
    bin->once += e->found == 1;
    const int number = e->n > 0 ? e->number[sg_curate_centre(e)] : 0;
    for (int a = 0; a < c->header->n_species; a++)
        bin->centre[a] += c->header->number[a] == number;
    return 0;
}

sg_status sg_curate_get_spectrum(sg_catalog *cat, const sg_curate_filter *filter, double width,
                                 sg_curate_spectrum *out)
{
    census c = {.s = out, .header = sg_catalog_get_header(cat)};

    memset(out, 0, sizeof *out);
    if (!(width > 0) || isinf(width)) return sg_fail(SG_EINVAL, "width of bins %g eV, need > 0", width);
    out->width = width;
    sg_status st = sg_curate_each(cat, filter, count, &c);
    if (st == SG_OK && c.out_of_memory) st = sg_fail(SG_ENOMEM, "spectrum");
    if (st != SG_OK) {
        sg_curate_spectrum_clear(out);
        return st;
    }
    while (out->first < out->n && out->bin[out->first].events == 0)
        out->first++;
    out->n -= out->first;
    if (out->n > 0) memmove(out->bin, out->bin + out->first, out->n * sizeof *out->bin);
    return SG_OK;
}

void sg_curate_spectrum_clear(sg_curate_spectrum *s)
{
    sg_free(s->bin);
    memset(s, 0, sizeof *s);
}
