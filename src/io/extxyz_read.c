/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended XYZ: a count, a line of key=value pairs, one line per atom with the columns that Properties names.
 */
#include "io_internal.h"

#include <string.h>

enum { MAX_COLUMNS = 64, MAX_GROUPS = 32 };

typedef enum role { SKIPPED, SPECIES, POSITION, ID, MOVE_MASK } role;

typedef struct group { /* adjacent columns of one property */
    role role;
    int first, count;
} group;

typedef struct header {
    io_box box;
    group groups[MAX_GROUPS];
    int n_groups, n_columns;
} header;

static sg_status read_count(sg_frames *frames, int *n, int *end);
static sg_status read_header(sg_frames *frames, header *head);
static sg_status read_key(sg_frames *frames, header *head, const char *key, char *value);
static sg_status read_properties(sg_frames *frames, header *head, char *value);
static sg_status add_group(sg_frames *frames, header *head, const char *name, const char *kind,
                           const char *count);
static sg_status read_atom(sg_frames *frames, const header *head, sg_system *sys, int i);
static sg_status read_value(sg_frames *frames, const group *g, char **token, sg_system *sys, int i);
static sg_status read_species(sg_frames *frames, const char *symbol, sg_system *sys, int i);
static sg_status read_move_mask(sg_frames *frames, const group *g, char **token, sg_system *sys, int i);

sg_status io_read_extxyz(sg_frames *frames, sg_system **out)
{
    header head = {.box.periodic = {1, 1, 1}};
    sg_system *sys = NULL;
    int n, end;
    sg_status st = read_count(frames, &n, &end);

    if (st != SG_OK || end) return st;
    st = read_header(frames, &head);
    if (st != SG_OK) return st;
    st = sg_system_create(n, &sys);
    if (st != SG_OK) return st;
    for (int i = 0; i < n; i++) {
        st = io_lines_next(&frames->lines, &end);
        if (st == SG_OK && end)
            st = io_malformed(&frames->lines, "expected %d atoms, got the end of the file after %d", n, i);
        if (st == SG_OK) st = read_atom(frames, &head, sys, i);
        if (st != SG_OK) goto done;
    }
    sys->species = frames->species;
    st = io_place(frames, &head.box, sys);
    if (st != SG_OK) goto done;
    *out = sys;
    sys = NULL;
done:
    sg_system_free(sys);
    return st;
}

static sg_status read_count(sg_frames *frames, int *n, int *end)
{
    io_lines *lines = &frames->lines;
    char *token[2];
    long long count;
    const sg_status st = io_lines_next_filled(lines, end);

    *n = 0;
    if (st != SG_OK || *end) return st;
    const int words = io_tokens(lines->text, token, 2);
    if (words != 1 || !io_integer(token[0], &count))
        return io_malformed(lines, "expected the number of atoms alone, got \"%s\"%s", token[0],
                            words > 1 ? " and more" : "");
    const sg_status fits = io_check_count(lines, count);
    if (fits == SG_OK) *n = (int)count;
    return fits;
}

static sg_status read_header(sg_frames *frames, header *head)
{
    char plain[] = "species:S:1:pos:R:3", *key, *value;
    int end, has_species = 0, has_position = 0;
    sg_status st = io_lines_next(&frames->lines, &end);

    if (st != SG_OK) return st;
    if (end)
        return io_malformed(&frames->lines, "expected a comment line with Lattice, got the end of the file");
    head->box.line = frames->lines.number;
    for (char *cursor = frames->lines.text; io_next_pair(&cursor, &key, &value);) {
        if (!value) continue;
        st = read_key(frames, head, key, value);
        if (st != SG_OK) return st;
    }
    const int *const periodic = head->box.periodic;
    if (!head->box.has_lattice && (periodic[0] || periodic[1] || periodic[2]))
        return io_malformed(&frames->lines,
                            "expected Lattice=\"9 numbers\" in the comment line, or pbc=\"F F F\" for a "
                            "free cluster, got none");
    if (head->n_groups == 0) st = read_properties(frames, head, plain);
    if (st != SG_OK) return st;
    for (int g = 0; g < head->n_groups; g++) {
        has_species += head->groups[g].role == SPECIES;
        has_position += head->groups[g].role == POSITION;
    }
    if (has_species != 1 || has_position != 1)
        return io_malformed(&frames->lines,
                            "expected Properties to hold species:S:1 and pos:R:3 once each, got %d and %d",
                            has_species, has_position);
    return SG_OK;
}

static sg_status read_key(sg_frames *frames, header *head, const char *key, char *value)
{
    io_box *box = &head->box;

    if (strcmp(key, "Properties") == 0) return read_properties(frames, head, value);
    if (strcmp(key, "Lattice") == 0) {
        box->has_lattice = 1;
        if (!io_reals(value, 9, &box->lattice[0][0]))
            return io_malformed(&frames->lines, "Lattice: expected 9 numbers, got \"%.200s\"", value);
    } else if (strcmp(key, "h0") == 0) {
        box->has_h0 = 1;
        if (!io_reals(value, 9, &box->h0[0][0]))
            return io_malformed(&frames->lines, "h0: expected 9 numbers, got \"%.200s\"", value);
    } else if (strcmp(key, "gamma") == 0) {
        if (!io_real(value, &box->gamma))
            return io_malformed(&frames->lines, "gamma: expected a number, got \"%.80s\"", value);
    } else if (strcmp(key, "pbc") == 0) {
        if (!io_flags(value, 3, box->periodic))
            return io_malformed(&frames->lines, "pbc: expected 3 of T and F, got \"%.80s\"", value);
    }
    return SG_OK;
}

/* name:kind:count:name:kind:count... */
static sg_status read_properties(sg_frames *frames, header *head, char *value)
{
    const char *part[3];
    int k = 0;

    head->n_groups = head->n_columns = 0;
    for (char *next = value; next;) {
        char *const colon = strchr(next, ':');
        part[k++] = next;
        if (colon) *colon = '\0';
        next = colon ? colon + 1 : NULL;
        if (k < 3) continue;
        const sg_status st = add_group(frames, head, part[0], part[1], part[2]);
        if (st != SG_OK) return st;
        k = 0;
    }
    return k == 0 ? SG_OK
                  : io_malformed(&frames->lines,
                                 "Properties: expected name:kind:count triples, got %d words more", k);
}

static sg_status add_group(sg_frames *frames, header *head, const char *name, const char *kind,
                           const char *count)
{
    static const struct {
        const char *name, *kinds;
        int count;
        role role;
    } known[] = {{"species", "S", 1, SPECIES},
                 {"pos", "R", 3, POSITION},
                 {"id", "I", 1, ID},
                 {"move_mask", "LI", 0, MOVE_MASK}};
    group g = {.role = SKIPPED, .first = head->n_columns};
    long long n;

    if (!io_integer(count, &n) || n < 1 || head->n_columns + n > MAX_COLUMNS || head->n_groups == MAX_GROUPS)
        return io_malformed(&frames->lines,
                            "Properties: %.40s: expected a count of columns (%d in all), got \"%.20s\"", name,
                            (int)MAX_COLUMNS, count);
    g.count = (int)n;
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        if (strcmp(name, known[k].name) != 0) continue;
        const int fits = known[k].count ? n == known[k].count : (n == 1 || n == 3);
        if (!fits || strlen(kind) != 1 || !strchr(known[k].kinds, kind[0]))
            return io_malformed(&frames->lines, "Properties: expected %s:%c:%d, got %s:%.20s:%.20s", name,
                                known[k].kinds[0], known[k].count ? known[k].count : 1, name, kind, count);
        g.role = known[k].role;
    }
    head->n_columns += g.count;
    head->groups[head->n_groups++] = g;
    return SG_OK;
}

static sg_status read_atom(sg_frames *frames, const header *head, sg_system *sys, int i)
{
    char *token[MAX_COLUMNS];
    const int n = io_tokens(frames->lines.text, token, MAX_COLUMNS);

    if (n != head->n_columns)
        return io_malformed(&frames->lines, "atom %d: expected %d columns, got %d", i + 1, head->n_columns,
                            n);
    for (int g = 0; g < head->n_groups; g++) {
        const group *const one = &head->groups[g];
        const sg_status st = read_value(frames, one, token + one->first, sys, i);
        if (st != SG_OK) return st;
    }
    return SG_OK;
}

static sg_status read_value(sg_frames *frames, const group *g, char **token, sg_system *sys, int i)
{
    long long id;

    switch (g->role) {
    case SPECIES:
        return read_species(frames, token[0], sys, i);
    case POSITION:
        for (int k = 0; k < 3; k++)
            if (!io_real(token[k], &sys->x[i][k]))
                return io_malformed(&frames->lines,
                                    "atom %d: %c is not a number: expected a finite one, got \"%.40s\"",
                                    i + 1, "xyz"[k], token[k]);
        return SG_OK;
    case ID:
        if (!io_integer(token[0], &id) || id < 1 || id > 0x7fffffff)
            return io_malformed(&frames->lines,
                                "atom %d: id: expected a positive whole number, got \"%.40s\"", i + 1,
                                token[0]);
        sys->id[i] = (int)id;
        return SG_OK;
    case MOVE_MASK:
        return read_move_mask(frames, g, token, sys, i);
    default:
        return SG_OK;
    }
}

static sg_status read_species(sg_frames *frames, const char *symbol, sg_system *sys, int i)
{
    const char *symbols[SG_MAX_SPECIES + 1];
    char have[SG_MAX_SPECIES][4];
    sg_species *const species = &frames->species;
    const int found = sg_species_find(species, symbol);

    sys->type[i] = found;
    if (found >= 0) return SG_OK;
    if (frames->species_given) {
        io_text list = {0};
        for (int k = 0; k < species->n; k++)
            io_text_add(&list, " %s", species->symbol[k]);
        const sg_status st = io_malformed(&frames->lines, "atom %d: expected an element of%s, got \"%.20s\"",
                                          i + 1, list.n ? list.data : " the list", symbol);
        io_text_clear(&list);
        return st;
    }
    const int n = species->n;
    memcpy(have, species->symbol, sizeof have); /* sg_species_init clears what it fills */
    for (int k = 0; k < n; k++)
        symbols[k] = have[k];
    symbols[n] = symbol;
    sys->type[i] = n;
    const sg_status st = sg_species_init(species, n + 1, symbols);
    return st == SG_OK
               ? st
               : sg_fail_context(SG_EPARSE, "%s:%lld", frames->lines.path, (long long)frames->lines.number);
}

static sg_status read_move_mask(sg_frames *frames, const group *g, char **token, sg_system *sys, int i)
{
    int moves[3] = {1, 1, 1};

    for (int k = 0; k < g->count; k++) {
        if (!io_flag(token[k], &moves[k]))
            return io_malformed(&frames->lines, "atom %d: move_mask: expected T, F, 1 or 0, got \"%.40s\"",
                                i + 1, token[k]);
        if (moves[k] != moves[0])
            return sg_fail(SG_EUNSUPPORTED,
                           "%s:%lld: atom %d is held along some directions only, expected all or none",
                           frames->lines.path, (long long)frames->lines.number, i + 1);
    }
    sys->n_fixed += !moves[0];
    sys->fixed[i] = (unsigned char)!moves[0];
    return SG_OK;
}
