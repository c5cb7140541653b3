/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the library talks: through a listener that the caller owns. Only the program prints. */
#ifndef SLOWGLASS_CORE_LOG_H
#define SLOWGLASS_CORE_LOG_H

#include "slowglass/core/status.h"

typedef enum { SG_LOG_INFO, SG_LOG_WARNING } sg_log_level;

typedef struct sg_log {
    void (*line)(void *self, sg_log_level level, const char *text); /* one line, no newline */
    /* `done` of `total` pieces of `what` (total 0: unknown); `note` may be NULL */
    void (*progress)(void *self, const char *what, double done, double total, const char *note);
    void *self;
} sg_log;

/** NULL-safe: nothing happens without a listener. Call from one thread at a time. */
void sg_log_line(const sg_log *log, sg_log_level level, const char *format, ...) SG_PRINTF(3, 4);
void sg_log_progress(const sg_log *log, const char *what, double done, double total, const char *note);

/** Ask every running loop to finish its batch, save and return SG_EINTERRUPTED. Async-signal-safe. */
void sg_interrupt_request(void);
int sg_interrupt_requested(void);

#endif
