#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every file that someone wrote as code names its licence in its first lines, and LICENSE holds that licence.
set -eu
cd "$2"
grep -q 'GNU GENERAL PUBLIC LICENSE' LICENSE
grep -q 'Version 2, June 1991' LICENSE

sources=$(find . \( -path ./build -o -path ./.git -o -path ./demo \) -prune -o -type f \
    \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.awk' -o -name '*.gp' -o -name '*.cmake' \
       -o -name CMakeLists.txt -o -path './scripts/*' -o -path './.ci/*' -o -name run -o -name 'in.*' -o -name '*.ini' \) -print)
[ "$(echo "$sources" | wc -l)" -gt 20 ] || { echo "found too few sources"; exit 1; }

missing=$(for file in $sources; do
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' || echo "$file"
done)
[ -z "$missing" ] || { echo "no SPDX line in:" "$missing"; exit 1; }
