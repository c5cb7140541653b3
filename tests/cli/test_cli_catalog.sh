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
    grep -qF -- "$text" err || { cat err; die "slowglass $*: expected $text"; }
}

mkdir run
"$build/tests/test_curate" make run/catalog
before=$(cksum < run/catalog/data.mdb)

"$program" catalog info run/catalog --json > info
has "format = 2" info
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

# filters and orders against awk on the whole list of 300 made-up events
"$build/tests/test_curate_lists" make many
"$program" catalog list many > all
[ "$(wc -l < all)" -eq 301 ] || die "list: all"
# same FILTER AWK-CONDITION: the rows of the list with the filter are those of the whole list that awk picks
same() {
    "$program" catalog list many $1 | tail -n +2 | sort > picked
    awk -F'\t' "NR > 1 && ($2)" all | sort > expected
    [ -s expected ] || die "list $1: the test picks nothing"
    cmp -s picked expected || { diff picked expected | head -5; die "list $1: not the rows of awk"; }
}
same "--barrier 0.21:0.69" '$3 != "nan" && $3 >= 0.21 && $3 <= 0.69'
same "--barrier :0.31" '$3 != "nan" && $3 <= 0.31'
same "--barrier 1.01:" '$3 != "nan" && $3 >= 1.01'
same "--centre Zr" '$10 == "Zr"'
same "--strain 0.015:0.03" '$9 >= 0.015 && $9 <= 0.03'
same "--key 3" 'substr($2, 1, 1) == "3"'
same "--centre Zr --sampler kick --barrier 0:0.91" '$10 == "Zr" && $8 == "kick" && $3 >= 0 && $3 <= 0.91'
"$program" catalog list many --sort dE --reverse | awk -F'\t' '$5 == "nan" || NR == 1 { next } NR > 2 && $5 > last + 1e-6 { exit 1 } { last = $5 }' ||
    die "list --sort dE --reverse"
# the histogram against a count of the list; barriers are printed to 1e-6 eV, so edges of bins are left out of it
"$program" catalog list many --barrier 0.151:0.899 --bin 0.083 --histogram --json > histogram
"$program" catalog list many --barrier 0.151:0.899 | awk -F'\t' 'NR > 1 { n[int($3 / 0.083)]++ }
    END { for (k in n) print k, n[k] }' | sort > expected
sed '$d' histogram | awk -F'\t' 'NR > 1 && $3 > 0 { print int($1 / 0.083 + 0.5), $3 }' | sort > counted
cmp -s counted expected || { diff counted expected; die "list --histogram"; }
awk -F'\t' '/#/ { if (length($9) < 1 || length($9) > 50) exit 1; if (length($9) == 50) full = 1 } END { exit !full }' histogram ||
    die "bars of the histogram"
if command -v python3 > /dev/null; then
    "$program" catalog list many --json | tail -n 1 | python3 -c '
import json, sys
rows = json.load(sys.stdin)
assert rows["n_events"] == 300 == len(rows["events"])
table = [line.split("\t") for line in open("all").read().splitlines()[1:]]
for row, line in zip(rows["events"], table):
    assert [row["id"], row["key"], row["sampler"], row["centre"]] == [line[0], line[1], line[7], line[9]]
    assert row["barrier_eV"] is None if line[2] == "nan" else abs(row["barrier_eV"] - float(line[2])) < 1e-6
' || die "list --json"
    tail -n 1 histogram | python3 -c '
import json, sys
h = json.load(sys.stdin)
assert sum(b["events"] for b in h["spectrum"]) == h["n_events"] == sum(b["Cu"] + b["Zr"] for b in h["spectrum"])
' || die "histogram --json"
fi
if command -v gnuplot > /dev/null; then
    mkdir "it's"
    "$program" catalog list many --plot "it's/a_b.png" --bin 0.1 --limit 0 > out || die "--plot"
    [ "$(head -c 4 "it's/a_b.png" | tail -c 3)" = PNG ] || die "--plot: no picture"
    [ "$(wc -l < out)" -eq 1 ] || die "list --limit 0"
fi

"$program" catalog show run abcd -o event.extxyz > event
has "id = abcdef0000000003" event
has "barrier_eV = 0.5" event
has "prefactor_per_s = nan" event
has "centre = Zr" event
grep -q '^2	Zr	1	0.00000	0.00000	0.00000	0.00000	0.50000	0.00000	0.00000	1.00000	0.00000	0.00000	1.00000	0.00000$' event || die "show: atom"
"$program" catalog show run abcd --temperature 600 2> err > rates
# 1e13 exp(-0.5 / (8.617333262e-5 600)) by hand
awk '/^rate_per_s/ { found = ($3 > 6.31e8 && $3 < 6.3126e8) } END { exit !found }' rates || die "show: rate"
[ "$(grep -c '^3$' event.extxyz)" -eq 3 ] || die "show -o: frames"
"$program" catalog show run/catalog 7d39fb223c15c000 --base many > show # an event of the base
has "barrier_eV = 0.7000000000000001" show
grep -q '^0000000000000007	' show || die "show --base: whose counters"
[ "$(grep -o 'frame=[a-z]*' event.extxyz | tr '\n' ' ')" = "frame=start frame=saddle frame=final " ] || die "frames"

bad 2 "need one of info list show" catalog inof run
bad 2 "catalog info takes one catalog" catalog info
bad 2 "the id of an event" catalog show run
bad 2 "no catalog in $folder" catalog info "$folder"
bad 2 "no event begins with c" catalog show run c
bad 2 "several events begin with b" catalog show run b
bad 2 "no event has the id 0000000000000009 here; one that the run took from a base: --base DIR" catalog show run 0000000000000009
bad 2 "no catalog in nowhere" catalog show run abcd --base nowhere
bad 2 "three frames need" catalog show run abcd -o event.data
bad 2 "--sort id, need one of barrier back dE found key participation" catalog list run --sort id
bad 2 "--barrier '0.5', need LOW:HIGH" catalog list run --barrier 0.5
bad 2 "--barrier ':', need LOW:HIGH" catalog list run --barrier :
bad 2 "--barrier '0.1:x', need LOW:HIGH" catalog list run --barrier 0.1:x
bad 2 "--strain 0.2:0.1: the lower end comes first" catalog list run --strain 0.2:0.1
bad 2 "--centre 'Al', this catalog has Cu Zr" catalog list run --centre Al
bad 2 "--sampler 'any', need one of local placed" catalog list run --sampler any
bad 2 "--key 'xy', need 1 to 16 hexadecimal digits" catalog list run --key xy
bad 2 "need a name that ends in .png" catalog list run --plot picture.pdf
bad 2 "--bin is the width" catalog list run --bin 0.1
bad 2 "--bin 0, need > 0" catalog list run --bin 0 --histogram
bad 2 "--limit -1, need 0 or more" catalog list run --limit -1
bad 2 "there is no event to draw" catalog list run --barrier 50:60 --plot nothing.png
bad 2 "--temperature 0, need > 0" catalog show run abcd --temperature 0
bad 2 "--prefactor is for the rates" catalog show run abcd --prefactor 1e12
bad 2 "catalog info takes no --sort" catalog info run --sort key
"$program" catalog list run > /dev/full 2> err && die "a full stdout went unnoticed"
[ "$(cksum < run/catalog/data.mdb)" = "$before" ] || die "reading changed the catalog"
ls run/catalog > files
echo "data.mdb lock.mdb writer.lock" | tr ' ' '\n' | cmp -s - files || die "files left in the catalog"
