#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What the commands print and write, against a formula, against one another, and across file formats.
set -eu
program=$1
glass=$2/validation/samples/Cu64Zr36_500.extxyz
eam=eam/fs:CuZr_mm.eam.fs
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
value() { sed -n "s/^$1 = //p" "$2" | tail -n 1; }
# near A B TOLERANCE
near() { awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(d <= t && -d <= t && a != "" && b != "") }'; }

# A Lennard-Jones pair 3 Å apart (smooth to zero at 6 Å) against the formula.
printf '2\nLattice="30 0 0 0 30 0 0 0 30" Properties=species:S:1:pos:R:3\nCu 1 1 1\nCu 1 4 1\n' > pair.xyz
"$program" energy pair.xyz --potential lj:0.4,2.5,6 > pair.txt
awk 'function u(r) { return 1.6 * ((2.5 / r)^12 - (2.5 / r)^6) }
     function du(r) { return 1.6 * (-12 * (2.5 / r)^12 + 6 * (2.5 / r)^6) / r }
     BEGIN { f = du(3) - du(6)
             printf "eis_eV = %.15g\nforce = %.15g\nstress = %.15g\n", u(3) - u(6) - (3 - 6) * du(6), f < 0 ? -f : f, \
                    f * 3 / 27000 * 160.2176634 }' > formula.txt
near "$(value eis_eV pair.txt)" "$(value eis_eV formula.txt)" 1e-12 || die "pair energy"
near "$(value max_force_eV_per_A pair.txt)" "$(value force formula.txt)" 1e-12 || die "pair force"
yy=$(value stress_GPa pair.txt | cut -d' ' -f2)
near "$yy" "$(value stress formula.txt)" 1e-12 || die "pair stress"
near "$(value pressure_GPa pair.txt)" "$(awk -v s="$yy" 'BEGIN { printf "%.15g", -s / 3 }')" 1e-12 || die "pair pressure"

# JSON is the last line, has every field, and the same numbers; --quiet leaves stderr empty.
"$program" energy "$glass" --potential $eam --json --quiet -o forces.extxyz > energy.txt 2> error
[ ! -s error ] || die "stderr: $(cat error)"
tail -n 1 energy.txt | grep -q '^{.*}$' || die "no JSON"
for field in eis_eV eis_eV_per_atom tau_xy_GPa pressure_GPa max_force_eV_per_A force_calls n_atoms; do
    tail -n 1 energy.txt | grep -q "\"$field\":$(value $field energy.txt)[,}]" || die "JSON field $field"
done
tail -n 1 energy.txt | grep -q '"stress_GPa":\[[^,]*,[^,]*,[^,]*,[^,]*,[^,]*,[^,]*\]' || die "JSON stress"
[ "$(value n_atoms energy.txt)" = 500 ] || die "n_atoms"
grep -q 'forces:R:3' forces.extxyz || die "OUT has no forces"

# OUT read again is the same structure; so is a run file that says the same; so is another number of threads.
"$program" energy forces.extxyz --potential $eam --json | tail -n 1 > b
tail -n 1 energy.txt > a
cmp -s a b || die "energy of OUT differs"
printf '[potential]\nfile = CuZr_mm.eam.fs\nelements = Cu Zr\n' > run.ini
"$program" energy "$glass" --config run.ini > b
near "$(value eis_eV energy.txt)" "$(value eis_eV b)" 1e-9 || die "energy by run file"
"$program" energy "$glass" --potential $eam --json --threads 2 | tail -n 1 > b
cmp -s a b || die "energy depends on threads"

# One atom displaced relaxes back; in LAMMPS data as in extended XYZ; the input is never touched.
sed '3s/\./.0/' "$glass" > moved.extxyz
cp moved.extxyz copy.extxyz
"$program" minimize moved.extxyz --potential $eam -o is.data > is.txt
cmp -s moved.extxyz copy.extxyz || die "minimize touched its input"
[ ! -e is.data.tmp ] || die "temporary file left"
near "$(value eis_eV is.txt)" "$(value eis_eV energy.txt)" 1e-5 || die "displaced atom: $(value eis_eV is.txt)"
near "$(value max_force_eV_per_A is.txt)" 0 1e-4 || die "not a minimum"
elements=$(sed -n '3,$s/ .*//p' "$glass" | awk '!s[$1]++' | paste -sd, -)
"$program" energy is.data --elements "$elements" --potential $eam > again.txt
near "$(value eis_eV again.txt)" "$(value eis_eV is.txt)" 1e-9 || die "data file: $(value eis_eV again.txt)"
"$program" minimize moved.extxyz --potential $eam -o moved.extxyz > over.txt
"$program" energy moved.extxyz --potential $eam > again.txt
[ "$(value eis_eV again.txt)" = "$(value eis_eV over.txt)" ] || die "OUT over IN"

# A fixed atom stays where it is and the rest relaxes.
"$program" minimize copy.extxyz --potential $eam -o fixed.extxyz --set system.fixed=1 > fixed.txt
sed -n 3p copy.extxyz | cut -d' ' -f2-4 > a
sed -n 3p fixed.extxyz | cut -d' ' -f2-4 | paste -d' ' a - |
    awk '{ exit !($1 == $4 && $2 == $5 && $3 == $6) }' || die "fixed atom moved"

# Strain: rows for 0, 0.005, 0.01; the energy is the integral V tau dgamma (trapezoid); gamma in OUT.
"$program" strain "$glass" --potential $eam --xy 0.01 --step 0.005 -o strained.extxyz > strain.txt
[ "$(grep -c '^0[.0-9]*	' strain.txt)" -eq 3 ] || die "strain rows"
volume=$(sed -n 2p "$glass" | sed 's/.*Lattice="\([^"]*\)".*/\1/' | awk '{ print $1 * $5 * $9 }')
awk -v v="$volume" '/^0[.0-9]*\t/ { if (n++) w += v / 160.2176634 * ($1 - g) * ($3 + t) / 2; else e = $2
     g = $1; t = $3; last = $2 }
     END { d = last - e - w; exit !(t > 0.2 && d < 0.01 * w && -d < 0.01 * w) }' strain.txt || die "strain work"
grep -q 'gamma=0.01' strained.extxyz || die "gamma of OUT"
"$program" strain strained.extxyz --potential $eam --xy 0.01 -o same.extxyz > same.txt
near "$(value eis_eV same.txt)" "$(value eis_eV strain.txt)" 1e-9 || die "strain is counted from the unstrained cell"

# A terminated run says so, exits with 130 and writes nothing.
"$program" strain "$glass" --potential $eam --xy 0.5 --step 1e-5 -o never.extxyz > /dev/null 2> error &
job=$!
sleep 1
kill -TERM $job
got=0
wait $job || got=$?
[ $got -eq 130 ] || die "terminated: exit code $got"
if [ -e never.extxyz ] || [ "$(grep -c '^slowglass: interrupted' error)" -ne 1 ]; then die "terminated: $(cat error)"; fi

# check: what it prints is a run file that repeats it; the estimate is there; no file is left.
mkdir check elsewhere
printf '[system]\nstructure = %s\n[potential]\nfile = CuZr_mm.eam.fs\n' "$glass" > check/run.ini
(cd check && "$program" check run.ini --set kmc.temperature_K=543.21 --json) > check.txt
[ "$(ls check)" = run.ini ] || die "check left files"
sed '/^; structure/,$d' check.txt > elsewhere/run.ini
"$program" check elsewhere/run.ini > again.txt
sed '/^; structure/,$d' again.txt | cmp -s - elsewhere/run.ini || die "check: its configuration changes when read again"
grep -q '^temperature_K = 543.21 ' again.txt || die "check: --set"
[ "$(value searches_at_start check.txt)" = 10000 ] || die "check: searches"
tail -n 1 check.txt | grep -q '^{"config":{.*"temperature_K":543.21,.*"core_hours_at_start":[0-9.e-]*,.*}$' || die "check: JSON"

# Help for every command that there is, with an example; the manual names the keys.
"$program" --help > help.txt
for command in $(sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' help.txt); do
    "$program" "$command" --help > command.txt
    grep -q '^usage: slowglass' command.txt || die "help of $command"
    grep -q -e '^example:' -e '^Not available' command.txt || die "example of $command"
done
"$program" manual > slowglass.1
for key in temperature_K push_radius_A cutoff_A snapshot; do grep -q "^\.B $key = " slowglass.1 || die "manual: $key"; done
"$program" --version | grep -q '^slowglass [0-9]' || die "version"
