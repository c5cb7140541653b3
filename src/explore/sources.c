/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the entries of a rate table come from. */
#include "explore_internal.h"

#include <math.h>

const char *sg_source_text(unsigned source)
{
    static const char *const text[] = {
#define X(code, text) text,
        SG_SOURCE_LIST(X)
#undef X
    };
    return source < SG_SOURCE_COUNT ? text[source] : "?";
}

/* An edge seen from its far end was there already; so was one that this table got from its parent. */
static sg_source source_of(const sg_explorer *ex, uint64_t state, const sg_cat_entry *entry)
{
    const sg_cat_edge *e = &ex->edge[entry->edge - 1];
    if (entry->kept || entry->reverse || e->from != state || e->source >= SG_SOURCE_COUNT)
        return SG_SOURCE_INHERITED;
    return (sg_source)e->source;
}

sg_sources sg_explorer_sources(const sg_explorer *ex, uint64_t state)
{
    const sg_cat_table *t = table_at(ex, state);
    const double kt = SG_KB * ex->opt.temperature;
    sg_sources out = {{0}, {0}, 0, 0, 0};

    for (uint32_t k = 0; t && k < t->n_entries; k++) {
        const sg_cat_entry *entry = &t->entry[k];
        const double rate = sg_explorer_rate(ex, state, entry);
        if (!in_window(ex, entry->barrier)) continue;
        const sg_source source = source_of(ex, state, entry);
        out.number[source]++;
        out.rate[source] += rate;
        if (!entry->kept) continue;
        out.n_predicted++;
        out.rate_predicted += rate;
        out.rate_error += rate * expm1(entry->error / kt);
    }
    return out;
}
