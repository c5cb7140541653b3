#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every module includes only what the module table allows, and the checker sees each kind of breach in a made-up tree.
set -eu
check=$2/scripts/check-includes
bad=$(mktemp -d)
trap 'rm -rf "$bad"' EXIT

"$check" "$2"

mkdir -p "$bad/include/slowglass/core" "$bad/src/topology" "$bad/src/minimize" "$bad/src/physics" "$bad/catalog"
put() { printf '%s\n' "$2" > "$bad/$1"; }
put include/slowglass/core/units.h '#include "slowglass/system.h"'
put include/slowglass/landscape.h '#include <lapacke.h>'
put src/topology/up.c '#include "slowglass/potential.h"'
put src/topology/good.c '#include "slowglass/neigh.h"
#include "slowglass/core/units.h"
#include "topology_internal.h"
#include <igraph/igraph.h>
#include <math.h>'
put src/topology/topology_internal.h ''
put src/minimize/sideways.c '  #  include "../topology/topology_internal.h"'
put src/minimize/private.c '#include "topology_internal.h"'
put src/minimize/nowhere.c '#include "nowhere.h"'
put src/minimize/graph.c '#include <igraph/igraph.h>'
put src/minimize/store.c '#include <lmdb.h>'
put src/physics/new.c '#include <stdio.h>'
put catalog/atoms.c '#include "slowglass/system.h"'

if "$check" "$bad" > "$bad/report"; then
    echo "the made-up tree passed"; exit 1
fi
for breach in \
    'include/slowglass/core/units.h:1: module core may not include module system' \
    'include/slowglass/landscape.h:1: module landscape may not include <lapacke.h>' \
    'src/topology/up.c:1: module topology may not include module potential' \
    'src/minimize/sideways.c:1: include "slowglass/.." or a header beside this file' \
    'src/minimize/private.c:1: topology_internal.h is private to its module' \
    'src/minimize/nowhere.c:1: nowhere.h is not beside this file' \
    'src/minimize/graph.c:1: module minimize may not include <igraph/igraph.h>' \
    'src/minimize/store.c:1: module minimize may not include <lmdb.h>' \
    'src/physics/new.c:1: module physics has no row' \
    'catalog/atoms.c:1: module catalog may not include module system'
do
    grep -qF "$breach" "$bad/report" || { echo "missed: $breach"; cat "$bad/report"; exit 1; }
done
[ "$(wc -l < "$bad/report")" -eq 10 ] || { echo "one false alarm or more:"; cat "$bad/report"; exit 1; }
