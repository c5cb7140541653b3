/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Row about catalogs of many environments: made up, with records as large as those of the glass (an event of
 * 120 atoms, a variant of 59, one of each for every environment), compacted as merging leaves it. Told per
 * size: file, time to open, look-ups in random order with the file in memory, memory of the reader. */
#include "bench_internal.h"
#include "slowglass/catalog.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUPPORT = 120, SPHERE = 59, SHELL = 13, FORM = 43, BATCH = 5000, LOOKUPS = 100000, OPENINGS = 5 };
enum {
    FROM_DISK_MOST = 100000
}; /* environments; a larger file is not thrown out of the memory and read again */

typedef struct scale { /* a catalog of n environments */
    const char *name;
    uint64_t n, *key; /* [n] ascending */
    char *path;
    sg_catalog *cat;
} scale;

typedef struct memory { /* of this process, MiB */
    double resident, own;
} memory;

static int compare_keys(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static sg_status make_keys(scale *s)
{
    s->key = sg_calloc(s->n, sizeof *s->key);
    if (!s->key) return sg_fail(SG_ENOMEM, "%llu keys", (unsigned long long)s->n);
    for (uint64_t k = 0; k < s->n; k++)
        s->key[k] = sg_hash(&k, sizeof k, 1);
    qsort(s->key, s->n, sizeof *s->key, compare_keys);
    return SG_OK;
}

/* One environment, one variant, one event; their contents do not matter. */
static sg_status put_place(sg_catalog *cat, uint64_t key)
{
    unsigned char form[FORM] = {0}, number[SUPPORT];
    float x[4][SUPPORT][3] = {{{0}}};
    sg_cat_attempts attempts = {1, 5};
    sg_cat_origin origin = {.run = 1, .found = 2, .by_sampler = {2}};
    const sg_cat_environment environment = {key, SHELL, FORM, form};
    const sg_cat_variant variant = {.key = key,
                                    .id = ~key,
                                    .n_shell = SHELL,
                                    .n = SPHERE,
                                    .number = number,
                                    .x = x[0],
                                    .n_origins = 1,
                                    .origin = &attempts};
    const sg_cat_event event = {.id = sg_hash(&key, sizeof key, 2),
                                .key = key,
                                .n_shell = SHELL,
                                .n = SUPPORT,
                                .number = number,
                                .x = x[0],
                                .d_saddle = x[1],
                                .d_final = x[2],
                                .mode = x[3],
                                .barrier = 1,
                                .barrier_back = 1,
                                .prefactor = NAN,
                                .prefactor_back = NAN,
                                .residual = NAN,
                                .n_origins = 1,
                                .origin = &origin};

    memcpy(form, &key, sizeof key);
    memset(number, 29, sizeof number);
    sg_status st = sg_catalog_put_environment(cat, &environment);
    if (st == SG_OK) st = sg_catalog_put_variant(cat, &variant);
    return st == SG_OK ? sg_catalog_put_event(cat, &event) : st;
}

static sg_status fill(const bench *b, scale *s)
{
    const sg_catalog_header header = {.format = SG_CATALOG_FORMAT,
                                      .potential = "bench",
                                      .n_species = 1,
                                      .number = {29},
                                      .cutoff = {{3.4}},
                                      .variant_radius = 6};
    uint64_t before, after;
    const sg_cat_run run = {.id = 1, .program = "bench", .name = "bench"};

    sg_status st = sg_catalog_create(s->path, &header, &s->cat);
    if (st == SG_OK) st = sg_catalog_put_run(s->cat, &run);
    for (uint64_t k = 0; k < s->n && st == SG_OK; k++) {
        st = put_place(s->cat, s->key[k]);
        if (st == SG_OK && (k + 1) % BATCH == 0) {
            st = sg_catalog_commit(s->cat);
            sg_log_progress(b->opt->log, s->name, (double)k, (double)s->n, NULL);
        }
    }
    if (st == SG_OK) st = sg_catalog_commit(s->cat);
    sg_catalog_close(s->cat);
    s->cat = NULL;
    if (st == SG_OK) st = sg_catalog_compact(s->path, NULL, NULL, &before, &after);
    return st;
}

static void detail(sg_bench_result *out, const scale *s, const char *what, double value)
{
    char name[64];

    snprintf(name, sizeof name, "%s_%s", s->name, what);
    bench_detail(out, name, value);
}

static memory memory_now(void)
{
    memory m = {0, 0};
    char line[256];
    FILE *f = fopen("/proc/self/status", "r");

    while (f && fgets(line, sizeof line, f)) {
        if (strncmp(line, "VmRSS:", 6) == 0) m.resident = strtod(line + 6, NULL) / 1024;
        if (strncmp(line, "RssAnon:", 8) == 0) m.own = strtod(line + 8, NULL) / 1024;
    }
    if (f) fclose(f);
    return m;
}

/* Pages of the file that nobody needs leave the memory: the next opening reads from the disk. */
static void forget_file(const scale *s)
{
    const size_t n = strlen(s->path) + sizeof "/data.mdb";
    char *file = sg_calloc(n, 1);

    if (!file) return;
    snprintf(file, n, "%s/data.mdb", s->path);
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        close(fd);
    }
    sg_free(file);
}

/* Leaves the catalog open. */
static sg_status measure_opening(sg_bench_result *out, scale *s)
{
    double least = INFINITY;
    sg_status st = SG_OK;

    const int from_disk = s->n <= FROM_DISK_MOST;

    if (from_disk) forget_file(s);
    for (int k = 0; k <= OPENINGS && st == SG_OK; k++) {
        sg_catalog_close(s->cat);
        s->cat = NULL;
        bench_meter meter;
        bench_meter_begin(&meter);
        const double begin = bench_now_s();
        st = sg_catalog_open(s->path, 0, NULL, &s->cat);
        if (k == 0 && from_disk) detail(out, s, "open_from_disk_s", bench_now_s() - begin);
        const double cpu_s = bench_meter_end(&meter).cpu_s;
        if (k > 0) least = fmin(least, cpu_s);
    }
    detail(out, s, "open_cpu_s", least);
    return st;
}

static sg_status get_environment(const scale *s, uint64_t key)
{
    sg_cat_environment r;
    const sg_status st = sg_catalog_get_environment(s->cat, key, &r);

    if (st == SG_OK) sg_cat_environment_clear(&r);
    return st;
}

static sg_status get_events(const scale *s, uint64_t key)
{
    sg_cat_event *event = NULL;
    int n = 0;
    sg_status st = sg_catalog_find_events(s->cat, key, &event, &n);

    for (int k = 0; k < n; k++)
        sg_cat_event_clear(&event[k]);
    sg_free(event);
    return st == SG_OK && n == 0 ? SG_ENOTFOUND : st;
}

/* Look-ups per CPU second of keys in random order, the first half as a warm-up. */
static sg_status rate(const scale *s, sg_status (*get)(const scale *, uint64_t), int known, double *per_s)
{
    const sg_status expected = known ? SG_OK : SG_ENOTFOUND;
    bench_meter meter;
    sg_rng rng;

    sg_rng_init(&rng, 1, SG_RNG_TEST, 0, s->n, 0);
    bench_meter_begin(&meter);
    for (int k = 0; k < 2 * LOOKUPS; k++) {
        const uint64_t key = s->key[sg_rng_bits(&rng) % s->n];
        const sg_status st = get(s, known ? key : key + 1);
        if (st != expected) return st == SG_OK ? sg_fail(SG_EINVAL, "a key that nobody put is there") : st;
        if (k == LOOKUPS - 1) {
            bench_meter_end(&meter);
            bench_meter_begin(&meter);
        }
    }
    *per_s = LOOKUPS / bench_meter_end(&meter).cpu_s;
    return SG_OK;
}

static sg_status measure(sg_bench_result *out, scale *s, double *known_per_s)
{
    const memory before = memory_now();
    double events = 0, misses = 0;
    sg_catalog_usage use;

    sg_status st = measure_opening(out, s);
    if (st == SG_OK) st = rate(s, get_environment, 1, known_per_s);
    if (st == SG_OK) st = rate(s, get_environment, 0, &misses);
    if (st == SG_OK) st = rate(s, get_events, 1, &events);
    const memory after = memory_now();
    detail(out, s, "known_per_s", *known_per_s);
    detail(out, s, "unknown_per_s", misses);
    detail(out, s, "with_its_event_per_s", events);
    if (st == SG_OK) st = sg_catalog_get_usage(s->cat, &use);
    if (st != SG_OK) return st;
    const double page = use.page_bytes, n = (double)s->n;
    detail(out, s, "file_MiB", page * (double)use.pages / 1048576);
    detail(out, s, "bytes_per_environment",
           page * (double)use.pages / n); /* with its variant and its event */
    for (int k = 0; k < use.n_parts; k++)
        if (strcmp(use.part[k].name, "events") == 0)
            detail(out, s, "bytes_per_event", page * (double)use.part[k].pages / n);
    detail(out, s, "reader_own_MiB", after.own - before.own);
    detail(out, s, "reader_with_file_MiB", after.resident - before.resident);
    return st;
}

sg_status row_catalog_scale(bench *b, sg_bench_result *out)
{
    scale sizes[] = {{.name = "1e3", .n = 1000}, {.name = "1e5", .n = 100000}, {.name = "1e6", .n = 1000000}};
    sg_status st = SG_OK;

    for (int k = 0; k < (b->opt->long_runs ? 3 : 2) && st == SG_OK; k++) {
        scale *s = &sizes[k];
        s->path = bench_path(b, s->name);
        st = s->path ? make_keys(s) : sg_fail(SG_ENOMEM, "catalog");
        if (st == SG_OK) st = fill(b, s);
        if (st == SG_OK) st = measure(out, s, &out->value);
        sg_catalog_close(s->cat);
        if (s->path) bench_remove(s->path);
        sg_free(s->path);
        sg_free(s->key);
    }
    return st;
}
