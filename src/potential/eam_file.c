/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading of EAM files in LAMMPS's two formats for several elements, "eam/alloy" (setfl) and "eam/fs".
 *
 * Three lines of comment; a line "n names.."; a line "n_rho d_rho n_r d_r cutoff"; for each element a line
 * "number mass lattice-constant lattice", its embedding table and one density table (alloy) or one per host
 * element (fs); then the pair tables r*phi of the pairs (1,1) (2,1) (2,2) (3,1) .. Numbers are read as a
 * stream, however they are spread over lines; "#" starts a comment. */
#include "potential_internal.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MIN_POINTS = 5,
    MAX_ELEMENTS = 64,
    NAME_SIZE = 16
}; /* 5: the width of the interpolant's derivative formula */

typedef struct reader {
    const char *path;
    char *text;
    size_t size;
    const char *at;
    int line;
} reader;

typedef struct heading {
    int n; /* elements in the file */
    char name[MAX_ELEMENTS][NAME_SIZE];
    int used_as[MAX_ELEMENTS]; /* species index, -1: not asked for */
} heading;

static sg_status load_text(reader *r);
static void skip_line(reader *r);
static int next_token(reader *r, const char **token, size_t *length);
static sg_status read_number(reader *r, const char *what, double *value);
static sg_status read_count(reader *r, const char *what, int *value);
static sg_status read_heading(reader *r, sg_eam_file *file, heading *h, const sg_species *species);
static sg_status read_element(reader *r, sg_eam_file *file, const heading *h, int e, int finnis_sinclair);
static sg_status read_table(reader *r, int n, const char *what, double **keep);

sg_status sg_eam_file_read(sg_eam_file *file, int finnis_sinclair, const char *path,
                           const sg_species *species)
{
    reader r = {.path = path, .line = 1};
    heading h = {0};

    memset(file, 0, sizeof *file);
    file->finnis_sinclair = finnis_sinclair;
    sg_status st = load_text(&r);
    if (st == SG_OK) st = read_heading(&r, file, &h, species);
    for (int e = 0; e < h.n && st == SG_OK; e++)
        st = read_element(&r, file, &h, e, finnis_sinclair);
    for (int a = 0; a < h.n && st == SG_OK; a++)
        for (int b = 0; b <= a && st == SG_OK; b++) {
            const int i = h.used_as[a], j = h.used_as[b];
            char what[64];
            snprintf(what, sizeof what, "pair table of %s-%s", h.name[a], h.name[b]);
            st = read_table(&r, file->n_r, what,
                            i < 0 || j < 0 ? NULL : &file->pair[i > j ? i : j][i > j ? j : i]);
        }
    if (st != SG_OK) sg_eam_file_clear(file);
    sg_free(r.text);
    return st;
}

void sg_eam_file_clear(sg_eam_file *file)
{
    for (int a = 0; a < SG_MAX_SPECIES; a++) {
        sg_free(file->embedding[a]);
        for (int b = 0; b < SG_MAX_SPECIES; b++) {
            sg_free(file->density[a][b]);
            sg_free(file->pair[a][b]);
        }
    }
    memset(file, 0, sizeof *file);
}

/* ---- text ---- */

static sg_status load_text(reader *r)
{
    sg_status st = SG_OK;
    size_t capacity = 0, got;
    FILE *const f = fopen(r->path, "rb");

    if (!f) return sg_fail(SG_ENOTFOUND, "%s: %s", r->path, strerror(errno));
    do {
        if (sg_grow((void **)&r->text, &capacity, r->size + (1u << 16) + 1, 1)) {
            st = sg_fail(SG_ENOMEM, "text of %s", r->path);
            goto done;
        }
        got = fread(r->text + r->size, 1, capacity - r->size - 1, f);
        r->size += got;
    } while (got > 0);
    if (ferror(f)) st = sg_fail(SG_EIO, "%s: %s", r->path, strerror(errno));
    r->text[r->size] = '\0';
    r->at = r->text;
done:
    fclose(f);
    return st;
}

static void skip_line(reader *r)
{
    while (*r->at && *r->at != '\n')
        r->at++;
    if (!*r->at) return;
    r->at++;
    r->line++;
}

/* The next word; 0 at the end of the file. A zero byte counts as the end. */
static int next_token(reader *r, const char **token, size_t *length)
{
    for (;;) {
        while (isspace((unsigned char)*r->at))
            r->line += *r->at++ == '\n';
        if (*r->at != '#') break;
        while (*r->at && *r->at != '\n')
            r->at++;
    }
    *token = r->at;
    while (*r->at && *r->at != '#' && !isspace((unsigned char)*r->at))
        r->at++;
    *length = (size_t)(r->at - *token);
    return *length > 0;
}

static sg_status read_number(reader *r, const char *what, double *value)
{
    const char *token;
    char *end;
    size_t length;

    if (!next_token(r, &token, &length))
        return sg_fail(SG_EPARSE, "%s:%d: the file ends within the %s", r->path, r->line, what);
    *value = strtod(token, &end);
    if (end != token + length || !isfinite(*value))
        return sg_fail(SG_EPARSE, "%s:%d: %s: expected a number, got \"%.*s\"", r->path, r->line, what,
                       (int)(length < 40 ? length : 40), token);
    return SG_OK;
}

static sg_status read_count(reader *r, const char *what, int *value)
{
    double x = 0.0;
    const sg_status st = read_number(r, what, &x);

    if (st != SG_OK) return st;
    if (!(x >= 1.0 && x <= 1e9) || x != floor(x))
        return sg_fail(SG_EPARSE, "%s:%d: %s: expected a whole number above 0, got %g", r->path, r->line,
                       what, x);
    *value = (int)x;
    return SG_OK;
}

/* ---- heading ---- */

static sg_status read_names(reader *r, heading *h)
{
    sg_status st = read_count(r, "number of elements", &h->n);

    if (st == SG_OK && h->n > MAX_ELEMENTS)
        st = sg_fail(SG_EPARSE, "%s:%d: %d elements, at most %d", r->path, r->line, h->n, MAX_ELEMENTS);
    for (int e = 0; e < h->n && st == SG_OK; e++) {
        const char *token;
        size_t length;
        if (!next_token(r, &token, &length) || length >= NAME_SIZE)
            st = sg_fail(SG_EPARSE, "%s:%d: expected the names of %d elements", r->path, r->line, h->n);
        else
            memcpy(h->name[e], token, length);
    }
    if (st != SG_OK) h->n = 0;
    return st;
}

static sg_status match_species(const reader *r, heading *h, const sg_species *species)
{
    for (int e = 0; e < h->n; e++)
        h->used_as[e] = sg_species_find(species, h->name[e]);
    for (int k = 0; k < species->n; k++) {
        char has[256] = "";
        int found = 0;
        for (int e = 0; e < h->n; e++) {
            const size_t used = strlen(has);
            found += h->used_as[e] == k;
            snprintf(has + used, sizeof has - used, "%s%s", e ? " " : "", h->name[e]);
        }
        if (found != 1)
            return sg_fail(SG_EINVAL, "element %s %s %s (it has: %s)", species->symbol[k],
                           found ? "more than once in" : "not in", r->path, has);
    }
    return SG_OK;
}

static sg_status read_heading(reader *r, sg_eam_file *file, heading *h, const sg_species *species)
{
    for (int k = 0; k < 3; k++)
        skip_line(r);
    sg_status st = read_names(r, h);
    if (st != SG_OK) return st;
    skip_line(r);
    file->n = species->n;
    if ((st = read_count(r, "number of densities", &file->n_rho)) != SG_OK) return st;
    if ((st = read_number(r, "step of density", &file->d_rho)) != SG_OK) return st;
    if ((st = read_count(r, "number of distances", &file->n_r)) != SG_OK) return st;
    if ((st = read_number(r, "step of distance", &file->d_r)) != SG_OK) return st;
    if ((st = read_number(r, "cutoff", &file->cutoff)) != SG_OK) return st;
    if (file->n_rho < MIN_POINTS || file->n_r < MIN_POINTS || !(file->d_rho > 0.0) || !(file->d_r > 0.0) ||
        !(file->cutoff > 0.0))
        return sg_fail(
            SG_EPARSE,
            "%s:%d: expected n_rho d_rho n_r d_r cutoff, the counts at least %d and the others above 0, "
            "got %d %g %d %g %g",
            r->path, r->line, MIN_POINTS, file->n_rho, file->d_rho, file->n_r, file->d_r, file->cutoff);
    skip_line(r);
    if ((st = match_species(r, h, species)) != SG_OK) return st;
    if ((size_t)file->n_rho > r->size || (size_t)file->n_r > r->size)
        return sg_fail(SG_EPARSE, "%s:%d: tables of %d and %d numbers in a file of %zu bytes", r->path,
                       r->line - 1, file->n_rho, file->n_r, r->size);
    return SG_OK;
}

/* ---- tables ---- */

/* Read n numbers; they are given to *keep unless it is NULL. */
static sg_status read_table(reader *r, int n, const char *what, double **keep)
{
    sg_status st = SG_OK;
    double skipped, *table = NULL;

    if (keep) {
        assert(!*keep);
        *keep = table = sg_calloc((size_t)n, sizeof *table);
        if (!table) return sg_fail(SG_ENOMEM, "%s of %s", what, r->path);
    }
    for (int k = 0; k < n && st == SG_OK; k++)
        st = read_number(r, what, table ? &table[k] : &skipped);
    return st;
}

static sg_status read_element(reader *r, sg_eam_file *file, const heading *h, int e, int finnis_sinclair)
{
    const int a = h->used_as[e];
    char what[64];
    double skipped;
    sg_status st;

    snprintf(what, sizeof what, "heading of element %s", h->name[e]);
    if ((st = read_number(r, what, &skipped)) != SG_OK) return st; /* atomic number: the name decides */
    skip_line(r); /* neither are mass, lattice constant and lattice used */

    snprintf(what, sizeof what, "embedding table of %s", h->name[e]);
    if ((st = read_table(r, file->n_rho, what, a < 0 ? NULL : &file->embedding[a])) != SG_OK) return st;
    if (!finnis_sinclair) {
        snprintf(what, sizeof what, "density table of %s", h->name[e]);
        st = read_table(r, file->n_r, what, a < 0 ? NULL : &file->density[a][0]);
        for (int b = 1; b < file->n && a >= 0 && st == SG_OK; b++) {
            file->density[a][b] = sg_calloc((size_t)file->n_r, sizeof *file->density[a][b]);
            if (!file->density[a][b])
                st = sg_fail(SG_ENOMEM, "%s of %s", what, r->path);
            else
                memcpy(file->density[a][b], file->density[a][0],
                       (size_t)file->n_r * sizeof *file->density[a][b]);
        }
        return st;
    }
    for (int g = 0; g < h->n && st == SG_OK; g++) {
        const int b = h->used_as[g];
        snprintf(what, sizeof what, "density table of %s at %s", h->name[e], h->name[g]);
        st = read_table(r, file->n_r, what, a < 0 || b < 0 ? NULL : &file->density[a][b]);
    }
    return st;
}
