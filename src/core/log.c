/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slowglass/core/log.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

/* The one piece of process-wide state: a signal handler has nothing else to write to. */
static volatile sig_atomic_t interrupt_flag;

void sg_interrupt_request(void)
{
    interrupt_flag = 1;
}

int sg_interrupt_requested(void)
{
    return interrupt_flag != 0;
}

void sg_log_line(const sg_log *log, sg_log_level level, const char *format, ...)
{
    char text[1024];
    va_list args;

    if (!log || !log->line) return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log->line(log->self, level, text);
}

void sg_log_progress(const sg_log *log, const char *what, double done, double total, const char *note)
{
    if (log && log->progress) log->progress(log->self, what, done, total, note);
}
