/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manual page of the run file is written from the table of keys. This program writes it anew, in the present folder,
 * and compares it with the one under doc/: a key without its line in the manual cannot stay unnoticed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "slowglass/core/config.h"

#define PAGE "slowglass-run.5"

static const char head[] =
    ".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
    ".\\\" Written from the table of keys by tests/tree/test_run_file_page.c; edit include/slowglass/core/config.h instead.\n"
    ".TH SLOWGLASS\\-RUN 5\n"
    ".SH NAME\n"
    "slowglass\\-run \\- run file of slowglass\n"
    ".SH DESCRIPTION\n"
    "An INI file: sections in brackets, one\n"
    ".I key = value\n"
    "per line, comments after a semicolon. An unknown key is an error. Units are part of the names. Paths are relative to\n"
    "the folder of the file.\n"
    ".B slowglass check\n"
    "validates a run file and prints every setting in effect.\n";

static const char foot[] = ".SH SEE ALSO\n"
                           ".BR slowglass (1)\n";

static void put(FILE *out, const char *text) /* a hyphen that may be copied is \- in a manual page */
{
    for (; *text; text++)
        if (*text == '-') fputs("\\-", out);
        else fputc(*text, out);
}

static void put_key(FILE *out, const sg_config_key *key)
{
    fputs(".TP\n.B ", out);
    put(out, key->name);
    fputc('\n', out);
    put(out, key->description);
    if (*key->unit || *key->range) {
        fputs(" (", out);
        put(out, key->unit);
        if (*key->unit && *key->range) fputs(", ", out);
        put(out, key->range);
        fputc(')', out);
    }
    fputs(".\n", out);
    if (*key->default_text) {
        fputs("Default: ", out);
        put(out, key->default_text);
        fputs(".\n", out);
    }
    if (key->role == SG_ROLE_STOP) fputs("May be changed when a run is resumed.\n", out);
}

static void write_page(const char *path)
{
    const sg_config_key *key = sg_config_keys();
    const char *section = "";
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    fputs(head, out);
    for (int k = 0; k < SG_CONFIG_N_KEYS; k++) {
        if (strcmp(section, key[k].section) != 0) {
            section = key[k].section;
            fprintf(out, ".SH [%s]\n", section);
            put(out, sg_config_section(section));
            fputs(".\n", out);
        }
        put_key(out, &key[k]);
    }
    fputs(foot, out);
    assert_int_equal(fclose(out), 0);
}

static void the_page_has_every_key(void **state)
{
    FILE *ours, *theirs;
    char here[4096];
    int a, b, line = 1;

    (void)state;
    write_page(PAGE);
    ours = fopen(PAGE, "r");
    theirs = fopen(SG_SOURCE_DIR "/doc/" PAGE, "r");
    assert_non_null(ours);
    assert_non_null(theirs);
    do {
        a = fgetc(ours);
        b = fgetc(theirs);
        if (a != b)
            fail_msg("doc/" PAGE ":%d is out of date. Take the new one:\n    cp %s/" PAGE " " SG_SOURCE_DIR "/doc/", line,
                     getcwd(here, sizeof here));
        line += a == '\n';
    } while (a != EOF);
    fclose(ours);
    fclose(theirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_page_has_every_key)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
