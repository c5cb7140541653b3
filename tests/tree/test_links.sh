#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every relative link of the documents leads to a file that is there.
set -eu
cd "$2"
broken=$(find . \( -path ./build -o -path ./.git -o -path ./demo \) -prune -o -name '*.md' -print | while IFS= read -r page; do
    grep -o '](\([^)]*\))' "$page" | sed 's/^](//; s/)$//; s/#.*//' | grep -v '^[a-z]*:' | while IFS= read -r link; do
        [ -z "$link" ] || [ -e "$(dirname "$page")/$link" ] || echo "$page: $link"
    done
done)
[ -z "$broken" ] || { echo "links to nothing:"; echo "$broken"; exit 1; }
