#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A catalog made without strain, used at 0.02 and back: the hops of a vacancy come from it, converged to what they are when they
# are followed there step by step; its searches count in part. The full size: validation/strain-reuse.
set -eu
program=$1
samples=$2/validation/samples
folder=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/reuse-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
value() { sed -n "s/^$1 = //p" "$2" | tail -n 1; }
barriers() { awk -F'\t' '$3 + 0 > 0.3 && $3 < 1' "$1" | cut -f3; }
potential="--potential eam/alloy:Cu_mishin1.eam.alloy --elements Cu --quiet --set search.barrier_max_eV=1"
glass=$samples/Cu_vacancy_mishin.extxyz

# shellcheck disable=SC2086
{
    "$program" search "$glass" --per-atom 3 $potential -o flat.cat > flat.txt
    "$program" strain "$glass" --xy 0.02 --step 0.005 $potential --follow flat.cat --events events.tsv -o sheared.extxyz > /dev/null
    "$program" search sheared.extxyz --max 0 --base flat.cat $potential -o sheared.cat > sheared.txt
}
[ "$(barriers sheared.txt | wc -l)" = 12 ] || die "$(barriers sheared.txt | wc -l) hops at 0.02 instead of 12"
[ "$(value strained_survived sheared.txt)" -ge 12 ] || die "account: $(grep strained_ sheared.txt)"
[ "$(value n_searches sheared.txt)" = 0 ] || die "searches"
awk -F'\t' '$1 == 0.02 && $4 == "survived" { print $5 }' events.tsv | sort -g > followed.txt
barriers sheared.txt | sort -g > converged.txt
paste followed.txt converged.txt | awk 'NF != 2 { exit 1 } { d = $1 - $2; if (d > 2e-4 || -d > 2e-4) exit 1 }' ||
    die "converged from the record, and followed: $(paste followed.txt converged.txt)"
[ "$(head -n 1 followed.txt)" != "$(tail -n 1 followed.txt)" ] || die "the strain makes no difference"

# The new catalog holds them at its own strain: back at zero they are lent again, by both.
# shellcheck disable=SC2086
"$program" search "$glass" --max 0 --base sheared.cat $potential > back.txt
[ "$(barriers back.txt | wc -l)" = 12 ] || die "$(barriers back.txt | wc -l) hops back at 0 instead of 12"
for b in $(barriers back.txt); do
    awk -v b="$b" 'BEGIN { d = b - 0.688617; exit !(d < 5e-4 && -d < 5e-4) }' || die "$b eV back at 0, not 0.688617"
done

# Searches at another strain count: exp(-0.02 / 0.08) of 3 is 2, one is left to do for each environment.
# shellcheck disable=SC2086
{
    "$program" search sheared.extxyz --per-atom 3 $potential > alone.txt
    "$program" search sheared.extxyz --per-atom 3 --base flat.cat $potential > helped.txt
}
n=$(value n_searches alone.txt)
m=$(value n_searches helped.txt)
[ "$n" -gt 0 ] && [ $((3 * m)) = "$n" ] || die "$m searches with a base of another strain, $n without"

# What dies is known by name: the deaths that `show` tells of, event by event, are those of the account.
# shellcheck disable=SC2086
"$program" search "$samples/Cu64Zr36_500.extxyz" --max 0 --base "$samples/demo-catalog" --potential eam/fs:CuZr_mm.eam.fs \
    --elements Cu,Zr --quiet --set search.barrier_max_eV=0.25 -o glass.cat > glass.txt
"$program" catalog list "$samples/demo-catalog" | tail -n +2 | cut -f1 > ids.txt
while read -r id; do
    "$program" catalog show glass.cat "$id" --base "$samples/demo-catalog" | sed -n '/^died_at_gamma/,/^atom/s/^0\t//p'
done < ids.txt | tr ',' '\n' | awk '{ n[$1] += $2 } END { for (w in n) print w, n[w] }' | sort > shown.txt
for fate in disconnected rerouted elsewhere unconverged vanished; do
    echo "$fate $(value "strained_$fate" glass.txt)"
done | awk '$2 > 0' | sort > account.txt
[ -s account.txt ] || die "nothing has died"
cmp -s shown.txt account.txt || die "deaths shown: $(cat shown.txt); in the account: $(cat account.txt)"
echo ok
