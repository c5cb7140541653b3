/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In builds without MPI: a process is always alone. Several that a launcher has started would each do the
 * whole work in the same folder, so they are refused. */
#include "slowglass/par.h"

#include <stdlib.h>

sg_status sg_link_open(int *argc, char ***argv, sg_link **out)
{
    static const char *const size[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};

    (void)argc;
    (void)argv;
    *out = NULL;
    for (size_t k = 0; k < sizeof size / sizeof size[0]; k++) {
        const char *n = getenv(size[k]);
        if (n && strtol(n, NULL, 10) > 1)
            return sg_fail(SG_EUNSUPPORTED, "started as one of %ld processes, but built without MPI",
                           strtol(n, NULL, 10));
    }
    return SG_OK;
}

const char *sg_link_name(void)
{
    return "";
}
