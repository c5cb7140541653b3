#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# slowglass quench: a small glass from nothing, its header and series, interruption, swaps; what is refused.
set -eu
program=$1
folder=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/quench-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
value() { sed -n "s/^$1 = //p" "$2" | tail -n 1; }
near() { awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(d <= t && -d <= t && a != "" && b != "") }'; }
refused() {
    want=$1 words=$2
    shift 2
    code=0
    "$program" quench "$@" --quiet > out.txt 2> error.txt || code=$?
    [ $code = "$want" ] || die "$*: exit $code: $(cat error.txt)"
    [ "$(wc -l < error.txt)" = 1 ] || die "$*: $(cat error.txt)"
    grep -q -e "$words" error.txt || die "$*: $(cat error.txt), need '$words'"
}
eam=eam/fs:CuZr_mm.eam.fs
all="--composition Cu64Zr36 --atoms 100 --rate 400 --melt 1 --seed 3 --potential $eam --quiet"
quench() { "$program" quench $all "$@"; }

# At rest in a cell without stress; density of a Cu-Zr glass; the header tells the origin; the series has the ramp.
quench -o glass.extxyz --json > glass.txt
[ "$(grep -c '^Cu ' glass.extxyz)" = 64 ] && [ "$(grep -c '^Zr ' glass.extxyz)" = 36 ] || die "composition"
near "$(value max_force_eV_per_A glass.txt)" 0 1.0001e-5 || die "forces"
for s in $(value stress_GPa glass.txt); do near "$s" 0 1.0001e-4 || die "stress $s"; done
near "$(value density_g_per_cm3 glass.txt)" 7.5 0.15 || die "density $(value density_g_per_cm3 glass.txt)" # 7.54 at 2 to 5 K/ps
for word in 'cooling_rate_K_per_ps=400' 'seed=3' 'ensemble=npt' 'potential="eam/fs:CuZr_mm.eam.fs"' 'made_by="slowglass [0-9.]* quench"' 'gamma=0'; do
    sed -n 2p glass.extxyz | grep -q "$word" || die "header without $word"
done
[ ! -e glass.restart ] || die "what was saved is left"
"$program" energy glass.extxyz --potential $eam > energy.txt
near "$(value eis_eV energy.txt)" "$(value eis_eV glass.txt)" 1e-9 || die "energy of OUT"
awk -F'\t' 'NR == 1 { exit !($1 == "time_s" && $2 == "temperature_K" && $3 == "target_K" && $5 == "volume_A3") }' glass.tsv || die "columns"
[ "$(awk -F'\t' 'END { print $1 * 1e12, $3 }' glass.tsv)" = "5.25 300" ] || die "end: $(tail -n 1 glass.tsv)"
tail -n 1 glass.txt | grep -q '"n_steps":2625' || die "JSON"

# The same bits whatever the threads; after interruptions; with swaps and rests.
more="--swaps 200 --hold 800:0.5 --settle 0.2 --cell keep"
quench $more --threads 1 -o whole.extxyz > whole.txt
[ "$(value swaps_tried whole.txt)" -ge 950 ] || die "swaps"
[ "$(value swaps_accepted whole.txt)" -gt 0 ] || die "no swap accepted"
code=130 round=0 resume=
while [ $code = 130 ]; do
    round=$((round + 1))
    "$program" quench $all $more --threads 2 -o parts.extxyz $resume > parts.txt 2>&1 & # the signal is for the program
    pid=$!
    sleep "$(awk -v r=$round 'BEGIN { print 0.1 + 0.05 * r }')"
    if [ $((round % 2)) = 0 ]; then kill -INT $pid 2> /dev/null || true; else kill -TERM $pid 2> /dev/null || true; fi
    code=0
    wait $pid || code=$?
    [ $code != 143 ] || code=130
    [ $code = 0 ] || [ $code = 130 ] || die "round $round: exit $code: $(cat parts.txt)"
    [ ! -e parts.restart ] || resume=--resume
    [ $round -lt 100 ] || die "no end"
done
cmp whole.extxyz parts.extxyz && cmp whole.tsv parts.tsv || die "interrupted $round times"

# From a structure; into LAMMPS data; cell kept at constant volume.
"$program" quench glass.extxyz --rate 800 --melt 0.5 --ensemble nvt --cell keep --potential $eam -o again.data --quiet > again.txt
near "$(value volume_A3 again.txt)" "$(value volume_A3 glass.txt)" 1e-9 || die "volume"
near "$(value density_g_per_cm3 again.txt)" "$(value density_g_per_cm3 glass.txt)" 1e-9 || die "density"

# The cell kept, then brought to rest by `minimize`.
"$program" minimize whole.extxyz --cell relax --potential $eam -o rest.extxyz --quiet > rest.txt
for s in $(value stress_GPa rest.txt); do near "$s" 0 1.0001e-4 || die "stress $s"; done
awk -v a="$(value eis_eV rest.txt)" -v b="$(value eis_eV whole.txt)" 'BEGIN { exit !(a < b) }' || die "energy with the cell"

# Refusals.
refused 2 "need an element at '64Cu'" --composition 64Cu --potential $eam -o x.extxyz
refused 2 'Xy' --composition Cu64Xy36 --potential $eam -o x.extxyz
refused 2 'Al' --composition Cu64Al36 --potential $eam -o x.extxyz
refused 2 'twice' --composition CuZrCu --potential $eam -o x.extxyz
refused 2 'rate 0' --composition CuZr --rate 0 --potential $eam -o x.extxyz
refused 2 'rate 5000' --composition CuZr --rate 5000 --potential $eam -o x.extxyz
refused 2 'rate' --composition CuZr --rate fast --potential $eam -o x.extxyz
refused 2 'low <= high' --composition CuZr --high 200 --potential $eam -o x.extxyz
refused 2 'hold' --composition CuZr --hold 800 --potential $eam -o x.extxyz
refused 2 'composition' --potential $eam -o x.extxyz
refused 2 'one of them' glass.extxyz --composition CuZr --potential $eam -o x.extxyz
refused 2 'atoms' glass.extxyz --atoms 7 --potential $eam -o x.extxyz
refused 2 'density' --composition CuZr --density 40 --potential $eam -o x.extxyz
refused 2 'two species' --composition Cu --atoms 60 --swaps 50 --melt 0 --potential $eam -o x.extxyz
refused 2 'No such file' --composition CuZr --potential $eam -o x.extxyz --resume
refused 1 'step [0-9].* atom .*time step' --composition CuZr --atoms 60 --timestep 0.03 --potential $eam -o y.extxyz
"$program" quench $all --melt 3 -o z.extxyz > z.txt 2>&1 &
pid=$!
sleep 0.4
kill -INT $pid 2> /dev/null || true
wait $pid || true
if [ -e z.restart ]; then
    refused 2 'interrupted run is saved' --composition CuZr --potential $eam -o z.extxyz
    refused 2 'seed=3, not with seed=4' --composition Cu64Zr36 --atoms 100 --rate 400 --melt 3 --seed 4 --potential $eam -o z.extxyz --resume
fi
