/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking into catalogs: what `slowglass catalog info|list|show` shows, as data. Own records of the catalog
 * only, bases not included. Nothing here writes to a catalog. Threads: one at a time per catalog. */
#ifndef SLOWGLASS_CURATE_H
#define SLOWGLASS_CURATE_H

#include "slowglass/catalog.h"
#include "slowglass/saddle.h"
#include "slowglass/system.h"

typedef struct sg_curate_info {
    uint64_t count[SG_DB_COUNT]; /* records, damaged ones included */
    uint64_t damaged_events, damaged_searches;
    uint64_t outcome[SG_OUTCOME_COUNT];              /* searches by outcome */
    uint64_t outcome_unknown;                        /* searches whose outcome this version has no word for */
    uint64_t found;                                  /* sum of the events' counters */
    double barrier_min, barrier_median, barrier_max; /* eV, of the generic events; NaN if there are none */
    double gamma_min, gamma_max; /* strains at which they were found; NaN if there are none */
    uint64_t bytes;              /* on disk */
    uint64_t content_hash;       /* of the shareable part, see sg_catalog_content_hash */
} sg_curate_info;

/** Everything about a catalog that is one number. The header is sg_catalog_get_header().
 * Cost: reads every event and search once. SG_ENOMEM, and what the catalog returns. */
sg_status sg_curate_get_info(sg_catalog *cat, sg_curate_info *out);

typedef enum { SG_CURATE_BY_BARRIER, SG_CURATE_BY_KEY } sg_curate_order;

typedef struct sg_curate_row { /* one generic event */
    uint64_t id, key;
    double barrier, barrier_back; /* eV */
    double energy;                /* eV, final minimum minus start: barrier - barrier_back */
    double participation, gamma;
    uint32_t n, found;
    uint8_t sampler;
    unsigned char centre; /* atomic number */
} sg_curate_row;

/** All generic events, ascending by barrier (NaN last) or by topology key; ties by id. Damaged ones are
 * skipped and reported to the catalog's log.
 * @param out [out] array of *n, free with sg_free; NULL on failure */
sg_status sg_curate_list(sg_catalog *cat, sg_curate_order order, sg_curate_row **out, size_t *n);

/** Event whose id, written as 16 hexadecimal digits, begins with `text` (an optional 0x before it).
 * @return SG_ENOTFOUND: none; SG_EINVAL: not hexadecimal, or more than one begins so (the text names two of
 * them) */
sg_status sg_curate_find_event(sg_catalog *cat, const char *text, uint64_t *id);

/** Index of the centre in the support: the atom of the shell nearest to the origin, lowest index on ties; 0
 * when n is 0. */
uint32_t sg_curate_centre(const sg_cat_event *event);

/** The support of an event as three structures: start, saddle, final minimum, for files and viewers. Not
 * periodic; atoms 1..n in the order of the record, shifted together into a box that holds all three with some
 * room around.
 * @param header of the catalog: its species become the species
 * @param frame [out] free each with sg_system_free; NULL on failure
 * @return SG_ECORRUPT: an atom is of an element that the header does not name */
sg_status sg_curate_event_frames(const sg_catalog_header *header, const sg_cat_event *event,
                                 sg_system *frame[3]);

#endif
