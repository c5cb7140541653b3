#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `catalog check`: exit code 0 for a whole catalog, 1 with a line for each damaged record or one for a damaged file,
# 2 for bad usage.
set -eu
program=$1
source=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cp -r "$source/validation/samples/demo-catalog" cat
chmod -R u+w cat

code() {
    got=0
    "$program" "$@" > out 2> err || got=$?
}
flip() { # offset
    printf "$(printf '\\%03o' $(($(od -An -tu1 -j "$1" -N 1 cat/data.mdb) ^ 4)))" |
        dd of=cat/data.mdb bs=1 seek="$1" conv=notrunc 2> /dev/null
}

code catalog check cat --quiet
[ $got = 0 ] && grep -q '^n_damaged = 0' out && grep -q '^n_broken = 0' out
code catalog check
[ $got = 2 ]
code catalog check cat --limit 3
[ $got = 2 ]
code catalog check nothing
[ $got = 2 ] || [ $got = 1 ]

# inside the value of a record: the bytes "sg", type 1 (environment), version 1 begin one
at=$(LC_ALL=C grep -obUaP 'sg\x01\x01' cat/data.mdb | head -1 | cut -d: -f1)
flip $((at + 40))
code catalog check cat --quiet
[ $got = 1 ] && grep -q '^damaged: database environments, key .*checksum' out && grep -q 'findings' err
flip $((at + 40))

# the bounds of the nodes of page 5; nothing of LMDB may see it
flip $((5 * 4096 + 15))
for action in check list info; do
    code catalog $action cat --quiet
    [ $got = 1 ] && grep -q 'damaged' err && [ "$(wc -l < err)" = 1 ]
done
flip $((5 * 4096 + 15))
code catalog check cat --quiet
[ $got = 0 ]
