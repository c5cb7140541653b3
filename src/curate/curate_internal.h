/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module curate. Shared by the exports: words, and GraphML piece by piece. Merging, a key at a time.
 * Looking a record up, telling a finding. */
#ifndef CURATE_INTERNAL_H
#define CURATE_INTERNAL_H

#include <stdint.h>
#include <stdio.h>

#include "slowglass/curate.h"

/* ---- graphml.c: a file is a head with the declarations of the data, nodes, edges, an end ---- */

typedef struct curate_key {  /* what nodes or edges carry */
    const char *name, *type; /* "double", "long", "boolean", "string" */
} curate_key;

void curate_graphml_begin(FILE *out, const char *comment, int directed, const curate_key *node, int n_node,
                          const curate_key *edge, int n_edge);
void curate_graphml_number(FILE *out, const char *key, double value); /* not finite: left out */
void curate_graphml_integer(FILE *out, const char *key, uint64_t value);
void curate_graphml_hex(FILE *out, const char *key, uint64_t value);
void curate_graphml_text(FILE *out, const char *key, const char *text); /* no markup in it */
void curate_graphml_end(FILE *out);

/* ---- merge_events.c ---- */

typedef struct curate_item { /* one event of one input */
    sg_cat_event event;
    int input, group; /* group: see merge_events.c */
} curate_item;

/* 1 if a < b; every number is lower than NaN. */
int curate_is_lower(double a, double b);

/* Unite the events of one key, which stand by ascending id and input, and put what stays. env->form may be
 * NULL. */
sg_status curate_unite_events(const sg_cat_environment *env, curate_item *item, size_t n, int n_inputs,
                              const sg_log *log, sg_catalog *out, size_t *n_kept, size_t *n_united);

/* ---- find.c ---- */

typedef struct curate_teller { /* whom a check tells what it finds */
    void (*tell)(void *arg, const char *text);
    void *arg;
} curate_teller;

/* One finding more: counted and told. */
void curate_tell(const curate_teller *to, uint64_t *counter, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The record of this id among n of `size` bytes that stand in ascending order of the id, a uint64_t, which
 * each of them begins with; NULL: none. */
const void *curate_find(const void *records, size_t n, size_t size, uint64_t id);

#endif
