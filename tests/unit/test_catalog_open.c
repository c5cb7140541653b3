/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and creating catalogs: what is refused and what the refusal says, one writer, one opening per
 * process. */
#include "catalog_place.h"

#include <sys/wait.h>

static void test_other_format_version(void **state)
{
    place *p = *state;
    unsigned char value[512];

    sg_catalog_close(p->cat);
    p->cat = NULL;
    const size_t n = raw_access(p->file, "meta", "header", 6, value, sizeof value, NULL, 0);
    value[16 + 8] = 3; /* format, behind the envelope and the file magic; then a valid checksum */
    sg_store_le64(value + 8, sg_hash(value + 16, n - 16, sg_hash(value, 8, 0)));
    raw_access(p->file, "meta", "header", 6, NULL, 0, value, n);
    assert_status(sg_catalog_open(p->file, 0, NULL, &p->cat), SG_EMISMATCH);
    assert_text("format 3");
    assert_text("formats 1 to 2");
}

static void test_no_catalog(void **state)
{
    place *p = *state;
    char file[256], data[256];
    sg_catalog *cat;

    joined(file, p->path, "none");
    assert_status(sg_catalog_open(file, 0, NULL, &cat), SG_ENOTFOUND);
    assert_status(sg_catalog_open(file, 1, NULL, &cat), SG_ENOTFOUND);
    mkdir(file, 0777);
    assert_status(sg_catalog_open(file, 1, NULL, &cat), SG_ENOTFOUND);
    assert_int_equal(folder_entries(file), 0); /* looking leaves nothing behind */
    joined(data, file, "data.mdb");
    FILE *f = fopen(data, "wb");
    for (int k = 0; k < 20000; k++)
        fputc('x', f);
    fclose(f);
    assert_status(sg_catalog_open(file, 0, NULL, &cat), SG_EMISMATCH);
    assert_null(cat);
}

static void test_foreign_lmdb(void **state)
{
    place *p = *state;
    char file[256];
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    sg_catalog *cat;

    mkdir(joined(file, p->path, "foreign"), 0777);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, file, 0, 0664), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
    MDB_val k = {1, "k"}, v = {1, "v"};
    assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    assert_status(sg_catalog_open(file, 0, NULL, &cat), SG_EMISMATCH);
    assert_text("not a slowglass catalog");
}

static void test_create_twice_and_in_no_parent(void **state)
{
    place *p = *state;
    const sg_catalog_header header = sample_header();
    char file[256];
    sg_catalog *cat;

    assert_status(sg_catalog_create(p->file, &header, &cat), SG_EINVAL);
    assert_text("already");
    assert_status(sg_catalog_create(joined(file, p->path, "no/such"), &header, &cat), SG_EIO);
    assert_null(strchr(sg_error_text(), '\n'));
    assert_int_equal(folder_entries(p->path), 1); /* only the catalog of the set-up */
}

static void test_read_only_refuses_puts(void **state)
{
    place *p = *state;
    const sg_cat_step step = {.step = 1};

    reopen(p, 0);
    assert_status(sg_catalog_put_step(p->cat, &step), SG_EINVAL);
    assert_status(sg_catalog_put_meta(p->cat, "a", "b", 1), SG_EINVAL);
    assert_status(sg_catalog_commit(p->cat), SG_EINVAL);
}

static void test_one_writer(void **state)
{
    place *p = *state;
    sg_catalog *cat;
    char pid[32], file[256];
    int status;

    snprintf(pid, sizeof pid, "process %ld", (long)getpid());
    assert_status(sg_catalog_open(p->file, 1, NULL, &cat), SG_ELOCKED); /* the same process */
    assert_text(pid);
    assert_status(sg_catalog_open(p->file, 0, NULL, &cat), SG_EINVAL); /* LMDB: once per process */
    const pid_t child = fork();
    if (child == 0) { /* another process */
        const sg_status st = sg_catalog_open(p->file, 1, NULL, &cat);
        _exit(st == SG_ELOCKED && strstr(sg_error_text(), pid) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    reopen(p, 1); /* free again after closing */
    assert_int_equal(access(joined(file, p->file, "writer.lock"), F_OK), 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, place_with_catalog, place_remove)
    const struct CMUnitTest tests[] = {
        CASE(test_other_format_version),   CASE(test_no_catalog),
        CASE(test_foreign_lmdb),           CASE(test_create_twice_and_in_no_parent),
        CASE(test_read_only_refuses_puts), CASE(test_one_writer),
    };
    return cmocka_run_group_tests_name("catalog opening", tests, NULL, NULL);
}
