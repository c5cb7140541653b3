/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that runs out while a run is made, changed, saved and restored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "md_samples.h"

/* Run `act` with one more allocation each time until it succeeds; before, it reports that memory is out. */
static void starve(md_sample *b, sg_status (*act)(md_sample *b, sg_md **out))
{
    long k = 0;

    for (;; k++) {
        sg_md *md = NULL;
        sg_alloc_fail_after(k);
        const sg_status st = act(b, &md);
        sg_alloc_fail_after(-1);
        assert_true(st == SG_OK || md == NULL);
        sg_md_free(md);
        if (st == SG_OK) break;
        assert_int_equal(st, SG_ENOMEM);
        assert_true(k < 1000);
    }
    assert_true(k > 0);
}

static sg_status create(md_sample *b, sg_md **out)
{
    const sg_md_options opt = sg_md_defaults();
    return sg_md_create(b->pot, b->start, &opt, out);
}

static sg_status save_and_restore(md_sample *b, sg_md **out)
{
    unsigned char *bytes;
    size_t n;
    sg_status st = sg_md_save(b->md, &bytes, &n);

    if (st == SG_OK) st = sg_md_restore(b->pot, bytes, n, out);
    sg_free(bytes);
    return st;
}

static void test_memory(void **state)
{
    (void)state;
    const sg_md_options opt = sg_md_defaults();
    md_sample b = md_start(&opt, 300.0);

    starve(&b, create);
    starve(&b, save_and_restore);
    md_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
