/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the exports: words, and GraphML piece by piece. */
#ifndef CURATE_INTERNAL_H
#define CURATE_INTERNAL_H

#include <stdio.h>

#include "slowglass/curate.h"

const char *curate_symbol(int number); /* "?" when there is no such element */

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

#endif
