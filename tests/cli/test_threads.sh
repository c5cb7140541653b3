#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A glass ages to the same bits on one and on three threads, also where guesses fall into soft spots and detours are made of them: what a
# thread has left behind from its task before must not show in the next.
set -eu
program=$1
folder=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/threads-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }

cat > run.ini <<INI
[system]
structure = $2/validation/samples/Cu50Zr50_108.extxyz
[potential]
style = eam/fs
file = CuZr_mm.eam.fs
elements = Cu Zr
[strain]
xy = 0.02
[kmc]
temperature_K = 900
max_time_s = 1
max_steps = 8
seed = 3
prefactor_mode = htst
[search]
max_at_start = 60
max_per_step = 8
barrier_max_eV = 2
[output]
picture = no
INI
for threads in 1 3; do
    "$program" age run.ini --out $threads --threads $threads --quiet > /dev/null || die "run on $threads threads"
done
for f in searches.tsv trajectory.tsv events.tsv reuse.tsv final.extxyz; do
    cmp 1/$f 3/$f || die "$f is not the same on three threads"
done
# It is only a test if guesses have led elsewhere and searches and refinements were both many.
awk -F'\t' '$5 == "placed" || $5 == "inherited" { refined++; strayed += $6 == "disconnected" }
    END { exit !(refined >= 20 && strayed >= 5 && NR > 90) }' 1/searches.tsv || die "too few guesses that lead elsewhere"
