/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks over the landscape that a run has left, for `run` here and in ../detailed-balance: nothing is
 * searched, the tables are those of the run.
 *
 *   walks FOLDER SCRATCH times  N_SEEDS BASIN T_1 T_2 ..   where each walk is at these times, s
 *   walks FOLDER SCRATCH occupy N_SAMPLES BASIN EVERY      where one walk is at the multiples of EVERY, s
 *
 * BASIN: 0 or 1. FOLDER: a copy of a run's folder; SCRATCH: for the walks' own records. A walk that reaches a
 * state without a table stays there. Where it is inside of a basin at a given time is drawn from the exact
 * law: the step says that it has not left before, exp(Q t) says with which odds it is where.
 * Lines: "seed steps state state .." for each walk; "state energy count" for each state. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <slowglass/io.h>
#include <slowglass/run.h>

typedef struct landscape {
    sg_config cfg;
    sg_system *sys;
    sg_potential *pot;
    sg_run_setup setup;
    sg_catalog *cat;
    sg_explorer *ex;
} landscape;

typedef struct basin { /* states left together by the last step */
    int n;
    uint64_t *state;
    double *q; /* [n][n] rates, diagonal: less all rates out */
} basin;

static void need(sg_status st)
{
    if (st == SG_OK) return;
    fprintf(stderr, "%s\n", sg_error_text());
    exit(1);
}

static char *joined(const char *folder, const char *name)
{
    char *path = malloc(strlen(folder) + strlen(name) + 2);
    sprintf(path, "%s/%s", folder, name);
    return path;
}

static void load(const char *folder, landscape *l)
{
    const char *elements[SG_MAX_SPECIES];
    char *spec, *note, *kernel, assignment[64];

    memset(l, 0, sizeof *l);
    need(sg_config_defaults(&l->cfg));
    need(sg_config_read(joined(folder, "run.ini"), &l->cfg));
    for (int k = 0; k < l->cfg.potential.elements.n; k++)
        elements[k] = l->cfg.potential.elements.value[k];
    need(sg_io_read_structure(joined(folder, "start.extxyz"), l->cfg.potential.elements.n, elements, &l->sys,
                              &note));
    need(sg_config_potential_spec(&l->cfg, &spec));
    for (int k = 0; k < l->sys->species.n; k++)
        elements[k] = l->sys->species.symbol[k];
    need(sg_potential_create(spec, NULL, l->sys->species.n, elements, &l->pot));
    kernel = sg_config_value(&l->cfg, SG_KEY_potential_kernel);
    need(sg_potential_set_kernel(l->pot, kernel));
    need(sg_system_set_strain(l->sys, l->cfg.strain.xy));
    sprintf(assignment, "search.max_per_step=-1");
    need(sg_config_set(&l->cfg, assignment));
    need(sg_run_setup_make(&l->cfg, l->sys, l->pot, 1, NULL, &l->setup));
    need(sg_catalog_open(joined(folder, "catalog"), 1, NULL, &l->cat));
    need(sg_explorer_create(l->pot, l->sys, &l->setup.topology, l->cat, &l->setup.explore, NULL, &l->ex));
}

/* ---- where a walk is inside of a basin ---- */

static int place_of(const basin *b, uint64_t state)
{
    for (int k = 0; k < b->n; k++)
        if (b->state[k] == state) return k;
    return -1;
}

static int is_closed(const landscape *l, uint64_t state)
{
    return (sg_explorer_state(l->ex, state)->flags & SG_CAT_STATE_VISITED) &&
           sg_explorer_known_table(l->ex, state) != NULL;
}

/* By spreading over the saddles; the step says how many there must be. */
static void find_basin(const landscape *l, uint64_t from, uint32_t size, basin *b)
{
    const double low = l->setup.kmc.basin_barrier;

    b->n = 1;
    b->state = calloc(size + 1, sizeof *b->state);
    b->state[0] = from;
    for (int before = 0; before < b->n && b->n <= (int)size;) {
        before = b->n;
        for (uint64_t k = 1; k <= sg_explorer_n_edges(l->ex); k++) {
            const sg_cat_edge *e = sg_explorer_edge(l->ex, k);
            const int i = place_of(b, e->from), j = place_of(b, e->to);
            if ((i < 0) == (j < 0) || !(e->barrier < low && e->barrier_back < low)) continue;
            if (!is_closed(l, e->from) || !is_closed(l, e->to)) continue;
            b->state[b->n++] = i < 0 ? e->from : e->to;
            if (b->n > (int)size) break;
        }
    }
    if (b->n != (int)size) {
        fprintf(stderr, "the step left %u states, the saddles join %d\n", size, b->n);
        exit(1);
    }
    b->q = calloc((size_t)b->n * (size_t)b->n, sizeof *b->q);
    for (int i = 0; i < b->n; i++) {
        const sg_cat_table *t = sg_explorer_known_table(l->ex, b->state[i]);
        for (uint32_t e = 0; e < t->n_entries; e++) {
            const uint64_t to = sg_explorer_target(l->ex, &t->entry[e]);
            const int j = t->entry[e].kept ? -1 : place_of(b, to);
            const double rate = sg_explorer_rate(l->ex, b->state[i], &t->entry[e]);
            if (i == j) continue;
            b->q[i * b->n + i] -= rate;
            if (j >= 0) b->q[i * b->n + j] += rate;
        }
    }
}

static void square(int n, double *a, double *scratch)
{
    memset(scratch, 0, sizeof *a * (size_t)n * (size_t)n);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++)
            for (int j = 0; j < n; j++)
                scratch[i * n + j] += a[i * n + k] * a[k * n + j];
    memcpy(a, scratch, sizeof *a * (size_t)n * (size_t)n);
}

/* State at time t after the start in place 0, given that the basin has not been left: exp(Q t) by squaring
 * exp(Q t / 2^m), all of whose terms are positive when written in P = 1 + Q / L. */
static uint64_t inside_at(const basin *b, double t, sg_rng *rng)
{
    const int n = b->n;
    const size_t size = (size_t)n * (size_t)n;
    double *p = calloc(size, sizeof *p), *sum = calloc(size, sizeof *p), *term = calloc(size, sizeof *p);
    double *next = calloc(size, sizeof *p), fastest = 0, total = 0;
    int doublings = 0;

    for (int i = 0; i < n; i++)
        fastest = fmax(fastest, -b->q[i * n + i]);
    while (ldexp(t * fastest, -doublings) > 0.5)
        doublings++;
    const double x = ldexp(t * fastest, -doublings);
    for (size_t k = 0; k < size; k++)
        p[k] = b->q[k] / fastest;
    for (int i = 0; i < n; i++) {
        p[i * n + i] += 1;
        sum[i * n + i] = term[i * n + i] = exp(-x);
    }
    for (int m = 1; m < 20; m++) {
        memset(next, 0, size * sizeof *next);
        for (int i = 0; i < n; i++)
            for (int k = 0; k < n; k++)
                for (int j = 0; j < n; j++)
                    next[i * n + j] += term[i * n + k] * p[k * n + j] * x / m;
        for (size_t k = 0; k < size; k++)
            sum[k] += term[k] = next[k];
    }
    while (doublings-- > 0)
        square(n, sum, next);
    for (int j = 0; j < n; j++)
        total += sum[j];
    double left = sg_rng_uniform(rng) * total;
    int at = 0;
    while (at < n - 1 && left >= sum[at])
        left -= sum[at++];
    free(p);
    free(sum);
    free(term);
    free(next);
    return b->state[at];
}

/* ---- walks ---- */

typedef struct walk {
    sg_catalog *own; /* steps */
    sg_kmc *kmc;
    sg_cat_step row, before;
    int stays; /* in a state without a table */
    sg_rng rng;
} walk;

static void begin(const landscape *l, const char *scratch, uint64_t seed, int basins, walk *w)
{
    char name[64], command[4200];
    sg_kmc_options opt = l->setup.kmc;

    sprintf(name, "walk-%llu-%d", (unsigned long long)seed, basins);
    snprintf(command, sizeof command, "rm -rf '%s/%s'", scratch, name);
    if (system(command) != 0) exit(1);
    need(sg_catalog_create(joined(scratch, name), &l->setup.header, &w->own));
    opt.seed = seed;
    opt.basin = basins;
    opt.max_time = INFINITY;
    opt.commit_every = 1 << 20;
    need(sg_kmc_create(l->ex, w->own, 0, &opt, &w->kmc));
    w->row = w->before = sg_kmc_row(w->kmc);
    w->stays = 0;
    sg_rng_init(&w->rng, seed, SG_RNG_TEST, (uint64_t)basins, 0, 0);
}

static void end(walk *w)
{
    sg_kmc_free(w->kmc);
    sg_catalog_close(w->own);
}

static void step(const landscape *l, walk *w)
{
    sg_kmc_end why = SG_KMC_MOVED;

    w->before = w->row;
    w->stays = sg_explorer_known_table(l->ex, w->row.state) == NULL;
    if (!w->stays) need(sg_kmc_step(w->kmc, &w->row, &why));
    w->stays |= why != SG_KMC_MOVED;
}

/* The state at time t, the walk having been brought just past it. */
static uint64_t state_at(const landscape *l, walk *w, double t)
{
    basin b = {0};
    uint64_t state = w->before.state;

    if (w->stays || w->row.basin_size < 2) return state;
    find_basin(l, state, w->row.basin_size, &b);
    state = inside_at(&b, t - w->before.time, &w->rng);
    free(b.state);
    free(b.q);
    return state;
}

static uint64_t reach(const landscape *l, walk *w, double t)
{
    while (!w->stays && w->row.time <= t)
        step(l, w);
    return state_at(l, w, t);
}

static void times(const landscape *l, const char *scratch, int n_seeds, int basins, int n, char **text)
{
    for (int seed = 1; seed <= n_seeds; seed++) {
        walk w;
        uint64_t *state = calloc((size_t)n, sizeof *state);
        begin(l, scratch, (uint64_t)seed, basins, &w);
        for (int k = 0; k < n; k++)
            state[k] = reach(l, &w, atof(text[k]));
        printf("%d %llu", seed, (unsigned long long)w.row.step);
        for (int k = 0; k < n; k++)
            printf(" %llu", (unsigned long long)state[k]);
        printf("\n");
        end(&w);
        free(state);
    }
}

static void occupy(const landscape *l, const char *scratch, long n_samples, int basins, double every)
{
    uint64_t *count = calloc(sg_explorer_n_states(l->ex), sizeof *count);
    walk w;

    begin(l, scratch, 1, basins, &w);
    for (long k = 1; k <= n_samples; k++)
        count[reach(l, &w, (double)k * every)]++;
    for (uint64_t s = 0; s < sg_explorer_n_states(l->ex); s++)
        printf("%llu %.17g %llu\n", (unsigned long long)s, sg_explorer_state(l->ex, s)->energy,
               (unsigned long long)count[s]);
    printf("steps %llu stays %d\n", (unsigned long long)w.row.step, w.stays);
    end(&w);
    free(count);
}

int main(int argc, char **argv)
{
    landscape l;

    if (argc < 6) return 2;
    load(argv[1], &l);
    if (strcmp(argv[3], "times") == 0)
        times(&l, argv[2], atoi(argv[4]), atoi(argv[5]), argc - 6, argv + 6);
    else
        occupy(&l, argv[2], atol(argv[4]), atoi(argv[5]), argc > 6 ? atof(argv[6]) : 0);
    return 0;
}
