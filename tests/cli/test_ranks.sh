#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Under mpirun a run has the same bits with any number of ranks and threads, also when it goes on with another number of them
# after a worker has been killed; a signal ends it cleanly; what is no run is done by one rank alone. Skipped (77) where
# there is no MPI.
set -eu
program=$1
die() { echo "$*"; exit 1; }
skip() { echo "skipped: $*"; exit 77; }
if ! "$program" --version | grep -q MPI; then
    code=0
    said=$(OMPI_COMM_WORLD_SIZE=3 "$program" --version 2>&1) || code=$?
    [ "$code: $said" = "2: slowglass: started as one of 3 processes, but built without MPI" ] || die "without MPI: $code: $said"
    OMPI_COMM_WORLD_SIZE=1 "$program" --version > /dev/null || die "without MPI, one rank"
    skip "built without MPI (Debian package libopenmpi-dev)"
fi
command -v mpirun > /dev/null || skip "mpirun is missing (Debian package openmpi-bin)"
folder=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/ranks-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# Open MPI: as root, more ranks than cores, none bound to a core; leaks of its libraries are not ours.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_orte_abort_print_stack=0
export ASAN_OPTIONS=detect_leaks=0 TMPDIR="$folder"
ranks() { n=$1; shift; mpirun -np "$n" "$program" "$@"; }
hash_of() { "$program" catalog info "$1/catalog" | grep content_hash; }
same() { # reference, run, how it was made, further files
    for f in trajectory.tsv events.tsv searches.tsv reuse.tsv final.extxyz $4; do
        cmp -s "$1/$f" "$2/$f" || die "$2/$f differs from that of one rank: $3"
    done
    [ "$(hash_of "$2")" = "$(hash_of "$1")" ] || die "$2/catalog differs from that of one rank: $3"
}

. "$2/tests/cli/vacancy.sh"
cat > run.ini <<'INI'
[system]
structure = vacancy.xyz
[potential]
style = lj
pair = 0.2 2.338 5.2
elements = Cu
[strain]
xy = 0.01
[kmc]
temperature_K = 800
max_time_s = 1
max_steps = 2
prefactor_mode = htst
prefactor_rest = 0
[search]
max_at_start = 8
max_per_step = 3
samplers = adaptive
give_up_above_eV = 20
batch = 4
[topology]
copy_states = no
[output]
picture = no
INI

"$program" age run.ini --out reference --threads 1 --quiet --json > reference.txt || die "reference run"
number() { sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" "$2"; }
[ "$(number n_harmonic reference.txt)" -gt 2 ] || die "few prefactors: $(cat reference.txt)"

# Any number of ranks and threads.
for way in "1 2" "2 1" "3 2"; do
    set -- $way
    ranks "$1" age run.ini --out "$1x$2" --threads "$2" --quiet --json > log 2>&1 || die "$1 ranks of $2 threads: $(cat log)"
    same reference "$1x$2" "$1 ranks of $2 threads" ""
    [ "$(number tasks_again log)" = 0 ] || die "$1 ranks: tasks that other ranks refused: $(cat log)"
    [ "$1" = 1 ] || [ "$(number tasks_away log)" -gt 0 ] || die "$1 ranks: one did it all"
done

# Stopped, and gone on with other numbers of them.
ranks 3 age run.ini --out parts --threads 1 --quiet --set kmc.max_steps=0 > log 2>&1 || die "three ranks: $(cat log)"
"$program" age --resume parts --set kmc.max_steps=1 --threads 2 --quiet > log 2>&1 || die "resumed alone: $(cat log)"
ranks 2 age --resume parts --set kmc.max_steps=2 --threads 1 --quiet > log 2>&1 || die "resumed by two: $(cat log)"
same reference parts "three ranks, then one, then two" ""

# A strain that changes meanwhile: two increments, with hops between them.
sed 's/^xy = 0.01/rate_per_s = 1e4/; s/^max_time_s = 1$/max_time_s = 1.1e-6/; s/^max_steps = 2/max_steps = 5/' run.ini > ramp.ini
"$program" age ramp.ini --out ramp --threads 1 --quiet > log 2>&1 || die "ramp: $(cat log)"
[ "$(wc -l < ramp/strain.tsv)" = 3 ] || die "ramp: $(wc -l < ramp/strain.tsv) lines of strain.tsv"
ranks 2 age ramp.ini --out ramp2 --threads 1 --quiet > log 2>&1 || die "ramp by two ranks: $(cat log)"
same ramp ramp2 "a ramp by two ranks" strain.tsv

# A rank other than 0 is lost in the midst of the work (mpirun 4.1 may hang when one is killed while it starts; it is held first, so
# that the others cannot be done without it): the job ends, the catalog is whole, another number of ranks goes on. The strain changes meanwhile.
rank_of() { tr '\0' '\n' < "/proc/$1/environ" 2> /dev/null | sed -n 's/^OMPI_COMM_WORLD_RANK=//p'; }
lost() { [ -e lost/run.ini ] && echo "--resume lost" || echo "ramp.ini --out lost"; }
kills=0
try=0
while [ $kills -lt 2 ] && [ $try -lt 6 ]; do
    try=$((try + 1))
    touch begun
    mpirun -np $((2 + try % 2)) "$program" age $(lost) --threads 1 --quiet > log 2>&1 &
    job=$!
    until [ "$(find lost -name trajectory.tsv -newer begun 2> kill.txt)" ] || ! kill -0 $job 2> kill.txt; do sleep 0.02; done
    victim=
    for pid in $(cat "/proc/$job/task/$job/children" 2> kill.txt || true); do
        [ "$(rank_of "$pid")" != 1 ] || victim=$pid
    done
    [ -z "$victim" ] || kill -STOP "$victim" 2> kill.txt || victim=
    sleep 0.2
    [ -z "$victim" ] || kill -9 "$victim" 2> kill.txt || true
    code=0
    wait $job || code=$?
    [ $code -ne 0 ] || { rm -rf lost; continue; } # it was over before
    kills=$((kills + 1))
    "$program" catalog check lost/catalog > check.txt || die "catalog after a lost rank: $(cat check.txt)"
done
"$program" age $(lost) --quiet > log 2>&1 || die "after $kills lost ranks: $(cat log)"
[ $kills -gt 0 ] || die "no rank was lost in $try runs"
same ramp lost "ranks lost: $kills" strain.tsv

# SIGUSR1 is passed on by the launcher: a clean end that says how to go on.
mpirun -np 2 "$program" age run.ini --out signal --threads 1 --quiet > log 2>&1 &
job=$!
while [ ! -e signal/searches.tsv ] && kill -0 $job 2> kill.txt; do sleep 0.02; done
kill -USR1 $job 2> kill.txt || true
code=0
wait $job || code=$?
[ $code = 0 ] || { [ $code = 130 ] && grep -q -- '--resume signal' log; } || die "SIGUSR1: exit $code, $(cat log)"
ranks 2 age --resume signal --threads 1 --quiet > log 2>&1 || die "after SIGUSR1: $(cat log)"
same reference signal "interrupted by SIGUSR1" ""

# Searches outside a run.
search="search vacancy.xyz --centres 1,2,3,4,5,6 --per-atom 1 --potential lj:0.2,2.338,5.2 --threads 1 --quiet"
"$program" $search > alone.txt
ranks 3 $search > together.txt 2> log || die "search: $(cat log)"
cmp -s alone.txt together.txt || die "search: three ranks found $(cat together.txt), one $(cat alone.txt)"

# What is no search is done once; what is wrong is said once, with the exit code of one.
ranks 3 energy vacancy.xyz --potential lj:0.2,2.338,5.2 --quiet > energy.txt
[ "$(grep -c '^eis_eV =' energy.txt)" = 1 ] || die "energy printed $(cat energy.txt)"
code=0
ranks 2 age missing.ini --quiet > log 2>&1 || code=$?
[ $code = 2 ] && [ "$(grep -c '^slowglass: ' log)" = 1 ] || die "missing run file: exit $code, $(cat log)"

# Ranks of two builds: one line that names both, and nothing is begun.
cp "$program" other
printf 'another build' >> other
code=0
mpirun -np 1 "$program" age run.ini --out mixed --quiet : -np 1 ./other age run.ini --out mixed --quiet > log 2>&1 || code=$?
[ $code = 2 ] || die "two builds: exit $code, $(cat log)"
[ "$(grep -c '^slowglass: ' log)" = 1 ] && grep -q '^slowglass: rank 1 is slowglass [0-9.]* (build [0-9a-f]*), rank 0 is slowglass .*one program' log ||
    die "two builds: $(cat log)"
[ ! -e mixed ] || die "two builds: a run was begun"
echo "ranks lost: $kills"
