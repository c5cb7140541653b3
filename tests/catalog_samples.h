/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records, folders and comparisons shared by the tests of the catalog. */
#ifndef SLOWGLASS_TESTS_CATALOG_SAMPLES_H
#define SLOWGLASS_TESTS_CATALOG_SAMPLES_H

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "slowglass/catalog.h"

#define assert_status(call, expected)                                                                        \
    do {                                                                                                     \
        const sg_status status_ = (call);                                                                    \
        if (status_ != (expected))                                                                           \
            fail_msg("%s: expected \"%s\", got \"%s\": %s", #call, sg_status_text(expected),                 \
                     sg_status_text(status_), sg_error_text());                                              \
    } while (0)
#define assert_ok(call) assert_status(call, SG_OK)
#define assert_text(part)                                                                                    \
    do {                                                                                                     \
        if (!strstr(sg_error_text(), (part)))                                                                \
            fail_msg("error text \"%s\" does not contain \"%s\"", sg_error_text(), (part));                  \
    } while (0)

/* ---- folders ---- */

static inline char *joined(char out[256], const char *folder, const char *name)
{
    const size_t n = strlen(folder), m = strlen(name);

    assert_true(n + m + 2 <= 256);
    memmove(out, folder, n);
    out[n] = '/';
    memcpy(out + n + 1, name, m + 1);
    return out;
}

static inline void folder_make(char path[64])
{
    /* in memory where there is such a place: hundreds of durable commits wait for a disk otherwise */
    strcpy(path, access("/dev/shm", W_OK) ? "/tmp/sg-catalog-XXXXXX" : "/dev/shm/sg-catalog-XXXXXX");
    assert_non_null(mkdtemp(path));
}

static inline void folder_empty(const char *path)
{
    char file[256];
    DIR *dir = opendir(path);
    struct dirent *entry;

    if (!dir) return;
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.') continue;
        joined(file, path, entry->d_name);
        if (unlink(file)) folder_empty(file), rmdir(file);
    }
    closedir(dir);
}

static inline void folder_remove(const char *path)
{
    folder_empty(path);
    rmdir(path);
}

static inline int folder_entries(const char *path)
{
    int n = 0;
    DIR *dir = opendir(path);
    struct dirent *entry;

    if (!dir) return -1;
    while ((entry = readdir(dir)))
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

/* ---- records ---- */

static inline sg_catalog_header sample_header(void)
{
    sg_catalog_header h = {.format = SG_CATALOG_FORMAT,
                           .key_version = 3,
                           .fingerprint = 0x0123456789abcdefull,
                           .potential = "CuZr_mm.eam.fs",
                           .n_species = 2,
                           .number = {29, 40},
                           .cutoff = {{3.3, 3.75}, {3.75, 4.2}},
                           .variant_radius = 6.0,
                           .seed = 42,
                           .program = "slowglass 0.1.0"};
    return h;
}

static inline double sample_double(sg_rng *rng)
{
    const uint64_t k = sg_rng_bits(rng) % 16;
    if (k == 0) return NAN;
    if (k == 1) return -0.0;
    if (k == 2) return INFINITY;
    if (k == 3) return 5e-324;
    return sg_rng_normal(rng) * 1e3;
}

static inline void sample_doubles(sg_rng *rng, double *v, size_t n)
{
    for (size_t k = 0; k < n; k++)
        v[k] = sample_double(rng);
}

static inline void *sample_floats(sg_rng *rng, size_t n)
{
    float(*v)[3] = sg_calloc(n, sizeof *v);
    for (size_t k = 0; k < n; k++)
        for (int a = 0; a < 3; a++)
            v[k][a] = (float)sample_double(rng);
    return v;
}

static inline unsigned char *sample_bytes(sg_rng *rng, size_t n)
{
    unsigned char *v = sg_calloc(n, 1);
    for (size_t k = 0; k < n; k++)
        v[k] = (unsigned char)sg_rng_bits(rng);
    return v;
}

static inline uint32_t sample_u32(sg_rng *rng)
{
    return (uint32_t)sg_rng_bits(rng);
}

static inline sg_cat_environment sample_environment(sg_rng *rng, uint64_t key, uint32_t size)
{
    sg_cat_environment r = {.key = key, .n_vertices = sample_u32(rng), .form_size = size};
    r.form = sample_bytes(rng, size);
    return r;
}

static inline sg_cat_variant sample_variant(sg_rng *rng, uint64_t key, uint64_t id, uint32_t n)
{
    sg_cat_variant r = {.key = key, .id = id, .n_shell = n / 2, .n = n, .n_origins = n % 4};
    r.origin = sg_calloc(r.n_origins, sizeof *r.origin);
    for (uint32_t k = 0; k < r.n_origins; k++) {
        r.origin[k] = (sg_cat_attempts){((uint64_t)k << 40) + sample_u32(rng), sample_u32(rng) % 1000};
        r.attempts += r.origin[k].attempts;
    }
    r.gamma = sample_double(rng);
    r.number = sample_bytes(rng, n);
    r.x = sample_floats(rng, n);
    return r;
}

static inline void sample_origins(sg_rng *rng, uint32_t n, sg_cat_event *r)
{
    r->n_origins = n;
    r->origin = sg_calloc(n, sizeof *r->origin);
    r->found = 0;
    r->sampler = SG_CAT_SAMPLER_UNKNOWN;
    for (uint32_t k = 0; k < n; k++) {
        sg_cat_origin *o = &r->origin[k];
        o->run = ((uint64_t)k << 40) + sample_u32(rng);
        o->first_sampler = (uint8_t)(sample_u32(rng) % SG_CAT_SAMPLERS);
        for (int s = 0; s < SG_CAT_SAMPLERS; s++)
            o->found += o->by_sampler[s] = sample_u32(rng) % 1000;
        r->found += o->found;
        if (k == 0) r->sampler = o->first_sampler;
    }
}

/* One run, one sampler. */
static inline void sample_found(sg_cat_event *r, uint64_t run, uint32_t found)
{
    r->origin = sg_realloc(r->origin, 1, sizeof *r->origin);
    r->origin[0] = (sg_cat_origin){.run = run, .found = found, .by_sampler = {found}};
    r->n_origins = 1;
    r->found = found;
    r->sampler = 0;
}

static inline void sample_attempts(sg_cat_variant *r, uint64_t run, uint32_t attempts)
{
    r->origin = sg_realloc(r->origin, 1, sizeof *r->origin);
    r->origin[0] = (sg_cat_attempts){run, attempts};
    r->n_origins = 1;
    r->attempts = attempts;
}

static inline sg_cat_run sample_run(sg_rng *rng, uint64_t id)
{
    sg_cat_run r = {.id = id,
                    .seed = sg_rng_bits(rng),
                    .gamma = sample_double(rng),
                    .temperature = sample_double(rng),
                    .samplers = sample_u32(rng),
                    .program = "slowglass 0.2.0",
                    .name = "age glass.extxyz"};
    return r;
}

static inline sg_cat_event sample_event(sg_rng *rng, uint64_t id, uint64_t key, uint32_t n)
{
    sg_cat_event r = {.id = id, .key = key, .n_shell = n / 3, .n = n};
    double *const numbers[] = {&r.barrier,       &r.barrier_back, &r.prefactor,  &r.prefactor_back,
                               &r.participation, &r.dist_saddle,  &r.dist_final, &r.saddle_force,
                               &r.curvature,     &r.residual,     &r.gamma};
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        *numbers[k] = sample_double(rng);
    sample_doubles(rng, r.strain_saddle, 6);
    sample_doubles(rng, r.strain_final, 6);
    r.number = sample_bytes(rng, n);
    r.x = sample_floats(rng, n);
    r.d_saddle = sample_floats(rng, n);
    r.d_final = sample_floats(rng, n);
    r.mode = sample_floats(rng, n);
    sample_origins(rng, n % 4, &r);
    return r;
}

static inline sg_cat_state sample_state(sg_rng *rng, uint64_t id, uint32_t n)
{
    sg_cat_state r = {.id = id,
                      .n = n,
                      .flags = sample_u32(rng),
                      .energy = sample_double(rng),
                      .f_max = sample_double(rng),
                      .gamma = sample_double(rng)};
    sample_doubles(rng, r.virial, 6);
    r.x = sg_calloc(n, sizeof *r.x);
    if (n) sample_doubles(rng, r.x[0], 3 * (size_t)n);
    return r;
}

static inline sg_cat_edge sample_edge(sg_rng *rng, uint64_t id, uint32_t n)
{
    sg_cat_edge r = {.id = id,
                     .from = sg_rng_bits(rng),
                     .to = sg_rng_bits(rng),
                     .event = sg_rng_bits(rng),
                     .n = n,
                     .centre = sample_u32(rng),
                     .centre_back = sample_u32(rng),
                     .found = sample_u32(rng)};
    double *const numbers[] = {&r.e_saddle,      &r.barrier,     &r.barrier_back,
                               &r.participation, &r.dist_saddle, &r.dist_final,
                               &r.saddle_force,  &r.curvature,   &r.curvature2};
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        *numbers[k] = sample_double(rng);
    sample_doubles(rng, r.strain_saddle, 6);
    sample_doubles(rng, r.strain_final, 6);
    r.d_saddle = sample_floats(rng, n);
    r.sampler = (uint8_t)sample_u32(rng);
    r.source = (uint8_t)sample_u32(rng);
    r.nu_status = (uint8_t)sample_u32(rng);
    r.n_free = sample_u32(rng);
    r.prefactor = sample_double(rng);
    r.prefactor_back = sample_double(rng);
    r.event_back = sg_rng_bits(rng);
    return r;
}

static inline sg_cat_table sample_table(sg_rng *rng, uint64_t state, uint32_t n_entries, uint32_t n_atoms)
{
    sg_cat_table r = {.state = state,
                      .n_entries = n_entries,
                      .n_atoms = n_atoms,
                      .n_searches = sg_rng_bits(rng),
                      .rate_missing = sample_double(rng),
                      .from_catalog = sample_u32(rng),
                      .from_inherited = sample_u32(rng),
                      .from_search = sample_u32(rng),
                      .from_detour = sample_u32(rng)};
    for (int k = 0; k < 64; k++)
        r.f1[k] = sample_u32(rng), r.f2[k] = sample_u32(rng);
    r.entry = sg_calloc(n_entries, sizeof *r.entry);
    for (uint32_t k = 0; k < n_entries; k++)
        r.entry[k] = (sg_cat_entry){sg_rng_bits(rng), (uint8_t)sample_u32(rng), (uint8_t)sample_u32(rng),
                                    sample_double(rng), sample_double(rng)};
    r.key = sg_calloc(n_atoms, sizeof *r.key);
    r.variant = sg_calloc(n_atoms, sizeof *r.variant);
    r.origin = sg_calloc(n_atoms, sizeof *r.origin);
    for (uint32_t k = 0; k < n_atoms; k++) {
        r.key[k] = sg_rng_bits(rng);
        r.variant[k] = sg_rng_bits(rng);
        r.origin[k] = sample_u32(rng);
    }
    return r;
}

static inline sg_cat_search sample_search(sg_rng *rng, uint64_t id)
{
    sg_cat_search r = {.id = id,
                       .state = sg_rng_bits(rng),
                       .edge = sg_rng_bits(rng),
                       .atom = sample_u32(rng),
                       .attempt = sample_u32(rng),
                       .sampler = (uint8_t)sample_u32(rng),
                       .outcome = (uint8_t)sample_u32(rng),
                       .barrier = sample_double(rng)};
    for (int k = 0; k < 5; k++)
        r.calls[k] = sample_u32(rng);
    return r;
}

static inline sg_cat_step sample_step(sg_rng *rng, uint64_t step)
{
    sg_cat_step r = {.step = step,
                     .state = sg_rng_bits(rng),
                     .edge = sg_rng_bits(rng),
                     .n_states = sg_rng_bits(rng),
                     .n_edges = sg_rng_bits(rng),
                     .n_searches = sg_rng_bits(rng),
                     .time = sample_double(rng),
                     .compensation = sample_double(rng),
                     .energy = sample_double(rng),
                     .tau = sample_double(rng),
                     .centre = sample_u32(rng),
                     .reverse = (uint8_t)sample_u32(rng),
                     .is_basin = (uint8_t)sample_u32(rng),
                     .barrier = sample_double(rng),
                     .dt = sample_double(rng),
                     .rate_total = sample_double(rng),
                     .rate_missing = sample_double(rng),
                     .basin_size = sample_u32(rng),
                     .n_hops = sample_double(rng)};
    return r;
}

/* ---- comparisons, bit for bit (NaN equals NaN) ---- */

#define SAME(field) assert_memory_equal(&a->field, &b->field, sizeof a->field)
#define SAME_ARRAY(field, count)                                                                             \
    do {                                                                                                     \
        if ((count) > 0) assert_memory_equal(a->field, b->field, (count) * sizeof *a->field);                \
    } while (0)

static inline void same_environment(const sg_cat_environment *a, const sg_cat_environment *b)
{
    SAME(key), SAME(n_vertices), SAME(form_size);
    SAME_ARRAY(form, a->form_size);
}

static inline void same_variant(const sg_cat_variant *a, const sg_cat_variant *b)
{
    SAME(key), SAME(id), SAME(n_shell), SAME(n), SAME(attempts), SAME(gamma);
    SAME(n_origins);
    SAME_ARRAY(number, a->n);
    SAME_ARRAY(x, a->n);
    for (uint32_t k = 0; k < a->n_origins; k++)
        SAME(origin[k].run), SAME(origin[k].attempts);
}

static inline void same_event(const sg_cat_event *a, const sg_cat_event *b)
{
    SAME(id), SAME(key), SAME(n_shell), SAME(n), SAME(barrier), SAME(barrier_back), SAME(prefactor);
    SAME(strain_saddle), SAME(strain_final), SAME(participation), SAME(dist_saddle), SAME(dist_final);
    SAME(saddle_force), SAME(curvature), SAME(gamma), SAME(prefactor_back), SAME(residual);
    SAME(found), SAME(sampler), SAME(n_origins);
    SAME_ARRAY(number, a->n);
    SAME_ARRAY(x, a->n);
    SAME_ARRAY(d_saddle, a->n);
    SAME_ARRAY(d_final, a->n);
    SAME_ARRAY(mode, a->n);
    for (uint32_t k = 0; k < a->n_origins; k++) {
        SAME(origin[k].run), SAME(origin[k].found), SAME(origin[k].first_sampler);
        SAME(origin[k].by_sampler);
    }
}

static inline void same_run(const sg_cat_run *a, const sg_cat_run *b)
{
    SAME(id), SAME(seed), SAME(gamma), SAME(temperature), SAME(samplers), SAME(program), SAME(name);
}

static inline void same_state(const sg_cat_state *a, const sg_cat_state *b)
{
    SAME(id), SAME(n), SAME(flags), SAME(energy), SAME(f_max), SAME(gamma), SAME(virial);
    SAME_ARRAY(x, a->n);
}

static inline void same_edge(const sg_cat_edge *a, const sg_cat_edge *b)
{
    SAME(id), SAME(from), SAME(to), SAME(event), SAME(e_saddle), SAME(barrier), SAME(barrier_back),
        SAME(centre);
    SAME(centre_back), SAME(n), SAME(strain_saddle), SAME(strain_final), SAME(participation),
        SAME(dist_saddle);
    SAME(dist_final), SAME(saddle_force), SAME(curvature), SAME(curvature2), SAME(found), SAME(sampler),
        SAME(source);
    SAME(nu_status), SAME(n_free), SAME(prefactor), SAME(prefactor_back), SAME(event_back);
    SAME_ARRAY(d_saddle, a->n);
}

static inline void same_table(const sg_cat_table *a, const sg_cat_table *b)
{
    SAME(state), SAME(n_entries), SAME(n_atoms), SAME(n_searches), SAME(f1), SAME(f2), SAME(rate_missing);
    SAME(from_catalog), SAME(from_inherited), SAME(from_search), SAME(from_detour);
    for (uint32_t k = 0; k < a->n_entries; k++) {
        SAME(entry[k].edge), SAME(entry[k].reverse), SAME(entry[k].kept), SAME(entry[k].barrier),
            SAME(entry[k].error);
    }
    SAME_ARRAY(key, a->n_atoms);
    SAME_ARRAY(variant, a->n_atoms);
    SAME_ARRAY(origin, a->n_atoms);
}

static inline void same_search(const sg_cat_search *a, const sg_cat_search *b)
{
    SAME(id), SAME(state), SAME(edge), SAME(atom), SAME(attempt), SAME(sampler), SAME(outcome), SAME(calls);
    SAME(barrier);
}

static inline void same_step(const sg_cat_step *a, const sg_cat_step *b)
{
    SAME(step), SAME(state), SAME(edge), SAME(n_states), SAME(n_edges), SAME(n_searches), SAME(time);
    SAME(compensation), SAME(energy), SAME(tau), SAME(centre), SAME(reverse), SAME(is_basin), SAME(barrier),
        SAME(dt);
    SAME(rate_total), SAME(rate_missing), SAME(basin_size), SAME(n_hops);
}

/* ---- a listener that counts ---- */

typedef struct heard {
    int lines;
    char last[1024];
} heard;

static inline void heard_line(void *self, sg_log_level level, const char *text)
{
    heard *h = self;
    if (level != SG_LOG_WARNING) return;
    h->lines++;
    snprintf(h->last, sizeof h->last, "%s", text);
}

#endif
