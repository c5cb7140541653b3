/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder of a run, its settings, and what makes it the run that it is. */
#include "run_internal.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

char *run_path(const char *folder, const char *name)
{
    const size_t n = strlen(folder) + strlen(name) + 2;
    char *path = sg_calloc(n, 1);

    if (path) snprintf(path, n, "%s/%s", folder, name);
    return path;
}

sg_status sg_run_check_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int n = 0, is_run = 0;

    if (!dir && errno == ENOENT) return SG_OK;
    if (!dir) return sg_fail(errno == ENOTDIR ? SG_EINVAL : SG_EIO, "folder %s: %s", folder, strerror(errno));
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        n++;
        is_run |= strcmp(entry->d_name, "run.ini") == 0;
    }
    closedir(dir);
    if (is_run) return sg_fail(SG_EINVAL, "folder %s holds a run already; use --resume %s", folder, folder);
    if (n > 0)
        return sg_fail(SG_EINVAL, "folder %s is not empty; a run needs a new or an empty folder", folder);
    return SG_OK;
}

sg_status run_make_folder(const char *folder)
{
    if (mkdir(folder, 0777) == 0 || errno == EEXIST) return SG_OK;
    const int code = errno;
    const sg_status st = code == ENOENT || code == ENOTDIR  ? SG_ENOTFOUND
                         : code == ENOSPC || code == EDQUOT ? SG_EFULL
                                                            : SG_EIO;
    return sg_fail(st, "cannot make folder %s: %s", folder, strerror(code));
}

sg_status run_write_settings(const char *folder, const sg_config *cfg)
{
    sg_replace file = {0};
    char *path = run_path(folder, "run.ini");
    sg_status st = path ? sg_io_replace_begin(&file, path) : sg_fail(SG_ENOMEM, "run.ini");

    if (st == SG_OK) {
        fprintf(file.file, "; settings of this run, by slowglass %s; with another folder they repeat it\n",
                SLOWGLASS_VERSION);
        st = sg_config_write(cfg, file.file);
        if (st == SG_OK) st = sg_io_replace_commit(&file);
    }
    sg_io_replace_abort(&file);
    sg_free(path);
    return st;
}

sg_status sg_run_compare_settings(const sg_config *kept, const sg_config *now)
{
    const sg_config_key *row = sg_config_keys();
    sg_status st = SG_OK;

    for (int k = 0; k < SG_CONFIG_N_KEYS && st == SG_OK; k++) {
        if (row[k].role == SG_ROLE_STOP || row[k].role == SG_ROLE_SHOW) continue;
        char *a = sg_config_value(kept, k), *b = sg_config_value(now, k);
        if (!a || !b)
            st = sg_fail(SG_ENOMEM, "comparing settings");
        else if (strcmp(a, b) != 0)
            st = sg_fail(SG_EMISMATCH,
                         "--resume may change stop criteria only (kmc.max_steps, max_time_s, max_wall_s, "
                         "stop_below_eis_eV); "
                         "%s.%s is '%s', "
                         "asked for '%s'",
                         row[k].section, row[k].name, a, b);
        sg_free(a);
        sg_free(b);
    }
    return st;
}

/* --- identity --- */

static sg_status write_bases(const sg_config *cfg, FILE *out)
{
    for (int k = 0; k < cfg->catalog.base.n; k++) {
        sg_catalog *cat = NULL;
        uint64_t hash = 0;
        sg_status st = sg_catalog_open(cfg->catalog.base.value[k], 0, NULL, &cat);
        if (st == SG_OK) st = sg_catalog_content_hash(cat, &hash);
        sg_catalog_close(cat);
        if (st != SG_OK) return st;
        fprintf(out, "base catalog %d (hash of its content) = %016" PRIx64 "\n", k + 1, hash);
    }
    return SG_OK;
}

sg_status run_identity(const sg_config *cfg, uint64_t structure, uint64_t fingerprint, char **text)
{
    const sg_config_key *row = sg_config_keys();
    size_t size = 0;
    sg_status st = SG_OK;

    *text = NULL;
    FILE *out = open_memstream(text, &size);
    if (!out) return sg_fail(SG_ENOMEM, "identity of the run");
    for (int k = 0; k < SG_CONFIG_N_KEYS && st == SG_OK; k++) {
        if (row[k].role != SG_ROLE_PHYSICS) continue;
        char *value = sg_config_value(cfg, k);
        if (!value)
            st = sg_fail(SG_ENOMEM, "identity of the run");
        else
            fprintf(out, "%s.%s = %s\n", row[k].section, row[k].name, value);
        sg_free(value);
    }
    fprintf(out, "structure (hash of start.extxyz) = %016" PRIx64 "\n", structure);
    fprintf(out, "potential (hash of its numbers) = %016" PRIx64 "\n", fingerprint);
    if (st == SG_OK) st = write_bases(cfg, out);
    if (fclose(out) != 0 && st == SG_OK) st = sg_fail(SG_ENOMEM, "identity of the run");
    if (st != SG_OK) {
        free(*text);
        *text = NULL;
    }
    return st;
}

sg_cat_run run_describe(const sg_config *cfg, const sg_explore_options *explore, const char *identity,
                        const char *what, const char *file)
{
    const char *slash = strrchr(file, '/');
    sg_cat_run r = {.seed = (uint64_t)cfg->kmc.seed,
                    .gamma = cfg->strain.xy,
                    .temperature = cfg->kmc.temperature_K,
                    .samplers = 1u << SG_SAMPLER_PLACED | 1u << SG_SAMPLER_INHERITED};

    r.id = sg_hash(identity, strlen(identity), 0);
    if (r.id == 0) r.id = 1; /* 0: unknown */
    for (int k = 0; k < explore->n_samplers; k++)
        r.samplers |= 1u << explore->sampler[k];
    snprintf(r.program, sizeof r.program, "slowglass %s", SLOWGLASS_VERSION);
    snprintf(r.name, sizeof r.name, "%s %.56s", what, slash ? slash + 1 : file);
    return r;
}

/* The first line in which two texts differ. */
static sg_status fail_at_difference(const char *was, size_t n_was, const char *is, const char *folder)
{
    size_t begin = 0, at = 0;

    for (; at < n_was && is[at] && was[at] == is[at]; at++)
        if (was[at] == '\n') begin = at + 1;
    const size_t end_was = begin + strcspn(was + begin, "\n"), end_is = begin + strcspn(is + begin, "\n");
    return sg_fail(SG_EMISMATCH, "run in %s began with \"%.*s\", now \"%.*s\"; only stop criteria may change",
                   folder, (int)(end_was - begin), was + begin, (int)(end_is - begin), is + begin);
}

sg_status run_check_identity(sg_catalog *cat, const char *text, const sg_cat_run *record, const char *folder)
{
    void *bytes = NULL;
    size_t n = 0;
    sg_status st = sg_catalog_get_meta(cat, "identity", &bytes, &n);

    if (st == SG_ENOTFOUND) {
        st = sg_catalog_put_meta(cat, "identity", text, strlen(text) + 1);
        if (st == SG_OK) st = sg_catalog_put_run(cat, record);
        return st == SG_OK ? sg_catalog_commit(cat) : st;
    }
    if (st == SG_OK && (n == 0 || ((const char *)bytes)[n - 1] != '\0'))
        st = sg_fail(SG_ECORRUPT, "identity of the run in %s", folder);
    if (st == SG_OK && strcmp(bytes, text) != 0) st = fail_at_difference(bytes, n - 1, text, folder);
    sg_free(bytes);
    return st;
}
