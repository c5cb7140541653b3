#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a run must not do: begin over another one, go on with another structure, mix catalogs that do not belong together, lose
# what it has found when the disk is full. Each refusal has its exit code, names both values, and leaves nothing behind.
set -eu
program=$1
samples=$2/validation/samples
folder=$(mktemp -d)
mounted=
running=
clean_up() {
    [ -z "$running" ] || kill -9 "$running" 2> /dev/null || true
    [ -z "$mounted" ] || umount "$mounted"
    rm -rf "$folder"
}
trap clean_up EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
# refused CODE PATTERN ARGUMENTS..
refused() {
    want=$1
    pattern=$2
    shift 2
    code=0
    "$program" "$@" > stdout 2> stderr || code=$?
    [ $code = "$want" ] || die "exit $code instead of $want: $* : $(cat stderr)"
    [ "$(grep -c '^slowglass: ' stderr)" = 1 ] || die "not one line: $* : $(cat stderr)"
    grep -q -e "$pattern" stderr || die "$* : no '$pattern' in: $(cat stderr)"
}

head -n 2 "$samples/Cu_vacancy_mishin.extxyz" > glass.extxyz
tail -n +3 "$samples/Cu_vacancy_mishin.extxyz" >> glass.extxyz
run_file() { # NAME FILE-OF-POTENTIAL
    printf '[system]\nstructure = glass.extxyz\n[potential]\nstyle = %s\nfile = %s\nelements = Cu\n' "$2" "$3" > "$1"
    printf '[kmc]\nmax_steps = 0\n[search]\nmax_at_start = 1\nmax_per_step = -1\n[output]\npicture = no\n' >> "$1"
}
run_file run.ini eam/alloy Cu_mishin1.eam.alloy
run_file other.ini eam/fs CuZr_mm.eam.fs

# Settings.
refused 2 'temperature_K = -300' age run.ini --out x --set kmc.temperature_K=-300
refused 2 'did you mean' age run.ini --out x --set kmc.temperatur_K=300
refused 2 'no such\|No such' age run.ini --out x --set system.structure=absent.extxyz
refused 2 'push_radius_A' age run.ini --out x --set 'search.push_radius_A=1 2 3 4 5'
refused 2 'Cu-Cu' age run.ini --out x --set 'topology.cutoff_A=Zr-Zr 4'
refused 2 'usage' age
refused 2 'no run there' age --resume x
refused 2 'too much' age run.ini --resume x
[ ! -e x ] || die "a refused run left a folder"

# Folders.
"$program" age run.ini --out run --quiet > stdout
[ -e run/summary.json ] || die "no run"
cp run/trajectory.tsv before.tsv
refused 2 'use --resume run' age run.ini --out run
refused 2 'use --resume run' age run.ini
mkdir full
touch full/letter
refused 2 'not empty' age run.ini --out full
refused 2 'cannot make folder' age run.ini --out absent/x
if [ "$(id -u)" = 0 ]; then
    [ ! -d /sys/kernel ] || refused 3 'cannot make folder' age run.ini --out /sys/slowglass-test
else
    mkdir closed
    chmod a-w closed
    refused 3 'cannot make folder' age run.ini --out closed/x
fi
cmp -s before.tsv run/trajectory.tsv || die "a refused run touched another one"

# Going on with something else. A structure outside the folder may change or go.
refused 2 "search.per_atom is '20', asked for '21'" age --resume run --set search.per_atom=21
refused 2 'kmc.seed' age --resume run --seed 7
refused 2 'potential.style' age --resume run --potential lj:0.2,2.3,5
cp -r run changed
sed -i '3s/\./.0/' changed/start.extxyz
cmp -s run/start.extxyz changed/start.extxyz && die "the test changed nothing"
refused 2 'structure .* began with\|began with "structure' age --resume changed
cp -r run edited
sed -i 's/^temperature_K = .*/temperature_K = 601/' edited/run.ini
refused 2 'kmc.temperature_K = 600.*kmc.temperature_K = 601' age --resume edited
mv glass.extxyz elsewhere.extxyz
"$program" age --resume run --quiet > stdout || die "resume needs the outside structure"
mv elsewhere.extxyz glass.extxyz

# A second writer.
"$program" age run.ini --out busy --set kmc.max_steps=100 --set search.max_at_start=0 --quiet > log 2>&1 &
running=$!
while [ ! -e busy/trajectory.tsv ]; do kill -0 $running || die "busy run: $(cat log)"; sleep 0.05; done
kill -STOP $running
refused 3 "$running" age --resume busy
kill -9 $running
running=

# Bases: another potential, other cutoffs, another variant radius. Both values are shown, by `check` too, and nothing is made.
refused 2 'CuZr_mm.eam.fs.*Cu_mishin1.eam.alloy\|Cu_mishin1.eam.alloy.*CuZr_mm.eam.fs' age other.ini --out x --set catalog.base=run/catalog
refused 2 'cutoff.*3\.1.*3\.4' age run.ini --out x --set catalog.base=run/catalog --set 'topology.cutoff_A=Cu-Cu 3.4'
refused 2 'variant radius.*6 .*5\.5' age run.ini --out x --set catalog.base=run/catalog --set topology.variant_radius_A=5.5
refused 2 'cutoff' check run.ini --set catalog.base=run/catalog --set 'topology.cutoff_A=Cu-Cu 3.4'
refused 2 'absent.cat' age run.ini --out x --set catalog.base=absent.cat
refused 2 'potential' search glass.extxyz --config other.ini --base run/catalog -o x
[ ! -e x ] || die "a refused run left a folder"
"$program" age run.ini --out lent --set catalog.base=run/catalog --quiet > stdout || die "base of the same kind"
cp run/catalog/data.mdb kept.mdb
"$program" age lent/run.ini --out lent2 --set kmc.max_steps=1 --quiet > stdout || die "base again"
cmp -s kept.mdb run/catalog/data.mdb || die "a base was written to"

# A full disk: exit 3, and everything found goes on once there is room.
mkdir disk
if mount -t tmpfs -o size=260k none disk 2> /dev/null; then
    mounted=$folder/disk
    code=0
    more="--set kmc.max_steps=2 --set search.max_at_start=8"
    "$program" age run.ini --out disk/run $more --quiet > stdout 2> stderr || code=$?
    [ $code = 3 ] || die "full disk: exit $code, $(cat stderr)"
    grep -qi 'space\|full' stderr || die "full disk: $(cat stderr)"
    mount -o remount,size=64m disk
    "$program" age --resume disk/run --quiet > stdout || die "after the full disk"
    "$program" age run.ini --out roomy $more --quiet > stdout
    for f in trajectory.tsv events.tsv searches.tsv trajectory.extxyz; do
        cmp -s disk/run/$f roomy/$f || die "full disk: $f differs"
    done
else
    echo "full disk not tested: no right to mount a small one"
fi
