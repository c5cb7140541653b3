/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state as bytes, and back.
 *
 * All numbers are eight bytes, little-endian: magic, version, length, checksum of all that follows; what the
 * run belongs to (fingerprint, kernel, elements); options; cell; targets; counters and energies; then per
 * atom id, type, fixed, position, velocity, force, position at which the neighbour list was made. One
 * function walks over the fields and counts, writes or reads them, so that the two sides cannot differ. A
 * change of the fields raises VERSION. */
#include "md_internal.h"

#include "slowglass/core/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const uint64_t MAGIC = 0x31444d5353414c47; /* "GLASSMD1" */
enum { VERSION = 1, WORD = 8, HEAD = 4 * WORD, KERNEL_TEXT = 16 };

typedef enum { COUNT, WRITE, READ } way;

typedef struct cursor {
    way way;
    unsigned char *at;
    size_t n; /* bytes passed */
} cursor;

typedef struct head { /* what a run belongs to */
    uint64_t fingerprint;
    char kernel[KERNEL_TEXT];
    int n;
    sg_species species;
} head;

static void u64(cursor *c, uint64_t *value)
{
    if (c->way == WRITE) sg_put_u64(c->at + c->n, *value);
    if (c->way == READ) *value = sg_get_u64(c->at + c->n);
    c->n += WORD;
}

static void i64(cursor *c, int64_t *value)
{
    uint64_t bits = (uint64_t)*value;
    u64(c, &bits);
    *value = (int64_t)bits;
}

static void number(cursor *c, int *value)
{
    int64_t wide = *value;
    i64(c, &wide);
    *value = (int)wide;
}

static void doubles(cursor *c, size_t n, double *value)
{
    for (size_t k = 0; k < n; k++, c->n += WORD) {
        if (c->way == WRITE) sg_put_f64(c->at + c->n, value[k]);
        if (c->way == READ) value[k] = sg_get_f64(c->at + c->n);
    }
}

static void text(cursor *c, size_t n, char *value) /* n: a multiple of WORD */
{
    if (c->way == WRITE) memcpy(c->at + c->n, value, n);
    if (c->way == READ) memcpy(value, c->at + c->n, n);
    c->n += n;
}

static void walk_head(cursor *c, head *h)
{
    u64(c, &h->fingerprint);
    text(c, KERNEL_TEXT, h->kernel);
    number(c, &h->n);
    number(c, &h->species.n);
    for (int k = 0; k < SG_MAX_SPECIES; k++) {
        char symbol[WORD] = {0};
        memcpy(symbol, h->species.symbol[k], sizeof h->species.symbol[k]);
        text(c, WORD, symbol);
        memcpy(h->species.symbol[k], symbol, sizeof h->species.symbol[k]);
        number(c, &h->species.number[k]);
    }
    doubles(c, SG_MAX_SPECIES, h->species.mass);
}

static void walk_options(cursor *c, sg_md_options *o)
{
    int ensemble = (int)o->ensemble;

    number(c, &ensemble);
    o->ensemble = (sg_md_ensemble)ensemble;
    doubles(c, 1, &o->timestep_ps);
    doubles(c, 1, &o->temperature_K);
    doubles(c, 1, &o->damping_ps);
    doubles(c, 1, &o->pressure_GPa);
    doubles(c, 1, &o->pressure_damping_ps);
    doubles(c, 1, &o->compressibility_per_GPa);
    number(c, &o->pressure_every);
    u64(c, &o->seed);
    u64(c, &o->stream);
}

static void walk_cell(cursor *c, sg_cell *cell)
{
    doubles(c, 9, &cell->h0[0][0]);
    doubles(c, 1, &cell->gamma);
    for (int k = 0; k < 3; k++)
        number(c, &cell->periodic[k]);
}

static void walk_atoms(cursor *c, sg_system *sys)
{
    for (int i = 0; i < sys->n; i++) {
        int fixed = sys->fixed[i];
        number(c, &sys->id[i]);
        number(c, &sys->type[i]);
        number(c, &fixed);
        sys->fixed[i] = (unsigned char)fixed;
    }
    doubles(c, 3 * (size_t)sys->n, &sys->x[0][0]);
}

static void walk_motion(cursor *c, sg_md *md)
{
    const size_t n = 3 * (size_t)md->sys->n;

    doubles(c, 1, &md->ramp.from_K);
    doubles(c, 1, &md->ramp.to_K);
    doubles(c, 1, &md->ramp.from_GPa);
    doubles(c, 1, &md->ramp.to_GPa);
    i64(c, &md->ramp.begin);
    i64(c, &md->ramp.end);
    i64(c, &md->step);
    i64(c, &md->draws);
    doubles(c, 1, &md->now.energy);
    doubles(c, 6, md->now.virial);
    doubles(c, 1, &md->kinetic);
    doubles(c, 1, &md->exchanged);
    doubles(c, 1, &md->checked);
    doubles(c, SG_MD_CHAIN, md->eta);
    doubles(c, SG_MD_CHAIN, md->eta_rate);
    doubles(c, n, &md->v[0][0]);
    doubles(c, n, &md->now.f[0][0]);
    doubles(c, n, &md->x_list[0][0]);
}

static head head_of(const sg_potential *pot, const sg_system *sys)
{
    head h = {.fingerprint = pot->fingerprint, .n = sys ? sys->n : 0};

    snprintf(h.kernel, sizeof h.kernel, "%s", sg_potential_kernel(pot));
    if (sys) h.species = sys->species;
    return h;
}

/* ---- saving ---- */

sg_status sg_md_save(const sg_md *md, unsigned char **bytes, size_t *n)
{
    sg_md state = *md; /* only read; the walk wants what can be written to */
    head h = head_of(md->pot, md->sys);
    unsigned char *out = NULL;
    cursor c = {.way = COUNT, .n = HEAD};

    *bytes = NULL;
    *n = 0;
    for (int pass = 0; pass < 2; pass++) {
        walk_head(&c, &h);
        walk_options(&c, &state.opt);
        walk_cell(&c, &state.sys->cell);
        walk_atoms(&c, state.sys);
        walk_motion(&c, &state);
        if (pass == 1) break;
        if (!(out = sg_calloc(c.n, 1))) return sg_fail(SG_ENOMEM, "restart of %d atoms", md->sys->n);
        c = (cursor){.way = WRITE, .at = out, .n = HEAD};
    }
    sg_put_u64(out, MAGIC);
    sg_put_u64(out + WORD, VERSION);
    sg_put_u64(out + 2 * WORD, c.n);
    sg_put_u64(out + 3 * WORD, sg_hash(out + HEAD, c.n - HEAD, MAGIC));
    *bytes = out;
    *n = c.n;
    return SG_OK;
}

/* ---- going on ---- */

static sg_status check_bytes(const unsigned char *bytes, size_t n)
{
    if (n < HEAD || sg_get_u64(bytes) != MAGIC)
        return sg_fail(SG_ECORRUPT, "not the restart of a run of molecular dynamics");
    const uint64_t version = sg_get_u64(bytes + WORD), length = sg_get_u64(bytes + 2 * WORD);
    if (version != VERSION)
        return sg_fail(SG_EUNSUPPORTED, "restart of version %" PRIu64 ", this program reads %d", version,
                       VERSION);
    if (length != n) return sg_fail(SG_ECORRUPT, "restart of %zu bytes, should have %" PRIu64, n, length);
    if (sg_hash(bytes + HEAD, n - HEAD, MAGIC) != sg_get_u64(bytes + 3 * WORD))
        return sg_fail(SG_ECORRUPT, "restart is damaged: its checksum is wrong");
    return SG_OK;
}

static sg_status check_head(const head *saved, const sg_potential *pot)
{
    const head here = head_of(pot, NULL);

    for (int k = 0; k < saved->species.n; k++) {
        const char *const other = k < pot->species.n ? pot->species.symbol[k] : "nothing";
        if (strcmp(saved->species.symbol[k], other) != 0)
            return sg_fail(SG_EMISMATCH, "restart: atom type %d is %s, the potential was made for %s there",
                           k + 1, saved->species.symbol[k], other);
    }
    if (saved->fingerprint != here.fingerprint)
        return sg_fail(SG_EMISMATCH, "restart: made with potential %016" PRIx64 ", this one is %016" PRIx64,
                       saved->fingerprint, here.fingerprint);
    if (memcmp(saved->kernel, here.kernel, KERNEL_TEXT) != 0)
        return sg_fail(SG_EMISMATCH, "restart: made with kernel %.*s, this one is %s", KERNEL_TEXT - 1,
                       saved->kernel, here.kernel);
    return SG_OK;
}

/* The list as it was: made at its positions, then the atoms return to theirs. */
static sg_status make_list(sg_md *md)
{
    const size_t n = (size_t)md->sys->n;
    const sg_forces saved = md->now;
    double(*const x)[3] = md->sys->x;
    sg_status st;

    md->now.f = sg_calloc(n, sizeof *md->now.f);
    if (!md->now.f) {
        md->now = saved;
        return sg_fail(SG_ENOMEM, "restart of %d atoms", md->sys->n);
    }
    md->sys->x = md->x_list;
    st = sg_md_compute(md);
    md->sys->x = x;
    sg_free(md->now.f);
    md->now = saved;
    return st;
}

sg_status sg_md_restore(const sg_potential *pot, const unsigned char *bytes, size_t n, sg_md **out)
{
    cursor c = {.way = READ, .at = (unsigned char *)(uintptr_t)bytes, .n = HEAD};
    head h = {0};
    sg_md_options opt = {0};
    sg_cell cell = {0};
    sg_system *sys = NULL;
    sg_md *md = NULL;
    sg_status st = check_bytes(bytes, n);

    *out = NULL;
    if (st != SG_OK) return st;
    walk_head(&c, &h);
    if ((st = check_head(&h, pot)) != SG_OK) goto done;
    if ((st = sg_system_create(h.n, &sys)) != SG_OK) goto done;
    sys->species = h.species;
    walk_options(&c, &opt);
    walk_cell(&c, &cell);
    if ((st = sg_cell_init(&sys->cell, (const double(*)[3])cell.h0, cell.gamma, cell.periodic)) != SG_OK)
        goto done;
    walk_atoms(&c, sys);
    for (int i = 0; i < sys->n; i++)
        sys->n_fixed += sys->fixed[i] != 0;
    if ((st = sg_md_allocate(pot, sys, &opt, &md)) != SG_OK) goto done;
    walk_motion(&c, md);
    if ((st = make_list(md)) != SG_OK) goto done;
    *out = md;
    md = NULL;
done:
    sg_system_free(sys);
    sg_md_free(md);
    return st;
}
