#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whose counters they are: the same search made twice is one run and counts once, another seed is another and adds.
set -eu
program=$1
source=$2
to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
cp "$source/catalog/reference/slab.extxyz" "$to"
cd "$to"
find_events() { # OUT OPTIONS..
    out=$1
    shift
    "$program" search slab.extxyz --potential lj:0.4,2.34,5,0.5,2.4,5,0.45,2.5,5 --elements Cu,Zr \
        --set system.fixed=1-16 --per-atom 4 --quiet "$@" -o "$out" > log
}
value() { "$program" catalog info "$1" | sed -n "s/^$2 = //p"; }
same() { [ "$1" = "$2" ] || { echo "$3: '$1', need '$2'"; exit 1; }; }

find_events a
find_events again
find_events other --seed 2
same "$(value a n_runs)" 1 "runs of a search"
same "$(value again run)" "$(value a run)" "the same search again"
[ "$(value other run)" != "$(value a run)" ] || { echo "another seed is the same run"; exit 1; }
value a run | grep -q "^[0-9a-f]\{16\} seed 1 .*'search slab.extxyz'"

"$program" catalog merge a -o alone > log
"$program" catalog merge a again -o twice > log
same "$(value twice content_hash)" "$(value alone content_hash)" "a and itself"
"$program" catalog merge a other -o both > log
same "$(value both n_runs)" 2 "runs of two searches"
same "$(value both events_found)" $(($(value a events_found) + $(value other events_found))) "finds of two searches"

# a search over a base: its own catalog counts for itself, also what the base holds
find_events over --seed 3 --base both
same "$(value over n_runs)" 1 "runs of a search over a base"
"$program" catalog merge both over -o all > log
same "$(value all n_runs)" 3 "runs with the base"
same "$(value all events_found)" $(($(value both events_found) + $(value over events_found))) "finds with the base"
