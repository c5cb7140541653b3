/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In builds without MPI: a process is always alone. */
#include "slowglass/par.h"

sg_status sg_link_open(int *argc, char ***argv, sg_link **out)
{
    (void)argc;
    (void)argv;
    *out = NULL;
    return SG_OK;
}

const char *sg_link_name(void)
{
    return "";
}
