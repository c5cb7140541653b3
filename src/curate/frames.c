/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event as three clusters of atoms that a viewer opens as frames. */
#include "slowglass/curate.h"
#include "slowglass/io.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const double frame_room = 2.0; /* Å around the atoms: bonds are drawn inside the box */

static void position(const sg_cat_event *e, int which, uint32_t atom, double x[3]);
static sg_status find_box(const sg_cat_event *e, double low[3], double h[3][3]);
static sg_status find_species(const sg_catalog_header *header, sg_species *species);
static sg_status make_frame(const sg_cat_event *e, int which, const sg_species *species, const double low[3],
                            const double h[3][3], sg_system **out);

/* which: 0 start, 1 saddle, 2 final minimum */
static void position(const sg_cat_event *e, int which, uint32_t atom, double x[3])
{
    for (int a = 0; a < 3; a++) {
        x[a] = (double)e->x[atom][a];
        if (which == 1) x[a] += (double)e->d_saddle[atom][a];
        if (which == 2) x[a] += (double)e->d_final[atom][a];
    }
}

static sg_status find_box(const sg_cat_event *e, double low[3], double h[3][3])
{
    double x[3], high[3] = {-INFINITY, -INFINITY, -INFINITY};

    low[0] = low[1] = low[2] = INFINITY;
    memset(h, 0, 9 * sizeof h[0][0]);
    for (int which = 0; which < 3; which++)
        for (uint32_t k = 0; k < e->n; k++) {
            position(e, which, k, x);
            for (int a = 0; a < 3; a++) {
                if (!isfinite(x[a]))
                    return sg_fail(SG_ECORRUPT, "position of atom %u is not a number", k + 1);
                low[a] = fmin(low[a], x[a]);
                high[a] = fmax(high[a], x[a]);
            }
        }
    for (int a = 0; a < 3; a++) {
        low[a] -= frame_room;
        h[a][a] = high[a] + frame_room - low[a];
    }
    return SG_OK;
}

static sg_status find_species(const sg_catalog_header *header, sg_species *species)
{
    const char *symbol[SG_CATALOG_MAX_SPECIES] = {0};

    for (int k = 0; k < header->n_species; k++) {
        symbol[k] = sg_element_symbol(header->number[k]);
        if (!symbol[k]) return sg_fail(SG_ECORRUPT, "no element has the atomic number %d", header->number[k]);
    }
    return sg_species_init(species, header->n_species, symbol);
}

static sg_status make_frame(const sg_cat_event *e, int which, const sg_species *species, const double low[3],
                            const double h[3][3], sg_system **out)
{
    const int periodic[3] = {0, 0, 0};
    sg_status st = sg_system_create((int)e->n, out);

    if (st != SG_OK) return st;
    (*out)->species = *species;
    if ((st = sg_cell_init(&(*out)->cell, h, 0.0, periodic)) != SG_OK) return st;
    for (uint32_t k = 0; k < e->n; k++) {
        int type = 0;
        while (type < species->n && species->number[type] != e->number[k])
            type++;
        if (type == species->n)
            return sg_fail(SG_ECORRUPT,
                           "atom %u is of atomic number %u, which the catalog's header does not name", k + 1,
                           e->number[k]);
        (*out)->type[k] = type;
        position(e, which, k, (*out)->x[k]);
        for (int a = 0; a < 3; a++)
            (*out)->x[k][a] -= low[a];
    }
    return SG_OK;
}

sg_status sg_curate_event_frames(const sg_catalog_header *header, const sg_cat_event *event,
                                 sg_system *frame[3])
{
    double low[3], h[3][3];
    sg_species species;
    sg_status st = SG_OK;

    frame[0] = frame[1] = frame[2] = NULL;
    if (event->n < 1 || event->n > INT32_MAX) return sg_fail(SG_ECORRUPT, "event of %u atoms", event->n);
    if ((st = find_species(header, &species)) != SG_OK) return st;
    if ((st = find_box(event, low, h)) != SG_OK) return st;
    for (int which = 0; which < 3 && st == SG_OK; which++)
        st = make_frame(event, which, &species, low, (const double(*)[3])h, &frame[which]);
    for (int which = 0; which < 3 && st != SG_OK; which++) {
        sg_system_free(frame[which]);
        frame[which] = NULL;
    }
    return st;
}

/* ---- the file ---- */

/* [n][3] floats as doubles, for a column; NULL when memory is out */
static double *widen(const float (*v)[3], uint32_t n)
{
    double *out = sg_calloc((size_t)n * 3, sizeof *out);

    for (uint32_t k = 0; out && k < n; k++)
        for (int a = 0; a < 3; a++)
            out[3 * (size_t)k + (size_t)a] = (double)v[k][a];
    return out;
}

sg_status sg_curate_write_frames(const sg_catalog_header *header, const sg_cat_event *e, const char *path)
{
    static const char *const names[3] = {"start", "saddle", "final"};
    const double energy[3] = {0.0, e->barrier, e->barrier - e->barrier_back}; /* relative to the start */
    sg_frame_column column[] = {{"d_saddle", 3, NULL}, {"d_final", 3, NULL}, {"mode", 3, NULL}};
    const float(*const vector[3])[3] = {(const float(*)[3])e->d_saddle, (const float(*)[3])e->d_final,
                                        (const float(*)[3])e->mode};
    double *value[3] = {0};
    sg_system *frame[3] = {0};
    sg_replace replace = {0};
    char about[120];

    sg_status st = sg_curate_event_frames(header, e, frame);
    if (st != SG_OK) return st;
    for (int k = 0; k < 3 && st == SG_OK; k++) {
        column[k].value = value[k] = widen(vector[k], e->n);
        if (!value[k]) st = sg_fail(SG_ENOMEM, "frames of %u atoms", e->n);
    }
    if (st == SG_OK) st = sg_io_replace_begin(&replace, path);
    for (int k = 0; k < 3 && st == SG_OK; k++) {
        /* 0x: readers that guess types would take some of these digits for a number */
        snprintf(about, sizeof about, "frame=%s event=0x%016" PRIx64 " key=0x%016" PRIx64 " strain=%g",
                 names[k], e->id, e->key, e->gamma);
        const sg_frame_info info = {.energy = &energy[k],
                                    .n_columns = sg_cat_event_has_mode(e) ? 3 : 2,
                                    .column = column,
                                    .extra = about};
        st = sg_io_print_extxyz(replace.file, path, frame[k], &info);
    }
    if (st == SG_OK) st = sg_io_replace_commit(&replace);
    sg_io_replace_abort(&replace);
    for (int k = 0; k < 3; k++) {
        sg_system_free(frame[k]);
        sg_free(value[k]);
    }
    return st;
}
