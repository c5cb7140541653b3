/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything of module core: the ground that every other module stands on. */
#ifndef SLOWGLASS_CORE_H
#define SLOWGLASS_CORE_H

#include "slowglass/core/status.h"
#include "slowglass/core/memory.h"
#include "slowglass/core/bytes.h"
#include "slowglass/core/units.h"
#include "slowglass/core/hash.h"
#include "slowglass/core/rng.h"
#include "slowglass/core/statistics.h"
#include "slowglass/core/log.h"
#include "slowglass/core/text.h"
#include "slowglass/core/json.h"
#include "slowglass/core/config.h"

#endif
