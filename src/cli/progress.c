/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Progress on stderr: on a terminal one line that is rewritten, otherwise a plain line now and then. Times
 * come from the steady clock and only decide what is shown. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli_internal.h"

/* Lines off a terminal: each after a tenth of the time so far, so that a day has about a hundred of them. */
static const double BAR_EVERY_S = 0.1, LINE_EVERY_S = 10.0, LINE_SPACING = 0.1;
enum { BAR_WIDTH = 24 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void clear_bar(cli_progress *p)
{
    if (p->bar) fputs("\r\033[K", stderr);
    p->bar = 0;
}

static void take_line(void *self, sg_log_level level, const char *text)
{
    cli_progress *p = self;

    if (p->quiet && level == SG_LOG_INFO) return;
    clear_bar(p);
    fprintf(stderr, "%s%s\n", level == SG_LOG_WARNING ? "slowglass: warning: " : "", text);
}

/* "1 h 02 min", "3 min 20 s", "12 s" */
static void print_duration(double s, FILE *out)
{
    const long t = s < 1e8 ? (long)(s + 0.5) : 100000000;
    if (t >= 3600)
        fprintf(out, "%ld h %02ld min", t / 3600, t / 60 % 60);
    else if (t >= 60)
        fprintf(out, "%ld min %02ld s", t / 60, t % 60);
    else
        fprintf(out, "%ld s", t);
}

static void print_state(const cli_progress *p, double elapsed, double done, double total, const char *note)
{
    const double rate = elapsed > 0.0 ? (done - p->begin_done) / elapsed : 0.0;

    fprintf(stderr, "%s ", p->what);
    if (p->bar && total > 0.0) {
        const int filled = (int)(BAR_WIDTH * (done < total ? done / total : 1.0));
        fputc('[', stderr);
        for (int i = 0; i < BAR_WIDTH; i++)
            fputc(i < filled ? '#' : '.', stderr);
        fputs("] ", stderr);
    }
    if (total > 0.0)
        fprintf(stderr, "%.6g of %.6g, %.3g/s", done, total, rate);
    else
        fprintf(stderr, "%.6g, %.3g/s", done, rate);
    if (total > done && rate > 0.0) {
        fputs(", ", stderr);
        print_duration((total - done) / rate, stderr);
        fputs(" left", stderr);
    }
    if (note && *note) fprintf(stderr, ", %s", note);
}

static void take_progress(void *self, const char *what, double done, double total, const char *note)
{
    cli_progress *p = self;
    const double now = now_s();

    if (p->quiet) return;
    if (strcmp(p->what, what) != 0 || done < p->begin_done) { /* another stretch of work */
        snprintf(p->what, sizeof p->what, "%s", what);
        p->begin_s = now;
        p->begin_done = done;
        p->shown_s = p->terminal ? now - BAR_EVERY_S : now;
    }
    const double apart = LINE_SPACING * (now - p->open_s);
    if (now - p->shown_s < (p->terminal ? BAR_EVERY_S : apart > LINE_EVERY_S ? apart : LINE_EVERY_S)) return;
    p->shown_s = now;
    clear_bar(p);
    p->bar = p->terminal;
    print_state(p, now - p->begin_s, done, total, note);
    if (!p->terminal) fputc('\n', stderr);
    fflush(stderr);
}

void cli_progress_open(cli_progress *p, int quiet, sg_log *log)
{
    memset(p, 0, sizeof *p);
    p->quiet = quiet;
    p->open_s = now_s();
    p->terminal = isatty(STDERR_FILENO);
    *log = (sg_log){take_line, take_progress, p};
}

void cli_progress_close(cli_progress *p)
{
    clear_bar(p);
}
