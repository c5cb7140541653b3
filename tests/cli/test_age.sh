#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A run is the same bits whatever happens to it: killed five times, interrupted, on two threads, stopped and gone on. Its tables
# agree with one another and with the law of rates. Three hops of a vacancy in 107 Lennard-Jones atoms.
set -eu
program=$1
folder=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/age-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
files="trajectory.tsv events.tsv searches.tsv reuse.tsv basins.tsv trajectory.extxyz final.extxyz"
same() { for f in $files; do cmp -s "reference/$f" "$1/$f" || die "$1/$f differs from the uninterrupted run's: $2"; done; }
column() { head -n 1 "$1" | tr '\t' '\n' | grep -n "^$2\$" | cut -d: -f1; }

. "$2/tests/cli/vacancy.sh"
cat > run.ini <<'INI'
[system]
structure = vacancy.xyz
[potential]
style = lj
pair = 0.2 2.338 5.2
elements = Cu
[strain]
xy = 0.01
[kmc]
temperature_K = 800
max_time_s = 1
max_steps = 3
[search]
max_at_start = 6
max_per_step = 2
samplers = adaptive
give_up_above_eV = 20
batch = 4
[output]
picture = no
INI

begin=$(date +%s%N)
"$program" age run.ini --out reference --threads 1 --json --quiet > reference.txt || die "reference run"
took=$(($(date +%s%N) - begin))

# Files: what the contract names, each row with all columns, the right numbers of rows.
for f in run.ini start.extxyz final.extxyz trajectory.extxyz trajectory.tsv events.tsv searches.tsv reuse.tsv basins.tsv summary.json catalog/data.mdb; do
    [ -s "reference/$f" ] || die "$f missing"
done
[ "$(head -n 1 reference/trajectory.tsv | tr '\t' ' ')" = "step time_s eis_eV tau_xy_GPa state event centre barrier_eV dt_s \
rate_total_per_s rate_missing_per_s n_events n_searches basin n_hops" ] || die "columns of trajectory.tsv"
for f in trajectory events searches reuse; do
    awk -F'\t' 'NR == 1 { n = NF } NF != n { exit 1 }' reference/$f.tsv || die "$f.tsv: rows of unequal length"
done
[ "$(wc -l < reference/trajectory.tsv)" = 5 ] || die "trajectory.tsv: $(wc -l < reference/trajectory.tsv) lines"
[ "$(wc -l < reference/events.tsv)" = 4 ] || die "events.tsv"
[ "$(grep -c '^107$' reference/trajectory.extxyz)" = 4 ] || die "frames of trajectory.extxyz"
for field in steps time_s eis_eV tau_xy_GPa n_states n_events n_searches share_catalog share_inherited share_searched share_detour wall_s; do
    tail -n 1 reference.txt | grep -q "\"$field\":" || die "JSON field $field"
done

# The energy falls by barrier minus barrier back; the clock is the sum of its steps.
paste reference/trajectory.tsv reference/events.tsv > /dev/null
awk -F'\t' 'NR == FNR { e[$1] = $3; t[$1] = $2; dt[$1] = $9; s[$1] = $5; next }
    FNR > 1 { d = e[$1] - e[$1 - 1] - ($7 - $8); if (d > 1e-9 || d < -1e-9) { print "step " $1 ": dE " d; exit 1 }
              d = t[$1] - t[$1 - 1] - dt[$1]; if (d > 1e-12 * t[$1] || -d > 1e-12 * t[$1]) { print "step " $1 ": time " d; exit 1 }
              if ($5 != s[$1 - 1] || $6 != s[$1]) { print "step " $1 ": from " $5 " to " $6; exit 1 } }' \
    reference/trajectory.tsv reference/events.tsv || die "steps do not add up"

# The total rate of the last step is the sum of nu exp(-E/kT) over the state that was left.
left=$(tail -n 1 reference/events.tsv | cut -f5)
"$program" landscape state "$left" reference --quiet > left.tsv
barrier=$(column left.tsv barrier_eV)
awk -F'\t' -v b="$barrier" -v k="$(tail -n 1 reference/trajectory.tsv | cut -f10)" \
    'NR > 1 && $b > 0 { sum += 1e13 * exp(-$b / (8.617333262e-5 * 800)) }
     END { r = sum / k; if (r < 0.99999 || r > 1.00001) { print "sum " sum ", rate_total " k; exit 1 } }' left.tsv || die "total rate"

# A frame's energy is that of its row, and the strain is the one imposed.
grep -q 'gamma=0.01' reference/final.extxyz || die "gamma of final.extxyz"
"$program" energy reference/final.extxyz --potential lj:0.2,2.338,5.2 --quiet > energy.txt
awk -F'\t' -v e="$(sed -n 's/^eis_eV = //p' energy.txt)" -v tau="$(sed -n 's/^tau_xy_GPa = //p' energy.txt)" \
    'END { d = $3 - e; s = $4 - tau; exit !(d < 1e-9 && d > -1e-9 && s < 1e-6 && s > -1e-6) }' reference/trajectory.tsv || die "final.extxyz"

# Row 0 is what the command strain makes of the structure.
"$program" strain vacancy.xyz --xy 0.01 --potential lj:0.2,2.338,5.2 -o strained.extxyz --quiet > strained.txt
awk -F'\t' -v e="$(sed -n 's/^eis_eV = //p' strained.txt)" 'NR == 2 { d = $3 - e; exit !(d < 1e-6 && d > -1e-6) }' \
    reference/trajectory.tsv || die "row 0 is not the strained structure"

# The same from the run's own settings; on two threads; in two goes.
"$program" age reference/run.ini --out again --threads 2 --quiet > /dev/null
same again "two threads, from the effective run.ini"
"$program" age run.ini --out parts --set kmc.max_steps=0 --quiet > /dev/null
[ "$(wc -l < parts/trajectory.tsv)" = 2 ] || die "max_steps = 0"
"$program" age --resume parts --set kmc.max_steps=1 --quiet > /dev/null
"$program" age --resume parts --set kmc.max_steps=3 --set kmc.max_wall_s=1000 --quiet > /dev/null
same parts "in three goes"

# Killed again and again, at moments that move.
kills=0
round=1
"$program" age run.ini --out killed --quiet > log 2>&1 &
while :; do
    pid=$!
    sleep "$(awk -v t="$took" -v r="$round" 'BEGIN { printf "%.3f", t * 1e-9 * (0.06 + 0.02 * r) }')"
    kill -9 $pid 2> kill.txt && kills=$((kills + 1))
    wait $pid && break
    round=$((round + 1))
    if [ -e killed/run.ini ]; then
        "$program" age --resume killed --quiet > log 2>&1 &
    else
        rm -rf killed
        "$program" age run.ini --out killed --quiet > log 2>&1 &
    fi
done
tail -n 1 log | grep -q wall_s || die "killed run: $(cat log)"
same killed "killed $kills times"
echo "killed $kills times"

# Torn and edited projections do not survive a resume.
cp -r reference torn
printf '9\tx' >> torn/trajectory.tsv
sed -i '2s/^0/7/' torn/events.tsv
printf '107\nLattice' >> torn/trajectory.extxyz
rm torn/searches.tsv torn/final.extxyz
"$program" age --resume torn --quiet > /dev/null
same torn "damaged projections"

# SIGINT: a clean end that says how to go on. (A shell ignores SIGINT for what it starts in the background.)
"$program" age run.ini --out signal --quiet > log 2>&1 &
pid=$!
while [ ! -e signal/searches.tsv ] && kill -0 $pid 2> kill.txt; do sleep 0.02; done
kill -TERM $pid 2> kill.txt || true
code=0
wait $pid || code=$?
if [ $code = 130 ]; then
    grep -q -- '--resume signal' log || die "interrupted: $(cat log)"
    [ -s signal/summary.json ] || die "interrupted: no summary.json"
elif [ $code != 0 ]; then
    die "SIGTERM: exit $code, $(cat log)"
fi
"$program" age --resume signal --quiet > /dev/null
same signal "interrupted by SIGTERM"
