#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Shape and content of what `bench` prints; never how long anything took.
set -eu
program=$1
source=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }

"$program" bench --list > list.txt
for row in force-fs force-alloy force-free force-free-16000 md hessian saddle-calls converged connected event-calls event-seconds \
    threads ranks island-saddle island-search island-known cluster-saddle key lookup lookup-variants vacancy-first \
    vacancy-steps visited-steps; do
    grep -q "^$row  *[A-Za-z]" list.txt || die "no row $row"
done

# A ratio is positive, with its goal, unit and details, in text and JSON.
"$program" bench force-free --rounds 1 --samples "$source/validation/samples" --json --quiet > out.txt
if ! grep -q 'not measured' out.txt; then
    tail -n 1 out.txt | grep -q '^{"rows":\[{"row":"force-free",.*"goal":0.2,.*"missing":null,.*"free_atoms":250.*}\]}$' || die "JSON: $(tail -n 1 out.txt)"
    awk '$1 == "force-free" { exit !($2 > 0 && $3 == "ratio") }' out.txt || die "$(cat out.txt)"
fi

# Two workers do what one does: of threads and, where there is MPI, of processes.
rows="threads ranks"
case $program in */asan/*|*/tsan/*) rows=threads ;; esac # programs of their own do not run as children there
# shellcheck disable=SC2086
"$program" bench $rows --searches 2 --rounds 1 --samples "$source/validation/samples" --json --quiet > two.txt || die "scaling: $(cat two.txt)"
[ "$(grep -c 'processor_ratio' two.txt)" -ge 1 ] || grep -q 'not measured' two.txt || die "$(cat two.txt)"
grep -q '"same_work":0' two.txt && die "two did other work than one: $(cat two.txt)"

# Counts repeat for a seed, and only for it; barriers of the platinum island are those of the public list or none.
for seed in 5 5 6; do
    "$program" bench island-saddle cluster-saddle --searches 4 --seed $seed --json --quiet > seed.txt
    tail -n 1 seed.txt >> seeds.txt
done
[ "$(sort -u seeds.txt | wc -l)" = 2 ] || die "counts do not repeat: $(cat seeds.txt)"
[ "$(sed -n 1p seeds.txt)" = "$(sed -n 2p seeds.txt)" ] || die "counts do not repeat: $(cat seeds.txt)"
sed -n 1p seeds.txt | grep -q '"row":"island-saddle".*"searches":4.*"row":"cluster-saddle".*"starts":4' || die "$(cat seeds.txt)"

# What is absent is said, and is no failure.
"$program" bench force-free --rounds 1 --samples "$folder/none" --json --quiet > none.txt || die "exit $? without samples"
grep -q 'not measured: no .*/none/Cu64Zr36_2000.extxyz' none.txt || die "$(cat none.txt)"
tail -n 1 none.txt | grep -q '"value":null' || die "$(tail -n 1 none.txt)"
"$program" bench force-alloy --rounds 1 --lammps "$folder/no-lmp" --quiet > none.txt || die "exit $? without LAMMPS"
grep -q 'not measured: \(no eam/alloy\|.*/no-lmp not installed\)' none.txt || die "$(cat none.txt)"

"$program" bench force-fre 2> error && die "accepted an unknown row"
grep -q "no row 'force-fre'; did you mean 'force-free'?" error || die "$(cat error)"
[ -z "$(ls -d "${TMPDIR:-/tmp}"/slowglass-bench-* 2> /dev/null)" ] || echo "note: folders of other benches in ${TMPDIR:-/tmp}"
