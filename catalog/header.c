/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header: what a catalog's records mean. Two catalogs may be used together only if their headers match.
 */
#include "catalog_internal.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* First field of the header's payload: tells our file from any other LMDB file. */
static const char file_magic[8] = {'s', 'l', 'o', 'w', 'g', 'l', 'a', 's'};

/* Units of the numbers in the records, so that a file says them by itself. */
static const char file_units[32] = "eV Angstrom s GPa";

static void pass_fields(sg_codec *c, sg_catalog_header *h);
static sg_status validate(const sg_catalog_header *h);

sg_status sg_header_validate(const sg_catalog_header *h)
{
    if (h->format != SG_CATALOG_FORMAT)
        return sg_fail(SG_EINVAL, "catalog header: format %u, this version writes %d", h->format,
                       SG_CATALOG_FORMAT);
    return validate(h);
}

static sg_status validate(const sg_catalog_header *h)
{
    if (h->n_species < 1 || h->n_species > SG_CATALOG_MAX_SPECIES)
        return sg_fail(SG_EINVAL, "catalog header: %d species, need 1 to %d", h->n_species,
                       SG_CATALOG_MAX_SPECIES);
    for (int a = 0; a < h->n_species; a++) {
        if (h->number[a] < 1 || (a > 0 && h->number[a] <= h->number[a - 1]))
            return sg_fail(SG_EINVAL, "catalog header: atomic number %d at place %d, need ascending and >= 1",
                           h->number[a], a);
        for (int b = 0; b < h->n_species; b++)
            if (!(h->cutoff[a][b] > 0.0) || !isfinite(h->cutoff[a][b]))
                return sg_fail(SG_EINVAL, "catalog header: bond cutoff %g Å of pair %d,%d, need > 0",
                               h->cutoff[a][b], a, b);
    }
    if (!(h->variant_radius > 0.0) || !isfinite(h->variant_radius))
        return sg_fail(SG_EINVAL, "catalog header: variant radius %g Å, need > 0", h->variant_radius);
    if (!memchr(h->potential, 0, sizeof h->potential) || !memchr(h->program, 0, sizeof h->program))
        return sg_fail(SG_EINVAL, "catalog header: name without its terminating zero");
    return SG_OK;
}

/* Everything after the magic and the format number. */
static void pass_fields(sg_codec *c, sg_catalog_header *h)
{
    uint32_t n_species = (uint32_t)h->n_species;

    sg_codec_u32(c, &h->key_version);
    sg_codec_u64(c, &h->fingerprint);
    sg_codec_bytes_fixed(c, h->potential, sizeof h->potential);
    sg_codec_u32(c, &n_species);
    sg_codec_require(c, n_species >= 1 && n_species <= SG_CATALOG_MAX_SPECIES,
                     "number of species out of range");
    if (c->status != SG_OK) return;
    h->n_species = (int)n_species;
    for (int a = 0; a < h->n_species; a++) {
        uint32_t number = (uint32_t)h->number[a];
        sg_codec_u32(c, &number);
        sg_codec_require(c, number >= 1 && number < 1000, "atomic number out of range");
        h->number[a] = (int)number;
    }
    for (int a = 0; a < h->n_species; a++)
        sg_codec_f64_fixed(c, h->cutoff[a], (size_t)h->n_species);
    sg_codec_f64(c, &h->variant_radius);
    sg_codec_u64(c, &h->seed);
    sg_codec_bytes_fixed(c, h->program, sizeof h->program);
    if (h->format < 2) return;
    char units[sizeof file_units];
    memcpy(units, file_units, sizeof units);
    sg_codec_bytes_fixed(c, units, sizeof units);
    sg_codec_require(c, memcmp(units, file_units, sizeof units) == 0, "units of another kind");
}

void sg_header_encode(sg_codec *c, const sg_catalog_header *header)
{
    sg_catalog_header copy = *header;

    const size_t begin = sg_envelope_begin(c, SG_REC_HEADER, 1);
    sg_codec_append(c, file_magic, 8);
    sg_codec_u32(c, &copy.format);
    pass_fields(c, &copy);
    sg_envelope_end(c, begin);
}

sg_status sg_header_decode(const void *value, size_t n, const char *path, sg_catalog_header *out)
{
    sg_codec c;
    unsigned char magic[8] = {0};

    memset(out, 0, sizeof *out);
    sg_envelope_open(&c, SG_REC_HEADER, 1, value, n);
    sg_codec_bytes_fixed(&c, magic, 8);
    sg_codec_require(&c, memcmp(magic, file_magic, 8) == 0, "file magic missing");
    sg_codec_u32(&c, &out->format);
    if (c.status != SG_OK)
        return sg_fail(SG_EMISMATCH, "%s: not a slowglass catalog: header: %s", path, c.why);
    if (out->format < 1 || out->format > SG_CATALOG_FORMAT)
        return sg_fail(SG_EMISMATCH, "%s: catalog format %u, this version reads formats 1 to %d", path,
                       out->format, SG_CATALOG_FORMAT);
    pass_fields(&c, out);
    sg_codec_require(&c, c.left == 0, "longer than its fields");
    out->potential[sizeof out->potential - 1] = 0;
    out->program[sizeof out->program - 1] = 0;
    if (c.status != SG_OK) return sg_fail(SG_ECORRUPT, "%s: catalog header: %s", path, c.why);
    return validate(out);
}

sg_status sg_catalog_header_match(const sg_catalog_header *a, const char *name_a, const sg_catalog_header *b,
                                  const char *name_b)
{
    char mine[SG_NUMBER_TEXT], other[SG_NUMBER_TEXT];

    if (a->key_version != b->key_version)
        return sg_fail(SG_EMISMATCH, "version of the topology key: %s has %u, %s has %u", name_a,
                       a->key_version, name_b, b->key_version);
    if (a->fingerprint != b->fingerprint)
        return sg_fail(SG_EMISMATCH,
                       "potential: %s has %s (fingerprint %016" PRIx64 "), %s has %s (%016" PRIx64 ")",
                       name_a, a->potential, a->fingerprint, name_b, b->potential, b->fingerprint);
    if (a->n_species != b->n_species)
        return sg_fail(SG_EMISMATCH, "number of species: %s has %d, %s has %d", name_a, a->n_species, name_b,
                       b->n_species);
    for (int k = 0; k < a->n_species; k++)
        if (a->number[k] != b->number[k])
            return sg_fail(SG_EMISMATCH, "atomic number of species %d: %s has %d, %s has %d", k + 1, name_a,
                           a->number[k], name_b, b->number[k]);
    for (int k = 0; k < a->n_species; k++)
        for (int j = 0; j < a->n_species; j++)
            if (a->cutoff[k][j] != b->cutoff[k][j])
                return sg_fail(SG_EMISMATCH,
                               "bond cutoff between atomic numbers %d and %d: %s has %s Å, %s has %s Å",
                               a->number[k], a->number[j], name_a, sg_text_number(a->cutoff[k][j], mine),
                               name_b, sg_text_number(b->cutoff[k][j], other));
    if (a->variant_radius != b->variant_radius)
        return sg_fail(SG_EMISMATCH, "variant radius: %s has %s Å, %s has %s Å", name_a,
                       sg_text_number(a->variant_radius, mine), name_b,
                       sg_text_number(b->variant_radius, other));
    return SG_OK;
}
