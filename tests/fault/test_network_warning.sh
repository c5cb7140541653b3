#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A catalog on a network filesystem is opened with a warning that names it; on a local disk without one. The answer of statfs()
# is put in by a preloaded library, with the numbers of <linux/magic.h> where that has them.
set -eu
program=$1
source=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > type.c <<'END'
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
int statfs(const char *path, struct statfs *out)
{
    const char *name = getenv("TYPE");
    (void)path;
    memset(out, 0, sizeof *out);
    out->f_type = !strcmp(name, "NFS") ? NFS_SUPER_MAGIC : !strcmp(name, "SMB") ? SMB_SUPER_MAGIC :
                  !strcmp(name, "FUSE") ? 0x65735546 : !strcmp(name, "9P") ? V9FS_MAGIC :
                  !strcmp(name, "AFS") ? AFS_SUPER_MAGIC : !strcmp(name, "Coda") ? CODA_SUPER_MAGIC :
                  !strcmp(name, "tmpfs") ? TMPFS_MAGIC : EXT4_SUPER_MAGIC;
    return 0;
}
END
${CC:-cc} -shared -fPIC -o type.so type.c || { echo "skipped: no C compiler"; exit 0; }
cp -r "$source/validation/samples/demo-catalog" cat
export ASAN_OPTIONS="${ASAN_OPTIONS:-}${ASAN_OPTIONS:+:}verify_asan_link_order=0"
for type in NFS SMB FUSE 9P AFS Coda; do
    TYPE=$type LD_PRELOAD="$folder/type.so" "$program" catalog info cat > out 2> err
    grep -q "network filesystem ($type)" err && grep -q '^n_events' out
done
for type in ext4 tmpfs; do
    TYPE=$type LD_PRELOAD="$folder/type.so" "$program" catalog info cat > out 2> err
    ! grep -q network err
done
