/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results: as lines "key = value" and as JSON on stdout, structures in files. GPa from here on. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_internal.h"
#include "slowglass/io.h"

typedef enum { FORMAT_NONE, FORMAT_EXTXYZ, FORMAT_DATA } format;

static format format_of(const char *path);

/* ---- values ---- */

void cli_result_number(cli *c, const char *key, double value)
{
    char text[SG_NUMBER_TEXT];
    cli_progress_close(&c->progress);
    printf("%s = %s\n", key, sg_text_number(value, text));
    sg_json_number(c->result, key, value);
}

void cli_result_integer(cli *c, const char *key, int64_t value)
{
    cli_progress_close(&c->progress);
    printf("%s = %" PRId64 "\n", key, value);
    sg_json_integer(c->result, key, value);
}

void cli_result_numbers(cli *c, const char *key, int n, const double *values)
{
    char text[SG_NUMBER_TEXT];

    cli_progress_close(&c->progress);
    printf("%s =", key);
    for (int i = 0; i < n; i++)
        printf(" %s", sg_text_number(values[i], text));
    putchar('\n');
    sg_json_numbers(c->result, key, n, values);
}

void cli_result_text(cli *c, const char *key, const char *text)
{
    cli_progress_close(&c->progress);
    printf("%s = %s\n", key, text);
    sg_json_text(c->result, key, text);
}

sg_status cli_finish_results(cli *c)
{
    if (c->result) {
        char *text = sg_json_print(c->result);
        if (!text) return sg_fail(SG_ENOMEM, "JSON");
        puts(text);
        sg_free(text);
    }
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout))
        return sg_fail(errno == ENOSPC ? SG_EFULL : SG_EIO, "stdout: %s", strerror(errno ? errno : EIO));
    return SG_OK;
}

double cli_gpa(const sg_system *sys, const double virial[6], double stress_gpa[6])
{
    for (int k = 0; k < 6; k++)
        stress_gpa[k] = virial[k] / sys->cell.volume * SG_GPA_PER_EV_A3;
    return -(stress_gpa[0] + stress_gpa[1] + stress_gpa[2]) / 3.0;
}

void cli_result_point(cli *c, const cli_model *model, const sg_forces *f)
{
    double stress[6];
    const sg_system *sys = model->sys;
    const double pressure = cli_gpa(sys, f->virial, stress);

    cli_result_number(c, "eis_eV", f->energy);
    cli_result_number(c, "eis_eV_per_atom", f->energy / sys->n);
    cli_result_number(c, "tau_xy_GPa", stress[3]);
    cli_result_numbers(c, "stress_GPa", 6, stress);
    cli_result_number(c, "pressure_GPa", pressure);
    cli_result_number(c, "max_force_eV_per_A", sg_force_max(sys, NULL, (const double(*)[3])f->f));
    cli_result_integer(c, "force_calls", sg_potential_calls(model->work)->full);
    cli_result_integer(c, "n_atoms", sys->n);
}

/* ---- files ---- */

static format format_of(const char *path)
{
    const char *dot = strrchr(path, '.');

    if (dot && (strcmp(dot, ".extxyz") == 0 || strcmp(dot, ".xyz") == 0)) return FORMAT_EXTXYZ;
    if (dot && (strcmp(dot, ".data") == 0 || strcmp(dot, ".lmp") == 0)) return FORMAT_DATA;
    return FORMAT_NONE;
}

sg_status cli_check_out(const cli *c, int needed)
{
    if (!c->out) return needed ? sg_fail(SG_EINVAL, "-o OUT missing: where does the result go?") : SG_OK;
    if (format_of(c->out) == FORMAT_NONE)
        return sg_fail(SG_EINVAL, "-o %s: need a name that ends in .extxyz, .xyz, .data or .lmp", c->out);
    return cli_check_place(c);
}

sg_status cli_check_place(const cli *c)
{
    struct stat info;

    if (stat(c->out, &info) == 0 && S_ISDIR(info.st_mode))
        return sg_fail(SG_EINVAL, "-o %s: is a folder", c->out);
    char *folder = sg_strdup(c->out);
    if (!folder) return sg_fail(SG_ENOMEM, "-o %s", c->out);
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder] = '\0';
    const int writable = access(slash ? folder : ".", W_OK) == 0;
    sg_free(folder);
    if (!writable)
        return sg_fail(errno == ENOENT || errno == ENOTDIR ? SG_ENOTFOUND : SG_EIO, "-o %s: %s", c->out,
                       strerror(errno));
    return SG_OK;
}

sg_status cli_write_structure(const cli *c, const sg_system *sys, const sg_forces *f)
{
    return cli_write_made(c, sys, f, NULL);
}

sg_status cli_write_made(const cli *c, const sg_system *sys, const sg_forces *f, const char *extra)
{
    double stress[6];
    sg_frame_info info = {.extra = extra};

    if (!c->out) return SG_OK;
    if (format_of(c->out) == FORMAT_DATA) return sg_io_write_lammps_data(c->out, sys);
    if (f) {
        sg_potential_stress(sys, f, stress);
        info.energy = &f->energy;
        info.stress = stress;
        info.f = (const double(*)[3])f->f;
    }
    return sg_io_write_extxyz(c->out, sys, &info);
}
