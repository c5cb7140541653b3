/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks with harmonic prefactors: rates by hand, balance between states, how few are computed, the same bits
 * on two threads and after kills. Two adatoms on a fixed layer that meet now and then. */
#include "walk_samples.h"
#include "slowglass/vibration.h"

enum { STEPS = 10 };

static const double kt = 8.617333262e-5 * 600;

static void pair_walk(walk *w, defect *d)
{
    lj_adatoms(d, 6, 3, 0, 2, 2);
    walk_init(w, d);
    w->explore.per_atom = 6;
    w->explore.temperature = 600;
    w->explore.harmonic = 1;
    w->explore.prefactor = 1e11; /* far from the computed ones */
    w->explore.prefactor_rest = 1e-2;
}

/* Of every edge with prefactors the ratio is that of its states, whatever the saddle: so rates of all cycles
 * balance. */
static uint64_t check_balance(const walk *w)
{
    uint64_t n_done = 0;

    for (uint64_t id = 1; id <= sg_explorer_n_edges(w->ex); id++) {
        const sg_cat_edge *e = sg_explorer_edge(w->ex, id);
        if (e->nu_status != SG_NU_DONE) continue;
        const double from = log_frequencies(w, sg_explorer_positions(w->ex, e->from)),
                     to = log_frequencies(w, sg_explorer_positions(w->ex, e->to));
        assert_near(log(e->prefactor / e->prefactor_back), from - to, 1e-9);
        assert_true(e->prefactor > 3e11 && e->prefactor < 3e13);
        assert_int_equal(e->n_free, 2);
        n_done++;
    }
    return n_done;
}

/* Rate of the way out with the prefactors of the edges, the constant one where there is none. */
static double total_rate(const walk *w, uint64_t state, double *left_out)
{
    const sg_cat_table *t = sg_explorer_known_table(w->ex, state);
    double sum = 0;

    *left_out = 0;
    for (uint32_t k = 0; k < t->n_entries; k++) {
        const sg_cat_edge *e = sg_explorer_edge(w->ex, t->entry[k].edge);
        const int has_own = e->nu_status == SG_NU_DONE || e->nu_status == SG_NU_LENT;
        const double nu = !has_own ? 1e11 : t->entry[k].reverse ? e->prefactor_back : e->prefactor;
        const double rate = nu * exp(-t->entry[k].barrier / kt);
        assert_near(sg_explorer_rate(w->ex, state, &t->entry[k]) / rate, 1, 1e-12);
        sum += rate;
        if (e->nu_status != SG_NU_DONE) *left_out += rate;
    }
    return sum;
}

static void test_rates_and_balance(void **state)
{
    sg_prefactor_summary sum;
    defect d;
    walk w;

    (void)state;
    pair_walk(&w, &d);
    walk_open(&w, 0);
    for (int k = 0; k < STEPS; k++) {
        const uint64_t from = sg_kmc_row(w.kmc_walk).state;
        double left_out;
        const sg_cat_step row = step(&w);
        const double total = total_rate(&w, from, &left_out);
        assert_near(row.rate_total, total, 1e-9 * total);
        assert_true(left_out <= 1e-2 * total);
        assert_int_equal(sg_explorer_edge(w.ex, row.edge)->nu_status, SG_NU_DONE);
    }
    const uint64_t n_done = check_balance(&w);
    assert_true(n_done >= 8 && n_done < sg_explorer_n_edges(w.ex));
    /* statistics by hand */
    sum = sg_explorer_prefactors(w.ex);
    assert_true(sum.n_done == n_done && sum.n_failed == 0);
    double n = 0, x = 0, y = 0, xx = 0, xy = 0, rest = 0;
    for (int pass = 0; pass < 2; pass++)
        for (uint64_t id = 1; id <= sg_explorer_n_edges(w.ex); id++) {
            const sg_cat_edge *e = sg_explorer_edge(w.ex, id);
            const double ln = log(e->prefactor);
            if (e->nu_status != SG_NU_DONE) continue;
            if (pass == 0)
                n++, x += e->barrier, y += ln, xx += e->barrier * e->barrier, xy += e->barrier * ln;
            else
                rest += pow(ln - sum.a - sum.b * e->barrier, 2);
        }
    const double b = (n * xy - x * y) / (n * xx - x * x);
    assert_near(sum.b, b, 1e-6 * fabs(b));
    assert_near(sum.a, (y - b * x) / n, 1e-6 * fabs(sum.a));
    assert_near(sum.mean, y / n, 1e-9);
    assert_near(sum.error_b, sqrt(rest / (n - 2) / (xx - x * x / n)), 1e-6 * sum.error_b);
    walk_end(&w);
    defect_clear(&d);
}

/* What is fast by its own prefactor joins states by basin.time_s, whatever the constant one says: the ways
 * out that are left are judged among themselves. */
static void test_what_is_fast_is_no_way_out(void **state)
{
    int n_fast = 0;
    defect d;
    walk w;

    (void)state;
    pair_walk(&w, &d);
    w.explore.flicker = 0.1;
    w.explore.batch = 2; /* what is found first changes what comes next */
    const double fast = sg_rate(w.explore.flicker, 600, 1e11);
    walk_open(&w, 0);
    for (int k = 0; k < STEPS; k++) {
        const uint64_t from = sg_kmc_row(w.kmc_walk).state;
        double out = 0, left_out = 0;
        step(&w);
        const sg_cat_table *t = sg_explorer_known_table(w.ex, from);
        for (uint32_t e = 0; e < t->n_entries; e++) {
            const double rate = sg_explorer_rate(w.ex, from, &t->entry[e]);
            const int done = sg_explorer_edge(w.ex, t->entry[e].edge)->nu_status == SG_NU_DONE;
            n_fast += t->entry[e].barrier >= w.explore.flicker && rate > fast;
            if (rate <= fast) out += rate;
            if (!done) left_out += rate;
        }
        assert_true(left_out <= 1e-2 * out);
    }
    assert_true(n_fast > 0);
    walk_end(&w);
    defect_clear(&d);
}

/* The records of the catalog have them, turned round for the way back. */
static void test_records_have_them(void **state)
{
    int n_back = 0;
    defect d;
    walk w;

    (void)state;
    pair_walk(&w, &d);
    walk_open(&w, 0);
    for (int k = 0; k < 3; k++)
        step(&w);
    assert_ok(sg_kmc_commit(w.kmc_walk));
    for (uint64_t id = 1; id <= sg_explorer_n_edges(w.ex); id++) {
        const sg_cat_edge *e = sg_explorer_edge(w.ex, id);
        sg_cat_event ev = {0};
        if (e->nu_status != SG_NU_DONE || !e->event) continue;
        assert_ok(sg_catalog_get_event(w.cat, e->event, &ev));
        assert_near(ev.prefactor / e->prefactor, 1, 0.05); /* several places have the record in common */
        sg_cat_event_clear(&ev);
        if (!e->event_back) continue;
        assert_ok(sg_catalog_get_event(w.cat, e->event_back, &ev));
        assert_near(ev.prefactor_back / e->prefactor, 1, 0.05);
        n_back++;
        sg_cat_event_clear(&ev);
    }
    assert_true(n_back > 0);
    walk_end(&w);
    defect_clear(&d);
}

typedef struct trace {
    sg_cat_step row[STEPS + 1];
    double nu[STEPS + 1];
    uint64_t hash;
} trace;

/* again: closed as by a kill, and opened, at every second step */
static void make_trace(int threads, int again, trace *out)
{
    uint64_t killed_at = 0;
    defect d;
    walk w;

    memset(out, 0, sizeof *out);
    pair_walk(&w, &d);
    w.explore.threads = threads;
    w.explore.batch = 3; /* several batches of prefactors a state */
    w.kmc.commit_every = 3;
    walk_open(&w, 0);
    while (sg_kmc_row(w.kmc_walk).step < STEPS) {
        const sg_cat_step row = step(&w);
        out->row[row.step] = row;
        out->nu[row.step] = sg_explorer_edge(w.ex, row.edge)->prefactor;
        if (!again || row.step % 2 || row.step <= killed_at) continue;
        killed_at = row.step;
        walk_close(&w);
        walk_open(&w, 1);
    }
    assert_ok(sg_kmc_commit(w.kmc_walk));
    assert_ok(sg_catalog_content_hash(w.cat, &out->hash));
    walk_end(&w);
    defect_clear(&d);
}

static void assert_same_trace(const trace *a, const trace *b)
{
    for (int k = 1; k <= STEPS; k++) {
        assert_true(a->row[k].state == b->row[k].state && a->row[k].edge == b->row[k].edge);
        assert_memory_equal(&a->row[k].time, &b->row[k].time, sizeof(double));
        assert_memory_equal(&a->row[k].rate_total, &b->row[k].rate_total, sizeof(double));
        assert_memory_equal(&a->nu[k], &b->nu[k], sizeof(double));
    }
    assert_true(a->hash == b->hash);
}

static void test_same_bits(void **state)
{
    static trace one, two, again;

    (void)state;
    make_trace(1, 0, &one);
    make_trace(2, 0, &two);
    assert_same_trace(&one, &two);
    make_trace(1, 1, &again);
    assert_same_trace(&one, &again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates_and_balance),
        cmocka_unit_test(test_what_is_fast_is_no_way_out),
        cmocka_unit_test(test_records_have_them),
        cmocka_unit_test(test_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
