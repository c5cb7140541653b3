/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In builds without the KIM-API: its models are a clear error. */
#include "kim.h"

sg_status sg_kim_create(const char *name, int api_only, int n_elements, const char *const elements[],
                        sg_potential **out)
{
    (void)api_only;
    (void)n_elements;
    (void)elements;
    *out = NULL;
    return sg_fail(
        SG_EUNSUPPORTED,
        "KIM model %s: this slowglass was built without the KIM-API (Debian packages libkim-api-dev and "
        "openkim-models; then configure and build again)",
        name);
}
