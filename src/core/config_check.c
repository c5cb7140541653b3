/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What no single row of the table can say: keys that need one another, and what this version lacks. */
#include <stdlib.h>
#include <string.h>

#include "core_internal.h"
#include "slowglass/core/memory.h"

static sg_status fail_key(const sg_config *cfg, int key, sg_status code, const char *need);
static sg_status check_potential(const sg_config *cfg);
static sg_status write_spec(const sg_config *cfg, FILE *out);

/* "run.ini:7: kmc.prefactor_mode = htst, NEED"; the line only when the key was given there. */
static sg_status fail_key(const sg_config *cfg, int key, sg_status code, const char *need)
{
    const sg_config_key *row = &sg_config_keys()[key];
    char *value = sg_config_value(cfg, key);

    sg_fail(code, "%s.%s = %s, %s", row->section, row->name, value && *value ? value : "(empty)", need);
    free(value);
    if (cfg->line[key] > 0)
        sg_fail_context(code, "%s:%d", cfg->path, cfg->line[key]);
    else if (*cfg->path)
        sg_fail_context(code, "%s", cfg->path);
    return code;
}

/* How many numbers describe a pair of types; 0: the style has a file. */
static int numbers_per_pair(int style)
{
    return style == SG_STYLE_LJ ? 3 : style == SG_STYLE_MORSE ? 4 : 0;
}

static int is_kim(int style)
{
    return style == SG_STYLE_KIM || style == SG_STYLE_KIM_API;
}

static sg_status check_potential(const sg_config *cfg)
{
    const int style = cfg->potential.style;
    const int n = cfg->potential.elements.n;

    const int per_pair = numbers_per_pair(style);

    if (style == SG_STYLE_LAMMPS)
        return fail_key(cfg, SG_KEY_potential_style, SG_EUNSUPPORTED, "not available in this version");
    if (is_kim(style))
        return *cfg->potential.model
                   ? SG_OK
                   : fail_key(cfg, SG_KEY_potential_model, SG_EINVAL, "need the name of the KIM model");
    if (!per_pair && !*cfg->potential.file)
        return fail_key(cfg, SG_KEY_potential_file, SG_EINVAL, "need the file of the potential");
    if (!per_pair) return SG_OK;
    if (cfg->potential.pair.n == 0 || cfg->potential.pair.n % per_pair)
        return fail_key(cfg, SG_KEY_potential_pair, SG_EINVAL,
                        style == SG_STYLE_LJ ? "need eps,sigma,cutoff for each pair of types"
                                             : "need D,alpha,r0,cutoff for each pair of types");
    if (!n && cfg->potential.pair.n > per_pair)
        return fail_key(cfg, SG_KEY_potential_elements, SG_EINVAL,
                        "need the elements that the pairs belong to");
    if (n && cfg->potential.pair.n != per_pair * n * (n + 1) / 2)
        return fail_key(cfg, SG_KEY_potential_pair, SG_EINVAL,
                        style == SG_STYLE_LJ ? "need 3 numbers for each pair of the elements' types"
                                             : "need 4 numbers for each pair of the elements' types");
    return SG_OK;
}

static sg_status write_spec(const sg_config *cfg, FILE *out)
{
    char *text = sg_config_value(cfg, SG_KEY_potential_style);
    if (!text) return SG_ENOMEM;
    fprintf(out, "%s:", text);
    free(text);
    if (!numbers_per_pair(cfg->potential.style)) {
        fputs(is_kim(cfg->potential.style) ? cfg->potential.model : cfg->potential.file, out);
        return SG_OK;
    }
    text = sg_config_value(cfg, SG_KEY_potential_pair);
    if (!text) return SG_ENOMEM;
    for (char *s = text; *s; s++)
        if (*s == ' ') *s = ',';
    fputs(text, out);
    free(text);
    return SG_OK;
}

sg_status sg_config_potential_spec(const sg_config *cfg, char **spec)
{
    size_t size = 0;

    *spec = NULL;
    sg_status st = check_potential(cfg);
    if (st != SG_OK) return st;
    FILE *out = open_memstream(spec, &size);
    if (out) {
        st = write_spec(cfg, out);
        if (fclose(out) != 0) st = SG_ENOMEM;
    }
    if (out && st == SG_OK) return SG_OK;
    free(*spec);
    *spec = NULL;
    return sg_fail(SG_ENOMEM, "specification of the potential");
}

sg_status sg_config_validate(const sg_config *cfg)
{
    const sg_status st = check_potential(cfg);

    if (st != SG_OK) return st;
    if (!*cfg->system.structure)
        return fail_key(cfg, SG_KEY_system_structure, SG_EINVAL, "need the starting structure");
    if (cfg->strain.program.n > 0 && cfg->line[SG_KEY_strain_xy] != 0 &&
        cfg->strain.xy != cfg->strain.program.value[0][1])
        return fail_key(cfg, SG_KEY_strain_xy, SG_EINVAL, "need the strain that strain.program begins with");
    if (cfg->search.push_radius_A.n < 1)
        return fail_key(cfg, SG_KEY_search_push_radius_A, SG_EINVAL, "need at least one radius in Å");
    if (cfg->search.force_local_eV_per_A < cfg->search.force_saddle_eV_per_A)
        return fail_key(cfg, SG_KEY_search_force_local_eV_per_A, SG_EINVAL,
                        "need >= search.force_saddle_eV_per_A");
    if (cfg->topology.refine_A < cfg->topology.keep_A)
        return fail_key(cfg, SG_KEY_topology_refine_A, SG_EINVAL, "need >= topology.keep_A");
    return SG_OK;
}
