#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# slowglass audit on a vacancy: the same rows with any number of threads, begun and gone on with; refusals.
set -eu
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fail() { echo "audit: $*"; cat out err 2> /dev/null; exit 1; }

. "$2/tests/cli/vacancy.sh"
cat > run.ini <<'INI'
[system]
structure = vacancy.xyz
[potential]
style = eam/alloy
file = Cu_mishin1.eam.alloy
elements = Cu
[kmc]
temperature_K = 1300
max_steps = 1
[search]
max_at_start = 40
[output]
picture = no
INI
"$program" age run.ini --out run --quiet > out 2> err || fail "run"
audit() { # folder arguments: short trajectories
    to=$1
    shift
    "$program" audit run --states 0 --longest 15 -o "$to" --quiet "$@" > out 2> err
}

audit one --trajectories 6 --threads 1 --json || fail "exit code $?"
python3 - <<'PY' || fail "numbers"
import json, math
d = json.loads(open("out").read().splitlines()[-1])
rows = [l.rstrip("\n").split("\t") for l in open("one/trajectories.tsv")]
rows = [dict(zip(rows[0], r)) for r in rows[1:]]
s = d["states"][0]
assert len(rows) == 6 and [int(r["trajectory"]) for r in rows] == list(range(6))
exits = [r for r in rows if r["ended"] in ("known", "missing")]
assert s["n_exits"] == len(exits) > 0 and s["n_missing"] == sum(r["ended"] == "missing" for r in rows)
n = sum(int(r["n_intervals"]) for r in rows)
assert abs(s["rate_md_per_s"] + math.log(1 - len(exits) / n) / 1e-12) < 1e-6 * s["rate_md_per_s"]
assert abs(s["expected_exits"] - n * (1 - math.exp(-s["rate_table_per_s"] * 1e-12))) < 1e-6
assert abs(d["exit_rate_ratio"] - len(exits) / s["expected_exits"]) < 1e-9
table = [l.split("\t") for l in open("one/audit.tsv")]
assert table[1][0] == "0" and int(table[1][3]) == len(exits)
for r in exits: assert 1.5 < float(r["moved_A"]) < 3.5 and int(r["hops"]) >= 1
PY

# ---- in two goes, with two threads, an unfinished row at the end of the first
audit two --trajectories 2 --threads 2 || fail "first part"
printf '0\t2\t13' >> two/trajectories.tsv
audit two --trajectories 6 --threads 2 || fail "second part"
cmp one/trajectories.tsv two/trajectories.tsv && cmp one/audit.tsv two/audit.tsv || fail "other rows in two goes"
audit two --trajectories 6 || fail "once more"
cmp one/trajectories.tsv two/trajectories.tsv || fail "rows done again"

# ---- into the run's folder, where compare finds it
"$program" audit run --states 0 --longest 15 --trajectories 6 --quiet > out 2> err || fail "into the run"
awk 'NR == 2 { e = $3 } NR == 3 { print "time_s\teis_eV"; for (k = 0; k <= 40; k++) printf "%.17g\t%.17g\n", k*$2/40, e }' \
    run/trajectory.tsv > md.tsv
"$program" compare run md.tsv --json --quiet > compared 2> err || { cp compared out; fail "compare"; }
python3 - <<'PY' || fail "ratio"
import json
d = json.loads(open("compared").read().splitlines()[-1])
rows = [l.rstrip("\n").split("\t") for l in open("run/audit/audit.tsv")]
r = dict(zip(rows[0], rows[1]))
assert abs(d["exit_rate_ratio"]["value"] - float(r["n_exits"]) / float(r["expected_exits"])) < 1e-6
PY

# ---- refusals
bad() { # code pattern arguments
    want=$1 pattern=$2 code=0
    shift 2
    "$program" audit "$@" > out 2> err || code=$?
    [ $code -eq "$want" ] || fail "$*: exit code $code"
    grep -q "^slowglass: $pattern\$" err || fail "$*: expected $pattern"
    [ "$(wc -l < err)" -eq 1 ] || fail "$*: not one line"
}
bad 2 "nowhere: no run there (run.ini is missing)" nowhere
bad 2 "--states '0,x', need numbers such as 0,7,12" run --states 0,x
bad 2 "the run has no state 999" run --states 999 -o three
bad 2 "state 3 has no rate table" run --states 3 -o three
bad 2 "one/trajectories.tsv:2: interval_ps is 1, now 2; write to another folder (-o)" run --states 0 --interval 2 \
    --longest 15 -o one
bad 2 "audit at 1300 K, interval 1 ps, time step 0.002 ps, at most 0.5 ps: .*" run --states 0 --longest 0.5 -o four
