/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generic events as a table and as JSON lines. Records pass by one at a time and are printed at once: nothing
 * is kept. Numbers have the digits that read back as the same bits: 17 for doubles, 9 for the floats of
 * arrays. */
#include "curate_internal.h"

#include <inttypes.h>
#include <math.h>

typedef struct printer {
    FILE *out;
    const sg_catalog_header *header;
    uint64_t n;
} printer;

static const char *const axis[6] = {"xx", "yy", "zz", "xy", "xz", "yz"};

typedef struct named_number {
    const char *name;
    double value;
} named_number;

enum { N_NUMBERS = 14 };

/* All single numbers of an event, in the order of the columns. */
static void list_numbers(const sg_cat_event *e, named_number out[N_NUMBERS])
{
    const named_number numbers[N_NUMBERS] = {{"barrier_eV", e->barrier},
                                             {"barrier_back_eV", e->barrier_back},
                                             {"dE_eV", e->barrier - e->barrier_back},
                                             {"prefactor_per_s", e->prefactor},
                                             {"prefactor_back_per_s", e->prefactor_back},
                                             {"participation", e->participation},
                                             {"dist_saddle_A", e->dist_saddle},
                                             {"dist_final_A", e->dist_final},
                                             {"saddle_force_eV_per_A", e->saddle_force},
                                             {"curvature_eV_per_A2", e->curvature},
                                             {"residual_A", e->residual},
                                             {"gamma", e->gamma},
                                             {"n_atoms", e->n},
                                             {"n_shell", e->n_shell}};

    for (int k = 0; k < N_NUMBERS; k++)
        out[k] = numbers[k];
}

/* ---- table ---- */

static void print_columns(FILE *out)
{
    static const sg_cat_event none;
    named_number number[N_NUMBERS];

    list_numbers(&none, number);
    fputs("id\tkey\tcentre", out);
    for (int k = 0; k < N_NUMBERS; k++)
        fprintf(out, "\t%s", number[k].name);
    for (int k = 0; k < 6; k++)
        fprintf(out, "\tstrain_saddle_%s_eV", axis[k]);
    for (int k = 0; k < 6; k++)
        fprintf(out, "\tstrain_final_%s_eV", axis[k]);
    fputs("\truns\tfound\tsampler", out);
    for (int s = 0; s < SG_SAMPLER_COUNT; s++)
        fprintf(out, "\tfound_%s", sg_sampler_text((sg_sampler)s));
    fputc('\n', out);
}

static int print_row(void *arg, const void *record)
{
    printer *p = arg;
    const sg_cat_event *e = record;
    named_number number[N_NUMBERS];

    list_numbers(e, number);
    fprintf(p->out, "%016" PRIx64 "\t%016" PRIx64 "\t%s", e->id, e->key,
            sg_element_label(e->n > 0 ? e->number[sg_curate_centre(e)] : 0));
    for (int k = 0; k < N_NUMBERS; k++)
        fprintf(p->out, "\t%.17g", number[k].value);
    for (int k = 0; k < 6; k++)
        fprintf(p->out, "\t%.17g", e->strain_saddle[k]);
    for (int k = 0; k < 6; k++)
        fprintf(p->out, "\t%.17g", e->strain_final[k]);
    fprintf(p->out, "\t%u\t%u\t%s", e->n_origins, e->found, sg_sampler_text((sg_sampler)e->sampler));
    for (int s = 0; s < SG_SAMPLER_COUNT; s++)
        fprintf(p->out, "\t%" PRIu64, sg_curate_found_by(e, s));
    fputc('\n', p->out);
    p->n++;
    return ferror(p->out);
}

/* ---- JSON lines ---- */

static void print_number(FILE *out, const char *name, double value)
{
    if (isfinite(value))
        fprintf(out, ",\"%s\":%.17g", name, value);
    else
        fprintf(out, ",\"%s\":null", name);
}

static void print_six(FILE *out, const char *name, const double v[6])
{
    fprintf(out, ",\"%s\":[", name);
    for (int k = 0; k < 6; k++)
        if (isfinite(v[k]))
            fprintf(out, "%s%.17g", k ? "," : "", v[k]);
        else
            fprintf(out, "%snull", k ? "," : "");
    fputc(']', out);
}

static void print_vectors(FILE *out, const char *name, uint32_t n, const float (*v)[3])
{
    fprintf(out, ",\"%s\":[", name);
    for (uint32_t k = 0; k < n; k++) {
        fputs(k ? ",[" : "[", out);
        for (int a = 0; a < 3; a++)
            if (isfinite(v[k][a]))
                fprintf(out, "%s%.9g", a ? "," : "", (double)v[k][a]);
            else
                fprintf(out, "%snull", a ? "," : "");
        fputc(']', out);
    }
    fputc(']', out);
}

static void print_origins(FILE *out, const sg_cat_event *e)
{
    fputs(",\"origins\":[", out);
    for (uint32_t k = 0; k < e->n_origins; k++) {
        const sg_cat_origin *o = &e->origin[k];
        fprintf(out, "%s{\"run\":\"%016" PRIx64 "\",\"found\":%u,\"first_sampler\":\"%s\",\"by_sampler\":{",
                k ? "," : "", o->run, o->found, sg_sampler_text((sg_sampler)o->first_sampler));
        for (int s = 0, n = 0; s < SG_CAT_SAMPLERS; s++) {
            if (o->by_sampler[s] == 0) continue;
            /* numbers of a later version have no words yet: they stand as sampler_N */
            if (s < SG_SAMPLER_COUNT)
                fprintf(out, "%s\"%s\":%u", n++ ? "," : "", sg_sampler_text((sg_sampler)s), o->by_sampler[s]);
            else
                fprintf(out, "%s\"sampler_%d\":%u", n++ ? "," : "", s, o->by_sampler[s]);
        }
        fputs("}}", out);
    }
    fputc(']', out);
}

static int print_line(void *arg, const void *record)
{
    printer *p = arg;
    const sg_cat_event *e = record;
    named_number number[N_NUMBERS];

    list_numbers(e, number);
    fprintf(p->out,
            "{\"id\":\"%016" PRIx64 "\",\"key\":\"%016" PRIx64 "\",\"fingerprint\":\"%016" PRIx64 "\"", e->id,
            e->key, p->header->fingerprint);
    fprintf(p->out, ",\"centre\":\"%s\"", sg_element_label(e->n > 0 ? e->number[sg_curate_centre(e)] : 0));
    for (int k = 0; k < N_NUMBERS; k++)
        print_number(p->out, number[k].name, number[k].value);
    print_six(p->out, "strain_saddle_eV", e->strain_saddle);
    print_six(p->out, "strain_final_eV", e->strain_final);
    fprintf(p->out, ",\"found\":%u", e->found);
    print_origins(p->out, e);
    fputs(",\"elements\":[", p->out);
    for (uint32_t k = 0; k < e->n; k++)
        fprintf(p->out, "%s\"%s\"", k ? "," : "", sg_element_label(e->number[k]));
    fputc(']', p->out);
    print_vectors(p->out, "x_A", e->n, (const float(*)[3])e->x);
    print_vectors(p->out, "d_saddle_A", e->n, (const float(*)[3])e->d_saddle);
    print_vectors(p->out, "d_final_A", e->n, (const float(*)[3])e->d_final);
    print_vectors(p->out, "mode", e->n, (const float(*)[3])e->mode);
    fputs("}\n", p->out);
    p->n++;
    return ferror(p->out);
}

sg_status sg_curate_export_tsv(sg_catalog *cat, const sg_curate_filter *filter, FILE *out, uint64_t *n)
{
    printer p = {.out = out, .header = sg_catalog_get_header(cat)};

    print_columns(out);
    const sg_status st = sg_curate_each(cat, filter, print_row, &p);
    *n = p.n;
    return st;
}

sg_status sg_curate_export_jsonl(sg_catalog *cat, const sg_curate_filter *filter, FILE *out, uint64_t *n)
{
    printer p = {.out = out, .header = sg_catalog_get_header(cat)};
    const sg_status st = sg_curate_each(cat, filter, print_line, &p);

    *n = p.n;
    return st;
}
