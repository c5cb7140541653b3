#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# slowglass path: the hop of a vacancy downhill from its saddle and by a band, out of a run and between two structures; files and misuse.
set -eu
program=$1
samples=$2/validation/samples
folder=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/path-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
cat > run.ini << END
[system]
structure = $samples/Cu_vacancy_mishin.extxyz
[potential]
style = eam/alloy
file = Cu_mishin1.eam.alloy
elements = Cu
[strain]
xy = 0.005
[kmc]
temperature_K = 1000
max_steps = 1
seed = 1
[search]
max_at_start = 12
max_per_step = 0
barrier_max_eV = 1
END
"$program" age run.ini --out run --quiet > /dev/null
column() { awk -F'\t' -v name="$1" -v row="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i } NR == row + 1 { print $c }' "$3"; }
near() { awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { exit !((a - b) ^ 2 <= t ^ 2) }' || die "$4: $1, expected $2 to within $3"; }

# downhill from a stored saddle; half a per cent of strain shifts the barriers of validation/vacancy-neb by some meV, both ways alike
"$program" path run --saddle 1 -o path.extxyz --profile path.tsv --json --quiet > down.txt
"$program" landscape state 0 run > table.txt
stored=$(awk -F'\t' '$1 == 1 { print $3 }' table.txt)
near "$(column barrier_eV 1 down.txt)" "$stored" 0.0001 barrier
near "$stored" 0.688617 0.02 "barrier at this strain"
near "$(column barrier_back_eV 1 down.txt)" "$stored" 0.0001 "barrier back"
[ "$(column kind 1 down.txt)" = single ] || die "$(cat down.txt)"
[ "$(column ends 1 down.txt)" = as-stored ] || die "$(cat down.txt)"
n=$(column n_images 1 down.txt)
[ "$(grep -c '^Properties\|Lattice' path.extxyz)" = "$n" ] || die "frames"
[ "$(grep -c 'place=saddle' path.extxyz)" = 1 ] || die "frames do not name the saddle"
[ "$(wc -l < path.tsv)" = $((n + 1)) ] || die "profile"
tail -n 1 down.txt | grep -q '"n_paths":1,"n_lost":0' || die "JSON: $(tail -n 1 down.txt)"

# between its two ends as structures: first and last frame
atoms=$(head -n 1 path.extxyz)
head -n $((atoms + 2)) path.extxyz > a.extxyz
tail -n $((atoms + 2)) path.extxyz > b.extxyz
potential="--potential eam/alloy:Cu_mishin1.eam.alloy --elements Cu --quiet"
# shellcheck disable=SC2086
near "$("$program" energy a.extxyz $potential | sed -n 's/^eis_eV = //p')" "$(column energy_eV 1 path.tsv)" 1e-6 "energy of the first frame"
# shellcheck disable=SC2086
"$program" path a.extxyz b.extxyz $potential > band.txt
near "$(column barrier_eV 1 band.txt)" "$(column barrier_eV 1 down.txt)" 0.001 "barrier of the band"
near "$(column contour_A 1 band.txt)" "$(column contour_A 1 down.txt)" "$(column contour_A 1 down.txt | awk '{ print 0.01 * $1 }')" "length of the band"
[ "$(column kind 1 band.txt)" = single ] || die "$(cat band.txt)"

# and from a guess of the saddle: the frame before it
awk -v n=$((atoms + 2)) '{ buffer[NR % n] = $0 } NR % n == 2 && /place=saddle/ { exit } NR % n == 0 { f = ""; for (k = 1; k <= n; k++) f = f buffer[k % n] "\n" } END { printf "%s", f }' \
    path.extxyz > guess.extxyz
# shellcheck disable=SC2086
"$program" path a.extxyz b.extxyz --saddle guess.extxyz $potential > guessed.txt
near "$(column barrier_eV 1 guessed.txt)" "$(column barrier_eV 1 down.txt)" 0.0001 "barrier from a guess"
[ "$(column ends 1 guessed.txt)" = as-given ] || die "$(cat guessed.txt)"

# misuse: one line, exit code 2
bad() {
    pattern=$1 code=0
    shift
    "$program" path "$@" --quiet > /dev/null 2> err.txt || code=$?
    [ $code = 2 ] || die "path $*: exit code $code, expected 2: $(cat err.txt)"
    [ "$(wc -l < err.txt)" = 1 ] || die "path $*: $(cat err.txt)"
    grep -q "$pattern" err.txt || die "path $*: $(cat err.txt)"
}
bad "no saddle (edge) 999" run --saddle 999
bad "no state 999" run --states 0,999
bad "the same minimum" run --states 0,0
bad "Need --saddle" run
bad "whole numbers" run --saddle x
bad "below --barrier" run --saddle all --barrier 0.1
bad "is there already" run --saddle 1 -o path.extxyz
bad "need the folder of a run" a.extxyz
# shellcheck disable=SC2086
bad "the same minimum" a.extxyz a.extxyz $potential
# shellcheck disable=SC2086
bad "is the first structure" a.extxyz b.extxyz --saddle a.extxyz $potential
sed "\$d" b.extxyz | sed "1s/.*/$((atoms - 1))/" > short.extxyz
# shellcheck disable=SC2086
bad "$atoms and $((atoms - 1)) atoms" a.extxyz short.extxyz $potential
# shellcheck disable=SC2086
"$program" strain b.extxyz --xy 0.01 $potential -o strained.extxyz > /dev/null
# shellcheck disable=SC2086
bad "different strains" a.extxyz strained.extxyz $potential
echo ok
