/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening models of the KIM-API and reading what they publish. The library keeps a stack of defaults for its
 * logs that is shared by all threads, hence the critical sections; once made, a model is its owner's alone.
 */
#include "kim_model.h"

#include <KIM_Log.h>
#include <stdio.h>
#include <string.h>

enum { MAX_REASON = 200, MIN_POINTS = 5 };

static _Thread_local char reason[MAX_REASON];

static sg_status find_parameter(const KIM_Model *model, const char *name, int *index, int *extent);
static sg_status read_numbers(const KIM_Model *model, const char *name, int from, int n, double *value);

/* ---- opening ---- */

/* The library's entries read "time * number * level * who * where * text". */
static int hear(const char *const entry)
{
    const char *text = entry;

    if (reason[0]) return 0; /* what comes later only says that something went wrong */
    for (int stars = 0; stars < 5; stars++) {
        const char *const next = strstr(text, " * ");
        if (!next) break;
        text = next + 3;
    }
    snprintf(reason, sizeof reason, "%s", text);
    reason[strcspn(reason, "\n")] = '\0';
    return 0;
}

/* What is created in between tells its errors to hear() for as long as it lives, and writes no file. */
static void listen(void)
{
    KIM_Log_PushDefaultVerbosity(KIM_LOG_VERBOSITY_error);
    KIM_Log_PushDefaultPrintFunction(KIM_LANGUAGE_NAME_c, (KIM_Function *)hear);
}

static void stop_listening(void)
{
    KIM_Log_PopDefaultPrintFunction();
    KIM_Log_PopDefaultVerbosity();
}

void sg_kim_model_hush(void)
{
    reason[0] = '\0';
}

const char *sg_kim_model_reason(void)
{
    return reason;
}

/* The first installed name that holds `part`, "" if none does. */
static void find_name_with(KIM_Collections *all, const char *part, char *found, size_t size)
{
    int n = 0;

    found[0] = '\0';
    if (KIM_Collections_CacheListOfItemNamesByType(all, KIM_COLLECTION_ITEM_TYPE_portableModel, &n)) return;
    for (int k = 0; k < n && !found[0]; k++) {
        const char *name = NULL;
        if (!KIM_Collections_GetItemNameByType(all, k, &name) && strstr(name, part))
            snprintf(found, size, "%s", name);
    }
}

/* Is there such a model? Looked up first, because the library loses memory when it does not find one. */
static sg_status look_up(const char *name)
{
    KIM_Collections *all = NULL;
    KIM_CollectionItemType type;
    char alike[128] = "";
    int known = 0, is_simulator = 0;

#pragma omp critical(slowglass_kim)
    {
        listen();
        if (!KIM_Collections_Create(&all)) {
            known = *name && !KIM_Collections_GetItemType(all, name, &type);
            is_simulator =
                known && KIM_CollectionItemType_Equal(type, KIM_COLLECTION_ITEM_TYPE_simulatorModel);
            if (!known && *name) find_name_with(all, name, alike, sizeof alike);
            KIM_Collections_Destroy(&all);
        }
        stop_listening();
    }
    if (is_simulator)
        return sg_fail(SG_EUNSUPPORTED, "KIM model %s is a simulator model, commands for another program",
                       name);
    if (known) return SG_OK;
    return sg_fail(SG_ENOTFOUND,
                   "KIM model %s is not installed%s%s%s; kim-api-collections-management list shows what is",
                   *name ? name : "(empty)", *alike ? " (did you mean " : "", alike, *alike ? "?)" : "");
}

sg_status sg_kim_model_open(const char *name, KIM_Model **out)
{
    int accepted = 0, failed = 0;

    *out = NULL;
    sg_kim_model_hush();
    const sg_status st = look_up(name);
    if (st != SG_OK) return st;
    sg_kim_model_hush();
#pragma omp critical(slowglass_kim)
    {
        listen();
        failed = KIM_Model_Create(KIM_NUMBERING_zeroBased, KIM_LENGTH_UNIT_A, KIM_ENERGY_UNIT_eV,
                                  KIM_CHARGE_UNIT_e, KIM_TEMPERATURE_UNIT_K, KIM_TIME_UNIT_ps, name,
                                  &accepted, out);
        stop_listening();
    }
    if (failed) {
        *out = NULL;
        return sg_fail(SG_EBACKEND, "KIM model %s cannot be opened: %s", name, reason);
    }
    if (accepted) return SG_OK;
    sg_kim_model_close(out);
    return sg_fail(SG_EUNSUPPORTED, "KIM model %s does not work in Å and eV", name);
}

void sg_kim_model_close(KIM_Model **model)
{
    if (!*model) return;
#pragma omp critical(slowglass_kim)
    KIM_Model_Destroy(model);
    *model = NULL;
}

sg_status sg_kim_model_arguments(const KIM_Model *model, const char *name, KIM_ComputeArguments **out)
{
    int failed = 0;

#pragma omp critical(slowglass_kim)
    {
        listen();
        failed = KIM_Model_ComputeArgumentsCreate(model, out);
        stop_listening();
    }
    if (!failed) return SG_OK;
    *out = NULL;
    return sg_fail(SG_EBACKEND, "KIM model %s: %s", name, reason);
}

sg_status sg_kim_model_reach(const KIM_Model *model, const char *name, const sg_species *species,
                             sg_kim_reach *reach)
{
    KIM_Model_GetInfluenceDistance(model, &reach->influence);
    KIM_Model_GetNeighborListPointers(model, &reach->n_lists, &reach->cutoff, &reach->only_contributing);
    for (int k = 0; k < species->n; k++) {
        int known = 0;
        if (KIM_Model_GetSpeciesSupportAndCode(model, KIM_SpeciesName_FromString(species->symbol[k]), &known,
                                               &reach->code[k]) ||
            !known)
            return sg_fail(SG_EINVAL, "element %s is not in KIM model %s", species->symbol[k], name);
    }
    return SG_OK;
}

/* ---- numbers ---- */

static sg_status find_parameter(const KIM_Model *model, const char *name, int *index, int *extent)
{
    int n = 0;

    KIM_Model_GetNumberOfParameters(model, &n);
    for (int k = 0; k < n; k++) {
        const char *its_name = NULL;
        KIM_DataType type;
        if (KIM_Model_GetParameterMetadata(model, k, &type, extent, &its_name, NULL)) continue;
        if (strcmp(its_name, name) != 0 || !KIM_DataType_Equal(type, KIM_DATA_TYPE_Double)) continue;
        *index = k;
        return SG_OK;
    }
    return sg_fail(SG_ENOTFOUND, "parameter %s of a KIM model", name);
}

static sg_status read_numbers(const KIM_Model *model, const char *name, int from, int n, double *value)
{
    int index = 0, extent = 0;
    const sg_status st = find_parameter(model, name, &index, &extent);

    if (st != SG_OK) return st;
    if (from < 0 || n > extent - from)
        return sg_fail(SG_ENOTFOUND, "parameter %s of a KIM model has %d numbers, need %d", name, extent,
                       from + n);
    for (int k = 0; k < n; k++)
        if (KIM_Model_GetParameterDouble(model, index, from + k, &value[k]))
            return sg_fail(SG_EBACKEND, "number %d of %s of a KIM model: %s", from + k, name, reason);
    return SG_OK;
}

static sg_status read_table(const KIM_Model *model, const char *name, int number, int n, double **table)
{
    if (!(*table = sg_calloc((size_t)n, sizeof **table)))
        return sg_fail(SG_ENOMEM, "%s of a KIM model", name);
    return read_numbers(model, name, number * n, n, *table);
}

/* How many elements the model has: codes are 0, 1, .. */
static int count_species(const KIM_Model *model)
{
    int n_names = 0, n = 0;

    KIM_SPECIES_NAME_GetNumberOfSpeciesNames(&n_names);
    for (int k = 0; k < n_names; k++) {
        KIM_SpeciesName name;
        int known = 0, code = 0;
        if (!KIM_SPECIES_NAME_GetSpeciesName(k, &name) &&
            !KIM_Model_GetSpeciesSupportAndCode(model, name, &known, &code))
            n += known;
    }
    return n;
}

/* Number of points of each table, and whether densities depend on the host, from the extents. */
static sg_status read_grid(const KIM_Model *model, int n_model, sg_eam_file *t)
{
    int index = 0, n_embedding = 0, n_pair = 0, n_density = 0;
    sg_status st = read_numbers(model, "cutoff", 0, 1, &t->cutoff);

    if (st == SG_OK) st = read_numbers(model, "deltaRho", 0, 1, &t->d_rho);
    if (st == SG_OK) st = read_numbers(model, "deltaR", 0, 1, &t->d_r);
    if (st == SG_OK) st = find_parameter(model, "embeddingData", &index, &n_embedding);
    if (st == SG_OK) st = find_parameter(model, "rPhiData", &index, &n_pair);
    if (st == SG_OK) st = find_parameter(model, "densityData", &index, &n_density);
    if (st != SG_OK) return st;
    t->n_rho = n_embedding / n_model;
    t->n_r = n_pair / (n_model * (n_model + 1) / 2);
    if (t->n_rho < MIN_POINTS || t->n_r < MIN_POINTS || !(t->d_rho > 0.0) || !(t->d_r > 0.0) ||
        !(t->cutoff > 0.0))
        return sg_fail(SG_ENOTFOUND, "tables of a KIM model");
    t->finnis_sinclair = n_density == n_model * n_model * t->n_r;
    if (!t->finnis_sinclair && n_density != n_model * t->n_r)
        return sg_fail(SG_ENOTFOUND, "density tables of a KIM model");
    if (n_model == 1) t->finnis_sinclair = 0;
    return SG_OK;
}

sg_status sg_kim_model_tables(const KIM_Model *model, const sg_species *species, const int *code,
                              sg_eam_file *t)
{
    const int n_model = count_species(model);

    memset(t, 0, sizeof *t);
    t->n = species->n;
    sg_status st = read_grid(model, n_model, t);
    for (int a = 0; a < t->n && st == SG_OK; a++) {
        st = read_table(model, "embeddingData", code[a], t->n_rho, &t->embedding[a]);
        for (int b = 0; b < t->n && st == SG_OK; b++) { /* row: source; column: host */
            const int number = t->finnis_sinclair ? code[a] * n_model + code[b] : code[a];
            st = read_table(model, "densityData", number, t->n_r, &t->density[a][b]);
        }
        for (int b = 0; b <= a && st == SG_OK; b++) { /* upper triangle, row by row */
            const int lo = code[a] < code[b] ? code[a] : code[b], hi = code[a] < code[b] ? code[b] : code[a];
            const int number = lo * n_model + hi - (lo * lo + lo) / 2;
            st = read_table(model, "rPhiData", number, t->n_r, &t->pair[a][b]);
        }
    }
    if (st != SG_OK) sg_eam_file_clear(t);
    return st;
}

static uint64_t hash_parameter(const KIM_Model *model, int index, KIM_DataType type, int extent,
                               uint64_t hash)
{
    for (int k = 0; k < extent; k++) {
        double number = 0.0;
        int whole = 0;
        if (KIM_DataType_Equal(type, KIM_DATA_TYPE_Double))
            KIM_Model_GetParameterDouble(model, index, k, &number);
        else if (!KIM_Model_GetParameterInteger(model, index, k, &whole))
            number = whole;
        hash = sg_hash(&number, sizeof number, hash);
    }
    return hash;
}

sg_status sg_kim_model_fingerprint(const KIM_Model *model, const char *name, const sg_species *species,
                                   uint64_t *hash)
{
    int n = 0, order[SG_MAX_SPECIES] = {0}; /* species by atomic number */

    *hash = sg_hash(name, strlen(name), 0);
    for (int k = 0; k < species->n; k++) {
        int to = k;
        for (; to > 0 && species->number[order[to - 1]] > species->number[k]; to--)
            order[to] = order[to - 1];
        order[to] = k;
    }
    for (int k = 0; k < species->n; k++)
        *hash = sg_hash(&species->number[order[k]], sizeof species->number[0], *hash);
    KIM_Model_GetNumberOfParameters(model, &n);
    for (int k = 0; k < n; k++) {
        int extent = 0;
        KIM_DataType type;
        if (KIM_Model_GetParameterMetadata(model, k, &type, &extent, NULL, NULL))
            return sg_fail(SG_EBACKEND, "parameters of KIM model %s: %s", name, reason);
        *hash = hash_parameter(model, k, type, extent, *hash);
    }
    return SG_OK;
}
