/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slowglass COMMAND ..: finds the command, prepares what all share, turns the status into a line and an exit
 * code. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <omp.h>

#include "cli_internal.h"
#include "slowglass/explore.h"

#if defined(__GNUC__)
/* Present when the BLAS in use is OpenBLAS: its threads would change the order of sums. */
extern void openblas_set_num_threads(int n) __attribute__((weak));
#endif

static void take_signal(int number);
static void install_signals(void);
static void calm_blas(void);
static sg_status greet(sg_link *link);
static sg_status serve(cli *c, int argc, char **argv);
static sg_status run_command(cli *c, int argc, char **argv);
static sg_status set_threads(cli *c);
static sg_status dispatch(cli *c, int argc, char **argv);
static void print_error(sg_status st);

int main(int argc, char **argv)
{
    cli c;

    memset(&c, 0, sizeof c);
    install_signals();
    calm_blas();
    sg_status st = sg_link_open(&argc, &argv, &c.link);
    if (st == SG_OK && c.link) st = greet(c.link);
    if (st == SG_OK) st = c.link && c.link->rank > 0 ? serve(&c, argc, argv) : dispatch(&c, argc, argv);
    cli_progress_close(&c.progress);
    const int is_told_by_rank_0 = c.link && c.link->rank > 0 && c.link->is_over;
    if (st != SG_OK && !is_told_by_rank_0) print_error(st);
    sg_link_close(c.link);
    sg_json_free(c.result);
    sg_config_clear(&c.cfg);
    sg_free(c.input);
    sg_free(c.given);
    return sg_status_exit_code(st);
}

/* The first signal asks for a clean end; the second one finds the default action and ends the process. */
static void take_signal(int number)
{
    (void)number;
    sg_interrupt_request();
}

static void install_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = take_signal;
    action.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL); /* what launchers pass on without killing soon after */
}

static void calm_blas(void)
{
#if defined(__GNUC__)
    if (openblas_set_num_threads) openblas_set_num_threads(1);
#endif
}

/* Two builds of one version may give other bits, or not understand each other's messages. */
static sg_status greet(sg_link *link)
{
    char identity[96];
    uint64_t build = 0;

    (void)sg_hash_file("/proc/self/exe", &build); /* 0 on systems without: the version alone is compared */
    snprintf(identity, sizeof identity, "slowglass %s (build %016" PRIx64 ")", SLOWGLASS_VERSION, build);
    return sg_link_greet(link, identity);
}

static sg_status dispatch(cli *c, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;

    if (!word) return sg_fail(SG_EINVAL, "no command given; 'slowglass --help' lists them");
    if (strcmp(word, "--version") == 0) {
        printf("slowglass %s%s%s\n", SLOWGLASS_VERSION, *sg_link_name() ? ", with " : "", sg_link_name());
        return cli_finish_results(c);
    }
    if (strcmp(word, "manual") == 0) {
        cli_print_manual(stdout);
        return cli_finish_results(c);
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        const cli_command *command = argc > 2 ? cli_find_command(argv[2]) : NULL;
        if (argc > 2 && !command) return cli_unknown_command(argv[2]);
        if (command)
            cli_print_help(command, stdout);
        else
            cli_print_overview(stdout);
        return cli_finish_results(c);
    }
    c->command = cli_find_command(word);
    if (!c->command) return cli_unknown_command(word);
    return run_command(c, argc - 1, argv + 1);
}

/* A rank that works for rank 0, which is the one to find fault with the command line. */
static sg_status serve(cli *c, int argc, char **argv)
{
    c->command = argc > 1 ? cli_find_command(argv[1]) : NULL;
    if (!c->command || !c->command->run || cli_parse(c, argc - 1, argv + 1) != SG_OK ||
        set_threads(c) != SG_OK)
        omp_set_num_threads(1);
    return sg_explore_serve(c->link, omp_get_max_threads());
}

static sg_status set_threads(cli *c)
{
    int64_t threads = 0;
    const sg_status st = cli_whole(c, "threads", 1, 4096, &threads);

    if (threads == 0 && c->link && !getenv("OMP_NUM_THREADS")) threads = c->link->threads;
    if (st == SG_OK && threads > 0) omp_set_num_threads((int)threads);
    return st;
}

static sg_status run_command(cli *c, int argc, char **argv)
{
    for (int i = 1; i < argc && !c->command->run; i++)
        c->help |= strcmp(argv[i], "--help") == 0;
    sg_status st = c->command->run ? cli_parse(c, argc, argv) : SG_OK;
    if (st != SG_OK) return st;
    if (c->help) {
        cli_print_help(c->command, stdout);
        return cli_finish_results(c);
    }
    if (!c->command->run)
        return sg_fail(SG_EUNSUPPORTED, "'%s' is not available in this version", c->command->name);
    if ((st = set_threads(c)) != SG_OK) return st;
    cli_progress_open(&c->progress, c->quiet, &c->log);
    if (c->json && !(c->result = sg_json_create())) return sg_fail(SG_ENOMEM, "JSON");
    if ((st = c->command->run(c)) != SG_OK) return st;
    return cli_finish_results(c);
}

/* One line, whatever the text holds. */
static void print_error(sg_status st)
{
    const char *text = sg_error_text();

    fputs("slowglass: ", stderr);
    if (!*text) text = sg_status_text(st);
    for (; *text; text++)
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, stderr);
    fputc('\n', stderr);
}
