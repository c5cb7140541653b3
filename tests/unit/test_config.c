/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run file: every error with its place and its text, and writing then reading as the identity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "slowglass/core.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/sg_config_XXXXXX");
    return !mkdtemp(folder) || chdir(folder) != 0 || mkdir("sub", 0700) != 0;
}

static int remove_folder(void **state)
{
    (void)state;
    const char *const files[] = {"run.ini", "again.ini", "sub/run.ini", "sub/pot.eam", "sub"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        remove(files[i]);
    return chdir("/") != 0 || rmdir(folder) != 0;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
}

static sg_status read_text(const char *text, sg_config *cfg)
{
    put("run.ini", text);
    return sg_config_read("run.ini", cfg);
}

/* A run file that must fail, with its whole message. */
static void refuse(const char *text, sg_status code, const char *message)
{
    sg_config cfg;
    assert_int_equal(read_text(text, &cfg), code);
    assert_string_equal(sg_error_text(), message);
    assert_null(cfg.path);
}

static void test_defaults(void **state)
{
    sg_config cfg;

    (void)state;
    assert_int_equal(sg_config_defaults(&cfg), SG_OK);
    assert_true(cfg.kmc.temperature_K == 600.0);
    assert_true(cfg.kmc.max_time_s == 1e-6);
    assert_true(cfg.kmc.max_steps == 100000);
    assert_true(cfg.kmc.seed == 1);
    assert_int_equal(cfg.kmc.prefactor_mode, SG_PREFACTOR_CONSTANT);
    assert_true(cfg.kmc.prefactor_per_s == 1e13);
    assert_int_equal(cfg.search.per_atom, 20);
    assert_int_equal(cfg.search.push_radius_A.n, 1);
    assert_true(cfg.search.curvature_out_eV_per_A2 == -0.5);
    assert_int_equal(cfg.basin.enable, 1);
    assert_int_equal(cfg.output.snapshot, SG_SNAPSHOT_EVERY);
    assert_string_equal(cfg.system.structure, "");
    assert_int_equal(cfg.catalog.base.n, 0);
    sg_config_clear(&cfg);
    sg_config_clear(&cfg);
    sg_config_clear(NULL);
}

static void test_every_type(void **state)
{
    sg_config cfg;

    (void)state;
    assert_int_equal(
        read_text("\xef\xbb\xbf# glass\n[system]\r\nfixed = 1 5-7, 12 ; held\n"
                  "[potential]\nstyle=lj\n  elements = Cu, Zr ; indented: still a key\n"
                  "pair = 0.4,2.3,6.0 , .5 2.5 6.5  0.6 2.8 7\n"
                  "[kmc]\nmax_steps : 2e6\nseed = 9007199254740993\n[search]\npush_radius_A = 2.0 3.7\n"
                  "[topology]\ncutoff_A = Cu-Cu 3.45 Cu-Zr 3.65, Zr-Zr 4.05\n[basin]\nenable = off\n"
                  "[output]\nsnapshot = log",
                  &cfg),
        SG_OK);
    const int ids[] = {1, 5, 6, 7, 12};
    assert_int_equal(cfg.system.fixed.n, 5);
    assert_memory_equal(cfg.system.fixed.value, ids, sizeof ids);
    assert_int_equal(cfg.potential.style, SG_STYLE_LJ);
    assert_int_equal(cfg.potential.elements.n, 2);
    assert_string_equal(cfg.potential.elements.value[1], "Zr");
    assert_int_equal(cfg.potential.pair.n, 9);
    assert_true(cfg.potential.pair.value[3] == 0.5);
    assert_true(cfg.kmc.max_steps == 2000000);
    assert_true(cfg.kmc.seed == 9007199254740993);
    assert_true(cfg.search.push_radius_A.value[1] == 3.7);
    assert_int_equal(cfg.topology.cutoff_A.n, 3);
    assert_string_equal(cfg.topology.cutoff_A.value[1].b, "Zr");
    assert_true(cfg.topology.cutoff_A.value[2].value == 4.05);
    assert_int_equal(cfg.basin.enable, 0);
    assert_int_equal(cfg.output.snapshot, SG_SNAPSHOT_LOG);
    assert_int_equal(cfg.line[SG_KEY_kmc_seed], 10);
    assert_int_equal(cfg.line[SG_KEY_kmc_max_time_s], 0);
    char *spec;
    assert_int_equal(sg_config_potential_spec(&cfg, &spec), SG_OK);
    assert_string_equal(spec, "lj:0.4,2.3,6,0.5,2.5,6.5,0.6,2.8,7");
    sg_free(spec);
    char *fixed = sg_config_value(&cfg, SG_KEY_system_fixed);
    assert_string_equal(fixed, "1 5-7 12");
    sg_free(fixed);
    sg_config_clear(&cfg);
}

static void test_errors_name_the_line(void **state)
{
    (void)state;
    refuse("\n[kmc]\ntemprature_K = 300\n", SG_EINVAL,
           "run.ini:3: unknown key 'temprature_K' in [kmc]; did you mean 'temperature_K'?");
    refuse("[kmc]\n; a comment\ntemperature_K = -5 ; cold\n", SG_EINVAL,
           "run.ini:3: kmc.temperature_K = -5, need > 0 K");
    refuse("[kmc]\ntemperature_K = warm\n", SG_EINVAL,
           "run.ini:2: kmc.temperature_K = 'warm', need a number in K");
    refuse("[kmc]\ntemperature_K =\n", SG_EINVAL, "run.ini:2: kmc.temperature_K = '', need a number in K");
    refuse("[kmc]\ntemperature_K = nan\n", SG_EINVAL,
           "run.ini:2: kmc.temperature_K = 'nan', need a number in K");
    refuse("[kmc]\ntemperature_K = 1e999\n", SG_EINVAL,
           "run.ini:2: kmc.temperature_K = '1e999', need a number in K");
    refuse("[kmc]\nseed = 1.5\n", SG_EINVAL, "run.ini:2: kmc.seed = '1.5', need a whole number");
    refuse("[search]\nbatch = 0\n", SG_EINVAL, "run.ini:2: search.batch = 0, need >= 1, <= 65536");
    refuse("[search]\nper_atom = 3000000000\n", SG_EINVAL,
           "run.ini:2: search.per_atom = 3000000000, need >= 0");
    refuse("[search]\npush_radius_A = 2 -1\n", SG_EINVAL, "run.ini:2: search.push_radius_A = -1, need > 0 Å");
    refuse("[serach]\n", SG_EINVAL, "run.ini:1: unknown section [serach]; did you mean [search]?");
    refuse("[weather]\nrain = yes\n", SG_EINVAL, "run.ini:1: unknown section [weather]");
    refuse("[search]\ntemperature_K = 5\n", SG_EINVAL,
           "run.ini:2: unknown key 'temperature_K' in [search]; it belongs to [kmc]");
    refuse("[kmc]\nxyzzyplugh = 5\n", SG_EINVAL, "run.ini:2: unknown key 'xyzzyplugh' in [kmc]");
    refuse("seed = 1\n", SG_EINVAL, "run.ini:1: a key before the first [section]");
    refuse("[kmc]\nseed 1\n", SG_EPARSE, "run.ini:2: 'seed 1', need key = value or [section]");
    refuse("[kmc] seed = 1\n", SG_EPARSE, "run.ini:1: '[kmc] seed = 1', need [section] alone on its line");
    refuse("[kmc\nseed = 1\n", SG_EPARSE, "run.ini:1: '[kmc', need [section] alone on its line");
    refuse("[kmc]\nseed = 1\n\nseed = 2\n", SG_EINVAL,
           "run.ini:4: kmc.seed given again; it stands in an earlier line");
    refuse("[potential]\nstyle = eam\n", SG_EINVAL,
           "run.ini:2: potential.style = 'eam', need one of eam/fs|eam/alloy|lj|morse|kim|kim-api|lammps");
    refuse("[basin]\nenable = maybe\n", SG_EINVAL, "run.ini:2: basin.enable = 'maybe', need yes or no");
    refuse("[system]\nfixed = 3-1\n", SG_EINVAL,
           "run.ini:2: system.fixed = '3-1', need an atom id >= 1 or a span such as 5-9");
    refuse("[topology]\ncutoff_A = Cu-Zr\n", SG_EINVAL,
           "run.ini:2: topology.cutoff_A = 'Cu-Zr', need a number after each pair, in Å");
    refuse("[kmc]\nseed = 1\ntemprature_K = 5\n[x\n", SG_EINVAL, /* the first error is the one reported */
           "run.ini:3: unknown key 'temprature_K' in [kmc]; did you mean 'temperature_K'?");
    refuse("[kmc]\nseed = x\nnonsense\n", SG_EINVAL, "run.ini:2: kmc.seed = 'x', need a whole number");
    sg_config cfg;
    assert_int_equal(sg_config_read("absent.ini", &cfg), SG_ENOTFOUND);
    assert_string_equal(sg_error_text(), "absent.ini: No such file or directory");
    assert_int_equal(sg_config_read(".", &cfg), SG_EINVAL);
}

static void test_zero_byte(void **state)
{
    sg_config cfg;
    (void)state;
    FILE *file = fopen("run.ini", "w");
    fwrite("[kmc]\nse\0ed = 1\n", 1, 16, file);
    fclose(file);
    assert_int_equal(sg_config_read("run.ini", &cfg), SG_EPARSE);
    assert_string_equal(sg_error_text(), "run.ini:2: a zero byte: not a text file");
}

/* inih alone would cut these lines at 200 bytes. */
static void test_long_lines(void **state)
{
    enum { N = 60, LENGTH = 700 };
    char text[20000] = "[catalog]\nbase =", item[LENGTH + 2] = "";
    sg_config cfg;

    (void)state;
    for (int i = 0; i < N; i++) {
        snprintf(item, sizeof item, " /data/base=%d;v:2/#x%0*d", i, i * 3 + 1, i);
        strcat(text, item);
    }
    strcat(text, " /");
    memset(item, 'y', LENGTH);
    strcat(text, item);
    strcat(text, "\n[kmc]\nseed = 7 ; ");
    strcat(text, item);
    strcat(text, "\nmax_steps = 8\n");
    assert_int_equal(read_text(text, &cfg), SG_OK);
    assert_int_equal(cfg.catalog.base.n, N + 1);
    for (int i = 0; i < N; i++) {
        snprintf(item, sizeof item, "/data/base=%d;v:2/#x%0*d", i, i * 3 + 1, i);
        assert_string_equal(cfg.catalog.base.value[i], item);
    }
    assert_int_equal(strlen(cfg.catalog.base.value[N]), LENGTH + 1);
    assert_true(cfg.kmc.seed == 7);
    assert_true(cfg.kmc.max_steps == 8);
    assert_int_equal(cfg.line[SG_KEY_kmc_max_steps], 5);
    sg_config_clear(&cfg);
}

static void test_paths(void **state)
{
    char expected[256];
    sg_config cfg;

    (void)state;
    put("sub/pot.eam", "");
    put("sub/run.ini", "[system]\nstructure = \"my glass.xyz\"\n[potential]\nfile = pot.eam\n"
                       "[catalog]\nbase = one \"two three\" /four\n");
    assert_int_equal(sg_config_read("sub/run.ini", &cfg), SG_OK);
    assert_string_equal(cfg.system.structure, "sub/my glass.xyz");
    assert_string_equal(cfg.potential.file, "sub/pot.eam");
    assert_string_equal(cfg.catalog.base.value[0], "sub/one");
    assert_string_equal(cfg.catalog.base.value[1], "sub/two three");
    assert_string_equal(cfg.catalog.base.value[2], "/four");
    assert_int_equal(sg_config_set(&cfg, "potential.file=elsewhere.eam"), SG_OK);
    assert_string_equal(cfg.potential.file,
                        "elsewhere.eam"); /* not here: looked for in further folders later */
    assert_int_equal(sg_config_set(&cfg, "system.structure = here.xyz"), SG_OK);
    FILE *out = fopen("again.ini", "w");
    assert_int_equal(sg_config_write(&cfg, out), SG_OK);
    fclose(out);
    sg_config_clear(&cfg);
    assert_int_equal(sg_config_read("again.ini", &cfg), SG_OK);
    snprintf(expected, sizeof expected, "%s/here.xyz", folder);
    assert_string_equal(cfg.system.structure, expected);
    snprintf(expected, sizeof expected, "%s/sub/two three", folder);
    assert_string_equal(cfg.catalog.base.value[1], expected);
    assert_string_equal(cfg.potential.file, "elsewhere.eam");
    sg_config_clear(&cfg);
}

static void test_set(void **state)
{
    sg_config cfg;

    (void)state;
    assert_int_equal(sg_config_defaults(&cfg), SG_OK);
    assert_int_equal(sg_config_set(&cfg, "kmc.seed=5"), SG_OK);
    assert_int_equal(sg_config_set(&cfg, "kmc.seed = 6"), SG_OK);
    assert_true(cfg.kmc.seed == 6);
    assert_int_equal(cfg.line[SG_KEY_kmc_seed], -1);
    assert_int_equal(sg_config_set(&cfg, "kmc.seed=-6"), SG_EINVAL);
    assert_true(cfg.kmc.seed == 6);
    assert_int_equal(sg_config_set(&cfg, "seed=6"), SG_EINVAL);
    assert_string_equal(sg_error_text(), "'seed=6', need section.key=value");
    assert_int_equal(sg_config_set(&cfg, "kmc.sed=6"), SG_EINVAL);
    assert_string_equal(sg_error_text(), "unknown key 'sed' in [kmc]; did you mean 'seed'?");
    assert_int_equal(sg_config_set(&cfg, "system.structure=a ;b"), SG_EINVAL);
    assert_int_equal(sg_config_set(&cfg, "system.structure=a\nb"), SG_EINVAL);
    sg_config_clear(&cfg);
}

static void expect_invalid(sg_config *cfg, const char *assignment, sg_status code, const char *message)
{
    char *old = NULL;
    int key = 0;

    while (strncmp(assignment + strcspn(assignment, ".") + 1, sg_config_keys()[key].name,
                   strcspn(assignment, "=") - strcspn(assignment, ".") - 1) != 0)
        key++;
    old = sg_config_value(cfg, key);
    assert_int_equal(sg_config_set(cfg, assignment), SG_OK);
    assert_int_equal(sg_config_validate(cfg), code);
    assert_string_equal(sg_error_text(), message);
    char back[256];
    snprintf(back, sizeof back, "%s.%s=%s", sg_config_keys()[key].section, sg_config_keys()[key].name, old);
    assert_int_equal(sg_config_set(cfg, back), SG_OK);
    sg_free(old);
}

static void test_validate(void **state)
{
    sg_config cfg;

    (void)state;
    assert_int_equal(
        read_text("[system]\nstructure = g.xyz\n[potential]\nfile = x.eam.fs\n[kmc]\nprefactor_mode = htst",
                  &cfg),
        SG_OK);
    assert_int_equal(cfg.kmc.prefactor_mode, SG_PREFACTOR_HTST);
    assert_int_equal(sg_config_validate(&cfg), SG_OK);
    expect_invalid(&cfg, "system.structure=", SG_EINVAL,
                   "run.ini: system.structure = (empty), need the starting structure");
    expect_invalid(&cfg, "potential.style=lammps", SG_EUNSUPPORTED,
                   "run.ini: potential.style = lammps, not available in this version");
    expect_invalid(&cfg, "potential.style=kim", SG_EINVAL,
                   "run.ini: potential.model = (empty), need the name of the KIM model");
    expect_invalid(&cfg, "potential.file=", SG_EINVAL,
                   "run.ini: potential.file = (empty), need the file of the potential");
    expect_invalid(&cfg, "potential.style=lj", SG_EINVAL,
                   "run.ini: potential.pair = (empty), need eps,sigma,cutoff for each pair of types");
    expect_invalid(&cfg, "topology.refine_A=0.01", SG_EINVAL,
                   "run.ini: topology.refine_A = 0.01, need >= topology.keep_A");
    expect_invalid(&cfg, "search.push_radius_A=", SG_EINVAL,
                   "run.ini: search.push_radius_A = (empty), need at least one radius in Å");
    assert_int_equal(sg_config_set(&cfg, "potential.elements=Cu Zr"), SG_OK);
    assert_int_equal(sg_config_set(&cfg, "potential.style=lj"), SG_OK);
    assert_int_equal(sg_config_set(&cfg, "potential.pair=1 2 3"), SG_OK);
    assert_int_equal(sg_config_validate(&cfg), SG_EINVAL);
    assert_int_equal(sg_config_set(&cfg, "potential.elements="), SG_OK);
    assert_int_equal(sg_config_validate(&cfg), SG_OK);
    expect_invalid(&cfg, "potential.style=morse", SG_EINVAL,
                   "run.ini: potential.pair = 1 2 3, need D,alpha,r0,cutoff for each pair of types");
    assert_int_equal(sg_config_set(&cfg, "potential.pair=0.7102 1.6047 2.897 9.5"), SG_OK);
    assert_int_equal(sg_config_set(&cfg, "potential.style=morse"), SG_OK);
    assert_int_equal(sg_config_validate(&cfg), SG_OK);
    sg_config_clear(&cfg);
}

/* Every key away from its default survives writing and reading. */
static void test_write_then_read(void **state)
{
    static const char *const changes[] = {"system.structure=/a/b.xyz",
                                          "system.fixed=3 4 5 9",
                                          "potential.style=lj",
                                          "potential.pair=0.1 2.3 7.7",
                                          "potential.elements=Cu",
                                          "strain.xy=0.04",
                                          "kmc.temperature_K=543.21",
                                          "kmc.max_time_s=1.7e-3",
                                          "kmc.max_steps=9223372036854775807",
                                          "kmc.max_wall_s=3.25",
                                          "kmc.seed=42",
                                          "kmc.prefactor_per_s=3.3e12",
                                          "catalog.base=/x /y z",
                                          "search.push_radius_A=2 3.7",
                                          "search.curvature_out_eV_per_A2=-0.123456789012345678",
                                          "topology.cutoff_A=Cu-Cu 3.45",
                                          "basin.enable=no",
                                          "output.snapshot=none",
                                          "output.picture=no"};
    sg_config a, b;
    uint64_t ha, hb;
    int key;

    (void)state;
    assert_int_equal(sg_config_defaults(&a), SG_OK);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        assert_int_equal(sg_config_set(&a, changes[i]), SG_OK);
    FILE *out = fopen("again.ini", "w");
    assert_int_equal(sg_config_write(&a, out), SG_OK);
    fclose(out);
    assert_int_equal(sg_config_read("again.ini", &b), SG_OK);
    assert_int_equal(sg_config_difference(&a, &b, &key), SG_OK);
    assert_int_equal(key, -1);
    assert_int_equal(sg_config_identity(&a, &ha), SG_OK);
    assert_int_equal(sg_config_identity(&b, &hb), SG_OK);
    assert_true(ha == hb);
    for (int k = 0; k < SG_CONFIG_N_KEYS; k++) {
        char *ta = sg_config_value(&a, k), *tb = sg_config_value(&b, k);
        if (sg_config_keys()[k].role != SG_ROLE_INPUT) assert_string_equal(ta, tb);
        sg_free(ta);
        sg_free(tb);
    }
    sg_config_clear(&a);
    sg_config_clear(&b);
}

static void test_identity(void **state)
{
    sg_config a, b;
    uint64_t ha, hb;
    int key;

    (void)state;
    assert_int_equal(sg_config_defaults(&a), SG_OK);
    assert_int_equal(sg_config_defaults(&b), SG_OK);
    assert_int_equal(sg_config_set(&b, "kmc.max_steps=7"), SG_OK);
    assert_int_equal(sg_config_set(&b, "kmc.max_time_s=7"), SG_OK);
    assert_int_equal(sg_config_set(&b, "kmc.max_wall_s=7"), SG_OK);
    assert_int_equal(sg_config_set(&b, "output.picture=no"), SG_OK);
    assert_int_equal(sg_config_set(&b, "system.structure=other.xyz"), SG_OK);
    sg_config_identity(&a, &ha);
    sg_config_identity(&b, &hb);
    assert_true(ha == hb);
    assert_int_equal(sg_config_set(&b, "kmc.seed=2"), SG_OK);
    sg_config_identity(&b, &hb);
    assert_true(ha != hb);
    assert_int_equal(sg_config_difference(&a, &b, &key), SG_OK);
    assert_int_equal(key, SG_KEY_kmc_seed);
    sg_config_clear(&a);
    sg_config_clear(&b);
}

/* The table itself: defaults lie in their ranges (sg_config_defaults passes), names are unique, texts are
 * there. */
static void test_table(void **state)
{
    const sg_config_key *rows = sg_config_keys();

    (void)state;
    for (int k = 0; k < SG_CONFIG_N_KEYS; k++) {
        assert_non_null(sg_config_section(rows[k].section));
        assert_true(strlen(rows[k].description) > 5);
        assert_null(strchr(rows[k].description, '"'));
        assert_null(strstr(rows[k].description, " ;"));
        for (int m = 0; m < k; m++)
            assert_true(strcmp(rows[k].section, rows[m].section) != 0 ||
                        strcmp(rows[k].name, rows[m].name) != 0);
    }
    assert_null(sg_config_section("nowhere"));
}

static void test_allocation_failures(void **state)
{
    static const char text[] =
        "[system]\nfixed = 1 2\n[catalog]\nbase = a b\n[topology]\ncutoff_A = Cu-Cu 3\n"
        "[potential]\nelements = Cu Zr\n";
    sg_config cfg;
    sg_status st = SG_ENOMEM;
    long k = 0;

    (void)state;
    for (; st != SG_OK && k < 500; k++) {
        sg_alloc_fail_after(k);
        st = read_text(text, &cfg);
        sg_alloc_fail_after(-1);
        if (st == SG_OK) break;
        assert_int_equal(st, SG_ENOMEM);
        assert_null(cfg.path);
    }
    assert_int_equal(st, SG_OK);
    assert_true(k > 10);
    sg_config_clear(&cfg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_type),
        cmocka_unit_test(test_errors_name_the_line),
        cmocka_unit_test(test_zero_byte),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_validate),
        cmocka_unit_test(test_write_then_read),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_allocation_failures),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
