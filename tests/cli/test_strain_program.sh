#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A strain that changes while a run goes on: holding is the fixed strain, bit for bit; a jump there and back is what the command
# strain makes; increments come at their instants; a ramp with hops between is the same bits when killed, resumed, on two
# threads; mistakes in a program are told with their place. A vacancy in 107 Lennard-Jones atoms.
set -eu
program=$1
folder=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/program-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
files="trajectory.tsv events.tsv searches.tsv reuse.tsv basins.tsv trajectory.extxyz final.extxyz"
same() { for f in $files $3; do cmp -s "$1/$f" "$2/$f" || die "$2/$f differs from $1/$f"; done; }
age() { "$program" age run.ini "$@" --quiet > log 2>&1 || die "age $*: $(cat log)"; }

. "$2/tests/cli/vacancy.sh"
cat > run.ini <<'INI'
[system]
structure = vacancy.xyz
[potential]
style = lj
pair = 0.2 2.338 5.2
elements = Cu
[kmc]
temperature_K = 800
max_time_s = 1
max_steps = 2
[search]
max_at_start = 6
max_per_step = 1
samplers = adaptive
barrier_max_eV = 3
batch = 4
[output]
picture = no
INI

# Holding: two ways to say it.
age --out fixed --set strain.xy=0.01
age --out hold --set strain.program=0:0.01,1e-7:0.01
same fixed hold ""
[ ! -e hold/strain.tsv ] || die "strain.tsv of a strain that does not change"
grep -q '^xy = 0.01' hold/run.ini || die "run.ini: xy is not that of the program"

# A jump to 0.02 and back: no time, no events, the states and energies of the command strain.
age --out jump --set "strain.program=0:0 0:0.02 0:0" --set kmc.max_steps=8 --set kmc.max_time_s=1e-30
"$program" minimize vacancy.xyz --potential lj:0.2,2.338,5.2 -o there.extxyz --quiet > step0.txt
for k in 1 2 3 4; do
    "$program" strain there.extxyz --xy "$(awk -v k=$k 'BEGIN { print 0.005 * k }')" --potential lj:0.2,2.338,5.2 -o there.extxyz --quiet > step$k.txt
done
[ "$(wc -l < jump/trajectory.tsv)" = 10 ] || die "jump: $(wc -l < jump/trajectory.tsv) lines"
[ "$(cut -f5 jump/trajectory.tsv | tr '\n' ' ')" = "state 0 1 2 3 4 3 2 1 0 " ] || die "the way back is not the way there"
for k in 0 1 2 3 4; do
    for row in $((k + 2)) $((10 - k)); do
        awk -F'\t' -v e="$(sed -n 's/^eis_eV = //p' step$k.txt)" -v tau="$(sed -n 's/^tau_xy_GPa = //p' step$k.txt)" -v r=$row \
            'NR == r { d = $3 - e; s = $4 - tau; exit !(d < 1e-6 && d > -1e-6 && s < 1e-4 && s > -1e-4) }' \
            jump/trajectory.tsv || die "row $row of the jump: not step $k of strain"
    done
done
awk -F'\t' 'NR > 1 { w = $12; if ($13 != 0 || $14 != 0) exit 1 } END { exit !(NR == 9 && w < 1e-9 && w > -1e-9) }' jump/strain.tsv ||
    die "strain.tsv of an elastic cycle"

# A ramp with hops between its increments. Instants: half an increment early, rate 1e4 1/s, 0.005 each.
ramp="--set strain.rate_per_s=1e4 --set kmc.max_time_s=1.6e-6 --set kmc.max_steps=100"
# shellcheck disable=SC2086
age --out ramp $ramp
awk -F'\t' 'NR > 1 { t = (NR - 1.5) * 0.005 / 1e4; d = $2 / t - 1; g = $4 - 0.005 * (NR - 1)
    if (d > 1e-12 || d < -1e-12 || g > 1e-12 || g < -1e-12) { print "row " NR ": " $2 ", " $4; exit 1 } }
    END { exit NR != 4 }' ramp/strain.tsv || die "instants of the increments"
awk -F'\t' 'NR > 2 { d = $2 - t - $9; if (d > 1e-12 * $2 || -d > 1e-12 * $2) { print "row " NR; exit 1 } hops += $6 > 0 } { t = $2 }
    END { exit !(hops > 1) }' ramp/trajectory.tsv || die "clock of the ramp, or no hops"
[ "$(awk -F'\t' 'NR > 1 && $6 > 0' ramp/trajectory.tsv | wc -l)" = $(($(wc -l < ramp/events.tsv) - 1)) ] || die "events.tsv of the ramp"
sed -n '2s/.*gamma=\([^ ]*\).*/\1/p' ramp/final.extxyz | awk '{ d = $1 - 0.015 } END { exit !(d < 1e-12 && -d < 1e-12) }' || die "final.extxyz"
"$program" catalog check ramp/catalog --quiet > check.txt || die "check: $(cat check.txt)"
"$program" landscape export ramp --format tsv -o graph --quiet > /dev/null
[ "$(awk -F'\t' 'NR > 1 { print $4 }' graph/states.tsv | sort -u | wc -l)" = 4 ] || die "strains of the exported states"
awk -F'\t' 'FNR == 1 { file++ } file == 1 { g[$1] = $4 } file == 2 && FNR > 1 && g[$2] != g[$3] { exit 1 }' graph/states.tsv graph/saddles.tsv ||
    die "an edge between two strains"

# The same bits on two threads, step by step, and killed again and again.
# shellcheck disable=SC2086
age --out threads $ramp --threads 2
same ramp threads strain.tsv
n=$(($(wc -l < ramp/trajectory.tsv) - 2))
# shellcheck disable=SC2086
age --out parts $ramp --set kmc.max_steps=0
k=0
while [ $k -lt $n ]; do
    k=$((k + 1))
    "$program" age --resume parts --set kmc.max_steps=$k --quiet > log 2>&1 || die "resume: $(cat log)"
done
"$program" age --resume parts --set kmc.max_steps=100 --quiet > log 2>&1 || die "resume: $(cat log)"
same ramp parts strain.tsv
round=1
# shellcheck disable=SC2086
"$program" age run.ini --out killed $ramp --quiet > log 2>&1 &
while :; do
    pid=$!
    sleep "$(awk -v r="$round" 'BEGIN { printf "%.3f", 0.05 + 0.05 * r }')"
    kill -9 $pid 2> kill.txt || true
    wait $pid && break
    round=$((round + 1))
    if [ -e killed/run.ini ]; then
        "$program" age --resume killed --quiet > log 2>&1 &
    else
        rm -rf killed
        # shellcheck disable=SC2086
        "$program" age run.ini --out killed $ramp --quiet > log 2>&1 &
    fi
done
tail -n 1 log | grep -q wall_s || die "killed run: $(cat log)"
same ramp killed strain.tsv

# Mistakes.
refuse() { # line of [strain], what the message must hold
    { cat run.ini; printf '[strain]\n%s\n' "$1"; } > bad.ini
    code=0
    "$program" age bad.ini --out bad --quiet > log 2>&1 || code=$?
    [ $code = 2 ] || die "$1: exit $code"
    grep -qF -- "$2" log || die "$1: $(cat log)"
    grep -q 'bad.ini:[0-9]' log || die "$1: no place: $(cat log)"
}
refuse 'program = 0:0 1e-6' "'1e-6', need time:value"
refuse 'program = 1e-9:0' 'need the first pair to be at time 0'
refuse 'program = 0:0 2e-6:0.01 1e-6:0' 'need times that do not go back'
refuse 'program = 0:0 1e-6:1.5' 'need > -1, < 1'
refuse 'increment = 0.01' 'need > 0, <= 0.005'
{ cat run.ini; printf '[strain]\nprogram = 0:0\nxy = 0.02\n'; } > bad.ini
"$program" age bad.ini --out bad --quiet > log 2>&1 && die "xy beside another program"
grep -q 'strain.xy = 0.02, need the strain that strain.program begins with' log || die "xy: $(cat log)"
