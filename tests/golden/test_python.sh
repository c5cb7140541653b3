#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The reference catalogs read by the words of FORMAT.md alone: dump.py gives the text beside each again, and the
# program of python.md says what the C example's library says. Skipped without the Debian package python3-lmdb.
set -eu
program=$1
source=$2
python=
for candidate in python3 /usr/bin/python3; do
    if [ -z "$python" ] && "$candidate" -c 'import lmdb' 2> /dev/null; then python=$candidate; fi
done
[ -n "$python" ] || { echo "skipped: no python3 with the module lmdb"; exit 0; }
to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT

# the first program of the page
awk '/^```python$/ { n++; on = n == 1; next } /^```$/ { on = 0 } on' "$source/catalog/python.md" > "$to/lowest.py"
for name in format-1 format-2 format-2-merged; do
    cp -r "$source/catalog/reference/$name" "$to/$name"
    "$python" "$source/catalog/reference/dump.py" "$to/$name" | cmp - "$source/catalog/reference/$name.txt"
    "$python" "$to/lowest.py" "$to/$name" > "$to/said"
    [ "$(wc -l < "$to/said")" -eq 10 ]
    "$program" catalog list "$to/$name" --limit 10 |
        awk -F'\t' 'NR > 1 { printf "%s %9.6f eV, back %9.6f eV\n", $1, $3, $4 }' | sort > "$to/expected"
    sort "$to/said" | cmp - "$to/expected"
done

# the second: numbers of atoms against the text, of the event that comes first in the file
awk '/^```python$/ { on = 1; next } /^```$/ { on = 0 } on' "$source/catalog/python.md" > "$to/atoms.py"
cat >> "$to/atoms.py" << 'END'
with env.begin() as txn:
    numbers, x, d_saddle, d_final, mode = atoms(next(txn.cursor(events).iternext(keys=False)))
print(*numbers, *("%.9g" % c for v in x + d_saddle + d_final + mode for c in v))
END
"$python" "$to/atoms.py" "$to/format-2" | tail -n 1 > "$to/said"
# 29 fields stand before the atomic numbers: name, ids, sizes, numbers and derivatives
awk '$1 == "events" { for (k = 30; k < 30 + 13 * $5; k++) printf "%s%s", $k, k < 29 + 13 * $5 ? " " : "\n"; exit }' \
    "$source/catalog/reference/format-2.txt" | cmp - "$to/said"
