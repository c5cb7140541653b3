#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# catalog/example.c against the installed tree, by pkg-config alone; what it says against the text beside the catalog.
set -eu
source=$2
build=$3
to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }

cmake --install "$build" --prefix "$to/usr" > "$to/log"
PKG_CONFIG_PATH=$(dirname "$(find "$to/usr" -name slowglass-catalog.pc)")
export PKG_CONFIG_PATH
example=$(find "$to/usr" -name example.c)
# A library built with sanitizers wants them here too, so the flags of the build are those of the program.
flags="$(cached CMAKE_C_FLAGS) $(cached CMAKE_C_FLAGS_"$(cached CMAKE_BUILD_TYPE | tr '[:lower:]' '[:upper:]')")"
# shellcheck disable=SC2046,SC2086
"$(cached CMAKE_C_COMPILER)" $flags "$example" -o "$to/example" $(pkg-config --cflags --libs slowglass-catalog)
case $(pkg-config --libs slowglass-catalog) in *igraph* | *lapack* | *engine*)
    echo "the catalog's library asks for more than core, LMDB and xxHash"; exit 1 ;;
esac

for format in 1 2; do
    cp -r "$source/catalog/reference/format-$format" "$to/catalog-$format" # opening leaves a lock file
    barrier=7 # place in the line of the text: the name of the database, then the fields
    [ $format = 2 ] || barrier=6
    awk -v b=$barrier '$1 == "events" { printf "%s %9.6f eV, back %9.6f eV\n", $2, $b, $(b + 1) }' \
        "$source/catalog/reference/format-$format.txt" | sort -k 2,2g | head -n 10 > "$to/expected"
    "$to/example" "$to/catalog-$format" > "$to/said"
    [ "$(wc -l < "$to/said")" -eq 10 ]
    # ids: hexadecimal here, decimal there; of equal barriers either may come first
    cut -d' ' -f2- "$to/said" > "$to/said-barriers"
    cut -d' ' -f2- "$to/expected" | cmp - "$to/said-barriers"
done
if "$to/example" "$to/none" 2> "$to/err"; then exit 1; fi
grep -q "no catalog in" "$to/err"
