#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Free clusters and slabs with fixed atoms through all commands that handle a structure.
set -eu
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
value() { sed -n "s/^$1 = //p" "$2" | tail -n 1; }
near() { awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(d <= t && -d <= t && a != "" && b != "") }'; }

# ---- the icosahedron of 13 atoms, without a cell: -44.326801 eps (Cambridge Cluster Database)
awk 'function put(a, b, c) { printf "Cu %.9f %.9f %.9f\n", a, b, c }
     BEGIN { s = 1.33; t = s * (1 + sqrt(5)) / 2
             print "13\npbc=\"F F F\" Properties=species:S:1:pos:R:3"; put(0, 0, 0)
             for (i = -1; i < 2; i += 2) for (j = -1; j < 2; j += 2) {
                 put(0, i * s, j * t); put(i * s, j * t, 0); put(j * t, 0, i * s) } }' > cluster.xyz
lj=lj:0.2,2.338,2000
"$program" minimize cluster.xyz --potential $lj -o relaxed.xyz --quiet > relaxed.txt
near "$(value eis_eV relaxed.txt)" "$(awk 'BEGIN { printf "%.9f", 0.2 * -44.326801 }')" 2e-7 || die "LJ13: $(cat relaxed.txt)"
grep -q 'pbc="F F F"' relaxed.xyz || die "the cluster became periodic"

# The same, turned: energies to rounding.
awk 'NR < 3 { print; next } { printf "Cu %.17g %.17g %.17g\n", 0.6 * $2 - 0.8 * $3, 0.8 * $2 + 0.6 * $3, $4 + 100 }' \
    cluster.xyz > turned.xyz
"$program" energy cluster.xyz --potential $lj --quiet > one.txt
"$program" energy turned.xyz --potential $lj --quiet > two.txt
near "$(value eis_eV one.txt)" "$(value eis_eV two.txt)" 1e-8 || die "energy depends on orientation"

# A structure without a cell that is not said to be a cluster is refused.
sed '2s/pbc="F F F" //' cluster.xyz > cell-less.xyz
"$program" energy cell-less.xyz --potential $lj 2> error && die "accepted without a cell"
grep -q 'expected Lattice=.*or pbc="F F F"' error || die "$(cat error)"

# Ageing: hops, and one that leads back to the icosahedron finds it, however it lies.
cat > cluster.ini << EOF
[system]
structure = cluster.xyz
[potential]
style = lj
pair = 0.2 2.338 2000
[kmc]
temperature_K = 2000
max_steps = 4
max_time_s = 1
[search]
per_atom = 4
max_per_step = 4
local_radius_A = 20
[output]
picture = no
EOF
"$program" age cluster.ini --out run --quiet > age.txt
[ "$(value steps age.txt)" = 4 ] || die "age: $(cat age.txt)"
awk -F '\t' 'NR > 1 && $5 == 0 { seen++; if ($3 - first > 1e-8 || first - $3 > 1e-8) first = first == "" ? $3 : "differs" }
             END { exit first == "differs" || !seen }' run/trajectory.tsv || die "state 0 has two energies"

# ---- an adatom on a slab, periodic in x and y, its lower layer held still
awk 'BEGIN { d = 2.74411; row = d * sqrt(3) / 2; h = d * sqrt(2 / 3)
             printf "73\nLattice=\"%.9f 0 0 0 %.9f 0 0 0 30\" pbc=\"T T F\" Properties=species:S:1:pos:R:3:move_mask:L:1\n", 6 * d, 4 * row
             for (l = 0; l < 3; l++) for (j = 0; j < 4; j++) for (i = 0; i < 6; i++)
                 printf "Pt %.9f %.9f %.9f %s\n", (i + 0.5 * (j % 2) + 0.5 * (l % 3)) * d, (j + (l % 3) / 3) * row, 5 + l * h, l ? "T" : "F"
             printf "Pt %.9f %.9f %.9f T\n", 3 * d, 2 * row, 5 + 3 * h }' > slab.xyz
morse=morse:0.7102,1.6047,2.897,6
"$program" minimize slab.xyz --potential $morse -o settled.xyz --quiet > settled.txt
awk 'FNR < 3 { next } FNR == NR { if ($5 == "F") x[FNR] = $2 " " $3 " " $4; next }
     FNR in x { split(x[FNR], was); for (k = 1; k <= 3; k++) if ($(k + 1) - was[k] > 1e-12 || was[k] - $(k + 1) > 1e-12) exit 1 }' \
    slab.xyz settled.xyz || die "fixed atoms moved"
"$program" search settled.xyz --potential $morse --centres 73 --per-atom 12 --quiet > events.txt
# hops between fcc and hcp hollows over three bridges: a tenth of an eV or less each
awk -F '\t' '$1 == 1 && $3 > 0.001 && $3 < 0.3 { n++ } END { exit !(n >= 3) }' events.txt || die "adatom: $(cat events.txt)"
