/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pictures by gnuplot, started without a shell. What it says on its error stream comes back through a pipe.
 */
#include "io_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MISSING = 127, SAID_SIZE = 300 };

static void become_gnuplot(const char *folder, const char *script, int out, unsigned limit_s);
static void listen_to(int fd, char said[SAID_SIZE]);
static sg_status wait_for(pid_t child, const char *script, const char *said);

sg_status sg_io_gnuplot(const char *script_path)
{
    char said[SAID_SIZE] = "";
    int channel[2] = {-1, -1};
    sg_status st = SG_OK;
    char *const folder = sg_strdup(script_path);

    if (!folder) return sg_fail(SG_ENOMEM, "%s: name", script_path);
    char *const slash = strrchr(folder, '/');
    const char *const script = slash ? strrchr(script_path, '/') + 1 : script_path;
    if (slash) slash[slash == folder] = '\0'; /* keeps the root */
    if (access(script_path, R_OK) != 0) {
        st = sg_fail(SG_ENOTFOUND, "%s: %s", script_path, strerror(errno));
        goto done;
    }
    if (pipe(channel) != 0) {
        st = io_fail_errno(script_path, "no pipe for gnuplot");
        goto done;
    }
    const pid_t child = fork();
    if (child == 0) become_gnuplot(slash ? folder : ".", script, channel[1], 0);
    if (child < 0) {
        st = sg_fail(SG_EBACKEND, "cannot start gnuplot: %s", strerror(errno));
        goto done;
    }
    close(channel[1]);
    channel[1] = -1;
    listen_to(channel[0], said);
    st = wait_for(child, script_path, said);
done:
    if (channel[0] >= 0) close(channel[0]);
    if (channel[1] >= 0) close(channel[1]);
    sg_free(folder);
    return st;
}

sg_status sg_io_gnuplot_begin(const char *script_path, unsigned limit_s, int *child)
{
    char *const folder = sg_strdup(script_path);

    *child = 0;
    if (!folder) return sg_fail(SG_ENOMEM, "%s: name", script_path);
    char *const slash = strrchr(folder, '/');
    if (slash) slash[slash == folder] = '\0';
    const int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const pid_t process = nothing < 0 ? -1 : fork();
    if (process == 0)
        become_gnuplot(slash ? folder : ".", slash ? strrchr(script_path, '/') + 1 : script_path, nothing,
                       limit_s);
    const int code = errno;
    if (nothing >= 0) close(nothing);
    sg_free(folder);
    if (process < 0) return sg_fail(SG_EBACKEND, "cannot start gnuplot: %s", strerror(code));
    *child = (int)process;
    return SG_OK;
}

sg_status sg_io_gnuplot_look(int *child, int end)
{
    int status = 0;
    pid_t got;

    if (end) kill((pid_t)*child, SIGKILL);
    do
        got = waitpid((pid_t)*child, &status, end ? 0 : WNOHANG);
    while (got < 0 && errno == EINTR);
    if (got == 0) return SG_OK;
    *child = 0;
    if (end || (got > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)) return SG_OK;
    if (got > 0 && WIFEXITED(status) && WEXITSTATUS(status) == MISSING)
        return sg_fail(SG_EUNSUPPORTED, "gnuplot is not installed");
    return sg_fail(SG_EBACKEND, "gnuplot failed or took too long");
}

/* In the child, between fork and exec: system calls only. */
static void become_gnuplot(const char *folder, const char *script, int out, unsigned limit_s)
{
    const int nothing = open("/dev/null", O_RDWR);

    if (nothing < 0 || chdir(folder) != 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(out, 2) < 0)
        _exit(1);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (limit_s > 0) { /* beside other work: it steps back, and is ended if it takes too long */
        alarm(limit_s);
        (void)setpriority(PRIO_PROCESS, 0, 10);
    }
    execlp("gnuplot", "gnuplot", script, (char *)NULL);
    _exit(MISSING);
}

/* Read to the end, keep the beginning, on one line. */
static void listen_to(int fd, char said[SAID_SIZE])
{
    char buffer[512];
    size_t kept = 0;

    for (;;) {
        const ssize_t n = read(fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        for (ssize_t k = 0; k < n && kept + 1 < SAID_SIZE; k++) {
            const char c = buffer[k] == '\n' || buffer[k] == '\t' ? ' ' : buffer[k];
            if (c != ' ' || (kept > 0 && said[kept - 1] != ' ')) said[kept++] = c;
        }
    }
    said[kept] = '\0';
}

static sg_status wait_for(pid_t child, const char *script, const char *said)
{
    int status = 0;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return sg_fail(SG_EBACKEND, "%s: lost gnuplot: %s", script, strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return SG_OK;
    if (WIFEXITED(status) && WEXITSTATUS(status) == MISSING)
        return sg_fail(SG_EUNSUPPORTED, "gnuplot is not installed: no picture from %s", script);
    return sg_fail(SG_EBACKEND, "%s: gnuplot failed: %s", script, *said ? said : "it said nothing");
}
