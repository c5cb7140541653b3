/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass landscape prefactors: of the events of a run, by one set of vibrating atoms or several. */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "cli_catalog.h"
#include "slowglass/io.h"

enum { MAX_SIZES = 16 };

typedef struct report {
    cli *c;
    uint64_t n, n_done; /* of the last size */
    int last_size;
    double sum, sum2;
} report;

static sg_status print_line(void *arg, const sg_cat_edge *e, int size, const sg_prefactor *v)
{
    report *r = arg;
    const double ln_nu = log(v->nu);

    printf("%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%.6f\t%.6f\t%d\t%s\t%.9g\t%.9g\t%.9g\n", e->id, e->from,
           e->to, e->barrier, e->barrier_back, v->n_free, sg_nu_text((int)v->status), v->nu, v->nu_back,
           v->unstable);
    if (size != r->last_size) return SG_OK;
    r->n++;
    if (v->status != SG_NU_DONE) return SG_OK;
    r->n_done++;
    r->sum += ln_nu;
    r->sum2 += ln_nu * ln_nu;
    return SG_OK;
}

static sg_status parse_sizes(const cli *c, int size[MAX_SIZES], int *n)
{
    const char *at = cli_value(c, "atoms");

    *n = 0;
    if (!at) {
        size[(*n)++] = (int)c->cfg.kmc.prefactor_atoms;
        return SG_OK;
    }
    for (; *n < MAX_SIZES; at++) {
        char *end;
        const long value = strtol(at, &end, 10);
        if (end == at || value < 0 || value > INT_MAX || (*end && *end != ','))
            return sg_fail(SG_EINVAL, "--atoms %s, need whole numbers >= 0, such as 50,100,200,0",
                           cli_value(c, "atoms"));
        size[(*n)++] = (int)value;
        at = end;
        if (!*end) return SG_OK;
    }
    return sg_fail(SG_EINVAL, "--atoms: at most %d", MAX_SIZES);
}

static sg_status compute(cli *c, sg_catalog *cat, const sg_system *like, const sg_potential *pot)
{
    int size[MAX_SIZES];
    int64_t edge = 0;
    sg_curate_vibrations what = {0, size, 0, 0};
    report r = {.c = c};
    sg_status st = parse_sizes(c, size, &what.n_sizes);

    if (st == SG_OK) st = cli_whole(c, "edge", 1, INT64_MAX, &edge);
    if (st == SG_OK) st = cli_number(c, "barrier", 0.0, HUGE_VAL, &what.barrier_max);
    if (st != SG_OK) return st;
    what.edge = (uint64_t)edge;
    r.last_size = size[what.n_sizes - 1];
    printf("edge\tfrom\tto\tbarrier_eV\tbarrier_back_eV\tn_free\tstatus\tprefactor_per_s\t"
           "prefactor_back_per_s\tunstable_per_s\n");
    st = sg_curate_prefactors(cat, pot, like, &what, print_line, &r);
    if (st != SG_OK) return st;
    const double n = (double)r.n_done, mean = r.sum / n;
    sg_json_integer(c->result, "n_events", (int64_t)r.n);
    sg_json_integer(c->result, "n_done", (int64_t)r.n_done);
    sg_json_number(c->result, "mean_ln_nu_s", n > 0 ? mean : NAN);
    sg_json_number(c->result, "spread_ln_nu_s",
                   n > 1 ? sqrt(fmax(r.sum2 - n * mean * mean, 0) / (n - 1)) : NAN);
    return SG_OK;
}

sg_status cli_landscape_model(cli *c, sg_catalog *cat, sg_system **like, sg_potential **pot)
{
    const char *const *elements;
    int n;
    sg_status st;

    cli_element_list(c, &n, &elements);
    if (!*c->cfg.system.structure)
        return sg_fail(SG_EINVAL, "no run.ini beside this catalog: name the run file with --config");
    st = sg_io_read_structure(c->cfg.system.structure, n, elements, like, NULL);
    if (st == SG_OK) st = cli_check_structure(c, c->cfg.system.structure, *like);
    if (st == SG_OK) st = cli_load_potential(c, &(*like)->species, pot);
    if (st == SG_OK && (*pot)->fingerprint != sg_catalog_get_header(cat)->fingerprint)
        st = sg_fail(SG_EMISMATCH, "the catalog was made with another potential (%s)",
                     sg_catalog_get_header(cat)->potential);
    return st;
}

sg_status cli_landscape_prefactors(cli *c, sg_catalog *cat)
{
    sg_system *like = NULL;
    sg_potential *pot = NULL;
    sg_status st = cli_landscape_model(c, cat, &like, &pot);

    if (st == SG_OK) st = compute(c, cat, like, pot);
    sg_potential_free(pot);
    sg_system_free(like);
    return st;
}
