/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An open model of the KIM-API; only for the files that call that library. */
#ifndef SLOWGLASS_KIM_MODEL_H
#define SLOWGLASS_KIM_MODEL_H

#include <KIM_SimulatorHeaders.h>

#include "kim.h"

/** Open a model in Å, eV, e, K, ps; SG_ENOTFOUND, SG_EUNSUPPORTED. Threads: one at a time inside. */
sg_status sg_kim_model_open(const char *name, KIM_Model **out);
void sg_kim_model_close(KIM_Model **model);

/** Room for what a model is given and gives; KIM_Model_ComputeArgumentsDestroy. */
sg_status sg_kim_model_arguments(const KIM_Model *model, const char *name, KIM_ComputeArguments **out);

/** What the model asks for, its cutoffs borrowed; SG_EINVAL names an element that it does not know. */
sg_status sg_kim_model_reach(const KIM_Model *model, const char *name, const sg_species *species,
                             sg_kim_reach *reach);

/** The first thing the library said on this thread since sg_kim_model_hush, "" for nothing. Borrowed until
 * the next call. */
void sg_kim_model_hush(void);
const char *sg_kim_model_reason(void);

/** Tables of an EAM model that publishes them under the names of the driver EAM_Dynamo; SG_ENOTFOUND: it does
 * not. */
sg_status sg_kim_model_tables(const KIM_Model *model, const sg_species *species, const int *code,
                              sg_eam_file *tables);

/** Hash over name, elements and all published numbers. */
sg_status sg_kim_model_fingerprint(const KIM_Model *model, const char *name, const sg_species *species,
                                   uint64_t *hash);

#endif
