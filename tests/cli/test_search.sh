#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Searches around a vacancy in copper: its twelve hops have one barrier, the catalog gives them back without a search, their slope
# with strain is the difference quotient of barriers, and the numbers do not depend on threads.
set -eu
program=$1
samples=$2/validation/samples
folder=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/search-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
value() { sed -n "s/^$1 = //p" "$2" | tail -n 1; }
potential="--potential eam/alloy:Cu_mishin1.eam.alloy --elements Cu --quiet"
glass=$samples/Cu_vacancy_mishin.extxyz
hops() { awk -F'\t' '$3 + 0 > 0.5 && $3 < 1' "$1"; }

# shellcheck disable=SC2086
"$program" search "$glass" --max 24 $potential -o first.cat --json --threads 2 > first.tsv
[ "$(hops first.tsv | wc -l)" = 12 ] || die "$(hops first.tsv | wc -l) hops instead of 12"
# 0.688617 eV: LAMMPS's climbing-image nudged elastic band in this cell (validation/vacancy-neb). Equivalent hops agree far better.
hops first.tsv | awk -F'\t' '{ if ($3 < 0.688117 || $3 > 0.689117) exit 1; if (NR == 1) e = $3; d = $3 - e; if (d > 1e-4 || -d > 1e-4) exit 1
    d = $5 - ($3 - $4); if (d > 1e-8 || -d > 1e-8) exit 1 }' || die "hops: $(hops first.tsv | cut -f3 | tr '\n' ' ')"
[ "$(hops first.tsv | cut -f6 | sort -u | wc -l)" = 12 ] || die "hops share centres"
awk -F'\t' '/^frame/ { next } /^[0-9]/ { if ($3 < last) exit 1; last = $3 }' first.tsv || die "not sorted by barrier"

# Every search has an outcome; JSON has the fields, its barriers are those of the table.
total=0
for outcome in found known disconnected same_minimum no_exit lost blow_up step_limit wrong_index degenerate refine_failed; do
    total=$((total + $(value $outcome first.tsv)))
done
[ $total = "$(value n_searches first.tsv)" ] || die "$total outcomes, $(value n_searches first.tsv) searches"
[ $total = 24 ] || die "--max 24 made $total searches"
for field in n_converged n_connected n_events n_new force_calls calls_leave calls_verify found; do
    tail -n 1 first.tsv | grep -q "\"$field\":$(value $field first.tsv)[,}]" || die "JSON field $field"
done
tail -n 1 first.tsv | sed 's/.*"barriers_eV":\[//; s/\].*//' | tr ',' '\n' | awk '{ printf "%.9g\n", $1 }' > json.txt
grep '^1	' first.tsv | cut -f3 > table.txt
cmp -s json.txt table.txt || die "barriers_eV"

# Threads.
# shellcheck disable=SC2086
"$program" search "$glass" --max 24 $potential --json --threads 1 > one.tsv
for f in first one; do sed 's/"labour":{[^}]*},//' $f.tsv > $f.result; done # processor times
cmp -s first.result one.result || die "depends on the number of threads"

# From the base alone, no search; a frame twice; one centre only.
# shellcheck disable=SC2086
"$program" search "$glass" "$glass" --max 0 --base first.cat $potential --barrier-max 1 > lent.tsv
[ "$(value n_searches lent.tsv)" = 0 ] || die "--max 0 searched"
[ "$(hops lent.tsv | wc -l)" = 24 ] || die "the base gave $(hops lent.tsv | wc -l) hops in two frames"
[ "$(hops lent.tsv | grep -c catalog)" = 24 ] || die "source of lent events"
[ "$(value n_new lent.tsv)" = 0 ] || die "lent events were stored anew"
centre=$(hops first.tsv | head -n 1 | cut -f6)
# shellcheck disable=SC2086
"$program" search "$glass" --per-atom 2 --centres "$centre" $potential -o one.cat --store-below 0.01 > centre.tsv
[ "$(value n_searches centre.tsv)" -le 2 ] || die "--centres: $(value n_searches centre.tsv) searches"
"$program" catalog list one.cat > list.txt
[ "$(grep -c '0\.68' list.txt)" = 0 ] || die "--store-below"

# dE_b/dgamma of each hop is the difference quotient of its barriers.
for g in -0.002 0.002; do
    # shellcheck disable=SC2086
    "$program" strain "$glass" --xy $g $potential -o strained$g.extxyz > strain.txt
    # shellcheck disable=SC2086
    "$program" search strained$g.extxyz --max 0 --base first.cat $potential --barrier-max 1 > at$g.tsv
done
# A structure in another cell after one whose searches have found something.
# shellcheck disable=SC2086
"$program" search "$glass" strained0.002.extxyz --max 6 $potential > cells.tsv || die "two cells"
[ "$(hops cells.tsv | cut -f1 | sort -u | tr -d '\n')" = 12 ] || die "no hops in the second cell"
hops first.tsv | cut -f6,11 | sort > slope.txt
hops at-0.002.tsv | cut -f6,3 | awk '{ print $2 "\t" $1 }' | sort > below.txt
hops at0.002.tsv | cut -f6,3 | awk '{ print $2 "\t" $1 }' | sort > above.txt
join slope.txt below.txt | join - above.txt | awk '{ d = ($4 - $3) / 0.004 - $2; n++; if (d > 0.01 || -d > 0.01) { print "atom " $1 ": slope " $2 \
    ", quotient " ($4 - $3) / 0.004; bad = 1 } } END { exit bad || n != 12 }' || die "strain derivative"

# Refusals.
refused() {
    want=$1
    shift
    code=0
    "$program" search "$@" > stdout 2> stderr || code=$?
    [ $code = "$want" ] || die "exit $code instead of $want: $* : $(cat stderr)"
}
# shellcheck disable=SC2086
{
    refused 2 absent.extxyz $potential
    refused 2 "$glass" --centres 999 $potential
    refused 2 "$glass" --centres a $potential
    refused 2 "$glass" --per-atom -1 $potential
    refused 2 "$glass" --max 1 $potential -o first.cat
    refused 2 "$glass" --max 1 $potential --base absent.cat
    refused 2 "$glass"
}
