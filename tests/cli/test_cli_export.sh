#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# slowglass catalog export and stats, slowglass landscape export, on the catalog of tests/unit/test_curate_export.c and on
# the 300 events of test_curate_lists.c: read back by awk, by Python's json and xml, and by ASE where it is installed.
set -eu
program=$1
source=$2
build=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
has() { grep -qxF -- "$1" "$2" || { echo "$2 lacks the line: $1"; cat "$2"; exit 1; }; }
bad() {
    code=$1 text=$2 got=0
    shift 2
    "$program" "$@" > out 2> err || got=$?
    [ "$got" -eq "$code" ] || { cat err; die "slowglass $*: exit code $got, expected $code"; }
    [ "$(wc -l < err)" -eq 1 ] || die "slowglass $*: not one line on stderr"
    grep -qF -- "$text" err || { cat err; die "slowglass $*: expected $text"; }
}

mkdir run
"$build/tests/test_curate_export" make run/catalog
"$build/tests/test_curate_lists" make many
demo=$source/validation/samples/demo-catalog

# ---- the table, all digits: filters are what awk picks from it
"$program" catalog export many -o all.tsv > result
has "n_events = 300" result
[ "$(awk -F'\t' '{ print NF }' all.tsv | sort -u | wc -l)" -eq 1 ] || die "rows of different length"
column() { head -n 1 all.tsv | tr '\t' '\n' | grep -nxF "$1" | cut -d: -f1; }
barrier=$(column barrier_eV) gamma=$(column gamma) centre=$(column centre) soft=$(column found_soft) key=$(column key)
same() {
    "$program" catalog export many --format tsv -o - $1 | tail -n +2 > picked
    awk -F'\t' "NR > 1 && ($2)" all.tsv > expected
    [ -s expected ] || die "$1: the test picks nothing"
    cmp -s picked expected || die "export $1: not the rows of awk"
}
same "--barrier 0.2:0.7" "\$$barrier != \"nan\" && \$$barrier >= 0.2 && \$$barrier <= 0.7"
same "--strain 0.02:" "\$$gamma >= 0.02"
same "--centre Cu --barrier :0.5" "\$$centre == \"Cu\" && \$$barrier != \"nan\" && \$$barrier <= 0.5"
same "--sampler soft" "\$$soft > 0"
same "--key 3" "substr(\$$key, 1, 1) == \"3\""

# ---- the counters of the samplers add up
awk -F'\t' 'NR > 1 { by = 0; for (k = 33; k <= NF; k++) by += $k; if (by != $31) exit 1 }' all.tsv ||
    die "counters of samplers do not add up"

# ---- statistics: sums of the spectrum, and the numbers that awk makes of the tables
"$program" catalog stats many --bin 0.1 --limit 3 --json > stats
[ "$(sed -n '/^from_eV/,/^$/p' stats | awk -F'\t' 'NR > 1 { n += $3 } END { print n }')" -eq 297 ] || die "stats: spectrum"
has "events = 300" stats
once=$(awk -F'\t' 'NR > 1 { o += $31 - $34 - $35 - $36 == 1 } END { print o }' all.tsv)
has "events_once = $once" stats
"$program" catalog stats run -o environments.tsv > stats
[ "$(wc -l < environments.tsv)" -eq 7 ] || die "stats -o"
awk -F'\t' 'NR == 2 { exit !($3 == 2 && $4 == 12 && $5 == 2 && $6 == 2 && $9 == 1 && $10 == "0.667") }' environments.tsv ||
    die "stats -o: columns"
has "entries_from_catalog = 3" stats
has "pages_of_lmdb = 4" stats

# ---- the landscape
"$program" landscape export run --format tsv -o tables > result
has "n_states = 6" result
has "n_saddles = 7" result
"$program" landscape export run --format pathsample -o path --prefactor 5e12 2> err > result
has "n_saddles = 6" result
has "n_self_loops = 1" result
grep -q "1 saddles left out" err || die "a dangling saddle went unsaid"
# min.data against states.tsv, ts.data against saddles.tsv without self loops, lines for states
tail -n +2 tables/states.tsv | cut -f2 > energies
cut -d' ' -f1 path/min.data | cmp -s - energies || die "min.data: energies"
awk -F'\t' 'FNR == NR { if (FNR > 1) line[$1] = FNR - 1; next } FNR > 1 && $2 != $3 { print $4, line[$2], line[$3] }' \
    tables/states.tsv tables/saddles.tsv > expected
awk '{ print $1, $4, $5 }' path/ts.data | cmp -s - expected || die "ts.data: energies and ends"
[ "$(wc -c < path/points.min)" -eq $((6 * 3 * 24)) ] && [ "$(wc -c < path/points.ts)" -eq $((6 * 3 * 24)) ] || die "points"
grep -q "nu = 5e+12 1/s" path/README || die "pathsample: README"
printf '[kmc]\nprefactor_per_s = 2e12\n' > run/run.ini
"$program" landscape export run --format pathsample -o path3 2> /dev/null > result
grep -q "nu = 2e+12 1/s" path3/README || die "pathsample: the prefactor of the run"
"$program" catalog export run --format pathsample -o path2 --prefactor 5e12 2> /dev/null > result
for file in min.data ts.data points.min points.ts README; do cmp -s path/$file path2/$file || die "catalog export: $file"; done

"$program" landscape export run -o graph.graphml --quiet > result 2> err
"$program" catalog export run -o events.graphml > result
"$program" catalog export run -o events.jsonl > result
"$program" catalog export "$demo" -o demo.jsonl --barrier 0:0.1 > result
low=$("$program" catalog list "$demo" | awk -F '\t' 'NR > 1 && $3 <= 0.1' | wc -l)
[ "$low" -gt 0 ] || die "no event below 0.1 eV to filter"
has "n_events = $low" result
first=$(head -n 1 demo.jsonl | cut -c8-23)
"$program" catalog show "$demo" "$first" --json -o event.extxyz > show
if command -v python3 > /dev/null; then
    python3 - << 'END' || die "read back by Python"
import json, struct
import xml.etree.ElementTree as tree

def graph(path):
    space = "{http://graphml.graphdrawing.org/xmlns}"
    root = tree.parse(path).getroot()
    g = root.find(space + "graph")
    data = lambda e: {d.get("key"): d.text for d in e.findall(space + "data")}
    names = {k.get("id") for k in root.findall(space + "key")}
    nodes = {n.get("id"): data(n) for n in g.findall(space + "node")}
    edges = [(e.get("source"), e.get("target"), data(e)) for e in g.findall(space + "edge")]
    assert all(set(d) <= names for d in nodes.values()) and all(set(e[2]) <= names for e in edges)
    assert all(a in nodes and b in nodes for a, b, _ in edges)
    return nodes, edges

def table(path):
    lines = [line.split("\t") for line in open(path).read().splitlines()]
    return [dict(zip(lines[0], row)) for row in lines[1:]]

nodes, edges = graph("graph.graphml")
states, saddles = table("tables/states.tsv"), table("tables/saddles.tsv")
assert {int(d["state"]): float(d["energy_eV"]) for d in nodes.values()} == {int(s["state"]): float(s["energy_eV"]) for s in states}
assert len(edges) == len(saddles)
for (a, b, d), s in zip(edges, saddles):
    assert (a, b) == ("s" + s["from"], "s" + s["to"]) and float(d["e_saddle_eV"]) == float(s["e_saddle_eV"])
    assert float(d["e_saddle_eV"]) - float(nodes[a]["energy_eV"]) == float(d["barrier_eV"])
nodes, edges = graph("events.graphml")
assert sum(int(d.get("events", 0)) for d in nodes.values()) == len(edges) == 8 and sum(b == "unknown" for _, b, _ in edges) == 1

lines = [json.loads(line) for line in open("events.jsonl")]
assert [e["barrier_eV"] for e in lines] == [0.3, 0.5, 0.7, 0.4, 0.4, 0.25, 0.9, 0.2]
assert lines[3]["prefactor_per_s"] == 2.5e12 and lines[0]["prefactor_per_s"] is None and lines[4]["residual_A"] is None
single = lambda x: struct.unpack("f", struct.pack("f", x))[0]
assert [single(x) for x in lines[0]["x_A"][1]] == [single(2.7), single(1 / 3), 0.0]
assert lines[4]["origins"] == [{"run": "%016x" % 77, "found": 2, "first_sampler": "local", "by_sampler": {"local": 1, "placed": 1}}]

# a real event: JSON lines against show, and frames against the arrays
event, shown = json.loads(open("demo.jsonl").readline()), json.loads(open("show").read().splitlines()[-1])
for key in ["id", "barrier_eV", "barrier_back_eV", "participation", "strain_saddle_eV", "strain_final_eV", "found"]:
    assert event[key] == shown[key], key
lines = open("event.extxyz").read().splitlines()
n = event["n_atoms"]
assert len(lines) == 3 * (n + 2)
for frame, move in enumerate([None, "d_saddle_A", "d_final_A"]):
    atoms = [line.split() for line in lines[frame * (n + 2) + 2 : (frame + 1) * (n + 2)]]
    for k in range(n):
        assert atoms[k][0] == event["elements"][k] and int(atoms[k][4]) == k + 1
        for a in range(3):
            moved = event[move][k][a] if move else 0.0
            apart = float(atoms[k][1 + a]) - float(atoms[0][1 + a])
            expected = event["x_A"][k][a] + moved - event["x_A"][0][a] - (event[move][0][a] if move else 0.0)
            assert abs(apart - expected) < 1e-6
            assert abs(float(atoms[k][5 + a]) - event["d_saddle_A"][k][a]) < 1e-7
try:
    import ase.io
except ImportError:
    pass
else:
    frames = ase.io.read("event.extxyz", ":")
    assert len(frames) == 3 and all(len(f) == n and f.arrays["d_final"].shape == (n, 3) for f in frames)
    assert abs(frames[1].get_potential_energy() - event["barrier_eV"]) < 1e-12
END
fi

# ---- refusals
bad 2 "which format? --format with one of tsv jsonl graphml pathsample" catalog export run
bad 2 "which format?" catalog export run -o events.txt
bad 2 "--format csv, need one of tsv jsonl graphml pathsample" catalog export run --format csv -o x
bad 2 "-o missing" catalog export run --format tsv
bad 2 "catalog export takes no --sort" catalog export run -o x.tsv --sort key
bad 2 "this catalog holds events alone" catalog export "$demo" --format pathsample -o nothing
bad 2 "this catalog holds events alone" landscape export "$demo" --format tsv -o nothing
bad 2 "--barrier picks events" catalog export run --format pathsample -o nothing --barrier 0:1
bad 2 "--prefactor is for" catalog export run -o x.tsv --prefactor 1e12
bad 2 "--prefactor is for" landscape export run -o x.graphml --prefactor 1e12
bad 2 "--prefactor 0, need > 0" landscape export run --format pathsample -o nothing2 --prefactor 0
bad 2 "--format jsonl, need one of tsv graphml pathsample" landscape export run --format jsonl -o x
bad 2 "need a folder, there is a file" landscape export run --format tsv -o all.tsv
bad 2 "is a folder" catalog export run --format tsv -o tables
bad 2 "catalog show takes no --format" catalog show run 1 --format tsv
bad 2 "catalog stats takes no --histogram" catalog stats run --histogram
bad 2 "usage: slowglass landscape export" landscape export
[ ! -e nothing ] && [ ! -e nothing2 ] && [ ! -e x.tsv ] || die "a refused export left something"
ls | grep -q tmp && die "a temporary file is left"
"$program" catalog export run --format tsv -o - > /dev/full 2> err && die "a full stdout went unnoticed"
true
