/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slowglass/core/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORD = 63 };

const char *sg_text_number(double value, char text[SG_NUMBER_TEXT])
{
    int digits = 0; /* after the first one */

    do
        snprintf(text, SG_NUMBER_TEXT, "%.*e", digits, value);
    while (strtod(text, NULL) != value && digits++ < 16);
    const char *e = strchr(text, 'e');
    const int exponent = e ? (int)strtol(e + 1, NULL, 10) : 0;
    const int plain = exponent >= 0 && exponent < 9 && exponent > digits; /* 600, not 6e+02 */
    snprintf(text, SG_NUMBER_TEXT, "%.*g", 1 + (plain ? exponent : digits), value);
    return text;
}

static int min3(int a, int b, int c)
{
    const int ab = a < b ? a : b;
    return ab < c ? ab : c;
}

int sg_text_distance(const char *a, const char *b)
{
    int row[MAX_WORD + 1]; /* row[j]: distance between the first i letters of a and the first j of b */
    const int na = (int)strnlen(a, MAX_WORD);
    const int nb = (int)strnlen(b, MAX_WORD);

    for (int j = 0; j <= nb; j++)
        row[j] = j;
    for (int i = 1; i <= na; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= nb; j++) {
            const int differ = tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]);
            const int best = min3(row[j] + 1, row[j - 1] + 1, diagonal + differ);
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[nb];
}

int sg_text_near(int distance, int length)
{
    return distance <= 1 + length / 4;
}
