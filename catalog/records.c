/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records and their envelope. FORMAT.md is the same in words; a change here is a change there and a new
 * version.
 *
 * Envelope (16 bytes): 's' 'g', type, version, payload length (u32), XXH3-64 (u64) over the first 8 bytes,
 * then the payload. Each pass_ function states a payload once, for both directions. */
#include "catalog_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static void pass_environment(sg_codec *c, void *record);
static void pass_variant(sg_codec *c, void *record);
static void pass_event(sg_codec *c, void *record);
static void pass_state(sg_codec *c, void *record);
static void pass_edge(sg_codec *c, void *record);
static void pass_table(sg_codec *c, void *record);
static void pass_search(sg_codec *c, void *record);
static void pass_step(sg_codec *c, void *record);
static void pass_run(sg_codec *c, void *record);

static void clear_environment(void *record);
static void clear_variant(void *record);
static void clear_event(void *record);
static void clear_state(void *record);
static void clear_edge(void *record);
static void clear_table(void *record);

#define KEY_FUNCTION(name, type, field)                                                                      \
    static size_t name(const void *record, unsigned char key[SG_KEY_MAX])                                    \
    {                                                                                                        \
        sg_store_be64(key, ((const type *)record)->field);                                                   \
        return 8;                                                                                            \
    }
KEY_FUNCTION(key_environment, sg_cat_environment, key)
KEY_FUNCTION(key_event, sg_cat_event, id)
KEY_FUNCTION(key_state, sg_cat_state, id)
KEY_FUNCTION(key_edge, sg_cat_edge, id)
KEY_FUNCTION(key_table, sg_cat_table, state)
KEY_FUNCTION(key_search, sg_cat_search, id)
KEY_FUNCTION(key_step, sg_cat_step, step)
KEY_FUNCTION(key_run, sg_cat_run, id)

static size_t key_variant(const void *record, unsigned char key[SG_KEY_MAX])
{
    const sg_cat_variant *r = record;
    sg_store_be64(key, r->key);
    sg_store_be64(key + 8, r->id);
    return 16;
}

const sg_cat_kind sg_cat_kinds[SG_DB_COUNT] = {
    [SG_DB_ENVIRONMENTS] = {"environments", 1, 1, sizeof(sg_cat_environment), pass_environment,
                            clear_environment, key_environment},
    [SG_DB_VARIANTS] = {"variants", 2, 2, sizeof(sg_cat_variant), pass_variant, clear_variant, key_variant},
    [SG_DB_EVENTS] = {"events", 3, 2, sizeof(sg_cat_event), pass_event, clear_event, key_event},
    [SG_DB_STATES] = {"states", 4, 1, sizeof(sg_cat_state), pass_state, clear_state, key_state},
    [SG_DB_EDGES] = {"edges", 5, 2, sizeof(sg_cat_edge), pass_edge, clear_edge, key_edge},
    [SG_DB_TABLES] = {"tables", 6, 2, sizeof(sg_cat_table), pass_table, clear_table, key_table},
    [SG_DB_SEARCHES] = {"searches", 7, 1, sizeof(sg_cat_search), pass_search, NULL, key_search},
    [SG_DB_STEPS] = {"steps", 8, 1, sizeof(sg_cat_step), pass_step, NULL, key_step},
    [SG_DB_RUNS] = {"runs", SG_REC_RUN, 1, sizeof(sg_cat_run), pass_run, NULL, key_run},
};

const char *sg_cat_db_name(int db)
{
    if (db == SG_DB_META) return "meta";
    if (db == SG_DB_INDEX) return "environment_events";
    assert(db >= 0 && db < SG_DB_COUNT);
    return sg_cat_kinds[db].db;
}

/* ---- envelope ---- */

static uint64_t checksum(const unsigned char head[8], const unsigned char *payload, size_t n)
{
    return sg_hash(payload, n, sg_hash(head, 8, 0));
}

size_t sg_envelope_begin(sg_codec *c, uint8_t type, uint8_t version)
{
    const size_t begin = c->n;
    const unsigned char head[SG_ENVELOPE] = {'s', 'g', type, version};

    assert(!c->decoding);
    c->version = version;
    sg_codec_append(c, head, sizeof head);
    return begin;
}

void sg_envelope_end(sg_codec *c, size_t begin)
{
    if (c->status != SG_OK) return;
    unsigned char *head = c->bytes + begin;
    const size_t n = c->n - begin - SG_ENVELOPE;
    if (n > UINT32_MAX) {
        c->status = SG_EINVAL;
        c->why = "record larger than 4 GiB";
        return;
    }
    sg_store_le32(head + 4, (uint32_t)n);
    sg_store_le64(head + 8, checksum(head, head + SG_ENVELOPE, n));
}

void sg_envelope_open(sg_codec *c, uint8_t type, uint8_t newest, const void *value, size_t n)
{
    const unsigned char *head = value;

    *c = (sg_codec){.decoding = 1};
    sg_codec_require(c, n >= SG_ENVELOPE, "shorter than its envelope");
    if (c->status != SG_OK) return;
    sg_codec_require(c, head[0] == 's' && head[1] == 'g', "magic bytes missing");
    sg_codec_require(c, head[2] == type, "record of another type");
    sg_codec_require(c, head[3] >= 1 && head[3] <= newest, "unknown record version");
    sg_codec_require(c, sg_load_le32(head + 4) == n - SG_ENVELOPE, "length differs from the one stated");
    if (c->status != SG_OK) return;
    sg_codec_require(c, sg_load_le64(head + 8) == checksum(head, head + SG_ENVELOPE, n - SG_ENVELOPE),
                     "checksum differs");
    c->version = head[3];
    c->in = head + SG_ENVELOPE;
    c->left = n - SG_ENVELOPE;
}

void sg_record_encode(sg_codec *c, const sg_cat_kind *kind, const void *record)
{
    /* pass() takes a writable record because it also decodes; encoding changes nothing in it */
    sg_record_any copy;

    assert(kind->size <= sizeof copy);
    memcpy(&copy, record, kind->size);
    const size_t begin = sg_envelope_begin(c, kind->type, kind->version);
    kind->pass(c, &copy);
    sg_envelope_end(c, begin);
}

sg_status sg_record_decode(const sg_cat_kind *kind, const void *value, size_t n, void *record,
                           const char **why)
{
    sg_codec c;

    memset(record, 0, kind->size);
    sg_envelope_open(&c, kind->type, kind->version, value, n);
    if (c.status == SG_OK) kind->pass(&c, record);
    sg_codec_require(&c, c.left == 0, "longer than its fields");
    if (c.status != SG_OK && kind->clear) kind->clear(record);
    *why = c.why;
    return c.status;
}

/* ---- payloads ---- */

static void pass_environment(sg_codec *c, void *record)
{
    sg_cat_environment *r = record;
    sg_codec_u64(c, &r->key);
    sg_codec_u32(c, &r->n_vertices);
    sg_codec_u32(c, &r->form_size);
    sg_codec_bytes(c, &r->form, r->form_size);
}

static void pass_variant(sg_codec *c, void *record)
{
    sg_cat_variant *r = record;
    sg_codec_u64(c, &r->key);
    sg_codec_u64(c, &r->id);
    sg_codec_u32(c, &r->n_shell);
    sg_codec_u32(c, &r->n);
    sg_codec_u32(c, c->version == 1 ? &r->attempts : &r->n_origins);
    sg_codec_f64(c, &r->gamma);
    sg_codec_require(c, r->n_shell <= r->n, "more atoms in the shell than in all");
    sg_codec_bytes(c, &r->number, r->n);
    sg_codec_vectors_f32(c, &r->x, r->n);
    sg_pass_attempts(c, r);
}

static void pass_event(sg_codec *c, void *record)
{
    sg_cat_event *r = record;

    if (c->version == 1) {
        sg_decode_event_1(c, r);
        return;
    }
    sg_codec_u64(c, &r->id);
    sg_codec_u64(c, &r->key);
    sg_codec_u32(c, &r->n_shell);
    sg_codec_u32(c, &r->n);
    sg_codec_u32(c, &r->n_origins);
    sg_codec_f64(c, &r->barrier);
    sg_codec_f64(c, &r->barrier_back);
    sg_codec_f64(c, &r->prefactor);
    sg_codec_f64(c, &r->prefactor_back);
    sg_codec_f64_fixed(c, r->strain_saddle, 6);
    sg_codec_f64_fixed(c, r->strain_final, 6);
    sg_codec_f64(c, &r->participation);
    sg_codec_f64(c, &r->dist_saddle);
    sg_codec_f64(c, &r->dist_final);
    sg_codec_f64(c, &r->saddle_force);
    sg_codec_f64(c, &r->curvature);
    sg_codec_f64(c, &r->residual);
    sg_codec_f64(c, &r->gamma);
    sg_codec_require(c, r->n_shell <= r->n, "more atoms in the shell than in all");
    sg_codec_bytes(c, &r->number, r->n);
    sg_codec_vectors_f32(c, &r->x, r->n);
    sg_codec_vectors_f32(c, &r->d_saddle, r->n);
    sg_codec_vectors_f32(c, &r->d_final, r->n);
    sg_codec_vectors_f32(c, &r->mode, r->n);
    sg_pass_origins(c, r);
}

static void pass_state(sg_codec *c, void *record)
{
    sg_cat_state *r = record;
    sg_codec_u64(c, &r->id);
    sg_codec_u32(c, &r->n);
    sg_codec_u32(c, &r->flags);
    sg_codec_f64(c, &r->energy);
    sg_codec_f64(c, &r->f_max);
    sg_codec_f64(c, &r->gamma);
    sg_codec_f64_fixed(c, r->virial, 6);
    sg_codec_vectors_f64(c, &r->x, r->n);
}

static void pass_edge(sg_codec *c, void *record)
{
    sg_cat_edge *r = record;
    sg_codec_u64(c, &r->id);
    sg_codec_u64(c, &r->from);
    sg_codec_u64(c, &r->to);
    sg_codec_u64(c, &r->event);
    sg_codec_f64(c, &r->e_saddle);
    sg_codec_f64(c, &r->barrier);
    sg_codec_f64(c, &r->barrier_back);
    sg_codec_u32(c, &r->centre);
    sg_codec_u32(c, &r->centre_back);
    sg_codec_u32(c, &r->n);
    sg_codec_f64_fixed(c, r->strain_saddle, 6);
    sg_codec_f64_fixed(c, r->strain_final, 6);
    sg_codec_f64(c, &r->participation);
    sg_codec_f64(c, &r->dist_saddle);
    sg_codec_f64(c, &r->dist_final);
    sg_codec_f64(c, &r->saddle_force);
    sg_codec_f64(c, &r->curvature);
    sg_codec_f64(c, &r->curvature2);
    sg_codec_u32(c, &r->found);
    sg_codec_u8(c, &r->sampler);
    sg_codec_u8(c, &r->source);
    sg_codec_vectors_f32(c, &r->d_saddle, r->n);
    if (c->version == 1) {
        r->prefactor = r->prefactor_back = NAN;
        return;
    }
    sg_codec_u8(c, &r->nu_status);
    sg_codec_u32(c, &r->n_free);
    sg_codec_f64(c, &r->prefactor);
    sg_codec_f64(c, &r->prefactor_back);
    sg_codec_u64(c, &r->event_back);
}

/* One table line in the file: 8 + 1 + 1 + 8 + 8 bytes. */
enum { ENTRY_BYTES = 26 };

static void pass_entries(sg_codec *c, sg_cat_table *r)
{
    if (c->decoding) r->entry = sg_codec_array(c, r->n_entries, ENTRY_BYTES, sizeof *r->entry);
    for (uint32_t k = 0; k < r->n_entries && c->status == SG_OK; k++) {
        sg_codec_u64(c, &r->entry[k].edge);
        sg_codec_u8(c, &r->entry[k].reverse);
        sg_codec_u8(c, &r->entry[k].kept);
        sg_codec_f64(c, &r->entry[k].barrier);
        sg_codec_f64(c, &r->entry[k].error);
    }
}

static void pass_table(sg_codec *c, void *record)
{
    sg_cat_table *r = record;
    sg_codec_u64(c, &r->state);
    sg_codec_u32(c, &r->n_entries);
    sg_codec_u32(c, &r->n_atoms);
    sg_codec_u64(c, &r->n_searches);
    sg_codec_u32_fixed(c, r->f1, 64);
    sg_codec_u32_fixed(c, r->f2, 64);
    sg_codec_f64(c, &r->rate_missing);
    sg_codec_u32(c, &r->from_catalog);
    sg_codec_u32(c, &r->from_inherited);
    sg_codec_u32(c, &r->from_search);
    pass_entries(c, r);
    sg_codec_u64s(c, &r->key, r->n_atoms);
    sg_codec_u64s(c, &r->variant, r->n_atoms);
    sg_codec_u32s(c, &r->origin, r->n_atoms);
    if (c->version > 1) sg_codec_u32(c, &r->from_detour);
}

static void pass_search(sg_codec *c, void *record)
{
    sg_cat_search *r = record;
    sg_codec_u64(c, &r->id);
    sg_codec_u64(c, &r->state);
    sg_codec_u64(c, &r->edge);
    sg_codec_u32(c, &r->atom);
    sg_codec_u32(c, &r->attempt);
    sg_codec_u8(c, &r->sampler);
    sg_codec_u8(c, &r->outcome);
    sg_codec_u32_fixed(c, r->calls, 5);
    sg_codec_f64(c, &r->barrier);
}

static void pass_step(sg_codec *c, void *record)
{
    sg_cat_step *r = record;
    sg_codec_u64(c, &r->step);
    sg_codec_u64(c, &r->state);
    sg_codec_u64(c, &r->edge);
    sg_codec_u64(c, &r->n_states);
    sg_codec_u64(c, &r->n_edges);
    sg_codec_u64(c, &r->n_searches);
    sg_codec_f64(c, &r->time);
    sg_codec_f64(c, &r->compensation);
    sg_codec_f64(c, &r->energy);
    sg_codec_f64(c, &r->tau);
    sg_codec_u32(c, &r->centre);
    sg_codec_u8(c, &r->reverse);
    sg_codec_u8(c, &r->is_basin);
    sg_codec_f64(c, &r->barrier);
    sg_codec_f64(c, &r->dt);
    sg_codec_f64(c, &r->rate_total);
    sg_codec_f64(c, &r->rate_missing);
    sg_codec_u32(c, &r->basin_size);
    sg_codec_f64(c, &r->n_hops);
}

static void pass_run(sg_codec *c, void *record)
{
    sg_cat_run *r = record;
    sg_codec_u64(c, &r->id);
    sg_codec_u64(c, &r->seed);
    sg_codec_f64(c, &r->gamma);
    sg_codec_f64(c, &r->temperature);
    sg_codec_u32(c, &r->samplers);
    sg_codec_bytes_fixed(c, r->program, sizeof r->program);
    sg_codec_bytes_fixed(c, r->name, sizeof r->name);
    sg_codec_require(c, memchr(r->program, 0, sizeof r->program) && memchr(r->name, 0, sizeof r->name),
                     "name without its terminating zero");
}

/* ---- release ---- */

void sg_cat_environment_clear(sg_cat_environment *r)
{
    sg_free(r->form);
    *r = (sg_cat_environment){0};
}

void sg_cat_variant_clear(sg_cat_variant *r)
{
    sg_free(r->number);
    sg_free(r->x);
    sg_free(r->origin);
    *r = (sg_cat_variant){0};
}

void sg_cat_event_clear(sg_cat_event *r)
{
    sg_free(r->number);
    sg_free(r->x);
    sg_free(r->d_saddle);
    sg_free(r->d_final);
    sg_free(r->mode);
    sg_free(r->origin);
    *r = (sg_cat_event){0};
}

int sg_cat_event_has_mode(const sg_cat_event *r)
{
    for (uint32_t k = 0; k < r->n; k++)
        for (int a = 0; a < 3; a++)
            if (r->mode[k][a] != 0) return 1;
    return 0;
}

void sg_cat_state_clear(sg_cat_state *r)
{
    sg_free(r->x);
    *r = (sg_cat_state){0};
}

void sg_cat_edge_clear(sg_cat_edge *r)
{
    sg_free(r->d_saddle);
    *r = (sg_cat_edge){0};
}

void sg_cat_table_clear(sg_cat_table *r)
{
    sg_free(r->entry);
    sg_free(r->key);
    sg_free(r->variant);
    sg_free(r->origin);
    *r = (sg_cat_table){0};
}

static void clear_environment(void *record)
{
    sg_cat_environment_clear(record);
}

static void clear_variant(void *record)
{
    sg_cat_variant_clear(record);
}

static void clear_event(void *record)
{
    sg_cat_event_clear(record);
}

static void clear_state(void *record)
{
    sg_cat_state_clear(record);
}

static void clear_edge(void *record)
{
    sg_cat_edge_clear(record);
}

static void clear_table(void *record)
{
    sg_cat_table_clear(record);
}
