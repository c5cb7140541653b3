#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every public header compiles alone, twice in a row, and gives its declarations only once.
set -eu
cd "$2"
${CC:-cc} --version > /dev/null
for header in $(find include -name '*.h' | sed 's|^include/||' | sort); do
    printf '#include "%s"\n#include "%s"\nint main(void) { return 0; }\n' "$header" "$header" |
        ${CC:-cc} -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -fsyntax-only -Iinclude -x c - ||
        { echo "$header is not self-contained"; exit 1; }
done
