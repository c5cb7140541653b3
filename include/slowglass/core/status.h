/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Status codes: the second kind of "it did not work" (files, memory, backends, bad input, NaN).
 * Our own mistakes are assert()s; physics that ends badly is an ordinary result. */
#ifndef SLOWGLASS_CORE_STATUS_H
#define SLOWGLASS_CORE_STATUS_H

/* One list gives the enum, its text and the exit code of the program. */
#define SG_STATUS_LIST(X)                                                                                    \
    X(SG_OK, "ok", 0)                                                                                        \
    X(SG_EINVAL, "invalid input", 2)                                                                         \
    X(SG_EPARSE, "malformed file", 2)                                                                        \
    X(SG_EMISMATCH, "inputs do not belong together", 2)                                                      \
    X(SG_EUNSUPPORTED, "not available in this version", 2)                                                   \
    X(SG_ENOTFOUND, "not found", 2)                                                                          \
    X(SG_EIO, "file could not be read or written", 3)                                                        \
    X(SG_ENOMEM, "out of memory", 3)                                                                         \
    X(SG_EFULL, "no space left", 3)                                                                          \
    X(SG_ELOCKED, "locked by another process", 3)                                                            \
    X(SG_ENUMERIC, "numbers went wrong", 1)                                                                  \
    X(SG_EBACKEND, "library failed", 1)                                                                      \
    X(SG_ECORRUPT, "damaged record", 1)                                                                      \
    X(SG_EINTERRUPTED, "interrupted", 130)

typedef enum sg_status {
#define X(code, text, exit_code) code,
    SG_STATUS_LIST(X)
#undef X
} sg_status;

#if defined(__GNUC__)
#define SG_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#else
#define SG_PRINTF(format_index, first)
#endif

/** Store the error text of this thread (it replaces the previous one) and return `code`.
 * Text names what was expected and what was got, with units; no trailing newline. */
sg_status sg_fail(sg_status code, const char *format, ...) SG_PRINTF(2, 3);

/** Put "context: " before this thread's stored text; returns `code` unchanged. */
sg_status sg_fail_context(sg_status code, const char *format, ...) SG_PRINTF(2, 3);

/** Text of the last sg_fail() of this thread, "" if none. Borrowed, valid until the next call. */
const char *sg_error_text(void);

/** Constant text of a code, e.g. "out of memory". */
const char *sg_status_text(sg_status code);

/** Exit code of the program for a status: 0, 1, 2, 3 or 130. */
int sg_status_exit_code(sg_status code);

#endif
