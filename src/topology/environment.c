/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an atom to its key: gather the shell, put it into canonical order, write the form, hash it.
 *
 * Bonds inside the shell are found from the distances of the gathered images, not from the lists of the
 * atoms, so that a cell of any size is unfolded correctly. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "topology_internal.h"

#define CUTOFF_UNIT 1e-4 /* Å: resolution of cutoffs in the form */

static sg_status too_many(const sg_system *sys, int atom);
static size_t put_u32(unsigned char *to, uint32_t value);
static int write_header(const sg_system *sys, const sg_topology_params *params, unsigned char *form);
static int write_bits(int n, const uint64_t adjacent[], unsigned char *to);

int sg_shell_bonded(const sg_system *sys, const sg_topology_params *params, int atom_a, const double a[3],
                    int atom_b, const double b[3])
{
    const double d[3] = {b[0] - a[0], b[1] - a[1], b[2] - a[2]};
    const double cutoff = params->cutoff[sys->type[atom_a]][sys->type[atom_b]];

    return d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < cutoff * cutoff;
}

void sg_shell_connect(const sg_system *sys, const sg_topology_params *params, sg_shell *shell)
{
    sg_shell_graph *g = &shell->graph;

    for (int a = 0; a < g->n; a++) {
        g->colour[a] = a ? sys->species.number[sys->type[shell->atom[a]]] : 0;
        g->adjacent[a] = 0;
    }
    for (int a = 1; a < g->n; a++) {
        g->adjacent[0] |= UINT64_C(1) << a;
        g->adjacent[a] |= 1;
        for (int b = a + 1; b < g->n; b++)
            if (sg_shell_bonded(sys, params, shell->atom[a], shell->x[a], shell->atom[b], shell->x[b])) {
                g->adjacent[a] |= UINT64_C(1) << b;
                g->adjacent[b] |= UINT64_C(1) << a;
            }
    }
}

sg_status sg_shell_gather(const sg_system *sys, const sg_topology_params *params, const sg_bonds *bonds,
                          int atom, sg_shell *out)
{
    const int begin = bonds->first[atom], n = bonds->first[atom + 1] - begin;

    if (n >= SG_TOPOLOGY_MAX_VERTICES) return too_many(sys, atom);
    out->atom[0] = atom;
    out->x[0][0] = out->x[0][1] = out->x[0][2] = 0.0;
    for (int k = 0; k < n; k++) {
        out->atom[k + 1] = bonds->j[begin + k];
        memcpy(out->x[k + 1], bonds->d[begin + k], sizeof out->x[0]);
    }
    out->graph.n = n + 1;
    sg_shell_connect(sys, params, out);
    return SG_OK;
}

sg_status sg_shell_environment(const sg_system *sys, const sg_topology_params *params, const sg_shell *shell,
                               sg_environment *out)
{
    const sg_shell_graph *g = &shell->graph;
    int label[SG_TOPOLOGY_MAX_VERTICES], size;
    uint64_t adjacent[SG_TOPOLOGY_MAX_VERTICES] = {0};
    sg_status st;

    if ((st = sg_graph_canonical(g, label)) != SG_OK) return st;
    assert(label[0] == 0);
    out->n = g->n;
    for (int v = 0; v < g->n; v++) {
        const int k = label[v];
        out->atom[k] = shell->atom[v];
        out->number[k] = sys->species.number[sys->type[shell->atom[v]]];
        memcpy(out->x[k], shell->x[v], sizeof out->x[k]);
        for (int w = 0; w < g->n; w++)
            if (g->adjacent[v] >> w & 1) adjacent[k] |= UINT64_C(1) << label[w];
    }
    size = write_header(sys, params, out->form);
    out->form[size++] = (unsigned char)g->n;
    for (int k = 0; k < g->n; k++)
        out->form[size++] = (unsigned char)out->number[k];
    size += write_bits(g->n, adjacent, out->form + size);
    out->form_size = size;
    out->key = sg_hash(out->form, (size_t)size, 0);
    return SG_OK;
}

sg_status sg_topology_environment(const sg_system *sys, const sg_topology_params *params,
                                  const sg_bonds *bonds, int atom, sg_environment *out)
{
    sg_shell shell;
    sg_status st;

    assert(atom >= 0 && atom < bonds->n);
    if ((st = sg_shell_gather(sys, params, bonds, atom, &shell)) != SG_OK) return st;
    return sg_shell_environment(sys, params, &shell, out);
}

int sg_environment_same(const sg_environment *a, const sg_environment *b)
{
    return a->key == b->key && a->form_size == b->form_size &&
           !memcmp(a->form, b->form, (size_t)a->form_size);
}

static sg_status too_many(const sg_system *sys, int atom)
{
    return sg_fail(SG_EINVAL, "atom %d has more than %d bonded neighbours: bond cutoff too long",
                   sys->id[atom], SG_TOPOLOGY_MAX_VERTICES - 1);
}

static size_t put_u32(unsigned char *to, uint32_t value)
{
    for (int b = 0; b < 4; b++)
        to[b] = (unsigned char)(value >> 8 * b);
    return 4;
}

/* Key version, elements in ascending order, cutoffs in that order: independent of the order of types. */
static int write_header(const sg_system *sys, const sg_topology_params *params, unsigned char *form)
{
    const int n = params->n_species;
    int order[SG_MAX_SPECIES];
    size_t size = put_u32(form, SG_TOPOLOGY_KEY_VERSION);

    for (int a = 0; a < n; a++) {
        int at = a;
        for (; at > 0 && sys->species.number[order[at - 1]] > sys->species.number[a]; at--)
            order[at] = order[at - 1];
        order[at] = a;
    }
    form[size++] = (unsigned char)n;
    for (int a = 0; a < n; a++)
        form[size++] = (unsigned char)sys->species.number[order[a]];
    for (int a = 0; a < n; a++)
        for (int b = a; b < n; b++)
            size += put_u32(form + size, (uint32_t)lround(params->cutoff[order[a]][order[b]] / CUTOFF_UNIT));
    return (int)size;
}

static int write_bits(int n, const uint64_t adjacent[], unsigned char *to)
{
    const int n_pairs = n * (n - 1) / 2, size = (n_pairs + 7) / 8;
    int p = 0;

    memset(to, 0, (size_t)size);
    for (int a = 0; a < n; a++)
        for (int b = a + 1; b < n; b++, p++)
            if (adjacent[a] >> b & 1) to[p / 8] = (unsigned char)(to[p / 8] | 1u << p % 8);
    return size;
}
