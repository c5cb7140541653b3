/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which events of other strains have died, and how: a meta record "died <id>" per generic event, for each
 * strain the strain and how often it met each fate, u64 and f64 little-endian. The store shows no record
 * before it is committed; so deaths are gathered and written with the batch. */
#include "explore_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ROW = 8 * (1 + SG_FATE_COUNT) };

static void name_of(uint64_t event, char name[32])
{
    snprintf(name, 32, "died %016" PRIx64, event);
}

static void encode(const sg_deaths *d, unsigned char *bytes)
{
    uint64_t gamma;

    memcpy(&gamma, &d->gamma, sizeof gamma);
    sg_put_u64(bytes, gamma);
    for (int k = 0; k < SG_FATE_COUNT; k++)
        sg_put_u64(bytes + 8 * (k + 1), d->fate[k]);
}

static void decode(const unsigned char *bytes, sg_deaths *d)
{
    const uint64_t gamma = sg_get_u64(bytes);

    memcpy(&d->gamma, &gamma, sizeof gamma);
    for (int k = 0; k < SG_FATE_COUNT; k++)
        d->fate[k] = sg_get_u64(bytes + 8 * (k + 1));
}

/* With room for one strain more. */
static sg_status load(sg_catalog *cat, uint64_t event, sg_deaths **out, int *n)
{
    char name[32];
    void *bytes = NULL;
    size_t size = 0;

    *n = 0;
    *out = NULL;
    name_of(event, name);
    sg_status st = sg_catalog_get_meta(cat, name, &bytes, &size);
    if (st == SG_ENOTFOUND) st = SG_OK;
    if (st == SG_OK && size % ROW != 0)
        st = sg_fail(SG_ECORRUPT, "deaths of event %016" PRIx64 ": %zu bytes, expected a multiple of %d",
                     event, size, ROW);
    if (st == SG_OK && !(*out = sg_calloc(size / ROW + 1, sizeof **out)))
        st = sg_fail(SG_ENOMEM, "deaths of an event");
    for (size_t k = 0; st == SG_OK && k < size / ROW; k++)
        decode((const unsigned char *)bytes + k * ROW, &(*out)[(*n)++]);
    sg_free(bytes);
    return st;
}

sg_status sg_explore_deaths(sg_catalog *cat, uint64_t event, sg_deaths **out, int *n)
{
    const sg_status st = load(cat, event, out, n);

    if (*n == 0) {
        sg_free(*out);
        *out = NULL;
    }
    return st;
}

sg_status deaths_add(sg_explorer *ex, uint64_t event, sg_fate fate)
{
    if (sg_grow((void **)&ex->death, &ex->cap_deaths, ex->n_deaths + 1, sizeof *ex->death) != 0)
        return sg_fail(SG_ENOMEM, "deaths of events");
    ex->death[ex->n_deaths++] = (death){event, fate};
    return SG_OK;
}

/* All deaths of one event since the last commit. */
static sg_status store_one(sg_explorer *ex, uint64_t event)
{
    const double gamma = ex->frame->cell.gamma;
    sg_deaths *d = NULL;
    char name[32];
    int n = 0, k = 0;
    sg_status st = load(ex->cat, event, &d, &n);

    if (st != SG_OK) return st;
    while (k < n && !is_of_this_strain(ex, d[k].gamma))
        k++;
    if (k == n) d[n++].gamma = gamma;
    for (size_t q = 0; q < ex->n_deaths; q++)
        if (ex->death[q].event == event) d[k].fate[ex->death[q].fate]++;
    unsigned char *const bytes = sg_calloc((size_t)n, ROW);
    if (!bytes) st = sg_fail(SG_ENOMEM, "deaths of an event");
    for (int q = 0; q < n && st == SG_OK; q++)
        encode(&d[q], bytes + (size_t)q * ROW);
    name_of(event, name);
    if (st == SG_OK) st = sg_catalog_put_meta(ex->cat, name, bytes, (size_t)n * ROW);
    sg_free(bytes);
    sg_free(d);
    return st;
}

sg_status deaths_store(sg_explorer *ex)
{
    sg_status st = SG_OK;

    for (size_t k = 0; k < ex->n_deaths && st == SG_OK; k++) {
        size_t first = 0;
        while (ex->death[first].event != ex->death[k].event)
            first++;
        if (first == k) st = store_one(ex, ex->death[k].event);
    }
    if (st == SG_OK) ex->n_deaths = 0;
    return st;
}
