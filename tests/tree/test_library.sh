#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The libraries print nothing, never end the program, and hold no state that changes, but the one flag that a signal sets.
set -eu
build=$3
allowed_state='^interrupt_flag$'
forbidden='^(exit|abort|raise|printf|__printf_chk|puts|putchar|perror|stdout|stderr|rand|srand|system|setenv|strtok|localtime)$'

command -v objdump > /dev/null || { echo "skipped: objdump is missing"; exit 0; }
if grep -q 'CMAKE_C_FLAGS_.*-fsanitize' "$build/CMakeCache.txt"; then
    echo "skipped: sanitizers add calls and variables of their own"; exit 0
fi

# Symbol table rows of objdump: value, flags, section, size, name; thread-local variables sit in .tdata and .tbss.
state=$(objdump -t "$build"/libslowglass-*.a |
    awk '/file format/ { file = $1 }
         NF > 4 && $(NF - 2) ~ /^\.(data|bss)(\.|$)/ && $(NF - 2) !~ /rel\.ro/ && $NF !~ /^\./ { print file, $NF }' |
    awk -v allowed="$allowed_state" '$2 !~ allowed')
calls=$(nm -A -u "$build"/libslowglass-*.a 2> /dev/null | awk -v forbidden="$forbidden" '$NF ~ forbidden { print $1, $NF }')

[ -z "$state" ] || { echo "variables that outlive a call:"; echo "$state"; }
[ -z "$calls" ] || { echo "calls that belong to the program, not to the library:"; echo "$calls"; }
[ -z "$state$calls" ]
