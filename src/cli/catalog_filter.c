/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options that say which events (ranges, a species, a key, a sampler), read into a filter. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli_catalog.h"

/* LOW:HIGH, either of which may be missing; one number alone is no range. */
static sg_status read_range(const cli *c, const char *name, double *low, double *high)
{
    const char *text = cli_value(c, name), *p = text;
    char *end = NULL;

    if (!text) return SG_OK;
    if (*p != ':') {
        *low = strtod(p, &end);
        if (end == p || *end != ':' || !isfinite(*low)) goto bad;
        p = end;
    }
    p++;
    if (*p) {
        *high = strtod(p, &end);
        if (end == p || *end || !isfinite(*high)) goto bad;
    }
    if (p == text + 1 && !*p) goto bad;
    if (*low > *high) return sg_fail(SG_EINVAL, "--%s %s: the lower end comes first", name, text);
    return SG_OK;
bad:
    return sg_fail(SG_EINVAL, "--%s '%s', need LOW:HIGH, LOW: or :HIGH", name, text);
}

static sg_status read_centre(const cli *c, const sg_catalog_header *header, int *number)
{
    const char *text = cli_value(c, "centre");

    if (!text) return SG_OK;
    for (int k = 0; k < header->n_species; k++)
        if (strcmp(text, sg_element_label(header->number[k])) == 0) return *number = header->number[k], SG_OK;
    char words[8 * SG_CATALOG_MAX_SPECIES] = "";
    for (int k = 0; k < header->n_species; k++)
        snprintf(words + strlen(words), sizeof words - strlen(words), " %s",
                 sg_element_label(header->number[k]));
    return sg_fail(SG_EINVAL, "--centre '%s', this catalog has%s", text, words);
}

static sg_status read_sampler(const cli *c, int *sampler)
{
    const char *text = cli_value(c, "sampler");
    char words[160] = "";

    if (!text) return SG_OK;
    for (int k = 0; k < SG_SAMPLER_COUNT; k++) {
        const char *word = sg_sampler_text((sg_sampler)k);
        if (strcmp(text, word) == 0) return *sampler = k, SG_OK;
        snprintf(words + strlen(words), sizeof words - strlen(words), " %s", word);
    }
    return sg_fail(SG_EINVAL, "--sampler '%s', need one of%s", text, words);
}

sg_status cli_catalog_filter(const cli *c, const sg_catalog_header *header, sg_curate_filter *f)
{
    const char *key = cli_value(c, "key");

    *f = sg_curate_any();
    sg_status st = read_range(c, "barrier", &f->barrier_low, &f->barrier_high);
    if (st == SG_OK) st = read_range(c, "strain", &f->gamma_low, &f->gamma_high);
    if (st == SG_OK && key) st = sg_curate_read_prefix("--key", key, &f->key_low, &f->key_high);
    if (st == SG_OK) st = read_centre(c, header, &f->centre);
    if (st == SG_OK) st = read_sampler(c, &f->sampler);
    return st;
}
