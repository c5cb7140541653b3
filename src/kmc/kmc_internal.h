/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside module kmc: the account of a step (account.c) as the walk (loop.c) keeps it. */
#ifndef KMC_INTERNAL_H
#define KMC_INTERNAL_H

#include "slowglass/kmc.h"

sg_status account_put(sg_catalog *cat, const sg_reuse *account);
/* Rows of searches that the accounts stored so far cover. */
sg_status account_rows(sg_catalog *cat, uint64_t *rows);

#endif
