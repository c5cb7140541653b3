/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the dynamics between two rows; saved objects. */
#include "anneal_internal.h"

#include <string.h>

void watch_add(watch *w, const sg_md_sample *now)
{
    w->n += 1;
    w->temperature += now->temperature_K;
    w->potential += now->potential;
    w->volume += now->volume;
    w->pressure += now->pressure_GPa;
    w->shear += now->stress_GPa[3];
}

watch watch_mean(const watch *w)
{
    return (watch){
        w->n,           w->temperature / w->n, w->potential / w->n, w->volume / w->n, w->pressure / w->n,
        w->shear / w->n};
}

sg_status anneal_run(sg_md *md, int64_t n_steps, watch *w)
{
    int64_t step = sg_md_now(md).step;
    const int64_t end = step + n_steps;

    while (step < end) {
        const int64_t look = step - step % ANNEAL_LOOK + ANNEAL_LOOK;
        const sg_status st = sg_md_run(md, (look < end ? look : end) - step);
        if (st != SG_OK) return st;
        step = look < end ? look : end;
        if (step == look) {
            const sg_md_sample now = sg_md_now(md);
            watch_add(w, &now);
        }
        if (step < end && sg_interrupt_requested())
            return sg_fail(SG_EINTERRUPTED, "interrupted after %lld steps", (long long)step);
    }
    return SG_OK;
}

/* ---- saved objects ---- */

void anneal_put_head(sg_bytes *b, const char *kind, const char *settings, const sg_system *start)
{
    sg_bytes_put_text(b, kind);
    sg_bytes_put_text(b, settings);
    sg_bytes_put_u64(b, sg_system_hash(start));
}

sg_status anneal_put_md(sg_bytes *b, const sg_md *md)
{
    unsigned char *bytes = NULL;
    size_t n = 0;
    const sg_status st = sg_md_save(md, &bytes, &n);

    if (st == SG_OK) {
        sg_bytes_put_u64(b, n);
        sg_bytes_put(b, bytes, n);
    }
    sg_free(bytes);
    return st;
}

sg_status anneal_seal(sg_bytes *b, unsigned char **bytes, size_t *n)
{
    sg_bytes_put_u64(b, sg_hash(b->p, b->n, 0));
    *bytes = b->failed ? NULL : sg_calloc(b->n, 1);
    *n = b->n;
    if (*bytes) memcpy(*bytes, b->p, b->n);
    sg_bytes_clear(b);
    return *bytes ? SG_OK : sg_fail(SG_ENOMEM, "saving");
}

/* First "key=value" that two lists of them do not share. */
static sg_status check_settings(const char *then, const char *now)
{
    while (*then && *now) {
        const size_t a = strcspn(then, " "), b = strcspn(now, " ");
        if (a != b || memcmp(then, now, a) != 0)
            return sg_fail(SG_EMISMATCH, "saved with %.*s, not with %.*s", (int)a, then, (int)b, now);
        then += a + strspn(then + a, " ");
        now += b + strspn(now + b, " ");
    }
    return *then || *now ? sg_fail(SG_EMISMATCH, "saved with other settings: '%s'", *then ? then : now)
                         : SG_OK;
}

sg_status anneal_get_head(sg_bytes *b, const unsigned char *bytes, size_t n, const char *kind,
                          const char *settings, const sg_system *start)
{
    uint64_t hash;
    char *text = NULL;

    memset(b, 0, sizeof *b);
    if (n < sizeof hash) return sg_fail(SG_ECORRUPT, "saved state of %zu bytes", n);
    memcpy(&hash, bytes + n - sizeof hash, sizeof hash);
    if (hash != sg_hash(bytes, n - sizeof hash, 0))
        return sg_fail(SG_ECORRUPT, "saved state: damaged, its checksum is wrong");
    sg_bytes_put(b, bytes, n - sizeof hash);
    if (b->failed) return sg_fail(SG_ENOMEM, "saved state of %zu bytes", n);
    sg_status st = SG_OK;
    if (!(text = sg_bytes_get_text(b)) || strcmp(text, kind) != 0)
        st = sg_fail(SG_EMISMATCH, "saved state of a '%.40s', need a '%s'", text ? text : "?", kind);
    sg_free(text);
    if (st == SG_OK && !(text = sg_bytes_get_text(b)))
        st = sg_fail(SG_ECORRUPT, "saved state without settings");
    else if (st == SG_OK) {
        st = check_settings(text, settings);
        sg_free(text);
    }
    if (st == SG_OK && sg_bytes_get_u64(b) != sg_system_hash(start))
        st = sg_fail(SG_EMISMATCH, "saved from another structure than this start of %d atoms", start->n);
    if (st != SG_OK) sg_bytes_clear(b);
    return st;
}

sg_status anneal_get_md(sg_bytes *b, const sg_potential *pot, const sg_system *start, sg_md **md)
{
    const uint64_t n = sg_bytes_get_u64(b);
    sg_status st;

    if (b->failed || n > b->n - b->at) return sg_fail(SG_ECORRUPT, "saved state: dynamics cut short");
    if ((st = sg_md_restore(pot, b->p + b->at, (size_t)n, md)) != SG_OK) return st;
    b->at += (size_t)n;
    return sg_md_check_system(*md, start);
}
