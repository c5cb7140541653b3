#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# slowglass catalog info, list and show on the catalog of tests/unit/test_curate.c.
set -eu
program=$1
build=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
has() { grep -qxF "$1" "$2" || { echo "$2 lacks the line: $1"; cat "$2"; exit 1; }; }
# bad CODE TEXT ARGUMENTS..
bad() {
    code=$1 text=$2 got=0
    shift 2
    "$program" "$@" > out 2> err || got=$?
    [ "$got" -eq "$code" ] || die "slowglass $*: exit code $got, expected $code"
    [ "$(wc -l < err)" -eq 1 ] || die "slowglass $*: not one line on stderr"
    grep -qF "$text" err || { cat err; die "slowglass $*: expected $text"; }
}

mkdir run
"$build/tests/test_curate" make run/catalog
before=$(cksum < run/catalog/data.mdb)

"$program" catalog info run/catalog --json > info
has "format = 1" info
has "potential = CuZr_mm.eam.fs" info
has "fingerprint = 0123456789abcdef" info
has "elements = Cu,Zr" info
has "cutoffs_A = 3.3 3.75 4.2" info
has "n_events = 5" info
has "n_searches = 5" info
has "barrier_min_eV = 0.2" info
has "barrier_median_eV = 0.5" info
has "barrier_max_eV = 0.9" info
has "searches_found = 2" info
has "searches_known = 0" info
has "searches_unknown = 1" info
tail -n 1 info | grep -q '^{.*"barrier_median_eV":0.5.*}$' || die "info --json"

"$program" catalog list run > list                       # the folder of a run will do
[ "$(wc -l < list)" -eq 6 ] || die "list: number of lines"
[ "$(awk -F'\t' 'NR > 1 { printf "%s ", substr($1, 1, 4) }' list)" = "0000 b000 abcd b000 a000 " ] || die "list: order"
[ "$(awk -F'\t' 'NR == 3 { print $3, $4, $5, $7, $8, $10 }' list)" = "0.200000 0.100000 0.100000 11 local Zr" ] ||
    die "list: columns"
"$program" catalog list run --sort key --limit 2 --json > list
[ "$(awk -F'\t' 'NR == 2 || NR == 3 { printf "%s ", $2 }' list)" = "0000000000000001 0000000000000003 " ] || die "by key"
tail -n 1 list | grep -q '"n_events":5' || die "list --json"
[ "$(wc -l < list)" -eq 4 ] || die "list --limit"

"$program" catalog show run abcd -o event.extxyz > event
has "id = abcdef0000000003" event
has "barrier_eV = 0.5" event
has "prefactor_per_s = nan" event
has "seed = 18446744073709551615" event
has "centre = Zr" event
grep -q '^2	Zr	1	0.00000	0.00000	0.00000	0.00000	0.50000	0.00000	0.00000	1.00000	0.00000$' event || die "show: atom"
[ "$(grep -c '^3$' event.extxyz)" -eq 3 ] || die "show -o: frames"
[ "$(grep -o 'frame=[a-z]*' event.extxyz | tr '\n' ' ')" = "frame=start frame=saddle frame=final " ] || die "frames"

bad 2 "need one of info list show" catalog inof run
bad 2 "'catalog merge' is not available in this version" catalog merge run other
bad 2 "catalog info takes one catalog" catalog info
bad 2 "the id of an event" catalog show run
bad 2 "no catalog in $folder" catalog info "$folder"
bad 2 "no event begins with c" catalog show run c
bad 2 "several events begin with b" catalog show run b
bad 2 "no event has the id 0000000000000009" catalog show run 0000000000000009
bad 2 "three frames need" catalog show run abcd -o event.data
bad 2 "need barrier or key" catalog list run --sort id
bad 2 "catalog info takes no --sort" catalog info run --sort key
"$program" catalog list run > /dev/full 2> err && die "a full stdout went unnoticed"
[ "$(cksum < run/catalog/data.mdb)" = "$before" ] || die "reading changed the catalog"
ls run/catalog > files
echo "data.mdb lock.mdb writer.lock" | tr ' ' '\n' | cmp -s - files || die "files left in the catalog"
