/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernels, fastest first, and the choice among them at run time. */
#include "eam.h"

#include <stdio.h>
#include <string.h>

static const sg_eam_kernel *const kernels[] = {
#if defined(__x86_64__)
    &sg_eam_avx512, &sg_eam_avx2,
#endif
    NULL};

sg_status sg_eam_kernel_find(const char *name, const sg_eam_kernel **kernel)
{
    const int automatic = strcmp(name, SG_KERNEL_AUTO) == 0;

    *kernel = NULL;
    if (strcmp(name, SG_KERNEL_PLAIN) == 0) return SG_OK;
    for (int k = 0; kernels[k]; k++) {
        if (!automatic && strcmp(name, kernels[k]->name) != 0) continue;
        if (kernels[k]->available()) {
            *kernel = kernels[k];
            return SG_OK;
        }
        if (!automatic)
            return sg_fail(SG_EUNSUPPORTED, "kernel %s: this processor lacks its instructions", name);
    }
    if (automatic) return SG_OK;
    return sg_fail(SG_EINVAL, "kernel \"%s\": expected auto, plain, avx2 or avx512 (those of x86-64)", name);
}
