/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A potential as bytes, for a process elsewhere, which may have neither its file nor the library its tables
 * came from. Layout, all numbers as in memory: fingerprint (8 bytes), species (struct), then with a u64
 * length before each: kernel, specification, and of EAM the tables (nothing for other styles): grid (struct),
 * then for each species its embedding table, and for each pair of species in turn the density of the first
 * at the second and, for the first >= the second, the pair table. */
#include "eam.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct grid {
    double d_rho, d_r, cutoff;
    int n, n_rho, n_r, finnis_sinclair;
} grid;

static void append(FILE *out, const void *data, size_t n)
{
    const uint64_t length = n;
    fwrite(&length, sizeof length, 1, out);
    if (n > 0) fwrite(data, 1, n, out);
}

/* Tables in the order of a parcel: calls `one` for each. */
static sg_status each_table(sg_eam_file *tables, sg_status (*one)(double **table, int n, void *arg),
                            void *arg)
{
    sg_status st = SG_OK;

    for (int a = 0; a < tables->n && st == SG_OK; a++)
        st = one(&tables->embedding[a], tables->n_rho, arg);
    for (int a = 0; a < tables->n; a++)
        for (int b = 0; b < tables->n && st == SG_OK; b++) {
            st = one(&tables->density[a][b], tables->n_r, arg);
            if (a >= b && st == SG_OK) st = one(&tables->pair[a][b], tables->n_r, arg);
        }
    return st;
}

static sg_status write_table(double **table, int n, void *arg)
{
    fwrite(*table, sizeof **table, (size_t)n, arg);
    return SG_OK;
}

static uint64_t size_of_tables(const grid *g)
{
    const uint64_t n = (uint64_t)g->n;
    return sizeof *g +
           sizeof(double) * (n * (uint64_t)g->n_rho + (n * n + n * (n + 1) / 2) * (uint64_t)g->n_r);
}

static void append_tables(FILE *out, const sg_eam *e)
{
    sg_eam_file t = e->tables; /* a view: nothing of it changes */
    grid g = {.d_rho = t.d_rho, .d_r = t.d_r, .cutoff = t.cutoff, .n = t.n, .n_rho = t.n_rho, .n_r = t.n_r};
    g.finnis_sinclair = t.finnis_sinclair;
    const uint64_t length = size_of_tables(&g);

    fwrite(&length, sizeof length, 1, out);
    fwrite(&g, sizeof g, 1, out);
    each_table(&t, write_table, out);
}

sg_status sg_potential_pack(const sg_potential *pot, unsigned char **bytes, size_t *n)
{
    const char *const kernel = sg_potential_kernel(pot);
    const sg_eam *const eam = sg_eam_of(pot);
    char *text = NULL;
    size_t size = 0;

    *bytes = NULL;
    *n = 0;
    if (!pot->spec)
        return sg_fail(SG_EUNSUPPORTED, "potential without a specification cannot be sent to others");
    FILE *out = open_memstream(&text, &size);
    if (!out) return sg_fail(SG_ENOMEM, "potential");
    fwrite(&pot->fingerprint, sizeof pot->fingerprint, 1, out);
    fwrite(&pot->species, sizeof pot->species, 1, out);
    append(out, kernel, strlen(kernel));
    append(out, pot->spec, strlen(pot->spec));
    sg_status st = SG_OK;
    if (eam)
        append_tables(out, eam);
    else
        append(out, "", 0);
    if (fclose(out) != 0 && st == SG_OK) st = sg_fail(SG_ENOMEM, "potential");
    if (st == SG_OK && !(*bytes = sg_calloc(size, 1)))
        st = sg_fail(SG_ENOMEM, "potential of %zu bytes", size);
    if (st == SG_OK) memcpy(*bytes, text, *n = size);
    free(text);
    return st;
}

typedef struct parcel {
    uint64_t fingerprint;
    sg_species species;
    char *kernel, *spec;
    const unsigned char *tables; /* borrowed */
    size_t n_tables;
} parcel;

static void parcel_clear(parcel *p)
{
    sg_free(p->kernel);
    sg_free(p->spec);
}

/* The next piece of known or stated length; NULL at the end. */
static const unsigned char *next(const unsigned char **at, size_t *left, size_t n)
{
    const unsigned char *here = *at;
    if (n > *left) return NULL;
    *at += n;
    *left -= n;
    return here;
}

static const unsigned char *next_counted(const unsigned char **at, size_t *left, size_t *n)
{
    uint64_t length;
    const unsigned char *p = next(at, left, sizeof length);

    if (!p) return NULL;
    memcpy(&length, p, sizeof length);
    *n = (size_t)length;
    return next(at, left, *n);
}

static sg_status open_parcel(const unsigned char *bytes, size_t n, parcel *p)
{
    const unsigned char *at = bytes, *piece[4] = {0};
    size_t length[2] = {0, 0};

    memset(p, 0, sizeof *p);
    piece[0] = next(&at, &n, sizeof p->fingerprint);
    piece[1] = next(&at, &n, sizeof p->species);
    piece[2] = next_counted(&at, &n, &length[0]);
    piece[3] = next_counted(&at, &n, &length[1]);
    p->tables = next_counted(&at, &n, &p->n_tables);
    if (!piece[0] || !piece[1] || !piece[2] || !piece[3] || !p->tables)
        return sg_fail(SG_ECORRUPT, "potential sent by another process");
    memcpy(&p->fingerprint, piece[0], sizeof p->fingerprint);
    memcpy(&p->species, piece[1], sizeof p->species);
    p->kernel = sg_calloc(length[0] + 1, 1);
    p->spec = sg_calloc(length[1] + 1, 1);
    if (!p->kernel || !p->spec) return sg_fail(SG_ENOMEM, "potential");
    memcpy(p->kernel, piece[2], length[0]);
    memcpy(p->spec, piece[3], length[1]);
    return SG_OK;
}

typedef struct source {
    const unsigned char *at;
    size_t left;
} source;

static sg_status read_table(double **table, int n, void *arg)
{
    source *const s = arg;
    const unsigned char *const bytes = next(&s->at, &s->left, (size_t)n * sizeof **table);

    if (!bytes) return sg_fail(SG_ECORRUPT, "tables of a potential sent by another process");
    if (!(*table = sg_calloc((size_t)n, sizeof **table))) return sg_fail(SG_ENOMEM, "tables of a potential");
    memcpy(*table, bytes, (size_t)n * sizeof **table);
    return SG_OK;
}

static sg_status create_eam(const parcel *p, sg_potential **out)
{
    source from = {.at = p->tables, .left = p->n_tables};
    sg_eam_file t = {0};
    grid g;
    const unsigned char *const bytes = next(&from.at, &from.left, sizeof g);

    if (bytes) memcpy(&g, bytes, sizeof g);
    if (!bytes || g.n != p->species.n || g.n_rho < 0 || g.n_r < 0 || size_of_tables(&g) != p->n_tables)
        return sg_fail(SG_ECORRUPT, "tables of a potential sent by another process");
    t.d_rho = g.d_rho;
    t.d_r = g.d_r;
    t.cutoff = g.cutoff;
    t.n = g.n;
    t.n_rho = g.n_rho;
    t.n_r = g.n_r;
    t.finnis_sinclair = g.finnis_sinclair;
    sg_status st = each_table(&t, read_table, &from);
    if (st == SG_OK) st = sg_eam_create(&t, &p->species, out);
    if (st == SG_OK && !((*out)->spec = sg_calloc(strlen(p->spec) + 1, 1)))
        st = sg_fail(SG_ENOMEM, "potential %s", p->spec);
    if (st == SG_OK) strcpy((*out)->spec, p->spec);
    sg_eam_file_clear(&t);
    return st;
}

static sg_status create(const parcel *p, sg_potential **out)
{
    const char *symbol[SG_MAX_SPECIES];

    if (p->n_tables > 0) return create_eam(p, out);
    for (int k = 0; k < p->species.n; k++)
        symbol[k] = p->species.symbol[k];
    return sg_potential_create(p->spec, NULL, p->species.n, symbol, out);
}

sg_status sg_potential_unpack(const unsigned char *bytes, size_t n, sg_potential **out)
{
    parcel p;

    *out = NULL;
    sg_status st = open_parcel(bytes, n, &p);
    if (st == SG_OK) st = create(&p, out);
    if (st == SG_OK && (*out)->fingerprint != p.fingerprint)
        st = sg_fail(SG_EMISMATCH, "potential %s: fingerprint %016llx, sent was %016llx", p.spec,
                     (unsigned long long)(*out)->fingerprint, (unsigned long long)p.fingerprint);
    if (st == SG_OK) st = sg_potential_set_kernel(*out, p.kernel);
    if (st != SG_OK) {
        sg_potential_free(*out);
        *out = NULL;
    }
    parcel_clear(&p);
    return st;
}
