/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the catalog library: codec, record kinds, one LMDB environment (store), the batch of pending
 * puts.
 *
 *   sg_catalog = own store + writer's lock + batch + bases (stores, read-only)
 *   sg_store   = one LMDB environment and one parked read transaction
 *   sg_codec   = bytes <-> record, both directions by the same function
 */
#ifndef SLOWGLASS_CATALOG_INTERNAL_H
#define SLOWGLASS_CATALOG_INTERNAL_H

#include <lmdb.h>
#include <sys/types.h>

#include "slowglass/catalog.h"

/* ---- codec.c: little-endian bytes, bounds checked ---- */

/* Encoding appends to `bytes` (grown as needed), decoding consumes `in`. The first thing that goes wrong sets
 * `status` and turns every later call into nothing, so that callers check once, at the end. */
typedef struct sg_codec {
    int decoding;
    uint8_t version;  /* of the record in hand */
    sg_status status; /* SG_OK, SG_ENOMEM, SG_ECORRUPT */
    const char *why;  /* constant text when not SG_OK */
    unsigned char *bytes;
    size_t n, capacity;
    const unsigned char *in;
    size_t left;
} sg_codec;

void sg_codec_u8(sg_codec *c, uint8_t *v);
void sg_codec_u32(sg_codec *c, uint32_t *v);
void sg_codec_u64(sg_codec *c, uint64_t *v);
void sg_codec_f64(sg_codec *c, double *v);
void sg_codec_f64_fixed(sg_codec *c, double *v, size_t n);
void sg_codec_u32_fixed(sg_codec *c, uint32_t *v, size_t n);
void sg_codec_bytes_fixed(sg_codec *c, void *v, size_t n);
void sg_codec_append(sg_codec *c, const void *bytes, size_t n); /* encoding only */

/* Arrays owned by the record. Decoding proves that n elements are there before it allocates them; `*v` must
 * be NULL then. */
void sg_codec_bytes(sg_codec *c, unsigned char **v, uint64_t n);
void sg_codec_u32s(sg_codec *c, uint32_t **v, uint64_t n);
void sg_codec_u64s(sg_codec *c, uint64_t **v, uint64_t n);
void sg_codec_vectors_f32(sg_codec *c, float (**v)[3], uint64_t n);
void sg_codec_vectors_f64(sg_codec *c, double (**v)[3], uint64_t n);

/* Array for n elements of `size` bytes to be decoded, at least `bytes` of each still in the input (0: they do
 * not stand there); zeroed, NULL after a failure. */
void *sg_codec_array(sg_codec *c, uint64_t n, size_t bytes, size_t size);

/* 1 if at least n elements of `size` bytes are left; else fails the decoding. Always 1 when encoding. */
int sg_codec_has(sg_codec *c, uint64_t n, size_t size);

/* While decoding: SG_ECORRUPT with `why` unless `good`. */
void sg_codec_require(sg_codec *c, int good, const char *why);

void sg_store_be64(unsigned char out[8], uint64_t v); /* LMDB keys: big-endian, so that order is ascending */
uint64_t sg_load_be64(const unsigned char in[8]);
uint64_t sg_load_le64(const unsigned char in[8]);
uint32_t sg_load_le32(const unsigned char in[4]);
void sg_store_le64(unsigned char out[8], uint64_t v);
void sg_store_le32(unsigned char out[4], uint32_t v);

/* ---- records.c: what the records hold ---- */

enum { /* databases: those of sg_catalog_db, then these */
       SG_DB_META = SG_DB_COUNT,
       SG_DB_INDEX, /* environment -> events */
       SG_DB_ALL
};

typedef union sg_record_any { /* room for one record of any kind */
    sg_cat_environment environment;
    sg_cat_variant variant;
    sg_cat_event event;
    sg_cat_state state;
    sg_cat_edge edge;
    sg_cat_table table;
    sg_cat_search search;
    sg_cat_step step;
    sg_cat_run run;
} sg_record_any;

enum { SG_REC_META = 9, SG_REC_HEADER = 10, SG_REC_RUN = 11, SG_ENVELOPE = 16, SG_KEY_MAX = 16 };

typedef struct sg_cat_kind {
    const char *db;
    uint8_t type;
    uint8_t version;                                                  /* written; all from 1 on are read */
    size_t size;                                                      /* of the struct */
    void (*pass)(sg_codec *c, void *record);                          /* encode or decode */
    void (*clear)(void *record);                                      /* NULL: owns nothing */
    size_t (*key)(const void *record, unsigned char key[SG_KEY_MAX]); /* of LMDB */
} sg_cat_kind;

extern const sg_cat_kind sg_cat_kinds[SG_DB_COUNT];

const char *sg_cat_db_name(int db); /* of any of SG_DB_ALL */

/* Append envelope and payload of `record` to c->bytes (encoding). */
void sg_record_encode(sg_codec *c, const sg_cat_kind *kind, const void *record);

/* Begin and end an envelope around whatever is appended between. */
size_t sg_envelope_begin(sg_codec *c, uint8_t type, uint8_t version);
void sg_envelope_end(sg_codec *c, size_t begin);

/* Check the envelope and aim the codec at the payload. Versions 1 to `newest` are accepted; c->version says
 * which. */
void sg_envelope_open(sg_codec *c, uint8_t type, uint8_t newest, const void *value, size_t n);

/* Decode; on failure `record` is cleared and *why says what is wrong. */
sg_status sg_record_decode(const sg_cat_kind *kind, const void *value, size_t n, void *record,
                           const char **why);

/* ---- counters.c: who found and searched, per originating run ---- */

void sg_pass_attempts(sg_codec *c, sg_cat_variant *r); /* after all other fields */
void sg_pass_origins(sg_codec *c, sg_cat_event *r);

/* Version 1 of an event; its counters go to the run 0, to be named by the store. */
void sg_decode_event_1(sg_codec *c, sg_cat_event *r);

/* ---- header.c ---- */

sg_status sg_header_validate(const sg_catalog_header *header);
void sg_header_encode(sg_codec *c, const sg_catalog_header *header);
sg_status sg_header_decode(const void *value, size_t n, const char *path, sg_catalog_header *out);

/* ---- place.c ---- */

/* Take the writer's lock of a folder; *fd stays open as long as it is held. SG_ELOCKED names the holder. */
sg_status sg_writer_lock(const char *folder, int *fd);
void sg_writer_unlock(int fd);

/* 1 if this process has this file open already (LMDB forbids a second opening). */
int sg_file_is_open(dev_t device, ino_t inode);

/* Name of the filesystem if it is one on which LMDB must not be trusted ("NFS"), else NULL. */
const char *sg_network_filesystem(const char *folder);

/* LMDB reports a write that was cut short as EIO. Ask the disk, the quota and the process limit: 1 if `need`
 * more bytes have no place in the folder. */
int sg_out_of_room(const char *folder, size_t need);

/* folder/name, to be freed; NULL when memory is out. */
char *sg_path_join(const char *folder, const char *name);

/* ---- pages.c: LMDB's file, believed in nothing ---- */

typedef struct sg_pages_value {
    const char *db; /* name of its database, not terminated */
    size_t db_size;
    const unsigned char *key;
    size_t key_size;
    const unsigned char *value; /* [have], the first bytes of [size] */
    size_t have, size;
} sg_pages_value;

typedef sg_status (*sg_pages_visit)(void *arg, const sg_pages_value *value); /* all borrowed for the call */

typedef struct sg_pages_count {
    uint64_t pages, unused; /* unused: in no tree and not listed as free, lost room */
    size_t page_size;
    int overtaken; /* the commit is no longer one of the last two: nothing was looked at */
} sg_pages_count;

/* The two pages of roots are whole: what LMDB needs to open the file without harm. */
sg_status sg_pages_check_roots(int fd, const char *path);

/* Visit every page of one commit, SG_ECORRUPT at the first thing that is wrong. A reader (or the writer) must
 * hold that commit. Every value is shown to `visit` with its first `head` bytes at least. */
sg_status sg_pages_walk(int fd, const char *path, uint64_t commit, size_t head, sg_pages_visit visit,
                        void *arg, sg_pages_count *count);

/* ---- store.c: one LMDB environment ---- */

typedef struct sg_store {
    char *path; /* folder */
    MDB_env *env;
    MDB_txn *read; /* parked (reset) between calls */
    int depth;     /* nested uses of `read` */
    MDB_dbi dbi[SG_DB_ALL];
    int has_runs; /* 0: format 1, without that database */
    int write;
    unsigned flags;
    dev_t device; /* of data.mdb */
    ino_t inode;
    size_t map_size;
    const sg_log *log; /* borrowed, may be NULL */
    sg_catalog_header header;
    sg_cat_run old_run; /* stands for all who wrote a catalog of format 1, which names nobody */
} sg_store;

enum { SG_MAP_START = 64 << 20, SG_MAX_READERS = 1024 };

/* Text and status of an LMDB or system error code. */
sg_status sg_store_fail(const sg_store *store, int rc, const char *what);

/* Open folder `path`; store is zeroed by the caller. On failure everything is released. */
sg_status sg_store_open(sg_store *store, const char *path, int write, size_t map_size, const sg_log *log);
void sg_store_close(sg_store *store);

/* Make the file in `path` with its databases and header, complete or not at all. */
sg_status sg_store_make(const char *path, const sg_catalog_header *header);

/* To the log: network filesystem, reading without a lock. */
void sg_store_warn_place(const sg_store *store);

/* Bracket every read. Nests. The transaction in between is store->read. */
sg_status sg_store_enter(sg_store *store);
void sg_store_leave(sg_store *store);

/* Larger map; no transaction may be active. */
sg_status sg_store_grow(sg_store *store, size_t at_least);

/* Close and open LMDB again after it has declared itself unusable. */
sg_status sg_store_reopen(sg_store *store);

/* Extend the file to the last page that LMDB counts, written or not: its map must not reach beyond the end of
 * the file (SIGBUS). */
sg_status sg_store_fill_up(sg_store *store);

/* Look up and decode; SG_ENOTFOUND is silent. Between enter and leave. */
sg_status sg_store_get(sg_store *store, sg_catalog_db db, const unsigned char *key, size_t key_size,
                       void *record);

/* Decode a value found under `key`, check that it belongs there; SG_ECORRUPT names database and key. */
sg_status sg_store_decode(sg_store *store, sg_catalog_db db, const MDB_val *key, const MDB_val *value,
                          void *record);

/* Bytes of a key in hexadecimal, cut to `size`. */
void sg_key_text(const unsigned char *key, size_t n, char *text, size_t size);

/* ---- verify.c: every record of a store ---- */

/* Walk over pages and records, telling of each damaged record (text borrowed for the call); SG_ECORRUPT when
 * the pages themselves are damaged. full: checksum and fields of each record, else what a look-up depends on:
 * keys and index. */
sg_status sg_store_verify(sg_store *store, int full, void (*tell)(void *arg, const char *text), void *arg,
                          sg_catalog_health *health);

/* One value (not of the index): *why says what is wrong, NULL if it is whole. */
sg_status sg_store_check_value(sg_store *store, int db, const MDB_val *key, const MDB_val *value,
                               const char **why);

/* ---- batch.c: pending puts ---- */

typedef struct sg_put {
    int db;
    size_t key_at, key_size, value_at, value_size; /* in codec.bytes */
} sg_put;

typedef struct sg_batch {
    sg_codec codec; /* keys and values, one after the other */
    sg_put *put;
    size_t n, capacity;
} sg_batch;

void sg_batch_free(sg_batch *batch);

/* Check the envelope and the name of a meta record (not the header) and aim the codec at its bytes. */
void sg_meta_open(sg_codec *c, const void *name, size_t n_name, const void *value, size_t n);

/* ---- catalog.c ---- */

struct sg_catalog {
    sg_store own;
    int lock; /* -1: reading only */
    sg_batch batch;
    unsigned n_commits; /* tried, since it was opened */
    uint64_t n_written; /* commits that have written something */
    sg_store **base;
    size_t n_bases, base_capacity;
};

/* As sg_catalog_create, with the first size of the map: for tests of its growth. */
sg_status sg_catalog_create_sized(const char *path, const sg_catalog_header *header, size_t map_size,
                                  sg_catalog **out);

/* ---- publish.c ---- */

/* SG_EINVAL if something stands there. */
sg_status sg_name_is_free(const char *path);

/* As sg_catalog_create_hidden, with the first size of the map; PATH may exist. */
sg_status sg_catalog_create_hidden_sized(const char *path, const sg_catalog_header *header, size_t map_size,
                                         sg_catalog **out);

/* Exchange the folders of two catalogs, both open for writing, and the two handles with them: *shown stands
 * where *hidden stood before, also when the folder above could not be synced. SG_EINVAL: the folder holds
 * more than a catalog; SG_EIO: not on this filesystem. */
sg_status sg_catalog_replace(sg_catalog **shown, sg_catalog **hidden);

#endif
