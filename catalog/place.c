/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What LMDB does not guard by itself: one writer for the life of a run, no second opening in one process,
 * local disks.
 *
 * The writer's lock is flock() on `writer.lock` in the folder: it belongs to the open file, so it ends with
 * the process, and it also keeps a second handle of the same process out. The file holds "pid host" for the
 * message only. */
#include "catalog_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* LMDB needs a few pages beside the payload; with less room than that a failed write means a full disk. */
enum { MAX_LOCK_TRIES = 100, FILES_CHECKED = 1024, FULL_SLACK = 256 << 10 };

static sg_status lock_failed(const char *folder, const char *file, int code);
static sg_status name_holder(const char *folder, int fd);
static int is_current(int fd, const char *file);

char *sg_path_join(const char *folder, const char *name)
{
    const size_t n = strlen(folder) + strlen(name) + 2;
    char *path = sg_calloc(n, 1);
    if (path)
        snprintf(path, n, "%s/%s", folder, name);
    else
        sg_fail(SG_ENOMEM, "path in %s", folder);
    return path;
}

static sg_status lock_failed(const char *folder, const char *file, int code)
{
    const int full = code == ENOSPC || code == EDQUOT;
    return sg_fail(full ? SG_EFULL : SG_EIO, "catalog %s: cannot open %s for writing: %s", folder, file,
                   strerror(code));
}

static sg_status name_holder(const char *folder, int fd)
{
    char text[128] = "";
    const ssize_t n = pread(fd, text, sizeof text - 1, 0);

    text[n > 0 ? n : 0] = 0;
    text[strcspn(text, "\n")] = 0;
    return sg_fail(SG_ELOCKED, "catalog %s: being written by process %s; one writer at a time", folder,
                   text[0] ? text : "(unknown)");
}

/* 1 if the name still leads to the file we have open: its holder may have removed it meanwhile. */
static int is_current(int fd, const char *file)
{
    struct stat ours, there;
    return fstat(fd, &ours) == 0 && stat(file, &there) == 0 && ours.st_dev == there.st_dev &&
           ours.st_ino == there.st_ino;
}

static void write_holder(int fd)
{
    char host[80] = "", text[128];

    if (gethostname(host, sizeof host - 1)) host[0] = 0;
    const int n = snprintf(text, sizeof text, "%ld %s\n", (long)getpid(), host);
    /* for the message only: a full disk must not keep anybody from locking */
    const int written = ftruncate(fd, 0) == 0 && n > 0 && pwrite(fd, text, (size_t)n, 0) == n;
    if (!written && ftruncate(fd, 0) != 0) return; /* nothing more to be done */
}

sg_status sg_writer_lock(const char *folder, int *fd)
{
    sg_status st = SG_OK;

    *fd = -1;
    char *file = sg_path_join(folder, "writer.lock");
    if (!file) return SG_ENOMEM;
    for (int k = 0; *fd < 0 && st == SG_OK; k++) {
        const int f = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0664);
        if (f < 0) {
            st = lock_failed(folder, file, errno);
        } else if (flock(f, LOCK_EX | LOCK_NB)) {
            st = errno == EWOULDBLOCK ? name_holder(folder, f) : lock_failed(folder, file, errno);
            close(f);
        } else if (is_current(f, file)) {
            *fd = f;
        } else {
            close(f);
            if (k >= MAX_LOCK_TRIES) st = sg_fail(SG_ELOCKED, "catalog %s: %s keeps changing", folder, file);
        }
    }
    if (st == SG_OK) write_holder(*fd);
    sg_free(file);
    return st;
}

void sg_writer_unlock(int fd)
{
    if (fd < 0) return;
    (void)!ftruncate(fd, 0);
    close(fd);
}

static int is_file(int fd, dev_t device, ino_t inode)
{
    struct stat info;
    return fstat(fd, &info) == 0 && info.st_dev == device && info.st_ino == inode;
}

int sg_file_is_open(dev_t device, ino_t inode)
{
    int found = 0;
    DIR *dir = opendir("/proc/self/fd");

    if (!dir) { /* no /proc: the usual range */
        for (int fd = 0; fd < FILES_CHECKED && !found; fd++)
            found = is_file(fd, device, inode);
        return found;
    }
    for (const struct dirent *entry; !found && (entry = readdir(dir));)
        found = entry->d_name[0] != '.' && is_file(atoi(entry->d_name), device, inode);
    closedir(dir);
    return found;
}

const char *sg_network_filesystem(const char *folder)
{
    static const struct {
        unsigned long type; /* f_type of statfs(2), low 32 bits */
        const char *name;
    } known[] = {{0x6969, "NFS"},      {0x517B, "SMB"},      {0xFF534D42, "CIFS"},   {0xFE534D42, "SMB2"},
                 {0x65735546, "FUSE"}, {0x01021997, "9P"},   {0x0BD00BD0, "Lustre"}, {0x47504653, "GPFS"},
                 {0x5346414F, "AFS"},  {0x00C36400, "Ceph"}, {0x19830326, "BeeGFS"}, {0x73757245, "Coda"}};
    struct statfs info;

    if (statfs(folder, &info)) return NULL;
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        if (((unsigned long)info.f_type & 0xFFFFFFFFul) == known[k].type) return known[k].name;
    return NULL;
}

int sg_out_of_room(const char *folder, size_t need)
{
    struct rlimit limit;
    struct stat info;
    char *probe = sg_path_join(folder, "probe.XXXXXX"), *data = sg_path_join(folder, "data.mdb");
    int code = 0;

    need += FULL_SLACK;
    if (probe && data) {
        if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
            stat(data, &info) == 0 && (uint64_t)info.st_size + need > (uint64_t)limit.rlim_cur)
            code = EFBIG;
        const int fd = code ? -1 : mkstemp(probe);
        if (fd >= 0) {
            unlink(probe);
            code = posix_fallocate(fd, 0, (off_t)need);
            close(fd);
        } else if (!code) {
            code = errno;
        }
    }
    sg_free(probe);
    sg_free(data);
    return code == ENOSPC || code == EDQUOT || code == EFBIG;
}
