#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# slowglass compare: numbers that can be worked out by hand, series in three forms, and every bad input.
set -eu
program=$1
glass=$2/validation/samples/Cu64Zr36_500.extxyz
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fail() { echo "compare: $*"; cat out err 2> /dev/null; exit 1; }

# ---- a run: -10 at the start, -12 from 1e-13 s on (a basin whose mean is -12.5 between 1e-9 and 1e-8 s)
header='step\ttime_s\teis_eV\ttau_xy_GPa\tstate\tevent\tcentre\tbarrier_eV\tdt_s\trate_total_per_s\trate_missing_per_s\tn_events\tn_searches\tbasin\tn_hops\n'
make_run() { # folder temperature start_energy
    mkdir "$1"
    printf '[system]\nstructure = start.extxyz\n[kmc]\ntemperature_K = %s\n' "$2" > "$1"/run.ini
    cp "$glass" "$1"/start.extxyz
    printf "$header" > "$1"/trajectory.tsv
    awk -v e="$3" 'BEGIN {
        OFS = "\t"; n = split("0 1e-13 1e-9 1e-8 1e-7", t, " ")
        for (k = 1; k <= n; k++)
            print k-1, t[k], k == 1 ? e : -12, k == 1 ? 0 : 0.5, k-1, 0, 1, 0.5, k == 1 ? 0 : t[k]-t[k-1],
                  k == 1 ? "nan" : 3, k == 1 ? "nan" : 1, 9, 9, 1, 1 }' >> "$1"/trajectory.tsv
    printf 'step\ttime_s\tn_states\tn_hops\tstay_s\teis_mean_eV\teis_spread_eV\ttau_xy_mean_GPa\ttau_xy_spread_GPa\tstate\tlast_state\tfull\n' > "$1"/basins.tsv
    printf '3\t1e-8\t2\t9\t9e-9\t-12.5\t0.1\t0.6\t0\t2\t3\t0\n' >> "$1"/basins.tsv
}
make_run run 600 -10
make_run hot 700 -10
make_run other 600 -10.01

# ---- series of MD: constant, -12 and -13, from 1e-10 s on; 10 ns
md() { # energy time_factor time_name ..: the same series in other units
    awk -v e="$1" 'BEGIN { print "time_s\teis_eV\ttau_xy_GPa\ttemperature_K"
        for (k = 0; k <= 200; k++) printf "%.17g\t%g\t%g\t%g\n", k*5e-11, k ? e : -10, k ? 0.4 : 0, k % 2 ? 590 : 610 }'
}
md -12 > a.tsv
md -13 > b.tsv

"$program" compare run a.tsv b.tsv -o out.d --json > out 2> err || fail "exit code $?"
python3 - <<'PY' || fail "numbers"
import json, math
d = json.loads(open("out").read().splitlines()[-1])
rows = [l.rstrip("\n").split("\t") for l in open("out.d/windows.tsv")]
rows = [dict(zip(rows[0], map(float, r))) for r in rows[1:]]
compared = [r for r in rows if r["compared"]]
def near(a, b): assert abs(a - b) <= 1e-9 * max(1, abs(b)), (a, b)
assert d["n_md"] == 2 and d["n_kmc"] == 1 and d["n_atoms"] == 500 and d["temperature_K"] == 600
near(compared[-1]["end_s"], 1e-8)
assert rows[0]["begin_s"] <= 1e-13 and abs(rows[-1]["end_s"] / 1e-7 - 1) < 1e-9 and rows[-1]["n_md"] == 0
sum_kmc = weight = 0
for r in compared:
    kmc = -12 if r["end_s"] < 1e-9 * 1.001 else -12.5
    near(r["eis_kmc_eV"], kmc)
    if r["begin_s"] > 5e-11:
        near(r["eis_md_eV"], -12.5)
        near(r["eis_md_error_eV"], 0.5)
        near(r["eis_difference_in_md_errors"], (kmc + 12.5) / 0.5)
        near(r["tau_md_GPa"], 0.4)
    # three quarters of the time stay by the lower clock: R = 3, missing 1
    w = math.log(r["end_s"] / r["begin_s"])
    sum_kmc += w * kmc; weight += w
e = d["eis_difference_eV"]
near(e["mean"], sum_kmc / weight + 12.5)
near(e["in_md_errors"], e["mean"] / 0.5)
near(e["in_md_spreads"], e["mean"] / math.sqrt(0.5))
# one run of KMC: its variance is that of a run of MD
near(e["error"], math.sqrt(0.25 + 0.5))
near(e["high"] - e["mean"], math.tan(0.475 * math.pi) * e["error"])  # Student's t with one degree of freedom
near(d["clock_low"], 0.75)
assert json.load(open("out.d/compare.json")) == d
PY
[ -s out.d/compare.gp ] && [ -s out.d/rates.tsv ] || fail "files"
command -v gnuplot > /dev/null && { [ -s out.d/compare.png ] || fail "picture"; }

# ---- the same series as LAMMPS has them: a table with a # and commas, and a log in two sections
awk 'NR == 1 { print "# Step,v_eis,v_pxy,v_T"; next } { printf "%d,%s,%.17g,%s\n", $1*1e15+0.5, $2, -1e4*$3, $4 }' a.tsv > a.csv
awk 'BEGIN { print "LAMMPS (2 Aug 2023)\nunits metal\nrun 5000" }
     NR == 1 { head = "   Step          v_eis          v_pxy            v_T      "; print head; next }
     { row = sprintf("%10d %14s %14.17g %8s", $1*1e15+0.5, $2, -1e4*$3, $4); print row }
     NR == 50 { print "Loop time of 3.1 on 1 procs\n\nStep is a word here\n" head; print row }
     NR == 60 { print "WARNING: something (src/x.cpp:3)" }
     END { print "Loop time of 3.1 on 1 procs for 5000 steps with 500 atoms\nTotal wall time: 0:00:01" }' b.tsv > log.lammps
"$program" compare run a.csv log.lammps --columns time=Step,eis=v_eis,tau=v_pxy,temperature=v_T --units metal \
    --timestep 0.001 --json > lammps 2> err || fail "LAMMPS: exit code $?"
python3 - <<'PY' || fail "LAMMPS"
import json
a, b = (json.loads(open(f).read().splitlines()[-1]) for f in ("out", "lammps"))
def same(x, y):
    if isinstance(x, dict): return all(same(x[k], y[k]) for k in x if k[:4] != 'fall')  # MD does not fall: no ratio
    return x == y or abs(x - y) < 1e-9
assert same(a, b), (a, b)
PY

# ---- refusals: one line, exit code 2, and where
bad() { # pattern arguments
    pattern=$1 code=0
    shift
    "$program" compare "$@" > out 2> err || code=$?
    [ $code -eq 2 ] || fail "$*: exit code $code"
    grep -q "^slowglass: $pattern\$" err || fail "$*: expected $pattern"
    [ "$(grep -vc 'has no row at t = 0' err)" -eq 1 ] || fail "$*: not one line"
}
bad "hot is at 700 K, a.tsv at 600 K" hot a.tsv
bad "run is at 600 K, hot at 700 K" run hot a.tsv
bad "other begins at E_IS = -10.010000 eV, a.tsv at -10.000000 eV (tolerance 0.001 eV): not the same start" other a.tsv
bad "no run of KMC given.*" a.tsv b.tsv
bad "no series of MD given.*" run run
bad "nowhere: .*" run nowhere
: > empty; bad "empty:1: the file is empty, expected the columns time_s eis_eV" run empty
head -1 a.tsv > none; bad "none:1: expected two rows or more, got 0" run none
head -2 a.tsv > one; bad "one:2: expected two rows or more, got 1" run one
head -5 a.tsv > few; bad "no window of time is covered by all series with 3 samples of MD or more.*" run few
sed '4s/^[^\t]*/0/' a.tsv > back; bad "back:4: expected a time beyond 5e-11 s, got 0 s" run back
sed '7s/-12/nan/' a.tsv > nan; bad "nan:7: expected a number in column eis_eV, got 'nan'" run nan
sed '7s/\t[0-9]*$//' a.tsv > short; bad "short:7: expected 4 columns, got 3" run short
sed '1s/eis/e/' a.tsv > missing
bad "missing:1: expected a line with the columns time_s eis_eV, got \"time_s e_eV tau_xy_GPa temperature_K\"" run missing
bad "--columns 'energy', need .*" run a.tsv --columns energy=x
bad "--units 'real', need s or metal" run a.tsv --units real
mkdir empty.d; bad "empty.d/trajectory.tsv: No such file or directory" empty.d a.tsv
mkdir still; cp run/run.ini run/start.extxyz still; head -2 run/trajectory.tsv > still/trajectory.tsv
bad "still/trajectory.tsv: this run has made no step yet, nothing to compare" still a.tsv
