#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A catalog of format 1: as a base it gives the same run, to the bit, as when it has been brought to format 2; as a run's
# own catalog it is refused.
set -eu
program=$1
source=$2
to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
reference=$source/catalog/reference
cp -r "$reference/format-1" "$to/old"
"$program" catalog merge "$to/old" -o "$to/new" > "$to/log"
"$program" catalog check "$to/new" > "$to/log"
before=$(cksum < "$to/old/data.mdb")

for base in old new; do
    "$program" age "$reference/run.ini" --out "$to/run-$base" --set catalog.base="$to/$base" --set kmc.seed=3 \
        --quiet > "$to/log"
    "$program" catalog check "$to/run-$base" --base "$to/$base" > "$to/log"
done
for table in trajectory events searches; do
    cmp "$to/run-old/$table.tsv" "$to/run-new/$table.tsv"
done
[ "$(wc -l < "$to/run-old/trajectory.tsv")" -eq 5 ]
awk -F'\t' 'NR > 1 && $5 == "placed"' "$to/run-new/searches.tsv" | grep -q . # events of the base are in it
[ "$(cksum < "$to/old/data.mdb")" = "$before" ]

cp "$to/old/data.mdb" "$to/run-old/catalog/data.mdb"
code=0
"$program" age --resume "$to/run-old" --set kmc.max_steps=9 --quiet > "$to/log" 2> "$to/err" || code=$?
[ $code -eq 2 ]
grep -q "format 1, this version writes format 2" "$to/err"

# The demo's catalog is the one that its page names.
cp -r "$source/validation/samples/demo-catalog" "$to/demo"
hash=$("$program" catalog info "$to/demo" | sed -n 's/^content_hash = //p')
grep -q "slowglass catalog info .*# content_hash $hash\$" "$source/validation/samples/README.md"
