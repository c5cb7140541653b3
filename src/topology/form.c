/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A canonical form read back: what of an environment is left when its structure is gone. */
#include <string.h>

#include "topology_internal.h"

static uint32_t get_u32(const unsigned char *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

sg_status sg_environment_from_form(const unsigned char *form, size_t size, sg_environment *out)
{
    memset(out, 0, sizeof *out);
    if (size < 6 || size > SG_TOPOLOGY_MAX_FORM)
        return sg_fail(SG_ECORRUPT, "canonical form of %zu bytes, need 6 to %d", size, SG_TOPOLOGY_MAX_FORM);
    if (get_u32(form) != SG_TOPOLOGY_KEY_VERSION)
        return sg_fail(SG_ECORRUPT, "canonical form of key version %u, need %d", get_u32(form),
                       SG_TOPOLOGY_KEY_VERSION);
    const size_t species = form[4], at = 5 + species + 2 * species * (species + 1); /* where n stands */
    const size_t n = at < size ? form[at] : 0;
    if (n < 1 || n > SG_TOPOLOGY_MAX_VERTICES || size != at + 1 + n + (n * (n - 1) / 2 + 7) / 8)
        return sg_fail(SG_ECORRUPT,
                       "canonical form of %zu bytes does not fit its %zu species and %zu vertices", size,
                       species, n);
    out->n = (int)n;
    out->form_size = (int)size;
    memcpy(out->form, form, size);
    for (size_t k = 0; k < n; k++) {
        out->atom[k] = -1;
        out->number[k] = form[at + 1 + k];
    }
    out->key = sg_hash(form, size, 0);
    return SG_OK;
}
