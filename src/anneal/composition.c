/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Cu64Zr36": which elements, and how much of each. */
#include "slowglass/anneal.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One capital and at most two small letters. @return its length, 0 if there is none. */
static int take_symbol(const char *at, char symbol[4])
{
    int n = 0;

    if (!isupper((unsigned char)*at)) return 0;
    for (symbol[n] = *at; n < 2 && islower((unsigned char)at[n + 1]); n++)
        symbol[n + 1] = at[n + 1];
    symbol[n + 1] = '\0';
    return n + 1;
}

/* Digits with at most one point; no sign, no exponent: "Cu1e3" is a misprint. */
static sg_status take_part(const char *text, const char **at, double *part)
{
    const size_t length = strspn(*at, "0123456789.");
    char digits[32] = "", *end = NULL;

    *part = 1;
    if (length == 0) return SG_OK;
    if (length < sizeof digits) {
        memcpy(digits, *at, length);
        *part = strtod(digits, &end);
    }
    if (!end || *end || !(*part > 0))
        return sg_fail(SG_EINVAL, "composition '%s': the part '%.*s' must be a number above 0", text,
                       (int)length, *at);
    *at += length;
    return SG_OK;
}

static int find(const sg_composition *c, const char *symbol)
{
    for (int k = 0; k < c->n; k++)
        if (strcmp(c->symbol[k], symbol) == 0) return k;
    return -1;
}

sg_status sg_composition_parse(const char *text, sg_composition *out)
{
    const char *at = text;
    const char *symbols[SG_MAX_SPECIES];
    sg_species known;
    double sum = 0;

    memset(out, 0, sizeof *out);
    while (*at) {
        char symbol[4];
        const int length = take_symbol(at, symbol);
        if (length == 0)
            return sg_fail(SG_EINVAL, "composition '%s': need an element at '%s', such as in Cu64Zr36", text,
                           at);
        if (find(out, symbol) >= 0)
            return sg_fail(SG_EINVAL, "composition '%s': %s occurs twice", text, symbol);
        if (out->n == SG_MAX_SPECIES)
            return sg_fail(SG_EINVAL, "composition '%s': more than %d elements", text, SG_MAX_SPECIES);
        memcpy(out->symbol[out->n], symbol, sizeof symbol);
        symbols[out->n] = out->symbol[out->n];
        at += length;
        const sg_status st = take_part(text, &at, &out->share[out->n]);
        if (st != SG_OK) return st;
        sum += out->share[out->n++];
    }
    if (out->n == 0) return sg_fail(SG_EINVAL, "composition '': need elements and parts, such as Cu64Zr36");
    for (int k = 0; k < out->n; k++)
        out->share[k] /= sum;
    const sg_status st = sg_species_init(&known, out->n, symbols);
    return st == SG_OK ? st : sg_fail_context(st, "composition '%s'", text);
}

sg_status sg_composition_counts(const sg_composition *c, int n_atoms, int *count)
{
    double rest[SG_MAX_SPECIES];
    int left = n_atoms;

    for (int k = 0; k < c->n; k++) {
        const double exact = c->share[k] * n_atoms;
        count[k] = (int)floor(exact + 1e-9); /* 0.64 * 500 is 320, whatever its last bit */
        rest[k] = exact - count[k];
        left -= count[k];
    }
    for (; left > 0; left--) {
        int most = 0;
        for (int k = 1; k < c->n; k++)
            if (rest[k] > rest[most] + 1e-9) most = k;
        count[most]++;
        rest[most] -= 1;
    }
    for (int k = 0; k < c->n; k++)
        if (count[k] < 1)
            return sg_fail(SG_EINVAL, "%d atoms are too few: none would be %s", n_atoms, c->symbol[k]);
    return SG_OK;
}
