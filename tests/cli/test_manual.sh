#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual page knows every command and every common option that the program's help lists, and man can read it.
set -eu
page=$2/doc/slowglass.1
help=$("$1" --help)
plain=$(sed 's/\\f[A-Z]//g; s/\\-/-/g; s/[",]/ /g' "$page")

words=$(printf '%s\n' "$help" | awk '/^commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }')
options=$(printf '%s\n' "$help" | grep -o '^ .*  --[a-z]*' | grep -o -- '--[a-z]*')
[ "$(echo "$words" | wc -l)" -ge 10 ] && [ "$(echo "$options" | wc -l)" -ge 5 ]
for word in $words $options; do
    printf '%s\n' "$plain" | grep -Eq -- "^\.(B|BR|BI) (.* )?$word( |$)" || { echo "the manual page misses $word"; exit 1; }
done

command -v man > /dev/null || exit 0
for page in "$2"/doc/*.[15]; do
    said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=100 man --warnings -E UTF-8 -l -Tutf8 "$page" 2>&1 > /dev/null)
    [ -z "$said" ] || { echo "$page: $said"; exit 1; }
done
