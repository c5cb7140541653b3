#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every bad input: one line on stderr that says what is wrong, the right exit code, no file left behind.
set -eu
program=$1
glass=$2/validation/samples/Cu64Zr36_500.extxyz
data=$2/validation/samples/Cu64Zr36_500.data
eam=eam/fs:CuZr_mm.eam.fs
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# bad CODE PATTERN ARGUMENTS..: run and compare; the pattern is a basic regular expression for the whole line
bad() {
    code=$1 pattern=$2
    shift 2
    ls -lAR > ../"${folder##*/}".before
    got=0
    "$program" "$@" > ../"${folder##*/}".out 2> ../"${folder##*/}".err || got=$?
    ls -lAR > ../"${folder##*/}".after
    problem=
    [ "$got" -eq "$code" ] || problem="exit code $got, expected $code"
    [ "$(wc -l < ../"${folder##*/}".err)" -eq 1 ] || problem="not one line on stderr"
    grep -q "^slowglass: $pattern\$" ../"${folder##*/}".err || problem="text, expected: slowglass: $pattern"
    cmp -s ../"${folder##*/}".before ../"${folder##*/}".after || problem="files changed"
    [ -z "$problem" ] || { echo "slowglass $*: $problem"; cat ../"${folder##*/}".err; exit 1; }
}
trap 'rm -rf "$folder" "$folder".before "$folder".after "$folder".out "$folder".err' EXIT

# ---- the command line
bad 2 "no command given; .*"
bad 2 "unknown command 'enrgy'; did you mean 'energy'?" enrgy
bad 2 "unknown command 'xyzzyplugh'; 'slowglass --help' lists them" xyzzyplugh
bad 2 "unknown command 'stran'; did you mean 'strain'?" help stran
for command in analyse; do
    bad 2 "'$command' is not available in this version" $command whatever --with any -o option
done
bad 2 "unknown option '--potental'; did you mean '--potential'?" energy "$glass" --potental $eam
bad 2 "unknown option '-z'; see 'slowglass energy --help'" energy "$glass" -z
bad 2 "unknown option '-output'; .*" energy "$glass" -output x.xyz
bad 2 "option '--potential' needs a value SPEC" energy "$glass" --potential
bad 2 "option '--quiet' takes no value" energy "$glass" --quiet=yes
bad 2 "input missing; usage: slowglass energy IN .*" energy --potential $eam
bad 2 "'two' is one argument too many; .*" energy "$glass" two
bad 2 "--threads 0, need 1 to 4096" energy "$glass" --threads 0
bad 2 "--threads '2x', need a whole number" energy "$glass" --threads 2x
bad 2 "--seed: kmc.seed = -1, need >= 0" energy "$glass" --potential $eam --seed -1
bad 2 "--set: 'seed=1', need section.key=value" energy "$glass" --potential $eam --set seed=1
bad 2 "--set: unknown key 'sed' in .kmc.; did you mean 'seed'?" energy "$glass" --potential $eam --set kmc.sed=1
bad 2 "--set: kmc.temperature_K = -5, need > 0 K" energy "$glass" --potential $eam --set kmc.temperature_K=-5

# ---- the potential
bad 2 "no potential given; use --potential SPEC or --config RUN.ini" energy "$glass"
bad 2 "--potential 'CuZr', need STYLE:FILE, kim:MODEL, lj:eps,sigma,cutoff or morse:D,alpha,r0,cutoff" energy "$glass" --potential CuZr
bad 2 "--potential: potential.style = 'eam', need one of .*" energy "$glass" --potential eam:x
bad 2 "kernel .avx2.: lj has only the plain one" energy "$glass" --potential lj:0.2,2.6,6.5,0.25,2.8,7,0.3,2.9,7.5 --elements Cu,Zr --set potential.kernel=avx2
bad 2 ".*potential.kernel = 'fast', need one of .*" energy "$glass" --potential $eam --set potential.kernel=fast
bad 2 "potential.style = lammps, not available in this version" energy "$glass" --potential lammps:x
bad 2 "KIM model x.*" energy "$glass" --potential kim:x
bad 2 ".*absent.eam.fs.*" energy "$glass" --potential eam/fs:absent.eam.fs
bad 2 "potential.elements = (empty), need .*" energy "$glass" --potential lj:1,2,3,1,2,3,1,2,3
bad 2 "potential.pair = 1 2, need eps,sigma,cutoff .*" energy "$glass" --potential lj:1,2 --elements Cu,Zr
bad 2 ".*Al.*" energy "$glass" --potential $eam --elements Cu,Zr,Al
echo rubbish > bad.eam.fs
bad 2 ".*bad.eam.fs.*" energy "$glass" --potential eam/fs:bad.eam.fs

# ---- the structure
bad 2 ".*absent.extxyz.*" energy absent.extxyz --potential $eam
mkdir sub
bad 2 ".*sub.*" energy sub --potential $eam
: > empty.extxyz
bad 2 ".*empty.extxyz.*" energy empty.extxyz --potential $eam
echo "no structure" > text.extxyz
bad 2 ".*text.extxyz.*" energy text.extxyz --potential $eam
head -n 100 "$glass" > cut.extxyz
bad 2 ".*cut.extxyz.*" energy cut.extxyz --potential $eam
cell='Lattice="20 0 0 0 20 0 0 0 20" Properties=species:S:1:pos:R:3:id:I:1'
printf '2\n%s\nCu 1 1 1 7\nCu 1.2 1 1 9\n' "$cell" > close.extxyz
bad 2 "close.extxyz: atoms 7 and 9 are 0.2 Å apart, need >= 0.5 Å" energy close.extxyz --potential $eam -o out.extxyz
bad 2 "close.extxyz: atoms 7 and 9 are 0.2 Å apart, need >= 0.5 Å" minimize close.extxyz --potential $eam -o out.extxyz
printf '2\n%s\nCu 0.1 1 1 1\nCu 19.9 1 1 2\n' "$cell" > image.extxyz
bad 2 "image.extxyz: atoms 1 and 2 are 0.2 Å apart, need >= 0.5 Å" energy image.extxyz --potential $eam
printf '2\n%s\nCu nan 1 1 1\nCu 5 1 1 2\n' "$cell" > nan.extxyz
bad 2 ".*nan.extxyz.*" energy nan.extxyz --potential $eam
printf '2\n%s\nXx 1 1 1 1\nCu 5 1 1 2\n' "$cell" > element.extxyz
bad 2 ".*Xx.*" energy element.extxyz --potential $eam
bad 2 "$glass: system.fixed = 501, no atom has this id" energy "$glass" --potential $eam --set system.fixed=1,501
bad 2 ".*" energy "$data" --potential $eam

# ---- the output
bad 2 "-o OUT missing: .*" minimize "$glass" --potential $eam
bad 2 "-o out.cif: need a name that ends in .*" minimize "$glass" --potential $eam -o out.cif
bad 2 "-o absent/out.xyz: No such file or directory" minimize "$glass" --potential $eam -o absent/out.xyz
mkdir folder.xyz
bad 2 "-o folder.xyz: is a folder" energy "$glass" --potential $eam -o folder.xyz
if [ -c /dev/full ]; then
    got=0
    "$program" energy "$glass" --potential $eam > /dev/full 2> error || got=$?
    [ $got -eq 3 ] && [ "$(wc -l < error)" -eq 1 ] || { echo "full disk: exit code $got"; cat error; exit 1; }
    rm error
fi

# ---- the work
sed "3s/\./.0/" "$glass" > moved.extxyz
bad 1 "minimize: not converged, largest force .* after 1 force calls, need <= 0.0001 eV/Å" \
    minimize moved.extxyz --potential $eam -o out.extxyz --max-calls 1 --set search.force_minimum_eV_per_A=1e-4
bad 2 "--xy GAMMA missing: .*" strain "$glass" --potential $eam -o out.extxyz
bad 2 "--xy 'far', need a number" strain "$glass" --potential $eam -o out.extxyz --xy far
bad 2 "--xy 5, need <= 1" strain "$glass" --potential $eam -o out.extxyz --xy 5
bad 2 "--step 0, need > 0" strain "$glass" --potential $eam -o out.extxyz --xy 0.1 --step 0
bad 2 "--step 1e-09: more than a million steps to --xy 0.1" strain "$glass" --potential $eam -o out.extxyz --xy 0.1 --step 1e-9

# ---- run files
bad 2 "absent.ini: No such file or directory" check absent.ini
put() { printf '%b' "$1" > run.ini; }
put "[system]\nstructure = $glass\n[potential]\nfile = CuZr_mm.eam.fs\n[kmc]\ntemprature_K = 5\n"
bad 2 "run.ini:6: unknown key 'temprature_K' in .kmc.; did you mean 'temperature_K'?" check run.ini
put "[kmc]\n\ntemperature_K = -5\n"
bad 2 "run.ini:3: kmc.temperature_K = -5, need > 0 K" check run.ini
put "[potential]\nfile = CuZr_mm.eam.fs\n"
bad 2 "run.ini: system.structure = (empty), need the starting structure" check run.ini
put "[system]\nstructure = $glass\n[potential]\nfile = CuZr_mm.eam.fs\n[kmc]\nprefactor_rest = 1\n"
bad 2 "run.ini:6: kmc.prefactor_rest = 1, need >= 0, < 1" check run.ini
put "[system]\nstructure = absent.xyz\n[potential]\nfile = CuZr_mm.eam.fs\n"
bad 2 ".*absent.xyz.*" check run.ini
put "[system]\nstructure = $glass\n[potential]\nfile = CuZr_mm.eam.fs\n[catalog]\nbase = nowhere\n"
bad 2 ".*nowhere.*" check run.ini
put "[system]\nstructure = close.extxyz\n[potential]\nfile = CuZr_mm.eam.fs\n"
bad 2 "close.extxyz: atoms 7 and 9 .*" check run.ini
