/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A potential as bytes, for a process elsewhere: what it was made from, and its file as a whole, since there
 * may be no such file there. Layout, all numbers as in memory: fingerprint (8 bytes), species (struct), then
 * with a u64 length before each: kernel, specification, content of the file (nothing for a style without
 * one). */
#include "potential_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the path begins in a specification that names a file, else NULL. */
static const char *file_in(const char *spec)
{
    const char *const colon = strchr(spec, ':');
    return strncmp(spec, "eam/", 4) == 0 && colon ? colon + 1 : NULL;
}

static void append(FILE *out, const void *data, size_t n)
{
    const uint64_t length = n;
    fwrite(&length, sizeof length, 1, out);
    if (n > 0) fwrite(data, 1, n, out);
}

static sg_status append_file(FILE *out, const char *path)
{
    char buffer[4096];
    FILE *in = fopen(path, "rb");
    sg_status st = SG_OK;
    uint64_t length = 0;
    size_t n;

    if (!in) return sg_fail(SG_EIO, "potential file %s: %s", path, strerror(errno));
    while ((n = fread(buffer, 1, sizeof buffer, in)) > 0)
        length += n;
    fwrite(&length, sizeof length, 1, out);
    rewind(in);
    while ((n = fread(buffer, 1, sizeof buffer, in)) > 0)
        fwrite(buffer, 1, n, out);
    if (ferror(in)) st = sg_fail(SG_EIO, "potential file %s cannot be read", path);
    fclose(in);
    return st;
}

sg_status sg_potential_pack(const sg_potential *pot, unsigned char **bytes, size_t *n)
{
    const char *const kernel = sg_potential_kernel(pot), *const file = pot->spec ? file_in(pot->spec) : NULL;
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
    if (file)
        st = append_file(out, file);
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
    const unsigned char *file; /* borrowed */
    size_t n_file;
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
    p->file = next_counted(&at, &n, &p->n_file);
    if (!piece[0] || !piece[1] || !piece[2] || !piece[3] || !p->file)
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

/* A file of this content; sg_free the path, remove the file. */
static sg_status write_temporary(const void *content, size_t n, char **path)
{
    static const char name[] = "/slowglass-potential-XXXXXX";
    const char *folder = getenv("TMPDIR");

    if (!folder || !*folder) folder = "/tmp";
    *path = sg_calloc(strlen(folder) + sizeof name, 1);
    if (!*path) return sg_fail(SG_ENOMEM, "potential");
    strcat(strcpy(*path, folder), name);
    const int fd = mkstemp(*path);
    FILE *out = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!out) return sg_fail(SG_EIO, "temporary file %s: %s", *path, strerror(errno));
    const int complete = fwrite(content, 1, n, out) == n;
    if (fclose(out) == 0 && complete) return SG_OK;
    unlink(*path);
    return sg_fail(SG_EFULL, "temporary file %s: %s", *path, strerror(errno));
}

static sg_status create(const parcel *p, sg_potential **out)
{
    const char *symbol[SG_MAX_SPECIES], *const file = file_in(p->spec);
    char *path = NULL, *spec = NULL;
    sg_status st = SG_OK;

    for (int k = 0; k < p->species.n; k++)
        symbol[k] = p->species.symbol[k];
    if (!file) return sg_potential_create(p->spec, NULL, p->species.n, symbol, out);
    st = write_temporary(p->file, p->n_file, &path);
    if (st == SG_OK && !(spec = sg_calloc((size_t)(file - p->spec) + strlen(path) + 1, 1)))
        st = sg_fail(SG_ENOMEM, "potential");
    if (st == SG_OK) {
        memcpy(spec, p->spec, (size_t)(file - p->spec));
        strcat(spec, path);
        st = sg_potential_create(spec, NULL, p->species.n, symbol, out);
        unlink(path);
    }
    sg_free(spec);
    sg_free(path);
    return st;
}

sg_status sg_potential_unpack(const unsigned char *bytes, size_t n, sg_potential **out)
{
    parcel p;
    sg_status st = open_parcel(bytes, n, &p);

    *out = NULL;
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
