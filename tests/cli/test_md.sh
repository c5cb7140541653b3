#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# slowglass md: files, threads, interruption, means; what is refused.
set -eu
program=$1
glass=$2/validation/samples/Cu64Zr36_500.extxyz
folder=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/md-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
value() { sed -n "s/^$1 = //p" "$2" | tail -n 1; }
near() { awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(d <= t && -d <= t && a != "" && b != "") }'; }
# refused CODE WORDS ARGUMENTS: one line that holds the words
refused() {
    want=$1 words=$2
    shift 2
    code=0
    "$program" "$@" --quiet > out.txt 2> error.txt || code=$?
    [ $code = "$want" ] || die "$*: exit $code: $(cat error.txt)"
    [ "$(wc -l < error.txt)" = 1 ] || die "$*: $(cat error.txt)"
    grep -q -e "$words" error.txt || die "$*: $(cat error.txt), need '$words'"
}
. "$2/tests/cli/vacancy.sh"
lj=lj:0.2,2.338,5
all="vacancy.xyz --potential $lj --temperature 900 --interval 0.1 --seed 5 --quiet"
md() { "$program" md $all "$@"; }

# Three runs: tables as the design says, E_IS of the first row that of `minimize`, frames that are minima of those energies.
md --time 0.4 --runs 3 --threads 1 --inherent is.extxyz -o a.tsv --json > a.txt
for k in 1 2 3; do
    head -n 1 a-$k.tsv | grep -q '^time_s	eis_eV	tau_xy_GPa	temperature_K	' || die "columns"
    [ "$(wc -l < a-$k.tsv)" = 6 ] || die "rows of run $k"
    [ "$(grep -c Lattice is-$k.extxyz)" = 5 ] || die "frames of run $k"
done
"$program" minimize vacancy.xyz --potential $lj -o is.data --quiet > is.txt
near "$(value eis_eV is.txt)" "$(awk 'NR == 2 { print $2 }' a-2.tsv)" 1e-9 || die "row 0 is not the minimum"
cmp -s a-1.tsv a-2.tsv && die "two runs are the same"
tail -n 109 is-3.extxyz > last.extxyz
"$program" energy last.extxyz --potential $lj > last.txt
near "$(value eis_eV last.txt)" "$(awk 'END { print $2 }' a-3.tsv)" 1e-9 || die "energy of the last frame"
near "$(value max_force_eV_per_A last.txt)" 0 1e-4 || die "the last frame is no minimum"
tail -n 1 a.txt | grep -q '^{.*"n_runs":3,"n_rows":5,"time_s":4e-13,.*}$' || die "JSON: $(tail -n 1 a.txt)"

# Mean and standard error, by awk.
paste a-1.tsv a-2.tsv a-3.tsv | awk -F'\t' 'NR > 1 { m = ($2 + $11 + $20) / 3
    s = ($2 - m)^2 + ($11 - m)^2 + ($20 - m)^2; printf "%.9f %.9f\n", m, sqrt(s / 6) }' > expected
awk -F'\t' 'NR > 1 { printf "%.9f %.9f\n", $2, $3 }' a-mean.tsv > got
paste expected got | awk '{ a = $1 - $3; b = $2 - $4; if (a * a > 1e-16 || b * b > 1e-16) exit 1 }' || die "means: $(paste expected got)"

# Any number of threads: the same bits. So does a run that is made longer, and one that is interrupted again and again.
md --time 0.4 --runs 3 --threads 3 --inherent is3.extxyz -o b.tsv > /dev/null
for k in 1 2 3; do
    cmp a-$k.tsv b-$k.tsv && cmp is-$k.extxyz is3-$k.extxyz || die "threads, run $k"
done
md --time 0.1 --runs 3 --inherent is4.extxyz -o c.tsv > /dev/null
echo "1e-13	torn" >> c-2.tsv
md --time 0.4 --runs 3 --inherent is4.extxyz -o c.tsv --resume > /dev/null
cmp a-mean.tsv c-mean.tsv && cmp a-2.tsv c-2.tsv && cmp is-2.extxyz is4-2.extxyz || die "made longer"
md --time 20 -o whole.tsv > /dev/null
code=130 round=0 resume=
while [ $code = 130 ]; do
    round=$((round + 1))
    "$program" md $all --time 20 -o parts.tsv $resume > parts.txt 2>&1 & # not the function: the signal is for the program
    pid=$!
    sleep "$(awk -v r=$round 'BEGIN { print 0.1 + 0.05 * r }')"
    if [ $((round % 2)) = 0 ]; then kill -INT $pid 2> /dev/null || true; else kill -TERM $pid 2> /dev/null || true; fi
    code=0
    wait $pid || code=$?
    [ $code != 143 ] || code=130 # before it had begun to listen
    [ $code = 0 ] || [ $code = 130 ] || die "round $round: exit $code: $(cat parts.txt)"
    [ ! -e parts.restart ] || resume=--resume
    [ -n "$resume" ] || rm -f parts.tsv
    [ $round -lt 100 ] || die "no end"
done
cmp whole.tsv parts.tsv || die "interrupted $round times"

# Strain as `strain` imposes it.
"$program" strain "$glass" --xy 0.01 --potential eam/fs:CuZr_mm.eam.fs -o strained.extxyz --quiet > strained.txt
"$program" md "$glass" --xy 0.01 --time 0 --potential eam/fs:CuZr_mm.eam.fs -o s.tsv --quiet > s.txt
near "$(value eis_eV s.txt)" "$(value eis_eV strained.txt)" 1e-6 || die "strained energy"
near "$(value tau_xy_GPa s.txt)" "$(value tau_xy_GPa strained.txt)" 1e-4 || die "strained stress"

# Refusals.
refused 2 'is there already' md vacancy.xyz --potential $lj -o a.tsv --runs 3
refused 2 'no saved run' md vacancy.xyz --potential $lj -o new.tsv --resume
refused 2 'temperature_K=900, not with temperature_K=800' md vacancy.xyz --potential $lj --temperature 800 --interval 0.1 --seed 5 -o whole.tsv --resume
sed 's/^Cu 0 1.81/Cu 0.1 1.81/' vacancy.xyz > other.xyz
cmp -s other.xyz vacancy.xyz && die "the other structure is the same"
refused 2 'another structure' md other.xyz --potential $lj --temperature 900 --interval 0.1 --seed 5 -o whole.tsv --resume
refused 2 'md.xyz' md vacancy.xyz --potential $lj -o md.xyz
refused 2 'OUT missing' md vacancy.xyz --potential $lj
refused 2 'ensemble' md vacancy.xyz --potential $lj -o x.tsv --ensemble nvp
refused 2 'need > 0' md vacancy.xyz --potential $lj -o x.tsv --interval 0
refused 2 'interval' md vacancy.xyz --potential $lj -o x.tsv --interval 0.001
refused 1 'step [0-9].* atom .*time step' md vacancy.xyz --potential $lj -o x.tsv --timestep 0.05 --interval 1 --temperature 900
