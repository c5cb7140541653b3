#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# slowglass catalog compact on the catalog of tests/unit/test_curate.c.
set -eu
program=$1
build=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
die() { echo "$*"; exit 1; }
# bad CODE TEXT ARGUMENTS..
bad() {
    code=$1 text=$2 got=0
    shift 2
    "$program" "$@" > out 2> err || got=$?
    [ "$got" -eq "$code" ] || die "slowglass $*: exit code $got, expected $code"
    [ "$(wc -l < err)" -eq 1 ] || die "slowglass $*: not one line on stderr"
    grep -qF "$text" err || { cat err; die "slowglass $*: expected $text"; }
}
content() { "$program" catalog info "$1" | grep '^content_hash'; }

mkdir run
"$build/tests/test_curate" make run/catalog
before=$(cksum < run/catalog/data.mdb)
hash=$(content run)

"$program" catalog compact run -o small --json > out 2> err
[ ! -s err ] || die "compact: $(cat err)"
grep -q '^bytes_before = [0-9]*$' out || die "bytes_before"
tail -n 1 out | grep -q '^{.*"bytes_after":[0-9]*.*}$' || die "compact --json"
[ "$(content small)" = "$hash" ] || die "compact: another content"
[ "$(cksum < run/catalog/data.mdb)" = "$before" ] || die "compact -o changed its input"
bad 2 "small exists already" catalog compact run -o small
bad 2 "no catalog in nowhere" catalog compact nowhere
bad 2 "catalog compact takes one catalog" catalog compact run small
"$program" catalog compact run > out                     # the folder of a run will do
[ "$(content run)" = "$hash" ] || die "compact in place: another content"
ls run > files
echo catalog | cmp -s - files || die "files left beside the catalog"
