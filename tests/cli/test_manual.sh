#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual page that the program writes knows every command of its help, and man formats it without a warning.
set -eu
page=$3/slowglass.1

commands=$("$1" --help | awk '/^commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }')
[ "$(echo "$commands" | wc -l)" -ge 10 ]
for command in $commands; do
    grep -Eq "^\.SS $command( |\$)" "$page" || { echo "the manual page misses $command"; exit 1; }
done

command -v man > /dev/null || exit 0
said=$(LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings -E UTF-8 -l -Tutf8 "$page" 2>&1 > /dev/null)
[ -z "$said" ] || { echo "$said"; exit 1; }
