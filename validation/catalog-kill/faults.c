/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into slowglass: the k-th call that changes a file in one folder fails, or the process dies in it.
 *
 *     cc -shared -fPIC -o faults.so faults.c -ldl
 *     FAULT_FOLDER=DIR FAULT_CALL=K FAULT_HOW=EIO|ENOSPC|EDQUOT|short|kill|torn FAULT_LAST=N \
 *         LD_PRELOAD=./faults.so slowglass ..
 *
 * Calls K to N fail (FAULT_LAST unset: K alone; the folder is the real path, without links). short: half of
 * the bytes are written, and that is said; kill: SIGKILL before the call; torn: SIGKILL after half of the
 * bytes. FAULT_COUNT=FILE: the number of calls so far is written there at the end. Streams are flushed by the
 * C library inside, where a preloaded write() is not asked; fflush and fclose stand for them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NONE, FAIL, SHORT };

static long calls;
static __thread int inside;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int in_folder(int fd)
{
    char link[64], path[4096];
    const char *folder = getenv("FAULT_FOLDER");
    ssize_t n;

    if (!folder || fd < 0 || inside) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return strncmp(path, folder, strlen(folder)) == 0;
}

static int is(const char *how, const char *word)
{
    return strcmp(how, word) == 0;
}

static void count(void)
{
    const char *file = getenv("FAULT_COUNT");
    char text[32];

    calls++;
    if (!file) return;
    inside = 1;
    const int fd = open(file, O_WRONLY | O_CREAT, 0644), n = snprintf(text, sizeof text, "%ld\n", calls);
    if (fd >= 0 && REAL(write)(fd, text, (size_t)n) != n) abort();
    if (fd >= 0) close(fd);
    inside = 0;
}

/* What becomes of this call. `writes`: it has bytes that could be written in part. */
static int fate(int fd, int writes)
{
    const char *at = getenv("FAULT_CALL"), *how = getenv("FAULT_HOW"), *last = getenv("FAULT_LAST");

    if (!in_folder(fd)) return NONE;
    count();
    if (!at || !how || calls < atol(at) || calls > (last ? atol(last) : atol(at))) return NONE;
    if (is(how, "kill") || (is(how, "torn") && !writes)) kill(getpid(), SIGKILL);
    if (is(how, "short") || is(how, "torn")) return writes ? SHORT : NONE;
    errno = is(how, "ENOSPC") ? ENOSPC : is(how, "EDQUOT") ? EDQUOT : EIO;
    return FAIL;
}

static ssize_t half(ssize_t written)
{
    if (is(getenv("FAULT_HOW"), "torn")) kill(getpid(), SIGKILL);
    return written;
}

ssize_t write(int fd, const void *buffer, size_t n)
{
    const int f = fate(fd, n > 1);
    if (f == FAIL) return -1;
    return f == SHORT ? half(REAL(write)(fd, buffer, n / 2)) : REAL(write)(fd, buffer, n);
}

ssize_t pwrite(int fd, const void *buffer, size_t n, off_t at)
{
    const int f = fate(fd, n > 1);
    if (f == FAIL) return -1;
    return f == SHORT ? half(REAL(pwrite)(fd, buffer, n / 2, at)) : REAL(pwrite)(fd, buffer, n, at);
}

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
    const int f = fate(fd, n > 1);
    if (f == FAIL) return -1;
    return f == SHORT ? half(REAL(pwritev)(fd, v, n / 2, at)) : REAL(pwritev)(fd, v, n, at);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
    const int f = fate(fd, n > 1);
    if (f == FAIL) return -1;
    return f == SHORT ? half(REAL(writev)(fd, v, n / 2)) : REAL(writev)(fd, v, n);
}

int fsync(int fd)
{
    return fate(fd, 0) == FAIL ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    return fate(fd, 0) == FAIL ? -1 : REAL(fdatasync)(fd);
}

int ftruncate(int fd, off_t n)
{
    return fate(fd, 0) == FAIL ? -1 : REAL(ftruncate)(fd, n);
}

int posix_fallocate(int fd, off_t at, off_t n)
{
    return fate(fd, 0) == FAIL ? errno : REAL(posix_fallocate)(fd, at, n);
}

void *mmap(void *where, size_t n, int protection, int flags, int fd, off_t at)
{
    return fd >= 0 && fate(fd, 0) == FAIL ? MAP_FAILED : REAL(mmap)(where, n, protection, flags, fd, at);
}

int fflush(FILE *f)
{
    return f && fate(fileno(f), 0) == FAIL ? EOF : REAL(fflush)(f);
}

int fclose(FILE *f)
{
    const int failed = fate(fileno(f), 0) == FAIL, code = errno;
    const int result = REAL(fclose)(f);
    if (!failed) return result;
    errno = code;
    return EOF;
}

int rename(const char *from, const char *to)
{
    const int fd = open(from, O_RDONLY | O_CLOEXEC), f = fate(fd, 0), code = errno;
    if (fd >= 0) close(fd);
    errno = code;
    return f == FAIL ? -1 : REAL(rename)(from, to);
}
