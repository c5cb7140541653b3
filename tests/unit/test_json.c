/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON builder against texts written by hand, and numbers against strtod. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "slowglass/core.h"

static void assert_prints(sg_json *json, const char *expected)
{
    char *text = sg_json_print(json);
    assert_non_null(text);
    assert_string_equal(text, expected);
    sg_free(text);
    sg_json_free(json);
}

static void test_every_kind(void **state)
{
    const double stress[3] = {0.1, -2.0, NAN};
    sg_json *json = sg_json_create();

    (void)state;
    sg_json_number(json, "e", -1234.5);
    sg_json_integer(json, "n", INT64_MAX);
    sg_json_integer(json, "m", INT64_MIN);
    sg_json_boolean(json, "yes", 2);
    sg_json_text(json, "t", "a\"b\\c\n\xc3\x85");
    sg_json_text(json, "none", NULL);
    sg_json_numbers(json, "s", 3, stress);
    sg_json_numbers(json, "empty", 0, NULL);
    sg_json *inner = sg_json_object(json, "in");
    sg_json_integer(inner, "k", 1);
    sg_json_integer(sg_json_append(json, "rows"), "k", 2);
    sg_json_integer(sg_json_append(json, "rows"), "k", 3);
    assert_prints(json, "{\"e\":-1234.5,\"n\":9223372036854775807,\"m\":-9223372036854775808,\"yes\":true,"
                        "\"t\":\"a\\\"b\\\\c\\n\xc3\x85\",\"none\":null,\"s\":[0.1,-2,null],\"empty\":[],"
                        "\"in\":{\"k\":1},\"rows\":[{\"k\":2},{\"k\":3}]}");
}

static void test_not_finite_is_null(void **state)
{
    sg_json *json = sg_json_create();
    (void)state;
    sg_json_number(json, "a", NAN);
    sg_json_number(json, "b", INFINITY);
    sg_json_number(json, "c", -INFINITY);
    assert_prints(json, "{\"a\":null,\"b\":null,\"c\":null}");
}

static void test_bytes_that_are_not_utf8(void **state)
{
    sg_json *json = sg_json_create();
    (void)state;
    sg_json_text(json, "a", "x\xff\xc3");                       /* stray byte, cut sequence */
    sg_json_text(json, "b", "\xc0\x80\xed\xa0\x80");            /* overlong, surrogate */
    sg_json_text(json, "c", "\xe2\x82\xac\xf0\x9f\x99\x82 ok"); /* three and four bytes, well formed */
    assert_prints(json, "{\"a\":\"x??\",\"b\":\"?????\",\"c\":\"\xe2\x82\xac\xf0\x9f\x99\x82 ok\"}");
}

static void test_numbers_read_back(void **state)
{
    sg_rng rng;
    char text[SG_NUMBER_TEXT];

    (void)state;
    sg_rng_init(&rng, 7, SG_RNG_TEST, 0, 0, 0);
    for (int i = 0; i < 20000; i++) {
        const uint64_t bits = sg_rng_bits(&rng);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        const double back = strtod(sg_text_number(value, text), NULL);
        assert_memory_equal(&back, &value, sizeof value);
    }
    assert_string_equal(sg_text_number(0.1, text), "0.1");
    assert_string_equal(sg_text_number(1e13, text), "1e+13");
    assert_string_equal(sg_text_number(600, text), "600");
    assert_string_equal(sg_text_number(1234567.0, text), "1234567");
    assert_string_equal(sg_text_number(0, text), "0");
    assert_string_equal(sg_text_number(NAN, text) + (text[0] == '-'), "nan");
    assert_string_equal(sg_text_number(-INFINITY, text), "-inf");
    assert_string_equal(sg_text_number(1.0 / 3.0, text), "0.3333333333333333");
    assert_string_equal(sg_text_number(-0.0, text), "-0");
}

static void test_null_is_harmless(void **state)
{
    (void)state;
    sg_json_number(NULL, "a", 1);
    sg_json_integer(NULL, "a", 1);
    sg_json_boolean(NULL, "a", 1);
    sg_json_text(NULL, "a", "b");
    sg_json_numbers(NULL, "a", 0, NULL);
    assert_null(sg_json_object(NULL, "a"));
    assert_null(sg_json_append(NULL, "a"));
    assert_null(sg_json_print(NULL));
    sg_json_free(NULL);
}

static void test_allocation_failures(void **state)
{
    (void)state;
    sg_alloc_fail_after(0);
    assert_null(sg_json_create());
    for (long k = 0; k < 3; k++) { /* the text, the object, the list's object */
        sg_json *json = sg_json_create();
        sg_alloc_fail_after(k);
        sg_json_text(json, "t", "x");
        sg_json_integer(sg_json_object(json, "o"), "k", 1);
        sg_json_integer(sg_json_append(json, "l"), "k", 1);
        sg_alloc_fail_after(-1);
        assert_null(sg_json_print(json));
        sg_json_free(json);
    }
}

static void test_distance(void **state)
{
    (void)state;
    assert_int_equal(sg_text_distance("kitten", "sitting"), 3);
    assert_int_equal(sg_text_distance("", "abc"), 3);
    assert_int_equal(sg_text_distance("abc", ""), 3);
    assert_int_equal(sg_text_distance("seed", "SEED"), 0);
    assert_int_equal(sg_text_distance("temprature_K", "temperature_K"), 1);
    assert_true(sg_text_near(1, 3));
    assert_false(sg_text_near(3, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_not_finite_is_null),
        cmocka_unit_test(test_bytes_that_are_not_utf8),
        cmocka_unit_test(test_numbers_read_back),
        cmocka_unit_test(test_null_is_harmless),
        cmocka_unit_test(test_allocation_failures),
        cmocka_unit_test(test_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
