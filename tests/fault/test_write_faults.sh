#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A small version of validation/catalog-kill: kills, failing writes, small disks.
set -eu
command -v python3 > /dev/null || { echo "skipped: no python3"; exit 0; }
[ -w /dev/shm ] && export TMPDIR=/dev/shm
export SLOWGLASS=$1
code=0
python3 "$2/validation/catalog-kill/run" --kills 3 --calls 6 --disks 2 --steps 3 || code=$?
[ $code = 0 ] || [ $code = 77 ]
