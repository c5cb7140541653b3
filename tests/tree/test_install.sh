#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The installed tree is enough for a program of one's own: headers, libraries and pkg-config file, also after a move.
set -eu
build=$3
to=$(mktemp -d)
trap 'rm -rf "$to"' EXIT
cached() { sed -n "s/^$1:[A-Z]*=//p" "$build/CMakeCache.txt"; }

cmake --install "$build" --prefix "$to/first" > "$to/log"
mv "$to/first" "$to/usr"
PKG_CONFIG_PATH=$(dirname "$(find "$to/usr" -name slowglass.pc)")
export PKG_CONFIG_PATH

cat > "$to/program.c" <<'END'
#include <stdio.h>
#include <slowglass/catalog.h>
#include <slowglass/system.h>

int main(void)
{
    const double h0[3][3] = {{4, 0, 0}, {0, 5, 0}, {0, 0, 6}};
    const int periodic[3] = {1, 1, 1};
    sg_cell cell;
    sg_catalog *cat;

    if (sg_cell_init(&cell, h0, 0.1, periodic) != SG_OK) return 1;
    printf("%g %d\n", cell.volume, sg_catalog_open("no such folder", 0, NULL, &cat) == SG_ENOTFOUND);
    return 0;
}
END
# A library built with sanitizers wants them here too, so the flags of the build are those of the program.
flags="$(cached CMAKE_C_FLAGS) $(cached CMAKE_C_FLAGS_"$(cached CMAKE_BUILD_TYPE | tr '[:lower:]' '[:upper:]')")"
# shellcheck disable=SC2046,SC2086
"$(cached CMAKE_C_COMPILER)" $flags "$to/program.c" -o "$to/program" $(pkg-config --cflags --libs slowglass)
said=$("$to/program")
[ "$said" = "120 1" ] || { echo "got '$said', need '120 1'"; exit 1; }

[ "$(pkg-config --modversion slowglass)" = "$(cached CMAKE_PROJECT_VERSION)" ]
if [ "$1" != none ]; then
    "$to/usr/bin/slowglass" --version | grep -qF "$(cached CMAKE_PROJECT_VERSION)"
fi
