/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The LMDB store of environments, events, states and edges: records, keys, transactions, base + overlay. No
 * physics.
 *
 * A catalog is one LMDB environment in a folder. A run writes only its own catalog and reads any number of
 * read-only bases; look-ups see the own records first, then the bases in the order given. Records are encoded
 * little-endian with a checksum (catalog/FORMAT.md); a damaged record is reported and skipped, never trusted.
 *
 * Writing: puts are collected in memory and reach the disk together in sg_catalog_commit(), in one LMDB
 * transaction that is replayed after the map has grown (MDB_MAP_FULL). Until then readers, this process
 * included, see the old state. Threads: one thread at a time per handle. One writer per folder; a second one
 * gets SG_ELOCKED. */
#ifndef SLOWGLASS_CATALOG_H
#define SLOWGLASS_CATALOG_H

#include <stddef.h>
#include <stdint.h>

#include "slowglass/core.h"

enum {
    SG_CATALOG_FORMAT = 2, /* written; 1 is read, too */
    SG_CATALOG_MAX_SPECIES = 8,
    SG_CAT_SAMPLERS = 16,       /* counted apart; FORMAT.md names them */
    SG_CAT_SAMPLER_UNKNOWN = 15 /* what format 1 did not record */
};

typedef struct sg_catalog sg_catalog;

typedef struct sg_catalog_header {
    uint32_t format;      /* SG_CATALOG_FORMAT, or 1 in a catalog that is only read */
    uint32_t key_version; /* of the topology key */
    uint64_t fingerprint; /* of the potential */
    char potential[64];   /* its name, for people */
    int n_species;
    int number[SG_CATALOG_MAX_SPECIES]; /* atomic numbers, ascending */
    double cutoff[SG_CATALOG_MAX_SPECIES]
                 [SG_CATALOG_MAX_SPECIES]; /* bond cutoffs, Å, in the order of `number` */
    double variant_radius;                 /* Å */
    uint64_t seed;                         /* of the run that made it */
    char program[32];                      /* version that made it */
} sg_catalog_header;

typedef struct sg_cat_environment { /* a topology key and its canonical form */
    uint64_t key;
    uint32_t n_vertices; /* centre included */
    uint32_t form_size;
    unsigned char *form;
} sg_cat_environment;

typedef struct sg_cat_attempts { /* searches of one run */
    uint64_t run;                /* sg_cat_run */
    uint32_t attempts;
} sg_cat_attempts;

typedef struct sg_cat_variant { /* one geometry of an environment: who has been searched from */
    uint64_t key, id;           /* id: content hash of number + x */
    uint32_t n_shell;           /* first atoms, in canonical order, centre first in x */
    uint32_t n;                 /* atoms within variant_radius of the centre */
    unsigned char *number;      /* [n] atomic numbers */
    float (*x)[3];              /* [n], Å, relative to the centre */
    double gamma;               /* strain at which it was met */
    uint32_t n_origins;
    sg_cat_attempts *origin; /* [n_origins] searches made from it, ascending by run */
    uint32_t attempts;       /* their sum; not stored */
} sg_cat_variant;

typedef struct sg_cat_origin { /* how often one run came upon an event */
    uint64_t run;              /* sg_cat_run */
    uint32_t found;            /* sum of by_sampler */
    uint8_t first_sampler;
    uint32_t by_sampler[SG_CAT_SAMPLERS];
} sg_cat_origin;

typedef struct sg_cat_event { /* a generic event */
    uint64_t id;              /* content hash */
    uint64_t key;             /* of the centre in the starting minimum */
    uint32_t n_shell, n;
    unsigned char
        *number;   /* [n] support: shell in canonical order, then the other movers and their first shell */
    float (*x)[3]; /* [n] reference positions relative to the centre, Å */
    float (*d_saddle)[3]; /* [n] displacement to the saddle, Å */
    float (*d_final)[3];  /* [n] displacement to the final minimum, Å */
    float (*mode)[3];     /* [n] climbing mode at the saddle, unit vector over the support, to the side
                             of the final minimum; all zero: not recorded */
    double barrier, barrier_back;                  /* eV */
    double prefactor, prefactor_back;              /* 1/s; NaN: not computed */
    double strain_saddle[6], strain_final[6];      /* V (sigma - sigma_start), eV: xx yy zz xy xz yz */
    double participation, dist_saddle, dist_final; /* -, Å, Å */
    double saddle_force, curvature;                /* eV/Å, eV/Å^2 */
    double residual; /* Å, largest displacement to the saddle of an atom left out; NaN: not recorded */
    double gamma;    /* strain at which it was converged */
    uint32_t n_origins;
    sg_cat_origin *origin; /* [n_origins] ascending by run */
    uint32_t found;        /* sum over the origins; not stored */
    uint8_t sampler;       /* that found it first in the first of the origins; not stored */
} sg_cat_event;

typedef struct sg_cat_run { /* who made records: where counters come from */
    uint64_t id;            /* hash of all that makes the run what it is; 0: unknown */
    uint64_t seed;
    double gamma;       /* imposed strain; NaN: not recorded */
    double temperature; /* K; NaN: not recorded */
    uint32_t samplers;  /* in use: bit s for sampler s */
    char program[32];   /* version that ran */
    char name[64];      /* for people */
} sg_cat_run;

enum {
    SG_CAT_STATE_VISITED = 1,
    SG_CAT_STATE_TABLE = 2,
    SG_CAT_STATE_COUNTED = 4,
    SG_CAT_STATE_CONFIDENT =
        8 /* searches ended because enough was known, not because their budget was spent */
};

typedef struct sg_cat_state { /* an inherent structure of this run */
    uint64_t id;
    uint32_t n;
    uint32_t flags;
    double energy, f_max, gamma; /* eV, eV/Å, - */
    double virial[6];            /* eV */
    double (*x)[3];              /* [n] unwrapped positions, Å */
} sg_cat_state;

typedef struct sg_cat_edge { /* a saddle between two states: a specific event */
    uint64_t id, from, to;
    uint64_t event;               /* generic event, 0 if none */
    double e_saddle;              /* eV */
    double barrier, barrier_back; /* eV, E_saddle - E_from, E_saddle - E_to */
    uint32_t centre, centre_back; /* atom indices: farthest mover seen from either side */
    uint32_t n;
    float (*d_saddle)[3];                     /* [n] x_saddle - x_from, Å */
    double strain_saddle[6], strain_final[6]; /* eV */
    double participation, dist_saddle, dist_final;
    double saddle_force, curvature, curvature2;
    uint32_t found;
    uint8_t sampler, source;
    uint8_t nu_status;                /* how the prefactors came about; 0: not computed */
    uint32_t n_free;                  /* atoms that vibrate in them */
    double prefactor, prefactor_back; /* 1/s; NaN: none */
    uint64_t event_back;              /* generic event of the way back, 0: none or not recorded */
} sg_cat_edge;

typedef struct sg_cat_entry { /* one line of a state's rate table */
    uint64_t edge;
    uint8_t reverse; /* the edge is walked to -> from */
    uint8_t kept;    /* 0: converged in this state; 1: inherited, not reconverged yet */
    double barrier;  /* eV; of a kept one: the predicted value */
    double error;    /* eV; 0 for converged ones */
} sg_cat_entry;

typedef struct sg_cat_table { /* the rate table of a state and the search budget spent on it */
    uint64_t state;
    uint32_t n_entries;
    sg_cat_entry *entry;
    uint32_t n_atoms;
    uint64_t *key, *variant; /* [n_atoms] */
    uint32_t *origin;        /* [n_atoms] state in which the variant was matched */
    uint64_t n_searches;     /* made in this state */
    uint32_t f1[64], f2[64]; /* events seen once / twice per 0.1 eV barrier bin */
    double rate_missing;     /* 1/s, estimate at the time the table was closed */
    uint32_t from_catalog, from_inherited, from_search, from_detour; /* entries by origin */
} sg_cat_table;

static const uint32_t SG_CAT_SEARCH_DRAW = 1u << 31; /* in the attempt of a search: dealt out by lot */

typedef struct sg_cat_search {
    uint64_t id, state, edge; /* edge 0: none */
    uint32_t atom, attempt;
    uint8_t sampler, outcome;
    uint32_t calls[5]; /* leave, climb, refine, relax, verify */
    double barrier;    /* eV, NaN if none */
} sg_cat_search;

typedef struct sg_cat_step { /* one row of trajectory.tsv */
    uint64_t step, state, edge, n_states, n_edges, n_searches;
    double time, compensation; /* s; the clock's two words */
    double energy, tau;        /* eV, GPa */
    uint32_t centre;
    uint8_t reverse, is_basin;
    double barrier, dt, rate_total, rate_missing; /* eV, s, 1/s, 1/s */
    uint32_t basin_size;
    double n_hops;
} sg_cat_step;

/** Release the arrays inside a record (not the record). NULL-safe members. */
void sg_cat_environment_clear(sg_cat_environment *r);
void sg_cat_variant_clear(sg_cat_variant *r);
void sg_cat_event_clear(sg_cat_event *r);
void sg_cat_state_clear(sg_cat_state *r);
void sg_cat_edge_clear(sg_cat_edge *r);
void sg_cat_table_clear(sg_cat_table *r);

/** 1 if the climbing mode is recorded: not all of it is zero. */
int sg_cat_event_has_mode(const sg_cat_event *r);

/* Counters. Of one run the larger number holds, numbers of different runs add: uniting twice counts once.
 * SG_ENOMEM leaves `into` as it was. */
sg_status sg_cat_event_count(sg_cat_event *r, uint64_t run, uint8_t sampler); /* found once more */
sg_status sg_cat_variant_count(sg_cat_variant *r, uint64_t run);              /* searched from once more */
sg_status sg_cat_event_unite(sg_cat_event *into, const sg_cat_event *other);
sg_status sg_cat_variant_unite(sg_cat_variant *into, const sg_cat_variant *other);
/** The counters of two records of one catalog that turn out to be one event: each finding was counted with
 * one of them, so they add. */
sg_status sg_cat_event_add(sg_cat_event *into, const sg_cat_event *other);
/** Forget the counters of all runs but one, as a run does that counts for itself what a base holds. */
void sg_cat_event_keep_run(sg_cat_event *r, uint64_t run);
void sg_cat_variant_keep_run(sg_cat_variant *r, uint64_t run);

/** Make a new catalog in folder `path` (created; must not hold one yet) and open it for writing.
 * Errors: SG_EINVAL exists already, SG_EIO read-only folder, SG_EFULL, SG_ELOCKED. */
sg_status sg_catalog_create(const char *path, const sg_catalog_header *header, sg_catalog **out);

/** As sg_catalog_create, but until sg_catalog_publish() the catalog stands in the folder PATH.unfinished.
 * What an earlier attempt left there is removed. SG_EINVAL: something of that name exists; SG_ELOCKED:
 * another process is making it. */
sg_status sg_catalog_create_hidden(const char *path, const sg_catalog_header *header, sg_catalog **out);

/** Commit, and give the catalog its name, complete and durably. It stays open; close it. */
sg_status sg_catalog_publish(sg_catalog *cat, const char *path);

/** Close a catalog open for writing and remove it from the disk. NULL-safe. */
void sg_catalog_discard(sg_catalog *cat);

/** Write the catalog in `path` anew, without free pages and in key order, with the same content.
 * @param out name of the new one; NULL: in place, under the writer's lock, by exchanging the two folders at
 *            the end. Readers that have the old one open keep it.
 * @param before, after [out] bytes on disk
 * Nothing is lost whenever this is killed; what it leaves is a folder PATH.unfinished, which the next attempt
 * removes. */
sg_status sg_catalog_compact(const char *path, const char *out, const sg_log *log, uint64_t *before,
                             uint64_t *after);

/** Open an existing one. write = 1 takes the writer's lock for life (SG_ELOCKED names the holder's process
 * id). SG_ENOTFOUND: no catalog there; SG_EMISMATCH: other format version. Format 1 is opened for reading
 * only: its records come as those of format 2, with what was not recorded marked as such. */
sg_status sg_catalog_open(const char *path, int write, const sg_log *log, sg_catalog **out);
void sg_catalog_close(sg_catalog *cat); /* uncommitted puts are dropped */

/** Say to `log` (borrowed until close, may be NULL) from now on; warns at once about a network filesystem.
 * For a catalog that was created, since creation takes no log. */
void sg_catalog_set_log(sg_catalog *cat, const sg_log *log);

/** Borrowed, valid until close. */
const sg_catalog_header *sg_catalog_get_header(const sg_catalog *cat);

/** SG_EMISMATCH naming the first field that differs, with both values; who calls the two, e.g. "base catalog
 * X", "this run". */
sg_status sg_catalog_header_match(const sg_catalog_header *a, const char *name_a, const sg_catalog_header *b,
                                  const char *name_b);

/** Draw on a read-only base; checked against the header of `cat`. The base is opened and closed by `cat`. */
sg_status sg_catalog_add_base(sg_catalog *cat, const char *path);

/** Content hash of all shareable records (environments, variants, events), independent of page layout. */
sg_status sg_catalog_content_hash(sg_catalog *cat, uint64_t *out);

/* Collect records for the next commit. They are encoded at once, the caller keeps its own. A later put of the
 * same id replaces. */
sg_status sg_catalog_put_environment(sg_catalog *cat, const sg_cat_environment *r);
sg_status sg_catalog_put_variant(sg_catalog *cat, const sg_cat_variant *r);
sg_status sg_catalog_put_event(sg_catalog *cat, const sg_cat_event *r);
sg_status sg_catalog_put_state(sg_catalog *cat, const sg_cat_state *r);
sg_status sg_catalog_put_edge(sg_catalog *cat, const sg_cat_edge *r);
sg_status sg_catalog_put_table(sg_catalog *cat, const sg_cat_table *r);
sg_status sg_catalog_put_search(sg_catalog *cat, const sg_cat_search *r);
sg_status sg_catalog_put_step(sg_catalog *cat, const sg_cat_step *r);
sg_status sg_catalog_put_run(sg_catalog *cat, const sg_cat_run *r);
sg_status sg_catalog_put_meta(sg_catalog *cat, const char *name, const void *bytes, size_t n);

/** Write everything put since the last commit, durably. SG_EFULL: disk or quota, nothing lost, may be called
 * again. */
sg_status sg_catalog_commit(sg_catalog *cat);
/** Commits of this process that have written something: what was put when there were k of them is stored once
 * there are more. */
uint64_t sg_catalog_commits(const sg_catalog *cat);
void sg_catalog_abort(sg_catalog *cat); /* drop what was put since the last commit */

/* Look up by id, own records first, then bases (states .. steps: own only). SG_ENOTFOUND without error text
 * cost; SG_ECORRUPT for a damaged record. Records are owned by the caller and released with the clear
 * functions. */
sg_status sg_catalog_get_environment(sg_catalog *cat, uint64_t key, sg_cat_environment *out);
sg_status sg_catalog_get_event(sg_catalog *cat, uint64_t id, sg_cat_event *out); /* counters of all united */
sg_status sg_catalog_get_state(sg_catalog *cat, uint64_t id, sg_cat_state *out);
sg_status sg_catalog_get_edge(sg_catalog *cat, uint64_t id, sg_cat_edge *out);
sg_status sg_catalog_get_table(sg_catalog *cat, uint64_t state, sg_cat_table *out);
sg_status sg_catalog_get_step(sg_catalog *cat, uint64_t step, sg_cat_step *out);
sg_status sg_catalog_get_run(sg_catalog *cat, uint64_t id, sg_cat_run *out); /* bases, too */
sg_status sg_catalog_get_meta(sg_catalog *cat, const char *name, void **bytes,
                              size_t *n); /* *bytes: free with sg_free */

/** All variants / events of one key, from the own catalog and every base; the same id in several stores is
 * united (the counters as sg_cat_event_unite does). Order: ascending id. *out is an array to be cleared one
 * by one, then sg_free. */
sg_status sg_catalog_find_variants(sg_catalog *cat, uint64_t key, sg_cat_variant **out, int *n);
sg_status sg_catalog_find_events(sg_catalog *cat, uint64_t key, sg_cat_event **out, int *n);

/** The variant `id` of `key` as this catalog alone holds it (its own attempts); SG_ENOTFOUND if only a base
 * has it. */
sg_status sg_catalog_get_own_variant(sg_catalog *cat, uint64_t key, uint64_t id, sg_cat_variant *out);
sg_status sg_catalog_get_own_event(sg_catalog *cat, uint64_t id, sg_cat_event *out);

typedef enum {
    SG_DB_ENVIRONMENTS,
    SG_DB_VARIANTS,
    SG_DB_EVENTS,
    SG_DB_STATES,
    SG_DB_EDGES,
    SG_DB_TABLES,
    SG_DB_SEARCHES,
    SG_DB_STEPS,
    SG_DB_RUNS,
    SG_DB_COUNT
} sg_catalog_db;

/** Number of own records. */
sg_status sg_catalog_count(sg_catalog *cat, sg_catalog_db db, uint64_t *out);

/** Visit own records in ascending key order; `record` points to the struct of that database, borrowed for the
 * call. Damaged ones are reported to the log and skipped. `visit` returns nonzero to stop early. Do not
 * put/commit inside. */
sg_status sg_catalog_each(sg_catalog *cat, sg_catalog_db db, int (*visit)(void *arg, const void *record),
                          void *arg);

/** The same from id `first` on (variants: from key `first` on); a reader that has seen a part goes on from
 * there. */
sg_status sg_catalog_each_from(sg_catalog *cat, sg_catalog_db db, uint64_t first,
                               int (*visit)(void *arg, const void *record), void *arg);

/** From here to the release every read of the own catalog sees the same commit, whatever a writer does.
 * Nests. Do not hold it for long while another process writes: pages that it frees are not used again
 * meanwhile. */
sg_status sg_catalog_hold(sg_catalog *cat);
void sg_catalog_release(sg_catalog *cat);

size_t sg_catalog_count_bases(const sg_catalog *cat);

typedef struct sg_catalog_health {
    uint64_t n_records, n_damaged; /* index and header included */
    uint64_t bytes, unused_bytes;  /* unused: neither in use nor free for later use */
} sg_catalog_health;

/** Look at every page and every record of the own catalog as of the last commit: structure of the file,
 * checksums, fields, keys, index. One call of `tell` for each damaged record, its text borrowed for the call.
 * @return SG_ECORRUPT: the file itself is damaged (it was not when it was opened)
 * Cost: reads the file once. */
sg_status sg_catalog_verify(sg_catalog *cat, void (*tell)(void *arg, const char *text), void *arg,
                            sg_catalog_health *out);

/** Visit the runs behind all records at hand: of the own catalog, then of each base; one that is in several
 * comes several times. */
sg_status sg_catalog_each_run(sg_catalog *cat, int (*visit)(void *arg, const void *run), void *arg);

/** Bytes on disk in use. */
sg_status sg_catalog_size(sg_catalog *cat, uint64_t *bytes);

enum { SG_CATALOG_PARTS = 16 };

typedef struct sg_catalog_part { /* one database */
    const char *name;            /* as in FORMAT.md; constant text */
    uint64_t records, bytes;     /* bytes: keys and values with their envelopes */
    uint64_t pages;              /* of its tree: what it takes on disk */
} sg_catalog_part;

typedef struct sg_catalog_usage {
    sg_catalog_part part[SG_CATALOG_PARTS];
    int n_parts;
    uint32_t page_bytes;
    uint64_t pages, pages_free; /* of the file; free: of earlier states, to be used again */
} sg_catalog_usage;

/** Where the bytes of the own file are. Cost: passes over every page once, decodes nothing. */
sg_status sg_catalog_get_usage(sg_catalog *cat, sg_catalog_usage *out);

#endif
