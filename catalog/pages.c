/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages of data.mdb, read by pread() and believed in nothing: what makes it safe to let LMDB open a file.
 *
 * Idea: LMDB trusts its pages; one flipped bit in a page number, an offset or a length ends the process or
 * sends it round in circles. This walk visits every page of one commit and refuses the file at the first
 * thing that is not as LMDB writes it. Invariants it proves: each page lies in the file, belongs to one tree
 * or to the list of free pages, never to two; offsets and lengths stay inside their page; nodes fill the used
 * part of a page without gap or overlap; keys ascend, also across the separators of branches; all counts of a
 * tree are as its root states; the list of free pages goes up to the commit in hand (an older root page
 * passed off as the newest one is found by that). A flip that none of this notices is in the bytes of a
 * value, in a key, or where nobody looks: verify.c has those.
 *
 * Layout (LMDB 0.9, data version 1, words of 64 bits in the machine's order): pages 0 and 1 hold the roots of
 * the last two commits, commit t in page t % 2. A page begins with number (8 bytes), 2 bytes unused, flags
 * (2), then either end of the offsets and start of the nodes (2 + 2), or the number of pages of a large value
 * (4). Offsets of the nodes follow, 2 bytes each. A node: length or child (4), flags or upper bits of the
 * child (2), key length (2), key, value. Source: lmdb.h, the description of its file in mdb.c (data only). */
#include "catalog_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(size_t) == 8, "LMDB's pages are read as written on machines of 64 bits");

enum {
    PAGE_HEAD = 16,
    NODE_HEAD = 8,
    ROOT_BYTES = 48, /* a tree's record: in the pages 0 and 1, and as value of the main tree */
    META_BYTES = PAGE_HEAD + 136,
    KEY_MOST = 511,
    DEPTH_MOST = 32, /* of LMDB's cursors */
    TREES_MOST = 64, /* far more than a catalog has */
    PAGE_LEAST = 512,
    PAGE_MOST = 32768,
    META_TRIES = 1000, /* a writer may be between its two writes; each try reads 300 bytes */
    IS_BRANCH = 1,
    IS_LEAF = 2,
    IS_OVERFLOW = 4,
    IS_META = 8,
    NODE_FAR = 1,  /* the value lies in overflow pages */
    NODE_TREE = 2, /* the value is a tree's record */
    TREE_INTEGER_KEYS = 0x08,
    ENV_NOSUBDIR = 0x4000 /* remembered by LMDB, without meaning for us */
};
#define NO_PAGE UINT64_MAX
#define MAP_MOST (UINT64_C(1) << 46) /* address space that LMDB can ask for */

typedef struct root { /* of a tree, as stored */
    uint32_t pad;
    uint16_t flags, depth;
    uint64_t n_branch, n_leaf, n_overflow, n_entries, page;
} root;

typedef struct meta {
    uint64_t map_size, last_page, commit;
    root free, names;
} meta;

typedef struct tree {
    const char *name;
    size_t name_size;
    root told, seen;
    unsigned char last[KEY_MOST],
        bound[KEY_MOST]; /* last key of a leaf; separator that the next may not undercut */
    size_t last_size, bound_size;
    int has_last, has_bound;
} tree;

typedef struct walk {
    int fd;
    const char *path;
    size_t page_size;
    uint64_t n_pages, n_used, commit, last_free; /* last_free: largest commit in the list of free pages */
    unsigned char *used;                         /* one bit a page */
    unsigned char *stack;                        /* one page a level */
    uint16_t *place;                             /* [page_size / 2] node that begins there, + 1 */
    unsigned char *value;                        /* of overflow pages */
    size_t value_capacity, head;
    sg_pages_visit visit;
    void *arg;
    struct {
        root told;
        size_t name_size;
        char name[KEY_MOST];
    } sub[TREES_MOST];
    int n_sub;
    enum { WALK_NAMES, WALK_FREE, WALK_RECORDS } what;
} walk;

static sg_status walk_page(walk *w, tree *t, uint64_t page, int level);

/* ---- numbers in the machine's order ---- */

static uint16_t get16(const unsigned char *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint32_t get32(const unsigned char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t get64(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static root get_root(const unsigned char *p)
{
    return (root){get32(p),      get16(p + 4),  get16(p + 6),  get64(p + 8),
                  get64(p + 16), get64(p + 24), get64(p + 32), get64(p + 40)};
}

static sg_status damaged(const char *path, uint64_t page, const char *why)
{
    return sg_fail(SG_ECORRUPT, "catalog %s: data.mdb is damaged: page %llu: %s", path,
                   (unsigned long long)page, why);
}

static sg_status read_at(int fd, const char *path, uint64_t at, void *out, size_t n)
{
    for (size_t have = 0; have < n;) {
        const ssize_t got = pread(fd, (unsigned char *)out + have, n - have, (off_t)(at + have));
        if (got > 0) have += (size_t)got;
        if (got == 0)
            return sg_fail(SG_ECORRUPT,
                           "catalog %s: data.mdb is cut short: expected at least %llu bytes, got %llu", path,
                           (unsigned long long)(at + n), (unsigned long long)(at + have));
        if (got < 0 && errno != EINTR) return sg_fail(SG_EIO, "catalog %s: read: %s", path, strerror(errno));
    }
    return SG_OK;
}

/* ---- the two pages of roots ---- */

static int is_meta(const unsigned char *page)
{
    return (get16(page + 10) & IS_META) && get32(page + PAGE_HEAD) == 0xBEEFC0DE &&
           get32(page + PAGE_HEAD + 4) == 1;
}

static const char *check_root(const root *r, uint64_t last_page)
{
    if (r->page == NO_PAGE)
        return r->depth || r->n_branch || r->n_leaf || r->n_overflow || r->n_entries
                   ? "an empty tree has counts"
                   : NULL;
    if (r->page < 2 || r->page > last_page) return "root of a tree out of range";
    return r->depth < 1 || r->depth > DEPTH_MOST ? "depth of a tree out of range" : NULL;
}

/* What must hold for both: which commit, and that it is one. A crash may have torn the rest of the older one.
 */
static const char *parse_meta(const unsigned char *page, uint64_t index, size_t page_size, meta *out)
{
    const unsigned char *p = page + PAGE_HEAD;

    if (!is_meta(page)) return "magic number or version of LMDB missing";
    *out = (meta){get64(p + 16), get64(p + 120), get64(p + 128), get_root(p + 24), get_root(p + 72)};
    if (get64(page) != index || get16(page + 10) != IS_META) return "not a page of roots";
    if (out->free.pad != page_size) return "states another page size";
    if ((out->free.flags & ~ENV_NOSUBDIR) != TREE_INTEGER_KEYS) return "unknown flags";
    return out->commit % 2 != index && out->commit != 0 ? "commit of the other page of roots" : NULL;
}

/* What must hold for the one that is used. */
static const char *check_meta(const meta *m, size_t page_size)
{
    const char *why;

    if (m->names.flags) return "unknown flags";
    if (m->last_page < 1 || m->last_page > MAP_MOST / page_size) return "number of pages out of range";
    if (m->map_size < (m->last_page + 1) * page_size || m->map_size > MAP_MOST)
        return "size of the map out of range";
    if ((why = check_root(&m->free, m->last_page)) != NULL) return why;
    return check_root(&m->names, m->last_page);
}

/* Both pages as they were at one moment: read until nothing changes between two readings. */
static sg_status read_metas(int fd, const char *path, unsigned char page[2][META_BYTES], size_t *page_size)
{
    unsigned char again[2][META_BYTES];
    sg_status st = read_at(fd, path, 0, page[0], META_BYTES);

    if (st != SG_OK) return st;
    *page_size = get32(page[0] + PAGE_HEAD + 24);
    if (!is_meta(page[0])) { /* perhaps page 1 is one: then this was a catalog */
        const size_t usual = (size_t)sysconf(_SC_PAGESIZE);
        st = read_at(fd, path, usual, page[1], META_BYTES);
        if (st == SG_OK && is_meta(page[1]))
            return damaged(path, 0, "magic number or version of LMDB missing");
        return sg_fail(SG_EMISMATCH, "catalog %s: expected an LMDB file of data version 1, got another file",
                       path);
    }
    if (*page_size < PAGE_LEAST || *page_size > PAGE_MOST || (*page_size & (*page_size - 1)))
        return damaged(path, 0, "page size out of range");
    if ((st = read_at(fd, path, *page_size, page[1], META_BYTES)) != SG_OK) return st;
    for (int k = 0; k < META_TRIES; k++) {
        for (int m = 0; m < 2 && st == SG_OK; m++)
            st = read_at(fd, path, (uint64_t)m * *page_size, again[m], META_BYTES);
        if (st != SG_OK || memcmp(again, page, sizeof again) == 0) return st;
        memcpy(page, again, sizeof again);
    }
    return sg_fail(SG_ELOCKED, "catalog %s: its roots change faster than they can be read", path);
}

static sg_status get_metas(int fd, const char *path, meta out[2], size_t *page_size)
{
    unsigned char page[2][META_BYTES];
    sg_status st = read_metas(fd, path, page, page_size);

    for (uint64_t m = 0; m < 2 && st == SG_OK; m++) {
        const char *why = parse_meta(page[m], m, *page_size, &out[m]);
        if (why) st = damaged(path, m, why);
    }
    if (st != SG_OK) return st;
    const uint64_t a = out[0].commit, b = out[1].commit;
    if (a + 1 != b && b + 1 != a && (a || b))
        st = sg_fail(
            SG_ECORRUPT,
            "catalog %s: data.mdb is damaged: its two pages of roots are of the commits %llu and %llu, "
            "expected neighbours",
            path, (unsigned long long)a, (unsigned long long)b);
    return st;
}

sg_status sg_pages_check_roots(int fd, const char *path)
{
    meta both[2];
    size_t page_size = 0;
    const sg_status st = get_metas(fd, path, both, &page_size);

    if (st != SG_OK) return st;
    const uint64_t newest = both[0].commit < both[1].commit; /* as LMDB chooses */
    const char *why = check_meta(&both[newest], page_size);
    return why ? damaged(path, newest, why) : SG_OK;
}

/* ---- pages ---- */

/* Pages page .. page + n - 1 belong to what is in hand, and to nothing else. */
static const char *claim(walk *w, uint64_t page, uint64_t n)
{
    if (page < 2 || page >= w->n_pages || n > w->n_pages - page) return "out of range";
    for (uint64_t k = page; k < page + n; k++) {
        unsigned char *byte = &w->used[k / 8], bit = (unsigned char)(1u << k % 8);
        if (*byte & bit) return "belongs to two owners";
        *byte |= bit;
    }
    w->n_used += n;
    return NULL;
}

/* LMDB's order of keys: bytes, the shorter first; numbers in the list of free pages. */
static int compare(const walk *w, const unsigned char *a, size_t na, const unsigned char *b, size_t nb)
{
    if (w->what == WALK_FREE) {
        const uint64_t x = get64(a), y = get64(b);
        return (x > y) - (x < y);
    }
    const int diff = memcmp(a, b, na < nb ? na : nb);
    return diff ? diff : (na > nb) - (na < nb);
}

static void keep(unsigned char *to, size_t *to_size, int *has, const unsigned char *key, size_t n)
{
    memcpy(to, key, n);
    *to_size = n;
    *has = 1;
}

static const char *key_in_order(const walk *w, tree *t, const unsigned char *key, size_t n)
{
    if (t->has_last && compare(w, t->last, t->last_size, key, n) >= 0) return "keys do not ascend";
    if (t->has_bound && compare(w, key, n, t->bound, t->bound_size) < 0)
        return "a key lies below its branch's separator";
    t->has_bound = 0;
    keep(t->last, &t->last_size, &t->has_last, key, n);
    return NULL;
}

/* A value of the list of free pages: their number, then the pages, descending. */
static const char *free_pages(walk *w, const unsigned char *key, const unsigned char *value, size_t n)
{
    const uint64_t commit = get64(key), count = n < 8 ? 0 : get64(value);

    if (n < 8 || n % 8) return "list of free pages of a broken length";
    if (commit > w->commit) return "list of free pages of a commit yet to come";
    w->last_free = commit;
    if (count > n / 8 - 1) return "list of free pages longer than its value";
    if (count && count < n / 8 - 1) return "list of free pages shorter than its value";
    for (size_t k = 1; k < n / 8; k++) {
        const uint64_t page = get64(value + 8 * k);
        if (count == 0 && page) return "list of free pages without its length";
        if (count == 0) continue;
        if (k > 1 && page >= get64(value + 8 * (k - 1))) return "free pages do not descend";
        const char *why = claim(w, page, 1);
        if (why) return why[0] == 'o' ? "a free page is out of range" : "a free page is in use";
    }
    return NULL;
}

static const char *name_tree(walk *w, const unsigned char *key, size_t n_key, const unsigned char *value,
                             size_t n)
{
    if (n != ROOT_BYTES) return "record of a tree of a wrong length";
    if (w->n_sub == TREES_MOST) return "too many trees";
    const root told = get_root(value);
    const char *why = check_root(&told, w->n_pages - 1);
    if (why) return why;
    if (told.flags) return "a tree has unknown flags";
    memcpy(w->sub[w->n_sub].name, key, n_key);
    w->sub[w->n_sub].name_size = n_key;
    w->sub[w->n_sub++].told = told;
    return NULL;
}

/* The first `want` of `size` bytes, from overflow pages whose number lies in the node. */
static sg_status read_far(walk *w, tree *t, uint64_t at, const unsigned char *node_value, size_t size,
                          size_t want)
{
    const uint64_t page = get64(node_value);
    const size_t bytes = PAGE_HEAD + want;

    if (page < 2 || page >= w->n_pages) return damaged(w->path, at, "a value's pages are out of range");
    if (size / w->page_size > w->n_pages) return damaged(w->path, at, "a value is longer than the file");
    if (bytes > w->value_capacity && sg_grow((void **)&w->value, &w->value_capacity, bytes, 1))
        return sg_fail(SG_ENOMEM, "a value of the catalog");
    const sg_status st = read_at(w->fd, w->path, page * w->page_size, w->value, bytes);
    if (st != SG_OK) return st;
    const uint64_t n = get32(w->value + 12);
    if (get64(w->value) != page || get16(w->value + 10) != IS_OVERFLOW)
        return damaged(w->path, page, "expected a large value, got another page");
    if (n < (PAGE_HEAD - 1 + size) / w->page_size + 1)
        return damaged(w->path, page, "shorter than its value");
    t->seen.n_overflow += n;
    const char *why = claim(w, page, n);
    return why ? damaged(w->path, page, why) : SG_OK;
}

static sg_status leaf_node(walk *w, tree *t, uint64_t page, const unsigned char *node)
{
    const size_t n_key = get16(node + 6), size = get32(node);
    const unsigned flags = get16(node + 4);
    const unsigned char *key = node + NODE_HEAD, *value = key + n_key;
    const char *why = NULL;
    size_t have = size;
    sg_status st;

    if (n_key < 1 || n_key > KEY_MOST || (w->what == WALK_FREE && n_key != 8))
        return damaged(w->path, page, "length of a key out of range");
    if (w->what == WALK_NAMES && flags != NODE_TREE) /* so it is in most other files of LMDB */
        return sg_fail(
            SG_EMISMATCH,
            "%s: not a slowglass catalog, or damaged: data.mdb has a record outside of any database",
            w->path);
    if (w->what != WALK_NAMES && (flags & ~(unsigned)NODE_FAR))
        return damaged(w->path, page, "a node has unknown flags");
    if ((why = key_in_order(w, t, key, n_key)) != NULL) return damaged(w->path, page, why);
    t->seen.n_entries++;
    if (flags & NODE_FAR) {
        if (w->what == WALK_RECORDS && have > w->head) have = w->head;
        if ((st = read_far(w, t, page, value, size, have)) != SG_OK) return st;
        value = w->value + PAGE_HEAD;
    }
    if (w->what == WALK_NAMES) why = name_tree(w, key, n_key, value, size);
    if (w->what == WALK_FREE) why = free_pages(w, key, value, size);
    if (why) return damaged(w->path, page, why);
    if (w->what != WALK_RECORDS || !w->visit) return SG_OK;
    return w->visit(w->arg, &(sg_pages_value){t->name, t->name_size, key, n_key, value, have, size});
}

static sg_status branch_node(walk *w, tree *t, uint64_t page, const unsigned char *node, int first, int level)
{
    const size_t n_key = get16(node + 6);
    const uint64_t child = get32(node) | (uint64_t)get16(node + 4) << 32;
    const unsigned char *key = node + NODE_HEAD;

    if (n_key > KEY_MOST || (!first && w->what == WALK_FREE && n_key != 8))
        return damaged(w->path, page, "length of a key out of range");
    if (!first) { /* the key of the first child is not used */
        if (t->has_last && compare(w, t->last, t->last_size, key, n_key) >= 0)
            return damaged(w->path, page, "a key lies above its branch's separator");
        keep(t->bound, &t->bound_size, &t->has_bound, key, n_key);
    }
    return walk_page(w, t, child, level + 1);
}

/* Bytes that a node takes in its page; 0: more than there are. */
static size_t node_bytes(const unsigned char *p, size_t at, size_t page_size, int leaf)
{
    if (at + NODE_HEAD > page_size) return 0;
    uint64_t n = NODE_HEAD + (uint64_t)get16(p + at + 6);
    if (leaf) n += get16(p + at + 4) & NODE_FAR ? 8 : get32(p + at);
    n += n & 1;
    return n > page_size - at ? 0 : (size_t)n;
}

/* The offsets lead to nodes that fill the page from `upper` to its end, one after the other. */
static const char *check_nodes(walk *w, const unsigned char *p, size_t n, size_t upper, int leaf)
{
    size_t at = upper;

    memset(w->place + upper / 2, 0, (w->page_size - upper) / 2 * sizeof *w->place);
    for (size_t k = 0; k < n; k++) {
        const size_t offset = get16(p + PAGE_HEAD + 2 * k);
        if (offset < upper || offset >= w->page_size || offset % 2) return "offset of a node out of range";
        if (w->place[offset / 2]) return "two nodes at one place";
        w->place[offset / 2] = 1;
    }
    for (size_t k = 0; k < n; k++) {
        if (at >= w->page_size || !w->place[at / 2]) return "nodes do not follow one another";
        const size_t bytes = node_bytes(p, at, w->page_size, leaf);
        if (!bytes) return "a node is longer than its page";
        at += bytes;
    }
    return at == w->page_size ? NULL : "nodes do not fill their page";
}

static const char *check_page(walk *w, const unsigned char *p, uint64_t page, int leaf, size_t *n)
{
    const size_t lower = get16(p + 12), upper = get16(p + 14);

    *n = 0;
    if (get64(p) != page) return "carries another number";
    if (get16(p + 10) != (leaf ? IS_LEAF : IS_BRANCH)) return leaf ? "expected a leaf" : "expected a branch";
    if (lower < PAGE_HEAD || lower > upper || upper > w->page_size || lower % 2 || upper % 2)
        return "bounds of its nodes out of range";
    *n = (lower - PAGE_HEAD) / 2;
    if (*n < (leaf ? 1 : 2)) return "too few nodes";
    return check_nodes(w, p, *n, upper, leaf);
}

static sg_status walk_page(walk *w, tree *t, uint64_t page, int level)
{
    unsigned char *p = w->stack + (size_t)level * w->page_size;
    const int leaf = level + 1 == t->told.depth;
    size_t n = 0;

    const char *why = claim(w, page, 1);
    if (why) return damaged(w->path, page, why);
    sg_status st = read_at(w->fd, w->path, page * w->page_size, p, w->page_size);
    if (st != SG_OK) return st;
    if ((why = check_page(w, p, page, leaf, &n)) != NULL) return damaged(w->path, page, why);
    if (leaf)
        t->seen.n_leaf++;
    else
        t->seen.n_branch++;
    for (size_t k = 0; k < n && st == SG_OK; k++) {
        const unsigned char *node = p + get16(p + PAGE_HEAD + 2 * k);
        st = leaf ? leaf_node(w, t, page, node) : branch_node(w, t, page, node, k == 0, level);
    }
    return st;
}

static sg_status walk_tree(walk *w, const char *name, size_t name_size, const root *told)
{
    tree t = {.name = name, .name_size = name_size, .told = *told};
    const root *seen = &t.seen;

    if (told->page == NO_PAGE) return SG_OK;
    const sg_status st = walk_page(w, &t, told->page, 0);
    if (st != SG_OK) return st;
    if (seen->n_branch == told->n_branch && seen->n_leaf == told->n_leaf &&
        seen->n_overflow == told->n_overflow && seen->n_entries == told->n_entries)
        return SG_OK;
    return sg_fail(
        SG_ECORRUPT,
        "catalog %s: data.mdb is damaged: tree \"%.*s\" should have %llu records in %llu+%llu+%llu "
        "pages, has %llu in %llu+%llu+%llu",
        w->path, (int)name_size, name, (unsigned long long)told->n_entries,
        (unsigned long long)told->n_branch, (unsigned long long)told->n_leaf,
        (unsigned long long)told->n_overflow, (unsigned long long)seen->n_entries,
        (unsigned long long)seen->n_branch, (unsigned long long)seen->n_leaf,
        (unsigned long long)seen->n_overflow);
}

static sg_status walk_all(walk *w, const meta *m)
{
    w->what = WALK_NAMES;
    sg_status st = walk_tree(w, "names", 5, &m->names);
    w->what = WALK_RECORDS;
    for (int k = 0; k < w->n_sub && st == SG_OK; k++)
        st = walk_tree(w, w->sub[k].name, w->sub[k].name_size, &w->sub[k].told);
    w->what = WALK_FREE;
    if (st == SG_OK) st = walk_tree(w, "free pages", 10, &m->free);
    if (st == SG_OK && m->free.page != NO_PAGE && w->last_free != w->commit)
        st = sg_fail(
            SG_ECORRUPT,
            "catalog %s: data.mdb is damaged: roots of commit %llu, list of free pages of commit %llu",
            w->path, (unsigned long long)w->commit, (unsigned long long)w->last_free);
    return st;
}

sg_status sg_pages_walk(int fd, const char *path, uint64_t commit, size_t head, sg_pages_visit visit,
                        void *arg, sg_pages_count *count)
{
    meta both[2];
    size_t page_size = 0;
    walk *w = NULL;
    sg_status st = get_metas(fd, path, both, &page_size);

    *count = (sg_pages_count){0};
    if (st != SG_OK) return st;
    const meta *m = both[0].commit == commit ? &both[0] : &both[1];
    if (m->commit != commit) {
        count->overtaken = 1;
        return SG_OK;
    }
    const char *why = check_meta(m, page_size);
    if (why) return damaged(path, (uint64_t)(m - both), why);
    if (!(w = sg_calloc(1, sizeof *w))) return sg_fail(SG_ENOMEM, "check of catalog %s", path);
    *w = (walk){.fd = fd,
                .path = path,
                .page_size = page_size,
                .commit = commit,
                .head = head,
                .visit = visit,
                .arg = arg};
    w->n_pages = m->last_page + 1;
    w->n_used = 2;
    w->used = sg_calloc((size_t)(w->n_pages / 8 + 1), 1);
    w->stack = sg_calloc(DEPTH_MOST, page_size);
    w->place = sg_calloc(page_size / 2 + 1, sizeof *w->place);
    if (!w->used || !w->stack || !w->place)
        st = sg_fail(SG_ENOMEM, "check of catalog %s", path);
    else
        st = walk_all(w, m);
    *count = (sg_pages_count){.pages = w->n_pages, .unused = w->n_pages - w->n_used, .page_size = page_size};
    sg_free(w->used);
    sg_free(w->stack);
    sg_free(w->place);
    sg_free(w->value);
    sg_free(w);
    return st;
}
