/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows about recognising surroundings: keys, and looking them up in a catalog of the glass's own. */
#include "bench_internal.h"
#include "slowglass/catalog.h"
#include "slowglass/topology.h"

#include <math.h>
#include <string.h>

enum { KEY_ROUNDS = 5, SUPPORT = 32, VARIANTS = 8, LOOKUPS = 200000, ATOMS_PROBED = 500 };

typedef struct keyed { /* the glass, its bonds and keys, a catalog with one event for each key */
    sg_system *sys;
    sg_topology_params params;
    sg_keys *keys;
    sg_catalog *cat;
    char *path;
} keyed;

static void keyed_clear(keyed *k)
{
    sg_catalog_close(k->cat);
    if (k->path) bench_remove(k->path);
    sg_free(k->path);
    sg_keys_free(k->keys);
    sg_system_free(k->sys);
}

static sg_status keyed_init(bench *b, sg_bench_result *out, keyed *k)
{
    sg_status st = sample_glass(b, out, &k->sys);

    if (st != SG_OK || !k->sys) return st;
    if ((st = sg_topology_cutoffs(k->sys, &k->params)) != SG_OK) return st;
    return sg_keys_create(k->sys, &k->params, &k->keys);
}

sg_status row_key(bench *b, sg_bench_result *out)
{
    keyed k = {.sys = NULL};
    double least = INFINITY;
    sg_status st = keyed_init(b, out, &k);

    if (st != SG_OK || !k.sys) goto done;
    for (int round = 0; round < KEY_ROUNDS && st == SG_OK; round++) {
        bench_meter meter;
        sg_keys_free(k.keys);
        k.keys = NULL;
        bench_meter_begin(&meter);
        st = sg_keys_create(k.sys, &k.params, &k.keys);
        least = fmin(least, bench_meter_end(&meter).cpu_s);
    }
    out->value = 1e6 * least / k.sys->n;
done:
    keyed_clear(&k);
    return st;
}

/* One event of the usual size at this key; its numbers do not matter. */
static sg_status put_event(sg_catalog *cat, const sg_environment *env)
{
    unsigned char number[SUPPORT];
    float x[4][SUPPORT][3] = {{{0}}};
    sg_cat_origin origin = {.run = 1, .found = 1, .by_sampler = {1}};
    sg_cat_event event = {.id = env->key ^ 1,
                          .key = env->key,
                          .n_shell = 1,
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
                          .n_origins = 1,
                          .origin = &origin};

    memset(number, env->number[0], sizeof number);
    return sg_catalog_put_event(cat, &event);
}

static sg_status fill_catalog(bench *b, keyed *k)
{
    sg_catalog_header h = {.format = SG_CATALOG_FORMAT,
                           .key_version = SG_TOPOLOGY_KEY_VERSION,
                           .potential = "bench",
                           .n_species = k->sys->species.n,
                           .variant_radius = 6};
    const int *const number = k->sys->species.number;
    int order[SG_MAX_SPECIES] = {0}; /* by atomic number */
    sg_environment env;

    for (int a = 0; a < h.n_species; a++) {
        int to = a;
        for (; to > 0 && number[order[to - 1]] > number[a]; to--)
            order[to] = order[to - 1];
        order[to] = a;
    }
    for (int a = 0; a < h.n_species; a++) {
        h.number[a] = number[order[a]];
        for (int c = 0; c < h.n_species; c++)
            h.cutoff[a][c] = k->params.cutoff[order[a]][order[c]];
    }
    if (!(k->path = bench_path(b, "lookup.cat"))) return sg_fail(SG_ENOMEM, "catalog");
    sg_status st = sg_catalog_create(k->path, &h, &k->cat);
    for (int i = 0; i < k->sys->n && st == SG_OK; i++) {
        st = sg_topology_environment(k->sys, &k->params, k->keys->bonds, i, &env);
        const sg_cat_environment record = {env.key, (uint32_t)env.n, (uint32_t)env.form_size, env.form};
        if (st == SG_OK) st = sg_catalog_put_environment(k->cat, &record);
        if (st == SG_OK) st = put_event(k->cat, &env);
    }
    return st == SG_OK ? sg_catalog_commit(k->cat) : st;
}

static sg_status find(sg_catalog *cat, uint64_t key, int64_t *found)
{
    sg_cat_event *event = NULL;
    int n = 0;
    const sg_status st = sg_catalog_find_events(cat, key, &event, &n);

    for (int k = 0; k < n; k++)
        sg_cat_event_clear(&event[k]);
    sg_free(event);
    *found += n;
    return st;
}

sg_status row_lookup(bench *b, sg_bench_result *out)
{
    keyed k = {.sys = NULL};
    int64_t found = 0;
    bench_meter meter;
    sg_status st = keyed_init(b, out, &k);

    if (st == SG_OK && k.sys) st = fill_catalog(b, &k);
    if (st != SG_OK || !k.sys) goto done;
    for (int i = 0; i < k.sys->n && st == SG_OK; i++) /* warm */
        st = find(k.cat, k.keys->key[i], &found);
    bench_meter_begin(&meter);
    for (int i = 0; i < LOOKUPS && st == SG_OK; i++) {
        sg_cat_environment record;
        st = sg_catalog_get_environment(k.cat, k.keys->key[i % k.sys->n], &record);
        sg_cat_environment_clear(&record);
    }
    out->value = LOOKUPS / bench_meter_end(&meter).cpu_s;
    found = 0;
    bench_meter_begin(&meter);
    for (int i = 0; i < LOOKUPS && st == SG_OK; i++)
        st = find(k.cat, k.keys->key[i % k.sys->n], &found);
    bench_detail(out, "with_its_event_per_s", LOOKUPS / bench_meter_end(&meter).cpu_s);
    bench_detail(out, "events_per_key", (double)found / LOOKUPS);
done:
    keyed_clear(&k);
    return st;
}

sg_status row_lookup_variants(bench *b, sg_bench_result *out)
{
    keyed k = {.sys = NULL};
    sg_environment *const env = sg_calloc(VARIANTS + 1, sizeof *env);
    int64_t found = 0, probed = 0;
    bench_meter meter;
    sg_status st = env ? keyed_init(b, out, &k) : sg_fail(SG_ENOMEM, "environments");

    if (st == SG_OK && k.sys) st = fill_catalog(b, &k);
    if (st != SG_OK || !k.sys) goto done;
    bench_meter_begin(&meter);
    for (int i = 0; i < ATOMS_PROBED && st == SG_OK; i++) {
        int n = 0;
        st = sg_topology_marginal(k.sys, &k.params, k.keys->bonds, i % k.sys->n, SG_TOPOLOGY_MARGIN,
                                  VARIANTS + 1, env, &n);
        for (int v = 0; v < n && st == SG_OK; v++)
            st = find(k.cat, env[v].key, &found);
        probed += n;
    }
    /* an atom has three marginal pairs on average: told per VARIANTS + 1 keys, whoever they belong to */
    out->value = (double)probed / (VARIANTS + 1) / bench_meter_end(&meter).cpu_s;
    bench_detail(out, "keys_probed_per_atom", (double)probed / ATOMS_PROBED);
    bench_detail(out, "events_found_per_atom", (double)found / ATOMS_PROBED);
done:
    keyed_clear(&k);
    sg_free(env);
    return st;
}
