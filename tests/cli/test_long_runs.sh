#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What ends a run and what it leaves on the way: an energy, the live line, frames log-spaced in time whatever interrupts it,
# a picture drawn beside it, memory that changes nothing. A vacancy in 107 Lennard-Jones atoms.
set -eu
program=$1
folder=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/long-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }

. "$2/tests/cli/vacancy.sh"
cat > run.ini <<'INI'
[system]
structure = vacancy.xyz
[potential]
style = lj
pair = 0.2 2.338 5
elements = Cu
[kmc]
temperature_K = 800
max_time_s = 1e12
max_steps = 60
[search]
per_atom = 4
barrier_max_eV = 1.5
confidence = 0
[output]
snapshot = log
snapshot_per_decade = 4
picture = no
INI
"$program" age run.ini --out whole --threads 1 --quiet > /dev/null

# Frames: the start, the first step, then the first step of every quarter of a decade that has one.
awk -F'\t' 'NR > 1 { b = $2 > 0 ? log($2) / log(10) * 4 : 0; b = b < 0 && b != int(b) ? int(b) - 1 : int(b)
    if ($1 < 2 || b > last) print $1; last = b }' whole/trajectory.tsv > expected
sed -n 's/.*step=\([0-9]*\).*/\1/p' whole/trajectory.extxyz > got
cmp expected got || die "frames"
[ "$(wc -l < got)" -lt 30 ] && [ "$(wc -l < got)" -gt 3 ] || die "$(wc -l < got) frames"

# The same files from another run in pieces, with next to nothing kept in memory, and a torn last frame.
"$program" age run.ini --out parts --set kmc.max_steps=7 --set catalog.memory_MB=0.001 --threads 2 --quiet > /dev/null
printf '107\nLattice' >> parts/trajectory.extxyz
"$program" age --resume parts --set kmc.max_steps=31 --quiet > /dev/null
"$program" age --resume parts --set kmc.max_steps=60 --set catalog.memory_MB=0.01 --quiet > /dev/null
for f in trajectory.tsv events.tsv searches.tsv trajectory.extxyz; do
    cmp whole/$f parts/$f || die "$f in pieces"
done

# A time: the last row and the last structure stand exactly there; with more time the run goes on as if it had not ended.
cut=$(awk -F'\t' 'NR == 22 { t = $2 } NR == 23 { printf "%.17g", (t + $2) / 2 }' whole/trajectory.tsv)
"$program" age run.ini --out cut --set "kmc.max_time_s=$cut" --set kmc.max_steps=100 --quiet > cut.txt
grep -q 'ended by max_time' cut.txt || die "$(cat cut.txt)"
head -n 22 whole/trajectory.tsv > expected
head -n 22 cut/trajectory.tsv | cmp - expected || die "rows before max_time_s"
awk -F'\t' -v t="$cut" 'NR == 22 { before = $2 } END { d = ($2 - before) / $9 - 1
    exit !(NR == 23 && $1 == 21 && $2 == t && $6 == 0 && d < 1e-9 && -d < 1e-9) }' cut/trajectory.tsv || die "last row: $(tail -n 1 cut/trajectory.tsv)"
sed -n 2p cut/final.extxyz | grep -q "state=$(tail -n 1 cut/trajectory.tsv | cut -f5)\b" || die "final.extxyz: $(sed -n 2p cut/final.extxyz)"
"$program" age --resume cut --set kmc.max_time_s=1e12 --set kmc.max_steps=60 --quiet > cut.txt
for f in trajectory.tsv events.tsv searches.tsv basins.tsv trajectory.extxyz final.extxyz; do
    cmp whole/$f cut/$f || die "$f with more time"
done

# An energy: the run ends where the rows first are as low, and says so; a resume may ask for another.
top=$(awk -F'\t' 'NR == 2 { print $3 + 1 }' whole/trajectory.tsv)
"$program" age run.ini --out low --set "kmc.stop_below_eis_eV=$top" --quiet > low.txt
grep -q 'ended by below_eis' low.txt || die "$(cat low.txt)"
grep -q '"end":"below_eis"' low/summary.json || grep -q '"end": *"below_eis"' low/summary.json || die "summary.json"
[ "$(wc -l < low/trajectory.tsv)" = 2 ] || die "rows of low"
"$program" age --resume low --set kmc.stop_below_eis_eV=0 --quiet > low.txt
grep -q 'ended by max_steps' low.txt || die "resumed: $(cat low.txt)"
cmp whole/trajectory.tsv low/trajectory.tsv || die "a stop criterion has altered the run"
"$program" check run.ini > check.txt 2>&1
for key in max_time_s max_steps max_wall_s stop_below_eis_eV; do grep -q "$key" check.txt || die "check does not print $key"; done

# SIGTERM at moments that move: a clean catalog every time, and in the end the same bits.
rm -rf term
code=130
round=0
while [ $code = 130 ]; do
    round=$((round + 1))
    if [ -e term/run.ini ]; then set -- --resume term; else rm -rf term && set -- run.ini --out term; fi
    "$program" age "$@" --quiet --threads 2 > term.txt 2>&1 &
    pid=$!
    sleep "$(awk -v r=$round 'BEGIN { print 0.1 + 0.13 * r }')" # longer and longer: what is in hand is dropped
    kill -TERM $pid 2> /dev/null || true
    code=0
    wait $pid || code=$?
    [ $code != 143 ] || code=130 # before it had begun to listen
    [ $code = 0 ] || [ $code = 130 ] || die "round $round: exit $code: $(cat term.txt)"
    [ ! -e term/catalog ] || "$program" catalog check term/catalog --quiet > /dev/null || die "round $round: catalog"
    [ $round -lt 100 ] || die "no end"
done
for f in trajectory.tsv events.tsv searches.tsv trajectory.extxyz; do
    cmp whole/$f term/$f || die "$f after $round rounds"
done
[ $round -gt 1 ] || die "never interrupted"
echo "interrupted $((round - 1)) times"

# A wall time shorter than anything: each process gets a little further, and in the end the same bits.
round=0
said="ended by max_wall"
while [ "$said" = "ended by max_wall" ]; do
    round=$((round + 1))
    if [ -e wall/run.ini ]; then set -- --resume wall; else set -- run.ini --out wall; fi
    "$program" age "$@" --quiet --threads 1 --set kmc.max_wall_s="$(awk -v r=$round 'BEGIN { print 0.001 + 0.02 * r }')" > wall.txt
    said=$(grep -o 'ended by max_wall' wall.txt || true)
    [ $round -lt 200 ] || die "no end under max_wall_s"
done
for f in trajectory.tsv events.tsv searches.tsv trajectory.extxyz; do
    cmp whole/$f wall/$f || die "$f after $round processes of short wall time"
done
[ $round -gt 3 ] || die "never stopped by max_wall_s"
echo "stopped $((round - 1)) times by max_wall_s"

# Off a terminal few lines, each with time, energy, events; a share reused and what is missing once tables are made.
"$program" age run.ini --out lines --set kmc.max_steps=100000 > /dev/null 2> lines.txt &
pid=$!
begin=$(date +%s)
n=0
until grep -q 'E_IS.*events.*% reused' lines.txt || [ $n -ge 600 ] || ! kill -0 $pid 2> /dev/null; do sleep 0.2; n=$((n + 1)); done
kill -TERM $pid 2> /dev/null || true
code=0
wait $pid || code=$?
[ $code = 130 ] || [ $code = 0 ] || die "exit $code: $(tail -n 3 lines.txt)"
if [ $code = 130 ]; then
    took=$(($(date +%s) - begin))
    [ "$(grep -c E_IS lines.txt)" -le $((took / 10 + 1)) ] || die "$(grep -c E_IS lines.txt) lines in $took s"
    grep -q 'E_IS.*events.*% reused' lines.txt || die "live line: $(cat lines.txt)"
fi
"$program" catalog check lines/catalog > /dev/null || die "catalog after SIGTERM"
