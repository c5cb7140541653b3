#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The hops of a vacancy followed through strain and back: all survive, their derivative is the difference quotient of barriers, the
# prediction keeps within its error bar, and the way back ends where it began. The full size: validation/strain-derivative, -prediction.
set -eu
program=$1
samples=$2/validation/samples
folder=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/follow-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
potential="--potential eam/alloy:Cu_mishin1.eam.alloy --elements Cu --quiet"
glass=$samples/Cu_vacancy_mishin.extxyz
tight="--set search.force_saddle_eV_per_A=1e-5 --set search.force_minimum_eV_per_A=1e-5 --set search.barrier_max_eV=1"

# shellcheck disable=SC2086
"$program" search "$glass" --max 12 $potential -o hops.cat > /dev/null
# shellcheck disable=SC2086
"$program" strain "$glass" --xy 0.01 --step 0.005 --back $potential $tight --follow hops.cat --events events.tsv -o out.extxyz --json > out.txt
[ "$(sed -n 's/^survived = //p' out.txt)" = 12 ] || die "12 hops do not survive: $(cat out.txt)"
[ "$(sed -n 's/^n_slips = //p' out.txt)" = 0 ] || die "a crystal has slipped"
tail -n 1 out.txt | grep -q '"survived":12[,}]' || die "JSON"
[ "$(wc -l < events.tsv)" = 61 ] || die "$(wc -l < events.tsv) lines, expected 5 strains of 12 hops"

# Rows of one strain stand in the order of the first ones: row k of strain 0.005 belongs to row k of 0.01 and of the two on the way back.
awk -F'\t' 'function abs(x) { return x < 0 ? -x : x }
    NR > 1 { k = (NR - 2) % 12; s = int((NR - 2) / 12); e[s, k] = $5; d[s, k] = $11; if (abs($5 - $7) > $8 + 1e-9) bad = bad " " NR ":prediction" }
    END {
        for (k = 0; k < 12; k++) {
            slope = (e[2, k] - e[0, k]) / 0.01
            if (abs(slope - d[1, k]) > 0.01 * abs(slope) + 0.02) bad = bad " slope " slope " " d[1, k]
            if (abs(slope) > 0.5) n++
            if (abs(e[4, k] - e[0, k]) > 1e-5 || abs(e[3, k] - e[1, k]) > 1e-5) bad = bad " cycle " k
        }
        if (n < 4) bad = bad " only " n " hops feel the shear"
        if (bad != "") { print bad; exit 1 }
    }' events.tsv || die "events.tsv"

# Misuse.
# shellcheck disable=SC2086
"$program" strain "$glass" --xy 0.01 $potential --follow hops.cat -o out.extxyz > /dev/null 2> err.txt && die "--follow without --events"
grep -q -- "--events" err.txt || die "message: $(cat err.txt)"
# shellcheck disable=SC2086
"$program" strain "$glass" --xy 0.01 $potential --follow hops.cat --events events.tsv -o out.extxyz > /dev/null 2> err.txt && die "events.tsv overwritten"
grep -q "is there already" err.txt || die "message: $(cat err.txt)"
echo ok
