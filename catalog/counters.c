/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters per originating run, and what they were in format 1.
 *
 * A counter belongs to the run that counted. A run's own catalog counts for that run alone; a catalog merged
 * from several holds one counter for each of them. Uniting takes, run by run, the larger number: a run only
 * counts upwards, so that of two copies the later one is the larger, and uniting is commutative, associative
 * and idempotent. Invariant: origins ascend by run, found = sum of by_sampler, the total is the sum over the
 * origins (saturating). */
#include "catalog_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Bytes in the file. */
enum { ATTEMPTS_BYTES = 12, ORIGIN_BYTES = 13 + 4 * SG_CAT_SAMPLERS };

static uint32_t add_counts(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static void total_event(sg_cat_event *r)
{
    r->found = 0;
    for (uint32_t k = 0; k < r->n_origins; k++)
        r->found = add_counts(r->found, r->origin[k].found);
    r->sampler = r->n_origins > 0 ? r->origin[0].first_sampler : SG_CAT_SAMPLER_UNKNOWN;
}

static void total_variant(sg_cat_variant *r)
{
    r->attempts = 0;
    for (uint32_t k = 0; k < r->n_origins; k++)
        r->attempts = add_counts(r->attempts, r->origin[k].attempts);
}

static uint32_t sum_of(const sg_cat_origin *o)
{
    uint32_t sum = 0;
    for (int s = 0; s < SG_CAT_SAMPLERS; s++)
        sum = add_counts(sum, o->by_sampler[s]);
    return sum;
}

/* ---- bytes ---- */

void sg_pass_attempts(sg_codec *c, sg_cat_variant *r)
{
    if (c->version == 1) r->n_origins = 1; /* the run is named by the store */
    if (c->decoding)
        r->origin = sg_codec_array(c, r->n_origins, c->version == 1 ? 0 : ATTEMPTS_BYTES, sizeof *r->origin);
    if (c->version == 1 && r->origin) r->origin[0].attempts = r->attempts;
    for (uint32_t k = 0; c->version > 1 && k < r->n_origins && c->status == SG_OK; k++) {
        sg_codec_u64(c, &r->origin[k].run);
        sg_codec_u32(c, &r->origin[k].attempts);
        sg_codec_require(c, k == 0 || r->origin[k].run > r->origin[k - 1].run, "runs out of order");
    }
    if (c->decoding && c->status == SG_OK) total_variant(r);
}

void sg_pass_origins(sg_codec *c, sg_cat_event *r)
{
    if (c->decoding) r->origin = sg_codec_array(c, r->n_origins, ORIGIN_BYTES, sizeof *r->origin);
    for (uint32_t k = 0; k < r->n_origins && c->status == SG_OK; k++) {
        sg_cat_origin *o = &r->origin[k];
        sg_codec_u64(c, &o->run);
        sg_codec_u32(c, &o->found);
        sg_codec_u8(c, &o->first_sampler);
        sg_codec_u32_fixed(c, o->by_sampler, SG_CAT_SAMPLERS);
        sg_codec_require(c, k == 0 || o->run > o[-1].run, "runs out of order");
        sg_codec_require(c, o->first_sampler < SG_CAT_SAMPLERS, "sampler out of range");
        sg_codec_require(c, o->found == sum_of(o), "counter differs from its parts");
    }
    if (c->decoding && c->status == SG_OK) total_event(r);
}

/* ---- format 1 ---- */

/* One run, unnamed; of its findings only the first sampler is known. */
static void origin_1(sg_codec *c, sg_cat_event *r, uint32_t found, uint8_t sampler)
{
    if (c->status != SG_OK) return;
    if (!(r->origin = sg_codec_array(c, 1, 0, sizeof *r->origin))) return;
    r->n_origins = 1;
    sg_cat_origin *o = r->origin;
    o->first_sampler = sampler < SG_CAT_SAMPLERS ? sampler : SG_CAT_SAMPLER_UNKNOWN;
    o->found = found;
    o->by_sampler[o->first_sampler] = found > 0;
    o->by_sampler[SG_CAT_SAMPLER_UNKNOWN] += found > 0 ? found - 1 : 0;
    total_event(r);
}

void sg_decode_event_1(sg_codec *c, sg_cat_event *r)
{
    uint64_t seed = 0; /* that of the header */
    uint32_t found = 0;
    uint8_t sampler = 0;

    assert(c->decoding);
    sg_codec_u64(c, &r->id);
    sg_codec_u64(c, &r->key);
    sg_codec_u32(c, &r->n_shell);
    sg_codec_u32(c, &r->n);
    sg_codec_f64(c, &r->barrier);
    sg_codec_f64(c, &r->barrier_back);
    sg_codec_f64(c, &r->prefactor);
    sg_codec_f64_fixed(c, r->strain_saddle, 6);
    sg_codec_f64_fixed(c, r->strain_final, 6);
    sg_codec_f64(c, &r->participation);
    sg_codec_f64(c, &r->dist_saddle);
    sg_codec_f64(c, &r->dist_final);
    sg_codec_f64(c, &r->saddle_force);
    sg_codec_f64(c, &r->curvature);
    sg_codec_f64(c, &r->gamma);
    sg_codec_u64(c, &seed);
    sg_codec_u32(c, &found);
    sg_codec_u8(c, &sampler);
    sg_codec_require(c, r->n_shell <= r->n, "more atoms in the shell than in all");
    sg_codec_bytes(c, &r->number, r->n);
    sg_codec_vectors_f32(c, &r->x, r->n);
    sg_codec_vectors_f32(c, &r->d_saddle, r->n);
    sg_codec_vectors_f32(c, &r->d_final, r->n);
    r->prefactor_back = r->residual = NAN;
    if (c->status == SG_OK && !(r->mode = sg_codec_array(c, r->n, 0, sizeof *r->mode))) return;
    origin_1(c, r, found, sampler);
}

/* ---- counting and uniting ---- */

/* Place of `run` in the list, or where it belongs. */
static uint32_t place_of_event(const sg_cat_event *r, uint64_t run)
{
    uint32_t k = 0;
    while (k < r->n_origins && r->origin[k].run < run)
        k++;
    return k;
}

static uint32_t place_of_variant(const sg_cat_variant *r, uint64_t run)
{
    uint32_t k = 0;
    while (k < r->n_origins && r->origin[k].run < run)
        k++;
    return k;
}

/* Room for so many more runs. */
static sg_status reserve(void **origin, uint32_t n, uint32_t more, size_t size)
{
    void *grown = sg_realloc(*origin, (size_t)n + more, size);

    if (!grown) return sg_fail(SG_ENOMEM, "counters of %u runs", n + more);
    *origin = grown;
    return SG_OK;
}

/* The origin of `run`, made if need be; there is room. */
static sg_cat_origin *origin_of(sg_cat_event *r, uint64_t run)
{
    const uint32_t k = place_of_event(r, run);
    sg_cat_origin *o = r->origin + k;

    if (k < r->n_origins && o->run == run) return o;
    memmove(o + 1, o, (r->n_origins++ - k) * sizeof *o);
    *o = (sg_cat_origin){.run = run, .first_sampler = SG_CAT_SAMPLER_UNKNOWN};
    return o;
}

static sg_cat_attempts *attempts_of(sg_cat_variant *r, uint64_t run)
{
    const uint32_t k = place_of_variant(r, run);
    sg_cat_attempts *o = r->origin + k;

    if (k < r->n_origins && o->run == run) return o;
    memmove(o + 1, o, (r->n_origins++ - k) * sizeof *o);
    *o = (sg_cat_attempts){.run = run};
    return o;
}

sg_status sg_cat_event_count(sg_cat_event *r, uint64_t run, uint8_t sampler)
{
    const uint8_t s = sampler < SG_CAT_SAMPLERS ? sampler : SG_CAT_SAMPLER_UNKNOWN;
    const sg_status st = reserve((void **)&r->origin, r->n_origins, 1, sizeof *r->origin);

    if (st != SG_OK) return st;
    sg_cat_origin *o = origin_of(r, run);
    if (o->found == 0) o->first_sampler = s;
    o->by_sampler[s] = add_counts(o->by_sampler[s], 1);
    o->found = sum_of(o);
    total_event(r);
    return SG_OK;
}

sg_status sg_cat_variant_count(sg_cat_variant *r, uint64_t run)
{
    const sg_status st = reserve((void **)&r->origin, r->n_origins, 1, sizeof *r->origin);

    if (st != SG_OK) return st;
    sg_cat_attempts *o = attempts_of(r, run);
    o->attempts = add_counts(o->attempts, 1);
    total_variant(r);
    return SG_OK;
}

/* Number by number: of copies the larger one, of different findings the sum. */
static sg_status combine(sg_cat_event *into, const sg_cat_event *other, uint32_t (*of)(uint32_t, uint32_t))
{
    const sg_status st =
        reserve((void **)&into->origin, into->n_origins, other->n_origins, sizeof *into->origin);

    if (st != SG_OK) return st;
    for (uint32_t k = 0; k < other->n_origins; k++) {
        const sg_cat_origin *from = &other->origin[k];
        sg_cat_origin *o = origin_of(into, from->run);
        if (from->first_sampler < o->first_sampler) o->first_sampler = from->first_sampler; /* copies agree */
        for (int s = 0; s < SG_CAT_SAMPLERS; s++)
            o->by_sampler[s] = of(o->by_sampler[s], from->by_sampler[s]);
        o->found = sum_of(o);
    }
    total_event(into);
    return SG_OK;
}

sg_status sg_cat_event_unite(sg_cat_event *into, const sg_cat_event *other)
{
    return combine(into, other, larger);
}

sg_status sg_cat_event_add(sg_cat_event *into, const sg_cat_event *other)
{
    return combine(into, other, add_counts);
}

sg_status sg_cat_variant_unite(sg_cat_variant *into, const sg_cat_variant *other)
{
    const sg_status st =
        reserve((void **)&into->origin, into->n_origins, other->n_origins, sizeof *into->origin);

    if (st != SG_OK) return st;
    for (uint32_t k = 0; k < other->n_origins; k++) {
        sg_cat_attempts *o = attempts_of(into, other->origin[k].run);
        o->attempts = larger(o->attempts, other->origin[k].attempts);
    }
    total_variant(into);
    return SG_OK;
}

void sg_cat_event_keep_run(sg_cat_event *r, uint64_t run)
{
    const uint32_t k = place_of_event(r, run);
    const int there = k < r->n_origins && r->origin[k].run == run;

    if (there) r->origin[0] = r->origin[k];
    r->n_origins = there ? 1 : 0;
    total_event(r);
}

void sg_cat_variant_keep_run(sg_cat_variant *r, uint64_t run)
{
    const uint32_t k = place_of_variant(r, run);
    const int there = k < r->n_origins && r->origin[k].run == run;

    if (there) r->origin[0] = r->origin[k];
    r->n_origins = there ? 1 : 0;
    total_variant(r);
}
