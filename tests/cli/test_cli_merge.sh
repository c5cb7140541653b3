#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# slowglass catalog merge and compact on the catalog of tests/unit/test_curate.c.
set -eu
program=$1
build=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
# bad CODE TEXT ARGUMENTS..
bad() {
    code=$1 text=$2 got=0
    shift 2
    "$program" "$@" > out 2> err || got=$?
    [ "$got" -eq "$code" ] || die "slowglass $*: exit code $got, expected $code"
    [ "$(wc -l < err)" -eq 1 ] || die "slowglass $*: not one line on stderr"
    grep -qF "$text" err || { cat err; die "slowglass $*: expected $text"; }
}
content() { "$program" catalog info "$1" | grep '^content_hash'; }

mkdir run
"$build/tests/test_curate" make run/catalog
before=$(cksum < run/catalog/data.mdb)
hash=$(content run)

"$program" catalog compact run -o small --json > out 2> err
[ ! -s err ] || die "compact: $(cat err)"
grep -q '^bytes_before = [0-9]*$' out || die "bytes_before"
tail -n 1 out | grep -q '^{.*"bytes_after":[0-9]*.*}$' || die "compact --json"
[ "$(content small)" = "$hash" ] || die "compact: another content"
[ "$(cksum < run/catalog/data.mdb)" = "$before" ] || die "compact -o changed its input"
bad 2 "small exists already" catalog compact run -o small
bad 2 "no catalog in nowhere" catalog compact nowhere
bad 2 "catalog compact takes one catalog" catalog compact run small
"$program" catalog compact run > out                     # the folder of a run will do
[ "$(content run)" = "$hash" ] || die "compact in place: another content"
ls run > files
echo catalog | cmp -s - files || die "files left beside the catalog"

"$program" catalog merge run small -o both --json > out 2> err
[ ! -s err ] || die "merge: $(cat err)"
for line in "events_read = 10" "n_events = 5" "events_united = 0" "n_damaged = 0"; do
    grep -qx "$line" out || { cat out; die "merge: no line $line"; }
done
tail -n 1 out | grep -q '"n_events":5' || die "merge --json"
[ "$(content both)" = "$(grep '^content_hash' out)" ] || die "merge: another hash"
"$program" catalog merge both run -o again > out
[ "$(content again)" = "$(content both)" ] || die "merging again changed something"
mkdir later
"$program" catalog merge run -o later/catalog > out
printf '[system]\nstructure = x\n[catalog]\nbase = ../again ../small\n' > later/run.ini
"$program" catalog merge later -o all --with-bases > out
grep -qx "events_read = 15" out || die "merge --with-bases: $(cat out)"
[ "$(content all)" = "$(content both)" ] || die "merge --with-bases"
bad 2 "name them yourself" catalog merge run -o other --with-bases
bad 2 "NEW missing" catalog merge run small
bad 2 "both exists already" catalog merge run small -o both
bad 2 "catalog merge takes one catalog or more" catalog merge -o other
bad 2 "no catalog in nowhere" catalog merge run nowhere -o other
bad 2 "takes no --with-bases" catalog compact run --with-bases
[ ! -e other ] && [ ! -e other.unfinished ] || die "a refused merge left something behind"

# four searches that draw on one merged catalog at once do what each does alone
glass=$2/validation/samples/Cu_vacancy_mishin.extxyz
if [ -r "${SG_POTENTIALS:-/usr/share/lammps/potentials}/Cu_mishin1.eam.alloy" ]; then
    search() {
        "$program" search "$glass" --potential eam/alloy:Cu_mishin1.eam.alloy --elements Cu --quiet --threads 1 "$@"
    }
    search --max 3 --seed 1 -o v1 > out
    search --max 3 --seed 2 -o v2 > out
    "$program" catalog merge v1 v2 -o v --quiet > out
    [ "$(sed -n 's/^runs_read = //p' out)" = 2 ] || die "merge of two searches: $(cat out)"
    search --max 1 --seed 3 --barrier-max 1 --base v -o alone > alone.tsv
    grep -q catalog alone.tsv || die "nothing came from the base: $(cat alone.tsv)"
    for k in 1 2 3 4; do
        search --max 1 --seed 3 --barrier-max 1 --base v -o "at-once-$k" > "at-once-$k.tsv" &
    done
    wait
    for k in 1 2 3 4; do
        cmp -s alone.tsv "at-once-$k.tsv" || die "four at once: other events"
        [ "$(content "at-once-$k")" = "$(content alone)" ] || die "four at once: another catalog"
    done
fi
