/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ten lowest events of a catalog:  cc example.c $(pkg-config --cflags --libs slowglass-catalog) */
#include "slowglass/catalog.h"

#include <inttypes.h>
#include <stdio.h>

typedef struct lowest { /* ascending by barrier; the last place is for the newcomer */
    int n;
    uint64_t id[11];
    double barrier[11], barrier_back[11];
} lowest;

static int take(void *arg, const void *record)
{
    const sg_cat_event *event = record; /* lent for this call: its arrays are gone afterwards */
    lowest *low = arg;
    int k = low->n;

    for (; k > 0 && low->barrier[k - 1] > event->barrier; k--) {
        low->id[k] = low->id[k - 1];
        low->barrier[k] = low->barrier[k - 1];
        low->barrier_back[k] = low->barrier_back[k - 1];
    }
    low->id[k] = event->id;
    low->barrier[k] = event->barrier;
    low->barrier_back[k] = event->barrier_back;
    if (low->n < 10) low->n++;
    return 0; /* go on */
}

int main(int argc, char **argv)
{
    lowest low = {0};
    sg_catalog *catalog;
    sg_status status = argc == 2 ? SG_OK : sg_fail(SG_EINVAL, "usage: example CATALOG");

    if (status == SG_OK) status = sg_catalog_open(argv[1], 0, NULL, &catalog);
    if (status == SG_OK) {
        status = sg_catalog_each(catalog, SG_DB_EVENTS, take, &low);
        sg_catalog_close(catalog);
    }
    for (int k = 0; k < low.n; k++)
        printf("%016" PRIx64 " %9.6f eV, back %9.6f eV\n", low.id[k], low.barrier[k], low.barrier_back[k]);
    if (status != SG_OK) fprintf(stderr, "%s\n", sg_error_text());
    return status != SG_OK;
}
